"""What can go wrong with the venue's limits: a test for each row L of the faults (L04: budgets/test_governor.py; L07 is about sockets)."""

from __future__ import annotations

import itertools
import os
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from email.utils import formatdate
from typing import Any

import pytest
import requests_mock

from exchangeclient.client import Client
from exchangeclient.core.budgets.governor import Governor
from exchangeclient.core.process.clock import FakeClock
from exchangeclient.exceptions import ExchangeAPIException, OverloadException, RateLimitException

BASE = "https://api.binance.com"
NOON = 1_700_000_040_000  # a full minute
START = NOON + 24_000
ORDER = {"symbol": "BTCUSDT", "side": "BUY", "type": "MARKET", "quantity": "1", "disable_validation": True}
TOO_MANY = '{"code": -1003, "msg": "Too much request weight used; current limit is 6000 request weight per 1 MINUTE."}'
BANNED = '{"code": -1003, "msg": "Way too much request weight used; IP banned until %d. Please use WebSocket Streams for live updates."}'


class Venue:
    """A venue that answers what the test says, and when each request came."""

    def __init__(self, mock: requests_mock.Mocker) -> None:
        self.clock = FakeClock(START)
        self.client = Client("key", "secret", clock=self.clock)
        self.came_s: list[float] = []
        self.answers: list[dict[str, Any]] = []
        self.mock = mock
        for verb in ("GET", "POST", "DELETE"):
            mock.register_uri(verb, requests_mock.ANY, text=self._answer)

    def _answer(self, request: Any, context: Any) -> str:
        self.came_s.append(self.clock.monotonic_s())
        answer = self.answers.pop(0) if self.answers else {}
        context.status_code = answer.get("status", 200)
        context.headers.update(answer.get("headers", {}))
        return str(answer.get("text", "{}" if request.method == "GET" else '{"symbol": "BTCUSDT", "orderId": 1, "status": "FILLED"}'))

    def used(self, name: str = "REQUEST_WEIGHT-1M") -> int:
        return int(self.client.limits()["limits"][name]["used"])


@pytest.fixture
def venue() -> Any:
    with requests_mock.Mocker() as mock:
        yield Venue(mock)


REST_OF_THE_MINUTE = 36.3
DATE = {"Date": formatdate(START / 1000, usegmt=True)}
RETRY_AFTER: dict[str, tuple[dict[str, str], float]] = {
    "seconds": ({"Retry-After": "7"}, 7),
    "a date": ({"Retry-After": formatdate(START / 1000 + 9, usegmt=True), **DATE}, 9),
    "a date by the venue's clock": ({"Retry-After": formatdate(START / 1000 + 9, usegmt=True)}, 9),
    "a date that has passed": ({"Retry-After": formatdate(NOON / 1000 - 99, usegmt=True), **DATE}, REST_OF_THE_MINUTE),
    "missing": ({}, REST_OF_THE_MINUTE),
    "nothing": ({"Retry-After": "0"}, REST_OF_THE_MINUTE),
    "negative": ({"Retry-After": "-5"}, REST_OF_THE_MINUTE),
    "text": ({"Retry-After": "soon"}, REST_OF_THE_MINUTE),
    "huge": ({"Retry-After": "9" * 30}, 3 * 86_400),
}


@pytest.mark.parametrize("form", RETRY_AFTER)
def test_L01_nothing_is_sent_before_the_time_that_the_venue_names(venue: Venue, form: str) -> None:
    """Fails without `Caller._heed`."""
    headers, seconds = RETRY_AFTER[form]
    venue.answers = [{"status": 429, "headers": headers, "text": TOO_MANY}]
    with pytest.raises(RateLimitException) as caught:
        venue.client.ping(requests_params={"timeout": 5})
    assert caught.value.status_code == 429
    assert venue.client.limits()["banned_for_s"] == pytest.approx(seconds)
    impatient = {"requests_params": {"timeout": 5}}
    for call in (venue.client.ping, venue.client.get_account, lambda **named: venue.client.create_order(**ORDER, **named)):
        with pytest.raises(RateLimitException, match="not sent"):
            call(**impatient)
    assert len(venue.came_s) == 1
    venue.client.ping(requests_params={"timeout": 4 * 86_400})
    assert venue.came_s[1] == pytest.approx(seconds)


