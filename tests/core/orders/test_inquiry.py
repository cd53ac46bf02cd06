"""When the questions after a lost call are over."""

from __future__ import annotations

from typing import Any

import pytest

from exchangeclient.core.calling.call import Errand
from exchangeclient.core.http.request import Request
from exchangeclient.core.orders.inquiry import Inquiry, as_call
from exchangeclient.exceptions import ClockSkewException, ExchangeRequestException
from exchangeclient.market.settlement import Case


class World:
    """A clock and a deadline that go on by themselves when something waits."""

    def __init__(self, left_s: float = 60.0) -> None:
        self.now_ms = 0
        self.left = left_s
        self.errand = Errand(lambda _: None, self.left_s, self.wait, lambda: self.now_ms)

    def left_s(self) -> float:
        if self.left <= 0:
            raise TimeoutError
        return self.left

    def wait(self, seconds: float) -> None:
        self.now_ms += round(seconds * 1000)
        self.left -= seconds

    def inquiry(self, ahead_ms: int = 0) -> Inquiry:
        return Inquiry(Case.opened(timestamp_ms=0, window_ms=5_000, engine_ms=10_000), self.errand, ahead_ms=ahead_ms)


def asked_until_over(world: World, inquiry: Inquiry) -> int:
    looks = 0
    while not inquiry.never_happened and inquiry.goes_on():
        inquiry.stamp_ms()
        inquiry.missed("nothing")
        looks += 1
    return looks


@pytest.mark.parametrize("ahead_ms", [0, 1_000])
def test_two_looks_past_the_time_that_decides_are_evidence(ahead_ms: int) -> None:
    world = World()
    inquiry = world.inquiry(ahead_ms)
    assert asked_until_over(world, inquiry) > 2
    assert inquiry.never_happened
    assert 15_000 + ahead_ms < world.now_ms < 20_000 + ahead_ms


def test_without_time_enough_nobody_knows() -> None:
    world = World(left_s=5.0)
    inquiry = world.inquiry()
    assert asked_until_over(world, inquiry) > 1
    assert not inquiry.never_happened
    assert inquiry.why == "nothing"


def test_questions_that_fail_prove_nothing(monkeypatch: Any) -> None:
    world = World(left_s=100.0)
    inquiry = world.inquiry()
    while inquiry.goes_on():
        inquiry.failed(ExchangeRequestException("gone"))
    assert not inquiry.never_happened
    assert inquiry.why == "gone"


def test_after_a_wrong_clock_the_next_question_has_no_time_of_ours_and_proves_nothing() -> None:
    world = World()
    world.now_ms = 100_000
    inquiry = world.inquiry()
    assert inquiry.stamp_ms() == 100_000
    inquiry.failed(ClockSkewException("too old"))
    assert inquiry.stamp_ms() is None
    inquiry.missed("nothing")
    assert inquiry.stamp_ms() == 100_000


def test_a_question_is_shown_as_a_user_would_write_it() -> None:
    asked = Request("get_order", "GET", "/order", {"symbol": "X", "orderId": "1", "timestamp": "5"})
    assert as_call(asked) == "get_order(symbol='X', orderId='1')"
