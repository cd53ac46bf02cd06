from __future__ import annotations

import copy
import logging
import pickle
import pprint
import re
import socket
import subprocess
import sys
import traceback
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import requests
import requests_mock
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from requests.adapters import BaseAdapter

from exchangeclient.binance.client import Client
from exchangeclient.core.budgets import standing
from exchangeclient.core.calling.endpoint import endpoints
from exchangeclient.core.process.clock import FakeClock
from exchangeclient.enums import ORDER_TYPE_LIMIT, ORDER_TYPE_MARKET, SIDE_BUY, TIME_IN_FORCE_GTC
from exchangeclient.exceptions import (
    AuthenticationException,
    BinanceAPIException,
    BinanceOrderMinAmountException,
    BinanceOrderTotalPriceException,
    ClockSkewException,
    DuplicateOrderException,
    ExchangeAPIException,
    ExchangeException,
    ExchangeRequestException,
    InsufficientFundsException,
    LedgerException,
    OrderMinPriceException,
    OrderNotFoundException,
    OrderUnknownSymbolException,
    UnknownSymbolException,
)
from exchangeclient.sandbox import Account, Sandbox

Twice = DuplicateOrderException
URL = "http://sandbox.localhost"
CANARY_KEY = "canarykey" * 8
CANARY_SECRET = "canarysecret" * 5


class Recording(BaseAdapter):
    """Keeps every request on its way to another adapter."""

    def __init__(self, inner: BaseAdapter) -> None:
        super().__init__()
        self.inner = inner
        self.sent: list[requests.PreparedRequest] = []

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        self.sent.append(request)
        return self.inner.send(request, *args, **kwargs)

    def close(self) -> None:
        self.inner.close()


def attached(exchange: Sandbox, *args: Any, **kwargs: Any) -> tuple[Client, list[requests.PreparedRequest]]:
    """A client on a sandbox in this process, and a list of everything that it sends."""
    client = Client(*args, environment={"rest": URL}, **kwargs)
    exchange.mount(client.session)
    recording = Recording(client.session.get_adapter(URL))
    client.session.mount(URL, recording)
    return client, recording.sent


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def exchange(clock: FakeClock) -> Sandbox:
    """An exchange on which nothing happens while the clock stands still."""
    return Sandbox(seed=7, clock=lambda: clock.now_ms() * 1000)


@pytest.fixture
def client(exchange: Sandbox, clock: FakeClock) -> Client:
    return attached(exchange, "key", "secret", clock=clock)[0]


# Making one


def test_making_a_client_sends_nothing_unless_it_is_to_ping() -> None:
    with requests_mock.Mocker() as mock:
        mock.get("https://api.binance.com/api/v3/ping", text="{}")
        Client("key", "secret")
        assert mock.call_count == 0
        Client("key", "secret", ping=True)
        assert mock.call_count == 1


def test_the_first_arguments_are_those_of_the_python_binance_line() -> None:
    client = Client("key", "secret", {"timeout": 5}, "us")
    assert client.hosts.rest == "https://api.binance.us"
    assert client.API_KEY == "key"
    assert (client.API_URL, client.WEBSITE_URL) == ("https://api.binance.us/api", "https://www.binance.us")


