"""The server host: HTTP and websockets on a port, and the end of it."""

from __future__ import annotations

import contextlib
import gc
import http.client
import logging
import socket
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from queue import Empty, Queue

import pytest
import requests
import websocket

from exchangeclient.core.process import reactor
from exchangeclient.serving import channel, sockets
from exchangeclient.serving.app import Accepted, Connection, Message
from exchangeclient.serving.host import Host, Limits
from exchangeclient.serving.messages import Delivery, HttpRequest, HttpResponse, Promised

PATIENCE_S = 10


class Echo:
    """A websocket handler that sends back what it gets; ``boom`` makes it fail, ``bye`` makes it close."""

    def __init__(self) -> None:
        self.happened: Queue[str] = Queue()
        self.connection: Connection | None = None

    def opened(self, connection: Connection) -> None:
        self.connection = connection
        self.happened.put("opened")

    def received(self, payload: str | bytes) -> None:
        assert self.connection is not None
        if payload == "boom":
            raise ValueError("boom")
        if payload == "bye":
            self.connection.close(1008, "enough")
        self.connection.send(payload)

    def control(self, kind: str, payload: bytes) -> None:
        self.happened.put(f"{kind} {payload.decode('latin-1')}")

    def closed(self) -> None:
        self.happened.put("closed")


class Showing:
    """An app that keeps what it is asked and answers with the path."""

    def __init__(self) -> None:
        self.requests: list[HttpRequest] = []
        self.threads: set[str] = set()
        self.sockets: Queue[Echo] = Queue()

    def http(self, request: HttpRequest) -> HttpResponse:
        self.requests.append(request)
        self.threads.add(threading.current_thread().name)
        if request.path == "/boom":
            raise ValueError("boom")
        return HttpResponse(201, request.path.encode(), {"Content-Type": "text/plain", "X-Own": "yes"})

    def websocket(self, request: HttpRequest) -> Echo | HttpResponse:
        if request.path != "/socket":
            return HttpResponse(403, b"not here")
        handler = Echo()
        self.sockets.put(handler)
        return handler


@pytest.fixture
def app() -> Showing:
    return Showing()


@pytest.fixture
def served(app: Showing) -> Iterator[Host]:
    host = Host(app)
    host.start()
    yield host
    host.stop()


@pytest.fixture
def connect(served: Host) -> Iterator[Callable[[], websocket.WebSocket]]:
    opened: list[websocket.WebSocket] = []

    def connect() -> websocket.WebSocket:
        opened.append(websocket.create_connection(f"ws://127.0.0.1:{served.port}/socket", timeout=PATIENCE_S))
        return opened[-1]

    yield connect
    for each in opened:
        each.shutdown()


def url(host: Host, path: str) -> str:
    return f"http://127.0.0.1:{host.port}{path}"


def test_the_app_sees_the_very_bytes_that_were_sent(served: Host, app: Showing) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", served.port, timeout=PATIENCE_S)
    connection.request("POST", "/a%2Fb/?x=%41&x=+&y=%C3%A9", body=b"k=\xff&v=1", headers={"X-Some": "Thing"})
    answer = connection.getresponse()
    assert (answer.status, answer.read()) == (201, b"/a%2Fb/")
    connection.close()
    (request,) = app.requests
    assert (request.method, request.path, request.query) == ("POST", "/a%2Fb/", "x=%41&x=+&y=%C3%A9")
    assert request.body == b"k=\xff&v=1"
    assert request.headers["x-some"] == "Thing"
    assert request.peer == "127.0.0.1"


def test_the_answers_headers_are_the_apps_with_length_and_date(served: Host) -> None:
    answer = requests.get(url(served, "/x"), timeout=PATIENCE_S)
    assert answer.headers["X-Own"] == "yes"
    assert answer.headers["Content-Length"] == "2"
    assert answer.headers["Date"].endswith("GMT")


def test_a_connection_is_kept_alive_between_requests(served: Host) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", served.port, timeout=PATIENCE_S)
    local_ports = set()
    for number in range(3):
        connection.request("GET", f"/{number}")
        assert connection.getresponse().read() == f"/{number}".encode()
        local_ports.add(connection.sock.getsockname()[1])
    connection.close()
    assert len(local_ports) == 1


