"""The time of the client: what signed calls are stamped with, and what deadlines are measured by.

:class:`SystemClock` is the machine's own, :class:`FakeClock` is set by hand, :class:`VenueClock` tells the time of a venue by either of
them and by what the venue has said. Everything else is handed one of them.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from dataclasses import dataclass
from typing import Final, Protocol, runtime_checkable

from exchangeclient.core.process import forks

MEASURED_FOR_S: Final = 600.0  # at a drift of 100 ppm, which is a bad quartz, an error of 60 ms
_ASKED_AGAIN_AFTER_S: Final = 10.0  # when the venue did not tell its time
_STEP_MS: Final = 500.0  # by so much the machine's two clocks must part before it counts as a step
_SLOW_MS: Final = 500.0  # a round trip that is worth a second try
_TRIES: Final = 3
_DRIFT_MS_PER_S: Final = 0.1
_KEPT: Final = 8
_NAP_S: Final = 0.5  # Windows hears Ctrl-C only when the wait for a lock is over


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

    def step(self, seconds: float) -> None:
        """Set the date, as NTP or a user does; or, from a laptop's view, let it sleep."""
        self._now_ms += round(seconds * 1000)


def nap(clock: Clock, seconds: float, changed: threading.Condition | None = None) -> float:
    """Let time pass, and not too much of it at once: how much was meant to. A clock that is set by hand goes on by itself.

    :param changed: held by the caller; the nap is over when it is notified
    """
    machine = clock.machine if isinstance(clock, VenueClock) else clock
    if isinstance(machine, FakeClock):
        machine.advance(seconds)
        return seconds
    seconds = min(seconds, _NAP_S)
    if changed is None:
        time.sleep(seconds)  # noqa: TID251 - this host owns the clock
    else:
        changed.wait(seconds)
    return seconds


@dataclass(frozen=True, slots=True)
class _Sample:
    """One answer of the venue about its time.

    :ivar offset_ms: what has to be added to the monotonic clock, in milliseconds, to get the venue's time
    :ivar error_ms: half the round trip, by which that may be wrong
    """

    at_s: float
    offset_ms: float
    error_ms: float

    def doubt_ms(self, now_s: float) -> float:
        return self.error_ms + (now_s - self.at_s) * _DRIFT_MS_PER_S


class VenueClock:
    """A venue's time, on the base of the machine's monotonic clock; the machine's own date until the venue has told its time.

    Of the measurements the one with the least doubt is used: half its round trip, and what clocks drift apart since. Safe to be used
    by many threads.
    """

    def __init__(self, machine: Clock | None = None) -> None:
        self._machine: Clock = SystemClock() if machine is None else machine
        self._lock = threading.Lock()
        self._samples: deque[_Sample] = deque(maxlen=_KEPT)
        self._best: _Sample | None = None
        self._contradicting: list[_Sample] = []
        self._gap_ms = 0.0  # between the machine's two clocks, when the venue told its time last
        self._failed_s: float | None = None
        self._tries = 0
        self._distrusted = False
        forks.follow(self)

    def renew(self) -> None:
        """Go on in a process that was forked off."""
        self._lock = threading.Lock()

    def now_ms(self) -> int:
        """Milliseconds since 1970 in UTC, as the venue counts them."""
        best = self._best
        return self._machine.now_ms() if best is None else round(self._machine.monotonic_s() * 1000 + best.offset_ms)

    def monotonic_s(self) -> float:
        """Seconds since some moment, unmoved when any date is set."""
        return self._machine.monotonic_s()

    @property
    def machine(self) -> Clock:
        """The clock beneath."""
        return self._machine

    @property
    def offset_ms(self) -> float:
        """By how much the venue is ahead of the machine's date; 0 before the first measurement."""
        best = self._best
        return 0.0 if best is None else self._machine.monotonic_s() * 1000 + best.offset_ms - self._machine.now_ms()

    @property
    def doubt_ms(self) -> float | None:
        """By how much the venue's time may be wrong here; None before the first measurement."""
        best = self._best
        return None if best is None else best.doubt_ms(self._machine.monotonic_s())

    @property
    def age_s(self) -> float | None:
        """How long ago the venue told its time last; None before the first measurement."""
        with self._lock:
            return self._machine.monotonic_s() - self._samples[-1].at_s if self._samples else None

    def is_due(self) -> bool:
        """True when the venue should be asked for its time: never asked, long ago, or the machine's clocks have parted since."""
        with self._lock:
            now_s = self._machine.monotonic_s()
            if self._distrusted or self._tries > 0:
                return True
            if self._failed_s is not None and now_s - self._failed_s < _ASKED_AGAIN_AFTER_S:
                return False
            old = not self._samples or now_s - self._samples[-1].at_s > MEASURED_FOR_S
            return old or abs(self._gap() - self._gap_ms) > _STEP_MS

    def is_in_haste(self) -> bool:
        """True when what this thread asks is not to come late only because budgets could be kept more exactly."""
        return False

    def asked(self) -> float:
        """The moment at which the venue is being asked, to hand to :meth:`told`."""
        return self._machine.monotonic_s()

    def told(self, asked_s: float, server_ms: int) -> bool:
        """Take the venue's answer in. False when it should be asked once more: the way was long, or it contradicts what was said before."""
        with self._lock:
            now_s = self._machine.monotonic_s()
            error_ms = (now_s - asked_s) * 500
            sample = _Sample(now_s, server_ms + error_ms - now_s * 1000, error_ms)
            if self._distrusted or abs(self._gap() - self._gap_ms) > _STEP_MS:
                # After a sleep the monotonic clock says nothing about earlier answers.
                self._samples.clear()
            self._distrusted = False
            self._gap_ms = self._gap()
            self._tries += 1
            believed = self._believed(sample)
            if believed:
                self._samples.append(sample)
                # Doubt grows at the same pace for all of them: the best stays so until the next one comes.
                self._best = min(self._samples, key=lambda each: each.doubt_ms(now_s))
            if (not believed or 2 * error_ms > _SLOW_MS) and self._tries < _TRIES:
                return False
            self._tries = 0
            self._failed_s = None if believed else now_s
            return True

    def failed(self) -> None:
        """Note that the venue did not tell its time: what was known holds on."""
        with self._lock:
            self._tries = 0
            self._distrusted = False
            self._failed_s = self._machine.monotonic_s()

    def distrust(self) -> None:
        """The venue found a time wrong that came from here: it is asked before the next call, and what it says then counts alone."""
        with self._lock:
            self._distrusted = True

    def _believed(self, sample: _Sample) -> bool:
        """True when the sample agrees with the last one, or another one has said the same."""
        last = self._samples[-1] if self._samples else None
        if last is None or _agree(last, sample):
            self._contradicting.clear()
            return True
        if any(_agree(other, sample) for other in self._contradicting):
            self._contradicting.clear()
            self._samples.clear()  # the venue's clock was set
            return True
        self._contradicting.append(sample)
        return False

    def _gap(self) -> float:
        return self._machine.now_ms() - self._machine.monotonic_s() * 1000


def _agree(one: _Sample, other: _Sample) -> bool:
    return abs(one.offset_ms - other.offset_ms) <= one.doubt_ms(other.at_s) + other.error_ms + 1
