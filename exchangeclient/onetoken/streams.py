"""The service's sockets without I/O: the quotes' (auth, subscriptions, pings) and an account's (status, subscriptions, pings).

Source: section "websocket" of the manual of the historic service, and what its SDKs wait for.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import count
from typing import Any, Final

from exchangeclient.core import jsonio
from exchangeclient.core.request import redacted
from exchangeclient.core.session import Answers, Failure, Incoming, Wishes
from exchangeclient.onetoken.messages import is_event, object_in, routed, unpacked
from exchangeclient.onetoken.pulse import Pulse
from exchangeclient.onetoken.stream_names import SUBSCRIBING, Door, asking

PASSING: Final = frozenset(
    {
        "wait-for-initializing",
        "upstream-error",
        "unexpected-error",
        "rate-limit-exceed",
        "exg-rate-limit-exceeded",
        "exg-timeout",
        "exg-unknown-error",
        "exg-bad-gateway",
        "no-available-proxy",
        "proxy-connect-fail",
    }
)
"""Refusals that may be over the next time."""

_REPLY_TIMEOUT_S: Final = 10.0


class QuoteSession:
    """Ticks, trades or candles behind one of the addresses: those that are wished for, also when the wishes change.

    :param base_url: such as ``ws://127.0.0.1:6667/api/v1/ws``
    :param wishes: names of streams
    :param answers: hears which streams flow and which are refused; without, a refusal ends it for good
    :param packed: True has the gateway send gzip, False text
    """

    leaving = False
    lives_s: float | None = None
    quiet_s: float | None = None  # a market may be quiet; whether the connection lives, pings tell

    def __init__(self, base_url: str, door: Door, wishes: Wishes, answers: Answers | None = None, *, packed: bool = False) -> None:
        self._base_url = base_url
        self._door = door
        self._wishes = wishes
        self._answers = answers
        self._packed = packed
        self.opened(0.0)

    @property
    def name(self) -> str:
        """The first stream's name, and how many there are beside it."""
        names = self._wishes.names
        if not names:
            return f"1Token {self._door} streams"
        return names[0] if len(names) == 1 else f"{names[0]} and {len(names) - 1} more"

    @property
    def ready(self) -> bool:
        """True once every stream was confirmed that was wished for when the connection opened."""
        return self._authorized and not self._awaited

    def url(self) -> str:
        """Where to connect. Whether frames are packed is always said: what happens when it is not, differs by the address."""
        return f"{self._base_url}/{self._door}?gzip={'true' if self._packed else 'false'}"

    def opened(self, now_s: float) -> None:
        """Nothing is subscribed to, so everything has to be."""
        self._pulse = Pulse(now_s)
        self._authorized = False
        self._auth_due_s: float | None = None
        self._numbers = count(1)
        # Which streams were asked for and by which number of the wishes; what is awaited, until when, by the number of its frame.
        self._asked: dict[str, int] = {}
        self._replies: dict[int, tuple[str, float]] = {}
        self._awaited = set(self._wishes.names)
        self._seen: int | None = None
        self._refusal: Failure | None = None

    def outgoing(self, now_s: float) -> list[str] | Failure:
        """Frames for what is wanted and was not asked for, for what is wanted no more; and a ping when it is time for that."""
        if self._refusal is not None:
            return self._refusal
        if self._auth_due_s is not None and now_s >= self._auth_due_s:
            return Failure("it does not answer to auth")
        if any(now_s >= due_s for _, due_s in self._replies.values()):
            return Failure("a subscription was not confirmed")
        frames = self._pulse.outgoing(now_s)
        if isinstance(frames, Failure):
            return frames
        if not self._authorized:
            if self._auth_due_s is None:
                self._auth_due_s = now_s + _REPLY_TIMEOUT_S
                frames.append('{"uri":"auth"}')
            return frames
        return frames + self._changes(now_s)

    def _changes(self, now_s: float) -> list[str]:
        if self._seen == self._wishes.changes:
            return []
        self._seen = self._wishes.changes
        wanted = self._wishes.askings
        self._awaited.intersection_update(wanted)
        frames = []
        for name in [name for name in self._asked if name not in wanted]:
            del self._asked[name]
            frames.append(_text(asking(name, wanted=False)))
        self._replies = {number: reply for number, reply in self._replies.items() if reply[0] in wanted}
        for name, anew in wanted.items():
            if self._asked.get(name) == anew:
                if not any(name == awaited for awaited, _ in self._replies.values()):
                    self._grant(name)  # for whoever wants what flows already
                continue
            self._asked[name] = anew
            number = next(self._numbers)
            self._replies[number] = name, now_s + _REPLY_TIMEOUT_S
            frames.append(_text({**asking(name), "uuid": number}))
        return frames

    def next_due(self) -> float | None:
        """When a ping is due, or an answer overdue."""
        times = [self._pulse.next_due(), *(due_s for _, due_s in self._replies.values())]
        return min(times if self._auth_due_s is None else [*times, self._auth_due_s])

    def receive(self, payload: bytes) -> Incoming | Failure:
        """Take answers; what belongs to a stream goes on unread."""
        self._pulse.heard()
        try:
            text = unpacked(payload)
            if is_event(text):
                return Incoming.EVENT
            message = object_in(text)
        except ValueError:
            return Incoming.EVENT  # whoever reads it says what is wrong with it
        uri, code = message.get("uri"), message.get("code")
        if uri == "auth":
            return self._auth_answered(message)
        if uri == "status" or (uri is None and code is not None):
            return Failure(f"the gateway says {redacted(str(code))[:200]}")
        return self._replied(message) if uri in SUBSCRIBING else Incoming.REPLY

    def _auth_answered(self, message: Mapping[str, Any]) -> Incoming | Failure:
        if message.get("code") not in (None, "success"):
            return Failure(f"the gateway refused: {_reason(message)}")
        self._authorized, self._auth_due_s = True, None
        return Incoming.REPLY

    def _replied(self, message: Mapping[str, Any]) -> Incoming | Failure:
        number = self._number_of(message)
        if number is None:
            return Incoming.REPLY
        name, _ = self._replies.pop(number)
        code = message.get("code", "success")
        if code == "success":
            self._grant(name)
            return Incoming.REPLY
        said = f"the gateway refused: {_reason(message)}"
        if code in PASSING:
            return Failure(said)
        if self._answers is None:
            return Failure(said, final=True)
        self._asked.pop(name, None)
        self._awaited.discard(name)
        self._wishes.unwant([name])
        self._answers.refused(name, said)
        return Incoming.REPLY

    def _number_of(self, message: Mapping[str, Any]) -> int | None:
        """Which of our frames is answered: by the number that we gave it, else by what the answer names, else the only one that is open."""
        number = message.get("uuid")
        if isinstance(number, int) and number in self._replies:
            return number
        named = {key: message[key] for key in ("uri", "contract", "duration") if key in message}
        fitting = [number for number, (name, _) in self._replies.items() if named.items() <= asking(name).items()]
        return fitting[0] if len(fitting) == 1 or (fitting and "contract" in named) else None

    def _grant(self, name: str) -> None:
        self._awaited.discard(name)
        if self._answers is not None:
            self._answers.granted([name])

    def decode(self, payload: bytes) -> Any:
        """The frame as it was sent."""
        return object_in(payload)

    def stream_of(self, payload: bytes) -> bytes:
        """Whose it is."""
        found = routed(payload)
        return b"" if found is None else found[0].encode()

    def event_time_ms(self, payload: bytes) -> int | None:  # noqa: ARG002 - the time of a quiet market's tick may be old
        """Not told."""
        return None

    def successor(self) -> QuoteSession:
        """One with the same wishes."""
        return QuoteSession(self._base_url, self._door, self._wishes, self._answers, packed=self._packed)


