from __future__ import annotations

import time

from exchangeclient.core.clock import Clock, FakeClock, SystemClock


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
