"""Ticks, trades and candles: :class:`Quote`, and functions of the module that use one of their own.

``quote.subscribe_tick("okex/btc.usdt", on_update)`` is a whole program, as with BTP and OTS; without ``await``. The gateway is
``exchangeclient gateway --onetoken`` on this machine, unless another address is given or :meth:`Config.change_host` was called.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from functools import partial
from itertools import count
from math import isfinite
from typing import Any, Final

from exchangeclient.core.feeds.callbacks import MARKET_LIMIT, CallbackThread, EventLine, check_callback
from exchangeclient.core.feeds.groups import SocketGroup
from exchangeclient.core.feeds.iteration import seconds
from exchangeclient.core.feeds.notices import SocketNotice
from exchangeclient.core.feeds.sharing import Pool
from exchangeclient.core.process import reactor
from exchangeclient.core.protocol.conversation import Dialer
from exchangeclient.core.protocol.session import Answers, Wishes
from exchangeclient.core.wire.dialing import dial
from exchangeclient.core.wire.socket_way import way_to
from exchangeclient.exceptions import SocketException
from exchangeclient.onetoken.config import Config
from exchangeclient.onetoken.errors import HTTPError, ServiceError
from exchangeclient.onetoken.hosts import choose
from exchangeclient.onetoken.messages import object_in, routed
from exchangeclient.onetoken.models import Candle, Contract, LowFreqQuote, Zhubi, rows_in
from exchangeclient.onetoken.names import contract_name
from exchangeclient.onetoken.service import Outcome, Service
from exchangeclient.onetoken.stream_names import DURATIONS, STREAMS_PER_CONNECTION, Door, door_of, stream_name
from exchangeclient.onetoken.streams import QuoteSession
from exchangeclient.onetoken.tick import Tick
from exchangeclient.onetoken.ticksv3 import Folding

log = logging.getLogger(__name__)

OnUpdate = Callable[[Any], Any]
"""A function of one argument, or a coroutine function."""

ATTEMPTS: Final = (30, 30.0)  # the service let an address have thirty sockets
_READY_S: Final = 10.0


class _Latest:
    """The last tick of each contract whose stream flows."""

    def __init__(self) -> None:
        self._ticks: dict[str, Tick] = {}

    def get(self, contract: str) -> Tick | None:
        return self._ticks.get(contract)

    def put(self, contract: str, tick: Tick) -> None:
        self._ticks[contract] = tick

    def drop(self, contract: str) -> None:
        self._ticks.pop(contract, None)


class _Ear:
    """The listener of one subscription: frames of its streams, made into what its callback gets.

    :ivar refusal: of one of its streams
    :ivar trouble: why it does not flow
    """

    def __init__(
        self,
        callbacks: CallbackThread,
        name: str,
        on_update: OnUpdate | None,
        read: Callable[[Mapping[str, Any]], Any],
        *,
        started_anew: Callable[[], None] = lambda: None,
        latest: _Latest | None = None,
    ) -> None:
        self._name = name
        self._contract = name.split(":")[1]
        self._callbacks = callbacks
        self._on_update = on_update
        self._read = read
        self._started_anew = started_anew
        self._latest = latest
        self._flows = False
        self.refusal: SocketException | None = None
        self.trouble = ""
        self._line = EventLine(callbacks, self._hear, bytes, name=name, limit=MARKET_LIMIT)

    def connected(self) -> None:
        """Its stream flows."""
        self._flows = True

    def received(self, payloads: Sequence[bytes]) -> None:
        """Queue them."""
        self._line.put(payloads)

    def noticed(self, notice: SocketNotice) -> None:
        """Something happened to its connection."""
        self.trouble = notice.reason if notice.kind in ("lost", "refused") else ""

    def lost(self, reason: str) -> None:  # noqa: ARG002 - the log and notices say it
        """It comes again; what was known is old now."""
        self._flows = False
        if self._latest is not None:
            self._latest.drop(self._contract)
        self._line.tell(None)

    def failed(self, error: SocketException) -> None:
        """It does not come again, or one of several does not."""
        self.refusal = error
        self.lost(str(error))

    def close(self) -> None:
        """Deliver nothing more."""
        self._line.close()
        if self._latest is not None:
            self._latest.drop(self._contract)

    def _hear(self, payload: bytes | None) -> Any:
        """On the callbacks' thread."""
        if payload is None:  # of another connection from here on
            self._started_anew()
            return None
        try:
            told = self._read(object_in(payload))
        except (LookupError, TypeError, ValueError, ArithmeticError, AttributeError) as error:
            log.warning("%s: a frame that cannot be read is left out: %r", self._name, error)
            told = None
        if told is None:
            if self._latest is not None:  # after a gap nobody knows
                self._latest.drop(self._contract)
            return None
        if self._latest is not None and self._flows:
            self._latest.put(self._contract, told)
        return None if self._on_update is None else self._on_update(told)


