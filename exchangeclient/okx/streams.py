"""OKX's websocket protocol without I/O: logging in, subscribing, text pings, the notice before a connection is ended, books.

Source: https://www.okx.com/docs-v5/en/#overview-websocket
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from exchangeclient.core.http import jsonio
from exchangeclient.core.http.jsonio import object_in
from exchangeclient.core.http.request import redacted
from exchangeclient.core.protocol.session import Answers, Failure, Incoming, Wishes
from exchangeclient.market.book import Level, OrderBook, levels
from exchangeclient.market.booksync import Diff, Snapshot
from exchangeclient.okx.messages import HEAD, event_in, event_time_ms, stream_of
from exchangeclient.okx.pulse import PONG, Pulse
from exchangeclient.okx.stream_names import Door, arg_of, name_of

STREAMS_PER_CONNECTION: Final = 100
_NAMES_PER_FRAME: Final = 50
# 480 frames in an hour; half of them leave room for whoever else uses the account.
_FRAME_SPACING_S: Final = 0.35
_FRAMES_PER_HOUR: Final = 240
_HOUR_S: Final = 3600.0
_REPLY_TIMEOUT_S: Final = 10.0
SERVICE_UPGRADE: Final = "64008"
"""What the venue says before it ends a connection."""

PASSING: Final = frozenset({"60004", "60006", "60014", "60015", "60016", "50001", "50004", "50011", "50013", "50026", "63999", "64004"})
"""Refusals that may be over the next time: clock, pace, a fault of the venue."""

_LOGIN_REFUSED: Final = frozenset({"60001", "60002", "60003", "60005", "60007", "60009", "60011", "60024", "60032", "50101", "50119"})
_NAMED = re.compile(
    r"channel[\"']?\s*[:=]\s*[\"']?([\w-]+)(?:.*?(?:instId|instType|instFamily|ccy)[\"']?\s*[:=]\s*[\"']?([\w-]+))?", re.ASCII
)
_BOOK_LEVELS: Final = 400


@dataclass(frozen=True, slots=True)
class _Asked:
    """Names that were asked for and have not all been answered."""

    names: tuple[str, ...]
    deadline_s: float


class StreamSession:
    """Any streams behind one of the venue's addresses: those that are wished for, also when the wishes change.

    An error does not say which stream it is about, unless its text does. Then those that are not confirmed are asked for one by one.

    :param base_url: such as ``wss://ws.okx.com:8443``
    :param wishes: names of streams
    :param answers: hears which streams flow and which are refused; without, a refusal ends it for good
    :param login: makes the frame that logs in, stamped with the time of the call; None where nobody has to
    """

    lives_s: float | None = None
    quiet_s: float | None = None  # a market may be quiet; whether the connection lives, pings tell

    def __init__(
        self,
        base_url: str,
        door: Door,
        wishes: Wishes,
        answers: Answers | None = None,
        *,
        login: Callable[[], Mapping[str, Any]] | None = None,
    ) -> None:
        self._base_url = base_url
        self._door = door
        self._wishes = wishes
        self._answers = answers
        self._login = login
        self.opened(0.0)

    @property
    def name(self) -> str:
        """The first stream's name, and how many there are beside it."""
        names = self._wishes.names
        if not names:
            return f"{self._door} streams"
        return names[0] if len(names) == 1 else f"{names[0]} and {len(names) - 1} more"

    @property
    def names(self) -> tuple[str, ...]:
        """The streams that are wished for."""
        return self._wishes.names

    @property
    def door(self) -> Door:
        """Behind which of the venue's addresses they are."""
        return self._door

    @property
    def is_private(self) -> bool:
        """True when it logs in."""
        return self._login is not None

    @property
    def ready(self) -> bool:
        """True once every stream was confirmed that was wished for when the connection opened."""
        return self._logged_in and not self._awaited

    def url(self) -> str:
        """Where to connect."""
        return f"{self._base_url}/ws/v5/{self._door}"

    def opened(self, now_s: float) -> None:
        """Nothing is subscribed to, so everything has to be."""
        self.leaving = False
        self._logged_in = self._login is None
        self._login_due_s: float | None = None
        self._pulse = Pulse(now_s)
        self._next_frame_s = now_s
        self._frames: deque[float] = deque()
        self._asked: _Asked | None = None
        self._dropping: dict[str, float] = {}
        self._confirmed: dict[str, None] = {}
        self._suspects: deque[str] = deque()
        self._seen = self._wishes.changes
        self._wanted = dict.fromkeys(self._wishes.names)
        self._awaited = set(self._wanted)
        self._refusal: Failure | None = None

    def outgoing(self, now_s: float) -> list[str] | Failure:
        """The next frame, if there is one and it is time; and a ping when it is time for that."""
        if self._refusal is not None:
            return self._refusal
        overdue = [self._login_due_s, None if self._asked is None else self._asked.deadline_s, *self._dropping.values()]
        if any(due_s is not None and now_s >= due_s for due_s in overdue):
            return Failure("a subscription was not confirmed" if self._logged_in else "the login was not confirmed")
        frames = self._pulse.outgoing(now_s)
        if isinstance(frames, Failure):
            return frames
        self._look()
        if now_s >= self._frame_due_s(now_s) and (frame := self._next_frame(now_s)) is not None:
            self._next_frame_s = now_s + _FRAME_SPACING_S
            self._frames.append(now_s)
            frames.append(jsonio.encode(frame).decode())
        return frames

    def next_due(self) -> float | None:
        """When a ping or a frame is due, or an answer overdue."""
        times = [self._pulse.next_due(), *self._dropping.values()]
        if self._login_due_s is not None:
            times.append(self._login_due_s)
        if self._asked is not None:
            times.append(self._asked.deadline_s)
        if self._logged_in and self._has_more():
            times.append(self._frame_due_s(self._next_frame_s))
        return min(times)

    def all_events(self, payloads: Sequence[bytes]) -> bool:
        """True when all belong to streams, and no answer is awaited."""
        if self._asked is not None or self._pulse.awaited or not self._logged_in or self._dropping:
            return False
        for payload in payloads:  # noqa: SIM110 - every message comes by here, and this is twice as fast as all()
            if not payload.startswith(HEAD):
                return False
        return True

    def receive(self, payload: bytes) -> Incoming | Failure:
        """Take answers and notices; what belongs to a stream goes on unread."""
        self._pulse.heard()
        if payload == PONG:
            return Incoming.REPLY
        message = None if payload.startswith(HEAD) else object_in(payload)
        return Incoming.EVENT if message is None or "event" not in message else self._heed(message)

    def _heed(self, message: Mapping[str, Any]) -> Incoming | Failure:
        match message["event"]:
            case "subscribe" | "unsubscribe":
                self._granted(message)
            case "login":
                return self._login_answered(message)
            case "error":
                return self._refused(message)
            case "notice":
                self.leaving = self.leaving or message.get("code") == SERVICE_UPGRADE
            case "channel-conn-count-error":
                return Failure(f"too many connections have this channel: {redacted(str(message.get('channel')))}")
        return Incoming.REPLY

    def decode(self, payload: bytes) -> Any:
        """The message as the venue sent it: ``{"arg": ..., "data": [...]}``."""
        return event_in(payload)

    def stream_of(self, payload: bytes) -> bytes:
        """How the message begins."""
        return stream_of(payload)

    def event_time_ms(self, payload: bytes) -> int | None:
        """Its ``ts``, where the stream has one."""
        return event_time_ms(payload)

    def successor(self) -> StreamSession:
        """One with the same wishes."""
        return StreamSession(self._base_url, self._door, self._wishes, self._answers, login=self._login)

    # What is said next.

    def _next_frame(self, now_s: float) -> Mapping[str, Any] | None:
        if not self._logged_in:
            if self._login is None or self._login_due_s is not None:
                return None
            self._login_due_s = now_s + _REPLY_TIMEOUT_S
            return self._login()
        unwanted = [name for name in self._confirmed if name not in self._wanted][:_NAMES_PER_FRAME]
        if unwanted:
            for name in unwanted:
                del self._confirmed[name]
            self._dropping.update(dict.fromkeys(unwanted, now_s + _REPLY_TIMEOUT_S))
            return {"op": "unsubscribe", "args": [arg_of(name) for name in unwanted]}
        if self._asked is not None:
            return None
        names = self._to_ask()
        if not names:
            return None
        self._asked = _Asked(tuple(names), now_s + _REPLY_TIMEOUT_S)
        return {"op": "subscribe", "args": [arg_of(name) for name in names]}

    def _to_ask(self) -> list[str]:
        while self._suspects:
            suspect = self._suspects.popleft()
            if suspect in self._wanted and suspect not in self._confirmed:
                return [suspect]
        return [name for name in self._wanted if name not in self._confirmed and name not in self._dropping][:_NAMES_PER_FRAME]

    def _has_more(self) -> bool:
        if any(name not in self._wanted for name in self._confirmed):
            return True
        return self._asked is None and any(name not in self._confirmed and name not in self._dropping for name in self._wanted)

    def _frame_due_s(self, now_s: float) -> float:
        while self._frames and now_s - self._frames[0] >= _HOUR_S:
            self._frames.popleft()
        if len(self._frames) >= _FRAMES_PER_HOUR:
            return max(self._next_frame_s, self._frames[0] + _HOUR_S)
        return self._next_frame_s

    def _look(self) -> None:
        """See what is wanted, if that has changed."""
        if self._seen == self._wishes.changes:
            return
        self._seen = self._wishes.changes
        self._wanted = dict.fromkeys(self._wishes.names)
        self._awaited.intersection_update(self._wanted)
        self._grant([name for name in self._wanted if name in self._confirmed])  # for whoever wants what flows already

    # What is answered.

    def _granted(self, message: Mapping[str, Any]) -> None:
        arg = message.get("arg")
        name = name_of(arg) if isinstance(arg, Mapping) else None
        if name is None:
            return
        if message["event"] == "unsubscribe":
            self._dropping.pop(name, None)
            return
        if self._asked is not None and name in self._asked.names:
            left = tuple(each for each in self._asked.names if each != name)
            self._asked = _Asked(left, self._asked.deadline_s) if left else None
            self._confirmed[name] = None
            self._grant([name])

    def _grant(self, names: Sequence[str]) -> None:
        self._awaited.difference_update(names)
        if self._answers is not None and names:
            self._answers.granted(names)

    def _login_answered(self, message: Mapping[str, Any]) -> Incoming | Failure:
        if message.get("code") not in (None, "0"):
            return self._refused(message)
        self._logged_in, self._login_due_s = True, None
        return Incoming.REPLY

    def _refused(self, message: Mapping[str, Any]) -> Incoming | Failure:
        code, text = str(message.get("code", "")), redacted(str(message.get("msg", "")))
        said = f"the venue refused: error {code}: {text}"
        if code in PASSING:
            return Failure(said)
        if not self._logged_in or code in _LOGIN_REFUSED:
            return Failure(said, final=True)
        asked = self._asked
        if asked is None:
            return Incoming.REPLY if self._dropping else Failure(said)
        name = self._meant(text, asked.names)
        if name is None:
            # One by one, so that the next error tells which it is.
            self._suspects.extend(asked.names)
            self._asked = None
            return Incoming.REPLY
        left = tuple(each for each in asked.names if each != name)
        self._asked = _Asked(left, asked.deadline_s) if left else None
        if self._answers is None:
            return Failure(said, final=True)
        self._wishes.unwant([name])
        self._look()
        self._answers.refused(name, said)
        return Incoming.REPLY

    def _meant(self, text: str, asked: Sequence[str]) -> str | None:
        """Which of the names an error is about."""
        if len(asked) == 1:
            return asked[0]
        found = _NAMED.search(text)
        if found is None:
            return None
        channel, value = found.groups()
        named = channel if value is None else f"{channel}:{value}"
        return named if named in asked else None


