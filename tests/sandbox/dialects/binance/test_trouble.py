"""Binance's words for trouble."""

from __future__ import annotations

import json
from contextlib import nullcontext
from typing import Any

import pytest

from exchangeclient.sandbox.dialects.accounts import Account
from exchangeclient.sandbox.dialects.binance.limits import Limits
from exchangeclient.sandbox.dialects.binance.streams import SHUTDOWN
from exchangeclient.sandbox.dialects.binance.trouble import BinanceWords
from exchangeclient.sandbox.dialects.binance.user import USER_DATA
from exchangeclient.sandbox.dialects.binance.venue import Venue
from exchangeclient.sandbox.dialects.live import LiveExchange
from exchangeclient.sandbox.engine.exchange import Exchange
from exchangeclient.sandbox.faults.words import Refusal
from exchangeclient.serving.messages import HttpRequest

NOW_US = 1_700_000_000_000_000


@pytest.fixture(scope="module")
def venue() -> Venue:
    return Venue(LiveExchange(Exchange(seed=1, start_us=NOW_US), lambda: NOW_US), [Account("key", "secret")])


@pytest.fixture
def words(venue: Venue) -> BinanceWords:
    return BinanceWords(venue, nullcontext())


def socket_request(path: str, query: str = "") -> HttpRequest:
    return HttpRequest("GET", path, query)


def test_two_requests_that_ask_for_the_same_are_the_same_whenever_they_were_signed(words: BinanceWords) -> None:
    def identity(query: str, path: str = "/api/v3/order") -> object:
        return words.identity(HttpRequest("GET", path, query))

    assert identity("symbol=A&orderId=1&timestamp=5&signature=x") == identity("orderId=1&symbol=A&recvWindow=9&timestamp=6&signature=y")
    assert identity("symbol=A") != identity("symbol=B")
    assert identity("symbol=A") != identity("symbol=A", "/api/v3/allOrders")
    mine, other, posted = (
        words.identity(HttpRequest("GET", "/api/v3/order", headers=headers, body=body))
        for headers, body in (({"x-mbx-apikey": "key"}, b""), ({"x-mbx-apikey": "other"}, b""), ({"x-mbx-apikey": "key"}, b"symbol=A"))
    )
    assert len({mine, other, posted}) == 3


@pytest.mark.parametrize(
    ("payload", "caller"),
    [
        ('{"id":1,"method":"order.place","params":{"apiKey":"k","quantity":1}}', ("order.place", "k")),
        ('{"id":1,"method":"v3/ping"}', ("ping", "")),
        (b'{"id":1,"method":"SUBSCRIBE","params":["a@trade"]}', ("SUBSCRIBE", "")),
        ("[", ("", "")),
        ("{}", ("", "")),
        (b"\xff", ("", "")),
    ],
)
def test_a_call_names_its_method_and_its_key(words: BinanceWords, payload: str | bytes, caller: tuple[str, str]) -> None:
    assert words.caller(payload) == caller


def test_a_refusal_has_the_form_of_the_connection_that_it_came_on(words: BinanceWords) -> None:
    asked = '{"id":"x7","method":"order.place"}'
    reply = json.loads(words.call_error(socket_request("/ws-api/v3", "returnRateLimits=false"), asked, Refusal(400, -2010, "no")))
    assert reply == {"id": "x7", "status": 400, "error": {"code": -2010, "msg": "no"}}
    asked = '{"id":7,"method":"SUBSCRIBE","params":[]}'
    assert json.loads(words.call_error(socket_request("/ws"), asked, Refusal(400, 2, "no"))) == {"code": 2, "msg": "no", "id": 7}
    assert json.loads(words.call_error(socket_request("/ws"), "]", Refusal(500)))["id"] is None
    reply = json.loads(words.call_error(socket_request("/ws-api/v3"), '{"id":1,"method":"ping"}', Refusal(200, -1, "no")))
    assert (reply["status"], reply["error"]) == (200, {"code": -1, "msg": "no"})


def weighing(weight: int, peer: str) -> BinanceWords:
    """A venue with limits of its own, of which somebody has used a part."""
    live = LiveExchange(Exchange(seed=1, start_us=NOW_US), lambda: NOW_US)
    venue = Venue(live, [Account("key", "secret")], limits=Limits({"weight": 50, "orders_10s": 7}))
    venue.limits.charge(peer, weight, NOW_US)
    return BinanceWords(venue, nullcontext())


