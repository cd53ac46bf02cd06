"""Orders that wait for a price, hide a part, or must be filled whole: what becomes of them on the book."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from exchangeclient.sandbox.engine.commands import Withdraw
from exchangeclient.sandbox.engine.events import OrderAccepted, OrderExpired, OrderFilled, OrderRejected, OrderTriggered, Traded
from exchangeclient.sandbox.engine.instruments import UNIT, PriceRange, Reference
from exchangeclient.sandbox.engine.refusals import Rule
from exchangeclient.sandbox.engine.words import ExpiryReason, OrderStatus, OrderType, Side, TimeInForce

STOP, STOP_LIMIT = OrderType.STOP_LOSS, OrderType.STOP_LOSS_LIMIT
PROFIT, PROFIT_LIMIT = OrderType.TAKE_PROFIT, OrderType.TAKE_PROFIT_LIMIT


@pytest.mark.parametrize(
    ("side", "kind", "before", "reached"),
    [
        (Side.BUY, STOP, 104, 105),
        (Side.SELL, PROFIT, 104, 105),
        (Side.SELL, STOP, 96, 95),
        (Side.BUY, PROFIT, 96, 95),
    ],
)
def test_a_stop_works_from_the_trade_on_that_reaches_it(desk, side: Side, kind: OrderType, before: int, reached: int) -> None:
    wish = desk.buy if side is Side.BUY else desk.sell
    desk.do(desk.sell("bert", 5, 120), desk.buy("bert", 5, 80))
    order_id = desk.place(wish("anna", 2, kind=kind, stop_price=reached))
    desk.trade(before)
    waiting = desk.order(order_id)
    assert (waiting.status, waiting.on_book, waiting.working_us) == (OrderStatus.NEW, False, -1)
    events = desk.trade(reached)
    own = [type(event).__name__ for event in events if getattr(event, "order", None) and event.order.account == "anna"]
    assert own == ["OrderTriggered", "OrderFilled"]
    done = desk.order(order_id)
    assert (done.status, done.working_us) == (OrderStatus.FILLED, desk.exchange.now_us)


@pytest.mark.parametrize(
    ("side", "kind", "stop"), [(Side.BUY, STOP, 100), (Side.SELL, PROFIT, 99), (Side.SELL, STOP, 101), (Side.BUY, PROFIT, 100)]
)
def test_a_stop_that_is_already_reached_is_refused(desk, side: Side, kind: OrderType, stop: int) -> None:
    wish = desk.buy if side is Side.BUY else desk.sell
    assert desk.refused(wish("anna", 2, kind=kind, stop_price=stop)) is Rule.WOULD_TRIGGER


def test_a_stop_limit_rests_at_its_limit_once_it_is_triggered(desk) -> None:
    order_id = desk.place(desk.buy("anna", 2, 103, STOP_LIMIT, stop_price=105))
    assert desk.exchange.depth(desk.symbol, 5).bids == []
    assert desk.balance("CASH").locked == 206 * UNIT
    desk.trade(105)
    assert desk.exchange.depth(desk.symbol, 5).bids == [(103 * UNIT, 2 * UNIT)]
    assert desk.order(order_id).on_book


def test_what_triggers_wait_for_is_set_off_in_turn_by_the_trades_of_others(desk) -> None:
    """One falling stop trades lower, which sets off the next one."""
    for price in (98, 96, 94):
        desk.do(desk.buy("bert", 1, price))
    first = desk.place(desk.sell("anna", 1, kind=STOP, stop_price=99))
    third = desk.place(desk.sell("anna", 1, kind=STOP, stop_price=96))
    second = desk.place(desk.sell("anna", 1, kind=STOP, stop_price=98))
    events = desk.trade(99)
    assert [event.order.id for event in events if isinstance(event, OrderTriggered)] == [first, second, third]
    assert desk.trades() == [(99, 1), (98, 1), (96, 1), (94, 1)]


def test_of_one_trade_the_oldest_stop_goes_first_whatever_its_price(desk) -> None:
    desk.do(desk.sell("bert", 9, 110))
    ids = [desk.place(desk.buy("anna", 1, kind=STOP, stop_price=stop)) for stop in (104, 103, 105)]
    events = desk.trade(105)
    assert [event.order.id for event in events if isinstance(event, OrderTriggered)] == ids


def test_a_stop_at_market_that_cannot_be_paid_any_more_is_rejected_and_gives_back_what_it_bound(desk) -> None:
    desk.do(desk.sell("bert", 2, 1000))
    desk.do(Withdraw("anna", "CASH", 1_000_000 * UNIT - 400 * UNIT))
    order_id = desk.place(desk.buy("anna", 2, kind=STOP, stop_price=105))
    assert desk.balance("CASH").locked == 210 * UNIT
    events = desk.trade(105)
    rejected = next(event for event in events if isinstance(event, OrderRejected))
    assert (rejected.order.id, rejected.rule) == (order_id, Rule.INSUFFICIENT_BALANCE)
    assert desk.order(order_id).status is OrderStatus.REJECTED


def test_a_trailing_stop_follows_from_the_next_trade_on_and_never_back(desk) -> None:
    """Ten percent below the highest price since."""
    desk.do(desk.buy("bert", 5, 50))
    order_id = desk.place(desk.sell("anna", 1, kind=STOP, trailing_delta=1000))
    desk.trade(100)
    assert desk.order(order_id).trailing_us == desk.exchange.now_us
    desk.trade(120, 110, 109)
    assert desk.order(order_id).status is OrderStatus.NEW
    desk.trade(108)
    assert desk.order(order_id).status is OrderStatus.FILLED


def test_a_trailing_stop_with_a_stop_price_follows_once_that_is_reached(desk) -> None:
    desk.do(desk.buy("bert", 5, 50))
    order_id = desk.place(desk.sell("anna", 1, kind=PROFIT, stop_price=110, trailing_delta=1000))
    desk.trade(105, 94)
    assert desk.order(order_id).trailing_us == -1
    desk.trade(110, 100)
    assert desk.order(order_id).status is OrderStatus.NEW
    desk.trade(99)
    assert desk.order(order_id).status is OrderStatus.FILLED


def test_an_iceberg_trades_its_parts_behind_the_others_of_its_price(desk) -> None:
    desk.do(desk.sell("anna", 5, 100, iceberg_quantity=2), desk.sell("bert", 2, 100))
    assert desk.exchange.depth(desk.symbol, 1).asks == [(100 * UNIT, 4 * UNIT)]
    events = desk.do(desk.buy("cleo", 5, 100))
    fills = [(event.order.account, event.fill.quantity // UNIT) for event in events if isinstance(event, OrderFilled) and event.fill.maker]
    assert fills == [("anna", 2), ("bert", 2), ("anna", 1)]
    assert desk.exchange.depth(desk.symbol, 1).asks == [(100 * UNIT, UNIT)]
    assert desk.exchange.resting(desk.symbol, 1) == 2 * UNIT


def test_an_order_to_be_filled_whole_counts_on_the_hidden_parts(desk) -> None:
    desk.do(desk.sell("bert", 5, 100, iceberg_quantity=1))
    order_id = desk.place(desk.buy("anna", 5, 100, time_in_force=TimeInForce.FOK))
    assert desk.order(order_id).status is OrderStatus.FILLED


@pytest.mark.parametrize(
    ("force", "reason", "left"),
    [
        (TimeInForce.IOC, ExpiryReason.UNFILLED_IOC_QUANTITY_EXPIRED, 2),
        (TimeInForce.FOK, ExpiryReason.UNFILLED_FOK_ORDER_EXPIRED, 3),
    ],
)
def test_an_expired_order_says_why(desk, force: TimeInForce, reason: ExpiryReason, left: int) -> None:
    desk.do(desk.sell("bert", 1, 100))
    events = desk.do(desk.buy("anna", 3, 100, time_in_force=force))
    order = next(event.order for event in events if isinstance(event, OrderExpired))
    assert (order.expiry, order.quantity - order.executed) == (reason, left * UNIT)


def test_a_market_order_that_runs_out_of_book_says_so(desk) -> None:
    desk.do(desk.sell("bert", 1, 100))
    events = desk.do(desk.buy("anna", 3))
    assert next(event.order.expiry for event in events if isinstance(event, OrderExpired)) is ExpiryReason.INSUFFICIENT_LIQUIDITY


# ---- the price range around the reference price ------------------------------------------------------------------


@pytest.fixture
def ranged(make_desk: Callable, make_instrument: Callable):
    """A tenth either way from the mean of the last ten seconds."""
    tenth = PriceRange(bid_up=UNIT * 11 // 10, bid_down=UNIT * 9 // 10, ask_up=UNIT * 11 // 10, ask_down=UNIT * 9 // 10)
    return make_desk(make_instrument(reference=Reference(buckets=10, width_ms=1000), price_range=tenth))


def test_a_taker_trades_as_far_as_the_price_range_goes_and_the_rest_expires(ranged) -> None:
    ranged.trade(100)
    ranged.do(*(ranged.sell("bert", 1, price) for price in (109, 110, 111)))
    order_id = ranged.place(ranged.buy("anna", 3, 120))
    order = ranged.order(order_id)
    assert (order.status, order.executed) == (OrderStatus.EXPIRED, 2 * UNIT)
    assert order.expiry is ExpiryReason.EXECUTION_RULE_PRICE_RANGE_EXCEEDED
    assert ranged.exchange.depth(ranged.symbol, 1).bids == []


def test_the_price_range_holds_for_sellers_and_for_orders_that_are_to_be_filled_whole(ranged) -> None:
    ranged.trade(100)
    ranged.do(ranged.buy("bert", 2, 89))
    market = ranged.order(ranged.place(ranged.sell("anna", 1)))
    assert (market.status, market.executed) == (OrderStatus.EXPIRED, 0)
    whole = ranged.order(ranged.place(ranged.sell("anna", 1, 80, time_in_force=TimeInForce.FOK)))
    assert whole.expiry is ExpiryReason.UNFILLED_FOK_ORDER_EXPIRED


def test_without_a_recent_trade_there_is_no_price_range(ranged) -> None:
    assert ranged.exchange.reference_price(ranged.symbol)[0] is None
    ranged.do(ranged.sell("bert", 1, 500))
    assert ranged.order(ranged.place(ranged.buy("anna", 1))).status is OrderStatus.FILLED
    assert ranged.exchange.reference_price(ranged.symbol) == (500 * UNIT, ranged.exchange.now_us)


def test_acceptance_is_told_before_everything_else(desk) -> None:
    desk.do(desk.sell("bert", 1, 100))
    events = desk.do(desk.buy("anna", 1, 100))
    assert [type(event) for event in events[:2]] == [OrderAccepted, Traded]
