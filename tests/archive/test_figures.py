from __future__ import annotations

from typing import Any

import pytest

from exchangeclient.archive import figures
from exchangeclient.archive.series import TRADES, Series

CANDLES, TRADES_OF = Series("v", "S", "1m"), Series("v", "S", TRADES)
CANDLE = (60_000, "1.1", "2.0", "1.0", "1.5", "3.0", 119_999, "4.5", 7, "1.0", "1.5")
TRADE = (7, "1.5", "0.1", 14, 15, 60_000, True, True)


def changed(row: tuple[Any, ...], column: int, value: Any) -> tuple[Any, ...]:
    return (*row[:column], value, *row[column + 1 :])


def test_good_rows_have_nothing_wrong() -> None:
    assert figures.wrong(CANDLES, []) is None
    assert figures.wrong(CANDLES, [CANDLE, CANDLE]) is None
    assert figures.wrong(TRADES_OF, [TRADE]) is None


def test_what_a_venue_does_not_tell_may_be_missing() -> None:
    bare = (*CANDLE[:6], None, None, None, None, None)
    assert figures.wrong(CANDLES, [bare, bare]) is None
    assert figures.wrong(CANDLES, [CANDLE, bare]) is not None


@pytest.mark.parametrize(
    ("column", "value"),
    [
        (1, 1.1), (1, "1e-7"), (1, "-1.1"), (1, ""), (1, "1.2.3"), (1, "nan"), (1, "١.٥"), (1, " 1.1"), (1, None), (2, "1.4"), (3, "1.2"),
        (5, "."), (5, None), (6, "119999"), (8, 7.0), (8, True), (9, "1,0"), (0, "60000"),
    ],
)  # fmt: skip
def test_a_candle_that_cannot_be_is_named(column: int, value: object) -> None:
    wrong = figures.wrong(CANDLES, [CANDLE, changed(CANDLE, column, value)])
    assert wrong is not None
    assert "makes no sense" in wrong


@pytest.mark.parametrize(("column", "value"), [(1, "x"), (2, None), (5, "60000"), (6, "True")])
def test_a_trade_that_cannot_be_is_named(column: int, value: object) -> None:
    assert figures.wrong(TRADES_OF, [changed(TRADE, column, value)]) is not None


def test_rows_of_another_width_are_wrong() -> None:
    assert figures.wrong(CANDLES, [CANDLE[:10]]) is not None
