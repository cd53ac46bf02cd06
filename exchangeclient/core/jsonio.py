"""The one place of the client that reads and writes JSON; msgspec is the one library for it."""

from __future__ import annotations

from typing import Any

import msgspec

_decoder = msgspec.json.Decoder()
_encoder = msgspec.json.Encoder()


def decode(text: bytes | str) -> Any:
    """The value of a JSON text.

    :raises ValueError: when it is not JSON, not UTF-8, or nested beyond reason
    """
    try:
        return _decoder.decode(text)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise ValueError(f"not JSON: {error}") from error


def encode(value: Any) -> bytes:
    """A value as compact JSON."""
    return _encoder.encode(value)
