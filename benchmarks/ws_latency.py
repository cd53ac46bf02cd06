"""How late a message is: from the moment it is written to the wire until the user's callback has it, decoded, at 1000 messages a second.

A client that is fast in a flood may still be late with each message, by what wakes up in between. The server says in each message when it
sent it, by the clock that all processes of a machine share.
"""

from __future__ import annotations

import statistics
import sys
from typing import Final

import peers
from measure import Figure, started
from ws_receive import OURS, measured

TARGETS: Final = {"python-binance": (1.0, 1.0), "aiohttp": (2.0, 2.0)}


def run(*, quick: bool) -> list[Figure]:
    """Median and 99th percentile, ours and each peer's."""
    found = {name: python for name in TARGETS if (python := peers.interpreter(name)) is not None}
    if not found:
        return []
    count, rounds = (1000, 3) if quick else (4000, 7)
    clients = {OURS: sys.executable, **found}
    late: dict[str, list[list[float]]] = {name: [] for name in clients}
    with started("benchmarks/feed_server.py", "paced", str(count)) as (_, address):
        for _ in range(rounds):
            for name, python in clients.items():
                late[name].append(measured(name, python, address.strip(), count))
    medians = {name: [statistics.median(figures) for figures in zip(*taken, strict=True)] for name, taken in late.items()}
    return [
        Figure(f"ws_latency_{which}:{name}", medians[OURS][index], "us", TARGETS[name][index], peer=medians[name][index])
        for name in found
        for index, which in enumerate(("median", "p99"))
    ]
