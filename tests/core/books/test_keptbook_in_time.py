"""A kept book in a time that the test lets pass: refreshes that are audits, silence, halts, budgets, and all of it in any order."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Sequence
from functools import partial
from heapq import heappop, heappush
from typing import Any
from unittest import mock

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exchangeclient.binance.limits import DOCUMENTED
from exchangeclient.binance.sequence import DepthRule
from exchangeclient.core.books.depthcache import DepthCache
from exchangeclient.core.books.keptbook import GRACE_S, BookState, KeptBook
from exchangeclient.core.books.snapshots import NotTradedError, Purpose
from exchangeclient.core.budgets.budget import Priority
from exchangeclient.core.budgets.governor import Governor
from exchangeclient.core.process import reactor
from exchangeclient.core.process.clock import FakeClock
from exchangeclient.core.process.workers import Workers
from exchangeclient.core.protocol.session import Backoff
from exchangeclient.exceptions import (
    AuthenticationException,
    OutOfSyncException,
    PermissionException,
    RateLimitException,
    SocketException,
    UnknownSymbolException,
)
from exchangeclient.market.book import OrderBook, levels
from exchangeclient.market.booksync import Diff, Snapshot

REFUSALS = [
    UnknownSymbolException("Invalid symbol.", code=-1121),
    PermissionException("not authorized", code=-1002),
    AuthenticationException("Invalid API-key", code=-2015),
]
ASKS = [("100", "1")]

Rows = Sequence[tuple[str, str]]


class HandLoop:
    """In the reactor's place: what is to be called later is called when the test lets the time pass."""

    def __init__(self, clock: FakeClock) -> None:
        self.clock = clock
        self.timers: list[HandTimer] = []

    def callFromThread(self, call: Callable[..., Any], *args: Any) -> None:
        call(*args)

    def callLater(self, delay: float, call: Callable[..., Any], *args: Any) -> HandTimer:
        timer = HandTimer(self.clock.monotonic_s() + delay, partial(call, *args))
        heappush(self.timers, timer)
        return timer

    def go_on(self, seconds: float) -> None:
        until_s = self.clock.monotonic_s() + seconds
        while self.timers and self.timers[0].due_s <= until_s:
            timer = heappop(self.timers)
            self.clock.advance(max(0.0, timer.due_s - self.clock.monotonic_s()))
            if timer.active():
                timer.call()
        self.clock.advance(until_s - self.clock.monotonic_s())


class HandTimer:
    def __init__(self, due_s: float, call: Callable[[], Any]) -> None:
        self.due_s, self.call, self.cancelled = due_s, call, False

    def __lt__(self, other: HandTimer) -> bool:
        return self.due_s < other.due_s

    def active(self) -> bool:
        return not self.cancelled

    def cancel(self) -> None:
        self.cancelled = True


class HandWorkers(Workers):
    """Jobs that are done when the test says."""

    def __init__(self) -> None:
        super().__init__("test-by-hand", 0)
        self.jobs: list[Callable[[], None]] = []

    def submit(self, job: Callable[[], None]) -> None:
        self.jobs.append(job)


class HandSource:
    """A venue that answers what the test has laid ready."""

    rule = DepthRule()

    def __init__(self) -> None:
        self.asked: list[Purpose] = []
        self.answer: Any = OSError("nothing was laid ready")
        self.depth: int | None = None

    def diff(self, payload: bytes) -> Diff | None:
        first, last, bids, asks, time_ms = json.loads(payload)
        return Diff(first, last, levels(bids), levels(asks), time_ms)

    def fetch(self, purpose: Purpose) -> Snapshot:
        self.asked.append(purpose)
        if isinstance(self.answer, Exception):
            raise self.answer
        last_id, bids, asks = self.answer
        return Snapshot(last_id, OrderBook(bids, asks, self.depth))


