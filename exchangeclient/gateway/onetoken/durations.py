"""Lengths of candles in the protocol's words. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from exchangeclient.gateway.onetoken.errors import ServiceError

DURATIONS: Final = ("1m", "5m", "15m", "30m", "1h", "2h", "4h", "6h", "1d", "1w")
_FORMER: Final[Mapping[str, str]] = {"1min": "1m", "5min": "5m", "15min": "15m", "30min": "30m", "1hour": "1h", "1day": "1d"}


def interval(duration: object) -> str:
    """The same in this package's words, which are no others.

    :raises ServiceError: when there is none
    """
    found = _FORMER.get(duration, duration) if isinstance(duration, str) else None
    if found not in DURATIONS:
        raise ServiceError("invalid-param", f"duration must be one of {', '.join(DURATIONS)}")
    return found
