"""Keeps one stream of messages flowing: a connection, and another one whenever it breaks, or just before it ends.

What is said over a connection is the :class:`~exchangeclient.core.protocol.session.SocketSession`'s, one connection's life is a
:class:`~exchangeclient.core.protocol.conversation.Conversation`, what becomes of the messages is the :class:`Listener`'s. The sockets of
one manager are a :class:`~exchangeclient.core.feeds.groups.SocketGroup`.
"""

from __future__ import annotations

import logging
import random
import threading
from collections.abc import Callable, Sequence
from typing import Any, Protocol, runtime_checkable

from exchangeclient.core.budgets.attempts import Attempts, attempts_at
from exchangeclient.core.budgets.respite import respite_of
from exchangeclient.core.feeds.callbacks import EventLine
from exchangeclient.core.feeds.notices import NoticeKind, SocketNotice
from exchangeclient.core.process import reactor
from exchangeclient.core.process.clock import Clock, SystemClock
from exchangeclient.core.protocol.conversation import Conversation, Dialer, Ending
from exchangeclient.core.protocol.handover import Handover, handover_of
from exchangeclient.core.protocol.lateness import Lateness
from exchangeclient.core.protocol.session import Backoff, Failure, SocketSession
from exchangeclient.core.wire.dialing import SocketOptions, dial
from exchangeclient.exceptions import SocketException

log = logging.getLogger(__name__)

OVERLAP_S = 3.0
"""For how long there are two connections, once the new one flows, before the old one is dropped."""

AHEAD_S = 2.0
"""For how long what comes is remembered before the new connection is made: what that says a little late is known then."""

STRUGGLING = 5
"""After how many failures in a row a callback is told of them."""

# A connection is left when so much of its life is over; not all at the same time.
_EARLIEST, _LATEST = 0.90, 0.98


def _tell_nobody(notice: SocketNotice) -> None:
    """For a socket that nobody asks about; the log says it too."""


class Listener(Protocol):
    """What the messages of a socket go to. All but :meth:`close` is called on the reactor's thread and must not block."""

    def connected(self) -> None:
        """The stream flows, for the first time or again."""

    def received(self, payloads: Sequence[bytes]) -> None:
        """Messages, in order: those of one chunk of the connection together."""

    def lost(self, reason: str) -> None:
        """The stream broke; it comes again by itself."""

    def failed(self, error: SocketException) -> None:
        """The stream is refused for good."""

    def close(self) -> None:
        """Deliver nothing more. Called from any thread."""


@runtime_checkable
class NoticeListener(Protocol):
    """A listener that wants notices too."""

    def noticed(self, notice: SocketNotice) -> None:
        """Something happened to its stream. Called on the reactor's thread; must not block."""


@runtime_checkable
class AskingListener(Protocol):
    """A listener that asks the venue for more than the stream brings."""

    @property
    def awaits(self) -> bool:
        """True until what it has asked for has come. Any thread may look."""


