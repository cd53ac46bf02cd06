"""Every error of the package: the class is the meaning, attributes carry the venue's words.

::

    ExchangeException
      ExchangeRequestException          no usable answer (connection, timeout, not JSON); .sent is "no", "maybe" or "yes"
        OrderNotPlacedException         an order whose answer was lost is settled: it never reached the book
        OrderNotAmendedException        so is an amendment: it was not carried out, the order is as it was
        OrderStatusUnknownException     it is not settled yet: .client_order_id .decidable_at .resolve()
      ExchangeAPIException              the venue said no: .status_code .code .message .response .request .venue .retry_after .rule
        RateLimitException              too many requests or orders; wait .retry_after seconds, until .banned_until
        OverloadException               the venue is too busy at the moment
        ClockSkewException              the timestamp was too old or too far ahead
        AuthenticationException         the key or the signature was refused
        PermissionException             the key may not do this
        InsufficientFundsException      the balance does not cover it
        OrderNotFoundException          no such order
        DuplicateOrderException         the client order id is in use
        UnknownSymbolException          no such symbol
      OrderException                    our own rule check, before a byte is sent: .code .message .symbol .rule .limit .value .nearest
        OrderMinAmountException         the quantity breaks LOT_SIZE
          OrderMarketAmountException    that of a market order breaks MARKET_LOT_SIZE
          OrderIcebergException         an iceberg has more parts than ICEBERG_PARTS allows
        OrderMinPriceException          the price breaks PRICE_FILTER
          OrderPriceBandException       it is farther from the market than PERCENT_PRICE or PERCENT_PRICE_BY_SIDE allows
        OrderMinTotalException          price times quantity breaks NOTIONAL or MIN_NOTIONAL
        OrderTrailingDeltaException     the distance of a trailing stop breaks TRAILING_DELTA
        OrderUnknownSymbolException     the venue does not list the symbol
        OrderInactiveSymbolException    the symbol is not trading
      RegionException                   the call is of another region's venue: .required_tld .actual_tld .endpoint_name
      UnsupportedException              the venue has nothing of the kind: .venue .what
      SocketException                   a stream connection failed for good
        SocketTimeoutException          no event came within the time that was given; also a TimeoutError
        SocketAPIException              the venue refuses what was said over a socket: .status .message .meta .request
      OutOfSyncException                the order book is not known to be right at this moment
      JournalException                  the file of orders in doubt cannot be used
      LedgerException                   the file of shared budgets cannot be used
      ArchiveException                  an archive of candles and trades, or a file for it, cannot be used
      AlreadyRunningException           another process has the lock that a run needs: .path .pid
      SandboxException                  the embedded exchange could not start (port in use, bad candle file)

Wrong arguments are Python's own ``TypeError`` and ``ValueError`` and name the argument. The ``Binance...`` names of the
python-binance line, at the end, are the same objects. All of them pickle; none shows a secret. Names and attributes are what programs
can rely on. The constructors are the package's own: 0.1.6's (``(response)``, ``(code, message)``, ``(value)``) differed by class and are
not taken.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Literal, Self

from exchangeclient.explanation import Explanation, Repeat

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
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

    def explain(self) -> Explanation:
        """What it means, what it usually comes from, and whether the call may be sent again: ``print`` it, or read its parts."""
        return self._explained(Repeat.USELESS)

    def _explained(self, repeat: Repeat) -> Explanation:
        meaning = (type(self).__doc__ or "").partition("\n")[0]
        return Explanation(type(self).__name__, meaning, repeat, (str(self),))

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuild, (type(self), self.args, self.__dict__.copy())


class ExchangeRequestException(ExchangeException):
    """There was no usable answer: connection refused, timeout, body too large, not JSON.

    :ivar sent: ``"no"`` (nothing left this machine, a repeat is safe), ``"maybe"`` or ``"yes"`` (the venue may have acted)
    :ivar transient: True when the same call may well work the next time: the connection failed or was too slow
    """

    def __init__(self, message: str, *, sent: Sent = "maybe", transient: bool = False) -> None:
        super().__init__(message)
        self.message = message
        self.sent: Sent = sent
        self.transient = transient

    def explain(self) -> Explanation:
        """See :meth:`ExchangeException.explain`. Whether a repeat is safe follows from :attr:`sent`."""
        return self._explained(Repeat.LATER if self.sent == "no" else Repeat.UNSAFE)


class OrderNotPlacedException(ExchangeRequestException):
    """The answer to an order was lost, and the venue was asked until it was certain: the order never reached the book.

    It is not sent again: whether it should be, at today's price, is the caller's to decide.

    :ivar symbol: the order's symbol
    :ivar client_order_id: the id under which the venue was asked for it
    :ivar data: of an order that was to replace another one, both halves, in the form of the venue's answer; else None
    """

    def __init__(
        self,
        message: str,
        *,
        symbol: str = "",
        client_order_id: str = "",
        data: Any = None,
        sent: Sent = "maybe",
        transient: bool = False,
    ) -> None:
        super().__init__(message, sent=sent, transient=transient)
        self.symbol = symbol
        self.client_order_id = client_order_id
        self.data = data

    def explain(self) -> Explanation:
        """See :meth:`ExchangeException.explain`. Of one that was to replace another, the cancellation may have been carried out."""
        return self._explained(Repeat.LATER if self.data is None else Repeat.UNSAFE)


class OrderNotAmendedException(ExchangeRequestException):
    """The answer to an amendment was lost, and the venue was asked until it was certain: the order is as it was.

    :ivar order: the order as the venue shows it
    """

    def __init__(self, message: str, *, order: Any = None, sent: Sent = "maybe", transient: bool = False) -> None:
        super().__init__(message, sent=sent, transient=transient)
        self.order = order

    def explain(self) -> Explanation:
        """See :meth:`ExchangeException.explain`."""
        return self._explained(Repeat.LATER)


class OrderStatusUnknownException(ExchangeRequestException):
    """The answer to an order was lost, and the venue could not say in time what became of it. It may be on the book.

    :ivar symbol: the order's symbol
    :ivar client_order_id: the id under which the venue knows it, if it does
    :ivar decidable_at: milliseconds since 1970 by the venue's clock; from then on a look that finds nothing is evidence
    :ivar question: the method of a client that asks for it, with its arguments, as text
    """

    def __init__(
        self,
        message: str,
        *,
        symbol: str = "",
        client_order_id: str = "",
        decidable_at: float = 0.0,
        question: str = "",
        sent: Sent = "maybe",
        transient: bool = False,
    ) -> None:
        super().__init__(message, sent=sent, transient=transient)
        self.symbol = symbol
        self.client_order_id = client_order_id
        self.decidable_at = decidable_at
        self.question = question
        self._resolve: Callable[[], Any] | None = None

    def resolved_by(self, resolve: Callable[[], Any]) -> Self:
        """The same exception, able to ask: for whoever raises it."""
        self._resolve = resolve
        return self

    def resolve(self) -> Any:
        """Ask again: the order as the venue shows it.

        :raises OrderNotPlacedException: when it is certain by now that it never reached the book
        :raises OrderStatusUnknownException: when it is still not known
        :raises RuntimeError: on a copy that has no client any more (pickled, say); :attr:`question` is what to ask one
            for, and a journal brings ``client.undecided_orders()``
        """
        if self._resolve is None:
            raise RuntimeError(f"this exception has no client to ask{self.question and f'; use client.{self.question}'}")
        return self._resolve()

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuild, (type(self), self.args, {**self.__dict__, "_resolve": None})


class ExchangeAPIException(ExchangeException):
    """The venue answered, and the answer is an error.

    :ivar status_code: the HTTP status
    :ivar code: the venue's error code, 0 when the answer carried none
    :ivar message: the venue's text
    :ivar venue: ``"binance"`` and so on
    :ivar retry_after: seconds to wait, when the venue said so
    :ivar rule: the order rule that the venue names, such as ``PERCENT_PRICE_BY_SIDE``
    :ivar outcome_unknown: True when the venue itself does not know whether it carried the call out
    :ivar data: what the error carries besides, such as the two halves of a cancel-replace of which one failed; None without
    :ivar order: what became of the order that the call was about, when the client has asked for it; None otherwise
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
        outcome_unknown: bool = False,
        data: Any = None,
        response: requests.Response | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.status_code = status_code
        self.code = code
        self.venue = venue
        self.retry_after = retry_after
        self.rule = rule
        self.outcome_unknown = outcome_unknown
        self.data = data
        self.order: Any = None
        self.response = response

    def explain(self) -> Explanation:
        """See :meth:`ExchangeException.explain`; by the venue's own table of errors.

        :raises LookupError: on one that did not come from a venue, or from one that has no such table
        """
        if not self.venue:
            raise LookupError("an error without a venue has no table that explains it")
        try:
            table = import_module(f"exchangeclient.{self.venue}.explain")
        except ModuleNotFoundError:
            raise LookupError(f"there is no table that explains the errors of {self.venue}") from None
        explained: Explanation = table.explained(self)
        return explained

    @property
    def request(self) -> requests.PreparedRequest | None:
        """The request that was refused, or None when it is not at hand."""
        return None if self.response is None else self.response.request

    def __str__(self) -> str:
        became = f" (the order is {self.order['status']})" if isinstance(self.order, dict) and "status" in self.order else ""
        if not self.status_code:
            return self.message + became
        return f"{self.venue or 'venue'} error {self.code} (HTTP {self.status_code}): {self.message}{became}"


