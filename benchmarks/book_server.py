"""A venue of order books with frames made beforehand, so that the client dominates. Prints its address.

    book_server.py flood COUNT | paced PER_SECOND

Every symbol has the same book of 1000 levels a side. In a flood its stream brings COUNT changes as fast as they are read, as soon as the
book was asked for too; paced, each symbol that somebody listens to changes so often for as long as it does. ``/ws/<name>`` and
``/stream`` with its subscriptions are as at the venue; each change covers one number. What else is asked for is an empty object.
"""

from __future__ import annotations

import base64
import hashlib
import json
import random
import re
import socket
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress

_LEVELS = 1000
_FIRST_ID = 1_000_000
_FIRST_MS = 1_700_000_000_000
_BLOCK = 1 << 18
_TICK_S = 0.01

_asked = threading.Event()
_begun_s = time.monotonic()


def main() -> None:
    """Serve until the process is ended."""
    mode, number = sys.argv[1], int(sys.argv[2])
    changes = list(_changes(number)) if mode == "flood" else []
    with socket.create_server(("127.0.0.1", 0), backlog=512) as listener:
        print(f"http://localhost:{listener.getsockname()[1]}", flush=True)
        while True:
            connection, _ = listener.accept()
            threading.Thread(target=_serve, args=(connection, changes, number), daemon=True).start()


def _serve(connection: socket.socket, changes: list[bytes], number: int) -> None:
    with suppress(OSError), connection:  # the client went away
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        request = b""
        while part := connection.recv(65536):
            request += part
            while b"\r\n\r\n" in request:
                head, _, request = request.partition(b"\r\n\r\n")
                found = re.search(rb"(?i)sec-websocket-key: *(\S+)", head)
                if found is None:
                    _answer(connection, head, _FIRST_ID if changes else _number(number) + 1)
                    continue
                accept = base64.b64encode(hashlib.sha1(found[1] + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest())
                connection.sendall(
                    b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                    b"Sec-WebSocket-Accept: %b\r\n\r\n" % accept
                )
                if changes:
                    _flood(connection, changes)
                else:
                    Paced(connection, head.split(b" ")[1].decode(), number).run(request)


def _answer(connection: socket.socket, head: bytes, last_id: int) -> None:
    body = b"{}"
    if b"/depth" in head.partition(b"\r\n")[0]:
        sides = [[[_price(sign, level), "1.00000000"] for level in range(_LEVELS)] for sign in (-1, 1)]
        body = json.dumps({"lastUpdateId": last_id, "bids": sides[0], "asks": sides[1]}).encode()
        _asked.set()
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nX-MBX-USED-WEIGHT-1M: 1\r\nContent-Length: %d\r\n\r\n" % len(body)
    connection.sendall(head + body)


def _number(per_second: int, ahead: float = 0.0) -> int:
    """How far the books have come: they all change in the same measure, each at a moment of its own."""
    return _FIRST_ID + int((time.monotonic() - _begun_s) * per_second + ahead)


def _flood(connection: socket.socket, changes: list[bytes]) -> None:
    _asked.wait()
    time.sleep(0.5)  # until the client has its answer
    for start in range(0, len(changes), 500):
        connection.sendall(b"".join(changes[start : start + 500]))
    connection.recv(1)


class Paced:
    """One connection, whose symbols change so often each; what they are, its client may say later."""

    def __init__(self, connection: socket.socket, path: str, per_second: int) -> None:
        self._connection = connection
        self._per_second = per_second
        self._single = path.startswith("/ws/")
        self._said = b""
        self._last_ids: dict[str, int] = {}
        if self._single:
            self._add([path.rpartition("/")[2]])

    def run(self, said: bytes) -> None:
        """Until the client hangs up."""
        dice = random.Random(1)
        self._said = said
        while True:
            time.sleep(_TICK_S)
            self._listen()
            frames = []
            for place, (name, last_id) in enumerate(self._last_ids.items()):
                # Not all in the same moment.
                newest = _number(self._per_second, place / len(self._last_ids))
                frames += [self._change(dice, number, name) for number in range(last_id + 1, newest + 1)]
                self._last_ids[name] = max(last_id, newest)
            if frames:
                self._connection.sendall(b"".join(frames))

    def _add(self, names: list[str]) -> None:
        for name in names:
            self._last_ids.setdefault(name, _number(self._per_second))

    def _change(self, dice: random.Random, last_id: int, name: str) -> bytes:
        message = _change(dice, last_id)
        return _frame(message if self._single else b'{"stream":"%b","data":%b}' % (name.encode(), message))

    def _listen(self) -> None:
        self._connection.setblocking(False)
        with suppress(BlockingIOError):
            if not (part := self._connection.recv(65536)):
                raise ConnectionResetError
            self._said += part
        self._connection.setblocking(True)
        while (frame := _unmasked(self._said)) is not None:
            text, self._said = frame
            if text.startswith(b"{"):
                asked = json.loads(text)
                self._add(asked["params"])
                self._connection.sendall(_frame(b'{"result":null,"id":%d}' % asked["id"]))


def _unmasked(data: bytes) -> tuple[bytes, bytes] | None:
    """The text of the first frame, and what is behind it; None when it is not there yet."""
    if len(data) < 2:
        return None
    length, begin = data[1] & 0x7F, 2
    if length == 126:
        length, begin = int.from_bytes(data[2:4], "big"), 4
    if len(data) < begin + 4 + length:
        return None
    mask, begin = data[begin : begin + 4], begin + 4
    return bytes(byte ^ mask[at % 4] for at, byte in enumerate(data[begin : begin + length])), data[begin + length :]


def _changes(count: int) -> Iterator[bytes]:
    dice = random.Random(1)
    for number in range(1, count + 1):
        yield _frame(_change(dice, _FIRST_ID + number))


def _change(dice: random.Random, last_id: int) -> bytes:
    """A message of a diff depth stream: up to four levels of each side have another quantity."""
    sides = [[[_price(sign, dice.randint(0, 99)), f"{dice.uniform(0, 3):.8f}"] for _ in range(dice.randint(0, 4))] for sign in (-1, 1)]
    message = {"e": "depthUpdate", "E": _FIRST_MS + last_id - _FIRST_ID, "s": "BTCUSDT", "U": last_id, "u": last_id}
    return json.dumps({**message, "b": sides[0], "a": sides[1]}, separators=(",", ":")).encode()


def _price(sign: int, level: int) -> str:
    return f"{40_000 + sign * (level + 1) / 100:.8f}"


def _frame(payload: bytes) -> bytes:
    length = len(payload)
    return b"\x81" + (bytes([length]) if length < 126 else b"\x7e" + length.to_bytes(2, "big")) + payload


if __name__ == "__main__":
    main()
