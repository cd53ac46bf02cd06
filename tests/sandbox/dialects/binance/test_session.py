"""Who has logged on to a connection of the WebSocket API, what he may leave out from then on, and what he listens to."""

from __future__ import annotations

import base64
import hashlib
import hmac
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256

from exchangeclient.sandbox.dialects.accounts import Account
from exchangeclient.sandbox.dialects.binance import wsapi
from exchangeclient.sandbox.dialects.binance.limits import Limits
from exchangeclient.sandbox.engine.commands import Deposit
from exchangeclient.sandbox.engine.instruments import UNIT
from exchangeclient.serving.messages import HttpRequest

PATH = "/ws-api/v3"
ED25519 = ed25519.Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
RSA = rsa.generate_private_key(public_exponent=65537, key_size=2048)
LOW = {"symbol": "BNBBTC", "side": "BUY", "type": "LIMIT", "timeInForce": "GTC", "quantity": "100", "price": "0.00001"}


def pem(key: Any) -> str:
    public = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    return str(public.decode())


def sign(account: str, payload: bytes) -> str:
    if account == "ed":
        return base64.b64encode(ED25519.sign(payload)).decode()
    if account == "rsa":
        return base64.b64encode(RSA.sign(payload, padding.PKCS1v15(), SHA256())).decode()
    return hmac.new({"key": b"secret", "other": b"hidden"}[account], payload, hashlib.sha256).hexdigest()


