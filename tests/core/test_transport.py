from __future__ import annotations

import contextlib
import gzip
import ipaddress
import logging
import os
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests
import requests_mock
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from hypothesis import given, settings
from hypothesis import strategies as st

from exchangeclient.core.clock import SystemClock
from exchangeclient.core.request import Message, encode
from exchangeclient.core.transport import Options, Transport
from exchangeclient.exceptions import ExchangeRequestException

KEY, SIGNATURE = "the-api-key", "0123456789abcdef"
Answer = Callable[[socket.socket, bytes], None]


class Server:
    """A loopback server that does to each request what the test says, and keeps its bytes."""

    def __init__(self, answer: Answer, context: ssl.SSLContext | None = None) -> None:
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


Serve = Callable[..., Server]


@pytest.fixture
def serve() -> Iterator[Serve]:
    servers: list[Server] = []

    def start(answer: Answer, context: ssl.SSLContext | None = None) -> Server:
        servers.append(Server(answer, context))
        return servers[-1]

    yield start
    for server in servers:
        server.stop()


def answering(body: bytes, status: str = "200 OK", *headers: str) -> Answer:
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers]

    def answer(connection: socket.socket, _: bytes) -> None:
        connection.sendall("\r\n".join(lines).encode() + b"\r\n\r\n" + body)

    return answer


def transport(*hosts: str, body_limit: int = 2**20, **options: Any) -> Transport:
    return Transport(clock=SystemClock(), key_hosts=hosts, options=Options().having(options), body_limit=body_limit)


def get(url: str, path: str = "/api/v3/order?symbol=BTCUSDT&signature=" + SIGNATURE) -> Message:
    return Message("GET", url + path, {"X-MBX-APIKEY": KEY}, private=True)


def failure(carrier: Transport, message: Message) -> ExchangeRequestException:
    with pytest.raises(ExchangeRequestException) as caught:
        carrier.carry(message, {})
    assert SIGNATURE not in str(caught.value)
    assert KEY not in str(caught.value)
    return caught.value


# What is sent


def test_the_bytes_sent_are_the_bytes_of_the_message(serve: Serve) -> None:
    server = serve(answering(b"{}"))
    path = "/api/v3/order?a=%7E%2F%2F&b=%5B%22X%22%5D&c=x+y&d=%EF%BC%91&signature=A%2Bb%3D"
    transport(server.url).carry(get(server.url, path), {})
    body = "symbol=%EF%BC%91&price=0.10&signature=A%2Bb%3D"
    transport(server.url).carry(Message("POST", f"{server.url}/o", {"Content-Type": "application/x-www-form-urlencoded"}, body), {})
    first, second = server.requests
    assert first.startswith(f"GET {path} HTTP/1.1\r\n".encode())
    assert f"X-MBX-APIKEY: {KEY}".encode() in first
    assert second.endswith(f"\r\n\r\n{body}".encode())
    assert b"Content-Length: %d\r\n" % len(body) in second


def test_an_empty_form_has_a_length(serve: Serve) -> None:
    server = serve(answering(b"{}"))
    transport(server.url).carry(Message("POST", f"{server.url}/o"), {})
    assert b"Content-Length: 0\r\n" in server.requests[0]


def test_the_plain_session_path_sends_the_same_text() -> None:
    carrier = transport("https://api.example.com")
    path = "/api/v3/order?a=%7E%2F%2F&c=x+y&signature=A%2Bb%3D"
    with requests_mock.Mocker() as mock:
        mock.get("https://api.example.com/api/v3/order", text="{}")
        carrier.carry(get("https://api.example.com", path), {})
        assert mock.last_request.url == f"https://api.example.com{path}"


def test_an_adapter_of_the_users_is_used() -> None:
    carrier = transport("https://api.example.com")
    adapter = requests_mock.Adapter()
    adapter.register_uri("GET", "https://api.example.com/x", text="[1]")
    carrier.session.mount("https://api.example.com", adapter)
    assert carrier.carry(Message("GET", "https://api.example.com/x"), {}).body == b"[1]"


