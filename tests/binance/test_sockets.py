"""The socket manager on the embedded exchange: what each socket delivers, and that starting and stopping do what they say."""

from __future__ import annotations

import queue
import random
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest
from twisted.internet.task import Clock

from exchangeclient.binance.client import Client
from exchangeclient.binance.depth import DepthCacheManager
from exchangeclient.binance.sockets import SocketManager
from exchangeclient.binance.tickers import TickerBoard
from exchangeclient.core.budgets.respite import respite_of
from exchangeclient.core.feeds.callbacks import CallbackThread, SignalLine
from exchangeclient.core.feeds.notices import SocketNotice
from exchangeclient.core.feeds.sockets import Socket
from exchangeclient.core.process import reactor
from exchangeclient.core.wire.dialing import SocketOptions
from exchangeclient.exceptions import RateLimitException, SocketException, SocketTimeoutException
from exchangeclient.sandbox import Sandbox

SOON_S = 15.0


@pytest.fixture(scope="module")
def exchange() -> Iterator[Sandbox]:
    with Sandbox(seed=7, speed=1) as exchange:
        yield exchange


@pytest.fixture
def client(exchange: Sandbox) -> Iterator[Client]:
    with Client("key", "secret", environment=exchange.urls["binance"]) as client:
        yield client


@pytest.fixture
def manager(client: Client) -> Iterator[SocketManager]:
    with SocketManager(client) as manager:
        yield manager


Inbox = queue.SimpleQueue[Any]


def next_of(inbox: Inbox, **fields: Any) -> dict[str, Any]:
    """The next event with these fields."""
    while True:
        event: dict[str, Any] = inbox.get(timeout=SOON_S)
        if all(event.get(name) == value for name, value in fields.items()):
            return event


def is_ready(manager: SocketManager, key: str) -> bool:
    try:
        manager.wait_ready(key, timeout=0.01)
    except SocketException:
        return False
    return True


def wait_until(holds: Callable[[], bool]) -> None:
    until = time.monotonic() + SOON_S
    while not holds():
        assert time.monotonic() < until
        time.sleep(0.01)


def trade(client: Client) -> dict[str, Any]:
    return client.order_market_buy(symbol="ETHBTC", quantity="0.5")


def trade_and_pass_a_second(client: Client, exchange: Sandbox) -> None:
    """For streams that say once a second what has changed. The venue goes on telling the time of everybody else."""
    trade(client)
    exchange.advance(seconds=1)
    exchange.skew_ms -= 1000


def test_depth_socket_delivers_changes_with_chained_ids(manager: SocketManager) -> None:
    inbox: Inbox = queue.SimpleQueue()
    assert manager.start_depth_socket("ETHBTC", inbox.put, interval=100) == "ethbtc@depth@100ms"
    first, second = next_of(inbox, e="depthUpdate", s="ETHBTC"), next_of(inbox, e="depthUpdate", s="ETHBTC")
    assert second["U"] == first["u"] + 1


def test_partial_depth_socket_delivers_the_best_levels(manager: SocketManager) -> None:
    inbox: Inbox = queue.SimpleQueue()
    assert manager.start_depth_socket("ETHBTC", inbox.put, depth="5", interval=100)
    event = inbox.get(timeout=SOON_S)
    assert (len(event["bids"]), len(event["asks"])) == (5, 5)


def test_kline_socket_is_of_one_minute_unless_asked_otherwise(manager: SocketManager) -> None:
    minutes: Inbox = queue.SimpleQueue()
    hours: Inbox = queue.SimpleQueue()
    assert manager.start_kline_socket("ETHBTC", minutes.put) == "ethbtc@kline_1m"
    assert manager.start_kline_socket("ETHBTC", hours.put, "1h")
    assert next_of(minutes, e="kline")["k"]["i"] == "1m"
    assert next_of(hours, e="kline")["k"]["i"] == "1h"
    assert manager.stop_kline_socket("ETHBTC")
    assert not manager.is_open("ethbtc@kline_1m")
    assert not manager.is_open("ethbtc@kline_1h")


