"""What became of an order, or of a list of orders, whose answer was lost.

It is asked for by the id that it was given before it left; it is never sent a second time. When a look that finds nothing is evidence,
:mod:`exchangeclient.market.settlement` decides; here is what Binance has to be asked, and :mod:`.likeness` reads its answers.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from exchangeclient.binance import likeness, replacing
from exchangeclient.binance.inquiry import (
    GET_ORDER,
    GET_ORDER_LIST,
    Inquiry,
    Lost,
    all_shown,
    as_call,
    case,
    numbers_of,
    orders_of,
    shown,
    window_ms,
)
from exchangeclient.binance.orderform import is_list, legs
from exchangeclient.binance.readings import AHEAD_MS, milliseconds, told_ms
from exchangeclient.binance.rest.account import Account
from exchangeclient.core.calling.call import Errand
from exchangeclient.core.calling.endpoint import declaration
from exchangeclient.core.http.request import Kind, Request
from exchangeclient.core.orders.doubts import Key
from exchangeclient.exceptions import (
    ExchangeRequestException,
    OrderNotFoundException,
    OrderNotPlacedException,
    OrderStatusUnknownException,
)

_GET_ALL_ORDERS: Final = declaration(Account.get_all_orders)
_GET_ALL_LISTS: Final = declaration(Account.get_all_order_lists)

_PAGE: Final = 1_000  # the longest list of orders that the venue gives
_ARCHIVED: Final = -2026  # it was placed, it ended without a trade, and the venue has put it away
_ARCHIVED_AFTER_MS: Final = 90 * 86_400_000
_NOT_OF_THE_ORDER: Final = ("timestamp", "recvWindow", "newOrderRespType")


@dataclass(frozen=True, slots=True)
class Doubt:
    """One order, or one list of orders, whose answer is not there (yet).

    :ivar timestamp_ms: what it was stamped with
    :ivar window_ms: how long the venue accepts it from then on
    :ivar params: what it says, without its id and what is of the request alone
    :ivar path: where it was sent
    """

    symbol: str
    client_order_id: str
    timestamp_ms: int
    window_ms: float
    params: Mapping[str, str] = field(default_factory=dict)
    path: str = "/api/v3/order"

    @classmethod
    def of(cls, request: Request) -> Doubt | None:
        """The doubt in which ``request`` is as long as it is not answered; None for a call that can place nothing (the rules were switched
        off and it names no symbol), or has not been stamped.
        """
        if request.kind is not Kind.PLACE:
            return None
        params, name = request.params, id_name(request.path)
        if name not in params or "timestamp" not in params or "symbol" not in params:
            return None
        return cls(
            symbol=params["symbol"],
            client_order_id=params[name],
            timestamp_ms=milliseconds(params["timestamp"]),
            window_ms=window_ms(request),
            params={said: text for said, text in params.items() if said not in (name, *_NOT_OF_THE_ORDER)},
            path=request.path,
        )

    def told(self) -> dict[str, Any]:
        """The doubt as JSON, for a journal."""
        return {
            "symbol": self.symbol,
            "client_order_id": self.client_order_id,
            "timestamp_ms": self.timestamp_ms,
            "window_ms": self.window_ms,
            "params": dict(self.params),
            "path": self.path,
        }

    @property
    def of_list(self) -> bool:
        """True for a list of orders, which is asked for by the list's own id."""
        return is_list(self.path)

    @property
    def key(self) -> Key:
        """What tells it from other orders of the account."""
        return key_of(self.path, self.symbol, self.client_order_id)

    def says_the_same(self, other: Doubt) -> bool:
        """True when both would place the very same order."""
        return self.path == other.path and likeness.says_the_same(self.params, other.params)

    @property
    def decidable_at_ms(self) -> float:
        """The venue's time from which on a look that finds nothing is evidence."""
        return case(self.timestamp_ms, self.window_ms).decidable_at_ms

    def unknown(self, why: str) -> OrderStatusUnknownException:
        """The error that says that nobody knows."""
        what = "list of orders" if self.of_list else "order"
        return OrderStatusUnknownException(
            f"it is not known whether the {what} {self.client_order_id} on {self.symbol} was placed ({why}); resolve() asks the venue",
            symbol=self.symbol,
            client_order_id=self.client_order_id,
            decidable_at=self.decidable_at_ms,
            question=as_call(self._question()),
        )

    # ---- asking ------------------------------------------------------------------------------------------------------

    def settle(self, errand: Errand) -> Any:
        """Ask until it is known: the order as the venue shows it; for one that replaces another, both halves as the venue would tell them.

        :raises OrderNotPlacedException: it never reached the book
        :raises ExchangeAPIException: it did, and the order that it was to replace was not cancelled; both halves are its ``data``
        :raises OrderStatusUnknownException: there was no telling before the errand's deadline
        """
        inquiry = Inquiry(case(self.timestamp_ms, self.window_ms), errand)
        while not inquiry.never_happened:
            if not inquiry.goes_on():
                raise self.unknown(inquiry.why)
            try:
                placed = self._look(errand, inquiry.stamp())
            except OrderNotFoundException as error:
                if error.code == _ARCHIVED:
                    raise
                inquiry.missed(str(error))
            except Lost as error:
                inquiry.failed(error)
            else:
                return placed if self.path != replacing.PATH else replacing.answered(self._halves(errand, placed))
        raise OrderNotPlacedException(
            f"the order {self.client_order_id} on {self.symbol} was not placed: its answer was lost, and the venue has no such order now "
            "that it would refuse it for its age",
            symbol=self.symbol,
            client_order_id=self.client_order_id,
            data=self._halves(errand, None) if self.path == replacing.PATH else None,
        )

    def of_its_id(self, errand: Errand, stamp: Mapping[str, str]) -> dict[str, Any]:
        """What the venue shows under the id: the order, or another one.

        :param stamp: what the question carries besides
        :raises OrderNotFoundException: when it shows none
        """
        return shown(errand, self._question().having(**stamp))

    def is_the_same(self, order: Mapping[str, Any], errand: Errand) -> bool:
        """True when the venue's order, or list, is the one that was to be placed, whenever it was placed."""
        return likeness.are_the_same(self._said(), orders_of(errand, order) if self.of_list else [order])

    def _question(self) -> Request:
        if self.of_list:
            return GET_ORDER_LIST.request((), {"origClientOrderId": self.client_order_id})
        return GET_ORDER.request((), {"symbol": self.symbol, "origClientOrderId": self.client_order_id})

    def _said(self) -> list[Mapping[str, object]]:
        """The order, or those of the list, by the words of a single one."""
        return [{"symbol": self.symbol, **leg.read(self.params)} for leg in legs(self.path, self.params)]

    def _look(self, errand: Errand, stamp: Mapping[str, str]) -> dict[str, Any]:
        """The order as the venue shows it.

        :raises OrderNotFoundException: when it shows none, or others of that id
        """
        try:
            placed = self.of_its_id(errand, stamp)
        except OrderNotFoundException as error:
            if error.code != _ARCHIVED or errand.now_ms() - self.timestamp_ms > _ARCHIVED_AFTER_MS:
                raise
        else:
            if self._is_it(placed, errand):
                return placed
        return self._youngest(errand, stamp)

    def _is_it(self, order: Mapping[str, Any], errand: Errand) -> bool:
        """False for an older order, or another one: an id may be used again once its order is done."""
        if not self.of_list:
            return likeness.is_it(self._said()[0], order, self.timestamp_ms)
        at_ms = told_ms(order, "transactionTime")
        if order.get("symbol") != self.symbol or at_ms is None or at_ms < self.timestamp_ms - AHEAD_MS:
            return False
        # Of what it was to place the list itself says no more than how many orders there are.
        said = self._said()
        return len(numbers_of(order)) in (0, len(said)) and likeness.are_they(said, orders_of(errand, order), self.timestamp_ms)

    def _youngest(self, errand: Errand, stamp: Mapping[str, str]) -> dict[str, Any]:
        """The order among all of its time, for when the venue shows another one under its id."""
        name = "listClientOrderId" if self.of_list else "clientOrderId"
        same_id = [order for order in self._since(errand, stamp) if order.get(name) == self.client_order_id]
        found = [order for order in same_id if self._is_it(order, errand)]
        if not found:
            raise OrderNotFoundException("the venue shows another order of that id, and not this one")
        return found[-1]

    def _since(self, errand: Errand, stamp: Mapping[str, str]) -> Iterator[dict[str, Any]]:
        """The orders, or lists, that were placed since this one left, page by page, until it is too late for it."""
        if self.of_list:
            ask, number, first, whose = _GET_ALL_LISTS, "orderListId", "fromId", {}
        else:
            ask, number, first, whose = _GET_ALL_ORDERS, "orderId", "orderId", {"symbol": self.symbol}
        asked: dict[str, Any] = {"startTime": self.timestamp_ms - AHEAD_MS}
        while True:
            page = all_shown(errand, ask.request((), {**whose, **asked, "limit": _PAGE}).having(**stamp))
            yield from page
            # Of a list it is not shown when it was placed.
            if len(page) < _PAGE or (told_ms(page[-1], "time") or 0) > self.decidable_at_ms:
                return
            last = page[-1].get(number)
            if not isinstance(last, int) or last < asked.get(first, 0):
                raise ExchangeRequestException(f"{ask.name}(): the answer does not go on from one page to the next", sent="yes")
            asked, stamp = {first: last + 1}, {}

    def _halves(self, errand: Errand, placed: Mapping[str, Any] | None) -> dict[str, Any]:
        return replacing.halves(self.symbol, self.params, self.timestamp_ms, placed, errand)


def id_name(path: str) -> str:
    """The parameter by which a call at ``path`` names what it places."""
    return "listClientOrderId" if is_list(path) else "newClientOrderId"


def key_of(path: str, symbol: str, client_order_id: str) -> Key:
    """What tells an order from the others of its account."""
    return Key(symbol, "list" if is_list(path) else "order", client_order_id)
