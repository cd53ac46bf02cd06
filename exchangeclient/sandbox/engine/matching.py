"""The book of one symbol: resting orders by price, then by time. It knows no money and no rules; :mod:`.crossing` does.

The levels of a side are found by their price. The order of the prices is kept as sorted keys with the best one last, where a list grows
and shrinks at no cost: the price itself for bids, its negative for asks. A level that empties behind the best one is left where it is,
since in a market prices come again; the best one is never empty. Of an iceberg only the visible part counts as the level's quantity; the
next part shows as soon as that is gone, and goes to the back of the queue.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from operator import neg

from .instruments import UNIT, total
from .orders import LiveOrder
from .words import Side

_BUY = Side.BUY
_EMPTY_KEPT, _PASSED_KEPT = 100, 16


@dataclass(frozen=True, slots=True)
class Depth:
    """The book's levels as ``(price, quantity)``, best first, as of an update id."""

    last_update_id: int
    bids: list[tuple[int, int]]
    asks: list[tuple[int, int]]


@dataclass(frozen=True, slots=True)
class Reach:
    """What an incoming order would get from the book right now."""

    quantity: int
    quote: int
    exhausted: bool  # the book ends before the wish is met


class Level:
    """The orders of one price, in the order of their turn. One that left stays in the queue until it is passed over or swept out."""

    __slots__ = ("count", "head", "hidden", "quantity", "queue")

    def __init__(self) -> None:
        self.quantity = 0
        self.hidden = 0  # what icebergs still hold back
        self.count = 0  # orders that rest here
        self.queue: list[LiveOrder] = []
        self.head = 0

    def first(self) -> LiveOrder:
        """Whose turn it is; there must be somebody."""
        queue, head = self.queue, self.head
        while not queue[head].resting:
            head += 1
        self.head = head
        return queue[head]

    def orders(self) -> list[LiveOrder]:
        """All that rest here."""
        return [order for order in self.queue[self.head :] if order.resting]

    def requeue(self) -> None:
        """Put the one whose turn it is behind all others."""
        self.queue.append(self.queue[self.head])
        self.head += 1
        if len(self.queue) > 2 * self.count + _PASSED_KEPT:
            self.sweep()

    def left(self, order: LiveOrder) -> None:
        """Note that an order is gone."""
        order.resting = False
        self.count -= 1
        if len(self.queue) > 2 * self.count + _PASSED_KEPT:
            self.sweep()

    def sweep(self) -> None:
        """Forget those that are gone."""
        self.queue = self.orders()
        self.head = 0


class BookSide:
    """The levels of one side."""

    __slots__ = ("empty", "keys", "levels", "sign")

    def __init__(self, side: Side) -> None:
        self.sign = 1 if side is _BUY else -1
        self.keys: list[int] = []
        self.levels: dict[int, Level] = {}  # by price
        self.empty = 0  # how many of them

    def first(self) -> LiveOrder:
        """The order that trades next on this side, which is not empty."""
        return self.levels[self.keys[-1] * self.sign].first()

    def begin(self, price: int) -> Level:
        """A level where there was none."""
        level = self.levels[price] = Level()
        key = price * self.sign
        place = bisect_right(self.keys, key)
        self.keys[place:place] = (key,)  # moves all behind it in one go, which insort does one by one
        return level

    def emptied(self, price: int) -> None:
        """Note that a level became empty."""
        keys, levels, sign = self.keys, self.levels, self.sign
        if keys[-1] == price * sign:
            del levels[price], keys[-1]
            while self.empty and keys and not levels[keys[-1] * sign].count:
                del levels[keys.pop() * sign]
                self.empty -= 1
            return
        self.empty += 1
        if self.empty > _EMPTY_KEPT + len(keys) // 2:
            self.sweep()

    def sweep(self) -> None:
        """Forget the levels that are empty."""
        self.levels = {price: level for price, level in self.levels.items() if level.count}
        self.keys[:] = sorted(
            price * self.sign for price in self.levels
        )  # in place: an order on its way through them holds on to this list
        self.empty = 0

    def walk(self) -> Iterator[tuple[int, Level]]:
        """Price and level, from the best one on."""
        levels = self.levels
        for price in reversed(self.keys) if self.sign == 1 else map(neg, reversed(self.keys)):
            level = levels[price]
            if level.count:
                yield price, level

    def shown(self, limit: int) -> list[tuple[int, int]]:
        """``(price, visible quantity)`` of the best ones."""
        return [(price, level.quantity) for price, level in islice(self.walk(), max(limit, 0))]


