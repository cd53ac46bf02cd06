"""Lost orders and lists of orders that are told apart from others of their id, on a venue in memory."""

from __future__ import annotations

from typing import Any

import pytest
from order_wire import ORDER, Answer, Fault, Wire, lost, saying, taken, unreachable

from exchangeclient.binance.client import Client
from exchangeclient.exceptions import DuplicateOrderException, OrderNotFoundException, OrderNotPlacedException, OrderStatusUnknownException

OCO: dict[str, Any] = {"symbol": "BTCUSDT", "side": "SELL", "quantity": "2", "listClientOrderId": "mine"}
LEGS = {"aboveType": "LIMIT_MAKER", "abovePrice": "20", "belowType": "STOP_LOSS", "belowStopPrice": "8"}
WORKING = {
    "symbol": "BTCUSDT", "workingType": "LIMIT", "workingTimeInForce": "GTC", "workingSide": "BUY", "workingPrice": "10",
    "workingQuantity": "2", "pendingSide": "SELL", "pendingQuantity": "2", "listClientOrderId": "mine",
}  # fmt: skip
LISTS: dict[str, tuple[str, dict[str, str]]] = {
    "oco": ("create_oco_order", {**OCO, **LEGS}),
    "oto": ("create_oto_order", {**WORKING, "pendingType": "LIMIT_MAKER", "pendingPrice": "20"}),
    "otoco": (
        "create_otoco_order",
        {
            **WORKING, "pendingAboveType": "LIMIT_MAKER", "pendingAbovePrice": "20", "pendingBelowType": "STOP_LOSS",
            "pendingBelowStopPrice": "8",
        },
    ),
}  # fmt: skip


@pytest.fixture
def wire() -> Wire:
    return Wire()


@pytest.fixture
def client(wire: Wire) -> Client:
    return wire.client()


def hiding(lag_s: float) -> Fault:
    """It arrives, its answer is lost, and its orders are not shown for a while."""

    def fault(wire: Wire, verb: str, path: str, params: dict[str, str]) -> Answer:
        wire.venue.lag_ms = lag_s * 1000
        return taken(wire, verb, path, params)

    return fault


# Lists


@pytest.mark.parametrize("kind", LISTS)
@pytest.mark.parametrize("fault", [taken, hiding(5), saying(503, b"busy", done=True)])
def test_a_list_whose_answer_is_lost_is_found(wire: Wire, client: Client, kind: str, fault: Fault) -> None:
    method, order_list = LISTS[kind]
    wire.fail(f"POST orderList/{kind}", fault)
    assert getattr(client, method)(**order_list)["orderListId"] == 1
    assert len(wire.calls("POST")) == 1
    assert client.undecided_orders() == []


def test_a_list_of_which_no_order_is_shown_is_not_taken_for_it_nor_for_another_one(wire: Wire, client: Client) -> None:
    wire.fail("POST orderList/oco", hiding(60))
    with pytest.raises(OrderStatusUnknownException, match="shows the list 1 and none of its orders") as caught:
        client.create_oco_order(**OCO, **LEGS)
    wire.machine.advance(60)
    assert caught.value.resolve()["orderListId"] == 1


def test_one_order_of_a_list_is_enough_to_know_it_by(wire: Wire, client: Client) -> None:
    def showing_one(wire: Wire, *message: Any) -> Answer:
        try:
            return taken(wire, *message)
        finally:
            wire.venue.orders[1].seen_from_ms = wire.now_ms() + 3_600_000

    wire.fail("POST orderList/oco", showing_one)
    assert client.create_oco_order(**OCO, **LEGS)["orderListId"] == 1


@pytest.mark.parametrize("kind", LISTS)
def test_a_list_that_never_arrived_was_not_placed(wire: Wire, client: Client, kind: str) -> None:
    method, order_list = LISTS[kind]
    wire.fail(f"POST orderList/{kind}", lost)
    with pytest.raises(OrderNotPlacedException):
        getattr(client, method)(**order_list)


@pytest.mark.parametrize("kind", LISTS)
@pytest.mark.parametrize("done", [True, False])
@pytest.mark.parametrize("changed", ["price", "quantity"])
def test_a_list_of_other_figures_that_had_the_id_a_moment_ago_is_not_taken_for_it(
    wire: Wire, client: Client, kind: str, done: bool, changed: str
) -> None:
    method, order_list = LISTS[kind]
    word = next(name for name in order_list if name.lower().endswith(changed))
    getattr(client, method)(**{**order_list, word: "3" if changed == "quantity" else "21"})
    client.cancel_order_list(symbol="BTCUSDT", listClientOrderId="mine")
    wire.fail(f"POST orderList/{kind}", taken if done else lost)
    if done:
        assert getattr(client, method)(**order_list)["orderListId"] == 2
    else:
        with pytest.raises(OrderNotPlacedException):
            getattr(client, method)(**order_list)


@pytest.mark.parametrize("done", [True, False])
def test_an_older_list_of_the_very_same_figures_that_has_just_ended_is_not_taken_for_it(wire: Wire, client: Client, done: bool) -> None:
    client.create_oco_order(**OCO, **LEGS)
    client.cancel_order_list(symbol="BTCUSDT", listClientOrderId="mine")
    wire.machine.advance(60)
    wire.venue.all_lists[0]["transactionTime"] = wire.now_ms() + 500  # what happened last, not when it was placed
    wire.fail("POST orderList/oco", taken if done else lost)
    if done:
        assert client.create_oco_order(**OCO, **LEGS)["orderListId"] == 2
    else:
        with pytest.raises(OrderNotPlacedException):
            client.create_oco_order(**OCO, **LEGS)


