"""Another price or quantity for an open order: its id stays, its place in the queue only when it shrinks."""

from __future__ import annotations

from typing import Any

from exchangeclient.sandbox.engine.commands import Reprice
from exchangeclient.sandbox.engine.events import OrderAmended
from exchangeclient.sandbox.engine.instruments import UNIT
from exchangeclient.sandbox.engine.refusals import Rule
from exchangeclient.sandbox.engine.words import OrderStatus, OrderType, TimeInForce


def change(desk: Any, number: int, price: int = 0, quantity: int = 0) -> Reprice:
    return Reprice("anna", desk.symbol, number, price * UNIT, quantity * UNIT)


def test_a_new_price_binds_other_funds_and_goes_to_the_back(desk: Any) -> None:
    first = desk.place(desk.buy("anna", 5, 100))
    second = desk.place(desk.buy("bert", 5, 101))
    (amended,) = [each for each in desk.do(change(desk, first, 101)) if isinstance(each, OrderAmended)]
    assert (amended.order.id, amended.order.price, amended.former_quantity) == (first, 101 * UNIT, 5 * UNIT)
    assert desk.balance("CASH").locked == 505 * UNIT
    desk.do(desk.sell("cleo", 5, 101))
    assert desk.order(second, "bert").status is OrderStatus.FILLED
    assert desk.order(first).status is OrderStatus.NEW


def test_a_smaller_quantity_keeps_its_place_a_larger_one_does_not(desk: Any) -> None:
    for quantity, keeps in ((3, True), (5, True), (6, False)):
        number = desk.place(desk.buy("anna", 5, 100))
        desk.place(desk.buy("bert", 1, 100))
        desk.do(change(desk, number, quantity=quantity))
        desk.do(desk.sell("cleo", 1, 100))
        assert (desk.order(number).executed > 0) is keeps
        for user in ("anna", "bert"):
            for order in desk.exchange.open_orders(user):
                from exchangeclient.sandbox.engine.commands import Cancel

                desk.do(Cancel(user, desk.symbol, order.id))


def test_what_is_filled_counts_into_the_new_quantity(desk: Any) -> None:
    number = desk.place(desk.buy("anna", 5, 100))
    desk.do(desk.sell("bert", 3, 100))
    desk.do(change(desk, number, quantity=4))
    assert desk.exchange.resting(desk.symbol, number) == UNIT
    assert desk.balance("CASH").locked == 100 * UNIT
    desk.do(change(desk, number, quantity=9, price=99))
    assert (desk.exchange.resting(desk.symbol, number), desk.balance("CASH").locked) == (6 * UNIT, 594 * UNIT)
    desk.do(change(desk, number, quantity=2))  # less than is filled
    assert not desk.exchange.is_open(desk.symbol, number)
    assert desk.balance("CASH").locked == 0


def test_a_new_price_may_trade_at_once(desk: Any) -> None:
    number = desk.place(desk.buy("anna", 5, 100))
    desk.do(desk.sell("bert", 2, 103), desk.sell("cleo", 1, 104))
    desk.do(change(desk, number, 110))
    order = desk.order(number)
    assert (order.executed, order.executed_quote, order.status) == (3 * UNIT, 310 * UNIT, OrderStatus.PARTIALLY_FILLED)
    assert desk.exchange.best_price(desk.symbol, order.side) == 110 * UNIT


def test_what_a_change_is_refused_for(desk: Any) -> None:
    number = desk.place(desk.buy("anna", 5, 100))
    assert desk.refused(change(desk, 99)) is Rule.UNKNOWN_ORDER
    assert desk.refused(Reprice("bert", desk.symbol, number, 101 * UNIT)) is Rule.UNKNOWN_ORDER
    assert desk.refused(change(desk, number, quantity=20_000)) is Rule.LOT_SIZE
    assert desk.refused(Reprice("anna", desk.symbol, number, UNIT // 2)) is Rule.PRICE_FILTER
    assert desk.refused(change(desk, number, 9_000, 9_000)) is Rule.INSUFFICIENT_BALANCE
    stop = desk.place(desk.buy("anna", 5, 200, OrderType.STOP_LOSS_LIMIT, stop_price=150))
    assert desk.refused(change(desk, stop, 101)) is Rule.AMEND_NOT_ALLOWED
    iceberg = desk.place(desk.buy("anna", 5, 90, iceberg_quantity=1))
    assert desk.refused(change(desk, iceberg, 91)) is Rule.AMEND_NOT_ALLOWED
    maker = desk.place(desk.buy("anna", 5, 80, time_in_force=TimeInForce.GTX))
    desk.do(desk.sell("bert", 5, 105))
    assert desk.refused(change(desk, maker, 105)) is Rule.WOULD_MATCH
    desk.do(change(desk, maker, 104))


def test_one_that_makes_or_expires_does_not_take(desk: Any) -> None:
    desk.do(desk.sell("bert", 5, 105))
    number = desk.place(desk.buy("anna", 5, 105, time_in_force=TimeInForce.GTX))
    assert (desk.order(number).status, desk.order(number).executed) == (OrderStatus.EXPIRED, 0)
    assert desk.balance("CASH").locked == 0
    assert desk.order(desk.place(desk.buy("anna", 5, 104, time_in_force=TimeInForce.GTX))).status is OrderStatus.NEW