class RateLimitException(ExchangeAPIException):
    """Too many requests or orders; nothing should be sent before ``retry_after`` seconds have passed.

    With the status code 0 it is the client's own: the budget is used up, so nothing was sent.

    :ivar banned_until: the same moment in milliseconds since 1970 by the venue's clock; None when it is the client's own
    :ivar of_account: True when it is the account's orders that are too many, not the address's requests
    :ivar of_endpoint: True when it is the calls to this endpoint alone
    """

    banned_until: int | None = None
    of_account: bool = False
    of_endpoint: bool = False


class OverloadException(ExchangeAPIException):
    """The venue has more to do than it can; the budget is not used up. Whether it carried the call out is not certain."""


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
    :ivar limit: the part of the rule that it breaks: a minimum, a maximum or a step
    :ivar nearest: the nearest legal value, when there is one
    """

    def __init__(
        self,
        message: str,
        *,
        symbol: str = "",
        rule: str = "",
        value: Decimal | str | None = None,
        limit: Decimal | None = None,
        nearest: Decimal | None = None,
        code: int = -1013,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.symbol = symbol
        self.rule = rule
        self.value = value
        self.limit = limit
        self.nearest = nearest
        self.code = code


class OrderMinAmountException(OrderException):
    """The quantity is too small, too large, or not a multiple of the lot step."""


class OrderMarketAmountException(OrderMinAmountException):
    """The quantity is too small or too large for a market order, or not a multiple of the step for those."""


class OrderIcebergException(OrderMinAmountException):
    """The iceberg quantity is so small that the order would have too many parts."""


class OrderMinPriceException(OrderException):
    """The price is too low, too high, or not a multiple of the tick."""


class OrderPriceBandException(OrderMinPriceException):
    """The price is too far from the market's."""


