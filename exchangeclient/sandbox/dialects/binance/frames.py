"""The frames of Binance's WebSocket API, read piece by piece: whatever is wrong with one, its id is known if it can be read."""

from __future__ import annotations

import msgspec
from msgspec import Raw

from exchangeclient.sandbox.dialects.binance import errors

_ANY_VERSION = "v3/"
_UNREADABLE = (msgspec.DecodeError, UnicodeError, RecursionError)

_FIELDS = msgspec.json.Decoder(dict[str, Raw])
_ID: msgspec.json.Decoder[int | str | None] = msgspec.json.Decoder(int | str | None)
_TEXT = msgspec.json.Decoder(str)
_NULL = b"null"


def fields_of(payload: str | bytes) -> dict[str, Raw]:
    """The fields of a request, each as it was written."""
    try:
        return _FIELDS.decode(payload)
    except _UNREADABLE:
        raise errors.BAD_JSON("request") from None


def id_of(fields: dict[str, Raw]) -> int | str | None:
    """What the answer has to repeat: a whole number, a text, or null."""
    try:
        return _ID.decode(fields.get("id", _NULL))
    except msgspec.ValidationError:
        raise errors.BAD_VALUE("id") from None
    except _UNREADABLE:
        raise errors.BAD_JSON("request") from None


def method_of(fields: dict[str, Raw]) -> str:
    """What is asked for, without the version that may be put before it."""
    try:
        method = _TEXT.decode(fields.get("method", _NULL))
    except _UNREADABLE:
        raise errors.MISSING("method") from None
    if not method:
        raise errors.MISSING("method")
    return method.removeprefix(_ANY_VERSION)


def values_of(fields: dict[str, Raw]) -> dict[str, str]:
    """The parameters as the texts that REST would have; null is as good as not sent.

    Numbers, booleans and lists keep the very characters that came, since signatures are made over them.
    """
    raw = fields.get("params", _NULL)
    if bytes(raw) == _NULL:
        return {}
    try:
        return {name: _as_text(value) for name, value in _FIELDS.decode(raw).items() if bytes(value) != _NULL}
    except _UNREADABLE:
        raise errors.BAD_JSON("params") from None


def _as_text(value: Raw) -> str:
    raw = bytes(value)
    return _TEXT.decode(raw) if raw.startswith(b'"') else raw.decode()
