"""The WebSocket API: replies, their limits, and the user data stream."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from exchangeclient.sandbox.engine.commands import Deposit
from exchangeclient.sandbox.engine.instruments import UNIT, shown
from exchangeclient.serving.messages import HttpRequest

PATH = "/ws-api/v3"


@pytest.fixture
def socket(wire: Callable[..., Any]) -> Any:
    return wire(PATH)


def test_a_reply_has_id_status_result_and_limits(socket: Any) -> None:
    reply = socket.say({"id": "x-1", "method": "ping"})
    limits = {"rateLimitType": "REQUEST_WEIGHT", "interval": "MINUTE", "intervalNum": 1, "limit": 6000}
    # Two for the connection, one for the call.
    assert reply == {"id": "x-1", "status": 200, "result": {}, "rateLimits": [{**limits, "count": 3}]}


def test_the_limits_can_be_left_out(socket: Any) -> None:
    assert "rateLimits" not in socket.say({"id": 1, "method": "time", "params": {"returnRateLimits": False}})
    assert socket.say({"id": 1, "method": "time", "params": {"returnRateLimits": "maybe"}})["error"]["code"] == -1100


def test_the_limits_can_be_left_out_for_a_whole_connection(bench: Any, wire: Callable[..., Any]) -> None:
    quiet = wire(PATH, "returnRateLimits=false")
    assert "rateLimits" not in quiet.say({"id": 1, "method": "time"})
    assert "rateLimits" in quiet.say({"id": 1, "method": "time", "params": {"returnRateLimits": True}})
    assert "rateLimits" in wire(PATH, "returnRateLimits=true").say({"id": 1, "method": "time"})
    assert bench.app.websocket(HttpRequest("GET", PATH, "returnRateLimits=perhaps")).status == 400


def test_a_request_that_is_no_text_is_answered(socket: Any) -> None:
    socket._handler.received(b"\xff\xfe")
    assert [each["error"]["code"] for each in socket.heard()] == [-1135]


@pytest.mark.parametrize("request_id", [0, -5, 2**64, "", "x" * 100, None])
def test_a_reply_has_the_id_of_its_request(socket: Any, request_id: int | str | None) -> None:
    assert socket.say({"id": request_id, "method": "ping"})["id"] == request_id


@pytest.mark.parametrize(
    ("method", "path", "params"),
    [
        ("time", "time", {}),
        ("v3/time", "time", {}),
        ("depth", "depth", {"symbol": "BNBBTC", "limit": 5}),
        ("klines", "klines", {"symbol": "BNBBTC", "interval": "1h", "limit": 3}),
        ("ticker.price", "ticker/price", {"symbols": ["BNBBTC", "ETHBTC"]}),
        ("ticker.24hr", "ticker/24hr", {"symbol": "BNBBTC"}),
        ("exchangeInfo", "exchangeInfo", {"symbol": "BNBBTC", "showPermissionSets": False}),
        ("trades.aggregate", "aggTrades", {"symbol": "BNBBTC", "limit": None}),
        ("avgPrice", "avgPrice", {"symbol": "NOPE"}),
        ("depth", "depth", {}),
        ("ping", "ping", {"x": 1}),
    ],
)
def test_market_data_equals_its_rest_twin(bench: Any, socket: Any, method: str, path: str, params: dict[str, Any]) -> None:
    reply = socket.say({"id": 1, "method": method, "params": params})
    texts = {"symbols": '["BNBBTC","ETHBTC"]', "showPermissionSets": "false"}
    rest = bench.get(f"/api/v3/{path}", **{name: texts.get(name, value) for name, value in params.items() if value is not None})
    assert reply["status"] == bench.answer.status
    assert reply["result" if reply["status"] == 200 else "error"] == rest


@pytest.mark.parametrize(
    ("message", "code", "request_id"),
    [
        ("{", -1135, None),
        ("[" * 100_000, -1135, None),
        ([], -1135, None),
        ('{"id": NaN, "method": "ping"}', -1135, None),
        ('{"id": "\\ud800", "method": "ping"}', -1135, None),
        ({"id": [1], "method": "ping"}, -1130, None),
        ({"id": {"a": 1}, "method": "ping"}, -1130, None),
        ({"id": 1.5, "method": "ping"}, -1130, None),
        ({"id": True, "method": "ping"}, -1130, None),
        ({"id": 7}, -1102, 7),
        ({"id": 7, "method": 5}, -1102, 7),
        ({"id": 7, "method": "order.dance"}, -1020, 7),
        ({"id": 7, "method": "ping", "params": [1]}, -1135, 7),
        ({"id": 7, "method": "userDataStream.unsubscribe", "params": {"subscriptionId": 3}}, -2036, 7),
    ],
)
def test_a_request_that_makes_no_sense_is_answered_with_an_error(socket: Any, message: object, code: int, request_id: int | None) -> None:
    reply = socket.say(message)
    assert (reply["id"], reply["status"], reply["error"]["code"]) == (request_id, 400, code)


def test_subscribing_needs_key_time_and_signature(bench: Any, socket: Any) -> None:
    method = "userDataStream.subscribe.signature"
    now_ms = bench.now_us // 1000

    def error(**params: object) -> tuple[int, int]:
        reply = socket.say({"id": 1, "method": method, "params": params})
        return reply["status"], reply["error"]["code"]

    assert error() == (401, -2014)
    assert error(apiKey="stranger", timestamp=now_ms, signature="x") == (401, -2015)
    assert error(apiKey="key", timestamp=now_ms - 5001, signature="x") == (400, -1021)
    assert error(apiKey="key", timestamp=now_ms, signature="x") == (400, -1022)
    bench.order("BUY", "MARKET", quantity=10)
    assert socket.heard() == []


def test_one_subscription_per_account_and_connection(bench: Any, wire: Callable[..., Any], socket: Any) -> None:
    assert socket.subscribe_user()["result"] == {"subscriptionId": 0}
    refused = socket.subscribe_user()
    assert (refused["status"], refused["error"]) == (400, {"code": -2035, "msg": "User Data Stream subscription already active."})
    assert socket.subscribe_user("other", recvWindow=60000)["result"] == {"subscriptionId": 1}
    assert wire(PATH).subscribe_user()["result"] == {"subscriptionId": 0}
    assert socket.say({"id": 1, "method": "session.subscriptions"})["result"] == [{"subscriptionId": 0}, {"subscriptionId": 1}]


def test_each_subscription_hears_of_its_own_account(bench: Any, socket: Any) -> None:
    for account in ("key", "other"):
        socket.subscribe_user(account)
    bench.order("BUY", account="other", quantity=100, price="0.00001")
    heard = socket.heard()
    assert {each["subscriptionId"] for each in heard} == {1}
    assert [each["event"]["e"] for each in heard] == ["executionReport", "outboundAccountPosition"]


def test_unsubscribing_ends_one_or_all_and_says_so(bench: Any, socket: Any) -> None:
    for account in ("key", "other"):
        socket.subscribe_user(account)
    assert socket.say({"id": 1, "method": "userDataStream.unsubscribe", "params": {"subscriptionId": 0}})["result"] == {}
    ended = {"subscriptionId": 0, "event": {"e": "eventStreamTerminated", "E": bench.now_us // 1000}}
    assert socket.heard() == [ended]
    bench.order("BUY", "MARKET", quantity=10)
    assert socket.heard() == []
    assert socket.say({"id": 1, "method": "userDataStream.unsubscribe"})["status"] == 200
    assert socket.say({"id": 1, "method": "session.subscriptions"})["result"] == []
    assert socket.subscribe_user()["result"] == {"subscriptionId": 2}


def test_nothing_comes_after_the_socket_has_gone(bench: Any, socket: Any) -> None:
    socket.subscribe_user()
    socket.hang_up()
    bench.order("BUY", "MARKET", quantity=10)
    assert socket.heard() == []


FIELDS = set("e E s c S o f q p P F g C x X r i l z L n N T t I w m M O Z Y Q V".split())


def test_a_filled_order_is_reported_from_acceptance_to_the_last_fill(bench: Any, socket: Any) -> None:
    socket.subscribe_user()
    order = bench.order("BUY", "MARKET", quantity=2000, newClientOrderId="mine")
    *reports, position = [each["event"] for each in socket.heard()]
    assert [report["x"] for report in reports] == ["NEW"] + ["TRADE"] * len(order["fills"])
    assert all(set(report) - {"W"} == FIELDS for report in reports)
    assert {(report["i"], report["c"], report["C"], report["s"]) for report in reports} == {(order["orderId"], "mine", "", "BNBBTC")}
    accepted, *fills = reports
    assert (accepted["X"], accepted["t"], accepted["n"], accepted["N"], accepted["l"]) == ("NEW", -1, "0", None, "0.00000000")
    for report, fill in zip(fills, order["fills"], strict=True):
        assert (report["L"], report["l"], report["n"], report["N"], report["t"], report["m"]) == (
            fill["price"],
            fill["qty"],
            fill["commission"],
            fill["commissionAsset"],
            fill["tradeId"],
            False,
        )
    assert (fills[-1]["X"], fills[-1]["z"], fills[-1]["Z"]) == ("FILLED", order["executedQty"], order["cummulativeQuoteQty"])
    assert [report["w"] for report in reports] == [True] * len(fills) + [False]
    numbers = [report["I"] for report in reports]
    assert numbers == sorted(set(numbers))
    balances = {each["asset"]: each for each in bench.signed("GET", "/api/v3/account")["balances"]}
    assert position["e"] == "outboundAccountPosition"
    assert {each["a"] for each in position["B"]} == {"BNB", "BTC"}
    assert all((each["f"], each["l"]) == (balances[each["a"]]["free"], balances[each["a"]]["locked"]) for each in position["B"])


def test_a_cancelled_order_is_reported_with_both_ids(bench: Any, socket: Any) -> None:
    socket.subscribe_user()
    order = bench.order("BUY", quantity=100, price="0.00001", newClientOrderId="mine")
    bench.pass_time(0.05)
    bench.signed("DELETE", "/api/v3/order", symbol="BNBBTC", orderId=order["orderId"], newClientOrderId="undo")
    new, locked, cancelled, released = [each["event"] for each in socket.heard()]
    assert (new["x"], new["X"], new["c"], new["C"], new["w"], new["W"]) == ("NEW", "NEW", "mine", "", True, new["O"])
    assert (cancelled["x"], cancelled["X"], cancelled["c"], cancelled["C"], cancelled["w"]) == (
        "CANCELED",
        "CANCELED",
        "undo",
        "mine",
        False,
    )
    assert cancelled["T"] == new["T"] + 50
    assert [each["B"] for each in (locked, released)] == [
        [{"a": "BTC", "f": "999.99900000", "l": "0.00100000"}],
        [{"a": "BTC", "f": "1000.00000000", "l": "0.00000000"}],
    ]


def test_an_order_that_expires_is_reported_as_expired(bench: Any, socket: Any) -> None:
    socket.subscribe_user()
    bench.order("BUY", quantity=100, price="0.00001", timeInForce="IOC")
    events = [each["event"] for each in socket.heard()]
    assert [(each["x"], each["X"]) for each in events if each["e"] == "executionReport"] == [("NEW", "NEW"), ("EXPIRED", "EXPIRED")]


def test_a_resting_order_that_somebody_takes_is_reported_as_the_makers(bench: Any, socket: Any) -> None:
    socket.subscribe_user()
    price = shown(bench.exchange.depth("BNBBTC", 1).bids[0][0] + 1)
    order = bench.order("BUY", quantity=100, price=price)
    socket.heard()
    bench.order("SELL", "MARKET", account="other", quantity=40)
    report, position = [each["event"] for each in socket.heard()]
    assert (report["i"], report["x"], report["X"], report["m"], report["w"]) == (order["orderId"], "TRADE", "PARTIALLY_FILLED", True, True)
    assert (report["l"], report["L"], report["Y"]) == ("40.00000000", price, shown(int(Decimal(price) * 40 * UNIT)))
    assert {each["a"] for each in position["B"]} == {"BNB", "BTC"}


def test_reports_tell_the_strategy_of_an_order_that_has_one(bench: Any, socket: Any) -> None:
    socket.subscribe_user()
    bench.order("BUY", quantity=100, price="0.00001", strategyId=3, strategyType=1_000_000)
    bench.order("BUY", quantity=100, price="0.00001", strategyId=3)
    bench.order("BUY", quantity=100, price="0.00001")
    reports = [each["event"] for each in socket.heard() if each["event"]["e"] == "executionReport"]
    assert [(each.get("j"), each.get("J")) for each in reports] == [(3, 1_000_000), (3, None), (None, None)]


def test_a_deposit_is_a_balance_update(bench: Any, socket: Any) -> None:
    socket.subscribe_user()
    bench.live.execute(Deposit("key", "BTC", 5 * UNIT))
    update, position = [each["event"] for each in socket.heard()]
    assert (update["e"], update["a"], update["d"]) == ("balanceUpdate", "BTC", "5.00000000")
    assert position["B"] == [{"a": "BTC", "f": "1005.00000000", "l": "0.00000000"}]