@pytest.mark.parametrize("name", ["API_URL", "WEBSITE_URL"])
def test_an_address_that_would_not_be_used_cannot_be_set(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    url = "https://testnet.binance.vision/api"
    with pytest.raises(AttributeError, match=rf"{name} cannot be set; Client\(environment=...\) takes the address"):
        setattr(Client(), name, url)
    with pytest.raises(TypeError, match=rf"{name} cannot be set; Client\(environment=...\) takes the address"):
        type("Testing", (Client,), {name: url})()
    assert type("Other", (Client,), {})().API_URL == "https://api.binance.com/api"
    monkeypatch.setattr(Client, name, url)
    with pytest.raises(TypeError, match=rf"{name} cannot be set"):
        Client()


@pytest.mark.parametrize("arguments", [{}, {"api_key": "", "api_secret": ""}, {"api_key": None}])
def test_market_data_needs_no_key(exchange: Sandbox, arguments: dict[str, Any]) -> None:
    client, _ = attached(exchange, **arguments)
    assert client.credentials is None
    assert client.API_KEY is None
    assert client.ping() == {}


@pytest.mark.parametrize(
    ("arguments", "error", "text"),
    [
        ({"api_key": "key"}, ValueError, "api_secret is missing"),
        ({"api_secret": "secret"}, ValueError, "api_key is missing"),
        ({"api_key": "key", "private_key": "/no/such/file"}, ValueError, "private_key is neither PEM text nor a readable file"),
        ({"api_key": 5, "api_secret": "secret"}, TypeError, "api_key must be a str"),
        ({"requests_params": {"verify": False}}, ValueError, "verify=False is refused"),
        ({"requests_params": {"timeout": 0}}, ValueError, "timeout"),
        ({"environment": "mars"}, ValueError, "environment must be one of"),
        ({"environment": ""}, ValueError, "environment must be one of"),
        ({"environment": {}}, ValueError, "environment has no 'rest'"),
        ({"tld": "evil/path"}, ValueError, "tld"),
        ({"testnet": "False"}, TypeError, "testnet must be a bool, not str"),
        ({"demo": 1}, TypeError, "demo must be a bool, not int"),
        ({"ping": None}, TypeError, "ping must be a bool, not NoneType"),
        ({"settle_timeout": "5"}, TypeError, "settle_timeout must be a number of seconds, not str"),
        ({"settle_timeout": -1}, ValueError, "settle_timeout must be a number of seconds, 0 or more, not -1"),
        ({"settle_timeout": float("nan")}, ValueError, "settle_timeout must be a number of seconds"),
        ({"ledger": 5}, TypeError, "ledger must be the path of a file, not int"),
        ({"journal": b"x"}, TypeError, "journal must be the path of a file, not bytes"),
        ({"verbose": "yes"}, TypeError, "verbose must be a bool, not str"),
        ({"time_unit": 5}, TypeError, "time_unit must be a str, not int"),
        ({"time_unit": "HOUR"}, ValueError, "time_unit must be one of MILLISECOND, MICROSECOND; not 'HOUR'"),
        ({"ledger": "/no/such/folder/ledger"}, LedgerException, "cannot be used"),
        ({"body_limit": "x"}, TypeError, "body_limit must be an int, not str"),
        ({"body_limit": True}, TypeError, "body_limit must be an int, not bool"),
        ({"body_limit": -1}, ValueError, "body_limit must be above zero, not -1"),
        ({"clock": 0}, TypeError, r"clock must have now_ms\(\) and monotonic_s\(\), which int has not"),
        ({"api_key": "key", "api_secret": " "}, ValueError, "api_secret must be printable text"),
        ({"api_key": "key", "api_secret": "s\n"}, ValueError, "api_secret must be printable text"),
        ({"api_key": "key", "private_key": "x", "private_key_pass": 5}, TypeError, "private_key_pass must be a str"),
        ({"requests_params": []}, TypeError, "requests_params must be a dict, not list"),
        ({"requests_params": {"headers": {"A": "x\n"}}}, ValueError, "requests_params: header A"),
    ],
)
def test_arguments_that_cannot_be_meant_are_refused_by_name(arguments: dict[str, Any], error: type[Exception], text: str) -> None:
    with pytest.raises(error, match=text):
        Client(**arguments)


def test_a_client_closes_with_its_block_and_can_still_be_used(exchange: Sandbox) -> None:
    client, _ = attached(exchange)
    with client as same:
        assert same is client
    assert client.get_server_time()["serverTime"] > 0


# What calls have in common


@pytest.mark.parametrize("unit", ["MICROSECOND", "microsecond"])
def test_the_unit_of_times_is_asked_for_with_every_call(unit: str) -> None:
    with requests_mock.Mocker() as mock:
        asked = mock.get("https://api.binance.com/api/v3/time", json={"serverTime": 1_700_000_000_000_000})
        account = mock.get("https://api.binance.com/api/v3/account", json={})
        client = Client("key", "secret", time_unit=unit, requests_params={"headers": {"X-Mine": "1"}})
        client.get_account()
        assert client.get_server_time() == {"serverTime": 1_700_000_000_000_000}
        for request in (asked.last_request, account.last_request):
            assert (request.headers["X-MBX-TIME-UNIT"], request.headers["X-Mine"]) == ("MICROSECOND", "1")
        assert abs(int(account.last_request.qs["timestamp"][0]) - 1_700_000_000_000) < 60_000, "its own reading copes"
        Client().get_server_time()
        assert "X-MBX-TIME-UNIT" not in mock.last_request.headers


SAYS_WHAT_IT_DOES = """
import logging, sys
import requests_mock
from exchangeclient.client import Client
if sys.argv[1] == "logs":
    logging.basicConfig(format="mine %(message)s", stream=sys.stderr)
with requests_mock.Mocker() as mock:
    mock.get("https://api.binance.com/api/v3/ping", text="{}")
    mock.get("https://api.binance.com/api/v3/time", json={"serverTime": 1})
    mock.get("https://api.binance.com/api/v3/account", text="{}")
    Client("canarykey", "canarysecret", verbose=True)
    Client("canarykey", "canarysecret", verbose=True).get_account()
"""


@pytest.mark.parametrize("program", ["logs", "does not"])
def test_a_verbose_client_prints_each_call_once_and_no_secret(program: str) -> None:
    done = subprocess.run([sys.executable, "-c", SAYS_WHAT_IT_DOES, program], capture_output=True, check=True, text=True, timeout=60)
    (line,) = [line for line in done.stderr.splitlines() if "/api/v3/account" in line]
    assert "signature=***: 200 in" in line
    assert line.startswith("mine") == (program == "logs")
    assert "canary" not in done.stderr + done.stdout


def test_a_client_says_whether_it_is_verbose_and_where_its_lines_go(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = logging.getLogger("exchangeclient.core.calling.call")
    monkeypatch.setattr(calls, "handlers", [])
    before = calls.level
    try:
        quiet, verbose = Client(), Client(verbose=True)
        assert (quiet.verbose, verbose.verbose) == (False, True)
        assert quiet.logger is verbose.logger is calls
        assert calls.level == logging.DEBUG
    finally:
        calls.setLevel(before)


def test_clients_of_one_host_share_its_budget_and_accounts_have_their_own() -> None:
    with requests_mock.Mocker() as mock:
        headers = {"X-MBX-USED-WEIGHT-1M": "70"}
        mock.get("https://api.binance.com/api/v3/ping", text="{}", headers=headers)
        mock.post("https://api.binance.com/api/v3/order", json={"orderId": 1})
        mock.get("https://api.binance.com/api/v3/time", json={"serverTime": 1_700_000_024_000})
        one, other, elsewhere = Client("one", "secret"), Client("other", "secret"), Client(testnet=True)
        one.create_order(symbol="X", side="BUY", type="MARKET", quantity=1, disable_validation=True)
        shown = [client.limits()["limits"] for client in (one, other, elsewhere)]
    assert [limits["RAW_REQUESTS-5M"]["used"] for limits in shown] == [2, 2, 0]
    assert [limits.get("ORDERS-1D", {}).get("used") for limits in shown] == [1, 0, None]


def test_clients_of_other_processes_share_a_budget_by_a_ledger(tmp_path: Path) -> None:
    with requests_mock.Mocker() as mock:
        asked = mock.get("https://api.binance.com/api/v3/time", json={"serverTime": 1_700_000_024_000})
        mock.get("https://api.binance.com/api/v3/ping", text="{}")
        Client(ledger=tmp_path / "ledger").ping()
        assert asked.call_count == 1, "all have to count by the same clock"
        standing.forget()  # as in another process
        other = Client(ledger=str(tmp_path / "ledger"))
        other.ping()
        assert other.limits()["limits"]["REQUEST_WEIGHT-1M"]["used"] == 4


def test_enums_are_on_the_class() -> None:
    assert (Client.SIDE_BUY, Client.ORDER_TYPE_LIMIT, Client.KLINE_INTERVAL_1HOUR) == ("BUY", "LIMIT", "1h")


# Market data


def test_market_data_of_a_sandbox(client: Client, clock: FakeClock) -> None:
    clock.advance(30)  # for the other traders to have traded
    symbols = {entry["symbol"] for entry in client.get_exchange_info()["symbols"]}
    assert symbols >= {"BTCUSDT", "ETHUSDT", "LTCUSDT", "ETHBTC", "BNBBTC", "LTCBTC", "XRPETH"}
    assert {entry["symbol"] for entry in client.get_all_tickers()} == symbols
    assert {entry["symbol"] for entry in client.get_orderbook_tickers()} == symbols
    book = client.get_order_book("BTCUSDT", limit=5)
    top = client.get_orderbook_ticker(symbol="BTCUSDT")
    assert (book["bids"][0], book["asks"][0]) == ([top["bidPrice"], top["bidQty"]], [top["askPrice"], top["askQty"]])
    trades = client.get_recent_trades("BTCUSDT", limit=3)
    assert client.get_symbol_ticker(symbol="BTCUSDT")["price"] == trades[-1]["price"]
    assert client.get_historical_trades("BTCUSDT", fromId=trades[0]["id"], limit=3) == trades
    assert client.get_aggregate_trades("BTCUSDT", limit=1)[0][client.AGG_LAST_TRADE_ID] >= trades[-1]["id"]
    assert Decimal(client.get_avg_price("BTCUSDT")["price"]) > 0
    assert client.get_ticker(symbol="BTCUSDT")["symbol"] == "BTCUSDT"
    assert [entry["symbol"] for entry in client.get_ticker(symbols=["BTCUSDT", "ETHBTC"], type="MINI")] == ["BTCUSDT", "ETHBTC"]
    assert client.get_klines("BTCUSDT", client.KLINE_INTERVAL_1MINUTE, limit=2)[-1][0] <= client.clock.now_ms()


def test_one_symbols_info_or_none(client: Client) -> None:
    info = client.get_symbol_info("BNBBTC")
    assert info is not None
    assert client.get_symbol_info("bnbbtc") == info
    assert info["symbol"] == "BNBBTC"
    for unlisted in ("NOSUCH", "BNB-BTC", "BNB BTC"):
        assert client.get_symbol_info(unlisted) is None
    with pytest.raises(TypeError, match="symbol must be a str, not NoneType"):
        client.get_symbol_info(None)  # type: ignore[arg-type]


def test_the_answer_of_the_last_call_can_be_looked_at(client: Client) -> None:
    assert client.response is None
    client.get_server_time()
    assert client.response is not None
    assert "X-MBX-USED-WEIGHT-1M" in client.response.headers
    with ThreadPoolExecutor(1) as other:
        assert other.submit(lambda: client.response).result() is None
        other.submit(client.get_server_time).result()
        for _ in range(2):
            del client.response
            assert client.response is None
        assert other.submit(lambda: client.response).result() is not None


# Orders


def test_an_order_lives_and_ends(client: Client) -> None:
    before = client.get_asset_balance("BTC")
    order = client.create_order(
        symbol="BNBBTC", side=SIDE_BUY, type=ORDER_TYPE_LIMIT, timeInForce=TIME_IN_FORCE_GTC, quantity=100, price=0.00001
    )
    assert (order["status"], order["price"], order["origQty"]) == ("NEW", "0.00001000", "100.00000000")
    assert client.get_order(symbol="BNBBTC", orderId=order["orderId"])["status"] == "NEW"
    assert client.get_order(symbol="BNBBTC", origClientOrderId=order["clientOrderId"])["orderId"] == order["orderId"]
    assert [open_["orderId"] for open_ in client.get_open_orders(symbol="BNBBTC")] == [order["orderId"]]
    locked = client.get_asset_balance("BTC")
    assert before is not None
    assert locked is not None
    assert Decimal(locked["locked"]) - Decimal(before["locked"]) == Decimal("0.001")
    assert client.cancel_order(symbol="BNBBTC", orderId=order["orderId"])["status"] == "CANCELED"
    assert client.get_open_orders() == []
    assert [done["status"] for done in client.get_all_orders(symbol="BNBBTC", limit=10)] == ["CANCELED"]
    assert client.get_asset_balance("BTC") == before


def test_a_market_order_trades(client: Client) -> None:
    order = client.create_order(symbol="BNBBTC", side=SIDE_BUY, type=ORDER_TYPE_MARKET, quantity=10)
    assert order["status"] == "FILLED"
    trades = client.get_my_trades(symbol="BNBBTC", orderId=order["orderId"])
    assert sum(Decimal(trade["qty"]) for trade in trades) == 10


def test_a_test_order_leaves_nothing_behind(client: Client) -> None:
    assert client.create_test_order(symbol="BNBBTC", side="BUY", type="MARKET", quantity=10) == {}
    assert client.get_all_orders(symbol="BNBBTC") == []


def test_helpers_place_orders(client: Client) -> None:
    client.order_limit_buy(symbol="BNBBTC", quantity=100, price="0.00001")
    client.order_limit_sell(symbol="BNBBTC", quantity=100, price=Decimal("0.01"))
    assert {order["side"] for order in client.cancel_all_open_orders(symbol="BNBBTC")} == {"BUY", "SELL"}
    assert client.order_market_sell(symbol="BNBBTC", quantity=1)["side"] == "SELL"


def key_of(private: ed25519.Ed25519PrivateKey | rsa.RSAPrivateKey) -> tuple[str, str]:
    public = private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    return private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode(), public


@pytest.mark.parametrize(
    "make", [ed25519.Ed25519PrivateKey.generate, lambda: rsa.generate_private_key(65537, 2048)], ids=["ed25519", "rsa"]
)
@pytest.mark.parametrize("secret", [None, "secret"], ids=["alone", "beside a secret"])
def test_private_keys_sign_what_the_venue_accepts(make: Callable[[], Any], secret: str | None) -> None:
    private, public = key_of(make())
    client, _ = attached(Sandbox(seed=7, accounts=[Account("key", public_key=public)]), "key", secret, private_key=private)
    order = client.order_limit_buy(symbol="BNBBTC", quantity=100, price="0.00001", newClientOrderId="a-b_c")
    assert client.cancel_order(symbol="BNBBTC", origClientOrderId="a-b_c")["orderId"] == order["orderId"]


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"quantity": 100.005}, BinanceOrderMinAmountException),
        ({"price": "0.000000001"}, OrderMinPriceException),
        ({"quantity": 1}, BinanceOrderTotalPriceException),
        ({"symbol": "NOSUCH"}, OrderUnknownSymbolException),
        ({"symbol": "BNB-BTC"}, OrderUnknownSymbolException),
        ({"symbol": "BNB BTC"}, OrderUnknownSymbolException),
        ({"strategyId": -1}, ValueError),
        ({"trailingDelta": -5}, ValueError),
        ({"timestamp": -1}, ValueError),
        ({"timestamp": "now"}, ValueError),
        ({"requests_params": []}, TypeError),
        ({"requests_params": {"proxies": "http://127.0.0.1:1"}}, TypeError),
        ({"requests_params": {"headers": {"A": "x\ny"}}}, ValueError),
        ({"quantity": float("nan")}, ValueError),
        ({"quantity": -100}, ValueError),
        ({"price": "cheap"}, ValueError),
        ({"price": None}, TypeError),
        ({"quantity": [100]}, TypeError),
        ({"symbol": ""}, ValueError),
        ({"symbol": 5}, TypeError),
        ({"side": None}, TypeError),
        ({"recvWindow": 100_000}, ValueError),
        ({"newClientOrderId": "not allowed"}, ValueError),
        ({"signature": "mine"}, ValueError),
    ],
)
def test_a_bad_order_is_never_sent(exchange: Sandbox, clock: FakeClock, arguments: dict[str, Any], error: type[Exception]) -> None:
    client, sent = attached(exchange, "key", "secret", clock=clock)
    with pytest.raises(error):
        client.order_limit_buy(**{"symbol": "BNBBTC", "quantity": 100, "price": "0.00001", **arguments})
    assert [request.method for request in sent if request.method != "GET"] == []


