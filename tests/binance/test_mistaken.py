"""Orders whose id somebody else uses, and answers that are not what they seem: what must not be taken for the order that was sent."""

from __future__ import annotations

import hashlib
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from decimal import Decimal
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from order_wire import ORDER, URL, Answer, Fault, Wire, lost, replaced, saying, taken, unreachable

from exchangeclient.binance.client import Client
from exchangeclient.binance.placing import Doubt
from exchangeclient.core.budgets import standing
from exchangeclient.exceptions import (
    DuplicateOrderException,
    ExchangeAPIException,
    ExchangeRequestException,
    InsufficientFundsException,
    JournalException,
    OrderMinAmountException,
    OrderNotFoundException,
    OrderNotPlacedException,
    OrderStatusUnknownException,
)


@pytest.fixture
def wire() -> Wire:
    return Wire()


@pytest.fixture
def client(wire: Wire) -> Client:
    return wire.client()


# Two calls of one id


def test_two_threads_that_place_one_id_at_once_place_it_once(wire: Wire, client: Client) -> None:
    asked, go_on = Event(), Event()

    def slow(wire: Wire, verb: str, path: str, params: dict[str, str]) -> Answer:
        asked.set()
        assert go_on.wait(10)
        return wire.venue.receive(verb, path, params)

    wire.fail("GET exchangeInfo", slow)  # so that the first has not left when the second begins
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(client.order_market_buy, symbol="BTCUSDT", quantity="2", newClientOrderId="mine")
        assert asked.wait(10)
        second = pool.submit(client.order_market_buy, symbol="BTCUSDT", quantity="2.0", newClientOrderId="mine")
        go_on.set()
        assert first.result()["orderId"] == second.result()["orderId"] == 1
    assert len(wire.calls("POST")) == 1
    one_after_the_other = client.order_market_buy(symbol="BTCUSDT", quantity="2", newClientOrderId="mine")
    assert one_after_the_other["orderId"] == 2


def test_the_second_goes_on_when_the_first_was_refused(wire: Wire, client: Client) -> None:
    asked, go_on = Event(), Event()

    def refused(*_: Any) -> Answer:
        asked.set()
        assert go_on.wait(10)
        return 400, {"code": -2010, "msg": "Account has insufficient balance for requested action."}

    wire.fail("POST order", refused)
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(client.order_limit_buy, **ORDER, newClientOrderId="mine")
        assert asked.wait(10)
        second = pool.submit(client.order_limit_buy, **ORDER, newClientOrderId="mine")
        go_on.set()
        assert second.result()["orderId"] == 1
        assert isinstance(first.exception(), InsufficientFundsException)
    assert wire.calls("GET order") == []


def test_another_client_on_the_journal_resolves_what_this_one_left_in_doubt(wire: Wire, tmp_path: Path) -> None:
    client, other = (wire.client(journal=tmp_path / "orders") for _ in range(2))
    wire.fail("POST order", taken)
    wire.fail("GET order", *[unreachable] * 50)
    with pytest.raises(OrderStatusUnknownException):
        client.order_limit_buy(**ORDER, newClientOrderId="mine")
    assert [unknown.client_order_id for unknown in other.undecided_orders()] == ["mine"]
    with pytest.raises(OrderStatusUnknownException):
        other.order_limit_buy(**ORDER, newClientOrderId="mine")
    wire.faults.clear()
    wire.venue.orders[0].status = "FILLED"
    assert other.order_limit_buy(**ORDER, newClientOrderId="mine")["orderId"] == 1
    assert len(wire.calls("POST")) == 1
    assert client.undecided_orders() == other.undecided_orders() == []


def test_an_order_that_another_client_notes_at_the_last_moment_comes_first(wire: Wire, tmp_path: Path) -> None:
    client, other = (wire.client(journal=tmp_path / "orders", settle_timeout=60) for _ in range(2))

    def meanwhile(wire: Wire, verb: str, path: str, params: dict[str, str]) -> Answer:
        wire.fail("POST order", taken)
        wire.fail("GET order", *[unreachable] * 40)
        with pytest.raises(OrderStatusUnknownException):
            other.order_market_buy(symbol="BTCUSDT", quantity="2", newClientOrderId="mine", disable_validation=True)
        wire.faults.clear()
        return wire.venue.receive(verb, path, params)

    wire.fail("GET exchangeInfo", meanwhile)
    assert (
        client.order_market_buy(symbol="BTCUSDT", quantity="2", newClientOrderId="mine", requests_params={"timeout": 1e6})["orderId"] == 1
    )
    assert len(wire.venue.orders) == 1


