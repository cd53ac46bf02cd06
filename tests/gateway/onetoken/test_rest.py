"""The REST part over an embedded exchange: every route, and what is refused."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import pytest

from exchangeclient.gateway.onetoken import OnetokenGateway
from exchangeclient.gateway.onetoken.routes import ROUTES, described
from exchangeclient.okx.client import Client
from exchangeclient.sandbox import Sandbox
from tests.gateway.onetoken.conftest import made

LONG = "okex/btc.usdt-20190820120000abcdefgh"


@pytest.fixture(params=["binance/mock-1token", "okex/mock-1token"])
def account(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def order(account: str, **more: Any) -> dict[str, Any]:
    return {"contract": f"{account.partition('/')[0]}/btc.usdt", "price": 3000, "bs": "b", "amount": 0.01, **more}


# ---- what anybody may know -------------------------------------------------------------------------------------------


def test_time_is_in_seconds(program: Any) -> None:
    assert 1.7e9 < program.get("/basic/time").json()["server_time"] < 1e10


@pytest.mark.parametrize("name", ["support-exchanges-v2", "exchanges"])
def test_the_exchanges_that_are_served(program: Any, name: str) -> None:
    rows = program.get(f"/basic/{name}").json()
    assert {"binance", "okex", "okef", "okswap", "bitmex"} <= {row["exchange"] for row in rows}
    assert set(rows[0]) == {"exchange", "alias", "sub_markets", "sub_markets_alias", "type"}


def test_a_contract_has_the_rules_of_the_venue(program: Any) -> None:
    (row,) = program.get("/basic/contracts", exchange="binance", name="btc.usdt").json()
    assert row["symbol"] == row["id"] == "binance/btc.usdt"
    assert (row["min_change"], row["unit_amount"], row["min_amount"], row["min_notional"]) == (0.01, 0.00001, 0.00001, 5.0)
    assert len(program.get("/basic/contracts", exchange="binance").json()) > 3
    assert program.get("/basic/contracts", exchange="binance", name="no.thing").json() == []
    assert program.get("/basic/ip-pool").json() == []


@pytest.mark.parametrize("contract", ["binance/btc.usdt", "okex/btc.usdt", "okswap/btc.usdt.td", "bitmex/btc.usd.td"])
def test_a_tick_has_what_an_original_client_indexes(program: Any, contract: str) -> None:
    tick = program.get(f"/quote/single-tick/{contract}").json()
    assert tick["contract"] == contract
    assert tick["volume"] > 0
    assert tick["time"].endswith("+00:00")
    bids, asks = tick["bids"], tick["asks"]
    assert {frozenset(level) for level in bids + asks} == {frozenset({"price", "volume"})}
    assert bids == sorted(bids, key=lambda level: -level["price"])
    assert bids[0]["price"] < asks[0]["price"]


def test_the_ticks_of_an_exchange(program: Any) -> None:
    rows = program.get("/quote/ticks", exchange="okex").json()
    assert "okex/btc.usdt" in {row["contract"] for row in rows}
    assert not any(row["contract"].startswith("okswap") for row in rows)
    assert all(len(row["bids"]) <= 1 for row in rows)


def test_candles_by_seconds_and_by_dates(program: Any) -> None:
    rows = program.get("/quote/candles", contract="binance/btc.usdt", duration="1h").json()
    assert 23 <= len(rows) <= 25
    assert set(rows[0]) == {"timestamp", "open", "high", "low", "close", "volume", "amount"}
    since = rows[-3]["timestamp"]
    assert program.get("/quote/candles", contract="binance/btc.usdt", duration="1h", since=since).json()[0]["timestamp"] == since
    dated = program.get("/quote/candles", contract="okex/btc.usdt", duration="1d", since="2026-01-01", until="2026-01-03T00:00:00+00:00")
    assert dated.status_code == 200
    assert len(program.get("/quote/candles", contract="binance/btc.usdt", duration="15min").json()) > 90


def test_trades_are_oldest_first(program: Any) -> None:
    rows = program.get("/quote/trades", contract="btc.usdt:xtc.okex").json()
    assert rows == sorted(rows, key=lambda row: row["time"])
    assert set(rows[0]) == {"contract", "time", "exchange_time", "price", "amount", "bs"}
    assert rows[0]["contract"] == "btc.usdt:xtc.okex"


@pytest.mark.parametrize(
    ("path", "query", "status", "code"),
    [
        ("/basic/contracts", {}, 400, "invalid-param"),
        ("/basic/contracts", {"exchange": "bittrex"}, 404, "contract-not-exist"),
        ("/quote/single-tick/okex/no.thing", {}, 404, "contract-not-exist"),
        ("/quote/single-tick/okex", {}, 404, "contract-not-exist"),
        ("/quote/candles", {"contract": "okex/btc.usdt", "duration": "7m"}, 400, "invalid-param"),
        ("/quote/candles", {"contract": "okex/btc.usdt", "since": "yesterday"}, 400, "invalid-param"),
        ("/quote/candles", {"contract": "okex/btc.usdt", "since": "1e300"}, 400, "invalid-param"),
        ("/quote/candles", {"contract": "okex/btc.usdt", "since": "9" * 40}, 400, "invalid-param"),
        ("/quote/candles", {"contract": "okex/btc.usdt", "since": "2026-02-01", "until": "2026-01-01"}, 400, "invalid-param"),
        ("/quote/candles", {"contract": "okex/btc.usdt", "since": "2020-01-01"}, 400, "time-range-too-large"),
        ("/nowhere", {}, 404, "invalid-param"),
        ("/../../etc/passwd", {}, 404, "invalid-param"),
    ],
)
def test_g05_what_cannot_be_answered_is_told_in_the_protocols_form(program: Any, path: str, query: Any, status: int, code: str) -> None:
    answer = program.get(path, **query)
    said = answer.json()
    assert (answer.status_code, said["code"]) == (status, code)
    assert set(said) == {"code", "message", "data"}


def test_the_older_prefixes_lead_to_the_same(program: Any, gateway: OnetokenGateway) -> None:
    host = program.rest.removesuffix("/api/v1")
    for path in ("/v1/basic/time", "/basic/time"):
        assert "server_time" in program._session.get(host + path, timeout=30).json()


def test_every_route_is_described(program: Any) -> None:
    said = program.get("/r/swagger").json()
    assert said == program._session.get(program.rest.removesuffix("/api/v1") + "/r/swagger", timeout=30).json() == described()
    assert said["openapi"].startswith("3.")
    described_routes = {(verb.upper(), path) for path, verbs in said["paths"].items() for verb in verbs}
    assert described_routes == {(route.verb, f"/api/v1{route.path}") for route in ROUTES}
    ids = [operation["operationId"] for verbs in said["paths"].values() for operation in verbs.values()]
    assert len(set(ids)) == len(ids)
    assert all(re.fullmatch(r"[a-z0-9_]+", name) for name in ids)


# ---- who may ask -----------------------------------------------------------------------------------------------------


def test_a_wrong_secret_an_unknown_key_and_no_headers(gateway: OnetokenGateway, program_at: Any) -> None:
    path = "/binance/mock-1token/info"
    assert program_at(gateway, secret="wrong").refused("GET", path) == (401, "invalid-api-key")
    assert program_at(gateway, key="unknown").refused("GET", path) == (401, "invalid-api-key")
    answer = program_at(gateway).get(f"/trade{path}")
    assert (answer.status_code, answer.json()["code"]) == (401, "no-valid-authentication")


def test_a_key_is_for_its_accounts(gateway: OnetokenGateway, program_at: Any, program: Any) -> None:
    other = program_at(gateway, key="another-key-of-many-letters")
    assert other.ask("GET", "/okex/mock-1token/info")["position"]
    assert other.refused("GET", "/binance/mock-1token/info") == (403, "no-permission")
    assert program.refused("GET", "/binance/main/info") == (403, "no-permission")
    assert program.refused("GET", "/binance/unknown/info") == (400, "invalid-account-config")
    assert program.refused("GET", "/bittrex/me/info") == (400, "invalid-account-config")


def test_g11_a_nonce_that_was_used_is_refused_and_nothing_is_placed(program: Any) -> None:
    body = json.dumps(order("binance/mock-1token")).encode()
    nonce = str(2**53 - 5)
    assert program.call("POST", "/binance/mock-1token/orders", raw=body, nonce=nonce).status_code == 200
    again = program.call("POST", "/binance/mock-1token/orders", raw=body, nonce=nonce)
    assert (again.status_code, again.json()["code"]) == (401, "no-valid-authentication")
    assert len(program.ask("GET", "/binance/mock-1token/orders")) == 1
    assert program.ask("DELETE", "/binance/mock-1token/orders/all") == {"status": "success"}
    assert program.call("GET", "/binance/mock-1token/info", nonce="noon").status_code == 401


def test_a_body_signed_with_sorted_keys_is_taken(program: Any) -> None:
    path, asked = "/binance/mock-1token/orders", {"price": 3000, "contract": "binance/btc.usdt", "bs": "b", "amount": 0.01}
    sorted_text = json.dumps(asked, sort_keys=True).encode()
    assert json.dumps(asked).encode() != sorted_text
    signed = program.signed("POST", path, sorted_text)
    answer = program._session.post(f"{program.rest}/trade{path}", data=json.dumps(asked), headers=signed, timeout=30)
    assert answer.status_code == 200, answer.text
    assert program.ask("DELETE", path, exchange_oid=answer.json()["exchange_oid"]) == [answer.json()]


def test_builds_of_january_2018_signed_the_whole_path(program: Any, configured: Callable[..., OnetokenGateway], program_at: Any) -> None:
    path = "/binance/mock-1token/orders"
    legacy = program_at(configured(legacy=True))
    host = legacy.rest.removesuffix("/api/v1")
    for where, query in (("/trade", ""), ("/api/v1/trade", ""), ("/trade", "?state=active")):
        signed = legacy.signed("GET", f"{where}{path}{query}", b"")
        answer = legacy._session.get(f"{host}{where}{path}{query}", headers=signed, timeout=30)
        assert (answer.status_code, answer.json()) == (200, [])
        here = program.rest.removesuffix("/api/v1")
        refused = program._session.get(f"{here}{where}{path}{query}", headers=signed, timeout=30)
        assert (refused.status_code, refused.json()["code"]) == (401, "invalid-api-key")
    assert legacy.ask("GET", path) == []
    signed = legacy.signed("GET", f"/trade{path}?state=active", b"")
    assert legacy._session.get(f"{host}/trade{path}?state=end", headers=signed, timeout=30).status_code == 401


@pytest.mark.parametrize("path", ["/huobim/me/info", "/huobim/me/btc.usdt/info"])
def test_margin_accounts_are_refused_in_so_many_words(program: Any, path: str) -> None:
    answer = program.call("GET", path)
    assert (answer.status_code, answer.json()["code"]) == (403, "not-allowed")
    assert "margin" in answer.json()["message"]


# ---- an account ------------------------------------------------------------------------------------------------------


def test_what_an_account_holds_is_valued(program: Any, account: str) -> None:
    info = program.ask("GET", f"/{account}/info")
    held = {row["contract"]: row for row in info["position"]}
    assert held["btc"]["total_amount"] == held["btc"]["available"] + held["btc"]["frozen"]
    assert held["btc"]["market_value"] > 1_000
    assert info["balance"] == pytest.approx(info["cash"] + info["market_value"])
    assert set(info["market_value_detail"]) >= {"btc"}
    assert program.ask("GET", f"/{account}/status") == 100


def test_where_only_contracts_are_traded_coins_are_worth_what_swaps_cost(program: Any) -> None:
    held = {row["contract"]: row for row in program.ask("GET", "/bitmex/mock-1token/info")["position"]}
    price = program.get("/quote/single-tick/bitmex/btc.usd.td").json()["last"]
    assert held["btc"]["market_value"] == pytest.approx(held["btc"]["total_amount"] * price, rel=0.05)


def test_values_in_a_currency_of_the_owners_choice(configured: Callable[..., OnetokenGateway], program_at: Any, program: Any) -> None:
    from decimal import Decimal

    inflated = program_at(configured(currency="CNY", rate=Decimal(7)))
    here, there = (each.ask("GET", "/binance/mock-1token/info") for each in (program, inflated))
    assert there["cash"] == pytest.approx(7 * here["cash"])
    assert (here["extra_info"], there["extra_info"]) == ({"currency": "usdt"}, {"currency": "cny"})


def test_an_order_from_its_placement_to_its_end(program: Any, account: str) -> None:
    path, client_oid = f"/{account}/orders", f"{account.partition('/')[0]}/btc.usdt-20190820120000abcdefgh"
    placed = program.ask("POST", path, order(account, client_oid=client_oid, tags="a:1,b:2", options="{}"))
    assert placed["client_oid"] == client_oid
    assert placed["exchange_oid"].startswith(f"{account.partition('/')[0]}/btc.usdt-")
    (seen,) = program.ask("GET", path, client_oid=client_oid)
    assert seen["status"] == "pending"
    assert (seen["entrust_price"], seen["entrust_amount"], seen["bs"]) == (3000.0, 0.01, "b")
    assert seen["tags"] == {"a": "1", "b": "2"}
    assert program.ask("GET", path, exchange_oid=placed["exchange_oid"])[0]["client_oid"] == client_oid
    assert [row["exchange_oid"] for row in program.ask("GET", path)] == [placed["exchange_oid"]]
    assert program.refused("POST", path, order(account, client_oid=client_oid)) == (400, "client_oid-already-existed")
    assert program.ask("DELETE", path, client_oid=client_oid) == [placed]
    (ended,) = program.ask("GET", path, exchange_oid=placed["exchange_oid"])
    assert ended["status"] == "withdrawn"
    assert ended["version"] == seen["version"] + 1
    assert ended["canceled_time"]
    contract = seen["contract"]
    assert placed["exchange_oid"] in {row["exchange_oid"] for row in program.ask("GET", path, contract=contract, state="end")}
    assert placed["exchange_oid"] in {row["exchange_oid"] for row in program.ask("GET", path, helper="db", state="withdrawn")}
    assert program.ask("GET", path, helper="db", client_oid=client_oid)[0]["status"] == "withdrawn"
    assert placed["exchange_oid"] in {row["exchange_oid"] for row in program.ask("GET", f"/{account}/dealt-order/orders")}
    assert program.refused("DELETE", path, exchange_oid=placed["exchange_oid"])[1] == "exg-cancel-order-not-exist"


def test_a_market_order_is_dealt_and_among_the_trades(program: Any, account: str) -> None:
    contract = order(account)["contract"]
    placed = program.ask("POST", f"/{account}/orders", {"contract": contract, "bs": "b", "amount": "0.01", "options": {"type": "market"}})
    (seen,) = program.ask("GET", f"/{account}/orders", exchange_oid=placed["exchange_oid"])
    assert (seen["status"], seen["dealt_amount"]) == ("dealt", 0.01)
    deals = [row for row in program.ask("GET", f"/{account}/trans", contract=contract) if row["exchange_oid"] == placed["exchange_oid"]]
    assert sum(row["dealt_amount"] for row in deals) == pytest.approx(0.01)
    assert deals[0]["dealt_type"] == "taker"
    assert deals[0]["client_oid"] == placed["client_oid"]
    cost = sum(row["commission"] for row in deals)
    assert cost > 0
    told = cost if account.startswith("okex") else 0.0  # by the order itself; elsewhere its trades tell, once they were asked for
    assert seen["commission"] == pytest.approx(told)
    for more in ({}, {"helper": "db"}):
        (seen,) = program.ask("GET", f"/{account}/orders", exchange_oid=placed["exchange_oid"], **more)
        assert seen["commission"] == pytest.approx(cost)


def test_the_store_knows_what_became_of_orders_that_nobody_asked_about(
    configured: Callable[..., OnetokenGateway], program_at: Any, account: str
) -> None:
    program = program_at(configured())
    path, contract = f"/{account}", order(account)["contract"]
    since = program.get("/basic/time").json()["server_time"]
    market = {"contract": contract, "bs": "b", "amount": 0.01, "options": {"type": "market"}, "tags": {"a": "1"}}
    dealt = program.ask("POST", f"{path}/orders", market)
    still_open = program.ask("POST", f"{path}/orders", order(account))
    rows = {row["exchange_oid"]: row for row in program.ask("GET", f"{path}/orders", helper="db", state="all")}
    assert [rows[each["exchange_oid"]]["status"] for each in (dealt, still_open)] == ["dealt", "pending"]
    deals = program.ask("GET", f"{path}/trans", helper="db")
    assert sum(row["dealt_amount"] for row in deals if row["exchange_oid"] == dealt["exchange_oid"]) == pytest.approx(0.01)
    assert {row["contract"] for row in deals} == {contract}
    mine = [row for row in deals if row["exchange_oid"] == dealt["exchange_oid"]]
    assert (mine[0]["tags"], mine[0]["client_oid"]) == ({"a": "1"}, dealt["client_oid"])
    assert program.ask("GET", f"{path}/trans", helper="db", count=1, contract=contract) == deals[-1:]
    for start, there in ((since, True), (int(since * 1_000), True), (since + 86_400, False), ("2020-01-01", True)):
        rows = program.ask("GET", f"{path}/dealt-order/orders", start=start)
        assert (dealt["exchange_oid"] in {row["exchange_oid"] for row in rows}) is there
        rows = program.ask("GET", f"{path}/dealt-order/trans", start=start)
        assert (dealt["exchange_oid"] in {row["exchange_oid"] for row in rows}) is there
    assert program.ask("GET", f"{path}/dealt-order/trans", end=since - 86_400) == []
    assert still_open["exchange_oid"] not in {row["exchange_oid"] for row in program.ask("GET", f"{path}/dealt-order/orders")}
    program.ask("DELETE", f"{path}/orders/all")


def test_the_store_answers_when_the_venue_does_not(configured: Callable[..., OnetokenGateway], program_at: Any, exchange: Sandbox) -> None:
    program = program_at(configured())
    path = "/binance/mock-1token"
    placed = program.ask("POST", f"{path}/orders", order("binance"))
    assert len(program.ask("GET", f"{path}/orders", helper="db")) == 1
    exchange.fault("error", route="GET /api/v3/openOrders", status=400, code=-1013, text="not now", times=1)
    assert [row["exchange_oid"] for row in program.ask("GET", f"{path}/orders", helper="db")] == [placed["exchange_oid"]]
    program.ask("DELETE", f"{path}/orders/all")


def test_all_open_orders_are_cancelled(program: Any, account: str) -> None:
    path = f"/{account}/orders"
    for _ in range(2):
        program.ask("POST", path, order(account))
    assert program.ask("DELETE", f"{path}/all", contract=order(account)["contract"]) == {"status": "success"}
    assert program.ask("GET", path) == []


@pytest.mark.parametrize(("verb", "code"), [("GET", "exchange_oid-not-found"), ("DELETE", "exg-cancel-order-not-exist")])
def test_a_list_that_went_well_in_part_says_so(program: Any, verb: str, code: str) -> None:
    path, gone = "/binance/mock-1token/orders", "binance/btc.usdt-999999"
    oid = program.ask("POST", path, order("binance"))["exchange_oid"]
    answer = program.call(verb, path, exchange_oid=f"{oid},{gone}")
    said = answer.json()
    assert (answer.status_code, said["code"]) == (400, "partial-success")
    assert [row["exchange_oid"] for row in said["data"]["success"]] == [oid]
    assert [(row["exchange_oid"], row["client_oid"], row["code"]) for row in said["data"]["error"]] == [(gone, "", code)]
    program.ask("DELETE", f"{path}/all")
    answer = program.call(verb, path, exchange_oid=f"{gone},{gone}8")
    assert answer.json()["code"] == code
    assert [row["exchange_oid"] for row in answer.json()["data"]["error"]] == [gone, f"{gone}8"]


def test_an_amendment_where_the_venue_has_them(program: Any) -> None:
    path = "/okex/mock-1token/orders"
    placed = program.ask("POST", path, order("okex"))
    assert program.ask("PATCH", path, {"price": 3001, "amount": 0.02}, exchange_oid=placed["exchange_oid"]) == placed
    (seen,) = program.ask("GET", path, client_oid=placed["client_oid"])
    assert (seen["entrust_price"], seen["entrust_amount"]) == (3001.0, 0.02)
    program.ask("DELETE", path, client_oid=placed["client_oid"])


def test_an_amendment_elsewhere_is_refused_unless_it_is_emulated(
    program: Any, configured: Callable[..., OnetokenGateway], program_at: Any
) -> None:
    path = "/binance/mock-1token/orders"
    placed = program.ask("POST", path, order("binance"))
    assert program.refused("PATCH", path, {"price": 3001}, exchange_oid=placed["exchange_oid"]) == (403, "not-allowed")
    emulating = program_at(configured(emulate=True))
    other = emulating.ask("PATCH", path, {"price": 3001}, exchange_oid=placed["exchange_oid"])
    assert other["exchange_oid"] != placed["exchange_oid"]
    (seen,) = emulating.ask("GET", path)
    assert (seen["exchange_oid"], seen["entrust_price"], seen["entrust_amount"]) == (other["exchange_oid"], 3001.0, 0.01)
    emulating.ask("DELETE", f"{path}/all")
    careful = emulating.ask("POST", path, {**order("binance"), "options": {"post_only": True}, "tags": {"a": "1"}})
    emulating.ask("PATCH", path, {"amount": 0.02}, exchange_oid=careful["exchange_oid"])
    (seen,) = emulating.ask("GET", path)
    assert (seen["options"], seen["tags"], seen["entrust_amount"]) == ({"post_only": True}, {"a": "1"}, 0.02)
    emulating.ask("DELETE", f"{path}/all")


def test_an_emulated_amendment_that_failed_half_way_says_what_is_left(
    configured: Callable[..., OnetokenGateway], program_at: Any, exchange: Sandbox
) -> None:
    path = "/binance/mock-1token/orders"
    program = program_at(configured(emulate=True))
    placed = program.ask("POST", path, order("binance"))
    assert program.refused("PATCH", path, {"amount": 1_000_000}, exchange_oid=placed["exchange_oid"])[1] == "exg-place-order-error-amount"
    assert len(program.ask("GET", path)) == 1  # it was not cancelled for one that cannot be
    exchange.fault("error", route="POST /api/v3/order", status=400, code=-2010, text="not now", times=1)
    answer = program.call("PATCH", path, {"price": 3001}, exchange_oid=placed["exchange_oid"])
    assert answer.status_code == 400
    assert "is cancelled" in answer.json()["message"]
    assert program.ask("GET", path) == []


def test_one_order_that_cannot_be_cancelled_keeps_the_others_from_nothing(program: Any, exchange: Sandbox) -> None:
    path = "/binance/mock-1token/orders"
    for _ in range(3):
        program.ask("POST", path, order("binance"))
    exchange.fault("error", route="DELETE /api/v3/order", status=400, code=-1013, text="not now", times=1)
    assert program.refused("DELETE", f"{path}/all")[0] == 400
    assert len(program.ask("GET", path)) == 1
    program.ask("DELETE", f"{path}/all")
    assert program.ask("GET", path) == []


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"contract": "binance/no.thing"}, "contract-not-exist"),
        ({"contract": "okex/btc.usdt"}, "invalid-param"),
        ({"contract": None}, "invalid-param"),
        ({"bs": "x"}, "invalid-param"),
        ({"amount": -1}, "invalid-param"),
        ({"amount": 0}, "invalid-param"),
        ({"price": 0}, "invalid-param"),
        ({"amount": True}, "invalid-param"),
        ({"amount": [1]}, "invalid-param"),
        ({"price": "many"}, "invalid-param"),
        ({"price": None}, "invalid-param"),
        ({"price": 3000.001}, "exg-place-order-error-price"),
        ({"amount": 0.000001}, "exg-place-order-error-amount"),
        ({"price": 100, "amount": 0.00001}, "exg-place-order-min-notional"),
        ({"bs": "s", "price": 7000, "amount": 1100}, "exg-place-order-no-money"),
        ({"options": {"stop": 1}}, "invalid-param"),
        ({"options": "{"}, "invalid-param"),
        ({"options": {"type": "iceberg"}}, "invalid-param"),
        ({"tags": 1}, "invalid-param"),
        ({"client_oid": "x" * 200}, "invalid-param"),
        ({"client_oid": 5}, "invalid-param"),
    ],
)
def test_an_order_that_cannot_be_has_a_code_of_its_own(program: Any, more: Any, code: str) -> None:
    assert program.refused("POST", "/binance/mock-1token/orders", order("binance", **more))[1] == code


@pytest.mark.parametrize(
    ("verb", "path", "query", "code"),
    [
        ("GET", "orders", {"client_oid": ",".join("abcdefghij")}, "invalid-param"),
        ("DELETE", "orders", {}, "invalid-param"),
        ("DELETE", "orders", {"exchange_oid": "nothing"}, "exchange_oid-not-found"),
        ("GET", "orders", {"client_oid": "nothing"}, "client_oid-not-found"),
        ("GET", "orders", {"exchange_oid": "binance/btc.usdt-999999"}, "exchange_oid-not-found"),
        ("GET", "orders", {"state": "gone"}, "invalid-param"),
        ("GET", "orders", {"state": "end"}, "invalid-param"),
        ("GET", "trans", {}, "invalid-param"),
        ("GET", "trans", {"contract": "binance/btc.usdt", "count": "-1"}, "invalid-param"),
        ("GET", "withdraws", {}, "not-allowed"),
        ("POST", "withdraws", {}, "not-allowed"),
        ("GET", "nowhere", {}, "invalid-param"),
        ("PUT", "orders", {}, "invalid-param"),
    ],
)
def test_what_cannot_be_asked_of_an_account(program: Any, verb: str, path: str, query: Any, code: str) -> None:
    assert program.refused(verb, f"/binance/mock-1token/{path}", **query)[1] == code


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"1", b"\xff", b"[" * 50_000, b'{"price": NaN}', b'{"amount": 1e999}', b"null"])
def test_g01_a_body_that_is_none_is_told(program: Any, body: bytes) -> None:
    answer = program.call("POST", "/binance/mock-1token/orders", raw=body)
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid-param")


def test_positions_are_told_by_contract(program: Any, exchange: Sandbox) -> None:
    path = "/okswap/mock-1token"
    contract = "okswap/btc.usdt.td"
    program.ask("POST", f"{path}/orders", {"contract": contract, "bs": "s", "amount": 1, "options": {"type": "market"}})
    (held,) = [row for row in program.ask("GET", f"{path}/info")["position"] if row["type"] == "future"]
    assert (held["contract"], held["total_amount"], held["total_amount_short"], held["total_amount_long"]) == (
        "btc.usdt.td",
        -1.0,
        1.0,
        0.0,
    )
    assert held["average_open_price_short"] > 0
    info = program.ask("GET", f"{path}/info")
    price = program.get(f"/quote/single-tick/{contract}").json()["last"]
    assert held["market_value"] == pytest.approx(-0.01 * price, rel=0.05)  # a contract is a hundredth of a coin
    assert (held["total_xtc_amount"], held["available_xtc"], held["frozen_xtc"]) == (-0.01, -0.01, 0.0)
    coins = {row["contract"]: row["market_value"] for row in info["position"] if row["type"] == "spot"}
    assert info["market_value_detail"]["btc"] == pytest.approx(coins["btc"] + held["market_value"], rel=0.05)
    assert info["balance"] == pytest.approx(info["cash"] + sum(coins.values()))  # what is owned, without what is only bet on
    program.ask("POST", f"{path}/orders", {"contract": contract, "bs": "b", "amount": 1, "options": {"type": "market", "close": True}})


def test_an_order_without_a_flag_closes_what_is_held_if_that_is_enough_and_else_opens(program_at: Any) -> None:
    with Sandbox(limits="counted") as exchange, Client("key", "secret", "passphrase", environment=exchange.urls["okx"]) as client:
        client.set_position_mode(posMode="long_short_mode")
        with made(exchange) as gateway:
            program = program_at(gateway)
            path, contract = "/okswap/mock-1token", "okswap/btc.usdt.td"

            def held() -> dict[str, float]:
                rows = [row for row in program.ask("GET", f"{path}/info")["position"] if row["type"] == "future"]
                (row,) = rows or [{"total_amount": 0.0, "total_amount_long": 0.0, "total_amount_short": 0.0}]  # of both sides one
                assert row["total_amount"] == row["total_amount_long"] - row["total_amount_short"]
                return {side: row[f"total_amount_{side}"] for side in ("long", "short")}

            def trade(bs: str, amount: int, **options: Any) -> None:
                asked = {"contract": contract, "bs": bs, "amount": amount, "options": {"type": "market", **options}}
                program.ask("POST", f"{path}/orders", asked)

            trade("b", 2)
            trade("s", 1)
            assert held() == {"long": 1.0, "short": 0.0}
            trade("s", 3)
            assert held() == {"long": 1.0, "short": 3.0}
            trade("s", 1, open=True)
            assert held() == {"long": 1.0, "short": 4.0}
            trade("b", 4)
            assert held() == {"long": 1.0, "short": 0.0}
            trade("s", 1, close=True)
            assert held() == {"long": 0.0, "short": 0.0}