def test_validation_switched_off_leaves_the_refusal_to_the_venue(exchange: Sandbox, clock: FakeClock) -> None:
    client, sent = attached(exchange, "key", "secret", clock=clock)
    with pytest.raises(BinanceAPIException) as caught:
        client.order_limit_buy(symbol="BNBBTC", quantity=100.005, price=1e-05, disable_validation=True)
    assert (caught.value.code, caught.value.rule) == (-1013, "LOT_SIZE")
    (request,) = sent
    assert isinstance(request.body, bytes)
    assert b"quantity=100.005&price=0.00001" in request.body
    assert b"disable_validation" not in request.body


def test_an_argument_left_out_is_left_to_the_venue(client: Client) -> None:
    with pytest.raises(BinanceAPIException) as caught:
        client.get_all_orders()  # type: ignore[call-arg]
    assert (caught.value.status_code, caught.value.code) == (400, -1102)
    assert "symbol" in caught.value.message
    assert caught.value.response is not None
    assert caught.value.response.json()["code"] == -1102
    assert caught.value.request is not None


@pytest.mark.parametrize(
    "call",
    [
        lambda c: c.get_order_book("BTCUSDT", limit=-1),
        lambda c: c.get_klines("BTCUSDT", "1m", startTime=-5),
        lambda c: c.get_order(symbol="BNBBTC", orderId=-1),
        lambda c: c.cancel_order(symbol="BNBBTC", orderId="-1"),
        lambda c: c.get_aggregate_trades("BTCUSDT", fromId=-1),
        lambda c: c.get_account(timestamp=-1),
    ],
)
def test_what_counts_or_times_is_never_negative(exchange: Sandbox, clock: FakeClock, call: Callable[[Client], Any]) -> None:
    client, sent = attached(exchange, "key", "secret", clock=clock)
    with pytest.raises(ValueError, match=r"must (not be negative|be a whole number)"):
        call(client)
    assert sent == []


