"""Clients that take their time, by the hundred, while an honest one wants to be served."""

from __future__ import annotations

import selectors
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from random import Random

import hostile_frames as frames
from fuzz_clients import Findings, Gone, HttpClient, Hung, Wire

_PACE_S = 0.5  # between two bytes of a slow sender
_GREEDY_REQUESTS = 10  # whose answers are more than the kernel keeps for one who does not read
_SMALL_BUFFER = 4096


@dataclass(slots=True)
class _Slow:
    """One of them: sends what it has byte by byte, and reads or does not."""

    wire: Wire
    rest: bytes
    reads: bool


class SlowClients:
    """Slow senders of headers and of bodies, slow handshakes, and readers who never read; at work until told to stop."""

    def __init__(self, address: tuple[str, int], count: int, draw: Random) -> None:
        self._draw = draw
        self._address = address
        self._host = f"{address[0]}:{address[1]}"
        self._clients: list[_Slow] = []
        self._ready = selectors.DefaultSelector()
        self._stop = threading.Event()
        kinds = (self._headers, self._body, self._handshake, self._greedy, self._deaf)
        for number in range(count):
            kinds[number % len(kinds)]()
        self.connected = len(self._clients)
        self._thread = threading.Thread(target=self._dawdle, daemon=True)
        self._thread.start()

    @property
    def senders_left(self) -> int:
        """How many of those who send slowly still have their connection."""
        return sum(each.reads for each in self._clients)

    def close(self) -> None:
        self._stop.set()
        self._thread.join()
        for each in self._clients:
            each.wire.close()
        self._ready.close()

    # ---- who they are --------------------------------------------------------------------------------------------------

    def _headers(self) -> None:
        self._add(b"GET /api/v3/ping HTTP/1.1\r\n" + b"X-Slow: yes\r\n" * 100)

    def _body(self) -> None:
        self._add(
            b"x=" + b"y" * 100_000, first=f"POST /api/v3/order HTTP/1.1\r\nHost: {self._host}\r\nContent-Length: 100002\r\n\r\n".encode()
        )

    def _handshake(self) -> None:
        self._add(frames.handshake("/ws", self._host, "x" * 400))

    def _greedy(self) -> None:
        """Asks for a lot and reads nothing."""
        request = f"GET /api/v3/exchangeInfo HTTP/1.1\r\nHost: {self._host}\r\n\r\n"
        self._add(b"", first=request.encode() * _GREEDY_REQUESTS, reads=False)

    def _deaf(self) -> None:
        """Subscribes to a lot and reads nothing."""
        streams = "/".join(f"{symbol}@depth@100ms" for symbol in ("btcusdt", "ethbtc", "ethusdt", "ltcbtc"))
        self._add(b"", first=frames.handshake(f"/stream?streams={streams}", self._host, "dGhlIHNhbXBsZSBub25jZQ=="), reads=False)

    def _add(self, rest: bytes, *, first: bytes = b"", reads: bool = True) -> None:
        wire = Wire(self._address, receive_buffer=0 if reads else _SMALL_BUFFER)
        wire.send(first)
        client = _Slow(wire, rest, reads)
        self._clients.append(client)
        if reads:
            self._ready.register(wire, selectors.EVENT_READ, client)

    # ---- what they do --------------------------------------------------------------------------------------------------

    def _dawdle(self) -> None:
        while not self._stop.is_set():
            for key, _ in self._ready.select(_PACE_S):
                self._hear(key.data)
            for client in list(self._clients):
                if client.rest and not self._stop.is_set():
                    self._send_a_byte(client)

    def _hear(self, client: _Slow) -> None:
        client.wire.give_time()
        if not client.wire.read():
            self._lose(client)

    def _send_a_byte(self, client: _Slow) -> None:
        if self._draw.random() < 0.5:
            return
        try:
            client.wire.send(client.rest[:1])
        except (Gone, Hung):
            self._lose(client)
        else:
            client.rest = client.rest[1:]

    def _lose(self, client: _Slow) -> None:
        self._ready.unregister(client.wire)
        self._clients.remove(client)
        client.wire.close()


def venue_calls(address: tuple[str, int]) -> list[bytes]:
    """What an honest client asks a venue."""
    paths = ("/api/v3/ping", "/api/v3/depth?symbol=ETHBTC&limit=5", "/api/v3/ticker/price")
    return [f"GET {path} HTTP/1.1\r\nHost: {address[0]}:{address[1]}\r\n\r\n".encode() for path in paths]


def p99_ms(address: tuple[str, int], seconds: float, findings: Findings, calls: Sequence[bytes]) -> float:
    """How long an honest client waits for an answer, at worst but for one in a hundred; on old and on new connections."""
    kept = HttpClient(address)
    kept.ask(calls[0])  # by now everybody has been let in
    waits: list[float] = []
    until_s = time.monotonic() + seconds
    pause = threading.Event()
    while time.monotonic() < until_s:
        for request in calls:
            fresh = HttpClient(address)
            for client in (kept, fresh):
                begun_s = time.monotonic()
                try:
                    answer = client.ask(request)
                except Hung:
                    findings.note("hung", request)
                except Gone:
                    findings.note("wrong", request, b"an honest client was cut off")
                else:
                    if answer.status != 200:
                        findings.note("wrong", request, answer.body)
                waits.append((time.monotonic() - begun_s) * 1000)
            fresh.close()
            pause.wait(0.005)
        if findings.hopeless:
            break
    kept.close()
    waits.sort()
    return waits[len(waits) * 99 // 100]


def crowd(address: tuple[str, int], count: int, findings: Findings, ping: bytes) -> bool:
    """Whether a thousand idle connections leave those alone who were served before, and are forgotten when they have gone."""
    kept = HttpClient(address)
    idle: list[Wire] = []
    try:
        kept.ask(ping)
        for _ in range(count):
            with suppress(Gone):  # refused, as it may be
                idle.append(Wire(address))
        served = kept.ask(ping).status == 200
        newcomer = HttpClient(address)
        with suppress(Gone):
            served = newcomer.ask(ping).status in (200, 503) and served
        newcomer.close()
    except (Gone, Hung):
        findings.note("hung", ping, b"in a crowd")
        return False
    finally:
        for each in idle:
            each.close()
        kept.close()
    return served and _recovers(address, ping)


def _recovers(address: tuple[str, int], ping: bytes) -> bool:
    """True if a new client is served within a few seconds."""
    pause = threading.Event()
    for _ in range(30):
        client = HttpClient(address)
        try:
            if client.ask(ping).status == 200:
                return True
        except (Gone, Hung):
            pass
        finally:
            client.close()
        pause.wait(0.1)
    return False
