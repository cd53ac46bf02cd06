"""When connection attempts may be made."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from exchangeclient.core.budgets.attempts import Attempts, attempts_at


@settings(deadline=None)
@given(
    most=st.integers(1, 5),
    span_s=st.floats(0.5, 300),
    pauses=st.lists(st.floats(0, 100), min_size=1, max_size=40),
    released=st.sets(st.integers(0, 40)),
)
def test_in_no_stretch_of_time_are_there_more_than_the_host_takes(
    most: int, span_s: float, pauses: list[float], released: set[int]
) -> None:
    attempts, now_s, times = Attempts((most, span_s)), 0.0, []
    for number, pause in enumerate(pauses):
        now_s += pause
        at_s = attempts.reserve(now_s)
        assert at_s >= now_s
        if number in released and at_s > now_s:
            attempts.release(at_s)
        else:
            times.append(at_s)
    times.sort()
    for first, after in zip(times, times[most:], strict=False):
        assert after - first >= span_s * (1 - 1e-9)


def test_nobody_waits_who_need_not() -> None:
    attempts = Attempts((2, 10.0))
    assert [attempts.reserve(now_s) for now_s in (0.0, 1.0, 2.0, 3.0, 50.0)] == [0.0, 1.0, 10.0, 11.0, 50.0]
    assert [Attempts().reserve(5.0) for _ in range(1000)] == [5.0] * 1000


def test_a_time_that_was_given_back_is_given_to_the_next() -> None:
    attempts = Attempts((1, 10.0))
    attempts.reserve(0.0)
    late = attempts.reserve(1.0)
    attempts.release(late)
    assert attempts.reserve(2.0) == late


def test_a_host_that_asked_for_rest_gets_it() -> None:
    attempts = Attempts((1, 10.0))
    attempts.hold(40.0, 60.0)
    attempts.hold(40.0, 10.0)  # which it has anyway
    assert attempts.is_held(99.9)
    assert attempts.reserve(0.0) == 100.0
    assert attempts.reserve(1.0) == 110.0
    assert not attempts.is_held(100.0)


def test_sockets_of_one_host_share_their_attempts() -> None:
    limit = (3, 77.0)
    assert attempts_at("wss://a.test:443/ws/x", limit) is attempts_at("wss://a.test:443/ws/y?z=1", limit)
    assert attempts_at("wss://a.test:443/ws/x", limit) is not attempts_at("wss://b.test:443/ws/x", limit)
