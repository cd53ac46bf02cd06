"""Recordings of the venue's streams: read, checked, and played to the very book that was worked out elsewhere."""

from __future__ import annotations

import dataclasses
import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, note, settings
from hypothesis import strategies as st

from exchangeclient.exceptions import SandboxException
from exchangeclient.sandbox.dialects.binance.recorded import read_recording
from exchangeclient.sandbox.engine.events import LevelChanged, Traded
from exchangeclient.sandbox.engine.exchange import Exchange
from exchangeclient.sandbox.engine.instruments import DEFAULTS, Trailing, scaled, shown
from exchangeclient.sandbox.engine.replay import Levels, Printed
from exchangeclient.sandbox.engine.words import OrderType, Side, Status
from exchangeclient.sandbox.inputs import load_recordings

RECORDINGS = Path(__file__).resolve().parents[4].parent / "shared" / "recordings"
START = 1_700_000_000_000_000
T = 1_600_000_000.0
API, STREAM = "https://api.binance.com/api/v3", "wss://stream.binance.com:9443/stream?streams=abcusdt@depth"

RULES: dict[str, Any] = {
    "symbol": "ABCUSDT",
    "status": "TRADING",
    "baseAsset": "ABC",
    "quoteAsset": "USDT",
    "orderTypes": ["LIMIT", "MARKET"],
    "icebergAllowed": False,
    "ocoAllowed": True,
    "filters": [
        {"filterType": "PRICE_FILTER", "minPrice": "0.01000000", "maxPrice": "1000.00000000", "tickSize": "0.01000000"},
        {"filterType": "LOT_SIZE", "minQty": "0.10000000", "maxQty": "9000.00000000", "stepSize": "0.10000000"},
        {"filterType": "MIN_NOTIONAL", "minNotional": "10.00000000", "applyToMarket": True, "avgPriceMins": 5},
    ],
}


def line(after_s: float, url: str, message: object, *, direction: str = "in") -> str:
    return json.dumps({"t": T + after_s, "dir": direction, "url": url, "msg": json.dumps(message)}) + "\n"


def info(*rows: dict[str, Any]) -> str:
    return line(0, f"{API}/exchangeInfo", {"symbols": list(rows or [RULES])}, direction="http")


def snapshot(after_s: float, last_id: int, bids: dict[str, str], asks: dict[str, str], symbol: str = "ABCUSDT") -> str:
    body = {"lastUpdateId": last_id, "bids": list(bids.items()), "asks": list(asks.items())}
    return line(after_s, f"{API}/depth?symbol={symbol}&limit=1000", body, direction="http")


def update(after_s: float, first: int, last: int, bids: dict[str, str], asks: dict[str, str], *, wrapped: bool = True) -> str:
    body = {"e": "depthUpdate", "E": 1, "s": "ABCUSDT", "U": first, "u": last, "b": list(bids.items()), "a": list(asks.items())}
    return line(after_s, STREAM, {"stream": "abcusdt@depth", "data": body} if wrapped else body)


def trade(after_s: float, price: str, quantity: str, *, kind: str = "trade", seller: bool = False) -> str:
    body = {"e": kind, "s": "ABCUSDT", "p": price, "q": quantity, "m": seller, "T": 1}
    return line(after_s, STREAM, {"stream": f"abcusdt@{kind}", "data": body})


SNAPSHOT = snapshot(0, 10, {"5.00": "3", "4.99": "2"}, {"5.02": "7"})


def book_after(*lines: str, seconds: float = 60) -> tuple[dict[str, str], dict[str, str]]:
    exchange = Exchange(seed=1, start_us=START, traders=False, recordings=read_recording([info(), *lines], source="x"))
    exchange.advance(START + round(seconds * 1_000_000))
    depth = exchange.depth("ABCUSDT", 1000)
    bids, asks = ({shown(price)[:4]: shown(quantity)[:-9] for price, quantity in side} for side in (depth.bids, depth.asks))
    return bids, asks


