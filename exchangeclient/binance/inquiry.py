"""Asking the venue what became of a call whose answer was lost, until it is certain or there is no more time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from exchangeclient.binance.readings import AHEAD_MS
from exchangeclient.binance.rest.account import Account
from exchangeclient.core.call import Errand
from exchangeclient.core.endpoint import declaration
from exchangeclient.core.request import Request
from exchangeclient.exceptions import (
    ClockSkewException,
    ExchangeAPIException,
    ExchangeException,
    ExchangeRequestException,
    LedgerException,
    OrderNotFoundException,
)
from exchangeclient.market.settlement import Case

GET_ORDER: Final = declaration(Account.get_order)
GET_ORDER_LIST: Final = declaration(Account.get_order_list)

# https://developers.binance.com/docs/binance-spot-api-docs/rest-api/request-security: the window when none is given, and how long the
# engine may take.
WINDOW_MS: Final = 5_000.0
ENGINE_MS: Final = 10_000.0

Lost = (ExchangeRequestException, ExchangeAPIException, LedgerException)
"""How a question can fail."""


class Inquiry:
    """The questions about one lost call, and what they have shown.

    :param case: what is to be decided
    :ivar why: what the last question came to, in words
    """

    def __init__(self, case: Case, errand: Errand) -> None:
        self._case = case
        self._errand = errand
        self._stamp_ms: int | None = None
        self._clock_is_wrong = False
        self.why = ""

    def goes_on(self) -> bool:
        """True when it is time for the next question, for which it waits; False when the errand has no time for it."""
        if self._case.looks:
            pause_s = self._case.pause_s(self._errand.now_ms() - AHEAD_MS)
            try:
                if self._errand.left_s() <= pause_s:
                    return False
            except TimeoutError:
                return False
            self._errand.wait(pause_s)
        return True

    def stamp(self) -> dict[str, str]:
        """What a question has to carry: a time of ours, unless the venue has just found that wrong; then the call puts the clock right."""
        self._stamp_ms = None if self._clock_is_wrong else self._errand.now_ms()
        return {} if self._stamp_ms is None else {"timestamp": str(self._stamp_ms)}

    def missed(self, why: str) -> None:
        """The venue shows nothing of it."""
        self.why = why
        if self._stamp_ms is None:
            self._case = self._case.failed()
        else:
            # It answered, so its own clock was no more than a second behind the stamp, whatever ours is worth.
            self._case = self._case.missed(self._stamp_ms - AHEAD_MS)
        self._clock_is_wrong = False

    def failed(self, error: ExchangeException) -> None:
        """The venue could not be asked."""
        self.why = str(error)
        self._case = self._case.failed()
        self._clock_is_wrong = isinstance(error, ClockSkewException) and self._stamp_ms is not None

    @property
    def never_happened(self) -> bool:
        """True when it is certain that the call was not carried out and will not be."""
        return self._case.never_happened


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


def as_call(asked: Request) -> str:
    """A question as a user would write it."""
    arguments = ", ".join(f"{name}={text!r}" for name, text in asked.params.items() if name != "timestamp")
    return f"{asked.name}({arguments})"
