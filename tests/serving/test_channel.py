"""Plain connections and what hostile, slow and vanishing peers do to them."""

from __future__ import annotations

import logging
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from queue import Queue

import pytest

from exchangeclient.core.process import reactor
from exchangeclient.serving import channel
from exchangeclient.serving.host import MOST_REFUSALS, Host, Limits
from exchangeclient.serving.messages import Delivery, HttpRequest, HttpResponse, Later

PATIENCE_S = 10
ASK = b"GET /x HTTP/1.1\r\nHost: x\r\n\r\n"


class Scripted:
    """An app that answers as a test says, and keeps what it was asked."""

    def __init__(self) -> None:
        self.requests: Queue[HttpRequest] = Queue()
        self.answer: Callable[[HttpRequest], HttpResponse | Later[HttpResponse]] = lambda request: HttpResponse(200, request.path.encode())

    def http(self, request: HttpRequest) -> HttpResponse | Later[HttpResponse]:
        self.requests.put(request)
        return self.answer(request)

    def websocket(self, request: HttpRequest) -> HttpResponse:
        return HttpResponse(404)


@pytest.fixture
def app() -> Scripted:
    return Scripted()


@contextmanager
def serving(app: Scripted, limits: Limits | None = None) -> Iterator[int]:
    host = Host(app, limits=limits)
    host.start()
    try:
        yield host.port
    finally:
        host.stop()


@pytest.fixture
def port(app: Scripted) -> Iterator[int]:
    with serving(app) as port:
        yield port


def connected(port: int) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_S)


def all_of(peer: socket.socket) -> bytes:
    """What comes until the far end closes."""
    received = b""
    while chunk := peer.recv(65536):
        received += chunk
    return received


def answer_to(port: int, *parts: bytes) -> bytes:
    with connected(port) as peer:
        for part in parts:
            peer.sendall(part)
        return all_of(peer)


