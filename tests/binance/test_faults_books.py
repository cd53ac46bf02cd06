"""Rows of the fault matrix about order books, on the embedded exchange: a book is right or says so, and comes right again."""

from __future__ import annotations

import gc
import os
import queue
import re
import signal
import threading
import time
import warnings
import weakref
from collections.abc import Callable, Iterator
from typing import Any, ClassVar

import pytest
import requests_mock

from exchangeclient.binance import stream_group
from exchangeclient.binance.client import Client
from exchangeclient.binance.depth import DepthCacheManager, _DepthSource
from exchangeclient.binance.sockets import SocketManager
from exchangeclient.core.books import keptbook
from exchangeclient.core.books.depthcache import DepthCache
from exchangeclient.core.books.keptbook import BookState, OnStale
from exchangeclient.core.feeds import callbacks
from exchangeclient.core.feeds.notices import SocketNotice
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
    """A kept book whose every callback is remembered, by its number. It is closed when the test ends, if not before."""

    made: ClassVar[list[Watched]] = []

    def __init__(self, client: Client, **options: Any) -> None:
        self.made.append(self)
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
            wait_until(lambda answer=answer: max(self.tops, default=0) >= answer["lastUpdateId"])  # type: ignore[misc]
            if answer["lastUpdateId"] in self.tops:
                bids, asks = self.tops[answer["lastUpdateId"]]
                assert ([list(level) for level in bids], [list(level) for level in asks]) == (answer["bids"], answer["asks"])
                compared += 1
                if compared == times:
                    return
        raise AssertionError("the venue was never asked at a number that the book had")

    def close(self) -> None:
        self.sockets.close()


@pytest.fixture(autouse=True)
def nothing_stays_open() -> Iterator[None]:
    """A test that fails leaves nothing behind that others would meet."""
    yield
    while Watched.made:
        Watched.made.pop().close()


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
    wait_until(lambda: len(book.tops) > 1)  # the stream has reached the snapshot: from now on what it leaves out is missing
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
def test_b03_b07_trouble_with_snapshots_is_overcome(
    exchange: Sandbox, client: Client, monkeypatch: pytest.MonkeyPatch, fault: str, options: dict[str, Any]
) -> None:
    monkeypatch.setattr(keptbook, "_SPREAD_S", 0.1)
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
    wait_until(lambda: len(book.kinds()) >= 2)  # they are told on another thread than the one that the book comes right on
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
        wait_until(lambda answer=answer: max(book.tops, default=0) >= answer["lastUpdateId"])  # type: ignore[misc]
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


def test_p11_manager_on_shared_sockets_that_is_dropped_keeps_no_book_for_nobody(client: Client) -> None:
    with SocketManager(client) as shared:
        keys: set[str] = set()
        kept: list[DepthCache] = []
        for _ in range(3):
            manager = DepthCacheManager(client, "ETHBTC", bm=shared, timeout=SOON_S)
            kept.append(manager.get_depth_cache())
            keys.add(manager.key)
            del manager
            gc.collect()
            assert kept[0].get_bids(1)  # whoever reads it keeps it
            kept.clear()
            with pytest.warns(ResourceWarning, match=r"the book of ETHBTC .* was dropped without close"):
                gc.collect()
        assert len(keys) == 3
        wait_until(lambda: not any(shared.is_open(key) for key in keys))
        heard = threading.Event()
        DepthCacheManager(client, "ETHBTC", lambda cache: heard.set(), bm=shared)  # but whoever is called back does not drop it
        gc.collect()
        heard.clear()
        assert heard.wait(SOON_S)


@pytest.mark.parametrize("ended_by", ["close", "close of the sockets"])
def test_manager_that_was_ended_may_be_dropped(client: Client, ended_by: str) -> None:
    shared = SocketManager(client)
    manager = DepthCacheManager(client, "ETHBTC", bm=shared)
    book, gone = manager._book, weakref.ref(manager)
    (manager if ended_by == "close" else shared).close()
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        del manager
        gc.collect()
        shared.close()
    assert gone() is None
    assert book.state is BookState.CLOSED
    assert [str(each.message) for each in told if issubclass(each.category, ResourceWarning)] == []


