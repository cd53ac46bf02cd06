"""The declared endpoints against the venue's facts: a copy of them here, and the whole sheet when it is at hand."""

from __future__ import annotations

import csv
import inspect
from pathlib import Path

import pytest

from exchangeclient.binance.client import Client
from exchangeclient.core.endpoint import Endpoint, endpoints
from exchangeclient.core.request import Kind, Security

SHEET = Path(__file__).resolve().parents[3].parent / "shared/spec/binance-endpoints.csv"
DECLARED = {declared.name: declared for declared in endpoints(Client)}

# https://developers.binance.com/docs/binance-spot-api-docs/rest-api (state of November 2026): route, weight without parameters, parameters.
FACTS = {
    "ping": ("GET /api/v3/ping", 1, ""),
    "get_server_time": ("GET /api/v3/time", 1, ""),
    "get_exchange_info": ("GET /api/v3/exchangeInfo", 20, "symbol symbols permissions showPermissionSets symbolStatus"),
    "get_order_book": ("GET /api/v3/depth", 5, "symbol limit symbolStatus"),
    "get_recent_trades": ("GET /api/v3/trades", 25, "symbol limit"),
    "get_historical_trades": ("GET /api/v3/historicalTrades", 25, "symbol limit fromId"),
    "get_aggregate_trades": ("GET /api/v3/aggTrades", 4, "symbol fromId startTime endTime limit"),
    "get_klines": ("GET /api/v3/klines", 2, "symbol interval startTime endTime timeZone limit"),
    "get_avg_price": ("GET /api/v3/avgPrice", 2, "symbol"),
    "get_ticker": ("GET /api/v3/ticker/24hr", 80, "symbol symbols type symbolStatus"),
    "get_symbol_ticker": ("GET /api/v3/ticker/price", 4, "symbol symbols symbolStatus"),
    "get_all_tickers": ("GET /api/v3/ticker/price", 4, ""),
    "get_orderbook_ticker": ("GET /api/v3/ticker/bookTicker", 4, "symbol symbols symbolStatus"),
    "get_orderbook_tickers": ("GET /api/v3/ticker/bookTicker", 4, ""),
    "cancel_order": ("DELETE /api/v3/order", 1, "symbol orderId origClientOrderId newClientOrderId cancelRestrictions recvWindow"),
    "cancel_all_open_orders": ("DELETE /api/v3/openOrders", 1, "symbol recvWindow"),
    "get_order": ("GET /api/v3/order", 4, "symbol orderId origClientOrderId recvWindow"),
    "get_open_orders": ("GET /api/v3/openOrders", 80, "symbol recvWindow"),
    "get_all_orders": ("GET /api/v3/allOrders", 20, "symbol orderId startTime endTime limit recvWindow"),
    "get_account": ("GET /api/v3/account", 20, "omitZeroBalances recvWindow"),
    "get_my_trades": ("GET /api/v3/myTrades", 20, "symbol orderId startTime endTime fromId limit recvWindow"),
}


def weight(declared: Endpoint) -> int:
    return declared.weight if isinstance(declared.weight, int) else declared.weight({})


@pytest.mark.parametrize("name", FACTS)
def test_routes_weights_and_parameters_are_the_venues(name: str) -> None:
    declared = DECLARED[name]
    assert (f"{declared.verb} {declared.path}", weight(declared), " ".join(p.name for p in declared.parameters)) == FACTS[name]


def test_the_rest_are_the_orders_and_the_web_site() -> None:
    assert DECLARED.keys() - FACTS.keys() == {"create_order", "create_test_order", "get_products"}
    placing, testing = DECLARED["create_order"], DECLARED["create_test_order"]
    assert [p.name for p in testing.parameters if p.name != "computeCommissionRates"] == [p.name for p in placing.parameters]
    assert DECLARED["get_products"].host == "website"


def test_what_a_call_does_and_needs() -> None:
    kinds = {name: declared.kind for name, declared in DECLARED.items() if declared.kind is not Kind.READ}
    assert kinds == {
        "create_order": Kind.PLACE,
        "create_test_order": Kind.TEST,
        "cancel_order": Kind.CANCEL,
        "cancel_all_open_orders": Kind.CANCEL,
    }
    trading = {name for name, declared in DECLARED.items() if declared.security is Security.TRADE}
    private = {name for name, declared in DECLARED.items() if declared.security is Security.USER_DATA}
    assert trading == kinds.keys()
    assert private == {"get_order", "get_open_orders", "get_all_orders", "get_account", "get_my_trades"}


@pytest.mark.parametrize("name", DECLARED)
def test_every_endpoint_says_its_route_its_weight_and_where_it_is_documented(name: str) -> None:
    declared = DECLARED[name]
    text = " ".join((inspect.getdoc(getattr(Client, name)) or "").split())
    assert declared.path in text
    if not isinstance(declared.weight, int):  # the docstring says it in words; its dearest figure is there
        assert str(weight(declared)) in text
    elif name != "get_products":
        assert f"weight {weight(declared)}" in text
    if name != "get_products":
        assert declared.docs.startswith("https://developers.binance.com/docs/binance-spot-api-docs/rest-api/")


@pytest.mark.parametrize("name", DECLARED)
def test_every_endpoint_passes_unknown_keywords_and_has_no_default_but_none(name: str) -> None:
    parameters = inspect.signature(getattr(Client, name)).parameters
    assert [p.name for p in parameters.values() if p.kind is p.VAR_KEYWORD] == ["params"]
    assert {p.default for p in DECLARED[name].parameters} <= {None, inspect.Parameter.empty}


def test_every_endpoint_agrees_with_the_sheet() -> None:
    if not SHEET.exists():
        pytest.skip(f"{SHEET} is not at hand; the facts are in this file")
    with SHEET.open(encoding="utf-8", newline="") as file:
        rows = {
            (row["method"], row["path"]): row
            for row in csv.DictReader(file)
            if row["product"] == "spot" and row["in_official_sdk"] == "yes"
        }
    for declared in DECLARED.values():
        if declared.host == "website":
            continue
        row = rows[(declared.verb, declared.path)]
        assert (declared.security.signed, declared.security.name) == (row["signed"] == "yes", row["security"]), declared.name
        assert set(str(weight(declared)).split()) <= set(row["weight"].replace(":", " ").replace("|", " ").split()), declared.name
        if isinstance(declared.weight, int):
            assert f"IP:{declared.weight}" == row["weight"], declared.name
        mandatory = {p.name for p in declared.parameters if p.default is p.empty}
        assert mandatory == set(row["mandatory_params"].split()), declared.name
        known = set(row["mandatory_params"].split()) | set(row["optional_params"].split()) | {"recvWindow"}
        names = {p.name for p in declared.parameters}
        assert names <= known, declared.name
        if declared.name not in ("get_all_tickers", "get_orderbook_tickers"):
            assert names >= known - {"recvWindow"}, declared.name
