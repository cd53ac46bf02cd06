"""Streams to iterate over: ``for event in stream``.

:class:`EventStream` is what all of them are like; a :class:`QueuedStream` is fed by the connections of a manager, the one of
:mod:`exchangeclient.core.feeds.blocking` reads a connection of its own.
"""

from __future__ import annotations

import threading
import weakref
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any, Protocol, Self

from exchangeclient.core.feeds.bounds import QUEUE_BYTES
from exchangeclient.core.process import forks, reactor
from exchangeclient.exceptions import SocketException, SocketTimeoutException

if TYPE_CHECKING:
    from exchangeclient.core.feeds.callbacks import CallbackThread


def seconds(name: str, value: object, least: float = 0) -> float:
    """A number of seconds that a user has given.

    :raises TypeError: naming the argument
    :raises ValueError: when it is not above zero, below ``least``, or endless
    """
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise TypeError(f"{name} must be a number of seconds, not {type(value).__name__}")
    if not 0 < value < float("inf") or value < least:
        raise ValueError(f"{name} must be a number of seconds {f'from {least} up' if least else 'above 0'}, not {value}")
    return float(value)


class EventStream(ABC, Iterator[Any]):
    """The events of a stream, one after the other, as a callback would get them.

    Waiting for an event ends with it, or with a :class:`~exchangeclient.exceptions.SocketTimeoutException` when ``timeout`` seconds
    have passed; the stream goes on, so that the next one can be waited for. It comes to its end when it is closed: by :meth:`close`, from
    any thread, or by leaving its ``with`` block. Only one thread at a time may iterate.

    A connection that breaks is made again, and the events go on; those of the time between are missing. :attr:`breaks` counts that.

    :param name: what it is called in messages
    :param timeout: seconds; None for as long as it takes
    :raises TypeError: when that is no number
    :raises ValueError: when it is not above zero
    """

    def __init__(self, decode: Callable[[bytes], Any], name: str, *, timeout: float | None) -> None:
        self._decode = decode
        self._name = name
        self._timeout_s = None if timeout is None else seconds("timeout", timeout)
        self._begin()
        forks.follow(self)

    def _begin(self) -> None:
        self._payloads: deque[bytes] = deque()
        self._closed = threading.Event()

    def renew(self) -> None:
        """In a process that was forked off, leave what came to the other one."""
        was_closed = self._closed.is_set()
        self._begin()
        if was_closed:
            self._closed.set()

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> Any:
        if not self._payloads:
            reactor.forbid_blocking("waiting for an event")
            self._payloads.extend(self._wait(self._timeout_s))
        if self._closed.is_set():
            raise StopIteration
        return self._decode(self._payloads.popleft())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<stream {self._name}>"

    @property
    @abstractmethod
    def breaks(self) -> int:
        """How often it has been lost: each time events may be missing before the next one."""

    @abstractmethod
    def close(self) -> None:
        """End it; from any thread, as often as one likes."""

    @abstractmethod
    def _wait(self, timeout_s: float | None) -> Sequence[bytes]:
        """The next messages; none when it is closed.

        :raises SocketTimeoutException: when none came in time
        :raises SocketException: when the stream is refused for good
        """

    def _late(self) -> SocketTimeoutException:
        return SocketTimeoutException(f"{self._name}: no event within {self._timeout_s:g} s")


class Group(Protocol):
    """Who has the connection of a stream."""

    def stop_socket(self, conn_key: str) -> bool:
        """End the connection."""


