"""The depth cache manager on the embedded exchange: its book is the venue's book, or it says that it is not."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import pytest
import requests_mock

from exchangeclient.binance.client import Client
from exchangeclient.binance.depth import DepthCacheManager
from exchangeclient.binance.sockets import SocketManager
from exchangeclient.core.books import keptbook
from exchangeclient.core.books.depthcache import DepthCache
from exchangeclient.core.books.keptbook import BookState
from exchangeclient.core.protocol.session import Backoff
from exchangeclient.exceptions import OutOfSyncException, UnknownSymbolException
from exchangeclient.sandbox import Sandbox

SOON_S = 15.0


@pytest.fixture(scope="module")
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


def test_live_book_equals_the_venues_answer_at_the_same_id(client: Client) -> None:
    tops: dict[int, Any] = {}

    def remember(cache: DepthCache | None) -> None:
        assert cache is not None
        tops[cache.update_id] = cache.top()

    def wait_for_id(update_id: int) -> None:
        wait_until(lambda: max(tops, default=0) >= update_id)

    with DepthCacheManager(client, "ETHBTC", remember, ws_interval=100, limit=5000) as manager:
        manager.get_depth_cache()
        compared: set[int] = set()
        for _ in range(200):
            wait_for_id(max(tops, default=0) + 1)  # right behind an update the venue's answer is likely to have its id
            answer = client.get_order_book(symbol="ETHBTC", limit=5000)
            wait_for_id(answer["lastUpdateId"])
            if answer["lastUpdateId"] in tops:
                bids, asks = tops[answer["lastUpdateId"]]
                assert [list(level) for level in bids] == answer["bids"]
                assert [list(level) for level in asks] == answer["asks"]
                compared.add(answer["lastUpdateId"])
            if len(compared) >= 5:
                break
        assert len(compared) >= 5


def test_cache_gives_floats_best_first_and_is_not_crossed(client: Client) -> None:
    with DepthCacheManager(client, "ETHBTC") as manager:
        cache = manager.get_depth_cache()
        assert cache is manager.get_depth_cache()
        bids, asks = cache.get_bids(), cache.get_asks()
        assert bids == sorted(bids, reverse=True)
        assert asks == sorted(asks)
        assert all(isinstance(number, float) for level in bids + asks for number in level)
        assert bids[0][0] < asks[0][0]
        assert (cache.symbol, manager.symbol, manager.get_symbol(), manager.state) == ("ETHBTC", "ETHBTC", "ETHBTC", BookState.LIVE)


def test_conv_type_changes_the_numbers(client: Client) -> None:
    with DepthCacheManager(client, "ETHBTC", conv_type=Decimal) as manager:
        assert isinstance(manager.get_depth_cache().get_bids()[0][0], Decimal)


def test_several_caches_share_one_socket_manager_even_of_one_symbol(client: Client) -> None:
    with SocketManager(client) as shared:
        assert shared.start_depth_socket("ETHBTC", print, depth=5)
        first = DepthCacheManager(client, "ETHBTC", bm=shared)
        second = DepthCacheManager(client, "ETHBTC", bm=shared)
        third = DepthCacheManager(client, "BNBBTC", bm=shared)
        for manager in (first, second, third):
            manager.get_depth_cache().top(1)
        first.close()
        with pytest.raises(OutOfSyncException, match="CLOSED"):
            first.get_depth_cache().top(1)
        assert second.get_depth_cache().top(1)
        assert shared.is_alive()
        second.close(close_socket=True)
        assert not shared.is_alive()
        wait_until(lambda: third.state is BookState.CLOSED)


def test_shared_socket_manager_is_started_if_need_be(client: Client) -> None:
    shared = SocketManager(client)
    DepthCacheManager(client, "ETHBTC", bm=shared).get_depth_cache()
    assert shared.is_alive()
    shared.close()


def test_b21_no_callback_once_close_has_returned(client: Client) -> None:
    for _ in range(10):
        late: list[Any] = []
        first, closed = threading.Event(), threading.Event()

        def callback(
            cache: DepthCache | None, first: threading.Event = first, closed: threading.Event = closed, late: list[Any] = late
        ) -> None:
            first.set()
            if closed.is_set():
                late.append(cache)

        manager = DepthCacheManager(client, "ETHBTC", callback, ws_interval=100)
        assert first.wait(SOON_S)
        manager.close()
        closed.set()
        manager.close()
        assert late == []


def test_manager_may_be_closed_within_its_callback(client: Client) -> None:
    closed = threading.Event()

    def callback(cache: DepthCache | None) -> None:
        manager.close()
        closed.set()

    ready = threading.Event()
    shared = SocketManager(client)
    manager = DepthCacheManager(client, "ETHBTC", lambda cache: (ready.wait(SOON_S), callback(cache)), bm=shared)
    ready.set()
    assert closed.wait(SOON_S)
    assert manager.state is BookState.CLOSED
    shared.close()


def test_s10_blocked_callback_does_not_stop_the_book(client: Client) -> None:
    entered, go_on = threading.Event(), threading.Event()

    def callback(cache: DepthCache | None) -> None:
        entered.set()
        assert go_on.wait(SOON_S)

    with DepthCacheManager(client, "ETHBTC", callback, ws_interval=100) as manager:
        assert entered.wait(SOON_S)
        before = manager.get_depth_cache().update_id
        wait_until(lambda: manager.get_depth_cache().update_id > before)
        go_on.set()


def test_cache_stands_still_during_a_callback(client: Client) -> None:
    done: queue.SimpleQueue[bool] = queue.SimpleQueue()
    elsewhere: queue.SimpleQueue[int] = queue.SimpleQueue()

    def callback(cache: DepthCache | None) -> None:
        assert cache is not None
        if not done.empty():
            return
        before = (cache.update_id, cache.top())
        while elsewhere.get(timeout=SOON_S) <= before[0]:
            pass
        done.put((cache.update_id, cache.top()) == before)

    with DepthCacheManager(client, "ETHBTC", callback, ws_interval=100) as manager:
        cache = manager.get_depth_cache()
        pause = threading.Event()
        while done.empty():
            elsewhere.put(cache.update_id)
            pause.wait(0.01)
        assert done.get()


def test_unknown_symbol_calls_back_with_none_and_the_wait_says_why(client: Client) -> None:
    inbox: queue.SimpleQueue[Any] = queue.SimpleQueue()
    with DepthCacheManager(client, "NOSUCHCOIN", inbox.put) as manager:
        assert inbox.get(timeout=SOON_S) is None
        with pytest.raises(OutOfSyncException, match="CLOSED") as refusal:
            manager.get_depth_cache()
        assert isinstance(refusal.value.__cause__, UnknownSymbolException)
    assert inbox.empty()


def test_symbol_may_be_written_in_any_case(client: Client) -> None:
    with DepthCacheManager(client, "ethBTC") as manager:
        assert manager.get_depth_cache().top(1)
        assert (manager.symbol, manager.get_depth_cache().symbol) == ("ETHBTC", "ETHBTC")


@pytest.mark.parametrize(
    "answer", ["[]", "null", '"x"', '{"code":0}', *[f'{{"lastUpdateId":{odd},"bids":[],"asks":[]}}' for odd in ("null", '"7"', "1.5")]]
)
def test_odd_answer_is_asked_for_again_until_there_is_a_book(client: Client, answer: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keptbook, "Backoff", lambda source, **_: Backoff(source, first_s=0.05, cap_s=0.2))
    with requests_mock.Mocker(session=client.session, real_http=True) as venue:
        depth = venue.get(f"{client.hosts.rest}/api/v3/depth", text=answer)
        with DepthCacheManager(client, "ETHBTC", ws_interval=100) as manager:
            wait_until(lambda: depth.call_count >= 2)
            assert manager.state is BookState.SYNCING
            venue.get(f"{client.hosts.rest}/api/v3/depth", real_http=True)
            assert manager.get_depth_cache().top(1)


def test_hanging_host_of_one_client_does_not_hold_up_the_books_of_another(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    go_on = threading.Event()
    hanging: queue.SimpleQueue[None] = queue.SimpleQueue()

    def hangs(**_: Any) -> Any:
        hanging.put(None)
        assert go_on.wait(SOON_S)
        raise OSError("hung")

    with Client(environment=client.hosts.rest) as other:
        monkeypatch.setattr(other, "get_order_book", hangs)
        stuck = [DepthCacheManager(other, "ETHBTC") for _ in range(6)]
        for _ in range(4):
            hanging.get(timeout=SOON_S)
        with DepthCacheManager(client, "ETHBTC", timeout=SOON_S / 3) as manager:
            assert manager.get_depth_cache().top(1)
        assert hanging.empty()  # so many are asked for at a time, no more
        for each in stuck:
            each.close()
        go_on.set()


def test_manager_that_cannot_start_leaves_nothing_behind(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(self: SocketManager) -> None:
        raise RuntimeError("the reactor was stopped")

    def snapshot_threads() -> set[threading.Thread]:
        return {thread for thread in threading.enumerate() if thread.name.startswith("exchangeclient-snapshots")}

    before = snapshot_threads()
    shared = SocketManager(client)
    monkeypatch.setattr(SocketManager, "start", fails)
    for bm in (None, shared):
        with pytest.raises(RuntimeError, match="was stopped"):
            DepthCacheManager(client, "ETHBTC", print, bm=bm)
    assert shared._holdings.feeds == {}
    wait_until(lambda: snapshot_threads() <= before)


@pytest.mark.parametrize("own", [True, False])
def test_leaving_by_ctrl_c_hardly_waits_for_a_callback(client: Client, own: bool) -> None:
    entered, go_on = threading.Event(), threading.Event()

    def hangs(_: DepthCache | None) -> None:
        entered.set()
        go_on.wait(SOON_S)

    def program(bm: SocketManager | None) -> None:
        with DepthCacheManager(client, "ETHBTC", hangs, bm=bm):
            assert entered.wait(SOON_S)
            began.append(time.monotonic())
            raise KeyboardInterrupt

    began: list[float] = []
    shared = None if own else SocketManager(client)
    with pytest.raises(KeyboardInterrupt):
        program(shared)
    assert time.monotonic() - began[0] < 4.5  # it would be five seconds
    go_on.set()
    if shared is not None:
        shared.close()


def test_timeout_bounds_the_wait_for_the_first_book() -> None:
    with Client(environment="http://127.0.0.1:9") as nowhere, DepthCacheManager(nowhere, "ETHBTC", timeout=0.05) as manager:
        with pytest.raises(OutOfSyncException) as refusal:
            manager.get_depth_cache()
        assert (refusal.value.symbol, refusal.value.state) == ("ETHBTC", "CONNECTING")


def test_b08_book_is_stale_while_the_venue_is_away_and_comes_back_right(free_port: int) -> None:
    venue = Sandbox(seed=5, port=free_port)
    venue.start()
    states: list[BookState] = []
    with Client("key", "secret", environment=venue.urls["binance"]) as client:

        def callback(cache: DepthCache | None) -> None:
            states.append(strict.state)

        strict = DepthCacheManager(client, "ETHBTC", callback, ws_interval=100)
        lenient = DepthCacheManager(client, "ETHBTC", ws_interval=100, stale="return")
        cache, kept = strict.get_depth_cache(), lenient.get_depth_cache()
        assert not kept.stale
        before = cache.update_id
        venue.stop()
        wait_until(lambda: (strict.state, lenient.state) == (BookState.STALE, BookState.STALE))
        with pytest.raises(OutOfSyncException, match="STALE"):
            cache.get_bids()
        assert kept.stale
        assert kept.age > 0
        assert kept.get_bids()
        venue.start()
        wait_until(lambda: (strict.state, lenient.state) == (BookState.LIVE, BookState.LIVE))
        assert cache.update_id >= before
        assert not kept.stale
        strict.close()
        lenient.close()
    venue.stop()
    assert set(states) <= {BookState.LIVE, BookState.STALE}


def test_cache_without_callback_does_not_keep_the_program_alive_and_one_with_it_does(client: Client) -> None:
    def keepers() -> int:
        return sum(not thread.daemon for thread in threading.enumerate() if thread is not threading.main_thread())

    before = keepers()
    with DepthCacheManager(client, "ETHBTC"):
        assert keepers() == before
        with DepthCacheManager(client, "ETHBTC", print):
            assert keepers() == before + 1


@pytest.mark.parametrize(
    ("arguments", "error", "named"),
    [
        ({"symbol": ""}, ValueError, "symbol"),
        ({"symbol": None}, TypeError, "symbol"),
        ({"callback": "print"}, TypeError, "callback"),
        ({"callback": lambda: None}, TypeError, "callback"),
        ({"quiet_interval": 0.5}, ValueError, "quiet_interval"),
        ({"bm": object()}, TypeError, "bm"),
        ({"limit": 0}, ValueError, "limit"),
        ({"limit": 5001}, ValueError, "limit"),
        ({"limit": "500"}, ValueError, "limit"),
        ({"limit": True}, ValueError, "limit"),
        ({"client": None}, TypeError, "client"),
        ({"symbol": "BNB-BTC"}, ValueError, "symbol"),
        ({"symbol": "B" * 41}, ValueError, "symbol"),
        ({"ws_interval": 100.0}, ValueError, "ws_interval"),
        ({"refresh_interval": 0.5}, ValueError, "refresh_interval"),
        ({"conv_type": "float"}, TypeError, "conv_type"),
        ({"ws_interval": 250}, ValueError, "ws_interval"),
        ({"refresh_interval": -1}, ValueError, "refresh_interval"),
        ({"refresh_interval": "1800"}, TypeError, "refresh_interval"),
        ({"timeout": 0}, ValueError, "timeout"),
        ({"timeout": float("nan")}, ValueError, "timeout"),
        ({"stale": "maybe"}, ValueError, "stale"),
    ],
)
def test_bad_input_is_refused_by_name_and_nothing_is_started(arguments: dict[str, Any], error: type[Exception], named: str) -> None:
    threads = threading.active_count()
    with Client(environment="http://127.0.0.1:9") as client, pytest.raises(error, match=rf"{named} must"):
        DepthCacheManager(**{"client": client, "symbol": "BNBBTC", **arguments})
    assert threading.active_count() <= threads


def test_refresh_may_be_switched_off_as_ever(client: Client) -> None:
    for off in (0, None):
        with DepthCacheManager(client, "ETHBTC", refresh_interval=off) as manager:
            assert manager.get_depth_cache().top(1)


def test_refresh_keeps_the_book_live(client: Client) -> None:
    with DepthCacheManager(client, "ETHBTC", refresh_interval=1, ws_interval=100) as manager:
        cache = manager.get_depth_cache()
        first = manager._book._sync.book
        wait_until(lambda: manager._book._sync.book is not first)
        assert cache.top(1)
        assert manager.stats()["resyncs"] == 0
