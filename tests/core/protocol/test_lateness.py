"""How late a stream's events are, by clocks that know nothing of each other."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exchangeclient.core.protocol.lateness import Lateness


@settings(deadline=None)
@given(offset=st.floats(-1e9, 1e9), ways=st.lists(st.floats(0, 100), min_size=1, max_size=30))
def test_lateness_is_counted_from_the_promptest_event_whatever_the_clocks_show(offset: float, ways: list[float]) -> None:
    lateness = Lateness()
    for second, way in enumerate(ways):
        late = lateness.seen(offset + second + way, second)
        assert late == pytest.approx(way - min(ways[: second + 1]), abs=1e-5)
        assert late >= 0


def test_clock_that_is_a_little_fast_does_not_add_up() -> None:
    lateness = Lateness()
    fast = 1 + 1e-4  # 8.6 s a day
    assert max(lateness.seen(second * fast, second) for second in range(0, 30 * 86_400, 10)) < 1


def test_what_was_prompt_a_while_ago_still_counts() -> None:
    lateness = Lateness()
    assert lateness.seen(1700.0, 1700.0) == 0
    assert lateness.seen(3600.0, 3590.0) == 10
    assert lateness.seen(3700.0, 3690.0) == 10


def test_what_was_forgotten_counts_no_more() -> None:
    lateness = Lateness()
    assert lateness.seen(0.0, 0.0) == 0
    assert lateness.seen(100.0, 40.0) == 60
    lateness.forget()
    assert lateness.seen(101.0, 41.0) == 0