def test_trade_socket_delivers_single_trades_and_aggtrade_socket_those_of_one_order(manager: SocketManager, client: Client) -> None:
    trades: Inbox = queue.SimpleQueue()
    aggregates: Inbox = queue.SimpleQueue()
    keys = [manager.start_trade_socket("ETHBTC", trades.put), manager.start_aggtrade_socket("ETHBTC", aggregates.put)]
    assert keys == ["ethbtc@trade", "ethbtc@aggTrade"]
    for key in keys:
        manager.wait_ready(str(key))
    fill = trade(client)["fills"][0]
    assert next_of(trades, e="trade", t=fill["tradeId"])["p"] == fill["price"]
    while not (event := next_of(aggregates, e="aggTrade"))["f"] <= fill["tradeId"] <= event["l"]:
        pass


def test_symbol_ticker_socket_delivers_one_symbol(manager: SocketManager, client: Client, exchange: Sandbox) -> None:
    inbox: Inbox = queue.SimpleQueue()
    assert manager.start_symbol_ticker_socket("ETHBTC", inbox.put) == "ethbtc@ticker"
    manager.wait_ready("ethbtc@ticker")
    trade_and_pass_a_second(client, exchange)
    assert next_of(inbox, e="24hrTicker", s="ETHBTC")


@pytest.mark.parametrize(
    ("start", "key", "kind"),
    [
        (lambda manager, put: manager.start_symbol_miniticker_socket("ETHBTC", put), "ethbtc@miniTicker", "24hrMiniTicker"),
        (lambda manager, put: manager.start_symbol_window_ticker_socket("ETHBTC", put, "4h"), "ethbtc@ticker_4h", "4hTicker"),
        (lambda manager, put: manager.start_avg_price_socket("ETHBTC", put), "ethbtc@avgPrice", "avgPrice"),
        (lambda manager, put: manager.start_kline_socket("ETHBTC", put, "1d", time_zone="+08:00"), "ethbtc@kline_1d@+08:00", "kline"),
    ],
)
def test_socket_of_one_symbol_delivers_events_of_its_kind(
    manager: SocketManager, client: Client, exchange: Sandbox, start: Callable[..., Any], key: str, kind: str
) -> None:
    inbox: Inbox = queue.SimpleQueue()
    assert start(manager, inbox.put) == key
    assert start(manager, inbox.put) is False
    manager.wait_ready(key)
    trade_and_pass_a_second(client, exchange)
    event = next_of(inbox, e=kind, s="ETHBTC")
    if kind == "kline":
        assert event["k"]["t"] % 86_400_000 == 57_600_000  # midnight there


def test_book_ticker_socket_of_one_symbol_delivers_its_best_prices(manager: SocketManager, client: Client) -> None:
    inbox: Inbox = queue.SimpleQueue()
    assert manager.start_symbol_book_ticker_socket("ETHBTC", inbox.put) == "ethbtc@bookTicker"
    manager.wait_ready("ethbtc@bookTicker")
    trade(client)
    assert inbox.get(timeout=SOON_S).keys() == set("usbBaA")


@pytest.mark.parametrize(
    ("start", "key"), [("start_block_trade_socket", "ethbtc@blockTrade"), ("start_reference_price_socket", "ethbtc@referencePrice")]
)
def test_socket_of_a_stream_that_is_silent_here_is_open_all_the_same(manager: SocketManager, start: str, key: str) -> None:
    assert getattr(manager, start)("ETHBTC", print) == key
    manager.wait_ready(key)


@pytest.mark.parametrize(
    ("start", "key", "kind"),
    [
        (lambda manager, put: manager.start_miniticker_socket(put), "!miniTicker@arr", "24hrMiniTicker"),
        (lambda manager, put: manager.start_miniticker_socket(put, update_time=1000), "!miniTicker@arr", "24hrMiniTicker"),
        (lambda manager, put: manager.start_window_ticker_socket(put), "!ticker_1h@arr", "1hTicker"),
        (lambda manager, put: manager.start_window_ticker_socket(put, window="1d"), "!ticker_1d@arr", "1dTicker"),
    ],
)
def test_socket_of_all_symbols_delivers_lists(
    manager: SocketManager, client: Client, exchange: Sandbox, start: Callable[..., Any], key: str, kind: str
) -> None:
    inbox: Inbox = queue.SimpleQueue()
    assert start(manager, inbox.put) == key
    manager.wait_ready(key)
    trade_and_pass_a_second(client, exchange)
    assert {ticker["e"] for ticker in inbox.get(timeout=SOON_S)} == {kind}


