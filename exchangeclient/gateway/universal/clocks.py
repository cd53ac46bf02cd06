"""The venue's time, for which reads do not wait."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import ClassVar

from exchangeclient.core.process.clock import VenueClock


class ReadersClock(VenueClock):
    """A venue's time, which is asked for before what changes something; what only reads goes by what is known.

    When the venue finds a read's time wrong it is asked for its own after all, and the read is repeated; and when a budget nearly comes to
    its end, so that it is known when the next one begins. So the first answer of a slow
    venue does not come several of its round trips late, and no order is stamped by a machine's clock that nobody has compared.
    """

    _all: ClassVar[dict[str, ReadersClock]] = {}
    _lock_of_all: ClassVar[threading.Lock] = threading.Lock()

    def __init__(self) -> None:
        super().__init__()
        self._local = threading.local()

    @classmethod
    def at(cls, address: str) -> ReadersClock:
        """The clock of all who go to an address."""
        with cls._lock_of_all:
            return cls._all.setdefault(address, cls())

    @contextmanager
    def reading(self) -> Iterator[None]:
        """What the thread asks within only reads."""
        self._local.reads = True
        try:
            yield
        finally:
            self._local.reads = False

    def is_due(self) -> bool:
        """True when the venue should be asked for its time before the next call of this thread."""
        if self.is_in_haste() and not self._distrusted:
            return False
        return super().is_due()

    def told(self, asked_s: float, server_ms: int) -> bool:
        """Take the venue's answer in; the way may have been long: half a second's doubt costs an order less than two more questions."""
        done = super().told(asked_s, server_ms)
        with self._lock:
            if not self._contradicting:
                self._tries, done = 0, True
        return done

    def is_in_haste(self) -> bool:
        """True for what only reads."""
        return getattr(self._local, "reads", False)
