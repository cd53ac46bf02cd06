"""Feeds: shared by all who want the same, closed behind the last, and unharmed by a venue that does not answer."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from exchangeclient.core.books.keptbook import BookState
from exchangeclient.core.process.workers import Workers
from exchangeclient.exceptions import ExchangeRequestException
from exchangeclient.gateway.onetoken.feeds import CandleFeed, ChangeFeed, End, Event, Feed, Feeds, TickFeed, TradeFeed, _differing
from exchangeclient.gateway.onetoken.shapes import Tick

PATIENCE_S = 30
INSTRUMENT: Any = SimpleNamespace(name="BTCUSDT", market=SimpleNamespace(quote="USDT"))


class Made:
    """A key whose feeds are counted."""

    def __init__(self, *, fails: bool = False) -> None:
        self.opened: list[CountedFeed] = []
        self.fails = fails

    def __hash__(self) -> int:
        return id(self)

    def make(self, _feeds: Feeds) -> Feed:
        self.opened.append(CountedFeed(self.fails))
        return self.opened[-1]


class CountedFeed(Feed):
    def __init__(self, fails: bool) -> None:
        nothing: Any = None
        super().__init__(nothing, nothing)
        self.fails = fails
        self.is_closed = False

    def open(self) -> None:
        if self.fails:
            raise ExchangeRequestException("no answer")

    def close(self) -> None:
        self.is_closed = True

    def look(self, work: Any) -> None:
        work(self.ask)

    def ask(self) -> None:
        raise ExchangeRequestException("no answer")


@pytest.fixture
def feeds() -> Iterator[Feeds]:
    workers = Workers("test", 1)
    workers.enter()
    yield Feeds(workers)
    workers.leave(30)


def test_all_who_want_the_same_share_one_and_the_last_closes_it(feeds: Feeds) -> None:
    key, heard = Made(), list[tuple[str, Any]]()

    def first(event: Event) -> None:
        heard.append(("first", event.content))

    def second(event: Event) -> None:
        heard.append(("second", event.content))

    feeds.join(key, first)
    feeds.join(key, second)
    (feed,) = key.opened
    feed.tell(Event(1))
    feeds.leave(key, first)
    feed.tell(Event(2))
    assert heard == [("first", 1), ("second", 1), ("second", 2)]
    assert [feed.is_closed] == [False]
    feeds.leave(key, second)
    assert [feed.is_closed] == [True]
    feeds.join(key, first)
    assert len(key.opened) == 2


def test_one_that_could_not_be_opened_is_tried_anew(feeds: Feeds) -> None:
    key = Made(fails=True)
    for _ in range(2):
        with pytest.raises(ExchangeRequestException):
            feeds.join(key, lambda _event: None)
    key.fails = False
    feeds.join(key, lambda _event: None)
    assert len(key.opened) == 3


def test_a_venue_that_does_not_answer_is_no_traceback(feeds: Feeds, caplog: pytest.LogCaptureFixture) -> None:
    feeds.join(Made(), lambda _event: None)
    with caplog.at_level(logging.INFO):
        feeds.look()
        feeds._workers.leave(30)
        feeds._workers.enter()
    assert "could not ask" in caplog.text
    assert "Traceback" not in caplog.text


def test_what_differs_between_two_sides() -> None:
    old, new = ((5.0, 1.0), (4.0, 2.0)), ((5.0, 1.5), (3.0, 1.0))
    assert _differing(old, new) == [(5.0, 1.5), (3.0, 1.0), (4.0, 0.0)]
    assert _differing(old, old) == []


def test_a_message_is_framed_once_for_all_who_have_it_in_the_same_words() -> None:
    event, written = Event({"a": 1}), list[Any]()

    def write(content: Any) -> Any:
        written.append(content)
        return content

    first = event.framed("words", write)
    assert event.framed("words", write) is first
    assert first.frame(gzipped=False) is first.frame(gzipped=False)
    assert first.frame(gzipped=True)[0] == 0x82
    assert first.frame(gzipped=False) == b'\x81\x07{"a":1}'
    assert len(written) == 1


def test_a_fresh_snapshot_comes_every_30_seconds_whether_anything_changes_or_not(monkeypatch: pytest.MonkeyPatch, feeds: Feeds) -> None:
    now_s, said = [100.0], list[Any]()
    monkeypatch.setattr("exchangeclient.gateway.onetoken.feeds._clock", Standing(now_s))
    nothing: Any = None
    feed = ChangeFeed(nothing, nothing, feeds)
    feed.add(lambda event: said.append((event.content["tp"], event.content["ui"])))
    tick = Tick(1, 1, 5.0, 1.0, 5.0, 4.0, ((5.0, 1.0),), ((6.0, 1.0),))
    feed._ticked(Event(tick))
    feed._ticked(Event(tick))
    feed.look(nothing)
    now_s[0] += 30.5
    feed.look(nothing)
    feed._ticked(Event(tick))
    assert said == [("s", 1), ("d", 2), ("s", 3), ("d", 4)]
    late = list[Any]()
    feed.add(lambda event: late.append((event.content["tp"], event.content["ui"])))
    feed._ticked(Event(tick))
    assert late == [("s", 4), ("d", 5)]


class Standing:
    """A clock that is moved by hand."""

    def __init__(self, now_s: list[float]) -> None:
        self._now_s = now_s

    def monotonic_s(self) -> float:
        return self._now_s[0]


def test_one_is_opened_again_only_when_it_has_been_closed(feeds: Feeds) -> None:
    """A venue's stream is there once: one that was opened before the other was closed would be closed with it."""
    closing, may_close = threading.Event(), threading.Event()

    class Slow(CountedFeed):
        def close(self) -> None:
            closing.set()
            assert may_close.wait(PATIENCE_S)
            super().close()

    class SlowlyMade(Made):
        def make(self, _feeds: Feeds) -> Feed:
            self.opened.append(Slow(fails=False))
            return self.opened[-1]

    key, heard = SlowlyMade(), list[Any]()

    def listen(event: Event) -> None:
        heard.append(event.content)

    feeds.join(key, listen)
    leaver = threading.Thread(target=feeds.leave, args=(key, listen))
    leaver.start()
    assert closing.wait(PATIENCE_S)
    joiner = threading.Thread(target=feeds.join, args=(key, listen))
    joiner.start()
    joiner.join(0.05)
    assert len(key.opened) == 1
    may_close.set()
    leaver.join(PATIENCE_S)
    joiner.join(PATIENCE_S)
    assert [feed.is_closed for feed in key.opened] == [True, False]
    key.opened[1].tell(Event("again"))
    assert heard == ["again"]
    feeds.leave(key, listen)
    assert not feeds._open


