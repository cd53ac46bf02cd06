"""What each of Binance's market streams tells: one class per kind of stream, found by the stream's name.

A feed is made when somebody subscribes to its stream and dropped when nobody listens any more. It hears what happens to its
symbol and is asked at its own pace; sending is left to :mod:`.streams`, wording to :mod:`.stream_shapes`.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping, Set
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from exchangeclient.sandbox.dialects.binance import shapes as rest_shapes
from exchangeclient.sandbox.dialects.binance import stream_shapes as shapes
from exchangeclient.sandbox.dialects.binance.aggregates import Aggregate
from exchangeclient.sandbox.dialects.binance.shapes import Shape
from exchangeclient.sandbox.dialects.binance.spans import window_start_ms
from exchangeclient.sandbox.engine.candles import DAY_MS, HOUR_MS, INTERVALS
from exchangeclient.sandbox.engine.events import LevelChanged, Traded
from exchangeclient.sandbox.engine.exchange import Depth, Exchange
from exchangeclient.sandbox.engine.words import Side, Status

FAST_US, SLOW_US, KLINE_US = 100_000, 1_000_000, 2_000_000
PARTIAL_LEVELS = (5, 10, 20)
WINDOWS = {"1h": HOUR_MS, "4h": 4 * HOUR_MS, "1d": DAY_MS}

# How the streams of one speed end: the slow one goes by two names.
_SPEEDS = {"@100ms": FAST_US, "": SLOW_US, "@1000ms": SLOW_US}
# How the streams of one time zone end: the venue offers two.
_ZONES_MS = {"": 0, "@+08:00": 8 * HOUR_MS}
_AVERAGE_MINUTES = 5
# After a pause so many candles that closed meanwhile are still told.
_LATE_CANDLES = 60


@dataclass(frozen=True, slots=True)
class Moment:
    """A time by two clocks: the exchange's, by which things happen, and the venue's, which is shown and may be wrong."""

    us: int
    shown_us: int


@dataclass(slots=True)
class News:
    """What happened to one symbol within one step, which is told at ``shown_us`` by the venue's clock."""

    symbol: str
    shown_us: int
    levels: list[LevelChanged] = field(default_factory=list)
    trades: list[Traded] = field(default_factory=list)
    aggregates: list[Aggregate] = field(default_factory=list)


class Feed:
    """What one stream tells: when something happens, at its own pace, or both.

    :ivar symbol: empty for a stream about all of them
    :ivar period_us: how often it is asked what is due; 0 for a stream in real time
    :ivar pauses: when nothing is told of the symbol
    """

    period_us = 0
    pauses: Set[Status] = frozenset((Status.BREAK,))

    def __init__(self, exchange: Exchange, symbol: str) -> None:
        self.exchange = exchange
        self.symbol = symbol

    def heard(self, news: News) -> Iterable[Any]:  # noqa: ARG002 - for those that override it
        """What is to be told at once."""
        return ()

    def due(self, now: Moment) -> Iterable[Any]:  # noqa: ARG002 - for those that override it
        """What is to be told at the end of a period."""
        return ()

    def tells_of(self, symbol: str) -> bool:
        """False for a symbol that was delisted or pauses."""
        instrument = self.exchange.spot.get(symbol)
        return instrument is not None and instrument.status not in self.pauses


class Trades(Feed):
    """Every trade, at once."""

    def heard(self, news: News) -> Iterable[Shape]:
        return [shapes.trade(each, news.shown_us) for each in news.trades]


class AggregateTrades(Feed):
    """Every aggregate trade, at once."""

    def heard(self, news: News) -> Iterable[Shape]:
        return [shapes.aggregate(each, news.shown_us) for each in news.aggregates]


class BookTicker(Feed):
    """The top of the book, whenever it has become another one."""

    def __init__(self, exchange: Exchange, symbol: str) -> None:
        super().__init__(exchange, symbol)
        self._tops = {each: self._top(each) for each in ((symbol,) if symbol else exchange.spot)}

    def heard(self, news: News) -> Iterator[Shape]:
        if news.levels and self.tells_of(news.symbol):
            top = self._top(news.symbol)
            if (top.bids, top.asks) != (self._tops[news.symbol].bids, self._tops[news.symbol].asks):
                self._tops[news.symbol] = top
                yield shapes.book_ticker(news.symbol, top)

    def _top(self, symbol: str) -> Depth:
        return self.exchange.depth(symbol, 1)