class Quote(SocketGroup):
    """Subscriptions to a gateway's markets. Made once, used by any thread, closed by :meth:`close`; the program stays alive until then.

    Up to fifty streams share a connection. A connection that breaks is made again, with all that was subscribed to, for as long as it
    takes. Callbacks are functions or coroutine functions; they run one at a time, in order, on a thread of the quote, and an exception in
    one is logged. A frame that cannot be read is left out, and the log says so.

    :param host: of the gateway: None for :class:`Config`'s, a URL, or ``Sandbox().urls["onetoken"]``
    :param decimal: True has numbers of ticks as :class:`~decimal.Decimal`
    :param gzip: True has the gateway pack what it sends
    :param keep_alive: False lets the program end although there are subscriptions
    :param on_event: is called with each :class:`~exchangeclient.core.feeds.notices.SocketNotice`
    :raises TypeError: for an argument of a wrong type
    :raises ValueError: for a host that there is not, see :func:`~exchangeclient.onetoken.hosts.choose`
    """

    def __init__(
        self,
        host: str | Mapping[str, str] | None = None,
        *,
        decimal: bool = False,
        gzip: bool = False,
        keep_alive: bool = True,
        on_event: Callable[[SocketNotice], Any] | None = None,
        dialer: Dialer = dial,
    ) -> None:
        for name, flag in (("decimal", decimal), ("gzip", gzip), ("keep_alive", keep_alive)):
            if not isinstance(flag, bool):
                raise TypeError(f"{name} must be a bool, not {type(flag).__name__}")
        if on_event is not None:
            check_callback(on_event, "on_event")
        self._service = Service(Config.hosts() if host is None else choose(host))
        stream = self._service.hosts.stream
        options = way_to(stream, self._service, attempts=ATTEMPTS)
        super().__init__("1token-quote", keep_alive=keep_alive, options=options, on_notice=on_event, dialer=dialer)
        self._decimal = decimal
        self._gzip = gzip
        self._latest = _Latest()
        self._pools: dict[Door, Pool] = {}
        self._numbers = count(1)

    def renew(self) -> None:
        """In a process that was forked off, nothing runs: forget all."""
        super().renew()
        self._pools = {}
        self._latest = _Latest()

    def close(self) -> None:
        """End every subscription. No callback begins after this returns."""
        super().close()
        self._service.close()

    def run(self) -> None:
        """What the later blocking SDK calls :meth:`start`; subscribing does it, too."""
        self.start()

    # Streams. Each returns a key for stop_socket().

    def subscribe_tick(self, contract: str, on_update: OnUpdate | None = None, *, timeout: float = _READY_S) -> str:
        """Have ``on_update(tick)`` called with each :class:`~exchangeclient.onetoken.tick.Tick` of a contract. Returns once it flows.

        A contract may be subscribed to several times, each with a callback of its own.

        :param contract: in any of the three spellings
        :param on_update: left out, ticks are kept for :meth:`get_last_tick` alone
        :returns: what :meth:`stop_socket` takes
        :raises TypeError: for a callback that cannot be called
        :raises ValueError: for what is no contract
        :raises SocketException: when the gateway refuses it, or it does not flow within ``timeout`` seconds
        """
        read = partial(_tick_in, decimal=self._decimal)
        return self._subscribe([stream_name("tick", contract)], on_update, lambda: (read, _nothing), timeout, self._latest)

    def subscribe_tick_v3(self, contract: str, on_update: OnUpdate | None = None, *, timeout: float = _READY_S) -> str:
        """The same from the stream of changes, with all levels; after a missing change there is nothing until the next snapshot."""

        def fold() -> tuple[Callable[[Mapping[str, Any]], Any], Callable[[], None]]:
            folding = Folding(decimal=self._decimal)
            return folding.fold, folding.forget

        return self._subscribe([stream_name("tick-v3", contract)], on_update, fold, timeout, self._latest)

    def subscribe_zhubi(self, contract: str, on_update: OnUpdate, *, timeout: float = _READY_S) -> str:
        """Have ``on_update(trades)`` called with lists of :class:`~exchangeclient.onetoken.models.Zhubi`, the market's trades."""
        return self._subscribe([stream_name("zhubi", contract)], on_update, lambda: (_zhubi_in, _nothing), timeout)

    def subscribe_candle(self, contract: str, duration: str, on_update: OnUpdate, *, timeout: float = _READY_S) -> str:
        """Have ``on_update(candle)`` called whenever the present :class:`~exchangeclient.onetoken.models.Candle` changes.

        :param duration: ``1m``, ``5m``, ``15m``, ``30m``, ``1h``, ``2h``, ``4h``, ``6h``, ``1d`` or ``1w``
        """
        return self._subscribe([stream_name("candle", contract, duration)], on_update, lambda: (_candle_in, _nothing), timeout)

    def subscribe_low_freq_quote(self, contracts: str | Sequence[str], on_update: OnUpdate, *, timeout: float = 30.0) -> str:
        """Have ``on_update(quotes)`` called with lists of :class:`~exchangeclient.onetoken.models.LowFreqQuote`: each contract's price
        about once a second at most, when it has changed, and its rise. Returns once there was one of each.

        :param contracts: one, or several, which are one subscription then
        :raises SocketException: when the gateway refuses one of them, see :meth:`subscribe_tick`
        """
        given = [contracts] if isinstance(contracts, str) else list(contracts)
        names = list(dict.fromkeys(stream_name("low-freq-quote", each) for each in given))
        if not names:
            raise ValueError("contracts must be one or more")
        read = partial(_quotes_in, wanted={name.partition(":")[2] for name in names}, decimal=self._decimal)
        return self._subscribe(names, on_update, lambda: (read, _nothing), timeout)

    def _subscribe(
        self,
        names: Sequence[str],
        on_update: OnUpdate | None,
        make: Callable[[], tuple[Callable[[Mapping[str, Any]], Any], Callable[[], None]]],
        timeout: float,
        latest: _Latest | None = None,
    ) -> str:
        if on_update is not None or latest is None:
            check_callback(on_update, "on_update")
        patience_s = seconds("timeout", timeout)
        reactor.forbid_blocking("subscribing")
        read, started_anew = make()
        called = names[0] if len(names) == 1 else f"{names[0]} and {len(names) - 1} more"
        ears: list[_Ear] = []

        def ear(callbacks: CallbackThread) -> _Ear:
            ears.append(_Ear(callbacks, called, on_update, read, started_anew=started_anew, latest=latest))
            return ears[0]

        key = f"{called} {next(self._numbers)}"
        self._attach(key, lambda listener: [self._pool(door_of(names[0])).seat(names, listener)], ear)
        self.start()
        try:
            self.wait_ready(key, patience_s)
            if ears[0].refusal is not None:  # of one of several
                raise ears[0].refusal
        except SocketException as error:
            self.stop_socket(key)
            if ears[0].refusal is None and ears[0].trouble:
                raise SocketException(f"{error}: {ears[0].trouble}") from error
            raise
        return key

    def _pool(self, door: Door) -> Pool:
        """The connections behind one address."""
        if door not in self._pools:
            address, packed = self._service.hosts.stream, self._gzip

            def session(wishes: Wishes, answers: Answers) -> QuoteSession:
                return QuoteSession(address, door, wishes, answers, packed=packed)

            self._pools[door] = Pool(session, self._socket_maker(), tell=self.notifier(), route=routed, most=STREAMS_PER_CONNECTION)
        return self._pools[door]

    # Questions.

    def get_last_tick(self, contract: str, timeout: float = 10) -> Tick:
        """The last tick of a contract: of its stream when that flows, else as the gateway answers.

        :raises ValueError: for what is no contract
        :raises ServiceError: when the gateway has none, or does not answer within ``timeout`` seconds
        """
        name = contract_name(contract)
        tick = self._latest.get(name)
        if tick is not None:
            return tick
        answer, error = self._service.ask(f"/quote/single-tick/{name}", timeout=timeout)
        if error is not None:
            raise error
        last: Tick = _read(partial(_tick_of, decimal=self._decimal), answer, "a tick")
        return last

    def get_ticks(self, exchange: str) -> Outcome:
        """``(ticks, err)``: the last tick of each contract of an exchange, one level a side."""
        answer, error = self._service.ask("/quote/ticks", {"exchange": _code(exchange)})
        return _each(answer, error, partial(_tick_of, decimal=self._decimal), "ticks")

    def get_candles(
        self,
        contract: str,
        duration: str = "1m",
        since: float | str | datetime | None = None,
        until: float | str | datetime | None = None,
    ) -> Outcome:
        """``(candles, err)``: candles from ``since`` to ``until``, oldest first.

        :param since: seconds since 1970, a date in ISO 8601, or a datetime with a time zone; ``until`` too
        :raises ValueError: for what is no contract, no duration or no time
        """
        name = contract_name(contract)
        if duration not in DURATIONS:
            raise ValueError(f"duration must be one of {', '.join(DURATIONS)}, not {str(duration)[:20]!r}")
        query = {"contract": name, "duration": duration}
        for word, moment in (("since", since), ("until", until)):
            if moment is not None:
                query[word] = _instant(moment, word)
        answer, error = self._service.ask("/quote/candles", query)
        return _each(answer, error, partial(Candle.from_dict, contract=name, duration=duration), "candles")

    def get_trades(self, contract: str) -> Outcome:
        """``(trades, err)``: the market's latest :class:`~exchangeclient.onetoken.models.Zhubi`, oldest first."""
        answer, error = self._service.ask("/quote/trades", {"contract": contract_name(contract)})
        return _each(answer, error, Zhubi.from_dict, "trades")

    def get_exchanges(self) -> Outcome:
        """``(exchanges, err)``: what the gateway serves, as dicts of the wire: ``exchange`` is the code."""
        answer, error = self._service.ask("/basic/support-exchanges-v2")
        return _each(answer, error, dict, "exchanges")

    def get_contracts(self, exchange: str) -> Outcome:
        """``(contracts, err)``: all that an exchange trades, with their steps."""
        answer, error = self._service.ask("/basic/contracts", {"exchange": _code(exchange)})
        return _each(answer, error, Contract.from_dict, "contracts")

    def get_contract(self, symbol: str) -> Outcome:
        """``(contract, err)``: one contract; ``err.code`` is ``contract-not-exist`` when there is none."""
        exchange, _, name = contract_name(symbol, "symbol").partition("/")
        answer, error = self._service.ask("/basic/contracts", {"exchange": exchange, "name": name})
        found, error = _each(answer, error, Contract.from_dict, "contracts")
        if error is None and not found:
            error = ServiceError("contract-not-exist", f"{exchange}/{name}")
        return (None, error) if error is not None else (found[0], None)


