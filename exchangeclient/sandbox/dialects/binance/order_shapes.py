"""How Binance writes down orders and order lists in its REST answers. Its account events are :mod:`.user_shapes`'."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from exchangeclient.sandbox.dialects.binance.shapes import Shape
from exchangeclient.sandbox.dialects.binance.times import Time
from exchangeclient.sandbox.engine.events import Fill, Order, OrderAmended, OrderList, PreventedMatch, Special
from exchangeclient.sandbox.engine.instruments import shown
from exchangeclient.sandbox.engine.words import ListKind, OrderType, PegKind

CONDITIONAL = frozenset({OrderType.STOP_LOSS, OrderType.STOP_LOSS_LIMIT, OrderType.TAKE_PROFIT, OrderType.TAKE_PROFIT_LIMIT})
PEG_NAMES = {PegKind.PRIMARY: "PRIMARY_PEG", PegKind.MARKET: "MARKET_PEG"}
PEG_OFFSET = "PRICE_LEVEL"
# How the venue marks a fill that smart order routing made on another book.
ALLOCATED = "ONE_PARTY_TRADE_REPORT"


# ---- parts -------------------------------------------------------------------------------------------------------


def _head(order: Order, client_order_id: str) -> Shape:
    return {"symbol": order.symbol, "orderId": order.id, "orderListId": order.list_id, "clientOrderId": client_order_id}


def _figures(order: Order) -> Shape:
    figures = {
        "price": shown(order.price),
        "origQty": shown(order.quantity),
        "executedQty": shown(order.executed),
        "origQuoteOrderQty": shown(order.quote_quantity),
        "cummulativeQuoteQty": shown(order.executed_quote),
        "status": order.status,
        "timeInForce": order.time_in_force,
        "type": order.type,
        "side": order.side,
    }
    if not order.quantity and not order.quote_quantity:  # of a list, and not known before its working order is filled
        del figures["origQty"]
    return figures


def _stop(order: Order) -> Shape:
    return {"stopPrice": shown(order.stop_price)} if order.type in CONDITIONAL else {}


def _iceberg(order: Order) -> Shape:
    return {"icebergQty": shown(order.iceberg_quantity)} if order.iceberg_quantity else {}


def _special(order: Order) -> Shape:
    """The fields that only orders with something special to them have, in every kind of answer."""
    shape: Shape = {}
    if order.trailing_delta:
        shape |= {"trailingDelta": order.trailing_delta, "trailingTime": Time(order.trailing_us)}
    if order.special is not None:
        shape |= _own(order.special)
    if order.routed:
        shape |= {"usedSor": True, "workingFloor": order.floor}
    if order.expiry is not None:
        shape["expiryReason"] = order.expiry
    shape["selfTradePreventionMode"] = order.self_trade
    return shape


def _own(special: Special) -> Shape:
    shape: Shape = {}
    if special.strategy_id is not None:
        shape["strategyId"] = special.strategy_id
    if special.strategy_type is not None:
        shape["strategyType"] = special.strategy_type
    if special.peg is not None:
        shape["pegPriceType"] = PEG_NAMES[special.peg.kind]
        if special.peg.levels:
            shape |= {"pegOffsetType": PEG_OFFSET, "pegOffsetValue": special.peg.levels}
        if special.pegged_price:
            shape["peggedPrice"] = shown(special.pegged_price)
    return shape


def _prevented(order: Order) -> Shape:
    return {"preventedMatchId": order.match_id, "preventedQuantity": shown(order.prevented)} if order.prevented else {}


# ---- orders ------------------------------------------------------------------------------------------------------


def ack(order: Order) -> Shape:
    return {**_head(order, order.client_order_id), "transactTime": Time(order.updated_us)}


def result(order: Order) -> Shape:
    shape = ack(order)
    shape |= _figures(order)
    shape |= _stop(order)
    shape |= _iceberg(order)
    shape["workingTime"] = Time(order.working_us)
    shape |= _special(order)
    if order.prevented:
        shape |= _prevented(order)
        if order.group >= 0:
            shape["tradeGroupId"] = order.group
    return shape


def full(order: Order, fills: Iterable[Fill], matches: Sequence[PreventedMatch]) -> Shape:
    shape = result(order)
    shape["fills"] = [_fill(each) for each in fills]
    if matches:
        shape["preventedMatches"] = [_match(each) for each in matches]
        shape.pop("preventedMatchId", None)  # they say it each for itself
    return shape


def _fill(fill: Fill) -> Shape:
    shape = {
        "price": shown(fill.price),
        "qty": shown(fill.quantity),
        "commission": shown(fill.commission),
        "commissionAsset": fill.commission_asset,
        "tradeId": fill.trade_id,
    }
    return shape if fill.allocation_id < 0 else {"matchType": ALLOCATED, **shape, "allocId": fill.allocation_id}


def _match(match: PreventedMatch) -> Shape:
    return {
        "preventedMatchId": match.id,
        "makerSymbol": match.maker_symbol,
        "makerOrderId": match.maker_order_id,
        "price": shown(match.price),
        **prevented_quantities(match),
    }


def prevented_quantities(match: PreventedMatch) -> Shape:
    """What each side lost; a side that lost nothing is not mentioned."""
    lost = {"takerPreventedQuantity": match.taker_prevented, "makerPreventedQuantity": match.maker_prevented}
    return {name: shown(quantity) for name, quantity in lost.items() if quantity}


def query(order: Order) -> Shape:
    return {
        **_head(order, order.client_order_id),
        **_figures(order),
        "stopPrice": shown(order.stop_price),
        "icebergQty": shown(order.iceberg_quantity),
        "time": Time(order.created_us),
        "updateTime": Time(order.updated_us),
        "isWorking": order.working_us >= 0,
        "workingTime": Time(order.working_us),
        **_special(order),
        **_prevented(order),
    }


def cancelled(order: Order, cancel_id: str) -> Shape:
    return {
        "symbol": order.symbol,
        "origClientOrderId": order.client_order_id,
        **_head(order, cancel_id),
        "transactTime": Time(order.updated_us),
        **_figures(order),
        **_stop(order),
        **_iceberg(order),
        **_special(order),
        **_prevented(order),
    }


def amended(order: Order, former_client_order_id: str) -> Shape:
    """The venue has names of its own for the figures here."""
    shape = {
        "symbol": order.symbol,
        "orderId": order.id,
        "orderListId": order.list_id,
        "origClientOrderId": former_client_order_id,
        "clientOrderId": order.client_order_id,
        "price": shown(order.price),
        "qty": shown(order.quantity),
        "executedQty": shown(order.executed),
        "preventedQty": shown(order.prevented),
        "quoteOrderQty": shown(order.quote_quantity),
        "cumulativeQuoteQty": shown(order.executed_quote),
        "status": order.status,
        "timeInForce": order.time_in_force,
        "type": order.type,
        "side": order.side,
        **_stop(order),
        **_iceberg(order),
        **_special(order),
    }
    if order.working_us >= 0:
        shape["workingTime"] = Time(order.working_us)
    return shape


def amendment(event: OrderAmended, execution_id: int) -> Shape:
    """One of those that an order has seen."""
    return {
        "symbol": event.order.symbol,
        "orderId": event.order.id,
        "executionId": execution_id,
        "origClientOrderId": event.former_client_order_id,
        "newClientOrderId": event.order.client_order_id,
        "origQty": shown(event.former_quantity),
        "newQty": shown(event.order.quantity),
        "time": Time(event.time_us),
    }


# ---- lists -------------------------------------------------------------------------------------------------------


def contingency(kind: ListKind) -> str:
    """The venue has two words for five kinds."""
    return "OCO" if kind is ListKind.OCO else "OTO"


def list_progress(order_list: OrderList) -> tuple[str, str]:
    """The type of a list's status, and the status itself."""
    return ("ALL_DONE", "ALL_DONE") if order_list.done else ("EXEC_STARTED", "EXECUTING")


def listed(orders: Iterable[Order]) -> list[Shape]:
    return [{"symbol": each.symbol, "orderId": each.id, "clientOrderId": each.client_order_id} for each in orders]


def order_list(each: OrderList, orders: Iterable[Order]) -> Shape:
    """A list with its orders named; ``orderReports`` come on top where something has just been done to it."""
    status_type, status = list_progress(each)
    return {
        "orderListId": each.id,
        "contingencyType": contingency(each.kind),
        "listStatusType": status_type,
        "listOrderStatus": status,
        "listClientOrderId": each.client_id,
        "transactionTime": Time(each.updated_us),
        "symbol": each.symbol,
        "orders": listed(orders),
    }


def amended_list(each: OrderList, orders: Iterable[Order]) -> Shape:
    shape = order_list(each, orders)
    return {name: value for name, value in shape.items() if name not in ("listStatusType", "transactionTime")}
