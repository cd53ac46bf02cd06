"""The exchange from outside: commands in, events out, answers."""

from __future__ import annotations

import pickle
import re
import tracemalloc
from dataclasses import replace

import pytest
from msgspec import structs

from exchangeclient.sandbox.engine.accounts import HOUSE
from exchangeclient.sandbox.engine.commands import Amend, Cancel, Command, Delist, Deposit, Place, PlaceList, SetStatus, Withdraw
from exchangeclient.sandbox.engine.events import (
    BalanceChanged,
    Deposited,
    Event,
    ListChanged,
    Order,
    OrderAccepted,
    OrderCanceled,
    OrderExpired,
    OrderFilled,
    StatusChanged,
    Traded,
)
from exchangeclient.sandbox.engine.exchange import Balance, Exchange
from exchangeclient.sandbox.engine.instruments import DEFAULTS, UNIT, ExchangeRules, scaled, total
from exchangeclient.sandbox.engine.refusals import Refused, Rule
from exchangeclient.sandbox.engine.words import ExpiryReason, ListKind, OrderStatus, OrderType, SelfTrade, Side, Status, TimeInForce

START = 1_700_000_000_000_000
SYMBOL = "ETHBTC"
COIN = next(each for each in DEFAULTS if each.symbol == SYMBOL)


def quiet(*, seed: int = 7) -> Exchange:
    """An exchange without traders, two users with funds."""
    exchange = Exchange(seed=seed, start_us=START, instruments=[COIN, replace(COIN, symbol="HALTED", status=Status.BREAK)], traders=False)
    for user in ("anna", "bert"):
        exchange.execute(Deposit(user, "ETH", 1000 * UNIT), START)
        exchange.execute(Deposit(user, "BTC", 100 * UNIT), START)
    return exchange


def limit(user: str, side: Side, quantity: str, price: str, force: TimeInForce = TimeInForce.GTC, *, client_id: str = "") -> Place:
    return Place(
        user,
        SYMBOL,
        side,
        OrderType.LIMIT,
        scaled(quantity),
        price=scaled(price),
        time_in_force=force,
        client_order_id=client_id,
    )


def market(user: str, side: Side, quantity: str = "0", *, quote: str = "0") -> Place:
    return Place(user, SYMBOL, side, OrderType.MARKET, scaled(quantity), quote_quantity=scaled(quote))


def run(exchange: Exchange, *commands: Command) -> list[Event]:
    return [event for command in commands for event in exchange.execute(command, exchange.now_us + 1)]


def accepted(events: list[Event]) -> Order:
    return next(event.order for event in events if isinstance(event, OrderAccepted))


def refusal(exchange: Exchange, command: Command) -> Rule:
    with pytest.raises(Refused) as refused:
        exchange.execute(command, exchange.now_us)
    return refused.value.rule


def kinds(events: list[Event]) -> list[str]:
    return [type(event).__name__ for event in events]


# ---- matching ----------------------------------------------------------------------------------------------------


def test_events_of_a_match_come_in_the_promised_order() -> None:
    exchange = quiet()
    run(exchange, limit("anna", Side.SELL, "1", "0.07"), limit("anna", Side.SELL, "1", "0.071"))
    events = run(exchange, limit("bert", Side.BUY, "3", "0.072"))
    match = ["Traded", "LevelChanged", "OrderFilled", "OrderFilled"]
    touched = [(event.account, event.asset) for event in events if isinstance(event, BalanceChanged)]
    assert kinds(events) == ["OrderAccepted", *match, *match, "LevelChanged"] + ["BalanceChanged"] * len(touched)
    assert len(touched) == len(set(touched)), "one event per account and asset"
    assert set(touched) == {(user, asset) for user in ("anna", "bert", HOUSE) for asset in ("ETH", "BTC")}
    makers = [event.fill.maker for event in events if isinstance(event, OrderFilled)]
    assert makers == [True, False, True, False]


def test_accepted_shows_the_order_before_its_fills() -> None:
    exchange = quiet()
    run(exchange, limit("anna", Side.SELL, "1", "0.07"))
    order = accepted(run(exchange, limit("bert", Side.BUY, "1", "0.07")))
    assert (order.status, order.executed) == (OrderStatus.NEW, 0)
    assert exchange.find_order("bert", SYMBOL, order_id=order.id).status is OrderStatus.FILLED


