"""The Binance dialect in memory, and a client of a few lines that shares no code with it."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any
from urllib.parse import quote

import pytest

from exchangeclient.sandbox.dialects.accounts import Account
from exchangeclient.sandbox.dialects.binance.app import BinanceApp
from exchangeclient.sandbox.dialects.binance.limits import Limits
from exchangeclient.sandbox.dialects.live import LiveExchange
from exchangeclient.sandbox.engine.commands import Deposit
from exchangeclient.sandbox.engine.exchange import Exchange
from exchangeclient.sandbox.engine.instruments import DEFAULTS, UNIT, Instrument
from exchangeclient.sandbox.engine.words import Status
from exchangeclient.serving.app import Message
from exchangeclient.serving.messages import HttpRequest, HttpResponse

START_US = 1_700_000_000_000_000 + 123_456
KEYS = {"key": "secret", "other": "hidden"}
INSTRUMENTS = tuple(replace(each, status=Status.HALT) if each.symbol == "LTCBTC" else each for each in DEFAULTS)


class Bench:
    """The venue with a clock that is set by hand; two accounts with 1,000 of everything; LTCBTC is halted; no limit is enforced."""

    def __init__(
        self, *, legacy: bool = False, limits: Limits | None = None, traders: bool = True, instruments: Iterable[Instrument] = INSTRUMENTS
    ) -> None:
        self.now_us = START_US
        instruments = tuple(instruments)
        self.exchange = Exchange(seed=7, start_us=START_US, instruments=instruments, traders=traders)
        for account in KEYS:
            for asset in sorted({asset for each in instruments for asset in (each.base, each.quote)}):
                self.exchange.execute(Deposit(account, asset, 1_000 * UNIT), START_US)
        self.live = LiveExchange(self.exchange, lambda: self.now_us)
        accounts = [Account(key, secret) for key, secret in KEYS.items()]
        self.app = BinanceApp(self.live, accounts, limits=limits or Limits(enforced=False), legacy=legacy)
        self.answer = HttpResponse(0)  # the last one

    def pass_time(self, seconds: float) -> None:
        """Move the clock, and the traders with it."""
        self.now_us += round(seconds * 1_000_000)
        self.live.advance()

    def send(self, method: str, path: str, query: str = "", body: str = "", *, key: str = "", peer: str = "127.0.0.1") -> Any:
        """One request as it is; the decoded answer."""
        headers = {"x-mbx-apikey": key} if key else {}
        self.answer = self.app.http(HttpRequest(method, path, query, headers, body.encode(), peer))
        return json.loads(self.answer.body) if self.answer.headers["Content-Type"].startswith("application/json") else None

    def get(self, path: str, **params: object) -> Any:
        """Public data."""
        return self.send("GET", path, encoded(params))

    def signed(self, method: str, path: str, *, account: str = "key", **params: object) -> Any:
        """A signed request."""
        query = encoded({**params, "timestamp": self.now_us // 1000})
        signature = hmac.new(KEYS[account].encode(), query.encode(), hashlib.sha256).hexdigest()
        return self.send(method, path, f"{query}&signature={signature}", key=account)

    def order(self, side: str, kind: str = "LIMIT", *, account: str = "key", **params: object) -> Any:
        """A new order on BNBBTC; a limit order rests until cancelled unless said otherwise."""
        defaults = {"symbol": "BNBBTC", **({"timeInForce": "GTC"} if kind == "LIMIT" else {})}
        return self.signed("POST", "/api/v3/order", account=account, side=side, type=kind, **{**defaults, **params})


class Wire:
    """A connection to one of the dialect's sockets, in memory."""

    def __init__(self, bench: Bench, path: str, query: str = "") -> None:
        self._bench = bench
        self._handler: Any = bench.app.websocket(HttpRequest("GET", path, query))
        self._received: list[str] = []
        self.closed: tuple[int, str] | None = None  # how the venue ended it
        self._handler.opened(self)

    def send(self, message: str | bytes | Message) -> None:  # the venue's side
        raw = message.payload if isinstance(message, Message) else message
        self._received.append(raw if isinstance(raw, str) else raw.decode())

    def close(self, code: int = 1000, reason: str = "") -> None:  # the venue's side
        self.closed = (code, reason)

    def say(self, message: object) -> Any:
        """Send a message (anything but a str is made JSON); the last of the answers."""
        self._handler.received(message if isinstance(message, str) else json.dumps(message))
        return json.loads(self._received.pop())

    def heard(self) -> list[Any]:
        """What came since the last time."""
        received, self._received = self._received, []
        return [json.loads(each) for each in received]

    def say_unheard(self, message: object) -> None:
        """Send a message to which no answer is expected."""
        self._handler.received(message if isinstance(message, str) else json.dumps(message))

    def ping(self) -> None:
        self._handler.control("ping", b"")

    def hang_up(self) -> None:
        self._handler.closed()

    def subscribe_user(self, account: str = "key", **more: object) -> Any:
        """``userDataStream.subscribe.signature``."""
        params: dict[str, object] = {"apiKey": account, "timestamp": self._bench.now_us // 1000, **more}
        payload = "&".join(f"{name}={params[name]}" for name in sorted(params))
        params["signature"] = hmac.new(KEYS[account].encode(), payload.encode(), hashlib.sha256).hexdigest()
        return self.say({"id": 1, "method": "userDataStream.subscribe.signature", "params": params})


def encoded(params: dict[str, Any]) -> str:
    return "&".join(f"{name}={quote(str(value), safe='')}" for name, value in params.items())


@pytest.fixture
def bench() -> Bench:
    return Bench()


@pytest.fixture
def wire(bench: Bench) -> Callable[..., Wire]:
    return lambda path, query="": Wire(bench, path, query)


@pytest.fixture
def make_bench() -> Callable[..., Bench]:
    """For property tests, which need a new one for each example."""
    return Bench


@pytest.fixture
def make_wire() -> type[Wire]:
    return Wire
