"""The venue's recorded stream, replayed through the package's own code, ends in the books that were worked out elsewhere.

The recordings lie beside the repository; where they do not, these tests are skipped and say so.
"""

from __future__ import annotations

import gzip
import json
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from exchangeclient.core.protocol.session import Incoming, Wishes
from exchangeclient.market.booksync import BookSync, Snapshot, Step
from exchangeclient.okx.messages import routed
from exchangeclient.okx.sequence import SeqRule
from exchangeclient.okx.streams import BookReader, StreamSession

RECORDINGS = Path(__file__).resolve().parents[2].parent / "shared" / "recordings"

pytestmark = pytest.mark.skipif(not (RECORDINGS / "okx.jsonl.gz").exists(), reason=f"no recordings in {RECORDINGS}")


@dataclass
class Replay:
    """One instrument's book while the recording plays."""

    sync: BookSync = field(default_factory=lambda: BookSync(SeqRule()))
    reader: BookReader = field(default_factory=BookReader)
    checked: int = 0
    every_10th: list[Any] = field(default_factory=list)


@pytest.fixture(scope="module")
def replays() -> dict[str, Replay]:
    books: dict[str, Replay] = {}
    session = StreamSession("wss://x.example", "public", Wishes())
    session.opened(0.0)
    kinds: Counter[str] = Counter()
    with gzip.open(RECORDINGS / "okx.jsonl.gz", "rt", encoding="utf-8") as lines:
        records = [json.loads(line) for line in lines]
    for record in records:
        if record["dir"] != "in":
            continue
        payload = record["msg"].encode()
        outcome = session.receive(payload)
        found = routed(payload) if outcome is Incoming.EVENT else None
        if found is None:
            kinds["replies"] += 1
            continue
        channel, _, inst_id = found[0].partition(":")
        kinds[channel] += 1
        if channel == "books":
            _take(books.setdefault(inst_id, Replay()), payload, json.loads(record["msg"])["data"][0])
    assert kinds == {"replies": 18, "tickers": 28, "trades": 74, "books": 290}
    return books


def _take(replay: Replay, payload: bytes, row: dict[str, Any]) -> None:
    assert row["checksum"]
    said = replay.reader.read(payload)
    if isinstance(said, Snapshot):
        replay.sync.begin()
        assert replay.sync.snapshot(said) is Step.APPLY
    else:
        assert said is not None
        assert said.checksum == row["checksum"]
        assert replay.sync.diff(said) is Step.APPLY
    assert replay.sync.book is not None
    replay.checked += replay.sync.book.checksum() == row["checksum"]
    if replay.checked % 10 == 0:
        best = [list(side.best() or ()) for side in (replay.sync.book.bids, replay.sync.book.asks)]
        replay.every_10th.append([row["ts"], row["checksum"], *best])


def test_every_one_of_the_recorded_checksums_is_that_of_the_book(replays: dict[str, Replay]) -> None:
    assert sum(replay.checked for replay in replays.values()) == 290
    assert {inst_id: replay.sync.proof.applied for inst_id, replay in replays.items()} == {
        "BTC-USDT": 97,
        "BTC-USD-220527": 98,
        "UNI-USD-SWAP": 92,
    }


def test_replayed_books_equal_those_of_the_independent_script(replays: dict[str, Replay]) -> None:
    expected = json.loads((RECORDINGS / "expected.json").read_text(encoding="utf-8"))["okx"]
    assert expected
    for inst_id, want in expected.items():
        replay = replays[inst_id]
        book = replay.sync.book
        assert book is not None
        bids, asks = book.top(20)
        assert [list(level) for level in bids] == want["bids"]
        assert [list(level) for level in asks] == want["asks"]
        assert (len(book.bids), len(book.asks), book.crossed) == (want["levels_bid"], want["levels_ask"], want["crossed"])
        assert replay.every_10th == want["every_10th"]


def of_btc() -> list[bytes]:
    """The messages of one book."""
    with gzip.open(RECORDINGS / "okx.jsonl.gz", "rt", encoding="utf-8") as lines:
        payloads = [record["msg"].encode() for record in map(json.loads, lines) if record["dir"] == "in"]
    return [payload for payload in payloads if b'"data"' in payload and (found := routed(payload)) and found[0] == "books:BTC-USDT"]


def played(payloads: list[bytes]) -> tuple[BookSync, int]:
    """The book after these, and how many it took until something was wrong with it."""
    sync, reader = BookSync(SeqRule()), BookReader()
    for number, payload in enumerate(payloads):
        said = reader.read(payload)
        if isinstance(said, Snapshot):
            sync.begin()
            assert sync.snapshot(said) is Step.APPLY
        elif said is not None and sync.diff(said) is Step.RESYNC:
            return sync, number
    return sync, len(payloads)


def test_B11_a_change_that_is_lost_is_found_out_by_the_next_checksum() -> None:
    payloads = of_btc()
    for lost in (1, 5, 40):
        sync, number = played([*payloads[:lost], *payloads[lost + 1 :]])
        assert (sync.proof.disproved, sync.live, number) == (1, False, lost)
        assert "checksum" in sync.trouble


def test_B11_one_byte_that_was_changed_is_found_out_at_once() -> None:
    payloads, tried = of_btc(), 0
    for number in range(1, len(payloads)):
        before, _ = played(payloads[:number])
        after, _ = played(payloads[: number + 1])
        assert after.book is not None
        assert before.book is not None
        fresh = set(after.book.bids.top(25)) - set(before.book.bids.top(25))
        row = json.loads(payloads[number])["data"][0]
        changed = [level for level in row["bids"] if tuple(level[:2]) in fresh]
        if not changed:
            continue
        price, quantity = changed[0][:2]
        other = str((int(quantity[0]) + 1) % 9 + 1) + quantity[1:]
        spoiled = payloads[number].replace(f'"{price}","{quantity}"'.encode(), f'"{price}","{other}"'.encode())
        if spoiled == payloads[number]:
            continue
        sync, found = played([*payloads[:number], spoiled])
        assert (found, sync.live, sync.proof.disproved) == (number, False, 1)
        tried += 1
        if tried == 15:
            return
    raise AssertionError(f"only {tried} bytes could be changed")
