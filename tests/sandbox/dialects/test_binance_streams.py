"""Market streams: what is told when, and that depth updates chain and lead to the engine's own book."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from exchangeclient.sandbox.engine import tape
from exchangeclient.sandbox.engine.events import LevelChanged
from exchangeclient.sandbox.engine.instruments import shown

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
    assert len(updates) >= 30
    assert all(later["U"] == earlier["u"] + 1 for earlier, later in pairwise(updates))
    assert all(update["U"] <= update["u"] and update["s"] == SYMBOL for update in updates)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
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


def test_every_listener_gets_the_same_update(bench: Any, wire: Callable[..., Any]) -> None:
    first = wire("/ws/bnbbtc@depth@100ms")
    bench.pass_time(0.25)
    second = wire("/ws/bnbbtc@depth@100ms")
    bench.pass_time(0.1)
    assert first.heard()[-1:] == second.heard()


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


def test_the_book_ticker_tells_every_move_of_the_top_with_its_update_id(bench: Any, wire: Callable[..., Any]) -> None:
    socket = wire("/ws/bnbbtc@bookTicker")
    bid = bench.exchange.depth(SYMBOL, 1).bids[0][0]
    bench.order("BUY", quantity=50, price=shown(bid + 1))
    bench.order("BUY", quantity=10_000, price="0.00001")  # far below: the top stays
    heard = socket.heard()
    assert [(each["b"], each["B"]) for each in heard] == [(shown(bid + 1), "50.00000000")]
    assert heard[0]["u"] == bench.exchange.depth(SYMBOL, 1).last_update_id - 1
    for _ in range(20):
        bench.pass_time(0.1)
        top = bench.get("/api/v3/ticker/bookTicker", symbol=SYMBOL)
        for each in socket.heard():
            assert [each[letter] for letter in "bBaA"] == [top[name] for name in ("bidPrice", "bidQty", "askPrice", "askQty")]


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


def test_tickers_come_once_a_second_and_equal_rest(bench: Any, wire: Callable[..., Any]) -> None:
    socket = wire("/stream", "streams=bnbbtc@ticker/bnbbtc@miniTicker/bnbbtc@avgPrice/!miniTicker@arr")
    bench.now_us = bench.now_us // 1_000_000 * 1_000_000
    bench.pass_time(0.5)
    bench.order("BUY", "MARKET", quantity=100)
    socket.heard()
    bench.pass_time(0.6)
    heard = {each["stream"]: each["data"] for each in socket.heard()}
    rest = bench.get("/api/v3/ticker/24hr", symbol=SYMBOL)
    full = heard["bnbbtc@ticker"]
    names = {
        "p": "priceChange",
        "P": "priceChangePercent",
        "w": "weightedAvgPrice",
        "x": "prevClosePrice",
        "c": "lastPrice",
        "Q": "lastQty",
    }
    names |= {"b": "bidPrice", "B": "bidQty", "a": "askPrice", "A": "askQty", "o": "openPrice", "h": "highPrice", "l": "lowPrice"}
    names |= {"v": "volume", "q": "quoteVolume", "O": "openTime", "C": "closeTime", "F": "firstId", "L": "lastId", "n": "count"}
    assert {name: full[letter] for letter, name in names.items()} == {name: rest[name] for name in names.values()}
    assert (full["e"], full["s"], full["E"]) == ("24hrTicker", SYMBOL, bench.now_us // 1000)
    mini = heard["bnbbtc@miniTicker"]
    assert {letter: mini[letter] for letter in "cohlvq"} == {letter: full[letter] for letter in "cohlvq"}
    assert mini in heard["!miniTicker@arr"]
    average = bench.get("/api/v3/avgPrice", symbol=SYMBOL)
    assert (heard["bnbbtc@avgPrice"]["w"], heard["bnbbtc@avgPrice"]["T"]) == (average["price"], average["closeTime"])
    for _ in range(9):
        bench.pass_time(1)
    assert [each["stream"] for each in socket.heard()].count("bnbbtc@ticker") == 9


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


def test_a_stream_that_does_not_exist_is_silent(bench: Any, wire: Callable[..., Any]) -> None:
    socket = wire("/ws/nobody@trade/BNBBTC@trade/bnbbtc@nothing/bnbbtc@kline_2m/BNBBTC@kline_1m/nobody@kline_1m/bnbbtc@depth7")
    for _ in range(30):
        bench.pass_time(0.1)
    assert socket.heard() == []


def test_nothing_comes_after_the_socket_has_gone(bench: Any, wire: Callable[..., Any]) -> None:
    socket = wire("/ws/bnbbtc@depth@100ms/bnbbtc@kline_1s")
    bench.pass_time(1)
    assert socket.heard()
    socket.hang_up()
    bench.pass_time(1)
    assert socket.heard() == []
