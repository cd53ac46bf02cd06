"""Calls made ahead of the one who waits for their results: a few at a time on threads of their own, handed over in the order of asking.

What is asked for alone is called on the thread of who takes it, so that nobody pays for threads who needs none.
"""

from __future__ import annotations

import contextlib
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from types import TracebackType
from typing import Final, Generic, Self, TypeVar

from exchangeclient.core.process.clock import Clock, nap
from exchangeclient.core.process.reactor import forbid_blocking
from exchangeclient.core.process.workers import Workers
from exchangeclient.exceptions import RateLimitException

T = TypeVar("T")
U = TypeVar("U")

_LONGEST_WAIT_S: Final = 300.0  # the longest window of an address that venues have; what lasts longer is a ban
_REFUSALS: Final = 2  # by the venue itself, after each of which the call is made once more
_SLICE_S: Final = 0.5  # Windows hears Ctrl-C only when the wait for a lock is over
_ENDING_S: Final = 0.5  # a call that hangs keeps its thread, a daemon, for longer


@dataclass(slots=True)
class _Asked(Generic[T]):
    call: Callable[[], T]
    result: Future[T] = field(default_factory=Future)
    handed_out: bool = False


class Ahead(Generic[T]):
    """Makes calls side by side and hands their results over one after the other, each error in its place.

    A call for which there is no budget waits until there is some, for as long as the block lasts.

    :param name: of the threads
    :param count: how many calls are made at a time
    :param waits: False has a call for which there is no budget fail at once
    """

    def __init__(self, name: str, count: int, clock: Clock, *, waits: bool = True) -> None:
        self._name = name
        self._workers = Workers(f"exchangeclient-{name}", count)
        self._clock = clock
        self._waits = waits
        self._asked: deque[_Asked[T]] = deque()
        self._at_work = False
        self._ending = threading.Condition()
        self._ended = False

    def ask(self, call: Callable[[], T]) -> None:
        """Have ``call`` made after those that were asked for before."""
        self._asked.append(_Asked(call))
        if len(self._asked) == 1:
            return
        if not self._at_work:
            self._at_work = True
            self._workers.enter()
        for asked in self._asked:
            if not asked.handed_out:
                asked.handed_out = True
                self._workers.submit(lambda asked=asked: self._fulfil(asked))  # type: ignore[misc]

    def take(self) -> T:
        """The result of the call that was asked for first, or its exception."""
        forbid_blocking(f"reading {self._name}")
        asked = self._asked.popleft()
        if not asked.handed_out:
            return self.now(asked.call)
        while not asked.result.done():
            with contextlib.suppress(TimeoutError):
                asked.result.exception(_SLICE_S)
        return asked.result.result()

    def forget(self, count: int | None = None) -> None:
        """Want no results of the calls that were asked for first, of all of them when nothing is said; some may be under way."""
        for _ in range(len(self._asked) if count is None else count):
            self._asked.popleft().result.cancel()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.forget()
        with self._ending:
            self._ended = True
            self._ending.notify_all()
        if self._at_work:
            self._workers.leave(_ENDING_S)

    def _fulfil(self, asked: _Asked[T]) -> None:
        if not asked.result.set_running_or_notify_cancel():
            return
        try:
            asked.result.set_result(self.now(asked.call))
        except BaseException as error:  # noqa: BLE001 - it is raised where the result is taken
            asked.result.set_exception(error)

    def now(self, call: Callable[[], U]) -> U:
        """Make a call on this thread, as patiently as all."""
        refusals = 0
        while True:
            try:
                return call()
            except RateLimitException as error:
                refusals += error.status_code != 0  # those are the client's own: nothing was sent
                wait_s = error.retry_after or 0.0
                if not self._waits or wait_s > _LONGEST_WAIT_S or refusals > _REFUSALS or not self._rested(wait_s):
                    raise

    def _rested(self, seconds: float) -> bool:
        """Let time pass; False when the block is left meanwhile."""
        with self._ending:
            while seconds > 0 and not self._ended:
                seconds -= nap(self._clock, seconds, self._ending)
            return not self._ended
