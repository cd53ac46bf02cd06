"""Orders on their way, of a venue that is made up: what is noted, struck out, asked after and answered."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import pytest

from exchangeclient.core.calling.call import Errand
from exchangeclient.core.http.request import Kind, Request
from exchangeclient.core.orders.doubts import Doubts, Key
from exchangeclient.core.orders.settling import Affair, SettlingGuard
from exchangeclient.exceptions import (
    DuplicateOrderException,
    ExchangeAPIException,
    ExchangeRequestException,
    OrderNotFoundException,
    OrderNotPlacedException,
    OrderStatusUnknownException,
)

LOST = ExchangeRequestException("the answer was lost", sent="maybe")
REFUSED = ExchangeAPIException("no", status_code=400, code=1)


@dataclass(frozen=True, slots=True)
class Doubt:
    """An order of the venue's, which asks the errand."""

    client_order_id: str
    size: str
    timestamp_ms: int = 0
    symbol: str = "X"

    @property
    def key(self) -> Key:
        return Key(self.symbol, "order", self.client_order_id)

    def told(self) -> dict[str, Any]:
        return {}

    def settle(self, errand: Errand) -> Any:
        return errand.ask(Request("settle", "GET", "/order"))

    def unknown(self, why: str) -> OrderStatusUnknownException:
        return OrderStatusUnknownException(why, symbol=self.symbol, client_order_id=self.client_order_id, decidable_at=0.0, question="")

    def says_the_same(self, other: Doubt) -> bool:
        return self.size == other.size

    def of_its_id(self, errand: Errand, stamp: Mapping[str, str]) -> dict[str, Any]:
        order: dict[str, Any] = errand.ask(Request("look", "GET", "/order"))
        return order

    def is_the_same(self, order: Mapping[str, Any], errand: Errand) -> bool:
        return order.get("size") == self.size


class Noted(Doubts[Doubt]):
    """Notes by the caller's id."""

    def key_of(self, request: Request) -> Key | None:
        return Key("X", "order", request.params["id"]) if "id" in request.params else None

    def read(self, told: Mapping[str, Any]) -> Doubt | None:
        return None


class Guard(SettlingGuard[Doubt]):
    """The venue's."""

    def __init__(self) -> None:
        super().__init__("made up", Doubt, Noted())

    def doubt_of(self, request: Request) -> Doubt | None:
        if request.kind is not Kind.PLACE or request.time_ms is None:
            return None
        return Doubt(request.params["id"], request.params["size"], request.time_ms)

    def restamped(self, request: Request, doubt: Doubt) -> Request:
        return replace(request, time_ms=doubt.timestamp_ms)

    def affair_of(self, request: Request) -> Affair | None:
        return Doubt("", "", 0) if request.kind is Kind.CANCEL else self.doubt_of(request)

    def question(self, request: Request) -> Request | None:
        return Request("look", "GET", "/order") if request.kind is Kind.CANCEL else None


def order(size: str = "1", stamp_ms: int | None = 5) -> Request:
    return Request("create_order", "POST", "/order", {"id": "mine", "size": size}, kind=Kind.PLACE, time_ms=stamp_ms)


CANCEL = Request("cancel_order", "DELETE", "/order", {"id": "mine"}, kind=Kind.CANCEL, time_ms=5)


def told(fate: Any) -> Callable[[], Errand]:
    """An errand whose questions are answered so."""

    def ask(request: Request) -> Any:
        if isinstance(fate, Exception):
            raise fate
        return fate

    return lambda: Errand(ask, lambda: 10.0, lambda _: None, lambda: 0)


def open_orders(guard: Guard) -> list[str]:
    return [each.client_order_id for each in guard.undecided(told(None))]


def test_an_order_is_in_doubt_from_before_it_leaves_until_it_stayed_or_is_decided() -> None:
    guard = Guard()
    guard.leaving(order(), 1.0)
    assert open_orders(guard) == ["mine"]
    guard.stayed(order())
    assert open_orders(guard) == []
    guard.leaving(CANCEL, 1.0)
    assert open_orders(guard) == [], "of a cancellation nothing is noted"


