"""How fast one message reaches fifty sockets: the sandbox's streams and host, beside bare Autobahn broadcasting prepared frames.

Both servers send messages of the same length, one broadcast per turn of their reactor, to plain sockets that are drained and
thrown away. The sandbox's side includes making the depth update and finding who listens.
"""

from __future__ import annotations

import json
import selectors
import socket
import subprocess
from functools import partial

import wire
from measure import Figure, interleaved, started, wall_s

TARGET_RATIO = 0.5

_SOCKETS = 50
_LIMIT_S = 30


def run(*, quick: bool) -> list[Figure]:
    """Messages per second that arrived, counted once per socket."""
    messages, rounds = (100, 7) if quick else (400, 15)
    with started("benchmarks/sandbox_streams.py") as (our_process, ready):
        ours = json.loads(ready)
        with started("benchmarks/bare_autobahn.py", ours["sample"]) as (peer_process, url):
            length = len(ours["sample"].encode())
            audiences = [
                Audience(our_process, ours["url"], length),
                Audience(peer_process, url.strip(), length),
            ]
            figures = interleaved([partial(each.rate, messages) for each in audiences], rounds)
            for audience in audiences:
                audience.leave()
    return [Figure("fan_out", figures[0], "/s", TARGET_RATIO, at_least=True, peer=figures[1])]


class Audience:
    """Fifty sockets on one server."""

    def __init__(self, server: subprocess.Popen[str], url: str, length: int) -> None:
        self._server = server
        self._frame = length + (2 if length < 126 else 4)
        self._sockets = [wire.subscriber(url) for _ in range(_SOCKETS)]
        self._ready = selectors.DefaultSelector()
        for each in self._sockets:
            each.setblocking(False)
            self._ready.register(each, selectors.EVENT_READ)

    def rate(self, messages: int) -> float:
        """Have the server broadcast, and read until everybody has everything."""
        assert self._server.stdin is not None
        missing = dict.fromkeys(self._sockets, messages * self._frame)
        buffer = bytearray(1 << 16)
        begun_s = wall_s()
        self._server.stdin.write(f"{messages}\n")
        self._server.stdin.flush()
        while missing:
            if wall_s() - begun_s > _LIMIT_S:
                raise RuntimeError(f"{len(missing)} of {_SOCKETS} sockets still wait for messages after {_LIMIT_S} s")
            for key, _ in self._ready.select(_LIMIT_S):
                self._drain(key.fileobj, missing, buffer)  # type: ignore[arg-type] # it was registered as a socket
        return messages * _SOCKETS / (wall_s() - begun_s)

    def _drain(self, reader: socket.socket, missing: dict[socket.socket, int], buffer: bytearray) -> None:
        count = reader.recv_into(buffer)
        left = missing.get(reader, 0) - count
        if not count or left < 0 or (not left and buffer[count - 1] != ord("}")):
            raise RuntimeError(f"a socket was to get {left} more bytes and got {bytes(buffer[:count])[-200:]!r}")
        if left:
            missing[reader] = left
        else:
            del missing[reader]

    def leave(self) -> None:
        self._ready.close()
        for each in self._sockets:
            each.close()
