"""The exchange from outside, with its traders: one seed makes one market, and everything in it adds up."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from contextlib import suppress
from random import Random

import pytest

from exchangeclient.sandbox.engine.accounts import HOUSE
from exchangeclient.sandbox.engine.commands import Cancel, Deposit, Place
from exchangeclient.sandbox.engine.events import BalanceChanged, Deposited, Event, LevelChanged, Traded
from exchangeclient.sandbox.engine.exchange import Exchange
from exchangeclient.sandbox.engine.flow import ACCOUNTS as TRADERS
from exchangeclient.sandbox.engine.instruments import DEFAULTS, UNIT, scaled
from exchangeclient.sandbox.engine.refusals import Refused
from exchangeclient.sandbox.engine.words import OrderStatus, OrderType, Side

START = 1_700_000_000_000_000
SYMBOL = "ETHBTC"


def test_the_seed_examples_are_accepted() -> None:
    exchange = Exchange(seed=7, start_us=START)
    for deposit in (Deposit("key", "BTC", UNIT), Deposit("key", "BNB", 1000 * UNIT)):
        exchange.execute(deposit, START)
    for side in Side:
        far = Place("key", "BNBBTC", side, OrderType.LIMIT, scaled("100"), price=scaled("0.00001"))
        at_market = Place("key", "BNBBTC", side, OrderType.MARKET, scaled("100"))
        rests, trades = (exchange.execute(order, START)[0].order for order in (far, at_market))
        assert exchange.find_order("key", "BNBBTC", order_id=rests.id).price == scaled("0.00001")
        assert exchange.find_order("key", "BNBBTC", order_id=trades.id).status is OrderStatus.FILLED


def busy_hour(seed: int) -> list[Event]:
    """Random users among the traders, for a while."""
    exchange = Exchange(seed=seed, start_us=START)
    random = Random(seed)
    events: list[Event] = []
    for user in ("anna", "bert"):
        for asset in exchange.balances(user):
            events += exchange.execute(Deposit(user, asset, 1000 * UNIT), START)
    now_us = START
    for _ in range(300):
        now_us += random.randrange(400_000)
        events += exchange.advance(now_us)
        each = DEFAULTS[random.randrange(len(DEFAULTS))]
        price = exchange.last_price(each.symbol) * random.randrange(995, 1006) // 1000 // each.tick * each.tick
        quantity = -(-each.min_notional * random.randrange(2, 60) * UNIT // price // each.step) * each.step
        kind = OrderType.MARKET if random.random() < 0.3 else OrderType.LIMIT
        side = Side.BUY if random.random() < 0.5 else Side.SELL
        order = Place("anna", each.symbol, side, kind, quantity, price=0 if kind is OrderType.MARKET else price)
        with suppress(Refused):  # the user runs out of something, or the price moved the total below the minimum
            events += exchange.execute(order, now_us)
        if random.random() < 0.3 and (resting := exchange.open_orders("anna", each.symbol)):
            events += exchange.execute(Cancel("anna", each.symbol, resting[0].id), now_us)
    return events


@pytest.mark.parametrize("seed", [7, 1234])
def test_same_seed_same_commands_same_events(seed: int) -> None:
    print("seed", seed)
    assert busy_hour(seed) == busy_hour(seed)


def test_another_seed_makes_another_market() -> None:
    first, second = (Exchange(seed=seed, start_us=START) for seed in (1, 2))
    assert first.depth(SYMBOL, 5) != second.depth(SYMBOL, 5)


def test_events_do_not_depend_on_the_process() -> None:
    """Byte for byte the same in processes whose hashes are salted differently."""
    code = (
        "import hashlib\n"
        "from exchangeclient.sandbox.engine.exchange import Exchange\n"
        f"exchange = Exchange(seed=7, start_us={START})\n"
        f"events = exchange.advance({START} + 20_000_000)\n"
        "candles = exchange.candles('BNBBTC', '1h', start_ms=None, end_ms=None, limit=1000)\n"
        "print(hashlib.sha256(repr((events, candles)).encode()).hexdigest())\n"
    )
    digests = {
        subprocess.run(
            [sys.executable, "-c", code], env={**os.environ, "PYTHONHASHSEED": salt}, capture_output=True, text=True, check=True, timeout=60
        ).stdout.strip()
        for salt in ("1", "2")
    }
    exchange = Exchange(seed=7, start_us=START)
    events = exchange.advance(START + 20_000_000)
    candles = exchange.candles("BNBBTC", "1h", start_ms=None, end_ms=None, limit=1000)
    assert digests == {hashlib.sha256(repr((events, candles)).encode()).hexdigest()}


def test_polling_more_often_makes_the_same_market() -> None:
    rare, often = (Exchange(seed=7, start_us=START) for _ in range(2))
    events = [event for n in range(1, 301) for event in often.advance(START + n * 33_333)]
    assert rare.advance(START + 300 * 33_333) == events


def test_g18_money_is_conserved_with_traders_and_users() -> None:
    events = busy_hour(7)
    exchange = Exchange(seed=7, start_us=START)
    accounts = (*sorted(TRADERS), HOUSE, "anna", "bert")
    opening = {asset: sum(_held(exchange, account, asset) for account in accounts) for asset in exchange.balances(HOUSE)}
    held = {(account, asset): _held(exchange, account, asset) for account in accounts for asset in opening}
    for event in events:
        if isinstance(event, Deposited):
            opening[event.asset] += event.amount
        elif isinstance(event, BalanceChanged):
            held[event.account, event.asset] = event.free + event.locked
            assert event.free >= 0
            assert event.locked >= 0
    for asset, amount in opening.items():
        assert sum(held[account, asset] for account in accounts) == amount


def _held(exchange: Exchange, account: str, asset: str) -> int:
    balance = exchange.balances(account)[asset]
    return balance.free + balance.locked


def test_ids_are_dense_and_updates_lead_from_one_depth_to_the_next() -> None:
    exchange = Exchange(seed=7, start_us=START)
    before = exchange.depth(SYMBOL, 1000)
    sides = {Side.BUY: dict(before.bids), Side.SELL: dict(before.asks)}
    update_id = before.last_update_id
    traded = []
    for event in exchange.advance(START + 30_000_000):
        if isinstance(event, LevelChanged) and event.symbol == SYMBOL:
            update_id += 1
            assert event.update_id == update_id
            sides[event.side].pop(event.price, None)
            if event.quantity:
                sides[event.side][event.price] = event.quantity
        elif isinstance(event, Traded) and event.symbol == SYMBOL:
            traded.append(event)
    after = exchange.depth(SYMBOL, 1000)
    assert after.last_update_id == update_id
    assert (dict(after.bids), dict(after.asks)) == (sides[Side.BUY], sides[Side.SELL])
    assert [trade.trade_id for trade in exchange.trades(SYMBOL)] == list(range(1, len(exchange.trades(SYMBOL)) + 1))
    assert traded == list(exchange.trades(SYMBOL))


def test_statistics_and_average_price_are_those_of_the_public_trades() -> None:
    exchange = Exchange(seed=7, start_us=START)
    exchange.advance(START + 30_000_000)
    trades = exchange.trades(SYMBOL)
    quote, quantity = sum(trade.quote for trade in trades), sum(trade.quantity for trade in trades)
    shown = exchange.statistics(SYMBOL)
    assert shown.last == exchange.last_price(SYMBOL) == trades[-1].price
    assert shown.close_time_ms == exchange.now_us // 1000
    assert shown.volume > quantity, "what was traded before the start counts too"
    assert exchange.average_price(SYMBOL, 5) == quote * UNIT // quantity


def test_a_traders_orders_cannot_be_looked_up_or_cancelled_by_users() -> None:
    exchange = Exchange(seed=7, start_us=START)
    assert exchange.is_open(SYMBOL, 1)
    with pytest.raises(Refused, match="unknown order"):
        exchange.execute(Cancel("anna", SYMBOL, 1), exchange.now_us)
    with pytest.raises(Refused):
        exchange.find_order("anna", SYMBOL, order_id=1)
    for account in TRADERS:
        assert exchange.orders(account, SYMBOL) == exchange.fills(account, SYMBOL) == []