def _nothing() -> None:
    """What is to be done for a stream that remembers nothing."""


def _tick_of(data: Mapping[str, Any], *, decimal: bool) -> Tick:
    tick = Tick.from_dict(data, decimal=decimal)
    tick.contract = contract_name(data["contract"])
    return tick


def _tick_in(frame: Mapping[str, Any], *, decimal: bool) -> Tick:
    return _tick_of(frame["data"], decimal=decimal)


def _zhubi_in(frame: Mapping[str, Any]) -> list[Zhubi] | None:
    return [Zhubi.from_dict(row) for row in rows_in(frame["data"], "data")] or None


def _quotes_in(frame: Mapping[str, Any], *, wanted: Collection[str], decimal: bool) -> list[LowFreqQuote] | None:
    quotes = [LowFreqQuote.from_dict(row, decimal=decimal) for row in rows_in(frame["data"], "data")]
    return [each for each in quotes if each.contract in wanted] or None


def _candle_in(frame: Mapping[str, Any]) -> Candle:
    return Candle.from_dict(frame["data"] if isinstance(frame.get("data"), dict) else frame)


def _read(read: Callable[[Any], Any], answer: object, name: str) -> Any:
    """What an answer stands for.

    :raises HTTPError: when it is of another form
    """
    try:
        return read(answer)
    except (LookupError, TypeError, ValueError, ArithmeticError, AttributeError) as error:
        raise HTTPError(HTTPError.NOT_JSON, f"{name} of another form than they have: {error!r}") from error


