"""A sandbox for tests of its faults, and an independent client of a few lines."""

from __future__ import annotations

import hashlib
import hmac
import json
import socket
import time
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
import websocket

from exchangeclient.sandbox import Account, Sandbox

PATIENCE_S = 10
SECRET = b"secret"


class Client:
    """REST calls, signed or not, and signed calls for a websocket."""

    def __init__(self, rest: str) -> None:
        self.rest = rest

    def get(self, path: str, **options: Any) -> requests.Response:
        options.setdefault("timeout", PATIENCE_S)
        return requests.get(self.rest + path, **options)

    def signed(self, method: str, path: str, query: str, *, key: str = "key", timeout: Any = PATIENCE_S) -> requests.Response:
        query = f"{query}&timestamp={time.time_ns() // 1_000_000}".lstrip("&")
        query += "&signature=" + hmac.new(SECRET, query.encode(), hashlib.sha256).hexdigest()
        return requests.request(method, f"{self.rest}{path}?{query}", headers={"X-MBX-APIKEY": key}, timeout=timeout)

    def place(self, name: str, **options: Any) -> requests.Response:
        """An order that rests, with this client order id."""
        return self.signed("POST", "/api/v3/order", resting(name), **options)

    def is_placed(self, name: str) -> bool:
        return self.signed("GET", "/api/v3/order", f"symbol=BNBBTC&origClientOrderId={name}").status_code == 200

    def raw(self, path: str) -> bytes:
        """All bytes of an answer, until the connection ends."""
        address = urlsplit(self.rest)
        with socket.create_connection((address.hostname, address.port), timeout=PATIENCE_S) as peer:
            peer.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
            received = b""
            while chunk := peer.recv(65536):
                received += chunk
            return received

    def call(self, method: str, query: str, request_id: int) -> str:
        """The frame of a signed call."""
        params: dict[str, Any] = dict(pair.split("=") for pair in query.split("&") if pair)
        params |= {"apiKey": "key", "timestamp": time.time_ns() // 1_000_000}
        text = "&".join(f"{name}={params[name]}" for name in sorted(params))
        params["signature"] = hmac.new(SECRET, text.encode(), hashlib.sha256).hexdigest()
        return json.dumps({"id": request_id, "method": method, "params": params})

    def call_to_place(self, name: str, request_id: int) -> str:
        return self.call("order.place", resting(name), request_id)


def resting(name: str) -> str:
    return f"symbol=BNBBTC&side=BUY&type=LIMIT&timeInForce=GTC&quantity=1&price=0.0001&newClientOrderId={name}"


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(limits="counted", accounts=[Account("key", SECRET.decode()), Account("other", SECRET.decode())]) as exchange:
        yield exchange


@pytest.fixture
def exchange(sandbox: Sandbox) -> Iterator[Sandbox]:
    yield sandbox
    sandbox.faults.clear()


@pytest.fixture
def client(sandbox: Sandbox) -> Client:
    return Client(sandbox.urls["binance"]["rest"])


@pytest.fixture
def open_socket(sandbox: Sandbox) -> Iterator[Callable[..., websocket.WebSocket]]:
    opened: list[websocket.WebSocket] = []

    def connect(path: str, timeout: float = PATIENCE_S) -> websocket.WebSocket:
        opened.append(websocket.create_connection(sandbox.urls["binance"]["stream"] + path, timeout=timeout))
        return opened[-1]

    yield connect
    for each in opened:
        each.shutdown()
