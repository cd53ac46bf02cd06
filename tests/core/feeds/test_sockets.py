"""Kept connections against a real server on loopback, which misbehaves as it is told."""

from __future__ import annotations

import base64
import hashlib
import logging
import queue
import random
import socket
import struct
import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import socket_peer
from socket_peer import CLOSE, PING, PONG, SOON_S, TEXT, Peer, Server, Session, Witness, quick
from twisted.internet.address import IPv4Address
from twisted.internet.interfaces import IHostnameResolver
from zope.interface import implementer

from exchangeclient.core.feeds.notices import SocketNotice
from exchangeclient.core.feeds.sockets import Socket
from exchangeclient.core.process import reactor
from exchangeclient.core.protocol.session import Failure
from exchangeclient.exceptions import SocketException

Open = Callable[..., tuple[Socket, Session, Witness]]


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
    assert len(session.opened_at) == 2
    assert "x@trade: connected" in caplog.text
    assert "connection lost" in caplog.text
    assert "connecting again in" in caplog.text


def test_s06_server_that_is_down_is_tried_until_it_is_up(open_socket: Open) -> None:
    placeholder = socket.create_server(("127.0.0.1", 0))
    port = placeholder.getsockname()[1]
    placeholder.close()
    made, _, witness = open_socket(f"ws://127.0.0.1:{port}/")
    while made.failures < 5:
        with pytest.raises(SocketException, match=r"was not ready within 0\.01 s"):
            made.wait_ready(0.01)
    listening = socket.create_server(("127.0.0.1", port))
    stream, _ = listening.accept()
    assert stream.recv(3) == b"GET"
    stream.close()
    listening.close()
    assert witness.seen.empty()  # there was nothing to lose yet


def test_stream_is_lost_with_the_goodbye_not_when_the_line_is_dropped(server: Server, open_socket: Open) -> None:
    _, _, witness = open_socket(server.url)
    peer = server.peer()
    witness.next("connected")
    peer.stream.sendall(b"\x81\x011" + b"\x88\x06" + struct.pack("!H", 1001) + b"away")
    assert witness.next("received") == [b"1"]
    assert witness.next("lost") == "closed with code 1001 away"
    server.peer().send("2")  # while the first line is still there
    witness.next("connected")
    assert witness.next("received") == [b"2"]


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (b"HTTP/1.1 403 Forbidden\r\n\r\n", "403"),
        (b"HTTP/1.1 302 Found\r\nLocation: ws://127.0.0.1:1/\r\n\r\n", "302"),
        (
            b"HTTP/1.1 101 Yes\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: d3Jvbmc=\r\n\r\n",
            "Sec-WebSocket-Accept",
        ),
        (b"SSH-2.0-OpenSSH_9.7\r\n\r\n", "SSH"),
    ],
    ids=["status", "redirect", "wrong Accept", "no HTTP"],
)
def test_s05_refused_handshake_is_told_with_its_reason(server: Server, open_socket: Open, answer: bytes, said: str) -> None:
    notices: queue.SimpleQueue[SocketNotice] = queue.SimpleQueue()
    server.answer = answer
    open_socket(server.url, tell=notices.put)
    first, second = notices.get(timeout=SOON_S), notices.get(timeout=SOON_S)
    assert first.kind == second.kind == "refused"
    assert said in first.reason
    assert (first.failures, second.failures) == (1, 2)


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        (b"1", True),
        (b"Fri, 20 Nov 2026 10:00:01 GMT\r\nDate: Fri, 20 Nov 2026 10:00:00 GMT", True),
        (b"soon", False),
        (b"-5", False),
    ],
    ids=["seconds", "date", "text", "negative"],
)
def test_s05_a_refusal_that_asks_for_rest_is_heeded(server: Server, open_socket: Open, said: bytes, kept: bool) -> None:
    server.answer = b"HTTP/1.1 429 Too Many Requests\r\nRetry-After: " + said + b"\r\n\r\n"
    notices: queue.SimpleQueue[SocketNotice] = queue.SimpleQueue()
    open_socket(server.url, tell=notices.put)
    first, second = notices.get(timeout=SOON_S), notices.get(timeout=SOON_S)
    assert (second.at - first.at >= 0.99) is kept


