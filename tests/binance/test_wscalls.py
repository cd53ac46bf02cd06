"""The calls over the WebSocket API against their twins on REST, on the embedded exchange and through its troubles."""

from __future__ import annotations

import inspect
import threading
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from exchangeclient.binance.client import Client
from exchangeclient.binance.wsapi import HOST, METHODS
from exchangeclient.binance.wscalls import WsCalls
from exchangeclient.core.calling.endpoint import declaration, endpoints
from exchangeclient.core.http.request import Kind
from exchangeclient.core.process import reactor
from exchangeclient.core.process.clock import FakeClock, VenueClock
from exchangeclient.exceptions import (
    AuthenticationException,
    ExchangeAPIException,
    ExchangeRequestException,
    OrderMinPriceException,
    OrderNotFoundException,
    OrderNotPlacedException,
    RateLimitException,
    UnknownSymbolException,
)
from exchangeclient.sandbox import Sandbox
from exchangeclient.sandbox.dialects.accounts import Account

OPENS_US = 1_700_000_000_000_000
SYMBOL = "BTCUSDT"
READ_S = 10.0
SHORT_S = 0.4  # how long an answer that does not come is waited for, by the machine's clock

# The spot calls over the WebSocket API of python-binance 1.0.37.
FORMER = """ws_create_test_order ws_create_order ws_order_limit ws_order_limit_buy ws_order_limit_sell ws_order_market ws_order_market_buy
    ws_order_market_sell ws_get_order ws_cancel_order ws_cancel_and_replace_order ws_get_open_orders ws_cancel_all_open_orders
    ws_create_oco_order ws_create_oto_order ws_create_otoco_order ws_get_oco_order ws_cancel_oco_order ws_get_oco_open_orders
    ws_create_sor_order ws_create_test_sor_order ws_get_account ws_get_account_rate_limits_orders ws_get_all_orders ws_get_my_trades
    ws_get_prevented_matches ws_get_allocations ws_get_commission_rates ws_get_order_book ws_get_recent_trades ws_get_historical_trades
    ws_get_aggregate_trades ws_get_klines ws_get_uiKlines ws_get_avg_price ws_get_ticker ws_get_trading_day_ticker
    ws_get_symbol_ticker_window ws_get_symbol_ticker ws_get_orderbook_ticker ws_ping ws_get_time ws_get_exchange_info""".split()
TWINS = {declared.name: declared for declared in endpoints(WsCalls) if declared.host == HOST}


