from __future__ import annotations

from typing import Any

import pytest
import requests_mock

from exchangeclient.core.calling.endpoint import endpoints
from exchangeclient.core.process.clock import FakeClock, VenueClock
from exchangeclient.exceptions import RateLimitException
from exchangeclient.okx import limits
from exchangeclient.okx.client import Client

START_MS = 1_700_000_000_000


class Venue:
    """Notes when each request came, by a clock that goes on by itself when something waits."""

    def __init__(self, mock: requests_mock.Mocker) -> None:
        self.clock = FakeClock(START_MS)
        self.client = Client("key", "secret", "passphrase", environment="https://okx.invalid", clock=VenueClock(self.clock))
        self.came: list[tuple[str, float]] = []
        self.refusals: list[dict[str, Any]] = []
        for verb in ("GET", "POST"):
            mock.register_uri(verb, requests_mock.ANY, json=self._answer)
        self.client.ping()
        self.came.clear()

    def _answer(self, request: Any, context: Any) -> Any:
        if request.path.endswith("/time"):
            return {"code": "0", "msg": "", "data": [{"ts": str(self.clock.now_ms())}]}
        self.came.append((request.path, self.clock.monotonic_s()))
        if self.refusals:
            context.status_code = 429
            return self.refusals.pop(0)
        orders = request.json() if request.method == "POST" else {}
        return {"code": "0", "msg": "", "data": [{"ordId": "1", "sCode": "0"}] * (len(orders) if isinstance(orders, list) else 1)}


@pytest.fixture
def venue() -> Any:
    with requests_mock.Mocker() as mock:
        yield Venue(mock)


def test_every_endpoint_is_counted_by_a_limit_that_there_is() -> None:
    known = {limit.counts for limit in (*limits.DOCUMENTED.address, *limits.DOCUMENTED.account)} | {limits.UNCOUNTED}
    assert {each.counts for each in endpoints(Client)} <= known


def test_calls_past_an_endpoints_limit_wait_for_its_next_window(venue: Venue) -> None:
    for _ in range(45):
        venue.client.get_ticker("BTC-USDT")
    windows: dict[int, int] = {}
    for _, at_s in venue.came:
        window = int((START_MS / 1000 + at_s) // 2)
        windows[window] = windows.get(window, 0) + 1
    assert max(windows.values()) <= 20
    assert len(windows) >= 3


def test_each_endpoint_and_each_instrument_has_a_budget_of_its_own(venue: Venue) -> None:
    order = {"tdMode": "cash", "side": "buy", "ordType": "limit", "sz": "1", "px": "1", "disable_validation": True}
    for _ in range(60):
        venue.client.create_order(instId="BTC-USDT", **order)
    with pytest.raises(RateLimitException, match="BTC-USDT"):
        venue.client.create_order(instId="BTC-USDT", **order)
    venue.client.create_order(instId="ETH-USDT", **order)
    venue.client.get_account()
    assert venue.clock.monotonic_s() < 2.0, "nobody has waited"


def test_who_asks_after_orders_can_place_as_many_as_before(venue: Venue) -> None:
    for _ in range(59):
        venue.client.get_order(instId="BTC-USDT", ordId="1")
    for _ in range(60):
        venue.client.create_order(instId="BTC-USDT", tdMode="cash", side="buy", ordType="limit", sz="1", px="1", disable_validation=True)
    assert venue.clock.monotonic_s() < 2.0, "nobody has waited"


def test_orders_of_a_list_count_each(venue: Venue) -> None:
    row = {"instId": "BTC-USDT", "tdMode": "cash", "side": "buy", "ordType": "limit", "sz": "1", "px": "1"}
    for _ in range(15):
        venue.client.create_orders([row] * 20, disable_validation=True)
    with pytest.raises(RateLimitException):
        venue.client.create_orders([row] * 2, disable_validation=True)


def test_a_list_of_one_order_counts_as_the_call_for_one(venue: Venue) -> None:
    row = {"instId": "BTC-USDT", "tdMode": "cash", "side": "buy", "ordType": "limit", "sz": "1", "px": "1"}
    for _ in range(30):
        venue.client.create_orders([row], disable_validation=True)
        venue.client.create_order(**row, disable_validation=True)
    with pytest.raises(RateLimitException, match="trade/order BTC-USDT"):
        venue.client.create_orders([row], disable_validation=True)
    with pytest.raises(RateLimitException, match="trade/order BTC-USDT"):
        venue.client.create_order(**row, disable_validation=True)
    venue.client.create_orders([{**row, "instId": "ETH-USDT"}], disable_validation=True)
    venue.client.create_orders([row] * 2, disable_validation=True)
    for _ in range(60):
        venue.client.cancel_orders([{"instId": "BTC-USDT", "ordId": "1"}])
    with pytest.raises(RateLimitException, match="trade/cancel-order BTC-USDT"):
        venue.client.cancel_order(instId="BTC-USDT", ordId="1")


def test_a_refusal_holds_back_the_endpoint_that_it_was_about_and_no_other(venue: Venue) -> None:
    venue.refusals = [{"code": "50011", "msg": "Too Many Requests", "data": []}]
    with pytest.raises(RateLimitException) as caught:
        venue.client.get_ticker("BTC-USDT", requests_params={"timeout": 1})
    assert caught.value.of_endpoint
    venue.client.get_order_book("BTC-USDT", requests_params={"timeout": 1})
    with pytest.raises(RateLimitException, match="not sent"):
        venue.client.get_ticker("BTC-USDT", requests_params={"timeout": 1})
    venue.client.get_ticker("BTC-USDT")
    assert venue.came[-1][1] >= 2.0


def test_a_refusal_for_too_many_orders_holds_back_orders_only(venue: Venue) -> None:
    venue.refusals = [{"code": "50061", "msg": "Sub-account rate limit", "data": []}]
    order = {"tdMode": "cash", "side": "buy", "ordType": "limit", "sz": "1", "px": "1", "disable_validation": True}
    with pytest.raises(RateLimitException):
        venue.client.create_order(instId="BTC-USDT", **order)
    with pytest.raises(RateLimitException, match="not sent"):
        venue.client.create_order(instId="ETH-USDT", **order)
    venue.client.get_account()
    venue.client.cancel_order(instId="BTC-USDT", ordId="1")


def test_what_is_used_is_shown(venue: Venue) -> None:
    venue.client.get_ticker("BTC-USDT")
    shown = venue.client.limits()["limits"]["IP-20-2S /api/v5/market/ticker"]
    assert (shown["limit"], shown["used"], shown["left"]) == (20, 1, 19)
