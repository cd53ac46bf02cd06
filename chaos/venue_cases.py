"""Each venue as the conformance suite sees it: its client, managers and desk, and what differs by nature."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import Any

from exchangeclient.core.clock import FakeClock, VenueClock

OPENS_US = 1_700_000_000_000_000


@dataclass(frozen=True)
class VenueCase:
    """One venue.

    :ivar keys: what its client takes first
    :ivar instrument: a pair of coins that is traded there, ``BTC`` for ``USDT``
    :ivar unknown: what is none there
    :ivar place: the route of an order
    :ivar ask: the route of the question after one
    :ivar cancel: the route of a cancellation
    :ivar private: the path of the socket of the account
    :ivar market: the path of the socket of a market stream
    :ivar gap: the stream of a book
    """

    name: str
    keys: tuple[str, ...]
    instrument: str
    unknown: str
    place: str
    ask: str
    cancel: str
    private: str
    market: str
    gap: str

    def part(self, module: str) -> Any:
        """One of its modules."""
        return import_module(f"exchangeclient.{self.name}.{module}")

    def client(self, exchange: Any, **arguments: Any) -> Any:
        """A client of a sandbox that listens."""
        return self.part("client").Client(*self.keys, environment=exchange.urls[self.name], **arguments)

    def unlistening(self, exchange: Any, machine: FakeClock, **arguments: Any) -> Any:
        """A client of a sandbox that has no ports, by a clock that is set by hand."""
        import requests

        address = exchange.mount(requests.Session())[self.name]["rest"]
        client = self.part("client").Client(*self.keys, environment={"rest": address}, clock=VenueClock(machine), **arguments)
        exchange.mount(client.session)
        return client


BINANCE = VenueCase(
    "binance",
    ("key", "secret"),
    instrument="BTCUSDT",
    unknown="NOSUCH",
    place="POST /api/v3/order",
    ask="GET /api/v3/order",
    cancel="DELETE /api/v3/order",
    private="/ws-api/*",
    market="/ws/*",
    gap="btcusdt@depth*",
)
OKX = VenueCase(
    "okx",
    ("key", "secret", "passphrase"),
    instrument="BTC-USDT",
    unknown="NO-SUCH",
    place="POST /api/v5/trade/order",
    ask="GET /api/v5/trade/order",
    cancel="POST /api/v5/trade/cancel-order",
    private="/ws/v5/private",
    market="/ws/v5/public",
    gap="books*BTC-USDT*",
)
VENUES: tuple[VenueCase, ...] = (BINANCE, OKX)
