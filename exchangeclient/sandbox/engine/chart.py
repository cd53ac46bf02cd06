"""The candles of one symbol: loaded or made-up past, then what is traded here; and which of them answer a question.

* An interval of which rows were loaded shows those rows as they are. A longer one is added up from the finest loaded series
  that divides it. Without any loaded series the past of :mod:`.past` stands in.
* From the exchange's start on there is one candle per interval without a gap, flat where nothing was traded, the current one
  included. They reach back to the start, unless so much was traded since that bars were dropped (:mod:`.tape`): candles of a
  second go back over 10,000 trades at least, those below a quarter of an hour over a week, all others over a year.
* Between the end of the loaded rows and the start there is nothing.
* Candles of other clocks than UTC's open at the full hours, days, weeks and months of those clocks.
* The figures of a window of time count what the candles show of it, the past included.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from .candles import (
    DAY_MS,
    INTERVALS,
    MINUTE_MS,
    SECOND_MS,
    Bar,
    Candle,
    CandleSeries,
    added_up,
    divides,
    flat,
    joined,
    next_open,
    opens_at,
    same_grid,
)
from .instruments import Instrument
from .past import DAYS, made_up
from .past import INTERVAL as MADE_UP_INTERVAL
from .tape import QUARTER_MS, BarLog, Tape

_SHORT = tuple(interval for interval in INTERVALS if next_open(interval, 0) < QUARTER_MS)
_TICKER_DAYS = 2  # of the made-up past: as much as a newcomer's first ticker needs


@dataclass(frozen=True, slots=True)
class Statistics:
    """A window of time in figures. It opens on a full minute.

    The trade ids are those of the first and last trade made here, -1 where there is none. Without any trade all prices are the
    last one before.
    """

    open: int
    high: int
    low: int
    last: int
    volume: int
    quote_volume: int
    count: int
    first_id: int
    last_id: int
    weighted_average: int
    previous_close: int
    last_quantity: int
    open_time_ms: int
    close_time_ms: int


@dataclass(frozen=True, slots=True)
class _Past:
    """What an interval shows before the start, and the part of the past that lies in the first live candle."""

    interval: str
    offset_ms: int
    opens: Sequence[int]
    bars: Sequence[Bar]
    loaded: Sequence[Candle] | None = None  # those that are shown as they are
    carried: Bar | None = None

    def candles(self, start: int, end: int) -> list[Candle]:
        if self.loaded is not None:
            return list(self.loaded[start:end])
        return [bar.shown(self.interval, self.offset_ms) for bar in self.bars[start:end]]


class Chart:
    """Answers every question for candles of a symbol."""

    caches: ClassVar = ("_pasts", "_made")  # added up or made up anew when they are asked for

    def __init__(
        self,
        instrument: Instrument,
        tape: Tape,
        *,
        seed: int,
        start_us: int,
        history: Sequence[CandleSeries],
        still: frozenset[str] = frozenset(),
    ) -> None:
        """Draw nothing yet.

        :param still: the assets that do not move in a made-up past
        """
        self._instrument = instrument
        self._still = still
        self._tape = tape
        self._seed = seed
        self._start_ms = start_us // 1000
        self._series = {series.interval: series for series in history}
        self._pasts: dict[str, _Past] = {}  # of UTC's grid
        self._made: dict[int, Sequence[Bar]] = {}  # by days

    def candles(
        self, interval: str, *, now_ms: int, start_ms: int | None, end_ms: int | None, limit: int, offset_ms: int = 0
    ) -> list[Candle]:
        """At most ``limit`` candles, oldest first: the newest ones up to ``end_ms``, or from ``start_ms`` on the oldest ones.

        :param offset_ms: how far the clocks are ahead of UTC by which the candles open; the other times are UTC's
        """
        if interval not in INTERVALS:
            raise ValueError(f"unknown interval {interval!r}")
        grid = _Grid(interval, offset_ms)
        end = grid.opens_at(now_ms) if end_ms is None else min(end_ms, grid.opens_at(now_ms))
        if limit <= 0 or end < 0 or (start_ms is not None and start_ms > end):
            return []
        past = self._past_of(interval, offset_ms)
        first_live = grid.opens_at(self._start_ms)
        log = self._log(interval, offset_ms, max(first_live, end - limit * SECOND_MS if start_ms is None else start_ms))
        if log.whole_from_ms is not None:
            first_live = max(first_live, grid.up(log.whole_from_ms))
        if start_ms is None:
            wanted = grid.down_from(end, first_live, limit)
            known = bisect_right(past.opens, end)
            older = past.candles(max(0, known - (limit - len(wanted))), known)
        else:
            start = max(0, start_ms)
            known = bisect_left(past.opens, start)
            older = past.candles(known, min(known + limit, bisect_right(past.opens, end)))
            wanted = grid.up_to(max(start, first_live), end, limit - len(older))
        return older + self._live(grid, wanted, log, past.carried)

    def window(self, start_ms: int, end_ms: int) -> Statistics:
        """This time in figures, its end included."""
        start = start_ms // MINUTE_MS * MINUTE_MS
        before, inside = self._past_bars(start, end_ms)
        bars = [*inside, *self._tape.between(start, end_ms + 1)]
        previous_close = before if start <= self._start_ms else self._tape.minutes.close_before(start)
        trades = self._tape.trades
        last_quantity = trades[-1].quantity if trades else 0
        day = joined(bars, start) if bars else flat(start, self._tape.last_price if end_ms >= self._start_ms else previous_close)
        return Statistics(
            open=day.open,
            high=day.high,
            low=day.low,
            last=day.close,
            volume=day.volume,
            quote_volume=day.quote_volume,
            count=day.trades,
            first_id=day.first_id,
            last_id=day.last_id,
            weighted_average=self._instrument.mean(day.volume, day.quote_volume) if day.volume else day.close,
            previous_close=previous_close,
            last_quantity=last_quantity,
            open_time_ms=start,
            close_time_ms=end_ms,
        )

    # ---- before the start ----------------------------------------------------------------------------------------------

    def _past_bars(self, start_ms: int, end_ms: int) -> tuple[int, Sequence[Bar]]:
        """The close before this time, and the finest bars of the past that open in it."""
        if self._series:
            bars: Sequence[Bar] = self._series[min(self._series, key=INTERVALS.index)].bars
        else:
            bars = self._made_up(_TICKER_DAYS if start_ms > self._start_ms - (_TICKER_DAYS - 1) * DAY_MS else DAYS)
        first = bisect_left(bars, start_ms, key=_open_ms)
        close = bars[first - 1].close if first else bars[0].open if bars else self._instrument.opening_price
        return close, bars[first : bisect_right(bars, end_ms, key=_open_ms)]

    def _past_of(self, interval: str, offset_ms: int) -> _Past:
        if not same_grid(interval, offset_ms):
            return self._make_past(interval, offset_ms)  # there are more than a thousand offsets: to keep each would fill the memory
        known = self._pasts.get(interval)
        if known is None:
            known = self._pasts[interval] = self._make_past(interval, 0)
        return known

    def _make_past(self, interval: str, offset_ms: int) -> _Past:
        loaded = self._series.get(interval)
        if loaded is not None and same_grid(interval, offset_ms):
            return _Past(interval, offset_ms, [candle.open_ms for candle in loaded.candles], loaded.bars, loaded.candles)
        known: dict[str, Sequence[Bar]] = {part: series.bars for part, series in self._series.items()}
        known = known or {MADE_UP_INTERVAL: self._made_up(DAYS)}
        finest = next((part for part in INTERVALS if part in known and divides(part, interval, offset_ms)), None)
        if finest is None:
            return _Past(interval, offset_ms, [], [])
        bars = added_up(known[finest], interval, offset_ms)
        carried = bars.pop() if bars and bars[-1].open_ms == opens_at(interval, self._start_ms, offset_ms) else None
        return _Past(interval, offset_ms, [bar.open_ms for bar in bars], bars, carried=carried)

    def _made_up(self, days: int) -> Sequence[Bar]:
        known = self._made.get(days)
        if known is None:
            known = made_up(self._instrument, seed=self._seed, start_ms=self._start_ms, days=days, still=self._still)
            self._made[days] = known
        return known

    # ---- from the start on ---------------------------------------------------------------------------------------------

    def _log(self, interval: str, offset_ms: int, start_ms: int) -> BarLog:
        """The coarsest bars that the candles can be added up from."""
        if interval == "1s":
            return self._tape.seconds(start_ms // SECOND_MS * SECOND_MS)
        return self._tape.minutes if interval in _SHORT or offset_ms % QUARTER_MS else self._tape.quarters

    def _live(self, grid: _Grid, opens: Sequence[int], log: BarLog, carried: Bar | None) -> list[Candle]:
        shown = []
        for open_ms in opens:
            bars = list(log.between(open_ms, grid.next(open_ms)))
            if carried is not None and carried.open_ms == open_ms:
                bars.insert(0, carried)
            bar = joined(bars, open_ms) if bars else flat(open_ms, log.close_before(open_ms))
            shown.append(bar.shown(grid.interval, grid.offset_ms))
        return shown


@dataclass(frozen=True, slots=True)
class _Grid:
    """When the candles of an interval open, by clocks that are ahead of UTC."""

    interval: str
    offset_ms: int

    def opens_at(self, time_ms: int) -> int:
        return opens_at(self.interval, time_ms, self.offset_ms)

    def next(self, open_ms: int) -> int:
        return next_open(self.interval, open_ms, self.offset_ms)

    def up(self, time_ms: int) -> int:
        """The first candle that does not open before this time."""
        open_ms = self.opens_at(time_ms)
        return open_ms if open_ms == time_ms else self.next(open_ms)

    def up_to(self, start: int, end: int, limit: int) -> list[int]:
        opens: list[int] = []
        at = self.up(start)
        while at <= end and len(opens) < limit:
            opens.append(at)
            at = self.next(at)
        return opens

    def down_from(self, end: int, first: int, limit: int) -> list[int]:
        opens: list[int] = []
        at = self.opens_at(end)
        while at >= first and len(opens) < limit:
            opens.append(at)
            at = self.opens_at(at - 1)
        return opens[::-1]


def _open_ms(bar: Bar) -> int:
    return bar.open_ms
