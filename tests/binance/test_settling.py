"""Cancellations and amendments whose answers are lost, on a venue in memory."""

from __future__ import annotations

from typing import Any

import pytest
from order_wire import ORDER, Answer, Fault, Wire, lost, saying, taken, unreachable

from exchangeclient.binance.client import Client
from exchangeclient.exceptions import (
    ExchangeAPIException,
    ExchangeRequestException,
    OrderNotAmendedException,
    OrderNotFoundException,
    OrderStatusUnknownException,
)


@pytest.fixture
def wire() -> Wire:
    return Wire()


@pytest.fixture
def client(wire: Wire) -> Client:
    return wire.client()


AMBIGUOUS = [
    (503, b"<html>unavailable</html>"),
    (500, {"code": -1000, "msg": "An unknown error occurred while processing the request."}),
    (400, {"code": -1006, "msg": "An unexpected response was received from the message bus. Execution status unknown."}),
    (400, {"code": -1007, "msg": "Timeout waiting for response from backend server. Send status unknown; execution status unknown."}),
    (200, {"success": False, "msg": "Something went wrong."}),
]


@pytest.mark.parametrize(("status", "body"), AMBIGUOUS)
@pytest.mark.parametrize("done", [True, False])
def test_O04_nor_is_it_one_of_a_cancellation(wire: Wire, client: Client, status: int, body: Any, done: bool) -> None:
    order = client.order_limit_buy(**ORDER)
    wire.fail("DELETE order", saying(status, body, done=done))
    assert client.cancel_order(symbol="BTCUSDT", orderId=order["orderId"])["status"] == "CANCELED"
    assert len(wire.calls("DELETE")) == (1 if done else 2)


@pytest.mark.parametrize("fault", [taken, saying(503, b"", done=True)])
@pytest.mark.parametrize("named", ["orderId", "origClientOrderId"])
def test_O04_an_amendment_whose_answer_is_lost_is_found(wire: Wire, client: Client, fault: Fault, named: str) -> None:
    order = client.order_limit_buy(**ORDER)
    name = {"orderId": order["orderId"]} if named == "orderId" else {"origClientOrderId": order["clientOrderId"]}
    wire.fail("PUT order/amend/keepPriority", fault)
    amended = client.amend_order_keep_priority(symbol="BTCUSDT", newQty="1", **name)
    assert (amended["origQty"], amended["orderId"]) == ("1.00000000", order["orderId"])
    assert len(wire.calls("PUT")) == 1
    if named == "origClientOrderId":  # the venue would draw another id, under which nobody could ask
        assert amended["clientOrderId"] == order["clientOrderId"]


def test_O04_an_amendment_that_never_arrived_is_certain_when_its_time_is_over(wire: Wire, client: Client) -> None:
    order = client.order_limit_buy(**ORDER)
    wire.fail("PUT order/amend/keepPriority", lost)
    began_ms = wire.now_ms()
    with pytest.raises(OrderNotAmendedException, match=r"was not amended: its quantity is 2") as caught:
        client.amend_order_keep_priority(symbol="BTCUSDT", newQty="1", origClientOrderId=order["clientOrderId"], newClientOrderId="b")
    assert wire.now_ms() > began_ms + 15_000
    assert caught.value.order["orderId"] == order["orderId"]
    assert len(wire.calls("PUT")) == 1


def test_O10_a_cancellation_that_came_too_late_says_that_it_is_filled(wire: Wire, client: Client) -> None:
    order = client.order_limit_buy(**ORDER)
    wire.venue.orders[0].status = "FILLED"
    with pytest.raises(OrderNotFoundException, match=r"Unknown order sent. \(the order is FILLED\)") as caught:
        client.cancel_order(symbol="BTCUSDT", orderId=order["orderId"])
    assert caught.value.order["orderId"] == order["orderId"]


def test_O11_a_lost_cancellation_is_repeated_while_the_order_is_open(wire: Wire, client: Client) -> None:
    order = client.order_limit_buy(**ORDER)
    wire.fail("DELETE order", lost, lost)
    assert client.cancel_order(symbol="BTCUSDT", origClientOrderId=order["clientOrderId"])["status"] == "CANCELED"
    assert len(wire.calls("DELETE")) == 3
    stamps = [params["timestamp"] for params in wire.calls("DELETE")]
    assert sorted(set(stamps)) == stamps


def test_O11_and_not_when_it_has_ended(wire: Wire, client: Client) -> None:
    order = client.order_limit_buy(**ORDER)

    def filled(wire: Wire, *message: Any) -> Answer:
        wire.venue.orders[0].status = "FILLED"
        return lost(wire, *message)

    wire.fail("DELETE order", filled)
    assert client.cancel_order(symbol="BTCUSDT", orderId=order["orderId"])["status"] == "FILLED"
    assert len(wire.calls("DELETE")) == 1