def test_the_rules_are_fetched_on_behalf_of_the_order(exchange: Sandbox, clock: FakeClock) -> None:
    client, sent = attached(exchange, "key", "secret", clock=clock)
    client.order_limit_buy(symbol="BNBBTC", quantity=100, price="0.00001", requests_params={"headers": {"X-Of-The-Call": "1"}})
    assert [(request.method, request.headers["X-Of-The-Call"]) for request in sent] == [("GET", "1"), ("POST", "1")]


def test_a_refusal_by_a_rule_has_the_rules_fetched_anew(exchange: Sandbox, clock: FakeClock) -> None:
    client, sent = attached(exchange, "key", "secret", clock=clock)
    client.order_limit_buy(symbol="BNBBTC", quantity=100, price="0.00001")
    with pytest.raises(BinanceAPIException, match="Filter failure: LOT_SIZE"):
        client.order_limit_buy(symbol="BNBBTC", quantity=100.005, price="0.00001", disable_validation=True)
    client.order_limit_buy(symbol="BNBBTC", quantity=100, price="0.00001")
    assert [request.method for request in sent] == ["GET", "POST", "POST", "GET", "POST"]


@pytest.mark.parametrize(
    ("call", "error"),
    [
        (lambda c: c.get_order_book("NOSUCH"), UnknownSymbolException),
        (lambda c: c.get_order(symbol="BNBBTC", orderId=10**9), OrderNotFoundException),
        (lambda c: c.cancel_order(symbol="BNBBTC", orderId=10**9), OrderNotFoundException),
        (lambda c: c.cancel_all_open_orders(symbol="BNBBTC"), OrderNotFoundException),
        (lambda c: c.order_limit_sell(symbol="BTCUSDT", quantity=2000, price=4000), InsufficientFundsException),
        (lambda c: [c.order_limit_buy(symbol="BNBBTC", quantity=q, price="0.00001", newClientOrderId="x") for q in (100, 101)], Twice),
    ],
)
def test_refusals_have_a_class_of_their_own(client: Client, call: Callable[[Client], Any], error: type[Exception]) -> None:
    with pytest.raises(error) as caught:
        call(client)
    assert caught.value.venue == "binance"  # type: ignore[attr-defined]


