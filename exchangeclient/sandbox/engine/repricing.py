"""How an open limit order gets another price or quantity and keeps its id."""

from __future__ import annotations

from msgspec import structs

from .binding import pledge, purse_of, rebind, shrunk
from .cancelling import open_order
from .checks import check_cancelling, check_rules
from .closing import expire
from .commands import Reprice
from .events import Order, OrderAmended
from .hall import Hall
from .market import Party
from .orders import LiveOrder
from .positions import room_to_reduce
from .refusals import Refused, Rule
from .words import TimeInForce
from .working import work


def reprice(hall: Hall, wish: Reprice) -> None:
    """Change an order as if it were cancelled and placed anew, but for its id; one that only shrinks keeps its place.

    One of which nothing would be left expires.

    :raises Refused: naming the rule; nothing has changed
    """
    market = hall.market(wish.symbol)
    known = market.parties.get(wish.account)
    check_cancelling(market.instrument, known)
    party, order = open_order(known, wish.order_id, "")
    state = order.state
    if not order.resting or state.list_id != -1 or state.iceberg_quantity or state.peg is not None:
        raise Refused(Rule.AMEND_NOT_ALLOWED)
    price, quantity = wish.price or state.price, wish.quantity or state.quantity
    if state.reduce_only:
        room = order.remaining + room_to_reduce(party, state.side, state.leg)
        quantity = min(quantity, state.executed + state.prevented + room)
    left = quantity - state.executed - state.prevented
    if left <= 0:
        expire(hall, party, order, None)
        return
    changed = structs.replace(state, price=price, quantity=quantity, updated_us=hall.now_us)
    check_rules(changed, market.instrument, market.band_price(hall.now_us))
    if price == state.price and left <= order.remaining:
        rebind(hall, party, order, shrunk(party, order, left))
        if left < order.remaining:
            hall.level(market, state.side, price, market.book.shrink(order, left))
        _note(hall, order, changed)
        return
    _check_funds(party, order, price, left)
    if state.time_in_force is TimeInForce.GTX and market.book.counterparty(state.side, price) is not None:
        raise Refused(Rule.WOULD_MATCH)
    hall.level(market, state.side, order.price, market.book.withdraw(order))
    rebind(hall, party, order, _need(party, order, price, left))
    order.price, order.remaining = price, left
    _note(hall, order, changed)
    work(hall, party, order)


def _need(party: Party, order: LiveOrder, price: int, left: int) -> int:
    """What it binds from then on, beside the party's others."""
    remaining, order.remaining = order.remaining, 0
    needed = pledge(party, order.state, price, left)
    order.remaining = remaining
    return needed


def _check_funds(party: Party, order: LiveOrder, price: int, left: int) -> None:
    if purse_of(party, order.state.side).free + order.bound < _need(party, order, price, left):
        raise Refused(Rule.INSUFFICIENT_BALANCE)


def _note(hall: Hall, order: LiveOrder, changed: Order) -> None:
    former = order.state
    order.state = changed
    hall.last_execution_id += 1
    hall.events.append(OrderAmended(changed, hall.last_execution_id, former.client_order_id, former.quantity, hall.now_us))
