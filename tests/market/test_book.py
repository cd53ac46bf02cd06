"""The order book equals a naive dict of decimals, keeps the venue's texts, refuses what is no number, and knows how far it reaches."""

from __future__ import annotations

from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exchangeclient.market.book import Level, OrderBook, Side, difference, levels


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
    book.apply([("0.1", "2")], [])
    assert book.bids.top() == (("0.10", "2"),)
    book.apply([("0.100", "0")], [])
    assert len(book.bids) == 0
    book.apply([("0.1", "3")], [])
    assert book.bids.top() == (("0.1", "3"),)


@pytest.mark.parametrize("zero", ["0", "0.0", "0.00000000", "0E-8", "-0", "00.0", 0, 0.0, Decimal("0E-10")])
def test_b12_zero_removes_the_level_however_it_is_written(zero: object) -> None:
    book = OrderBook([["1.5", "1"], ["1.4", "1"]])
    book.apply(levels([["1.5", zero]]), [])
    assert book.bids.top() == (("1.4", "1"),)


@pytest.mark.parametrize("zero", ["0", "0.0", "0.00000000", "0E-8", "-0", "00.0", "0." + "0" * 40])
@pytest.mark.parametrize("price", ["1.5", "1.50"])
def test_b12_zero_in_a_change_need_not_be_written_in_one_way(zero: str, price: str) -> None:
    book = OrderBook([["1.5", "1"], ["1.4", "1"]])
    book.apply([(price, zero)], [])
    assert book.bids.top() == (("1.4", "1"),)


def test_b12_digits_of_another_script_are_the_number_that_they_stand_for() -> None:
    book = OrderBook([("1.5", "1"), ("1.4", "1")])
    book.apply([("1.5", "٠"), ("1.4", "٢"), ("1.3", "٠.٠")], [])
    assert rows_of(book.bids) == [[1.4, 2.0]]


def test_removing_an_unknown_level_is_normal() -> None:
    book = OrderBook([["1.5", "1"]])
    book.apply([("1.4", "0")], [("2", "0.000")])
    assert book.top() == ((("1.5", "1"),), ())


@pytest.mark.parametrize(
    "wrong", ["", "NaN", "nan", "Infinity", "-1", "1,5", "1 2", "1.2.3", ".", "²", "0x1", None, True, float("nan"), float("inf"), -0.5, []]
)
@pytest.mark.parametrize("place", [0, 1])
def test_b13_row_that_holds_no_number_makes_no_level(wrong: object, place: int) -> None:
    row: list[object] = ["1.5", "7"]
    row[place] = wrong
    with pytest.raises((TypeError, ValueError)):
        levels([["1.5", "9"], row])
    with pytest.raises((TypeError, ValueError)):
        OrderBook([["1.3", "4"]], [row])


@pytest.mark.parametrize("wrong", ["", "NaN", "nan", "Infinity", "-1", "1,5", "1 2", "1.2.3", ".", "²", "0x1", "+-1"])
@pytest.mark.parametrize("known", [True, False])
@pytest.mark.parametrize("place", [0, 1])
def test_b13_change_that_is_no_number_is_refused(wrong: str, known: bool, place: int) -> None:
    level = ("1.5" if known else "1.4", wrong) if place else (wrong, "7")
    for changes in ([level], []), ([], [level]):
        with pytest.raises(ValueError, match="must"):
            OrderBook([["1.5", "1"]], [["1.5", "1"]]).apply(*changes)


@pytest.mark.parametrize("level", [["1.5"], ["1.5", "1", "2"], [], "1.5", 5])
def test_a_level_has_two_fields(level: object) -> None:
    with pytest.raises((TypeError, ValueError)):
        OrderBook([level])  # type: ignore[list-item]


def test_numbers_are_written_out_plainly() -> None:
    book = OrderBook([[0.00001, 100], [Decimal("2E-5"), 1.5]])
    assert book.bids.top() == (("0.00002", "1.5"), ("0.00001", "100"))


def rows_of(side: Side, n: int | None = None) -> list[list[float]]:
    return list(side.rows(n))


