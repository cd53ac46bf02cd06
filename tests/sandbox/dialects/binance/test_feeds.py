"""What each market stream tells and when, and that depth updates chain and lead to the engine's own book."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from itertools import pairwise
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from exchangeclient.sandbox.engine import tape
from exchangeclient.sandbox.engine.commands import Deposit, Place, SetStatus
from exchangeclient.sandbox.engine.events import LevelChanged
from exchangeclient.sandbox.engine.instruments import DEFAULTS, UNIT, Reference, shown
from exchangeclient.sandbox.engine.words import OrderType, Side, Status

SYMBOL = "BNBBTC"


class NaiveBook:
    """A book as one would write it on an afternoon, by the venue's own recipe."""

    def __init__(self, snapshot: dict[str, Any]) -> None:
        self.id: int = snapshot["lastUpdateId"]
        self.sides = {side: dict(snapshot[side]) for side in ("bids", "asks")}

    def apply(self, update: dict[str, Any]) -> None:
        if update["u"] <= self.id:
            return
        assert update["U"] <= self.id + 1, f"a gap: {update['U']} after {self.id}"
        for side, letter in (("bids", "b"), ("asks", "a")):
            for price, quantity in update[letter]:
                if Decimal(quantity):
                    self.sides[side][price] = quantity
                else:
                    self.sides[side].pop(price, None)
        self.id = update["u"]


def true_book(bench: Any) -> dict[str, dict[str, str]]:
    book = bench.exchange.depth(SYMBOL, 10_000)
    return {
        side: {shown(price): shown(quantity) for price, quantity in levels} for side, levels in (("bids", book.bids), ("asks", book.asks))
    }


@pytest.mark.parametrize(("stream", "step_s"), [("bnbbtc@depth@100ms", 0.1), ("bnbbtc@depth", 1.0), ("bnbbtc@depth@1000ms", 1.0)])
def test_depth_updates_chain_and_lead_to_the_exchanges_book(bench: Any, wire: Callable[..., Any], stream: str, step_s: float) -> None:
    socket = wire(f"/ws/{stream}")
    bench.pass_time(step_s)
    book = NaiveBook(bench.get("/api/v3/depth", symbol=SYMBOL, limit=5000))
    updates = socket.heard()
    for _ in range(30):
        bench.pass_time(step_s)
        heard = socket.heard()
        updates += heard
        for update in heard:
            book.apply(update)
        assert book.sides == true_book(bench)
        assert book.id == bench.exchange.depth(SYMBOL, 1).last_update_id
    assert len(updates) >= 10
    assert all(later["U"] == earlier["u"] + 1 for earlier, later in pairwise(updates))
    assert all(update["U"] <= update["u"] and update["s"] == SYMBOL for update in updates)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(
    st.lists(
        st.one_of(
            st.tuples(st.just("wait"), st.integers(1, 2_500)),
            st.tuples(st.just("buy"), st.integers(1, 60)),
            st.tuples(st.just("rest"), st.integers(1, 40)),
            st.tuples(st.just("cancel"), st.just(0)),
            st.tuples(st.just("snapshot"), st.just(0)),
        ),
        max_size=25,
    ),
    st.integers(0, 5),
)
def test_whatever_happens_updates_chain_and_the_book_is_right(
    make_bench: Callable[[], Any], make_wire: Callable[..., Any], happenings: list[tuple[str, int]], late: int
) -> None:
    """Also when somebody subscribes in the middle of a period, and takes his snapshot at any time after it."""
    bench = make_bench()
    bench.pass_time(0.05)
    sockets: dict[str, Any] = {}
    updates: dict[str, list[Any]] = {"bnbbtc@depth": [], "bnbbtc@depth@100ms": []}
    books: dict[str, NaiveBook] = {}
    for number, (what, amount) in enumerate([*happenings, ("snapshot", 0), ("wait", 1_000), ("wait", 1_000)]):
        if number == min(late, len(happenings)):
            sockets = {stream: make_wire(bench, f"/ws/{stream}") for stream in updates}
        if what == "wait":
            bench.pass_time(amount / 1000)
        elif what == "buy":
            bench.order("BUY", "MARKET", quantity=10 * amount)
        elif what == "rest":
            bench.order("BUY", quantity=10_000, price=shown(1000 + 10 * amount))
        elif what == "cancel":
            bench.signed("DELETE", "/api/v3/openOrders", symbol=SYMBOL)
        elif sockets and not books:
            snapshot = bench.get("/api/v3/depth", symbol=SYMBOL, limit=5000)
            books = {stream: NaiveBook(snapshot) for stream in updates}
            for stream, book in books.items():
                for update in updates[stream]:
                    book.apply(update)
        for stream, socket in sockets.items():
            heard = socket.heard()
            updates[stream] += heard
            for update in heard if stream in books else ():
                books[stream].apply(update)
    for stream, book in books.items():
        assert all(later["U"] == earlier["u"] + 1 for earlier, later in pairwise(updates[stream]))
        assert book.sides == true_book(bench), stream


