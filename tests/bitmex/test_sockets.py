"""The socket manager, the websocket in a loop and the books on the embedded exchange, in both generations of the feed."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from exchangeclient.bitmex import BitMEXWebsocket, BitMEXWebsocketApiError
from exchangeclient.bitmex.client import Client
from exchangeclient.bitmex.depth import DepthCacheManager
from exchangeclient.bitmex.sockets import SocketManager
from exchangeclient.core.books.keptbook import BookState
from exchangeclient.exceptions import SocketException
from exchangeclient.sandbox import Sandbox

SOON_S = 30.0


class Inbox:
    """What a callback gets, to wait for."""

    def __init__(self) -> None:
        self.came: queue.Queue[Any] = queue.Queue()
        self.seen: list[Any] = []

    def __call__(self, message: Any) -> None:
        self.seen.append(message)
        self.came.put(message)

    def wait(self, fits: Callable[[Any], bool] = lambda _: True) -> Any:
        deadline = time.monotonic() + SOON_S
        while True:
            message = self.came.get(timeout=max(0.0, deadline - time.monotonic()))
            if fits(message):
                return message


def wait_until(holds: Callable[[], bool]) -> None:
    deadline, pause = time.monotonic() + SOON_S, threading.Event()
    while not holds():
        assert time.monotonic() < deadline
        pause.wait(0.01)


@pytest.fixture
def client(exchange: Sandbox) -> Iterator[Client]:
    """One that leaves no orders, and so has none to cancel: that would use up the orders of a second."""
    with Client("key", "secret", environment=exchange.urls["bitmex"]) as client:
        yield client


@pytest.fixture
def manager(client: Client) -> Iterator[SocketManager]:
    with SocketManager(client) as manager:
        yield manager


@pytest.mark.parametrize(
    ("start", "table"),
    [
        (lambda manager, inbox: manager.start_trade_socket("xbtusd", inbox), "trade"),
        (lambda manager, inbox: manager.start_aggtrade_socket("XBTUSD", inbox), "trade"),
        (lambda manager, inbox: manager.start_symbol_ticker_socket("XBTUSD", inbox), "instrument"),
        (lambda manager, inbox: manager.start_mark_price_socket("XBTUSD", inbox), "instrument"),
        (lambda manager, inbox: manager.start_symbol_book_ticker_socket("XBTUSD", inbox), "quote"),
        (lambda manager, inbox: manager.start_depth_socket("XBTUSD", inbox), "orderBookL2"),
        (lambda manager, inbox: manager.start_depth_socket("XBTUSD", inbox, 25), "orderBookL2_25"),
        (lambda manager, inbox: manager.start_depth_socket("XBTUSD", inbox, 10), "orderBook10"),
        (lambda manager, inbox: manager.start_kline_socket("XBTUSD", inbox, "1m"), "tradeBin1m"),
        (lambda manager, inbox: manager.start_table_socket("funding", inbox, "XBTUSD"), "funding"),
        (lambda manager, inbox: manager.start_table_socket("quote", inbox), "quote"),
    ],
)
def test_every_start_call_brings_its_table(manager: SocketManager, start: Any, table: str) -> None:
    inbox = Inbox()
    key = start(manager, inbox)
    assert isinstance(key, str)
    manager.wait_ready(key, SOON_S)
    first = inbox.wait()
    assert (first["table"], first["action"]) == (table, "partial")
    assert start(manager, inbox) is False, "it is open already"
    assert manager.stop_socket(key)
    assert not manager.stop_socket(key)


def test_sockets_are_stopped_by_what_they_were_started_with(manager: SocketManager) -> None:
    for start in (manager.start_depth_socket, manager.start_kline_socket, manager.start_trade_socket, manager.start_aggtrade_socket,
                  manager.start_symbol_ticker_socket):  # fmt: skip
        assert start("XBTUSD", Inbox())
    assert manager.stop_depth_socket("xbtusd")
    assert manager.stop_kline_socket("XBTUSD")
    assert manager.stop_trade_socket("XBTUSD")
    assert manager.stop_aggtrade_socket("XBTUSD")
    assert manager.stop_symbol_ticker_socket("XBTUSD")
    assert not manager.stop_user_socket()


def test_s08_what_the_venue_does_not_have_is_told_to_its_callback_and_to_nobody_else(manager: SocketManager) -> None:
    good, bad = Inbox(), Inbox()
    manager.start_table_socket("nosuch", bad)
    manager.wait_ready(str(manager.start_symbol_book_ticker_socket("XBTUSD", good)), SOON_S)
    assert bad.wait()["event"] == "error"
    assert good.wait()["table"] == "quote"
    assert all("error" not in message for message in good.seen)


def test_several_topics_come_to_one_callback_and_can_be_changed(manager: SocketManager) -> None:
    inbox = Inbox()
    key = manager.start_multiplex_socket(["quote:XBTUSD", "instrument:XBTUSD"], inbox)
    assert isinstance(key, str)
    manager.subscribe(key, ["quote:XBTUSDT"])
    manager.unsubscribe(key, ["instrument:XBTUSD"])
    assert manager.subscriptions(key) == ["quote:XBTUSD", "quote:XBTUSDT"]
    manager.wait_ready(key, SOON_S)
    assert inbox.wait(lambda message: message["data"] and message["data"][0]["symbol"] == "XBTUSDT")
    for wrong in ("margin", "quote", "quote:XBT:perpetual"):
        with pytest.raises(ValueError, match="streams"):
            manager.start_multiplex_socket([wrong], inbox)
    with pytest.raises(ValueError, match="conn_key"):
        manager.subscribe("nosuch", ["quote:XBTUSD"])


def test_streams_can_be_iterated_over(manager: SocketManager, client: Client) -> None:
    with manager.stream("quote:XBTUSD", timeout=SOON_S) as messages:
        assert next(messages)["action"] == "partial"
    with client.stream(["instrument:XBTUSD"], timeout=SOON_S) as messages:
        assert next(messages)["table"] == "instrument"


def test_o14_what_the_account_missed_is_told_once_it_is_back(manager: SocketManager, client: Client, exchange: Sandbox) -> None:
    inbox = Inbox()
    manager.wait_ready(str(manager.start_user_socket(inbox)), SOON_S)

    def told(order_id: str) -> Callable[[Any], bool]:
        return lambda message: any(row.get("orderID") == order_id for row in message["data"] if message["table"] == "execution")

    first = client.order_market_buy(symbol="XBTUSD", orderQty=100)
    assert "catch_up" not in inbox.wait(told(first["orderID"]))
    assert {message["table"] for message in inbox.seen if message["action"] == "partial"} == {"margin", "position", "order", "execution"}
    away = exchange.fault("reset", socket="/realtime")
    missed = client.order_market_buy(symbol="XBTUSD", orderQty=200)
    away.lift()
    assert inbox.wait(told(missed["orderID"]))["catch_up"] is True
    inbox.wait(lambda message: message["table"] == "order" and any(row["orderID"] == missed["orderID"] for row in message["data"]))
    executions = [row["execID"] for message in inbox.seen if message["table"] == "execution" for row in message["data"]]
    assert len(executions) == len(set(executions)), "each is told once"


def test_a_user_socket_needs_a_key(exchange: Sandbox) -> None:
    with Client(environment=exchange.urls["bitmex"]) as client, pytest.raises(ValueError, match="API key"):
        SocketManager(client).start_user_socket(Inbox())


def test_tables_follow_the_account_of_the_founding_example(exchange: Sandbox, client: Client) -> None:
    with BitMEXWebsocket(exchange.urls["bitmex"], "XBTUSD", "key", "secret", timeout=SOON_S, dead_mans_switch=True) as bws:
        seen: set[tuple[str, str]] = set()
        placed: Any = None
        for item, symbol, table, action in bws.start():
            seen.add((table, action))
            assert item.get("symbol") == symbol
            if placed is None and {("instrument", "partial"), ("quote", "partial")} <= seen and not bws.storage.is_stale("execution"):
                placed = client.order_market_buy(symbol="XBTUSD", orderQty=100)
            if table == "order" and placed and item["orderID"] == placed["orderID"] and item["ordStatus"] == "Filled":
                break
        assert ("execution", "insert") in seen
        own = bws.storage.findItemByKeys(["orderID"], "order", {"orderID": placed["orderID"]})
        assert own is not None
        assert own["leavesQty"] == 0
        assert bws.stats() == {}


def test_a_wrong_secret_is_refused_by_name(exchange: Sandbox) -> None:
    with BitMEXWebsocket(exchange.urls["bitmex"], None, "key", "wrong", timeout=SOON_S) as bws:
        with pytest.raises(BitMEXWebsocketApiError) as refused:
            next(bws.start())
        assert refused.value.status == 401
    with Client("key", "wrong", environment=exchange.urls["bitmex"]) as wrong, SocketManager(wrong) as manager:
        inbox = Inbox()
        key = manager.start_user_socket(inbox, catch_up=False)
        assert "401" in inbox.wait()["error"]
        with pytest.raises(SocketException):
            manager.wait_ready(str(key), SOON_S)


@pytest.mark.usefixtures("quick_books")
def test_b15_books_and_tables_live_with_the_feed_of_2021() -> None:
    with Sandbox(seed=7, bitmex={"wire": "2021"}) as exchange, Client(environment=exchange.urls["bitmex"]) as client:
        with DepthCacheManager(client, "XBTUSD", timeout=SOON_S, refresh_interval=1) as manager:
            manager.get_depth_cache()
            wait_until(lambda: manager.stats()["applied"] >= 20 and manager.stats()["audits_passed"] >= 1)
            assert (manager.stats()["gaps"], manager.stats()["audits_failed"], manager.state) == (0, 0, BookState.LIVE)
        with BitMEXWebsocket(exchange.urls["bitmex"], timeout=SOON_S) as bws:
            rows = bws.listen("orderBookL2", "XBTUSD")
            seen = [next(rows) for _ in range(200)]
            assert all({"id", "side", "size", "price"} <= row.keys() for row in seen)
            assert bws.stats() == {}
