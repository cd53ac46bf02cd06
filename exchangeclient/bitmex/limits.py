"""What BitMEX allows: buckets of calls that fill up again all the time, and tell in each answer how much is left. Pure.

An account has one for all its calls and one for its orders within a second; calls without a key are counted by address. The names of
these in ``client.limits()`` are ours. Source: https://www.bitmex.com/app/restAPI#Limits
"""

from __future__ import annotations

from typing import Final

from exchangeclient.core.budgets.budget import Limit, Limits

ACCOUNT: Final = "account"
"""By what signed calls are counted; the others by their address, which has much less."""

DOCUMENTED: Final = Limits(
    address=(Limit("ADDRESS-1M", "weight", 60_000, 30, "x-ratelimit-remaining", refills=True, size_header="x-ratelimit-limit"),),
    account=(
        Limit("ACCOUNT-1M", ACCOUNT, 60_000, 120, "x-ratelimit-remaining", refills=True, size_header="x-ratelimit-limit"),
        Limit("ORDERS-1S", "orders", 1_000, 10, "x-ratelimit-remaining-1s", refills=True, size_header="x-ratelimit-limit-1s"),
    ),
)
