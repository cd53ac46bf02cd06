"""Minutes of history: over a long way, beside clients of others as they are shipped; and streamed from next door, in how much memory.

All read the same candles, which is checked. The server sets no limit that one of them could meet.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import peers
from measure import Figure, interleaved, started

HERE = Path(__file__).parent
OURS = "exchangeclient"
DELAY_S = 0.08
# How many times as many rows in a second as theirs.
OVER_A_LONG_WAY = {"python-binance": 30.0, "ccxt": 7.0}
STREAMED = {"python-binance": 2.0}
TARGET_MIB = 50.0
_LIMIT_S = 600


def run(*, quick: bool) -> list[Figure]:
    """Rows per second, and the most memory that the streaming process ever held."""
    return [
        *_over_a_long_way(24_000 if quick else 48_000, 1 if quick else 2),
        *_streamed(300_000 if quick else 1_000_000, 5),
    ]


@dataclass(frozen=True, slots=True)
class Reading:
    """What a client read, in which time.

    :ivar count: of the candles
    :ivar opens: the sum of their times
    :ivar figures: a digest of their prices and volumes, where they were kept
    """

    seconds: float
    count: int
    opens: int
    figures: str | None
    peak_mib: float


class Desk:
    """Has clients read the same minutes from one server, each in a process of its own."""

    def __init__(self, address: str, minutes: int) -> None:
        self._address = address
        self._minutes = minutes
        self.readings: list[Reading] = []

    def reader(self, python: str, client: str, times: int = 1) -> Callable[[], float]:
        """What has a client read so many times and gives its rows per second."""
        command = [python, str(HERE / "history_reader.py"), client, self._address, str(self._minutes), str(times)]

        def measure() -> float:
            done = subprocess.run(command, stdout=subprocess.PIPE, text=True, timeout=_LIMIT_S, check=True)
            reading = Reading(**json.loads(done.stdout.splitlines()[-1]))
            self.readings.append(reading)
            return reading.count / reading.seconds

        return measure

    def check(self) -> None:
        """Raise unless all have read all candles, and the same."""
        read = {(reading.count, reading.opens) for reading in self.readings}
        figures = {reading.figures for reading in self.readings}
        if len(read) > 1 or len(figures) > 1 or {count for count, _ in read} != {self._minutes}:
            raise RuntimeError(f"the clients did not read the same {self._minutes} candles: {self.readings}")


def _over_a_long_way(minutes: int, rounds: int) -> list[Figure]:
    found = {name: python for name in OVER_A_LONG_WAY if (python := peers.interpreter(name)) is not None}
    with started("benchmarks/history_server.py", str(minutes), "--delay", str(DELAY_S)) as (_, address):
        desk = Desk(address.strip(), minutes)
        measures = [desk.reader(sys.executable, OURS, 3), *(desk.reader(python, name) for name, python in found.items())]
        ours, *theirs = interleaved(measures, rounds)
        desk.check()
    return [
        Figure(f"history_80ms:{name}", ours, "rows/s", OVER_A_LONG_WAY[name], at_least=True, peer=peer)
        for name, peer in zip(found, theirs, strict=True)
    ]


def _streamed(minutes: int, rounds: int) -> list[Figure]:
    found = {name: python for name in STREAMED if (python := peers.interpreter(name)) is not None}
    with started("benchmarks/history_server.py", str(minutes)) as (_, address):
        desk, beside = Desk(address.strip(), minutes), Desk(address.strip(), minutes)
        measures = [desk.reader(sys.executable, f"{OURS}-streamed")]
        measures += [beside.reader(python, f"{name}-streamed-sleepless") for name, python in found.items()]
        ours, *theirs = interleaved(measures, rounds)
        peak_mib = max(reading.peak_mib for reading in desk.readings)
        desk.readings += beside.readings
        desk.check()
    return [
        *(
            Figure(f"history_streamed:{name}", ours, "rows/s", STREAMED[name], at_least=True, peer=peer)
            for name, peer in zip(found, theirs, strict=True)
        ),
        Figure("history_streamed_memory", peak_mib, "MiB", TARGET_MIB),
    ]
