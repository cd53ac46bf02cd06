"""OKX's figures as texts: plain digits without trailing zeros, times in milliseconds."""

from __future__ import annotations

import re

from exchangeclient.sandbox.engine.instruments import DIGITS, UNIT, Instrument, shown

_DECIMAL = re.compile(r"([0-9]{1,20})(?:\.([0-9]{0,20}))?", re.ASCII)


def plain(number: int) -> str:
    """5000000 -> ``'0.05'``."""
    return trimmed(shown(number))


def trimmed(text: str) -> str:
    """``'0.05000000'`` -> ``'0.05'``."""
    return text.rstrip("0").rstrip(".") if "." in text else text


def fee(number: int) -> str:
    """What was charged, which the venue shows as negative."""
    return plain(-number) if number else "0"


def read(text: str) -> int | None:
    """A number as a scaled integer; None for anything that the venue does not take, exponents included."""
    match = _DECIMAL.fullmatch(text)
    if match is None:
        return None
    fraction = (match[2] or "").rstrip("0")
    return int(match[1] + fraction.ljust(DIGITS, "0")) if len(fraction) <= DIGITS else None


def size(instrument: Instrument, quantity: int) -> str:
    """A quantity of the engine as the venue counts it: coins on spot, contracts on swaps."""
    return plain(counted(instrument, quantity))


def counted(instrument: Instrument, quantity: int) -> int:
    """The same as a scaled integer."""
    return quantity if instrument.swap is None else quantity * UNIT // instrument.swap.contract


def quantity(instrument: Instrument, size: int) -> int:
    """And back."""
    return size if instrument.swap is None else size * instrument.swap.contract // UNIT


def ms(time_us: int) -> str:
    """A time as the venue tells it."""
    return str(time_us // 1000)
