from __future__ import annotations

import json
import threading
from typing import Any

import pytest
import requests_mock

from exchangeclient.bitmex.client import Client
from exchangeclient.exceptions import (
    ExchangeAPIException,
    ExchangeRequestException,
    InsufficientFundsException,
    OrderMinAmountException,
    OrderMinPriceException,
    OrderNotFoundException,
    OrderUnknownSymbolException,
)

ORDER, INSTRUMENT = "/api/v1/order", "/api/v1/instrument"
LISTED = {"symbol": "XBTUSD", "state": "Open", "tickSize": 0.1, "lotSize": 100, "maxOrderQty": 10_000_000, "maxPrice": 1_000_000}
LIMIT: dict[str, Any] = {"symbol": "XBTUSD", "orderQty": 100, "price": 5000}


@pytest.fixture
def wire() -> Any:
    """A venue that takes whatever comes, and notes it."""
    client = Client("key", "secret", environment="https://bitmex.invalid")
    with requests_mock.Mocker(session=client.session) as venue:
        venue.get("/api/v1", json={"timestamp": 1_700_000_000_000})
        venue.get(INSTRUMENT, json=[])
        venue.get(f"{INSTRUMENT}?symbol=XBTUSD", json=[LISTED])
        venue.post(ORDER, json={"orderID": "1", "ordStatus": "New"})
        venue.put(ORDER, json={"orderID": "1", "ordStatus": "New"})
        venue.client = client
        venue.sent = lambda *verbs: [json.loads(each.body) for each in venue.request_history if each.method in (verbs or ("POST",))]
        yield venue


@pytest.mark.parametrize(
    ("order", "error"),
    [
        ({"price": "5000.05"}, OrderMinPriceException),
        ({"price": 1_000_001}, OrderMinPriceException),
        ({"orderQty": 50}, OrderMinAmountException),
        ({"orderQty": 0}, OrderMinAmountException),
        ({"orderQty": 10_000_100}, OrderMinAmountException),
        ({"stopPx": "5000.05", "ordType": "StopLimit"}, OrderMinPriceException),
        ({"displayQty": 50}, OrderMinAmountException),
        ({"symbol": "NOSUCH"}, OrderUnknownSymbolException),
    ],
)
def test_O16_O17_an_order_that_breaks_a_rule_is_not_sent(wire: Any, order: dict[str, Any], error: type[Exception]) -> None:
    with pytest.raises(error):
        wire.client.order_limit_buy(**{**LIMIT, **order})
    assert wire.sent() == []


def test_the_rules_are_asked_for_once_and_taken_from_whatever_tells_them(wire: Any) -> None:
    for _ in range(3):
        wire.client.order_limit_buy(**LIMIT)
    assert sum(sent.path == INSTRUMENT for sent in wire.request_history) == 1
    wire.get("/api/v1/instrument/active", json=[{**LISTED, "lotSize": 1}, {"symbol": "XBTUSD", "tickSize": 5}])
    wire.client.get_active_instruments()
    wire.client.order_limit_buy(**{**LIMIT, "orderQty": 1})


def test_the_usual_orders_say_what_they_are(wire: Any) -> None:
    wire.client.order_limit_buy(**LIMIT)
    wire.client.order_limit_sell(**LIMIT, postOnly=True, execInst="LastPrice")
    wire.client.order_market_sell(symbol="XBTUSD", orderQty=200, reduceOnly=True)
    wire.client.close_position("XBTUSD")
    wire.client.close_position("XBTUSD", price="5000.1", postOnly=False)
    ids = [order.pop("clOrdID") for order in wire.sent()]
    assert len(set(ids)) == 5
    assert all(len(each) == 32 for each in ids)
    assert [{name: part for name, part in each.items() if name != "clOrdID"} for each in wire.sent()] == [
        {"ordType": "Limit", "side": "Buy", "symbol": "XBTUSD", "orderQty": 100, "price": 5000},
        {"ordType": "Limit", "side": "Sell", "symbol": "XBTUSD", "orderQty": 100, "price": 5000,
         "execInst": "LastPrice,ParticipateDoNotInitiate"},
        {"ordType": "Market", "side": "Sell", "symbol": "XBTUSD", "orderQty": 200, "execInst": "ReduceOnly"},
        {"symbol": "XBTUSD", "execInst": "Close", "ordType": "Market"},
        {"symbol": "XBTUSD", "execInst": "Close", "ordType": "Limit", "price": 5000.1},
    ]  # fmt: skip


