"""Order rules are fetched once, used for an hour, and fetched anew before they refuse an order; whoever's they are."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from exchangeclient.core.calling.call import Errand
from exchangeclient.core.http.request import Request
from exchangeclient.core.orders.listings import REFUSING_FOR_S, USED_FOR_S, Listings
from exchangeclient.core.process.clock import FakeClock
from exchangeclient.exceptions import ExchangeAPIException, ExchangeRequestException, OrderUnknownSymbolException, UnknownSymbolException
from exchangeclient.market.rules import Bounds, OrderRules


def read(entry: Any) -> OrderRules:
    if "step" not in entry:
        raise ValueError("no step")
    return OrderRules(entry["name"], quantity=Bounds("step", step=Decimal(entry["step"])))


class Own(Listings):
    """A venue whose answers are lists of entries."""

    def question(self, symbol: str) -> Request:
        return Request("list", "GET", "/list", {"name": symbol})

    def entries(self, answer: Any) -> Iterator[tuple[str, Any]]:
        for entry in answer:
            yield entry["name"], entry


class Venue:
    """Answers, fails, and counts how often it was asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.step = "1"
        self.trouble: Exception | None = None
        self.left_s = 10.0
        self.errand = Errand(self.answer, lambda: self.left_s, lambda _: None, lambda: 0)

    def answer(self, request: Request) -> Any:
        self.asked.append(request.params["name"])
        if self.trouble is not None:
            raise self.trouble
        return [{"name": name, "step": self.step} for name in ("A", "B")]


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(0)


@pytest.fixture
def listings(clock: FakeClock) -> Own:
    return Own(clock, read)


def test_rules_are_asked_for_once_until_they_are_old(listings: Own, clock: FakeClock) -> None:
    venue = Venue()
    for _ in range(2):
        rules = listings.rules("A", venue.errand)
        assert rules.quantity.step == 1
        listings.note([{"name": "A", "step": "1"}])
    assert venue.asked == ["A"]
    clock.advance(REFUSING_FOR_S + 1)
    venue.step = "2"
    assert listings.rules("A", venue.errand, REFUSING_FOR_S).quantity.step == 2
    assert venue.asked == ["A", "A"]


def test_old_rules_serve_while_the_venue_cannot_be_asked(listings: Own, clock: FakeClock) -> None:
    venue = Venue()
    listings.note([{"name": "A", "step": "5"}])
    clock.advance(USED_FOR_S + 1)
    venue.trouble = ExchangeRequestException("gone", sent="no")
    assert listings.rules("A", venue.errand).quantity.step == 5
    assert listings.rules("A", venue.errand).quantity.step == 5
    assert venue.asked == ["A"], "after a failure it is not asked again for a minute"
    with pytest.raises(ExchangeRequestException, match="the order was not sent") as caught:
        listings.rules("B", venue.errand)
    assert caught.value.sent == "no"


def test_what_is_not_listed_is_said_to_be_so(listings: Own) -> None:
    venue = Venue()
    with pytest.raises(OrderUnknownSymbolException):
        listings.rules("Z", venue.errand)
    venue.trouble = UnknownSymbolException("no such symbol", status_code=400)
    with pytest.raises(OrderUnknownSymbolException):
        listings.rules("A", venue.errand)
    venue.trouble = ExchangeAPIException("bad key", status_code=401)
    with pytest.raises(ExchangeAPIException, match="bad key"):
        listings.rules("A", venue.errand)


def test_rules_that_cannot_be_read_send_no_order(listings: Own) -> None:
    listings.note([{"name": "A"}])
    with pytest.raises(ExchangeRequestException, match="cannot be read: no step"):
        listings.rules("A", Venue().errand)
    listings.forget("A")
    assert listings.rules("A", Venue().errand).quantity.step == 1


def test_threads_fetch_the_same_rules_once_and_wait_no_longer_than_they_may(listings: Own) -> None:
    venue, reached, opened = Venue(), threading.Event(), threading.Event()
    answer = venue.answer

    def slow(request: Request) -> Any:
        reached.set()
        assert opened.wait(10)
        rows = answer(request)
        listings.note(rows)  # as a client learns from every answer
        return rows

    venue.errand = Errand(slow, lambda: 10.0, lambda _: None, lambda: 0)
    found: list[OrderRules] = []
    threads = [threading.Thread(target=lambda: found.append(listings.rules("A", venue.errand))) for _ in range(3)]
    for thread in threads:
        thread.start()
    assert reached.wait(10)
    with pytest.raises(ExchangeRequestException, match="another thread is fetching"):
        listings.rules("A", Errand(slow, lambda: 0.0, lambda _: None, lambda: 0))
    opened.set()
    for thread in threads:
        thread.join(10)
    assert len(found) == 3
    assert venue.asked == ["A"]
