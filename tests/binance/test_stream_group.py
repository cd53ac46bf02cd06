"""Market streams on the embedded exchange: several for one callback, connections that are shared, trades that come exactly once."""

from __future__ import annotations

import asyncio
import functools
import json
import queue
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any
from unittest.mock import Mock

import pytest
from socket_peer import TEXT, Server

from exchangeclient.binance import stream_group, streams
from exchangeclient.binance.client import Client
from exchangeclient.binance.depth import DepthCacheManager
from exchangeclient.binance.sockets import SocketManager
from exchangeclient.core.books.keptbook import BookState
from exchangeclient.core.feeds.notices import SocketNotice
from exchangeclient.core.wire.dialing import SocketOptions
from exchangeclient.exceptions import SocketException, SocketTimeoutException
from exchangeclient.sandbox import Sandbox

SOON_S = 15.0
SYMBOLS = ("ethbtc", "bnbbtc", "ltcbtc", "btcusdt")
Inbox = queue.SimpleQueue[Any]


@pytest.fixture(scope="module")
def exchange() -> Iterator[Sandbox]:
    with Sandbox(seed=7) as exchange:
        yield exchange


@pytest.fixture
def server() -> Iterator[Server]:
    """A websocket server on loopback, which hands each connection to the test."""
    server = Server()
    yield server
    server.stop()


@pytest.fixture
def client(exchange: Sandbox) -> Iterator[Client]:
    with Client("key", "secret", environment=exchange.urls["binance"]) as client:
        yield client


