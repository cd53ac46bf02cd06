"""Serves an :class:`~exchangeclient.serving.app.App` on a port of this machine: Twisted Web for HTTP, Autobahn for websockets.

It owns the port, the connections and the timers, and nothing of what is answered. The app is called on the reactor's
thread only. This is the one server-side importer of Twisted and Autobahn.
"""

# Twisted leaves most of its methods without types.
# mypy: disallow-untyped-calls=False

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable
from functools import partial
from typing import Any

from autobahn.twisted.resource import WebSocketResource
from autobahn.twisted.websocket import WebSocketServerFactory, WebSocketServerProtocol
from twisted.internet.defer import maybeDeferred
from twisted.internet.error import CannotListenError
from twisted.internet.protocol import ServerFactory, connectionDone
from twisted.internet.task import LoopingCall
from twisted.python.failure import Failure
from twisted.web import http

from exchangeclient.core import reactor
from exchangeclient.serving.app import App, SocketHandler
from exchangeclient.serving.messages import HttpRequest, HttpResponse

log = logging.getLogger(__name__)

MAX_BODY_BYTES = 1024 * 1024
MAX_MESSAGE_BYTES = 1024 * 1024
IDLE_TIMEOUT_S = 300
PING_INTERVAL_S = 20
PONG_TIMEOUT_S = 60
# What a peer is given to answer the closing handshake, before its connection is cut.
CLOSE_GRACE_S = 0.3
# So much is kept for a websocket's peer that does not read, before it is cut off.
MAX_UNREAD_BYTES = 8 * 1024 * 1024

_TOO_LARGE = HttpResponse(413, b'{"error":"the body is larger than 1 MiB"}', {"Content-Type": "application/json"})
_FAILED = HttpResponse(500, b'{"error":"internal error of the server; its log says more"}', {"Content-Type": "application/json"})


class Host:
    """An app on a port, until it is stopped. ``port=0`` picks a free one; :attr:`port` says which."""

    def __init__(self, app: App, *, host: str = "127.0.0.1", port: int = 0) -> None:
        self._app = app
        self._host = host
        self._wanted_port = port
        self._site: _Site | None = None
        self._listening: Any = None
        self._loops: list[LoopingCall] = []

    @property
    def port(self) -> int:
        """The port that is listened on.

        :raises RuntimeError: when the host is not started
        """
        if self._listening is None:
            raise RuntimeError("the host is not started")
        return int(self._listening.getHost().port)

    def start(self) -> None:
        """Listen; returns when connections are accepted.

        :raises OSError: naming the port, when it is in use or may not be opened
        """
        reactor.forbid_blocking("Host.start()")
        if self._listening is not None:
            raise RuntimeError("the host is started already")
        reactor.wait(self._listen)
        log.info("serving on %s:%s", self._host, self.port)

    def call_every(self, seconds: float, function: Callable[[], None]) -> None:
        """Have ``function`` called on the app's thread again and again, until :meth:`stop`. An exception is logged, the next call comes."""

        def guarded() -> None:
            try:
                function()
            except Exception:
                log.exception("the regular call of %r failed", function)

        def start() -> None:
            loop = LoopingCall(guarded)
            loop.start(seconds, now=False)
            self._loops.append(loop)

        reactor.wait(start)

    def stop(self) -> None:
        """Close the port and every connection; returns when both are gone, within about a second. Does nothing when stopped."""
        reactor.forbid_blocking("Host.stop()")
        site, listening = self._site, self._listening
        if site is None or listening is None:
            return
        self._site = self._listening = None
        released = threading.Event()
        reactor.wait(self._begin_stop, site, listening, released)
        for harder in (site.hang_up, site.abort):
            if site.empty.wait(CLOSE_GRACE_S):
                break
            reactor.wait(harder)
        released.wait(CLOSE_GRACE_S)
        log.info("stopped serving on %s", self._host)

    def _listen(self) -> None:
        site = _Site(self._app)
        try:
            self._listening = reactor.running().listenTCP(self._wanted_port, site, interface=self._host)
        except CannotListenError as error:
            reason = error.socketError
            raise OSError(reason.errno, f"cannot listen on {self._host} port {self._wanted_port}: {reason.strerror or reason}") from error
        self._site = site

    def _begin_stop(self, site: _Site, listening: Any, released: threading.Event) -> None:
        for loop in self._loops:
            loop.stop()
        self._loops.clear()
        maybeDeferred(listening.stopListening).addBoth(lambda _result: released.set())
        site.say_goodbye()


