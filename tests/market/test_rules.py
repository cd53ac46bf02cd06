from __future__ import annotations

from decimal import ROUND_CEILING, Decimal

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from exchangeclient.exceptions import (
    OrderException,
    OrderInactiveSymbolException,
    OrderMinAmountException,
    OrderMinPriceException,
    OrderMinTotalException,
)
from exchangeclient.market.rules import Bounds, OrderFigures, OrderRules, breach, check

D = Decimal
RULES = OrderRules(
    symbol="BTCUSDT",
    price=Bounds("PRICE_FILTER", D("0.01"), D("1000000"), D("0.01"), "tick"),
    quantity=Bounds("LOT_SIZE", D("0.00001"), D("9000"), D("0.00001")),
    market_quantity=Bounds("MARKET_LOT_SIZE", None, D("100"), None),
    totals=(Bounds("NOTIONAL", D("5"), D("9000000")),),
    market_totals=(Bounds("NOTIONAL", D("5")),),
)


def limit(price: str, quantity: str) -> OrderFigures:
    return OrderFigures({"price": D(price)}, {"quantity": D(quantity)})


def market(quantity: str) -> OrderFigures:
    return OrderFigures({}, {"quantity": D(quantity)}, market=True)


@pytest.mark.parametrize(
    "order",
    [
        limit("50000.00", "0.0001"),
        limit("50000.000", "0.00010"),
        limit("0.01", "500"),
        limit("1000000", "9"),
        market("100"),
        OrderFigures(total=D(5)),
    ],
)
def test_an_order_within_the_rules_passes(order: OrderFigures) -> None:
    check(RULES, order)


PRICE, AMOUNT, TOTAL = OrderMinPriceException, OrderMinAmountException, OrderMinTotalException


@pytest.mark.parametrize(
    ("order", "error", "rule", "nearest", "text"),
    [
        (limit("0.123456", "100"), PRICE, "PRICE_FILTER", "0.12", "price 0.123456 is not a multiple of the tick 0.01 for BTCUSDT"),
        (limit("0", "1"), PRICE, "PRICE_FILTER", "0.01", "price 0 is below the minimum 0.01 for BTCUSDT"),
        (limit("1000001", "1"), PRICE, "PRICE_FILTER", "1000000", "price 1000001 is above the maximum 1000000 for BTCUSDT"),
        (limit("1", "5.000019"), AMOUNT, "LOT_SIZE", "5.00002", "quantity 5.000019 is not a multiple of the step 0.00001"),
        (limit("1", "0"), AMOUNT, "LOT_SIZE", "0.00001", "quantity 0 is below the minimum 0.00001 for BTCUSDT"),
        (limit("1", "9001"), AMOUNT, "LOT_SIZE", "9000", "quantity 9001 is above the maximum 9000 for BTCUSDT"),
        (market("101"), AMOUNT, "MARKET_LOT_SIZE", "100", "quantity 101 is above the maximum 100 for BTCUSDT"),
        (limit("2", "2.4"), TOTAL, "NOTIONAL", "5", "price 2 times quantity 2.4 = 4.8 is below the minimum 5 for BTCUSDT"),
        (limit("1000000", "9000"), TOTAL, "NOTIONAL", "9000000", "is above the maximum 9000000 for BTCUSDT"),
        (OrderFigures(total=D("4.99")), TOTAL, "NOTIONAL", "5", "the total 4.99 is below the minimum 5 for BTCUSDT"),
        (OrderFigures({"stopPrice": D("0.005")}), PRICE, "PRICE_FILTER", "0.01", "stopPrice 0.005 is below"),
        (OrderFigures({}, {"icebergQty": D("0.000001")}), AMOUNT, "LOT_SIZE", "0.00001", "icebergQty 0.000001 is below"),
    ],
)
def test_the_first_broken_rule_is_named_with_the_nearest_legal_value(
    order: OrderFigures, error: type[OrderException], rule: str, nearest: str, text: str
) -> None:
    with pytest.raises(error) as caught:
        check(RULES, order)
    assert text in str(caught.value)
    assert (caught.value.rule, caught.value.nearest, caught.value.symbol, caught.value.code) == (rule, D(nearest), "BTCUSDT", -1013)


def test_a_symbol_that_does_not_trade_takes_no_order() -> None:
    with pytest.raises(OrderInactiveSymbolException, match=r"OLDBTC is not trading \(status BREAK\)"):
        check(OrderRules("OLDBTC", trading=False, status="BREAK"), limit("1", "1"))


def test_a_symbol_without_rules_takes_any_order() -> None:
    check(OrderRules("X"), limit("0.000000001", "123456789"))


@pytest.mark.parametrize(
    ("order", "error", "text"),
    [
        (limit("0", "1"), PRICE, "price 0 is not above zero for X"),
        (limit("1", "0"), AMOUNT, "quantity 0 is not above zero for X"),
        (market("0"), AMOUNT, "quantity 0 is not above zero for X"),
        (OrderFigures(total=D(0)), TOTAL, "the total 0 is not above zero for X"),
    ],
)
def test_nothing_is_zero_even_without_rules(order: OrderFigures, error: type[OrderException], text: str) -> None:
    with pytest.raises(error, match=text) as caught:
        check(OrderRules("X"), order)
    assert caught.value.nearest is None
    step = Bounds("STEP", step=D("0.1"))
    with pytest.raises(error, match="is not above zero"):
        check(OrderRules("X", price=step, quantity=step, market_totals=(step,)), order)


def test_a_breach_can_be_looked_at_without_raising() -> None:
    assert breach(RULES, limit("50000.00", "0.0001")) is None
    broken = breach(RULES, limit("0.123456", "100.000001"))
    assert isinstance(broken, OrderMinPriceException)
    assert broken.nearest == D("0.12")


def test_the_step_is_counted_from_zero_not_from_the_minimum() -> None:
    assert Bounds("LOT_SIZE", D("0.015"), None, D("0.01")).allows(D("0.02"))
    assert not Bounds("LOT_SIZE", D("0.015"), None, D("0.01")).allows(D("0.025"))


def test_bounds_that_nothing_satisfies_have_no_nearest() -> None:
    assert Bounds("LOT_SIZE", D("1.1"), D("1.9"), D("1")).nearest(D("1.5")) is None


amounts = st.decimals(min_value=0, max_value=1000, places=6)


@given(amounts, amounts, amounts, st.decimals(min_value=D("0.000001"), max_value=10, places=6))
def test_nearest_is_legal_and_nothing_legal_is_nearer(value: Decimal, low: Decimal, high: Decimal, step: Decimal) -> None:
    assume(low <= high)
    bounds = Bounds("LOT_SIZE", low, high, step)
    nearest = bounds.nearest(value)
    first = (low / step).to_integral_value(ROUND_CEILING) * step  # the least multiple from the minimum up
    if nearest is None:
        assert first > high
        return
    assert bounds.allows(nearest)
    assert bounds.broken_by(nearest) == ""
    for other in (nearest - step, nearest + step):
        assert not bounds.allows(other) or abs(other - value) >= abs(nearest - value)
    assert bounds.allows(value) == (bounds.broken_by(value) == "") == (nearest == value)