class Market:
    """A sandbox by a clock that goes on by itself when something waits, and clients of it."""

    def __init__(self, **arguments: Any) -> None:
        self.machine = FakeClock(OPENS_US // 1000)
        self.exchange = Sandbox(seed=7, clock=lambda: OPENS_US + round(self.machine.monotonic_s() * 1_000_000), **arguments)
        self.exchange.start()
        self._clients: list[Client] = []
        self.user = self.client()
        self.user.get_exchange_info()  # the rules, so that no fault meets the question after them
        last = Decimal(self.user.get_symbol_ticker(symbol=SYMBOL)["price"])
        self.below = str(round(last * Decimal("0.9"), 2))
        self.limit: dict[str, Any] = {"symbol": SYMBOL, "quantity": "0.01", "price": self.below}

    def client(self, key: str = "key", secret: str | None = "secret", **arguments: Any) -> Client:
        timeout = {"timeout": (5, arguments.pop("read_s", READ_S))}
        client = Client(
            key, secret, environment=self.exchange.urls["binance"], clock=VenueClock(self.machine), requests_params=timeout, **arguments
        )
        self._clients.append(client)
        return client

    def orders(self) -> list[dict[str, Any]]:
        return [order for order in self.user.get_all_orders(symbol=SYMBOL) if order["price"] in (self.below, f"{self.below}000000")]

    def stop(self) -> None:
        for client in self._clients:
            client.close()
        self.exchange.stop()


@pytest.fixture
def market() -> Iterator[Market]:
    market = Market()
    yield market
    market.stop()


@pytest.fixture(scope="module")
def shared() -> Iterator[Market]:
    market = Market()
    yield market
    market.stop()


# What there is


@pytest.mark.parametrize("name", FORMER)
def test_the_names_of_the_python_binance_line_are_there(name: str) -> None:
    assert callable(getattr(Client, name))
    assert (inspect.getdoc(getattr(Client, name)) or "").strip()


def test_every_method_of_the_venue_has_its_call() -> None:
    assert {METHODS[declared.verb, declared.path] for declared in TWINS.values()} == set(METHODS.values())


@pytest.mark.parametrize("name", TWINS)
def test_a_twin_is_its_rest_call_by_another_way(name: str) -> None:
    here, there = TWINS[name], declaration(getattr(Client, name.removeprefix("ws_")))
    for said in ("verb", "path", "weight", "security", "kind", "counts", "orders", "function", "parameters"):
        assert getattr(here, said) == getattr(there, said)
    assert inspect.signature(getattr(Client, name)) == inspect.signature(getattr(Client, name.removeprefix("ws_")))
    text = inspect.getdoc(getattr(Client, name)) or ""
    assert f"``{METHODS[here.verb, here.path]}``" in text
    assert there.name in text


def test_every_spot_call_that_the_venue_has_both_ways_has_its_twin() -> None:
    rest = {declared.name for declared in endpoints(Client) if declared.host == "rest" and (declared.verb, declared.path) in METHODS}
    assert {name.removeprefix("ws_") for name in TWINS} == rest


# Answers

READS: dict[str, dict[str, Any]] = {
    "ws_ping": {},
    "ws_get_exchange_info": {"symbols": [SYMBOL, "ETHBTC"]},
    "ws_get_execution_rules": {"symbol": SYMBOL},
    "ws_get_order_book": {"symbol": SYMBOL, "limit": 5},
    "ws_get_recent_trades": {"symbol": SYMBOL, "limit": 3},
    "ws_get_historical_trades": {"symbol": SYMBOL, "limit": 3},
    "ws_get_aggregate_trades": {"symbol": SYMBOL, "limit": 3},
    "ws_get_klines": {"symbol": SYMBOL, "interval": "1h", "limit": 3, "timeZone": "8"},
    "ws_get_ui_klines": {"symbol": SYMBOL, "interval": "1h", "limit": 3},
    "ws_get_avg_price": {"symbol": SYMBOL},
    "ws_get_ticker": {"symbols": [SYMBOL]},
    "ws_get_trading_day_ticker": {"symbol": SYMBOL, "type": "MINI"},
    "ws_get_symbol_ticker_window": {"symbol": SYMBOL, "windowSize": "1h"},
    "ws_get_symbol_ticker": {"symbol": SYMBOL},
    "ws_get_all_tickers": {},
    "ws_get_orderbook_ticker": {"symbol": SYMBOL},
    "ws_get_orderbook_tickers": {},
    "ws_get_open_orders": {},
    "ws_get_open_order_lists": {},
    "ws_get_all_orders": {"symbol": SYMBOL, "limit": 5},
    "ws_get_all_order_lists": {"limit": 5},
    "ws_get_account": {"omitZeroBalances": True, "recvWindow": 5000},
    "ws_get_account_commission": {"symbol": SYMBOL},
    "ws_get_my_trades": {"symbol": SYMBOL, "limit": 5},
    "ws_get_prevented_matches": {"symbol": SYMBOL, "orderId": 1},
    "ws_get_allocations": {"symbol": SYMBOL},
    "ws_get_my_filters": {"symbol": SYMBOL},
}


@pytest.mark.parametrize("name", READS)
def test_both_ways_answer_the_same(shared: Market, name: str) -> None:
    assert getattr(shared.user, name)(**READS[name]) == getattr(shared.user, name.removeprefix("ws_"))(**READS[name])


def test_an_order_lives_over_the_socket_alone(market: Market) -> None:
    user = market.user
    placed = user.ws_order_limit_buy(**market.limit, newOrderRespType="ACK")
    assert user.ws_get_order(symbol=SYMBOL, orderId=placed["orderId"])["status"] == "NEW"
    amended = user.ws_amend_order_keep_priority(symbol=SYMBOL, orderId=placed["orderId"], newQty="0.005")
    assert amended["amendedOrder"]["qty"] == "0.00500000"
    assert [each["newQty"] for each in user.ws_get_order_amendments(symbol=SYMBOL, orderId=placed["orderId"])] == ["0.00500000"]
    both = user.ws_cancel_and_replace_order(
        **market.limit, side="BUY", type="LIMIT", timeInForce="GTC", cancelReplaceMode="STOP_ON_FAILURE", cancelOrderId=placed["orderId"]
    )
    assert (both["cancelResult"], both["newOrderResult"]) == ("SUCCESS", "SUCCESS")
    assert [each["status"] for each in user.ws_cancel_all_open_orders(symbol=SYMBOL)] == ["CANCELED"]
    assert user.ws_order_market_buy(symbol=SYMBOL, quantity="0.01")["status"] == "FILLED"
    assert user.ws_create_test_order(symbol=SYMBOL, side="SELL", type="MARKET", quantity="0.01") == {}
    assert user.ws_order_market_sell(symbol=SYMBOL, quoteOrderQty=100)["status"] == "FILLED"


def test_the_request_id_of_the_python_binance_line_is_taken_and_not_sent(market: Market) -> None:
    assert market.user.ws_ping(id="my-own") == {}
    assert market.user.ws_get_order_book(symbol=SYMBOL, limit=5, id=7)["bids"]


def test_times_come_in_the_unit_of_the_client(market: Market) -> None:
    assert market.client(time_unit="MICROSECOND").ws_get_time()["serverTime"] >= OPENS_US
    assert market.user.ws_get_time()["serverTime"] < OPENS_US


def test_threads_share_the_socket_and_get_their_own_answers(market: Market) -> None:
    symbols = [entry["symbol"] for entry in market.user.get_exchange_info()["symbols"]][:4]
    wrong: list[str] = []

    def work(symbol: str) -> None:
        for _ in range(20):
            if market.user.ws_get_symbol_ticker(symbol=symbol)["symbol"] != symbol:
                wrong.append(symbol)

    threads = [threading.Thread(target=work, args=(symbol,)) for symbol in symbols * 2]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_a_call_on_the_reactors_thread_is_refused_at_once(market: Market) -> None:
    def call() -> str:
        with pytest.raises(RuntimeError, match="would block the reactor's thread") as refused:
            market.user.ws_ping()
        return str(refused.value)

    assert "ws_ping()" in reactor.wait(call)


def test_a_closed_client_can_be_used_again(market: Market) -> None:
    market.user.ws_ping()
    market.user.close()
    assert market.user.ws_ping() == {}


# Arguments and errors


def test_options_of_a_connection_are_refused_and_those_of_a_call_are_taken(market: Market) -> None:
    for options in ({"headers": {"X": "1"}}, {"requests_params": {"proxies": {}}}, {"requests_params": {"verify": "x.pem"}}):
        with pytest.raises(TypeError, match=r"ws_ping\(\) goes over the WebSocket API: requests_params takes timeout"):
            market.user.ws_ping(**options)
    assert market.user.ws_ping(requests_params={"timeout": 5, "priority": "order", "when_limited": "raise"}) == {}
    with pytest.raises(TypeError, match="requests_params must be a dict"):
        market.user.ws_ping(requests_params=5)


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("get_order", {"symbol": SYMBOL, "orderId": 999_999_999}),
        ("get_order_book", {"symbol": "NOPE"}),
        ("get_order_book", {}),
        ("get_order_book", {"symbol": SYMBOL, "limit": 0}),
        ("cancel_order", {"symbol": SYMBOL, "orderId": 999_999_999}),
        ("create_order", {"symbol": SYMBOL, "side": "BUY", "type": "LIMIT", "disable_validation": True}),
        ("create_order", {"symbol": "BTC-USDT", "side": "BUY", "type": "MARKET", "quantity": 1, "disable_validation": True}),
        ("get_account", {"timestamp": 1}),
    ],
)
def test_refusals_are_the_same_both_ways(market: Market, name: str, given: dict[str, Any]) -> None:
    caught = []
    for method in (name, f"ws_{name}"):
        with pytest.raises(ExchangeAPIException) as refused:
            getattr(market.user, method)(**given)
        caught.append(refused.value)
    rest, socket = caught
    assert (type(socket), socket.code, socket.message, socket.status_code, socket.venue) == (
        type(rest),
        rest.code,
        rest.message,
        rest.status_code,
        rest.venue,
    )
    assert socket.request is not None
    assert "***" in str(socket.request.body) or "signature" not in str(socket.request.body)


