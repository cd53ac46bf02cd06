"""Streams to iterate over, those that read a connection of their own and those that a manager feeds: the same tests for both."""

from __future__ import annotations

import contextlib
import gc
import logging
import os
import queue
import signal
import sys
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from socket_peer import CLOSE, PING, PONG, SOON_S, TEXT, Peer, Server, Session

from exchangeclient.core.budgets.respite import respite_of
from exchangeclient.core.feeds.blocking import BlockingStream
from exchangeclient.core.feeds.callbacks import MARKET_LIMIT, CallbackThread
from exchangeclient.core.feeds.groups import SocketGroup
from exchangeclient.core.feeds.iteration import EventStream, Inbox, QueuedStream
from exchangeclient.core.process import reactor
from exchangeclient.core.wire.dialing import SocketOptions
from exchangeclient.exceptions import SocketException, SocketTimeoutException

Open = Callable[..., EventStream]


@pytest.fixture(params=["blocking", "queued"])
def iterate(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Open]:
    """``iterate(url, timeout)`` iterates over what a server sends; options may follow."""
    monkeypatch.setattr("exchangeclient.core.feeds.blocking.OVERLAP_S", 0.1)
    monkeypatch.setattr("exchangeclient.core.feeds.sockets.OVERLAP_S", 0.1)
    groups: list[SocketGroup] = []

    def start(url: str, timeout: float | None = SOON_S, **options: Any) -> EventStream:
        session = Session(url)
        chosen = SocketOptions(retry_s=0.01, retry_most_s=0.05, **options)
        if request.param == "blocking":
            return BlockingStream(session, options=chosen, timeout=timeout)
        group = SocketGroup("test-iteration", options=chosen, keep_alive=False)
        groups.append(group)
        stream = QueuedStream(session.decode, session.name, timeout=timeout, limit=MARKET_LIMIT)
        group.attach("x", [session], stream.listener)
        group.start()
        stream.ends_with(group, "x")
        return stream

    yield start
    for group in groups:
        group.close()
    if groups:
        reactor.wait(lambda: None)


class Reader:
    """A thread that iterates, and what it got."""

    def __init__(self, stream: EventStream) -> None:
        self.got: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._stream: EventStream | None = stream
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        assert self._stream is not None
        try:
            for event in self._stream:
                self.got.put(event)
        except SocketException as error:
            self.got.put(error)
        else:
            self.got.put("the end")
        finally:
            self._stream = None

    def next(self) -> Any:
        return self.got.get(timeout=SOON_S)

    def join(self) -> None:
        self._thread.join(SOON_S)
        assert not self._thread.is_alive()


def test_events_come_in_order_and_replies_do_not(iterate: Open, server: Server) -> None:
    with iterate(server.url) as stream:
        reader = Reader(stream)
        peer = server.peer()
        for text in ("1", "reply", "2", '{"a":[3]}'):
            peer.send(text)
        assert [reader.next() for _ in range(3)] == [1, 2, {"a": [3]}]
    assert reader.next() == "the end"
    reader.join()


def test_event_that_does_not_come_in_time_raises_and_the_next_one_can_be_waited_for(iterate: Open, server: Server) -> None:
    with iterate(server.url, timeout=0.05) as stream:
        with pytest.raises(SocketTimeoutException, match=r"x@trade: no event within 0.05 s"):
            next(stream)
        with pytest.raises(TimeoutError):
            next(stream)
        server.peer().send("1")
        while True:
            try:
                assert next(stream) == 1
            except SocketTimeoutException:
                continue
            break


def test_close_from_another_thread_ends_the_iteration(iterate: Open, server: Server) -> None:
    stream = iterate(server.url, timeout=None)
    reader = Reader(stream)
    peer = server.peer()
    peer.send("1")
    assert reader.next() == 1
    stream.close()
    stream.close()
    assert reader.next() == "the end"
    assert list(stream) == []


def test_close_before_anything_is_waited_for(iterate: Open, server: Server) -> None:
    stream = iterate(server.url)
    stream.close()
    assert list(stream) == []