def _each(answer: object, error: ServiceError | None, read: Callable[[Any], Any], name: str) -> Outcome:
    if error is not None:
        return None, error
    try:
        return _read(lambda rows: [read(row) for row in rows_in(rows, name)], answer, name), None
    except HTTPError as broken:
        return None, broken


def _code(exchange: str) -> str:
    if not isinstance(exchange, str):
        raise TypeError(f"exchange must be a str, not {type(exchange).__name__}")
    if not (exchange.isascii() and exchange.isalnum()):
        raise ValueError(f"exchange must be a code such as 'okex', not {exchange[:40]!r}")
    return exchange


def _instant(moment: float | str | datetime, name: str) -> str:
    if isinstance(moment, datetime):
        if moment.tzinfo is None:
            raise ValueError(f"{name} must have a time zone: {moment.isoformat()} has none")
        return f"{moment.timestamp():.3f}".removesuffix(".000")
    if isinstance(moment, str):
        try:
            read = datetime.fromisoformat(moment)
        except ValueError:
            raise ValueError(f"{name} must be a date in ISO 8601, not {moment[:40]!r}") from None
        if read.tzinfo is None and len(moment) > len("2018-05-03"):
            raise ValueError(f"{name} must have a time zone: {moment[:40]} has none")
        return moment
    if isinstance(moment, bool) or not isinstance(moment, (int, float)):
        raise TypeError(f"{name} must be seconds since 1970, a date or a datetime, not {type(moment).__name__}")
    if not isfinite(moment):
        raise ValueError(f"{name} must be seconds since 1970, not {moment}")
    return str(int(moment))


