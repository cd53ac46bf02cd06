"""Dials: one connection of Autobahn's to an address, its TLS verified, through a proxy if there is one.

:func:`dial` is used by :mod:`exchangeclient.core.feeds.sockets`, which makes another when one breaks. Twisted and Autobahn are loaded by
the first call, not by importing this module.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Any
from urllib.parse import urlsplit

import certifi

from exchangeclient import __version__
from exchangeclient.core.http.request import Response
from exchangeclient.core.http.retry import retry_after_s
from exchangeclient.core.wire.link import Answering, link_class
from exchangeclient.core.wire.masking import draw_from_the_system
from exchangeclient.core.wire.tls import VerifiedTls, secured
from exchangeclient.core.wire.tunnels import ProxyAddress, TunnelError


def _as_it_says(url: str, answer: Response) -> float | None:  # noqa: ARG001 - whichever
    return retry_after_s(answer.headers)


@dataclass(frozen=True, slots=True)
class SocketOptions:
    """Deadlines and limits of a connection. Autobahn's timers count whole seconds, so a deadline may come up to one early.

    :ivar connect_timeout_s: for the TCP connection, and again for the handshakes
    :ivar ping_interval_s: how long a silent connection goes unasked
    :ivar pong_timeout_s: how long it may stay silent when asked
    :ivar max_message_bytes: a larger message ends the connection with code 1009
    :ivar quiet_s: a stream that sends nothing for so long is taken for dead; None: for as long as its venue lets it be silent
    :ivar stale_s: a stream whose events come so much later than they did is taken for dead; None: never
    :ivar retry_s: the longest wait after a first failure; it doubles with each further one, and is drawn from nothing up to that
    :ivar retry_most_s: the longest wait ever
    :ivar stable_s: a connection that lived so long is no failure when it breaks
    :ivar attempts: how many connection attempts the venue takes at a host, in any so many seconds; None: any number
    :ivar heed: is told of a handshake that was refused, by its URL and the answer without its body, and says for how many seconds the
        host is to be left alone; None for no longer than ever. Called on the reactor's thread too, which it must not block
    :ivar ca_bundle: path of the certificate authorities to trust, a file or a folder; None: those that requests trusts, on every system
    :ivar proxy: ``http://host:port`` or ``socks5://host:port`` of a proxy, or None; ``user:password@`` stands before the host
    :ivar proxy_from: where that was set, for the error text
    """

    connect_timeout_s: float = 10.0
    ping_interval_s: float = 20.0
    pong_timeout_s: float = 10.0
    max_message_bytes: int = 16 * 1024 * 1024
    quiet_s: float | None = None
    stale_s: float | None = None
    retry_s: float = 1.0
    retry_most_s: float = 60.0
    stable_s: float = 60.0
    attempts: tuple[int, float] | None = None
    heed: Callable[[str, Response], float | None] = field(default=_as_it_says, repr=False)
    ca_bundle: str | None = None
    proxy: str | None = field(default=None, repr=False)
    proxy_from: str = "SocketOptions"

    def proxy_address(self) -> ProxyAddress | None:
        """Where the proxy is, None without one.

        :raises ValueError: when it is of a kind that sockets cannot use
        """
        return None if self.proxy is None else ProxyAddress.read(self.proxy, self.proxy_from)


def dial(loop: Any, socket: Answering, url: str, options: SocketOptions, headers: Mapping[str, str] | None = None) -> Any:
    """A Deferred of the protocol that talks to ``url``.

    :param headers: what the handshake says beside the usual, where a venue has signatures there
    """
    from autobahn.twisted.websocket import WebSocketClientFactory
    from twisted.internet.endpoints import HostnameEndpoint

    address = urlsplit(url)
    if address.scheme not in ("ws", "wss") or address.hostname is None:
        raise ValueError(f"{url!r} is no websocket address")
    secure = address.scheme == "wss"
    host, port = address.hostname, address.port or (443 if secure else 80)
    draw_from_the_system()
    factory = WebSocketClientFactory(url, useragent=f"exchangeclient/{__version__}", headers=dict(headers or {}), reactor=loop)
    factory.noisy = False
    factory.setProtocolOptions(
        maxFramePayloadSize=options.max_message_bytes,
        maxMessagePayloadSize=options.max_message_bytes,
        openHandshakeTimeout=options.connect_timeout_s,
        autoPingInterval=options.ping_interval_s,
        autoPingTimeout=options.pong_timeout_s,
        failByDrop=False,  # a peer that breaks the protocol is told so: 1002, 1007, 1009
    )
    # Autobahn's own connectWS() would not check the certificate.
    tls = VerifiedTls(host, options.ca_bundle or certifi.where()) if secure else None
    make = link_class()
    factory.buildProtocol = lambda _address: make(socket, factory, tls)
    proxy = options.proxy_address()
    if proxy is None:
        endpoint: Any = HostnameEndpoint(loop, host, port, timeout=options.connect_timeout_s)
    else:
        endpoint = _TunnelEndpoint(loop, proxy, (host, port), options.connect_timeout_s)
    if tls is None:
        return endpoint.connect(factory)
    return endpoint.connect(secured(tls, factory, loop)).addCallback(attrgetter("wrappedProtocol"))


def load() -> None:
    """Load what the first connection loads otherwise; no reactor."""
    import service_identity.pyopenssl  # noqa: F401
    import twisted.internet.endpoints
    import twisted.internet.ssl  # noqa: F401

    link_class()


def dialled(link: Any) -> Any:
    """A Deferred of a connection that is there already, for what stands in for :func:`dial`."""
    from twisted.internet.defer import succeed

    return succeed(link)


class _TunnelEndpoint:
    """Connects to a host through a proxy, as a Twisted endpoint does; its failures name the proxy."""

    def __init__(self, loop: Any, proxy: ProxyAddress, target: tuple[str, int], timeout_s: float) -> None:
        self._loop = loop
        self._proxy = proxy
        self._target = target
        self._timeout_s = timeout_s

    def connect(self, factory: Any) -> Any:
        """A Deferred of the protocol that talks to the host."""
        from twisted.internet.endpoints import HostnameEndpoint, connectProtocol

        digging = _Digging(self._loop, self._proxy, self._target, factory, self._timeout_s)
        endpoint = HostnameEndpoint(self._loop, self._proxy.host, self._proxy.port, timeout=self._timeout_s)
        reached = connectProtocol(endpoint, digging)  # type: ignore[no-untyped-call] # Twisted gives it no types
        return reached.addCallbacks(lambda _: digging.made, self._unreached)

    def _unreached(self, failure: Any) -> None:
        raise TunnelError(f"{self._proxy} cannot be reached: {failure.getErrorMessage()}") from failure.value


class _Digging:
    """A connection to a proxy until there is a tunnel, in the place of the protocol that will talk to the host.

    :ivar made: a Deferred of that protocol
    """

    def __init__(self, loop: Any, proxy: ProxyAddress, target: tuple[str, int], factory: Any, timeout_s: float) -> None:
        from twisted.internet.defer import Deferred

        self._loop = loop
        self._proxy = proxy
        self._tunnel = proxy.tunnel(*target)
        self._factory = factory
        self._timeout_s = timeout_s
        self.made: Any = Deferred(lambda _: self._transport.abortConnection())

    def makeConnection(self, transport: Any) -> None:  # noqa: N802 - this and the next two are Twisted's names
        """The proxy is reached."""
        self._transport = transport
        self._deadline = self._loop.callLater(self._timeout_s, self._give_up, "does not answer in time")
        transport.write(self._tunnel.opening)

    def dataReceived(self, data: bytes) -> None:  # noqa: N802
        """The proxy answers."""
        try:
            self._transport.write(self._tunnel.receive(data))
        except TunnelError as error:
            self._fail(error)
            return
        if self._tunnel.done:
            self._deadline.cancel()
            protocol = self._factory.buildProtocol(self._transport.getPeer())
            self._transport.protocol = protocol
            protocol.makeConnection(self._transport)
            if self._tunnel.received:
                protocol.dataReceived(self._tunnel.received)
            self.made.callback(protocol)

    def connectionLost(self, reason: Any) -> None:  # noqa: N802
        """It is gone before there was a tunnel."""
        self._give_up(f"is gone before there was a tunnel: {reason.getErrorMessage()}")

    def _give_up(self, why: str) -> None:
        self._fail(TunnelError(f"{self._proxy} {why}"))

    def _fail(self, error: TunnelError) -> None:
        if self._deadline.active():
            self._deadline.cancel()
        if not self.made.called:
            self.made.errback(error)
        self._transport.abortConnection()
