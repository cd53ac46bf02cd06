"""What a recording of Binance's market data means: the events of each stream and the answers over REST, and to whom they go.

Pure; what plays them is :mod:`exchangeclient.binance.replay`. It makes no difference over which connections the streams were recorded:
each connection of a replay gets the streams that it asks for.
"""

from __future__ import annotations

import re
from collections import Counter, deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, unquote, urlsplit

from exchangeclient.binance.streams import routed
from exchangeclient.core.http import jsonio

if TYPE_CHECKING:
    from exchangeclient.core.recording import Record

Question = tuple[str, tuple[tuple[str, str], ...]]
"""What was asked over REST: the path, and the parameters that matter."""

DEPTH, _EXCHANGE_INFO = "/api/v3/depth", "/api/v3/exchangeInfo"
_PATH = re.compile(r"/s?api/.*")  # a sandbox's may have a token before that
# They narrow an answer down, and are no other question.
_NARROWING = frozenset({"limit", "symbolStatus"})
_DEPTH_LIMIT = 100  # of the venue, when none is given
# Two connections bring an event within this time of each other, or it is another event.
_APART_S = 10.0


@dataclass(frozen=True, slots=True)
class Events:
    """Events of one stream that came together, each as a connection of that stream's own would bring it."""

    t: float
    stream: str
    payloads: list[bytes]


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer over REST."""

    t: float
    question: Question
    text: str


@dataclass(frozen=True, slots=True)
class Contents:
    """What a recording has, before it is played.

    :ivar begin_s: the time of its first record
    :ivar answers: how often each question was answered
    :ivar first: the first answer to each
    """

    begin_s: float
    answers: Counter[Question]
    first: dict[Question, str]


def contents(records: Iterable[Record]) -> Contents:
    """What there is in a recording. Reads all of it."""
    begin_s, answers, first = None, Counter[Question](), dict[Question, str]()
    for record in records:
        begin_s = record.t if begin_s is None else begin_s
        if record.dir == "http":
            asked = question(*_path_and_query(record.url))
            answers[asked] += 1
            first.setdefault(asked, record.msg)
    return Contents(begin_s or 0.0, answers, first)


def pieces(records: Iterable[Record]) -> Iterator[Events | Answer]:
    """What a recording brings, in order; an event that came over several connections once."""
    overlaps = _Overlaps()
    for (t, url, direction), together in groupby(records, lambda record: (record.t, record.url, record.dir)):
        if direction == "http":
            for record in together:
                yield Answer(t, question(*_path_and_query(url)), record.msg)
        elif direction == "in":
            yield from _events(t, url, together, overlaps)
        else:
            overlaps.note(url, direction)


def _events(t: float, url: str, together: Iterable[Record], overlaps: _Overlaps) -> Iterator[Events]:
    found = filter(None, (event_in(record) for record in together))
    for stream, events in groupby(found, lambda event: event[0]):
        payloads = [payload for _, payload in events if overlaps.is_new(t, url, stream, payload)]
        if payloads:
            yield Events(t, stream, payloads)


def event_in(record: Record) -> tuple[str, bytes] | None:
    """The stream of a frame and its event; None for what is no event, such as the answer to a subscription."""
    payload = record.msg.encode()
    _, single, name = urlsplit(record.url).path.rpartition("/ws/")
    return (unquote(name), payload) if single else routed(payload)


def question(path: str, query: str) -> Question:
    """What a request asks."""
    found = _PATH.search(path)
    path = path if found is None else found[0]
    if path == _EXCHANGE_INFO:  # whichever symbols it was about
        return path, ()
    return path, tuple(sorted((name, value) for name, value in parse_qsl(query) if name not in _NARROWING))


def narrowed(text: str, path: str, query: str) -> bytes:
    """A recorded answer as it is to be given: no more levels of a book than were asked for. One that is no book is given as it is."""
    if not path.endswith(DEPTH):
        return text.encode()
    limit = int(dict(parse_qsl(query)).get("limit", _DEPTH_LIMIT))
    try:
        answer: dict[str, Any] = jsonio.decode(text)
        return jsonio.encode({**answer, **{side: answer[side][:limit] for side in ("bids", "asks")}})
    except (LookupError, TypeError, ValueError):
        return text.encode()


def _path_and_query(url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    return parts.path, parts.query


class Subscriptions:
    """What a connection of a replay is to get, by its address and what is said over it.

    :raises ValueError: for an address that is not one of market streams
    """

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._is_combined = parts.path == "/stream"
        self.names: dict[str, None] = {}
        if self._is_combined:
            self.names |= dict.fromkeys(filter(None, dict(parse_qsl(parts.query)).get("streams", "").split("/")))
        elif parts.path.startswith("/ws/"):
            self.names[unquote(parts.path.removeprefix("/ws/"))] = None
        else:
            raise ValueError(f"a recording has market streams alone, and {parts.path} is none")

    def payload(self, stream: str, event: bytes) -> bytes:
        """An event, as this connection brings it."""
        return b'{"stream":"%s","data":%s}' % (stream.encode(), event) if self._is_combined else event

    def said(self, frame: bytes) -> bytes:
        """The answer to a frame."""
        request: dict[str, Any] = jsonio.decode(frame)
        names = dict.fromkeys(request.get("params", ()))
        if request["method"] == "SUBSCRIBE":
            self.names |= names
        else:
            for name in names:
                self.names.pop(name, None)
        return jsonio.encode({"result": None, "id": request["id"]})


class _Overlaps:
    """Knows an event that another connection has brought already: while there are several, equal bytes are the same event."""

    def __init__(self) -> None:
        self._open: set[str] = set()
        # How often an event came over each connection, of those that came lately.
        self._seen: dict[tuple[str, bytes], Counter[str]] = {}
        self._order: deque[tuple[float, tuple[str, bytes]]] = deque()

    def note(self, url: str, direction: str) -> None:
        """A connection was opened, or closed."""
        if direction == "open":
            self._open.add(url)
        elif direction == "close":
            self._open.discard(url)

    def is_new(self, t: float, url: str, stream: str, payload: bytes) -> bool:
        """True when no other connection has brought it before."""
        while self._order and (self._order[0][0] < t - _APART_S or len(self._open) < 2):
            self._seen.pop(self._order.popleft()[1], None)
        if len(self._open) < 2:
            return True
        event = stream, payload
        if event not in self._seen:
            self._seen[event] = Counter()
            self._order.append((t, event))
        times = self._seen[event]
        most = max(times.values(), default=0)
        times[url] += 1
        return times[url] > most
