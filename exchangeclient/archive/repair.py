"""Puts an archive in order: what cannot be right is forgotten, so that a sync asks for it again; a damaged file gives up what it can."""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
from collections.abc import Iterable, Iterator
from itertools import count
from pathlib import Path
from typing import Final

from exchangeclient.archive import figures
from exchangeclient.archive.load import runs
from exchangeclient.archive.plan import merged
from exchangeclient.archive.series import Range, Row, Series
from exchangeclient.archive.store import Kept, Store, selection
from exchangeclient.archive.sync import lock_of
from exchangeclient.archive.verify import Remark, gaps
from exchangeclient.core.process.onlyrun import only_run
from exchangeclient.exceptions import ArchiveException

_AT_A_TIME: Final = 1000
_SMALLEST: Final = 50  # rows; fewer than a page of the file has
_PAGE: Final = 16_384  # bytes of a page of the file
_UNREADABLE: Final = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})
_FORGOTTEN: Final = frozenset({"lost", "nonsense", "misplaced", "differs"})


def forget(store: Store, kept: Kept, findings: Iterable[Remark], *, empty: bool) -> int:
    """Know no more of what is wrong with a series; how many marks that is.

    :param empty: what is empty at the venue is to be asked for again, too
    """
    wrong = merged((each.first, each.last) for each in findings if each.kind in _FORGOTTEN)
    store.forget(kept, wrong, rows=True)
    holes: list[Range] = []
    if empty:
        now = store.of(kept.series) or kept
        holes = [(each.first, each.last) for each in gaps(store, now) if each.kind == "venue-empty"]
        store.forget(now, holes, rows=False)
    return sum(kept.series.count(first, last) for first, last in (*wrong, *holes))


def is_damaged(path: Path) -> bool:
    """True for an archive that SQLite cannot open, or not read as a whole.

    :raises ArchiveException: for what is no archive, or cannot be opened for another reason
    """
    try:
        with contextlib.closing(Store(path)) as store:
            return bool(store.damage())
    except ArchiveException as error:
        cause = error.__cause__
        if not isinstance(cause, sqlite3.DatabaseError) or cause.sqlite_errorcode & 0xFF not in _UNREADABLE:
            raise
        # Without a head any file might be one.
        if cause.sqlite_errorcode == sqlite3.SQLITE_NOTADB and (path.stat().st_size < 2 * _PAGE or path.stat().st_size % _PAGE):
            raise
        return True


def salvage(path: Path) -> tuple[int, int]:
    """Take what can be read of a damaged file into a new one in its place; the old one stays beside it, as ``.damaged``, and one that
    was there before as ``.damaged.1`` and so on.

    What was lost stays missing, and so does what was empty at the venue where that cannot be told from what was lost.

    :return: how many records were saved, and how many are known to be lost
    :raises ArchiveException: when not even the names of its series can be read; nothing is changed then
    :raises AlreadyRunningException: when another process has one of its series
    """
    saved = lost = 0
    part, headed = (path.with_name(f"{path.name}.{os.getpid()}.{what}") for what in ("part", "headed"))
    try:
        _remove(part)
        with contextlib.ExitStack() as stack:
            old = stack.enter_context(contextlib.closing(_opened(path)))
            there = _series(old)
            if there is None:
                old.close()
                _give_head(path, headed, part)
                old = stack.enter_context(contextlib.closing(_opened(headed)))
                there = _series(old)
            if there is None:
                raise ArchiveException(
                    f"{path} is no archive, or damaged where the names of its series are, so that nothing of it can be saved; "
                    "move it away, and a sync makes a new one"
                )
            for _, series, *_ in there:
                stack.enter_context(only_run(lock_of(path, series)))
            with contextlib.closing(Store(part)) as new:
                for number, series, begin, end, asked_ms in there:
                    counts = _saved(old, number, new, new.want(series, begin), end)
                    if end is not None:
                        new.asked(new.want(series, None), end, asked_ms)
                    saved, lost = saved + counts[0], lost + counts[1]
            old.close()
            # An older one may have what this one has not.
            number = next(each for each in count(1) if not Path(f"{path}.damaged.{each}").exists())
            _move(f"{path}.damaged", f"{path}.damaged.{number}", ("", "-wal", "-shm"))
            _move(path, f"{path}.damaged", ("-wal", "-shm", ""))  # they belong to the old file, and would be taken for the new one's
            part.rename(path)
    finally:
        _remove(part)
        _remove(headed)
    return saved, lost


def _move(path: str | Path, to: str, endings: Iterable[str]) -> None:
    for ending in endings:
        with contextlib.suppress(FileNotFoundError):
            Path(f"{path}{ending}").replace(f"{to}{ending}")


def _remove(part: Path) -> None:
    for ending in ("", "-wal", "-shm"):
        Path(f"{part}{ending}").unlink(missing_ok=True)