def test_a_trade_is_made_at_the_waiting_orders_price_and_the_surplus_is_released() -> None:
    exchange = quiet()
    before = exchange.balances("bert")["BTC"].free
    run(exchange, limit("anna", Side.SELL, "1", "0.07"), limit("bert", Side.BUY, "1", "0.08"))
    trade = exchange.trades(SYMBOL)[-1]
    after = exchange.balances("bert")["BTC"]
    assert trade.price == scaled("0.07")
    assert after.free == before - trade.quote
    assert after.locked == 0


def test_commission_is_taken_from_what_is_received_and_goes_to_the_house() -> None:
    exchange = quiet()
    events = run(exchange, limit("anna", Side.SELL, "1.234", "0.0712345"), limit("bert", Side.BUY, "1.234", "0.0712345"))
    fills = {event.fill.account: event.fill for event in events if isinstance(event, OrderFilled)}
    assert (fills["bert"].commission_asset, fills["bert"].commission) == ("ETH", fills["bert"].quantity // 1000)
    assert (fills["anna"].commission_asset, fills["anna"].commission) == ("BTC", fills["anna"].quote // 1000)
    assert exchange.balances("bert")["ETH"].free == 1000 * UNIT + fills["bert"].quantity - fills["bert"].commission
    assert exchange.balances(HOUSE)["ETH"].free == fills["bert"].commission
    assert exchange.balances(HOUSE)["BTC"].free == fills["anna"].commission


def test_ioc_takes_what_is_there_and_the_rest_expires() -> None:
    exchange = quiet()
    run(exchange, limit("anna", Side.SELL, "1", "0.07"))
    events = run(exchange, limit("bert", Side.BUY, "3", "0.07", TimeInForce.IOC))
    expired = next(event.order for event in events if isinstance(event, OrderExpired))
    assert (expired.executed, expired.status, expired.on_book) == (UNIT, OrderStatus.EXPIRED, False)
    assert exchange.balances("bert")["BTC"].locked == 0
    assert exchange.depth(SYMBOL, 5).bids == []


def test_fok_that_cannot_fill_whole_expires_without_a_trade() -> None:
    exchange = quiet()
    run(exchange, limit("anna", Side.SELL, "1", "0.07"), limit("anna", Side.SELL, "1", "0.08"))
    book = exchange.depth(SYMBOL, 5)
    events = run(exchange, limit("bert", Side.BUY, "2", "0.07", TimeInForce.FOK))
    assert kinds(events)[:2] == ["OrderAccepted", "OrderExpired"]
    assert exchange.depth(SYMBOL, 5) == book
    assert exchange.balances("bert")["BTC"].locked == 0
    whole = run(exchange, limit("bert", Side.BUY, "2", "0.08", TimeInForce.FOK))
    assert exchange.find_order("bert", SYMBOL, order_id=accepted(whole).id).status is OrderStatus.FILLED


def test_a_market_order_that_empties_the_book_expires_with_what_it_got() -> None:
    exchange = quiet()
    run(exchange, limit("anna", Side.SELL, "1", "0.07"))
    events = run(exchange, market("bert", Side.BUY, "2"))
    assert kinds(events)[:6] == ["OrderAccepted", "Traded", "LevelChanged", "OrderFilled", "OrderFilled", "OrderExpired"]
    order = exchange.find_order("bert", SYMBOL, order_id=accepted(events).id)
    assert (order.executed, order.status) == (UNIT, OrderStatus.EXPIRED)


@pytest.mark.parametrize("order", [market("bert", Side.BUY, "2"), market("bert", Side.SELL, "2")])
def test_a_market_order_on_an_empty_book_is_accepted_and_expires(order: Place) -> None:
    exchange = quiet()
    events = run(exchange, order)
    assert kinds(events)[:2] == ["OrderAccepted", "OrderExpired"]
    assert exchange.orders("bert", SYMBOL)[-1].executed == 0
    assert all(event.locked == 0 for event in events if isinstance(event, BalanceChanged))


def test_a_market_order_for_a_quote_amount_comes_as_near_as_the_step_allows() -> None:
    exchange = quiet()
    run(exchange, limit("anna", Side.SELL, "1", "0.07"), limit("anna", Side.SELL, "10", "0.0731"))
    amount = scaled("0.5")
    order = exchange.find_order("bert", SYMBOL, order_id=accepted(run(exchange, market("bert", Side.BUY, quote="0.5"))).id)
    assert order.status is OrderStatus.FILLED
    assert order.quantity == order.executed
    assert order.executed % COIN.step == 0
    assert order.executed_quote <= amount < order.executed_quote + total(scaled("0.0731"), COIN.step) + 1


def test_a_quote_amount_beyond_the_book_fills_in_part_and_expires() -> None:
    exchange = quiet()
    run(exchange, limit("anna", Side.SELL, "1", "0.07"))
    events = run(exchange, market("bert", Side.BUY, quote="0.5"))
    statuses = [event.order.status for event in events if isinstance(event, OrderFilled | OrderExpired) and event.order.account == "bert"]
    assert statuses == [OrderStatus.PARTIALLY_FILLED, OrderStatus.EXPIRED]


def test_a_quote_amount_that_meets_an_empty_book_is_refused() -> None:
    exchange = quiet()
    assert refusal(exchange, market("bert", Side.BUY, quote="1")) is Rule.NO_LIQUIDITY
    assert refusal(exchange, market("bert", Side.SELL, quote="1")) is Rule.NO_LIQUIDITY
    assert exchange.orders("bert", SYMBOL) == []


def test_a_quote_amount_too_small_for_the_least_quantity_breaks_the_lot_rule() -> None:
    coarse = replace(COIN, step=UNIT, min_quantity=UNIT)
    exchange = Exchange(seed=1, start_us=START, instruments=[coarse], traders=False)
    run(exchange, Deposit("anna", "ETH", 10 * UNIT), Deposit("bert", "BTC", UNIT), limit("anna", Side.SELL, "10", "0.07"))
    assert refusal(exchange, market("bert", Side.BUY, quote="0.06")) is Rule.LOT_SIZE


def test_a_maker_only_order_never_takes() -> None:
    exchange = quiet()
    run(exchange, limit("anna", Side.SELL, "1", "0.07"))
    crossing = structs.replace(limit("bert", Side.BUY, "1", "0.07"), type=OrderType.LIMIT_MAKER)
    assert refusal(exchange, crossing) is Rule.WOULD_MATCH
    events = run(exchange, structs.replace(crossing, price=scaled("0.06999999")))
    assert kinds(events)[:2] == ["OrderAccepted", "LevelChanged"]
    assert exchange.open_count("bert", SYMBOL) == 1


def test_one_may_trade_with_oneself_when_one_says_so() -> None:
    exchange = quiet()
    willing = structs.replace(limit("anna", Side.BUY, "1", "0.07"), self_trade=SelfTrade.NONE)
    events = run(exchange, limit("anna", Side.SELL, "1", "0.07"), willing)
    assert [event.fill.account for event in events if isinstance(event, OrderFilled)] == ["anna", "anna"]
    paid = {asset: balance.free for asset, balance in exchange.balances(HOUSE).items()}
    for asset, deposit in (("ETH", 1000 * UNIT), ("BTC", 100 * UNIT)):
        assert exchange.balances("anna")[asset].free == deposit - paid[asset]
        assert exchange.balances("anna")[asset].locked == 0


# ---- cancelling and asking ---------------------------------------------------------------------------------------


def test_cancelling_frees_what_the_rest_of_the_order_bound() -> None:
    exchange = quiet()
    order = accepted(run(exchange, limit("anna", Side.BUY, "3", "0.0701")))
    run(exchange, limit("bert", Side.SELL, "1", "0.07"))
    events = run(exchange, Cancel("anna", SYMBOL, order.id))
    assert kinds(events) == ["OrderCanceled", "LevelChanged", "BalanceChanged"]
    assert exchange.balances("anna")["BTC"].locked == 0
    gone = exchange.find_order("anna", SYMBOL, order_id=order.id)
    assert (gone.status, gone.executed) == (OrderStatus.CANCELED, UNIT)


@pytest.mark.parametrize(
    "cancel",
    [
        Cancel("anna", SYMBOL, 999),
        Cancel("anna", SYMBOL, client_order_id="other"),
        Cancel("bert", SYMBOL, 1),
        Cancel("bert", SYMBOL, client_order_id="mine"),
        Cancel("anna", SYMBOL, 1, "other"),
        Cancel("anna", SYMBOL),
    ],
)
def test_only_ones_own_open_order_can_be_cancelled_and_both_ids_must_agree(cancel: Cancel) -> None:
    exchange = quiet()
    assert accepted(run(exchange, limit("anna", Side.BUY, "3", "0.07", client_id="mine"))).id == 1
    assert refusal(exchange, cancel) is Rule.UNKNOWN_ORDER
    run(exchange, Cancel("anna", SYMBOL, 1, "mine"))
    assert refusal(exchange, Cancel("anna", SYMBOL, 1, "mine")) is Rule.UNKNOWN_ORDER


def test_cancel_ids_are_made_when_none_is_given() -> None:
    exchange = quiet()
    run(exchange, limit("anna", Side.BUY, "3", "0.07", client_id="a"), limit("anna", Side.BUY, "3", "0.07", client_id="b"))
    events = run(exchange, Cancel("anna", SYMBOL, client_order_id="a", cancel_id="mine"), Cancel("anna", SYMBOL, client_order_id="b"))
    given, made = [event.cancel_id for event in events if isinstance(event, OrderCanceled)]
    assert given == "mine"
    assert re.fullmatch("[A-Za-z0-9]{22}", made)


def test_a_client_id_may_come_again_once_its_order_is_done_and_finds_the_newest() -> None:
    exchange = quiet()
    first = accepted(run(exchange, limit("anna", Side.BUY, "1", "0.07", client_id="mine")))
    assert refusal(exchange, limit("anna", Side.BUY, "1", "0.07", client_id="mine")) is Rule.DUPLICATE_CLIENT_ORDER_ID
    run(exchange, limit("bert", Side.BUY, "1", "0.07", client_id="mine"), Cancel("anna", SYMBOL, first.id))
    second = accepted(run(exchange, limit("anna", Side.BUY, "1", "0.07", client_id="mine")))
    assert exchange.find_order("anna", SYMBOL, client_order_id="mine").id == second.id
    assert exchange.find_order("anna", SYMBOL, order_id=first.id, client_order_id="mine").id == first.id
    for order_id, client_id in ((first.id, "other"), (None, "other"), (None, ""), (999, "")):
        with pytest.raises(Refused, match="unknown order"):
            exchange.find_order("anna", SYMBOL, order_id=order_id, client_order_id=client_id)


def test_of_orders_that_had_one_client_id_in_turn_the_last_to_end_is_found() -> None:
    exchange = quiet()
    for rounds in (3, 2):
        for _ in range(rounds):
            order = accepted(run(exchange, limit("anna", Side.BUY, "1", "0.07", client_id="mine")))
            run(exchange, Cancel("anna", SYMBOL, order.id))
        assert exchange.find_order("anna", SYMBOL, client_order_id="mine").id == order.id


def test_a_closed_order_is_found_by_its_client_id_and_each_order_by_its_own_trades() -> None:
    exchange = quiet()
    run(exchange, limit("anna", Side.SELL, "2", "0.071", client_id="first"), limit("anna", Side.SELL, "2", "0.072", client_id="second"))
    run(exchange, *(limit("bert", Side.BUY, "1", "0.072") for _ in range(3)))
    first, second = (exchange.find_order("anna", SYMBOL, client_order_id=name) for name in ("first", "second"))
    assert (first.status, second.status) == (OrderStatus.FILLED, OrderStatus.PARTIALLY_FILLED)
    fills = exchange.fills("anna", SYMBOL)
    assert exchange.fills("anna", SYMBOL, order_id=first.id) == fills[:2]
    assert exchange.fills("anna", SYMBOL, order_id=second.id) == fills[2:]


def test_a_cancel_may_ask_for_a_status_and_leaves_the_order_alone_in_any_other() -> None:
    exchange = quiet()
    order = accepted(run(exchange, limit("anna", Side.SELL, "2", "0.071")))
    with pytest.raises(Refused, match="status"):
        run(exchange, Cancel("anna", SYMBOL, order.id, only=OrderStatus.PARTIALLY_FILLED))
    run(exchange, limit("bert", Side.BUY, "1", "0.071"))
    with pytest.raises(Refused, match="status"):
        run(exchange, Cancel("anna", SYMBOL, order.id, only=OrderStatus.NEW))
    assert exchange.open_count("anna", SYMBOL) == 1
    run(exchange, Cancel("anna", SYMBOL, order.id, only=OrderStatus.PARTIALLY_FILLED))
    assert exchange.find_order("anna", SYMBOL, order_id=order.id).status is OrderStatus.CANCELED


def test_what_a_trader_notes_on_an_order_comes_back_with_it() -> None:
    exchange = quiet()
    order = accepted(run(exchange, structs.replace(limit("anna", Side.BUY, "1", "0.07"), strategy_id=5, strategy_type=1_000_001)))
    for each in (order, exchange.find_order("anna", SYMBOL, order_id=order.id), exchange.orders("anna", SYMBOL)[0]):
        assert (each.strategy_id, each.strategy_type) == (5, 1_000_001)


def test_an_open_order_takes_little_memory() -> None:
    """A hundred thousand of them are to fit in a small machine, and each comes with a symbol of its own, as requests spell it."""
    exchange = quiet()

    def place(count: int) -> None:
        for _ in range(count):
            run(exchange, structs.replace(limit("anna", Side.BUY, "0.1", "0.01"), symbol=SYMBOL.encode().decode()))

    place(20)
    tracemalloc.start()
    try:
        place(150)
        taken, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert exchange.open_count("anna", SYMBOL) == 170
    assert taken / 150 < 620


def test_a_page_is_found_in_a_long_history() -> None:
    exchange = quiet()
    for _ in range(50):
        run(exchange, limit("anna", Side.SELL, "0.1", "0.071"), limit("bert", Side.BUY, "0.1", "0.071"))
    assert [order.id for order in exchange.orders("anna", SYMBOL, limit=2)] == [97, 99]
    assert [order.id for order in exchange.orders("anna", SYMBOL, first_id=50, limit=2)] == [51, 53]
    assert [fill.order_id for fill in exchange.fills("bert", SYMBOL, order_id=40)] == [40]


def test_made_client_ids_are_drawn_from_the_seed() -> None:
    ids = [accepted(run(quiet(seed=seed), limit("anna", Side.BUY, "1", "0.07"))).client_order_id for seed in (7, 7, 8)]
    assert ids[0] == ids[1] != ids[2]
    assert re.fullmatch("[A-Za-z0-9]{22}", ids[0])


def test_questions_show_ones_own_orders_and_fills_oldest_first() -> None:
    exchange = quiet()
    run(exchange, limit("anna", Side.SELL, "1", "0.072"), limit("anna", Side.SELL, "2", "0.071"), limit("bert", Side.BUY, "2.5", "0.08"))
    orders = exchange.orders("anna", SYMBOL)
    assert [order.id for order in orders] == [1, 2]
    assert [order.status for order in orders] == [OrderStatus.PARTIALLY_FILLED, OrderStatus.FILLED]
    assert exchange.open_orders("anna") == exchange.open_orders("anna", SYMBOL) == orders[:1]
    assert [fill.order_id for fill in exchange.fills("anna", SYMBOL)] == [2, 1]
    assert exchange.fills("anna", SYMBOL, order_id=1) == exchange.fills("anna", SYMBOL)[1:]
    assert exchange.fills("bert", SYMBOL, order_id=1) == exchange.fills("anna", SYMBOL, order_id=99) == []
    assert [fill.trade_id for fill in exchange.fills("bert", SYMBOL)] == [trade.trade_id for trade in exchange.trades(SYMBOL)] == [1, 2]
    assert exchange.open_orders("bert") == exchange.fills("nobody", SYMBOL) == []


def test_balances_name_every_asset_even_of_strangers() -> None:
    exchange = quiet()
    assert list(exchange.balances("anna")) == sorted(["ETH", "BTC"]) == list(exchange.balances("nobody"))


def test_time_never_goes_back() -> None:
    exchange = quiet()
    later = START + 5_000_000
    exchange.execute(limit("anna", Side.BUY, "1", "0.07"), later)
    order = accepted(exchange.execute(limit("anna", Side.BUY, "1", "0.07"), START))
    assert exchange.now_us == order.created_us == later
    exchange.advance(START)
    assert exchange.now_us == later


# ---- refusals ----------------------------------------------------------------------------------------------------


def crowded() -> Exchange:
    """A quiet exchange on which every rule can be broken: somebody waits on both sides, the average price is warm."""
    exchange = quiet()
    run(exchange, limit("anna", Side.BUY, "1", "0.07", client_id="mine"), limit("anna", Side.SELL, "1", "0.071"))
    run(exchange, *(limit("bert", Side.BUY, "1", "0.02") for _ in range(COIN.max_orders)))
    run(exchange, structs.replace(limit("anna", Side.BUY, "1", "0.07"), check_only=True))
    return exchange


@pytest.mark.parametrize(
    ("command", "rule"),
    [
        (structs.replace(limit("anna", Side.BUY, "1", "0.07"), symbol="NOPE"), Rule.UNKNOWN_SYMBOL),
        (Cancel("anna", "NOPE", 1), Rule.UNKNOWN_SYMBOL),
        (structs.replace(limit("anna", Side.BUY, "1", "0.07"), symbol="HALTED"), Rule.NOT_TRADING),
        (limit("anna", Side.BUY, "1", "2000"), Rule.PRICE_FILTER),
        (limit("anna", Side.BUY, "1.0005", "0.07"), Rule.LOT_SIZE),
        (market("anna", Side.BUY, "2500.001"), Rule.MARKET_LOT_SIZE),
        (limit("anna", Side.BUY, "1", "0.5"), Rule.PERCENT_PRICE_BY_SIDE),
        (limit("anna", Side.BUY, "0.001", "0.07"), Rule.NOTIONAL),
        (limit("anna", Side.BUY, "1", "0.07", client_id="mine"), Rule.DUPLICATE_CLIENT_ORDER_ID),
        (limit("bert", Side.BUY, "1", "0.07"), Rule.MAX_NUM_ORDERS),
        (limit("anna", Side.BUY, "2000", "0.07"), Rule.INSUFFICIENT_BALANCE),
        (limit("anna", Side.SELL, "1001", "0.08"), Rule.INSUFFICIENT_BALANCE),
        (market("anna", Side.SELL, "1001"), Rule.INSUFFICIENT_BALANCE),
        (market("nobody", Side.BUY, "1"), Rule.INSUFFICIENT_BALANCE),
        (market("nobody", Side.SELL, quote="0.07"), Rule.INSUFFICIENT_BALANCE),
        (structs.replace(market("anna", Side.BUY, quote="101"), self_trade=SelfTrade.NONE), Rule.INSUFFICIENT_BALANCE),
        (structs.replace(limit("anna", Side.BUY, "1", "0.071"), type=OrderType.LIMIT_MAKER), Rule.WOULD_MATCH),
        (Cancel("anna", SYMBOL, 999), Rule.UNKNOWN_ORDER),
    ],
)
def test_a_refused_command_changes_nothing_at_all(command: Command, rule: Rule) -> None:
    exchange = crowded()
    before = pickle.dumps(exchange)
    assert refusal(exchange, command) is rule
    assert pickle.dumps(exchange) == before
    if isinstance(command, Place):
        assert refusal(exchange, structs.replace(command, check_only=True)) is rule
        assert pickle.dumps(exchange) == before


def test_a_check_changes_nothing_either() -> None:
    exchange = crowded()
    before = pickle.dumps(exchange)
    assert exchange.execute(structs.replace(limit("anna", Side.BUY, "1", "0.08"), check_only=True), exchange.now_us) == []
    assert pickle.dumps(exchange) == before
    assert exchange.execute(limit("anna", Side.BUY, "1", "0.08"), exchange.now_us)
    assert pickle.dumps(exchange) != before, "the comparison sees no change at all"


@pytest.mark.parametrize("deposit", [Deposit("anna", "ETH", 0), Deposit("anna", "ETH", -1), Deposit("anna", "DOGE", 1)])
def test_a_deposit_must_be_some_of_an_asset_that_is_traded(deposit: Deposit) -> None:
    with pytest.raises(ValueError, match="deposit"):
        quiet().execute(deposit, START)


def test_a_deposit_tells_itself_and_the_balance() -> None:
    events = quiet().execute(Deposit("cleo", "ETH", 5), START)
    assert events == [Deposited("cleo", "ETH", 5, START), BalanceChanged("cleo", "ETH", 5, 0, START)]


# ---- counts --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("limits", "rules", "rule"),
    [
        ({"max_orders": 2}, {}, Rule.MAX_NUM_ORDERS),
        ({"max_algo_orders": 1}, {}, Rule.MAX_NUM_ALGO_ORDERS),
        ({"max_iceberg_orders": 1}, {}, Rule.MAX_NUM_ICEBERG_ORDERS),
        ({}, {"max_orders": 2}, Rule.EXCHANGE_MAX_NUM_ORDERS),
        ({}, {"max_algo_orders": 1}, Rule.EXCHANGE_MAX_NUM_ALGO_ORDERS),
        ({}, {"max_iceberg_orders": 1}, Rule.EXCHANGE_MAX_NUM_ICEBERG_ORDERS),
    ],
)
def test_as_many_orders_as_are_allowed_and_room_again_when_one_goes(limits: dict[str, int], rules: dict[str, int], rule: Rule) -> None:
    exchange = Exchange(seed=1, start_us=START, instruments=[replace(COIN, **limits)], traders=False, rules=ExchangeRules(**rules))
    run(exchange, Deposit("anna", "BTC", 100 * UNIT), Deposit("anna", "ETH", 100 * UNIT))
    iceberg = structs.replace(limit("anna", Side.BUY, "1", "0.06"), iceberg_quantity=scaled("0.5"))
    stop = structs.replace(limit("anna", Side.BUY, "1", "0.06"), type=OrderType.STOP_LOSS_LIMIT, stop_price=scaled("0.08"))
    first = accepted(run(exchange, stop))
    run(exchange, iceberg)
    wish = iceberg if "ICEBERG" in rule.name else stop
    assert refusal(exchange, wish) is rule
    run(exchange, Cancel("anna", SYMBOL, first.id + ("ICEBERG" in rule.name)))
    run(exchange, wish)


def test_nobody_buys_beyond_the_position_that_is_allowed() -> None:
    exchange = Exchange(seed=1, start_us=START, instruments=[replace(COIN, max_position=10 * UNIT)], traders=False)
    run(exchange, Deposit("anna", "BTC", 100 * UNIT), Deposit("anna", "ETH", 4 * UNIT))
    run(exchange, limit("anna", Side.SELL, "2", "0.08"), limit("anna", Side.BUY, "3", "0.06"))
    assert refusal(exchange, limit("anna", Side.BUY, "3.001", "0.06")) is Rule.MAX_POSITION
    run(exchange, limit("anna", Side.BUY, "3", "0.06"))
    run(exchange, limit("anna", Side.SELL, "2", "0.08"))


def test_one_of_the_usual_symbols_limits_the_position_within_reach() -> None:
    exchange = Exchange(seed=1, start_us=START)
    (limited,) = [each for each in exchange.instruments.values() if each.max_position is not None]
    assert limited.max_position is not None
    owned, price = limited.max_position // 10, limited.opening_price // 50 // limited.tick * limited.tick
    run(exchange, Deposit("anna", limited.base, owned), Deposit("anna", limited.quote, total(price, limited.max_position)))
    most = Place("anna", limited.symbol, Side.BUY, OrderType.LIMIT, limited.max_position - owned, price=price)
    assert refusal(exchange, structs.replace(most, quantity=most.quantity + limited.step)) is Rule.MAX_POSITION
    run(exchange, most)


def test_the_position_that_is_allowed_does_not_bind_those_who_make_the_market() -> None:
    exchange = Exchange(seed=1, start_us=START, instruments=[replace(COIN, max_position=UNIT)])
    events = exchange.advance(START + 60_000_000)
    assert any(isinstance(event, Traded) for event in events)
    assert exchange.depth(SYMBOL, 5).bids


# ---- funds, symbols that close ---------------------------------------------------------------------------------------


def test_free_funds_can_be_withdrawn_and_bound_ones_cannot() -> None:
    exchange = quiet()
    run(exchange, limit("anna", Side.SELL, "400", "0.08"))
    assert refusal(exchange, Withdraw("anna", "ETH", 601 * UNIT)) is Rule.INSUFFICIENT_BALANCE
    assert refusal(exchange, Withdraw("nobody", "ETH", 1)) is Rule.INSUFFICIENT_BALANCE
    events = run(exchange, Withdraw("anna", "ETH", 600 * UNIT))
    now_us = exchange.now_us
    assert events == [Deposited("anna", "ETH", -600 * UNIT, now_us), BalanceChanged("anna", "ETH", 0, 400 * UNIT, now_us)]


@pytest.mark.parametrize(
    ("status", "cancels"),
    [(Status.HALT, False), (Status.BREAK, False), (Status.END_OF_DAY, False), (Status.CANCEL_ONLY, True)],
)
def test_a_symbol_that_is_closed_takes_no_orders_and_perhaps_cancels(status: Status, cancels: bool) -> None:
    exchange = quiet()
    order = accepted(run(exchange, limit("anna", Side.SELL, "4", "0.08")))
    assert run(exchange, SetStatus(SYMBOL, status)) == [StatusChanged(SYMBOL, status, exchange.now_us)]
    assert exchange.instruments[SYMBOL].status is status
    assert refusal(exchange, limit("anna", Side.BUY, "1", "0.07")) is Rule.NOT_TRADING
    amend, cancel = Amend("anna", SYMBOL, UNIT, order.id), Cancel("anna", SYMBOL, order.id)
    if cancels:
        run(exchange, amend, cancel)
    else:
        assert refusal(exchange, amend) is refusal(exchange, cancel) is Rule.NOT_TRADING
        run(exchange, SetStatus(SYMBOL, Status.TRADING), cancel)
    assert exchange.balances("anna")["ETH"].locked == 0


def test_a_delisted_symbol_is_unknown_and_what_was_bound_is_free() -> None:
    exchange = quiet()
    pair = (
        structs.replace(limit("anna", Side.SELL, "2", "0.08"), type=OrderType.LIMIT_MAKER),
        Place("anna", SYMBOL, Side.SELL, OrderType.STOP_LOSS, 2 * UNIT, stop_price=scaled("0.06")),
    )
    run(exchange, PlaceList(ListKind.OCO, pair), PlaceList(ListKind.OTO, (limit("anna", Side.BUY, "1", "0.06"), pair[1])))
    events = run(exchange, Delist(SYMBOL))
    expired = [event.order.expiry for event in events if isinstance(event, OrderExpired)]
    assert expired == [ExpiryReason.EXCHANGE_CANCELED] * 4
    assert [event.list.done for event in events if isinstance(event, ListChanged)] == [True, True]
    assert StatusChanged(SYMBOL, None, exchange.now_us) in events
    assert SYMBOL not in exchange.instruments
    assert (exchange.balances("anna")["ETH"], exchange.open_lists("anna")) == (Balance(1000 * UNIT, 0), [])
    for wish in (limit("anna", Side.BUY, "1", "0.07"), Cancel("anna", SYMBOL, 1), SetStatus(SYMBOL, Status.TRADING), Delist(SYMBOL)):
        assert refusal(exchange, wish) is Rule.UNKNOWN_SYMBOL
    assert exchange.open_orders("anna") == []


def test_the_traders_leave_closed_symbols_alone_and_others_alive() -> None:
    exchange = Exchange(seed=7, start_us=START)
    exchange.advance(START + 5_000_000)
    run(exchange, SetStatus("ETHBTC", Status.HALT), Delist("LTCBTC"))
    later = [event for event in exchange.advance(START + 15_000_000) if isinstance(event, Traded)]
    assert {event.symbol for event in later} & {"BTCUSDT", "ETHUSDT"}
    assert not {event.symbol for event in later} & {"ETHBTC", "LTCBTC"}
    run(exchange, SetStatus("ETHBTC", Status.TRADING))
    assert any(isinstance(event, Traded) and event.symbol == "ETHBTC" for event in exchange.advance(START + 60_000_000))
