"""Who is refused, until when, and what is counted in the aligned windows."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exchangeclient.sandbox.dialects.binance.limits import LIMITS, Counter, LimitReached, Limits

SECOND = 1_000_000
MIDNIGHT = 20_000 * 86_400 * SECOND


@pytest.mark.parametrize(
    ("name", "seconds"), [("weight", 60), ("orders_10s", 10), ("orders_1d", 86_400), ("raw_requests", 300), ("connections", 300)]
)
def test_a_window_begins_at_full_minutes_tens_and_days(name: str, seconds: int) -> None:
    counter = Counter(LIMITS[name])
    assert counter.ends_us(MIDNIGHT - 1) == MIDNIGHT
    counter.add("me", 3, MIDNIGHT - 1)
    assert counter.used("me", MIDNIGHT - 1) == 3
    assert counter.used("me", MIDNIGHT) == 0
    counter.add("me", 1, MIDNIGHT)
    assert counter.used("me", MIDNIGHT + seconds * SECOND - 1) == 1
    assert counter.used("me", MIDNIGHT + seconds * SECOND) == 0


def test_keys_are_counted_apart_and_never_below_zero() -> None:
    counter = Counter(LIMITS["orders_10s"])
    counter.add("a", 2, 0)
    counter.add("b", 1, 0)
    counter.add("b", -5, 0)
    assert (counter.used("a", 0), counter.used("b", 0), counter.used("c", 0)) == (2, 0, 0)
    assert counter.shape("a", 0) == {"rateLimitType": "ORDERS", "interval": "SECOND", "intervalNum": 10, "limit": 100, "count": 2}


@given(st.lists(st.tuples(st.sampled_from("ab"), st.integers(-5, 9), st.integers(0, 40))))
def test_a_counter_equals_a_list_of_what_happened_in_the_window(steps: list[tuple[str, int, int]]) -> None:
    counter, now_us = Counter(LIMITS["orders_10s"]), 0
    naive: dict[tuple[str, int], int] = {}
    for key, amount, seconds in steps:
        now_us += seconds * SECOND
        window = now_us // (10 * SECOND)
        naive[key, window] = max(0, naive.get((key, window), 0) + amount)
        assert counter.add(key, amount, now_us) == counter.used(key, now_us) == naive[key, window]


def refusal(limits: Limits, peer: str, weight: int, now_us: int) -> LimitReached:
    with pytest.raises(LimitReached) as caught:
        limits.charge(peer, weight, now_us)
    return caught.value


def test_an_address_may_use_its_weight_to_the_last_and_is_refused_until_the_minute_is_over() -> None:
    limits = Limits({"weight": 100})
    limits.charge("me", 60, MIDNIGHT)
    limits.charge("me", 40, MIDNIGHT)
    error = refusal(limits, "me", 1, MIDNIGHT + 20 * SECOND)
    assert (error.status, error.code, error.retry_at_us) == (429, -1003, MIDNIGHT + 60 * SECOND)
    assert "100 request weight per 1 MINUTE" in error.text
    limits.charge("you", 1, MIDNIGHT + 20 * SECOND)
    limits.charge("me", 100, MIDNIGHT + 60 * SECOND)


def ban(limits: Limits, now_us: int) -> LimitReached:
    """Go on asking until it is a ban."""
    for _ in range(1_000):
        error = refusal(limits, "me", 1_000, now_us)
        if error.status == 418:
            return error
    raise AssertionError("never banned")


def test_who_goes_on_is_banned_for_two_minutes_growing_to_three_days() -> None:
    limits, now_us, lengths = Limits({"weight": 10}), MIDNIGHT, []
    assert refusal(limits, "me", 1_000, now_us).status == 429  # not at once
    for _ in range(9):
        error = ban(limits, now_us)
        lengths.append((error.retry_at_us - now_us) // SECOND)
        assert str(error.retry_at_us // 1000) in error.text
        limits.charge("you", 1, now_us)
        assert refusal(limits, "me", 0, error.retry_at_us - 1).retry_at_us == error.retry_at_us  # a ban is not prolonged
        now_us = error.retry_at_us
        limits.charge("me", 1, now_us)
    assert lengths[0] == 120
    assert lengths == sorted(lengths)
    assert lengths[-1] == lengths[-2] == 3 * 86_400


def test_a_ban_long_ago_is_forgotten() -> None:
    limits = Limits({"weight": 10})
    first = ban(limits, MIDNIGHT)
    later_us = first.retry_at_us + 4 * 86_400 * SECOND
    assert ban(limits, later_us).retry_at_us - later_us == first.retry_at_us - MIDNIGHT


def test_the_number_of_requests_is_limited_whatever_they_weigh() -> None:
    limits = Limits({"raw_requests": 2})
    limits.charge("me", 0, MIDNIGHT)
    limits.charge("me", 0, MIDNIGHT)
    error = refusal(limits, "me", 0, MIDNIGHT)
    assert (error.status, error.code, error.retry_at_us) == (429, -1003, MIDNIGHT + 300 * SECOND)
    assert "2 requests per 5 MINUTE" in error.text


def test_connections_are_limited_for_each_kind_of_socket() -> None:
    limits = Limits({"connections": 2})
    for kind in ("stream", "stream", "ws-api", "ws-api"):
        limits.connect(kind, "me", MIDNIGHT)
    with pytest.raises(LimitReached) as caught:
        limits.connect("stream", "me", MIDNIGHT)
    assert (caught.value.status, caught.value.code, caught.value.retry_at_us) == (429, -1034, MIDNIGHT + 300 * SECOND)
    limits.connect("stream", "you", MIDNIGHT)
    limits.connect("stream", "me", MIDNIGHT + 300 * SECOND)


def test_who_floods_its_connections_again_and_again_is_banned() -> None:
    limits = Limits({"messages": 2})

    def flood(now_us: int) -> None:
        pace = limits.pace()
        assert [limits.exceeds(pace, "me", now_us) for _ in range(3)] == [False, False, True]

    flood(MIDNIGHT)
    limits.charge("me", 1, MIDNIGHT)  # not at once
    for _ in range(20):
        flood(MIDNIGHT)
    error = refusal(limits, "me", 1, MIDNIGHT)
    assert (error.status, error.retry_at_us) == (418, MIDNIGHT + 120 * SECOND)
    flood(MIDNIGHT + SECOND)  # on a connection that was open before
    assert refusal(limits, "me", 1, MIDNIGHT + SECOND).retry_at_us == error.retry_at_us  # it is not prolonged
    limits.charge("you", 1, MIDNIGHT)


def test_a_banned_address_opens_no_connection() -> None:
    limits = Limits({"weight": 10})
    ban(limits, MIDNIGHT)
    with pytest.raises(LimitReached) as caught:
        limits.connect("stream", "me", MIDNIGHT)
    assert caught.value.status == 418


def test_orders_are_limited_in_both_windows() -> None:
    limits = Limits({"orders_10s": 3, "orders_1d": 5})
    limits.count_orders("me", 3, MIDNIGHT)
    with pytest.raises(LimitReached) as caught:
        limits.admit_orders("me", 1, MIDNIGHT)
    assert (caught.value.status, caught.value.code, caught.value.text) == (
        429,
        -1015,
        "Too many new orders; current limit is 3 orders per 10 SECOND.",
    )
    assert caught.value.retry_at_us == MIDNIGHT + 10 * SECOND
    later_us = MIDNIGHT + 10 * SECOND
    limits.admit_orders("me", 2, later_us)
    with pytest.raises(LimitReached, match="5 orders per 1 DAY") as caught:
        limits.admit_orders("me", 3, later_us)
    assert caught.value.retry_at_us == MIDNIGHT + 86_400 * SECOND
    limits.admit_orders("you", 3, later_us)


def test_nobody_is_refused_when_it_only_counts() -> None:
    limits = Limits({"weight": 1, "raw_requests": 1, "connections": 1, "orders_10s": 1}, enforced=False)
    for _ in range(50):
        limits.charge("me", 1_000, MIDNIGHT)
        limits.connect("stream", "me", MIDNIGHT)
        limits.admit_orders("me", 9, MIDNIGHT)
        limits.count_orders("me", 9, MIDNIGHT)
    assert limits.weight_headers("me", MIDNIGHT)["X-MBX-USED-WEIGHT-1M"] == "50000"
    assert limits.order_headers("me", MIDNIGHT) == {"X-MBX-ORDER-COUNT-10S": "450", "X-MBX-ORDER-COUNT-1D": "450"}