class DiffDepth(Feed):
    """The levels that changed within each period; every update begins where the one before it ended."""

    def __init__(self, exchange: Exchange, symbol: str, *, period_us: int) -> None:
        super().__init__(exchange, symbol)
        self.period_us = period_us
        self._told_id = self._known_id = exchange.depth(symbol, 1).last_update_id
        self._bids: dict[int, int] = {}
        self._asks: dict[int, int] = {}

    def heard(self, news: News) -> Iterable[Shape]:
        for event in news.levels:
            (self._bids if event.side is Side.BUY else self._asks)[event.price] = event.quantity
            self._known_id = event.update_id
        return ()

    def due(self, now: Moment) -> Iterator[Shape]:
        if self._known_id > self._told_id:
            yield shapes.depth_update(self.symbol, (self._told_id + 1, self._known_id), self._bids, self._asks, now.shown_us)
            self._told_id = self._known_id
            self._bids.clear()
            self._asks.clear()


class PartialDepth(Feed):
    """The best levels as they are."""

    def __init__(self, exchange: Exchange, symbol: str, *, period_us: int, count: int) -> None:
        super().__init__(exchange, symbol)
        self.period_us = period_us
        self._count = count

    def due(self, now: Moment) -> Iterator[Shape]:  # noqa: ARG002 - it shows no time
        yield rest_shapes.depth(self.exchange.depth(self.symbol, self._count))


class Klines(Feed):
    """The current candle now and then, and each one once more when it has closed."""

    period_us = FAST_US  # so that a candle's end is told soon
    pauses = frozenset((Status.BREAK, Status.CANCEL_ONLY))

    def __init__(self, exchange: Exchange, symbol: str, *, interval: str, offset_ms: int) -> None:
        super().__init__(exchange, symbol)
        self._interval = interval
        self._offset_ms = offset_ms
        self._pace_us = SLOW_US if interval == "1s" else KLINE_US
        self._asked_us = exchange.now_us
        self._open_ms: int | None = None  # of the candle that was told last
        self._close_ms = 0

    def due(self, now: Moment) -> Iterator[Shape]:
        has_closed = now.us // 1000 > self._close_ms
        is_due = now.us // self._pace_us > self._asked_us // self._pace_us
        self._asked_us = now.us
        if not (is_due or has_closed):
            return
        candles = self.exchange.candles(
            self.symbol,
            self._interval,
            start_ms=None,
            end_ms=None,
            limit=_LATE_CANDLES if has_closed else 1,
            offset_ms=self._offset_ms,
        )
        for candle in candles:
            closed = candle is not candles[-1]
            if closed and (self._open_ms is None or candle.open_ms < self._open_ms):
                continue
            yield shapes.kline(self.symbol, self._interval, candle, closed=closed, now_us=now.shown_us)
        self._open_ms, self._close_ms = candles[-1].open_ms, candles[-1].close_ms


class Tickers(Feed):
    """Figures of a symbol every second, if they changed; of all symbols the changed ones in one array."""

    period_us = SLOW_US

    def __init__(self, exchange: Exchange, symbol: str = "") -> None:
        super().__init__(exchange, symbol)
        self._changed: dict[str, None] = {}

    @abstractmethod
    def row(self, symbol: str, now: Moment) -> Shape:
        """The figures of one symbol."""

    def changes(self, news: News) -> bool:
        """True when the news change the figures."""
        return bool(news.trades)

    def heard(self, news: News) -> Iterable[Shape]:
        if self.changes(news):
            self._changed[news.symbol] = None
        return ()

    def due(self, now: Moment) -> Iterator[Any]:
        rows = [self.row(symbol, now) for symbol in self._changed if self.tells_of(symbol)]
        self._changed.clear()
        if self.symbol:
            yield from rows
        elif rows:
            yield rows


class MiniTickers(Tickers):
    """The last day in few figures."""

    def row(self, symbol: str, now: Moment) -> Shape:
        return shapes.mini_ticker(symbol, self.exchange.statistics(symbol), now.shown_us)