class _Site(ServerFactory[Any]):
    """The connections of one host: plain ones, and those that were upgraded to websockets."""

    noisy = False

    def __init__(self, app: App) -> None:
        self.app = app
        self.sockets = WebSocketServerFactory(reactor=reactor.running())
        self.sockets.protocol = _Socket
        self.sockets.noisy = False
        self.sockets.setProtocolOptions(
            autoPingInterval=PING_INTERVAL_S,
            autoPingTimeout=PONG_TIMEOUT_S,
            autoPingRestartOnAnyTraffic=False,
            # Autobahn's timer runs in steps of a second, so its default of one second may be over at once.
            closeHandshakeTimeout=10,
            failByDrop=False,  # a peer that breaks a rule is told which
            maxFramePayloadSize=MAX_MESSAGE_BYTES,
            maxMessagePayloadSize=MAX_MESSAGE_BYTES,
            tcpNoDelay=True,
        )
        self.empty = threading.Event()
        self.empty.set()
        self._connections: dict[Any, _Channel | _Socket] = {}  # transport -> who reads it

    def buildProtocol(self, addr: Any) -> _Channel:  # noqa: ARG002, N802 - Twisted's signature
        channel = _Channel()
        channel.factory = self
        channel.timeOut = IDLE_TIMEOUT_S
        return channel

    def log(self, request: _Request) -> None:
        """Twisted's access log: a line for whoever debugs."""
        log.debug("%s %s %s", request.method.decode("latin-1"), request.path.decode("latin-1"), request.code)

    def opened(self, transport: Any, protocol: _Channel | _Socket) -> None:
        self._connections[transport] = protocol
        self.empty.clear()

    def lost(self, transport: Any) -> None:
        self._connections.pop(transport, None)
        if not self._connections:
            self.empty.set()

    def say_goodbye(self) -> None:
        """End what can be ended politely: websockets by their closing handshake."""
        for transport, protocol in list(self._connections.items()):
            if isinstance(protocol, _Socket) and protocol.state == protocol.STATE_OPEN:
                protocol.say_goodbye(1001, "the server is going away")
            else:
                transport.loseConnection()

    def hang_up(self) -> None:
        """Close after what is still to be sent, so that a peer that was busy finds the goodbye."""
        for transport in list(self._connections):
            transport.loseConnection()

    def abort(self) -> None:
        """Cut what does not even read."""
        for transport in list(self._connections):
            transport.abortConnection()


class _Request(http.Request):
    """One HTTP request: collects the body within its limit, asks the app, writes the answer."""

    received_bytes = 0

    def handleContentChunk(self, data: bytes) -> None:  # noqa: N802 - Twisted's name
        # What is past the limit is read and dropped, so that the sender gets to see the refusal.
        self.received_bytes += len(data)
        if self.received_bytes <= MAX_BODY_BYTES:
            super().handleContentChunk(data)

    def process(self) -> None:
        if self.received_bytes > MAX_BODY_BYTES:
            self._answer(_TOO_LARGE)
            return
        request = self._message()
        site: _Site = self.channel.factory
        upgrade = request.headers.get("upgrade", "").lower() == "websocket"
        try:
            outcome = site.app.websocket(request) if upgrade else site.app.http(request)
        except Exception:
            log.exception("the app failed on %s %s", request.method, request.path)
            outcome = _FAILED
        if isinstance(outcome, HttpResponse):
            self._answer(outcome)
        else:
            self._upgrade(site, outcome)

    def _message(self) -> HttpRequest:
        # surrogateescape: every byte survives, also those of a client that does not percent-encode.
        path, _, query = self.uri.decode("utf-8", "surrogateescape").partition("?")
        headers = {
            name.decode("latin-1").lower(): b", ".join(values).decode("latin-1") for name, values in self.requestHeaders.getAllRawHeaders()
        }
        return HttpRequest(
            method=self.method.decode("latin-1").upper(),
            path=path,
            query=query,
            headers=headers,
            body=self.content.read() if self.content else b"",
            peer=self.getClientAddress().host,
        )

    def _answer(self, response: HttpResponse) -> None:
        self.setResponseCode(response.status)
        for name, value in response.headers.items():
            self.setHeader(name, value)
        self.setHeader("Date", http.datetimeToString())
        self.setHeader("Content-Length", str(len(response.body)))
        self.write(response.body)
        self.finish()

    def _upgrade(self, site: _Site, handler: SocketHandler) -> None:
        # The channel throttled its transport for plain HTTP; from here on the websocket is on its own.
        transport: Any = self.channel.transport
        transport.unregisterProducer()
        WebSocketResource(_Accepting(site, handler)).render(self)


