"""Orders that wait for the last price of their symbol: which of them a trade sets off, found without looking through all.

Plain stops are kept sorted by their stop price, one list for those that rising prices set off and one for falling ones. A
trailing stop follows the best price since it was activated (BUY: the lowest, SELL: the highest) and is set off when the last price
has come back by its delta. Stops that follow the same extreme form one trail, sorted by delta. A new extreme swallows
all trails that are not beyond it, so the trails of a side are always sorted by extreme, and there are as many as there are
different ones.

Of the orders that one trade sets off the oldest goes first.
"""

from __future__ import annotations

from bisect import bisect_left, insort

from msgspec import structs

from .orders import LiveOrder, rises
from .words import Side

WHOLE = 10_000  # basis points

_BUY = Side.BUY


class _Trail:
    """Trailing stops that follow the same extreme, as ``(delta, order id)``."""

    __slots__ = ("extreme", "stops")

    def __init__(self, extreme: int) -> None:
        self.extreme = extreme
        self.stops: list[tuple[int, int]] = []


class Triggers:
    """Everything that waits on one symbol. An order that is set off or discarded is unknown from then on."""

    __slots__ = ("_falling", "_followed", "_fresh", "_rising", "_trails", "waiting")

    def __init__(self) -> None:
        self.waiting: dict[int, LiveOrder] = {}  # by id
        self._rising: list[tuple[int, int]] = []  # (-stop price, order id), the next one last
        self._falling: list[tuple[int, int]] = []  # (stop price, order id), the next one last
        self._fresh: list[int] = []  # trailing stops that follow from the next trade on
        self._trails: dict[bool, list[_Trail]] = {True: [], False: []}  # by "buys"; the newest one last
        self._followed: dict[int, _Trail] = {}

    def add(self, order: LiveOrder) -> None:
        """Let an order wait."""
        state = order.state
        self.waiting[state.id] = order
        order.waiting = True
        if not state.stop_price:
            self._fresh.append(state.id)
        elif rises(state.side, state.type):
            insort(self._rising, (-state.stop_price, state.id))
        else:
            insort(self._falling, (state.stop_price, state.id))

    def discard(self, order: LiveOrder) -> None:
        """Forget an order, whether it still waits or was just set off."""
        order.waiting = False
        state = order.state
        if self.waiting.pop(state.id, None) is None:
            return
        trail = self._followed.pop(state.id, None)
        if trail is not None:
            trail.stops.remove((state.trailing_delta, state.id))
            if not trail.stops:
                self._trails[state.side is _BUY].remove(trail)
        elif not state.stop_price:
            self._fresh.remove(state.id)
        elif rises(state.side, state.type):
            del self._rising[bisect_left(self._rising, (-state.stop_price, state.id))]
        else:
            del self._falling[bisect_left(self._falling, (state.stop_price, state.id))]

    def passed(self, price: int, now_us: int) -> list[LiveOrder]:
        """The orders that a trade at this price sets off, which still count as waiting until they are :meth:`discarded <discard>`."""
        due: list[int] = []
        starting, self._fresh = self._fresh, []
        rising, falling = self._rising, self._falling
        while rising and -rising[-1][0] <= price:
            self._stopped(rising.pop()[1], due, starting)
        while falling and falling[-1][0] >= price:
            self._stopped(falling.pop()[1], due, starting)
        self._follow(price, due)
        for order_id in starting:
            self._start(self.waiting[order_id], price, now_us)
        return [self.waiting.pop(order_id) for order_id in sorted(due)]

    def _stopped(self, order_id: int, due: list[int], starting: list[int]) -> None:
        """A stop price was reached: the order is due, or its trail starts."""
        (starting if self.waiting[order_id].state.trailing_delta else due).append(order_id)

    def _start(self, order: LiveOrder, price: int, now_us: int) -> None:
        """Let an order follow, from this price as its first extreme."""
        state = order.state = structs.replace(order.state, special=order.state.specially(trailing_us=now_us))
        trails = self._trails[state.side is _BUY]
        if not trails or trails[-1].extreme != price:
            trails.append(_Trail(price))
        insort(trails[-1].stops, (state.trailing_delta, state.id))
        self._followed[state.id] = trails[-1]

    def _follow(self, price: int, due: list[int]) -> None:
        for buys, trails in self._trails.items():
            self._extend(trails, price, buys=buys)
            for trail in reversed(trails):
                back = price * WHOLE
                while trail.stops and (
                    back >= trail.extreme * (WHOLE + trail.stops[0][0]) if buys else back <= trail.extreme * (WHOLE - trail.stops[0][0])
                ):
                    order_id = trail.stops.pop(0)[1]
                    del self._followed[order_id]
                    due.append(order_id)
            trails[:] = [trail for trail in trails if trail.stops]

    def _extend(self, trails: list[_Trail], price: int, *, buys: bool) -> None:
        """Swallow the trails that a new extreme reaches."""
        swallowed: list[_Trail] = []
        while trails and (trails[-1].extreme >= price if buys else trails[-1].extreme <= price):
            swallowed.append(trails.pop())
        if not swallowed:
            return
        trail = max(swallowed, key=_size)
        for other in swallowed:
            if other is not trail:
                for stop in other.stops:
                    insort(trail.stops, stop)
                    self._followed[stop[1]] = trail
        trail.extreme = price
        trails.append(trail)


def _size(trail: _Trail) -> int:
    return len(trail.stops)