# ---- the real one ------------------------------------------------------------------------------------------------

real = pytest.mark.skipif(not (RECORDINGS / "binance.jsonl.gz").exists(), reason=f"no recordings in {RECORDINGS}")


@real
def test_real_recordings_end_in_the_books_that_were_worked_out_elsewhere() -> None:
    exchange = Exchange(seed=7, start_us=START, recordings=load_recordings([RECORDINGS / "binance.jsonl.gz"]))
    events = [event for tenth in range(320) for event in exchange.advance(START + tenth * 100_000)]
    expected = json.loads((RECORDINGS / "expected.json").read_text(encoding="utf-8"))["binance"]
    assert expected
    for symbol, told in expected.items():
        depth = exchange.depth(symbol, 5_000)
        for side, levels, count in (("bids", depth.bids, told["levels_bid"]), ("asks", depth.asks, told["levels_ask"])):
            assert [[shown(price), shown(quantity)] for price, quantity in levels[:20]] == told[side], (symbol, side)
            assert len(levels) == count
    with gzip.open(RECORDINGS / "binance.jsonl.gz", "rt", encoding="utf-8") as lines:
        messages = [json.loads(json.loads(text).get("msg", "{}")) for text in lines]
    recorded = [message["data"] for message in messages if message.get("data", {}).get("e") == "aggTrade"]
    trades = [event for event in events if isinstance(event, Traded) and event.symbol in {each["s"] for each in recorded}]
    assert [(each["s"], scaled(each["p"]), scaled(each["q"]), each["m"]) for each in recorded] == [
        (trade.symbol, trade.price, trade.quantity, trade.buyer_is_maker) for trade in trades
    ]


@real
def test_the_best_prices_on_the_way_are_those_that_the_venue_told() -> None:
    """``bookTicker`` messages name the best prices as of an update id; where a depth update ends with that id, both must agree."""
    with gzip.open(RECORDINGS / "binance.jsonl.gz", "rt", encoding="utf-8") as lines:
        messages = [json.loads(json.loads(text).get("msg", "{}")) for text in lines]
    data = [message["data"] for message in messages if "data" in message]
    tops = {(each["s"], each["u"]): (each["b"], each["a"]) for each in data if "b" in each and "e" not in each}
    recordings = {each.symbol: each for each in load_recordings([RECORDINGS / "binance.jsonl.gz"])}
    compared = 0
    for symbol, recording in recordings.items():
        last_ids = [each["u"] for each in data if each.get("e") == "depthUpdate" and each["s"] == symbol]
        steps = [step for step in recording.steps if isinstance(step, Levels)]
        for step, last_id in zip(reversed(steps), reversed(last_ids), strict=False):  # the first updates are in the snapshot
            if (symbol, last_id) in tops and step.at_us > 0:
                exchange = Exchange(seed=7, start_us=START, recordings=[recording], traders=False)
                exchange.advance(START + step.at_us)
                top = exchange.depth(symbol, 1)
                assert (shown(top.bids[0][0]), shown(top.asks[0][0])) == tops[symbol, last_id]
                compared += 1
    assert compared >= 15


# ---- books -------------------------------------------------------------------------------------------------------


def test_a_snapshot_and_the_updates_after_it_make_the_book() -> None:
    lines = (SNAPSHOT, update(1, 11, 12, {"5.00": "0", "4.98": "1"}, {}), update(2, 13, 13, {}, {"5.02": "1", "5.03": "4"}))
    assert book_after(*lines, seconds=0.5) == ({"5.00": "3", "4.99": "2"}, {"5.02": "7"})
    assert book_after(*lines, seconds=1.5) == ({"4.99": "2", "4.98": "1"}, {"5.02": "7"})
    assert book_after(*lines) == ({"4.99": "2", "4.98": "1"}, {"5.02": "1", "5.03": "4"})