class OrderMinTotalException(OrderException):
    """Price times quantity is below the minimum total, or above the maximum."""


class OrderTrailingDeltaException(OrderException):
    """The distance of a trailing stop is too small or too large."""


class OrderUnknownSymbolException(OrderException):
    """The venue does not list the symbol."""


class OrderInactiveSymbolException(OrderException):
    """The symbol is listed but not trading."""


class RegionException(ExchangeException):
    """The call is one of a regional venue, and the client goes to another; nothing was sent.

    :ivar required_tld: where it is, such as ``"us"``
    :ivar actual_tld: where the client goes
    :ivar endpoint_name: the method
    """

    def __init__(self, required_tld: str, actual_tld: str, endpoint_name: str = "endpoint") -> None:
        super().__init__(
            f"{endpoint_name} is only available on binance.{required_tld}, and this client goes to binance.{actual_tld};"
            f" Client(tld={required_tld!r}) is one for it"
        )
        self.required_tld = required_tld
        self.actual_tld = actual_tld
        self.endpoint_name = endpoint_name


class UnsupportedException(ExchangeException):
    """The venue has nothing of the kind, so nothing was sent.

    :ivar venue: ``"binance"`` and so on
    :ivar what: the method of a desk, or its argument
    """

    def __init__(self, message: str, *, venue: str = "", what: str = "") -> None:
        super().__init__(message)
        self.venue = venue
        self.what = what


