"""A position as arithmetic: what trades make of it, and what orders on it bind."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from exchangeclient.sandbox.engine.instruments import UNIT, total
from exchangeclient.sandbox.engine.stakes import Position
from exchangeclient.sandbox.engine.words import Leg, Side


def traded(position: Position, *trades: tuple[Side, int, int]) -> list[int]:
    """What each trade (side, quantity, price in whole units) realised."""
    return [
        position.trade(side, quantity * UNIT, quantity * price * UNIT, now_us=number)
        for number, (side, quantity, price) in enumerate(trades)
    ]


def test_a_long_position_realises_what_it_is_sold_for_above_its_cost() -> None:
    position = Position(Leg.NET, 4)
    assert traded(position, (Side.BUY, 2, 100), (Side.BUY, 2, 110), (Side.SELL, 1, 125)) == [0, 0, 20 * UNIT]
    assert (position.quantity, position.cost, position.realised) == (3 * UNIT, 315 * UNIT, 20 * UNIT)
    assert position.margin == 315 * UNIT // 4 + (315 * UNIT % 4 > 0)


def test_a_short_position_realises_what_it_is_bought_back_for_below_its_cost() -> None:
    position = Position(Leg.NET, 10)
    assert traded(position, (Side.SELL, 2, 100), (Side.BUY, 1, 90), (Side.BUY, 1, 105)) == [0, 10 * UNIT, -5 * UNIT]
    assert (position.quantity, position.cost, position.margin) == (0, 0, 0)


def test_a_trade_through_nothing_closes_and_opens_the_other_way() -> None:
    position = Position(Leg.NET, 10)
    assert traded(position, (Side.BUY, 1, 100), (Side.SELL, 3, 130)) == [0, 30 * UNIT]
    assert (position.quantity, position.cost, position.opened_us, position.realised) == (-2 * UNIT, -260 * UNIT, 1, 0)


def test_what_closes_for_sure_binds_nothing() -> None:
    position = Position(Leg.NET, 5)
    traded(position, (Side.BUY, 4, 100))
    assert position.need(Side.BUY, 2 * UNIT, 200 * UNIT, 0) == 40 * UNIT
    assert position.need(Side.SELL, 4 * UNIT, 400 * UNIT, 0) == 0
    assert position.need(Side.SELL, 6 * UNIT, 600 * UNIT, 0) == 40 * UNIT
    assert position.need(Side.SELL, 4 * UNIT, 400 * UNIT, 3 * UNIT) == 60 * UNIT  # others may close three of them before
    assert position.need(Side.SELL, 4 * UNIT, 400 * UNIT, 9 * UNIT) == 80 * UNIT


SIDES = st.sampled_from(Side)
FIGURES = st.integers(1, 10**13)


@given(st.lists(st.tuples(SIDES, FIGURES, FIGURES), max_size=30), st.integers(1, 100))
def test_cash_and_costs_change_by_what_was_paid(trades: list[tuple[Side, int, int]], leverage: int) -> None:
    position = Position(Leg.NET, leverage)
    cash = held = 0
    for side, quantity, price in trades:
        value, cost, sign = total(price, quantity), position.cost, 1 if side is Side.BUY else -1
        profit = position.trade(side, quantity, value, 0)
        cash += profit
        held += sign * quantity
        assert profit - (position.cost - cost) == -sign * value
        assert position.quantity == held
        assert (position.cost >= 0) if held > 0 else (position.cost <= 0) if held < 0 else position.cost == 0
        assert position.margin * leverage >= abs(position.cost)