def floats_of(shown: tuple[Level, ...]) -> list[list[float]]:
    return [[float(price), float(quantity)] for price, quantity in shown]


def test_prices_that_share_one_float_are_told_apart() -> None:
    prices = ["0.10000000000000000001", "0.1", "0.10000000000000000002", "0.09999999999999999999"]
    assert len({float(price) for price in prices}) == 1
    book = OrderBook([[price, price[-1]] for price in prices], [[price, "1"] for price in prices])
    expected = sorted(prices, key=Decimal)
    assert [price for price, _ in book.asks.top()] == expected
    assert [price for price, _ in book.bids.top()] == expected[::-1]
    book.apply([("0.1", "0"), ("0.10000000000000000009", "0")], [("0.1000", "0")])
    assert [price for price, _ in book.asks.top()] == [price for price in expected if price != "0.1"]
    assert [price for price, _ in book.bids.top()] == [price for price in expected[::-1] if price != "0.1"]
    assert rows_of(book.bids) == floats_of(book.bids.top())


def test_prices_that_come_to_share_one_float_within_a_change_are_told_apart() -> None:
    book = OrderBook([("0.1", "1")])
    book.apply([("0.10000000000000000001", "2"), ("0.1", "3"), ("0.10000000000000000001", "4")], [])
    assert book.bids.top() == (("0.10000000000000000001", "4"), ("0.1", "3"))
    assert rows_of(book.bids) == [[0.1, 4.0], [0.1, 3.0]]


def test_a_copy_is_independent_both_ways() -> None:
    book = OrderBook([["1", "1"]], [["2", "1"]])
    twin = book.copy()
    book.apply([("1", "9")], [("2", "0")])
    assert twin.top() == ((("1", "1"),), (("2", "1"),))
    assert (rows_of(twin.bids), rows_of(twin.asks)) == ([[1.0, 1.0]], [[2.0, 1.0]])
    twin.apply([("1", "0")], [])
    assert book.top() == ((("1", "9"),), ())
    assert rows_of(book.bids) == [[1.0, 9.0]]


def test_crossed_means_best_bid_not_below_best_ask() -> None:
    assert not OrderBook().crossed
    assert not OrderBook([["1", "1"]]).crossed
    assert not OrderBook([["1", "1"]], [["1.00000001", "1"]]).crossed
    assert OrderBook([["1.0", "1"]], [["1", "1"]]).crossed
    assert OrderBook([["3", "1"]], [["2", "1"]]).crossed


@pytest.mark.parametrize("place", [0, 1])
@pytest.mark.parametrize("text", ["1" * 65, "1" * 400, "0." + "0" * 70 + "1", "1" * 33 + "." + "1" * 33])
def test_number_of_absurd_length_makes_no_level(text: str, place: int) -> None:
    row = ["1", "1"]
    row[place] = text
    with pytest.raises(ValueError, match="at most 64 digits"):
        levels([["1", "2"], row])


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


def limited(depth: int = 2) -> OrderBook:
    """A book of which ``depth`` levels of each side were shown."""
    bids, asks = [("10", "1"), ("9", "1"), ("8", "1")], [("11", "1"), ("12", "1"), ("13", "1")]
    return OrderBook(bids[:depth], asks[:depth], depth)


def test_b14_book_knows_how_far_its_snapshot_showed_the_sides() -> None:
    book = OrderBook([("10", "1"), ("9", "1")], [("11", "1")], depth=2)
    assert (book.bids.known_to, book.asks.known_to) == ("9", None)  # of the asks there are no more
    book.apply([("7", "1"), ("9.5", "1")], [("20", "1")])
    assert (len(book.bids), book.bids.certain()) == (4, 3)
    assert (len(book.asks), book.asks.certain()) == (2, 2)
    assert OrderBook([("10", "1")]).bids.known_to is None