def test_a_journal_that_somebody_else_has_spoilt_is_named(tmp_path: Path, wire: Wire) -> None:
    wire.client(journal=tmp_path / "orders")
    account = hashlib.sha256(f"key at {URL}".encode()).hexdigest()
    with closing(sqlite3.connect(tmp_path / "orders", isolation_level=None)) as rows:
        rows.execute("INSERT INTO doubts VALUES (?, 'BTCUSDT', 'order', 'a', 5, ?)", (account, '{"symbol": "BTCUSDT", "of_tomorrow": 1}'))
    with pytest.raises(JournalException, match=r"of_tomorrow.* is not of this package's version"):
        wire.client(journal=tmp_path / "orders")


# Only what it was


LEGS = {"aboveType": "LIMIT_MAKER", "abovePrice": "20", "belowType": "STOP_LOSS", "belowStopPrice": "8"}


def test_a_ledger_that_cannot_be_used_leaves_the_order_in_doubt(wire: Wire, tmp_path: Path) -> None:
    client = wire.client(ledger=tmp_path / "ledger", settle_timeout=0.1)
    client.order_limit_buy(**ORDER)

    def and_it_is_gone(wire: Wire, *message: Any) -> Answer:
        standing.forget()
        client._caller._standing.governor._page._ledger.close()
        return taken(wire, *message)

    wire.fail("POST order", and_it_is_gone)
    with pytest.raises(OrderStatusUnknownException, match="the ledger"):
        client.order_limit_buy(**ORDER, newClientOrderId="mine")
    assert [unknown.client_order_id for unknown in client.undecided_orders()] == ["mine"]


@pytest.mark.parametrize("symbol", ["BTCUSDT", "ETHUSDT"])
@pytest.mark.parametrize("done", [True, False])
def test_an_older_list_of_the_same_id_or_one_of_another_symbol_is_not_taken_for_it(
    wire: Wire, client: Client, symbol: str, done: bool
) -> None:
    client.create_oco_order(symbol=symbol, side="SELL", quantity="2", listClientOrderId="mine", **LEGS)
    if symbol == "BTCUSDT":
        client.cancel_order_list(symbol=symbol, listClientOrderId="mine")
        wire.machine.advance(3600)
    wire.fail("POST orderList/oco", taken if done else lost)
    if done:
        assert client.create_oco_order(symbol="BTCUSDT", side="SELL", quantity="2", listClientOrderId="mine", **LEGS)["orderListId"] == 2
    else:
        with pytest.raises(OrderNotPlacedException):
            client.create_oco_order(symbol="BTCUSDT", side="SELL", quantity="2", listClientOrderId="mine", **LEGS)


def test_a_list_of_other_prices_is_not_the_one_in_doubt(wire: Wire, client: Client) -> None:
    wire.fail("POST orderList/oco", taken)
    wire.fail("GET orderList", *[unreachable] * 50)
    with pytest.raises(OrderStatusUnknownException):
        client.create_oco_order(symbol="BTCUSDT", side="SELL", quantity="2", listClientOrderId="mine", **LEGS)
    wire.faults.clear()
    with pytest.raises(DuplicateOrderException, match="another order was in doubt"):
        client.create_oco_order(symbol="BTCUSDT", side="SELL", quantity="2", listClientOrderId="mine", **{**LEGS, "abovePrice": "21"})
    assert client.order_limit_buy(**ORDER, newClientOrderId="mine")["orderId"] == 3, "an order may have the id of a list"


