"""Hosts an order book: feeds it from a socket, fetches its snapshots on another thread, and knows whether it may be shown.

Whether it is right is decided by :class:`~exchangeclient.market.booksync.BookSync`; the venue brings its sequence rule, its way
to read a message and its snapshot call (:class:`BookSource`). Changes are applied on the reactor's thread, so that a book stays
live whatever user code does. :class:`BookManager` is what the venues' depth cache managers share.
"""

from __future__ import annotations

import logging
import random
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from enum import StrEnum
from functools import partial
from types import TracebackType
from typing import Any, Literal, NamedTuple, Protocol, Self

from exchangeclient.core import reactor
from exchangeclient.core.callbacks import CallbackThread, SignalLine
from exchangeclient.core.clock import Clock, SystemClock
from exchangeclient.core.session import Backoff, SocketSession
from exchangeclient.core.sockets import SocketGroup
from exchangeclient.core.workers import Workers
from exchangeclient.exceptions import (
    AuthenticationException,
    OutOfSyncException,
    PermissionException,
    SocketException,
    UnknownSymbolException,
)
from exchangeclient.market.book import Level, OrderBook
from exchangeclient.market.booksync import BookSync, Diff, SequenceRule, Snapshot, Step

log = logging.getLogger(__name__)

# Refusals of the venue that would be the same the next time.
_HOPELESS = (UnknownSymbolException, PermissionException, AuthenticationException)

OnStale = Literal["raise", "return"]


class BookState(StrEnum):
    """What is known about a book."""

    CONNECTING = "CONNECTING"  # the stream has not been open yet
    SYNCING = "SYNCING"  # the stream flows, the book is being made
    LIVE = "LIVE"  # it is the venue's book at the id that it reports
    STALE = "STALE"  # the stream broke
    CLOSED = "CLOSED"  # by the user, or refused for good


class BookSource(Protocol):
    """What a venue brings to keep a book."""

    @property
    def rule(self) -> SequenceRule:
        """The rule of its sequence numbers."""

    def diff(self, payload: bytes) -> Diff | None:
        """The changes in a message of the stream, or None when it holds none.

        :raises ValueError: when it cannot be read
        """

    def fetch(self) -> tuple[int, Sequence[Sequence[Any]], Sequence[Sequence[Any]]]:
        """A snapshot: its sequence number, bids and asks. Called on a thread that may block.

        :raises Exception: when there is none; unless the venue refuses it for good, it is asked for again
        """


class Version(NamedTuple):
    """A book as a reader gets it.

    :ivar update_id: its sequence number at the venue
    :ivar time_ms: the venue's time of the last change in it, None when there was none since the snapshot
    :ivar age_s: None while the book is live, else how long ago it was last known to be right
    """

    book: OrderBook
    update_id: int
    time_ms: int | None
    age_s: float | None


