from __future__ import annotations

import csv
import gzip
import itertools
import json
import threading
from collections.abc import Iterator, Mapping
from datetime import datetime
from enum import Enum
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exchangeclient.binance import history
from exchangeclient.binance.client import Client
from exchangeclient.binance.history import History
from exchangeclient.core.calling.call import Undecoded
from exchangeclient.core.calling.paging import PLANNED
from exchangeclient.core.http.request import Request
from exchangeclient.core.process.clock import FakeClock
from exchangeclient.enums import KlineInterval
from exchangeclient.exceptions import ExchangeRequestException, RateLimitException
from exchangeclient.market.klines import floor_open, next_open
from exchangeclient.sandbox import Sandbox
from exchangeclient.serving.inprocess import InProcessAdapter
from exchangeclient.serving.messages import HttpRequest, HttpResponse

CANDLES = Path(__file__).resolve().parents[2].parent / "shared/market/ETHBTC-5m.csv.gz"
START = 1_515_560_100_000  # 2018-01-10 04:55 UTC


class Market(History):
    """Rows in memory, given out by the venue's paging rule: from a start the oldest, else the newest, at most ``most`` of them."""

    def __init__(self, rows: list[Any], *, now_ms: int = START, most: int = 1000) -> None:
        self.rows = rows
        self.clock = FakeClock(now_ms)
        self.most = most
        self.asked: list[Mapping[str, str]] = []
        self.options: list[Mapping[str, Any]] = []

    def _call(self, request: Request) -> Any:
        answer = self.answer(request)
        return answer if request.decoded else Undecoded(json.dumps(answer).encode(), lambda: answer)

    def answer(self, request: Request) -> Any:
        if request.name == "get_server_time":
            return {"serverTime": self.clock.now_ms()}
        self.asked.append(request.params)
        self.options.append(request.options)
        number = {"get_klines": 0, "get_aggregate_trades": "a", "get_historical_trades": "id"}[request.name]
        limit = min(self.most, int(request.params.get("limit", 500)))
        if "fromId" in request.params:
            chosen = [row for row in self.rows if row[number] >= int(request.params["fromId"])]
        else:
            time = "T" if isinstance(number, str) else 0
            first, last = int(request.params.get("startTime", 0)), int(request.params.get("endTime", 10**15))
            chosen = [row for row in self.rows if first <= row[time] <= last]
        return chosen[:limit] if {"fromId", "startTime"} & set(request.params) else chosen[-limit:]


def threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name.startswith("exchangeclient-history")]


def opens(interval: str, first: int, count: int) -> Iterator[int]:
    at = floor_open(interval, first)
    for _ in range(count):
        yield at
        at = next_open(interval, at)


def candles(interval: str, count: int) -> list[list[int]]:
    """Rows with an open time, their number, and, where the venue has it, the time at which they close."""
    return [[at, number, 0, 0, 0, 0, next_open(interval, at) - 1] for number, at in enumerate(opens(interval, START, count))]


@settings(deadline=None, max_examples=60)
@given(
    interval=st.sampled_from(["1m", "3d", "1w", "1M"]),
    count=st.integers(0, 40),
    gone=st.sets(st.integers(0, 39)),
    page=st.integers(1, 12),
    most=st.integers(1, 12),
    cut=st.tuples(st.integers(0, 39), st.integers(0, 39)),
    given_=st.tuples(st.booleans(), st.booleans()),
    limit=st.none() | st.integers(1, 45),
    now=st.integers(0, 50),
    closed_only=st.booleans(),
)
def test_pages_give_each_candle_once_whatever_the_gaps_and_page_sizes(
    interval: KlineInterval,
    count: int,
    gone: set[int],
    page: int,
    most: int,
    cut: tuple[int, int],
    given_: tuple[bool, bool],
    limit: int | None,
    now: int,
    closed_only: bool,
) -> None:
    every = candles(interval, 51)
    rows = [row for row in every[:count] if row[1] not in gone]
    first, last = every[min(cut)][0], every[max(cut)][0]
    start, end = first if given_[0] else None, last if given_[1] else None
    # With a slow clock there are newer candles than it can know of. A venue whose pages are smaller, too, would be one fault too many.
    now_ms = every[50 if most < page else now][0] + 1
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(history, "_FULL_PAGE", page)
        market = Market(rows, most=most, now_ms=now_ms)
        got = market.get_historical_klines("X", interval, start, end, limit, closed_only=closed_only)
        one_by_one = list(market.get_historical_klines_generator("X", interval, start, end, limit, closed_only=closed_only))
    wanted = [row for row in rows if (start or 0) <= row[0] and (end is None or row[0] <= end)]
    if closed_only:
        wanted = [row for row in wanted if row[6] < now_ms]
    if limit is not None:
        wanted = wanted[:limit] if given_[0] else wanted[-limit:]
    assert got == one_by_one == wanted


