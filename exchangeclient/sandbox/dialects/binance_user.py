"""Binance's user data: from what happens to an account to the events of those who have subscribed to it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from exchangeclient.sandbox.dialects.binance_shapes import ZERO, Shape, ms
from exchangeclient.sandbox.engine.events import (
    BalanceChanged,
    Deposited,
    Event,
    Fill,
    Order,
    OrderAccepted,
    OrderCanceled,
    OrderExpired,
    OrderFilled,
    OrderStatus,
)
from exchangeclient.sandbox.engine.instruments import shown

Deliver = Callable[[Shape], None]


class UserHub:
    """Who listens to which account, and what each one is told."""

    def __init__(self) -> None:
        self._listeners: dict[str, dict[Deliver, None]] = {}
        self._execution_id = 0

    def subscribe(self, account: str, deliver: Deliver) -> None:
        """Tell ``deliver`` all that happens to the account from now on."""
        self._listeners.setdefault(account, {})[deliver] = None

    def unsubscribe(self, account: str, deliver: Deliver) -> None:
        """Tell it no more."""
        listeners = self._listeners.get(account, {})
        listeners.pop(deliver, None)
        if not listeners:
            self._listeners.pop(account, None)

    def observe(self, events: Sequence[Event], now_us: int) -> None:
        """Tell everybody what concerns him: each order event in turn, then what his balances are now."""
        changed: dict[str, list[BalanceChanged]] = {}
        for event in events:
            if isinstance(event, BalanceChanged):
                if event.account in self._listeners:
                    changed.setdefault(event.account, []).append(event)
            elif isinstance(event, Deposited):
                self._tell(event.account, _balance_update(event, now_us))
            elif isinstance(event, (OrderAccepted, OrderFilled, OrderCanceled, OrderExpired)):
                self._execution_id += 1
                if event.order.account in self._listeners:
                    self._tell(event.order.account, _report(event, self._execution_id, now_us))
        for account, balances in changed.items():
            self._tell(account, _account_position(balances, now_us))

    def _tell(self, account: str, shape: Shape) -> None:
        for deliver in list(self._listeners.get(account, ())):
            deliver(shape)


def _balance_update(event: Deposited, now_us: int) -> Shape:
    return {"e": "balanceUpdate", "E": ms(now_us), "a": event.asset, "d": shown(event.amount), "T": ms(event.time_us)}


def _account_position(balances: Sequence[BalanceChanged], now_us: int) -> Shape:
    return {
        "e": "outboundAccountPosition",
        "E": ms(now_us),
        "u": ms(balances[-1].time_us),
        "B": [{"a": each.asset, "f": shown(each.free), "l": shown(each.locked)} for each in balances],
    }


def _report(event: OrderAccepted | OrderFilled | OrderCanceled | OrderExpired, execution_id: int, now_us: int) -> Shape:
    order = event.order
    if isinstance(event, OrderFilled):
        return _execution_report(order, "TRADE", execution_id, event.time_us, now_us, fill=event.fill)
    if isinstance(event, OrderCanceled):
        return _execution_report(order, "CANCELED", execution_id, event.time_us, now_us, cancel_id=event.cancel_id)
    kind = "NEW" if isinstance(event, OrderAccepted) else "EXPIRED"
    return _execution_report(order, kind, execution_id, event.time_us, now_us)


def _execution_report(
    order: Order, kind: str, execution_id: int, time_us: int, now_us: int, *, fill: Fill | None = None, cancel_id: str = ""
) -> Shape:
    return {
        "e": "executionReport",
        "E": ms(now_us),
        "s": order.symbol,
        # A cancel has an id of its own; the order's moves to C.
        "c": cancel_id or order.client_order_id,
        "S": order.side.value,
        "o": order.type.value,
        "f": order.time_in_force.value,
        "q": shown(order.quantity),
        "p": shown(order.price),
        "P": ZERO,
        "F": ZERO,
        "g": -1,
        "C": order.client_order_id if cancel_id else "",
        "x": kind,
        "X": order.status.value,
        "r": "NONE",
        "i": order.id,
        "l": shown(fill.quantity) if fill else ZERO,
        "z": shown(order.executed),
        "L": shown(fill.price) if fill else ZERO,
        "n": shown(fill.commission) if fill else "0",
        "N": fill.commission_asset if fill else None,
        "T": ms(time_us),
        "t": fill.trade_id if fill else -1,
        "I": execution_id,
        # True while the order works, a market order's acceptance included.
        "w": order.status in (OrderStatus.NEW, OrderStatus.PARTIALLY_FILLED),
        "m": fill.maker if fill else False,
        "M": fill is not None,
        "O": ms(order.created_us),
        "Z": shown(order.executed_quote),
        "Y": shown(fill.quote) if fill else ZERO,
        "Q": shown(order.quote_quantity),
        **({"W": ms(order.working_us)} if order.working_us >= 0 else {}),
        "V": "NONE",
        **({"j": order.strategy_id} if order.strategy_id is not None else {}),
        **({"J": order.strategy_type} if order.strategy_type is not None else {}),
    }
