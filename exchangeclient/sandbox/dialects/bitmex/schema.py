"""What BitMEX tells of its tables and of its websocket: ``/schema`` and ``/schema/websocketHelp``."""

from __future__ import annotations

from typing import Any

from exchangeclient.sandbox.dialects.bitmex import tables
from exchangeclient.sandbox.dialects.bitmex.tables import TABLES, Wire

HELP: dict[str, Any] = {
    "info": "See https://www.bitmex.com/app/wsAPI for more documentation.",
    "usage": "To use the realtime API, send JSON strings with an op and args.",
    "ops": ["authKey", "authKeyExpires", "cancelAllAfter", "subscribe", "unsubscribe"],
    "subscribe": 'To subscribe, send: {"op": "subscribe", "args": [subscriptionTopic, ...]}.',
    "subscriptionSubjects": {
        "authenticationRequired": sorted(name for name, table in TABLES.items() if table.is_of_account),
        "public": sorted(name for name, table in TABLES.items() if not table.is_of_account),
    },
}


def schema(name: str, wire: Wire) -> dict[str, Any]:
    """One table: its keys and columns."""
    return {"keys": list(TABLES[name].keys), "types": tables.types(name, wire)}
