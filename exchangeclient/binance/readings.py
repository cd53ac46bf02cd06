"""The times and figures of the venue's answers, read. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from exchangeclient.numbers import exact

AHEAD_MS: Final = 1_000
"""How far ahead of the venue's clock a timestamp may be, by
https://developers.binance.com/docs/binance-spot-api-docs/rest-api/request-security: so two times may be as far apart and mean the same."""


def milliseconds(time: int | str) -> int:
    """A time of the wire, which is in microseconds from a size on that no millisecond of this era has."""
    number = int(time)
    return number // 1000 if number >= 10**14 else number


def told_ms(shown: Mapping[str, Any], name: str) -> int | None:
    """A moment that the venue shows; None when it shows none."""
    time = shown.get(name)
    return milliseconds(time) if isinstance(time, int) else None


def equal(shown: object, sent: object) -> bool:
    """True when the venue shows the number that was sent."""
    try:
        return exact(shown, "shown") == exact(sent, "sent")
    except (TypeError, ValueError):
        return False
