"""An order book takes recorded changes and is read after each, the 20 best levels of both sides, beside the books of others.

The changes are those of NKNUSDT in the recordings that lie beside the checkout: as they were recorded, ten times a second; and by the
second, as the stream sends them that a depth cache opens if nothing else is said. All books show the same in the end, which is checked.
"""

from __future__ import annotations

import gzip
import json
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import peers
from measure import ROOT, Figure, interleaved, started

OURS = "exchangeclient"
RECORDING = ROOT.parent / "shared" / "recordings" / "binance.jsonl.gz"
SYMBOL = "NKNUSDT"
TARGETS = {"python-binance": 60.0, "ccxt": 1.7, "order-book": 2.0}
DEEP_TARGET = 300.0  # beside python-binance, with 5,000 levels a side
FLAT_TARGET = 1.25  # 5,000 levels beside 1,000
BIDS_TARGET = 2.5

Recorded = dict[str, Any]


def run(*, quick: bool) -> list[Figure]:
    """Microseconds for a change and a read, ours to each peer's."""
    if not RECORDING.exists():
        print(f"SKIPPED: books; there is no {RECORDING}", file=sys.stderr, flush=True)
        return []
    rounds = 5 if quick else 41
    recorded = _extended(_recorded(), 1000)
    by_second = {**recorded, "changes": list(_by_second(recorded["times"], recorded["changes"]))}
    deep = _extended(by_second, 5000)
    found = {name: python for name in TARGETS if (python := peers.interpreter(name)) is not None}
    theirs = {name: found[name] for name in ("python-binance",) if name in found}
    with tempfile.TemporaryDirectory() as folder:
        desk = Desk(Path(folder), rounds)
        figures = _beside("book_1s", desk.measure(by_second, found), TARGETS)
        figures += _beside("book_100ms", desk.measure(recorded, found), TARGETS)
        figures += _beside("book_5000_levels", desk.measure(deep, theirs), {"python-binance": DEEP_TARGET})
        figures += _beside("get_bids", desk.measure(by_second, theirs, "bids"), {"python-binance": BIDS_TARGET})
        flat, deep_us = desk.compare(by_second, deep)
    return [*figures, Figure("book_5000_levels:1000_levels", deep_us, "us", FLAT_TARGET, peer=flat)]


class Desk:
    """Has books take changes, each in a process of its own, in turn."""

    def __init__(self, folder: Path, rounds: int) -> None:
        self._folder = folder
        self._rounds = rounds

    def measure(self, recorded: Recorded, pythons: dict[str, str], reading: str = "top") -> dict[str, float]:
        """Microseconds by name, ours first."""
        with ExitStack() as running:
            books = {OURS: sys.executable, **pythons}
            measures = [self._book(running, python, name, recorded, reading) for name, python in books.items()]
            if len({shown for shown, _ in measures}) > 1:
                raise RuntimeError("the books do not show the same in the end")
            return dict(zip(books, interleaved([measure for _, measure in measures], self._rounds), strict=True))

    def compare(self, one: Recorded, other: Recorded) -> list[float]:
        """Microseconds of ours with the one and with the other."""
        with ExitStack() as running:
            measures = [self._book(running, sys.executable, OURS, recorded, "top")[1] for recorded in (one, other)]
            return interleaved(measures, self._rounds)

    def _book(self, running: ExitStack, python: str, name: str, recorded: Recorded, reading: str) -> tuple[str, Callable[[], float]]:
        path = self._folder / f"{id(recorded)}.json"
        path.write_text(json.dumps(recorded), encoding="ascii")
        process, shown = running.enter_context(started("benchmarks/book_process.py", name, str(path), reading, python=python))
        talk: Any = process

        def measure() -> float:
            talk.stdin.write("\n")
            talk.stdin.flush()
            return float(talk.stdout.readline())

        return shown, measure


def _beside(what: str, taken: dict[str, float], targets: dict[str, float]) -> list[Figure]:
    ours = taken.pop(OURS)
    return [Figure(f"{what}:{name}", ours, "us", 1 / targets[name], peer=peer) for name, peer in taken.items()]


def _recorded() -> Recorded:
    """The snapshot, and the changes behind it."""
    book: Recorded = {}
    events: list[dict[str, Any]] = []
    with gzip.open(RECORDING, "rt", encoding="utf-8") as lines:
        for record in map(json.loads, lines):
            address = urlsplit(record["url"])
            if record["dir"] == "http" and address.path.endswith("/depth") and parse_qs(address.query)["symbol"] == [SYMBOL]:
                book = json.loads(record["msg"])
            elif record["dir"] == "in" and (message := json.loads(record["msg"]))["stream"].startswith(f"{SYMBOL.lower()}@depth"):
                events.append(message["data"])
    events = [event for event in events if event["u"] > book["lastUpdateId"]]
    changes = [(event["b"], event["a"]) for event in events]
    return {"bids": book["bids"], "asks": book["asks"], "changes": changes, "times": [event["E"] for event in events]}


def _by_second(times_ms: list[int], changes: list[tuple[Any, Any]]) -> Iterator[tuple[Any, Any]]:
    """The same changes, those of a second together: of each price the last quantity."""
    seconds: dict[int, tuple[dict[str, str], dict[str, str]]] = {}
    for time_ms, sides in zip(times_ms, changes, strict=True):
        for told, rows in zip(seconds.setdefault(time_ms // 1000, ({}, {})), sides, strict=True):
            told.update(rows)
    for bids, asks in seconds.values():
        yield list(bids.items()), list(asks.items())


def _extended(recorded: Recorded, depth: int) -> Recorded:
    """The same book with so many levels a side: outwards by the smallest steps, with the sizes that it has."""
    tick = Decimal("0.00000001")
    sides = []
    for rows, outwards in ((recorded["bids"], -tick), (recorded["asks"], tick)):
        longer, price = list(rows[:depth]), Decimal(rows[-1][0])
        while len(longer) < depth:
            price += outwards
            if price <= 0:
                raise RuntimeError("the price has no room for so many levels")
            longer.append([f"{price:.8f}", rows[len(longer) % len(rows)][1]])
        sides.append(longer)
    return {**recorded, "bids": sides[0], "asks": sides[1]}
