"""What the gateway knows of orders that venues do not: their ``client_oid``, tags and versions. One SQLite file, or memory.

A ``client_oid`` may be longer than a venue's id, and hold letters that it does not take. What the venue gets then is made of account and
``client_oid`` and of nothing else, so that an order is found again even if the file is lost.
"""

from __future__ import annotations

import hashlib
import re
import sqlite3
import threading
from collections.abc import Mapping
from typing import Any, Final

from exchangeclient.core import jsonio
from exchangeclient.gateway.onetoken.errors import ServiceError

Row = dict[str, Any]

_TAKEN_BY_ALL: Final = re.compile(r"[A-Za-z0-9]{1,32}")
_LAYOUT: Final = """
CREATE TABLE IF NOT EXISTS orders (
    account TEXT NOT NULL, client_oid TEXT NOT NULL, venue_oid TEXT NOT NULL, contract TEXT NOT NULL, exchange_oid TEXT,
    extra TEXT NOT NULL, seen TEXT NOT NULL DEFAULT '', version INTEGER NOT NULL DEFAULT 0, row TEXT NOT NULL DEFAULT '{}',
    PRIMARY KEY (account, client_oid)
) WITHOUT ROWID;
CREATE UNIQUE INDEX IF NOT EXISTS by_exchange_oid ON orders (account, exchange_oid);
CREATE TABLE IF NOT EXISTS nonces (name TEXT NOT NULL, digits INTEGER NOT NULL, newest TEXT NOT NULL, PRIMARY KEY (name, digits));
CREATE INDEX IF NOT EXISTS by_venue_oid ON orders (account, venue_oid);
"""
_MARKS: Final = ("status", "dealt_amount", "entrust_price", "entrust_amount")


def venue_oid(account: str, client_oid: str) -> str:
    """The id that a venue gets: the same one where every venue takes it."""
    if _TAKEN_BY_ALL.fullmatch(client_oid):
        return client_oid
    return "o" + hashlib.sha256(f"{account} {client_oid}".encode()).hexdigest()[:31]


def _named(key: str) -> str:
    """What a key is called in the file, which does not hold it."""
    return hashlib.sha256(key.encode()).hexdigest()


class Store:
    """The orders of all accounts; from any thread.

    :raises OSError: when the file cannot be used
    """

    def __init__(self, path: str = ":memory:") -> None:
        self._lock = threading.Lock()
        try:
            self._file = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
            try:
                self._file.execute("PRAGMA journal_mode = WAL")
                self._file.execute("PRAGMA synchronous = NORMAL")
                self._file.executescript(_LAYOUT)
            except BaseException:
                self._file.close()
                raise
        except sqlite3.Error as error:
            raise OSError(f"the store {path} cannot be used: {error}") from error

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            self._file.close()

    def used(self, key: str, nonce: str) -> None:
        """Write down the nonce of a call that changes something."""
        self._do(
            "INSERT INTO nonces VALUES (?, ?, ?) ON CONFLICT (name, digits) DO UPDATE SET newest = max(newest, excluded.newest)",
            _named(key), str(len(nonce)), nonce,
        )  # fmt: skip

    def newest_nonces(self, key: str) -> list[str]:
        """The highest ones of a key: one for each length."""
        return [str(row[0]) for row in self._do("SELECT newest FROM nonces WHERE name = ?", _named(key))]

    def reserve(self, account: str, client_oid: str, contract: str, extra: Mapping[str, Any]) -> str:
        """Write down that an order is about to leave; the id for the venue.

        :raises ServiceError: when the account has used the ``client_oid`` already
        """
        theirs = venue_oid(account, client_oid)
        try:
            self._do(
                "INSERT INTO orders (account, client_oid, venue_oid, contract, extra) VALUES (?, ?, ?, ?, ?)",
                account, client_oid, theirs, contract, jsonio.encode(dict(extra)).decode(),
            )  # fmt: skip
        except sqlite3.IntegrityError:
            raise ServiceError("client_oid-already-existed", f"the client_oid {client_oid[:80]} was used already") from None
        return theirs

    def forget(self, account: str, client_oid: str) -> None:
        """The order never reached the venue."""
        self._do("DELETE FROM orders WHERE account = ? AND client_oid = ? AND exchange_oid IS NULL", account, client_oid)

    def placed(self, account: str, client_oid: str, exchange_oid: str) -> None:
        """The venue has taken the order."""
        self._do("UPDATE OR IGNORE orders SET exchange_oid = ? WHERE account = ? AND client_oid = ?", exchange_oid, account, client_oid)

    def contract_of(self, account: str, client_oid: str) -> str | None:
        """The contract of an order that was placed here; None when none was."""
        found = self._do("SELECT contract FROM orders WHERE account = ? AND client_oid = ?", account, client_oid)
        return str(found[0][0]) if found else None

    def client_oid_of(self, account: str, venue_oid: str, exchange_oid: str) -> str:
        """The ``client_oid`` that a venue's id stands for; itself when it was not given here. Empty for an order that has none."""
        found = self._do(
            "SELECT client_oid FROM orders WHERE account = ? AND (exchange_oid = ? OR (venue_oid = ? AND exchange_oid IS NULL))",
            account, exchange_oid, venue_oid,
        )  # fmt: skip
        own = str(found[0][0]) if found else venue_oid
        return "" if own == exchange_oid else own  # it is kept under its exchange_oid

    def seen(self, account: str, order: Row) -> Row:
        """An order as a venue shows it now, with what only the gateway knows; it is kept. Its version goes up when it has changed."""
        mark = jsonio.encode([order[name] for name in _MARKS]).decode()
        with self._lock:
            key = account, order["client_oid"] or order["exchange_oid"]
            found = self._file.execute("SELECT extra, seen, version, row FROM orders WHERE account = ? AND client_oid = ?", key).fetchone()
            extra, before, version, last = found or ("{}", "", 0, "{}")
            dealt = jsonio.decode(last).get("dealt_amount", 0.0)
            version += mark != before
            whole: Row = {**order, **jsonio.decode(extra), "version": version, "last_dealt_amount": max(0.0, order["dealt_amount"] - dealt)}
            self._file.execute(
                "INSERT INTO orders VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (account, client_oid) DO UPDATE SET"
                " exchange_oid = excluded.exchange_oid, seen = excluded.seen, version = excluded.version, row = excluded.row",
                (*key, order["client_oid"], order["contract"], order["exchange_oid"], extra, mark, version, jsonio.encode(whole).decode()),
            )
        return whole

    def rows(self, account: str, contract: str | None = None) -> list[Row]:
        """The orders of an account as they were seen last, oldest first."""
        found = self._do("SELECT row, contract FROM orders WHERE account = ? AND exchange_oid IS NOT NULL AND row <> '{}'", account)
        rows: list[Row] = [jsonio.decode(row) for row, name in found if contract in (None, name)]
        return sorted(rows, key=lambda row: str(row["entrust_time"]))

    def _do(self, statement: str, *values: str) -> list[Any]:
        with self._lock:
            return self._file.execute(statement, values).fetchall()
