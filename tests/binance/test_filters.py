from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from exchangeclient.binance.filters import order_rules
from exchangeclient.market.rules import UNBOUND, Bounds

D = Decimal
# As the live exchangeInfo listed it.
BTCUSDT: dict[str, Any] = {
    "symbol": "BTCUSDT",
    "status": "TRADING",
    "filters": [
        {"filterType": "PRICE_FILTER", "minPrice": "0.01000000", "maxPrice": "1000000.00000000", "tickSize": "0.01000000"},
        {"filterType": "LOT_SIZE", "minQty": "0.00001000", "maxQty": "9000.00000000", "stepSize": "0.00001000"},
        {"filterType": "ICEBERG_PARTS", "limit": 100},
        {"filterType": "MARKET_LOT_SIZE", "minQty": "0.00000000", "maxQty": "69.25519177", "stepSize": "0.00000000"},
        {"filterType": "TRAILING_DELTA", "minTrailingAboveDelta": 10, "maxTrailingAboveDelta": 2000, "minTrailingBelowDelta": 20,
         "maxTrailingBelowDelta": 1000},
        {"filterType": "PERCENT_PRICE_BY_SIDE", "bidMultiplierUp": "5", "bidMultiplierDown": "0.2", "askMultiplierUp": "4",
         "askMultiplierDown": "0.5", "avgPriceMins": 5},
        {"filterType": "NOTIONAL", "minNotional": "5.00000000", "applyMinToMarket": True, "maxNotional": "9000000.00000000",
         "applyMaxToMarket": False, "avgPriceMins": 5},
        {"filterType": "MAX_NUM_ORDERS", "maxNumOrders": 200},
    ],
}  # fmt: skip


def test_a_symbols_filters_become_rules() -> None:
    rules = order_rules(BTCUSDT)
    assert (rules.symbol, rules.trading, rules.status) == ("BTCUSDT", True, "TRADING")
    assert rules.price == Bounds("PRICE_FILTER", D("0.01"), D("1000000"), D("0.01"), "tick")
    assert rules.quantity == Bounds("LOT_SIZE", D("0.00001"), D("9000"), D("0.00001"))
    assert rules.totals == (Bounds("NOTIONAL", D("5"), D("9000000")),)
    assert rules.market_totals == (Bounds("NOTIONAL", D("5")),)
    assert rules.most_parts == Bounds("ICEBERG_PARTS", high=D(100))
    assert rules.trailing == {"above": Bounds("TRAILING_DELTA", D(10), D(2000)), "below": Bounds("TRAILING_DELTA", D(20), D(1000))}
    band = "PERCENT_PRICE_BY_SIDE"
    assert rules.bands == {"BUY": Bounds(band, D("0.2"), D(5)), "SELL": Bounds(band, D("0.5"), D(4))}
    assert rules.average_minutes == 5


def test_a_price_band_for_both_sides_is_read_too() -> None:
    both = {"filterType": "PERCENT_PRICE", "multiplierUp": "1.3", "multiplierDown": "0.7", "avgPriceMins": 5}
    rules = order_rules({"symbol": "BNBBTC", "status": "TRADING", "filters": [both]})
    assert rules.bands == dict.fromkeys(("BUY", "SELL"), Bounds("PERCENT_PRICE", D("0.7"), D("1.3")))


def test_a_maximum_for_market_orders_holds_when_its_flag_says_so() -> None:
    total = {"filterType": "NOTIONAL", "minNotional": "5", "applyMinToMarket": False, "maxNotional": "90", "applyMaxToMarket": True}
    rules = order_rules({"symbol": "BNBBTC", "status": "TRADING", "filters": [total]})
    assert (rules.totals, rules.market_totals) == ((Bounds("NOTIONAL", D(5), D(90)),), (Bounds("NOTIONAL", None, D(90)),))


def test_a_zero_switches_a_part_off() -> None:
    assert order_rules(BTCUSDT).market_quantity == Bounds("MARKET_LOT_SIZE", None, D("69.25519177"), None)


def test_the_older_minimum_is_read_too() -> None:
    older = {"filterType": "MIN_NOTIONAL", "minNotional": "0.001", "applyToMarket": False, "avgPriceMins": 5}
    rules = order_rules({"symbol": "BNBBTC", "status": "BREAK", "filters": [older]})
    assert rules.totals == (Bounds("MIN_NOTIONAL", D("0.001")),)
    assert rules.market_totals == ()
    assert (rules.trading, rules.price, rules.quantity) == (False, UNBOUND, UNBOUND)
    for_market = order_rules({"symbol": "BNBBTC", "status": "TRADING", "filters": [{**older, "applyToMarket": True}]})
    assert for_market.market_totals == for_market.totals


@pytest.mark.parametrize(
    "broken",
    [
        {},
        {"symbol": "X", "filters": []},
        {"symbol": "X", "status": "TRADING", "filters": None},
        {"symbol": "X", "status": "TRADING", "filters": ["PRICE_FILTER"]},
        {"symbol": "X", "status": "TRADING", "filters": [{"filterType": "LOT_SIZE", "minQty": "x"}]},
        {"symbol": "X", "status": "TRADING", "filters": [{"filterType": "LOT_SIZE", "minQty": [1]}]},
    ],
)
def test_what_is_no_symbol_of_exchange_info_is_one_kind_of_error(broken: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"not a symbol of exchangeInfo|must be a plain number"):
        order_rules(broken)
