"""Names of files for series: within their directory whatever a symbol is, no two alike even where capitals do not count. Pure."""

from __future__ import annotations

import hashlib
import re
from typing import Final
from urllib.parse import quote

from exchangeclient.archive.series import Series

_SAFE: Final = re.compile(r"[0-9A-Z_-]+(\.[0-9A-Z_-]+)*")
_RESERVED: Final = re.compile(r"(CON|PRN|AUX|NUL|COM\d|LPT\d)(\..*)?", re.ASCII)  # to Windows, whatever follows them
_LONGEST: Final = 80
_MONTH: Final = "1mo"  # as Binance's public dumps have it: 1M and 1m are one name to some systems


def file_name(text: str) -> str:
    """A text as part of a path. Capital letters, digits, ``-``, ``_`` and single dots stay; everything else is written as ``%XX``."""
    name = text if _SAFE.fullmatch(text) else "".join(each if _SAFE.fullmatch(each) else _escaped(each) for each in text)
    if _RESERVED.fullmatch(name):
        name = f"%{ord(name[0]):02X}{name[1:]}"
    if len(name) > _LONGEST:
        name = f"{name[:_LONGEST]}-{hashlib.sha256(text.encode()).hexdigest()[:16].upper()}"
    return name


def interval_name(interval: str) -> str:
    """An interval as part of a path."""
    return interval.replace("M", "mo")


def interval_of(name: str) -> str:
    """The interval that such a part stands for."""
    return name.replace("mo", "M")


def series_name(series: Series) -> str:
    """A series as the name of a file."""
    return f"{file_name(series.venue.upper())}_{file_name(series.symbol)}_{interval_name(series.interval)}"


def _escaped(character: str) -> str:
    escaped = quote(character, safe="")
    return escaped if escaped != character else f"%{ord(character):02X}"
