from __future__ import annotations

import gzip
import http.client
import logging
import os
import socket
import ssl
import subprocess
import sys
import threading
import zlib
from collections.abc import Callable
from typing import Any

import pytest
import requests
import requests_mock
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from requests.adapters import HTTPAdapter
from urllib3.connectionpool import HTTPConnectionPool

from exchangeclient.core.http import lane
from exchangeclient.core.http.options import Options
from exchangeclient.core.http.request import Message, Response, encode
from exchangeclient.core.http.transport import Transport
from exchangeclient.core.process.clock import SystemClock
from exchangeclient.exceptions import ExchangeRequestException

Serve = Callable[..., Any]
KEY = {"X-MBX-APIKEY": "the-api-key"}


def transport(*hosts: str, **options: Any) -> Transport:
    return Transport(clock=SystemClock(), key_hosts=hosts, options=Options().having(options), body_limit=2**20)


def carried(carrier: Transport, message: Message, params: dict[str, Any] | None = None) -> Response:
    return carrier.carry(message, carrier.terms(params))


def the_other_way(*hosts: str) -> Transport:
    """A transport whose messages go through requests."""
    carrier = transport(*hosts)
    carrier.session.mount("http://", HTTPAdapter())
    return carrier


@pytest.fixture
def taken(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """What went the short way."""
    requests_sent: list[bytes] = []
    exchange = lane.Lane.exchange

    def noted(self: lane.Lane, request: bytes, *args: Any) -> lane.Answer:
        requests_sent.append(request)
        return exchange(self, request, *args)

    monkeypatch.setattr(lane.Lane, "exchange", noted)
    return requests_sent


def test_nothing_of_a_packed_message_is_shown(serve: Serve) -> None:
    carrier = transport(url := serve(b"{}").url)
    parcel = carrier.packed(Message("GET", f"{url}/x?signature=0123456789", KEY, private=True), carrier.terms())
    shown = f"{parcel!r} {parcel.exchange!r} {vars(carrier)}" + " ".join(map(str, parcel.exchange.args))  # type: ignore[attr-defined]
    assert KEY["X-MBX-APIKEY"] not in shown
    assert "0123456789" not in shown


# Who is to see a message, sees it


def test_a_message_at_which_nobody_looks_goes_the_short_way(serve: Serve, taken: list[bytes]) -> None:
    server = serve(b"{}")
    carrier = transport(server.url)
    for _ in range(2):
        carried(carrier, Message("GET", f"{server.url}/x?a=1", KEY, private=True))
    carried(carrier, Message("GET", f"{server.url}/x"), {"timeout": 3, "priority": "order"})
    assert taken == server.requests
    assert len(taken) == 3


def seen_by_a_hook(carrier: Transport, seen: Callable[..., Any], patch: pytest.MonkeyPatch) -> None:
    carrier.session.hooks["response"].append(lambda answer, **_: seen())


def seen_by_an_adapter(carrier: Transport, seen: Callable[..., Any], patch: pytest.MonkeyPatch) -> None:
    class Looking(HTTPAdapter):
        def send(self, *args: Any, **kwargs: Any) -> Any:
            seen()
            return super().send(*args, **kwargs)

    carrier.session.mount("http://127.0.0.1", Looking())


def wrapped(owner: Any, name: str) -> Callable[..., None]:
    def patched(carrier: Transport, seen: Callable[..., Any], patch: pytest.MonkeyPatch) -> None:
        function = getattr(owner, name)

        def looking(*args: Any, **kwargs: Any) -> Any:
            seen()
            return function(*args, **kwargs)

        patch.setattr(owner, name, looking)

    return patched


def seen_at_the_session(carrier: Transport, seen: Callable[..., Any], patch: pytest.MonkeyPatch) -> None:
    wrapped(carrier.session, "send")(carrier, seen, patch)


def seen_in_the_log(carrier: Transport, seen: Callable[..., Any], patch: pytest.MonkeyPatch) -> None:
    class Reading(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            seen()

    logger = logging.getLogger("urllib3.connectionpool")
    patch.setattr(logger, "handlers", [Reading()])
    patch.setattr(logger, "level", logging.DEBUG)
    logger.manager._clear_cache()  # type: ignore[attr-defined]  # which setLevel would do


@pytest.mark.parametrize(
    "watch",
    [
        seen_by_a_hook,
        seen_by_an_adapter,
        seen_at_the_session,
        seen_in_the_log,
        wrapped(requests.Session, "send"),
        wrapped(HTTPAdapter, "send"),
        wrapped(HTTPConnectionPool, "urlopen"),
        wrapped(http.client.HTTPConnection, "putrequest"),
        wrapped(http.client.HTTPConnection, "getresponse"),
    ],
)
def test_whoever_begins_to_look_sees_every_message_from_then_on(
    serve: Serve, taken: list[bytes], monkeypatch: pytest.MonkeyPatch, watch: Callable[..., None]
) -> None:
    server = serve(b"{}")
    carrier = transport(server.url)
    seen: list[int] = []
    message = Message("GET", f"{server.url}/x")
    carried(carrier, message)
    with monkeypatch.context() as patch:
        watch(carrier, lambda: seen.append(1), patch)
        carried(carrier, message)
        assert seen
        assert len(taken) == 1
    logging.getLogger("urllib3.connectionpool").manager._clear_cache()  # type: ignore[attr-defined]  # as above
    assert len(server.requests) == 2


def test_a_mock_that_begins_later_answers_and_ends(serve: Serve, taken: list[bytes]) -> None:
    server = serve(b"{}")
    carrier = transport(server.url)
    message = Message("GET", f"{server.url}/x")
    carried(carrier, message)
    with requests_mock.Mocker() as mock:
        mock.get(f"{server.url}/x", text="mocked")
        assert carried(carrier, message).body == b"mocked"
    assert carried(carrier, message).body == b"{}"
    assert len(taken) == 2


def test_a_session_without_an_adapter_says_so(serve: Serve) -> None:
    server = serve(b"{}")
    carrier = transport(server.url)
    carrier.session.adapters.clear()
    with pytest.raises(ExchangeRequestException, match="No connection adapters"):
        carried(carrier, Message("GET", f"{server.url}/x"))


# What is changed counts from then on


def test_headers_that_are_changed_are_sent_from_then_on(serve: Serve, taken: list[bytes]) -> None:
    server = serve(b"{}")
    carrier = transport(server.url, headers={"X-Own": "1"})
    message = Message("GET", f"{server.url}/x")
    carried(carrier, message)
    carrier.session.headers["X-New"] = "1"
    carried(carrier, message)
    del carrier.session.headers["x-new"]
    carried(carrier, message, {"headers": {"X-Call": "1"}})
    assert [b"X-New: 1" in request for request in server.requests] == [False, True, False]
    assert [b"X-Call: 1" in request for request in server.requests] == [False, False, True]
    assert all(b"X-Own: 1" in request for request in server.requests)
    assert len(taken) == 2


@pytest.mark.parametrize("headers", [{"X-A": b"bytes"}, {"Host": "elsewhere.example"}, {"X-MBX-APIKEY": "another"}])
def test_headers_out_of_the_ordinary_are_left_to_requests(serve: Serve, taken: list[bytes], headers: dict[str, Any]) -> None:
    server = serve(b"{}")
    carrier, other = transport(server.url), the_other_way(server.url)
    for each in (carrier, other):
        each.session.headers.update(headers)
        carried(each, Message("GET", f"{server.url}/x", KEY, private=True))
    assert server.requests[0] == server.requests[1]
    assert taken == []


def test_a_header_that_would_be_two_is_refused_on_either_way(serve: Serve) -> None:
    server = serve(b"{}")
    for carrier in (transport(server.url), the_other_way(server.url)):
        carrier.session.headers["X-A"] = "1\r\nX-B: 2"
        with pytest.raises((ExchangeRequestException, ValueError)):
            carried(carrier, Message("GET", f"{server.url}/x"))
    assert server.requests == []


def test_a_proxy_that_is_named_later_is_used_from_then_on(serve: Serve) -> None:
    server, proxy = serve(b"{}"), serve(b"proxied")
    carrier = transport(server.url)
    message = Message("GET", f"{server.url}/x")
    assert carried(carrier, message).body == b"{}"
    carrier.session.proxies["http"] = proxy.url
    assert carried(carrier, message).body == b"proxied"
    carrier.session.proxies.clear()
    assert carried(carrier, message).body == b"{}"
    assert carried(carrier, message, {"proxies": {"http": proxy.url}}).body == b"proxied"


def test_verification_that_is_switched_off_later_is_refused(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("REQUESTS_CA_BUNDLE", raising=False)
    monkeypatch.delenv("CURL_CA_BUNDLE", raising=False)
    server = serve(b"{}")
    carrier = transport(server.url)
    carried(carrier, Message("GET", f"{server.url}/x"))
    carrier.session.verify = False
    with pytest.raises(ValueError, match=r"session\.verify=False is refused"):
        carried(carrier, Message("GET", f"{server.url}/x"))
    assert len(server.requests) == 1


def test_a_session_that_was_closed_opens_new_connections(serve: Serve, taken: list[bytes]) -> None:
    peers: list[int] = []

    def answer(connection: socket.socket, _: bytes) -> None:
        peers.append(connection.getpeername()[1])
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")

    server = serve(answer)
    carrier = transport(server.url)
    for close in (lambda: None, carrier.close, carrier.session.close):
        carried(carrier, Message("GET", f"{server.url}/x"))
        carried(carrier, Message("GET", f"{server.url}/x"))
        close()
    carried(carrier, Message("GET", f"{server.url}/x"))
    assert len(taken) == 7
    assert len(set(peers)) == 3
    carrier.close()


FORKING = """
import os, sys
from exchangeclient.client import Client
client = Client(environment=sys.argv[1])
if sys.argv[2] == "watched":
    client.session.hooks["response"].append(lambda *_, **__: None)
print(client.ping(), flush=True)
child = os.fork()
if child == 0:
    print(client.ping(), flush=True)
    os._exit(0)
os.waitpid(child, 0)
print(client.ping())
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no forks")
@pytest.mark.parametrize("way", ["short", "watched"])
def test_a_process_that_is_forked_off_uses_connections_of_its_own(serve: Serve, way: str) -> None:
    def answer(connection: socket.socket, _: bytes) -> None:
        port = str(connection.getpeername()[1]).encode()
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(port), port))

    command = [sys.executable, "-c", FORKING, serve(answer).url, way]
    parent, child, again = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout.split()
    assert parent == again != child


# Both ways are one


TEXT = st.text(st.characters(codec="utf-8"), max_size=20)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(st.sampled_from(["GET", "POST", "PUT", "DELETE"]), st.dictionaries(TEXT.filter(bool), TEXT, max_size=5), st.booleans())
def test_the_same_bytes_leave_on_either_way(serve: Serve, verb: str, params: dict[str, str], private: bool) -> None:
    server = serve(b"{}")
    text, headers = encode(params), KEY if private else {}
    url, body = (f"{server.url}/api/v3/x", text) if verb in ("POST", "PUT") else (f"{server.url}/x{'?' if text else ''}{text}", "")
    message = Message(verb, url, headers, body, private)
    for carrier in (transport(server.url), the_other_way(server.url)):
        carried(carrier, message)
        carrier.close()
    assert server.requests[-1] == server.requests[-2]


@pytest.mark.parametrize("target", ["", "?a=1", "/x?", "/x#part", "/a b", "/\u00e9", '/"', "/%7e", "/%zz", "/a\tb"])
def test_a_target_out_of_the_ordinary_is_left_to_requests(serve: Serve, taken: list[bytes], target: str) -> None:
    server = serve(b"{}")
    for carrier in (transport(server.url), the_other_way(server.url)):
        carried(carrier, Message("GET", server.url + target))
    assert server.requests[0] == server.requests[1]
    assert taken == []


PACKED = gzip.compress(b'{"a": 1}')
DEFLATED = zlib.compress(b'{"a": 1}')
ANSWERS = {
    "plain": b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}",
    "an error": b"HTTP/1.1 418 I'm a teapot\r\nContent-Length: 2\r\nRetry-After:  7 \r\n\r\n{}",
    "no reason": b"HTTP/1.1 200\r\nContent-Length: 2\r\n\r\n{}",
    "an empty reason": b"HTTP/1.1 200 \r\nContent-Length: 2\r\n\r\n{}",
    "empty": b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
    "packed": b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n%b" % (len(PACKED), PACKED),
    "deflated": b"HTTP/1.1 200 OK\r\nContent-Encoding: deflate\r\nContent-Length: %d\r\n\r\n%b" % (len(DEFLATED), DEFLATED),
    "not packed after all": b"HTTP/1.1 200 OK\r\nContent-Encoding: identity\r\nContent-Length: 2\r\n\r\n{}",
    "chunks": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n{\r\n1;x=y\r\n}\r\n0\r\nX-Late: 1\r\n\r\n",
    "packed chunks": b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%b\r\n0\r\n\r\n"
    % (len(PACKED), PACKED),
    "a header twice": b"HTTP/1.1 200 OK\r\nX-A: 1\r\nx-a: 2\r\nContent-Length: 2\r\n\r\n{}",
    "a folded header": b"HTTP/1.1 200 OK\r\nX-A: 1\r\n 2\r\nContent-Length: 2\r\n\r\n{}",
    "lines that end in LF": b"HTTP/1.1 200 OK\nX-A: 1\nContent-Length: 2\n\n{}",
    "one line that ends in LF": b"HTTP/1.1 200 OK\r\nX-A: 1\nX-B: 2\r\nContent-Length: 2\r\n\r\n{}",
    "letters of Latin-1": b"HTTP/1.1 200 OK\r\nX-A: \xe9\r\nContent-Length: 2\r\n\r\n{}",
    "continue first": b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}",
    "no body": b"HTTP/1.1 204 No Content\r\nContent-Length: 2\r\n\r\n",
    "until it is closed": b"HTTP/1.1 200 OK\r\n\r\n{}",
    "the last one": b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}",
    "of old": b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\n{}",
    "a negative length": b"HTTP/1.1 200 OK\r\nContent-Length: -2\r\n\r\n{}",
    "two lengths": b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\n{}",
    "more than it says": b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}[]",
    "less than it says": b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n{}",
    "less than the chunk says": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\n{}",
    "badly packed": b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\n{}",
    "no HTTP": b"hello\r\n\r\n",
    "another version": b"HTTP/2 200 OK\r\nContent-Length: 2\r\n\r\n{}",
    "a status of its own": b"HTTP/1.1 2 OK\r\nContent-Length: 2\r\n\r\n{}",
    "a redirect": b"HTTP/1.1 302 Found\r\nLocation: /y\r\nContent-Length: 0\r\n\r\n",
    "nothing": b"",
}


def outcome(carrier: Transport, url: str) -> Any:
    """What becomes of a call: the answer, or the kind of its failure."""
    try:
        response = carried(carrier, Message("GET", f"{url}/x"))
    except ExchangeRequestException as error:
        return error.sent, error.transient
    finally:
        carrier.close()
    return response.status, response.reason, dict(response.headers), response.body


@pytest.mark.parametrize("at_once", [True, False], ids=["at once", "byte by byte"])
@pytest.mark.parametrize("said", ANSWERS.values(), ids=ANSWERS)
def test_an_answer_is_the_same_on_either_way(serve: Serve, taken: list[bytes], said: bytes, at_once: bool) -> None:
    def answer(connection: socket.socket, _: bytes) -> None:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for part in [said] if at_once else [bytes([byte]) for byte in said]:
            connection.sendall(part)
        connection.shutdown(socket.SHUT_WR)

    server = serve(answer)
    ours, theirs = outcome(transport(server.url), server.url), outcome(the_other_way(server.url), server.url)
    assert ours == theirs
    assert len(taken) == 1


def test_a_connection_on_which_more_comes_than_the_answer_is_not_used_again(serve: Serve, taken: list[bytes]) -> None:
    peers: list[int] = []

    def answer(connection: socket.socket, _: bytes) -> None:
        peers.append(connection.getpeername()[1])
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n%dHTTP/1.1 200" % len(peers))

    server = serve(answer)
    carrier = transport(server.url)
    assert [carried(carrier, Message("GET", f"{server.url}/x")).body for _ in range(3)] == [b"1", b"2", b"3"]
    assert len(set(peers)) == len(taken) == 3
    carrier.close()


def test_a_connection_on_which_tls_has_more_than_the_answer_is_not_used_again(
    serve: Serve, taken: list[bytes], certificate: tuple[ssl.SSLContext, str]
) -> None:
    def answer(connection: socket.socket, request: bytes) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n")  # a record of its own, so that the rest is read by its length
        connection.sendall(request.split()[1] + b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n/?")

    context, file = certificate
    server = serve(answer, context=context)
    carrier = transport(server.url, verify=file)
    assert [carried(carrier, Message("GET", f"{server.url}/{n}")).body for n in range(3)] == [b"/0", b"/1", b"/2"]
    assert len(taken) == 3
    carrier.close()


@pytest.mark.parametrize("way", ["short", "watched"])
def test_a_connection_that_is_cut_before_tls_has_begun_may_be_better_the_next_time(
    way: str, certificate: tuple[ssl.SSLContext, str]
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        carrier = transport(url := f"https://127.0.0.1:{listener.getsockname()[1]}", verify=certificate[1])
        if way == "watched":
            carrier.session.hooks["response"].append(lambda *_, **__: None)

        def cut() -> None:
            connection, _ = listener.accept()
            connection.recv(65536)  # else it would be reset
            connection.close()

        cutting = threading.Thread(target=cut)
        cutting.start()
        with pytest.raises(ExchangeRequestException) as caught:
            carried(carrier, Message("GET", f"{url}/x"))
        cutting.join()
    assert isinstance(caught.value.__cause__, ssl.SSLEOFError)
    assert (caught.value.sent, caught.value.transient) == ("no", True)


@pytest.mark.parametrize("way", ["short", "watched"])
@pytest.mark.parametrize("interim", ["100 Continue", "102 Processing", "103 Early Hints"])
def test_what_comes_before_an_answer_is_passed_over(serve: Serve, interim: str, way: str) -> None:
    def answer(connection: socket.socket, request: bytes) -> None:
        for _ in range(2):
            connection.sendall(f"HTTP/1.1 {interim}\r\nLink: </x>\r\n\r\n".encode())
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n" + request.split()[1])

    server = serve(answer)
    carrier = transport(server.url)
    if way == "watched":
        carrier.session.hooks["response"].append(lambda *_, **__: None)
    answers = [carried(carrier, Message("GET", f"{server.url}/{n}")) for n in range(3)]
    assert [(each.status, each.body) for each in answers] == [(200, b"/0"), (200, b"/1"), (200, b"/2")]
    carrier.close()


def test_a_connection_that_the_server_will_close_is_not_used_again(serve: Serve, taken: list[bytes]) -> None:
    peers: list[int] = []

    def answer(connection: socket.socket, _: bytes) -> None:
        peers.append(connection.getpeername()[1])
        connection.sendall(b"HTTP/1.1 200 OK\r\nConnection: Close\r\nContent-Length: 2\r\n\r\n{}")

    server = serve(answer)
    carrier = transport(server.url)
    for _ in range(2):
        carried(carrier, Message("GET", f"{server.url}/x"))
    assert len(set(peers)) == len(taken) == 2
    carrier.close()


@pytest.mark.parametrize("length", [70_000, 1_000_000])
def test_a_long_answer_is_read_whole(serve: Serve, taken: list[bytes], length: int) -> None:
    body = bytes(range(256)) * (length // 256)
    server = serve(body)
    assert carried(transport(server.url), Message("GET", f"{server.url}/x")).body == body
    assert len(taken) == 1


def test_a_server_that_answers_and_hangs_up_before_it_has_read_all_is_heard(serve: Serve) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        carrier = transport(url := f"http://127.0.0.1:{listener.getsockname()[1]}")
        terms = carrier.terms({"timeout": 5})
        parcel = carrier.packed(Message("POST", f"{url}/x", {}, "x"), terms)

        class Broken:
            """A socket of which the other end is shut, with an answer waiting in it."""

            def __init__(self) -> None:
                self.settimeout = lambda _: None
                self.close = lambda: None

            def sendall(self, _: bytes) -> None:
                raise BrokenPipeError

            def recv(self, _: int) -> bytes:
                return b"HTTP/1.1 413 Too Long\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}"

        pool = carrier._lanes[url][1]._pool  # type: ignore[union-attr]
        connection = pool._get_conn()
        connection.sock = Broken()
        pool._get_conn = lambda: connection  # type: ignore[method-assign]
        assert carrier.send(parcel, parcel.attempt()).status == 413
