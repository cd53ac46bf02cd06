"""What can go wrong with the time: one test for each row T of the faults (T02 and T05 of the clock itself are in process/test_clock.py)."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests_mock

from exchangeclient.client import Client
from exchangeclient.core.calling.dates import milliseconds
from exchangeclient.core.process.clock import FakeClock, VenueClock
from exchangeclient.exceptions import ClockSkewException

BASE = "https://api.binance.com"
START = 1_700_000_000_000
ORDER = {"symbol": "BTCUSDT", "side": "BUY", "type": "MARKET", "quantity": "1", "disable_validation": True}


class Venue:
    """A venue that checks timestamps by its own clock as Binance documents it, and a machine with another one."""

    def __init__(self, mock: requests_mock.Mocker, *, wrong_s: float = 0.0, way_s: float = 0.05) -> None:
        self.machine = FakeClock(START)
        self.machine.step(wrong_s)
        self.way_s = self.back_s = way_s
        self.lies_ms: list[int] = []
        self.skews_ms: list[int] = []
        self.time_fails = False
        self.sent: list[tuple[str, int]] = []
        mock.get(f"{BASE}/api/v3/time", text=self._time)
        for verb, path in (("GET", "account"), ("POST", "order"), ("POST", "order/test")):
            mock.register_uri(verb, f"{BASE}/api/v3/{path}", text=self._signed)
        self.clock = VenueClock(self.machine)
        self.client = Client("key", "secret", clock=self.clock)

    def now_ms(self) -> int:
        return round(START + self.machine.monotonic_s() * 1000)

    def count(self, path: str) -> int:
        return sum(sent == path for sent, _ in self.sent)

    def _time(self, request: Any, context: Any) -> str:
        self.sent.append(("time", 0))
        self.machine.advance(self.way_s)
        if self.time_fails:
            context.status_code = 500
            return "trouble"
        lie_ms = self.lies_ms.pop(0) if self.lies_ms else 0
        told = self.now_ms() + lie_ms
        self.machine.advance(self.back_s)
        return json.dumps({"serverTime": told})

    def _signed(self, request: Any, context: Any) -> str:
        fields = parse_qs(urlsplit(request.url).query or request.text)
        stamp, window = int(fields["timestamp"][0]), float(fields.get("recvWindow", ["5000"])[0])
        self.sent.append((urlsplit(request.url).path.removeprefix("/api/v3/"), stamp))
        self.machine.advance(self.way_s)
        now = self.now_ms() + (self.skews_ms.pop(0) if self.skews_ms else 0)
        if not stamp < now + 1000 or not now - stamp <= window:
            context.status_code = 400
            return '{"code": -1021, "msg": "Timestamp for this request is outside of the recvWindow."}'
        return '{"orderId": 1}'


@pytest.fixture
def mock() -> Any:
    with requests_mock.Mocker() as mocker:
        yield mocker


YEAR = 365 * 86_400


@pytest.mark.parametrize("wrong_s", [0, 1, -1, 10, -10, 3_600, -3_600, 86_400, -86_400, YEAR, -YEAR])
def test_T01_a_wrong_clock_does_not_matter(mock: requests_mock.Mocker, wrong_s: float) -> None:
    """Fails without core/process/clock.py: VenueClock. Half the round trip is allowed for: a window hardly longer than the way holds."""
    venue = Venue(mock, wrong_s=wrong_s, way_s=0.05)
    venue.client.get_account(recvWindow=60)
    venue.client.get_account(recvWindow=60)
    assert (venue.count("time"), venue.count("account")) == (1, 2)
    assert venue.clock.offset_ms == pytest.approx(-1000 * wrong_s, abs=2)


@pytest.mark.parametrize("step_s", [-86_400, -5, 5, 3_600, YEAR])
def test_T02_a_step_of_the_clock_has_the_venue_asked_before_the_next_signed_call(mock: requests_mock.Mocker, step_s: float) -> None:
    venue = Venue(mock)
    venue.client.get_account()
    venue.machine.step(step_s)
    venue.client.get_account()
    assert (venue.count("time"), venue.count("account")) == (2, 2)


def test_T02_deadlines_do_not_see_a_step(mock: requests_mock.Mocker) -> None:
    venue = Venue(mock)
    terms = venue.client._transport.terms({"timeout": 5})
    venue.machine.step(YEAR)
    assert terms.deadline.left_s() == 5


@pytest.mark.parametrize("call", [lambda client: client.get_account(), lambda client: client.create_order(**ORDER)])
def test_T03_a_call_refused_by_its_time_is_stamped_anew_and_sent_once_more(mock: requests_mock.Mocker, call: Any) -> None:
    venue = Venue(mock)
    venue.client.get_account()
    before = venue.sent[-1]
    venue.skews_ms = [60_000]
    assert call(venue.client)["orderId"] == 1
    assert [path for path, _ in venue.sent[2:]].count("time") == 1
    first, second = (stamp for path, stamp in venue.sent[2:] if path != "time")
    assert before[1] < first < second


def test_T03_the_second_refusal_is_the_callers(mock: requests_mock.Mocker) -> None:
    venue = Venue(mock)
    venue.skews_ms = [60_000, 60_000, 60_000]
    with pytest.raises(ClockSkewException) as caught:
        venue.client.create_order(**ORDER)
    assert venue.count("order") == 2
    assert "of this machine (known to 50 ms" in caught.value.__notes__[0]


def test_T03_a_timestamp_that_the_caller_gave_is_not_sent_twice(mock: requests_mock.Mocker) -> None:
    venue = Venue(mock)
    with pytest.raises(ClockSkewException):
        venue.client.get_account(timestamp=START - 3_600_000)
    assert venue.count("account") == 1


@pytest.mark.parametrize("trouble", ["fails", "slow", "backwards", "no time"])
def test_T04_a_venue_that_tells_its_time_badly_does_not_make_it_worse(mock: requests_mock.Mocker, trouble: str) -> None:
    venue = Venue(mock, wrong_s=3_600)
    venue.client.get_account(recvWindow=200)
    venue.machine.advance(1_000)
    if trouble == "fails":
        venue.time_fails = True
    elif trouble == "slow":
        venue.back_s = 2.7
    elif trouble == "backwards":
        venue.lies_ms = [-3_600_000]
    else:
        mock.get(f"{BASE}/api/v3/time", text='{"hello": 1}')
    venue.client.get_account(recvWindow=200)
    assert venue.count("account") == 2
    assert venue.clock.age_s is not None
    assert (venue.clock.age_s > 1_000) == (trouble in ("fails", "no time"))


def test_T04_a_venue_that_cannot_tell_its_time_is_not_asked_before_every_call(mock: requests_mock.Mocker) -> None:
    venue = Venue(mock)
    venue.time_fails = True
    for _ in range(5):
        venue.client.get_account()
    assert venue.count("time") == 1


@pytest.mark.parametrize(
    "window", [0, -1, 60_001, "6000000", "much", "", " ", float("nan"), float("inf"), 0.0001, "1.2345", True, [5], "1e3x", 10**400]
)
def test_T06_a_window_that_the_venue_refuses_is_not_sent(mock: requests_mock.Mocker, window: Any) -> None:
    venue = Venue(mock)
    for call in (venue.client.get_account, lambda **named: venue.client.create_order(**ORDER, **named)):
        with pytest.raises((ValueError, TypeError), match="recvWindow"):
            call(recvWindow=window)
    assert venue.sent == []


@pytest.mark.parametrize(("window", "text"), [(60_000, "60000"), (1, "1"), (0.001, "0.001"), ("6000.346", "6000.346"), (5000.0, "5000")])
def test_T06_the_callers_window_is_sent_as_it_was_given(mock: requests_mock.Mocker, window: Any, text: str) -> None:
    venue = Venue(mock, way_s=0.0)
    venue.client.get_account(recvWindow=window)
    assert parse_qs(urlsplit(mock.last_request.url).query)["recvWindow"] == [text]


def test_T07_calls_of_one_millisecond_are_all_accepted(mock: requests_mock.Mocker) -> None:
    """Binance takes any timestamp within its window, any number of times; nothing counts on their order."""
    venue = Venue(mock, way_s=0.0)
    with ThreadPoolExecutor(32) as pool:
        assert list(pool.map(lambda _: venue.client.create_order(**ORDER)["orderId"], range(20))) == [1] * 20
    assert {stamp for path, stamp in venue.sent if path == "order"} == {START}
    assert venue.count("order") == 20


DATES = """
from exchangeclient.core.calling.dates import milliseconds
from exchangeclient.market.klines import floor_open, next_open
NOW = 1_709_210_096_000  # 2024-02-29, a leap day
summer_begins, winter_begins = "2024-03-31 02:30", "2024-10-27T01:30:00"
for when in ("1 month ago UTC", "1 day ago", summer_begins, winter_begins, "29 Feb, 2024", "2023-12-31 23:59:59", "1 year ago"):
    moment = milliseconds(when, NOW)
    print(moment, *[open(interval, moment) for interval in ("1h", "3d", "1w", "1M") for open in (floor_open, next_open)])
"""
ZONES = ["UTC", "America/New_York", "Asia/Kolkata", "Pacific/Apia", "Europe/London", "Australia/Lord_Howe"]


def test_T08_dates_and_candles_are_the_same_in_every_zone() -> None:
    def read(zone: str) -> bytes:
        command = [sys.executable, "-c", DATES]
        return subprocess.run(command, env={**os.environ, "TZ": zone}, check=True, capture_output=True, timeout=60).stdout

    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(read, ZONES))
    assert len(set(answers)) == 1
    assert len(answers[0].split()) == 7 * 9


@pytest.mark.parametrize("when", [1514764800, 1514764800000, 1514764800000000, 1514764800000000000, "1514764800", "2018-01-01"])
def test_T09_a_time_in_any_unit_is_read_when_it_can_mean_one_thing_only(when: Any) -> None:
    assert milliseconds(when, START) == 1514764800000


@pytest.mark.parametrize("when", ["01/02/2018", "1.2.2018", "2018", "soon", "32 Jan 2018"])
def test_T09_a_date_that_can_mean_several_is_refused(when: Any) -> None:
    with pytest.raises(ValueError, match="date"):
        milliseconds(when, START)
