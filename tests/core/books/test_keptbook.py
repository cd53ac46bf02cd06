"""A kept book is right or says so: driven by hand through its listener's side, with snapshots from the test."""

from __future__ import annotations

import json
import queue
import random
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest

from exchangeclient.binance.sequence import DepthRule
from exchangeclient.core.books.depthcache import DepthCache
from exchangeclient.core.books.keptbook import BookState, KeptBook
from exchangeclient.core.books.snapshots import Purpose, StreamOnlyError
from exchangeclient.core.process import reactor
from exchangeclient.core.process.clock import FakeClock
from exchangeclient.core.process.workers import Workers
from exchangeclient.core.protocol.session import Backoff
from exchangeclient.exceptions import (
    AuthenticationException,
    ExchangeRequestException,
    OutOfSyncException,
    PermissionException,
    SocketException,
    UnknownSymbolException,
)
from exchangeclient.market.book import OrderBook, levels
from exchangeclient.market.booksync import Diff, Snapshot

SOON_S = 10.0

Answer = tuple[int, Sequence[Sequence[Any]], Sequence[Sequence[Any]]]


class Source:
    """A venue whose snapshots are given one at a time by the test."""

    rule = DepthRule()
    depth: int | None = None

    def __init__(self) -> None:
        self.asked: queue.SimpleQueue[Purpose] = queue.SimpleQueue()
        self.answers: queue.SimpleQueue[Answer | Exception] = queue.SimpleQueue()

    def diff(self, payload: bytes) -> Diff | Snapshot | None:
        message = json.loads(payload)
        if message == {}:
            return None
        if isinstance(message, dict):
            return Snapshot(message["at"], OrderBook(message["bids"], [("100", "1")]))
        first, last, bids, asks, time_ms = message
        return Diff(first, last, levels(bids), levels(asks), time_ms)

    def fetch(self, purpose: Purpose) -> Snapshot:
        self.asked.put(purpose)
        answer = self.answers.get(timeout=SOON_S)
        if isinstance(answer, Exception):
            raise answer
        last_id, bids, asks = answer
        return Snapshot(last_id, OrderBook(bids, asks, self.depth))

    def wait_asked(self) -> Purpose:
        return self.asked.get(timeout=SOON_S)

    def give(self, last_id: int, *bids: tuple[str, str]) -> None:
        self.answers.put((last_id, bids, [("100", "1")]))


class OwnThreads(Workers):
    """Each job on a thread of its own, so that one that waits for the test holds up no other."""

    def __init__(self) -> None:
        super().__init__("test-snapshots", 0)
        self.threads: list[threading.Thread] = []

    def submit(self, job: Callable[[], None]) -> None:
        self.threads.append(threading.Thread(target=job, daemon=True))
        self.threads[-1].start()

    def first_is_done(self) -> None:
        self.threads[0].join(SOON_S)
        assert not self.threads[0].is_alive()


class Rig:
    """A kept book with everything around it under the test's hand."""

    make_source: type[Source] = Source

    def __init__(self, **options: Any) -> None:
        self.source = self.make_source()
        self.clock = FakeClock()
        self.workers = OwnThreads()
        self.changes: queue.SimpleQueue[BookState] = queue.SimpleQueue()
        backoff = Backoff(random.Random(1), first_s=0.001, cap_s=0.002)
        self.book = KeptBook(
            "BNBBTC",
            self.source,
            on_change=lambda: self.changes.put(self.book.state),
            backoff=backoff,
            clock=self.clock,
            workers=self.workers,
            **options,
        )
        self.cache = DepthCache("BNBBTC", kept=self.book)

    def feed(self, first: int, last: int, *bids: tuple[str, str]) -> None:
        self.book.received([json.dumps([first, last, bids, [], last * 10]).encode()])

    def live(self, last_id: int = 100) -> Rig:
        self.book.connected()
        self.source.wait_asked()
        self.source.give(last_id, ("1", "1"))
        assert self.changes.get(timeout=SOON_S) is BookState.LIVE
        return self

    def bids(self) -> dict[str, str]:
        return dict(self.cache.top()[0])

    def wait_state(self, state: BookState) -> None:
        assert self.book._editions.wait(lambda: self.book.state is state, SOON_S)


@pytest.fixture
def rig() -> Iterator[Rig]:
    rig = Rig()
    yield rig
    rig.book.close()
    rig.source.give(0)


