"""What OKX's public channels tell, and when."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from exchangeclient.sandbox.dialects.okx import market_shapes
from exchangeclient.sandbox.dialects.okx.venue import Books
from exchangeclient.sandbox.engine.commands import Delist, SetStatus
from exchangeclient.sandbox.engine.instruments import DEFAULTS
from exchangeclient.sandbox.engine.words import Status

BTC = "BTC-USDT"


def told(socket: Any, channel: str) -> list[Any]:
    """The messages of a channel since the last time, acknowledgements left out."""
    return [each for each in socket.heard() if "data" in each and each["arg"]["channel"] == channel]


class Kept:
    """A book as a client keeps it."""

    def __init__(self) -> None:
        self.sides: dict[str, dict[str, list[str]]] = {"asks": {}, "bids": {}}
        self.seq = -1

    def take(self, message: Any) -> None:
        (row,) = message["data"]
        if message["action"] == "snapshot":
            assert row["prevSeqId"] == -1
            self.sides = {"asks": {}, "bids": {}}
        else:
            assert row["prevSeqId"] == self.seq
        self.seq = row["seqId"]
        for side, levels in self.sides.items():
            for level in row[side]:
                if level[1] == "0":
                    levels.pop(level[0], None)
                else:
                    levels[level[0]] = level

    def sorted(self) -> tuple[list[list[str]], list[list[str]]]:
        asks = sorted(self.sides["asks"].values(), key=lambda level: float(level[0]))
        return asks, sorted(self.sides["bids"].values(), key=lambda level: -float(level[0]))


@pytest.mark.parametrize("name", [BTC, "BTC-USDT-SWAP"])
def test_a_book_that_is_kept_is_the_books_own(bench: Any, wire: Callable[[str], Any], name: str) -> None:
    socket, kept = wire("public"), Kept()
    _, first = socket.subscribe({"channel": "books", "instId": name})
    kept.take(first)
    for _ in range(50):
        bench.pass_time(0.1)
        for message in told(socket, "books"):
            assert message["action"] == "update"
            assert message["data"][0]["checksum"] == 0
            kept.take(message)
        (truth,) = bench.rows("market/books", instId=name, sz=400)
        assert (truth["seqId"], truth["asks"], truth["bids"]) == (kept.seq, *kept.sorted())


def test_a_second_subscriber_begins_where_the_first_one_is(bench: Any, make_wire: Callable[..., Any]) -> None:
    early, late = Kept(), Kept()
    first, second = make_wire(bench, "public"), make_wire(bench, "public")
    early.take(first.subscribe({"channel": "books", "instId": BTC})[1])
    bench.pass_time(1.05)
    late.take(second.subscribe({"channel": "books", "instId": BTC})[1])
    bench.pass_time(1)
    for kept, socket in ((early, first), (late, second)):
        for message in told(socket, "books"):
            kept.take(message)
    assert early.seq == late.seq
    assert early.sorted() == late.sorted()


def test_levels_beyond_the_four_hundredth_are_deleted_and_come_back(make_bench: Callable[..., Any], make_wire: Callable[..., Any]) -> None:
    quiet = make_bench(traders=False, instruments=[replace(each, max_orders=500) for each in DEFAULTS])
    for place in range(401):
        quiet.order(quiet.wish("buy", "0.01", str(5000 - place)))
    socket, kept = make_wire(quiet, "public"), Kept()
    kept.take(socket.subscribe({"channel": "books", "instId": BTC})[1])
    assert len(kept.sides["bids"]) == 400
    number = quiet.order(quiet.wish("buy", "0.01", "5001"))
    quiet.pass_time(0.1)
    (update,) = told(socket, "books")
    assert update["data"][0]["bids"] == [["4601", "0", "0", "0"], ["5001", "0.01", "0", "1"]]
    quiet.tell("trade/cancel-order", {"instId": BTC, "ordId": number})
    quiet.pass_time(0.1)
    (update,) = told(socket, "books")
    assert update["data"][0]["bids"] == [["5001", "0", "0", "0"], ["4601", "0.01", "0", "1"]]


def test_a_still_book_says_once_a_minute_that_it_is_still_there(quiet: Any, make_wire: Callable[..., Any]) -> None:
    socket = make_wire(quiet, "public")
    _, first = socket.subscribe({"channel": "books", "instId": BTC})
    for _ in range(2):
        quiet.pass_time(59)
        assert told(socket, "books") == []
        quiet.pass_time(1.2)
        (beat,) = told(socket, "books")
        (row,) = beat["data"]
        assert (row["asks"], row["bids"], row["prevSeqId"], row["seqId"]) == ([], [], first["data"][0]["seqId"], first["data"][0]["seqId"])


def test_ids_that_begin_anew_name_the_one_before(bench: Any, wire: Callable[[str], Any]) -> None:
    socket, kept = wire("public"), Kept()
    kept.take(socket.subscribe({"channel": "books", "instId": BTC})[1])
    bench.pass_time(0.5)
    bench.app.venue.sequences.reset("BTCUSDT")
    bench.pass_time(1)
    seqs = [kept.seq]
    for message in told(socket, "books"):
        kept.take(message)
        seqs.append(kept.seq)
    assert sum(later < earlier for earlier, later in pairwise(seqs)) == 1
    (truth,) = bench.rows("market/books", instId=BTC, sz=400)
    assert (truth["seqId"], truth["asks"], truth["bids"]) == (kept.seq, *kept.sorted())


def test_books_without_a_first_snapshot_are_seeded_by_rest(make_bench: Callable[..., Any], make_wire: Callable[..., Any]) -> None:
    bench = make_bench(books=Books(snapshot=False))
    socket, kept = make_wire(bench, "public"), Kept()
    assert [each["event"] for each in socket.subscribe({"channel": "books", "instId": BTC})] == ["subscribe"]
    bench.pass_time(0.5)
    (seed,) = bench.rows("market/books", instId=BTC, sz=400)
    kept.take({"action": "snapshot", "data": [{**seed, "prevSeqId": -1}]})
    bench.pass_time(1)
    for message in told(socket, "books"):
        row = message["data"][0]
        assert message["action"] == "update"
        if row["seqId"] > kept.seq:
            assert row["prevSeqId"] <= kept.seq
            kept.seq = row["prevSeqId"]
            kept.take(message)
    (truth,) = bench.rows("market/books", instId=BTC, sz=400)
    assert (truth["asks"], truth["bids"]) == kept.sorted()


@pytest.mark.parametrize(
    ("bids", "asks", "expected"),
    [
        ([["3366.1", "7"], ["3366", "6"]], [["3366.8", "9"], ["3368", "8"]], -1881014294),
        ([["3366.1", "7"]], [["3366.8", "9"], ["3368", "8"], ["3372", "8"]], 831078360),
        ([["1", "2"]], [], 932632908),
    ],
)
def test_the_checksum_of_the_documents(bids: list[list[str]], asks: list[list[str]], expected: int) -> None:
    assert market_shapes.checksum(bids, asks) == expected


def test_checksums_where_they_are_asked_for(make_bench: Callable[..., Any], make_wire: Callable[..., Any]) -> None:
    bench = make_bench(books=Books(checksum=True))
    socket, kept = make_wire(bench, "public"), Kept()
    kept.take(socket.subscribe({"channel": "books", "instId": BTC})[1])
    bench.pass_time(1)
    messages = told(socket, "books")
    assert messages
    for message in messages:
        kept.take(message)
        asks, bids = kept.sorted()
        assert message["data"][0]["checksum"] == market_shapes.checksum(bids, asks) != 0


def test_the_top_is_told_as_it_is(bench: Any, wire: Callable[[str], Any]) -> None:
    socket = wire("public")
    socket.subscribe({"channel": "books5", "instId": BTC}, {"channel": "bbo-tbt", "instId": BTC})
    bench.pass_time(0.5)
    messages = socket.heard()
    assert {each["arg"]["channel"]: len(each["data"][0]["asks"]) for each in messages if "data" in each} == {"books5": 5, "bbo-tbt": 1}
    assert all("action" not in each and each["data"][0]["instId"] == BTC for each in messages)


def test_trades_of_one_taker_at_one_price_are_one(quiet: Any, make_wire: Callable[..., Any]) -> None:
    public, business = make_wire(quiet, "public"), make_wire(quiet, "business")
    public.subscribe({"channel": "trades", "instId": BTC})
    business.subscribe({"channel": "trades-all", "instId": BTC})
    for price in ("5800", "5800", "5801"):
        quiet.order(quiet.wish("sell", "1", price), account="other")
    quiet.order(quiet.wish("buy", "3", "5900"))
    rows = [each["data"][0] for each in told(public, "trades")]
    assert [(row["px"], row["sz"], row["count"], row["tradeId"], row["side"]) for row in rows] == [
        ("5800", "2", "2", "2", "buy"),
        ("5801", "1", "1", "3", "buy"),
    ]
    assert [each["data"][0]["tradeId"] for each in told(business, "trades-all")] == ["1", "2", "3"]


def test_a_ticker_comes_first_and_when_it_has_changed(quiet: Any, make_wire: Callable[..., Any]) -> None:
    socket = make_wire(quiet, "public")
    _, first = socket.subscribe({"channel": "tickers", "instId": BTC})
    assert first["data"][0]["instId"] == BTC
    quiet.pass_time(0.1)
    told(socket, "tickers")
    quiet.pass_time(1)
    assert told(socket, "tickers") == []
    quiet.order(quiet.wish("buy", "1", "5000"))
    quiet.pass_time(0.1)
    (again,) = told(socket, "tickers")
    assert (again["data"][0]["bidPx"], again["data"][0]["bidSz"]) == ("5000", "1")


def test_candles_grow_and_close(bench: Any, make_wire: Callable[..., Any]) -> None:
    socket = make_wire(bench, "business")
    _, first = socket.subscribe({"channel": "candle1m", "instId": BTC})
    assert first["data"][0][-1] == "0"
    rows = [first["data"][0]]
    for _ in range(130):
        bench.pass_time(1)
        rows += [each["data"][0] for each in told(socket, "candle1m")]
    closed = [row for row in rows if row[-1] == "1"]
    assert len(closed) == 2
    assert all(int(later[0]) - int(earlier[0]) == 60_000 for earlier, later in pairwise(closed))
    by_rest = {row[0]: row for row in bench.rows("market/candles", instId=BTC, bar="1m")}
    assert [by_rest[row[0]] for row in closed] == closed


def test_instruments_are_told_first_and_when_one_changes(bench: Any, wire: Callable[[str], Any]) -> None:
    socket = wire("public")
    _, first = socket.subscribe({"channel": "instruments", "instType": "SPOT"})
    assert first["data"] == bench.rows("public/instruments", instType="SPOT")
    bench.live.execute(SetStatus("BTC-USDT-SWAP", Status.HALT))
    assert told(socket, "instruments") == []
    bench.live.execute(SetStatus("BTCUSDT", Status.HALT))
    (message,) = told(socket, "instruments")
    assert [(row["instId"], row["state"]) for row in message["data"]] == [(BTC, "suspend")]


@pytest.mark.parametrize("channel", ["mark-price", "funding-rate", "open-interest", "price-limit"])
def test_what_is_told_of_the_swap(bench: Any, wire: Callable[[str], Any], channel: str) -> None:
    socket = wire("public")
    _, first = socket.subscribe({"channel": channel, "instId": "BTC-USDT-SWAP"})
    assert first["data"][0]["instId"] == "BTC-USDT-SWAP"
    bench.order(bench.contract("buy", "1"))
    bench.pass_time(31)
    assert told(socket, channel)


def test_nothing_is_told_of_what_was_delisted(bench: Any, wire: Callable[[str], Any]) -> None:
    socket = wire("public")
    socket.subscribe({"channel": "tickers", "instId": BTC}, {"channel": "books", "instId": BTC})
    bench.live.execute(Delist("BTCUSDT"))
    socket.heard()
    bench.pass_time(2)
    assert socket.heard() == []
    assert socket.subscribe({"channel": "books5", "instId": BTC})[0]["code"] == "60018"
    assert wire("public").subscribe({"channel": "tickers", "instId": BTC})[0]["code"] == "60018"


def test_times_are_the_venues_own(bench: Any, wire: Callable[[str], Any]) -> None:
    bench.app.venue.skew_us = 5_000_000
    bench.pass_time(0.1)
    socket = wire("public")
    socket.subscribe({"channel": "books5", "instId": BTC}, {"channel": "trades", "instId": BTC})
    bench.pass_time(10)
    for message in socket.heard():
        if message["arg"]["channel"] == "books5" and "data" in message:
            assert int(message["data"][0]["ts"]) - bench.now_us // 1000 > 5_000 - 10_200


SAMPLES = Path(__file__).resolve().parents[5] / "shared/samples/okx"


@pytest.mark.skipif(not SAMPLES.exists(), reason=f"{SAMPLES} is not at hand")
@pytest.mark.parametrize(
    ("sample", "path", "argument"),
    [
        ("ws_tickers", "public", {"channel": "tickers", "instId": BTC}),
        ("ws_trades", "public", {"channel": "trades", "instId": BTC}),
        ("ws_books_snapshot", "public", {"channel": "books", "instId": BTC}),
        ("ws_books_update", "public", {"channel": "books", "instId": BTC}),
        ("ws_candle", "business", {"channel": "candle1D", "instId": BTC}),
    ],
)
def test_messages_have_the_fields_of_the_samples(
    bench: Any, wire: Callable[[str], Any], sample: str, path: str, argument: dict[str, str]
) -> None:
    expected = json.loads((SAMPLES / f"{sample}.json").read_text(encoding="utf-8"))
    socket = wire(path)
    messages = socket.subscribe(argument)
    bench.pass_time(5)
    message = [each for each in (*messages, *socket.heard()) if "data" in each and each.get("action") == expected.get("action")][-1]
    assert set(expected) <= set(message)
    row, model = message["data"][0], expected["data"][0]
    if isinstance(model, dict):
        assert {name: type(row[name]) for name in model} == {name: type(value) for name, value in model.items()}
    else:
        assert list(map(type, row)) == list(map(type, model))
