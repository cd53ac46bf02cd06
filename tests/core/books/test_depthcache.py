"""An order book as its user reads it, filled by hand as in the seed; what a manager's book is like is in test_keptbook."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from exchangeclient.core.books.depthcache import DepthCache
from exchangeclient.exceptions import OutOfSyncException


def filled() -> DepthCache:
    cache = DepthCache("BNBBTC")
    for level in range(4):
        cache.add_bid([f"{10 - level}", f"{level + 1}"])
        cache.add_ask([f"{11 + level}", "2"])
    return cache


def test_levels_are_lists_of_floats_best_first() -> None:
    cache = DepthCache("BNBBTC")
    for bid in (["0.1", "5"], [0.2, 6.0], ["0.15", "7", []]):
        cache.add_bid(bid)
    for ask in (["0.4", "1"], ["0.3", "2"]):
        cache.add_ask(ask)
    assert cache.get_bids() == [[0.2, 6.0], [0.15, 7.0], [0.1, 5.0]]
    assert cache.get_asks() == [[0.3, 2.0], [0.4, 1.0]]
    assert cache.top(1) == ((("0.2", "6"),), (("0.3", "2"),))
    assert cache.symbol == "BNBBTC"
    assert cache.update_time is None
    assert not cache.stale


def test_quantity_zero_removes_a_level() -> None:
    cache = DepthCache("BNBBTC")
    cache.add_bid(["0.1", "5"])
    cache.add_bid(["0.10", "0.00000000"])
    assert cache.get_bids() == []


def test_two_caches_never_share_a_book() -> None:
    first, second = DepthCache("AAA"), DepthCache("BBB")
    first.add_bid(["1", "1"])
    assert second.get_bids() == []


def test_b18_changing_the_returned_list_changes_nothing_else() -> None:
    cache = DepthCache("BNBBTC")
    cache.add_bid(["1", "1"])
    shown = cache.get_bids()
    shown[0][1] = 99.0
    shown.append([2.0, 2.0])
    assert cache.get_bids() == [[1.0, 1.0]]


def test_numbers_are_converted_as_asked() -> None:
    cache = DepthCache("BNBBTC", conv_type=Decimal)
    cache.add_ask(["0.10", "5"])
    assert cache.get_asks() == [[Decimal("0.10"), Decimal(5)]]
    assert isinstance(cache.get_asks()[0][0], Decimal)
    with pytest.raises(TypeError, match="conv_type must"):
        DepthCache("BNBBTC", conv_type=5)  # type: ignore[arg-type]


@pytest.mark.parametrize(("symbol", "error"), [("", ValueError), (5, TypeError), (None, TypeError)])
def test_symbol_is_a_text(symbol: Any, error: type[Exception]) -> None:
    with pytest.raises(error, match="symbol must"):
        DepthCache(symbol)


@pytest.mark.parametrize("level", [["x", "1"], ["1", "-1"], ["1"], [None, "1"], "ab", "12", b"12", {}, None, 5, ["1" * 400, "1"]])
def test_wrong_level_is_refused_and_nothing_changed(level: Any) -> None:
    cache = DepthCache("BNBBTC")
    with pytest.raises((TypeError, ValueError), match="must"):
        cache.add_bid(level)
    assert cache.get_bids() == []


@pytest.mark.parametrize("make", [copy.copy, copy.deepcopy, pickle.dumps])
def test_p16_cache_is_neither_copied_nor_pickled(make: Callable[[DepthCache], Any]) -> None:
    with pytest.raises(TypeError, match=r"neither pickled nor copied.* top\(\) gives its levels"):
        make(filled())


def test_sort_depth_takes_a_dict_or_pairs() -> None:
    assert DepthCache.sort_depth({1.0: 5, 3.0: 6, 2.0: 7}, reverse=True) == [[3.0, 6], [2.0, 7], [1.0, 5]]
    assert DepthCache.sort_depth([(2.0, 1), (1.0, 4)]) == [[1.0, 4], [2.0, 1]]


def test_repr_names_the_symbol() -> None:
    assert repr(DepthCache("BNBBTC")) == "<DepthCache BNBBTC>"


def test_so_many_levels_as_are_asked_for_are_converted() -> None:
    converted: list[str] = []

    def number(text: str) -> float:
        converted.append(text)
        return float(text)

    cache = DepthCache("BNBBTC", number)
    for price in ("1", "2", "3"):
        cache.add_bid([price, "7"])
    assert cache.get_bids(1) == [[3.0, 7.0]]
    assert sorted(converted) == ["3", "7"]
    assert cache.get_bids(0) == cache.get_asks(5) == []
    assert [price for price, _ in cache.get_bids(9)] == [3.0, 2.0, 1.0]
    with pytest.raises(ValueError, match="n must not be negative"):
        cache.get_bids(-1)
    with pytest.raises(TypeError, match="n must be an int"):
        cache.get_asks("5")  # type: ignore[arg-type]


@pytest.mark.parametrize("conv_type", [float, Decimal])
def test_a_number_that_has_changed_is_not_the_remembered_one(conv_type: Callable[[Any], Any]) -> None:
    cache = DepthCache("BNBBTC", conv_type)
    for quantity in range(1, 5_000):
        cache.add_bid(["10", f"{quantity}.5"])
        assert cache.get_bids(1) == [[conv_type(10), conv_type(quantity + 0.5)]]
    assert len(cache._number) < 2_000


def test_hand_made_cache_is_certain_live_and_of_no_age() -> None:
    cache = filled()
    assert (cache.get_bids().certain, cache.get_asks(2).certain) == (4, 2)
    assert (cache.known_range, cache.age, cache.update_id) == ((None, None), 0.0, 0)
    assert cache.require(max_age=0.1, levels=9) is cache
    assert set(cache.stats().values()) == {0}
    with cache.steady() as same:
        assert same is cache


def test_orders_are_priced_by_what_is_there() -> None:
    cache = filled()
    assert (cache.vwap("BUY", 3), cache.fill_price("BUY", 3)) == (pytest.approx(34 / 3), 12.0)
    assert (cache.vwap("SELL", "3"), cache.fill_price("SELL", Decimal(3))) == (pytest.approx(28 / 3), 9.0)
    assert cache.imbalance(1) == pytest.approx(-1 / 3)
    assert isinstance(cache.vwap("BUY", 1), float)
    exact = DepthCache("BNBBTC", conv_type=Decimal)
    exact.add_ask(["0.00000001", "5"])
    assert (exact.vwap("BUY", 5), exact.fill_price("BUY", 5)) == (Decimal("0.00000001"), Decimal("0.00000001"))
    text = DepthCache("BNBBTC", conv_type=str)
    text.add_ask(["0.00000001", "5"])
    assert text.fill_price("BUY", 1) == "0.00000001"


@pytest.mark.parametrize(
    ("side", "quantity", "named"), [("buy", 1, "side"), ("BUY", 0, "quantity"), ("SELL", 11, "quantity"), ("BUY", "x", "quantity")]
)
def test_orders_that_cannot_be_priced_are_refused_by_name(side: str, quantity: Any, named: str) -> None:
    for ask in (filled().vwap, filled().fill_price):
        with pytest.raises(ValueError, match=rf"{named} must"):
            ask(side, quantity)


@pytest.mark.parametrize(
    "wrong", [{"max_age": "2"}, {"max_age": -1}, {"max_age": float("nan")}, {"levels": 1.0}, {"levels": -1}, {"levels": True}]
)
def test_what_is_required_is_checked_by_name(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=rf"{next(iter(wrong))} must"):
        filled().require(**wrong)


def test_levels_beyond_what_is_certain_price_no_order() -> None:
    from exchangeclient.market.book import OrderBook

    cache = filled()
    cache._by_hand = OrderBook([("10", "1"), ("9", "1")], [], depth=2)
    cache.add_bid(["5", "100"])
    assert cache.get_bids().certain == 2
    assert cache.known_range == (9.0, None)
    assert cache.fill_price("SELL", 2) == 9.0
    with pytest.raises(ValueError, match="quantity must be at most 2, which is all that is known to be there, not 3"):
        cache.fill_price("SELL", 3)
    with pytest.raises(OutOfSyncException, match="certain for 2 levels, which is less than 3"):
        cache.require(levels=3)
    assert cache.require(levels=2) is cache
