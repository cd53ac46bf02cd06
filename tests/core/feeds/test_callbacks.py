"""User code runs in order on a thread of its own; it may block, raise or come too late without harm to anything else."""

from __future__ import annotations

import asyncio
import json
import logging
import signal
import subprocess
import sys
import textwrap
import threading
from collections.abc import AsyncIterator, Iterator
from functools import partial
from typing import Any

import pytest

from exchangeclient.core.feeds import callbacks
from exchangeclient.core.feeds.callbacks import CallbackThread, EventLine, SignalLine, check_callback, keep_alive

SOON_S = 10.0


@pytest.fixture
def thread() -> Iterator[CallbackThread]:
    """A started callback thread."""
    thread = CallbackThread("test-callbacks")
    thread.start()
    yield thread
    thread.close()


class Seen:
    """A callback that remembers, and lets a test wait for so many."""

    def __init__(self) -> None:
        self.events: list[Any] = []
        self.changed = threading.Condition()

    def __call__(self, event: Any) -> None:
        with self.changed:
            self.events.append(event)
            self.changed.notify_all()

    def wait_for(self, count: int) -> list[Any]:
        with self.changed:
            assert self.changed.wait_for(lambda: len(self.events) >= count, SOON_S), self.events
            return list(self.events)


def events(*numbers: int) -> list[bytes]:
    return [json.dumps(number).encode() for number in numbers]


def line(thread: CallbackThread, callback: Any, **options: Any) -> EventLine:
    return EventLine(thread, callback, json.loads, name="test", **options)


class TestCheck:
    """What is no use as a callback is refused at the start, not found out at the first message or never."""

    class Calls:
        def __call__(self, event: Any) -> None:
            """What an event is for."""

        def method(self, event: Any) -> None:
            """As above."""

    class Yields:
        def __call__(self, event: Any) -> Iterator[Any]:
            yield event

        def method(self, event: Any) -> Iterator[Any]:
            yield event

        async def coroutine(self, event: Any) -> AsyncIterator[Any]:
            yield event

    @pytest.mark.parametrize("callback", [print, dict, Calls(), Calls().method, partial(Calls().method), lambda event: None])
    def test_what_takes_an_event_passes(self, callback: Any) -> None:
        check_callback(callback)

    @pytest.mark.parametrize("callback", [Yields(), Yields().method, Yields().coroutine, partial(Yields().method), lambda event: (yield)])
    def test_i06_a_generator_whose_body_nobody_would_run_is_refused(self, callback: Any) -> None:
        with pytest.raises(TypeError, match="on_event must not be a generator"):
            check_callback(callback, "on_event")


def test_events_come_in_order_decoded_on_the_callback_thread(thread: CallbackThread) -> None:
    seen = Seen()
    where: set[str] = set()

    def decode(payload: bytes) -> Any:
        where.add(threading.current_thread().name)
        return json.loads(payload)

    feed = EventLine(thread, seen, decode, name="test")
    feed.put(events(1, 2, 3))
    feed.put(events(4))
    feed.tell("told")
    assert seen.wait_for(5) == [1, 2, 3, 4, "told"]
    assert where == {"test-callbacks"}


def test_what_waits_before_start_is_called_after_it() -> None:
    seen = Seen()
    thread = CallbackThread("test-callbacks")
    line(thread, seen).put(events(1))
    assert seen.events == []
    thread.start()
    assert seen.wait_for(1) == [1]
    thread.close()


def test_s09_raising_callback_is_logged_with_its_traceback_and_counted(thread: CallbackThread, caplog: pytest.LogCaptureFixture) -> None:
    seen = Seen()

    def callback(event: Any) -> None:
        if event == 2:
            raise ZeroDivisionError("of the user")
        if event == 3:
            sys.exit("also of the user")
        seen(event)

    line(thread, callback).put(events(1, 2, 3, 4))
    assert seen.wait_for(2) == [1, 4]
    assert thread.failed == 2
    assert "ZeroDivisionError: of the user" in caplog.text
    assert "in callback" in caplog.text


