"""The book of one symbol: resting orders by price, then by time. It knows no money and no rules; :mod:`.exchange` does.

Prices of a side are kept as sorted keys with the best one last, where a list grows and shrinks at no cost: the price itself
for bids, its negative for asks.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass, field

from .events import Fill, Order, OrderStatus, OrderType, Side, TimeInForce
from .instruments import UNIT, total


@dataclass(slots=True)
class LiveOrder:
    """An order while the engine works on it; :meth:`snapshot` is what the outside gets."""

    account: str
    symbol: str
    id: int
    client_order_id: str
    side: Side
    type: OrderType
    time_in_force: TimeInForce
    price: int
    quantity: int
    quote_quantity: int
    created_us: int
    updated_us: int
    executed: int = 0
    executed_quote: int = 0
    status: OrderStatus = OrderStatus.NEW
    short: bool = False  # a market order for a quote amount that the whole book cannot make up
    strategy_id: int | None = None
    strategy_type: int | None = None
    fills: list[Fill] = field(default_factory=list)  # a user's; nobody can ask for the traders'

    @property
    def remaining(self) -> int:
        """The quantity that may still trade."""
        return self.quantity - self.executed

    def fill(self, quantity: int, quote: int, now_us: int) -> None:
        """Count a trade in."""
        self.executed += quantity
        self.executed_quote += quote
        whole = self.executed == self.quantity and not self.short
        self.status = OrderStatus.FILLED if whole else OrderStatus.PARTIALLY_FILLED
        self.updated_us = now_us

    def close(self, status: OrderStatus, now_us: int) -> None:
        """End the order's life by anything but a trade."""
        self.status = status
        self.updated_us = now_us

    def snapshot(self) -> Order:
        """The order as it stands, frozen. It works from the moment it is accepted: there are no triggers here."""
        open_ = self.status is OrderStatus.NEW or self.status is OrderStatus.PARTIALLY_FILLED
        return Order(
            self.account,
            self.symbol,
            self.id,
            self.client_order_id,
            self.side,
            self.type,
            self.time_in_force,
            self.price,
            self.quantity,
            self.quote_quantity,
            self.executed,
            self.executed_quote,
            self.status,
            self.created_us,
            self.updated_us,
            self.created_us,
            open_ and self.type is not OrderType.MARKET,
            self.strategy_id,
            self.strategy_type,
        )


@dataclass(frozen=True, slots=True)
class Depth:
    """The book's levels as ``(price, quantity)``, best first, as of an update id."""

    last_update_id: int
    bids: list[tuple[int, int]]
    asks: list[tuple[int, int]]


@dataclass(slots=True)
class _Level:
    quantity: int = 0
    orders: OrderedDict[int, LiveOrder] = field(
        default_factory=OrderedDict
    )  # linked: taking the first one costs the same however many went before


@dataclass(frozen=True, slots=True)
class Reach:
    """What a market order would get from the book right now."""

    quantity: int
    quote: int
    exhausted: bool  # the book ends before the wish is met


class _BookSide:
    def __init__(self, side: Side) -> None:
        self._sign = 1 if side is Side.BUY else -1
        self._keys: list[int] = []
        self._levels: dict[int, _Level] = {}

    def best(self) -> LiveOrder | None:
        """The order that trades next on this side."""
        if not self._keys:
            return None
        return next(iter(self._levels[self._keys[-1]].orders.values()))

    def rest(self, order: LiveOrder) -> int:
        """Put an order behind all others of its price; what the level holds then."""
        key = order.price * self._sign
        level = self._levels.get(key)
        if level is None:
            level = self._levels[key] = _Level()
            insort(self._keys, key)
        level.orders[order.id] = order
        level.quantity += order.remaining
        return level.quantity

    def reduce(self, order: LiveOrder, quantity: int) -> int:
        """Take ``quantity`` off a resting order, all of what remains removes it; what the level holds then."""
        key = order.price * self._sign
        level = self._levels[key]
        level.quantity -= quantity
        if quantity == order.remaining:
            del level.orders[order.id]
            if not level.orders:
                del self._levels[key]
                del self._keys[bisect_left(self._keys, key)]
        return level.quantity

    def quantity_at(self, price: int) -> int:
        """What rests at a price, 0 for nothing."""
        level = self._levels.get(price * self._sign)
        return 0 if level is None else level.quantity

    def levels(self, limit: int | None = None) -> Iterator[tuple[int, int]]:
        """``(price, quantity)`` from the best one on."""
        keys = reversed(self._keys if limit is None else self._keys[-limit:] if limit > 0 else ())
        return ((key * self._sign, self._levels[key].quantity) for key in keys)


class Book:
    """Both sides, and the id that grows by one with each change of a level."""

    def __init__(self) -> None:
        self.last_update_id = 0
        self._bids = _BookSide(Side.BUY)
        self._asks = _BookSide(Side.SELL)

    def rest(self, order: LiveOrder) -> int:
        """Let an order wait for a counterparty; what its level holds then."""
        self.last_update_id += 1
        return self._side(order.side).rest(order)

    def reduce(self, order: LiveOrder, quantity: int) -> int:
        """Take a quantity off a resting order *before* it is counted as filled or closed; what its level holds then."""
        self.last_update_id += 1
        return self._side(order.side).reduce(order, quantity)

    def counterparty(self, side: Side, limit: int | None) -> LiveOrder | None:
        """The resting order that an incoming one of ``side`` meets next, at ``limit`` or better; None: there is none."""
        other = self._opposite(side).best()
        return other if other is not None and (limit is None or crosses(side, limit, other.price)) else None

    def best_price(self, side: Side) -> int | None:
        """The best price of a side, None when it is empty."""
        order = self._side(side).best()
        return None if order is None else order.price

    def quantity_at(self, side: Side, price: int) -> int:
        """What rests at a price, 0 for nothing."""
        return self._side(side).quantity_at(price)

    def depth(self, limit: int) -> Depth:
        """The best ``limit`` levels of each side."""
        return Depth(self.last_update_id, list(self._bids.levels(limit)), list(self._asks.levels(limit)))

    def reach(self, side: Side, quantity: int, limit: int | None = None) -> Reach:
        """What an incoming order for ``quantity`` would get, at ``limit`` or better."""
        got = quote = 0
        for price, there in self._opposite(side).levels():
            if got == quantity or (limit is not None and not crosses(side, limit, price)):
                break
            taken = min(there, quantity - got)
            got += taken
            quote += total(price, taken)
        return Reach(got, quote, exhausted=got < quantity)

    def reach_for_quote(self, side: Side, amount: int, step: int) -> Reach:
        """The largest quantity in whole steps whose total is not above ``amount``.

        Totals are cut per trade, hence never above this estimate per level.
        """
        got = quote = 0
        for price, there in self._opposite(side).levels():
            taken = min(there, (amount - quote) * UNIT // price // step * step)
            got += taken
            quote += total(price, taken)
            if taken < there:
                return Reach(got, quote, exhausted=False)
        return Reach(got, quote, exhausted=quote < amount)

    def _side(self, side: Side) -> _BookSide:
        return self._bids if side is Side.BUY else self._asks

    def _opposite(self, side: Side) -> _BookSide:
        return self._asks if side is Side.BUY else self._bids


def crosses(side: Side, limit: int, price: int) -> bool:
    """True when an order of ``side`` with this limit may trade at ``price``."""
    return price <= limit if side is Side.BUY else price >= limit
