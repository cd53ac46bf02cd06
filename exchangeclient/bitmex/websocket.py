"""The realtime tables of BitMEX in a loop: ``for item, symbol, table, action in BitMEXWebsocket('local', 'XBTUSD').start()``.

What is kept of each table is :mod:`~exchangeclient.bitmex.tables`'s concern, who gets what :mod:`~exchangeclient.bitmex.listening`'s. The
venue closed on 2026-09-23: its own hosts are refused by name, and this runs on the embedded exchange.
"""

from __future__ import annotations

import logging
import threading
import weakref
from collections import Counter, deque
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from functools import partial
from types import TracebackType
from typing import Any, Final, Never, Self
from urllib.parse import urlsplit

from exchangeclient.bitmex import hosts, stream_names
from exchangeclient.bitmex.listening import Ear, Listeners
from exchangeclient.bitmex.socket_way import check_open, options_to
from exchangeclient.bitmex.streams import Refusal, StreamSession, Switch
from exchangeclient.bitmex.tables import Row, Storage, Told, findItemByKeys
from exchangeclient.core.feeds.blocking import BlockingStream
from exchangeclient.core.feeds.callbacks import CallbackThread, check_callback
from exchangeclient.core.feeds.iteration import seconds
from exchangeclient.core.http.addresses import checked
from exchangeclient.core.http.jsonio import object_in
from exchangeclient.core.process import forks
from exchangeclient.core.process.clock import SystemClock
from exchangeclient.core.protocol.session import Wishes
from exchangeclient.exceptions import SocketAPIException, SocketException, SocketTimeoutException
from exchangeclient.numbers import plain

log = logging.getLogger(__name__)

BitMEXWebsocketApiError = SocketAPIException

# A login is stamped for so long, so that a clock may be wrong.
_LOGIN_S: Final = 3600
# How often a thread that reads looks whether it still is to.
_POLL_S: Final = 0.25
_DISARM_S: Final = 5.0
_FATAL: Final = (401, 403)
# What keeps lacking something is not asked for anew more often: the venue would have had enough of it.
_ANEW_S: Final = 1.0


