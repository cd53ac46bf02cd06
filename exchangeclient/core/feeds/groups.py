"""The sockets of one manager: attached by key, connected between start and close, with one callback thread for user code."""

from __future__ import annotations

import threading
import warnings
import weakref
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from types import TracebackType
from typing import Any, Literal, Never, Protocol, Self

from exchangeclient.core.feeds.callbacks import CallbackThread, EventLine, Line, keep_alive
from exchangeclient.core.feeds.notices import SocketNotice
from exchangeclient.core.feeds.sockets import AskingListener, Listener, NoticeListener, Socket
from exchangeclient.core.process import forks, reactor
from exchangeclient.core.process.clock import SystemClock
from exchangeclient.core.protocol.conversation import Dialer
from exchangeclient.core.protocol.session import SocketSession
from exchangeclient.core.wire.dialing import SocketOptions, dial
from exchangeclient.exceptions import SocketException

# How long leaving a `with` block by Ctrl-C or sys.exit() waits for a callback.
_HURRY_S = 0.2


class Source(Protocol):
    """What brings a key its messages: a :class:`~exchangeclient.core.feeds.sockets.Socket`, or a share of one. Safe from any thread."""

    @property
    def failure(self) -> SocketException | None:
        """Why it is refused for good, None when it is not."""

    def open(self) -> None:
        """Connect, and keep connected."""

    def close(self) -> None:
        """Disconnect for good."""

    def poke(self) -> None:
        """It wants something else now."""

    def restart(self, reason: str) -> None:
        """Its messages are of no use: have them come anew, over another connection if need be."""

    def wait_ready(self, timeout_s: float) -> None:
        """Wait until it flows."""


@dataclass(frozen=True, slots=True)
class _Feed:
    """What one key of a group stands for."""

    listener: Listener
    sources: Sequence[Source]

    @property
    def failed(self) -> bool:
        return any(source.failure is not None for source in self.sources)

    def open(self) -> None:
        for source in self.sources:
            source.open()

    def close(self) -> None:
        for source in self.sources:
            source.close()
        self.listener.close()


class _Holdings:
    """What a group holds, apart from the group: it is ended also when that is gone without a close.

    :param on_notice: the user's, who is told what happens to the sockets
    """

    def __init__(self, name: str, on_notice: Callable[[SocketNotice], Any] | None) -> None:
        self._name = name
        self.on_notice = on_notice
        self._notices: EventLine | None = None
        self._counting = threading.Lock()
        self.counts: Counter[str] = Counter()
        self.feeds: dict[str, _Feed] = {}
        self.callbacks: CallbackThread | None = None
        # Set when the present run ends; None between two.
        self.ended: threading.Event | None = None

    def callback_thread(self) -> CallbackThread:
        """The thread for user code, made when there is none."""
        if self.callbacks is None:
            self.callbacks = CallbackThread(f"{self._name}-callbacks", tell_dropped=self._tell_dropped, tell_raised=self._tell_raised)
            if self.on_notice is not None:
                self._notices = EventLine(self.callbacks, self.on_notice, bytes, name=f"{self._name} notices")
        return self.callbacks

    def tell(self, notice: SocketNotice) -> None:
        """Count it, and have the user told; from any thread."""
        with self._counting:
            self.counts[notice.kind] += 1
        notices = self._notices
        if notices is not None:
            notices.tell(notice)

    def counted(self) -> Counter[str]:
        """How often what has happened so far; any thread may ask, while it goes on."""
        callbacks = self.callbacks
        with self._counting:
            return self.counts + (Counter() if callbacks is None else _counts_of(callbacks))

    def count_too(self, counts: Counter[str]) -> None:
        """Count what has happened elsewhere."""
        with self._counting:
            self.counts.update(counts)

    def _tell_dropped(self, stream: str, reason: str) -> None:
        self.tell(SocketNotice("dropped", stream, reason, SystemClock().now_ms() / 1000))

    def _tell_raised(self, line: Line, reason: str) -> None:
        """The thread has counted it. Nobody is told of the user's own notices, nor of a call that has outlived its run."""
        notices, callbacks = self._notices, self.callbacks
        if notices is not None and line is not notices and callbacks is not None and callbacks.is_current():
            notices.tell(SocketNotice("raised", line.name, reason, SystemClock().now_ms() / 1000))

    def restart(self, key: str, reason: str) -> None:
        """See :meth:`SocketGroup.restarter`."""
        feed = self.feeds.get(key)
        for source in () if feed is None else feed.sources:
            source.restart(reason)

    def tell_listener_too(self, listener: NoticeListener, notice: SocketNotice) -> None:
        """Count it, and have the user told, and whom it concerns."""
        self.tell(notice)
        listener.noticed(notice)

    def taken(self) -> _Holdings:
        """What there is, to be ended; nothing of it is left here, and no callback begins any more."""
        taken = _Holdings(self._name, None)
        taken.feeds, self.feeds = self.feeds, {}
        taken.callbacks, self.callbacks, self._notices = self.callbacks, None, None
        taken.ended, self.ended = self.ended, None
        if taken.callbacks is not None:
            taken.callbacks.stop()
        return taken

    def end(self) -> None:
        """End every socket. No callback begins after this returns; one that is running is waited for, for some seconds."""
        try:
            if self.callbacks is not None:
                self.callbacks.close()
                self.counts += _counts_of(self.callbacks)
        finally:
            for feed in self.feeds.values():
                feed.close()
            if self.ended is not None:
                self.ended.set()


