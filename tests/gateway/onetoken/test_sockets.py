"""The sockets over an embedded exchange, frame by frame."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
import requests

from exchangeclient.gateway.onetoken import OnetokenGateway
from exchangeclient.gateway.onetoken.quote import MOST
from exchangeclient.sandbox import Sandbox
from tests.gateway.onetoken.conftest import made

PATIENCE_S = 30
TICK = "subscribe-single-tick-verbose"


def uri(name: str) -> Callable[[Any], bool]:
    return lambda said: said.get("uri") == name


# ---- what all have in common -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/tick", "/tick-v3?gzip=false", "/candle", "/low-freq-quote-v2", "/tick?gzip=true"])
def test_auth_and_pings_are_answered_and_a_uuid_comes_back(program: Any, path: str) -> None:
    peer = program.socket(path)
    peer.say(uri="auth", **{"sample-rate": 0})
    assert peer.hear() == {"uri": "auth", "message": "Auth succeed."}
    peer.say(uri="ping", uuid=0.125)
    pong = peer.hear()
    assert (pong["uri"], pong["uuid"]) == ("pong", 0.125)
    assert 1.7e9 < pong["timestamp"] < 1e10
    peer.say(uri="something-else")
    peer.socket.send("no json")
    assert peer.hear()["code"] == "invalid-param"
    peer.socket.send("[1]")
    assert peer.hear()["code"] == "invalid-param"


def test_gzip_frames_are_binary_and_v3_has_them_where_nothing_is_said(program: Any) -> None:
    peer = program.socket("/tick-v3")
    peer.say(uri="ping")
    assert isinstance(peer.socket.recv(), bytes)
    peer = program.socket("/tick")
    peer.say(uri="ping")
    assert isinstance(peer.socket.recv(), str)


def test_whoever_is_silent_is_sent_away_and_pings_keep_alive(configured: Callable[..., OnetokenGateway], program_at: Any) -> None:
    program = program_at(configured(silence_s=0.6))
    silent, old = program.socket("/tick"), program.socket("")
    assert silent.close_code() == 1008
    old.say(uri="ping")  # a program of before 2020 knows of no pings
    assert old.hear()["uri"] == "pong"


def test_there_is_no_socket_at_another_path(program: Any) -> None:
    upgrade = {
        "Upgrade": "websocket",
        "Connection": "Upgrade",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
    }
    answer = requests.get(f"{program.rest}/ws/nowhere", headers=upgrade, timeout=PATIENCE_S)
    assert (answer.status_code, answer.json()["code"]) == (404, "invalid-param")


# ---- ticks -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("contract", ["binance/btc.usdt", "okex/btc.usdt", "btc.usdt:xtc.okex", "bitmex/btc.usd.td"])
@pytest.mark.parametrize("form", ["flat", "args"])
def test_ticks_come_under_the_name_that_was_asked_for(program: Any, contract: str, form: str) -> None:
    peer = program.socket("/tick")
    peer.say(uri=TICK, **({"contract": contract} if form == "flat" else {"args": {"contract": contract}}))
    assert peer.hear() == {"uri": TICK, "code": "success", "contract": contract}
    tick = peer.until(uri("single-tick-verbose"))["data"]
    assert tick["contract"] == contract
    assert tick["volume"] > 0
    assert tick["last"] > 0
    assert {"time", "exchange_time", "amount"} <= set(tick)
    assert tick["bids"][0]["price"] < tick["asks"][0]["price"]
    assert set(tick["bids"][0]) == {"price", "volume"}


def test_ticks_end_when_they_are_not_wanted_any_more(program: Any) -> None:
    peer = program.socket("/tick")
    peer.say(uri=TICK, contract="binance/eth.usdt")
    peer.until(uri("single-tick-verbose"))
    peer.say(uri=f"un{TICK}", contract="binance/eth.usdt")
    assert peer.until(uri(f"un{TICK}"))["code"] == "success"
    peer.say(uri="ping")
    peer.until(uri("pong"))
    peer.say(uri="ping")
    assert peer.hear()["uri"] == "pong"


def test_trades_come_as_lists(program: Any, exchange: Sandbox) -> None:
    peer = program.socket("/tick?gzip=true")
    peer.say(uri="subscribe-single-zhubi-verbose", contract="okex/btc.usdt")
    assert peer.hear()["code"] == "success"
    program.ask("POST", "/okex/mock-1token/orders", {"contract": "okex/btc.usdt", "bs": "b", "amount": 0.01, "options": {"type": "market"}})
    (trade, *_) = peer.until(uri("single-zhubi-verbose"))["data"]
    assert set(trade) == {"contract", "time", "exchange_time", "price", "amount", "bs"}


def test_v3_begins_with_a_snapshot_and_its_changes_add_up(program: Any) -> None:
    whole, changes = program.socket("/tick"), program.socket("/tick-v3")
    for peer in (whole, changes):
        peer.say(uri=TICK, contract="binance/btc.usdt")
    changes.until(uri(TICK))
    first = changes.hear()
    assert first["tp"] == "s"
    sides: dict[str, dict[float, float]] = {side: dict(map(tuple, first[side])) for side in "ba"}
    number = first["ui"]
    for _ in range(8):
        said = changes.hear()
        assert set(said) == {"tp", "ui", "tm", "et", "c", "l", "v", "vc", "b", "a"}
        assert (said["c"], said["ui"]) == ("binance/btc.usdt", number + 1)
        number = said["ui"]
        for side in "ba":
            sides[side] = {} if said["tp"] == "s" else sides[side]
            sides[side] |= dict(map(tuple, said[side]))
            sides[side] = {price: volume for price, volume in sides[side].items() if volume}
        assert len(sides["b"]) == len(sides["a"]) == 20
        assert max(sides["b"]) < min(sides["a"])
    shown = {key(said["data"]) for said in (whole.until(uri("single-tick-verbose")) for _ in range(12))}
    assert (frozenset(sides["b"].items()), frozenset(sides["a"].items())) in shown


def key(tick: Any) -> tuple[frozenset[tuple[float, float]], ...]:
    return tuple(frozenset((level["price"], level["volume"]) for level in tick[side]) for side in ("bids", "asks"))


def test_s08_a_book_that_the_venue_refuses_for_good_is_told_and_may_be_asked_for_again(program_at: Any) -> None:
    with Sandbox(limits="counted") as exchange, made(exchange) as gateway:
        exchange.fault("error", route="GET /api/v3/depth", status=400, code=-1121, text="Invalid symbol.", times=1)
        peer = program_at(gateway).socket("/tick")
        peer.say(uri=TICK, contract="binance/ltc.usdt", uuid=3)
        assert peer.hear()["code"] == "success"
        said = peer.hear()
        assert (said["uri"], said["contract"], said["code"], said["uuid"]) == (TICK, "binance/ltc.usdt", "upstream-error", 3)
        assert "LTCUSDT" in said["message"]
        peer.say(uri=TICK, contract="binance/ltc.usdt")
        assert peer.hear()["code"] == "success"
        assert peer.until(uri("single-tick-verbose"))["data"]["contract"] == "binance/ltc.usdt"


# ---- candles and slow quotes -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("contract", ["binance/btc.usdt", "okex/btc.usdt", "bitmex/btc.usd.td"])
def test_the_running_candle(program: Any, contract: str) -> None:
    peer = program.socket("/candle?gzip=true")
    peer.say(uri="auth")
    peer.hear()
    peer.say(uri="subscribe-single-candle", contract=contract, duration="1h")
    assert peer.hear() == {"uri": "subscribe-single-candle", "code": "success", "contract": contract, "duration": "1h"}
    candle = peer.hear()
    assert candle["uri"] == "single-candle"
    assert (candle["contract"], candle["duration"]) == (contract, "1h")
    assert candle["low"] <= candle["close"] <= candle["high"]
    assert candle["volume"] >= 0


def test_the_candles_of_2018_were_asked_for_without_a_uri(program: Any) -> None:
    peer = program.socket("/candle")
    peer.say(contract="binance/btc.usdt", duration="1m")
    assert peer.hear()["code"] == "success"
    assert peer.hear()["uri"] == "single-candle"


def test_slow_quotes(program: Any) -> None:
    peer = program.socket("/low-freq-quote-v2")
    peer.say(uri="batch-subscribe", contracts=["okex/btc.usdt", "binance/no.thing"], uuid=1)
    assert peer.hear() == {"uri": "batch-subscribe", "code": "success", "uuid": 1}
    said = [peer.hear(), peer.hear()]
    (row,) = next(each for each in said if each["uri"] == "low-freq-quote")["data"]
    assert row["contract"] == "okex/btc.usdt"
    assert row["price"] == float(row["price_s"])
    assert len(row["price_s"].partition(".")[2]) == 2  # as many places as the step of prices has
    assert -100 < row["rise"] < 1_000
    assert next(each for each in said if each["uri"] != "low-freq-quote")["code"] == "contract-not-exist"
    peer.say(uri="batch-unsubscribe", contracts=["okex/btc.usdt"])
    assert peer.until(uri("batch-unsubscribe"))["code"] == "success"
    peer.say(uri="batch-subscribe", contracts="okex/btc.usdt")
    assert peer.until(uri("batch-subscribe"))["code"] == "invalid-param"
    bare = program.socket("/low-freq-quote")
    bare.say(uri="subscribe", contract="okex/btc.usdt")
    assert set(bare.hear()) == {"contract", "rise", "price", "price_s"}


# ---- what is refused -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "asked", "code"),
    [
        ("/tick", {"uri": TICK, "contract": "binance/no.thing"}, "contract-not-exist"),
        ("/tick", {"uri": TICK, "contract": "bittrex/btc.usdt"}, "contract-not-exist"),
        ("/tick", {"uri": TICK, "contract": "btcusdt"}, "contract-not-exist"),
        ("/tick", {"uri": TICK}, "invalid-param"),
        ("/tick", {"uri": TICK, "contract": {"a": 1}}, "invalid-param"),
        ("/candle", {"uri": "subscribe-single-candle", "contract": "okex/btc.usdt", "duration": "7m"}, "invalid-param"),
        ("/candle", {"uri": "subscribe-single-candle", "contract": "okex/btc.usdt", "duration": ["1m"]}, "invalid-param"),
    ],
)
def test_g05_a_subscription_that_cannot_be_is_told_and_the_socket_lives(program: Any, path: str, asked: Any, code: str) -> None:
    peer = program.socket(path)
    peer.say(**asked, uuid="u")
    said = peer.hear()
    assert (said["uri"], said["code"], said["uuid"]) == (asked["uri"], code, "u")
    assert said["message"]
    peer.say(uri="ping")
    assert peer.hear()["uri"] == "pong"


def test_a_socket_has_so_many_contracts_and_no_more(program: Any) -> None:
    peer = program.socket("/tick")
    for number in range(MOST + 1):
        # One contract under many names is as many subscriptions.
        letters = [letter.upper() if number >> place & 1 else letter for place, letter in enumerate("btcusdt")]
        peer.say(uri=TICK, contract=f"binance/{''.join(letters[:3])}.{''.join(letters[3:])}")
    said = peer.until(lambda said: said.get("code") == "rate-limit-exceed")
    assert said["uri"] == "status"
    assert peer.close_code() == 1013


# ---- an account's ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("account", ["binance/mock-1token", "okex/mock-1token", "okswap/mock-1token"])
def test_orders_and_balances_are_pushed(program: Any, account: str) -> None:
    contract = f"{account.partition('/')[0]}/btc.usdt" + (".td" if account.startswith("okswap") else "")
    peer = program.trade_socket(account)
    assert peer.hear() == {"uri": "status", "code": "connected", "message": f"account: {account}"}
    peer.say(uri="sub-order", uuid=7)
    assert peer.hear() == {"uri": "sub-order", "code": "success", "uuid": 7}
    snapshot = peer.hear()
    assert (snapshot["uri"], snapshot["type"], snapshot["status"], snapshot["data"]) == ("order", "snapshot", "ok", [])
    peer.say(uri="sub-info")
    assert peer.until(uri("sub-info"))["code"] == "success"
    info = peer.until(uri("info"))
    assert (info["type"], info["status"]) == ("snapshot", "ok")
    placed = program.ask("POST", f"/{account}/orders", {"contract": contract, "price": 3000, "bs": "b", "amount": 1})
    states: list[str] = []
    peer.until(lambda said: _noted(said, placed["exchange_oid"], states) and states[-1] == "pending")
    program.ask("DELETE", f"/{account}/orders", exchange_oid=placed["exchange_oid"])
    ended = peer.until(lambda said: _noted(said, placed["exchange_oid"], states) and states[-1] == "withdrawn")
    assert ended["type"] == "update"
    assert ended["data"][0]["client_oid"] == placed["client_oid"]
    program.ask("POST", f"/{account}/orders", {"contract": contract, "bs": "b", "amount": 1, "options": {"type": "market"}})
    changed = peer.until(uri("info"))["data"]
    assert changed["position"] != info["data"]["position"]
    peer.say(uri="unsub-order")
    assert peer.until(uri("unsub-order"))["code"] == "success"


def _noted(said: Any, exchange_oid: str, states: list[str]) -> bool:
    """Whether an order's state was told."""
    rows = [row for row in said.get("data", []) if said.get("uri") == "order" and row["exchange_oid"] == exchange_oid]
    states += [row["status"] for row in rows]
    return bool(rows)


