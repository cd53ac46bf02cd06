"""Orders whose answers are lost: the rows of trouble that an order can meet, on a venue in memory.

The machine's clock is set by hand and goes on by itself when something waits, so that nothing here takes the time that it is about.
"""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import pytest
from order_wire import ORDER, URL, Answer, Fault, Wire, lost, saying, taken, unreachable, unsent

from exchangeclient.binance.client import Client
from exchangeclient.exceptions import (
    DuplicateOrderException,
    ExchangeAPIException,
    ExchangeRequestException,
    InsufficientFundsException,
    JournalException,
    OrderException,
    OrderIcebergException,
    OrderInactiveSymbolException,
    OrderMinAmountException,
    OrderMinPriceException,
    OrderMinTotalException,
    OrderNotFoundException,
    OrderNotPlacedException,
    OrderPriceBandException,
    OrderStatusUnknownException,
    OrderUnknownSymbolException,
    RateLimitException,
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
    (504, {"code": -1007, "msg": "Timeout waiting for response from backend server. Send status unknown; execution status unknown."}),
    (408, b""),
    (200, b'{"symbol": "BTCUSDT", "orderId"'),
    (200, {"success": False, "msg": "Something went wrong."}),
]


def test_O01_cut_before_it_left_is_a_plain_error_after_which_a_repeat_is_safe(wire: Wire, client: Client) -> None:
    wire.fail("POST order", unsent)
    with pytest.raises(ExchangeRequestException) as caught:
        client.order_limit_buy(**ORDER)
    assert type(caught.value) is ExchangeRequestException
    assert caught.value.sent == "no"
    assert wire.calls("GET order") == []
    assert client.undecided_orders() == []
    assert client.order_limit_buy(**ORDER)["status"] == "NEW"
    assert len(wire.venue.orders) == 1


def test_O02_an_order_whose_answer_is_lost_is_found_by_its_id(wire: Wire, client: Client) -> None:
    wire.fail("POST order", taken)
    order = client.order_limit_buy(**ORDER)
    (placed,) = wire.venue.orders
    assert (order["orderId"], order["clientOrderId"], order["status"]) == (placed.number, placed.client_order_id, "NEW")
    assert len(wire.calls("POST")) == 1
    assert client.undecided_orders() == []


def test_O02_so_is_a_list_of_orders(wire: Wire, client: Client) -> None:
    wire.fail("POST orderList/oco", taken)
    legs = {"aboveType": "LIMIT_MAKER", "abovePrice": "20", "belowType": "STOP_LOSS", "belowStopPrice": "8"}
    placed = client.create_oco_order(symbol="BTCUSDT", side="SELL", quantity="2", **legs)
    assert wire.venue.lists == {placed["listClientOrderId"]: placed}
    assert len(wire.calls("POST")) == 1


def test_O03_an_order_that_never_arrived_is_certain_when_its_time_is_over(wire: Wire, client: Client) -> None:
    wire.fail("POST order", lost)
    with pytest.raises(OrderNotPlacedException, match="was not placed") as caught:
        client.order_limit_buy(**ORDER)
    (sent,) = wire.calls("POST")
    assert wire.now_ms() > int(sent["timestamp"]) + 5_000 + 10_000
    assert caught.value.client_order_id == sent["newClientOrderId"]
    assert isinstance(caught.value.__cause__, ExchangeRequestException)
    late = [asked for asked in wire.calls("GET order") if int(asked["timestamp"]) - 1_000 > int(sent["timestamp"]) + 15_000]
    assert len(late) == 2
    assert wire.venue.orders == []
    assert client.undecided_orders() == []


def test_O03_so_is_a_list_of_orders(wire: Wire, client: Client) -> None:
    wire.fail("POST order/oco", lost)
    with pytest.raises(OrderNotPlacedException):
        client.create_old_oco_order(symbol="BTCUSDT", side="SELL", quantity="2", price="20", stopPrice="8")


