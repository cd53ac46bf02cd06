"""Lets many threads read what one changes, so that no reader ever makes the one who changes it wait.

A reader holds no lock: with a lock, one that was interrupted while it had it (an interpreter runs one thread at a time, for some
milliseconds each) would hold up the feed for as long as the other threads take.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from types import TracebackType
from typing import Final, TypeVar

from exchangeclient.core.process import forks

T = TypeVar("T")

# About as long as a chunk of changes takes.
_MOMENT_S: Final = 0.0005
_never = threading.Event()


class Editions:
    """A change is made in a ``with`` block; a reader whose reading a change fell into reads again, and so sees whole changes only.

    Changes exclude each other, and may be made within each other.
    """

    def __init__(self) -> None:
        self.renew()
        forks.follow(self)

    def renew(self) -> None:
        """Begin, also in a process that was forked off: a change that was made just then is made in the other process alone."""
        self._changed = threading.Condition()
        self._depth = 0
        self._number = 0  # odd while a change is made
        self._maker = 0  # the thread that made the last one, or makes one now

    def __enter__(self) -> None:
        self._changed.acquire()
        self._depth += 1
        if self._depth == 1:
            self._maker = threading.get_ident()
            self._number += 1

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None) -> None:
        if self._depth == 1:
            self._number += 1
        self._depth -= 1
        self._changed.release()

    def read(self, take: Callable[[], T]) -> T:
        """What ``take`` returns or raises when no change falls into it. It may be called more than once, and has no other effect.

        Within a change, as in a handler of what is logged there, it finds what has been changed so far.
        """
        while True:
            number = self._number
            if number % 2 == 0:
                try:
                    taken = take()
                except Exception:
                    if self._number == number:
                        raise
                else:
                    if self._number == number:
                        return taken
            elif self._maker == threading.get_ident():
                return take()
            _never.wait(_MOMENT_S)

    def announce(self) -> None:
        """Have those look who :meth:`wait`. Called within a change."""
        self._changed.notify_all()

    def wait(self, holds: Callable[[], bool], timeout_s: float) -> bool:
        """Wait until that holds, as told by :meth:`announce`; False when it does not in time."""
        with self._changed:
            return self._changed.wait_for(holds, timeout_s)
