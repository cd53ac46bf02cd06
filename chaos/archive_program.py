"""A program that syncs an archive, for :mod:`chaos_archive` to kill, starve and run beside others.

``python chaos/archive_program.py PATH`` asks a venue in memory, whose candles are the same for everybody; ``--url URL`` asks a server
over the client instead. It ends with 0 when all is stored, with 4 when another has a series, with 1 when it could not be. With ``--serve``
it is forked off as often as :mod:`warm` asks for it.
"""

from __future__ import annotations

import os
import signal
import sqlite3
import sys
from argparse import ArgumentParser
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from warm import serve

from exchangeclient.archive import sync as sync_module
from exchangeclient.archive.binance import BinanceSource
from exchangeclient.archive.plan import merged
from exchangeclient.archive.series import Range, Row, Series
from exchangeclient.archive.source import Source
from exchangeclient.archive.store import Kept, Policy, Revision, Store
from exchangeclient.client import Client
from exchangeclient.core.process.clock import SystemClock
from exchangeclient.exceptions import AlreadyRunningException, ArchiveException, ExchangeException

FIRST_MS = 1_500_000_000_000
MINUTES = 400
GONE = range(90, 131)  # minutes that the venue does not have
PAGE = 20
MINUTE_SERIES = Series("fake", "BTCUSDT", "1m")
SERIES = (MINUTE_SERIES, Series("fake", "BTCUSDT", "5m"))


def truth(series: Series) -> list[Row]:
    """All that the venue has of a series."""
    step = 60_000 if series.interval == "1m" else 300_000
    opens = range(series.ceiling(FIRST_MS), FIRST_MS + MINUTES * 60_000, step)
    gone = {FIRST_MS + each * 60_000 for each in GONE} if series == MINUTE_SERIES else set()
    rows: list[Row] = []
    for number, at in enumerate(opens):
        price = 43_000 + number * 37 % 1000 * 0.5
        prices = [f"{price + change:.8f}" for change in (0, 12.5, -11, 3.25)]
        if at not in gone:
            rows.append((at, *prices, "1.50000000", at + step - 1, "64500.00000000", 100 + number, "0.75000000", "32250.00000000"))
    return rows


@dataclass(frozen=True)
class _Came:
    rows: list[Row]

    @property
    def count(self) -> int:
        return len(self.rows)

    def read(self) -> list[Row]:
        return self.rows


class Memory:
    """A venue in memory."""

    venue = "fake"
    page_size = PAGE

    def __init__(self) -> None:
        self._rows = {series: truth(series) for series in SERIES}

    def now_ms(self) -> int:
        return FIRST_MS + MINUTES * 60_000

    def end(self, series: Series, now_ms: int) -> int:
        return series.floor(now_ms)

    def mark_at(self, series: Series, time_ms: int) -> int | None:
        return series.ceiling(time_ms)

    def rows(self, series: Series, first: int, last: int) -> _Came:
        return _Came([row for row in self._rows[series] if first <= row[0] < last][:PAGE])

    def first(self, series: Series, first: int, last: int) -> int | None:
        return next((row[0] for row in self._rows[series] if first <= row[0] < last), None)

    def has_ended(self, series: Series) -> bool:  # noqa: ARG002
        return False


