"""The time of the client: what signed calls are stamped with, and what deadlines are measured by.

:class:`SystemClock` is the machine's own; :class:`FakeClock` is set by hand. Everything else is handed one of them.
"""

from __future__ import annotations

import time
from typing import Protocol, runtime_checkable


@runtime_checkable
class Clock(Protocol):
    """Two clocks: one tells the date, the other only ever goes forward."""

    def now_ms(self) -> int:
        """Milliseconds since 1970 in UTC."""

    def monotonic_s(self) -> float:
        """Seconds since some moment, unmoved when the machine's date is set."""


class SystemClock:
    """The machine's clock."""

    def now_ms(self) -> int:
        """Milliseconds since 1970 in UTC."""
        return time.time_ns() // 1_000_000  # noqa: TID251 - this host owns the clock

    def monotonic_s(self) -> float:
        """Seconds since some moment, unmoved when the machine's date is set."""
        return time.monotonic()  # noqa: TID251 - this host owns the clock


class FakeClock:
    """A clock that stands still until it is told to go on."""

    def __init__(self, now_ms: int = 1_700_000_000_000) -> None:
        self._now_ms = now_ms
        self._elapsed_s = 0.0

    def now_ms(self) -> int:
        """Milliseconds since 1970 in UTC."""
        return self._now_ms

    def monotonic_s(self) -> float:
        """Seconds since the clock was made."""
        return self._elapsed_s

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        self._now_ms += round(seconds * 1000)
        self._elapsed_s += seconds
