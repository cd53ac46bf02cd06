from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from venue_cases import OPENS_US, VENUES, VenueCase

from exchangeclient.core.process.clock import FakeClock
from exchangeclient.desk import Desk, desk_of
from exchangeclient.sandbox import Sandbox


@pytest.fixture(scope="session")
def exchange() -> Iterator[Sandbox]:
    with Sandbox(seed=7, limits="counted") as exchange:
        # Each client of this suite has the budgets of a venue to itself.
        exchange.fault("headers", headers=dict.fromkeys(("x-ratelimit-remaining", "x-ratelimit-remaining-1s")))
        yield exchange


@pytest.fixture(params=VENUES, ids=lambda venue: venue.name)
def venue(request: pytest.FixtureRequest) -> VenueCase:
    case: VenueCase = request.param
    return case


@pytest.fixture
def client(venue: VenueCase, exchange: Sandbox) -> Iterator[Any]:
    with venue.client(exchange) as client:
        yield client
        desk = desk_of(client)
        for order in desk.open_orders(venue.instrument):
            desk.cancel(order.instrument, order.order_id)


@pytest.fixture
def desk(client: Any) -> Desk:
    return desk_of(client)


class Alone:
    """A venue by a clock that is set by hand and goes on by itself when something waits."""

    def __init__(self, venue: VenueCase) -> None:
        self.venue = venue
        self.machine = FakeClock(OPENS_US // 1000)
        self.exchange = Sandbox(seed=7, clock=lambda: OPENS_US + round(self.machine.monotonic_s() * 1_000_000))
        self.client = self.another()
        self.desk = desk_of(self.client)
        self.desk.instruments()  # the rules, so that no fault meets the question after them

    def another(self, **arguments: Any) -> Any:
        return self.venue.unlistening(self.exchange, self.machine, **arguments)


@pytest.fixture
def alone(venue: VenueCase) -> Iterator[Alone]:
    alone = Alone(venue)
    yield alone
    alone.client.close()
    alone.exchange.stop()
