"""Binance's streams without I/O: their names, the frames that subscribe to them, and what a message means.

:class:`StreamSession` speaks the market stream protocol, :class:`UserDataSession` the WebSocket API's user data stream; both are
hosted by :mod:`exchangeclient.core.sockets`. Source: Binance Spot API documentation, "WebSocket Streams", "WebSocket API" and
"User Data Streams".
"""

from __future__ import annotations

import unicodedata
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, get_args
from urllib.parse import quote

from exchangeclient.core import jsonio
from exchangeclient.core.session import Failure, Incoming
from exchangeclient.enums import KlineInterval
from exchangeclient.market.booksync import Diff

STREAMS_PER_CONNECTION = 1024
_LONGEST_SYMBOL = 40
_NAMES_PER_FRAME = 200
# The venue takes five messages a second from a connection, pings and pongs included: three of these leave room for both.
_FRAME_SPACING_S = 0.35
_REPLY_TIMEOUT_S = 10.0
# What a refused login means: a request that may be right a moment later (clock, rate, a fault of the venue) is tried again.
_PASSING_CODES = frozenset({-1000, -1001, -1003, -1006, -1007, -1008, -1021})
_PASSING_STATUSES = frozenset({418, 429})


def symbol_part(symbol: str) -> str:
    """A symbol as stream names spell it: lower case.

    :raises TypeError: when it is no text
    :raises ValueError: when it is not of letters (of any script) and digits, 40 at most: the venue would accept it and send nothing
    """
    if not isinstance(symbol, str):
        raise TypeError(f"symbol must be a str, not {type(symbol).__name__}")
    # Letters, marks and numbers: in some scripts a word is not of letters alone.
    if not 1 <= len(symbol) <= _LONGEST_SYMBOL or any(unicodedata.category(letter)[0] not in "LMN" for letter in symbol):
        raise ValueError(f"symbol must be a symbol such as 'BNBBTC', not {symbol[:_LONGEST_SYMBOL]!r}")
    return symbol.lower()


def depth_name(symbol: str, depth: int | str | None = None, interval: int | None = None) -> str:
    """``<symbol>@depth`` for changes, ``<symbol>@depth<5, 10 or 20>`` for the best levels.

    :param interval: milliseconds between two messages: 1000 (also when left out) or 100
    :raises ValueError: naming the argument
    """
    if depth is not None and str(depth) not in ("5", "10", "20"):
        raise ValueError(f"depth must be 5, 10, 20 or None for the changes of the whole book, not {depth!r}")
    if interval is not None and (type(interval) is not int or interval not in (100, 1000)):
        raise ValueError(f"interval must be 100 or 1000 (milliseconds) or None, not {interval!r}")
    return f"{symbol_part(symbol)}@depth{depth or ''}{'@100ms' if interval == 100 else ''}"


def kline_name(symbol: str, interval: str = "1m") -> str:
    """``<symbol>@kline_<interval>``.

    :raises ValueError: naming the argument
    """
    if interval not in get_args(KlineInterval):
        raise ValueError(f"interval must be one of {', '.join(get_args(KlineInterval))}, not {interval!r}")
    return f"{symbol_part(symbol)}@kline_{interval}"


def trade_name(symbol: str) -> str:
    """``<symbol>@trade``: every trade by itself."""
    return f"{symbol_part(symbol)}@trade"


def aggtrade_name(symbol: str) -> str:
    """``<symbol>@aggTrade``: the trades of one order at one price together."""
    return f"{symbol_part(symbol)}@aggTrade"


def ticker_name(symbol: str) -> str:
    """``<symbol>@ticker``: figures of the last 24 hours, about once a second when they change."""
    return f"{symbol_part(symbol)}@ticker"


def error_event(message: str) -> dict[str, Any]:
    """What a callback gets when there is something wrong with its stream, as in the python-binance line."""
    return {"e": "error", "m": message}


