"""Each venue as the conformance suite sees it: its client, managers and desk, and what differs by nature."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import Any

from exchangeclient.core.process.clock import FakeClock, VenueClock

OPENS_US = 1_700_000_000_000_000


@dataclass(frozen=True)
class VenueCase:
    """One venue.

    :ivar keys: what its client takes first
    :ivar instrument: what is traded there, ``BTC`` for ``USDT``: a pair of coins, or else a swap
    :ivar unknown: what is none there
    :ivar place: the route of an order
    :ivar ask: the route of the question after one
    :ivar cancel: the route of a cancellation
    :ivar private: the path of the socket of the account
    :ivar market: the path of the socket of a market stream
    :ivar gap: the stream of a book, or those of its messages whose loss a book finds out
    :ivar losses: how many of them are to be lost, until it surely has
    :ivar contract: empty for a pair of coins
    :ivar size: a hundredth of a bitcoin, as a quantity there
    :ivar more: two hundredths
    :ivar beyond: more than the account can pay for
    :ivar tick: of prices
    :ivar intervals: of candles, as far as the suite asks for them
    :ivar public: a path that anybody may ask
    :ivar own: a path that has to be signed
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
    public: str
    own: str
    contract: str = ""
    size: str = "0.01"
    more: str = "0.02"
    beyond: str = "1400"
    tick: str = "0.01"
    intervals: tuple[str, ...] = ("1h", "6h", "1d")
    losses: int = 1

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
    public="/api/v3/time",
    own="/api/v3/account",
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
    public="/api/v5/public/time",
    own="/api/v5/account/config",
)
BITMEX = VenueCase(
    "bitmex",
    ("key", "secret"),
    instrument="XBTUSDT",
    unknown="NOSUCH",
    place="POST /api/v1/order",
    ask="GET /api/v1/order",
    cancel="DELETE /api/v1/order",
    private="/realtime",
    market="/realtime",
    gap="orderBookL2:XBTUSDT/insert",
    losses=20,  # nothing is numbered: it is found out by what comes of the rows later
    public="/api/v1/instrument/active",
    own="/api/v1/user",
    contract="swap",
    size="10000",  # contracts of a millionth each
    more="20000",
    beyond="100000000",
    tick="0.1",
    intervals=("1h", "1d"),
)
VENUES: tuple[VenueCase, ...] = (BINANCE, OKX, BITMEX)