def test_O11_an_order_that_ends_between_the_look_and_the_repeat_is_looked_at_again(wire: Wire, client: Client) -> None:
    order = client.order_limit_buy(**ORDER)

    def filled_just_then(wire: Wire, verb: str, path: str, params: dict[str, str]) -> Answer:
        wire.venue.orders[0].status = "FILLED"
        return wire.venue.receive(verb, path, params)

    wire.fail("DELETE order", lost, filled_just_then)
    assert client.cancel_order(symbol="BTCUSDT", orderId=order["orderId"])["status"] == "FILLED"


def test_O11_a_refusal_of_the_repeat_is_the_answer(wire: Wire, client: Client) -> None:
    order = client.order_limit_buy(**ORDER)
    restricted = saying(400, {"code": -2011, "msg": "Order was not canceled due to cancel restrictions."}, done=False)
    wire.fail("DELETE order", lost, restricted)
    with pytest.raises(ExchangeAPIException, match="due to cancel restrictions"):
        client.cancel_order(symbol="BTCUSDT", orderId=order["orderId"], cancelRestrictions="ONLY_PARTIALLY_FILLED")


def test_O11_a_venue_out_of_reach_leaves_it_unknown_and_resolve_goes_on(wire: Wire, client: Client) -> None:
    order = client.order_limit_buy(**ORDER)
    wire.fail("DELETE order", lost)
    wire.fail("GET order", *[unreachable] * 50)
    with pytest.raises(OrderStatusUnknownException, match="whether the cancellation on BTCUSDT was carried out") as caught:
        client.cancel_order(symbol="BTCUSDT", orderId=order["orderId"])
    wire.faults.clear()
    assert caught.value.resolve()["status"] == "CANCELED"


def test_O11_of_all_open_orders_those_that_are_left_are_cancelled_one_by_one(wire: Wire, client: Client) -> None:
    for price in ("10", "11"):
        client.order_limit_buy(**{**ORDER, "price": price})

    def meanwhile(wire: Wire, *message: Any) -> Answer:
        wire.venue.orders[0].status = "CANCELED"
        wire.machine.advance(1)
        wire.venue.do("POST", "/api/v3/order", {**wire.calls("POST")[0], "newClientOrderId": "of another thread"})
        return lost(wire, *message)

    wire.fail("DELETE openOrders", meanwhile)
    assert [report["orderId"] for report in client.cancel_all_open_orders(symbol="BTCUSDT")] == [2]
    assert [order.status for order in wire.venue.orders] == ["CANCELED", "CANCELED", "NEW"]
    assert len(wire.calls("DELETE openOrders")) == 1


def test_O11_an_order_placed_just_before_by_the_venues_clock_is_cancelled_like_the_others(wire: Wire, client: Client) -> None:
    client.order_limit_buy(**ORDER, newClientOrderId="mine")
    wire.venue.orders[0].at_ms += 500  # our clock is behind
    wire.fail("DELETE openOrders", lost)
    assert [report["orderId"] for report in client.cancel_all_open_orders(symbol="BTCUSDT")] == [1]
    client.order_limit_buy(**ORDER, newClientOrderId="mine")
    wire.venue.orders[1].at_ms += 500
    wire.fail("DELETE order", lost)
    assert client.cancel_order(symbol="BTCUSDT", origClientOrderId="mine")["status"] == "CANCELED"


@pytest.mark.parametrize("call", ["cancel_order", "cancel_order_list", "cancel_all_open_orders"])
def test_O11_a_lost_cancellation_that_names_nothing_cancels_nothing(wire: Wire, client: Client, call: str) -> None:
    client.order_limit_buy(**ORDER)
    wire.fail({"cancel_order": "DELETE order", "cancel_order_list": "DELETE orderList"}.get(call, "DELETE openOrders"), lost)
    with pytest.raises(ExchangeRequestException) as caught:
        getattr(client, call)(**({} if call == "cancel_all_open_orders" else {"symbol": "BTCUSDT"}))
    assert type(caught.value) is ExchangeRequestException
    assert wire.venue.orders[0].status == "NEW"
    assert len(wire.calls("DELETE")) == 1


@pytest.mark.parametrize("fault", [taken, lost])
def test_O11_a_list_is_asked_for_by_its_own_id(wire: Wire, client: Client, fault: Fault) -> None:
    legs = {"aboveType": "LIMIT_MAKER", "abovePrice": "20", "belowType": "STOP_LOSS", "belowStopPrice": "8"}
    placed = client.create_oco_order(symbol="BTCUSDT", side="SELL", quantity="2", **legs)
    wire.fail("DELETE orderList", fault)
    ended = client.cancel_order_list(symbol="BTCUSDT", listClientOrderId=placed["listClientOrderId"])
    assert ended["listOrderStatus"] == "ALL_DONE"
    assert len(wire.calls("DELETE")) == (1 if fault is taken else 2)