class BitMEXWebsocket:
    """The tables of the realtime feed, kept up to date while their changes are iterated over.

    :meth:`start` tells every change of every topic, as the founding version did; :meth:`listen` those of one table, as the later ones did.
    The connection is read on the threads that iterate, and made when the first one waits; when it breaks another one is made, everything is
    subscribed to again, and the tables are stale until they come whole. What lacks something (a row is changed that there is not) is
    subscribed to anew by itself. Use it in a ``with`` block, or call :meth:`close`.

    The venue closed on 2026-09-23; its own hosts are refused with a SocketException that says so.

    :param endpoint: ``"mainnet"``, ``"testnet"`` (both historic), ``"local"``, a URL, or a sandbox's ``urls["bitmex"]``
    :param symbol: one or several, each with its ``instrument``, ``quote``, ``trade`` and ``tradeBin1m``
    :param api_key: with a secret, ``margin``, ``position``, ``order`` and ``execution`` of the account come too
    :param network: another word for ``endpoint``
    :param dead_mans_switch: True has the venue cancel all orders of the account a minute after this was last iterated over; a number, 4 or
        more, after so many seconds. :meth:`close` takes it back
    :param report_deletes: True tells rows that were deleted too
    :param table_keys: by table, other keys than the venue's: ``{"quote": ["symbol"]}`` keeps the latest quote of each symbol alone
    :param max_table_len: how many rows of what only grows (trades, quotes, executions ...) are kept
    :param on_error: ``on_error(error)`` is called with what the venue refuses, on the thread that reads
    :param timeout: seconds to wait for each item; None: as long as it takes
    :param loop: ignored
    :raises TypeError: for an argument of a wrong type, naming it
    :raises ValueError: for a wrong value, naming the argument

    :ivar storage: the tables: ``storage.data``, ``storage.keys``
    """

    def __init__(
        self,
        endpoint: str | Mapping[str, str] | None = None,
        symbol: str | Iterable[str] | None = None,
        api_key: str | None = None,
        api_secret: str | None = None,
        *,
        network: str | Mapping[str, str] | None = None,
        dead_mans_switch: bool | float = False,
        report_deletes: bool = False,
        table_keys: Mapping[str, Sequence[str]] | None = None,
        max_table_len: int | None = None,
        on_error: Callable[[SocketAPIException], Any] | None = None,
        timeout: float | None = None,
        loop: object = None,  # noqa: ARG002 - the asynchronous original took one
    ) -> None:
        if (endpoint is None) == (network is None):
            raise TypeError("endpoint must be given, once: 'mainnet', 'testnet', 'local' or a URL")
        self._url = _address(network if endpoint is None else endpoint)
        self._timeout_s = None if timeout is None else seconds("timeout", timeout)
        if on_error is not None:
            check_callback(on_error, "on_error")
        if not isinstance(report_deletes, bool):
            raise TypeError(f"report_deletes must be a bool, not {type(report_deletes).__name__}")
        self._on_error = on_error
        self._clock = SystemClock()
        login = _login(api_key, api_secret, self._clock)
        self._topics = [stream_names.topic(table, each) for each in _symbols(symbol) for table in stream_names.DEFAULT_TABLES]
        if login is not None:
            self._topics += stream_names.DEFAULT_ACCOUNT_TABLES
        self.storage = Storage(report_deletes=report_deletes, table_keys=table_keys, max_table_len=max_table_len)
        self._wishes = Wishes()
        self._wanted: Counter[str] = Counter()
        self._wanting = threading.Lock()
        self._subscribed: set[str] = set()
        self._gone: deque[Ear] = deque()  # who left, which is still to be heeded
        self._anew_s = float("-inf")
        self._refusals: list[Refusal] = []
        self._session = _TableSession(
            self.storage, self._url, self._wishes, self._refusals, login=login, switch=_switch(dead_mans_switch, login is not None)
        )
        options = options_to(self._url)
        self._stream = BlockingStream(
            self._session, options=options, timeout=_POLL_S, least_to_connect_s=max(1.0, self._timeout_s or options.connect_timeout_s)
        )
        self._listeners = Listeners(self._read, self._clock, f"the realtime tables of {urlsplit(self._url).netloc}")
        self._called: set[Listening] = set()  # those with a callback, which nobody else may hold
        self._last_refusal: Refusal | None = None
        forks.follow(self)

    def renew(self) -> None:
        """In a process that was forked off a dead man's switch is not taken back: it is the other one's."""
        self._wanting = threading.Lock()
        self._session.renew()

    @property
    def ws(self) -> Any:
        """The connection of websocket-client's (``websocket.WebSocket``); None while there is none."""
        return self._stream.connection

    def start(self) -> Iterator[Told]:
        """Every change of the topics that this was made for: ``(item, symbol, table, action)``; of what is listened to besides, too.

        ``item`` is the whole row, after the change; it is not changed later. ``symbol`` is the row's, or None where its table has none.
        ``action`` is ``"partial"`` (each row of a table that comes whole), ``"insert"`` or ``"update"``; with ``report_deletes``
        also ``"delete"``, with the row as it was last. What belongs to one message is in the storage already when its first row is told.

        :raises SocketTimeoutException: when nothing comes within ``timeout``; :meth:`start` can be called again
        :raises SocketAPIException: when the venue refuses the key, or all of the topics
        :raises SocketException: for the historic hosts
        """
        check_open(self._url)
        if not self._topics:
            raise ValueError("symbol, or api_key and api_secret, must be given: there is nothing to start; see listen()")
        return self._told()

    def listen(self, table: str, *symbols: str, callback: Callable[[Row], Any] | None = None) -> Listening:
        """The rows of one table, of all symbols or of some: ``for row in bws.listen('trade', 'XBTUSD')``.

        Each listener is told every change from here on, and the partial when it is the first to ask for that topic; what is known already
        is in the storage. The topic is unsubscribed from when its last listener is closed, or gone.

        :param callback: ``callback(row)`` is called with each, on a thread of its own, until ``close()`` of what this returns; a coroutine
            function is run to its end there, and an exception is logged and stops nothing. It does not keep the program alive
        :raises TypeError: for an argument of a wrong type, naming it
        :raises ValueError: for what is no table or symbol
        :raises SocketException: for the historic hosts, or after :meth:`close`
        """
        topics = [stream_names.topic(table, each) for each in symbols or (None,)]
        if callback is not None:
            check_callback(callback)
        check_open(self._url)
        # A series is told by its contract's symbol.
        wanted = None if any(":" in each for each in symbols) else frozenset(stream_names.symbol_part(each) for each in symbols)
        return Listening(self, self._enter(topics, partial(_is_of, table, wanted)), callback)

    def get_instrument(self, symbol: str | None = None) -> Row | None:
        """The row of a symbol in ``instrument``, with its ``tickLog``: how many decimals its prices have. None when there is none yet.

        :param symbol: the first one that this was made for, when left out
        """
        wanted = next((topic.partition(":")[2] for topic in self._topics), "") if symbol is None else stream_names.symbol_part(symbol)
        row = findItemByKeys(["symbol"], self.storage.data.get("instrument", ()), {"symbol": wanted})
        if row is None or row.get("tickSize") is None:
            return row
        return {**row, "tickLog": len(plain(row["tickSize"], "tickSize").partition(".")[2])}

    def connect(self, timeout: float = 10.0) -> None:
        """Connect now, and wait until the venue has said welcome and taken the key. Needless: waiting for an item does it.

        :raises SocketException: when that does not come about in time, or the key is refused
        """
        check_open(self._url)
        until_s = self._clock.monotonic_s() + seconds("timeout", timeout)
        ear = self._enter([], lambda _: False)
        try:
            while not self._session.welcomed:
                left_s = until_s - self._clock.monotonic_s()
                if left_s <= 0:
                    raise SocketTimeoutException(f"{self._url}: no welcome within {timeout:g} s")
                try:
                    if self._listeners.wait(ear, min(left_s, _POLL_S)) is None:
                        raise SocketException(f"{self._url} was closed")
                except SocketTimeoutException:
                    continue
        finally:
            self._leave(ear)

    def close(self) -> None:
        """End it; from any thread, as often as one likes. Iterations end, and a dead man's switch is taken back, as the last thing said."""
        was_closed = self._listeners.closed
        self._listeners.close()
        if not was_closed and self._session.armed:
            self._listeners.alone(self._disarm, _DISARM_S)
            if self._session.armed:
                log.warning("%s: the dead man's switch was not taken back; the orders will be cancelled", self._url)
        self._stream.close()
        for listening in list(self._called):
            listening.close()

    def stats(self) -> dict[str, int]:
        """How often what has been odd: see ``counts`` of :class:`~exchangeclient.bitmex.tables.Storage`.

        Besides, how many rows were ``dropped`` because nobody asked for them in time.
        """
        dropped = sum(ear.dropped for ear in self._listeners.ears)
        return dict(self.storage.counts + Counter({"dropped": dropped}))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<BitMEXWebsocket {self._url}>"

    def __reduce__(self) -> Never:
        raise TypeError("a BitMEXWebsocket is neither pickled nor copied; make one in each process (threads can share one)")

    # What listeners ask for.

    def _enter(self, topics: Sequence[str], fits: Callable[[Told], bool] | None) -> Ear:
        ear = Ear(topics, fits)
        with self._wanting:
            self._let_go()
            self._listeners.enter(ear)
            self._wanted.update(topics)
            self._wish(topics)
        return ear

    def _leave(self, ear: Ear) -> None:
        with self._wanting:
            self._gone.append(ear)
            self._let_go()

    def _let_go(self) -> None:
        """Want nothing more for those who are gone. The lock is held.

        A listener that is dropped only says so: the garbage collector may drop it in the middle of anything, locks being held.
        """
        while self._gone:
            ear = self._gone.popleft()
            if not self._listeners.leave(ear):
                continue
            self._wanted.subtract(ear.topics)
            self._wanted += Counter()  # without what nobody wants
            self._wish()

    def _wish(self, asked: Collection[str] = ()) -> None:
        """Have what is wanted subscribed to: a symbol's rows once, although they may be wanted with those of all symbols, too.

        :param asked: what is tried again if it was refused
        """
        self._subscribed -= set(asked).difference(self._wishes.names)
        refused = self._subscribed.difference(self._wishes.names)
        whole = {topic for topic in self._wanted if _whole(topic) == topic} - refused
        wanted = [topic for topic in self._wanted if _whole(topic) == topic or _whole(topic) not in whole]
        gone = self._subscribed.difference(wanted)
        new = [topic for topic in wanted if topic not in self._subscribed]
        self._subscribed = set(wanted)
        if gone:
            self._wishes.unwant(gone)
        for topic in gone:
            table, _, symbol = topic.partition(":")
            self.storage.forget(table, symbol or None)
        if new:
            self._wishes.want(new)
            self._wishes.want_anew(new)  # what was given up a moment ago may flow still, and comes whole only when it is asked for

    def _wait(self, ear: Ear) -> Collection[Told] | None:
        return self._listeners.wait(ear, self._timeout_s)

    def _told(self) -> Iterator[Told]:
        ear = self._enter(self._topics, None)
        try:
            while (batch := self._wait(ear)) is not None:
                yield from batch
        finally:
            self._gone.append(ear)

    # On the thread that reads, which is one at a time.

    def _read(self) -> Collection[Told]:
        """Keep what comes next, and what there is to tell of it."""
        if self._gone:
            with self._wanting:
                self._let_go()
        if self.storage.in_doubt and self._clock.monotonic_s() >= self._anew_s:
            self._ask_anew()
        try:
            payload = next(self._stream, None)
        except SocketTimeoutException:
            payload = b""
        except SocketException as error:
            raise self._named(error) from error
        if self._refusals:
            self._heed_refusals()
        if not payload:
            return []
        message = object_in(payload)
        try:
            if message is None:
                raise ValueError(f"no JSON: {payload[:200]!r}")
            return self.storage.take(message)
        except ValueError as error:
            self._report(SocketAPIException(0, str(error)))
            return []

    def _ask_anew(self) -> None:
        self._anew_s = self._clock.monotonic_s() + _ANEW_S
        for topic in self.storage.doubts():
            log.warning("%s: something is missing; it is asked for anew", topic.name)
            with self._wanting:
                names = self._wishes.names
                self._wishes.want_anew([topic.name] if topic.name in names else [name for name in names if _whole(name) == topic.table])

    def _heed_refusals(self) -> None:
        refusals, self._refusals[:] = list(self._refusals), []
        for refusal in refusals:
            self._last_refusal = refusal
            error = SocketAPIException(refusal.status, refusal.message, meta=refusal.meta, request=refusal.request)
            self._report(error)
            # Before the welcome the connection's own end says so, and who asked for a topic hears of that one below.
            if refusal.status in _FATAL and self._session.welcomed and refusal.request.get("op") != "subscribe":
                self._listeners.fail(error)
            with self._wanting:
                known = set(self._wishes.names)
                for ear in self._listeners.ears:
                    if ear.topics and not any(topic in known or _whole(topic) in known for topic in ear.topics):
                        self._listeners.fail(error, ear)

    def _named(self, error: SocketException) -> SocketException:
        """A connection that has failed for good, by what the venue said."""
        refusal = self._refusals[-1] if self._refusals else self._last_refusal
        if refusal is None:
            return error
        return SocketAPIException(refusal.status, refusal.message, meta=refusal.meta, request=refusal.request)

    def _report(self, error: SocketAPIException) -> None:
        log.warning("%s: %s", self._url, error)
        if self._on_error is not None:
            try:
                self._on_error(error)
            except Exception:  # the user's own
                log.exception("%s: on_error failed", self._url)

    def _disarm(self) -> None:
        """Say the last thing, and wait until it was heard."""
        self._session.disarm()
        until_s = self._clock.monotonic_s() + _DISARM_S
        while self._session.armed and self._clock.monotonic_s() < until_s:
            try:
                next(self._stream, None)
            except SocketTimeoutException:
                continue
            except SocketException:
                break


