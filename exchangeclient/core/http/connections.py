"""urllib3's connections, keeping to the deadline of the call that uses them.

They look up the :class:`~exchangeclient.core.http.deadline.Attempt` of the calling thread before each step and give the socket no more than
the time that is left: for each address tried, the TLS handshake, and each read of headers and body. Only looking up a name is the
system's own, with limits of its own.
"""

from __future__ import annotations

import http.client
import io
import socket
from typing import Any

import urllib3
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import ConnectTimeoutError, NameResolutionError, NewConnectionError
from urllib3.util.connection import create_connection

from exchangeclient.core.http.deadline import Attempt, current, note_left


def clocked(manager: urllib3.PoolManager) -> None:
    """Have a pool manager's connections keep to the deadline of the call that uses them."""
    manager.pool_classes_by_scheme = {"http": _HttpPool, "https": _HttpsPool}


class _Reader(io.RawIOBase):
    """A socket's bytes, with the time that is left as the timeout of each read."""

    def __init__(self, sock: socket.socket, received: bytes) -> None:
        self._socket = sock
        self._raw = sock.makefile("rb", buffering=0)
        self._received = received

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        if self._received:
            first, self._received = self._received[: len(buffer)], self._received[len(buffer) :]
            buffer[: len(first)] = first
            return len(first)
        attempt = current()
        if attempt is not None:
            self._socket.settimeout(attempt.read_s())
        return self._raw.readinto(buffer)

    def close(self) -> None:
        self._raw.close()
        super().close()


class _ReadSide:
    """The one thing that an ``http.client`` response asks of a socket."""

    def __init__(self, sock: socket.socket, received: bytes) -> None:
        self._socket = sock
        self._received = received

    def makefile(self, _mode: str) -> io.BufferedReader:
        """The bytes that come, from the first one on."""
        return io.BufferedReader(_Reader(self._socket, self._received))


class Incoming(http.client.HTTPResponse):
    """An answer as it comes over a socket.

    :param received: what was read of it already
    """

    def __init__(self, sock: socket.socket, *args: Any, received: bytes = b"", **kwargs: Any) -> None:
        super().__init__(_ReadSide(sock, received), *args, **kwargs)  # type: ignore[arg-type]  # it only calls makefile

    def begin(self) -> None:
        """Read up to the body. What comes before the answer itself (RFC 9110, 15.2) is passed over.

        http.client does so with 100 alone: the answer behind a 103 would be taken for that of the next request.
        """
        super().begin()
        while 100 <= self.status < 200:
            self.headers = None  # type: ignore[assignment]  # as long as there are none it goes on reading
            super().begin()


class _HttpConnection(HTTPConnection):
    response_class = Incoming

    def _new_conn(self) -> socket.socket:
        attempt = current()
        return super()._new_conn() if attempt is None else _connected(self, attempt)

    def endheaders(self, message_body: Any = None, *, encode_chunked: bool = False) -> None:
        if self.sock is None:
            self.connect()  # first, so that a failure to connect is not taken for a request that left
        note_left(True)
        super().endheaders(message_body, encode_chunked=encode_chunked)


class _HttpsConnection(_HttpConnection, HTTPSConnection):
    pass


class _HttpPool(HTTPConnectionPool):
    ConnectionCls = _HttpConnection


class _HttpsPool(HTTPSConnectionPool):
    ConnectionCls = _HttpsConnection


def _connected(connection: HTTPConnection, attempt: Attempt) -> socket.socket:
    """A socket to the first address that answers; each address gets its share of the time that is left."""
    connect_s = min(attempt.connect_s, attempt.left_s())
    try:
        addresses = socket.getaddrinfo(connection._dns_host, connection.port, type=socket.SOCK_STREAM)
    except socket.gaierror as error:
        raise NameResolutionError(connection.host, connection, error) from error
    failure: OSError = OSError("the name has no address")
    for tried, (*_, address) in enumerate(addresses):
        share_s = attempt.left_s() / (len(addresses) - tried)
        try:
            sock = create_connection(
                (str(address[0]), int(address[1])),
                timeout=min(connect_s, share_s),
                source_address=connection.source_address,
                socket_options=connection.socket_options,
            )
        except OSError as error:
            failure = error
        else:
            try:
                sock.settimeout(min(connect_s, attempt.left_s()))  # for the TLS handshake
            except TimeoutError:
                sock.close()
                raise
            return sock
    if isinstance(failure, TimeoutError):
        raise ConnectTimeoutError(connection, f"no connection to {connection.host} in time") from failure
    raise NewConnectionError(connection, f"cannot connect to {connection.host}: {failure}") from failure
