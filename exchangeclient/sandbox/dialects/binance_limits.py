"""Binance's counters: request weight by address and minute, unfilled orders by account. It counts; it refuses nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from exchangeclient.sandbox.engine.events import Event, OrderAccepted, OrderFilled

_SECOND_US = 1_000_000
# What the first fill of an order gives back to every current window: as much as the venue's examples show.
_TAKER_CREDIT = 1
_MAKER_CREDIT = 5


@dataclass(frozen=True, slots=True)
class Limit:
    """One row of the venue's table. Windows are aligned: a minute begins at its first second, a day at 00:00 UTC."""

    type: str
    interval: str
    count: int
    limit: int

    @property
    def length_us(self) -> int:
        return {"SECOND": 1, "MINUTE": 60, "DAY": 86_400}[self.interval] * self.count * _SECOND_US

    def shape(self) -> dict[str, object]:
        return {"rateLimitType": self.type, "interval": self.interval, "intervalNum": self.count, "limit": self.limit}


WEIGHT = Limit("REQUEST_WEIGHT", "MINUTE", 1, 6_000)
ORDERS_10S = Limit("ORDERS", "SECOND", 10, 100)
ORDERS_1D = Limit("ORDERS", "DAY", 1, 200_000)
RAW_REQUESTS = Limit("RAW_REQUESTS", "MINUTE", 5, 300_000)


class Counter:
    """Counts by key within the windows of one limit; a window that is over counts no more."""

    def __init__(self, limit: Limit) -> None:
        self.limit = limit
        self._counts: dict[str, tuple[int, int]] = {}  # key -> number of the window, count within it

    def used(self, key: str, now_us: int) -> int:
        window, count = self._counts.get(key, (-1, 0))
        return count if window == now_us // self.limit.length_us else 0

    def add(self, key: str, amount: int, now_us: int) -> None:
        self._counts[key] = (now_us // self.limit.length_us, max(0, self.used(key, now_us) + amount))

    def shape(self, key: str, now_us: int) -> dict[str, object]:
        return {**self.limit.shape(), "count": self.used(key, now_us)}


class Limits:
    """All counters of the venue."""

    def __init__(self) -> None:
        self.weight = Counter(WEIGHT)
        self.orders = (Counter(ORDERS_10S), Counter(ORDERS_1D))

    def observe(self, events: Sequence[Event], now_us: int) -> None:
        """Count accepted orders, and give credit for an order's first fill."""
        for event in events:
            if isinstance(event, OrderAccepted):
                self._count(event.order.account, 1, now_us)
            elif isinstance(event, OrderFilled) and event.order.executed == event.fill.quantity:
                self._count(event.order.account, -(_MAKER_CREDIT if event.fill.maker else _TAKER_CREDIT), now_us)

    def _count(self, account: str, amount: int, now_us: int) -> None:
        for counter in self.orders:
            counter.add(account, amount, now_us)

    def weight_headers(self, peer: str, now_us: int) -> dict[str, str]:
        used = str(self.weight.used(peer, now_us))
        return {"X-MBX-USED-WEIGHT": used, "X-MBX-USED-WEIGHT-1M": used}

    def order_headers(self, account: str, now_us: int) -> dict[str, str]:
        counts = [str(counter.used(account, now_us)) for counter in self.orders]
        return {"X-MBX-ORDER-COUNT-10S": counts[0], "X-MBX-ORDER-COUNT-1D": counts[1]}
