"""The historic service's limits of an address: so many sockets, so many bytes a second to all of them together.

Beyond them a socket is told ``{"uri": "status", "code": "rate-limit-exceed"}`` and closed. Bytes are those of frames as they are sent,
compressed or not, over ten seconds: what comes at once after a subscription is no offence.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection
from typing import Final

from exchangeclient.core.http import jsonio
from exchangeclient.core.process.clock import Clock, SystemClock
from exchangeclient.serving.app import Connection, Control, Message, SocketHandler

SOCKETS: Final = 30
BYTES_S: Final = 100_000
_OVER_S: Final = 10.0
_TRY_LATER: Final = 1013


def refuse(connection: Connection, why: str) -> None:
    """Tell a socket that a limit was reached, and close it."""
    connection.send(jsonio.encode({"uri": "status", "code": "rate-limit-exceed", "message": why}))
    connection.close(_TRY_LATER, "rate-limit-exceed")


class Limits:
    """Those of all addresses; from any thread."""

    def __init__(self, clock: Clock | None = None) -> None:
        self._clock = SystemClock() if clock is None else clock
        self._lock = threading.Lock()
        self._addresses: dict[str, _Address] = {}

    def held(self, handler: SocketHandler, address: str) -> SocketHandler:
        """A socket of an address, as long as its limits allow."""
        return _Held(handler, self, address)

    def enter(self, address: str) -> bool:
        """Count a socket; False when there are enough."""
        now_s = self._clock.monotonic_s()
        with self._lock:
            self._addresses = {name: each for name, each in self._addresses.items() if not each.is_forgotten(now_s)}
            there = self._addresses.setdefault(address, _Address(now_s))
            if there.sockets >= SOCKETS:
                return False
            there.sockets += 1
            return True

    def leave(self, address: str) -> None:
        """A socket that was counted is gone."""
        with self._lock:
            self._addresses[address].sockets -= 1

    def sends(self, address: str, size: int) -> bool:
        """Count bytes; False when there were too many of late."""
        with self._lock:
            return self._addresses[address].sends(size, self._clock.monotonic_s())


class _Address:
    def __init__(self, now_s: float) -> None:
        self.sockets = 0
        self._left = BYTES_S * _OVER_S
        self._at_s = now_s

    def is_forgotten(self, now_s: float) -> bool:
        """Whether nothing of it counts any more."""
        return not self.sockets and now_s - self._at_s > _OVER_S

    def sends(self, size: int, now_s: float) -> bool:
        """Count bytes; False when there were too many of late."""
        self._left = min(BYTES_S * _OVER_S, self._left + (now_s - self._at_s) * BYTES_S) - size
        self._at_s = now_s
        return self._left >= 0


class _Held:
    """A socket's handler, between it and its host."""

    def __init__(self, handler: SocketHandler, limits: Limits, address: str) -> None:
        self._handler = handler
        self._limits = limits
        self._address = address
        self._entered = False

    @property
    def topics(self) -> Collection[str]:
        return self._handler.topics

    @property
    def account(self) -> str:
        return self._handler.account

    def opened(self, connection: Connection) -> None:
        self._entered = self._limits.enter(self._address)
        if self._entered:
            self._handler.opened(_Counted(connection, self._limits, self._address))
        else:
            refuse(connection, f"at most {SOCKETS} sockets for an address")

    def received(self, payload: str | bytes) -> None:
        if self._entered:
            self._handler.received(payload)

    def control(self, kind: Control, payload: bytes) -> None:
        if self._entered:
            self._handler.control(kind, payload)

    def closed(self) -> None:
        if self._entered:
            self._limits.leave(self._address)
            self._handler.closed()


class _Counted:
    """A connection whose bytes are counted. The one frame too many is followed by the refusal, and nothing else."""

    def __init__(self, connection: Connection, limits: Limits, address: str) -> None:
        self._connection = connection
        self._limits = limits
        self._address = address
        self._over = threading.Lock()  # held by whoever sent too much, for good

    def write(self, raw: bytes) -> None:
        if self._over.locked():
            return
        if self._limits.sends(self._address, len(raw)):
            self._connection.write(raw)
        elif self._over.acquire(blocking=False):
            refuse(self._connection, f"at most {BYTES_S // 1_000} KB a second for an address")

    def send(self, message: str | bytes | Message) -> None:
        framed = message if isinstance(message, Message) else Message(message.encode() if isinstance(message, str) else message)
        self.write(framed.frame)

    def close(self, code: int = 1000, reason: str = "") -> None:
        self._connection.close(code, reason)

    def abort(self) -> None:
        self._connection.abort()

    def freeze(self) -> None:
        self._connection.freeze()

    def thaw(self) -> None:
        self._connection.thaw()

    def call_later(self, seconds: float, function: Callable[[], None]) -> None:
        self._connection.call_later(seconds, function)
