"""BitMEX's orders and executions, each as a row."""

from __future__ import annotations

from fractions import Fraction
from zlib import crc32

from msgspec import Struct

from exchangeclient.sandbox.dialects.bitmex.market_shapes import BUY, match_id
from exchangeclient.sandbox.dialects.bitmex.names import Product
from exchangeclient.sandbox.dialects.bitmex.order_form import DAY, Form
from exchangeclient.sandbox.dialects.bitmex.tables import Row
from exchangeclient.sandbox.dialects.bitmex.words import iso, number
from exchangeclient.sandbox.engine.events import Fill, Order
from exchangeclient.sandbox.engine.instruments import UNIT
from exchangeclient.sandbox.engine.words import ExpiryReason, OrderStatus, Side

NEW, PARTLY, FILLED, CANCELED, REJECTED = "New", "PartiallyFilled", "Filled", "Canceled", "Rejected"
OPEN = (NEW, PARTLY)
_STATES = {
    OrderStatus.NEW: NEW,
    OrderStatus.PARTIALLY_FILLED: PARTLY,
    OrderStatus.FILLED: FILLED,
    OrderStatus.REJECTED: REJECTED,
}
TRIGGERED = "StopOrderTriggered"

_WHY = {
    ExpiryReason.WOULD_TAKE: "Order had execInst of ParticipateDoNotInitiate",
    ExpiryReason.UNFILLED_IOC_QUANTITY_EXPIRED: "Order had timeInForce of ImmediateOrCancel",
    ExpiryReason.UNFILLED_FOK_ORDER_EXPIRED: "Order had timeInForce of FillOrKill",
    ExpiryReason.INSUFFICIENT_LIQUIDITY: "Order had timeInForce of ImmediateOrCancel",
    ExpiryReason.NOTHING_TO_REDUCE: "Order had execInst of Close or ReduceOnly but current position is 0",
    ExpiryReason.EXCHANGE_CANCELED: "Instrument was delisted",
    ExpiryReason.EXECUTION_RULE_PRICE_RANGE_EXCEEDED: "Order would trade too far from the market",
}
NOTHING_TO_REDUCE = _WHY[ExpiryReason.NOTHING_TO_REDUCE]
WOULD_TAKE = _WHY[ExpiryReason.WOULD_TAKE]
DAY_IS_OVER = f"Order had timeInForce of {DAY}"
_SELF_TRADE = "Order would have traded with another one of the account"


class State(Struct, frozen=True):
    """Where an order is in its life.

    :ivar status: the venue's word
    :ivar quantity: in contracts, and so on
    :ivar average: scaled; 0 without a fill
    """

    status: str
    quantity: int
    left: int = 0
    done: int = 0
    average: int = 0
    works: bool = False
    triggered: str = ""
    price: int = 0
    stop: int = 0
    reject: str = ""
    text: str = ""
    changed_us: int = 0


def account_number(key: str) -> int:
    """The number of the account behind a key."""
    return crc32(key.encode()) % 9_000_000 + 1_000_000


def status_of(order: Order) -> str:
    """What the venue calls the engine's."""
    return _STATES.get(order.status, CANCELED)


def why_ended(order: Order) -> str:
    """Why the engine ended an order that its owner did not cancel."""
    if order.status is OrderStatus.EXPIRED_IN_MATCH:
        return _SELF_TRADE
    return _WHY.get(order.expiry, "") if order.expiry is not None else ""


def average(product: Product, fills: list[Fill]) -> int:
    """The mean price of fills: by what they were worth, which for an inverse contract is no mean of prices."""
    done = sum(each.quantity for each in fills)
    if not done:
        return 0
    if product.is_inverse:
        return round(done / sum(Fraction(each.quantity, each.price) for each in fills))
    return sum(each.price * each.quantity for each in fills) // done


def order(product: Product, form: Form, state: State, *, id: str, account: int, skew_us: int) -> Row:
    """An order as it stands."""
    return {
        "orderID": id,
        "clOrdID": form.client_id,
        "clOrdLinkID": form.link_id,
        "account": account,
        "symbol": product.symbol,
        "side": form.side,
        "simpleOrderQty": None,
        "orderQty": state.quantity,
        "price": number(state.price) if state.price else None,
        "displayQty": None,
        "stopPx": number(state.stop) if state.stop else None,
        "pegOffsetValue": number(form.offset) if form.peg else None,
        "pegPriceType": form.peg,
        "currency": product.quote,
        "settlCurrency": product.currency.code,
        "ordType": form.type,
        "timeInForce": form.time_in_force,
        "execInst": ",".join(form.instructions),
        "contingencyType": "",
        "exDestination": "XBME",
        "ordStatus": state.status,
        "triggered": state.triggered,
        "workingIndicator": state.works,
        "ordRejReason": state.reject,
        "simpleLeavesQty": None,
        "leavesQty": state.left,
        "simpleCumQty": None,
        "cumQty": state.done,
        "avgPx": _mean(state.average),
        "multiLegReportingType": "SingleSecurity",
        "text": state.text,
        "transactTime": iso(state.changed_us + skew_us),
        "timestamp": iso(state.changed_us + skew_us),
    }


