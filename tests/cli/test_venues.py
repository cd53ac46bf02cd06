"""The commands at venues other than Binance: which work there, and in whose words."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from exchangeclient.cli.connect import client_class
from exchangeclient.cli.events import lines
from exchangeclient.desk import Desk, desk_of
from exchangeclient.sandbox import Sandbox

from .conftest import Run

SYMBOLS = {"okx": "BTC-USDT", "bitmex": "XBTUSD"}
SIZES = {"okx": "0.5", "bitmex": "500"}

Elsewhere = tuple[str, list[str]]


@pytest.fixture
def exchange() -> Iterator[Sandbox]:
    """One for each test: BitMEX lets an address that shows no key ask thirty times a minute."""
    with Sandbox(seed=7, limits="counted") as exchange:
        yield exchange


@pytest.fixture(params=["okx", "bitmex"])
def elsewhere(request: pytest.FixtureRequest, exchange: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Elsewhere:
    """A venue, and the options by which a command goes to it; the key of the sandbox's account is in the environment."""
    venue: str = request.param
    for word in ("key", "secret", "passphrase") if venue == "okx" else ("key", "secret"):
        monkeypatch.setenv(f"EXCHANGECLIENT_{venue.upper()}_{word.upper()}", word)
    return venue, ["--venue", venue, "--environment", exchange.urls[venue]["rest"]]


@pytest.fixture
def desk(elsewhere: Elsewhere, exchange: Sandbox) -> Desk:
    secrets = ("key", "secret", "passphrase") if elsewhere[0] == "okx" else ("key", "secret")
    return desk_of(client_class(elsewhere[0])(*secrets, environment=exchange.urls[elsewhere[0]]))


def test_prices_of_some_and_of_all(run: Run, elsewhere: Elsewhere) -> None:
    venue, there = elsewhere
    done = run("ticker", SYMBOLS[venue].lower(), *there)
    assert (done.code, done.err) == (0, "")
    heading, row = done.out.splitlines()
    assert heading.split() == ["symbol", "last", "change", "%", "high", "low", "bid", "ask", "volume"]
    _, last, _, high, low, bid, ask, _ = row.split()
    assert float(low) <= float(last) <= float(high)
    assert float(bid) < float(ask)
    told = json.loads(run("ticker", "--top", "2", "--json", *there).out)
    assert len(told) == 2
    assert {"instId", "symbol"} & told[0].keys(), "the venue's own fields"
    assert run("ticker", "NOSUCH", *there).code == 7


def test_the_book_live_and_once(run: Run, elsewhere: Elsewhere) -> None:
    venue, there = elsewhere
    done = run("book", SYMBOLS[venue], "--seconds", "1.5", *there)
    assert (done.code, done.err) == (0, "")
    assert all(re.fullmatch(r"\d\d:\d\d:\d\d\.\d{3}  \S+ \S+  \S+ \S+", line) for line in done.out.splitlines())
    assert done.out
    rows = [line.split() for line in run("book", SYMBOLS[venue], "--once", "--levels", "2", *there).out.splitlines()]
    assert [row[0] for row in rows] == ["side", "ask", "ask", "bid", "bid"]
    prices = [float(row[1]) for row in rows[1:]]
    assert prices == sorted(prices, reverse=True)
    assert json.loads(run("book", SYMBOLS[venue], "--once", "--json", *there).out)
    for once in ((), ("--once",)):
        assert run("book", "NOSUCH", *once, *there).code == 7


def test_events_come_in_the_venues_own_streams(run: Run, elsewhere: Elsewhere) -> None:
    venue, there = elsewhere
    streams = {"okx": ["bbo-tbt:BTC-USDT"], "bitmex": ["quote:XBTUSD"]}[venue]
    done = run("watch", *streams, "--count", "3", *there)
    assert (done.code, done.err) == (0, "")
    assert all(
        re.fullmatch(rf"\d\d:\d\d:\d\d\.\d{{3}}  {streams[0]}  [\d.]+ [\d.]+  [\d.]+ [\d.]+", line) for line in done.out.splitlines()
    )
    assert done.out
    event = json.loads(run("watch", *streams, "--count", "1", "--json", *there).out)
    assert {"arg", "table"} & event.keys()
    assert run("watch", "btcusdt@trade", "--count", "1", *there).code in (2, 5), "no stream of this venue"