def test_the_order_rules_are_held_before_anything_is_sent(market: Market) -> None:
    market.user.ws_ping()
    before = market.user.limits()["limits"]["ORDERS-1D"]["used"]
    with pytest.raises(OrderMinPriceException):
        market.user.ws_order_limit_buy(**{**market.limit, "price": "1.001"})
    with pytest.raises(TypeError, match=r"ws_create_order\(\) needs price"):
        market.user.ws_create_order(symbol=SYMBOL, side="BUY", type="LIMIT", quantity=1, timeInForce="GTC")
    assert market.user.limits()["limits"]["ORDERS-1D"]["used"] == before
    assert market.orders() == []


def test_a_symbol_that_is_none_is_refused_like_everywhere(market: Market) -> None:
    with pytest.raises(UnknownSymbolException):
        market.user.ws_get_avg_price(symbol="这是没有的")


def test_a_private_call_without_a_key_sends_nothing(market: Market) -> None:
    nobody = market.client("", None)
    with pytest.raises(ExchangeRequestException, match=r"ws_get_account\(\) needs an API key") as refused:
        nobody.ws_get_account()
    assert refused.value.sent == "no"
    assert nobody.ws_ping() == {}


def test_a_wrong_secret_is_refused_by_its_meaning(market: Market) -> None:
    with pytest.raises(AuthenticationException):
        market.client("key", "wrong").ws_get_account()


