"""OKX's limits: how often who may ask for what within two seconds, and how many orders an account may send.

Public endpoints are counted by address, private ones by account, trading by account and instrument, each verb for itself, REST and
websockets together. A batch counts as its rows; one of a single row as the single call. Windows are aligned.
"""

from __future__ import annotations

from collections.abc import Sequence

from exchangeclient.sandbox.dialects.okx import errors
from exchangeclient.sandbox.dialects.okx.errors import Row

_WINDOW_US = 2_000_000
_HOUR_US = 3_600_000_000
_SECOND_US = 1_000_000
_ORDERS = 1_000  # new and amended ones of an account, in two seconds
_CONNECTIONS = 3  # of an address, in a second
OPERATIONS = 480  # subscribing, unsubscribing and logging in on one connection, in an hour


class Windows:
    """Counts by key within aligned windows of one length; a window that is over is forgotten."""

    def __init__(self, length_us: int) -> None:
        self._length_us = length_us
        self._window = -1
        self._counts: dict[str, int] = {}

    def add(self, key: str, amount: int, now_us: int) -> int:
        """Count; the new total."""
        window = now_us // self._length_us
        if window != self._window:
            self._window = window
            self._counts.clear()
        total = self._counts[key] = self._counts.get(key, 0) + amount
        return total


class Limits:
    """All counters of the venue.

    :param enforced: False counts without ever refusing
    """

    def __init__(self, *, enforced: bool = True) -> None:
        self._calls = Windows(_WINDOW_US)
        self._connections = Windows(_SECOND_US)
        self._enforced = enforced

    def charge(self, bucket: str, most: int, now_us: int, amount: int = 1) -> None:
        """Count so many calls into a bucket.

        :raises VenueError: 50011 when they are too many
        """
        self._count(bucket, amount, most, errors.TOO_MANY, now_us)

    def charge_orders(self, account: str, amount: int, now_us: int) -> None:
        """Count new or amended orders of an account.

        :raises VenueError: 50061 when they are too many
        """
        self._count(f"orders {account}", amount, _ORDERS, errors.TOO_MANY_ORDERS, now_us)

    def connect(self, peer: str, now_us: int) -> None:
        """Count an attempt to open a websocket.

        :raises VenueError: 50011 when it is one too many
        """
        if self._connections.add(peer, 1, now_us) > _CONNECTIONS and self._enforced:
            raise errors.TOO_MANY()

    def pace(self) -> Windows:
        """For what is asked for on one connection."""
        return Windows(_HOUR_US)

    def exceeds(self, pace: Windows, now_us: int) -> bool:
        """Count one operation; True when it is one too many."""
        return pace.add("", 1, now_us) > OPERATIONS and self._enforced

    def _count(self, key: str, amount: int, most: int, row: Row, now_us: int) -> None:
        if self._calls.add(key, amount, now_us) > most and self._enforced:
            raise row()


def buckets(route: str, account: str, instruments: Sequence[str]) -> dict[str, int]:
    """The buckets of a trading call, and how many of its rows each takes."""
    found: dict[str, int] = {}
    for each in instruments:
        name = f"{route} {account} {each}"
        found[name] = found.get(name, 0) + 1
    return found
