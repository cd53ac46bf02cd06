"""The embedded exchange for BitMEX's client: one that runs, and one by a clock that is set by hand."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

import pytest

from exchangeclient.bitmex.client import Client
from exchangeclient.core.books import keptbook, manager
from exchangeclient.core.process.clock import FakeClock, VenueClock
from exchangeclient.core.protocol.session import Backoff
from exchangeclient.sandbox import Sandbox

OPENS_US = 1_700_000_000_000_000


@pytest.fixture(scope="session")
def exchange() -> Iterator[Sandbox]:
    with Sandbox(seed=7, limits="counted") as exchange:
        yield exchange


@pytest.fixture
def quick_books(monkeypatch: pytest.MonkeyPatch) -> None:
    """Books that are held against REST, and begun anew, in a fraction of the time."""

    def soon(name: str, value: float, least: float = 0) -> float:
        return value / 10 if name == "refresh_interval" else value

    def backoff(random_source: random.Random, *, first_s: float, stable_s: float) -> Backoff:
        return Backoff(random_source, first_s=first_s / 10, cap_s=1.0, stable_s=stable_s)

    monkeypatch.setattr(manager, "seconds", soon)
    monkeypatch.setattr(keptbook, "Backoff", backoff)


@pytest.fixture
def client(exchange: Sandbox) -> Iterator[Client]:
    with Client("key", "secret", environment=exchange.urls["bitmex"]) as client:
        yield client
        client.cancel_all_orders()


class Market:
    """A sandbox by a clock of the test's, which goes on by itself when something waits, and clients of it."""

    def __init__(self) -> None:
        self.machine = FakeClock(OPENS_US // 1000)
        self.exchange = Sandbox(seed=7, step=1.0, clock=lambda: OPENS_US + round(self.machine.monotonic_s() * 1_000_000))
        self.user = self.client()
        self.user.get_active_instruments()  # the rules, so that no fault meets the question after them
        self.limit: dict[str, Any] = {"symbol": "XBTUSD", "orderQty": 100, "price": 5000}

    def client(self, **arguments: Any) -> Client:
        client = Client("key", "secret", environment="http://bitmex.sandbox.localhost", clock=VenueClock(self.machine), **arguments)
        assert self.exchange.mount(client.session)["bitmex"]["rest"] == "http://bitmex.sandbox.localhost"
        return client

    def orders(self) -> list[dict[str, Any]]:
        """All that the test has placed."""
        return self.user.get_orders(symbol="XBTUSD")


@pytest.fixture
def market() -> Iterator[Market]:
    market = Market()
    yield market
    market.user.close()
    market.exchange.stop()
