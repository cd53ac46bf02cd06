"""Messages over a kept socket, with a server on loopback whose answers are the test's."""

from __future__ import annotations

import gc
import itertools
import os
import socket
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from socket_peer import CLOSE, TEXT, Peer, Server

from exchangeclient.core.feeds.socket_transport import SocketTransport
from exchangeclient.core.http.deadline import Deadline
from exchangeclient.core.http.options import Options
from exchangeclient.core.http.request import Message, Response
from exchangeclient.core.http.transport import Terms
from exchangeclient.core.process import reactor
from exchangeclient.core.process.clock import SystemClock
from exchangeclient.core.protocol.questions import Question, Questions
from exchangeclient.core.protocol.session import Failure, Incoming
from exchangeclient.core.wire.dialing import SocketOptions
from exchangeclient.exceptions import ExchangeRequestException

SOON_S = 10.0


class Session:
    """Asks ``<number> <body>``, and is answered ``<number> <text>``; ``final`` ends it for good."""

    name = "questions"
    lives_s = quiet_s = None
    leaving = False

    def __init__(self, url: str, questions: Questions) -> None:
        self._url = url
        self._questions = questions
        self._numbers = itertools.count()
        self._asked: dict[bytes, Question] = {}
        self.ready = False

    def url(self) -> str:
        return self._url

    def opened(self, now_s: float) -> None:
        self.ready = True

    def outgoing(self, now_s: float) -> list[str] | Failure:
        frames = []
        while (question := self._questions.take()) is not None:
            number = next(self._numbers)
            self._asked[b"%d" % number] = question
            frames.append(f"{number} {question.message.body}")
        return frames

    def next_due(self) -> float | None:
        return None

    def receive(self, payload: bytes) -> Incoming | Failure:
        if payload == b"final":
            return Failure("no more", final=True)
        number, _, text = payload.partition(b" ")
        self._asked.pop(number).answered(text)
        return Incoming.REPLY

    def closed(self, reason: str) -> None:
        self.ready = False
        self._questions.trouble = reason
        for question in self._asked.values():
            question.lost(reason)
        self._asked.clear()

    def decode(self, payload: bytes) -> Any:
        return payload

    def stream_of(self, payload: bytes) -> bytes:
        return b""

    def event_time_ms(self, payload: bytes) -> int | None:
        return None

    def successor(self) -> Session:
        return Session(self._url, self._questions)


def read(payload: bytes) -> Response:
    if payload == b"nonsense":
        raise ValueError("it is nonsense")
    return Response(200, payload, {"x-used": "7"})


@pytest.fixture
def open_transport() -> Iterator[Callable[..., SocketTransport]]:
    transports: list[SocketTransport] = []

    def make(url: str, **options: Any) -> SocketTransport:
        way = SocketOptions(retry_s=0.01, retry_most_s=0.05, **options)
        made = SocketTransport(lambda questions: Session(url, questions), way=lambda: way, read=read, clock=SystemClock())
        transports.append(made)
        return made

    yield make
    for made in transports:
        made.close()
    reactor.wait(lambda: None)


@pytest.fixture
def transport(open_transport: Callable[..., SocketTransport], server: Server) -> SocketTransport:
    return open_transport(server.url)


def terms(timeout_s: float = SOON_S) -> Terms:
    options = Options(connect_s=timeout_s, read_s=timeout_s, total_s=timeout_s)
    return Terms(options, Deadline(SystemClock(), timeout_s))


def ask(transport: SocketTransport, body: str = "?", timeout_s: float = SOON_S) -> bytes:
    limits = terms(timeout_s)
    transport.reach(limits)
    parcel = transport.packed(Message("ask", "ws://x", body=body), limits)
    return transport.send(parcel, parcel.attempt()).body


