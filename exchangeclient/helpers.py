"""Small things that scripts need: dates, intervals, steps, one run at a time."""

from __future__ import annotations

from decimal import Decimal

from exchangeclient.core.calling.dates import When, milliseconds
from exchangeclient.core.process.clock import SystemClock
from exchangeclient.core.process.onlyrun import only_run
from exchangeclient.market.klines import duration_ms
from exchangeclient.numbers import Number, exact, floored

__all__ = ["date_to_milliseconds", "interval_to_milliseconds", "round_step_size", "only_run"]


def date_to_milliseconds(date_str: When) -> int:
    """A date as people write it, in milliseconds since 1970: ``"1 day ago UTC"``, ``"January 01, 2018"``, ISO, epoch.

    A date without a zone is UTC.

    :raises ValueError: when it cannot be read
    """
    return milliseconds(date_str, SystemClock().now_ms(), "date_str")


def interval_to_milliseconds(interval: str) -> int | None:
    """How long a candle lasts; None for ``"1M"``, whose months differ, and for what is no interval."""
    try:
        return duration_ms(interval)
    except ValueError:
        return None


def round_step_size(quantity: Number, step_size: Number) -> float:
    """A quantity cut down to a multiple of a step, reckoned exactly.

    :raises ValueError: when one is no number, the quantity is negative or the step is not above zero
    """
    amount, step = exact(quantity, "quantity"), exact(step_size, "step_size")
    if amount < 0:
        raise ValueError(f"quantity must not be negative: {amount:f}")
    if step <= Decimal(0):
        raise ValueError(f"step_size must be above zero, not {step:f}")
    return float(floored(amount, step))
