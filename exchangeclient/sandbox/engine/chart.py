"""The candles of one symbol: loaded or made-up past, then what is traded here; and which of them answer a question.

* An interval of which rows were loaded shows those rows as they are. A longer one is added up from the finest loaded series
  that divides it. Without any loaded series the past of :mod:`.past` stands in.
* From the exchange's start on there is one candle per interval without a gap, flat where nothing was traded, the current one
  included. 1-second candles reach back over 10,000 seconds with a trade at least, all others to the start.
* Between the end of the loaded rows and the start there is nothing.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence

from .candles import INTERVALS, Bar, Candle, CandleSeries, added_up, divides, flat, joined, next_open, opens_at
from .instruments import Instrument
from .past import made_up
from .tape import Tape


class Chart:
    """Answers every question for candles of a symbol."""

    def __init__(self, instrument: Instrument, tape: Tape, *, seed: int, start_us: int, history: Sequence[CandleSeries]) -> None:
        self._instrument = instrument
        self._tape = tape
        self._seed = seed
        self._start_ms = start_us // 1000
        self._series = {series.interval: series for series in history}
        self._past: dict[str, tuple[list[int], list[Candle], Bar | None]] = {}  # added up on first use

    def candles(self, interval: str, *, now_ms: int, start_ms: int | None, end_ms: int | None, limit: int) -> list[Candle]:
        """At most ``limit`` candles, oldest first: the newest ones up to ``end_ms``, or from ``start_ms`` on the oldest ones."""
        if interval not in INTERVALS:
            raise ValueError(f"unknown interval {interval!r}")
        opens, past, carried = self._past_of(interval)
        newest = opens_at(interval, now_ms)
        end = newest if end_ms is None else min(end_ms, newest)
        if limit <= 0 or end < 0 or (start_ms is not None and start_ms > end):
            return []
        first_live = opens_at(interval, self._start_ms)
        if interval == "1s":
            first_live = max(first_live, self._tape.seconds.complete_from_ms)
        if start_ms is None:
            wanted = _grid_down_from(interval, end, first_live, limit)
            known = bisect_right(opens, end)
            older = past[max(0, known - (limit - len(wanted))) : known]
            return older + self._live(interval, wanted, carried)
        start = max(0, start_ms)
        older = past[bisect_left(opens, start) : bisect_right(opens, end)][:limit]
        return older + self._live(interval, _grid_up_to(interval, max(start, first_live), end, limit - len(older)), carried)

    def _past_of(self, interval: str) -> tuple[list[int], list[Candle], Bar | None]:
        """Open times and candles before the start, and the part of the past that lies in the first live candle."""
        known = self._past.get(interval)
        if known is None:
            known = self._past[interval] = self._make_past(interval)
        return known

    def _make_past(self, interval: str) -> tuple[list[int], list[Candle], Bar | None]:
        if not self._series:
            past = made_up(self._instrument, seed=self._seed, start_ms=self._start_ms)
            self._series[past.interval] = past
        loaded = self._series.get(interval)
        if loaded is not None:
            return [candle.open_ms for candle in loaded.candles], list(loaded.candles), None
        finest = next((part for part in INTERVALS if part in self._series and divides(part, interval)), None)
        if finest is None:
            return [], [], None
        bars = added_up(self._series[finest].bars, interval)
        carried = bars.pop() if bars and bars[-1].open_ms == opens_at(interval, self._start_ms) else None
        return [bar.open_ms for bar in bars], [bar.shown(interval) for bar in bars], carried

    def _live(self, interval: str, opens: Sequence[int], carried: Bar | None) -> list[Candle]:
        log = self._tape.seconds if interval == "1s" else self._tape.minutes
        shown = []
        for open_ms in opens:
            bars = list(log.between(open_ms, next_open(interval, open_ms)))
            if carried is not None and carried.open_ms == open_ms:
                bars.insert(0, carried)
            shown.append((joined(bars, open_ms) if bars else flat(open_ms, log.close_before(open_ms))).shown(interval))
        return shown


def _grid_up_to(interval: str, start: int, end: int, limit: int) -> list[int]:
    opens: list[int] = []
    at = opens_at(interval, start)
    if at < start:
        at = next_open(interval, at)
    while at <= end and len(opens) < limit:
        opens.append(at)
        at = next_open(interval, at)
    return opens


def _grid_down_from(interval: str, end: int, first: int, limit: int) -> list[int]:
    opens: list[int] = []
    at = opens_at(interval, end)
    while at >= first and len(opens) < limit:
        opens.append(at)
        at = opens_at(interval, at - 1)
    return opens[::-1]
