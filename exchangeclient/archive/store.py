"""The archive's file: SQLite, one transaction for each page, every record exactly as the venue wrote it.

Candles and trades are rows; ``spans`` says of which ranges everything is known. A mark within a span with a row is *stored*, one without
is *empty at the venue*; one outside is *missing*. A page's rows and its span are written together, so whatever ends the process, the next
one finds a whole number of pages.
"""

from __future__ import annotations

import contextlib
import functools
import json
import os
import sqlite3
import weakref
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any, Final, Literal

from exchangeclient.archive import figures
from exchangeclient.archive.plan import merged
from exchangeclient.archive.series import Range, Row, Series, without
from exchangeclient.core.process.sharedfile import SharedFile
from exchangeclient.exceptions import ArchiveException

Policy = Literal["keep", "take"]
"""What to do with a record that the venue has changed: keep what is stored, or take the new one. Either way both are noted."""

_APPLICATION_ID: Final = 0x6B6C6E73  # "klns": tells an archive from other SQLite files of equal version
_BUSY_S: Final = 60.0  # another writer's page takes milliseconds, a slow disk's checkpoint seconds
_AT_A_TIME: Final = 500  # rows in a statement: a statement for each row costs a third more
_PAGE_BYTES: Final = 16_384  # a page of the venue is nine of these instead of forty of the usual ones, each written by itself
_CHECKPOINT_PAGES: Final = 1000  # 16 MB: a checkpoint waits for the disk, and whoever writes waits for it
_FETCHED: Final = 1000
_NOT_WRITABLE: Final = frozenset({sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY})

_TABLES: Final = {False: ("candles", "open_ms"), True: ("trades", "id")}
# Each step leads from the version of its place to the next one; a new file goes through all.
_STEPS: Final[tuple[tuple[str, ...], ...]] = (
    (
        """
        CREATE TABLE series (
            id INTEGER PRIMARY KEY, venue TEXT NOT NULL, symbol TEXT NOT NULL, interval TEXT NOT NULL,
            begin INTEGER, "end" INTEGER, asked_ms INTEGER,
            UNIQUE (venue, symbol, interval)
        )
        """,
        """
        CREATE TABLE spans (
            series INTEGER NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL, rows INTEGER NOT NULL,
            PRIMARY KEY (series, first)
        ) WITHOUT ROWID
        """,
        """
        CREATE TABLE candles (
            series INTEGER NOT NULL, open_ms INTEGER NOT NULL,
            open TEXT NOT NULL, high TEXT NOT NULL, low TEXT NOT NULL, close TEXT NOT NULL, volume TEXT NOT NULL,
            close_ms INTEGER, quote_volume TEXT, trades INTEGER, taker_buy_base TEXT, taker_buy_quote TEXT,
            PRIMARY KEY (series, open_ms),
            CHECK (CAST(low AS REAL) <= CAST(high AS REAL))
        ) WITHOUT ROWID
        """,
        """
        CREATE TABLE trades (
            series INTEGER NOT NULL, id INTEGER NOT NULL, price TEXT NOT NULL, quantity TEXT NOT NULL,
            first_id INTEGER, last_id INTEGER, time_ms INTEGER NOT NULL, buyer_maker INTEGER, best_match INTEGER,
            PRIMARY KEY (series, id)
        ) WITHOUT ROWID
        """,
    ),
    (
        """
        CREATE TABLE revisions (
            series INTEGER NOT NULL, mark INTEGER NOT NULL, noticed_ms INTEGER NOT NULL, was TEXT, became TEXT, taken INTEGER NOT NULL,
            PRIMARY KEY (series, mark, noticed_ms)
        ) WITHOUT ROWID
        """,
    ),
)
_COLUMNS: Final = {
    False: "open_ms, open, high, low, close, volume, close_ms, quote_volume, trades, taker_buy_base, taker_buy_quote",
    True: "id, price, quantity, first_id, last_id, time_ms, buyer_maker, best_match",
}


