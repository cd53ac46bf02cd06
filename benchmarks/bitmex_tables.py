"""Realtime tables of BitMEX, from the wire through storage to the loop: recorded messages for a second of the client's CPU, beside peers.

Every client gets the recorded feed of one symbol again and again, over a connection: the whole book, then some two thousand rows that are
inserted, changed and deleted, with quotes and trades among them. Where there is no recording beside the repository the feed is made up, of
the same shape. Each client runs in a process of its own, on a server of its own that has all messages ready; they take turns.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from contextlib import ExitStack
from typing import Final

import peers
from measure import ROOT, Figure, interleaved, started

OURS: Final = "exchangeclient"
TARGET: Final = 10.0
# How often the feed is played to each; the first time counts for nothing.
_TURNS: Final = {OURS: 16, "bitmex-trio-websocket": 4, "bitmex-ws": 2}
_LIMIT_S = 240


def run(*, quick: bool) -> list[Figure]:
    """Messages for a second of CPU, the whole book among them and without it: ours and each peer's."""
    found = {name: python for name in _TURNS if name != OURS and (python := peers.interpreter(name)) is not None}
    if not found:
        return []
    figures: list[Figure] = []
    rounds = 1 if quick else 5
    clients = {OURS: sys.executable, **found}
    for part, called in (("all", "bitmex_tables"), ("changes", "bitmex_table_changes")):
        with ExitStack() as running:
            measures = [_turn(running, name, python, part, _TURNS[name]) for name, python in clients.items()]
            rates = dict(zip(clients, interleaved(measures, rounds), strict=True))
        figures += [Figure(f"{called}:{name}", rates[OURS], "/s", TARGET, at_least=True, peer=rates[name]) for name in found]
    return figures


def _turn(running: ExitStack, name: str, python: str, part: str, turns: int) -> Callable[[], float]:
    """What has a client take the feed so often, from a server of its own; it has its rate."""
    _, address = running.enter_context(started("benchmarks/bitmex_server.py", str(turns + 1)))
    return lambda: _measured(name, python, address.strip(), part)


def _measured(name: str, python: str, address: str, part: str) -> float:
    command = [python, "benchmarks/bitmex_client.py", name, address, part]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=_LIMIT_S, check=False)
    if not done.stdout:
        raise RuntimeError(f"{name} measured nothing: {done.stderr[-2000:]}")
    return float(done.stdout.splitlines()[-1])
