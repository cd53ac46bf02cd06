"""Lists of orders that depend on each other: what the end, or the first trade, of one means for the others.

Of a pair only one order can have its way: as soon as one is triggered or begins to trade, the other expires. The orders that wait for
a working one bind nothing until it is filled, except those that sell what it bought: they bind the proceeds of each of its trades.
How lists come in, and how the waiting orders follow, is in :mod:`.listing`.
"""

from __future__ import annotations

from msgspec import structs

from .accounts import DISCOUNT_ASSET
from .binding import need, rebind
from .closing import expire
from .events import Fill, ListChanged
from .hall import Hall
from .market import Party
from .orders import LiveList, LiveOrder
from .words import ExpiryReason


def claim(hall: Hall, party: Party, order: LiveOrder) -> None:
    """Let an order have its way: its twin expires, and what both had bound is the order's as far as it needs it."""
    twin = hall.lists[order.state.list_id].twin(order)
    if twin is None or not twin.open:
        return
    both = order.bound + twin.bound
    order.bound = min(both, need(order.state.side, order.price, order.remaining)) if order.price else both
    twin.bound = both - order.bound
    expire(hall, party, twin, ExpiryReason.OCO_TRIGGER)


def bind_proceeds(hall: Hall, party: Party, order: LiveOrder, fill: Fill) -> None:
    """Bind what a working order bought for the orders that will sell it.

    The commission is left to the free funds, as far as there were enough of them before and it was taken in this asset at all.
    """
    live = hall.lists[order.state.list_id]
    if order is not live.working or not live.sells_proceeds:
        return
    purse = party.base
    charge = fill.commission if fill.commission_asset == purse.asset else 0
    before = purse.free - (fill.quantity - charge)
    spared = purse.asset != DISCOUNT_ASSET and before >= charge
    first = live.pending[0]
    if first.open:
        rebind(hall, party, first, first.bound + (fill.quantity if spared else fill.quantity - charge))


def is_filled(order: LiveOrder) -> bool:
    """True when all of an order was traded."""
    return order.state.executed == order.state.quantity


def changed(hall: Hall, live: LiveList, *, amended: bool = False) -> None:
    """Tell how a list stands now."""
    live.state = structs.replace(live.state, updated_us=hall.now_us)
    hall.events.append(ListChanged(live.state, amended, hall.now_us))


def finish(hall: Hall, party: Party, live: LiveList) -> None:
    """Note that all orders of a list are over."""
    del hall.lists[live.state.id], party.account.open_lists[live.state.client_id]
    party.lists -= 1
    live.state = structs.replace(live.state, done=True)
    changed(hall, live)