@dataclass(frozen=True, slots=True)
class Kept:
    """A series as the file knows it.

    :ivar begin: the mark from which on it is wanted
    :ivar end: the mark up to which everything was final when the venue was asked last
    :ivar asked_ms: when that was, by the venue's clock
    :ivar spans: the ranges of which everything is known, with the number of their rows, in order and apart
    """

    number: int
    series: Series
    begin: int | None
    end: int | None
    asked_ms: int | None
    spans: tuple[tuple[int, int, int], ...]

    @property
    def rows(self) -> int:
        """How many records there are."""
        return sum(count for _, _, count in self.spans)

    @property
    def empty(self) -> int:
        """How many marks are empty at the venue."""
        return sum(self.series.count(first, last) - count for first, last, count in self.spans)

    @property
    def known(self) -> list[Range]:
        """The spans without their numbers."""
        return [(first, last) for first, last, _ in self.spans]

    def missing(self, end: int | None = None) -> list[Range]:
        """What is wanted, final, and not known.

        :param end: from where on nothing is final, when more is known about that than when the venue was asked last
        """
        end = max(self.end or 0, end or 0)
        return [] if self.begin is None else without((self.begin, end), self.known)


@dataclass(frozen=True, slots=True)
class Revision:
    """A record that the venue has changed.

    :ivar mark: of the record
    :ivar noticed_ms: when it was seen, by the venue's clock
    :ivar was: what was stored, None when nothing was
    :ivar became: what the venue says now, None when it says that there is none
    :ivar taken: whether the archive has the new one
    """

    series: Series
    mark: int
    noticed_ms: int
    was: Row | None
    became: Row | None
    taken: bool


class _DoesNotFollow(Exception):  # noqa: N818 - no error of anybody's
    """A page does not follow the last span, or a row of it is there already."""


