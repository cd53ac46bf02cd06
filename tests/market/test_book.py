"""The order book equals a naive dict of decimals, keeps the venue's texts, and refuses what is no number."""

from __future__ import annotations

from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exchangeclient.market.book import OrderBook


def test_best_levels_come_first_and_keep_the_venues_texts() -> None:
    book = OrderBook([["0.99", "5.00000000"], ["1.00", "1"]], [["1.20", "3"], ["1.1", "2.50"]])
    assert book.top(1) == ((("1.00", "1"),), (("1.1", "2.50"),))
    assert book.top() == ((("1.00", "1"), ("0.99", "5.00000000")), (("1.1", "2.50"), ("1.20", "3")))
    assert book.bids.best() == ("1.00", "1")
    assert book.asks.best() == ("1.1", "2.50")


def test_prices_are_ordered_as_numbers_not_as_texts() -> None:
    book = OrderBook([["9", "1"], ["10", "1"], ["9.5", "1"]], [["100", "1"], ["99", "1"]])
    assert [price for price, _ in book.bids.top()] == ["10", "9.5", "9"]
    assert [price for price, _ in book.asks.top()] == ["99", "100"]


def test_b12_differently_spelled_prices_are_one_level() -> None:
    book = OrderBook([["0.10", "1"]])
    book.apply([["0.1", "2"]], [])
    assert book.bids.top() == (("0.10", "2"),)
    book.apply([["0.100", "0"]], [])
    assert len(book.bids) == 0
    book.apply([["0.1", "3"]], [])
    assert book.bids.top() == (("0.1", "3"),)


@pytest.mark.parametrize("zero", ["0", "0.0", "0.00000000", "0E-8", "-0", "00.0", 0, 0.0, Decimal("0E-10")])
def test_b12_zero_removes_the_level_however_it_is_written(zero: object) -> None:
    book = OrderBook([["1.5", "1"], ["1.4", "1"]])
    book.apply([["1.5", zero]], [])
    assert book.bids.top() == (("1.4", "1"),)


def test_removing_an_unknown_level_is_normal() -> None:
    book = OrderBook([["1.5", "1"]])
    book.apply([["1.4", "0"]], [["2", "0.000"]])
    assert book.top() == ((("1.5", "1"),), ())


@pytest.mark.parametrize(
    "wrong", ["", "NaN", "nan", "Infinity", "-1", "1,5", "1 2", "١", "0x1", None, True, float("nan"), float("inf"), -0.5, []]
)
@pytest.mark.parametrize("place", [0, 1])
def test_b13_what_is_no_number_is_refused_and_nothing_is_applied(wrong: object, place: int) -> None:
    book = OrderBook([["1.5", "1"]], [["1.6", "1"]])
    level: list[object] = ["1.5", "7"]
    level[place] = wrong
    before = book.top()
    with pytest.raises((TypeError, ValueError)):
        book.apply([["1.5", "9"], ["1.3", "4"]], [["1.7", "1"], level])  # type: ignore[list-item]
    assert book.top() == before


@pytest.mark.parametrize("level", [["1.5"], ["1.5", "1", "2"], [], "1.5", 5])
def test_a_level_has_two_fields(level: object) -> None:
    with pytest.raises((TypeError, ValueError)):
        OrderBook([level])  # type: ignore[list-item]


def test_numbers_are_written_out_plainly() -> None:
    book = OrderBook([[0.00001, 100], [Decimal("2E-5"), 1.5]])
    assert book.bids.top() == (("0.00002", "1.5"), ("0.00001", "100"))


def test_prices_that_share_one_float_are_told_apart() -> None:
    prices = ["0.10000000000000000001", "0.1", "0.10000000000000000002", "0.09999999999999999999"]
    assert len({float(price) for price in prices}) == 1
    book = OrderBook([[price, price[-1]] for price in prices], [[price, "1"] for price in prices])
    expected = sorted(prices, key=Decimal)
    assert [price for price, _ in book.asks.top()] == expected
    assert [price for price, _ in book.bids.top()] == expected[::-1]
    book.apply([["0.1", "0"]], [["0.1000", "0"]])
    assert [price for price, _ in book.asks.top()] == [price for price in expected if price != "0.1"]
    assert [price for price, _ in book.bids.top()] == [price for price in expected[::-1] if price != "0.1"]