def _mean(price: int) -> float | None:
    return round(price / UNIT, 4) if price else None


def execution(id: str, kind: str, order: Row) -> Row:
    """Something that happened to an order, a fill apart."""
    return {
        "execID": id,
        **{name: order[name] for name in ("orderID", "clOrdID", "clOrdLinkID", "account", "symbol", "side")},
        "lastQty": None,
        "lastPx": None,
        "underlyingLastPx": None,
        "lastMkt": "",
        "lastLiquidityInd": "",
        **{name: value for name, value in order.items() if name not in _FIRST_AND_LAST},
        "execType": kind,
        "commission": None,
        "tradePublishIndicator": "",
        "trdMatchID": None,
        "execCost": None,
        "execComm": None,
        "homeNotional": None,
        "foreignNotional": None,
        "transactTime": order["transactTime"],
        "timestamp": order["timestamp"],
    }


_FIRST_AND_LAST = frozenset(("orderID", "clOrdID", "clOrdLinkID", "account", "symbol", "side", "transactTime", "timestamp"))


def filled(product: Product, row: Row, fill: Fill) -> Row:
    """The row of an :func:`execution` that is a fill: what is bought of an inverse contract costs less than nothing."""
    sign = 1 if fill.side is Side.BUY else -1
    cost = product.value(fill.price, sign * fill.quantity)
    commission = product.currency.minor(fill.commission)
    return {
        **row,
        "lastQty": product.contracts(fill.quantity),
        "lastPx": number(fill.price),
        "lastMkt": "XBME",
        "lastLiquidityInd": "AddedLiquidity" if fill.maker else "RemovedLiquidity",
        "commission": round(commission / abs(cost), 6) if cost else 0,
        "tradePublishIndicator": "PublishTrade",
        "trdMatchID": match_id(product, fill.trade_id),
        "execCost": cost,
        "execComm": commission,
        "homeNotional": number(sign * product.home(fill.price, fill.quantity)),
        "foreignNotional": number(-sign * product.foreign(fill.price, fill.quantity)),
    }


def funded(product: Product, contracts: int, *, price: int, rate: int, paid: int, id: str, account: int, shown_us: int) -> Row:
    """What a position was charged as funding: an execution without an order."""
    nothing = {
        "clOrdID": "",
        "clOrdLinkID": "",
        "underlyingLastPx": None,
        "simpleOrderQty": None,
        "displayQty": None,
        "stopPx": None,
        "pegOffsetValue": None,
        "pegPriceType": "",
        "contingencyType": "",
        "triggered": "",
        "ordRejReason": "",
        "simpleLeavesQty": None,
        "simpleCumQty": None,
    }
    quantity = product.quantity(contracts)
    return {
        **nothing,
        "execID": id,
        "orderID": "00000000-0000-0000-0000-000000000000",
        "account": account,
        "symbol": product.symbol,
        "side": "",
        "lastQty": abs(contracts),
        "lastPx": number(price),
        "lastMkt": "XBME",
        "lastLiquidityInd": "",
        "orderQty": abs(contracts),
        "price": number(price),
        "currency": product.quote,
        "settlCurrency": product.currency.code,
        "execType": "Funding",
        "ordType": "Limit",
        "timeInForce": "AtTheClose",
        "execInst": "",
        "exDestination": "XBME",
        "ordStatus": FILLED,
        "workingIndicator": False,
        "leavesQty": 0,
        "cumQty": abs(contracts),
        "avgPx": number(price),
        "commission": number(rate),
        "tradePublishIndicator": "",
        "multiLegReportingType": "SingleSecurity",
        "text": "Funding",
        "trdMatchID": None,
        "execCost": product.value(price, quantity),
        "execComm": paid,
        "homeNotional": number(product.home(price, abs(quantity)) * (-1 if contracts > 0 else 1)),
        "foreignNotional": number(product.foreign(price, abs(quantity)) * (1 if contracts > 0 else -1)),
        "transactTime": iso(shown_us),
        "timestamp": iso(shown_us),
    }


def side_of(form: Form) -> Side:
    return Side.BUY if form.side == BUY else Side.SELL
