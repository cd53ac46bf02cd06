"""BitMEX, which closed on 2026-09-23: its derivatives over REST (v1) and its realtime tables, on the embedded exchange and on recordings.

``from exchangeclient.bitmex import BitMEXWebsocket, findItemByKeys``, as programs for ``bitmex_trio_websocket`` have it; without ``async``.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from exchangeclient.bitmex.client import Client
    from exchangeclient.bitmex.tables import Storage, find_item_by_keys, findItemByKeys
    from exchangeclient.bitmex.websocket import BitMEXWebsocket, BitMEXWebsocketApiError, open_bitmex_websocket

__all__ = [
    "BitMEXWebsocket",
    "BitMEXWebsocketApiError",
    "Client",
    "Storage",
    "findItemByKeys",
    "find_item_by_keys",
    "open_bitmex_websocket",
]

_HOMES = {
    "BitMEXWebsocket": "websocket",
    "BitMEXWebsocketApiError": "websocket",
    "open_bitmex_websocket": "websocket",
    "Client": "client",
    "Storage": "tables",
    "findItemByKeys": "tables",
    "find_item_by_keys": "tables",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOMES})
