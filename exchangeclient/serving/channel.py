"""The plain HTTP connections of a host: requests come, an app answers them, the answers leave as they should.

Nearly all requests are read by :mod:`.plain`, the others by Twisted Web, which sees to it that one is answered behind the other.
Every connection has one moment at which its patience ends (:attr:`Channel.deadline`): a request must be whole, an answer be
taken, an idle connection be used again by then. Whoever owns the connections looks at it now and then.
"""

# Twisted leaves most of its methods without types.
# mypy: disallow-untyped-calls=False

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from dataclasses import replace
from io import BytesIO
from typing import Any, Protocol

from twisted.internet.protocol import connectionDone
from twisted.python.failure import Failure
from twisted.web import http
from twisted.web.http_headers import Headers
from twisted.web.iweb import INonQueuedRequestFactory
from zope.interface import provider  # type: ignore[import-untyped]

from exchangeclient.serving import plain
from exchangeclient.serving.app import Accepted, Admission, HostedApp
from exchangeclient.serving.messages import Ending, HttpRequest, HttpResponse, Later, Promised
from exchangeclient.serving.sockets import SocketFactory
from exchangeclient.serving.wire import has_body, head, pieces

log = logging.getLogger(__name__)

MAX_BODY_BYTES = 1024 * 1024
# What a sender is given to find the refusal, while the rest of what it sends is read and dropped.
_LINGER_S = 2.0

_JSON = {"Content-Type": "application/json"}
_TOO_LARGE = HttpResponse(413, b'{"error":"the body is larger than 1 MiB"}', _JSON)
_TOO_SLOW = HttpResponse(408, b'{"error":"the request was not whole in time"}', _JSON)
_BAD = HttpResponse(400, b'{"error":"this is no HTTP/1.1 request"}', _JSON)
_FULL = HttpResponse(503, b'{"error":"too many connections"}', {**_JSON, "Retry-After": "1"})
_FAILED = HttpResponse(500, b'{"error":"internal error of the server; its log says more"}', _JSON)


class Site(Protocol):
    """What a channel asks of the host that it belongs to."""

    app: HostedApp
    sockets: SocketFactory
    request_timeout_s: float
    idle_timeout_s: float

    def opened(self, transport: Any, protocol: Any) -> None:
        """A connection is read by ``protocol`` from here on."""

    def lost(self, transport: Any) -> None:
        """It is gone."""

    def date(self) -> str:
        """The time of day, as HTTP writes it."""

    def now(self) -> float:
        """Seconds, of which only differences count."""

    def call_later(self, seconds: float, function: Callable[[], None]) -> None:
        """Have ``function`` called, unless the host is stopped before."""

    def call_soon(self, function: Callable[[], None]) -> None:
        """Have ``function`` called on the app's thread; from any thread."""


class _Headers(dict[str, str]):
    """The headers of a request as an app gets them, which offer to Twisted Web and Autobahn what these ask of Twisted's own."""

    def addRawHeader(self, name: bytes, value: bytes) -> None:  # noqa: N802 - Twisted's name
        key, text = name.decode("latin-1").lower(), value.decode("latin-1")
        self[key] = f"{self[key]}, {text}" if key in self else text

    def getRawHeaders(self, name: bytes) -> list[bytes] | None:  # noqa: N802 - Twisted's name
        text = self.get(name.decode("latin-1").lower())
        return None if text is None else [text.encode("latin-1")]

    def getAllRawHeaders(self) -> Iterator[tuple[bytes, list[bytes]]]:  # noqa: N802 - Twisted's name
        return ((name.encode("latin-1"), [text.encode("latin-1")]) for name, text in self.items())


class Request:
    """One HTTP request that was read: asks the app, writes the answer."""

    def __init__(self, channel: Channel) -> None:
        self.channel = channel
        self.transport: Any = channel.transport
        self.gone = False

    def connectionLost(self, _reason: Any) -> None:  # noqa: N802 - Twisted's name
        self.gone = True

    def ask(self, message: HttpRequest, work: Callable[[], Any]) -> None:
        """Write what ``work`` makes of the message, now or whenever it is done."""
        outcome: Admission | Later[Any] | Promised
        try:
            outcome = work()
        except Exception:
            log.exception("the app failed on a request (%s)", message.method)  # its path may hold a secret
            outcome = _FAILED
        if isinstance(outcome, Later):
            later = outcome.work
            self.channel.factory.call_later(outcome.after_s, lambda: self.ask(message, later))
        elif isinstance(outcome, Promised):
            self._await(message, outcome)
        elif self.gone:
            log.debug("nobody waits for an answer any more")
        elif isinstance(outcome, HttpResponse):
            self._answer(outcome, message.method)
        elif isinstance(outcome, Accepted):
            self.channel.factory.sockets.upgrade(self, outcome)
        else:
            self.channel.factory.sockets.upgrade(self, Accepted(outcome))

    def _await(self, message: HttpRequest, promised: Promised) -> None:
        """Write what is promised when it is there, or what is said when it takes too long."""
        answered = False

        def take(work: Callable[[], HttpResponse]) -> None:
            nonlocal answered
            if not answered:
                answered = True
                self.channel.wait()
                self.ask(message, work)

        self.channel.wait(promised.within_s, lambda: take(promised.late))
        try:
            promised.begin(lambda response: self.channel.factory.call_soon(lambda: take(lambda: response)))
        except Exception:
            log.exception("the app failed on a request (%s)", message.method)
            take(lambda: _FAILED)

    def _answer(self, response: HttpResponse, method: str) -> None:
        first = head(response, date=self.channel.factory.date(), close=not self.channel.persistent)
        body = response.body if has_body(response, method) else b""
        delivery = response.delivery
        log.debug("answered %s with %s", method, response.status)
        if delivery is None:
            self.transport.write(first + body)
            self.channel.requestDone(self)
        else:
            if not has_body(response, method):
                delivery = replace(delivery, filler=b"", chunked=False)
            _Courier(self, pieces(first, body, delivery), delivery.pause_s, lambda: self.channel.end(self, delivery.ending)).begin()


