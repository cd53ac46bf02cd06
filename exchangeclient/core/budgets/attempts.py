"""How often a host may be connected to: venues count connection attempts, and ban who makes too many.

:class:`Attempts` is one host's, shared by all sockets of the process (:func:`attempts_at`); it keeps no time of its own.
"""

from __future__ import annotations

from collections import deque
from typing import Protocol


class Rest(Protocol):
    """How long a host wants to be left alone by everybody, whatever their clock: :class:`exchangeclient.core.budgets.respite.Respite`."""

    def ask(self, for_s: float) -> None:
        """It has asked for so many seconds."""

    def left_s(self) -> float:
        """For how many seconds more."""


class Attempts:
    """Gives each attempt a time, so that there are no more of them in a while than the venue takes.

    :param limit: how many, in any so many seconds; None for as many as one likes
    :param rest: what the host has asked of others too; None: nobody else goes there
    """

    def __init__(self, limit: tuple[int, float] | None = None, rest: Rest | None = None) -> None:
        self._limit = limit
        self._rest = rest
        self._times: deque[float] = deque()
        self._held_until_s = float("-inf")

    def reserve(self, now_s: float) -> float:
        """When the next attempt may be made: now or later."""
        at_s = max(now_s, self._held_until_s, now_s + self._rest_s())
        if self._limit is not None:
            most, span_s = self._limit
            if len(self._times) >= most:
                at_s = max(at_s, self._times[-most] + span_s)
            while self._times and self._times[0] <= now_s - span_s:
                self._times.popleft()
            self._times.append(at_s)
        return at_s

    def release(self, at_s: float) -> None:
        """Give a time back that was not used."""
        if at_s in self._times:
            self._times.remove(at_s)

    def hold(self, now_s: float, for_s: float) -> None:
        """Make no attempt for so long: the host has asked for that."""
        self._held_until_s = max(self._held_until_s, now_s + for_s)
        if self._rest is not None:
            self._rest.ask(for_s)

    def is_held(self, now_s: float) -> bool:
        """True when a time that was given before the host asked for rest is void."""
        return now_s < self._held_until_s or self._rest_s() > 0.0

    def _rest_s(self) -> float:
        return 0.0 if self._rest is None else self._rest.left_s()


_shared: dict[tuple[str, tuple[int, float] | None], Attempts] = {}


def attempts_at(url: str, limit: tuple[int, float] | None, rest: Rest | None = None) -> Attempts:
    """Those of the host that a URL names, the same for all who ask. To be used on the reactor's thread alone."""
    return _shared.setdefault((host_of(url), limit), Attempts(limit, rest))


def host_of(url: str) -> str:
    """The host that a URL names, with its port."""
    return url.partition("://")[2].partition("/")[0]


def forget() -> None:
    """Nobody has tried anything. For tests, whose hosts have each other's ports in turn."""
    _shared.clear()
