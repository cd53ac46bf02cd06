from __future__ import annotations

import json
from typing import Any

import pytest
import requests_mock

from exchangeclient.exceptions import (
    ExchangeRequestException,
    OrderMinAmountException,
    OrderMinPriceException,
    OrderUnknownSymbolException,
)
from exchangeclient.okx.client import Client

PLACE, ASK, INSTRUMENTS = "/api/v5/trade/order", "/api/v5/trade/order", "/api/v5/public/instruments"
LISTED = {
    "instId": "BTC-USDT", "instType": "SPOT", "state": "live", "tickSz": "0.1", "lotSz": "0.0001", "minSz": "0.001", "maxLmtSz": "100",
    "maxMktSz": "1000000",
}  # fmt: skip
SWAP = {**LISTED, "instId": "BTC-USDT-SWAP", "instType": "SWAP", "lotSz": "1", "minSz": "1", "maxMktSz": "50"}


def envelope(*rows: Any, code: str = "0") -> dict[str, Any]:
    return {"code": code, "msg": "", "data": list(rows)}


@pytest.fixture
def wire() -> Any:
    """A venue that takes whatever comes, and notes it."""
    client = Client("key", "secret", "passphrase", environment="https://okx.invalid")
    with requests_mock.Mocker(session=client.session) as venue:
        venue.get("/api/v5/public/time", json=envelope({"ts": "1700000000000"}))
        venue.get(f"{INSTRUMENTS}?instType=SPOT&instId=BTC-USDT", json=envelope(LISTED))
        venue.get(f"{INSTRUMENTS}?instType=SWAP&instId=BTC-USDT-SWAP", json=envelope(SWAP))
        venue.get(f"{INSTRUMENTS}?instType=SPOT&instId=NO-SUCH", json=envelope(code="51001"))
        venue.post(PLACE, json=envelope({"ordId": "1", "clOrdId": "x", "sCode": "0", "sMsg": ""}))
        venue.post("/api/v5/trade/batch-orders", json=envelope({"ordId": "1", "sCode": "0"}, {"ordId": "2", "sCode": "0"}))
        venue.client = client
        venue.orders = lambda: [json.loads(sent.body) for sent in venue.request_history if sent.method == "POST"]
        yield venue


@pytest.mark.parametrize(
    ("order", "error"),
    [
        ({"px": "5000.05", "sz": "1"}, OrderMinPriceException),
        ({"px": "5000", "sz": "0.00015"}, OrderMinAmountException),
        ({"px": "5000", "sz": "0.0009"}, OrderMinAmountException),
        ({"px": "5000", "sz": "101"}, OrderMinAmountException),
        ({"px": "5000", "sz": "1", "instId": "NO-SUCH"}, OrderUnknownSymbolException),
    ],
)
def test_an_order_that_breaks_a_rule_is_not_sent(wire: Any, order: dict[str, str], error: type[Exception]) -> None:
    with pytest.raises(error):
        wire.client.order_limit_buy(**{"instId": "BTC-USDT", **order})
    assert wire.orders() == []


def test_the_rules_are_asked_for_once(wire: Any) -> None:
    for _ in range(3):
        wire.client.order_limit_buy(instId="btc-usdt", px="5000", sz="1")
    assert sum(sent.path == INSTRUMENTS for sent in wire.request_history) == 1


def test_the_usual_orders_say_what_they_count_in(wire: Any) -> None:
    wire.client.order_limit_buy(instId="BTC-USDT", px=5000, sz=1)
    wire.client.order_market_buy(instId="BTC-USDT", sz="0.5")
    wire.client.order_market_buy(instId="BTC-USDT", quoteOrderQty="100")
    wire.client.order_market_sell(instId="BTC-USDT-SWAP", sz=2, reduceOnly=True)
    kept = ("tdMode", "ordType", "sz", "tgtCcy", "reduceOnly")
    assert [{name: each[name] for name in kept if name in each} for each in wire.orders()] == [
        {"tdMode": "cash", "ordType": "limit", "sz": "1"},
        {"tdMode": "cash", "ordType": "market", "sz": "0.5", "tgtCcy": "base_ccy"},
        {"tdMode": "cash", "ordType": "market", "sz": "100", "tgtCcy": "quote_ccy"},
        {"tdMode": "cross", "ordType": "market", "sz": "2", "reduceOnly": True},
    ]


def test_a_market_order_to_buy_counts_in_money_unless_it_says_otherwise(wire: Any) -> None:
    order = {"instId": "BTC-USDT", "tdMode": "cash", "side": "buy", "ordType": "market"}
    wire.client.create_order(**order, sz="0.12345678")  # a sum of money, which no lot holds for
    with pytest.raises(OrderMinAmountException):
        wire.client.create_order(**order, sz="0.12345678", tgtCcy="base_ccy")
    with pytest.raises(OrderMinAmountException):
        wire.client.create_order(**{**order, "side": "sell"}, sz="0.12345678")


