"""The declared endpoints against the venue's facts: a copy of them beside this file, and the whole sheet when it is at hand."""

from __future__ import annotations

import csv
import hmac
import importlib.util
import inspect
import re
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
import requests
import requests_mock

from exchangeclient import exceptions
from exchangeclient.binance.client import Client
from exchangeclient.binance.rest.us_staking import UsStaking
from exchangeclient.core.calling.endpoint import Endpoint, endpoints
from exchangeclient.core.http.request import Kind, Security
from exchangeclient.core.process.clock import FakeClock

SHEET = Path(__file__).resolve().parents[3].parent / "shared/spec/binance-endpoints.csv"
# binance.us is a venue of its own, with its own documentation: test_us_staking.py.
# The calls over the WebSocket API are these once more: tests/binance/test_wscalls.py.
DECLARED = {declared.name: declared for declared in endpoints(Client) if declared not in endpoints(UsStaking) and declared.host != "ws_api"}
OF_ALL = ("get_all_tickers", "get_orderbook_tickers")  # the same routes as others, for all symbols

_found = importlib.util.spec_from_file_location("endpoint_facts", Path(__file__).with_name("endpoint_facts.py"))
assert _found is not None
assert _found.loader is not None
_facts = importlib.util.module_from_spec(_found)
_found.loader.exec_module(_facts)
FACTS: dict[str, tuple[str, str, str, str, str]] = _facts.FACTS

# The only value that a sample call could give to each parameter and be understood; others get one by their type.
SAMPLES = {
    "symbol": "这是测试币456",
    "recvWindow": "5000.123",
    "interval": "1h",
    "side": "BUY",
    "type": "LIMIT",
    "timeInForce": "GTC",
    "newOrderRespType": "ACK",
}
NOW_MS = 1_700_000_000_123


def weight(declared: Endpoint, **params: str) -> int:
    return declared.weight if isinstance(declared.weight, int) else declared.weight(params)


def mandatory(declared: Endpoint) -> set[str]:
    return {p.name for p in declared.parameters if p.default is p.empty}


def test_every_endpoint_has_its_facts() -> None:
    assert DECLARED.keys() - FACTS.keys() == {"get_products"}
    assert DECLARED["get_products"].host == "website"


@pytest.mark.parametrize("name", FACTS)
def test_route_security_and_parameters_are_the_venues(name: str) -> None:
    declared = DECLARED[name]
    route, security, _, needed, optional = FACTS[name]
    assert f"{declared.verb} {declared.path}" == route
    # Market data that once needed a key needs none today.
    assert declared.security is Security[security.replace("MARKET_DATA", "NONE")]
    assert mandatory(declared) == set(needed.split())
    if name not in OF_ALL:
        assert {p.name for p in declared.parameters} - {"recvWindow"} == {*needed.split(), *optional.split()}


@pytest.mark.parametrize("name", FACTS)
def test_the_weight_is_the_venues(name: str) -> None:
    declared, said = DECLARED[name], FACTS[name][2]
    if fixed := re.fullmatch(r"(IP|UID):(\d+)( .*)?", said):
        assert declared.weight == int(fixed[2])
    else:
        assert {str(weight(declared)), *re.findall(r"\d+", str(declared.weight))} <= set(re.findall(r"\d+", said))
    counted = {"IP:": "sapi-ip", "UID": "sapi-uid"}[said[:3]] if "/sapi/" in declared.path else "weight"
    assert declared.counts == (f"{counted}-second" if said.endswith("/s)") else counted)