def in_thread(function: Callable[[], Any]) -> Callable[[], Any]:
    """Begins to call the function; what this returns waits for its end and gives its result, or its exception."""
    results: list[Any] = []

    def work() -> None:
        try:
            results.append(function())
        except BaseException as error:  # noqa: BLE001 - handed over
            results.append(error)

    thread = threading.Thread(target=work, daemon=True)
    thread.start()

    def result() -> Any:
        thread.join(SOON_S)
        if isinstance(results[0], BaseException):
            raise results[0]
        return results[0]

    return result


def answer(peer: Peer, text: str = "!") -> str:
    number, _, body = peer.next(TEXT).decode().partition(" ")
    peer.send(f"{number} {text}")
    return body


def test_a_message_is_asked_and_its_answer_comes_back(transport: SocketTransport, server: Server) -> None:
    result = in_thread(lambda: ask(transport, "what?"))
    assert answer(server.peer(), "that") == "what?"
    assert result() == b"that"


def test_the_socket_is_kept_for_further_messages(transport: SocketTransport, server: Server) -> None:
    results = [in_thread(lambda: ask(transport))]
    peer = server.peer()
    answer(peer)
    for _ in range(3):
        results.append(in_thread(lambda: ask(transport)))
        answer(peer)
    assert [result() for result in results] == [b"!"] * 4
    assert server.accepted == 1


def test_nothing_is_connected_before_the_first_message(open_transport: Callable[..., SocketTransport], server: Server) -> None:
    open_transport(server.url).close()
    assert server.accepted == 0


def test_many_threads_ask_at_a_time_and_each_gets_its_own_answer(transport: SocketTransport, server: Server) -> None:
    results = {str(name): in_thread(lambda name=name: ask(transport, str(name))) for name in range(32)}
    peer = server.peer()
    asked = [peer.next(TEXT).decode().split(" ") for _ in results]
    for number, body in reversed(asked):
        peer.send(f"{number} to {body}")
    for name, result in results.items():
        assert result() == f"to {name}".encode()


def test_what_was_asked_over_a_lost_connection_may_have_arrived(transport: SocketTransport, server: Server) -> None:
    result = in_thread(lambda: ask(transport))
    peer = server.peer()
    peer.next(TEXT)
    peer.drop()
    with pytest.raises(ExchangeRequestException) as lost:
        result()
    assert (lost.value.sent, lost.value.transient) == ("maybe", True)


def test_after_a_lost_connection_the_next_message_goes_over_another(transport: SocketTransport, server: Server) -> None:
    result = in_thread(lambda: ask(transport))
    peer = server.peer()
    peer.next(TEXT)
    peer.drop()
    with pytest.raises(ExchangeRequestException):
        result()
    result = in_thread(lambda: ask(transport))
    answer(server.peer())
    assert result() == b"!"


def test_what_nobody_answers_in_time_may_have_arrived_and_its_late_answer_is_nobodys(transport: SocketTransport, server: Server) -> None:
    first = in_thread(lambda: ask(transport))
    peer = server.peer()
    answer(peer)
    first()
    with pytest.raises(ExchangeRequestException, match="no answer in time") as lost:
        ask(transport, "slow", timeout_s=0.05)
    assert lost.value.sent == "maybe"
    assert answer(peer, "too late") == "slow"
    result = in_thread(lambda: ask(transport))
    answer(peer, "mine")
    assert result() == b"mine"


def test_what_was_not_asked_yet_goes_over_the_next_connection(transport: SocketTransport, server: Server) -> None:
    first = in_thread(lambda: ask(transport))
    peer = server.peer()
    answer(peer)
    first()
    peer.drop()
    result = in_thread(lambda: ask(transport, "again"))
    other = server.peer()
    assert answer(other) == "again"
    assert result() == b"!"


