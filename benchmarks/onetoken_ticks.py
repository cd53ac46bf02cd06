"""How many ticks a second go from a venue's depth cache through the 1Token gateway, over a socket, to the callback of a program.

Gateway and program are processes of their own. Each change of the book is a tick of twenty levels a side.
"""

from __future__ import annotations

import json
import threading
from typing import Any

from measure import Figure, started, wall_s

from exchangeclient.onetoken import Quote

TARGET_PER_S = 4_000

_LIMIT_S = 60


def run(*, quick: bool) -> list[Figure]:
    """The median of some blocks; a block is short enough for what waits to fit into the socket's buffers."""
    ticks, rounds = (500, 5) if quick else (1_500, 9)
    with started("benchmarks/onetoken_ticks_process.py") as (server, ready):
        urls = json.loads(ready)
        counted = Counted()
        quote = Quote(urls)
        try:
            quote.subscribe_tick("binance/btc.usdt", counted)
            counted.wait(1)
            rates = sorted(_rate(server, counted, ticks) for _ in range(rounds))
        finally:
            quote.close()
    return [Figure("onetoken_ticks", rates[len(rates) // 2], "/s", TARGET_PER_S, at_least=True)]


class Counted:
    """A callback that counts the ticks of the benchmark, by their best bid."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self.count = 0

    def __call__(self, _tick: Any) -> None:
        with self._changed:
            self.count += 1
            self._changed.notify_all()

    def wait(self, count: int) -> None:
        with self._changed:
            if not self._changed.wait_for(lambda: self.count >= count, _LIMIT_S):
                raise RuntimeError(f"{self.count} of {count} ticks came within {_LIMIT_S} s")


def _rate(server: Any, counted: Counted, ticks: int) -> float:
    before, begun_s = counted.count, wall_s()
    server.stdin.write(f"{ticks}\n")
    server.stdin.flush()
    counted.wait(before + ticks)
    return ticks / (wall_s() - begun_s)
