"""The short way to one host: a whole message written to a kept connection, and its answer read, with nothing in between.

Connections, TLS and their pool are urllib3's (:mod:`.connections`), and an answer of an unusual form is read by http.client, from its
first byte on. Whether a message may go this way is decided elsewhere (:mod:`.http_session`).
"""

from __future__ import annotations

import contextlib
import http.client
import io
import re
import socket
import ssl
from collections.abc import Iterable, Mapping
from typing import Any, Final, NamedTuple, Protocol, Self

import urllib3

from exchangeclient.core.http.addresses import DEFAULT_PORTS, origin
from exchangeclient.core.http.connections import Incoming
from exchangeclient.core.http.deadline import Attempt, attempting
from exchangeclient.core.http.request import Message

_BASE = re.compile(r"https?://(?:[a-z0-9.-]+|\[[0-9a-f:.]+\])(?::[0-9]+)?")
_TARGET = re.compile(r"/(?:[A-Za-z0-9._~!$&'()*+,;=:@/?-]|%[0-9A-F]{2})*+(?<!\?)")
_LINES = re.compile(r"(?:[!#$%&'*+.^_`|~0-9A-Za-z-]+: [\t\x20-\x7e\x80-\xff]*\r\n)*+")
_VERBS: Final = ("GET", "POST", "PUT", "DELETE")
_OURS: Final = frozenset(("host", "content-length", "transfer-encoding"))

# Each read lets other threads run, and a busy one is slow to let this one run again. From 128 KiB on memory is mapped anew for each.
_CHUNK: Final = 120 * 1024
_FIELD = re.compile(r"^([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([^\r\n\0]*)\r\n", re.MULTILINE)
_STATUS = re.compile(r"HTTP/1\.1 ([2-5][0-9][0-9])(?: ([^\r\n\0]*))?\r\n")
_FOLD = re.compile(r"\r?\n[ \t]*")
_LENGTH = re.compile(r"[0-9]{1,12}")
_BODILESS: Final = (204, 304)


class Answer(NamedTuple):
    """What came back. Header names are in lower case; the body is unpacked. Shown without what it says, which may repeat a signature."""

    status: int
    reason: str
    headers: Mapping[str, str]
    body: bytes

    def __repr__(self) -> str:
        return f"<Answer {self.status} of {len(self.body)} bytes>"


class Packed(bytes):
    """A request as it is sent. Shown without what it says: it has the key and the signature."""

    def __repr__(self) -> str:
        return f"<Packed {len(self)} bytes>"

    __str__ = __repr__


class TooLongError(OSError):
    """An answer is longer than it may be; it would be the next time."""

    def __init__(self, limit: int) -> None:
        super().__init__(f"the answer is longer than {limit} bytes")


class Pool(Protocol):
    """What is needed of a pool of urllib3's.

    :ivar pool: None when it was closed
    """

    pool: Any

    def _get_conn(self) -> Any:
        """A connection that nobody uses, open unless it is new or the server has hung up."""

    def _put_conn(self, conn: Any) -> None:
        """Keep it for the next message."""


class Lane:
    """The short way to one host.

    :param head: what every message begins with below its first line
    :param names: of the headers there, in lower case
    :param pool: the connections to the host
    """

    def __init__(self, head: str, names: Iterable[str], pool: Pool) -> None:
        self._head = head
        self._names = frozenset(names)
        self._pool = pool

    @classmethod
    def to(cls, base: str, headers: Mapping[str, Any], pool: Pool) -> Self | None:
        """The way to a host, None when its name or a header is out of the ordinary.

        :param base: scheme, host and port
        :param headers: of every message
        """
        names = [name.lower() for name in headers]
        lines = _lines(headers)
        if lines is None or not _BASE.fullmatch(base) or _OURS.intersection(names):
            return None
        return cls(f"Host: {_host(base)}\r\n{lines}", names, pool)

    @property
    def is_open(self) -> bool:
        """False when its connections were closed, so that it takes another lane."""
        return self._pool.pool is not None

    def request(self, message: Message, target: str) -> Packed | None:
        """The bytes of a message; None when it has to go the ordinary way.

        :param target: its URL from the path on
        """
        own = _lines(message.headers)
        if (
            own is None
            or message.verb not in _VERBS
            or not _TARGET.fullmatch(target)
            or not self._names.isdisjoint([name.lower() for name in message.headers])
        ):
            return None
        body = message.body.encode()
        if message.has_body:
            own += f"Content-Length: {len(body)}\r\n"
        return Packed(f"{message.verb} {target} HTTP/1.1\r\n{self._head}{own}\r\n".encode("latin-1") + body)

    def exchange(self, request: Packed, limit: int, attempt: Attempt) -> Answer:
        """Send a request and read its answer.

        :param limit: bytes of the answer's body, unpacked, past which it is refused
        :raises OSError: when connecting, sending or reading fails or takes too long
        :raises HTTPException: when the answer is no HTTP
        :raises HTTPError: when its body is not what its headers say
        """
        connection = self._pool._get_conn()
        is_kept = False
        try:
            if connection.sock is None:
                with attempting(attempt):
                    connection.connect()
            sock = connection.sock
            sock.settimeout(attempt.read_s())
            attempt.left_machine = True
            with contextlib.suppress(BrokenPipeError):  # whoever hangs up may have said why
                sock.sendall(request)
            answer, is_kept = _answer(sock, attempt, limit)
            is_kept = is_kept and not _has_more(sock)
            return answer
        finally:
            if not is_kept:
                connection.close()
            self._pool._put_conn(connection)


