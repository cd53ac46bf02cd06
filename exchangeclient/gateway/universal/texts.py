"""What a robot is told in place of data: the protocol's own texts, word for word, because robots match on them. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from exchangeclient.exceptions import ExchangeAPIException, ExchangeRequestException, OrderStatusUnknownException, UnsupportedException
from exchangeclient.gateway.doubts import look_first
from exchangeclient.market.vocabulary import CAPABILITIES

NOT_SUPPORT: Final = "not support"
NO_GET: Final = "not support GET method."
MISSING: Final = "missing required parameters"
INVALID_JSON: Final = "invalid JSON"
INVALID_SYMBOL: Final = "invalid symbol"

SIMULATE: Final = "simulate"
"""What stands behind secret and passphrase where demo trading is meant."""

LONGEST: Final = 300
_LONGEST_ANSWER: Final = 8_000  # of a venue, which is handed on whole
_SHORTEST_SECRET: Final = 8  # a shorter one, such as a sandbox's, may be a word of any text
_HIDDEN: Final = "***"


class Refused(ValueError):  # noqa: N818 - what is done with it
    """A call that is answered with an error; its text is the robot's."""


def invalid_key(venue: str, why: str) -> Refused:
    """The refusal of a ``secret_key`` that cannot be read."""
    return Refused(f"{venue}: invalid secretKey format. ({why})")


def nonce_used() -> Refused:
    """The refusal of a call whose nonce is another's."""
    return Refused(failed("the nonce was another call's; it must be a new one for each"))


def unheard(why: str) -> str:
    """What is said when there was no answer."""
    return f"URL error: {why}"


def failed(why: str) -> str:
    """What is said for everything that has no words of its own."""
    return f"Exception occurred: {why}"


def told(error: Exception, secrets: Iterable[str] = ()) -> str:
    """What a robot is told of an error, without anything of its keys."""
    return hidden(_words(error), secrets)[:LONGEST]


def told_whole(error: Exception, secrets: Iterable[str] = ()) -> str:
    """The same for a pass-through call: what the venue said, as it said it."""
    said = error.response.text if isinstance(error, ExchangeAPIException) and error.response is not None else ""
    if not said.lstrip().startswith("{"):
        return told(error, secrets)
    return hidden(said, secrets)[:_LONGEST_ANSWER]


def hidden(text: str, secrets: Iterable[str]) -> str:
    """A text with every secret blotted out."""
    for secret in secrets:
        if len(secret) >= _SHORTEST_SECRET and secret != SIMULATE:
            text = text.replace(secret, _HIDDEN)
    return text


def masked(secret: str) -> str:
    """As much of a key or an id as a log may show."""
    return f"{_HIDDEN}{secret[-4:]}" if len(secret) >= 2 * _SHORTEST_SECRET else _HIDDEN


def _words(error: Exception) -> str:
    match error:
        case Refused():
            return str(error)
        case UnsupportedException():
            return NOT_SUPPORT if error.what in CAPABILITIES else f"{NOT_SUPPORT}: {error}"
        case ExchangeAPIException() if error.code:
            return f"{error.code} {error.message}"
        case ExchangeAPIException() if error.status_code:
            return f"HTTP error: {error.status_code}"
        case ExchangeRequestException():
            message, unreadable = error.message, error.sent == "yes" and not error.transient
            if isinstance(error, OrderStatusUnknownException):
                message = look_first(message)
            return f"Invalid JSON response: {message}" if unreadable else unheard(message)
    return failed(str(error) or type(error).__name__)
