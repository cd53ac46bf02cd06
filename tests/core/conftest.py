"""A server on loopback that tests of the transport can have misbehave."""

from __future__ import annotations

import contextlib
import ipaddress
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from socket_peer import Server as SocketServer
from socket_peer import Session, Witness, quick

from exchangeclient.core.budgets.attempts import Attempts
from exchangeclient.core.feeds.notices import SocketNotice
from exchangeclient.core.feeds.sockets import Socket
from exchangeclient.core.process import reactor
from exchangeclient.core.wire.dialing import SocketOptions

Answer = Callable[[socket.socket, bytes], None]


class Server:
    """A loopback server that does to each request what the test says, and keeps its bytes."""

    def __init__(self, answer: Answer, context: ssl.SSLContext | None) -> None:
        self.requests: list[bytes] = []
        self.stopped = threading.Event()
        self._answer = answer
        self._context = context
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._connections: list[socket.socket] = []
        self._threads = [threading.Thread(target=self._accept)]
        self._threads[0].start()

    @property
    def url(self) -> str:
        return f"{'https' if self._context else 'http'}://127.0.0.1:{self._listener.getsockname()[1]}"

    def _accept(self) -> None:
        while True:
            connection, _ = self._listener.accept()
            if self.stopped.is_set():
                connection.close()
                return
            self._connections.append(connection)
            thread = threading.Thread(target=self._serve, args=(connection,))
            self._threads.append(thread)
            thread.start()

    def _serve(self, connection: socket.socket) -> None:
        connection.settimeout(10)
        try:
            if self._context:
                connection = self._context.wrap_socket(connection, server_side=True)
                self._connections.append(connection)
            with connection as wrapped:
                while request := read_request(wrapped):
                    self.requests.append(request)
                    self._answer(wrapped, request)
        except OSError:
            return  # the client went away, which is what many of these tests are about

    def stop(self) -> None:
        self.stopped.set()
        socket.create_connection(self._listener.getsockname()).close()  # wakes accept()
        for connection in self._connections:
            with contextlib.suppress(OSError):  # closed already
                connection.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(10)
        self._listener.close()
        for thread in self._threads:
            assert not thread.is_alive()


def read_request(connection: socket.socket) -> bytes:
    request = b""
    while b"\r\n\r\n" not in request:
        part = connection.recv(65536)
        if not part:
            return b""
        request += part
    head, _, body = request.partition(b"\r\n\r\n")
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            while len(body) < int(line.split(b":")[1]):
                body += connection.recv(65536)
    return head + b"\r\n\r\n" + body


def answering(body: bytes, status: str, *headers: str) -> Answer:
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers]

    def answer(connection: socket.socket, _: bytes) -> None:
        connection.sendall("\r\n".join(lines).encode() + b"\r\n\r\n" + body)

    return answer


@pytest.fixture
def serve() -> Iterator[Callable[..., Server]]:
    """``serve(b"{}")`` answers every request so (status and headers may follow); ``serve(function)`` leaves the answer to it."""
    servers: list[Server] = []

    def start(answer: Answer | bytes, status: str = "200 OK", *headers: str, context: ssl.SSLContext | None = None) -> Server:
        servers.append(Server(answering(answer, status, *headers) if isinstance(answer, bytes) else answer, context))
        return servers[-1]

    yield start
    for server in servers:
        server.stop()


@pytest.fixture
def certificate(tmp_path: Path) -> tuple[ssl.SSLContext, str]:
    """A server's side of TLS, and the file that alone vouches for its certificate, which is for 127.0.0.1."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        # From Python 3.13 on a certificate must say by whose key it is vouched for.
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public_key()), critical=False)
        .sign(key, SHA256())
    )
    file = tmp_path / "certificate.pem"
    file.write_bytes(signed.public_bytes(Encoding.PEM) + key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    return context, str(file)


@pytest.fixture
def server() -> Iterator[SocketServer]:
    """A websocket server on loopback, which hands each connection to the test."""
    server = SocketServer()
    yield server
    server.stop()


@pytest.fixture
def open_socket() -> Iterator[Callable[..., tuple[Socket, Session, Witness]]]:
    """``open_socket(url)`` opens a socket, which is closed when the test ends; options may follow, and who is told what happens."""
    sockets: list[Socket] = []

    def make(url: str, *, tell: Callable[[SocketNotice], object] = id, **options: Any) -> tuple[Socket, Session, Witness]:
        session, witness = Session(url), Witness()
        # Attempts of its own: a host that asks for rest has the port of another test's a moment later.
        made = Socket(session, witness, options=SocketOptions(**options), backoff=quick(), tell=tell, attempts=Attempts())
        sockets.append(made)
        made.open()
        return made, session, witness

    yield make
    for made in sockets:
        made.close()
    reactor.wait(lambda: None)
