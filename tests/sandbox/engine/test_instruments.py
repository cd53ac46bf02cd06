"""Scaled integers and the symbols of the sandbox."""

from __future__ import annotations

from decimal import ROUND_DOWN, Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exchangeclient.sandbox.engine.instruments import DEFAULTS, SWAPS, UNIT, Instrument, scaled, shown, total

NUMBERS = st.integers(min_value=0, max_value=10**24)


@given(NUMBERS)
def test_shown_text_reads_back_as_the_same_number(number: int) -> None:
    assert scaled(shown(number)) == number
    assert Decimal(shown(number)) * UNIT == number


@given(st.decimals(min_value=0, max_value=10**12, places=8))
def test_scaled_agrees_with_decimal(value: Decimal) -> None:
    assert scaled(format(value, "f")) == int(value * UNIT)


@pytest.mark.parametrize("text", ["", ".5", "-1", "+1", "1e5", "1.123456789", "1,5", " 1", "1 ", "NaN", "٣", "1.٣", "1.-5", "0x1"])
def test_only_plain_numbers_are_read(text: str) -> None:
    with pytest.raises(ValueError, match="plain number"):
        scaled(text)


@given(NUMBERS, NUMBERS)
def test_total_is_the_exact_product_cut_to_eight_decimals(price: int, quantity: int) -> None:
    exact = Fraction(price, UNIT) * Fraction(quantity, UNIT)
    assert Fraction(total(price, quantity), UNIT) <= exact < Fraction(total(price, quantity) + 1, UNIT)


def test_negative_numbers_are_shown_with_their_sign() -> None:
    assert Decimal(shown(-5)) == Decimal("-0.00000005")


def test_the_symbols_of_the_seed_examples_are_there() -> None:
    symbols = [each.symbol for each in DEFAULTS]
    assert {"BTCUSDT", "ETHUSDT", "LTCUSDT", "ETHBTC", "BNBBTC", "LTCBTC", "XRPETH"} <= set(symbols)
    assert len(symbols) == len(set(symbols))


@pytest.mark.parametrize("each", DEFAULTS, ids=lambda each: str(each.symbol))
def test_each_symbol_opens_inside_its_own_rules(each: Instrument) -> None:
    assert each.symbol == each.base + each.quote
    assert each.min_price <= each.opening_price <= each.max_price
    assert each.opening_price % each.tick == 0
    assert each.min_quantity % each.step == 0
    assert total(each.opening_price, each.max_market_quantity) > each.min_notional
    assert each.bid_down < UNIT < each.bid_up
    assert each.ask_down < UNIT < each.ask_up


def test_opening_prices_leave_no_free_lunch_between_symbols() -> None:
    price = {each.symbol: Decimal(each.opening_price) / UNIT for each in DEFAULTS}
    cent = Decimal("0.01")
    assert (price["BTCUSDT"] * price["ETHBTC"]).quantize(cent, ROUND_DOWN) == price["ETHUSDT"]
    assert abs(price["BTCUSDT"] * price["LTCBTC"] - price["LTCUSDT"]) < cent


def test_what_a_quantity_is_worth_and_at_which_price_it_was_traded() -> None:
    linear, inverse = SWAPS
    price = scaled("6400")
    assert (linear.worth(price, UNIT // 4), linear.mean(UNIT // 4, scaled("1600"))) == (scaled("1600"), price)
    assert (inverse.worth(price, 100 * UNIT), inverse.mean(100 * UNIT, scaled("0.015625"))) == (scaled("0.015625"), price)
    assert linear.mean(0, 0) == inverse.mean(0, 0) == 0
