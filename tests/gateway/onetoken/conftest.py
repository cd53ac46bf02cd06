"""A 1Token gateway in front of an embedded exchange, and programs that speak to it by hand: nothing here is the package's own client."""

from __future__ import annotations

import gzip
import hashlib
import hmac
import itertools
import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests
import websocket

from exchangeclient.gateway.onetoken import KeyBook, OnetokenGateway, Settings
from exchangeclient.sandbox import Sandbox

PATIENCE_S = 30
KEY, SECRET = "an-ot-key-of-many-letters", "an-ot-secret-of-many-letters"

_nonces = itertools.count(time.time_ns() // 1_000)


def headers(verb: str, path: str, body: bytes = b"", *, key: str = KEY, secret: str = SECRET, nonce: str | None = None) -> dict[str, str]:
    nonce = str(next(_nonces)) if nonce is None else nonce
    said = hmac.new(secret.encode(), f"{verb}{path}{nonce}".encode() + body, hashlib.sha256).hexdigest()
    return {"Api-Key": key, "Api-Nonce": nonce, "Api-Signature": said, "Content-Type": "application/json"}


class Peer:
    """A program's socket."""

    def __init__(self, url: str, header: dict[str, str] | None = None) -> None:
        self.socket = websocket.create_connection(url, header=header, timeout=PATIENCE_S)

    def say(self, **content: Any) -> None:
        self.socket.send(json.dumps(content))

    def hear(self) -> Any:
        said = self.socket.recv()
        return json.loads(gzip.decompress(said) if isinstance(said, bytes) else said)

    def until(self, fits: Callable[[Any], bool]) -> Any:
        """The next message that fits; what comes before it is passed over."""
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline:
            said = self.hear()
            if fits(said):
                return said
        raise AssertionError("it did not come")

    def close_code(self) -> int:
        """The code with which the gateway closes it."""
        while True:
            opcode, data = self.socket.recv_data()
            if opcode == websocket.ABNF.OPCODE_CLOSE:
                return int.from_bytes(data[:2], "big")


class Program:
    """A program that knows the protocol."""

    def __init__(self, gateway: OnetokenGateway, *, key: str = KEY, secret: str = SECRET) -> None:
        self.rest, self.stream = gateway.urls["rest"], gateway.urls["stream"]
        self._identity: dict[str, Any] = {"key": key, "secret": secret}
        self._session = requests.Session()
        self._peers: list[Peer] = []

    def get(self, path: str, **query: Any) -> Any:
        """The answer to somebody without a key."""
        return self._session.get(self.rest + path, params=query, timeout=PATIENCE_S)

    def call(self, verb: str, path: str, body: Any = None, *, raw: bytes | None = None, nonce: str | None = None, **query: Any) -> Any:
        """A signed call below ``/trade``."""
        sent = raw if raw is not None else b"" if body is None else json.dumps(body).encode()
        signed = headers(verb, path, sent, nonce=nonce, **self._identity)
        return self._session.request(verb, f"{self.rest}/trade{path}", data=sent, params=query, headers=signed, timeout=PATIENCE_S)

    def signed(self, verb: str, path: str, text: bytes) -> dict[str, str]:
        """The headers of a call whose signature is over some text."""
        return headers(verb, path, text, **self._identity)

    def ask(self, verb: str, path: str, body: Any = None, **query: Any) -> Any:
        """The answer to a call that must go well."""
        answer = self.call(verb, path, body, **query)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def refused(self, verb: str, path: str, body: Any = None, **query: Any) -> tuple[int, str]:
        """Status and code of a call that must not."""
        answer = self.call(verb, path, body, **query)
        said = answer.json()
        assert set(said) == {"code", "message", "data"}, said
        return answer.status_code, said["code"]

    def socket(self, path: str, header: dict[str, str] | None = None) -> Peer:
        self._peers.append(Peer(self.stream + path, header))
        return self._peers[-1]

    def trade_socket(self, account: str, **more: str) -> Peer:
        name = account.partition("/")[2]
        return self.socket(f"/trade/{account}", headers("GET", f"/ws/{name}", **{**self._identity, **more}))

    def close(self) -> None:
        for peer in self._peers:
            peer.socket.shutdown()  # type: ignore[no-untyped-call]
        self._session.close()


BOOK = {
    "keys": [
        {"ot_key": KEY, "ot_secret": SECRET, "accounts": ["*/mock-*", "binance/unknown"]},
        {"ot_key": "another-key-of-many-letters", "ot_secret": SECRET, "accounts": ["okex/mock-1token"]},
    ],
    "accounts": {"binance/main": {"api_key": "key", "api_secret": "secret"}},
}


@pytest.fixture(scope="module")
def exchange() -> Iterator[Sandbox]:
    with Sandbox(limits="counted") as sandbox:
        yield sandbox


def made(exchange: Sandbox, **settings: Any) -> OnetokenGateway:
    return OnetokenGateway(
        KeyBook.read(json.dumps(BOOK)), port=0, environments=exchange.urls, playground=lambda: exchange.urls, settings=Settings(**settings)
    )


@pytest.fixture(scope="module")
def gateway(exchange: Sandbox) -> Iterator[OnetokenGateway]:
    with made(exchange) as server:
        yield server


@pytest.fixture
def configured(exchange: Sandbox) -> Iterator[Callable[..., OnetokenGateway]]:
    """Gateways of other settings, until the test is over."""
    started: list[OnetokenGateway] = []

    def start(**settings: Any) -> OnetokenGateway:
        started.append(made(exchange, **settings))
        started[-1].start()
        return started[-1]

    yield start
    for server in started:
        server.stop()


@pytest.fixture
def program_at() -> Iterator[Callable[..., Program]]:
    """Makes programs, which hang up when the test is over."""
    made: list[Program] = []

    def make(gateway: OnetokenGateway, **identity: str) -> Program:
        made.append(Program(gateway, **identity))
        return made[-1]

    yield make
    for program in made:
        program.close()


@pytest.fixture
def program(gateway: OnetokenGateway, program_at: Callable[..., Program]) -> Program:
    return program_at(gateway)
