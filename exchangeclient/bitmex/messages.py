"""What the messages of BitMEX's realtime feed have in common, read without I/O."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any, Final

from exchangeclient.bitmex.stream_names import has_symbols
from exchangeclient.core.http import jsonio
from exchangeclient.core.http.jsonio import object_in

HEAD: Final = b'{"table":'
_NAMED = re.compile(rb'\{"table":"([a-zA-Z0-9_]+)","action":"(insert|update|delete)"')
_SYMBOL = re.compile(rb'"symbol":"([A-Z0-9_.]+)"')
_TIME = re.compile(rb'"timestamp":"([0-9T:.-]{19,30}Z)"')
# Rows of other tables may be old when they are told: the last trade of a quiet market, an order that rests.
_AT_ONCE: Final = (
    b'{"table":"quote","action":"insert"',
    b'{"table":"trade","action":"insert"',
    b'{"table":"orderBookL2","action":"update"',
)


def event_in(payload: bytes) -> Any:
    """The message as the venue sent it, or an error event that shows what came instead."""
    try:
        return jsonio.decode(payload)
    except ValueError as error:
        return {**error_event(f"a message that is no JSON: {error}"), "raw": payload.decode(errors="replace")}


def error_event(message: str) -> dict[str, Any]:
    """What a callback gets when there is something wrong with its stream: the venue's own form, and that of the python-binance line."""
    return {"error": message, "event": "error", "e": "error", "m": message}


def event_time_ms(payload: bytes) -> int | None:
    """The first time in a message of what has just happened, None when it names none."""
    found = _TIME.search(payload) if payload.startswith(_AT_ONCE) else None
    return None if found is None else milliseconds(found[1].decode())


def milliseconds(text: str | None) -> int | None:
    """A time of the venue's, ``2021-07-22T22:36:37.988Z``; None when it is none."""
    try:
        moment = None if text is None else datetime.fromisoformat(text)
    except ValueError:
        return None
    return None if moment is None or moment.tzinfo is None else round(moment.timestamp() * 1000)


def routed(payload: bytes) -> tuple[str, bytes] | None:
    """The topic that a message belongs to, and the message as it is; None when it is no message of a table."""
    found = _NAMED.match(payload)
    if found is not None:
        row = _SYMBOL.search(payload, found.end())
        return _topic(found[1].decode(), None if row is None else row[1].decode()), payload
    message = object_in(payload)
    if message is None or not isinstance(table := message.get("table"), str):
        return None
    return _topic(table, _symbol_of(message)), payload


def _topic(table: str, symbol: str | None) -> str:
    return table if symbol is None or not has_symbols(table) else f"{table}:{symbol}"


def _symbol_of(message: dict[str, Any]) -> str | None:
    """Whose rows a message has: a partial says so, as it may be empty."""
    match message:
        case {"filter": {"symbol": str(symbol)}}:
            return symbol
        case {"data": [{"symbol": str(symbol)}, *_]}:
            return symbol
    return None


def stream_of(payload: bytes) -> bytes:
    """The topic that a message belongs to; empty when it belongs to none."""
    found = routed(payload)
    return b"" if found is None else found[0].encode()
