"""Hosts socket sessions on Autobahn and Twisted: connect, verify TLS, ping, back off, connect again, for as long as it takes.

:class:`Socket` is one kept connection, :class:`SocketGroup` the sockets of one manager with its callback thread. What is said
over a connection is the :class:`~exchangeclient.core.session.SocketSession`'s, what becomes of the messages is the
:class:`Listener`'s. Twisted is loaded when the first socket is opened, not before.
"""

from __future__ import annotations

import logging
import random
import re
import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Protocol, Self
from urllib.parse import urlsplit

import certifi

from exchangeclient import __version__
from exchangeclient.core import reactor
from exchangeclient.core.callbacks import CallbackThread, EventLine, keep_alive
from exchangeclient.core.session import Backoff, Failure, Incoming, SocketSession
from exchangeclient.exceptions import SocketException

log = logging.getLogger(__name__)

# How long leaving a `with` block by Ctrl-C or sys.exit() waits for a callback.
_HURRY_S = 0.2
_PROXY = re.compile(r"(?:http://)?(?:\[([0-9a-f:.]+)\]|([^\s/@:\[\]]+))(?::([0-9]{1,5}))?/?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class SocketOptions:
    """Deadlines and limits of a connection. Autobahn's timers count whole seconds, so a deadline may come up to one early.

    :ivar connect_timeout_s: for the TCP connection, and again for the handshakes
    :ivar ping_interval_s: how long a silent connection goes unasked
    :ivar pong_timeout_s: how long it may stay silent when asked
    :ivar max_message_bytes: a larger message ends the connection with code 1009
    :ivar ca_bundle: path of the certificate authorities to trust; None: those that requests trusts, on every system
    :ivar proxy: ``host:port`` or ``http://host:port`` of a proxy for ``wss`` connections, or None
    :ivar proxy_from: where that was set, for the error text
    """

    connect_timeout_s: float = 10.0
    ping_interval_s: float = 20.0
    pong_timeout_s: float = 10.0
    max_message_bytes: int = 16 * 1024 * 1024
    ca_bundle: str | None = None
    proxy: str | None = None
    proxy_from: str = "SocketOptions"

    def proxy_address(self) -> tuple[str, int] | None:
        """Host and port of the proxy, None without one.

        :raises ValueError: when it is of a kind that sockets cannot use
        """
        if self.proxy is None:
            return None
        parts = _PROXY.fullmatch(self.proxy)
        if parts is None or int(parts[3] or 80) > 65535:  # it is not shown: there may be a password in it
            raise ValueError(f"the proxy from {self.proxy_from} is of no use to sockets: it must be http://host:port, without a login")
        return parts[1] or parts[2], int(parts[3] or 80)


class Listener(Protocol):
    """What the messages of a socket go to. All but :meth:`close` is called on the reactor's thread and must not block."""

    def connected(self) -> None:
        """The stream flows, for the first time or again."""

    def received(self, payloads: Sequence[bytes]) -> None:
        """Messages, in order: those of one chunk of the connection together."""

    def lost(self, reason: str) -> None:
        """The stream broke; it comes again by itself."""

    def failed(self, error: SocketException) -> None:
        """The stream is refused for good."""

    def close(self) -> None:
        """Deliver nothing more. Called from any thread."""


class Socket:
    """One connection that is kept: whenever it breaks, another one is made.

    :param listener: gets what comes; nothing any more once :meth:`close` was called and it was closed itself
    """

    def __init__(
        self, session: SocketSession, listener: Listener, *, options: SocketOptions = SocketOptions(), backoff: Backoff | None = None
    ) -> None:
        self._session = session
        self._listener = listener
        self._options = options
        self._loop: Any = None
        self._backoff = backoff or Backoff(random.Random())
        self._closed = False
        # The connection in use; whatever an older one still says is late, and is ignored.
        self._link: Any = None
        self._attempt: Any = None
        self._timer: reactor.DelayedCall | None = None
        self._opened_at: float | None = None
        self._announced = False
        self._settled = threading.Event()
        self.failure: SocketException | None = None

    def open(self) -> None:
        """Connect, and keep connected. Returns at once; safe from any thread."""
        self._loop = reactor.running()
        self._loop.callFromThread(self._connect)

    def close(self) -> None:
        """Disconnect for good. Returns at once; safe from any thread."""
        self._closed = True
        if self._loop is not None:
            self._loop.callFromThread(self._hang_up)

    def wait_ready(self, timeout_s: float) -> None:
        """Wait until the stream flows.

        :raises SocketException: when it does not within ``timeout_s``, or is refused
        """
        in_time = self._settled.wait(timeout_s)
        if self.failure is not None:
            raise self.failure
        if not in_time:
            raise SocketException(f"{self._session.name} was not ready within {timeout_s:g} s")

    # All below runs on the reactor's thread, also while a reactor of the program's shuts down.

    def _connect(self) -> None:
        self._timer = None
        if self._closed:
            return
        try:
            self._attempt = _dial(self._loop, self, self._session.url(), self._options)
        except Exception as error:  # noqa: BLE001 - an unusable address is reported like a host that is down
            self._try_again(f"cannot connect: {error}")
            return
        self._attempt.addCallbacks(self._dialled, self._not_dialled)

    def _dialled(self, link: Any) -> None:
        self._attempt = None
        if self._closed:
            link.hang_up()
        else:
            self._link = link

    def _not_dialled(self, failure: Any) -> None:
        self._attempt = None
        if not self._closed:
            self._try_again(f"cannot connect: {failure.getErrorMessage()}")

    def opened(self, link: Any) -> None:
        """The handshake of ``link`` is done."""
        if self._closed or link is not self._link:
            return
        log.info("%s: connected", self._session.name)
        self._opened_at = self._loop.seconds()
        self._session.opened(self._opened_at)
        self.received(link, [])

    def received(self, link: Any, payloads: Sequence[bytes]) -> None:
        """Messages came over ``link``; none of them right after it was opened."""
        if self._closed or link is not self._link:
            return
        events: list[bytes] = []
        failure: Failure | None = None
        try:
            for payload in payloads:
                outcome = self._session.receive(payload)
                if isinstance(outcome, Failure):
                    failure = outcome
                    break
                if outcome is Incoming.EVENT:
                    events.append(payload)
            self._announce()
            if events:
                self._listener.received(events)
        except Exception:  # better a new connection than a stream that is handled half
            log.exception("%s: a message could not be handled", self._session.name)
            failure = Failure("a message could not be handled")
        if failure is not None:
            self._fail(failure)
        else:
            self._go_on()

    def lost(self, link: Any, reason: str) -> None:
        """``link`` is closed."""
        if self._closed or link is not self._link:
            return
        self._link = None
        self._break_off(reason)

    def _go_on(self) -> None:
        """Send what the session has to send, and look again when it says."""
        self._cancel_timer()
        if not self._link.may_send():
            return  # it is closing, and will be lost
        now = self._loop.seconds()
        outgoing: list[str] | Failure
        try:
            outgoing = self._session.outgoing(now)
        except Exception:  # such as a signature that cannot be made
            log.exception("%s: a frame could not be made", self._session.name)
            outgoing = Failure("a frame could not be made")
        if isinstance(outgoing, Failure):
            self._fail(outgoing)
            return
        for frame in outgoing:
            self._link.sendMessage(frame.encode())
        due = self._session.next_due()
        if due is not None:
            self._timer = self._loop.callLater(max(0.0, due - now), self._go_on)

    def _announce(self) -> None:
        if self._session.ready and not self._announced:
            self._announced = True
            self._listener.connected()
            self._settled.set()

    def _fail(self, failure: Failure) -> None:
        link, self._link = self._link, None
        link.hang_up()
        if not failure.final:
            self._break_off(failure.message)
            return
        self._cancel_timer()
        self._closed = True
        log.error("%s: %s; not tried again", self._session.name, failure.message)
        self.failure = SocketException(f"{self._session.name}: {failure.message}")
        self._listener.failed(self.failure)
        self._settled.set()

    def _break_off(self, reason: str) -> None:
        """The connection is gone: tell the listener, and make another."""
        self._cancel_timer()
        if self._announced:
            self._announced = False
            self._settled.clear()
            self._listener.lost(reason)
        self._try_again(f"connection lost: {reason}")

    def _try_again(self, reason: str) -> None:
        lived_s = 0.0 if self._opened_at is None else self._loop.seconds() - self._opened_at
        self._opened_at = None
        delay = self._backoff.after(lived_s)
        log.info("%s: %s; connecting again in %.1f s (failure %d in a row)", self._session.name, reason, delay, self._backoff.failures)
        self._timer = self._loop.callLater(delay, self._connect)

    def _hang_up(self) -> None:
        self._cancel_timer()
        attempt, self._attempt = self._attempt, None
        link, self._link = self._link, None
        if attempt is not None:
            attempt.cancel()
        if link is not None:
            link.hang_up()
            log.info("%s: closed", self._session.name)

    def _cancel_timer(self) -> None:
        if self._timer is not None and self._timer.active():
            self._timer.cancel()
        self._timer = None


class Delivery:
    """A listener that hands a stream's messages to a user's callback, on the callback thread.

    :param error_event: what the callback gets, in the venue's own form, when the stream is refused for good
    """

    def __init__(self, line: EventLine, error_event: Callable[[str], Any]) -> None:
        self._line = line
        self._error_event = error_event

    def connected(self) -> None:
        """Nothing to tell."""

    def received(self, payloads: Sequence[bytes]) -> None:
        """Queue them."""
        self._line.put(payloads)

    def lost(self, reason: str) -> None:
        """Nothing to tell: it comes again, and the log says so."""

    def failed(self, error: SocketException) -> None:
        """Tell the callback."""
        self._line.tell(self._error_event(str(error)))

    def close(self) -> None:
        """Deliver nothing more."""
        self._line.close()


@dataclass(frozen=True, slots=True)
class _Feed:
    """What one key of a group stands for."""

    listener: Listener
    sockets: list[Socket] = field(default_factory=list)

    @property
    def failed(self) -> bool:
        return any(socket.failure is not None for socket in self.sockets)

    def open(self) -> None:
        for socket in self.sockets:
            socket.open()

    def close(self) -> None:
        for socket in self.sockets:
            socket.close()
        self.listener.close()


class SocketGroup:
    """The sockets of one manager: attached by key, connected from :meth:`start` to :meth:`close`, as often as one likes.

    Every method may be called from any thread, callbacks included.

    :param keep_alive: whether the program stays alive between start and close; a program that runs Twisted's reactor itself lives as
        long as that does
    """

    def __init__(self, name: str, *, keep_alive: bool = True, options: SocketOptions = SocketOptions()) -> None:
        self._name = name
        self._keep_alive = keep_alive
        self._options = options
        self._lock = threading.Lock()
        self._feeds: dict[str, _Feed] = {}
        self._callbacks: CallbackThread | None = None
        # Set when the present run ends; None between two.
        self._ended: threading.Event | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None) -> None:
        self.hurry(kind)
        self.close()

    def start(self) -> None:
        """Connect what is attached; what is attached later connects at once. Does nothing when it is started already.

        The program stays alive until :meth:`close`, or Ctrl-C.

        :raises ValueError: when there is a proxy that sockets cannot use
        :raises RuntimeError: when the reactor cannot run, because the program has stopped it
        """
        with self._lock:
            if self._ended is not None:
                return
            self._options.proxy_address()
            reactor.running()
            self._callback_thread().start()
            ended = threading.Event()
            if self._keep_alive and reactor.is_ours():
                keep_alive(f"{self._name}-keeper", until=ended)
            self._ended = ended
            for feed in self._feeds.values():
                feed.open()

    def close(self) -> None:
        """End every socket and forget it. No callback begins after this returns; one that is running is waited for, for some seconds."""
        with self._lock:
            feeds, self._feeds = list(self._feeds.values()), {}
            callbacks, self._callbacks = self._callbacks, None
            ended, self._ended = self._ended, None
        try:
            if callbacks is not None:
                callbacks.close()
        finally:
            for feed in feeds:
                feed.close()
            if ended is not None:
                ended.set()

    def hurry(self, kind: type[BaseException] | None) -> None:
        """Have the closing that follows hardly wait for a callback, when ``kind`` is what ends a program: Ctrl-C or ``sys.exit()``."""
        callbacks = self._callbacks
        if callbacks is not None and kind is not None and issubclass(kind, (KeyboardInterrupt, SystemExit)):
            callbacks.patience_s = _HURRY_S

    def is_alive(self) -> bool:
        """True between start and close."""
        return self._ended is not None

    def join(self, timeout: float | None = None) -> None:
        """Wait until it is closed, or ``timeout`` seconds have passed."""
        ended = self._ended
        if ended is not None:
            ended.wait(timeout)

    def attach(
        self, key: str, sessions: Iterable[SocketSession], make_listener: Callable[[CallbackThread], Listener]
    ) -> str | Literal[False]:
        """Keep a connection for each session, under one key.

        :param make_listener: makes what gets their messages, for the thread that user code is to run on
        :returns: the key; False when it is in use (one that was refused for good is not)
        """
        with self._lock:
            old = self._feeds.get(key)
            if old is not None and not old.failed:
                return False
            callbacks = self._callback_thread()
            listener = make_listener(callbacks)
            feed = _Feed(listener, [Socket(session, listener, options=self._options) for session in sessions])
            if self._ended is not None:
                feed.open()
            self._feeds[key] = feed
        if old is not None:
            old.close()
        return key

    def is_open(self, key: str) -> bool:
        """True when a second start of that key would be refused."""
        feed = self._feeds.get(key)
        return feed is not None and not feed.failed

    def stop_socket(self, conn_key: str | Literal[False]) -> bool:
        """End what the key stands for. No callback of it begins after this returns.

        :returns: True when it was open, False when there is no such key
        :raises TypeError: when it is no key
        """
        if not isinstance(conn_key, str) and conn_key is not False:
            raise TypeError(f"conn_key must be what a start call returned, not {type(conn_key).__name__}")
        with self._lock:
            feed = self._feeds.pop(conn_key, None) if conn_key else None
        if feed is None:
            return False
        feed.close()
        return True

    def wait_ready(self, conn_key: str, timeout: float = 10.0) -> None:
        """Wait until the stream flows: what happens at the venue from now on will be reported.

        :raises ValueError: when no such key is open
        :raises SocketException: when it does not flow within ``timeout`` seconds, or was refused
        """
        reactor.forbid_blocking("wait_ready()")
        feed = self._feeds.get(conn_key)
        if feed is None:
            raise ValueError(f"conn_key {conn_key!r} is not open")
        for socket in feed.sockets:
            socket.wait_ready(timeout)

    def _stop_matching(self, matches: Callable[[str], bool]) -> bool:
        stopped = [self.stop_socket(key) for key in list(self._feeds) if matches(key)]
        return any(stopped)

    def _callback_thread(self) -> CallbackThread:
        if self._callbacks is None:
            self._callbacks = CallbackThread(f"{self._name}-callbacks")
        return self._callbacks