def _opened(path: Path) -> sqlite3.Connection:
    old = sqlite3.connect(path, isolation_level=None)
    old.execute("PRAGMA writable_schema=ON")  # else SQLite does not open a file that was cut
    old.execute("PRAGMA query_only=ON")
    return old


def _give_head(path: Path, headed: Path, fresh: Path) -> None:
    """A copy of a file with the first page of a new archive, which is the same in every archive but for the number of pages."""
    with contextlib.closing(Store(fresh)):
        pass
    head = bytearray(fresh.read_bytes()[:_PAGE])
    _remove(fresh)
    head[28:32] = (path.stat().st_size // _PAGE).to_bytes(4, "big")  # https://www.sqlite.org/fileformat.html#the_database_header
    for ending in ("", "-wal"):
        with contextlib.suppress(FileNotFoundError):
            shutil.copyfile(f"{path}{ending}", f"{headed}{ending}")
    with headed.open("r+b") as file:
        file.write(head)


def _series(old: sqlite3.Connection) -> list[tuple[int, Series, int | None, int | None, int | None]] | None:
    """The series of a file; where their table cannot be read, by its index and their spans; None when that cannot be read either."""
    with contextlib.suppress(sqlite3.DatabaseError, ValueError, TypeError):
        rows = old.execute('SELECT id, venue, symbol, interval, begin, "end", asked_ms FROM series').fetchall()
        return [(number, Series(*names), begin, end, asked_ms) for number, *names, begin, end, asked_ms in rows]
    with contextlib.suppress(sqlite3.DatabaseError, ValueError, TypeError):
        # The index has all of these, so that SQLite does not look at the table.
        names_of = "SELECT id, venue, symbol, interval FROM series INDEXED BY sqlite_autoindex_series_1 ORDER BY venue"
        return [(number, Series(*names), *_ends(old, number), None) for number, *names in old.execute(names_of).fetchall()]
    return None


def _ends(old: sqlite3.Connection, number: int) -> tuple[int | None, int | None]:
    """From where to where something is known of a series."""
    with contextlib.suppress(sqlite3.DatabaseError):
        begin, end = old.execute("SELECT min(first), max(last) FROM spans WHERE series = ?", (number,)).fetchone()
        return begin, end
    return None, None


def _saved(old: sqlite3.Connection, number: int, new: Store, fresh: Kept, end: int | None) -> tuple[int, int]:
    """Take what can be read of one series; how many records, and how many are lost."""
    series, saved, lost = fresh.series, 0, 0
    for first, last, written in _spans(old, number, fresh.begin, end):
        is_whole = written is not None and _counted(old, number, series, first, last) == written
        had = 0
        for start, stop, rows in _parts(old, number, series, first, last):
            good = [row for row in rows if figures.wrong(series, [row]) is None and series.floor(row[0]) == row[0]]
            is_proof = is_whole and len(good) == len(rows)
            new.commit(fresh, good, [(start, stop)] if is_proof else runs(series, [row[0] for row in good]), now_ms=0)
            had += len(good)
        saved, lost = saved + had, lost + max(0, (written or 0) - had)
    with contextlib.suppress(sqlite3.DatabaseError):
        for row in old.execute("SELECT mark, noticed_ms, was, became, taken FROM revisions WHERE series = ?", (number,)).fetchall():
            if all(isinstance(each, int) for each in (row[0], row[1], row[4])):
                new.note(fresh, row)
    return saved, lost


def _spans(old: sqlite3.Connection, number: int, begin: int | None, end: int | None) -> list[tuple[int, int, int | None]]:
    """The spans of a series with the number of their rows; all that is wanted of it, when they cannot be read."""
    with contextlib.suppress(sqlite3.DatabaseError):
        spans = old.execute("SELECT first, last, rows FROM spans WHERE series = ? ORDER BY first", (number,)).fetchall()
        if spans and all(isinstance(each, int) for span in spans for each in span):
            return [(first, last, rows) for first, last, rows in spans]
    return [] if begin is None or end is None else [(begin, end, None)]


def _counted(old: sqlite3.Connection, number: int, series: Series, first: int, last: int) -> int | None:
    with contextlib.suppress(sqlite3.DatabaseError):
        return len(old.execute(selection(series, only_marks=True), (number, first, last)).fetchall())
    return None


def _parts(old: sqlite3.Connection, number: int, series: Series, first: int, last: int) -> Iterator[tuple[int, int, list[Row]]]:
    """The rows of a range, part by part; around what cannot be read the parts are smaller."""
    size = _AT_A_TIME
    at = first
    while at < last:
        stop = max(min(last, series.later(at, size)), at + 1)
        try:
            rows = old.execute(selection(series), (number, at, stop)).fetchall()
        except sqlite3.DatabaseError:
            if size > _SMALLEST:
                size = _SMALLEST
                continue
        else:
            yield at, stop, rows
            size = min(_AT_A_TIME, size * 2)
        at = stop
