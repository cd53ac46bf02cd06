"""What a client is told when a call fails: ``{"code", "message", "data"}``, and which code an error of a venue's is. Pure.

Clients look at whether the status is 4xx or 5xx, and at the code. No text holds a key.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from exchangeclient.exceptions import (
    AuthenticationException,
    ClockSkewException,
    DuplicateOrderException,
    ExchangeAPIException,
    ExchangeException,
    ExchangeRequestException,
    InsufficientFundsException,
    OrderException,
    OrderInactiveSymbolException,
    OrderMinAmountException,
    OrderMinPriceException,
    OrderMinTotalException,
    OrderNotAmendedException,
    OrderNotFoundException,
    OrderNotPlacedException,
    OrderStatusUnknownException,
    OrderUnknownSymbolException,
    OverloadException,
    PermissionException,
    RateLimitException,
    UnknownSymbolException,
    UnsupportedException,
)
from exchangeclient.gateway.doubts import look_first

_LONGEST: Final = 400
_TOO_MANY: Final = 429

# The first class that fits tells; so a finer one comes before what it is derived from.
_CODES: Final[tuple[tuple[type[Exception], str, int], ...]] = (
    (OrderMinPriceException, "exg-place-order-error-price", 400),
    (OrderMinAmountException, "exg-place-order-error-amount", 400),
    (OrderMinTotalException, "exg-place-order-min-notional", 400),
    (OrderUnknownSymbolException, "contract-not-exist", 404),
    (OrderInactiveSymbolException, "contract-not-exist", 400),
    (OrderException, "exg-invalid-param", 400),
    (InsufficientFundsException, "exg-place-order-no-money", 400),
    (OrderNotFoundException, "exg-cancel-order-not-exist", 400),
    (DuplicateOrderException, "client_oid-already-existed", 400),
    (UnknownSymbolException, "contract-not-exist", 404),
    (RateLimitException, "exg-rate-limit-exceeded", 429),
    (AuthenticationException, "exg-invalid-api-key", 400),
    (PermissionException, "exg-account-error", 403),
    (ClockSkewException, "exg-account-error", 400),
    (OverloadException, "exg-bad-gateway", 502),
    (OrderStatusUnknownException, "exg-unknown-error", 502),
    (OrderNotPlacedException, "exg-timeout", 504),
    (OrderNotAmendedException, "exg-timeout", 504),
    (UnsupportedException, "not-allowed", 403),
    (ExchangeRequestException, "exg-timeout", 504),
    (ExchangeAPIException, "exg-undefined-error", 400),
    (ExchangeException, "upstream-error", 502),
    (TypeError, "invalid-param", 400),
    (ValueError, "invalid-param", 400),
)


class ServiceError(ValueError):
    """A refusal in the protocol's own form.

    :ivar code: one of the protocol's
    :ivar status: of HTTP
    :ivar data: what went well and what did not, of a list
    """

    def __init__(self, code: str, message: str, *, status: int = 400, data: Any = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.status = status
        self.data = data

    @property
    def is_passing(self) -> bool:
        """Whether the same may go well a little later."""
        return (self.status >= 500 or self.status == _TOO_MANY) and self.code != "unexpected-error"

    @property
    def envelope(self) -> Mapping[str, Any]:
        """What is written."""
        return {"code": self.code, "message": self.message, "data": self.data}


def stopping() -> ServiceError:
    """The refusal of what comes at the gateway's end."""
    return ServiceError("upstream-error", "the gateway is stopping; nothing was sent", status=503)


def service_error(error: Exception) -> ServiceError:
    """What a client is told of whatever went wrong."""
    if isinstance(error, ServiceError):
        return error
    for kind, code, status in _CODES:
        if isinstance(error, kind):
            unknown = isinstance(error, ExchangeAPIException) and error.outcome_unknown
            text = look_first(str(error)) if isinstance(error, OrderStatusUnknownException) else str(error)
            text = text[:_LONGEST]
            return ServiceError("exg-unknown-error", text, status=502) if unknown else ServiceError(code, text, status=status)
    return ServiceError("unexpected-error", "the gateway failed; its log says more", status=500)


def is_certain(error: Exception) -> bool:
    """Whether an order that failed so did certainly not reach the book."""
    if isinstance(error, ExchangeAPIException):
        return not error.outcome_unknown
    if isinstance(error, OrderStatusUnknownException):
        return False
    if isinstance(error, ExchangeRequestException):
        return isinstance(error, OrderNotPlacedException) or error.sent == "no"
    # Others of the client's own come before a byte is sent. What nobody has thought of is not known either.
    return isinstance(error, ExchangeException | TypeError | ValueError)