class AccountSession:
    """What happens to an account and its orders. Who asks is said by the headers of the handshake, which its host adds.

    :param base_url: such as ``ws://127.0.0.1:6667/api/v1/ws``
    :param account: ``exchange/name``
    """

    leaving = False
    lives_s: float | None = None
    quiet_s: float | None = None

    def __init__(self, base_url: str, account: str) -> None:
        self._base_url = base_url
        self._account = account
        self.opened(0.0)

    @property
    def name(self) -> str:
        """The account's."""
        return f"account {self._account}"

    @property
    def ready(self) -> bool:
        """True once both subscriptions were confirmed."""
        return self._connected and not self._awaited

    def url(self) -> str:
        """Where to connect."""
        return f"{self._base_url}/trade/{self._account}"

    def opened(self, now_s: float) -> None:
        """The gateway speaks first."""
        self._pulse = Pulse(now_s)
        self._connected = False
        self._asked = False
        self._awaited = {"sub-info", "sub-order"}
        self._due_s = now_s + _REPLY_TIMEOUT_S

    def outgoing(self, now_s: float) -> list[str] | Failure:
        """The subscriptions, once it is connected; and a ping when it is time for that."""
        if not self.ready and now_s >= self._due_s:
            return Failure("a subscription was not confirmed" if self._connected else "it does not say that it is connected")
        frames = self._pulse.outgoing(now_s)
        if isinstance(frames, Failure):
            return frames
        if self._connected and not self._asked:
            self._asked, self._due_s = True, now_s + _REPLY_TIMEOUT_S
            frames += [_text({"uri": uri}) for uri in sorted(self._awaited)]
        return frames

    def next_due(self) -> float | None:
        """When a ping is due, or an answer overdue."""
        return self._pulse.next_due() if self.ready else min(self._pulse.next_due(), self._due_s)

    def receive(self, payload: bytes) -> Incoming | Failure:  # noqa: PLR0911 - one for each thing that the gateway may say
        """Take answers; what has happened goes on."""
        self._pulse.heard()
        try:
            message = object_in(payload)
        except ValueError:
            return Incoming.EVENT  # whoever reads it says what is wrong with it
        uri, code = message.get("uri"), message.get("code")
        match uri:
            case "info" | "order":
                if message.get("status") == "fail" and f"sub-{uri}" in self._awaited:  # in the place of what confirms it
                    return Failure(f"the gateway cannot serve {uri}: {_reason(message)}")
                return Incoming.EVENT
            case "status" | "connection":
                if message.get("code", message.get("status")) not in ("connected", "ok"):
                    return Failure(f"the gateway says: {_reason(message)}")
                self._connected = True
            case "auth" if code == "fail":
                return Failure(f"the gateway refused: {_reason(message)}", final=True)
            case "wait-for-jwt":
                return Failure("the gateway has seen no key", final=True)
            case "sub-info" | "sub-order":
                if code not in (None, "success"):
                    return Failure(f"the gateway refused: {_reason(message)}", final=code not in PASSING)
                self._awaited.discard(uri)
            case None if code is not None:
                return Failure(f"the gateway refused: {_reason(message)}", final=code not in PASSING)
        return Incoming.REPLY

    def decode(self, payload: bytes) -> Any:
        """The frame as it was sent."""
        return object_in(payload)

    def stream_of(self, payload: bytes) -> bytes:  # noqa: ARG002
        """There is but one."""
        return b""

    def event_time_ms(self, payload: bytes) -> int | None:  # noqa: ARG002
        """Not told."""
        return None

    def successor(self) -> AccountSession:
        """Another one of the account."""
        return AccountSession(self._base_url, self._account)


def _text(frame: Mapping[str, Any]) -> str:
    return jsonio.encode(frame).decode()


def _reason(message: Mapping[str, Any]) -> str:
    """Why, as far as the gateway says; without anything secret."""
    told = message.get("message")
    text = told if isinstance(told, str) else "" if told is None else jsonio.encode(told).decode()
    return redacted(f"{message.get('code', '')} {text}".strip())[:300]
