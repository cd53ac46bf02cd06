"""Binance's limits: what an address and an account have used, whom it refuses for it, and whom it bans for going on.

Windows are aligned, so a minute begins at its first second and a day at 00:00 UTC. What each request weighs is in :mod:`.routes`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

from exchangeclient.sandbox.dialects.binance import errors
from exchangeclient.sandbox.dialects.binance.errors import Row, VenueError
from exchangeclient.sandbox.engine.events import Event, OrderFilled

_SECOND_US = 1_000_000
_DAY_US = 86_400 * _SECOND_US
# What the first fill of an order gives back to every current window: as much as the venue's examples show.
_TAKER_CREDIT = 1
_MAKER_CREDIT = 5
# The venue says that it bans whoever goes on after a refusal, for 2 minutes growing to 3 days. How many more requests it takes, and
# how fast the bans grow, it does not say: several, so that threads which are refused together are not banned at once.
_PATIENCE = 10
_FIRST_BAN_US = 120 * _SECOND_US
_LONGEST_BAN_US = 3 * _DAY_US
_BAN_GROWTH = 4


@dataclass(frozen=True, slots=True)
class Limit:
    """One row of the venue's table."""

    type: str
    interval: str
    count: int
    limit: int

    @property
    def length_us(self) -> int:
        return {"SECOND": 1, "MINUTE": 60, "DAY": 86_400}[self.interval] * self.count * _SECOND_US

    @property
    def per(self) -> str:
        """``10 SECOND``, as error texts have it."""
        return f"{self.count} {self.interval}"

    def shape(self) -> dict[str, object]:
        return {"rateLimitType": self.type, "interval": self.interval, "intervalNum": self.count, "limit": self.limit}


LIMITS: Mapping[str, Limit] = MappingProxyType(
    {
        "weight": Limit("REQUEST_WEIGHT", "MINUTE", 1, 6_000),
        "orders_10s": Limit("ORDERS", "SECOND", 10, 100),
        "orders_1d": Limit("ORDERS", "DAY", 1, 200_000),
        "raw_requests": Limit("RAW_REQUESTS", "MINUTE", 5, 300_000),
        "connections": Limit("CONNECTIONS", "MINUTE", 5, 300),
        "messages": Limit("MESSAGES", "SECOND", 1, 5),  # that one stream connection takes, control frames included
    }
)
"""The venue's own, by the names under which a sandbox can change them."""


class LimitReached(VenueError):  # noqa: N818 - an answer of the venue, as its base is
    """The venue refuses, and says when it will not any more."""

    def __init__(self, row: Row, *values: object, retry_at_us: int) -> None:
        error = row(*values)
        super().__init__(error.code, error.text, error.status)
        self.retry_at_us: int = retry_at_us


