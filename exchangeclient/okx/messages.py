"""What the venue's messages have in common, read without I/O."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Any, Final

from exchangeclient.core.http import jsonio
from exchangeclient.core.http.jsonio import object_in
from exchangeclient.okx.stream_names import name_of

HEAD: Final = b'{"arg":'
_TIME: Final = b'"ts":"'
_TIME_DIGITS: Final = 13


def event_in(payload: bytes) -> Any:
    """The message as the venue sent it, or an error event that shows what came instead."""
    try:
        return jsonio.decode(payload)
    except ValueError as error:
        return {**error_event(f"a message that is no JSON: {error}"), "raw": payload.decode(errors="replace")}


def error_event(message: str) -> dict[str, Any]:
    """What a callback gets when there is something wrong with its stream: the venue's own form, and that of the python-binance line."""
    return {"event": "error", "msg": message, "e": "error", "m": message}


def event_time_ms(payload: bytes) -> int | None:
    """The first time that a message names, None when it names none."""
    start = payload.find(_TIME)
    text = payload[start + len(_TIME) : start + len(_TIME) + _TIME_DIGITS] if start >= 0 else b""
    return int(text) if len(text) == _TIME_DIGITS and text.isdigit() else None


def routed(payload: bytes) -> tuple[str, bytes] | None:
    """The stream that a message belongs to, and the message as it is; None when it is no message of a stream."""
    head = stream_of(payload)
    name = _named(head) if head else None
    if name is None:
        message = object_in(payload)
        arg = None if message is None else message.get("arg")
        name = name_of(arg) if isinstance(arg, Mapping) else None
    return None if name is None else (name, payload)


def stream_of(payload: bytes) -> bytes:
    """How a message begins, which names its stream; empty when it begins otherwise."""
    return payload[: payload.find(b"}") + 1] if payload.startswith(HEAD) else b""


@functools.lru_cache(maxsize=4096)
def _named(head: bytes) -> str | None:
    arg = object_in(head[len(HEAD) :])
    return None if arg is None else name_of(arg)