def test_what_the_venue_would_ignore_is_said_in_its_words_even_without_the_rules(wire: Any) -> None:
    wire.client.create_order(**LIMIT, side="Buy", postOnly=True, reduceOnly=True, disable_validation=True)
    (sent,) = wire.sent()
    assert sent["execInst"] == "ParticipateDoNotInitiate,ReduceOnly"
    assert not {"postOnly", "reduceOnly"} & sent.keys()


@pytest.mark.parametrize(
    ("order", "missing"),
    [
        ({"orderQty": 100, "price": 1}, "side"),
        ({"side": "Buy", "price": 1}, "orderQty"),
        ({"side": "Buy", "orderQty": 100}, "ordType or price"),
        ({"side": "Buy", "orderQty": 100, "ordType": "Limit"}, "price for a Limit"),
        ({"side": "Buy", "orderQty": 100, "ordType": "Stop"}, "stopPx"),
        ({"side": "Buy", "orderQty": 100, "ordType": "Pegged"}, "pegPriceType"),
        ({"side": "Buy", "orderQty": 100, "price": 1, "symbol": None}, "symbol"),
    ],
)
def test_what_is_missing_is_named_and_nothing_is_sent(wire: Any, order: dict[str, Any], missing: str) -> None:
    with pytest.raises(TypeError, match=missing):
        wire.client.create_order(**{"symbol": "XBTUSD", **order})
    assert wire.sent() == []


@pytest.mark.parametrize("bad", ["with space", "x" * 37, "ü", "a\n"])
def test_an_id_that_the_venue_refuses_is_refused_here(wire: Any, bad: str) -> None:
    with pytest.raises(ValueError, match="clOrdID"):
        wire.client.order_limit_buy(**LIMIT, clOrdID=bad)
    with pytest.raises(ValueError, match="clOrdID"):
        wire.client.amend_order(origClOrdID="mine", clOrdID=bad)
    assert wire.sent("POST", "PUT") == []


@pytest.mark.parametrize(
    "wrong", [{"orderQty": -100}, {"price": "NaN"}, {"price": True}, {"side": "buy"}, {"expires": -1}, {"expires": 5}, {"orderQty": [1]}]
)
def test_T06_what_cannot_be_meant_is_refused_before_anything_is_asked(wire: Any, wrong: dict[str, Any]) -> None:
    with pytest.raises((TypeError, ValueError)):
        wire.client.create_order(**{"side": "Buy", **LIMIT, **wrong})
    assert wire.request_history == []


def test_an_amendment_names_its_order_and_is_held_to_the_rules_where_its_symbol_is_given(wire: Any) -> None:
    with pytest.raises(TypeError, match="orderID or origClOrdID"):
        wire.client.amend_order(price=5001)
    with pytest.raises(TypeError, match="orderQty or leavesQty or price"):
        wire.client.amend_order(orderID="1")
    with pytest.raises(OrderMinPriceException):
        wire.client.amend_order(orderID="1", price="5000.05", symbol="XBTUSD")
    assert wire.sent("PUT") == []
    wire.client.amend_order(orderID="1", price="5000.05")
    wire.client.amend_order(origClOrdID="mine", clOrdID="other", leavesQty=0, symbol="XBTUSD")
    assert wire.sent("PUT") == [{"orderID": "1", "price": 5000.05}, {"origClOrdID": "mine", "clOrdID": "other", "leavesQty": 0}]


def test_T06_a_new_id_needs_the_old_one_beside_it_because_the_venue_would_ignore_it(wire: Any) -> None:
    with pytest.raises(TypeError, match="origClOrdID"):
        wire.client.amend_order(orderID="1", clOrdID="new", price=5001)
    assert wire.sent("PUT") == []


