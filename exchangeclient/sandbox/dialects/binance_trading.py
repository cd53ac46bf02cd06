"""Binance's signed endpoints: orders, what became of them, and what the account has."""

from __future__ import annotations

from typing import Any
from zlib import crc32

from exchangeclient.sandbox.dialects import binance_errors as errors
from exchangeclient.sandbox.dialects import binance_shapes as shapes
from exchangeclient.sandbox.dialects.binance_call import Call
from exchangeclient.sandbox.dialects.binance_errors import VenueError, refusal
from exchangeclient.sandbox.dialects.binance_market import DEFAULT_ROWS, MOST_ROWS
from exchangeclient.sandbox.dialects.binance_params import Params
from exchangeclient.sandbox.engine.events import (
    Cancel,
    Order,
    OrderAccepted,
    OrderCanceled,
    OrderStatus,
    OrderType,
    Place,
    Refused,
    Side,
    TimeInForce,
)

ORDER_NAMES = (
    "symbol",
    "side",
    "type",
    "timeInForce",
    "quantity",
    "quoteOrderQty",
    "price",
    "newClientOrderId",
    "strategyId",
    "strategyType",
    "stopPrice",
    "trailingDelta",
    "icebergQty",
    "newOrderRespType",
    "selfTradePreventionMode",
    "pegPriceType",
    "pegOffsetValue",
    "pegOffsetType",
)

_MANDATORY: dict[str, tuple[str, ...]] = {
    "LIMIT": ("timeInForce", "quantity", "price"),
    "LIMIT_MAKER": ("quantity", "price"),
    "MARKET": (),
    "STOP_LOSS": ("quantity",),
    "STOP_LOSS_LIMIT": ("timeInForce", "quantity", "price"),
    "TAKE_PROFIT": ("quantity",),
    "TAKE_PROFIT_LIMIT": ("timeInForce", "quantity", "price"),
}
_FORBIDDEN: dict[str, tuple[str, ...]] = {
    "LIMIT": ("quoteOrderQty", "stopPrice"),
    "LIMIT_MAKER": ("timeInForce", "quoteOrderQty", "stopPrice"),
    "MARKET": ("timeInForce", "price", "stopPrice"),
}
# What the venue has and no symbol here allows: order types, and features by the parameter that asks for them.
_UNSUPPORTED_TYPES = {
    "STOP_LOSS": "Stop loss",
    "STOP_LOSS_LIMIT": "Stop loss limit",
    "TAKE_PROFIT": "Take profit",
    "TAKE_PROFIT_LIMIT": "Take profit limit",
}
_UNSUPPORTED_FEATURES = {
    "icebergQty": "Iceberg",
    "trailingDelta": "Trailing stop",
    "pegPriceType": "Pegged",
    "pegOffsetValue": "Pegged",
    "pegOffsetType": "Pegged",
}
_RESPONSE_TYPES = ("ACK", "RESULT", "FULL")
_STP_MODES = ("NONE", "EXPIRE_TAKER", "EXPIRE_MAKER", "EXPIRE_BOTH", "DECREMENT", "TRANSFER")
_LEAST_STRATEGY_TYPE = 1_000_000
# What an order must still be for a cancel with this restriction to hit it.
_RESTRICTIONS = {"ONLY_NEW": OrderStatus.NEW, "ONLY_PARTIALLY_FILLED": OrderStatus.PARTIALLY_FILLED}
_LONGEST_SPAN_MS = 24 * 3600 * 1000
_TRADE_QUERIES: tuple[set[str], ...] = (
    set(),
    {"orderId"},
    {"startTime"},
    {"endTime"},
    {"fromId"},
    {"startTime", "endTime"},
    {"orderId", "fromId"},
)


# ---- placing -------------------------------------------------------------------------------------------------------


def place_order(call: Call) -> Any:
    place = _read_order(call, check_only=False)
    response_type = _response_type(call.params, place.type)
    events = _executed(call, place)
    accepted = next(event for event in events if isinstance(event, OrderAccepted))
    order = call.exchange.find_order(call.account, place.symbol, order_id=accepted.order.id)
    if response_type == "ACK":
        return shapes.order_ack(order)
    if response_type == "RESULT":
        return shapes.order_result(order)
    return shapes.order_full(order, call.exchange.fills(call.account, place.symbol, order_id=order.id))


def check_order(call: Call) -> Any:
    rates = call.params.flag("computeCommissionRates", default=False)
    place = _read_order(call, check_only=True)
    _response_type(call.params, place.type)
    _executed(call, place)
    return shapes.commission_for_order() if rates else {}


