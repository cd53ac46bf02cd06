"""The socket manager on the embedded exchange."""

from __future__ import annotations

import queue
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from exchangeclient.core.feeds.callbacks import MARKET_LIMIT
from exchangeclient.core.feeds.iteration import QueuedStream
from exchangeclient.core.process.clock import SystemClock, VenueClock
from exchangeclient.exceptions import SocketException
from exchangeclient.okx.client import Client
from exchangeclient.okx.sockets import SocketManager

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


@pytest.fixture
def manager(client: Client) -> Iterator[SocketManager]:
    with SocketManager(client) as manager:
        yield manager


@pytest.mark.parametrize(
    ("start", "channel"),
    [
        (lambda manager, inbox: manager.start_aggtrade_socket("btc-usdt", inbox), "trades"),
        (lambda manager, inbox: manager.start_symbol_ticker_socket("BTC-USDT", inbox), "tickers"),
        (lambda manager, inbox: manager.start_depth_socket("BTC-USDT", inbox), "books"),
        (lambda manager, inbox: manager.start_depth_socket("BTC-USDT", inbox, 5), "books5"),
        (lambda manager, inbox: manager.start_symbol_book_ticker_socket("BTC-USDT", inbox), "bbo-tbt"),
        (lambda manager, inbox: manager.start_trade_socket("BTC-USDT", inbox), "trades-all"),
        (lambda manager, inbox: manager.start_kline_socket("BTC-USDT", inbox, "1h"), "candle1H"),
    ],
)
def test_every_start_call_brings_its_channel(manager: SocketManager, start: Any, channel: str) -> None:
    inbox = Inbox()
    key = start(manager, inbox)
    assert isinstance(key, str)
    manager.wait_ready(key, SOON_S)
    assert inbox.wait()["arg"] == {"channel": channel, "instId": "BTC-USDT"}
    assert start(manager, inbox) is False, "it is open already"
    assert manager.stop_socket(key)
    assert not manager.stop_socket(key)


def test_sockets_are_stopped_by_what_they_were_started_with(manager: SocketManager) -> None:
    for start in (manager.start_depth_socket, manager.start_kline_socket, manager.start_trade_socket, manager.start_aggtrade_socket,
                  manager.start_symbol_ticker_socket):  # fmt: skip
        assert start("BTC-USDT", Inbox())
    assert manager.stop_depth_socket("btc-usdt")
    assert manager.stop_kline_socket("BTC-USDT")
    assert manager.stop_trade_socket("BTC-USDT")
    assert manager.stop_aggtrade_socket("BTC-USDT")
    assert manager.stop_symbol_ticker_socket("BTC-USDT")
    assert not manager.stop_user_socket()


def test_what_the_venue_does_not_have_is_told_to_its_callback_and_to_nobody_else(manager: SocketManager) -> None:
    good, bad = Inbox(), Inbox()
    manager.start_aggtrade_socket("BTC-USDT", good)
    key = manager.start_aggtrade_socket("NO-SUCH", bad)
    assert bad.wait()["event"] == "error"
    with pytest.raises(SocketException, match="NO-SUCH"):
        manager.wait_ready(str(key), SOON_S)
    assert "arg" in good.wait()


def test_a_multiplex_socket_brings_what_it_is_told_to(manager: SocketManager) -> None:
    inbox = Inbox()
    key = str(manager.start_multiplex_socket(["trades:BTC-USDT", "tickers:ETH-USDT"], inbox))
    manager.wait_ready(key, SOON_S)
    manager.subscribe(key, ["trades:ETH-USDT"])
    manager.wait_ready(key, SOON_S)
    assert inbox.wait(lambda message: message["arg"] == {"channel": "trades", "instId": "ETH-USDT"})
    manager.unsubscribe(key, ["trades:BTC-USDT"])
    assert manager.subscriptions(key) == ["tickers:ETH-USDT", "trades:ETH-USDT"]
    with pytest.raises(ValueError, match="connection"):
        manager.subscribe(key, ["candle1m:ETH-USDT"])
    with pytest.raises(ValueError, match="start_user_socket"):
        manager.start_multiplex_socket(["orders:ANY"], inbox)


def test_streams_can_be_iterated_over_with_and_without_a_manager(manager: SocketManager, client: Client) -> None:
    with manager.stream("trades:BTC-USDT", timeout=SOON_S) as messages:
        assert next(messages)["arg"]["channel"] == "trades"
    with client.stream(["tickers:BTC-USDT", "trades:BTC-USDT"], timeout=SOON_S) as messages:
        assert {next(messages)["arg"]["channel"] for _ in range(20)} == {"tickers", "trades"}


