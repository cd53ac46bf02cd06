"""What became of a cancellation or an amendment whose answer was lost, and what a call leaves behind when its answer is.

Only a cancellation is sent again, and only while the venue shows what it is about as open. Orders are :mod:`.placing`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from exchangeclient.binance.inquiry import (
    GET_ORDER,
    GET_ORDER_LIST,
    Inquiry,
    Lost,
    all_shown,
    as_call,
    case,
    orders_of,
    shown,
    window_ms,
)
from exchangeclient.binance.placing import Doubt
from exchangeclient.binance.readings import AHEAD_MS, equal, milliseconds, told_ms
from exchangeclient.binance.rest.account import Account
from exchangeclient.binance.rest.order_lists import OrderLists
from exchangeclient.binance.rest.spot_trade import SpotTrade
from exchangeclient.core.call import Errand
from exchangeclient.core.endpoint import declaration
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

_CANCEL_ORDER: Final = declaration(SpotTrade.cancel_order)
_CANCEL_ALL: Final = declaration(SpotTrade.cancel_all_open_orders)
_CANCEL_LIST: Final = declaration(OrderLists.cancel_order_list)
_GET_OPEN_ORDERS: Final = declaration(Account.get_open_orders)
_IDS: Final = ("orderId", "origClientOrderId")
_OPEN: Final = ("NEW", "PARTIALLY_FILLED", "PENDING_NEW", "PENDING_CANCEL")


def affair_of(request: Request) -> Affair | None:
    """What a call leaves when its answer is lost; None for a call of which nothing can be found out."""
    match request.kind:
        case Kind.PLACE:
            return Doubt.of(request)
        case Kind.CANCEL if request.path == _CANCEL_ALL.path:
            return Sweep(request) if "symbol" in request.params else None
        case Kind.CANCEL:
            asked = question(request)
            return None if asked is None else Cancellation(request, asked)
        case Kind.AMEND:
            return Amendment(request)
    return None


def question(request: Request) -> Request | None:
    """The question after the one order, or list, that a cancellation or an amendment is about; None for one that names none."""
    params = request.params
    of_list = request.path == _CANCEL_LIST.path
    names = {"orderListId": "orderListId", "origClientOrderId": "listClientOrderId"} if of_list else {name: name for name in _IDS}
    named = {asked: params[given] for asked, given in names.items() if given in params}
    if not named:
        return None
    return GET_ORDER_LIST.request((), named) if of_list else GET_ORDER.request((), {"symbol": params.get("symbol"), **named})


@dataclass(frozen=True, slots=True)
class Cancellation:
    """The cancellation of an order or of a list of orders.

    :ivar request: as it was sent
    :ivar asked: the question after what it is about
    """

    request: Request
    asked: Request

    def settle(self, errand: Errand) -> Any:
        """The state in which the order ended, which may be ``FILLED``. While it is open it is cancelled again, which cannot do harm.

        :raises OrderNotFoundException: when there is no such order
        :raises ExchangeAPIException: when the venue refuses to cancel it
        :raises OrderStatusUnknownException: there was no telling before the errand's deadline
        """
        inquiry = _inquiry(self.request, errand)
        while inquiry.goes_on():
            try:
                order = shown(errand, self.asked.having(**inquiry.stamp()))
                is_later = _is_open(order) and self._is_later(order, errand)
            except OrderNotFoundException as error:
                inquiry.missed(str(error))
                if inquiry.never_happened:
                    raise
            except Lost as error:
                inquiry.failed(error)
            else:
                if is_later:
                    raise _came_later(order)
                if not _is_open(order):
                    return order
                try:
                    return _repeat(errand, self.request)
                except Lost as error:
                    # Not found: it has ended since it was looked at; how, the next look will tell.
                    if not isinstance(error, OrderNotFoundException) and _is_refusal(error):
                        raise
                    inquiry.failed(error)
        raise self.unknown(inquiry.why)

    def unknown(self, why: str) -> OrderStatusUnknownException:
        """The error that says that nobody knows."""
        return _unknown(self.request, "the cancellation", why)

    def _is_later(self, order: Mapping[str, Any], errand: Errand) -> bool:
        """True when it is not the one that was meant: an id is free for another one as soon as its order is done."""
        if "orderId" in self.asked.params or "orderListId" in self.asked.params:
            return False
        placed = orders_of(errand, order) if self.asked.path == GET_ORDER_LIST.path else [order]  # a list says when it changed last
        return any(_is_later(each, self.request) for each in placed)


@dataclass(frozen=True, slots=True)
class Sweep:
    """The cancellation of all open orders on a symbol.

    :ivar request: as it was sent
    """

    request: Request

    def settle(self, errand: Errand) -> list[Any]:
        """The reports of those orders that were still open and are cancelled now, one by one; empty when none was left.

        Orders that came more than a second after the call are none of its business, and left alone here. The lost call itself may still
        be on its way: until its window and the time of the venue's engine are over (15 seconds by default) it may sweep away what is
        placed meanwhile.

        :raises OrderStatusUnknownException: there was no telling before the errand's deadline
        """
        inquiry, reports = _inquiry(self.request, errand), list[Any]()
        while inquiry.goes_on():
            try:
                for order in self._left(errand):
                    reports.append(_repeat(errand, order))
                return reports
            except Lost as error:
                # Not found: it has ended by itself, or with the others of its list. The next look shows what is left.
                if not isinstance(error, OrderNotFoundException) and _is_refusal(error):
                    raise
                inquiry.failed(error)
        raise self.unknown(inquiry.why)

    def unknown(self, why: str) -> OrderStatusUnknownException:
        """The error that says that nobody knows."""
        return _unknown(self.request, "the cancellation", why)

    def _left(self, errand: Errand) -> list[Request]:
        symbol = self.request.params["symbol"]
        return [
            _CANCEL_ORDER.request((), {"symbol": symbol, "orderId": order.get("orderId")})
            for order in all_shown(errand, _GET_OPEN_ORDERS.request((), {"symbol": symbol}))
            if not _is_later(order, self.request)
        ]


@dataclass(frozen=True, slots=True)
class Amendment:
    """An order that was to be made smaller.

    :ivar request: as it was sent
    """

    request: Request

    def settle(self, errand: Errand) -> Any:
        """The amended order as the venue shows it.

        :raises OrderNotAmendedException: it is as it was
        :raises OrderNotFoundException: when there is no such order
        :raises OrderStatusUnknownException: there was no telling before the errand's deadline
        """
        inquiry = _inquiry(self.request, errand)
        while inquiry.goes_on():
            try:
                order = self._look(errand, inquiry.stamp())
            except OrderNotFoundException as error:
                inquiry.missed(str(error))
                if inquiry.never_happened:
                    raise
            except Lost as error:
                inquiry.failed(error)
            else:
                if equal(order.get("origQty"), self.request.params["newQty"]):
                    return order
                inquiry.missed(f"its quantity is {order.get('origQty')}")
                if inquiry.never_happened:
                    text = f"the order on {self.request.params['symbol']} was not amended: {inquiry.why}"
                    raise OrderNotAmendedException(text, order=order)
        raise self.unknown(inquiry.why)

    def unknown(self, why: str) -> OrderStatusUnknownException:
        """The error that says that nobody knows."""
        return _unknown(self.request, "the amendment", why)

    def _look(self, errand: Errand, stamp: Mapping[str, str]) -> dict[str, Any]:
        """The order under the id that it would have by now, else under the one it had."""
        params = self.request.params
        if "orderId" in params:
            return shown(errand, GET_ORDER.request((), {"symbol": params["symbol"], "orderId": params["orderId"]}).having(**stamp))
        new, old = (
            GET_ORDER.request((), {"symbol": params["symbol"], "origClientOrderId": params[name]}).having(**stamp)
            for name in ("newClientOrderId", "origClientOrderId")
        )
        try:
            return shown(errand, new)
        except OrderNotFoundException:
            if new == old:
                raise
            return shown(errand, old)


def leaves_doubt(error: ExchangeException) -> bool:
    """True when a call may have been carried out all the same.

    The exchange refuses nothing with the status of a good answer. Whoever does so stands before it, and may not know what it did.
    """
    return is_ambiguous(error) or (isinstance(error, ExchangeAPIException) and 200 <= error.status_code < 300)


def _inquiry(request: Request, errand: Errand) -> Inquiry:
    return Inquiry(case(milliseconds(request.params["timestamp"]), window_ms(request)), errand)


def _is_later(order: Mapping[str, Any], request: Request) -> bool:
    """True when an order was placed after the request left. Our clock may be behind the venue's: in doubt it was not."""
    placed_ms = told_ms(order, "time")
    return placed_ms is not None and placed_ms > milliseconds(request.params["timestamp"]) + AHEAD_MS


