"""Orders that replace others, of which one half fails or the answer is lost, on a venue in memory."""

from __future__ import annotations

import pytest
from order_wire import ORDER, Wire, lost, replaced, saying, taken

from exchangeclient.binance.client import Client
from exchangeclient.exceptions import (
    ExchangeAPIException,
    OrderNotPlacedException,
)


@pytest.fixture
def wire() -> Wire:
    return Wire()


@pytest.fixture
def client(wire: Wire) -> Client:
    return wire.client()


def test_O12_a_replacement_of_which_one_half_failed_carries_both(wire: Wire, client: Client) -> None:
    order = client.order_limit_buy(**ORDER)
    wire.venue.refuses.append((-2010, "Account has insufficient balance for requested action."))
    with pytest.raises(ExchangeAPIException) as caught:
        replaced(client, order["orderId"])
    error = caught.value
    assert (error.status_code, error.code) == (409, -2021)
    assert (error.data["cancelResult"], error.data["newOrderResult"]) == ("SUCCESS", "FAILURE")
    assert error.data["cancelResponse"]["orderId"] == order["orderId"]
    assert error.data["newOrderResponse"]["code"] == -2010


def test_O12_a_replacement_whose_answer_is_lost_is_answered_with_both(wire: Wire, client: Client) -> None:
    order = client.order_limit_buy(**ORDER)
    wire.fail("POST order/cancelReplace", taken)
    halves = replaced(client, order["orderId"])
    assert (halves["cancelResult"], halves["newOrderResult"]) == ("SUCCESS", "SUCCESS")
    assert (halves["cancelResponse"]["orderId"], halves["newOrderResponse"]["orderId"]) == (order["orderId"], 2)


@pytest.mark.parametrize("mode", ["STOP_ON_FAILURE", "ALLOW_FAILURE"])
def test_O12_of_a_replacement_under_the_same_id_the_new_order_is_not_taken_for_the_old_one(wire: Wire, client: Client, mode: str) -> None:
    client.order_limit_buy(**ORDER, newClientOrderId="mine")
    wire.machine.advance(5)
    order = {**ORDER, "side": "BUY", "type": "LIMIT", "timeInForce": "GTC", "cancelReplaceMode": mode, "cancelOrigClientOrderId": "mine"}
    wire.fail("POST order/cancelReplace", taken)
    if mode == "STOP_ON_FAILURE":
        halves = client.cancel_replace_order(**order, newClientOrderId="mine")
    else:
        with pytest.raises(ExchangeAPIException, match="replace: UNKNOWN") as caught:
            client.cancel_replace_order(**order, newClientOrderId="mine")
        halves = caught.value.data
    assert halves["cancelResponse"] is None
    assert halves["newOrderResponse"]["orderId"] == 2


@pytest.mark.parametrize("cancelled", [True, False])
def test_O12_so_is_one_whose_new_order_was_not_placed(wire: Wire, client: Client, cancelled: bool) -> None:
    order = client.order_limit_buy(**ORDER)
    wire.venue.refuses.append((-2010, "Account has insufficient balance for requested action."))
    wire.fail("POST order/cancelReplace", taken if cancelled else lost)
    with pytest.raises(OrderNotPlacedException) as caught:
        replaced(client, order["orderId"])
    assert caught.value.data["cancelResult"] == ("SUCCESS" if cancelled else "FAILURE")
    assert caught.value.data["newOrderResult"] == "FAILURE"
    assert caught.value.data["cancelResponse"]["status"] == ("CANCELED" if cancelled else "NEW")


def test_O12_so_is_one_of_which_the_venue_does_not_know_a_half(wire: Wire, client: Client) -> None:
    order = client.order_limit_buy(**ORDER)
    half = {"code": -1007, "msg": "Timeout waiting for response from backend server."}
    halves = {"cancelResult": "SUCCESS", "newOrderResult": "FAILURE", "cancelResponse": {}, "newOrderResponse": half}
    wire.fail("POST order/cancelReplace", saying(409, {"code": -2021, "msg": "partially failed.", "data": halves}, done=True))
    assert replaced(client, order["orderId"])["newOrderResult"] == "SUCCESS"


@pytest.mark.parametrize("done", [True, False])
def test_O12_so_is_one_of_which_the_venue_does_not_say_what_failed(wire: Wire, client: Client, done: bool) -> None:
    order = client.order_limit_buy(**ORDER)
    wire.fail("POST order/cancelReplace", saying(409, {"code": -2021, "msg": "Order cancel-replace partially failed."}, done=done))
    if done:
        assert replaced(client, order["orderId"])["newOrderResult"] == "SUCCESS"
    else:
        with pytest.raises(OrderNotPlacedException):
            replaced(client, order["orderId"])
