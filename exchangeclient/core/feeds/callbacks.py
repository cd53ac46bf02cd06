"""Runs user code off the reactor's thread: in order, one at a time, bounded; an exception in it stops nothing.

Each manager has one :class:`CallbackThread`. What feeds it is a line: an :class:`EventLine` carries a stream's messages, a
:class:`SignalLine` only the news that something has changed, of which the latest is enough. A blocked callback delays the
callbacks of its own manager and nothing else: lines never make the one who puts wait.
"""

from __future__ import annotations

import asyncio
import contextlib
import inspect
import logging
import sys
import threading
import traceback
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, Protocol

from exchangeclient.core.feeds.bounds import QUEUE_BYTES
from exchangeclient.core.process import reactor

log = logging.getLogger(__name__)

MARKET_LIMIT = 100_000
"""How many messages of a public stream may wait for its callback; beyond that the oldest are dropped, with a notice."""

# So many chunks that wait are not looked at more closely: each is what one read has brought, at most with the end of a long message.
_FEW = 100
_PATIENCE_S = 5.0
_KEEPER_PERIOD_S = 0.1


def check_callback(callback: object, name: str = "callback") -> None:
    """Refuse what cannot be called with one argument, or does nothing when it is called.

    :raises TypeError: naming the argument
    """
    if not callable(callback):
        raise TypeError(f"{name} must be callable, but is {type(callback).__name__}")
    if any(inspect.isgeneratorfunction(each) or inspect.isasyncgenfunction(each) for each in (callback, type(callback).__call__)):
        raise TypeError(f"{name} must not be a generator: nobody would iterate over what it yields, and nothing of it would run")
    try:
        signature = inspect.signature(callback)
    except (TypeError, ValueError):  # of some built-in functions nobody knows what they take
        return
    try:
        signature.bind(None)
    except TypeError as error:
        raise TypeError(f"{name} must take one argument: {error}") from None


class Line(Protocol):
    """One source of calls, as the thread sees it."""

    @property
    def name(self) -> str:
        """Of its stream."""

    @property
    def closed(self) -> bool:
        """True when its stream was stopped."""

    def run_next(self) -> None:
        """Make the next call, if one is still due."""


