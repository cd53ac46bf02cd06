from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exchangeclient.enums import KlineInterval
from exchangeclient.market.klines import count_opens, divides, duration_ms, floor_open, holes, next_open, of_trades, open_after, resampled

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
def test_K11_candles_open_where_the_venue_opens_them(
    interval: str, at: tuple[int, ...], opened: tuple[int, ...], following: tuple[int, ...]
) -> None:
    assert floor_open(interval, ms(*at)) == ms(*opened)
    assert next_open(interval, ms(*opened)) == ms(*following)


def test_K11_calendar_candles_begin_where_the_calendar_says_from_2017_to_2030() -> None:
    day = datetime(2017, 1, 1, tzinfo=UTC)
    while day.year < 2031:
        late = ms(day.year, day.month, day.day, 23, 59, 59)
        began = {
            "1d": day,
            "3d": day - timedelta(days=(day - datetime(1970, 1, 1, tzinfo=UTC)).days % 3),
            "1w": day - timedelta(days=day.weekday()),
            "1M": day.replace(day=1),
        }
        for interval, opened in began.items():
            assert floor_open(interval, late) == int(opened.timestamp() * 1000), (interval, day)
            assert floor_open(interval, next_open(interval, late) - 1) == floor_open(interval, late)
        day += timedelta(days=1)


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


@given(
    interval=st.sampled_from(["1m", "3d", "1w", "1M", "3M"]),
    first=st.integers(0, 2_000_000_000_000),
    count=st.integers(0, 40),
    gone=st.sets(st.integers(0, 39)),
)
def test_holes_are_exactly_what_is_missing(interval: str, first: int, count: int, gone: set[int]) -> None:
    every = [next_open(interval, first - 1)]
    while len(every) <= count:
        every.append(next_open(interval, every[-1]))
    there = [at for number, at in enumerate(every[:count]) if number not in gone]
    found = list(holes(interval, [every[0] - 1, *there, every[-1] + 10**12], first, every[count]))
    missing = [at for at in every[:count] if at not in there]
    assert [at for at in every[:count] if any(start <= at < end for start, end in found)] == missing
    assert sum(count_opens(interval, start, end) for start, end in found) == len(missing)
    assert count_opens(interval, first, every[count]) == count
    assert all(start in every and end in every and start < end for start, end in found)
    assert len(found) == sum(at in missing and (number == 0 or every[number - 1] in there) for number, at in enumerate(every[:count]))


@pytest.mark.parametrize(
    ("part", "whole", "does"),
    [
        ("1m", "5m", True), ("1m", "1M", True), ("5m", "7m", False), ("1h", "3d", True), ("1d", "1w", True), ("3d", "1w", False),
        ("1w", "1M", False), ("1d", "1M", True), ("1M", "3M", True), ("1M", "1d", False), ("1M", "2M", True), ("2M", "3M", False),
        ("7h", "1M", False), ("1w", "2w", True), ("1w", "14d", False), ("1h", "1m", False), ("1m", "1m", True),
    ],
)  # fmt: skip
def test_which_candles_are_made_of_which(part: str, whole: str, does: bool) -> None:
    assert divides(part, whole) is does
    if does:  # every edge of the larger one is one of the smaller one
        at = ms(2020, 1, 1)
        for _ in range(30):
            at = next_open(whole, at)
            assert floor_open(part, at) == at


def candle(at: int, *figures: str, trades: int | None = 1) -> list[object]:
    return [at, *figures[:5], next_open("1m", at) - 1, figures[5], trades, figures[6], figures[7]]


def test_larger_candles_are_exact_and_what_is_not_told_stays_so() -> None:
    minute = 60_000
    parts = [
        candle(0, "1.0", "3.0", "0.9", "2.0", "0.1", "0.2", "0.3", "0.00000001"),
        candle(minute, "2.0", "10.0", "2.0", "9.0", "0.2", "0.1", "0.3", "0.00000002"),
        candle(7 * minute, "9.0", "9.5", "8.5", "9.1", "1", "1", "1", "1"),
    ]
    assert list(resampled(parts, "5m")) == [
        [0, "1.0", "10.0", "0.9", "9.0", "0.3", 5 * minute - 1, "0.3", 2, "0.6", "0.00000003"],
        [5 * minute, "9.0", "9.5", "8.5", "9.1", "1", 10 * minute - 1, "1", 1, "1", "1"],
    ]
    parts[1][7] = parts[0][8] = None
    assert next(resampled(parts, "5m"))[7:9] == [None, None]
    large = "123456789012345678901234567890.12345678"
    (whole,) = resampled([candle(each * minute, "1", "1", "1", "1", large, "1", "1", "1") for each in range(2)], "5m")
    assert whole[5] == "246913578024691357802469135780.24691356"


def test_candles_of_trades_count_what_the_taker_bought() -> None:
    trades = [
        (1, "2.0", "1.5", 1, 2, 1_000, False, True),
        (2, "1.0", "1.0", 3, 3, 59_999, True, True),
        (3, "3.0", "0.5", 4, 4, 60_000, True, True),
    ]
    assert list(of_trades(trades, "1m")) == [
        [0, "2.0", "2.0", "1.0", "1.0", "2.50000000", 59_999, "4.00000000", 3, "1.50000000", "3.00000000"],
        [60_000, "3.0", "3.0", "3.0", "3.0", "0.50000000", 119_999, "1.50000000", 1, "0.00000000", "0.00000000"],
    ]