def test_what_the_account_has(run: Run, elsewhere: Elsewhere) -> None:
    _, there = elsewhere
    done = run("account", "btc", "nothing", *there)
    assert (done.code, done.err) == (0, "")
    assert [line.split()[0] for line in done.out.splitlines()] == ["asset", "BTC", "NOTHING"]
    assert json.loads(run("account", "--json", *there).out)


def test_an_order_is_placed_found_and_cancelled(run: Run, elsewhere: Elsewhere, desk: Desk) -> None:
    venue, there = elsewhere
    symbol, size = SYMBOLS[venue], SIZES[venue]
    done = run("order", "place", "buy", symbol.lower(), size, "--price", "4000", *there)
    assert done.code == 0, done.err
    known = re.search(r"^sending as (\S+): BUY ", done.err, re.MULTILINE)
    assert known is not None
    placed = dict(line.split(None, 1) for line in done.out.splitlines())
    order = desk.order(symbol, placed["id"])
    assert (order.client_order_id, order.status, str(order.price)) == (known[1], "NEW", "4000")
    shown = run("order", "show", symbol, "--client-order-id", known[1], *there)
    assert placed["id"] in shown.out
    assert placed["id"] in run("order", "list", *there).out
    assert placed["id"] in run("order", "list", symbol, "--json", *there).out
    gone = run("order", "cancel", symbol, placed["id"], "--json", *there)
    assert (gone.code, len(json.loads(gone.out))) == (0, 1)
    assert desk.order(symbol, placed["id"]).status == "CANCELED"
    again = run("order", "cancel", symbol, placed["id"], *there)
    assert (again.code, again.out) == (7, "")
    assert placed["id"] in run("order", "list", symbol, "--all", *there).out


def test_every_open_order_of_a_symbol_is_cancelled(run: Run, elsewhere: Elsewhere, desk: Desk) -> None:
    venue, there = elsewhere
    symbol = SYMBOLS[venue]
    for price in ("4000", "4001"):
        assert run("order", "place", "buy", symbol, SIZES[venue], "--price", price, *there).code == 0
    done = run("order", "cancel", symbol, "--all", *there)
    assert (done.code, len(done.out.splitlines())) == (0, 3)
    assert desk.open_orders(symbol) == []
    assert run("order", "cancel", symbol, "--all", *there).code == 0
    assert json.loads(run("order", "cancel", symbol, "--all", "--json", *there).out) == []


def test_an_order_that_breaks_a_rule_is_not_sent(run: Run, elsewhere: Elsewhere, desk: Desk) -> None:
    venue, there = elsewhere
    done = run("order", "place", "buy", SYMBOLS[venue], SIZES[venue], "--price", "4000.123", *there)
    assert (done.code, done.out, "nothing was sent" in done.err) == (9, "", True)
    assert desk.open_orders(SYMBOLS[venue]) == []


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--market", "--preview"], "binance alone"),
        (["--market", "--round"], "binance alone"),
        (["--price", "4000", "--stop", "1", "--type", "STOP_LOSS_LIMIT"], "from Python alone"),
    ],
)
def test_what_is_not_there_is_refused_before_anything_is_sent(run: Run, elsewhere: Elsewhere, options: list[str], says: str) -> None:
    venue, there = elsewhere
    done = run("order", "place", "buy", SYMBOLS[venue], SIZES[venue], *options, *there)
    assert (done.code, done.out, says in done.err) == (2, "", True)
    assert "sending" not in done.err


def test_nothing_is_sent_to_a_live_venue_without_somebody_who_agrees(run: Run, elsewhere: Elsewhere) -> None:
    venue, _ = elsewhere
    for command in (
        ["place", "buy", SYMBOLS[venue], "1", "--market"],
        ["cancel", SYMBOLS[venue], "1"],
        ["cancel", SYMBOLS[venue], "--all"],
    ):
        done = run("order", *command, "--venue", venue)  # the address is that of the live venue
        assert (done.code, "unless there is --yes" in done.err) == (2, True)