def _read_order(call: Call, *, check_only: bool) -> Place:
    """The order that the parameters ask for: first their shape, then what the symbol allows."""
    params = call.params
    params.need_all(("symbol", "side", "type"))
    if params.need("side") not in Side.__members__:
        raise errors.BAD_SIDE()
    kind = params.need("type")
    if kind not in _MANDATORY:
        raise errors.BAD_TYPE()
    params.need_all(_MANDATORY[kind])
    params.forbid(_FORBIDDEN.get(kind, ()))
    if kind == "MARKET":
        _one_quantity(params)
    time_in_force = params.text("timeInForce") or "GTC"
    if time_in_force not in TimeInForce.__members__:
        raise errors.BAD_TIME_IN_FORCE()
    quantity, quote_quantity, price = (params.amount(name) for name in ("quantity", "quoteOrderQty", "price"))
    client_order_id = params.client_order_id("newClientOrderId")
    strategy_id, strategy_type = params.integer("strategyId"), params.integer("strategyType")
    if strategy_type is not None and strategy_type < _LEAST_STRATEGY_TYPE:
        raise errors.BAD_STRATEGY_TYPE()
    prevention = params.text("selfTradePreventionMode") or "NONE"
    if prevention not in _STP_MODES:
        raise errors.BAD_VALUE("selfTradePreventionMode")
    symbol = call.instrument().symbol
    _check_support(params, kind, prevention)
    return Place(
        account=call.account,
        symbol=symbol,
        side=Side[params.need("side")],
        type=OrderType[kind],
        quantity=quantity,
        quote_quantity=quote_quantity,
        price=price,
        time_in_force=TimeInForce[time_in_force],
        client_order_id=client_order_id,
        check_only=check_only,
        strategy_id=strategy_id,
        strategy_type=strategy_type,
    )


def _one_quantity(params: Params) -> None:
    if "quantity" not in params and "quoteOrderQty" not in params:
        raise errors.MISSING_BOTH("quantity", "quoteOrderQty")
    if "quantity" in params and "quoteOrderQty" in params:
        raise errors.NOT_REQUIRED("quoteOrderQty")


def _check_support(params: Params, kind: str, prevention: str) -> None:
    if kind in _UNSUPPORTED_TYPES:
        raise errors.NOT_SUPPORTED_ON_SYMBOL(_UNSUPPORTED_TYPES[kind])
    for name, feature in _UNSUPPORTED_FEATURES.items():
        if name in params:
            raise errors.NOT_SUPPORTED_ON_SYMBOL(feature)
    if prevention != "NONE":
        raise errors.STP_NOT_ALLOWED()


def _response_type(params: Params, kind: OrderType) -> str:
    wanted = params.text("newOrderRespType")
    if wanted is None:
        return "ACK" if kind is OrderType.LIMIT_MAKER else "FULL"
    if wanted not in _RESPONSE_TYPES:
        raise errors.BAD_VALUE("newOrderRespType")
    return wanted


def _executed(call: Call, command: Place | Cancel) -> Any:
    try:
        return call.venue.live.execute(command)
    except Refused as refused:
        raise refusal(refused.rule) from refused


# ---- cancelling ----------------------------------------------------------------------------------------------------


def cancel_order(call: Call) -> Any:
    order_id, client_order_id = _order_ids(call.params)
    cancel_id = call.params.client_order_id("newClientOrderId")
    restriction = call.params.text("cancelRestrictions")
    if restriction is not None and restriction not in _RESTRICTIONS:
        raise errors.BAD_CANCEL_RESTRICTIONS()
    only = None if restriction is None else _RESTRICTIONS[restriction]
    symbol = call.instrument().symbol
    if order_id is not None and client_order_id:
        _check_ids_agree(call, symbol, order_id, client_order_id, unknown=errors.CANCEL_UNKNOWN(), mismatch=errors.CANCEL_MISMATCH())
    return _cancelled(call, Cancel(call.account, symbol, order_id, client_order_id, cancel_id, only))


def cancel_open_orders(call: Call) -> Any:
    symbol = call.instrument().symbol
    resting = call.exchange.open_orders(call.account, symbol)
    if not resting:
        raise errors.CANCEL_UNKNOWN()
    return [_cancelled(call, Cancel(call.account, symbol, order.id)) for order in resting]


