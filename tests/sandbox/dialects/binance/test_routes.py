"""The table of endpoints against the venue's own: every path of spot with all of its parameters, and what each costs."""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path

import pytest

from exchangeclient.sandbox.dialects.binance.params import Params
from exchangeclient.sandbox.dialects.binance.routes import ROUTES

SHEET = Path(__file__).resolve().parents[4].parent / "shared/spec/binance-endpoints.csv"
_OF_EVERY_SIGNED_CALL = {"recvWindow", "timestamp", "signature"}
# No path of the venue's: a slip of the sheet for /api/v3/order/cancelReplace, which it has too.
_SLIPS = {("POST", "/api/v3/cancelReplace")}
# Parameters that are known only to be refused in the venue's words, or since they belong to what is retired.
_BEYOND = {"pendingQuantity", "listenKey"}


@pytest.mark.skipif(not SHEET.exists(), reason=f"{SHEET} is not at hand")
def test_every_endpoint_of_the_venue_is_served_with_all_its_parameters() -> None:
    with SHEET.open(newline="", encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["product"] == "spot"]
    sheet = {(row["method"], row["path"]): {*row["mandatory_params"].split(), *row["optional_params"].split()} for row in rows}
    assert len(sheet) > 40
    for key, names in sheet.items():
        if key not in _SLIPS:
            assert set(ROUTES[key].names) - _BEYOND == names - _OF_EVERY_SIGNED_CALL - _BEYOND, key


# https://developers.binance.com/docs/binance-spot-api-docs/rest-api (state of November 2026)
SYMBOL = {"symbol": "BNBBTC"}
RATES = {"computeCommissionRates": "true"}


def symbols(count: int) -> dict[str, str]:
    return {"symbols": json.dumps([f"S{number}" for number in range(count)])}


Weights = list[tuple[dict[str, str], int]]
PUBLIC: dict[str, Weights] = {
    "ping": [({}, 1)],
    "time": [({}, 1)],
    "exchangeInfo": [({}, 20), (SYMBOL, 20)],
    "executionRules": [(SYMBOL, 2), (symbols(3), 6), (symbols(20), 40), (symbols(21), 40), ({}, 40), ({"symbolStatus": "HALT"}, 40)],
    "depth": [(SYMBOL, 5), *(({"limit": str(limit)}, weight) for limit, weight in ((1, 5), (100, 5), (101, 25), (500, 25), (501, 50)))]
    + [({"limit": str(limit)}, weight) for limit, weight in ((1000, 50), (1001, 250), (5000, 250), (9999, 250))],
    "trades": [(SYMBOL, 25)],
    "historicalTrades": [(SYMBOL, 25)],
    "historicalBlockTrades": [(SYMBOL, 25)],
    "aggTrades": [(SYMBOL, 4)],
    "klines": [(SYMBOL, 2)],
    "uiKlines": [(SYMBOL, 2)],
    "avgPrice": [(SYMBOL, 2)],
    "ticker/24hr": [(SYMBOL, 2), (symbols(1), 2), (symbols(20), 2), (symbols(21), 40), (symbols(100), 40), (symbols(101), 80), ({}, 80)],
    "ticker/tradingDay": [(SYMBOL, 4), (symbols(1), 4), (symbols(50), 200), (symbols(51), 200), (symbols(100), 200)],
    "ticker": [(SYMBOL, 4), (symbols(1), 4), (symbols(49), 196), (symbols(50), 200), (symbols(100), 200)],
    "ticker/price": [(SYMBOL, 2), (symbols(1), 4), ({}, 4)],
    "ticker/bookTicker": [(SYMBOL, 2), (symbols(1), 4), ({}, 4)],
    "referencePrice": [(SYMBOL, 2)],
    "referencePrice/calculation": [(SYMBOL, 2)],
}
TRADING: dict[tuple[str, str], Weights] = {
    ("POST", "order"): [({}, 1)],
    ("POST", "order/test"): [({}, 1), (RATES, 20)],
    ("DELETE", "order"): [({}, 1)],
    ("DELETE", "openOrders"): [({}, 1)],
    ("POST", "order/cancelReplace"): [({}, 1)],
    ("PUT", "order/amend/keepPriority"): [({}, 4)],
    ("POST", "order/oco"): [({}, 1)],
    ("POST", "orderList/oco"): [({}, 1)],
    ("POST", "orderList/oto"): [({}, 1)],
    ("POST", "orderList/otoco"): [({}, 1)],
    ("POST", "orderList/opo"): [({}, 1)],
    ("POST", "orderList/opoco"): [({}, 1)],
    ("DELETE", "orderList"): [({}, 1)],
    ("POST", "sor/order"): [({}, 1)],
    ("POST", "sor/order/test"): [({}, 1), (RATES, 20)],
}
ACCOUNT: dict[str, Weights] = {
    "account": [({}, 20)],
    "order": [({}, 4)],
    "openOrders": [(SYMBOL, 6), ({}, 80)],
    "allOrders": [({}, 20)],
    "orderList": [({}, 4)],
    "allOrderList": [({}, 20)],
    "openOrderList": [({}, 6)],
    "myTrades": [({}, 20), ({"orderId": "1"}, 5)],
    "rateLimit/order": [({}, 40)],
    "myPreventedMatches": [({"preventedMatchId": "1"}, 2), ({"orderId": "1"}, 20)],
    "myAllocations": [({}, 20)],
    "account/commission": [({}, 20)],
    "order/amendments": [({}, 4)],
    "myFilters": [({}, 40)],
}
WEIGHTS: dict[tuple[str, str], Weights] = {
    **{("GET", f"/api/v3/{path}"): weights for path, weights in (PUBLIC | ACCOUNT).items()},
    **{(method, f"/api/v3/{path}"): weights for (method, path), weights in TRADING.items()},
}
_RETIRED = "/api/v3/userDataStream"


@pytest.mark.parametrize("key", WEIGHTS, ids=" ".join)
def test_an_endpoint_costs_what_the_venue_says(key: tuple[str, str]) -> None:
    method, path = key
    name, route = path.removeprefix("/api/v3/"), ROUTES[key]
    assert [(params, route.weight(Params(params))) for params, _ in WEIGHTS[key]] == WEIGHTS[key]
    assert route.signed is (method != "GET" or name in ACCOUNT)
    assert route.trade is (method != "GET")


def test_no_endpoint_is_without_its_weight() -> None:
    assert {key for key in ROUTES if key[1].startswith("/api/v3/") and key[1] != _RETIRED} == set(WEIGHTS)


@pytest.mark.skipif(not SHEET.exists(), reason=f"{SHEET} is not at hand")
def test_the_weights_are_those_of_the_sheet() -> None:
    with SHEET.open(newline="", encoding="utf-8") as file:
        sheet = {(row["method"], row["path"]): row["weight"] for row in csv.DictReader(file) if row["product"] == "spot"}
    for key, weights in WEIGHTS.items():
        # "101-500:25|501-1000:50", "1|with computeCommissionRates 20", "symbols:2 each max 40"
        told = {int(word) for word in re.split(r"[|: ]", sheet[key]) if word.isdigit()}
        assert told, key
        assert told <= {weight for _, weight in weights}, key
