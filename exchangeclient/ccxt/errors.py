"""What an error of ccxt's is in this package's words. Pure: only the names of its classes are looked at."""

from __future__ import annotations

import re
from typing import Final

from exchangeclient.exceptions import (
    AuthenticationException,
    ClockSkewException,
    DuplicateOrderException,
    ExchangeAPIException,
    ExchangeException,
    ExchangeRequestException,
    InsufficientFundsException,
    OrderNotFoundException,
    OverloadException,
    PermissionException,
    RateLimitException,
    Sent,
    UnknownSymbolException,
    UnsupportedException,
)

_LONGEST: Final = 300
_QUERY: Final = re.compile(r"(https?://[^\s?]+)\?\S*")  # of calls that are signed in it
_FAILED: Final = 500

# ccxt's classes by name (its manual, "Error Handling"); the nearest ancestor that is listed tells.
_REFUSALS: Final[dict[str, type[ExchangeAPIException]]] = {
    "BadSymbol": UnknownSymbolException,
    "PermissionDenied": PermissionException,
    "AuthenticationError": AuthenticationException,
    "InsufficientFunds": InsufficientFundsException,
    "OrderNotFound": OrderNotFoundException,
    "DuplicateOrderId": DuplicateOrderException,
    "DDoSProtection": RateLimitException,
    "RateLimitExceeded": RateLimitException,
    "InvalidNonce": ClockSkewException,
    "ExchangeNotAvailable": OverloadException,
    "ExchangeError": ExchangeAPIException,
}
# Of an answer that ccxt has no name for, the status tells.
_BY_STATUS: Final[dict[int, type[ExchangeAPIException]]] = {401: AuthenticationException, 429: RateLimitException}
_UNNAMED: Final = "ExchangeError"
_MAINTENANCE: Final = "OnMaintenance"
_UNSUPPORTED: Final = "NotSupported"
_LOST: Final = ("NetworkError", "OperationFailed")


def translated(error: Exception, venue: str, status: int = 0, sent: Sent = "maybe") -> ExchangeException:
    """The same as an exception of this package; of ``venue``, with its text cut.

    :param status: of HTTP, when there was an answer
    :param sent: ``"no"`` when nothing that could change something has left; ``"yes"`` when such a call was answered, and not refused
    """
    text = _QUERY.sub(r"\1", str(error))[:_LONGEST]
    own = type(error).__name__
    for ancestor in type(error).__mro__ if sent != "yes" else ():
        name = ancestor.__name__
        if name == _UNSUPPORTED:
            return UnsupportedException(text, venue=venue, what="method")
        if name in _REFUSALS and not (own == _UNNAMED and not status and sent != "no"):  # else there was no answer that could be read
            refused = _BY_STATUS.get(status, ExchangeAPIException) if own == _UNNAMED else _REFUSALS[name]
            return refused(text, venue=venue, status_code=status, outcome_unknown=sent != "no" and _is_in_doubt(refused, own, status))
        if name in _LOST or name == _UNNAMED:
            return ExchangeRequestException(f"{venue} gave no usable answer: {text}", sent=sent, transient=True)
    return ExchangeRequestException(f"{venue}: an answer that ccxt cannot read ({own})", sent=sent)


def _is_in_doubt(refused: type[ExchangeAPIException], own: str, status: int) -> bool:
    """Whoever is too busy, or failed for no reason that has a name of its own, may have carried the call out."""
    if refused is OverloadException:
        return own != _MAINTENANCE or status >= _FAILED
    return own == _UNNAMED and status >= _FAILED
