"""A venue in memory, and archives of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from exchangeclient.archive.series import TRADES, Row, Series
from exchangeclient.archive.store import Store
from exchangeclient.archive.sync import Outcome, Terms, sync
from exchangeclient.core.process.clock import FakeClock
from exchangeclient.market.klines import next_open

START = 1_700_000_040_000  # the start of a minute
MINUTE_MS = 60_000


def candle(open_ms: int, interval: str = "1m", close: str = "1.50000000", volume: str = "3.00000000") -> Row:
    """A candle as Binance writes one."""
    closes = next_open(interval, open_ms) - 1
    return (open_ms, "1.10000000", "2.00000000", "1.00000000", close, volume, closes, "4.50000000", 7, "1.00000000", "1.50000000")


def trade(number: int, time_ms: int = START) -> Row:
    """An aggregated trade."""
    return (number, "1.50000000", "0.10000000", 2 * number, 2 * number + 1, time_ms + number, number % 2 == 0, True)


def minutes(count: int, *, without: Iterable[int] = ()) -> list[Row]:
    """Candles of so many minutes, without some of them."""
    gone = set(without)
    return [candle(START + each * MINUTE_MS) for each in range(count) if each not in gone]


@dataclass(frozen=True)
class Came:
    """Rows as a venue gives them; they pickle."""

    rows: list[Row]

    @property
    def count(self) -> int:
        return len(self.rows)

    def read(self) -> list[Row]:
        return self.rows


@dataclass
class Venue:
    """Answers like a venue that gives the oldest rows of a range first.

    :ivar trouble: is called before each answer with what was asked, and may raise
    :ivar newest_first: gives the newest row when asked for one
    """

    rows_of: dict[Series, list[Row]]
    time_ms: int
    page_size: int = 10
    venue: str = "fake"
    ended: bool = False
    trouble: Callable[[str, Series, int, int], None] = lambda *_: None
    newest_first: bool = False
    asked: list[tuple[str, int, int]] = field(default_factory=list)

    def now_ms(self) -> int:
        return self.time_ms

    def end(self, series: Series, now_ms: int) -> int:
        if series.interval == TRADES:
            rows = self.rows_of.get(series, [])
            return rows[-1][0] + 1 if rows else 0
        return series.floor(now_ms)

    def mark_at(self, series: Series, time_ms: int) -> int | None:
        if series.interval != TRADES:
            return series.ceiling(time_ms)
        return next((row[0] for row in self.rows_of.get(series, []) if row[5] >= time_ms), None)

    def rows(self, series: Series, first: int, last: int) -> Came:
        self._ask("rows", series, first, last)
        return Came(self._within(series, first, last)[: self.page_size])

    def first(self, series: Series, first: int, last: int) -> int | None:
        self._ask("first", series, first, last)
        found = self._within(series, first, last)
        return found[-1 if self.newest_first else 0][0] if found else None

    def has_ended(self, series: Series) -> bool:
        self._ask("ended", series, 0, 0)
        return self.ended

    def _ask(self, what: str, series: Series, first: int, last: int) -> None:
        self.asked.append((what, first, last))
        self.trouble(what, series, first, last)

    def _within(self, series: Series, first: int, last: int) -> list[Row]:
        return [row for row in self.rows_of.get(series, []) if first <= row[0] < last]


SERIES = Series("fake", "ETHBTC", "1m")


def brought(store: Store, venue: Venue, *wanted: Series, **terms: object) -> list[Outcome]:
    """What a sync did."""
    return sync(store, venue, FakeClock(), wanted or [SERIES], Terms(**terms))  # type: ignore[arg-type]


def stored(store: Store, series: Series = SERIES) -> list[Row]:
    """All rows that a file has of a series."""
    kept = store.of(series)
    return [] if kept is None else list(store.rows(kept, -(2**62), 2**62))


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "archive.db")
