"""Orders never twice, on the embedded exchange with its faults: what the user is told against what the exchange has."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from exchangeclient.core.calling.endpoint import declaration
from exchangeclient.core.http.request import Response
from exchangeclient.exceptions import (
    DuplicateOrderException,
    ExchangeAPIException,
    ExchangeRequestException,
    OrderNotAmendedException,
    OrderNotFoundException,
    OrderNotPlacedException,
    OrderStatusUnknownException,
)
from exchangeclient.okx.rest.trade import Trade
from exchangeclient.okx.settling import Amendments
from exchangeclient.okx.signing import stamp

ORDERS = declaration(Trade.create_orders)
PLACE, ASK, CANCEL = "POST /api/v5/trade/order", "GET /api/v5/trade/order", "POST /api/v5/trade/cancel-order"
AMEND, BATCH, CANCEL_BATCH, AMEND_BATCH = (
    f"POST /api/v5/trade/{name}" for name in ("amend-order", "batch-orders", "cancel-batch-orders", "amend-batch-orders")
)

TAKEN: list[tuple[str, dict[str, Any]]] = [
    ("drop", {"when": "after", "ending": "close"}),
    ("cut", {"part": "body", "ending": "reset"}),
    ("truncate", {}),
    ("replace", {"text": "<html>gateway</html>", "type": "text/html"}),
    ("error", {"status": 503, "processed": True}),
    ("error", {"status": 400, "code": 50004, "text": "API endpoint request timeout", "processed": True}),
]
LOST: list[tuple[str, dict[str, Any]]] = [
    ("drop", {"when": "before", "ending": "close"}),
    ("error", {"status": 503}),
    ("error", {"status": 400, "code": 50004, "text": "API endpoint request timeout"}),
]


def named(fault: tuple[str, dict[str, Any]]) -> str:
    return "-".join(str(part) for part in (fault[0], *fault[1].values()))


@pytest.mark.parametrize("fault", TAKEN, ids=named)
def test_O02_O04_an_order_that_was_taken_is_the_answer_however_that_was_lost(market: Any, fault: tuple[str, dict[str, Any]]) -> None:
    market.exchange.fault(fault[0], route=PLACE, times=1, **fault[1])
    placed = market.user.order_limit_buy(**market.limit)
    assert (placed["state"], placed["sCode"]) == ("live", "0")
    assert [order["ordId"] for order in market.orders()] == [placed["ordId"]]
    assert market.user.undecided_orders() == []


@pytest.mark.parametrize("fault", LOST, ids=named)
def test_O03_O04_an_order_that_was_not_taken_is_said_not_to_be_there_once_it_is_void(
    market: Any, fault: tuple[str, dict[str, Any]]
) -> None:
    began_s = market.machine.monotonic_s()
    market.exchange.fault(fault[0], route=PLACE, times=1, **fault[1])
    with pytest.raises(OrderNotPlacedException) as caught:
        market.user.order_limit_buy(**market.limit, clOrdId="mine")
    assert (caught.value.client_order_id, caught.value.symbol) == ("mine", "BTC-USDT")
    assert market.machine.monotonic_s() - began_s > 15.0, "before that it may still have come"
    assert market.orders() == []
    assert market.user.undecided_orders() == []


def test_while_nobody_can_be_asked_nobody_knows_and_later_it_is_found_out(market: Any) -> None:
    trouble = market.exchange.fault("error", route=ASK, status=503)
    market.exchange.fault("drop", route=PLACE, when="after", ending="close", times=1)
    with pytest.raises(OrderStatusUnknownException) as caught:
        market.user.order_limit_buy(**market.limit, clOrdId="mine")
    assert caught.value.question == "get_order(instId='BTC-USDT', clOrdId='mine')"
    assert [each.client_order_id for each in market.user.undecided_orders()] == ["mine"]
    trouble.lift()
    assert caught.value.resolve()["clOrdId"] == "mine"
    assert market.user.undecided_orders() == []
    assert len(market.orders()) == 1


def test_a_lookup_that_lags_behind_is_not_believed_at_once(market: Any) -> None:
    market.exchange.fault("not_found", route=ASK, times=3)
    market.exchange.fault("drop", route=PLACE, when="after", ending="close", times=1)
    assert market.user.order_limit_buy(**market.limit)["state"] == "live"


def test_O08_the_same_order_under_the_same_id_is_placed_once_and_another_one_is_refused(market: Any) -> None:
    first = market.user.order_limit_buy(**market.limit, clOrdId="mine")
    again = market.user.order_limit_buy(**market.limit, clOrdId="mine")
    assert again["ordId"] == first["ordId"]
    with pytest.raises(DuplicateOrderException) as caught:
        market.user.order_limit_buy(**{**market.limit, "sz": "0.02"}, clOrdId="mine")
    assert caught.value.order["ordId"] == first["ordId"]
    assert len(market.orders()) == 1


def test_an_older_order_of_the_same_id_is_not_taken_for_the_lost_one(market: Any) -> None:
    older = market.user.order_limit_buy(**market.limit, clOrdId="mine")
    market.user.cancel_order(instId="BTC-USDT", ordId=older["ordId"])
    market.machine.advance(60)
    market.exchange.fault("drop", route=PLACE, when="before", ending="close", times=1)
    with pytest.raises(OrderNotPlacedException):
        market.user.order_limit_buy(**market.limit, clOrdId="mine")


def test_O09_an_order_in_doubt_survives_the_process_in_a_journal(market: Any, tmp_path: Path) -> None:
    crashed = market.client(journal=tmp_path / "orders", settle_timeout=0.0)
    market.exchange.fault("error", route=ASK, status=503, times=5)
    market.exchange.fault("drop", route=PLACE, when="after", ending="close", times=1)
    with pytest.raises(OrderStatusUnknownException):
        crashed.order_limit_buy(**market.limit, clOrdId="mine")
    market.machine.advance(60)
    (doubt,) = market.client(journal=tmp_path / "orders").undecided_orders()
    market.exchange.fault("error", route=ASK, status=503, times=1)
    assert doubt.resolve()["clOrdId"] == "mine"
    assert market.client(journal=tmp_path / "orders").undecided_orders() == []


# Lists


def test_of_a_list_whose_answer_was_lost_every_order_is_asked_after(market: Any) -> None:
    rows = [{"instId": "BTC-USDT", "tdMode": "cash", "side": "buy", "ordType": "limit", "sz": "0.01", "px": 5000 + n} for n in range(3)]
    market.exchange.fault("drop", route=BATCH, when="after", ending="close", times=1)
    placed = market.user.create_orders(rows)
    assert [row["px"] for row in placed] == ["5000", "5001", "5002"]
    assert {row["sCode"] for row in placed} == {"0"}
    assert len(market.orders()) == 3
    market.exchange.fault("drop", route=BATCH, when="before", ending="close", times=1)
    with pytest.raises(OrderNotPlacedException):
        market.user.create_orders(rows)
    assert len(market.orders()) == 3


def test_of_a_list_that_was_taken_in_part_the_rows_say_which(market: Any) -> None:
    good = {"instId": "BTC-USDT", "tdMode": "cash", "side": "buy", "ordType": "limit", "sz": "0.01", "px": "5000"}
    dear = {**good, "side": "sell", "sz": "1500", "px": "5900"}
    rows = market.user.create_orders([good, dear])
    assert [row["sCode"] for row in rows] == ["0", "51008"]
    assert len(market.orders()) == 1
    with pytest.raises(ExchangeAPIException) as caught:
        market.user.create_orders([dear])
    assert caught.value.data[0]["sCode"] == "51008"


def test_of_a_list_the_rows_that_the_venue_does_not_know_are_asked_after_and_those_that_it_does_stay_as_it_said(market: Any) -> None:
    rows = [{"instId": "BTC-USDT", "tdMode": "cash", "side": "buy", "ordType": "limit", "sz": "0.01", "px": 5000 + n} for n in range(3)]
    ids = ["first", "second", "third"]
    market.exchange.fault("drop", route=BATCH, when="after", ending="close", times=1)
    placed = market.user.create_orders([{**row, "clOrdId": name} for row, name in zip(rows[:2], ids[:2], strict=True)])
    said = [
        {"clOrdId": "first", "ordId": placed[0]["ordId"], "sCode": "0", "sMsg": ""},
        {"clOrdId": "second", "ordId": "", "sCode": "50004", "sMsg": "API endpoint request timeout"},
        {"clOrdId": "third", "ordId": "", "sCode": "51008", "sMsg": "Insufficient balance"},
    ]
    guard, errand = market.user._guard, market.user._settling_errand
    asked = ORDERS.request(([{**row, "clOrdId": name} for row, name in zip(rows, ids, strict=True)],), {})
    sent = stamp(asked, market.machine.now_ms())
    with pytest.raises(ExchangeAPIException) as caught:
        guard.learn(sent, Response(200, b""), said)
    assert caught.value.outcome_unknown
    answered = guard.settle(sent, caught.value, errand)
    assert [(row["clOrdId"], row["sCode"]) for row in answered] == [("first", "0"), ("second", "0"), ("third", "51008")]
    assert answered[1]["ordId"] == placed[1]["ordId"]
    with pytest.raises(ExchangeRequestException):
        guard.learn(sent, Response(200, b""), said[:2])


# Cancelling and amending


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_cancellation_whose_answer_was_lost_is_carried_out(market: Any, when: str) -> None:
    placed = market.user.order_limit_buy(**market.limit)
    market.exchange.fault("drop", route=CANCEL, when=when, ending="close", times=1)
    assert market.user.cancel_order(instId="BTC-USDT", ordId=placed["ordId"])["ordId"] == placed["ordId"]
    assert market.user.get_order(instId="BTC-USDT", ordId=placed["ordId"])["state"] == "canceled"


def test_that_the_key_may_not_look_does_not_mean_that_a_cancellation_was_refused(market: Any) -> None:
    placed = market.user.order_limit_buy(**market.limit)
    market.exchange.fault("drop", route=CANCEL, when="after", ending="close", times=1)
    market.exchange.fault("error", route=ASK, status=401, code=50113, text="Invalid Sign")
    with pytest.raises(OrderStatusUnknownException, match="Invalid Sign"):
        market.user.cancel_order(instId="BTC-USDT", ordId=placed["ordId"])


def test_several_cancellations_whose_answer_was_lost_are_carried_out_each(market: Any) -> None:
    ids = [market.user.order_limit_buy(**market.limit)["ordId"] for _ in range(2)]
    market.exchange.fault("drop", route=CANCEL_BATCH, when="before", ending="close", times=1)
    rows = market.user.cancel_orders([{"instId": "BTC-USDT", "ordId": each} for each in [*ids, "1"]])
    assert [(row["ordId"], row["sCode"]) for row in rows[:2]] == [(each, "0") for each in ids]
    assert rows[2]["sCode"] != "0"
    assert market.user.get_open_orders() == []


def test_a_cancellation_of_what_is_done_says_what_became_of_it(market: Any) -> None:
    placed = market.user.order_market_buy(instId="BTC-USDT", sz="0.01")
    with pytest.raises(OrderNotFoundException) as caught:
        market.user.cancel_order(instId="BTC-USDT", ordId=placed["ordId"])
    assert caught.value.order["state"] == "filled"


def test_an_amendment_whose_answer_was_lost_is_told_by_the_order(market: Any) -> None:
    placed = market.user.order_limit_buy(**market.limit)
    market.exchange.fault("drop", route=AMEND, when="after", ending="close", times=1)
    assert market.user.amend_order(instId="BTC-USDT", ordId=placed["ordId"], newSz="0.02")["sz"] == "0.02"
    market.exchange.fault("drop", route=AMEND, when="before", ending="close", times=1)
    with pytest.raises(OrderNotAmendedException) as caught:
        market.user.amend_order(instId="BTC-USDT", ordId=placed["ordId"], newPx="5001")
    assert caught.value.order["px"] == "5000"


def test_amendments_whose_answer_was_lost_are_told_by_their_orders(market: Any) -> None:
    ids = [market.user.order_limit_buy(**market.limit)["ordId"] for _ in range(2)]
    rows = [{"instId": "BTC-USDT", "ordId": each, "newSz": "0.02"} for each in ids]
    market.exchange.fault("drop", route=AMEND_BATCH, when="after", ending="close", times=1)
    answered = market.user.amend_orders([*rows, {"instId": "BTC-USDT", "ordId": "1", "newSz": "0.02"}])
    assert [(row["ordId"], row["sCode"]) for row in answered] == [(ids[0], "0"), (ids[1], "0"), ("1", "51603")]
    assert {order["sz"] for order in market.user.get_open_orders()} == {"0.02"}


def test_amendments_that_never_came_are_told_not_to_have_been_carried_out(market: Any) -> None:
    ids = [market.user.order_limit_buy(**market.limit, clOrdId=f"mine{n}")["ordId"] for n in range(2)]
    rows = [{"instId": "BTC-USDT", "clOrdId": f"mine{n}", "newPx": "5001"} for n in range(2)]
    market.exchange.fault("drop", route=AMEND_BATCH, when="before", ending="close", times=1)
    with pytest.raises(OrderNotAmendedException) as caught:
        market.user.amend_orders(rows)
    assert caught.value.order["px"] == "5000"
    market.user.amend_order(instId="BTC-USDT", ordId=ids[0], newPx="5001")  # one of them is as it was to be, whoever did it
    market.exchange.fault("drop", route=AMEND_BATCH, when="before", ending="close", times=1)
    answered = market.user.amend_orders(rows)
    assert [(row["clOrdId"], row["sCode"]) for row in answered] == [("mine0", "0"), ("mine1", "1")]
    assert "was not amended" in answered[1]["sMsg"]


def test_an_amendment_of_the_stop_alone_is_not_told_by_the_quantity(market: Any) -> None:
    placed = market.user.order_limit_buy(**market.limit)
    stop = {"attachAlgoId": "7", "newSlTriggerPx": "4000"}
    row = {"instId": "BTC-USDT", "ordId": placed["ordId"], "newSz": market.limit["sz"], "attachAlgoOrds": [stop]}
    market.exchange.fault("drop", route=AMEND_BATCH, when="before", ending="close", times=1)
    with pytest.raises(OrderNotAmendedException):
        market.user.amend_orders([row])


@pytest.mark.parametrize(
    ("stop", "shown", "is_it"),
    [
        ({"attachAlgoId": "7", "newSlTriggerPx": "4000"}, [{"attachAlgoId": "7", "slTriggerPx": "4000.0"}], True),
        ({"attachAlgoClOrdId": "mine", "newSlTriggerPx": "4000"}, [{"attachAlgoClOrdId": "mine", "slTriggerPx": "3900"}], False),
        ({"attachAlgoId": "8", "newSlTriggerPx": "4000"}, [{"attachAlgoId": "7", "slTriggerPx": "4000"}], False),
        ({"attachAlgoId": "7", "newSlTriggerPx": "4000"}, [], False),
        ({"attachAlgoId": "7", "newSlTriggerPx": "0"}, [{"attachAlgoId": "7", "slTriggerPx": ""}], True),
        ({"attachAlgoId": "7", "newSlTriggerPx": "0"}, [], True),
    ],
)  # fmt: skip
def test_what_is_attached_to_an_order_is_looked_at_when_it_was_to_be_changed(stop: Any, shown: Any, is_it: bool) -> None:
    rows = [{"instId": "BTC-USDT", "ordId": "1", "newSz": "0.02", "attachAlgoOrds": [stop]}]
    (asked,) = Amendments(stamp(declaration(Trade.amend_orders).request((rows,), {}), 1_700_000_000_000)).each()
    assert asked.is_in({"sz": "0.02", "attachAlgoOrds": shown}) is is_it


def test_of_amendments_the_rows_that_the_venue_does_not_know_are_asked_after(market: Any) -> None:
    placed = market.user.order_limit_buy(**market.limit)
    rows = [{"instId": "BTC-USDT", "ordId": each, "newSz": "0.02"} for each in (placed["ordId"], "1")]
    market.user.amend_orders(rows[:1])
    sent = stamp(declaration(Trade.amend_orders).request((rows,), {}), market.machine.now_ms())
    said = [
        {"ordId": placed["ordId"], "clOrdId": "", "sCode": "50004", "sMsg": "API endpoint request timeout"},
        {"ordId": "1", "clOrdId": "", "sCode": "51503", "sMsg": "The order does not exist"},
    ]
    with pytest.raises(ExchangeAPIException) as caught:
        market.user._guard.learn(sent, Response(200, b""), said)
    answered = market.user._guard.settle(sent, caught.value, market.user._settling_errand)
    assert [row["sCode"] for row in answered] == ["0", "51503"]


def test_O19_of_a_batch_each_order_has_its_result_and_a_whole_call_that_fails_leaves_each_unknown(market: Any) -> None:
    good = {"instId": "BTC-USDT", "tdMode": "cash", "side": "buy", "ordType": "limit", "sz": "0.01", "px": "5000"}
    refused = {**good, "side": "sell", "sz": "1500", "px": "5900"}
    rows = market.user.create_orders([{**good, "clOrdId": "one"}, {**refused, "clOrdId": "two"}, {**good, "clOrdId": "three"}])
    assert [(row["clOrdId"], row["sCode"]) for row in rows] == [("one", "0"), ("two", "51008"), ("three", "0")]
    away = market.exchange.fault("error", route=ASK, status=503)
    market.exchange.fault("drop", route=BATCH, when="after", ending="close", times=1)
    with pytest.raises(OrderStatusUnknownException) as unknown:
        market.user.create_orders([{**good, "clOrdId": "four"}, {**refused, "clOrdId": "five"}])
    (doubt,) = market.user.undecided_orders()
    away.lift()
    resolved = unknown.value.resolve()
    assert [(row["clOrdId"], row["sCode"]) for row in resolved] == [("four", "0"), ("five", "51603")]
    assert doubt.client_order_id == "four"
    assert market.user.undecided_orders() == []


# Rows as the venue shows orders, handed on as they are


def shown(order: dict[str, Any], *names: str) -> dict[str, Any]:
    """Those parts of an order that was triggered: it says by which one, that has waited."""
    return {**{name: order[name] for name in names}, "algoId": "123", "algoClOrdId": "stop"}


def test_a_cancellation_by_the_row_of_an_order_that_was_triggered_is_of_that_order(market: Any) -> None:
    rows = [shown(market.user.get_order(instId="BTC-USDT", ordId=placed["ordId"]), "instId", "ordId", "clOrdId")
            for placed in (market.user.order_limit_buy(**market.limit) for _ in range(3))]  # fmt: skip
    market.exchange.fault("drop", route=CANCEL_BATCH, when="before", ending="close", times=1)
    assert [(row["ordId"], row["sCode"]) for row in market.user.cancel_orders(rows[:2])] == [(row["ordId"], "0") for row in rows[:2]]
    market.exchange.fault("drop", route=CANCEL, when="before", ending="close", times=1)
    assert market.user.cancel_order(**rows[2])["ordId"] == rows[2]["ordId"]
    assert market.user.get_open_orders() == []


def test_amendments_by_the_rows_of_orders_that_were_triggered_are_of_those_orders(market: Any) -> None:
    placed = market.user.order_limit_buy(**market.limit)
    row = {**shown(placed, "ordId"), "instId": "BTC-USDT", "clOrdId": "", "newSz": "0.02", "newPx": ""}
    market.exchange.fault("drop", route=AMEND_BATCH, when="after", ending="close", times=1)
    (answered,) = market.user.amend_orders([row], disable_validation=True)
    assert (answered["ordId"], answered["sCode"]) == (placed["ordId"], "0")


def test_an_order_like_one_that_the_venue_shows_is_asked_after_by_its_own_id(market: Any) -> None:
    row = {"instId": "BTC-USDT", "tdMode": "cash", "side": "buy", "ordType": "limit", "sz": "0.01", "px": "5000", "algoClOrdId": ""}
    market.exchange.fault("drop", route=BATCH, when="after", ending="close", times=1)
    (placed,) = market.user.create_orders([row])
    assert [order["ordId"] for order in market.orders()] == [placed["ordId"]]
    with pytest.raises(ValueError, match="algoClOrdId"):
        market.user.create_orders([{**row, "algoClOrdId": "stop"}])
    assert len(market.orders()) == 1