class Desk:
    """A kept book with everything around it under the test's hand."""

    def __init__(self, **options: Any) -> None:
        self.clock = FakeClock()
        self.loop = HandLoop(self.clock)
        self.workers = HandWorkers()
        self.source = HandSource()
        self.changes = 0
        self.notices: list[tuple[str, str]] = []
        self.renewed: list[str] = []
        settings: dict[str, Any] = {
            "backoff": Backoff(random.Random(1), first_s=1e-6, cap_s=1e-6, stable_s=10),
            "random_source": random.Random(1),
        }
        with mock.patch.object(reactor, "running", return_value=self.loop):
            self.book = KeptBook(
                "BNBBTC",
                self.source,
                workers=self.workers,
                on_change=self._changed,
                clock=self.clock,
                tell=lambda kind, reason: self.notices.append((kind, reason)),
                renew=self.renewed.append,
                **{**settings, **options},
            )
        self.cache = DepthCache("BNBBTC", kept=self.book)

    def _changed(self) -> None:
        self.changes += 1

    def fetch(self, answer: Any) -> Purpose:
        """The next fetch of a snapshot, which has to be due, and its answer; what it was for."""
        self.source.answer = answer
        count = len(self.source.asked)
        while self.workers.jobs and len(self.source.asked) == count:  # one that is wanted no more asks for nothing
            self.workers.jobs.pop(0)()
        (purpose,) = self.source.asked[count:]
        return purpose

    def live(self, last_id: int = 100, bids: Rows = (("1", "1"),), asks: Rows = ASKS) -> Desk:
        self.book.connected()
        assert self.fetch((last_id, bids, asks)) == "start"
        assert self.book.state is BookState.LIVE
        return self

    def feed(self, first: int, last: int, *bids: tuple[str, str]) -> None:
        self.book.received([json.dumps([first, last, bids, [], last * 10]).encode()])

    def bids(self) -> dict[str, str]:
        return dict(self.cache.top()[0])

    def count(self, what: str) -> int:
        return self.book.stats()[what]


def test_refresh_is_an_audit_that_swaps_a_new_book_in() -> None:
    desk = Desk(refresh_s=30.0).live()
    desk.loop.go_on(29.0)
    assert desk.workers.jobs == []
    desk.loop.go_on(2.0)
    desk.feed(101, 101, ("2", "2"))
    assert desk.fetch((101, [("1", "1.0"), ("2", "2")], ASKS)) == "refresh"
    assert desk.book.state is BookState.LIVE
    assert desk.bids() == {"1": "1.0", "2": "2"}
    assert (desk.count("audits_passed"), desk.count("audits_failed"), desk.count("resyncs")) == (1, 0, 0)
    assert desk.notices == []
    desk.loop.go_on(29.0)
    assert desk.workers.jobs == []
    desk.loop.go_on(2.0)
    assert len(desk.workers.jobs) == 1


def test_closed_book_is_not_looked_after_any_more() -> None:
    desk = Desk(refresh_s=30.0).live()
    desk.book.close()
    desk.book._look()  # as when the book is closed from another thread, in the moment before
    desk.loop.go_on(100.0)
    assert desk.loop.timers == desk.workers.jobs == []


def test_refresh_may_be_switched_off() -> None:
    desk = Desk().live()
    desk.loop.go_on(1e4)
    assert desk.workers.jobs == []


def test_audit_waits_until_the_stream_has_reached_the_snapshot() -> None:
    desk = Desk(refresh_s=30.0).live()
    desk.loop.go_on(31.0)
    desk.fetch((103, [("3", "3")], ASKS))
    assert (desk.book.state, desk.bids()) == (BookState.LIVE, {"1": "1"})
    desk.loop.go_on(1.0)
    assert desk.workers.jobs == []  # no other is asked for meanwhile
    desk.feed(101, 103, ("1", "0"), ("3", "3"))
    assert (desk.book.state, desk.bids(), desk.count("audits_passed")) == (BookState.LIVE, {"3": "3"}, 1)
    desk.loop.go_on(29.0)
    assert desk.workers.jobs == []  # the next one is due as long after this one as ever
    desk.loop.go_on(2.0)
    assert len(desk.workers.jobs) == 1


