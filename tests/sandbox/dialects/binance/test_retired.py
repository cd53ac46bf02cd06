"""What the venue has retired: served when the sandbox is told to, and gone as at the venue otherwise."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from exchangeclient.sandbox.dialects.binance.retired import LEGACY_ROUTES
from exchangeclient.sandbox.dialects.binance.routes import ROUTES
from exchangeclient.sandbox.engine.instruments import shown

HOUR_S = 3600
SYMBOL = "BNBBTC"


@pytest.fixture
def legacy(make_bench: Callable[..., Any]) -> Any:
    """A venue that still serves it; without other traders."""
    return make_bench(legacy=True, traders=False)


def keyed(bench: Any, method: str, account: str = "key", version: str = "v3", **params: str) -> Any:
    """A request with an API key and no signature; parameters in the form."""
    return bench.send(
        method, f"/api/{version}/userDataStream", body="&".join(f"{name}={value}" for name, value in params.items()), key=account
    )


def trade(bench: Any) -> None:
    bench.order("SELL", account="other", quantity=50, price="0.0002")
    bench.order("BUY", quantity=50, price="0.0002")


# ---- gone --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_listen_keys_are_shut_down(bench: Any, method: str) -> None:
    assert keyed(bench, method)["code"] == -1016
    assert bench.answer.status == 410
    assert keyed(bench, method, version="v1") is None
    assert bench.answer.status == 404


@pytest.mark.parametrize("path", sorted({path for method, path in set(LEGACY_ROUTES) - set(ROUTES)}))
def test_a_retired_path_is_unknown(bench: Any, path: str) -> None:
    assert bench.get(path) is None
    assert bench.answer.status == 404


# ---- market data -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "params"),
    [
        ("ping", {}),
        ("time", {}),
        ("exchangeInfo", {}),
        ("depth", {"symbol": SYMBOL}),
        ("trades", {"symbol": SYMBOL}),
        ("historicalTrades", {"symbol": SYMBOL}),
        ("aggTrades", {"symbol": SYMBOL}),
        ("klines", {"symbol": SYMBOL, "interval": "1h"}),
        ("ticker/24hr", {}),
    ],
)
def test_the_first_version_of_a_path_answers_as_its_third(legacy: Any, name: str, params: dict[str, str]) -> None:
    trade(legacy)
    old = legacy.get(f"/api/v1/{name}", **params)
    assert legacy.answer.status == 200
    assert old == legacy.get(f"/api/v3/{name}", **params)


@pytest.mark.parametrize(("old", "new"), [("allPrices", "price"), ("allBookTickers", "bookTicker")])
def test_the_old_lists_of_tickers_hold_every_symbol(legacy: Any, old: str, new: str) -> None:
    trade(legacy)
    assert legacy.get(f"/api/v1/ticker/{old}") == legacy.get(f"/api/v3/ticker/{new}")


def test_orders_and_accounts_had_no_first_version(legacy: Any) -> None:
    assert legacy.signed("GET", "/api/v1/account") is None
    assert legacy.answer.status == 404


def test_the_old_list_of_products_has_the_symbols_and_their_rules(legacy: Any) -> None:
    old = legacy.get("/exchange/public/product")["data"]
    present = legacy.get("/bapi/asset/v2/public/asset-service/product/get-products")["data"]
    for each, row in zip(old, present, strict=True):
        rules = legacy.exchange.instruments[each["symbol"]]
        assert (each["status"], each["minTrade"], each["tickSize"]) == (rules.status.value, shown(rules.step), shown(rules.tick))
        assert each["active"] is (each["status"] == "TRADING")
        assert (row["s"], row["st"], row["i"], row["ts"]) == (each["symbol"], each["status"], each["minTrade"], each["tickSize"])


@pytest.mark.parametrize(("array", "single"), [("!ticker@arr", "ticker"), ("!miniTicker@arr@1000ms", "miniTicker")])
def test_all_tickers_in_one_array_are_those_that_changed(legacy: Any, make_wire: Callable[..., Any], array: str, single: str) -> None:
    everything, one = make_wire(legacy, f"/ws/{array}"), make_wire(legacy, f"/ws/bnbbtc@{single}")
    trade(legacy)
    legacy.pass_time(1)
    (told,) = one.heard()
    assert everything.heard() == [[told]]
    legacy.pass_time(1)
    assert everything.heard() == []


def test_all_book_tickers_come_one_by_one(legacy: Any, make_wire: Callable[..., Any]) -> None:
    everything = make_wire(legacy, "/ws/!bookTicker")
    ones = [make_wire(legacy, f"/ws/{symbol}@bookTicker") for symbol in ("bnbbtc", "ethbtc")]
    trade(legacy)
    legacy.order("BUY", symbol="ETHBTC", quantity=1, price="0.05")
    told = [each for socket in ones for each in socket.heard()]
    assert {each["s"] for each in told} == {"BNBBTC", "ETHBTC"}
    assert everything.heard() == told


# ---- listen keys -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("version", ["v1", "v3"])
def test_an_account_has_one_listen_key_at_a_time(legacy: Any, version: str) -> None:
    key = keyed(legacy, "POST", version=version)["listenKey"]
    assert re.fullmatch(r"[A-Za-z0-9]{60}", key)
    assert keyed(legacy, "POST", version=version) == {"listenKey": key}
    assert keyed(legacy, "POST", account="other", version=version)["listenKey"] != key
    assert keyed(legacy, "PUT", version=version, listenKey=key) == {}
    assert keyed(legacy, "DELETE", version=version, listenKey=key) == {}
    assert keyed(legacy, "PUT", version=version, listenKey=key)["code"] == -1125
    assert keyed(legacy, "POST", version=version)["listenKey"] != key


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
def test_only_a_known_key_of_ones_own_can_be_kept_or_closed(legacy: Any, method: str) -> None:
    key = keyed(legacy, "POST")["listenKey"]
    assert keyed(legacy, method, account="other", listenKey=key) == {"code": -1125, "msg": "This listenKey does not exist."}
    assert keyed(legacy, method, listenKey="x" * 60)["code"] == -1125
    assert keyed(legacy, method)["code"] == -1102
    assert keyed(legacy, "POST") == {"listenKey": key}


@pytest.mark.parametrize(("account", "status", "code"), [("", 401, -2014), ("nobody", 401, -2015)])
def test_a_listen_key_needs_an_api_key(legacy: Any, account: str, status: int, code: int) -> None:
    assert keyed(legacy, "POST", account=account)["code"] == code
    assert legacy.answer.status == status


def test_who_listens_with_the_key_hears_what_a_subscriber_hears(legacy: Any, make_wire: Callable[..., Any]) -> None:
    key = keyed(legacy, "POST")["listenKey"]
    raw, combined, subscriber = (
        make_wire(legacy, f"/ws/{key}"),
        make_wire(legacy, "/stream", f"streams={key}"),
        make_wire(legacy, "/ws-api/v3"),
    )
    assert subscriber.subscribe_user()["status"] == 200
    stranger = make_wire(legacy, f"/ws/{keyed(legacy, 'POST', account='other')['listenKey']}")
    legacy.order("BUY", quantity=50, price="0.0001")
    events = [each["event"] for each in subscriber.heard()]
    assert {each["e"] for each in events} == {"executionReport", "outboundAccountPosition"}
    assert raw.heard() == events
    assert combined.heard() == [{"stream": key, "data": each} for each in events]
    assert stranger.heard() == []
    keyed(legacy, "DELETE", listenKey=key)
    legacy.order("BUY", quantity=50, price="0.0001")
    assert raw.heard() == []


def test_a_key_lives_for_an_hour_from_the_last_time_that_it_was_kept_alive(legacy: Any, make_wire: Callable[..., Any]) -> None:
    key = keyed(legacy, "POST")["listenKey"]
    socket = make_wire(legacy, f"/ws/{key}")
    for keep in (lambda: keyed(legacy, "PUT", listenKey=key), lambda: keyed(legacy, "POST")):
        legacy.pass_time(HOUR_S - 1)
        assert "code" not in keep()
    legacy.pass_time(HOUR_S - 1)
    assert socket.heard() == []
    legacy.pass_time(1)
    assert socket.heard() == [{"e": "listenKeyExpired", "E": legacy.now_us // 1000, "listenKey": key}]
    legacy.order("BUY", quantity=50, price="0.0001")
    assert socket.heard() == []
    assert keyed(legacy, "PUT", listenKey=key)["code"] == -1125
    assert keyed(legacy, "POST")["listenKey"] != key


def ask(socket: Any, name: str, **params: object) -> Any:
    return socket.say({"id": 1, "method": f"userDataStream.{name}", "params": params})


def test_the_websocket_api_hands_out_the_same_keys(legacy: Any, make_wire: Callable[..., Any]) -> None:
    socket = make_wire(legacy, "/ws-api/v3")
    started = ask(socket, "start", apiKey="key")
    key = started["result"]["listenKey"]
    assert (started["status"], started["rateLimits"][0]["count"]) == (200, 4)  # two of them for the connection
    assert keyed(legacy, "POST") == {"listenKey": key}
    stream = make_wire(legacy, f"/ws/{key}")
    legacy.pass_time(HOUR_S - 1)
    assert ask(socket, "ping", apiKey="key", listenKey=key)["result"] == {}
    legacy.pass_time(HOUR_S - 1)
    legacy.order("BUY", quantity=50, price="0.0001")
    assert [each["e"] for each in stream.heard()] == ["executionReport", "outboundAccountPosition"]
    assert ask(socket, "ping", apiKey="other", listenKey=key)["error"]["code"] == -1125
    assert ask(socket, "stop", apiKey="key", listenKey=key)["result"] == {}
    assert ask(socket, "stop", apiKey="key", listenKey=key)["error"]["code"] == -1125


@pytest.mark.parametrize(("params", "code"), [({}, -2014), ({"apiKey": "?"}, -2014), ({"apiKey": "nobody"}, -2015)])
def test_the_websocket_api_wants_an_api_key_for_them_too(
    legacy: Any, make_wire: Callable[..., Any], params: dict[str, str], code: int
) -> None:
    reply = ask(make_wire(legacy, "/ws-api/v3"), "start", **params)
    assert (reply["status"], reply["error"]["code"]) == (401, code)


@pytest.mark.parametrize("name", ["start", "ping", "stop"])
def test_the_websocket_api_has_shut_them_down_as_well(bench: Any, make_wire: Callable[..., Any], name: str) -> None:
    reply = ask(make_wire(bench, "/ws-api/v3"), name, apiKey="key", listenKey="x")
    assert (reply["status"], reply["error"]["code"]) == (410, -1016)


# ---- /wapi -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["accountStatus", "depositHistory", "withdrawHistory", "userAssetDribbletLog"])
def test_what_wapi_tells_of_the_account_is_a_success(legacy: Any, name: str) -> None:
    assert legacy.signed("GET", f"/wapi/v3/{name}.html")["success"] is True
    assert legacy.send("GET", f"/wapi/v3/{name}.html", key="key")["code"] == -1102  # it must be signed


def test_wapi_tells_the_fees_that_are_charged(legacy: Any) -> None:
    fees = {each["symbol"]: (each["maker"], each["taker"]) for each in legacy.signed("GET", "/wapi/v3/tradeFee.html")["tradeFee"]}
    assert list(fees) == list(legacy.exchange.instruments)
    trade(legacy)
    for account, role in (("other", 0), ("key", 1)):
        (own,) = legacy.signed("GET", "/api/v3/myTrades", account=account, symbol=SYMBOL)
        received = own["quoteQty"] if own["commissionAsset"] == "BTC" else own["qty"]
        assert float(own["commission"]) == pytest.approx(float(received) * fees[SYMBOL][role])
    (one,) = legacy.signed("GET", "/wapi/v3/tradeFee.html", symbol=SYMBOL)["tradeFee"]
    assert (one["maker"], one["taker"]) == fees[SYMBOL]


def test_nothing_can_be_moved_in_or_out(legacy: Any) -> None:
    assert legacy.get("/wapi/v3/systemStatus.html") == legacy.get("/sapi/v1/system/status")
    details = legacy.signed("GET", "/wapi/v3/assetDetail.html")["assetDetail"]
    assert set(details) == {each["asset"] for each in legacy.signed("GET", "/api/v3/account")["balances"]}
    assert not any(each["depositStatus"] or each["withdrawStatus"] for each in details.values())
    before = legacy.signed("GET", "/api/v3/account")["balances"]
    for method, name in (("GET", "depositAddress"), ("POST", "withdraw")):
        answer = legacy.signed(method, f"/wapi/v3/{name}.html", asset="BTC")
        assert (legacy.answer.status, answer["success"]) == (200, False)
    assert legacy.signed("GET", "/api/v3/account")["balances"] == before


def test_what_is_in_use_today_stays_as_it_is() -> None:
    changed = {path for (method, path), route in ROUTES.items() if LEGACY_ROUTES[method, path] is not route}
    assert changed == {"/api/v3/userDataStream"}
