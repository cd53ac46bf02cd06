from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exchangeclient.binance.readings import equal, milliseconds, told_ms


@pytest.mark.parametrize("written", [1_700_000_000_123, 1_700_000_000_123_456, "1700000000123", "1700000000123456"])
def test_times_are_milliseconds_in_whichever_unit_they_are_written(written: int | str) -> None:
    assert milliseconds(written) == 1_700_000_000_123


@pytest.mark.parametrize(("shown", "told"), [({"time": 5}, 5), ({"time": "5"}, None), ({"time": None}, None), ({}, None)])
def test_a_time_that_is_not_shown_is_none(shown: dict[str, Any], told: int | None) -> None:
    assert told_ms(shown, "time") == told


@pytest.mark.parametrize(
    ("shown", "sent", "same"), [("2.00000000", "2", True), (100, "100.0", True), ("0", "0.00", True), ("2.1", "2", False)]
)
def test_figures_are_compared_as_numbers(shown: object, sent: object, same: bool) -> None:
    assert equal(shown, sent) is same


@given(st.one_of(st.none(), st.booleans(), st.text(), st.floats(), st.lists(st.integers())))
def test_what_is_no_figure_equals_nothing(shown: object) -> None:
    assert isinstance(equal(shown, "2"), bool)
    assert not equal(None, shown)
