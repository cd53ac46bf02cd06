"""Each method of the WebSocket API once, against its REST twin on a venue of the same seed that was led to the same state."""

from __future__ import annotations

import hashlib
import hmac
import json
from typing import Any
from urllib.parse import quote

import pytest

from exchangeclient.sandbox.dialects.binance.methods import METHODS
from exchangeclient.sandbox.dialects.binance.routes import ROUTES

LOW = {"symbol": "BNBBTC", "side": "BUY", "type": "LIMIT", "timeInForce": "GTC", "quantity": "100", "price": "0.00001"}
BELOW = {"belowType": "STOP_LOSS", "belowStopPrice": "0.0001"}
ABOVE = {"aboveType": "LIMIT_MAKER", "abovePrice": "0.001"}
WORKING = {"workingType": "LIMIT", "workingTimeInForce": "GTC", "workingPrice": "0.00001", "workingQuantity": "100", "workingSide": "BUY"}
PENDING = {"pendingType": "LIMIT_MAKER", "pendingPrice": "0.001", "pendingSide": "SELL"}
PAIR = {
    "pendingSide": "SELL",
    "pendingAboveType": "LIMIT_MAKER",
    "pendingAbovePrice": "0.001",
    "pendingBelowType": "STOP_LOSS",
    "pendingBelowStopPrice": "0.0001",
}
SYMBOL = {"symbol": "BNBBTC"}
# Every order has the id of its own symbol's count; the first one by hand is what the calls below are about.
CALLS: dict[str, dict[str, Any]] = {
    "ping": {},
    "time": {},
    "exchangeInfo": {"symbols": ["BNBBTC", "ETHBTC"]},
    "executionRules": {"symbol": "BTCUSDT"},
    "depth": {**SYMBOL, "limit": 5},
    "trades.recent": {**SYMBOL, "limit": 5},
    "trades.historical": {**SYMBOL, "fromId": 2, "limit": 5},
    "blockTrades.historical": {**SYMBOL, "fromId": 1},
    "trades.aggregate": {**SYMBOL, "limit": 5},
    "klines": {**SYMBOL, "interval": "1m", "limit": 3},
    "uiKlines": {**SYMBOL, "interval": "1h", "limit": 3},
    "avgPrice": SYMBOL,
    "referencePrice": {"symbol": "BTCUSDT"},
    "referencePrice.calculation": {"symbol": "BTCUSDT"},
    "ticker.24hr": {"symbols": ["BNBBTC", "ETHBTC"], "type": "MINI"},
    "ticker.tradingDay": SYMBOL,
    "ticker": {**SYMBOL, "windowSize": "1h"},
    "ticker.price": {},
    "ticker.book": SYMBOL,
    "order.place": {**LOW, "newClientOrderId": "mine"},
    "order.test": {**LOW, "computeCommissionRates": True},
    "order.status": {**SYMBOL, "origClientOrderId": "first"},
    "order.cancel": {**SYMBOL, "origClientOrderId": "first", "newClientOrderId": "undo"},
    "order.cancelReplace": {**LOW, "cancelReplaceMode": "STOP_ON_FAILURE", "cancelOrigClientOrderId": "first"},
    "order.amend.keepPriority": {**SYMBOL, "origClientOrderId": "first", "newQty": "60"},
    "order.amendments": {**SYMBOL, "orderId": "first"},
    "openOrders.status": SYMBOL,
    "openOrders.cancelAll": SYMBOL,
    "allOrders": SYMBOL,
    "orderList.place": {**SYMBOL, "side": "SELL", "quantity": "100", "price": "0.001", "stopPrice": "0.0001"},
    "orderList.place.oco": {**SYMBOL, "side": "SELL", "quantity": "100", **ABOVE, **BELOW},
    "orderList.place.oto": {**SYMBOL, **WORKING, **PENDING, "pendingQuantity": "100"},
    "orderList.place.otoco": {**SYMBOL, **WORKING, **PAIR, "pendingQuantity": "100"},
    "orderList.place.opo": {**SYMBOL, **WORKING, **PENDING},
    "orderList.place.opoco": {**SYMBOL, **WORKING, **PAIR},
    "orderList.status": {"origClientOrderId": "pair"},
    "orderList.cancel": {**SYMBOL, "listClientOrderId": "pair"},
    "openOrderLists.status": {},
    "allOrderLists": {},
    "sor.order.place": {**LOW, "symbol": "BTCUSDT", "price": "5000", "quantity": "0.01"},
    "sor.order.test": {**LOW, "symbol": "BTCUSDT", "price": "5000", "quantity": "0.01"},
    "account.status": {"omitZeroBalances": True},
    "account.commission": SYMBOL,
    "account.rateLimits.orders": {},
    "myTrades": SYMBOL,
    "myPreventedMatches": {**SYMBOL, "orderId": "first"},
    "myAllocations": SYMBOL,
    "myFilters": SYMBOL,
}


