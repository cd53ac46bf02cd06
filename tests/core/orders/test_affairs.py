"""Cancellations and amendments whose answers were lost, at a venue that is made up: what is asked, sent again and told."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from exchangeclient.core.calling.call import Errand
from exchangeclient.core.http.request import Request
from exchangeclient.core.orders import affairs
from exchangeclient.core.orders.inquiry import Inquiry
from exchangeclient.exceptions import (
    AuthenticationException,
    ExchangeAPIException,
    ExchangeRequestException,
    OrderNotAmendedException,
    OrderNotFoundException,
    OrderStatusUnknownException,
    RateLimitException,
)
from exchangeclient.market.settlement import Case

LOOK, CANCEL = Request("look", "GET", "/order"), Request("cancel", "DELETE", "/order")
OPEN, DONE = {"state": "open", "size": "1"}, {"state": "done", "size": "1"}
GONE = OrderNotFoundException("no such order", status_code=400)
REFUSED = AuthenticationException("the key is no more", status_code=401)
BUSY = RateLimitException("too many", status_code=429)
LOST = ExchangeRequestException("no answer", sent="maybe")


class Venue:
    """Shows and answers what is handed in, one after the other, and the last of it from then on; its time goes on while one waits."""

    def __init__(self, *shows: Any, cancels: tuple[Any, ...] = ()) -> None:
        self.answers = {"look": list(shows), "cancel": list(cancels)}
        self.asked: list[str] = []
        self.now_ms, self.left = 0, 60.0
        self.errand = Errand(self.ask, self.left_s, self.wait, lambda: self.now_ms)

    def ask(self, request: Request) -> Any:
        self.asked.append(request.name)
        rest = self.answers[request.name]
        answer = rest.pop(0) if len(rest) > 1 else rest[0]
        if isinstance(answer, Exception):
            raise answer
        return answer

    def left_s(self) -> float:
        if self.left <= 0:
            raise TimeoutError
        return self.left

    def wait(self, seconds: float) -> None:
        self.now_ms += round(seconds * 1000)
        self.left -= seconds


class _Asked:
    """What both have to bring."""

    def unknown(self, why: str) -> OrderStatusUnknownException:
        return OrderStatusUnknownException(why, symbol="X", client_order_id="mine", decidable_at=0.0, question="")

    def inquiry(self, errand: Errand) -> Inquiry:
        return Inquiry(Case.opened(timestamp_ms=0, window_ms=5_000, engine_ms=10_000), errand, ahead_ms=0)

    def look(self, errand: Errand, inquiry: Inquiry) -> dict[str, Any]:
        inquiry.stamp_ms()
        order: dict[str, Any] = errand.ask(LOOK)
        return order


@dataclass(frozen=True, slots=True)
class Cancellation(_Asked, affairs.Cancellation[Inquiry]):
    is_other: Callable[[Mapping[str, Any]], bool] = lambda _: False

    def is_open(self, order: Mapping[str, Any]) -> bool:
        return order["state"] == "open"

    def mistaken(self, order: Mapping[str, Any], errand: Errand) -> OrderNotFoundException | None:
        return affairs.came_later(order, "made up") if self.is_other(order) else None

    def repeat(self, errand: Errand) -> Any:
        return errand.ask(CANCEL)


@dataclass(frozen=True, slots=True)
class Amendment(_Asked, affairs.Amendment[Inquiry]):
    def is_in(self, order: Mapping[str, Any]) -> bool:
        return order["size"] == "2"

    def difference(self, order: Mapping[str, Any]) -> str:
        return f"its size is {order['size']}"

    def not_amended(self, order: Mapping[str, Any], why: str) -> OrderNotAmendedException:
        return OrderNotAmendedException(why, order=order)


def test_what_has_ended_is_the_answer_and_nothing_is_sent() -> None:
    venue = Venue(DONE)
    assert Cancellation().settle(venue.errand) == DONE
    assert venue.asked == ["look"]


def test_what_is_open_still_is_cancelled_again() -> None:
    venue = Venue(OPEN, cancels=(DONE,))
    assert Cancellation().settle(venue.errand) == DONE
    assert venue.asked == ["look", "cancel"]


def test_what_ends_while_it_is_cancelled_again_is_looked_at_once_more() -> None:
    venue = Venue(OPEN, DONE, cancels=(GONE,))
    assert Cancellation().settle(venue.errand) == DONE
    assert venue.asked == ["look", "cancel", "look"]


@pytest.mark.parametrize("passing", [LOST, BUSY])
def test_a_cancellation_that_may_do_the_next_time_is_tried_again(passing: Exception) -> None:
    venue = Venue(OPEN, cancels=(passing, DONE))
    assert Cancellation().settle(venue.errand) == DONE
    assert venue.asked == ["look", "cancel"] * 2


def test_the_venues_refusal_to_cancel_it_is_told() -> None:
    venue = Venue(OPEN, cancels=(ExchangeAPIException("too late", status_code=400, code=7),))
    with pytest.raises(ExchangeAPIException, match="too late"):
        Cancellation().settle(venue.errand)
    assert venue.asked == ["look", "cancel"]


def test_that_nobody_may_look_does_not_mean_that_it_was_not_cancelled() -> None:
    with pytest.raises(OrderStatusUnknownException, match="the key is no more"):
        Cancellation().settle(Venue(REFUSED).errand)


def test_another_order_under_its_id_is_left_alone() -> None:
    venue = Venue(OPEN)
    with pytest.raises(OrderNotFoundException, match="came after") as caught:
        Cancellation(is_other=lambda order: order is OPEN).settle(venue.errand)
    assert caught.value.order == OPEN
    assert venue.asked == ["look"]


@pytest.mark.parametrize("affair", [Cancellation(), Amendment()])
def test_an_order_that_is_not_there_long_enough_is_said_not_to_be_there(affair: Cancellation | Amendment) -> None:
    venue = Venue(GONE)
    with pytest.raises(OrderNotFoundException):
        affair.settle(venue.errand)
    assert venue.now_ms > 15_000, "before that it may still have been on its way"


@pytest.mark.parametrize("affair", [Cancellation(), Amendment()])
def test_while_nobody_can_be_asked_nobody_knows(affair: Cancellation | Amendment) -> None:
    with pytest.raises(OrderStatusUnknownException, match="no answer"):
        affair.settle(Venue(LOST).errand)


def test_an_order_that_is_as_it_was_to_be_is_the_answer() -> None:
    changed = {**OPEN, "size": "2"}
    assert Amendment().settle(Venue(OPEN, LOST, changed).errand) == changed


def test_an_order_that_stays_as_it_was_is_said_to_once_the_amendment_is_void() -> None:
    venue = Venue(OPEN)
    with pytest.raises(OrderNotAmendedException, match="its size is 1") as caught:
        Amendment().settle(venue.errand)
    assert caught.value.order == OPEN
    assert venue.now_ms > 15_000
