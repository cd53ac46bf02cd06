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
from exchangeclient.okx.orderform import Row, own_id, rows_of
from exchangeclient.okx.placing import APART_MS, OPEN, Doubt, Inquiry, case, equal, question_of, shown, told_ms, void_from_ms
from exchangeclient.okx.rest.algo_orders import AlgoOrders
from exchangeclient.okx.rest.trade import Trade
from exchangeclient.okx.signing import EXPIRY, LIST

_CANCEL_ORDER: Final = declaration(Trade.cancel_order)
_AMEND_ORDER: Final = declaration(Trade.amend_order)
_CANCEL_ALGOS: Final = declaration(AlgoOrders.cancel_algo_orders)
_IDS: Final = ("ordId", "clOrdId", "algoId", "algoClOrdId")
_NEW: Final = "new"  # what an amendment changes is called so, and what it is called where the order is shown
_FAILED: Final = "1"  # the venue's code for an operation that failed, without saying why


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
        case Kind.AMEND if LIST in request.params:
            return Amendments(request)
        case Kind.AMEND:
            asked = question(request)
            return None if asked is None else Amendment(request, asked)
    return None


def question(request: Request) -> Request | None:
    """The question after the one order that a cancellation or an amendment is about; None for one that names none."""
    params = request.params
    if LIST in params or not any(params.get(name) for name in _IDS):
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
                if not {"ordId", "algoId"} & self.asked.params.keys() and _is_later(order, self.request):
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
        return [self._row(row, errand) for row in self._rows()]

    def unknown(self, why: str) -> OrderStatusUnknownException:
        """The error that says that nobody knows."""
        first = self._rows()[0]
        return _unknown(self._alone(first), question_of(first), "the cancellation", why)

    def _rows(self) -> list[Row]:
        return [{name: row[name] for name in ("instId", *_IDS) if row.get(name)} for row in rows_of(self.request)]

    def _alone(self, row: Row) -> Request:
        """The cancellation of one of them."""
        waits = self.request.path == _CANCEL_ALGOS.path
        alone = _CANCEL_ALGOS.request(([row],), {}) if waits else _CANCEL_ORDER.request((), row)
        return replace(alone, time_ms=self.request.time_ms)

    def _row(self, row: Row, errand: Errand) -> dict[str, Any]:
        try:
            order = Cancellation(self._alone(row), question_of(row)).settle(errand)
        except ExchangeAPIException as error:
            return {**_ids(row), "sCode": str(error.code), "sMsg": error.message}
        if isinstance(order, list):  # a list of one was cancelled again
            order = order[0]
        return {**_ids(row), **{name: order[name] for name in _ids(row) if order.get(name)}, "sCode": "0", "sMsg": ""}


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
        wanted = {_old(name): text for name, text in self.request.params.items() if name.startswith(_NEW)}
        return all(order.get(name) == text or equal(order.get(name), text) for name, text in wanted.items())


@dataclass(frozen=True, slots=True)
class Amendments:
    """Several orders that were to be changed.

    :ivar request: as it was sent
    """

    request: Request

    def settle(self, errand: Errand) -> Any:
        """A row for each, as the venue would have answered.

        :raises OrderNotAmendedException: all are as they were
        :raises OrderStatusUnknownException: there was no telling before the errand's deadline
        """
        left: OrderNotAmendedException | None = None
        answered = []
        for row in rows_of(self.request):
            try:
                order = self._alone(row).settle(errand)
                answered.append({**_ids(row), "ordId": order["ordId"], "reqId": row.get("reqId", ""), "sCode": "0", "sMsg": ""})
            except OrderNotAmendedException as error:
                left = error
                answered.append({**_ids(row), "sCode": _FAILED, "sMsg": str(error)})
            except ExchangeAPIException as error:
                answered.append({**_ids(row), "sCode": str(error.code), "sMsg": error.message})
        if left is not None and all(row["sCode"] == _FAILED for row in answered):
            raise left
        return answered

    def unknown(self, why: str) -> OrderStatusUnknownException:
        """The error that says that nobody knows."""
        return self._alone(rows_of(self.request)[0]).unknown(why)

    def _alone(self, row: Row) -> Amendment:
        """The amendment of one of them."""
        params = {name: row[name] for name in row if name in ("instId", *_IDS) or name.startswith(_NEW)}
        until = {EXPIRY: self.request.params[EXPIRY]} if EXPIRY in self.request.params else {}
        alone = replace(_AMEND_ORDER.request((), params), time_ms=self.request.time_ms).having(**until)
        return Amendment(alone, question_of(params))


def _ids(row: Row) -> dict[str, Any]:
    """How the rows of an answer say which order they are about."""
    names = ("algoId", "algoClOrdId") if row.get("algoId") or row.get("algoClOrdId") else ("ordId", "clOrdId")
    return {name: row.get(name, "") for name in names}


def _old(name: str) -> str:
    """``newTpOrdPx`` is shown as ``tpOrdPx``."""
    return name[len(_NEW)].lower() + name[len(_NEW) + 1 :]


def leaves_doubt(error: ExchangeException) -> bool:
    """True when a call may have been carried out all the same."""
    return is_ambiguous(error)


def _inquiry(request: Request, errand: Errand) -> Inquiry:
    stamped_ms = errand.now_ms() if request.time_ms is None else request.time_ms
    return Inquiry(case(stamped_ms, void_from_ms(request, stamped_ms)), errand)


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
    """Send a cancellation with a stamp of its own, over REST. Its own loss is seen to by who asks for it."""
    return errand.ask(replace(cancel, settle=False, time_ms=None, host=_CANCEL_ORDER.host))


def _is_refusal(error: ExchangeException) -> bool:
    """True for an answer that would be the same the next time."""
    passing = RateLimitException | ClockSkewException
    return isinstance(error, ExchangeAPIException) and not isinstance(error, passing) and not leaves_doubt(error)


def _unknown(request: Request, asked: Request, what: str, why: str) -> OrderStatusUnknownException:
    row, stamped_ms = rows_of(request)[0], request.time_ms or 0
    symbol = row.get("instId", "")
    return OrderStatusUnknownException(
        f"it is not known whether {what} on {symbol} was carried out ({why}); resolve() asks the venue",
        symbol=symbol,
        client_order_id=row.get(own_id(row), ""),
        decidable_at=case(stamped_ms, void_from_ms(request, stamped_ms)).decidable_at_ms,
        question=as_call(asked),
    )
