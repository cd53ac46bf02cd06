"""A host that wants to be left alone is, by everybody."""

from __future__ import annotations

from exchangeclient.core.budgets.attempts import Attempts
from exchangeclient.core.budgets.respite import Respite, respite_of
from exchangeclient.core.process.clock import FakeClock


def test_s05_a_host_that_asked_for_rest_gets_it_from_all_whatever_clock_they_go_by() -> None:
    clock = FakeClock(0)
    rest = Respite(clock)
    one, other = Attempts((2, 10.0), rest), Attempts(None, rest)
    one.hold(1_000.0, 60.0)
    clock.advance(20.0)
    assert other.reserve(5.0) == 45.0
    assert other.is_held(5.0)
    other.hold(5.0, 10.0)  # which it has anyway
    clock.advance(39.0)
    assert one.reserve(1_059.0) == 1_060.0
    clock.advance(1.0)
    assert not other.is_held(45.0)
    assert other.reserve(45.0) == 45.0


def test_s05_sockets_and_iterated_streams_of_one_host_rest_together() -> None:
    assert respite_of("wss://rest.test:443/ws/x") is respite_of("wss://rest.test:443/stream?streams=y")
    assert respite_of("wss://rest.test:443/ws/x") is not respite_of("wss://rest.test/ws/x")
