"""The 1Token gateway of a sandbox: whose key leads to whose account, and its end."""

from __future__ import annotations

import hashlib
import hmac
import itertools
import threading
import time
from typing import Any

import requests

from exchangeclient.sandbox import Account, Sandbox
from exchangeclient.sandbox.onetoken import OnetokenEntrance
from exchangeclient.serving.messages import HttpRequest, HttpResponse

PATIENCE_S = 30
_nonces = itertools.count(time.time_ns() // 1_000)


def ask(rest: str, key: str, account: str, verb: str = "GET", what: str = "info", body: bytes = b"") -> Any:
    path, nonce = f"/binance/{account}/{what}", str(next(_nonces))
    said = hmac.new(b"secret of " + key.encode(), f"{verb}{path}{nonce}".encode() + body, hashlib.sha256).hexdigest()
    headers = {"Api-Key": key, "Api-Nonce": nonce, "Api-Signature": said}
    return requests.request(verb, f"{rest}/trade{path}", data=body, headers=headers, timeout=PATIENCE_S)


def test_of_several_accounts_each_key_has_its_own() -> None:
    with Sandbox(accounts=[Account("alice", "secret of alice"), Account("bob", "secret of bob")]) as exchange:
        rest = exchange.urls["onetoken"]["rest"]
        order = b'{"contract": "binance/btc.usdt", "price": 3000, "bs": "b", "amount": 0.01}'
        assert ask(rest, "bob", "mock-bob", "POST", "orders", order).status_code == 200
        assert len(ask(rest, "bob", "mock-bob", what="orders").json()) == 1
        for mine in ("mock-alice", "mock-1token"):
            assert ask(rest, "alice", mine, what="orders").json() == []
            assert ask(rest, "bob", mine).json()["code"] == "no-permission"
        assert ask(rest, "alice", "mock-bob").json()["code"] == "no-permission"


def test_whoever_comes_at_its_end_does_not_begin_it_anew() -> None:
    entrance = OnetokenEntrance([Account("key", "secret")], None, dict)
    before = threading.active_count()
    answer = entrance.http(HttpRequest("GET", "/api/v1/basic/time"))
    assert isinstance(answer, HttpResponse)
    assert answer.status == 503
    entrance.start()
    entrance.http(HttpRequest("GET", "/api/v1/basic/time"))
    assert threading.active_count() > before
    entrance.stop()
    entrance.http(HttpRequest("GET", "/api/v1/basic/time"))
    assert entrance._made is None
