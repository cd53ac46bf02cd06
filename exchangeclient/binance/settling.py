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
from exchangeclient.core.calling.call import Errand
from exchangeclient.core.calling.endpoint import declaration
from exchangeclient.core.http.request import Kind, Request
from exchangeclient.core.http.retry import is_ambiguous
from exchangeclient.core.orders import affairs
from exchangeclient.core.orders.inquiry import is_refusal
from exchangeclient.core.orders.settling import Affair
from exchangeclient.exceptions import (
    ExchangeAPIException,
    ExchangeException,
    OrderNotAmendedException,
    OrderNotFoundException,
    OrderStatusUnknownException,
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
class Cancellation(affairs.Cancellation[Inquiry]):
    """The cancellation of an order or of a list of orders, which ends as the state in which that ended.

    :ivar request: as it was sent
    :ivar asked: the question after what it is about
    """

    request: Request
    asked: Request

    def unknown(self, why: str) -> OrderStatusUnknownException:
        """The error that says that nobody knows."""
        return _unknown(self.request, "the cancellation", why)

    def inquiry(self, errand: Errand) -> Inquiry:
        """The questions about it."""
        return _inquiry(self.request, errand)

    def look(self, errand: Errand, inquiry: Inquiry) -> dict[str, Any]:
        """The order, or the list, as the venue shows it."""
        return shown(errand, self.asked.having(**inquiry.stamp()))

    def is_open(self, order: Mapping[str, Any]) -> bool:
        """True while there is something left to cancel."""
        return order.get("status") in _OPEN or order.get("listOrderStatus") == "EXECUTING"

    def mistaken(self, order: Mapping[str, Any], errand: Errand) -> OrderNotFoundException | None:
        """The error that says that another one has its id now, which is free as soon as its order is done; None when it is the same."""
        if "orderId" in self.asked.params or "orderListId" in self.asked.params:
            return None
        placed = orders_of(errand, order) if self.asked.path == GET_ORDER_LIST.path else [order]  # a list says when it changed last
        return affairs.came_later(order, "binance") if any(_is_later(each, self.request) for each in placed) else None

    def repeat(self, errand: Errand) -> Any:
        """Send it once more, the way that the questions go."""
        return _repeat(errand, self.request)

    def is_refusal(self, error: ExchangeException) -> bool:
        """True when the venue would refuse it the next time, too."""
        return is_refusal(error, leaves_doubt)


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
                if not isinstance(error, OrderNotFoundException) and is_refusal(error, leaves_doubt):
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
class Amendment(affairs.Amendment[Inquiry]):
    """An order that was to be made smaller.

    :ivar request: as it was sent
    """

    request: Request

    def unknown(self, why: str) -> OrderStatusUnknownException:
        """The error that says that nobody knows."""
        return _unknown(self.request, "the amendment", why)

    def inquiry(self, errand: Errand) -> Inquiry:
        """The questions about it."""
        return _inquiry(self.request, errand)

    def look(self, errand: Errand, inquiry: Inquiry) -> dict[str, Any]:
        """The order under the id that it would have by now, else under the one it had."""
        params, stamp = self.request.params, inquiry.stamp()
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

    def is_in(self, order: Mapping[str, Any]) -> bool:
        """True when an order, as the venue shows it, is as it was to be."""
        return equal(order.get("origQty"), self.request.params["newQty"])

    def difference(self, order: Mapping[str, Any]) -> str:
        """What it is instead, in words."""
        return f"its quantity is {order.get('origQty')}"

    def not_amended(self, order: Mapping[str, Any], why: str) -> OrderNotAmendedException:
        """The error for an order that was not changed, and will not be."""
        return OrderNotAmendedException(f"the order on {self.request.params['symbol']} was not amended: {why}", order=order)


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


def _repeat(errand: Errand, cancel: Request) -> Any:
    """Send a cancellation with a timestamp of its own, the way that the questions go. Its own loss is seen to by who asks for it."""
    params = {name: value for name, value in cancel.params.items() if name != "timestamp"}
    return errand.ask(replace(cancel, host=_CANCEL_ORDER.host, settle=False, params=params))


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
