"""The plainest client there is: bytes made beforehand, one socket, no parsing beyond where an answer ends. So the server dominates."""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import socket
from urllib.parse import urlencode, urlsplit

_LIMIT_S = 30


class Line:
    """A kept-alive connection to an HTTP server."""

    def __init__(self, url: str) -> None:
        self.address = urlsplit(url).netloc
        host, _, port = self.address.rpartition(":")
        self._socket = socket.create_connection((host, int(port)), timeout=_LIMIT_S)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def request(self, method: str, target: str, key: str = "") -> bytes:
        """The bytes of a request without a body."""
        headers = f"X-MBX-APIKEY: {key}\r\n" if key else ""
        return f"{method} {target} HTTP/1.1\r\nHost: {self.address}\r\n{headers}Content-Length: 0\r\n\r\n".encode()

    def ask(self, request: bytes) -> bytes:
        """The body of the answer.

        :raises RuntimeError: when the answer is not a success
        """
        self._socket.sendall(request)
        received = self._socket.recv(1 << 16)
        while (end := received.find(b"\r\n\r\n")) < 0:
            received += self._more()
        head = received[:end].lower()
        length = int(head.partition(b"content-length:")[2].partition(b"\r\n")[0])
        while len(received) < end + 4 + length:
            received += self._more()
        if b" 200 " not in head.partition(b"\r\n")[0]:
            raise RuntimeError(f"the server refused: {received[-length:].decode()}")
        return received[end + 4 :]

    def close(self) -> None:
        self._socket.close()

    def _more(self) -> bytes:
        data = self._socket.recv(1 << 16)
        if not data:
            raise RuntimeError("the server closed the connection in the middle of an answer")
        return data


def signed(target: str, secret: str, **parameters: object) -> str:
    """A request target whose query is signed with HMAC."""
    query = urlencode(parameters)
    signature = hmac.new(secret.encode(), query.encode(), hashlib.sha256).hexdigest()
    return f"{target}?{query}&signature={signature}"


def subscriber(url: str) -> socket.socket:
    """A websocket right after its handshake, as a plain socket that only reads."""
    parts = urlsplit(url)
    connected = socket.create_connection((parts.hostname or "", parts.port or 80), timeout=_LIMIT_S)
    key = base64.b64encode(os.urandom(16)).decode()
    connected.sendall(
        f"GET {parts.path} HTTP/1.1\r\nHost: {parts.netloc}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
    )
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        byte = connected.recv(1)
        if not byte:
            raise RuntimeError(f"the server closed the handshake after {head!r}")
        head += byte
    if b" 101 " not in head.partition(b"\r\n")[0]:
        raise RuntimeError(f"the server refused the handshake: {head!r}")
    return connected
