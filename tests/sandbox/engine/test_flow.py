"""The seeded traders keep every market alive, plausible and bounded, whatever users do to it."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exchangeclient.sandbox.engine.candles import parse_candles
from exchangeclient.sandbox.engine.events import (
    Cancel,
    Deposit,
    LevelChanged,
    OrderFilled,
    OrderStatus,
    OrderType,
    Place,
    Side,
    Traded,
)
from exchangeclient.sandbox.engine.exchange import Exchange
from exchangeclient.sandbox.engine.flow import MAKERS, STEP_US
from exchangeclient.sandbox.engine.instruments import DEFAULTS, UNIT, scaled

START = 1_700_000_000_000_000
SECOND = 1_000_000
MINUTE = 60 * SECOND
SEED = 7


def market(*symbols: str) -> Exchange:
    print("seed", SEED)
    return Exchange(seed=SEED, start_us=START, instruments=[each for each in DEFAULTS if not symbols or each.symbol in symbols])


def check_market(exchange: Exchange, symbol: str) -> None:
    """Two-sided, uncrossed, a plausible spread, a bounded number of levels, prices on the tick."""
    instrument = exchange.instruments[symbol]
    depth = exchange.depth(symbol, 10_000)
    assert 40 <= len(depth.bids) <= 120
    assert 40 <= len(depth.asks) <= 120
    (bid, _), (ask, _) = depth.bids[0], depth.asks[0]
    assert 0 < ask - bid <= max(4 * instrument.tick, bid // 200)
    assert all(price % instrument.tick == 0 and quantity % instrument.step == 0 for price, quantity in depth.bids + depth.asks)
    assert instrument.opening_price * 3 // 4 < bid < ask < instrument.opening_price * 4 // 3
    for account in MAKERS.values():
        assert exchange.open_count(account, symbol) <= 120


def test_every_symbol_opens_with_fifty_levels_a_side_around_its_opening_price() -> None:
    exchange = market()
    for symbol, instrument in exchange.instruments.items():
        depth = exchange.depth(symbol, 1000)
        assert len(depth.bids) >= 50
        assert len(depth.asks) >= 50
        assert depth.bids[0][0] < instrument.opening_price < depth.asks[0][0]
        check_market(exchange, symbol)


def test_each_second_brings_several_depth_updates_and_a_minute_many_trades() -> None:
    exchange = market()
    for second in range(1, 61):
        events = exchange.advance(START + second * SECOND)
        for symbol in exchange.instruments:
            assert sum(isinstance(event, LevelChanged) and event.symbol == symbol for event in events) >= 5
    for symbol in exchange.instruments:
        assert len(exchange.trades(symbol)) >= 30
        assert {trade.buyer_is_maker for trade in exchange.trades(symbol)} == {True, False}


@pytest.mark.parametrize("symbols", [("BNBBTC", "LTCUSDT"), ("XRPETH",)])
def test_an_hour_passes_without_a_crossed_or_empty_book(symbols: tuple[str, ...]) -> None:
    exchange = market(*symbols)
    prices: dict[str, set[int]] = {symbol: set() for symbol in symbols}
    for minute in range(1, 61):
        events = exchange.advance(START + minute * MINUTE)
        for symbol in symbols:
            check_market(exchange, symbol)
            assert any(isinstance(event, Traded) and event.symbol == symbol for event in events)
            prices[symbol].add(exchange.last_price(symbol))
    assert all(len(seen) > 5 for seen in prices.values()), "the market stands still"


@pytest.mark.parametrize("pause_us", [2 * MINUTE, 30 * 24 * 60 * MINUTE])
def test_of_a_pause_longer_than_the_longest_catch_up_only_the_end_is_played(pause_us: int) -> None:
    exchange = Exchange(seed=SEED, start_us=START, instruments=[DEFAULTS[4]], longest_catch_up_us=MINUTE)
    exchange.advance(START + SECOND)
    later = START + pause_us
    events = exchange.advance(later)
    times = {event.time_us for event in events}
    assert 0 < len(times) <= MINUTE // STEP_US
    assert min(times) > later - MINUTE - STEP_US
    assert exchange.now_us == later
    check_market(exchange, "BNBBTC")
    assert exchange.advance(later + STEP_US), "the grid goes on"


@given(st.lists(st.integers(1, 600), max_size=5))
@settings(max_examples=10, deadline=None)
def test_when_somebody_looks_changes_nothing(pauses_s: list[int]) -> None:
    """However the same time passes: in one go, or looked at in between."""
    end = START + (sum(pauses_s) + 120) * SECOND
    watched, unwatched = market("XRPETH"), market("XRPETH")
    heard = []
    now = START
    for pause in pauses_s:
        now += pause * SECOND
        heard += watched.advance(now)
        watched.depth("XRPETH", 10)
        watched.average_price("XRPETH", 5)
    assert heard + watched.advance(end) == unwatched.advance(end)
    assert watched.depth("XRPETH", 1000) == unwatched.depth("XRPETH", 1000)


@pytest.mark.parametrize(
    ("symbol", "close"), [("ETHBTC", "0.00000001"), ("ETHBTC", "999.99999999"), ("BTCUSDT", "0.01"), ("BNBBTC", "0.00000001")]
)
def test_a_market_that_opens_at_the_edge_of_its_prices_is_alive(symbol: str, close: str) -> None:
    row = f"1600000200000,{close},{close},{close},{close},1,1600000499999,,,,\n"
    history = {symbol: [parse_candles([row], symbol=symbol, interval="5m", source="edge.csv")]}
    exchange = Exchange(seed=SEED, start_us=START, history=history)
    exchange.advance(START + MINUTE)
    depth = exchange.depth(symbol, 1000)
    assert depth.bids
    assert depth.asks
    assert depth.bids[0][0] < depth.asks[0][0] <= exchange.instruments[symbol].max_price


@pytest.mark.parametrize(
    ("close", "opening"), [("100000.12345678", "100000.12"), ("100000.125", "100000.13"), ("0.007", "0.01"), ("99.999", "100")]
)
def test_a_market_opens_on_the_tick_nearest_to_the_last_close(close: str, opening: str) -> None:
    row = f"1600000200000,{close},{close},{close},{close},1,1600000499999,,,,\n"
    history = {"BTCUSDT": [parse_candles([row], symbol="BTCUSDT", interval="5m", source="fine.csv")]}
    exchange = Exchange(seed=SEED, start_us=START, history=history)
    assert exchange.last_price("BTCUSDT") == exchange.instruments["BTCUSDT"].opening_price == scaled(opening)


def test_traders_act_on_their_own_grid_of_time() -> None:
    events = market("BNBBTC").advance(START + 10 * SECOND + 1)
    assert {(event.time_us - START) % STEP_US for event in events} == {0}
    assert [event.time_us for event in events] == sorted(event.time_us for event in events)
    assert all(after.update_id == before.update_id + 1 for before, after in pairwise(e for e in events if isinstance(e, LevelChanged)))


def rich(exchange: Exchange) -> None:
    for asset in exchange.balances("anna"):
        exchange.execute(Deposit("anna", asset, 10**9 * UNIT), exchange.now_us)


@pytest.mark.parametrize("side", list(Side))
def test_a_book_that_somebody_swept_is_filled_again_within_seconds(side: Side) -> None:
    exchange = market("BNBBTC")
    rich(exchange)
    depth = exchange.depth("BNBBTC", 10_000)
    there = sum(quantity for _, quantity in (depth.asks if side is Side.BUY else depth.bids))
    exchange.execute(Place("anna", "BNBBTC", side, OrderType.MARKET, min(there, 250_000 * UNIT)), START)
    swept = exchange.depth("BNBBTC", 10_000)
    assert not (swept.asks if side is Side.BUY else swept.bids)
    for second in range(1, 6):
        exchange.advance(START + second * SECOND)
    check_market(exchange, "BNBBTC")


@pytest.mark.parametrize("side", list(Side))
def test_a_users_resting_order_inside_the_spread_is_traded_with(side: Side) -> None:
    exchange = market("ETHBTC")
    rich(exchange)
    (bid, _), (ask, _) = (levels[0] for levels in (exchange.depth("ETHBTC", 1).bids, exchange.depth("ETHBTC", 1).asks))
    price = bid + 1 if side is Side.BUY else ask - 1
    events = exchange.execute(Place("anna", "ETHBTC", side, OrderType.LIMIT, UNIT // 10, price=price, client_order_id="mine"), START)
    assert not any(isinstance(event, OrderFilled) for event in events)
    for second in range(1, 121):
        exchange.advance(START + second * SECOND)
    order = exchange.find_order("anna", "ETHBTC", client_order_id="mine")
    assert order.status is OrderStatus.FILLED


@pytest.mark.parametrize(("side", "percent"), [(Side.SELL, 97), (Side.BUY, 103)])
def test_the_market_moves_to_a_wall_and_stays_two_sided(side: Side, percent: int) -> None:
    """Somebody offers more than anyone could take, well through the book."""
    exchange = market("ETHBTC")
    rich(exchange)
    wall = exchange.last_price("ETHBTC") * percent // 100
    exchange.execute(Place("anna", "ETHBTC", side, OrderType.LIMIT, 90_000 * UNIT, price=wall, client_order_id="wall"), START)
    for second in range(1, 121):
        exchange.advance(START + second * SECOND)
        depth = exchange.depth("ETHBTC", 10_000)
        assert depth.bids
        assert depth.asks
    check_market(exchange, "ETHBTC")
    top = exchange.depth("ETHBTC", 1)
    best = top.asks[0][0] if side is Side.SELL else top.bids[0][0]
    assert best == wall
    exchange.execute(Cancel("anna", "ETHBTC", client_order_id="wall"), exchange.now_us)
    exchange.advance(exchange.now_us + 5 * SECOND)
    top = exchange.depth("ETHBTC", 1)
    middle = (top.asks[0][0] + top.bids[0][0]) // 2
    assert abs(middle - wall) < wall // 100, "the market forgets at once what happened to it"


def test_traders_keep_to_the_price_band_like_everybody() -> None:
    """Where the band is narrower than their ladder, they quote inside it and sit out the rest."""
    narrow = replace(DEFAULTS[3], ask_up=UNIT * 1004 // 1000, bid_down=UNIT * 996 // 1000)
    exchange = Exchange(seed=SEED, start_us=START, instruments=[narrow])
    opening = exchange.depth(narrow.symbol, 1000)
    assert opening.asks[-1][0] * UNIT <= narrow.opening_price * narrow.ask_up
    assert opening.bids[-1][0] * UNIT >= narrow.opening_price * narrow.bid_down
    exchange.advance(START + 30 * SECOND)
    depth = exchange.depth(narrow.symbol, 1000)
    assert len(depth.bids) > 20
    assert len(depth.asks) > 20


def test_a_symbol_that_does_not_trade_has_no_traders() -> None:
    exchange = Exchange(seed=SEED, start_us=START, instruments=[replace(DEFAULTS[0], status="BREAK"), DEFAULTS[1]])
    exchange.advance(START + 5 * SECOND)
    depth = exchange.depth(DEFAULTS[0].symbol, 10)
    assert depth.bids == depth.asks == []
    assert exchange.trades(DEFAULTS[1].symbol)