def test_s09_who_wants_to_know_is_told_once_of_what_failed_in_a_chunk_and_by_which_stream() -> None:
    class Mute(Exception):
        def __str__(self) -> str:
            raise ValueError("not even that")

    def callback(event: Any) -> None:
        if event == 6:
            error = ZeroDivisionError("of the\nuser")
            error.add_note("a note of the user")
            raise error
        if event < 4:
            raise ZeroDivisionError("of the user") if event == 2 else Mute

    told: list[tuple[str, str]] = []
    seen = Seen()
    thread = CallbackThread("test-callbacks", tell_raised=lambda line, reason: told.append((line.name, reason)))
    thread.start()
    try:
        own = line(thread, callback)
        own.put(events(1, 2, 4))
        own.put(events(4, 5))
        own.tell(3)
        own.put(events(6))
        SignalLine(thread, lambda: 1 / 0, name="book").signal()
        line(thread, seen).put(events(0))
        seen.wait_for(1)
    finally:
        thread.close()
    assert [stream for stream, _ in told] == ["test", "test", "test", "book"]
    assert told[0][1] == "2 calls of the callback have failed, the last one by ZeroDivisionError: of the user"
    assert told[1][1].startswith("a call of the callback has failed by ")
    assert "Mute" in told[1][1]
    assert told[2][1] == "a call of the callback has failed by ZeroDivisionError: of the user"
    assert told[3][1] == "a call of the callback has failed by ZeroDivisionError: division by zero"
    assert thread.failed == 5


def test_s09_what_failed_is_told_also_when_the_callback_ends_its_stream_before() -> None:
    def callback(event: Any) -> None:
        own.close()
        raise ZeroDivisionError("of the user")

    told: list[tuple[str, str]] = []
    seen = Seen()
    thread = CallbackThread("test-callbacks", tell_raised=lambda line, reason: told.append((line.name, reason)))
    thread.start()
    try:
        own = line(thread, callback)
        own.put(events(1, 2))
        line(thread, seen).put(events(0))
        seen.wait_for(1)
    finally:
        thread.close()
    assert told == [("test", "a call of the callback has failed by ZeroDivisionError: of the user, after its stream had been stopped")]


def test_undecodable_payload_costs_only_itself(thread: CallbackThread) -> None:
    seen = Seen()
    line(thread, seen).put([b"1", b"{", b"2"])
    assert seen.wait_for(2) == [1, 2]
    assert thread.failed == 1


def test_coroutine_function_is_run_to_its_end_before_the_next_event(thread: CallbackThread) -> None:
    seen = Seen()

    async def callback(event: int) -> None:
        seen((event, "begins"))
        await asyncio.sleep(0)
        seen((event, "ends"))

    line(thread, callback).put(events(1, 2))
    assert seen.wait_for(4) == [(1, "begins"), (1, "ends"), (2, "begins"), (2, "ends")]


def test_coroutines_share_one_loop_so_that_what_one_makes_another_can_use(thread: CallbackThread) -> None:
    loops = Seen()

    async def callback(event: int) -> None:
        loops(asyncio.get_running_loop())

    line(thread, callback).put(events(1, 2))
    first, second = loops.wait_for(2)
    assert first is second


def test_s11_oldest_events_are_dropped_with_a_counted_notice(thread: CallbackThread, caplog: pytest.LogCaptureFixture) -> None:
    told: list[tuple[str, str]] = []
    thread._tell_dropped = lambda *what: told.append(what)
    seen = Seen()
    busy, go_on = threading.Event(), threading.Event()

    def callback(event: Any) -> None:
        busy.set()
        assert go_on.wait(SOON_S)
        seen(event)

    feed = line(thread, callback, limit=10)
    feed.put(events(0))
    assert busy.wait(SOON_S)
    for start in range(1, 101, 2):
        feed.put(events(start, start + 1))
    assert feed.dropped == thread.dropped == 90
    assert [record.getMessage() for record in caplog.records] == ["test: the callback is too slow, messages are being dropped"]
    assert told == []
    go_on.set()
    assert seen.wait_for(11) == [0, *range(91, 101)]
    assert told == [("test", "the callback is too slow, 90 messages were dropped before it, 90 in all")]
    assert "90 messages were dropped" in caplog.text


