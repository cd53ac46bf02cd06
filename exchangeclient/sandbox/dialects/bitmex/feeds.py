"""What each of BitMEX's public tables tells: one class per kind of table.

A feed is made when somebody subscribes and dropped when nobody listens any more. It knows what it has told, so that a partial and what
follows it belong together whoever subscribes when. Sending is left to :mod:`.streams`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from exchangeclient.sandbox.dialects.bitmex import bins, instrument_shapes, market_shapes, names
from exchangeclient.sandbox.dialects.bitmex.executions import Journal
from exchangeclient.sandbox.dialects.bitmex.market_shapes import Level, Ticks
from exchangeclient.sandbox.dialects.bitmex.names import INDICES, Product
from exchangeclient.sandbox.dialects.bitmex.tables import BINS, Row
from exchangeclient.sandbox.engine.events import BalanceChanged, Event, LevelChanged, PositionChanged, Traded
from exchangeclient.sandbox.engine.words import Side

if TYPE_CHECKING:
    from exchangeclient.sandbox.dialects.bitmex.venue import Venue

TICK_US = 100_000
_SECOND_US = 1_000_000

Changes = Iterator[tuple[str, Sequence[Row]]]


@dataclass(frozen=True, slots=True)
class Moment:
    """A time by two clocks: the exchange's, by which things happen, and the venue's, which is shown and may be wrong."""

    us: int
    shown_us: int

    @property
    def skew_us(self) -> int:
        return self.shown_us - self.us


@dataclass(slots=True)
class Step:
    """What happened in one step.

    :ivar levels: how much is on each level that changed, by the engine's symbol
    :ivar touched: the accounts that have or hold something else now
    """

    levels: dict[str, dict[Level, int]] = field(default_factory=dict)
    trades: dict[str, list[Traded]] = field(default_factory=dict)
    touched: set[str] = field(default_factory=set)
    journals: Mapping[str, Journal] = field(default_factory=dict)

    @classmethod
    def of(cls, events: Sequence[Event], journals: Mapping[str, Journal]) -> Step:
        step = cls(journals=journals)
        for event in events:
            if isinstance(event, LevelChanged):
                step.levels.setdefault(event.symbol, {})[event.side, event.price] = event.quantity
            elif isinstance(event, Traded):
                step.trades.setdefault(event.symbol, []).append(event)
            elif isinstance(event, (BalanceChanged, PositionChanged)):
                step.touched.add(event.account)
        return step

    @property
    def is_any(self) -> bool:
        """Whether anything happened."""
        return bool(self.levels or self.trades or self.touched or self.journals)


class Feed:
    """What one table tells of some contracts, or of an account.

    :ivar filter: what its partials cover
    """

    period_us = TICK_US

    def __init__(self, venue: Venue, products: Sequence[Product], symbol: str) -> None:
        self.venue = venue
        self.exchange = venue.live.exchange
        self.wire = venue.manners.wire
        self._products = products
        self.filter: Row = {"symbol": symbol} if symbol else {}

    @property
    def products(self) -> list[Product]:
        """Those that are still there."""
        return [each for each in self._products if each.market in self.exchange.instruments]

    def rows(self, now: Moment) -> list[Row]:  # noqa: ARG002 - for those that override it
        """What a partial holds."""
        return []

    def heard(self, step: Step, now: Moment) -> Changes:  # noqa: ARG002 - for those that override it
        """What is to be told at once."""
        yield from ()

    def due(self, now: Moment) -> Changes:  # noqa: ARG002 - for those that override it
        """What is to be told at the end of a period."""
        yield from ()


class _Levels(Feed):
    """Levels of books, as they were told."""

    depth = 0

    def __init__(self, venue: Venue, products: Sequence[Product], symbol: str) -> None:
        super().__init__(venue, products, symbol)
        self._told = {each.symbol: market_shapes.levels(self.exchange, each, self.depth) for each in self.products}

    def rows(self, now: Moment) -> list[Row]:
        return [
            market_shapes.whole_level(product, where, quantity, now.shown_us, self.wire)
            for product in self.products
            for where, quantity in sorted(self._told[product.symbol].items(), key=_from_above)
        ]

    def _changes(self, product: Product, changed: Mapping[Level, int], now: Moment) -> Changes:
        """Tell of levels that hold something else now. What goes is told first, so that the book is never crossed in between."""
        told = self._told[product.symbol]
        gone = [where for where, quantity in changed.items() if not quantity and where in told]
        other = [where for where, quantity in changed.items() if quantity and told.get(where, quantity) != quantity]
        new = [where for where, quantity in changed.items() if quantity and where not in told]
        for where, quantity in changed.items():
            if quantity:
                told[where] = quantity
            else:
                told.pop(where, None)
        yield "delete", [market_shapes.level(product, where, None, now.shown_us, self.wire) for where in gone]
        yield "update", [market_shapes.level(product, where, changed[where], now.shown_us, self.wire) for where in other]
        yield "insert", [market_shapes.whole_level(product, where, changed[where], now.shown_us, self.wire) for where in new]


def _from_above(each: tuple[Level, int]) -> tuple[int, bool]:
    (side, price), _ = each
    return -price, side is Side.BUY


class FullBook(_Levels):
    """Every level, in real time."""

    def heard(self, step: Step, now: Moment) -> Changes:
        for product in self.products:
            if changed := step.levels.get(product.market):
                yield from self._changes(product, changed, now)


class TopLevels(_Levels):
    """The best 25 of each side, at a pace; those that are pushed out of them are deleted."""

    depth = 25

    def due(self, now: Moment) -> Changes:
        for product in self.products:
            current = market_shapes.levels(self.exchange, product, self.depth)
            yield from self._changes(product, {**dict.fromkeys(self._told[product.symbol], 0), **current}, now)


class Pulsed(Feed):
    """Ten levels of each side, as a whole whenever they have changed."""

    def __init__(self, venue: Venue, products: Sequence[Product], symbol: str) -> None:
        super().__init__(venue, products, symbol)
        self._told: dict[str, Row] = {}

    def rows(self, now: Moment) -> list[Row]:
        return [market_shapes.book_10(self.exchange, each, now.shown_us) for each in self.products]

    def due(self, now: Moment) -> Changes:
        for product in self.products:
            row = market_shapes.book_10(self.exchange, product, now.shown_us)
            before = self._told.get(product.symbol)
            self._told[product.symbol] = row
            if before is None or (before["bids"], before["asks"]) != (row["bids"], row["asks"]):
                yield "update", [row]


class Quotes(Feed):
    """The best of both sides, whenever it has changed."""

    def __init__(self, venue: Venue, products: Sequence[Product], symbol: str) -> None:
        super().__init__(venue, products, symbol)
        self._told = {each.symbol: venue.quotes[each.symbol][-1] for each in self.products}

    def rows(self, now: Moment) -> list[Row]:
        return [self._row(each, now) for each in self.products]

    def heard(self, step: Step, now: Moment) -> Changes:
        for product in self.products:
            known = self.venue.quotes[product.symbol][-1]
            if product.market in step.levels and known != self._told[product.symbol]:
                self._told[product.symbol] = known
                yield "insert", [self._row(product, now)]

    def _row(self, product: Product, now: Moment) -> Row:
        time_us, top = self._told[product.symbol]
        return market_shapes.quote(product, top, time_us + now.skew_us)


class Trades(Feed):
    """Every trade at once; the last one first."""

    def __init__(self, venue: Venue, products: Sequence[Product], symbol: str) -> None:
        super().__init__(venue, products, symbol)
        self._ticks = {each.symbol: Ticks(self.exchange.trades(each.market)) for each in self.products}

    def rows(self, now: Moment) -> list[Row]:
        return [
            market_shapes.trade(each, trades[-1], self._ticks[each.symbol].word, now.skew_us, self.wire)
            for each in self.products
            if (trades := self.exchange.trades(each.market))
        ]

    def heard(self, step: Step, now: Moment) -> Changes:
        for product in self.products:
            ticks = self._ticks[product.symbol]
            yield (
                "insert",
                [
                    market_shapes.trade(product, each, ticks.of(each.price), now.skew_us, self.wire)
                    for each in step.trades.get(product.market, ())
                ],
            )


class IndexTrades(Feed):
    """The prices of an index."""

    def __init__(self, venue: Venue, index: str) -> None:
        super().__init__(venue, (), index)
        self._index, self._market = index, INDICES[index]
        self._ticks = Ticks(self.exchange.trades(self._market))

    def rows(self, now: Moment) -> list[Row]:
        known = self.exchange.trades(self._market)
        return [market_shapes.index_trade(self._index, known[-1], self._ticks.word, now.skew_us)] if known else []

    def heard(self, step: Step, now: Moment) -> Changes:
        trades = step.trades.get(self._market, ())
        yield "insert", [market_shapes.index_trade(self._index, each, self._ticks.of(each.price), now.skew_us) for each in trades]


class Bins(Feed):
    """Each bin when it has ended; the last one first.

    :param read: bins that ended after one time and until another, in milliseconds
    """

    def __init__(self, venue: Venue, products: Sequence[Product], symbol: str, *, size: str, read: bins.Read) -> None:
        super().__init__(venue, products, symbol)
        self._size, self._read = size, read
        self._told_ms = bins.last_end(size, self.exchange.now_us // 1000)

    def rows(self, now: Moment) -> list[Row]:  # noqa: ARG002 - bins have times of their own
        begin_ms = self._told_ms - bins.WIDTHS[self._size]
        return [row for each in self.products for row in self._read(self.venue, each, self._size, begin_ms, self._told_ms)]

    def due(self, now: Moment) -> Changes:
        end_ms = bins.last_end(self._size, now.us // 1000)
        if end_ms > self._told_ms:
            begin_ms, self._told_ms = self._told_ms, end_ms
            for product in self.products:
                yield "insert", self._read(self.venue, product, self._size, begin_ms, end_ms)


class Instruments(Feed):
    """Instruments as they stand: prices at each tick, the day's figures at a slower pace, and of each only what has changed."""

    _SLOW_US = 5 * _SECOND_US

    def __init__(self, venue: Venue, products: Sequence[Product], symbol: str) -> None:
        super().__init__(venue, products, symbol)
        self._indices = [] if symbol and symbol not in INDICES else [symbol] if symbol else list(INDICES)
        self._ticks = {each.symbol: Ticks(self.exchange.trades(each.market)) for each in self.products}
        self._slow_us = venue.live.now_us
        self._told = {row["symbol"]: row for row in self._read(Moment(venue.live.now_us, venue.now_us))}

    def rows(self, now: Moment) -> list[Row]:  # noqa: ARG002 - what was told has times of its own
        return list(self._told.values())

    def heard(self, step: Step, now: Moment) -> Changes:  # noqa: ARG002 - it waits until it is due
        for product in self.products:
            for each in step.trades.get(product.market, ()):
                self._ticks[product.symbol].of(each.price)
        yield from ()

    def due(self, now: Moment) -> Changes:
        is_slow = now.us // self._SLOW_US > self._slow_us // self._SLOW_US
        self._slow_us = now.us
        current = {row["symbol"]: row for row in (self._read(now) if is_slow else self._moving(now))}
        known = {*INDICES, *(each.symbol for each in self.products)}
        gone = [symbol for symbol in self._told if symbol not in known]
        for symbol in gone:
            del self._told[symbol]
        yield "delete", [{"symbol": symbol} for symbol in gone]
        changed = [self._changed(row) for row in current.values()]
        yield "update", [row for row in changed if len(row) > 2]

    def _read(self, now: Moment) -> list[Row]:
        rows = [instrument_shapes.instrument(self.exchange, each, self._ticks[each.symbol].word, now.shown_us) for each in self.products]
        return rows + [instrument_shapes.index(self.exchange, each, now.shown_us) for each in self._indices]

    def _moving(self, now: Moment) -> list[Row]:
        return [
            {
                "symbol": each.symbol,
                "state": instrument_shapes.state(each.instrument(self.exchange)),
                **instrument_shapes.moving(self.exchange, each, self._ticks[each.symbol].word, now.shown_us),
            }
            for each in self.products
        ]

    def _changed(self, row: Row) -> Row:
        told = self._told[row["symbol"]]
        changed = {name: value for name, value in row.items() if value != told[name] and name != "timestamp"}
        if changed:
            told.update(changed, timestamp=row["timestamp"])
        return {"symbol": row["symbol"], **changed, "timestamp": row["timestamp"]}


