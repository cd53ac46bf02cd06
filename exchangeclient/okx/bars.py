"""Candle intervals by the words of ``KLINE_INTERVAL_*``, and OKX's words for the same. Pure.

OKX's candles of six hours and longer begin by Hong Kong's clock, unless their word ends in ``utc``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, get_args

from exchangeclient.enums import OkxBar

BY_INTERVAL: Final[Mapping[str, str]] = {
    **{interval: interval for interval in ("1s", "1m", "3m", "5m", "15m", "30m")},
    "1h": "1H", "2h": "2H", "4h": "4H", "6h": "6Hutc", "12h": "12Hutc",
    "1d": "1Dutc", "3d": "3Dutc", "1w": "1Wutc", "1M": "1Mutc",
}  # fmt: skip
"""All of them begin by UTC."""


MONTH: Final = "1Mutc"

_UNITS_MS: Final[Mapping[str, int]] = {"s": 1_000, "m": 60_000, "H": 3_600_000, "D": 86_400_000, "W": 604_800_000}


def length_ms(bar: str) -> int | None:
    """How long a bar of the venue's lasts; None for one of months, which differ."""
    text = bar.removesuffix("utc")
    unit = _UNITS_MS.get(text[-1])
    return None if unit is None else int(text[:-1]) * unit


def bar_of(interval: str) -> str:
    """The venue's word for an interval; one of its own words is taken as it is.

    :raises ValueError: for an interval that it does not have
    :raises TypeError: for what is no text
    """
    if not isinstance(interval, str):
        raise TypeError(f"interval must be a str, not {type(interval).__name__}")
    if interval in BY_INTERVAL:
        return BY_INTERVAL[interval]
    if interval not in get_args(OkxBar):
        raise ValueError(f"interval must be one of {', '.join(BY_INTERVAL)}, or a bar of the venue's; not {interval[:40]!r}")
    return interval
