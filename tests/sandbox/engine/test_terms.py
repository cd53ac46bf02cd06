"""What an order comes in with: pegged prices, and what it may not begin as."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from exchangeclient.sandbox.engine.commands import Cancel, Peg
from exchangeclient.sandbox.engine.events import OrderRejected
from exchangeclient.sandbox.engine.instruments import UNIT
from exchangeclient.sandbox.engine.refusals import Refused, Rule
from exchangeclient.sandbox.engine.words import OrderStatus, OrderType, PegKind

MAKER, STOP_LIMIT = OrderType.LIMIT_MAKER, OrderType.STOP_LOSS_LIMIT


@pytest.fixture
def book(desk):
    """Three levels a side: 98, 95, 94 and 102, 103, 107."""
    desk.do(*(desk.buy("bert", 1, price) for price in (98, 95, 94)), *(desk.sell("bert", 1, price) for price in (102, 103, 107)))
    return desk


def limit(desk, **terms):
    return desk.buy("anna", 1, kind=OrderType.LIMIT, **terms)


@pytest.mark.parametrize(
    ("kind", "levels", "price"),
    [
        (PegKind.PRIMARY, 0, 98),
        (PegKind.PRIMARY, 2, 94),
        (PegKind.MARKET, 0, 102),
        (PegKind.MARKET, 2, 107),
    ],
)
def test_a_peg_takes_the_price_of_a_level_that_there_is(book, kind: PegKind, levels: int, price: int) -> None:
    order = book.order(book.place(limit(book, peg=Peg(kind, levels))))
    assert (order.price, order.pegged_price) == (0, price * UNIT)
    if kind is PegKind.PRIMARY:
        assert dict(book.exchange.depth(book.symbol, 5).bids)[price * UNIT] == 2 * UNIT
        assert book.balance("CASH").locked == price * UNIT
    else:
        assert order.status is OrderStatus.FILLED


def test_the_price_is_taken_once(book) -> None:
    order_id = book.place(limit(book, peg=Peg(PegKind.PRIMARY)))
    book.do(book.buy("bert", 1, 100))
    assert book.order(order_id).pegged_price == 98 * UNIT


def test_a_level_that_is_not_there_refuses_the_order(book, desk) -> None:
    assert book.refused(limit(book, peg=Peg(PegKind.PRIMARY, 3))) is Rule.NO_LIQUIDITY_FOR_PEG


def test_a_level_that_came_and_went_does_not_count(book) -> None:
    order_id = book.place(book.buy("cleo", 1, 96))
    book.do(Cancel("cleo", book.symbol, order_id))
    assert book.order(book.place(limit(book, peg=Peg(PegKind.PRIMARY, 1)))).pegged_price == 95 * UNIT


def test_a_maker_that_pegs_to_the_other_side_would_take(book) -> None:
    assert book.refused(book.buy("anna", 1, kind=MAKER, peg=Peg(PegKind.MARKET))) is Rule.WOULD_MATCH


def test_both_the_sent_and_the_pegged_price_must_keep_the_rules(make_desk: Callable, make_instrument: Callable) -> None:
    desk = make_desk(make_instrument(bid_up=UNIT * 3 // 2, bid_down=UNIT * 97 // 100))
    desk.do(desk.sell("bert", 1, 100), desk.buy("bert", 1, 97))
    assert desk.refused(desk.buy("anna", 1, 160, peg=Peg(PegKind.PRIMARY))) is Rule.PERCENT_PRICE_BY_SIDE
    assert desk.order(desk.place(desk.buy("anna", 1, 120, peg=Peg(PegKind.PRIMARY)))).price == 120 * UNIT
    desk.do(desk.buy("bert", 1, 100))  # a trade: the band moves up, the best bid is below it
    desk.trade(140, 140, 140)
    assert desk.refused(desk.buy("anna", 1, 135, peg=Peg(PegKind.PRIMARY))) is Rule.PERCENT_PRICE_BY_SIDE


def test_a_stop_takes_the_price_when_it_is_triggered(book) -> None:
    order_id = book.place(book.buy("anna", 1, kind=STOP_LIMIT, stop_price=101, peg=Peg(PegKind.PRIMARY, 1)))
    assert book.order(order_id).pegged_price == 0
    book.do(book.buy("cleo", 5, 97))
    book.trade(101)
    assert book.order(order_id).pegged_price == 97 * UNIT
    assert book.balance("CASH").locked == 97 * UNIT


def test_a_triggered_stop_without_a_level_to_peg_to_is_rejected(desk) -> None:
    order_id = desk.place(desk.buy("anna", 1, kind=STOP_LIMIT, stop_price=101, peg=Peg(PegKind.PRIMARY)))
    events = desk.trade(101)
    assert [event.rule for event in events if isinstance(event, OrderRejected)] == [Rule.NO_LIQUIDITY_FOR_PEG]
    assert desk.order(order_id).status is OrderStatus.REJECTED


def test_checking_an_order_says_what_the_api_would_say_and_leaves_the_account_alone(desk) -> None:
    desk.exchange.check_filters(desk.buy("nobody", 5, 90))
    with pytest.raises(Refused, match="PRICE_FILTER"):
        desk.exchange.check_filters(desk.buy("nobody", 5, 20_000))
    with pytest.raises(Refused, match="unknown symbol"):
        desk.exchange.check_filters(desk.buy("nobody", 5, 90, symbol="NOPE"))
    assert desk.exchange.orders("nobody", desk.symbol) == []
