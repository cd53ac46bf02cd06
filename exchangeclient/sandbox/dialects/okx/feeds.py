"""What each of OKX's public channels tells: one class per kind of channel.

A feed is made when somebody subscribes and dropped when nobody listens any more. It says what a subscriber is told first, hears what
happens to its instrument, and is asked at its own pace; sending is left to :mod:`.streams`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

from exchangeclient.sandbox.dialects.okx import bars, ids, instrument_shapes, market_shapes
from exchangeclient.sandbox.dialects.okx.sequences import Sequences
from exchangeclient.sandbox.dialects.okx.words import ms
from exchangeclient.sandbox.engine.events import Traded
from exchangeclient.sandbox.engine.exchange import Exchange
from exchangeclient.sandbox.engine.instruments import Instrument
from exchangeclient.sandbox.engine.words import Side

if TYPE_CHECKING:
    from exchangeclient.sandbox.dialects.okx.venue import Books

Content = Mapping[str, Any]

TICK_US = 100_000
_SECOND_US = 1_000_000
_LEVELS = 400
_HEARTBEAT_US = 60 * _SECOND_US
# After a pause so many candles that closed meanwhile are still told.
_LATE_CANDLES = 60


@dataclass(frozen=True, slots=True)
class Moment:
    """A time by two clocks: the exchange's, by which things happen, and the venue's, which is shown and may be wrong."""

    us: int
    shown_us: int


@dataclass(slots=True)
class News:
    """What happened to one symbol within one step.

    :ivar status: whether it is open for something else now
    """

    symbol: str
    trades: list[Traded] = field(default_factory=list)
    status: bool = False


class Feed:
    """What one channel tells of an instrument: first, when something happens, and at its own pace.

    :ivar symbol: empty for a channel about several
    """

    period_us = TICK_US

    def __init__(self, exchange: Exchange, instrument: Instrument | None) -> None:
        self.exchange = exchange
        self.symbol = "" if instrument is None else instrument.symbol

    @property
    def instrument(self) -> Instrument:
        """As it is now."""
        return self.exchange.instruments[self.symbol]

    @property
    def is_listed(self) -> bool:
        """False for an instrument that is no more."""
        return not self.symbol or self.symbol in self.exchange.instruments

    def opening(self, now: Moment) -> Iterable[Content]:  # noqa: ARG002 - for those that override it
        """What a new subscriber is told first."""
        return ()

    def heard(self, news: News, now: Moment) -> Iterable[Content]:  # noqa: ARG002 - for those that override it
        """What is to be told at once."""
        return ()

    def due(self, now: Moment) -> Iterable[Content]:  # noqa: ARG002 - for those that override it
        """What is to be told at the end of a period."""
        return ()


class Latest(Feed):
    """A row about an instrument: first, and again when it has changed.

    :param row: makes it
    """

    def __init__(
        self, exchange: Exchange, instrument: Instrument, *, row: Callable[[Exchange, Instrument, int], Any], period_us: int = TICK_US
    ) -> None:
        super().__init__(exchange, instrument)
        self.period_us = period_us
        self._row = row
        self._told: Any = None

    def opening(self, now: Moment) -> Iterator[Content]:
        yield {"data": [self._row(self.exchange, self.instrument, now.shown_us)]}

    def due(self, now: Moment) -> Iterator[Content]:
        row = self._row(self.exchange, self.instrument, now.shown_us)
        content = {name: value for name, value in row.items() if name != "ts"}
        if content != self._told:
            self._told = content
            yield {"data": [row]}


class Trades(Feed):
    """Every trade at once; those of one taker at one price in a row together."""

    def heard(self, news: News, now: Moment) -> Iterator[Content]:
        skew_us = now.shown_us - now.us
        groups: list[list[Traded]] = []
        for trade in news.trades:
            if groups and (groups[-1][-1].taker_order_id, groups[-1][-1].price) == (trade.taker_order_id, trade.price):
                groups[-1].append(trade)
            else:
                groups.append([trade])
        for group in groups:
            row = market_shapes.trade(self.instrument, group[-1], quantity=sum(each.quantity for each in group), skew_us=skew_us)
            yield {"data": [{**row, "count": str(len(group))}]}


class AllTrades(Feed):
    """Every single trade at once."""

    def heard(self, news: News, now: Moment) -> Iterator[Content]:
        for trade in news.trades:
            yield {"data": [market_shapes.trade(self.instrument, trade, skew_us=now.shown_us - now.us)]}


class Top(Feed):
    """The best levels as they are, whenever they have changed."""

    def __init__(self, exchange: Exchange, instrument: Instrument, *, count: int, sequences: Sequences) -> None:
        super().__init__(exchange, instrument)
        self._count = count
        self._sequences = sequences
        self._told_id = -1

    def opening(self, now: Moment) -> Iterator[Content]:
        yield self._content(now)

    def due(self, now: Moment) -> Iterator[Content]:
        seq = self._sequences.id(self.symbol)
        if seq != self._told_id:
            self._told_id = seq
            yield self._content(now)

    def _content(self, now: Moment) -> Content:
        row = market_shapes.book(self.exchange, self.instrument, self._count, self._sequences.id(self.symbol), now.shown_us)
        return {"data": [{**row, "instId": ids.inst_id(self.instrument)}]}


Levels = dict[int, tuple[int, int, int]]


class FullBook(Feed):
    """The best 400 levels: all of them first, then those that changed; every update names the one before it.

    A level that others push out of the 400 is deleted, and one that comes in again is told like a new one.
    """

    def __init__(self, exchange: Exchange, instrument: Instrument, *, books: Books, sequences: Sequences) -> None:
        super().__init__(exchange, instrument)
        self._books = books
        self._sequences = sequences
        self._sides = self._read()
        self._seq = sequences.id(self.symbol)
        self._told_us = exchange.now_us

    def opening(self, now: Moment) -> Iterator[Content]:
        if self._books.snapshot:
            asks, bids = (market_shapes.levels(self.instrument, side.values()) for side in self._sides)
            yield self._content("snapshot", asks, bids, -1, now)

    def due(self, now: Moment) -> Iterator[Content]:
        seq = self._sequences.id(self.symbol)
        if seq == self._seq:
            if now.us - self._told_us >= _HEARTBEAT_US:
                self._told_us = now.us
                yield self._content("update", [], [], seq, now)
            return
        before, self._sides = self._sides, self._read()
        previous, self._seq, self._told_us = self._seq, seq, now.us
        asks, bids = (self._changes(*pair) for pair in zip(before, self._sides, strict=True))
        yield self._content("update", asks, bids, previous, now)

    def _read(self) -> tuple[Levels, Levels]:
        asks, bids = ({each[0]: each for each in self.exchange.counted(self.symbol, side, _LEVELS)} for side in (Side.SELL, Side.BUY))
        return asks, bids

    def _changes(self, before: Levels, after: Levels) -> list[list[str]]:
        changed = [each for price, each in after.items() if before.get(price) != each]
        gone = [(price, 0, 0) for price in before if price not in after]
        return market_shapes.levels(self.instrument, [*gone, *changed])

    def _content(self, action: str, asks: list[list[str]], bids: list[list[str]], previous: int, now: Moment) -> Content:
        checksum = 0
        if self._books.checksum:
            best_asks, best_bids = (market_shapes.levels(self.instrument, side.values()) for side in self._sides)
            checksum = market_shapes.checksum(best_bids, best_asks)
        row = {"asks": asks, "bids": bids, "ts": ms(now.shown_us), "checksum": checksum, "seqId": self._seq, "prevSeqId": previous}
        return {"action": action, "data": [row]}


class Candles(Feed):
    """The current candle, at most once a second, and each one once more when it has closed."""

    def __init__(self, exchange: Exchange, instrument: Instrument, *, bar: str) -> None:
        super().__init__(exchange, instrument)
        self._interval, self._offset_ms = bars.BARS[bar]
        self._asked_us = exchange.now_us
        self._told: list[str] = []
        self._open_ms: int | None = None
        self._close_ms = 0

    def opening(self, now: Moment) -> Iterator[Content]:
        *_, candle = self._candles(1)
        if self._open_ms is None:
            self._open_ms, self._close_ms = candle.open_ms, candle.close_ms
        yield {"data": [bars.row(self.instrument, candle, closed=candle.close_ms < now.us // 1000)]}

    def due(self, now: Moment) -> Iterator[Content]:
        has_closed = now.us // 1000 > self._close_ms
        is_due = now.us // _SECOND_US > self._asked_us // _SECOND_US
        self._asked_us = now.us
        if not (is_due or has_closed):
            return
        candles = self._candles(_LATE_CANDLES if has_closed else 1)
        for candle in candles:
            closed = candle is not candles[-1]
            if closed and (self._open_ms is None or candle.open_ms < self._open_ms):
                continue
            row = bars.row(self.instrument, candle, closed=closed)
            if row != self._told:
                self._told = row
                yield {"data": [row]}
        self._open_ms, self._close_ms = candles[-1].open_ms, candles[-1].close_ms

    def _candles(self, limit: int) -> list[Any]:
        return self.exchange.candles(self.symbol, self._interval, start_ms=None, end_ms=None, limit=limit, offset_ms=self._offset_ms)


class Instruments(Feed):
    """All instruments of a type first, and one that is open for something else than before."""

    def __init__(self, exchange: Exchange, *, kind: str) -> None:
        super().__init__(exchange, None)
        self._kind = kind

    def opening(self, now: Moment) -> Iterator[Content]:  # noqa: ARG002 - it shows no time
        yield {"data": [instrument_shapes.instrument(each) for each in self._all()]}

    def heard(self, news: News, now: Moment) -> Iterator[Content]:  # noqa: ARG002 - as above
        if news.status:
            rows = [instrument_shapes.instrument(each) for each in self._all() if each.symbol == news.symbol]
            if rows:
                yield {"data": rows}

    def _all(self) -> list[Instrument]:
        return [each for each in ids.listed(self.exchange) if ids.inst_type(each) == self._kind]


class Silent(Feed):
    """There is such a channel, and nothing ever happens on it here."""


def _price_limit(exchange: Exchange, instrument: Instrument, shown_us: int) -> Any:
    return instrument_shapes.price_limit(instrument, exchange.band_price(instrument.symbol), ms(shown_us))


_OF_ONE: Mapping[str, Callable[[Exchange, Instrument], Feed]] = {
    "tickers": partial(Latest, row=market_shapes.ticker),
    "trades": Trades,
    "trades-all": AllTrades,
    "price-limit": partial(Latest, row=_price_limit, period_us=_SECOND_US),
    "index-tickers": partial(Latest, row=market_shapes.index_ticker),
    **{f"candle{bar}": partial(Candles, bar=bar) for bar in bars.BARS},
}
_OF_SWAPS: Mapping[str, Callable[[Exchange, Instrument], Feed]] = {
    "mark-price": partial(Latest, row=market_shapes.mark_price, period_us=200_000),
    "funding-rate": partial(Latest, row=market_shapes.funding_rate, period_us=30 * _SECOND_US),
    "open-interest": partial(Latest, row=market_shapes.open_interest, period_us=3 * _SECOND_US),
}
_TOPS = {"books5": 5, "bbo-tbt": 1}
_SILENT = frozenset(("status", "liquidation-orders", "adl-warning", "opt-summary", "estimated-price"))

BUSINESS = frozenset(("trades-all", *(f"candle{bar}" for bar in bars.BARS)))
"""The channels of /business that are served."""
PUBLIC = frozenset((*_OF_ONE, *_OF_SWAPS, *_TOPS, "books", "instruments", *_SILENT)) - BUSINESS
"""Those of /public."""
OF_VIPS = frozenset(("books-l2-tbt", "books50-l2-tbt"))


def feed_for(argument: Mapping[str, str], exchange: Exchange, books: Books, sequences: Sequences) -> Feed | None:
    """The feed of a subscription; None when there is no such channel or instrument."""
    channel = argument["channel"]
    if channel in _SILENT:
        return Silent(exchange, None)
    if channel == "instruments":
        kind = argument.get("instType", "")
        return Instruments(exchange, kind=kind) if kind in ("SPOT", "MARGIN", "SWAP", "FUTURES", "OPTION") else None
    instrument = ids.named(ids.listed(exchange), argument.get("instId", ""))
    if instrument is None or (channel in _OF_SWAPS and instrument.swap is None):
        return None
    if channel == "books":
        return FullBook(exchange, instrument, books=books, sequences=sequences)
    if channel in _TOPS:
        return Top(exchange, instrument, count=_TOPS[channel], sequences=sequences)
    made = _OF_SWAPS.get(channel) or _OF_ONE.get(channel)
    return None if made is None else made(exchange, instrument)