class Desk:
    """A venue with a book whose state is set by hand."""

    name = "binance"
    state = BookState.LIVE

    def __init__(self, *, has_book: bool = True) -> None:
        self.has_book = has_book
        self.desk = self
        self.stopped: list[str] = []
        self.gone: set[str] = set()

    def ticker(self, _name: str) -> Any:
        return SimpleNamespace(last=5, volume=1, open=4)

    def values(self) -> dict[str, Any]:
        return {}

    def sockets(self) -> Any:
        return SimpleNamespace(start_trade_socket=lambda *_: "trades")

    def stop_socket(self, key: str) -> None:
        self.stopped.append(key)

    def flows(self, key: str) -> bool:
        return key not in self.gone

    def book(self, _name: str, _callback: Any) -> Any:
        if not self.has_book:
            raise ExchangeRequestException("no answer")
        return self

    def top(self, _levels: int) -> Any:
        return [(5, 1)], [(6, 1)]

    update_time = 7


def test_while_a_book_is_not_right_nothing_is_told_of_it(feeds: Feeds) -> None:
    desk: Any = Desk()
    feed = TickFeed(desk, INSTRUMENT, feeds)
    feed.open()
    changes = ChangeFeed(desk, INSTRUMENT, feeds)
    changes._ticks = feed
    said, kinds = list[Any](), list[Any]()
    feed.add(lambda event: said.append(event.content.last))
    feed.add(changes._ticked)
    changes.add(lambda event: kinds.append(event.content["tp"]))
    feed._changed(desk)
    feed._traded(Event([SimpleNamespace(price=8, time_ms=9)]))
    assert said == [5.0, 8.0]
    desk.state = BookState.STALE
    feed._traded(Event([SimpleNamespace(price=9, time_ms=9)]))
    late = list[Any]()
    feed.add(lambda event: late.append(event.content.last))
    changes.add(lambda event: kinds.append(("late", event.content["tp"])))
    assert (said, late, kinds) == ([5.0, 8.0], [], ["s", "d"])
    desk.state = BookState.LIVE
    feed._changed(desk)
    assert (said, late, kinds) == ([5.0, 8.0, 9.0], [9.0], ["s", "d", "s", ("late", "s")])


