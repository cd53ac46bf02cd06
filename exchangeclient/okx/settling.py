"""What became of a cancellation or an amendment whose answer was lost, and what a call leaves behind when its answer is.

Only a cancellation is sent again, and only while the venue shows what it is about as open. Orders are :mod:`.placing`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from exchangeclient.core.call import Errand
from exchangeclient.core.endpoint import declaration
from exchangeclient.core.inquiry import Lost, as_call
from exchangeclient.core.request import Kind, Request
from exchangeclient.core.retry import is_ambiguous
from exchangeclient.core.settling import Affair
from exchangeclient.exceptions import (
    ClockSkewException,
    ExchangeAPIException,
    ExchangeException,
    OrderNotAmendedException,
    OrderNotFoundException,
    OrderStatusUnknownException,
    RateLimitException,
)
from exchangeclient.okx.orderform import rows_of
from exchangeclient.okx.placing import APART_MS, OPEN, Doubt, Inquiry, case, equal, question_of, shown, told_ms
from exchangeclient.okx.rest.trade import Trade
from exchangeclient.okx.signing import EXPIRY, LIST, WINDOW_MS

_CANCEL_ORDER: Final = declaration(Trade.cancel_order)


def affair_of(request: Request) -> Affair | None:
    """What a call leaves when its answer is lost; None for a call of which nothing can be found out."""
    match request.kind:
        case Kind.PLACE:
            return Doubt.of(request)
        case Kind.CANCEL if LIST in request.params:
            return Cancellations(request)
        case Kind.CANCEL:
            asked = question(request)
            return None if asked is None else Cancellation(request, asked)
        case Kind.AMEND:
            asked = question(request)
            return None if asked is None else Amendment(request, asked)
    return None


def question(request: Request) -> Request | None:
    """The question after the one order that a cancellation or an amendment is about; None for one that names none."""
    params = request.params
    if LIST in params or not (params.get("ordId") or params.get("clOrdId")):
        return None
    return question_of(params)


@dataclass(frozen=True, slots=True)
class Cancellation:
    """The cancellation of an order.

    :ivar request: as it was sent
    :ivar asked: the question after what it is about
    """

    request: Request
    asked: Request

    def settle(self, errand: Errand) -> Any:
        """The order as it ended, which may be ``filled``. While it is open it is cancelled again, which cannot do harm.

        :raises OrderNotFoundException: when there is no such order
        :raises ExchangeAPIException: when the venue refuses to cancel it
        :raises OrderStatusUnknownException: there was no telling before the errand's deadline
        """
        inquiry = _inquiry(self.request, errand)
        while inquiry.goes_on():
            try:
                inquiry.look_at_the_clock()
                order = shown(errand, self.asked)
                if order.get("state") not in OPEN:
                    return order
                if "ordId" not in self.asked.params and _is_later(order, self.request):
                    raise _came_later(order)
                return _repeat(errand, self.request)
            except OrderNotFoundException as error:
                if error.order is not None:
                    raise
                inquiry.missed(str(error))
                if inquiry.never_happened:
                    raise
            except Lost as error:
                if _is_refusal(error):
                    raise
                inquiry.failed(error)
        raise self.unknown(inquiry.why)

    def unknown(self, why: str) -> OrderStatusUnknownException:
        """The error that says that nobody knows."""
        return _unknown(self.request, self.asked, "the cancellation", why)


@dataclass(frozen=True, slots=True)
class Cancellations:
    """The cancellation of several orders.

    :ivar request: as it was sent
    """

    request: Request

    def settle(self, errand: Errand) -> Any:
        """A row for each, as the venue would have answered: those that are open still are cancelled one by one.

        :raises OrderStatusUnknownException: there was no telling before the errand's deadline
        """
        return [self._row(one, errand) for one in self._each()]

    def unknown(self, why: str) -> OrderStatusUnknownException:
        """The error that says that nobody knows."""
        first = next(iter(self._each()))
        return _unknown(first, question_of(first.params), "the cancellation", why)

    def _each(self) -> list[Request]:
        names = ("instId", "ordId", "clOrdId")
        rows = [{name: row[name] for name in names if row.get(name)} for row in rows_of(self.request)]
        return [replace(_CANCEL_ORDER.request((), row), time_ms=self.request.time_ms) for row in rows]

    def _row(self, one: Request, errand: Errand) -> dict[str, Any]:
        ids = {name: one.params.get(name, "") for name in ("ordId", "clOrdId")}
        try:
            order = Cancellation(one, question_of(one.params)).settle(errand)
        except ExchangeAPIException as error:
            return {**ids, "sCode": str(error.code), "sMsg": error.message}
        return {**ids, "ordId": order["ordId"], "sCode": "0", "sMsg": ""}


@dataclass(frozen=True, slots=True)
class Amendment:
    """An order that was to be changed.

    :ivar request: as it was sent
    :ivar asked: the question after the order
    """

    request: Request
    asked: Request

    def settle(self, errand: Errand) -> Any:
        """The amended order as the venue shows it.

        :raises OrderNotAmendedException: it is as it was
        :raises OrderNotFoundException: when there is no such order
        :raises OrderStatusUnknownException: there was no telling before the errand's deadline
        """
        inquiry = _inquiry(self.request, errand)
        while inquiry.goes_on():
            try:
                inquiry.look_at_the_clock()
                order = shown(errand, self.asked)
            except OrderNotFoundException as error:
                inquiry.missed(str(error))
                if inquiry.never_happened:
                    raise
            except Lost as error:
                inquiry.failed(error)
            else:
                if self._shows(order):
                    return order
                inquiry.missed(f"its quantity is {order.get('sz')}, its price {order.get('px')}")
                if inquiry.never_happened:
                    text = f"the order on {self.request.params['instId']} was not amended: {inquiry.why}"
                    raise OrderNotAmendedException(text, order=order)
        raise self.unknown(inquiry.why)

    def unknown(self, why: str) -> OrderStatusUnknownException:
        """The error that says that nobody knows."""
        return _unknown(self.request, self.asked, "the amendment", why)

    def _shows(self, order: Mapping[str, Any]) -> bool:
        params = self.request.params
        return all(equal(order.get(name), params[new]) for name, new in (("sz", "newSz"), ("px", "newPx")) if new in params)


def leaves_doubt(error: ExchangeException) -> bool:
    """True when a call may have been carried out all the same."""
    return is_ambiguous(error)


def _inquiry(request: Request, errand: Errand) -> Inquiry:
    stamped_ms = errand.now_ms() if request.time_ms is None else request.time_ms
    return Inquiry(case(stamped_ms, int(request.params.get(EXPIRY, stamped_ms + WINDOW_MS))), errand)


def _is_later(order: Mapping[str, Any], request: Request) -> bool:
    """True when an order was placed after the request left. Our clock may be behind the venue's: in doubt it was not."""
    placed_ms = told_ms(order, "cTime")
    return placed_ms is not None and request.time_ms is not None and placed_ms > request.time_ms + APART_MS


