"""Each rule of a symbol, at its border: the last value that passes, the first that does not."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from exchangeclient.sandbox.engine.accounts import Account
from exchangeclient.sandbox.engine.checks import check_features, check_lot, check_rules, check_shape, passes_at_a_glance
from exchangeclient.sandbox.engine.commands import Peg, Place
from exchangeclient.sandbox.engine.instruments import UNIT, Instrument, Trailing
from exchangeclient.sandbox.engine.market import Market
from exchangeclient.sandbox.engine.refusals import Refused, Rule
from exchangeclient.sandbox.engine.words import OrderType, PegKind, SelfTrade, Side, Status

COIN = Instrument(
    symbol="COINCASH",
    base="COIN",
    quote="CASH",
    opening_price=100 * UNIT,
    tick=5 * UNIT,
    step=2 * UNIT,
    min_price=10 * UNIT,
    max_price=1000 * UNIT,
    min_quantity=4 * UNIT,
    max_quantity=100 * UNIT,
    max_market_quantity=50 * UNIT,
    min_notional=600 * UNIT,
    max_notional=9000 * UNIT,
    bid_up=2 * UNIT,
    bid_down=UNIT // 2,
    ask_up=3 * UNIT,
    ask_down=UNIT * 9 // 10,
)
REFERENCE = 100 * UNIT


def place(side: Side = Side.BUY, type: OrderType = OrderType.LIMIT, *, quantity: int = 0, price: int = 0, quote: int = 0) -> Place:
    return Place("anna", COIN.symbol, side, type, quantity=quantity * UNIT, price=price * UNIT, quote_quantity=quote * UNIT)


def rule_of(order: Place, instrument: Instrument = COIN) -> Rule | None:
    try:
        check_rules(order, instrument, REFERENCE)
    except Refused as refusal:
        return refusal.rule
    return None


@pytest.mark.parametrize(
    ("order", "rule"),
    [
        (place(quantity=10, price=100), None),
        (place(quantity=10, price=101), Rule.PRICE_FILTER),  # off the tick
        (place(quantity=10, price=5), Rule.PRICE_FILTER),  # below the least price
        (place(quantity=10, price=1005), Rule.PRICE_FILTER),  # above the greatest
        (place(quantity=11, price=100), Rule.LOT_SIZE),  # off the step
        (place(quantity=2, price=100), Rule.LOT_SIZE),
        (place(quantity=102, price=80), Rule.LOT_SIZE),
        (place(quantity=0, price=100), Rule.LOT_SIZE),
        (place(quantity=20, price=50), None),  # the bid band's lower edge
        (place(quantity=20, price=45), Rule.PERCENT_PRICE_BY_SIDE),
        (place(quantity=20, price=200), None),  # its upper edge
        (place(quantity=20, price=205), Rule.PERCENT_PRICE_BY_SIDE),
        (place(Side.SELL, quantity=20, price=90), None),  # the ask band is another one
        (place(Side.SELL, quantity=20, price=85), Rule.PERCENT_PRICE_BY_SIDE),
        (place(Side.SELL, quantity=20, price=300), None),
        (place(Side.SELL, quantity=20, price=305), Rule.PERCENT_PRICE_BY_SIDE),
        (place(quantity=6, price=100), None),  # exactly the least total
        (place(quantity=6, price=95), Rule.NOTIONAL),
        (place(quantity=90, price=100), None),  # exactly the greatest
        (place(quantity=90, price=105), Rule.NOTIONAL),
        (place(type=OrderType.LIMIT_MAKER, quantity=10, price=101), Rule.PRICE_FILTER),
        (place(type=OrderType.MARKET, quantity=50), None),
        (place(type=OrderType.MARKET, quantity=52), Rule.MARKET_LOT_SIZE),
        (place(type=OrderType.MARKET, quantity=102), Rule.LOT_SIZE),
        (place(type=OrderType.MARKET, quantity=4), Rule.NOTIONAL),  # measured at the average price
        (place(type=OrderType.MARKET, quantity=6), None),
        (place(type=OrderType.MARKET, quote=600), None),
        (place(type=OrderType.MARKET, quote=599), Rule.NOTIONAL),
        (place(type=OrderType.MARKET, quote=9001), Rule.NOTIONAL),
        (place(type=OrderType.MARKET), Rule.LOT_SIZE),
    ],
)
def test_each_rule_at_its_border(order: Place, rule: Rule | None) -> None:
    assert rule_of(order) is rule


@pytest.mark.parametrize(("least", "most"), [(True, False), (False, True)])
def test_either_end_of_the_total_may_leave_orders_at_market_alone(least: bool, most: bool) -> None:
    coin = replace(COIN, min_notional_at_market=least, max_notional_at_market=most)
    for kind in (OrderType.MARKET, OrderType.STOP_LOSS):
        for quantity, quote, holds in ((4, 0, least), (0, 599, least), (0, 9001, most)):
            if kind is OrderType.MARKET or quantity:
                order = structs.replace(
                    place(type=kind, quantity=quantity, quote=quote), stop_price=100 * UNIT * (kind is not OrderType.MARKET)
                )
                assert rule_of(order, coin) is (Rule.NOTIONAL if holds else None)
    assert rule_of(place(quantity=6, price=95), coin) is rule_of(place(quantity=90, price=105), coin) is Rule.NOTIONAL


def test_of_several_broken_rules_the_venues_first_is_named() -> None:
    sequence = [Rule.PRICE_FILTER, Rule.LOT_SIZE, Rule.PERCENT_PRICE_BY_SIDE, Rule.NOTIONAL]
    broken = [
        place(quantity=1, price=1003),
        place(quantity=1, price=400),
        place(quantity=98, price=400),
        place(quantity=98, price=150),
    ]
    assert [rule_of(order) for order in broken] == sequence


def test_a_total_that_is_cut_to_nothing_is_refused_where_no_minimum_is_set() -> None:
    dust = replace(COIN, tick=1, min_price=1, step=1, min_quantity=1, min_notional=0, bid_down=0)
    order = Place("anna", COIN.symbol, Side.BUY, OrderType.LIMIT, quantity=UNIT // 3, price=2)
    assert rule_of(order, dust) is Rule.ZERO_TOTAL
    assert rule_of(structs.replace(order, quantity=UNIT // 2), dust) is None


def test_a_lot_is_checked_alone_for_quantities_that_the_book_decides() -> None:
    check_lot(50 * UNIT, COIN, market=True)
    with pytest.raises(Refused, match="MARKET_LOT_SIZE"):
        check_lot(52 * UNIT, COIN, market=True)
    check_lot(52 * UNIT, COIN, market=False)


@pytest.mark.parametrize(
    ("terms", "rules", "rule"),
    [
        ({"iceberg_quantity": 2}, {}, Rule.LOT_SIZE),
        ({"iceberg_quantity": 4}, {}, None),
        ({"iceberg_quantity": 14}, {}, Rule.ICEBERG_EXCEEDS_QUANTITY),
        ({"iceberg_quantity": 4}, {"max_iceberg_parts": 2}, Rule.ICEBERG_PARTS),
        ({"iceberg_quantity": 4}, {"max_iceberg_parts": 3}, None),
        ({"stop_price": 101}, {}, Rule.PRICE_FILTER),
        ({"stop_price": 105}, {}, None),
        ({"stop_price": 105}, {"tick": 0}, None),
        ({"price": 11, "stop_price": 5}, {"min_price": 0, "bid_down": 0, "min_notional": 0}, Rule.PRICE_FILTER),
        ({"trailing_delta": 9}, {}, Rule.TRAILING_DELTA),
        ({"trailing_delta": 10}, {}, None),
        ({"trailing_delta": 101}, {"trailing": Trailing(max_above=100)}, Rule.TRAILING_DELTA),
        ({"trailing_delta": 101}, {"trailing": Trailing(max_below=100)}, None),
    ],
)
def test_each_rule_of_icebergs_and_stops_at_its_border(terms: dict[str, int], rules: dict[str, object], rule: Rule | None) -> None:
    conditional = "stop_price" in terms or "trailing_delta" in terms
    kind = OrderType.STOP_LOSS_LIMIT if conditional else OrderType.LIMIT
    figures = {name: figure * (1 if name == "trailing_delta" else UNIT) for name, figure in terms.items()}
    order = structs.replace(place(type=kind, quantity=12, price=100), **figures)
    assert rule_of(order, replace(COIN, **rules)) is rule


@pytest.mark.parametrize(
    ("side", "kind", "above"),
    [
        (Side.BUY, OrderType.STOP_LOSS, True),
        (Side.SELL, OrderType.TAKE_PROFIT, True),
        (Side.SELL, OrderType.STOP_LOSS, False),
        (Side.BUY, OrderType.TAKE_PROFIT, False),
    ],
)
def test_a_trailing_delta_is_bounded_by_where_its_stop_lies(side: Side, kind: OrderType, above: bool) -> None:
    order = structs.replace(place(side, kind, quantity=10), trailing_delta=50)
    assert rule_of(order, replace(COIN, trailing=Trailing(max_above=49))) is (Rule.TRAILING_DELTA if above else None)
    assert rule_of(order, replace(COIN, trailing=Trailing(max_below=49))) is (None if above else Rule.TRAILING_DELTA)


@pytest.mark.parametrize(
    ("terms", "rules", "rule"),
    [
        ({}, {"types": frozenset((OrderType.MARKET,))}, Rule.TYPE_NOT_ALLOWED),
        ({}, {"status": Status.BREAK}, Rule.NOT_TRADING),
        ({}, {"status": Status.CANCEL_ONLY}, Rule.NOT_TRADING),
        ({"iceberg_quantity": UNIT}, {"iceberg": False}, Rule.ICEBERG_NOT_ALLOWED),
        ({"trailing_delta": 50}, {"trailing": None}, Rule.TRAILING_NOT_ALLOWED),
        ({"peg": Peg(PegKind.PRIMARY)}, {"peg": False}, Rule.PEG_NOT_ALLOWED),
        ({"quote_quantity": UNIT}, {"quote_quantity": False}, Rule.QUOTE_QUANTITY_NOT_ALLOWED),
        ({"self_trade": SelfTrade.NONE}, {"self_trades": frozenset((SelfTrade.DECREMENT,))}, Rule.SELF_TRADE_MODE_NOT_ALLOWED),
    ],
)
def test_what_the_symbol_does_not_offer_is_refused(terms: dict[str, object], rules: dict[str, object], rule: Rule) -> None:
    order = structs.replace(place(quantity=10, price=100), **terms)
    check_features(order, COIN)
    with pytest.raises(Refused) as refusal:
        check_features(order, replace(COIN, **rules))
    assert refusal.value.rule is rule


def glance(order: Place, instrument: Instrument = COIN) -> bool:
    market = Market(instrument, Account("engine:house"), seed=1, start_us=0, history=(), still=frozenset())
    return passes_at_a_glance(order, order.price * order.quantity // UNIT, market, 0)


@given(
    st.sampled_from(list(Side)), st.integers(-10, 1100), st.integers(-10, 110), st.sampled_from([OrderType.LIMIT, OrderType.LIMIT_MAKER])
)
def test_a_glance_lets_pass_what_the_checks_let_pass(side: Side, price: int, quantity: int, kind: OrderType) -> None:
    order = place(side, kind, price=price, quantity=quantity)
    assert glance(order) is (rule_of(order) is None)


@pytest.mark.parametrize(
    "terms",
    [
        {"stop_price": UNIT},
        {"trailing_delta": 5},
        {"iceberg_quantity": UNIT},
        {"quote_quantity": UNIT},
        {"routed": True},
        {"peg": Peg(PegKind.PRIMARY)},
        {"self_trade": SelfTrade.NONE},
        {"quantity": -10 * UNIT},
        {"quantity": -10 * UNIT, "price": -100 * UNIT},
        {"price": 0},
        {"type": OrderType.MARKET},
        {"type": OrderType.STOP_LOSS_LIMIT},
    ],
)
def test_an_order_that_uses_more_than_a_limit_is_not_judged_at_a_glance(terms: dict[str, Any]) -> None:
    order = place(quantity=10, price=100)
    assert glance(order)
    assert not glance(structs.replace(order, **terms))


@pytest.mark.parametrize(
    "rules",
    [
        {"status": Status.HALT},
        {"types": frozenset((OrderType.MARKET,))},
        {"tick": 0},  # no tick at all is left to the checks
        {"min_notional": 1001 * UNIT},
        {"max_notional": 999 * UNIT},
        {"bid_down": 2 * UNIT},
        {"bid_up": UNIT // 2},
    ],
)
def test_what_a_symbol_does_not_allow_does_not_pass_at_a_glance(rules: dict[str, Any]) -> None:
    assert not glance(place(quantity=10, price=100), replace(COIN, **rules))


def test_a_total_that_is_cut_to_nothing_does_not_pass_at_a_glance() -> None:
    dust = replace(COIN, tick=1, min_price=1, step=1, min_quantity=1, min_notional=0, bid_down=0, opening_price=2)
    order = Place("anna", COIN.symbol, Side.BUY, OrderType.LIMIT, quantity=UNIT // 3, price=2)
    assert not glance(order, dust)
    assert glance(structs.replace(order, quantity=UNIT // 2), dust)


def test_a_pegged_price_must_keep_the_rules_as_the_sent_one_must() -> None:
    order = structs.replace(place(quantity=10, price=100), peg=Peg(PegKind.PRIMARY))
    check_rules(order, COIN, REFERENCE, pegged=105 * UNIT)
    for pegged, rule in ((101, Rule.PRICE_FILTER), (205, Rule.PERCENT_PRICE_BY_SIDE), (55, Rule.NOTIONAL)):
        with pytest.raises(Refused, match=rule.value):
            check_rules(order, COIN, REFERENCE, pegged=pegged * UNIT)
    with pytest.raises(Refused, match="NOTIONAL"):
        check_rules(structs.replace(order, price=55 * UNIT), COIN, REFERENCE, pegged=100 * UNIT)


@pytest.mark.parametrize(
    "order",
    [
        place(quantity=-2, price=100),
        structs.replace(place(quantity=10, price=100), iceberg_quantity=-1),
        structs.replace(place(quantity=10, price=100), stop_price=UNIT),
        structs.replace(place(quantity=10, price=100), trailing_delta=5),
        place(type=OrderType.STOP_LOSS, quantity=10),
        structs.replace(place(type=OrderType.STOP_LOSS, quantity=10, price=5), stop_price=UNIT),
        structs.replace(place(type=OrderType.MARKET, quantity=10), iceberg_quantity=UNIT),
        structs.replace(place(type=OrderType.MARKET, quantity=10), peg=Peg(PegKind.MARKET)),
        place(quantity=2, price=-100),
        place(type=OrderType.MARKET, quote=-1),
        place(type=OrderType.MARKET, quantity=10, price=100),
        place(type=OrderType.MARKET, quantity=10, quote=100),
        place(type=OrderType.LIMIT, quantity=10, price=100, quote=5),
    ],
)
def test_figures_that_do_not_belong_together_are_the_callers_mistake(order: Place) -> None:
    with pytest.raises(ValueError, match=r"order|negative"):
        check_shape(order)
