"""Real streams of the venue, replayed through the package's own stream and book code, end in the books that were worked out elsewhere.

The recordings lie beside the repository; where they do not, these tests are skipped and say so.
"""

from __future__ import annotations

import gzip
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from exchangeclient.binance import streams
from exchangeclient.binance.depth import DepthCacheManager
from exchangeclient.binance.replay import Replay as Replaying
from exchangeclient.binance.sequence import DepthRule
from exchangeclient.binance.streams import CombinedSession
from exchangeclient.core.books.depthcache import DepthCache
from exchangeclient.core.protocol.session import Incoming, Wishes
from exchangeclient.market.book import OrderBook
from exchangeclient.market.booksync import BookSync, Place, Snapshot, Step

RECORDINGS = Path(__file__).resolve().parents[2].parent / "shared" / "recordings"

pytestmark = pytest.mark.skipif(not (RECORDINGS / "binance.jsonl.gz").exists(), reason=f"no recordings in {RECORDINGS}")


@dataclass
class Replay:
    """One symbol's book while the recording plays."""

    sync: BookSync = field(default_factory=lambda: BookSync(DepthRule()))
    stats: Counter[str] = field(default_factory=Counter)
    snapshot_id: int = 0
    states: dict[int, tuple[Any, Any]] = field(default_factory=dict)

    def remember(self) -> None:
        assert self.sync.book is not None
        self.states[self.sync.last_id] = (self.sync.book.bids.best(), self.sync.book.asks.best())


@pytest.fixture(scope="module")
def replays() -> dict[str, Replay]:
    """Each symbol's replay: diffs in the order they were received, snapshots when they were."""
    books: dict[str, Replay] = {}
    session: CombinedSession | None = None
    tickers: list[dict[str, Any]] = []
    with gzip.open(RECORDINGS / "binance.jsonl.gz", "rt", encoding="utf-8") as lines:
        records = [json.loads(line) for line in lines]
    for record in records:
        address = urlsplit(record["url"])
        if record["dir"] == "open":
            names = parse_qs(address.query)["streams"][0].split("/")
            session = CombinedSession(f"wss://{address.netloc}", Wishes(names))
            session.opened(record["t"])
            for name in names:
                if "@depth" in name:
                    books[name.partition("@")[0].upper()] = Replay()
            for book in books.values():
                book.sync.begin()
        elif record["dir"] == "http" and address.path.endswith("/depth"):
            answer = json.loads(record["msg"])
            book = books[parse_qs(address.query)["symbol"][0]]
            assert book.sync.snapshot(Snapshot(answer["lastUpdateId"], OrderBook(answer["bids"], answer["asks"]))) is Step.APPLY
            book.snapshot_id = answer["lastUpdateId"]
            book.remember()
        elif record["dir"] == "in":
            assert session is not None
            payload = record["msg"].encode()
            assert session.receive(payload) is Incoming.EVENT
            event = session.decode(payload)["data"]
            if event.get("e") == "depthUpdate":
                _take(books[event["s"]], payload)
            elif "e" not in event:
                tickers.append(event)
    for ticker in tickers:
        book = books[ticker["s"]]
        if ticker["u"] in book.states:
            book.stats["bookTicker_same"] += book.states[ticker["u"]] == ((ticker["b"], ticker["B"]), (ticker["a"], ticker["A"]))
            book.stats["bookTicker_compared"] += 1
    return books


def _take(book: Replay, payload: bytes) -> None:
    diff = streams.depth_diff(payload)
    assert diff is not None
    book.stats["events"] += 1
    step = book.sync.diff(diff)
    assert step is not Step.RESYNC
    if step is Step.APPLY:
        book.stats["applied_live"] += 1
        book.remember()


@pytest.fixture(scope="module")
def expected() -> dict[str, Any]:
    books: dict[str, Any] = json.loads((RECORDINGS / "expected.json").read_text(encoding="utf-8"))["binance"]
    return books


def test_replayed_books_equal_those_of_the_independent_script(replays: dict[str, Replay], expected: dict[str, Any]) -> None:
    assert expected.keys() <= replays.keys()
    for symbol, want in expected.items():
        book = replays[symbol].sync.book
        assert book is not None
        bids, asks = book.top(20)
        assert [list(level) for level in bids] == want["bids"]
        assert [list(level) for level in asks] == want["asks"]
        assert (len(book.bids), len(book.asks)) == (want["levels_bid"], want["levels_ask"])
        assert book.crossed is want["crossed"]
        assert replays[symbol].sync.last_id == want["last_update_id"]
        assert replays[symbol].snapshot_id == want["snapshot_last_update_id"]
        assert replays[symbol].stats["events"] == want["stats"]["events"]