@pytest.mark.parametrize(("status", "body"), AMBIGUOUS)
@pytest.mark.parametrize("done", [True, False])
def test_O04_an_answer_that_does_not_know_is_no_refusal(wire: Wire, client: Client, status: int, body: Any, done: bool) -> None:
    wire.fail("POST order", saying(status, body, done=done))
    if done:
        assert client.order_limit_buy(**ORDER)["orderId"] == 1
    else:
        with pytest.raises(OrderNotPlacedException):
            client.order_limit_buy(**ORDER)
    assert len(wire.calls("POST")) == 1


@pytest.mark.parametrize("lag_s", [3, 14])
def test_O05_an_order_that_queries_do_not_show_yet_is_waited_for(wire: Wire, client: Client, lag_s: int) -> None:
    wire.venue.lag_ms = lag_s * 1000
    wire.fail("POST order", taken)
    assert client.order_limit_buy(**ORDER)["orderId"] == 1
    assert len(wire.calls("GET order")) > 2
    assert len(wire.calls("POST")) == 1


def test_O05_one_look_that_finds_nothing_is_not_enough(wire: Wire, client: Client) -> None:
    missing = saying(400, {"code": -2013, "msg": "Order does not exist."}, done=False)

    def in_time(wire: Wire, verb: str, path: str, params: dict[str, str]) -> Answer:
        wire.machine.advance(17)
        return missing(wire, verb, path, params)

    wire.fail("POST order", taken)
    wire.fail("GET order", in_time, missing)
    assert client.order_limit_buy(**ORDER)["orderId"] == 1


@pytest.mark.parametrize("done", [True, False])
def test_O06_a_venue_out_of_reach_leaves_it_unknown_and_resolve_asks_again(wire: Wire, client: Client, done: bool) -> None:
    wire.fail("POST order", taken if done else lost)
    wire.fail("GET order", *[unreachable] * 50)
    began_s = wire.machine.monotonic_s()
    with pytest.raises(OrderStatusUnknownException, match=r"no route to host.*resolve\(\) asks") as caught:
        client.order_limit_buy(**ORDER)
    assert 25 < wire.machine.monotonic_s() - began_s < 36
    unknown = caught.value
    assert (unknown.symbol, unknown.client_order_id) == ("BTCUSDT", wire.calls("POST")[0]["newClientOrderId"])
    assert unknown.decidable_at == int(wire.calls("POST")[0]["timestamp"]) + 15_000
    assert [one.client_order_id for one in client.undecided_orders()] == [unknown.client_order_id]
    with pytest.raises(OrderStatusUnknownException) as again:
        unknown.resolve()
    wire.faults.clear()
    if done:
        assert again.value.resolve()["orderId"] == 1
    else:
        with pytest.raises(OrderNotPlacedException):
            again.value.resolve()
    assert client.undecided_orders() == []
    assert len(wire.calls("POST")) == 1


@pytest.mark.parametrize("done", [True, False])
def test_O06_with_a_journal_another_run_resolves_it(wire: Wire, tmp_path: Path, done: bool) -> None:
    client = wire.client(journal=tmp_path / "orders")
    wire.fail("POST order", taken if done else lost)
    wire.fail("GET order", *[unreachable] * 50)
    with pytest.raises(OrderStatusUnknownException) as caught:
        client.order_limit_buy(**ORDER)
    wire.faults.clear()
    other_account = Client("another", "secret", environment={"rest": URL}, clock=wire.machine, journal=tmp_path / "orders")
    assert other_account.undecided_orders() == []
    (found,) = wire.client(journal=tmp_path / "orders").undecided_orders()
    assert (found.client_order_id, found.decidable_at) == (caught.value.client_order_id, caught.value.decidable_at)
    if done:
        assert found.resolve()["orderId"] == 1
    else:
        with pytest.raises(OrderNotPlacedException):
            found.resolve()
    assert wire.client(journal=tmp_path / "orders").undecided_orders() == []
    assert b"key" not in (tmp_path / "orders").read_bytes().replace(b"KEY", b"")


