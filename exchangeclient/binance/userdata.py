"""The account's own events on the WebSocket API, without I/O: setting the clock, logging on, subscribing, and what an answer means.

:class:`UserDataSession` is hosted by :mod:`exchangeclient.core.feeds.sockets`; what is missed between two connections is
:mod:`~exchangeclient.binance.userfeed`'s. Source: Binance Spot API documentation, "User Data Stream" and "Session authentication".
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from exchangeclient.binance.envelope import response
from exchangeclient.binance.errors import refusal
from exchangeclient.binance.messages import event_in, event_time_ms
from exchangeclient.binance.readings import milliseconds
from exchangeclient.core.http import jsonio
from exchangeclient.core.http.jsonio import object_in
from exchangeclient.core.http.request import redacted
from exchangeclient.core.http.retry import asked_s
from exchangeclient.core.protocol.session import Failure, Incoming
from exchangeclient.exceptions import RateLimitException

if TYPE_CHECKING:
    from exchangeclient.core.process.clock import Clock

_REPLY_TIMEOUT_S = 10.0
# The venue ends every connection after a day.
_LIFE_S = 86_400.0
_CLOCK_WAS_WRONG = -1021
# What a refused login means: a request that may be right a moment later (clock, rate, a fault of the venue) is tried again.
_PASSING_CODES = frozenset({-1000, -1001, -1003, -1006, -1007, -1008, _CLOCK_WAS_WRONG})
_PASSING_STATUSES = frozenset({418, 429})

_TIME = "time"
_SUBSCRIBE = "userDataStream.subscribe"
_BY_LOGON = ("session.logon", _SUBSCRIBE)
_BY_SIGNATURE = ("userDataStream.subscribe.signature",)


@runtime_checkable
class AskingClock(Protocol):
    """The venue's time, as :class:`exchangeclient.core.process.clock.VenueClock` tells it: now and then the venue is to be asked for it."""

    def is_due(self) -> bool:
        """True when it should be asked now."""

    def asked(self) -> float:
        """The moment at which it is being asked, to hand to :meth:`told`."""

    def told(self, asked_s: float, server_ms: int) -> bool:
        """Take its answer in. False when it should be asked once more."""

    def failed(self) -> None:
        """It did not tell."""

    def distrust(self) -> None:
        """It found a time wrong that came from here."""


def _tell_nobody(seconds: float) -> None:
    """For a session that is alone."""


class Brake:
    """Ends the connection of a session, whichever it is, from where its events go.

    :ivar reason: why it is to be left for another one; empty while it is not
    """

    def __init__(self) -> None:
        self.reason = ""


