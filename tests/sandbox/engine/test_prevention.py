"""Two orders of one owner meet: what becomes of both, mode by mode."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from exchangeclient.sandbox.engine.commands import JoinGroup, Withdraw
from exchangeclient.sandbox.engine.events import OrderExpired, OrderPrevented, Traded
from exchangeclient.sandbox.engine.instruments import UNIT
from exchangeclient.sandbox.engine.refusals import Rule
from exchangeclient.sandbox.engine.words import ExpiryReason, OrderStatus, OrderType, SelfTrade, TimeInForce

NEW, OVER, PART = OrderStatus.NEW, OrderStatus.EXPIRED_IN_MATCH, OrderStatus.PARTIALLY_FILLED


def meeting(desk, mode: SelfTrade, makes: int, takes: int, *, other: SelfTrade = SelfTrade.NONE, taker: str = "anna"):
    """Somebody's order at 100 is met by one of the same owner; both as they are then, and what happened."""
    maker_id = desk.place(desk.sell("anna", makes, 100, self_trade=other))
    events = desk.do(desk.buy(taker, takes, 100, self_trade=mode))
    taker_id = events[0].order.id
    return desk.order(maker_id), desk.order(taker_id, taker), events


@pytest.mark.parametrize(
    ("mode", "makes", "takes", "maker", "taker", "prevented"),
    [
        # status and prevented quantity of both; what the prevented match says of taker and maker
        (SelfTrade.EXPIRE_TAKER, 3, 2, (NEW, 0), (OVER, 2), (2, 0)),
        (SelfTrade.EXPIRE_MAKER, 3, 2, (OVER, 3), (NEW, 0), (0, 3)),
        (SelfTrade.EXPIRE_BOTH, 3, 2, (OVER, 3), (OVER, 2), (2, 3)),
        (SelfTrade.DECREMENT, 3, 2, (NEW, 2), (OVER, 2), (2, 2)),
        (SelfTrade.DECREMENT, 2, 3, (OVER, 2), (NEW, 2), (2, 2)),
        (SelfTrade.DECREMENT, 2, 2, (OVER, 2), (OVER, 2), (2, 2)),
        (SelfTrade.TRANSFER, 3, 2, (NEW, 2), (OVER, 2), (2, 2)),
    ],
)
def test_the_takers_mode_decides(desk, mode, makes, takes, maker, taker, prevented) -> None:
    before = desk.exchange.balances("anna")
    rests, came, events = meeting(desk, mode, makes, takes)
    assert (rests.status, rests.prevented) == (maker[0], maker[1] * UNIT)
    assert (came.status, came.prevented) == (taker[0], taker[1] * UNIT)
    assert not any(isinstance(event, Traded) for event in events)
    (match,) = desk.exchange.prevented_matches("anna", desk.symbol)
    assert (match.taker_prevented, match.maker_prevented) == (prevented[0] * UNIT, prevented[1] * UNIT)
    assert (match.taker_order_id, match.maker_order_id, match.price) == (came.id, rests.id, 100 * UNIT)
    told = {event.order.id: event.quantity for event in events if isinstance(event, OrderPrevented)}
    assert told == {order.id: order.prevented for order in (rests, came) if order.prevented}
    shown = dict(desk.exchange.depth(desk.symbol, 5).asks)
    assert shown.get(100 * UNIT, 0) == (0 if rests.status is OVER else rests.quantity - rests.prevented)
    for asset, balance in desk.exchange.balances("anna").items():
        assert balance.free + balance.locked == before[asset].free + before[asset].locked


def test_without_a_mode_one_trades_with_oneself(desk) -> None:
    rests, came, _ = meeting(desk, SelfTrade.NONE, 3, 2)
    assert (rests.status, came.status) == (PART, OrderStatus.FILLED)


def test_who_does_not_say_gets_the_symbols_mode(make_desk: Callable, make_instrument: Callable) -> None:
    desk = make_desk(make_instrument(self_trade=SelfTrade.EXPIRE_TAKER, self_trades=frozenset((SelfTrade.EXPIRE_TAKER,))))
    desk.do(desk.sell("anna", 1, 100))
    order = desk.order(desk.place(desk.buy("anna", 1, 100)))
    assert (order.self_trade, order.status) == (SelfTrade.EXPIRE_TAKER, OVER)
    assert desk.refused(desk.buy("anna", 1, 90, self_trade=SelfTrade.NONE)) is Rule.SELF_TRADE_MODE_NOT_ALLOWED


def test_an_order_goes_on_to_others_behind_the_ones_own(desk) -> None:
    desk.do(desk.sell("anna", 2, 100), desk.sell("bert", 2, 101))
    order = desk.order(desk.place(desk.buy("anna", 3, 101, self_trade=SelfTrade.DECREMENT)))
    assert (order.prevented, order.executed, order.status) == (2 * UNIT, UNIT, OrderStatus.FILLED)


def test_a_market_order_whose_makers_all_expire_ends_for_want_of_a_book(desk) -> None:
    desk.do(desk.sell("anna", 2, 100))
    events = desk.do(desk.buy("anna", 2, self_trade=SelfTrade.EXPIRE_MAKER))
    order = next(event.order for event in events if isinstance(event, OrderExpired))
    assert (order.status, order.expiry, order.prevented) == (OrderStatus.EXPIRED, ExpiryReason.INSUFFICIENT_LIQUIDITY, 0)


