"""The venue's times, ISO texts in UTC, and milliseconds since 1970. Pure."""

from __future__ import annotations

from datetime import UTC, datetime


def iso(time_ms: int) -> str:
    """A moment as the venue writes it: ``2024-11-25T10:30:00.123Z``."""
    return f"{datetime.fromtimestamp(time_ms // 1000, UTC):%Y-%m-%dT%H:%M:%S}.{time_ms % 1000:03d}Z"


def milliseconds(text: str) -> int:
    """The milliseconds since 1970 of a moment that the venue shows.

    :raises ValueError: when it is no such text
    """
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"a time without a zone: {text[:40]!r}")
    since = moment - datetime(1970, 1, 1, tzinfo=UTC)
    return since.days * 86_400_000 + since.seconds * 1000 + since.microseconds // 1000
