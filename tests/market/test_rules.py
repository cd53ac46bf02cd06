from __future__ import annotations

from decimal import ROUND_CEILING, Decimal

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from exchangeclient.exceptions import (
    OrderException,
    OrderIcebergException,
    OrderInactiveSymbolException,
    OrderMarketAmountException,
    OrderMinAmountException,
    OrderMinPriceException,
    OrderMinTotalException,
    OrderPriceBandException,
    OrderTrailingDeltaException,
)
from exchangeclient.market.rules import Bounds, OrderFigures, OrderRules, Rounding, breach, check, quantized

D = Decimal
RULES = OrderRules(
    symbol="BTCUSDT",
    price=Bounds("PRICE_FILTER", D("0.01"), D("1000000"), D("0.01"), "tick"),
    quantity=Bounds("LOT_SIZE", D("0.00001"), D("9000"), D("0.00001")),
    market_quantity=Bounds("MARKET_LOT_SIZE", None, D("100"), None),
    most_parts=Bounds("ICEBERG_PARTS", high=D(100)),
    trailing={"above": Bounds("TRAILING_DELTA", D(10), D(2000)), "below": Bounds("TRAILING_DELTA", D(20), D(1000))},
    bands={"BUY": Bounds("PERCENT_PRICE_BY_SIDE", D("0.2"), D("1.5")), "SELL": Bounds("PERCENT_PRICE_BY_SIDE", D("0.8"), D(5))},
    totals=(Bounds("NOTIONAL", D("5"), D("9000000")),),
    market_totals=(Bounds("NOTIONAL", D("5")),),
)


def limit(price: str, quantity: str) -> OrderFigures:
    return OrderFigures(price=D(price), quantity=D(quantity))


def market(quantity: str) -> OrderFigures:
    return OrderFigures(quantity=D(quantity), market=True)


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
MARKET, ICEBERG, TRAILING, BAND = OrderMarketAmountException, OrderIcebergException, OrderTrailingDeltaException, OrderPriceBandException


@pytest.mark.parametrize(
    ("order", "error", "rule", "limit", "nearest", "text"),
    [
        (limit("0.123456", "100"), PRICE, "PRICE_FILTER", "0.01", "0.12", "price 0.123456 is not a multiple of the tick 0.01 for BTCUSDT"),
        (limit("0", "1"), PRICE, "PRICE_FILTER", "0.01", "0.01", "price 0 is below the minimum 0.01 for BTCUSDT"),
        (limit("1000001", "1"), PRICE, "PRICE_FILTER", "1000000", "1000000", "price 1000001 is above the maximum 1000000 for BTCUSDT"),
        (limit("1", "5.000019"), AMOUNT, "LOT_SIZE", "0.00001", "5.00002", "quantity 5.000019 is not a multiple of the step 0.00001"),
        (limit("1", "0"), AMOUNT, "LOT_SIZE", "0.00001", "0.00001", "quantity 0 is below the minimum 0.00001 for BTCUSDT"),
        (limit("1", "9001"), AMOUNT, "LOT_SIZE", "9000", "9000", "quantity 9001 is above the maximum 9000 for BTCUSDT"),
        (market("101"), MARKET, "MARKET_LOT_SIZE", "100", "100", "quantity 101 is above the maximum 100 for BTCUSDT"),
        (limit("2", "2.4"), TOTAL, "NOTIONAL", "5", "5", "price 2 times quantity 2.4 = 4.8 is below the minimum 5 for BTCUSDT"),
        (limit("1000000", "9000"), TOTAL, "NOTIONAL", "9000000", "9000000", "is above the maximum 9000000 for BTCUSDT"),
        (OrderFigures(total=D("4.99")), TOTAL, "NOTIONAL", "5", "5", "the total 4.99 is below the minimum 5 for BTCUSDT"),
        (OrderFigures(stop_price=D("0.005")), PRICE, "PRICE_FILTER", "0.01", "0.01", "stop price 0.005 is below"),
        (OrderFigures(iceberg=D("0.000001")), AMOUNT, "LOT_SIZE", "0.00001", "0.00001", "iceberg quantity 0.000001 is below"),
        (
            limit("1", "1000.1")._replace(iceberg=D(10)),
            *(ICEBERG, "ICEBERG_PARTS", "100", "10.001", "iceberg quantity 10 cuts quantity 1000.1 into more than 100 parts for BTCUSDT"),
        ),
        (
            OrderFigures(trailing=D(9), trails="above"),
            TRAILING,
            "TRAILING_DELTA",
            "10",
            "10",
            "trailing distance 9 is below the minimum 10",
        ),
        (OrderFigures(trailing=D(1001), trails="below"), TRAILING, "TRAILING_DELTA", "1000", "1000", "trailing distance 1001 is above"),
    ],
)
def test_the_first_broken_rule_is_named_with_its_limit_and_the_nearest_legal_value(
    order: OrderFigures, error: type[OrderException], rule: str, limit: str, nearest: str, text: str
) -> None:
    with pytest.raises(error) as caught:
        check(RULES, order)
    assert text in str(caught.value)
    assert (caught.value.rule, caught.value.nearest, caught.value.symbol, caught.value.code) == (rule, D(nearest), "BTCUSDT", -1013)
    assert caught.value.limit == D(limit)


