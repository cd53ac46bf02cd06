"""A kept book is right or says so: driven by hand through its listener's side, with snapshots from the test."""

from __future__ import annotations

import json
import queue
import random
import threading
from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from typing import Any
from unittest import mock

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exchangeclient.binance.sequence import DepthRule
from exchangeclient.core import reactor
from exchangeclient.core.books import BookState, DepthCache, KeptBook
from exchangeclient.core.clock import FakeClock
from exchangeclient.core.session import Backoff
from exchangeclient.core.workers import Workers
from exchangeclient.exceptions import (
    AuthenticationException,
    ExchangeRequestException,
    OutOfSyncException,
    PermissionException,
    SocketException,
    UnknownSymbolException,
)
from exchangeclient.market.booksync import Diff

SOON_S = 10.0

Answer = tuple[int, Sequence[Sequence[Any]], Sequence[Sequence[Any]]]


class Source:
    """A venue whose snapshots are given one at a time by the test."""

    rule = DepthRule()

    def __init__(self) -> None:
        self.asked: queue.SimpleQueue[None] = queue.SimpleQueue()
        self.answers: queue.SimpleQueue[Answer | Exception] = queue.SimpleQueue()

    def diff(self, payload: bytes) -> Diff | None:
        message = json.loads(payload)
        return None if message == {} else Diff(*message)

    def fetch(self) -> Answer:
        self.asked.put(None)
        answer = self.answers.get(timeout=SOON_S)
        if isinstance(answer, Exception):
            raise answer
        return answer

    def wait_asked(self) -> None:
        self.asked.get(timeout=SOON_S)

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

    def __init__(self, **options: Any) -> None:
        self.source = Source()
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
        with self.book._changed:
            assert self.book._changed.wait_for(lambda: self.book.state is state, SOON_S)


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
    assert rig.book.resyncs == 1
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
    rig.book.connected()
    rig.source.wait_asked()
    rig.source.give(200, ("2", "2"))
    assert rig.changes.get(timeout=SOON_S) is BookState.LIVE
    assert rig.bids() == {"2": "2"}


def test_snapshot_that_was_on_its_way_when_the_stream_broke_is_dropped(rig: Rig) -> None:
    requests: queue.SimpleQueue[queue.SimpleQueue[Answer]] = queue.SimpleQueue()

    def fetch() -> Answer:
        request: queue.SimpleQueue[Answer] = queue.SimpleQueue()
        requests.put(request)
        return request.get(timeout=SOON_S)

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


def test_refresh_swaps_a_new_book_in_without_a_gap() -> None:
    rig = Rig(refresh_s=0.01)
    rig.live()
    rig.source.wait_asked()  # of the refresh
    assert rig.book.state is BookState.LIVE
    rig.feed(101, 101, ("2", "2"))
    assert rig.changes.get(timeout=SOON_S) is BookState.LIVE
    assert rig.bids() == {"1": "1", "2": "2"}
    rig.source.give(101, ("3", "3"))
    assert rig.changes.get(timeout=SOON_S) is BookState.LIVE
    assert rig.bids() == {"3": "3"}
    assert rig.book.resyncs == 0
    rig.book.close()
    rig.source.give(0)


@pytest.mark.parametrize(
    "bad", [(101, [("10", "1")], [("9", "1")]), (99, [("1", "1")], []), ("101", [], []), OSError("down"), ValueError("odd"), *REFUSALS]
)
def test_refresh_that_gets_no_right_snapshot_leaves_the_live_book_and_is_tried_again(bad: Any, caplog: pytest.LogCaptureFixture) -> None:
    rig = Rig(refresh_s=0.01)
    rig.live()
    for number in (101, 102):
        rig.source.wait_asked()
        rig.feed(number, number, ("2", str(number)))
        assert rig.changes.get(timeout=SOON_S) is BookState.LIVE
        rig.source.answers.put(bad)
    rig.source.wait_asked()
    assert rig.book.state is BookState.LIVE
    assert (rig.cache.update_id, rig.bids()) == (102, {"1": "1", "2": "102"})
    assert rig.changes.empty()
    assert len([record for record in caplog.records if "snapshot" in record.message and record.levelname == "WARNING"]) == 2
    rig.source.give(102, ("3", "3"))
    assert rig.changes.get(timeout=SOON_S) is BookState.LIVE
    assert rig.bids() == {"3": "3"}
    assert (rig.book.resyncs, rig.book.failure) == (0, None)
    rig.book.close()
    rig.source.give(0)