def test_leaving_the_block_says_goodbye(iterate: Open, server: Server) -> None:
    with iterate(server.url) as stream:
        reader = Reader(stream)
        peer = server.peer()
        peer.send("1")
        assert reader.next() == 1
        peer.send("2")
        assert reader.next() == 2
    assert reader.next() == "the end"


def test_stream_that_is_dropped_ends_its_connection(iterate: Open, server: Server) -> None:
    stream = iterate(server.url)
    threading.Timer(0.0, lambda: server.peer().send("1")).start()
    assert next(stream) == 1
    before = server.accepted
    del stream
    gc.collect()
    reactor.wait(lambda: None)
    assert server.accepted == before


def test_stream_goes_on_over_another_connection(iterate: Open, server: Server) -> None:
    with iterate(server.url) as stream:
        reader = Reader(stream)
        for number in range(3):
            peer = server.peer()
            peer.send(str(number))
            assert reader.next() == number
            assert stream.breaks == number
            peer.drop() if number else peer.close(1012, "restart")


def test_passing_refusal_is_tried_again_and_a_final_one_raises(iterate: Open, server: Server) -> None:
    with iterate(server.url) as stream:
        reader = Reader(stream)
        server.peer().send("passing")
        peer = server.peer()
        peer.send("1")
        assert reader.next() == 1
        peer.send("final")
        assert "the key is wrong" in str(reader.next())
        reader.join()
        depths = []
        for _ in range(3):
            with pytest.raises(SocketException, match="the key is wrong") as caught:
                next(stream)
            depths.append(len(caught.traceback))
        assert len(set(depths)) == 1, "the one error keeps nothing of those who heard it before"
        assert server.peers.empty()


def test_l02_host_that_asks_for_rest_in_the_venues_own_words_is_left_alone(iterate: Open, server: Server) -> None:
    with iterate(server.url) as stream:
        reader = Reader(stream)
        server.peer().send("rest")
        until = time.monotonic() + SOON_S
        while not respite_of(server.url).left_s():
            assert time.monotonic() < until
            threading.Event().wait(0.01)
        assert respite_of(server.url).left_s() > 10.0
        threading.Event().wait(0.2)  # the time in which it would be tried again
        assert server.accepted == 1
    reader.join()


def test_pings_are_answered_while_an_event_is_waited_for(iterate: Open, server: Server) -> None:
    with iterate(server.url) as stream:
        reader = Reader(stream)
        peer = server.peer()
        peer.send(b"there?", PING)
        assert peer.next(PONG) == b"there?"
        peer.send("1")
        assert reader.next() == 1


def test_message_in_fragments_with_a_ping_between_is_one_event(iterate: Open, server: Server) -> None:
    with iterate(server.url) as stream:
        reader = Reader(stream)
        peer = server.peer()
        peer.send("[1,", final=False)
        peer.send(b"", PING)
        peer.send("2]", opcode=0)
        assert reader.next() == [1, 2]
        peer.send('"%s"' % ("é" * 40_000))
        assert reader.next() == "é" * 40_000


@pytest.mark.parametrize(
    ("send", "code"),
    [
        (lambda peer: peer.send('"' + "x" * 2000 + '"'), 1009),
        (lambda peer: [peer.send("x" * 600, final=False), peer.send("x" * 600, opcode=0)], 1009),
        (lambda peer: peer.send(b'"\xff"', TEXT), 1007),
        (lambda peer: peer.stream.sendall(b"\xc1\x01x"), 1002),
        (lambda peer: peer.stream.sendall(b"\x81\x81\x00\x00\x00\x001"), 1002),
    ],
    ids=["too big", "too big in fragments", "not UTF-8", "reserved bit", "masked"],
)
def test_s13_s14_peer_that_breaks_the_protocol_is_told_and_left(
    iterate: Open, server: Server, send: Callable[[Peer], object], code: int
) -> None:
    with iterate(server.url, max_message_bytes=1000) as stream:
        reader = Reader(stream)
        peer = server.peer()
        send(peer)
        assert int.from_bytes(peer.next(CLOSE)[:2], "big") == code
        peer.drop()
        server.peer().send("1")
        assert reader.next() == 1


