"""Looks in place of streams, on a stub of Gate."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import pytest

pytest.importorskip("ccxt", reason="an extra: pip install 'exchangeclient[ccxt]'")

from exchangeclient.ccxt.client import Client
from exchangeclient.ccxt.depth import DepthCacheManager
from exchangeclient.ccxt.sockets import SocketManager

NAME = "BTC/USDT"
PATIENCE_S = 60


class Heard:
    """What a callback was told."""

    def __init__(self) -> None:
        self._came = threading.Condition()
        self.all: list[Any] = []

    def __call__(self, message: Any) -> None:
        with self._came:
            self.all.append(message)
            self._came.notify_all()

    def wait(self, wanted: Callable[[Any], Any]) -> Any:
        with self._came:
            assert self._came.wait_for(lambda: any(map(wanted, self.all)), PATIENCE_S), self.all
            return next(filter(wanted, self.all))


@pytest.fixture
def client(gate: Any) -> Iterator[Client]:
    made = Client("gate", "key", "secret", environment=gate[1])
    yield made
    made.close()


@pytest.fixture
def notices() -> Heard:
    return Heard()


@pytest.fixture
def sockets(client: Client, notices: Heard) -> Iterator[SocketManager]:
    manager = SocketManager(client, on_event=notices, round_s=0.02)
    manager.start()
    yield manager
    manager.close()


def test_a_book_is_told_when_it_has_changed(client: Client, sockets: SocketManager, gate: Any) -> None:
    heard = Heard()
    manager = DepthCacheManager(client, NAME, heard, bm=sockets)
    first = heard.wait(lambda cache: True)
    assert first.top(1) == (((Decimal(64000), Decimal(1)),), ((Decimal("64000.2"), Decimal("1.5")),))
    gate[0].asks = [["64000.3", "7"]]
    heard.wait(lambda cache: cache.top(1)[1] == ((Decimal("64000.3"), Decimal(7)),))
    assert len(heard.all) == 2
    manager.close()


def test_trades_are_told_once(sockets: SocketManager, gate: Any) -> None:
    stub, heard = gate[0], Heard()
    sockets.start_trade_socket(NAME, heard)
    while not any(path.endswith("/trades") for _, path in list(stub.asked)):
        assert sockets._thread is not None
        sockets._thread.join(0.02)
    looks = len(stub.asked) + 1
    while len(stub.asked) < looks:  # the first look is over
        sockets._thread.join(0.02)
    stub.trades = [*stub.trades, stub.trade(2, "64001", "0.25"), stub.trade(3, "64002", "0.5")]
    heard.wait(lambda message: message["trades"][-1].id == "3")
    assert [trade.id for message in heard.all for trade in message["trades"]] == ["2", "3"]


def test_the_account_is_told_of_orders_and_balances(client: Client, sockets: SocketManager, gate: Any) -> None:
    stub, heard = gate[0], Heard()
    sockets.start_user_socket(heard)
    while not any(path.endswith("/open_orders") for _, path in list(stub.asked)):
        assert sockets._thread is not None
        sockets._thread.join(0.02)
    looks = len(stub.asked) + 2
    while len(stub.asked) < looks:
        sockets._thread.join(0.02)
    placed = client.call("create_order", NAME, "limit", "buy", 0.01, 63000.0)
    heard.wait(lambda message: (NAME, placed["id"]) in message["orders"])
    stub.available = "900"
    heard.wait(lambda message: message["balances"])
    seen = len(heard.all)
    client.call("cancel_order", placed["id"], NAME)
    heard.wait(lambda _: (NAME, placed["id"]) in [mark for message in heard.all[seen:] for mark in message["orders"]])


def test_failures_are_told_and_their_end(sockets: SocketManager, notices: Heard, gate: Any) -> None:
    heard = Heard()
    key = sockets.start_book_socket(NAME, heard)
    heard.wait(lambda cache: True)
    gate[0].failing = True
    lost = notices.wait(lambda notice: notice.kind == "lost")
    assert "book" in lost.stream
    assert sockets.is_failing(key)
    gate[0].failing = False
    notices.wait(lambda notice: notice.kind == "recovered")
    assert not sockets.is_failing(key)


def test_what_is_stopped_is_not_looked_at(sockets: SocketManager, gate: Any) -> None:
    heard = Heard()
    key = sockets.start_book_socket(NAME, heard)
    heard.wait(lambda cache: True)
    sockets.stop_socket(key)
    sockets.close()
    asked = len(gate[0].asked)
    with pytest.raises(RuntimeError, match="closed"):
        sockets.start_book_socket(NAME, heard)
    assert len(gate[0].asked) == asked