def test_O07_a_market_order_that_was_filled_at_once_is_filled_once(wire: Wire, client: Client) -> None:
    wire.fail("POST order", taken)
    order = client.order_market_buy(symbol="BTCUSDT", quantity="2", newClientOrderId="mine")
    assert (order["status"], order["executedQty"]) == ("FILLED", "2.00000000")
    assert len(wire.venue.orders) == 1


@pytest.mark.parametrize("done", [True, False])
def test_O07_an_older_order_of_the_same_id_is_not_taken_for_it(wire: Wire, client: Client, done: bool) -> None:
    client.order_market_buy(symbol="BTCUSDT", quantity="2", newClientOrderId="mine")
    wire.machine.advance(60)
    wire.fail("POST order", taken if done else lost)
    if done:
        assert client.order_market_buy(symbol="BTCUSDT", quantity="2", newClientOrderId="mine")["orderId"] == 2
    else:
        with pytest.raises(OrderNotPlacedException):
            client.order_market_buy(symbol="BTCUSDT", quantity="2", newClientOrderId="mine")


@pytest.mark.parametrize("done", [True, False])
def test_O07_nor_is_one_that_was_placed_under_it_just_before(wire: Wire, client: Client, done: bool) -> None:
    client.order_market_buy(symbol="BTCUSDT", quantity="2", newClientOrderId="mine")
    wire.fail("POST order", taken if done else lost)
    if done:
        assert client.order_market_buy(symbol="BTCUSDT", quantity="3", newClientOrderId="mine")["orderId"] == 2
    else:
        with pytest.raises(OrderNotPlacedException):
            client.order_market_buy(symbol="BTCUSDT", quantity="3", newClientOrderId="mine")


def test_O08_an_id_in_use_is_looked_up_and_compared(wire: Wire, client: Client) -> None:
    first = client.order_limit_buy(**ORDER, newClientOrderId="mine")
    wire.machine.advance(3600)
    assert client.order_limit_buy(**ORDER, newClientOrderId="mine") == {name: first[name] for name in first if name != "transactTime"}
    for other in ({"price": "11"}, {"quantity": "3"}, {"timeInForce": "IOC"}):
        with pytest.raises(DuplicateOrderException, match=r"Duplicate order sent. \(the order is NEW\)") as caught:
            client.order_limit_buy(**{**ORDER, **other}, newClientOrderId="mine")
        assert caught.value.order["orderId"] == first["orderId"]
    assert len(wire.venue.orders) == 1


CHILD = """
import sys
from requests.adapters import BaseAdapter
from threading import Event
from exchangeclient.binance.client import Client

class Silent(BaseAdapter):
    def send(self, request, *args, **kwargs):
        print(request.body.decode(), flush=True)
        Event().wait()
    def close(self): ...

client = Client("key", "secret", environment={"rest": "http://sandbox.localhost"}, journal=sys.argv[1], clock=__import__(
    "exchangeclient.core.process.clock", fromlist=["FakeClock"]).FakeClock())
client.session.mount("http://sandbox.localhost", Silent())
client.order_limit_buy(symbol="BTCUSDT", quantity="2", price="10", disable_validation=True)
"""