def test_b14_snapshot_that_shows_a_level_of_no_quantity_is_as_short_as_its_rows_say() -> None:
    book = OrderBook([("5", "1"), ("4", "0"), ("3", "2")], [("6", "1"), ("7", "1"), ("8", "0")], 3)
    assert (book.bids.known_to, book.bids.certain(), book.asks.known_to, book.asks.certain()) == ("3", 2, "8", 2)
    book.apply([("2", "1")], [("9", "1")])
    assert (book.bids.certain(), book.asks.certain()) == (2, 2)


def test_b14_side_whose_shown_levels_are_gone_has_an_unknown_best_level() -> None:
    book = limited()
    book.apply([("10", "0"), ("7", "5")], [])
    assert book.sound
    book.apply([("9", "0")], [])
    assert book.bids.best() == ("7", "5")
    assert (book.outgrown, book.sound, book.crossed) == (True, False, False)
    empty = limited()
    empty.apply([], [("11", "0"), ("12", "0")])
    assert (empty.outgrown, empty.sound) == (True, False)
    whole = OrderBook([("10", "1")], [("11", "1")], depth=5)
    whole.apply([("10", "0")], [("11", "0")])
    assert whole.sound


def test_b14_book_is_short_when_less_than_half_of_what_was_shown_is_left() -> None:
    book = limited(3)
    book.apply([("10", "0"), ("9", "0")], [])
    assert not book.is_short
    assert limited(2).copy().is_short is False
    four = OrderBook([(str(10 - n), "1") for n in range(4)], [], depth=4)
    four.apply([("10", "0"), ("9", "0")], [])
    assert not four.is_short
    four.apply([("8", "0")], [])
    assert four.copy().is_short
    assert four.sound


def test_books_are_compared_as_far_as_both_are_known() -> None:
    book, other = limited(2), limited(3)
    assert difference(book, other) is None
    other.apply([("8", "7")], [("13", "0"), ("14", "1")])
    assert difference(book, other) is None  # beyond what the first one knows
    assert difference(other, book) is None
    other.apply([("9.0", "1.00")], [])
    assert difference(book, other) is None
    other.apply([("9", "2"), ("9.5", "1")], [("12", "3")])
    assert difference(book, other) == "bid 9.5 is 0 in one and 1 in the other"
    other.apply([("9.5", "0"), ("9", "1")], [])
    assert difference(book, other) == "ask 12 is 1 in one and 3 in the other"


# Few prices in several spellings, so that levels come, change, and go by another spelling.
_prices = st.builds(lambda tick, zeros: f"{tick / 8:.3f}" + "0" * zeros, st.integers(1, 40), st.integers(0, 2))
_quantities = st.one_of(st.sampled_from(["0", "0.0", "0.00000000", "0E-8"]), st.integers(1, 99).map(lambda n: f"{n / 4:.2f}"))
_changes = st.lists(st.tuples(_prices, _quantities), max_size=3)
_diffs = st.lists(st.tuples(_changes, _changes), max_size=12)


def diff_free(naive: tuple[dict[Decimal, Decimal], dict[Decimal, Decimal]]) -> list[list[Level]]:
    """The same sides as rows, as another venue might write them."""
    return [
        [(f"{price:f}", f"{quantity:f}00" if "." in f"{quantity:f}" else f"{quantity:f}") for price, quantity in side.items()]
        for side in naive
    ]


@settings(max_examples=250, deadline=None)
@given(_diffs)
def test_book_equals_a_naive_dict_after_any_changes(diffs: list[tuple[list[tuple[str, str]], list[tuple[str, str]]]]) -> None:
    book = OrderBook()
    naive: tuple[dict[Decimal, Decimal], dict[Decimal, Decimal]] = ({}, {})
    for diff in diffs:
        book.apply(*diff)
        for side, changes in zip(naive, diff, strict=True):
            for price, quantity in changes:
                side[Decimal(price)] = Decimal(quantity)
                if not Decimal(quantity):
                    del side[Decimal(price)]
        for side, shown in zip(naive, book.top(), strict=True):
            assert {Decimal(price): Decimal(quantity) for price, quantity in shown} == side
            assert len(shown) == len(side)
        assert difference(book, OrderBook(*diff_free(naive))) is None
        bids, asks = ([Decimal(price) for price, _ in shown] for shown in book.top())
        assert all(better > worse for better, worse in pairwise(bids))
        assert all(better < worse for better, worse in pairwise(asks))
        assert book.copy().top() == book.top()
        for each, shown in ((book.bids, book.top()[0]), (book.asks, book.top()[1]), (book.copy().asks, book.top()[1])):
            assert rows_of(each) == floats_of(shown)
            assert rows_of(each, 2) == floats_of(shown[:2])


