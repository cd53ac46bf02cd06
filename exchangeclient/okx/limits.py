"""What OKX allows: each endpoint so many calls in a stretch of time, of an address, of a user, or of a user on an instrument. Pure.

No answer tells how much is used, so it is counted here. Source: https://www.okx.com/docs-v5/en/#overview-rate-limits
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from exchangeclient.core import jsonio
from exchangeclient.core.budget import Limit, Limits

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
        try:
            orders = jsonio.decode(params.get("orders", "[]"))
        except ValueError:
            return 1
        return max(1, len(orders)) if isinstance(orders, list) else 1

    def __str__(self) -> str:
        return "1 for each order"


EACH: Final = OrdersOf()
