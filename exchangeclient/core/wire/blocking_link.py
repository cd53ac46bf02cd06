"""One connection of websocket-client's, read by the thread that asks for its messages: no reactor, no thread of its own.

websocket-client shakes hands, sends, and takes apart what is unusual; whole messages of text are cut out of what has come before it gets to
them (:mod:`exchangeclient.core.wire.frames`). A connection is dialled by :func:`open_link` and used by
:mod:`exchangeclient.core.feeds.blocking`. This is the only importer of ``websocket``, by its first call.
"""

from __future__ import annotations

import contextlib
import selectors
import socket
import ssl
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import certifi

from exchangeclient import __version__
from exchangeclient.core.http.deadline import Deadline
from exchangeclient.core.http.request import Response
from exchangeclient.core.process.clock import SystemClock
from exchangeclient.core.wire.dialing import SocketOptions
from exchangeclient.core.wire.frames import whole_texts
from exchangeclient.core.wire.tunnels import ProxyAddress, TunnelError

_CLOCK = SystemClock()
_SEND_TIMEOUT_S = 10.0
# For how long, and how much, is read of a peer that was told why it is left.
_LINGER_S = 0.5
_MOST_CHUNKS = 64
_CHUNK_BYTES = 65_536
# What is said in the closing frame; RFC 6455, 7.4.1.
_PROTOCOL_ERROR, _NOT_UTF8, _TOO_BIG = 1002, 1007, 1009


class LinkError(Exception):
    """A connection could not be made, or is over.

    :ivar refused: True when the other side answered the handshake, with something else than a connection
    :ivar retry_after_s: how long it asked us to stay away, if it did
    """

    def __init__(self, reason: str, *, refused: bool = False, retry_after_s: float | None = None) -> None:
        super().__init__(reason)
        self.refused = refused
        self.retry_after_s = retry_after_s