def test_an_update_holds_the_levels_that_changed_since_the_last_one_and_no_others(bench: Any, wire: Callable[..., Any]) -> None:
    socket = wire("/ws/bnbbtc@depth@100ms")
    changes: dict[int, tuple[str, str, str]] = {}

    def note(events: Any, _now_us: int) -> None:
        for event in events:
            if isinstance(event, LevelChanged) and event.symbol == SYMBOL:
                changes[event.update_id] = (event.side.value, shown(event.price), shown(event.quantity))

    bench.live.watch(note)
    for _ in range(20):
        bench.pass_time(0.1)
        for update in socket.heard():
            newest = {changes[number][:2]: changes[number][2] for number in range(update["U"], update["u"] + 1)}
            told = {("BUY", price): quantity for price, quantity in update["b"]} | {
                ("SELL", price): quantity for price, quantity in update["a"]
            }
            assert told == newest


def test_no_update_comes_when_nothing_changed(bench: Any, wire: Callable[..., Any]) -> None:
    socket = wire("/ws/ltcbtc@depth@100ms/ltcbtc@ticker/ltcbtc@miniTicker/ltcbtc@trade/ltcbtc@bookTicker")
    bench.pass_time(5)
    assert socket.heard() == []


@pytest.mark.parametrize("count", [5, 10, 20])
@pytest.mark.parametrize(("suffix", "step_s"), [("", 1.0), ("@1000ms", 1.0), ("@100ms", 0.1)])
def test_partial_books_are_the_top_of_the_rest_book(bench: Any, wire: Callable[..., Any], count: int, suffix: str, step_s: float) -> None:
    socket = wire(f"/ws/bnbbtc@depth{count}{suffix}")
    for _ in range(5):
        bench.pass_time(step_s)
        (partial,) = socket.heard()
        assert partial == bench.get("/api/v3/depth", symbol=SYMBOL, limit=count)


def test_trades_and_aggregates_come_at_once_and_equal_rest(bench: Any, wire: Callable[..., Any]) -> None:
    trades, aggregates = wire("/ws/bnbbtc@trade"), wire("/ws/bnbbtc@aggTrade")
    bench.order("BUY", "MARKET", quantity=1000)
    for _ in range(20):
        bench.pass_time(1)
    heard, joined = trades.heard(), aggregates.heard()
    rest = bench.get("/api/v3/trades", symbol=SYMBOL, limit=1000)
    assert [(each["t"], each["p"], each["q"], each["T"], each["m"]) for each in heard] == [
        (row["id"], row["price"], row["qty"], row["time"], row["isBuyerMaker"]) for row in rest
    ]
    assert {each["e"] for each in heard} == {"trade"}
    rows = bench.get("/api/v3/aggTrades", symbol=SYMBOL, limit=1000)
    assert [{name: each[name] for name in row} for each, row in zip(joined, rows, strict=True)] == rows


def test_the_book_ticker_tells_every_move_of_the_top_with_its_update_id(
    make_bench: Callable[..., Any], make_wire: Callable[..., Any]
) -> None:
    bench = make_bench(traders=False)
    socket = make_wire(bench, "/ws/bnbbtc@bookTicker")

    def told() -> list[Any]:
        heard = socket.heard()
        assert [each["u"] for each in heard[-1:]] == [bench.exchange.depth(SYMBOL, 1).last_update_id for _ in heard[-1:]]
        return [[each[letter] for letter in "bBaA"] for each in heard]

    bench.order("BUY", quantity=50, price="0.00020000")
    assert told() == [["0.00020000", "50.00000000", "0.00000000", "0.00000000"]]
    bench.order("BUY", quantity=5, price="0.00019999")  # below the top
    assert told() == []
    bench.order("SELL", account="other", quantity=20, price="0.00020001")
    bench.order("BUY", quantity=5, price="0.00020000")
    assert told() == [
        ["0.00020000", "50.00000000", "0.00020001", "20.00000000"],
        ["0.00020000", "55.00000000", "0.00020001", "20.00000000"],
    ]
    bench.signed("DELETE", "/api/v3/openOrders", symbol=SYMBOL)
    assert told()[-1] == ["0.00000000", "0.00000000", "0.00020001", "20.00000000"]


