"""A client on a venue in memory, and what can happen to the next of its messages: for tests.

The machine's clock is set by hand and goes on by itself when something waits.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import requests
from order_venue import OrderVenue
from requests.adapters import BaseAdapter

from exchangeclient.binance.client import Client
from exchangeclient.core.process.clock import FakeClock, VenueClock

URL = "http://sandbox.localhost"
ORDER: dict[str, Any] = {"symbol": "BTCUSDT", "quantity": "2", "price": "10"}
Answer = tuple[int, Any]
Fault = Callable[["Wire", str, str, dict[str, str]], Answer]


class Wire(BaseAdapter):
    """Carries a client's messages to a venue in memory, by the test's script.

    :ivar faults: what is done to the next messages, by verb and path
    :ivar sent: verb, path and parameters of everything that left
    """

    def __init__(self) -> None:
        super().__init__()
        self.machine = FakeClock()
        self.venue = OrderVenue(self.now_ms)
        self.faults: dict[str, list[Fault]] = {}
        self.sent: list[tuple[str, dict[str, str]]] = []

    def now_ms(self) -> int:
        """The venue's clock, which no setting of the machine's date touches."""
        return 1_700_000_000_000 + round(self.machine.monotonic_s() * 1000)

    def client(self, **arguments: Any) -> Client:
        client = Client("key", "secret", environment={"rest": URL}, clock=VenueClock(self.machine), **arguments)
        client.session.mount(URL, self)
        return client

    def fail(self, call: str, *faults: Fault) -> None:
        self.faults[call] = [*faults]

    def calls(self, start: str) -> list[dict[str, str]]:
        return [params for call, params in self.sent if call.startswith(start)]

    def send(self, request: requests.PreparedRequest, *_: Any, **__: Any) -> requests.Response:
        """What comes back of one message."""
        address = urlsplit(str(request.url))
        body = request.body.decode() if isinstance(request.body, bytes) else ""
        params = dict(parse_qsl(address.query) + parse_qsl(body))
        verb, path = str(request.method), address.path
        call = f"{verb} {path.removeprefix('/api/v3/')}"
        self.machine.advance(0.02)
        if call not in self.faults or not self.faults[call]:
            answer = self.venue.receive(verb, path, params)
        else:
            answer = self.faults[call].pop(0)(self, verb, path, params)
        self.sent.append((call, params))
        response = requests.Response()
        response.status_code = answer[0]
        response._content = answer[1] if isinstance(answer[1], bytes) else json.dumps(answer[1]).encode()
        response._content_consumed = True  # type: ignore[attr-defined]
        return response

    def close(self) -> None: ...


def unsent(*_: Any) -> Answer:
    raise requests.ConnectTimeout("no connection")


def taken(wire: Wire, verb: str, path: str, params: dict[str, str]) -> Answer:
    """It arrives, and the answer is lost."""
    wire.sent.append((f"{verb} {path.removeprefix('/api/v3/')}", params))
    wire.venue.receive(verb, path, params)
    wire.machine.advance(1)
    raise requests.ReadTimeout("no answer")


def lost(wire: Wire, verb: str, path: str, params: dict[str, str]) -> Answer:
    """It never arrives."""
    wire.sent.append((f"{verb} {path.removeprefix('/api/v3/')}", params))
    wire.machine.advance(1)
    raise requests.ReadTimeout("no answer")


def saying(status: int, body: Any, *, done: bool) -> Fault:
    """The venue says something else than what happened."""

    def fault(wire: Wire, verb: str, path: str, params: dict[str, str]) -> Answer:
        if done:
            wire.venue.receive(verb, path, params)
        return status, body

    return fault


def unreachable(wire: Wire, *_: Any) -> Answer:
    wire.machine.advance(2)
    raise requests.ConnectionError("no route to host")


def replaced(client: Client, number: int, **params: Any) -> Any:
    return client.cancel_replace_order(
        **ORDER, side="BUY", type="LIMIT", timeInForce="GTC", cancelReplaceMode="ALLOW_FAILURE", cancelOrderId=number, **params
    )