class KeptBook:
    """One order book that is kept right by itself, or says that it is not; the listener of its stream.

    :param on_change: called after the book has changed, and when it has failed for good; must not block
    :param refresh_s: a live book is made anew, beside the old one, this often; None: only when it has to be
    :param stale: what a reader gets while the book is not live: an exception, or the last one that was right
    :param workers: fetch the snapshots, so that not too many are asked for at a time, however many books start over at once
    """

    def __init__(
        self,
        symbol: str,
        source: BookSource,
        *,
        workers: Workers,
        on_change: Callable[[], None],
        refresh_s: float | None = None,
        stale: OnStale = "raise",
        backoff: Backoff | None = None,
        clock: Clock | None = None,
    ) -> None:
        self._loop = reactor.running()
        self.symbol = symbol
        self._source = source
        self._on_change = on_change
        self._refresh_s = refresh_s
        self._stale = stale
        self._backoff = backoff or Backoff(random.Random(), stable_s=10.0)
        self._clock = clock or SystemClock()
        self._refresh: reactor.DelayedCall | None = None
        # Held for one change or one read; notified when the state is another. It guards all that follows.
        self._changed = threading.Condition()
        self._sync = BookSync(source.rule)
        # What the book is while it is not live; whether it is, only `sync` says.
        self._rest = self._noted = BookState.CONNECTING
        self._reason = "the stream is not open yet"
        self._was_live = False
        self._live_since = self._right_at = 0.0
        # What the snapshot that is being fetched is for; None when none is.
        self._wanted: object | None = None
        # What threads inside steady() go on seeing.
        self._pins: dict[int, Version] = {}
        self.failure: Exception | None = None
        self.resyncs = 0
        self._workers = workers
        workers.enter()

    @property
    def state(self) -> BookState:
        """What is known about the book at this moment."""
        return BookState.LIVE if self._sync.live else self._rest

    @contextmanager
    def reading(self) -> Iterator[Version]:
        """The book, unchanging until the block ends. Keep the block short: the feed waits for it.

        :raises OutOfSyncException: when the book is not live
        """
        pinned = self._pins.get(threading.get_ident())
        if pinned is not None:
            yield pinned
            return
        with self._changed:
            yield self._version(self._stale)

    @contextmanager
    def steady(self) -> Iterator[None]:
        """What this thread reads is the same until the block ends, while the book itself goes on.

        :raises OutOfSyncException: when the book is not live
        """
        me = threading.get_ident()
        with self._changed:
            self._pins[me] = self._version("raise")
        try:
            yield
        finally:
            with self._changed:
                del self._pins[me]

    def wait_live(self, timeout_s: float) -> None:
        """Wait until the book has been live once.

        :raises OutOfSyncException: when it has not within ``timeout_s``, or never will
        """
        if not self._was_live:
            reactor.forbid_blocking("waiting for the book")
        with self._changed:
            self._changed.wait_for(lambda: self._was_live or self._rest is BookState.CLOSED, timeout_s)
            if not self._was_live:
                raise self._out_of_sync()

    def connected(self) -> None:
        """The stream flows: collect what it says, and fetch a snapshot."""
        with self._changed:
            self._move(BookState.SYNCING, "the snapshot is being fetched")
            self._begin()

    def received(self, payloads: Sequence[bytes]) -> None:
        """Apply changes."""
        changed = False
        for payload in payloads:
            try:
                diff = self._source.diff(payload)
            except ValueError as error:
                log.warning("%s: %s", self.symbol, error)
                self._lose("a message could not be read")
                continue
            if diff is not None:
                changed = self._take(diff) or changed
        if changed:
            self._on_change()

    def lost(self, reason: str) -> None:
        """The stream broke: from now on the book is not known to be right."""
        self._end(BookState.STALE, f"the stream broke: {reason}")

    def failed(self, error: SocketException) -> None:
        """The stream is refused for good."""
        self._give_up(error)

    def close(self) -> None:
        """Let the book be."""
        self._end(BookState.CLOSED, "it was closed")

    def _take(self, diff: Diff) -> bool:
        with self._changed:
            book = self._sync.book
            if book is not None and any(version.book is book for version in self._pins.values()):
                self._sync.book = book.copy()  # who is reading keeps the one that is read
            step = self._sync.diff(diff)
            if step is Step.RESYNC:
                self._resync("a change is missing or wrong")
            return step is Step.APPLY

    def _lose(self, reason: str) -> None:
        with self._changed:
            self._sync.lose()
            self._resync(reason)

    def _end(self, rest: BookState, reason: str) -> None:
        with self._changed:
            if self._rest is BookState.CLOSED:
                return
            self._sync.lose()
            self._wanted = None
            self._move(rest, reason)
        if rest is BookState.CLOSED:
            self._loop.callFromThread(self._disarm)
            self._workers.leave()

    def _give_up(self, error: Exception) -> None:
        self.failure = error
        self._end(BookState.CLOSED, f"it cannot be kept: {error}")
        self._on_change()

    # Within the lock.

    def _version(self, stale: OnStale) -> Version:
        book = self._sync.book
        live = self._sync.live
        if book is None or not (live or stale == "return"):
            raise self._out_of_sync()
        return Version(book, self._sync.last_id, self._sync.time_ms, None if live else self._clock.monotonic_s() - self._right_at)

    def _out_of_sync(self) -> OutOfSyncException:
        error = OutOfSyncException(f"the book of {self.symbol} is {self.state}: {self._reason}", symbol=self.symbol, state=self.state.value)
        error.__cause__ = self.failure
        return error

    def _move(self, rest: BookState, reason: str) -> None:
        """Note what the book is while it is not live, and why it is what it is now."""
        if self._rest is BookState.CLOSED:
            return
        self._rest, self._reason = rest, reason
        state, before = self.state, self._noted
        if state is not before:
            log.info("%s: the book is %s: %s", self.symbol, state, reason)
            if state is BookState.LIVE:
                self._live_since = self._clock.monotonic_s()
            elif before is BookState.LIVE:
                self._right_at = self._clock.monotonic_s()
        self._noted = state
        self._changed.notify_all()

    def _resync(self, reason: str) -> None:
        self.resyncs += 1
        self._move(BookState.SYNCING, reason)
        self._begin()

    def _begin(self) -> None:
        if self._rest is BookState.CLOSED:
            return
        if not self._sync.collecting:
            self._sync.begin()
        if self._wanted is None:  # else the fetching that goes on ends when a snapshot fits
            self._wanted = object()
            self._fetch_after(self._first_delay(), self._wanted)

    def _fetch_after(self, delay_s: float, wanted: object) -> None:
        job = partial(self._fetch, wanted)
        if delay_s:
            self._loop.callFromThread(self._loop.callLater, delay_s, self._workers.submit, job)
        else:
            self._workers.submit(job)

    def _first_delay(self) -> float:
        """How long to wait before the first snapshot: not at all, unless the book broke again soon after it had come right."""
        if self._sync.live:  # a refresh
            return 0.0
        lived_s, self._live_since = self._right_at - self._live_since, self._right_at
        delay = self._backoff.after(lived_s)
        return 0.0 if self._backoff.failures == 1 else delay

    def _fetch_again(self, wanted: object, reason: str) -> None:
        log.warning("%s: %s", self.symbol, reason)
        delay_s = self._backoff.after()
        if self._sync.live:
            # A refresh, which is put off. Should the book break before, no waiting fetch stands in the way of one at once.
            self._wanted = None
            self._loop.callFromThread(self._arm, delay_s)
        else:
            self._reason = reason
            self._fetch_after(delay_s, wanted)

    # On a worker's thread.

    def _fetch(self, wanted: object) -> None:
        if self._wanted is not wanted:
            return
        try:
            update_id, bids, asks = self._source.fetch()
            snapshot = Snapshot(update_id, OrderBook(bids, asks))
        except Exception as error:  # noqa: BLE001 - whatever it was, the book says why, and the next try comes
            self._go_without(wanted, error)
        else:
            self._make(wanted, snapshot)

    def _go_without(self, wanted: object, error: Exception) -> None:
        with self._changed:
            if self._wanted is not wanted:
                return  # the stream broke meanwhile, or the book was closed
            if isinstance(error, _HOPELESS) and not self._sync.live:
                log.error("%s: no snapshot: %s; not tried again", self.symbol, error)
                self._give_up(error)
                return
            self._sync.begin()  # no later snapshot will need what was collected for this one
            self._fetch_again(wanted, f"no snapshot: {error}")

    def _make(self, wanted: object, snapshot: Snapshot) -> None:
        with self._changed:
            if self._wanted is not wanted:
                return
            if self._sync.snapshot(snapshot) is not Step.APPLY:
                self._fetch_again(wanted, "the snapshot did not fit the stream")
                return
            self._wanted = None
            self._was_live = True
            self._move(BookState.SYNCING, f"made from the snapshot {snapshot.last_id}")
        if self._refresh_s is not None:
            self._loop.callFromThread(self._arm, self._refresh_s)
        self._on_change()

    # On the reactor's thread.

    def _arm(self, delay_s: float) -> None:
        self._disarm()
        if self._rest is not BookState.CLOSED:
            self._refresh = self._loop.callLater(delay_s, self._refresh_now)

    def _disarm(self) -> None:
        if self._refresh is not None and self._refresh.active():
            self._refresh.cancel()
        self._refresh = None

    def _refresh_now(self) -> None:
        with self._changed:
            if self._sync.live:
                self._begin()