class Book:
    """Both sides, and the id that grows by one with each change of a level."""

    __slots__ = ("asks", "bids", "last_update_id")

    def __init__(self) -> None:
        self.last_update_id = 0
        self.bids = BookSide(Side.BUY)
        self.asks = BookSide(Side.SELL)

    def rest(self, order: LiveOrder) -> int:
        """Let an order wait behind all others of its price; what its level shows then."""
        self.last_update_id += 1
        side = self.bids if order.state.side is _BUY else self.asks
        level = side.levels.get(order.price)
        if level is None:
            level = side.begin(order.price)
        elif not level.count:
            side.empty -= 1
        level.queue.append(order)
        level.count += 1
        order.resting = True
        visible = order.visible
        shown = level.quantity = level.quantity + visible
        if visible != order.remaining:
            level.hidden += order.remaining - visible
        return shown

    def take(self, order: LiveOrder, quantity: int) -> int:
        """Take a part of what is visible of the order whose turn it is, which is off the book when nothing remains; what its level shows
        then.
        """
        self.last_update_id += 1
        side = self.bids if order.state.side is _BUY else self.asks
        level = side.levels[order.price]
        level.quantity -= quantity
        order.remaining -= quantity
        order.visible -= quantity
        if not order.visible:
            if order.remaining:
                order.show()
                level.quantity += order.visible
                level.hidden -= order.visible
                level.requeue()
            else:
                level.left(order)
                if not level.count:
                    side.emptied(order.price)
        return level.quantity

    def remove(self, order: LiveOrder) -> int:
        """Take an order off the book as it is; what its level shows then."""
        self.last_update_id += 1
        side = self.bids if order.state.side is _BUY else self.asks
        level = side.levels[order.price]
        visible = order.visible
        level.quantity -= visible
        if visible != order.remaining:
            level.hidden -= order.remaining - visible
        level.left(order)
        if not level.count:
            side.emptied(order.price)
        return level.quantity

    def withdraw(self, order: LiveOrder) -> int:
        """The same for an order that may come back, which must not find its former place still kept for it."""
        level = self.side(order.state.side).levels[order.price]
        shown = self.remove(order)
        level.sweep()
        return shown

    def shrink(self, order: LiveOrder, remaining: int) -> int:
        """Leave less of an order where it stands, what is visible as far as there is enough; what its level shows then."""
        self.last_update_id += 1
        level = self.side(order.state.side).levels[order.price]
        visible = min(order.visible, remaining)
        level.quantity += visible - order.visible
        level.hidden += (remaining - visible) - (order.remaining - order.visible)
        order.remaining, order.visible = remaining, visible
        return level.quantity

    def counted(self, side: Side, limit: int) -> list[tuple[int, int, int]]:
        """``(price, visible quantity, orders)`` of the best ``limit`` levels of a side."""
        return [(price, level.quantity, level.count) for price, level in islice(self.side(side).walk(), max(limit, 0))]

    def side(self, side: Side) -> BookSide:
        """The levels of a side."""
        return self.bids if side is _BUY else self.asks

    def against(self, side: Side) -> BookSide:
        """The levels that an incoming order of ``side`` meets."""
        return self.asks if side is _BUY else self.bids

    def counterparty(self, side: Side, limit: int | None) -> LiveOrder | None:
        """The resting order that an incoming one of ``side`` meets next, at ``limit`` or better; None: there is none."""
        levels = self.against(side)
        if not levels.keys:
            return None
        other = levels.first()
        return other if limit is None or crosses(side, limit, other.price) else None

    def best_price(self, side: Side) -> int | None:
        """The best price of a side, None when it is empty."""
        levels = self.side(side)
        return levels.keys[-1] * levels.sign if levels.keys else None

    def quantity_at(self, side: Side, price: int) -> int:
        """What shows at a price, 0 for nothing."""
        level = self.side(side).levels.get(price)
        return 0 if level is None else level.quantity

    def depth(self, limit: int) -> Depth:
        """The best ``limit`` levels of each side."""
        return Depth(self.last_update_id, self.bids.shown(limit), self.asks.shown(limit))

    def offers(self, side: Side) -> Iterator[tuple[int, int]]:
        """What an incoming order of ``side`` meets: ``(price, quantity)``, hidden parts included, from the best one on."""
        return ((price, level.quantity + level.hidden) for price, level in self.against(side).walk())


def reach(offers: Iterable[tuple[int, int]], side: Side, quantity: int, limit: int | None = None) -> Reach:
    """What an incoming order for ``quantity`` would get of these offers, at ``limit`` or better.

    Trades cut their totals one by one, so their sum is never above this figure, which cuts them per level.
    """
    got = quote = 0
    for price, there in offers:
        if got == quantity or (limit is not None and not crosses(side, limit, price)):
            break
        taken = min(there, quantity - got)
        got += taken
        quote += total(price, taken)
    return Reach(got, quote, exhausted=got < quantity)


def reach_for_quote(offers: Iterable[tuple[int, int]], amount: int, step: int) -> Reach:
    """The largest quantity in whole steps whose total is not above ``amount``."""
    got = quote = 0
    for price, there in offers:
        # The largest quantity whose total, which is cut, is not above what is left.
        taken = min(there, ((amount - quote + 1) * UNIT - 1) // price // step * step)
        got += taken
        quote += total(price, taken)
        if taken < there:
            return Reach(got, quote, exhausted=False)
    return Reach(got, quote, exhausted=quote < amount)


def crosses(side: Side, limit: int, price: int) -> bool:
    """True when an order of ``side`` with this limit may trade at ``price``."""
    return price <= limit if side is _BUY else price >= limit