class Socket:
    """One stream of messages that is kept flowing.

    Whenever its connection breaks another one is made, for as many tries as it takes. When the venue is about to end the connection
    (it says so, or its life is nearly over) the next one is made before, and each event of the two is handed on once.

    :param listener: gets what comes; nothing any more once :meth:`close` was called and it was closed itself
    :param tell: is told what happens to it, on the reactor's thread
    :param dialer: makes the connections
    :param loop: the reactor to run on, whose time deadlines go by; None: the process's
    :param clock: the machine's date, for notices
    :param random_source: where the spread of waits and lives comes from
    :param attempts: when a connection may be tried; None: as the host takes them, counted together with everybody else's
    """

    def __init__(
        self,
        session: SocketSession,
        listener: Listener,
        *,
        options: SocketOptions = SocketOptions(),
        backoff: Backoff | None = None,
        tell: Callable[[SocketNotice], None] = _tell_nobody,
        dialer: Dialer = dial,
        loop: Any = None,
        clock: Clock | None = None,
        attempts: Attempts | None = None,
        random_source: random.Random | None = None,
    ) -> None:
        self._session = session
        self._listener = listener
        self._options = options
        self._random = random_source or random.Random()
        self._backoff = backoff or Backoff(self._random, first_s=options.retry_s, cap_s=options.retry_most_s, stable_s=options.stable_s)
        self._tell = tell
        self._dialer = dialer
        self._loop = loop
        self._clock = clock or SystemClock()
        self._attempts = attempts
        self._lateness = Lateness()
        self._closed = False
        # The connection in use, and the one that is to take its place. Whatever others still say is late, and is ignored.
        self._current: Conversation | None = None
        self._next: Conversation | None = None
        self._handover: Handover | None = None
        # What is to happen next: another connection is tried, at a time that may be reserved; the next one takes over.
        self._step: reactor.DelayedCall | None = None
        self._slot: float | None = None
        self._moving: reactor.DelayedCall | None = None
        self._moved_at = float("-inf")
        self._announced = False
        self._has_flowed = False
        self._settled = threading.Event()
        self.failure: SocketException | None = None

    @property
    def failures(self) -> int:
        """How many connections have failed in a row."""
        return self._backoff.failures

    def open(self) -> None:
        """Connect, and keep connected. Returns at once; safe from any thread."""
        if self._loop is None:
            self._loop = reactor.running()
        self._loop.callFromThread(self._connect, 0.0)

    def close(self) -> None:
        """Disconnect for good. Returns at once; safe from any thread."""
        self._closed = True
        self._settled.set()
        if self._loop is not None:
            self._loop.callFromThread(self._hang_up)

    def poke(self) -> None:
        """The session wants something else now: see to it soon. Safe from any thread; needless before :meth:`open`."""
        if self._loop is not None:
            self._loop.callFromThread(self._poke)

    def restart(self, reason: str) -> None:
        """The connection is of no use, though it is well: have another one. Safe from any thread; needless before :meth:`open`."""
        if self._loop is not None:
            self._loop.callFromThread(self._restart, reason)

    def wait_ready(self, timeout_s: float) -> None:
        """Wait until the stream flows.

        :raises SocketException: when it does not within ``timeout_s``, is refused, or closed
        """
        in_time = self._closed or self._settled.wait(timeout_s)
        if self.failure is not None:
            raise self.failure.with_traceback(None)  # who asks again and again does not add to it
        if self._closed:
            raise SocketException(f"{self._session.name} was closed")
        if not in_time:
            raise SocketException(f"{self._session.name} was not ready within {timeout_s:g} s")

    # All below runs on the reactor's thread, also while a reactor of the program's shuts down.

    def _connect(self, delay_s: float = 0.0) -> None:
        """Make a connection after a while: one to use, or, while there is one, the one that is to take its place."""
        self._cancel_step()
        if self._closed:
            return
        if delay_s:
            self._step = self._loop.callLater(delay_s, self._reserve)
        else:
            self._reserve()

    def _reserve(self) -> None:
        self._step = None
        if self._attempts is None:
            self._attempts = attempts_at(url := self._session.url(), self._options.attempts, respite_of(url))
        now_s = self._loop.seconds()
        slot = self._attempts.reserve(now_s)
        if slot <= now_s:
            self._dial()
            return
        if self._handover is not None:  # too long to remember all that comes
            self._handover.unpair()
        log.info("%s: connecting in %.0f s, when the host takes another attempt", self._session.name, slot - now_s)
        self._slot = slot
        self._step = self._loop.callLater(slot - now_s, self._dial_later, self._attempts)

    def _dial_later(self, attempts: Attempts) -> None:
        self._step = None
        if attempts.is_held(self._loop.seconds()):  # since the time was given
            self._connect()
        else:
            self._slot = None
            self._dial()

    def _dial(self) -> None:
        session = self._session if self._current is None else self._session.successor()
        lives_s = None if session.lives_s is None else session.lives_s * self._random.uniform(_EARLIEST, _LATEST)
        made = Conversation(self._loop, session, self, dialer=self._dialer, options=self._options, lateness=self._lateness, lives_s=lives_s)
        if self._current is None:
            self._current = made
        else:
            self._next = made
            self._remember()
        made.begin()

    def flows(self, conversation: Conversation) -> None:
        """Everything that was asked for comes over this connection now."""
        if conversation is self._next:
            self._moving = self._loop.callLater(OVERLAP_S, self._move)
        else:
            self._announce()

    def carried(self, conversation: Conversation, events: Sequence[bytes]) -> None:
        """Events came over one of the connections."""
        if self._handover is None:
            self._listener.received(events)
        elif due := self._handover.old(events) if conversation is self._current else self._handover.new(events):
            self._listener.received(due)

    def leaving(self, conversation: Conversation) -> None:
        """The venue is about to end a connection: have another one before that."""
        if conversation is not self._current:
            return
        log.info("%s: the venue is about to end the connection; another one is made first", self._session.name)
        # Should the one that has just taken over be about to end too, there is no hurry.
        is_young = self._loop.seconds() - self._moved_at < self._backoff.stable_s
        if is_young:
            self._connect(self._backoff.after(conversation.lived_s()))
        elif conversation.session.leaving:
            self._connect()
        else:  # it is only old, so there is time
            self._remember()
            self._connect(AHEAD_S)

    def _remember(self) -> None:
        """From here on remember what comes over the connection in use: another one may say it again."""
        self._handover = self._handover or handover_of(self._session)
        self._handover.pair()

    def aged(self, late_s: float) -> None:
        """A new connection's first event is as old as those of the one before were."""
        self._notice("stale", f"its events are {late_s:.0f} s late over a new connection too, and are taken as they are")

    def ended(self, conversation: Conversation, ending: Ending) -> None:
        """A connection is over."""
        if ending.retry_after_s and self._attempts is not None:
            self._attempts.hold(self._loop.seconds(), ending.retry_after_s)
        if conversation is self._next:
            self._lose_next(ending)
        elif self._next is not None and self._next.flowing:
            self._move()
        elif ending.final:
            self._give_up(ending)
        else:
            self._break_off(ending)

    def _lose_next(self, ending: Ending) -> None:
        """The connection that was to take over is gone, the stream still flows over the old one, and there will be another."""
        self._next = None  # for good or not: a venue that refused it says so again when it ends the old one
        self._cancel_moving()
        if self._handover is not None:
            self._handover.unpair()
        self._again(ending, "the next connection failed")
        self._poke()  # what was left to the new one to ask

    def _break_off(self, ending: Ending) -> None:
        """The connection in use is gone: the stream is lost until another one flows, which may be under way already."""
        self._current, self._next = self._next, None
        held = self._end_handover()
        if self._announced:
            self._announced = False
            self._settled.clear()
            self._listener.lost(ending.reason)
        if self._current is None:
            self._again(ending, "connection lost")
        self._notice(ending.kind, ending.reason)
        if self._current is not None:
            self._take(self._current, held)

    def _give_up(self, ending: Ending) -> None:
        self.failure = SocketException(f"{self._session.name}: {ending.reason}")
        self._closed = True
        self._hang_up()
        log.error("%s: %s; not tried again", self._session.name, ending.reason)
        self._notice(ending.kind, ending.reason, final=True)
        self._listener.failed(self.failure)
        self._settled.set()

    def _move(self) -> None:
        """The next connection takes the place of the present one."""
        old, new = self._current, self._next
        if old is None or new is None:
            return
        self._cancel_moving()
        old.hang_up()
        self._current, self._next = new, None
        self._moved_at = self._loop.seconds()
        log.info("%s: moved to another connection", self._session.name)
        if self._announced:
            self._notice("connected", "moved to another connection before the venue ended the one before")
        self._take(new, self._end_handover())

    def _take(self, conversation: Conversation, held: Sequence[bytes]) -> None:
        """Use the connection that was the next one, beginning with what it has brought."""
        self._session = conversation.session
        try:
            if conversation.flowing:
                self._announce()
            if held:
                self._listener.received(held)
        except Exception:  # as when a message cannot be handled
            log.exception("%s: a message could not be handled", self._session.name)
            conversation.fail(Failure("a message could not be handled"))
            return
        if self._session.leaving:
            self.leaving(conversation)
        conversation.poke()  # the listener may have had enough

    def _end_handover(self) -> list[bytes]:
        handover, self._handover = self._handover, None
        return [] if handover is None else handover.finish()

    def _announce(self) -> None:
        if self._announced:
            return
        self._announced = True
        self._notice("recovered" if self._has_flowed else "connected", "the stream flows")
        self._has_flowed = True
        self._listener.connected()
        self._settled.set()

    def _again(self, ending: Ending, what: str) -> None:
        delay_s = self._backoff.after(ending.lived_s)
        log.info(
            "%s: %s: %s; connecting again in %.1f s (failure %d in a row)",
            self._session.name,
            what,
            ending.reason,
            delay_s,
            self._backoff.failures,
        )
        self._connect(delay_s)

    def _notice(self, kind: NoticeKind, reason: str, *, final: bool = False) -> None:
        at_s = self._clock.now_ms() / 1000
        self._tell(SocketNotice(kind, self._session.name, reason, at_s, self._backoff.failures, final))

    def _poke(self) -> None:
        for conversation in (self._current, self._next):
            if conversation is not None:
                conversation.poke()

    def _restart(self, reason: str) -> None:
        if self._current is not None:
            self._current.fail(Failure(reason))

    def _hang_up(self) -> None:
        self._cancel_step()
        self._cancel_moving()
        self._handover = None
        had, self._current, self._next = (self._current, self._next), None, None
        for conversation in had:
            if conversation is not None:
                conversation.hang_up()
                log.info("%s: closed", self._session.name)

    def _cancel_step(self) -> None:
        if self._step is not None and self._step.active():
            self._step.cancel()
        self._step = None
        if self._slot is not None and self._attempts is not None:
            self._attempts.release(self._slot)
        self._slot = None

    def _cancel_moving(self) -> None:
        if self._moving is not None and self._moving.active():
            self._moving.cancel()
        self._moving = None


