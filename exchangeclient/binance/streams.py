"""Binance's streams without I/O: the frames that subscribe to them, and what a message means.

:class:`StreamSession` and :class:`CombinedSession` speak the market stream protocol; they are hosted by
:mod:`exchangeclient.core.feeds.sockets`, or :mod:`exchangeclient.core.feeds.blocking`. The streams' names are made by
:mod:`~exchangeclient.binance.stream_names`, and the account's own events are :mod:`~exchangeclient.binance.userdata`'s. Source: Binance
Spot API documentation, "WebSocket Streams".
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Final, Literal
from urllib.parse import quote

from msgspec import Meta, defstruct

from exchangeclient.binance.messages import event_in, event_time_ms
from exchangeclient.binance.stream_names import is_paced
from exchangeclient.core.http import jsonio
from exchangeclient.core.http.jsonio import object_in
from exchangeclient.core.protocol.session import Answers, Failure, Incoming, Wishes
from exchangeclient.market.book import levels
from exchangeclient.market.booksync import Diff

log = logging.getLogger(__name__)

STREAMS_PER_CONNECTION = 1024
_NAMES_PER_FRAME = 200
# The venue takes five messages a second from a connection, pings and pongs included: three of these leave room for both.
_FRAME_SPACING_S = 0.35
_REPLY_TIMEOUT_S = 10.0
# The codes by which the venue says that a subscription makes no sense to it, which it will not the next time either.
_MISTAKES = frozenset({0, 1, 2, 3})
# The venue ends every connection after a day.
_LIFE_S = 86_400.0
# A stream that comes every second or two is dead when it does not for so long.
_QUIET_S = 120.0
_LONGEST_GOODBYE = 200
_LONGEST_NUMBER = 64
_EVENT_HEAD = b'{"stream":"'
_EVENT_MIDDLE = b'","data":'


def depth_diff(payload: bytes) -> Diff | None:
    """The changes in a message of a ``@depth`` stream, single or combined, or None when it is a message of another kind.

    :raises ValueError: when it is not readable as what it says it is
    """
    try:
        diff: Diff = _read_combined(payload).data if payload.startswith(_EVENT_HEAD) else _read_single(payload)
    except _REFUSALS:  # another message, or numbers that are no texts
        return _odd_diff(payload)
    return diff


def _depth_readers() -> tuple[Callable[[bytes], Any], Callable[[bytes], Any]]:
    """Decoders of a depthUpdate: alone, and as a combined stream wraps it."""
    number = Annotated[str, Meta(max_length=_LONGEST_NUMBER)]
    rows = list[tuple[number, number]]
    names = {"first_id": "U", "last_id": "u", "bids": "b", "asks": "a", "time_ms": "E"}
    fields = [("first_id", int), ("last_id", int), ("bids", rows), ("asks", rows), ("time_ms", int)]
    update = defstruct("DepthUpdate", fields, bases=(Diff,), rename=names, tag_field="e", tag="depthUpdate", frozen=True, gc=False)
    return jsonio.typed(update), jsonio.typed(defstruct("CombinedDepthUpdate", [("data", update)], gc=False))


# Every message comes by here: what a call would get from a cache would be a twelfth of its decoding.
_read_single, _read_combined = _depth_readers()
_REFUSALS: Final = jsonio.refusals()


def _odd_diff(payload: bytes) -> Diff | None:
    message = jsonio.decode(payload)
    event = message.get("data", message) if isinstance(message, dict) else None
    if not isinstance(event, dict):
        raise ValueError(f"a message of a depth stream is an object, not {payload[:80]!r}")
    match event:
        case {"e": "depthUpdate", "U": int(first_id), "u": int(last_id), "E": int(time_ms), "b": list(bids), "a": list(asks)}:
            try:
                return Diff(first_id, last_id, levels(bids), levels(asks), time_ms)
            except (TypeError, ValueError) as error:
                raise ValueError(f"a depthUpdate has prices and quantities, but this one is {payload[:200]!r}: {error}") from error
        case {"e": "depthUpdate"}:
            raise ValueError(f"a depthUpdate has U, u, E, b and a, but this one is {payload[:200]!r}")
    return None


def ticker_event(payload: bytes) -> dict[str, Any] | None:
    """The 24-hour ticker in a message of a ``@ticker`` stream, single or combined, or None when it is a message of another kind."""
    message = object_in(payload)
    event = None if message is None else message.get("data", message)
    return event if isinstance(event, dict) and event.get("e") == "24hrTicker" and isinstance(event.get("s"), str) else None


class _MarketSession:
    """What the sessions of market streams have in common."""

    lives_s: float | None = _LIFE_S

    def __init__(self, base_url: str, *, in_microseconds: bool) -> None:
        self._base_url = base_url.rstrip("/")
        self._in_microseconds = in_microseconds
        self.leaving = False

    def _address(self, path: str) -> str:
        return f"{self._base_url}{path}{'?timeUnit=MICROSECOND' if self._in_microseconds else ''}"

    def _heed(self, payload: bytes) -> None:
        """Notice the one message that is sent before the venue closes; better to leave first."""
        if len(payload) < _LONGEST_GOODBYE and b'"serverShutdown"' in payload:
            self.leaving = True

    def all_events(self, payloads: Sequence[bytes]) -> bool:
        """True when the venue says no goodbye among these."""
        for payload in payloads:  # noqa: SIM110 - every message comes by here, and this is twice as fast as all()
            if len(payload) < _LONGEST_GOODBYE and b'"serverShutdown"' in payload:
                return False
        return True

    def decode(self, payload: bytes) -> Any:
        """The event as the venue sent it; of combined streams ``{"stream": ..., "data": ...}``."""
        return event_in(payload)

    def event_time_ms(self, payload: bytes) -> int | None:
        """Its ``E``, where the stream has one."""
        return event_time_ms(payload)


class StreamSession(_MarketSession):
    """One market stream over a connection of its own: it has the stream's address, so that nothing needs to be said.

    :param base_url: such as ``wss://stream.binance.com:9443``
    :param name: of the stream
    :param in_microseconds: have times in microseconds instead of milliseconds
    """

    ready = True

    def __init__(self, base_url: str, name: str, *, in_microseconds: bool = False) -> None:
        super().__init__(base_url, in_microseconds=in_microseconds)
        self.name = name
        self.quiet_s = _QUIET_S if is_paced(name) else None

    def url(self) -> str:
        """Where to connect."""
        return self._address(f"/ws/{quote(self.name, safe='@!')}")

    def opened(self, now_s: float) -> None:  # noqa: ARG002 - nothing is timed
        """It flows."""
        self.leaving = False

    def outgoing(self, now_s: float) -> list[str] | Failure:  # noqa: ARG002 - as above
        """Nothing."""
        return []

    def next_due(self) -> float | None:
        """Never."""
        return None

    def receive(self, payload: bytes) -> Incoming | Failure:
        """Everything is an event, and goes on unread."""
        self._heed(payload)
        return Incoming.EVENT

    def stream_of(self, payload: bytes) -> bytes:  # noqa: ARG002 - there is but one
        """The only one."""
        return b""

    def successor(self) -> StreamSession:
        """One for the same stream."""
        return StreamSession(self._base_url, self.name, in_microseconds=self._in_microseconds)


@dataclass(frozen=True, slots=True)
class _Asked:
    """A message of ours that the venue has not answered yet."""

    request_id: int
    method: Literal["SUBSCRIBE", "UNSUBSCRIBE"]
    names: Sequence[str]
    deadline_s: float


class CombinedSession(_MarketSession):
    """Any market streams over one connection: those that are wished for, also when the wishes change.

    What is wanted no more is unsubscribed from before anything is subscribed to, so that the venue's limit is kept at every moment. Of
    names that the venue refuses together each half is tried by itself, until the one is found that it does not take.

    A stream that the venue sends by the clock is dead when it has brought nothing from one look to the next, while others flow: then it is
    asked for anew. When nothing at all came, the connection is.

    :param wishes: names of streams, at most 1024
    :param answers: hears which streams flow, which are refused, and which are dead; without, a refusal ends it for good
    """

    quiet_s: float | None = None

    def __init__(self, base_url: str, wishes: Wishes, answers: Answers | None = None, *, in_microseconds: bool = False) -> None:
        super().__init__(base_url, in_microseconds=in_microseconds)
        if len(wishes.names) > STREAMS_PER_CONNECTION:
            raise ValueError(f"a connection carries {STREAMS_PER_CONNECTION} streams at most, not {len(wishes.names)}")
        self._wishes = wishes
        self._answers = answers
        self._request_id = 0
        self.opened(0.0)

    @property
    def name(self) -> str:
        """The first stream's name, and how many there are beside it."""
        names = self._wishes.names
        if not names:
            return "combined streams"
        return names[0] if len(names) == 1 else f"{names[0]} and {len(names) - 1} more"

    @property
    def ready(self) -> bool:
        """True once every stream was confirmed that was wished for when the connection opened."""
        return not self._awaited

    @property
    def breaks(self) -> int:
        """How often some of them were dead while others came, over this connection and those before it."""
        return self._wishes.renewals

    def url(self) -> str:
        """Where to connect."""
        return self._address("/stream")

    def opened(self, now_s: float) -> None:
        """Nothing is subscribed to, so everything has to be."""
        self.leaving = False
        self._next_frame_s = now_s
        self._unanswered: dict[int, _Asked] = {}
        # By name the last request that asked for it, and which asking that was: what the venue sends once it has read all of them.
        self._asked: dict[str, int] = {}
        self._askings: dict[str, int] = {}
        self._confirmed: set[str] = set()
        self._suspects: deque[Sequence[str]] = deque()
        self._seen = self._wishes.changes
        self._wanted = self._wishes.askings
        self._awaited = set(self._wanted)
        self._is_even = False
        # Those that come by the clock; since the last look at them, which of those that flowed then were not heard, and whether any was.
        self._paced = set(filter(is_paced, self._wanted))
        self._unheard: set[str] = set()
        self._has_heard = False
        self._look_at_s = now_s + _QUIET_S

    def outgoing(self, now_s: float) -> list[str] | Failure:
        """The next frame, if there is one and it is time."""
        if any(now_s >= asked.deadline_s for asked in self._unanswered.values()):
            return Failure("a subscription was not confirmed")
        if now_s >= self._look_at_s and (dead := self._look_for_silent(now_s)) is not None:
            return dead
        self._look()
        if self._is_even or now_s < self._next_frame_s:
            return []
        method, names = self._next_step()
        if not names:
            self._is_even = True
            return []
        self._request_id += 1
        self._unanswered[self._request_id] = _Asked(self._request_id, method, names, now_s + _REPLY_TIMEOUT_S)
        self._next_frame_s = now_s + _FRAME_SPACING_S
        if method == "SUBSCRIBE":
            self._asked.update(dict.fromkeys(names, self._request_id))
            self._askings.update((name, self._wanted[name]) for name in names)
        else:
            for name in names:
                del self._asked[name]
            self._confirmed.difference_update(names)
        return [jsonio.encode({"method": method, "params": names, "id": self._request_id}).decode()]

    def next_due(self) -> float | None:
        """When the next frame may go, or a confirmation is overdue."""
        times = [asked.deadline_s for asked in self._unanswered.values()]
        if not self._is_even:
            times.append(self._next_frame_s)
        if self._paced:
            times.append(self._look_at_s)
        return min(times, default=None)

    def all_events(self, payloads: Sequence[bytes]) -> bool:
        """True when no answer is awaited either."""
        if self._unheard:
            self._hear(payloads)
        return not self._unanswered and super().all_events(payloads)

    def receive(self, payload: bytes) -> Incoming | Failure:
        """Look for answers while one is awaited; everything else goes on unread."""
        self._heed(payload)
        if self._unheard:
            self._hear((payload,))
        if not self._unanswered or payload.startswith(_EVENT_HEAD):
            return Incoming.EVENT
        message = object_in(payload)
        if message is None or "id" not in message:
            return Incoming.EVENT
        request_id = message["id"]
        asked = self._unanswered.pop(request_id, None) if isinstance(request_id, int) else None
        refusal = message.get("error", message if "code" in message else None)
        if refusal is not None:
            return self._refused(asked, refusal)
        if asked is not None and asked.method == "SUBSCRIBE":
            self._grant(self._still_of(asked))
        return Incoming.REPLY

    def stream_of(self, payload: bytes) -> bytes:
        """The name that the message begins with."""
        return payload[: payload.find(b'","data"')]

    def successor(self) -> CombinedSession:
        """One with the same wishes."""
        return CombinedSession(self._base_url, self._wishes, self._answers, in_microseconds=self._in_microseconds)

    def _look(self) -> None:
        """See what is wanted, if that has changed."""
        if self._seen == self._wishes.changes:
            return
        self._seen = self._wishes.changes
        self._wanted = self._wishes.askings
        self._paced = set(filter(is_paced, self._wanted))
        self._awaited.intersection_update(self._wanted)
        self._is_even = False
        self._grant([name for name in self._wanted if name in self._confirmed])  # for whoever wants what flows already

    def _hear(self, payloads: Sequence[bytes]) -> None:
        """Note which streams these are of. That is asked only until all of them were heard."""
        for payload in payloads:
            if (found := routed(payload)) is not None:
                self._has_heard = True
                self._unheard.discard(found[0])

    def _look_for_silent(self, now_s: float) -> Failure | None:
        """Find the dead among those that come by the clock, and begin to listen anew; why the connection is of no use, if it is."""
        silent = [name for name in self._wanted if name in self._confirmed and name in self._unheard]
        is_dead = bool(silent) and not self._has_heard
        self._unheard = self._paced & self._confirmed
        self._has_heard = False
        self._look_at_s = now_s + _QUIET_S
        reason = f"it has sent nothing for {_QUIET_S:.0f} s"
        if is_dead:
            return Failure(reason)
        if silent and self._answers is not None:
            self._answers.silent(silent, f"{reason}, while others come; asked for anew")
        elif silent:  # of a blocking stream, whose reader counts what was wanted anew
            log.warning("%s: %s, while others come; asked for anew", ", ".join(silent), reason)
            self._wishes.want_anew(silent)
        return None

    def _is_due(self, name: str) -> bool:
        """True when what the venue was asked for is what is wanted."""
        return self._askings[name] == self._wanted.get(name)

    def _next_step(self) -> tuple[Literal["SUBSCRIBE", "UNSUBSCRIBE"], Sequence[str]]:
        """What brings the connection nearer to the wishes; no names when there is nothing to do."""
        unwanted = [name for name in self._asked if not self._is_due(name)]
        if unwanted:
            return "UNSUBSCRIBE", unwanted[:_NAMES_PER_FRAME]
        while self._suspects:
            again = [name for name in self._suspects.popleft() if name in self._wanted]
            if again:
                return "SUBSCRIBE", again
        missing = [name for name in self._wanted if name not in self._asked]
        return "SUBSCRIBE", missing[: min(_NAMES_PER_FRAME, STREAMS_PER_CONNECTION - len(self._asked))]

    def _grant(self, names: Sequence[str]) -> None:
        self._confirmed.update(names)
        self._awaited.difference_update(names)
        flowing = list(filter(self._is_due, names))
        if self._answers is not None and flowing:
            self._answers.granted(flowing)

    def _refused(self, asked: _Asked | None, refusal: Any) -> Incoming | Failure:
        code = refusal.get("code") if isinstance(refusal, dict) else None
        if asked is None or asked.method == "UNSUBSCRIBE" or code not in _MISTAKES:
            return Failure(f"the venue refused a subscription: {refusal}")
        self._is_even = False
        names = self._still_of(asked)
        for name in names:
            del self._asked[name]
        if len(asked.names) > 1:
            half = (len(names) + 1) // 2
            self._suspects += filter(None, (names[:half], names[half:]))
        if len(asked.names) > 1 or not names:
            return Incoming.REPLY
        reason = f"the venue refused the subscription: {refusal}"
        if self._answers is None:
            return Failure(reason, final=True)
        self._wishes.unwant(names)
        self._look()
        self._answers.refused(names[0], reason)
        return Incoming.REPLY

    def _still_of(self, asked: _Asked) -> list[str]:
        """The names in a request that no later one has been about."""
        return [name for name in asked.names if self._asked.get(name) == asked.request_id]


def routed(payload: bytes) -> tuple[str, bytes] | None:
    """The stream that a message of combined streams belongs to, and the message as it would be over a connection of that stream's own.

    None when it is no message of a stream.
    """
    end = payload.find(_EVENT_MIDDLE, len(_EVENT_HEAD))
    name = payload[len(_EVENT_HEAD) : end]
    # Letters of another script may be written as escapes; and who plays the venue may put blanks in, or the data first.
    if end < 0 or not payload.startswith(_EVENT_HEAD) or b"\\" in name:
        return _routed_by_fields(payload)
    return name.decode(errors="replace"), payload[end + len(_EVENT_MIDDLE) : payload.rfind(b"}")]


def _routed_by_fields(payload: bytes) -> tuple[str, bytes] | None:
    try:
        said = jsonio.fields(payload)
        name = jsonio.decode(said["stream"])
        return (name, said["data"]) if isinstance(name, str) else None
    except (ValueError, KeyError):
        return None
