"""Binance's user data: who listens to what happens to an account, and in which order it is told."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeGuard, get_args

from msgspec import Struct

from exchangeclient.sandbox.dialects.binance import user_shapes
from exchangeclient.sandbox.dialects.binance.shapes import Shape
from exchangeclient.sandbox.dialects.binance.user_shapes import OrderEvent
from exchangeclient.sandbox.engine.events import BalanceChanged, Deposited, Event, ListChanged, OrderAmended
from exchangeclient.sandbox.engine.exchange import Exchange

Deliver = Callable[[Shape], None]

USER_DATA = "userData@"
"""With an account's key behind it, the topic of what that account is told."""

_ORDER_EVENTS = frozenset(get_args(OrderEvent))


class ExecutionIds(Struct):
    """The numbers of what happened to orders.

    :ivar last: the newest
    :ivar amendments: those by which amendments can be asked for, by the engine's own number of each
    """

    last: int = 0
    amendments: dict[int, int] = {}


class UserHub:
    """Who listens to which account, and what each one is told.

    :ivar ids: where its numbers have got to
    """

    def __init__(self, exchange: Exchange, ids: ExecutionIds | None = None) -> None:
        self.ids = ExecutionIds() if ids is None else ids
        self._exchange = exchange
        self._listeners: dict[str, dict[Deliver, None]] = {}

    def subscribe(self, account: str, deliver: Deliver) -> None:
        """Tell ``deliver`` all that happens to the account from now on."""
        self._listeners.setdefault(account, {})[deliver] = None

    def unsubscribe(self, account: str, deliver: Deliver) -> None:
        """Tell it no more."""
        listeners = self._listeners.get(account, {})
        listeners.pop(deliver, None)
        if not listeners:
            self._listeners.pop(account, None)

    def observe(self, events: Sequence[Event], shown_us: int) -> None:
        """Tell everybody what concerns him: each event of his orders and lists in turn, then what his balances are now.

        :param shown_us: the time by the venue's clock
        """
        changed: dict[str, list[BalanceChanged]] = {}
        for event in events:
            if _is_of_an_order(event):
                self.ids.last += 1
                if isinstance(event, OrderAmended):
                    self.ids.amendments[event.execution_id] = self.ids.last
                if event.order.account in self._listeners:
                    self._tell(event.order.account, user_shapes.execution_report(event, self.ids.last, shown_us))
            elif isinstance(event, BalanceChanged):
                if event.account in self._listeners:
                    changed.setdefault(event.account, []).append(event)
            elif isinstance(event, ListChanged):
                if event.list.account in self._listeners:
                    self._tell(event.list.account, self._list_status(event, shown_us))
            elif isinstance(event, Deposited):
                self._tell(event.account, user_shapes.balance_update(event, shown_us))
        for account, balances in changed.items():
            self._tell(account, user_shapes.account_position(balances, shown_us))

    def execution_id(self, event: OrderEvent, events: Sequence[Event]) -> int:
        """The number of an event among those that were told last."""
        later = events[next(place for place, each in enumerate(events) if each is event) + 1 :]
        return self.ids.last - sum(_is_of_an_order(each) for each in later)

    def amendment_id(self, event: OrderAmended) -> int:
        """The number under which an amendment was told; the engine's own for one that the venue has not seen happen."""
        return self.ids.amendments.get(event.execution_id, event.execution_id)

    def _list_status(self, event: ListChanged, shown_us: int) -> Shape:
        its = event.list
        orders = [self._exchange.find_order(its.account, its.symbol, order_id=order_id) for order_id in its.order_ids]
        return user_shapes.list_status(event, orders, shown_us)

    def _tell(self, account: str, shape: Shape) -> None:
        for deliver in list(self._listeners.get(account, ())):
            deliver(shape)


def _is_of_an_order(event: Event) -> TypeGuard[OrderEvent]:
    return type(event) in _ORDER_EVENTS  # isinstance() would ask one after the other, and most events are none of them
