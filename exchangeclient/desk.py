"""One vocabulary over any venue: ticker, book, trades, klines, instruments, balances, place, cancel ... ::

    from exchangeclient.desk import desk_of

    desk = desk_of(client)
    print(desk.ticker(desk.instrument_of(Market("BTC", "USDT"))).last)

What a client of a venue has beyond it, the client itself has: a desk adds nothing and hides nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

from exchangeclient.core.client import BaseClient
from exchangeclient.market.vocabulary import (
    CAPABILITIES,
    Ack,
    Balance,
    Book,
    Capability,
    Desk,
    Funding,
    Instrument,
    Kline,
    Market,
    Order,
    Position,
    Ticker,
    Trade,
)

_THROUGH_CCXT = "exchangeclient.ccxt.client"


def desk_of(client: Any) -> Desk:
    """The desk of a client, of whatever venue; it uses the client's connections, budgets and order guard.

    :raises TypeError: when it is no client of this package
    """
    # That of the exchanges through ccxt has another's connections and budgets, so it is no BaseClient.
    if not (isinstance(client, BaseClient) or type(client).__module__ == _THROUGH_CCXT):
        raise TypeError(f"client must be a client of a venue, not {type(client).__name__}")
    desk: Desk = import_module(f"exchangeclient.{client.venue}.desk").ClientDesk(client)
    return desk


__all__ = [
    "desk_of",
    "Desk",
    "Capability",
    "CAPABILITIES",
    "Market",
    "Instrument",
    "Ticker",
    "Book",
    "Trade",
    "Kline",
    "Balance",
    "Ack",
    "Order",
    "Position",
    "Funding",
]
