"""The depth cache manager on the embedded exchange: its book is the venue's book, or it says that it is not."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from exchangeclient.core.books.depthcache import DepthCache
from exchangeclient.core.books.keptbook import BookState
from exchangeclient.exceptions import OutOfSyncException
from exchangeclient.okx.client import Client
from exchangeclient.okx.depth import DepthCacheManager
from exchangeclient.okx.sockets import SocketManager
from exchangeclient.sandbox import Sandbox

SOON_S = 30.0


def wait_until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + SOON_S
    pause = threading.Event()
    while not holds():
        assert time.monotonic() < deadline
        pause.wait(0.01)


def test_live_book_equals_the_venues_answer_at_the_same_number(client: Client) -> None:
    tops: dict[int, Any] = {}

    def remember(cache: DepthCache | None) -> None:
        assert cache is not None
        tops[cache.update_id] = cache.top()

    with DepthCacheManager(client, "ETH-USDT", remember, timeout=SOON_S) as manager:
        manager.get_depth_cache()
        compared = 0
        for _ in range(300):
            answer = client.get_order_book("ETH-USDT", sz=400)
            wait_until(lambda answer=answer: max(tops, default=0) >= answer["seqId"])
            if answer["seqId"] in tops:
                bids, asks = ([tuple(row[:2]) for row in answer[side]] for side in ("bids", "asks"))
                assert tops[answer["seqId"]] == (tuple(bids), tuple(asks))
                compared += 1
            if compared >= 3:
                break
        assert compared >= 3
        assert manager.stats()["resyncs"] == 0


def test_a_change_that_is_missing_is_noticed_and_the_book_comes_right_again(client: Client, fault: Callable[..., Any]) -> None:
    notices: list[Any] = []
    with SocketManager(client, on_event=notices.append) as bm, DepthCacheManager(client, "BTC-USDT", bm=bm, timeout=SOON_S) as manager:
        cache = manager.get_depth_cache()
        fault("skip", stream="books*BTC-USDT*")
        wait_until(lambda: manager.stats()["gaps"] == 1)
        wait_until(lambda: manager.state is BookState.LIVE)
        assert cache.top(1)[0]
        wait_until(lambda: {"gap", "recovered"} <= {notice.kind for notice in notices})


def test_a_book_is_stale_while_its_connection_is_lost_and_live_with_the_next_one(client: Client, fault: Callable[..., Any]) -> None:
    with DepthCacheManager(client, "BTC-USDT", timeout=SOON_S) as manager:
        cache = manager.get_depth_cache()
        away = fault("reset", socket="/ws/v5/public")
        wait_until(lambda: manager.state is BookState.STALE)
        with pytest.raises(OutOfSyncException):
            cache.top(1)
        away.lift()
        wait_until(lambda: manager.state is BookState.LIVE)


def test_a_refresh_compares_the_book_with_the_venues_and_finds_it_equal(client: Client) -> None:
    with DepthCacheManager(client, "BTC-USDT", refresh_interval=1, timeout=SOON_S) as manager:
        manager.get_depth_cache()
        wait_until(lambda: manager.stats()["audits_passed"] >= 2)
        assert manager.stats()["audits_failed"] == 0


def test_an_unknown_instrument_is_told_once(client: Client) -> None:
    told: list[Any] = []
    with DepthCacheManager(client, "NO-SUCH", told.append, timeout=SOON_S) as manager:
        wait_until(lambda: manager.state is BookState.CLOSED)
        wait_until(lambda: told == [None])
        with pytest.raises(OutOfSyncException):
            manager.get_depth_cache()


@pytest.mark.parametrize("switches", [{"snapshot": False}, {"checksum": True}, {"snapshot": False, "checksum": True}])
def test_books_begin_over_rest_where_the_stream_brings_no_snapshot_and_checksums_are_held_to(switches: dict[str, bool]) -> None:
    with (
        Sandbox(seed=11, okx=switches) as exchange,
        Client(environment=exchange.urls["okx"]) as client,
        DepthCacheManager(client, "BTC-USDT", conv_type=Decimal, timeout=SOON_S) as manager,
    ):
        cache = manager.get_depth_cache()
        wait_until(lambda: manager.stats()["applied"] > 10)
        assert cache.get_bids(1)[0][0] < cache.get_asks(1)[0][0]
        assert manager.stats()["disproved"] == manager.stats()["gaps"] == 0


@pytest.mark.parametrize(
    ("wrong", "error"),
    [({"stale": "never"}, ValueError), ({"refresh_interval": 0.5}, ValueError), ({"timeout": "soon"}, TypeError), ({"bm": 1}, TypeError),
     ({"callback": 1}, TypeError)],
)  # fmt: skip
def test_arguments_that_cannot_be_meant_are_refused_by_name(client: Client, wrong: dict[str, Any], error: type[Exception]) -> None:
    with pytest.raises(error, match=next(iter(wrong))):
        DepthCacheManager(client, "BTC-USDT", **wrong)
    with pytest.raises(ValueError, match="instId"):
        DepthCacheManager(client, "BTCUSDT")