@pytest.mark.parametrize(
    ("refusal", "code", "said"),
    [
        (Refusal(429), -1003, "50 request weight per 1 MINUTE"),
        (Refusal(429, -1015), -1015, "7 orders per 10 SECOND"),
        (Refusal(418), -1003, "banned until {}"),
        (Refusal(429, -5, "own words"), -5, "own words"),
    ],
)
def test_a_limit_that_is_said_to_be_reached_looks_as_a_real_one(refusal: Refusal, code: int, said: str) -> None:
    words = weighing(12, "1.2.3.4")
    answer = words.error(HttpRequest("GET", "/api/v3/time", peer="1.2.3.4"), refusal)
    call = socket_request("/ws-api/v3")
    reply = json.loads(words.call_error(HttpRequest("GET", call.path, peer="1.2.3.4"), '{"id":1,"method":"ping"}', refusal))
    body = json.loads(answer.body)
    assert (answer.status, reply["status"]) == (refusal.status, refusal.status)
    assert body == {name: reply["error"][name] for name in body}
    assert answer.headers["X-MBX-USED-WEIGHT-1M"] == answer.headers["X-MBX-USED-WEIGHT"] == "12"
    assert [row["count"] for row in reply["rateLimits"]] == [12]
    wait_ms = int(answer.headers["Retry-After"]) * 1000
    data = reply["error"]["data"]
    assert data == {"serverTime": NOW_US // 1000, "retryAfter": data["retryAfter"]}
    assert 0 < data["retryAfter"] - NOW_US // 1000 <= wait_ms < data["retryAfter"] - NOW_US // 1000 + 1000
    assert body["code"] == code
    assert said.format(data["retryAfter"]) in body["msg"]


@pytest.mark.parametrize(("text", "told"), [("90", NOW_US // 1000 + 90_000), ("-5", NOW_US // 1000 - 5_000), ("soon", "soon")])
def test_when_to_try_again_can_be_said(words: BinanceWords, text: str, told: object) -> None:
    refusal = Refusal(503, retry_after=text)
    assert words.error(socket_request("/api/v3/time"), refusal).headers["Retry-After"] == text
    reply = json.loads(words.call_error(socket_request("/ws-api/v3"), '{"id":1,"method":"ping"}', refusal))
    assert reply["error"]["data"] == {"serverTime": NOW_US // 1000, "retryAfter": told}


def test_counters_and_units_are_told_as_the_socket_and_the_call_ask_for(words: BinanceWords) -> None:
    def reply(query: str, params: str) -> dict[str, Any]:
        asked = f'{{"id":1,"method":"ping","params":{params}}}'
        shape: dict[str, Any] = json.loads(words.call_error(socket_request("/ws-api/v3", query), asked, Refusal(429)))
        return shape

    assert "rateLimits" in reply("", "{}")
    assert "rateLimits" not in reply("", '{"returnRateLimits":false}')
    assert "rateLimits" in reply("returnRateLimits=false", '{"returnRateLimits":true}')
    assert "rateLimits" in reply("", '{"returnRateLimits":"perhaps"}')
    assert reply("timeUnit=MICROSECOND", "[]")["error"]["data"]["serverTime"] == NOW_US


def test_a_topic_of_user_data_has_an_owner(words: BinanceWords) -> None:
    assert (words.owner(f"{USER_DATA}key"), words.owner("btcusdt@trade"), words.owner("")) == ("key", "", "")


@pytest.mark.parametrize(
    ("path", "query", "shape"),
    [
        ("/ws", "", {"e": "serverShutdown", "E": NOW_US // 1000}),
        ("/ws", "timeUnit=microsecond", {"e": "serverShutdown", "E": NOW_US}),
        ("/stream", "", {"stream": SHUTDOWN, "data": {"e": "serverShutdown", "E": NOW_US // 1000}}),
        ("/ws-api/v3", "", {"event": {"e": "serverShutdown", "E": NOW_US // 1000}}),
    ],
)
def test_a_shutdown_is_told_in_the_form_of_the_socket(words: BinanceWords, path: str, query: str, shape: object) -> None:
    assert json.loads(words.shutdown(socket_request(path, query))) == shape


def test_a_skewed_clock_and_a_slow_engine_are_so_only_for_a_while(words: BinanceWords, venue: Venue) -> None:
    before = (venue.skew_us, venue.engine_delay_us)
    with words.skewed(1500), words.skewed(-500), words.slow_engine(2.5):
        assert (venue.skew_us - before[0], venue.engine_delay_us - before[1]) == (1_000_000, 2_500_000)
        assert venue.now_us == NOW_US + 1_000_000
    assert (venue.skew_us, venue.engine_delay_us) == before
