"""Trades with what a broken connection has missed, on a clock and with workers of the test's."""

from __future__ import annotations

import json
import random
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pytest
from twisted.internet.task import Clock

from exchangeclient.binance.backfill import CompleteDelivery, TradeDelivery
from exchangeclient.binance.trade_ids import TRADES
from exchangeclient.core.feeds.notices import SocketNotice
from exchangeclient.core.process.workers import Workers
from exchangeclient.core.protocol.session import Backoff
from exchangeclient.exceptions import ExchangeAPIException, ExchangeRequestException, SocketException


class Loop(Clock):  # type: ignore[misc] # Twisted's has no types
    """A reactor on which what other threads ask for is done at once."""

    def callFromThread(self, function: Callable[..., None], *args: Any) -> None:
        function(*args)


class Line:
    """What the callback would get."""

    def __init__(self) -> None:
        self.got: list[int | str] = []
        self.from_rest: set[int] = set()
        self.closed = False

    def put(self, payloads: Sequence[bytes]) -> None:
        for event in map(json.loads, payloads):
            self.got.append(event.get("t", event["e"]))
            if event.get("catch_up"):
                self.from_rest.add(event["t"])

    def tell(self, event: Any) -> None:
        self.got.append(event["m"])

    def close(self) -> None:
        self.closed = True


class Asked(Workers):
    """Does jobs when the test says so."""

    def __init__(self) -> None:
        super().__init__("test-backfill", 0)
        self.jobs: deque[Callable[[], None]] = deque()
        self.users = 0

    def enter(self) -> None:
        self.users += 1

    def leave(self, wait_s: float = 0.0) -> None:
        self.users -= 1

    def submit(self, job: Callable[[], None]) -> None:
        self.jobs.append(job)

    def work(self) -> None:
        while self.jobs:
            self.jobs.popleft()()


class Feed:
    """A delivery with everything around it."""

    def __init__(self, loop: Loop) -> None:
        self.loop = loop
        self.line = Line()
        self.notices: list[SocketNotice] = []
        self.workers = Asked()
        self.newest = 0  # that REST knows
        self.asked: list[int] = []
        self.trouble: list[Exception] = []
        self.unknown: set[int] = set()
        self.backwards = False
        self.always_from: int | None = None

    def make(self, *, complete: bool) -> TradeDelivery:
        line: Any = self.line
        if not complete:
            return TradeDelivery(line, stream="a@trade", numbering=TRADES, tell=self.notices.append)
        return CompleteDelivery(
            line,
            stream="a@trade",
            numbering=TRADES,
            tell=self.notices.append,
            symbol="A",
            fetch=self._fetch,
            workers=self.workers,
            backoff=Backoff(random.Random(1), first_s=0.5, cap_s=10.0),
        )

    def _fetch(self, begin: int) -> Sequence[Mapping[str, Any]]:
        self.asked.append(begin)
        if self.trouble:
            raise self.trouble.pop(0)
        kept = {"price": "1", "qty": "1", "time": 5, "isBuyerMaker": False, "isBestMatch": True}
        begin = begin if self.always_from is None else self.always_from
        rows = [{"id": number, **kept} for number in range(begin, min(self.newest, begin + 999) + 1) if number not in self.unknown]
        return rows[::-1] if self.backwards else rows

    @property
    def told(self) -> list[tuple[str, str]]:
        return [(notice.kind, notice.reason) for notice in self.notices]


@pytest.fixture
def feed(monkeypatch: pytest.MonkeyPatch) -> Feed:
    loop = Loop()
    monkeypatch.setattr("exchangeclient.core.process.reactor.running", lambda: loop)
    return Feed(loop)


def trades(*numbers: int) -> list[bytes]:
    return [b'{"e":"trade","t":%d}' % number for number in numbers]


def timed(*trades: tuple[int, int]) -> list[bytes]:
    return [b'{"e":"trade","t":%d,"T":%d}' % trade for trade in trades]


