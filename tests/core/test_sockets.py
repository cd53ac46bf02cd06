"""Kept connections against a real server on loopback, which is written here, by the RFC, so that it can misbehave."""

from __future__ import annotations

import base64
import datetime
import hashlib
import ipaddress
import json
import logging
import queue
import random
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from exchangeclient.core import reactor
from exchangeclient.core.callbacks import MARKET_LIMIT, CallbackThread, EventLine
from exchangeclient.core.session import Backoff, Failure, Incoming
from exchangeclient.core.sockets import Delivery, Socket, SocketGroup, SocketOptions
from exchangeclient.exceptions import SocketException

SOON_S = 10.0
TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10


class Peer:
    """The server's end of one connection."""

    def __init__(self, stream: socket.socket, request: bytes) -> None:
        self.stream = stream
        self.request = request
        self.frames: queue.SimpleQueue[tuple[int, bytes]] = queue.SimpleQueue()

    def send(self, payload: str | bytes, opcode: int = TEXT, final: bool = True) -> None:
        data = payload.encode() if isinstance(payload, str) else payload
        length = (
            bytes([len(data)])
            if len(data) < 126
            else b"\x7e" + struct.pack("!H", len(data))
            if len(data) < 65536
            else b"\x7f" + struct.pack("!Q", len(data))
        )
        self.stream.sendall(bytes([(0x80 if final else 0) | opcode]) + length + data)

    def close(self, code: int, reason: str = "") -> None:
        self.send(struct.pack("!H", code) + reason.encode(), CLOSE)
        self.drop()

    def drop(self) -> None:
        self.stream.shutdown(socket.SHUT_RDWR)
        self.stream.close()

    def next(self, opcode: int) -> bytes:
        """The next frame of that kind."""
        while True:
            kind, payload = self.frames.get(timeout=SOON_S)
            if kind == opcode:
                return payload

    def read(self) -> None:
        """Put what comes into the queue; nothing is answered by itself, no ping either."""
        data = self.stream.makefile("rb")
        try:
            while head := data.read(2):
                length = head[1] & 127
                if length > 125:
                    length = int.from_bytes(data.read(2 if length == 126 else 8), "big")
                mask = data.read(4)
                self.frames.put((head[0] & 15, bytes(byte ^ mask[index % 4] for index, byte in enumerate(data.read(length)))))
        except (OSError, ValueError):
            return


