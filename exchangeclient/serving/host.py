"""Serves an :class:`~exchangeclient.serving.app.App` on a port of this machine: Twisted Web for HTTP, Autobahn for websockets.

It owns the port, the connections and the timers, and nothing of what is answered. The app is called on the reactor's
thread only. What a plain connection does is in :mod:`.channel`, what a websocket does in :mod:`.sockets`.
"""

# Twisted leaves most of its methods without types.
# mypy: disallow-untyped-calls=False

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from twisted.internet.defer import maybeDeferred
from twisted.internet.error import CannotListenError
from twisted.internet.protocol import ServerFactory
from twisted.internet.task import LoopingCall
from twisted.web.http import datetimeToString

from exchangeclient.core.process import reactor
from exchangeclient.serving.app import HostedApp
from exchangeclient.serving.channel import Channel
from exchangeclient.serving.sockets import Socket, SocketFactory

log = logging.getLogger(__name__)

# What a peer is given to answer the closing handshake, before its connection is cut.
CLOSE_GRACE_S = 0.3
# So many connections beyond the most are told that there are too many, further ones are closed unheard.
MOST_REFUSALS = 64
# With Twisted's 50, a burst of a thousand connections has some of them wait for the system's second try.
BACKLOG = 1024
_LOOK_S = 1.0


@dataclass(frozen=True, slots=True)
class Limits:
    """What a host allows its peers.

    :ivar ping_interval_s: after so long it pings a websocket's peer
    :ivar pong_timeout_s: the answer must come within this time
    :ivar request_timeout_s: a request must be whole within this time, and an answer be taken
    :ivar idle_timeout_s: a connection without a request is kept so long
    :ivar most_connections: more are refused with 503
    """

    ping_interval_s: float = 20
    pong_timeout_s: float = 60
    request_timeout_s: float = 30
    idle_timeout_s: float = 300
    most_connections: int = 800


class Host:
    """An app on a port, until it is stopped. ``port=0`` picks a free one; :attr:`port` says which.

    :param limits: what its peers are allowed
    :param pace: how many times as fast pings and the patience with their answers go at present, for an app whose time runs
    """

    def __init__(
        self,
        app: HostedApp,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        limits: Limits | None = None,
        pace: Callable[[], float] = lambda: 1.0,
    ) -> None:
        self._app = app
        self._host = host
        self._wanted_port = port
        self._limits = limits or Limits()
        self._pace = pace
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
        reactor.wait(self._loop, seconds, function)

    def settle(self) -> None:
        """Return when all has been done that was asked of its connections from this thread before."""
        reactor.wait(lambda: None)

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
        site = _Site(self._app, self._limits, self._pace)
        try:
            self._listening = reactor.running().listenTCP(self._wanted_port, site, backlog=BACKLOG, interface=self._host)
        except CannotListenError as error:
            reason = error.socketError
            raise OSError(reason.errno, f"cannot listen on {self._host} port {self._wanted_port}: {reason.strerror or reason}") from error
        self._site = site
        self._loop(min(_LOOK_S, self._limits.request_timeout_s / 4, self._limits.idle_timeout_s / 4), site.look_around)

    def _loop(self, seconds: float, function: Callable[[], None]) -> None:
        def guarded() -> None:
            try:
                function()
            except Exception:
                log.exception("the regular call of %r failed", function)

        loop = LoopingCall(guarded)
        loop.start(seconds, now=False)
        self._loops.append(loop)

    def _begin_stop(self, site: _Site, listening: Any, released: threading.Event) -> None:
        for loop in self._loops:
            loop.stop()
        self._loops.clear()
        maybeDeferred(listening.stopListening).addBoth(lambda _result: released.set())
        site.say_goodbye()


class _Site(ServerFactory[Any]):
    """The connections of one host: plain ones, and those that were upgraded to websockets."""

    noisy = False

    def __init__(self, app: HostedApp, limits: Limits, pace: Callable[[], float]) -> None:
        self.app = app
        self.request_timeout_s = limits.request_timeout_s
        self.idle_timeout_s = limits.idle_timeout_s
        self.sockets = SocketFactory(self, ping_interval_s=limits.ping_interval_s, pong_timeout_s=limits.pong_timeout_s, pace=pace)
        self.now = reactor.running().seconds
        self.empty = threading.Event()
        self.empty.set()
        self._most_connections = limits.most_connections
        self._connections: dict[Any, Channel | Socket] = {}  # transport -> who reads it
        self._calls: set[reactor.DelayedCall] = set()
        self._date = (0, "")

    def buildProtocol(self, addr: Any) -> Channel | None:  # noqa: ARG002, N802 - Twisted's signature
        crowd = len(self._connections) - self._most_connections
        if crowd > MOST_REFUSALS:
            return None  # closed at once
        channel = Channel(full=crowd >= 0)
        channel.factory = self
        channel.timeOut = None  # it has deadlines of its own
        return channel

    def date(self) -> str:
        now = int(self.now())
        if now != self._date[0]:
            self._date = (now, datetimeToString().decode())
        return self._date[1]

    def call_later(self, seconds: float, function: Callable[[], None]) -> None:
        def call() -> None:
            self._calls.discard(delayed)
            function()

        delayed = reactor.running().callLater(seconds, call)
        self._calls.add(delayed)

    def call_soon(self, function: Callable[[], None]) -> None:
        reactor.call(function)

    def look_around(self) -> None:
        """End what has had its time."""
        now = self.now()
        for protocol in list(self._connections.values()):
            if isinstance(protocol, Channel) and protocol.deadline is not None and protocol.deadline <= now:
                protocol.lose_patience()

    def opened(self, transport: Any, protocol: Channel | Socket) -> None:
        self._connections[transport] = protocol
        self.empty.clear()

    def lost(self, transport: Any) -> None:
        self._connections.pop(transport, None)
        if not self._connections:
            self.empty.set()

    def say_goodbye(self) -> None:
        """End what can be ended politely: websockets by their closing handshake."""
        while self._calls:
            self._calls.pop().cancel()
        for transport, protocol in list(self._connections.items()):
            if isinstance(protocol, Socket) and protocol.state == protocol.STATE_OPEN:
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
