"""The menu of faults: what each kind does, where it may strike, and what may be said about it.

It strikes **requests** of REST and handshakes of websockets (``route=`` with a path), **calls**, which are the requests that come on
a websocket (``route=`` with the name of a method), single **messages** (``stream=``, or ``socket=`` for all that a connection carries),
whole **sockets** (``stream=`` or ``socket=``), or **everything**.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from exchangeclient.sandbox.faults.options import (
    Option,
    flag,
    header_lines,
    hexadecimal,
    milliseconds,
    name,
    one_of,
    seconds,
    share,
    text,
    text_or_number,
    whole,
)

Place = Literal["request", "call", "message", "socket", "everything"]

HANDSHAKE = "WS"
"""What stands for the method in the route of a websocket's handshake."""

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
"""Those of requests that are no handshakes: what cuts or fills an answer has none to cut where a websocket begins."""

_MOST_BYTES = 2**34
MOST_MESSAGE_BYTES = 2**26
"""What a huge message may have at most: it is made in memory, while a huge answer is not."""

_LONGEST_REASON = 123  # RFC 6455, section 5.5.1: a control frame's 125 bytes, less the code

COMMON: Mapping[str, Option] = {
    "times": whole(1, 10**9),
    "after": whole(0, 10**9, 0),
    "seconds": seconds(),
    "probability": share(1),
    "account": name("an account's key"),
    "peer": name("an address"),
}
"""What may be said about every fault: how often it strikes (until it is lifted when left out), how many it lets pass first, how long
it is armed, how likely it strikes, and whom."""

ROUTE = name("a route such as 'POST /api/v3/order', 'GET /api/v3/depth?symbol=BTCUSDT', 'WS /stream*' or 'order.place'")
STREAM = name("a stream such as 'btcusdt@depth' or '*@trade'")
SOCKET = name("a websocket's path such as '/ws-api/*'")


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of fault.

    :ivar does: what it does, in a sentence
    :ivar places: where it may strike; the first one when neither route, stream nor socket says where
    :ivar times: how often it strikes when nothing is said; None: until it is lifted
    :ivar lasts: where it holds something until it is lifted or its time is over, also when it has struck often enough
    :ivar methods: of the requests that it can strike; None: any. A handshake's is :data:`HANDSHAKE`
    :ivar http_only: the options that say something of an HTTP answer, for which a message has no place
    """

    does: str
    places: tuple[Place, ...]
    options: Mapping[str, Option]
    times: int | None = None
    lasts: tuple[Place, ...] = ()
    methods: frozenset[str] | None = None
    http_only: frozenset[str] = frozenset()


_ENDING = one_of("close", "reset", "silence")
_WHEN = one_of("before", "after")

KINDS: Mapping[str, Kind] = {
    # ---- requests
    "error": Kind(
        "is answered with an error; the request is processed all the same if processed=true",
        ("request", "call"),
        {
            "status": whole(100, 599, 500),
            "code": whole(-99_999, 99_999),
            "text": text(),
            "headers": header_lines(),
            "retry_after": text_or_number(),
            "processed": flag(),
        },
        http_only=frozenset({"headers"}),
    ),
    "not_found": Kind(
        "is answered that there is no such order, as by a venue whose queries lag behind its engine", ("request", "call"), {}
    ),
    "drop": Kind(
        "gets no answer, lost before or after processing; the connection is closed, reset or stays silent",
        ("request", "call"),
        {"when": _WHEN, "ending": _ENDING},
    ),
    "cut": Kind(
        "gets an answer that breaks off within its head or its body, after so many bytes (half of it when left out)",
        ("request",),
        {"part": one_of("body", "head"), "bytes": whole(0, _MOST_BYTES), "ending": _ENDING},
        methods=METHODS,
    ),
    "dribble": Kind(
        "gets its answer a few bytes at a time",
        ("request",),
        {"bytes": whole(1, _MOST_BYTES, 1), "pause": seconds(1.0)},
        methods=METHODS,
    ),
    "redirect": Kind("is sent to another address", ("request",), {"to": text("http://elsewhere.invalid/"), "status": whole(300, 399, 302)}),
    "headers": Kind("gets an answer with other headers; null takes one away", ("request",), {"headers": header_lines()}),
    "hangup": Kind("is answered, and its connection closed without a word", ("request",), {}, methods=METHODS),
    "stale": Kind(
        "is answered as the first GET of its account that asked for the same; a route with a whole query is asked for at once",
        ("request",),
        {},
        lasts=("request",),
        methods=frozenset({"GET"}),
    ),
    # ---- requests, calls and messages
    "delay": Kind(
        "waits: a request before or after it is processed, a message before it is sent",
        ("request", "call", "message"),
        {"by": seconds(1.0), "when": _WHEN},
        lasts=("message",),
    ),
    "truncate": Kind(
        "loses the end of its text after so many bytes (half of it when left out), and is otherwise in order",
        ("request", "call", "message"),
        {"bytes": whole(0, _MOST_BYTES)},
        methods=METHODS,
    ),
    "replace": Kind(
        "says something else",
        ("request", "call", "message"),
        {"text": text(""), "type": text(most=200), "status": whole(200, 599)},
        http_only=frozenset({"type", "status"}),
    ),
    "huge": Kind(
        "is filled up with blanks to so many bytes; a request's answer also in chunks without an end, or compressed",
        ("request", "call", "message"),
        {"bytes": whole(1, _MOST_BYTES, 2**26), "form": one_of("length", "chunked", "endless", "gzip")},
        methods=METHODS,
        http_only=frozenset({"form"}),
    ),
    # ---- messages
    "stall": Kind("does not come; the connection stays open and answers pings", ("message",), {}),
    "skip": Kind("is lost, so that the ids behind it have a gap; one message when times is left out", ("message",), {}, times=1),
    "duplicate": Kind("comes several times", ("message",), {"copies": whole(2, 1000, 2)}),
    "reorder": Kind("comes after the next one", ("message",), {}, lasts=("message",)),
    "raw": Kind("gives way to bytes as they are, a websocket's frame or not", ("message",), {"hex": hexadecimal()}),
    # ---- sockets
    "half_open": Kind("is dead: nothing is read, answered or sent, while the connection stays open", ("socket",), {}, lasts=("socket",)),
    "close": Kind(
        "is closed with a code, and so is each one that is opened while the fault is armed",
        ("socket",),
        {"code": whole(0, 65_535, 1001), "reason": text("", most=_LONGEST_REASON)},
    ),
    "reset": Kind("is cut with a RST, and so is each one that is opened while the fault is armed", ("socket",), {}),
    "shutdown": Kind("is told that the server shuts down, and closed after so many seconds", ("socket",), {"notice": seconds(1.0)}),
    # ---- everything
    "maintenance": Kind(
        "is refused: every request and every handshake, and open sockets are closed", ("everything",), {"status": whole(500, 599, 503)}
    ),
    "clock": Kind(
        "is judged by a clock that is so many milliseconds ahead, which is also the one that is shown",
        ("request", "call"),
        {"ms": milliseconds()},
    ),
    "slow_engine": Kind(
        "is judged, where its timestamp is checked for the last time, as if it had taken so long on its way to the engine",
        ("request", "call"),
        {"by": seconds(1.0)},
    ),
}