class BookReader:
    """Reads the messages of one ``books`` stream: the snapshot that it begins with, then changes.

    A message of years ago has no numbers: those are counted here, and its checksum tells whether one is missing.
    """

    def __init__(self) -> None:
        self._counted = 0

    def read(self, payload: bytes) -> Diff | Snapshot | None:
        """The snapshot or the changes in a message; None when it is of another kind.

        :raises ValueError: when it cannot be read, or its own checksum is not that of its snapshot
        """
        message = object_in(payload)
        if message is None:
            raise ValueError(f"a message of a book is an object, not {payload[:80]!r}")
        match message:
            case {"action": "snapshot" | "update" as action, "data": [dict(row)]}:
                return self._row(row, action == "snapshot")
            case {"arg": dict()} if "event" not in message:
                raise ValueError(f"a message of a book has an action and one row, but this one is {payload[:200]!r}")
        return None

    def _row(self, row: Mapping[str, Any], is_snapshot: bool) -> Diff | Snapshot:
        try:
            bids, asks = (_pairs(row[side]) for side in ("bids", "asks"))
            checksum, time_ms = row.get("checksum"), int(row["ts"])
            if is_snapshot:
                return self._snapshot(row, bids, asks, _number(checksum))
            first_id, last_id = self._numbers(row)
            return Diff(first_id, last_id, bids, asks, time_ms, _number(checksum))
        except (LookupError, TypeError) as error:
            raise ValueError(f"a book has bids, asks, ts and numbers, but this one is {str(row)[:200]}: {error!r}") from error

    def _snapshot(self, row: Mapping[str, Any], bids: Sequence[Level], asks: Sequence[Level], checksum: int) -> Snapshot:
        self._counted = 0
        book = OrderBook(bids, asks, _BOOK_LEVELS)
        if checksum and book.checksum() != checksum:
            raise ValueError(f"the checksum of a snapshot is {checksum}, and that of its levels {book.checksum()}")
        return Snapshot(_number(row.get("seqId", 0)), book)

    def _numbers(self, row: Mapping[str, Any]) -> tuple[int, int]:
        if "prevSeqId" in row:
            return _number(row["prevSeqId"]), _number(row["seqId"])
        self._counted += 1
        return self._counted - 1, self._counted


def snapshot_in(answer: Mapping[str, Any]) -> Snapshot | None:
    """The book of a REST answer; None when it has no number, so that nobody can tell which changes come after it.

    :raises ValueError: when it is no book
    """
    match answer:
        case {"bids": list(bids), "asks": list(asks)}:
            seq_id = answer.get("seqId")
            if isinstance(seq_id, str) and seq_id.isascii() and seq_id.isdigit():
                seq_id = int(seq_id)
            if type(seq_id) is not int:
                return None
            try:
                return Snapshot(seq_id, OrderBook(_pairs(bids), _pairs(asks), _BOOK_LEVELS))
            except TypeError as error:
                raise ValueError(f"the venue's answer is no order book: {error}") from error
    raise ValueError(f"the venue's answer is no order book: {str(answer)[:80]}")


def _pairs(rows: Sequence[Sequence[Any]]) -> list[Level]:
    return levels([row[:2] for row in rows])


def _number(value: object) -> int:
    if value is None:
        return 0
    if type(value) is not int:
        raise TypeError(f"a number is no integer but {str(value)[:40]!r}")
    return value
