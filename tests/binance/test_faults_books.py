"""Rows of the fault matrix about order books, on the embedded exchange: a book is right or says so, and comes right again."""

from __future__ import annotations

import gc
import queue
import re
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests_mock

from exchangeclient.binance.client import Client
from exchangeclient.binance.depth import DepthCacheManager, _DepthSource
from exchangeclient.binance.sockets import SocketManager
from exchangeclient.core import keptbook
from exchangeclient.core.depthcache import DepthCache
from exchangeclient.core.keptbook import BookState
from exchangeclient.core.notices import SocketNotice
from exchangeclient.depthcache import ThreadedDepthCacheManager
from exchangeclient.exceptions import OutOfSyncException
from exchangeclient.sandbox import Sandbox

SOON_S = 20.0


@pytest.fixture
def exchange() -> Iterator[Sandbox]:
    with Sandbox(seed=7) as exchange:
        yield exchange


@pytest.fixture
def client(exchange: Sandbox) -> Iterator[Client]:
    with Client("key", "secret", environment=exchange.urls["binance"]) as client:
        yield client


def wait_until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + SOON_S
    pause = threading.Event()
    while not holds():
        assert time.monotonic() < deadline
        pause.wait(0.01)


class Watched:
    """A kept book whose every callback is remembered, by its number."""

    def __init__(self, client: Client, **options: Any) -> None:
        self.client = client
        self.tops: dict[int, Any] = {}
        self.notices: list[SocketNotice] = []
        self.sockets = SocketManager(client, on_event=self.notices.append)
        settings = {"ws_interval": 100, "limit": 5000, "bm": self.sockets, "timeout": SOON_S, **options}
        self.manager = DepthCacheManager(client, "ETHBTC", self._remember, **settings)
        self.cache = self.manager.get_depth_cache()

    def _remember(self, cache: DepthCache | None) -> None:
        assert cache is not None
        self.tops[cache.update_id] = cache.top()

    def kinds(self) -> list[str]:
        return [notice.kind for notice in self.notices if notice.stream == "book of ETHBTC"]

    def assert_right(self, times: int = 3) -> None:
        """The book of a callback is the venue's own answer with the same number."""
        compared = 0
        for _ in range(300):
            newest = max(self.tops, default=0)
            wait_until(lambda newest=newest: max(self.tops, default=0) > newest)  # type: ignore[misc]
            answer = self.client.get_order_book(symbol="ETHBTC", limit=5000)
            wait_until(lambda answer=answer: max(self.tops) >= answer["lastUpdateId"])  # type: ignore[misc]
            if answer["lastUpdateId"] in self.tops:
                bids, asks = self.tops[answer["lastUpdateId"]]
                assert ([list(level) for level in bids], [list(level) for level in asks]) == (answer["bids"], answer["asks"])
                compared += 1
                if compared == times:
                    return
        raise AssertionError("the venue was never asked at a number that the book had")

    def close(self) -> None:
        self.sockets.close()


STREAM = {"stream": "ethbtc@depth@100ms"}


@pytest.mark.parametrize(
    ("fault", "options", "counted"),
    [
        ("skip", {}, "gaps"),
        ("truncate", {"bytes": 50, "times": 1}, "refused"),
        ("replace", {"text": "[]", "times": 1}, "refused"),
        (
            "replace",
            {"text": '{"e":"depthUpdate","E":1,"s":"ETHBTC","U":1,"u":99999999999,"b":[["1","-1"]],"a":[]}', "times": 1},
            "refused",
        ),
        ("duplicate", {"times": 5}, None),
        ("reorder", {"times": 1}, None),
    ],
)
def test_b01_b02_b13_trouble_in_the_stream_ends_in_the_right_book(
    exchange: Sandbox, client: Client, fault: str, options: dict[str, Any], counted: str | None
) -> None:
    book = Watched(client)
    with exchange.fault(fault, **STREAM, **options) as armed:
        wait_until(lambda: armed.hits > 0)
        if counted is not None:
            wait_until(lambda: book.manager.stats()[counted] > 0)
            wait_until(lambda: book.kinds()[-1:] == ["recovered"])
    book.assert_right()
    assert book.manager.stats()["audits_failed"] == 0
    if fault == "duplicate":
        assert book.kinds() == []
    book.close()


@pytest.mark.parametrize(
    ("fault", "options"), [("error", {"status": 503}), ("error", {"status": 429, "retry_after": 1}), ("stale", {}), ("drop", {})]
)
def test_b03_b07_trouble_with_snapshots_is_overcome(exchange: Sandbox, client: Client, fault: str, options: dict[str, Any]) -> None:
    client.get_order_book(symbol="ETHBTC", limit=5000)  # what a stale answer repeats
    with exchange.fault(fault, route="GET /api/v3/depth", times=2, **options) as armed:
        book = Watched(client)
        assert armed.hits >= 2 or fault == "stale"
    book.assert_right()
    book.close()


