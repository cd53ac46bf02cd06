"""How a connection is kept alive, and known to be: ``{"uri": "ping"}`` now and then, and something heard within a while of it. Pure.

The service took a client for gone that had said nothing for 30 seconds; its own SDKs asked every 5 or 10, and gave up after 20.
"""

from __future__ import annotations

from typing import Final

from exchangeclient.core.protocol.session import Failure

PING_EVERY_S: Final = 10.0
PONG_WITHIN_S: Final = 20.0


class Pulse:
    """That of one connection, which has opened at ``now_s``."""

    def __init__(self, now_s: float) -> None:
        self._ping_s = now_s + PING_EVERY_S
        self._silent_since_s: float | None = None

    def heard(self) -> None:
        """Whatever the gateway says, the connection lives."""
        self._silent_since_s = None

    def outgoing(self, now_s: float) -> list[str] | Failure:
        """A ping when it is time for one; or that the gateway is not heard any more."""
        if self._silent_since_s is not None and now_s >= self._silent_since_s + PONG_WITHIN_S:
            return Failure(f"it has said nothing for {PONG_WITHIN_S:.0f} s, not even to a ping")
        if now_s < self._ping_s:
            return []
        self._ping_s = now_s + PING_EVERY_S
        if self._silent_since_s is None:
            self._silent_since_s = now_s
        return [f'{{"uri":"ping","uuid":{now_s:.3f}}}']

    def next_due(self) -> float:
        """When a ping is due, or the answer to one overdue."""
        return self._ping_s if self._silent_since_s is None else min(self._ping_s, self._silent_since_s + PONG_WITHIN_S)