def test_headers_of_session_options_and_call_are_sent_together(serve: Serve) -> None:
    server = serve(answering(b"{}"))
    carrier = transport(server.url, headers={"X-Option": "1"})
    carrier.session.headers["X-Session"] = "1"
    carrier.carry(get(server.url), {"headers": {"X-Call": "1", "X-MBX-APIKEY": "another"}})
    for line in (b"X-Session: 1", b"X-Call: 1", f"X-MBX-APIKEY: {KEY}".encode(), b"User-Agent: exchangeclient/"):
        assert line in server.requests[0]


def test_a_key_goes_to_the_venues_own_host_only(serve: Serve) -> None:
    server = serve(answering(b"{}"))
    other = server.url.replace("127.0.0.1", "localhost")
    for foreign in (other, server.url.replace("http:", "https:"), "http://127.0.0.1:1", f"{server.url}@evil.example"):
        assert failure(transport(server.url), get(foreign)).sent == "no"
    assert server.requests == []


def test_netrc_adds_no_credentials(serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login me password secret\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    server = serve(answering(b"{}"))
    assert requests.utils.get_netrc_auth(server.url) == ("me", "secret")
    transport(server.url).carry(get(server.url), {})
    assert b"authorization" not in server.requests[0].lower()


@settings(max_examples=50, deadline=None)
@given(
    st.dictionaries(
        st.text(st.characters(codec="utf-8"), min_size=1, max_size=8),
        st.text(st.characters(codec="utf-8"), max_size=20),
        min_size=1,
        max_size=5,
    )
)
def test_any_text_is_sent_as_it_was_encoded(params: dict[str, str]) -> None:
    server = Server(answering(b"{}"))
    text = encode(params)
    try:
        carrier = transport(server.url)
        carrier.carry(Message("GET", f"{server.url}/x?{text}"), {})
        carrier.carry(Message("POST", f"{server.url}/x", {}, text), {})
    finally:
        server.stop()
    assert server.requests[0].split(b" ")[1] == f"/x?{text}".encode()
    assert server.requests[1].partition(b"\r\n\r\n")[2] == text.encode()


# What comes back


def test_an_answer_is_read_whole_and_unpacked(serve: Serve) -> None:
    body = os.urandom(3000).hex().encode()
    server = serve(answering(gzip.compress(body), "200 OK", "Content-Encoding: gzip", "X-MBX-USED-WEIGHT-1M: 7"))
    response = transport(server.url).carry(get(server.url), {})
    assert (response.status, response.body, response.headers["x-mbx-used-weight-1m"]) == (200, body, "7")


def test_connections_are_kept(serve: Serve) -> None:
    peers: list[int] = []

    def answer(connection: socket.socket, request: bytes) -> None:
        peers.append(connection.getpeername()[1])
        answering(b"{}")(connection, request)

    server = serve(answer)
    carrier = transport(server.url)
    for _ in range(3):
        carrier.carry(get(server.url), {})
    carrier.session.close()
    assert len(set(peers)) == 1


def test_the_last_answer_is_the_calling_threads_own(serve: Serve) -> None:
    def echo(connection: socket.socket, request: bytes) -> None:
        answering(request.split()[1])(connection, request)

    server = serve(echo)
    carrier = transport(server.url)

    def ask(number: int) -> tuple[bytes, str]:
        response = carrier.carry(get(server.url, f"/{number}"), {})
        latest = carrier.latest()
        assert latest is not None
        return response.body, latest.text

    with ThreadPoolExecutor(32) as pool:
        answers = list(pool.map(ask, range(200)))
    assert answers == [(f"/{number}".encode(), f"/{number}") for number in range(200)]
    assert carrier.latest() is None


def test_the_shown_answer_has_neither_key_nor_signature(serve: Serve) -> None:
    server = serve(answering(b'{"a":1}', "200 OK", "Content-Type: application/json"))
    carrier = transport(server.url)
    carrier.carry(get(server.url), {})
    carrier.carry(Message("POST", f"{server.url}/o", {"X-MBX-APIKEY": KEY}, f"a=1&signature={SIGNATURE}", private=True), {})
    shown = carrier.latest()
    assert shown is not None
    assert (shown.status_code, shown.json(), shown.ok) == (200, {"a": 1}, True)
    everything = f"{shown.url} {shown.request.url} {shown.request.headers} {shown.request.body!r} {vars(shown)} {vars(shown.request)}"
    assert SIGNATURE not in everything
    assert KEY not in everything
    assert shown.request.body == "a=1&signature=***"


# What goes wrong


def test_a_refused_connection_was_not_sent() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
    error = failure(transport(url), get(url))
    assert error.sent == "no"
    assert isinstance(error.__cause__, ConnectionRefusedError)
    assert "GET http://127.0.0.1" in str(error)


def test_a_name_that_is_not_found_was_not_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*args: Any, **kwargs: Any) -> Any:
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    error = failure(transport("https://nowhere.invalid"), get("https://nowhere.invalid"))
    assert error.sent == "no"
    assert "nowhere.invalid" in str(error)