def test_L01_a_read_waits_and_is_repeated_when_it_may_last_so_long(venue: Venue) -> None:
    venue.answers = [{"status": 429, "headers": {"Retry-After": "7"}, "text": TOO_MANY}]
    assert venue.client.ping(requests_params={"timeout": 30}) == {}
    assert venue.came_s == [0, 7]


def test_L01_whoever_does_not_want_to_wait_is_told_at_once(venue: Venue) -> None:
    venue.answers = [{"status": 429, "headers": {"Retry-After": "7"}, "text": TOO_MANY}]
    with pytest.raises(RateLimitException) as caught:
        venue.client.ping(requests_params={"timeout": 30, "when_limited": "raise"})
    assert caught.value.retry_after == 7
    assert venue.clock.monotonic_s() == 0


def test_L01_an_order_waits_only_when_it_is_told_to(venue: Venue) -> None:
    venue.answers = [{"status": 429, "headers": {"Retry-After": "7"}, "text": TOO_MANY}]
    with pytest.raises(RateLimitException):
        venue.client.create_order(**ORDER)
    with pytest.raises(RateLimitException, match="not sent"):
        venue.client.create_order(**ORDER, requests_params={"timeout": 30})
    venue.client.create_order(**ORDER, requests_params={"timeout": 30, "when_limited": "wait"})
    assert venue.came_s == [0, 7]


@pytest.mark.parametrize(
    ("headers", "text", "seconds"),
    [
        ({"Retry-After": "600"}, BANNED % (START + 300_000), 600),
        ({}, BANNED % (START + 300_000), 300),
        ({"Retry-After": "5"}, BANNED % (START + 300_000), 300),
        ({}, "<html>", 120),
        ({}, BANNED % 9_999_999_999_999, 3 * 86_400),
    ],
    ids=["header", "text", "the longer of both", "the least", "no longer than any"],
)
def test_L02_a_ban_is_known_by_header_or_text(venue: Venue, headers: dict[str, str], text: str, seconds: float) -> None:
    venue.answers = [{"status": 418, "headers": headers, "text": text}]
    with pytest.raises(RateLimitException) as caught:
        venue.client.ping(requests_params={"timeout": 5})
    assert venue.client.limits()["banned_for_s"] == pytest.approx(seconds)
    assert caught.value.status_code == 418
    assert caught.value.banned_until == START + 1_000 * seconds


def test_L02_a_ban_stops_all_threads_and_clients_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    came: list[int] = []
    known: list[int] = []
    numbers = itertools.count()
    hold = Governor.hold

    def noted(*args: Any) -> float:
        seconds = hold(*args)
        known.append(len(came))
        return seconds

    def answer(request: Any, context: Any) -> str:
        number = next(numbers)
        came.append(number)
        if number == 50:
            context.status_code, context.headers["Retry-After"] = 418, "120"
        return "{}"

    def work(number: int) -> float | None:
        client = Client() if number % 2 else Client("key", "secret")
        while True:
            try:
                client.ping(requests_params={"timeout": 2})
            except RateLimitException as error:
                return error.retry_after

    monkeypatch.setattr(Governor, "hold", noted)
    with requests_mock.Mocker() as mock:
        mock.get(f"{BASE}/api/v3/ping", text=answer)
        with ThreadPoolExecutor(32) as pool:
            ends = list(pool.map(work, range(32)))
    assert len(known) == 1
    assert len(came) <= known[0] + 31, "what was on its way arrives, nothing else does"
    assert all(seconds is not None and 110 < seconds <= 120 for seconds in ends)


def test_L03_the_venues_own_count_is_taken(venue: Venue) -> None:
    """Another process of this address has spent the rest. Fails without `Window.settle` reading the header."""
    venue.answers = [{"headers": {"X-MBX-USED-WEIGHT-1M": "5990"}}]
    venue.client.ping()
    assert venue.used() == 5990
    with pytest.raises(RateLimitException, match="5990 of 6000 of REQUEST_WEIGHT-1M are used up"):
        venue.client.get_order_book(symbol="BTCUSDT", requests_params={"timeout": 10})
    venue.client.get_order_book(symbol="BTCUSDT", requests_params={"timeout": 60})
    assert venue.came_s == [0, pytest.approx(REST_OF_THE_MINUTE)]