class Link:
    """A connection that is open.

    :ivar heard: another number whenever something has come
    """

    def __init__(self, connection: Any, most_bytes: int) -> None:
        self._connection = connection
        self._most_bytes = most_bytes
        self._receive: Callable[[int], bytes] = connection.frame_buffer.recv
        self._data = b""
        self._deadline: Deadline | None = None
        self._is_broken = False
        self.heard = 0
        connection.frame_buffer = _frames_class()(self._read_ahead, self._check)

    @property
    def connection(self) -> Any:
        """As websocket-client has it."""
        return self._connection

    def read(self, timeout_s: float | None) -> list[bytes]:
        """The messages that are there, or the next one; none when none is complete in time. What has come of it is kept for the next call.

        :raises LinkError: when there will be none
        """
        import websocket

        self._deadline = Deadline(_CLOCK, timeout_s) if timeout_s else None
        try:
            self._connection.settimeout(timeout_s)
            if self._is_between_frames():
                if not self._data:
                    self._fetch()
                payloads, end, waits = whole_texts(self._data, self._most_bytes)
                self._data = self._data[end:]
                if payloads:
                    return payloads
                if waits:
                    self._fetch()
                    return []
            kind, frame = self._connection.recv_data_frame(control_frame=True)
        except (websocket.WebSocketTimeoutException, TimeoutError, BlockingIOError, ssl.SSLWantReadError):
            return []
        except websocket.WebSocketPayloadException as error:
            raise self._broken(_NOT_UTF8, str(error)) from error
        except websocket.WebSocketProtocolException as error:
            raise self._broken(_PROTOCOL_ERROR, str(error)) from error
        except (websocket.WebSocketException, OSError) as error:
            raise LinkError(str(error) or type(error).__name__) from error
        return self._unusual(kind, frame.data)

    def _unusual(self, kind: int, data: bytes) -> list[bytes]:
        """The message in what websocket-client has read, if it is one."""
        from websocket import ABNF

        if kind == ABNF.OPCODE_CLOSE:
            code = int.from_bytes(data[:2], "big") if len(data) > 1 else 1005
            raise LinkError(f"closed with code {code} {data[2:].decode(errors='replace')}".rstrip())
        if kind not in (ABNF.OPCODE_TEXT, ABNF.OPCODE_BINARY):
            return []  # a ping, which was answered, or a pong
        if kind == ABNF.OPCODE_TEXT:
            try:
                data.decode()
            except UnicodeDecodeError as error:
                raise self._broken(_NOT_UTF8, "a text that is not UTF-8") from error
        return [data]

    def _is_between_frames(self) -> bool:
        """True when websocket-client has read nothing of a message yet."""
        frames = self._connection.frame_buffer
        return bool(frames.needs_header() and not frames.recv_buffer and self._connection.cont_frame.cont_data is None)

    def _fetch(self) -> None:
        """Add to what was read ahead."""
        received = self._receive(_CHUNK_BYTES)
        self.heard += 1
        self._data += received

    def _read_ahead(self, count: int) -> bytes:
        """What websocket-client reads."""
        if not self._data:
            if self._deadline is not None:  # it goes on reading until a frame is whole
                self._connection.settimeout(self._deadline.left_s())
            self._fetch()
        taken, self._data = self._data[:count], self._data[count:]
        return taken

    def send(self, text: str) -> None:
        """Send a message.

        :raises LinkError: when it cannot be sent
        """
        self._send(lambda: self._connection.send(text))

    def ping(self) -> None:
        """Ask the other side whether it is there.

        :raises LinkError: when that cannot be sent
        """
        self._send(self._connection.ping)

    def hang_up(self) -> None:
        """Say goodbye and close it."""
        with contextlib.suppress(LinkError, OSError):  # then there is nobody to say it to
            if self._is_broken:
                self._hear_out()
            else:
                self._send(self._connection.send_close)
        self._connection.shutdown()

    def drop(self) -> None:
        """Close it without a word."""
        self._connection.shutdown()

    def interrupt(self) -> None:
        """End the reading of another thread."""
        self._connection.abort()

    def _send(self, send: Callable[[], object]) -> None:
        import websocket

        try:
            self._connection.settimeout(_SEND_TIMEOUT_S)
            send()
        except (websocket.WebSocketException, OSError) as error:
            raise LinkError(str(error) or type(error).__name__) from error

    def _broken(self, code: int, reason: str) -> LinkError:
        """The peer broke the protocol: tell it."""
        self._is_broken = True
        with contextlib.suppress(LinkError):
            self._send(lambda: self._connection.send_close(code))
        return LinkError(reason)

    def _hear_out(self) -> None:
        """Let the peer read why: what it has sent meanwhile would, unread, have it lose that."""
        stream = self._connection.sock
        stream.shutdown(socket.SHUT_WR)
        stream.settimeout(_LINGER_S)
        for _ in range(_MOST_CHUNKS):
            if not stream.recv(_CHUNK_BYTES):
                return

    def _check(self, length: int) -> None:
        """Look at the length of a frame before it is received."""
        begun = self._connection.cont_frame.cont_data
        if length + (len(begun[1]) if begun else 0) > self._most_bytes:
            raise self._broken(_TOO_BIG, f"a message of more than {self._most_bytes} bytes")

    def fileno(self) -> int:
        """For a selector."""
        return int(self._connection.fileno())


def readable(links: Sequence[Link], timeout_s: float | None) -> None:
    """Wait until something may have come over any of several connections that have been read as far as there was something."""
    with selectors.DefaultSelector() as selector:
        for link in links:
            selector.register(link, selectors.EVENT_READ)
        selector.select(timeout_s)


