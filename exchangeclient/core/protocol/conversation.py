"""One connection with a venue's session spoken over it, from dialling to its end; told once, with a reason.

A :class:`Conversation` is never made again: :mod:`exchangeclient.core.feeds.sockets` has another one then. It runs on the
reactor's thread.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from exchangeclient.core.http.request import Response
from exchangeclient.core.process import reactor
from exchangeclient.core.protocol.lateness import Lateness
from exchangeclient.core.protocol.session import ChunkSession, Failure, Incoming, PartingSession, SocketSession
from exchangeclient.core.wire.dialing import SocketOptions
from exchangeclient.core.wire.link import Answering

log = logging.getLogger(__name__)

_LOOK_S = 1.0


class Link(Protocol):
    """A connection, as a dialer makes it."""

    @property
    def answer(self) -> Response | None:
        """What the other side has said to the handshake, None when it has not said anything."""

    def may_send(self) -> bool:
        """False once either side has said goodbye."""

    def sendMessage(self, payload: bytes) -> None:  # noqa: N802 - Autobahn's name
        """Send a text message."""

    def hang_up(self) -> None:
        """Close it, politely if there is someone to say goodbye to."""


Dialer = Callable[[Any, Answering, str, SocketOptions], Any]
"""Makes a connection: like :func:`exchangeclient.core.wire.dialing.dial`, it returns a Deferred of a :class:`Link`."""


@dataclass(frozen=True, slots=True)
class Ending:
    """Why a conversation is over.

    :ivar lived_s: how long it was open
    :ivar retry_after_s: how long the other side asked us to stay away
    :ivar final: True when another one would end the same way
    """

    kind: Literal["lost", "stale", "refused"]
    reason: str
    lived_s: float
    retry_after_s: float | None = None
    final: bool = False


class Owner(Protocol):
    """Who has a conversation."""

    def flows(self, conversation: Conversation) -> None:
        """Everything that was asked for comes now."""

    def carried(self, conversation: Conversation, events: Sequence[bytes]) -> None:
        """The events of one chunk, in order."""

    def leaving(self, conversation: Conversation) -> None:
        """The venue is about to end it."""

    def aged(self, late_s: float) -> None:
        """Its very first event was late already: another connection would not help."""

    def ended(self, conversation: Conversation, ending: Ending) -> None:
        """It is over, and was not ended by :meth:`Conversation.hang_up`."""


class Conversation:
    """A session over one connection.

    :param lateness: of the stream's events so far, on earlier connections too
    :param lives_s: after how long to say that it is about to end; None: only if the venue says so

    :ivar flowing: True when everything that was asked for comes
    """

    def __init__(
        self,
        loop: Any,
        session: SocketSession,
        owner: Owner,
        *,
        dialer: Dialer,
        options: SocketOptions,
        lateness: Lateness,
        lives_s: float | None,
    ) -> None:
        self.session = session
        self._skims = session if isinstance(session, ChunkSession) else None
        self.flowing = False
        self._loop = loop
        self._owner = owner
        self._dialer = dialer
        self._options = options
        self._lateness = lateness
        self._lives_s = lives_s
        self._over = False
        self._url = ""
        self._attempt: Any = None
        self._link: Link | None = None
        self._opened_at: float | None = None
        self._heard_at = 0.0
        self._look_at = float("inf")
        self._has_looked = False
        self._said_leaving = False
        self._frames: reactor.DelayedCall | None = None
        self._silence: reactor.DelayedCall | None = None
        self._life: reactor.DelayedCall | None = None

    def begin(self) -> None:
        """Dial."""
        try:
            self._url = self.session.url()
            self._attempt = self._dialer(self._loop, self, self._url, self._options)
        except Exception as error:  # noqa: BLE001 - an unusable address is reported like a host that is down
            self._end("lost", f"cannot connect: {error}")
            return
        self._attempt.addCallbacks(self._dialled, self._not_dialled)

    def poke(self) -> None:
        """The session may have something to send."""
        if self._opened_at is not None and not self._over:
            self._go_on()

    def hang_up(self, reason: str = "it was closed from here") -> None:
        """End it. Its owner hears nothing more of it, whatever still comes."""
        was_over, self._over = self._over, True
        for timer in (self._frames, self._silence, self._life):
            if timer is not None and timer.active():
                timer.cancel()
        attempt, self._attempt = self._attempt, None
        link, self._link = self._link, None
        if attempt is not None:
            attempt.cancel()
        if link is not None:
            link.hang_up()
        if isinstance(self.session, PartingSession) and not was_over:
            self.session.closed(reason)

    def lived_s(self) -> float:
        """How long it has been open."""
        return 0.0 if self._opened_at is None else float(self._loop.seconds() - self._opened_at)

    def fail(self, failure: Failure) -> None:
        """End it because of that."""
        self._end("refused" if failure.final else "lost", failure.message, retry_after_s=failure.retry_after_s, final=failure.final)

    # What the dialer and the link say.

    def _dialled(self, link: Link) -> None:
        self._attempt = None
        if self._over:
            link.hang_up()
        else:
            self._link = link

    def _not_dialled(self, failure: Any) -> None:
        self._attempt = None
        if not self._over:
            self._end("lost", f"cannot connect: {failure.getErrorMessage()}")

    def opened(self, link: Link) -> None:
        """The handshake of ``link`` is done."""
        if self._over:
            link.hang_up()
            return
        self._link = link
        self._opened_at = self._heard_at = now_s = self._loop.seconds()
        log.info("%s: connected", self.session.name)
        self.session.opened(now_s)
        quiet_s = self.session.quiet_s if self._options.quiet_s is None else self._options.quiet_s
        if quiet_s is not None:
            self._listen(quiet_s)
        if self._options.stale_s is not None:
            self._look_at = now_s
        if self._lives_s is not None:
            self._life = self._loop.callLater(self._lives_s, self._leave)
        self.received(link, [])

    def received(self, link: Link, payloads: Sequence[bytes]) -> None:  # noqa: ARG002 - there is but one
        """Messages came over ``link``; none of them right after it was opened."""
        if self._over:
            return
        self._heard_at = now_s = self._loop.seconds()
        failure: Failure | None = None
        try:
            if self._skims is not None and self._skims.all_events(payloads):
                events = payloads
            else:
                events, failure = self._sorted(payloads)
            self._hand_over(events, now_s)
        except Exception:  # better a new connection than a stream that is handled half
            log.exception("%s: a message could not be handled", self.session.name)
            failure = Failure("a message could not be handled")
        if failure is not None:
            self.fail(failure)
        else:
            self._go_on()

    def _sorted(self, payloads: Sequence[bytes]) -> tuple[list[bytes], Failure | None]:
        """The events among these; those before it, when the session cannot go on after one."""
        events: list[bytes] = []
        for payload in payloads:
            outcome = self.session.receive(payload)
            if isinstance(outcome, Failure):
                return events, outcome
            if outcome is Incoming.EVENT:
                events.append(payload)
        return events, None

    def lost(self, link: Link, reason: str) -> None:
        """``link`` is closed."""
        if self._over:
            return
        self._link = None
        if self._opened_at is None and (answer := link.answer) is not None:
            self._end("refused", reason, retry_after_s=self._options.heed(self._url, answer))
        else:
            self._end("lost", reason)

    def _hand_over(self, events: Sequence[bytes], now_s: float) -> None:
        if self.session.ready and not self.flowing:
            self.flowing = True
            self._owner.flows(self)
        if events:
            if now_s >= self._look_at:
                self._look(events[-1], now_s)
            if not self._over:
                self._owner.carried(self, events)
        if self.session.leaving:
            self._leave()

    def _leave(self) -> None:
        if not self._said_leaving and not self._over:
            self._said_leaving = True
            self._owner.leaving(self)

    def _go_on(self) -> None:
        """Send what the session has to send, and look again when it says."""
        if self._frames is not None and self._frames.active():
            self._frames.cancel()
        self._frames = None
        if self._link is None or not self._link.may_send():
            return  # it is closing, and will be lost
        now_s = self._loop.seconds()
        outgoing: list[str] | Failure
        try:
            outgoing = self.session.outgoing(now_s)
        except Exception:  # such as a signature that cannot be made
            log.exception("%s: a frame could not be made", self.session.name)
            outgoing = Failure("a frame could not be made")
        if isinstance(outgoing, Failure):
            self.fail(outgoing)
            return
        for frame in outgoing:
            self._link.sendMessage(frame.encode())
        due_s = self.session.next_due()
        if due_s is not None:
            self._frames = self._loop.callLater(max(0.0, due_s - now_s), self._go_on)

    def _listen(self, quiet_s: float) -> None:
        """End it when it has been silent for too long, or listen again when that may be."""
        silent_s = self._loop.seconds() - self._heard_at
        if silent_s >= quiet_s:
            self._end("stale", f"it has sent nothing for {silent_s:.0f} s")
        else:
            self._silence = self._loop.callLater(quiet_s - silent_s, self._listen, quiet_s)

    def _look(self, event: bytes, now_s: float) -> None:
        """End it when its events have become old."""
        self._look_at = now_s + _LOOK_S
        time_ms = self.session.event_time_ms(event)
        if time_ms is None or self._options.stale_s is None:
            return
        is_first, self._has_looked = not self._has_looked, True
        late_s = self._lateness.seen(now_s, time_ms / 1000)
        if late_s < self._options.stale_s:
            return
        if is_first:  # then it is the venue's clock, or all that it sends
            self._lateness.forget()
            self._owner.aged(late_s)
        else:
            self._end("stale", f"its events are {late_s:.0f} s late")

    def _end(
        self, kind: Literal["lost", "stale", "refused"], reason: str, *, retry_after_s: float | None = None, final: bool = False
    ) -> None:
        if self._over:
            return
        ending = Ending(kind, reason, self.lived_s(), retry_after_s, final)
        self.hang_up(reason)
        self._owner.ended(self, ending)