def test_a_lost_answer_is_what_the_venue_shows_and_settles_the_doubt() -> None:
    guard = Guard()
    guard.leaving(order(), 1.0)
    assert guard.settle(order(), LOST, told({"size": "1"})) == {"size": "1"}
    assert open_orders(guard) == []


def test_that_it_was_not_placed_settles_it_too_and_names_the_loss_as_the_cause() -> None:
    guard = Guard()
    guard.leaving(order(), 1.0)
    with pytest.raises(OrderNotPlacedException) as caught:
        guard.settle(order(), LOST, told(OrderNotPlacedException("no", symbol="X", client_order_id="mine")))
    assert caught.value.__cause__ is LOST
    assert open_orders(guard) == []


@pytest.mark.parametrize("fate", [ExchangeRequestException("nobody is there", sent="no"), Doubt("mine", "1").unknown("nobody is there")])
def test_what_cannot_be_told_stays_in_doubt_and_can_be_asked_again(fate: Exception) -> None:
    guard = Guard()
    guard.leaving(order(), 1.0)
    errands = iter((told(fate)(), told({"size": "1"})()))
    with pytest.raises(OrderStatusUnknownException) as caught:
        guard.settle(order(), LOST, lambda: next(errands))
    assert open_orders(guard) == ["mine"]
    assert caught.value.resolve() == {"size": "1"}
    assert open_orders(guard) == []


def test_a_refusal_is_raised_and_nobody_is_asked() -> None:
    with pytest.raises(ExchangeAPIException) as caught:
        Guard().settle(order(), REFUSED, told(AssertionError("asked")))
    assert caught.value is REFUSED


def test_an_id_in_use_is_the_answer_when_it_is_of_the_same_order_and_else_an_error_that_shows_it() -> None:
    duplicate = DuplicateOrderException("in use", status_code=400, code=2)
    assert Guard().settle(order(), duplicate, told({"size": "1"})) == {"size": "1"}
    with pytest.raises(DuplicateOrderException) as caught:
        Guard().settle(order(), duplicate, told({"size": "2"}))
    assert caught.value.order == {"size": "2"}
    with pytest.raises(DuplicateOrderException) as caught:
        Guard().settle(order(), DuplicateOrderException("in use", status_code=400, code=2), told(LOST))
    assert caught.value.order is None


def test_a_cancellation_of_what_is_not_open_shows_what_became_of_it() -> None:
    with pytest.raises(OrderNotFoundException) as caught:
        Guard().settle(CANCEL, OrderNotFoundException("no such order", status_code=400, code=3), told({"state": "filled"}))
    assert caught.value.order == {"state": "filled"}


def test_an_order_in_doubt_is_not_sent_again_when_it_is_there() -> None:
    guard, sent = Guard(), list[str]()
    guard.leaving(order(), 1.0)
    again = order(stamp_ms=None)
    assert guard.once(again, lambda: sent.append("sent"), told({"size": "1"})) == {"size": "1"}
    assert (sent, open_orders(guard)) == ([], [])


def test_another_order_under_an_id_in_doubt_is_not_sent() -> None:
    guard, sent = Guard(), list[str]()
    guard.leaving(order(), 1.0)
    with pytest.raises(DuplicateOrderException) as caught:
        guard.once(order("2", None), lambda: sent.append("sent"), told({"size": "1"}))
    assert (caught.value.order, sent) == ({"size": "1"}, [])


def test_one_that_turns_out_not_to_be_there_is_sent_and_one_that_nobody_knows_of_is_not() -> None:
    guard, sent = Guard(), list[str]()
    guard.leaving(order(), 1.0)
    with pytest.raises(OrderStatusUnknownException):
        guard.once(order(stamp_ms=None), lambda: sent.append("sent"), told(LOST))
    assert sent == []
    gone = OrderNotPlacedException("no", symbol="X", client_order_id="mine")
    guard.once(order(stamp_ms=None), lambda: sent.append("sent"), told(gone))
    assert sent == ["sent"]
