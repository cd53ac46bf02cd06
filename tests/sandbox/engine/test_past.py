"""The made-up past: plausible, repeatable, and ending where trading opens."""

from __future__ import annotations

from dataclasses import astuple
from itertools import pairwise

import pytest

from exchangeclient.sandbox.engine.candles import DAY_MS, next_open, opens_at, parse_candles
from exchangeclient.sandbox.engine.instruments import DEFAULTS, UNIT, Instrument
from exchangeclient.sandbox.engine.past import INTERVAL, made_up
from exchangeclient.sandbox.engine.values import still

START_MS = 1_700_000_123_456
STILL = still(DEFAULTS)


@pytest.mark.parametrize("instrument", DEFAULTS, ids=lambda each: str(each.symbol))
def test_thirty_days_without_a_gap_end_at_the_opening_price(instrument: Instrument) -> None:
    bars = made_up(instrument, seed=7, start_ms=START_MS, still=STILL)
    assert bars[-1].close == instrument.opening_price
    assert next_open("5m", bars[-1].open_ms) == opens_at("5m", START_MS)
    assert len(bars) == 30 * DAY_MS // 300_000
    for before, bar in pairwise(bars):
        assert bar.open_ms == next_open("5m", before.open_ms)
        assert bar.open == before.close
    for bar in bars:
        assert bar.volume > 0
        assert 0 <= bar.taker_base <= bar.volume
        assert bar.low * bar.volume <= (bar.quote_volume + 1) * 10**8
        assert bar.quote_volume * 10**8 <= bar.high * bar.volume
        assert all(price % instrument.tick == 0 for price in (bar.open, bar.high, bar.low, bar.close))
        assert instrument.opening_price // 2 < bar.low <= bar.high < instrument.opening_price * 2


def test_its_rows_would_be_taken_from_a_file_too() -> None:
    bars = made_up(DEFAULTS[0], seed=7, start_ms=START_MS, still=STILL)
    lines = [",".join(str(column) for column in astuple(bar.shown(INTERVAL))[:11]) + "\n" for bar in bars]
    assert parse_candles(lines, symbol=DEFAULTS[0].symbol, interval=INTERVAL, source="made up").bars == bars


def test_seed_and_symbol_and_start_decide_it() -> None:
    first = made_up(DEFAULTS[0], seed=7, start_ms=START_MS)
    assert made_up(DEFAULTS[0], seed=7, start_ms=START_MS) == first
    assert made_up(DEFAULTS[0], seed=8, start_ms=START_MS) != first
    assert made_up(DEFAULTS[1], seed=7, start_ms=START_MS) != first


def test_fewer_days_are_the_end_of_more() -> None:
    month, days = (made_up(DEFAULTS[1], seed=7, start_ms=START_MS, days=days, still=STILL) for days in (30, 2))
    assert month[-len(days) :] == days
    assert len(days) == 2 * DAY_MS // 300_000


def test_the_pasts_of_several_symbols_agree_with_each_other() -> None:
    """What one could get for the other two is what it costs, all month long."""
    pasts = {each.symbol: made_up(each, seed=7, start_ms=START_MS, still=STILL) for each in DEFAULTS}
    for cross, (one, other) in {"ETHBTC": ("ETHUSDT", "BTCUSDT"), "LTCBTC": ("LTCUSDT", "BTCUSDT")}.items():
        for bar, bar_one, bar_other in zip(*(pasts[symbol] for symbol in (cross, one, other)), strict=True):
            assert bar.close * bar_other.close / bar_one.close / UNIT == pytest.approx(1, abs=0.0003)


def test_nothing_is_made_up_before_the_epoch() -> None:
    assert made_up(DEFAULTS[0], seed=7, start_ms=0) == ()
    assert [bar.open_ms for bar in made_up(DEFAULTS[0], seed=7, start_ms=600_000)] == [0, 300_000]
