"""Orders in doubt that several processes know of by a journal, on the embedded exchange; and a process that ends in the middle of one."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from order_market import Market, opened

from exchangeclient.exceptions import OrderNotPlacedException

PLACE, ASK = "POST /api/v3/order", "GET /api/v3/order"


@pytest.fixture
def market() -> Iterator[Market]:
    yield from opened(over_sockets=True)


CHILD = """
import json, os, sys
from requests.adapters import HTTPAdapter
from exchangeclient.client import Client
from exchangeclient.exceptions import ExchangeException, OrderStatusUnknownException

url, journal, then, order = sys.argv[1], sys.argv[2], sys.argv[3], json.loads(sys.argv[4])
client = Client("key", "secret", environment={"rest": url}, journal=journal, settle_timeout=0.3 if then == "give up" else 30)

class Dying(HTTPAdapter):
    def send(self, request, *args, **settings):
        answer = super().send(request, *args, **settings)
        if request.method == "POST":
            os._exit(3)
        return answer

if then == "die":
    client.session.mount(url, Dying())
client.get_exchange_info()
print("ready", flush=True)
sys.stdin.readline()
try:
    print(client.order_limit_buy(**order)["orderId"], flush=True)
except OrderStatusUnknownException as unknown:
    print("unknown", flush=True)
    sys.stdin.readline()
    try:
        print(unknown.resolve()["orderId"], flush=True)
    except ExchangeException as error:
        print(type(error).__name__, flush=True)
print(len(client.undecided_orders()), flush=True)
"""


class Process:
    """A program that places one order, as another process."""

    def __init__(self, market: Market, journal: Path, order: dict[str, Any], then: str = "") -> None:
        command = [sys.executable, "-c", CHILD, market.url, str(journal), then, json.dumps(order)]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self.line() == "ready"

    def line(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline().strip()

    def go_on(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write("\n")
        self._process.stdin.flush()

    def wait(self) -> int:
        with self._process:
            return self._process.wait(30)


@pytest.mark.parametrize("when", ["before", "after"])
def test_O06_what_one_process_left_in_doubt_another_one_lists_and_resolves(market: Market, tmp_path: Path, when: str) -> None:
    journal = tmp_path / "orders"
    process = Process(market, journal, {**market.limit, "newClientOrderId": "mine"}, "give up")
    with market.exchange.fault("error", route=ASK, status=503), market.exchange.fault("drop", route=PLACE, when=when, times=1):
        process.go_on()
        assert process.line() == "unknown"
        client = market.client(journal=journal)
        (unknown,) = client.undecided_orders()
        assert unknown.client_order_id == "mine"
    if when == "after":
        assert unknown.resolve()["orderId"] == market.orders()[0]["orderId"]
    else:
        with pytest.raises(OrderNotPlacedException):
            unknown.resolve()
    assert client.undecided_orders() == []
    process.go_on()
    if when == "after":
        assert process.line() == str(market.orders()[0]["orderId"])
        assert process.line() == "0"
    else:
        assert process.line() in ("OrderNotPlacedException", "OrderStatusUnknownException"), "it has a moment only"
        assert market.orders() == []
    assert process.wait() == 0


@pytest.mark.parametrize("when", ["before", "after"])
def test_O09_an_order_whose_bytes_had_left_when_the_process_ended_is_listed_at_the_next_start(
    market: Market, tmp_path: Path, when: str
) -> None:
    journal = tmp_path / "orders"
    process = Process(market, journal, {**market.limit, "newClientOrderId": "mine"}, "die")
    if when == "before":  # something on the way answers, and the venue never gets it
        market.exchange.fault("error", route=PLACE, status=503, times=1)
    process.go_on()
    assert process.wait() == 3
    client = market.client(journal=journal)
    (unknown,) = client.undecided_orders()
    assert unknown.client_order_id == "mine"
    if when == "after":
        assert unknown.resolve()["orderId"] == market.orders()[0]["orderId"]
    else:
        with pytest.raises(OrderNotPlacedException):
            unknown.resolve()
    assert client.undecided_orders() == market.client(journal=journal).undecided_orders() == []


def test_O22_processes_that_place_one_id_at_once_on_one_journal_have_one_order(market: Market, tmp_path: Path) -> None:
    journal = tmp_path / "orders"
    processes = [Process(market, journal, {**market.limit, "newClientOrderId": "mine"}) for _ in range(3)]
    for process in processes:
        process.go_on()
    told = [process.line() for process in processes]
    (order,) = market.orders()
    assert set(told) == {str(order["orderId"])}
    assert [process.wait() for process in processes] == [0, 0, 0]
    assert market.client(journal=journal).undecided_orders() == []
