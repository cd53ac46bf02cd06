"""The accepted websockets of a host: Autobahn's protocol on one side, an app's :class:`~.app.SocketHandler` on the other."""

# Twisted leaves most of its methods without types.
# mypy: disallow-untyped-calls=False

from __future__ import annotations

import logging
import os
from collections import deque
from collections.abc import Callable, Mapping
from functools import partial
from threading import get_ident
from typing import Any, Protocol

from autobahn.twisted.resource import WebSocketResource
from autobahn.twisted.websocket import WebSocketServerFactory, WebSocketServerProtocol

from exchangeclient.core.process import reactor
from exchangeclient.core.wire.masking import draw_from_the_system
from exchangeclient.serving.app import Accepted, Control, Message, SocketHandler
from exchangeclient.serving.wire import with_headers

log = logging.getLogger(__name__)

MAX_MESSAGE_BYTES = 1024 * 1024
# So much is kept for a peer that does not read, before it is cut off.
MAX_UNREAD_BYTES = 8 * 1024 * 1024


class Registrar(Protocol):
    """Who keeps the list of a host's connections."""

    def opened(self, transport: Any, protocol: Any) -> None:
        """A connection is read by ``protocol`` from here on."""

    def lost(self, transport: Any) -> None:
        """It is gone."""


class SocketFactory:
    """Turns requests into websockets, all with the same timers and limits.

    :param pace: how many times as fast its timers run at present
    """

    def __init__(self, registrar: Registrar, *, ping_interval_s: float, pong_timeout_s: float, pace: Callable[[], float]) -> None:
        self._registrar = registrar
        self._timers = (ping_interval_s, pong_timeout_s, pace)
        draw_from_the_system()
        self._factory = WebSocketServerFactory(reactor=reactor.running())
        self._factory.protocol = Socket
        self._factory.noisy = False
        self._factory.setProtocolOptions(
            # Autobahn's timers run in steps of a second, so its default of one second may be over at once. For the same reason the
            # pings are ours.
            closeHandshakeTimeout=10,
            failByDrop=False,  # a peer that breaks a rule is told which
            maxFramePayloadSize=MAX_MESSAGE_BYTES,
            maxMessagePayloadSize=MAX_MESSAGE_BYTES,
            tcpNoDelay=True,
        )

    def upgrade(self, request: Any, accepted: Accepted) -> None:
        """Let the connection of a Twisted Web request be a websocket, which its handler gets to hear of."""
        # The channel throttled its transport for plain HTTP; from here on the websocket is on its own.
        request.channel.transport.unregisterProducer()
        WebSocketResource(_Accepting(partial(self._build, accepted))).render(request)

    def _build(self, accepted: Accepted, address: Any) -> Any:
        protocol = self._factory.buildProtocol(address)
        protocol.registrar = self._registrar
        protocol.handler = accepted.handler
        protocol.greeting = accepted.headers
        protocol.is_pinged = accepted.pinged
        protocol.ping_interval_s, protocol.pong_timeout_s, protocol.pace = self._timers
        return protocol


class _Accepting:
    """The factory of one protocol, for the one time that Autobahn asks it."""

    def __init__(self, build: Callable[[Any], Any]) -> None:
        self.buildProtocol = build  # Twisted's name


