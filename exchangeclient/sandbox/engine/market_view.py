"""What can be asked of an exchange's markets: books, trades, prices, candles, swaps. Asking changes nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from .candles import DAY_MS, Candle
from .chart import Statistics
from .events import Traded
from .hall import Hall
from .instruments import ExchangeRules, Instrument
from .matching import Depth
from .positions import funding_rate, mark_price
from .words import Side


class MarketView:
    """What everybody may see of an :class:`~.exchange.Exchange`."""

    _hall: Hall
    _instruments: dict[str, Instrument]
    _spot: dict[str, Instrument]

    @property
    def now_us(self) -> int:
        """The time of the last command or advance."""
        return self._hall.now_us

    @property
    def instruments(self) -> Mapping[str, Instrument]:
        """The symbols that are listed, with their rules and what they are open for."""
        return self._instruments

    @property
    def spot(self) -> Mapping[str, Instrument]:
        """Those that are no swaps."""
        return self._spot

    @property
    def rules(self) -> ExchangeRules:
        """How much an account may have open on all symbols together."""
        return self._hall.rules

    @property
    def routes(self) -> Mapping[str, tuple[str, ...]]:
        """By base asset, the symbols whose books routed orders meet; those that were delisted too."""
        return self._hall.routes

    def depth(self, symbol: str, limit: int) -> Depth:
        """The best ``limit`` levels of each side."""
        return self._hall.market(symbol).book.depth(limit)

    def counted(self, symbol: str, side: Side, limit: int) -> list[tuple[int, int, int]]:
        """The best ``limit`` levels of a side as ``(price, quantity, orders)``, best first."""
        return self._hall.market(symbol).book.counted(side, limit)

    def update_id(self, symbol: str) -> int:
        """The id of the last change of the symbol's book."""
        return self._hall.market(symbol).book.last_update_id

    def trades(self, symbol: str) -> Sequence[Traded]:
        """The public trades, oldest first, ids dense from 1; the last :data:`.tape.TRADES_KEPT` at least."""
        return self._hall.market(symbol).tape.trades

    def last_price(self, symbol: str) -> int:
        """The price of the last trade, the opening price before the first one."""
        return self._hall.market(symbol).tape.last_price

    def average_price(self, symbol: str, minutes: int) -> int:
        """The volume weighted price of the last minutes, the last price when nothing was traded in them."""
        return self._hall.market(symbol).tape.average_price(minutes, self.now_us)

    def band_price(self, symbol: str) -> int:
        """What the symbol's price band is measured by."""
        return self._hall.market(symbol).band_price(self.now_us)

    def reference_price(self, symbol: str) -> tuple[int | None, int]:
        """The symbol's own reference price and its time; None while nothing was traded lately, and for a symbol that has none at all
        (its :attr:`.Instrument.reference` is None).
        """
        return self._hall.market(symbol).reference_price(self.now_us), self.now_us

    def statistics(self, symbol: str) -> Statistics:
        """The last 24 hours in figures, from a full minute on."""
        now_ms = self.now_us // 1000
        return self.window(symbol, now_ms - DAY_MS, now_ms)

    def window(self, symbol: str, start_ms: int, end_ms: int) -> Statistics:
        """A time in figures, from a full minute on to the end (included); what there was before the exchange's start counts too."""
        return self._hall.market(symbol).chart.window(start_ms, end_ms)

    def candles(
        self, symbol: str, interval: str, *, start_ms: int | None, end_ms: int | None, limit: int, offset_ms: int = 0
    ) -> list[Candle]:
        """Candles by open time, oldest first, the current one included.

        With neither time the newest ``limit``; from ``start_ms`` on the oldest; with ``end_ms`` alone the newest up to it.

        :param offset_ms: how far the clocks are ahead of UTC by whose hours, days, weeks and months the candles open
        """
        chart = self._hall.market(symbol).chart
        return chart.candles(interval, now_ms=self.now_us // 1000, start_ms=start_ms, end_ms=end_ms, limit=limit, offset_ms=offset_ms)

    def mark_price(self, symbol: str) -> int:
        """By which positions on a swap are valued."""
        return mark_price(self._hall, self._hall.market(symbol))

    def open_interest(self, symbol: str) -> int:
        """How much of a swap is held long, which is as much as is held short."""
        parties = self._hall.market(symbol).parties.values()
        return sum(each.quantity for party in parties for each in party.legs.values() if each.quantity > 0)

    def funding_rate(self, symbol: str) -> int:
        """What longs of a swap would pay shorts now, as a part of a position's worth."""
        return funding_rate(self._hall, self._hall.market(symbol))

    def fundings(self, symbol: str) -> Sequence[tuple[int, int]]:
        """When longs and shorts of a swap have paid each other, and at which rate, oldest first."""
        return self._hall.market(symbol).fundings

    def best_price(self, symbol: str, side: Side) -> int | None:
        """The best price of a side of the book, None when it is empty."""
        return self._hall.market(symbol).book.best_price(side)

    def quantity_at(self, symbol: str, side: Side, price: int) -> int:
        """What the book shows at a price, 0 for nothing."""
        return self._hall.market(symbol).book.quantity_at(side, price)

    def resting(self, symbol: str, order_id: int) -> int:
        """What of an order may still trade, 0 for nothing."""
        order = self._hall.market(symbol).open.get(order_id)
        return 0 if order is None else order.remaining
