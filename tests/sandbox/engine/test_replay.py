"""A recorded market is played level for level and trade for trade, users have their place in it, and it ends where it ended."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from functools import cache
from itertools import permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

from exchangeclient.sandbox.engine.commands import Cancel, Delist, Deposit, Place, SetStatus
from exchangeclient.sandbox.engine.events import Event, LevelChanged, OrderFilled, Traded
from exchangeclient.sandbox.engine.exchange import Depth, Exchange
from exchangeclient.sandbox.engine.instruments import DEFAULTS, UNIT, PriceRange, Reference
from exchangeclient.sandbox.engine.refusals import Refused
from exchangeclient.sandbox.engine.replay import ACCOUNTS, Levels, Printed, Recording
from exchangeclient.sandbox.engine.words import OrderType, SelfTrade, Side, Status

START = 1_700_000_000_000_000
SECOND = 1_000_000
SYMBOL = "BNBBTC"
COIN = next(each for each in DEFAULTS if each.symbol == SYMBOL)
P = COIN.opening_price
SEED = 11


def playing(*steps: Levels | Printed, traders: bool = False, **arguments: object) -> Exchange:
    recording = Recording(SYMBOL, P, steps, replace(COIN, **arguments))  # type: ignore[arg-type]
    exchange = Exchange(seed=SEED, start_us=START, recordings=[recording], traders=traders)
    for account in ("anna", "bert"):
        for asset in ("BNB", "BTC"):
            exchange.execute(Deposit(account, asset, 10**7 * UNIT), START)
    return exchange


def order(exchange: Exchange, side: Side, price: int, quantity: int, name: str = "mine") -> list[Event]:
    wish = Place("anna", SYMBOL, side, OrderType.LIMIT, quantity * UNIT, price=price, client_order_id=name)
    return exchange.execute(wish, exchange.now_us)


def levels(at_us: int, bids: dict[int, int], asks: dict[int, int], *, whole: bool = False) -> Levels:
    """Prices in ticks from ``P``, quantities in coins."""
    rows = [tuple((P + price, quantity * UNIT) for price, quantity in side.items()) for side in (bids, asks)]
    return Levels(at_us, rows[0], rows[1], whole)


def shown(depth: Depth) -> tuple[dict[int, int], dict[int, int]]:
    bids, asks = ({price - P: quantity // UNIT for price, quantity in side} for side in (depth.bids, depth.asks))
    return bids, asks


BOOK = levels(0, {-2: 5, -1: 3}, {1: 4, 2: 6}, whole=True)


# ---- a recording of this exchange itself -------------------------------------------------------------------------


@cache
def recorded(seconds: int) -> tuple[Recording, list[tuple[int, Depth]], list[Traded]]:
    """A seeded market: its recording, its book after each step, its trades."""
    print("seed", SEED)
    source = Exchange(seed=SEED, start_us=START, instruments=[COIN])
    opening = source.depth(SYMBOL, 10_000)
    steps: list[Levels | Printed] = [Levels(0, tuple(opening.bids), tuple(opening.asks), whole=True)]
    books, trades = [(0, opening)], []
    for at_us in range(100_000, seconds * SECOND, 100_000):
        sides: dict[Side, dict[int, int]] = {Side.BUY: {}, Side.SELL: {}}
        for event in source.advance(START + at_us):
            if isinstance(event, LevelChanged):
                sides[event.side][event.price] = event.quantity
            elif isinstance(event, Traded):
                trades.append(event)
                steps.append(Printed(at_us, event.price, event.quantity, event.buyer_is_maker))
        if sides[Side.BUY] or sides[Side.SELL]:
            steps.append(Levels(at_us, tuple(sides[Side.BUY].items()), tuple(sides[Side.SELL].items())))
            books.append((at_us, source.depth(SYMBOL, 10_000)))
    return Recording(SYMBOL, COIN.opening_price, tuple(steps), COIN), books, trades


def test_a_played_book_is_the_recorded_one_after_every_step_and_so_are_the_trades() -> None:
    recording, books, trades = recorded(60)
    exchange = Exchange(seed=1, start_us=START, recordings=[recording])
    printed: list[Traded] = []
    for at_us, book in books:
        printed += [event for event in exchange.advance(START + at_us) if isinstance(event, Traded) and event.symbol == SYMBOL]
        depth = exchange.depth(SYMBOL, 10_000)
        assert (depth.bids, depth.asks) == (book.bids, book.asks)
    assert len(trades) > 30
    by_price = [(trade.time_us, trade.price, trade.buyer_is_maker) for trade in trades]
    assert sorted({(trade.time_us, trade.price, trade.buyer_is_maker) for trade in printed}) == sorted(set(by_price))
    assert sum(trade.quantity for trade in printed) == sum(trade.quantity for trade in trades)
    assert sum(trade.quote for trade in printed) == pytest.approx(sum(trade.quote for trade in trades), abs=len(printed))


def test_other_symbols_live_on_beside_it_and_their_prices_follow() -> None:
    recording, books, _ = recorded(20)
    exchange = Exchange(seed=1, start_us=START, recordings=[recording])
    events = exchange.advance(START + 20 * SECOND)
    assert {event.symbol for event in events if isinstance(event, Traded)} > {SYMBOL, "BTCUSDT"}
    accounts = {event.order.account for event in events if isinstance(event, OrderFilled) and event.order.symbol == SYMBOL}
    assert accounts == set(ACCOUNTS)
    assert exchange.depth(SYMBOL, 10_000).bids == books[-1][1].bids


@settings(max_examples=20, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 200), st.sampled_from(Side), st.integers(-40, 40), st.integers(1, 30)), max_size=8))
def test_resting_orders_of_users_come_on_top(orders: list[tuple[int, Side, int, int]]) -> None:
    """As long as they are not traded with."""
    recording, books, _ = recorded(20)
    books_at = dict(books)
    exchange = Exchange(seed=1, start_us=START, recordings=[recording], traders=False)
    for asset in ("BNB", "BTC"):
        exchange.execute(Deposit("anna", asset, 10**7 * UNIT), START)
    fills = 0
    for number, at_us in enumerate(books_at):
        fills += sum(isinstance(event, OrderFilled) and event.order.account == "anna" for event in exchange.advance(START + at_us))
        for _, side, away, quantity in [each for each in orders if each[0] == number]:
            outward = -60 if side is Side.BUY else 60
            happened = order(exchange, side, P + away + outward, quantity, f"mine-{len(exchange.orders('anna', SYMBOL))}")
            fills += sum(isinstance(event, OrderFilled) for event in happened)
        if fills:
            return
        mine: dict[tuple[Side, int], int] = {}
        for each in exchange.open_orders("anna"):
            mine[each.side, each.price] = mine.get((each.side, each.price), 0) + each.quantity
        depth = exchange.depth(SYMBOL, 10_000)
        for side, there, was in ((Side.BUY, depth.bids, books_at[at_us].bids), (Side.SELL, depth.asks, books_at[at_us].asks)):
            without = [(price, quantity - mine.get((side, price), 0)) for price, quantity in there]
            assert [level for level in without if level[1]] == was


DEEDS = st.tuples(st.sampled_from(["buy", "sell", "rest", "halt", "trade"]), st.integers(-60, 60), st.integers(1, 400_000))


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 90), DEEDS), max_size=12))
def test_whatever_users_do_to_it_the_book_is_as_recorded_once_it_was_told_again(deeds: list[tuple[int, tuple[str, int, int]]]) -> None:
    recording, books, _ = recorded(10)
    end_us, end = books[-1][0] + SECOND, books[-1][1]
    again = Levels(end_us, tuple(end.bids), tuple(end.asks), whole=True)
    exchange = Exchange(seed=1, start_us=START, recordings=[structs.replace(recording, steps=(*recording.steps, again))], traders=False)
    for asset in ("BNB", "BTC"):
        exchange.execute(Deposit("anna", asset, 10**7 * UNIT), START)
    for tenth, (deed, away, quantity) in sorted(deeds):
        exchange.advance(START + tenth * SECOND // 10)
        with suppress(Refused):
            if deed in ("halt", "trade"):
                exchange.execute(SetStatus(SYMBOL, Status.HALT if deed == "halt" else Status.TRADING), exchange.now_us)
            elif deed == "rest":
                order(exchange, Side.BUY if away < 0 else Side.SELL, P + away, quantity, "")
            else:
                side = Side.BUY if deed == "buy" else Side.SELL
                exchange.execute(Place("anna", SYMBOL, side, OrderType.MARKET, quantity * UNIT), exchange.now_us)
    exchange.advance(START + end_us - 1)
    exchange.execute(SetStatus(SYMBOL, Status.TRADING), exchange.now_us)
    for each in exchange.open_orders("anna"):
        exchange.execute(Cancel("anna", SYMBOL, each.id), exchange.now_us)
    exchange.advance(START + end_us)
    depth = exchange.depth(SYMBOL, 10_000)
    assert (depth.bids, depth.asks) == (end.bids, end.asks)


@settings(max_examples=15, deadline=None)
@given(st.lists(st.integers(0, 19 * SECOND), max_size=6))
def test_when_somebody_looks_changes_nothing(looks: Sequence[int]) -> None:
    recording, *_ = recorded(20)
    watched, unwatched = (Exchange(seed=1, start_us=START, recordings=[recording], instruments=[COIN]) for _ in range(2))
    heard = [event for at_us in sorted(looks) for event in watched.advance(START + at_us)]
    end = START + 20 * SECOND
    assert heard + watched.advance(end) == unwatched.advance(end)


def test_a_restored_exchange_plays_on() -> None:
    recording, *_ = recorded(20)
    original = Exchange(seed=1, start_us=START, recordings=[recording], instruments=[COIN])
    original.advance(START + 8 * SECOND)
    restored = Exchange(seed=2, start_us=START, instruments=[COIN])
    restored.restore(original.snapshot())
    assert restored.advance(START + 20 * SECOND) == original.advance(START + 20 * SECOND)


# ---- levels ------------------------------------------------------------------------------------------------------


def test_the_first_book_is_there_when_the_exchange_opens() -> None:
    exchange = playing(BOOK)
    assert shown(exchange.depth(SYMBOL, 100)) == ({-1: 3, -2: 5}, {1: 4, 2: 6})
    assert exchange.last_price(SYMBOL) == exchange.instruments[SYMBOL].opening_price == P


def test_levels_come_change_and_go_at_their_time() -> None:
    exchange = playing(BOOK, levels(SECOND, {-1: 8, -3: 1}, {1: 1, 2: 0}), levels(2 * SECOND, {-1: 2}, {}))
    exchange.advance(START + SECOND - 1)
    assert shown(exchange.depth(SYMBOL, 100)) == ({-1: 3, -2: 5}, {1: 4, 2: 6})
    exchange.advance(START + SECOND)
    assert shown(exchange.depth(SYMBOL, 100)) == ({-1: 8, -2: 5, -3: 1}, {1: 1})
    exchange.advance(START + 10 * SECOND)
    assert shown(exchange.depth(SYMBOL, 100)) == ({-1: 2, -2: 5, -3: 1}, {1: 1})
    assert exchange.advance(START + 100 * SECOND) == [], "after its end the book stays"


def test_a_whole_book_takes_the_place_of_what_was_there() -> None:
    exchange = playing(BOOK, levels(SECOND, {-9: 7}, {2: 5}, whole=True))
    exchange.advance(START + SECOND)
    assert shown(exchange.depth(SYMBOL, 100)) == ({-9: 7}, {2: 5})


def test_a_book_that_moves_does_not_meet_itself() -> None:
    exchange = playing(
        BOOK, levels(SECOND, {5: 2, 4: 2}, {1: 0, 2: 0, 7: 3}), levels(2 * SECOND, {5: 0, 4: 0, -1: 0, -2: 0, -8: 1}, {-5: 2})
    )
    for second, expected in ((1, ({5: 2, 4: 2, -1: 3, -2: 5}, {7: 3})), (2, ({-8: 1}, {-5: 2, 7: 3}))):
        events = exchange.advance(START + second * SECOND)
        assert not [event for event in events if isinstance(event, Traded)]
        assert shown(exchange.depth(SYMBOL, 100)) == expected


def test_what_a_level_loses_goes_from_the_end_of_its_queue() -> None:
    """Whoever stands behind the recorded quantity waits until that is traded."""
    exchange = playing(
        BOOK, levels(SECOND, {-1: 2}, {}), Printed(2 * SECOND, P - 1, 1 * UNIT, True), Printed(3 * SECOND, P - 1, 4 * UNIT, True)
    )
    order(exchange, Side.BUY, P - 1, 10)
    exchange.advance(START + 2 * SECOND)
    assert exchange.find_order("anna", SYMBOL, client_order_id="mine").executed == 0
    exchange.advance(START + 3 * SECOND)
    assert exchange.find_order("anna", SYMBOL, client_order_id="mine").executed > 0


def test_a_users_order_through_the_book_trades_with_it_and_the_book_comes_back_when_it_is_told_again() -> None:
    exchange = playing(BOOK, levels(SECOND, {}, {1: 4}))
    events = order(exchange, Side.BUY, P + 1, 3)
    assert [event.quantity for event in events if isinstance(event, Traded)] == [3 * UNIT]
    assert shown(exchange.depth(SYMBOL, 100))[1] == {1: 1, 2: 6}
    exchange.advance(START + SECOND)
    assert shown(exchange.depth(SYMBOL, 100))[1] == {1: 4, 2: 6}


def test_a_level_that_users_took_whole_comes_back_when_it_is_told_again() -> None:
    exchange = playing(BOOK, levels(SECOND, {}, {1: 5}), levels(2 * SECOND, {}, {2: 1}))
    order(exchange, Side.BUY, P + 2, 10)
    assert shown(exchange.depth(SYMBOL, 100))[1] == {}
    exchange.advance(START + SECOND)
    assert shown(exchange.depth(SYMBOL, 100))[1] == {1: 5}
    exchange.advance(START + 2 * SECOND)
    assert shown(exchange.depth(SYMBOL, 100))[1] == {1: 5, 2: 1}


@pytest.mark.parametrize("mode", list(SelfTrade))
def test_of_a_recorded_book_that_meets_itself_the_newer_levels_stay(mode: SelfTrade) -> None:
    exchange = playing(BOOK, levels(SECOND, {}, {-2: 7}), levels(2 * SECOND, {-1: 1}, {-2: 0, 1: 2}), self_trade=mode)
    events = exchange.advance(START + SECOND)
    assert shown(exchange.depth(SYMBOL, 100)) == ({}, {-2: 7, 1: 4, 2: 6})
    events += exchange.advance(START + 2 * SECOND)
    assert shown(exchange.depth(SYMBOL, 100)) == ({-1: 1}, {1: 2, 2: 6})
    assert not [event for event in events if isinstance(event, Traded)]


def test_a_book_that_moves_through_a_users_order_trades_with_it() -> None:
    exchange = playing(BOOK, levels(SECOND, {-1: 0, -2: 0, -6: 4}, {-4: 9, 1: 0}))
    order(exchange, Side.BUY, P - 3, 5)
    events = exchange.advance(START + SECOND)
    assert [(event.price, event.quantity) for event in events if isinstance(event, Traded)] == [(P - 3, 5 * UNIT)]
    assert shown(exchange.depth(SYMBOL, 100)) == ({-6: 4}, {-4: 4, 2: 6})


def test_no_rule_of_the_symbol_refuses_what_has_happened() -> None:
    """Recorded books hold orders from before a rule was changed."""
    far = Levels(0, tuple((price, 7) for price in range(1, 400)), ((P * 900 + 1, UNIT // 3),), whole=True)
    exchange = playing(
        far, Printed(SECOND, P, 1, True), tick=10, step=UNIT, min_quantity=UNIT, amend=False, types=frozenset({OrderType.LIMIT})
    )
    depth = exchange.depth(SYMBOL, 1000)
    assert (len(depth.bids), depth.asks) == (399, [(P * 900 + 1, UNIT // 3)])
    exchange.advance(START + SECOND)
    assert [trade.price for trade in exchange.trades(SYMBOL)] == [P]


# ---- trades ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("buyer_is_maker", [True, False])
@pytest.mark.parametrize("ticks", [-4, -2, -1, 0, 1, 2, 4])
def test_a_trade_is_made_at_its_price_wherever_the_book_stands_and_leaves_it_as_it_was(ticks: int, buyer_is_maker: bool) -> None:
    exchange = playing(BOOK, Printed(SECOND, P + ticks, 7 * UNIT, buyer_is_maker))
    before = shown(exchange.depth(SYMBOL, 100))
    events = exchange.advance(START + SECOND)
    trades = [event for event in events if isinstance(event, Traded)]
    assert {(trade.price, trade.buyer_is_maker) for trade in trades} == {(P + ticks, buyer_is_maker)}
    assert sum(trade.quantity for trade in trades) == 7 * UNIT
    assert shown(exchange.depth(SYMBOL, 100)) == before
    assert exchange.last_price(SYMBOL) == P + ticks


def test_a_users_order_at_a_better_price_is_filled_by_a_recorded_trade() -> None:
    exchange = playing(BOOK, Printed(SECOND, P - 1, 5 * UNIT, True))
    order(exchange, Side.BUY, P, 2)
    trades = [event for event in exchange.advance(START + SECOND) if isinstance(event, Traded)]
    assert [(trade.price, trade.quantity // UNIT) for trade in trades] == [(P, 2), (P - 1, 3)]
    assert shown(exchange.depth(SYMBOL, 100)) == ({-1: 3, -2: 5}, {1: 4, 2: 6})


def test_money_is_conserved_while_it_plays() -> None:
    recording, *_ = recorded(20)
    exchange = Exchange(seed=1, start_us=START, recordings=[recording], instruments=[COIN])

    def all_there_is() -> dict[str, int]:
        sums = {"BNB": 0, "BTC": 0}
        for account in (*ACCOUNTS, "engine:house"):
            for asset, balance in exchange.balances(account).items():
                sums[asset] += balance.free + balance.locked
        return sums

    before = all_there_is()
    exchange.advance(START + 20 * SECOND)
    assert all_there_is() == before


# ---- symbols that are closed -------------------------------------------------------------------------------------


def test_of_a_halted_symbol_the_book_is_kept_up_but_nothing_is_traded() -> None:
    exchange = playing(BOOK, Printed(SECOND, P, UNIT, True), levels(SECOND, {-1: 9}, {}))
    exchange.execute(SetStatus(SYMBOL, Status.HALT), START)
    events = exchange.advance(START + 5 * SECOND)
    assert not [event for event in events if isinstance(event, Traded)]
    assert shown(exchange.depth(SYMBOL, 100))[0] == {-1: 9, -2: 5}


@pytest.mark.parametrize("replaced", [False, True])
def test_a_halted_book_that_moves_through_a_users_order_waits_for_it(replaced: bool) -> None:
    """Nothing trades while nothing may; once it may, the book is as it was recorded last."""
    later = [levels(2 * SECOND, {-1: 0, -7: 5}, {-5: 3}, whole=True)] if replaced else []
    exchange = playing(BOOK, levels(SECOND, {-1: 0, -2: 0, -6: 4}, {-4: 9, -3: 1, 1: 0}), *later)
    order(exchange, Side.BUY, P - 3, 5)
    exchange.execute(SetStatus(SYMBOL, Status.HALT), START)
    halted = exchange.advance(START + 5 * SECOND)
    assert not [event for event in halted if isinstance(event, Traded)]
    assert shown(exchange.depth(SYMBOL, 100))[0][-3] == 5
    assert not exchange.advance(START + 9 * SECOND)
    snapshot, exchange = exchange.snapshot(), playing(BOOK)
    exchange.restore(snapshot)
    exchange.execute(SetStatus(SYMBOL, Status.TRADING), START + 10 * SECOND)
    assert not exchange.passes_quietly(START + 10 * SECOND)
    resumed = [event for event in exchange.advance(START + 10 * SECOND) if isinstance(event, Traded)]
    assert sum(event.quantity for event in resumed) == (3 if replaced else 5) * UNIT
    assert {event.time_us for event in resumed} == {START + 10 * SECOND}
    expected = ({-7: 5, -3: 2}, {}) if replaced else ({-6: 4}, {-4: 4, -3: 1, 2: 6})
    assert shown(exchange.depth(SYMBOL, 100)) == expected
    assert exchange.passes_quietly(START + 11 * SECOND)


def test_a_level_that_was_held_back_and_is_gone_by_now_does_not_come() -> None:
    exchange = playing(BOOK, levels(SECOND, {}, {-3: 1}), levels(2 * SECOND, {}, {-3: 0}))
    order(exchange, Side.BUY, P - 1, 5)
    exchange.execute(SetStatus(SYMBOL, Status.HALT), START)
    exchange.advance(START + 5 * SECOND)
    exchange.execute(SetStatus(SYMBOL, Status.TRADING), START + 6 * SECOND)
    assert exchange.advance(START + 6 * SECOND) == []


def test_a_delisted_symbol_is_not_played_on() -> None:
    exchange = playing(BOOK, levels(SECOND, {-1: 9}, {}), traders=True)
    exchange.execute(Delist(SYMBOL), START)
    events = exchange.advance(START + 5 * SECOND)
    assert events
    assert not [event for event in events if getattr(event, "symbol", "") == SYMBOL]


def test_a_user_may_cancel_what_rests_in_a_recorded_book() -> None:
    exchange = playing(BOOK)
    order(exchange, Side.SELL, P + 1, 5)
    exchange.execute(Cancel("anna", SYMBOL, client_order_id="mine"), START)
    assert shown(exchange.depth(SYMBOL, 100))[1] == {1: 4, 2: 6}


# ---- what is opened ----------------------------------------------------------------------------------------------


def test_a_recorded_symbol_without_rules_takes_those_of_the_exchange() -> None:
    recording = Recording(SYMBOL, P + 3, (BOOK,))
    exchange = Exchange(seed=1, start_us=START, recordings=[recording])
    assert exchange.instruments[SYMBOL] == replace(COIN, opening_price=P + 3)
    with pytest.raises(ValueError, match=r"NEWBTC.*exchangeInfo"):
        Exchange(seed=1, start_us=START, recordings=[Recording("NEWBTC", P, (BOOK,))])


def test_a_recorded_symbol_that_the_exchange_did_not_know_is_listed() -> None:
    new = replace(COIN, symbol="NEWEUR", base="NEW", quote="EUR")
    exchange = Exchange(seed=1, start_us=START, recordings=[Recording("NEWEUR", P, (BOOK,), new)])
    assert set(exchange.instruments) == {*(each.symbol for each in DEFAULTS), "NEWEUR"}
    codes = {symbol: each.code for symbol, each in exchange.instruments.items()}
    assert codes == {**{each.symbol: each.code for each in DEFAULTS}, "NEWEUR": max(each.code for each in DEFAULTS) + 1}
    assert exchange.depth("NEWEUR", 5).bids


def test_the_range_in_which_takers_may_trade_does_not_hold_for_what_has_happened() -> None:
    near = PriceRange(bid_up=UNIT * 101 // 100, bid_down=0, ask_up=None, ask_down=UNIT * 99 // 100)
    prices = [P, P * 2, P // 3]
    steps = [Printed((number + 1) * SECOND // 4, price, UNIT, number % 2 == 0) for number, price in enumerate(prices)]
    exchange = playing(BOOK, *steps, reference=Reference(60, 1000), price_range=near)
    exchange.advance(START + SECOND)
    assert [trade.price for trade in exchange.trades(SYMBOL)] == prices


@pytest.mark.parametrize("symbol", [each.symbol for each in DEFAULTS])
def test_whatever_is_recorded_all_prices_agree_and_what_a_route_calls_equal_is_worth_the_same(symbol: str) -> None:
    price = 3 * next(each.opening_price for each in DEFAULTS if each.symbol == symbol)
    recording = Recording(symbol, price, (Printed(SECOND, price, UNIT, False),))
    exchange = Exchange(seed=1, start_us=START, recordings=[recording], traders=False)
    opened = exchange.instruments
    assert opened[symbol].opening_price == price
    for symbols in exchange.routes.values():
        assert len({opened[each].opening_price for each in symbols}) == 1
    for one, other in permutations(opened.values(), 2):
        cross = opened.get(one.base + other.base)
        if cross is not None and one.quote == other.quote:
            by_way = one.opening_price / other.opening_price
            exact = max(each.tick / each.opening_price for each in (one, other, cross))
            assert cross.opening_price / UNIT == pytest.approx(by_way, rel=2 * exact), (cross.symbol, one.symbol, other.symbol)


def test_other_symbols_open_at_prices_that_agree_with_the_recorded_one() -> None:
    bitcoin = next(each for each in DEFAULTS if each.symbol == "BTCUSDT")
    recording = Recording("BTCUSDT", 60_000 * UNIT, (Printed(SECOND, 60_000 * UNIT, UNIT, False),), replace(bitcoin, code=0))
    opened = Exchange(seed=1, start_us=START, recordings=[recording]).instruments
    assert opened["BTCUSDT"].code == bitcoin.code  # of which a recording knows nothing
    opening = {symbol: each.opening_price / UNIT for symbol, each in opened.items()}
    assert opening["BTCUSDT"] == 60_000
    assert opening["ETHUSDT"] / opening["BTCUSDT"] == pytest.approx(opening["ETHBTC"], rel=1e-4)