def test_a_dead_address_does_not_keep_the_next_from_being_tried(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    server = serve(answering(b"{}"))
    with socket.create_server(("127.0.0.1", 0)) as free:
        dead = free.getsockname()
    alive = ("127.0.0.1", int(server.url.rpartition(":")[2]))
    real = socket.getaddrinfo

    def two(host: str, port: int, *args: Any, **kwargs: Any) -> Any:
        if host != "venue.localhost":
            return real(host, port, *args, **kwargs)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", address) for address in (dead, alive)]

    monkeypatch.setattr(socket, "getaddrinfo", two)
    assert transport().carry(Message("GET", "http://venue.localhost/x"), {}).body == b"{}"


def test_connecting_to_many_silent_addresses_ends_at_the_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    full = [socket.create_server(("127.0.0.1", 0), backlog=0) for _ in range(4)]
    plugs: list[socket.socket] = []
    for listener in full:  # fill each backlog, so that the next connection gets no answer
        for _ in range(4):
            plug = socket.socket()
            plug.setblocking(False)
            plug.connect_ex(listener.getsockname())
            plugs.append(plug)
    silent = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", listener.getsockname()) for listener in full]
    real = socket.getaddrinfo
    monkeypatch.setattr(
        socket, "getaddrinfo", lambda host, *rest, **more: silent if host == "venue.localhost" else real(host, *rest, **more)
    )
    started = time.monotonic()
    error = failure(transport("http://venue.localhost", timeout=0.6), get("http://venue.localhost"))
    assert time.monotonic() - started < 1.2
    assert error.sent == "no"
    for each in [*plugs, *full]:
        each.close()


def quiet(server: list[Server]) -> Answer:
    def answer(connection: socket.socket, _: bytes) -> None:
        server[0].stopped.wait(10)

    return answer


def test_a_server_that_never_answers_is_left_at_the_timeout(serve: Serve) -> None:
    me: list[Server] = []
    me.append(serve(quiet(me)))
    error = failure(transport(me[0].url, timeout=0.3), get(me[0].url))
    assert error.sent == "maybe"
    assert isinstance(error.__cause__, TimeoutError)


@pytest.mark.parametrize(
    "start",
    [
        b"",
        b"HTTP/1.1 200 OK\r\nX-A",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3E8\r\n",
    ],
    ids=["status", "headers", "body", "chunk"],
)
@pytest.mark.parametrize("timeout", [0.5, (0.25, 0.25)])
def test_an_answer_that_dribbles_ends_at_the_deadline_of_the_whole_call(serve: Serve, start: bytes, timeout: Any) -> None:
    me: list[Server] = []

    def dribble(connection: socket.socket, _: bytes) -> None:
        connection.sendall(start)
        for _ in range(40):  # each byte comes well within the timeout of one read
            if me[0].stopped.wait(0.1):
                break
            connection.sendall(b"1")

    me.append(serve(dribble))
    started = time.monotonic()
    error = failure(transport(me[0].url, timeout=timeout), get(me[0].url))
    assert 0.3 < time.monotonic() - started < 1.5
    assert error.sent == ("yes" if b"\r\n\r\n" in start else "maybe")


@pytest.mark.parametrize(
    "part",
    [
        b"",
        b"HTTP/1.1 2",
        b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n64\r\n{",
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 5\r\n\r\nnogzi",
    ],
)
def test_half_an_answer_is_none(serve: Serve, part: bytes) -> None:
    def cut(connection: socket.socket, _: bytes) -> None:
        connection.sendall(part)
        connection.shutdown(socket.SHUT_RDWR)

    server = serve(cut)
    error = failure(transport(server.url), get(server.url))
    assert error.sent in ("maybe", "yes")
    assert len(server.requests) == 1


def test_an_answer_past_the_limit_is_refused(serve: Serve) -> None:
    server = serve(answering(b"x" * 2000))
    error = failure(transport(server.url, body_limit=1000), get(server.url))
    assert "longer than 1000 bytes" in str(error)
    assert error.sent == "yes"


def test_the_limit_counts_what_is_unpacked(serve: Serve) -> None:
    bomb = gzip.compress(b"\0" * 50_000_000)
    server = serve(answering(bomb, "200 OK", "Content-Encoding: gzip"))
    assert "longer than" in str(failure(transport(server.url, body_limit=2**20), get(server.url)))


def test_an_endless_answer_is_refused(serve: Serve) -> None:
    def endless(connection: socket.socket, _: bytes) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        while True:
            connection.sendall(b"1000\r\n" + b"x" * 0x1000 + b"\r\n")

    assert "longer than" in str(failure(transport(url := serve(endless).url), get(url)))


def test_a_redirect_is_named_and_not_followed(serve: Serve) -> None:
    target = serve(answering(b"{}"))
    server = serve(answering(b"", "302 Found", f"Location: {target.url}/elsewhere?signature={SIGNATURE}"))
    error = failure(transport(server.url), get(server.url))
    assert f"redirected to {target.url}/elsewhere" in str(error)
    assert error.sent == "yes"
    assert target.requests == []


def test_the_users_own_error_is_not_taken_for_ours() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
    try:
        raise FileNotFoundError("the user's own trouble")
    except FileNotFoundError:
        error = failure(transport(url), get(url))
    assert isinstance(error.__cause__, ConnectionRefusedError)
    assert "own trouble" not in str(error)


def test_errors_of_another_adapter_are_mapped_too() -> None:
    carrier = transport("https://api.example.com")
    for thrown, sent in ((requests.ConnectTimeout, "no"), (requests.ReadTimeout, "maybe"), (requests.ConnectionError, "maybe")):
        with requests_mock.Mocker() as mock:
            mock.get("https://api.example.com/api/v3/order", exc=thrown)
            assert failure(carrier, get("https://api.example.com")).sent == sent


def test_a_proxy_that_refuses_is_named_without_its_password() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    carrier = transport("https://api.example.com", proxies={"https": f"http://user:hunter2@127.0.0.1:{port}"})
    error = failure(carrier, get("https://api.example.com"))
    assert f"through the proxy 127.0.0.1:{port}" in str(error)
    assert "hunter2" not in str(error)
    assert error.sent == "no"


def test_a_proxy_that_wants_a_login_is_named(serve: Serve) -> None:
    server = serve(answering(b"", "407 Proxy Authentication Required"))
    error = failure(transport("https://api.example.com", proxies={"https": server.url}), get("https://api.example.com"))
    assert "407" in str(error)
    assert error.sent == "no"
    assert server.requests[0].startswith(b"CONNECT api.example.com:443")


# TLS


def certificate(folder: Path) -> tuple[ssl.SSLContext, str]:
    """A certificate for 127.0.0.1 that only its own file vouches for."""
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
        .sign(key, SHA256())
    )
    file = folder / "certificate.pem"
    file.write_bytes(signed.public_bytes(Encoding.PEM) + key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    return context, str(file)


def test_a_certificate_that_nobody_vouches_for_is_refused_before_anything_is_sent(serve: Serve, tmp_path: Path) -> None:
    context, _ = certificate(tmp_path)
    server = serve(answering(b"{}"), context)
    error = failure(transport(server.url), get(server.url))
    assert error.sent == "no"
    assert isinstance(error.__cause__, ssl.SSLError)
    assert server.requests == []


def test_a_ca_bundle_of_the_users_is_trusted(serve: Serve, tmp_path: Path) -> None:
    context, bundle = certificate(tmp_path)
    server = serve(answering(b"{}"), context)
    assert transport(server.url, verify=bundle).carry(get(server.url), {}).body == b"{}"
    other = server.url.replace("127.0.0.1", "localhost")
    assert failure(transport(other, verify=bundle), get(other)).sent == "no"


def test_the_deadline_holds_over_tls(serve: Serve, tmp_path: Path) -> None:
    context, bundle = certificate(tmp_path)
    me: list[Server] = []

    def dribble(connection: socket.socket, _: bytes) -> None:
        for _ in range(40):
            if me[0].stopped.wait(0.1):
                break
            connection.sendall(b"H")

    me.append(serve(dribble, context))
    started = time.monotonic()
    assert failure(transport(me[0].url, verify=bundle, timeout=0.5), get(me[0].url)).sent == "maybe"
    assert time.monotonic() - started < 1.5


def test_a_server_that_is_silent_in_the_handshake_is_left(serve: Serve) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"https://127.0.0.1:{silent.getsockname()[1]}"
        error = failure(transport(url, timeout=0.3), get(url))
    assert error.sent == "no"


@pytest.mark.parametrize("off", [False, "", 0])
def test_verification_cannot_be_switched_off(serve: Serve, monkeypatch: pytest.MonkeyPatch, off: Any) -> None:
    monkeypatch.delenv("REQUESTS_CA_BUNDLE", raising=False)
    monkeypatch.delenv("CURL_CA_BUNDLE", raising=False)
    server = serve(answering(b"{}"))
    with pytest.raises(ValueError, match=f"verify={off!r} is refused"):
        transport(server.url, verify=off)
    carrier = transport(server.url)
    with pytest.raises(ValueError, match=f"verify={off!r} is refused"):
        carrier.carry(get(server.url), {"verify": off})
    carrier.session.verify = off
    with pytest.raises(ValueError, match=rf"session\.verify={off!r} is refused"):
        carrier.carry(get(server.url), {})
    assert server.requests == []


# Options


@pytest.mark.parametrize(("timeout", "expected"), [(5, (5, 5, 5)), (0.5, (0.5, 0.5, 0.5)), ((3, 7), (3, 7, 10)), (None, (10, 10, 10))])
def test_a_timeout_is_for_the_whole_call(timeout: Any, expected: tuple[float, float, float]) -> None:
    options = Options().having({"timeout": timeout})
    assert (options.connect_s, options.read_s, options.total_s) == expected


@pytest.mark.parametrize(
    ("params", "error", "text"),
    [
        ({"timeout": 0}, ValueError, "timeout must be a number of seconds above 0"),
        ({"timeout": -1}, ValueError, "timeout must be a number of seconds above 0"),
        ({"timeout": float("nan")}, ValueError, "timeout must be a number of seconds above 0"),
        ({"timeout": float("inf")}, ValueError, "timeout must be a number of seconds above 0"),
        ({"timeout": "5"}, TypeError, "timeout must be a number"),
        ({"timeout": (1, 2, 3)}, TypeError, "timeout must be a number"),
        ({"timeout": True}, TypeError, "timeout must be a number"),
        ({"stream": True}, TypeError, "not stream"),
        ("timeout", TypeError, "requests_params must be a dict, not str"),
    ],
)
def test_options_that_cannot_be_meant_are_refused(params: Any, error: type[Exception], text: str) -> None:
    with pytest.raises(error, match=text):
        Options().having(params)


def test_options_of_a_call_change_that_call_only() -> None:
    mine = Options().having({"timeout": 3, "proxies": {"https": "http://127.0.0.1:1"}})
    changed = mine.having({"timeout": (1, 2)})
    assert (changed.connect_s, changed.proxies) == (1, {"https": "http://127.0.0.1:1"})
    assert mine.total_s == 3


# Logs


def test_the_libraries_debug_lines_show_no_signature(serve: Serve, caplog: pytest.LogCaptureFixture) -> None:
    server = serve(answering(b"{}"))
    caplog.set_level(logging.DEBUG)
    transport(server.url).carry(get(server.url), {})
    lines = [record.getMessage() for record in caplog.records if record.name.startswith("urllib3")]
    assert any("signature=***" in line for line in lines)
    assert SIGNATURE not in caplog.text
    assert KEY not in caplog.text
