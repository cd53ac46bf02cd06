"""Candle intervals: which candle a moment is in, and which comes next, calendar months and weeks too.

Times are milliseconds since 1970 in UTC. Weeks start on Monday, months on their first day; every other interval is counted from 1970.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime

_INTERVAL = re.compile(r"([1-9]\d{0,3})([smhdwM])", re.ASCII)
_UNIT_MS = {"s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000, "w": 604_800_000}
_FIRST_MONDAY_MS = 4 * _UNIT_MS["d"]  # 1970-01-05; the epoch was a Thursday


def duration_ms(interval: str) -> int | None:
    """How long a candle lasts, None for calendar months, whose lengths differ.

    :raises ValueError: when it is no interval, such as ``"60"`` or ``"5 m"``
    :raises TypeError: when it is no text
    """
    count, unit = _parsed(interval)
    return None if unit == "M" else count * _UNIT_MS[unit]


def floor_open(interval: str, at_ms: int) -> int:
    """The open time of the candle that holds the moment ``at_ms``."""
    step = duration_ms(interval)
    if step is None:
        months = _months(at_ms)
        return _month_open(months - months % _parsed(interval)[0])
    origin = _FIRST_MONDAY_MS if interval.endswith("w") else 0
    return (at_ms - origin) // step * step + origin


def next_open(interval: str, at_ms: int) -> int:
    """The open time of the first candle after the moment ``at_ms``."""
    opened, step = floor_open(interval, at_ms), duration_ms(interval)
    return opened + step if step is not None else _month_open(_months(opened) + _parsed(interval)[0])


def open_after(interval: str, from_ms: int, count: int) -> int:
    """The open time of the candle that is ``count`` after the first one to open at ``from_ms`` or later."""
    first, step = next_open(interval, from_ms - 1), duration_ms(interval)
    return first + count * step if step is not None else _month_open(_months(first) + count * _parsed(interval)[0])


def _parsed(interval: object) -> tuple[int, str]:
    if not isinstance(interval, str):
        raise TypeError(f"interval must be a str, not {type(interval).__name__}")
    found = _INTERVAL.fullmatch(interval)
    if found is None:
        raise ValueError(f"interval must be a count and one of s, m, h, d, w, M; not {interval[:40]!r}")
    return int(found.group(1)), found.group(2)


def _months(at_ms: int) -> int:
    """Whole months from 1970 to a moment."""
    date = datetime.fromtimestamp(at_ms / 1000, UTC)
    return (date.year - 1970) * 12 + date.month - 1


def _month_open(months: int) -> int:
    return int(datetime(1970 + months // 12, months % 12 + 1, 1, tzinfo=UTC).timestamp()) * 1000