def test_gap_while_a_failed_refresh_waits_gets_its_snapshot_at_once() -> None:
    rig = Rig(refresh_s=0.01)
    rig.live()
    rig.source.wait_asked()
    rig.book._backoff = Backoff(random.Random(1), first_s=1e6, cap_s=1e6)
    rig.clock.advance(60.0)
    rig.source.answers.put(OSError("down"))
    rig.workers.threads[1].join(SOON_S)
    rig.feed(200, 200, ("2", "2"))
    assert refuses(rig, BookState.SYNCING)
    rig.source.wait_asked()
    rig.source.give(200, ("3", "3"))
    assert rig.changes.get(timeout=SOON_S) is BookState.LIVE
    rig.book.close()


def test_b22_refresh_in_the_middle_of_a_gap_makes_one_sync() -> None:
    rig = Rig(refresh_s=0.01)
    rig.live()
    rig.source.wait_asked()
    rig.feed(110, 111, ("2", "2"))  # a gap while the refresh's snapshot is on its way
    assert refuses(rig, BookState.SYNCING)
    rig.source.give(105)
    rig.source.wait_asked()
    rig.source.give(110, ("3", "3"))
    assert rig.changes.get(timeout=SOON_S) is BookState.LIVE
    assert rig.bids() == {"2": "2", "3": "3"}
    rig.book.close()
    rig.source.give(0)
    rig.source.give(0)


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


class HandLoop:
    """In the reactor's place: what is to be called later is called when the test says."""

    def __init__(self) -> None:
        self.timers: list[tuple[Callable[..., Any], tuple[Any, ...]]] = []

    def callFromThread(self, call: Callable[..., Any], *args: Any) -> None:
        call(*args)

    def callLater(self, delay: float, call: Callable[..., Any], *args: Any) -> HandTimer:
        self.timers.append((call, args))
        return HandTimer(self, self.timers[-1])

    def fire(self) -> None:
        timers, self.timers = self.timers, []
        for call, args in timers:
            call(*args)


class HandTimer:
    def __init__(self, loop: HandLoop, timer: Any) -> None:
        self.loop, self.timer = loop, timer

    def active(self) -> bool:
        return any(timer is self.timer for timer in self.loop.timers)

    def cancel(self) -> None:
        self.loop.timers = [timer for timer in self.loop.timers if timer is not self.timer]


class HandWorkers(Workers):
    """Jobs that are done when the test says."""

    def __init__(self) -> None:
        super().__init__("test-by-hand", 0)
        self.jobs: list[Callable[[], None]] = []

    def submit(self, job: Callable[[], None]) -> None:
        self.jobs.append(job)