@pytest.fixture
def manager(client: Client, quick: None) -> Iterator[SocketManager]:
    with SocketManager(client) as manager:
        yield manager


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Connections that break are made again soon."""
    options = SocketOptions(retry_s=0.05, retry_most_s=0.2)
    monkeypatch.setattr(stream_group, "way_to", lambda address, client, **more: options)


def trade(client: Client) -> dict[str, Any]:
    return client.order_market_buy(symbol="ETHBTC", quantity="0.5")


def wait_until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + SOON_S
    while not holds():
        assert time.monotonic() < deadline
        threading.Event().wait(0.01)


def until(inbox: Inbox, wanted: Callable[[Any], bool]) -> Any:
    while not wanted(event := inbox.get(timeout=SOON_S)):
        pass
    return event


def own_and_shared(manager: SocketManager) -> tuple[int, int]:
    """How many sources have a connection to themselves, and how many connections the others share."""
    sources = [source for feed in manager._holdings.feeds.values() for source in feed.sources]
    shared = sum(getattr(source, "pool", None) is manager._shared for source in sources)
    return len(sources) - shared, len(manager._shared._connections)


class TestMultiplex:
    def test_events_come_with_the_name_of_their_stream(self, manager: SocketManager) -> None:
        inbox: Inbox = queue.SimpleQueue()
        key = manager.start_multiplex_socket(["ETHBTC@depth@100ms", "btcusdt@kline_1m"], inbox.put)
        assert key == "streams=ethbtc@depth@100ms/btcusdt@kline_1m"
        assert manager.start_multiplex_socket(["ethbtc@depth@100ms", "btcusdt@kline_1m"], inbox.put) is False
        assert until(inbox, lambda event: event["stream"] == "ethbtc@depth@100ms")["data"]["e"] == "depthUpdate"
        assert until(inbox, lambda event: event["stream"] == "btcusdt@kline_1m")["data"]["k"]["i"] == "1m"
        assert manager.stop_socket(key)

    def test_streams_are_added_and_taken_away_while_it_runs(self, manager: SocketManager) -> None:
        inbox: Inbox = queue.SimpleQueue()
        key = manager.start_multiplex_socket(["ethbtc@depth@100ms"], inbox.put)
        assert key
        manager.wait_ready(key)
        manager.subscribe(key, ["BTCUSDT@depth@100ms"])
        manager.wait_ready(key)
        until(inbox, lambda event: event["stream"] == "btcusdt@depth@100ms")
        manager.unsubscribe(key, ["ethbtc@depth@100ms"])
        assert manager.subscriptions(key) == ["btcusdt@depth@100ms"]
        while len({inbox.get(timeout=SOON_S)["stream"] for _ in range(5)}) > 1:
            pass
        manager.unsubscribe(key, ["btcusdt@depth@100ms"])
        assert manager.subscriptions(key) == []
        manager.subscribe(key, ["ethbtc@avgPrice"])
        until(inbox, lambda event: event["stream"] == "ethbtc@avgPrice")

    def test_s22_more_streams_than_a_connection_carries_are_spread(self, manager: SocketManager, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(stream_group, "STREAMS_PER_CONNECTION", 3)
        inbox: Inbox = queue.SimpleQueue()
        names = {f"{symbol}@{kind}" for symbol in SYMBOLS for kind in ("depth@100ms", "depth5@100ms")}
        key = manager.start_multiplex_socket(sorted(names), inbox.put)
        assert key
        manager.wait_ready(key)
        seat: Any = manager._holdings.feeds[key].sources[0]
        assert len(seat.pool._connections) == 3
        seen: set[str] = set()
        while seen != names:
            seen.add(inbox.get(timeout=SOON_S)["stream"])

    def test_it_may_be_changed_before_it_is_started(self, client: Client) -> None:
        inbox: Inbox = queue.SimpleQueue()
        manager = SocketManager(client)
        key = manager.start_multiplex_socket(["ethbtc@trade"], inbox.put)
        assert key
        manager.subscribe(key, ["btcusdt@depth@100ms"])
        with manager:
            until(inbox, lambda event: event["stream"] == "btcusdt@depth@100ms")

    def test_it_survives_its_connection(self, manager: SocketManager, exchange: Sandbox) -> None:
        inbox: Inbox = queue.SimpleQueue()
        key = manager.start_multiplex_socket(["ethbtc@depth@100ms", "bnbbtc@depth@100ms"], inbox.put)
        assert key
        manager.wait_ready(key)
        exchange.fault("reset", stream="bnbbtc@depth@100ms", times=1)
        while "recovered" not in manager.stats():
            inbox.get(timeout=SOON_S)
        for name in ("ethbtc@depth@100ms", "bnbbtc@depth@100ms"):
            until(inbox, lambda event, name=name: event["stream"] == name)

    @pytest.mark.parametrize("key", ["ethbtc@trade", "nothing", "", None, 5])
    def test_other_sockets_have_no_streams_to_change(self, manager: SocketManager, key: Any) -> None:
        manager.start_trade_socket("ETHBTC", print)
        for call in (manager.subscriptions, functools.partial(manager.subscribe, streams=["a@trade"])):
            with pytest.raises(ValueError, match="conn_key must be what start_multiplex_socket"):
                call(key)

    def test_one_of_which_nothing_is_left_takes_no_other_streams(self, server: Server, quick: None) -> None:
        inbox: Inbox = queue.SimpleQueue()
        address = server.url.removesuffix("/ws/x@trade")
        urls = {"rest": address.replace("ws", "http"), "stream": address}
        with Client(environment=urls, ping=False) as client, SocketManager(client) as manager:
            key = manager.start_multiplex_socket(["a@trade"], inbox.put)
            assert key
            peer = server.peer()
            asked = json.loads(peer.next(TEXT))
            peer.send(json.dumps({"error": {"code": 2, "msg": "Invalid request"}, "id": asked["id"]}))
            assert inbox.get(timeout=SOON_S)["e"] == "error"
            with pytest.raises(ValueError, match="of a socket that is open"):
                manager.subscribe(key, ["b@trade"])
            assert manager.start_multiplex_socket(["a@trade"], inbox.put) == key


class TestSharing:
    def test_sockets_beyond_the_first_ones_share_a_connection(self, manager: SocketManager, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(stream_group, "OWN_CONNECTIONS", 2)
        inboxes: dict[str, Inbox] = {symbol: queue.SimpleQueue() for symbol in SYMBOLS}
        for symbol, inbox in inboxes.items():
            assert manager.start_depth_socket(symbol, inbox.put, interval=100) == f"{symbol}@depth@100ms"
            assert manager.start_depth_socket(symbol, inbox.put, interval=100) is False
        assert own_and_shared(manager)[0] == 2
        for symbol, inbox in inboxes.items():
            manager.wait_ready(f"{symbol}@depth@100ms")
            event = inbox.get(timeout=SOON_S)
            assert (event["e"], event["s"]) == ("depthUpdate", symbol.upper())
        assert own_and_shared(manager) == (2, 1)
        assert manager.stop_depth_socket("ethbtc")
        assert manager.start_kline_socket("ethbtc", print)
        assert own_and_shared(manager)[0] == 2

    def test_share_that_was_stopped_and_started_again_flows_again(self, manager: SocketManager, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(stream_group, "OWN_CONNECTIONS", 0)
        inbox: Inbox = queue.SimpleQueue()
        for _ in range(3):
            for symbol in SYMBOLS:
                assert manager.start_depth_socket(symbol, inbox.put, interval=100)
            for symbol in SYMBOLS:
                manager.wait_ready(f"{symbol}@depth@100ms")
                until(inbox, lambda event, symbol=symbol: event["s"] == symbol.upper())
            for symbol in SYMBOLS:
                assert manager.stop_depth_socket(symbol)

    def test_books_of_one_manager_share_too_and_are_right(
        self, manager: SocketManager, client: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(stream_group, "OWN_CONNECTIONS", 1)
        books = [DepthCacheManager(client, symbol, bm=manager, ws_interval=100) for symbol in SYMBOLS for _ in range(2)]
        for book in books:
            bids, asks = book.get_depth_cache().top(1)
            assert bids and asks  # noqa: PT018 - both sides of one moment
        assert own_and_shared(manager) == (1, 1)
        for book in books:
            book.close()

    def test_break_of_the_shared_connection_is_told_to_each_and_mended(
        self, manager: SocketManager, client: Client, exchange: Sandbox, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(stream_group, "OWN_CONNECTIONS", 0)
        inbox: Inbox = queue.SimpleQueue()
        manager.start_aggtrade_socket("ETHBTC", inbox.put)
        book = DepthCacheManager(client, "BNBBTC", bm=manager, ws_interval=100)
        book.get_depth_cache()
        exchange.fault("close", stream="bnbbtc@depth@100ms", code=1012, times=1)
        while "recovered" not in manager.stats():
            inbox.get(timeout=SOON_S)
        trade(client)
        assert until(inbox, lambda event: event["e"] == "aggTrade")["s"] == "ETHBTC"
        wait_until(lambda: book.state is BookState.LIVE)
        assert own_and_shared(manager)[1] == 1
        assert manager.stats()["lost"] >= 1
        book.close()


def miss_trades(manager: SocketManager, client: Client, exchange: Sandbox, key: str) -> int:
    """Break the connection, until trades happened while it was gone; the number of the last trade."""
    while True:
        lost = manager.stats().get("lost", 0)
        exchange.fault("reset", stream=key, times=1)
        while manager.stats().get("lost", 0) == lost:
            trade(client)
        trade(client)
        manager.wait_ready(key)
        last: int = trade(client)["fills"][-1]["tradeId"]
        if manager.stats().get("gap", 0):
            return last


class TestExactlyOnce:
    @pytest.mark.parametrize(("kind", "number"), [("trade", "t"), ("aggtrade", "a")])
    def test_s17_trades_that_a_broken_connection_missed_come_over_rest(
        self, client: Client, exchange: Sandbox, quick: None, kind: str, number: str
    ) -> None:
        events: Inbox = queue.SimpleQueue()
        notices: Inbox = queue.SimpleQueue()
        with SocketManager(client, on_event=notices.put) as manager:
            start = getattr(manager, f"start_{kind}_socket")
            key = start("ETHBTC", events.put, exactly_once=True)
            manager.wait_ready(key)
            trade(client)
            seen = [events.get(timeout=SOON_S)]
            last = miss_trades(manager, client, exchange, key)
            while not any(event.get("catch_up") for event in seen) or seen[-1].get("l", seen[-1].get("t")) < last:
                seen.append(events.get(timeout=SOON_S))
            first = seen[0][number]
            assert [event[number] for event in seen] == list(range(first, first + len(seen)))
            assert {event["s"] for event in seen} == {"ETHBTC"}
            streamed, filled = (next(event for event in seen if bool(event.get("catch_up")) is wanted) for wanted in (False, True))
            assert filled.keys() == streamed.keys() | {"catch_up"}
            assert {key: type(filled[key]) for key in streamed} == {key: type(streamed[key]) for key in streamed}
            kinds = [until(notices, lambda notice: notice.stream == key).kind]
            while kinds[-1] != "gap":
                kinds.append(notices.get(timeout=SOON_S).kind)
            assert kinds[:3] == ["connected", "lost", "recovered"]

    def test_s17_gap_is_told_where_it_is_not_filled(self, client: Client, exchange: Sandbox, quick: None) -> None:
        events: Inbox = queue.SimpleQueue()
        notices: Inbox = queue.SimpleQueue()
        with SocketManager(client, on_event=notices.put) as manager:
            key = manager.start_trade_socket("ETHBTC", events.put)
            assert key
            manager.wait_ready(key)
            trade(client)
            before = events.get(timeout=SOON_S)["t"]
            miss_trades(manager, client, exchange, key)
            while (after := events.get(timeout=SOON_S)["t"]) == before + 1:
                before = after
            assert f"trade{'' if after == before + 2 else 's'} {before + 1}" in until(notices, lambda notice: notice.kind == "gap").reason


class TestNotices:
    def test_user_is_told_what_happens_between_his_callbacks(self, client: Client, exchange: Sandbox, quick: None) -> None:
        told: Inbox = queue.SimpleQueue()
        threads = set()

        def note(what: SocketNotice | dict[str, Any]) -> None:
            threads.add(threading.current_thread())
            told.put(what)

        with SocketManager(client, on_event=note) as manager:
            manager.start_depth_socket("ETHBTC", note, interval=100)
            notice = until(told, lambda what: isinstance(what, SocketNotice))
            assert (notice.kind, notice.stream) == ("connected", "ethbtc@depth@100ms")
            until(told, lambda what: isinstance(what, dict))
            exchange.fault("close", stream="ethbtc@depth@100ms", times=1)
            assert until(told, lambda what: isinstance(what, SocketNotice)).kind == "lost"
            assert until(told, lambda what: isinstance(what, SocketNotice)).kind == "recovered"
        assert len(threads) == 1

    def test_callback_is_told_of_a_host_that_stays_down_and_the_stream_goes_on(
        self, exchange: Sandbox, quick: None, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        inbox: Inbox = queue.SimpleQueue()
        with Client(environment="http://127.0.0.1:9") as nobody, SocketManager(nobody) as manager:
            manager.start_trade_socket("ETHBTC", inbox.put)
            assert inbox.get(timeout=SOON_S) == {"e": "error", "type": "SocketException", "m": "Max reconnect retries reached"}
            assert manager.is_open("ethbtc@trade")
            wait_until(lambda: manager.stats()["lost"] >= 8)
            assert inbox.empty()


class TestIteration:
    def test_events_of_one_stream_are_bare_and_of_several_have_its_name(self, client: Client, manager: SocketManager) -> None:
        for source in (client, manager):
            with source.stream("ETHBTC@depth@100ms", timeout=SOON_S) as events:
                first, second = next(events), next(events)
                assert second["U"] == first["u"] + 1
            with source.stream(["ethbtc@depth@100ms", "BNBBTC@depth@100ms"], timeout=SOON_S) as events:
                names: set[str] = set()
                while len(names) < 2:
                    names.add(next(events)["stream"])
            assert list(events) == []

    @pytest.mark.parametrize("host", ["blocking", "queued"])
    def test_s01_one_that_dies_alone_among_several_is_a_break_and_comes_again(
        self, client: Client, exchange: Sandbox, manager: SocketManager, host: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(streams, "_QUIET_S", 1.0)  # what comes every 100 ms
        source = client if host == "blocking" else manager
        with source.stream(["ethbtc@depth5@100ms", "bnbbtc@depth5@100ms"], timeout=SOON_S) as events:
            names = {next(events)["stream"] for _ in range(2)}
            while len(names) < 2:
                names.add(next(events)["stream"])
            assert events.breaks == 0
            with exchange.fault("stall", stream="ethbtc@depth5@100ms"):
                ends_s = time.monotonic() + SOON_S
                assert any(events.breaks or time.monotonic() > ends_s for _ in events)
                assert events.breaks
            while next(events)["stream"] != "ethbtc@depth5@100ms":
                assert time.monotonic() < ends_s

    def test_iteration_starts_the_manager_and_ends_with_it(self, client: Client) -> None:
        manager = SocketManager(client, keep_alive=False)
        events = manager.stream("ethbtc@depth@100ms", timeout=SOON_S)
        assert manager.is_alive()
        assert next(events)["e"] == "depthUpdate"
        manager.close()
        assert list(events) == []

    def test_several_may_iterate_over_the_same_stream(self, manager: SocketManager) -> None:
        streams = [manager.stream("ethbtc@depth@100ms", timeout=SOON_S) for _ in range(3)]
        assert [next(events)["s"] for events in streams] == ["ETHBTC"] * 3
        streams[0].close()
        assert next(streams[1])

    def test_what_does_not_come_in_time_raises(self, client: Client, manager: SocketManager) -> None:
        for source in (client, manager):
            with (
                source.stream("ethbtc@blockTrade", timeout=0.05) as events,
                pytest.raises(SocketTimeoutException, match="ethbtc@blockTrade"),
            ):
                next(events)

    @pytest.mark.parametrize(
        ("streams", "error"),
        [
            ("ethbtc", ValueError),
            ("ethbtc@aggtrade", ValueError),
            ("", ValueError),
            ([], ValueError),
            (["ethbtc@trade", ""], ValueError),
            (None, TypeError),
            (5, TypeError),
            (["ethbtc@trade", 5], TypeError),
        ],
    )
    def test_wrong_names_are_refused(self, client: Client, manager: SocketManager, streams: Any, error: type[Exception]) -> None:
        for source in (client, manager):
            with pytest.raises(error, match="stream"):
                source.stream(streams)
        with pytest.raises(ValueError, match="timeout must be a number of seconds"):
            client.stream("ethbtc@trade", timeout=0)
        assert manager._holdings.feeds == {}


class TestCallbacks:
    """Row I06: what is called is looked at when it is given."""

    @pytest.mark.parametrize("callback", [lambda: None, lambda a, b: None, lambda *, event: None, [].clear])
    def test_i06_callback_that_does_not_take_one_argument_is_refused(self, client: Client, callback: Any) -> None:
        manager = SocketManager(client)
        starts = [
            lambda: manager.start_trade_socket("ETHBTC", callback),
            lambda: manager.start_depth_socket("ETHBTC", callback),
            lambda: manager.start_multiplex_socket(["ethbtc@trade"], callback),
            lambda: manager.start_user_socket(callback),
            lambda: manager.start_ticker_socket(callback, ["ETHBTC"]),
            lambda: manager.start_book_ticker_socket(callback, ["ETHBTC"]),
        ]
        for start in starts:
            with pytest.raises(TypeError, match="callback must take one argument"):
                start()
        assert manager._holdings.feeds == {}
        with pytest.raises(TypeError, match="on_event must take one argument"):
            SocketManager(client, on_event=callback)
        manager.close()

    @pytest.mark.parametrize("callback", [print, max, [].append, functools.partial(print, end=""), lambda *events: None, Mock()])
    def test_i06_callback_that_may_take_one_argument_is_taken(self, client: Client, callback: Any) -> None:
        with SocketManager(client, keep_alive=False) as manager:
            assert manager.start_block_trade_socket("ETHBTC", callback)

    def test_i06_whatever_takes_one_argument_is_called(self, manager: SocketManager) -> None:
        events: Inbox = queue.SimpleQueue()
        listed: list[Any] = []
        mock = Mock()

        async def coroutine(event: Any) -> None:
            await asyncio.sleep(0)
            events.put(event)

        class Called:
            def __call__(self, event: Any, extra: int = 0) -> None:
                events.put(event)

        callbacks: list[Any] = [
            coroutine,
            Called(),
            listed.append,
            mock,
            events.put,
            functools.partial(lambda a, event: events.put(event), 1),
        ]
        for depth, callback in zip((None, 5, 10, 20), callbacks, strict=False):
            assert manager.start_depth_socket("ETHBTC", callback, depth=depth, interval=100)
        for symbol, callback in zip(("BNBBTC", "LTCBTC"), callbacks[4:], strict=True):
            assert manager.start_depth_socket(symbol, callback, interval=100)
        for _ in range(12):
            events.get(timeout=SOON_S)
        assert listed
        assert mock.called

    def test_s21_socket_stopped_in_its_own_callback_and_another_started_there(self, manager: SocketManager) -> None:
        events: Inbox = queue.SimpleQueue()

        def first(event: dict[str, Any]) -> None:
            events.put((event["s"], manager.stop_socket("ethbtc@depth@100ms"), manager.stop_socket("ethbtc@depth@100ms")))
            events.put(manager.start_depth_socket("BNBBTC", second, interval=100))

        def second(event: dict[str, Any]) -> None:
            events.put(event["s"])

        manager.start_depth_socket("ETHBTC", first, interval=100)
        assert [events.get(timeout=SOON_S) for _ in range(3)] == [("ETHBTC", True, False), "bnbbtc@depth@100ms", "BNBBTC"]

    def test_s20_second_start_of_a_stream_returns_false_and_stopping_what_is_unknown_too(self, manager: SocketManager) -> None:
        assert manager.start_kline_socket("ETHBTC", print, "1m") == "ethbtc@kline_1m"
        assert manager.start_kline_socket("ethbtc", print, "1m") is False
        assert manager.start_kline_socket("ETHBTC", print, "1M") == "ethbtc@kline_1M"
        assert manager.stop_socket("ethbtc@kline_1m")
        assert not manager.stop_socket("ethbtc@kline_1m")
        assert not manager.stop_socket("never was")
        assert not manager.stop_socket(False)

    def test_manager_closed_twice_and_started_again(self, client: Client) -> None:
        inbox: Inbox = queue.SimpleQueue()
        manager = SocketManager(client)
        manager.close()
        for _ in range(3):
            assert manager.start_depth_socket("ETHBTC", inbox.put, interval=100)
            manager.start()
            manager.start()
            assert inbox.get(timeout=SOON_S)
            manager.close()
            manager.close()
            assert not manager.is_alive()


def test_times_come_in_the_unit_of_the_client(exchange: Sandbox) -> None:
    with Client("key", "secret", environment=exchange.urls["binance"], time_unit="microsecond") as client, SocketManager(client) as manager:
        inbox: Inbox = queue.SimpleQueue()
        manager.start_depth_socket("ETHBTC", inbox.put, interval=100)
        manager.start_multiplex_socket(["ethbtc@depth@100ms"], inbox.put)
        times = [event.get("data", event)["E"] for event in (inbox.get(timeout=SOON_S) for _ in range(6))]
        assert all(time > 10**15 for time in times)
        with client.stream("ethbtc@depth@100ms", timeout=SOON_S) as events:
            assert next(events)["E"] > 10**15
        book = DepthCacheManager(client, "ETHBTC", bm=manager, ws_interval=100)
        book.get_depth_cache()
        book.close()


@pytest.mark.parametrize(("value", "error"), [("5", TypeError), (True, TypeError), (0, ValueError), (float("inf"), ValueError)])
def test_wrong_patience_is_refused_by_name(client: Client, value: Any, error: type[Exception]) -> None:
    with pytest.raises(error, match="quiet_s must be a number of seconds"):
        SocketManager(client, quiet_s=value)


def test_s01_stream_that_dies_alone_on_a_shared_connection_is_told_and_comes_again(
    client: Client, exchange: Sandbox, quick: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streams, "_QUIET_S", 1.0)  # what comes every 100 ms
    notices: Inbox = queue.SimpleQueue()
    inbox: Inbox = queue.SimpleQueue()
    with SocketManager(client, on_event=notices.put) as manager:
        key = manager.start_multiplex_socket(["ethbtc@depth5@100ms", "bnbbtc@depth5@100ms"], inbox.put)
        assert key
        manager.wait_ready(key, SOON_S)
        with exchange.fault("stall", stream="ethbtc@depth5@100ms"):
            notice = until(notices, lambda notice: notice.kind == "stale")
            assert notice.stream == "ethbtc@depth5@100ms"
        while not inbox.empty():
            inbox.get()
        until(inbox, lambda event: event["stream"] == "ethbtc@depth5@100ms")


def test_stream_that_is_silent_for_too_long_is_connected_anew(client: Client, quick: None) -> None:
    with SocketManager(client, quiet_s=0.3) as manager:
        key = manager.start_block_trade_socket("ETHBTC", print)
        wait_until(lambda: manager.stats().get("stale", 0) >= 2)
        assert key
        manager.wait_ready(key, SOON_S)
        assert manager.stats()["recovered"] >= 1


def test_account_may_be_silent_for_as_long_as_it_likes(client: Client, quick: None) -> None:
    with SocketManager(client, quiet_s=0.3) as manager:
        key = manager.start_user_socket(print)
        assert key
        manager.wait_ready(key, SOON_S)
        manager.start_block_trade_socket("ETHBTC", print)
        wait_until(lambda: manager.stats().get("stale", 0) >= 2)
        sources = manager._holdings.feeds[key].sources
        manager.wait_ready(key, 0.0)
        assert [source.failures for source in sources] == [0]  # type: ignore[attr-defined]


@pytest.mark.parametrize(("value", "error"), [("5", TypeError), (True, TypeError), (None, TypeError), (0, ValueError), (-1, ValueError)])
def test_wrong_size_of_the_queue_is_refused_by_name(client: Client, value: Any, error: type[Exception]) -> None:
    with pytest.raises(error, match="max_queue_size must be"):
        SocketManager(client, max_queue_size=value)


@pytest.mark.parametrize("kind", ["depth", "trades", "iterated"])
def test_s11_so_many_messages_wait_as_the_user_has_said(client: Client, kind: str) -> None:
    go_on, numbers = threading.Event(), queue.SimpleQueue[int]()

    def callback(event: dict[str, Any]) -> None:
        assert go_on.wait(SOON_S)
        numbers.put(event["t"] if kind == "trades" else event["u"])

    with SocketManager(client, max_queue_size=3) as manager:
        if kind == "iterated":
            events = manager.stream("ethbtc@depth@100ms", timeout=SOON_S)
        elif kind == "trades":
            manager.start_trade_socket("ETHBTC", callback)
        else:
            manager.start_depth_socket("ETHBTC", callback, interval=100)
        manager.wait_all_ready(SOON_S)
        deadline = time.monotonic() + 2 * SOON_S
        while manager.stats().get("messages dropped", 0) < 2:
            assert time.monotonic() < deadline
            if kind == "trades":
                trade(client)
            threading.Event().wait(0.2)
        assert "dropped" not in manager.stats()
        go_on.set()
        if kind == "iterated":
            next(events)
        while "dropped" not in manager.stats():
            assert time.monotonic() < deadline
            threading.Event().wait(0.01)


def test_refused_trades_flag(client: Client) -> None:
    with pytest.raises(TypeError, match="exactly_once must be a bool"):
        SocketManager(client).start_trade_socket("ETHBTC", print, exactly_once="yes")  # type: ignore[arg-type]


def test_wait_ready_of_a_share_says_when_it_is_not(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream_group, "OWN_CONNECTIONS", 0)
    manager = SocketManager(client)
    key = manager.start_trade_socket("ETHBTC", print)
    assert key
    with pytest.raises(SocketException, match="not ready within"):
        manager.wait_ready(key, 0.01)
    manager.close()


def test_what_dials_nobody_is_refused(client: Client) -> None:
    with pytest.raises(TypeError, match="dialer must be callable"):
        SocketManager(client, dialer=5)  # type: ignore[arg-type]