class Listening(Iterator[Row]):
    """The rows of a table, to iterate over, or on their way to a callback; made by :meth:`BitMEXWebsocket.listen`."""

    def __init__(self, websocket: BitMEXWebsocket, ear: Ear, callback: Callable[[Row], Any] | None) -> None:
        self._ear = ear
        self._leave = partial(websocket._leave, ear)
        self._end = weakref.finalize(self, websocket._gone.append, ear)
        self._end.atexit = False
        self._called = websocket._called
        self._rows = _rows(partial(websocket._wait, ear))  # which does not refer to this, so that it ends when it is dropped
        self._thread: CallbackThread | None = None
        if callback is not None:
            self._thread = CallbackThread("exchangeclient-tables")
            _Caller(self._thread, partial(websocket._wait, ear), callback)
            self._called.add(self)
            self._thread.start()

    def __next__(self) -> Row:
        if self._thread is not None:
            raise TypeError("its rows go to the callback")
        return next(self._rows)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Listen no more; from any thread, as often as one likes. No callback begins after this returns."""
        self._end.detach()
        self._leave()
        self._called.discard(self)
        if self._thread is not None:
            self._thread.close()


def _rows(wait: Callable[[], Collection[Told] | None]) -> Iterator[Row]:
    while (batch := wait()) is not None:
        for item, _, _, _ in batch:
            yield item


class _Caller:
    """Brings the rows to a callback, batch by batch, as a line of its thread."""

    name = "tables"

    def __init__(self, thread: CallbackThread, wait: Callable[[], Collection[Told] | None], callback: Callable[[Row], Any]) -> None:
        self._thread = thread
        self._wait = wait
        self._callback = callback
        thread.turn(self)

    @property
    def closed(self) -> bool:
        """True when its thread is."""
        return self._thread.closed

    def run_next(self) -> None:
        try:
            batch = self._wait()
        except SocketTimeoutException:
            batch = []
        except SocketException as error:
            log.error("a listener ends: %s", error)
            return
        if batch is None:
            return
        for item, _, _, _ in batch:
            if self._thread.closed:
                return
            self._thread.call(self._callback, item)
        self._thread.turn(self)


class _TableSession(StreamSession):
    """What is said over the connection; the tables hear when it is no more."""

    def __init__(
        self,
        storage: Storage,
        url: str,
        wishes: Wishes,
        refusals: list[Refusal],
        *,
        login: Callable[[], Mapping[str, Any]] | None,
        switch: Switch | None,
    ) -> None:
        self._storage = storage
        super().__init__(url, wishes, login=login, refused=refusals.append, final=False, switch=switch)

    def opened(self, now_s: float) -> None:
        """Nothing that is known belongs to this connection."""
        super().opened(now_s)
        self._storage.lose()

    def decode(self, payload: bytes) -> bytes:
        """As it is: what is no JSON has to be told from what is."""
        return payload

    def closed(self, reason: str) -> None:  # noqa: ARG002 - the log says it
        """Nothing is known to be right any more."""
        self._storage.lose()


def open_bitmex_websocket(
    network: str | Mapping[str, str],
    api_key: str | None = None,
    api_secret: str | None = None,
    *,
    dead_mans_switch: bool | float = False,
    **options: Any,
) -> BitMEXWebsocket:
    """A :class:`BitMEXWebsocket` that is connected: ``with open_bitmex_websocket('local') as bws: ... bws.listen('trade', 'XBTUSD')``.

    :param network: see there
    :param options: its others
    :raises SocketException: when the venue does not say welcome in ten seconds, refuses the key, or is one of the historic hosts
    """
    websocket = BitMEXWebsocket(network, None, api_key, api_secret, dead_mans_switch=dead_mans_switch, **options)
    try:
        websocket.connect()
    except BaseException:
        websocket.close()
        raise
    return websocket


def _whole(topic: str) -> str:
    """The topic of all symbols that has the rows of this one too."""
    return topic.partition(":")[0]


def _is_of(table: str, symbols: frozenset[str] | None, told: Told) -> bool:
    return told[2] == table and (not symbols or told[1] in symbols)


def _address(endpoint: object) -> str:
    if isinstance(endpoint, str) and endpoint.partition(":")[0] in ("ws", "wss"):
        url = checked(endpoint, "endpoint", ("ws", "wss"))
        return url if urlsplit(url).path else url + hosts.REALTIME
    if isinstance(endpoint, str) and "://" not in endpoint and endpoint not in hosts.ENVIRONMENTS:
        raise ValueError(f"endpoint must be one of {', '.join(hosts.ENVIRONMENTS)}, or a URL; not {endpoint[:60]!r}")
    if not isinstance(endpoint, (str, Mapping)):
        raise TypeError(f"endpoint must be a str or a dict, not {type(endpoint).__name__}")
    return hosts.choose(endpoint).stream


def _symbols(symbol: str | Iterable[str] | None) -> list[str]:
    if symbol is None:
        return []
    if not isinstance(symbol, (str, Iterable)):
        raise TypeError(f"symbol must be a str or several, not {type(symbol).__name__}")
    given = [symbol] if isinstance(symbol, str) else list(symbol)
    return list(dict.fromkeys(stream_names.symbol_part(each) for each in given))


def _login(api_key: str | None, api_secret: str | None, clock: SystemClock) -> Callable[[], Mapping[str, Any]] | None:
    if not api_key or not api_secret:
        if api_key or api_secret:
            raise ValueError(f"{'api_secret' if api_key else 'api_key'} is missing")
        return None
    from exchangeclient.bitmex.signing import login
    from exchangeclient.core.calling.credentials import Credentials

    credentials = Credentials.from_secret(api_key, api_secret)

    def frame() -> Mapping[str, Any]:
        return {"op": "authKeyExpires", "args": list(login(credentials, clock.now_ms(), window_s=_LOGIN_S))}

    return frame


def _switch(dead_mans_switch: bool | float, has_key: bool) -> Switch | None:
    if dead_mans_switch is False:
        return None
    timeout_s = 60.0 if dead_mans_switch is True else seconds("dead_mans_switch", dead_mans_switch)
    if timeout_s < 4:
        raise ValueError(f"dead_mans_switch must be True or 4 seconds or more, not {dead_mans_switch}")
    if not has_key:
        raise ValueError("dead_mans_switch needs api_key and api_secret: it is about the orders of an account")
    return Switch(timeout_s, timeout_s / 4)
