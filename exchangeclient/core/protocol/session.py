"""What a venue's socket protocol offers to whoever carries its bytes: a :class:`SocketSession`, without I/O and without a clock.

A host (:mod:`exchangeclient.core.feeds.sockets`) connects to :meth:`~SocketSession.url`, tells the session what happens, sends what
it wants sent, and connects again when the line breaks. All times are seconds of one clock that only goes forward.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, Protocol, runtime_checkable


class Incoming(Enum):
    """What a payload is."""

    EVENT = "event"  # for the user
    REPLY = "reply"  # an answer to a frame of ours, read and done with


@dataclass(frozen=True, slots=True)
class Failure:
    """The session cannot go on over this connection.

    :ivar message: why, for the log and the user
    :ivar final: True when another connection would end the same way (a wrong key), so that none is made
    :ivar retry_after_s: how long the venue wants to be left alone, if it said so
    """

    message: str
    final: bool = False
    retry_after_s: float | None = None


class Wishes:
    """What is to be subscribed to, whichever connection carries it: a session shares it with its successor.

    Any thread may change it (single steps of a dict need no lock). Who has, pokes the socket.

    :ivar changes: another number after each change; to be read before the names
    :ivar renewals: how often what had come of some was of no use, so that they were wanted anew
    """

    def __init__(self, names: Iterable[str] = ()) -> None:
        self._names = dict.fromkeys(names, 0)
        self.changes = self.renewals = 0

    @property
    def names(self) -> tuple[str, ...]:
        """All of it, in the order in which it was wanted."""
        return tuple(self._names.copy())

    @property
    def askings(self) -> dict[str, int]:
        """All of it, each with a number that is another one once it is to be asked for anew."""
        return self._names.copy()

    def want(self, names: Iterable[str]) -> None:
        """Have these too."""
        for name in names:
            self._names.setdefault(name, 0)
        self.changes += 1

    def unwant(self, names: Iterable[str]) -> None:
        """Have these no more."""
        for name in names:
            self._names.pop(name, None)
        self.changes += 1

    def want_anew(self, names: Iterable[str]) -> None:
        """Have these asked for once more, as if they had not been: what comes of them is of no use. On the host's thread."""
        for name in names:
            if name in self._names:
                self._names[name] = self.changes + 1
        self.changes += 1
        self.renewals += 1


def names_in(streams: Iterable[str], check: Callable[[str], None]) -> list[str]:
    """The names in a list that a user gave, each once.

    :param check: raises ValueError for what is no name of a stream
    :raises TypeError: when it is no list of texts
    :raises ValueError: when it is empty; and what ``check`` raises
    """
    if isinstance(streams, str) or not isinstance(streams, Iterable):
        raise TypeError(f"streams must be a list of names, not {type(streams).__name__}")
    names = list(dict.fromkeys(streams))
    for name in names:
        if not isinstance(name, str):
            raise TypeError(f"streams must be a list of texts, not of {type(name).__name__}")
        check(name)
    if not names:
        raise ValueError("streams must not be empty")
    return names


class Answers(Protocol):
    """Who hears what the venue makes of wishes. Called where the session is, on the host's thread."""

    def granted(self, names: Iterable[str]) -> None:
        """These flow now. It may be said again of some."""

    def refused(self, name: str, reason: str) -> None:
        """The venue does not send this one, which is wanted no more."""

    def silent(self, names: Sequence[str], reason: str) -> None:
        """These have brought nothing for so long that they must be dead, while others flow: ask for them anew."""


class SocketSession(Protocol):
    """One connection's worth of a venue's protocol. What it is subscribed to outlives the connection; each one gets it anew."""

    @property
    def name(self) -> str:
        """What the log calls it; no secret in it."""

    @property
    def ready(self) -> bool:
        """True once the venue has agreed to send everything that was asked for over this connection."""

    @property
    def leaving(self) -> bool:
        """True when the venue has said that it is about to end this connection: another one is made before."""

    @property
    def lives_s(self) -> float | None:
        """How long the venue lets a connection live; None: for ever."""

    @property
    def quiet_s(self) -> float | None:
        """How long it may be silent while all is well; None: nobody can tell."""

    def url(self) -> str:
        """Where to connect; asked before each attempt."""

    def opened(self, now_s: float) -> None:
        """A connection is open. Whatever belonged to an earlier one is void."""

    def outgoing(self, now_s: float) -> list[str] | Failure:
        """The frames to send now, or why this connection is of no use."""

    def next_due(self) -> float | None:
        """When :meth:`outgoing` is to be asked again if nothing happens before, or None."""

    def receive(self, payload: bytes) -> Incoming | Failure:
        """Look at one message. The user's are not decoded here if that can be helped: their own thread does that."""

    def decode(self, payload: bytes) -> Any:
        """The event in a payload, as the user gets it. Called on any thread, needs nothing of the connection."""

    def stream_of(self, payload: bytes) -> bytes:
        """Which of the connection's streams an event belongs to: within one the venue keeps the order, on any connection.

        Asked only while there are two connections, and answered without decoding.
        """

    def event_time_ms(self, payload: bytes) -> int | None:
        """When the venue says that an event happened, None when it does not say. Asked about once a second."""

    def successor(self) -> SocketSession:
        """A session for another connection, which wants the same: what is wanted later, of either, counts for both."""


@runtime_checkable
class ChunkSession(Protocol):
    """A session that can tell of a whole chunk at once that there is nothing in it for itself."""

    def all_events(self, payloads: Sequence[bytes]) -> bool:
        """True when :meth:`SocketSession.receive` would say of each that it is an event, and do nothing else. False when in doubt."""


@runtime_checkable
class LosingSession(Protocol):
    """A session that may lose some of its streams while the others flow."""

    @property
    def breaks(self) -> int:
        """How often that was, over this connection and those before it."""


@runtime_checkable
class RewordingSession(Protocol):
    """A session whose venue words an event for each connection by itself. Of all others equal bytes are the same event."""

    def sense_of(self, payload: bytes) -> bytes:
        """What an event says, without what is the connection's own: the same text over each. Asked while there are two connections."""


@runtime_checkable
class PartingSession(Protocol):
    """A session that wants to know when its connection is no more: it has asked things over it."""

    def closed(self, reason: str) -> None:
        """The connection is over, or could not be made. Called on the host's thread."""


class Backoff:
    """How long to wait before the next try: full jitter, doubling up to a cap, for as many tries as it takes.

    :param random_source: where the jitter comes from
    :param first_s: the longest wait after the first failure
    :param cap_s: the longest wait ever
    :param stable_s: what lived this long counts as a success, and the next failure as the first
    """

    def __init__(self, random_source: random.Random, *, first_s: float = 1.0, cap_s: float = 60.0, stable_s: float = 60.0) -> None:
        self._random = random_source
        self._first_s = first_s
        self._cap_s = cap_s
        self.stable_s = stable_s
        self.failures = 0

    def after(self, lived_s: float = 0.0) -> float:
        """Seconds to wait after a failure.

        :param lived_s: how long the connection was in use before it failed
        """
        if lived_s >= self.stable_s:
            self.failures = 0
        # 2 ** 1000 is no float: the exponent is bounded, the number of tries is not
        longest = min(self._cap_s, self._first_s * 2.0 ** min(self.failures, 32))
        self.failures += 1
        return self._random.uniform(0.0, longest)