def test_accounts_of_a_group_are_one_owner_and_strangers_are_not(desk) -> None:
    desk.do(JoinGroup("anna", 7), JoinGroup("bert", 7), JoinGroup("cleo", 8))
    _, came, _ = meeting(desk, SelfTrade.EXPIRE_TAKER, 2, 2, taker="bert")
    assert (came.status, came.group) == (OVER, 7)
    assert len(desk.exchange.prevented_matches("anna", desk.symbol)) == len(desk.exchange.prevented_matches("bert", desk.symbol)) == 1
    assert desk.order(desk.place(desk.buy("cleo", 1, 100, self_trade=SelfTrade.EXPIRE_TAKER)), "cleo").status is OrderStatus.FILLED


def test_a_transfer_hands_over_without_a_trade_and_without_commission(desk) -> None:
    desk.do(JoinGroup("anna", 7), JoinGroup("bert", 7))
    before = {user: desk.exchange.balances(user) for user in ("anna", "bert")}
    rests, came, events = meeting(desk, SelfTrade.TRANSFER, 3, 2, other=SelfTrade.TRANSFER, taker="bert")
    assert not any(isinstance(event, Traded) for event in events)
    assert (rests.prevented, came.prevented, came.status) == (2 * UNIT, 2 * UNIT, OVER)
    moved = {
        (user, asset): sum((balance.free, balance.locked)) - sum((before[user][asset].free, before[user][asset].locked))
        for user in before
        for asset, balance in desk.exchange.balances(user).items()
    }
    assert moved == {("anna", "COIN"): -2 * UNIT, ("anna", "CASH"): 200 * UNIT, ("bert", "COIN"): 2 * UNIT, ("bert", "CASH"): -200 * UNIT}


@pytest.mark.parametrize(("mine", "theirs"), [(SelfTrade.TRANSFER, SelfTrade.NONE), (SelfTrade.DECREMENT, SelfTrade.TRANSFER)])
def test_unless_both_say_transfer_nothing_is_handed_over(desk, mine: SelfTrade, theirs: SelfTrade) -> None:
    desk.do(JoinGroup("anna", 7), JoinGroup("bert", 7))
    held = desk.balance("COIN", "bert")
    _, came, _ = meeting(desk, mine, 3, 2, other=theirs, taker="bert")
    assert came.prevented == 2 * UNIT
    assert desk.balance("COIN", "bert") == held
    assert desk.exchange.prevented_matches("bert", desk.symbol)[0].mode is SelfTrade.DECREMENT


def test_an_order_to_be_filled_whole_does_not_count_on_its_owners(desk) -> None:
    desk.do(desk.sell("anna", 2, 100), desk.sell("bert", 2, 100), desk.sell("bert", 2, 101))
    wish = desk.buy("anna", 4, 101, time_in_force=TimeInForce.FOK)
    for mode in (SelfTrade.EXPIRE_TAKER, SelfTrade.EXPIRE_BOTH, SelfTrade.DECREMENT):
        order = desk.order(desk.place(desk.buy("anna", 4, 101, time_in_force=TimeInForce.FOK, self_trade=mode)))
        assert (order.expiry, order.prevented) == (ExpiryReason.UNFILLED_FOK_ORDER_EXPIRED, 0)
    assert desk.order(desk.place(wish)).status is OrderStatus.FILLED, "the symbol's mode passes over the own one"


def test_a_market_order_pays_what_lies_behind_the_own_orders_that_it_expires(desk) -> None:
    """It must be able to afford what it will really meet."""
    desk.do(desk.sell("anna", 2, 100), desk.sell("bert", 2, 2000), Withdraw("anna", "CASH", (1_000_000 - 3000) * UNIT))
    assert desk.refused(desk.buy("anna", 2, self_trade=SelfTrade.EXPIRE_MAKER)) is Rule.INSUFFICIENT_BALANCE
    assert desk.refused(desk.buy("anna", 0, quote_quantity=1000, self_trade=SelfTrade.EXPIRE_MAKER)) is Rule.LOT_SIZE


def test_of_an_iceberg_only_the_visible_part_is_decremented_at_a_time(desk) -> None:
    desk.do(desk.sell("anna", 5, 100, iceberg_quantity=2), desk.sell("bert", 3, 100))
    order = desk.order(desk.place(desk.buy("anna", 4, 100, self_trade=SelfTrade.DECREMENT)))
    assert (order.prevented, order.executed) == (2 * UNIT, 2 * UNIT)
    assert desk.exchange.depth(desk.symbol, 1).asks == [(100 * UNIT, 3 * UNIT)]


def test_matches_are_found_by_their_id_and_by_either_order(desk) -> None:
    rests, came, _ = meeting(desk, SelfTrade.DECREMENT, 5, 1)
    second = desk.order(desk.place(desk.buy("anna", 1, 100, self_trade=SelfTrade.DECREMENT)))
    first_match, second_match = desk.exchange.prevented_matches("anna", desk.symbol, order_id=rests.id)
    assert desk.exchange.prevented_matches("anna", desk.symbol, match_id=second_match.id) == [second_match]
    assert desk.exchange.prevented_matches("anna", desk.symbol, order_id=came.id) == [first_match]
    assert desk.exchange.prevented_matches("anna", desk.symbol, order_id=second.id, limit=1) == [second_match]
    assert desk.exchange.prevented_matches("anna", desk.symbol, order_id=rests.id, first_id=second_match.id) == [second_match]
    assert desk.exchange.prevented_matches("cleo", desk.symbol) == []


def test_a_stop_is_subject_to_prevention_when_it_works(desk) -> None:
    desk.do(desk.buy("anna", 1, 90))
    order_id = desk.place(desk.sell("anna", 1, kind=OrderType.STOP_LOSS, stop_price=95, self_trade=SelfTrade.EXPIRE_TAKER))
    desk.trade(95)
    assert desk.order(order_id).status is OVER
