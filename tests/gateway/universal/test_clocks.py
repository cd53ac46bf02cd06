from __future__ import annotations

import threading

from exchangeclient.gateway.universal.clocks import ReadersClock

PATIENCE_S = 30


def test_reads_do_not_wait_for_the_venues_time_and_orders_do() -> None:
    clock = ReadersClock()
    assert clock.is_due()
    assert not clock.is_in_haste()
    with clock.reading():
        assert not clock.is_due()
        assert clock.is_in_haste()
    assert clock.is_due()
    assert not clock.is_in_haste()


def test_a_read_asks_when_the_venue_found_its_time_wrong() -> None:
    clock = ReadersClock()
    clock.distrust()
    with clock.reading():
        assert clock.is_due()
        assert clock.told(clock.asked(), 1_700_000_000_000)
        assert not clock.is_due()


def test_an_order_waits_for_a_slow_venues_time_once() -> None:
    clock = ReadersClock()
    assert clock.told(clock.asked() - 2, clock.now_ms())
    assert not clock.is_due()


def test_a_time_that_contradicts_the_last_one_is_asked_once_more() -> None:
    clock = ReadersClock()
    assert clock.told(clock.asked(), clock.now_ms())
    assert not clock.told(clock.asked(), clock.now_ms() + 3_600_000)
    assert clock.is_due()


def test_what_one_thread_reads_is_no_other_threads_business() -> None:
    clock, seen = ReadersClock(), []
    with clock.reading():
        other = threading.Thread(target=lambda: seen.append(clock.is_due()))
        other.start()
        other.join(PATIENCE_S)
    assert seen == [True]


def test_one_clock_for_each_address() -> None:
    assert ReadersClock.at("https://one.example") is ReadersClock.at("https://one.example")
    assert ReadersClock.at("https://one.example") is not ReadersClock.at("https://two.example")