@pytest.mark.parametrize("wrapped", [True, False])
def test_updates_that_came_before_the_snapshot_count_as_far_as_they_are_newer(wrapped: bool) -> None:
    early = update(0, 8, 9, {"5.00": "99"}, {}, wrapped=wrapped), update(0, 10, 11, {"5.01": "1"}, {}, wrapped=wrapped)
    assert book_after(*early, snapshot(0.3, 10, {"5.00": "3"}, {"5.02": "7"})) == ({"5.01": "1", "5.00": "3"}, {"5.02": "7"})


def test_after_a_gap_the_next_snapshot_is_taken() -> None:
    lines = (
        SNAPSHOT,
        update(1, 12, 13, {"5.01": "5"}, {}),
        update(1.5, 14, 15, {"4.00": "1"}, {}),
        snapshot(2, 14, {"4.50": "1"}, {"6.00": "2"}),
    )
    assert book_after(*lines, seconds=1.8) == ({"5.00": "3", "4.99": "2"}, {"5.02": "7"})
    assert book_after(*lines) == ({"4.50": "1", "4.00": "1"}, {"6.00": "2"})


def test_a_book_of_which_there_is_no_snapshot_begins_with_its_first_update() -> None:
    assert book_after(update(1, 5, 6, {"5.00": "1"}, {}), update(2, 7, 7, {}, {"5.02": "2"})) == ({"5.00": "1"}, {"5.02": "2"})


def test_partial_depth_messages_are_whole_books() -> None:
    def partial(after_s: float, bids: dict[str, str]) -> str:
        body = {"lastUpdateId": 5, "bids": list(bids.items()), "asks": [["6.00", "1"]]}
        return line(after_s, STREAM, {"stream": "abcusdt@depth20@100ms", "data": body})

    assert book_after(partial(0, {"5.00": "1", "4.99": "2"}), partial(1, {"5.01": "3"})) == ({"5.01": "3"}, {"6.00": "1"})


def test_every_symbol_goes_by_the_same_clock_and_its_first_book_is_there_at_once() -> None:
    other = {**RULES, "symbol": "XYZUSDT", "baseAsset": "XYZ"}
    lines = (info(RULES, other), SNAPSHOT, update(2, 11, 11, {"5.00": "1"}, {}), snapshot(5, 1, {"9.00": "1"}, {"9.10": "1"}, "XYZUSDT"))
    first, second = read_recording(lines, source="x")
    assert [step.at_us for step in first.steps] == [0, 2_000_000]
    assert [step.at_us for step in second.steps] == [0]
    assert (first.opening_price, second.opening_price) == (scaled("5.01"), scaled("9.05"))


# ---- trades ------------------------------------------------------------------------------------------------------


def prints(*lines: str) -> list[tuple[int, str, str, bool]]:
    (recording,) = read_recording([info(), *lines], source="x")
    return [
        (step.at_us, shown(step.price)[:4], shown(step.quantity)[:3], step.buyer_is_maker)
        for step in recording.steps
        if isinstance(step, Printed)
    ]


def test_trades_are_played_at_their_time() -> None:
    assert prints(SNAPSHOT, trade(1, "5.02", "1.5"), trade(3, "5.00", "2.5", seller=True)) == [
        (1_000_000, "5.02", "1.5", False),
        (3_000_000, "5.00", "2.5", True),
    ]


def test_where_both_streams_were_recorded_no_trade_counts_twice() -> None:
    lines = trade(1, "5.02", "1.0"), trade(1, "5.02", "0.5"), trade(1, "5.02", "1.5", kind="aggTrade")
    assert [quantity for _, _, quantity, _ in prints(SNAPSHOT, *lines)] == ["1.0", "0.5"]
    assert [quantity for _, _, quantity, _ in prints(SNAPSHOT, lines[2])] == ["1.5"]