class DepthCache:
    """An order book to read: sorted, best level first.

    Each read shows one whole state of the book, from whatever thread. The cache of a manager follows the venue by itself; during
    a callback it stands still for the callback's thread, so that several reads there belong together.

    One that is made by hand (``DepthCache('BNBBTC')``) is filled with :meth:`add_bid` and :meth:`add_ask`.

    :param conv_type: what makes a number of a text: ``float``, ``Decimal``, ``str``
    """

    def __init__(self, symbol: str, conv_type: Callable[[str], Any] = float, *, kept: KeptBook | None = None) -> None:
        if not isinstance(symbol, str):
            raise TypeError(f"symbol must be a str, not {type(symbol).__name__}")
        if not symbol:
            raise ValueError("symbol must not be empty")
        _check_conv_type(conv_type)
        self.symbol = symbol
        self._conv_type = conv_type
        self._kept = kept
        self._lock = threading.Lock()
        self._book = OrderBook()

    def add_bid(self, bid: Sequence[Any]) -> None:
        """Set the quantity bid at a price: ``[price, quantity]``, texts or numbers; quantity zero removes the level."""
        self._apply([bid[:2]], [])

    def add_ask(self, ask: Sequence[Any]) -> None:
        """Set the quantity asked at a price: ``[price, quantity]``, texts or numbers; quantity zero removes the level."""
        self._apply([], [ask[:2]])

    def get_bids(self) -> list[list[Any]]:
        """All bids as a new list of ``[price, quantity]``, highest price first.

        :raises OutOfSyncException: when the book is not known to be right at this moment
        """
        return self._converted(lambda book: book.bids.top())

    def get_asks(self) -> list[list[Any]]:
        """All asks as a new list of ``[price, quantity]``, lowest price first.

        :raises OutOfSyncException: when the book is not known to be right at this moment
        """
        return self._converted(lambda book: book.asks.top())

    def top(self, n: int | None = None) -> tuple[tuple[Level, ...], tuple[Level, ...]]:
        """The ``n`` best bids and the ``n`` best asks of one moment, as tuples of the venue's own texts. The fast way to read.

        :raises OutOfSyncException: when the book is not known to be right at this moment
        """
        with self._reading() as version:
            return version.book.top(n)

    @property
    def update_time(self) -> int | None:
        """The venue's time of the last change, in milliseconds; None when there was none yet."""
        with self._reading() as version:
            return version.time_ms

    @property
    def update_id(self) -> int:
        """The venue's number of the book's present state."""
        with self._reading() as version:
            return version.update_id

    @property
    def age(self) -> float:
        """Seconds since the book was last known to be right: 0 while it is live, more only with ``stale="return"``."""
        with self._reading() as version:
            return version.age_s or 0.0

    @property
    def stale(self) -> bool:
        """True when what is read is the last book that was right, not the present one (only with ``stale="return"``)."""
        with self._reading() as version:
            return version.age_s is not None

    @staticmethod
    def sort_depth(vals: Mapping[Any, Any] | Iterable[Sequence[Any]], reverse: bool = False) -> list[list[Any]]:
        """Levels as a list of ``[price, quantity]`` sorted by price.

        :param vals: ``{price: quantity}`` or pairs
        """
        pairs = vals.items() if isinstance(vals, Mapping) else vals
        return sorted(([price, quantity] for price, quantity in pairs), key=lambda level: level[0], reverse=reverse)

    def __repr__(self) -> str:
        return f"<DepthCache {self.symbol}>"

    def _apply(self, bids: Sequence[Sequence[Any]], asks: Sequence[Sequence[Any]]) -> None:
        if self._kept is not None:
            raise TypeError("this cache is kept by its manager; levels are added to one that is made by hand")
        with self._lock:
            self._book.apply(bids, asks)

    def _converted(self, side: Callable[[OrderBook], tuple[Level, ...]]) -> list[list[Any]]:
        with self._reading() as version:
            levels = side(version.book)
        number = self._conv_type  # which is the user's: the feed does not wait for it
        return [[number(price), number(quantity)] for price, quantity in levels]

    @contextmanager
    def _reading(self) -> Iterator[Version]:
        if self._kept is not None:
            with self._kept.reading() as version:
                yield version
        else:
            with self._lock:
                yield Version(self._book, 0, None, None)


