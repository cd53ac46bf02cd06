"""Hostile clients at work: plain sockets that send what the hostile modules draw, and note what comes of it.

Whatever is sent must be answered, or its connection closed, within a deadline. What is not, is a hang; an answer that tells of a
failure inside the server, or a second answer to one request, is wrong; a secret in anything that comes back is a leak.
"""

from __future__ import annotations

import base64
import hashlib
import socket
import struct
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random

import hostile_bytes
import hostile_frames as frames
import hostile_requests as requests
from hostile_requests import Signer

DEADLINE_S = 8.0
# Of failures only so many are told, and after so many hangs there is no point in waiting for more.
_TOLD = 5
_HANGS = 4

_FAILURES = ("hung", "wrong", "leaked")
_FAILED = b"internal error of the server"
_ACCEPT_SALT = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
_LARGEST_READ = 1 << 16


class Hung(Exception):  # noqa: N818 - what happened, not an error of ours
    """Neither an answer nor the end of the connection came in time."""


class Gone(Exception):  # noqa: N818
    """The server closed the connection, as it may."""


@dataclass(slots=True)
class Findings:
    """What came of everything that was sent; shared by all workers."""

    canaries: tuple[bytes, ...]
    outcomes: Counter[str] = field(default_factory=Counter)
    examples: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def note(self, outcome: str, sent: bytes = b"", received: bytes = b"") -> None:
        """Count an outcome, and keep a few examples of those that should not be."""
        with self.lock:
            self.outcomes[outcome] += 1
            if outcome in _FAILURES and self.outcomes[outcome] <= _TOLD:
                self.examples.append(f"{outcome}: sent {sent[:400]!r}, received {received[-400:]!r}")

    def inspect(self, sent: bytes, received: bytes) -> bool:
        """Look for what must not be in any answer; False if something of it was."""
        if any(canary in received for canary in self.canaries):
            self.note("leaked", sent, received)
            return False
        if _FAILED in received:
            self.note("wrong", sent, received)
            return False
        return True

    @property
    def failed(self) -> bool:
        return any(self.outcomes[outcome] for outcome in _FAILURES)

    @property
    def hopeless(self) -> bool:
        return self.outcomes["hung"] >= _HANGS


