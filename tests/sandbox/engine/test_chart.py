"""Which candles answer a question: the paging rule, adding up, the seams between file, made-up past and live trading."""

from __future__ import annotations

import gc
from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exchangeclient.sandbox.engine import tape as tape_module
from exchangeclient.sandbox.engine.candles import INTERVALS, MINUTE_MS, Bar, Candle, CandleSeries, added_up, divides, next_open, opens_at
from exchangeclient.sandbox.engine.chart import Chart
from exchangeclient.sandbox.engine.events import Traded
from exchangeclient.sandbox.engine.exchange import Exchange
from exchangeclient.sandbox.engine.instruments import DEFAULTS, UNIT, scaled, total
from exchangeclient.sandbox.engine.tape import Tape

COIN = next(each for each in DEFAULTS if each.symbol == "ETHBTC")
START_MS = 1_706_738_523_000  # 2024-01-31 22:02:03 UTC: the live part soon crosses a month, weeks and months are cut
ALL = 10**9


def series(interval: str, first_ms: int, count: int) -> CandleSeries:
    """Some candles in a row, no two alike."""
    bars = []
    at = opens_at(interval, first_ms)
    for n in range(count):
        price = COIN.opening_price + n * 7
        bars.append(Bar(at, price, price + 5, price - 3, price + 1, UNIT + n, 3 * UNIT + n, n, UNIT // 2 + n, n))
        at = next_open(interval, at)
    return CandleSeries(COIN.symbol, interval, tuple(bar.shown(interval) for bar in bars), tuple(bars))


@dataclass
class Story:
    """A chart with the trades that it was told."""

    chart: Chart
    trades: list[Traded]
    now_ms: int

    def ask(
        self, interval: str, start_ms: int | None = None, end_ms: int | None = None, limit: int = ALL, offset_ms: int = 0
    ) -> list[Candle]:
        return self.chart.candles(interval, now_ms=self.now_ms, start_ms=start_ms, end_ms=end_ms, limit=limit, offset_ms=offset_ms)


def story(gaps_ms: list[int], *history: CandleSeries, idle_ms: int = 0) -> Story:
    tape = Tape(opening_price=history[-1].bars[-1].close if history else COIN.opening_price)
    chart = Chart(COIN, tape, seed=7, start_us=START_MS * 1000, history=history)
    now_ms, trades = START_MS, []
    for number, gap in enumerate(gaps_ms, 1):
        now_ms += gap
        price, quantity = COIN.opening_price + (number * 37) % 101 - 50, UNIT * (1 + number % 7)
        trade = Traded(COIN.symbol, number, price, quantity, total(price, quantity), number % 3 == 0, number, now_ms * 1000)
        trades.append(trade)
        tape.print(trade)
    return Story(chart, trades, now_ms + idle_ms)


OFFSETS = st.one_of(st.just(0), st.sampled_from([-12 * 60, -60, 37, 345, 8 * 60, 14 * 60]).map(lambda minutes: minutes * 60_000))
GAPS = st.lists(st.one_of(st.integers(0, 3_000), st.integers(0, 7_200_000)), max_size=25)


def naive_live(told: Story, interval: str, opening: int, offset_ms: int = 0) -> list[tuple[int, ...]]:
    """Every live candle, by going through all trades for each."""
    rows, close, at = [], opening, opens_at(interval, START_MS, offset_ms)
    while at <= told.now_ms:
        inside = [t for t in told.trades if at <= t.time_us // 1000 < next_open(interval, at, offset_ms)]
        prices = [t.price for t in inside] or [close]
        bought = [t for t in inside if not t.buyer_is_maker]
        rows.append(
            (
                at,
                prices[0],
                max(prices),
                min(prices),
                prices[-1],
                sum(t.quantity for t in inside),
                sum(t.quote for t in inside),
                len(inside),
                sum(t.quantity for t in bought),
                sum(t.quote for t in bought),
                inside[0].trade_id if inside else -1,
                inside[-1].trade_id if inside else -1,
            )
        )
        close, at = prices[-1], next_open(interval, at, offset_ms)
    return rows


def figures(candle: Candle) -> tuple[int, ...]:
    texts = (candle.open, candle.high, candle.low, candle.close, candle.volume, candle.quote_volume)
    return (
        candle.open_ms,
        *map(scaled, texts),
        candle.trades,
        scaled(candle.taker_base),
        scaled(candle.taker_quote),
        candle.first_id,
        candle.last_id,
    )


@settings(max_examples=60, deadline=None)
@given(GAPS, st.sampled_from([i for i in INTERVALS if i not in ("1s", "1m")]), st.integers(0, 7_200_000), OFFSETS)
def test_live_candles_are_the_trades_of_their_time_without_a_gap(gaps: list[int], interval: str, idle_ms: int, offset_ms: int) -> None:
    far = series("1M", START_MS - 400 * 86_400_000, 3)  # some loaded past, so that none is made up; it divides nothing else
    told = story(gaps, far, idle_ms=idle_ms)
    shown = told.ask(interval, start_ms=opens_at(interval, START_MS, offset_ms), offset_ms=offset_ms)
    assert [figures(each) for each in shown] == naive_live(told, interval, far.bars[-1].close, offset_ms)
    assert shown[-1].open_ms <= told.now_ms <= shown[-1].close_ms


@settings(max_examples=20, deadline=None)
@given(st.lists(st.integers(0, 20_000), max_size=15), st.sampled_from(["1s", "1m"]))
def test_the_shortest_candles_too(gaps: list[int], interval: str) -> None:
    told = story(gaps)
    assert [figures(each) for each in told.ask(interval)] == naive_live(told, interval, COIN.opening_price)


@settings(max_examples=80, deadline=None)
@given(
    GAPS,
    st.sampled_from(["1s", "5m", "15m", "1h", "1d", "1w", "1M"]),
    st.one_of(st.none(), st.integers(-(10**7), 10**7)),
    st.one_of(st.none(), st.integers(-(10**7), 10**7)),
    st.integers(0, 30),
    st.booleans(),
)
def test_pages_are_cut_by_the_venues_rule(
    gaps: list[int], interval: str, start: int | None, end: int | None, limit: int, on_the_grid: bool
) -> None:
    told = story(gaps[:8] if interval == "1s" else gaps, series("5m", START_MS - 7_200_000, 20))
    if interval == "1s":
        told.now_ms = min(told.now_ms, START_MS + 60_000)
    start_ms, end_ms = (None if each is None else START_MS + each for each in (start, end))
    if on_the_grid:  # the borders themselves belong to the page
        start_ms, end_ms = (None if each is None else opens_at(interval, each) for each in (start_ms, end_ms))
    everything = told.ask(interval)
    fitting = [each for each in everything if (start_ms is None or each.open_ms >= start_ms) and (end_ms is None or each.open_ms <= end_ms)]
    wanted = fitting[max(0, len(fitting) - limit) :] if start_ms is None else fitting[:limit]
    assert told.ask(interval, start_ms, end_ms, limit) == wanted


@pytest.mark.parametrize("far", [10**18, 10**30, -(10**18)])
def test_absurd_times_are_answered_too(far: int) -> None:
    told = story([1000])
    newest = told.ask("1M", limit=2)
    assert told.ask("1M", end_ms=far, limit=2) == (newest if far > 0 else [])
    assert told.ask("1M", start_ms=far) == ([] if far > 0 else told.ask("1M"))


def test_loaded_rows_are_shown_as_they_are_and_longer_ones_are_their_sums() -> None:
    loaded = series("5m", START_MS - 90_000_000, 250)
    told = story([60_000], loaded)
    assert told.ask("5m", limit=250, start_ms=0) == list(loaded.candles)
    for interval in ("15m", "1h", "4h", "1d", "3d", "1w", "1M"):
        sums = added_up(loaded.bars, interval)
        before_live = [bar.shown(interval) for bar in sums if bar.open_ms < opens_at(interval, START_MS)]
        assert told.ask(interval)[: len(before_live)] == before_live


def test_the_borders_of_a_page_belong_to_it() -> None:
    loaded = series("5m", START_MS - 90_000_000, 20)
    told = story([], loaded)
    opens = [candle.open_ms for candle in loaded.candles]
    assert told.ask("5m", end_ms=opens[9], limit=3) == list(loaded.candles[7:10])
    assert told.ask("5m", start_ms=opens[9], limit=3) == list(loaded.candles[9:12])
    assert told.ask("5m", start_ms=opens[9], end_ms=opens[11]) == list(loaded.candles[9:12])
    assert told.ask("5m", start_ms=opens[9] + 1, end_ms=opens[11] - 1) == [loaded.candles[10]]
    told.now_ms += 3_600_000
    live = [candle for candle in told.ask("5m") if candle.open_ms > opens[-1]]
    assert told.ask("5m", start_ms=live[1].open_ms, end_ms=live[3].open_ms) == live[1:4]
    assert told.ask("5m", start_ms=live[1].open_ms + 1, end_ms=live[3].open_ms - 1) == live[2:3]


def test_between_the_end_of_the_file_and_the_start_there_is_nothing() -> None:
    loaded = series("5m", START_MS - 90_000_000, 10)
    shown = story([], loaded).ask("5m")
    assert [each.open_ms for each in shown[:-1]] == [bar.open_ms for bar in loaded.bars]
    assert shown[-1].open_ms == opens_at("5m", START_MS)
    assert scaled(shown[-1].open) == loaded.bars[-1].close, "trading goes on from the last close"


def test_the_candle_in_which_trading_starts_holds_its_past_too() -> None:
    loaded = series("5m", opens_at("1h", START_MS) - 3_600_000, 12)  # until the full hour
    early = series("1m", opens_at("1h", START_MS), 2)  # two minutes of the running hour
    told = story([1_000, 1_000], loaded, early)
    hour = told.ask("1h", limit=1)[0]
    assert hour.trades == len(told.trades) + sum(bar.trades for bar in early.bars)
    assert scaled(hour.open) == early.bars[0].open
    assert scaled(hour.close) == told.trades[-1].price
    assert scaled(hour.volume) == sum(bar.volume for bar in early.bars) + sum(trade.quantity for trade in told.trades)


def test_the_finest_loaded_series_that_divides_is_added_up() -> None:
    fine, coarse = series("15m", START_MS - 80_000_000, 20), series("1h", START_MS - 80_000_000, 20)
    told = story([], coarse, fine)
    assert told.ask("1h")[:20] == list(coarse.candles)
    assert told.ask("2h", limit=1, start_ms=0) == [added_up(fine.bars, "2h")[0].shown("2h")]
    assert [each.open_ms for each in told.ask("5m")] == [opens_at("5m", START_MS)], "shorter ones are live only"


def test_without_a_file_all_intervals_tell_the_same_past() -> None:
    told = story([1_000] * 5)
    base = told.ask("5m")
    assert len(base) > 8000
    bars = [Bar(*figures(each)) for each in base]
    for interval in INTERVALS:
        if interval != "5m" and divides("5m", interval):
            assert told.ask(interval) == [bar.shown(interval) for bar in added_up(bars, interval)]


@pytest.mark.parametrize("hours", [-12, 5.75, 8, 14])
def test_on_other_clocks_candles_are_added_up_from_the_same_past(hours: float) -> None:
    loaded = series("5m", START_MS - 90_000_000, 250)
    told, offset_ms = story([60_000], loaded), round(hours * 3_600_000)
    assert told.ask("5m", limit=250, start_ms=0, offset_ms=offset_ms) == list(loaded.candles), "no candle of theirs is cut"
    for interval in ("4h", "1d", "3d", "1w", "1M"):
        sums = added_up(loaded.bars, interval, offset_ms)
        first_live = opens_at(interval, START_MS, offset_ms)
        before_live = [bar.shown(interval, offset_ms) for bar in sums if bar.open_ms < first_live]
        shown = told.ask(interval, offset_ms=offset_ms)
        assert shown[: len(before_live)] == before_live
        assert shown[len(before_live)].open_ms == first_live
        assert sum(candle.trades for candle in shown) == sum(bar.trades for bar in loaded.bars) + len(told.trades)


def test_candles_that_were_traded_long_ago_are_given_up_by_and_by(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tape_module, "TRADES_KEPT", 10)
    monkeypatch.setattr(tape_module, "MINUTES_KEPT", 20)
    far = series("1M", START_MS - 400 * 86_400_000, 3)
    told = story([20_000] * 100, far)
    since = START_MS - 400_000
    whole = {interval: told.ask(interval, start_ms=since) for interval in ("1m", "5m", "15m", "1h")}
    for interval in ("1m", "5m"):
        naive = naive_live(told, interval, far.bars[-1].close)
        assert [figures(each) for each in whole[interval]] == naive[-len(whole[interval]) :]
        assert 2 < len(whole[interval]) < len(naive), "only what is left, and that is whole"
    for interval in ("15m", "1h"):
        assert [figures(each) for each in whole[interval]] == naive_live(told, interval, far.bars[-1].close)
    seconds = told.ask("1s", start_ms=since)
    assert [figures(each) for each in seconds] == naive_live(told, "1s", far.bars[-1].close)[-len(seconds) :]
    assert sum(each.trades for each in seconds) in (9, 10, 11)


# ---- windows -----------------------------------------------------------------------------------------------------


@settings(max_examples=60, deadline=None)
@given(GAPS, st.integers(-100_000_000, 100_000_000), st.integers(0, 100_000_000), st.booleans())
def test_a_window_is_the_sums_over_its_bars_and_trades(gaps: list[int], start: int, width_ms: int, with_past: bool) -> None:
    past = series("5m", START_MS - 7_200_000, 20) if with_past else series("1M", START_MS - 400 * 86_400_000, 3)
    told = story(gaps, past)
    start_ms = START_MS + start
    shown = told.chart.window(start_ms, start_ms + width_ms)
    opened = start_ms // MINUTE_MS * MINUTE_MS
    assert (shown.open_time_ms, shown.close_time_ms) == (opened, start_ms + width_ms)
    bars = [bar for bar in past.bars if opened <= bar.open_ms <= start_ms + width_ms]
    last_minute = (start_ms + width_ms) // MINUTE_MS * MINUTE_MS + MINUTE_MS - 1  # to which the end of a window is told
    inside = [each for each in told.trades if opened <= each.time_us // 1000 <= last_minute]
    assert shown.count == sum(bar.trades for bar in bars) + len(inside)
    assert shown.volume == sum(bar.volume for bar in bars) + sum(each.quantity for each in inside)
    assert shown.quote_volume == sum(bar.quote_volume for bar in bars) + sum(each.quote for each in inside)
    prices = [*(price for bar in bars for price in (bar.open, bar.high, bar.low, bar.close)), *(each.price for each in inside)]
    if prices:
        assert (shown.open, shown.high, shown.low, shown.last) == (prices[0], max(prices), min(prices), prices[-1])
        assert (shown.first_id, shown.last_id) == ((inside[0].trade_id, inside[-1].trade_id) if inside else (-1, -1))
        assert shown.weighted_average == (shown.quote_volume * UNIT // shown.volume if shown.volume else shown.last)
    else:
        assert (shown.count, shown.first_id, shown.last_id) == (0, -1, -1)
        assert shown.open == shown.high == shown.low == shown.last == shown.weighted_average
    closes = [bar.close for bar in past.bars if bar.open_ms < opened]
    closes += [each.price for each in told.trades if each.time_us // 1000 < opened]
    assert shown.previous_close == (closes[-1] if closes else past.bars[0].open)


def test_a_newcomers_first_day_looks_alive() -> None:
    day = story([]).chart.window(START_MS - 86_400_000, START_MS)
    assert day.count > 10_000
    assert day.low < day.open
    assert day.high > day.open != day.last == COIN.opening_price
    assert day.low <= day.weighted_average <= day.high
    assert (day.first_id, day.last_id) == (-1, -1)


def test_an_unknown_interval_is_the_callers_mistake() -> None:
    with pytest.raises(ValueError, match="2m"):
        story([]).ask("2m")


# ---- through the exchange ----------------------------------------------------------------------------------------


def test_an_exchange_opens_at_the_last_close_of_its_newest_candles() -> None:
    old, new = series("1h", START_MS - 90_000_000, 5), series("5m", START_MS - 3_600_000, 5)
    exchange = Exchange(seed=7, start_us=START_MS * 1000, history={COIN.symbol: [new, old]})
    assert exchange.last_price(COIN.symbol) == exchange.instruments[COIN.symbol].opening_price == new.bars[-1].close
    depth = exchange.depth(COIN.symbol, 1)
    assert depth.bids[0][0] < new.bars[-1].close < depth.asks[0][0]
    exchange.advance(START_MS * 1000 + 10_000_000)
    shown = exchange.candles(COIN.symbol, "5m", start_ms=None, end_ms=None, limit=6)
    assert shown[:5] == list(new.candles)
    assert shown[5].trades == len(exchange.trades(COIN.symbol)) > 0


def at_price(price: int) -> CandleSeries:
    bar = Bar(opens_at("5m", START_MS - 3_600_000), price, price, price, price)
    return CandleSeries(COIN.symbol, "5m", (bar.shown("5m"),), (bar,))


@pytest.mark.parametrize(
    ("history", "words"),
    [
        ({"NOPE": [series("5m", START_MS - 90_000_000, 5)]}, "unknown symbols: NOPE"),
        ({COIN.symbol: [series("5m", START_MS - 300_000, 2)]}, "reach past the exchange's start"),
        ({COIN.symbol: [at_price(COIN.max_price + 1)]}, "outside the symbol's prices"),
    ],
)
def test_candles_that_do_not_fit_are_refused(history: dict[str, list[CandleSeries]], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        Exchange(seed=7, start_us=START_MS * 1000, history=history)


def test_asking_by_many_clocks_leaves_nothing_behind() -> None:
    """Anybody may ask for any offset; a copy of the past for each would fill the memory."""
    told = story([60_000])
    told.ask("5m", limit=1)
    told.ask("1d", limit=1)
    before = bars_in_memory()
    for minutes in range(-12 * 60, 14 * 60, 45):
        told.ask("5m", limit=1, offset_ms=minutes * MINUTE_MS)
        told.ask("1d", limit=1, offset_ms=minutes * MINUTE_MS)
    assert bars_in_memory() <= before


def bars_in_memory() -> int:
    gc.collect()
    return sum(isinstance(each, Bar) for each in gc.get_objects())
