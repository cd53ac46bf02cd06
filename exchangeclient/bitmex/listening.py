"""Shares one connection, read on the threads that wait for it, between several listeners.

Whoever waits first reads, for all: what comes is kept in the tables once, and told to each listener whose topics it is of. When that one
has got something, or goes away, another one reads on. There is no thread beside those of the program.
"""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable, Collection
from typing import Final

from exchangeclient.bitmex.tables import Told
from exchangeclient.core.process import forks
from exchangeclient.core.process.clock import Clock
from exchangeclient.exceptions import SocketException, SocketTimeoutException

log = logging.getLogger(__name__)

LIMIT: Final = 100_000
"""How many rows may wait for a listener that does not ask for them; beyond that the oldest are dropped, with a notice."""


class Ear:
    """What one listener wants, and what waits for it.

    :param topics: what it asked for
    :param fits: which rows are told to it; None: all

    :ivar dropped: how many rows were dropped because it did not ask for them
    :ivar failure: why nothing more comes, if so
    """

    def __init__(self, topics: Collection[str], fits: Callable[[Told], bool] | None) -> None:
        self.topics = tuple(topics)
        self.fits = fits
        self.batches: deque[Collection[Told]] = deque()
        self.waiting = self.dropped = 0
        self.closed = False
        self.failure: SocketException | None = None


class Listeners:
    """All who listen to one connection.

    :param read: what has come next, kept already; nothing when nothing came for a moment
    :param name: for messages
    """

    def __init__(self, read: Callable[[], Collection[Told]], clock: Clock, name: str) -> None:
        self._read = read
        self._clock = clock
        self._name = name
        self._lock = threading.Lock()
        self._changed = threading.Condition(self._lock)
        self._waiting = 0  # threads that wait for the one that reads
        self._ears: list[Ear] = []
        self._reader: int | None = None  # the thread that reads
        self.closed = False
        self.failure: SocketException | None = None
        forks.follow(self)

    def renew(self) -> None:
        """In a process that was forked off no other thread reads."""
        self._lock = threading.Lock()
        self._changed = threading.Condition(self._lock)
        self._waiting = 0
        self._reader = None

    def enter(self, ear: Ear) -> None:
        """Listen.

        :raises SocketException: when it was closed, or has failed
        """
        with self._lock:
            if self.closed:
                raise SocketException(f"{self._name} was closed; make another one")
            if self.failure is not None:
                raise self.failure
            self._ears.append(ear)

    def leave(self, ear: Ear) -> bool:
        """Listen no more; False when that was so."""
        with self._lock:
            ear.closed = True
            if ear not in self._ears:
                return False
            self._ears.remove(ear)
            self._changed.notify_all()
        return True

    def close(self) -> None:
        """End all of them."""
        with self._lock:
            self.closed = True
            self._changed.notify_all()

    def fail(self, failure: SocketException, ear: Ear | None = None) -> None:
        """Nothing more comes for this one, or for any of them."""
        with self._lock:
            if ear is None:
                self.failure = failure
            else:
                ear.failure = failure
            self._changed.notify_all()

    @property
    def ears(self) -> list[Ear]:
        """All who listen now."""
        with self._lock:
            return list(self._ears)

    def wait(self, ear: Ear, timeout_s: float | None) -> Collection[Told] | None:
        """The next rows for it, those of one message together; None when it is over.

        :raises SocketTimeoutException: when none came in time; they can be waited for again
        :raises SocketException: when none will come
        """
        until_s = None if timeout_s is None else self._clock.monotonic_s() + timeout_s
        while True:
            with self._lock:
                while not ear.batches and (self._reader is not None or self._is_over(ear)):
                    if ear.closed or self.closed:
                        return None
                    if (failure := ear.failure or self.failure) is not None:
                        raise failure
                    self._wait_for_another(until_s)
                if ear.batches:
                    batch = ear.batches.popleft()
                    ear.waiting -= len(batch)
                    return batch
                self._reader = threading.get_ident()
            own = self._read_for_all(ear)
            if own:
                return own
            if until_s is not None and self._clock.monotonic_s() >= until_s and not ear.batches:
                raise self._late()

    def alone(self, act: Callable[[], None], timeout_s: float) -> bool:
        """Do something with the connection while nobody else reads it; False when that was not to be had in time."""
        if self._reader == threading.get_ident():  # asked from what the reading has called
            act()
            return True
        with self._lock:
            self._waiting += 1
            try:
                if not self._changed.wait_for(lambda: self._reader is None, timeout_s):
                    return False
            finally:
                self._waiting -= 1
            self._reader = threading.get_ident()
        try:
            act()
        finally:
            self._hand_out([], None)
        return True

    def _is_over(self, ear: Ear) -> bool:
        return ear.closed or self.closed or ear.failure is not None or self.failure is not None

    def _wait_for_another(self, until_s: float | None) -> None:
        """Another thread reads. The lock is held."""
        left_s = None if until_s is None else until_s - self._clock.monotonic_s()
        if left_s is not None and left_s <= 0:
            raise self._late()
        self._waiting += 1
        try:
            self._changed.wait(left_s)
        finally:
            self._waiting -= 1

    def _read_for_all(self, ear: Ear) -> Collection[Told]:
        told: Collection[Told] = []
        try:
            told = self._read()
        except SocketException as error:
            self.fail(error)
        finally:
            own = self._hand_out(told, ear)
        return own

    def _hand_out(self, told: Collection[Told], ear: Ear | None) -> Collection[Told]:
        """Read no more, and give everybody what is theirs; what is this one's."""
        own: Collection[Told] = []
        with self._lock:
            self._reader = None
            if told:
                for each in self._ears:
                    batch = told if each.fits is None else list(filter(each.fits, told))
                    if each is ear:
                        own = batch
                    elif batch:
                        self._keep(each, batch)
            if self._waiting:
                self._changed.notify_all()
        return own

    def _keep(self, ear: Ear, batch: Collection[Told]) -> None:
        ear.batches.append(batch)
        ear.waiting += len(batch)
        while ear.waiting > LIMIT and len(ear.batches) > 1:
            if not ear.dropped:
                log.warning("%s: rows of %s are not asked for in time; the oldest are dropped", self._name, ", ".join(ear.topics))
            dropped = len(ear.batches.popleft())
            ear.waiting -= dropped
            ear.dropped += dropped

    def _late(self) -> SocketTimeoutException:
        return SocketTimeoutException(f"{self._name}: nothing came in time")
