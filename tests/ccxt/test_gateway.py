"""The 1Token gateway in front of an exchange through ccxt: a stub of Gate."""

from __future__ import annotations

import hashlib
import hmac
import itertools
import json
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
import websocket

pytest.importorskip("ccxt", reason="an extra: pip install 'exchangeclient[ccxt]'")

from exchangeclient.gateway.onetoken import KeyBook, OnetokenGateway

PATIENCE_S = 60
_nonces = itertools.count(1)
BOOK = {
    "keys": [{"ot_key": "ours", "ot_secret": "hidden", "accounts": ["gate/main"]}],
    "accounts": {"gate/main": {"api_key": "theirs", "api_secret": "theirs too"}},
}


def ask(base: str, path: str, headers: dict[str, str] | None = None, verb: str = "GET", body: bytes | None = None) -> tuple[int, Any]:
    request = Request(f"{base}{path}", body, headers or {}, method=verb)
    try:
        with urlopen(request, timeout=PATIENCE_S) as answer:
            return answer.status, json.load(answer)
    except HTTPError as error:
        return error.code, json.load(error)


def signed(base: str, verb: str, endpoint: str, body: Any = None, query: str = "") -> tuple[int, Any]:
    data, nonce = "" if body is None else json.dumps(body), str(next(_nonces))
    text = f"{verb}/gate/main{endpoint}{nonce}{data}"
    signature = hmac.new(b"hidden", text.encode(), hashlib.sha256).hexdigest()
    headers = {"Api-Key": "ours", "Api-Nonce": nonce, "Api-Signature": signature, "Content-Type": "application/json"}
    return ask(base, f"/trade/gate/main{endpoint}{query}", headers, verb, data.encode() or None)


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
    assert {row["contract"]: row["total_amount"] for row in info["position"]}["usdt"] == 1012.5
    order = {"contract": "gate/btc.usdt", "price": 63000, "bs": "b", "amount": 0.01}
    status, placed = signed(urls["rest"], "POST", "/orders", order)
    assert status == 200, placed
    status, (row,) = signed(urls["rest"], "GET", "/orders", query=f"?exchange_oid={placed['exchange_oid']}")
    assert (status, row["status"], row["entrust_price"]) == (200, "pending", 63000)
    status, (cancelled,) = signed(urls["rest"], "DELETE", "/orders", query=f"?client_oid={placed['client_oid']}")
    assert (status, cancelled["exchange_oid"]) == (200, placed["exchange_oid"])
    status, deals = signed(urls["rest"], "GET", "/trans", query="?contract=gate/btc.usdt")
    assert (status, deals[0]["dealt_amount"], deals[0]["commission_currency"]) == (200, 0.01, "btc")
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