# ---- the module's own ------------------------------------------------------------------------------------------------

_making = threading.Lock()
_clients: dict[str, Quote] = {}


def get_client(key: str = "default", host: str | Mapping[str, str] | None = None) -> Quote:
    """The quote of that name, made when there is none, at ``host``; the functions below use the one called ``default``."""
    with _making:
        if key not in _clients:
            _clients[key] = Quote(host)
        return _clients[key]


get_candle_client = get_zhubi_client = get_client
"""The later SDKs had a kind of client for each stream."""


def get_v3_client() -> Quote:
    """The quote that the functions below use."""
    return get_client()


def close() -> None:
    """End everything that the functions of this module have begun; they can be used again."""
    with _making:
        clients = list(_clients.values())
        _clients.clear()
    for client in clients:
        client.close()


def subscribe_tick(contract: str, on_update: OnUpdate | None = None) -> str:
    """See :meth:`Quote.subscribe_tick`."""
    return get_client().subscribe_tick(contract, on_update)


def subscribe_tick_v3(contract: str, on_update: OnUpdate | None = None) -> str:
    """See :meth:`Quote.subscribe_tick_v3`."""
    return get_client().subscribe_tick_v3(contract, on_update)


def subscribe_zhubi(contract: str, on_update: OnUpdate) -> str:
    """See :meth:`Quote.subscribe_zhubi`."""
    return get_client().subscribe_zhubi(contract, on_update)


def subscribe_candle(contract: str, duration: str, on_update: OnUpdate) -> str:
    """See :meth:`Quote.subscribe_candle`."""
    return get_client().subscribe_candle(contract, duration, on_update)


def subscribe_low_freq_quote(contracts: str | Sequence[str], on_update: OnUpdate) -> str:
    """See :meth:`Quote.subscribe_low_freq_quote`."""
    return get_client().subscribe_low_freq_quote(contracts, on_update)


def get_last_tick(contract: str, timeout: float = 10) -> Tick:
    """See :meth:`Quote.get_last_tick`."""
    return get_client().get_last_tick(contract, timeout)


def get_ticks(exchange: str) -> Outcome:
    """See :meth:`Quote.get_ticks`."""
    return get_client().get_ticks(exchange)


def get_candles(contract: str, duration: str = "1m", since: Any = None, until: Any = None) -> Outcome:
    """See :meth:`Quote.get_candles`."""
    return get_client().get_candles(contract, duration, since, until)


def get_trades(contract: str) -> Outcome:
    """See :meth:`Quote.get_trades`."""
    return get_client().get_trades(contract)


def get_exchanges() -> Outcome:
    """See :meth:`Quote.get_exchanges`."""
    return get_client().get_exchanges()


def get_contracts(exchange: str) -> Outcome:
    """See :meth:`Quote.get_contracts`."""
    return get_client().get_contracts(exchange)


def get_contract(symbol: str) -> Outcome:
    """See :meth:`Quote.get_contract`."""
    return get_client().get_contract(symbol)