@pytest.mark.parametrize(
    ("order", "missing"),
    [
        ({"sz": "1"}, "px"),
        ({"px": "1"}, "sz"),
        ({"sz": "1", "px": "1", "ordType": "post_only", "tdMode": None}, "tdMode"),
    ],
)
def test_what_is_missing_is_named_and_nothing_is_sent(wire: Any, order: dict[str, Any], missing: str) -> None:
    with pytest.raises(TypeError, match=missing):
        wire.client.create_order(**{"instId": "BTC-USDT", "tdMode": "cash", "side": "buy", "ordType": "limit", **order})
    with pytest.raises(TypeError, match="sz"):
        wire.client.order_market_buy(instId="BTC-USDT")
    with pytest.raises(TypeError, match="newSz or newPx"):
        wire.client.amend_order(instId="BTC-USDT", ordId="1")
    assert wire.orders() == []


@pytest.mark.parametrize("bad", ["with-dash", "with_line", "x" * 33, "", "ü"])
def test_an_id_that_the_venue_refuses_is_refused_here(wire: Any, bad: str) -> None:
    with pytest.raises(ValueError, match="clOrdId"):
        wire.client.order_limit_buy(instId="BTC-USDT", px="5000", sz="1", clOrdId=bad)
    assert wire.orders() == []


def test_every_order_of_a_list_has_an_id_and_is_held_to_the_rules(wire: Any) -> None:
    row = {"instId": "BTC-USDT", "tdMode": "cash", "side": "buy", "ordType": "limit", "sz": 1, "px": "5000"}
    wire.client.create_orders([row, {**row, "clOrdId": "mine"}])
    ((drawn, mine),) = wire.orders()
    assert len(drawn["clOrdId"]) == 32
    assert drawn["clOrdId"].isalnum()
    assert mine["clOrdId"] == "mine"
    with pytest.raises(OrderMinPriceException):
        wire.client.create_orders([row, {**row, "px": "5000.05"}])
    assert len(wire.orders()) == 1
    assert "clOrdId" not in row, "what the caller gave is not changed"


def test_the_rules_can_be_left_to_the_venue(wire: Any) -> None:
    wire.client.order_limit_buy(instId="NO-SUCH", px="5000.05", sz="0.1", disable_validation=True)
    assert len(wire.orders()) == 1


def test_figures_are_brought_onto_the_steps(wire: Any) -> None:
    fitted = wire.client.quantize_order(instId="BTC-USDT", side="buy", sz="1.23456", px="5000.17")
    assert {name: str(value) for name, value in fitted.items()} == {"instId": "BTC-USDT", "side": "buy", "sz": "1.2345", "px": "5000.1"}
    assert str(wire.client.quantize_order(instId="BTC-USDT", side="sell", sz="1", px="5000.17")["px"]) == "5000.2"


def test_an_answer_that_does_not_say_what_became_of_an_order_is_none(wire: Any) -> None:
    wire.post(PLACE, json={"code": "0", "msg": "", "data": []})
    wire.get(ASK, json=envelope({"ordId": "7", "clOrdId": "mine", "instId": "BTC-USDT", "side": "buy", "state": "live"}))
    settled = wire.client.order_limit_buy(instId="BTC-USDT", px="5000", sz="1", clOrdId="mine")
    assert (settled["ordId"], len(wire.orders())) == ("7", 1)


@pytest.mark.parametrize(
    "body", ['{"code":"0","msg":""}', '{"code":0,"data":[]}', "[]", '{"code":"0","data":{}}', '{"code":"0","data":[]}']
)
def test_an_answer_of_another_form_is_no_answer(wire: Any, body: str) -> None:
    wire.get("/api/v5/market/ticker", text=body)
    with pytest.raises(ExchangeRequestException, match="get_ticker"):
        wire.client.get_ticker("BTC-USDT")


LIMITED = {"instId": "BTC-USDT", "tdMode": "cash", "side": "buy", "ordType": "limit", "sz": "1", "px": "5000"}


@pytest.mark.parametrize("call", ["create_orders", "cancel_orders", "amend_orders"])
def test_what_a_call_of_a_list_has_no_place_for_is_refused_and_not_left_out(wire: Any, call: str) -> None:
    with pytest.raises(TypeError, match="tdMode"):
        getattr(wire.client, call)([{**LIMITED, "ordId": "1", "newSz": "2"}], tdMode="cross")
    assert wire.orders() == []


def test_amendments_in_a_list_are_void_after_a_while_as_single_ones_are(wire: Any) -> None:
    wire.post("/api/v5/trade/amend-batch-orders", json=envelope({"ordId": "1", "sCode": "0"}))
    wire.client.amend_orders([{"instId": "BTC-USDT", "ordId": "1", "newSz": "2"}], expTime=1700000001234)
    assert wire.last_request.headers["expTime"] == "1700000001234"
    wire.client.amend_orders([{"instId": "BTC-USDT", "ordId": "1", "newSz": "2"}])
    assert int(wire.last_request.headers["expTime"]) > 1700000001234


def test_two_orders_of_a_list_cannot_have_one_id(wire: Any) -> None:
    with pytest.raises(ValueError, match="clOrdId"):
        wire.client.create_orders([{**LIMITED, "clOrdId": "mine"}, {**LIMITED, "clOrdId": "mine", "sz": "2"}])
    assert wire.orders() == []