def test_without_a_connection_nothing_is_sent_and_the_reason_is_told(open_transport: Callable[..., SocketTransport]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with pytest.raises(ExchangeRequestException, match="cannot connect") as refused:
        ask(open_transport(f"ws://127.0.0.1:{port}/"), timeout_s=1.0)
    assert (refused.value.sent, refused.value.transient) == ("no", True)


def test_a_message_that_was_not_asked_in_time_never_is(transport: SocketTransport, server: Server) -> None:
    """It waits for a connection that comes too late."""
    first = in_thread(lambda: ask(transport))
    peer = server.peer()
    answer(peer)
    first()
    server.answer = b"HTTP/1.1 503 Service Unavailable\r\n\r\n"
    peer.drop()
    limits = terms(0.3)
    parcel = transport.packed(Message("ask", "ws://x", body="never"), limits)
    attempt = parcel.attempt()
    with pytest.raises(ExchangeRequestException) as kept:
        transport.send(parcel, attempt)
    assert kept.value.sent == "no"
    assert not attempt.left_machine
    server.answer = b""
    result = in_thread(lambda: ask(transport, "this"))
    assert answer(server.peer()) == "this"
    assert result() == b"!"


def test_an_answer_that_says_nothing_was_sent_all_the_same(transport: SocketTransport, server: Server) -> None:
    result = in_thread(lambda: ask(transport))
    answer(server.peer(), "nonsense")
    with pytest.raises(ExchangeRequestException, match="it is nonsense") as unreadable:
        result()
    assert unreadable.value.sent == "yes"


def test_closing_ends_every_wait_and_the_next_message_opens_another_socket(transport: SocketTransport, server: Server) -> None:
    result = in_thread(lambda: ask(transport))
    server.peer().next(TEXT)
    transport.close()
    transport.close()
    with pytest.raises(ExchangeRequestException) as lost:
        result()
    assert lost.value.sent == "maybe"
    result = in_thread(lambda: ask(transport))
    answer(server.peer())
    assert result() == b"!"


def test_a_socket_that_was_ended_for_good_is_followed_by_another(transport: SocketTransport, server: Server) -> None:
    result = in_thread(lambda: ask(transport))
    peer = server.peer()
    peer.next(TEXT)
    peer.send("final")
    with pytest.raises(ExchangeRequestException, match="no more"):
        result()
    reactor.wait(lambda: None)
    assert transport._line is not None
    ended = transport._line.finalizer
    result = in_thread(lambda: ask(transport))
    answer(server.peer())
    assert result() == b"!"
    assert not ended.alive


class _Interrupted(Question):
    def wait(self, seconds: float) -> None:
        raise KeyboardInterrupt


def test_ctrl_c_while_it_waits_tells_whether_it_may_have_left(
    transport: SocketTransport, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    result = in_thread(lambda: ask(transport))
    answer(server.peer())
    result()
    limits = terms()
    reactor.wait(lambda: None)
    monkeypatch.setattr("exchangeclient.core.feeds.socket_transport.Question", _Interrupted)
    held, let_go = threading.Event(), threading.Event()
    reactor.call(lambda: (held.set(), let_go.wait(SOON_S)))  # so that nothing is sent meanwhile
    assert held.wait(SOON_S)
    parcel = transport.packed(Message("ask", "ws://x"), limits)
    attempt = parcel.attempt()
    try:
        with pytest.raises(KeyboardInterrupt):
            transport.send(parcel, attempt)
    finally:
        let_go.set()
    assert not attempt.left_machine


def test_a_transport_that_is_dropped_closes_its_socket(server: Server) -> None:
    made = SocketTransport(lambda questions: Session(server.url, questions), way=SocketOptions, read=read, clock=SystemClock())
    made.reach(terms())
    peer = server.peer()
    del made
    gc.collect()
    assert peer.next(CLOSE)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_a_forked_process_does_not_use_the_socket_of_the_other(transport: SocketTransport, server: Server) -> None:
    result = in_thread(lambda: ask(transport))
    peer = server.peer()
    answer(peer)
    result()
    transport.renew()
    assert transport._line is None
    transport.close()
