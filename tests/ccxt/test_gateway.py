"""The 1Token gateway in front of an exchange through ccxt: a stub of Gate."""

from __future__ import annotations

import hashlib
import hmac
import itertools
import json
from importlib import import_module
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
import websocket

pytest.importorskip("ccxt", reason="an extra: pip install 'exchangeclient[ccxt]'")

from exchangeclient.gateway.onetoken import KeyBook, OnetokenGateway, Settings
from tests.ccxt.venues import VENUES
from tests.ccxt.venues.core import DROP, KEY, SECRET, served

PATIENCE_S = 60
_nonces = itertools.count(1)
CODES = {"bithumb": "bithumb", "htx": "huobip", "bitfinex": "bitfinex", "bitflyer": "bitflyer", "poloniex": "poloniex", "gate": "gate"}
"""The protocol's codes, by ccxt's ids."""
BOOK = {
    "keys": [{"ot_key": "ours", "ot_secret": "hidden", "accounts": [f"{code}/main" for code in CODES.values()]}],
    "accounts": {f"{code}/main": {"api_key": KEY, "api_secret": SECRET} for code in CODES.values()},
}


def ask(base: str, path: str, headers: dict[str, str] | None = None, verb: str = "GET", body: bytes | None = None) -> tuple[int, Any]:
    request = Request(f"{base}{path}", body, headers or {}, method=verb)
    try:
        with urlopen(request, timeout=PATIENCE_S) as answer:
            return answer.status, json.load(answer)
    except HTTPError as error:
        return error.code, json.load(error)


def signed(base: str, verb: str, endpoint: str, body: Any = None, query: str = "", code: str = "gate") -> tuple[int, Any]:
    data, nonce = "" if body is None else json.dumps(body), str(next(_nonces))
    text = f"{verb}/{code}/main{endpoint}{nonce}{data}"
    signature = hmac.new(b"hidden", text.encode(), hashlib.sha256).hexdigest()
    headers = {"Api-Key": "ours", "Api-Nonce": nonce, "Api-Signature": signature, "Content-Type": "application/json"}
    return ask(base, f"/trade/{code}/main{endpoint}{query}", headers, verb, data.encode() or None)


@pytest.fixture
def urls(gate: Any) -> Any:
    with OnetokenGateway(KeyBook.read(json.dumps(BOOK)), port=0, environments={"gate": gate[1]}) as gateway:
        yield gateway.urls


def test_quotes(urls: Any) -> None:
    status, (contract,) = ask(urls["rest"], "/basic/contracts?exchange=gate")
    assert (status, contract["symbol"], contract["min_change"], contract["unit_amount"]) == (200, "gate/btc.usdt", 0.1, 0.0001)
    _, tick = ask(urls["rest"], "/quote/single-tick/gate/btc.usdt")
    assert (tick["last"], tick["bids"][0]) == (64000.1, {"price": 64000.0, "volume": 1.0})
    socket = websocket.create_connection(f"{urls['stream']}/tick", timeout=PATIENCE_S)
    socket.send(json.dumps({"uri": "subscribe-single-tick-verbose", "contract": "gateio/btc.usdt"}))
    while True:
        frame = json.loads(socket.recv())
        if frame["uri"] == "single-tick-verbose":
            break
    assert (frame["data"]["contract"], frame["data"]["asks"][0]) == ("gateio/btc.usdt", {"price": 64000.2, "volume": 1.5})
    socket.close()


def test_an_account(urls: Any) -> None:
    status, info = signed(urls["rest"], "GET", "/info")
    assert status == 200, info
    assert {row["contract"]: row["total_amount"] for row in info["position"]}["usdt"] == 100000000.12345679
    order = {"contract": "gate/btc.usdt", "price": 63000, "bs": "b", "amount": 0.01}
    status, placed = signed(urls["rest"], "POST", "/orders", order)
    assert status == 200, placed
    status, (row,) = signed(urls["rest"], "GET", "/orders", query=f"?exchange_oid={placed['exchange_oid']}")
    assert (status, row["status"], row["entrust_price"]) == (200, "pending", 63000)
    status, (cancelled,) = signed(urls["rest"], "DELETE", "/orders", query=f"?client_oid={placed['client_oid']}")
    assert (status, cancelled["exchange_oid"]) == (200, placed["exchange_oid"])
    status, refused = signed(urls["rest"], "POST", "/orders", {**order, "price": 63000.05})
    assert (status, refused["code"]) == (400, "exg-place-order-error-price")


