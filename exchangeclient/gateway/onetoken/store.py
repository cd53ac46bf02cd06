"""What the gateway knows of orders that venues do not: their ``client_oid``, tags and versions; and what it has seen of them and of the
account's trades. One SQLite file, or memory.

A ``client_oid`` may be longer than a venue's id, and hold letters that it does not take. What the venue gets then is made of account and
``client_oid`` and of nothing else, so that an order is found again even if the file is lost.
"""

from __future__ import annotations

import hashlib
import os
import re
import sqlite3
import threading
from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import Any, Final

from exchangeclient.core.http import jsonio
from exchangeclient.gateway.onetoken.errors import ServiceError, stopping
from exchangeclient.gateway.onetoken.shapes import ENDED

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
CREATE TABLE IF NOT EXISTS deals (
    account TEXT NOT NULL, exchange_tid TEXT NOT NULL, contract TEXT NOT NULL, dealt_time TEXT NOT NULL, row TEXT NOT NULL,
    PRIMARY KEY (account, exchange_tid)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS by_order ON deals (account, json_extract(row, '$.exchange_oid'));
"""
# The state comes first in what is seen of an order.
_UNDECIDED: Final = " AND ".join(f"seen NOT LIKE '[\"{state}\"%'" for state in ENDED)
_ROUNDING: Final = 1e-9  # of sums of figures
_MARKS: Final = ("status", "dealt_amount", "entrust_price", "entrust_amount")


def venue_oid(account: str, client_oid: str) -> str:
    """The id that a venue gets: the same one where every venue takes it."""
    if _TAKEN_BY_ALL.fullmatch(client_oid):
        return client_oid
    return "o" + hashlib.sha256(f"{account} {client_oid}".encode()).hexdigest()[:31]


def _named(key: str) -> str:
    """What a key is called in the file, which does not hold it."""
    return hashlib.sha256(key.encode()).hexdigest()


def _is_later(seen: Row, order: Row) -> bool:
    """Whether what was seen of an order came after what is shown of it."""
    return bool(seen["dealt_amount"] > order["dealt_amount"] or (seen["status"] in ENDED and order["status"] not in ENDED))


class Store:
    """The orders of all accounts; from any thread. A new file is for its owner alone to read.

    :raises OSError: when the file cannot be used
    """

    def __init__(self, path: str = ":memory:") -> None:
        self._lock = threading.Lock()
        self._closed = False
        try:
            if path != ":memory:":
                with suppress(FileExistsError):
                    os.close(os.open(path, os.O_CREAT | os.O_EXCL, 0o600))
            self._file = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
            try:
                self._file.execute("PRAGMA journal_mode = WAL")
                self._file.execute("PRAGMA synchronous = NORMAL")
                self._file.executescript(_LAYOUT)
            except BaseException:
                self._file.close()
                raise
        except (sqlite3.Error, OSError) as error:
            raise OSError(f"the store {path} cannot be used: {error}") from error

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            self._closed = True
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
        with self._lock:
            self._check()
            self._take(account, client_oid, exchange_oid)
            self._file.execute(
                "UPDATE orders SET exchange_oid = ? WHERE account = ? AND client_oid = ?", (exchange_oid, account, client_oid)
            )

    def _take(self, account: str, client_oid: str, exchange_oid: str) -> None:
        """Take an ``exchange_oid`` from whoever else has it.

        That is what was seen of the order before its ``client_oid`` was known; or an order of before the exchange began anew and counted
        from one again, as the embedded one does.
        """
        others = account, exchange_oid, client_oid
        self._file.execute("DELETE FROM orders WHERE account = ? AND exchange_oid = ? AND client_oid <> ? AND venue_oid = ''", others)
        self._file.execute(
            "UPDATE orders SET exchange_oid = NULL, row = '{}' WHERE account = ? AND exchange_oid = ? AND client_oid <> ?", others
        )

    def kept(self, account: str, client_oid: str) -> tuple[str, str | None] | None:
        """The contract of an order that was placed here, and its ``exchange_oid`` if it is known to have one; None when none was."""
        found = self._do("SELECT contract, exchange_oid FROM orders WHERE account = ? AND client_oid = ?", account, client_oid)
        return found[0] if found else None

    def client_oid_of(self, account: str, venue_oid: str, exchange_oid: str) -> str:
        """The ``client_oid`` that a venue's id stands for; itself when it was not given here. Empty for an order that has none."""
        found = self._do(
            "SELECT client_oid FROM orders WHERE account = ? AND (exchange_oid = ? OR (venue_oid = ? AND venue_oid <> '' AND exchange_oid"
            " IS NULL)) ORDER BY exchange_oid",  # what is being placed comes first: NULL is below all
            account, exchange_oid, venue_oid,
        )  # fmt: skip
        own = str(found[0][0]) if found else venue_oid
        return "" if own == exchange_oid else own  # it is kept under its exchange_oid

    def seen(self, account: str, order: Row) -> Row:
        """An order as a venue shows it now, with what only the gateway knows; it is kept. Its version goes up when it has changed.

        An answer that is late, and older than what was seen already, changes nothing: what has dealt more, or ended, comes back.
        """
        mark = jsonio.encode([order[name] for name in _MARKS]).decode()
        with self._lock:
            self._check()
            key = account, order["client_oid"] or order["exchange_oid"]
            found = self._file.execute("SELECT extra, seen, version, row FROM orders WHERE account = ? AND client_oid = ?", key).fetchone()
            extra, before, version, text = found or ("{}", "", 0, "{}")
            last: Row = jsonio.decode(text)
            if last.get("exchange_oid") == order["exchange_oid"] and _is_later(last, order):
                return last
            dealt = last.get("dealt_amount", 0.0) if last.get("exchange_oid") == order["exchange_oid"] else 0.0
            version += mark != before
            whole: Row = {**order, **jsonio.decode(extra), "version": version, "last_dealt_amount": max(0.0, order["dealt_amount"] - dealt)}
            self._take(account, key[1], order["exchange_oid"])
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

    def undecided(self, account: str) -> list[tuple[str, str, str | None]]:
        """The orders whose end was not seen: contract, the venue's id that was sent, ``exchange_oid`` if they are known to have one."""
        found = self._do(f"SELECT contract, venue_oid, exchange_oid FROM orders WHERE account = ? AND {_UNDECIDED}", account)  # noqa: S608
        return [(str(contract), str(theirs), oid) for contract, theirs, oid in found]

    def tags_of(self, account: str, exchange_oid: str) -> Mapping[str, Any]:
        """The tags of an order that was placed here; none of any other."""
        found = self._do("SELECT extra FROM orders WHERE account = ? AND exchange_oid = ?", account, exchange_oid)
        return dict(jsonio.decode(found[0][0]).get("tags") or {}) if found else {}

    def keep_deals(self, account: str, deals: Iterable[Row]) -> None:
        """Keep trades of the account's own."""
        for row in deals:
            self._do(
                "INSERT OR REPLACE INTO deals VALUES (?, ?, ?, ?, ?)",
                account, row["exchange_tid"], row["contract"], row["dealt_time"], jsonio.encode(row).decode(),
            )  # fmt: skip

    def deals(self, account: str, contract: str | None = None) -> list[Row]:
        """The account's own trades as far as they were seen, oldest first."""
        found = self._do("SELECT row, contract FROM deals WHERE account = ? ORDER BY dealt_time, exchange_tid", account)
        return [jsonio.decode(row) for row, name in found if contract in (None, name)]

    def commission_of(self, account: str, exchange_oid: str, dealt: float) -> float:
        """What the trades of an order have cost: 0 while not all of them are kept, and when they were paid for in several coins."""
        rows = self._do("SELECT row FROM deals WHERE account = ? AND json_extract(row, '$.exchange_oid') = ?", account, exchange_oid)
        deals = [jsonio.decode(row) for (row,) in rows]
        whole = sum(deal["dealt_amount"] for deal in deals) >= dealt * (1 - _ROUNDING)
        return sum(deal["commission"] for deal in deals) if whole and len({deal["commission_currency"] for deal in deals}) == 1 else 0.0

    def _check(self) -> None:
        if self._closed:  # a call is late, the gateway has ended meanwhile
            raise stopping()

    def _do(self, statement: str, *values: str) -> list[Any]:
        with self._lock:
            self._check()
            return self._file.execute(statement, values).fetchall()