@provider(INonQueuedRequestFactory)
class _Collected(Request):
    """A request as Twisted Web reads it, piece by piece; the body within its limit.

    It offers to Twisted Web's channel what that asks of a request, and does without the rest of Twisted's own: cookies, forms
    and a file on the disk for a large body.
    """

    def __init__(self, channel: Channel) -> None:
        super().__init__(channel)
        self.requestHeaders = _Headers()
        self.responseHeaders = Headers()  # the channel notes here that the connection ends; we ask it ourselves
        self.content = BytesIO()
        self.received_bytes = 0
        self.method = self.uri = b""

    # ---- what the channel calls; Twisted's names -------------------------------------------------------------------------

    def parseCookies(self) -> None:  # noqa: N802
        """There are none."""

    def gotLength(self, length: int | None) -> None:  # noqa: N802
        if length is not None and length > MAX_BODY_BYTES:
            self.channel.refuse(_TOO_LARGE)

    def handleContentChunk(self, data: bytes) -> None:  # noqa: N802
        self.received_bytes += len(data)
        if self.received_bytes <= MAX_BODY_BYTES:
            self.content.write(data)
        else:
            self.channel.refuse(_TOO_LARGE)

    def requestReceived(self, command: bytes, path: bytes, _version: bytes) -> None:  # noqa: N802
        if self.channel.refused:
            return
        self.method, self.uri = command, path
        self.content.seek(0)
        self.channel.wait()
        message, app = self._message(), self.channel.factory.app
        upgrade = message.headers.get("upgrade", "").lower() == "websocket"
        self.ask(message, lambda: app.websocket(message) if upgrade else app.http(message))

    def _message(self) -> HttpRequest:
        # surrogateescape: every byte survives, also those of a client that does not percent-encode.
        path, _, query = self.uri.decode("utf-8", "surrogateescape").partition("?")
        return HttpRequest(
            method=self.method.decode("latin-1").upper(),
            path=path,
            query=query,
            headers=self.requestHeaders,
            body=self.content.getvalue(),
            peer=self.channel.peer,
        )


class _Courier:
    """Brings an answer piece by piece, as fast as it is taken or with pauses."""

    def __init__(self, request: Request, parts: Iterator[bytes], pause_s: float, done: Callable[[], None]) -> None:
        self._request = request
        self._parts = parts
        self._pause_s = pause_s
        self._done = done
        self._full = self._pausing = False

    def begin(self) -> None:
        self._request.channel.registerProducer(self, True)
        self._go_on()

    def _go_on(self) -> None:
        while not (self._full or self._pausing or self._request.gone):
            part = next(self._parts, None)
            if part is None:
                self._request.channel.unregisterProducer()
                self._done()
                return
            self._request.transport.write(part)
            if self._pause_s:
                self._pausing = True
                self._request.channel.factory.call_later(self._pause_s, self._pause_is_over)

    def _pause_is_over(self) -> None:
        self._pausing = False
        self._go_on()

    # Twisted's names: the transport says when the peer is slower than we are, and when it has caught up.

    def pauseProducing(self) -> None:  # noqa: N802
        self._full = True

    def resumeProducing(self) -> None:  # noqa: N802
        self._full = False
        self._go_on()

    def stopProducing(self) -> None:  # noqa: N802
        """The connection is lost, of which the request knows."""


