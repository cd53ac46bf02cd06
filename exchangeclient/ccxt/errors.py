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
_UNSUPPORTED: Final = "NotSupported"
_LOST: Final = ("NetworkError", "OperationFailed")


def translated(error: Exception, venue: str, status: int = 0) -> ExchangeException:
    """The same as an exception of this package; of ``venue``, with its text cut.

    :param status: of HTTP, when there was an answer
    """
    text = _QUERY.sub(r"\1", str(error))[:_LONGEST]
    for ancestor in type(error).__mro__:
        name = ancestor.__name__
        if name == _UNSUPPORTED:
            return UnsupportedException(text, venue=venue, what="method")
        if name in _REFUSALS:
            refused = _REFUSALS[name]
            # Whoever is too busy, or failed for no reason that has a name of its own, may have carried the call out.
            unknown = refused is OverloadException or (refused is ExchangeAPIException and status >= _FAILED)
            return refused(text, venue=venue, status_code=status, outcome_unknown=unknown)
        if name in _LOST:
            return ExchangeRequestException(f"{venue} gave no usable answer: {text}", sent="maybe", transient=True)
    return ExchangeRequestException(f"{venue}: an answer that ccxt cannot read ({type(error).__name__})", sent="yes")
