from __future__ import annotations

import threading
import time
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exchangeclient.core.process.clock import Clock, FakeClock, SystemClock, VenueClock, nap


def test_the_system_clock_tells_the_machines_time() -> None:
    clock: Clock = SystemClock()
    before = time.time()
    now = clock.now_ms()
    assert int(before * 1000) <= now <= time.time() * 1000
    first = clock.monotonic_s()
    assert clock.monotonic_s() >= first


def test_a_fake_clock_goes_only_when_told() -> None:
    clock: FakeClock = FakeClock(1_000)
    assert (clock.now_ms(), clock.monotonic_s()) == (1_000, 0.0)
    clock.advance(2.5)
    assert (clock.now_ms(), clock.monotonic_s()) == (3_500, 2.5)


# The venue's time


class Machine:
    """A machine's clocks and the venue's, each going at a pace of its own."""

    def __init__(self, *, wrong_ms: float = 0.0, drift: float = 0.0) -> None:
        self.passed_s = 0.0
        self.wrong_ms = wrong_ms
        self.drift = drift

    def now_ms(self) -> int:
        return round(START + self.monotonic_s() * 1000 + self.wrong_ms)

    def monotonic_s(self) -> float:
        return self.passed_s * (1 + self.drift)

    def venue_ms(self) -> float:
        return START + self.passed_s * 1000


START = 1_700_000_000_000


def ask(clock: VenueClock, machine: Machine, *, there_s: float = 0.02, back_s: float = 0.02, lie_ms: float = 0.0) -> bool:
    asked_s = clock.asked()
    machine.passed_s += there_s
    said_ms = round(machine.venue_ms() + lie_ms)
    machine.passed_s += back_s
    return clock.told(asked_s, said_ms)


def error_ms(clock: VenueClock, machine: Machine) -> float:
    return clock.now_ms() - machine.venue_ms()


def test_before_the_venue_has_told_its_time_the_machines_is_used() -> None:
    machine = Machine(wrong_ms=3_600_000)
    clock = VenueClock(machine)
    assert clock.now_ms() == machine.now_ms()
    assert (clock.offset_ms, clock.doubt_ms, clock.age_s, clock.is_due()) == (0.0, None, None, True)


@given(st.floats(-1e11, 1e11), st.floats(0, 1), st.floats(0, 1))
def test_the_offset_is_right_to_half_the_round_trip(wrong_ms: float, there_s: float, back_s: float) -> None:
    machine = Machine(wrong_ms=wrong_ms)
    clock = VenueClock(machine)
    ask(clock, machine, there_s=there_s, back_s=back_s)
    assert clock.doubt_ms is not None
    assert abs(error_ms(clock, machine)) <= clock.doubt_ms + 2
    assert clock.doubt_ms == pytest.approx((there_s + back_s) * 500, abs=0.1)


def test_the_shortest_round_trip_is_believed() -> None:
    machine = Machine()
    clock = VenueClock(machine)
    ask(clock, machine, there_s=0.01, back_s=0.01)
    ask(clock, machine, there_s=0.01, back_s=0.4)
    assert abs(error_ms(clock, machine)) <= 1


def test_a_slow_answer_is_asked_for_again_but_not_for_ever() -> None:
    machine = Machine()
    clock = VenueClock(machine)
    assert [ask(clock, machine, there_s=1, back_s=0) for _ in range(3)] == [False, False, True]
    assert not clock.is_due()
    assert ask(VenueClock(machine), machine)


def test_one_lie_changes_nothing() -> None:
    machine = Machine()
    clock = VenueClock(machine)
    ask(clock, machine)
    assert not ask(clock, machine, lie_ms=-60_000)
    assert abs(error_ms(clock, machine)) <= 20
    assert ask(clock, machine)
    assert abs(error_ms(clock, machine)) <= 20


def test_a_venue_whose_clock_was_set_is_believed_the_second_time() -> None:
    machine = Machine()
    clock = VenueClock(machine)
    ask(clock, machine)
    assert not ask(clock, machine, lie_ms=-60_000)
    assert ask(clock, machine, lie_ms=-60_000)
    assert error_ms(clock, machine) == pytest.approx(-60_000, abs=20)


def test_after_a_refusal_by_time_the_next_answer_counts_alone() -> None:
    machine = Machine()
    clock = VenueClock(machine)
    ask(clock, machine, there_s=0, back_s=0, lie_ms=5_000)
    assert not clock.is_due()
    clock.distrust()
    assert clock.is_due()
    ask(clock, machine, there_s=0.05, back_s=0.05)
    assert abs(error_ms(clock, machine)) <= 50
    assert not clock.is_due()


def test_a_failure_leaves_what_was_known_and_is_not_repeated_at_once() -> None:
    machine = Machine(wrong_ms=7_000)
    clock = VenueClock(machine)
    ask(clock, machine)
    clock.distrust()
    clock.asked()
    clock.failed()
    assert abs(error_ms(clock, machine)) <= 20
    assert not clock.is_due()
    machine.passed_s += 601
    assert clock.is_due()
    clock.asked()
    clock.failed()
    assert not clock.is_due()
    machine.passed_s += 11
    assert clock.is_due()
    assert clock.age_s == pytest.approx(612, abs=0.1)


@given(seed=st.integers(0, 2**32), drift=st.floats(-1e-4, 1e-4))
@settings(max_examples=10, deadline=None)
def test_T05_a_week_of_drift_costs_less_than_100_ms(seed: int, drift: float) -> None:
    """A call every five to fifteen minutes. Fails when `is_due` forgets how old the last answer is."""
    random = Random(seed)
    machine = Machine(drift=drift)
    clock = VenueClock(machine)
    while machine.passed_s < 7 * 86_400:
        while clock.is_due():
            ask(clock, machine, there_s=random.uniform(0.01, 0.08), back_s=random.uniform(0.01, 0.08))
        assert abs(error_ms(clock, machine)) < 100
        machine.passed_s += random.uniform(300, 900) if random.random() < 0.5 else 7


@pytest.mark.parametrize("step_ms", [-86_400_000, -3_600_000, -1_000, 1_000, 3_600_000, 86_400_000])
def test_T02_a_step_of_the_machines_date_is_noticed_and_moves_nothing(step_ms: int) -> None:
    machine = Machine()
    clock = VenueClock(machine)
    ask(clock, machine)
    machine.passed_s += 60
    assert not clock.is_due()
    machine.wrong_ms = step_ms
    assert clock.is_due()
    assert abs(error_ms(clock, machine)) <= 20
    ask(clock, machine)
    assert not clock.is_due()
    assert clock.offset_ms == pytest.approx(-step_ms, abs=20)


def test_T02_after_a_sleep_the_venue_is_asked_anew() -> None:
    """The machine's date goes on while it sleeps, its monotonic clock does not."""
    machine = FakeClock(START)
    clock = VenueClock(machine)
    clock.told(clock.asked(), START)
    machine.step(3_600)
    assert clock.is_due()
    clock.told(clock.asked(), START + 3_600_000)
    assert clock.now_ms() == START + 3_600_000
    assert not clock.is_due()


def test_a_nap_is_short_so_that_ctrl_c_is_heard_and_moves_a_clock_that_is_set_by_hand() -> None:
    machine = FakeClock(START)
    assert nap(VenueClock(machine), 30) == 30
    assert machine.monotonic_s() == 30
    before = time.monotonic()
    assert nap(SystemClock(), 0.01) == 0.01
    assert 0.01 <= time.monotonic() - before < 2.0
    changed = threading.Condition()
    with changed:
        assert nap(SystemClock(), 0.01, changed) == 0.01
