"""Joins two connections of the same streams into one: each event is handed on once, and those of a stream in their order.

While a connection is about to end, :mod:`exchangeclient.core.feeds.sockets` has a second one open, and lets both deliver into a
:class:`Handover`. It knows neither time nor venue: when it begins and ends is told to it, and of an event, which stream it belongs to
and what it says.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal

from exchangeclient.core.protocol.session import RewordingSession, SocketSession


class Handover:
    """The time with two connections, which carry the same events: those that say the same are the same event. One connection may bring
    several that say the same, and then each of them counts.

    For each stream the old connection leads until what the new one sends joins up with it: until an event has come over both. What
    the new one has sent before that is held back. From then on either may be ahead, and whoever brings an event first hands it on.

    An event that says something else on each connection joins nothing; of such a stream the old connection's are handed on
    to its end, and then all that was held back. An event that the new one sends although it had come over the old one before this began
    cannot be known: it is made some time before the new connection is.

    :param stream_of: which stream an event belongs to; streams keep their order, but not among each other
    :param sense_of: what an event says, in whatever words of the connection
    """

    def __init__(self, stream_of: Callable[[bytes], bytes], sense_of: Callable[[bytes], bytes] = bytes) -> None:
        self._stream_of = stream_of
        self._sense_of = sense_of
        # By how often more an event has come over the old connection than over the new one; not kept when it is even.
        self._lead: dict[bytes, int] = {}
        self._held: dict[bytes, _Held] = {}
        self._joined: set[bytes] = set()
        self._paired = True

    def pair(self) -> None:
        """A new connection is being made: what comes over the old one from here on may come over that too."""
        self._paired = True

    def unpair(self) -> None:
        """The new connection is gone before its time; what it was the first to bring will still come over the old one."""
        self._paired = False
        self._held.clear()
        self._joined.clear()
        self._lead = {event: lead for event, lead in self._lead.items() if lead < 0}

    def old(self, events: Sequence[bytes]) -> list[bytes]:
        """What is to be handed on, now that these have come over the old connection."""
        due: list[bytes] = []
        for event in events:
            stream, sense = self._stream_of(event), self._sense_of(event)
            if stream in self._held and sense in self._held[stream].senses:
                self._join(stream, due)
            self._count(event, sense, +1, due)
        return due

    def new(self, events: Sequence[bytes]) -> list[bytes]:
        """What is to be handed on, now that these have come over the new connection."""
        due: list[bytes] = []
        for event in events:
            stream, sense = self._stream_of(event), self._sense_of(event)
            if stream not in self._joined and self._lead.get(sense, 0) > 0:
                self._join(stream, due)
            if stream in self._joined:
                self._count(event, sense, -1, due)
            else:
                self._held.setdefault(stream, _Held()).put(event, sense)
        return due

    def finish(self) -> list[bytes]:
        """What is to be handed on, now that the old connection is at its end: what was held back."""
        due: list[bytes] = []
        for stream in list(self._held):
            self._join(stream, due)
        return due

    def _join(self, stream: bytes, due: list[bytes]) -> None:
        """Let both lead from here on."""
        self._joined.add(stream)
        if (held := self._held.pop(stream, None)) is not None:
            for event, sense in held.events:
                self._count(event, sense, -1, due)

    def _count(self, event: bytes, sense: bytes, over: Literal[1, -1], due: list[bytes]) -> None:
        """Hand on an event, unless the other connection has brought it already.

        :param over: 1 for the old connection, -1 for the new one
        """
        lead = self._lead.get(sense, 0)
        if lead * over >= 0:
            due.append(event)
        if lead + over == 0:
            del self._lead[sense]
        elif self._paired or lead:
            self._lead[sense] = lead + over


class _Held:
    """What the new connection has brought of a stream that has not joined.

    :ivar events: each with what it says
    :ivar senses: what they say, to be looked up in
    """

    def __init__(self) -> None:
        self.events: list[tuple[bytes, bytes]] = []
        self.senses: set[bytes] = set()

    def put(self, event: bytes, sense: bytes) -> None:
        """Hold it back."""
        self.events.append((event, sense))
        self.senses.add(sense)


def handover_of(session: SocketSession) -> Handover:
    """One between two connections of a session's."""
    return Handover(session.stream_of, session.sense_of if isinstance(session, RewordingSession) else bytes)
