"""A small SQLite file that threads and processes of one machine share: opened, taken in turns, never carried over a fork.

What is in it is for whoever derives from :class:`SharedFile`: :mod:`exchangeclient.core.orders.journal` and
:mod:`exchangeclient.core.budgets.ledger`.
"""

from __future__ import annotations

import contextlib
import sqlite3
import threading
import weakref
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, ClassVar, Final

from exchangeclient.core.process import forks
from exchangeclient.core.process.clock import SystemClock, nap
from exchangeclient.exceptions import ExchangeException

_OPENING_S: Final = 5.0
_AGAIN_S: Final = 0.01
_PARTING_S: Final = 2.0
_clock: Final = SystemClock()
_of_other_processes: list[sqlite3.Connection] = []


class SharedFile:
    """One file, with one connection of this process. Safe to be used by many threads.

    :param path: of the file, which is made when it is not there

    :cvar kind: what errors call it
    :cvar version: of its layout
    :cvar layout: the statements that make it
    :cvar synchronous: how much is done for what was written last to survive a loss of power; the end of a process it survives in any case
    :cvar failure: what is raised when it cannot be used
    """

    kind: ClassVar[str]
    version: ClassVar[int]
    layout: ClassVar[tuple[str, ...]]
    synchronous: ClassVar[str]
    failure: ClassVar[type[ExchangeException]]

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self._lock = threading.Lock()
        self._parted = False  # closed, and the lock held, until a fork is over
        self._patience_ms: int | None = None  # of the connection; None for whatever a new one has
        with self._explained():
            self._rows: sqlite3.Connection | None = self._opened()
        forks.part(self)

    @contextlib.contextmanager
    def taken(self, patience_s: float) -> Iterator[None]:
        """Have the connection alone among the threads, for statements that wait for other processes.

        :param patience_s: how long to wait for the threads and the processes in all
        """
        until_s = _clock.monotonic_s() + max(0.0, patience_s)
        if not self._lock.acquire(timeout=max(0.0, patience_s)):
            raise self.failure(f"the {self.kind} {self.path} cannot be used: other threads have it for more than {patience_s:.1f} s")
        try:
            with self._explained():
                self._wait_for(max(0, round((until_s - _clock.monotonic_s()) * 1000)))
                yield
        finally:
            self._lock.release()

    @contextlib.contextmanager
    def transaction(self, patience_s: float, *, at_once: bool = True) -> Iterator[None]:
        """Have the file alone, among threads and processes; a block that raises has written nothing.

        :param patience_s: as :meth:`taken`
        :param at_once: False waits for the other processes with the first statement, which has to be one that writes
        """
        with self.taken(patience_s):
            self.do("BEGIN IMMEDIATE" if at_once else "BEGIN")
            try:
                yield
                self.do("COMMIT")
            except BaseException:
                if self._rows is not None and self._rows.in_transaction:  # a full disk has ended it already
                    self._rows.execute("ROLLBACK")
                raise

    def _wait_for(self, patience_ms: int) -> None:
        if self._rows is None or patience_ms != self._patience_ms:
            self.do(f"PRAGMA busy_timeout={patience_ms}")
            self._patience_ms = patience_ms

    def do(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        """Run one statement within :meth:`taken` or :meth:`transaction`."""
        return self.run(statement, values).fetchall()

    def run(self, statement: str, values: Sequence[Any]) -> sqlite3.Cursor:
        """The same; what is returned also knows how many rows were changed."""
        if self._rows is None:
            self._rows = self._opened()
        return self._rows.execute(statement, values)

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._close()

    # ---- a fork --------------------------------------------------------------------------------------------------------

    def prepare(self) -> None:
        """Close the file before a fork: SQLite takes what the other process has open for its own. It is opened again when it is needed."""
        if self._lock.acquire(timeout=_PARTING_S):
            self._close()
            self._rows = None
            self._parted = True

    def stay(self) -> None:
        """Go on in the process that was forked."""
        if self._parted:
            self._parted = False
            self._lock.release()

    def renew(self) -> None:
        """Go on in a process that was forked off."""
        self._lock = threading.Lock()
        if not self._parted and self._rows is not None:
            # A thread of the other process is at it; not even closing it is safe here.
            self._close.detach()
            _of_other_processes.append(self._rows)
            self._rows = None
        self._parted = False

    # ---- opening -------------------------------------------------------------------------------------------------------

    def _opened(self) -> sqlite3.Connection:
        """A connection, once no other process is making the file: SQLite itself does not wait for that."""
        until_s = _clock.monotonic_s() + _OPENING_S
        while True:
            rows = sqlite3.connect(self.path, timeout=_OPENING_S, isolation_level=None, check_same_thread=False)
            try:
                self._lay_out(rows)
            except sqlite3.OperationalError as error:
                rows.close()
                if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or _clock.monotonic_s() > until_s:
                    raise
                nap(_clock, _AGAIN_S)
            except BaseException:
                rows.close()
                raise
            else:
                self._close = weakref.finalize(self, rows.close)  # its users seldom know when they are done with it
                return rows

    def _lay_out(self, rows: sqlite3.Connection) -> None:
        rows.execute(f"PRAGMA synchronous={self.synchronous}")
        rows.execute("PRAGMA journal_mode=WAL")
        (version,) = rows.execute("PRAGMA user_version").fetchone()
        if version not in (0, self.version):
            raise self.failure(f"the {self.kind} {self.path} is of version {version}; this package reads {self.version}")
        if version == 0:
            rows.execute("BEGIN IMMEDIATE")
            for statement in self.layout:
                rows.execute(statement)
            rows.execute(f"PRAGMA user_version={self.version}")
            rows.execute("COMMIT")

    @contextlib.contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise self.failure(f"the {self.kind} {self.path} cannot be used: {error}") from error