class CallbackThread:
    """One thread that makes the calls of its lines, in the order in which they came.

    :param name: of the thread
    :param tell_dropped: is told which stream lost messages because nobody took them in time, and how many, once they are taken again
    :param tell_raised: is told whose call has ended by an exception, and by which; of one chunk once

    :ivar failed: how many calls have ended by an exception
    :ivar dropped: how many messages were dropped
    """

    def __init__(
        self,
        name: str,
        *,
        tell_dropped: Callable[[str, str], None] | None = None,
        tell_raised: Callable[[Line, str], None] | None = None,
    ) -> None:
        self._name = name
        self._tell_dropped = tell_dropped
        self._tell_raised = tell_raised
        self._changed = threading.Condition()
        self._turns: deque[Line] = deque()
        self._running: Line | None = None
        self._thread: threading.Thread | None = None
        self.closed = False
        self._runner: asyncio.Runner | None = None
        self.failed = self.dropped = 0
        # How long closing waits for a call that is under way.
        self.patience_s = _PATIENCE_S

    def start(self) -> None:
        """Begin to make calls."""
        with self._changed:
            if self._thread is None and not self.closed:
                # A daemon: user code that never returns must not keep the program from ending.
                thread = threading.Thread(target=self._run, name=self._name, daemon=True)
                thread.start()
                self._thread = thread

    def close(self) -> None:
        """Make no further call. Returns when the thread is done, or is still in a user's function after some seconds."""
        self.stop()
        thread = self._thread
        if thread is None or self.is_current() or reactor.is_reactor_thread():
            return
        thread.join(self.patience_s)
        if thread.is_alive():
            self._leave_behind()
            if self._runner is not None:
                with contextlib.suppress(RuntimeError):  # it has ended meanwhile
                    loop = self._runner.get_loop()
                    loop.call_soon_threadsafe(_cancel_all, loop)

    def stop(self) -> None:
        """Make no further call, and do not wait for one that is under way."""
        with self._changed:
            self.closed = True
            self._turns.clear()
            self._changed.notify_all()

    def is_current(self) -> bool:
        """True when asked from a callback."""
        return threading.current_thread() is self._thread

    def turn(self, line: Line) -> None:
        """Have ``line.run_next()`` called when its turn comes."""
        with self._changed:
            if not self.closed:
                self._turns.append(line)
                self._changed.notify_all()

    def settle(self, line: Line) -> None:
        """Wait, some seconds at most, until no call of ``line`` is under way.

        There is nothing to wait for on the thread itself, and no waiting on the reactor's.
        """
        if self.closed or self.is_current() or reactor.is_reactor_thread():
            return  # a closed thread was waited for by close()
        with self._changed:
            if not self._changed.wait_for(lambda: self._running is not line, self.patience_s):
                self._leave_behind()

    def wait_idle(self, timeout_s: float) -> bool:
        """Wait until all calls that are due were made; False when they were not within ``timeout_s``."""
        with self._changed:
            return self._changed.wait_for(lambda: self.closed or not (self._turns or self._running), timeout_s)

    def call(self, function: Callable[..., Any], *args: Any) -> None:
        """Call user code; a coroutine is run to its end. An exception is logged with its traceback, counted, and forgotten."""
        try:
            self._finish(function(*args))
        except BaseException as error:  # noqa: BLE001 - also sys.exit(): in a callback it must not end the feed of the others
            self._say_raised(1, self._note_failure(error))

    def call_each(self, line: EventLine, payloads: Sequence[bytes]) -> None:
        """Call the callback of a line with each of these, as :meth:`call` does, until one of the two is closed."""
        callback, decode = line.callback, line.decode
        failed, why = self.failed, ""
        for payload in payloads:
            if line.closed or self.closed:
                break
            try:
                result = callback(decode(payload))
                if result is not None:
                    self._finish(result)
            except BaseException as error:  # noqa: BLE001 - as above
                why = self._note_failure(error)
        if why:
            self._say_raised(self.failed - failed, why)

    def note_dropped(self, count: int) -> None:
        """Count what a line had to drop; from any thread."""
        with self._changed:
            self.dropped += count

    def tell_dropped(self, stream: str, reason: str) -> None:
        """Say what was dropped of a stream; from any thread."""
        log.warning("%s: %s", stream, reason)
        if self._tell_dropped is not None:
            self._tell_dropped(stream, reason)

    def _finish(self, result: Any) -> None:
        if inspect.iscoroutine(result):
            if self._runner is None:
                self._runner = asyncio.Runner()
            self._runner.run(result)

    def _note_failure(self, error: BaseException) -> str:
        """Log and count it; in a line, what it was."""
        self.failed += 1
        log.exception("%s: a callback failed; the stream goes on", self._name)
        said = str(traceback.TracebackException(type(error), error, None))  # which knows what to do with one that has no text
        return ": ".join(filter(None, (type(error).__qualname__, " ".join(said.split()))))

    def _say_raised(self, count: int, why: str) -> None:
        """Say that so many calls for the line whose turn it is have failed, and why the last one did."""
        if self._tell_raised is not None and self._running is not None:
            calls = "a call of the callback has failed" if count == 1 else f"{count} calls of the callback have failed, the last one"
            after = ", after its stream had been stopped" if self._running.closed else ""  # there may be another one of that name
            self._tell_raised(self._running, f"{calls} by {why}{after}")

    def _leave_behind(self) -> None:
        log.warning("%s: a callback has not returned for %g s and is left behind", self._name, self.patience_s)

    def _run(self) -> None:
        try:
            while (line := self._next()) is not None:
                try:
                    line.run_next()
                finally:
                    with self._changed:
                        self._running = None
                        self._changed.notify_all()
        finally:
            if self._runner is not None:
                self._runner.close()

    def _next(self) -> Line | None:
        with self._changed:
            self._changed.wait_for(lambda: self._turns or self.closed)
            if self.closed:
                return None
            self._running = self._turns.popleft()
            return self._running