def test_snapshot_that_is_of_no_use_once_the_stream_has_reached_it_is_no_gap_of_the_book() -> None:
    desk = Desk(refresh_s=30.0).live(bids=[("1", "1"), ("0.5", "1")])
    desk.loop.go_on(31.0)
    desk.source.depth = 1
    desk.fetch((103, [("3", "3")], [("10", "1")]))
    before = desk.changes
    desk.feed(101, 104, ("3", "0"))  # all that the snapshot has shown is gone, while the book has more
    assert (desk.book.state, desk.bids(), desk.changes) == (BookState.LIVE, {"1": "1", "0.5": "1"}, before + 1)
    assert (desk.notices, desk.count("resyncs"), desk.count("audits_passed")) == ([], 0, 0)
    desk.loop.go_on(2.0)
    assert desk.fetch((104, [("1", "1"), ("0.5", "1")], ASKS)) == "refresh"
    assert desk.count("audits_passed") == 1


def test_book_that_an_audit_finds_wrong_is_made_anew_and_its_user_is_told(caplog: pytest.LogCaptureFixture) -> None:
    desk = Desk(refresh_s=30.0).live()
    desk.loop.go_on(31.0)
    desk.fetch((100, [("1", "2")], ASKS))
    assert desk.book.state is BookState.SYNCING
    with pytest.raises(OutOfSyncException, match="the book was not the venue's at 100: bid 1 is 1 in one and 2 in the other"):
        desk.cache.top()
    assert desk.fetch((100, [("1", "2")], ASKS)) == "start"
    assert (desk.book.state, desk.bids()) == (BookState.LIVE, {"1": "2"})
    assert (desk.count("audits_failed"), desk.count("resyncs")) == (1, 1)
    assert [kind for kind, _ in desk.notices] == ["gap", "recovered"]
    assert "not the venue's" in caplog.text


@pytest.mark.parametrize(
    "bad", [(101, [("10", "1")], [("9", "1")]), (99, [("1", "1")], []), ("101", [], []), OSError("down"), ValueError("odd"), *REFUSALS]
)
def test_refresh_that_gets_no_right_snapshot_leaves_the_live_book_and_is_tried_again(bad: Any, caplog: pytest.LogCaptureFixture) -> None:
    desk = Desk(refresh_s=30.0).live()
    desk.loop.go_on(31.0)
    for number in (101, 102):
        desk.feed(number, number, ("2", str(number)))
        assert desk.fetch(bad) == "refresh"
        assert desk.book.state is BookState.LIVE
        desk.loop.go_on(2.0)
    assert (desk.cache.update_id, desk.bids()) == (102, {"1": "1", "2": "102"})
    assert len([record for record in caplog.records if "snapshot" in record.message and record.levelname == "WARNING"]) == 2
    desk.fetch((102, [("1", "1"), ("2", "102")], ASKS))
    assert (desk.count("audits_passed"), desk.count("resyncs"), desk.book.failure) == (1, 0, None)


def test_gap_while_a_failed_refresh_waits_gets_its_snapshot_at_once() -> None:
    desk = Desk(refresh_s=30.0).live()
    desk.loop.go_on(31.0)
    desk.book._backoff = Backoff(random.Random(1), first_s=1e6, cap_s=1e6, stable_s=10)
    desk.fetch(OSError("down"))
    desk.feed(200, 200, ("2", "2"))
    assert desk.book.state is BookState.SYNCING
    assert desk.fetch((200, [("3", "3")], ASKS)) == "start"
    assert (desk.book.state, desk.bids()) == (BookState.LIVE, {"3": "3"})


def test_b22_refresh_in_the_middle_of_a_gap_makes_one_sync() -> None:
    desk = Desk(refresh_s=30.0).live()
    desk.loop.go_on(31.0)
    desk.feed(110, 111, ("2", "2"))  # a gap while the refresh's snapshot is on its way
    assert desk.book.state is BookState.SYNCING
    assert len(desk.workers.jobs) == 1
    desk.fetch((105, [("1", "1")], ASKS))
    desk.loop.go_on(1.0)
    desk.fetch((110, [("3", "3")], ASKS))
    assert (desk.book.state, desk.bids()) == (BookState.LIVE, {"2": "2", "3": "3"})
    assert desk.workers.jobs == []


