"""An exchange that moves with a clock."""

from __future__ import annotations

from typing import Any


def test_time_never_goes_back(bench: Any) -> None:
    bench.pass_time(5)
    before = bench.live.now_us
    bench.now_us -= 3_000_000
    assert bench.live.now_us == before
    assert bench.get("/api/v3/time")["serverTime"] == before // 1000


def test_every_watcher_hears_every_event_and_that_time_has_passed(bench: Any) -> None:
    heard: list[list[tuple[int, int]]] = [[], []]
    for each in heard:
        bench.live.watch(lambda events, now_us, each=each: each.append((len(events), now_us)))
    bench.live.advance()
    bench.pass_time(1)
    bench.order("BUY", "MARKET", quantity=10)
    assert heard[0] == heard[1]
    (nothing, _), (flow, later_us), (order, _) = heard[0]
    assert nothing == 0
    assert flow > 0
    assert order > 0
    assert later_us == bench.now_us


def test_of_a_long_time_watchers_hear_bit_by_bit_and_in_order(bench: Any) -> None:
    heard: list[tuple[list[int], int]] = []
    bench.live.watch(lambda events, now_us: heard.append(([event.time_us for event in events], now_us)))
    began = bench.now_us
    bench.pass_time(20)
    assert len(heard) >= 15
    assert [now_us for _, now_us in heard] == sorted({now_us for _, now_us in heard})
    assert heard[-1][1] == bench.now_us == bench.live.exchange.now_us
    before = began
    for times, now_us in heard:
        assert all(before <= time_us <= now_us for time_us in times)
        before = now_us
