"""What a book says about an order is what taking it level by level gives, exactly."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exchangeclient.market.book import Level
from exchangeclient.market.quotes import fill_price, imbalance, vwap

ASKS = (("10.0", "1"), ("10.5", "2.00"), ("11", "4"))


def test_average_and_last_price_of_what_is_taken() -> None:
    assert vwap(ASKS, 1) == fill_price(ASKS, 1) == 10
    assert vwap(ASKS, "2") == Decimal("10.25")
    assert fill_price(ASKS, "2") == Decimal("10.5")
    assert fill_price(ASKS, 7) == 11


@pytest.mark.parametrize("ask", [vwap, fill_price])
def test_more_than_there_is_or_nothing_cannot_be_priced(ask: object) -> None:
    assert callable(ask)
    with pytest.raises(ValueError, match=r"quantity must be at most 7\.00, which is all that is known to be there, not 7\.1"):
        ask(ASKS, "7.1")
    with pytest.raises(ValueError, match="at most 0, "):
        ask((), 1)
    for wrong in (0, -1, "x"):
        with pytest.raises(ValueError, match="quantity must"):
            ask(ASKS, wrong)


def test_imbalance_is_between_minus_one_and_one() -> None:
    assert imbalance(ASKS, ASKS) == 0
    assert imbalance(ASKS, ()) == 1
    assert imbalance((), ASKS) == -1
    assert imbalance((), ()) == 0
    assert imbalance((("1", "3"),), (("2", "1"),)) == Decimal("0.5")


_levels = st.lists(st.tuples(st.integers(1, 99), st.integers(1, 50)), min_size=1, max_size=8, unique_by=lambda level: level[0])


@settings(max_examples=200, deadline=None)
@given(rows=_levels, share=st.fractions(min_value="1/100", max_value=1))
def test_the_same_as_taking_one_unit_after_the_other(rows: list[tuple[int, int]], share: object) -> None:
    shown: list[Level] = [(f"{price}", f"{quantity}") for price, quantity in sorted(rows)]
    units = [price for price, quantity in sorted(rows) for _ in range(quantity)]
    taken = units[: max(1, int(len(units) * share))]  # type: ignore[operator]
    assert vwap(shown, len(taken)) == pytest.approx(Decimal(sum(taken)) / len(taken))
    assert fill_price(shown, len(taken)) == taken[-1]
