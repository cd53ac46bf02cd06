"""What the frames of the sockets have in common: gzip, their kind, whose they are. Pure."""

from __future__ import annotations

import re
import zlib
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final

from exchangeclient.core.http import jsonio
from exchangeclient.core.http.request import redacted
from exchangeclient.onetoken.names import contract_name

MOST_BYTES: Final = 16 * 1024 * 1024
"""A frame that is larger unpacked is refused."""

_GZIP_HEAD: Final = b"\x1f\x8b"
_URI = re.compile(rb'"uri"\s*:\s*"([a-z0-9-]+)"')
_CONTRACT = re.compile(rb'"(?:contract|c)"\s*:\s*"([^"\\]+)"')
_DURATION = re.compile(rb'"duration"\s*:\s*"([^"\\]+)"')
_V3 = re.compile(rb'"tp"\s*:\s*"[sd]"')
_KINDS: Final = {
    "single-tick-verbose": "tick",
    "single-zhubi-verbose": "zhubi",
    "single-candle": "candle",
    "low-freq-quote": "low-freq-quote",
}


def unpacked(payload: bytes) -> bytes:
    """The text of a frame, packed or not.

    :raises ValueError: when it is no gzip after all, or larger than any frame
    """
    return _unpacked(payload) if payload.startswith(_GZIP_HEAD) else payload


@lru_cache(maxsize=64)  # a frame is looked at when it comes, when it is handed out, and when it is read
def _unpacked(payload: bytes) -> bytes:
    unpacking = zlib.decompressobj(wbits=31)
    try:
        text = unpacking.decompress(payload, MOST_BYTES)
    except zlib.error as error:
        raise ValueError(f"a binary frame that is no gzip: {error}") from error
    if unpacking.unconsumed_tail or not unpacking.eof:
        raise ValueError(f"a binary frame that is cut off, or larger than {MOST_BYTES} bytes")
    return text


def object_in(payload: bytes) -> dict[str, Any]:
    """The JSON object of a frame.

    :raises ValueError: when it is anything else
    """
    message = jsonio.decode(unpacked(payload))
    if not isinstance(message, dict):
        raise ValueError(f"a frame is an object, but this is {str(message)[:80]}")
    return message


def reason_in(message: Mapping[str, Any]) -> str:
    """Why, as far as the gateway says; without anything secret."""
    told = message.get("message")
    text = told if isinstance(told, str) else "" if told is None else jsonio.encode(told).decode()
    return redacted(f"{message.get('code', '')} {text}".strip())[:300]


def is_event(text: bytes) -> bool:
    """True for what a quote socket sends on its own; what answers a frame of ours is no event."""
    found = _URI.search(text)
    if found is None:
        return _V3.search(text) is not None
    return found[1].decode() in _KINDS


def contracts_in(text: bytes) -> set[str]:
    """The contracts that an event names; what is none is left out."""
    return {name for each in _CONTRACT.findall(text) if (name := _name(each)) is not None}


def routed(payload: bytes) -> tuple[str, bytes] | None:
    """The name of the stream that an event belongs to, and the event; None when it cannot be told, or it is of several."""
    try:
        text = unpacked(payload)
    except ValueError:
        return None
    uri = _URI.search(text)
    kind = "tick-v3" if uri is None else _KINDS.get(uri[1].decode())
    contract = _CONTRACT.search(text)
    if kind is None or contract is None:
        return None
    name = _name(contract[1])
    if name is None or (kind == "low-freq-quote" and len(contracts_in(text)) > 1):
        return None
    if kind != "candle":
        return f"{kind}:{name}", text
    duration = _DURATION.search(text)
    return None if duration is None else (f"{kind}:{name}:{duration[1].decode()}", text)


def _name(contract: bytes) -> str | None:
    try:
        return contract_name(contract.decode())
    except ValueError:
        return None