def _cancelled(call: Call, cancel: Cancel) -> Any:
    event = next(each for each in _executed(call, cancel) if isinstance(each, OrderCanceled))
    return shapes.order_cancel(event.order, event.cancel_id)


# ---- asking --------------------------------------------------------------------------------------------------------


def query_order(call: Call) -> Any:
    order_id, client_order_id = _order_ids(call.params)
    symbol = call.instrument().symbol
    if order_id is not None and client_order_id:
        _check_ids_agree(call, symbol, order_id, client_order_id, unknown=errors.NO_SUCH_ORDER(), mismatch=errors.ID_MISMATCH())
    return shapes.order_query(_found(call, symbol, order_id, client_order_id, errors.NO_SUCH_ORDER()))


def open_orders(call: Call) -> Any:
    symbol = call.instrument().symbol if "symbol" in call.params else None
    return [shapes.order_query(each) for each in call.exchange.open_orders(call.account, symbol)]


def all_orders(call: Call) -> Any:
    params = call.params
    limit = params.limit(DEFAULT_ROWS, MOST_ROWS)
    first_id = params.integer("orderId")
    start_us, end_us = _span(params)
    symbol = call.instrument().symbol
    rows = call.exchange.orders(call.account, symbol, first_id=first_id, start_us=start_us, end_us=end_us, limit=limit)
    return [shapes.order_query(each) for each in rows]


def my_trades(call: Call) -> Any:
    params = call.params
    limit = params.limit(DEFAULT_ROWS, MOST_ROWS)
    if {name for name in ("orderId", "startTime", "endTime", "fromId") if name in params} not in _TRADE_QUERIES:
        raise errors.BAD_COMBINATION()
    order_id, first_id = params.integer("orderId"), params.integer("fromId")
    start_us, end_us = _span(params)
    symbol = call.instrument().symbol
    rows = call.exchange.fills(call.account, symbol, order_id=order_id, first_id=first_id, start_us=start_us, end_us=end_us, limit=limit)
    return [shapes.own_trade(each) for each in rows]


def account(call: Call) -> Any:
    without_zeros = call.params.flag("omitZeroBalances", default=False)
    balances = call.exchange.balances(call.account)
    return {
        "makerCommission": shapes.COMMISSION_BIPS,
        "takerCommission": shapes.COMMISSION_BIPS,
        "buyerCommission": 0,
        "sellerCommission": 0,
        "commissionRates": {"maker": shapes.COMMISSION_RATE, "taker": shapes.COMMISSION_RATE, "buyer": shapes.ZERO, "seller": shapes.ZERO},
        "canTrade": True,
        "canWithdraw": True,
        "canDeposit": True,
        "brokered": False,
        "requireSelfTradePrevention": False,
        "preventSor": False,
        "updateTime": shapes.ms(call.venue.updated_us(call.account)),
        "accountType": "SPOT",
        "balances": [shapes.balance(asset, each) for asset, each in balances.items() if each.free or each.locked or not without_zeros],
        "permissions": [shapes.PERMISSION],
        "uid": crc32(call.account.encode()),
    }


def account_commission(call: Call) -> Any:
    return shapes.commission(call.instrument().symbol)


def order_rate_limits(call: Call) -> Any:
    return [counter.shape(call.account, call.now_us) for counter in call.venue.limits.orders]


# ---- which rows ----------------------------------------------------------------------------------------------------


def _order_ids(params: Params) -> tuple[int | None, str]:
    order_id, client_order_id = params.integer("orderId"), params.client_order_id("origClientOrderId")
    if order_id is None and not client_order_id:
        raise errors.MISSING_BOTH("orderId", "origClientOrderId")
    return order_id, client_order_id


def _check_ids_agree(call: Call, symbol: str, order_id: int, client_order_id: str, *, unknown: VenueError, mismatch: VenueError) -> None:
    """The order is looked up by its number; then its client order id must be the one that was sent."""
    if _found(call, symbol, order_id, "", unknown).client_order_id != client_order_id:
        raise mismatch


def _found(call: Call, symbol: str, order_id: int | None, client_order_id: str, unknown: VenueError) -> Order:
    try:
        return call.exchange.find_order(call.account, symbol, order_id=order_id, client_order_id=client_order_id)
    except Refused as refused:
        raise unknown from refused


def _span(params: Params) -> tuple[int | None, int | None]:
    start_us, end_us = params.span_us()
    if start_us is not None and end_us is not None and (end_us - start_us) // 1000 > _LONGEST_SPAN_MS:
        raise errors.TOO_LONG(24)
    return start_us, end_us