def test_trades_before_the_first_book_are_left_out() -> None:
    assert prints(trade(0, "5.02", "1.0"), snapshot(1, 10, {"5.00": "1"}, {"5.02": "1"}), trade(2, "5.02", "2.0")) == [
        (1_000_000, "5.02", "2.0", False)
    ]


def test_a_recording_of_trades_alone_is_played_too() -> None:
    recordings = read_recording([info(), trade(0, "5.02", "1.0"), trade(1, "5.04", "2.0")], source="x")
    exchange = Exchange(seed=1, start_us=START, traders=False, recordings=recordings)
    assert exchange.instruments["ABCUSDT"].opening_price == scaled("5.02")
    exchange.advance(START + 1_000_000)
    assert [shown(each.price) for each in exchange.trades("ABCUSDT")] == ["5.02000000", "5.04000000"]
    assert exchange.depth("ABCUSDT", 5).bids == []


def test_what_else_was_recorded_is_passed_over() -> None:
    others = (
        line(0, STREAM, {"stream": "abcusdt@bookTicker", "data": {"u": 1, "s": "ABCUSDT", "b": "1", "B": "1", "a": "2", "A": "1"}}),
        line(0, STREAM, {"stream": "!miniTicker@arr", "data": [{"e": "24hrMiniTicker", "s": "ABCUSDT"}]}),
        line(0, STREAM, {"stream": "abcusdt@kline_1m", "data": {"e": "kline", "s": "ABCUSDT", "k": {}}}),
        line(0, STREAM, {"result": None, "id": 1}),
        line(0, f"{API}/ping", {}, direction="http"),
        json.dumps({"t": T, "dir": "open", "url": STREAM}) + "\n",
        line(0, STREAM, {"method": "SUBSCRIBE"}, direction="out"),
    )
    assert book_after(*others, SNAPSHOT, *others) == ({"5.00": "3", "4.99": "2"}, {"5.02": "7"})


# ---- rules -------------------------------------------------------------------------------------------------------


def test_the_rules_are_those_of_the_recorded_exchange_info() -> None:
    (recording,) = read_recording([info(), SNAPSHOT], source="x")
    instrument = recording.instrument
    assert instrument is not None
    assert (instrument.base, instrument.quote, instrument.status) == ("ABC", "USDT", Status.TRADING)
    assert (instrument.tick, instrument.step, instrument.min_notional) == (scaled("0.01"), scaled("0.1"), scaled("10"))
    assert instrument.types == {OrderType.LIMIT, OrderType.MARKET}
    assert not instrument.iceberg
    assert instrument.trailing is None


UNUSUAL = {
    "max_position": scaled("70"),
    "max_iceberg_parts": 7,
    "max_iceberg_orders": 6,
    "max_orders": 90,
    "max_algo_orders": 4,
    "max_lists": 3,
    "max_amends": 2,
    "trailing": Trailing(11, 1200, 13, 1400),
    "band_minutes": 0,
    "min_notional_at_market": False,
    "max_notional_at_market": False,
}


@pytest.mark.parametrize("rules", [{}, UNUSUAL], ids=["usual", "unusual"])
def test_rules_of_today_are_read_as_well(make_bench: Callable[..., Any], rules: dict[str, Any]) -> None:
    """What this sandbox itself says about its symbols comes back as its own rules; what takes no order is not told."""
    instruments = [dataclasses.replace(each, **rules) for each in DEFAULTS]
    rows = make_bench(traders=False, instruments=instruments).get("/api/v3/exchangeInfo")["symbols"]
    untold = {"reference", "price_range", "code"}
    for each in instruments:
        price = {shown(each.opening_price): "1"}
        (recording,) = read_recording([info(*rows), snapshot(0, 1, price, price, each.symbol)], source="x")
        read = recording.instrument
        assert read is not None
        for name in {field.name for field in dataclasses.fields(each)} - untold:
            assert getattr(read, name) == getattr(each, name), (each.symbol, name)