def test_messages_that_are_not_asked_for_in_time_are_dropped_and_counted(manager: SocketManager) -> None:
    messages = manager.stream("trades:BTC-USDT", timeout=SOON_S)
    assert isinstance(messages, QueuedStream)
    with messages:
        next(messages)
        messages.inbox.received([b"{}"] * (MARKET_LIMIT + 1))
        while "dropped" not in manager.stats():  # what was taken before comes first
            next(messages)
    assert manager.stats()["dropped"] == 1


def test_the_account_tells_of_orders_balances_and_positions(manager: SocketManager, client: Client) -> None:
    inbox = Inbox()
    manager.wait_ready(str(manager.start_user_socket(inbox)), SOON_S)
    placed = client.order_market_buy(instId="BTC-USDT", sz="0.01")

    def is_filled(message: Any) -> bool:
        rows = message["data"] if message["arg"]["channel"] == "orders" else []
        return any(row["ordId"] == placed["ordId"] and row["state"] == "filled" for row in rows)

    assert "catch_up" not in inbox.wait(is_filled)
    assert inbox.wait(lambda message: message["arg"]["channel"] == "account")
    client.order_market_buy(instId="BTC-USDT-SWAP", sz="1")
    assert inbox.wait(lambda message: message["arg"]["channel"] == "positions" and message["data"])
    client.order_market_sell(instId="BTC-USDT-SWAP", sz="1", reduceOnly=True)


def test_orders_that_changed_while_the_stream_was_lost_are_told_when_it_is_back(
    manager: SocketManager, client: Client, fault: Callable[..., Any]
) -> None:
    inbox = Inbox()
    manager.wait_ready(str(manager.start_user_socket(inbox)), SOON_S)
    open_one = client.order_limit_buy(instId="BTC-USDT", sz="0.01", px="4000")
    inbox.wait(lambda message: message["arg"]["channel"] == "orders")
    away = fault("reset", socket="/ws/v5/private")
    client.cancel_order(instId="BTC-USDT", ordId=open_one["ordId"])
    missed = client.order_market_buy(instId="BTC-USDT", sz="0.01")
    away.lift()
    found: dict[str, Any] = {}
    while len(found) < 2:
        message = inbox.wait(lambda message: message.get("catch_up", False))
        found |= {row["ordId"]: row["state"] for row in message["data"] if row["ordId"] in (open_one["ordId"], missed["ordId"])}
    assert found == {open_one["ordId"]: "canceled", missed["ordId"]: "filled"}


def test_a_wrong_key_is_told_once_and_for_all(exchange: Any) -> None:
    inbox = Inbox()
    with Client("key", "wrong", "passphrase", environment=exchange.urls["okx"]) as stranger, SocketManager(stranger) as manager:
        key = str(manager.start_user_socket(inbox))
        assert inbox.wait()["event"] == "error"
        with pytest.raises(SocketException):
            manager.wait_ready(key, SOON_S)


def test_who_has_no_key_has_no_account(exchange: Any) -> None:
    with pytest.raises(ValueError, match="client"):
        SocketManager(Client(environment=exchange.urls["okx"])).start_user_socket(Inbox())
    with pytest.raises(TypeError, match="Client of OKX"):
        SocketManager("client")  # type: ignore[arg-type]


def test_S04_before_the_venue_ends_a_connection_another_one_is_made_and_nothing_is_lost_or_told_twice(
    client: Client, fault: Callable[..., Any]
) -> None:
    inbox, notices = Inbox(), Inbox()
    with SocketManager(client, on_event=notices) as manager:
        manager.wait_ready(str(manager.start_trade_socket("BTC-USDT", inbox)), SOON_S)
        inbox.wait()
        fault("shutdown", socket="/ws/v5/business", notice=5.0)
        assert notices.wait(lambda notice: notice.reason.startswith("moved")).kind == "connected"
        for _ in range(3):
            inbox.wait()
    numbers = [int(row["tradeId"]) for message in inbox.seen for row in message["data"]]
    assert numbers == list(range(numbers[0], numbers[-1] + 1))
    assert "lost" not in {notice.kind for notice in notices.seen}


def test_T03_the_account_is_logged_in_to_although_this_machines_date_is_wrong(exchange: Any) -> None:
    wrong = VenueClock(SkewedClock())
    with Client("key", "secret", "passphrase", environment=exchange.urls["okx"], clock=wrong) as client, SocketManager(client) as manager:
        manager.wait_ready(str(manager.start_user_socket(Inbox())), SOON_S)
        assert abs(wrong.offset_ms - 600_000) < 10_000


class SkewedClock(SystemClock):
    """Ten minutes behind."""

    def now_ms(self) -> int:
        return super().now_ms() - 600_000
