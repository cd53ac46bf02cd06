"""Times keep their microseconds until they are written."""

from __future__ import annotations

import json

import pytest

from exchangeclient.sandbox.dialects.binance.errors import VenueError
from exchangeclient.sandbox.dialects.binance.times import Time, encode, unit_named

EXACT_US = 1_700_000_000_123_456


def test_one_shape_is_written_in_either_unit() -> None:
    shape = {"E": Time(EXACT_US), "k": [Time.opening(EXACT_US // 1000), Time.closing(EXACT_US // 1000)], "n": 5}
    assert json.loads(encode(shape)) == {"E": EXACT_US // 1000, "k": [EXACT_US // 1000] * 2, "n": 5}
    opening, closing = json.loads(encode(shape, "MICROSECOND"))["k"]
    assert json.loads(encode(shape, "MICROSECOND"))["E"] == EXACT_US
    assert (opening % 1000, closing % 1000, closing // 1000) == (0, 999, EXACT_US // 1000)


def test_no_time_is_minus_one_in_either_unit() -> None:
    assert encode(Time(-1)) == encode(Time(-1), "MICROSECOND") == b"-1"


@pytest.mark.parametrize(
    ("text", "unit"),
    [
        (None, "MILLISECOND"),
        ("MILLISECOND", "MILLISECOND"),
        ("millisecond", "MILLISECOND"),
        ("MICROSECOND", "MICROSECOND"),
        ("microsecond", "MICROSECOND"),
    ],
)
def test_a_unit_is_named_in_upper_or_lower_case(text: str | None, unit: str) -> None:
    assert unit_named(text) == unit


@pytest.mark.parametrize("text", ["", "Microsecond", "SECOND"])
def test_another_unit_is_refused(text: str) -> None:
    with pytest.raises(VenueError) as refusal:
        unit_named(text)
    assert refusal.value.code == -1194