class Counter:
    """Counts by key within the windows of one limit; what was counted in a window that is over is forgotten."""

    def __init__(self, limit: Limit) -> None:
        self.limit = limit
        self._length_us = limit.length_us
        self._window = -1
        self._counts: dict[str, int] = {}

    def used(self, key: str, now_us: int) -> int:
        return self._counts.get(key, 0) if now_us // self._length_us == self._window else 0

    def add(self, key: str, amount: int, now_us: int) -> int:
        """Count; the new total of the window, which is never below zero."""
        window = now_us // self._length_us
        if window != self._window:
            self._window = window
            self._counts.clear()
        total = self._counts.get(key, 0) + amount
        used = self._counts[key] = total if total > 0 else 0
        return used

    def ends_us(self, now_us: int) -> int:
        """When the current window is over."""
        return (now_us // self._length_us + 1) * self._length_us

    def reached(self, row: Row, now_us: int) -> LimitReached:
        """The refusal of what is one too many, until the window is over."""
        return LimitReached(row, self.limit.limit, self.limit.per, retry_at_us=self.ends_us(now_us))

    def shape(self, key: str, now_us: int) -> dict[str, object]:
        return {**self.limit.shape(), "count": self.used(key, now_us)}


class Limits:
    """All counters of the venue.

    :param changed: limits other than the venue's, by their names in :data:`LIMITS`
    :param enforced: False counts without ever refusing
    """

    def __init__(self, changed: Mapping[str, int] = MappingProxyType({}), *, enforced: bool = True) -> None:
        rows = {name: replace(limit, limit=changed.get(name, limit.limit)) for name, limit in LIMITS.items()}
        self.table = tuple(rows[name] for name in ("weight", "orders_10s", "orders_1d", "raw_requests"))
        self.weight = Counter(rows["weight"])
        self.orders = (Counter(rows["orders_10s"]), Counter(rows["orders_1d"]))
        self._requests = Counter(rows["raw_requests"])
        self._connections = Counter(rows["connections"])
        self._messages = rows["messages"]
        self._refusals = Counter(rows["weight"])
        self._bans: dict[str, tuple[int, int]] = {}  # address -> until when, and how long it was
        self._enforced = enforced

    # ---- by address --------------------------------------------------------------------------------------------------

    def charge(self, peer: str, weight: int, now_us: int) -> None:
        """Count one request of so much weight.

        :raises LimitReached: with 429 when it is one too many, with 418 during a ban
        """
        self.check_ban(peer, now_us)
        requests, used = self._requests.add(peer, 1, now_us), self.weight.add(peer, weight, now_us)
        if not self._enforced:
            return
        if requests > self._requests.limit.limit:
            self._refuse(errors.TOO_MANY_REQUESTS, self._requests, peer, now_us)
        if used > self.weight.limit.limit:
            self._refuse(errors.TOO_MUCH_WEIGHT, self.weight, peer, now_us)

    def check_ban(self, peer: str, now_us: int) -> None:
        """Refuse an address that is banned."""
        until_us, _ = self._bans.get(peer, (0, 0))
        if now_us < until_us:
            raise LimitReached(errors.BANNED, until_us // 1000, retry_at_us=until_us)

    def connect(self, kind: str, peer: str, now_us: int) -> None:
        """Count one attempt to open a websocket; each kind has a host of its own at the venue, which counts for itself.

        :raises LimitReached: when it is one too many
        """
        self.check_ban(peer, now_us)
        counter = self._connections
        if counter.add(f"{kind} {peer}", 1, now_us) > counter.limit.limit and self._enforced:
            raise counter.reached(errors.TOO_MANY_ATTEMPTS, now_us)

    def _refuse(self, row: Row, counter: Counter, peer: str, now_us: int) -> None:
        self._count_refusal(peer, now_us)
        self.check_ban(peer, now_us)
        raise counter.reached(row, now_us)

    def _count_refusal(self, peer: str, now_us: int) -> None:
        """Ban an address that was refused too often, unless it is banned already."""
        ended_us, length_us = self._bans.get(peer, (0, 0))
        if self._refusals.add(peer, 1, now_us) <= _PATIENCE or now_us < ended_us:
            return
        grown_us = length_us * _BAN_GROWTH if now_us - ended_us < _LONGEST_BAN_US else 0
        length_us = min(max(grown_us, _FIRST_BAN_US), _LONGEST_BAN_US)
        self._bans[peer] = (now_us + length_us, length_us)

    def weight_headers(self, peer: str, now_us: int) -> dict[str, str]:
        used = str(self.weight.used(peer, now_us))
        return {"X-MBX-USED-WEIGHT": used, "X-MBX-USED-WEIGHT-1M": used}

    # ---- by connection -----------------------------------------------------------------------------------------------

    def pace(self) -> Counter:
        """For the messages that come on one connection to the streams."""
        return Counter(self._messages)

    def exceeds(self, pace: Counter, peer: str, now_us: int) -> bool:
        """Count one message; True when it is one too many, for which the venue disconnects, and bans whoever does so again and again."""
        if pace.add("", 1, now_us) <= pace.limit.limit or not self._enforced:
            return False
        self._count_refusal(peer, now_us)
        return True

    # ---- by account --------------------------------------------------------------------------------------------------

    def admit_orders(self, account: str, count: int, now_us: int) -> None:
        """Refuse when so many more orders would be too many.

        :raises LimitReached: with 429
        """
        for counter in self.orders:
            if counter.used(account, now_us) + count > counter.limit.limit and self._enforced:
                raise counter.reached(errors.TOO_MANY_ORDERS, now_us)

    def count_orders(self, account: str, count: int, now_us: int) -> None:
        """Count orders that were accepted."""
        for counter in self.orders:
            counter.add(account, count, now_us)

    def observe(self, events: Sequence[Event], now_us: int) -> None:
        """Give credit for the first fill of an order that somebody placed by hand; the seeded traders are never counted."""
        for event in events:
            if isinstance(event, OrderFilled) and event.order.executed == event.fill.quantity:
                credit = _MAKER_CREDIT if event.fill.maker else _TAKER_CREDIT
                for counter in self.orders:
                    if counter.used(event.order.account, now_us):
                        counter.add(event.order.account, -credit, now_us)

    def order_headers(self, account: str, now_us: int) -> dict[str, str]:
        in_ten_seconds, in_a_day = self.orders
        return {
            "X-MBX-ORDER-COUNT-10S": str(in_ten_seconds.used(account, now_us)),
            "X-MBX-ORDER-COUNT-1D": str(in_a_day.used(account, now_us)),
        }
