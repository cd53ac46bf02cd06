"""What became of a cancellation or an amendment whose answer was lost, and what a call leaves behind when its answer is.

Only a cancellation is sent again, and only while the venue shows what it is about as open. Orders are :mod:`.placing`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from exchangeclient.bitmex.orderform import equal
from exchangeclient.bitmex.placing import OPEN, Doubt, Inquiry, Sought, asked, case, shown, told_ms
from exchangeclient.bitmex.rest.trade import Trade
from exchangeclient.bitmex.signing import WINDOW_S, expires_s
from exchangeclient.core.calling.call import Errand
from exchangeclient.core.calling.endpoint import declaration
from exchangeclient.core.http import jsonio
from exchangeclient.core.http.jsonio import as_documented
from exchangeclient.core.http.request import Kind, Request
from exchangeclient.core.orders import affairs
from exchangeclient.core.orders.inquiry import Lost, is_refusal
from exchangeclient.core.orders.settling import Affair
from exchangeclient.exceptions import (
    ExchangeAPIException,
    ExchangeException,
    OrderNotAmendedException,
    OrderNotFoundException,
    OrderStatusUnknownException,
)

_CANCEL_ORDER: Final = declaration(Trade.cancel_order)
_CANCEL_ORDERS: Final = declaration(Trade.cancel_orders)
_CANCEL_ALL: Final = declaration(Trade.cancel_all_orders)
_GET_ORDERS: Final = declaration(Trade.get_orders)
_PAGE: Final = 500
_IDS: Final = ("orderID", "clOrdID")
_CANCELED: Final = "Canceled"
_TEXT: Final = "text"
_SHOWN: Final = ("orderQty", "leavesQty", "price", "stopPx", "pegOffsetValue")


def affair_of(request: Request) -> Affair | None:
    """What a call leaves when its answer is lost; None for a call of which nothing can be found out."""
    if request.kind is Kind.PLACE:
        return Doubt.of(request)
    if request.name == _CANCEL_ORDERS.name:
        return Cancellations(request)
    if request.name == _CANCEL_ALL.name:
        return Sweep.of(request)
    sought = sought_by(request)
    if sought is None:
        return None
    return Cancellation(request, sought) if request.kind is Kind.CANCEL else Amendment(request, sought)


def sought_by(request: Request) -> Sought | None:
    """The one order that a cancellation or an amendment is about; None for one that names none."""
    params = request.params
    if request.name == _CANCEL_ORDERS.name or request.kind not in (Kind.CANCEL, Kind.AMEND):
        return None
    if params.get("orderID"):
        return Sought("orderID", (params["orderID"],))
    if request.kind is Kind.AMEND:
        ids = tuple(params[name] for name in ("clOrdID", "origClOrdID") if params.get(name))
        return Sought("clOrdID", ids) if params.get("origClOrdID") else None
    return Sought("clOrdID", (params["clOrdID"],)) if params.get("clOrdID") else None


@dataclass(frozen=True, slots=True)
class Cancellation(affairs.Cancellation[Inquiry]):
    """The cancellation of an order, which ends as the order as the venue shows it.

    :ivar request: as it was sent
    :ivar sought: what it is about
    """

    request: Request
    sought: Sought

    def unknown(self, why: str) -> OrderStatusUnknownException:
        """The error that says that nobody knows."""
        return _unknown(self.request, self.sought, "the cancellation", why)

    def inquiry(self, errand: Errand) -> Inquiry:
        """The questions about it."""
        return _inquiry(self.request, errand)

    def look(self, errand: Errand, inquiry: Inquiry) -> dict[str, Any]:
        """The order as the venue shows it."""
        return _look(errand, inquiry, self.sought)

    def is_open(self, order: Mapping[str, Any]) -> bool:
        """True while there is something left to cancel."""
        return order.get("ordStatus") in OPEN

    def repeat(self, errand: Errand) -> Any:
        """Send it once more."""
        return _repeat(errand, self.request)


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
        return [self._row(one, sought, errand) for one, sought in self._each()]

    def unknown(self, why: str) -> OrderStatusUnknownException:
        """The error that says that nobody knows."""
        one, sought = self._each()[0]
        return _unknown(one, sought, "the cancellation", why)

    def _each(self) -> list[tuple[Request, Sought]]:
        column = next((name for name in _IDS if self.request.params.get(name)), "orderID")
        ids = jsonio.decode(self.request.params.get(column, '[""]'))
        return [(replace(_CANCEL_ORDER.request((), {column: each}), time_ms=self.request.time_ms), Sought(column, (each,))) for each in ids]

    def _row(self, one: Request, sought: Sought, errand: Errand) -> dict[str, Any]:
        try:
            order: dict[str, Any] = Cancellation(one, sought).settle(errand)
        except ExchangeAPIException as error:
            return {**dict.fromkeys(_IDS, ""), sought.column: sought.ids[0], "error": error.message}
        status = order.get("ordStatus")
        return order if status == _CANCELED else {**order, "error": f"Unable to cancel order due to existing state: {status}"}


@dataclass(frozen=True, slots=True)
class Sweep:
    """The cancellation of all open orders, or of those of an instrument or a filter.

    :ivar request: as it was sent
    :ivar meant: the question after the orders that it is about
    """

    request: Request
    meant: Request

    @classmethod
    def of(cls, request: Request) -> Sweep | None:
        """The sweep of a request; None when its filter is none, which the venue refuses."""
        try:
            chosen = jsonio.decode(request.params.get("filter", "{}"))
        except ValueError:
            return None
        if not isinstance(chosen, dict):
            return None
        symbol = request.params.get("symbol")
        return cls(request, _GET_ORDERS.request((), {"symbol": symbol, "filter": {**chosen, "open": True}, "count": _PAGE}))

    def settle(self, errand: Errand) -> list[Any]:
        """A row for each order that was open still and is cancelled now; none when none was left.

        Until the lost call is void and the time of the venue's engine is over (15 seconds by default) it may still sweep away what is
        placed meanwhile; so what came until then is cancelled here, too. What came later is left alone.

        :raises ExchangeAPIException: when the venue refuses to cancel them
        :raises OrderStatusUnknownException: there was no telling before the errand's deadline; or what is open still may have come later
        """
        inquiry, rows = _inquiry(self.request, errand), list[Any]()
        while inquiry.goes_on():
            try:
                left = self._left(errand)
                mine = [order_id for order_id, is_mine in left.items() if is_mine]
                if mine:
                    rows += _repeat(errand, _CANCEL_ORDERS.request((), {"orderID": mine}))
                if mine and len(left) == _PAGE:
                    continue
            except Lost as error:
                # Not found: they have ended by themselves. The next look shows what is left.
                if not isinstance(error, OrderNotFoundException) and is_refusal(error):
                    raise
                inquiry.failed(error)
                continue
            if not all(left.values()):
                raise self.unknown("what is open now was placed, changed or filled later")
            return rows
        raise self.unknown(inquiry.why)

    def unknown(self, why: str) -> OrderStatusUnknownException:
        """The error that says that nobody knows."""
        return OrderStatusUnknownException(
            f"it is not known whether the cancellation of all orders was carried out ({why}); resolve() asks the venue",
            symbol=self.request.params.get("symbol", ""),
            decidable_at=self._over_ms,
            question="get_open_orders()",
        )

    @property
    def _over_ms(self) -> float:
        stamped_ms, expires_ms = _times(self.request, 0)
        return case(stamped_ms, expires_ms).decidable_at_ms

    def _left(self, errand: Errand) -> dict[str, bool]:
        """The ids of those that are open; True when the lost call could have met them, by what last happened to them.

        :raises ExchangeRequestException: when that is not to be read; and what :attr:`Errand.ask` raises
        """
        orders = asked(errand, self.meant)
        with as_documented(_GET_ORDERS.name):
            return {str(order["orderID"]): (told_ms(order, "transactTime") or 0) <= self._over_ms for order in orders}


@dataclass(frozen=True, slots=True)
class Amendment(affairs.Amendment[Inquiry]):
    """An order that was to be changed.

    :ivar request: as it was sent
    :ivar sought: the order
    """

    request: Request
    sought: Sought

    def unknown(self, why: str) -> OrderStatusUnknownException:
        """The error that says that nobody knows."""
        return _unknown(self.request, self.sought, "the amendment", why)

    def inquiry(self, errand: Errand) -> Inquiry:
        """The questions about it."""
        return _inquiry(self.request, errand)

    def look(self, errand: Errand, inquiry: Inquiry) -> dict[str, Any]:
        """The order as the venue shows it."""
        return _look(errand, inquiry, self.sought)

    def difference(self, order: Mapping[str, Any]) -> str:
        """What it is instead, in words."""
        return ", ".join(f"its {name} is {order.get(name)}" for name in self._told())

    def not_amended(self, order: Mapping[str, Any], why: str) -> ExchangeException:
        """The error for an order that was not changed, and will not be; or of which that cannot be told."""
        if "leavesQty" in self.request.params and order.get("cumQty"):
            return self.unknown("what is left of it may have been filled since")
        return OrderNotAmendedException(f"the order {order['orderID']} was not amended: {why}", order=order)

    def is_in(self, order: Mapping[str, Any]) -> bool:
        """True when an order, as the venue shows it, is as it was to be."""
        params = self.request.params
        renamed = params.get("clOrdID")
        if self._told() == [_TEXT]:
            return params[_TEXT] in str(order.get(_TEXT) or "")  # the venue writes more around it
        return (not renamed or order.get("clOrdID") == renamed) and all(
            equal(order.get(name), params[name]) for name in _SHOWN if name in params
        )

    def _told(self) -> list[str]:
        """What of an order tells whether it was amended: its text when nothing else would."""
        return [name for name in (*_SHOWN, "clOrdID") if name in self.request.params] or [_TEXT]


def _inquiry(request: Request, errand: Errand) -> Inquiry:
    stamped_ms, expires_ms = _times(request, errand.now_ms())
    return Inquiry(case(stamped_ms, expires_ms), errand)


def _look(errand: Errand, inquiry: Inquiry, sought: Sought) -> dict[str, Any]:
    inquiry.look_at_the_clock()
    return shown(errand, sought)


def _times(request: Request, now_ms: int) -> tuple[int, int]:
    """When a call was stamped, and from when on it is void."""
    if request.time_ms is None:
        return now_ms, now_ms + WINDOW_S * 1000
    return request.time_ms, expires_s(request) * 1000


def _repeat(errand: Errand, cancel: Request) -> Any:
    """Send a cancellation with a stamp of its own. Its own loss is seen to by who asks for it."""
    return errand.ask(replace(cancel, settle=False, time_ms=None))


def _unknown(request: Request, sought: Sought, what: str, why: str) -> OrderStatusUnknownException:
    stamped_ms, expires_ms = _times(request, 0)
    return OrderStatusUnknownException(
        f"it is not known whether {what} of the order {sought.ids[0]} was carried out ({why}); resolve() asks the venue",
        client_order_id=sought.ids[0] if sought.column == "clOrdID" else "",
        decidable_at=case(stamped_ms, expires_ms).decidable_at_ms,
        question=sought.as_call(),
    )
