from __future__ import annotations

from typing import Any

import pytest

from exchangeclient.exceptions import (
    BinanceOrderMinTotalException,
    OrderException,
    OrderInactiveSymbolException,
    OrderMinAmountException,
    OrderMinPriceException,
    OrderMinTotalException,
    OrderUnknownSymbolException,
)
from exchangeclient.validation import NOTIONAL_LIMITS, validate_order

# A row as the seed's get_products() gave it.
PRODUCTS = [
    {"symbol": "BNBBTC", "status": "TRADING", "minTrade": "1.00000000", "tickSize": "0.00000001", "quoteAsset": "BTC"},
    {"symbol": "ETHBTC", "status": "TRADING", "minTrade": "0.001", "tickSize": "0.000001", "quoteAsset": "BTC"},
    {"symbol": "OLDBTC", "status": "BREAK", "minTrade": "1", "tickSize": "0.00000001", "quoteAsset": "BTC"},
    {"symbol": "BNBXYZ", "status": "TRADING", "minTrade": "1", "tickSize": "0.01", "quoteAsset": "XYZ"},
]
EXCHANGE_INFO = {
    "symbols": [
        {
            "symbol": "BTCUSDT",
            "status": "TRADING",
            "filters": [
                {"filterType": "PRICE_FILTER", "minPrice": "0.01", "maxPrice": "1000000", "tickSize": "0.01"},
                {"filterType": "LOT_SIZE", "minQty": "0.00001", "maxQty": "9000", "stepSize": "0.00001"},
                {"filterType": "NOTIONAL", "minNotional": "5", "applyMinToMarket": True, "maxNotional": "9000000"},
            ],
        }
    ]
}


def limit(symbol: str, quantity: Any, price: Any) -> dict[str, Any]:
    return {"symbol": symbol, "side": "BUY", "type": "LIMIT", "quantity": quantity, "price": price}


@pytest.mark.parametrize(
    "order",
    [limit("BNBBTC", 100, "0.00001"), limit("ETHBTC", 0.3, 0.07), {"symbol": "BNBBTC", "type": "MARKET", "quantity": 100}],
)
def test_good_orders_pass(order: dict[str, Any]) -> None:
    for products in (PRODUCTS, {"data": PRODUCTS}):
        validate_order(order, products)
        with pytest.raises(OrderMinAmountException):  # it is the quantity that made it good
            validate_order({**order, "quantity": "0.00000000001"}, products)


@pytest.mark.parametrize(
    ("order", "error", "text"),
    [
        (limit("NOSUCH", 1, 1), OrderUnknownSymbolException, "NOSUCH is not among the products"),
        (limit("OLDBTC", 1, 1), OrderInactiveSymbolException, "OLDBTC is not trading"),
        (limit("BNBBTC", 100, "0.000000001"), OrderMinPriceException, "price 0.000000001 is below the minimum"),
        (limit("BNBBTC", 100.5, "0.00001"), OrderMinAmountException, "quantity 100.5 is not a multiple of the step"),
        (limit("BNBBTC", 99, "0.00001"), OrderMinTotalException, "below the minimum 0.001"),
    ],
)
def test_the_seeds_rules_raise_the_seeds_errors(order: dict[str, Any], error: type[OrderException], text: str) -> None:
    with pytest.raises(error, match=text) as caught:
        validate_order(order, PRODUCTS)
    assert caught.value.code == -1013
    assert caught.value.symbol == order["symbol"]


@pytest.mark.parametrize(
    ("order", "error", "text"),
    [
        ({"symbol": "BNBBTC", "type": "LIMIT", "price": "1"}, TypeError, "needs quantity for a LIMIT order"),
        ({"symbol": "BNBBTC", "type": "LIMIT", "quantity": 1, "price": None}, TypeError, "needs price or pegPriceType for a LIMIT order"),
        ({"symbol": "BNBBTC", "price": "1"}, TypeError, "needs quantity for a LIMIT order"),
        ({"symbol": "BNBBTC"}, TypeError, "needs quantity or quoteOrderQty for a MARKET order"),
        ({"symbol": "BNBBTC", "type": "MARKET"}, TypeError, "needs quantity or quoteOrderQty for a MARKET order"),
        (limit("BNBBTC", -100, "0.00001"), ValueError, "quantity must not be negative: -100"),
        (limit("BNBBTC", 100, -0.00001), ValueError, "price must not be negative: -0.00001"),
        ({"symbol": "BNBBTC", "type": "MARKET", "quantity": "-100"}, ValueError, "quantity must not be negative: -100"),
        (limit("BNBBTC", 0, "0.00001"), OrderMinAmountException, "quantity 0 is below the minimum 1"),
        (limit("BNBBTC", "0.5", "0.00001"), OrderMinAmountException, "quantity 0.5 is below the minimum 1"),
        (limit("BNBBTC", 100, 0), OrderMinPriceException, "price 0 is below the minimum"),
        (limit("FREEBTC", 0, 1), OrderMinAmountException, "quantity 0 is not above zero"),
        (limit("FREEBTC", 1, 0), OrderMinPriceException, "price 0 is not above zero"),
    ],
)
def test_what_is_missing_negative_or_zero_is_refused(order: dict[str, Any], error: type[Exception], text: str) -> None:
    free = {"symbol": "FREEBTC", "status": "TRADING", "minTrade": "0", "tickSize": "0", "quoteAsset": "XYZ"}
    with pytest.raises(error, match=text):
        validate_order(order, [*PRODUCTS, free])