@pytest.mark.filterwarnings("ignore:.*dropped without close.*:ResourceWarning")
def test_p11_book_ends_with_its_manager_also_when_nobody_has_its_sockets_either(client: Client) -> None:
    manager = DepthCacheManager(client, "ETHBTC", bm=SocketManager(client, keep_alive=False))
    book = manager._book
    gone = weakref.ref(manager._group)
    del manager
    gc.collect()
    wait_until(lambda: book.state is BookState.CLOSED)
    wait_until(lambda: gone() is None)
    assert not book.awaits


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there are no forks here")
@pytest.mark.parametrize("stale", ["raise", "return"])
def test_p09_book_in_a_process_that_was_forked_off_is_not_shown_any_more(client: Client, stale: OnStale) -> None:
    kept = Watched(client, stale=stale)
    read, write = os.pipe()
    with warnings.catch_warnings(), kept.cache.steady():  # forked within what stands still, as in a callback
        warnings.simplefilter("ignore", DeprecationWarning)  # Python 3.12: a process with threads is forked, which is the point
        child = os.fork()
        if not child:
            signal.alarm(20)
            try:
                kept.cache.top()
                os.write(write, b"shown")
            except OutOfSyncException as refusal:
                os.write(write, str(refusal).encode())
            kept.manager.close()
            os._exit(kept.manager.state is not BookState.CLOSED)
    os.close(write)
    with os.fdopen(read) as said:
        assert said.read().startswith("the book of ETHBTC is CLOSED: this process was forked off")
    assert os.waitpid(child, 0)[1] == 0
    assert kept.cache.top(1)
    kept.close()


def test_no_callback_begins_once_its_socket_was_stopped_by_the_key(client: Client) -> None:
    entered, go_on, late = threading.Event(), threading.Event(), []

    def callback(cache: DepthCache | None) -> None:
        entered.set()
        assert go_on.wait(SOON_S)
        late.append(stopped.is_set())

    stopped = threading.Event()
    with SocketManager(client) as shared:
        manager = DepthCacheManager(client, "ETHBTC", callback, bm=shared, ws_interval=100)
        assert entered.wait(SOON_S)
        threading.Timer(0.1, go_on.set).start()
        assert shared.stop_socket(manager.key)
        stopped.set()
        assert late == [False]  # the call that was under way was waited for
        assert shared.is_alive()
    assert late == [False]


def test_closing_waits_for_a_callback_that_does_not_return_but_once(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(callbacks, "_PATIENCE_S", 1.0)
    entered, go_on = threading.Event(), threading.Event()
    manager = DepthCacheManager(client, "ETHBTC", lambda cache: (entered.set(), go_on.wait(SOON_S)), ws_interval=100)
    assert entered.wait(SOON_S)
    waits: list[str] = []
    monkeypatch.setattr(callbacks.CallbackThread, "_leave_behind", lambda self: waits.append(self._name))
    manager.close()
    go_on.set()
    assert len(waits) == 1


def test_threaded_manager_of_today_may_be_closed_and_used_again_and_keeps_no_book(exchange: Sandbox) -> None:
    kept: weakref.WeakSet[DepthCache] = weakref.WeakSet()
    inbox: queue.SimpleQueue[None] = queue.SimpleQueue()

    def on_book(cache: DepthCache | None) -> None:
        assert cache is not None
        kept.add(cache)
        inbox.put(None)

    manager = ThreadedDepthCacheManager(environment=exchange.urls["binance"])
    for _ in range(2):
        manager.start()
        key = manager.start_depth_cache(on_book, "ETHBTC", limit=10, ws_interval=100)
        inbox.get(timeout=SOON_S)
        manager.close()
        assert not manager.stop_socket(key)
        wait_until(lambda: gc.collect() >= 0 and not kept)


def test_update_time_is_in_milliseconds_also_where_the_streams_are_not(exchange: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream_group, "OWN_CONNECTIONS", 0)  # a shared connection has what the client wants
    client = Client(environment=exchange.urls["binance"], time_unit="MICROSECOND")
    with client, DepthCacheManager(client, "ETHBTC", ws_interval=100, timeout=SOON_S) as manager:
        cache = manager.get_depth_cache()
        wait_until(lambda: cache.update_time is not None)
        assert cache.update_time is not None
        assert cache.update_time < 10**14


def test_threaded_manager_of_today_keeps_several_keeps_several_books(exchange: Sandbox) -> None:
    inbox: queue.SimpleQueue[str] = queue.SimpleQueue()

    def on_book(cache: DepthCache | None) -> None:
        assert cache is not None
        inbox.put(cache.symbol)

    manager = ThreadedDepthCacheManager(environment=exchange.urls["binance"])
    manager.start()
    first = manager.start_depth_cache(callback=on_book, symbol="ETHBTC", limit=10, ws_interval=0)
    second = manager.start_depth_cache(on_book, "BNBBTC", None, None, 10, float, 100)
    heard: set[str] = set()
    while heard != {"ETHBTC", "BNBBTC"}:
        heard.add(inbox.get(timeout=SOON_S))
    assert manager.stop_socket(first)
    assert not manager.stop_socket(first)
    assert first != second
    manager.stop()
    manager.join(SOON_S)
    assert not manager.is_alive()
