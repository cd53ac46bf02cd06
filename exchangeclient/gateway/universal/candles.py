"""Candles of any number of minutes, made of those that a venue has. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Final

from exchangeclient.market.vocabulary import Kline

_MINUTE_MS: Final = 60_000
_DAY: Final = 1_440
_WEEK: Final = 7 * _DAY

# Minutes -> KLINE_INTERVAL_*
INTERVALS: Final[Mapping[int, str]] = {
    1: "1m", 3: "3m", 5: "5m", 15: "15m", 30: "30m", 60: "1h", 120: "2h", 240: "4h",
    360: "6h", 480: "8h", 720: "12h", _DAY: "1d", 3 * _DAY: "3d", _WEEK: "1w",
}  # fmt: skip
MOST_MINUTES: Final = 12 * _WEEK


def ways(minutes: int) -> Iterable[tuple[str, int]]:
    """How candles of so many minutes can be had, the best way first: an interval, and how many of its candles make one.

    Days and weeks of a venue begin by a calendar, so what is longer than a day is only made of days.
    """
    for each in sorted(INTERVALS, reverse=True):
        if each == minutes or (minutes % each == 0 and each <= _DAY):
            yield INTERVALS[each], minutes // each


def joined(candles: Iterable[Kline], minutes: int) -> list[Kline]:
    """Candles of so many minutes, counted from 1970, made of shorter ones in order of time; a first one that is not whole is left out."""
    length_ms = minutes * _MINUTE_MS
    made: list[Kline] = []
    for candle in candles:
        begun_ms = candle.open_time_ms - candle.open_time_ms % length_ms
        if made and made[-1].open_time_ms == begun_ms:
            last = made[-1]
            made[-1] = replace(
                last,
                high=max(last.high, candle.high),
                low=min(last.low, candle.low),
                close=candle.close,
                volume=last.volume + candle.volume,
                closed=None,
                raw=None,
            )
        elif made or candle.open_time_ms == begun_ms:
            made.append(replace(candle, open_time_ms=begun_ms, closed=None, raw=None))
    return made