class BookManager:
    """Keeps the book of one symbol from the moment it is made until :meth:`close`; the venues' depth cache managers are this.

    :param group: whose connection and callback thread are used; started if need be
    :param owned: whether the group ends with this manager
    """

    def __init__(
        self,
        symbol: str,
        source: BookSource,
        session: SocketSession,
        *,
        group: SocketGroup,
        owned: bool,
        callback: Callable[[DepthCache | None], Any] | None,
        refresh_s: float | None,
        timeout_s: float,
        conv_type: Callable[[str], Any],
        stale: OnStale,
        workers: Workers,
    ) -> None:
        _check_conv_type(conv_type)
        self._group = group
        self._owned = owned
        self._callback = callback
        self._timeout_s = timeout_s
        self._book = KeptBook(symbol, source, workers=workers, on_change=self._on_change, refresh_s=refresh_s, stale=stale)
        # Books are not counted by the rule of one socket per stream: any number may be kept of one symbol.
        self._key = f"book of {symbol} {id(self):x}"
        self._line: SignalLine | None = None
        self._cache = DepthCache(symbol, conv_type, kept=self._book)
        try:
            group.attach(self._key, [session], self._listener)
            group.start()
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None) -> None:
        self._group.hurry(kind)
        self.close()

    @property
    def symbol(self) -> str:
        """Whose book it is."""
        return self._book.symbol

    @property
    def state(self) -> BookState:
        """CONNECTING, SYNCING, LIVE, STALE or CLOSED."""
        return self._book.state

    def get_depth_cache(self) -> DepthCache:
        """The cache. Waits until the book has been live once; later calls return at once, and reading says whether it is right.

        :raises OutOfSyncException: when it has not been live within the manager's ``timeout``
        """
        self._book.wait_live(self._timeout_s)
        return self._cache

    def close(self, close_socket: bool = False) -> None:
        """Keep the book no more. No callback begins after this returns.

        :param close_socket: also close a socket manager that was passed in as ``bm``
        """
        self._book.close()
        self._group.stop_socket(self._key)
        if self._owned or close_socket:
            self._group.close()
        if self._line is not None:
            self._line.close()

    def _listener(self, callbacks: CallbackThread) -> KeptBook:
        if self._callback is not None:
            self._line = SignalLine(callbacks, partial(self._tell, callbacks, self._callback))
        return self._book

    def _on_change(self) -> None:
        if self._line is not None:
            self._line.signal()

    def _tell(self, callbacks: CallbackThread, callback: Callable[[DepthCache | None], Any]) -> None:
        if self._book.failure is not None:
            callbacks.call(callback, None)
            return
        try:
            with self._book.steady():
                callbacks.call(callback, self._cache)
        except OutOfSyncException:  # gone before its turn came; the next change of a right book has a turn of its own
            log.debug("%s: the book went out of sync before its callback", self._book.symbol)


def _check_conv_type(conv_type: object) -> None:
    if not callable(conv_type):
        raise TypeError(f"conv_type must make a number of a text, like float or Decimal, not {conv_type!r}")
