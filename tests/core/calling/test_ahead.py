"""Calls are made side by side, their results come in order, and nothing is left behind."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial

import pytest

from exchangeclient.core.calling.ahead import Ahead
from exchangeclient.core.process.clock import FakeClock, SystemClock
from exchangeclient.exceptions import RateLimitException

SOON_S = 10.0


def threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name.startswith("exchangeclient-test-ahead")]


def ahead(count: int, *, waits: bool = True) -> Ahead[int]:
    return Ahead("test-ahead", count, FakeClock(), waits=waits)


def test_calls_are_made_side_by_side_and_handed_over_in_order() -> None:
    together = threading.Barrier(3)
    later = threading.Event()

    def meet(number: int) -> int:
        together.wait(SOON_S)
        if number == 0:
            assert later.wait(SOON_S)  # the first is the last to be done
        elif number == 2:
            later.set()
        return number

    with ahead(3) as calls:
        for number in range(3):
            calls.ask(partial(meet, number))
        assert [calls.take() for _ in range(3)] == [0, 1, 2]
    assert not threads()


def test_what_is_asked_for_alone_is_called_by_who_takes_it() -> None:
    with ahead(3) as calls:
        for _ in range(3):
            calls.ask(threading.get_ident)
            assert calls.take() == threading.get_ident()
        assert not threads()


def test_an_error_is_raised_where_its_result_is_taken() -> None:
    def fails() -> int:
        raise ZeroDivisionError("of a call")

    with ahead(2) as calls:
        for call in (lambda: 1, fails, lambda: 3):
            calls.ask(call)
        assert calls.take() == 1
        with pytest.raises(ZeroDivisionError, match="of a call"):
            calls.take()
        assert calls.take() == 3


def test_forgotten_calls_that_have_not_begun_are_never_made() -> None:
    made: list[int] = []
    begun, go = threading.Event(), threading.Event()

    def blocks() -> int:
        begun.set()
        assert go.wait(SOON_S)
        return 0

    def note(number: int) -> int:
        made.append(number)
        return number

    with ahead(1) as calls:
        calls.ask(blocks)
        for number in range(5):
            calls.ask(partial(note, number))
        assert begun.wait(SOON_S)
        calls.forget()
        go.set()
        calls.ask(partial(note, 5))
        assert calls.take() == 5
    assert made == [5]
    assert not threads()


def refused(times: int, status: int, retry_after: float) -> Callable[[], int]:
    left = iter(range(times))

    def call() -> int:
        for _ in left:
            error = RateLimitException("too much", retry_after=retry_after)
            error.status_code = status
            raise error
        return 7

    return call


def test_a_call_without_budget_waits_for_it_as_long_as_it_takes() -> None:
    clock = FakeClock()
    with Ahead[int]("test-ahead", 1, clock) as calls:
        assert calls.now(refused(20, 0, 60.0)) == 7
    assert clock.monotonic_s() == 20 * 60


@pytest.mark.parametrize(
    ("call", "waits"),
    [
        (refused(1, 0, 60.0), False),
        (refused(1, 0, 3600.0), True),  # a ban
        (refused(3, 429, 5.0), True),  # the venue itself, again and again
    ],
)
def test_a_call_without_budget_fails_when_it_is_not_to_wait_or_too_long(call: Callable[[], int], waits: bool) -> None:
    with ahead(1, waits=waits) as calls, pytest.raises(RateLimitException):
        calls.now(call)


def test_leaving_wakes_a_call_that_waits_for_budget() -> None:
    waiting = threading.Event()

    def refuses() -> int:
        waiting.set()
        raise RateLimitException("too much", retry_after=200.0)

    with Ahead[int]("test-ahead", 2, SystemClock()) as calls:
        calls.ask(refuses)
        calls.ask(refuses)
        assert waiting.wait(SOON_S)
    assert not threads()
