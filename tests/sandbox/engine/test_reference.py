"""The mean of the last trades, bucket by bucket."""

from __future__ import annotations

from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from exchangeclient.sandbox.engine.instruments import UNIT, Reference
from exchangeclient.sandbox.engine.reference import ReferencePrice

WIDTH_MS, BUCKETS = 1, 3
WIDTH_US = WIDTH_MS * 1000


@given(st.lists(st.tuples(st.integers(0, 1500), st.integers(90 * UNIT, 110 * UNIT)), max_size=40), st.integers(0, 5000))
def test_it_is_the_mean_of_the_window_with_the_oldest_bucket_in_proportion(trades: list[tuple[int, int]], later: int) -> None:
    reference, now_us = ReferencePrice(Reference(BUCKETS, WIDTH_MS)), 1_000_000
    made: list[tuple[int, int]] = []
    for pause, price in trades:
        now_us += pause
        reference.add(price, now_us)
        made.append((now_us, price))
        reference.price(now_us)
    now_us += later
    weights = Fraction(0)
    weighted = Fraction(0)
    for at_us, price in made:
        age = now_us // WIDTH_US - at_us // WIDTH_US
        share = Fraction(1) if age < BUCKETS else Fraction(WIDTH_US - now_us % WIDTH_US, WIDTH_US) if age == BUCKETS else Fraction(0)
        weights += share
        weighted += share * price
    shown = reference.price(now_us)
    if weights < Fraction(1, 1000):  # less than four decimals can tell
        assert shown is None or made
    else:
        assert shown is not None
        assert abs(shown - weighted / weights) <= weighted / weights / 1000 + 1


def test_there_is_none_without_trades_and_none_again_when_they_are_old() -> None:
    reference = ReferencePrice(Reference(BUCKETS, WIDTH_MS))
    assert reference.price(5) is None
    reference.add(7, 500)
    assert reference.price(500) == 7
    assert reference.price(500 + (BUCKETS + 1) * WIDTH_US) is None
