"""A gateway in front of an embedded exchange whose other traders stand still, and robots."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests

from exchangeclient.gateway.universal import Gateway, Settings
from exchangeclient.sandbox import Account, Sandbox

PATIENCE_S = 30
KEY = "an-access-key-of-many-letters"
SECRET, PASSPHRASE = "a-secret-of-many-letters", "a-passphrase-of-many-letters"
SECRETS = {"OKX": f"{SECRET},{PASSPHRASE}", "Binance": SECRET, "BitMEX": SECRET, "SANDBOX": SECRET}

_sessions: list[requests.Session] = []
_numbers = itertools.count()


def new_nonce() -> int:
    """Ahead of what a gateway takes for perhaps forgotten, as far as a clock may be ahead."""
    return time.time_ns() + 60 * 10**9 - 5 * 10**6 + next(_numbers)


class Robot:
    """What a robot's host does: it posts, and reads one JSON object."""

    def __init__(self, url: str, venue: str, *, key: str = KEY, secret: str | None = None) -> None:
        self.url = f"{url}/{venue}"
        self.key = key
        self.secret = SECRETS[venue] if secret is None else secret
        self.session = requests.Session()
        _sessions.append(self.session)

    def post(self, method: str, params: Any, *, nonce: int | None = None, verb: str | None = None) -> Any:
        """The whole answer; a nonce below zero leaves it out."""
        body = {"access_key": self.key, "secret_key": self.secret, "method": method, "params": params}
        if nonce is None or nonce >= 0:
            body["nonce"] = new_nonce() if nonce is None else nonce
        answer = self.session.post(self.url, json=body, headers={"Http-Method": verb} if verb else {}, timeout=PATIENCE_S)
        assert answer.status_code == 200
        assert answer.headers["Content-Type"] == "application/json; charset=utf-8"
        said = answer.json()
        assert isinstance(said, dict)
        assert set(said) <= {"data", "raw"} or set(said) == {"error"}
        return said

    new_nonce = staticmethod(new_nonce)

    def ask(self, method: str, verb: str | None = None, **params: Any) -> Any:
        """The data of an answer that must be a good one."""
        said = self.post(method, params, verb=verb)
        assert "error" not in said, said
        return said["data"]

    def refused(self, method: str, verb: str | None = None, **params: Any) -> str:
        """The error of an answer that must be one."""
        said = self.post(method, params, verb=verb)
        assert set(said) == {"error"}, said
        return str(said["error"])


def accounts(*keys: str) -> list[Account]:
    return [Account(key, SECRET, passphrase=PASSPHRASE) for key in keys]


@pytest.fixture(autouse=True)
def hung_up() -> Iterator[None]:
    """No robot leaves a connection open."""
    yield
    while _sessions:
        _sessions.pop().close()


@pytest.fixture(scope="module")
def exchange() -> Iterator[Sandbox]:
    with Sandbox(start="2026-03-01", speed=0, limits="counted", accounts=accounts(KEY, "another-access-key-there-is")) as sandbox:
        yield sandbox


@pytest.fixture(autouse=True)
def cleared(request: pytest.FixtureRequest) -> Iterator[None]:
    """No fault of one test is the next one's, and no weight: a minute that stands still never ends."""
    if "exchange" not in request.fixturenames:
        yield
        return
    exchange = request.getfixturevalue("exchange")
    exchange.fault("headers", headers={"X-MBX-USED-WEIGHT": None, "X-MBX-USED-WEIGHT-1M": None})
    yield
    exchange.faults.clear()


def addresses(exchange: Sandbox) -> dict[str, str]:
    binance, okx, bitmex = (exchange.urls[venue]["rest"] for venue in ("binance", "okx", "bitmex"))
    return {"OKX": okx, "Binance": binance, "BitMEX": bitmex, "SANDBOX": binance}


@pytest.fixture(scope="module")
def gateway(exchange: Sandbox) -> Iterator[Gateway]:
    with Gateway(port=0, addresses=addresses(exchange)) as server:
        yield server


@pytest.fixture
def configured(exchange: Sandbox) -> Iterator[Callable[[Settings], Gateway]]:
    """Gateways of other settings, until the test is over."""
    started: list[Gateway] = []

    def start(settings: Settings) -> Gateway:
        started.append(Gateway(port=0, addresses=addresses(exchange), settings=settings))
        started[-1].start()
        return started[-1]

    yield start
    for server in started:
        server.stop()


@pytest.fixture(scope="session")
def robot_at() -> type[Robot]:
    """Makes a robot: at which address, of which venue."""
    return Robot


@pytest.fixture(params=["OKX", "Binance", "SANDBOX"])
def robot(request: pytest.FixtureRequest, gateway: Gateway) -> Robot:
    """One at each venue."""
    return Robot(gateway.url, request.param)


@pytest.fixture
def okx(gateway: Gateway) -> Robot:
    return Robot(gateway.url, "OKX")


@pytest.fixture
def binance(gateway: Gateway) -> Robot:
    return Robot(gateway.url, "Binance")