def test_after_a_lost_connection_there_is_trouble_and_then_a_fresh_snapshot(program: Any, exchange: Sandbox) -> None:
    peer = program.trade_socket("binance/mock-1token")
    peer.say(uri="sub-order")
    peer.until(lambda said: said.get("type") == "snapshot")
    exchange.fault("reset", account="key", times=1)
    peer.until(lambda said: said.get("uri") == "order" and said.get("status") == "fail")
    assert peer.until(lambda said: said.get("type") == "snapshot")["status"] == "ok"


# ---- the words of 2018 -----------------------------------------------------------------------------------------------


def former(program: Any, code: str, name: str, header: str, **more: Any) -> Any:
    """A socket as until 2018-08: the account's name is in a header, which is signed with the path."""
    signed = program.signed("GET", "/ws", json.dumps({header: name}).encode())
    return program.socket(f"/trade/{code}-ws", {**signed, header: name, **more})


@pytest.mark.parametrize("header", ["Api-Meta", "Api-meta"])
def test_until_2018_08_frames_have_an_action_and_each_order_is_a_frame(program: Any, header: str) -> None:
    peer = former(program, "binance", "mock-1token", header)
    said = peer.until(lambda said: said["action"] == "connection")
    assert said["status"] == "ok"
    path = "/binance/mock-1token/orders"
    oids = {
        program.ask("POST", path, {"contract": "binance/btc.usdt", "price": 3000, "bs": "b", "amount": 1})["exchange_oid"] for _ in "ab"
    }
    peer.say(uri="sub-order")
    heard: set[str] = set()
    while heard < oids:
        said = peer.until(lambda said: said["action"] == "order")
        assert said["status"] == "ok"
        heard.add(said["data"]["exchange_oid"])
    program.ask("DELETE", f"{path}/all")
    peer.until(lambda said: said["action"] == "order" and said["data"]["status"] == "withdrawn")