@pytest.mark.parametrize("done", [True, False])
def test_O09_an_order_on_its_way_when_the_process_is_killed_is_listed_at_the_next_start(wire: Wire, tmp_path: Path, done: bool) -> None:
    journal = tmp_path / "orders"
    with subprocess.Popen([sys.executable, "-c", CHILD, str(journal)], stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        sent = dict(parse_qsl(child.stdout.readline().strip()))
        child.send_signal(signal.SIGKILL if hasattr(signal, "SIGKILL") else signal.SIGTERM)
    if done:
        wire.venue.do("POST", "/api/v3/order", sent)
    client = wire.client(journal=journal)
    (unknown,) = client.undecided_orders()
    assert unknown.client_order_id == sent["newClientOrderId"]
    if done:
        assert unknown.resolve()["orderId"] == 1
    else:
        with pytest.raises(OrderNotPlacedException):
            unknown.resolve()
    assert client.undecided_orders() == []
    assert wire.client(journal=journal).undecided_orders() == []


def test_O09_an_order_that_cannot_be_written_down_does_not_leave(wire: Wire, tmp_path: Path) -> None:
    client = wire.client(journal=tmp_path / "orders")
    client._guard._doubts._journal.close()  # type: ignore[union-attr]
    with pytest.raises(JournalException):
        client.order_limit_buy(**ORDER)
    assert wire.calls("POST") == []


def test_O09_a_settled_order_that_cannot_be_struck_out_is_answered_all_the_same(
    wire: Wire, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    client = wire.client(journal=tmp_path / "orders")

    def last_write(wire: Wire, verb: str, path: str, params: dict[str, str]) -> Answer:
        client._guard._doubts._journal.close()  # type: ignore[union-attr]
        return wire.venue.receive(verb, path, params)

    wire.fail("POST order", last_write)
    assert client.order_limit_buy(**ORDER)["orderId"] == 1
    assert "is settled and stays in the journal" in caplog.text
    (left,) = wire.client(journal=tmp_path / "orders").undecided_orders()
    assert left.resolve()["orderId"] == 1


@pytest.mark.parametrize("journal", [True, False])
def test_O09_an_order_that_was_interrupted_once_it_may_have_left_is_undecided(wire: Wire, tmp_path: Path, journal: bool) -> None:
    client = wire.client(journal=tmp_path / "orders" if journal else None)

    def interrupted(wire: Wire, verb: str, path: str, params: dict[str, str]) -> Answer:
        wire.venue.receive(verb, path, params)
        raise KeyboardInterrupt

    wire.fail("POST order", interrupted)
    with pytest.raises(KeyboardInterrupt):
        client.order_limit_buy(**ORDER)
    (unknown,) = client.undecided_orders()
    assert unknown.resolve()["orderId"] == 1
    assert client.undecided_orders() == []


@pytest.mark.parametrize("fault", [None, taken])
def test_O13_what_an_order_executed_before_it_expired_is_exact(wire: Wire, client: Client, fault: Fault | None) -> None:
    if fault is not None:
        wire.fail("POST order", fault)
    order = client.order_limit_buy(symbol="BTCUSDT", quantity="2.46913", price="10", timeInForce="IOC")
    assert order["status"] == "EXPIRED"
    assert Decimal(order["executedQty"]) == Decimal("1.234565")


def test_O15_a_refusal_by_a_rule_that_changed_refreshes_the_rules_once(wire: Wire, client: Client) -> None:
    client.order_limit_buy(**ORDER)
    wire.venue.filters[1] = {**wire.venue.filters[1], "stepSize": "1", "minQty": "1"}
    wire.venue.refuses.append((-1013, "Filter failure: LOT_SIZE"))
    with pytest.raises(ExchangeAPIException, match="Filter failure: LOT_SIZE") as caught:
        client.order_limit_buy(**{**ORDER, "quantity": "2.5"})
    assert (caught.value.code, caught.value.rule) == (-1013, "LOT_SIZE")
    with pytest.raises(OrderMinAmountException):
        client.order_limit_buy(**{**ORDER, "quantity": "2.5"})
    assert len(wire.calls("GET exchangeInfo")) == 2
    assert len(wire.calls("POST")) == 2


def test_O15_a_refusal_that_is_no_rule_is_the_venues_text(wire: Wire, client: Client) -> None:
    wire.venue.refuses.append((-2010, "Account has insufficient balance for requested action."))
    with pytest.raises(InsufficientFundsException, match="insufficient balance"):
        client.order_limit_buy(**ORDER)
    assert wire.calls("GET order") == []


@pytest.mark.parametrize(
    ("changed", "error", "rule", "nearest"),
    [
        ({"price": "10.005"}, OrderMinPriceException, "PRICE_FILTER", "10.00"),
        ({"quantity": 2.000001}, OrderMinAmountException, "LOT_SIZE", "2.00000"),
        ({"quantity": "0.1"}, OrderMinTotalException, "NOTIONAL", "5"),
        ({"icebergQty": "0.01"}, OrderIcebergException, "ICEBERG_PARTS", "0.2"),
        ({"price": "31"}, OrderPriceBandException, "PERCENT_PRICE_BY_SIDE", "30.00"),
    ],
)
def test_O16_an_order_that_breaks_a_rule_is_never_sent(
    wire: Wire, client: Client, changed: dict[str, Any], error: type[OrderException], rule: str, nearest: str
) -> None:
    wire.venue.filters += [
        {"filterType": "ICEBERG_PARTS", "limit": 10},
        {"filterType": "PERCENT_PRICE_BY_SIDE", "bidMultiplierUp": "2", "bidMultiplierDown": "0.5", "avgPriceMins": 5},
    ]
    wire.fail("GET avgPrice", saying(200, {"mins": 5, "price": "15.00000000", "closeTime": 1}, done=False))
    client.get_avg_price(symbol="BTCUSDT")
    with pytest.raises(error) as caught:
        client.order_limit_buy(**{**ORDER, **changed})
    assert (caught.value.rule, caught.value.nearest) == (rule, Decimal(nearest))
    assert caught.value.limit is not None
    assert wire.calls("POST") == []


def test_O17_a_symbol_that_is_unknown_or_halted_takes_no_order_unless_the_rules_are_off(wire: Wire, client: Client) -> None:
    unknown = saying(400, {"code": -1121, "msg": "Invalid symbol."}, done=False)
    wire.fail("GET exchangeInfo", unknown)
    with pytest.raises(OrderUnknownSymbolException):
        client.order_limit_buy(**ORDER)
    halted = {"symbol": "BTCUSDT", "status": "HALT", "filters": []}
    wire.fail("GET exchangeInfo", saying(200, {"symbols": [halted]}, done=False))
    with pytest.raises(OrderInactiveSymbolException, match="status HALT"):
        client.order_limit_buy(**ORDER)
    assert wire.calls("POST") == []
    assert client.order_limit_buy(**ORDER, disable_validation=True)["status"] == "NEW"


def test_O18_ids_of_32_threads_are_all_different(wire: Wire, client: Client) -> None:
    client.order_limit_buy(**ORDER)
    with ThreadPoolExecutor(32) as pool:
        ids = [order["clientOrderId"] for order in pool.map(lambda _: client.order_limit_buy(**ORDER), range(48))]
    assert len(set(ids)) == 48
    assert all(re.fullmatch(r"[a-zA-Z0-9_-]{1,36}", each) for each in ids)


def test_O20_a_test_order_places_nothing_and_a_client_shows_where_it_goes(wire: Wire, client: Client) -> None:
    wire.fail("POST order/test", saying(200, {}, done=False))
    assert client.create_test_order(**ORDER, side="BUY", type="LIMIT", timeInForce="GTC") == {}
    assert wire.venue.orders == []
    assert URL in repr(client)
    client._caller._bases = {"rest": "https://api.binance.com"}
    with pytest.raises(ExchangeRequestException, match="the API key is not sent to") as caught:
        client.get_account()
    assert caught.value.sent == "no"


@pytest.mark.parametrize("off_s", [-86_400, -3, 3, 86_400])
@pytest.mark.parametrize("done", [True, False])
def test_O21_a_clock_that_is_set_while_an_order_is_asked_for_decides_nothing(wire: Wire, tmp_path: Path, off_s: int, done: bool) -> None:
    wire.venue.lag_ms = 12_000
    client = wire.client(journal=tmp_path / "orders")
    wire.fail("POST order", taken if done else lost)
    wire.fail("GET order", *[unreachable] * 50)
    with pytest.raises(OrderStatusUnknownException):
        client.order_limit_buy(**{**ORDER, "recvWindow": 60_000})
    wire.faults.clear()
    wire.machine.step(off_s)
    (unknown,) = wire.client(journal=tmp_path / "orders", settle_timeout=100).undecided_orders()  # its clock has never been measured
    if done:
        assert unknown.resolve()["orderId"] == 1
    else:
        with pytest.raises(OrderNotPlacedException):
            unknown.resolve()
        assert wire.now_ms() > unknown.decidable_at


@pytest.mark.parametrize("done", [True, False])
def test_O21_a_clock_that_the_venue_finds_wrong_is_put_right_on_the_way(wire: Wire, client: Client, done: bool) -> None:
    wire.fail("POST order", taken if done else lost)
    wire.venue.lag_ms = 3_000

    def set_forward(wire: Wire, verb: str, path: str, params: dict[str, str]) -> Answer:
        wire.venue.now_ms = lambda: wire.now_ms() + 30_000  # theirs, of which nothing here can be seen
        return wire.venue.receive(verb, path, params)

    wire.fail("GET order", set_forward)
    if done:
        assert client.order_limit_buy(**ORDER)["orderId"] == 1
    else:
        with pytest.raises(OrderNotPlacedException):
            client.order_limit_buy(**ORDER)


@pytest.mark.parametrize("done", [True, False])
def test_O22_the_same_order_placed_again_by_hand_is_resolved_first(wire: Wire, client: Client, done: bool) -> None:
    wire.fail("POST order", taken if done else lost)
    wire.fail("GET order", *[unreachable] * 50)
    with pytest.raises(OrderStatusUnknownException):
        client.order_limit_buy(**ORDER, newClientOrderId="mine")
    with pytest.raises(OrderStatusUnknownException):
        client.order_limit_buy(**ORDER, newClientOrderId="mine")
    assert len(wire.calls("POST")) == 1
    wire.faults.clear()
    if done:
        wire.venue.orders[0].status = "FILLED"  # so that its id is free again
    order = client.order_limit_buy(**ORDER, newClientOrderId="mine")
    assert order["status"] == ("FILLED" if done else "NEW")
    assert len(wire.venue.orders) == 1
    assert len(wire.calls("POST")) == (1 if done else 2)


def test_O22_another_order_under_the_id_is_not_taken_for_it(wire: Wire, client: Client) -> None:
    wire.fail("POST order", taken)
    wire.fail("GET order", *[unreachable] * 50)
    with pytest.raises(OrderStatusUnknownException):
        client.order_limit_buy(**ORDER, newClientOrderId="mine")
    wire.faults.clear()
    with pytest.raises(DuplicateOrderException, match="not sent: another order was in doubt under the id mine") as caught:
        client.order_limit_buy(**{**ORDER, "price": "11"}, newClientOrderId="mine")
    assert caught.value.order["orderId"] == 1
    assert len(wire.calls("POST")) == 1


def test_a_refusal_for_its_time_is_repeated_once_and_only_that(wire: Wire, client: Client) -> None:
    client.order_limit_buy(**ORDER)
    late = saying(400, {"code": -1021, "msg": "Timestamp for this request is outside of the recvWindow."}, done=False)
    wire.fail("POST order", late)
    client.order_limit_buy(**ORDER)
    assert len(wire.venue.orders) == 2
    wire.fail("POST order", late, late)
    with pytest.raises(ExchangeAPIException, match="-1021"):
        client.order_limit_buy(**ORDER)
    assert len(wire.calls("POST")) == 1 + 2 + 2
    assert client.undecided_orders() == []


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (429, {"code": -1003, "msg": "Too much request weight used; current limit is 1 request weight per 1 MINUTE."}),
        (429, {"code": -1015, "msg": "Too many new orders; current limit is 1 orders per 10 SECOND."}),
        (403, b"<html>firewall</html>"),
        (400, {"code": -1013, "msg": "Filter failure: PERCENT_PRICE_BY_SIDE"}),
        (401, {"code": -2015, "msg": "Invalid API-key, IP, or permissions for action."}),
    ],
)
def test_a_refusal_is_final(wire: Wire, client: Client, status: int, body: Any) -> None:
    wire.fail("POST order", saying(status, body, done=False))
    with pytest.raises(ExchangeAPIException) as caught:
        client.order_limit_buy(**ORDER)
    assert caught.value.status_code == status
    assert not caught.value.outcome_unknown
    assert (len(wire.calls("POST")), wire.calls("GET order")) == (1, [])
    assert client.undecided_orders() == []


