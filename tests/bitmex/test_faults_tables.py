"""What can go wrong with the feed of tables, made on purpose at the embedded exchange: by the rows of docs' list of faults."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from exchangeclient.bitmex import BitMEXWebsocket, depth, streams
from exchangeclient.bitmex.client import Client
from exchangeclient.bitmex.depth import DepthCacheManager
from exchangeclient.bitmex.sockets import SocketManager
from exchangeclient.core.books.keptbook import BookState
from exchangeclient.sandbox import Sandbox

pytestmark = pytest.mark.usefixtures("quick_books")

SOON_S = 60.0
BOOK = "orderBookL2:XBTUSD"


@pytest.fixture
def client(exchange: Sandbox) -> Iterator[Client]:
    with Client(environment=exchange.urls["bitmex"]) as client:
        yield client


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


def wait_until(holds: Callable[[], bool]) -> None:
    deadline, pause = time.monotonic() + SOON_S, threading.Event()
    while not holds():
        assert time.monotonic() < deadline
        pause.wait(0.01)


@pytest.mark.parametrize(("kind", "what"), [("skip", "insert"), ("skip", "delete"), ("duplicate", "insert"), ("duplicate", "delete")])
def test_b15_a_message_that_is_lost_or_comes_twice_ends_in_the_venues_book(
    client: Client, fault: Callable[..., Any], kind: str, what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(depth, "_APART_S", 0.5)
    with DepthCacheManager(client, "XBTUSD", timeout=SOON_S, refresh_interval=1) as manager:
        cache = manager.get_depth_cache()
        fault(kind, stream=f"{BOOK}/{what}", times=3)
        wait_until(lambda: manager.stats()["gaps"] + manager.stats()["crossed"] + manager.stats()["audits_failed"] >= 1)
        wait_until(lambda: manager.state is BookState.LIVE)
        passed = manager.stats()["audits_passed"]
        wait_until(lambda: manager.stats()["audits_passed"] > passed and manager.state is BookState.LIVE)
        assert cache.top(1)[0] < cache.top(1)[1]


def test_b15_a_change_before_the_partial_is_ignored(client: Client, fault: Callable[..., Any]) -> None:
    late = fault("reorder", stream=BOOK, times=1)
    with DepthCacheManager(client, "XBTUSD", timeout=SOON_S, refresh_interval=None) as manager:
        manager.get_depth_cache()
        wait_until(lambda: manager.stats()["applied"] >= 2)
        assert late.hits >= 1
        assert manager.state is BookState.LIVE


def test_b15_tables_come_right_by_themselves_when_messages_are_lost(exchange: Sandbox, fault: Callable[..., Any]) -> None:
    with BitMEXWebsocket(exchange.urls["bitmex"], timeout=SOON_S) as bws:
        rows = bws.listen("orderBookL2", "XBTUSD")
        next(rows)
        fault("skip", stream=f"{BOOK}/insert", times=3)
        deadline = time.monotonic() + SOON_S
        while not bws.stats().get("unknown"):
            next(rows)
            assert time.monotonic() < deadline
        while bws.storage.is_stale("orderBookL2", "XBTUSD"):
            next(rows)
            assert time.monotonic() < deadline


def test_s01_a_connection_that_is_dead_though_open_is_left(
    client: Client, fault: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streams, "_PING_AFTER_S", 0.2)
    monkeypatch.setattr(streams, "_PONG_WITHIN_S", 1.0)
    with SocketManager(client) as manager, DepthCacheManager(client, "XBTUSD", bm=manager, timeout=SOON_S) as book:
        book.get_depth_cache()
        dead = fault("half_open", socket="/realtime")
        wait_until(lambda: book.state is BookState.STALE)
        dead.lift()
        wait_until(lambda: book.state is BookState.LIVE)
        assert manager.stats()["lost"] >= 1


@pytest.mark.parametrize("code", [1000, 1001, 1008, 1011, 4000])
def test_s03_whatever_ends_a_connection_another_one_is_made(exchange: Sandbox, fault: Callable[..., Any], code: int) -> None:
    with BitMEXWebsocket(exchange.urls["bitmex"], timeout=SOON_S) as bws:
        rows = bws.listen("instrument", "XBTUSD")
        first = next(rows)
        fault("close", socket="/realtime", code=code, times=1)
        wait = time.monotonic() + SOON_S
        seen = first
        while "fundingRate" not in (seen := next(rows)) or bws.storage.is_stale("instrument", "XBTUSD"):
            assert time.monotonic() < wait
        assert seen["symbol"] == "XBTUSD"
