"""The sockets of one manager: several under keys, with one callback thread."""

from __future__ import annotations

import gc
import os
import queue
import random
import sys
import threading
import time
import warnings
import weakref
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from socket_peer import CLOSE, PING, PONG, SOON_S, TEXT, Server, Session, Witness

from exchangeclient.core.feeds.callbacks import MARKET_LIMIT, CallbackThread, EventLine
from exchangeclient.core.feeds.groups import SocketGroup
from exchangeclient.core.feeds.notices import SocketNotice
from exchangeclient.core.feeds.sockets import Delivery
from exchangeclient.core.process import reactor
from exchangeclient.exceptions import SocketException


@pytest.fixture
def group() -> Iterator[SocketGroup]:
    group = SocketGroup("test-group")
    yield group
    group.close()


def attach(group: SocketGroup, server: Server, callback: Callable[[Any], Any], key: str = "x") -> Any:
    session = Session(server.url)

    def listener(callbacks: CallbackThread) -> Delivery:
        line = EventLine(callbacks, callback, session.decode, name=key, limit=MARKET_LIMIT)
        return Delivery(line, lambda text: {"e": "error", "m": text})

    return group.attach(key, [session], listener)


def test_attached_sockets_connect_at_start_and_later_ones_at_once(group: SocketGroup, server: Server) -> None:
    seen: queue.SimpleQueue[Any] = queue.SimpleQueue()
    assert attach(group, server, seen.put) == "x"
    assert not group.is_alive()
    reactor.wait(lambda: None)
    assert server.peers.empty()
    group.start()
    group.start()
    assert group.is_alive()
    server.peer().send("1")
    assert seen.get(timeout=SOON_S) == 1
    assert attach(group, server, seen.put, "y") == "y"
    server.peer().send("2")
    assert seen.get(timeout=SOON_S) == 2


def test_s20_second_start_of_a_stream_returns_false(group: SocketGroup, server: Server) -> None:
    assert attach(group, server, print) == "x"
    assert attach(group, server, print) is False
    assert group.is_open("x")
    assert group.stop_socket("x") is True
    assert group.stop_socket("x") is False
    assert group.stop_socket(False) is False
    for wrong in (None, 5, True, ["x"]):
        with pytest.raises(TypeError, match="conn_key must be"):
            group.stop_socket(wrong)  # type: ignore[arg-type]
    assert attach(group, server, print) == "x"


def test_close_forgets_everything_and_start_opens_only_what_is_new(group: SocketGroup, server: Server) -> None:
    attach(group, server, print)
    group.start()
    first = server.peer()
    group.wait_ready("x", timeout=SOON_S)
    group.close()
    assert not group.is_alive()
    assert first.next(CLOSE)
    assert not group.is_open("x")
    group.start()
    reactor.wait(lambda: None)
    assert server.peers.empty()
    seen: queue.SimpleQueue[Any] = queue.SimpleQueue()
    attach(group, server, seen.put)
    server.peer().send("1")
    assert seen.get(timeout=SOON_S) == 1


def test_stop_within_its_own_callback(group: SocketGroup, server: Server) -> None:
    seen: queue.SimpleQueue[Any] = queue.SimpleQueue()

    def callback(event: int) -> None:
        seen.put((event, group.stop_socket("x")))

    attach(group, server, callback)
    group.start()
    peer = server.peer()
    peer.stream.sendall(b"\x81\x011\x81\x012\x81\x013")
    assert seen.get(timeout=SOON_S) == (1, True)
    assert peer.next(CLOSE)
    group.close()
    assert seen.empty()


