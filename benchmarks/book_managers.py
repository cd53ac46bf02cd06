"""Depth cache managers, from the socket to the user's callback: one in a flood beside python-binance's, and three hundred at once.

All is within the figures: the stream, the sequence rule, the book, the thread of the callbacks.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable

import peers
from measure import HERE, Figure, interleaved, started

OURS, PEER = "exchangeclient", "python-binance"
# How many times as many changes: with a callback that reads five levels of both sides, as the README's does; with one that reads nothing.
TARGETS = {5: 20.0, 0: 20.0}
TARGET_CORE = 0.5
PER_SECOND = 10
_LIMIT_S = 180


def run(*, quick: bool) -> list[Figure]:
    """Changes for a second of CPU, and the share of a core that three hundred books take."""
    floods = (_flood(levels, 100_000 if quick else 200_000, 3 if quick else 5) for levels in TARGETS)
    return [*(figure for figures in floods for figure in figures), _three_hundred(5 if quick else 15)]


def _flood(levels: int, count: int, rounds: int) -> list[Figure]:
    python = peers.interpreter(PEER)
    measures = [_taken_by(sys.executable, OURS, count, levels)]
    if python is not None:  # slower, so that fewer will do
        measures.append(_taken_by(python, PEER, count // (100 if levels else 10), levels))
    ours, *theirs = interleaved(measures, rounds)
    name = f"book_manager{'' if levels else '_unread'}"
    return [Figure(f"{name}:{PEER}", ours, "/s", TARGETS[levels], at_least=True, peer=peer) for peer in theirs]


def _taken_by(python: str, client: str, count: int, levels: int) -> Callable[[], float]:
    def measure() -> float:
        with started("benchmarks/book_server.py", "flood", str(count)) as (_, address):
            return _printed(python, client, address.strip(), count, levels)

    return measure


def _three_hundred(seconds: int) -> Figure:
    with started("benchmarks/book_server.py", "paced", str(PER_SECOND)) as (_, address):
        return Figure("books_300", _printed(sys.executable, "exchangeclient-300", address.strip(), seconds, 5), " of a core", TARGET_CORE)


def _printed(python: str, client: str, address: str, count: int, levels: int) -> float:
    command = [python, str(HERE / "book_client.py"), client, address, str(count), str(levels)]
    return float(subprocess.run(command, stdout=subprocess.PIPE, text=True, timeout=_LIMIT_S, check=True).stdout)
