from __future__ import annotations

import csv
import gzip
from collections.abc import Iterator, Mapping
from enum import Enum
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exchangeclient.binance.client import Client
from exchangeclient.binance.history import History
from exchangeclient.core.clock import FakeClock
from exchangeclient.core.request import Request
from exchangeclient.enums import KlineInterval
from exchangeclient.exceptions import ExchangeRequestException
from exchangeclient.market.klines import floor_open, next_open
from exchangeclient.sandbox import Sandbox

CANDLES = Path(__file__).resolve().parents[2].parent / "shared/market/ETHBTC-5m.csv.gz"
START = 1_515_560_100_000  # 2018-01-10 04:55 UTC


class Market(History):
    """Rows in memory, given out by the venue's paging rule: from a start the oldest, at most ``most`` of them."""

    def __init__(self, rows: list[Any], *, now_ms: int = START, most: int = 1000) -> None:
        self.rows = rows
        self.clock = FakeClock(now_ms)
        self.most = most
        self.asked: list[Mapping[str, str]] = []

    def _call(self, request: Request) -> Any:
        self.asked.append(request.params)
        limit = min(self.most, int(request.params.get("limit", 500)))
        if request.name == "get_aggregate_trades":
            chosen = [row for row in self.rows if row["a"] >= int(request.params.get("fromId", 0))]
            return [row for row in chosen if row["T"] >= int(request.params.get("startTime", 0))][:limit]
        first, last = int(request.params["startTime"]), int(request.params["endTime"])
        return [row for row in self.rows if first <= row[0] <= last][:limit]


def opens(interval: str, first: int, count: int) -> Iterator[int]:
    at = floor_open(interval, first)
    for _ in range(count):
        yield at
        at = next_open(interval, at)


def candles(interval: str, count: int) -> list[list[int]]:
    return [[at, number] for number, at in enumerate(opens(interval, START, count))]


@settings(deadline=None)
@given(
    interval=st.sampled_from(["1m", "3d", "1w", "1M"]),
    count=st.integers(0, 40),
    gone=st.sets(st.integers(0, 39)),
    limit=st.integers(1, 12),
    most=st.integers(1, 12),
    cut=st.tuples(st.integers(0, 39), st.integers(0, 39)),
)
def test_pages_give_each_candle_once_whatever_the_gaps_and_page_sizes(
    interval: KlineInterval, count: int, gone: set[int], limit: int, most: int, cut: tuple[int, int]
) -> None:
    every = candles(interval, 40)
    rows = [row for row in every[:count] if row[1] not in gone]
    first, last = every[min(cut)][0], every[max(cut)][0]
    market = Market(rows, most=most)
    got = market.get_historical_klines("X", interval, first, last, limit=limit)
    assert got == [row for row in rows if first <= row[0] <= last]


def test_the_end_is_inclusive_and_needs_no_further_page() -> None:
    market = Market(candles("5m", 10))
    for end in (START + 9 * 300_000, START + 10 * 300_000 - 1):
        market.asked.clear()
        assert len(market.get_historical_klines("ETHBTC", "5m", START, end)) == 10
        assert len(market.asked) == 1
    assert len(market.get_historical_klines("ETHBTC", "5m", START, START + 9 * 300_000 - 1)) == 9


def test_dates_are_what_people_write() -> None:
    market = Market(candles("5m", 3), now_ms=START + 3_600_000)
    market.get_historical_klines("ETHBTC", "5m", "1 hour ago UTC")
    assert market.asked[0] == {
        "symbol": "ETHBTC", "interval": "5m", "startTime": str(START), "endTime": str(START + 3_600_000), "limit": "1000"
    }  # fmt: skip
    market.get_historical_klines("ETHBTC", "5m", "10 Jan, 2018", "2018-01-10 12:00")
    assert market.asked[-2]["startTime"] == "1515542400000"


def test_without_a_start_the_venues_first_candle_is_the_first() -> None:
    assert Market(candles("5m", 3), now_ms=START + 10**9).get_historical_klines("ETHBTC", "5m")[0] == [START, 0]


def test_a_start_in_the_future_gives_nothing_and_asks_nothing() -> None:
    market = Market(candles("5m", 3))
    assert market.get_historical_klines("ETHBTC", "5m", START + 1) == []
    assert market.asked == []


def test_pages_are_fetched_when_they_are_needed() -> None:
    market = Market(candles("5m", 10), now_ms=START + 10**9)
    rows = market.get_historical_klines_generator("ETHBTC", "5m", START, limit=2)
    assert market.asked == []
    next(rows)
    next(rows)
    assert len(market.asked) == 1
    next(rows)
    assert len(market.asked) == 2


def test_a_page_that_goes_back_ends_with_an_error_instead_of_repeating_for_ever() -> None:
    class Stuck(Market):
        def _call(self, request: Request) -> Any:
            return self.rows

    with pytest.raises(ExchangeRequestException, match="gave a candle of"):
        Stuck(candles("5m", 3), now_ms=START + 10**9).get_historical_klines("ETHBTC", "5m", START)


