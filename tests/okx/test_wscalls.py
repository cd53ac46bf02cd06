"""Orders over the private websocket against their twins on REST, on the embedded exchange and through its troubles."""

from __future__ import annotations

import inspect
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from exchangeclient.core.calling.endpoint import declaration, endpoints
from exchangeclient.core.process import reactor
from exchangeclient.core.process.clock import FakeClock, VenueClock
from exchangeclient.exceptions import (
    AuthenticationException,
    ExchangeRequestException,
    OrderMinPriceException,
    OrderNotAmendedException,
    OrderNotFoundException,
    OrderNotPlacedException,
    OrderUnknownSymbolException,
    RateLimitException,
)
from exchangeclient.okx.client import Client
from exchangeclient.okx.wsapi import HOST, OPERATIONS
from exchangeclient.okx.wscalls import WsCalls
from exchangeclient.sandbox import Sandbox

OPENS_US = 1_700_000_000_000_000
READ_S = 30.0
SHORT_S = 1.0  # how long an answer that does not come is waited for, by the machine's clock
TWINS = {declared.name: declared for declared in endpoints(WsCalls) if declared.host == HOST}
LIMIT: dict[str, Any] = {"instId": "BTC-USDT", "sz": "0.01", "px": "5000"}


class Market:
    """A sandbox by a clock that goes on by itself when something waits, and clients of it."""

    def __init__(self) -> None:
        self.machine = FakeClock(OPENS_US // 1000)
        self.exchange = Sandbox(seed=7, clock=lambda: OPENS_US + round(self.machine.monotonic_s() * 1_000_000))
        self.exchange.start()
        self._clients: list[Client] = []
        self.user = self.client()
        self.user.get_instruments("SPOT")  # the rules, so that no fault meets the question after them

    def client(self, secret: str = "secret", read_s: float = READ_S, **arguments: Any) -> Client:
        client = Client(
            "key",
            secret,
            "passphrase",
            environment=self.exchange.urls["okx"],
            clock=VenueClock(self.machine),
            requests_params={"timeout": (READ_S, read_s)},
            **arguments,
        )
        self._clients.append(client)
        return client

    def impatient(self) -> Client:
        """A client that does not wait long, connected and with the rules at hand."""
        client = self.client(read_s=SHORT_S)
        client.get_instruments("SPOT", requests_params={"timeout": READ_S})
        with pytest.raises(OrderNotFoundException):
            client.ws_cancel_order(instId="BTC-USDT", ordId="1", requests_params={"timeout": READ_S})
        return client

    def orders(self) -> list[dict[str, Any]]:
        return [*self.user.get_open_orders(), *self.user.get_order_history("SPOT")]

    def stop(self) -> None:
        for client in self._clients:
            client.close()
        self.exchange.stop()


@pytest.fixture
def market() -> Iterator[Market]:
    market = Market()
    yield market
    market.stop()


# What there is


def test_every_operation_of_the_venue_has_its_call() -> None:
    assert {OPERATIONS[declared.verb, declared.path] for declared in TWINS.values()} == set(OPERATIONS.values())


@pytest.mark.parametrize("name", TWINS)
def test_a_twin_is_its_rest_call_by_another_way(name: str) -> None:
    here, there = TWINS[name], declaration(getattr(Client, name.removeprefix("ws_")))
    for said in ("verb", "path", "weight", "security", "kind", "counts", "by", "orders", "function", "parameters"):
        assert getattr(here, said) == getattr(there, said)
    assert inspect.signature(getattr(Client, name)) == inspect.signature(getattr(Client, there.name))
    text = inspect.getdoc(getattr(Client, name)) or ""
    assert f"``{OPERATIONS[here.verb, here.path]}`` of the private websocket" in text


# Answers


def test_an_order_lives_over_the_socket_alone(market: Market) -> None:
    user = market.user
    placed = user.ws_order_limit_buy(**LIMIT, clOrdId="mine")
    assert (placed["sCode"], placed["clOrdId"]) == ("0", "mine")
    assert user.ws_amend_order(instId="BTC-USDT", ordId=placed["ordId"], newSz="0.02")["ordId"] == placed["ordId"]
    assert user.get_order(instId="BTC-USDT", ordId=placed["ordId"])["sz"] == "0.02"
    assert user.ws_cancel_order(instId="BTC-USDT", clOrdId="mine")["ordId"] == placed["ordId"]
    bought = user.ws_order_market_buy(instId="BTC-USDT", quoteOrderQty="100")
    assert user.get_order(instId="BTC-USDT", ordId=bought["ordId"])["state"] == "filled"
    sold = user.ws_order_market_sell(instId="BTC-USDT-SWAP", sz="1")
    closed = user.ws_order_market_buy(instId="BTC-USDT-SWAP", sz="1", reduceOnly=True)
    assert [user.get_order(instId="BTC-USDT-SWAP", ordId=each["ordId"])["reduceOnly"] for each in (sold, closed)] == ["false", "true"]


def test_lists_go_over_the_socket_too(market: Market) -> None:
    user, row = market.user, {**LIMIT, "tdMode": "cash", "side": "buy", "ordType": "limit"}
    placed = user.ws_create_orders([row, {**row, "side": "sell", "sz": "1500", "px": "5900"}, {**row, "px": "5001"}])
    assert [each["sCode"] for each in placed] == ["0", "51008", "0"]
    ids = [each["ordId"] for each in placed if each["sCode"] == "0"]
    amended = user.ws_amend_orders([{"instId": "BTC-USDT", "ordId": each, "newSz": "0.03"} for each in ids])
    assert [each["ordId"] for each in amended] == ids
    assert {order["sz"] for order in user.get_open_orders()} == {"0.03"}
    cancelled = user.ws_cancel_orders([{"instId": "BTC-USDT", "ordId": each} for each in ids])
    assert [each["sCode"] for each in cancelled] == ["0", "0"]
    assert user.get_open_orders() == []


def test_threads_share_the_socket_and_get_their_own_answers(market: Market) -> None:
    wrong: list[str] = []

    def work(number: int) -> None:
        for turn in range(5):
            name = f"n{number}t{turn}"
            if market.user.ws_order_limit_buy(**LIMIT, clOrdId=name)["clOrdId"] != name:
                wrong.append(name)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
    assert len(market.user.get_open_orders()) == 30


def test_a_closed_client_can_be_used_again(market: Market) -> None:
    first = market.user.ws_order_limit_buy(**LIMIT)
    market.user.close()
    assert market.user.ws_cancel_order(instId="BTC-USDT", ordId=first["ordId"])["ordId"] == first["ordId"]


def test_a_call_on_the_reactors_thread_is_refused_at_once(market: Market) -> None:
    def call() -> str:
        with pytest.raises(RuntimeError, match="would block the reactor's thread") as refused:
            market.user.ws_cancel_order(instId="BTC-USDT", ordId="1")
        return str(refused.value)

    assert "ws_cancel_order()" in reactor.wait(call)


# Refusals


def test_the_order_rules_are_held_before_anything_is_sent(market: Market) -> None:
    with pytest.raises(OrderMinPriceException):
        market.user.ws_order_limit_buy(**{**LIMIT, "px": "5000.00001"})
    with pytest.raises(OrderUnknownSymbolException):
        market.user.ws_order_limit_buy(**{**LIMIT, "instId": "NO-SUCH"})
    with pytest.raises(TypeError, match=r"ws_create_order\(\) needs px"):
        market.user.ws_create_order(instId="BTC-USDT", tdMode="cash", side="buy", ordType="limit", sz="1")
    with pytest.raises(TypeError, match=r"goes over the private websocket: requests_params takes timeout"):
        market.user.ws_order_limit_buy(**LIMIT, headers={"X": "1"})
    assert market.orders() == []


def test_a_venues_refusal_is_the_same_both_ways(market: Market) -> None:
    caught = []
    for name in ("cancel_order", "ws_cancel_order"):
        with pytest.raises(OrderNotFoundException) as refused:
            getattr(market.user, name)(instId="BTC-USDT", ordId="999")
        caught.append(refused.value)
    rest, socket = caught
    assert (socket.code, socket.message, socket.venue) == (rest.code, rest.message, rest.venue)


@pytest.mark.parametrize("secret", ["wrong"])
def test_a_wrong_secret_is_refused_by_its_meaning_and_a_login_is_not_tried_for_ever(market: Market, secret: str) -> None:
    stranger = market.client(secret)
    for _ in range(2):
        with pytest.raises(AuthenticationException) as refused:
            stranger.ws_cancel_order(instId="BTC-USDT", ordId="1")
        assert refused.value.code in (60007, 60009)


def test_nobody_there_is_told_within_the_timeout_with_its_reason() -> None:
    nobody = Client("key", "secret", "passphrase", environment="http://127.0.0.1:9", requests_params={"timeout": 1})
    nobody._guard._listings.note([{"instId": "BTC-USDT", "instType": "SPOT", "instIdCode": 1, "state": "live"}])
    with pytest.raises(ExchangeRequestException, match=r"cannot connect|not ready") as refused:
        nobody.ws_order_limit_buy(**LIMIT, disable_validation=True)
    assert refused.value.sent == "no"
    nobody.close()


def test_one_budget_is_spent_both_ways(market: Market) -> None:
    for way in ("order_limit_buy", "ws_order_limit_buy") * 30:
        getattr(market.user, way)(**LIMIT)
    for way in ("order_limit_buy", "ws_order_limit_buy"):
        with pytest.raises(RateLimitException, match="not sent"):
            getattr(market.user, way)(**LIMIT)


# Lost answers: the rows O02 to O04, O10, O11 and O22 over the socket


ENDINGS: dict[str, dict[str, Any]] = {"closed": {"ending": "close"}, "reset": {"ending": "reset"}, "silent": {"ending": "silence"}}


@pytest.mark.parametrize("kind", ENDINGS)
def test_o02_an_order_that_was_accepted_is_found_and_not_sent_twice(market: Market, kind: str) -> None:
    user = market.impatient()
    market.exchange.fault("drop", route="order", when="after", times=1, **ENDINGS[kind])
    placed = user.ws_order_limit_buy(**LIMIT)
    assert (placed["state"], placed["sCode"]) == ("live", "0")
    assert [order["ordId"] for order in market.orders()] == [placed["ordId"]]
    assert user.undecided_orders() == []


@pytest.mark.parametrize("kind", ["closed", "silent"])
def test_o03_an_order_that_was_not_accepted_is_told_so(market: Market, kind: str) -> None:
    user = market.impatient()
    market.exchange.fault("drop", route="order", when="before", times=1, **ENDINGS[kind])
    with pytest.raises(OrderNotPlacedException):
        user.ws_order_limit_buy(**LIMIT)
    assert market.orders() == []


@pytest.mark.parametrize("processed", [True, False])
def test_o04_an_error_that_says_nothing_is_no_refusal(market: Market, processed: bool) -> None:
    market.exchange.fault("error", route="order", status=400, code=50004, processed=processed, times=1)
    if processed:
        assert market.user.ws_order_limit_buy(**LIMIT)["state"] == "live"
    else:
        with pytest.raises(OrderNotPlacedException):
            market.user.ws_order_limit_buy(**LIMIT)
    assert len(market.orders()) == processed


def test_of_a_list_whose_answer_was_lost_every_order_is_asked_after(market: Market) -> None:
    rows = [{**LIMIT, "tdMode": "cash", "side": "buy", "ordType": "limit", "px": 5000 + n} for n in range(3)]
    market.exchange.fault("drop", route="batch-orders", when="after", ending="close", times=1)
    placed = market.user.ws_create_orders(rows)
    assert [row["px"] for row in placed] == ["5000", "5001", "5002"]
    assert len(market.orders()) == 3


@pytest.mark.parametrize("when", ["before", "after"])
def test_o11_a_cancellation_ends_in_the_orders_state(market: Market, when: str) -> None:
    placed = market.user.ws_order_limit_buy(**LIMIT)
    market.exchange.fault("drop", route="cancel-order", when=when, ending="close", times=1)
    assert market.user.ws_cancel_order(instId="BTC-USDT", ordId=placed["ordId"])["ordId"] == placed["ordId"]
    assert market.user.get_order(instId="BTC-USDT", ordId=placed["ordId"])["state"] == "canceled"


def test_o11_a_cancellation_is_repeated_over_rest_when_the_socket_stays_away(market: Market) -> None:
    placed = market.user.ws_order_limit_buy(**LIMIT)
    market.exchange.fault("error", route="WS /ws/v5/*", status=503)
    market.exchange.fault("drop", route="cancel-order", when="before", ending="close", times=1)
    assert market.user.ws_cancel_order(instId="BTC-USDT", ordId=placed["ordId"])["ordId"] == placed["ordId"]
    assert market.user.get_open_orders() == []


def test_o10_the_cancellation_of_what_has_ended_says_how(market: Market) -> None:
    filled = market.user.ws_order_market_buy(instId="BTC-USDT", sz="0.01")
    with pytest.raises(OrderNotFoundException) as gone:
        market.user.ws_cancel_order(instId="BTC-USDT", ordId=filled["ordId"])
    assert gone.value.order["state"] == "filled"


def test_an_amendment_whose_answer_was_lost_is_told_by_the_order(market: Market) -> None:
    placed = market.user.ws_order_limit_buy(**LIMIT)
    market.exchange.fault("drop", route="amend-order", when="after", ending="close", times=1)
    assert market.user.ws_amend_order(instId="BTC-USDT", ordId=placed["ordId"], newSz="0.02")["sz"] == "0.02"
    market.exchange.fault("drop", route="amend-order", when="before", ending="close", times=1)
    with pytest.raises(OrderNotAmendedException):
        market.user.ws_amend_order(instId="BTC-USDT", ordId=placed["ordId"], newPx="5001")


def test_o22_an_order_in_doubt_over_the_socket_is_in_doubt_on_rest(market: Market) -> None:
    """Its id is the same one, whichever way it went."""
    market.exchange.fault("drop", route="order", when="after", ending="close", times=1)
    market.exchange.fault("error", route="GET /api/v5/trade/order", status=503, times=1)
    placed = market.user.ws_order_limit_buy(**LIMIT, clOrdId="mine")
    again = market.user.order_limit_buy(**LIMIT, clOrdId="mine")
    assert again["ordId"] == placed["ordId"]
    assert len(market.orders()) == 1


def test_a_key_that_is_revoked_after_its_login_is_refused_by_its_meaning(market: Market) -> None:
    placed = market.user.ws_order_limit_buy(**LIMIT)
    market.exchange.revoke("key")
    with pytest.raises(AuthenticationException):
        market.user.ws_cancel_order(instId="BTC-USDT", ordId=placed["ordId"])


def test_s04_an_upgrade_that_is_announced_costs_no_order(market: Market) -> None:
    market.user.ws_order_limit_buy(**LIMIT)
    market.exchange.fault("shutdown", socket="/ws/v5/*", notice=0.5, times=1)
    for _ in range(5):
        assert market.user.ws_order_limit_buy(**LIMIT)["sCode"] == "0"


def test_an_answer_that_cannot_be_read_leaves_a_doubt_that_is_settled(market: Market) -> None:
    user = market.impatient()
    garbled = market.exchange.fault("replace", route="order", text='{"id": "2", "op": "order"}', times=1)
    placed = user.ws_order_limit_buy(**LIMIT)
    assert garbled.hits == 1
    assert [order["ordId"] for order in market.orders()] == [placed["ordId"]]
