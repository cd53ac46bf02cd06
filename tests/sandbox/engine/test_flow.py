"""The seeded traders keep every market alive, plausible and bounded, whatever users do to it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from itertools import pairwise
from statistics import pstdev

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exchangeclient.sandbox.engine.candles import INTERVALS, parse_candles
from exchangeclient.sandbox.engine.commands import Cancel, Delist, Deposit, Place, SetStatus
from exchangeclient.sandbox.engine.events import LevelChanged, OrderFilled, Traded
from exchangeclient.sandbox.engine.exchange import Exchange
from exchangeclient.sandbox.engine.flow import MAKERS, STEP_US
from exchangeclient.sandbox.engine.instruments import DEFAULTS, UNIT, scaled
from exchangeclient.sandbox.engine.refusals import Refused
from exchangeclient.sandbox.engine.words import OrderType, Side, Status

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
            assert sum(isinstance(event, LevelChanged) and event.symbol == symbol for event in events) >= 3
    for symbol in exchange.instruments:
        assert len(exchange.trades(symbol)) >= 30
        assert {trade.buyer_is_maker for trade in exchange.trades(symbol)} == {True, False}


@pytest.mark.parametrize("step_us", [3 * SECOND, 7 * SECOND])
def test_an_hour_passes_without_a_crossed_or_empty_book(step_us: int) -> None:
    symbols = ("BNBBTC", "LTCUSDT", "XRPETH")
    print("seed", SEED)
    instruments = [each for each in DEFAULTS if each.symbol in symbols]
    exchange = Exchange(seed=SEED, start_us=START, instruments=instruments, step_us=step_us)
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
    after = exchange.advance(later + 10 * STEP_US)
    assert {(event.time_us - START) % STEP_US for event in after} == {0}, "the grid goes on"


@given(st.lists(st.integers(1, 40), max_size=5))
@settings(max_examples=10, deadline=None)
def test_when_somebody_looks_changes_nothing(pauses_s: list[int]) -> None:
    """However the same time passes: in one go, or looked at in between."""
    end = START + (sum(pauses_s) + 20) * SECOND
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
    assert exchange.find_order("anna", "ETHBTC", client_order_id="mine").executed


@pytest.mark.parametrize(("side", "percent"), [(Side.SELL, 97), (Side.BUY, 103)])
def test_the_market_moves_to_a_wall_and_stays_two_sided(side: Side, percent: int) -> None:
    """Somebody offers more than anyone could take, well through the book."""
    exchange = market("ETHBTC")
    rich(exchange)
    wall = exchange.last_price("ETHBTC") * percent // 100
    exchange.execute(Place("anna", "ETHBTC", side, OrderType.LIMIT, 90_000 * UNIT, price=wall, client_order_id="wall"), START)
    for second in range(1, 121):
        for event in exchange.advance(START + second * SECOND):
            if isinstance(event, OrderFilled) and event.order.account in MAKERS.values():
                assert event.fill.maker, "makers wait"
        depth = exchange.depth("ETHBTC", 10_000)
        assert depth.bids
        assert depth.asks
    check_market(exchange, "ETHBTC")
    top = exchange.depth("ETHBTC", 1)
    assert top.asks[0][0] <= wall if side is Side.SELL else top.bids[0][0] >= wall, "nobody trades through it"
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


@pytest.mark.parametrize("rules", [{"bid_down": 2 * UNIT}, {"ask_up": UNIT // 2}, {"max_orders": 7}])
def test_traders_whose_orders_are_refused_do_not_flood_the_rest_of_the_book(rules: dict[str, int]) -> None:
    exchange = Exchange(seed=SEED, start_us=START, instruments=[replace(DEFAULTS[3], **rules)])  # type: ignore[arg-type]
    for second in range(1, 31):
        exchange.advance(START + second * SECOND)
        assert all(exchange.open_count(account, DEFAULTS[3].symbol) <= 120 for account in MAKERS.values())
    assert any(exchange.open_count(account, DEFAULTS[3].symbol) for account in MAKERS.values())


def test_a_symbol_that_does_not_trade_is_left_alone_and_taken_up_again() -> None:
    exchange = Exchange(seed=SEED, start_us=START, instruments=[replace(DEFAULTS[0], status=Status.BREAK), DEFAULTS[1]])
    closed, other = DEFAULTS[0].symbol, DEFAULTS[1].symbol
    exchange.advance(START + 5 * SECOND)
    assert exchange.depth(closed, 10).bids == exchange.depth(closed, 10).asks == []
    assert exchange.trades(other)
    exchange.execute(SetStatus(closed, Status.TRADING), exchange.now_us)
    exchange.advance(START + 30 * SECOND)
    check_market(exchange, closed)
    assert exchange.trades(closed)


@pytest.mark.parametrize("status", [Status.HALT, Status.BREAK, Status.END_OF_DAY, Status.CANCEL_ONLY])
def test_nothing_happens_on_a_halted_symbol_and_it_goes_on_where_the_others_are(status: Status) -> None:
    exchange = market("BTCUSDT", "ETHUSDT", "ETHBTC")
    exchange.advance(START + 5 * SECOND)
    exchange.execute(SetStatus("ETHBTC", status), exchange.now_us)
    before = exchange.depth("ETHBTC", 10_000)
    events = exchange.advance(START + MINUTE)
    assert not [event for event in events if getattr(event, "symbol", "") == "ETHBTC"]
    assert exchange.depth("ETHBTC", 10_000) == before
    assert [event for event in events if getattr(event, "symbol", "") == "ETHUSDT"]
    exchange.execute(SetStatus("ETHBTC", Status.TRADING), exchange.now_us)
    exchange.advance(exchange.now_us + 20 * SECOND)
    check_market(exchange, "ETHBTC")
    assert abs(cross_error(exchange, "ETHBTC", "ETHUSDT", "BTCUSDT")) < 5


def test_a_delisted_symbol_leaves_the_others_as_lively_as_before() -> None:
    exchange = market("BTCUSDT", "ETHUSDT", "ETHBTC")
    exchange.advance(START + 5 * SECOND)
    exchange.execute(Delist("ETHUSDT"), exchange.now_us)
    events = exchange.advance(START + MINUTE)
    assert {event.symbol for event in events if isinstance(event, Traded)} == {"BTCUSDT", "ETHBTC"}


@settings(max_examples=12, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["sweep", "wall", "cancel", "halt", "open", "wait"]),
            st.sampled_from(["BTCUSDT", "ETHBTC"]),
            st.sampled_from(Side),
            st.integers(-30, 30),
        ),
        max_size=12,
    )
)
def test_whatever_users_do_the_market_recovers(deeds: list[tuple[str, str, Side, int]]) -> None:
    exchange = Exchange(
        seed=SEED, start_us=START, instruments=[each for each in DEFAULTS if each.symbol in ("BTCUSDT", "ETHUSDT", "ETHBTC")]
    )
    rich(exchange)
    for deed, symbol, side, percent in deeds:
        instrument, now_us = exchange.instruments[symbol], exchange.now_us
        price = exchange.last_price(symbol) * (100 + percent) // 100 // instrument.tick * instrument.tick
        most = min(instrument.max_quantity, instrument.max_notional // 2 * UNIT // price // instrument.step * instrument.step)
        try:
            if deed == "sweep":
                exchange.execute(Place("anna", symbol, side, OrderType.MARKET, min(most, instrument.max_market_quantity)), now_us)
            elif deed == "wall":
                exchange.execute(Place("anna", symbol, side, OrderType.LIMIT, most, price=price), now_us)
            elif deed == "cancel":
                for order in exchange.open_orders("anna", symbol):
                    exchange.execute(Cancel("anna", symbol, order.id), now_us)
            elif deed != "wait":
                exchange.execute(SetStatus(symbol, Status.HALT if deed == "halt" else Status.TRADING), now_us)
        except Refused:
            pass  # closed, out of the price band, or more than there is: users try everything
        exchange.advance(now_us + 3 * SECOND)
    for symbol in ("BTCUSDT", "ETHBTC"):
        exchange.execute(SetStatus(symbol, Status.TRADING), exchange.now_us)
        for order in exchange.open_orders("anna", symbol):
            exchange.execute(Cancel("anna", symbol, order.id), exchange.now_us)
    exchange.advance(exchange.now_us + 20 * SECOND)
    for symbol in exchange.instruments:
        depth = exchange.depth(symbol, 10_000)
        assert 40 <= len(depth.bids) <= 120
        assert 40 <= len(depth.asks) <= 120
        assert depth.bids[0][0] < depth.asks[0][0] < depth.bids[0][0] * 1.005
    assert abs(cross_error(exchange, "ETHBTC", "ETHUSDT", "BTCUSDT")) < 20


# ---- a market that looks like one ----------------------------------------------------------------------------------


def middle(exchange: Exchange, symbol: str) -> float:
    top = exchange.depth(symbol, 1)
    return (top.bids[0][0] + top.asks[0][0]) / 2


def cross_error(exchange: Exchange, cross: str, one: str, other: str) -> float:
    """How far the cross price is from what the other two make of it, in basis points."""
    return (middle(exchange, cross) / UNIT * middle(exchange, other) / middle(exchange, one) - 1) * 10_000


@dataclass
class Observed:
    """What an observer noted of a symbol, each second."""

    spreads: Counter[int] = field(default_factory=Counter)
    middles: list[float] = field(default_factory=list)
    trades: list[Traded] = field(default_factory=list)
    depth: Counter[int] = field(default_factory=Counter)  # by tenths of a percent from the best ask


@pytest.fixture(scope="module", params=[SECOND, 5 * SECOND], ids=["fine", "coarse"])
def hour(request: pytest.FixtureRequest) -> tuple[dict[str, Observed], list[float]]:
    """An hour of three markets, in fine or in coarse steps; and the error of the cross price."""
    print("seed", SEED)
    symbols = ("BTCUSDT", "ETHUSDT", "ETHBTC")
    step_us = request.param
    exchange = Exchange(seed=SEED, start_us=START, instruments=[each for each in DEFAULTS if each.symbol in symbols], step_us=step_us)
    seen = {symbol: Observed() for symbol in symbols}
    errors = []
    for second in range(5, 3601, 5):
        for event in exchange.advance(START + second * SECOND):
            if isinstance(event, Traded):
                seen[event.symbol].trades.append(event)
        for symbol, noted in seen.items():
            depth = exchange.depth(symbol, 200)
            best = depth.asks[0][0]
            noted.spreads[(best - depth.bids[0][0]) // exchange.instruments[symbol].tick] += 1
            noted.middles.append((best + depth.bids[0][0]) / 2)
            for price, quantity in depth.asks:
                noted.depth[(price - best) * 1000 // best] += quantity
        errors.append(cross_error(exchange, "ETHBTC", "ETHUSDT", "BTCUSDT"))
    return seen, errors


Hour = tuple[dict[str, Observed], list[float]]


def test_the_spread_is_one_tick_mostly_and_wider_now_and_then(hour: Hour) -> None:
    for noted in hour[0].values():
        of_one_tick = noted.spreads[1] / noted.spreads.total()
        assert 0.6 < of_one_tick < 0.95
        assert max(noted.spreads) * 10_000 < max(noted.middles) * 20  # in ticks: a fortieth of a percent is wide


def test_there_is_more_to_be_had_away_from_the_best_price_and_little_far_out(hour: Hour) -> None:
    for noted in hour[0].values():
        bands = [noted.depth[tenth] for tenth in range(15)]
        assert bands[0] < max(bands)
        assert 2 <= bands.index(max(bands)) <= 11
        assert sum(bands[:2]) < sum(bands[4:6])
        assert bands[14] < max(bands) / 2


def test_prices_move_like_a_lively_coin_calm_and_wild_by_turns(hour: Hour) -> None:
    for noted in hour[0].values():
        returns = [after / before - 1 for before, after in pairwise(noted.middles[::12])]  # of a minute
        usual = pstdev(returns)
        assert 0.0003 < usual < 0.003, "one to ten percent a day"
        assert noted.middles[0] * 0.85 < min(noted.middles) < max(noted.middles) < noted.middles[0] * 1.15


def test_most_trades_are_small_and_few_are_very_large(hour: Hour) -> None:
    for noted in hour[0].values():
        totals = sorted(trade.quote for trade in noted.trades)
        usual, mean = totals[len(totals) // 2], sum(totals) / len(totals)
        assert mean > 1.15 * usual
        assert totals[-1] > 5 * usual
        takers = Counter(trade.buyer_is_maker for trade in noted.trades)
        assert 0.3 < takers[True] / takers.total() < 0.7


def test_there_is_a_trade_every_second_or_so_and_one_a_step_when_steps_are_coarse(hour: Hour) -> None:
    for noted in hour[0].values():
        moments = sorted({trade.time_us for trade in noted.trades})
        waits = sorted(after - before for before, after in pairwise(moments))
        assert waits[len(waits) // 2] <= max(SECOND, waits[0])
        assert waits[-1] <= 6 * max(5 * SECOND, waits[0])


def test_cross_prices_agree_within_basis_points_all_the_time(hour: Hour) -> None:
    errors = sorted(map(abs, hour[1]))
    assert errors[len(errors) // 2] < 0.5
    assert errors[len(errors) * 98 // 100] < 3
    assert errors[-1] < 25


def test_days_are_livelier_at_some_hours_than_at_others() -> None:
    volumes = {}
    for name, hour in (("night", 4), ("afternoon", 14)):
        start = 1_700_006_400_000_000 + hour * 60 * MINUTE  # 2023-11-15
        exchange = Exchange(seed=SEED, start_us=start, instruments=[DEFAULTS[0]], step_us=5 * SECOND)
        volumes[name] = sum(event.quote for event in exchange.advance(start + 60 * MINUTE) if isinstance(event, Traded))
    assert volumes["afternoon"] > 1.3 * volumes["night"]


@pytest.mark.parametrize(("pushed", "percent"), [("ETHUSDT", 103), ("ETHBTC", 97), ("BTCUSDT", 102)])
def test_who_moves_one_symbol_moves_the_others_with_it(pushed: str, percent: int) -> None:
    exchange = market("BTCUSDT", "ETHUSDT", "ETHBTC")
    rich(exchange)
    exchange.advance(START + 5 * SECOND)
    wall = exchange.last_price(pushed) * percent // 100 // exchange.instruments[pushed].tick * exchange.instruments[pushed].tick
    side = Side.BUY if percent > 100 else Side.SELL
    instrument = exchange.instruments[pushed]
    most = min(instrument.max_quantity, instrument.max_notional * 99 // 100 * UNIT // wall // instrument.step * instrument.step)
    exchange.execute(Place("anna", pushed, side, OrderType.LIMIT, most, price=wall), exchange.now_us)
    exchange.advance(START + 2 * MINUTE)
    assert abs(middle(exchange, pushed) / wall - 1) < 0.006
    assert abs(cross_error(exchange, "ETHBTC", "ETHUSDT", "BTCUSDT")) < 30


# ---- virtual time --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("step_us", [1, 0, -5])
def test_a_step_that_does_not_move_time_is_refused(step_us: int) -> None:
    if step_us > 0:
        assert Exchange(seed=SEED, start_us=START, instruments=[DEFAULTS[0]], step_us=step_us)
        return
    with pytest.raises(ValueError, match="step"):
        Exchange(seed=SEED, start_us=START, step_us=step_us)


def test_a_day_in_coarse_steps_is_told_by_candles_and_tickers_alike() -> None:
    exchange = Exchange(seed=SEED, start_us=START, instruments=[DEFAULTS[0]], step_us=60 * SECOND)
    symbol, end = DEFAULTS[0].symbol, START + 26 * 60 * MINUTE
    trades = [event for event in exchange.advance(end) if isinstance(event, Traded)]
    day = exchange.statistics(symbol)
    inside = [trade for trade in trades if trade.time_us // 1000 >= day.open_time_ms]
    assert (day.count, day.volume) == (len(inside), sum(trade.quantity for trade in inside))
    assert (day.open, day.last) == (inside[0].price, inside[-1].price)
    assert (day.first_id, day.last_id) == (inside[0].trade_id, inside[-1].trade_id)
    for interval in INTERVALS[1:]:
        candles = exchange.candles(symbol, interval, start_ms=START // 1000, end_ms=None, limit=2_000)
        covered = [trade for trade in trades if candles and trade.time_us // 1000 >= candles[0].open_ms]
        assert sum(candle.trades for candle in candles) == len(covered)
    assert len(exchange.trades(symbol)) <= 11_000


def test_a_recorded_step_of_the_grid_is_never_played_twice() -> None:
    exchange = market("BNBBTC")
    first = exchange.advance(START + SECOND)
    assert exchange.advance(START + SECOND) == []
    assert exchange.advance(START) == []
    assert {event.time_us for event in first}.isdisjoint(event.time_us for event in exchange.advance(START + 2 * SECOND))


def test_stretches_of_time_bring_the_same_as_one_advance() -> None:
    whole, pieces = market("BNBBTC"), market("BNBBTC")
    end = START + 20 * SECOND + 1
    told = list(pieces.stretches(end, 3 * SECOND))
    assert [event for _, events in told for event in events] == whole.advance(end)
    assert [now_us for now_us, _ in told] == sorted({now_us for now_us, _ in told})
    assert told[-1][0] == end == pieces.now_us
    assert len(told) > 5
    assert all(event.time_us <= now_us for now_us, events in told for event in events)