@pytest.mark.parametrize(
    ("name", "params", "expected"),
    [
        ("get_order_book", {"limit": "100"}, 5),
        ("get_order_book", {"limit": "101"}, 25),
        ("get_order_book", {"limit": "1000"}, 50),
        ("get_order_book", {"limit": "5000"}, 250),
        ("get_ticker", {"symbol": "A"}, 2),
        ("get_ticker", {"symbols": '["A","B"]'}, 2),
        ("get_ticker", {"symbols": str(["A"] * 21).replace("'", '"')}, 40),
        ("get_ticker", {"symbols": str(["A"] * 101).replace("'", '"')}, 80),
        ("get_ticker", {}, 80),
        ("get_symbol_ticker", {"symbols": '["A"]'}, 4),
        ("get_symbol_ticker_window", {"symbol": "A"}, 4),
        ("get_symbol_ticker_window", {"symbols": '["A","B","C"]'}, 12),
        ("get_trading_day_ticker", {"symbols": str(["A"] * 60).replace("'", '"')}, 200),
        ("get_trading_day_ticker", {"symbols": "not JSON"}, 200),
        ("get_execution_rules", {"symbol": "A"}, 2),
        ("get_execution_rules", {"symbols": '["A","B"]'}, 4),
        ("get_execution_rules", {}, 40),
        ("get_open_orders", {"symbol": "A"}, 6),
        ("get_my_trades", {"orderId": "1"}, 5),
        ("get_prevented_matches", {"preventedMatchId": "1"}, 2),
        ("get_prevented_matches", {"orderId": "1"}, 20),
        ("create_test_order", {"computeCommissionRates": "true"}, 20),
        ("create_test_order", {"computeCommissionRates": "false"}, 1),
    ],
)
def test_weights_that_depend_on_parameters(name: str, params: dict[str, str], expected: int) -> None:
    assert weight(DECLARED[name], **params) == expected


def test_what_places_cancels_and_moves() -> None:
    kinds: dict[Kind, set[str]] = {}
    for name, declared in DECLARED.items():
        kinds.setdefault(declared.kind, set()).add(name)
    assert kinds[Kind.TEST] == {"create_test_order", "create_sor_test_order"}
    assert kinds[Kind.CANCEL] == {"cancel_order", "cancel_all_open_orders", "cancel_order_list"}
    assert kinds[Kind.AMEND] == {"amend_order_keep_priority"}
    assert kinds[Kind.TRANSFER] == {"withdraw", "universal_transfer", "transfer_dust", "toggle_bnb_burn_spot_margin"}
    # Source of the counts: "unfilled order count" in the venue's documentation of its limits.
    placed = {name: declared.orders for name, declared in DECLARED.items() if declared.kind is Kind.PLACE}
    assert placed == {
        "create_order": 1, "cancel_replace_order": 1, "create_sor_order": 1, "create_oco_order": 2, "create_old_oco_order": 2,
        "create_oto_order": 2, "create_opo_order": 2, "create_otoco_order": 3, "create_opoco_order": 3,
    }  # fmt: skip
    for name in set().union(*kinds.values()) - kinds[Kind.PLACE]:
        assert DECLARED[name].orders == 0
    changing = {"POST", "PUT", "DELETE"}
    reads_by_post = {"get_user_asset", "funding_wallet", "get_dust_assets"}
    assert {name for name in kinds[Kind.READ] if DECLARED[name].verb in changing} == reads_by_post


@pytest.mark.parametrize("name", [name for name, declared in DECLARED.items() if declared.kind is Kind.TRANSFER])
@pytest.mark.parametrize(
    "trouble", [{"exc": requests.ReadTimeout}, {"exc": requests.ConnectionError}, {"status_code": 503}, {"text": "not JSON"}]
)
def test_what_moves_money_is_never_sent_twice(name: str, trouble: dict[str, Any]) -> None:
    with requests_mock.Mocker() as venue:
        venue.request(requests_mock.ANY, requests_mock.ANY, **trouble)
        with pytest.raises(exceptions.ExchangeException) as lost:
            getattr(Client("key", "secret", clock=FakeClock(NOW_MS)), name)()
    assert len(venue.request_history) == 1
    assert not lost.value.explain().repeat.is_safe


def test_a_test_order_takes_what_an_order_takes() -> None:
    for placing, testing in (("create_order", "create_test_order"), ("create_sor_order", "create_sor_test_order")):
        names = [p.name for p in DECLARED[testing].parameters if p.name != "computeCommissionRates"]
        assert names == [p.name for p in DECLARED[placing].parameters]


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
        assert declared.docs.startswith("https://developers.binance.com/docs/")


@pytest.mark.parametrize("name", DECLARED)
def test_every_endpoint_says_its_units_its_bounds_and_its_errors(name: str) -> None:
    text = inspect.getdoc(getattr(Client, name)) or ""
    parameters = {p.name for p in DECLARED[name].parameters}
    assert ":raises " in text
    assert "milliseconds" in text or not parameters & {"startTime", "endTime"}
    assert ":param limit:" in text or "limit" not in parameters
    for error in re.findall(r":raises (\w+):", text):
        assert hasattr(exceptions, error) or error in ("TypeError", "ValueError")


