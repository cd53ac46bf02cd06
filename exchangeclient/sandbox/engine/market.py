"""What belongs to one symbol: its book, tape and chart, what waits there, and what each account has to do with it."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from operator import attrgetter

from .accounts import Account, Purse
from .candles import CandleSeries
from .chart import Chart
from .events import Fill, OrderAmended, PreventedMatch
from .instruments import UNIT, Instrument
from .matching import Book
from .orders import LiveOrder
from .reference import ReferencePrice
from .stakes import Position
from .tape import Tape
from .triggers import Triggers
from .words import Leg, Side

_live_id = attrgetter("state.id")
ANY_PRICE = (0, 1 << 200)


class Party:
    """One account on one symbol: what is open, and, for those who can ask, what was."""

    __slots__ = (
        "_ended",
        "_newest_ended",
        "account",
        "algo_orders",
        "allocations",
        "base",
        "fills",
        "iceberg_orders",
        "legs",
        "lists",
        "market",
        "open",
        "orders",
        "prevented",
        "quote",
    )

    def __init__(self, market: Market, account: Account, base: Purse, quote: Purse) -> None:
        self.market = market
        self.account = account
        self.base = base
        self.quote = quote
        self.open: dict[str, LiveOrder] = {}  # by client order id
        self.algo_orders = 0
        self.iceberg_orders = 0
        self.lists = 0
        self.orders: list[LiveOrder] = []
        self._newest_ended: dict[str, LiveOrder] = {}  # by client order id, but for those that ended since it was asked for
        self._ended: list[LiveOrder] = []
        self.fills: list[Fill] = []
        self.allocations: list[Fill] = []
        self.prevented: list[PreventedMatch] = []
        # Its positions on a swap, where base and quote are one purse: both sides pledge margin from it. Elsewhere there are none.
        self.legs: dict[Leg, Position] = {}

    def order(self, order_id: int) -> LiveOrder | None:
        """One of its orders, whatever became of it."""
        orders = self.orders
        if orders and orders[-1].state.id == order_id:  # the one that was just placed is asked for most
            return orders[-1]
        place = bisect_left(orders, order_id, key=_live_id)
        return orders[place] if place < len(orders) and orders[place].state.id == order_id else None

    def newest(self, client_order_id: str) -> LiveOrder | None:
        """The open order with a client order id, else the one that was the last to end with it."""
        order = self.open.get(client_order_id)
        if order is None:
            self._newest_ended.update((each.state.client_order_id, each) for each in self._ended)
            self._ended.clear()
            order = self._newest_ended.get(client_order_id)
        return order

    def fills_of(self, order_id: int) -> list[Fill]:
        """The trades of one of its orders, oldest first."""
        order = self.order(order_id)
        if order is None or order.first_fill == -1:
            return []
        found, missing = [], order.state.executed
        for place in range(order.first_fill, len(self.fills)):
            fill = self.fills[place]
            if fill.order_id == order_id:
                found.append(fill)
                missing -= fill.quantity
                if not missing:
                    break
        return found

    def opened(self, order: LiveOrder) -> None:
        """Note an accepted order, which counts as open even while it is matched for the first time."""
        state, account = order.state, self.account
        self.market.open[state.id] = self.open[state.client_order_id] = order
        account.open_orders += 1
        if state.stop_price or state.trailing_delta:
            self.algo_orders += 1
            account.algo_orders += 1
        if state.iceberg_quantity:
            self.iceberg_orders += 1
            account.iceberg_orders += 1
        if account.kept:
            self.orders.append(order)

    def closed(self, order: LiveOrder) -> None:
        """Note that an order ended."""
        state, account = order.state, self.account
        del self.market.open[state.id], self.open[state.client_order_id]
        if account.kept:
            self._ended.append(order)
        account.open_orders -= 1
        if state.stop_price or state.trailing_delta:
            self.algo_orders -= 1
            account.algo_orders -= 1
        if state.iceberg_quantity:
            self.iceberg_orders -= 1
            account.iceberg_orders -= 1

    def renamed(self, order: LiveOrder, former: str) -> None:
        """Note that an open order got another client order id."""
        del self.open[former]
        self.open[order.state.client_order_id] = order


class Market:
    """One symbol."""

    __slots__ = (
        "amendments",
        "book",
        "chart",
        "fundings",
        "house_base",
        "house_quote",
        "instrument",
        "last_match_id",
        "last_order_id",
        "open",
        "parties",
        "reference",
        "tape",
        "triggers",
    )

    def __init__(
        self, instrument: Instrument, house: Account, *, seed: int, start_us: int, history: Sequence[CandleSeries], still: frozenset[str]
    ) -> None:
        self.instrument = instrument
        self.book = Book()
        self.tape = Tape(opening_price=instrument.opening_price, minutes=instrument.band_minutes)
        self.chart = Chart(instrument, self.tape, seed=seed, start_us=start_us, history=history, still=still)
        self.triggers = Triggers()
        self.reference = None if instrument.reference is None else ReferencePrice(instrument.reference)
        self.last_order_id = 0
        self.last_match_id = 0
        self.open: dict[int, LiveOrder] = {}
        self.parties: dict[str, Party] = {}
        self.amendments: dict[int, list[OrderAmended]] = {}
        self.fundings: list[tuple[int, int]] = []  # of a swap: when, and at which rate
        self.house_base = house.purse(instrument.base)
        self.house_quote = house.purse(instrument.settled_in)

    def reference_price(self, now_us: int) -> int | None:
        """The symbol's own reference price, None while or where there is none."""
        return None if self.reference is None else self.reference.price(now_us)

    def band_price(self, now_us: int) -> int:
        """What the price band and a market order's total are measured by: the reference price, else the average price."""
        price = None if self.reference is None else self.reference.price(now_us)
        return self.tape.average_price(self.instrument.band_minutes, now_us) if price is None else price

    def bounds(self, side: Side, now_us: int) -> tuple[int, int]:
        """The lowest and the highest price at which a taker may trade now."""
        rule = self.instrument.price_range
        reference = None if rule is None else self.reference_price(now_us)
        if rule is None or reference is None:
            return ANY_PRICE
        down, up = (rule.bid_down, rule.bid_up) if side is Side.BUY else (rule.ask_down, rule.ask_up)
        lowest = ANY_PRICE[0] if down is None else -(-reference * down // UNIT)
        return lowest, ANY_PRICE[1] if up is None else reference * up // UNIT