def refuses(rig: Rig, state: BookState) -> bool:
    """All reads refuse, naming that state."""
    reads: list[Callable[[], Any]] = [
        rig.cache.get_bids,
        rig.cache.get_asks,
        rig.cache.top,
        lambda: rig.cache.update_time,
        lambda: rig.cache.update_id,
        lambda: rig.cache.age,
        lambda: rig.cache.stale,
    ]
    for read in reads:
        with pytest.raises(OutOfSyncException) as refusal:
            read()
        assert (refusal.value.symbol, refusal.value.state) == ("BNBBTC", state.value)
    return True


def test_book_is_made_from_what_was_buffered_before_the_snapshot_came(rig: Rig) -> None:
    assert rig.book.state is BookState.CONNECTING
    assert refuses(rig, BookState.CONNECTING)
    rig.book.connected()
    assert rig.book.state is BookState.SYNCING
    rig.source.wait_asked()
    rig.feed(99, 101, ("2", "2"))
    assert refuses(rig, BookState.SYNCING)
    rig.source.give(100, ("1", "1"))
    assert rig.changes.get(timeout=SOON_S) is BookState.LIVE
    assert rig.bids() == {"1": "1", "2": "2"}
    assert (rig.cache.update_id, rig.cache.update_time, rig.cache.age, rig.cache.stale) == (101, 1010, 0.0, False)


def test_changes_are_told_once_a_chunk_and_only_when_live(rig: Rig) -> None:
    rig.live()
    rig.book.received([json.dumps([number, number, [("2", str(number))], [], 0]).encode() for number in (101, 102, 103)])
    assert rig.changes.get(timeout=SOON_S) is BookState.LIVE
    assert rig.changes.empty()
    assert rig.bids()["2"] == "103"
    rig.book.received([b"{}"])
    rig.feed(100, 103)
    assert rig.changes.empty()


def test_b01_gap_refuses_reads_until_the_new_snapshot_fits(rig: Rig) -> None:
    rig.live()
    rig.feed(105, 106, ("5", "5"))
    assert refuses(rig, BookState.SYNCING)
    assert rig.changes.empty()
    assert rig.book.stats()["resyncs"] == 1
    rig.source.wait_asked()
    rig.source.give(103)  # B03: too old for the buffered change
    rig.source.wait_asked()
    assert refuses(rig, BookState.SYNCING)
    rig.source.give(106, ("3", "3"))
    assert rig.changes.get(timeout=SOON_S) is BookState.LIVE
    assert rig.bids() == {"3": "3"}


def test_b07_failing_snapshots_are_tried_again_and_the_reason_is_shown(rig: Rig, caplog: pytest.LogCaptureFixture) -> None:
    rig.book.connected()
    for _ in range(3):
        rig.source.wait_asked()
        rig.source.answers.put(ExchangeRequestException("the network is down", sent="no"))
    rig.source.wait_asked()
    with pytest.raises(OutOfSyncException, match="SYNCING: no snapshot: the network is down"):
        rig.cache.top()
    rig.source.answers.put((100, [("1", "NaN")], []))
    rig.source.wait_asked()
    with pytest.raises(OutOfSyncException, match="no snapshot: quantity must be"):
        rig.cache.top()
    rig.source.give(100, ("1", "1"))
    assert rig.changes.get(timeout=SOON_S) is BookState.LIVE
    assert caplog.text.count("the network is down") == 3


def test_b08_lost_stream_makes_the_book_stale_at_once_and_old_levels_do_not_come_back(rig: Rig) -> None:
    rig.live()
    rig.book.lost("cable pulled")
    assert refuses(rig, BookState.STALE)
    rig.feed(101, 101, ("9", "9"))  # a late message changes nothing
    assert rig.book.state is BookState.STALE
    rig.book.connected()
    rig.source.wait_asked()
    rig.source.give(200, ("2", "2"))
    assert rig.changes.get(timeout=SOON_S) is BookState.LIVE
    assert rig.bids() == {"2": "2"}


def test_snapshot_that_was_on_its_way_when_the_stream_broke_is_dropped(rig: Rig) -> None:
    requests: queue.SimpleQueue[queue.SimpleQueue[Answer]] = queue.SimpleQueue()

    def fetch(_: Purpose) -> Snapshot:
        request: queue.SimpleQueue[Answer] = queue.SimpleQueue()
        requests.put(request)
        last_id, bids, asks = request.get(timeout=SOON_S)
        return Snapshot(last_id, OrderBook(bids, asks))

    rig.source.fetch = fetch  # type: ignore[method-assign]
    rig.book.connected()
    before = requests.get(timeout=SOON_S)
    rig.book.lost("cable pulled")
    rig.book.connected()
    after = requests.get(timeout=SOON_S)
    before.put((100, [("1", "1")], []))
    rig.workers.first_is_done()
    assert refuses(rig, BookState.SYNCING)
    after.put((200, [("2", "2")], []))
    assert rig.changes.get(timeout=SOON_S) is BookState.LIVE
    assert rig.bids() == {"2": "2"}
    assert rig.changes.empty()