class _Channel(http.HTTPChannel):
    """One plain connection, kept alive between requests."""

    requestFactory = _Request  # noqa: N815 - Twisted's name
    factory: _Site

    def connectionMade(self) -> None:  # noqa: N802 - Twisted's name
        super().connectionMade()
        self.factory.opened(self.transport, self)

    def connectionLost(self, reason: Failure = connectionDone) -> None:  # noqa: N802 - Twisted's name
        super().connectionLost(reason)
        self.factory.lost(self.transport)


class _Accepting:
    """Hands one accepted handler to the one protocol that Autobahn asks for."""

    def __init__(self, site: _Site, handler: SocketHandler) -> None:
        self._site = site
        self._handler = handler

    def buildProtocol(self, address: Any) -> Any:  # noqa: N802 - Twisted's name
        protocol = self._site.sockets.buildProtocol(address)
        protocol.site = self._site
        protocol.handler = self._handler
        return protocol


class _Socket(WebSocketServerProtocol):  # type: ignore[misc] # Autobahn is untyped
    """One websocket: passes what happens to its handler."""

    site: _Site
    handler: SocketHandler
    closeHandshakeTimeoutCall: Any  # noqa: N815 - Autobahn's name
    was_open = False
    unread: int | None = None  # bytes sent since the transport said that they pile up; None while they flow

    def connectionMade(self) -> None:  # noqa: N802 - Twisted's name
        super().connectionMade()
        self.site.opened(self.transport, self)
        self.transport.registerProducer(self, True)

    def connectionLost(self, reason: Any) -> None:  # noqa: N802 - Twisted's name
        super().connectionLost(reason)
        self.site.lost(self.transport)
        # Autobahn forgets this timer, which would hold on to the whole app until it is over.
        if self.closeHandshakeTimeoutCall is not None:
            self.closeHandshakeTimeoutCall.cancel()
            self.closeHandshakeTimeoutCall = None

    def pauseProducing(self) -> None:  # noqa: N802 - Twisted's name
        """The peer is slower than we are; said again with every message until it has caught up."""
        if self.unread is None:
            self.unread = 0

    def resumeProducing(self) -> None:  # noqa: N802 - Twisted's name
        """The peer has read everything."""
        self.unread = None
        if self.transport.disconnecting:
            self.transport.unregisterProducer()  # else the transport would wait for more

    def stopProducing(self) -> None:  # noqa: N802 - Twisted's name
        """The connection is lost, which :meth:`connectionLost` sees to."""

    def send(self, payload: bytes) -> None:
        """Send one text message, or cut off a peer that leaves too many unread."""
        if self.unread is not None:
            self.unread += len(payload)
            if self.unread > MAX_UNREAD_BYTES:
                log.warning("cut off a websocket whose peer left %d bytes unread", self.unread)
                self.transport.abortConnection()
                return
        self.sendMessage(payload, isBinary=False)

    def onOpen(self) -> None:  # noqa: N802 - Autobahn's name
        self.was_open = True
        self._tell(self.handler.opened, _Outgoing(self))

    def onMessage(self, payload: bytes, isBinary: bool) -> None:  # noqa: N802, N803 - Autobahn's names
        self._tell(self.handler.received, payload if isBinary else payload.decode())

    def onClose(self, wasClean: bool, code: int | None, reason: str | None) -> None:  # noqa: ARG002, N802, N803 - Autobahn's names
        if self.was_open:
            self._tell(self.handler.closed)

    def say_goodbye(self, code: int, reason: str) -> None:
        # Not sendClose(): that one refuses the codes which only a server has a use for (1001, 1008, 1011).
        self.sendCloseFrame(code=code, reasonUtf8=reason.encode(), isReply=False)

    def _tell(self, function: Callable[..., None], *args: Any) -> None:
        try:
            function(*args)
        except Exception:
            log.exception("a websocket's handler failed in %s", function.__name__)
            if self.state == self.STATE_OPEN:
                self.say_goodbye(1011, "internal error")


class _Outgoing:
    """A :class:`~exchangeclient.serving.app.Connection` that may be used from any thread; what is sent leaves in order."""

    def __init__(self, socket: _Socket) -> None:
        self._socket = socket
        self._waiting: deque[Callable[[], None]] = deque()

    def send(self, text: str | bytes) -> None:
        payload = text.encode() if isinstance(text, str) else text
        self._soon(partial(self._socket.send, payload))

    def close(self, code: int = 1000, reason: str = "") -> None:
        self._soon(partial(self._socket.say_goodbye, code, reason))

    def _soon(self, action: Callable[[], None]) -> None:
        self._waiting.append(action)
        if reactor.is_reactor_thread():
            self._flush()
        else:
            reactor.call(self._flush)

    def _flush(self) -> None:
        while self._waiting:
            action = self._waiting.popleft()
            if self._socket.state == self._socket.STATE_OPEN:
                action()