class Channel(http.HTTPChannel):
    """One plain connection, kept alive between requests.

    :ivar refused: what still comes is dropped, and the connection about to end
    """

    requestFactory = _Collected  # type: ignore[assignment] # noqa: N815 - Twisted's name; ours is no child of Twisted's, but does what is asked
    factory: Site
    transport: Any
    peer = ""
    refused = False
    _until: float | None = None  # when its patience ends; None while an answer is worked out
    _stalled_until: float | None = None  # the same while the peer does not take what it was sent
    _between = False  # no request has begun
    _fresh = True  # Twisted Web has read nothing since the last answer, not even an empty line, of which it passes over one
    _ending = False
    _late: Callable[[], None] | None = None  # what is done when an answer was not worked out in its time

    def __init__(self, *, full: bool = False) -> None:
        super().__init__()
        self._full = full  # there are too many connections, this one only gets to know so

    def connectionMade(self) -> None:  # noqa: N802 - Twisted's name
        super().connectionMade()
        self.peer = self.transport.getPeer().host
        self.factory.opened(self.transport, self)
        self._give(self.factory.request_timeout_s)
        if self._full:
            self.refuse(_FULL)

    def connectionLost(self, reason: Failure = connectionDone) -> None:  # noqa: N802 - Twisted's name
        super().connectionLost(reason)
        self.factory.lost(self.transport)

    # ---- what comes in -------------------------------------------------------------------------------------------------

    def dataReceived(self, data: bytes) -> None:  # noqa: N802 - Twisted's name
        if self.refused:
            return
        message = None if self._is_busy() else plain.read(data, self.peer)
        if message is not None:
            self._take(message)
            return
        self._fresh = False
        if self._between:
            self._between = False
            self._give(self.factory.request_timeout_s)
        super().dataReceived(data)

    def _is_busy(self) -> bool:
        """True unless a request that is to be answered begins with what comes next."""
        # Twisted Web keeps a request from its first line on, and in the buffer what it has of a line.
        return bool(self.requests or self._buffer) or not (self._fresh and self.persistent)

    def _take(self, message: HttpRequest) -> None:
        """Have the app answer a whole request, and be as Twisted Web is behind one: what comes before the answer waits."""
        request = Request(self)
        self.requests.append(request)
        self._handlingRequest = True
        self.setRawMode()
        self.wait()
        app = self.factory.app
        request.ask(message, lambda: app.http(message))

    def headerReceived(self, line: bytes) -> bool:  # noqa: N802 - Twisted's name
        try:
            return bool(super().headerReceived(line))
        except ValueError:  # a length of thousands of digits, which int() does not read
            self.refuse(_BAD)
            return False

    def lineLengthExceeded(self, line: bytes) -> None:  # noqa: ARG002, N802 - Twisted's signature
        self.refuse(_BAD)

    def _respondToBadRequestAndDisconnect(self) -> None:  # noqa: N802 - Twisted's name
        # Twisted's own closes while there is more to read, which the peer gets to see as a RST before it sees the answer.
        self.refuse(_BAD)

    def refuse(self, response: HttpResponse) -> None:
        """Answer at once, whatever else comes, and end the connection when the peer has had time to read that."""
        if self.refused:
            return
        self.refused, self.persistent = True, False
        self.clearLineBuffer()
        self.transport.write(head(response, date=self.factory.date(), close=True) + response.body)
        self.transport.loseWriteConnection()
        self._give(_LINGER_S)

    # ---- what goes out -------------------------------------------------------------------------------------------------

    def requestDone(self, request: Any) -> None:  # noqa: N802 - Twisted's name
        self._between = self._fresh = True
        self._give(self.factory.idle_timeout_s)
        super().requestDone(request)

    def end(self, request: Request, ending: Ending) -> None:
        """Go on as the delivery of the answer to ``request`` says."""
        if ending == "reset":
            # The bytes before it leave in the turn of the reactor after the next.
            self.factory.call_later(0, lambda: self.factory.call_later(0, self.transport.abortConnection))
        elif ending != "silence":
            self.persistent = self.persistent and ending == "keep"
            self.requestDone(request)

    def pauseProducing(self) -> None:  # noqa: N802 - Twisted's name
        super().pauseProducing()
        self._stalled_until = self.factory.now() + self.factory.request_timeout_s

    def resumeProducing(self) -> None:  # noqa: N802 - Twisted's name
        super().resumeProducing()
        self._stalled_until = None

    # ---- patience ------------------------------------------------------------------------------------------------------

    @property
    def deadline(self) -> float | None:
        """When its patience ends; None while an answer is worked out."""
        return self._until if self._stalled_until is None else self._stalled_until

    def wait(self, seconds: float | None = None, late: Callable[[], None] | None = None) -> None:
        """Be patient, however long the answer takes; or so long, and then do what ``late`` does."""
        self._between = False
        self._until, self._late = (None if seconds is None else self.factory.now() + seconds), late

    def lose_patience(self) -> None:
        """The deadline has passed."""
        if self._stalled_until is not None or self._ending:
            self.transport.abortConnection()
        elif self._late is not None:
            late, self._until, self._late = self._late, None, None
            late()
        elif self._between or self.refused:
            self._ending = True
            self.transport.loseConnection()
            self._give(_LINGER_S)
        else:
            self.refuse(_TOO_SLOW)

    def _give(self, seconds: float) -> None:
        self._until = self.factory.now() + seconds