def _counts_of(callbacks: CallbackThread) -> Counter[str]:
    return Counter({"callbacks failed": callbacks.failed, "messages dropped": callbacks.dropped})


def _socket(held: _Holdings, options: SocketOptions, dialer: Dialer, session: SocketSession, listener: Listener) -> Socket:
    tell = partial(held.tell_listener_too, listener) if isinstance(listener, NoticeListener) else held.tell
    return Socket(session, listener, options=options, tell=tell, dialer=dialer)


def _abandoned(holdings: _Holdings, loop: reactor.Reactor, name: str) -> None:
    """A group is gone that was neither closed nor kept alive. This may be called at any moment, in the middle of anything."""
    loop.callFromThread(holdings.taken().end)
    warnings.warn(f"{name}: a socket manager was dropped without close(); its sockets are closed", ResourceWarning, stacklevel=2)


class SocketGroup:
    """The sockets of one manager: attached by key, connected from :meth:`start` to :meth:`close`, as often as one likes.

    Every method may be called from any thread, callbacks included.

    A group that runs keeps the program alive, and goes on when nobody refers to it any more, as a thread does. One that does not keep
    the program alive ends then, with a ResourceWarning.

    :param keep_alive: whether the program stays alive between start and close; a program that runs Twisted's reactor itself lives as
        long as that does
    :param on_notice: is called on the callback thread with each :class:`~exchangeclient.core.feeds.notices.SocketNotice`
    :param dialer: makes the connections
    """

    def __init__(
        self,
        name: str,
        *,
        keep_alive: bool = True,
        options: SocketOptions = SocketOptions(),
        on_notice: Callable[[SocketNotice], Any] | None = None,
        dialer: Dialer = dial,
    ) -> None:
        self._name = name
        self._keep_alive = keep_alive
        self._options = options
        self._dialer = dialer
        self._lock = threading.Lock()
        self._holdings = _Holdings(name, on_notice)
        self._finalizer: weakref.finalize[[_Holdings, reactor.Reactor, str], SocketGroup] | None = None
        forks.follow(self)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None) -> None:
        self.hurry(kind)
        self.close()

    def __reduce__(self) -> Never:
        raise TypeError("a socket manager is neither pickled nor copied; make one in each process (threads can share one)")

    def start(self) -> None:
        """Connect what is attached; what is attached later connects at once. Does nothing when it is started already.

        The program stays alive until :meth:`close`, or until an exception ends its main thread, as Ctrl-C does.

        :raises ValueError: when there is a proxy that sockets cannot use
        :raises RuntimeError: when the reactor cannot run, because the program has stopped it
        """
        with self._lock:
            held = self._holdings
            if held.ended is not None:
                return
            self._options.proxy_address()
            loop = reactor.running()
            held.callback_thread().start()
            ended = threading.Event()
            if self._keep_alive and reactor.is_ours():
                keep_alive(f"{self._name}-keeper", until=ended)
            else:
                self._finalizer = weakref.finalize(self, _abandoned, held, loop, self._name)
                self._finalizer.atexit = False  # at the end of the program there is nothing to be warned of
            held.ended = ended
            for feed in held.feeds.values():
                feed.open()

    def close(self) -> None:
        """End every socket and forget it. No callback begins after this returns; one that is running is waited for, for some seconds."""
        with self._lock:
            finalizer, self._finalizer = self._finalizer, None
            if finalizer is not None:
                finalizer.detach()
            taken = self._holdings.taken()
        taken.end()
        self._holdings.count_too(taken.counts)

    def renew(self) -> None:
        """In a process that was forked off, nothing runs: forget all, without touching what belongs to the other process."""
        self._lock = threading.Lock()
        if self._finalizer is not None:
            self._finalizer.detach()
            self._finalizer = None
        self._holdings = _Holdings(self._name, self._holdings.on_notice)

    def hurry(self, kind: type[BaseException] | None) -> None:
        """Have the closing that follows hardly wait for a callback, when ``kind`` is what ends a program: Ctrl-C or ``sys.exit()``."""
        callbacks = self._holdings.callbacks
        if callbacks is not None and kind is not None and issubclass(kind, (KeyboardInterrupt, SystemExit)):
            callbacks.patience_s = _HURRY_S

    def is_alive(self) -> bool:
        """True between start and close."""
        return self._holdings.ended is not None

    def join(self, timeout: float | None = None) -> None:
        """Wait until it is closed, or ``timeout`` seconds have passed.

        :raises RuntimeError: within a callback, which it would wait for itself
        """
        reactor.forbid_blocking("join()")
        ended, callbacks = self._holdings.ended, self._holdings.callbacks
        if callbacks is not None and callbacks.is_current():
            raise RuntimeError("join() within a callback would wait for itself; call it from another thread")
        if ended is not None:
            ended.wait(timeout)

    def stats(self) -> dict[str, int]:
        """How often each kind of notice was given (see :class:`~exchangeclient.core.feeds.notices.SocketNotice`), and callbacks have
        failed.

        ``messages dropped`` is how many messages were dropped because nobody took them in time. What has not happened is not in it.
        """
        return dict(self._holdings.counted())

    def notifier(self) -> Callable[[SocketNotice], None]:
        """What tells the user of something that happened to a stream, as the sockets themselves do; for any thread.

        It does not refer to the group, so that a listener may keep it.
        """
        return self._holdings.tell

    def attach(
        self, key: str, sessions: Iterable[SocketSession], make_listener: Callable[[CallbackThread], Listener]
    ) -> str | Literal[False]:
        """Keep a connection for each session, under one key.

        :param make_listener: makes what gets their messages, for the thread that user code is to run on
        :returns: the key; False when it is in use (one that was refused for good is not)
        """
        wanted = list(sessions)
        return self._attach(key, lambda listener: [self._source(session, listener) for session in wanted], make_listener)

    def _source(self, session: SocketSession, listener: Listener) -> Source:
        """What brings the messages of a session."""
        return self._socket_maker()(session, listener)

    def _socket_maker(self, options: SocketOptions | None = None) -> Callable[[SocketSession, Listener], Socket]:
        """Makes sockets like the group's own. It does not refer to the group, so that what the group holds may keep it."""
        return partial(_socket, self._holdings, options or self._options, self._dialer)

    def _attach(
        self, key: str, make_sources: Callable[[Listener], Sequence[Source]], make_listener: Callable[[CallbackThread], Listener]
    ) -> str | Literal[False]:
        with self._lock:
            held = self._holdings
            old = held.feeds.get(key)
            if old is not None and not old.failed:
                return False
            listener = make_listener(held.callback_thread())
            feed = _Feed(listener, make_sources(listener))
            if held.ended is not None:
                feed.open()
            held.feeds[key] = feed
        if old is not None:
            old.close()
        return key

    def poke(self, key: str) -> None:
        """What the sessions under this key want has changed: see to it soon."""
        feed = self._holdings.feeds.get(key)
        for source in () if feed is None else feed.sources:
            source.poke()

    def restarter(self, key: str) -> Callable[[str], None]:
        """What has the streams of a key come anew, over other connections if need be, because what comes is of no use; for any thread.

        It takes the reason, and does not refer to the group, so that a listener may keep it.
        """
        return partial(self._holdings.restart, key)

    def is_open(self, key: str) -> bool:
        """True when a second start of that key would be refused."""
        feed = self._holdings.feeds.get(key)
        return feed is not None and not feed.failed

    def stop_socket(self, conn_key: str | Literal[False]) -> bool:
        """End what the key stands for. No callback of it begins after this returns.

        :returns: True when it was open, False when there is no such key
        :raises TypeError: when it is no key
        """
        if not isinstance(conn_key, str) and conn_key is not False:
            raise TypeError(f"conn_key must be what a start call returned, not {type(conn_key).__name__}")
        with self._lock:
            feed = self._holdings.feeds.pop(conn_key, None) if conn_key else None
        if feed is None:
            return False
        feed.close()
        return True

    def wait_ready(self, conn_key: str, timeout: float = 10.0) -> None:
        """Wait until the stream flows: what happens at the venue from now on will be reported.

        :raises TypeError: when ``timeout`` is no number of seconds
        :raises ValueError: when no such key is open
        :raises SocketException: when it does not flow within ``timeout`` seconds, or was refused
        """
        reactor.forbid_blocking("wait_ready()")
        if isinstance(timeout, bool) or not isinstance(timeout, (int, float)):
            raise TypeError(f"timeout must be a number of seconds, not {type(timeout).__name__}")
        feed = self._holdings.feeds.get(conn_key)
        if feed is None:
            raise ValueError(f"conn_key {conn_key!r} is not open")
        for source in feed.sources:
            source.wait_ready(timeout)

    def wait_all_ready(self, timeout: float = 10.0) -> None:
        """Wait until every stream flows, see :meth:`wait_ready`."""
        for key in list(self._holdings.feeds):
            self.wait_ready(key, timeout)

    # For whoever brings it messages and has to know what became of them.

    def wait_idle(self, timeout: float) -> bool:
        """Wait until the callbacks for all that has come were made; False when they were not within ``timeout`` seconds."""
        callbacks = self._holdings.callbacks
        return callbacks is None or callbacks.wait_idle(timeout)

    def awaiting(self) -> int:
        """How many of its listeners wait for what they have asked the venue."""
        listeners = [feed.listener for feed in list(self._holdings.feeds.values())]
        return sum(isinstance(listener, AskingListener) and listener.awaits for listener in listeners)

    def is_callback_thread(self) -> bool:
        """True when asked from one of its callbacks."""
        callbacks = self._holdings.callbacks
        return callbacks is not None and callbacks.is_current()

    def _stop_matching(self, matches: Callable[[str], bool]) -> bool:
        stopped = [self.stop_socket(key) for key in list(self._holdings.feeds) if matches(key)]
        return any(stopped)