def test_L05_orders_past_the_count_stay_here(venue: Venue) -> None:
    venue.answers = [{"headers": {"X-MBX-ORDER-COUNT-10S": "50", "X-MBX-ORDER-COUNT-1D": "7"}}]
    venue.client.create_order(**ORDER)
    assert (venue.used("ORDERS-10S"), venue.used("ORDERS-1D")) == (50, 7)
    with pytest.raises(RateLimitException, match="50 of 50 of ORDERS-10S are used up") as caught:
        venue.client.create_order(**ORDER)
    assert caught.value.retry_after == pytest.approx(6.3)
    venue.client.cancel_order(symbol="BTCUSDT", orderId=1)
    venue.clock.advance(6.3)
    venue.client.create_order(**ORDER)
    assert len(venue.came_s) == 3


def test_L05_a_refusal_for_too_many_orders_holds_back_orders_only(venue: Venue) -> None:
    venue.answers = [{"status": 429, "text": '{"code": -1015, "msg": "Too many new orders; current limit is 50 orders per 10 SECOND."}'}]
    with pytest.raises(RateLimitException) as caught:
        venue.client.create_order(**ORDER)
    assert caught.value.of_account
    with pytest.raises(RateLimitException, match="the venue takes no orders for another 6 s"):
        venue.client.create_order(**ORDER)
    venue.client.cancel_order(symbol="BTCUSDT", orderId=1)
    venue.client.get_account()
    Client("other", "secret", clock=venue.clock).create_order(**ORDER)
    assert len(venue.came_s) == 4


def test_L06_limits_that_change_are_picked_up(venue: Venue) -> None:
    rows = [
        {"rateLimitType": "REQUEST_WEIGHT", "interval": "MINUTE", "intervalNum": 1, "limit": 1200},
        {"rateLimitType": "ORDERS", "interval": "SECOND", "intervalNum": 10, "limit": 100},
        {"rateLimitType": "ORDERS", "interval": "DAY", "intervalNum": 1, "limit": 200000},
        {"rateLimitType": "NEW_KIND", "interval": "WEEK", "intervalNum": 1, "limit": 1},
    ]
    venue.answers = [{"text": str({"rateLimits": rows, "symbols": []}).replace("'", '"')}]
    venue.client.get_exchange_info()
    shown = {name: row["limit"] for name, row in venue.client.limits()["limits"].items()}
    assert (shown["REQUEST_WEIGHT-1M"], shown["ORDERS-10S"], shown["ORDERS-1D"]) == (1200, 100, 200000)
    assert venue.used() == 20


def test_an_orders_questions_wait_for_no_budget(venue: Venue) -> None:
    """Fails without `Caller._asking`."""
    venue.answers = [{"headers": {"X-MBX-USED-WEIGHT-1M": "5990"}}]
    venue.client.ping()
    with pytest.raises(RateLimitException, match="5990 of 6000"):
        venue.client.create_order(**{**ORDER, "disable_validation": False}, requests_params={"timeout": 60})
    assert venue.clock.monotonic_s() == 0
    assert len(venue.came_s) == 1


def test_a_read_is_repeated_no_sooner_than_the_venue_asks_for(venue: Venue) -> None:
    venue.answers = [{"status": 503, "headers": {"Retry-After": "6"}, "text": "busy"}]
    venue.client.ping(requests_params={"timeout": 30})
    assert venue.came_s == [0, 6]


def test_odd_headers_take_no_answer_away(venue: Venue) -> None:
    odd = {"Retry-After": f"Wed, 21 Oct {'9' * 20} 07:28:00", "X-MBX-ORDER-COUNT-10S": "9" * 5_000, "X-MBX-USED-WEIGHT-1M": "9" * 5_000}
    venue.answers = [{"headers": odd}, {"status": 400, "headers": odd, "text": '{"code": -1013, "msg": "no"}'}]
    assert venue.client.create_order(**ORDER)["orderId"] == 1
    with pytest.raises(ExchangeAPIException) as caught:
        venue.client.create_order(**{**ORDER, "quantity": "2"})
    assert caught.value.code == -1013


