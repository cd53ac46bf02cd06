"""BitMEX's websocket protocol without I/O: logging in, subscribing, text pings, the dead man's switch.

Source: https://www.bitmex.com/app/wsAPI
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from exchangeclient.bitmex.messages import HEAD, event_in, event_time_ms, stream_of
from exchangeclient.core.http import jsonio
from exchangeclient.core.http.jsonio import object_in
from exchangeclient.core.http.request import redacted
from exchangeclient.core.protocol.session import Answers, Failure, Incoming, Wishes

STREAMS_PER_CONNECTION: Final = 200
_NAMES_PER_FRAME: Final = 20
_FRAME_SPACING_S: Final = 0.1
_REPLY_TIMEOUT_S: Final = 10.0
# "If you have not received anything for 5 seconds, send a ping; if no pong comes within 5 seconds, reconnect."
_PING_AFTER_S: Final = 5.0
_PONG_WITHIN_S: Final = 5.0
_DENIED: Final = (401, 403)
_LIMITED: Final = 429
_LIMITED_S: Final = 5.0
# The old form of that says it in words alone: "Rate limit exceeded, retry in 29 seconds."
_RETRY_IN: Final = re.compile(r"retry in (\d{1,6}) second", re.IGNORECASE)
_AGAIN: Final = "already subscribed"
# A signature whose time has passed: the next one is stamped anew.
_LATE: Final = "expired"


@dataclass(frozen=True, slots=True)
class Refusal:
    """The venue says no to what was said over a socket.

    :ivar status: as HTTP has it, 0 when it does not say
    :ivar meta: what it says beside it
    :ivar request: what it says no to, without a secret
    """

    status: int
    message: str
    meta: Mapping[str, Any]
    request: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Switch:
    """A dead man's switch: the venue cancels all orders of the account when it hears nothing for so long.

    :ivar timeout_s: after how long
    :ivar every_s: how often it is told that all is well
    """

    timeout_s: float = 60.0
    every_s: float = 15.0


@dataclass(frozen=True, slots=True)
class _Asked:
    """Topics that were asked for and have not all been answered."""

    names: tuple[str, ...]
    deadline_s: float


class StreamSession:
    """Any topics over one connection: those that are wished for, also when the wishes change.

    :param url: of the socket
    :param wishes: topics
    :param answers: hears which flow and which are refused
    :param login: makes the frame that logs in, stamped with the time of the call; None where nobody has to
    :param refused: hears whatever the venue says no to
    :param final: False goes on when the venue refuses a topic that there is nobody to tell of
    :param switch: keeps a dead man's switch, once it is logged in
    """

    lives_s: float | None = None
    quiet_s: float | None = None  # a market may be quiet; whether the connection lives, pings tell
    leaving = False  # the venue does not say so

    def __init__(
        self,
        url: str,
        wishes: Wishes,
        answers: Answers | None = None,
        *,
        login: Callable[[], Mapping[str, Any]] | None = None,
        refused: Callable[[Refusal], None] | None = None,
        final: bool = True,
        switch: Switch | None = None,
    ) -> None:
        self._url = url
        self._wishes = wishes
        self._answers = answers
        self._login = login
        self._tell_refused = refused
        self._final = final
        self._switch = switch
        self.disarming = self._armed = False
        self.opened(0.0)

    @property
    def name(self) -> str:
        """The first topic, and how many there are beside it."""
        names = self._wishes.names
        if not names:
            return "realtime tables"
        return names[0] if len(names) == 1 else f"{names[0]} and {len(names) - 1} more"

    @property
    def names(self) -> tuple[str, ...]:
        """The topics that are wished for."""
        return self._wishes.names

    @property
    def is_private(self) -> bool:
        """True when it logs in."""
        return self._login is not None

    @property
    def welcomed(self) -> bool:
        """True once the venue has said welcome, and the login is done."""
        return self._welcomed and self._logged_in

    @property
    def ready(self) -> bool:
        """True once every topic was confirmed that was wished for when the connection opened."""
        return self._logged_in and not self._awaited

    @property
    def armed(self) -> bool:
        """True when the venue would cancel all orders if it heard nothing more."""
        return self._armed

    def url(self) -> str:
        """Where to connect."""
        return self._url

    def opened(self, now_s: float) -> None:
        """Nothing is subscribed to, so everything has to be."""
        self._welcomed = False
        self._logged_in = self._login is None
        self._login_due_s: float | None = None
        self._heard = False
        self._ping_s = now_s + _PING_AFTER_S
        self._pong_due_s: float | None = None
        self._next_frame_s = now_s
        self._hold_s = 0.0
        self._asked: _Asked | None = None
        self._dropping: dict[str, float] = {}
        self._confirmed: dict[str, int] = {}
        self._suspects: deque[str] = deque()
        self._seen = self._wishes.changes
        self._wanted = self._wishes.askings
        self._awaited = set(self._wanted)
        self._refresh_s = now_s  # a switch that was set over an earlier connection is set still

    def outgoing(self, now_s: float) -> list[str] | Failure:
        """The next frame, if there is one and it is time; and a ping when nothing has come for a while."""
        overdue = [self._login_due_s, None if self._asked is None else self._asked.deadline_s, *self._dropping.values()]
        if any(due_s is not None and now_s >= due_s for due_s in overdue):
            return Failure("a subscription was not confirmed" if self._logged_in else "the login was not confirmed")
        if self._pong_due_s is not None and now_s >= self._pong_due_s:
            return Failure(f"it has said nothing for {_PONG_WITHIN_S:.0f} s, not even to a ping")
        frames = []
        if self._heard:
            self._heard, self._ping_s = False, now_s + _PING_AFTER_S
        elif now_s >= self._ping_s and self._pong_due_s is None:
            self._ping_s, self._pong_due_s = now_s + _PING_AFTER_S, now_s + _PONG_WITHIN_S
            frames.append("ping")
        if self._hold_s:
            self._next_frame_s, self._hold_s = now_s + self._hold_s, 0.0
        self._look()
        if now_s >= self._next_frame_s and (frame := self._next_frame(now_s)) is not None:
            self._next_frame_s = now_s + _FRAME_SPACING_S
            frames.append(jsonio.encode(frame).decode())
        return frames

    def next_due(self) -> float | None:
        """When a ping or a frame is due, or an answer overdue."""
        times = [*self._dropping.values()]
        times += [due_s for due_s in (self._pong_due_s or self._ping_s, self._login_due_s) if due_s is not None]
        if self._asked is not None:
            times.append(self._asked.deadline_s)
        if self._logged_in:
            if self._has_more():
                times.append(self._next_frame_s)
            if self._switch is not None:
                times.append(max(self._refresh_s, self._next_frame_s))
        return min(times)

    def all_events(self, payloads: Sequence[bytes]) -> bool:
        """True when all belong to tables, and no answer is awaited."""
        if self._asked is not None or self._pong_due_s is not None or not self._logged_in or self._dropping:
            return False
        for payload in payloads:  # every message comes by here, and this is twice as fast as all()
            if not payload.startswith(HEAD):
                return False
        self._heard = True
        return True

    def receive(self, payload: bytes) -> Incoming | Failure:
        """Take answers; what belongs to a table goes on unread."""
        self._heard, self._pong_due_s = True, None  # whatever it says, it lives
        if payload.startswith(HEAD):
            return Incoming.EVENT
        if payload == b"pong":
            return Incoming.REPLY
        message = object_in(payload)
        if message is None or "table" in message:
            return Incoming.EVENT
        return self._heed(message)

    def decode(self, payload: bytes) -> Any:
        """The message as the venue sent it: ``{"table": ..., "action": ..., "data": [...]}``."""
        return event_in(payload)

    def stream_of(self, payload: bytes) -> bytes:
        """The topic that it belongs to."""
        return stream_of(payload)

    def event_time_ms(self, payload: bytes) -> int | None:
        """The time of a row, where it tells of the moment."""
        return event_time_ms(payload)

    def successor(self) -> StreamSession:
        """One with the same wishes."""
        return StreamSession(
            self._url,
            self._wishes,
            self._answers,
            login=self._login,
            refused=self._tell_refused,
            final=self._final,
            switch=self._switch,
        )

    # What is said next.

    def _next_frame(self, now_s: float) -> Mapping[str, Any] | None:
        if not self._logged_in:
            if self._login is None or self._login_due_s is not None:
                return None
            self._login_due_s = now_s + _REPLY_TIMEOUT_S
            return self._login()
        if self._switch is not None and now_s >= self._refresh_s:
            return self._keep_switch(now_s, self._switch)
        return None if self.disarming else self._next_request(now_s)

    def _next_request(self, now_s: float) -> Mapping[str, Any] | None:
        unwanted = [name for name, asking in self._confirmed.items() if self._wanted.get(name) != asking][:_NAMES_PER_FRAME]
        if unwanted:
            for name in unwanted:
                del self._confirmed[name]
            self._dropping.update(dict.fromkeys(unwanted, now_s + _REPLY_TIMEOUT_S))
            return {"op": "unsubscribe", "args": unwanted}
        names = self._to_ask() if self._asked is None else []
        if not names:
            return None
        self._asked = _Asked(tuple(names), now_s + _REPLY_TIMEOUT_S)
        return {"op": "subscribe", "args": names}

    def _keep_switch(self, now_s: float, switch: Switch) -> Mapping[str, Any]:
        if self.disarming:
            self._refresh_s = now_s + _REPLY_TIMEOUT_S
            return {"op": "cancelAllAfter", "args": 0}
        self._refresh_s, self._armed = now_s + switch.every_s, True
        return {"op": "cancelAllAfter", "args": round(switch.timeout_s * 1000)}

    def renew(self) -> None:
        """In a process that was forked off: the switch is the other one's."""
        self._armed = False

    def disarm(self) -> None:
        """Have the switch taken back as soon as a frame may go; nothing arms it again."""
        self.disarming = True
        self._refresh_s = float("-inf")

    def _to_ask(self) -> list[str]:
        while self._suspects:
            suspect = self._suspects.popleft()
            if suspect in self._wanted and suspect not in self._confirmed:
                return [suspect]
        return [name for name in self._wanted if name not in self._confirmed and name not in self._dropping][:_NAMES_PER_FRAME]

    def _has_more(self) -> bool:
        if any(self._wanted.get(name) != asking for name, asking in self._confirmed.items()):
            return True
        return self._asked is None and any(name not in self._confirmed and name not in self._dropping for name in self._wanted)

    def _look(self) -> None:
        """See what is wanted, if that has changed."""
        if self._seen == self._wishes.changes:
            return
        self._seen = self._wishes.changes
        self._wanted = self._wishes.askings
        self._awaited.intersection_update(self._wanted)
        for name in self._confirmed.keys() - self._wanted.keys():
            self._confirmed[name] = -1  # it flows still, but whoever wants it next wants it whole
        # For whoever wants what flows already.
        self._grant([name for name, asking in self._wanted.items() if self._confirmed.get(name) == asking])

    # What is answered.

    def _heed(self, message: Mapping[str, Any]) -> Incoming | Failure:
        match message:
            case {"error": error}:
                return self._refused(message, str(error))
            case {"success": True, "subscribe": str(name)}:
                self._granted(name)
            case {"success": True, "unsubscribe": str(name)}:
                self._dropping.pop(name, None)
            case {"success": True, "request": {"op": str(op)}} if op.startswith("authKey"):
                self._logged_in, self._login_due_s = True, None
            case {"cancelTime": time}:
                self._armed = bool(time)
            case {"info": str()}:
                self._welcomed = True
        return Incoming.REPLY

    def _granted(self, name: str) -> None:
        if self._asked is not None and name in self._asked.names:
            self._answered(name)
            if name in self._wanted:  # else it is asked back
                self._confirmed[name] = self._wanted[name]
                self._grant([name])
            else:
                self._confirmed[name] = -1

    def _answered(self, name: str) -> None:
        if self._asked is not None:
            left = tuple(each for each in self._asked.names if each != name)
            self._asked = _Asked(left, self._asked.deadline_s) if left else None

    def _grant(self, names: Sequence[str]) -> None:
        self._awaited.difference_update(names)
        if self._answers is not None and names:
            self._answers.granted(names)

    def _refused(self, message: Mapping[str, Any], error: str) -> Incoming | Failure:
        refusal = _refusal(message, redacted(error))
        said = f"the venue refused: {refusal.status}: {refusal.message}"
        op, about = refusal.request.get("op"), error.lower()
        names = self._meant(refusal, error)
        limited = refusal.status == _LIMITED or about.startswith("rate limit")
        if not limited and (op == "unsubscribe" or _AGAIN in about):  # harmless: it does not flow, or does already
            for name in names:
                self._dropping.pop(name, None)
                if op != "unsubscribe":
                    self._granted(name)
            return Incoming.REPLY
        if self._tell_refused is not None:
            self._tell_refused(refusal)
        if limited:
            for name in names if op == "unsubscribe" else ():  # it flows on, and is to be given up still
                if self._dropping.pop(name, None) is not None:
                    self._confirmed[name] = -1
            return self._put_off(refusal)
        if not self._logged_in:
            return Failure(said, final=refusal.status in _DENIED and _LATE not in about)
        return self._refuse(names, said) if op in ("subscribe", None) else Incoming.REPLY

    def _refuse(self, names: Sequence[str], said: str) -> Incoming | Failure:
        """A topic is refused; it may be unclear which of several."""
        if self._asked is None:
            return Incoming.REPLY
        if len(names) != 1:
            # One by one, so that the next error tells which it is.
            self._suspects.extend(self._asked.names)
            self._asked = None
            return Incoming.REPLY
        (name,) = names
        self._answered(name)
        if self._answers is None and self._final:
            return Failure(said, final=True)
        self._wishes.unwant([name])
        self._look()
        if self._answers is not None:
            self._answers.refused(name, said)
        return Incoming.REPLY

    def _put_off(self, refusal: Refusal) -> Incoming | Failure:
        """Too fast: what was asked is asked again when it may be."""
        after, said = refusal.meta.get("retryAfter"), _RETRY_IN.search(refusal.message)
        if said is not None and not isinstance(after, (int, float)):
            after = int(said[1])
        self._hold_s = float(after) if isinstance(after, (int, float)) and 0 < after < 86_400 else _LIMITED_S
        self._asked = None
        if not self._logged_in:
            self._login_due_s = None
        return Incoming.REPLY

    def _meant(self, refusal: Refusal, error: str) -> list[str]:
        """Which of the topics that were asked for an error is about."""
        args = refusal.request.get("args")
        given = [args] if isinstance(args, str) else [each for each in args or () if isinstance(each, str)]
        asked = list(self._asked.names) if self._asked is not None and refusal.request.get("op") != "unsubscribe" else given
        if len(asked) == 1:
            return asked
        words = set(error.replace(",", " ").replace("'", " ").replace('"', " ").split())
        whole = [name for name in asked if name in words]
        return whole or [name for name in asked if not words.isdisjoint(name.split(":"))]


def _refusal(message: Mapping[str, Any], error: str) -> Refusal:
    status, meta, request = (message.get(name) for name in ("status", "meta", "request"))
    shown = request if isinstance(request, Mapping) else {}
    if shown.get("op") not in ("subscribe", "unsubscribe", "cancelAllAfter"):
        shown = {"op": shown["op"]} if isinstance(shown.get("op"), str) else {}  # a login shows a key and a signature
    return Refusal(status if type(status) is int else 0, error, meta if isinstance(meta, Mapping) else {}, shown)
