"""How a connection to OKX is kept alive, and known to be: a text ``ping`` now and then, and something heard within a while of it. Pure.

The venue ends a connection on which it has heard nothing for 30 seconds. Source: https://www.okx.com/docs-v5/en/#overview-websocket-connect
"""

from __future__ import annotations

from typing import Final

from exchangeclient.core.protocol.session import Failure

PING: Final = "ping"
PONG: Final = b"pong"
_PING_EVERY_S: Final = 20.0
_PONG_WITHIN_S: Final = 10.0


class Pulse:
    """That of one connection, which has opened at ``now_s``."""

    def __init__(self, now_s: float) -> None:
        self._ping_s = now_s + _PING_EVERY_S
        self._pong_due_s: float | None = None

    @property
    def awaited(self) -> bool:
        """True while a ping has no answer."""
        return self._pong_due_s is not None

    def heard(self) -> None:
        """Whatever the venue says, the connection lives."""
        self._pong_due_s = None

    def outgoing(self, now_s: float) -> list[str] | Failure:
        """A ping when it is time for one; or that the venue is not heard any more."""
        if self._pong_due_s is not None and now_s >= self._pong_due_s:
            return Failure(f"it has said nothing for {_PONG_WITHIN_S:.0f} s, not even to a ping")
        if now_s < self._ping_s:
            return []
        self._ping_s, self._pong_due_s = now_s + _PING_EVERY_S, now_s + _PONG_WITHIN_S
        return [PING]

    def next_due(self) -> float:
        """When a ping is due, or the answer to one overdue."""
        return self._ping_s if self._pong_due_s is None else min(self._ping_s, self._pong_due_s)