def test_s04_connection_that_is_about_to_end_is_left_with_nothing_lost_or_doubled(iterate: Open, server: Server) -> None:
    with iterate(server.url) as stream:
        reader = Reader(stream)
        old = server.peer()
        old.send("1")
        assert reader.next() == 1
        old.send("leaving")
        new = server.peer()
        old.send("2")
        assert reader.next() == 2
        new.send("2")
        new.send("3")
        assert reader.next() == 3
        old.send("3")
        new.send("4")
        assert reader.next() == 4
        assert old.next(CLOSE)
        new.send("5")
        assert reader.next() == 5
        assert reader.got.empty()
        assert stream.breaks == 0


def test_s04_event_that_each_connection_words_in_its_own_way_is_handed_on_once(
    iterate: Open, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Reworded(Session):
        def sense_of(self, payload: bytes) -> bytes:
            return b"%d" % float(payload)

    monkeypatch.setattr(sys.modules[__name__], "Session", Reworded)
    with iterate(server.url) as stream:
        reader = Reader(stream)
        old = server.peer()
        old.send("1")
        assert reader.next() == 1
        old.send("leaving")
        new = server.peer()
        old.send("2")
        assert reader.next() == 2
        new.send("2.0")
        new.send("3.0")
        assert reader.next() == 3
        old.send("3")
        old.send("3")  # another one
        assert reader.next() == 3
        new.send("3.0")
        new.send("4")
        assert reader.next() == 4
        assert reader.got.empty()


def test_next_connection_takes_over_at_once_when_the_old_one_ends_early(iterate: Open, server: Server) -> None:
    with iterate(server.url) as stream:
        reader = Reader(stream)
        old = server.peer()
        old.send("1")
        assert reader.next() == 1
        old.send("leaving")
        new = server.peer()
        new.send("2")
        old.drop()
        new.send("3")
        assert [reader.next(), reader.next()] == [2, 3]


def test_next_connection_that_takes_over_before_it_brings_what_was_asked_for_is_a_break(
    iterate: Open, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    def opened(session: Session, now_s: float) -> None:
        session.opened_at.append(now_s)
        session.ready = session.leaving = False

    def received(session: Session, payload: bytes) -> Any:
        session.ready = session.ready or payload == b"reply"
        return receive(session, payload)

    receive = Session.receive
    monkeypatch.setattr(Session, "opened", opened)
    monkeypatch.setattr(Session, "receive", received)
    with iterate(server.url) as stream:
        reader = Reader(stream)
        old = server.peer()
        old.send("reply")
        old.send("1")
        assert reader.next() == 1
        old.send("leaving")
        new = server.peer()
        old.send("2")  # with which it is noticed that there is a new one
        assert reader.next() == 2
        assert stream.breaks == 0
        old.drop()
        new.send("reply")
        new.send("3")
        assert reader.next() == 3
        assert stream.breaks == 1


def test_s04_program_that_comes_back_when_the_old_connection_is_left_gets_nothing_twice(iterate: Open, server: Server) -> None:
    peers: list[Peer] = []

    def play() -> None:
        peers.append(server.peer())
        peers[0].send("1")
        peers[0].send("leaving")
        peers.append(server.peer())
        peers[0].send("2")

    with iterate(server.url) as stream:
        threading.Thread(target=play, daemon=True).start()
        assert [next(stream), next(stream)] == [1, 2]
        old, new = peers
        new.send("2")
        new.send("3")
        old.send("3")
        threading.Event().wait(0.25)  # the time with two connections passes
        new.send("4")
        assert [next(stream), next(stream)] == [3, 4]


def test_quiet_stream_is_connected_anew(iterate: Open, server: Server) -> None:
    with iterate(server.url, quiet_s=2.0) as stream:
        reader = Reader(stream)
        peer = server.peer()
        for number in range(6):
            peer.send(str(number))
            peer.send(b"", PING)
            assert reader.next() == number
            threading.Event().wait(0.05)
        assert server.peers.empty()
        until = time.monotonic() + 10.0
        while server.peers.empty() and time.monotonic() < until:
            with contextlib.suppress(OSError):  # it was left a moment ago
                peer.send(b"", PING)  # which is no message
            threading.Event().wait(0.02)
        server.peer().send("7")
        assert reader.next() == 7


def test_stale_stream_is_connected_anew(iterate: Open, server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("exchangeclient.core.protocol.blocking_talk._LOOK_S", 0.0)
    monkeypatch.setattr("exchangeclient.core.protocol.conversation._LOOK_S", 0.0)
    with iterate(server.url, stale_s=5.0) as stream:
        reader = Reader(stream)
        peer = server.peer()
        peer.send('{"E":1700000010000}')
        assert reader.next()
        peer.send('{"E":1700000000000}')
        server.peer().send("1")
        while reader.next() != 1:
            pass


def test_waiting_on_the_reactors_thread_raises_at_once(iterate: Open, server: Server) -> None:
    with iterate(server.url) as stream, pytest.raises(RuntimeError, match="waiting for an event would block the reactor's thread"):
        reactor.wait(next, stream)


@pytest.mark.parametrize(
    ("timeout", "error"), [("5", TypeError), (True, TypeError), (0, ValueError), (-1, ValueError), (float("nan"), ValueError)]
)
def test_wrong_timeout_is_refused_by_name(iterate: Open, timeout: Any, error: type[Exception]) -> None:
    with pytest.raises(error, match="timeout must be a number of seconds"):
        iterate("ws://127.0.0.1:9/ws/x", timeout)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no forks")
def test_p09_process_that_is_forked_off_shares_no_connection(iterate: Open, server: Server) -> None:
    stream = iterate(server.url)
    reader = Reader(stream)
    mine = server.peer()
    mine.send("1")
    assert reader.next() == 1
    read, write = os.pipe()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # Python 3.12: a process with threads is forked, which is the point
        child = os.fork()
    if child == 0:
        said = "nothing"
        signal.alarm(int(SOON_S))
        try:
            said = str(next(stream))
            stream.close()
        except BaseException as error:  # noqa: BLE001 - told to the parent
            said = f"{type(error).__name__}: {error}"
        os.write(write, said.encode())
        os._exit(0)
    os.close(write)
    if isinstance(stream, BlockingStream):
        server.peer().send("7")
    with open(read, "rb") as pipe:
        said = pipe.read().decode()
    os.waitpid(child, 0)
    if isinstance(stream, BlockingStream):
        assert said == "7"
    else:
        assert said == "SocketException: x@trade: this process was forked from the one that has the stream; open another one here"
    mine.send("2")
    assert reader.next() == 2
    stream.close()
    reader.join()


def test_inbox_is_bounded_by_bytes_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("exchangeclient.core.feeds.iteration.QUEUE_BYTES", 10)
    inbox = Inbox("x@trade", 100)
    inbox.callbacks = CallbackThread("test-callbacks")
    inbox.received([b"1234", b"5678"])
    inbox.received([b"12345", b"1"])
    assert inbox.callbacks.dropped == 1
    assert inbox.take(0.0) == [b"5678", b"12345", b"1"]
    inbox.received([b"1234567890"])
    assert inbox.take(0.0) == [b"1234567890"]
    inbox.received([b"a" * 20])  # one alone is never too much
    assert inbox.take(0.0) == [b"a" * 20]
    assert inbox.callbacks.dropped == 1


def test_inbox_drops_the_oldest_beyond_its_limit_and_says_so(caplog: pytest.LogCaptureFixture) -> None:
    told: list[tuple[str, str]] = []
    inbox = Inbox("x@trade", 3)
    inbox.callbacks = CallbackThread("test-callbacks", tell_dropped=lambda *what: told.append(what))
    inbox.received([b"1", b"2"])
    inbox.received([b"3", b"4", b"5"])
    assert inbox.callbacks.dropped == 2
    with caplog.at_level(logging.WARNING):
        assert inbox.take(0.0) == [b"3", b"4", b"5"]
    assert [record.getMessage() for record in caplog.records] == ["x@trade: 2 messages were dropped, which were not asked for in time"]
    assert told == [("x@trade", "2 messages were dropped, which were not asked for in time")]
    assert inbox.take(0.0) is None
    inbox.received([b"6"])
    inbox.close()
    assert inbox.take(0.0) == []
