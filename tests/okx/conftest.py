"""The embedded exchange for OKX's client: one that runs, and one by a clock that is set by hand."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from exchangeclient.core.process.clock import FakeClock, VenueClock
from exchangeclient.okx.client import Client
from exchangeclient.sandbox import Sandbox

OPENS_US = 1_700_000_000_000_000


@pytest.fixture(scope="session")
def exchange() -> Iterator[Sandbox]:
    with Sandbox(seed=7) as exchange:
        yield exchange


@pytest.fixture
def client(exchange: Sandbox) -> Iterator[Client]:
    with Client("key", "secret", "passphrase", environment=exchange.urls["okx"]) as client:
        yield client
        for order in client.get_open_orders():
            client.cancel_order(instId=order["instId"], ordId=order["ordId"])


class Market:
    """A sandbox by a clock of the test's, which goes on by itself when something waits, and clients of it."""

    def __init__(self) -> None:
        self.machine = FakeClock(OPENS_US // 1000)
        self.exchange = Sandbox(seed=7, clock=lambda: OPENS_US + round(self.machine.monotonic_s() * 1_000_000))
        self.user = self.client()
        self.user.get_instruments("SPOT")  # the rules, so that no fault meets the question after them
        self.limit: dict[str, Any] = {"instId": "BTC-USDT", "sz": "0.01", "px": "5000"}

    def client(self, **arguments: Any) -> Client:
        client = Client(
            "key", "secret", "passphrase", environment="http://okx.sandbox.localhost", clock=VenueClock(self.machine), **arguments
        )
        assert self.exchange.mount(client.session)["okx"]["rest"] == "http://okx.sandbox.localhost"
        return client

    def orders(self) -> list[dict[str, Any]]:
        """All that the test has placed."""
        return [*self.user.get_open_orders(), *self.user.get_order_history("SPOT")]


@pytest.fixture
def market() -> Iterator[Market]:
    market = Market()
    yield market
    market.user.close()
    market.exchange.stop()


@pytest.fixture
def fault(exchange: Sandbox) -> Iterator[Callable[..., Any]]:
    """Makes trouble at the running exchange, and ends it."""
    made: list[Any] = []

    def make(kind: str, **options: Any) -> Any:
        made.append(exchange.fault(kind, **options))
        return made[-1]

    yield make
    for each in made:
        each.lift()
