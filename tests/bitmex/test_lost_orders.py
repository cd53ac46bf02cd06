"""Orders never twice, on the embedded exchange with its faults: what the user is told against what the exchange has."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from exchangeclient.exceptions import (
    ClockSkewException,
    DuplicateOrderException,
    ExchangeRequestException,
    OrderNotAmendedException,
    OrderNotFoundException,
    OrderNotPlacedException,
    OrderStatusUnknownException,
)

PLACE, ASK, CANCEL, AMEND = (f"{verb} /api/v1/order" for verb in ("POST", "GET", "DELETE", "PUT"))
TIME = "GET /api/v1"
ALL = "DELETE /api/v1/order/all"
OVERLOADED = "The system is currently overloaded. Please try again later."

TAKEN: list[tuple[str, dict[str, Any]]] = [
    ("drop", {"when": "after", "ending": "close"}),
    ("cut", {"part": "body", "ending": "reset"}),
    ("truncate", {}),
    ("replace", {"text": "<html>gateway</html>", "type": "text/html"}),
    ("error", {"status": 503, "processed": True}),
    ("error", {"status": 503, "text": OVERLOADED, "processed": True}),
    ("error", {"status": 502, "processed": True}),
]
LOST: list[tuple[str, dict[str, Any]]] = [
    ("drop", {"when": "before", "ending": "close"}),
    ("error", {"status": 503}),
    ("error", {"status": 503, "text": OVERLOADED}),
    ("error", {"status": 504}),
]


def named(fault: tuple[str, dict[str, Any]]) -> str:
    return "-".join(str(part) for part in (fault[0], *fault[1].values()))


@pytest.mark.parametrize("fault", TAKEN, ids=named)
def test_O02_O04_an_order_that_was_taken_is_the_answer_however_that_was_lost(market: Any, fault: tuple[str, dict[str, Any]]) -> None:
    market.exchange.fault(fault[0], route=PLACE, times=1, **fault[1])
    placed = market.user.order_limit_buy(**market.limit)
    assert placed["ordStatus"] == "New"
    assert [order["orderID"] for order in market.orders()] == [placed["orderID"]]
    assert market.user.undecided_orders() == []


@pytest.mark.parametrize("fault", LOST, ids=named)
def test_O03_O04_L09_an_order_that_was_not_taken_is_said_not_to_be_there_once_it_is_void(
    market: Any, fault: tuple[str, dict[str, Any]]
) -> None:
    began_s = market.machine.monotonic_s()
    market.exchange.fault(fault[0], route=PLACE, times=1, **fault[1])
    with pytest.raises(OrderNotPlacedException) as caught:
        market.user.order_limit_buy(**market.limit, clOrdID="mine")
    assert (caught.value.client_order_id, caught.value.symbol) == ("mine", "XBTUSD")
    assert market.machine.monotonic_s() - began_s > 14.0, "before that it may still have come"
    assert market.orders() == []
    assert market.user.undecided_orders() == []


def test_O06_while_nobody_can_be_asked_nobody_knows_and_later_it_is_found_out(market: Any) -> None:
    trouble = market.exchange.fault("error", route=ASK, status=503)
    market.exchange.fault("drop", route=PLACE, when="after", ending="close", times=1)
    with pytest.raises(OrderStatusUnknownException) as caught:
        market.user.order_limit_buy(**market.limit, clOrdID="mine")
    assert caught.value.question == "get_order(clOrdID='mine')"
    assert [each.client_order_id for each in market.user.undecided_orders()] == ["mine"]
    trouble.lift()
    assert caught.value.resolve()["clOrdID"] == "mine"
    assert market.user.undecided_orders() == []
    assert len(market.orders()) == 1


def test_while_the_venue_does_not_tell_its_time_nothing_is_said_not_to_be_there(market: Any) -> None:
    market.exchange.fault("error", route=TIME, status=503)
    market.exchange.fault("drop", route=PLACE, when="before", ending="close", times=1)
    with pytest.raises(OrderStatusUnknownException):
        market.user.order_limit_buy(**market.limit)
    assert len(market.user.undecided_orders()) == 1


def test_L05_the_question_after_an_order_that_was_not_taken_costs_little_of_what_all_such_orders_share(market: Any) -> None:
    market.exchange.fault("drop", route=PLACE, when="before", ending="close", times=1)
    told, asked = (market.exchange.fault("headers", route=route, headers={"x-counted": "yes"}) for route in (TIME, ASK))
    with pytest.raises(OrderNotPlacedException):
        market.user.order_limit_buy(**market.limit)
    assert 2 <= told.hits <= 4, "an address has thirty calls a minute, and ten orders may be lost at once"
    assert asked.hits <= 15


def test_O05_a_lookup_that_lags_behind_is_not_believed_at_once(market: Any) -> None:
    market.exchange.fault("replace", route=ASK, text="[]", times=3)
    market.exchange.fault("drop", route=PLACE, when="after", ending="close", times=1)
    assert market.user.order_limit_buy(**market.limit)["ordStatus"] == "New"


@pytest.mark.parametrize(("route", "when"), [(ASK, "after"), (TIME, "before")])
@pytest.mark.parametrize("text", ["<html>Not Found</html>", '{"error":{"message":"Not Found","name":"HTTPError"}}'])
def test_O06_that_the_question_finds_no_page_does_not_mean_that_there_is_no_order(market: Any, route: str, when: str, text: str) -> None:
    trouble = market.exchange.fault("replace", route=route, status=404, text=text)
    market.exchange.fault("drop", route=PLACE, when=when, ending="close", times=1)
    with pytest.raises(OrderStatusUnknownException) as caught:
        market.user.order_limit_buy(**market.limit, clOrdID="mine")
    trouble.lift()
    if when == "after":
        assert caught.value.resolve()["clOrdID"] == "mine"
    else:
        with pytest.raises(OrderNotPlacedException):
            caught.value.resolve()
    assert len(market.orders()) == (when == "after")


def test_O07_a_market_order_that_was_filled_at_once_is_found_and_not_filled_again(market: Any) -> None:
    market.exchange.fault("drop", route=PLACE, when="after", ending="close", times=1)
    assert market.user.order_market_buy(symbol="XBTUSD", orderQty=100)["ordStatus"] == "Filled"
    assert [position["currentQty"] for position in market.user.get_positions()] == [100]


def test_O08_the_same_order_under_the_same_id_is_placed_once_and_another_one_is_refused(market: Any) -> None:
    first = market.user.order_limit_buy(**market.limit, clOrdID="mine")
    again = market.user.order_limit_buy(**market.limit, clOrdID="mine")
    assert again["orderID"] == first["orderID"]
    with pytest.raises(DuplicateOrderException) as caught:
        market.user.order_limit_buy(**{**market.limit, "orderQty": 200}, clOrdID="mine")
    assert caught.value.order["orderID"] == first["orderID"]
    assert len(market.orders()) == 1


def test_an_older_order_of_the_same_id_is_not_taken_for_the_lost_one(market: Any) -> None:
    older = market.user.order_limit_buy(**market.limit, clOrdID="mine")
    market.user.cancel_order(orderID=older["orderID"])
    market.machine.advance(60)
    market.exchange.fault("drop", route=PLACE, when="before", ending="close", times=1)
    with pytest.raises(OrderNotPlacedException):
        market.user.order_limit_buy(**market.limit, clOrdID="mine")


def test_O09_O22_an_order_in_doubt_survives_the_process_in_a_journal(market: Any, tmp_path: Path) -> None:
    crashed = market.client(journal=tmp_path / "orders", settle_timeout=0.0)
    trouble = market.exchange.fault("error", route=ASK, status=503)
    market.exchange.fault("drop", route=PLACE, when="after", ending="close", times=1)
    with pytest.raises(OrderStatusUnknownException):
        crashed.order_limit_buy(**market.limit, clOrdID="mine")
    trouble.lift()
    market.machine.advance(60)
    heir = market.client(journal=tmp_path / "orders")
    (doubt,) = heir.undecided_orders()
    again = heir.order_limit_buy(**market.limit, clOrdID="mine")
    assert again["clOrdID"] == "mine"
    assert len(market.orders()) == 1, "the caller places it anew: the one in doubt is the answer"
    assert doubt.resolve()["orderID"] == again["orderID"]
    assert market.client(journal=tmp_path / "orders").undecided_orders() == []
    crashed.close()


def test_O13_of_an_order_that_does_not_wait_the_executed_amount_is_exact(market: Any) -> None:
    none = market.user.create_order(**market.limit, side="Buy", timeInForce="ImmediateOrCancel")
    assert (none["ordStatus"], none["cumQty"], none["leavesQty"]) == ("Canceled", 0, 0)
    killed = market.user.create_order(**market.limit, side="Buy", timeInForce="FillOrKill")
    assert (killed["ordStatus"], killed["cumQty"]) == ("Canceled", 0)


@pytest.mark.parametrize("offset_s", [3600.0, -3600.0, 86_400.0])
def test_T01_O21_the_machines_clock_may_be_wrong(market: Any, offset_s: float) -> None:
    market.machine.step(offset_s)
    user = market.client()
    assert user.order_limit_buy(**market.limit)["ordStatus"] == "New"
    market.exchange.fault("drop", route=PLACE, when="before", ending="close", times=1)
    with pytest.raises(OrderNotPlacedException):
        user.order_limit_buy(**market.limit)
    user.close()


def test_T02_T03_a_clock_that_stepped_costs_one_repeat_and_no_second_order(market: Any) -> None:
    market.user.get_orders()
    market.machine.step(-3600.0)
    assert market.user.order_limit_buy(**market.limit)["ordStatus"] == "New"
    market.exchange.fault("error", route=PLACE, status=401, text="This request has expired - `expires` is in the past", times=1)
    assert market.user.order_limit_buy(**market.limit)["ordStatus"] == "New"
    assert len(market.orders()) == 2
    market.exchange.fault("error", route=PLACE, status=401, text="This request has expired - `expires` is in the past", times=2)
    with pytest.raises(ClockSkewException):
        market.user.order_limit_buy(**market.limit)
    assert len(market.orders()) == 2


# Cancelling and amending


@pytest.mark.parametrize("when", ["before", "after"])
def test_O11_a_cancellation_whose_answer_was_lost_is_carried_out(market: Any, when: str) -> None:
    placed = market.user.order_limit_buy(**market.limit)
    market.exchange.fault("drop", route=CANCEL, when=when, ending="close", times=1)
    assert market.user.cancel_order(orderID=placed["orderID"])["ordStatus"] == "Canceled"
    assert market.user.get_order(orderID=placed["orderID"])["ordStatus"] == "Canceled"


def test_that_the_key_may_not_look_does_not_mean_that_a_cancellation_was_refused(market: Any) -> None:
    placed = market.user.order_limit_buy(**market.limit)
    market.exchange.fault("drop", route=CANCEL, when="after", ending="close", times=1)
    market.exchange.fault("error", route=ASK, status=401, text="Signature not valid.")
    with pytest.raises(OrderStatusUnknownException, match="Signature not valid"):
        market.user.cancel_order(orderID=placed["orderID"])


def test_several_cancellations_whose_answer_was_lost_are_carried_out_each(market: Any) -> None:
    ids = [market.user.order_limit_buy(**market.limit)["orderID"] for _ in range(2)]
    unknown = "00000001-0000-1000-0000-00000000ffff"
    market.exchange.fault("drop", route=CANCEL, when="before", ending="close", times=1)
    rows = market.user.cancel_orders(orderID=[*ids, unknown], requests_params={"timeout": 60})
    assert [(row["orderID"], row["ordStatus"]) for row in rows[:2]] == [(each, "Canceled") for each in ids]
    assert (rows[2]["orderID"], bool(rows[2]["error"])) == (unknown, True)
    assert market.user.get_open_orders() == []


def test_several_cancellations_whose_answer_was_lost_say_which_came_too_late(market: Any) -> None:
    filled = market.user.order_market_buy(symbol="XBTUSD", orderQty=100)["orderID"]
    waits = market.user.order_limit_buy(**market.limit)["orderID"]
    as_answered = market.user.cancel_orders(orderID=[filled, market.user.order_limit_buy(**market.limit)["orderID"]])
    market.exchange.fault("drop", route=CANCEL, when="before", ending="close", times=1)
    rows = market.user.cancel_orders(orderID=[filled, waits], requests_params={"timeout": 60})
    assert [(row["ordStatus"], row.get("error")) for row in rows] == [(row["ordStatus"], row.get("error")) for row in as_answered]
    assert rows[0]["error"]


@pytest.mark.parametrize("when", ["before", "after"])
def test_O11_after_a_lost_cancellation_of_all_orders_what_is_left_of_them_is_cancelled(market: Any, when: str) -> None:
    low, lower = (market.user.order_limit_buy(**{**market.limit, "price": price})["orderID"] for price in (5000, 4999))
    kept = {
        market.user.order_limit_sell(symbol="XBTUSD", orderQty=100, price=9000)["orderID"],
        market.user.order_limit_buy(symbol="XBTUSDT", orderQty=100, price=5000)["orderID"],
    }
    market.exchange.fault("drop", route=ALL, when=when, ending="close", times=1)
    rows = market.user.cancel_all_orders(symbol="XBTUSD", filter={"side": "Buy"})
    assert {row["orderID"]: row["ordStatus"] for row in rows} == (dict.fromkeys((low, lower), "Canceled") if when == "before" else {})
    assert {order["orderID"] for order in market.user.get_open_orders()} == kept
    market.exchange.fault("drop", route=ALL, when="before", ending="close", times=1)
    assert {row["orderID"] for row in market.user.cancel_all_orders()} == kept


@pytest.mark.parametrize("bad", ["{", "[]", "7"])
def test_a_lost_cancellation_by_a_filter_that_is_none_cancels_nothing(market: Any, bad: str) -> None:
    market.user.order_limit_buy(**market.limit)
    market.exchange.fault("drop", route=ALL, when="before", ending="close", times=1)
    with pytest.raises(ExchangeRequestException) as caught:
        market.user.cancel_all_orders(filter=bad)
    assert caught.value.sent == "maybe"
    assert len(market.user.get_open_orders()) == 1


def test_O11_a_lost_cancellation_of_all_orders_that_nobody_can_be_asked_about_takes_nothing_that_came_much_later(market: Any) -> None:
    market.user.order_limit_buy(**market.limit)
    trouble = market.exchange.fault("error", route=ASK, status=503)
    market.exchange.fault("drop", route=ALL, when="before", ending="close", times=1)
    with pytest.raises(OrderStatusUnknownException) as caught:
        market.user.cancel_all_orders()
    trouble.lift()
    market.machine.advance(60)
    later = market.user.order_limit_buy(**market.limit)["orderID"]
    with pytest.raises(OrderStatusUnknownException, match="later"):
        caught.value.resolve()
    assert [order["orderID"] for order in market.user.get_open_orders()] == [later]
    market.user.cancel_order(orderID=later)
    assert caught.value.resolve() == []


def test_O11_while_the_question_finds_no_page_an_order_is_not_said_to_be_gone(market: Any) -> None:
    placed = market.user.order_limit_buy(**market.limit)
    trouble = market.exchange.fault("replace", route=ASK, status=404, text="<html>Not Found</html>")
    for cancel in (
        lambda: market.user.cancel_order(orderID=placed["orderID"]),
        lambda: market.user.cancel_orders(orderID=[placed["orderID"]]),
    ):
        market.exchange.fault("drop", route=CANCEL, when="before", ending="close", times=1)
        with pytest.raises(OrderStatusUnknownException):
            cancel()
    trouble.lift()
    assert len(market.user.get_open_orders()) == 1


def test_O10_a_cancellation_of_what_is_done_says_what_became_of_it(market: Any) -> None:
    placed = market.user.order_market_buy(symbol="XBTUSD", orderQty=100)
    with pytest.raises(OrderNotFoundException) as caught:
        market.user.cancel_order(orderID=placed["orderID"])
    assert caught.value.order["ordStatus"] == "Filled"


def test_an_amendment_whose_answer_was_lost_is_told_by_the_order(market: Any) -> None:
    placed = market.user.order_limit_buy(**market.limit, clOrdID="mine")
    market.exchange.fault("drop", route=AMEND, when="after", ending="close", times=1)
    assert market.user.amend_order(orderID=placed["orderID"], orderQty=200)["orderQty"] == 200
    market.exchange.fault("drop", route=AMEND, when="before", ending="close", times=1)
    with pytest.raises(OrderNotAmendedException) as caught:
        market.user.amend_order(orderID=placed["orderID"], price=5001)
    assert caught.value.order["price"] == 5000
    market.exchange.fault("drop", route=AMEND, when="after", ending="close", times=1)
    amended = market.user.amend_order(origClOrdID="mine", clOrdID="yours", leavesQty=300)
    assert (amended["orderID"], amended["clOrdID"], amended["orderQty"]) == (placed["orderID"], "yours", 300)


def test_an_amendment_of_its_text_alone_is_told_by_that(market: Any) -> None:
    placed = market.user.order_limit_buy(**market.limit)
    market.exchange.fault("drop", route=AMEND, when="after", ending="close", times=1)
    assert "one" in market.user.amend_order(orderID=placed["orderID"], text="one")["text"]
    market.exchange.fault("drop", route=AMEND, when="before", ending="close", times=1)
    with pytest.raises(OrderNotAmendedException, match="text"):
        market.user.amend_order(orderID=placed["orderID"], text="two")


def test_an_amendment_of_nothing_is_one_of_no_order(market: Any) -> None:
    with pytest.raises(OrderNotFoundException):
        market.user.amend_order(orderID="00000001-0000-1000-0000-00000000ffff", price=5001)