def test_wrong_keys_and_wrong_clocks_are_told_apart(exchange: Sandbox, clock: FakeClock) -> None:
    with pytest.raises(AuthenticationException):
        attached(exchange, "key", "wrong", clock=clock)[0].get_account()
    with pytest.raises(AuthenticationException):
        attached(exchange, "another", "secret", clock=clock)[0].get_account()
    for late in (-3_600_000, 3_600_000):
        with pytest.raises(ClockSkewException):
            attached(exchange, "key", "secret", clock=FakeClock(clock.now_ms() + late))[0].get_account()


def test_private_calls_without_a_key_send_nothing(exchange: Sandbox) -> None:
    client, sent = attached(exchange)
    with pytest.raises(ExchangeRequestException, match=r"get_account\(\) needs an API key"):
        client.get_account()
    assert sent == []


def test_the_key_goes_only_with_calls_that_need_it(exchange: Sandbox, clock: FakeClock) -> None:
    client, sent = attached(exchange, "key", "secret", clock=clock)
    client.get_server_time()
    client.get_products()
    client.get_account()
    assert ["X-MBX-APIKEY" in request.headers for request in sent] == [False, False, True]


def test_products_drop_the_rules_and_exchange_info_brings_them(exchange: Sandbox, clock: FakeClock) -> None:
    client, sent = attached(exchange, "key", "secret", clock=clock)

    def asked_when_placing() -> int:
        sent.clear()
        client.create_test_order(symbol="BNBBTC", side="BUY", type="MARKET", quantity=1000)
        return sum("exchangeInfo" in str(request.url) for request in sent)

    assert [asked_when_placing(), asked_when_placing()] == [1, 0]
    assert client.get_products()["data"]
    assert asked_when_placing() == 1
    info = client.get_exchange_info()
    for symbol in info["symbols"]:
        symbol["filters"] = {entry["filterType"]: entry for entry in symbol["filters"]}  # the user's to change
    assert asked_when_placing() == 0