def test_O08_a_list_whose_id_is_in_use_is_looked_up_and_its_orders_compared(wire: Wire, client: Client) -> None:
    first = client.create_oco_order(**OCO, **LEGS)
    wire.machine.advance(3_600)
    assert client.create_oco_order(**OCO, **LEGS) == first
    with pytest.raises(DuplicateOrderException) as caught:
        client.create_oco_order(**OCO, **{**LEGS, "abovePrice": "21"})
    assert caught.value.order == first
    wire.fail("GET order", *[unreachable] * 10)
    with pytest.raises(DuplicateOrderException):
        client.create_oco_order(**OCO, **LEGS)
    assert len(wire.venue.all_lists) == 1


def test_orders_of_a_list_that_cannot_be_asked_for_leave_it_open(wire: Wire, client: Client) -> None:
    wire.fail("POST orderList/oco", taken)
    wire.fail("GET order", *[unreachable] * 50)
    with pytest.raises(OrderStatusUnknownException, match="no route to host") as caught:
        client.create_oco_order(**OCO, **LEGS)
    wire.faults.clear()
    assert caught.value.resolve()["orderListId"] == 1


def test_a_list_that_changed_after_its_lost_cancellation_is_cancelled_all_the_same(wire: Wire, client: Client) -> None:
    client.create_oco_order(**OCO, **LEGS)
    wire.fail("DELETE orderList", lost)
    wire.fail("GET orderList", *[unreachable] * 3)
    wire.venue.all_lists[0]["transactionTime"] = wire.now_ms() + 9_000
    assert client.cancel_order_list(symbol="BTCUSDT", listClientOrderId="mine")["listOrderStatus"] == "ALL_DONE"
    assert {order.status for order in wire.venue.orders} == {"CANCELED"}


def test_a_list_that_was_placed_under_the_id_after_the_lost_cancellation_is_left_alone(wire: Wire, client: Client) -> None:
    client.create_oco_order(**OCO, **LEGS)
    wire.fail("DELETE orderList", lost)
    wire.fail("GET orderList", *[unreachable] * 50)
    with pytest.raises(OrderStatusUnknownException) as caught:
        client.cancel_order_list(symbol="BTCUSDT", listClientOrderId="mine")
    wire.faults.clear()
    wire.venue.all_lists.clear()
    client.create_oco_order(**OCO, **LEGS)
    with pytest.raises(OrderNotFoundException, match="came after the cancellation"):
        caught.value.resolve()
    assert [order.status for order in wire.venue.orders[2:]] == ["NEW", "NEW"]


# Many orders since


@pytest.mark.parametrize("since", [999, 1_000, 2_500])
@pytest.mark.parametrize("done", [True, False])
def test_an_order_of_a_used_id_is_found_however_many_came_after_it(wire: Wire, client: Client, since: int, done: bool) -> None:
    client.order_market_buy(symbol="BTCUSDT", quantity="2", newClientOrderId="mine")
    wire.machine.advance(60)
    wire.fail("POST order", taken if done else lost)
    wire.fail("GET order", *[unreachable] * 50)
    with pytest.raises(OrderStatusUnknownException) as caught:
        client.order_market_buy(symbol="BTCUSDT", quantity="2", newClientOrderId="mine")
    wire.faults.clear()
    sent = wire.calls("POST")[-1]
    for number in range(since):
        wire.venue.do("POST", "/api/v3/order", {**sent, "newClientOrderId": f"other-{number}"})
    if done:
        assert caught.value.resolve()["orderId"] == 2
    else:
        with pytest.raises(OrderNotPlacedException):
            caught.value.resolve()
    assert len(wire.calls("GET allOrders")) <= 2, "what came later cannot be it"


def test_pages_are_turned_while_they_are_of_its_time(wire: Wire, client: Client) -> None:
    client.order_market_buy(symbol="BTCUSDT", quantity="2", newClientOrderId="mine")
    wire.machine.advance(60)

    def crowded(wire: Wire, verb: str, path: str, params: dict[str, str]) -> Answer:
        for number in range(2_100):
            wire.venue.do(verb, path, {**params, "newClientOrderId": f"other-{number}"})
        return taken(wire, verb, path, params)

    wire.fail("POST order", crowded)
    assert client.order_market_buy(symbol="BTCUSDT", quantity="2", newClientOrderId="mine")["orderId"] == 2_102
    first, second, third = wire.calls("GET allOrders")
    assert "startTime" in first
    assert (second["orderId"], third["orderId"]) == ("1002", "2002")


def test_pages_that_do_not_go_on_are_no_evidence(wire: Wire, client: Client) -> None:
    client.order_market_buy(symbol="BTCUSDT", quantity="2", newClientOrderId="mine")
    wire.machine.advance(60)
    wire.fail("POST order", lost)
    page = [{"orderId": 1, "time": wire.now_ms()}] * 1_000
    wire.fail("GET allOrders", *[saying(200, page, done=False)] * 200)
    with pytest.raises(OrderStatusUnknownException, match="does not go on from one page to the next"):
        client.order_market_buy(symbol="BTCUSDT", quantity="2", newClientOrderId="mine")


def test_the_figures_of_an_order_are_compared_whatever_its_type(wire: Wire, client: Client) -> None:
    wire.fail("POST order", taken)
    placed = client.create_order(**ORDER, side="BUY", type="STOP_LOSS_LIMIT", timeInForce="GTC", stopPrice="11")
    assert placed["orderId"] == 1
