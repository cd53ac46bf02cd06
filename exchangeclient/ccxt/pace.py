"""Whose turn it is: calls of one client go one after the other, and those of all clients of an exchange at its pace."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from exchangeclient.core.process.clock import SystemClock

_clock = SystemClock()


class Turns:
    """One at a time; who is in a hurry comes before who is not."""

    def __init__(self) -> None:
        self._came = threading.Condition()
        self._busy = False
        self._hurried = 0

    @contextmanager
    def turn(self, *, hurry: bool = False, patience_s: float | None = None) -> Iterator[None]:
        """Wait for one, and have it.

        :raises TimeoutError: when none came in time
        """
        with self._came:
            self._hurried += hurry
            try:
                if not self._came.wait_for(lambda: not self._busy and (hurry or not self._hurried), patience_s):
                    raise TimeoutError
                self._busy = True
            finally:
                self._hurried -= hurry
                self._came.notify_all()
        try:
            yield
        finally:
            with self._came:
                self._busy = False
                self._came.notify_all()


class Pace:
    """How soon an exchange may be asked again; from any thread, for the limits are of an address, which all clients share."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._free_s = 0.0

    def wait(self, takes_s: float, until_s: float | None = None) -> None:
        """Wait until a call may go, which takes so much of the time of the others.

        :param until_s: when it may go at the latest, by the monotonic clock
        :raises TimeoutError: at once when that is too early; it takes none of the others' time then
        """
        with self._lock:
            at_s = max(_clock.monotonic_s(), self._free_s)
            if until_s is not None and at_s > until_s:
                raise TimeoutError
            self._free_s = at_s + takes_s
        early_s = at_s - _clock.monotonic_s()
        if early_s > 0:
            threading.Event().wait(early_s)


_paces: Final[dict[str, Pace]] = {}
_of_paces = threading.Lock()


def pace_of(exchange: str, where: str) -> Pace:
    """The one pace of an exchange at an address, in this process."""
    with _of_paces:
        return _paces.setdefault(f"{exchange} {where}", Pace())
