"""Brings the account's messages to the user's callback, and the changes of orders that were missed too.

Balances and positions the venue sends whole with each connection; of orders it says nothing but changes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any, Final

from exchangeclient.core.feeds.accountfeed import AccountFeed
from exchangeclient.core.http.jsonio import as_documented
from exchangeclient.okx.client import Client
from exchangeclient.okx.placing import told_ms

_PAGE: Final = 100
_TYPES: Final = ("SPOT", "MARGIN", "SWAP", "FUTURES", "OPTION")
_TOLD: Final = ("state", "accFillSz", "px", "sz")


class UserFeed(AccountFeed[Client]):
    """The listener of the user socket; for the parameters see :class:`~exchangeclient.core.feeds.accountfeed.AccountFeed`."""

    def _news_in(self, message: Any) -> Any:
        if not isinstance(message, Mapping) or message.get("arg", {}).get("channel") != "orders":
            return message
        news = [row for row in message.get("data", ()) if self._is_new(row, caught_up="catch_up" in message)]
        return {**message, "data": news} if news else None

    def _is_new(self, row: Any, *, caught_up: bool) -> bool:
        if not isinstance(row, Mapping) or not isinstance(order_id := row.get("ordId"), str):
            return True
        told = (told_ms(row, "uTime") or 0, *(row.get(name) for name in _TOLD))
        return self._is_news(order_id, told, caught_up=caught_up)

    def _sign(self) -> None:
        self._client.get_account_config()

    def _missed_since(self, since_ms: int) -> Iterator[Any]:
        for row in self._changed_since(since_ms):
            arg = {"channel": "orders", "instType": row.get("instType", ""), "instId": row.get("instId", "")}
            yield {"arg": arg, "data": [row], "catch_up": True}

    def _changed_since(self, since_ms: int) -> Iterator[dict[str, Any]]:
        """The orders that changed from then on as they are now, the first to change first."""
        rows = list(self._pages(self._client.get_open_orders))
        for kind in _TYPES:
            rows += self._pages(partial(self._client.get_order_history, kind), since_ms)
        changed = {row["ordId"]: row for row in rows if (told_ms(row, "uTime") or 0) >= since_ms}
        yield from sorted(changed.values(), key=lambda row: told_ms(row, "uTime") or 0)

    def _pages(self, ask: Callable[..., list[dict[str, Any]]], since_ms: int = 0) -> Iterator[dict[str, Any]]:
        after: str | None = None
        while page := ask(after=after, limit=_PAGE):
            with as_documented("get_order_history"):
                yield from page
                # They come by when they were placed: until a whole page was done before.
                if len(page) < _PAGE or page[-1]["ordId"] == after or all((told_ms(row, "uTime") or 0) < since_ms for row in page):
                    return
                after = page[-1]["ordId"]
