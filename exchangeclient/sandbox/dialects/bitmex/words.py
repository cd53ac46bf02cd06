"""BitMEX's figures and times: JSON numbers, money in minor units, times with milliseconds."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from exchangeclient.sandbox.engine.instruments import DIGITS, UNIT

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LONGEST = 40
_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]{1,3})?", re.ASCII)  # more of an exponent would take minutes


def number(scaled: int) -> int | float:
    """A scaled integer as the venue writes it: ``5800``, ``5800.5``."""
    return scaled // UNIT if scaled % UNIT == 0 else scaled / UNIT


def ratio(part: int, whole: int) -> float:
    """One figure by another, to four decimals; 0 by nothing."""
    return round(part / whole, 4) if whole else 0.0


def read(value: object) -> int | None:
    """A number, or a text that is one, as a scaled integer; None for anything that has no such."""
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return None
    text = str(value)
    if len(text) > _LONGEST or not _NUMBER.fullmatch(text):
        return None
    scaled = Decimal(text).scaleb(DIGITS)
    return int(scaled) if scaled == int(scaled) else None


def iso(time_us: int) -> str:
    """``2021-07-22T22:36:07.865Z``."""
    return (_EPOCH + timedelta(milliseconds=time_us // 1000)).strftime("%Y-%m-%dT%H:%M:%S.") + f"{time_us // 1000 % 1000:03d}Z"


def instant(text: str) -> int | None:
    """A time in microseconds, in whichever form of ISO 8601 it is written; without an offset it is UTC. None for no time."""
    try:
        read_as = datetime.fromisoformat(text.strip())
    except ValueError:
        return None
    if read_as.tzinfo is None:
        read_as = read_as.replace(tzinfo=UTC)
    return (read_as - _EPOCH) // timedelta(microseconds=1)


def guid(kind: int, owner: int, count: int) -> str:
    """An id in the venue's form, the same for the same numbers: of orders, executions, or trades."""
    return f"{kind:08x}-{owner % 2**16:04x}-1000-{owner >> 16 & 0xFFFF:04x}-{count:012x}"
