"""OKX's words for trouble, and the faults of the menu as its clients meet them."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from datetime import UTC, datetime
from typing import Any

import pytest
import requests
import websocket

from exchangeclient.sandbox import Sandbox
from exchangeclient.sandbox.dialects.okx.trouble import OkxWords
from exchangeclient.sandbox.faults.words import Refusal
from exchangeclient.serving.messages import HttpRequest

PATIENCE_S = 20


# ---- words -------------------------------------------------------------------------------------------------------


@pytest.fixture
def words(bench: Any) -> OkxWords:
    return OkxWords(bench.app.venue, nullcontext())


def test_requests_that_ask_for_the_same_are_the_same_whenever_they_were_signed(words: OkxWords) -> None:
    def identity(query: str = "", key: str = "key", body: bytes = b"", when: str = "1") -> object:
        headers = {"ok-access-key": key, "ok-access-timestamp": when, "ok-access-sign": when}
        return words.identity(HttpRequest("GET", "/api/v5/trade/order", query, headers, body))

    assert identity("a=1&b=2") == identity("b=2&a=1", when="2")
    assert len({identity("a=1"), identity("a=2"), identity("a=1", key="other"), identity("a=1", body=b"{}")}) == 4


@pytest.mark.parametrize(
    ("payload", "caller"),
    [
        ('{"op":"order","args":[{"instIdCode":1}]}', ("order", "")),
        ('{"op":"login","args":[{"apiKey":"k"}]}', ("login", "k")),
        ('{"op":"subscribe","args":["x"]}', ("subscribe", "")),
        ("ping", ("", "")),
        ("[]", ("", "")),
        (b"\xff", ("", "")),
    ],
)
def test_who_calls_what(words: OkxWords, payload: str | bytes, caller: tuple[str, str]) -> None:
    assert words.caller(payload) == caller


@pytest.mark.parametrize(
    ("refusal", "status", "code", "text"),
    [
        (Refusal(429), 429, "50011", "Too Many Requests"),
        (Refusal(500), 500, "50026", "System error. Try again later"),
        (Refusal(503), 503, "50001", "Service temporarily unavailable. Try again later"),
        (
            Refusal(200, 50004),
            200,
            "50004",
            "Endpoint request timeout (does not indicate success or failure of order, please check order status)",
        ),
        (Refusal(400, 51000, "no"), 400, "51000", "no"),
    ],
)
def test_refusals_are_the_venues(words: OkxWords, refusal: Refusal, status: int, code: str, text: str) -> None:
    response = words.error(HttpRequest("GET", "/api/v5/public/time"), refusal)
    assert (response.status, json.loads(response.body)) == (status, {"code": code, "data": [], "msg": text})


def test_a_refused_operation_keeps_its_id(words: OkxWords) -> None:
    request = HttpRequest("GET", "/ws/v5/private")
    answer = json.loads(words.call_error(request, '{"id":"a1","op":"order","args":[{}]}', Refusal(503)))
    assert (answer["id"], answer["op"], answer["code"], answer["data"]) == ("a1", "order", "50001", [])
    event = json.loads(words.call_error(request, '{"op":"subscribe"}', Refusal(429)))
    assert (event["event"], event["code"]) == ("error", "50011")


def test_topics_tell_whose_they_are(words: OkxWords) -> None:
    assert (words.owner("orders@key"), words.owner("books:BTC-USDT")) == ("key", "")


# ---- the menu ----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(limits="counted") as exchange:
        yield exchange


@pytest.fixture
def exchange(sandbox: Sandbox) -> Iterator[Sandbox]:
    yield sandbox
    sandbox.faults.clear()


def signed(exchange: Sandbox, method: str, path: str, body: Any = None, **headers: str) -> requests.Response:
    text = "" if body is None else json.dumps(body)
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"
    payload = f"{now}{method}/api/v5/{path}{text}".encode()
    sign = base64.b64encode(hmac.new(b"secret", payload, hashlib.sha256).digest()).decode()
    given = {
        "OK-ACCESS-KEY": "key",
        "OK-ACCESS-SIGN": sign,
        "OK-ACCESS-TIMESTAMP": now,
        "OK-ACCESS-PASSPHRASE": "passphrase",
        "Content-Type": "application/json",
    }
    url = f"{exchange.urls['okx']['rest']}/api/v5/{path}"
    return requests.request(method, url, data=text or None, headers={**given, **headers}, timeout=PATIENCE_S)


def wish(name: str) -> dict[str, str]:
    return {"instId": "BTC-USDT", "tdMode": "cash", "side": "buy", "ordType": "limit", "px": "1000", "sz": "0.01", "clOrdId": name}


def is_placed(exchange: Sandbox, name: str) -> bool:
    return bool(signed(exchange, "GET", f"trade/order?instId=BTC-USDT&clOrdId={name}").json()["code"] == "0")


@pytest.fixture
def connect(exchange: Sandbox) -> Iterator[Callable[[str], websocket.WebSocket]]:
    opened: list[websocket.WebSocket] = []

    def connected(path: str) -> websocket.WebSocket:
        opened.append(websocket.create_connection(f"{exchange.urls['okx']['stream']}/ws/v5/{path}", timeout=PATIENCE_S))
        return opened[-1]

    yield connected
    for each in opened:
        each.shutdown()


def subscribe(peer: websocket.WebSocket, *arguments: dict[str, str]) -> None:
    peer.send(json.dumps({"op": "subscribe", "args": list(arguments)}))


def log_in(peer: websocket.WebSocket) -> None:
    now = str(time.time_ns() // 10**9)
    sign = base64.b64encode(hmac.new(b"secret", f"{now}GET/users/self/verify".encode(), hashlib.sha256).digest()).decode()
    peer.send(json.dumps({"op": "login", "args": [{"apiKey": "key", "passphrase": "passphrase", "timestamp": now, "sign": sign}]}))
    assert json.loads(peer.recv())["event"] == "login"


@pytest.mark.parametrize("when", ["before", "after"])
def test_an_answer_is_lost_before_or_after_the_order_was_placed(exchange: Sandbox, when: str) -> None:
    name = f"lost{when}"
    with exchange.fault("drop", route="POST /api/v5/trade/order", when=when, times=1), pytest.raises(requests.ConnectionError):
        signed(exchange, "POST", "trade/order", wish(name))
    assert is_placed(exchange, name) is (when == "after")


def test_a_time_out_that_tells_nothing_of_the_order(exchange: Sandbox) -> None:
    with exchange.fault("error", route="POST /api/v5/trade/order", status=200, code=50004, processed=True, times=1):
        assert signed(exchange, "POST", "trade/order", wish("unknown")).json()["code"] == "50004"
    assert is_placed(exchange, "unknown")


def test_queries_lag_behind(exchange: Sandbox) -> None:
    assert signed(exchange, "POST", "trade/order", wish("lagging")).json()["code"] == "0"
    with exchange.fault("not_found", route="GET /api/v5/trade/order", times=1):
        assert signed(exchange, "GET", "trade/order?instId=BTC-USDT&clOrdId=lagging").json()["code"] == "51603"
    assert is_placed(exchange, "lagging")


def test_a_clock_that_is_wrong_and_an_engine_that_is_slow(exchange: Sandbox) -> None:
    with exchange.fault("clock", ms=60_000):
        assert signed(exchange, "GET", "account/config").json()["code"] == "50102"
        ahead = requests.get(f"{exchange.urls['okx']['rest']}/api/v5/public/time", timeout=PATIENCE_S).json()["data"][0]["ts"]
        assert int(ahead) - time.time_ns() // 10**6 > 50_000
    until = str(time.time_ns() // 10**6 + 20_000)
    with exchange.fault("slow_engine", by=60):
        late = signed(exchange, "POST", "trade/order", wish("slow"), expTime=until).json()
    assert late["data"][0]["sCode"] == "51149"
    assert not is_placed(exchange, "slow")


def test_maintenance_closes_everything(exchange: Sandbox, connect: Callable[[str], Any]) -> None:
    peer = connect("public")
    with exchange.fault("maintenance"):
        refused = requests.get(f"{exchange.urls['okx']['rest']}/api/v5/public/time", timeout=PATIENCE_S)
        assert (refused.status_code, refused.json()["code"]) == (503, "50001")
        while peer.connected:
            opcode, _ = peer.recv_data(control_frame=True)
            if opcode == websocket.ABNF.OPCODE_CLOSE:
                break


def test_a_gap_in_a_book(exchange: Sandbox, connect: Callable[[str], Any]) -> None:
    peer = connect("public")
    subscribe(peer, {"channel": "books", "instId": "BTC-USDT"})
    assert json.loads(peer.recv())["event"] == "subscribe"
    seq = json.loads(peer.recv())["data"][0]["seqId"]
    with exchange.fault("skip", stream="books:BTC-USDT") as fault:
        while True:
            (row,) = json.loads(peer.recv())["data"]
            if row["prevSeqId"] != seq:
                break
            seq = row["seqId"]
        assert fault.hits == 1


def test_a_silent_channel_leaves_the_others_alone(exchange: Sandbox, connect: Callable[[str], Any]) -> None:
    peer = connect("public")
    with exchange.fault("stall", stream="books5:*") as fault:
        subscribe(peer, {"channel": "books5", "instId": "BTC-USDT"}, {"channel": "bbo-tbt", "instId": "BTC-USDT"})
        heard = [json.loads(peer.recv()) for _ in range(6)]
        assert {each["arg"]["channel"] for each in heard if "data" in each} == {"bbo-tbt"}
        assert fault.hits > 0


def test_an_upgrade_is_announced_before_the_connection_ends(exchange: Sandbox, connect: Callable[[str], Any]) -> None:
    peer = connect("public")
    with exchange.fault("shutdown", socket="/ws/v5/public", notice=0.2):
        notice = json.loads(peer.recv())
        assert (notice["event"], notice["code"]) == ("notice", "64008")
        while True:
            opcode, _ = peer.recv_data(control_frame=True)
            if opcode == websocket.ABNF.OPCODE_CLOSE:
                break


def test_what_an_account_is_told_is_lost(exchange: Sandbox, connect: Callable[[str], Any]) -> None:
    peer = connect("private")
    log_in(peer)
    subscribe(peer, {"channel": "orders", "instType": "ANY"})
    assert [json.loads(peer.recv())["event"] for _ in range(2)] == ["subscribe", "channel-conn-count"]
    with exchange.fault("skip", stream="orders@key", account="key") as fault:
        signed(exchange, "POST", "trade/order", wish("untold"))
        signed(exchange, "POST", "trade/cancel-order", {"instId": "BTC-USDT", "clOrdId": "untold"})
        assert json.loads(peer.recv())["data"][0]["state"] == "canceled"
        assert fault.hits == 1


def test_an_operation_is_lost_on_its_socket(exchange: Sandbox, connect: Callable[[str], Any]) -> None:
    peer = connect("private")
    log_in(peer)
    with exchange.fault("error", route="order", status=503, times=1):
        peer.send(json.dumps({"id": "x1", "op": "order", "args": [{"instIdCode": 10001}]}))
        answer = json.loads(peer.recv())
    assert (answer["id"], answer["code"]) == ("x1", "50001")


def test_faults_of_one_venue_leave_the_other_alone(exchange: Sandbox) -> None:
    with exchange.fault("error", route="GET /api/v5/*", status=500):
        assert requests.get(f"{exchange.urls['binance']['rest']}/api/v3/ping", timeout=PATIENCE_S).status_code == 200
        assert requests.get(f"{exchange.urls['okx']['rest']}/api/v5/public/time", timeout=PATIENCE_S).status_code == 500