def depth_diff(payload: bytes) -> Diff | None:
    """The changes in a message of a ``@depth`` stream, single or combined, or None when it is a message of another kind.

    :raises ValueError: when it is not readable as what it says it is
    """
    message = jsonio.decode(payload)
    event = message.get("data", message) if isinstance(message, dict) else None
    if not isinstance(event, dict):
        raise ValueError(f"a message of a depth stream is an object, not {payload[:80]!r}")
    if event.get("e") != "depthUpdate":
        return None
    first_id, last_id, time_ms = event.get("U"), event.get("u"), event.get("E")
    bids, asks = event.get("b"), event.get("a")
    if not (
        isinstance(first_id, int)
        and isinstance(last_id, int)
        and isinstance(time_ms, int)
        and isinstance(bids, list)
        and isinstance(asks, list)
    ):
        raise ValueError(f"a depthUpdate has U, u, E, b and a, but this one is {payload[:200]!r}")
    return Diff(first_id, last_id, bids, asks, time_ms)


def ticker_event(payload: bytes) -> dict[str, Any] | None:
    """The 24-hour ticker in a message of a ``@ticker`` stream, single or combined, or None when it is a message of another kind."""
    message = _object(payload)
    event = None if message is None else message.get("data", message)
    return event if isinstance(event, dict) and event.get("e") == "24hrTicker" and isinstance(event.get("s"), str) else None


class StreamSession:
    """Market streams over one connection: one by its own address, several as a combined stream.

    :param base_url: such as ``wss://stream.binance.com:9443``
    :param names: of the streams, at most 1024
    """

    def __init__(self, base_url: str, names: Sequence[str]) -> None:
        if not 1 <= len(names) <= STREAMS_PER_CONNECTION:
            raise ValueError(f"names must be 1 to {STREAMS_PER_CONNECTION} streams, not {len(names)}")
        self._base_url = base_url.rstrip("/")
        self._names = tuple(names)
        self._single = len(names) == 1
        self._frames: deque[tuple[int, str]] = deque()
        self._next_frame_s = 0.0
        self._unanswered: dict[int, float] = {}
        self._ending = False

    @property
    def name(self) -> str:
        """The stream's name, or the first one's and how many there are."""
        return self._names[0] if self._single else f"{self._names[0]} and {len(self._names) - 1} more"

    @property
    def ready(self) -> bool:
        """True when every subscription was confirmed (a single stream flows by having connected)."""
        return not self._frames and not self._unanswered

    def url(self) -> str:
        """Where to connect."""
        return f"{self._base_url}/ws/{quote(self._names[0], safe='@')}" if self._single else f"{self._base_url}/stream"

    def opened(self, now_s: float) -> None:
        """Plan the frames that subscribe to everything."""
        self._frames.clear()
        self._unanswered.clear()
        self._ending = False
        self._next_frame_s = now_s
        if not self._single:
            self._frames.extend(_subscriptions(self._names))

    def outgoing(self, now_s: float) -> list[str] | Failure:
        """The next frame, if it is time."""
        if self._ending:
            return Failure("the venue shuts this connection down")
        if any(now_s >= deadline for deadline in self._unanswered.values()):
            return Failure("a subscription was not confirmed")
        if not self._frames or now_s < self._next_frame_s:
            return []
        request_id, frame = self._frames.popleft()
        self._unanswered[request_id] = now_s + _REPLY_TIMEOUT_S
        self._next_frame_s = now_s + _FRAME_SPACING_S
        return [frame]

    def next_due(self) -> float | None:
        """When the next frame may go, or a confirmation is overdue."""
        times = [*self._unanswered.values(), *([self._next_frame_s] if self._frames else [])]
        return min(times, default=None)

    def receive(self, payload: bytes) -> Incoming | Failure:
        """Look for answers while one is awaited; everything else goes on unread."""
        if b'"serverShutdown"' in payload:  # sent once before the venue closes; better to leave first
            self._ending = True
        if not self._unanswered:
            return Incoming.EVENT
        message = _object(payload)
        if message is None or "id" not in message:
            return Incoming.EVENT
        refusal = message.get("error", message if "code" in message else None)
        if refusal is not None:
            return Failure(f"the venue refused the subscription: {refusal}", final=True)
        self._unanswered.pop(message["id"], None)
        return Incoming.REPLY

    def decode(self, payload: bytes) -> Any:
        """The event as the venue sent it, without the wrapping of a combined stream."""
        event = _event(payload)
        return event["data"] if not self._single and isinstance(event, dict) and "data" in event else event