def test_the_book_ticker_is_the_top_of_the_book_of_every_moment(bench: Any, wire: Callable[..., Any]) -> None:
    socket = wire("/ws/bnbbtc@bookTicker")
    told = []
    for _ in range(50):
        bench.pass_time(0.1)
        top = bench.get("/api/v3/ticker/bookTicker", symbol=SYMBOL)
        heard = socket.heard()
        told += heard
        for each in heard[-1:]:
            assert [each[letter] for letter in "bBaA"] == [top[name] for name in ("bidPrice", "bidQty", "askPrice", "askQty")]
    assert len(told) > 5
    assert all(later["u"] > earlier["u"] for earlier, later in pairwise(told))


def test_the_current_candle_comes_every_two_seconds_and_each_closed_one_once(bench: Any, wire: Callable[..., Any]) -> None:
    socket = wire("/ws/bnbbtc@kline_1m")
    heard = []
    for _ in range(1800):
        bench.pass_time(0.1)
        heard += socket.heard()
    assert {each["e"] for each in heard} == {"kline"}
    closed = [each["k"] for each in heard if each["k"]["x"]]
    opens = [each["t"] for each in closed]
    assert len(opens) == 3
    assert opens == sorted(set(opens))
    rows = {row[0]: row for row in bench.get("/api/v3/klines", symbol=SYMBOL, interval="1m")}
    for candle in closed:
        assert [candle[letter] for letter in "tohlcvTqnVQB"] == rows[candle["t"]]
        trades = [each for each in bench.exchange.trades(SYMBOL) if candle["t"] <= each.time_us // 1000 <= candle["T"]]
        assert (candle["f"], candle["L"], candle["n"]) == (trades[0].trade_id, trades[-1].trade_id, len(trades))
        told_at = next(each["E"] for each in heard if each["k"] == candle)
        assert 0 < told_at - candle["T"] <= 101
    live = [each for each in heard if not each["k"]["x"]]
    assert 85 <= len(live) <= 100


def test_second_candles_come_every_second_with_none_missing_after_a_pause(bench: Any, wire: Callable[..., Any]) -> None:
    socket = wire("/ws/bnbbtc@kline_1s")
    for seconds in (0.1, 1, 1, 1, 7, 1):
        bench.pass_time(seconds)
    closed = [each["k"]["t"] for each in socket.heard() if each["k"]["x"]]
    assert len(closed) == 11
    assert all(later - earlier == 1000 for earlier, later in pairwise(closed))


def test_a_candle_without_a_trade_has_no_trade_ids(bench: Any, wire: Callable[..., Any]) -> None:
    socket = wire("/ws/ltcbtc@kline_1m")
    bench.pass_time(2)
    candle = socket.heard()[-1]["k"]
    assert (candle["f"], candle["L"], candle["n"]) == (-1, -1, 0)


def test_a_candle_keeps_its_trade_ids_when_its_trades_are_kept_no_more(
    bench: Any, wire: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tape, "TRADES_KEPT", 20)
    socket = wire("/ws/bnbbtc@kline_1d")
    for _ in range(4):
        bench.pass_time(60)
    candle = socket.heard()[-1]["k"]
    last_id = bench.exchange.trades(SYMBOL)[-1].trade_id
    assert bench.exchange.trades(SYMBOL)[0].trade_id > 1
    assert (candle["f"], candle["L"]) == (1, last_id)


def test_the_array_of_mini_tickers_holds_those_that_traded(bench: Any, wire: Callable[..., Any]) -> None:
    socket = wire("/ws/!miniTicker@arr")
    trades = {symbol: len(bench.exchange.trades(symbol)) for symbol in bench.exchange.instruments}
    bench.now_us = bench.now_us // 1_000_000 * 1_000_000
    for _ in range(30):
        bench.pass_time(1)
        now = {symbol: len(bench.exchange.trades(symbol)) for symbol in trades}
        changed = {symbol for symbol in trades if now[symbol] > trades[symbol]}
        heard = socket.heard()
        assert len(heard) == bool(changed)
        assert {each["s"] for each in (heard or [[]])[0]} == changed
        trades = now


SHORT = {"p": "priceChange", "P": "priceChangePercent", "w": "weightedAvgPrice", "c": "lastPrice", "o": "openPrice", "h": "highPrice"}
SHORT |= {
    "l": "lowPrice",
    "v": "volume",
    "q": "quoteVolume",
    "O": "openTime",
    "C": "closeTime",
    "F": "firstId",
    "L": "lastId",
    "n": "count",
}
DAY = {"x": "prevClosePrice", "Q": "lastQty", "b": "bidPrice", "B": "bidQty", "a": "askPrice", "A": "askQty"}


def on_a_second(bench: Any) -> None:
    """Move the clock to the end of a second, and a little further."""
    bench.now_us = bench.now_us // 1_000_000 * 1_000_000 + 1_100_000
    bench.live.advance()


@pytest.mark.parametrize(
    ("stream", "event", "path", "params", "names"),
    [
        ("ticker", "24hrTicker", "ticker/24hr", {}, SHORT | DAY),
        ("ticker_1h", "1hTicker", "ticker", {"windowSize": "1h"}, SHORT),
        ("ticker_4h", "4hTicker", "ticker", {"windowSize": "4h"}, SHORT),
        ("ticker_1d", "1dTicker", "ticker", {"windowSize": "1d"}, SHORT),
        ("miniTicker", "24hrMiniTicker", "ticker/24hr", {"type": "MINI"}, {letter: SHORT[letter] for letter in "cohlvq"}),
    ],
)
def test_a_ticker_comes_once_a_second_and_equals_rest(
    make_bench: Callable[..., Any],
    make_wire: Callable[..., Any],
    stream: str,
    event: str,
    path: str,
    params: dict[str, str],
    names: dict[str, str],
) -> None:
    bench = make_bench(traders=False)
    bench.order("SELL", account="other", quantity=900, price="0.00025")
    bench.pass_time(3)
    socket = make_wire(bench, f"/ws/bnbbtc@{stream}")
    for quantity in (60, 70, 80):
        bench.order("BUY", "MARKET", quantity=quantity)
        assert socket.heard() == []
        on_a_second(bench)
        (told,) = socket.heard()
        rest = bench.get(f"/api/v3/{path}", symbol=SYMBOL, **params)
        assert {letter: told[letter] for letter in names} == {letter: rest[name] for letter, name in names.items()}
        assert (told["e"], told["E"], told["s"]) == (event, bench.now_us // 1000, SYMBOL)
        assert set(told) == {*names, "e", "E", "s"}


@pytest.mark.parametrize(
    ("array", "single"), [("!miniTicker@arr", "miniTicker"), ("!ticker_1h@arr", "ticker_1h"), ("!ticker_1d@arr", "ticker_1d")]
)
def test_an_array_of_tickers_holds_those_that_changed(
    make_bench: Callable[..., Any], make_wire: Callable[..., Any], array: str, single: str
) -> None:
    bench = make_bench(traders=False)
    prices = {"BNBBTC": "0.0002", "ETHBTC": "0.07"}
    for symbol, price in prices.items():
        bench.order("SELL", account="other", symbol=symbol, quantity=100, price=price)
    bench.now_us += 60_000_000 - bench.now_us % 60_000_000  # not just before a minute, when every window moves
    bench.live.advance()
    everything = make_wire(bench, f"/ws/{array}")
    ones = {symbol: make_wire(bench, f"/ws/{symbol.lower()}@{single}") for symbol in bench.exchange.instruments}
    for bought in (["ETHBTC"], [], ["BNBBTC", "ETHBTC"], ["BNBBTC"]):
        for symbol in bought:
            bench.order("BUY", symbol=symbol, quantity=1, price=prices[symbol])
        on_a_second(bench)
        expected = {symbol: heard for symbol, socket in ones.items() for heard in socket.heard()}
        assert sorted(expected) == bought
        assert [sorted(rows, key=lambda row: row["s"]) for rows in everything.heard()] == (
            [[expected[symbol] for symbol in bought]] if bought else []
        )


def test_a_window_moves_on_with_every_minute_also_without_a_trade(make_bench: Callable[..., Any], make_wire: Callable[..., Any]) -> None:
    bench = make_bench(traders=False)
    socket, everything = make_wire(bench, "/ws/bnbbtc@ticker_1h"), make_wire(bench, "/ws/!ticker_1h@arr")
    told = []
    for _ in range(180):
        bench.pass_time(1)
        told += socket.heard()
    opens = [each["O"] for each in told]
    assert len(opens) == 3
    assert all(later - earlier == 60_000 for earlier, later in pairwise(opens))
    assert [{row["s"] for row in rows} for rows in everything.heard()] == [set(bench.exchange.instruments)] * 3


def test_a_venues_clock_that_is_wrong_shows_in_event_times_and_in_nothing_else(
    make_bench: Callable[..., Any], make_wire: Callable[..., Any]
) -> None:
    kinds = (
        "trade",
        "aggTrade",
        "bookTicker",
        "miniTicker",
        "ticker",
        "ticker_1h",
        "avgPrice",
        "depth",
        "depth5@100ms",
        "kline_1s",
        "kline_1m",
    )
    path, query = "/stream", f"streams={'/'.join(f'bnbbtc@{kind}' for kind in kinds)}/!ticker_4h@arr"

    def heard(skews_s: tuple[int, ...]) -> list[tuple[int, tuple[list[int], list[Any]]]]:
        bench = make_bench()
        market, user = make_wire(bench, path, query), make_wire(bench, "/ws-api/v3")
        user.subscribe_user()
        told = []
        for skew_s in skews_s:
            bench.app.venue.skew_us = skew_s * 1_000_000
            for _ in range(25):
                bench.live.execute(Deposit("key", "BTC", 5))
                bench.live.execute(Place("key", SYMBOL, Side.BUY, OrderType.MARKET, quote_quantity=UNIT))
                bench.pass_time(0.1)
                told += [(skew_s * 1000, times_of(each)) for each in market.heard() + user.heard()]
        return told

    wrong, right = heard((3600, -7200, 5)), heard((0, 0, 0))
    assert len({each["e"] for _, (_, rows) in right for each in rows if "e" in each}) == 12
    assert [rows for _, (_, rows) in wrong] == [rows for _, (_, rows) in right]
    assert [times for _, (times, _) in wrong] == [
        [time + skew_ms for time in times] for (skew_ms, _), (_, (times, _)) in zip(wrong, right, strict=True)
    ]


def times_of(message: dict[str, Any]) -> tuple[list[int], list[dict[str, Any]]]:
    """The event times in a message, and what else it tells."""
    told = message.get("data", message.get("event"))
    rows = [dict(row) for row in (told if isinstance(told, list) else [told])]
    return [row.pop("E") for row in rows if "E" in row], rows


def test_the_average_price_comes_every_second_and_equals_rest(bench: Any, wire: Callable[..., Any]) -> None:
    socket = wire("/ws/bnbbtc@avgPrice")
    for _ in range(5):
        on_a_second(bench)
        (told,) = socket.heard()
        rest = bench.get("/api/v3/avgPrice", symbol=SYMBOL)
        assert (told["e"], told["i"], told["w"], told["T"]) == ("avgPrice", f"{rest['mins']}m", rest["price"], rest["closeTime"])


@pytest.mark.parametrize("interval", ["1h", "12h", "1d", "3d", "1w", "1M"])
def test_candles_of_another_time_zone_equal_rest(bench: Any, wire: Callable[..., Any], interval: str) -> None:
    east, utc = wire(f"/ws/bnbbtc@kline_{interval}@+08:00"), wire(f"/ws/bnbbtc@kline_{interval}")
    for _ in range(3):
        bench.pass_time(2)
        for socket, zone in ((east, "8"), (utc, "0")):
            told = socket.heard()[-1]
            row = bench.get("/api/v3/klines", symbol=SYMBOL, interval=interval, timeZone=zone, limit=1)[0]
            assert [told["k"][letter] for letter in "tohlcvTqnVQB"] == row
            assert (told["k"]["i"], told["k"]["x"]) == (interval, False)


def test_symbols_may_have_names_in_any_alphabet(make_bench: Callable[..., Any], make_wire: Callable[..., Any]) -> None:
    name = "\u8fd9\u662f\u6d4b\u8bd5\u5e01456"
    template = next(each for each in DEFAULTS if each.symbol == "BNBBTC")
    bench = make_bench(traders=False, instruments=[replace(template, symbol=f"{name}BTC", base=name)])
    stream = f"{name}btc@trade"
    sockets = [make_wire(bench, f"/ws/{quote(stream)}"), make_wire(bench, "/stream", f"streams={quote(stream)}"), make_wire(bench, "/ws")]
    assert sockets[2].say({"method": "SUBSCRIBE", "params": [stream], "id": 1})["result"] is None
    bench.order("SELL", account="other", symbol=f"{name}BTC", quantity=50, price="0.0002")
    bench.order("BUY", symbol=f"{name}BTC", quantity=50, price="0.0002")
    raw, combined, asked = (socket.heard() for socket in sockets)
    assert [each["s"] for each in raw] == [f"{name}BTC"]
    assert combined == [{"stream": stream, "data": raw[0]}]
    assert asked == raw


@pytest.mark.parametrize(
    ("status", "silent"),
    [(Status.BREAK, {"kline_1s", "depth5@100ms", "avgPrice"}), (Status.CANCEL_ONLY, {"kline_1s"}), (Status.HALT, set())],
)
def test_what_is_told_of_a_symbol_depends_on_its_status(
    make_bench: Callable[..., Any], make_wire: Callable[..., Any], status: Status, silent: set[str]
) -> None:
    bench = make_bench(traders=False, instruments=[replace(each, status=status) for each in DEFAULTS])
    sockets = {kind: make_wire(bench, f"/ws/bnbbtc@{kind}") for kind in ("kline_1s", "depth5@100ms", "avgPrice")}
    for _ in range(30):
        bench.pass_time(0.1)
    assert {kind for kind, socket in sockets.items() if not socket.heard()} == silent


def test_blocks_are_not_traded_and_not_told(bench: Any, wire: Callable[..., Any]) -> None:
    socket = wire("/ws/bnbbtc@blockTrade")
    for _ in range(20):
        bench.pass_time(1)
    assert bench.exchange.trades(SYMBOL)
    assert socket.heard() == []
    assert bench.get("/api/v3/historicalBlockTrades", symbol=SYMBOL, fromId=0) == []


def test_the_reference_price_comes_every_second_and_equals_rest(make_bench: Callable[..., Any], make_wire: Callable[..., Any]) -> None:
    instruments = [replace(each, reference=Reference(buckets=2, width_ms=1_000) if each.symbol == SYMBOL else None) for each in DEFAULTS]
    bench = make_bench(traders=False, instruments=instruments)
    socket, other = make_wire(bench, "/ws/bnbbtc@referencePrice"), make_wire(bench, "/ws/ethbtc@referencePrice")
    prices = []
    for number in range(8):
        if number == 2:
            bench.order("SELL", account="other", quantity=50, price="0.0002")
            bench.order("BUY", quantity=50, price="0.0002")
        bench.pass_time(1)
        (told,) = socket.heard()
        rest = bench.get("/api/v3/referencePrice", symbol=SYMBOL)
        assert told == {"e": "referencePrice", "s": SYMBOL, "r": rest["referencePrice"], "t": rest["timestamp"]}
        prices.append(told["r"])
    assert prices[:2] == [None, None]
    assert "0.00020000" in prices
    assert prices[-1] is None
    assert other.heard() == []


def test_depth_updates_chain_over_a_break(make_bench: Callable[..., Any], make_wire: Callable[..., Any]) -> None:
    bench = make_bench(traders=False)
    socket = make_wire(bench, "/ws/bnbbtc@depth@100ms")
    bench.order("BUY", quantity=50, price="0.0001")
    bench.pass_time(0.1)
    bench.order("BUY", quantity=60, price="0.0001")
    bench.live.execute(SetStatus(SYMBOL, Status.BREAK))
    before = socket.heard()
    bench.pass_time(5)
    assert socket.heard() == []
    bench.live.execute(SetStatus(SYMBOL, Status.TRADING))
    bench.order("SELL", account="other", quantity=20, price="0.0001")
    bench.pass_time(0.1)
    updates = before + socket.heard()
    assert len(updates) == 2
    assert updates[1]["U"] == updates[0]["u"] + 1
    book = NaiveBook({"lastUpdateId": 0, "bids": [], "asks": []})
    for update in updates:
        book.apply(update)
    assert book.sides == true_book(bench)