class Socket(WebSocketServerProtocol):  # type: ignore[misc] # Autobahn is untyped
    """One websocket: passes what happens to its handler."""

    registrar: Registrar
    handler: SocketHandler
    greeting: Mapping[str, str | None]  # what is other in the answer to the handshake
    ping_interval_s: float
    pong_timeout_s: float
    pace: Callable[[], float]
    closeHandshakeTimeoutCall: Any  # noqa: N815 - Autobahn's name
    is_pinged = True
    was_open = False
    frozen = False
    goodbye: tuple[int, str] | None = None  # what is to be said when it is not frozen any more
    pinged: bytes | None = None  # what a ping carried that was not answered yet
    heartbeat: reactor.DelayedCall | None = None  # the next ping, or the end of the patience with its answer
    unread: int | None = None  # bytes sent since the transport said that they pile up; None while they flow

    def connectionMade(self) -> None:  # noqa: N802 - Twisted's name
        super().connectionMade()
        self.calls: set[reactor.DelayedCall] = set()
        self.registrar.opened(self.transport, self)
        self.transport.registerProducer(self, True)

    def connectionLost(self, reason: Any) -> None:  # noqa: N802 - Twisted's name
        super().connectionLost(reason)
        self.registrar.lost(self.transport)
        # Autobahn forgets this timer, which would hold on to the whole app until it is over.
        if self.closeHandshakeTimeoutCall is not None:
            self.closeHandshakeTimeoutCall.cancel()
            self.closeHandshakeTimeoutCall = None
        self._rest()
        while self.calls:
            self.calls.pop().cancel()

    def sendData(self, data: bytes, *how: Any, **more: Any) -> None:  # noqa: N802 - Autobahn's name
        if self.greeting and self.state == self.STATE_CONNECTING:
            data = with_headers(data, self.greeting)
        super().sendData(data, *how, **more)

    # ---- a peer that does not read -----------------------------------------------------------------------------------

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

    # ---- what the app does; on the reactor's thread --------------------------------------------------------------------

    def send_frame(self, frame: bytes) -> None:
        """Send one frame, or cut off a peer that leaves too many unread."""
        if self.frozen:
            return
        if self.unread is not None:
            self.unread += len(frame)
            if self.unread > MAX_UNREAD_BYTES:
                log.warning("cut off a websocket whose peer left %d bytes unread", self.unread)
                self.transport.abortConnection()
                return
        # Not sendMessage(): that one would build the frame once more for each socket.
        self.transport.write(frame)

    def say_goodbye(self, code: int, reason: str) -> None:
        """Start the closing handshake, or have it wait until nobody is frozen any more."""
        if self.frozen:
            self.goodbye = self.goodbye or (code, reason)
            return
        # Not sendClose(): that one refuses the codes which only a server has a use for (1001, 1008, 1011).
        self.sendCloseFrame(code=code, reasonUtf8=reason.encode(), isReply=False)

    def freeze(self) -> None:
        self.frozen = True
        self.transport.pauseProducing()
        self._rest()

    def thaw(self) -> None:
        if not self.frozen:
            return
        self.frozen = False
        self.transport.resumeProducing()
        if self.goodbye is not None:
            self.say_goodbye(*self.goodbye)
        elif self.state == self.STATE_OPEN and self.is_pinged:
            self._ping()

    def call_later(self, seconds: float, function: Callable[[], None]) -> None:
        def call() -> None:
            self.calls.discard(delayed)
            self._tell(function)

        delayed = reactor.running().callLater(seconds, call)
        self.calls.add(delayed)

    # ---- whether the peer is there -------------------------------------------------------------------------------------

    def _ping(self) -> None:
        self.pinged = os.urandom(8)
        self.sendPing(self.pinged)
        self._beat(self.pong_timeout_s, self._give_up)

    def _give_up(self) -> None:
        log.info("a websocket's peer did not answer a ping in time")
        self.transport.abortConnection()

    def _beat(self, seconds: float, function: Callable[[], None]) -> None:
        self._rest()
        self.heartbeat = reactor.running().callLater(seconds / self.pace(), function)

    def _rest(self) -> None:
        if self.heartbeat is not None and self.heartbeat.active():
            self.heartbeat.cancel()

    # ---- what the peer does --------------------------------------------------------------------------------------------

    def onOpen(self) -> None:  # noqa: N802 - Autobahn's name
        self.was_open = True
        if self.is_pinged:
            self._beat(self.ping_interval_s, self._ping)
        self._tell(self.handler.opened, _Outgoing(self))

    def onMessage(self, payload: bytes, isBinary: bool) -> None:  # noqa: N802, N803 - Autobahn's names
        self._tell(self.handler.received, payload if isBinary else payload.decode())

    def onPing(self, payload: bytes) -> None:  # noqa: N802 - Autobahn's name
        super().onPing(payload)
        self._control("ping", payload)

    def onPong(self, payload: bytes) -> None:  # noqa: N802 - Autobahn's name
        if payload == self.pinged:  # others are allowed, and prove nothing
            self.pinged = None
            self._beat(self.ping_interval_s, self._ping)
        self._control("pong", payload)

    def onClose(self, wasClean: bool, code: int | None, reason: str | None) -> None:  # noqa: ARG002, N802, N803 - Autobahn's names
        if self.was_open:
            self._tell(self.handler.closed)

    def _control(self, kind: Control, payload: bytes) -> None:
        self._tell(self.handler.control, kind, payload)

    def _tell(self, function: Callable[..., None], *args: Any) -> None:
        try:
            function(*args)
        except Exception:
            log.exception("a websocket's handler failed in %s", function.__name__)
            if self.state == self.STATE_OPEN:
                self.say_goodbye(1011, "internal error")


class _Outgoing:
    """A :class:`~exchangeclient.serving.app.Connection` that may be used from any thread; what is sent leaves in order."""

    def __init__(self, socket: Socket) -> None:
        self._socket = socket
        self._thread = get_ident()  # the reactor's, on which a socket opens
        self._waiting: deque[Callable[[], None]] = deque()

    def send(self, message: str | bytes | Message) -> None:
        if not isinstance(message, Message):
            message = Message(message.encode() if isinstance(message, str) else message)
        self.write(message.frame)

    def write(self, raw: bytes) -> None:
        self._soon(self._socket.send_frame, raw)

    def close(self, code: int = 1000, reason: str = "") -> None:
        self._soon(self._socket.say_goodbye, code, reason)

    def abort(self) -> None:
        self._soon(self._socket.transport.abortConnection, always=True)

    def freeze(self) -> None:
        self._soon(self._socket.freeze)

    def thaw(self) -> None:
        self._soon(self._socket.thaw, always=True)

    def call_later(self, seconds: float, function: Callable[[], None]) -> None:
        self._soon(self._socket.call_later, seconds, function)

    def _soon(self, action: Callable[..., None], *args: Any, always: bool = False) -> None:
        """Do it on the reactor's thread, while the socket is open; or always, since a socket that is closing can still be let go."""
        if get_ident() != self._thread:
            self._waiting.append(partial(self._act, action, *args, always=always))
            reactor.call(self._flush)
            return
        if self._waiting:  # of another thread, and before its time
            self._flush()
        if always or self._socket.state == self._socket.STATE_OPEN:
            action(*args)

    def _flush(self) -> None:
        while self._waiting:
            self._waiting.popleft()()

    def _act(self, action: Callable[..., None], *args: Any, always: bool) -> None:
        if always or self._socket.state == self._socket.STATE_OPEN:
            action(*args)