def test_b14_book_of_which_little_is_left_is_refreshed_before_it_runs_out() -> None:
    desk = Desk()
    desk.source.depth = 4
    desk.live(bids=[(str(10 - n), "1") for n in range(4)], asks=[(str(20 + n), "1") for n in range(4)])
    desk.feed(101, 101, ("10", "0"), ("9", "0"))
    desk.loop.go_on(2.0)
    assert desk.workers.jobs == []
    desk.feed(102, 102, ("8", "0"))
    desk.loop.go_on(2.0)
    assert desk.fetch((102, [(str(7 - n), "1") for n in range(4)], [(str(20 + n), "1") for n in range(4)])) == "refresh"
    assert desk.cache.known_range == (4.0, 23.0)
    assert desk.cache.get_bids().certain == 4
    assert desk.count("outgrown") == 0


def test_b09_quiet_market_is_asked_about_and_stays_live_ever_longer() -> None:
    desk = Desk(quiet_s=60.0).live()
    asked_after: list[float] = []
    for _ in range(7):
        began = desk.clock.monotonic_s()
        while not desk.workers.jobs:
            desk.loop.go_on(1.0)
        asked_after.append(desk.clock.monotonic_s() - began)
        assert desk.fetch((100, [("1", "1")], ASKS)) == "silence"
        assert desk.book.state is BookState.LIVE
        assert desk.cache.age == 0.0
    assert [round(each, -1) for each in asked_after] == [60, 120, 240, 480, 960, 960, 960]
    assert (desk.notices, desk.renewed, desk.count("resyncs")) == ([], [], 0)


@pytest.mark.parametrize(("gap_s", "asked_s"), [(10.0, 60.0), (70.0, 960.0)])
def test_b09_market_that_has_become_lively_is_asked_about_as_soon_as_ever(gap_s: float, asked_s: float) -> None:
    desk = Desk(quiet_s=60.0).live()
    for _ in range(5):
        while not desk.workers.jobs:
            desk.loop.go_on(1.0)
        desk.fetch((100, [("1", "1")], ASKS))
    desk.feed(101, 101, ("1", "2"))  # a few changes make no lively market
    desk.feed(102, 102, ("1", "3"))
    desk.loop.go_on(900.0)
    assert desk.workers.jobs == []
    for last_id in range(103, 103 + int(1000 / gap_s)):
        desk.feed(last_id, last_id, ("1", f"{last_id}"))
        desk.loop.go_on(gap_s)
    began = desk.clock.monotonic_s() - gap_s
    while not desk.workers.jobs:
        desk.loop.go_on(1.0)
    assert desk.clock.monotonic_s() - began == pytest.approx(asked_s, abs=2.0)


def test_b09_stream_that_is_silent_while_the_venue_goes_on_makes_the_book_stale_and_is_renewed() -> None:
    desk = Desk(quiet_s=60.0).live()
    desk.loop.go_on(61.0)
    desk.fetch((105, [("1", "5")], ASKS))
    desk.loop.go_on(GRACE_S - 1.0)
    assert desk.book.state is BookState.LIVE  # the stream may be on its way
    desk.loop.go_on(2.0)
    assert desk.book.state is BookState.STALE
    with pytest.raises(OutOfSyncException, match="STALE: the stream is silent at 100, while the venue is at 105"):
        desk.cache.top()
    assert desk.notices == [("stale", desk.renewed[0])]
    desk.book.lost("ended from here")
    desk.book.connected()
    desk.fetch((106, [("1", "5")], ASKS))
    assert desk.book.state is BookState.LIVE
    assert [kind for kind, _ in desk.notices] == ["stale", "recovered"]


def test_b09_silent_stream_that_reaches_the_snapshot_in_time_was_only_late() -> None:
    desk = Desk(quiet_s=60.0).live()
    desk.loop.go_on(61.0)
    desk.fetch((105, [("1", "5")], ASKS))
    desk.loop.go_on(GRACE_S - 1.0)
    desk.feed(101, 105, ("1", "5"))
    desk.loop.go_on(GRACE_S)
    assert (desk.book.state, desk.count("audits_passed"), desk.notices) == (BookState.LIVE, 1, [])


def test_b09_number_that_went_on_without_a_change_is_taken_over() -> None:
    desk = Desk(quiet_s=60.0).live()
    desk.loop.go_on(61.0)
    desk.fetch((105, [("1", "1")], ASKS))
    desk.loop.go_on(GRACE_S + 1.0)
    assert (desk.book.state, desk.cache.update_id, desk.renewed) == (BookState.LIVE, 105, [])


