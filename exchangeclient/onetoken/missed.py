"""Finds out what became of orders that were lost sight of while the stream was down: asked for until it is known, on a thread of its own.

What cannot be found out within a while is told as unknown, so that whoever waits learns that; it is asked for all the same.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from random import Random
from typing import Any, Final, Literal

from exchangeclient.core.process.clock import SystemClock
from exchangeclient.core.process.workers import Workers
from exchangeclient.core.protocol.session import Backoff
from exchangeclient.onetoken.errors import HTTPError, ServiceError
from exchangeclient.onetoken.streams import PASSING

log = logging.getLogger(__name__)

_LONGEST_PAUSE_S: Final = 30.0
_TOO_MANY: Final = 429
_NO_SUCH: Final = frozenset({"client_oid-not-found", "exchange_oid-not-found", "exg-cancel-order-not-exist"})


@dataclass(frozen=True, slots=True)
class Sought:
    """An order, by one of its ids."""

    key: Literal["client_oid", "exchange_oid"]
    oid: str


@dataclass(frozen=True, slots=True)
class Found:
    """What became of an order, as a row of the wire."""

    sought: Sought
    row: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Unknown:
    """Nobody can say what became of an order.

    :ivar final: True when it is not asked for any more
    """

    sought: Sought
    why: str
    final: bool


Look = Callable[[Sought], tuple[Mapping[str, Any] | None, ServiceError | None]]
"""Asks for an order: its row; ``(None, None)`` when there is none; or what went wrong."""


class _Case:
    """An order that is asked for."""

    def __init__(self, began_s: float) -> None:
        self.began_s = began_s
        self.why = "it was not asked for yet"
        self.hopeless = False
        self.was_told = False


class Missed:
    """The orders of one account that are asked for.

    :param look: blocks; called on the thread of its own
    :param tell: gets a :class:`Found` of each, or an :class:`Unknown` before, or instead
    :param patience_s: after how many seconds it is told that an order is unknown; one that the service knows nothing of, or may not
        show, is given up then
    """

    def __init__(self, name: str, look: Look, tell: Callable[[Found | Unknown], None], *, patience_s: float) -> None:
        self._name = name
        self._look = look
        self._tell = tell
        self._patience_s = patience_s
        self._clock = SystemClock()
        self._workers = Workers(f"{name} orders", 1)
        self._workers.enter()
        self._lock = threading.Lock()
        self._cases: dict[Sought, _Case] = {}
        self._is_searching = False
        self._closed = False
        self._woken = threading.Event()

    def seek(self, orders: Iterable[Sought]) -> None:
        """Ask for these too, now."""
        with self._lock:
            for sought in orders:
                self._cases.setdefault(sought, _Case(self._clock.monotonic_s()))
            self._woken.set()
            if self._cases and not self._is_searching:
                self._is_searching = True
                self._workers.submit(self._search)

    def forget(self, sought: Sought) -> None:
        """It has become known otherwise."""
        with self._lock:
            self._cases.pop(sought, None)

    def close(self) -> None:
        """Ask no more. A question that is under way is not waited for."""
        if not self._closed:
            self._closed = True
            self._woken.set()
            self._workers.leave()

    # On the thread of its own.

    def _search(self) -> None:
        backoff = Backoff(Random(), cap_s=_LONGEST_PAUSE_S)
        while True:
            self._woken.clear()
            with self._lock:
                cases = dict(self._cases)
                self._is_searching = bool(cases) and not self._closed
            if not self._is_searching:
                return
            self._round(cases)
            if self._woken.wait(min(backoff.after(), self._give_up())):
                backoff = Backoff(Random(), cap_s=_LONGEST_PAUSE_S)

    def _round(self, cases: Mapping[Sought, _Case]) -> None:
        for sought in cases:
            if self._closed:
                return
            row, error = self._look(sought)
            if row is not None:
                self.forget(sought)
                self._tell(Found(sought, row))
                continue
            passing = error is not None and not _is_answer(error)
            for case in cases.values() if passing else [cases[sought]]:
                case.why = "the service knows no such order" if error is None else str(error)
                case.hopeless = not passing
            if passing:
                return  # the others would fare no better

    def _give_up(self) -> float:
        """Tell what has been sought for long enough; in how many seconds the next one will have been."""
        with self._lock:
            now_s = self._clock.monotonic_s()
            cases = list(self._cases.items())
            over = {sought: case for sought, case in cases if now_s - case.began_s >= self._patience_s}
            for sought, case in over.items():
                if case.hopeless:
                    del self._cases[sought]
        for sought, case in over.items():
            if not case.was_told or case.hopeless:
                case.was_told = True
                log.warning("%s: what became of order %s is not known: %s", self._name, sought.oid, case.why)
                self._tell(Unknown(sought, case.why, final=case.hopeless))
        return min((case.began_s + self._patience_s - now_s for sought, case in cases if sought not in over), default=_LONGEST_PAUSE_S)


def _is_answer(error: ServiceError) -> bool:
    """True when asking again is likely to bring nothing else: the service knows no such order, or does not show it to this key."""
    if not isinstance(error, HTTPError) or error.error_code in _NO_SUCH:
        return True
    return error.code == HTTPError.RESPONSE_4XX and error.status_code != _TOO_MANY and error.error_code not in PASSING
