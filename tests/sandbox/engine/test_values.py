"""What assets are worth: coherent, bounded, calm and wild by turns, and the same on every machine."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from statistics import fmean, pstdev

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exchangeclient.sandbox.engine.instruments import DEFAULTS, UNIT, Instrument
from exchangeclient.sandbox.engine.values import Values, activity, still, walked_back, with_coherent_openings

START = 1_700_000_000_000_000
HOUR_US = 3_600_000_000
SECOND = 1_000_000
SEED = 5
BY_NAME = {each.symbol: each for each in DEFAULTS}


def values(step_us: int = SECOND, instruments: tuple[Instrument, ...] = DEFAULTS, seed: int = SEED) -> Values:
    print("seed", seed)
    return Values(instruments, seed=seed, step_us=step_us)


def test_fair_prices_begin_at_the_opening_prices() -> None:
    begun = values()
    for each in DEFAULTS:
        assert begun.fair(each.symbol) == pytest.approx(each.opening_price, rel=1e-12)


def cross(moved: Values, prices: tuple[str, str, str]) -> float:
    of_cross, one, other = (moved.fair(symbol) / UNIT for symbol in prices)
    return of_cross * other / one


@given(st.lists(st.tuples(st.sampled_from(sorted(BY_NAME)), st.floats(0.5, 2)), max_size=10), st.integers(0, 50))
def test_cross_prices_agree_whatever_moves_them(pushes: list[tuple[str, float]], steps: int) -> None:
    moved = values()
    began = cross(moved, ("ETHBTC", "ETHUSDT", "BTCUSDT"))
    for symbol, factor in pushes:
        moved.push(symbol, factor)
        for step in range(steps):
            moved.move(START + step * SECOND)
        assert cross(moved, ("ETHBTC", "ETHUSDT", "BTCUSDT")) == pytest.approx(began, rel=1e-9)


def test_a_push_moves_a_symbol_and_those_that_share_its_base() -> None:
    moved = values()
    before = {symbol: moved.fair(symbol) for symbol in BY_NAME}
    moved.push("ETHUSDT", 1.1)
    for symbol, each in BY_NAME.items():
        factor = 1.1 if each.base == "ETH" else 1 / 1.1 if each.quote == "ETH" else 1
        assert moved.fair(symbol) == pytest.approx(before[symbol] * factor)


def test_nothing_is_ever_worth_more_than_a_few_times_what_it_was() -> None:
    moved = values()
    for _ in range(50):
        moved.push("BTCUSDT", 3.0)
        moved.push("ETHUSDT", 0.2)
        moved.move(START)
    assert moved.fair("BTCUSDT") <= 4 * BY_NAME["BTCUSDT"].opening_price
    assert moved.fair("ETHUSDT") * 4.01 >= BY_NAME["ETHUSDT"].opening_price


def test_what_was_pushed_away_comes_back_within_days() -> None:
    moved = values(step_us=60 * SECOND)
    moved.push("BTCUSDT", 1.5)
    for minute in range(5 * 1440):
        moved.move(START + minute * 60 * SECOND)
    assert moved.fair("BTCUSDT") / BY_NAME["BTCUSDT"].opening_price == pytest.approx(1, abs=0.12)


@pytest.mark.parametrize("step_us", [100_000, SECOND, 60 * SECOND])
def test_the_market_is_as_lively_with_any_step(step_us: int) -> None:
    moved, hours, per_look = values(step_us), 24 if step_us > SECOND else 4, max(1, 60 * SECOND // step_us)
    looks = []
    for step in range(hours * HOUR_US // step_us):
        moved.move(START + step * step_us)
        if step % per_look == 0:
            looks.append(moved.fair("BTCUSDT"))
    assert 0.0004 < pstdev(after / before - 1 for before, after in pairwise(looks)) < 0.002


def test_moves_come_in_clusters() -> None:
    """Large ones follow upon large ones, and there are more of both large and small ones than of a bell curve."""
    moved, looks = values(step_us=5 * SECOND), []
    for step in range(24 * 720):
        moved.move(START + step * 5 * SECOND)
        if step % 12 == 0:
            looks.append(moved.fair("ETHBTC"))
    sizes = [abs(after / before - 1) for before, after in pairwise(looks)]
    mean = fmean(sizes)
    follows = fmean((one - mean) * (other - mean) for one, other in pairwise(sizes)) / pstdev(sizes) ** 2
    assert follows > 0.05
    squares = [size**2 for size in sizes]
    assert fmean(square**2 for square in squares) > 3.3 * fmean(squares) ** 2


def test_the_day_has_its_hours_and_no_jumps() -> None:
    lively = [activity(START + minute * 60 * SECOND) for minute in range(2 * 1440)]
    assert lively[:1440] == lively[1440:]
    assert fmean(lively) == pytest.approx(1, abs=0.02)
    assert max(lively) > 1.8 * min(lively)
    assert max(abs(after - before) for before, after in pairwise(lively)) < 0.01


def test_what_everything_is_measured_in_does_not_move() -> None:
    assert still(DEFAULTS) == {each.quote for each in DEFAULTS} - {each.base for each in DEFAULTS}
    assert still([BY_NAME["ETHBTC"], BY_NAME["LTCBTC"]]) == {"BTC"}


def test_the_past_ends_where_the_present_begins_and_shorter_ones_are_its_end() -> None:
    long, short = walked_back(SEED, "BTC", 2_000, 300), walked_back(SEED, "BTC", 100, 300)
    assert long[0] == 1.0
    assert long[:101] == short
    assert long != walked_back(SEED + 1, "BTC", 2_000, 300)
    assert 0.5 < min(long) < max(long) < 2


# ---- opening prices ----------------------------------------------------------------------------------------------


@given(st.sampled_from(sorted(BY_NAME)), st.floats(0.2, 5))
def test_opening_prices_follow_from_the_given_ones(given_symbol: str, factor: float) -> None:
    given_one = BY_NAME[given_symbol]
    price = max(1, round(given_one.opening_price * factor / given_one.tick)) * given_one.tick
    instruments = [replace(each, opening_price=price) if each is given_one else each for each in DEFAULTS]
    opened = {each.symbol: each for each in with_coherent_openings(instruments, {given_symbol})}
    assert list(opened) == list(BY_NAME)
    assert opened[given_symbol].opening_price == price
    for each in opened.values():
        assert each.opening_price % each.tick == 0
        assert each.min_price <= each.opening_price <= each.max_price
    of_cross, one, other = (opened[symbol].opening_price / UNIT for symbol in ("ETHBTC", "ETHUSDT", "BTCUSDT"))
    assert of_cross * other / one == pytest.approx(1, abs=0.002)


def test_what_the_given_ones_contradict_each_other_by_stays() -> None:
    instruments = [replace(each, opening_price=each.opening_price * 2) if each.symbol == "ETHBTC" else each for each in DEFAULTS]
    given_ones = {"ETHBTC", "ETHUSDT", "BTCUSDT"}
    opened = {each.symbol: each.opening_price for each in with_coherent_openings(instruments, given_ones)}
    assert all(opened[each.symbol] == each.opening_price for each in instruments if each.symbol in given_ones)
    begun = values(instruments=tuple(instruments))
    assert begun.fair("ETHBTC") == pytest.approx(2 * BY_NAME["ETHBTC"].opening_price)