def test_book_ticker_socket_delivers_single_bare_events_of_all_symbols(manager: SocketManager, client: Client) -> None:
    inbox: Inbox = queue.SimpleQueue()
    assert manager.start_book_ticker_socket(inbox.put) == "!bookTicker"
    assert manager.start_book_ticker_socket(inbox.put) is False
    manager.wait_ready("!bookTicker")
    seen: set[str] = set()
    while len(seen) < 3:
        seen.add(inbox.get(timeout=SOON_S)["s"])
    assert manager.stop_socket("!bookTicker")


def test_user_socket_delivers_the_three_bare_events(manager: SocketManager, client: Client) -> None:
    inbox: Inbox = queue.SimpleQueue()
    key = manager.start_user_socket(inbox.put)
    assert key
    manager.wait_ready(key)
    order = trade(client)
    assert next_of(inbox, e="executionReport", x="NEW")["i"] == order["orderId"]
    assert next_of(inbox, e="executionReport", x="TRADE")["i"] == order["orderId"]
    account = next_of(inbox, e="outboundAccountPosition")
    assert {"ETH", "BTC"} <= {balance["a"] for balance in account["B"]}
    assert "subscriptionId" not in account


def test_s19_wrong_secret_is_told_once_and_not_tried_again(exchange: Sandbox) -> None:
    inbox: Inbox = queue.SimpleQueue()
    with Client("key", "wrong", environment=exchange.urls["binance"]) as stranger, SocketManager(stranger) as manager:
        key = manager.start_user_socket(inbox.put)
        assert key
        event = inbox.get(timeout=SOON_S)
        assert event["e"] == "error"
        assert "-1022" in event["m"]
        assert "wrong" not in event["m"]
        with pytest.raises(SocketException, match="-1022"):
            manager.wait_ready(key)
        assert inbox.empty()
        assert manager.start_user_socket(inbox.put)  # the key is free again


def test_l02_a_ban_that_the_user_socket_is_told_keeps_calls_away_too_and_makes_no_second_connection() -> None:
    with Sandbox(seed=7) as exchange, Client("key", "secret", environment=exchange.urls["binance"]) as client:
        exchange.fault("error", route="userDataStream.subscribe.signature", status=418, code=-1003, retry_after=60)
        with SocketManager(client) as manager:
            manager.start_user_socket(print)
            wait_until(lambda: client.limits()["banned_for_s"] > 30.0)
            with pytest.raises(RateLimitException):
                client.get_server_time(requests_params={"when_limited": "raise"})
            (source,) = manager._holdings.feeds["user"].sources
            assert isinstance(source, Socket)
            wait_until(lambda: source._slot is not None)  # the next attempt has its time
            assert source._slot > reactor.running().seconds() + 30.0
            assert manager.stats() == {"lost": 1}


@pytest.mark.parametrize("host", ["manager", "iteration", "user"])
@pytest.mark.parametrize(
    ("status", "retry_after", "least_s"), [(418, {"retry_after": 60}, 50.0), (418, {}, 100.0), (429, {"retry_after": 60}, 50.0)]
)
def test_l02_a_handshake_that_is_refused_because_of_the_address_keeps_calls_away_too(
    host: str, status: int, retry_after: dict[str, int], least_s: float
) -> None:
    """A ban is of the address. That it is too much (429) is about the weight where connecting has one, else about connections alone."""
    with Sandbox(seed=7) as exchange, Client("key", "secret", environment=exchange.urls["binance"]) as client:
        exchange.fault("error", route="WS /*", status=status, code=-1003, **retry_after)
        if host == "iteration":
            with client.stream("ethbtc@trade", timeout=0.5) as events, pytest.raises(SocketTimeoutException):
                next(events)
        else:
            with SocketManager(client) as manager:
                assert manager.start_user_socket(print) if host == "user" else manager.start_trade_socket("ETHBTC", print)
                wait_until(lambda: manager.stats() != {})
                (feed,) = manager._holdings.feeds.values()
                (source,) = feed.sources
                assert isinstance(source, Socket)
                wait_until(lambda: source._slot is not None)  # the next attempt has its time
                assert source._slot > reactor.running().seconds() + least_s
                assert manager.stats() == {"refused": 1}
        if status == 418 or host == "user":
            wait_until(lambda: client.limits()["banned_for_s"] > least_s)
            with pytest.raises(RateLimitException, match="not sent"):
                client.get_server_time(requests_params={"when_limited": "raise"})
            with pytest.raises(RateLimitException, match="not sent"):
                client.ws_order_market_buy(symbol="ETHBTC", quantity=1, requests_params={"when_limited": "raise"})
        else:
            assert client.limits()["banned_for_s"] == 0.0
            client.get_server_time()
        assert respite_of(client.hosts.stream).left_s() > least_s


