"""One deadline over a whole HTTP call, and whether its request has left this machine.

A socket's timeout starts anew with every read, so a server that sends one byte a second keeps a reader for ever. The connections of
:func:`clocked` look up the :class:`Attempt` of the calling thread before each step and give the socket no more than the time
that is left: for each address tried, the TLS handshake, and each read of headers and body. Only looking up a name is the
system's own, with limits of its own.
"""

from __future__ import annotations

import contextlib
import http.client
import io
import socket
from collections.abc import Iterator
from contextvars import ContextVar
from typing import Any

import urllib3
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import ConnectTimeoutError, NameResolutionError, NewConnectionError
from urllib3.util.connection import create_connection

from exchangeclient.core.clock import Clock


class Deadline:
    """The moment at which a call is over, with every question that it needs on the way."""

    __slots__ = ("_clock", "_ends_s")

    def __init__(self, clock: Clock, total_s: float) -> None:
        self._clock = clock
        self._ends_s = clock.monotonic_s() + total_s

    def left_s(self) -> float:
        """Seconds until then.

        :raises TimeoutError: when it has passed
        """
        left = self._ends_s - self._clock.monotonic_s()
        if left <= 0:
            raise TimeoutError("the deadline of the call has passed")
        return left


class Attempt:
    """One request under way.

    :ivar left_machine: True from the moment the first byte may have been sent: our own connections know it, of anyone else's it is
        said as soon as they are handed the request
    """

    __slots__ = ("_deadline", "_read_s", "left_machine")

    def __init__(self, deadline: Deadline, read_s: float) -> None:
        self._deadline = deadline
        self._read_s = read_s
        self.left_machine = False

    def left_s(self) -> float:
        """Seconds until the deadline.

        :raises TimeoutError: when it has passed
        """
        return self._deadline.left_s()

    def read_s(self) -> float:
        """Seconds that the next read may take."""
        return min(self._read_s, self.left_s())


_current: ContextVar[Attempt | None] = ContextVar("attempt", default=None)


@contextlib.contextmanager
def attempting(attempt: Attempt) -> Iterator[None]:
    """Make ``attempt`` the one that this thread's connections look up."""
    token = _current.set(attempt)
    try:
        yield
    finally:
        _current.reset(token)


def note_left(may_have_left: bool) -> None:
    """Say of this thread's attempt, if there is one, whether its request may have left the machine."""
    attempt = _current.get()
    if attempt is not None:
        attempt.left_machine = may_have_left


def clocked(manager: urllib3.PoolManager) -> None:
    """Have a pool manager's connections keep to the deadline of the call that uses them."""
    manager.pool_classes_by_scheme = {"http": _HttpPool, "https": _HttpsPool}


class _Reader(io.RawIOBase):
    """A socket's bytes, with the time that is left as the timeout of each read."""

    def __init__(self, sock: socket.socket) -> None:
        self._socket = sock
        self._raw = sock.makefile("rb", buffering=0)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        attempt = _current.get()
        if attempt is not None:
            self._socket.settimeout(attempt.read_s())
        return self._raw.readinto(buffer)

    def close(self) -> None:
        self._raw.close()
        super().close()


class _ReadSide:
    """The one thing that an ``http.client`` response asks of a socket."""

    def __init__(self, sock: socket.socket) -> None:
        self._socket = sock

    def makefile(self, _mode: str) -> io.BufferedReader:
        return io.BufferedReader(_Reader(self._socket))


class _Response(http.client.HTTPResponse):
    def __init__(self, sock: socket.socket, *args: Any, **kwargs: Any) -> None:
        super().__init__(_ReadSide(sock), *args, **kwargs)  # type: ignore[arg-type]  # it only calls makefile


class _HttpConnection(HTTPConnection):
    response_class = _Response

    def _new_conn(self) -> socket.socket:
        attempt = _current.get()
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
    connect_s = connection.timeout if isinstance(connection.timeout, (int, float)) else attempt.left_s()
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
            sock.settimeout(min(connect_s, attempt.left_s()))  # for the TLS handshake
            return sock
    if isinstance(failure, TimeoutError):
        raise ConnectTimeoutError(connection, f"no connection to {connection.host} in time") from failure
    raise NewConnectionError(connection, f"cannot connect to {connection.host}: {failure}") from failure
