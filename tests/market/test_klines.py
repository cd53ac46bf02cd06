from __future__ import annotations

from datetime import UTC, datetime
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exchangeclient.enums import KlineInterval
from exchangeclient.market.klines import duration_ms, floor_open, next_open, open_after

INTERVALS = get_args(KlineInterval)


def ms(*parts: int) -> int:
    return int(datetime(*parts, tzinfo=UTC).timestamp() * 1000)  # type: ignore[misc, arg-type]


@pytest.mark.parametrize(
    ("interval", "at", "opened", "following"),
    [
        ("1m", (2018, 1, 10, 4, 55, 30), (2018, 1, 10, 4, 55), (2018, 1, 10, 4, 56)),
        ("5m", (2018, 1, 10, 4, 59, 59), (2018, 1, 10, 4, 55), (2018, 1, 10, 5, 0)),
        ("12h", (2018, 1, 10, 13), (2018, 1, 10, 12), (2018, 1, 11)),
        ("1d", (2018, 12, 31, 23), (2018, 12, 31), (2019, 1, 1)),
        ("3d", (2017, 8, 17), (2017, 8, 16), (2017, 8, 19)),
        ("1w", (2018, 1, 1), (2018, 1, 1), (2018, 1, 8)),  # a Monday
        ("1w", (2017, 12, 31, 23), (2017, 12, 25), (2018, 1, 1)),
        ("1M", (2020, 2, 29, 12), (2020, 2, 1), (2020, 3, 1)),
        ("1M", (2019, 12, 31, 23, 59, 59), (2019, 12, 1), (2020, 1, 1)),
        ("3M", (2020, 2, 29, 12), (2020, 1, 1), (2020, 4, 1)),  # OKX has quarters
        ("3M", (2019, 12, 31), (2019, 10, 1), (2020, 1, 1)),
    ],
)
def test_candles_open_where_the_venue_opens_them(
    interval: str, at: tuple[int, ...], opened: tuple[int, ...], following: tuple[int, ...]
) -> None:
    assert floor_open(interval, ms(*at)) == ms(*opened)
    assert next_open(interval, ms(*opened)) == ms(*following)


@given(st.sampled_from(INTERVALS), st.integers(min_value=ms(1970, 1, 5), max_value=ms(2100, 1, 1)))
def test_every_moment_is_in_exactly_one_candle(interval: str, at: int) -> None:
    opened = floor_open(interval, at)
    following = next_open(interval, opened)
    assert opened <= at < following
    assert floor_open(interval, opened) == opened
    assert floor_open(interval, following - 1) == opened
    assert floor_open(interval, following) == following
    length = duration_ms(interval)
    assert following - opened == length if length else 28 <= (following - opened) / 86_400_000 <= 31


@given(st.sampled_from(INTERVALS), st.integers(min_value=ms(1970, 1, 5), max_value=ms(2100, 1, 1)), st.integers(0, 30))
def test_a_candle_so_many_later_is_reached_by_as_many_steps(interval: str, at: int, count: int) -> None:
    opened = floor_open(interval, at)
    opened = opened if opened == at else next_open(interval, at)
    for _ in range(count):
        opened = next_open(interval, opened)
    assert open_after(interval, at, count) == opened


@pytest.mark.parametrize("interval", ["", "m", "1", "0m", "1 m", "-1m", "1y", "1H", "10000m", "1m\n"])
def test_what_is_no_interval_is_refused_by_name(interval: str) -> None:
    with pytest.raises(ValueError, match="interval must be a count and one of s, m, h, d, w, M"):
        duration_ms(interval)
