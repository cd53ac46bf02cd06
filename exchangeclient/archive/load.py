"""Takes files into an archive: checked whole before the first row is written, so that a bad file leaves everything as it was."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import closing
from itertools import islice
from pathlib import Path
from typing import Final

from exchangeclient.archive import csvfiles, dumps
from exchangeclient.archive.csvfiles import Complaint
from exchangeclient.archive.series import Range, Row, Series
from exchangeclient.archive.store import Policy, Store
from exchangeclient.archive.sync import Outcome
from exchangeclient.exceptions import ArchiveException

_AT_A_TIME: Final = 1000


def series_of(path: Path, symbol: str | None, interval: str | None, venue: str) -> Series:
    """Of which series a file is: of the one that is told, else of the one that its name says.

    :raises ValueError: when neither says it, or for what is no name and no interval
    """
    dump = dumps.named(path)
    symbol = symbol or (None if dump is None else dump.symbol)
    interval = interval or (None if dump is None else dump.interval)
    if symbol is None or interval is None:
        raise ValueError(f"{path.name} does not say of what it is; symbol and interval do")
    return Series(venue, symbol, interval)


def load(store: Store, series: Series, path: Path, *, now_ms: int, policy: Policy, complain: Complaint | None) -> Outcome:
    """Take the rows of a CSV file, or of a dump, into a series.

    What a file does not have is not proved to be empty at the venue: it stays missing, and a sync asks for it.

    :param now_ms: candles that are not over by then are refused
    :param complain: takes the good lines, and is told of the others
    :raises ArchiveException: naming the file and the line
    """
    first, outcome = check(series, path, now_ms=now_ms, complain=complain), Outcome(series)
    if first is None:
        return outcome
    kept = store.want(series, first)
    for some in _read(series, path, now_ms, None if complain is None else _silent):
        new, revisions = store.commit(kept, some, runs(series, [row[0] for row in some]), now_ms=now_ms, policy=policy)
        outcome.rows += new
        outcome.pages += 1
        outcome.revisions += revisions
        store.asked(kept, series.after(some[-1][0]), None)
    return outcome


def check(series: Series, path: Path, *, now_ms: int, complain: Complaint | None) -> int | None:
    """The mark of the first row that :func:`load` would take of a file, None when there is none; parameters and errors as there."""
    first: int | None = None
    for some in _read(series, path, now_ms, complain):
        first = some[0][0] if first is None else first
    return first


def _read(series: Series, path: Path, now_ms: int, complain: Complaint | None) -> Iterator[list[Row]]:
    with dumps.opened(path) as file, closing(csvfiles.read(series, file, str(path), complain=complain)) as rows:  # type: ignore[type-var]
        while some := list(islice(rows, _AT_A_TIME)):
            if not series.is_trades and series.after(some[-1][0]) > now_ms:
                late = next(row[0] for row in some if series.after(row[0]) > now_ms)
                if complain is None:
                    raise ArchiveException(f"{path}: the candle at {late} is not over yet")
                complain(0, f"the candle at {late} is not over yet")
                some = [row for row in some if row[0] < late]
            if some:
                yield some


def runs(series: Series, marks: Iterable[int]) -> list[Range]:
    """The ranges in which there is a mark after the other."""
    found: list[Range] = []
    for mark in marks:
        following = series.after(mark)
        if found and found[-1][1] == mark:
            found[-1] = (found[-1][0], following)
        else:
            found.append((mark, following))
    return found


def _silent(number: int, why: str) -> None:
    """The second reading says nothing that the first has not."""