def _dial(loop: Any, socket: Socket, url: str, options: SocketOptions) -> Any:
    """A Deferred of the protocol that talks to ``url``."""
    from autobahn.twisted.websocket import WebSocketClientFactory
    from twisted.internet.endpoints import HostnameEndpoint, wrapClientTLS
    from twisted.internet.ssl import optionsForClientTLS

    address = urlsplit(url)
    if address.scheme not in ("ws", "wss") or address.hostname is None:
        raise ValueError(f"{url!r} is no websocket address")
    secure = address.scheme == "wss"
    host, port = address.hostname, address.port or (443 if secure else 80)
    proxy = options.proxy_address() if secure else None
    # Autobahn's own connectWS() would not check the certificate.
    tls = optionsForClientTLS(host, trustRoot=_trust(options.ca_bundle or certifi.where())) if secure else None
    factory = WebSocketClientFactory(url, useragent=f"exchangeclient/{__version__}", reactor=loop)
    factory.noisy = False
    factory.setProtocolOptions(
        maxFramePayloadSize=options.max_message_bytes,
        maxMessagePayloadSize=options.max_message_bytes,
        openHandshakeTimeout=options.connect_timeout_s,
        autoPingInterval=options.ping_interval_s,
        autoPingTimeout=options.pong_timeout_s,
        failByDrop=False,  # a peer that breaks the protocol is told so: 1002, 1007, 1009
    )
    link_class = _link_class()
    factory.buildProtocol = lambda _address: link_class(socket, factory)
    if proxy is not None:
        # Autobahn asks the proxy for a tunnel, and starts TLS inside it.
        factory.proxy, factory.contextFactory = {"host": proxy[0], "port": proxy[1]}, tls
        host, port = proxy
    endpoint: Any = HostnameEndpoint(loop, host, port, timeout=options.connect_timeout_s)
    if tls is not None and proxy is None:
        endpoint = wrapClientTLS(tls, endpoint)
    return endpoint.connect(factory)


