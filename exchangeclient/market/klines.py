"""Candle intervals: which candle a moment is in, which comes next, calendar months and weeks too; holes; larger candles.

Times are milliseconds since 1970 in UTC. Weeks start on Monday, months on their first day; every other interval is counted from 1970.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from decimal import Context, Decimal
from itertools import compress, groupby
from typing import Any, Final

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


def count_opens(interval: str, from_ms: int, to_ms: int) -> int:
    """How many candles open from ``from_ms`` on and before ``to_ms``."""
    if to_ms <= from_ms:
        return 0
    first, end = next_open(interval, from_ms - 1), next_open(interval, to_ms - 1)
    step = duration_ms(interval)
    return (end - first) // step if step is not None else (_months(end) - _months(first)) // _parsed(interval)[0]


def holes(interval: str, opens: Iterable[int], from_ms: int, to_ms: int) -> Iterator[tuple[int, int]]:
    """Where candles are missing, from ``from_ms`` on and before ``to_ms``: the first missing open time, and the first one after the hole.

    :param opens: the open times that there are, in order; what lies outside is passed over
    """
    expected, end = next_open(interval, from_ms - 1), next_open(interval, to_ms - 1)
    step = duration_ms(interval)
    for opened in opens:
        if opened < expected:
            continue
        if opened >= end:
            break
        if opened > expected:
            yield expected, opened
        expected = opened + step if step is not None else next_open(interval, opened)
    if expected < end:
        yield expected, end


def divides(part: str, whole: str) -> bool:
    """True when each candle of ``whole`` is made of candles of ``part`` and of nothing else."""
    step, total = duration_ms(part), duration_ms(whole)
    if step is None:
        return total is None and _parsed(whole)[0] % _parsed(part)[0] == 0
    if total is None:  # months begin at midnight
        return not part.endswith("w") and _UNIT_MS["d"] % step == 0
    if part.endswith("w") != whole.endswith("w"):  # weeks are counted from another day
        return not part.endswith("w") and total % step == 0 and _FIRST_MONDAY_MS % step == 0
    return total % step == 0


Candle = Sequence[Any]
"""Open time, open, high, low, close, volume, close time, quote volume, trades, volume and quote volume bought by takers: figures as text;
None for what a venue does not tell."""

_ALL_DIGITS: Final = Context(prec=100)
_SUMS: Final = (5, 7, 9, 10)
_CENT: Final = Decimal("1e-8")  # so venues count what is paid
_ZERO: Final = Decimal("0.00000000")


def resampled(rows: Iterable[Candle], interval: str) -> Iterator[list[Any]]:
    """Larger candles out of smaller ones, which come in order of time; exact, with as many decimals as the parts have.

    Whether the parts are complete is for the caller to know. The close time is that of the calendar.
    """
    for opened, group in groupby(rows, key=lambda row: floor_open(interval, row[0])):
        parts = list(group)
        whole: list[Any] = [opened, parts[0][1], _highest(parts), _lowest(parts), parts[-1][4], None, next_open(interval, opened) - 1]
        whole += [None, _summed([part[8] for part in parts]), None, None]
        for column in _SUMS:
            total = _summed([None if part[column] is None else Decimal(part[column]) for part in parts])
            whole[column] = None if total is None else f"{total:f}"
        yield whole


Trade = Sequence[Any]
"""Number, price, quantity, numbers of its first and last trade, time, whether the buyer was there first, and one more; figures as text."""


def of_trades(trades: Iterable[Trade], interval: str) -> Iterator[list[Any]]:
    """Candles out of aggregated trades, which come in order; none where nothing was traded.

    What was paid for a trade is rounded to eight decimals, as the venue counts it.
    """
    for opened, group in groupby(trades, key=lambda trade: floor_open(interval, trade[5])):
        parts = list(group)
        amounts = [Decimal(part[2]) for part in parts]
        paid = [_ALL_DIGITS.multiply(Decimal(part[1]), amount).quantize(_CENT) for part, amount in zip(parts, amounts, strict=True)]
        bought = [not part[6] for part in parts]  # whose buyer came second took what was there
        sums = [amounts, paid, list(compress(amounts, bought)), list(compress(paid, bought))]
        volume, quote, base_bought, quote_bought = (f"{_summed([_ZERO, *figures]):f}" for figures in sums)
        count = sum(1 if part[3] is None else part[4] - part[3] + 1 for part in parts)
        highest, lowest = (chosen((part[1] for part in parts), key=Decimal) for chosen in (max, min))
        closes = next_open(interval, opened) - 1
        yield [opened, parts[0][1], highest, lowest, parts[-1][1], volume, closes, quote, count, base_bought, quote_bought]


def _highest(parts: Sequence[Candle]) -> str:
    highest: str = max((part[2] for part in parts), key=Decimal)
    return highest


def _lowest(parts: Sequence[Candle]) -> str:
    lowest: str = min((part[3] for part in parts), key=Decimal)
    return lowest


def _summed(figures: Sequence[Any]) -> Any:
    """Their sum, None when one of them is not known."""
    total = figures[0]
    for figure in figures[1:]:
        if total is None or figure is None:
            return None
        total = _ALL_DIGITS.add(total, figure) if isinstance(total, Decimal) else total + figure
    return total


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
