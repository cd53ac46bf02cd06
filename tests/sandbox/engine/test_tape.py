"""What the trades tell: average and bars; against sums over a plain list of trades."""

from __future__ import annotations

from itertools import pairwise, zip_longest

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exchangeclient.sandbox.engine import tape as tape_module
from exchangeclient.sandbox.engine.candles import MINUTE_MS
from exchangeclient.sandbox.engine.events import Traded
from exchangeclient.sandbox.engine.instruments import UNIT, total
from exchangeclient.sandbox.engine.tape import QUARTER_MS, BarLog, Tape

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


@given(histories(), st.integers(0, 600_000_000), st.integers(1, 10), st.booleans())
def test_the_average_price_weighs_the_trades_of_the_last_minutes(trades: list[Traded], later_us: int, minutes: int, warm: bool) -> None:
    tape = Tape(opening_price=OPENING)
    for each in trades:
        if warm:
            tape.average_price(minutes, each.time_us)
        tape.print(each)
    now_us = trades[-1].time_us + later_us
    window = [each for each in trades if each.time_us >= now_us - minutes * 60_000_000]
    quote, quantity = sum(each.quote for each in window), sum(each.quantity for each in window)
    assert tape.average_price(minutes, now_us) == (quote * UNIT // quantity if quote else trades[-1].price)


def test_the_average_of_no_minutes_is_the_last_price() -> None:
    tape = Tape(opening_price=OPENING, minutes=0)
    assert tape.average_price(0, START_US) == OPENING
    tape.print(traded(1, START_US, 7 * UNIT))
    tape.print(traded(2, START_US, 3 * UNIT))
    assert tape.average_price(0, START_US) == 3 * UNIT


def test_a_bounded_number_of_trades_is_kept_and_ids_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tape_module, "TRADES_KEPT", 20)
    tape = Tape(opening_price=OPENING)
    for number in range(1, 101):
        assert tape.next_id() == number
        tape.print(traded(number, START_US + number))
        kept = [each.trade_id for each in tape.trades]
        assert kept[-1] == number
        assert min(number, 20) <= len(kept) <= 22
        assert all(after == before + 1 for before, after in pairwise(kept))
    assert sum(bar.trades for bar in tape.between(0, START_US)) == 100


@given(histories(), st.lists(st.sampled_from(["minutes", "quarters", "average", "other average"])), st.integers(0, 12))
def test_it_does_not_matter_how_often_somebody_asks(trades: list[Traded], questions: list[str], kept: int) -> None:
    """Bars and averages are added up when they are asked for, or when trades are dropped."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tape_module, "TRADES_KEPT", kept)
        asked, left_alone = Tape(opening_price=OPENING), Tape(opening_price=OPENING)
        asked.average_price(3, START_US), left_alone.average_price(3, START_US)
        for each, question in zip_longest(trades, questions[: len(trades)]):
            asked.print(each)
            left_alone.print(each)
            if question in ("minutes", "quarters"):
                getattr(asked, question)
            elif question:
                asked.average_price(5 if question == "average" else 3, each.time_us)
    now_us = trades[-1].time_us + 30_000_000
    for minutes in (3, 5):
        assert asked.average_price(minutes, now_us) == left_alone.average_price(minutes, now_us)
    assert list(asked.minutes.since(0)) == list(left_alone.minutes.since(0))
    assert list(asked.quarters.since(0)) == list(left_alone.quarters.since(0))
    assert sum(bar.trades for bar in left_alone.minutes.since(0)) == len(trades)


@given(histories(), st.data())
def test_a_stretch_of_time_is_told_in_few_bars_that_hold_all_its_trades(trades: list[Traded], data: st.DataObject) -> None:
    tape = Tape(opening_price=OPENING)
    for each in trades:
        tape.print(each)
    first, last = (trades[index].time_us // 60_000_000 * MINUTE_MS for index in (0, -1))
    start = data.draw(st.integers(-20, (last - first) // MINUTE_MS + 20)) * MINUTE_MS + first
    end = start + data.draw(st.integers(0, 40 * 60)) * MINUTE_MS
    bars = tape.between(start, end)
    inside = [each for each in trades if start <= each.time_us // 1000 < end]
    assert sum(bar.trades for bar in bars) == len(inside)
    assert sum(bar.quote_volume for bar in bars) == sum(each.quote for each in inside)
    assert [bar.open_ms for bar in bars] == sorted({bar.open_ms for bar in bars})
    assert len(bars) <= 2 * 14 + (end - start) // QUARTER_MS


@given(histories())
def test_the_bars_of_a_second_are_worked_out_from_the_trades(trades: list[Traded]) -> None:
    tape = Tape(opening_price=OPENING)
    for each in trades:
        tape.print(each)
    middle = trades[len(trades) // 2].time_us // 1_000_000 * 1000
    log = tape.seconds(middle)
    later = [each for each in trades if each.time_us >= middle * 1000]
    bars = log.between(middle, START_US)
    assert sum(bar.trades for bar in bars) == len(later)
    assert bars[-1].close == trades[-1].price
    earlier = [each.price for each in trades if each.time_us < middle * 1000]
    assert log.close_before(middle) == (earlier[-1] if earlier else OPENING)
    assert log.whole_from_ms is None


def test_quarters_of_an_hour_outlive_the_minutes_that_they_were_made_of(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever asks for the first time long after."""
    monkeypatch.setattr(tape_module, "MINUTES_KEPT", 30)
    tape, first_ms = Tape(opening_price=OPENING), START_US // 1000 // QUARTER_MS * QUARTER_MS
    for minute in range(200):
        tape.print(traded(minute + 1, (first_ms + minute * MINUTE_MS) * 1000, OPENING + minute))
    assert tape.minutes.whole_from_ms is not None
    bars = tape.quarters.between(0, START_US)
    assert [(bar.open_ms, bar.trades, bar.open) for bar in bars] == [
        (first_ms + quarter * QUARTER_MS, min(15, 200 - 15 * quarter), OPENING + 15 * quarter) for quarter in range(14)
    ]


def test_seconds_of_which_trades_were_dropped_are_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tape_module, "TRADES_KEPT", 20)
    tape = Tape(opening_price=OPENING)
    for number in range(1, 101):
        tape.print(traded(number, START_US + number * 400_000))
    log = tape.seconds(0)
    assert log.whole_from_ms is not None
    assert log.whole_from_ms > tape.trades[0].time_us // 1000
    for bar in log.between(log.whole_from_ms, START_US):
        assert bar.trades == len([number for number in range(1, 101) if (START_US + number * 400_000) // 1_000_000 * 1000 == bar.open_ms])


def test_dropped_bars_leave_their_close_behind_and_say_from_when_the_log_is_whole() -> None:
    log = BarLog(1000, opening_price=7, keep=3)
    for second in range(10):
        log.add(traded(second + 1, second * 1_000_000 + 5_000, 100 + second, 1))
    opens = [bar.open_ms for bar in log.between(0, 10_000)]
    assert len(opens) == 3
    assert log.whole_from_ms == opens[0] > 0
    assert log.close_before(opens[0]) == 100 + opens[0] // 1000 - 1


def test_a_log_without_trades_knows_the_opening_price() -> None:
    log = BarLog(1000, opening_price=7, keep=10)
    assert log.whole_from_ms is None
    assert log.close_before(10**15) == 7
    assert list(log.between(0, 10**15)) == []