def test_rules_of_before_are_read_as_well() -> None:
    band = {"filterType": "PERCENT_PRICE", "multiplierUp": "5", "multiplierDown": "0.2", "avgPriceMins": 7}
    total = {"filterType": "MIN_NOTIONAL", "minNotional": "10.00000000", "applyToMarket": False, "avgPriceMins": 7}
    (recording,) = read_recording([info({**RULES, "filters": [band, total]}), SNAPSHOT], source="x")
    read = recording.instrument
    assert read is not None
    assert (read.bid_up, read.ask_up, read.bid_down, read.ask_down) == (scaled("5"), scaled("5"), scaled("0.2"), scaled("0.2"))
    assert (read.band_minutes, read.min_notional, read.min_notional_at_market) == (7, scaled("10"), False)
    assert (read.tick, read.step, read.max_position) == (1, 1, None)


# ---- what is refused ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("bad", "words"),
    [
        ("nonsense\n", "line 3"),
        ('{"dir": "in", "url": "x", "msg": "{}"}\n', "line 3.*`t`"),
        (line(1, STREAM, [1]), "line 3"),
        (json.dumps({"t": T, "dir": "in", "url": STREAM, "msg": "{broken"}) + "\n", "line 3"),
        (update(1, 11, 12, {"5.0.0": "1"}, {}), r"line 3.*5\.0\.0"),
        (update(1, 11, 12, {"0": "1"}, {}), "line 3.*price 0"),
        (trade(1, "5.02", "0"), "line 3.*trade"),
        (line(1, STREAM, {"data": {"e": "depthUpdate", "s": "ABCUSDT", "U": 1}}), "line 3.*`u`"),
        (update(1, 13, 14, {}, {}), "line 3.*missing before"),
        (line(1, STREAM, {"e": "depthUpdate", "s": "ABCUSDT", "U": "a", "u": 12, "b": [], "a": []}), r"line 3.*int.*\$\.U"),
        (line(1, STREAM, {"e": "depthUpdate", "s": "ABCUSDT", "U": 11, "u": 12, "b": [["5.00"]], "a": []}), r"line 3.*\$\.b\[0\]"),
        (line(1, STREAM, {"e": "depthUpdate", "s": ["ABCUSDT"], "U": 11, "u": 12, "b": [], "a": []}), r"line 3.*\$\.s"),
        (line(1, STREAM, {"e": "trade", "s": "ABCUSDT", "p": 5.02, "q": "1", "m": True}), r"line 3.*\$\.p"),
        (trade(1, "9" * 4000, "1"), r"line 3.*length.*\$\.p"),
        (trade(1, "9" * 30, "1"), "line 3.*9999 is more than"),
        (line(1, f"{API}/exchangeInfo", {"symbols": [7]}, direction="http"), r"line 3.*\$\.symbols\[0\]"),
        (line(1, f"{API}/depth", {}, direction="http"), "line 3"),
        (line(-2 * T, STREAM, {}), r"line 3.*\$\.t"),
        (line(1e300, STREAM, {}), r"line 3.*\$\.t"),
        (json.dumps({"t": T, "dir": "in", "url": STREAM, "msg": "[" * 100_000}) + "\n", "line 3"),
    ],
)
def test_a_damaged_recording_is_refused_with_the_number_of_its_line(bad: str, words: str) -> None:
    with pytest.raises(ValueError, match=f"file.jsonl, {words}"):
        read_recording([info(), SNAPSHOT, bad, trade(2, "5.02", "1")], source="file.jsonl")


JUNK = st.sampled_from([None, True, -1, 0, 0.5, 10**30, "", "a", "-1", "0", "1e5", "9" * 40, "0.00000001", "9" * 5000, [], ["5"], {}, [[]]])


