from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exchangeclient.archive import csvfiles
from exchangeclient.archive.series import TRADES, Row, Series
from exchangeclient.exceptions import ArchiveException

from .conftest import SERIES, START, candle, minutes, trade

TRADE_SERIES = Series("fake", "ETHBTC", TRADES)


def text(rows: list[Row], series: Series = SERIES, *, header: bool = True) -> str:
    file = io.StringIO()
    assert csvfiles.write(series, rows, file, header=header) == len(rows)
    return file.getvalue()


def read(content: str, series: Series = SERIES, **more: object) -> list[Row]:
    return list(csvfiles.read(series, io.StringIO(content, newline=""), "x.csv", **more))  # type: ignore[arg-type]


@pytest.mark.parametrize("header", [True, False])
def test_what_is_written_is_read_back(header: bool) -> None:
    rows = minutes(7)
    assert read(text(rows, header=header)) == rows
    trades = [trade(each) for each in range(5)]
    assert read(text(trades, TRADE_SERIES, header=header), TRADE_SERIES) == trades


figures = st.from_regex(r"[0-9]{1,20}(\.[0-9]{1,18})?", fullmatch=True)


@given(figures, figures)
def test_K16_no_digit_is_lost(price: str, volume: str) -> None:
    row = (START, price, price, price, price, volume, START + 59_999, volume, 3, volume, volume)
    assert read(text([row])) == [row]


def test_the_unused_column_of_dumps_and_microseconds_are_taken() -> None:
    line = f"{START}000,1.1,2.0,1.0,1.5,3.0,{START + 59_999}999,4.5,7,1.0,1.5,0\n"
    assert read(line) == [(START, "1.1", "2.0", "1.0", "1.5", "3.0", START + 59_999, "4.5", 7, "1.0", "1.5")]


GOOD = text(minutes(5)).splitlines(keepends=True)


@pytest.mark.parametrize(
    ("content", "line", "why"),
    [
        ("", 1, "empty"),
        ("\ufeff" + "".join(GOOD), 1, "byte order mark"),
        ("".join(GOOD).replace("\n", "\r\n"), 1, "CR LF"),
        ("".join(GOOD)[:-1], 6, "cut off"),
        ("".join(GOOD)[:-20], 6, "cut off"),
        ("".join(["time,o,h,l,c\n", *GOOD[1:]]), 1, "header"),
        ("".join([*GOOD[:3], GOOD[4], GOOD[3]]), 5, "comes after"),
        ("".join([*GOOD[:3], GOOD[2]]), 4, "comes after"),
        ("".join([*GOOD[:2], "1,2,3\n", *GOOD[3:]]), 3, "has 3 fields, not 11"),
        ("".join([*GOOD[:2], GOOD[2].replace("2.00000000", "0.5"), *GOOD[3:]]), 3, "makes no sense"),
        ("".join([*GOOD[:2], GOOD[2].replace("1.50000000", "1,5"), *GOOD[3:]]), 3, "fields"),
        ("".join([*GOOD[:2], GOOD[2].replace("3.00000000", "3E+00"), *GOOD[3:]]), 3, "makes no sense"),
        ("".join([*GOOD[:2], GOOD[2].replace("100000,", "100001,", 1), *GOOD[3:]]), 3, "no 1m candle opens at"),
        ("".join([*GOOD[:2], GOOD[2].replace("17000001", "2023-11-", 1), *GOOD[3:]]), 3, "no whole number"),
        ("".join([*GOOD[:2], "\n", *GOOD[2:]]), 3, "fields"),
        ("x" * 10_000, 1, "cut off"),
    ],
)
def test_K14_what_is_wrong_is_refused_with_its_line(content: str, line: int, why: str) -> None:
    with pytest.raises(ArchiveException, match=rf"x\.csv, line {line}: .*{why}"):
        read(content)


def test_K14_the_good_part_is_kept_when_that_is_asked_for() -> None:
    told: list[tuple[int, str]] = []
    bad = "".join(["\ufeff", *GOOD[:2], GOOD[2].replace("\n", "\r\n"), "garbage\n", GOOD[4], GOOD[5][:-9]])
    rows = read(bad, complain=lambda number, why: told.append((number, why)))
    assert rows == [minutes(5)[each] for each in (0, 1, 3)]
    assert [number for number, _ in told] == [1, 3, 4, 6]


def test_a_candle_of_a_month_is_at_its_first_day() -> None:
    months = Series("fake", "X", "1M")
    with pytest.raises(ArchiveException, match="no 1M candle opens"):
        read(text([candle(START, "1M")], months), months)