def test_b21_close_during_a_sync_drops_the_snapshot(rig: Rig) -> None:
    rig.book.connected()
    rig.source.wait_asked()
    rig.book.close()
    rig.source.give(100, ("1", "1"))
    rig.workers.first_is_done()
    assert rig.book.state is BookState.CLOSED
    assert refuses(rig, BookState.CLOSED)
    assert rig.changes.empty()
    rig.book.connected()
    assert not rig.book.awaits  # nobody asks for anything any more
    rig.book.lost("again")
    assert rig.book.state is BookState.CLOSED


def test_b13_unreadable_message_resyncs(rig: Rig, caplog: pytest.LogCaptureFixture) -> None:
    rig.live()
    rig.book.received([b"{"])
    assert refuses(rig, BookState.SYNCING)
    rig.source.wait_asked()
    rig.source.give(120, ("2", "2"))
    assert rig.changes.get(timeout=SOON_S) is BookState.LIVE
    assert "Expecting property name" in caplog.text


def test_last_right_book_is_returned_with_its_age_when_asked_for() -> None:
    rig = Rig(stale="return")
    assert refuses(rig, BookState.CONNECTING)  # there is none yet
    rig.live()
    rig.book.lost("cable pulled")
    rig.clock.advance(2.5)
    assert rig.bids() == {"1": "1"}
    assert (rig.cache.stale, rig.cache.age, rig.cache.update_id) == (True, 2.5, 100)
    with rig.cache.steady():
        assert rig.cache.stale
    with pytest.raises(OutOfSyncException, match="is not live"):
        rig.cache.require()
    rig.book.connected()
    rig.source.wait_asked()
    rig.clock.advance(1.0)
    assert rig.cache.age == 3.5
    rig.source.give(200, ("2", "2"))
    assert rig.changes.get(timeout=SOON_S) is BookState.LIVE
    assert (rig.cache.stale, rig.cache.age, rig.bids()) == (False, 0.0, {"2": "2"})
    rig.book.close()
    assert rig.cache.stale


REFUSALS = [
    UnknownSymbolException("Invalid symbol.", code=-1121),
    PermissionException("not authorized", code=-1002),
    AuthenticationException("Invalid API-key", code=-2015),
]


@pytest.mark.parametrize("error", REFUSALS)
def test_hopeless_snapshot_closes_the_book_with_its_cause(rig: Rig, error: Exception) -> None:
    rig.book.connected()
    rig.source.wait_asked()
    rig.source.answers.put(error)
    assert rig.changes.get(timeout=SOON_S) is BookState.CLOSED
    assert rig.book.failure is error
    with pytest.raises(OutOfSyncException) as refusal:
        rig.book.wait_live(SOON_S)
    assert refusal.value.__cause__ is error


@pytest.mark.parametrize(
    "odd",
    [
        TypeError("list indices must be integers"),
        ValueError("the answer is no order book"),
        KeyError("lastUpdateId"),
        (None, [("1", "1")], []),
        ("100", [("1", "1")], []),
        (True, [("1", "1")], []),
        (100, None, []),
        (100, [("1",)], []),
        (100, [], [5]),
    ],
)
def test_odd_answer_is_no_snapshot_and_is_asked_for_again(rig: Rig, odd: Any) -> None:
    rig.book.connected()
    rig.source.wait_asked()
    rig.feed(99, 101, ("2", "2"))
    rig.source.answers.put(odd)
    rig.source.wait_asked()
    assert rig.book.state is BookState.SYNCING
    rig.feed(102, 102, ("3", "3"))
    rig.source.give(102, ("1", "1"))
    assert rig.changes.get(timeout=SOON_S) is BookState.LIVE
    assert rig.bids() == {"1": "1"}


def test_closed_book_takes_no_failure_of_a_snapshot_that_was_on_its_way(rig: Rig) -> None:
    rig.book.connected()
    rig.source.wait_asked()
    rig.book.close()
    rig.source.answers.put(REFUSALS[0])
    rig.workers.first_is_done()
    assert rig.book.failure is None
    assert rig.changes.empty()


def test_refused_stream_closes_the_book(rig: Rig) -> None:
    error = SocketException("refused")
    rig.book.failed(error)
    assert rig.changes.get(timeout=SOON_S) is BookState.CLOSED
    assert rig.book.failure is error