def leaves(value: object, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Where something could be put in place of what is there."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(place for key, each in inner for place in leaves(each, (*path, key)))]


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_junk_anywhere_is_refused_or_can_be_played(data: st.DataObject) -> None:
    lines = [info(), SNAPSHOT, update(1, 11, 12, {"5.00": "1"}, {"5.02": "3"}), trade(2, "5.02", "1")]
    number = data.draw(st.integers(0, len(lines) - 1))
    outer = json.loads(lines[number])
    message = {"line": outer, "msg": json.loads(outer["msg"])}
    path = data.draw(st.sampled_from([each for each in leaves(message) if len(each) > 1]))
    holder: Any = message
    for key in path[:-1]:
        holder = holder[key]
    holder[path[-1]] = data.draw(JUNK)
    if path != ("line", "msg"):
        outer["msg"] = json.dumps(message["msg"])
    lines[number] = json.dumps(outer) + "\n"
    note(lines[number][:300])
    try:
        recordings = read_recording(lines, source="x")
        exchange = Exchange(seed=1, start_us=START, instruments=DEFAULTS[1:2], recordings=recordings)
    except ValueError as error:
        note(error)
        return
    exchange.advance(START + 5_000_000)
    exchange.statistics(recordings[0].symbol)


def test_rules_that_make_no_sense_are_named() -> None:
    rules = {**RULES, "orderTypes": ["BRACKET"]}
    with pytest.raises(ValueError, match=r"ABCUSDT.*BRACKET"):
        read_recording([info(rules), SNAPSHOT], source="x")
    del rules["orderTypes"]
    with pytest.raises(ValueError, match=r"ABCUSDT.*`orderTypes`"):
        read_recording([info(rules), SNAPSHOT], source="x")


@pytest.mark.parametrize(
    "wrong",
    [
        {"filterType": "PRICE_FILTER", "tickSize": 0.01},
        {"filterType": "PRICE_FILTER", "tickSize": "-1"},
        {"filterType": "MAX_NUM_ORDERS", "maxNumOrders": "many"},
        {"filterType": "LOT_SIZE", "minQty": "1" * 4000},
        {"filterType": "PERCENT_PRICE", "avgPriceMins": -1},
    ],
)
def test_filters_that_make_no_sense_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"x: the rules of ABCUSDT"):
        read_recording([info({**RULES, "filters": [wrong]}), SNAPSHOT], source="x")


def test_a_first_update_that_makes_no_sense_is_refused_where_no_snapshot_was_needed_yet() -> None:
    bad = line(1, STREAM, {"e": "depthUpdate", "s": "ABCUSDT", "U": "a", "u": 12, "b": [], "a": []})
    with pytest.raises(ValueError, match="x, line 2"):
        read_recording([info(), bad], source="x")


def opening(*lines: str) -> str:
    (recording,) = read_recording([info(), *lines], source="x")
    return shown(recording.opening_price)[:4]


def test_it_opens_at_the_middle_of_the_first_book_that_has_both_sides() -> None:
    assert opening(snapshot(0, 10, {"5.50": "0", "5.00": "3"}, {"4.00": "0", "5.02": "7"})) == "5.01", "levels of nothing do not count"
    assert opening(snapshot(0, 10, {}, {}), update(1, 11, 11, {"5.00": "1"}, {}), update(2, 12, 12, {}, {"5.04": "1"})) == "5.02"
    assert opening(snapshot(0, 10, {"5.00": "1"}, {}), update(1, 11, 11, {"5.00": "0", "4.00": "1"}, {"4.20": "1"})) == "4.10"
    assert opening(snapshot(0, 10, {"5.00": "1"}, {}), trade(1, "5.03", "1"), trade(2, "6.03", "1")) == "5.03"
    with pytest.raises(ValueError, match=r"x: .*at which price ABCUSDT opens"):
        opening(snapshot(0, 10, {"5.00": "1"}, {}))


def test_a_recording_without_a_book_or_a_trade_is_refused() -> None:
    with pytest.raises(ValueError, match="no book and no trade"):
        read_recording([info()], source="x")


# ---- files -------------------------------------------------------------------------------------------------------


