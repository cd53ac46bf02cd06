"""Binance's endpoints for single orders: placing, trying out, cancelling and amending them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from msgspec import structs

from exchangeclient.sandbox.dialects.binance import account_shapes, errors, order_shapes
from exchangeclient.sandbox.dialects.binance.call import Call
from exchangeclient.sandbox.dialects.binance.errors import VenueError, amend_refusal, refusal
from exchangeclient.sandbox.dialects.binance.order_form import ROUTED, SINGLE, read_order, read_symbol, response_type
from exchangeclient.sandbox.dialects.binance.params import Params
from exchangeclient.sandbox.dialects.binance.shapes import Shape
from exchangeclient.sandbox.dialects.binance.times import Time
from exchangeclient.sandbox.engine.commands import Amend, Cancel, Place, PlaceList
from exchangeclient.sandbox.engine.events import (
    Event,
    ListChanged,
    Order,
    OrderAccepted,
    OrderAmended,
    OrderCanceled,
    OrderExpired,
    OrderFilled,
    OrderList,
    OrderPrevented,
)
from exchangeclient.sandbox.engine.refusals import Refused
from exchangeclient.sandbox.engine.words import OrderStatus, OrderType

_ANSWER_NAMES = ("newOrderRespType", "selfTradePreventionMode")
ORDER_NAMES = ("symbol", *SINGLE.values(), *_ANSWER_NAMES)
ROUTED_NAMES = ("symbol", *ROUTED.values(), *_ANSWER_NAMES)

_ROUTED_TYPES = (OrderType.LIMIT, OrderType.MARKET)
# What an order must still be for a cancel with this restriction to hit it.
_RESTRICTIONS = {"ONLY_NEW": OrderStatus.NEW, "ONLY_PARTIALLY_FILLED": OrderStatus.PARTIALLY_FILLED}


# ---- placing -----------------------------------------------------------------------------------------------------


def place_order(call: Call) -> Any:
    return enter_order(call, *read_single(call))


def place_routed(call: Call) -> Any:
    return enter_order(call, *_read_routed(call))


def check_order(call: Call) -> Any:
    return _checked(call, read_single(call)[0])


def check_routed(call: Call) -> Any:
    return _checked(call, _read_routed(call)[0])


def read_single(call: Call) -> tuple[Place, str]:
    """The order that the call asks for, and the form that its answer should have."""
    call.params.need_all(("symbol", "side", "type"))
    place = read_order(call.params, SINGLE, account=call.account)
    return place, response_type(call.params, "FULL" if place.type in (OrderType.LIMIT, OrderType.MARKET) else "ACK")


def _read_routed(call: Call) -> tuple[Place, str]:
    call.params.need_all(("symbol", "side", "type", "quantity"))
    place = read_order(call.params, ROUTED, account=call.account)
    if place.type not in _ROUTED_TYPES:
        raise errors.BAD_TYPE()
    return structs.replace(place, routed=True), response_type(call.params, "FULL")


def _checked(call: Call, place: Place) -> Shape:
    rates = call.params.flag("computeCommissionRates", default=False)
    enter(call, structs.replace(place, check_only=True))
    return account_shapes.commission_of_order(call.exchange.fees(call.account), routed=place.routed) if rates else {}


def check_filters(call: Call, *orders: Place) -> None:
    """What the venue checks before it looks at how many orders the account has sent."""
    for place in orders:
        try:
            call.exchange.check_filters(place)
        except Refused as refused:
            raise refusal(refused.rule, _spoken(place)) from refused


def enter_order(call: Call, place: Place, form: str) -> Shape:
    """Place an order; the answer has the form that was asked for."""
    events = enter(call, place)
    accepted = next(each for each in events if isinstance(each, OrderAccepted))
    return report(events, _order(call, place.symbol, accepted.order.id), form)


def enter(call: Call, command: Place | PlaceList) -> Sequence[Event]:
    """Have the engine place an order or a list."""
    try:
        return call.execute(command)
    except Refused as refused:
        raise refusal(refused.rule, _spoken(command)) from refused


def _spoken(command: Place | PlaceList) -> str:
    """The kind of an order or list as error texts have it: ``Stop loss limit``, ``OCO``."""
    if isinstance(command, Place):
        return command.type.value.replace("_", " ").capitalize()
    return {"OTOCO": "OTO", "OPOCO": "OPO"}.get(command.kind.value, command.kind.value)


def report(events: Sequence[Event], order: Order, form: str) -> Shape:
    """A new order in the form that was asked for, with what ``events`` tell of its fills."""
    if form == "ACK":
        return order_shapes.ack(order)
    if form == "RESULT":
        return order_shapes.result(order)
    its = (order.symbol, order.id)
    fills = [each.fill for each in events if isinstance(each, OrderFilled) and (each.order.symbol, each.order.id) == its]
    prevented = [each.match for each in events if isinstance(each, OrderPrevented)]  # each of them once or twice: by order
    matches = {each.id: each for each in prevented if (each.symbol, each.taker_order_id) == its}
    return order_shapes.full(order, fills, list(matches.values()))


# ---- cancelling --------------------------------------------------------------------------------------------------


def cancel_order(call: Call) -> Any:
    return cancel(call, read_cancel(call, "orderId", "origClientOrderId", "newClientOrderId"))


def read_cancel(call: Call, id_name: str, client_id_name: str, cancel_id_name: str) -> Cancel:
    """The cancel that the call asks for, by the names that its parameters have there."""
    params = call.params
    params.need("symbol")
    order_id, client_order_id = read_ids(params, id_name, client_id_name)
    cancel_id = params.client_order_id(cancel_id_name)
    restriction = params.text("cancelRestrictions")
    if restriction is not None and restriction not in _RESTRICTIONS:
        raise errors.BAD_CANCEL_RESTRICTIONS()
    only = None if restriction is None else _RESTRICTIONS[restriction]
    return Cancel(call.account, read_symbol(params), order_id, client_order_id, cancel_id, only)


def cancel(call: Call, command: Cancel) -> Shape:
    """Cancel an order, or the list that it belongs to."""
    call.listed(command.symbol)
    if command.order_id is not None and command.client_order_id:
        found = find(call, command.symbol, command.order_id, "", errors.CANCEL_UNKNOWN())
        if found.client_order_id != command.client_order_id:
            raise errors.CANCEL_MISMATCH()
    try:
        events = call.execute(command)
    except Refused as refused:
        raise refusal(refused.rule) from refused
    return cancel_report(call, events)


def cancel_report(call: Call, events: Sequence[Event]) -> Shape:
    """What a cancel has done: the order, or the whole list with each order that it ended."""
    ended = [each for each in events if isinstance(each, (OrderCanceled, OrderExpired))]
    cancel_id = next(each.cancel_id for each in ended if isinstance(each, OrderCanceled))
    reports = [order_shapes.cancelled(each.order, cancel_id) for each in ended]
    changed = next((each for each in events if isinstance(each, ListChanged)), None)
    if changed is None:
        return reports[0]
    shape = order_shapes.order_list(changed.list, orders_of(call, changed.list))
    return {**shape, "orderReports": reports}


def cancel_open_orders(call: Call) -> Any:
    symbol = call.instrument().symbol
    resting = call.exchange.open_orders(call.account, symbol)
    if not resting:
        raise errors.CANCEL_UNKNOWN()
    # A list goes as a whole, with the first of its orders.
    first_of_lists = {each.list_id: each.id for each in reversed(resting) if each.list_id >= 0}
    alone = [each for each in resting if first_of_lists.get(each.list_id, each.id) == each.id]
    return [cancel(call, Cancel(call.account, symbol, each.id)) for each in sorted(alone, key=lambda each: each.list_id >= 0)]


# ---- amending ----------------------------------------------------------------------------------------------------


def amend_order(call: Call) -> Any:
    params = call.params
    params.need_all(("symbol", "newQty"))
    order_id, client_order_id = read_ids(params, "orderId", "origClientOrderId")
    quantity = params.amount("newQty")
    if not quantity:
        raise errors.BAD_VALUE("newQty")
    new_id = params.client_order_id("newClientOrderId")
    symbol = call.instrument().symbol
    if order_id is not None and client_order_id:
        check_ids_agree(call, symbol, order_id, client_order_id)
    try:
        events = call.execute(Amend(call.account, symbol, quantity, order_id, client_order_id, new_id))
    except Refused as refused:
        raise amend_refusal(refused.rule) from refused
    # An order of which nothing would be left expires instead.
    changed = [each for each in events if isinstance(each, (OrderAmended, OrderExpired))]
    event = next(each for each in changed if order_id == each.order.id or client_order_id == _former_id(each))
    order = _order(call, symbol, event.order.id)
    shape: Shape = {
        "transactTime": Time(event.time_us),
        "executionId": call.venue.users.execution_id(event, events),
        "amendedOrder": order_shapes.amended(order, _former_id(event)),
    }
    if order.list_id >= 0:
        order_list = call.exchange.find_list(call.account, list_id=order.list_id)
        shape["listStatus"] = order_shapes.amended_list(order_list, orders_of(call, order_list))
    return shape


def _former_id(event: OrderAmended | OrderExpired) -> str:
    return event.former_client_order_id if isinstance(event, OrderAmended) else event.order.client_order_id


def amended_to_nothing(answer: Shape) -> bool:
    """True if an amendment ended its order, which costs no weight."""
    return bool(answer["amendedOrder"]["status"] == OrderStatus.EXPIRED)


# ---- which order -------------------------------------------------------------------------------------------------


def read_ids(params: Params, id_name: str, client_id_name: str) -> tuple[int | None, str]:
    """An order's or list's number, its client id, or both."""
    params.need_one(id_name, client_id_name)
    return params.integer(id_name), params.client_order_id(client_id_name)


def check_ids_agree(call: Call, symbol: str, order_id: int, client_order_id: str) -> None:
    """The order is looked up by its number; then its client order id must be the one that was sent."""
    if find(call, symbol, order_id, "", errors.NO_SUCH_ORDER()).client_order_id != client_order_id:
        raise errors.ID_MISMATCH()


def find(call: Call, symbol: str, order_id: int | None, client_order_id: str, unknown: VenueError) -> Order:
    """An order of the account; raises ``unknown`` when there is none."""
    try:
        return call.exchange.find_order(call.account, symbol, order_id=order_id, client_order_id=client_order_id)
    except Refused as refused:
        raise unknown from refused


def orders_of(call: Call, order_list: OrderList) -> list[Order]:
    """The orders of a list as they are now."""
    return [_order(call, order_list.symbol, order_id) for order_id in order_list.order_ids]


def _order(call: Call, symbol: str, order_id: int) -> Order:
    """An order of the account that there is."""
    return call.exchange.find_order(call.account, symbol, order_id=order_id)