def test_waiting_for_the_first_book_ends_in_time_and_later_ones_do_not_wait(rig: Rig) -> None:
    with pytest.raises(OutOfSyncException, match="CONNECTING"):
        rig.book.wait_live(0.01)
    rig.live().book.lost("cable pulled")
    rig.book.wait_live(SOON_S)
    with pytest.raises(RuntimeError, match="would block the reactor's thread"):
        reactor.wait(Rig().book.wait_live, 0.01)


class Waits(Backoff):
    """A backoff that never waits and remembers what it was told."""

    def __init__(self) -> None:
        super().__init__(random.Random(1), stable_s=10.0)
        self.lived: list[float] = []

    def after(self, lived_s: float = 0.0) -> float:
        super().after(lived_s)
        self.lived.append(lived_s)
        return 0.0


def test_only_a_book_that_breaks_again_soon_waits_for_its_snapshot() -> None:
    rig = Rig()
    rig.book._backoff = waits = Waits()
    rig.live()
    rig.clock.advance(30.0)
    rig.feed(200, 200)  # a gap after a good time
    assert (waits.lived, waits.failures) == ([0.0, 30.0], 1)
    rig.source.wait_asked()
    rig.source.give(300)
    rig.wait_state(BookState.LIVE)
    rig.clock.advance(1.0)
    rig.feed(400, 400)  # and again
    assert (waits.lived, waits.failures) == ([0.0, 30.0, 1.0], 2)
    rig.book.close()
    rig.source.give(0)


def test_reads_within_steady_are_of_one_moment_while_the_book_goes_on(rig: Rig) -> None:
    rig.live()
    with rig.book.steady():
        before = (rig.cache.update_id, rig.bids())
        rig.feed(101, 101, ("1", "7"))
        rig.feed(102, 102, ("2", "2"))
        assert (rig.cache.update_id, rig.bids()) == before == (100, {"1": "1"})
        elsewhere: queue.SimpleQueue[Any] = queue.SimpleQueue()
        threading.Thread(target=lambda: elsewhere.put((rig.cache.update_id, rig.bids()))).start()
        assert elsewhere.get(timeout=SOON_S) == (102, {"1": "7", "2": "2"})
        rig.book.lost("cable pulled")
        assert rig.bids() == before[1]
    assert refuses(rig, BookState.STALE)
    with pytest.raises(OutOfSyncException), rig.book.steady():
        pass


def test_steady_reads_may_be_within_steady_reads(rig: Rig) -> None:
    rig.live()
    with rig.cache.steady() as cache:
        with rig.cache.steady():
            rig.feed(101, 101, ("1", "7"))
            assert rig.bids() == {"1": "1"}
        assert dict(cache.top()[0]) == {"1": "1"}
        rig.feed(102, 102, ("1", "8"))
        assert rig.bids() == {"1": "1"}
    assert rig.bids() == {"1": "8"}


def test_b17_reader_sees_one_whole_update_or_none(rig: Rig) -> None:
    rig.live()
    rig.feed(101, 101, ("2", "101"), ("3", "101"))
    stop = threading.Event()
    torn: list[Any] = []

    def read() -> None:
        while not stop.is_set():
            levels = rig.bids()
            if levels["2"] != levels["3"]:
                torn.append(levels)

    readers = [threading.Thread(target=read) for _ in range(3)]
    for reader in readers:
        reader.start()
    for number in range(102, 3000):
        rig.feed(number, number, ("2", str(number)), ("3", str(number)))
    stop.set()
    for reader in readers:
        reader.join(SOON_S)
    assert torn == []


def test_feed_goes_on_while_the_users_conv_type_runs(rig: Rig) -> None:
    entered, go_on = threading.Event(), threading.Event()

    def slow(text: str) -> str:
        entered.set()
        assert go_on.wait(SOON_S)
        return text

    rig.live()
    cache = DepthCache("BNBBTC", conv_type=slow, kept=rig.book)
    shown: queue.SimpleQueue[Any] = queue.SimpleQueue()
    threading.Thread(target=lambda: shown.put(cache.get_bids()), daemon=True).start()
    assert entered.wait(SOON_S)
    feeding = threading.Thread(target=rig.feed, args=(101, 101, ("1", "9")), daemon=True)
    feeding.start()
    assert rig.changes.get(timeout=SOON_S) is BookState.LIVE
    go_on.set()
    assert shown.get(timeout=SOON_S) == [["1", "1"]]