class Fundings(Feed):
    """What longs paid shorts, when they have; the last time first."""

    period_us = _SECOND_US

    def __init__(self, venue: Venue, products: Sequence[Product], symbol: str) -> None:
        super().__init__(venue, products, symbol)
        self._count = {each.symbol: len(self.exchange.fundings(each.market)) for each in self.products}

    def rows(self, now: Moment) -> list[Row]:
        return [row for each in self.products for row in self._read(each, self._count[each.symbol] - 1, self._count[each.symbol], now)]

    def due(self, now: Moment) -> Changes:
        for product in self.products:
            before, count = self._count[product.symbol], len(self.exchange.fundings(product.market))
            self._count[product.symbol] = count
            yield "insert", self._read(product, before, count, now)

    def _read(self, product: Product, start: int, end: int, now: Moment) -> list[Row]:
        known = self.exchange.fundings(product.market)[max(start, 0) : end]
        return [market_shapes.funding(self.exchange, product, *each, now.skew_us) for each in known]


class Silent(Feed):
    """There is such a table, and nothing ever happens in it here."""


_OF_PRODUCTS: Mapping[str, Callable[[Venue, Sequence[Product], str], Feed]] = {
    "orderBookL2": FullBook,
    "orderBookL2_25": TopLevels,
    "orderBook10": Pulsed,
    "quote": Quotes,
    "trade": Trades,
    "instrument": Instruments,
    "funding": Fundings,
    **{f"tradeBin{size}": partial(Bins, size=size, read=bins.trade_bins) for size in BINS},
    **{f"quoteBin{size}": partial(Bins, size=size, read=bins.quote_bins) for size in BINS},
}


def feed_for(table: str, symbol: str, venue: Venue) -> Feed | None:
    """The feed of a topic; None when there is no such symbol."""
    exchange = venue.live.exchange
    products: Iterable[Product] = names.named(exchange, symbol) if symbol else names.listed(exchange)
    if symbol in INDICES and INDICES[symbol] in exchange.instruments:
        if table == "trade":
            return IndexTrades(venue, symbol)
        products = []
    elif symbol and not products:
        return None
    found = list(products)
    shown = found[0].symbol if symbol and found else symbol  # of a series the rows carry the contract's own
    return _OF_PRODUCTS.get(table, Silent)(venue, found, shown)