@pytest.mark.parametrize(
    ("arguments", "error", "text"),
    [
        ({"start_str": "soon"}, ValueError, "start_str cannot be read as a date: 'soon'"),
        ({"end_str": "later"}, ValueError, "end_str cannot be read as a date: 'later'"),
        ({"start_str": START, "end_str": START - 1}, ValueError, "is before start_str"),
        ({"start_str": None, "limit": 0}, ValueError, "limit must be 1 to 1000"),
        ({"start_str": None, "limit": 1001}, ValueError, "limit must be 1 to 1000"),
        ({"start_str": None, "limit": "five"}, ValueError, "limit must be a whole number"),
        ({"start_str": None, "limit": None}, TypeError, "limit must be an int, not NoneType"),
        ({"start_str": None, "limit": -5}, ValueError, "limit must not be negative"),
        ({"symbol": ""}, ValueError, "symbol must not be empty"),
        ({"symbol": None}, TypeError, "symbol must be a str, not NoneType"),
        ({"symbol": ["ETHBTC"]}, TypeError, "symbol must be a str, not list"),
        ({"interval": "7m"}, ValueError, "interval must be one of 1s, 1m"),
        ({"interval": None}, TypeError, "interval must be a str, not NoneType"),
        ({"interval": 5, "start_str": START + 1}, TypeError, "interval must be a str, not int"),
        ({"start_str": float("nan")}, ValueError, "start_str cannot be read"),
        ({"start_str": True}, TypeError, "start_str must be text"),
        ({"start_str": b"now"}, TypeError, "start_str must be text"),
    ],
)
def test_bad_arguments_are_named_before_anything_is_asked(arguments: dict[str, Any], error: type[Exception], text: str) -> None:
    market = Market(candles("5m", 3))
    for method in (market.get_historical_klines_generator, market.get_historical_klines):
        with pytest.raises(error, match=text):
            method(**{"symbol": "ETHBTC", "interval": "5m", **arguments})
    assert market.asked == []


class Moment:
    def __init__(self, ms: int) -> None:
        self.ms = ms

    def __index__(self) -> int:
        return self.ms


class Interval(Enum):
    FIVE_MINUTES = "5m"


def test_numbers_and_words_are_taken_in_any_form() -> None:
    market = Market(candles("5m", 10))
    plain = market.get_historical_klines("ETHBTC", "5m", START, START + 5 * 300_000, limit=2)
    asked = list(market.asked)
    market.asked.clear()
    interval: Any = Interval.FIVE_MINUTES
    limit: Any = Moment(2)
    assert market.get_historical_klines("ETHBTC", interval, Moment(START), float(START + 5 * 300_000), limit) == plain
    assert market.asked == asked
    assert len(plain) == 6


@pytest.mark.parametrize("interval", ["2m", "", "5M", "60"])
def test_an_unknown_interval_is_refused_with_the_legal_ones(interval: Any) -> None:
    with pytest.raises(ValueError, match="interval must"):
        Market([], now_ms=START).get_historical_klines("ETHBTC", interval, START)


def trades(count: int) -> list[dict[str, int]]:
    return [{"a": number, "T": START + number // 3} for number in range(count)]


@settings(deadline=None)
@given(count=st.integers(0, 60), last=st.integers(0, 70), most=st.integers(1, 20))
def test_trades_come_once_from_the_one_after_the_last_known(count: int, last: int, most: int) -> None:
    got = list(Market(trades(count), most=most).aggregate_trade_iter("X", last_id=last))
    assert got == [row for row in trades(count) if row["a"] > last]


def test_trades_from_a_moment_on_and_from_the_first_on() -> None:
    market = Market(trades(30), most=4)
    assert list(market.aggregate_trade_iter("X", start_str=START + 5)) == trades(30)[15:]
    assert list(market.aggregate_trade_iter("X")) == trades(30)


@pytest.mark.parametrize(
    ("arguments", "error", "text"),
    [
        ({"start_str": "now", "last_id": 5}, ValueError, "start_str and last_id both"),
        ({"last_id": "five"}, ValueError, "last_id must be a whole number"),
        ({"last_id": [5]}, TypeError, "last_id must be an int"),
        ({"last_id": -5}, ValueError, "last_id must not be negative"),
        ({"symbol": ""}, ValueError, "symbol must not be empty"),
        ({"symbol": 5}, TypeError, "symbol must be a str"),
        ({"start_str": "soon"}, ValueError, "start_str cannot be read"),
    ],
)
def test_bad_arguments_of_the_trade_iterator_are_named_at_once(arguments: dict[str, Any], error: type[Exception], text: str) -> None:
    with pytest.raises(error, match=text):
        Market([]).aggregate_trade_iter(**{"symbol": "X", **arguments})


def test_a_trade_page_that_goes_back_ends_with_an_error() -> None:
    class Stuck(Market):
        def _call(self, request: Request) -> Any:
            return self.rows

    with pytest.raises(ExchangeRequestException, match="gave 0 after 2"):
        list(Stuck(trades(3)).aggregate_trade_iter("X"))


@pytest.mark.skipif(not CANDLES.exists(), reason=f"{CANDLES} is not at hand")
@pytest.mark.parametrize("limit", [1000, 7, 500])
def test_every_real_candle_comes_back_text_for_text(limit: int) -> None:
    with gzip.open(CANDLES, "rt") as file:
        rows = list(csv.reader(file))[1:]
    client = Client(environment={"rest": "http://sandbox.localhost"})
    Sandbox(seed=7, candles={("ETHBTC", "5m"): str(CANDLES)}).mount(client.session)
    got = client.get_historical_klines("ETHBTC", "5m", int(rows[0][0]), int(rows[-1][0]), limit=limit)
    assert [[str(cell) for cell in row[:7]] for row in got] == [row[:7] for row in rows]
    assert len(got) == 5760