def test_nobody_there_is_told_within_the_timeout_with_its_reason() -> None:
    nobody = Client("key", "secret", environment="http://127.0.0.1:9", requests_params={"timeout": 1})
    with pytest.raises(ExchangeRequestException, match=r"cannot connect|not ready") as refused:
        nobody.ws_ping()
    assert refused.value.sent == "no"
    nobody.close()


# Budgets


def test_what_the_venue_counts_is_read_off_the_answers(market: Market) -> None:
    """Another client's calls count, too, and so does connecting."""
    other = Client("key", "secret", environment=market.exchange.urls["binance"])
    for _ in range(3):
        other.get_exchange_info()
    other.close()
    market.user.ws_ping()
    assert market.user.limits()["limits"]["REQUEST_WEIGHT-1M"]["used"] >= 60


def test_one_budget_is_spent_both_ways() -> None:
    market = Market(limits={"weight": 200})
    try:
        for _ in range(2):
            market.user.ws_get_ticker()  # 80 each
        with pytest.raises(RateLimitException, match="not sent"):
            market.user.get_ticker(requests_params={"when_limited": "raise"})
        with pytest.raises(RateLimitException, match="not sent"):
            market.user.ws_get_ticker(requests_params={"when_limited": "raise"})
    finally:
        market.stop()


def test_a_ban_over_the_socket_keeps_everybody_still(market: Market) -> None:
    market.exchange.fault("error", route="ping", status=418, code=-1003, retry_after=300, times=1)
    with pytest.raises(RateLimitException) as banned:
        market.user.ws_ping()
    assert banned.value.retry_after == pytest.approx(300, abs=1)
    with pytest.raises(RateLimitException, match="not sent"):
        market.user.ping(requests_params={"when_limited": "raise"})


# Lost answers: the rows O02 to O04, O10, O11 and O22 over the socket


ENDINGS: dict[str, dict[str, Any]] = {"closed": {"ending": "close"}, "reset": {"ending": "reset"}, "silent": {"ending": "silence"}}


def impatient(market: Market) -> Client:
    """A client that does not wait long, with the rules at hand."""
    client = market.client(read_s=SHORT_S)
    client.ws_get_exchange_info(requests_params={"timeout": READ_S})
    return client


@pytest.mark.parametrize("kind", ENDINGS)
def test_o02_an_order_that_was_accepted_is_found_and_not_sent_twice(market: Market, kind: str) -> None:
    user = impatient(market)
    market.exchange.fault("drop", route="order.place", when="after", times=1, **ENDINGS[kind])
    placed = user.ws_order_limit_buy(**market.limit)
    assert placed["status"] == "NEW"
    assert [order["orderId"] for order in market.orders()] == [placed["orderId"]]


@pytest.mark.parametrize("kind", ["closed", "silent"])
def test_o03_an_order_that_was_not_accepted_is_told_so(market: Market, kind: str) -> None:
    user = impatient(market)
    market.exchange.fault("drop", route="order.place", when="before", times=1, **ENDINGS[kind])
    with pytest.raises(OrderNotPlacedException):
        user.ws_order_limit_buy(**market.limit)
    assert market.orders() == []


@pytest.mark.parametrize("processed", [True, False])
def test_o04_an_error_that_says_nothing_is_no_refusal(market: Market, processed: bool) -> None:
    market.exchange.fault("error", route="order.place", status=500, code=-1007, processed=processed, times=1)
    if processed:
        assert market.user.ws_order_limit_buy(**market.limit)["status"] == "NEW"
    else:
        with pytest.raises(OrderNotPlacedException):
            market.user.ws_order_limit_buy(**market.limit)
    assert len(market.orders()) == processed


