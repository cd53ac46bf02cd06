"""The OKX dialect in memory, and a client of a few lines that shares no code with it."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

import pytest

from exchangeclient.sandbox.dialects.accounts import Account, Members
from exchangeclient.sandbox.dialects.live import LiveExchange
from exchangeclient.sandbox.dialects.okx.app import OkxApp
from exchangeclient.sandbox.dialects.okx.limits import Limits
from exchangeclient.sandbox.dialects.okx.venue import Books
from exchangeclient.sandbox.engine.commands import Deposit
from exchangeclient.sandbox.engine.exchange import Exchange
from exchangeclient.sandbox.engine.instruments import DEFAULTS, SWAPS, UNIT, Instrument
from exchangeclient.serving.app import Message
from exchangeclient.serving.messages import HttpRequest, HttpResponse

START_US = 1_700_000_000_000_000 + 123_456
KEYS = {"key": "secret", "other": "hidden"}
PASSPHRASE = "words"


def signature(secret: str, text: str) -> str:
    return base64.b64encode(hmac.new(secret.encode(), text.encode(), hashlib.sha256).digest()).decode()


class Bench:
    """The venue with a clock that is set by hand; two accounts with 1,000 of everything, more of USDT; no limit is enforced."""

    def __init__(
        self,
        *,
        limits: Limits | None = None,
        traders: bool = True,
        books: Books | None = None,
        instruments: Iterable[Instrument] = (*DEFAULTS, *SWAPS),
        accounts: Iterable[Account] | None = None,
    ) -> None:
        self.now_us = START_US
        self.exchange = Exchange(seed=7, start_us=START_US, instruments=tuple(instruments), traders=traders)
        for key in KEYS:
            for asset in self.exchange.balances(key):
                self.exchange.execute(Deposit(f"okx:{key}", asset, (100_000 if asset == "USDT" else 1_000) * UNIT), START_US)
        self.live = LiveExchange(self.exchange, lambda: self.now_us)
        members = Members(accounts or [Account(key, secret, passphrase=PASSPHRASE) for key, secret in KEYS.items()])
        self.app = OkxApp(self.live, members, limits=limits or Limits(enforced=False), books=books)
        self.answer = HttpResponse(0)  # the last one

    def pass_time(self, seconds: float) -> None:
        """Move the clock, and the traders with it."""
        self.now_us += round(seconds * 1_000_000)
        self.live.advance()

    # ---- REST --------------------------------------------------------------------------------------------------------

    def send(self, method: str, target: str, body: str = "", headers: dict[str, str] | None = None, *, peer: str = "127.0.0.1") -> Any:
        """One request as it is; the decoded answer."""
        path, _, query = target.partition("?")
        self.answer = self.app.http(HttpRequest(method, path, query, headers or {}, body.encode(), peer))
        return json.loads(self.answer.body)

    def get(self, path: str, **params: object) -> Any:
        """Public data; the whole answer."""
        return self.send("GET", self._target(path, params))

    def rows(self, path: str, **params: object) -> Any:
        """Public data; its rows."""
        return accepted(self.get(path, **params))

    def signed(
        self, method: str, path: str, body: Any = None, *, account: str = "key", headers: dict[str, str] | None = None, **params: object
    ) -> Any:
        """A signed request, with a body that is made JSON unless it is a text; the whole answer."""
        target = self._target(path, params)
        text = body if isinstance(body, str) else "" if body is None else json.dumps(body)
        now = datetime.fromtimestamp(self.now_us / 1e6, UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"
        given = {
            "ok-access-key": account,
            "ok-access-sign": signature(KEYS[account], f"{now}{method}{target}{text}"),
            "ok-access-timestamp": now,
            "ok-access-passphrase": PASSPHRASE,
            "content-type": "application/json",
        }
        return self.send(method, target, text, {**given, **(headers or {})})

    def ask(self, path: str, *, account: str = "key", **params: object) -> Any:
        """What a private GET answers; its rows."""
        return accepted(self.signed("GET", path, account=account, **params))

    def tell(self, path: str, body: Any, *, account: str = "key") -> Any:
        """What a private POST answers; its rows, all of which must have been taken."""
        return accepted(self.signed("POST", path, body, account=account))

    def refused(self, path: str, body: Any, *, account: str = "key") -> str:
        """The code with which a private POST is refused: its row's if there is one."""
        answer = self.signed("POST", path, body, account=account)
        assert answer["code"] != "0", answer
        return str(answer["data"][0]["sCode"] if answer["data"] else answer["code"])

    @staticmethod
    def _target(path: str, params: dict[str, Any]) -> str:
        query = "&".join(f"{name}={quote(str(value), safe='')}" for name, value in params.items())
        return f"/api/v5/{path}?{query}" if query else f"/api/v5/{path}"

    # ---- orders ------------------------------------------------------------------------------------------------------

    def wish(self, side: str, size: str, price: str = "", **more: object) -> dict[str, object]:
        """An order on BTC-USDT: one with a limit, or at market without a price."""
        usual = {"instId": "BTC-USDT", "tdMode": "cash", "side": side, "ordType": "limit" if price else "market", "sz": size}
        return {**usual, **({"px": price} if price else {}), **more}

    def contract(self, side: str, size: str, price: str = "", **more: object) -> dict[str, object]:
        """The same on the swap."""
        return self.wish(side, size, price, **{"instId": "BTC-USDT-SWAP", "tdMode": "cross", **more})

    def order(self, wish: dict[str, object], *, account: str = "key") -> str:
        """Place an order that is taken; its id."""
        (row,) = self.tell("trade/order", wish, account=account)
        return str(row["ordId"])

    def found(self, number: str, *, name: str = "BTC-USDT", account: str = "key") -> Any:
        """An order as it stands."""
        (row,) = self.ask("trade/order", instId=name, ordId=number, account=account)
        return row


