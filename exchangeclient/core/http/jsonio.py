"""The one place of the client that reads and writes JSON; msgspec is the one library for it, imported when there is some."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from exchangeclient.exceptions import ExchangeRequestException

if TYPE_CHECKING:
    import msgspec


def decode(text: bytes | str) -> Any:
    """The value of a JSON text.

    :raises ValueError: when it is not JSON, not UTF-8, or nested beyond reason
    """
    try:
        return _decoder().decode(text)
    except refusals() as error:
        raise ValueError(f"not JSON: {error}") from error


def object_in(payload: bytes | str) -> dict[str, Any] | None:
    """The JSON object in a message, None when it is anything else."""
    try:
        message = decode(payload)
    except ValueError:
        return None
    return message if isinstance(message, dict) else None


def typed(kind: Any) -> Callable[[bytes], Any]:
    """What decodes texts of one shape, a type of msgspec's, twice as fast as :func:`decode`. It raises one of :func:`refusals`."""
    import msgspec

    return msgspec.json.Decoder(kind).decode


def fields(text: bytes | str) -> dict[str, bytes]:
    """The fields of a JSON object, each as it is written.

    :raises ValueError: when it is no JSON object
    """
    try:
        return {name: bytes(value) for name, value in _field_decoder().decode(text).items()}
    except refusals() as error:
        raise ValueError(f"no JSON object: {error}") from error


def encode(value: Any) -> bytes:
    """A value as compact JSON."""
    return _encoder().encode(value)


@functools.cache
def _decoder() -> msgspec.json.Decoder[Any]:
    import msgspec

    return msgspec.json.Decoder()


@functools.cache
def _field_decoder() -> msgspec.json.Decoder[dict[str, msgspec.Raw]]:
    import msgspec

    return msgspec.json.Decoder(dict[str, msgspec.Raw])


@functools.cache
def _encoder() -> msgspec.json.Encoder:
    import msgspec

    return msgspec.json.Encoder()


def refusals() -> tuple[type[Exception], ...]:
    """What a decoder raises when a text is not JSON, not UTF-8, nested beyond reason, or of another shape."""
    import msgspec

    return msgspec.DecodeError, UnicodeError, RecursionError


@contextlib.contextmanager
def as_documented(name: str) -> Iterator[None]:
    """Reads in an answer of ``name()``, which may be of another form than the venue says.

    :raises ExchangeRequestException: when it is
    """
    try:
        yield
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError, OSError) as error:
        raise ExchangeRequestException(f"{name}() gave an answer of another form than it has: {error!r}", sent="yes") from error