class Store(SharedFile):
    """One file. Safe to be used by many threads and processes.

    :raises ArchiveException: when it cannot be opened, is no archive, is damaged, or is of a newer version
    """

    kind = "archive"
    version = len(_STEPS)
    layout = ()
    synchronous = "NORMAL"  # a loss of power costs the last pages at most, rows and spans alike, and they are asked for again
    failure = ArchiveException
    _frozen: tuple[int, int] | None = None  # where nothing may be written: the time and size of the file when it was opened

    def __init__(self, path: str | Path) -> None:
        self._ends: dict[int, int] = {}  # by the number of a series, that of the page which was written last: the next one follows, mostly
        super().__init__(path)

    # ---- series ------------------------------------------------------------------------------------------------------

    def kept(self) -> list[Kept]:
        """All series, in order of their names."""
        with self.taken(_BUSY_S):
            rows = self.do('SELECT id, venue, symbol, interval, begin, "end", asked_ms FROM series ORDER BY venue, symbol, interval')
            return [self._kept(*row) for row in rows]

    def of(self, series: Series) -> Kept | None:
        """One of them; None when it is not there."""
        with self.taken(_BUSY_S):
            return self._of(series)

    def want(self, series: Series, begin: int | None) -> Kept:
        """Have a series, from a mark on; an earlier one than it has extends it backwards."""
        with self.transaction(_BUSY_S):
            self.do("INSERT OR IGNORE INTO series (venue, symbol, interval) VALUES (?, ?, ?)", series.venue, series.symbol, series.interval)
            if begin is not None:
                self.do(
                    "UPDATE series SET begin = min(ifnull(begin, ?1), ?1) WHERE venue = ?2 AND symbol = ?3 AND interval = ?4",
                    begin, series.venue, series.symbol, series.interval,
                )  # fmt: skip
            kept = self._of(series)
        if kept is None:  # it was put there just now
            raise ArchiveException(f"the archive {self.path} lost {series}")
        return kept

    def asked(self, kept: Kept, end: int, now_ms: int | None) -> None:
        """Note up to where everything was final, at a moment of the venue's clock; None when the venue was not asked.

        The venue's newest word counts, also when its clock was ahead before; but what is known stays final.
        """
        with self.transaction(_BUSY_S):
            self.do(
                """
                UPDATE series SET
                    "end" = max(?1, ifnull(CASE WHEN ?2 IS NULL THEN "end" ELSE (SELECT max(last) FROM spans WHERE series = ?3) END, ?1)),
                    asked_ms = ifnull(?2, asked_ms)
                WHERE id = ?3
                """,
                end, now_ms, kept.number,
            )  # fmt: skip

    def _of(self, series: Series) -> Kept | None:
        rows = self.do(
            'SELECT id, venue, symbol, interval, begin, "end", asked_ms FROM series WHERE venue = ? AND symbol = ? AND interval = ?',
            series.venue, series.symbol, series.interval,
        )  # fmt: skip
        return self._kept(*rows[0]) if rows else None

    def _kept(self, number: int, venue: str, symbol: str, interval: str, *told: int | None) -> Kept:
        spans = self.do("SELECT first, last, rows FROM spans WHERE series = ? ORDER BY first", number)
        try:
            series = Series(venue, symbol, interval)
        except ValueError as error:
            raise ArchiveException(f"the archive {self.path} has a series that nobody can read: {error}") from error
        begin, end, asked_ms = told
        return Kept(number, series, begin, end, asked_ms, tuple((first, last, rows) for first, last, rows in spans))

    # ---- writing -----------------------------------------------------------------------------------------------------

    def commit(
        self, kept: Kept, rows: Sequence[Row], known: Iterable[Range], *, now_ms: int, policy: Policy = "keep"
    ) -> tuple[int, list[Revision]]:
        """Write a page in one transaction: its rows, and that everything is known of those ranges.

        :param rows: in order, all of them within the ranges
        :param now_ms: noted with what the venue has changed
        :return: how many records are new, and what the venue has changed
        :raises ValueError: for rows that cannot be: a high below the low, a text where a number should be
        """
        ranges = merged(known)
        if len(ranges) == 1 and self._ends.get(kept.number) == ranges[0][0] and self._appended(kept, rows, *ranges[0]):
            return len(rows), []
        with self.transaction(_BUSY_S):
            try:
                done = self._commit(kept, rows, ranges, now_ms, policy)
            except sqlite3.IntegrityError as error:
                raise ValueError(figures.wrong(kept.series, rows) or str(error)) from error
        if ranges:
            self._ends[kept.number] = ranges[-1][1]
        return done

    def _appended(self, kept: Kept, rows: Sequence[Row], first: int, last: int) -> bool:
        """Write a page that follows the last span; False, and nothing is written, when another writer has seen to it that it does not.

        The rows come first, in few statements that take long: meanwhile the threads that read the next pages need not wait for this one,
        nor this one for them.
        """
        try:
            with self.transaction(_BUSY_S, at_once=False):
                try:
                    self._insert(kept, rows)
                except sqlite3.IntegrityError as error:
                    raise _DoesNotFollow from error
                following = self.run(
                    """
                    UPDATE spans SET last = ?3, rows = rows + ?4
                    WHERE series = ?1 AND last = ?2 AND first = (SELECT max(first) FROM spans WHERE series = ?1 AND first <= ?3)
                    """,
                    (kept.number, first, last, len(rows)),
                )
                if following.rowcount != 1:
                    raise _DoesNotFollow
        except _DoesNotFollow:
            return False
        self._ends[kept.number] = last
        return True

    def _commit(self, kept: Kept, rows: Sequence[Row], known: list[Range], now_ms: int, policy: Policy) -> tuple[int, list[Revision]]:
        new, revisions = 0, []
        for first, last in known:
            # Also those that touch, which become one with it.
            near = self.do("SELECT first, last, rows FROM spans WHERE series = ? AND first <= ? AND last >= ?", kept.number, last, first)
            of_range = rows if len(known) == 1 else [row for row in rows if first <= row[0] < last]
            again = [(max(first, start), min(last, end)) for start, end, _ in near if max(first, start) < min(last, end)]
            if again:
                of_range, found = self._compared(kept, of_range, again, now_ms, policy)
                revisions += found
            self._insert(kept, of_range)
            changed = sum(
                (each.became is not None) - (each.was is not None) for each in revisions if each.taken and first <= each.mark < last
            )
            count = sum(count for _, _, count in near) + len(of_range) + changed
            self.do("DELETE FROM spans WHERE series = ? AND first <= ? AND last >= ?", kept.number, last, first)
            ends = [(first, last), *((start, end) for start, end, _ in near)]
            self.do(
                "INSERT INTO spans VALUES (?, ?, ?, ?)",
                kept.number, min(start for start, _ in ends), max(end for _, end in ends), count,
            )  # fmt: skip
            new += len(of_range)
        return new, revisions

    def _compared(
        self, kept: Kept, rows: Sequence[Row], again: list[Range], now_ms: int, policy: Policy
    ) -> tuple[list[Row], list[Revision]]:
        """The rows that are new, and how the others differ from what is stored."""
        table, mark = _TABLES[kept.series.is_trades]
        columns = _COLUMNS[kept.series.is_trades]
        revisions = []
        for first, last in again:
            stored = {
                row[0]: row
                for row in self.do(
                    f"SELECT {columns} FROM {table} WHERE series = ? AND {mark} >= ? AND {mark} < ?", kept.number, first, last
                )
            }
            told = {row[0]: tuple(row) for row in rows if first <= row[0] < last}
            for at in sorted(stored.keys() | told.keys()):
                was, became = stored.get(at), told.get(at)
                if was != became:
                    revisions.append(Revision(kept.series, at, now_ms, was, became, policy == "take"))
        for each in revisions:
            self._revise(kept, each)
        return [row for row in rows if not any(first <= row[0] < last for first, last in again)], revisions

    def _revise(self, kept: Kept, each: Revision) -> None:
        table, mark = _TABLES[kept.series.is_trades]
        known = self.do(
            "SELECT became, taken FROM revisions WHERE series = ? AND mark = ? ORDER BY noticed_ms DESC LIMIT 1", kept.number, each.mark
        )
        if known != [(_text(each.became), int(each.taken))]:  # the same difference is noted once
            self.do(
                "INSERT OR REPLACE INTO revisions VALUES (?, ?, ?, ?, ?, ?)",
                kept.number, each.mark, each.noticed_ms, _text(each.was), _text(each.became), int(each.taken),
            )  # fmt: skip
        if each.taken:
            self.do(f"DELETE FROM {table} WHERE series = ? AND {mark} = ?", kept.number, each.mark)
            self._insert(kept, [] if each.became is None else [each.became])

    def _insert(self, kept: Kept, rows: Sequence[Row]) -> None:
        table, _ = _TABLES[kept.series.is_trades]
        width = len(kept.series.columns)
        for start in range(0, len(rows), _AT_A_TIME):
            some = rows[start : start + _AT_A_TIME]
            values: list[Any] = []
            for row in some:
                values += row
            self.run(_insertion(table, kept.number, width, len(some)), values)

    def forget(self, kept: Kept, ranges: Iterable[Range], *, rows: bool) -> None:
        """Know nothing of ranges any more, in one transaction.

        :param rows: False keeps what is stored there, each in a span of its own, so that only what is empty is asked for again
        """
        with self.transaction(_BUSY_S):
            for first, last in ranges:
                self._forget(kept, first, last, rows)

    def _forget(self, kept: Kept, first: int, last: int, rows: bool) -> None:
        table, mark = _TABLES[kept.series.is_trades]
        near = self.do("SELECT first, last FROM spans WHERE series = ? AND first < ? AND last > ?", kept.number, last, first)
        if rows:
            self.do(f"DELETE FROM {table} WHERE series = ? AND {mark} >= ? AND {mark} < ?", kept.number, first, last)
        self.do("DELETE FROM spans WHERE series = ? AND first < ? AND last > ?", kept.number, last, first)
        left = [part for span in near for part in without(span, [(first, last)])]
        if not rows:
            stored = self.do(f"SELECT {mark} FROM {table} WHERE series = ? AND {mark} >= ? AND {mark} < ?", kept.number, first, last)
            left += [(at, kept.series.after(at)) for (at,) in stored]
        for start, end in merged(left):
            self.do("INSERT INTO spans VALUES (?, ?, ?, ?)", kept.number, start, end, self._counted(kept, start, end))

    def _counted(self, kept: Kept, first: int, last: int) -> int:
        table, mark = _TABLES[kept.series.is_trades]
        ((count,),) = self.do(f"SELECT count(*) FROM {table} WHERE series = ? AND {mark} >= ? AND {mark} < ?", kept.number, first, last)
        return int(count)

    # ---- reading -----------------------------------------------------------------------------------------------------

    def rows(self, kept: Kept, first: int, last: int) -> Iterator[Row]:
        """The records of a range in order, as they were at one moment, over a connection of its own: writers go on meanwhile."""
        with self._explained(), contextlib.closing(self._reading()) as connection:
            cursor = connection.execute(selection(kept.series), (kept.number, first, last))
            while some := cursor.fetchmany(_FETCHED):
                self._see_unchanged()
                yield from some

    def marks(self, kept: Kept, first: int, last: int) -> Iterator[int]:
        """The marks of the records of a range in order."""
        with self._explained(), contextlib.closing(self._reading()) as connection:
            yield from chain.from_iterable(connection.execute(selection(kept.series, only_marks=True), (kept.number, first, last)))
            self._see_unchanged()

    def counted(self, kept: Kept, first: int, last: int) -> int:
        """How many records there are in a range, counted."""
        with self.taken(_BUSY_S):
            return self._counted(kept, first, last)

    def near(self, kept: Kept, time_ms: int) -> int | None:
        """The number of the first trade that is stored from a moment on."""
        with self.taken(_BUSY_S):
            ((found,),) = self.do("SELECT min(id) FROM trades WHERE series = ? AND time_ms >= ?", kept.number, time_ms)
        return None if found is None else int(found)

    def times(self, kept: Kept) -> list[Range]:
        """From which moment to which everything is known of trades: whole spans, by the times of their first and last ones."""
        found = []
        with self.taken(_BUSY_S):
            for first, last in kept.known:
                ((oldest, newest),) = self.do(
                    "SELECT min(time_ms), max(time_ms) FROM trades WHERE series = ? AND id >= ? AND id < ?", kept.number, first, last
                )
                if oldest is not None:
                    found.append((oldest, newest))
        return found

    def revisions(self, kept: Kept) -> list[Revision]:
        """What the venue has changed, oldest record first."""
        with self.taken(_BUSY_S):
            rows = self.do(
                "SELECT mark, noticed_ms, was, became, taken FROM revisions WHERE series = ? ORDER BY mark, noticed_ms", kept.number
            )
        return [Revision(kept.series, mark, at, _row(was), _row(became), bool(taken)) for mark, at, was, became, taken in rows]

    def note(self, kept: Kept, row: Row) -> None:
        """Take a revision over from another file, as it is written there."""
        with self.transaction(_BUSY_S):
            self.do("INSERT OR IGNORE INTO revisions VALUES (?, ?, ?, ?, ?, ?)", kept.number, *row)

    def damage(self) -> list[str]:
        """What SQLite finds wrong with the file, line by line; nothing when it is whole. Reads all of it.

        A row that cannot be is no damage of the file.
        """
        try:
            with contextlib.closing(self._reading()) as connection:
                lines = [str(line) for (line,) in connection.execute("PRAGMA integrity_check(100)")]
        except sqlite3.DatabaseError as error:
            return [str(error)]
        return [line for line in lines if line != "ok" and not line.startswith("CHECK constraint failed")]

    def _reading(self) -> sqlite3.Connection:
        if self._frozen is not None:
            return self._read_as_it_is()
        connection = sqlite3.connect(self.path, timeout=_BUSY_S, isolation_level=None, check_same_thread=False)
        connection.execute("PRAGMA query_only=ON")
        return connection

    # ---- where nothing may be written --------------------------------------------------------------------------------

    @contextlib.contextmanager
    def taken(self, patience_s: float) -> Iterator[None]:
        with super().taken(patience_s):
            yield
            self._see_unchanged()

    def need_writing(self) -> None:
        """Do nothing where the file may be written.

        :raises ArchiveException: where it may only be read
        """
        if self._frozen is not None:
            raise ArchiveException(f"the archive {self.path} is where nothing may be written; it can only be read")

    def _opened(self) -> sqlite3.Connection:
        try:
            return super()._opened()
        except sqlite3.OperationalError as error:
            is_kept_from_us = self.path.is_file() and not os.access(self.path.parent, os.W_OK)
            if error.sqlite_errorcode & 0xFF not in _NOT_WRITABLE or not is_kept_from_us:
                raise
        log = Path(f"{self.path}-wal")
        if log.exists() and log.stat().st_size:
            raise ArchiveException(
                f"the archive {self.path} cannot be read where nothing may be written: what was written last is still in {log.name}; "
                "copy both to where they may be written"
            )
        self._frozen = self._stat()
        rows = self._read_as_it_is()
        try:
            (version,) = rows.execute("PRAGMA user_version").fetchone()
            self._check(version, *rows.execute("PRAGMA application_id").fetchone())
            if version < self.version:
                raise ArchiveException(f"the archive {self.path} is of version {version}, and cannot be brought to {self.version} there")
        except BaseException:
            rows.close()
            raise
        self._close = weakref.finalize(self, rows.close)
        return rows

    def _read_as_it_is(self) -> sqlite3.Connection:
        """A connection that makes no files beside it and takes no locks."""
        uri = f"{self.path.absolute().as_uri()}?mode=ro&immutable=1"
        return sqlite3.connect(uri, uri=True, isolation_level=None, check_same_thread=False)

    def _see_unchanged(self) -> None:
        """Without locks nobody keeps another user from writing meanwhile, who may."""
        if self._frozen is None:
            return
        with contextlib.suppress(FileNotFoundError):
            if self._stat() == self._frozen:
                return
        raise ArchiveException(f"the archive {self.path} was changed while it was read; open it again")

    def _stat(self) -> tuple[int, int]:
        stat = self.path.stat()
        return stat.st_mtime_ns, stat.st_size

    # ---- opening -----------------------------------------------------------------------------------------------------

    def _check(self, version: int, identity: int) -> None:
        if version > self.version:
            raise ArchiveException(f"the archive {self.path} is of version {version}; this package reads up to {self.version}")
        if identity != _APPLICATION_ID:
            raise ArchiveException(f"{self.path} is a SQLite file of something else, no archive")

    def _lay_out(self, rows: sqlite3.Connection) -> None:
        rows.execute(f"PRAGMA synchronous={self.synchronous}")
        rows.execute("BEGIN")  # all of them as they were at one moment: others may be making the file
        asked = ("PRAGMA user_version", "PRAGMA application_id", "SELECT count(*) FROM sqlite_master")
        version, identity, tables = (rows.execute(each).fetchone()[0] for each in asked)
        rows.execute("COMMIT")
        is_new = version == 0 and tables == 0
        if not is_new:
            self._check(version, identity)
        else:
            rows.execute(f"PRAGMA page_size={_PAGE_BYTES}")
        rows.execute("PRAGMA journal_mode=WAL")
        rows.execute(f"PRAGMA wal_autocheckpoint={_CHECKPOINT_PAGES}")
        if version == self.version:
            return
        rows.execute("BEGIN IMMEDIATE")
        try:
            (version,) = rows.execute("PRAGMA user_version").fetchone()  # another process may have been faster
            for statement in chain.from_iterable(_STEPS[version:]):
                rows.execute(statement)
            rows.execute(f"PRAGMA application_id={_APPLICATION_ID}")
            rows.execute(f"PRAGMA user_version={self.version}")
        except BaseException:
            rows.execute("ROLLBACK")
            raise
        rows.execute("COMMIT")


@functools.cache
def selection(series: Series, *, only_marks: bool = False) -> str:
    """The statement that reads a range of a series in order; it takes the series' number and the range."""
    table, mark = _TABLES[series.is_trades]
    columns = mark if only_marks else _COLUMNS[series.is_trades]
    return f"SELECT {columns} FROM {table} WHERE series = ? AND {mark} >= ? AND {mark} < ? ORDER BY {mark}"


@functools.cache
def _insertion(table: str, number: int, width: int, count: int) -> str:
    row = f"({number}, {', '.join('?' * width)})"
    # What fails is rolled back as a whole, so that SQLite need not keep what it takes to undo this statement alone, in a file of its own.
    return f"INSERT OR FAIL INTO {table} VALUES {', '.join([row] * count)}"


def _text(row: Row | None) -> str | None:
    return None if row is None else json.dumps(row, separators=(",", ":"))


def _row(text: str | None) -> Row | None:
    return None if text is None else tuple(json.loads(text))