def test_the_end_is_inclusive_and_needs_no_further_page() -> None:
    market = Market(candles("5m", 10))
    for end in (START + 9 * 300_000, START + 10 * 300_000 - 1):
        market.asked.clear()
        assert len(market.get_historical_klines("ETHBTC", "5m", START, end)) == 10
        assert len(market.asked) == 1
    assert len(market.get_historical_klines("ETHBTC", "5m", START, START + 9 * 300_000 - 1)) == 9


def test_dates_are_what_people_write() -> None:
    market = Market(candles("5m", 3), now_ms=START + 3_600_000)
    market.get_historical_klines("ETHBTC", "5m", "1 hour ago UTC", "now")
    assert market.asked[0] == {
        "symbol": "ETHBTC", "interval": "5m", "startTime": str(START), "endTime": str(START + 3_600_000), "limit": "1000"
    }  # fmt: skip
    market.asked.clear()
    market.get_historical_klines("ETHBTC", "5m", "10 Jan, 2018", "2018-01-10 12:00")
    assert market.asked[0]["startTime"] == "1515542400000"


def test_without_a_start_the_venues_first_candle_is_the_first() -> None:
    market = Market(candles("5m", 3), now_ms=START + 3 * 300_000 - 1)
    assert [row[1] for row in market.get_historical_klines("ETHBTC", "5m")] == [0, 1, 2]
    assert len(market.asked) == 1


def test_a_limit_without_a_start_gives_the_newest_in_one_call() -> None:
    market = Market(candles("5m", 30))
    assert [row[1] for row in market.get_historical_klines("ETHBTC", "5m", limit=4)] == [26, 27, 28, 29]
    assert market.asked == [{"symbol": "ETHBTC", "interval": "5m", "limit": "4"}]


def test_a_limit_asks_for_no_more_than_it_wants() -> None:
    market = Market(candles("1m", 5000), now_ms=START + 10**9)
    assert len(market.get_historical_klines("ETHBTC", "1m", START, limit=2500)) == 2500
    assert len(market.asked) == 3
    market.asked.clear()
    assert len(market.get_historical_klines("ETHBTC", "1m", START, limit=7)) == 7
    assert [asked["limit"] for asked in market.asked] == ["7"]


def test_a_clock_that_is_slow_hides_no_candle() -> None:
    market = Market(candles("1m", 2500), now_ms=START + 60_000)
    assert len(market.get_historical_klines("ETHBTC", "1m", START)) == 2500


def test_a_listing_long_after_the_start_is_found_by_the_first_page() -> None:
    market = Market(candles("1m", 1500), now_ms=START + 1500 * 60_000 - 1)
    assert len(market.get_historical_klines("ETHBTC", "1m", "1 Jan, 2017")) == 1500
    assert len(market.asked) <= PLANNED + 1


def test_a_history_that_ended_long_ago_costs_no_page_for_each_day_since() -> None:
    market = Market(candles("1m", 1500), now_ms=START + 10 * 365 * 86_400_000)
    assert len(market.get_historical_klines("ETHBTC", "1m", START)) == 1500
    assert len(market.asked) <= PLANNED + 1


def test_nothing_is_asked_before_the_first_candle_is_taken_and_pages_are_few_ahead() -> None:
    market = Market(candles("1m", 100_000), now_ms=START + 10**10)
    rows = market.get_historical_klines_generator("ETHBTC", "1m", START)
    assert market.asked == []
    next(rows)
    assert len(market.asked) <= PLANNED
    for _ in range(1000):
        next(rows)
    assert len(market.asked) <= PLANNED + 1


