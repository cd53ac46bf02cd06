"""The managers of every venue have the same face, and do the same when something goes wrong."""

from __future__ import annotations

import inspect
import queue
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
from venue_cases import VENUES, VenueCase

from exchangeclient.core.books.keptbook import BookState
from exchangeclient.core.books.manager import BookManager
from exchangeclient.core.feeds.groups import SocketGroup
from exchangeclient.desk import Desk

SOON_S = 30.0
STARTS = """start_depth_socket start_kline_socket start_trade_socket start_aggtrade_socket start_symbol_ticker_socket
    start_symbol_book_ticker_socket start_multiplex_socket start_user_socket""".split()
STOPS = "stop_depth_socket stop_kline_socket stop_trade_socket stop_aggtrade_socket stop_symbol_ticker_socket stop_user_socket".split()
OTHERS = "subscribe unsubscribe subscriptions stream start close is_alive join stats stop_socket wait_ready wait_all_ready".split()
CALLS = """ping get_server_time get_order_book get_recent_trades get_historical_trades get_klines get_historical_klines get_ticker
    create_order cancel_order get_order get_open_orders get_account get_my_trades order_limit order_limit_buy order_limit_sell
    order_market order_market_buy order_market_sell quantize_order undecided_orders limits route stream close""".split()
ARGUMENTS = "requests_params environment demo ping verbose clock body_limit settle_timeout ledger journal".split()


def wait_until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + SOON_S
    pause = threading.Event()
    while not holds():
        assert time.monotonic() < deadline
        pause.wait(0.01)


def test_clients_have_the_same_face(venue: VenueCase) -> None:
    kind = venue.part("client").Client
    for name in CALLS:
        assert inspect.getdoc(getattr(kind, name)), name
    assert set(ARGUMENTS) <= set(inspect.signature(kind).parameters)
    assert kind.venue == venue.name


def test_socket_managers_have_the_same_face(venue: VenueCase) -> None:
    kind = venue.part("sockets").SocketManager
    assert issubclass(kind, SocketGroup)
    for name in (*STARTS, *STOPS, *OTHERS):
        assert inspect.getdoc(getattr(kind, name)), name
    assert {"client", "keep_alive", "on_event", "quiet_s", "spare_collector", "dialer"} <= set(inspect.signature(kind).parameters)


def test_depth_cache_managers_have_the_same_face(venue: VenueCase) -> None:
    kind = venue.part("depth").DepthCacheManager
    assert issubclass(kind, BookManager)
    wanted = {"client", "callback", "refresh_interval", "bm", "conv_type", "timeout", "stale", "quiet_interval"}
    assert wanted <= set(inspect.signature(kind).parameters)


def test_files_have_the_same_names(venue: VenueCase) -> None:
    from pathlib import Path

    files = {path.stem for path in Path(venue.part("client").__file__).parent.glob("*.py")}
    wanted = """client orders signing errors explain hosts limits filters sequence streams stream_names stream_group sockets socket_way
        depth history desk doubts listings placing settling orderform messages userfeed""".split()
    assert files >= set(wanted)


def test_nothing_of_a_venue_is_known_below_the_venues() -> None:
    from pathlib import Path

    import exchangeclient

    assert exchangeclient.__file__ is not None
    root = Path(exchangeclient.__file__).parent
    for path in (*(root / "core").rglob("*.py"), *(root / "market").rglob("*.py")):
        for line in path.read_text(encoding="utf-8").lower().replace("python-binance", "").splitlines():
            for venue in VENUES:
                assert venue.name not in line, (path, line)


def test_a_second_start_is_refused_and_a_stop_can_be_repeated(venue: VenueCase, client: Any) -> None:
    with venue.part("sockets").SocketManager(client) as manager:
        came: queue.Queue[Any] = queue.Queue()
        key = manager.start_depth_socket(venue.instrument, came.put)
        manager.wait_ready(key, SOON_S)
        assert came.get(timeout=SOON_S)
        assert manager.start_depth_socket(venue.instrument, came.put) is False
        assert manager.stop_depth_socket(venue.instrument)
        assert not manager.stop_depth_socket(venue.instrument)
        assert not manager.stop_socket(key)
    assert not manager.is_alive()


def test_a_failing_callback_stops_nothing(venue: VenueCase, client: Any) -> None:
    came: queue.Queue[Any] = queue.Queue()

    def fail(message: Any) -> None:
        came.put(message)
        raise RuntimeError("user code")

    with venue.part("sockets").SocketManager(client) as manager:
        manager.start_depth_socket(venue.instrument, fail)
        for _ in range(3):
            assert came.get(timeout=SOON_S)
        wait_until(lambda: manager.stats().get("callbacks failed", 0) >= 3)


def test_a_book_says_when_it_is_not_right_and_comes_right_again(venue: VenueCase, client: Any, exchange: Any, desk: Desk) -> None:
    with venue.part("depth").DepthCacheManager(client, venue.instrument, timeout=SOON_S) as manager:
        cache = manager.get_depth_cache()
        shown, known = cache.top(1), desk.book(venue.instrument, 5)
        assert abs(float(shown[0][0][0]) - float(known.bids[0][0])) < 100
        fault = exchange.fault("skip", stream=venue.gap, times=venue.losses)
        wait_until(lambda: manager.stats()["gaps"] >= 1)
        wait_until(lambda: manager.state is BookState.LIVE)
        fault.lift()
        away = exchange.fault("reset", socket=venue.market)
        wait_until(lambda: manager.state is BookState.STALE)
        away.lift()
        wait_until(lambda: manager.state is BookState.LIVE)
    assert manager.state is BookState.CLOSED


def test_the_account_is_followed_over_a_lost_connection(venue: VenueCase, client: Any, exchange: Any, desk: Desk) -> None:
    came: queue.Queue[Any] = queue.Queue()
    with venue.part("sockets").SocketManager(client) as manager:
        manager.wait_ready(manager.start_user_socket(came.put), SOON_S)
        told = desk.place(venue.instrument, "BUY", type="MARKET", quantity=venue.size)
        _await(came, told.order_id, caught_up=False)
        away = exchange.fault("reset", socket=venue.private)
        missed = desk.place(venue.instrument, "BUY", type="MARKET", quantity=venue.size)
        away.lift()
        _await(came, missed.order_id, caught_up=True)


def _await(came: queue.Queue[Any], order_id: str, *, caught_up: bool) -> None:
    deadline = time.monotonic() + SOON_S
    while True:
        message = came.get(timeout=max(0.0, deadline - time.monotonic()))
        rows = message.get("data", [message]) if isinstance(message, dict) else []
        if any(order_id in (row.get("ordId"), row.get("orderID"), str(row.get("i"))) for row in rows):
            assert message.get("catch_up", False) is caught_up
            return


@pytest.mark.parametrize("wrong", [None, "client", 7])
def test_who_is_no_client_is_refused_by_name(venue: VenueCase, wrong: Any) -> None:
    with pytest.raises(TypeError, match="client"):
        venue.part("sockets").SocketManager(wrong)
    with pytest.raises(TypeError, match="client"):
        venue.part("depth").DepthCacheManager(wrong, venue.instrument)