class UserDataSession:
    """The account's own events, of one subscription per connection; nothing has to be kept alive.

    :param url: such as ``wss://ws-api.binance.com:443/ws-api/v3``
    :param signed_params: makes the signed parameters of a request that has no others, stamped with the time that it is given
    :param clock: that time; when it is the venue's and was not heard of for long, the venue is asked for it first, over this connection
    :param by_logon: True logs on to the connection and subscribes then, which the venue takes of Ed25519 keys alone; else the
        subscription itself is signed
    :param brake: ends its connections
    :param heed: is told for how many seconds the venue wants nothing from this address, when it says so
    """

    lives_s: float | None = _LIFE_S
    quiet_s: float | None = None  # nobody trades by the clock

    def __init__(
        self,
        url: str,
        signed_params: Callable[[int], Mapping[str, str | int]],
        clock: Clock,
        *,
        by_logon: bool = False,
        brake: Brake | None = None,
        heed: Callable[[float], object] = _tell_nobody,
    ) -> None:
        self._url = url
        self._signed_params = signed_params
        self._clock = clock
        self._asked: tuple[AskingClock, float] | None = None
        self._by_logon = by_logon
        self._brake = Brake() if brake is None else brake
        self._heed = heed
        self._request_id = 0
        self._steps: deque[str] = deque()
        self._unanswered = False
        self._deadline_s: float | None = None
        self._over = ""
        self.ready = False
        self.leaving = False

    @property
    def name(self) -> str:
        """What the log calls it."""
        return "user data"

    def url(self) -> str:
        """Where to connect."""
        return self._url

    def opened(self, now_s: float) -> None:
        """Plan the requests that lead to the subscription."""
        self._steps = deque(_BY_LOGON if self._by_logon else _BY_SIGNATURE)
        self._asked = None
        if isinstance(self._clock, AskingClock) and self._clock.is_due():
            self._steps.appendleft(_TIME)
        self._unanswered = False
        self._deadline_s = now_s + _REPLY_TIMEOUT_S
        self._over = ""
        self.ready = False
        self.leaving = False

    def outgoing(self, now_s: float) -> list[str] | Failure:
        """The next request, when the one before it is answered."""
        over = self._over or self._brake.reason
        if over:
            return Failure(over)
        if self._deadline_s is not None and now_s >= self._deadline_s:
            return Failure("the subscription was not confirmed")
        if self._unanswered or not self._steps:
            return []
        method = self._steps.popleft()
        params = {} if method in (_TIME, _SUBSCRIBE) else dict(self._signed_params(self._clock.now_ms()))
        if method == _TIME and isinstance(self._clock, AskingClock):
            self._asked = self._clock, self._clock.asked()
        self._request_id += 1
        self._unanswered = True
        return [jsonio.encode({"id": self._request_id, "method": method, "params": params}).decode()]

    def next_due(self) -> float | None:
        """When the confirmation is overdue."""
        return self._deadline_s

    def receive(self, payload: bytes) -> Incoming | Failure:
        """Take the confirmations, and notice when the venue ends the subscription."""
        message = object_in(payload)
        if message is None or "event" in message:
            kind = None if message is None or not isinstance(message["event"], dict) else message["event"].get("e")
            if kind == "eventStreamTerminated":  # a new connection subscribes again
                self._over = "the venue ended the subscription (eventStreamTerminated)"
            elif kind == "serverShutdown":  # sent once before the venue closes; better to leave first
                self.leaving = True
            return Incoming.EVENT
        if "status" not in message:
            return Incoming.EVENT
        if message["status"] != 200:
            return self._refused(message, payload)
        if self._unanswered and message.get("id") == self._request_id:
            self._unanswered = False
            if self._asked is not None:
                self._told(*self._asked, message.get("result"))
                self._asked = None
            if not self._steps:
                self._deadline_s = None
                self.ready = True
        return Incoming.REPLY

    def decode(self, payload: bytes) -> Any:
        """The bare event, without ``subscriptionId``."""
        message = event_in(payload)
        return message["event"] if isinstance(message, dict) and "event" in message else message

    def stream_of(self, payload: bytes) -> bytes:  # noqa: ARG002 - there is but one
        """The only one."""
        return b""

    def sense_of(self, payload: bytes) -> bytes:
        """The event without ``E``, the moment of telling, where the moment is known at which it happened (``T``, or ``u`` of balances).

        The number of the subscription is each connection's own, and nobody says that ``E`` is not. A ``balanceUpdate`` has no number by
        which it could be known again.
        """
        message = object_in(payload)
        event = None if message is None else message.get("event")
        if not isinstance(event, dict):
            return payload
        is_dated = "T" in event or "u" in event
        return jsonio.encode({name: event[name] for name in sorted(event) if not (is_dated and name == "E")})

    def event_time_ms(self, payload: bytes) -> int | None:
        """Its ``E``."""
        return event_time_ms(payload)

    def successor(self) -> UserDataSession:
        """One for the same account."""
        return UserDataSession(self._url, self._signed_params, self._clock, by_logon=self._by_logon, brake=self._brake, heed=self._heed)

    def _told(self, clock: AskingClock, asked_s: float, result: Any) -> None:
        """Set the clock by the venue's answer."""
        time = result.get("serverTime") if isinstance(result, dict) else None
        if not isinstance(time, int):
            clock.failed()
        elif not clock.told(asked_s, milliseconds(time)):
            self._steps.appendleft(_TIME)

    def _refused(self, answer: Mapping[str, Any], payload: bytes) -> Failure:
        status, error = answer["status"], answer.get("error")
        code = error.get("code") if isinstance(error, dict) else None
        text = error.get("msg") if isinstance(error, dict) else error
        if code == _CLOCK_WAS_WRONG and isinstance(self._clock, AskingClock):
            self._clock.distrust()
        refuses = isinstance(status, int) and 400 <= status < 500
        passing = not refuses or code in _PASSING_CODES or status in _PASSING_STATUSES
        rest_s = self._rest_s(payload)
        if rest_s is not None:
            self._heed(rest_s)
        said = f"the venue refused the user data stream: error {code} (status {status}): {redacted(str(text))}"
        return Failure(said, final=not passing, retry_after_s=rest_s)

    def _rest_s(self, payload: bytes) -> float | None:
        """For how long the venue wants nothing from this address; None when that is not what it says."""
        try:
            refused = refusal(response(payload))
        except ValueError:  # no answer as it is documented, but no subscription either
            return None
        return asked_s(refused, self._clock.now_ms()) if isinstance(refused, RateLimitException) else None
