"""How Binance writes down what happens to an account: the events of its user data stream."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from exchangeclient.sandbox.dialects.binance.order_shapes import ALLOCATED, PEG_NAMES, PEG_OFFSET, contingency, list_progress
from exchangeclient.sandbox.dialects.binance.shapes import ZERO, Shape
from exchangeclient.sandbox.dialects.binance.times import Time
from exchangeclient.sandbox.engine.events import (
    BalanceChanged,
    Deposited,
    ListChanged,
    Order,
    OrderAccepted,
    OrderAmended,
    OrderCanceled,
    OrderExpired,
    OrderFilled,
    OrderPrevented,
    OrderRejected,
    OrderTriggered,
)
from exchangeclient.sandbox.engine.instruments import shown, total
from exchangeclient.sandbox.engine.refusals import Rule
from exchangeclient.sandbox.engine.words import OrderStatus

OrderEvent = OrderAccepted | OrderFilled | OrderCanceled | OrderExpired | OrderTriggered | OrderRejected | OrderAmended | OrderPrevented

# The execution types. An order that a trigger sets to work is as new as one that has just come.
_KINDS: dict[type[OrderEvent], str] = {
    OrderAccepted: "NEW",
    OrderTriggered: "NEW",
    OrderFilled: "TRADE",
    OrderCanceled: "CANCELED",
    OrderExpired: "EXPIRED",
    OrderRejected: "REJECTED",
    OrderAmended: "REPLACED",
    OrderPrevented: "TRADE_PREVENTION",
}
# The reasons that have a word; every other one is NONE.
_REASONS = {
    Rule.INSUFFICIENT_BALANCE: "INSUFFICIENT_BALANCES",
    Rule.WOULD_TRIGGER: "STOP_PRICE_WOULD_TRIGGER_IMMEDIATELY",
    Rule.WOULD_MATCH: "WOULD_MATCH_IMMEDIATELY",
    Rule.LIST_PRICES: "OCO_BAD_PRICES",
}
_OPEN = (OrderStatus.NEW, OrderStatus.PARTIALLY_FILLED)


def balance_update(event: Deposited, now_us: int) -> Shape:
    return {"e": "balanceUpdate", "E": Time(now_us), "a": event.asset, "d": shown(event.amount), "T": Time(event.time_us)}


def account_position(balances: Sequence[BalanceChanged], now_us: int) -> Shape:
    return {
        "e": "outboundAccountPosition",
        "E": Time(now_us),
        "u": Time(balances[-1].time_us),
        "B": [{"a": each.asset, "f": shown(each.free), "l": shown(each.locked)} for each in balances],
    }


def list_status(event: ListChanged, orders: Iterable[Order], now_us: int) -> Shape:
    """A list, with the ids that its orders have now."""
    status_type, status = list_progress(event.list)
    return {
        "e": "listStatus",
        "E": Time(now_us),
        "s": event.list.symbol,
        "g": event.list.id,
        "c": contingency(event.list.kind),
        "l": "UPDATED" if event.amended else status_type,
        "L": status,
        "r": "NONE",
        "C": event.list.client_id,
        "T": Time(event.time_us),
        "O": [{"s": each.symbol, "i": each.id, "c": each.client_order_id} for each in orders],
    }


def execution_report(event: OrderEvent, execution_id: int, now_us: int) -> Shape:
    """What happened to an order, and how it stands after that."""
    order = event.order
    fill = event.fill if isinstance(event, OrderFilled) else None
    client_order_id, former_id = _client_ids(event)
    return {
        "e": "executionReport",
        "E": Time(now_us),
        "s": order.symbol,
        "c": client_order_id,
        "S": order.side.value,
        "o": order.type.value,
        "f": order.time_in_force.value,
        "q": shown(order.quantity),
        "p": shown(order.price),
        "P": shown(order.stop_price),
        "F": shown(order.iceberg_quantity),
        "g": order.list_id,
        "C": former_id,
        "x": _KINDS[type(event)],
        "X": order.status.value,
        "r": _REASONS.get(event.rule, "NONE") if isinstance(event, OrderRejected) else "NONE",
        "i": order.id,
        "l": shown(fill.quantity) if fill else ZERO,
        "z": shown(order.executed),
        "L": shown(fill.price) if fill else ZERO,
        "n": shown(fill.commission) if fill else "0",
        "N": fill.commission_asset if fill else None,
        "T": Time(event.time_us),
        "t": fill.trade_id if fill else -1,
        "I": execution_id,
        # True while the order works, a market order's acceptance included.
        "w": order.status in _OPEN and order.working_us >= 0,
        "m": fill.maker if fill else False,
        "M": fill is not None,
        "O": Time(order.created_us),
        "Z": shown(order.executed_quote),
        "Y": shown(fill.quote) if fill else ZERO,
        "Q": shown(order.quote_quantity),
        "V": order.self_trade.value,
        **_special(order),
        **({"b": ALLOCATED, "a": fill.allocation_id} if fill and fill.allocation_id >= 0 else {}),
        **(_prevention(event) if isinstance(event, OrderPrevented) else {}),
    }


def _client_ids(event: OrderEvent) -> tuple[str, str]:
    """The id that counts from now on, and the order's own where a cancel or an amendment put another one in its place."""
    own = event.order.client_order_id
    if isinstance(event, OrderCanceled):
        return event.cancel_id, own
    return own, event.former_client_order_id if isinstance(event, OrderAmended) else ""


def _special(order: Order) -> Shape:
    """The fields that only orders with something special to them have."""
    shape: Shape = {}
    if order.working_us >= 0:
        shape["W"] = Time(order.working_us)
    if order.trailing_delta:
        shape |= {"d": order.trailing_delta, "D": Time(order.trailing_us)}
    if order.strategy_id is not None:
        shape["j"] = order.strategy_id
    if order.strategy_type is not None:
        shape["J"] = order.strategy_type
    if order.prevented:
        shape |= {"v": order.match_id, "A": shown(order.prevented)}
    if order.routed:
        shape |= {"k": order.floor, "uS": True}
    if order.peg is not None:
        shape["gP"] = PEG_NAMES[order.peg.kind]
        if order.peg.levels:
            shape |= {"gOT": PEG_OFFSET, "gOV": order.peg.levels}
        if order.pegged_price:
            shape["gp"] = shown(order.pegged_price)
    if order.expiry is not None:
        shape["eR"] = order.expiry.value
    return shape


def _prevention(event: OrderPrevented) -> Shape:
    """The trade that did not happen, and with whom."""
    match = event.match
    # Ids are a symbol's own, and the maker that a routed order met may rest on another one.
    takes = (event.order.symbol, event.order.id) == (match.symbol, match.taker_order_id)
    quantity = min(each for each in (match.taker_prevented, match.maker_prevented) if each)
    return {
        "B": shown(event.quantity),
        "u": match.group,
        "U": match.maker_order_id if takes else match.taker_order_id,
        "Cs": match.maker_symbol if takes else match.symbol,
        "pl": shown(quantity),
        "pL": shown(match.price),
        "pY": shown(total(match.price, quantity)),
    }