@cache
def _trust(bundle: str) -> Any:
    """The certificate authorities in a PEM file."""
    from twisted.internet.ssl import Certificate, trustRootFromCertificates

    certificates = re.findall(rb"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", Path(bundle).read_bytes(), re.DOTALL)
    return trustRootFromCertificates([Certificate.loadPEM(certificate) for certificate in certificates])  # type: ignore[no-untyped-call]


@cache
def _link_class() -> Any:
    """The Autobahn protocol of one connection; made late so that importing this module loads nothing of Twisted."""
    from autobahn.twisted.websocket import WebSocketClientProtocol

    class Link(WebSocketClientProtocol):  # type: ignore[misc] # Autobahn carries no types
        """One connection: hands the messages of each chunk to its socket together."""

        def __init__(self, socket: Socket, factory: Any) -> None:
            super().__init__()
            self._socket = socket
            self._batch: list[bytes] = []
            self.factory = factory

        def onOpen(self) -> None:  # noqa: N802
            self._socket.opened(self)

        def onMessage(self, payload: bytes, isBinary: bool) -> None:  # noqa: ARG002, N802, N803
            self._batch.append(payload)

        def dataReceived(self, data: bytes) -> None:  # noqa: N802
            super().dataReceived(data)
            if self._batch:
                batch, self._batch = self._batch, []
                self._socket.received(self, batch)

        def onCloseFrame(self, code: int | None, reasonRaw: bytes | None) -> Any:  # noqa: N802, N803
            """Answer the venue's goodbye. Should it not hang up then, we do: for that case Autobahn sets itself no limit."""
            violated = super().onCloseFrame(code, reasonRaw)
            if not self.closedByMe:
                wait_s, hang_up = self.serverConnectionDropTimeout, self.onServerConnectionDropTimeout
                self.serverConnectionDropTimeoutCall = self.factory.reactor.callLater(wait_s, hang_up)
            return violated

        def onClose(self, wasClean: bool, code: int | None, reason: str | None) -> None:  # noqa: N802, N803
            self._socket.lost(self, f"closed with code {code} {reason or ''}".rstrip() if wasClean else reason or "no reason given")

        def failProxyConnect(self, reason: str) -> None:  # noqa: N802
            self.wasNotCleanReason = reason  # which Autobahn itself drops
            super().failProxyConnect(reason)

        def may_send(self) -> bool:
            """False once either side has said goodbye."""
            return bool(self.state == self.STATE_OPEN)

        def hang_up(self) -> None:
            """Close politely if there is someone to say goodbye to."""
            if self.may_send():
                self.sendClose(1000)
            else:
                self.dropConnection(abort=True)

    return Link