def test_an_iceberg_may_have_as_many_parts_as_the_rule_says_and_the_last_may_be_smaller() -> None:
    assert breach(RULES, limit("1", "1000")._replace(iceberg=D(10))) is None
    assert breach(RULES, limit("1", "999.5")._replace(iceberg=D(10))) is None


def test_what_is_measured_by_the_market_is_checked_when_a_reference_price_is_at_hand() -> None:
    far, here = limit("200.01", "1")._replace(side="BUY"), D("133.337")
    assert breach(RULES, far) is None
    with pytest.raises(BAND, match=r"price 200.01 is above the maximum 200.0055 for BTCUSDT") as caught:
        check(RULES, far, here)
    assert (caught.value.rule, caught.value.nearest) == ("PERCENT_PRICE_BY_SIDE", D("200.00"))
    assert breach(RULES, far._replace(side="SELL"), here) is None
    assert breach(RULES, far._replace(side=""), here) is None
    with pytest.raises(BAND, match=r"price 106.66 is below the minimum 106.6696") as low:
        check(RULES, limit("106.66", "1")._replace(side="SELL"), here)
    assert low.value.nearest == D("106.67")


def test_the_total_of_a_market_order_is_worked_out_at_the_reference_price() -> None:
    assert breach(RULES, market("0.1")) is None
    assert breach(RULES, market("0.1"), D(50)) is None
    with pytest.raises(TOTAL, match=r"the reference price 49 times quantity 0.1 = 4.9 is below the minimum 5"):
        check(RULES, market("0.1"), D(49))


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
        (OrderFigures(trailing=D(0)), TRAILING, "trailing distance 0 is not above zero for X"),
    ],
)
def test_nothing_is_zero_even_without_rules(order: OrderFigures, error: type[OrderException], text: str) -> None:
    with pytest.raises(error, match=text) as caught:
        check(OrderRules("X"), order)
    assert caught.value.nearest is None
    step = Bounds("STEP", step=D("0.1"))
    with pytest.raises(error, match="is not above zero") as stepped:
        check(OrderRules("X", price=step, quantity=step, market_totals=(step,), trailing={"": step}), order)
    assert stepped.value.nearest == D("0.1")


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
above_zero = st.decimals(min_value=D("0.000001"), max_value=1000, places=6)


@given(amounts, above_zero, above_zero, st.decimals(min_value=D("0.000001"), max_value=10, places=6))
def test_nearest_is_legal_and_nothing_legal_is_nearer(value: Decimal, low: Decimal, high: Decimal, step: Decimal) -> None:
    assume(low <= high)
    bounds = Bounds("LOT_SIZE", low, high, step)
    nearest = bounds.nearest(value)
    first = (low / step).to_integral_value(ROUND_CEILING) * step  # the least multiple from the minimum up
    if nearest is None:
        assert first > high
        return
    assert bounds.allows(nearest)
    assert bounds.broken_by(nearest) == ("", None)
    for other in (nearest - step, nearest + step):
        assert not bounds.allows(other) or abs(other - value) >= abs(nearest - value)
    assert bounds.allows(value) == (bounds.broken_by(value) == ("", None)) == (nearest == value)
    assert (bounds.at_most(value) or nearest) <= nearest <= (bounds.at_least(value) or nearest)


def test_no_valid_multiple_of_a_step_is_refused() -> None:
    """Of these, arithmetic on floats refuses every second one."""
    for number in range(1, 2001):
        quantity = D(number) * D("0.00001")
        for given_as in (quantity, D(repr(float(quantity)))):
            assert breach(RULES, OrderFigures(price=D("1000000"), quantity=given_as)) is None


# Quantizing


@given(above_zero, above_zero, st.sampled_from(["BUY", "SELL"]), st.sampled_from(["passive", "aggressive"]))
def test_quantizing_moves_a_price_to_one_side_and_a_quantity_down_by_less_than_a_step(
    price: Decimal, quantity: Decimal, side: str, rounding: Rounding
) -> None:
    moved = quantized(RULES, OrderFigures(side, price, None, quantity), rounding)
    assert moved.price is not None
    assert moved.quantity is not None
    down = (side == "BUY") is (rounding == "passive")
    if RULES.price.allows(moved.price):
        assert 0 <= ((price - moved.price) if down else (moved.price - price)) < D("0.01")
    else:
        assert down  # there is nothing legal below
        assert moved.price == price < D("0.01")
    if RULES.quantity.allows(moved.quantity):
        assert 0 <= quantity - moved.quantity < D("0.00001")
    else:
        assert moved.quantity == quantity < D("0.00001")
    assert quantized(RULES, moved, rounding) == moved


def test_a_quantity_above_the_maximum_comes_down_to_it() -> None:
    assert quantized(RULES, limit("1", "9000.5")).quantity == D(9000)
    assert quantized(RULES, market("500")).quantity == D(100)


@pytest.mark.parametrize(("falls", "to"), [(True, "10.00"), (False, "10.01")])
def test_a_stop_moves_so_that_it_is_reached_no_sooner(falls: bool, to: str) -> None:
    assert quantized(RULES, OrderFigures(stop_price=D("10.005")), stops_fall=falls).stop_price == D(to)
