"""The venue of :mod:`soak`, a process of its own: trades and changes of a book in a flood, with a fault every so many messages.

``python soak_venue.py RATE EVERY SEED`` prints its port, serves until its standard input ends, and prints how many faults it has made.
A change is left out only of a book that had the time to be made, and nothing changes for a while afterwards: who goes on with such a book
is seen to. Whatever it sends follows from a
running number, so that whoever gets it can tell whether it is right: trade ``n`` has the id ``n``, and change ``n`` sets the quantity ``n``
at the bid ``BEST - n % LEVELS`` and at the ask as far above. It answers ``GET /api/v3/depth`` alike. Written on plain sockets, it shares
nothing with the client.
"""

from __future__ import annotations

import base64
import hashlib
import json
import socket
import struct
import sys
import threading
from collections import Counter
from itertools import cycle
from random import Random
from time import monotonic, sleep

BEST, LEVELS = 2000, 1000
STREAMS = 5
BURST_S = 0.02
SETTLED_S = QUIET_S = 1.0
# How often the fault is one of the connection, and how often a change that is left out.
FAULTS = ("reset", "close", "cut", "garbage", "gap")


def bid(number: int) -> tuple[str, str]:
    """The bid that change ``number`` sets."""
    return f"{BEST - number % LEVELS}.00", f"{number}.000"


def ask(number: int) -> tuple[str, str]:
    """The ask that it sets."""
    return f"{BEST + 1 + number % LEVELS}.00", f"{number}.000"


def trade(symbol: str, number: int) -> str:
    """Trade ``number`` of a symbol."""
    return (
        f'{{"e":"trade","E":1700000000000,"s":"{symbol}","t":{number},"p":"0.00{number % 9973:04}","q":"{number % 97 + 1}.000",'
        f'"T":1700000000000,"m":true,"M":true}}'
    )


def change(symbol: str, number: int) -> str:
    """Change ``number`` of a symbol's book."""
    (bid_price, bid_quantity), (ask_price, ask_quantity) = bid(number), ask(number)
    return (
        f'{{"e":"depthUpdate","E":1700000000000,"s":"{symbol}","U":{number},"u":{number},'
        f'"b":[["{bid_price}","{bid_quantity}"]],"a":[["{ask_price}","{ask_quantity}"]]}}'
    )


def snapshot(number: int) -> bytes:
    """The book after change ``number``."""
    latest = range(number, number - LEVELS, -1)
    bids = sorted(map(bid, latest), key=lambda level: -float(level[0]))
    asks = sorted(map(ask, latest), key=lambda level: float(level[0]))
    return json.dumps({"lastUpdateId": number, "bids": bids, "asks": asks}).encode()


def framed(text: str) -> bytes:
    """A message as a server sends it."""
    payload = text.encode()
    head = bytes([0x81, len(payload)]) if len(payload) < 126 else b"\x81\x7e" + struct.pack("!H", len(payload))
    return head + payload


class Venue:
    """All of it.

    :param rate: messages a second, of all streams together
    :param every: after how many messages there is a fault
    :param seed: of the order in which they come
    """

    def __init__(self, rate: float, every: int, seed: int) -> None:
        self._rate = rate / STREAMS
        self._every = every
        self._lock = threading.Lock()
        self._sent = 0
        self._faults = cycle(Random(seed).sample(FAULTS, len(FAULTS)))
        self._numbers: dict[str, int] = {}
        self._gap = False
        self._shown = 0.0
        self.made: Counter[str] = Counter()

    def serve(self, stream: socket.socket) -> None:
        """One connection, to its end."""
        with stream:
            try:
                request = b""
                while not request.endswith(b"\r\n\r\n"):
                    part = stream.recv(4096)
                    if not part:
                        return
                    request += part
                path = request.split()[1].decode()
                if path.startswith("/api/v3/depth"):
                    body = snapshot(self._numbers.get("depthusdt@depth@100ms", LEVELS))
                    head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
                    stream.sendall(head.encode() + body)
                    self._shown = monotonic()
                else:
                    self._shake_hands(stream, request)
                    self._flood(stream, path.removeprefix("/ws/"))
            except OSError:
                return  # the client has hung up

    def _shake_hands(self, stream: socket.socket, request: bytes) -> None:
        key = next(line.split(b":")[1].strip() for line in request.split(b"\r\n") if line.lower().startswith(b"sec-websocket-key"))
        accept = base64.b64encode(hashlib.sha1(key + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest())
        head = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: "
        stream.sendall(head + accept + b"\r\n\r\n")

    def _flood(self, stream: socket.socket, name: str) -> None:
        symbol, _, kind = name.partition("@")
        made = change if kind.startswith("depth") else trade
        disturbed = began = monotonic()
        count = 0
        while True:
            due = int((monotonic() - began) * self._rate) - count
            number = self._numbers.get(name, LEVELS)
            waits = made is change and self._gap  # a connection on which a change is to be left out lives until it was
            # Whoever has no book yet, or is fetching another, need not notice: a snapshot was asked for since, and taken in.
            leaves_out = waits and due > 0 and disturbed < self._shown < monotonic() - SETTLED_S
            if leaves_out:
                self._gap = False
                number += 1
            stream.sendall(b"".join(framed(made(symbol.upper(), each)) for each in range(number + 1, number + 1 + due)))
            self._numbers[name] = number + due
            count += due
            fault = self._fault_after(due)
            if leaves_out:
                sleep(QUIET_S)
                began += QUIET_S
                disturbed = monotonic()
                self._note_made("gap")
            elif fault == "gap":
                self._gap = True
            elif fault is not None and not waits:
                self._note_made(fault)
                self._end(stream, fault)
                return
            sleep(BURST_S)

    def _note_made(self, fault: str) -> None:
        with self._lock:
            self.made[fault] += 1

    def _fault_after(self, count: int) -> str | None:
        with self._lock:
            before, self._sent = self._sent, self._sent + count
            return next(self._faults) if before // self._every != self._sent // self._every else None

    def _end(self, stream: socket.socket, fault: str) -> None:
        if fault == "close":
            stream.sendall(b"\x88\x02\x03\xe9")
        elif fault == "cut":
            stream.sendall(b"\x81\x7e\x01\x00half a message")
        elif fault == "garbage":
            stream.sendall(b"\xff\xff\xff\xff")
        else:
            stream.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def main() -> None:
    """Serve until there is nothing more to read, and tell how many faults there were of each kind."""
    venue = Venue(float(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
    listening = socket.create_server(("127.0.0.1", 0), backlog=64)
    print(listening.getsockname()[1], flush=True)

    def accept() -> None:
        while True:
            stream, _ = listening.accept()
            threading.Thread(target=venue.serve, args=(stream,), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    sys.stdin.read()
    print(json.dumps(venue.made))


if __name__ == "__main__":
    main()