@pytest.mark.parametrize("when", ["before", "after"])
def test_o11_a_cancellation_ends_in_the_orders_state(market: Market, when: str) -> None:
    placed = market.user.ws_order_limit_buy(**market.limit)
    market.exchange.fault("drop", route="order.cancel", when=when, ending="close", times=1)
    assert market.user.ws_cancel_order(symbol=SYMBOL, orderId=placed["orderId"])["status"] == "CANCELED"
    assert market.user.get_open_orders(symbol=SYMBOL) == []


def test_o11_a_cancellation_is_repeated_over_rest_when_the_socket_stays_away(market: Market) -> None:
    placed = market.user.ws_order_limit_buy(**market.limit)
    market.exchange.fault("error", route="WS /ws-api/*", status=503)
    market.exchange.fault("drop", route="order.cancel", when="before", ending="close", times=1)
    assert market.user.ws_cancel_order(symbol=SYMBOL, orderId=placed["orderId"])["status"] == "CANCELED"


def test_o10_the_cancellation_of_what_has_ended_says_how(market: Market) -> None:
    filled = market.user.ws_order_market_buy(symbol=SYMBOL, quantity="0.01")
    with pytest.raises(OrderNotFoundException) as gone:
        market.user.ws_cancel_order(symbol=SYMBOL, orderId=filled["orderId"])
    assert gone.value.order["status"] == "FILLED"


def test_an_order_in_doubt_over_the_socket_is_in_doubt_on_rest(market: Market) -> None:
    """Its id is the same one, whichever way it went."""
    market.exchange.fault("drop", route="order.place", when="after", ending="close", times=1)
    market.exchange.fault("error", route="GET /api/v3/order", status=503, times=1)
    placed = market.user.ws_order_limit_buy(**market.limit, newClientOrderId="mine")
    again = market.user.order_limit_buy(**{**market.limit, "price": market.below}, newClientOrderId="mine")
    assert again["orderId"] == placed["orderId"]
    assert len(market.orders()) == 1


def test_reads_are_repeated_after_a_lost_connection(market: Market) -> None:
    market.exchange.fault("drop", route="depth", ending="close", times=1)
    assert market.user.ws_get_order_book(symbol=SYMBOL, limit=5)["bids"]


def test_a_wrong_clock_is_put_right_and_the_order_sent_again(market: Market) -> None:
    market.user.ws_get_account()
    market.exchange.fault("clock", route="order.place", ms=60_000)
    market.exchange.fault("clock", route="GET /api/v3/time", ms=60_000)
    assert market.user.ws_order_limit_buy(**market.limit)["status"] == "NEW"


def test_a_shutdown_that_is_announced_costs_no_call(market: Market) -> None:
    market.user.ws_ping()
    market.exchange.fault("shutdown", socket="/ws-api/*", notice=0.5, times=1)
    for _ in range(5):
        assert market.user.ws_ping() == {}


# Keys that log on


@pytest.fixture(scope="module")
def pem() -> tuple[str, str]:
    """A private key of Ed25519 and its public one."""
    private = Ed25519PrivateKey.generate()
    public = private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    return private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode(), public


@pytest.fixture
def signers(pem: tuple[str, str]) -> Iterator[tuple[Market, Callable[[], Client]]]:
    market = Market(accounts=[Account("key", "secret"), Account("ed", public_key=pem[1])])
    yield market, lambda: market.client("ed", None, private_key=pem[0])
    market.stop()


def test_an_ed25519_key_trades_before_and_after_its_logon(signers: tuple[Market, Callable[[], Client]]) -> None:
    market, client = signers
    user = client()
    first = user.ws_order_limit_buy(**market.limit)
    second = user.ws_order_limit_buy(**market.limit)
    assert user.ws_cancel_order(symbol=SYMBOL, orderId=first["orderId"])["status"] == "CANCELED"
    assert [order["orderId"] for order in user.ws_get_open_orders(symbol=SYMBOL)] == [second["orderId"]]


def test_s18_a_key_that_is_revoked_after_its_logon_is_refused_by_its_meaning(signers: tuple[Market, Callable[[], Client]]) -> None:
    market, client = signers
    user = client()
    user.ws_get_account()
    user.ws_get_account()
    market.exchange.revoke("ed")
    for _ in range(2):
        with pytest.raises(AuthenticationException) as refused:
            user.ws_get_account()
        assert refused.value.code == -2015


def test_what_changes_something_is_told_from_what_reads() -> None:
    changing = {name for name, declared in TWINS.items() if declared.kind is not Kind.READ}
    assert changing == {f"ws_{declared.name}" for declared in endpoints(Client) if declared.kind is not Kind.READ} & TWINS.keys()
