"""Looks in place of streams, on a stub of Gate."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import pytest

pytest.importorskip("ccxt", reason="an extra: pip install 'exchangeclient[ccxt]'")

from exchangeclient.ccxt.client import Client
from exchangeclient.ccxt.depth import DepthCacheManager
from exchangeclient.ccxt.sockets import SocketManager
from exchangeclient.core.books.keptbook import BookState
from exchangeclient.desk import desk_of
from tests.ccxt.venues.core import KEY, SECRET, Refused
from tests.ccxt.venues.gate import Gate

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
    made = Client("gate", KEY, SECRET, environment=gate[1])
    made._api.rateLimit = 0
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
    gate[0].asks = (("64000.3", "7"),)
    heard.wait(lambda cache: cache.top(1)[1] == ((Decimal("64000.3"), Decimal(7)),))
    assert len(heard.all) == 2
    manager.close()


def looked(sockets: SocketManager, stub: Gate, path: str, times: int = 2) -> None:
    """Wait until something was looked at so often more; the look before the last is over then."""
    before = len(stub.asked)
    deadline_s = time.monotonic() + PATIENCE_S
    while sum(asked.path.endswith(path) for asked in list(stub.asked)[before:]) < times:
        assert time.monotonic() < deadline_s
        assert sockets._thread is not None
        sockets._thread.join(0.01)


def test_trades_are_told_once(sockets: SocketManager, gate: Any) -> None:
    stub, heard = gate[0], Heard()
    sockets.start_trade_socket(NAME, heard)
    looked(sockets, stub, "/trades")
    stub.trades = [*stub.trades, (9, stub.now_ms, "64001", "0.25", "sell"), (10, stub.now_ms + 1, "64002", "0.5", "buy")]
    heard.wait(lambda message: message["trades"][-1].id == "10")
    looked(sockets, stub, "/trades")
    assert [trade.id for message in heard.all for trade in message["trades"]] == ["9", "10"]


def test_trades_that_are_not_shown_for_a_while_are_not_told_again(sockets: SocketManager, gate: Any) -> None:
    stub, heard = gate[0], Heard()
    sockets.start_trade_socket(NAME, heard)
    looked(sockets, stub, "/trades")
    before, later = stub.trades, [*stub.trades, (9, stub.now_ms, "64001", "0.25", "sell")]
    for shown in (later, before, later):  # of the exchange's machines one is behind the others
        stub.trades = shown
        looked(sockets, stub, "/trades", 3)
    assert [trade.id for message in heard.all for trade in message["trades"]] == ["9"]


def test_trades_that_may_be_missing_between_two_looks_are_a_gap(sockets: SocketManager, notices: Heard, gate: Any) -> None:
    stub, heard = gate[0], Heard()
    sockets.start_trade_socket(NAME, heard)
    looked(sockets, stub, "/trades")
    stub.trades = [(1_000, stub.now_ms, "64001", "0.25", "sell")]
    assert "trades" in notices.wait(lambda notice: notice.kind == "gap").stream
    heard.wait(lambda message: message["trades"][-1].id == "1000")
    looked(sockets, stub, "/trades")
    assert [notice.kind for notice in notices.all] == ["connected", "gap"]


def test_the_account_is_told_of_orders_and_balances(client: Client, sockets: SocketManager, gate: Any) -> None:
    stub, heard, desk = gate[0], Heard(), desk_of(client)
    sockets.start_user_socket(heard)
    looked(sockets, stub, "/open_orders")
    placed = desk.place(NAME, "BUY", quantity="0.01", price="63000")
    heard.wait(lambda message: (NAME, placed.order_id) in message["orders"])
    looked(sockets, stub, "/open_orders")
    stub.free["USDT"] = Decimal(900)
    heard.wait(lambda message: message["balances"])
    seen = len(heard.all)
    desk.cancel(NAME, placed.order_id)
    heard.wait(lambda _: (NAME, placed.order_id) in [mark for message in heard.all[seen:] for mark in message["orders"]])


def test_an_order_that_is_done_between_two_looks_is_told(client: Client, sockets: SocketManager, gate: Any) -> None:
    stub, heard, desk = gate[0], Heard(), desk_of(client)
    sockets.start_user_socket(heard)
    looked(sockets, stub, "/open_orders")
    ack = desk.place(NAME, "SELL", type="MARKET", quantity="0.01")  # never among the open ones
    heard.wait(lambda message: (NAME, ack.order_id) in message["orders"])


def test_an_order_that_is_shown_late_is_told(client: Client, sockets: SocketManager, gate: Any) -> None:
    stub, heard, desk = gate[0], Heard(), desk_of(client)
    sockets.start_user_socket(heard)
    looked(sockets, stub, "/open_orders")
    order, shown = stub.order, stub.shown

    def hidden(number: Any) -> Any:
        raise Refused("unknown")

    stub.order, stub.shown = hidden, lambda *states: []
    ack = desk.place(NAME, "SELL", type="MARKET", quantity="0.01")
    looked(sockets, stub, f"/orders/{ack.order_id}", 3)
    assert not [message for message in heard.all if message["orders"]]
    stub.order, stub.shown = order, shown
    heard.wait(lambda message: (NAME, ack.order_id) in message["orders"])
    looked(sockets, stub, "/open_orders", 3)
    assert sum(len(message["orders"]) for message in heard.all) == 1


def test_a_book_is_not_live_before_it_was_seen(client: Client, gate: Any) -> None:
    manager = SocketManager(client)
    book = DepthCacheManager(client, NAME, lambda _: None, bm=manager)  # which starts it
    going = threading.Event()
    stuck, told = threading.Event(), gate[0].told

    def late(asked: Any) -> Any:
        if asked.path.endswith("/order_book"):
            going.set()
            stuck.wait(PATIENCE_S)
        return told(asked)

    gate[0].told = late
    other = DepthCacheManager(client, NAME, lambda _: None, bm=manager)
    assert going.wait(PATIENCE_S)
    assert other.state is BookState.STALE
    stuck.set()
    deadline_s = time.monotonic() + PATIENCE_S
    while other.state is not BookState.LIVE and time.monotonic() < deadline_s:
        going.wait(0.01)
        time.sleep(0.01)
    assert other.state is BookState.LIVE
    for each in (book, other):
        each.close()
        assert each.state is BookState.STALE
    manager.close()


def test_what_could_not_be_told_is_told_again(sockets: SocketManager, caplog: pytest.LogCaptureFixture) -> None:
    heard, failures = Heard(), [ValueError("of the program")]

    def tell(cache: Any) -> None:
        if failures:
            raise failures.pop()
        heard(cache)

    sockets.start_book_socket(NAME, tell)
    heard.wait(lambda cache: cache.top(1))
    assert "could not be told" in caplog.text


def test_nothing_that_the_program_raises_ends_the_looks(client: Client, gate: Any, caplog: pytest.LogCaptureFixture) -> None:
    heard, noticed, failures = Heard(), Heard(), [SystemExit("of the program")]

    def tell(cache: Any) -> None:
        if failures:
            raise failures.pop()
        heard(cache)

    def notice(event: Any) -> None:
        noticed(event)
        raise ZeroDivisionError("of a notice")

    manager, told = SocketManager(client, on_event=notice, round_s=0.02), gate[0].told
    manager.start()
    key = manager.start_book_socket(NAME, tell)
    heard.wait(lambda cache: True)
    gate[0].told = lambda asked: (502, {"label": "SERVER_ERROR", "message": "busy"})
    noticed.wait(lambda event: event.kind == "lost")
    gate[0].told = told
    noticed.wait(lambda event: event.kind == "recovered")
    assert not manager.is_failing(key)
    gate[0].asks = (("64000.3", "7"),)
    heard.wait(lambda cache: cache.top(1)[1] == ((Decimal("64000.3"), Decimal(7)),))
    assert "of the program" in caplog.text
    assert "of a notice" in caplog.text
    manager.close()


def test_failures_are_told_and_their_end(sockets: SocketManager, notices: Heard, gate: Any) -> None:
    heard = Heard()
    key = sockets.start_book_socket(NAME, heard)
    heard.wait(lambda cache: True)
    told = gate[0].told
    gate[0].told = lambda asked: (502, {"label": "SERVER_ERROR", "message": "busy"})
    lost = notices.wait(lambda notice: notice.kind == "lost")
    assert "book" in lost.stream
    assert sockets.is_failing(key)
    gate[0].told = told
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
