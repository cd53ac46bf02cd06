"""The counters and their aligned windows."""

from __future__ import annotations

import pytest

from exchangeclient.sandbox.dialects.binance_limits import ORDERS_1D, ORDERS_10S, WEIGHT, Counter, Limit


@pytest.mark.parametrize(("limit", "seconds"), [(WEIGHT, 60), (ORDERS_10S, 10), (ORDERS_1D, 86_400)])
def test_a_window_begins_at_full_minutes_tens_and_days(limit: Limit, seconds: int) -> None:
    counter = Counter(limit)
    boundary = 20_000 * 86_400 * 1_000_000
    counter.add("me", 3, boundary - 1)
    assert counter.used("me", boundary - 1) == 3
    assert counter.used("me", boundary) == 0
    counter.add("me", 1, boundary)
    assert counter.used("me", boundary + seconds * 1_000_000 - 1) == 1
    assert counter.used("me", boundary + seconds * 1_000_000) == 0


def test_keys_are_counted_apart_and_never_below_zero() -> None:
    counter = Counter(ORDERS_10S)
    counter.add("a", 2, 0)
    counter.add("b", 1, 0)
    counter.add("b", -5, 0)
    assert (counter.used("a", 0), counter.used("b", 0), counter.used("c", 0)) == (2, 0, 0)
    assert counter.shape("a", 0) == {"rateLimitType": "ORDERS", "interval": "SECOND", "intervalNum": 10, "limit": 100, "count": 2}
