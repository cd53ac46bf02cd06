"""Times in Binance's answers: exact in every shape, and written in the unit that was asked for when the shape is encoded.

So whoever makes a shape needs not know who will read it, and one shape can be encoded for readers of both units.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import msgspec

from exchangeclient.sandbox.dialects.binance import errors

Unit = Literal["MILLISECOND", "MICROSECOND"]

UNITS: Mapping[str | None, Unit] = {
    None: "MILLISECOND",
    "MILLISECOND": "MILLISECOND",
    "millisecond": "MILLISECOND",
    "MICROSECOND": "MICROSECOND",
    "microsecond": "MICROSECOND",
}


class Time:
    """A moment in a shape, in microseconds since the epoch. A negative one stands for none: it is written as -1 in either unit."""

    __slots__ = ("us",)

    def __init__(self, us: int) -> None:
        self.us = us

    @classmethod
    def opening(cls, ms: int) -> Time:
        """The begin of a millisecond."""
        return cls(ms * 1000)

    @classmethod
    def closing(cls, ms: int) -> Time:
        """The end of a millisecond: what ends with it ends at its last microsecond."""
        return cls(ms * 1000 + 999)


def unit_named(text: str | None) -> Unit:
    """The unit that a header or a URL asks for; milliseconds when it does not say."""
    if text not in UNITS:
        raise errors.BAD_TIME_UNIT()
    return UNITS[text]


def encode(shape: Any, unit: Unit = "MILLISECOND") -> bytes:
    """The shape as JSON."""
    return _ENCODERS[unit].encode(shape)


def _milliseconds(time: Time) -> int:
    return time.us // 1000 if time.us >= 0 else -1


def _microseconds(time: Time) -> int:
    return time.us if time.us >= 0 else -1


_ENCODERS: Mapping[Unit, msgspec.json.Encoder] = {
    "MILLISECOND": msgspec.json.Encoder(enc_hook=_milliseconds),
    "MICROSECOND": msgspec.json.Encoder(enc_hook=_microseconds),
}