@pytest.mark.parametrize("name", ["stream_get_listen_key", "stream_keepalive", "stream_close"])
def test_retired_calls_name_what_replaced_them(exchange: Sandbox, clock: FakeClock, name: str) -> None:
    client, sent = attached(exchange, "key", "secret", clock=clock)
    with pytest.raises(ExchangeRequestException, match="start_user_socket") as caught:
        getattr(client, name)()
    assert caught.value.sent == "no"
    assert sent == []


@pytest.mark.parametrize(("asset", "error"), [("", ValueError), (5, TypeError)])
def test_a_balance_of_nothing_is_refused(client: Client, asset: Any, error: type[Exception]) -> None:
    with pytest.raises(error, match="asset must"):
        client.get_asset_balance(asset)


def test_the_balances_of_all_assets_come_when_none_is_named(client: Client) -> None:
    balances = client.get_asset_balance()
    assert balances == client.get_account()["balances"]
    assert client.get_asset_balance("BTC") in balances


def test_an_asset_that_is_not_held_has_no_balance(client: Client) -> None:
    assert client.get_asset_balance("NOSUCH") is None


def test_32_threads_share_a_client(exchange: Sandbox, clock: FakeClock) -> None:
    client, _ = attached(exchange, "key", "secret", clock=clock)

    def place(number: int) -> str:
        order = client.order_limit_buy(symbol="BNBBTC", quantity=100 + number, price="0.00001")
        assert client.response is not None
        assert client.response.json() == order
        return str(order["origQty"])

    with ThreadPoolExecutor(32) as pool:
        placed = list(pool.map(place, range(64)))
    assert placed == [f"{100 + number}.00000000" for number in range(64)]
    assert len({order["clientOrderId"] for order in client.get_open_orders(symbol="BNBBTC")}) == 64