def _host(base: str) -> str:
    scheme, host, port = origin(base)
    host = f"[{host}]" if ":" in host else host
    return host if port == DEFAULT_PORTS.get(scheme) else f"{host}:{port}"


def _lines(headers: Mapping[str, Any]) -> str | None:
    """Headers as they are sent; None when one of them is no plain text in one line."""
    lines = "".join([f"{name}: {value}\r\n" for name, value in headers.items() if isinstance(value, str)])
    return lines if _LINES.fullmatch(lines) and lines.count("\n") == len(headers) else None


def _has_more(sock: socket.socket) -> bool:
    """True when more has come than the answer, and TLS has it: a pool looks for that in the system's socket alone."""
    return isinstance(sock, ssl.SSLSocket) and sock.pending() > 0


def collected(chunks: Iterable[bytes], attempt: Attempt, limit: int) -> bytes:
    """A body that comes in chunks. Whoever carries them may watch no deadline, so it is watched between them.

    :raises TooLongError: past the limit
    :raises TimeoutError: past the deadline
    """
    read = bytearray()
    for chunk in chunks:
        read += chunk
        if len(read) > limit:
            raise TooLongError(limit)
        attempt.left_s()
    return bytes(read)


def _answer(sock: socket.socket, attempt: Attempt, limit: int) -> tuple[Answer, bool]:
    """The answer, and whether the connection can be used again."""
    sock.settimeout(attempt.read_s())
    received = sock.recv(_CHUNK)
    if not received:
        raise http.client.RemoteDisconnected("the connection was closed without an answer")
    head, end, body = received.partition(b"\r\n\r\n")
    usual = _read_head(head + b"\r\n") if end else None
    if usual is None:
        with attempting(attempt):
            return _by_http_client(sock, received, attempt, limit)
    status, reason, headers, length = usual
    attempt.answered = True
    if length > limit:
        raise TooLongError(limit)
    is_kept = len(body) <= length and "close" not in headers.get("connection", "").lower()
    body = body[:length] if len(body) >= length else _whole(sock, body, length, attempt)
    if "content-encoding" in headers:
        body = collected(_unpacked(io.BytesIO(body), headers, status), attempt, limit)
    return Answer(status, reason, headers, body), is_kept


def _read_head(head: bytes) -> tuple[int, str, dict[str, str], int] | None:
    """Status, reason, headers and the body's length; None unless all is as it nearly always is."""
    text = head.decode("latin-1")
    status = _STATUS.match(text)
    if status is None:
        return None
    fields = _FIELD.findall(text, status.end())
    headers = {name.lower(): value for name, value in fields}
    lines = text.count("\n") - 1
    length = headers.get("content-length", "")
    if len(headers) != lines or "transfer-encoding" in headers or not _LENGTH.fullmatch(length) or int(status[1]) in _BODILESS:
        return None
    return int(status[1]), status[2] or "", headers, int(length)


def _whole(sock: socket.socket, begun: bytes, length: int, attempt: Attempt) -> bytes:
    """A body of which the beginning is there."""
    parts, missing = [begun], length - len(begun)
    while missing:
        sock.settimeout(attempt.read_s())
        part = sock.recv(min(missing, _CHUNK))
        if not part:
            raise ConnectionResetError(f"the answer ended after {length - missing} of {length} bytes")
        parts.append(part)
        missing -= len(part)
    return b"".join(parts)


def _by_http_client(sock: socket.socket, received: bytes, attempt: Attempt, limit: int) -> tuple[Answer, bool]:
    raw = Incoming(sock, received=received)
    try:
        raw.begin()
        attempt.answered = True
        headers: dict[str, str] = {}
        for name, value in raw.getheaders():
            line = _FOLD.sub(" ", value)
            headers[name.lower()] = f"{headers[name.lower()]}, {line}" if name.lower() in headers else line
        body = collected(_unpacked(raw, headers, raw.status), attempt, limit)
        return Answer(raw.status, raw.reason, headers, body), not raw.will_close
    finally:
        raw.close()


def _unpacked(packed: io.BufferedIOBase, headers: Mapping[str, str], status: int) -> Iterable[bytes]:
    whole = urllib3.HTTPResponse(packed, headers, status, preload_content=False)
    return whole.stream(_CHUNK, decode_content=True)