@pytest.mark.parametrize("name", DECLARED)
def test_every_endpoint_passes_unknown_keywords_and_has_no_default_but_none(name: str) -> None:
    parameters = inspect.signature(getattr(Client, name)).parameters
    assert [p.name for p in parameters.values() if p.kind is p.VAR_KEYWORD] == ["params"]
    assert {p.default for p in DECLARED[name].parameters} <= {None, inspect.Parameter.empty}


def sample(parameter: inspect.Parameter) -> Any:
    annotation = str(parameter.annotation)
    if "int" in annotation:
        return 1_000_001
    if parameter.name in SAMPLES or parameter.name.endswith(("Type", "Side", "TimeInForce")):
        kind = next((word for word in ("TimeInForce", "Side") if parameter.name.endswith(word)), "type")
        return SAMPLES.get(parameter.name) or {"TimeInForce": "GTC", "Side": "BUY", "type": "LIMIT_MAKER"}[kind]
    if "bool" in annotation:
        return True
    return Decimal("0.00001") if "Number" in annotation else "ABC"


def wire_text(value: Any) -> str:
    """A sample as the venue spells it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return format(value, "f") if isinstance(value, Decimal) else str(value)


def done(name: str) -> Any:
    """An answer that tells what became of any call that changes something."""
    if name == "cancel_all_open_orders":
        return []
    return {"orderId": 1, "orderListId": 1, "amendedOrder": {}, "cancelResult": "SUCCESS", "newOrderResult": "SUCCESS"}


@pytest.mark.parametrize("name", DECLARED)
def test_one_call_with_every_parameter_leaves_byte_for_byte(name: str) -> None:
    declared = DECLARED[name]
    given = {p.name: sample(p) for p in declared.parameters}
    options = {"disable_validation": True} if declared.kind in (Kind.PLACE, Kind.TEST, Kind.AMEND) else {}
    with requests_mock.Mocker() as venue:
        venue.request(requests_mock.ANY, requests_mock.ANY, json=done(name))
        client = Client("key", "secret", clock=FakeClock(NOW_MS))
        getattr(client, name)(**given, **options)
    sent = venue.request_history[-1]
    expected = urlencode({key: wire_text(value) for key, value in given.items()})
    if declared.security.signed:
        expected += f"{'&' if expected else ''}timestamp={NOW_MS}"
        expected += f"&signature={hmac.new(b'secret', expected.encode(), 'sha256').hexdigest()}"
    verb, path = FACTS[name][0].split() if name in FACTS else ("GET", declared.path)
    in_form = verb in ("POST", "PUT")
    base = "https://www.binance.com" if declared.host == "website" else "https://api.binance.com"
    assert sent.method == verb
    assert sent.url == f"{base}{path}" + (f"?{expected}" if expected and not in_form else "")
    assert (sent.text or "") == (expected if in_form else "")
    assert sent.headers.get("X-MBX-APIKEY") == ("key" if declared.security.signed else None)


@pytest.mark.parametrize("name", [name for name, one in DECLARED.items() if one.kind not in (Kind.PLACE, Kind.TEST, Kind.AMEND)])
def test_an_argument_left_out_is_the_venues_to_judge(name: str) -> None:
    with requests_mock.Mocker() as venue:
        venue.request(requests_mock.ANY, requests_mock.ANY, json=done(name))
        getattr(Client("key", "secret", clock=FakeClock(NOW_MS)), name)()
    assert len(venue.request_history) == 1


def test_the_facts_agree_with_the_sheet_and_nothing_of_it_is_missing() -> None:
    if not SHEET.exists():
        pytest.skip(f"{SHEET} is not at hand; the facts are in endpoint_facts.py")
    with SHEET.open(encoding="utf-8", newline="") as file:
        rows = {f"{row['method']} {row['path']}": row for row in csv.DictReader(file) if row["in_official_sdk"] == "yes"}
    for route, security, said, needed, optional in FACTS.values():
        row = rows[route]
        assert (security, said, needed) == (row["security"], row["weight"], row["mandatory_params"])
        assert optional.split() == [name for name in row["optional_params"].split() if name != "recvWindow"]
    spot = {route for route, row in rows.items() if row["product"] == "spot"}
    assert spot <= {facts[0] for facts in FACTS.values()}
