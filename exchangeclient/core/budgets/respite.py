"""How long hosts want to be left alone: what one socket is told, all of them heed, on the reactor and on the threads of the program.

Calls heed what the :mod:`.governor` is told, which is what a refusal means for all that a host takes from this address.
"""

from __future__ import annotations

import threading

from exchangeclient.core.budgets.attempts import host_of
from exchangeclient.core.process.clock import Clock, SystemClock


class Respite:
    """One host's, which counts by address: whoever asks for a connection there asks this. Safe from any thread."""

    def __init__(self, clock: Clock | None = None) -> None:
        self._clock = clock or SystemClock()
        self._lock = threading.Lock()
        self._until_s = float("-inf")

    def ask(self, for_s: float) -> None:
        """It has asked for so many seconds."""
        with self._lock:
            self._until_s = max(self._until_s, self._clock.monotonic_s() + for_s)

    def left_s(self) -> float:
        """For how many seconds more."""
        return max(0.0, self._until_s - self._clock.monotonic_s())


_respites: dict[str, Respite] = {}


def respite_of(url: str) -> Respite:
    """That of the host that a URL names, the same for all who ask."""
    return _respites.setdefault(host_of(url), Respite())


def forget() -> None:
    """No host has asked for anything. For tests, whose hosts have each other's ports in turn."""
    _respites.clear()