class Server:
    """Accepts websockets, and hands each to the test."""

    def __init__(self, context: ssl.SSLContext | None = None) -> None:
        self.peers: queue.SimpleQueue[Peer] = queue.SimpleQueue()
        self.answer = b""  # instead of accepting
        self.accepted = 0
        self._context = context
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._open: list[Peer] = []
        self.port = self._listening.getsockname()[1]
        self.url = f"{'wss' if context else 'ws'}://127.0.0.1:{self.port}/ws/x@trade"
        threading.Thread(target=self._accept, daemon=True).start()

    def peer(self) -> Peer:
        return self.peers.get(timeout=SOON_S)

    def stop(self) -> None:
        self._listening.close()
        for peer in self._open:
            peer.stream.close()

    def _accept(self) -> None:
        while True:
            try:
                stream, _ = self._listening.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(stream,), daemon=True).start()

    def _serve(self, stream: socket.socket) -> None:
        try:
            if self._context is not None:
                stream = self._context.wrap_socket(stream, server_side=True)
            request = b""
            while not request.endswith(b"\r\n\r\n"):
                chunk = stream.recv(4096)
                if not chunk:
                    return
                request += chunk
            self.accepted += 1
            if self.answer:
                stream.sendall(self.answer)
                stream.close()
                return
            key = next(row.split(b":")[1].strip() for row in request.split(b"\r\n") if row.lower().startswith(b"sec-websocket-key"))
            accept = base64.b64encode(hashlib.sha1(key + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest())
            stream.sendall(
                b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: "
                + accept
                + b"\r\n\r\n"
            )
        except OSError:
            stream.close()
            return
        peer = Peer(stream, request)
        self._open.append(peer)
        self.peers.put(peer)
        peer.read()


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server()
    yield server
    server.stop()


class Session:
    """The least of a venue's protocol: everything is an event, but what a test says otherwise."""

    name = "x@trade"

    def __init__(self, url: str) -> None:
        self._url = url
        self.ready = False
        self.opened_count = 0
        self.frames: list[str] = []
        self.trouble: Failure | Exception | None = None

    def url(self) -> str:
        return self._url

    def opened(self, now_s: float) -> None:
        self.opened_count += 1
        self.ready = True
        self.trouble = None

    def outgoing(self, now_s: float) -> list[str] | Failure:
        if isinstance(self.trouble, Exception):
            raise self.trouble
        if self.trouble is not None:
            return self.trouble
        frames, self.frames = self.frames, []
        return frames

    def next_due(self) -> float | None:
        return None

    def receive(self, payload: bytes) -> Incoming | Failure:
        if payload == b"final":
            return Failure("the key is wrong", final=True)
        if payload == b"passing":
            return Failure("not now")
        if payload == b"bug":
            raise ZeroDivisionError("a fault of the session")
        return Incoming.REPLY if payload == b"reply" else Incoming.EVENT

    def decode(self, payload: bytes) -> Any:
        return json.loads(payload)


class Witness:
    """A listener that remembers."""

    def __init__(self) -> None:
        self.seen: queue.SimpleQueue[tuple[str, Any]] = queue.SimpleQueue()
        self.bug = self.deaf = False

    def connected(self) -> None:
        self.seen.put(("connected", None))
        if self.deaf:
            self.deaf = False
            raise ZeroDivisionError("another fault of the listener")

    def received(self, payloads: Sequence[bytes]) -> None:
        if self.bug:
            self.bug = False
            raise ZeroDivisionError("a fault of the listener")
        self.seen.put(("received", list(payloads)))

    def lost(self, reason: str) -> None:
        self.seen.put(("lost", reason))

    def failed(self, error: SocketException) -> None:
        self.seen.put(("failed", error))

    def close(self) -> None:
        self.seen.put(("closed", None))

    def next(self, kind: str) -> Any:
        got, value = self.seen.get(timeout=SOON_S)
        assert got == kind, (got, value)
        return value


def quick() -> Backoff:
    return Backoff(random.Random(1), first_s=0.01, cap_s=0.05)


Open = Callable[..., tuple[Socket, Session, Witness]]


@pytest.fixture
def open_socket() -> Iterator[Open]:
    """Opens sockets that are closed when the test ends."""
    sockets: list[Socket] = []

    def make(url: str, **options: Any) -> tuple[Socket, Session, Witness]:
        session, witness = Session(url), Witness()
        made = Socket(session, witness, options=SocketOptions(**options), backoff=quick())
        sockets.append(made)
        made.open()
        return made, session, witness

    yield make
    for made in sockets:
        made.close()
    reactor.wait(lambda: None)


def test_messages_of_one_chunk_come_together_in_order(server: Server, open_socket: Open) -> None:
    _, _, witness = open_socket(server.url)
    peer = server.peer()
    witness.next("connected")
    peer.stream.sendall(b"\x81\x011\x81\x012\x81\x05reply\x81\x013")
    assert witness.next("received") == [b"1", b"2", b"3"]
    assert b"GET /ws/x@trade HTTP/1.1" in peer.request
    assert b"User-Agent: exchangeclient/" in peer.request


def test_message_that_comes_with_the_handshake_is_not_lost(open_socket: Open) -> None:
    listening = socket.create_server(("127.0.0.1", 0))
    _, _, witness = open_socket(f"ws://127.0.0.1:{listening.getsockname()[1]}/")
    stream, _ = listening.accept()
    request = stream.recv(4096)
    key = next(row.split(b":")[1].strip() for row in request.split(b"\r\n") if row.startswith(b"Sec-WebSocket-Key"))
    accept = base64.b64encode(hashlib.sha1(key + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest())
    stream.sendall(b"HTTP/1.1 101 x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: " + accept + b"\r\n\r\n\x81\x011")
    witness.next("connected")
    assert witness.next("received") == [b"1"]
    stream.close()
    listening.close()


@pytest.mark.parametrize(
    "end", [lambda peer: peer.drop(), *[lambda peer, code=code: peer.close(code, "x") for code in (1000, 1001, 1008, 1011, 4000)]]
)
def test_s03_connection_that_ends_in_any_way_is_made_again(
    server: Server, open_socket: Open, end: Callable[[Peer], None], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "exchangeclient")
    _, session, witness = open_socket(server.url)
    peer = server.peer()
    witness.next("connected")
    end(peer)
    witness.next("lost")
    second = server.peer()
    witness.next("connected")
    second.send("2")
    assert witness.next("received") == [b"2"]
    assert session.opened_count == 2
    assert "x@trade: connected" in caplog.text
    assert "connection lost" in caplog.text
    assert "connecting again in" in caplog.text


def test_s06_server_that_is_down_is_tried_until_it_is_up(open_socket: Open) -> None:
    placeholder = socket.create_server(("127.0.0.1", 0))
    port = placeholder.getsockname()[1]
    placeholder.close()
    made, _, witness = open_socket(f"ws://127.0.0.1:{port}/")
    while made._backoff.failures < 5:
        with pytest.raises(SocketException, match=r"was not ready within 0\.01 s"):
            made.wait_ready(0.01)
    listening = socket.create_server(("127.0.0.1", port))
    stream, _ = listening.accept()
    assert stream.recv(3) == b"GET"
    stream.close()
    listening.close()
    assert witness.seen.empty()  # there was nothing to lose yet


@pytest.mark.parametrize(
    "status", [b"403 Forbidden", b"429 Too Many Requests", b"503 Unavailable", b"302 Found\r\nLocation: ws://127.0.0.1:1/"]
)
def test_s05_refused_handshake_is_logged_with_its_status_and_tried_again(
    server: Server, open_socket: Open, status: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "exchangeclient")
    server.answer = b"HTTP/1.1 " + status + b"\r\nContent-Length: 0\r\n\r\n"
    made, session, witness = open_socket(server.url)
    while server.accepted < 2:
        with pytest.raises(SocketException):
            made.wait_ready(0.01)
    server.answer = b""
    witness.next("connected")
    assert session.opened_count == 1
    assert status[:3].decode() in caplog.text


def test_s05_handshake_that_is_never_answered_is_given_up(open_socket: Open, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "exchangeclient")
    listening = socket.create_server(("127.0.0.1", 0))
    listening.settimeout(SOON_S)
    open_socket(f"ws://127.0.0.1:{listening.getsockname()[1]}/", connect_timeout_s=1.0)
    mute = [listening.accept()[0], listening.accept()[0]]
    assert "connection lost" in caplog.text
    assert "handshake" in caplog.text
    for stream in (*mute, listening):
        stream.close()


def test_s01_silent_death_is_noticed_by_an_unanswered_ping(server: Server, open_socket: Open) -> None:
    _, _, witness = open_socket(server.url, ping_interval_s=1.0, pong_timeout_s=2.0)
    peer = server.peer()
    witness.next("connected")
    peer.send(peer.next(PING), PONG)  # who answers is asked again
    assert peer.next(PING)
    assert "ping timeout" in witness.next("lost")
    server.peer()
    witness.next("connected")


def test_venues_ping_is_answered_with_its_payload(server: Server, open_socket: Open) -> None:
    open_socket(server.url)
    peer = server.peer()
    peer.send(b"1700000000000", PING)
    assert peer.next(PONG) == b"1700000000000"


def test_s28_late_message_of_an_old_connection_is_ignored(server: Server, open_socket: Open) -> None:
    made, _, witness = open_socket(server.url)
    server.peer()
    witness.next("connected")
    old = made._link
    reactor.wait(made.lost, old, "as a test would have it")
    witness.next("lost")
    new = server.peer()
    witness.next("connected")
    reactor.wait(made.received, old, [b"late"])
    reactor.wait(made.lost, old, "again")
    new.send("1")
    assert witness.next("received") == [b"1"]


@pytest.mark.parametrize(
    ("send", "code"),
    [
        (lambda peer: peer.send(b"\xff\xfe"), 1007),
        (lambda peer: peer.send(b"x" * 3000), 1009),
        (lambda peer: [peer.send(b"x" * 900, opcode, final=False) for opcode in (TEXT, 0, 0)], 1009),
        (lambda peer: peer.stream.sendall(b"\xf1\x011"), 1002),
    ],
    ids=["invalid UTF-8", "huge frame", "endless fragments", "reserved bits"],
)
def test_s13_s14_broken_protocol_closes_with_its_code_and_connects_again(
    server: Server, open_socket: Open, send: Callable[[Peer], Any], code: int
) -> None:
    _, _, witness = open_socket(server.url, max_message_bytes=2000)
    peer = server.peer()
    witness.next("connected")
    send(peer)
    assert struct.unpack("!H", peer.next(CLOSE)[:2])[0] == code
    peer.drop()
    witness.next("lost")
    server.peer()
    witness.next("connected")


def test_fragmented_message_with_a_ping_inside_arrives_whole(server: Server, open_socket: Open) -> None:
    _, _, witness = open_socket(server.url)
    peer = server.peer()
    witness.next("connected")
    peer.send("[1,", TEXT, final=False)
    peer.send("inside", PING)
    peer.send("2]", 0)
    assert witness.next("received") == [b"[1,2]"]
    assert peer.next(PONG) == b"inside"


def test_final_refusal_is_reported_once_and_not_tried_again(server: Server, open_socket: Open, caplog: pytest.LogCaptureFixture) -> None:
    made, _, witness = open_socket(server.url)
    peer = server.peer()
    witness.next("connected")
    peer.stream.sendall(b"\x81\x011\x81\x05final\x81\x012")
    assert witness.next("received") == [b"1"]
    error = witness.next("failed")
    assert "the key is wrong" in str(error)
    assert struct.unpack("!H", peer.next(CLOSE)[:2])[0] == 1000
    with pytest.raises(SocketException, match="the key is wrong"):
        made.wait_ready(SOON_S)
    assert server.peers.empty()
    assert "not tried again" in caplog.text


@pytest.mark.parametrize("cause", ["passing", "bug", "listener", "outgoing", "signing"])
def test_connection_that_is_of_no_use_is_made_again(
    server: Server, open_socket: Open, cause: str, caplog: pytest.LogCaptureFixture
) -> None:
    _, session, witness = open_socket(server.url)
    peer = server.peer()
    witness.next("connected")
    witness.bug = cause == "listener"
    session.trouble = {"outgoing": Failure("a confirmation is overdue"), "signing": ZeroDivisionError("of a signature")}.get(cause)
    peer.send({"listener": "1", "outgoing": "reply", "signing": "reply"}.get(cause, cause))
    witness.next("lost")
    server.peer()
    witness.next("connected")
    assert ("ZeroDivisionError" in caplog.text) == (cause in ("bug", "listener", "signing"))


def test_listener_that_fails_at_the_start_gets_a_new_connection(server: Server) -> None:
    witness = Witness()
    witness.deaf = True
    made = Socket(Session(server.url), witness, backoff=quick())
    made.open()
    for expected in ("connected", "lost", "connected"):
        witness.next(expected)
    made.wait_ready(SOON_S)
    made.close()


def test_frames_of_the_session_are_sent(server: Server, open_socket: Open) -> None:
    _, session, witness = open_socket(server.url)
    peer = server.peer()
    witness.next("connected")
    session.frames = ['{"id":1}', '{"id":2}']
    peer.send("reply")
    assert [peer.next(TEXT), peer.next(TEXT)] == [b'{"id":1}', b'{"id":2}']


def test_closed_socket_says_goodbye_and_delivers_nothing_more(server: Server, open_socket: Open) -> None:
    made, _, witness = open_socket(server.url)
    peer = server.peer()
    witness.next("connected")
    made.close()
    assert struct.unpack("!H", peer.next(CLOSE)[:2])[0] == 1000
    peer.send("1")
    peer.drop()
    reactor.wait(lambda: None)
    assert witness.seen.empty()
    assert server.peers.empty()


def test_s21_socket_closed_while_it_connects_or_waits_never_connects(server: Server, open_socket: Open) -> None:
    print("seed 21")
    generator = random.Random(21)
    for _ in range(100):
        made, _, _ = open_socket(server.url)
        for _ in range(generator.randrange(4)):
            reactor.wait(lambda: None)
        made.close()
    reactor.wait(lambda: None)
    last, _, witness = open_socket(server.url)
    witness.next("connected")
    assert last.failure is None


def test_unusable_address_is_reported_and_no_thread_dies(open_socket: Open, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "exchangeclient")
    made, _, _ = open_socket("http://127.0.0.1:1/")
    with pytest.raises(SocketException):
        made.wait_ready(0.1)
    assert "is no websocket address" in caplog.text


def _certificate(folder: Path) -> Path:
    """A self-signed certificate for 127.0.0.1, with its key, in one PEM file."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "a test")])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = folder / "server.pem"
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path.write_bytes(pem + certificate.public_bytes(serialization.Encoding.PEM))
    return path


@pytest.fixture
def secure(tmp_path: Path) -> Iterator[tuple[Server, Path]]:
    path = _certificate(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    server = Server(context)
    yield server, path
    server.stop()


def test_s24_certificate_is_verified(secure: tuple[Server, Path], open_socket: Open, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "exchangeclient")
    server, _ = secure
    made, session, witness = open_socket(server.url)
    while made._backoff.failures < 2:
        with pytest.raises(SocketException):
            made.wait_ready(0.01)
    assert session.opened_count == 0
    assert server.accepted == 0  # not even the request was sent
    assert witness.seen.empty()
    assert "certificate" in caplog.text.lower()


def test_trusted_certificate_is_accepted(secure: tuple[Server, Path], open_socket: Open) -> None:
    server, path = secure
    _, _, witness = open_socket(server.url, ca_bundle=str(path))
    server.peer().send("1")
    witness.next("connected")
    assert witness.next("received") == [b"1"]


def test_s24_certificate_of_another_host_is_refused(secure: tuple[Server, Path], open_socket: Open) -> None:
    server, path = secure
    made, session, _ = open_socket(server.url.replace("127.0.0.1", "localhost"), ca_bundle=str(path))
    while made._backoff.failures < 2:
        with pytest.raises(SocketException):
            made.wait_ready(0.01)
    assert session.opened_count == 0
    assert server.accepted == 0


class Proxy:
    """An HTTP proxy for one tunnel."""

    def __init__(self, answer: bytes = b"HTTP/1.1 200 OK\r\n\r\n") -> None:
        self.asked: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        self._answer = answer
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listening.getsockname()[1]}"
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            stream, _ = self._listening.accept()
            request = stream.recv(4096)
            self.asked.put(request)
            stream.sendall(self._answer)
            if b" 200 " not in self._answer:
                stream.close()
                continue
            host, port = request.split()[1].decode().split(":")
            target = socket.create_connection((host, int(port)))
            for source, sink in ((stream, target), (target, stream)):
                threading.Thread(target=self._pump, args=(source, sink), daemon=True).start()

    def _pump(self, source: socket.socket, sink: socket.socket) -> None:
        try:
            while data := source.recv(65536):
                sink.sendall(data)
        except OSError:
            return


def test_proxy_carries_a_verified_tls_tunnel(secure: tuple[Server, Path], open_socket: Open) -> None:
    server, path = secure
    proxy = Proxy()
    _, _, witness = open_socket(server.url, ca_bundle=str(path), proxy=proxy.url)
    server.peer().send("1")
    witness.next("connected")
    assert witness.next("received") == [b"1"]
    assert proxy.asked.get(timeout=SOON_S).startswith(f"CONNECT 127.0.0.1:{server.port} ".encode())


def test_s25_refusing_proxy_is_named_in_the_log_and_tried_again(
    secure: tuple[Server, Path], open_socket: Open, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "exchangeclient")
    server, path = secure
    proxy = Proxy(b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n")
    open_socket(server.url, ca_bundle=str(path), proxy=proxy.url)
    proxy.asked.get(timeout=SOON_S)
    proxy.asked.get(timeout=SOON_S)
    assert "HTTP proxy connect failed (407)" in caplog.text
    assert server.accepted == 0


@pytest.mark.parametrize(
    ("proxy", "address"),
    [
        ("127.0.0.1:3128", ("127.0.0.1", 3128)),
        ("proxy.corp:3128", ("proxy.corp", 3128)),
        ("http://proxy.corp:3128/", ("proxy.corp", 3128)),
        ("HTTP://proxy.corp", ("proxy.corp", 80)),
        ("http://[::1]:8080", ("::1", 8080)),
        (None, None),
    ],
)
def test_proxy_may_be_written_as_the_environment_has_it(proxy: str | None, address: tuple[str, int] | None) -> None:
    assert SocketOptions(proxy=proxy).proxy_address() == address


@pytest.mark.parametrize(
    "proxy",
    ["socks5://127.0.0.1:1", "https://127.0.0.1:1", "http://user:secret@127.0.0.1:1", "user:secret@host:1", "http://h:99999", "h:x", ""],
)
def test_proxy_that_sockets_cannot_use_is_refused_at_the_start_without_showing_its_login(server: Server, proxy: str) -> None:
    group = SocketGroup("test-proxied", options=SocketOptions(proxy=proxy, proxy_from="the variable X"))
    group.attach("x", [Session(server.url)], lambda _: Witness())
    with pytest.raises(ValueError, match=r"the proxy from the variable X .* must be http://host:port") as refusal:
        group.start()
    assert "secret" not in str(refusal.value)
    assert not group.is_alive()
    assert "test-proxied" not in " ".join(thread.name for thread in threading.enumerate())
    reactor.wait(lambda: None)
    assert server.peers.empty()


class Slow(Session):
    """A session that has one more frame to send every little while."""

    def outgoing(self, now_s: float) -> list[str] | Failure:
        self.due_s = now_s + 0.02
        return ["{}"]

    def next_due(self) -> float | None:
        return self.due_s


def test_no_frame_is_sent_on_a_connection_that_is_closing(server: Server, caplog: pytest.LogCaptureFixture) -> None:
    from twisted.python.log import PythonLoggingObserver

    observer = PythonLoggingObserver("of-twisted")
    observer.start()
    witness = Witness()
    made = Socket(Slow(server.url), witness, backoff=quick())
    made.open()
    peer = server.peer()
    witness.next("connected")
    assert peer.next(TEXT) == b"{}"
    peer.send(struct.pack("!H", 1000), CLOSE)  # a goodbye, and the line stays
    witness.next("lost")
    server.peer()
    witness.next("connected")
    made.close()
    reactor.wait(lambda: None)
    observer.stop()
    assert [record.getMessage() for record in caplog.records if record.name == "of-twisted" and record.levelno >= logging.ERROR] == []


class TestGroup:
    """Several sockets under keys, with one callback thread."""

    @pytest.fixture
    def group(self) -> Iterator[SocketGroup]:
        group = SocketGroup("test-group")
        yield group
        group.close()

    def attach(self, group: SocketGroup, server: Server, callback: Callable[[Any], Any], key: str = "x") -> Any:
        session = Session(server.url)

        def listener(callbacks: CallbackThread) -> Delivery:
            line = EventLine(callbacks, callback, session.decode, name=key, limit=MARKET_LIMIT)
            return Delivery(line, lambda text: {"e": "error", "m": text})

        return group.attach(key, [session], listener)

    def test_attached_sockets_connect_at_start_and_later_ones_at_once(self, group: SocketGroup, server: Server) -> None:
        seen: queue.SimpleQueue[Any] = queue.SimpleQueue()
        assert self.attach(group, server, seen.put) == "x"
        assert not group.is_alive()
        reactor.wait(lambda: None)
        assert server.peers.empty()
        group.start()
        group.start()
        assert group.is_alive()
        server.peer().send("1")
        assert seen.get(timeout=SOON_S) == 1
        assert self.attach(group, server, seen.put, "y") == "y"
        server.peer().send("2")
        assert seen.get(timeout=SOON_S) == 2

    def test_s20_second_start_of_a_stream_returns_false(self, group: SocketGroup, server: Server) -> None:
        assert self.attach(group, server, print) == "x"
        assert self.attach(group, server, print) is False
        assert group.is_open("x")
        assert group.stop_socket("x") is True
        assert group.stop_socket("x") is False
        assert group.stop_socket(False) is False
        for wrong in (None, 5, True, ["x"]):
            with pytest.raises(TypeError, match="conn_key must be"):
                group.stop_socket(wrong)  # type: ignore[arg-type]
        assert self.attach(group, server, print) == "x"

    def test_close_forgets_everything_and_start_opens_only_what_is_new(self, group: SocketGroup, server: Server) -> None:
        self.attach(group, server, print)
        group.start()
        first = server.peer()
        group.wait_ready("x", timeout=SOON_S)
        group.close()
        assert not group.is_alive()
        assert first.next(CLOSE)
        assert not group.is_open("x")
        group.start()
        reactor.wait(lambda: None)
        assert server.peers.empty()
        seen: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self.attach(group, server, seen.put)
        server.peer().send("1")
        assert seen.get(timeout=SOON_S) == 1

    def test_stop_within_its_own_callback(self, group: SocketGroup, server: Server) -> None:
        seen: queue.SimpleQueue[Any] = queue.SimpleQueue()

        def callback(event: int) -> None:
            seen.put((event, group.stop_socket("x")))

        self.attach(group, server, callback)
        group.start()
        peer = server.peer()
        peer.stream.sendall(b"\x81\x011\x81\x012\x81\x013")
        assert seen.get(timeout=SOON_S) == (1, True)
        assert peer.next(CLOSE)
        group.close()
        assert seen.empty()

    def test_close_within_a_callback(self, group: SocketGroup, server: Server) -> None:
        closed = threading.Event()

        def callback(_: int) -> None:
            group.close()
            closed.set()

        self.attach(group, server, callback)
        group.start()
        server.peer().send("1")
        assert closed.wait(SOON_S)
        assert not group.is_alive()

    def test_s21_no_callback_once_stop_has_returned(self, group: SocketGroup, server: Server) -> None:
        print("seed 7")
        generator = random.Random(7)
        group.start()
        for _ in range(40):
            late: list[int] = []
            started, stopped = threading.Event(), threading.Event()

            def callback(
                event: int, started: threading.Event = started, stopped: threading.Event = stopped, late: list[int] = late
            ) -> None:
                started.set()
                if stopped.is_set():
                    late.append(event)

            self.attach(group, server, callback)
            peer = server.peer()
            for number in range(5):
                peer.send(str(number))
            if generator.random() < 0.7:
                assert started.wait(SOON_S)
            group.stop_socket("x")
            stopped.set()
            reactor.wait(lambda: None)
            assert late == []

    def test_s10_blocked_callback_does_not_stop_pongs_nor_other_groups(self, group: SocketGroup, server: Server) -> None:
        entered, go_on = threading.Event(), threading.Event()

        def callback(_: int) -> None:
            entered.set()
            assert go_on.wait(SOON_S)

        self.attach(group, server, callback)
        group.start()
        peer = server.peer()
        peer.send("1")
        assert entered.wait(SOON_S)
        peer.send("2")
        peer.send(b"still there?", PING)
        assert peer.next(PONG) == b"still there?"
        seen: queue.SimpleQueue[Any] = queue.SimpleQueue()
        with SocketGroup("test-other") as other:
            self.attach(other, server, seen.put)
            server.peer().send("3")
            assert seen.get(timeout=SOON_S) == 3
        go_on.set()

    def test_final_failure_is_told_to_the_callback_and_frees_the_key(self, group: SocketGroup, server: Server) -> None:
        seen: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self.attach(group, server, seen.put)
        group.start()
        server.peer().send("final")
        event = seen.get(timeout=SOON_S)
        assert event["e"] == "error"
        assert "the key is wrong" in event["m"]
        with pytest.raises(SocketException, match="the key is wrong"):
            group.wait_ready("x")
        assert not group.is_open("x")
        assert self.attach(group, server, seen.put) == "x"
        server.peer().send("1")
        assert seen.get(timeout=SOON_S) == 1

    def test_wait_ready_says_when_the_stream_flows_and_refuses_an_unknown_key(self, group: SocketGroup, server: Server) -> None:
        self.attach(group, server, print)
        with pytest.raises(SocketException, match="not ready within"):
            group.wait_ready("x", timeout=0.01)
        group.start()
        group.wait_ready("x", timeout=SOON_S)
        with pytest.raises(ValueError, match="conn_key 'y' is not open"):
            group.wait_ready("y")

    def test_threads_do_not_grow_over_starts_and_closes(self, group: SocketGroup, server: Server) -> None:
        counts = []
        for _ in range(8):
            self.attach(group, server, print)
            group.start()
            group.wait_ready("x", timeout=SOON_S)
            group.close()
            keepers = [thread for thread in threading.enumerate() if thread.name == "test-group-keeper"]
            for keeper in keepers:
                keeper.join(SOON_S)
            counts.append(sum(thread.name.startswith(("test-group", "exchangeclient")) for thread in threading.enumerate()))
        assert counts[0] == counts[-1]
        assert max(counts) == min(counts)

    def test_start_and_close_from_many_threads_at_once(self, group: SocketGroup, server: Server) -> None:
        errors: list[BaseException] = []

        def work(seed: int) -> None:
            generator = random.Random(seed)
            try:
                for _ in range(10):
                    generator.choice(
                        [group.start, group.close, lambda: self.attach(group, server, print), lambda: group.stop_socket("x")]
                    )()
            except Exception as error:  # noqa: BLE001 - shown by the test
                errors.append(error)

        threads = [threading.Thread(target=work, args=(seed,)) for seed in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(SOON_S)
        assert errors == []
        group.close()
        group.start()
        seen: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self.attach(group, server, seen.put, "after")
        group.wait_ready("after", timeout=SOON_S)

    def test_join_returns_when_it_is_closed(self, group: SocketGroup) -> None:
        group.join()  # not started: nothing to wait for
        group.start()
        group.join(timeout=0.01)
        threading.Timer(0.05, group.close).start()
        group.join(timeout=SOON_S)
        assert not group.is_alive()

    def test_join_waits_for_close_also_where_the_program_is_not_kept_alive(self) -> None:
        group = SocketGroup("test-free", keep_alive=False)
        group.start()
        joined = threading.Event()
        threading.Thread(target=lambda: (group.join(), joined.set()), daemon=True).start()
        assert not joined.wait(0.05)
        group.close()
        assert joined.wait(SOON_S)

    def test_start_that_fails_leaves_nothing_behind(self, group: SocketGroup, server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
        def stopped() -> Any:
            raise RuntimeError("the reactor was stopped")

        self.attach(group, server, print)
        with monkeypatch.context() as patch:
            patch.setattr("exchangeclient.core.reactor.running", stopped)
            for _ in range(2):
                with pytest.raises(RuntimeError, match="was stopped"):
                    group.start()
                assert not group.is_alive()
        assert "test-group" not in " ".join(thread.name for thread in threading.enumerate())
        group.start()
        assert server.peer()

    def test_socket_that_cannot_be_opened_is_not_attached(
        self, group: SocketGroup, server: Server, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def stopped() -> Any:
            raise RuntimeError("the reactor was stopped")

        group.start()
        with monkeypatch.context() as patch:
            patch.setattr("exchangeclient.core.reactor.running", stopped)
            with pytest.raises(RuntimeError, match="was stopped"):
                self.attach(group, server, print)
        assert not group.is_open("x")

    @pytest.mark.parametrize("kind", [KeyboardInterrupt, SystemExit])
    def test_leaving_a_with_block_to_end_the_program_hardly_waits_for_a_callback(
        self, server: Server, kind: type[BaseException], caplog: pytest.LogCaptureFixture
    ) -> None:
        entered, go_on = threading.Event(), threading.Event()

        def hangs(_: int) -> None:
            entered.set()
            go_on.wait(SOON_S)

        def program(group: SocketGroup) -> None:
            with group:
                self.attach(group, server, hangs)
                server.peer().send("1")
                assert entered.wait(SOON_S)
                raise kind

        began = time.monotonic()
        with pytest.raises(kind):
            program(SocketGroup("test-left"))
        assert time.monotonic() - began < 2.0
        assert "is left behind" in caplog.text
        go_on.set()

    def test_waiting_is_forbidden_on_the_reactors_thread(self, group: SocketGroup) -> None:
        with pytest.raises(RuntimeError, match="would block the reactor's thread"):
            reactor.wait(group.wait_ready, "x")
