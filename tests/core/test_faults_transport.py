"""What can break on the way to the venue: one test for each row R of the faults, by the client that a user has."""

from __future__ import annotations

import gzip
import hashlib
import hmac
import json
import os
import socket
import ssl
import struct
import subprocess
import sys
import time
import tracemalloc
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from canary_hosts import FLAWS, Authority, Host, Proxy, running

from exchangeclient.client import Client
from exchangeclient.core.http import connections
from exchangeclient.core.process.clock import FakeClock
from exchangeclient.exceptions import ExchangeAPIException, ExchangeRequestException

Serve = Callable[..., Any]
TEST_ORDER = {"symbol": "BTCUSDT", "side": "BUY", "type": "MARKET", "quantity": "1", "disable_validation": True}


def client_at(url: str, **options: Any) -> Client:
    """A client whose pauses take no time."""
    return Client("key", "secret", environment=url, clock=FakeClock(), **options)


def a_free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


def failure(call: Callable[[], Any]) -> ExchangeRequestException:
    with pytest.raises(ExchangeRequestException) as caught:
        call()
    return caught.value


@pytest.fixture
def tries(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The addresses that were connected to."""
    tried: list[Any] = []
    connect = connections.create_connection

    def noted(address: Any, *args: Any, **kwargs: Any) -> socket.socket:
        tried.append(address)
        return connect(address, *args, **kwargs)

    monkeypatch.setattr(connections, "create_connection", noted)
    return tried


def test_R01_a_host_that_is_down_is_tried_three_times(tries: list[Any]) -> None:
    """Fails without core/http/retry.py."""
    client = client_at(f"http://127.0.0.1:{a_free_port()}")
    error = failure(client.ping)
    assert (error.sent, len(tries)) == ("no", 3)
    assert failure(lambda: client.create_test_order(**TEST_ORDER)).sent == "no"
    assert len(tries) == 4, "what is no read is tried once"


def test_R01_repeats_end_with_the_deadline(tries: list[Any]) -> None:
    client = client_at(f"http://127.0.0.1:{a_free_port()}")
    client._caller._random = lambda: 1.0  # pauses of 0.25 s and 0.5 s
    failure(lambda: client.ping(requests_params={"timeout": 0.6}))
    assert (len(tries), client.clock.monotonic_s()) == (2, 0.25), "there is no time for the second pause, so it is not begun"


def test_R02_a_name_that_is_not_found_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def unknown(host: str, *args: Any, **kwargs: Any) -> Any:
        asked.append(host)
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    error = failure(client_at("https://venue.invalid").ping)
    assert error.sent == "no"
    assert "venue.invalid" in str(error)
    assert asked == ["venue.invalid"] * 3


def test_R03_a_connection_that_hangs_ends_at_its_timeout(monkeypatch: pytest.MonkeyPatch) -> None:
    client = client_at("http://127.0.0.1:1")

    def hang(address: Any, timeout: float, **kwargs: Any) -> Any:
        assert isinstance(client.clock, FakeClock)
        client.clock.advance(timeout)
        raise TimeoutError("timed out")

    monkeypatch.setattr(connections, "create_connection", hang)
    for timeout, lasted in ((5, 5), ((2, 9), 11)):
        before = client.clock.monotonic_s()
        assert failure(lambda timeout=timeout: client.ping(requests_params={"timeout": timeout})).sent == "no"
        assert client.clock.monotonic_s() - before <= lasted * 1.1


def test_R04_a_server_that_never_answers_is_left_at_the_timeout(serve: Serve) -> None:
    server = serve(lambda *_: server.stopped.wait(30))
    with Client(environment=server.url) as client:
        began = time.monotonic()
        error = failure(lambda: client.ping(requests_params={"timeout": 0.2}))
        assert time.monotonic() - began < 10
    assert error.sent == "maybe"


def test_R05_an_answer_that_dribbles_is_cut_at_the_deadline(serve: Serve) -> None:
    def dribble(connection: socket.socket, _: bytes) -> None:
        for byte in b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n" + b" " * 9999:
            connection.sendall(bytes([byte]))
            if server.stopped.wait(0.02):
                return

    server = serve(dribble)
    with Client(environment=server.url) as client:
        began = time.monotonic()
        failure(lambda: client.ping(requests_params={"timeout": 0.3}))
        assert time.monotonic() - began < 20


def test_R06_an_answer_that_is_cut_anywhere_is_none(serve: Serve) -> None:
    whole = b'HTTP/1.1 200 OK\r\nContent-Length: 13\r\n\r\n{"price": 10}'
    sent = b""

    def cut(connection: socket.socket, _: bytes) -> None:
        connection.sendall(sent)
        connection.shutdown(socket.SHUT_RDWR)

    client = client_at(serve(cut).url)
    for bytes_sent in range(0, len(whole), 2):
        sent = whole[:bytes_sent]
        assert failure(client.get_server_time).sent in ("maybe", "yes")
    sent = whole
    assert client.get_server_time() == {"price": 10}


def test_R07_a_body_that_meets_a_reset_is_not_sent_again() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener, ThreadPoolExecutor(1) as pool:

        def reset() -> bytes:
            connection, _ = listener.accept()
            with connection:
                begun = connection.recv(100)
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            return begun

        served = pool.submit(reset)
        client = client_at(f"http://127.0.0.1:{listener.getsockname()[1]}")
        error = failure(lambda: client.create_test_order(**TEST_ORDER, note="x" * 4_000_000))
        assert error.sent == "maybe"
        assert served.result().startswith(b"POST /api/v3/order/test ")
        listener.settimeout(0.05)
        with pytest.raises(TimeoutError):
            listener.accept()


@pytest.mark.parametrize("seen", [True, False])
def test_R08_a_kept_connection_that_the_server_closed_costs_a_read_nothing(serve: Serve, seen: bool) -> None:
    """The server hangs up after an answer (that is seen before the next call is sent), or as the next call comes."""

    def answer(connection: socket.socket, _: bytes) -> None:
        if seen or len(server.requests) != 2:
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
        if seen or len(server.requests) == 2:
            connection.shutdown(socket.SHUT_RDWR)

    server = serve(answer)
    client = client_at(server.url)
    client.ping()
    if seen:
        time.sleep(0.02)
    assert client.ping() == {}
    assert len(server.requests) == (2 if seen else 3)
    client.close()


def test_R08_what_is_no_read_is_not_sent_again_over_a_new_connection(serve: Serve) -> None:
    def answer(connection: socket.socket, _: bytes) -> None:
        if len(server.requests) == 1:
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
        else:
            connection.shutdown(socket.SHUT_RDWR)

    server = serve(answer)
    client = client_at(server.url)
    client.ping()
    assert failure(lambda: client.create_test_order(**TEST_ORDER)).sent == "maybe"
    assert len(server.requests) == 2
    client.close()


@pytest.mark.parametrize("status", ["301 Moved Permanently", "302 Found", "307 Temporary Redirect", "308 Permanent Redirect"])
def test_R09_a_redirect_is_named_and_the_key_stays_here(serve: Serve, status: str) -> None:
    elsewhere = serve(b"{}")
    server = serve(b"", status, f"Location: {elsewhere.url}/x")
    assert f"redirected to {elsewhere.url}/x" in str(failure(client_at(server.url).get_account))
    assert (len(server.requests), elsewhere.requests) == (1, [])


@pytest.mark.parametrize("body", [b"", b"<html>hello</html>", b'{"a": ', b"\xef\xbb\xbf{}", '{"a": "\u00e9"}'.encode("latin-1"), b"nan"])
def test_R10_what_is_no_json_is_shown_by_its_beginning_without_secrets(serve: Serve, body: bytes) -> None:
    server = serve(body + b" signature=deadbeef " + b"x" * 1000)
    error = failure(client_at(server.url).ping)
    assert "deadbeef" not in str(error)
    assert len(str(error)) < 600
    assert (error.sent, len(server.requests)) == ("yes", 1)


@pytest.mark.parametrize("body", [b"", b"sorry", b"[1, 2]", b'{"error": "no"}', b'{"code": "x", "msg": 1}', b"null", b"\xff"])
@pytest.mark.parametrize("status", ["400 Bad Request", "404 Not Found", "409 Conflict"])
def test_R12_an_error_of_any_shape_has_status_and_text(serve: Serve, body: bytes, status: str) -> None:
    with pytest.raises(ExchangeAPIException) as caught:
        client_at(serve(body, status).url).ping()
    assert caught.value.status_code == int(status[:3])
    assert caught.value.code == 0
    assert caught.value.message


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_R13_a_read_is_repeated_twice_when_the_server_is_in_trouble(serve: Serve, status: int) -> None:
    server = serve(b"trouble", f"{status} Trouble")
    with pytest.raises(ExchangeAPIException) as caught:
        client_at(server.url).ping()
    assert (caught.value.status_code, len(server.requests)) == (status, 3)


def test_R14_a_firewall_is_called_by_its_name_and_not_asked_again(serve: Serve) -> None:
    server = serve(b"<html>blocked</html>", "403 Forbidden")
    with pytest.raises(ExchangeAPIException, match="the venue's firewall refused the request") as caught:
        client_at(server.url).ping()
    assert (caught.value.status_code, len(server.requests)) == (403, 1)


def test_R15_an_answer_without_end_costs_no_memory(serve: Serve) -> None:
    bomb = gzip.compress(b"\0" * 100_000_000)

    def endless(connection: socket.socket, _: bytes) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        while True:
            connection.sendall(b"1000\r\n" + b"x" * 0x1000 + b"\r\n")

    def huge(connection: socket.socket, _: bytes) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1073741824\r\n\r\n")
        while True:
            connection.sendall(b"x" * 0x1000)

    twice = serve(gzip.compress(bomb), "200 OK", "Content-Encoding: gzip, gzip")
    servers = [serve(bomb, "200 OK", "Content-Encoding: gzip"), twice, serve(endless), serve(huge)]
    tracemalloc.start()
    try:
        for server in servers:
            assert "longer than 1048576 bytes" in str(failure(client_at(server.url, body_limit=2**20).ping))
            assert len(server.requests) == 1
        assert tracemalloc.get_traced_memory()[1] < 8 * 2**20
    finally:
        tracemalloc.stop()


def test_R16_trouble_with_a_proxy_names_it_and_hides_its_password(serve: Serve) -> None:
    def cut(connection: socket.socket, _: bytes) -> None:
        connection.shutdown(socket.SHUT_RDWR)

    ports = [a_free_port()] + [int(proxy.url.rpartition(":")[2]) for proxy in (serve(b"", "407 Login Please"), serve(cut))]
    for port in ports:
        proxy = f"http://user:hunter2@127.0.0.1:{port}"
        error = failure(client_at("https://venue.invalid", requests_params={"proxies": {"https": proxy}}).ping)
        assert f"127.0.0.1:{port}" in str(error)
        assert "hunter2" not in str(error)
        assert error.sent == "no"


@pytest.mark.parametrize("way", ["directly", "over a proxy"])
@pytest.mark.parametrize("flaw", FLAWS)
def test_R17_a_bad_certificate_is_refused_before_anything_is_sent(tmp_path: Path, flaw: str, way: str) -> None:
    authority, proxy = Authority(tmp_path), Proxy()
    host = Host(authority.context(flaw))
    params: dict[str, Any] = {"timeout": 0.5, "verify": None if flaw == "of an unknown authority" else authority.bundle}
    if way == "over a proxy":
        params["proxies"] = {"https": f"http://127.0.0.1:{proxy.port}"}
    with running(host, proxy):
        error = failure(client_at(f"https://localhost:{host.port}", requests_params=params).get_account)
    assert error.sent == "no"
    assert (host.requests, host.keys, proxy.connections > 0) == (0, 0, way == "over a proxy")


@pytest.mark.parametrize("way", ["directly", "over a proxy"])
def test_R17_a_good_certificate_is_accepted(tmp_path: Path, way: str) -> None:
    authority, proxy = Authority(tmp_path), Proxy()
    host = Host(authority.context(""))
    proxies = {"https": f"http://127.0.0.1:{proxy.port}"} if way == "over a proxy" else {}
    with running(host, proxy), client_at(host.url, requests_params={"verify": authority.bundle, "proxies": proxies}) as client:
        assert client.get_account()["serverTime"] > 0
    assert (host.keys, proxy.connections) == (1, len(proxies))


def test_R18_32_threads_get_the_answers_to_their_own_questions(serve: Serve) -> None:
    def echo(connection: socket.socket, request: bytes) -> None:
        body = json.dumps(request.split()[1].decode()).encode()
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body))

    with Client("key", "secret", environment=serve(echo).url, clock=FakeClock()) as client, ThreadPoolExecutor(32) as pool:
        answers = list(pool.map(lambda number: client.get_klines("BTCUSDT", "1m", startTime=number), range(300)))
        assert answers == [f"/api/v3/klines?symbol=BTCUSDT&interval=1m&startTime={number}" for number in range(300)]
        signed = list(pool.map(lambda number: client.get_order(symbol="BTCUSDT", orderId=number), range(300)))
        assert [text.split("&")[1] for text in signed] == [f"orderId={number}" for number in range(300)]


@pytest.mark.parametrize("value", ["a&b", "a+b", "a b", "100%", "a=b", "é", "这是测试币456", "%41", "/?#", "~-._", "\t"])
def test_R19_the_signed_text_is_the_sent_text(serve: Serve, value: str) -> None:
    server = serve(b"{}")
    client = client_at(server.url)
    client.get_account(note=value)
    client.create_test_order(**TEST_ORDER, note=value)
    client.close()
    query = server.requests[0].split(b" ")[1].partition(b"?")[2]
    body = server.requests[1].partition(b"\r\n\r\n")[2]
    for sent in (query, body):
        text, _, signature = sent.rpartition(b"&signature=")
        assert signature.decode() == hmac.new(b"secret", text, hashlib.sha256).hexdigest()


CALLED_IN_AN_ENVIRONMENT = """
import sys
from exchangeclient.client import Client
Client("key", "secret", environment=sys.argv[1]).ping()
"""


def test_R20_netrc_and_proxies_of_the_environment_do_not_touch_calls_on_this_machine(serve: Serve, tmp_path: Path) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login me password hunter2\ndefault login me password hunter2\n")
    netrc.chmod(0o600)
    server, proxy = serve(b"{}"), serve(b"proxied")
    env = {**os.environ, "NETRC": str(netrc), "HTTP_PROXY": proxy.url, "http_proxy": proxy.url, "ALL_PROXY": proxy.url, "NO_PROXY": ""}
    subprocess.run([sys.executable, "-c", CALLED_IN_AN_ENVIRONMENT, server.url], env=env, check=True, timeout=60)
    assert len(server.requests) == 1
    assert b"authorization" not in server.requests[0].lower()
    assert proxy.requests == []


def test_R20_the_ca_bundle_of_the_environment_is_trusted(
    serve: Serve, certificate: tuple[ssl.SSLContext, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    context, bundle = certificate
    server = serve(b"{}", context=context)
    failure(client_at(server.url).ping)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", bundle)
    with client_at(server.url) as client:
        assert client.ping() == {}