@pytest.mark.parametrize(
    "sent",
    [
        b"GET /x\r\n\r\n",  # HTTP/0.9
        b"GET /x HTTP/2.0\r\n\r\n",
        b"GET  /x HTTP/1.1\r\n\r\n",
        b"GE(T /x HTTP/1.1\r\n\r\n",
        b"GET /\x00x HTTP/1.1\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",  # a TLS handshake
        b"GET /x HTTP/1.1\r\nno colon\r\n\r\n",
        b"GET /x HTTP/1.1\r\nA\x00: b\r\n\r\n",
        b"POST /x HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
        b"POST /x HTTP/1.1\r\nContent-Length: +1\r\n\r\n",
        b"POST /x HTTP/1.1\r\nContent-Length: 0x1\r\n\r\n",
        b"POST /x HTTP/1.1\r\nContent-Length: 1, 1\r\n\r\n",
        b"POST /x HTTP/1.1\r\nContent-Length: " + b"9" * 5000 + b"\r\n\r\n",
        b"POST /x HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
        b"POST /x HTTP/1.1\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"POST /x HTTP/1.1\r\nTransfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n",
        b"POST /x HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n\r\n",
        b"GET /" + b"x" * 20_000 + b" HTTP/1.1\r\n\r\n",
        b"GET /x HTTP/1.1\r\n" + b"A: b\r\n" * 600 + b"\r\n",
        b"GET /x HTTP/1.1\r\nA: " + b"b" * 20_000 + b"\r\n\r\n",
    ],
)
def test_what_is_no_request_is_refused_and_the_connection_ended(
    app: Scripted, port: int, sent: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        answer = answer_to(port, sent)
    assert answer.startswith(b"HTTP/1.1 400 Bad Request\r\n")
    assert b"Connection: close" in answer
    assert app.requests.empty()
    assert caplog.records == []


def test_a_body_that_is_too_large_is_refused_before_it_comes(app: Scripted, port: int) -> None:
    answer = answer_to(port, b"POST /x HTTP/1.1\r\nContent-Length: 1000000000000\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert app.requests.empty()


def test_what_a_refused_peer_goes_on_sending_is_dropped(app: Scripted, port: int) -> None:
    with connected(port) as peer:
        peer.sendall(b"POST /x HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n")
        for _ in range(40):
            peer.sendall(b"10000\r\n" + b"x" * 0x10000 + b"\r\n")
        peer.sendall(b"0\r\n\r\n" + ASK)
        assert all_of(peer).startswith(b"HTTP/1.1 413 ")
    assert app.requests.empty()


@pytest.mark.parametrize("method", ["BREW", "CONNECT", "TRACE", "get"])
def test_any_method_goes_to_the_app_in_upper_case(app: Scripted, port: int, method: str) -> None:
    with connected(port) as peer:
        peer.sendall(f"{method} /x HTTP/1.1\r\n\r\n".encode())
        assert peer.recv(65536).startswith(b"HTTP/1.1 200 ")
    assert app.requests.get(timeout=PATIENCE_S).method == method.upper()


def test_an_older_client_is_answered_and_its_connection_ended(app: Scripted, port: int) -> None:
    answer = answer_to(port, b"GET /x HTTP/1.0\r\n\r\n")
    assert answer.endswith(b"\r\n\r\n/x")
    assert b"Connection: close" in answer


def test_requests_that_come_at_once_are_answered_in_order(port: int) -> None:
    asks = [f"GET /{number} HTTP/1.1\r\nHost: x\r\n\r\n".encode() for number in range(50)]
    answer = answer_to(port, *asks[:-1], b"GET /last HTTP/1.1\r\nConnection: close\r\n\r\n")
    places = [answer.index(f"\r\n\r\n/{number}HTTP".encode()) for number in range(49)]
    assert places == sorted(places)
    assert answer.endswith(b"/last")


@pytest.mark.parametrize(
    "begin",
    [
        b"GET /b HTTP/1.1\r\nA: ",  # the header
        b"GET /b HTTP/1.1\r\n",  # the name of one
        b"GET /b?",  # the target
        b"POST /b HTTP/1.1\r\nContent-Length: %d\r\n\r\n" % len(ASK),  # the body
        b"POST /b HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n" % len(ASK),
    ],
)
@pytest.mark.parametrize("before", [b"", b"GET /a HTTP/1.1\r\n\r\n"])
def test_what_ends_a_request_is_not_taken_for_another_one(app: Scripted, port: int, before: bytes, begin: bytes) -> None:
    with connected(port) as peer:
        peer.sendall(before + begin)
        if before:
            assert peer.recv(65536).endswith(b"/a")
        else:
            reactor.wait(lambda: None)
        peer.sendall(ASK)
        peer.shutdown(socket.SHUT_WR)
        all_of(peer)
    asked = [request.path for request in list(app.requests.queue)]
    assert "/x" not in asked


def test_a_request_that_comes_before_the_last_answer_waits_for_it(app: Scripted, port: int) -> None:
    app.answer = lambda request: (
        Later(0.2, lambda: HttpResponse(200, b"slow")) if request.path == "/slow" else HttpResponse(200, request.path.encode())
    )
    with connected(port) as peer:
        peer.sendall(b"GET /slow HTTP/1.1\r\n\r\n")
        app.requests.get(timeout=PATIENCE_S)
        for path in (b"/one", b"/two"):
            peer.sendall(b"GET %b HTTP/1.1\r\n\r\n" % path)
            reactor.wait(lambda: None)
        peer.sendall(b"GET /last HTTP/1.1\r\nConnection: close\r\n\r\n")
        answer = all_of(peer)
    places = [answer.index(b"\r\n\r\n" + body) for body in (b"slow", b"/one", b"/two", b"/last")]
    assert places == sorted(places)


# ---- slow ones -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("sent", [b"", b"GET /x HT", b"GET /x HTTP/1.1\r\nA: b\r\n", b"POST /x HTTP/1.1\r\nContent-Length: 5\r\n\r\nab"])
def test_a_request_that_is_not_whole_in_time_is_refused(app: Scripted, sent: bytes) -> None:
    with serving(app, Limits(request_timeout_s=0.2)) as port:
        assert answer_to(port, sent).startswith(b"HTTP/1.1 408 ")
    assert app.requests.empty()


def test_g04_a_byte_now_and_then_buys_no_time(app: Scripted) -> None:
    with serving(app, Limits(request_timeout_s=0.3)) as port, connected(port) as peer:
        begun = time.monotonic()
        peer.settimeout(0.02)
        received = b""
        while not received:
            assert time.monotonic() - begun < PATIENCE_S
            try:
                peer.sendall(b"A")
                received = peer.recv(65536)
            except TimeoutError:
                continue
        assert received.startswith(b"HTTP/1.1 408 ")


def test_an_idle_connection_is_closed_after_a_while_and_a_used_one_is_not(app: Scripted) -> None:
    with serving(app, Limits(request_timeout_s=0.2, idle_timeout_s=0.6)) as port, connected(port) as peer:
        for _ in range(4):
            peer.sendall(ASK)
            assert peer.recv(65536).endswith(b"/x")
            peer.settimeout(0.3)
            with pytest.raises(TimeoutError):
                peer.recv(1)
            peer.settimeout(PATIENCE_S)
        assert peer.recv(1) == b""


def test_g04_a_peer_that_does_not_take_its_answer_is_cut_off(app: Scripted) -> None:
    app.answer = lambda _request: HttpResponse(200, b"x" * 2**25)
    with serving(app, Limits(request_timeout_s=0.2)) as port, connected(port) as peer:
        peer.sendall(ASK)
        app.requests.get(timeout=PATIENCE_S)
        app.answer = lambda _request: HttpResponse(200, b"fine")
        assert answer_to(port, b"GET /y HTTP/1.0\r\n\r\n").endswith(b"fine")
        # The far end has given up when it hears nothing of us any more.
        until = time.monotonic() + PATIENCE_S
        while peer.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) == 0:
            assert time.monotonic() < until
            threading.Event().wait(0.02)
        assert len(all_of(peer)) < 2**25


def test_g23_too_many_connections_are_told_so_and_others_come_in_when_some_are_gone(app: Scripted) -> None:
    with serving(app, Limits(most_connections=5)) as port:
        idle = [connected(port) for _ in range(5)]
        for peer in idle:
            peer.sendall(ASK)
            assert peer.recv(65536)
        refused = answer_to(port, ASK)
        assert refused.startswith(b"HTTP/1.1 503 ")
        assert b"Retry-After" in refused
        idle.pop().close()
        until = time.monotonic() + PATIENCE_S
        while answer_to(port, b"GET /x HTTP/1.0\r\n\r\n").startswith(b"HTTP/1.1 503 "):
            assert time.monotonic() < until
        for peer in idle:
            peer.close()


def test_g23_a_flood_of_connections_is_closed_unheard(app: Scripted) -> None:
    with serving(app, Limits(most_connections=1)) as port:
        peers = [connected(port) for _ in range(MOST_REFUSALS + 20)]
        answers = [all_of_or_nothing(peer) for peer in peers[1:]]
        for peer in peers:
            peer.close()
    assert sum(answer.startswith(b"HTTP/1.1 503 ") for answer in answers) >= MOST_REFUSALS
    assert b"" in answers


def all_of_or_nothing(peer: socket.socket) -> bytes:
    try:
        return all_of(peer)
    except ConnectionResetError:
        return b""


# ---- answers -------------------------------------------------------------------------------------------------------------


def test_an_answer_may_come_later_while_others_are_answered(app: Scripted, port: int) -> None:
    app.answer = lambda request: (
        HttpResponse(200, b"now") if request.path == "/now" else Later(0.2, lambda: Later(0.1, lambda: HttpResponse(200, b"later")))
    )
    with connected(port) as slow:
        begun = time.monotonic()
        slow.sendall(ASK)
        assert answer_to(port, b"GET /now HTTP/1.0\r\n\r\n").endswith(b"now")
        assert slow.recv(65536).endswith(b"later")
        assert time.monotonic() - begun >= 0.3


def test_what_is_worked_out_later_is_worked_out_without_a_peer_too(app: Scripted, port: int, caplog: pytest.LogCaptureFixture) -> None:
    worked = threading.Event()

    def work() -> HttpResponse:
        worked.set()
        return HttpResponse(200)

    app.answer = lambda _request: Later(0.1, work)
    with caplog.at_level(logging.WARNING):
        with connected(port) as peer:
            peer.sendall(ASK)
            app.requests.get(timeout=PATIENCE_S)
            peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # leave with a RST
        assert worked.wait(PATIENCE_S)
        reactor.wait(lambda: None)
    assert caplog.records == []


def test_what_fails_later_is_answered_with_500(app: Scripted, port: int, caplog: pytest.LogCaptureFixture) -> None:
    def work() -> HttpResponse:
        raise ValueError("boom")

    app.answer = lambda _request: Later(0, work)
    with caplog.at_level(logging.ERROR):
        assert answer_to(port, b"GET /x HTTP/1.0\r\n\r\n").startswith(b"HTTP/1.1 500 ")
    assert any(record.exc_info for record in caplog.records)


def test_a_stopped_host_works_nothing_out_any_more(app: Scripted) -> None:
    worked = threading.Event()

    def work() -> HttpResponse:
        worked.set()
        return HttpResponse(200)

    app.answer = lambda _request: Later(0.3, work)
    with serving(app) as port, connected(port) as peer:
        peer.sendall(ASK)
        app.requests.get(timeout=PATIENCE_S)
    assert not worked.wait(0.5)


@pytest.mark.parametrize("ending", ["close", "reset", "silence"])
def test_a_connection_ends_behind_an_answer_as_it_says(app: Scripted, port: int, ending: str) -> None:
    app.answer = lambda _request: HttpResponse(200, b"whole", delivery=Delivery(ending=ending))  # type: ignore[arg-type]
    with connected(port) as peer:
        peer.sendall(ASK)
        received = b""
        while not received.endswith(b"whole"):
            received += peer.recv(65536)
        if ending == "close":
            assert peer.recv(1) == b""
        elif ending == "reset":
            with pytest.raises(ConnectionResetError):
                peer.recv(1)
        else:
            peer.settimeout(0.2)
            peer.sendall(ASK)
            with pytest.raises(TimeoutError):
                peer.recv(1)


def test_a_head_without_its_body_is_a_whole_answer_to_head(app: Scripted, port: int) -> None:
    app.answer = lambda _request: HttpResponse(200, b"body", delivery=Delivery(filler=b"x", filler_times=3, ending="close"))
    answer = answer_to(port, b"HEAD /x HTTP/1.1\r\n\r\n")
    assert b"Content-Length: 7\r\n" in answer
    assert answer.endswith(b"\r\n\r\n")


def test_a_peer_that_vanishes_in_the_middle_of_an_answer_leaves_no_trace(
    app: Scripted, port: int, caplog: pytest.LogCaptureFixture
) -> None:
    endless = Delivery(filler=b"x" * 65536, filler_times=None, chunked=True)
    with caplog.at_level(logging.WARNING):
        for pause in (endless, Delivery(slice_bytes=1, pause_s=0.01)):
            app.answer = lambda _request, pause=pause: HttpResponse(200, b"x" * 100, delivery=pause)  # type: ignore[misc]
            with connected(port) as peer:
                peer.sendall(ASK)
                assert peer.recv(100)
                peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        app.answer = lambda _request: HttpResponse(200, b"fine")
        assert answer_to(port, b"GET /x HTTP/1.0\r\n\r\n").endswith(b"fine")
    assert caplog.records == []


def test_a_body_of_some_size_stays_in_memory(app: Scripted, port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_file(*_args: object, **_options: object) -> None:
        raise AssertionError("a body was put on the disk")

    monkeypatch.setattr("tempfile.TemporaryFile", no_file)
    body = b"x" * channel.MAX_BODY_BYTES
    with connected(port) as peer:
        peer.sendall(b"POST /x HTTP/1.1\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
        assert peer.recv(65536).startswith(b"HTTP/1.1 200 ")
    assert app.requests.get(timeout=PATIENCE_S).body == body
