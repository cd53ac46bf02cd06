"""An order, and a list of orders, while the engine works on them."""

from __future__ import annotations

from msgspec import Struct

from .events import Order, OrderList
from .words import ListKind, OrderStatus, OrderType, Side

CONDITIONAL = frozenset((OrderType.STOP_LOSS, OrderType.STOP_LOSS_LIMIT, OrderType.TAKE_PROFIT, OrderType.TAKE_PROFIT_LIMIT))
AT_MARKET = frozenset((OrderType.MARKET, OrderType.STOP_LOSS, OrderType.TAKE_PROFIT))

_OPEN = (OrderStatus.NEW, OrderStatus.PARTIALLY_FILLED, OrderStatus.PENDING_NEW)
_BUY = Side.BUY


class LiveOrder(Struct, gc=False):
    """What changes about an order; ``state`` is what the outside gets, replaced by a new one with each event.

    It refers to nothing that refers back to it, so the garbage collector need not look at a hundred thousand of them.
    """

    state: Order
    remaining: int  # quantity - executed - prevented
    visible: int  # of it, what shows on the book; all of it but for icebergs
    price: int  # at which it works: 0 at market; a pegged one gets it when it enters the book
    bound: int  # what it has locked in its account's purse
    resting: bool = False  # on the book
    short: bool = False  # a market order for a quote amount that the whole book cannot make up
    waiting: bool = False  # for its trigger
    first_fill: int = -1  # where its owner's fills on the symbol begin to be its own; -1: there are none

    def show(self) -> None:
        """Let the visible part be what the order's terms say, of what remains."""
        peak = self.state.iceberg_quantity
        self.visible = self.remaining if not peak or peak > self.remaining else peak

    @property
    def open(self) -> bool:
        """True while it may still trade, or waits for that."""
        return self.state.status in _OPEN


class LiveList(Struct, gc=False):
    """What changes about a list of orders."""

    state: OrderList
    orders: tuple[LiveOrder, ...]

    @property
    def working(self) -> LiveOrder | None:
        """The order that the others wait for; None when all stand side by side."""
        return None if self.state.kind is ListKind.OCO else self.orders[0]

    @property
    def pending(self) -> tuple[LiveOrder, ...]:
        """The orders that wait for the working one."""
        return () if self.state.kind is ListKind.OCO else self.orders[1:]

    @property
    def sells_proceeds(self) -> bool:
        """True when the pending orders sell what the working one bought."""
        return self.state.kind in (ListKind.OPO, ListKind.OPOCO)

    def twin(self, order: LiveOrder) -> LiveOrder | None:
        """The other order of a pair of which only one can have its way."""
        pair = self.orders if self.state.kind is ListKind.OCO else self.orders[1:]
        if len(pair) != 2 or order not in pair:
            return None
        return pair[1] if pair[0] is order else pair[0]


def rises(side: Side, type: OrderType) -> bool:
    """True when a conditional order is triggered by prices at its stop or above, False when at or below."""
    return (side is _BUY) == (type is OrderType.STOP_LOSS or type is OrderType.STOP_LOSS_LIMIT)