def test_T06_a_cancellation_names_its_orders(wire: Any) -> None:
    for wrong in ({}, {"orderID": "1", "clOrdID": "mine"}, {"text": "why"}):
        with pytest.raises(TypeError, match=r"cancel_order\(\) needs one of orderID and clOrdID"):
            wire.client.cancel_order(**wrong)
    for several in ({}, {"orderID": ["1"], "clOrdID": ["mine"]}):
        with pytest.raises(TypeError, match=r"cancel_orders\(\) needs one of orderID and clOrdID"):
            wire.client.cancel_orders(**several)
    assert not wire.request_history


def test_the_rules_can_be_left_to_the_venue(wire: Any) -> None:
    wire.client.order_limit_buy(symbol="NOSUCH", price="5000.05", orderQty=1, disable_validation=True)
    assert len(wire.sent()) == 1


def test_figures_are_brought_onto_the_steps(wire: Any) -> None:
    fitted = wire.client.quantize_order(symbol="XBTUSD", side="Buy", orderQty=1234, price="5000.17")
    assert {name: str(value) for name, value in fitted.items()} == {
        "symbol": "XBTUSD", "side": "Buy", "orderQty": "1200", "price": "5000.1",
    }  # fmt: skip
    assert str(wire.client.quantize_order(symbol="XBTUSD", side="Sell", orderQty=100, price="5000.17")["price"]) == "5000.2"
    for wrong in ("sideways", 7):
        with pytest.raises((TypeError, ValueError), match="rounding"):
            wire.client.quantize_order(symbol="XBTUSD", side="Buy", orderQty=100, price=1, rounding=wrong)


def test_an_answer_that_does_not_say_what_became_of_an_order_is_none(wire: Any) -> None:
    wire.post(ORDER, json={})
    wire.get(ORDER, json=[{"orderID": "7", "clOrdID": "mine", "symbol": "XBTUSD", "side": "Buy", "ordStatus": "New"}])
    settled = wire.client.order_limit_buy(**LIMIT, clOrdID="mine")
    assert (settled["orderID"], len(wire.sent())) == ("7", 1)


@pytest.mark.parametrize("body", ["{}", "7", "null", '"x"', "", "[", "<html>"])
def test_R10_an_answer_of_another_form_is_no_answer(wire: Any, body: str) -> None:
    wire.get("/api/v1/trade", text=body)
    with pytest.raises(ExchangeRequestException, match="get_historical_trades"):
        wire.client.get_recent_trades("XBTUSD")


def test_a_dead_mans_switch_counts_milliseconds(wire: Any) -> None:
    wire.post("/api/v1/order/cancelAllAfter", json={"now": "2024-11-25T10:30:00.000Z", "cancelTime": "2024-11-25T10:31:00.000Z"})
    wire.client.cancel_all_after(60_000)
    assert wire.sent() == [{"timeout": 60_000}]


def test_O19_orders_one_after_the_other_have_an_outcome_each(wire: Any) -> None:
    answers = [{"json": {"orderID": "1"}}, {"json": {"error": {"message": "Account has insufficient Available Balance, 1 XBt required"}},
                                            "status_code": 400}, {"json": {"orderID": "3"}}]  # fmt: skip
    wire.post(ORDER, answers)
    first, second, third = wire.client.create_orders(
        [{"price": 5000}, {"price": 5001}, {"price": 5002}], symbol="XBTUSD", side="Buy", orderQty=100
    )
    assert (first["orderID"], third["orderID"]) == ("1", "3")
    assert isinstance(second, InsufficientFundsException)


@pytest.mark.parametrize(
    ("wrong", "error"),
    [
        ({"price": None, "ordType": "Limit"}, TypeError),
        ({"orderQty": -100}, ValueError),
        ({"clOrdID": "x" * 37}, ValueError),
        (7, TypeError),
    ],
)
def test_O19_one_that_could_not_be_sent_keeps_all_of_them_here(wire: Any, wrong: Any, error: type[Exception]) -> None:
    with pytest.raises(error):
        wire.client.create_orders([{}, wrong], side="Buy", **LIMIT)
    assert wire.sent() == []


def test_O18_ids_that_threads_draw_are_all_different_and_of_the_venues_alphabet(wire: Any) -> None:
    wire.client.order_limit_buy(**LIMIT)
    threads = [threading.Thread(target=wire.client.create_orders, args=([{}] * 3,), kwargs={**LIMIT, "side": "Buy"}) for _ in range(8)]
    for each in threads:
        each.start()
    for each in threads:
        each.join(60)
    ids = [order["clOrdID"] for order in wire.sent()]
    assert len(ids) == len(set(ids)) == 25
    assert all(each.isalnum() and len(each) <= 36 for each in ids)


