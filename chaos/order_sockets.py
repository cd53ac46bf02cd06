"""The road of :mod:`order_trouble` over real sockets: the client's own transport, and a server that breaks off, hangs and mumbles."""

from __future__ import annotations

import json
import socket
import struct
import threading
from random import Random
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qsl, urlsplit

from order_trouble import FAULTS, Fault, Road, killed_after, killed_before, no_connection

from exchangeclient.binance.client import Client
from exchangeclient.exceptions import ExchangeRequestException

_READ_S = 0.1  # how long the client waits for an answer, in real time


class SocketRoad(Road):
    """Serves one client after the other on loopback."""

    def __init__(self, random: Random) -> None:
        super().__init__(random)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._connections: list[socket.socket] = []
        self._threads = [threading.Thread(target=self._accept)]
        self._threads[0].start()

    @property
    def url(self) -> str:
        """Where the server is."""
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    @property
    def faults(self) -> tuple[Fault, ...]:
        """Those that a server can have."""
        return tuple(fault for fault in FAULTS if fault not in (no_connection, killed_before, killed_after))

    def attach(self, client: Client) -> None:
        """The client keeps its transport, and waits a moment only."""

    def options(self) -> dict[str, Any]:
        """What the client is made with."""
        return {"requests_params": {"timeout": (5, _READ_S)}}

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for connection in self._connections:
            connection.close() if connection.fileno() == -1 else _shut(connection)
        for thread in self._threads:
            thread.join(10)

    def __enter__(self) -> Self:
        return self

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return  # closed
            self._connections.append(connection)
            self._threads.append(threading.Thread(target=self._serve, args=(connection,)))
            self._threads[-1].start()

    def _serve(self, connection: socket.socket) -> None:
        try:
            with connection:
                while (request := _read(connection)) and self._answered(connection, *request):
                    pass
        except OSError:
            return  # the client has gone away

    def _answered(self, connection: socket.socket, verb: str, target: str, body: str) -> bool:
        """One message; False when the connection is over."""
        address = urlsplit(target)
        try:
            status, said = self.answer(verb, address.path, dict(parse_qsl(body or address.query)))
        except ExchangeRequestException:
            return self._breaks_off(connection)
        payload = said if isinstance(said, bytes) else json.dumps(said).encode()
        whole = f"HTTP/1.1 {status} So\r\nContent-Length: {len(payload)}\r\n\r\n".encode() + payload
        if self.random.random() < 0.1:
            for start in range(0, len(whole), 7):
                connection.sendall(whole[start : start + 7])
        else:
            connection.sendall(whole)
        return True

    def _breaks_off(self, connection: socket.socket) -> bool:
        match self.random.randrange(4):
            case 0:
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # a reset
            case 1:
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Le")
            case 2:
                connection.sendall(b'HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{"symbol": "BTC')
            case _:
                connection.settimeout(10 * _READ_S)
                connection.recv(1)  # until the client gives up
        return False


def _read(connection: socket.socket) -> tuple[str, str, str] | None:
    data = b""
    while b"\r\n\r\n" not in data:
        if not (part := connection.recv(65536)):
            return None
        data += part
    head, _, body = data.partition(b"\r\n\r\n")
    verb, target, _ = head.split(b"\r\n")[0].decode().split(" ")
    length = next((int(line.split(b":")[1]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")), 0)
    while len(body) < length:
        body += connection.recv(65536)
    return verb, target, body.decode()


def _shut(connection: socket.socket) -> None:
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        connection.close()  # the other side was first