def test_an_order_that_the_governor_keeps_back_leaves_no_doubt(wire: Wire, client: Client) -> None:
    wire.fail("GET time", saying(429, {"code": -1003, "msg": "Too many requests queued."}, done=False))
    with pytest.raises(RateLimitException):
        client.get_server_time()
    with pytest.raises(RateLimitException, match="not sent"):
        client.order_limit_buy(**ORDER, disable_validation=True)
    assert wire.calls("POST") == []
    assert client.undecided_orders() == []


ARCHIVED = saying(
    400, {"code": -2026, "msg": "Order was canceled or expired with no executed qty over 90 days ago and has been archived."}, done=False
)


def test_an_archived_order_was_placed(wire: Wire, client: Client) -> None:
    wire.fail("POST order", taken)
    wire.fail("GET order", *[unreachable] * 50)
    with pytest.raises(OrderStatusUnknownException) as caught:
        client.order_limit_buy(**ORDER)
    wire.machine.advance(91 * 86_400)
    wire.fail("GET order", ARCHIVED)
    with pytest.raises(OrderNotFoundException, match="has been archived"):
        caught.value.resolve()
    assert client.undecided_orders() == []


@pytest.mark.parametrize("done", [True, False])
def test_an_archived_order_of_the_id_is_not_the_one_that_has_just_left(wire: Wire, client: Client, done: bool) -> None:
    wire.fail("POST order", taken if done else lost)
    wire.fail("GET order", *[ARCHIVED] * 50)
    if done:
        assert client.order_limit_buy(**ORDER, newClientOrderId="mine")["orderId"] == 1
    else:
        with pytest.raises(OrderNotPlacedException):
            client.order_limit_buy(**ORDER, newClientOrderId="mine")


@pytest.mark.parametrize("shown", [[], "x", 5, None, {"status": 5}, {"orderId": None}, {"orderListId": 5}])
def test_an_answer_that_is_no_order_is_no_evidence(wire: Wire, client: Client, shown: Any) -> None:
    wire.fail("POST order", lost)
    wire.fail("GET order", *[saying(200, shown, done=False)] * 200)
    with pytest.raises(OrderStatusUnknownException, match="the answer is no order"):
        client.order_limit_buy(**ORDER)


def test_a_copy_of_an_unknown_order_says_how_to_ask(wire: Wire, client: Client) -> None:
    import pickle

    wire.fail("POST order", lost)
    wire.fail("GET order", *[unreachable] * 50)
    with pytest.raises(OrderStatusUnknownException) as caught:
        client.order_limit_buy(**ORDER)
    copied = pickle.loads(pickle.dumps(caught.value))
    assert (copied.client_order_id, copied.decidable_at) == (caught.value.client_order_id, caught.value.decidable_at)
    with pytest.raises(RuntimeError, match=r"use client.get_order\(symbol='BTCUSDT', origClientOrderId='"):
        copied.resolve()