class Story:
    """A venue's book (a plain dict for each id), its stream with losses, and a kept book that follows it."""

    def __init__(self, seed: int) -> None:
        self.generator = random.Random(seed)
        self.states: list[dict[str, str]] = [{}]
        self.changes: list[Any] = [None]
        self.loop = HandLoop()
        self.workers = HandWorkers()
        self.source = Source()
        with mock.patch.object(reactor, "running", return_value=self.loop):
            self.book = KeptBook("X", self.source, workers=self.workers, on_change=lambda: None, refresh_s=1.0, clock=FakeClock())
        self.book.connected()

    def move(self) -> int:
        price, quantity = str(self.generator.randint(1, 6)), self.generator.choice(["0", "1", "2"])
        state = {**self.states[-1], price: quantity}
        if quantity == "0":
            del state[price]
        self.states.append(state)
        number = len(self.states) - 1
        self.changes.append([number, number, [[price, quantity]], [], number])
        return number

    def hear(self, number: int) -> None:
        self.book.received([json.dumps(self.changes[number]).encode()])

    def answer(self, kind: str) -> None:
        """What the venue says to the next fetch of a snapshot, for which the time comes if it has not."""
        if not self.workers.jobs:
            self.loop.fire()
        if not self.workers.jobs:
            return
        newest = len(self.states) - 1
        at = newest if kind == "fresh" else max(0, newest - self.generator.randint(1, 5))
        right = (at, list(self.states[at].items()), [("100", "1")])
        wrong: dict[str, Any] = {
            "crossed": (newest, [("9", "1")], [("8", "1")]),
            "odd": (None, [], []),
            "nan": (newest, [("NaN", "1")], []),
            "down": OSError("down"),
            "refused": REFUSALS[0] if self.book.state is BookState.LIVE else OSError("refused"),
        }
        self.source.answers = queue.SimpleQueue()  # a fetch that nobody wants any more asks for nothing
        self.source.answers.put(wrong.get(kind, right))
        self.workers.jobs.pop(0)()

    def shown(self) -> int | None:
        """The id of what a reader sees, which is what the venue had at that id; None when he is refused."""
        cache = DepthCache("X", kept=self.book)
        if self.book.state is not BookState.LIVE:
            assert refuses_all(cache)
            return None
        with self.book.steady():
            assert dict(cache.top()[0]) == self.states[cache.update_id]
            return cache.update_id


def refuses_all(cache: DepthCache) -> bool:
    with pytest.raises(OutOfSyncException):
        cache.top()
    return True


_ANSWERS = ["fresh", "stale", "crossed", "odd", "nan", "down", "refused"]
_STORIES = st.lists(
    st.sampled_from(["hear", "hear", "lose", "double", "late", "break", "unreadable", "time", "time", *_ANSWERS]), max_size=60
)


@settings(max_examples=300, deadline=None)
@given(steps=_STORIES, seed=st.integers(0, 2**32))
def test_live_book_is_the_venues_whatever_its_stream_and_its_snapshots_are(steps: list[str], seed: int) -> None:
    story = Story(seed)
    for step in steps:
        before = story.shown()
        if step in _ANSWERS:
            story.answer(step)
        elif step == "time":
            story.loop.fire()
        elif step == "break":
            story.book.lost("cable pulled")
            story.book.connected()
        elif step == "unreadable":
            story.book.received([b"{"])
        else:
            number = story.move()
            heard = {"hear": [number], "lose": [], "double": [number, number], "late": [max(1, number - 2), number]}[step]
            for one in heard:
                story.hear(one)
        after = story.shown()
        if before is not None and (step in _ANSWERS or step in ("time", "hear", "double", "late")):
            assert after is None or after >= before
            assert after is not None or step not in (*_ANSWERS, "time")  # no answer and no timer can do a live book harm
    for _ in range(4):  # whatever has happened: right again as soon as the venue is
        story.loop.fire()
        while story.workers.jobs:
            story.answer("fresh")
        story.hear(story.move())
    assert story.shown() == len(story.states) - 1
    story.book.close()
    assert story.loop.timers == []


