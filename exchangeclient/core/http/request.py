"""What a call is before and after the wire: frozen values, and the texts that its arguments become.

Pure: who carries a :class:`Message` is decided elsewhere (``core/http/transport.py`` for HTTP), and so is how a venue signs it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from enum import Enum
from typing import Any, Self, SupportsIndex
from urllib.parse import quote

from exchangeclient.core.http import jsonio
from exchangeclient.numbers import plain

# As parameters, in an encoded URL within another one, in JSON (also within a text of JSON), and as a header.
_CONFIDENTIAL = re.compile(
    r"""((?:signature|X-MBX-APIKEY|apiKey|listenKey|listenToken|passphrase|"sign|OK-ACCESS-(?:KEY|SIGN|PASSPHRASE)|api-key)\\*["']?\s*(?:=|%3D|:)\s*\\*["']?)"""
    r"""(?:(?<=")[^"\\]*|(?<=')[^'\\]*|(?:(?!%26|\\+["'])[^&\s'"])*)""",
    re.IGNORECASE,
)

_UNRESERVED = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~"  # what RFC 3986 never quotes


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
    TRANSFER = "transfer"  # moves money or switches something: nobody can tell from here what became of it

    @property
    def changes(self) -> bool:
        """True for what changes something at the venue, so that a lost answer leaves a doubt."""
        return self in (Kind.PLACE, Kind.CANCEL, Kind.AMEND, Kind.TRANSFER)


@dataclass(frozen=True, slots=True)
class Request:
    """One call as the user meant it: wire names and wire texts, neither encoded nor signed.

    :ivar name: the method that was called
    :ivar params: in the order in which they leave
    :ivar weight: what it costs
    :ivar counts: by what the venue counts the weight; there may be budgets apart from the usual one
    :ivar bucket: what is counted by itself, where the venue counts each endpoint so; the path when it is empty
    :ivar orders: how many orders it places, for the venue's count of those
    :ivar host: which of the client's hosts it goes to
    :ivar validate: False when the caller switched the order rules off
    :ivar settle: False when whoever asks sees to a lost answer himself
    :ivar decoded: False has the answer given as a function that decodes it: for who keeps many, and learns nothing from them
    :ivar options: ``requests_params`` of this call
    :ivar time_ms: what it is stamped with, where the stamp is none of its parameters
    """

    name: str
    verb: str
    path: str
    params: Mapping[str, str] = field(default_factory=dict)
    security: Security = Security.NONE
    kind: Kind = Kind.READ
    weight: int = 1
    counts: str = "weight"
    bucket: str = ""
    orders: int = 0
    host: str = "rest"
    validate: bool = True
    settle: bool = True
    decoded: bool = True
    options: Mapping[str, Any] = field(default_factory=dict)
    time_ms: int | None = None

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

    @property
    def has_body(self) -> bool:
        """True when its body is sent, be it empty."""
        return bool(self.body) or self.verb not in ("GET", "HEAD", "DELETE")

    @property
    def called(self) -> str:
        """What is called, for a text about it."""
        return f"{self.verb} {self.url.partition('?')[0]}"

    def __repr__(self) -> str:
        return f"<Message {self.verb} {redacted(self.url)} {redacted(self.body)}>"


@dataclass(frozen=True, slots=True, repr=False)
class Response:
    """One HTTP answer, read whole and decompressed. Header names are in lower case. Shown without what it says, which may be anything."""

    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)
    reason: str = ""
    elapsed_s: float = 0.0

    def __repr__(self) -> str:
        return f"<Response {self.status} of {len(self.body)} bytes>"


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
    text = "&".join(map("=".join, params.items()))
    if text.encode(errors="replace").translate(None, _UNRESERVED) == (b"=&" * len(params))[:-1]:
        return text  # nearly every one that there is, several times as fast as below
    return "&".join(f"{quote(name, safe='')}={quote(text, safe='')}" for name, text in params.items())


def redacted(text: str) -> str:
    """A text as it may be shown: without signatures and session keys."""
    return _CONFIDENTIAL.sub(r"\1***", text)
