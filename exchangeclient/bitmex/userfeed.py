"""Brings the account's messages to the user's callback, and what was missed of orders and executions too.

Each connection brings the open orders, positions and margin whole; of orders that ended meanwhile, and of executions, it says nothing.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from exchangeclient.bitmex.client import Client
from exchangeclient.bitmex.messages import milliseconds
from exchangeclient.bitmex.times import iso
from exchangeclient.core.feeds.accountfeed import AccountFeed
from exchangeclient.core.feeds.callbacks import CallbackThread
from exchangeclient.core.feeds.notices import SocketNotice
from exchangeclient.core.feeds.stream_group import Callback, Forms
from exchangeclient.core.http.jsonio import as_documented

_PAGE: Final = 500
_REMEMBERED: Final = 10_000
_TOLD: Final = ("ordStatus", "cumQty", "price", "orderQty")


class UserFeed(AccountFeed[Client]):
    """The listener of the user socket; for the parameters see :class:`~exchangeclient.core.feeds.accountfeed.AccountFeed`."""

    def __init__(
        self, callbacks: CallbackThread, client: Client, callback: Callback, *, forms: Forms, tell: Callable[[SocketNotice], None]
    ) -> None:
        super().__init__(callbacks, client, callback, forms=forms, tell=tell)
        # Touched by the callback thread alone.
        self._executions: OrderedDict[str, None] = OrderedDict()

    def _news_in(self, message: Any) -> Any:
        if not isinstance(message, Mapping):
            return message
        kinds = {"order": self._is_new_order, "execution": self._is_new_execution}
        is_new, rows = kinds.get(str(message.get("table"))), message.get("data")
        if is_new is None or not isinstance(rows, list) or message.get("action") == "partial":
            return message
        news = [row for row in rows if is_new(row, caught_up="catch_up" in message)]
        return {**message, "data": news} if news else None

    def _is_new_order(self, row: Any, *, caught_up: bool) -> bool:
        if not isinstance(row, Mapping) or not isinstance(order_id := row.get("orderID"), str):
            return True
        told = (milliseconds(row.get("timestamp")) or 0, *(row.get(name) for name in _TOLD))
        return self._is_news(order_id, told, caught_up=caught_up)

    def _is_new_execution(self, row: Any, *, caught_up: bool) -> bool:  # noqa: ARG002 - an execution is told once, by whomever
        if not isinstance(row, Mapping) or not isinstance(execution_id := row.get("execID"), str):
            return True
        if execution_id in self._executions:
            return False
        self._executions[execution_id] = None
        while len(self._executions) > _REMEMBERED:
            self._executions.popitem(last=False)
        return True

    def _sign(self) -> None:
        self._client.get_account()

    def _missed_since(self, since_ms: int) -> Iterator[Any]:
        """The executions, which made the orders what they are, and then those."""
        for table, ask in (("execution", self._client.get_my_trades), ("order", self._client.get_orders)):
            for row in self._pages(ask, since_ms):
                yield {"table": table, "action": "insert" if table == "execution" else "update", "data": [row], "catch_up": True}

    def _pages(self, ask: Callable[..., list[dict[str, Any]]], since_ms: int) -> Iterator[dict[str, Any]]:
        start = 0
        while page := ask(startTime=iso(since_ms), start=start, count=_PAGE):
            with as_documented("get_orders"):
                yield from page
                if len(page) < _PAGE:
                    return
                start += len(page)
