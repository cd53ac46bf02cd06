"""For tests and proofs of sockets: a websocket server that misbehaves as it is told, and the plainest session and listener.

The server is written by the RFC, on threads, and shares nothing with what it is there to try.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import json
import queue
import random
import socket
import ssl
import struct
import threading
from collections.abc import Sequence
from typing import Any

from exchangeclient.core.protocol.session import Backoff, Failure, Incoming
from exchangeclient.exceptions import SocketException

SOON_S = 10.0
TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10


class Peer:
    """The server's end of one connection."""

    def __init__(self, stream: socket.socket, request: bytes) -> None:
        self.stream = stream
        self.request = request
        self.frames: queue.SimpleQueue[tuple[int, bytes]] = queue.SimpleQueue()

    def send(self, payload: str | bytes, opcode: int = TEXT, final: bool = True) -> None:
        data = payload.encode() if isinstance(payload, str) else payload
        length = (
            bytes([len(data)])
            if len(data) < 126
            else b"\x7e" + struct.pack("!H", len(data))
            if len(data) < 65536
            else b"\x7f" + struct.pack("!Q", len(data))
        )
        self.stream.sendall(bytes([(0x80 if final else 0) | opcode]) + length + data)

    def close(self, code: int, reason: str = "") -> None:
        self.send(struct.pack("!H", code) + reason.encode(), CLOSE)
        self.drop()

    def drop(self) -> None:
        with contextlib.suppress(OSError):  # the other side has gone already
            self.stream.shutdown(socket.SHUT_RDWR)
        self.stream.close()

    def next(self, opcode: int) -> bytes:
        """The next frame of that kind."""
        while True:
            kind, payload = self.frames.get(timeout=SOON_S)
            if kind == opcode:
                return payload

    def read(self) -> None:
        """Put what comes into the queue; nothing is answered by itself, no ping either."""
        data = self.stream.makefile("rb")
        try:
            while head := data.read(2):
                length = head[1] & 127
                if length > 125:
                    length = int.from_bytes(data.read(2 if length == 126 else 8), "big")
                mask = data.read(4)
                self.frames.put((head[0] & 15, bytes(byte ^ mask[index % 4] for index, byte in enumerate(data.read(length)))))
        except (OSError, ValueError):
            return


class Server:
    """Accepts websockets, and hands each to the test."""

    def __init__(self, context: ssl.SSLContext | None = None) -> None:
        self.peers: queue.SimpleQueue[Peer] = queue.SimpleQueue()
        self.answer = b""  # instead of accepting
        self.accepted = 0
        self.context = context
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._open: list[Peer] = []
        self.port = self._listening.getsockname()[1]
        self.url = f"{'wss' if context else 'ws'}://127.0.0.1:{self.port}/ws/x@trade"
        threading.Thread(target=self._accept, daemon=True).start()

    def peer(self) -> Peer:
        return self.peers.get(timeout=SOON_S)

    def stop(self) -> None:
        self._listening.close()
        for peer in self._open:
            peer.stream.close()

    def _accept(self) -> None:
        while True:
            try:
                stream, _ = self._listening.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(stream,), daemon=True).start()

    def _serve(self, stream: socket.socket) -> None:
        try:
            if self.context is not None:
                stream.getpeername()  # one that is gone already would leave an unclosed socket behind in wrap_socket
                stream = self.context.wrap_socket(stream, server_side=True)
            request = b""
            while not request.endswith(b"\r\n\r\n"):
                chunk = stream.recv(4096)
                if not chunk:
                    stream.close()
                    return
                request += chunk
            self.accepted += 1
            if self.answer:
                stream.sendall(self.answer)
                stream.close()
                return
            key = next(row.split(b":")[1].strip() for row in request.split(b"\r\n") if row.lower().startswith(b"sec-websocket-key"))
            accept = base64.b64encode(hashlib.sha1(key + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest())
            stream.sendall(
                b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: "
                + accept
                + b"\r\n\r\n"
            )
        except OSError:
            stream.close()
            return
        peer = Peer(stream, request)
        self._open.append(peer)
        if self._listening.fileno() == -1:  # stopped meanwhile
            stream.close()
            return
        self.peers.put(peer)
        peer.read()


class Session:
    """The least of a venue's protocol: everything is an event, but what a test says otherwise.

    An event is JSON, of the stream ``""``; or of another one, which stands before it with a blank between. ``{"E": ...}`` is its time.
    """

    name = "x@trade"
    lives_s: float | None = None
    quiet_s: float | None = None

    def __init__(self, url: str) -> None:
        self._url = url
        self.ready = False
        self.leaving = False
        self.opened_at: list[float] = []
        self.frames: list[str] = []
        self.trouble: Failure | Exception | None = None
        self.successors: list[Session] = []

    def url(self) -> str:
        return self._url

    def opened(self, now_s: float) -> None:
        self.opened_at.append(now_s)
        self.ready = True
        self.leaving = False
        self.trouble = None

    def outgoing(self, now_s: float) -> list[str] | Failure:  # noqa: ARG002 - it sends whenever it is asked
        if isinstance(self.trouble, Exception):
            raise self.trouble
        if self.trouble is not None:
            return self.trouble
        frames, self.frames = self.frames, []
        return frames

    def next_due(self) -> float | None:
        return None

    def receive(self, payload: bytes) -> Incoming | Failure:
        if payload == b"final":
            return Failure("the key is wrong", final=True)
        if payload == b"passing":
            return Failure("not now")
        if payload == b"rest":
            return Failure("too much", retry_after_s=30.0)
        if payload == b"bug":
            raise ZeroDivisionError("a fault of the session")
        if payload == b"leaving":
            self.leaving = True
        return Incoming.REPLY if payload in (b"reply", b"leaving") else Incoming.EVENT

    def decode(self, payload: bytes) -> Any:
        return json.loads(payload.rpartition(b" ")[2])

    def stream_of(self, payload: bytes) -> bytes:
        return payload.rpartition(b" ")[0]

    def event_time_ms(self, payload: bytes) -> int | None:
        event = self.decode(payload)
        return event.get("E") if isinstance(event, dict) else None

    def successor(self) -> Session:
        successor = type(self)(self._url)
        successor.lives_s, successor.quiet_s = self.lives_s, self.quiet_s
        self.successors.append(successor)
        return successor


class Witness:
    """A listener that remembers."""

    def __init__(self) -> None:
        self.seen: queue.SimpleQueue[tuple[str, Any]] = queue.SimpleQueue()
        self.bug = self.deaf = False

    def connected(self) -> None:
        self.seen.put(("connected", None))
        if self.deaf:
            self.deaf = False
            raise ZeroDivisionError("another fault of the listener")

    def received(self, payloads: Sequence[bytes]) -> None:
        if self.bug:
            self.bug = False
            raise ZeroDivisionError("a fault of the listener")
        self.seen.put(("received", list(payloads)))

    def lost(self, reason: str) -> None:
        self.seen.put(("lost", reason))

    def failed(self, error: SocketException) -> None:
        self.seen.put(("failed", error))

    def close(self) -> None:
        self.seen.put(("closed", None))

    def next(self, kind: str) -> Any:
        got, value = self.seen.get(timeout=SOON_S)
        assert got == kind, (got, value)
        return value


def quick() -> Backoff:
    return Backoff(random.Random(1), first_s=0.01, cap_s=0.05)
