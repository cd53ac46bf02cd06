"""The budgets that processes of one machine share, in a small SQLite file.

Each window of each limit is one row of sums that every process adds to, within transactions, so that a process that is killed
leaves its sums whole: what it had on its way stays counted until the window is over. It holds no secret: whose budget it is, is
written as a hash.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Iterator, Mapping
from typing import Final

from exchangeclient.core.budgets.budget import Tally
from exchangeclient.core.process.sharedfile import SharedFile
from exchangeclient.exceptions import LedgerException

_READ: Final = "SELECT name, number, spent, ended, credit, told_ms, underway, late FROM tallies WHERE page = ?"
# By when they were written, not by their numbers: those are only as right as the clock of whoever wrote them. Page and name are given
# twice: CPython 3.12.0 and 3.12.1 warn of ?1 and ?2.
_FORGET: Final = """
DELETE FROM tallies WHERE page = ? AND name = ?
AND rowid NOT IN (SELECT rowid FROM tallies WHERE page = ? AND name = ? ORDER BY rowid DESC LIMIT 8)
"""


class Ledger(SharedFile):
    """The budgets of any number of hosts and accounts.

    :raises LedgerException: when it cannot be opened, or is of another kind or a newer version
    """

    kind = "ledger"
    version = 1
    layout = (
        """
        CREATE TABLE IF NOT EXISTS tallies (
            page TEXT NOT NULL, name TEXT NOT NULL, number INTEGER NOT NULL,
            spent INTEGER NOT NULL, ended INTEGER NOT NULL, credit INTEGER NOT NULL, told_ms INTEGER NOT NULL,
            underway INTEGER NOT NULL, late INTEGER NOT NULL,
            PRIMARY KEY (page, name, number)
        )
        """,
        """
        CREATE TABLE IF NOT EXISTS holds (
            page TEXT NOT NULL, counts TEXT NOT NULL, until_ms INTEGER NOT NULL, PRIMARY KEY (page, counts)
        ) WITHOUT ROWID
        """,
    )
    synchronous = "OFF"  # a loss of power takes the processes with it, and a minute later there is nothing to know
    failure = LedgerException

    def page(self, *whose: str) -> LedgerPage:
        """The budgets of one host, or of one account there."""
        return LedgerPage(self, hashlib.sha256("\n".join(whose).encode()).hexdigest()[:32])


class LedgerPage:
    """One page of the ledger, as a :class:`~exchangeclient.core.budgets.governor.Page`."""

    def __init__(self, ledger: Ledger, title: str) -> None:
        self._ledger = ledger
        self._title = title
        self._read: dict[tuple[str, int], tuple[int, ...]] = {}

    @contextlib.contextmanager
    def turned(self, patience_s: float) -> Iterator[None]:
        """Have the page alone for as long as the block lasts; what was kept in a block that raises is forgotten.

        :raises LedgerException: when others have it for longer than ``patience_s``
        """
        with self._ledger.transaction(patience_s):
            rows = self._ledger.do(_READ, self._title)
            self._read = {(name, number): tuple(counted) for name, number, *counted in rows}
            yield

    def tally(self, name: str, number: int) -> Tally | None:
        """What was counted in a window, None when it is not begun."""
        counted = self._read.get((name, number))
        return None if counted is None else Tally(number, *counted)

    def keep(self, name: str, tally: Tally) -> None:
        """Write it down, and forget the windows of long ago."""
        row = (tally.spent, tally.ended, tally.credit, tally.told_ms, tally.underway, tally.late)
        known = self._read.get((name, tally.number))
        if row == known or (known is None and not any(row)):
            return
        self._ledger.do("INSERT OR REPLACE INTO tallies VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", self._title, name, tally.number, *row)
        if known is None:
            self._ledger.do(_FORGET, self._title, name, self._title, name)

    def holds(self) -> Mapping[str, int]:
        """Until when, by the venue's clock in milliseconds, nothing may be sent that costs so."""
        return dict(self._ledger.do("SELECT counts, until_ms FROM holds WHERE page = ?", self._title))

    def hold(self, counts: str, until_ms: int) -> None:
        """Write it down."""
        self._ledger.do("INSERT OR REPLACE INTO holds VALUES (?, ?, ?)", self._title, counts, until_ms)