class UserDataSession:
    """The account's own events, by ``userDataStream.subscribe.signature`` on the WebSocket API; nothing has to be kept alive.

    :param url: such as ``wss://ws-api.binance.com:443/ws-api/v3``
    :param signed_params: makes the signed parameters of a subscription, stamped with the time of the call
    """

    def __init__(self, url: str, signed_params: Callable[[], Mapping[str, str | int]]) -> None:
        self._url = url
        self._signed_params = signed_params
        self._request_id = 0
        self._to_send = False
        self._deadline_s: float | None = None
        self._over: str | None = None
        self.ready = False

    @property
    def name(self) -> str:
        """What the log calls it."""
        return "user data"

    def url(self) -> str:
        """Where to connect."""
        return self._url

    def opened(self, now_s: float) -> None:
        """Plan the subscription."""
        self._request_id += 1
        self._to_send, self._deadline_s = True, now_s + _REPLY_TIMEOUT_S
        self._over = None
        self.ready = False

    def outgoing(self, now_s: float) -> list[str] | Failure:
        """The signed subscription, once per connection."""
        if self._over is not None:
            return Failure(self._over)
        if self._deadline_s is not None and now_s >= self._deadline_s:
            return Failure("the subscription was not confirmed")
        if not self._to_send:
            return []
        self._to_send = False
        request = {"id": self._request_id, "method": "userDataStream.subscribe.signature", "params": dict(self._signed_params())}
        return [jsonio.encode(request).decode()]

    def next_due(self) -> float | None:
        """When the confirmation is overdue."""
        return self._deadline_s

    def receive(self, payload: bytes) -> Incoming | Failure:
        """Take the confirmation, and notice when the venue ends the subscription."""
        message = _object(payload)
        if message is None or "event" in message:
            kind = None if message is None or not isinstance(message["event"], dict) else message["event"].get("e")
            if kind in ("eventStreamTerminated", "serverShutdown"):  # a new connection subscribes again
                self._over = f"the venue ended the subscription ({kind})"
            return Incoming.EVENT
        if "status" not in message:
            return Incoming.EVENT
        if message["status"] != 200:
            return _refusal(message)
        if message.get("id") == self._request_id:
            self._deadline_s = None
            self.ready = True
        return Incoming.REPLY

    def decode(self, payload: bytes) -> Any:
        """The bare event, without ``subscriptionId``."""
        message = _event(payload)
        return message["event"] if isinstance(message, dict) and "event" in message else message


def _subscriptions(names: Sequence[str]) -> Iterator[tuple[int, str]]:
    for request_id, start in enumerate(range(0, len(names), _NAMES_PER_FRAME), 1):
        request = {"method": "SUBSCRIBE", "params": names[start : start + _NAMES_PER_FRAME], "id": request_id}
        yield request_id, jsonio.encode(request).decode()


def _refusal(answer: Mapping[str, Any]) -> Failure:
    status, error = answer["status"], answer.get("error")
    code = error.get("code") if isinstance(error, dict) else None
    text = error.get("msg") if isinstance(error, dict) else error
    passing = code in _PASSING_CODES or status in _PASSING_STATUSES or (isinstance(status, int) and status >= 500)
    return Failure(f"the venue refused the user data stream: error {code} (status {status}): {text}", final=not passing)


def _object(payload: bytes) -> dict[str, Any] | None:
    """The JSON object in a payload, None when there is none: the callback's thread reports that."""
    try:
        message = jsonio.decode(payload)
    except ValueError:
        return None
    return message if isinstance(message, dict) else None


def _event(payload: bytes) -> Any:
    """The object or list in a payload, or an error event that shows what came instead."""
    try:
        event = jsonio.decode(payload)
    except ValueError as error:
        return {**error_event(f"a message that cannot be read: {error}"), "raw": payload.decode(errors="replace")}
    if not isinstance(event, (dict, list)):
        return {**error_event("a message that is neither object nor list"), "raw": payload.decode(errors="replace")}
    return event
