"""What the trades tell: average, statistics, bars; against sums over a plain list of trades."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exchangeclient.sandbox.engine import tape as tape_module
from exchangeclient.sandbox.engine.candles import DAY_MS, MINUTE_MS
from exchangeclient.sandbox.engine.events import Traded
from exchangeclient.sandbox.engine.instruments import UNIT, total
from exchangeclient.sandbox.engine.tape import BarLog, Tape

START_US = 1_700_000_000_000_000
OPENING = 5 * UNIT


def traded(number: int, time_us: int, price: int = OPENING, quantity: int = UNIT, *, buyer_is_maker: bool = False) -> Traded:
    return Traded("X", number, price, quantity, total(price, quantity), buyer_is_maker, 1, time_us)


@st.composite
def histories(draw: st.DrawFn) -> list[Traded]:
    """Trades over a good day, some close together, some hours apart."""
    gaps = st.one_of(st.integers(0, 90_000_000), st.integers(0, 6 * 3_600_000_000))
    time_us, trades = START_US, []
    for number in range(1, draw(st.integers(1, 30)) + 1):
        time_us += draw(gaps)
        price, quantity = draw(st.integers(UNIT, 9 * UNIT)), draw(st.integers(1, 9 * UNIT))
        trades.append(traded(number, time_us, price, quantity, buyer_is_maker=draw(st.booleans())))
    return trades


@given(histories(), st.integers(0, 30 * 3_600_000_000))
def test_statistics_are_the_sums_over_the_last_day(trades: list[Traded], later_us: int) -> None:
    tape = Tape(start_us=START_US, opening_price=OPENING)
    for each in trades:
        tape.print(each)
    now_us = trades[-1].time_us + later_us
    shown = tape.statistics(now_us)
    assert shown.close_time_ms == now_us // 1000
    assert shown.open_time_ms % MINUTE_MS == 0
    assert DAY_MS <= shown.close_time_ms - shown.open_time_ms < DAY_MS + MINUTE_MS
    window = [each for each in trades if each.time_us // 1000 >= shown.open_time_ms]
    before = [each for each in trades if each.time_us // 1000 < shown.open_time_ms]
    assert shown.last == trades[-1].price
    assert shown.last_quantity == trades[-1].quantity
    assert shown.previous_close == (before[-1].price if before else OPENING)
    assert shown.count == len(window)
    assert shown.volume == sum(each.quantity for each in window)
    assert shown.quote_volume == sum(each.quote for each in window)
    if window:
        assert (shown.open, shown.high, shown.low) == (window[0].price, max(t.price for t in window), min(t.price for t in window))
        assert (shown.first_id, shown.last_id) == (window[0].trade_id, window[-1].trade_id)
        assert shown.weighted_average == shown.quote_volume * UNIT // shown.volume
    else:
        assert (shown.open, shown.high, shown.low, shown.first_id, shown.last_id) == (shown.last,) * 3 + (-1, -1)


def test_statistics_before_the_first_trade_show_the_opening_price() -> None:
    shown = Tape(start_us=START_US, opening_price=OPENING).statistics(START_US)
    assert {shown.open, shown.high, shown.low, shown.last, shown.previous_close, shown.weighted_average} == {OPENING}
    assert (shown.count, shown.volume, shown.last_quantity, shown.first_id) == (0, 0, 0, -1)


@given(histories(), st.integers(0, 600_000_000), st.integers(1, 10), st.booleans())
def test_the_average_price_weighs_the_trades_of_the_last_minutes(trades: list[Traded], later_us: int, minutes: int, warm: bool) -> None:
    tape = Tape(start_us=START_US, opening_price=OPENING)
    for each in trades:
        if warm:
            tape.average_price(minutes, each.time_us)
        tape.print(each)
    now_us = trades[-1].time_us + later_us
    window = [each for each in trades if each.time_us >= now_us - minutes * 60_000_000]
    quote, quantity = sum(each.quote for each in window), sum(each.quantity for each in window)
    assert tape.average_price(minutes, now_us) == (quote * UNIT // quantity if quote else trades[-1].price)


def test_a_bounded_number_of_trades_is_kept_and_ids_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tape_module, "TRADES_KEPT", 20)
    tape = Tape(start_us=START_US, opening_price=OPENING)
    for number in range(1, 101):
        assert tape.next_id() == number
        tape.print(traded(number, START_US + number))
        kept = [each.trade_id for each in tape.trades]
        assert kept[-1] == number
        assert min(number, 20) <= len(kept) <= 22
        assert all(after == before + 1 for before, after in pairwise(kept))
    assert tape.statistics(START_US + 100).count == 100


def test_dropped_bars_leave_their_close_behind_and_say_from_when_the_log_is_whole() -> None:
    log = BarLog(1000, start_ms=0, opening_price=7, keep=3)
    for second in range(10):
        log.add(traded(second + 1, second * 1_000_000 + 5_000, 100 + second, 1))
    opens = [bar.open_ms for bar in log.between(0, 10_000)]
    assert len(opens) == 3
    assert log.complete_from_ms == opens[0] > 0
    assert log.close_before(log.complete_from_ms) == 100 + opens[0] // 1000 - 1


def test_a_log_without_trades_knows_the_opening_price() -> None:
    log = BarLog(1000, start_ms=1500, opening_price=7)
    assert log.complete_from_ms == 1000
    assert log.close_before(10**15) == 7
    assert list(log.between(0, 10**15)) == []
