"""How orders end: by their owner's wish, by their terms, or because another one had its way."""

from __future__ import annotations

from msgspec import structs

from .binding import bind
from .events import OrderCanceled, OrderExpired, OrderRejected
from .hall import Hall
from .market import Party
from .orders import LiveOrder
from .refusals import Rule
from .words import ExpiryReason, OrderStatus, Side

_BUY = Side.BUY
_EXPIRED, _CANCELED, _REJECTED = OrderStatus.EXPIRED, OrderStatus.CANCELED, OrderStatus.REJECTED


def cancel(hall: Hall, party: Party, order: LiveOrder, cancel_id: str) -> None:
    """End an order by its owner's wish."""
    order.state = structs.replace(order.state, status=_CANCELED, updated_us=hall.now_us, on_book=False)
    hall.events.append(OrderCanceled(order.state, cancel_id, hall.now_us))
    leave(hall, party, order)


def expire(hall: Hall, party: Party, order: LiveOrder, reason: ExpiryReason | None, status: OrderStatus = _EXPIRED) -> None:
    """Drop what is left of an order."""
    order.state = structs.replace(order.state, status=status, updated_us=hall.now_us, on_book=False, expiry=reason)
    hall.events.append(OrderExpired(order.state, hall.now_us))
    leave(hall, party, order)


def reject(hall: Hall, party: Party, order: LiveOrder, rule: Rule) -> None:
    """Refuse a waiting order now that its time has come."""
    order.state = structs.replace(order.state, status=_REJECTED, updated_us=hall.now_us, on_book=False, expiry=ExpiryReason.REJECTED)
    hall.events.append(OrderRejected(order.state, rule, hall.now_us))
    leave(hall, party, order)


def leave(hall: Hall, party: Party, order: LiveOrder) -> None:
    """Take an order whose state is final from wherever it is."""
    if order.resting:
        state = order.state
        hall.level(party.market, state.side, order.price, party.market.book.remove(order))
    elif order.waiting:
        party.market.triggers.discard(order)
    end(hall, party, order)


def end(hall: Hall, party: Party, order: LiveOrder) -> None:
    """Note that an order is over: it is no longer open and binds nothing; its list hears of it."""
    party.closed(order)
    if order.bound:
        bind(hall, party.quote if order.state.side is _BUY else party.base, -order.bound)
        order.bound = 0
    if order.state.list_id != -1:
        hall.due.append(hall.lists[order.state.list_id])
