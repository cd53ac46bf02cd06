"""What became of a cancellation or an amendment whose answer was lost, and what a call leaves behind when its answer is.

Only a cancellation is sent again, and only while the venue shows what it is about as open. Orders are :mod:`.placing`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from exchangeclient.core.calling.call import Errand
from exchangeclient.core.calling.endpoint import declaration
from exchangeclient.core.http.request import Kind, Request
from exchangeclient.core.orders import affairs
from exchangeclient.core.orders.inquiry import as_call
from exchangeclient.core.orders.settling import Affair
from exchangeclient.exceptions import (
    ExchangeAPIException,
    OrderNotAmendedException,
    OrderNotFoundException,
    OrderStatusUnknownException,
)
from exchangeclient.okx.orderform import Row, own_id, rows_of
from exchangeclient.okx.placing import APART_MS, OPEN, Doubt, Inquiry, case, equal, question_of, shown, told_ms, void_from_ms
from exchangeclient.okx.rest.algo_orders import AlgoOrders
from exchangeclient.okx.rest.trade import Trade
from exchangeclient.okx.signing import EXPIRY, LIST, waits

_CANCEL_ORDER: Final = declaration(Trade.cancel_order)
_AMEND_ORDER: Final = declaration(Trade.amend_order)
_CANCEL_ALGOS: Final = declaration(AlgoOrders.cancel_algo_orders)
_ORDER_IDS: Final = ("ordId", "clOrdId")
_ALGO_IDS: Final = ("algoId", "algoClOrdId")
_NEW: Final = "new"  # what an amendment changes is called so, and what it is called where the order is shown
_DONE: Final = "0"
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
    named = {} if LIST in request.params else _named(request, request.params)
    return question_of(named) if any(name in named for name in _ids_of(request)) else None


@dataclass(frozen=True, slots=True)
class Cancellation(affairs.Cancellation[Inquiry]):
    """The cancellation of an order, which ends as the order as the venue shows it.

    :ivar request: as it was sent
    :ivar asked: the question after what it is about
    """

    request: Request
    asked: Request

    def unknown(self, why: str) -> OrderStatusUnknownException:
        """The error that says that nobody knows."""
        return _unknown(self.request, self.asked, "the cancellation", why)

    def inquiry(self, errand: Errand) -> Inquiry:
        """The questions about it."""
        return _inquiry(self.request, errand)

    def look(self, errand: Errand, inquiry: Inquiry) -> dict[str, Any]:
        """The order as the venue shows it."""
        return _look(errand, inquiry, self.asked)

    def is_open(self, order: Mapping[str, Any]) -> bool:
        """True while there is something left to cancel."""
        return order.get("state") in OPEN

    def mistaken(self, order: Mapping[str, Any], errand: Errand) -> OrderNotFoundException | None:  # noqa: ARG002 - all is in the order
        """The error that says that another order has its id now; None when it is the one that was meant."""
        if {"ordId", "algoId"} & self.asked.params.keys() or not _is_later(order, self.request):
            return None
        return affairs.came_later(order, "okx")

    def repeat(self, errand: Errand) -> Any:
        """Send it once more, over REST."""
        return errand.ask(replace(self.request, settle=False, time_ms=None, host=_CANCEL_ORDER.host))


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
        return [_named(self.request, row) for row in rows_of(self.request)]

    def _alone(self, row: Row) -> Request:
        """The cancellation of one of them."""
        alone = _CANCEL_ALGOS.request(([row],), {}) if waits(self.request) else _CANCEL_ORDER.request((), row)
        return replace(alone, time_ms=self.request.time_ms)

    def _row(self, row: Row, errand: Errand) -> dict[str, Any]:
        try:
            order = Cancellation(self._alone(row), question_of(row)).settle(errand)
        except ExchangeAPIException as error:
            return _told(self.request, row, {}, str(error.code), error.message)
        if isinstance(order, list):  # a list of one was cancelled again
            order = order[0]
        return _told(self.request, row, order, _DONE, "")


@dataclass(frozen=True, slots=True)
class Amendment(affairs.Amendment[Inquiry]):
    """An order that was to be changed.

    :ivar request: as it was sent
    :ivar asked: the question after the order
    :ivar attached: what was to be changed of the orders that come with it
    """

    request: Request
    asked: Request
    attached: tuple[Row, ...] = ()

    def unknown(self, why: str) -> OrderStatusUnknownException:
        """The error that says that nobody knows."""
        return _unknown(self.request, self.asked, "the amendment", why)

    def inquiry(self, errand: Errand) -> Inquiry:
        """The questions about it."""
        return _inquiry(self.request, errand)

    def look(self, errand: Errand, inquiry: Inquiry) -> dict[str, Any]:
        """The order as the venue shows it."""
        return _look(errand, inquiry, self.asked)

    def is_in(self, order: Row) -> bool:
        """True when an order, as the venue shows it, is as it was to be."""
        beside = _attached_to(order)
        return _is_changed(order, self.request.params) and all(
            _is_changed(next((row for row in beside if _is_attached(row, wanted)), {}), wanted) for wanted in self.attached
        )

    def difference(self, order: Row) -> str:
        """What it is instead, in words."""
        return f"its quantity is {order.get('sz')}, its price {order.get('px')}"

    def not_amended(self, order: Row, why: str) -> OrderNotAmendedException:
        """The error for an order that was not changed, and will not be."""
        return OrderNotAmendedException(f"the order on {self.request.params['instId']} was not amended: {why}", order=order)


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
        for row, alone in zip(rows_of(self.request), self.each(), strict=True):
            try:
                order = alone.settle(errand)
                told = _told(self.request, row, order, _DONE, "")
            except OrderNotAmendedException as error:
                left = error
                told = _told(self.request, row, {}, _FAILED, str(error))
            except ExchangeAPIException as error:
                told = _told(self.request, row, {}, str(error.code), error.message)
            answered.append({**told, "reqId": row.get("reqId", "")})
        if left is not None and all(row["sCode"] == _FAILED for row in answered):
            raise left
        return answered

    def unknown(self, why: str) -> OrderStatusUnknownException:
        """The error that says that nobody knows."""
        return self.each()[0].unknown(why)

    def each(self) -> list[Amendment]:
        """The amendment of each."""
        return [self._alone(row) for row in rows_of(self.request)]

    def _alone(self, row: Row) -> Amendment:
        named = _named(self.request, row)
        wanted = {name: text for name, text in row.items() if name.startswith(_NEW) and isinstance(text, str) and text}
        until = {EXPIRY: self.request.params[EXPIRY]} if EXPIRY in self.request.params else {}
        alone = replace(_AMEND_ORDER.request((), {}), time_ms=self.request.time_ms).having(**named, **wanted, **until)
        return Amendment(alone, question_of(named), _attached_to(row))


def _ids_of(request: Request) -> tuple[str, str]:
    """By which ids a call names orders."""
    return _ALGO_IDS if waits(request) else _ORDER_IDS


def _named(request: Request, row: Row) -> dict[str, Any]:
    """What of a row says which order is meant. One that was triggered shows the ids of that which has waited beside its own."""
    return {name: row[name] for name in ("instId", *_ids_of(request)) if row.get(name)}


def _told(request: Request, row: Row, order: Row, code: str, text: str) -> dict[str, Any]:
    """The row of an answer: which order it is about, as far as is known, and what became of it."""
    return {**{name: order.get(name) or row.get(name, "") for name in _ids_of(request)}, "sCode": code, "sMsg": text}


def _is_changed(shown: Row, wanted: Row) -> bool:
    """True when all that was to be new is shown so; 0 takes away what is shown no more."""
    news = {_old(name): text for name, text in wanted.items() if name.startswith(_NEW) and text != ""}
    return all(shown.get(name, "") == text or equal(shown.get(name) or "0", text) for name, text in news.items())


def _attached_to(row: Row) -> tuple[Row, ...]:
    """The orders that come with one, in its row or as it is shown."""
    attached = row.get("attachAlgoOrds")
    return tuple(each for each in attached if isinstance(each, Mapping)) if isinstance(attached, list) else ()


def _is_attached(shown: Row, wanted: Row) -> bool:
    """True for the order that was meant, of those that come with another."""
    named = [name for name in ("attachAlgoId", "attachAlgoClOrdId") if wanted.get(name)]
    return bool(named) and all(shown.get(name) == wanted[name] for name in named)


def _old(name: str) -> str:
    """``newTpOrdPx`` is shown as ``tpOrdPx``."""
    return name[len(_NEW)].lower() + name[len(_NEW) + 1 :]


def _inquiry(request: Request, errand: Errand) -> Inquiry:
    stamped_ms = errand.now_ms() if request.time_ms is None else request.time_ms
    return Inquiry(case(stamped_ms, void_from_ms(request, stamped_ms)), errand)


def _look(errand: Errand, inquiry: Inquiry, asked: Request) -> dict[str, Any]:
    inquiry.look_at_the_clock()
    return shown(errand, asked)


def _is_later(order: Mapping[str, Any], request: Request) -> bool:
    """True when an order was placed after the request left. Our clock may be behind the venue's: in doubt it was not."""
    placed_ms = told_ms(order, "cTime")
    return placed_ms is not None and request.time_ms is not None and placed_ms > request.time_ms + APART_MS


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
