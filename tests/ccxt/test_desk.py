"""The desk through ccxt, on a stub of Gate."""

from __future__ import annotations

import traceback
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

pytest.importorskip("ccxt", reason="an extra: pip install 'exchangeclient[ccxt]'")

from exchangeclient.ccxt.client import EXCHANGES, Client
from exchangeclient.desk import Desk, Market, desk_of
from exchangeclient.exceptions import (
    ExchangeRequestException,
    InsufficientFundsException,
    OrderMinAmountException,
    OrderMinPriceException,
    OrderMinTotalException,
    OrderNotFoundException,
    OrderStatusUnknownException,
    OverloadException,
    UnknownSymbolException,
    UnsupportedException,
)

NAME = "BTC/USDT"


@pytest.fixture
def desk(gate: Any) -> Iterator[Desk]:
    client = Client("gate", "key", "secret", environment=gate[1])
    yield desk_of(client)
    client.close()


def test_market_data(desk: Desk) -> None:
    assert desk.venue == "gate"
    (listed,) = desk.instruments()
    assert (listed.name, listed.market, listed.trading) == (NAME, Market("BTC", "USDT"), True)
    assert (listed.tick, listed.step) == (Decimal("0.1"), Decimal("0.0001"))
    assert (listed.min_quantity, listed.min_total) == (Decimal("0.001"), 5)
    assert desk.instrument_of(Market("btc", "usdt")) == NAME
    assert desk.market_of("btc/usdt") == Market("BTC", "USDT")
    with pytest.raises(UnknownSymbolException, match="lists no"):
        desk.ticker("NO/SUCH")
    with pytest.raises(UnsupportedException):
        desk.instrument_of(Market("BTC", "USDT", "swap"))
    (ticker,) = desk.tickers()
    assert (ticker.instrument, ticker.last, ticker.bid, ticker.ask) == (NAME, Decimal("64000.1"), 64000, Decimal("64000.2"))
    assert ticker.volume == Decimal("1219.053")
    book = desk.book(NAME, 1)
    assert (book.bids, book.asks) == (((Decimal(64000), Decimal(1)),), ((Decimal("64000.2"), Decimal("1.5")),))
    (trade,) = desk.trades(NAME)
    assert (trade.id, trade.price, trade.quantity, trade.side) == ("1", Decimal("64000.1"), Decimal("0.5"), "SELL")
    rows = desk.klines(NAME, "1m", limit=3)
    assert len(rows) == 3
    assert (rows[0].open, rows[0].high, rows[0].low, rows[0].close) == (64000, 64010, 63990, Decimal("64000.1"))
    with pytest.raises(ValueError, match="interval must be one of"):
        desk.klines(NAME, "3m")


def test_orders(desk: Desk) -> None:
    (held,) = desk.balances()
    assert (held.currency, held.free, held.locked) == ("USDT", 1000, Decimal("12.5"))
    ack = desk.place(NAME, "BUY", quantity="0.01", price="63000", client_order_id="o1234567890")
    assert ack.client_order_id == "o1234567890"
    seen = desk.order(NAME, client_order_id="o1234567890")
    assert (seen.order_id, seen.status, seen.price, seen.quantity, seen.client_order_id) == (
        ack.order_id, "NEW", 63000, Decimal("0.01"), "o1234567890",
    )  # fmt: skip
    assert [order.order_id for order in desk.open_orders()] == [ack.order_id]
    desk.cancel(NAME, ack.order_id)
    assert desk.order(NAME, ack.order_id).status == "CANCELED"
    assert [order.order_id for order in desk.history(NAME)] == [ack.order_id]
    with pytest.raises(OrderNotFoundException):
        desk.cancel(NAME, ack.order_id)
    with pytest.raises(OrderNotFoundException):
        desk.order(NAME, client_order_id="neverplaced")


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
        ({"quantity": "0.01"}, TypeError),
        ({"price": "63000"}, TypeError),
    ],
)
def test_orders_that_are_not_sent(desk: Desk, gate: Any, form: dict[str, Any], error: type[Exception]) -> None:
    with pytest.raises(error):
        desk.place(NAME, "BUY", **form)
    assert not [path for verb, path in gate[0].asked if verb == "POST"]


def test_a_refusal_of_the_exchange(desk: Desk) -> None:
    with pytest.raises(InsufficientFundsException):
        desk.place(NAME, "BUY", quantity="1000", price="63000")


def test_a_lost_answer_is_looked_up_and_the_order_never_sent_twice(desk: Desk, gate: Any) -> None:
    stub, _ = gate
    stub.lose_next_order = True
    ack = desk.place(NAME, "BUY", quantity="0.01", price="63000", client_order_id="mine")
    assert ack.order_id in stub.orders
    stub.lose_next_order = True
    with pytest.raises(OrderStatusUnknownException):
        desk.place(NAME, "BUY", quantity="0.01", price="63000")  # without an id nobody can tell
    assert [verb for verb, _ in stub.asked].count("POST") == 2


def test_an_exchange_that_is_too_busy(desk: Desk, gate: Any) -> None:
    desk.instruments()
    gate[0].failing = True
    with pytest.raises(OverloadException) as told:
        desk.ticker(NAME)
    assert told.value.outcome_unknown


def test_what_ccxt_reads(desk: Desk) -> None:
    (deal,) = desk.ask("GET", "fetch_my_trades", {"symbol": NAME, "limit": "5"})
    assert (deal["id"], deal["amount"]) == ("5736713", 0.01)
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


def test_no_other_exchange() -> None:
    with pytest.raises(ValueError, match="exchange must be one of"):
        Client("coinegg")


def test_no_text_holds_what_is_signed(caplog: pytest.LogCaptureFixture, gate: Any) -> None:
    shown = ""
    for where in (gate[1], "http://127.0.0.1:9"):  # one that answers, and none
        client = Client("htx", "a-key-of-ours", "a-secret-of-ours", environment=where, requests_params={"timeout": 5})
        client._loaded = True
        with caplog.at_level("DEBUG"):
            try:
                client.call("spot_private_get_v1_account_accounts")
            except ExchangeRequestException as error:
                shown += "".join(traceback.format_exception(error))
        shown += repr(client)
        client.close()
    shown += caplog.text
    assert "127.0.0.1:9/v1/account/accounts" in shown
    assert '"GET /v1/account/accounts' in caplog.text
    assert "a-key-of-ours" not in shown
    assert "Signature" not in shown
