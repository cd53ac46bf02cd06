"""Time of a sandbox's own: standing still, moved, running, and never back."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from exchangeclient.sandbox.clocks import VirtualClock

START_US = 1_700_000_000_000_000


class Machine:
    def __init__(self) -> None:
        self.us = 5

    def __call__(self) -> int:
        return self.us


def test_at_speed_zero_time_stands_still_until_it_is_moved() -> None:
    machine = Machine()
    clock = VirtualClock(START_US, speed=0, most_us=10**12, elapsed=machine)
    machine.us += 10**9
    assert clock() == START_US
    clock.advance(1_500_000)
    assert clock() == START_US + 1_500_000


def test_it_runs_as_many_times_as_fast_as_the_machine() -> None:
    machine = Machine()
    clock = VirtualClock(START_US, speed=60, most_us=10**12, elapsed=machine)
    machine.us += 1_000_000
    assert clock() == START_US + 60_000_000
    clock.speed = 0.5  # from now on
    machine.us += 1_000_000
    assert clock() == START_US + 60_500_000


def test_of_a_long_pause_the_beginning_is_skipped() -> None:
    machine = Machine()
    clock = VirtualClock(START_US, speed=10, most_us=60_000_000, elapsed=machine)
    machine.us += 3600 * 10**6
    assert clock() == START_US + 60_000_000
    clock.advance(3600 * 10**6)  # what is asked for is never skipped
    assert clock() == START_US + 60_000_000 + 3600 * 10**6


@given(st.lists(st.tuples(st.integers(0, 10**7), st.integers(0, 10**7), st.sampled_from([0, 0.3, 1, 60.0]))))
def test_it_never_goes_back(steps: list[tuple[int, int, float]]) -> None:
    machine = Machine()
    clock = VirtualClock(START_US, speed=1, most_us=10**6, elapsed=machine)
    seen = clock()
    for passed, moved, speed in steps:
        machine.us += passed
        clock.advance(moved)
        clock.speed = speed
        assert clock() >= seen + moved
        seen = clock()
