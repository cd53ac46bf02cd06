"""The venue's recorded feed, replayed through the package's own code: counts, books and tops are those that were worked out elsewhere.

The recordings lie beside the repository; where they do not, these tests are skipped and say so.
"""

from __future__ import annotations

import gzip
import json
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from exchangeclient.bitmex.bookrows import BookReader
from exchangeclient.bitmex.messages import routed
from exchangeclient.bitmex.sequence import CountRule
from exchangeclient.bitmex.streams import StreamSession
from exchangeclient.bitmex.tables import Storage, Table, findItemByKeys
from exchangeclient.core.protocol.session import Incoming, Wishes
from exchangeclient.market.booksync import BookSync, Snapshot, Step

RECORDINGS = Path(__file__).resolve().parents[2].parent / "shared" / "recordings"

pytestmark = pytest.mark.skipif(not (RECORDINGS / "bitmex.jsonl.gz").exists(), reason=f"no recordings in {RECORDINGS}")


def payloads() -> Iterator[bytes]:
    with gzip.open(RECORDINGS / "bitmex.jsonl.gz", "rt", encoding="utf-8") as lines:
        yield from (record["msg"].encode() for record in map(json.loads, lines) if record["dir"] == "in")


@pytest.fixture(scope="module")
def frames() -> list[bytes]:
    """What is left when the session has taken its own."""
    session = StreamSession("wss://x.example/realtime", Wishes())
    session.opened(0.0)
    outcomes = [(payload, session.receive(payload)) for payload in payloads()]
    assert sum(outcome is Incoming.REPLY for _, outcome in outcomes) == 31, "a welcome and thirty confirmations"
    assert session.welcomed
    return [payload for payload, outcome in outcomes if outcome is Incoming.EVENT]


@pytest.fixture(scope="module")
def expected() -> dict[str, Any]:
    found: dict[str, Any] = json.loads((RECORDINGS / "expected.json").read_text(encoding="utf-8"))["bitmex"]
    assert len(found) == 5
    return found


def test_the_tables_count_what_the_sheet_counts(frames: list[bytes], expected: dict[str, Any]) -> None:
    storage = Storage(report_deletes=True)
    messages, rows = Counter[tuple[str, str]](), Counter[tuple[str, str]]()
    trades: list[Any] = []
    for payload in frames:
        message = json.loads(payload)
        told = storage.take(message)
        messages[message["table"], message["action"]] += 1
        rows[message["table"], message["action"]] += len(told)
        assert len(told) == len(message["data"])
        trades += [item for item, _, table, _ in told if table == "trade"]
    assert messages == {
        ("orderBookL2", "partial"): 10, ("orderBookL2", "insert"): 445, ("orderBookL2", "update"): 1090, ("orderBookL2", "delete"): 434,
        ("quote", "partial"): 10, ("quote", "insert"): 83, ("trade", "partial"): 10, ("trade", "insert"): 7,
    }  # fmt: skip
    assert rows == {
        ("orderBookL2", "partial"): 11_746, ("orderBookL2", "insert"): 554, ("orderBookL2", "update"): 1490, ("orderBookL2", "delete"): 543,
        ("quote", "partial"): 10, ("quote", "insert"): 426, ("trade", "partial"): 10, ("trade", "insert"): 17,
    }  # fmt: skip
    assert storage.counts == {}, "nothing early, unknown or repeated"
    assert storage.keys == {"orderBookL2": ["symbol", "id", "side"], "quote": [], "trade": []}
    assert storage.data["trade"] == trades
    assert len(trades) == 27, "unkeyed tables are lists; keyed by time and symbol ten would be lost"
    book = storage.data["orderBookL2"]
    assert isinstance(book, Table)
    assert len(book) == 11_746 + 554 - 543
    sizes = Counter(row["symbol"] for row in book)
    assert {symbol: sizes[symbol] for symbol in expected} == {symbol: want["rows"] for symbol, want in expected.items()}
    assert Counter(row["side"] for row in book if row["symbol"] == "XBTUSD") == {"Buy": 5557, "Sell": 3795}
    flat = list(book)
    for row in flat[::97]:
        assert findItemByKeys(storage.keys["orderBookL2"], book, row) is row
    for row in flat[::997]:
        assert findItemByKeys(["id", "side"], flat, row) is row


def test_the_books_end_as_those_of_the_independent_script_and_are_never_crossed(frames: list[bytes], expected: dict[str, Any]) -> None:
    syncs: dict[str, BookSync] = {}
    readers: dict[str, BookReader] = {}
    quotes: dict[str, Any] = {}
    checked = 0
    for payload in frames:
        found = routed(payload)
        assert found is not None
        table, _, symbol = found[0].partition(":")
        if table == "quote":
            quotes[symbol] = json.loads(payload)["data"][-1]
        if table != "orderBookL2":
            continue
        said = readers.setdefault(symbol, BookReader(symbol)).read(payload)
        sync = syncs.setdefault(symbol, BookSync(CountRule()))
        if isinstance(said, Snapshot):
            sync.begin()
            assert sync.snapshot(said) is Step.APPLY
        else:
            assert said is not None
            assert sync.diff(said) is Step.APPLY
        assert sync.book is not None
        assert not sync.book.crossed
        checked += 1
    assert checked == 1979
    assert sum(sync.proof.applied for sync in syncs.values()) == 1969
    for symbol, want in expected.items():
        book = syncs[symbol].book
        assert book is not None
        bids, asks = book.top(20)
        assert [list(level) for level in bids] == want["bids"]
        assert [list(level) for level in asks] == want["asks"]
        assert (len(book.bids), len(book.asks)) == (want["levels_bid"], want["levels_ask"])
    same = {symbol for symbol, sync in syncs.items() if top_of(sync) == quoted(quotes[symbol])}
    assert syncs.keys() - same == {"TRXUSDT"}, "of which the recording stops between the two"


def top_of(sync: BookSync) -> list[Decimal]:
    assert sync.book is not None
    ((bid,), (ask,)) = sync.book.top(1)
    return [Decimal(text) for text in (*bid, *ask)]


def quoted(row: dict[str, Any]) -> list[Decimal]:
    return [Decimal(str(row[name])) for name in ("bidPrice", "bidSize", "askPrice", "askSize")]


def test_B15_a_message_that_is_lost_is_found_out_by_what_comes_of_its_rows(frames: list[bytes]) -> None:
    own = [payload for payload in frames if (found := routed(payload)) and found[0] == "orderBookL2:XBTUSD"]
    inserts = [number for number, payload in enumerate(own) if b'"action":"insert"' in payload]
    found_out = 0
    for lost in inserts[:12:2]:
        reader, sync = BookReader("XBTUSD"), BookSync(CountRule())
        for number, payload in enumerate(own):
            said = None if number == lost else reader.read(payload)
            if isinstance(said, Snapshot):
                sync.begin()
                sync.snapshot(said)
            elif said is not None and sync.diff(said) is Step.RESYNC:
                found_out += 1
                assert number > lost
                assert not sync.live
                assert "does not follow" in reader.trouble
                assert all(reader.read(later) is None for later in own[number + 1 : number + 100]), (
                    "nothing is read before the next partial"
                )
                break
    assert found_out >= 3, "the others were not touched again within the recording"
