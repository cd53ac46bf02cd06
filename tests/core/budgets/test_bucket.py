from __future__ import annotations

import random
from pathlib import Path

import pytest

from exchangeclient.core.budgets.bucket import Bucket
from exchangeclient.core.budgets.budget import Limit, Moment, Priority, Tally
from exchangeclient.core.budgets.governor import Governor
from exchangeclient.core.budgets.ledger import Ledger
from exchangeclient.core.process.clock import FakeClock, VenueClock
from exchangeclient.exceptions import RateLimitException

LIMIT = Limit("CALLS-1M", "weight", 60_000, 30, "x-left", refills=True, size_header="x-size")
START_MS = 1_700_000_000_000


def at(ms: float) -> Moment:
    return Moment(START_MS + round(ms))


def spent(bucket: Bucket, times: int, ms: float = 0) -> None:
    for _ in range(times):
        bucket.settle(bucket.spend(1, at(ms)), at(ms), None)


def test_it_fills_up_all_the_time_and_not_at_edges() -> None:
    bucket = Bucket(LIMIT)
    spent(bucket, 30)
    assert bucket.left(at(0)) == 0
    assert bucket.left(at(1999)) == 0
    assert bucket.left(at(2000)) == 1
    assert bucket.left(at(60_000)) == bucket.left(at(600_000)) == 30


def test_looking_often_takes_nothing_of_what_comes_in() -> None:
    bucket = Bucket(LIMIT)
    spent(bucket, 30)
    for ms in range(4001):
        left = bucket.left(at(ms))
    assert left == 2


def test_what_the_venue_says_is_left_is_taken_over_less_what_it_may_not_have_counted() -> None:
    bucket = Bucket(LIMIT)
    first, second, third = (bucket.spend(1, at(0)) for _ in range(3))
    bucket.settle(second, at(0), 20)  # first is on its way still, third left later
    assert bucket.left(at(0)) == 18
    bucket.settle(third, at(0), 19)
    assert bucket.left(at(0)) == 18
    bucket.settle(first, at(0), None)
    assert bucket.left(at(0)) == 18
    last = bucket.spend(1, at(0))
    bucket.settle(last, at(0), 25)
    assert bucket.left(at(0)) == 25, "nobody else spends as much as it seemed"


def test_a_call_that_stayed_here_is_given_back_once() -> None:
    bucket = Bucket(LIMIT)
    stake = bucket.spend(1, at(0))
    bucket.refund(stake, at(0))
    bucket.refund(stake, at(0))
    assert bucket.left(at(0)) == 30


def test_a_clock_that_is_put_right_neither_fills_nor_empties_it() -> None:
    bucket = Bucket(LIMIT)
    spent(bucket, 30)
    bucket.unmoor()
    assert bucket.left(at(3_600_000)) == 0
    assert bucket.left(at(0)) == 0
    assert bucket.left(at(2000)) == 1


def test_how_much_it_holds_may_be_told() -> None:
    bucket = Bucket(LIMIT)
    bucket.holds(60)
    bucket.holds(None)
    assert bucket.left(at(0)) == 60


def test_a_process_that_was_forked_off_has_nothing_on_its_way() -> None:
    bucket = Bucket(LIMIT)
    stake = bucket.spend(1, at(0))
    bucket.forget_underway()
    bucket.settle(stake, at(0), 3)
    assert bucket.left(at(0)) == 29


def test_processes_count_together(tmp_path: Path) -> None:
    bucket, other = Bucket(LIMIT), Bucket(LIMIT)
    spent(bucket, 10)
    spent(other, 5)
    kept: dict[int, Tally] = {}
    for each in (bucket, other, bucket):
        each.turn(at(0), kept.get)
        kept[0] = Tally(0, each.tally.spent, told_ms=each.tally.told_ms)
    assert bucket.left(at(0)) == other.left(at(0)) == 15
    clocks = [VenueClock(FakeClock(START_MS)) for _ in range(2)]
    governors = [Governor((LIMIT,)) for _ in range(2)]
    for governor, clock in zip(governors, clocks, strict=True):
        clock.told(clock.asked(), START_MS)
        governor.share(Ledger(tmp_path / "ledger").page("here"))
    for governor, clock in zip(governors, clocks, strict=True):
        for _ in range(15):
            governor.settle(governor.spend({"weight": 1}, Priority.ORDER, clock, None), clock, {})
    with pytest.raises(RateLimitException):
        governors[0].spend({"weight": 1}, Priority.ORDER, clocks[0], None)


class Venue:
    """A bucket as the venue has it, in exact numbers of its own."""

    def __init__(self, most: int, per_s: float) -> None:
        self.most, self.per_s = most, per_s
        self.held, self.at_s, self.refused = float(most), 0.0, 0

    def take(self, now_s: float) -> int:
        self.held = min(self.most, self.held + (now_s - self.at_s) * self.per_s)
        self.at_s = now_s
        if self.held < 1:
            self.refused += 1
            return 0
        self.held -= 1
        return int(self.held)


class Patient:
    def left_s(self) -> float:
        return 1000.0


@pytest.mark.parametrize("seed", range(5))
def test_L04_the_venue_never_refuses_in_a_virtual_day_whoever_else_is_there(seed: int) -> None:
    rng = random.Random(seed)
    clock = FakeClock(START_MS)
    governor, venue = Governor((LIMIT,)), Venue(30, 0.5)
    calls = 0
    while clock.monotonic_s() < 86_400 / 8:
        ticket = governor.spend({"weight": 1}, Priority.READ, clock, Patient())
        clock.advance(rng.random() * 0.2)
        left = venue.take(clock.monotonic_s())
        clock.advance(rng.random() * 0.2)
        governor.settle(ticket, clock, {"x-left": str(left)})
        calls += 1
        if rng.random() < 0.05:
            clock.advance(rng.random() * 120)
    assert venue.refused == 0
    assert calls > 86_400 / 8 * 0.5 * 0.5, f"seed {seed}: no more was held back than had to be"


def test_L03_the_answers_of_others_calls_are_counted_too() -> None:
    clock = FakeClock(START_MS)
    governor, venue = Governor((LIMIT,)), Venue(30, 0.5)
    for _ in range(100):
        ticket = governor.spend({"weight": 1}, Priority.READ, clock, Patient())
        left = venue.take(clock.monotonic_s())
        governor.settle(ticket, clock, {"x-left": str(left), "x-size": "30"})
        if left > 5:
            venue.take(clock.monotonic_s())  # another machine with the same key
    assert venue.refused == 0


def test_what_is_left_is_shown() -> None:
    clock = FakeClock(START_MS)
    governor = Governor((LIMIT,))
    governor.settle(governor.spend({"weight": 1}, Priority.READ, clock, None), clock, {"x-left": "25", "x-size": "40"})
    shown = governor.shown(clock)["limits"]["CALLS-1M"]
    assert (shown["limit"], shown["left"]) == (40, 25)
