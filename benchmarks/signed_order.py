"""What an order costs over REST: signed, checked, put on the book and answered, beside Twisted Web's empty answer.

Both servers run at once, in processes of their own, and are asked in turn by the same client, over one kept-alive connection each:
Twisted Web by a bare GET, which is less to read than an order. The sandbox is as its users start it, so its other traders go on trading
meanwhile. The orders rest; they are cancelled between the blocks, off the record.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import sandbox_process
import wire
from measure import Figure, cpu_s, interleaved, started, undisturbed, wall_s

TARGET_RATIO = 2.0

_BLOCK = 25  # short, so that whatever else the machine does is soon over for both
_SECRET = "a-play-secret"


def run(*, quick: bool) -> list[Figure]:
    """Microseconds per request: on the wall, and of the server's CPU. A block takes a few milliseconds, and one in ten is left alone."""
    rounds = 60 if quick else 240
    with sandbox_process.exchange("--account", f"bench:{_SECRET}") as ours, started("benchmarks/bare_web.py") as (process, url):
        trader, visitor = Trader(ours.rest), wire.Line(url.strip())
        visit = visitor.request("GET", "/")

        def empty() -> None:
            for _ in range(_BLOCK):
                visitor.ask(visit)

        wall = interleaved([trader.timed(wall_s), _timed(empty, wall_s)], rounds, undisturbed)
        cpu = interleaved([trader.timed(lambda: cpu_s(ours.pid)), _timed(empty, lambda: cpu_s(process.pid))], rounds, undisturbed)
        trader.line.close()
        visitor.close()
    return [
        Figure("signed_order", wall[0], "us", TARGET_RATIO, peer=wall[1]),
        Figure("signed_order_cpu", cpu[0], "us", TARGET_RATIO, peer=cpu[1]),
    ]


class Trader:
    """Places orders that rest, a block at a time."""

    def __init__(self, url: str) -> None:
        self.line = wire.Line(url)
        self._placed = 0

    def timed(self, clock: Callable[[], float]) -> Callable[[], float]:
        """Microseconds per order of a block, by that clock."""

        def block() -> float:
            orders = [self._order() for _ in range(_BLOCK)]
            taken = _timed(lambda: [self.line.ask(order) for order in orders], clock)()
            self.line.ask(self._request("DELETE", "/api/v3/openOrders"))
            return taken

        return block

    def _order(self) -> bytes:
        self._placed += 1
        return self._request(
            "POST",
            "/api/v3/order",
            side="BUY",
            type="LIMIT",
            timeInForce="GTC",
            quantity="0.05",
            price="0.05",
            newClientOrderId=f"bench-{self._placed}",
        )

    def _request(self, method: str, target: str, **parameters: str) -> bytes:
        now_ms = time.time_ns() // 1_000_000
        return self.line.request(method, wire.signed(target, _SECRET, symbol="ETHBTC", **parameters, timestamp=now_ms), "bench")


def _timed(block: Callable[[], object], clock: Callable[[], float]) -> Callable[[], float]:
    def measure() -> float:
        begun_s = clock()
        block()
        return (clock() - begun_s) / _BLOCK * 1e6

    return measure