def test_pages_that_wait_for_their_turn_are_not_decoded_yet() -> None:
    decoded: set[str] = set()

    class Unread:
        def __init__(self, request: Request, answer: Any) -> None:
            self._start, self._answer = request.params["startTime"], answer

        @property
        def body(self) -> bytes:
            decoded.add(self._start)
            return json.dumps(self._answer).encode()

        def __call__(self) -> Any:
            return json.loads(self.body)

    class Watched(Market):
        def _call(self, request: Request) -> Any:
            return Unread(request, self.answer(request))

    rows = Watched(candles("1m", 5000), now_ms=START + 10**10).get_historical_klines_generator("ETHBTC", "1m", START)
    for pages in (1, 2):
        for _ in range(1000):
            next(rows)
        assert len(decoded) == pages
    rows.close()


def test_a_generator_that_is_closed_early_leaves_no_thread() -> None:
    market = Market(candles("1m", 50_000), now_ms=START + 10**10)
    rows = market.get_historical_klines_generator("ETHBTC", "1m", START)
    next(rows)
    assert threads()
    rows.close()
    assert not threads()
    assert len(list(market.get_historical_klines_generator("ETHBTC", "1m", START))) == 50_000
    assert not threads()


def test_a_short_history_needs_no_thread() -> None:
    class Watched(Market):
        def answer(self, request: Request) -> Any:
            assert threading.current_thread() is threading.main_thread()
            return super().answer(request)

    assert len(Watched(candles("5m", 10)).get_historical_klines("ETHBTC", "5m", START, START + 9 * 300_000)) == 10


def test_an_error_comes_in_its_place_after_every_candle_before_it() -> None:
    class Broken(Market):
        def answer(self, request: Request) -> Any:
            if int(request.params["startTime"]) == START + 3000 * 60_000:
                raise ExchangeRequestException("the fourth page", sent="maybe")
            return super().answer(request)

    rows = Broken(candles("1m", 9000), now_ms=START + 10**10).get_historical_klines_generator("ETHBTC", "1m", START)
    assert [row[1] for row in itertools.islice(rows, 3000)] == list(range(3000))
    with pytest.raises(ExchangeRequestException, match="the fourth page"):
        next(rows)
    assert not threads()


USUAL = [START, "1.0", "2.0", "0.5", "1.5", "10.0", START + 59_999, "15.0", 7, "5.0", "7.5", "0"]


@pytest.mark.parametrize(
    "odd",
    [USUAL, [*USUAL[:11], 0], [*USUAL, "new"], USUAL[:11], [START, 1.0, *USUAL[2:]], [*USUAL[:5], None, *USUAL[6:]]],
    ids=["usual", "a number", "longer", "shorter", "a float", "null"],
)
def test_rows_come_as_the_venue_wrote_them_each_a_list_of_its_own(odd: list[Any]) -> None:
    rows = [[USUAL[0] - 60_000, *USUAL[1:]], odd]
    market = Market([], now_ms=START + 120_000)
    market.answer = lambda request: rows if int(request.params["startTime"]) < START else []  # type: ignore[method-assign]
    for got in (
        market.get_historical_klines("ETHBTC", "1m", START - 60_000),
        list(market.get_historical_klines_generator("ETHBTC", "1m", START - 60_000)),
    ):
        assert got == rows
        assert [type(row) for row in got] == [list, list]
        got[0].append("mine")
        assert rows[0][-1] == "0"