class TestDepthCache:
    """The cache that is made by hand, as in the seed."""

    def test_levels_are_lists_of_floats_best_first(self) -> None:
        cache = DepthCache("BNBBTC")
        for bid in (["0.1", "5"], [0.2, 6.0], ["0.15", "7", []]):
            cache.add_bid(bid)
        for ask in (["0.4", "1"], ["0.3", "2"]):
            cache.add_ask(ask)
        assert cache.get_bids() == [[0.2, 6.0], [0.15, 7.0], [0.1, 5.0]]
        assert cache.get_asks() == [[0.3, 2.0], [0.4, 1.0]]
        assert cache.top(1) == ((("0.2", "6.0"),), (("0.3", "2"),))
        assert cache.symbol == "BNBBTC"
        assert cache.update_time is None
        assert not cache.stale

    def test_quantity_zero_removes_a_level(self) -> None:
        cache = DepthCache("BNBBTC")
        cache.add_bid(["0.1", "5"])
        cache.add_bid(["0.10", "0.00000000"])
        assert cache.get_bids() == []

    def test_two_caches_never_share_a_book(self) -> None:
        first, second = DepthCache("AAA"), DepthCache("BBB")
        first.add_bid(["1", "1"])
        assert second.get_bids() == []

    def test_b18_changing_the_returned_list_changes_nothing_else(self) -> None:
        cache = DepthCache("BNBBTC")
        cache.add_bid(["1", "1"])
        shown = cache.get_bids()
        shown[0][1] = 99.0
        shown.append([2.0, 2.0])
        assert cache.get_bids() == [[1.0, 1.0]]

    def test_numbers_are_converted_as_asked(self) -> None:
        cache = DepthCache("BNBBTC", conv_type=Decimal)
        cache.add_ask(["0.10", "5"])
        assert cache.get_asks() == [[Decimal("0.10"), Decimal(5)]]
        assert isinstance(cache.get_asks()[0][0], Decimal)
        with pytest.raises(TypeError, match="conv_type must"):
            DepthCache("BNBBTC", conv_type=5)  # type: ignore[arg-type]

    @pytest.mark.parametrize("side", ["bid", "ask"])
    def test_b17_hand_made_cache_is_not_filled_in_the_middle_of_a_read(self, side: str) -> None:
        cache = DepthCache("BNBBTC")
        filled = threading.Event()

        def fill() -> None:
            getattr(cache, f"add_{side}")(["1", "1"])
            filled.set()

        with cache._reading() as version:
            threading.Thread(target=fill, daemon=True).start()
            assert not filled.wait(0.05)
            assert version.book.top() == ((), ())
        assert filled.wait(SOON_S)
        assert cache.top() != ((), ())

    def test_feed_goes_on_while_the_users_conv_type_runs(self, rig: Rig) -> None:
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

    @pytest.mark.parametrize(("symbol", "error"), [("", ValueError), (5, TypeError), (None, TypeError)])
    def test_symbol_is_a_text(self, symbol: Any, error: type[Exception]) -> None:
        with pytest.raises(error, match="symbol must"):
            DepthCache(symbol)

    @pytest.mark.parametrize("level", [["x", "1"], ["1", "-1"], ["1"], [None, "1"], "ab", 5, ["1" * 400, "1"]])
    def test_wrong_level_is_refused_and_nothing_changed(self, level: Any) -> None:
        cache = DepthCache("BNBBTC")
        with pytest.raises((TypeError, ValueError)):
            cache.add_bid(level)
        assert cache.get_bids() == []

    def test_cache_of_a_manager_takes_no_levels_by_hand(self, rig: Rig) -> None:
        with pytest.raises(TypeError, match="kept by its manager"):
            rig.cache.add_bid(["1", "1"])

    def test_sort_depth_takes_a_dict_or_pairs(self) -> None:
        assert DepthCache.sort_depth({1.0: 5, 3.0: 6, 2.0: 7}, reverse=True) == [[3.0, 6], [2.0, 7], [1.0, 5]]
        assert DepthCache.sort_depth([(2.0, 1), (1.0, 4)]) == [[1.0, 4], [2.0, 1]]

    def test_repr_names_the_symbol(self) -> None:
        assert repr(DepthCache("BNBBTC")) == "<DepthCache BNBBTC>"