def prepared(make_bench: Any) -> tuple[Any, int]:
    """A venue with a resting order, a filled one and a list of the account; and the id of the first."""
    bench = make_bench()
    bench.pass_time(5)
    first = bench.order("BUY", quantity=100, price="0.00001", newClientOrderId="first")
    bench.order("BUY", "MARKET", quantity=100)
    bench.signed("POST", "/api/v3/orderList/oco", **SYMBOL, side="SELL", quantity="100", listClientOrderId="pair", **ABOVE, **BELOW)
    return bench, first["orderId"]


def test_every_method_has_a_call_and_every_spot_endpoint_a_method() -> None:
    assert set(CALLS) == set(METHODS)
    without = {"/api/v3/userDataStream"}  # retired
    assert {key for key in ROUTES if key[1].startswith("/api/v3") and key[1] not in without} == set(METHODS.values())


@pytest.mark.parametrize("method", sorted(METHODS))
def test_a_method_answers_as_its_rest_twin(make_bench: Any, make_wire: Any, method: str) -> None:
    verb, path = METHODS[method]
    one, first_id = prepared(make_bench)
    other, _ = prepared(make_bench)
    params = {name: first_id if (name, value) == ("orderId", "first") else value for name, value in CALLS[method].items()}
    texts = {name: value if isinstance(value, str) else json.dumps(value) for name, value in params.items()}
    socket = make_wire(one, "/ws-api/v3")
    if ROUTES[verb, path].signed:
        rest = other.signed(verb, path, **texts)
        signed = {**params, "apiKey": "key", "timestamp": one.now_us // 1000}
        payload = "&".join(f"{name}={texts.get(name, signed[name])}" for name in sorted(signed))
        reply = socket.say(
            {
                "id": 1,
                "method": method,
                "params": {**signed, "signature": hmac.new(b"secret", payload.encode(), hashlib.sha256).hexdigest()},
            }
        )
    else:
        rest = other.send(verb, path, "&".join(f"{name}={quote(value, safe='')}" for name, value in texts.items()))
        reply = socket.say({"id": 1, "method": method, "params": params})
    assert (reply["status"], other.answer.status) == (200, 200), reply
    assert reply["result"] == rest
    # Two more for the connection.
    (weight,) = [row["count"] for row in reply["rateLimits"] if row["rateLimitType"] == "REQUEST_WEIGHT"]
    assert str(weight - 2) == other.answer.headers["X-MBX-USED-WEIGHT-1M"]
    orders = {row["interval"]: str(row["count"]) for row in reply["rateLimits"] if row["rateLimitType"] == "ORDERS"}
    shown = {name[-3:]: count for name, count in other.answer.headers.items() if name.startswith("X-MBX-ORDER-COUNT")}
    assert orders == ({"SECOND": shown["10S"], "DAY": shown["-1D"]} if shown else {})
