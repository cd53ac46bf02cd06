"""The embedded exchange by a clock that is set by hand, and a client of it with an order to place: for tests.

The clock goes on by itself when something waits, so that the seconds in which an order becomes decidable take none.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from exchangeclient.binance.client import Client
from exchangeclient.core.process.clock import FakeClock, VenueClock
from exchangeclient.sandbox import Sandbox
from exchangeclient.sandbox.sandbox import IN_PROCESS_URL

OPENS_US = 1_700_000_000_000_000
SYMBOL = "BTCUSDT"
IMPATIENT: dict[str, Any] = {"timeout": (5, 0.4)}
"""``requests_params`` for answers that never come, by the machine's clock."""


class Market:
    """A sandbox by a clock of the test's, and clients of it.

    :param over_sockets: False for clients that are served without a port
    """

    def __init__(self, *, over_sockets: bool, **arguments: Any) -> None:
        self.machine = FakeClock(OPENS_US // 1000)
        self.over_sockets = over_sockets
        self.exchange = Sandbox(seed=7, clock=lambda: OPENS_US + round(self.machine.monotonic_s() * 1_000_000), **arguments)
        if over_sockets:
            self.exchange.start()
        self.user = self.client()
        self.user.get_exchange_info()  # the rules, so that no fault meets the question after them
        last = Decimal(self.user.get_symbol_ticker(symbol=SYMBOL)["price"])
        self.below, self.above = (str(round(last * Decimal(share), 2)) for share in ("0.9", "1.1"))
        self.deeper = str(round(last * Decimal("0.89"), 2))
        self.limit: dict[str, Any] = {"symbol": SYMBOL, "quantity": "0.01", "price": self.below}

    @property
    def url(self) -> str:
        return self.exchange.urls["binance"]["rest"] if self.over_sockets else IN_PROCESS_URL

    def client(self, **arguments: Any) -> Client:
        client = Client("key", "secret", environment={"rest": self.url}, clock=VenueClock(self.machine), **arguments)
        if not self.over_sockets:
            self.exchange.mount(client.session)
        return client

    def orders(self) -> list[dict[str, Any]]:
        """All that the test has placed."""
        return list(self.user.get_all_orders(symbol=SYMBOL))

    def order_list(self, kind: str) -> dict[str, Any]:
        """Places a list of that kind."""
        method, words = self.lists[kind]
        placed: dict[str, Any] = getattr(self.user, method)(symbol=SYMBOL, listClientOrderId="mine", **words)
        return placed

    @property
    def lists(self) -> dict[str, tuple[str, dict[str, str]]]:
        quantity = {"quantity": "0.01"}
        stop = {"belowType": "STOP_LOSS_LIMIT", "belowStopPrice": self.below, "belowPrice": self.deeper, "belowTimeInForce": "GTC"}
        working = {"workingType": "LIMIT", "workingTimeInForce": "GTC", "workingSide": "BUY", "workingPrice": self.below}
        working |= {"workingQuantity": "0.01", "pendingSide": "SELL"}
        one = {"pendingType": "LIMIT_MAKER", "pendingPrice": self.above}
        pair = {"pendingAboveType": "LIMIT_MAKER", "pendingAbovePrice": self.above, "pendingBelowType": "STOP_LOSS"}
        pair |= {"pendingBelowStopPrice": self.deeper}
        old = {"price": self.above, "stopPrice": self.below, "stopLimitPrice": self.deeper, "stopLimitTimeInForce": "GTC"}
        return {
            "orderList/oco": (
                "create_oco_order",
                {"side": "SELL", **quantity, "aboveType": "LIMIT_MAKER", "abovePrice": self.above, **stop},
            ),
            "order/oco": ("create_old_oco_order", {"side": "SELL", **quantity, **old}),
            "orderList/oto": ("create_oto_order", {**working, **one, "pendingQuantity": "0.01"}),
            "orderList/otoco": ("create_otoco_order", {**working, **pair, "pendingQuantity": "0.01"}),
            "orderList/opo": ("create_opo_order", {**working, **one}),
            "orderList/opoco": ("create_opoco_order", {**working, **pair}),
        }


def opened(**arguments: Any) -> Iterator[Market]:
    market = Market(**arguments)
    try:
        yield market
    finally:
        market.user.close()
        market.exchange.stop()
