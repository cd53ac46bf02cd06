"""Hosts a session without any reactor: ``for event in stream`` reads the connection on the thread that iterates.

It keeps a stream flowing as :mod:`exchangeclient.core.feeds.sockets` does, by the same options: it connects again for as long as it
takes, takes silent and late streams for dead, and has the next connection before the venue ends one. All of that happens while an event is
waited for; a program that lets a minute pass between two events may find that its connection had to be made anew.
"""

from __future__ import annotations

import logging
import random
import threading
import weakref
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from exchangeclient.core.budgets.attempts import Attempts
from exchangeclient.core.budgets.respite import respite_of
from exchangeclient.core.feeds.iteration import EventStream
from exchangeclient.core.feeds.sockets import AHEAD_S, OVERLAP_S
from exchangeclient.core.process.clock import Clock, SystemClock
from exchangeclient.core.protocol.blocking_talk import OverError, Talk
from exchangeclient.core.protocol.handover import Handover, handover_of
from exchangeclient.core.protocol.lateness import Lateness
from exchangeclient.core.protocol.session import Backoff, LosingSession, PartingSession, SocketSession
from exchangeclient.core.wire.blocking_link import LinkError, open_link, readable
from exchangeclient.core.wire.dialing import SocketOptions
from exchangeclient.exceptions import SocketException

log = logging.getLogger(__name__)

# When hosts may be connected to. Streams of several threads share it, apart from the sockets on the reactor, which has a clock of its own;
# when a host wants to be left alone, it is by all of them.
_attempts: dict[tuple[str, tuple[int, float] | None], Attempts] = {}
_attempting = threading.Lock()
# A connection is left when so much of its life is over.
_EARLIEST, _LATEST = 0.90, 0.98
_LEAST_TO_CONNECT_S = 1.0


