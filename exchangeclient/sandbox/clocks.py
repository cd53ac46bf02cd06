"""The times that a sandbox can live in: the machine's, or one of its own that stands still, is moved, or runs faster."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable


def machine_us() -> int:
    """The machine's time, in microseconds since the epoch."""
    return time.time_ns() // 1000  # noqa: TID251 - this host owns the clock


def elapsed_us() -> int:
    """Microseconds since some moment, unmoved when the machine's date is set."""
    return time.monotonic_ns() // 1000


class VirtualClock:
    """Time of its own, in microseconds since the epoch. From any thread.

    :param speed: how many times as fast as the machine's; 0 stands still until it is moved by :meth:`advance`
    :param most_us: by no more than this it runs between two readings; of a longer pause the beginning is skipped
    :param elapsed: what measures the machine's time
    """

    def __init__(self, start_us: int, *, speed: float, most_us: int, elapsed: Callable[[], int] = elapsed_us) -> None:
        self._now_us = start_us
        self._speed = speed
        self._most_us = most_us
        self._elapsed = elapsed
        self._read_us = elapsed()
        self._lock = threading.Lock()

    def __call__(self) -> int:
        with self._lock:
            return self._run()

    def advance(self, by_us: int) -> None:
        """Move it forward, on top of what it runs by itself."""
        with self._lock:
            self._run()
            self._now_us += by_us

    @property
    def speed(self) -> float:
        return self._speed

    @speed.setter
    def speed(self, speed: float) -> None:
        with self._lock:
            self._run()
            self._speed = speed

    def _run(self) -> int:
        read_us = self._elapsed()
        self._now_us += min(round((read_us - self._read_us) * self._speed), self._most_us)
        self._read_us = read_us
        return self._now_us