PLACES = {"okx": "POST /api/v5/trade/order", "bitmex": "POST /api/v1/order"}
ASKS = {"okx": "GET /api/v5/trade/order*", "bitmex": "GET /api/v1/order*"}


def test_an_order_whose_answer_is_lost_is_found_and_sent_once(run: Run, elsewhere: Elsewhere, desk: Desk, exchange: Sandbox) -> None:
    venue, there = elsewhere
    with exchange.fault("drop", route=PLACES[venue], when="after", times=1) as fault:
        done = run("order", "place", "buy", SYMBOLS[venue], SIZES[venue], "--price", "4000", *there)
        assert fault.hits == 1
    assert done.code == 0, done.err
    assert len(desk.open_orders(SYMBOLS[venue])) == 1


def test_an_order_of_which_nobody_knows_is_told_and_settled_later(
    run: Run, elsewhere: Elsewhere, desk: Desk, exchange: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    venue, there = elsewhere
    defaults = client_class(venue).__init__.__kwdefaults__
    with (
        exchange.fault("drop", route=PLACES[venue], when="after", times=1),
        exchange.fault("error", route=ASKS[venue], status=503),
        monkeypatch.context() as impatient,
    ):
        impatient.setitem(defaults, "settle_timeout", 0.5)
        done = run("order", "place", "buy", SYMBOLS[venue], SIZES[venue], "--price", "4000", *there)
        assert done.code == 11, done.err
        proposed = re.search(r"  exchangeclient (order show .*)", done.err)
        assert proposed is not None
        assert run("order", "undecided", *there).code == 11
    (order,) = desk.open_orders(SYMBOLS[venue])
    assert order.order_id in run(*proposed[1].split()).out
    (row,) = json.loads(run("order", "undecided", "--json", *there).out)
    assert (row["client order id"], row["was placed"]) == (order.client_order_id, True)
    assert row["status"] in ("live", "New"), "the venue's own word"
    assert len(desk.open_orders(SYMBOLS[venue])) == 1


def test_no_order_is_in_doubt(run: Run, elsewhere: Elsewhere) -> None:
    _, there = elsewhere
    done = run("order", "undecided", "--json", *there)
    assert (done.code, json.loads(done.out)) == (0, [])


def test_candles_to_a_file_and_to_an_archive(run: Run, elsewhere: Elsewhere, tmp_path: Path) -> None:
    venue, there = elsewhere
    symbol, archive = SYMBOLS[venue], str(tmp_path / "a.db")
    done = run("klines", "fetch", symbol.lower(), "1h", "--start", "30 days ago UTC", "--end", "2 days ago UTC", *there)
    assert (done.code, done.err) == (0, "")
    heading, *rows = done.out.splitlines()
    assert heading.startswith("open_time,open,high")
    opened = [int(row.split(",")[0]) for row in rows]
    assert len(rows) > 600, "more than a page"
    assert opened == list(range(opened[0], opened[0] + 3_600_000 * len(rows), 3_600_000))
    told = json.loads(run("klines", "fetch", symbol, "1h", "--start", "2 hours ago UTC", "--json", *there).out)
    assert told[0]["taker_buy_base"] is None
    assert run("klines", "sync", archive, symbol, "-i", "1h", "--start", "30 days ago UTC", "--share", "1", *there).code == 0
    verified = run("klines", "verify", archive, "--ask", *there)
    assert verified.code == 0, verified.out
    stored = run("klines", "export", archive, symbol, "1h", "--end", "2 days ago UTC").out.splitlines()
    assert [row for row in stored if row in rows] == rows, "the same candles, to the letter"


def test_candles_that_the_venue_does_not_have(run: Run, elsewhere: Elsewhere) -> None:
    venue, there = elsewhere
    for interval in ("7h", "aggTrades", "often"):
        done = run("klines", "fetch", SYMBOLS[venue], interval, "--start", "1 day ago UTC", *there)
        assert (done.code, done.out) == (2, "")
    assert run("klines", "fetch", "NOSUCH", "1h", "--start", "1 day ago UTC", *there).code == 7


def test_the_embedded_exchange_has_a_name_of_its_own_in_archives(run: Run, elsewhere: Elsewhere, tmp_path: Path) -> None:
    venue, _ = elsewhere
    path = str(tmp_path / "a.db")
    assert run("klines", "sync", path, SYMBOLS[venue], "-i", "1d", "--sandbox", "--venue", venue).code == 0
    assert run("klines", "show", path).out.splitlines()[1].split()[0] == f"sandbox-{venue}"


def test_the_way_to_a_venue_is_looked_at(run: Run, elsewhere: Elsewhere, tmp_path: Path) -> None:
    _, there = elsewhere
    done = run("doctor", "--folder", str(tmp_path), "--json", *there)
    assert done.code == 0, done.out
    assert "the venue takes the key" in done.out


def test_what_can_be_called(run: Run, elsewhere: Elsewhere) -> None:
    venue, there = elsewhere
    assert json.loads(run("endpoints", "--venue", venue, "--json").out)
    assert json.loads(run("call", "get_server_time", *there).out)


def test_recordings_are_of_one_venue(run: Run, elsewhere: Elsewhere, tmp_path: Path) -> None:
    venue, there = elsewhere
    done = run("record", SYMBOLS[venue], "--out", str(tmp_path / "a.jsonl.gz"), "--seconds", "1", *there)
    assert (done.code, "record works at binance alone" in done.err) == (2, True)
    assert list(tmp_path.iterdir()) == []


def test_what_bitmex_was_is_told(run: Run) -> None:
    for command in (["ticker", "XBTUSD"], ["watch", "trade:XBTUSD"], ["klines", "fetch", "XBTUSD", "1h", "--start", "2020-01-01"]):
        done = run(*command, "--venue", "bitmex")
        assert (done.code, "closed on 2026-09-23" in done.err) == (5, True)


# ---- what events say -------------------------------------------------------------------------------------------------

OKX: Callable[..., object] = lambda channel, *rows: {"arg": {"channel": channel, "instId": "BTC-USDT"}, "data": list(rows)}  # noqa: E731
BITMEX: Callable[..., object] = lambda table, *rows: {"table": table, "action": "insert", "data": list(rows)}  # noqa: E731


@pytest.mark.parametrize(
    ("event", "told"),
    [
        (OKX("trades", {"px": "2.50", "sz": "0.10", "side": "sell"}), [("trades:BTC-USDT", "sold 0.1 at 2.5")]),
        (OKX("trades", {"px": "much"}), [("trades:BTC-USDT", '{"px": "much"}')]),
        (OKX("candle1m", ["1", "2", "3", "1", "2.5", "7", "8", "9", "1"]), [
            ("candle1m:BTC-USDT", "open 2  high 3  low 1  close 2.5  volume 7  closed")]),
        (OKX("books", {"seqId": 7, "bids": [["1", "2"]], "asks": []}), [("books:BTC-USDT", "up to 7: 1 bids, 0 asks")]),
        (OKX("tickers", {"last": "2.0", "high24h": "3", "low24h": "1", "vol24h": "9"}), [
            ("tickers:BTC-USDT", "last 2  high 3  low 1  volume 9")]),
        (OKX("new", {"a": 1}, {"a": 2}), [("new:BTC-USDT", '{"a": 1}'), ("new:BTC-USDT", '{"a": 2}')]),
        (BITMEX("trade", {"symbol": "XBTUSD", "side": "Buy", "size": 100, "price": 5800.50}), [("trade:XBTUSD", "bought 100 at 5800.5")]),
        (BITMEX("tradeBin1h", {"symbol": "XBTUSD", "open": 1, "high": 3, "low": 1, "close": 2, "volume": 9}), [
            ("tradeBin1h:XBTUSD", "open 1  high 3  low 1  close 2  volume 9")]),
        (BITMEX("orderBookL2", {"symbol": "XBTUSD"}, {"symbol": "XBTUSD"}), [("orderBookL2:XBTUSD", "insert of 2 levels")]),
        (BITMEX("chat", {"id": 1}), [("chat", '{"id": 1}')]),
        ({"event": "notice"}, [("", '{"event": "notice"}')]),
    ],
)  # fmt: skip
def test_what_an_event_says(event: object, told: list[tuple[str, str]]) -> None:
    assert list(lines(event)) == told