def test_cache_of_a_manager_takes_no_levels_by_hand(rig: Rig) -> None:
    with pytest.raises(TypeError, match="kept by its manager"):
        rig.cache.add_bid(["1", "1"])


def test_b17_eight_readers_in_the_middle_of_their_reading_hold_up_no_change(rig: Rig) -> None:
    """Were there a lock, the change would have to wait until they are done, and they are done when it is made."""
    rig.live()
    fed = threading.Event()
    seen: queue.SimpleQueue[Any] = queue.SimpleQueue()
    reading = threading.Semaphore(0)

    def take(book: OrderBook) -> Any:
        shown = book.bids.top()
        reading.release()
        fed.wait(SOON_S)
        return shown, book.asks.top()

    readers = [threading.Thread(target=lambda: seen.put(rig.book.read(take))) for _ in range(8)]
    for reader in readers:
        reader.start()
    for _ in readers:
        assert reading.acquire(timeout=SOON_S)
    began_s = time.monotonic()
    for number in range(101, 111):
        rig.feed(number, number, ("1", str(number)))
    took_s = time.monotonic() - began_s
    fed.set()
    for reader in readers:
        reader.join(SOON_S)
        assert seen.get_nowait() == ((("1", "110"),), (("100", "1"),))
    assert took_s < SOON_S / 2


class SelfStartingSource(Source):
    """One whose stream begins with a snapshot of its own."""

    patience_s = 3600.0


class SelfStartingRig(Rig):
    """A kept book of such a stream."""

    make_source = SelfStartingSource

    def bring(self, at: int, *bids: tuple[str, str]) -> None:
        self.book.received([json.dumps({"at": at, "bids": bids}).encode()])


@pytest.fixture
def starting() -> Iterator[SelfStartingRig]:
    rig = SelfStartingRig()
    yield rig
    rig.book.close()


def test_a_snapshot_of_the_streams_own_makes_the_book_and_nothing_is_asked_for(starting: SelfStartingRig) -> None:
    starting.book.connected()
    starting.bring(100, ("1", "1"))
    assert starting.changes.get(timeout=SOON_S) is BookState.LIVE
    assert starting.bids() == {"1": "1"}
    starting.feed(101, 101, ("2", "2"))
    assert starting.bids() == {"1": "1", "2": "2"}
    assert starting.source.asked.empty()


def test_a_gap_in_such_a_stream_is_mended_over_rest_at_once(starting: SelfStartingRig) -> None:
    starting.book.connected()
    starting.bring(100, ("1", "1"))
    starting.feed(105, 106, ("5", "5"))
    assert refuses(starting, BookState.SYNCING)
    assert starting.source.wait_asked() == "start"
    starting.source.give(106, ("3", "3"))
    starting.wait_state(BookState.LIVE)
    assert starting.bids() == {"3": "3"}


def test_a_snapshot_of_a_connection_that_is_behind_is_of_no_use(starting: SelfStartingRig, caplog: pytest.LogCaptureFixture) -> None:
    starting.book.connected()
    starting.bring(100, ("1", "1"))
    starting.feed(101, 101, ("2", "2"))
    starting.bring(100, ("1", "1"))
    assert (starting.book.state, starting.bids()) == (BookState.LIVE, {"1": "1", "2": "2"})
    assert [record for record in caplog.records if record.levelname == "WARNING"] == [], "it is no trouble"


def test_one_that_is_ahead_of_a_live_book_is_compared_with_it(starting: SelfStartingRig) -> None:
    starting.book.connected()
    starting.bring(100, ("1", "1"))
    starting.bring(102, ("1", "1"), ("2", "2"))
    starting.feed(101, 101, ("2", "1"))
    starting.feed(102, 102, ("2", "2"))
    assert starting.book.state is BookState.LIVE
    assert starting.book.stats()["audits_passed"] == 1


def test_where_only_the_stream_can_begin_anew_it_is_made_to() -> None:
    renewed: queue.SimpleQueue[str] = queue.SimpleQueue()
    rig = SelfStartingRig(renew=renewed.put)
    rig.book.connected()
    rig.bring(100, ("1", "1"))
    rig.feed(105, 106)
    rig.source.wait_asked()
    rig.source.answers.put(StreamOnlyError("the book has no number"))
    assert renewed.get(timeout=SOON_S) == "the book has no number"
    rig.book.lost("renewed")
    rig.book.connected()
    rig.bring(200, ("7", "7"))
    rig.wait_state(BookState.LIVE)
    assert rig.bids() == {"7": "7"}
    rig.book.close()
