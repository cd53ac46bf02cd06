"""What a stream that reads its own connection does about connecting; what all streams to iterate over do is in test_iteration."""

from __future__ import annotations

import contextlib
import json
import queue
import socket
import ssl
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
from socket_peer import PING, SOON_S, Server, Session

from exchangeclient.core.budgets.attempts import attempts_at
from exchangeclient.core.budgets.respite import respite_of
from exchangeclient.core.feeds import blocking
from exchangeclient.core.feeds.blocking import AHEAD_S, OVERLAP_S, BlockingStream
from exchangeclient.core.process.clock import FakeClock
from exchangeclient.core.protocol.blocking_talk import Talk
from exchangeclient.core.wire.dialing import SocketOptions
from exchangeclient.exceptions import SocketTimeoutException


def iterate(url: str, timeout: float | None = SOON_S, **options: Any) -> BlockingStream:
    return BlockingStream(Session(url), options=SocketOptions(**{"retry_s": 0.01, "retry_most_s": 0.05, **options}), timeout=timeout)


def soon(server: Server, *texts: str) -> None:
    """Have the server send these over its next connection."""

    def send() -> None:
        peer = server.peer()
        for text in texts:
            peer.send(text)

    threading.Thread(target=send, daemon=True).start()


def test_nothing_of_the_reactor_nor_of_websocket_client_is_loaded_before_it_is_needed(server: Server) -> None:
    soon(server, "1")
    code = f"""
        import sys
        from exchangeclient.client import Client
        def loaded():
            return sorted(name for name in ("twisted", "autobahn", "OpenSSL", "websocket") if name in sys.modules)
        with Client(environment="http://127.0.0.1:{server.port}").stream("x@trade", timeout=10) as stream:
            print(loaded(), next(stream)["raw"], loaded())
    """
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", textwrap.dedent(code)], capture_output=True, text=True, timeout=SOON_S, check=True
    )
    assert (done.stdout, done.stderr) == ("[] 1 ['websocket']\n", "")


def test_connection_is_made_when_the_first_event_is_waited_for(server: Server) -> None:
    with iterate(server.url) as stream:
        assert server.accepted == 0
        soon(server, "1")
        assert next(stream) == 1
        assert server.accepted == 1


def test_frames_of_the_session_are_sent(server: Server) -> None:
    session = Session(server.url)
    session.frames = ["subscribe"]
    with BlockingStream(session, timeout=SOON_S) as stream:
        thread = threading.Thread(target=lambda: [peer := server.peer(), peer.send(b'"%s"' % peer.next(1))], daemon=True)
        thread.start()
        assert next(stream) == "subscribe"


def test_s01_connection_that_answers_no_ping_is_left(server: Server) -> None:
    with iterate(server.url, ping_interval_s=0.1, pong_timeout_s=0.1) as stream:
        asked: list[bytes] = []

        def play() -> None:
            asked.append(server.peer().next(PING))
            server.peer().send("1")

        threading.Thread(target=play, daemon=True).start()
        assert next(stream) == 1
        assert len(asked) == 1


def test_close_while_two_connections_are_being_read_ends_the_iteration(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blocking, "OVERLAP_S", SOON_S)
    read = Talk.read

    def reading(talk: Talk, timeout_s: float | None, now: Callable[[], float]) -> list[bytes]:
        if len(stream._talks) == 2:
            stream.close()  # as another thread may at this moment
        return read(talk, timeout_s, now)

    monkeypatch.setattr(Talk, "read", reading)
    soon(server, "1", "leaving")
    with iterate(server.url) as stream:
        assert list(stream) == [1]
    assert stream.connection is None


def test_s06_host_that_is_down_is_tried_until_the_event_is_late() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
    with iterate(f"ws://127.0.0.1:{port}/ws/x", timeout=0.3) as stream:
        for _ in range(2):
            with pytest.raises(SocketTimeoutException):
                next(stream)


def test_s05_refused_handshake_keeps_away_for_as_long_as_it_is_asked_to(server: Server, caplog: pytest.LogCaptureFixture) -> None:
    server.answer = b"HTTP/1.1 429 Too Many Requests\r\nRetry-After: 30\r\nContent-Length: 0\r\n\r\n"
    caplog.set_level("INFO")
    with iterate(server.url, timeout=0.3) as stream:
        with pytest.raises(SocketTimeoutException):
            next(stream)
        assert server.accepted == 1
    assert "the handshake was answered with 429" in caplog.text
    assert respite_of(server.url).left_s() > 20.0  # for the sockets on the reactor too


def test_s05_a_host_that_has_asked_a_socket_on_the_reactor_for_rest_is_left_alone_here_too(server: Server) -> None:
    attempts_at(server.url, (280, 300.0), respite_of(server.url)).hold(0.0, 30.0)
    with iterate(server.url, timeout=0.3) as stream, pytest.raises(SocketTimeoutException):
        next(stream)
    assert server.accepted == 0