def _came_later(order: Mapping[str, Any]) -> OrderNotFoundException:
    text = "not cancelled: the order has ended, and the one that is open under its id came after the cancellation"
    later = OrderNotFoundException(text, venue="okx")
    later.order = order
    return later


def _repeat(errand: Errand, cancel: Request) -> Any:
    """Send a cancellation with a stamp of its own. Its own loss is seen to by who asks for it."""
    return errand.ask(replace(cancel, settle=False, time_ms=None))


def _is_refusal(error: ExchangeException) -> bool:
    """True for an answer that would be the same the next time."""
    passing = RateLimitException | ClockSkewException
    return isinstance(error, ExchangeAPIException) and not isinstance(error, passing) and not leaves_doubt(error)


def _unknown(request: Request, asked: Request, what: str, why: str) -> OrderStatusUnknownException:
    symbol = request.params.get("instId", "")
    stamped_ms = request.time_ms or 0
    return OrderStatusUnknownException(
        f"it is not known whether {what} on {symbol} was carried out ({why}); resolve() asks the venue",
        symbol=symbol,
        client_order_id=request.params.get("clOrdId", ""),
        decidable_at=case(stamped_ms, int(request.params.get(EXPIRY, stamped_ms + WINDOW_MS))).decidable_at_ms,
        question=as_call(asked),
    )