def test_recordings_are_read_from_plain_and_packed_files(tmp_path: Path) -> None:
    plain, packed = tmp_path / "a.jsonl", tmp_path / "b.jsonl.gz"
    plain.write_text(info() + SNAPSHOT, encoding="utf-8")
    other = {**RULES, "symbol": "XYZUSDT", "baseAsset": "XYZ"}
    with gzip.open(packed, "wt", encoding="utf-8") as file:
        file.write(info(other) + snapshot(0, 1, {"1.00": "1"}, {"1.01": "1"}, "XYZUSDT"))
    assert [each.symbol for each in load_recordings([plain, str(packed)])] == ["ABCUSDT", "XYZUSDT"]
    with pytest.raises(SandboxException, match=r"two .* of ABCUSDT.*a\.jsonl"):
        load_recordings([plain, plain])


def test_files_that_cannot_be_read_are_named(tmp_path: Path) -> None:
    with pytest.raises(SandboxException, match=r"cannot read the recording .*missing\.jsonl"):
        load_recordings([tmp_path / "missing.jsonl"])
    bad = tmp_path / "bad.jsonl"
    bad.write_text(info() + "oops\n", encoding="utf-8")
    with pytest.raises(SandboxException, match=r"bad\.jsonl, line 2"):
        load_recordings([bad])
    cut = tmp_path / "cut.jsonl.gz"
    cut.write_bytes(gzip.compress((info() + SNAPSHOT * 50).encode())[:-20])
    with pytest.raises(SandboxException, match=r"cut\.jsonl\.gz.*breaks off"):
        load_recordings([cut])


@pytest.mark.parametrize("wrong", ["file.jsonl", 7, [7]])
def test_recordings_are_given_as_a_list_of_paths(wrong: Any) -> None:
    with pytest.raises(TypeError, match="recordings"):
        load_recordings(wrong)


# ---- made by the sandbox itself ----------------------------------------------------------------------------------


def test_a_recording_of_a_sandbox_plays_in_another_one_as_it_was() -> None:
    source = Exchange(seed=3, start_us=START, instruments=[DEFAULTS[3]])
    symbol, last_id = DEFAULTS[3].symbol, source.depth(DEFAULTS[3].symbol, 1).last_update_id
    top = source.depth(symbol, 1000)
    rows = [[[shown(price), shown(quantity)] for price, quantity in side] for side in (top.bids, top.asks)]
    lines = [line(0, f"{API}/depth?symbol={symbol}", {"lastUpdateId": last_id, "bids": rows[0], "asks": rows[1]}, direction="http")]
    for tenth in range(1, 200):
        changed: dict[Side, dict[str, str]] = {Side.BUY: {}, Side.SELL: {}}
        for event in source.advance(START + tenth * 100_000):
            if isinstance(event, LevelChanged):
                changed[event.side][shown(event.price)] = shown(event.quantity)
            elif isinstance(event, Traded):
                body = {"e": "aggTrade", "s": symbol, "p": shown(event.price), "q": shown(event.quantity), "m": event.buyer_is_maker}
                lines.append(line(tenth / 10, STREAM, body))
        now_id = source.depth(symbol, 1).last_update_id
        if now_id > last_id:
            body = {"e": "depthUpdate", "s": symbol, "U": last_id + 1, "u": now_id}
            lines.append(line(tenth / 10, STREAM, {**body, "b": list(changed[Side.BUY].items()), "a": list(changed[Side.SELL].items())}))
            last_id = now_id
    played = Exchange(seed=9, start_us=START, recordings=read_recording(lines, source="x"))
    played.advance(START + 20_000_000)
    then, now = source.depth(symbol, 1000), played.depth(symbol, 1000)
    assert (now.bids, now.asks) == (then.bids, then.asks)
    assert played.last_price(symbol) == source.last_price(symbol)
    assert (
        played.window(symbol, START // 1000, START // 1000 + 20_000).volume
        == source.window(symbol, START // 1000, START // 1000 + 20_000).volume
    )