def open_link(url: str, options: SocketOptions, timeout_s: float) -> Link:
    """Connect to ``url``.

    :param timeout_s: for all of it; looking up a name, and the addresses that do not answer, may take longer
    :raises LinkError: when that does not succeed
    """
    import websocket

    address = urlsplit(url)
    secure = address.scheme == "wss"
    if address.scheme not in ("ws", "wss") or address.hostname is None:
        raise ValueError(f"{url!r} is no websocket address")
    # It masks, frames and shakes hands; the way to the host is ours, so that it goes through nobody's proxy but the one that was named.
    connection = websocket.WebSocket(skip_utf8_validation=True)
    stream: socket.socket | None = None
    deadline = Deadline(_CLOCK, timeout_s)
    try:
        stream = _connected(address.hostname, address.port or (443 if secure else 80), options, secure=secure, deadline=deadline)
        connection.connect(  # type: ignore[no-untyped-call] # it has no types here
            url,
            socket=_InTime(stream, deadline),
            timeout=deadline.left_s(),
            suppress_origin=True,
            redirect_limit=0,
            header=[f"User-Agent: exchangeclient/{__version__}"],
        )
    except websocket.WebSocketBadStatusException as error:
        rest_s = options.heed(url, Response(error.status_code, b"", error.resp_headers or {}))
        raise LinkError(f"the handshake was answered with {error.status_code}", refused=True, retry_after_s=rest_s) from error
    except (websocket.WebSocketException, OSError, ValueError) as error:
        if stream is not None:
            stream.close()
        raise LinkError(f"cannot connect: {error or type(error).__name__}", refused=connection.getstatus() is not None) from error
    connection.sock = stream
    return Link(connection, options.max_message_bytes)


class _InTime:
    """A socket, as websocket-client reads the answer to its handshake, byte by byte: all of that has one deadline."""

    def __init__(self, stream: socket.socket, deadline: Deadline) -> None:
        self._stream = stream
        self._deadline = deadline

    def recv(self, size: int) -> bytes:
        self._stream.settimeout(self._deadline.left_s())
        return self._stream.recv(size)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def _connected(host: str, port: int, options: SocketOptions, *, secure: bool, deadline: Deadline) -> socket.socket:
    """A connection to the host, through the proxy if there is one, and with TLS if it is to be secured."""
    proxy = options.proxy_address()
    stream = socket.create_connection((host, port), deadline.left_s()) if proxy is None else _reached(proxy, deadline.left_s())
    try:
        stream.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if proxy is not None:
            _dig(stream, proxy, host, port, deadline)
        if secure:
            stream.settimeout(deadline.left_s())
            stream = _trust(options.ca_bundle or certifi.where()).wrap_socket(stream, server_hostname=host)
    except BaseException:
        stream.close()
        raise
    return stream


def _reached(proxy: ProxyAddress, timeout_s: float) -> socket.socket:
    try:
        return socket.create_connection((proxy.host, proxy.port), timeout_s)
    except OSError as error:
        raise TunnelError(f"{proxy} cannot be reached: {error}") from error


def _dig(stream: socket.socket, proxy: ProxyAddress, host: str, port: int, deadline: Deadline) -> None:
    """Have the proxy at the other end make a tunnel. Nothing comes from a host that was not asked anything."""
    tunnel = proxy.tunnel(host, port)
    to_send = tunnel.opening
    while not tunnel.done:
        stream.sendall(to_send)
        try:
            stream.settimeout(deadline.left_s())
            received = stream.recv(4096)
        except TimeoutError as error:
            raise TunnelError(f"{proxy} does not answer in time") from error
        if not received:
            raise TunnelError(f"{proxy} is gone before there was a tunnel")
        to_send = tunnel.receive(received)


@cache
def _trust(bundle: str) -> ssl.SSLContext:
    """TLS, verified with the hostname, by the certificate authorities in a PEM file, or in a folder of such files."""
    return ssl.create_default_context(capath=bundle) if Path(bundle).is_dir() else ssl.create_default_context(cafile=bundle)


@cache
def _frames_class() -> Any:
    """websocket-client's reader of frames, made late so that importing this module loads nothing of it."""
    import websocket

    class Frames(websocket.frame_buffer):
        """Looks at each frame's head before its body is received."""

        def __init__(self, receive: Callable[[int], bytes], check: Callable[[int], None]) -> None:
            super().__init__(receive, skip_utf8_validation=True)
            self._check = check

        def recv_length(self) -> None:
            super().recv_length()
            self._check(self.length or 0)

        def recv_mask(self) -> None:
            if self.has_mask():
                raise websocket.WebSocketProtocolException("a server's frame must not be masked")
            super().recv_mask()

    return Frames
