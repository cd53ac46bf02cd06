from __future__ import annotations

import pytest

from exchangeclient.core.process.clock import SystemClock
from exchangeclient.helpers import date_to_milliseconds, interval_to_milliseconds, round_step_size


def test_dates_count_from_now() -> None:
    before = SystemClock().now_ms()
    ago = date_to_milliseconds("1 hour ago UTC")
    after = SystemClock().now_ms()
    assert before - 3_600_000 <= ago <= after - 3_600_000
    assert date_to_milliseconds("January 01, 2018") == 1514764800000


def test_a_bad_date_names_the_argument() -> None:
    with pytest.raises(ValueError, match="date_str cannot be read as a date: 'soon'"):
        date_to_milliseconds("soon")


@pytest.mark.parametrize(
    ("interval", "length"), [("1m", 60_000), ("4h", 14_400_000), ("1w", 604_800_000), ("1M", None), ("m1", None), ("", None)]
)
def test_intervals_in_milliseconds(interval: str, length: int | None) -> None:
    assert interval_to_milliseconds(interval) == length


@pytest.mark.parametrize(
    ("quantity", "step", "cut"), [(0.3, 0.1, 0.3), (1.23456, 0.001, 1.234), ("5", "2", 4.0), (0.00009, 0.0001, 0.0), (7, 1, 7.0)]
)
def test_quantities_are_cut_to_the_step_without_float_noise(quantity: float | str, step: float | str, cut: float) -> None:
    assert round_step_size(quantity, step) == cut


def test_a_step_of_zero_and_a_negative_quantity_are_refused() -> None:
    with pytest.raises(ValueError, match="step_size must be above zero"):
        round_step_size(1, 0)
    with pytest.raises(ValueError, match="quantity must not be negative"):
        round_step_size(-1, 1)