def test_until_2018_08_a_wrong_signature_was_told_with_an_action(program: Any) -> None:
    for name, more, code in (
        ("mock-1token", {"Api-Signature": "0" * 64}, "invalid-api-key"),
        ("unknown", {}, "invalid-account-config"),
        ("", {}, "invalid-param"),
    ):
        said = former(program, "binance", name, "Api-Meta", **more).hear()
        assert (said["action"], said["status"], said["message"]["code"]) == ("connection", "fail", code)
    assert program.socket("/trade/binance-ws").hear() == {"uri": "wait-for-jwt"}


def test_an_account_may_be_called_as_those_sockets_were(program: Any) -> None:
    assert program.trade_socket("binance/mock-ws").hear()["code"] == "connected"


def test_until_2018_11_programs_waited_for_a_connection(configured: Callable[..., OnetokenGateway], program_at: Any) -> None:
    peer = program_at(configured(legacy=True)).trade_socket("binance/mock-1token")
    assert peer.hear() == {"uri": "status", "code": "connected", "message": "account: binance/mock-1token"}
    assert peer.hear() == {"uri": "connection", "status": "ok", "message": "account: binance/mock-1token"}


# ---- who has not signed in -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("account", "text"), [("bittrex/mock-1token", "2023"), ("huobim/me", "margin"), ("nowhere/me", "served")])
def test_of_an_exchange_that_is_not_served_clients_hear_that_there_is_no_router(program: Any, account: str, text: str) -> None:
    peer = program.trade_socket(account)
    said = peer.hear()
    assert (set(said), said["code"]) == ({"code", "message"}, "no-router-found")
    assert text in said["message"]


def test_no_signature_a_wrong_one_and_the_wrong_account(gateway: OnetokenGateway, program: Any, program_at: Any) -> None:
    peer = program.socket("/trade/binance/mock-1token")
    assert peer.hear() == {"uri": "wait-for-jwt"}
    assert peer.close_code() == 1008
    for program, account, code in (
        (program_at(gateway, secret="wrong"), "binance/mock-1token", "invalid-api-key"),
        (program_at(gateway, key="another-key-of-many-letters"), "binance/mock-1token", "no-permission"),
        (program_at(gateway), "binance/unknown", "invalid-account-config"),
    ):
        said = program.trade_socket(account).hear()
        assert (said["uri"], said["code"], said["message"]["code"]) == ("auth", "fail", code)
    assert json.dumps(said).count("secret") == 0
