"""Binance's endpoints for order lists: placing, cancelling and asking for them."""

from __future__ import annotations

from typing import Any

from exchangeclient.sandbox.dialects.binance import errors, list_form, order_shapes
from exchangeclient.sandbox.dialects.binance.account import check_combination, span
from exchangeclient.sandbox.dialects.binance.call import Call
from exchangeclient.sandbox.dialects.binance.market import DEFAULT_ROWS, MOST_ROWS
from exchangeclient.sandbox.dialects.binance.order_form import read_symbol, response_type
from exchangeclient.sandbox.dialects.binance.shapes import Shape
from exchangeclient.sandbox.dialects.binance.trading import cancel_report, check_filters, enter, orders_of, read_ids, report
from exchangeclient.sandbox.engine.commands import CancelList, PlaceList
from exchangeclient.sandbox.engine.events import ListChanged, OrderAccepted, OrderList
from exchangeclient.sandbox.engine.refusals import Refused
from exchangeclient.sandbox.engine.words import OrderStatus

_QUERIES: tuple[set[str], ...] = (set(), {"startTime"}, {"endTime"}, {"startTime", "endTime"}, {"fromId"})


# ---- placing -----------------------------------------------------------------------------------------------------


def place_oco(call: Call) -> Any:
    return _placed(call, list_form.OCO.read(call.params, call.account))


def place_old_oco(call: Call) -> Any:
    return _placed(call, list_form.read_old_oco(call.params, call.account))


def place_oto(call: Call) -> Any:
    return _placed(call, list_form.OTO.read(call.params, call.account))


def place_otoco(call: Call) -> Any:
    return _placed(call, list_form.OTOCO.read(call.params, call.account))


def place_opo(call: Call) -> Any:
    return _placed(call, list_form.OPO.read(call.params, call.account))


def place_opoco(call: Call) -> Any:
    return _placed(call, list_form.OPOCO.read(call.params, call.account))


def _placed(call: Call, command: PlaceList) -> Shape:
    form = response_type(call.params, "RESULT")
    # The quantity of what is paid by the working order is not known yet.
    check_filters(call, *(command.orders[:1] if command.kind in list_form.PAYING else command.orders))
    events = enter(call, command)
    placed = next(each for each in events if isinstance(each, ListChanged)).list
    accepted = {
        each.order.id: each.order for each in reversed(events) if isinstance(each, OrderAccepted) and each.order.list_id == placed.id
    }
    orders = orders_of(call, placed)
    # A pending order is shown as such even when its working order was filled at once, and it has become active by now.
    shown = [first if (first := accepted[each.id]).status is OrderStatus.PENDING_NEW else each for each in orders]
    return {**order_shapes.order_list(placed, orders), "orderReports": [report(events, each, form) for each in shown]}


# ---- cancelling --------------------------------------------------------------------------------------------------


def cancel_list(call: Call) -> Any:
    params = call.params
    params.need("symbol")
    list_id, client_id = read_ids(params, "orderListId", "listClientOrderId")
    cancel_id = params.client_order_id("newClientOrderId")
    symbol = call.listed(read_symbol(params)).symbol
    try:
        events = call.execute(CancelList(call.account, symbol, list_id, client_id, cancel_id))
    except Refused as refused:
        raise errors.CANCEL_UNKNOWN_LIST() from refused
    return cancel_report(call, events)


# ---- asking ------------------------------------------------------------------------------------------------------


def query_list(call: Call) -> Any:
    list_id, client_id = read_ids(call.params, "orderListId", "origClientOrderId")
    found = _found(call, list_id, "" if list_id is not None else client_id)
    if client_id not in ("", found.client_id):
        raise errors.ID_MISMATCH()
    return _shape(call, found)


def all_lists(call: Call) -> Any:
    params = call.params
    check_combination(params, _QUERIES)
    limit = params.limit(DEFAULT_ROWS, MOST_ROWS)
    first_id = params.integer("fromId")
    start_us, end_us = span(params)
    rows = call.exchange.lists(call.account, first_id=first_id, start_us=start_us, end_us=end_us, limit=limit)
    return [_shape(call, each) for each in rows]


def open_lists(call: Call) -> Any:
    return [_shape(call, each) for each in call.exchange.open_lists(call.account)]


def _found(call: Call, list_id: int | None, client_id: str) -> OrderList:
    try:
        return call.exchange.find_list(call.account, list_id=list_id, client_id=client_id)
    except Refused as refused:
        raise errors.NO_SUCH_LIST() from refused


def _shape(call: Call, order_list: OrderList) -> Shape:
    return order_shapes.order_list(order_list, orders_of(call, order_list))
