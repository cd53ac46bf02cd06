"""Books kept from ``orderBookL2``: on a venue of few words, whose REST says what a test has it say."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import pytest
import requests_mock
from canned_tables import TableVenue, message

from exchangeclient.bitmex import depth as depth_module
from exchangeclient.bitmex.client import Client
from exchangeclient.bitmex.depth import DepthCacheManager
from exchangeclient.bitmex.sockets import SocketManager
from exchangeclient.core.books.keptbook import BookState
from exchangeclient.exceptions import OutOfSyncException, SocketException

pytestmark = pytest.mark.usefixtures("quick_books")

SOON_S = 20.0
REST = "http://127.0.0.1:9"


def level(row_id: int, side: str, amount: int, price: float, **more: Any) -> dict[str, Any]:
    return {"symbol": "XBTUSD", "id": row_id, "side": side, "size": amount, "price": price, **more}


LEVELS = [level(10, "Sell", 3, 101.5), level(11, "Sell", 8, 102), level(20, "Buy", 4, 100), level(21, "Buy", 5, 99.5)]


def change(action: str, *rows: dict[str, Any]) -> str:
    return message("orderBookL2", action, *rows)


def bare(row_id: int, side: str, **more: Any) -> dict[str, Any]:
    return {"symbol": "XBTUSD", "id": row_id, "side": side, **more}


@pytest.fixture
def venue() -> Iterator[TableVenue]:
    venue = TableVenue()
    venue.rows = {"orderBookL2:XBTUSD": list(LEVELS)}
    yield venue
    venue.stop()


@pytest.fixture
def rest() -> requests_mock.Adapter:
    return requests_mock.Adapter()


@pytest.fixture
def client(venue: TableVenue, rest: requests_mock.Adapter) -> Iterator[Client]:
    with Client(environment={"rest": REST, "stream": venue.url}) as client:
        client.session.mount("http://", rest)
        yield client


def wait_until(holds: Callable[[], bool]) -> None:
    deadline, pause = time.monotonic() + SOON_S, threading.Event()
    while not holds():
        assert time.monotonic() < deadline
        pause.wait(0.01)


def test_a_book_follows_rows_by_their_ids_in_both_generations_of_the_feed(venue: TableVenue, client: Client) -> None:
    with DepthCacheManager(client, "xbtusd", timeout=SOON_S, conv_type=Decimal) as manager:
        cache = manager.get_depth_cache()
        assert cache.top() == ((("100", "4"), ("99.5", "5")), (("101.5", "3"), ("102", "8")))
        venue.say(change("update", bare(20, "Buy", size=7)), change("delete", bare(10, "Sell")))
        wait_until(lambda: cache.top(1) == ((("100", "7"),), (("102", "8"),)))
        stamp = {"timestamp": "2024-11-24T08:26:22.356Z"}
        venue.say(
            change("insert", level(10, "Buy", 2, 100.5, **stamp)),
            change("update", level(11, "Sell", 9, 102, **stamp)),
            change("delete", bare(21, "Buy", price=99.5, **stamp)),
        )
        wait_until(lambda: cache.get_bids() == [[Decimal("100.5"), 2], [100, 7]] and cache.get_asks() == [[102, 9]])
        assert cache.update_time == 1_732_436_782_356
        assert manager.stats()["resyncs"] == manager.stats()["gaps"] == 0
    assert manager.state is BookState.CLOSED


@pytest.mark.parametrize(
    ("odd", "counted"),
    [
        (change("update", bare(77, "Buy", size=1)), "gaps"),
        (change("delete", bare(10, "Buy")), "gaps"),
        (change("insert", level(10, "Sell", 1, 103)), "gaps"),
        (change("insert", level(99, "Sell", 1, 102)), "gaps"),
        (change("update", level(20, "Buy", 4, 98)), "gaps"),
        (change("insert", bare(99, "Sell", size=1)), "gaps"),
        (change("insert", level(98, "Buy", 1, 150)), "crossed"),
        (change("insert", level(98, "Buy", 1, 90, size="much")), "refused"),
        ('{"table":"orderBookL2","action":"update","data":[{"symbol":"XBTUSD"}]}', "refused"),
    ],
)
def test_b15_what_does_not_follow_has_the_stream_begin_anew_over_the_same_connection(
    venue: TableVenue, client: Client, odd: str, counted: str
) -> None:
    with DepthCacheManager(client, "XBTUSD", timeout=SOON_S) as manager:
        cache = manager.get_depth_cache()
        venue.rows["orderBookL2:XBTUSD"] = [*LEVELS[:2], level(20, "Buy", 100, 100), LEVELS[3]]
        venue.say(odd)
        wait_until(lambda: manager.stats()["resyncs"] == 1)
        wait_until(lambda: manager.state is BookState.LIVE)
        assert cache.get_bids(1) == [[100.0, 100.0]]
        assert manager.stats()[counted] == 1
    assert [each["op"] for each in venue.heard if each != "ping"] == ["subscribe", "unsubscribe", "subscribe"]
    assert venue.accepted == 1


def test_b15_changes_before_the_partial_are_ignored_and_a_second_partial_takes_the_place_of_the_book(
    venue: TableVenue, client: Client
) -> None:
    venue.early["orderBookL2:XBTUSD"] = [change("update", bare(77, "Buy", size=1)), change("delete", bare(10, "Sell"))]
    states: list[Any] = []
    with DepthCacheManager(client, "XBTUSD", lambda cache: states.append(cache and cache.top(1)), timeout=SOON_S) as manager:
        cache = manager.get_depth_cache()
        assert cache.get_asks(1) == [[101.5, 3.0]]
        fresh = [level(30, "Buy", 1, 99), level(20, "Buy", 4, 100), level(31, "Sell", 6, 100.5)]
        venue.say(message("orderBookL2", "partial", *fresh, keys=["symbol", "id", "side"], filter={"symbol": "XBTUSD"}))
        wait_until(lambda: cache.get_asks() == [[100.5, 6.0]] and cache.get_bids() == [[100.0, 4.0], [99.0, 1.0]])
        venue.say(change("update", bare(31, "Sell", size=2)), change("insert", level(10, "Sell", 1, 101.5)))
        wait_until(lambda: cache.get_asks() == [[100.5, 2.0], [101.5, 1.0]])
        assert manager.stats()["resyncs"] == 0
    assert None not in states


def test_a_lost_connection_is_said_and_the_book_comes_right_again(venue: TableVenue, client: Client) -> None:
    with DepthCacheManager(client, "XBTUSD", timeout=SOON_S) as manager:
        cache = manager.get_depth_cache()
        venue.rows["orderBookL2:XBTUSD"] = LEVELS[1:3]
        venue.early["orderBookL2:XBTUSD"] = [change("delete", bare(10, "Sell")), change("update", bare(21, "Buy", size=9))]
        venue.drop()
        wait_until(lambda: manager.state is BookState.STALE)
        with pytest.raises(OutOfSyncException):
            cache.top(1)
        wait_until(lambda: manager.state is BookState.LIVE)
        assert cache.top() == ((("100", "4"),), (("102", "8"),))
        assert manager.stats()["gaps"] == 0, "what comes before the partial belongs to nothing"
    assert [each["op"] for each in venue.heard if each != "ping"] == ["subscribe", "subscribe"], "the partial was taken"


def test_books_and_sockets_share_a_connection(venue: TableVenue, client: Client) -> None:
    came: queue.Queue[Any] = queue.Queue()
    venue.rows["orderBookL2:ETHUSD"] = [{**each, "symbol": "ETHUSD"} for each in LEVELS]
    with SocketManager(client) as shared:
        one, other = (DepthCacheManager(client, symbol, bm=shared, timeout=SOON_S) for symbol in ("XBTUSD", "ETHUSD"))
        shared.start_depth_socket("XBTUSD", came.put)
        assert one.get_depth_cache().top(1) == other.get_depth_cache().top(1)
        venue.say(change("update", bare(20, "Buy", size=6)))
        while came.get(timeout=SOON_S)["action"] != "update":
            pass
        wait_until(lambda: one.get_depth_cache().get_bids(1) == [[100.0, 6.0]])
        assert other.get_depth_cache().get_bids(1) == [[100.0, 4.0]]
        assert venue.accepted == 1


@pytest.fixture
def near(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(depth_module, "_APART_S", 0.05)


@pytest.mark.usefixtures("near")
def test_b13_a_book_that_is_not_the_venues_is_found_out_by_rest_and_made_anew(
    venue: TableVenue, client: Client, rest: requests_mock.Adapter
) -> None:
    wrong = [*LEVELS[:2], level(20, "Buy", 44, 100)]  # another size, and one level less
    rest.register_uri("GET", f"{REST}/api/v1/orderBook/L2", json=wrong)
    with DepthCacheManager(client, "XBTUSD", refresh_interval=1, timeout=SOON_S) as manager:
        cache = manager.get_depth_cache()
        assert cache.get_bids() == [[100.0, 4.0], [99.5, 5.0]]
        venue.rows["orderBookL2:XBTUSD"] = wrong
        wait_until(lambda: manager.stats()["audits_failed"] == 1)
        wait_until(lambda: manager.state is BookState.LIVE and cache.get_bids() == [[100.0, 44.0]])
        wait_until(lambda: manager.stats()["audits_passed"] >= 1)
        assert manager.stats()["audits_failed"] == 1
    assert "depth=0" in rest.request_history[0].url


@pytest.mark.usefixtures("near")
def test_b13_what_the_stream_has_touched_meanwhile_is_no_proof(venue: TableVenue, client: Client, rest: requests_mock.Adapter) -> None:
    asked = threading.Semaphore(0)
    size = iter(range(1000, 2000))

    def late(request: Any, context: Any) -> Any:
        """A book as it was before the change that comes while it is on its way."""
        venue.say(change("update", bare(20, "Buy", size=(now := next(size)))))
        wait_until(lambda: manager.get_depth_cache().get_bids(1) == [[100.0, float(now)]])
        asked.release()
        return LEVELS

    rest.register_uri("GET", f"{REST}/api/v1/orderBook/L2", json=late)
    with DepthCacheManager(client, "XBTUSD", refresh_interval=1, timeout=SOON_S) as manager:
        manager.get_depth_cache()
        for _ in range(2):
            assert asked.acquire(timeout=SOON_S)
        wait_until(lambda: manager.stats()["audits_passed"] >= 1)
        assert manager.stats()["audits_failed"] == manager.stats()["resyncs"] == 0


def test_the_historic_venue_is_refused_by_the_date_on_which_it_closed() -> None:
    with Client(environment="mainnet") as client:
        with pytest.raises(SocketException, match="closed on 2026-09-23"):
            DepthCacheManager(client, "XBTUSD")
        with pytest.raises(SocketException, match="closed on 2026-09-23"):
            SocketManager(client).start()


@pytest.mark.parametrize(("symbol", "error"), [("XBT:perpetual", ValueError), ("", ValueError), (7, TypeError)])
def test_what_is_no_symbol_is_refused_by_name(client: Client, symbol: Any, error: type[Exception]) -> None:
    with pytest.raises(error, match="symbol"):
        DepthCacheManager(client, symbol)