class TestWatched:
    """Trades that are not filled up, as they are unless it is asked for."""

    def test_s17_gap_over_a_reconnect_is_noticed(self, feed: Feed) -> None:
        delivery = feed.make(complete=False)
        delivery.connected()
        delivery.received(trades(1, 2))
        delivery.lost("why")
        delivery.connected()
        delivery.received(trades(5, 6))
        assert feed.line.got == [1, 2, 5, 6]
        assert feed.told == [("gap", "trades 3 to 4: came while there was no connection")]
        assert feed.notices[0].stream == "a@trade"

    def test_s16_what_came_before_the_break_is_dropped(self, feed: Feed) -> None:
        delivery = feed.make(complete=False)
        delivery.connected()
        delivery.received(trades(1, 2))
        delivery.connected()
        delivery.received([*trades(1), b'{"e":"odd"}'])
        delivery.received(trades(2, 3))
        assert feed.line.got == [1, 2, "odd", 3]
        assert feed.told == []

    def test_first_connection_misses_nothing(self, feed: Feed) -> None:
        delivery = feed.make(complete=False)
        delivery.connected()
        delivery.connected()
        delivery.received(trades(5))
        delivery.received(trades(6, 7))
        assert (feed.line.got, feed.told) == ([5, 6, 7], [])

    def test_s17_gap_within_a_connection_is_noticed_and_nothing_is_dropped(self, feed: Feed) -> None:
        delivery = feed.make(complete=False)
        delivery.connected()
        delivery.received(trades(5))
        delivery.received(trades(9, 10, 8, 12))
        delivery.received([*trades(13), b'{"e":"odd"}'])
        delivery.received(trades(14))
        assert feed.line.got == [5, 9, 10, 8, 12, 13, "odd", 14]
        assert feed.told == [("gap", "trades 6 to 8: missing"), ("gap", "trade 11: missing")]

    def test_s04_trades_that_two_connections_word_differently_are_not_told_twice(self, feed: Feed) -> None:
        delivery = feed.make(complete=False)
        delivery.connected()
        delivery.received(timed((1, 5), (2, 5), (3, 6)))
        delivery.received(timed((2, 5), (3, 6), (4, 6)))  # what the next connection had brought, when it takes over
        delivery.received(timed((4, 6)))
        delivery.received(timed((7, 9), (6, 8), (6, 8)))
        assert feed.line.got == [1, 2, 3, 4, 7, 6]  # one that comes late is told all the same, once

    def test_late_trades_are_told_apart_from_doubled_ones_only_as_long_as_there_is_room_for_that(self, feed: Feed) -> None:
        delivery = feed.make(complete=False)
        delivery.connected()
        for number in range(1, 100_000, 2):
            delivery.received(trades(number))
        delivery.received(trades(99_998))
        delivery.received(trades(2))
        assert feed.line.got[-2:] == [99_999, 99_998]

    def test_s29_trades_of_a_venue_that_counts_anew_are_not_taken_for_old_ones(self, feed: Feed) -> None:
        delivery = feed.make(complete=False)
        delivery.connected()
        delivery.received(timed((900, 5), (901, 6)))
        delivery.connected()
        delivery.received(timed((901, 6), (3, 7), (4, 7)))
        delivery.received(timed((5, 8)))
        assert feed.line.got == [900, 901, 3, 4, 5]
        assert feed.told == [("gap", "the venue numbers its trades anew, now at 3; nobody can tell what is missing")]