def test_user_socket_needs_a_key(exchange: Sandbox) -> None:
    with Client(environment=exchange.urls["binance"]) as keyless, pytest.raises(ValueError, match="client must have an API key"):
        SocketManager(keyless).start_user_socket(print)


def test_ticker_socket_delivers_lists_of_what_changed_over_several_connections(
    manager: SocketManager, client: Client, exchange: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("exchangeclient.binance.stream_group.STREAMS_PER_CONNECTION", 3)
    inbox: Inbox = queue.SimpleQueue()
    key = manager.start_ticker_socket(inbox.put)
    assert key
    assert manager.start_ticker_socket(inbox.put) is False
    manager.wait_ready(key)
    assert len(manager._holdings.feeds[key].sources[0].pool._connections) == 3  # of seven symbols
    wanted = {entry["symbol"] for entry in client.get_exchange_info()["symbols"]}
    seen: set[str] = set()
    while seen != wanted:
        trade_and_pass_a_second(client, exchange)
        tickers = inbox.get(timeout=SOON_S)
        symbols = [ticker["s"] for ticker in tickers]
        assert {ticker["e"] for ticker in tickers} == {"24hrTicker"}
        assert len(set(symbols)) == len(symbols)
        seen |= set(symbols)
    assert manager.stop_ticker_socket()
    assert not manager.stop_ticker_socket()


def test_ticker_socket_is_narrowed_by_symbols(manager: SocketManager, client: Client, exchange: Sandbox) -> None:
    inbox: Inbox = queue.SimpleQueue()
    assert manager.start_ticker_socket(inbox.put, symbols=["ETHBTC"])
    manager.wait_ready("!ticker@arr")
    trade_and_pass_a_second(client, exchange)
    assert [ticker["s"] for ticker in inbox.get(timeout=SOON_S)] == ["ETHBTC"]


class Board:
    """A ticker board on a clock of the test's, with what its callback got and when."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.clock = Clock()
        monkeypatch.setattr("exchangeclient.core.process.reactor.running", lambda: self.clock)
        self.thread = CallbackThread("test-tickers")
        self.thread.start()
        self.lists: list[tuple[float, list[tuple[str, str]]]] = []
        self.entered, self.go_on = threading.Event(), threading.Event()
        self.go_on.set()
        self.board = TickerBoard(self.thread, self._callback)

    def _callback(self, tickers: list[dict[str, Any]]) -> None:
        self.entered.set()
        assert self.go_on.wait(SOON_S)
        self.lists.append((self.clock.seconds(), [(ticker["s"], ticker["c"]) for ticker in tickers]))

    def hear(self, *tickers: tuple[str, int]) -> None:
        self.board.received([b'{"e":"24hrTicker","s":"%s","c":"%d"}' % (symbol.encode(), price) for symbol, price in tickers])
        self.settle()

    def until(self, seconds: float) -> None:
        while (rest := seconds - self.clock.seconds()) > 0:
            self.clock.advance(min(rest, 0.05))
            self.settle()

    def settle(self) -> None:
        """Wait until the callback has had what is due."""
        if self.go_on.is_set():
            done = threading.Event()
            SignalLine(self.thread, done.set).signal()
            assert done.wait(SOON_S)


@pytest.fixture
def board(monkeypatch: pytest.MonkeyPatch) -> Iterator[Board]:
    board = Board(monkeypatch)
    yield board
    board.board.close()
    board.thread.close()


def test_tickers_that_come_together_make_one_list_each_second(board: Board) -> None:
    """Over several connections, and not always at the same part of the second."""
    print("seed 4")
    generator = random.Random(4)
    for second in range(1, 31):
        at = second + generator.uniform(-0.05, 0.05)
        for symbol in "ABC":
            board.until(at := at + generator.uniform(0.0, 0.03))
            board.hear((symbol, second))
    board.until(32)
    assert [tickers for _, tickers in board.lists] == [[(symbol, str(second)) for symbol in "ABC"] for second in range(1, 31)]
    assert all(at < int(tickers[0][1]) + 0.5 for at, tickers in board.lists)  # and none waits for the next second


def test_tickers_spread_over_the_second_make_about_one_list_a_second_and_none_is_lost(board: Board) -> None:
    symbols = [f"S{number}" for number in range(50)]
    for second in range(20):
        for place, symbol in enumerate(symbols):
            board.until(second + place / 50)
            board.hear((symbol, second))
    board.until(22)
    got = [ticker for _, tickers in board.lists for ticker in tickers]
    assert sorted(got) == sorted((symbol, str(second)) for symbol in symbols for second in range(20))
    assert 20 <= len(board.lists) <= 26
    assert all(later - earlier >= 0.75 for (earlier, _), (later, _) in pairwise(board.lists))


def test_next_ticker_of_a_symbol_sends_what_was_gathered_on_its_way(board: Board) -> None:
    board.hear(("A", 1))
    board.hear(("A", 2), ("B", 2))
    board.until(5)
    assert [tickers for _, tickers in board.lists] == [[("A", "1")], [("A", "2"), ("B", "2")]]


def test_newest_ticker_of_each_symbol_waits_for_a_busy_callback(board: Board) -> None:
    board.go_on.clear()
    board.board.received([b'{"result":null}'])
    board.hear(("A", 1))
    board.until(1)
    assert board.entered.wait(SOON_S)
    for price in range(2, 50):
        board.hear(("A", price), ("B", price))
        board.until(price)
    board.go_on.set()
    board.settle()
    assert [tickers for _, tickers in board.lists] == [[("A", "1")], [("A", "49"), ("B", "49")]]


def test_final_refusal_of_the_tickers_comes_as_a_list() -> None:
    inbox: Inbox = queue.SimpleQueue()
    thread = CallbackThread("test-tickers")
    thread.start()
    TickerBoard(thread, inbox.put).failed(SocketException("refused"))
    assert inbox.get(timeout=SOON_S) == [{"e": "error", "type": "SocketException", "m": "refused"}]
    thread.close()


def test_board_says_once_that_its_connections_fail_again_and_again(board: Board) -> None:
    got: list[Any] = []
    board.board.close()
    board.board = TickerBoard(board.thread, got.extend, struggling="Max reconnect retries reached")
    for failures in range(1, 10):
        board.board.noticed(SocketNotice("lost", "many streams", "nobody there", 0.0, failures))
        board.settle()
    assert got == [{"e": "error", "type": "SocketException", "m": "Max reconnect retries reached"}]


def test_stop_calls_of_the_seed_end_their_sockets(manager: SocketManager) -> None:
    assert manager.start_depth_socket("BNBBTC", print)
    assert manager.start_depth_socket("BNBBTC", print, depth=5)
    assert manager.start_trade_socket("BNBBTC", print)
    assert manager.start_aggtrade_socket("BNBBTC", print)
    assert manager.start_symbol_ticker_socket("BNBBTC", print)
    assert manager.start_user_socket(print)
    assert manager.start_depth_socket("BNBBTC", print) is False
    assert manager.stop_depth_socket("BNBBTC")
    assert not manager.stop_depth_socket("BNBBTC")
    assert manager.stop_trade_socket("BNBBTC")
    assert manager.stop_aggtrade_socket("BNBBTC")
    assert manager.stop_symbol_ticker_socket("BNBBTC")
    assert manager.stop_user_socket()
    assert not manager.stop_kline_socket("BNBBTC")
    assert manager._holdings.feeds == {}


def test_socket_survives_a_restart_of_the_venue(free_port: int) -> None:
    venue = Sandbox(seed=3, port=free_port)
    venue.start()
    inbox: Inbox = queue.SimpleQueue()
    with Client("key", "secret", environment=venue.urls["binance"]) as own, SocketManager(own) as manager:
        key = manager.start_user_socket(inbox.put)
        assert key
        manager.wait_ready(key)
        venue.stop()
        while is_ready(manager, key):
            reactor.wait(lambda: None)
        venue.start()
        manager.wait_ready(key, timeout=SOON_S)
        order = trade(own)
        assert next_of(inbox, e="executionReport", x="NEW")["i"] == order["orderId"]
    venue.stop()


class TestBadInput:
    """Each is refused by name, and nothing is opened."""

    @pytest.fixture
    def idle(self, client: Client) -> Iterator[SocketManager]:
        manager = SocketManager(client)
        yield manager
        assert manager._holdings.feeds == {}

    @pytest.mark.parametrize("callback", [None, "print", 5])
    def test_callback_that_is_not_callable(self, idle: SocketManager, callback: Any) -> None:
        calls = [
            lambda: idle.start_depth_socket("BNBBTC", callback),
            lambda: idle.start_kline_socket("BNBBTC", callback),
            lambda: idle.start_trade_socket("BNBBTC", callback),
            lambda: idle.start_aggtrade_socket("BNBBTC", callback),
            lambda: idle.start_symbol_ticker_socket("BNBBTC", callback),
            lambda: idle.start_ticker_socket(callback),
            lambda: idle.start_user_socket(callback),
        ]
        for call in calls:
            with pytest.raises(TypeError, match="callback must be callable"):
                call()

    @pytest.mark.parametrize(
        ("symbol", "error"),
        [("", ValueError), ("BNB BTC", ValueError), ("BNB-BTC", ValueError), ("BNBBTC\x00", ValueError), (None, TypeError), (7, TypeError)],
    )
    def test_symbol(self, idle: SocketManager, symbol: Any, error: type[Exception]) -> None:
        for start in (idle.start_depth_socket, idle.start_kline_socket, idle.start_trade_socket):
            with pytest.raises(error, match="symbol must be"):
                start(symbol, print)
        for stop in (idle.stop_depth_socket, idle.stop_kline_socket, idle.stop_trade_socket):
            with pytest.raises(error, match="symbol must be"):
                stop(symbol)

    def test_interval_and_depth(self, idle: SocketManager) -> None:
        with pytest.raises(ValueError, match="interval must be one of"):
            idle.start_kline_socket("BNBBTC", print, "2m")
        with pytest.raises(ValueError, match=r"time_zone must be"):
            idle.start_kline_socket("BNBBTC", print, time_zone="+01:00")
        with pytest.raises(ValueError, match="window must be one of"):
            idle.start_window_ticker_socket(print, "2h")
        for update_time in (3000, 0, None, "1000"):
            with pytest.raises(ValueError, match="update_time must be 1000"):
                idle.start_miniticker_socket(print, update_time)  # type: ignore[arg-type]
        with pytest.raises(ValueError, match="depth must be"):
            idle.start_depth_socket("BNBBTC", print, depth=7)
        for interval in (100.0, True, "100", 250):
            with pytest.raises(ValueError, match="interval must be"):
                idle.start_depth_socket("BNBBTC", print, interval=interval)  # type: ignore[arg-type]

    @pytest.mark.parametrize("wrong", [None, "key", object()])
    def test_client(self, wrong: Any) -> None:
        with pytest.raises(TypeError, match="client must be a Client"):
            SocketManager(wrong)

    def test_symbols(self, idle: SocketManager) -> None:
        with pytest.raises(TypeError, match="symbols must be a list"):
            idle.start_ticker_socket(print, symbols="BNBBTC")
        with pytest.raises(TypeError, match="symbols must be a list"):
            idle.start_ticker_socket(print, symbols=5)  # type: ignore[arg-type]
        with pytest.raises(ValueError, match="symbols must name at least one"):
            idle.start_ticker_socket(print, symbols=[])
        with pytest.raises(ValueError, match="symbol must be"):
            idle.start_ticker_socket(print, symbols=["BNBBTC", ""])


def test_asking_for_all_symbols_is_forbidden_on_the_reactors_thread(manager: SocketManager) -> None:
    with pytest.raises(RuntimeError, match="start_ticker_socket"):
        reactor.wait(manager.start_ticker_socket, print)


def test_manager_answers_to_the_names_of_the_thread_that_it_used_to_be(client: Client) -> None:
    def keepers() -> set[threading.Thread]:
        return {thread for thread in threading.enumerate() if thread.name == "exchangeclient-keeper"}

    before = keepers()  # what another test has left is not this one's
    manager = SocketManager(client)
    assert (manager.daemon, manager.name) == (False, "exchangeclient")
    manager.daemon = True
    running = threading.Thread(target=manager.run, daemon=True)
    running.start()
    while not manager.is_alive():
        running.join(0.01)
    assert not keepers() - before
    manager.close()
    running.join(SOON_S)
    assert not running.is_alive()
    manager.setDaemon(False)
    with manager:
        assert keepers() - before


def test_symbols_are_the_same_in_any_case(manager: SocketManager) -> None:
    assert manager.start_trade_socket("ethBTC", print) == "ethbtc@trade"
    assert manager.start_trade_socket("ETHBTC", print) is False
    assert manager.start_ticker_socket(print, symbols=["ETHBTC", "ethbtc"])
    assert manager._holdings.feeds["!ticker@arr"].sources[0].wishes.names == ("ethbtc@ticker",)
    assert manager.stop_trade_socket("EthBtc")


PROXY = "http://127.0.0.1:8080"


@pytest.fixture
def plain_environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """No proxy and no authorities from outside."""
    names = [f"{kind}_proxy" for kind in ("http", "https", "all", "no")]
    for name in (*names, *map(str.upper, names), "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)
    return monkeypatch


def way(client: Client) -> tuple[str | None, Any]:
    options = SocketManager(client)._options
    proxy = options.proxy_address()
    return options.ca_bundle, proxy and (proxy.kind, proxy.host, proxy.port, proxy.login)


NEAR = ("http", "127.0.0.1", 8080, None)


def test_sockets_take_proxy_and_authorities_from_the_clients_requests_params(plain_environment: pytest.MonkeyPatch) -> None:
    client = Client(requests_params={"proxies": {"https": PROXY}, "verify": "/ca.pem"})
    assert way(client) == ("/ca.pem", NEAR)
    client = Client(requests_params={"proxies": {"https": "socks5://user:secret@proxy.corp"}})
    assert way(client) == (None, ("socks5", "proxy.corp", 1080, (b"user", b"secret")))


def test_sockets_take_proxy_and_authorities_from_the_clients_session(plain_environment: pytest.MonkeyPatch) -> None:
    client = Client()
    assert way(client) == (None, None)
    client.session.proxies, client.session.verify = {"https": PROXY}, "/ca.pem"
    assert way(client) == ("/ca.pem", NEAR)


@pytest.mark.parametrize("proxy", [PROXY, "127.0.0.1:8080"])
def test_sockets_take_the_environments_proxy_as_requests_does(plain_environment: pytest.MonkeyPatch, proxy: str) -> None:
    plain_environment.setenv("HTTPS_PROXY", proxy)
    assert way(Client()) == (None, NEAR)
    plain_environment.setenv("NO_PROXY", "binance.com")
    assert way(Client()) == (None, None)


@pytest.mark.parametrize("proxy", ["https://user:secret@proxy.corp:3128", "socks4://user:secret@127.0.0.1:1080"])
def test_unusable_proxy_is_refused_at_the_start_with_where_it_is_from(plain_environment: pytest.MonkeyPatch, proxy: str) -> None:
    def refusal(client: Client) -> str:
        manager = SocketManager(client)
        with pytest.raises(ValueError, match="is of no use to sockets") as refused:
            manager.start()
        with pytest.raises(ValueError, match="is of no use to sockets"):
            DepthCacheManager(client, "BNBBTC")
        with pytest.raises(ValueError, match="is of no use to sockets"):
            client.stream("bnbbtc@trade")
        assert "secret" not in str(refused.value)
        return str(refused.value)

    assert "requests_params" in refusal(Client(requests_params={"proxies": {"https": proxy}}))
    client = Client()
    client.session.proxies = {"https": proxy}
    assert "client.session.proxies" in refusal(client)
    plain_environment.setenv("https_proxy", proxy)
    assert "the environment variable https_proxy" in refusal(Client())


def test_plain_sockets_of_this_machine_use_no_proxy() -> None:
    client = Client(environment="http://127.0.0.1:9", requests_params={"proxies": {"http": PROXY, "all": PROXY}})
    options = SocketManager(client)._options
    assert replace(options, heed=SocketOptions().heed) == SocketOptions()