def accepted(answer: Any) -> Any:
    """The rows of an answer that refuses nothing."""
    assert answer["code"] == "0", answer
    return answer["data"]


class Wire:
    """A connection to one of the dialect's sockets, in memory."""

    def __init__(self, bench: Bench, path: str) -> None:
        self._bench = bench
        self.handler: Any = bench.app.websocket(HttpRequest("GET", f"/ws/v5/{path}"))
        self._received: list[tuple[str, str]] = []
        self.later: list[tuple[float, Callable[[], None]]] = []
        self.closed: tuple[int, str] | None = None  # how the venue ended it
        self.handler.opened(self)

    def send(self, message: str | bytes | Message) -> None:  # the venue's side
        raw, topic = (message.payload, message.topic) if isinstance(message, Message) else (message, "")
        self._received.append((raw if isinstance(raw, str) else raw.decode(), topic))

    def close(self, code: int = 1000, reason: str = "") -> None:  # the venue's side
        self.closed = (code, reason)

    def call_later(self, seconds: float, function: Callable[[], None]) -> None:  # the venue's side
        self.later.append((seconds, function))

    def wait(self, seconds: float) -> None:
        """Let the machine's time pass, by which silence is measured."""
        while self.later and seconds >= self.later[0][0]:
            width, function = self.later.pop(0)
            seconds -= width
            function()

    def say(self, message: object) -> list[Any]:
        """Send a message (anything but a str is made JSON); what came since the last time."""
        self.handler.received(message if isinstance(message, str) else json.dumps(message))
        return self.heard()

    def heard(self) -> list[Any]:
        """What came since the last time."""
        received, self._received = self._received, []
        return [json.loads(text) if text.startswith("{") else text for text, _ in received]

    def topics_heard(self) -> list[str]:
        """What it belonged to."""
        received, self._received = self._received, []
        return [topic for _, topic in received]

    def subscribe(self, *arguments: dict[str, str]) -> list[Any]:
        return self.say({"op": "subscribe", "args": list(arguments)})

    def log_in(self, key: str = "key", **changed: object) -> Any:
        """The answer to a login."""
        now = str(self._bench.now_us // 1_000_000)
        given = {
            "apiKey": key,
            "passphrase": PASSPHRASE,
            "timestamp": now,
            "sign": signature(KEYS.get(key, "none"), f"{now}GET/users/self/verify"),
        }
        (answer,) = self.say({"op": "login", "args": [{**given, **changed}]})
        return answer

    def hang_up(self) -> None:
        self.handler.closed()


@pytest.fixture
def bench() -> Bench:
    return Bench()


@pytest.fixture
def quiet() -> Bench:
    """Without other traders."""
    return Bench(traders=False)


@pytest.fixture
def make_bench() -> Callable[..., Bench]:
    return Bench


@pytest.fixture
def wire(bench: Bench) -> Callable[[str], Wire]:
    return lambda path: Wire(bench, path)


@pytest.fixture
def make_wire() -> type[Wire]:
    return Wire
