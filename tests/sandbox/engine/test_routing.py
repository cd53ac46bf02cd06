"""Orders that meet the books of several symbols."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import event, given, note, settings
from hypothesis import strategies as st

from exchangeclient.sandbox.engine.commands import Delist, JoinGroup, Place, SetStatus, Withdraw
from exchangeclient.sandbox.engine.events import Order, OrderAccepted, OrderFilled, OrderPrevented, Traded
from exchangeclient.sandbox.engine.instruments import UNIT
from exchangeclient.sandbox.engine.refusals import Refused, Rule
from exchangeclient.sandbox.engine.routing import ROUTER
from exchangeclient.sandbox.engine.words import ExpiryReason, OrderStatus, OrderType, SelfTrade, Side, Status, TimeInForce

HOME, AWAY = "COINCASH", "COINNOTE"


@pytest.fixture
def desk(make_desk: Callable, make_instrument: Callable):
    instruments = make_instrument(), make_instrument(quote="NOTE"), make_instrument("OTHER")
    return make_desk(*instruments, routes={"COIN": (HOME, AWAY)})


def owned(desk, user: str) -> dict[str, int]:
    return {asset: each.free + each.locked for asset, each in desk.exchange.balances(user).items()}


@pytest.mark.parametrize("side", list(Side))
def test_the_best_price_of_all_books_comes_first_and_ones_own_at_the_same_price(desk, side: Side) -> None:
    wish, other = (desk.buy, desk.sell) if side is Side.BUY else (desk.sell, desk.buy)
    better, worse = (99, 101) if side is Side.BUY else (101, 99)
    desk.do(other("bert", 1, 100), other("bert", 1, 100, symbol=AWAY), other("bert", 1, better, symbol=AWAY), other("bert", 1, worse))
    events = desk.do(wish("anna", 4, worse, routed=True))
    met = [(event.symbol, event.price // UNIT) for event in events if isinstance(event, Traded)]
    assert met == [(AWAY, better), (HOME, 100), (AWAY, 100), (HOME, worse)]
    assert desk.order(1 + 2, "anna").status is OrderStatus.FILLED


def test_the_trader_pays_in_the_quote_asset_of_his_own_symbol_and_the_other_book_in_its_own(desk) -> None:
    desk.do(desk.sell("bert", 2, 100, symbol=AWAY))
    before = {user: owned(desk, user) for user in ("anna", "bert", ROUTER)}
    desk.do(desk.buy("anna", 2, routed=True))
    change = {user: {asset: amount - before[user][asset] for asset, amount in owned(desk, user).items()} for user in before}
    assert change["anna"] == {"CASH": -200 * UNIT, "COIN": 2 * UNIT - 2 * UNIT // 1000, "NOTE": 0, "OTHER": 0}
    assert change["bert"] == {"CASH": 0, "COIN": -2 * UNIT, "NOTE": 200 * UNIT - 200 * UNIT // 1000, "OTHER": 0}
    assert change[ROUTER] == {"CASH": 200 * UNIT, "COIN": 0, "NOTE": -200 * UNIT, "OTHER": 0}


def test_what_is_received_for_a_sale_is_paid_in_the_own_quote_asset_too(desk) -> None:
    desk.do(desk.buy("bert", 2, 100, symbol=AWAY))
    before = owned(desk, "anna")
    desk.do(desk.sell("anna", 2, routed=True))
    assert owned(desk, "anna")["CASH"] - before["CASH"] == 200 * UNIT - 200 * UNIT // 1000


def test_what_it_gets_are_allocations_and_no_trades(desk) -> None:
    desk.do(desk.sell("bert", 1, 100), desk.sell("bert", 2, 99, symbol=AWAY))
    order_id = desk.place(desk.buy("anna", 3, 100, routed=True))
    assert desk.exchange.fills("anna", HOME) == []
    first, second = desk.exchange.allocations("anna", HOME)
    assert [(each.price // UNIT, each.quantity // UNIT, each.trade_id) for each in (first, second)] == [(99, 2, -1), (100, 1, -1)]
    assert {each.order_id for each in (first, second)} == {order_id}
    assert desk.exchange.allocations("anna", HOME, order_id=order_id + 1) == []
    assert desk.exchange.allocations("anna", HOME, first_id=second.allocation_id) == [second]
    assert desk.exchange.allocations("anna", HOME, order_id=order_id, limit=1) == [second]
    assert [fill.trade_id for fill in desk.exchange.fills("bert", AWAY)] == [1], "the maker made a trade like any other"


def test_what_is_left_rests_on_the_own_book_and_trades_there(desk) -> None:
    desk.do(desk.sell("bert", 1, 100, symbol=AWAY))
    order_id = desk.place(desk.buy("anna", 3, 100, routed=True))
    order = desk.order(order_id)
    assert (order.status, order.floor, order.routed) == (OrderStatus.PARTIALLY_FILLED, "EXCHANGE", True)
    assert desk.exchange.depth(HOME, 1).bids == [(100 * UNIT, 2 * UNIT)]
    events = desk.do(desk.sell("cleo", 2, 100))
    fill = next(event.fill for event in events if isinstance(event, OrderFilled) and event.fill.account == "anna")
    assert (fill.trade_id, fill.allocation_id) == (1, -1)
    assert desk.exchange.fills("anna", HOME) == [fill]


def test_an_order_at_once_or_not_at_all_expires_without_resting(desk) -> None:
    order = desk.order(desk.place(desk.buy("anna", 3, 100, routed=True, time_in_force=TimeInForce.IOC)))
    assert (order.status, order.floor) == (OrderStatus.EXPIRED, "SOR")


def test_an_order_to_be_filled_whole_counts_all_books(desk) -> None:
    desk.do(desk.sell("bert", 1, 100, symbol=AWAY), desk.sell("bert", 1, 100))
    for quantity, status in ((3, OrderStatus.EXPIRED), (2, OrderStatus.FILLED)):
        order = desk.order(desk.place(desk.buy("anna", quantity, 100, routed=True, time_in_force=TimeInForce.FOK)))
        assert order.status is status


def test_a_book_that_is_closed_is_not_met(desk) -> None:
    desk.do(desk.sell("bert", 1, 99, symbol=AWAY), SetStatus(AWAY, Status.HALT))
    assert desk.order(desk.place(desk.buy("anna", 1, routed=True))).executed == 0
    desk.do(SetStatus(AWAY, Status.TRADING), Delist(AWAY))
    assert desk.order(desk.place(desk.buy("anna", 1, routed=True))).executed == 0


def test_trades_at_the_other_book_set_off_what_waits_there(desk) -> None:
    desk.do(desk.sell("bert", 1, 120, symbol=AWAY), desk.buy("bert", 1, 80, symbol=AWAY))
    desk.do(desk.sell("cleo", 1, kind=OrderType.TAKE_PROFIT, stop_price=115, symbol=AWAY))
    desk.do(desk.buy("anna", 1, 120, routed=True))
    assert desk.exchange.orders("cleo", AWAY)[0].status is OrderStatus.FILLED


def test_prevention_holds_across_books(desk) -> None:
    desk.do(desk.sell("anna", 1, 100, symbol=AWAY))
    order = desk.order(desk.place(desk.buy("anna", 1, 100, routed=True, self_trade=SelfTrade.EXPIRE_TAKER)))
    assert order.status is OrderStatus.EXPIRED_IN_MATCH
    (match,) = desk.exchange.prevented_matches("anna", HOME)
    assert (match.taker_order_id, match.maker_prevented) == (order.id, 0)


def test_where_no_route_leads_nothing_is_routed(desk) -> None:
    assert desk.refused(desk.buy("anna", 1, 100, routed=True, symbol="OTHERCASH")) is Rule.ROUTING_NOT_ALLOWED
    assert dict(desk.exchange.routes) == {"COIN": (HOME, AWAY)}


@pytest.mark.parametrize(
    "wrong",
    [
        lambda desk: desk.buy("anna", 1, 99, OrderType.LIMIT_MAKER, routed=True),
        lambda desk: desk.buy("anna", 0, quote_quantity=100, routed=True),
        lambda desk: desk.buy("anna", 1, kind=OrderType.STOP_LOSS, stop_price=110, routed=True),
    ],
)
def test_only_plain_limit_and_market_orders_are_routed(desk, wrong: Callable) -> None:
    with pytest.raises(ValueError, match="routed"):
        desk.do(wrong(desk))


# ---- routing and self-trade prevention -----------------------------------------------------------------------------


def test_a_market_order_pays_what_lies_behind_the_own_orders_on_all_books(desk) -> None:
    desk.do(Withdraw("anna", "CASH", (1_000_000 - 150) * UNIT))
    desk.do(desk.sell("anna", 1, 100), desk.sell("anna", 1, 100, symbol=AWAY), desk.sell("bert", 1, 200, symbol=AWAY))
    assert desk.refused(desk.buy("anna", 1, routed=True)) is Rule.INSUFFICIENT_BALANCE


@pytest.mark.parametrize("mode", [SelfTrade.EXPIRE_TAKER, SelfTrade.EXPIRE_BOTH, SelfTrade.DECREMENT, SelfTrade.TRANSFER])
def test_an_order_to_be_filled_whole_does_not_count_on_its_owners_at_any_book(desk, mode: SelfTrade) -> None:
    desk.do(desk.sell("bert", 1, 100), desk.sell("anna", 1, 101, symbol=AWAY), desk.sell("bert", 1, 101, symbol=AWAY))
    order = desk.order(desk.place(desk.buy("anna", 2, 101, routed=True, time_in_force=TimeInForce.FOK, self_trade=mode)))
    assert (order.expiry, order.executed, order.prevented) == (ExpiryReason.UNFILLED_FOK_ORDER_EXPIRED, 0, 0)
    whole = desk.buy("anna", 2, 101, routed=True, time_in_force=TimeInForce.FOK, self_trade=SelfTrade.EXPIRE_MAKER)
    assert desk.order(desk.place(whole)).status is OrderStatus.FILLED, "it passes over the own one"


def test_across_books_a_transfer_only_makes_both_smaller(desk) -> None:
    """The two would pay in different assets."""
    desk.do(JoinGroup("anna", 7), JoinGroup("bert", 7))
    desk.do(desk.sell("bert", 2, 100, symbol=AWAY, self_trade=SelfTrade.TRANSFER))
    before = owned(desk, "anna"), owned(desk, "bert")
    order = desk.order(desk.place(desk.buy("anna", 2, 100, routed=True, self_trade=SelfTrade.TRANSFER)))
    assert (order.prevented, order.status) == (2 * UNIT, OrderStatus.EXPIRED_IN_MATCH)
    assert (owned(desk, "anna"), owned(desk, "bert")) == before
    (match,) = desk.exchange.prevented_matches("anna", HOME)
    assert match.mode is SelfTrade.DECREMENT


def test_what_was_prevented_is_found_at_the_takers_symbol_in_the_order_of_its_ids(desk) -> None:
    desk.do(JoinGroup("anna", 7), JoinGroup("bert", 7))
    for _ in range(2):
        desk.do(desk.sell("bert", 1, 100, symbol=AWAY), desk.buy("anna", 1, 100, routed=True, self_trade=SelfTrade.EXPIRE_BOTH))
        desk.do(desk.sell("bert", 1, 100, symbol=AWAY), desk.buy("anna", 1, 100, symbol=AWAY, self_trade=SelfTrade.EXPIRE_BOTH))
    for user in ("anna", "bert"):
        for symbol in (HOME, AWAY):
            matches = desk.exchange.prevented_matches(user, symbol)
            assert [(match.symbol, match.id, match.maker_symbol) for match in matches] == [(symbol, 1, AWAY), (symbol, 2, AWAY)]


def test_a_book_that_the_router_cannot_pay_at_is_passed_over(desk) -> None:
    """As a whole: what an order must be able to afford, and whether it can be filled whole, is told by the same books."""
    router = desk.exchange.balances(ROUTER)["NOTE"].free
    desk.do(desk.sell("bert", 3, 100, symbol=AWAY), desk.sell("bert", 1, 120), desk.sell("bert", 1, 130))
    desk.do(Withdraw(ROUTER, "NOTE", router - 250 * UNIT), Withdraw("anna", "CASH", (1_000_000 - 245) * UNIT))
    assert desk.refused(desk.buy("anna", 3, routed=True)) is Rule.INSUFFICIENT_BALANCE, "three are more than the router can pay"
    whole = desk.place(desk.buy("cleo", 3, 130, routed=True, time_in_force=TimeInForce.FOK))
    assert desk.order(whole, "cleo").expiry is ExpiryReason.UNFILLED_FOK_ORDER_EXPIRED
    desk.place(desk.buy("anna", 2, routed=True))
    assert [(each.price // UNIT, each.quantity // UNIT) for each in desk.exchange.allocations("anna", HOME)] == [(100, 2)]


MAKERS = st.tuples(st.sampled_from(["anna", "bert", "cleo"]), st.sampled_from([HOME, AWAY]), st.integers(-3, 3), st.integers(1, 4))
TAKERS = st.fixed_dictionaries(
    {
        "quantity": st.integers(1, 9),
        "price": st.sampled_from([0, 0, 97, 98, 99, 100, 101, 102, 103]),
        "time_in_force": st.sampled_from((TimeInForce.GTC, TimeInForce.IOC, TimeInForce.FOK)),
        "self_trade": st.sampled_from(list(SelfTrade)),
    }
)


@settings(max_examples=150, deadline=None)
@given(st.lists(MAKERS, max_size=7), TAKERS, st.sampled_from(list(Side)), st.integers(0, 1000), st.booleans())
def test_an_order_over_two_books_does_what_it_would_do_at_one_that_holds_the_orders_of_both(
    make_desk: Callable, make_instrument: Callable, makers: list, taker: dict, side: Side, cash: int, grouped: bool
) -> None:
    """At one price those of its own book come first; all else must be the same, and no money made, lost or owed."""
    seen = []
    for split in (True, False):
        desk = make_desk(make_instrument(), make_instrument(quote="NOTE"), routes={"COIN": (HOME, AWAY)})
        if grouped:
            desk.do(JoinGroup("anna", 7), JoinGroup("bert", 7))
        wish, other = (desk.buy, desk.sell) if side is Side.BUY else (desk.sell, desk.buy)
        for user, symbol, ticks, quantity in sorted(makers, key=lambda each: each[1] != HOME):
            resting = other(user, quantity, 100 + ticks, symbol=symbol if split else HOME, self_trade=SelfTrade.NONE)
            desk.do(resting)
        free = desk.balance("CASH").free
        if free > cash * UNIT:
            desk.do(Withdraw("anna", "CASH", free - cash * UNIT))
        seen.append(
            outcome(
                desk,
                wish("anna", routed=split, **{**taker, "time_in_force": taker["time_in_force"] if taker["price"] else TimeInForce.GTC}),
            )
        )
    note(seen)
    event(f"{seen[0][0]}")
    assert seen[0] == seen[1]


def outcome(desk, wish: Place) -> tuple[object, ...]:
    """What became of an order."""
    try:
        events = desk.do(wish)
    except Refused as refused:
        return (refused.rule,)
    accepted = next(each.order for each in events if isinstance(each, OrderAccepted))
    order: Order = desk.order(accepted.id)
    prevented = [(each.match.mode, each.quantity) for each in events if isinstance(each, OrderPrevented)]
    return order.status, order.expiry, order.executed, order.executed_quote, order.prevented, order.prevented_quote, prevented
