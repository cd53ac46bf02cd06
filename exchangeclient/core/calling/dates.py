"""Dates as people write them -> milliseconds since 1970 in UTC: ``"1 day ago UTC"``, ``"1 Jan, 2018"``, ISO, epoch in any unit.

A date without a zone is UTC, whatever the machine's zone. English names of months only, whatever its language. Pure: "now" is
handed in.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from typing import Any, SupportsIndex

When = str | SupportsIndex | float | date
"""What a caller may give for a moment; whole numbers of any kind are one, and a ``datetime`` is a ``date`` too."""

_MONTHS = (
    "january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november", "december",
)  # fmt: skip
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_AGO = re.compile(
    r"(\d{1,9}|an?)\s*(s|secs?|seconds?|m|mins?|minutes?|h|hrs?|hours?|d|days?|w|weeks?|mons?|months?|y|yrs?|years?)\b(?:\s+and\b|,)?\s*",
    re.ASCII,
)
_WRITTEN = re.compile(
    r"(?:(?P<day>\d{1,2})(?:st|nd|rd|th)?\s+(?P<month>[a-z]{3,9})\.?|(?P<month2>[a-z]{3,9})\.?\s+(?P<day2>\d{1,2})(?:st|nd|rd|th)?)"
    r",?\s+(?P<year>\d{4})(?:,?\s+(?P<time>\d{1,2}:\d{2}(?::\d{2}(?:\.\d{1,6})?)?))?",
    re.ASCII,
)
_EPOCH = re.compile(r"\d{9,19}", re.ASCII)
_ZONE = re.compile(r"\s*\b(utc|gmt)\s*$")
# Below each limit a figure can only be meant in that unit: 1e11 seconds is the year 5138, 1e11 milliseconds is 1973.
_EPOCH_UNITS = ((10**11, 1000, 1), (10**14, 1, 1), (10**17, 1, 1000), (10**20, 1, 10**6))


def milliseconds(when: When, now_ms: int, name: str = "date") -> int:
    """The moment ``when`` in milliseconds since 1970.

    :param now_ms: what "now" and "ago" are counted from
    :param name: the argument's name, for the error text
    :raises TypeError: when it is neither text, a number, nor a date
    :raises ValueError: when the text cannot be read, naming it, or the moment is before 1970
    """
    if isinstance(when, bool) or not isinstance(when, (str, SupportsIndex, float, date)):
        raise TypeError(f"{name} must be text, a number or a date, not {type(when).__name__}")
    try:
        found = _moment(when, now_ms)
    except (ValueError, OverflowError) as error:
        raise _unreadable(name, when) from error
    if found is None:
        raise _unreadable(name, when)
    if found < 0:
        raise ValueError(f"{name} must not be before 1970: {str(when)[:60]!r}")
    return found


def span(start_str: When | None, end_str: When | None, now_ms: int) -> tuple[int | None, int | None]:
    """Two moments that a user has given, or left out.

    :raises TypeError: for what is no date, naming it
    :raises ValueError: for one that cannot be read, and for an end before the start
    """
    start_ms = None if start_str is None else milliseconds(start_str, now_ms, "start_str")
    end_ms = None if end_str is None else milliseconds(end_str, now_ms, "end_str")
    if start_ms is not None and end_ms is not None and end_ms < start_ms:
        raise ValueError("end_str must not be before start_str")
    return start_ms, end_ms


def _unreadable(name: str, when: Any) -> ValueError:
    return ValueError(f"{name} cannot be read as a date: {str(when)[:60]!r} (write 2018-01-31, 31 Jan, 2018 or 1 day ago)")


def _moment(when: When, now_ms: int) -> int | None:
    if isinstance(when, date):
        return _of(when if isinstance(when, datetime) else datetime(when.year, when.month, when.day, tzinfo=UTC))
    if isinstance(when, (SupportsIndex, float)):
        return _epoch(when if isinstance(when, float) else when.__index__())
    text = when.strip()
    if _EPOCH.fullmatch(text):
        return _epoch(int(text))
    bare = _ZONE.sub("", text.lower())
    if bare == "now":
        return now_ms
    if bare.endswith(" ago"):
        return _ago(bare.removesuffix("ago"), now_ms)
    written = _WRITTEN.fullmatch(bare)
    return _written(written) if written else _of(datetime.fromisoformat(bare.upper()))


def _epoch(figure: float) -> int:
    for limit, times, per in _EPOCH_UNITS:
        if abs(figure) < limit:
            return int(figure * times) // per
    raise ValueError("no epoch unit is that small")


def _of(moment: datetime) -> int:
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return (aware - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)


def _ago(text: str, now_ms: int) -> int | None:
    """``"1 day "``, ``"2 hours and 30 minutes "``: now without that."""
    text = text.strip()
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=now_ms)
    position = 0
    while position < len(text):
        part = _AGO.match(text, position)
        if part is None:
            return None
        count = 1 if part.group(1).startswith("a") else int(part.group(1))
        moment = _without(moment, count, part.group(2))
        position = part.end()
    return _of(moment) if position else None


def _without(moment: datetime, count: int, unit: str) -> datetime:
    if not unit.startswith(("mon", "y")):
        return moment - timedelta(**{_UNITS[unit[0]]: count})
    months = moment.year * 12 + moment.month - 1 - count * (12 if unit.startswith("y") else 1)
    year, month = divmod(months, 12)
    first_of_next = datetime(year + (month == 11), (month + 1) % 12 + 1, 1, tzinfo=UTC)
    last_day = (first_of_next - timedelta(days=1)).day  # a month before 31 March is the last of February
    return moment.replace(year=year, month=month + 1, day=min(moment.day, last_day))


def _written(found: re.Match[str]) -> int | None:
    short = found["month"] or found["month2"]
    month = next((number for number, name in enumerate(_MONTHS, start=1) if name.startswith(short)), None)
    if month is None:
        return None
    hour, minute, second = ((found["time"] or "0:00") + ":0").split(":")[:3]
    moment = datetime(int(found["year"]), month, int(found["day"] or found["day2"]), int(hour), int(minute), tzinfo=UTC)
    return _of(moment) + round(float(second) * 1000)
