"""What is in a message of Binance's sockets, of whatever kind: an event as the user gets it, its time, its error form. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from typing import Any

from exchangeclient.core.http import jsonio

# The first "E" of a message is its event's: what may stand before it holds no such key. Three more digits are microseconds.
_EVENT_TIME = re.compile(rb'"E":([0-9]{13})')


def error_event(message: str) -> dict[str, Any]:
    """What a callback gets when there is something wrong with its stream, as in the python-binance line; ``type`` came with 1.0."""
    return {"e": "error", "type": "SocketException", "m": message}


def event_in(payload: bytes) -> Any:
    """The object or list in a payload, or an error event that shows what came instead."""
    try:
        return _reader()(payload)
    except jsonio.refusals() as error:
        return {**error_event(f"a message that is neither object nor list: {error}"), "raw": payload.decode(errors="replace")}


@cache
def _reader() -> Callable[[bytes], Any]:
    return jsonio.typed(dict | list)


def event_time_ms(payload: bytes) -> int | None:
    """When the venue says that an event happened, read without decoding the rest; None when it does not say."""
    found = _EVENT_TIME.search(payload, 0, 200)
    return None if found is None else int(found[1])
