"""A preview is what becomes of the order a moment later, on an exchange that stands still."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from exchangeclient.binance.filters import order_rules
from exchangeclient.binance.previewing import Market, preview
from exchangeclient.client import Client
from exchangeclient.exceptions import OrderMinAmountException, OrderMinTotalException, OrderPriceBandException, OrderUnknownSymbolException
from exchangeclient.market.preview import Fee
from exchangeclient.sandbox import Sandbox

D = Decimal


@pytest.fixture(scope="module")
def exchange() -> Iterator[Sandbox]:
    with Sandbox(seed=7, start="2024-03-01", speed=0) as exchange:
        yield exchange


@pytest.fixture(scope="module")
def client(exchange: Sandbox) -> Iterator[Client]:
    with Client("key", "secret", environment=exchange.urls["binance"]) as client:
        yield client


def balances(client: Client) -> dict[str, Decimal]:
    return {row["asset"]: D(row["free"]) for row in client.get_asset_balance()}


@pytest.mark.parametrize(
    "order",
    [
        {"side": "BUY", "type": "MARKET", "quantity": "2.5"},
        {"side": "SELL", "type": "MARKET", "quantity": "2.5"},
        {"side": "BUY", "type": "MARKET", "quoteOrderQty": "0.1"},
        {"side": "BUY", "type": "LIMIT", "timeInForce": "IOC", "quantity": "1.5", "price": "0.0708"},
    ],
)
def test_what_is_foretold_comes_true(client: Client, order: dict[str, Any]) -> None:
    told = client.preview_order(symbol="ETHBTC", **order)
    assert told.refusal is None
    assert told.is_covered
    before = balances(client)
    placed = client.create_order(symbol="ETHBTC", **order)
    after = balances(client)
    assert told.fill is not None
    assert told.fee is not None
    if "quantity" in order:
        assert D(placed["executedQty"]) == told.fill.quantity
        # The venue cuts what each fill is worth, and its fee, to eight digits.
        cut = len(placed["fills"]) * D("1e-8")
        assert abs(D(placed["cummulativeQuoteQty"]) - told.fill.total) < cut
        assert abs(sum(D(fill["commission"]) for fill in placed["fills"]) - told.fee.taken) < 2 * cut
        assert {fill["commissionAsset"] for fill in placed["fills"]} == {told.fee.asset}
        assert max(placed["fills"], key=lambda fill: abs(D(fill["price"]) - told.middle))["price"] == f"{told.fill.last:.8f}"  # type: ignore[operator]
    spent = before[told.pays_in] - after[told.pays_in]
    assert told.needed is not None
    assert spent <= told.needed.quantize(D("1e-8")) + D("1e-8")


def test_nothing_is_sent(client: Client) -> None:
    before = client.get_all_orders(symbol="ETHBTC")
    client.preview_order(symbol="ETHBTC", side="BUY", type="MARKET", quantity="1")
    assert client.get_all_orders(symbol="ETHBTC") == before


def test_a_rule_that_is_broken_is_named_and_a_rounding_keeps_it(client: Client) -> None:
    order = {"symbol": "ethbtc", "side": "BUY", "type": "LIMIT", "timeInForce": "GTC", "quantity": "1.23456", "price": "0.07"}
    told = client.preview_order(**order)
    assert isinstance(told.refusal, OrderMinAmountException)
    assert told.refusal.nearest == D("1.235")
    assert told.order["quantity"] == "1.23456"
    told = client.preview_order(rounding="passive", **order)
    assert told.refusal is None
    assert told.moved == {"quantity": (D("1.23456"), D("1.234"))}
    assert told.order == {**order, "symbol": "ETHBTC", "quantity": D("1.234")}


def test_the_band_around_the_average_is_kept_to(client: Client) -> None:
    told = client.preview_order(symbol="ETHBTC", side="BUY", type="LIMIT", timeInForce="GTC", quantity="1", price="9")
    assert isinstance(told.refusal, OrderPriceBandException)


def test_the_reference_price_comes_before_the_average(client: Client) -> None:
    listing = client.get_symbol_info("ETHBTC")
    assert listing is not None
    order = {"symbol": "ETHBTC", "side": "BUY", "type": "LIMIT", "timeInForce": "GTC", "quantity": "1", "price": "0.07"}
    book: dict[str, Any] = {"bids": [], "asks": []}
    assert preview(order, Market(listing, book, {"referencePrice": "0.07"}), None).refusal is None
    assert preview(order, Market(listing, book, {"referencePrice": "0.001"}), None).refusal is not None
    minutes = order_rules(listing).average_minutes
    assert preview(order, Market(listing, book, {"mins": minutes, "price": "0.001"}), None).refusal is not None
    assert preview(order, Market(listing, book, {"mins": 99, "price": "0.001"}), None).refusal is None


def test_a_symbol_with_a_reference_price_is_measured_by_it(exchange: Sandbox, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    honest = client._call
    monkeypatch.setattr(client, "_call", lambda request: (asked.append(request.name), honest(request))[1])
    client.preview_order(symbol="ETHBTC", side="BUY", type="MARKET", quantity="1")
    with exchange.fault("error", route="GET /api/v3/referencePrice", status=404):
        client.preview_order(symbol="ETHBTC", side="BUY", type="MARKET", quantity="1")
    assert asked.count("get_avg_price") == 2
    monkeypatch.setattr(client, "get_reference_price", lambda **params: {"referencePrice": "0.0001"})
    told = client.preview_order(symbol="ETHBTC", side="BUY", type="LIMIT", timeInForce="GTC", quantity="1", price="0.07")
    assert asked.count("get_avg_price") == 2
    assert isinstance(told.refusal, OrderPriceBandException)


def test_a_total_that_is_too_small_is_refused(client: Client) -> None:
    told = client.preview_order(symbol="ETHBTC", side="BUY", type="MARKET", quoteOrderQty="0.00001")
    assert isinstance(told.refusal, OrderMinTotalException)


def test_what_would_rest_pays_the_makers_rate(client: Client) -> None:
    told = client.preview_order(symbol="ETHBTC", side="SELL", type="LIMIT", timeInForce="GTC", quantity="10", price="0.09")
    assert told.fill is not None
    assert told.fee is not None
    assert (told.fill.quantity, told.fill.left) == (0, 10)
    assert (told.fee.asset, told.fee.taken, told.fee.rested) == ("BTC", 0, D("0.9") * D("0.001"))


def test_an_order_that_fills_whole_or_not_at_all(client: Client) -> None:
    book = client.get_order_book(symbol="ETHBTC", limit=1)
    order = {"symbol": "ETHBTC", "side": "BUY", "type": "LIMIT", "timeInForce": "FOK", "price": book["asks"][0][0]}
    told = client.preview_order(**order, quantity="500")
    assert told.fill is not None
    assert (told.fill.quantity, told.fill.left) == (0, 500)


def test_a_stop_waits_and_a_maker_rests(client: Client) -> None:
    order = {"symbol": "ETHBTC", "side": "SELL", "quantity": "1", "price": "0.05"}
    assert client.preview_order(type="STOP_LOSS_LIMIT", timeInForce="GTC", stopPrice="0.06", **order).fill is None
    told = client.preview_order(type="LIMIT_MAKER", **order).fill
    assert told is not None
    assert told.quantity == 0


def test_what_the_account_has_not_is_said(client: Client) -> None:
    told = client.preview_order(symbol="ETHBTC", side="SELL", type="LIMIT", timeInForce="GTC", quantity="5000", price="0.07")
    assert (told.free is not None, told.needed, told.is_covered) == (True, 5000, False)


def test_without_a_key_the_market_alone_is_known(client: Client) -> None:
    with Client(environment=client.hosts.rest) as stranger:
        told = stranger.preview_order(symbol="ETHBTC", side="BUY", type="MARKET", quantity="1")
    assert (told.fee, told.free, told.is_covered) == (None, None, None)
    assert told.fill is not None


def test_wrong_arguments_are_named(client: Client) -> None:
    with pytest.raises(OrderUnknownSymbolException):
        client.preview_order(symbol="NOSUCH", side="BUY", type="MARKET", quantity="1")
    with pytest.raises(TypeError, match=r"preview_order\(\) needs price"):
        client.preview_order(symbol="ETHBTC", side="BUY", type="LIMIT", timeInForce="GTC", quantity="1")
    with pytest.raises(ValueError, match="quantity"):
        client.preview_order(symbol="ETHBTC", side="BUY", type="MARKET", quantity="one")


RATES = {
    "standardCommission": {"maker": "0.001", "taker": "0.002", "buyer": "0.0001", "seller": "0.0002"},
    "specialCommission": {"maker": "0.01", "taker": "0.02", "buyer": "0", "seller": "0"},
    "taxCommission": {"maker": "0.1", "taker": "0.2", "buyer": "0", "seller": "0.3"},
}


@pytest.mark.parametrize(
    ("side", "price", "taken", "rested", "asset"),
    [
        # What is bought pays in what is bought: two at once, three later.
        ("BUY", "11", 2 * D("0.2221"), 3 * D("0.1111"), "ETH"),
        # What is sold pays in what it earns: one at nine at once, four at nine later.
        ("SELL", "9", 9 * D("0.5222"), 36 * D("0.4112"), "BTC"),
    ],
)
def test_every_rate_that_the_account_pays_is_counted(
    client: Client, side: str, price: str, taken: Decimal, rested: Decimal, asset: str
) -> None:
    listing = client.get_symbol_info("ETHBTC")
    assert listing is not None
    book = {"bids": [["9", "1"], ["8", "5"]], "asks": [["10", "1"], ["11", "1"], ["12", "9"]]}
    market = Market(listing, book, {"mins": 5, "price": "10"}, RATES, [{"asset": "BTC", "free": "55", "locked": "0"}])
    order = {"symbol": "ETHBTC", "side": side, "type": "LIMIT", "timeInForce": "GTC", "quantity": "5", "price": price}
    told = preview(order, market, None)
    assert told.fee == Fee(asset, taken, rested)
    assert (told.free, told.needed, told.is_covered) == ((55, 55, True) if side == "BUY" else (0, 5, False))