def test_b19_halted_symbol_makes_the_book_stale_with_the_reason_and_its_return_makes_it_live() -> None:
    desk = Desk(quiet_s=60.0).live()
    desk.loop.go_on(61.0)
    halted = NotTradedError("BNBBTC is not traded now: its status is another")
    assert desk.fetch(halted) == "silence"
    assert desk.book.state is BookState.STALE
    with pytest.raises(OutOfSyncException, match="not traded now"):
        desk.cache.top()
    for _ in range(3):
        desk.loop.go_on(1.0)
        assert desk.fetch(halted) == "silence"
    assert [kind for kind, _ in desk.notices] == ["stale"]
    assert desk.book.failure is None
    desk.loop.go_on(1.0)
    assert desk.fetch((100, [("1", "1")], ASKS)) == "silence"
    assert desk.book.state is BookState.LIVE


def test_b19_change_of_a_symbol_that_is_traded_again_ends_the_wait() -> None:
    desk = Desk(quiet_s=60.0, backoff=Backoff(random.Random(1), first_s=1e3, cap_s=1e3)).live()
    desk.loop.go_on(61.0)
    desk.fetch(NotTradedError("BNBBTC is not traded now"))
    desk.feed(101, 102, ("2", "2"))
    assert desk.book.state is BookState.SYNCING
    desk.loop.go_on(1e3)
    assert desk.fetch((102, [("1", "1"), ("2", "2")], ASKS)) == "start"
    assert desk.book.state is BookState.LIVE


def test_b07_budget_that_is_used_up_is_waited_for_and_nothing_is_collected_meanwhile() -> None:
    desk = Desk()
    desk.book.connected()
    desk.feed(99, 101, ("2", "2"))
    desk.fetch(RateLimitException("used up", retry_after=20.0))
    assert desk.book.state is BookState.SYNCING
    desk.loop.go_on(19.0)
    assert desk.workers.jobs == []
    assert not desk.book._sync.collecting
    desk.loop.go_on(4.0)
    desk.fetch((110, [("1", "1")], ASKS))
    assert (desk.book.state, desk.bids()) == (BookState.LIVE, {"1": "1"})


def test_age_is_the_time_since_the_venue_last_said_something_about_the_book() -> None:
    desk = Desk().live()
    desk.loop.go_on(2.5)
    assert desk.cache.age == 2.5
    with pytest.raises(OutOfSyncException, match=r"2\.500 s old, which is more than 2 s"):
        desk.cache.require(max_age=2)
    assert desk.cache.require(max_age=3).top(1) == desk.cache.top(1)
    desk.feed(90, 91)
    assert desk.cache.age == 0.0


def test_age_of_the_last_right_book_grows_while_the_stream_says_what_it_has_not() -> None:
    desk = Desk(stale="return").live()
    desk.loop.go_on(5.0)
    desk.feed(105, 106, ("2", "2"))  # a gap: what is read is the book of five seconds ago
    desk.loop.go_on(5.0)
    desk.feed(107, 108, ("3", "3"))
    assert (desk.book.state, desk.bids(), desk.cache.stale, desk.cache.age) == (BookState.SYNCING, {"1": "1"}, True, 10.0)


def test_book_that_stands_still_for_its_reader_grows_old_all_the_same() -> None:
    desk = Desk().live()
    with desk.cache.steady():
        desk.loop.go_on(3.0)
        desk.feed(101, 101, ("2", "2"))
        assert (desk.bids(), desk.cache.age) == ({"1": "1"}, 3.0)
        with pytest.raises(OutOfSyncException, match=r"3\.000 s old"):
            desk.cache.require(max_age=2)
    assert desk.cache.require(max_age=2).age == 0.0


def test_book_that_cannot_be_kept_says_so_once() -> None:
    desk = Desk()
    desk.book.connected()
    desk.fetch(UnknownSymbolException("Invalid symbol.", code=-1121))
    assert (desk.book.state, desk.changes) == (BookState.CLOSED, 1)
    desk.book.failed(SocketException("refused"))
    assert desk.changes == 1
    assert isinstance(desk.book.failure, UnknownSymbolException)


