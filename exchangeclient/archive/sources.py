"""The venues that an archive can be filled from: which source a client has."""

from __future__ import annotations

from typing import Final

from exchangeclient.archive.binance import BinanceSource
from exchangeclient.archive.bitmex import BitmexSource
from exchangeclient.archive.okx import OkxSource
from exchangeclient.bitmex.client import Client as BitmexClient
from exchangeclient.client import Client as BinanceClient
from exchangeclient.okx.client import Client as OkxClient

Client = BinanceClient | OkxClient | BitmexClient
"""A client of any of them."""

_CLIENTS: Final = (BinanceClient, OkxClient, BitmexClient)

VenueSource = BinanceSource | OkxSource | BitmexSource


def need_client(client: object) -> None:
    """
    :raises TypeError: for what is no client of a venue that an archive can be filled from
    """
    if not isinstance(client, _CLIENTS):
        *several, other = (f"{each.__module__}.{each.__name__}" for each in (*_CLIENTS, type(client)))
        raise TypeError(f"client must be {' or '.join(several)}, not {other}")


def source_of(client: Client, *, venue: str | None = None, share: float = 1.0) -> VenueSource:
    """What an archive asks at the venue of a client.

    :param venue: its name in the archive; by the client's address when left out
    :param share: of the venue's budget, past which pages wait
    """
    if isinstance(client, BitmexClient):
        return BitmexSource(client, venue=venue, share=share)
    if isinstance(client, OkxClient):
        return OkxSource(client, venue=venue, share=share)
    return BinanceSource(client, venue=venue, share=share)
