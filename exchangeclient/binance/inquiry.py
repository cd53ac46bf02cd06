"""Asking the venue what became of a call whose answer was lost, until it is certain or there is no more time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from exchangeclient.binance.readings import AHEAD_MS
from exchangeclient.binance.rest.account import Account
from exchangeclient.core.calling.call import Errand
from exchangeclient.core.calling.endpoint import declaration
from exchangeclient.core.http.request import Request
from exchangeclient.core.orders import inquiry as core
from exchangeclient.core.orders.inquiry import Lost, as_call
from exchangeclient.exceptions import (
    ExchangeRequestException,
    OrderNotFoundException,
)
from exchangeclient.market.settlement import Case

__all__ = [
    "GET_ORDER",
    "GET_ORDER_LIST",
    "Inquiry",
    "Lost",
    "all_shown",
    "as_call",
    "case",
    "numbers_of",
    "orders_of",
    "shown",
    "window_ms",
]

GET_ORDER: Final = declaration(Account.get_order)
GET_ORDER_LIST: Final = declaration(Account.get_order_list)

# https://developers.binance.com/docs/binance-spot-api-docs/rest-api/request-security: the window when none is given, and how long the
# engine may take.
WINDOW_MS: Final = 5_000.0
ENGINE_MS: Final = 10_000.0


class Inquiry(core.Inquiry):
    """The questions about one lost call, each with a timestamp of its own."""

    def __init__(self, case: Case, errand: Errand) -> None:
        super().__init__(case, errand, ahead_ms=AHEAD_MS)

    def stamp(self) -> dict[str, str]:
        """What a question has to carry: a time of ours, unless the venue has just found that wrong; then the call puts the clock right."""
        stamp_ms = self.stamp_ms()
        return {} if stamp_ms is None else {"timestamp": str(stamp_ms)}


def case(timestamp_ms: int, window_ms: float) -> Case:
    """The case of a call that was stamped so."""
    return Case.opened(timestamp_ms=timestamp_ms, window_ms=window_ms, engine_ms=ENGINE_MS)


def window_ms(request: Request) -> float:
    """How long the venue accepts a call."""
    return float(request.params.get("recvWindow", WINDOW_MS))


def shown(errand: Errand, asked: Request) -> dict[str, Any]:
    """What the venue shows of an order or of a list.

    :raises ExchangeRequestException: when that is not to be read; and what :attr:`Errand.ask` raises
    """
    answer = errand.ask(asked)
    number = "orderListId" if asked.path == GET_ORDER_LIST.path else "orderId"
    if not isinstance(answer, dict) or answer.get(number) is None:
        raise ExchangeRequestException(f"{asked.name}(): the answer is no order but {str(answer)[:200]}", sent="yes")
    return answer


def all_shown(errand: Errand, asked: Request) -> list[dict[str, Any]]:
    """What the venue shows of several orders.

    :raises ExchangeRequestException: see :func:`shown`
    """
    answer = errand.ask(asked)
    if not isinstance(answer, list) or not all(isinstance(order, dict) for order in answer):
        raise ExchangeRequestException(f"{asked.name}(): the answer is no list of orders but {str(answer)[:200]}", sent="yes")
    return answer


def numbers_of(order_list: Mapping[str, Any]) -> list[int]:
    """The venue's numbers of the orders of a list."""
    named = order_list.get("orders")
    numbers = [each.get("orderId") for each in named if isinstance(each, dict)] if isinstance(named, list) else []
    return [number for number in numbers if isinstance(number, int)]


def orders_of(errand: Errand, order_list: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The orders of a list, as far as the venue shows them: a list names them and says nothing else of them.

    :raises ExchangeRequestException: when it shows none of them; and see :func:`shown`
    """
    orders, numbers = [], numbers_of(order_list)
    for number in numbers:
        try:
            orders.append(shown(errand, GET_ORDER.request((), {"symbol": order_list.get("symbol"), "orderId": number})))
        except OrderNotFoundException:
            continue  # the place where orders are looked up may lag behind
    if numbers and not orders:
        raise ExchangeRequestException(f"the venue shows the list {order_list.get('orderListId')} and none of its orders", sent="yes")
    return orders
