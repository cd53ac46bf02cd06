"""What a call is before and after the wire: frozen values, and the texts that its arguments become.

Pure: who carries a :class:`Message` is decided elsewhere (``core/transport.py`` for HTTP), and so is how a venue signs it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from enum import Enum
from typing import Any, Self, SupportsIndex
from urllib.parse import quote

from exchangeclient.core import jsonio
from exchangeclient.numbers import plain

_CONFIDENTIAL = re.compile(r"\b(signature|apiKey|listenKey|listenToken)=[^&\s'\"]*")


class Security(Enum):
    """What a venue asks of a call before it answers."""

    NONE = "none"
    USER_DATA = "user data"
    TRADE = "trade"

    @property
    def signed(self) -> bool:
        """True when the call needs an API key, a timestamp and a signature."""
        return self is not Security.NONE


class Kind(Enum):
    """What a call does at the venue, and so what may be done when its answer is lost."""

    READ = "read"
    PLACE = "place"
    TEST = "test"  # an order that the venue checks and throws away
    CANCEL = "cancel"
    AMEND = "amend"


@dataclass(frozen=True, slots=True)
class Request:
    """One call as the user meant it: wire names and wire texts, neither encoded nor signed.

    :ivar name: the method that was called
    :ivar params: in the order in which they leave
    :ivar host: which of the client's hosts it goes to
    :ivar validate: False when the caller switched the order rules off
    :ivar options: ``requests_params`` of this call
    """

    name: str
    verb: str
    path: str
    params: Mapping[str, str] = field(default_factory=dict)
    security: Security = Security.NONE
    kind: Kind = Kind.READ
    weight: int = 1
    host: str = "rest"
    validate: bool = True
    options: Mapping[str, Any] = field(default_factory=dict)

    def having(self, **params: str) -> Self:
        """The same call with further parameters at the end."""
        return replace(self, params={**self.params, **params})


@dataclass(frozen=True, slots=True, repr=False)
class Message:
    """One HTTP request, encoded and signed: exactly these texts are sent. Shown without key and signature.

    :ivar private: True when it carries an API key
    """

    verb: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: str = ""
    private: bool = False

    def __repr__(self) -> str:
        return f"<Message {self.verb} {redacted(self.url)} {redacted(self.body)}>"


@dataclass(frozen=True, slots=True)
class Response:
    """One HTTP answer, read whole and decompressed. Header names are in lower case."""

    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)
    reason: str = ""
    elapsed_s: float = 0.0


def wire_text(value: object, name: str) -> str:
    """The text that an argument becomes: ``true``, plain digits, the text itself, or JSON for a list.

    :raises TypeError: for a type that has no text on the wire, naming the argument
    :raises ValueError: for a number that is not finite, an empty list, or text that is not Unicode
    """
    match value:
        case Enum():
            return wire_text(value.value, name)
        case bool():
            return "true" if value else "false"
        case str():
            try:
                value.encode()
            except UnicodeEncodeError as error:
                raise ValueError(f"{name} must be Unicode text, not {value[:40]!a}") from error
            return value
        case list() | tuple():
            return _list_text(value, name)
        case Decimal() | float() | SupportsIndex():
            return plain(value, name)
    raise TypeError(f"{name} must be text, a number, a bool or a list of them, not {type(value).__name__}")


def _list_text(values: Sequence[object], name: str) -> str:
    if not values:
        raise ValueError(f"{name} must not be empty")
    for value in values:
        if isinstance(value, bool) or not isinstance(value, (str, int)):
            raise TypeError(f"{name} must be a list of texts or whole numbers, not of {type(value).__name__}")
        if isinstance(value, str):
            wire_text(value, name)
    return jsonio.encode(list(values)).decode()


def encode(params: Mapping[str, str]) -> str:
    """Parameters as percent-encoded ``name=value`` pairs, in their order: the text that is signed and sent."""
    return "&".join(f"{quote(name, safe='')}={quote(text, safe='')}" for name, text in params.items())


def redacted(text: str) -> str:
    """A text as it may be shown: without signatures and session keys."""
    return _CONFIDENTIAL.sub(r"\1=***", text)