class QueuedStream(EventStream):
    """A stream that is fed by a manager, through its :attr:`inbox`.

    :param limit: how many messages may wait; the oldest are dropped beyond it
    :ivar inbox: where they wait
    """

    def __init__(self, decode: Callable[[bytes], Any], name: str, *, timeout: float | None, limit: int) -> None:
        super().__init__(decode, name, timeout=timeout)
        self._limit = limit
        self.inbox = Inbox(name, limit)
        self._end: weakref.finalize[..., QueuedStream] | None = None

    def renew(self) -> None:
        """In a process that was forked off there is no manager that would bring anything."""
        super().renew()
        if self._end is not None:
            self._end.detach()
        self.inbox = Inbox(self._name, self._limit)
        self.inbox.failed(SocketException(f"{self._name}: this process was forked from the one that has the stream; open another one here"))

    @property
    def breaks(self) -> int:
        """How often it has been lost: each time events may be missing before the next one."""
        return self.inbox.breaks

    def listener(self, callbacks: CallbackThread) -> Inbox:
        """What the manager hands the messages to.

        :param callbacks: the manager's thread, which counts what is dropped
        """
        self.inbox.callbacks = callbacks
        return self.inbox

    def ends_with(self, group: Group, key: str) -> None:
        """Have the manager's connection end with this stream, also when that is dropped without having been closed."""
        # This may be called at any moment, in the middle of anything; so the ending is left to the reactor's thread.
        end = weakref.finalize(self, reactor.running().callFromThread, group.stop_socket, key)
        end.atexit = False
        self._end = end

    def close(self) -> None:
        """End it; from any thread, as often as one likes."""
        self._closed.set()
        self.inbox.close()
        if self._end is not None:
            self._end()

    def _wait(self, timeout_s: float | None) -> Sequence[bytes]:
        payloads = self.inbox.take(timeout_s)
        if payloads is None:
            raise self._late()
        if not payloads:  # closed by its manager
            self._closed.set()
        return payloads


class Inbox:
    """A listener that keeps messages until they are asked for.

    :param name: of the stream, for the log
    :param limit: how many may wait; the oldest are dropped beyond it, and beyond :data:`~exchangeclient.core.feeds.bounds.QUEUE_BYTES`
    :ivar callbacks: counts what is dropped, and tells the user of it
    :ivar breaks: how often the stream was lost
    """

    def __init__(self, name: str, limit: int) -> None:
        self.callbacks: CallbackThread | None = None
        self._name = name
        self._limit = limit
        self._changed = threading.Condition()
        self._payloads: deque[bytes] = deque()
        self._bytes = self._dropped = 0
        self.breaks = 0
        self._closed = False
        self._failure: SocketException | None = None

    def take(self, timeout_s: float | None) -> list[bytes] | None:
        """All that wait, in order; none at all when it is closed, None when none came in time.

        :raises SocketException: when the stream is refused for good
        """
        with self._changed:
            in_time = self._changed.wait_for(lambda: bool(self._payloads) or self._closed or self._failure is not None, timeout_s)
            payloads, dropped = list(self._payloads), self._dropped
            self._payloads.clear()
            self._bytes = self._dropped = 0
        if dropped and self.callbacks is not None:
            self.callbacks.tell_dropped(self._name, f"{dropped} messages were dropped, which were not asked for in time")
        if self._closed:
            return []
        if not payloads and self._failure is not None:
            raise self._failure.with_traceback(None)  # who asks again and again does not add to it
        return payloads if in_time else None

    def connected(self) -> None:
        """Nothing to tell."""

    def received(self, payloads: Sequence[bytes]) -> None:
        """Keep them."""
        dropped = 0
        with self._changed:
            self._payloads += payloads
            self._bytes += sum(map(len, payloads))
            while len(self._payloads) > self._limit or (self._bytes > QUEUE_BYTES and len(self._payloads) > 1):
                self._bytes -= len(self._payloads.popleft())
                dropped += 1
            self._dropped += dropped
            self._changed.notify_all()
        if dropped and self.callbacks is not None:
            self.callbacks.note_dropped(dropped)

    def lost(self, reason: str) -> None:  # noqa: ARG002 - a notice says it
        """Count it; it comes again."""
        self.breaks += 1

    def failed(self, error: SocketException) -> None:
        """Tell whoever waits."""
        with self._changed:
            self._failure = error
            self._changed.notify_all()

    def close(self) -> None:
        """It is over."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
