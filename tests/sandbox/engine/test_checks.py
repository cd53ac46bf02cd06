"""Each rule of a symbol, at its border: the last value that passes, the first that does not."""

from __future__ import annotations

from dataclasses import replace

import pytest

from exchangeclient.sandbox.engine.checks import check_lot, check_rules, check_shape
from exchangeclient.sandbox.engine.events import OrderType, Place, Refused, Rule, Side
from exchangeclient.sandbox.engine.instruments import UNIT, Instrument

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
    assert rule_of(replace(order, quantity=UNIT // 2), dust) is None


def test_a_lot_is_checked_alone_for_quantities_that_the_book_decides() -> None:
    check_lot(50 * UNIT, COIN, market=True)
    with pytest.raises(Refused, match="MARKET_LOT_SIZE"):
        check_lot(52 * UNIT, COIN, market=True)
    check_lot(52 * UNIT, COIN, market=False)


@pytest.mark.parametrize(
    "order",
    [
        place(quantity=-2, price=100),
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