@pytest.mark.parametrize("newest", [{"side": "SELL", "quantity": "9"}, {"side": "BUY", "quantity": "3"}])
def test_an_order_of_the_id_that_says_something_else_is_not_taken_for_it_however_young(wire: Wire, newest: dict[str, str]) -> None:
    client = wire.client()
    client.order_market_buy(symbol="BTCUSDT", quantity="2", newClientOrderId="mine")
    wire.venue.orders[0].at_ms += 4_000  # the venue's clock is ahead of what is known of it
    wire.fail("POST order", lost)
    with pytest.raises(OrderNotPlacedException):
        client.create_order(symbol="BTCUSDT", type="MARKET", newClientOrderId="mine", **newest)


def test_an_order_that_was_amended_since_is_the_one_in_doubt(wire: Wire, client: Client) -> None:
    wire.fail("POST order", taken)
    wire.fail("GET order", *[unreachable] * 50)
    with pytest.raises(OrderStatusUnknownException) as caught:
        client.order_limit_buy(**ORDER)
    wire.faults.clear()
    wire.venue.orders[0].quantity = Decimal("1.5")
    assert caught.value.resolve()["origQty"] == "1.50000000"


def test_a_trailing_stop_of_another_distance_is_not_the_same_order(client: Client) -> None:
    stop = {"symbol": "BTCUSDT", "side": "SELL", "type": "STOP_LOSS", "quantity": "2", "newClientOrderId": "mine"}
    client.create_order(trailingDelta=100, **stop)
    assert client.create_order(trailingDelta=100.0, **stop)["orderId"] == 1
    with pytest.raises(DuplicateOrderException):
        client.create_order(trailingDelta=2000, **stop)


@pytest.mark.parametrize("body", [None, [], {}, "ok", {"orderId": None}])
def test_an_answer_that_does_not_tell_is_no_answer(wire: Wire, client: Client, body: Any) -> None:
    wire.fail("POST order", saying(200, body, done=True), saying(200, body, done=False))
    order = client.order_limit_buy(**ORDER)
    assert order["orderId"] == 1
    with pytest.raises(OrderNotPlacedException) as caught:
        client.order_limit_buy(**ORDER)
    assert isinstance(caught.value.__cause__, ExchangeRequestException)
    assert caught.value.__cause__.sent == "yes"
    wire.fail("PUT order/amend/keepPriority", saying(200, body, done=True))
    name = order["clientOrderId"]
    assert client.amend_order_keep_priority(symbol="BTCUSDT", newQty="1", origClientOrderId=name)["origQty"] == "1.00000000"
    wire.fail("DELETE order", saying(200, body, done=True))
    assert client.cancel_order(symbol="BTCUSDT", orderId=1)["status"] == "CANCELED"


@pytest.mark.parametrize("fault", [None, taken])
@pytest.mark.parametrize("status", ["FILLED", "CANCELED"])
def test_O12_a_replacement_of_what_had_ended_before_is_a_conflict_settled_or_not(
    wire: Wire, client: Client, fault: Fault | None, status: str
) -> None:
    order = client.order_limit_buy(**ORDER)
    wire.venue.orders[0].status = status
    wire.machine.advance(5)
    if fault is not None:
        wire.fail("POST order/cancelReplace", fault)
    with pytest.raises(ExchangeAPIException) as caught:
        replaced(client, order["orderId"])
    error = caught.value
    assert (error.status_code, error.code, error.venue) == (409, -2021, "binance")
    assert (error.data["cancelResult"], error.data["newOrderResult"]) == ("FAILURE", "SUCCESS")
    assert error.data["newOrderResponse"]["orderId"] == 2
    assert client.undecided_orders() == []


def test_O12_a_new_order_that_needed_the_cancellation_proves_it(wire: Wire, client: Client) -> None:
    order = client.order_limit_buy(**ORDER)
    wire.fail("POST order/cancelReplace", taken)
    new = saying(200, {}, done=False)

    def asked(wire: Wire, verb: str, path: str, params: dict[str, str]) -> Answer:
        return wire.venue.receive(verb, path, params)

    def stale(wire: Wire, *_: Any) -> Answer:
        return 200, {**wire.venue.orders[0].shown(), "status": "NEW"}

    wire.fail("GET order", new, asked, stale)
    halves = client.cancel_replace_order(
        **ORDER, side="BUY", type="LIMIT", timeInForce="GTC", cancelReplaceMode="STOP_ON_FAILURE", cancelOrderId=order["orderId"]
    )
    assert (halves["cancelResult"], halves["newOrderResult"]) == ("SUCCESS", "SUCCESS")