def test_the_account_is_pushed(urls: Any) -> None:
    nonce = str(next(_nonces))
    signature = hmac.new(b"hidden", f"GET/ws/main{nonce}".encode(), hashlib.sha256).hexdigest()
    headers = {"Api-Key": "ours", "Api-Nonce": nonce, "Api-Signature": signature}
    socket = websocket.create_connection(f"{urls['stream']}/trade/gate/main", timeout=PATIENCE_S, header=headers)
    for uri in ("sub-info", "sub-order"):
        socket.send(json.dumps({"uri": uri}))
    seen = set()
    while not {"info", "order"} <= seen:
        frame = json.loads(socket.recv())
        assert frame.get("status") != "fail", frame
        seen.add(frame["uri"])
    _, placed = signed(urls["rest"], "POST", "/orders", {"contract": "gate/btc.usdt", "price": 63000, "bs": "b", "amount": 0.01})
    while True:
        frame = json.loads(socket.recv())
        if frame["uri"] == "order" and frame["data"]:
            break
    assert frame["data"][0]["exchange_oid"] == placed["exchange_oid"]
    socket.close()


@pytest.mark.parametrize("exchange", CODES)
def test_what_the_table_says_of_each(exchange: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """From its contracts to an order, under the code that BTP and OTS knew it by."""
    kind = getattr(import_module("ccxt"), exchange)
    monkeypatch.setattr(kind, "describe", _hurried(kind))
    code, stub = CODES[exchange], VENUES[exchange]()
    name = stub.symbol.lower().replace("/", ".")
    settings = Settings(timeout_s=60.0)
    with served(stub) as address, OnetokenGateway(
        KeyBook.read(json.dumps(BOOK)), port=0, environments={exchange: address}, settings=settings
    ) as gateway:  # fmt: skip
        rest = gateway.urls["rest"]
        _, contracts = ask(rest, f"/basic/contracts?exchange={code}")
        assert f"{code}/{name}" in [row["symbol"] for row in contracts]
        status, tick = ask(rest, f"/quote/single-tick/{code}/{name}")
        assert (status, tick["last"], tick["asks"][0]["price"]) == (200, 64000.1, float(stub.asks[0][0]))
        status, candles = ask(rest, f"/quote/candles?contract={code}/{name}&duration=1m")
        if exchange == "bitflyer":
            assert (status, candles["code"]) == (403, "not-allowed")
        else:
            assert (status, candles[-1]["close"]) == (200, 64000.1)
        status, info = signed(rest, "GET", "/info", code=code)
        assert (status, next(row["total_amount"] for row in info["position"] if row["contract"] == "btc")) == (200, float(stub.free["BTC"]))
        oid = f"{code}/{name}-20190820120000tABCDEFGHIJKLM"
        order = {"contract": f"{code}/{name}", "price": float(stub.resting), "bs": "b", "amount": float(stub.quantity), "client_oid": oid}
        status, placed = signed(rest, "POST", "/orders", order, code=code)
        assert (status, placed["client_oid"]) == (200, oid), placed
        status, (row,) = signed(rest, "GET", "/orders", query=f"?client_oid={oid}", code=code)
        assert (status, row["status"], row["client_oid"], row["exchange_oid"]) == (200, "pending", oid, placed["exchange_oid"])
        status, (row,) = signed(rest, "GET", "/orders", code=code)
        assert (status, row["exchange_oid"]) == (200, placed["exchange_oid"])
        status, again = signed(rest, "POST", "/orders", order, code=code)
        assert (status, again["code"]) == (400, "client_oid-already-existed")
        status, (row,) = signed(rest, "DELETE", "/orders", query=f"?client_oid={oid}", code=code)
        assert (status, row["exchange_oid"]) == (200, placed["exchange_oid"])
        status, (row,) = signed(rest, "GET", "/orders", query=f"?contract={code}/{name}&state=end", code=code)
        assert (status, row["status"], row["client_oid"]) == (200, "withdrawn", oid)
        status, told = signed(rest, "DELETE", "/orders", query=f"?exchange_oid={placed['exchange_oid']}", code=code)
        assert (status, told["code"]) == (400, "exg-cancel-order-not-exist")
        if exchange in ("bithumb", "htx", "poloniex", "gate"):  # there it would name what it spends
            market = {**order, "client_oid": f"{oid}1", "options": {"type": "market"}}
            status, told = signed(rest, "POST", "/orders", market, code=code)
            assert (status, told["code"]) == (403, "not-allowed"), told
            assert "limit price" in told["message"]
        stub.after = lambda asked: DROP
        status, lost = signed(rest, "POST", "/orders", {**order, "client_oid": f"{oid}2"}, code=code)
        assert (status, lost.get("code")) == ((502, "exg-unknown-error") if exchange == "bitflyer" else (200, None))
        if exchange == "bitflyer":
            assert lost["data"]["client_oid"] == f"{oid}2"
            assert "look among the orders" in lost["message"]
            assert "resolve()" not in lost["message"]
        (held,) = stub.shown("open")
        stub.fill(held, "0.005")
        status, deals = signed(rest, "GET", "/trans", query=f"?contract={code}/{name}", code=code)
        if exchange == "bithumb":
            assert (status, deals["code"]) == (403, "not-allowed")
        else:
            (deal,) = deals
            assert (status, deal["dealt_price"], deal["dealt_amount"], deal["bs"]) == (200, float(stub.resting), 0.005, "b")
            assert (deal["commission"], deal["commission_currency"]) == (0.00002, "btc")
            assert deal["client_oid"] == ("" if exchange == "bitflyer" else f"{oid}2")
        assert len(stub.orders) == len(stub.sent_orders()) == 2


@pytest.mark.parametrize("exchange", ["bitflyer", "bitfinex"])
def test_an_order_is_found_by_its_client_oid_after_a_restart(exchange: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By the exchange's number, which the store has: bitFlyer keeps no ids of its callers."""
    kind = getattr(import_module("ccxt"), exchange)
    monkeypatch.setattr(kind, "describe", _hurried(kind))
    code, stub = CODES[exchange], VENUES[exchange]()
    name = stub.symbol.lower().replace("/", ".")
    order = {"contract": f"{code}/{name}", "price": float(stub.resting), "bs": "b", "amount": float(stub.quantity)}
    settings = Settings(timeout_s=60.0, store=str(tmp_path / "orders"))

    def started() -> OnetokenGateway:
        return OnetokenGateway(KeyBook.read(json.dumps(BOOK)), port=0, environments={exchange: address}, settings=settings)

    with served(stub) as address:
        with started() as gateway:
            placed = [signed(gateway.urls["rest"], "POST", "/orders", {**order, "client_oid": oid}, code=code)[1] for oid in ("a", "b")]
        with started() as gateway:
            rest = gateway.urls["rest"]
            status, rows = signed(rest, "GET", "/orders", query="?client_oid=a,b", code=code)
            assert (status, [(row["client_oid"], row["exchange_oid"]) for row in rows]) == (
                200,
                [(each["client_oid"], each["exchange_oid"]) for each in placed],
            )
            status, told = signed(rest, "DELETE", "/orders", query="?client_oid=b", code=code)
            assert (status, told) == (200, [placed[1]])
            status, (row,) = signed(rest, "GET", "/orders", code=code)
            assert (status, row["client_oid"]) == (200, "a")


def _hurried(kind: Any) -> Any:
    described = kind.describe

    def describe(self: Any) -> Any:
        return {**described(self), "rateLimit": 0}

    return describe