def test_O15_a_rule_that_the_venue_has_changed_is_asked_for_anew(wire: Any) -> None:
    wire.client.order_limit_buy(**LIMIT)
    wire.get(f"{INSTRUMENT}?symbol=XBTUSD", json=[{**LISTED, "lotSize": 1000}])
    wire.post(ORDER, status_code=400, json={"error": {"message": "Invalid orderQty", "name": "HTTPError"}})
    with pytest.raises(ExchangeAPIException) as caught:
        wire.client.order_limit_buy(**LIMIT)
    assert caught.value.rule == "lotSize"
    with pytest.raises(OrderMinAmountException, match="1000"):
        wire.client.order_limit_buy(**LIMIT)


@pytest.mark.parametrize("status", [500, 502, 503])
def test_R13_reads_are_repeated_twice_and_no_more(wire: Any, status: int) -> None:
    wire.get("/api/v1/trade", [{"status_code": status, "text": "busy"}] * 2 + [{"json": []}])
    assert wire.client.get_recent_trades("XBTUSD") == []
    wire.get("/api/v1/trade", status_code=status, json={"error": {"message": "The system is currently overloaded"}})
    before = len(wire.request_history)
    with pytest.raises(ExchangeAPIException):
        wire.client.get_recent_trades("XBTUSD")
    assert len(wire.request_history) - before == 3


def test_single_orders_are_rows_of_a_table(wire: Any) -> None:
    wire.get(ORDER, json=[{"orderID": "7", "clOrdID": "mine"}])
    assert wire.client.get_order(clOrdID="mine")["orderID"] == "7"
    assert wire.last_request.qs == {"filter": ['{"clordid":"mine"}'], "reverse": ["true"]}
    with pytest.raises(ExchangeRequestException):
        wire.client.get_order(orderID="8")
    wire.get(ORDER, json=[])
    with pytest.raises(OrderNotFoundException, match="mine"):
        wire.client.get_order(clOrdID="mine")
    for ids in ({}, {"orderID": "1", "clOrdID": "2"}, {"orderID": 7}):
        with pytest.raises(TypeError, match="orderID"):
            wire.client.get_order(**ids)


def test_open_orders_are_read_page_by_page(wire: Any) -> None:
    wire.get(ORDER, [{"json": [{"orderID": str(n)} for n in range(500)]}, {"json": [{"orderID": "500"}]}])
    assert len(wire.client.get_open_orders("XBTUSD")) == 501
    assert wire.last_request.qs["start"] == ["500"]


@pytest.mark.parametrize("rows", [[], [{}], [{"orderID": "1"}, {"orderID": "2"}], {"orderID": "1"}])
def test_a_cancellation_answered_otherwise_is_not_taken_for_carried_out(wire: Any, rows: Any) -> None:
    wire.delete(ORDER, json=rows)
    wire.get(ORDER, json=[{"orderID": "1", "clOrdID": "", "ordStatus": "Canceled"}])
    assert wire.client.cancel_order(orderID="1")["ordStatus"] == "Canceled"


def test_O10_a_cancellation_of_what_is_filled_says_so(wire: Any) -> None:
    wire.delete(ORDER, json=[{"orderID": "1", "error": "Unable to cancel order due to existing state: Filled"}])
    wire.get(ORDER, json=[{"orderID": "1", "ordStatus": "Filled"}])
    with pytest.raises(OrderNotFoundException) as caught:
        wire.client.cancel_order(orderID="1")
    assert caught.value.order["ordStatus"] == "Filled"


def test_of_several_cancellations_the_rows_say_which_were_carried_out(wire: Any) -> None:
    rows = [{"orderID": "1", "ordStatus": "Canceled"}, {"orderID": "2", "error": "Unable to cancel order due to existing state: Filled"}]
    wire.delete(ORDER, json=rows)
    assert wire.client.cancel_orders(orderID=["1", "2"]) == rows
    assert json.loads(wire.last_request.body) == {"orderID": ["1", "2"]}
