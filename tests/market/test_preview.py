from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exchangeclient.market.preview import Fill, fill_at_once

ASKS = [("10", "1"), ("11", "2"), ("12", "3")]
BIDS = [("9", "1"), ("8", "2")]
D = Decimal


def test_a_quantity_is_filled_from_the_best_level_on() -> None:
    assert fill_at_once(ASKS, "BUY", quantity=D(2)) == Fill(D(2), D(21), D("10.5"), D(11), D(0), runs_out=False)


def test_a_limit_fills_no_further_than_its_price() -> None:
    assert fill_at_once(ASKS, "BUY", quantity=D(5), price=D(11)) == Fill(D(3), D(32), D(32) / 3, D(11), D(2), runs_out=False)
    assert fill_at_once(BIDS, "SELL", quantity=D(5), price=D("8.5")) == Fill(D(1), D(9), D(9), D(9), D(4), runs_out=False)
    assert fill_at_once(BIDS, "SELL", quantity=D(5), price=D(10)) == Fill(D(0), D(0), None, None, D(5), runs_out=False)


def test_what_goes_beyond_the_known_book_is_said_to() -> None:
    assert fill_at_once(BIDS, "SELL", quantity=D(5)) == Fill(D(3), D(25), D(25) / 3, D(8), D(2), runs_out=True)
    assert fill_at_once([], "SELL", quantity=D(5)).runs_out


def test_the_last_unit_of_the_book_is_within_it() -> None:
    assert not fill_at_once(BIDS, "SELL", quantity=D(3)).runs_out


def test_a_total_is_spent_to_the_last_digit() -> None:
    fill = fill_at_once(ASKS, "BUY", total=D(20))
    assert (fill.total, fill.left, fill.runs_out) == (D(20), D(0), False)
    assert fill.quantity.quantize(D("0.0001")) == D("1.9091")


def test_a_fill_needs_a_size() -> None:
    with pytest.raises(TypeError, match="quantity or total"):
        fill_at_once(ASKS, "BUY")


def test_the_distance_from_the_middle_is_in_percent() -> None:
    assert fill_at_once(ASKS, "BUY", quantity=D(1)).away(D(8)) == D(25)
    assert fill_at_once([], "BUY", quantity=D(1)).away(D(8)) is None


levels = st.lists(st.tuples(st.integers(1, 50), st.integers(1, 50)), min_size=1, max_size=8, unique_by=lambda level: level[0])


@given(levels, st.integers(1, 400), st.one_of(st.none(), st.integers(1, 60)))
def test_nothing_is_lost_and_no_price_is_worse_than_the_limit(found: list[tuple[int, int]], size: int, limit: int | None) -> None:
    asks = [(str(price), str(quantity)) for price, quantity in sorted(found)]
    fill = fill_at_once(asks, "BUY", quantity=D(size), price=None if limit is None else D(limit))
    reachable = sum(quantity for price, quantity in found if limit is None or price <= limit)
    assert fill.quantity == min(size, reachable)
    assert fill.quantity + fill.left == size
    assert fill.last is None or limit is None or fill.last <= limit
    assert fill.average is None or sorted(found)[0][0] <= fill.average <= (fill.last or 0)


@given(levels, st.integers(1, 3000))
def test_a_total_never_buys_more_than_it_pays_for(found: list[tuple[int, int]], total: int) -> None:
    asks = [(str(price), str(quantity)) for price, quantity in sorted(found)]
    fill = fill_at_once(asks, "BUY", total=D(total))
    assert fill.total + fill.left == total
    assert fill.quantity <= sum(quantity for _, quantity in found)
    assert fill.runs_out is (total > sum(price * quantity for price, quantity in found))
