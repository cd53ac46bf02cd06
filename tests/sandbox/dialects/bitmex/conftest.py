"""The BitMEX dialect in memory, and a client of a few lines that shares no code with it."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import pytest

from exchangeclient.sandbox.dialects.accounts import Account, Members
from exchangeclient.sandbox.dialects.bitmex.app import BitmexApp
from exchangeclient.sandbox.dialects.bitmex.limits import Limits
from exchangeclient.sandbox.dialects.bitmex.venue import Manners
from exchangeclient.sandbox.dialects.live import LiveExchange
from exchangeclient.sandbox.engine.commands import Deposit, Place
from exchangeclient.sandbox.engine.exchange import Exchange
from exchangeclient.sandbox.engine.instruments import DEFAULTS, SWAPS, UNIT
from exchangeclient.sandbox.engine.words import OrderType, SelfTrade, Side
from exchangeclient.serving.app import Message
from exchangeclient.serving.messages import HttpRequest, HttpResponse

START_US = 1_700_000_000_000_000 + 123_456
KEYS = {"key": "secret", "other": "hidden"}
MOVER = "mover"  # trades on spot, so that the index is where a test wants it


def signature(secret: str, text: str) -> str:
    return hmac.new(secret.encode(), text.encode(), hashlib.sha256).hexdigest()


class Bench:
    """The venue with a clock that is set by hand; two accounts with 10 of BTC and 100,000 of USDT; no limit is enforced."""

    def __init__(self, *, limits: Limits | None = None, traders: bool = False, manners: Manners | None = None, step_s: float = 0.1) -> None:
        self.now_us = START_US
        self.exchange = Exchange(seed=7, start_us=START_US, instruments=(*DEFAULTS, *SWAPS), traders=traders, step_us=round(step_s * 1e6))
        self.live = LiveExchange(self.exchange, lambda: self.now_us)
        members = Members([Account(key, secret) for key, secret in KEYS.items()] + [Account("looker", "on", can_trade=False)])
        self.app = BitmexApp(self.live, members, limits=limits or Limits(enforced=False), manners=manners)
        self.venue = self.app.venue
        for key in KEYS:
            self.live.execute(Deposit(f"bitmex:{key}", "BTC", 10 * UNIT))
            self.live.execute(Deposit(f"bitmex:{key}", "USDT", 100_000 * UNIT))
            self.venue.welcome(f"bitmex:{key}")
        for asset in ("BTC", "USDT"):
            self.live.execute(Deposit(MOVER, asset, 10**9 * UNIT))
        self.answer = HttpResponse(0)  # the last one

    def pass_time(self, seconds: float) -> None:
        """Move the clock, and the traders with it."""
        self.now_us += round(seconds * 1_000_000)
        self.live.advance()

    def move_index(self, price: float) -> None:
        """Let the index be at this price."""
        for side in (Side.SELL, Side.BUY):
            self.live.execute(
                Place(MOVER, "BTCUSDT", side, OrderType.LIMIT, UNIT // 100, price=round(price * UNIT), self_trade=SelfTrade.NONE)
            )

    # ---- REST --------------------------------------------------------------------------------------------------------

    def send(self, method: str, target: str, body: str = "", headers: dict[str, str] | None = None, *, peer: str = "127.0.0.1") -> Any:
        """One request as it is; the decoded answer."""
        path, _, query = target.partition("?")
        self.answer = self.app.http(HttpRequest(method, path, query, headers or {}, body.encode(), peer))
        return json.loads(self.answer.body) if "json" in str(self.answer.headers["Content-Type"]) else self.answer.body.decode()

    def get(self, path: str, **params: object) -> Any:
        """Public data."""
        return self.send("GET", target(path, params))

    def signed(self, method: str, path: str, body: Any = None, *, account: str = "key", **params: object) -> Any:
        """A signed request, with a body that is made JSON unless it is a text."""
        where = target(path, params)
        text = body if isinstance(body, str) else "" if body is None else json.dumps(body)
        expires = str(self.now_us // 1_000_000 + 60)
        headers = {
            "api-key": account,
            "api-expires": expires,
            "api-signature": signature(KEYS.get(account, "on"), f"{method}{where}{expires}{text}"),
            "content-type": "application/json",
        }
        return self.send(method, where, text, headers)

    def ask(self, path: str, *, account: str = "key", **params: object) -> Any:
        """What a private GET answers."""
        return accepted(self, self.signed("GET", path, account=account, **params))

    def order(self, *, account: str = "key", **wish: object) -> Any:
        """Place an order on XBTUSD that is taken."""
        return accepted(self, self.signed("POST", "/order", {"symbol": "XBTUSD", **wish}, account=account))

    def refused(self, method: str, path: str, body: Any = None, *, account: str = "key") -> tuple[int, str]:
        """Status and message with which something is refused."""
        answer = self.signed(method, path, body, account=account)
        assert self.answer.status >= 400, answer
        return self.answer.status, answer["error"]["message"]

    def found(self, order_id: str, *, account: str = "key") -> Any:
        """An order as it stands."""
        (row,) = self.ask("/order", account=account, filter=json.dumps({"orderID": order_id}))
        return row

    def position(self, symbol: str = "XBTUSD", *, account: str = "key") -> Any:
        (row,) = self.ask("/position", account=account, filter=json.dumps({"symbol": symbol}))
        return row


def target(path: str, params: dict[str, Any]) -> str:
    query = "&".join(f"{name}={quote(str(value), safe='')}" for name, value in params.items())
    return f"/api/v1{path}?{query}" if query else f"/api/v1{path}"


def accepted(bench: Bench, answer: Any) -> Any:
    assert bench.answer.status == 200, answer
    return answer


class Wire:
    """A connection to the realtime tables, in memory."""

    def __init__(self, bench: Bench, query: str = "", *, path: str = "/realtime", headers: dict[str, str] | None = None) -> None:
        self._handler: Any = bench.app.websocket(HttpRequest("GET", path, query, headers or {}))
        self._received: list[str] = []
        self.bench = bench
        self.closed: tuple[int, str] | None = None
        if isinstance(self._handler, HttpResponse):
            self.refused: HttpResponse = self._handler
            return
        self._handler.opened(self)

    def send(self, message: str | bytes | Message) -> None:  # the venue's side
        raw = message.payload if isinstance(message, Message) else message
        self._received.append(raw if isinstance(raw, str) else raw.decode())

    def close(self, code: int = 1000, reason: str = "") -> None:  # the venue's side
        self.closed = (code, reason)

    def call_later(self, seconds: float, function: Callable[[], None]) -> None:  # the venue's side
        """Nothing here waits."""

    def write(self, raw: bytes) -> None:  # the venue's side, in trouble
        self._received.append(raw.decode("latin-1"))

    def abort(self) -> None:
        self.closed = (1006, "")

    def freeze(self) -> None:
        """Nothing here reads by itself."""

    thaw = freeze

    @property
    def topics(self) -> set[str]:
        return set(self._handler.topics)

    def say(self, message: object) -> list[Any]:
        """Send a message (anything but a str is made JSON); all that came."""
        self._handler.received(message if isinstance(message, str) else json.dumps(message))
        return self.heard()

    def subscribe(self, *topics: str) -> list[Any]:
        return self.say({"op": "subscribe", "args": list(topics)})

    def log_in(self, account: str = "key") -> list[Any]:
        expires = self.bench.now_us // 1_000_000 + 60
        sign = signature(KEYS[account], f"GET/realtime{expires}")
        return self.say({"op": "authKeyExpires", "args": [account, expires, sign]})

    def heard(self) -> list[Any]:
        """What came since the last time; what is no JSON as it is."""
        received, self._received = self._received, []
        return [json.loads(each) if each[:1] == "{" else each for each in received]

    def hang_up(self) -> None:
        self._handler.closed()


@pytest.fixture
def bench() -> Bench:
    """Quiet: nobody else trades."""
    return Bench()


@pytest.fixture
def busy() -> Bench:
    """With the other traders."""
    return Bench(traders=True)


@pytest.fixture
def make_bench() -> type[Bench]:
    return Bench


@pytest.fixture
def wire(bench: Bench) -> Callable[..., Wire]:
    return lambda query="", **more: Wire(bench, query, **more)


@pytest.fixture
def make_wire() -> type[Wire]:
    return Wire


@pytest.fixture
def sign() -> Callable[[str, str], str]:
    return signature