def test_depth_cache_managers_end_in_the_books_of_the_independent_script(replays: dict[str, Replay], expected: dict[str, Any]) -> None:
    """The file once more, as a user would have seen it: client, socket manager, depth cache managers and callbacks."""
    tops: dict[str, dict[int, Any]] = {symbol: {} for symbol in replays}

    def remember(cache: DepthCache | None) -> None:
        assert cache is not None
        tops[cache.symbol][cache.update_id] = cache.top(1)

    with Replaying(RECORDINGS / "binance.jsonl.gz") as replay:
        shared = replay.manager()
        managers = {
            symbol: DepthCacheManager(replay.client, symbol, remember, bm=shared, limit=1000, ws_interval=100, conv_type=str)
            for symbol in replays
        }
        replay.play()
        for symbol, want in expected.items():
            cache = managers[symbol].get_depth_cache()
            assert (cache.get_bids(20), cache.get_asks(20)) == (want["bids"], want["asks"])
            assert (len(cache.get_bids()), len(cache.get_asks())) == (want["levels_bid"], want["levels_ask"])
            assert cache.update_id == want["last_update_id"]
            stats = cache.stats()
            assert stats.pop("applied") == replays[symbol].stats["applied_live"]
            assert set(stats.values()) == {0}
    compared = 0
    for symbol, ticker in book_tickers():
        if (top := tops.get(symbol, {}).get(ticker["u"])) is not None:
            assert top == (((ticker["b"], ticker["B"]),), ((ticker["a"], ticker["A"]),))
            compared += 1
    assert compared == 26  # the recordings' README counts as many


def book_tickers() -> Iterator[tuple[str, dict[str, Any]]]:
    """What the venue said of the best bid and ask itself."""
    with gzip.open(RECORDINGS / "binance.jsonl.gz", "rt", encoding="utf-8") as lines:
        for record in map(json.loads, lines):
            if record["dir"] == "in" and "@bookTicker" in json.loads(record["msg"])["stream"]:
                event = json.loads(record["msg"])["data"]
                yield event["s"], event


def test_all_four_books_are_live_from_their_snapshot_to_the_end(replays: dict[str, Replay]) -> None:
    assert sorted(replays) == ["BLZETH", "LRCBTC", "NKNUSDT", "RUNEEUR"]
    assert all(replay.sync.live for replay in replays.values())
    assert sum(replay.stats["events"] for replay in replays.values()) == 177


def test_best_bid_and_ask_agree_with_the_venues_own_ticker_wherever_ids_meet(replays: dict[str, Replay], expected: dict[str, Any]) -> None:
    for replay in replays.values():
        assert replay.stats["bookTicker_same"] == replay.stats["bookTicker_compared"]
    for symbol, want in expected.items():
        assert replays[symbol].stats["bookTicker_same"] == want["stats"]["bookTicker_same"]
    assert sum(replay.stats["bookTicker_same"] for replay in replays.values()) == 26  # the recordings' README counts as many


def test_chain_of_the_recording_is_what_the_rule_says(expected: dict[str, Any]) -> None:
    """The rule alone, on every event of the file, counts what the independent script counted."""
    rule = DepthRule()
    counts: dict[str, Counter[str]] = {symbol: Counter() for symbol in expected}
    ids = {symbol: want["snapshot_last_update_id"] for symbol, want in expected.items()}
    with gzip.open(RECORDINGS / "binance.jsonl.gz", "rt", encoding="utf-8") as lines:
        for line in lines:
            record = json.loads(line)
            if record["dir"] != "in":
                continue
            diff = streams.depth_diff(record["msg"].encode())
            symbol = json.loads(record["msg"])["data"]["s"]
            if diff is None or symbol not in ids:
                continue
            place = rule.place(diff, ids[symbol])
            if place is Place.OLD:
                counts[symbol]["stale_dropped"] += 1
                continue
            assert place is Place.NEXT
            counts[symbol]["chained" if counts[symbol]["applied"] else "first_event_ok"] += 1
            counts[symbol]["applied"] += 1
            ids[symbol] = diff.last_id
    for symbol, want in expected.items():
        for name in ("stale_dropped", "chained", "first_event_ok", "applied"):
            assert counts[symbol][name] == want["stats"][name], (symbol, name)


def test_texts_are_the_venues_own(replays: dict[str, Replay]) -> None:
    for replay in replays.values():
        assert replay.sync.book is not None
        for price, quantity in replay.sync.book.top(50)[0]:
            assert len(price.partition(".")[2]) == len(quantity.partition(".")[2]) == 8
            assert Decimal(quantity) > 0