class SocketException(ExchangeException):
    """A stream could not be opened or has failed for good."""


class SocketTimeoutException(SocketException, TimeoutError):  # noqa: N818 - the names of this family end in Exception
    """No event came within the time that was given. The stream goes on, and the next one can be waited for."""


class SocketAPIException(SocketException):
    """The venue refuses what was said over a socket.

    :ivar status: as HTTP has it, 0 when the venue does not say
    :ivar message: its words
    :ivar meta: what it says beside them, such as ``{"retryAfter": 5}``
    :ivar request: what it refuses; of a login, nothing but that it was one
    """

    def __init__(
        self, status: int, message: str, *, meta: Mapping[str, Any] | None = None, request: Mapping[str, Any] | None = None
    ) -> None:
        super().__init__(f"{status}: {message}" if status else message)
        self.status = status
        self.message = message
        self.meta = dict(meta or {})
        self.request = dict(request or {})


class OutOfSyncException(ExchangeException):
    """The order book is not known to equal the venue's at this moment, so it is not shown.

    :ivar symbol: whose book
    :ivar state: CONNECTING, SYNCING, STALE or CLOSED
    """

    def __init__(self, message: str, *, symbol: str = "", state: str = "") -> None:
        super().__init__(message)
        self.symbol = symbol
        self.state = state


class JournalException(ExchangeException):
    """The file that keeps orders in doubt cannot be read or written; an order that could not be noted was not sent."""


class LedgerException(ExchangeException):
    """The file of the budgets that processes share cannot be read or written; a call that could not be counted was not sent."""


class ArchiveException(ExchangeException):
    """An archive of candles and trades cannot be used, or a file cannot be taken into it; what it held before is as it was."""


class AlreadyRunningException(ExchangeException):
    """Another run has the lock; this one did nothing.

    :ivar path: the file that is locked
    :ivar pid: the process that has it, 0 when it is not known
    """

    def __init__(self, message: str, *, path: str = "", pid: int = 0) -> None:
        super().__init__(message)
        self.path = path
        self.pid = pid


class SandboxException(ExchangeException):
    """The embedded exchange could not start, or was given a file that it cannot trust."""


# Names of the python-binance line: the same objects.
BinanceAPIException = ExchangeAPIException
BinanceRequestException = ExchangeRequestException
BinanceWithdrawException = ExchangeAPIException  # 0.7: a withdrawal that the venue refused
BinanceRegionException = RegionException
BinanceOrderException = OrderException
BinanceOrderMinAmountException = OrderMinAmountException
BinanceOrderMinPriceException = OrderMinPriceException
BinanceOrderMinTotalException = OrderMinTotalException
BinanceOrderTotalPriceException = OrderMinTotalException  # the spelling of the 0.1.6 README, a misprint there
BinanceOrderUnknownSymbolException = OrderUnknownSymbolException
BinanceOrderInactiveSymbolException = OrderInactiveSymbolException