def test_l07_seven_hundred_books_start_within_the_venues_budget_and_are_never_refused_by_it() -> None:
    """Each asks for a snapshot of weight 25, where 6000 may be had in a minute: paced by the governor, they take three of them."""
    clock, weight = FakeClock(), 25
    loop, workers, governor = HandLoop(clock), HandWorkers(), Governor(DOCUMENTED.address)
    counted: dict[int, int] = {}

    class Budgeted(HandSource):
        def fetch(self, purpose: Purpose) -> Snapshot:
            ticket = governor.spend({"weight": weight}, Priority.SNAPSHOT, clock, None)
            minute = clock.now_ms() // 60_000
            counted[minute] = counted.get(minute, 0) + weight
            governor.settle(ticket, clock, {"x-mbx-used-weight-1m": str(counted[minute])})
            return Snapshot(100, OrderBook([("1", "1")], ASKS))

    with mock.patch.object(reactor, "running", return_value=loop):
        books = [
            KeptBook(str(number), Budgeted(), workers=workers, on_change=lambda: None, clock=clock, random_source=random.Random(number))
            for number in range(700)
        ]
    for book in books:
        book.connected()
    began_s = clock.monotonic_s()
    while not all(book.state is BookState.LIVE for book in books):
        while workers.jobs:
            workers.jobs.pop(0)()
        loop.go_on(0.5)
        assert clock.monotonic_s() - began_s < 400
    assert max(counted.values()) <= 6000
    assert sum(counted.values()) == 700 * weight
    assert sum(1 for minute in counted if counted[minute] > 5000) >= 1  # and what may be had is used
    for book in books:
        book.close()


class Story:
    """A venue's book (a plain dict for each id), its stream with losses, and a kept book that follows it."""

    def __init__(self, seed: int) -> None:
        self.generator = random.Random(seed)
        self.states: list[dict[str, str]] = [{}]
        self.changes: list[Any] = [None]
        self.desk = Desk(refresh_s=1.0, quiet_s=3.0, backoff=Backoff(random.Random(seed)))
        self.book = self.desk.book
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
        if not self.desk.workers.jobs:
            self.desk.loop.go_on(1.0)
        if not self.desk.workers.jobs:
            return
        newest = len(self.states) - 1
        at = newest if kind == "fresh" else max(0, newest - self.generator.randint(1, 5))
        wrong: dict[str, Any] = {
            "crossed": (newest, [("9", "1")], [("8", "1")]),
            "odd": (None, [], []),
            "nan": (newest, [("NaN", "1")], []),
            "down": OSError("down"),
            "busy": RateLimitException("used up", retry_after=2.0),
            "refused": REFUSALS[0] if self.book.state is BookState.LIVE else OSError("refused"),
        }
        self.desk.source.answer = wrong.get(kind, (at, list(self.states[at].items()), ASKS))
        self.desk.workers.jobs.pop(0)()

    def shown(self) -> int | None:
        """The id of what a reader sees, which is what the venue had at that id; None when he is refused."""
        if self.book.state is not BookState.LIVE:
            with pytest.raises(OutOfSyncException):
                self.desk.cache.top()
            return None
        with self.desk.cache.steady() as cache:
            assert dict(cache.top()[0]) == self.states[cache.update_id]
            return cache.update_id


_ANSWERS = ["fresh", "stale", "crossed", "odd", "nan", "down", "busy", "refused"]
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
            story.desk.loop.go_on(1.0)
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
            # No answer does a live book harm; time does only when the stream has missed what a snapshot showed.
            assert after is not None or step not in _ANSWERS or story.desk.renewed
    for _ in range(6):  # whatever has happened: right again as soon as the venue is
        story.book.lost("once more") if story.book.state is BookState.STALE else None
        story.book.connected() if story.book.state is BookState.STALE else None
        story.desk.loop.go_on(70.0 if story.book.state is not BookState.LIVE else 0.0)
        while story.desk.workers.jobs:
            story.answer("fresh")
        story.hear(story.move())
    assert story.shown() == len(story.states) - 1
    assert story.desk.count("audits_failed") == 0
    story.book.close()
    story.desk.loop.go_on(100.0)
    assert story.desk.loop.timers == []
