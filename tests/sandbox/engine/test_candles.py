"""The grid of the intervals, adding up, and reading candle files that can and cannot be trusted."""

from __future__ import annotations

import gzip
from dataclasses import astuple
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exchangeclient.sandbox.engine.candles import (
    INTERVALS,
    Bar,
    added_up,
    divides,
    flat,
    next_open,
    opens_at,
    parse_candles,
    same_grid,
)
from exchangeclient.sandbox.engine.events import Traded
from exchangeclient.sandbox.engine.instruments import UNIT, shown

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
TIMES = st.integers(31 * 86_400_000, 4_000_000_000_000)  # not in the epoch's first week, which opened before it
LENGTHS = {"s": timedelta(seconds=1), "m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1)}


def ms(*when: int) -> int:
    return (datetime(*when, tzinfo=UTC) - EPOCH) // timedelta(milliseconds=1)  # type: ignore[misc]


def naive_open(interval: str, time_ms: int, offset_ms: int = 0) -> int:
    """The grid by the calendar of :mod:`datetime`, on clocks that are ahead of UTC."""
    when = EPOCH + timedelta(milliseconds=time_ms + offset_ms)
    midnight = when.replace(hour=0, minute=0, second=0, microsecond=0)
    if interval == "1M":
        opened = midnight.replace(day=1)
    elif interval == "1w":
        opened = midnight - timedelta(days=midnight.weekday())
    else:
        opened = EPOCH + (when - EPOCH) // (int(interval[:-1]) * LENGTHS[interval[-1]]) * (int(interval[:-1]) * LENGTHS[interval[-1]])
    return (opened - EPOCH) // timedelta(milliseconds=1) - offset_ms


OFFSETS = st.one_of(st.just(0), st.integers(-12 * 60, 14 * 60).map(lambda minutes: minutes * 60_000))


@given(TIMES, st.sampled_from(INTERVALS), OFFSETS)
def test_every_time_lies_in_the_candle_that_the_calendar_says(time_ms: int, interval: str, offset_ms: int) -> None:
    opened = opens_at(interval, time_ms, offset_ms)
    following = next_open(interval, opened, offset_ms)
    assert opened == naive_open(interval, time_ms, offset_ms)
    assert opened <= time_ms < following
    assert opens_at(interval, following, offset_ms) == following
    assert opens_at(interval, following - 1, offset_ms) == opened


@given(TIMES, st.sampled_from(INTERVALS), st.sampled_from(INTERVALS), OFFSETS)
def test_a_part_divides_a_whole_if_no_candle_of_it_ever_lies_in_two(time_ms: int, part: str, whole: str, offset_ms: int) -> None:
    """On whatever clock the whole is, the parts are UTC's."""
    if divides(part, whole, offset_ms):
        opened = opens_at(part, time_ms)
        assert opens_at(whole, opened, offset_ms) == opens_at(whole, next_open(part, opened) - 1, offset_ms)
    if same_grid(whole, offset_ms):
        assert opens_at(whole, time_ms, offset_ms) == opens_at(whole, time_ms)


def test_weeks_open_on_mondays_and_months_on_the_first() -> None:
    assert opens_at("1w", ms(2024, 1, 7, 23, 59)) == ms(2024, 1, 1)
    assert opens_at("1w", ms(2024, 1, 8)) == ms(2024, 1, 8)
    assert opens_at("1M", ms(2024, 2, 29, 12)) == ms(2024, 2, 1)
    assert next_open("1M", ms(2024, 2, 1)) == ms(2024, 3, 1)
    assert next_open("1M", ms(2023, 12, 1)) == ms(2024, 1, 1)


@pytest.mark.parametrize(
    ("part", "whole", "fits"),
    [
        ("5m", "15m", True),
        ("3m", "5m", False),
        ("5m", "5m", True),
        ("15m", "5m", False),
        ("8h", "3d", True),
        ("12h", "8h", False),
        ("1d", "1w", True),
        ("3d", "1w", False),
        ("1w", "1M", False),
        ("12h", "1M", True),
        ("1M", "1M", True),
        ("1M", "1w", False),
    ],
)
def test_which_candles_add_up_to_which(part: str, whole: str, fits: bool) -> None:
    assert divides(part, whole) is fits


@given(TIMES, st.sampled_from(INTERVALS), st.sampled_from(INTERVALS))
def test_a_dividing_interval_never_straddles_a_border(time_ms: int, part: str, whole: str) -> None:
    if divides(part, whole):
        opened = opens_at(part, time_ms)
        assert opens_at(whole, opened) == opens_at(whole, next_open(part, opened) - 1)


def test_adding_up_keeps_first_open_last_close_extremes_and_sums() -> None:
    minute = 60_000
    bars = [
        Bar(0, 5, 9, 4, 6, 10, 50, 2, 3, 15),
        Bar(minute, 6, 7, 2, 3, 20, 80, 3, 4, 16, 7, 9),
        Bar(2 * minute, 3, 3, 3, 3),
        Bar(3 * minute, 3, 3, 3, 3, 1, 3, 1, 0, 0, 10, 10),
        Bar(5 * minute, 3, 3, 3, 3, 1, 3, 1, 0, 0, 11, 11),
    ]
    first, second = added_up(bars, "5m")
    assert astuple(first) == (0, 5, 9, 2, 3, 31, 133, 6, 7, 31, 7, 10)
    assert astuple(second) == astuple(bars[-1])


def test_a_bar_grows_with_each_trade() -> None:
    bar = flat(0, 10)
    bar.add(Traded("X", 41, 12, 5, 60, buyer_is_maker=False, taker_order_id=1, time_us=0))
    bar.add(Traded("X", 42, 8, 3, 24, buyer_is_maker=True, taker_order_id=2, time_us=0))
    assert astuple(bar) == (0, 10, 12, 8, 8, 8, 84, 2, 5, 60, 41, 42)


# ---- files -------------------------------------------------------------------------------------------------------

HEADER = "open_time,open,high,low,close,volume,close_time,quote_volume,trades,taker_buy_base,taker_buy_quote"
DUMP_HEADER = "open_time,open,high,low,close,volume,close_time,quote_volume,count,taker_buy_volume,taker_buy_quote_volume,ignore"
BASE = ms(2024, 1, 1)


def row(n: int = 0, **changes: str) -> str:
    """The n-th 5-minute row, with columns changed by name."""
    columns = dict(
        zip(
            HEADER.split(","),
            (
                str(BASE + n * 300_000),
                "0.0984",
                "0.09947660",
                "0.098",
                "0.09900000",
                "1820.54447418",
                str(BASE + (n + 1) * 300_000 - 1),
                "179.5",
                "12",
                "7",
                "0.7",
            ),
            strict=True,
        )
    )
    return ",".join((columns | changes).values())


def parse(*lines: str, interval: str = "5m") -> list[tuple[object, ...]]:
    whole = [line if line.endswith("\n") else f"{line}\n" for line in lines]
    series = parse_candles(whole, symbol="ETHBTC", interval=interval, source="file.csv")
    assert len(series.candles) == len(series.bars)
    return [astuple(candle) for candle in series.candles]


def expected(line: str) -> tuple[object, ...]:
    """What a row is to be shown as: its own texts."""
    columns = line.split(",")
    return *(int(text) if n in (0, 6, 8) else text for n, text in enumerate(columns[:11])), -1, -1


@pytest.mark.parametrize("ending", ["\n", "\r\n"])
@pytest.mark.parametrize("header", [[HEADER], []])
def test_columns_come_back_text_for_text(header: list[str], ending: str) -> None:
    rows = [row(0), row(1, open="0.0981"), row(3, volume="0")]
    assert parse(*(line + ending for line in header + rows)) == [expected(line) for line in rows]


def test_empty_columns_are_shown_as_zero() -> None:
    (candle,) = parse(HEADER, row(quote_volume="", trades="", taker_buy_base="", taker_buy_quote=""))
    assert candle == (*expected(row())[:7], "0.00000000", 0, "0.00000000", "0.00000000", -1, -1)


@pytest.mark.parametrize("header", [[DUMP_HEADER], []])
def test_the_public_dumps_have_a_twelfth_column_and_microseconds(header: list[str]) -> None:
    dumped = row(open_time=f"{BASE}000", close_time=f"{BASE + 300_000 - 1}999") + ",0"
    assert parse(*header, dumped) == [expected(row())]


@pytest.mark.parametrize(
    ("lines", "number", "words"),
    [
        (["timestamp,open,high,low,close,volume", row()], 1, "foreign header"),
        ([HEADER.upper(), row()], 1, "foreign header"),
        ([HEADER, HEADER], 2, "whole number"),
        (["", row()], 2, "after line 1, which is blank"),
        ([row(), "", row(1)], 3, "after line 2, which is blank"),
        ([HEADER, row(), row(1)[:40]], 3, "columns"),
        ([row(), row(1) + ",0"], 2, "columns"),
        ([HEADER, row() + ",0"], 2, "columns"),
        ([row() + ",0,0"], 1, "columns"),
        ([row(1), row(0)], 2, "does not come after"),
        ([row(), row()], 2, "does not come after"),
        ([row(open_time=str(BASE + 1))], 1, "grid of 5m"),
        ([row(close_time=str(BASE + 300_000))], 1, "does not end"),
        ([row(close_time="")], 1, "close time"),
        ([row(low="0.0985")], 1, "prices"),
        ([row(high="0.0989")], 1, "prices"),
        ([row(low="0")], 1, "prices"),
        ([row(open="-0.0984")], 1, "plain number"),
        ([row(open="9.84e-2")], 1, "plain number"),
        ([row(close="NaN")], 1, "plain number"),
        ([row(close="")], 1, "plain number"),
        ([row(volume="-1")], 1, "plain number"),
        ([row(volume="")], 1, "plain number"),
        ([row(quote_volume="x")], 1, "plain number"),
        ([row(trades="1.5")], 1, "trades"),
        ([row(), row(1, open_time="²")], 2, "open time"),
    ],
)
def test_a_file_that_cannot_be_trusted_is_refused_with_its_line(lines: list[str], number: int, words: str) -> None:
    with pytest.raises(ValueError, match=rf"^file\.csv, line {number}: .*{words}"):
        parse(*lines)


def test_an_unknown_interval_is_named() -> None:
    with pytest.raises(ValueError, match="unknown interval '2m'"):
        parse(row(), interval="2m")


@given(st.integers(1, len(row(1))))
def test_cutting_a_file_anywhere_inside_its_last_row_is_noticed(cut: int) -> None:
    """Also within its last column, and right before its line break."""
    lines = [f"{line}\n" for line in (HEADER, row(0), row(1))]
    with pytest.raises(ValueError, match=r"^file\.csv, line 3: the file breaks off .* end the line if you know"):
        parse_candles([*lines[:-1], lines[-1][:cut]], symbol="ETHBTC", interval="5m", source="file.csv")


def test_blank_lines_at_the_end_are_no_rows() -> None:
    assert parse(row(), "\n") == parse(row(), "\r\n", "\n") == parse(row())


@pytest.mark.parametrize("lines", [[], [HEADER], ["\n"]])
def test_a_file_without_a_candle_is_refused(lines: list[str]) -> None:
    with pytest.raises(ValueError, match=r"^file\.csv: the file holds no candle"):
        parse(*lines)


def real_candles() -> Path:
    path = Path(__file__).resolve().parents[3].parent / "shared/market/ETHBTC-5m.csv.gz"
    if not path.exists():
        pytest.skip("the real ETHBTC candles are kept beside the repository, and are not there")
    return path


def test_real_candles_come_back_text_for_text() -> None:
    with gzip.open(real_candles(), "rt", encoding="ascii") as lines:
        rows = lines.readlines()
    series = parse_candles(rows, symbol="ETHBTC", interval="5m", source="ETHBTC-5m.csv.gz")
    assert len(series.candles) == len(rows) - 1 == 5760
    for candle, line in zip(series.candles, rows[1:], strict=True):
        columns = line.rstrip().split(",")
        shown_columns = [str(each) for each in astuple(candle)]
        empty = [n for n, text in enumerate(columns) if text == ""]
        assert [shown_columns[n] for n in range(11) if n not in empty] == [text for text in columns if text]
        assert [shown_columns[n] for n in empty] == ["0" if n == 8 else shown(0) for n in empty]


VALUES = st.integers(1, 10**15)


@given(st.sampled_from(INTERVALS), TIMES, VALUES, st.lists(st.integers(0, 10**18), min_size=4, max_size=4), st.integers(0, 10**6))
def test_what_is_shown_of_a_bar_reads_back_as_the_bar(interval: str, time_ms: int, price: int, sums: list[int], trades: int) -> None:
    volume, quote, base, taker = sums
    bar = Bar(opens_at(interval, time_ms), price, price + 2 * UNIT, price, price + UNIT, volume, quote, trades, base, taker)
    columns = [str(each) for each in astuple(bar.shown(interval))[:11]]
    series = parse_candles([",".join(columns) + "\n"], symbol="X", interval=interval, source="round trip")
    assert series.bars == (bar,)
    assert series.candles == (bar.shown(interval),)
