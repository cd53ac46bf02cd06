from __future__ import annotations

from typing import Any

import pytest
import requests_mock

from exchangeclient.bitmex import limits
from exchangeclient.bitmex.client import Client
from exchangeclient.core.calling.endpoint import endpoints
from exchangeclient.core.process.clock import FakeClock, VenueClock
from exchangeclient.exceptions import RateLimitException

START_MS = 1_700_000_000_000
ORDER: dict[str, Any] = {"symbol": "XBTUSD", "side": "Buy", "orderQty": 100, "price": 5000, "disable_validation": True}


class Tokens:
    """A bucket of the venue's."""

    def __init__(self, clock: FakeClock, most: int, per_s: float) -> None:
        self._clock, self._most, self._per_s = clock, most, per_s
        self._held, self._at_s = float(most), 0.0

    def take(self) -> int:
        now_s = self._clock.monotonic_s()
        self._held = min(self._most, self._held + (now_s - self._at_s) * self._per_s)
        self._at_s = now_s
        self._held -= 1
        return int(self._held + 1e-6) if self._held > -1e-6 else -1  # sums of tenths are not exact


class Venue:
    """Counts as the venue does and refuses what is too much, by a clock that goes on by itself when something waits."""

    def __init__(self, mock: requests_mock.Mocker) -> None:
        self.clock = FakeClock(START_MS)
        self.client = Client("key", "secret", environment="https://bitmex.invalid", clock=VenueClock(self.clock))
        self.buckets = {
            "address": Tokens(self.clock, 30, 0.5),
            "account": Tokens(self.clock, 120, 2.0),
            "orders": Tokens(self.clock, 10, 10),
        }
        self.came = self.refused = 0
        self.refusal: tuple[int, dict[str, str]] | None = None
        for verb in ("GET", "POST", "PUT", "DELETE"):
            mock.register_uri(verb, requests_mock.ANY, json=self._answer)

    def _answer(self, request: Any, context: Any) -> Any:
        self.came += 1
        signed = "api-signature" in request.headers
        left = self.buckets["account" if signed else "address"].take()
        context.headers = {"x-ratelimit-limit": "120" if signed else "30", "x-ratelimit-remaining": str(max(0, left))}
        if request.path == "/api/v1/order" and request.method != "GET":
            second = self.buckets["orders"].take()
            context.headers["x-ratelimit-remaining-1s"] = str(max(0, second))
            left = min(left, second)
        if left < 0 or self.refusal is not None:
            self.refused += 1
            said, more = self.refusal or (3, {})
            self.refusal = None
            context.status_code = 429
            context.headers |= {"retry-after": str(said), **more}
            return {"error": {"message": f"Rate limit exceeded, retry in {said} seconds.", "name": "RateLimitError"}}
        if request.path == "/api/v1":
            return {"timestamp": self.clock.now_ms()}
        if request.path == "/api/v1/order":
            return [{"orderID": "1"}] if request.method in ("GET", "DELETE") else {"orderID": "1"}
        return []


@pytest.fixture
def venue() -> Any:
    with requests_mock.Mocker() as mock:
        yield Venue(mock)


def test_every_endpoint_is_counted_by_a_limit_that_there_is() -> None:
    assert {each.counts for each in endpoints(Client)} == {limit.counts for limit in limits.DOCUMENTED.address} | {limits.ACCOUNT}
    assert {each.counts == limits.ACCOUNT for each in endpoints(Client) if each.security.signed} == {True}
    assert not [each.name for each in endpoints(Client) if each.counts == limits.ACCOUNT and not each.security.signed]


def test_the_documented_limits_are_what_is_begun_with() -> None:
    known = {limit.name: (limit.most, limit.length_ms) for limit in (*limits.DOCUMENTED.address, *limits.DOCUMENTED.account)}
    assert known == {"ADDRESS-1M": (30, 60_000), "ACCOUNT-1M": (120, 60_000), "ORDERS-1S": (10, 1_000)}


def test_reads_past_the_limit_wait_for_the_bucket_to_fill_and_none_is_refused(venue: Venue) -> None:
    keyless = Client(environment="https://bitmex.invalid", clock=VenueClock(venue.clock))
    for _ in range(50):
        keyless.get_active_instruments(requests_params={"timeout": 600})
    assert venue.refused == 0
    assert 40 <= venue.clock.monotonic_s() <= 50, "as fast as the bucket fills"
    for _ in range(100):
        venue.client.get_active_instruments()
    assert venue.clock.monotonic_s() <= 50, "an account has a bucket of its own, and a larger one"


def test_L05_orders_past_the_limit_of_a_second_are_refused_here_and_a_moment_later_there_is_room(venue: Venue) -> None:
    for _ in range(10):
        venue.client.create_order(**ORDER)
    with pytest.raises(RateLimitException, match=r"10 of 10 of ORDERS-1S are used up, the next one comes in 0\.1 s") as caught:
        venue.client.create_order(**ORDER)
    assert caught.value.status_code == 0
    assert caught.value.explain().name == "held back by the client"
    venue.client.get_orders()
    venue.clock.advance(0.1)
    venue.client.create_order(**ORDER)
    assert venue.refused == 0


def test_a_cancellation_waits_for_its_moment(venue: Venue) -> None:
    for _ in range(10):
        venue.client.create_order(**ORDER)
    for _ in range(3):
        venue.client.cancel_order(orderID="1")
    assert 0.2 <= venue.clock.monotonic_s() <= 1
    assert venue.refused == 0
    with pytest.raises(RateLimitException, match="not sent"):
        venue.client.cancel_order(orderID="1", requests_params={"when_limited": "raise"})


def test_L03_what_others_use_with_the_same_key_is_heard(venue: Venue) -> None:
    for _ in range(100):
        venue.buckets["account"].take()
    venue.client.get_orders()
    shown = venue.client.limits()["limits"]["ACCOUNT-1M"]
    assert (shown["limit"], shown["left"]) == (120, 19)


def test_L01_after_a_refusal_nothing_leaves_before_its_time(venue: Venue) -> None:
    venue.client.ping()
    venue.refusal = (7, {})
    with pytest.raises(RateLimitException) as caught:
        venue.client.create_order(**ORDER)
    assert caught.value.retry_after == 7
    came = venue.came
    with pytest.raises(RateLimitException, match="not sent"):
        venue.client.get_orders(requests_params={"timeout": 2})
    assert venue.came == came
    venue.client.get_orders()
    assert venue.clock.monotonic_s() >= 7


def test_a_refusal_for_the_orders_of_a_second_holds_back_orders_only(venue: Venue) -> None:
    venue.client.ping()
    venue.refusal = (1, {"x-ratelimit-remaining-1s": "0"})
    with pytest.raises(RateLimitException):
        venue.client.create_order(**ORDER)
    venue.client.get_orders(requests_params={"timeout": 0.5})
    with pytest.raises(RateLimitException, match="not sent"):
        venue.client.create_order(**ORDER)


def test_a_list_of_orders_is_placed_as_fast_as_the_venue_takes_them(venue: Venue) -> None:
    placed = venue.client.create_orders([{**ORDER, "price": 5000 + n} for n in range(25)], requests_params={"timeout": 5})
    assert [type(each) for each in placed] == [dict] * 25
    assert 1.4 <= venue.clock.monotonic_s() <= 2.5
    assert venue.refused == 0
