from __future__ import annotations

from collections.abc import Mapping
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exchangeclient.binance.likeness import are_the_same, are_they, is_it, is_the_same, says_the_same

SENT_MS = 1_700_000_000_000
SAID = {
    "symbol": "BTCUSDT",
    "side": "SELL",
    "type": "STOP_LOSS_LIMIT",
    "timeInForce": "GTC",
    "quantity": "2",
    "price": "7",
    "stopPrice": "8",
}
SHOWN: dict[str, Any] = {
    "symbol": "BTCUSDT", "orderId": 1, "side": "SELL", "type": "STOP_LOSS_LIMIT", "timeInForce": "GTC", "origQty": "2.00000000",
    "price": "7.00000000", "stopPrice": "8.00000000", "icebergQty": "0.00000000", "time": SENT_MS, "status": "NEW",
}  # fmt: skip
OTHERS: list[dict[str, Any]] = [
    {"side": "BUY"},
    {"type": "LIMIT"},
    {"timeInForce": "FOK"},
    {"origQty": "2.1"},
    {"price": "7.01"},
    {"stopPrice": "8.01"},
    {"symbol": "ETHUSDT"},
]


def test_an_order_is_the_one_that_was_sent_when_it_says_the_same() -> None:
    assert is_it(SAID, SHOWN, SENT_MS)
    assert is_the_same(SAID, SHOWN)


@pytest.mark.parametrize("other", OTHERS)
def test_an_order_that_says_something_else_is_another_one(other: dict[str, Any]) -> None:
    assert not is_it(SAID, SHOWN | other, SENT_MS)
    assert not is_the_same(SAID, SHOWN | other)


@pytest.mark.parametrize(("time", "is_so"), [(-1_001, False), (-1_000, True), (-1, True), (0, True), (60_000, True)])
@pytest.mark.parametrize("unit", [1, 1_000])
def test_an_order_that_is_older_than_clocks_may_be_apart_is_another_one(time: int, unit: int, is_so: bool) -> None:
    assert is_it(SAID, SHOWN | {"time": (SENT_MS + time) * unit}, SENT_MS) is is_so


def test_an_order_may_have_been_made_smaller_since_but_not_before() -> None:
    smaller = SHOWN | {"origQty": "1.5"}
    assert is_it(SAID, smaller, SENT_MS)
    assert not is_it(SAID, smaller | {"time": SENT_MS - 1}, SENT_MS), "an older one of another size"
    assert not is_the_same(SAID, smaller)
    market = {"symbol": "BTCUSDT", "side": "SELL", "type": "MARKET", "quantity": "2"}
    assert not is_it(market, smaller | {"type": "MARKET"}, SENT_MS), "which nobody can amend"


@pytest.mark.parametrize("special", [{"icebergQty": "0.5"}, {"trailingDelta": 100}])
def test_what_was_not_asked_for_makes_another_order(special: dict[str, Any]) -> None:
    assert not is_the_same(SAID, SHOWN | special)


def test_a_request_says_the_same_when_its_figures_do() -> None:
    assert says_the_same({"price": "7", "side": "BUY"}, {"price": "7.00", "side": "BUY"})
    for other in (
        {"price": "7.01", "side": "BUY"},
        {"price": "7", "side": "SELL"},
        {"price": "7"},
        {"price": "7", "side": "BUY", "a": "b"},
    ):
        assert not says_the_same({"price": "7", "side": "BUY"}, other)


LEG = {"symbol": "BTCUSDT", "side": "SELL", "type": "LIMIT_MAKER", "quantity": "2", "price": "20"}
SHOWN_LEG = SHOWN | {"type": "LIMIT_MAKER", "price": "20.0", "stopPrice": "0.00000000"}


@pytest.mark.parametrize("orders", list(permutations([SHOWN, SHOWN_LEG])))
def test_a_list_is_told_by_its_orders_in_whatever_order_they_are_shown(orders: tuple[dict[str, Any], ...]) -> None:
    assert are_they([SAID, LEG], orders, SENT_MS)
    assert are_the_same([SAID, LEG], orders)
    for number in range(2):
        other = [order | ({"side": "BUY"} if number == which else {}) for which, order in enumerate(orders)]
        assert not are_they([SAID, LEG], other, SENT_MS)
        assert not are_the_same([SAID, LEG], other)
    assert not are_they([SAID, LEG], [SHOWN, SHOWN], SENT_MS), "one order that was sent is not two"
    assert not are_they([SAID, LEG], [*orders, SHOWN], SENT_MS)


def test_what_is_not_shown_of_a_list_speaks_neither_for_it_nor_against_it() -> None:
    assert are_they([SAID, LEG], [SHOWN_LEG], SENT_MS)
    assert are_they([SAID, LEG], [], SENT_MS)
    assert not are_the_same([SAID, LEG], [SHOWN_LEG])


@settings(deadline=None)
@given(st.dictionaries(st.sampled_from(list(SHOWN)), st.one_of(st.none(), st.booleans(), st.text(), st.lists(st.integers()), st.floats())))
def test_nothing_that_a_venue_may_show_breaks_it(shown: Mapping[str, Any]) -> None:
    for order in (shown, SHOWN | dict(shown)):
        assert isinstance(is_it(SAID, order, SENT_MS), bool)
        assert isinstance(are_the_same([SAID], [order]), bool)
