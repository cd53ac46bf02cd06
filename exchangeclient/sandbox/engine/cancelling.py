"""How an owner cancels: one order, or all of a list."""

from __future__ import annotations

from .checks import check_cancelling
from .closing import cancel
from .commands import Cancel, CancelList
from .hall import Hall
from .market import Party
from .orders import LiveList, LiveOrder
from .refusals import Refused, Rule


def cancel_order(hall: Hall, wish: Cancel) -> None:
    """Cancel an order, with its whole list if it has one.

    :raises Refused: naming the rule; nothing has changed
    """
    market = hall.markets.get(wish.symbol) or hall.market(wish.symbol)
    party = market.parties.get(wish.account)
    check_cancelling(market.instrument, party)
    party, order = open_order(party, wish.order_id, wish.client_order_id)
    state = order.state
    if wish.only is not None and state.status is not wish.only:
        raise Refused(Rule.OTHER_STATUS)
    cancel_id = wish.cancel_id or hall.made_id()
    if state.list_id == -1:
        cancel(hall, party, order, cancel_id)
    else:
        _cancel_all(hall, party, hall.lists[state.list_id], cancel_id)


def cancel_list(hall: Hall, wish: CancelList) -> None:
    """Cancel all orders of a list that are open.

    :raises Refused: naming the rule; nothing has changed
    """
    market = hall.market(wish.symbol)
    party = market.parties.get(wish.account)
    check_cancelling(market.instrument, party)
    if party is None:
        raise Refused(Rule.UNKNOWN_ORDER)
    live = party.account.open_lists.get(wish.client_id) if wish.list_id is None else hall.lists.get(wish.list_id)
    if live is None or wish.client_id not in ("", live.state.client_id):
        raise Refused(Rule.UNKNOWN_ORDER)
    if (live.state.account, live.state.symbol) != (wish.account, wish.symbol):
        raise Refused(Rule.UNKNOWN_ORDER)
    _cancel_all(hall, party, live, wish.cancel_id or hall.made_id())


def _cancel_all(hall: Hall, party: Party, live: LiveList, cancel_id: str) -> None:
    for order in live.orders:
        if order.open:
            cancel(hall, party, order, cancel_id)


def open_order(party: Party | None, order_id: int | None, client_order_id: str) -> tuple[Party, LiveOrder]:
    """An account's open order, by its id or its client order id; both must agree when both are given.

    :raises Refused: when there is none
    """
    if party is None:
        raise Refused(Rule.UNKNOWN_ORDER)
    order = party.open.get(client_order_id) if order_id is None else party.market.open.get(order_id)
    if order is None:
        raise Refused(Rule.UNKNOWN_ORDER)
    state = order.state
    if state.account != party.account.name or (client_order_id and client_order_id != state.client_order_id):
        raise Refused(Rule.UNKNOWN_ORDER)
    return party, order