class Peer:
    """A client of the WebSocket API."""

    def __init__(self, bench: Any, wire: Any) -> None:
        self.bench = bench
        self.wire = wire

    def ask(self, method: str, **params: object) -> Any:
        return self.wire.say({"id": 1, "method": method, "params": params})

    def timed(self, method: str, **params: object) -> Any:
        return self.ask(method, timestamp=self.bench.now_us // 1000, **params)

    def signed(self, method: str, account: str, **params: object) -> Any:
        values = {"apiKey": account, "timestamp": self.bench.now_us // 1000, **params}
        payload = "&".join(f"{name}={values[name]}" for name in sorted(values)).encode()
        return self.ask(method, **values, signature=sign(account, payload))


@pytest.fixture
def venue(bench: Any) -> Any:
    for account in (Account("ed", public_key=pem(ED25519)), Account("rsa", public_key=pem(RSA))):
        bench.app.venue.gate.add(account)
        bench.exchange.execute(Deposit(account.key, "BTC", 1_000 * UNIT), bench.now_us)
    return bench


@pytest.fixture
def peer(venue: Any, wire: Any) -> Peer:
    return Peer(venue, wire(PATH))


def test_a_logon_is_answered_with_the_sessions_state(venue: Any, peer: Peer) -> None:
    opened_ms = venue.now_us // 1000
    venue.pass_time(2)
    reply = peer.signed("session.logon", "ed")
    state = {
        "apiKey": "ed",
        "authorizedSince": venue.now_us // 1000,
        "connectedSince": opened_ms,
        "returnRateLimits": True,
        "serverTime": venue.now_us // 1000,
        "userDataStream": False,
    }
    assert (reply["status"], reply["result"]) == (200, state)
    venue.pass_time(1)
    assert peer.ask("session.status")["result"] == {**state, "serverTime": venue.now_us // 1000}
    assert peer.ask("session.logout")["result"] == {**state, "serverTime": venue.now_us // 1000, "apiKey": None, "authorizedSince": None}


@pytest.mark.parametrize("account", ["key", "rsa"])
def test_only_ed25519_keys_log_on(peer: Peer, account: str) -> None:
    reply = peer.signed("session.logon", account)
    assert (reply["status"], reply["error"]["code"]) == (400, -1022)
    assert peer.ask("session.status")["result"]["apiKey"] is None
    assert peer.signed("account.status", account)["status"] == 200


def test_who_has_logged_on_leaves_out_key_and_signature_but_not_the_time(venue: Any, peer: Peer) -> None:
    assert peer.timed("order.place", **LOW)["error"]["code"] == -2014
    peer.signed("session.logon", "ed")
    order = peer.timed("order.place", **LOW)["result"]
    assert [each["orderId"] for each in peer.timed("openOrders.status")["result"]] == [order["orderId"]]
    assert peer.ask("openOrders.status")["error"]["code"] == -1102
    assert peer.ask("openOrders.status", timestamp=venue.now_us // 1000 - 5_001)["error"]["code"] == -1021
    peer.ask("session.logout")
    assert peer.timed("openOrders.status")["error"]["code"] == -2014


def test_a_request_with_a_key_of_its_own_is_that_keys(venue: Any, peer: Peer) -> None:
    peer.signed("session.logon", "ed")
    order = peer.signed("order.place", "other", **LOW)["result"]
    assert [each["orderId"] for each in venue.signed("GET", "/api/v3/openOrders", account="other")] == [order["orderId"]]
    assert peer.timed("openOrders.status")["result"] == []
    assert peer.timed("openOrders.status", apiKey="other")["error"]["code"] == -1102  # then it needs a signature too
    assert peer.timed("openOrders.status", apiKey="other", signature="x")["error"]["code"] == -1022


def test_logging_on_again_changes_who_it_is(venue: Any, peer: Peer) -> None:
    second = ed25519.Ed25519PrivateKey.generate()
    venue.app.venue.gate.add(Account("ed2", public_key=pem(second)))
    peer.signed("session.logon", "ed")
    payload = f"apiKey=ed2&timestamp={venue.now_us // 1000}"
    signature = base64.b64encode(second.sign(payload.encode())).decode()
    assert peer.ask("userDataStream.subscribe")["result"] == {"subscriptionId": 0}
    assert peer.signed("userDataStream.subscribe.signature", "other")["result"] == {"subscriptionId": 1}
    assert peer.signed("session.logon", "ed")["result"]["userDataStream"] is True  # the same one again
    state = peer.timed("session.logon", apiKey="ed2", signature=signature)["result"]
    assert (state["apiKey"], state["userDataStream"]) == ("ed2", False)
    terminated = {"subscriptionId": 0, "event": {"e": "eventStreamTerminated", "E": venue.now_us // 1000}}
    assert peer.wire.heard() == [terminated]
    assert peer.ask("session.subscriptions")["result"] == [{"subscriptionId": 1}]
    assert peer.ask("userDataStream.subscribe")["result"] == {"subscriptionId": 2}


def test_a_logon_that_fails_leaves_the_session_as_it_is(peer: Peer) -> None:
    peer.signed("session.logon", "ed")
    peer.ask("userDataStream.subscribe")
    assert peer.signed("session.logon", "rsa")["status"] == 400
    state = peer.ask("session.status")["result"]
    assert (state["apiKey"], state["userDataStream"]) == ("ed", True)


def test_who_has_logged_on_subscribes_without_parameters(venue: Any, peer: Peer) -> None:
    refused = peer.ask("userDataStream.subscribe")
    assert (refused["status"], refused["error"]["code"]) == (401, -2015)
    peer.signed("session.logon", "ed")
    assert peer.ask("userDataStream.subscribe")["result"] == {"subscriptionId": 0}
    assert peer.ask("session.status")["result"]["userDataStream"] is True
    assert peer.ask("userDataStream.subscribe")["error"]["code"] == -2035
    assert peer.signed("userDataStream.subscribe.signature", "ed")["error"]["code"] == -2035
    peer.timed("order.place", **LOW)
    assert [(each["subscriptionId"], each["event"]["e"]) for each in peer.wire.heard()] == [
        (0, "executionReport"),
        (0, "outboundAccountPosition"),
    ]


def test_logging_out_ends_only_the_logons_subscription(venue: Any, peer: Peer) -> None:
    peer.signed("session.logon", "ed")
    peer.signed("userDataStream.subscribe.signature", "other")
    peer.ask("userDataStream.subscribe")
    peer.wire.heard()
    peer.ask("session.logout")
    ended = {"subscriptionId": 1, "event": {"e": "eventStreamTerminated", "E": venue.now_us // 1000}}
    assert peer.wire.heard() == [ended]
    assert peer.ask("session.subscriptions")["result"] == [{"subscriptionId": 0}]


def test_a_revoked_key_is_told_so_with_the_next_request_whatever_that_is(venue: Any, peer: Peer) -> None:
    peer.signed("session.logon", "ed")
    peer.ask("userDataStream.subscribe")
    venue.app.venue.gate.revoke("ed")
    reply = peer.ask("time")
    assert (reply["id"], reply["status"], reply["error"]["code"]) == (None, 401, -2015)
    assert [each["event"]["e"] for each in peer.wire.heard()] == ["eventStreamTerminated"]
    assert peer.ask("time")["status"] == 200


def test_tokens_of_margin_accounts_are_never_good(peer: Peer) -> None:
    reply = peer.ask("userDataStream.subscribe.listenToken", listenToken="abc")
    assert (reply["status"], reply["error"]["code"]) == (400, -1209)
    assert peer.ask("userDataStream.subscribe.listenToken")["error"]["code"] == -1102


def test_a_connection_has_so_many_subscriptions_in_its_life(monkeypatch: pytest.MonkeyPatch, peer: Peer) -> None:
    monkeypatch.setattr(wsapi, "_MOST_IDS", 3)
    for _ in range(3):
        assert "result" in peer.signed("userDataStream.subscribe.signature", "other")
        peer.ask("userDataStream.unsubscribe")
    assert peer.signed("userDataStream.subscribe.signature", "other")["error"]["code"] == -2042


def test_a_connection_has_so_many_subscriptions_at_once(monkeypatch: pytest.MonkeyPatch, peer: Peer) -> None:
    monkeypatch.setattr(wsapi, "_MOST_SUBSCRIPTIONS", 2)
    for account, code in (("ed", None), ("other", None), ("key", -2042)):
        assert peer.signed("userDataStream.subscribe.signature", account).get("error", {}).get("code") == code


def test_times_are_told_in_the_unit_of_the_connection(venue: Any, wire: Any) -> None:
    socket = wire(PATH, "timeUnit=MICROSECOND")
    assert socket.say({"id": 1, "method": "time"})["result"] == {"serverTime": venue.now_us}
    socket.subscribe_user()
    order = venue.order("BUY", quantity=100, price="0.00001")
    report, _ = (each["event"] for each in socket.heard())
    assert (report["i"], report["E"], report["T"]) == (order["orderId"], venue.now_us, venue.now_us)
    assert venue.app.websocket(HttpRequest("GET", PATH, "timeUnit=HOUR")).status == 400


def test_the_binary_format_is_refused_at_the_handshake(bench: Any) -> None:
    answer = bench.app.websocket(HttpRequest("GET", PATH, "responseFormat=sbe&sbeSchemaId=3&sbeSchemaVersion=5"))
    assert (answer.status, b"-1155" in answer.body) == (400, True)


def test_numbers_are_signed_with_the_characters_that_were_sent(venue: Any, peer: Peer) -> None:
    payload = f"apiKey=key&omitZeroBalances=true&recvWindow=5000.0&timestamp={venue.now_us // 1000}"
    raw = (
        f'{{"id": 1, "method": "account.status", "params": {{"apiKey": "key", "recvWindow": 5000.0, "omitZeroBalances": true, '
        f'"timestamp": {venue.now_us // 1000}, "signature": "{sign("key", payload.encode())}"}}}}'
    )
    assert peer.wire.say(raw)["status"] == 200
    assert peer.wire.say(raw.replace("5000.0", "5000.00"))["error"]["code"] == -1022


def test_a_refusal_for_too_much_weight_says_when_to_go_on(make_bench: Any, make_wire: Any) -> None:
    bench = make_bench(limits=Limits({"weight": 30}))
    socket = make_wire(bench, PATH)
    assert socket.say({"id": 1, "method": "exchangeInfo", "params": {"symbol": "BNBBTC"}})["status"] == 200
    reply = socket.say({"id": 2, "method": "exchangeInfo", "params": {"symbol": "BNBBTC"}})
    next_minute_ms = (bench.now_us // 60_000_000 + 1) * 60_000
    assert (reply["id"], reply["status"], reply["error"]["code"]) == (2, 429, -1003)
    assert reply["error"]["data"] == {"serverTime": bench.now_us // 1000, "retryAfter": next_minute_ms}
    while reply["status"] == 429:
        reply = socket.say({"id": 3, "method": "exchangeInfo"})
    assert reply["status"] == 418
    assert reply["error"]["data"]["retryAfter"] == bench.now_us // 1000 + 120_000
    assert str(bench.now_us // 1000 + 120_000) in reply["error"]["msg"]
    assert bench.app.websocket(HttpRequest("GET", PATH)).status == 418


def test_what_makes_no_sense_costs_weight_too(make_bench: Any, make_wire: Any) -> None:
    socket = make_wire(make_bench(limits=Limits({"weight": 5})), PATH)
    statuses = [
        socket.say(message)["status"] for message in ("{", {"id": 1}, {"id": 2, "method": "order.dance"}, {"id": [], "method": "ping"})
    ]
    assert statuses == [400, 400, 400, 429]


def test_connecting_costs_weight_and_is_limited(make_bench: Any) -> None:
    bench = make_bench(limits=Limits({"connections": 2}))
    for _ in range(2):
        bench.app.websocket(HttpRequest("GET", PATH)).opened(None)
    refused = bench.app.websocket(HttpRequest("GET", PATH))
    assert (refused.status, b"-1034" in refused.body) == (429, True)
    wait_s = -(-(300_000_000 - bench.now_us % 300_000_000) // 1_000_000)
    assert refused.headers["Retry-After"] == str(wait_s)
    assert refused.headers["X-MBX-USED-WEIGHT-1M"] == "4"


@pytest.mark.parametrize("path", [PATH, "/ws/bnbbtc@trade", "/stream"])
def test_a_connection_lives_a_day_by_the_exchanges_clock(make_bench: Any, make_wire: Any, path: str) -> None:
    bench = make_bench(traders=False)
    first, gone = make_wire(bench, path), make_wire(bench, path)
    gone.hang_up()
    bench.pass_time(1)
    second = make_wire(bench, path)
    bench.pass_time(86_400 - 2)
    assert (first.closed, second.closed) == (None, None)
    bench.pass_time(1)
    assert (first.closed[0], second.closed, gone.closed) == (1001, None, None)
    bench.pass_time(1)
    assert second.closed[0] == 1001
