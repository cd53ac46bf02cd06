"""The service's sockets without I/O: the quotes' (auth, subscriptions, pings) and an account's (status, subscriptions, pings).

Source: section "websocket" of the manual of the historic service, and what its SDKs wait for.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import count
from math import inf
from typing import Any, Final

from exchangeclient.core.http import jsonio
from exchangeclient.core.http.request import redacted
from exchangeclient.core.protocol.session import Answers, Failure, Incoming, Wishes
from exchangeclient.onetoken.messages import contracts_in, is_event, object_in, reason_in, routed, unpacked
from exchangeclient.onetoken.pulse import Pulse
from exchangeclient.onetoken.stream_names import SLOW, SUBSCRIBING, Door, asking, is_about, stream_name

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


@dataclass(slots=True)
class _Asking:
    """A stream that was asked for.

    :ivar due_s: until when it is to be confirmed, infinity when the gateway said that it cannot at present; None once it was
    :ivar flows: True once it was confirmed; of slow quotes, which may be refused behind that, once the first one has come
    """

    name: str
    due_s: float | None
    flows: bool = False


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
        # Which streams were asked for, by which number of the wishes; and by the numbers of their frames.
        self._asked: dict[str, int] = {}
        self._askings: dict[int, _Asking] = {}
        self._awaited = set(self._wishes.names)
        self._seen: int | None = None
        self._refusal: Failure | None = None

    def outgoing(self, now_s: float) -> list[str] | Failure:
        """Frames for what is wanted and was not asked for, for what is wanted no more; and a ping when it is time for that."""
        if self._refusal is not None:
            return self._refusal
        if self._auth_due_s is not None and now_s >= self._auth_due_s:
            return Failure("it does not answer to auth")
        if any(now_s >= due_s for due_s in self._due()):
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
        self._askings = {number: asking for number, asking in self._askings.items() if asking.name in wanted}
        for name, anew in wanted.items():
            if self._asked.get(name) == anew:
                if any(asking.name == name and asking.flows for asking in self._askings.values()):
                    self._grant(name)  # for whoever wants what flows already
                continue
            self._asked[name] = anew
            number = next(self._numbers)
            self._askings[number] = _Asking(name, now_s + _REPLY_TIMEOUT_S)
            frames.append(_text({**asking(name), "uuid": number}))
        return frames

    def next_due(self) -> float | None:
        """When a ping is due, or an answer overdue."""
        times = [self._pulse.next_due(), *self._due()]
        return min(times if self._auth_due_s is None else [*times, self._auth_due_s])

    def _due(self) -> list[float]:
        return [asking.due_s for asking in self._askings.values() if asking.due_s is not None]

    def receive(self, payload: bytes) -> Incoming | Failure:
        """Take answers; what belongs to a stream goes on unread."""
        self._pulse.heard()
        try:
            text = unpacked(payload)
            if is_event(text):
                if self._door == SLOW:
                    self._show(text)
                return Incoming.EVENT
            message = object_in(text)
        except ValueError:
            return Incoming.EVENT  # whoever reads it says what is wrong with it
        uri, code = _word(message, "uri"), _word(message, "code")
        if uri == "auth":
            return self._auth_answered(message)
        if uri == "status" or (uri is None and code is not None):
            return Failure(f"the gateway says {redacted(str(code))[:200]}")
        return self._replied(message) if uri in SUBSCRIBING else Incoming.REPLY

    def _auth_answered(self, message: Mapping[str, Any]) -> Incoming | Failure:
        if message.get("code") not in (None, "success"):
            return Failure(f"the gateway refused: {reason_in(message)}")
        self._authorized, self._auth_due_s = True, None
        return Incoming.REPLY

    def _replied(self, message: Mapping[str, Any]) -> Incoming | Failure:
        number = self._number_of(message)
        if number is None:
            return Incoming.REPLY
        asking = self._askings[number]
        code = _word(message, "code", "success")
        if code == "success":
            if asking.due_s is not None:
                asking.due_s = None
                self._awaited.discard(asking.name)
                if self._door != SLOW:
                    asking.flows = True
                    self._grant(asking.name)
            return Incoming.REPLY
        said = f"the gateway refused: {reason_in(message)}"
        if code in PASSING and not asking.flows:
            # While others flow, or may, this one waits: the gateway tries it again, and confirms it then.
            asking.due_s = None if asking.due_s is None else inf
            if len(self._wishes.names) == 1 or all(each.due_s == inf for each in self._askings.values()):
                return Failure(said)
            self._awaited.discard(asking.name)
            return Incoming.REPLY
        if self._answers is None:
            return Failure(said, final=True)
        # Also of one that flowed: its venue gives it no more. The others of this connection go on.
        del self._askings[number]
        self._asked.pop(asking.name, None)
        self._awaited.discard(asking.name)
        self._wishes.unwant([asking.name])
        self._answers.refused(asking.name, said)
        return Incoming.REPLY

    def _number_of(self, message: Mapping[str, Any]) -> int | None:
        """Which of our frames is meant: by the number that we gave it, else by what is named, else the only one that is not answered."""
        number = message.get("uuid")
        if number is not None:  # of a frame that is of no interest any more, when it is none of these
            return number if isinstance(number, int) and number in self._askings else None
        fitting = {number: asking for number, asking in self._askings.items() if is_about(message, asking.name)}
        unanswered = [number for number, asking in fitting.items() if asking.due_s is not None]
        if len(unanswered) == 1 or (unanswered and "contract" in message):
            return unanswered[0]
        return next(iter(fitting), None) if "contract" in message and not unanswered else None

    def _show(self, text: bytes) -> None:
        """What an event is of flows, if only that shows it."""
        unseen = {asking.name: asking for asking in self._askings.values() if not asking.flows and asking.due_s is None}
        for contract in contracts_in(text):
            asking = unseen.get(stream_name("low-freq-quote", contract))
            if asking is not None:
                asking.flows = True
                self._grant(asking.name)

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
        uri, code = _word(message, "uri"), _word(message, "code")
        match uri:
            case "info" | "order":
                if message.get("status") == "fail" and f"sub-{uri}" in self._awaited:  # in the place of what confirms it
                    return Failure(f"the gateway cannot serve {uri}: {reason_in(message)}")
                return Incoming.EVENT
            case "status" | "connection":
                if message.get("code", message.get("status")) not in ("connected", "ok"):
                    return Failure(f"the gateway says: {reason_in(message)}")
                self._connected = True
            case "auth" if code == "fail":
                return Failure(f"the gateway refused: {reason_in(message)}", final=True)
            case "wait-for-jwt":
                return Failure("the gateway has seen no key", final=True)
            case "sub-info" | "sub-order":
                if code not in (None, "success"):
                    return Failure(f"the gateway refused: {reason_in(message)}", final=code not in PASSING)
                self._awaited.discard(uri)
            case None if code is not None:
                return Failure(f"the gateway refused: {reason_in(message)}", final=code not in PASSING)
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


def _word(message: Mapping[str, Any], name: str, default: str | None = None) -> str | None:
    """What a field says; as a text, also when it is none."""
    told = message.get(name, default)
    return told if told is None or isinstance(told, str) else str(told)[:80]
