"""Orders that become smaller keep their place."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from exchangeclient.sandbox.engine.commands import Amend, PlaceList
from exchangeclient.sandbox.engine.events import ListChanged, OrderAccepted, OrderAmended, OrderExpired
from exchangeclient.sandbox.engine.instruments import UNIT
from exchangeclient.sandbox.engine.refusals import Refused, Rule
from exchangeclient.sandbox.engine.words import ListKind, OrderStatus, OrderType, SelfTrade


def smaller(desk, quantity: int, order_id: int | None = None, user: str = "anna", **terms) -> Amend:
    return Amend(user, desk.symbol, quantity * UNIT, order_id, **terms)


def test_an_amended_order_keeps_its_number_its_place_and_its_time(desk) -> None:
    first = desk.place(desk.sell("anna", 5, 100, client_order_id="mine"))
    desk.do(desk.sell("bert", 5, 100))
    created = desk.order(first).created_us
    events = desk.do(smaller(desk, 3, first, new_client_order_id="smaller"))
    amended = next(event for event in events if isinstance(event, OrderAmended))
    assert (amended.former_client_order_id, amended.former_quantity) == ("mine", 5 * UNIT)
    assert (amended.order.client_order_id, amended.order.quantity, amended.order.created_us) == ("smaller", 3 * UNIT, created)
    assert desk.exchange.depth(desk.symbol, 1).asks == [(100 * UNIT, 8 * UNIT)]
    assert desk.balance("COIN").locked == 3 * UNIT
    desk.do(desk.buy("cleo", 3, 100))
    assert desk.order(first).status is OrderStatus.FILLED


def test_an_order_is_found_by_its_new_id_only(desk) -> None:
    desk.do(desk.sell("anna", 5, 100, client_order_id="mine"), smaller(desk, 4, client_order_id="mine", new_client_order_id="new"))
    assert desk.exchange.find_order("anna", desk.symbol, client_order_id="new").quantity == 4 * UNIT
    with pytest.raises(Refused):
        desk.exchange.find_order("anna", desk.symbol, client_order_id="mine")
    desk.do(desk.sell("anna", 1, 101, client_order_id="mine"))
    assert desk.refused(smaller(desk, 3, client_order_id="new", new_client_order_id="mine")) is Rule.DUPLICATE_CLIENT_ORDER_ID
    made = desk.do(smaller(desk, 3, client_order_id="new"))[1]
    assert len(made.order.client_order_id) == 22
    kept = desk.do(smaller(desk, 2, client_order_id=made.order.client_order_id, new_client_order_id=made.order.client_order_id))[1]
    assert kept.order.client_order_id == made.order.client_order_id


@pytest.mark.parametrize("quantity", [1, 2])
def test_an_order_of_which_nothing_would_be_left_expires(desk, quantity: int) -> None:
    order_id = desk.place(desk.sell("anna", 5, 100))
    desk.do(desk.buy("bert", 2, 100))
    events = desk.do(smaller(desk, quantity, order_id))
    assert [type(event) for event in events[:1]] == [OrderExpired]
    assert (desk.order(order_id).status, desk.order(order_id).executed) == (OrderStatus.EXPIRED, 2 * UNIT)


def test_what_prevention_took_is_gone_for_good(desk) -> None:
    order_id = desk.place(desk.sell("anna", 5, 100))
    desk.do(desk.buy("anna", 2, 100, self_trade=SelfTrade.DECREMENT), smaller(desk, 4, order_id))
    assert desk.exchange.resting(desk.symbol, order_id) == 2 * UNIT


def test_an_iceberg_shows_less_only_when_it_must(desk) -> None:
    order_id = desk.place(desk.sell("anna", 9, 100, iceberg_quantity=4))
    for quantity, shows in ((6, 4), (3, 3)):
        desk.do(smaller(desk, quantity, order_id))
        assert desk.exchange.depth(desk.symbol, 1).asks == [(100 * UNIT, shows * UNIT)]
        assert desk.order(order_id).iceberg_quantity == shows * UNIT


def test_an_order_that_waits_binds_less_too(desk) -> None:
    order_id = desk.place(desk.buy("anna", 4, kind=OrderType.STOP_LOSS, stop_price=110))
    desk.do(smaller(desk, 1, order_id))
    assert desk.balance("CASH").locked == 110 * UNIT
    desk.do(desk.sell("bert", 5, 112))
    desk.trade(110)
    assert desk.order(order_id).executed == UNIT


@pytest.mark.parametrize(("which", "name"), [(0, "above"), (1, "below")])
def test_both_orders_of_a_pair_become_smaller(desk, which: int, name: str) -> None:
    pair = (
        desk.buy("anna", 4, 112, OrderType.STOP_LOSS_LIMIT, stop_price=110, client_order_id="above"),
        desk.buy("anna", 4, 95, OrderType.LIMIT_MAKER, client_order_id="below"),
    )
    events = desk.do(PlaceList(ListKind.OCO, pair))
    ids = [event.order.id for event in events if isinstance(event, OrderAccepted)]
    events = desk.do(smaller(desk, 3, ids[which]))
    assert [event.order.id for event in events if isinstance(event, OrderAmended)] == ids
    renamed = {desk.order(order_id).client_order_id for order_id in ids}
    assert renamed & {"above", "below"} == {"above", "below"} - {name}
    assert [event.amended for event in events if isinstance(event, ListChanged)] == [True]
    assert desk.balance("CASH").locked == 336 * UNIT
    assert desk.exchange.depth(desk.symbol, 1).bids == [(95 * UNIT, 3 * UNIT)]


def test_an_order_that_waits_for_another_binds_nothing_when_it_becomes_smaller(desk) -> None:
    desk.do(PlaceList(ListKind.OTO, (desk.buy("anna", 2, 99), desk.sell("anna", 5, 120))))
    desk.do(smaller(desk, 4, 2))
    assert desk.balance("COIN").locked == 0
    desk.do(desk.sell("bert", 2, 99))
    assert desk.balance("COIN").locked == 4 * UNIT


@pytest.mark.parametrize(
    ("quantity", "rule"),
    [(6, Rule.AMEND_INCREASES), (5, Rule.AMEND_CHANGES_NOTHING), (0, Rule.LOT_SIZE), (1, Rule.NOTIONAL)],
)
def test_what_an_amendment_may_not_do(make_desk: Callable, make_instrument: Callable, quantity: int, rule: Rule) -> None:
    desk = make_desk(make_instrument(min_notional=150 * UNIT))
    order_id = desk.place(desk.sell("anna", 5, 100))
    assert desk.refused(Amend("anna", desk.symbol, quantity * UNIT or UNIT // 2, order_id)) is rule


def test_only_ones_own_open_orders_and_only_so_often(make_desk: Callable, make_instrument: Callable) -> None:
    desk = make_desk(make_instrument(max_amends=2), make_instrument("RIGID", amend=False))
    order_id = desk.place(desk.sell("anna", 9, 100))
    assert desk.refused(smaller(desk, 3, order_id, "bert")) is Rule.UNKNOWN_ORDER
    assert desk.refused(smaller(desk, 3, order_id, client_order_id="x")) is Rule.UNKNOWN_ORDER
    assert desk.refused(smaller(desk, 3, order_id + 1)) is Rule.UNKNOWN_ORDER
    desk.do(smaller(desk, 8, order_id), smaller(desk, 7, order_id))
    assert desk.refused(smaller(desk, 6, order_id)) is Rule.MAX_NUM_ORDER_AMENDS
    desk.do(desk.sell("anna", 9, 100, symbol="RIGIDCASH"))
    assert desk.refused(Amend("anna", "RIGIDCASH", UNIT, 1)) is Rule.AMEND_NOT_ALLOWED


def test_amendments_are_told_oldest_first_to_the_owner_only(desk) -> None:
    order_id = desk.place(desk.sell("anna", 9, 100))
    desk.do(*(smaller(desk, quantity, order_id) for quantity in (8, 7, 6)))
    known = desk.exchange.amendments("anna", desk.symbol, order_id)
    assert [each.order.quantity // UNIT for each in known] == [8, 7, 6]
    assert desk.exchange.amendments("anna", desk.symbol, order_id, first_id=known[1].execution_id, limit=1) == known[1:2]
    assert desk.exchange.amendments("bert", desk.symbol, order_id) == desk.exchange.amendments("anna", desk.symbol, 99) == []
