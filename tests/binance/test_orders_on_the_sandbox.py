"""Orders never twice, on the embedded exchange with its faults and limits: what the user is told against what the engine has.

Each row is met twice, on the session's own adapters and over real sockets. Time is a clock that is set by hand and goes on by itself when
something waits, so that the seconds in which an order becomes decidable take none.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from order_market import IMPATIENT, SYMBOL, Market, opened

from exchangeclient.exceptions import (
    DuplicateOrderException,
    ExchangeAPIException,
    ExchangeRequestException,
    OrderNotAmendedException,
    OrderNotFoundException,
    OrderNotPlacedException,
    OrderStatusUnknownException,
    RateLimitException,
)


@pytest.fixture(params=["in process", "over sockets"])
def market(request: pytest.FixtureRequest) -> Iterator[Market]:
    marked = request.node.get_closest_marker("exchange")
    yield from opened(over_sockets=request.param == "over sockets", **({} if marked is None else marked.kwargs))


@pytest.fixture
def listening() -> Iterator[Market]:
    yield from opened(over_sockets=True)


PLACE, ASK, CANCEL = "POST /api/v3/order", "GET /api/v3/order", "DELETE /api/v3/order"
AMEND, REPLACE, CANCEL_LIST = "PUT /api/v3/order/amend/keepPriority", "POST /api/v3/order/cancelReplace", "DELETE /api/v3/orderList"
LISTS = ("orderList/oco", "order/oco", "orderList/oto", "orderList/otoco", "orderList/opo", "orderList/opoco")

TAKEN: list[tuple[str, dict[str, Any]]] = [
    ("drop", {"when": "after", "ending": "close"}),
    ("drop", {"when": "after", "ending": "reset"}),
    ("drop", {"when": "after", "ending": "silence"}),
    ("cut", {"part": "head"}),
    ("cut", {"part": "body", "ending": "reset"}),
    ("truncate", {}),
    ("replace", {"text": "<html>gateway</html>", "type": "text/html"}),
    ("error", {"status": 500, "processed": True}),
    ("error", {"status": 503, "processed": True}),
    ("error", {"status": 504, "processed": True}),
    ("error", {"status": 400, "code": -1006, "text": "Execution status unknown.", "processed": True}),
    ("error", {"status": 400, "code": -1007, "text": "Timeout waiting for response from backend server.", "processed": True}),
]
LOST: list[tuple[str, dict[str, Any]]] = [
    ("drop", {"when": "before", "ending": "close"}),
    ("drop", {"when": "before", "ending": "silence"}),
    ("error", {"status": 503}),
    ("error", {"status": 400, "code": -1007, "text": "Timeout waiting for response from backend server."}),
]
FEW_TAKEN, FEW_LOST = (TAKEN[0], TAKEN[8]), (LOST[0], LOST[3])


def named(fault: tuple[str, dict[str, Any]]) -> str:
    return "-".join(str(part) for part in (fault[0], *fault[1].values()))


def patience(options: dict[str, Any]) -> dict[str, Any]:
    """How long an answer is waited for: not at all long when none will come."""
    return IMPATIENT if options.get("ending") == "silence" else {}


# Orders


def test_O01_an_order_that_found_nobody_left_nothing_behind(listening: Market) -> None:
    gone = listening.client()
    listening.exchange.stop()
    with pytest.raises(ExchangeRequestException) as caught:
        gone.order_limit_buy(**listening.limit, disable_validation=True)
    assert (type(caught.value), caught.value.sent) == (ExchangeRequestException, "no")
    assert gone.undecided_orders() == []


def test_O01_an_order_that_was_interrupted_while_it_connected_left_nothing_behind(
    listening: Market, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def interrupted(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    client = listening.client(journal=tmp_path / "orders")
    client.get_account()
    client.get_exchange_info()
    client.close()  # so that the order needs a new connection
    with monkeypatch.context() as patch:
        patch.setattr("socket.getaddrinfo", interrupted)
        with pytest.raises(KeyboardInterrupt):
            client.order_limit_buy(**listening.limit)
    assert client.undecided_orders() == listening.orders() == []
    assert client.limits()["limits"]["ORDERS-10S"]["used"] == 0


@pytest.mark.parametrize("fault", TAKEN, ids=named)
def test_O02_O04_an_order_that_was_taken_is_the_answer_and_there_is_one(market: Market, fault: tuple[str, dict[str, Any]]) -> None:
    kind, options = fault
    with market.exchange.fault(kind, route=PLACE, times=1, **options) as armed:
        order = market.user.order_limit_buy(**market.limit, requests_params=patience(options))
    assert armed.hits == 1
    assert [(each["orderId"], each["clientOrderId"]) for each in market.orders()] == [(order["orderId"], order["clientOrderId"])]
    assert market.user.undecided_orders() == []


@pytest.mark.parametrize("fault", LOST, ids=named)
def test_O03_O04_an_order_that_was_not_taken_is_certain_when_its_time_is_over(market: Market, fault: tuple[str, dict[str, Any]]) -> None:
    kind, options = fault
    began_ms = market.exchange.now_ms
    with market.exchange.fault(kind, route=PLACE, times=1, **options), pytest.raises(OrderNotPlacedException):
        market.user.order_limit_buy(**market.limit, requests_params=patience(options))
    assert market.exchange.now_ms - began_ms > 15_000
    assert market.orders() == market.user.undecided_orders() == []


@pytest.mark.parametrize("times", [1, 5])
def test_O05_queries_that_lag_behind_are_asked_again(market: Market, times: int) -> None:
    with market.exchange.fault("drop", route=PLACE, when="after", times=1), market.exchange.fault("not_found", route=ASK, times=times):
        order = market.user.order_limit_buy(**market.limit)
    assert [each["orderId"] for each in market.orders()] == [order["orderId"]]


def test_O05_queries_that_lag_behind_for_longer_leave_it_unknown(market: Market) -> None:
    """One of the two looks that count was answered by a place that did not know it yet."""
    client = market.client(settle_timeout=16.5)
    client.get_exchange_info()
    with market.exchange.fault("not_found", route=ASK) as lag:
        with market.exchange.fault("drop", route=PLACE, when="after", times=1), pytest.raises(OrderStatusUnknownException) as caught:
            client.order_limit_buy(**market.limit)
        lag.lift()
    assert caught.value.resolve()["orderId"] == market.orders()[0]["orderId"]


@pytest.mark.parametrize("when", ["before", "after"])
def test_O06_a_venue_in_maintenance_leaves_it_unknown_until_it_is_back(market: Market, tmp_path: Path, when: str) -> None:
    client = market.client(journal=tmp_path / "orders")
    client.get_exchange_info()
    with market.exchange.fault("error", status=503, route="GET *"):
        with market.exchange.fault("drop", route=PLACE, when=when, times=1), pytest.raises(OrderStatusUnknownException) as caught:
            client.order_limit_buy(**market.limit)
        (noted,) = market.client(journal=tmp_path / "orders").undecided_orders()
        assert noted.client_order_id == caught.value.client_order_id
    if when == "after":
        assert caught.value.resolve()["orderId"] == noted.resolve()["orderId"] == market.orders()[0]["orderId"]
    else:
        for unknown in (caught.value, noted):
            with pytest.raises(OrderNotPlacedException):
                unknown.resolve()
    assert client.undecided_orders() == []


@pytest.mark.parametrize("fault", FEW_TAKEN, ids=named)
def test_O07_a_market_order_is_filled_once(market: Market, fault: tuple[str, dict[str, Any]]) -> None:
    kind, options = fault
    with market.exchange.fault(kind, route=PLACE, times=1, **options):
        order = market.user.order_market_buy(symbol=SYMBOL, quantity="0.01", newClientOrderId="mine")
    assert (order["status"], order["executedQty"]) == ("FILLED", "0.01000000")
    assert len(market.orders()) == 1
    with market.exchange.fault("drop", route=PLACE, when="before", times=1), pytest.raises(OrderNotPlacedException):
        market.user.order_market_buy(symbol=SYMBOL, quantity="0.02", newClientOrderId="mine")
    assert len(market.orders()) == 1


def test_O08_an_id_in_use_is_looked_up_and_compared(market: Market) -> None:
    order = market.user.order_limit_buy(**market.limit, newClientOrderId="mine")
    assert market.user.order_limit_buy(**market.limit, newClientOrderId="mine")["orderId"] == order["orderId"]
    with pytest.raises(DuplicateOrderException) as caught:
        market.user.order_limit_buy(**{**market.limit, "quantity": "0.02"}, newClientOrderId="mine")
    assert caught.value.order["orderId"] == order["orderId"]
    assert len(market.orders()) == 1


@pytest.mark.parametrize("skew_s", [-3_600, -2, 2, 3_600])
def test_O21_a_clock_that_is_set_while_an_order_is_lost_decides_nothing(market: Market, skew_s: int) -> None:
    with market.exchange.fault("drop", route=PLACE, when="before", times=1), market.exchange.fault("error", route=ASK, status=503, times=3):
        market.machine.step(skew_s)
        with pytest.raises(OrderNotPlacedException):
            market.user.order_limit_buy(**market.limit)
    with market.exchange.fault("drop", route=PLACE, when="after", times=1):
        market.machine.step(-skew_s)
        assert market.user.order_limit_buy(**market.limit)["orderId"] == market.orders()[0]["orderId"]


def test_O22_an_order_in_doubt_that_is_placed_again_by_hand_is_resolved_first(market: Market) -> None:
    with market.exchange.fault("error", route=ASK, status=503):
        with market.exchange.fault("drop", route=PLACE, when="after", times=1), pytest.raises(OrderStatusUnknownException):
            market.user.order_market_buy(symbol=SYMBOL, quantity="0.01", newClientOrderId="mine")
        with pytest.raises(OrderStatusUnknownException):
            market.user.order_market_buy(symbol=SYMBOL, quantity="0.01", newClientOrderId="mine")
    assert market.user.order_market_buy(symbol=SYMBOL, quantity="0.01", newClientOrderId="mine")["status"] == "FILLED"
    assert len(market.orders()) == 1


def test_an_order_that_reached_the_engine_too_late_is_signed_anew_and_placed_once(market: Market) -> None:
    with market.exchange.fault("slow_engine", route=PLACE, by=6, times=1) as slow:
        order = market.user.order_limit_buy(**market.limit)
    assert slow.hits == 1
    assert [each["orderId"] for each in market.orders()] == [order["orderId"]]


# Cancellations, amendments, replacements


@pytest.mark.parametrize("fault", [*FEW_TAKEN, *FEW_LOST], ids=named)
def test_O04_O11_a_lost_cancellation_ends_with_the_order_cancelled(market: Market, fault: tuple[str, dict[str, Any]]) -> None:
    kind, options = fault
    order = market.user.order_limit_buy(**market.limit)
    with market.exchange.fault(kind, route=CANCEL, times=1, **options):
        assert market.user.cancel_order(symbol=SYMBOL, orderId=order["orderId"])["status"] == "CANCELED"
    assert [each["status"] for each in market.orders()] == ["CANCELED"]


@pytest.mark.parametrize("fault", [*FEW_TAKEN, *FEW_LOST], ids=named)
def test_O11_so_does_one_of_all_orders(market: Market, fault: tuple[str, dict[str, Any]]) -> None:
    kind, options = fault
    for _ in range(2):
        market.user.order_limit_buy(**market.limit)
    market.order_list("orderList/oto")
    with market.exchange.fault(kind, route="DELETE /api/v3/openOrders", times=1, **options):
        market.user.cancel_all_open_orders(symbol=SYMBOL)
    assert {each["status"] for each in market.orders()} <= {"CANCELED", "EXPIRED"}
    assert market.user.get_open_orders(symbol=SYMBOL) == []


def test_O10_a_cancellation_that_came_too_late_says_what_became_of_the_order(market: Market) -> None:
    order = market.user.order_market_buy(symbol=SYMBOL, quantity="0.01")
    with pytest.raises(OrderNotFoundException, match="FILLED") as caught:
        market.user.cancel_order(symbol=SYMBOL, orderId=order["orderId"])
    assert caught.value.order["executedQty"] == "0.01000000"
    with market.exchange.fault("drop", route=CANCEL, times=1):
        assert market.user.cancel_order(symbol=SYMBOL, orderId=order["orderId"])["status"] == "FILLED"


@pytest.mark.parametrize("fault", [FEW_TAKEN[1], FEW_LOST[0]], ids=named)
@pytest.mark.parametrize("named_by", ["orderId", "clientOrderId"])
def test_O04_a_lost_amendment_is_found_or_certain_not_to_have_happened(
    market: Market, fault: tuple[str, dict[str, Any]], named_by: str
) -> None:
    kind, options = fault
    order = market.user.order_limit_buy(**market.limit)
    whose = {{"orderId": "orderId", "clientOrderId": "origClientOrderId"}[named_by]: order[named_by]}
    with market.exchange.fault(kind, route=AMEND, times=1, **options):
        if fault in FEW_TAKEN:
            amended = market.user.amend_order_keep_priority(symbol=SYMBOL, newQty="0.005", **whose)
            assert (amended["orderId"], amended["origQty"]) == (order["orderId"], "0.00500000")
        else:
            with pytest.raises(OrderNotAmendedException):
                market.user.amend_order_keep_priority(symbol=SYMBOL, newQty="0.005", **whose)
    assert len(market.user.get_order_amendments(symbol=SYMBOL, orderId=order["orderId"])) == (fault in FEW_TAKEN)


@pytest.mark.parametrize("fault", [FEW_TAKEN[0], FEW_LOST[1]], ids=named)
@pytest.mark.parametrize("mode", ["STOP_ON_FAILURE", "ALLOW_FAILURE"])
@pytest.mark.parametrize("old", ["open", "filled"])
def test_O12_a_lost_replacement_tells_of_both_halves(market: Market, fault: tuple[str, dict[str, Any]], mode: str, old: str) -> None:
    kind, options = fault
    if old == "open":
        replaced = market.user.order_limit_buy(**market.limit)
    else:
        replaced = market.user.order_market_buy(symbol=SYMBOL, quantity="0.01")
        market.machine.advance(3)
    order = {**market.limit, "side": "BUY", "type": "LIMIT", "timeInForce": "GTC", "cancelReplaceMode": mode}
    taken = fault in FEW_TAKEN
    with market.exchange.fault(kind, route=REPLACE, times=1, **options):
        if taken and old == "open":
            halves = market.user.cancel_replace_order(**order, cancelOrderId=replaced["orderId"])
        else:
            with pytest.raises((OrderNotPlacedException, ExchangeAPIException)) as caught:
                market.user.cancel_replace_order(**order, cancelOrderId=replaced["orderId"])
            halves = caught.value.data
            new_is_there = taken and mode == "ALLOW_FAILURE"
            assert isinstance(caught.value, ExchangeAPIException) is new_is_there
    assert halves["cancelResult"] == ("SUCCESS" if taken and old == "open" else "FAILURE")
    assert halves["cancelResponse"]["orderId"] == replaced["orderId"]
    new = [each["orderId"] for each in market.orders() if each["orderId"] != replaced["orderId"]]
    assert halves["newOrderResult"] == ("SUCCESS" if new else "FAILURE")
    assert new == ([] if halves["newOrderResponse"] is None else [halves["newOrderResponse"]["orderId"]])
    assert bool(new) is (taken and (old == "open" or mode == "ALLOW_FAILURE"))


# Lists


@pytest.mark.parametrize("fault", FEW_TAKEN[:1], ids=named)
@pytest.mark.parametrize("kind", LISTS)
def test_O02_a_list_that_was_taken_is_the_answer_and_there_is_one(market: Market, fault: tuple[str, dict[str, Any]], kind: str) -> None:
    trouble, options = fault
    with market.exchange.fault(trouble, route=f"POST /api/v3/{kind}", times=1, **options):
        placed = market.order_list(kind)
    assert [each["orderListId"] for each in market.user.get_all_order_lists()] == [placed["orderListId"]]
    assert {each["orderId"] for each in market.orders()} == {each["orderId"] for each in placed["orders"]}
    assert market.user.undecided_orders() == []


@pytest.mark.parametrize("fault", FEW_LOST[:1], ids=named)
@pytest.mark.parametrize("kind", LISTS)
def test_O03_a_list_that_was_not_taken_is_certain_when_its_time_is_over(
    market: Market, fault: tuple[str, dict[str, Any]], kind: str
) -> None:
    trouble, options = fault
    with market.exchange.fault(trouble, route=f"POST /api/v3/{kind}", times=1, **options), pytest.raises(OrderNotPlacedException):
        market.order_list(kind)
    assert market.orders() == market.user.undecided_orders() == []


@pytest.mark.parametrize("kind", ["orderList/oco", "orderList/otoco"])
@pytest.mark.parametrize("when", ["before", "after"])
def test_O07_a_list_that_has_just_ended_under_the_id_is_not_taken_for_it(market: Market, kind: str, when: str) -> None:
    first = market.order_list(kind)
    market.machine.advance(2)
    market.user.cancel_order_list(symbol=SYMBOL, listClientOrderId="mine")
    with market.exchange.fault("drop", route=f"POST /api/v3/{kind}", when=when, times=1):
        if when == "after":
            assert market.order_list(kind)["orderListId"] > first["orderListId"]
        else:
            with pytest.raises(OrderNotPlacedException):
                market.order_list(kind)


def test_O08_a_list_whose_id_is_in_use_is_looked_up_and_its_orders_compared(market: Market) -> None:
    first = market.order_list("orderList/oto")
    assert market.order_list("orderList/oto")["orderListId"] == first["orderListId"]
    market.above = str(Decimal(market.above) + 1)
    with pytest.raises(DuplicateOrderException) as caught:
        market.order_list("orderList/oto")
    assert caught.value.order["orderListId"] == first["orderListId"]
    assert len(market.user.get_all_order_lists()) == 1


@pytest.mark.parametrize("fault", [FEW_TAKEN[0], FEW_LOST[1]], ids=named)
@pytest.mark.parametrize("named_by", ["orderListId", "listClientOrderId"])
def test_O11_a_lost_cancellation_of_a_list_ends_with_it_cancelled(market: Market, fault: tuple[str, dict[str, Any]], named_by: str) -> None:
    kind, options = fault
    placed = market.order_list("orderList/oto")
    with market.exchange.fault(kind, route=CANCEL_LIST, times=1, **options):
        ended = market.user.cancel_order_list(symbol=SYMBOL, **{named_by: placed[named_by]})
    assert ended["listOrderStatus"] == "ALL_DONE"
    assert market.user.get_open_orders(symbol=SYMBOL) == []


# Limits


@pytest.mark.parametrize(("status", "retry_after"), [(429, "7"), (418, "120")])
def test_L01_L02_an_order_that_is_one_request_too_many_is_refused_and_nothing_is_sent_before_the_time(
    market: Market, status: int, retry_after: str
) -> None:
    with market.exchange.fault("error", route=PLACE, status=status, retry_after=retry_after, times=1) as refusing:
        with pytest.raises(RateLimitException) as caught:
            market.user.order_limit_buy(**market.limit)
        assert caught.value.retry_after == float(retry_after)
        with pytest.raises(RateLimitException, match="not sent"):
            market.user.order_limit_buy(**market.limit)
    assert refusing.hits == 1
    assert market.user.undecided_orders() == []
    market.machine.advance(float(retry_after) + 0.1)
    assert market.orders() == []
    market.user.order_limit_buy(**market.limit)


@pytest.mark.parametrize("when", ["before", "after"])
def test_L01_a_question_after_a_lost_order_waits_as_long_as_the_venue_says(market: Market, when: str) -> None:
    began_ms = market.exchange.now_ms
    with (
        market.exchange.fault("drop", route=PLACE, when=when, times=1),
        market.exchange.fault("error", route=ASK, status=429, retry_after="9", times=1) as refusing,
    ):
        if when == "after":
            order = market.user.order_limit_buy(**market.limit)
            assert [each["orderId"] for each in market.orders()] == [order["orderId"]]
        else:
            with pytest.raises(OrderNotPlacedException):
                market.user.order_limit_buy(**market.limit)
    assert refusing.hits == 1
    assert market.exchange.now_ms - began_ms > 9_000


def test_L02_a_ban_that_outlasts_the_settling_leaves_the_order_unknown_and_decidable_after_it(market: Market) -> None:
    with market.exchange.fault("drop", route=PLACE, when="after", times=1), market.exchange.fault("error", route=ASK, status=418, times=1):
        with pytest.raises(OrderStatusUnknownException) as caught:
            market.user.order_limit_buy(**market.limit)
        with pytest.raises(OrderStatusUnknownException):
            caught.value.resolve()
    market.machine.advance(121)
    assert caught.value.resolve()["orderId"] == market.orders()[0]["orderId"]


@pytest.mark.exchange(limits={"orders_10s": 3})
def test_L05_an_order_beyond_the_accounts_count_is_kept_back_until_the_window_is_over(market: Market) -> None:
    market.machine.advance(10 - market.exchange.now_ms / 1000 % 10 + 0.5)
    for _ in range(2):
        market.user.order_limit_buy(**market.limit)
    with pytest.raises(RateLimitException, match=r"not sent: 2 of 3 of ORDERS-10S"):
        market.order_list("orderList/oto")
    with market.exchange.fault("drop", route=PLACE, when="after", times=1):
        market.user.order_limit_buy(**market.limit)  # counted though its answer never came
    with pytest.raises(RateLimitException, match=r"not sent: 3 of 3 of ORDERS-10S"):
        market.user.order_limit_buy(**market.limit)
    assert market.user.undecided_orders() == []
    market.machine.advance(10.5)
    market.user.order_limit_buy(**market.limit)
    assert len(market.orders()) == 4


@pytest.mark.exchange(limits={"weight": 400})
def test_L03_L06_what_others_at_the_address_use_up_is_learnt_from_the_venue_and_so_is_a_limit_of_its_own(market: Market) -> None:
    market.machine.advance(60 - market.exchange.now_ms / 1000 % 60 + 1)
    others = market.client()
    for _ in range(3):
        others.get_account()
    market.user.get_exchange_info()
    shown = market.user.limits()["limits"]["REQUEST_WEIGHT-1M"]
    assert shown["limit"] == 400
    assert shown["used"] >= 3 * 20 + 20
    refused = 0
    for _ in range(30):
        try:
            market.user.get_account(requests_params={"when_limited": "raise"})
        except RateLimitException as error:
            refused += error.status_code == 0
    assert refused > 10
    placed = market.user.order_limit_buy(**market.limit)  # of the share that reads leave to orders
    market.machine.advance(61)
    assert [order["orderId"] for order in market.orders()] == [placed["orderId"]]


@pytest.mark.parametrize(("status", "code"), [(503, -1008), (500, -1001)])
@pytest.mark.parametrize("processed", [True, False])
def test_L09_an_overloaded_venue_is_asked_and_not_sent_the_order_again(market: Market, status: int, code: int, processed: bool) -> None:
    with market.exchange.fault("error", route=PLACE, status=status, code=code, processed=processed) as overloaded:
        if processed:
            assert market.user.order_limit_buy(**market.limit)["orderId"] == market.orders()[0]["orderId"]
        else:
            with pytest.raises(OrderNotPlacedException):
                market.user.order_limit_buy(**market.limit)
    assert overloaded.hits == 1
