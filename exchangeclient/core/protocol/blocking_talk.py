"""A session over one connection that is read by the thread that asks: what is said when, and when the connection is over.

The connection is a :class:`~exchangeclient.core.wire.blocking_link.Link`; when there is to be another one
:mod:`exchangeclient.core.feeds.blocking` decides.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

from exchangeclient.core.protocol.lateness import Lateness
from exchangeclient.core.protocol.session import Failure, Incoming, SocketSession
from exchangeclient.core.wire.blocking_link import Link, LinkError
from exchangeclient.core.wire.dialing import SocketOptions

log = logging.getLogger(__name__)

_LOOK_S = 1.0


class OverError(Exception):
    """A connection is over.

    :ivar final: True when another one would end the same way
    :ivar retry_after_s: how long the venue wants to be left alone, if it said so
    """

    def __init__(self, reason: str, *, final: bool = False, retry_after_s: float | None = None) -> None:
        super().__init__(reason)
        self.final = final
        self.retry_after_s = retry_after_s


class Talk:
    """A session over one connection.

    :param lateness: of the stream's events, which outlives its connections
    :param leave_at_s: when another connection is to be there
    """

    def __init__(
        self, session: SocketSession, link: Link, options: SocketOptions, lateness: Lateness, *, now_s: float, leave_at_s: float
    ) -> None:
        self.session = session
        self.link = link
        self._options = options
        self._lateness = lateness
        self.leave_at_s = leave_at_s
        self._opened_at = self._heard_at = self._look_at = now_s
        self._message_at = now_s
        self._heard = link.heard
        self._over: OverError | None = None
        self._asked_at: float | None = None
        self._has_looked = False
        self._quiet_s = session.quiet_s if options.quiet_s is None else options.quiet_s
        session.opened(now_s)

    def lived_s(self, now_s: float) -> float:
        """How long it has been open."""
        return now_s - self._opened_at

    def is_leaving(self, now_s: float) -> bool:
        """True when it is about to end."""
        return self.session.leaving or now_s >= self.leave_at_s

    def read(self, timeout_s: float | None, now: Callable[[], float]) -> list[bytes]:
        """The events that are there, or the next one; nothing if none comes in time, or if it was something else.

        :raises LinkError: when the connection is closed
        :raises OverError: when it is of no use any more
        """
        if self._over is not None:
            raise self._over.with_traceback(None)  # who asks again and again does not add to it
        payloads = self.link.read(timeout_s)
        now_s = now()
        if self.link.heard != self._heard:
            self._heard, self._heard_at, self._asked_at = self.link.heard, now_s, None
        events: list[bytes] = []
        for payload in payloads:
            outcome = self.session.receive(payload)
            if isinstance(outcome, Failure):
                self._over = _over(outcome)
                break
            if outcome is Incoming.EVENT:
                events.append(payload)
        if payloads:
            self._message_at = now_s
        if events:
            self._look(events[-1], now_s)
        return events

    def read_all(self, now: Callable[[], float]) -> list[bytes]:
        """The events that are there to be read."""
        events: list[bytes] = []
        heard = -1
        try:
            while heard != self.link.heard:
                heard = self.link.heard
                events += self.read(0.0, now)
        except (LinkError, OverError) as error:  # the next who reads is told again, or finds it closed
            log.info("%s: %s", self.session.name, error)
        return events

    def speak(self, now_s: float) -> None:
        """Say what is to be said, and see whether it is dead; to be called when nothing is left to be read."""
        silent_s = now_s - self._message_at
        if self._quiet_s is not None and silent_s >= self._quiet_s:
            raise OverError(f"it has sent nothing for {silent_s:.0f} s")
        if self._asked_at is not None and now_s >= self._asked_at + self._options.pong_timeout_s:
            raise OverError(f"no answer to a ping for {now_s - self._asked_at:.0f} s")
        if self._asked_at is None and now_s >= self._heard_at + self._options.ping_interval_s:
            self._asked_at = now_s
            self.link.ping()
        outgoing = self.session.outgoing(now_s)
        if isinstance(outgoing, Failure):
            raise _over(outgoing)
        for frame in outgoing:
            self.link.send(frame)

    def next_due(self) -> float:
        """When :meth:`speak` is to be called if nothing comes before."""
        due_s = self._heard_at + self._options.ping_interval_s if self._asked_at is None else self._asked_at + self._options.pong_timeout_s
        if self._quiet_s is not None:
            due_s = min(due_s, self._message_at + self._quiet_s)
        said_s = self.session.next_due()
        return due_s if said_s is None else min(due_s, said_s)

    def _look(self, event: bytes, now_s: float) -> None:
        """End it when its events have become old."""
        if now_s < self._look_at or self._options.stale_s is None:
            return
        self._look_at = now_s + _LOOK_S
        time_ms = self.session.event_time_ms(event)
        if time_ms is None:
            return
        is_first, self._has_looked = not self._has_looked, True
        late_s = self._lateness.seen(now_s, time_ms / 1000)
        if late_s < self._options.stale_s:
            return
        if not is_first:
            raise OverError(f"its events are {late_s:.0f} s late")
        self._lateness.forget()  # it is the venue's clock, or all that it sends


def _over(failure: Failure) -> OverError:
    return OverError(failure.message, final=failure.final, retry_after_s=failure.retry_after_s)
