"""What OKX allows: each endpoint so many calls in a stretch of time, of an address, of a user, or of a user on an instrument. Pure.

No answer tells how much is used, so it is counted here. Source: https://www.okx.com/docs-v5/en/#overview-rate-limits
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from exchangeclient.core.budgets.budget import Limit, Limits
from exchangeclient.core.http import jsonio
from exchangeclient.core.http.request import Request

_SPAN_MS: Final = 2_000


def _limit(whose: str, most: int, length_ms: int = _SPAN_MS) -> Limit:
    """A limit that every endpoint has for itself."""
    return Limit(f"{whose.upper()}-{most}-{length_ms // 1000}S", f"{whose}-{most}-{length_ms // 1000}s", length_ms, most, each=True)


_BY_ADDRESS: Final = tuple(_limit("ip", most) for most in (5, 10, 20, 40, 60, 100))
_BY_USER: Final = (*(_limit("user", most) for most in (5, 10, 20, 40, 60, 300)), _limit("user", 6, 1_000), _limit("user", 1, 1_000))
_ORDERS: Final = Limit("ORDERS-2S", "orders", _SPAN_MS, 1_000)
"""New and amended orders of a sub-account, whatever way they come."""

DOCUMENTED: Final = Limits(address=_BY_ADDRESS, account=(*_BY_USER, _ORDERS))

# By what a declared endpoint is counted.
IP_5, IP_10, IP_20, IP_40, IP_60, IP_100 = (limit.counts for limit in _BY_ADDRESS)
USER_5, USER_10, USER_20, USER_40, USER_60, USER_300, USER_6_A_SECOND, USER_1_A_SECOND = (limit.counts for limit in _BY_USER)
UNCOUNTED: Final = "uncounted"
"""For the one call that is taken once in five seconds: there would be none left to spare of a budget of one."""

INSTRUMENT: Final = "instId"
"""Trading is counted by user and instrument."""


class OrdersOf:
    """As many as a list of orders has."""

    def __call__(self, params: Mapping[str, str]) -> int:
        return max(1, len(_orders(params)))

    def __str__(self) -> str:
        return "1 for each order"


EACH: Final = OrdersOf()

_SINGLE: Final[Mapping[str, str]] = {
    "/api/v5/trade/batch-orders": "/api/v5/trade/order",
    "/api/v5/trade/cancel-batch-orders": "/api/v5/trade/cancel-order",
    "/api/v5/trade/amend-batch-orders": "/api/v5/trade/amend-order",
}

_ASKED_AND_SENT: Final = ("/api/v5/trade/order", "/api/v5/trade/order-algo")


def counted(request: Request) -> Request:
    """A call as the venue counts it: a list of one order like the call for one, and questions after orders apart from orders."""
    if request.verb == "GET" and request.path in _ASKED_AND_SENT:
        return replace(request, bucket=f"GET {request.bucket or request.path}")
    single = _SINGLE.get(request.path)
    orders = _orders(request.params) if single is not None else []
    if len(orders) != 1 or not isinstance(orders[0], Mapping):
        return request
    return replace(request, counts=USER_60, bucket=f"{single} {orders[0].get(INSTRUMENT, '')}")


def _orders(params: Mapping[str, str]) -> list[Any]:
    """The orders of a list; none for what is no list: it is the venue's to refuse."""
    try:
        orders = jsonio.decode(params.get("orders", "[]"))
    except ValueError:
        return []
    return orders if isinstance(orders, list) else []