def main(words: Sequence[str] | None = None) -> int:
    """Sync once."""
    parser = ArgumentParser()
    parser.add_argument("path", type=Path)
    parser.add_argument("--url")
    parser.add_argument("--venue", default="fake")
    parser.add_argument("--series", type=int, default=len(SERIES), help="how many of them")
    parser.add_argument("--wait", type=float, default=0.0)
    parser.add_argument("--die-at", type=int, help="be killed at so many statements, where the system cannot do it at a call")
    parser.add_argument("--full-at", type=int, help="have no room from so many statements on, where the system cannot do it at a call")
    parser.add_argument("--break", dest="broken", choices=sorted(BREAKS))
    arguments = parser.parse_args(words)
    if arguments.broken:
        BREAKS[arguments.broken]()
    if arguments.die_at is not None:
        _at(arguments.die_at, lambda _: os.kill(os.getpid(), signal.SIGKILL))
    if arguments.full_at is not None:
        _at(arguments.full_at, _full)
    try:
        store = Store(arguments.path)
        source: Source = Memory()
        if arguments.url is not None:
            source = BinanceSource(Client(environment=arguments.url), venue=arguments.venue)
            source.page_size = PAGE  # several pages, between which it can be ended
        wanted = [replace(series, venue=arguments.venue) for series in SERIES[: arguments.series]]
        terms = sync_module.Terms(start_ms=FIRST_MS, patience_s=arguments.wait, in_flight=3)
        outcomes = sync_module.sync(store, source, SystemClock(), wanted, terms)
    except (ExchangeException, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    errors = [each.error for each in outcomes if each.error is not None]
    for error in errors:
        print(error, file=sys.stderr)
    if any(not isinstance(error, AlreadyRunningException) for error in errors):
        return 1
    return 4 if errors else 0


def _full(store: Store) -> None:
    """Give the archive no page more than it has."""
    if store._rows is not None:
        store._rows.execute("PRAGMA max_page_count=1")  # which SQLite takes for as many as there are


def _at(count: int, happens: Callable[[Store], object]) -> None:
    """Have something happen at the statement of that number, and at those after it: the shim for systems without strace."""
    statement = Store.run
    done = 0

    def run(store: Store, text: str, values: Sequence[Any]) -> sqlite3.Cursor:
        nonlocal done
        done += 1
        if done >= count:
            happens(store)
        return statement(store, text, values)

    Store.run = run  # type: ignore[method-assign]


# ---- breaks ----------------------------------------------------------------------------------------------------------


def _known_before_written() -> None:
    """what is known is written in a transaction of its own, before the rows"""
    whole = Store._commit

    def commit(
        store: Store, kept: Kept, rows: Sequence[Row], known: Iterable[Range], *, now_ms: int, policy: Policy = "keep"
    ) -> tuple[int, list[Revision]]:
        ranges = merged(known)
        with store.transaction(60.0):
            near = store.do("SELECT first FROM spans WHERE series = ? AND first <= ? AND last > ?", kept.number, ranges[0][0], ranges[0][0])
            if not near:
                whole(store, kept, [], ranges, now_ms, policy)
                store.do(
                    "UPDATE spans SET rows = rows + ? WHERE series = ? AND first <= ? AND last >= ?",
                    len(rows),
                    kept.number,
                    ranges[0][0],
                    ranges[-1][1],
                )
        with store.transaction(60.0):
            if not near:
                store._insert(kept, rows)
        return len(rows), []

    Store.commit = commit  # type: ignore[method-assign, assignment]


def _trouble_is_nothing() -> None:
    """what cannot be written is passed over"""
    whole = Store.commit

    def commit(store: Store, kept: Kept, *args: Any, **named: Any) -> Any:
        try:
            return whole(store, kept, *args, **named)
        except ArchiveException:
            return 0, []

    Store.commit = commit  # type: ignore[method-assign]
    Store.asked = lambda *_: None  # type: ignore[method-assign, assignment]


def _rows_before_known() -> None:
    """rows are written one by one, before what is known"""
    whole = Store.commit

    def commit(store: Store, kept: Kept, rows: Sequence[Row], known: Iterable[Range], **named: Any) -> tuple[int, list[Revision]]:
        for row in rows:
            with store.transaction(60.0):
                store._insert(kept, [row])
        with store.transaction(60.0):
            for row in rows:
                store.do("DELETE FROM candles WHERE series = ? AND open_ms = ?", kept.number, row[0])
        return whole(store, kept, rows, known, **named)

    Store.commit = commit  # type: ignore[method-assign, assignment]


def _open_candles() -> None:
    """the candle that is open is taken for closed"""
    closed = truth

    def more(series: Series) -> list[Row]:
        rows = closed(series)
        return [*rows, (rows[-1][0] + 60_000, *rows[-1][1:])] if series == MINUTE_SERIES else rows

    globals()["truth"] = more
    Memory.end = lambda _, series, now_ms: series.after(series.floor(now_ms))  # type: ignore[method-assign]


BREAKS: dict[str, Callable[[], None]] = {
    "known-before-written": _known_before_written,
    "trouble-is-nothing": _trouble_is_nothing,
    "rows-before-known": _rows_before_known,
    "open-candles": _open_candles,
}


if __name__ == "__main__":
    if sys.argv[1:] == ["--serve"]:
        serve(main)
    else:
        sys.exit(main())