class TestComplete:
    """Each trade once and in order."""

    def test_s17_what_a_break_has_missed_comes_over_rest_before_what_comes_after(self, feed: Feed) -> None:
        delivery = feed.make(complete=True)
        delivery.connected()
        delivery.received(trades(1, 2))
        feed.newest = 5
        delivery.connected()
        delivery.received(trades(6))
        assert feed.line.got == [1, 2]
        feed.workers.work()
        assert feed.line.got == [1, 2, 3, 4, 5, 6]
        assert feed.line.from_rest == {3, 4, 5}
        assert feed.told == [
            ("gap", "trades 3 to 5: came while there was no connection"),
            ("recovered", "3 trades that it had missed came over REST"),
        ]

    def test_break_that_missed_nothing_is_asked_about_and_not_told(self, feed: Feed) -> None:
        delivery = feed.make(complete=True)
        delivery.connected()
        delivery.received(trades(1))
        feed.newest = 1
        delivery.connected()
        feed.workers.work()
        delivery.received(trades(2))
        assert (feed.asked, feed.line.got, feed.told) == ([2], [1, 2], [])

    def test_gap_within_a_connection_is_filled(self, feed: Feed) -> None:
        delivery = feed.make(complete=True)
        delivery.connected()
        delivery.received(trades(1))
        delivery.received(trades(2500))
        feed.newest = 2500
        delivery.received(trades(2501))
        feed.workers.work()
        assert feed.line.got == list(range(1, 2502))
        assert feed.asked == [2, 1002, 2002]
        assert feed.told == [
            ("gap", "trades 2 to 2499: missing, asked for over REST"),
            ("recovered", "2499 trades that it had missed came over REST"),
        ]

    def test_s29_trades_of_a_venue_that_counts_anew_are_not_taken_for_old_ones(self, feed: Feed) -> None:
        delivery = feed.make(complete=True)
        delivery.connected()
        delivery.received(timed((900, 5), (901, 6)))
        delivery.connected()
        delivery.received(timed((3, 7)))
        feed.workers.work()
        delivery.received(timed((4, 8)))
        assert (feed.asked, feed.line.got) == ([902], [900, 901, 3, 4])
        assert feed.told == [("gap", "the venue numbers its trades anew, now at 3; nobody can tell what is missing")]

    def test_s17_trades_that_rest_has_not_are_told_and_not_taken_for_recovered(self, feed: Feed) -> None:
        delivery = feed.make(complete=True)
        delivery.connected()
        delivery.received(trades(1))
        delivery.received(trades(9))
        feed.newest, feed.unknown = 9, {2, 3, 6}
        feed.workers.work()
        assert feed.line.got == [1, 4, 5, 7, 8, 9]
        assert feed.told == [
            ("gap", "trades 2 to 8: missing, asked for over REST"),
            ("gap", "trades 2 to 3: not known to REST either"),
            ("gap", "trade 6: not known to REST either"),
            ("recovered", "5 trades that it had missed came over REST"),
        ]
        assert [notice.final for notice in feed.notices] == [False, True, True, False]

    def test_rows_in_any_order_are_told_in_that_of_their_numbers(self, feed: Feed) -> None:
        delivery = feed.make(complete=True)
        delivery.connected()
        delivery.received(trades(1))
        delivery.received(trades(9))
        feed.newest, feed.backwards = 9, True
        feed.workers.work()
        assert feed.line.got == [1, 2, 3, 4, 5, 6, 7, 8, 9]

    def test_rest_that_answers_with_old_trades_again_and_again_is_given_up(self, feed: Feed) -> None:
        delivery = feed.make(complete=True)
        delivery.connected()
        delivery.received(trades(5000))
        delivery.received(trades(5005))
        feed.newest, feed.always_from = 5005, 1
        for _ in range(20):
            if feed.workers.jobs:
                feed.workers.jobs.popleft()()
            feed.loop.advance(10)
        assert len(feed.asked) == 6
        assert feed.line.got == [5000, 5005]
        assert feed.told[-1] == ("gap", "trades 5001 to 5004: given up: not known to REST")

    def test_rest_that_lags_behind_is_asked_again(self, feed: Feed) -> None:
        delivery = feed.make(complete=True)
        delivery.connected()
        delivery.received(trades(1))
        delivery.received(trades(4))
        feed.newest = 2
        feed.workers.work()
        assert feed.line.got == [1, 2]
        feed.newest = 4
        feed.loop.advance(10)
        feed.workers.work()
        assert feed.line.got == [1, 2, 3, 4]

    def test_trouble_of_a_passing_kind_is_waited_out(self, feed: Feed) -> None:
        delivery = feed.make(complete=True)
        delivery.connected()
        delivery.received(trades(1))
        delivery.received(trades(3))
        feed.newest = 3
        feed.trouble = [ExchangeRequestException("no answer", sent="maybe"), KeyError("id")]
        for _ in range(3):
            feed.workers.work()
            feed.loop.advance(10)
        assert feed.line.got == [1, 2, 3]

    @pytest.mark.parametrize("tries", [1, 6])
    def test_gap_that_cannot_be_filled_is_given_up_with_a_notice(self, feed: Feed, tries: int) -> None:
        delivery = feed.make(complete=True)
        delivery.connected()
        delivery.received(trades(1))
        delivery.received(trades(4, 5))
        passing: Exception = ExchangeRequestException("no answer", sent="maybe")
        feed.trouble = [ExchangeAPIException("bad symbol", status_code=400, code=-1121)] if tries == 1 else [passing] * 6
        for _ in range(tries):
            feed.workers.work()
            feed.loop.advance(10)
        assert feed.line.got == [1, 4, 5]
        assert len(feed.asked) == tries
        assert [(notice.kind, notice.final) for notice in feed.notices] == [("gap", False), ("gap", True)]
        assert "given up" in feed.notices[1].reason
        delivery.received(trades(6))
        assert feed.line.got[-1] == 6

    def test_too_many_that_wait_are_not_kept_for_ever(self, feed: Feed, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("exchangeclient.binance.backfill.MARKET_LIMIT", 3)
        delivery = feed.make(complete=True)
        delivery.connected()
        delivery.received(trades(1))
        delivery.received(trades(3, 4, 5))
        assert feed.line.got == [1]
        delivery.received(trades(6))
        assert feed.line.got == [1, 3, 4, 5, 6]
        feed.newest = 6
        feed.workers.work()
        delivery.received(trades(7))
        assert feed.line.got[-1] == 7

    def test_second_break_while_the_first_is_filled(self, feed: Feed) -> None:
        delivery = feed.make(complete=True)
        delivery.connected()
        delivery.received(trades(1))
        delivery.connected()
        delivery.received(trades(4))
        delivery.lost("again")
        feed.newest = 6
        delivery.connected()
        delivery.received(trades(7))
        feed.workers.work()
        feed.newest = 7
        feed.loop.advance(10)
        feed.workers.work()
        assert feed.line.got == [1, 2, 3, 4, 5, 6, 7]

    def test_final_refusal_hands_on_what_waits_and_says_so(self, feed: Feed) -> None:
        delivery = feed.make(complete=True)
        delivery.connected()
        delivery.received(trades(1))
        delivery.received(trades(3))
        delivery.failed(SocketException("banned"))
        assert feed.line.got == [1, 3, "banned"]

    def test_closed_delivery_asks_no_more_and_lets_its_workers_go(self, feed: Feed) -> None:
        delivery = feed.make(complete=True)
        delivery.connected()
        delivery.received(trades(1))
        delivery.received(trades(3))
        assert feed.workers.users == 1
        delivery.close()
        delivery.close()
        feed.workers.work()
        assert (feed.asked, feed.line.got, feed.line.closed, feed.workers.users) == ([], [1], True, 0)