def test_b09_dead_stream_is_found_out_and_replaced(exchange: Sandbox, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keptbook, "GRACE_S", 0.5)
    book = Watched(client, quiet_interval=1)
    with exchange.fault("stall", **STREAM) as stalled:
        wait_until(lambda: stalled.hits > 0)
        wait_until(lambda: "stale" in book.kinds())
        assert book.manager.state is not BookState.LIVE
    wait_until(lambda: book.manager.state is BookState.LIVE)
    assert book.kinds()[:2] == ["stale", "recovered"]
    assert "lost" in [notice.kind for notice in book.notices]
    book.assert_right()
    book.close()


def test_b09_b19_quiet_symbol_stays_live_and_a_halted_one_does_not() -> None:
    with Sandbox(seed=7, speed=1) as exchange, Client("key", "secret", environment=exchange.urls["binance"]) as client:
        book = Watched(client, quiet_interval=1)
        exchange.speed = 0  # nobody trades
        wait_until(lambda: book.manager.stats()["audits_passed"] > 0)
        assert book.manager.state is BookState.LIVE
        exchange.set_status("ETHBTC", "HALT")
        wait_until(lambda: book.manager.state is BookState.STALE)
        with pytest.raises(OutOfSyncException, match="ETHBTC is not traded now: The symbol's status does not match"):
            book.cache.top()
        exchange.set_status("ETHBTC", "TRADING")
        exchange.speed = 1
        wait_until(lambda: book.manager.state is BookState.LIVE)
        book.assert_right()
        assert book.kinds() == ["stale", "recovered"]
        book.close()


def test_b09_host_that_knows_no_status_is_asked_without(client: Client) -> None:
    with requests_mock.Mocker(session=client.session, real_http=True) as venue:
        old = venue.get(
            re.compile("symbolStatus=TRADING"), status_code=400, json={"code": -1104, "msg": "Not all sent parameters were read"}
        )
        source = _DepthSource(client, "ETHBTC", 5)
        for _ in range(2):
            assert source.fetch("silence").last_id > 0
        assert old.call_count == 1


def test_b14_few_levels_are_certain_and_renewed_in_time(client: Client) -> None:
    book = Watched(client, limit=20)
    bids = book.cache.get_bids()
    assert 0 < bids.certain <= 20
    low, high = book.cache.known_range
    assert low < high
    assert book.cache.require(levels=1, max_age=SOON_S).get_asks(1)
    for _ in range(20):
        answer = client.get_order_book(symbol="ETHBTC", limit=5000)
        wait_until(lambda answer=answer: max(book.tops) >= answer["lastUpdateId"])  # type: ignore[misc]
        if answer["lastUpdateId"] in book.tops:
            shown, _ = book.tops[answer["lastUpdateId"]]
            assert [list(level) for level in shown[:5]] == answer["bids"][:5]
    book.close()


def test_refreshes_are_audits_that_are_passed(client: Client) -> None:
    book = Watched(client, refresh_interval=1)
    wait_until(lambda: book.manager.stats()["audits_passed"] >= 2)
    assert book.manager.stats()["audits_failed"] == book.manager.stats()["resyncs"] == 0
    book.assert_right(1)
    book.close()


@pytest.mark.filterwarnings("ignore:.*dropped without close.*:ResourceWarning")
def test_p11_manager_without_a_callback_that_is_dropped_ends_and_its_cache_keeps_it(client: Client) -> None:
    cache = DepthCacheManager(client, "ETHBTC", timeout=SOON_S).get_depth_cache()
    gc.collect()
    assert cache.get_bids(1)
    book = cache._kept
    assert book is not None
    del cache
    gc.collect()
    wait_until(lambda: book.state is BookState.CLOSED)


def test_threaded_manager_of_today_keeps_several_books(exchange: Sandbox) -> None:
    inbox: queue.SimpleQueue[str] = queue.SimpleQueue()

    def on_book(cache: DepthCache | None) -> None:
        assert cache is not None
        inbox.put(cache.symbol)

    manager = ThreadedDepthCacheManager(environment=exchange.urls["binance"])
    manager.start()
    first = manager.start_depth_cache(callback=on_book, symbol="ETHBTC", limit=10, ws_interval=0)
    second = manager.start_depth_cache(on_book, "BNBBTC", refresh_interval=None)
    heard: set[str] = set()
    while heard != {"ETHBTC", "BNBBTC"}:
        heard.add(inbox.get(timeout=SOON_S))
    assert manager.stop_socket(first)
    assert not manager.stop_socket(first)
    assert first != second
    manager.stop()
    manager.join(SOON_S)
    assert not manager.is_alive()