def test_a_tick_feed_that_could_not_be_opened_leaves_nothing_open(feeds: Feeds) -> None:
    desk: Any = Desk(has_book=False)
    with pytest.raises(ExchangeRequestException):
        TickFeed(desk, INSTRUMENT, feeds).open()
    assert desk.stopped == ["trades"]
    assert not feeds._open


def test_a_book_that_the_venue_refuses_for_good_is_told_and_told_to_whoever_comes_after(
    feeds: Feeds, caplog: pytest.LogCaptureFixture
) -> None:
    desk: Any = Desk()
    feed = TickFeed(desk, INSTRUMENT, feeds)
    feed.open()
    changes = ChangeFeed(desk, INSTRUMENT, feeds)
    feed.add(changes._ticked)
    said: list[Event] = []
    changes.add(said.append)
    feed._changed(desk)
    with caplog.at_level(logging.WARNING):
        for _ in range(3):
            feed._changed(None)
    feed._changed(desk)
    changes.add(said.append)
    assert [type(event) for event in said] == [Event, End, End]
    assert (said[1].content.code, said[1].content.status) == ("upstream-error", 502)
    assert "the book of BTCUSDT" in said[1].content.message
    assert len(caplog.records) == 1


def test_trades_and_candles_that_are_refused_for_good_are_told(feeds: Feeds) -> None:
    desk: Any = Desk()
    desk.klines = lambda *_, **__: []
    desk.sockets = lambda: SimpleNamespace(start_trade_socket=lambda *_: "trades", start_kline_socket=lambda *_: "candles")
    desk.words = SimpleNamespace(candle=lambda _message: None, trades=lambda _message: [SimpleNamespace(price=8, time_ms=9)])
    for feed in (TradeFeed(desk, INSTRUMENT), CandleFeed(desk, INSTRUMENT, "1m")):
        feed.open()
        said = list[Event]()
        feed.add(said.append)
        feed.look(lambda job: job())
        assert said == []
        desk.gone = {"trades", "candles"}
        for _ in range(2):
            feed.look(lambda job: job())
        assert [type(event) for event in said] == [End]
        desk.gone = set()


def test_one_that_has_ended_is_made_anew_for_whoever_comes_though_others_have_not_left_yet(feeds: Feeds) -> None:
    key, heard = Made(), list[tuple[str, Event]]()

    def first(event: Event) -> None:
        heard.append(("first", event))

    def second(event: Event) -> None:
        heard.append(("second", event))

    feeds.join(key, first)
    key.opened[0].end(End("gone"))
    feeds.join(key, second)
    assert [feed.is_closed for feed in key.opened] == [True, False]
    key.opened[1].tell(Event("news"))
    feeds.leave(key, first)
    assert [feed.is_closed for feed in key.opened] == [True, False]
    feeds.leave(key, second)
    assert [feed.is_closed for feed in key.opened] == [True, True]
    assert [(who, type(event)) for who, event in heard] == [("first", End), ("second", Event)]
    assert not feeds._open


def test_without_its_trades_a_tick_is_none(feeds: Feeds) -> None:
    desk: Any = Desk()
    feed = TickFeed(desk, INSTRUMENT, feeds)
    feed.open()
    said = list[Event]()
    feed.add(said.append)
    desk.gone = {"trades"}
    feeds.look()
    assert [type(event) for event in said] == [End]
