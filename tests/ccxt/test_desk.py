"""The desk through ccxt, on a stub of Gate."""

from __future__ import annotations

import traceback
from collections.abc import Iterator
from typing import Any

import pytest

pytest.importorskip("ccxt", reason="an extra: pip install 'exchangeclient[ccxt]'")

from exchangeclient.ccxt.client import EXCHANGES, Client
from exchangeclient.desk import Desk, Market, desk_of
from exchangeclient.exceptions import (
    ExchangeException,
    OrderMinAmountException,
    OrderMinPriceException,
    OrderMinTotalException,
    OrderStatusUnknownException,
    OverloadException,
    UnknownSymbolException,
    UnsupportedException,
)
from tests.ccxt.venues.core import KEY, SECRET

NAME = "BTC/USDT"


@pytest.fixture
def desk(gate: Any) -> Iterator[Desk]:
    client = Client("gate", KEY, SECRET, environment=gate[1], settle_timeout=0.2)
    yield desk_of(client)
    client.close()


def test_names(desk: Desk) -> None:
    assert desk.venue == "gate"
    assert desk.instrument_of(Market("btc", "usdt")) == NAME
    assert desk.market_of("btc/usdt") == Market("BTC", "USDT")
    with pytest.raises(UnknownSymbolException, match="lists no"):
        desk.ticker("NO/SUCH")
    with pytest.raises(UnsupportedException):
        desk.instrument_of(Market("BTC", "USDT", "swap"))
    with pytest.raises(ValueError, match="interval must be one of"):
        desk.klines(NAME, "3m")


@pytest.mark.parametrize(
    ("form", "error"),
    [
        ({"quantity": "0.01", "price": "63000.05"}, OrderMinPriceException),
        ({"quantity": "0.01234", "price": "63000"}, OrderMinAmountException),
        ({"quantity": "0.0001", "price": "63000"}, OrderMinAmountException),
        ({"quantity": "0.00000001", "price": "63000"}, OrderMinAmountException),
        ({"quantity": "0.001", "price": "1000"}, OrderMinTotalException),
        ({"quantity": "0.01", "price": "63000", "closes": True}, UnsupportedException),
        ({"quantity": "0.01", "type": "STOP_LOSS"}, UnsupportedException),
        ({"quantity": "0.01", "type": "MARKET"}, UnsupportedException),
        ({"total": "4.99", "type": "MARKET"}, OrderMinTotalException),
        ({"total": "-10", "type": "MARKET"}, OrderMinTotalException),
        ({"total": "10", "price": "63000"}, UnsupportedException),
        ({"quantity": "-0.01", "price": "63000"}, OrderMinAmountException),
        ({"quantity": "0.01", "price": "-63000"}, OrderMinPriceException),
        ({"quantity": "0.01"}, TypeError),
        ({"price": "63000"}, TypeError),
    ],
)
def test_orders_that_are_not_sent(desk: Desk, gate: Any, form: dict[str, Any], error: type[Exception]) -> None:
    with pytest.raises(error):
        desk.place(NAME, "BUY", **form)
    assert gate[0].sent_orders() == []


def test_an_exchange_that_is_too_busy(desk: Desk, gate: Any) -> None:
    desk.instruments()
    gate[0].told = lambda asked: (502, {"label": "SERVER_ERROR", "message": "busy"})
    with pytest.raises(OverloadException) as told:
        desk.ticker(NAME)
    assert told.value.status_code == 502
    with pytest.raises(OrderStatusUnknownException):
        desk.place(NAME, "BUY", quantity="0.01", price="63000")


def test_what_ccxt_reads(desk: Desk) -> None:
    ack = desk.place(NAME, "SELL", type="MARKET", quantity="0.01")
    (deal,) = desk.ask("GET", "fetch_my_trades", {"symbol": NAME, "limit": "5"})
    assert (deal["order"], deal["amount"]) == (ack.order_id, "0.01")
    for verb, path in (("POST", "create_order"), ("GET", "create_order"), ("GET", "close")):
        with pytest.raises(UnsupportedException):
            desk.ask(verb, path, {})


@pytest.mark.parametrize("name", EXCHANGES)
def test_every_exchange_has_what_ticks_and_orders_need(name: str) -> None:
    client = Client(name)
    desk = desk_of(client)
    assert {"ticker", "book", "trades", "balances", "place", "cancel", "order", "open_orders", "instruments"} <= desk.capabilities
    assert ("klines" in desk.capabilities) is (name != "bitflyer")
    assert "secret" not in repr(client)
    client.close()


def test_an_old_ccxt_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    for version in ("4.5.89", "4.4.100", "3.9.9"):
        monkeypatch.setattr("ccxt.__version__", version)
        with pytest.raises(ImportError, match=rf"ccxt {version} .* pip install 'exchangeclient\[ccxt\]'"):
            Client("gate")
    for version in ("4.5.90", "4.6.0b1", "4.10.1"):
        monkeypatch.setattr("ccxt.__version__", version)
        Client("gate").close()


def test_no_other_exchange() -> None:
    with pytest.raises(ValueError, match="exchange must be one of"):
        Client("coinegg")


def test_options_of_calls() -> None:
    client = Client("gate", requests_params={"timeout": 3, "proxies": {"http": "http://127.0.0.1:3128"}})
    assert (client._api.timeout, client._api.proxies) == (3_000, {"http": "http://127.0.0.1:3128"})
    assert (client._api.session.trust_env, client._api.verbose) == (True, False)
    client.close()
    for unknown in ({"verify": False}, {"timout": 3}):
        with pytest.raises(TypeError, match="requests_params takes timeout and proxies"):
            Client("gate", requests_params=unknown)
    with pytest.raises(ValueError, match="timeout"):
        Client("gate", requests_params={"timeout": 0})


def test_nothing_is_sent_anew_to_where_an_answer_points(desk: Desk, gate: Any) -> None:
    stub, address = gate
    desk.instruments()
    elsewhere: list[str] = []

    def redirected(asked: Any) -> Any:
        elsewhere.append(asked.path)
        return 307, f"<{address}/elsewhere>"

    stub.before = redirected
    with pytest.raises(OrderStatusUnknownException):
        desk.place(NAME, "BUY", quantity="0.01", price="63000")
    assert elsewhere == ["/api/v4/spot/orders"]
    assert not [asked for asked in stub.asked if asked.path == "/elsewhere"]


def test_no_text_holds_what_is_signed(caplog: pytest.LogCaptureFixture, gate: Any) -> None:
    shown = ""
    for where in (gate[1], "http://127.0.0.1:9"):  # one that answers, and none
        client = Client("htx", "a-key-of-ours", "a-secret-of-ours", environment=where, requests_params={"timeout": 5})
        client._markets = {}
        with caplog.at_level("DEBUG"):
            try:
                client.call("spot_private_get_v1_account_accounts")
            except ExchangeException as error:
                shown += "".join(traceback.format_exception(error))
        shown += repr(client)
        client.close()
    shown += caplog.text
    assert "127.0.0.1:9/v1/account/accounts" in shown
    assert '"GET /v1/account/accounts' in caplog.text
    assert "a-key-of-ours" not in shown
    assert "Signature" not in shown
