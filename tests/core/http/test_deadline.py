from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from exchangeclient.core.http.deadline import Attempt, Deadline
from exchangeclient.core.http.options import Options
from exchangeclient.core.http.request import Message
from exchangeclient.core.http.transport import Terms, Transport
from exchangeclient.core.process.clock import FakeClock, SystemClock
from exchangeclient.exceptions import ExchangeRequestException

Serve = Callable[..., Any]
Address = tuple[str, int]
NAME = "venue.localhost"
DRIBBLES_S = 12.0


def failure(url: str, *, left_s: float | None = None, **params: Any) -> tuple[ExchangeRequestException, float]:
    """How a call fails, and after how many seconds.

    :param left_s: of the call's time when the request is sent; all of it when left out
    """
    clock = SystemClock()
    carrier = Transport(clock=clock, key_hosts=[], options=Options())
    terms = carrier.terms(params)
    if left_s is not None:
        terms = Terms(terms.options, Deadline(clock, left_s))
    started = time.monotonic()
    with pytest.raises(ExchangeRequestException) as caught:
        carrier.carry(Message("GET", f"{url}/x"), terms)
    return caught.value, time.monotonic() - started


def silent(connection: socket.socket, _: bytes) -> None:
    connection.recv(1)  # until the client has gone


def dribbling(start: bytes) -> Callable[[socket.socket, bytes], None]:
    def dribble(connection: socket.socket, _: bytes) -> None:
        connection.sendall(start)
        for _ in range(round(DRIBBLES_S / 0.05)):  # each byte comes well within the timeout of one read
            threading.Event().wait(0.05)
            connection.sendall(b"1")

    return dribble


DRIBBLES = [
    b"",
    b"HTTP/1.1 200 OK\r\nX-A",
    b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3E8\r\n",
]


def test_time_runs_down_once_for_all_that_a_call_does() -> None:
    clock = FakeClock()
    deadline = Deadline(clock, 10)
    clock.advance(7)
    assert deadline.left_s() == 3
    attempt = Attempt(deadline, connect_s=2, read_s=2)
    assert (attempt.read_s(), attempt.left_s()) == (2, 3)
    clock.advance(2)
    assert attempt.read_s() == 1
    clock.advance(1)
    for ask in (deadline.left_s, attempt.left_s, attempt.read_s):
        with pytest.raises(TimeoutError, match="the deadline of the call has passed"):
            ask()


def test_a_server_that_never_answers_is_left_at_the_timeout(serve: Serve) -> None:
    error, _ = failure(serve(silent).url, timeout=0.3)
    assert error.sent == "maybe"
    assert isinstance(error.__cause__, TimeoutError)


def test_the_read_half_of_a_timeout_is_for_each_read(serve: Serve) -> None:
    error, took_s = failure(serve(silent).url, timeout=(30, 0.3))
    assert error.sent == "maybe"
    assert 0.2 < took_s < 5


@pytest.mark.parametrize("start", DRIBBLES, ids=["status", "headers", "body", "chunk"])
@pytest.mark.parametrize("timeout", [0.3, (0.15, 0.15)])
def test_an_answer_that_dribbles_ends_at_the_deadline_of_the_whole_call(serve: Serve, start: bytes, timeout: Any) -> None:
    error, took_s = failure(serve(dribbling(start)).url, timeout=timeout)
    assert 0.2 < took_s < DRIBBLES_S - 1
    assert error.sent == ("yes" if b"\r\n\r\n" in start else "maybe")


@pytest.mark.parametrize("start", DRIBBLES, ids=["status", "headers", "body", "chunk"])
def test_the_deadline_holds_through_a_proxy(serve: Serve, start: bytes) -> None:
    proxy = serve(dribbling(start))
    _, took_s = failure("http://127.0.0.1:1", timeout=0.3, proxies={"http": proxy.url})
    assert 0.2 < took_s < DRIBBLES_S - 1
    assert proxy.requests[0].startswith(b"GET http://127.0.0.1:1/x ")