def _came_later(order: Mapping[str, Any]) -> OrderNotFoundException:
    text = "not cancelled: the order has ended, and the one that is open under its id came after the cancellation"
    later = OrderNotFoundException(text, venue="binance")
    later.order = order
    return later


def _is_open(order: Mapping[str, Any]) -> bool:
    return order.get("status") in _OPEN or order.get("listOrderStatus") == "EXECUTING"


def _repeat(errand: Errand, cancel: Request) -> Any:
    """Send a cancellation with a timestamp of its own, the way that the questions go. Its own loss is seen to by who asks for it."""
    params = {name: value for name, value in cancel.params.items() if name != "timestamp"}
    return errand.ask(replace(cancel, host=_CANCEL_ORDER.host, settle=False, params=params))


def _is_refusal(error: ExchangeException) -> bool:
    """True for an answer that would be the same the next time."""
    passing = RateLimitException | ClockSkewException
    return isinstance(error, ExchangeAPIException) and not isinstance(error, passing) and not leaves_doubt(error)


def _unknown(request: Request, what: str, why: str) -> OrderStatusUnknownException:
    symbol = request.params.get("symbol", "")
    asked = question(request) or _GET_OPEN_ORDERS.request((), {"symbol": symbol})
    return OrderStatusUnknownException(
        f"it is not known whether {what} on {symbol} was carried out ({why}); resolve() asks the venue",
        symbol=symbol,
        client_order_id=request.params.get("origClientOrderId", request.params.get("listClientOrderId", "")),
        decidable_at=case(milliseconds(request.params["timestamp"]), window_ms(request)).decidable_at_ms,
        question=as_call(asked),
    )