# Besides, prices that share one float.
_any_prices = st.one_of(_prices, st.builds("0.1000000000000000000{}".format, st.integers(0, 9)))
_reads = st.tuples(st.one_of(st.none(), st.integers(0, 9)), st.booleans(), st.booleans())


@settings(max_examples=250, deadline=None)
@given(st.lists(st.tuples(st.lists(st.tuples(_any_prices, _quantities), max_size=4), _reads), max_size=15))
def test_what_was_asked_for_is_kept_ready_and_right(steps: list[tuple[list[tuple[str, str]], tuple[int | None, bool, bool]]]) -> None:
    book = OrderBook()
    left: list[tuple[OrderBook, Any, Any]] = []
    for changes, (n, as_floats, leaves) in steps:
        if leaves:
            left.append((book, book.top(), (rows_of(book.bids), rows_of(book.asks))))
            book = book.copy()
        book.apply(changes, changes)
        shown = tuple(tuple((price, side._levels[price][1]) for price in reversed(side._prices)) for side in (book.bids, book.asks))
        assert book.top() == shown
        if n is not None:
            assert book.top(n) == (shown[0][:n], shown[1][:n])
        if as_floats:
            assert (rows_of(book.bids, n), rows_of(book.asks, n)) == (floats_of(shown[0][:n]), floats_of(shown[1][:n]))
    for former, shown, rows in left:
        assert (former.top(), (rows_of(former.bids), rows_of(former.asks))) == (shown, rows)
        assert former.top(2) == (shown[0][:2], shown[1][:2])


def test_rows_are_their_readers_own_however_often_they_are_read() -> None:
    book = OrderBook([("1", "1"), ("0.9", "2")])
    for _ in range(3):
        rows_of(book.bids)[0][1] = 5.0
        assert rows_of(book.bids) == [[1.0, 1.0], [0.9, 2.0]]
        book.apply([("0.9", "2.0")], [])


def test_a_head_that_is_kept_grows_and_shrinks_with_the_side() -> None:
    book = OrderBook([("1", "1")])
    for quantity, expected in (("2", (("1", "2"),)), ("0", ()), ("0", ()), ("3", (("1", "3"),))):
        book.apply([("1", quantity)], [])
        assert book.top(1) == book.top(3) == (expected, ())
        assert rows_of(book.bids, 1) == floats_of(expected)
    book.apply([("1.1", "1"), ("1.2", "1")], [])
    assert [price for price, _ in book.bids.top(3)] == ["1.2", "1.1", "1"]
    assert book.bids.top(1) == (("1.2", "1"),)


@pytest.mark.parametrize(
    ("bids", "asks", "expected"),
    [
        ([("3366.1", "7"), ("3366", "6")], [("3366.8", "9"), ("3368", "8")], -1881014294),
        ([("3366.1", "7")], [("3366.8", "9"), ("3368", "8"), ("3372", "8")], 831078360),
        ([("1", "2")], [], 932632908),
    ],
)
def test_a_checksum_is_over_the_texts_of_bids_and_asks_in_turn(
    bids: list[tuple[str, str]], asks: list[tuple[str, str]], expected: int
) -> None:
    assert OrderBook(bids, asks).checksum() == expected


def test_a_checksum_is_over_the_best_levels_alone() -> None:
    few = OrderBook([(str(price), "1") for price in range(100, 75, -1)], [("101", "1")])
    many = OrderBook([(str(price), "1") for price in range(100, 50, -1)], [("101", "1")])
    assert few.checksum() == many.checksum() != many.checksum(26)