def test_a_copy_is_independent_both_ways() -> None:
    book = OrderBook([["1", "1"]], [["2", "1"]])
    twin = book.copy()
    book.apply([["1", "9"]], [["2", "0"]])
    assert twin.top() == ((("1", "1"),), (("2", "1"),))
    twin.apply([["1", "0"]], [])
    assert book.top() == ((("1", "9"),), ())


def test_crossed_means_best_bid_not_below_best_ask() -> None:
    assert not OrderBook().crossed
    assert not OrderBook([["1", "1"]]).crossed
    assert not OrderBook([["1", "1"]], [["1.00000001", "1"]]).crossed
    assert OrderBook([["1.0", "1"]], [["1", "1"]]).crossed
    assert OrderBook([["3", "1"]], [["2", "1"]]).crossed


@pytest.mark.parametrize("place", [0, 1])
@pytest.mark.parametrize("text", ["1" * 65, "1" * 400, "0." + "0" * 70 + "1", "1" * 33 + "." + "1" * 33])
def test_number_of_absurd_length_is_refused_and_nothing_is_applied(text: str, place: int) -> None:
    book = OrderBook([["1", "1"]])
    level = ["1", "1"]
    level[place] = text
    with pytest.raises(ValueError, match="at most 64 digits"):
        book.apply([["1", "2"], level], [])
    assert book.top() == ((("1", "1"),), ())


def test_long_numbers_within_reason_are_kept_as_they_are_written() -> None:
    level = ("1" * 40, "0." + "0" * 40 + "1")
    assert OrderBook([level]).bids.top() == (level,)


@pytest.mark.parametrize("n", ["x", "1", 1.0, True])
def test_top_takes_a_whole_number(n: object) -> None:
    with pytest.raises(TypeError, match="n must be an int or None"):
        OrderBook().top(n)  # type: ignore[arg-type]


def test_top_refuses_a_negative_count_and_takes_any_other() -> None:
    book = OrderBook([["1", "1"]])
    assert book.top(0) == ((), ())
    assert book.top(10) == ((("1", "1"),), ())
    with pytest.raises(ValueError, match="n must not be negative"):
        book.top(-1)


# Few prices in several spellings, so that levels come, change, and go by another spelling.
_prices = st.builds(lambda tick, zeros: f"{tick / 8:.3f}" + "0" * zeros, st.integers(1, 40), st.integers(0, 2))
_quantities = st.one_of(st.sampled_from(["0", "0.0", "0.00000000", "0E-8"]), st.integers(1, 99).map(lambda n: f"{n / 4:.2f}"))
_diffs = st.lists(
    st.tuples(st.lists(st.tuples(_prices, _quantities), max_size=5), st.lists(st.tuples(_prices, _quantities), max_size=5)), max_size=30
)


@settings(deadline=None)
@given(_diffs)
def test_book_equals_a_naive_dict_after_any_changes(diffs: list[tuple[list[tuple[str, str]], list[tuple[str, str]]]]) -> None:
    book = OrderBook()
    naive: tuple[dict[Decimal, Decimal], dict[Decimal, Decimal]] = ({}, {})
    for diff in diffs:
        book.apply(*diff)
        for side, levels in zip(naive, diff, strict=True):
            for price, quantity in levels:
                side[Decimal(price)] = Decimal(quantity)
                if not Decimal(quantity):
                    del side[Decimal(price)]
        for side, shown in zip(naive, book.top(), strict=True):
            assert {Decimal(price): Decimal(quantity) for price, quantity in shown} == side
            assert len(shown) == len(side)
        bids, asks = ([Decimal(price) for price, _ in shown] for shown in book.top())
        assert all(better > worse for better, worse in pairwise(bids))
        assert all(better < worse for better, worse in pairwise(asks))
        assert book.copy().top() == book.top()