def test_p06_closing_twice_or_before_the_start_is_no_error(group: SocketGroup, server: Server) -> None:
    group.close()
    attach(group, server, print)
    group.close()
    assert not group.is_open("x")
    group.start()
    began = time.monotonic()
    threads = [threading.Thread(target=group.close) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(SOON_S)
    group.close()
    assert time.monotonic() - began < 4.0  # a callback would be waited for for longer
    assert not group.is_alive()


def test_p06_no_callback_begins_once_the_second_of_two_closings_has_returned(
    group: SocketGroup, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: queue.SimpleQueue[int] = queue.SimpleQueue()
    attach(group, server, seen.put)
    group.start()
    peer = server.peer()
    peer.send("1")
    assert seen.get(timeout=SOON_S) == 1
    close, closing, go_on = CallbackThread.close, threading.Event(), threading.Event()

    def slow_close(thread: CallbackThread) -> None:
        closing.set()
        assert go_on.wait(SOON_S)
        close(thread)

    monkeypatch.setattr(CallbackThread, "close", slow_close)
    callbacks = group._holdings.callbacks
    assert callbacks is not None
    first = threading.Thread(target=group.close)
    first.start()
    assert closing.wait(SOON_S)
    group.close()
    callbacks.turn(Late(seen))
    go_on.set()
    first.join()
    assert seen.empty()


class Late:
    """What comes when it is over."""

    def __init__(self, seen: queue.SimpleQueue[int]) -> None:
        self.run_next = lambda: seen.put(2)


def test_close_within_a_callback(group: SocketGroup, server: Server) -> None:
    closed = threading.Event()

    def callback(_: int) -> None:
        group.close()
        closed.set()

    attach(group, server, callback)
    group.start()
    server.peer().send("1")
    assert closed.wait(SOON_S)
    assert not group.is_alive()


def test_s21_no_callback_once_stop_has_returned(group: SocketGroup, server: Server) -> None:
    print("seed 7")
    generator = random.Random(7)
    group.start()
    for _ in range(40):
        late: list[int] = []
        started, stopped = threading.Event(), threading.Event()

        def callback(event: int, started: threading.Event = started, stopped: threading.Event = stopped, late: list[int] = late) -> None:
            started.set()
            if stopped.is_set():
                late.append(event)

        attach(group, server, callback)
        peer = server.peer()
        for number in range(5):
            peer.send(str(number))
        if generator.random() < 0.7:
            assert started.wait(SOON_S)
        group.stop_socket("x")
        stopped.set()
        reactor.wait(lambda: None)
        assert late == []


def test_s10_blocked_callback_does_not_stop_pongs_nor_other_groups(group: SocketGroup, server: Server) -> None:
    entered, go_on = threading.Event(), threading.Event()

    def callback(_: int) -> None:
        entered.set()
        assert go_on.wait(SOON_S)

    attach(group, server, callback)
    group.start()
    peer = server.peer()
    peer.send("1")
    assert entered.wait(SOON_S)
    peer.send("2")
    peer.send(b"still there?", PING)
    assert peer.next(PONG) == b"still there?"
    seen: queue.SimpleQueue[Any] = queue.SimpleQueue()
    with SocketGroup("test-other") as other:
        attach(other, server, seen.put)
        server.peer().send("3")
        assert seen.get(timeout=SOON_S) == 3
    go_on.set()


def test_final_failure_is_told_to_the_callback_and_frees_the_key(group: SocketGroup, server: Server) -> None:
    seen: queue.SimpleQueue[Any] = queue.SimpleQueue()
    attach(group, server, seen.put)
    group.start()
    server.peer().send("final")
    event = seen.get(timeout=SOON_S)
    assert event["e"] == "error"
    assert "the key is wrong" in event["m"]
    with pytest.raises(SocketException, match="the key is wrong"):
        group.wait_ready("x")
    assert not group.is_open("x")
    assert attach(group, server, seen.put) == "x"
    server.peer().send("1")
    assert seen.get(timeout=SOON_S) == 1


def test_wait_ready_says_when_the_stream_flows_and_refuses_an_unknown_key(group: SocketGroup, server: Server) -> None:
    attach(group, server, print)
    with pytest.raises(SocketException, match="not ready within"):
        group.wait_ready("x", timeout=0.01)
    group.start()
    group.wait_ready("x", timeout=SOON_S)
    with pytest.raises(ValueError, match="conn_key 'y' is not open"):
        group.wait_ready("y")


@pytest.mark.parametrize("timeout", ["1", None, True])
def test_time_to_wait_that_is_none_is_refused_by_name(group: SocketGroup, server: Server, timeout: Any) -> None:
    attach(group, server, print)
    with pytest.raises(TypeError, match="timeout must be a number of seconds"):
        group.wait_ready("x", timeout)


def test_threads_do_not_grow_over_starts_and_closes(group: SocketGroup, server: Server) -> None:
    counts = []
    for _ in range(8):
        attach(group, server, print)
        group.start()
        group.wait_ready("x", timeout=SOON_S)
        group.close()
        keepers = [thread for thread in threading.enumerate() if thread.name == "test-group-keeper"]
        for keeper in keepers:
            keeper.join(SOON_S)
        counts.append(sum(thread.name.startswith(("test-group", "exchangeclient")) for thread in threading.enumerate()))
    assert counts[0] == counts[-1]
    assert max(counts) == min(counts)


def test_start_and_close_from_many_threads_at_once(group: SocketGroup, server: Server) -> None:
    errors: list[BaseException] = []

    def work(seed: int) -> None:
        generator = random.Random(seed)
        try:
            for _ in range(10):
                generator.choice([group.start, group.close, lambda: attach(group, server, print), lambda: group.stop_socket("x")])()
        except Exception as error:  # noqa: BLE001 - shown by the test
            errors.append(error)

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(SOON_S)
    assert errors == []
    group.close()
    group.start()
    seen: queue.SimpleQueue[Any] = queue.SimpleQueue()
    attach(group, server, seen.put, "after")
    group.wait_ready("after", timeout=SOON_S)


def test_join_returns_when_it_is_closed(group: SocketGroup) -> None:
    group.join()  # not started: nothing to wait for
    group.start()
    group.join(timeout=0.01)
    threading.Timer(0.05, group.close).start()
    group.join(timeout=SOON_S)
    assert not group.is_alive()


def test_join_waits_for_close_also_where_the_program_is_not_kept_alive() -> None:
    group = SocketGroup("test-free", keep_alive=False)
    group.start()
    joined = threading.Event()
    threading.Thread(target=lambda: (group.join(), joined.set()), daemon=True).start()
    assert not joined.wait(0.05)
    group.close()
    assert joined.wait(SOON_S)


def test_start_that_fails_leaves_nothing_behind(group: SocketGroup, server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    def stopped() -> Any:
        raise RuntimeError("the reactor was stopped")

    attach(group, server, print)
    with monkeypatch.context() as patch:
        patch.setattr("exchangeclient.core.process.reactor.running", stopped)
        for _ in range(2):
            with pytest.raises(RuntimeError, match="was stopped"):
                group.start()
            assert not group.is_alive()
    assert "test-group" not in " ".join(thread.name for thread in threading.enumerate())
    group.start()
    assert server.peer()


def test_socket_that_cannot_be_opened_is_not_attached(group: SocketGroup, server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    def stopped() -> Any:
        raise RuntimeError("the reactor was stopped")

    group.start()
    with monkeypatch.context() as patch:
        patch.setattr("exchangeclient.core.process.reactor.running", stopped)
        with pytest.raises(RuntimeError, match="was stopped"):
            attach(group, server, print)
    assert not group.is_open("x")


@pytest.mark.parametrize("kind", [KeyboardInterrupt, SystemExit])
def test_leaving_a_with_block_to_end_the_program_hardly_waits_for_a_callback(
    server: Server, kind: type[BaseException], caplog: pytest.LogCaptureFixture
) -> None:
    entered, go_on = threading.Event(), threading.Event()

    def hangs(_: int) -> None:
        entered.set()
        go_on.wait(SOON_S)

    def program(group: SocketGroup) -> None:
        with group:
            attach(group, server, hangs)
            server.peer().send("1")
            assert entered.wait(SOON_S)
            raise kind

    began = time.monotonic()
    with pytest.raises(kind):
        program(SocketGroup("test-left"))
    assert time.monotonic() - began < 4.0  # it would be five seconds
    assert "is left behind" in caplog.text
    go_on.set()


def test_thread_of_callbacks_cannot_wait_for_its_own_end(group: SocketGroup, server: Server) -> None:
    errors: queue.SimpleQueue[BaseException] = queue.SimpleQueue()

    def callback(_: int) -> None:
        try:
            group.join()
        except RuntimeError as error:
            errors.put(error)

    attach(group, server, callback)
    group.start()
    server.peer().send("1")
    assert "within a callback" in str(errors.get(timeout=SOON_S))


@pytest.mark.parametrize("call", ["join", "wait_ready"])
def test_blocking_calls_raise_at_once_on_the_reactors_thread(group: SocketGroup, call: str) -> None:
    group.start()
    with pytest.raises(RuntimeError, match="would block the reactor's thread"):
        reactor.wait(getattr(group, call), *(["x"] if call == "wait_ready" else []))


class TestNotices:
    def test_user_is_told_on_the_callback_thread_of_what_happens_to_a_stream(self, server: Server) -> None:
        seen: queue.SimpleQueue[tuple[SocketNotice, str]] = queue.SimpleQueue()

        def on_notice(notice: SocketNotice) -> None:
            seen.put((notice, threading.current_thread().name))

        with SocketGroup("test-told", on_notice=on_notice) as group:
            attach(group, server, print)
            server.peer().drop()
            server.peer().send("final")
            told = [seen.get(timeout=SOON_S) for _ in range(4)]
            group.notifier()(SocketNotice("gap", "x@trade", "ids 5 to 7 are missing", 0.0))
            assert seen.get(timeout=SOON_S)[0].kind == "gap"
        assert [notice.kind for notice, _ in told] == ["connected", "lost", "recovered", "refused"]
        assert told[-1][0].final
        assert {thread for _, thread in told} == {"test-told-callbacks"}
        assert abs(told[0][0].at - time.time()) < SOON_S
        assert group.stats() == {"connected": 1, "lost": 1, "recovered": 1, "refused": 1, "gap": 1}
        group.notifier()(SocketNotice("gap", "x@trade", "too late", 0.0))
        assert seen.empty()

    def test_user_who_fails_over_a_notice_stops_nothing(self, server: Server, caplog: pytest.LogCaptureFixture) -> None:
        seen: queue.SimpleQueue[Any] = queue.SimpleQueue()
        with SocketGroup("test-told", on_notice=lambda notice: 1 / 0) as group:
            attach(group, server, seen.put)
            server.peer().send("1")
            assert seen.get(timeout=SOON_S) == 1
        assert "ZeroDivisionError" in caplog.text
        assert group.stats() == {"connected": 1, "callbacks failed": 1}

    def test_s09_user_is_told_of_his_callback_that_fails(self, server: Server) -> None:
        seen: queue.SimpleQueue[SocketNotice] = queue.SimpleQueue()
        with SocketGroup("test-told", on_notice=seen.put) as group:
            attach(group, server, lambda event: 1 / 0)
            server.peer().send("1")
            assert seen.get(timeout=SOON_S).kind == "connected"
            notice = seen.get(timeout=SOON_S)
            assert (notice.kind, notice.stream) == ("raised", "x")
            assert "ZeroDivisionError: division by zero" in notice.reason
            assert group.stats() == {"connected": 1, "callbacks failed": 1}

    def test_s09_callback_that_outlived_its_run_and_fails_then_is_not_taken_for_the_new_runs(self, server: Server) -> None:
        begun, go_on, done = threading.Event(), threading.Event(), threading.Event()
        seen: queue.SimpleQueue[SocketNotice] = queue.SimpleQueue()

        def callback(event: Any) -> None:
            begun.set()
            try:
                go_on.wait(SOON_S)
                raise ZeroDivisionError("of the run before")
            finally:
                done.set()

        with SocketGroup("test-told", on_notice=seen.put) as group:
            attach(group, server, callback)
            server.peer().send("1")
            assert begun.wait(SOON_S)
            group.hurry(KeyboardInterrupt)
            old = group._holdings.callbacks
            assert old is not None
            group.close()
            group.start()
            attach(group, server, lambda event: 1 / 0)
            peer = server.peer()
            go_on.set()
            assert old._thread is not None
            old._thread.join(SOON_S)
            assert done.is_set()
            peer.send("1")
            kinds = [seen.get(timeout=SOON_S) for _ in range(3)]
            assert [notice.kind for notice in kinds] == ["connected", "connected", "raised"]
            assert "division by zero" in kinds[-1].reason
            assert seen.empty()

    def test_callback_is_told_once_when_a_connection_fails_again_and_again(self) -> None:
        told: list[Any] = []

        class Line:
            tell = staticmethod(told.append)

        delivery = Delivery(Line(), lambda text: {"e": "error", "m": text}, struggling="Max reconnect retries reached")  # type: ignore[arg-type]
        for failures in range(1, 20):
            delivery.noticed(SocketNotice("lost", "x", "nobody there", 0.0, failures))
        delivery.noticed(SocketNotice("recovered", "x", "the stream flows", 0.0, 5))
        assert told == [{"e": "error", "m": "Max reconnect retries reached"}]
        # The next connection, which was to take over, may have failed meanwhile: what counts may pass the number by.
        for failures in (1, 4, 6, 7):
            delivery.noticed(SocketNotice("lost", "x", "nobody there", 0.0, failures))
        assert len(told) == 2

    def test_s11_user_is_told_of_messages_that_were_dropped_and_may_count_them(self, server: Server) -> None:
        told: queue.SimpleQueue[SocketNotice] = queue.SimpleQueue()
        busy, go_on = threading.Event(), threading.Event()

        def callback(event: int) -> None:
            busy.set()
            assert go_on.wait(SOON_S)

        with SocketGroup("test-dropped", on_notice=told.put) as group:
            session = Session(server.url)
            group.attach("x", [session], lambda callbacks: Delivery(EventLine(callbacks, callback, session.decode, name="x", limit=2), str))
            peer = server.peer()
            peer.send("0")
            assert busy.wait(SOON_S)
            deadline, sent = time.monotonic() + SOON_S, 0
            while group.stats().get("messages dropped", 0) < 3:  # while the callback is busy
                assert time.monotonic() < deadline
                peer.send(str(sent := sent + 1))
            assert "dropped" not in group.stats()
            go_on.set()
            while (notice := told.get(timeout=SOON_S)).kind != "dropped":
                pass
            assert notice.stream == "x"
            dropped = group.stats()["messages dropped"]
            assert f"{dropped} messages were dropped" in notice.reason
        assert (group.stats()["dropped"], group.stats()["messages dropped"]) == (1, dropped)

    def test_what_happens_while_it_is_counted_spoils_no_count(self) -> None:
        group = SocketGroup("test-told")
        tell, done = group.notifier(), threading.Event()

        def happen() -> None:
            for number in range(20_000):
                tell(SocketNotice(f"kind {number}", "x", "", 0.0))  # type: ignore[arg-type] # each of them is new
            done.set()

        interval = sys.getswitchinterval()
        sys.setswitchinterval(1e-6)
        try:
            thread = threading.Thread(target=happen)
            thread.start()
            while not done.is_set():
                group.stats()
            thread.join()
        finally:
            sys.setswitchinterval(interval)
        assert len(group.stats()) == 20_000

    def test_listener_hears_of_its_own_stream_alone(self, server: Server) -> None:
        class Hearing(Witness):
            def noticed(self, notice: SocketNotice) -> None:
                self.seen.put(("noticed", notice.kind))

        one, other = Hearing(), Witness()
        with SocketGroup("test-hearing") as group:
            group.attach("one", [Session(server.url)], lambda _: one)
            group.attach("other", [Session(server.url)], lambda _: other)
            assert one.next("noticed") == "connected"
            one.next("connected")
            other.next("connected")


def test_what_a_session_has_to_send_goes_out_when_it_is_poked(group: SocketGroup, server: Server) -> None:
    session = Session(server.url)
    group.attach("x", [session], lambda _: Witness())
    group.poke("x")  # nothing runs yet
    group.start()
    group.wait_ready("x", SOON_S)
    session.frames = ['{"id":1}']
    group.poke("x")
    assert server.peer().next(TEXT) == b'{"id":1}'
    group.poke("unknown")


def test_a_listener_may_keep_the_notifier_without_keeping_the_group() -> None:
    group = SocketGroup("test-group")
    notify, gone = group.notifier(), weakref.ref(group)
    del group
    assert gone() is None
    notify(SocketNotice("gap", "x", "nobody hears of it", 0.0))


class TestDropped:
    """A manager that nobody refers to any more."""

    def test_p11_sockets_are_closed_with_a_warning(self, server: Server) -> None:
        group = SocketGroup("test-dropped", keep_alive=False)
        attach(group, server, print)
        group.start()
        peer, dropped = server.peer(), [group]
        del group
        with pytest.warns(ResourceWarning, match=r"test-dropped: .* dropped without close\(\)"):
            dropped.clear()
        assert peer.next(CLOSE)
        for thread in threading.enumerate():
            if thread.name.startswith("test-dropped"):
                thread.join(SOON_S)
                assert not thread.is_alive()

    def test_p11_one_that_keeps_the_program_alive_goes_on_like_a_thread(self, server: Server) -> None:
        group = SocketGroup("test-dropped")
        attach(group, server, print)
        group.start()
        peer, holdings = server.peer(), group._holdings
        del group
        gc.collect()
        peer.send(b"still there?", PING)
        assert peer.next(PONG) == b"still there?"
        holdings.taken().end()

    @pytest.mark.parametrize("after", ["close", "never started"])
    def test_p11_nothing_is_said_of_one_that_does_not_run(self, after: str) -> None:
        group = SocketGroup("test-dropped", keep_alive=False)
        if after == "close":
            group.start()
            group.close()
        del group
        gc.collect()  # a warning would be an error


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there are no forks here")
def test_p09_after_a_fork_nothing_runs_and_starting_says_why(group: SocketGroup, server: Server) -> None:
    attach(group, server, print)
    group.start()
    group.wait_ready("x", SOON_S)
    free = [SocketGroup("test-free", keep_alive=False)]
    free[0].start()
    read, write = os.pipe()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # Python 3.12: a process with threads is forked, which is the point
        child = os.fork()
    if child == 0:
        said = "nothing"
        try:
            assert not group.is_alive()
            assert not group.is_open("x")
            group.close()
            with warnings.catch_warnings():
                warnings.simplefilter("error")
                sys.unraisablehook = lambda unraisable: os.write(write, str(unraisable.exc_value).encode())
                free.clear()  # no warning of what runs in the other process
            group.start()
        except BaseException as error:  # noqa: BLE001 - told to the parent
            said = f"{type(error).__name__}: {error}"
        os.write(write, said.encode())
        os._exit(0)
    os.close(write)
    with open(read, "rb") as pipe:
        said = pipe.read().decode()
    os.waitpid(child, 0)
    assert said.startswith("RuntimeError: this process was forked")
    group.wait_ready("x", SOON_S)
    assert group.is_alive()
    free[0].close()


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="open descriptors are not listed here")
def test_p05_closing_and_starting_leaves_no_threads_and_no_descriptors(group: SocketGroup, server: Server) -> None:
    def cycle() -> None:
        attach(group, server, print)
        group.start()
        peer = server.peer()
        group.wait_ready("x", timeout=SOON_S)
        group.close()
        assert peer.next(CLOSE)
        peer.drop()

    def open_ones() -> tuple[int, int]:
        return threading.active_count(), len(os.listdir("/proc/self/fd"))

    def no_more_than(most: tuple[int, int]) -> bool:
        deadline = time.monotonic() + SOON_S
        while not (is_so := all(now <= then for now, then in zip(open_ones(), most, strict=True))) and time.monotonic() < deadline:
            reactor.wait(lambda: None)
        return is_so

    before = open_ones()
    cycle()  # begins what is begun once: the reactor's threads, an open log
    assert no_more_than((before[0] + 3, before[1] + 6))
    begun = open_ones()
    for _ in range(30):
        cycle()
    assert no_more_than(begun)