class Struggles:
    """Finds out when a connection has failed so often that its callback is to be told."""

    def __init__(self) -> None:
        self._known: set[str] = set()

    def begin(self, notice: SocketNotice) -> bool:
        """True once for each time that it goes on for a while; a connection that was stable ends that."""
        if notice.failures < STRUGGLING:
            self._known.discard(notice.stream)
        elif notice.kind in ("lost", "refused", "stale") and notice.stream not in self._known:
            self._known.add(notice.stream)
            return True
        return False


class Delivery:
    """A listener that hands a stream's messages to a user's callback, on the callback thread.

    :param error_event: what the callback gets, in the venue's own form, when the stream is refused for good
    :param struggling: what it gets so too, once, when several connections in a row have failed; None for nothing
    """

    def __init__(self, line: EventLine, error_event: Callable[[str], Any], *, struggling: str | None = None) -> None:
        self._line = line
        self._error_event = error_event
        self._struggling = struggling
        self._struggles = Struggles()

    def connected(self) -> None:
        """Nothing to tell."""

    def received(self, payloads: Sequence[bytes]) -> None:
        """Queue them."""
        self._line.put(payloads)

    def lost(self, reason: str) -> None:
        """Nothing to tell: it comes again, and a notice says so."""

    def failed(self, error: SocketException) -> None:
        """Tell the callback."""
        self._line.tell(self._error_event(str(error)))

    def noticed(self, notice: SocketNotice) -> None:
        """Tell the callback when it has gone on for a while."""
        if self._struggling is not None and self._struggles.begin(notice):
            self._line.tell(self._error_event(self._struggling))

    def close(self) -> None:
        """Deliver nothing more."""
        self._line.close()