def test_products_may_be_given_by_their_symbols() -> None:
    products = {row["symbol"]: row for row in PRODUCTS}
    validate_order(limit("BNBBTC", 100, "0.00001"), products)
    with pytest.raises(OrderMinAmountException):
        validate_order(limit("BNBBTC", 100.5, "0.00001"), products)
    with pytest.raises(OrderUnknownSymbolException):
        validate_order(limit("NOSUCH", 100, "0.00001"), {})


@pytest.mark.parametrize("symbol", ["OLDBTC", "SHUTBTC"])
def test_a_symbol_that_is_not_there_or_not_trading_is_said_before_what_is_missing(symbol: str) -> None:
    products = [*PRODUCTS, {**PRODUCTS[0], "symbol": "SHUTBTC", "active": False}]
    with pytest.raises(OrderInactiveSymbolException, match=f"{symbol} is not trading"):
        validate_order({"symbol": symbol}, products)
    with pytest.raises(OrderUnknownSymbolException):
        validate_order({"symbol": "NOSUCH"}, products)


def test_without_a_type_a_price_makes_a_limit_order_and_none_a_market_order() -> None:
    validate_order({"symbol": "BNBBTC", "quantity": 1}, PRODUCTS)
    with pytest.raises(OrderMinTotalException):
        validate_order({"symbol": "BNBBTC", "quantity": 1, "price": "0.00001"}, PRODUCTS)


def test_exact_decimals_where_floats_would_refuse() -> None:
    validate_order(limit("ETHBTC", 0.003 * 1, "0.4"), PRODUCTS)  # 0.003 % 0.001 is 0.001 in floats
    long = {"symbol": "ETHBTC", "price": "0.07"}
    validate_order({**long, "quantity": "1000000000.003"}, PRODUCTS)
    with pytest.raises(OrderMinAmountException):
        validate_order({**long, "quantity": "1000000000.0030000001"}, PRODUCTS)  # equal to the one above in floats


def test_a_quote_asset_without_a_limit_has_none() -> None:
    assert "XYZ" not in NOTIONAL_LIMITS
    validate_order(limit("BNBXYZ", 1, "0.01"), PRODUCTS)


@pytest.mark.parametrize("products", [EXCHANGE_INFO, EXCHANGE_INFO["symbols"]])
def test_exchange_info_is_taken_with_all_its_rules(products: Any) -> None:
    validate_order(limit("BTCUSDT", "0.001", "50000"), products)
    with pytest.raises(OrderMinPriceException, match=r"price 0.123456 is not a multiple of the tick 0.01 for BTCUSDT"):
        validate_order(limit("BTCUSDT", 1, "0.123456"), products)
    with pytest.raises(BinanceOrderMinTotalException, match="below the minimum 5"):
        validate_order(limit("BTCUSDT", "0.001", "50"), products)


@pytest.mark.parametrize("products", [{"data": [{"s": "BNBBTC", "st": "TRADING"}]}, {"code": "000000"}, ["BNBBTC"]])
def test_products_without_rules_are_refused_by_name(products: Any) -> None:
    with pytest.raises(ValueError, match="products has no order rules"):
        validate_order(limit("BNBBTC", 1, 1), products)


def test_a_row_that_lacks_a_rule_is_named() -> None:
    with pytest.raises(ValueError, match="BNBBTC has no 'minTrade'"):
        validate_order(limit("BNBBTC", 1, 1), [{"symbol": "BNBBTC", "tickSize": "1", "status": "TRADING", "quoteAsset": "BTC"}])


@pytest.mark.parametrize(("name", "value"), [("price", "NaN"), ("quantity", float("nan")), ("symbol", ""), ("symbol", None)])
def test_bad_arguments_are_named(name: str, value: Any) -> None:
    with pytest.raises(ValueError, match=name):
        validate_order({**limit("BNBBTC", 1, 1), name: value}, PRODUCTS)


def test_no_valid_multiple_is_refused_however_it_is_given() -> None:
    for number in range(1, 2001):
        for quantity in (number / 100_000, f"{number}e-5", f"{number / 100_000:.8f}"):
            validate_order(limit("BTCUSDT", quantity, 1_000_000), EXCHANGE_INFO)


def test_products_of_old_say_whether_they_are_active() -> None:
    row = {"tickSize": "0.01", "minTrade": "1", "quoteAsset": "BTC", "active": True}
    validate_order(limit("A", 1, 1), {"A": row})
    for shut in ({**row, "active": False}, {**row, "status": "BREAK"}):
        with pytest.raises(OrderInactiveSymbolException):
            validate_order(limit("A", 1, 1), {"A": shut})
    with pytest.raises(ValueError, match="A has no 'status'"):
        validate_order(limit("A", 1, 1), [{"symbol": "A", "tickSize": "1", "minTrade": "1", "quoteAsset": "BTC"}])


@pytest.mark.parametrize("products", [5, None, "BNBBTC", {"data": 5}])
def test_what_is_no_list_of_products_is_named(products: Any) -> None:
    with pytest.raises((TypeError, ValueError), match=r"^products "):
        validate_order(limit("BNBBTC", 1, 1), products)