class DayTickers(Tickers):
    """The last day in all figures, with the top of the book."""

    def row(self, symbol: str, now: Moment) -> Shape:
        return shapes.ticker(symbol, self.exchange.statistics(symbol), self.exchange.depth(symbol, 1), now.shown_us)

    def changes(self, news: News) -> bool:  # noqa: ARG002 - all of them do
        return True  # it shows the top of the book too


class WindowTickers(Tickers):
    """A window moves on with every minute, also when nothing is traded."""

    def __init__(self, exchange: Exchange, symbol: str = "", *, width: str) -> None:
        super().__init__(exchange, symbol)
        self._width = width
        self._start_ms = self._starts(exchange.now_us)

    def row(self, symbol: str, now: Moment) -> Shape:
        window = self.exchange.window(symbol, self._starts(now.us), now.us // 1000)
        return shapes.window_ticker(symbol, self._width, window, now.shown_us)

    def due(self, now: Moment) -> Iterator[Any]:
        start_ms = self._starts(now.us)
        if start_ms > self._start_ms:
            self._start_ms = start_ms
            self._changed = dict.fromkeys((self.symbol,) if self.symbol else self.exchange.spot)
        return super().due(now)

    def _starts(self, now_us: int) -> int:
        return window_start_ms(now_us // 1000, WINDOWS[self._width])


class AveragePrice(Feed):
    """The average price of the last minutes, once a second."""

    period_us = SLOW_US

    def due(self, now: Moment) -> Iterator[Shape]:
        known = self.exchange.trades(self.symbol)
        last_trade_us = known[-1].time_us if known else now.us
        price = self.exchange.average_price(self.symbol, _AVERAGE_MINUTES)
        yield shapes.average_price(self.symbol, _AVERAGE_MINUTES, price, last_trade_us, now.shown_us)


class ReferencePrice(Feed):
    """Silent for a symbol that never had one."""

    period_us = SLOW_US

    def due(self, now: Moment) -> Iterator[Shape]:  # noqa: ARG002 - the price has a time of its own
        if self.exchange.spot[self.symbol].reference is not None:
            yield shapes.reference_price(self.symbol, *self.exchange.reference_price(self.symbol))


# ---- names ---------------------------------------------------------------------------------------------------------

# By what follows the symbol and its first "@". Blocks are not traded here, so there is nothing behind "blockTrade".
_OF_ONE: Mapping[str, Callable[[Exchange, str], Feed]] = {
    "trade": Trades,
    "aggTrade": AggregateTrades,
    "bookTicker": BookTicker,
    "miniTicker": MiniTickers,
    "ticker": DayTickers,
    "avgPrice": AveragePrice,
    "referencePrice": ReferencePrice,
    **{f"ticker_{width}": partial(WindowTickers, width=width) for width in WINDOWS},
    **{f"depth{speed}": partial(DiffDepth, period_us=period_us) for speed, period_us in _SPEEDS.items()},
    **{
        f"depth{count}{speed}": partial(PartialDepth, period_us=period_us, count=count)
        for count in PARTIAL_LEVELS
        for speed, period_us in _SPEEDS.items()
    },
    **{
        f"kline_{interval}{zone}": partial(Klines, interval=interval, offset_ms=offset_ms)
        for interval in INTERVALS
        for zone, offset_ms in _ZONES_MS.items()
    },
}

_OF_ALL: Mapping[str, Callable[[Exchange], Feed]] = {
    "!miniTicker@arr": MiniTickers,
    **{f"!ticker_{width}@arr": partial(WindowTickers, width=width) for width in WINDOWS},
}

# What the venue has retired: the first on 2026-03-26, the others before it.
_RETIRED: Mapping[str, Callable[[Exchange], Feed]] = {
    "!ticker@arr": DayTickers,
    "!miniTicker@arr@1000ms": MiniTickers,
    "!bookTicker": partial(BookTicker, symbol=""),
}


def feed_named(stream: str, exchange: Exchange, *, legacy: bool) -> Feed | None:
    """The feed of a stream; None for a stream that does not exist."""
    of_all = _OF_ALL.get(stream) or (_RETIRED.get(stream) if legacy else None)
    if of_all is not None:
        return of_all(exchange)
    name, _, kind = stream.partition("@")
    symbol = name.upper()
    of_one = _OF_ONE.get(kind)
    if of_one is None or symbol not in exchange.spot or symbol.lower() != name:
        return None
    return of_one(exchange, symbol)