class Ahead:
    """A clock of the user's own, an hour ahead."""

    def now_ms(self) -> int:
        return time.time_ns() // 1_000_000 + 3_600_000

    def monotonic_s(self) -> float:
        return time.monotonic()


def test_all_doors_of_a_house_and_all_clocks_share_its_budget() -> None:
    with requests_mock.Mocker() as mock:
        mock.get(requests_mock.ANY, text="{}")
        mock.get("https://api2.binance.com/api/v3/ping", status_code=418, headers={"Retry-After": "120"}, text="{}")
        with pytest.raises(RateLimitException):
            Client(base_endpoint="2").ping(requests_params={"timeout": 1})
        own = Ahead()
        others = [Client(), Client(base_endpoint="1"), Client(base_endpoint="https://api-gcp.binance.com"), Client(clock=own)]
        for other in others:
            with pytest.raises(RateLimitException, match="not sent"):
                other.ping(requests_params={"timeout": 1})
        assert others[-1].clock is own
        Client(tld="us").ping()


WAITS = """
import requests_mock
from exchangeclient.client import Client
with requests_mock.Mocker() as mock:
    mock.get("https://api.binance.com/api/v3/ping", status_code=429, headers={"Retry-After": "60"}, text="{}")
    client = Client()
    try:
        client.ping(requests_params={"timeout": 1})
    except Exception:
        print("waiting", flush=True)
    client.ping(requests_params={"timeout": 100})
"""


@pytest.mark.skipif(os.name == "nt", reason="there is no SIGINT for a single process of Windows")
def test_L08_ctrl_c_ends_a_wait_at_once() -> None:
    with subprocess.Popen([sys.executable, "-c", WAITS], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline().strip() == b"waiting"
        threading.Event().wait(0.1)  # it is about to wait
        began = time.monotonic()
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=60)
        assert time.monotonic() - began < 10
    assert errors.rstrip().endswith(b"KeyboardInterrupt")
    assert errors.count(b"Traceback") == 1


@pytest.mark.parametrize(
    ("status", "code", "text", "kind"),
    [
        (429, -1003, "Too many requests queued.", RateLimitException),
        (429, -1015, "Too many new orders; current limit is 1 orders per 10 SECOND.", RateLimitException),
        (503, -1008, "Server is currently overloaded with other requests. Please try again in a few minutes.", OverloadException),
        (429, 0, "slow down", RateLimitException),
    ],
)
def test_L09_too_much_and_too_busy_are_told_apart_and_no_order_is_repeated(
    venue: Venue, status: int, code: int, text: str, kind: type[ExchangeAPIException]
) -> None:
    venue.answers = [{"status": status, "text": f'{{"code": {code}, "msg": "{text}"}}'}]
    with pytest.raises(kind):
        venue.client.create_test_order(**ORDER)
    assert len(venue.came_s) == 1


def test_L09_a_read_is_repeated_after_an_overload_without_closing_the_door_to_others(venue: Venue) -> None:
    venue.answers = [{"status": 503, "text": '{"code": -1008, "msg": "Server is currently overloaded with other requests."}'}]
    assert venue.client.ping() == {}
    assert len(venue.came_s) == 2
    assert venue.came_s[1] < 5  # a door that is closed stays so for a minute
    assert venue.client.limits()["banned_for_s"] == 0


def test_the_place_of_the_minute_is_asked_for_when_much_is_used() -> None:
    """Who reads the market only is not asked for the time, until it matters where exactly the venue's minutes begin."""
    with requests_mock.Mocker() as mock:
        asked = mock.get(f"{BASE}/api/v3/time", json={"serverTime": NOON})
        mock.get(f"{BASE}/api/v3/depth", json={})
        client = Client()
        for _ in range(5):
            client.get_order_book(symbol="BTCUSDT", limit=5000)
        assert asked.call_count == 0
        for _ in range(5):
            client.get_order_book(symbol="BTCUSDT", limit=5000)
        assert asked.call_count == 1