def test_O11_a_later_order_under_the_id_is_not_cancelled(wire: Wire, client: Client) -> None:
    client.order_limit_buy(**ORDER, newClientOrderId="mine")
    wire.fail("DELETE order", lost)
    wire.fail("GET order", *[unreachable] * 50)
    with pytest.raises(OrderStatusUnknownException) as caught:
        client.cancel_order(symbol="BTCUSDT", origClientOrderId="mine")
    wire.faults.clear()
    wire.venue.orders[0].status = "FILLED"
    client.order_limit_buy(**ORDER, newClientOrderId="mine")
    with pytest.raises(OrderNotFoundException, match="came after the cancellation") as later:
        caught.value.resolve()
    assert later.value.order["orderId"] == 2
    assert wire.venue.orders[1].status == "NEW"


# Rules that cannot be asked for


def test_rules_that_are_known_are_used_while_the_venue_does_not_tell_them(wire: Wire, client: Client) -> None:
    client.order_limit_buy(**ORDER)
    wire.machine.advance(3700)
    wire.fail("GET exchangeInfo", *[saying(503, b"busy", done=False)] * 3)
    client.order_limit_buy(**ORDER)
    client.order_limit_buy(**ORDER)
    assert len(wire.calls("GET exchangeInfo")) == 1 + 3, "it is not asked again by the next order"
    with pytest.raises(OrderMinAmountException):
        client.order_limit_buy(**{**ORDER, "quantity": "0.000001"})


@pytest.mark.parametrize("answer", [(408, b""), (400, {"code": -1007, "msg": "Timeout; execution status unknown."})])
def test_rules_of_which_nobody_knows_leave_no_doubt_of_the_order(wire: Wire, client: Client, answer: Answer) -> None:
    wire.fail("GET exchangeInfo", *[saying(*answer, done=False)] * 5)
    with pytest.raises(ExchangeRequestException, match="was not sent") as caught:
        client.order_limit_buy(**ORDER)
    assert caught.value.sent == "no"
    assert wire.calls("POST") == []


def test_a_side_that_there_is_not_is_not_rounded(client: Client) -> None:
    with pytest.raises(ValueError, match="side must be BUY or SELL, not 'buy'"):
        client.quantize_order(symbol="BTCUSDT", side="buy", quantity="2", price="10.005")


def test_what_is_not_known_of_a_list_or_a_cancellation_names_the_question_to_ask(wire: Wire, client: Client) -> None:
    order = client.order_limit_buy(**ORDER)
    wire.fail("POST orderList/oco", taken)
    wire.fail("DELETE order", lost)
    wire.fail("GET orderList", *[unreachable] * 50)
    wire.fail("GET order", *[unreachable] * 50)
    with pytest.raises(OrderStatusUnknownException) as of_list:
        client.create_oco_order(symbol="BTCUSDT", side="SELL", quantity="2", listClientOrderId="mine", **LEGS)
    assert of_list.value.question == "get_order_list(origClientOrderId='mine')"
    with pytest.raises(OrderStatusUnknownException) as of_cancellation:
        client.cancel_order(symbol="BTCUSDT", orderId=order["orderId"])
    wire.faults.clear()
    assert of_cancellation.value.question == f"get_order(symbol='BTCUSDT', orderId='{order['orderId']}')"


def test_the_doors_of_one_venue_share_what_is_undecided_and_venues_do_not(tmp_path: Path) -> None:
    journal = tmp_path / "orders"
    live, door, testnet = (
        Client("key", "secret", journal=journal, **where)
        for where in ({}, {"base_endpoint": "3"}, {"testnet": True})  # type: ignore[arg-type]
    )
    live._guard._doubts.note(Doubt("BTCUSDT", "mine", 1_700_000_000_000, 5_000.0), 1)
    assert [unknown.client_order_id for unknown in door.undecided_orders()] == ["mine"]
    assert testnet.undecided_orders() == []
