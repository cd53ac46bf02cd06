"""Every error of the package: the class is the meaning, attributes carry the venue's words.

::

    ExchangeException
      ExchangeRequestException          no usable answer (connection, timeout, not JSON); .sent is "no", "maybe" or "yes"
      ExchangeAPIException              the venue said no: .status_code .code .message .response .request .venue .retry_after .rule
        RateLimitException              too many requests or orders; wait .retry_after seconds
        ClockSkewException              the timestamp was too old or too far ahead
        AuthenticationException         the key or the signature was refused
        PermissionException             the key may not do this
        InsufficientFundsException      the balance does not cover it
        OrderNotFoundException          no such order
        DuplicateOrderException         the client order id is in use
        UnknownSymbolException          no such symbol
      OrderException                    our own rule check, before a byte is sent: .code .message .symbol .rule .value .nearest
        OrderMinAmountException         the quantity breaks LOT_SIZE or MARKET_LOT_SIZE
        OrderMinPriceException          the price breaks PRICE_FILTER or PERCENT_PRICE_BY_SIDE
        OrderMinTotalException          price times quantity breaks NOTIONAL or MIN_NOTIONAL
        OrderUnknownSymbolException     the venue does not list the symbol
        OrderInactiveSymbolException    the symbol is not trading
      SocketException                   a stream connection failed for good
      OutOfSyncException                the order book is not known to be right at this moment
      SandboxException                  the embedded exchange could not start (port in use, bad candle file)

Wrong arguments are Python's own ``TypeError`` and ``ValueError`` and name the argument. The ``Binance...`` names of the
python-binance line, at the end, are the same objects. All of them pickle; none shows a secret. Names and attributes are what programs
can rely on. The constructors are the package's own: 0.1.6's (``(response)``, ``(code, message)``, ``(value)``) differed by class and are
not taken.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from decimal import Decimal

    import requests

Sent = Literal["no", "maybe", "yes"]


def _rebuild(cls: type[ExchangeException], args: tuple[Any, ...], state: dict[str, Any]) -> ExchangeException:
    error = cls.__new__(cls, *args)
    error.args = args
    error.__dict__.update(state)
    return error


class ExchangeException(Exception):  # noqa: N818 - a public name, spelled as the python-binance line spells its errors
    """The root of every error that this package raises on its own."""

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuild, (type(self), self.args, self.__dict__.copy())


class ExchangeRequestException(ExchangeException):
    """There was no usable answer: connection refused, timeout, body too large, not JSON.

    :ivar sent: ``"no"`` (nothing left this machine, a repeat is safe), ``"maybe"`` or ``"yes"`` (the venue may have acted)
    """

    def __init__(self, message: str, *, sent: Sent = "maybe") -> None:
        super().__init__(message)
        self.message = message
        self.sent: Sent = sent


class ExchangeAPIException(ExchangeException):
    """The venue answered, and the answer is an error.

    :ivar status_code: the HTTP status
    :ivar code: the venue's error code, 0 when the answer carried none
    :ivar message: the venue's text
    :ivar venue: ``"binance"`` and so on
    :ivar retry_after: seconds to wait, when the venue said so
    :ivar rule: the order rule that the venue names, such as ``PERCENT_PRICE_BY_SIDE``
    :ivar response: the ``requests.Response``, secrets hidden in every shown form, or None
    :ivar request: its ``requests.PreparedRequest``, or None
    """

    def __init__(
        self,
        message: str,
        *,
        status_code: int = 0,
        code: int = 0,
        venue: str = "",
        retry_after: float | None = None,
        rule: str = "",
        response: requests.Response | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.status_code = status_code
        self.code = code
        self.venue = venue
        self.retry_after = retry_after
        self.rule = rule
        self.response = response

    @property
    def request(self) -> requests.PreparedRequest | None:
        """The request that was refused, or None when it is not at hand."""
        return None if self.response is None else self.response.request

    def __str__(self) -> str:
        return f"{self.venue or 'venue'} error {self.code} (HTTP {self.status_code}): {self.message}"


class RateLimitException(ExchangeAPIException):
    """Too many requests or orders; nothing should be sent before ``retry_after`` seconds have passed."""


class ClockSkewException(ExchangeAPIException):
    """The request's timestamp was outside the venue's window."""


class AuthenticationException(ExchangeAPIException):
    """The API key or the signature was refused."""


class PermissionException(ExchangeAPIException):
    """The key is valid but may not do this."""


class InsufficientFundsException(ExchangeAPIException):
    """The balance does not cover the order."""


class OrderNotFoundException(ExchangeAPIException):
    """The venue knows no such order."""


class DuplicateOrderException(ExchangeAPIException):
    """An open order has this client order id already."""


class UnknownSymbolException(ExchangeAPIException):
    """The venue does not list the symbol."""


class OrderException(ExchangeException):
    """An order breaks a rule of its symbol; it was not sent.

    :ivar code: -1013, the code with which the venue itself would refuse it
    :ivar symbol: the order's symbol
    :ivar rule: the venue's name of the rule, such as ``LOT_SIZE``
    :ivar value: the value that breaks it
    :ivar nearest: the nearest legal value, when there is one
    """

    def __init__(
        self,
        message: str,
        *,
        symbol: str = "",
        rule: str = "",
        value: Decimal | str | None = None,
        nearest: Decimal | None = None,
        code: int = -1013,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.symbol = symbol
        self.rule = rule
        self.value = value
        self.nearest = nearest
        self.code = code


class OrderMinAmountException(OrderException):
    """The quantity is too small, too large, or not a multiple of the lot step."""


class OrderMinPriceException(OrderException):
    """The price is too low, too high, or not a multiple of the tick."""


class OrderMinTotalException(OrderException):
    """Price times quantity is below the minimum total, or above the maximum."""


class OrderUnknownSymbolException(OrderException):
    """The venue does not list the symbol."""


class OrderInactiveSymbolException(OrderException):
    """The symbol is listed but not trading."""


class SocketException(ExchangeException):
    """A stream could not be opened or has failed for good."""


class OutOfSyncException(ExchangeException):
    """The order book is not known to equal the venue's at this moment, so it is not shown.

    :ivar symbol: whose book
    :ivar state: CONNECTING, SYNCING, STALE or CLOSED
    """

    def __init__(self, message: str, *, symbol: str = "", state: str = "") -> None:
        super().__init__(message)
        self.symbol = symbol
        self.state = state


class SandboxException(ExchangeException):
    """The embedded exchange could not start, or was given a file that it cannot trust."""


# Names of the python-binance line: the same objects.
BinanceAPIException = ExchangeAPIException
BinanceRequestException = ExchangeRequestException
BinanceOrderException = OrderException
BinanceOrderMinAmountException = OrderMinAmountException
BinanceOrderMinPriceException = OrderMinPriceException
BinanceOrderMinTotalException = OrderMinTotalException
BinanceOrderTotalPriceException = OrderMinTotalException  # the spelling of the 0.1.6 README, a misprint there
BinanceOrderUnknownSymbolException = OrderUnknownSymbolException
BinanceOrderInactiveSymbolException = OrderInactiveSymbolException