@implementer(IHostnameResolver)
class TwoAddresses:
    """A name server that knows of two addresses, of which nobody listens at the first."""

    def resolveHostName(self, receiver: Any, hostName: str, portNumber: int = 0, *_: Any, **__: Any) -> Any:
        class Resolution:
            name = hostName

            def cancel(self) -> None:
                raise NotImplementedError

        resolution = Resolution()
        receiver.resolutionBegan(resolution)
        for host in ("127.0.0.2", "127.0.0.1"):
            receiver.addressResolved(IPv4Address("TCP", host, portNumber))
        receiver.resolutionComplete()
        return resolution


def test_s23_dead_address_of_a_host_is_passed_over_for_the_next(server: Server, open_socket: Open) -> None:
    loop: Any = reactor.running()
    before = reactor.wait(loop.installNameResolver, TwoAddresses())
    try:
        _, _, witness = open_socket(server.url.replace("127.0.0.1", "venue.test"))
        server.peer().send("1")
        witness.next("connected")
        assert witness.next("received") == [b"1"]
    finally:
        reactor.wait(loop.installNameResolver, before)


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
    assert len(session.opened_at) == 1
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


# In a network of its own, whose one cable can be pulled.
PULLED = """
    import subprocess
    import sys
    import threading

    sys.path.insert(0, sys.argv[1])
    from socket_peer import PING, PONG, Server, Session, Witness, quick
    from exchangeclient.core.wire.dialing import SocketOptions
    from exchangeclient.core.feeds.sockets import Socket

    def cable(state):
        subprocess.run(["ip", "link", "set", "lo", state], check=True)

    def answer_pings(peer):
        for _ in range(2):
            peer.send(peer.next(PING), PONG)
        answered.set()
        while True:
            peer.send(peer.next(PING), PONG)

    cable("up")
    server, witness, answered = Server(), Witness(), threading.Event()
    options = SocketOptions(ping_interval_s=1.0, pong_timeout_s=3.0, connect_timeout_s=2.0)
    made = Socket(Session(server.url), witness, options=options, backoff=quick())
    made.open()
    threading.Thread(target=answer_pings, args=(server.peer(),), daemon=True).start()
    witness.next("connected")
    assert answered.wait(30) and witness.seen.empty()
    cable("down")
    print(witness.next("lost"))
    cable("up")
    server.peer()
    witness.next("connected")
"""
IN_A_NETWORK_OF_ITS_OWN = ["unshare", "--map-root-user", "--net"]


def test_s02_a_pulled_cable_is_noticed_by_an_unanswered_ping() -> None:
    try:
        subprocess.run([*IN_A_NETWORK_OF_ITS_OWN, "ip", "link", "set", "lo", "up"], capture_output=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("this system gives nobody a network of his own")
    command = [*IN_A_NETWORK_OF_ITS_OWN, sys.executable, "-c", textwrap.dedent(PULLED), str(Path(socket_peer.__file__).parent)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=90, check=False)
    assert done.returncode == 0, done.stderr
    assert "ping timeout" in done.stdout


def test_venues_ping_is_answered_with_its_payload(server: Server, open_socket: Open) -> None:
    open_socket(server.url)
    peer = server.peer()
    peer.send(b"1700000000000", PING)
    assert peer.next(PONG) == b"1700000000000"


def test_s28_late_message_of_an_old_connection_is_ignored(server: Server, open_socket: Open) -> None:
    made, _, witness = open_socket(server.url)
    server.peer()
    witness.next("connected")
    old, link = made._current, made._current._link
    reactor.wait(old.lost, link, "as a test would have it")
    witness.next("lost")
    new = server.peer()
    witness.next("connected")
    reactor.wait(old.received, link, [b"late"])
    reactor.wait(old.lost, link, "again")
    new.send("1")
    assert witness.next("received") == [b"1"]


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