class EventLine:
    """Carries the messages of one stream to its callback, undecoded until they are on the callback's thread.

    :param decode: makes the event out of a payload
    :param limit: how many messages may wait; the oldest are dropped beyond it, and beyond
        :data:`~exchangeclient.core.feeds.bounds.QUEUE_BYTES`. None: no limit, nothing is ever dropped
    """

    def __init__(
        self,
        thread: CallbackThread,
        callback: Callable[[Any], Any],
        decode: Callable[[bytes], Any],
        *,
        name: str,
        limit: int | None = MARKET_LIMIT,
    ) -> None:
        self._thread = thread
        self.callback = callback
        self.decode = decode
        self.name = name
        self._limit = limit
        self._lock = threading.Lock()
        # Each with its bytes, or with 0 if few chunks were waiting when it came.
        self._chunks: deque[tuple[Sequence[bytes] | _Told, int]] = deque()
        self._waiting = self._waiting_bytes = 0
        self._noticed = 0
        self.closed = False
        self.dropped = 0

    @property
    def waiting(self) -> int:
        """How many messages wait."""
        return self._waiting

    def put(self, payloads: Sequence[bytes]) -> None:
        """Have the callback called with each of these messages."""
        self._put(payloads)

    def tell(self, event: Any) -> None:
        """Have the callback called with an event of our own, behind the messages that wait."""
        self._put(_Told(event))

    def close(self) -> None:
        """Call the callback no more: once this returns none begins, and none is under way (unless this is called from it)."""
        with self._lock:
            self.closed = True
            self._chunks.clear()
            self._waiting = self._waiting_bytes = 0
        self._thread.settle(self)

    def run_next(self) -> None:
        """Call the callback with each message of the next chunk."""
        with self._lock:
            if not self._chunks:
                return
            chunk, size = self._chunks.popleft()
            self._waiting -= len(chunk)
            self._waiting_bytes -= size
            missed, self._noticed = self.dropped - self._noticed, self.dropped
        if missed:
            reason = f"the callback is too slow, {missed} messages were dropped before it, {self.dropped} in all"
            self._thread.tell_dropped(self.name, reason)
        if not isinstance(chunk, _Told):
            self._thread.call_each(self, chunk)
        elif not (self.closed or self._thread.closed):
            self._thread.call(self.callback, chunk.event)

    def _put(self, chunk: Sequence[bytes] | _Told) -> None:
        with self._lock:
            if self.closed:
                return
            size = 0 if len(self._chunks) <= _FEW or isinstance(chunk, _Told) else sum(map(len, chunk))
            self._chunks.append((chunk, size))
            self._waiting += len(chunk)
            self._waiting_bytes += size
            lost = 0
            while self._limit is not None and (self._waiting > self._limit or self._waiting_bytes > QUEUE_BYTES) and len(self._chunks) > 1:
                dropped, size = self._chunks.popleft()
                self._waiting -= len(dropped)
                self._waiting_bytes -= size
                lost += len(dropped)
            is_first = lost > 0 and self.dropped == self._noticed
            self.dropped += lost
        if not lost:
            self._thread.turn(self)
            return
        # A dropped chunk leaves its turn to this one.
        self._thread.note_dropped(lost)
        if is_first:  # the user is told when the callback returns, which it may never do
            log.warning("%s: the callback is too slow, messages are being dropped", self.name)


class SignalLine:
    """Calls a function when something has changed; changes during a call, or before its turn, make one call together."""

    def __init__(self, thread: CallbackThread, function: Callable[[], Any], *, name: str = "") -> None:
        self._thread = thread
        self.name = name
        self._function = function
        self._lock = threading.Lock()
        self._due = False
        self.closed = False

    def signal(self) -> None:
        """Have the function called once more."""
        with self._lock:
            if self._due or self.closed:
                return
            self._due = True
        self._thread.turn(self)

    def close(self) -> None:
        """Call it no more: once this returns no call begins, and none is under way (unless this is called from it)."""
        with self._lock:
            self.closed = True
        self._thread.settle(self)

    def run_next(self) -> None:
        """Call the function."""
        with self._lock:
            self._due = False
            if self.closed:
                return
        self._thread.call(self._function)


def _cancel_all(loop: asyncio.AbstractEventLoop) -> None:
    for task in asyncio.all_tasks(loop):
        task.cancel()


def keep_alive(name: str, until: threading.Event) -> None:
    """Keep the program alive until that is set, as a script expects whose last line starts its sockets.

    A thread that is no daemon does that. When the main thread was ended by an exception, as by Ctrl-C, it lets go by itself.
    """
    threading.Thread(target=_keep, args=(until,), name=name, daemon=False).start()


def _keep(until: threading.Event) -> None:
    main = threading.main_thread()
    while not until.wait(_KEEPER_PERIOD_S):
        if not main.is_alive() and _has_failed():
            return


def _has_failed() -> bool:
    """True when the main thread was ended by an exception: the interpreter notes what it printed a traceback of."""
    return getattr(sys, "last_type", None) is not None


class _Told:
    """An event that needs no decoding; in the line it is one message."""

    __slots__ = ("event",)

    def __init__(self, event: Any) -> None:
        self.event = event

    def __len__(self) -> int:
        return 1
