"""Orders in doubt, in a small SQLite file: what was sent and is not settled survives a crash of the process.

A row is written before an order leaves and deleted when its fate is known, so what a new process finds is what nobody knows the fate of.
Any number of threads and processes may share a file. It holds no secret: symbols, ids and what the orders said.
"""

from __future__ import annotations

from typing import Any, Final

from exchangeclient.core.http import jsonio
from exchangeclient.core.process.sharedfile import SharedFile
from exchangeclient.exceptions import JournalException

_OF: Final = "SELECT told FROM doubts WHERE account = ? AND symbol = ? AND kind = ? AND client_order_id = ?"
_OPEN: Final = "SELECT told FROM doubts WHERE account = ? ORDER BY timestamp_ms, symbol, client_order_id"
_NOTE: Final = "INSERT OR IGNORE INTO doubts VALUES (?, ?, ?, ?, ?, ?)"
_STRIKE: Final = "DELETE FROM doubts WHERE account = ? AND symbol = ? AND kind = ? AND client_order_id = ? AND timestamp_ms = ?"
_BUSY_S: Final = 5.0

Told = dict[str, Any]
"""What a venue's module needs to ask after an order; JSON."""

Key = tuple[str, str, str]
"""What tells an order in doubt from the others of its account: symbol, kind (a list may have the id of an order) and id."""


class Journal(SharedFile):
    """The orders in doubt of any number of accounts. Each call of a method is written at once.

    :raises JournalException: when it cannot be opened, or is of another kind or a newer version
    """

    kind = "journal"
    version = 1
    layout = (
        """
        CREATE TABLE IF NOT EXISTS doubts (
            account TEXT NOT NULL, symbol TEXT NOT NULL, kind TEXT NOT NULL, client_order_id TEXT NOT NULL,
            timestamp_ms INTEGER NOT NULL, told TEXT NOT NULL,
            PRIMARY KEY (account, symbol, kind, client_order_id)
        ) WITHOUT ROWID
        """,
    )
    synchronous = "NORMAL"  # a loss of power costs the last moments at most, and no order waits for the disk
    failure = JournalException

    def note(self, account: str, key: Key, timestamp_ms: int, told: Told, patience_s: float = _BUSY_S) -> bool:
        """An order is about to leave; False when one of that key is in doubt already, of which nothing is changed.

        :param patience_s: how long to wait for the file while others have it, five seconds at most
        :raises JournalException: when it cannot be written down, so that the order had better not leave
        """
        with self.taken(min(patience_s, _BUSY_S)):
            self.do(_NOTE, account, *key, timestamp_ms, jsonio.encode(told).decode())
            return self.do("SELECT changes()") == [(1,)]

    def strike(self, account: str, key: Key, timestamp_ms: int) -> None:
        """The fate of the order that was stamped so is known."""
        self._done(_STRIKE, account, *key, timestamp_ms)

    def of(self, account: str, key: Key) -> Told | None:
        """The order in doubt of that key; None when there is none."""
        rows = self._done(_OF, account, *key)
        return self._read(rows[0][0]) if rows else None

    def open(self, account: str) -> list[Told]:
        """The orders of an account of which it is not known what became of them, the oldest first."""
        return [self._read(told) for (told,) in self._done(_OPEN, account)]

    def unreadable(self, why: object) -> JournalException:
        """The error for a row that nobody can make sense of."""
        return JournalException(f"the journal {self.path} holds an order in doubt that cannot be read: {why}")

    def _read(self, told: str) -> Told:
        try:
            read = jsonio.decode(told)
        except (TypeError, ValueError) as error:
            raise self.unreadable(error) from error
        if not isinstance(read, dict):
            raise self.unreadable(f"it is no object but {str(read)[:100]}")
        return read

    def _done(self, statement: str, *values: str | int) -> list[tuple[Any, ...]]:
        with self.taken(_BUSY_S):
            return self.do(statement, *values)