class BlockingStream(EventStream):
    """The events of a session over a connection that only this stream has.

    :param timeout: seconds to wait for each event; None: as long as it takes
    :param least_to_connect_s: a connection is given at least so long to come about, however soon an event is wanted
    """

    def __init__(
        self,
        session: SocketSession,
        *,
        options: SocketOptions = SocketOptions(),
        timeout: float | None = None,
        least_to_connect_s: float = _LEAST_TO_CONNECT_S,
        clock: Clock | None = None,
        random_source: random.Random | None = None,
    ) -> None:
        super().__init__(session.decode, session.name, timeout=timeout)
        options.proxy_address()
        self._session = session
        self._options = options
        self._least_to_connect_s = least_to_connect_s
        self._clock = clock or SystemClock()
        self._random = random_source or random.Random()
        self._backoff = Backoff(self._random, first_s=options.retry_s, cap_s=options.retry_most_s, stable_s=options.stable_s)
        self._lateness = Lateness()
        self._failure: SocketException | None = None
        self._breaks = 0
        # The connection in use first, then the one that is to take its place.
        self._talks: list[Talk] = []
        self._connect_afresh()
        weakref.finalize(self, _drop, self._talks).atexit = False

    def _connect_afresh(self) -> None:
        self._handover: Handover | None = None
        self._try_at_s = float("-inf")
        self._move_at_s: float | None = None
        self._in_use = threading.Lock()

    def renew(self) -> None:
        """In a process that was forked off, leave the connection to the other one, and make one here when an event is waited for."""
        super().renew()
        _drop(self._talks)
        self._connect_afresh()

    @property
    def breaks(self) -> int:
        """How often it has been lost: each time events may be missing before the next one."""
        return self._breaks + (self._session.breaks if isinstance(self._session, LosingSession) else 0)

    @property
    def connection(self) -> Any:
        """The connection in use, as websocket-client has it; None while there is none."""
        talks = list(self._talks)
        return talks[0].link.connection if talks else None

    def close(self) -> None:
        """End it; from any thread, as often as one likes."""
        self._closed.set()
        for talk in list(self._talks):
            talk.link.interrupt()
        if self._in_use.acquire(blocking=False):  # else whoever waits for an event has just been woken, and does it
            _hang_up(self._talks)
            self._in_use.release()

    def _wait(self, timeout_s: float | None) -> Sequence[bytes]:
        with self._in_use:
            try:
                return self._wait_until(float("inf") if timeout_s is None else self._now() + timeout_s)
            finally:
                if self._closed.is_set():
                    _hang_up(self._talks)

    def _wait_until(self, until_s: float) -> Sequence[bytes]:
        while not self._closed.is_set():
            if self._failure is not None:
                raise self._failure.with_traceback(None)  # who asks again and again does not add to it
            events = self._step(until_s)
            if events:
                return events
            if self._now() >= until_s:
                raise self._late()
        return []

    def _now(self) -> float:
        return self._clock.monotonic_s()

    def _step(self, until_s: float) -> Sequence[bytes]:
        """Bring it on a little: at best there are events then."""
        now_s = self._now()
        wants_next = len(self._talks) == 1 and self._talks[0].is_leaving(now_s)
        if wants_next and self._handover is None and now_s >= self._try_at_s and not self._session.leaving:
            self._remember()
            self._try_at_s = now_s + AHEAD_S
        if (not self._talks or wants_next) and now_s >= self._try_at_s:
            self._connect(until_s)
            return []
        if not self._talks:
            self._closed.wait(min(self._try_at_s, until_s) - now_s)
            return []
        if self._move_at_s is not None and now_s >= self._move_at_s:
            return self._move()
        wake_s = until_s if self._move_at_s is None else min(until_s, self._move_at_s)
        if len(self._talks) == 1:
            wake_s = min(wake_s, self._try_at_s if wants_next else self._talks[0].leave_at_s)
        return self._listen(wake_s)

    def _listen(self, wake_s: float) -> Sequence[bytes]:
        """Read what has come; or, if nothing has, say what is to be said and wait."""
        heard = self._heard()
        events = self._read(0.0)
        if events or self._heard() != heard or self._closed.is_set():  # what came may have changed what is to be done
            return events
        for place, talk in enumerate(list(self._talks)):
            try:
                talk.speak(self._now())
            except (LinkError, OverError) as error:
                return self._lose(place, error)
        wake_s = min(wake_s, *(talk.next_due() for talk in self._talks))
        timeout_s = max(0.0, wake_s - self._now()) if wake_s < float("inf") else None
        if len(self._talks) == 1 and timeout_s != 0:
            return self._read(timeout_s)
        readable([talk.link for talk in self._talks], timeout_s)
        return []

    def _read(self, timeout_s: float | None) -> list[bytes]:
        """What can be read now, of each connection."""
        due: list[bytes] = []
        for place, talk in enumerate(list(self._talks)):
            try:
                events = talk.read(timeout_s, self._now)
            except (LinkError, OverError) as error:
                return due + self._lose(place, error)
            if place and talk.session.ready and self._move_at_s is None:
                self._move_at_s = self._now() + OVERLAP_S
            if self._handover is not None:
                events = self._handover.new(events) if place else self._handover.old(events)
            due += events
        return due

    def _heard(self) -> list[int]:
        return [talk.link.heard for talk in self._talks]

    def _connect(self, until_s: float) -> None:
        """Make a connection: one to use, or the one that is to take its place."""
        if not self._may_try():
            return
        session = self._session.successor() if self._talks else self._session
        timeout_s = max(self._least_to_connect_s, min(self._options.connect_timeout_s, until_s - self._now()))
        try:
            link = open_link(session.url(), self._options, timeout_s)
        except LinkError as error:
            self._again(error)
            return
        leave_at_s = float("inf") if session.lives_s is None else self._now() + session.lives_s * self._random.uniform(_EARLIEST, _LATEST)
        if self._talks:
            self._remember()
        log.info("%s: connected", session.name)
        self._talks.append(Talk(session, link, self._options, self._lateness, now_s=self._now(), leave_at_s=leave_at_s))

    def _remember(self) -> None:
        """From here on remember what comes over the connection in use: another one may say it again."""
        self._handover = self._handover or handover_of(self._session)
        self._handover.pair()

    def _may_try(self) -> bool:
        """Whether the host takes an attempt now; else it is put off."""
        now_s = self._now()
        with _attempting:
            attempts = self._attempts()
            self._try_at_s = attempts.reserve(now_s)
            if self._try_at_s > now_s:
                attempts.release(self._try_at_s)
        if self._try_at_s > now_s and self._handover is not None:  # too long to remember all that comes
            self._handover.unpair()
        return self._try_at_s <= now_s

    def _attempts(self) -> Attempts:
        """Those of the host."""
        url, limit = self._session.url(), self._options.attempts
        return _attempts.setdefault((urlsplit(url).netloc, limit), Attempts(limit, respite_of(url)))

    def _lose(self, place: int, error: LinkError | OverError) -> list[bytes]:
        """A connection is over; what was held back of the other one, if that has to take its place."""
        lost, others = self._talks[place], self._talks[1:]
        if self._closed.is_set():
            return []
        if place == 0 and lost.session.ready and not (others and others[0].session.ready):
            self._breaks += 1
            log.warning("%s: %s; events may be missing until it is back", self._name, error)
        if place == 0 and others:
            log.info("%s: %s; the next connection takes over", self._name, error)
            return self._move()
        self._talks.remove(lost)
        lost.link.hang_up()
        if isinstance(lost.session, PartingSession):
            lost.session.closed(str(error))
        self._move_at_s = None
        if not self._talks:
            self._handover = None
        elif self._handover is not None:
            self._handover.unpair()
        if place == 0 and isinstance(error, OverError) and error.final:
            self._failure = SocketException(f"{self._name}: {error}")
        else:
            self._again(error, lost.lived_s(self._now()))
        return []

    def _move(self) -> list[bytes]:
        """The next connection takes the place of the present one, beginning with what it has brought."""
        old = self._talks.pop(0)
        handover, self._handover, self._move_at_s = self._handover, None, None
        # Should this one be about to end too, there is no hurry.
        self._try_at_s = self._now() + self._backoff.after(old.lived_s(self._now()))
        self._session = self._talks[0].session
        due: list[bytes] = []
        if handover is not None:
            due += handover.new(self._talks[0].read_all(self._now))
            due += handover.finish()
        old.link.hang_up()
        return due

    def _again(self, error: LinkError | OverError, lived_s: float = 0.0) -> None:
        if error.retry_after_s:
            with _attempting:
                self._attempts().hold(self._now(), error.retry_after_s)
        delay_s = self._backoff.after(lived_s)
        log.info("%s: %s; connecting again in %.1f s (failure %d in a row)", self._name, error, delay_s, self._backoff.failures)
        self._try_at_s = self._now() + delay_s


def _hang_up(talks: list[Talk]) -> None:
    """End all of them."""
    while talks:
        talks.pop().link.hang_up()


def _drop(talks: list[Talk]) -> None:
    """End all of them in whatever is going on, without a word."""
    while talks:
        talks.pop().link.drop()
