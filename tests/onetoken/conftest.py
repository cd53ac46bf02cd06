"""A gateway that says what the sheet says it says: frames and answers written out, checks of signatures of its own."""

from __future__ import annotations

import gc
import gzip
import hashlib
import hmac
import json
import threading
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import parse_qsl

import pytest

from exchangeclient.serving.app import Connection
from exchangeclient.serving.host import Host
from exchangeclient.serving.messages import Delivery, HttpRequest, HttpResponse

PATIENCE_S = 20.0
SECRET = "this-is-long-secret"


def signature(verb: str, path: str, nonce: str, data: str) -> str:
    return hmac.new(SECRET.encode(), f"{verb}{path}{nonce}{data}".encode(), hashlib.sha256).hexdigest()


class Talk:
    """One accepted socket; what the client said is kept."""

    account = ""
    topics: tuple[str, ...] = ()

    def __init__(self, gateway: Canned, path: str, query: dict[str, str], headers: dict[str, str]) -> None:
        self.gateway = gateway
        self.path = path
        self.packed = query.get("gzip") == "true"
        self.headers = headers
        self.connection: Connection

    def opened(self, connection: Connection) -> None:
        self.connection = connection
        self.gateway.note_talk(self)
        if "/trade/" in self.path:
            name = self.path.rpartition("/")[2]
            told = signature("GET", f"/ws/{name}", self.headers.get("api-nonce", ""), "")
            if "api-key" not in self.headers:
                self.send({"uri": "wait-for-jwt"})
            elif told != self.headers.get("api-signature"):
                self.send({"uri": "auth", "code": "fail", "message": {"code": "invalid-api-key"}})
            elif self.gateway.no_router:
                self.send({"code": "no-router-found", "message": "no push for this exchange"})
            else:
                self.send({"uri": "status", "code": "connected", "message": f"account: {name}"})

    def received(self, payload: str | bytes) -> None:
        frame = json.loads(payload)
        self.gateway.note_frame(self, frame)
        uri = frame["uri"]
        echoed = {"uuid": frame["uuid"]} if "uuid" in frame else {}
        if uri == "ping":
            self.send({"uri": "pong", "timestamp": 1526357597.237, **echoed})
        elif uri == "auth":
            self.send({"uri": "auth", "message": "Auth succeed."})
        elif uri in ("sub-info", "sub-order"):
            self.send({"uri": uri, "code": "success"})
        elif uri.startswith("batch"):
            self.send({"uri": uri, "code": "success", **echoed})  # at once; what it does not have it says behind that
            for contract in self.gateway.refused.intersection(frame["contracts"]):
                self.send({"uri": uri, "contract": contract, "code": "contract-not-exist", "message": "no such contract"})
        elif uri.startswith(("subscribe", "unsubscribe")):
            named = {key: frame[key] for key in ("contract", "duration") if key in frame}
            if named["contract"] in self.gateway.refused:
                self.send({"uri": uri, "code": "contract-not-exist", "message": "no such contract", **named, **echoed})
            else:
                self.send({"uri": uri, "code": "success", **named, **echoed})
        self.gateway.react(self, frame)

    def control(self, kind: Any, payload: bytes) -> None: ...

    def closed(self) -> None: ...

    def send(self, frame: Any) -> None:
        """A frame, as the address was asked to send it."""
        text = frame if isinstance(frame, str) else json.dumps(frame)
        self.connection.send(text)

    def send_binary(self, frame: Any) -> None:
        """A frame in gzip, as a binary message."""
        body = gzip.compress(json.dumps(frame).encode())
        head = bytes([0x82, len(body)]) if len(body) < 126 else bytes([0x82, 126]) + len(body).to_bytes(2, "big")
        self.connection.write(head + body)


class Canned:
    """The gateway's thinking."""

    def __init__(self) -> None:
        self.changed = threading.Condition()
        self.talks: list[Talk] = []
        self.frames: list[tuple[Talk, dict[str, Any]]] = []
        self.calls: list[tuple[str, str, dict[str, str], bytes]] = []
        self.refused: set[str] = set()
        self.no_router = False
        self.answers: dict[tuple[str, str], Callable[[HttpRequest], HttpResponse] | Any] = {}
        self.react: Callable[[Talk, dict[str, Any]], None] = lambda talk, frame: None

    # For the test's thread.

    def wait(self, seen: Callable[[], Any]) -> Any:
        with self.changed:
            assert self.changed.wait_for(seen, PATIENCE_S), "it did not come about in time"
            return seen()

    def asked(self, uri: str) -> list[tuple[Talk, dict[str, Any]]]:
        return [pair for pair in self.frames if pair[1]["uri"] == uri]

    # For the server's.

    def note_talk(self, talk: Talk) -> None:
        with self.changed:
            self.talks.append(talk)
            self.changed.notify_all()

    def note_frame(self, talk: Talk, frame: dict[str, Any]) -> None:
        with self.changed:
            self.frames.append((talk, frame))
            self.changed.notify_all()

    def http(self, request: HttpRequest) -> HttpResponse:
        with self.changed:
            self.calls.append((request.method, request.path, dict(parse_qsl(request.query)), request.body))
            self.changed.notify_all()
        if request.path.startswith("/api/v1/trade/"):
            signed = request.path.removeprefix("/api/v1/trade")
            told = signature(request.method, signed, request.headers.get("api-nonce", ""), request.body.decode())
            if not hmac.compare_digest(told, request.headers.get("api-signature", "")):
                return HttpResponse(401, b'{"code": "invalid-api-key", "message": "signature does not match"}')
        answer = self.answers.get((request.method, request.path))
        if answer is None:
            return HttpResponse(404, b'{"code": "contract-not-exist", "message": "not here"}')
        return answer(request) if callable(answer) else HttpResponse(200, json.dumps(answer).encode())

    def websocket(self, request: HttpRequest) -> Talk:
        return Talk(self, request.path, dict(parse_qsl(request.query)), dict(request.headers))


def lost(_: HttpRequest) -> HttpResponse:
    """An answer that never comes: the connection is cut in its place."""
    return HttpResponse(200, b"{}", delivery=Delivery(cut_in="head", most_bytes=0, ending="reset"))


class Served:
    """The gateway on a port."""

    def __init__(self) -> None:
        self.app = Canned()
        self._host = Host(self.app)
        self._host.start()
        self.url = f"http://127.0.0.1:{self._host.port}"

    def stop(self) -> None:
        self._host.stop()


@pytest.fixture
def served() -> Iterator[Served]:
    served = Served()
    yield served
    served.stop()


def drop(held: list[Any]) -> None:
    """Let go of what nobody else holds."""
    held.clear()
    gc.collect()


class Heard:
    """A callback that keeps what it gets, and can be waited for."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self.events: list[Any] = []

    def __call__(self, event: Any) -> None:
        with self._changed:
            self.events.append(event)
            self._changed.notify_all()

    async def later(self, event: Any) -> None:
        """The same as a coroutine function."""
        self(event)

    def wait(self, number: int) -> list[Any]:
        with self._changed:
            assert self._changed.wait_for(lambda: len(self.events) >= number, PATIENCE_S), f"only {self.events}"
            return list(self.events)