@pytest.mark.parametrize("way", ["directly", "http", "socks5"])
def test_s05_an_answer_that_dribbles_is_not_waited_for_longer_than_an_event_may_take(way: str) -> None:
    done = threading.Event()

    def dribble(listening: socket.socket) -> None:
        with contextlib.suppress(OSError):  # it was left
            while True:
                stream, _ = listening.accept()
                with stream:
                    stream.recv(4096)
                    while not done.wait(0.05):
                        # An endless answer, or to SOCKS an endless name.
                        stream.sendall(b"x" if way != "socks5" else b"\x05\x00")

    with socket.create_server(("127.0.0.1", 0)) as listening:
        threading.Thread(target=dribble, args=(listening,), daemon=True).start()
        here = f"127.0.0.1:{listening.getsockname()[1]}"
        proxy = None if way == "directly" else f"{way}://{here}"
        begun = time.monotonic()
        with iterate(f"ws://{here}/ws/x@trade", timeout=0.5, proxy=proxy) as stream, pytest.raises(SocketTimeoutException):
            next(stream)
        took_s = time.monotonic() - begun
        done.set()
    assert took_s < 10.0


@pytest.mark.parametrize("text", [f"[{'1,' * 10_000}1]", '"' + "é" * 500 + '"'], ids=["long", "no ASCII"])
def test_a_message_that_dribbles_holds_nobody_up_and_comes_whole_in_the_end(server: Server, text: str) -> None:
    late = threading.Event()

    def send() -> None:
        peer, payload = server.peer(), text.encode()
        peer.stream.sendall(b"\x81\x7e" + len(payload).to_bytes(2, "big"))
        for place in range(len(payload) - 1):
            peer.stream.sendall(payload[place : place + 1])
            if late.wait(0.05):
                peer.stream.sendall(payload[place + 1 :])
                return

    threading.Thread(target=send, daemon=True).start()
    with iterate(server.url, timeout=0.5) as stream:
        begun = time.monotonic()
        with pytest.raises(SocketTimeoutException):
            next(stream)
        took_s = time.monotonic() - begun
        late.set()
        assert next(stream) == json.loads(text)
    assert took_s < 10.0


def test_s05_redirect_is_not_followed(server: Server) -> None:
    with socket.create_server(("127.0.0.1", 0)) as elsewhere:
        elsewhere.settimeout(0.0)
        where = f"ws://127.0.0.1:{elsewhere.getsockname()[1]}/"
        server.answer = f"HTTP/1.1 302 Found\r\nLocation: {where}\r\nContent-Length: 0\r\n\r\n".encode()
        with iterate(server.url, timeout=0.2) as stream, pytest.raises(SocketTimeoutException):
            next(stream)
        with pytest.raises(BlockingIOError):
            elsewhere.accept()


def test_attempts_are_paced_by_what_the_host_takes(server: Server) -> None:
    server.answer = b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n"
    with iterate(server.url, timeout=0.5, attempts=(3, 60.0)) as stream:
        with pytest.raises(SocketTimeoutException):
            next(stream)
        assert server.accepted == 3


def test_tls_is_verified_with_the_hostname(certificate: tuple[ssl.SSLContext, str], caplog: pytest.LogCaptureFixture) -> None:
    context, bundle = certificate
    caplog.set_level("INFO")
    server = Server(context)
    try:
        soon(server, "1")
        with iterate(server.url, ca_bundle=bundle) as stream:
            assert next(stream) == 1
        for url, options in ((server.url, {}), (server.url.replace("127.0.0.1", "localhost"), {"ca_bundle": bundle})):
            with iterate(url, timeout=0.3, **options) as stream, pytest.raises(SocketTimeoutException):
                next(stream)
        assert caplog.text.count("CERTIFICATE_VERIFY_FAILED") >= 2
        assert server.accepted == 1
    finally:
        server.stop()


def test_environments_proxy_is_not_asked_unless_it_was_named(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    soon(server, "1")
    with iterate(server.url) as stream:
        assert next(stream) == 1


def test_life_that_is_nearly_over_ends_with_the_next_connection(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("exchangeclient.core.feeds.blocking.AHEAD_S", 0.1)
    monkeypatch.setattr("exchangeclient.core.feeds.blocking.OVERLAP_S", 0.0)
    session = Session(server.url)
    session.lives_s = 0.2
    with BlockingStream(session, timeout=SOON_S) as stream:

        def play() -> None:
            server.peer().send("1")
            server.peer().send("2")

        threading.Thread(target=play, daemon=True).start()
        assert [next(stream), next(stream)] == [1, 2]


def test_s16_what_a_new_connection_says_late_is_known_from_before_it_was_made(server: Server) -> None:
    clock, got = FakeClock(), queue.SimpleQueue[Any]()
    session = Session(server.url)
    session.lives_s = 1000.0
    stream = BlockingStream(session, clock=clock)
    threading.Thread(target=lambda: [got.put(event) for event in stream], daemon=True).start()
    old = server.peer()
    for number, seconds in enumerate((0.0, 990.0, 0.0, AHEAD_S)):
        clock.advance(seconds)
        old.send(str(number))
        assert got.get(timeout=SOON_S) == number
    new = server.peer()
    assert server.accepted == 2
    new.send("2")  # told already, before there was a new connection
    new.send("3")
    new.send("4")
    assert got.get(timeout=SOON_S) == 4
    old.send("4")
    clock.advance(OVERLAP_S)
    new.send("5")
    assert got.get(timeout=SOON_S) == 5
    stream.close()
    assert got.empty()


def test_waiting_for_the_next_attempt_ends_with_close() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
    clock = FakeClock()
    stream = BlockingStream(Session(f"ws://127.0.0.1:{port}/"), options=SocketOptions(retry_s=3600, retry_most_s=3600), clock=clock)
    ended = threading.Event()
    threading.Thread(target=lambda: [list(stream), ended.set()], daemon=True).start()
    assert not ended.wait(0.1)
    stream.close()
    assert ended.wait(SOON_S)
