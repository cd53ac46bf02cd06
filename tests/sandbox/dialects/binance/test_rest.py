"""REST as a client meets it: each refusal reached by a request, the headers, and the order in which things are checked."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable
from typing import Any

import pytest

from exchangeclient.sandbox.dialects.accounts import Account
from exchangeclient.sandbox.dialects.binance.limits import Limits
from exchangeclient.sandbox.dialects.binance.permissions import SETS
from exchangeclient.sandbox.dialects.binance.routes import ROUTES
from exchangeclient.serving.messages import HttpRequest

ORDER = "/api/v3/order"
LIMIT = {"symbol": "BNBBTC", "side": "BUY", "type": "LIMIT", "timeInForce": "GTC", "quantity": "100", "price": "0.00001"}
MARKET = {"symbol": "BNBBTC", "side": "BUY", "type": "MARKET", "quantity": "100"}
STOP = {"symbol": "BNBBTC", "side": "SELL", "type": "STOP_LOSS", "quantity": "100", "stopPrice": "0.0001"}


def without(params: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in params.items() if name not in names}


PUBLIC_REFUSALS: list[tuple[str, dict[str, object], int, str]] = [
    ("ping", {"x": 1}, -1101, "Too many parameters; expected '0' and received '1'."),
    ("depth", {}, -1102, "Mandatory parameter 'symbol' was not sent, was empty/null, or malformed."),
    ("depth", {"symbol": ""}, -1105, "Parameter 'symbol' was empty."),
    ("depth", {"symbol": "NOPE"}, -1121, "Invalid symbol."),
    ("depth", {"symbol": "bnbbtc"}, -1100, "Illegal characters found in parameter 'symbol'; legal range is '^[A-Z0-9-_.]{1,20}$'."),
    (
        "depth",
        {"symbol": "BNBBTC", "limit": "many"},
        -1100,
        "Illegal characters found in parameter 'limit'; legal range is '^[0-9]{1,20}$'.",
    ),
    ("depth", {"symbol": "BNBBTC", "limit": 0}, -1130, "Data sent for parameter 'limit' is not valid."),
    ("depth", {"symbol": "BNBBTC", "foo": 1}, -1104, "Not all sent parameters were read; read '1' parameter(s) but was sent '2'."),
    ("depth", {"symbol": "BNBBTC", "symbolStatus": "OPEN"}, -1122, "Invalid symbolStatus."),
    ("depth", {"symbol": "BNBBTC", "symbolStatus": "HALT"}, -1220, "The symbol's status does not match the requested symbolStatus."),
    ("klines", {"symbol": "BNBBTC"}, -1102, "Mandatory parameter 'interval' was not sent, was empty/null, or malformed."),
    ("klines", {"symbol": "BNBBTC", "interval": "2m"}, -1120, "Invalid interval."),
    ("klines", {"symbol": "BNBBTC", "interval": "1M", "timeZone": "15"}, -1130, "Data sent for parameter 'timeZone' is not valid."),
    ("aggTrades", {"symbol": "BNBBTC", "fromId": 1, "startTime": 1}, -1128, "Combination of optional parameters invalid."),
    ("ticker/24hr", {"symbol": "BNBBTC", "symbols": '["ETHBTC"]'}, -1128, "Combination of optional parameters invalid."),
    ("ticker/24hr", {"symbols": '["ETHBTC","ETHBTC"]'}, -1151, "Symbol is present multiple times in the list."),
    ("ticker/24hr", {"symbols": '["ETHBTC","NOPE"]'}, -1121, "Invalid symbol."),
    ("ticker/24hr", {"symbols": "ETHBTC"}, -1135, "JSON sent for parameter 'symbols' is not valid"),
    ("ticker/24hr", {"symbol": "ETHBTC", "type": "HUGE"}, -1139, "Invalid ticker type."),
    ("exchangeInfo", {"symbol": "NOPE"}, -1121, "Invalid symbol."),
    ("exchangeInfo", {"symbol": "ETHBTC", "permissions": "SPOT"}, -1128, "Combination of optional parameters invalid."),
]


@pytest.mark.parametrize(("path", "params", "code", "text"), PUBLIC_REFUSALS)
def test_market_data_refusals(bench: Any, path: str, params: dict[str, object], code: int, text: str) -> None:
    assert bench.get(f"/api/v3/{path}", **params) == {"code": code, "msg": text}
    assert bench.answer.status == 400


ORDER_REFUSALS: list[tuple[dict[str, Any], int, str]] = [
    (without(LIMIT, "symbol"), -1102, "Mandatory parameter 'symbol' was not sent, was empty/null, or malformed."),
    (without(LIMIT, "side"), -1102, "Mandatory parameter 'side' was not sent, was empty/null, or malformed."),
    (without(LIMIT, "price"), -1102, "Mandatory parameter 'price' was not sent, was empty/null, or malformed."),
    (without(LIMIT, "quantity"), -1102, "Mandatory parameter 'quantity' was not sent, was empty/null, or malformed."),
    (without(LIMIT, "timeInForce"), -1102, "Mandatory parameter 'timeInForce' was not sent, was empty/null, or malformed."),
    (without(MARKET, "quantity"), -1102, "Param 'quantity' or 'quoteOrderQty' must be sent, but both were empty/null!"),
    ({**MARKET, "quoteOrderQty": 1}, -1106, "Parameter 'quoteOrderQty' sent when not required."),
    ({**MARKET, "timeInForce": "GTC"}, -1106, "Parameter 'timeInForce' sent when not required."),
    ({**MARKET, "price": 1}, -1106, "Parameter 'price' sent when not required."),
    ({**LIMIT, "type": "LIMIT_MAKER"}, -1106, "Parameter 'timeInForce' sent when not required."),
    ({**LIMIT, "side": "HOLD"}, -1117, "Invalid side."),
    ({**LIMIT, "type": "MAGIC"}, -1116, "Invalid orderType."),
    ({**LIMIT, "timeInForce": "GTX"}, -1115, "Invalid timeInForce."),
    (
        {**LIMIT, "quantity": "1e2"},
        -1100,
        r"Illegal characters found in parameter 'quantity'; legal range is '^([0-9]{1,20})(\.[0-9]{1,20})?$'.",
    ),
    ({**LIMIT, "price": "0.000000001"}, -1111, "Parameter 'price' has too much precision."),
    ({**LIMIT, "price": "99999999999999"}, -1108, "Parameter 'price' overflowed."),
    (
        {**LIMIT, "newClientOrderId": "a b"},
        -1100,
        "Illegal characters found in parameter 'newClientOrderId'; legal range is '^[a-zA-Z0-9-_]{1,36}$'.",
    ),
    ({**LIMIT, "newOrderRespType": "SHORT"}, -1130, "Data sent for parameter 'newOrderRespType' is not valid."),
    ({**LIMIT, "selfTradePreventionMode": "X"}, -1130, "Data sent for parameter 'selfTradePreventionMode' is not valid."),
    ({**LIMIT, "surprise": 1}, -1104, "Not all sent parameters were read; read '8' parameter(s) but was sent '9'."),
    ({**LIMIT, "symbol": "NOPE"}, -1121, "Invalid symbol."),
    ({**LIMIT, "symbol": "LTCBTC"}, -1013, "Market is closed."),
    ({**LIMIT, "price": "2000"}, -1013, "Filter failure: PRICE_FILTER"),
    ({**LIMIT, "quantity": "100.001"}, -1013, "Filter failure: LOT_SIZE"),
    ({**LIMIT, "quantity": "0"}, -1013, "Filter failure: LOT_SIZE"),
    ({**MARKET, "quantity": "300000"}, -1013, "Filter failure: MARKET_LOT_SIZE"),
    ({**LIMIT, "icebergQty": "0.5"}, -1013, "Filter failure: ICEBERG_PARTS"),
    ({**STOP, "trailingDelta": "2001"}, -1013, "Filter failure: TRAILING_DELTA"),
    ({**STOP, "stopPrice": "2000"}, -1013, "Filter failure: PRICE_FILTER"),
    ({**LIMIT, "price": "0.1"}, -1013, "Filter failure: PERCENT_PRICE_BY_SIDE"),
    ({**LIMIT, "quantity": "1"}, -1013, "Filter failure: NOTIONAL"),
    ({**LIMIT, "side": "SELL", "quantity": "1000.01", "price": "0.0003"}, -2010, "Account has insufficient balance for requested action."),
    (
        {**without(LIMIT, "timeInForce"), "type": "LIMIT_MAKER", "price": "0.0003"},
        -2010,
        "Order would immediately match and take.",
    ),
    ({**STOP, "stopPrice": "0.1"}, -2010, "Order would trigger immediately."),
]


@pytest.mark.parametrize(("params", "code", "text"), ORDER_REFUSALS)
@pytest.mark.parametrize("path", [ORDER, "/api/v3/order/test"])
def test_order_refusals_change_nothing(bench: Any, path: str, params: dict[str, Any], code: int, text: str) -> None:
    before = bench.exchange.balances("key")
    assert bench.signed("POST", path, **params) == {"code": code, "msg": text}
    assert bench.answer.status == 400
    assert bench.exchange.balances("key") == before
    assert bench.exchange.open_orders("key") == []


def test_a_client_order_id_is_unique_among_open_orders(bench: Any) -> None:
    order = bench.signed("POST", ORDER, **LIMIT, newClientOrderId="mine")
    assert bench.signed("POST", ORDER, **LIMIT, newClientOrderId="mine") == {"code": -2010, "msg": "Duplicate order sent."}
    bench.signed("DELETE", ORDER, symbol="BNBBTC", orderId=order["orderId"])
    assert bench.signed("POST", ORDER, **LIMIT, newClientOrderId="mine")["status"] == "NEW"


def test_open_orders_are_limited_per_symbol(bench: Any) -> None:
    (most,) = [
        each["maxNumOrders"]
        for each in bench.get("/api/v3/exchangeInfo", symbol="BNBBTC")["symbols"][0]["filters"]
        if each["filterType"] == "MAX_NUM_ORDERS"
    ]
    for _ in range(most):
        assert bench.signed("POST", ORDER, **LIMIT)["status"] == "NEW"
    assert bench.signed("POST", ORDER, **LIMIT) == {"code": -2010, "msg": "Filter failure: MAX_NUM_ORDERS"}


LOOKUP_REFUSALS: list[tuple[str, str, dict[str, object], int, str]] = [
    ("GET", "order", {"symbol": "BNBBTC"}, -1102, "Param 'orderId' or 'origClientOrderId' must be sent, but both were empty/null!"),
    ("GET", "order", {"symbol": "BNBBTC", "orderId": 1}, -2013, "Order does not exist."),
    ("GET", "order", {"symbol": "BNBBTC", "origClientOrderId": "nobody"}, -2013, "Order does not exist."),
    ("DELETE", "order", {"symbol": "BNBBTC", "orderId": 1}, -2011, "Unknown order sent."),
    ("DELETE", "order", {"symbol": "NOPE", "orderId": 1}, -1121, "Invalid symbol."),
    ("DELETE", "order", {"symbol": "NOPE", "orderId": 1, "origClientOrderId": "mine"}, -1121, "Invalid symbol."),
    ("DELETE", "openOrders", {"symbol": "BNBBTC"}, -2011, "Unknown order sent."),
    (
        "GET",
        "allOrders",
        {"symbol": "BNBBTC", "startTime": 1, "endTime": 86_400_002},
        -1127,
        "More than 24 hours between startTime and endTime.",
    ),
    ("GET", "myTrades", {"symbol": "BNBBTC", "orderId": 1, "startTime": 1}, -1128, "Combination of optional parameters invalid."),
    ("GET", "myTrades", {}, -1102, "Mandatory parameter 'symbol' was not sent, was empty/null, or malformed."),
]


@pytest.mark.parametrize(("method", "path", "params", "code", "text"), LOOKUP_REFUSALS)
def test_lookup_refusals(bench: Any, method: str, path: str, params: dict[str, object], code: int, text: str) -> None:
    assert bench.signed(method, f"/api/v3/{path}", **params) == {"code": code, "msg": text}


def test_two_ids_must_belong_to_one_order(bench: Any) -> None:
    order = bench.order("BUY", quantity=100, price="0.00001", newClientOrderId="mine")
    ids = {"symbol": "BNBBTC", "orderId": order["orderId"], "origClientOrderId": "yours"}
    assert bench.signed("GET", ORDER, **ids)["code"] == -2039
    assert bench.signed("DELETE", ORDER, **ids) == {"code": -2011, "msg": "Cancel order is invalid. Check origClOrdId and orderId."}
    assert bench.signed("GET", ORDER, **{**ids, "origClientOrderId": "mine"})["status"] == "NEW"
    assert bench.signed("DELETE", ORDER, **{**ids, "origClientOrderId": "mine"})["status"] == "CANCELED"


def test_an_order_of_another_account_does_not_exist(bench: Any) -> None:
    order = bench.order("BUY", quantity=100, price="0.00001")
    for method, code in (("GET", -2013), ("DELETE", -2011)):
        assert bench.signed(method, ORDER, account="other", symbol="BNBBTC", orderId=order["orderId"])["code"] == code
    assert bench.signed("GET", "/api/v3/openOrders", account="other") == []


SIGNED = sorted(key for key, route in ROUTES.items() if route.signed)


@pytest.mark.parametrize(("method", "path"), SIGNED)
def test_every_private_endpoint_wants_key_time_and_signature(bench: Any, method: str, path: str) -> None:
    now_ms = bench.now_us // 1000
    assert (bench.send(method, path)["code"], bench.answer.status) == (-2014, 401)
    assert (bench.send(method, path, key="stranger")["code"], bench.answer.status) == (-2015, 401)
    assert bench.send(method, path, key="key")["code"] == -1102
    assert bench.send(method, path, f"timestamp={now_ms - 5001}&signature=x", key="key")["code"] == -1021
    assert bench.send(method, path, f"timestamp={now_ms + 1001}&signature=x", key="key")["code"] == -1021
    assert (bench.send(method, path, f"timestamp={now_ms}&signature=x", key="key")["code"], bench.answer.status) == (-1022, 400)


def test_another_accounts_signature_is_refused(bench: Any) -> None:
    query = f"timestamp={bench.now_us // 1000}"
    signature = hmac.new(b"hidden", query.encode(), hashlib.sha256).hexdigest()
    assert bench.send("GET", "/api/v3/account", f"{query}&signature={signature}", key="key")["code"] == -1022


@pytest.mark.parametrize("split", [0, 3, 8])
def test_an_order_may_be_sent_in_query_and_form_in_any_division(bench: Any, split: int) -> None:
    parts = [f"{name}={value}" for name, value in {**LIMIT, "recvWindow": "5000.5", "timestamp": bench.now_us // 1000}.items()]
    query, body = "&".join(parts[:split]), "&".join(parts[split:])
    signature = hmac.new(b"secret", (query + body).encode(), hashlib.sha256).hexdigest()
    body = "&".join(filter(None, (body, f"signature={signature}")))
    assert bench.send("POST", ORDER, query, body, key="key")["status"] == "NEW"


def test_a_body_of_a_get_counts_for_nothing(bench: Any) -> None:
    assert bench.send("GET", "/api/v3/time", body="x=1") == {"serverTime": bench.now_us // 1000}


def test_weight_is_counted_by_address_within_the_minute(bench: Any) -> None:
    bench.now_us = (bench.now_us // 60_000_000 + 1) * 60_000_000 - 500_000  # half a second before a full minute
    bench.get("/api/v3/ping")
    bench.get("/api/v3/depth", symbol="BNBBTC", limit=1000)
    bench.get("/api/v3/depth", symbol="NOPE", limit=5000)  # a refusal costs the same
    assert bench.answer.headers["X-MBX-USED-WEIGHT-1M"] == bench.answer.headers["X-MBX-USED-WEIGHT"] == str(1 + 50 + 250)
    bench.send("GET", "/api/v3/ping", peer="127.0.0.2")
    assert bench.answer.headers["X-MBX-USED-WEIGHT-1M"] == "1"
    bench.now_us += 500_000
    bench.get("/api/v3/ping")
    assert bench.answer.headers["X-MBX-USED-WEIGHT-1M"] == "1"


@pytest.mark.parametrize(
    ("path", "params", "weight"),
    [
        ("depth", {"symbol": "BNBBTC"}, 5),
        ("depth", {"symbol": "BNBBTC", "limit": 101}, 25),
        ("depth", {"symbol": "BNBBTC", "limit": 9999}, 250),
        ("ticker/24hr", {}, 80),
        ("ticker/24hr", {"symbol": "BNBBTC"}, 2),
        ("ticker/24hr", {"symbols": '["BNBBTC","ETHBTC"]'}, 2),
        ("ticker/price", {}, 4),
        ("ticker/price", {"symbol": "BNBBTC"}, 2),
        ("exchangeInfo", {}, 20),
    ],
)
def test_weight_depends_on_what_is_asked(bench: Any, path: str, params: dict[str, object], weight: int) -> None:
    bench.get(f"/api/v3/{path}", **params)
    assert bench.answer.headers["X-MBX-USED-WEIGHT-1M"] == str(weight)


def test_orders_cost_weight_only_when_refused_and_count_until_they_fill(bench: Any) -> None:
    bench.order("BUY", quantity=100, price="0.00001")
    bench.order("BUY", quantity=100, price="0.00001")
    headers = bench.answer.headers
    assert (headers["X-MBX-ORDER-COUNT-10S"], headers["X-MBX-ORDER-COUNT-1D"], headers["X-MBX-USED-WEIGHT-1M"]) == ("2", "2", "0")
    bench.order("BUY", "MARKET", quantity=100)  # counted and, because it fills, taken off again
    assert bench.answer.headers["X-MBX-ORDER-COUNT-10S"] == "2"
    bench.order("BUY", quantity=0, price="0.00001")
    assert bench.answer.headers["X-MBX-USED-WEIGHT-1M"] == "1"
    bench.now_us += 10_000_000
    bench.order("BUY", quantity=100, price="0.00001")
    assert (bench.answer.headers["X-MBX-ORDER-COUNT-10S"], bench.answer.headers["X-MBX-ORDER-COUNT-1D"]) == ("1", "3")
    counts = {each["interval"]: each["count"] for each in bench.signed("GET", "/api/v3/rateLimit/order")}
    assert counts == {"SECOND": 1, "DAY": 3}


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_listen_keys_are_gone_and_it_says_so(bench: Any, method: str) -> None:
    assert bench.send(method, "/api/v3/userDataStream", key="key") == {"code": -1016, "msg": "This service is no longer available."}
    assert bench.answer.status == 410


def test_answers_are_json_by_their_header(bench: Any) -> None:
    for path, status in (("ping", 200), ("depth", 400)):
        bench.get(f"/api/v3/{path}")
        assert (bench.answer.status, bench.answer.headers["Content-Type"]) == (status, "application/json;charset=UTF-8")


def test_head_is_answered_like_get(bench: Any) -> None:
    bench.send("HEAD", "/api/v3/ping")
    assert bench.answer.status == 200


@pytest.mark.parametrize(("method", "path"), [("GET", "/api/v3/nothing"), ("POST", "/api/v3/ping"), ("GET", "/"), ("GET", "/api/v3/ping/")])
def test_an_unknown_path_is_404_and_says_what_was_asked(bench: Any, method: str, path: str) -> None:
    bench.send(method, path)
    assert bench.answer.status == 404
    assert f"{method} {path}" in bench.answer.body.decode()
    assert bench.answer.headers["X-MBX-USED-WEIGHT"] == bench.answer.headers["X-MBX-USED-WEIGHT-1M"] == "1"


def test_an_unknown_path_counts_and_is_no_way_around_a_ban(make_bench: Callable[..., Any]) -> None:
    bench = make_bench(limits=Limits({"weight": 3}), traders=False)
    statuses = []
    for _ in range(20):
        bench.send("GET", "/nothing")
        statuses.append(bench.answer.status)
    assert statuses[:4] == [404, 404, 404, 429]
    assert statuses[-1] == 418
    assert bench.answer.headers["Retry-After"] == "120"


@pytest.mark.parametrize(
    ("unit", "shown_in"),
    [
        ("MILLISECOND", 1_000),
        ("millisecond", 1_000),
        ("MICROSECOND", 1),
        ("microsecond", 1),
        ("x", None),
        ("", None),
        ("Microsecond", None),
    ],
)
def test_times_are_told_in_the_unit_that_is_asked_for(bench: Any, unit: str, shown_in: int | None) -> None:
    answer = bench.app.http(HttpRequest("GET", "/api/v3/time", headers={"x-mbx-time-unit": unit}))
    body = json.loads(answer.body)
    if shown_in is None:
        text = "Invalid value for time unit; expected either MICROSECOND or MILLISECOND."
        assert (answer.status, body) == (400, {"code": -1194, "msg": text})
    else:
        assert body == {"serverTime": bench.now_us // shown_in}


@pytest.mark.parametrize(
    ("accept", "status"),
    [("*/*", 200), ("application/json", 200), ("application/sbe, application/json", 200), ("application/sbe", 406)],
)
def test_the_binary_format_is_not_enabled(bench: Any, accept: str, status: int) -> None:
    answer = bench.app.http(HttpRequest("GET", "/api/v3/time", headers={"accept": accept, "x-mbx-sbe": "3:5"}))
    assert answer.status == status
    assert (b"-1155" in answer.body) == (status == 406)


# ---- who is refused, and for how long ------------------------------------------------------------------------------------


def test_an_address_that_used_up_its_weight_is_refused_and_then_banned(make_bench: Any) -> None:
    bench = make_bench(limits=Limits({"weight": 50}))
    bench.now_us = (bench.now_us // 60_000_000 + 1) * 60_000_000 + 12_500_000
    for expected in (20, 40):
        bench.get("/api/v3/exchangeInfo", symbol="BNBBTC")
        assert (bench.answer.status, bench.answer.headers["X-MBX-USED-WEIGHT-1M"]) == (200, str(expected))
    refused = bench.get("/api/v3/exchangeInfo", symbol="BNBBTC")
    text = (
        "Too much request weight used; current limit is 50 request weight per 1 MINUTE. "
        "Please use WebSocket Streams for live updates to avoid polling the API."
    )
    assert (bench.answer.status, refused) == (429, {"code": -1003, "msg": text})
    assert bench.answer.headers["Retry-After"] == "48"
    assert bench.answer.headers["X-MBX-USED-WEIGHT-1M"] == "60"
    assert bench.signed("POST", ORDER, **LIMIT)["code"] == -1003  # orders are requests like any other
    while bench.answer.status == 429:
        bench.get("/api/v3/ping")
    until_ms = bench.now_us // 1000 + 120_000
    text = f"Way too much request weight used; IP banned until {until_ms}. Please use WebSocket Streams for live updates to avoid bans."
    assert bench.get("/api/v3/ping") == {"code": -1003, "msg": text}
    assert (bench.answer.status, bench.answer.headers["Retry-After"]) == (418, "120")
    bench.send("GET", "/api/v3/ping", peer="127.0.0.2")
    assert bench.answer.status == 200
    bench.now_us += 119_999_999
    bench.get("/api/v3/ping")
    assert (bench.answer.status, bench.answer.headers["Retry-After"]) == (418, "1")
    bench.now_us += 1
    assert bench.get("/api/v3/ping") == {}


def test_an_order_too_many_is_refused_after_all_that_the_order_itself_gets_wrong(make_bench: Any) -> None:
    bench = make_bench(limits=Limits({"orders_10s": 2}))
    bench.now_us = (bench.now_us // 10_000_000 + 1) * 10_000_000 + 3_000_000
    for _ in range(2):
        assert bench.signed("POST", ORDER, **LIMIT)["status"] == "NEW"
    before = bench.exchange.balances("key")
    refused = bench.signed("POST", ORDER, **LIMIT)
    assert refused == {"code": -1015, "msg": "Too many new orders; current limit is 2 orders per 10 SECOND."}
    assert (bench.answer.status, bench.answer.headers["Retry-After"]) == (429, "7")
    assert bench.signed("POST", ORDER, **{**LIMIT, "price": "0.000000001"})["code"] == -1111
    assert bench.signed("POST", ORDER, **{**LIMIT, "symbol": "NOPE"})["code"] == -1121
    assert bench.signed("POST", ORDER, **{**LIMIT, "quantity": "0.001"})["msg"] == "Filter failure: LOT_SIZE"
    assert bench.signed("POST", f"{ORDER}/test", **LIMIT) == {}
    assert bench.signed("POST", ORDER, account="other", **LIMIT)["status"] == "NEW"
    assert bench.exchange.balances("key") == before
    bench.now_us += 7_000_000
    assert bench.signed("POST", ORDER, **LIMIT)["status"] == "NEW"


def test_an_order_that_the_engine_refuses_does_not_count(bench: Any) -> None:
    bench.signed("POST", ORDER, **{**LIMIT, "side": "SELL", "quantity": "1000.01", "price": "0.0003"})
    assert bench.signed("POST", ORDER, **LIMIT)["status"] == "NEW"
    assert bench.answer.headers["X-MBX-ORDER-COUNT-10S"] == "1"


def test_an_order_that_is_late_for_the_engine_is_refused_and_counts(bench: Any) -> None:
    bench.app.venue.engine_delay_us = 5_000_001
    refused = bench.signed("POST", ORDER, **LIMIT)
    assert refused == {"code": -1021, "msg": "Timestamp for this request is outside of the recvWindow."}
    assert bench.exchange.open_orders("key") == []
    assert bench.answer.headers["X-MBX-USED-WEIGHT-1M"] == "1"
    bench.app.venue.engine_delay_us = 4_000_000
    assert bench.signed("POST", ORDER, **LIMIT)["status"] == "NEW"
    assert bench.answer.headers["X-MBX-ORDER-COUNT-10S"] == "2"


# ---- who may do what -----------------------------------------------------------------------------------------------------


TRADING = sorted(key for key, route in ROUTES.items() if key[1].startswith("/api/v3") and route.signed and key[0] != "GET")


@pytest.mark.parametrize(("method", "path"), TRADING)
def test_a_key_without_the_permission_trades_nothing(bench: Any, method: str, path: str) -> None:
    bench.app.venue.gate.revoke("key")
    bench.app.venue.gate.add(Account("key", "secret", can_trade=False))
    assert (bench.signed(method, path)["code"], bench.answer.status) == (-2015, 401)
    assert "balances" in bench.signed("GET", "/api/v3/account")


def test_an_account_trades_what_its_permissions_are_for(bench: Any) -> None:
    for permissions, code in (((), -2010), (("TRD_GRP_007",), -2010), (("LEVERAGED", "SPOT"), None)):
        bench.app.venue.gate.revoke("key")
        bench.app.venue.gate.add(Account("key", "secret", permissions=permissions))
        answer = bench.signed("POST", ORDER, **LIMIT)
        assert answer.get("code") == code
        assert code is None or answer["msg"] == "This symbol is not permitted for this account."
    assert bench.get("/api/v3/exchangeInfo", symbol="BNBBTC")["symbols"][0]["permissionSets"] == [list(each) for each in SETS]