class Wire:
    """One connection, with a deadline for each exchange instead of each read."""

    def __init__(self, address: tuple[str, int], *, receive_buffer: int = 0) -> None:
        self._socket = socket.socket()
        if receive_buffer:
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self._socket.settimeout(DEADLINE_S)
        try:
            self._socket.connect(address)
        except TimeoutError:
            self._socket.close()
            raise Hung from None
        except OSError:
            self._socket.close()
            raise Gone from None
        self._until_s = 0.0
        self.give_time()

    def give_time(self) -> None:
        """The deadline begins anew."""
        self._until_s = time.monotonic() + DEADLINE_S

    def send(self, data: bytes) -> None:
        try:
            self._socket.settimeout(DEADLINE_S)
            self._socket.sendall(data)
        except TimeoutError:
            raise Hung from None
        except OSError:
            raise Gone from None

    def read(self) -> bytes:
        """Some bytes; none when the connection has ended."""
        left_s = self._until_s - time.monotonic()
        if left_s <= 0:
            raise Hung
        try:
            self._socket.settimeout(left_s)
            return self._socket.recv(_LARGEST_READ)
        except TimeoutError:
            raise Hung from None
        except OSError:
            return b""

    def finish(self) -> None:
        """There is nothing more to come from us."""
        try:
            self._socket.shutdown(socket.SHUT_WR)
        except OSError:
            raise Gone from None

    def close(self, *, cut: bool = False) -> None:
        """End it; ``cut`` sends a RST."""
        if cut:
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._socket.close()

    def fileno(self) -> int:
        return self._socket.fileno()


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer: what matters of its head, and its body."""

    status: int
    body: bytes
    last: bool  # the connection is of no more use


class HttpClient:
    """A connection that is kept alive as long as the server likes."""

    def __init__(self, address: tuple[str, int]) -> None:
        self._address = address
        self._wire: Wire | None = None

    def ask(self, request: bytes) -> Answer:
        """Send one request and read its answer.

        :raises Gone: when the connection ended instead
        :raises Hung: when nothing came in time
        """
        wire = self._wire = self._wire or Wire(self._address)
        wire.give_time()
        try:
            wire.send(request)
            answer = self._answer(wire, bodiless=request.startswith(b"HEAD "))
        except (Gone, Hung):
            self.close()
            raise
        if answer.last:
            self.close()
        return answer

    def close(self) -> None:
        if self._wire is not None:
            self._wire.close()
            self._wire = None

    def _answer(self, wire: Wire, *, bodiless: bool) -> Answer:
        data = b""
        while True:
            while (end := data.find(b"\r\n\r\n")) < 0:
                data += _more(wire)
            status = int(data[9:12])
            if status != 100:
                break
            data = data[end + 4 :]  # the answer proper follows
        head, body = data[:end].lower(), data[end + 4 :]
        last = b"connection: close" in head or status == 101
        if not bodiless and status not in (101, 204, 304):
            _, named, length = head.partition(b"content-length:")
            if named:
                wanted = int(length.partition(b"\r\n")[0])
                while len(body) < wanted:
                    body += _more(wire)
                if len(body) > wanted:
                    raise SecondAnswer(body[wanted:])
            else:
                last = True
                while more := wire.read():
                    body += more
        return Answer(status, body, last)


class SecondAnswer(Exception):  # noqa: N818
    """More came than the answer to the request."""


def _more(wire: Wire) -> bytes:
    data = wire.read()
    if not data:
        raise Gone
    return data


class WebSocket:
    """A websocket after an honest handshake."""

    def __init__(self, address: tuple[str, int], path: str, draw: Random) -> None:
        self._draw = draw
        self._wire = Wire(address)
        self._unread = b""
        self._pings = 0
        key = base64.b64encode(draw.randbytes(16)).decode()
        try:
            self._wire.send(frames.handshake(path, f"{address[0]}:{address[1]}", key))
            while b"\r\n\r\n" not in self._unread:
                self._unread += _more(self._wire)
        except (Gone, Hung):
            self._wire.close()
            raise
        head, _, self._unread = self._unread.partition(b"\r\n\r\n")
        accept = base64.b64encode(hashlib.sha1(key.encode() + _ACCEPT_SALT, usedforsecurity=False).digest())
        if b" 101 " not in head or accept not in head:
            self._wire.close()
            raise Gone

    def say(self, data: bytes) -> bytes:
        """Send frames, and a ping behind them; what came until the ping was answered, and with it what was before it.

        :raises Gone: when the server ended it instead
        :raises Hung: when neither came in time
        """
        self._pings += 1
        mark = f"mark {self._pings}".encode()
        self._wire.give_time()
        self._wire.send(data + frames.frame(self._draw, frames.PING, mark))
        received = b""
        while True:
            opcode, payload = self._frame()
            received += payload
            if opcode == frames.PONG and payload == mark:
                return received
            if opcode == frames.CLOSE:
                raise Gone
            if opcode == frames.PING:
                self._wire.send(frames.frame(self._draw, frames.PONG, payload))

    def end_with(self, data: bytes) -> bytes:
        """Send what may be no frame at all, and nothing after it; all that came until the server ended the connection."""
        self._wire.give_time()
        received = self._unread
        try:
            self._wire.send(data)
            self._wire.finish()
            while more := self._wire.read():
                received += more
        except Gone:
            pass
        return received

    def close(self) -> None:
        self._wire.close()

    def _frame(self) -> tuple[int, bytes]:
        head = self._take(2)
        length = head[1] & 0x7F
        if length > 125:
            length = int.from_bytes(self._take(2 if length == 126 else 8), "big")
        return head[0] & 0x0F, self._take(length)

    def _take(self, count: int) -> bytes:
        while len(self._unread) < count:
            self._unread += _more(self._wire)
        taken, self._unread = self._unread[:count], self._unread[count:]
        return taken


class Worker:
    """One hostile client: plays its share of cases, one after the other."""

    def __init__(self, address: tuple[str, int], draw: Random, signer: Callable[[], Signer], findings: Findings) -> None:
        self._address = address
        self._host = f"{address[0]}:{address[1]}"
        self._draw = draw
        self._signer = signer
        self._findings = findings
        self._http = HttpClient(address)
        self._sockets: dict[str, WebSocket] = {}
        self._kinds: tuple[tuple[float, Callable[[], bytes], Callable[[bytes], bytes]], ...] = (
            (0.55, lambda: requests.request(draw, signer()).wire(self._host), self._polite),
            (0.60, lambda: requests.control(draw).wire(self._host), self._polite),
            (0.74, lambda: hostile_bytes.no_http(draw, self._host), self._rude),
            (0.76, lambda: frames.odd_handshake(draw, self._host), self._rude),
            (0.80, lambda: frames.odd_frames(draw), self._against_the_rules),
            (0.90, lambda: frames.control_message(draw), lambda text: self._message(text, draw.choice(frames.STREAM_PATHS[:2]))),
            (1.00, lambda: frames.api_message(draw, signer()), lambda text: self._message(text, frames.API_PATH)),
        )

    def work(self, cases: int) -> None:
        """Play so many cases."""
        for _ in range(cases):
            if self._findings.hopeless:
                break
            chance = self._draw.random()
            make, play = next((make, play) for below, make, play in self._kinds if chance < below)
            sent = make()
            try:
                received = play(sent)
            except Hung:
                self._findings.note("hung", sent)
            except Gone:
                self._findings.note("closed")
            except SecondAnswer as error:
                self._http.close()
                self._findings.note("wrong", sent, error.args[0])
            else:
                if self._findings.inspect(sent, received):
                    self._findings.note("answered" if received else "closed")
        self._http.close()
        for each in self._sockets.values():
            each.close()

    def _polite(self, sent: bytes) -> bytes:
        answer = self._http.ask(sent)
        if answer.status == 200 and b" /sandbox" in sent[:20] and b"evil.invalid" in sent:
            self._findings.note("wrong", sent, b"commanded from another site: " + answer.body)
        return b"%d " % answer.status + answer.body

    def _rude(self, sent: bytes) -> bytes:
        wire = Wire(self._address)
        received = b""
        leaves = self._draw.random()
        try:
            wire.send(sent)
            if leaves < 0.7:
                wire.finish()
                while more := wire.read():
                    received += more
        except Gone:
            pass
        finally:
            wire.close(cut=leaves > 0.85)
        return received

    def _against_the_rules(self, sent: bytes) -> bytes:
        socket = WebSocket(self._address, self._draw.choice((*frames.STREAM_PATHS, frames.API_PATH)), self._draw)
        try:
            return socket.end_with(sent)
        finally:
            socket.close()

    def _message(self, text: bytes, path: str) -> bytes:
        if path not in self._sockets:
            self._sockets[path] = WebSocket(self._address, path, self._draw)
        try:
            return self._sockets[path].say(frames.frame(self._draw, frames.TEXT, text))
        except (Gone, Hung):
            self._sockets.pop(path).close()
            raise