def test_s11_large_messages_are_bounded_by_their_bytes_too(thread: CallbackThread, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(callbacks, "QUEUE_BYTES", 1_000)
    monkeypatch.setattr(callbacks, "_FEW", 3)
    seen = Seen()
    busy, go_on = threading.Event(), threading.Event()

    def callback(event: Any) -> None:
        busy.set()
        assert go_on.wait(SOON_S)
        seen(len(event))

    feed = line(thread, callback)
    lossless = line(thread, callback, limit=None)
    feed.put([b'"a"'])
    assert busy.wait(SOON_S)
    for _ in range(4):  # what is waiting before there is much is not looked at, however many messages it is
        feed.put([b'"%s"' % (b"a" * 600), b'"a"'])
    assert feed.dropped == 0
    feed.put([b'"%s"' % (b"b" * 400)])
    assert feed.dropped == 0
    feed.put([b'"%s"' % (b"c" * 700)])
    assert feed.dropped == 9
    for _ in range(20):
        lossless.put([b'"%s"' % (b"d" * 600)])
    assert (feed.dropped, feed.waiting, lossless.waiting) == (9, 1, 20)
    go_on.set()
    assert seen.wait_for(22) == [1, 700, *[600] * 20]
    feed.put([b'"%s"' % (b"e" * 2_000)])  # one alone is never too much
    assert seen.wait_for(23)[-1] == 2_000


def test_private_events_are_never_dropped(thread: CallbackThread) -> None:
    seen = Seen()
    go_on = threading.Event()

    def callback(event: Any) -> None:
        assert go_on.wait(SOON_S)
        seen(event)

    feed = line(thread, callback, limit=None)
    for number in range(20_000):
        feed.put(events(number))
    go_on.set()
    assert seen.wait_for(20_000) == list(range(20_000))
    assert feed.dropped == 0


def test_lines_of_one_thread_take_turns(thread: CallbackThread) -> None:
    seen = Seen()
    first, second = line(thread, lambda event: seen(("first", event))), line(thread, lambda event: seen(("second", event)))
    entered, go_on = threading.Event(), threading.Event()
    blocker = SignalLine(thread, lambda: (entered.set(), go_on.wait(SOON_S)))
    blocker.signal()
    assert entered.wait(SOON_S)
    first.put(events(1))
    second.put(events(2))
    first.put(events(3))
    go_on.set()
    assert seen.wait_for(3) == [("first", 1), ("second", 2), ("first", 3)]


def test_signals_during_a_call_make_one_more_call(thread: CallbackThread) -> None:
    entered, go_on, again = threading.Event(), threading.Event(), threading.Event()
    calls: list[int] = []

    def function() -> None:
        calls.append(len(calls))
        (again if entered.is_set() else entered).set()
        assert go_on.wait(SOON_S)

    feed = SignalLine(thread, function)
    feed.signal()
    assert entered.wait(SOON_S)
    for _ in range(1000):
        feed.signal()
    go_on.set()
    assert again.wait(SOON_S)
    thread.close()
    assert calls == [0, 1]


def test_s21_no_call_begins_or_runs_once_close_has_returned(thread: CallbackThread) -> None:
    entered, go_on = threading.Event(), threading.Event()
    finished: list[int] = []

    def callback(event: int) -> None:
        entered.set()
        assert go_on.wait(SOON_S)
        finished.append(event)

    feed = line(thread, callback)
    feed.put(events(1, 2, 3))
    assert entered.wait(SOON_S)
    closing = threading.Thread(target=feed.close)
    closing.start()
    go_on.set()
    closing.join(SOON_S)
    assert finished == [1]
    feed.put(events(4))
    feed.tell("nothing")
    other = Seen()
    line(thread, other).put(events(5))
    other.wait_for(1)  # the thread goes on, with whatever was put before
    assert finished == [1]


def test_call_that_was_due_is_not_made_after_close(thread: CallbackThread) -> None:
    seen = Seen()
    entered, go_on = threading.Event(), threading.Event()
    SignalLine(thread, lambda: (entered.set(), go_on.wait(SOON_S))).signal()
    assert entered.wait(SOON_S)
    closed = SignalLine(thread, lambda: seen("closed"))
    closed.signal()
    closed.close()
    closed.signal()
    SignalLine(thread, lambda: seen("open")).signal()
    go_on.set()
    assert seen.wait_for(1) == ["open"]


@pytest.mark.parametrize("stopper", ["line", "thread"])
def test_s21_a_callback_may_close_its_own_line_and_thread(thread: CallbackThread, stopper: str) -> None:
    seen = Seen()

    def callback(event: int) -> None:
        (feed if stopper == "line" else thread).close()
        seen(event)

    feed = line(thread, callback)
    feed.put(events(1, 2, 3))
    seen.wait_for(1)
    thread.close()
    assert seen.events == [1]


def test_s10_close_does_not_wait_for_ever_for_a_blocked_callback(thread: CallbackThread, caplog: pytest.LogCaptureFixture) -> None:
    thread.patience_s = 0.05
    entered, for_ever = threading.Event(), threading.Event()

    def callback(event: int) -> None:
        entered.set()
        assert for_ever.wait(SOON_S)

    feed = line(thread, callback)
    feed.put(events(1, 2))
    assert entered.wait(SOON_S)
    with caplog.at_level(logging.WARNING):
        feed.close()
        thread.close()
    assert caplog.text.count("is left behind") == 2
    for_ever.set()


def test_s10_coroutine_that_goes_on_for_too_long_after_a_close_is_cancelled(thread: CallbackThread) -> None:
    begun, ended = threading.Event(), threading.Event()

    async def callback(_: Any) -> None:
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    line(thread, callback).put(events(1))
    assert begun.wait(SOON_S)
    running = thread._thread
    assert running is not None
    thread.patience_s = 0.1
    thread.close()
    assert ended.wait(SOON_S)
    running.join(SOON_S)
    assert not running.is_alive()


def test_closed_thread_ends_and_takes_nothing_more() -> None:
    seen = Seen()
    thread = CallbackThread("test-callbacks-closed")
    thread.start()
    thread.close()
    line(thread, seen).put(events(1))
    thread.start()
    assert "test-callbacks-closed" not in {running.name for running in threading.enumerate()}
    assert seen.events == []


def test_program_is_kept_alive_until_the_event_is_set() -> None:
    over = threading.Event()
    keep_alive("test-keeper", until=over)
    keeper = next(running for running in threading.enumerate() if running.name == "test-keeper")
    assert not keeper.daemon
    over.set()
    keeper.join(SOON_S)
    assert not keeper.is_alive()


KEEPING = """
    import sys, threading
    from exchangeclient.core.feeds.callbacks import keep_alive
    over = threading.Event()
    keep_alive("keeper", until=over)
    print("up", flush=True)
    {last_line}
"""


def _program(last_line: str) -> subprocess.Popen[str]:
    code = textwrap.dedent(KEEPING).format(last_line=last_line)
    program = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert program.stdout is not None
    assert program.stdout.readline() == "up\n"
    return program


def test_program_that_ends_its_script_stays_alive_until_release() -> None:
    program = _program("threading.Timer(0.3, over.set).start(); print('end of script', flush=True)")
    assert program.stdout is not None
    last = program.stdout.read()  # `communicate` would miss what came together with the first line
    _, err = program.communicate(timeout=SOON_S)
    assert (program.returncode, last, err) == (0, "end of script\n", "")


@pytest.mark.skipif(sys.platform == "win32", reason="a child process gets no SIGINT on Windows")
@pytest.mark.parametrize("last_line", ["pass", "threading.Event().wait()", "over.wait()"])
def test_ctrl_c_ends_a_kept_program_at_once(last_line: str) -> None:
    program = _program(last_line)
    with pytest.raises(subprocess.TimeoutExpired):
        program.wait(0.3)  # it is alive, whatever its script has come to
    program.send_signal(signal.SIGINT)
    program.communicate(timeout=10.0)  # a second, on a machine that has nothing else to do