def test_head_has_the_length_and_no_body(served: Host) -> None:
    answer = requests.head(url(served, "/four"), timeout=PATIENCE_S)
    assert (answer.headers["Content-Length"], answer.content) == ("5", b"")


@pytest.mark.parametrize("chunked", [False, True])
def test_a_body_past_the_limit_is_refused_and_never_reaches_the_app(served: Host, app: Showing, chunked: bool) -> None:
    body = b"x" * (channel.MAX_BODY_BYTES + 1)
    data = iter([body[: len(body) // 2], body[len(body) // 2 :]]) if chunked else body
    assert requests.post(url(served, "/x"), data=data, timeout=PATIENCE_S).status_code == 413
    assert app.requests == []
    assert requests.post(url(served, "/x"), data=body[:-1], timeout=PATIENCE_S).status_code == 201


def test_an_error_of_the_app_is_logged_and_answered_with_500(served: Host, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR):
        answer = requests.get(url(served, "/boom"), timeout=PATIENCE_S)
    assert answer.status_code == 500
    assert "error" in answer.json()
    assert any(record.exc_info and record.exc_info[0] is ValueError for record in caplog.records)
    assert requests.get(url(served, "/x"), timeout=PATIENCE_S).status_code == 201


def test_the_app_is_called_on_the_reactors_thread_only(served: Host, app: Showing) -> None:
    for _ in range(3):
        requests.get(url(served, "/x"), timeout=PATIENCE_S)
    assert app.threads == {"exchangeclient-reactor"}


def test_messages_go_both_ways_in_order(connect: Callable[[], websocket.WebSocket]) -> None:
    peer = connect()
    for number in range(50):
        peer.send(f"é{number}")
    assert [peer.recv() for _ in range(50)] == [f"é{number}" for number in range(50)]


def test_messages_sent_from_several_threads_all_arrive_each_threads_in_order(
    app: Showing, connect: Callable[[], websocket.WebSocket]
) -> None:
    peer = connect()
    connection = app.sockets.get(timeout=PATIENCE_S).connection
    assert connection is not None

    def send(name: str) -> None:
        for number in range(100):
            connection.send(f"{name}{number}")

    threads = [threading.Thread(target=send, args=(name,)) for name in "ab"]
    for thread in threads:
        thread.start()
    received = [peer.recv() for _ in range(200)]
    for thread in threads:
        thread.join()
    for name in "ab":
        assert [each for each in received if each.startswith(name)] == [f"{name}{number}" for number in range(100)]


def test_what_the_reactors_thread_sends_does_not_overtake_what_another_thread_sent_before(
    app: Showing, connect: Callable[[], websocket.WebSocket]
) -> None:
    peer = connect()
    connection = app.sockets.get(timeout=PATIENCE_S).connection
    assert connection is not None
    busy, go_on = threading.Event(), threading.Event()

    def second() -> None:
        busy.set()
        go_on.wait(PATIENCE_S)
        connection.send("second")

    reactor.call(second)
    assert busy.wait(PATIENCE_S)
    connection.send("first")
    go_on.set()
    assert [peer.recv(), peer.recv()] == ["first", "second"]


def test_a_handshake_may_be_refused_with_an_answer(served: Host) -> None:
    with pytest.raises(websocket.WebSocketBadStatusException) as caught:
        websocket.create_connection(f"ws://127.0.0.1:{served.port}/other", timeout=PATIENCE_S)
    assert caught.value.status_code == 403


def test_an_error_of_a_handler_is_logged_and_closes_its_socket(
    app: Showing, connect: Callable[[], websocket.WebSocket], caplog: pytest.LogCaptureFixture
) -> None:
    peer = connect()
    handler = app.sockets.get(timeout=PATIENCE_S)
    with caplog.at_level(logging.ERROR):
        peer.send("boom")
        opcode, payload = peer.recv_data()
        assert (opcode, payload[:2]) == (websocket.ABNF.OPCODE_CLOSE, (1011).to_bytes(2, "big"))
        assert [handler.happened.get(timeout=PATIENCE_S) for _ in range(2)] == ["opened", "closed"]
    assert any(record.exc_info and record.exc_info[0] is ValueError for record in caplog.records)


def test_a_handler_may_close_with_a_code_and_what_it_sends_afterwards_is_dropped(connect: Callable[[], websocket.WebSocket]) -> None:
    peer = connect()
    peer.send("bye")
    opcode, payload = peer.recv_data()
    assert (opcode, payload) == (websocket.ABNF.OPCODE_CLOSE, (1008).to_bytes(2, "big") + b"enough")


def test_a_peer_that_hangs_up_is_told_to_the_handler(app: Showing, connect: Callable[[], websocket.WebSocket]) -> None:
    peer = connect()
    handler = app.sockets.get(timeout=PATIENCE_S)
    assert handler.happened.get(timeout=PATIENCE_S) == "opened"
    peer.shutdown()
    assert handler.happened.get(timeout=PATIENCE_S) == "closed"


def test_pings_and_pongs_are_told_to_the_handler_and_pings_are_answered(app: Showing, connect: Callable[[], websocket.WebSocket]) -> None:
    peer = connect()
    handler = app.sockets.get(timeout=PATIENCE_S)
    peer.ping("one")
    peer.pong("two")
    assert peer.recv_data(control_frame=True) == (websocket.ABNF.OPCODE_PONG, b"one")
    assert [handler.happened.get(timeout=PATIENCE_S) for _ in range(3)] == ["opened", "ping one", "pong two"]


def test_a_message_goes_to_many_sockets_as_one_frame(app: Showing, connect: Callable[[], websocket.WebSocket]) -> None:
    peers = [connect() for _ in range(5)]
    message = Message("é".encode() * 1000, "a@trade")
    for _ in peers:
        connection = app.sockets.get(timeout=PATIENCE_S).connection
        assert connection is not None
        connection.send(message)
    assert {peer.recv() for peer in peers} == {"é" * 1000}


def test_a_call_later_comes_in_its_time_and_not_to_a_socket_that_is_gone(app: Showing, connect: Callable[[], websocket.WebSocket]) -> None:
    peer, gone = connect(), connect()
    here, there = app.sockets.get(timeout=PATIENCE_S), app.sockets.get(timeout=PATIENCE_S)
    assert here.connection is not None
    assert there.connection is not None
    called: Queue[str] = Queue()
    there.connection.call_later(0.2, lambda: called.put("there"))
    gone.shutdown()
    here.connection.call_later(0.4, lambda: called.put("here"))
    here.connection.call_later(0.1, lambda: called.put("soon"))
    assert [called.get(timeout=PATIENCE_S) for _ in range(2)] == ["soon", "here"]
    assert peer.connected


def test_a_frozen_socket_is_pinged_no_more_and_lives(app: Showing) -> None:
    host = Host(app, limits=Limits(ping_interval_s=0.05, pong_timeout_s=0.5))
    host.start()
    try:
        peer = websocket.create_connection(f"ws://127.0.0.1:{host.port}/socket", timeout=PATIENCE_S)
        handler = app.sockets.get(timeout=PATIENCE_S)
        assert handler.happened.get(timeout=PATIENCE_S) == "opened"
        assert handler.connection is not None
        handler.connection.freeze()
        host.settle()
        peer.send("while frozen")
        handler.connection.send("lost")
        with pytest.raises(Empty):  # a dead peer would be dropped by then
            handler.happened.get(timeout=0.7)
        handler.connection.thaw()
        assert peer.recv() == "while frozen"
        assert peer.connected
        peer.shutdown()
    finally:
        host.stop()


def frozen_socket(served: Host, app: Showing, connect: Callable[[], websocket.WebSocket]) -> tuple[websocket.WebSocket, Echo, Connection]:
    peer = connect()
    handler = app.sockets.get(timeout=PATIENCE_S)
    assert handler.happened.get(timeout=PATIENCE_S) == "opened"
    assert handler.connection is not None
    handler.connection.freeze()
    served.settle()
    return peer, handler, handler.connection


def test_a_frozen_socket_says_goodbye_when_it_is_let_go(served: Host, app: Showing, connect: Callable[[], websocket.WebSocket]) -> None:
    peer, handler, connection = frozen_socket(served, app, connect)
    connection.close(1008, "enough")
    connection.close(1001, "again")
    served.settle()
    peer.settimeout(0.2)
    with pytest.raises(websocket.WebSocketTimeoutException):
        peer.recv_data(control_frame=True)
    peer.settimeout(PATIENCE_S)
    connection.thaw()
    assert peer.recv_data(control_frame=True) == (websocket.ABNF.OPCODE_CLOSE, b"\x03\xf0enough")
    assert handler.happened.get(timeout=PATIENCE_S) == "closed"


def test_a_frozen_socket_can_be_cut(served: Host, app: Showing, connect: Callable[[], websocket.WebSocket]) -> None:
    peer, handler, connection = frozen_socket(served, app, connect)
    connection.close()
    connection.abort()
    assert handler.happened.get(timeout=PATIENCE_S) == "closed"
    with pytest.raises(ConnectionResetError):
        peer.recv()
    connection.thaw()  # of one that is gone: nothing happens
    connection.abort()
    served.settle()


def test_a_socket_that_waits_for_its_peers_goodbye_can_be_cut(
    served: Host, app: Showing, connect: Callable[[], websocket.WebSocket]
) -> None:
    peer = connect()
    handler = app.sockets.get(timeout=PATIENCE_S)
    assert handler.happened.get(timeout=PATIENCE_S) == "opened"
    assert handler.connection is not None
    handler.connection.close(1008, "enough")
    handler.connection.abort()
    served.settle()
    assert handler.happened.get(timeout=PATIENCE_S) == "closed"
    peer.shutdown()


def test_an_oversized_message_closes_the_socket(connect: Callable[[], websocket.WebSocket]) -> None:
    peer = connect()
    peer.send("x" * (sockets.MAX_MESSAGE_BYTES + 1))
    opcode, payload = peer.recv_data()
    assert (opcode, payload[:2]) == (websocket.ABNF.OPCODE_CLOSE, (1009).to_bytes(2, "big"))


def test_pings_come_and_a_peer_that_never_answers_them_is_dropped(app: Showing) -> None:
    host = Host(app, limits=Limits(ping_interval_s=0.05, pong_timeout_s=0.2))
    host.start()
    try:
        peer = websocket.create_connection(f"ws://127.0.0.1:{host.port}/socket", timeout=PATIENCE_S)
        # recv_frame() leaves the answers to us, and none is given.
        assert peer.recv_frame().opcode == websocket.ABNF.OPCODE_PING
        handler = app.sockets.get(timeout=PATIENCE_S)
        assert [handler.happened.get(timeout=PATIENCE_S) for _ in range(2)] == ["opened", "closed"]
        peer.shutdown()
    finally:
        host.stop()


def test_a_peer_that_is_known_to_answer_no_pings_gets_none(app: Showing, monkeypatch: pytest.MonkeyPatch) -> None:
    accept = app.websocket
    monkeypatch.setattr(app, "websocket", lambda request: Accepted(accept(request), pinged=False), raising=False)
    host = Host(app, limits=Limits(ping_interval_s=0.02, pong_timeout_s=0.05))
    host.start()
    try:
        peer = websocket.create_connection(f"ws://127.0.0.1:{host.port}/socket", timeout=0.3)
        with pytest.raises(websocket.WebSocketTimeoutException):
            peer.recv_frame()
        peer.settimeout(PATIENCE_S)
        peer.send("there")
        assert peer.recv() == "there"
        peer.shutdown()
    finally:
        host.stop()


def test_pings_and_the_patience_with_their_answers_go_at_the_pace_of_the_app(app: Showing) -> None:
    host = Host(app, limits=Limits(ping_interval_s=50, pong_timeout_s=200), pace=lambda: 1000)
    host.start()
    try:
        peer = websocket.create_connection(f"ws://127.0.0.1:{host.port}/socket", timeout=PATIENCE_S)
        assert peer.recv_frame().opcode == websocket.ABNF.OPCODE_PING
        handler = app.sockets.get(timeout=PATIENCE_S)
        assert [handler.happened.get(timeout=PATIENCE_S) for _ in range(2)] == ["opened", "closed"]
        peer.shutdown()
    finally:
        host.stop()


def test_a_peer_that_answers_pings_stays(app: Showing) -> None:
    host = Host(app, limits=Limits(ping_interval_s=0.05, pong_timeout_s=0.5))
    host.start()
    try:
        peer = websocket.create_connection(f"ws://127.0.0.1:{host.port}/socket", timeout=PATIENCE_S)
        begun = time.monotonic()
        while time.monotonic() - begun < 0.8:
            opcode, payload = peer.recv_data(control_frame=True)  # answers the ping
            assert (opcode, len(payload)) == (websocket.ABNF.OPCODE_PING, 8)
        peer.shutdown()
    finally:
        host.stop()


def test_a_pong_that_was_not_asked_for_keeps_nobody_alive(app: Showing) -> None:
    host = Host(app, limits=Limits(ping_interval_s=0.05, pong_timeout_s=0.3))
    host.start()
    try:
        peer = websocket.create_connection(f"ws://127.0.0.1:{host.port}/socket", timeout=PATIENCE_S)
        handler = app.sockets.get(timeout=PATIENCE_S)
        assert handler.happened.get(timeout=PATIENCE_S) == "opened"
        assert peer.recv_frame().opcode == websocket.ABNF.OPCODE_PING
        happened, until = "", time.monotonic() + 3
        while happened != "closed":
            assert time.monotonic() < until
            with contextlib.suppress(ConnectionError):  # until it is dropped
                peer.pong("me")
            with contextlib.suppress(Empty):
                happened = handler.happened.get(timeout=0.1)
        peer.shutdown()
    finally:
        host.stop()


def test_a_port_in_use_is_an_error_that_names_it(served: Host, app: Showing) -> None:
    with pytest.raises(OSError, match=f"port {served.port}"):
        Host(app, port=served.port).start()


def test_port_is_known_while_it_is_listened_on_only(app: Showing) -> None:
    host = Host(app)
    with pytest.raises(RuntimeError, match="not started"):
        _ = host.port
    host.start()
    assert host.port > 0
    with pytest.raises(RuntimeError, match="already"):
        host.start()
    host.stop()
    with pytest.raises(RuntimeError, match="not started"):
        _ = host.port


def test_stop_frees_the_port_and_ends_every_connection_at_once(app: Showing) -> None:
    host = Host(app)
    host.start()
    port = host.port
    session = requests.Session()
    session.get(url(host, "/x"), timeout=PATIENCE_S)  # stays open, idle
    busy = websocket.create_connection(f"ws://127.0.0.1:{port}/socket", timeout=PATIENCE_S)  # never reads
    began = time.monotonic()
    host.stop()
    assert time.monotonic() - began < PATIENCE_S
    opcode, payload = busy.recv_data()
    assert (opcode, payload[:2]) == (websocket.ABNF.OPCODE_CLOSE, (1001).to_bytes(2, "big"))
    busy.shutdown()
    session.close()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_S)
    host.stop()  # again: nothing to do
    again = Host(app, port=port)
    again.start()
    assert again.port == port
    again.stop()


def test_stop_does_not_wait_for_a_peer_that_reads_nothing(app: Showing) -> None:
    host = Host(app)
    host.start()
    peer = websocket.create_connection(f"ws://127.0.0.1:{host.port}/socket", timeout=PATIENCE_S)
    handler = app.sockets.get(timeout=PATIENCE_S)
    assert handler.happened.get(timeout=PATIENCE_S) == "opened"
    assert handler.connection is not None
    for _ in range(30):
        handler.connection.send(b"x" * 1_000_000)
    began = time.monotonic()
    host.stop()
    assert time.monotonic() - began < PATIENCE_S
    assert handler.happened.get(timeout=PATIENCE_S) == "closed"
    peer.shutdown()


def test_g20_a_peer_that_never_reads_is_cut_off(
    app: Showing, connect: Callable[[], websocket.WebSocket], caplog: pytest.LogCaptureFixture
) -> None:
    peer, reader = connect(), connect()
    lazy, busy = app.sockets.get(timeout=PATIENCE_S), app.sockets.get(timeout=PATIENCE_S)
    assert lazy.connection is not None
    assert busy.connection is not None
    with caplog.at_level(logging.WARNING):
        # So much fits into no system's own buffers beside ours.
        for _ in range(64):
            lazy.connection.send(b"x" * 1_000_000)
            busy.connection.send("tick")
            assert reader.recv() == "tick"
        assert [lazy.happened.get(timeout=PATIENCE_S) for _ in range(2)] == ["opened", "closed"]
    assert "cut off" in caplog.text
    assert peer.connected
    busy.connection.send("still here")
    assert reader.recv() == "still here"


def test_a_socket_that_was_closed_while_its_peer_lagged_ends_when_it_has_read(
    app: Showing, connect: Callable[[], websocket.WebSocket]
) -> None:
    peer = connect()
    handler = app.sockets.get(timeout=PATIENCE_S)
    assert handler.happened.get(timeout=PATIENCE_S) == "opened"
    assert handler.connection is not None
    for _ in range(6):
        handler.connection.send(b"x" * 1_000_000)
    handler.connection.close(1000, "done")
    assert [len(peer.recv()) for _ in range(6)] == [1_000_000] * 6
    assert peer.recv_data()[0] == websocket.ABNF.OPCODE_CLOSE
    assert handler.happened.get(timeout=PATIENCE_S) == "closed"


def test_stop_does_not_wait_for_frozen_sockets_and_silent_answers(app: Showing, monkeypatch: pytest.MonkeyPatch) -> None:
    host = Host(app)
    host.start()
    peer = websocket.create_connection(f"ws://127.0.0.1:{host.port}/socket", timeout=PATIENCE_S)
    handler = app.sockets.get(timeout=PATIENCE_S)
    assert handler.happened.get(timeout=PATIENCE_S) == "opened"
    assert handler.connection is not None
    handler.connection.freeze()
    silence = HttpResponse(200, delivery=Delivery(cut_in="head", ending="silence"))
    monkeypatch.setattr(app, "http", lambda _request: silence)
    with socket.create_connection(("127.0.0.1", host.port), timeout=PATIENCE_S) as waiting:
        waiting.sendall(b"GET / HTTP/1.1\r\n\r\n")
        host.settle()
        began = time.monotonic()
        host.stop()
        assert time.monotonic() - began < PATIENCE_S
        assert waiting.recv(1) == b""
    assert handler.happened.get(timeout=PATIENCE_S) == "closed"
    peer.shutdown()


@pytest.mark.parametrize("leave", ["reads nothing", "vanishes"])
def test_a_stopped_host_lets_go_of_its_app_at_once(leave: str) -> None:
    app = Showing()
    host = Host(app)
    host.start()
    peer = websocket.create_connection(f"ws://127.0.0.1:{host.port}/socket", timeout=PATIENCE_S)
    handler = app.sockets.get(timeout=PATIENCE_S)
    assert handler.happened.get(timeout=PATIENCE_S) == "opened"
    if leave == "vanishes":
        peer.shutdown()
    host.stop()
    assert handler.happened.get(timeout=PATIENCE_S) == "closed"
    reactor.wait(lambda: None)
    left = weakref.ref(app)
    del app, handler, host
    gc.collect()
    assert left() is None
    peer.shutdown()


def test_call_every_goes_on_after_an_error_until_stop(app: Showing, caplog: pytest.LogCaptureFixture) -> None:
    host = Host(app)
    host.start()
    calls: Queue[str] = Queue()

    def work() -> None:
        calls.put(threading.current_thread().name)
        raise ValueError("boom")

    with caplog.at_level(logging.ERROR):
        host.call_every(0.01, work)
        assert {calls.get(timeout=PATIENCE_S) for _ in range(3)} == {"exchangeclient-reactor"}
        host.stop()
    made = calls.qsize()
    # Several turns of the reactor later there are still no more.
    for _ in range(5):
        reactor.wait(lambda: None)
    assert calls.qsize() == made


def test_start_and_stop_are_refused_on_the_reactors_thread(app: Showing) -> None:
    host = Host(app)
    for blocking in (host.start, host.stop):
        with pytest.raises(RuntimeError, match="would block"):
            reactor.wait(blocking)


class Promising:
    """An app that promises every answer, and keeps where to give it."""

    def __init__(self, within_s: float = PATIENCE_S, broken: bool = False) -> None:
        self.within_s = within_s
        self.broken = broken
        self.given: Queue[Callable[[HttpResponse], None]] = Queue()

    def http(self, request: HttpRequest) -> Promised:
        return Promised(self._begin, self.within_s, lambda: HttpResponse(200, f"late {request.path}".encode()))

    def websocket(self, _request: HttpRequest) -> HttpResponse:
        return HttpResponse(404, b"no sockets")

    def _begin(self, answer: Callable[[HttpResponse], None]) -> None:
        if self.broken:
            raise RuntimeError("no thread")
        self.given.put(answer)


@contextlib.contextmanager
def promising(app: Promising, limits: Limits | None = None) -> Iterator[Host]:
    host = Host(app, limits=limits)
    host.start()
    try:
        yield host
    finally:
        host.stop()


def asked(host: Host, path: str) -> http.client.HTTPConnection:
    connection = http.client.HTTPConnection("127.0.0.1", host.port, timeout=PATIENCE_S)
    connection.request("GET", path)
    return connection


def test_a_promised_answer_comes_from_another_thread_and_the_connection_serves_on() -> None:
    app = Promising()
    with promising(app) as host:
        connection = asked(host, "/one")
        for path in ("/one", "/two"):
            answer = app.given.get(timeout=PATIENCE_S)
            for body in (path.encode(), b"again"):  # only the first one counts
                answer(HttpResponse(200, body))
            assert connection.getresponse().read() == path.encode()
            if path == "/one":
                connection.request("GET", "/two")
        connection.close()


def test_promises_of_several_connections_are_kept_in_any_order() -> None:
    app = Promising()
    with promising(app) as host:
        first = asked(host, "/first")
        answer_first = app.given.get(timeout=PATIENCE_S)
        second = asked(host, "/second")
        app.given.get(timeout=PATIENCE_S)(HttpResponse(200, b"second"))
        assert second.getresponse().read() == b"second"
        answer_first(HttpResponse(200, b"first"))
        assert first.getresponse().read() == b"first"
        first.close()
        second.close()


def test_a_promise_that_is_not_kept_in_time_is_answered_otherwise() -> None:
    app = Promising(within_s=0.1)
    with promising(app, Limits(request_timeout_s=0.4)) as host:
        connection = asked(host, "/one")
        answer = app.given.get(timeout=PATIENCE_S)
        assert connection.getresponse().read() == b"late /one"
        answer(HttpResponse(200, b"too late"))
        app.within_s = PATIENCE_S
        connection.request("GET", "/two")
        app.given.get(timeout=PATIENCE_S)(HttpResponse(200, b"two"))
        assert connection.getresponse().read() == b"two"
        connection.close()


def test_a_promise_that_cannot_be_begun_is_an_error(caplog: pytest.LogCaptureFixture) -> None:
    with promising(Promising(broken=True)) as host:
        connection = asked(host, "/secret")
        response = connection.getresponse()
        assert response.status == 500
        assert "error" in response.read().decode()
        connection.close()
    assert "no thread" in caplog.text
    assert "/secret" not in caplog.text


def test_nobody_may_wait_for_a_promise_any_more() -> None:
    app = Promising()
    with promising(app) as host:
        asked(host, "/one").close()
        answer = app.given.get(timeout=PATIENCE_S)
        connection = asked(host, "/two")
        app.given.get(timeout=PATIENCE_S)(HttpResponse(200, b"two"))
        assert connection.getresponse().read() == b"two"
        answer(HttpResponse(200, b"one"))
        connection.close()
    answer(HttpResponse(200, b"one"))  # the host has stopped