def test_over_a_port_as_in_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")  # nothing listens there; and nothing of this is a proxy's business
    with Sandbox(seed=7) as exchange, Client("key", "secret", environment=exchange.urls["binance"]) as client:
        order = client.order_limit_buy(symbol="BNBBTC", quantity=100, price=0.00001)
        assert client.cancel_order(symbol="BNBBTC", orderId=order["orderId"])["status"] == "CANCELED"
        with pytest.raises(BinanceAPIException, match="-1102"):
            client.get_all_orders()  # type: ignore[call-arg]


# Every endpoint


WRONG: list[tuple[dict[str, Any], type[Exception]]] = [
    ({"symbol": 5}, TypeError),
    ({"symbol": ""}, ValueError),
    ({"anything": object()}, TypeError),
    ({"x": float("nan")}, ValueError),
]


@pytest.mark.parametrize(
    ("name", "wrong", "error"),
    [
        (declared.name, wrong, error)
        for declared in endpoints(Client)
        for wrong, error in WRONG
        if "symbol" not in wrong or "symbol" in {parameter.name for parameter in declared.parameters}
    ],
)
def test_no_endpoint_sends_an_argument_that_cannot_be_meant(
    exchange_of_all: Sandbox, name: str, wrong: dict[str, Any], error: type[Exception]
) -> None:
    client, sent = attached(exchange_of_all, "key", "secret")
    with pytest.raises(error, match=next(iter(wrong))):
        getattr(client, name)(**wrong)
    assert sent == []