def test_the_deadline_holds_while_a_proxy_makes_the_tunnel(serve: Serve) -> None:
    error, took_s = failure("https://127.0.0.1:1", timeout=0.3, proxies={"https": serve(dribbling(b"HTTP/1.1 200 OK\r\nX-A")).url})
    assert 0.2 < took_s < DRIBBLES_S - 1
    assert error.sent == "no"


def test_the_deadline_holds_over_tls(serve: Serve, certificate: tuple[ssl.SSLContext, str]) -> None:
    context, bundle = certificate
    error, took_s = failure(serve(dribbling(b"H"), context=context).url, verify=bundle, timeout=0.5)
    assert error.sent == "maybe"
    assert took_s < DRIBBLES_S - 1


@contextmanager
def listening() -> Iterator[Address]:
    """An address that takes connections and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()


def test_a_server_that_is_silent_in_the_handshake_is_left() -> None:
    with listening() as (host, port):
        error, _ = failure(f"https://{host}:{port}", timeout=0.3)
    assert error.sent == "no"


def test_the_handshake_has_the_time_that_is_left_and_no_more() -> None:
    with listening() as (host, port):
        error, took_s = failure(f"https://{host}:{port}", timeout=(30, 30), left_s=0.3)
    assert error.sent == "no"
    assert took_s < 5


def test_a_call_whose_time_has_passed_is_not_sent(serve: Serve) -> None:
    server = serve(b"{}")
    for params in ({"timeout": 1e-9}, {"left_s": -1.0}):
        assert failure(server.url, **params)[0].sent == "no"
    assert server.requests == []


# Names with several addresses


@pytest.fixture
def named(monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """Gives a name the addresses of a test; the URL of it."""

    def name(*addresses: Address) -> str:
        real = socket.getaddrinfo
        found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", address) for address in addresses]
        monkeypatch.setattr(socket, "getaddrinfo", lambda host, *rest, **more: found if host == NAME else real(host, *rest, **more))
        return f"http://{NAME}"

    return name


@pytest.fixture
def black_holes() -> Iterator[Callable[[], Address]]:
    """Makes addresses at which a connection is neither taken nor refused: their backlogs are full."""
    held: list[socket.socket] = []

    def hole() -> Address:
        listener = socket.create_server(("127.0.0.1", 0), backlog=0)
        held.append(listener)
        for _ in range(4):
            plug = socket.socket()
            plug.setblocking(False)
            plug.connect_ex(listener.getsockname())
            held.append(plug)
        address: Address = listener.getsockname()
        return address

    yield hole
    for each in held:
        each.close()


def answered(url: str, **params: Any) -> bytes:
    carrier = Transport(clock=SystemClock(), key_hosts=[], options=Options())
    return carrier.carry(Message("GET", f"{url}/x"), carrier.terms(params)).body


def address_of(server: Any) -> Address:
    host, _, port = server.url.removeprefix("http://").partition(":")
    return host, int(port)


def test_a_dead_address_does_not_keep_the_next_from_being_tried(serve: Serve, named: Callable[..., str]) -> None:
    with listening() as dead:
        pass
    assert answered(named(dead, address_of(serve(b"{}")))) == b"{}"


def test_a_silent_address_leaves_time_for_the_next(serve: Serve, named: Callable[..., str], black_holes: Callable[[], Address]) -> None:
    url = named(black_holes(), black_holes(), address_of(serve(b"{}")))
    started = time.monotonic()
    assert answered(url, timeout=4.5) == b"{}"
    assert 2.8 < time.monotonic() - started < 4.5  # a third for each of the two


def test_connecting_to_many_silent_addresses_ends_at_the_deadline(named: Callable[..., str], black_holes: Callable[[], Address]) -> None:
    error, took_s = failure(named(*(black_holes() for _ in range(4))), timeout=0.6)
    assert took_s < 10.0
    assert error.sent == "no"
