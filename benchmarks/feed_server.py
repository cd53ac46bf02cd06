"""A venue's stream server with frames made beforehand, so that the client dominates. Prints its address.

    feed_server.py KIND COUNT [PEM]

Every websocket, whatever its path, gets so many messages of one kind: ``depth`` (changes of a book, 300 bytes in the mean) and ``book``
(1600 levels, 48 KB) as fast as it reads, ``paced`` a thousand small changes a second, each with the time at which it was sent. Any other
request is answered with the time. PEM is a certificate with its key: then all that is over TLS.
"""

from __future__ import annotations

import base64
import hashlib
import json
import random
import socket
import ssl
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any

_BLOCK = 1 << 18
_PER_SECOND = 1000


def main() -> None:
    """Serve until the process is ended."""
    kind, count, *certificate = sys.argv[1:]
    sends = {"depth": partial(_flood, _frames(500, 3)), "book": partial(_flood, _frames(8, 800)), "paced": _pace}
    send = partial(sends[kind], int(count))
    context = None
    if certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate[0])
    with socket.create_server(("127.0.0.1", 0), backlog=64) as listener:
        print(f"{'http' if context is None else 'https'}://localhost:{listener.getsockname()[1]}", flush=True)
        while True:
            connection, _ = listener.accept()
            threading.Thread(target=_serve, args=(connection, context, send), daemon=True).start()


def _serve(connection: socket.socket, context: ssl.SSLContext | None, send: Callable[[socket.socket], None]) -> None:
    with suppress(OSError), connection:  # the client went away
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        stream = connection if context is None else context.wrap_socket(connection, server_side=True)
        request = b""
        while part := stream.recv(65536):
            request += part
            while b"\r\n\r\n" in request:
                head, _, request = request.partition(b"\r\n\r\n")
                if (key := _key(head)) is None:
                    body = b'{"serverTime":%d}' % (time.time() * 1000)
                    stream.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body))
                    continue
                accept = base64.b64encode(hashlib.sha1(key + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest())
                stream.sendall(
                    b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: %b\r\n\r\n"
                    % accept
                )
                send(stream)


def _key(head: bytes) -> bytes | None:
    rows = (row.partition(b":") for row in head.split(b"\r\n"))
    return next((value.strip() for name, _, value in rows if name.lower() == b"sec-websocket-key"), None)


def _flood(frames: list[bytes], count: int, stream: socket.socket) -> None:
    block = frames * max(1, _BLOCK // sum(map(len, frames)))
    for left in range(count, 0, -len(block)):
        stream.sendall(b"".join(block[:left]))


def _pace(count: int, stream: socket.socket) -> None:
    dice = random.Random(1)
    begun_s = time.monotonic()
    for number in range(count):
        time.sleep(max(0.0, begun_s + number / _PER_SECOND - time.monotonic()))
        stream.sendall(_frame({**_change(dice, number, 3), "sent": time.monotonic_ns()}))


def _frames(count: int, levels: int) -> list[bytes]:
    dice = random.Random(1)
    return [_frame(_change(dice, number, levels)) for number in range(count)]


def _change(dice: random.Random, number: int, levels: int) -> dict[str, Any]:
    """A message of a diff depth stream, with about so many levels on each side."""

    def side() -> list[list[str]]:
        count = round(levels * dice.uniform(0.9, 1.1)) if levels > 10 else dice.randint(0, 2 * levels)
        return [[f"{dice.uniform(40_000, 45_000):.8f}", f"{dice.uniform(0, 3):.8f}"] for _ in range(count)]

    last = 499_870_179 + 3 * number
    return {"e": "depthUpdate", "E": 1_633_998_542_082 + number, "s": "BTCUSDT", "U": last - 2, "u": last, "b": side(), "a": side()}


def _frame(message: dict[str, Any]) -> bytes:
    payload = json.dumps(message, separators=(",", ":")).encode()
    length = len(payload)
    if length < 126:
        return bytes([0x81, length]) + payload
    return b"\x81" + (b"\x7e" + length.to_bytes(2, "big") if length < 65536 else b"\x7f" + length.to_bytes(8, "big")) + payload


if __name__ == "__main__":
    main()
