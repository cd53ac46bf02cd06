"""Lists of orders that depend on each other, from acceptance to their end."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest
from msgspec import structs

from exchangeclient.sandbox.engine.commands import Amend, Cancel, CancelList, PlaceList, SetFees, Withdraw
from exchangeclient.sandbox.engine.events import (
    Event,
    ListChanged,
    OrderAccepted,
    OrderCanceled,
    OrderFilled,
    OrderRejected,
    OrderTriggered,
)
from exchangeclient.sandbox.engine.instruments import UNIT, ExchangeRules
from exchangeclient.sandbox.engine.refusals import Refused, Rule
from exchangeclient.sandbox.engine.words import ExpiryReason, ListKind, OrderStatus, OrderType, SelfTrade, TimeInForce

MAKER, STOP, STOP_LIMIT = OrderType.LIMIT_MAKER, OrderType.STOP_LOSS, OrderType.STOP_LOSS_LIMIT
PROFIT, PROFIT_LIMIT = OrderType.TAKE_PROFIT, OrderType.TAKE_PROFIT_LIMIT
NEW, PENDING, FILLED = OrderStatus.NEW, OrderStatus.PENDING_NEW, OrderStatus.FILLED
EXPIRED, CANCELED = OrderStatus.EXPIRED, OrderStatus.CANCELED


def accept(desk, kind: ListKind, *orders, client_id: str = "") -> tuple[list[int], list[Event]]:
    """Place a list; the ids of its orders, and what happened."""
    events = desk.do(PlaceList(kind, orders, client_id))
    return [event.order.id for event in events if isinstance(event, OrderAccepted)][: len(orders)], events


def oco(desk, user: str = "anna", *, quantity: int = 2):
    """Sell at 110, or when 90 is reached."""
    return desk.sell(user, quantity, 110, MAKER), desk.sell(user, quantity, 89, STOP_LIMIT, stop_price=90)


def statuses(desk, ids: Sequence[int]) -> list[OrderStatus]:
    return [desk.order(order_id).status for order_id in ids]


def told(events: list[Event]) -> list[str]:
    return [type(event).__name__ for event in events if type(event).__name__ not in ("BalanceChanged", "LevelChanged", "Traded")]


# ---- one cancels the other ---------------------------------------------------------------------------------------


def test_a_pair_comes_in_whole_and_binds_its_funds_once(desk) -> None:
    ids, events = accept(desk, ListKind.OCO, *oco(desk))
    assert told(events) == ["OrderAccepted", "OrderAccepted", "ListChanged"]
    assert statuses(desk, ids) == [NEW, NEW]
    assert desk.balance("COIN").locked == 2 * UNIT
    (known,) = desk.exchange.open_lists("anna")
    assert (known.order_ids, known.done) == (tuple(ids), False)
    assert {desk.order(order_id).list_id for order_id in ids} == {known.id}


def test_a_buyers_pair_binds_the_larger_of_both_totals(desk) -> None:
    above, below = desk.buy("anna", 2, 112, STOP_LIMIT, stop_price=110), desk.buy("anna", 2, 95, MAKER)
    accept(desk, ListKind.OCO, above, below)
    assert desk.balance("CASH").locked == 224 * UNIT
    desk.do(desk.sell("bert", 1, 95))
    assert desk.balance("CASH").locked == 95 * UNIT


def test_the_first_trade_of_one_ends_the_other_and_the_list_ends_with_the_last_order(desk) -> None:
    (above, below), _ = accept(desk, ListKind.OCO, *oco(desk))
    events = desk.do(desk.buy("bert", 1, 110))
    assert told(events) == ["OrderAccepted", "OrderExpired", "OrderFilled", "OrderFilled"]
    assert (desk.order(below).status, desk.order(below).expiry) == (EXPIRED, ExpiryReason.OCO_TRIGGER)
    assert not desk.exchange.open_lists("anna")[0].done
    events = desk.do(desk.buy("bert", 1, 110))
    assert [event.list.done for event in events if isinstance(event, ListChanged)] == [True]
    assert (desk.order(above).status, desk.exchange.open_lists("anna")) == (FILLED, [])


def test_a_triggered_order_ends_the_one_that_rests(desk) -> None:
    (above, below), _ = accept(desk, ListKind.OCO, *oco(desk))
    events = desk.trade(90)
    assert told(events)[-2:] == ["OrderExpired", "OrderTriggered"]
    assert statuses(desk, (above, below)) == [EXPIRED, NEW]
    assert desk.order(below).on_book
    assert dict(desk.exchange.depth(desk.symbol, 5).asks) == {89 * UNIT: 2 * UNIT}


def test_a_stop_that_was_set_off_but_expires_before_its_turn_does_nothing(desk) -> None:
    """The same trade sets off an older order, which trades with the twin first."""
    desk.do(desk.sell("bert", 2, kind=PROFIT, stop_price=105))
    ids, _ = accept(desk, ListKind.OCO, desk.buy("anna", 2, kind=STOP, stop_price=105), desk.buy("anna", 2, 95, MAKER))
    events = desk.trade(105)
    assert statuses(desk, ids) == [EXPIRED, FILLED]
    assert [event.order.account for event in events if isinstance(event, OrderTriggered)] == ["bert"]


def test_two_stops_that_take_profit_and_stop_a_loss_are_a_pair_too(desk) -> None:
    desk.do(desk.buy("bert", 5, 50))
    pair = desk.sell("anna", 2, kind=PROFIT, stop_price=110), desk.sell("anna", 2, kind=STOP, stop_price=90)
    ids, _ = accept(desk, ListKind.OCO, *pair)
    desk.trade(110)
    assert statuses(desk, ids) == [FILLED, EXPIRED]


def test_prevention_at_one_order_of_a_pair_ends_the_other(desk) -> None:
    ids, _ = accept(desk, ListKind.OCO, *oco(desk))
    desk.do(desk.buy("anna", 1, 110, self_trade=SelfTrade.EXPIRE_MAKER))
    assert statuses(desk, ids) == [OrderStatus.EXPIRED_IN_MATCH, EXPIRED]


@pytest.mark.parametrize(
    ("limit", "stop", "rule"),
    [(100, 90, Rule.LIST_PRICES), (99, 90, Rule.LIST_PRICES), (110, 100, Rule.LIST_PRICES), (101, 99, None)],
)
def test_a_pair_stands_on_both_sides_of_the_last_price(desk, limit: int, stop: int, rule: Rule | None) -> None:
    wish = PlaceList(ListKind.OCO, (desk.sell("anna", 1, limit, MAKER), desk.sell("anna", 1, kind=STOP, stop_price=stop)))
    if rule is None:
        desk.do(wish)
    else:
        assert desk.refused(wish) is rule


def test_a_maker_of_a_pair_that_would_take_refuses_the_pair(desk) -> None:
    desk.do(desk.buy("bert", 1, 110))
    assert desk.refused(PlaceList(ListKind.OCO, oco(desk))) is Rule.WOULD_MATCH


def test_cancelling_one_order_cancels_all(desk) -> None:
    ids, _ = accept(desk, ListKind.OCO, *oco(desk))
    events = desk.do(Cancel("anna", desk.symbol, ids[1], cancel_id="bye"))
    assert told(events) == ["OrderCanceled", "OrderCanceled", "ListChanged"]
    assert {event.cancel_id for event in events if isinstance(event, OrderCanceled)} == {"bye"}
    assert statuses(desk, ids) == [CANCELED, CANCELED]


def test_a_list_is_cancelled_by_either_id_and_both_must_agree(desk) -> None:
    accept(desk, ListKind.OCO, *oco(desk), client_id="mine")
    list_id = desk.exchange.open_lists("anna")[0].id
    for wrong in (
        CancelList("anna", desk.symbol),
        CancelList("anna", desk.symbol, list_id, "other"),
        CancelList("anna", desk.symbol, list_id + 1),
        CancelList("anna", desk.symbol, client_id="other"),
        CancelList("bert", desk.symbol, list_id),
        CancelList("bert", desk.symbol, client_id="mine"),
    ):
        assert desk.refused(wrong) is Rule.UNKNOWN_ORDER
    desk.do(CancelList("anna", desk.symbol, list_id, "mine"))
    assert desk.refused(CancelList("anna", desk.symbol, list_id)) is Rule.UNKNOWN_ORDER


# ---- one after the other -----------------------------------------------------------------------------------------


def test_the_second_order_waits_until_the_first_is_filled_whole(desk) -> None:
    ids, events = accept(desk, ListKind.OTO, desk.buy("anna", 2, 99), desk.sell("anna", 2, 120))
    assert [event.order.status for event in events if isinstance(event, OrderAccepted)] == [NEW, PENDING]
    assert desk.balance("COIN").locked == 0
    desk.do(desk.sell("bert", 1, 99))
    assert statuses(desk, ids) == [OrderStatus.PARTIALLY_FILLED, PENDING]
    assert [order.id for order in desk.exchange.open_orders("anna")] == ids
    events = desk.do(desk.sell("bert", 1, 99))
    assert statuses(desk, ids) == [FILLED, NEW]
    assert desk.balance("COIN").locked == 2 * UNIT
    followed = [event.order for event in events if isinstance(event, OrderAccepted)][1:]
    assert [(order.id, order.status, order.working_us) for order in followed] == [(ids[1], NEW, desk.exchange.now_us)]


def test_a_working_order_that_is_filled_at_once_still_shows_the_second_one_pending_first(desk) -> None:
    desk.do(desk.sell("bert", 2, 99))
    ids, events = accept(desk, ListKind.OTO, desk.buy("anna", 2, 99), desk.sell("anna", 2, 120))
    assert [(event.order.id, event.order.status) for event in events if isinstance(event, OrderAccepted)] == [
        (ids[0], NEW),
        (ids[1], PENDING),
        (ids[1], NEW),
    ]


def test_the_second_order_goes_when_the_first_ends_without_being_filled(desk) -> None:
    desk.do(desk.sell("bert", 1, 99))
    ids, events = accept(desk, ListKind.OTO, desk.buy("anna", 2, 99, time_in_force=TimeInForce.IOC), desk.sell("anna", 2, 120))
    assert statuses(desk, ids) == [EXPIRED, EXPIRED]
    assert desk.order(ids[1]).expiry is ExpiryReason.OTO_PHASE_ONE_EXPIRED
    assert told(events)[-1] == "ListChanged"


@pytest.mark.parametrize("which", [0, 1])
def test_cancelling_either_order_of_a_sequence_cancels_both(desk, which: int) -> None:
    ids, _ = accept(desk, ListKind.OTO, desk.buy("anna", 2, 99), desk.sell("anna", 2, 120))
    desk.do(Cancel("anna", desk.symbol, ids[which]))
    assert statuses(desk, ids) == [CANCELED, CANCELED]


@pytest.mark.parametrize(
    ("second", "rule"),
    [
        (lambda desk: desk.sell("anna", 2_000_000, 120), Rule.INSUFFICIENT_BALANCE),
        (lambda desk: desk.sell("anna", 2, 90, MAKER), Rule.WOULD_MATCH),
        (lambda desk: desk.sell("anna", 2, kind=STOP, stop_price=100), Rule.WOULD_TRIGGER),
    ],
)
def test_a_second_order_that_cannot_begin_when_its_time_has_come_is_rejected(make_desk, make_instrument, second, rule: Rule) -> None:
    desk = make_desk(make_instrument(max_quantity=10_000_000 * UNIT))
    desk.do(desk.buy("bert", 1, 95))
    ids, _ = accept(desk, ListKind.OTO, desk.buy("anna", 2, 99), second(desk))
    events = desk.do(desk.sell("bert", 2, 99))
    assert [event.rule for event in events if isinstance(event, OrderRejected)] == [rule]
    assert statuses(desk, ids) == [FILLED, OrderStatus.REJECTED]
    assert desk.exchange.lists("anna")[0].done


def test_a_pair_follows_and_is_a_pair_from_then_on(desk) -> None:
    ids, _ = accept(desk, ListKind.OTOCO, desk.buy("anna", 2, 99), *oco(desk))
    assert statuses(desk, ids) == [NEW, PENDING, PENDING]
    desk.do(desk.sell("bert", 2, 99))
    assert statuses(desk, ids) == [FILLED, NEW, NEW]
    assert desk.balance("COIN").locked == 2 * UNIT
    desk.do(desk.buy("bert", 2, 110))
    assert statuses(desk, ids) == [FILLED, FILLED, EXPIRED]


def test_both_of_a_pair_are_rejected_when_one_cannot_begin(desk) -> None:
    ids, _ = accept(desk, ListKind.OTOCO, desk.buy("anna", 2, 90), *oco(desk))
    events = desk.do(desk.sell("bert", 2, 90))
    assert [event.rule for event in events if isinstance(event, OrderRejected)] == [Rule.WOULD_TRIGGER] * 2
    assert statuses(desk, ids)[1:] == [OrderStatus.REJECTED] * 2


# ---- what was bought is sold -------------------------------------------------------------------------------------


def test_what_was_bought_less_the_commission_is_bound_at_once_and_sold_later(make_desk, make_instrument) -> None:
    desk = make_desk(make_instrument(step=UNIT // 10, min_quantity=UNIT // 10))
    desk.do(SetFees("anna", maker=UNIT // 100, taker=UNIT // 100))
    ids, _ = accept(desk, ListKind.OPO, desk.buy("anna", 10, 99), desk.sell("anna", 0, 120))
    desk.do(desk.sell("bert", 4, 99))
    assert desk.balance("COIN").locked == 4 * UNIT, "the commission is left to the free funds"
    desk.do(desk.sell("bert", 6, 99))
    assert (desk.order(ids[1]).quantity, desk.order(ids[1]).status) == (10 * UNIT, NEW)


def poor(make_desk: Callable, make_instrument: Callable):
    """Anna has cash and no coins."""
    desk = make_desk(make_instrument(step=UNIT // 10, min_quantity=UNIT // 10, max_market_quantity=5 * UNIT))
    desk.do(Withdraw("anna", "COIN", desk.balance("COIN").free), SetFees("anna", maker=UNIT // 64, taker=UNIT // 64))
    return desk


def test_without_free_funds_the_commission_goes_off_and_the_lot_rules_trim_the_rest(make_desk, make_instrument) -> None:
    desk = poor(make_desk, make_instrument)
    ids, _ = accept(desk, ListKind.OPO, desk.buy("anna", 4, 99), desk.sell("anna", 0, 120))
    desk.do(desk.sell("bert", 4, 99))
    received = 4 * UNIT - 4 * UNIT // 64
    assert desk.order(ids[1]).quantity == received // (UNIT // 10) * (UNIT // 10)
    assert desk.balance("COIN").locked == desk.order(ids[1]).quantity
    assert desk.balance("COIN").free == received - desk.order(ids[1]).quantity


def test_a_pair_sells_what_was_bought(make_desk, make_instrument) -> None:
    desk = poor(make_desk, make_instrument)
    pair = desk.sell("anna", 0, 110, MAKER), desk.sell("anna", 0, kind=STOP, stop_price=90)
    ids, _ = accept(desk, ListKind.OPOCO, desk.buy("anna", 4, 99), *pair)
    desk.do(desk.sell("bert", 4, 99))
    first, second = (desk.order(order_id) for order_id in ids[1:])
    assert first.quantity == second.quantity == desk.balance("COIN").locked > 3 * UNIT
    desk.trade(90)
    assert desk.order(ids[1]).expiry is ExpiryReason.OCO_TRIGGER


def test_what_a_market_order_may_sell_at_most_trims_too(make_desk, make_instrument) -> None:
    desk = poor(make_desk, make_instrument)
    ids, _ = accept(desk, ListKind.OPO, desk.buy("anna", 8, 99), desk.sell("anna", 0))
    desk.do(desk.sell("bert", 8, 99))
    assert desk.order(ids[1]).quantity == 5 * UNIT
    assert desk.balance("COIN").free == 8 * UNIT - 8 * UNIT // 64, "nobody buys, so it is all there again"


def test_what_was_bought_is_free_again_when_the_list_is_cancelled(make_desk, make_instrument) -> None:
    desk = poor(make_desk, make_instrument)
    ids, _ = accept(desk, ListKind.OPO, desk.buy("anna", 4, 99), desk.sell("anna", 0, 120))
    desk.do(desk.sell("bert", 1, 99))
    assert desk.balance("COIN").free == 0
    assert desk.refused(Amend("anna", desk.symbol, UNIT, ids[1])) is Rule.AMEND_PENDING
    desk.do(Cancel("anna", desk.symbol, ids[0]))
    assert desk.balance("COIN").free == UNIT - UNIT // 64


def test_too_little_to_sell_is_rejected(make_desk, make_instrument) -> None:
    desk = make_desk(make_instrument(min_notional=150 * UNIT))
    desk.do(SetFees("anna", maker=UNIT // 2, taker=UNIT // 2))
    desk.do(Withdraw("anna", "COIN", desk.balance("COIN").free))
    ids, _ = accept(desk, ListKind.OPO, desk.buy("anna", 2, 99), desk.sell("anna", 0, 101))
    events = desk.do(desk.sell("bert", 2, 99))
    assert [event.rule for event in events if isinstance(event, OrderRejected)] == [Rule.NOTIONAL]
    assert statuses(desk, ids) == [FILLED, OrderStatus.REJECTED]


# ---- refusals and answers ----------------------------------------------------------------------------------------


def test_client_ids_are_unique_among_what_is_open(desk) -> None:
    accept(
        desk,
        ListKind.OCO,
        *(structs.replace(each, client_order_id=name) for each, name in zip(oco(desk), "ab", strict=True)),
        client_id="l",
    )
    assert desk.refused(PlaceList(ListKind.OCO, oco(desk), "l")) is Rule.DUPLICATE_LIST_ID
    same = tuple(structs.replace(each, client_order_id="c") for each in oco(desk))
    assert desk.refused(PlaceList(ListKind.OCO, same)) is Rule.DUPLICATE_CLIENT_ORDER_ID
    taken = structs.replace(same[0], client_order_id="a"), same[1]
    assert desk.refused(PlaceList(ListKind.OCO, taken)) is Rule.DUPLICATE_CLIENT_ORDER_ID
    desk.do(CancelList("anna", desk.symbol, client_id="l"))
    accept(desk, ListKind.OCO, *oco(desk), client_id="l")
    first, second = desk.exchange.lists("anna")
    assert desk.exchange.find_list("anna", client_id="l") == second
    assert desk.exchange.find_list("anna", list_id=first.id, client_id="l") == first
    for wrong in ({"list_id": first.id, "client_id": "x"}, {"list_id": 99}, {"client_id": "x"}, {}):
        with pytest.raises(Refused):
            desk.exchange.find_list("anna", **wrong)
    assert desk.exchange.lists("anna", first_id=second.id) == [second]
    assert desk.exchange.lists("anna", limit=1) == [second]
    assert desk.exchange.lists("anna", end_us=first.created_us) == [first]


@pytest.mark.parametrize(
    ("limits", "rules", "rule"),
    [
        ({"max_orders": 2}, {}, Rule.MAX_NUM_ORDERS),
        ({"max_algo_orders": 0}, {}, Rule.MAX_NUM_ALGO_ORDERS),
        ({"max_lists": 0}, {}, Rule.MAX_NUM_ORDER_LISTS),
        ({}, {"max_orders": 2}, Rule.EXCHANGE_MAX_NUM_ORDERS),
        ({}, {"max_algo_orders": 0}, Rule.EXCHANGE_MAX_NUM_ALGO_ORDERS),
        ({}, {"max_lists": 0}, Rule.EXCHANGE_MAX_NUM_ORDER_LISTS),
        ({"lists": frozenset((ListKind.OCO,))}, {}, Rule.LIST_NOT_ALLOWED),
    ],
)
def test_a_list_needs_room_for_all_its_orders(make_desk, make_instrument, limits: dict, rules: dict, rule: Rule) -> None:
    desk = make_desk(make_instrument(**limits), rules=ExchangeRules(**rules))
    assert desk.refused(PlaceList(ListKind.OTOCO, (desk.buy("anna", 2, 99), *oco(desk)))) is rule


def test_one_order_that_breaks_a_rule_refuses_the_list(desk) -> None:
    above, below = oco(desk)
    assert desk.refused(PlaceList(ListKind.OCO, (above, structs.replace(below, price=1)))) is Rule.PRICE_FILTER
    poor_pair = (structs.replace(each, quantity=2_000 * UNIT, account="nobody") for each in (above, below))
    assert desk.refused(PlaceList(ListKind.OCO, tuple(poor_pair))) is Rule.INSUFFICIENT_BALANCE


@pytest.mark.parametrize(
    "wish",
    [
        lambda desk: PlaceList(ListKind.OCO, oco(desk)[:1]),
        lambda desk: PlaceList(ListKind.OCO, oco(desk)[::-1]),
        lambda desk: PlaceList(ListKind.OCO, (oco(desk)[0], oco(desk, "bert")[1])),
        lambda desk: PlaceList(ListKind.OCO, (oco(desk)[0], oco(desk, quantity=3)[1])),
        lambda desk: PlaceList(ListKind.OCO, (desk.sell("anna", 2, 110), oco(desk)[1])),
        lambda desk: PlaceList(ListKind.OTO, (desk.buy("anna", 2), desk.sell("anna", 2, 110))),
        lambda desk: PlaceList(ListKind.OTO, (desk.buy("anna", 2, 99), desk.sell("anna", 0, quote_quantity=5))),
        lambda desk: PlaceList(ListKind.OPO, (desk.sell("anna", 2, 110), desk.buy("anna", 0, 90))),
        lambda desk: PlaceList(ListKind.OPO, (desk.buy("anna", 2, 99), desk.sell("anna", 2, 110))),
        lambda desk: PlaceList(ListKind.OCO, tuple(structs.replace(each, check_only=True) for each in oco(desk))),
    ],
)
def test_orders_that_do_not_belong_together_are_the_callers_mistake(desk, wish: Callable) -> None:
    with pytest.raises(ValueError, match="PlaceList"):
        desk.do(wish(desk))


def test_fills_and_orders_carry_the_number_of_their_list(desk) -> None:
    accept(desk, ListKind.OCO, *oco(desk))
    events = desk.do(desk.buy("bert", 1, 110))
    assert {event.fill.account: event.fill.list_id for event in events if isinstance(event, OrderFilled)} == {"anna": 1, "bert": -1}
