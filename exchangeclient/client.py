"""``from exchangeclient.client import Client``: the blocking client, under the name that scripts import."""

from __future__ import annotations

from exchangeclient.binance.client import Client

__all__ = ["Client"]
