"""How an open order becomes smaller: it keeps its number and its place in the queue. The other order of a pair becomes smaller with it."""

from __future__ import annotations

from msgspec import structs

from . import lists
from .binding import need, rebind, shrunk
from .cancelling import open_order
from .checks import check_cancelling, check_quantity
from .closing import expire
from .commands import Amend
from .events import OrderAmended
from .hall import Hall
from .market import Party
from .orders import LiveList, LiveOrder
from .refusals import Refused, Rule
from .words import OrderStatus


def amend(hall: Hall, wish: Amend) -> None:
    """Make an order smaller; one of which nothing would be left expires.

    :raises Refused: naming the rule; nothing has changed
    """
    market = hall.market(wish.symbol)
    instrument = market.instrument
    known = market.parties.get(wish.account)
    check_cancelling(instrument, known)
    party, order = open_order(known, wish.order_id, wish.client_order_id)
    live = hall.lists.get(order.state.list_id)
    _check(party, wish, order, live)
    twin = None if live is None else live.twin(order)
    amended = [order] if live is None or twin is None or not twin.open else [each for each in live.orders if each in (order, twin)]
    left = wish.quantity - order.state.executed - order.state.prevented
    if left <= 0:
        for each in amended:
            expire(hall, party, each, None)
        return
    reference = market.band_price(hall.now_us)
    for each in amended if party.account.ruled else ():
        check_quantity(each.state, wish.quantity, each.price or each.state.stop_price or reference, instrument)
    _shrink(hall, party, amended, left)
    for each in amended:
        client_id = wish.new_client_order_id or hall.made_id() if each is order else each.state.client_order_id
        _note(hall, party, each, wish.quantity, client_id)
    if live is not None:
        lists.changed(hall, live, amended=True)


def _check(party: Party, wish: Amend, order: LiveOrder, live: LiveList | None) -> None:
    state, market = order.state, party.market
    if party.account.ruled and not market.instrument.amend:
        raise Refused(Rule.AMEND_NOT_ALLOWED)
    if live is not None and live.sells_proceeds and state.status is OrderStatus.PENDING_NEW:
        raise Refused(Rule.AMEND_PENDING)
    if wish.quantity > state.quantity:
        raise Refused(Rule.AMEND_INCREASES)
    if wish.quantity == state.quantity:
        raise Refused(Rule.AMEND_CHANGES_NOTHING)
    if party.open.get(wish.new_client_order_id, order) is not order:
        raise Refused(Rule.DUPLICATE_CLIENT_ORDER_ID)
    if party.account.ruled and len(market.amendments.get(state.id, ())) >= market.instrument.max_amends:
        raise Refused(Rule.MAX_NUM_ORDER_AMENDS)


def _shrink(hall: Hall, party: Party, orders: list[LiveOrder], left: int) -> None:
    """Leave so much of an order, or of each of a pair, which binds the larger need of both."""
    if orders[0].state.status is OrderStatus.PENDING_NEW:
        pass  # it binds nothing yet
    elif len(orders) == 1:
        rebind(hall, party, orders[0], shrunk(party, orders[0], left))
    else:
        last, both = party.market.tape.last_price, sum(each.bound for each in orders)
        first, second = (need(each.state.side, each.price or each.state.stop_price or last, left) for each in orders)
        bound = min(both, max(first, second))
        rebind(hall, party, orders[0], min(first, bound))
        rebind(hall, party, orders[1], bound - min(first, bound))
    for each in orders:
        if each.resting:
            hall.level(party.market, each.state.side, each.price, party.market.book.shrink(each, left))
        else:
            each.remaining = left


def _note(hall: Hall, party: Party, order: LiveOrder, quantity: int, client_id: str) -> None:
    former, now_us = order.state, hall.now_us
    order.state = structs.replace(
        former,
        quantity=quantity,
        iceberg_quantity=min(former.iceberg_quantity, quantity),
        client_order_id=client_id,
        updated_us=now_us,
    )
    if client_id != former.client_order_id:
        party.renamed(order, former.client_order_id)
    hall.last_execution_id += 1
    event = OrderAmended(order.state, hall.last_execution_id, former.client_order_id, former.quantity, now_us)
    if party.account.ruled:
        party.market.amendments.setdefault(former.id, []).append(event)
    hall.events.append(event)
