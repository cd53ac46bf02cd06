"""One deadline over a whole HTTP call, and how far its request has come.

A socket's timeout starts anew with every read, so a server that sends one byte a second keeps a reader for ever. Whoever reads or
writes for a call asks its :class:`Attempt` before each step for the time that is left; :mod:`.connections` has sockets do so.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from contextvars import ContextVar

from exchangeclient.core.process.clock import Clock


class Deadline:
    """The moment at which a call is over, with every question that it needs on the way."""

    __slots__ = ("_clock", "_ends_s")

    def __init__(self, clock: Clock, total_s: float) -> None:
        self._clock = clock
        self._ends_s = clock.monotonic_s() + total_s

    def within(self, seconds: float) -> Deadline:
        """A deadline in so many seconds, or this one when it comes first."""
        left_s = self._ends_s - self._clock.monotonic_s()
        return Deadline(self._clock, min(left_s, seconds))

    def left_s(self) -> float:
        """Seconds until then.

        :raises TimeoutError: when it has passed
        """
        left = self._ends_s - self._clock.monotonic_s()
        if left <= 0:
            raise TimeoutError("the deadline of the call has passed")
        return left


class Attempt:
    """One request under way.

    :param connect_s: how long connecting may take
    :param read_s: how long each read may take

    :ivar left_machine: True from the moment the first byte may have been sent: our own connections know it, of anyone else's it is
        said as soon as they are handed the request
    :ivar answered: True once an answer has begun to come back
    """

    __slots__ = ("_deadline", "_read_s", "answered", "connect_s", "left_machine")

    def __init__(self, deadline: Deadline, *, connect_s: float, read_s: float) -> None:
        self._deadline = deadline
        self._read_s = read_s
        self.connect_s = connect_s
        self.left_machine = False
        self.answered = False

    def left_s(self) -> float:
        """Seconds until the deadline.

        :raises TimeoutError: when it has passed
        """
        return self._deadline.left_s()

    def read_s(self) -> float:
        """Seconds that the next read may take."""
        return min(self._read_s, self._deadline.left_s())


_current: ContextVar[Attempt | None] = ContextVar("attempt", default=None)


@contextlib.contextmanager
def attempting(attempt: Attempt) -> Iterator[None]:
    """Make ``attempt`` the one that this thread's connections look up."""
    token = _current.set(attempt)
    try:
        yield
    finally:
        _current.reset(token)


def current() -> Attempt | None:
    """This thread's attempt."""
    return _current.get()


def note_left(may_have_left: bool) -> None:
    """Say of this thread's attempt, if there is one, whether its request may have left the machine."""
    attempt = _current.get()
    if attempt is not None:
        attempt.left_machine = may_have_left
