from __future__ import annotations

import pickle
from typing import Any

import pytest

from exchangeclient.archive.series import TRADES, Series, without

DAY_MS = 86_400_000


def test_marks_of_candles_are_open_times_and_of_trades_numbers() -> None:
    minutes, trades = Series("v", "S", "1m"), Series("v", "S", TRADES)
    assert (minutes.ceiling(1), minutes.floor(60_001), minutes.after(60_000), minutes.later(0, 3)) == (60_000, 60_000, 120_000, 180_000)
    assert (trades.ceiling(1), trades.floor(7), trades.after(7), trades.later(7, 3)) == (1, 7, 8, 10)
    assert (minutes.count(1, 180_001), trades.count(3, 10), trades.count(10, 3), minutes.count(9, 2)) == (3, 7, 0, 0)


def test_months_are_counted_by_the_calendar() -> None:
    months = Series("v", "S", "1M")
    assert months.count(0, 366 * DAY_MS) == 13
    assert months.later(0, 2) == 59 * DAY_MS
    assert not months.is_gapless([0, 31 * DAY_MS])


def test_holes_are_found_in_both_kinds() -> None:
    assert list(Series("v", "S", TRADES).holes([0, 3, 4, 6, 9], 3, 9)) == [(5, 6), (7, 9)]
    assert list(Series("v", "S", "1m").holes([60_000], 0, 240_000)) == [(0, 60_000), (120_000, 240_000)]
    assert Series("v", "S", TRADES).is_gapless([4, 5, 6])
    assert not Series("v", "S", TRADES).is_gapless([4, 6])


@pytest.mark.parametrize(
    ("wanted", "covered", "left"),
    [
        ((0, 10), [], [(0, 10)]),
        ((0, 10), [(0, 10)], []),
        ((0, 10), [(2, 4), (6, 7)], [(0, 2), (4, 6), (7, 10)]),
        ((3, 9), [(0, 1), (2, 5), (8, 20), (30, 40)], [(5, 8)]),
        ((5, 5), [], []),
    ],
)
def test_what_is_left_of_a_range(wanted: Any, covered: Any, left: Any) -> None:
    assert without(wanted, covered) == left


@pytest.mark.parametrize(
    ("fields", "error", "named"),
    [
        (("", "S", "1m"), ValueError, "venue"),
        (("v", "a b", "1m"), ValueError, "symbol"),
        (("v", "S\0", "1m"), ValueError, "symbol"),
        (("v", "S\ud800", "1m"), ValueError, "symbol"),
        (("v", "S" * 201, "1m"), ValueError, "symbol"),
        (("v", 7, "1m"), TypeError, "symbol"),
        (("v", "S", "60"), ValueError, "interval"),
        (("v", "S", None), TypeError, "interval"),
    ],
)
def test_what_is_no_series_is_refused_by_name(fields: Any, error: type[Exception], named: str) -> None:
    with pytest.raises(error, match=named):
        Series(*fields)


def test_series_pickle() -> None:
    assert pickle.loads(pickle.dumps(Series("v", "S", "1M"))) == Series("v", "S", "1M")