@pytest.fixture(scope="module")
def exchange_of_all() -> Sandbox:
    return Sandbox(seed=7)


# Secrets


def shown_forms(thing: object) -> Iterator[str]:
    yield from (repr(thing), str(thing), f"{thing}", pprint.pformat(thing))
    if hasattr(thing, "__dict__"):
        yield pprint.pformat(vars(thing))


def test_no_shown_form_logs_or_errors_have_the_secret(exchange: Sandbox, clock: FakeClock, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    client, sent = attached(exchange, CANARY_KEY, CANARY_SECRET, clock=clock)
    shown = [*shown_forms(client), *shown_forms(client.credentials)]
    with socket.create_server(("127.0.0.1", 0)) as free:
        nobody = Client(CANARY_KEY, CANARY_SECRET, environment=f"http://127.0.0.1:{free.getsockname()[1]}")
    calls: list[Callable[[], Any]] = [
        client.get_account,
        nobody.get_account,
        lambda: client.order_limit_buy(symbol="BNBBTC", quantity=100, price="0.00001"),
        lambda: client.get_order(symbol="BNBBTC", orderId=1, requests_params={"timeout": 1e-9}),
    ]
    for call in calls:
        with pytest.raises(ExchangeException) as caught:
            call()
        with_locals = traceback.TracebackException.from_exception(caught.value, capture_locals=True)
        shown += ["".join(with_locals.format()), *shown_forms(caught.value)]
        if isinstance(caught.value, ExchangeAPIException):
            assert caught.value.response is not None
            assert caught.value.request is not None
            for thing in (caught.value.response, caught.value.request, caught.value.request.headers, client.response):
                shown += shown_forms(thing)
    everything = "\n".join([*shown, caplog.text])
    for request in sent:
        signature = str(request.body or request.url).partition("signature=")[2].strip("'")
        assert bool(signature) == ("exchangeInfo" not in str(request.url))
        assert not signature or signature not in everything
    assert not re.search(r"signature=(?!\*\*\*)", everything)
    assert CANARY_KEY not in everything
    assert CANARY_SECRET not in everything
    with pytest.raises(AttributeError, match="API_SECRET cannot be read back"):
        _ = client.API_SECRET


def test_a_client_shows_its_host_and_at_most_the_end_of_its_key() -> None:
    assert repr(Client(CANARY_KEY, CANARY_SECRET)) == f"<Client https://api.binance.com <Credentials hmac ***{CANARY_KEY[-4:]}>>"
    assert repr(Client()) == "<Client https://api.binance.com no key>"


def test_a_client_is_neither_pickled_nor_copied() -> None:
    for attempt in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(TypeError, match="neither pickled nor copied"):
            attempt(Client("key", "secret"))


def test_a_private_key_in_a_file_is_read_once(tmp_path: Path, exchange: Sandbox) -> None:
    private, public = key_of(ed25519.Ed25519PrivateKey.generate())
    file = tmp_path / "key.pem"
    file.write_text(private)
    client, _ = attached(Sandbox(seed=7, accounts=[Account("key", public_key=public)]), "key", private_key=file)
    file.unlink()
    assert client.get_account()["canTrade"] is True