def test_times_in_microseconds_are_read_as_such() -> None:
    class Fine(Market):
        def answer(self, request: Request) -> Any:
            answer = super().answer(request)
            return [[row[0] * 1000, *row[1:6], row[6] * 1000 + 999] for row in answer] if isinstance(answer, list) else answer

    market = Fine(candles("1m", 2500), now_ms=START + 2400 * 60_000)
    got = market.get_historical_klines("ETHBTC", "1m", START, closed_only=True)
    assert [row[0] // 1000 for row in got] == [row[0] for row in candles("1m", 2400)]


def test_pages_come_last_when_the_budget_is_short_unless_the_caller_says_otherwise() -> None:
    market = Market(candles("5m", 10))
    market.get_historical_klines("X", "5m", START)
    market.get_historical_klines("X", "5m", START, requests_params={"priority": "order", "timeout": 3})
    assert market.options == [{"priority": "archive"}, {"priority": "order", "timeout": 3}]


@pytest.mark.parametrize(
    "answer",
    [{}, {"rows": []}, [{}], [[]], [None], [["soon", 1]], [[None]], ["x"], 5, None, [[START], [START - 1]]],
)
def test_pages_of_another_form_are_an_error_of_ours(answer: Any) -> None:
    class Odd(Market):
        def answer(self, request: Request) -> Any:
            return answer

    market = Odd([], now_ms=START + 10**9)
    for start, limit in ((START, None), (None, 5)):
        with pytest.raises(ExchangeRequestException, match="get_klines"):
            market.get_historical_klines("ETHBTC", "5m", start, START + 10**9, limit)


def test_a_page_that_goes_back_ends_with_an_error_instead_of_repeating_for_ever() -> None:
    class Stuck(Market):
        def answer(self, request: Request) -> Any:
            return self.rows

    with pytest.raises(ExchangeRequestException, match="out of order or before"):
        Stuck(candles("5m", 3), now_ms=START + 10**9).get_historical_klines("ETHBTC", "5m", START)
    with pytest.raises(ExchangeRequestException, match="out of order or after"):
        Stuck(candles("5m", 3), now_ms=START + 10**9).get_historical_klines("ETHBTC", "5m", limit=10)


@pytest.mark.parametrize(
    ("arguments", "error", "text"),
    [
        ({"start_str": "soon"}, ValueError, "start_str cannot be read as a date: 'soon'"),
        ({"end_str": "later"}, ValueError, "end_str cannot be read as a date: 'later'"),
        ({"start_str": START, "end_str": START - 1}, ValueError, "is before start_str"),
        ({"start_str": datetime(9999, 12, 31), "interval": "1M"}, ValueError, "start_str .* is too far ahead"),  # noqa: DTZ001 - of a user's
        ({"start_str": None, "limit": 0}, ValueError, "limit must be 1 or more"),
        ({"start_str": None, "limit": "five"}, ValueError, "limit must be a whole number"),
        ({"start_str": None, "limit": [5]}, TypeError, "limit must be an int, not list"),
        ({"closed_only": 1}, TypeError, "closed_only must be a bool"),
        ({"klines_type": "FUTURES"}, TypeError, "klines_type must be"),
        ({"requests_params": {"timeout": 0}}, ValueError, "timeout must be"),
        ({"requests_params": 5}, TypeError, "requests_params must be a dict"),
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
    assert len(plain) == 2


@pytest.mark.parametrize("interval", ["2m", "", "5M", "60"])
def test_an_unknown_interval_is_refused_with_the_legal_ones(interval: Any) -> None:
    with pytest.raises(ValueError, match="interval must"):
        Market([], now_ms=START).get_historical_klines("ETHBTC", interval, START)


def trades(count: int) -> list[dict[str, int]]:
    """Each is both kinds of trade: an aggregated one of two trades, of which the first is as old."""
    return [{"a": number, "f": 2 * number, "id": number, "T": START + number // 3} for number in range(count)]


@settings(deadline=None)
@given(count=st.integers(0, 60), last=st.integers(0, 70), most=st.integers(1, 20), gone=st.sets(st.integers(0, 60)))
def test_trades_come_once_from_the_one_after_the_last_known(count: int, last: int, most: int, gone: set[int]) -> None:
    rows = [row for row in trades(count) if row["a"] not in gone]
    wanted = [row for row in rows if row["a"] > last]
    assert list(Market(rows, most=most).aggregate_trade_iter("X", last_id=last)) == wanted
    assert list(Market(rows, most=most).historical_trade_iter("X", last_id=last)) == wanted


def test_trades_from_a_moment_on_and_from_the_first_on() -> None:
    market = Market(trades(30), most=4)
    assert list(market.aggregate_trade_iter("X", start_str=START + 5)) == trades(30)[15:]
    assert list(market.aggregate_trade_iter("X")) == trades(30)
    assert list(market.historical_trade_iter("X")) == trades(30)
    # The aggregated trade of that moment has the number 3, and its first trade the number 6.
    assert next(market.historical_trade_iter("X", start_str=START + 1))["id"] == 6
    assert list(market.aggregate_trade_iter("X", start_str=START + 100)) == []


def test_many_trades_are_read_several_pages_at_a_time_and_up_to_the_newest() -> None:
    market = Market(trades(20_500))
    assert list(market.aggregate_trade_iter("X")) == trades(20_500)
    assert len(market.asked) <= 22 + PLANNED
    assert not threads()


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
    market = Market([])
    for method in (market.aggregate_trade_iter, market.historical_trade_iter):
        with pytest.raises(error, match=text):
            method(**{"symbol": "X", **arguments})
    assert market.asked == []


def test_a_trade_page_that_goes_back_ends_with_an_error() -> None:
    class Stuck(Market):
        def answer(self, request: Request) -> Any:
            return self.rows

    with pytest.raises(ExchangeRequestException, match="out of order or before"):
        list(Stuck(trades(1000)).aggregate_trade_iter("X"))


@pytest.mark.skipif(not CANDLES.exists(), reason=f"{CANDLES} is not at hand")
def test_every_real_candle_comes_back_text_for_text() -> None:
    with gzip.open(CANDLES, "rt") as file:
        rows = list(csv.reader(file))[1:]
    client = Client(environment={"rest": "http://sandbox.localhost"})
    Sandbox(seed=7, candles={("ETHBTC", "5m"): str(CANDLES)}).mount(client.session)
    got = client.get_historical_klines("ETHBTC", "5m", int(rows[0][0]), int(rows[-1][0]))
    assert [[str(cell) for cell in row[:7]] for row in got] == [row[:7] for row in rows]
    assert len(got) == 5760


class Counting:
    """A venue that counts weight as the real one does, and refuses what is too much."""

    def __init__(self, clock: FakeClock) -> None:
        self.clock = clock
        self.used: dict[int, int] = {}
        self.refused = 0
        self._lock = threading.Lock()

    def http(self, request: HttpRequest) -> HttpResponse:
        with self._lock:
            minute = self.clock.now_ms() // 60_000
            self.used[minute] = self.used.get(minute, 0) + 2
            self.refused += self.used[minute] > 6000
            headers = {"X-MBX-USED-WEIGHT-1M": str(self.used[minute])}
        first = int(dict(parse_qsl(request.query))["startTime"])
        return HttpResponse(429 if self.used[minute] > 6000 else 200, json.dumps([[first]]).encode(), headers)


def test_pages_wait_for_the_budget_and_none_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history, "_FULL_PAGE", 1)
    clock = FakeClock(START)
    venue = Counting(clock)
    client = Client(environment={"rest": "http://sandbox.localhost"}, clock=clock)
    client.session.mount("http://", InProcessAdapter(venue))
    got = client.get_historical_klines("ETHBTC", "1m", START, START + 3499 * 60_000)
    assert [row[0] for row in got] == [START + number * 60_000 for number in range(3500)]
    assert venue.refused == 0
    assert max(venue.used.values()) >= 0.95 * 6000
    with pytest.raises(RateLimitException, match="not sent"):
        client.get_historical_klines("ETHBTC", "1m", START, START + 10**9, requests_params={"when_limited": "raise"})
    assert not threads()


# ---- as lines --------------------------------------------------------------------------------------------------------


def test_lines_are_the_rows_without_their_last_column() -> None:
    with (
        Sandbox(seed=7, start="2024-03-05T12:34", speed=0, limits="counted") as exchange,
        Client(environment=exchange.urls["binance"]) as client,
    ):
        now_ms = exchange.now_ms
        lines = [line for page in history.lines_of_candles(client, "ETHBTC", "1h", 0, now_ms) for line in page]
        rows = client.get_historical_klines("ETHBTC", "1h", 0, now_ms)
    assert len(rows) > 700
    assert lines == [",".join(map(str, row[:11])).encode() for row in rows]


ROW = '[1700000040000,"1.1","2.0","1.0","1.5","3.0",1700000099999,"4.5",7,"1.0","1.5","0"]'


def test_lines_come_from_text_with_blanks_too() -> None:
    assert history._lines(b"[]") == []
    wanted = [b"1700000040000,1.1,2.0,1.0,1.5,3.0,1700000099999,4.5,7,1.0,1.5"]
    assert history._lines(f"[{ROW}]".encode()) == history._lines(f"[ {ROW.replace(',', ', ')} ]".encode()) == wanted


@pytest.mark.parametrize(
    "text",
    [
        '{"code":0}',
        "[[1]]",
        "[",
        "null",
        f"[{ROW[:-5]}]]",
        f"[{ROW.replace('1.1', '1e-7')}]",
        f"[{ROW.replace('1.1', '1,1')}]",
        f"[{ROW},[1]]",
    ],
)
def test_text_that_is_no_candles_makes_no_lines(text: str) -> None:
    with pytest.raises(ExchangeRequestException, match="get_klines"):
        history._lines(text.encode())
