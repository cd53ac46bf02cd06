from __future__ import annotations

import gzip
import io
import logging
import os
import socket
import ssl
import traceback
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import requests
import requests_mock
import urllib3
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from requests.adapters import HTTPAdapter

from exchangeclient.core.http.options import Options
from exchangeclient.core.http.request import Message, Response, encode
from exchangeclient.core.http.transport import Transport
from exchangeclient.core.process.clock import FakeClock, SystemClock
from exchangeclient.exceptions import ExchangeRequestException

KEY, SIGNATURE = "the-api-key", "0123456789abcdef"
Serve = Callable[..., Any]
Certificate = tuple[ssl.SSLContext, str]


def transport(*hosts: str, body_limit: int = 2**20, **options: Any) -> Transport:
    return Transport(clock=SystemClock(), key_hosts=hosts, options=Options().having(options), body_limit=body_limit)


def carried(carrier: Transport, message: Message, params: dict[str, Any] | None = None) -> Response:
    return carrier.carry(message, carrier.terms(params))


def get(url: str, path: str = "/api/v3/order?symbol=BTCUSDT&signature=" + SIGNATURE) -> Message:
    return Message("GET", url + path, {"X-MBX-APIKEY": KEY}, private=True)


def failure(carrier: Transport, message: Message) -> ExchangeRequestException:
    with pytest.raises(ExchangeRequestException) as caught:
        carried(carrier, message)
    assert SIGNATURE not in str(caught.value)
    assert KEY not in str(caught.value)
    return caught.value


# What is sent


def test_the_bytes_sent_are_the_bytes_of_the_message(serve: Serve) -> None:
    server = serve(b"{}")
    path = "/api/v3/order?a=%7E%2F%2F&b=%5B%22X%22%5D&c=x+y&d=%EF%BC%91&signature=A%2Bb%3D"
    carried(transport(server.url), get(server.url, path))
    body = "symbol=%EF%BC%91&price=0.10&signature=A%2Bb%3D"
    carried(transport(server.url), Message("POST", f"{server.url}/o", {"Content-Type": "application/x-www-form-urlencoded"}, body))
    first, second = server.requests
    assert first.startswith(f"GET {path} HTTP/1.1\r\n".encode())
    assert f"X-MBX-APIKEY: {KEY}".encode() in first
    assert second.endswith(f"\r\n\r\n{body}".encode())
    assert b"Content-Length: %d\r\n" % len(body) in second


def test_an_empty_form_has_a_length(serve: Serve) -> None:
    server = serve(b"{}")
    carried(transport(server.url), Message("POST", f"{server.url}/o"))
    assert b"Content-Length: 0\r\n" in server.requests[0]


def test_the_plain_session_path_sends_the_same_text() -> None:
    carrier = transport("https://api.example.com")
    path = "/api/v3/order?a=%7E%2F%2F&c=x+y&signature=A%2Bb%3D"
    with requests_mock.Mocker() as mock:
        mock.get("https://api.example.com/api/v3/order", text="{}")
        carried(carrier, get("https://api.example.com", path))
        assert mock.last_request.url == f"https://api.example.com{path}"


def test_an_adapter_of_the_users_is_used() -> None:
    carrier = transport("https://api.example.com")
    adapter = requests_mock.Adapter()
    adapter.register_uri("GET", "https://api.example.com/x", text="[1]")
    carrier.session.mount("https://api.example.com", adapter)
    assert carried(carrier, Message("GET", "https://api.example.com/x")).body == b"[1]"


def test_headers_of_session_options_and_call_are_sent_together_and_the_later_win(serve: Serve) -> None:
    server = serve(b"{}")
    carrier = transport(server.url, headers={"X-Option": "1", "X-Both": "option"})
    carrier.session.headers.update({"X-Session": "1", "x-both": "session"})
    carried(carrier, get(server.url), {"headers": {"X-Call": "1"}})
    for line in (b"X-Session: 1", b"X-Option: 1", b"X-Call: 1", b"X-Both: option", b"User-Agent: exchangeclient/"):
        assert line in server.requests[0]
    assert server.requests[0].lower().count(b"x-both:") == 1


@pytest.mark.parametrize("spelling", ["X-MBX-APIKEY", "x-mbx-apikey", "X-Mbx-Apikey"])
def test_nothing_takes_the_place_of_the_key_of_a_signed_call(serve: Serve, spelling: str) -> None:
    server = serve(b"{}")
    carrier = transport(server.url, headers={spelling: "another"})
    carrier.session.headers[spelling] = "another"
    carried(carrier, get(server.url), {"headers": {spelling: "another"}})
    keys = [line.partition(b": ")[2] for line in server.requests[0].split(b"\r\n") if line.lower().startswith(b"x-mbx-apikey:")]
    assert keys == [KEY.encode()]


def test_hooks_of_the_session_see_the_answer(serve: Serve) -> None:
    server = serve(b"{}")
    carrier = transport(server.url)
    seen: list[int] = []
    carrier.session.hooks["response"].append(lambda answer, **_: seen.append(answer.status_code))
    carried(carrier, get(server.url))
    assert seen == [200]


def test_a_plain_adapter_sends_the_same_bytes(serve: Serve) -> None:
    server = serve(b"{}")
    body = "symbol=%EF%BC%91&price=0.10&signature=A%2Bb%3D"
    form = {"Content-Type": "application/x-www-form-urlencoded", "X-MBX-APIKEY": KEY}
    messages = [
        Message("POST", f"{server.url}/o", form, body, private=True),
        Message("POST", f"{server.url}/o"),
        Message("DELETE", f"{server.url}/o?a=%7E&c=x+y", {"X-MBX-APIKEY": KEY}, private=True),
        get(server.url),
    ]
    ours, plain = transport(server.url), transport(server.url)
    plain.session.mount("http://", HTTPAdapter())
    for message in messages:
        carried(ours, message)
        carried(plain, message)
        assert server.requests[-1] == server.requests[-2]


def test_a_key_goes_to_the_venues_own_host_only(serve: Serve) -> None:
    server = serve(b"{}")
    other = server.url.replace("127.0.0.1", "localhost")
    for foreign in (other, server.url.replace("http:", "https:"), "http://127.0.0.1:1", f"{server.url}@evil.example"):
        assert failure(transport(server.url), get(foreign)).sent == "no"
    assert server.requests == []


def test_netrc_adds_no_credentials(serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login me password secret\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    server = serve(b"{}")
    assert requests.utils.get_netrc_auth(server.url) == ("me", "secret")
    carried(transport(server.url), get(server.url))
    assert b"authorization" not in server.requests[0].lower()


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(
    st.dictionaries(
        st.text(st.characters(codec="utf-8"), min_size=1, max_size=8),
        st.text(st.characters(codec="utf-8"), max_size=20),
        min_size=1,
        max_size=5,
    )
)
def test_any_text_is_sent_as_it_was_encoded(serve: Serve, params: dict[str, str]) -> None:
    server = serve(b"{}")
    text = encode(params)
    carrier = transport(server.url)
    carried(carrier, Message("GET", f"{server.url}/x?{text}"))
    carried(carrier, Message("POST", f"{server.url}/x", {}, text))
    carrier.session.close()
    assert server.requests[-2].split(b" ")[1] == f"/x?{text}".encode()
    assert server.requests[-1].partition(b"\r\n\r\n")[2] == text.encode()


# What comes back


def test_an_answer_is_read_whole_and_unpacked(serve: Serve) -> None:
    body = os.urandom(3000).hex().encode()
    server = serve(gzip.compress(body), "200 OK", "Content-Encoding: gzip", "X-MBX-USED-WEIGHT-1M: 7")
    response = carried(transport(server.url), get(server.url))
    assert (response.status, response.body, response.headers["x-mbx-used-weight-1m"]) == (200, body, "7")


def test_connections_are_kept(serve: Serve) -> None:
    peers: list[int] = []

    def answer(connection: socket.socket, request: bytes) -> None:
        peers.append(connection.getpeername()[1])
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")

    server = serve(answer)
    carrier = transport(server.url)
    for _ in range(3):
        carried(carrier, get(server.url))
    carrier.session.close()
    assert len(set(peers)) == 1


def test_the_last_answer_is_the_calling_threads_own(serve: Serve) -> None:
    def echo(connection: socket.socket, request: bytes) -> None:
        path = request.split()[1]
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(path), path))

    server = serve(echo)
    carrier = transport(server.url)

    def ask(number: int) -> tuple[bytes, str]:
        response = carried(carrier, get(server.url, f"/{number}"))
        latest = carrier.latest()
        assert latest is not None
        return response.body, latest.text

    with ThreadPoolExecutor(32) as pool:
        answers = list(pool.map(ask, range(200)))
    assert answers == [(f"/{number}".encode(), f"/{number}") for number in range(200)]
    assert carrier.latest() is None


def test_the_shown_answer_has_neither_key_nor_signature(serve: Serve) -> None:
    server = serve(b'{"a":1}', "200 OK", "Content-Type: application/json")
    carrier = transport(server.url)
    carried(carrier, get(server.url))
    carried(carrier, Message("POST", f"{server.url}/o", {"X-MBX-APIKEY": KEY}, f"a=1&signature={SIGNATURE}", private=True))
    shown = carrier.latest()
    assert shown is not None
    assert (shown.status_code, shown.json(), shown.ok) == (200, {"a": 1}, True)
    everything = f"{shown.url} {shown.request.url} {shown.request.headers} {shown.request.body!r} {vars(shown)} {vars(shown.request)}"
    assert SIGNATURE not in everything
    assert KEY not in everything
    assert shown.request.body == "a=1&signature=***"


def test_the_shown_answer_repeats_no_signature_of_the_venues(serve: Serve) -> None:
    said = f'{{"price": "1.0\u20ac", "about": "a=1&signature={SIGNATURE}"}}'.encode()
    server = serve(said, "200 OK", f"X-About: /order?signature={SIGNATURE}")
    carrier = transport(server.url)
    assert carried(carrier, get(server.url)).body == said
    shown = carrier.latest()
    assert shown is not None
    assert shown.json() == {"price": "1.0\u20ac", "about": "a=1&signature=***"}
    assert shown.headers["x-about"] == "/order?signature=***"


def test_the_shown_answer_says_how_long_it_took_and_is_read_as_utf_8() -> None:
    clock = FakeClock()
    carrier = Transport(clock=clock, key_hosts=[], options=Options())
    with requests_mock.Mocker() as mock:
        mock.get("https://api.example.com/x", content="１".encode(), additional_matcher=lambda _: clock.advance(1.5) or True)
        response = carried(carrier, Message("GET", "https://api.example.com/x"))
    shown = carrier.latest()
    assert shown is not None
    assert shown.elapsed.total_seconds() == response.elapsed_s == 1.5
    assert (shown.encoding, shown.text) == ("utf-8", "１")


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
    server = serve(b"x" * 2000)
    error = failure(transport(server.url, body_limit=1000), get(server.url))
    assert "longer than 1000 bytes" in str(error)
    assert error.sent == "yes"


def test_the_limit_counts_what_is_unpacked(serve: Serve) -> None:
    bomb = gzip.compress(b"\0" * 50_000_000)
    server = serve(bomb, "200 OK", "Content-Encoding: gzip")
    assert "longer than" in str(failure(transport(server.url, body_limit=2**20), get(server.url)))


def test_an_endless_answer_is_refused(serve: Serve) -> None:
    def endless(connection: socket.socket, _: bytes) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        while True:
            connection.sendall(b"1000\r\n" + b"x" * 0x1000 + b"\r\n")

    assert "longer than" in str(failure(transport(url := serve(endless).url), get(url)))


def test_the_deadline_holds_for_an_adapter_of_the_users() -> None:
    clock = FakeClock()

    class Slow(io.RawIOBase):
        """Gives a chunk for ever, each in its own time."""

        def readable(self) -> bool:
            return True

        def readinto(self, buffer: Any) -> int:
            clock.advance(1)
            return len(buffer)

    carrier = Transport(clock=clock, key_hosts=[], options=Options().having({"timeout": 5}))
    with requests_mock.Mocker() as mock:
        mock.get("https://api.example.com/x", body=Slow())
        error = failure(carrier, Message("GET", "https://api.example.com/x"))
    assert "the deadline of the call has passed" in str(error)
    assert error.sent == "yes"


def test_a_redirect_is_named_and_not_followed(serve: Serve) -> None:
    target = serve(b"{}")
    server = serve(b"", "302 Found", f"Location: {target.url}/elsewhere?signature={SIGNATURE}")
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
    for thrown, sent in (
        (requests.ConnectTimeout, "no"),
        (requests.exceptions.ProxyError, "maybe"),
        (requests.ReadTimeout, "maybe"),
        (requests.ConnectionError, "maybe"),
    ):
        with requests_mock.Mocker() as mock:
            mock.get("https://api.example.com/api/v3/order", exc=thrown)
            assert failure(carrier, get("https://api.example.com")).sent == sent


def test_nobody_can_tell_whether_an_adapter_of_the_users_had_sent_it(serve: Serve) -> None:
    def cut(connection: socket.socket, _: bytes) -> None:
        connection.shutdown(socket.SHUT_RDWR)

    server = serve(cut)
    for proxies in ({}, {"http": server.url}):  # urllib3 calls the second a proxy error, though the request had gone through
        carrier = transport(server.url, proxies=proxies)
        carrier.session.mount("http://", HTTPAdapter())
        assert failure(carrier, get(server.url)).sent == "maybe"
    assert len(server.requests) == 2


@pytest.mark.parametrize(
    "params",
    [
        {"verify": "/no/such/bundle"},
        {"cert": "/no/such/certificate"},
        {"cert": ("/no/such/certificate", "/no/such/key")},
        {"proxies": {"https": "::::"}},
        {"proxies": {"https": "http://"}},
        {"proxies": {"https": "ftp://127.0.0.1:1"}},
    ],
)
def test_what_fails_before_a_connection_is_made_was_not_sent(params: dict[str, Any]) -> None:
    assert failure(transport("https://127.0.0.1:1", **params), get("https://127.0.0.1:1")).sent == "no"


def test_socks_without_its_library_was_not_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(*args: Any, **kwargs: Any) -> Any:
        raise requests.exceptions.InvalidSchema("Missing dependencies for SOCKS support.")

    monkeypatch.setattr(requests.adapters, "SOCKSProxyManager", missing)
    carrier = transport("https://127.0.0.1:1", proxies={"https": "socks5://127.0.0.1:1"})
    error = failure(carrier, get("https://127.0.0.1:1"))
    assert error.sent == "no"
    assert "SOCKS" in str(error)


def test_a_request_handed_to_socks_may_have_been_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    class Socks(urllib3.ProxyManager):
        """Stands for the manager that PySocks brings: its connections are not ours."""

        def connection_from_host(self, *args: Any, **kwargs: Any) -> Any:
            raise OSError("cut")

    monkeypatch.setattr(requests.adapters, "SOCKSProxyManager", lambda proxy, **_: Socks("http://127.0.0.1:1"))
    carrier = transport("https://127.0.0.1:1", proxies={"https": "socks5://127.0.0.1:1"})
    assert failure(carrier, get("https://127.0.0.1:1")).sent == "maybe"


def test_no_frame_of_an_error_shows_the_key_or_the_signature(serve: Serve) -> None:
    def cut(connection: socket.socket, _: bytes) -> None:
        connection.shutdown(socket.SHUT_RDWR)

    server = serve(cut)
    error = failure(transport(server.url), get(server.url))
    shown = "".join(traceback.TracebackException.from_exception(error, capture_locals=True).format())
    assert "in carry" in shown
    assert KEY not in shown
    assert SIGNATURE not in shown


# Proxies


PROXIES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Sets the proxies of the environment, and no others."""

    def proxies(**variables: str) -> None:
        for name in PROXIES:
            monkeypatch.delenv(name, raising=False)
            monkeypatch.delenv(name.upper(), raising=False)
        for name, value in variables.items():
            monkeypatch.setenv(name, value)

    return proxies


@pytest.mark.parametrize("name", ["http_proxy", "HTTP_PROXY", "all_proxy"])
@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.2", "localhost", "venue.localhost"])
def test_a_key_for_this_machine_never_leaves_it_by_a_proxy_of_the_environment(
    serve: Serve, environment: Callable[..., None], monkeypatch: pytest.MonkeyPatch, name: str, host: str
) -> None:
    proxy, server = serve(b"proxied"), serve(b"{}")
    port = int(server.url.rpartition(":")[2])
    real = socket.getaddrinfo
    monkeypatch.setattr(socket, "getaddrinfo", lambda _, *rest, **more: real("127.0.0.1", *rest, **more))
    environment(**{name: proxy.url})
    url = f"http://{host}:{port}"
    carrier = transport(url)
    assert carried(carrier, get(url)).body == b"{}"
    assert carrier.route(url).proxy is None
    assert carrier.session.get(f"{url}/x").content == b"{}"
    assert proxy.requests == []


def test_a_proxy_of_the_environment_is_used_for_other_machines(serve: Serve, environment: Callable[..., None]) -> None:
    proxy = serve(b"", "407 Proxy Authentication Required")
    environment(https_proxy=proxy.url)
    assert "407" in str(failure(transport("https://api.example.com"), get("https://api.example.com")))
    assert proxy.requests[0].startswith(b"CONNECT api.example.com:443")
    assert KEY.encode() not in proxy.requests[0]


@pytest.mark.parametrize("where", ["call", "session"])
def test_a_proxy_that_the_program_names_is_used_before_the_environments(serve: Serve, environment: Callable[..., None], where: str) -> None:
    wished, other, server = serve(b"wished"), serve(b"other"), serve(b"{}")
    environment(http_proxy=other.url, https_proxy=other.url, all_proxy=other.url)
    carrier = transport(server.url)
    if where == "session":
        carrier.session.proxies["http"] = wished.url
    params = {"proxies": {"http": wished.url}} if where == "call" else None
    assert carried(carrier, get(server.url), params).body == b"wished"
    carrier = transport("https://api.example.com", proxies={"all": wished.url})
    assert carrier.route("https://api.example.com").proxy == wished.url
    assert transport(proxies={"https": None}).route("https://api.example.com").proxy is None


def test_a_proxy_that_refuses_is_named_without_its_password() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    carrier = transport("https://api.example.com", proxies={"https": f"http://user:hunter2@127.0.0.1:{port}"})
    error = failure(carrier, get("https://api.example.com"))
    assert f"through the proxy 127.0.0.1:{port}" in str(error)
    assert "hunter2" not in str(error)
    assert error.sent == "no"


def test_a_proxy_that_wants_a_login_is_named(serve: Serve) -> None:
    server = serve(b"", "407 Proxy Authentication Required")
    error = failure(transport("https://api.example.com", proxies={"https": server.url}), get("https://api.example.com"))
    assert "407" in str(error)
    assert error.sent == "no"
    assert server.requests[0].startswith(b"CONNECT api.example.com:443")


# TLS


def test_a_certificate_that_nobody_vouches_for_is_refused_before_anything_is_sent(serve: Serve, certificate: Certificate) -> None:
    context, _ = certificate
    server = serve(b"{}", context=context)
    error = failure(transport(server.url), get(server.url))
    assert error.sent == "no"
    assert isinstance(error.__cause__, ssl.SSLError)
    assert server.requests == []


def test_a_ca_bundle_of_the_users_is_trusted(serve: Serve, certificate: Certificate) -> None:
    context, bundle = certificate
    server = serve(b"{}", context=context)
    assert carried(transport(server.url, verify=bundle), get(server.url)).body == b"{}"
    other = server.url.replace("127.0.0.1", "localhost")
    assert failure(transport(other, verify=bundle), get(other)).sent == "no"


@pytest.mark.parametrize("off", [False, "", 0])
def test_verification_cannot_be_switched_off(serve: Serve, monkeypatch: pytest.MonkeyPatch, off: Any) -> None:
    monkeypatch.delenv("REQUESTS_CA_BUNDLE", raising=False)
    monkeypatch.delenv("CURL_CA_BUNDLE", raising=False)
    server = serve(b"{}")
    with pytest.raises(ValueError, match=f"verify={off!r} is refused"):
        transport(server.url, verify=off)
    carrier = transport(server.url)
    with pytest.raises(ValueError, match=f"verify={off!r} is refused"):
        carried(carrier, get(server.url), {"verify": off})
    carrier.session.verify = off
    with pytest.raises(ValueError, match=rf"session\.verify={off!r} is refused"):
        carried(carrier, get(server.url))
    assert server.requests == []


# Logs


def test_the_libraries_debug_lines_show_no_signature(serve: Serve, caplog: pytest.LogCaptureFixture) -> None:
    server = serve(b"{}")
    caplog.set_level(logging.DEBUG)
    carried(transport(server.url), get(server.url))
    lines = [record.getMessage() for record in caplog.records if record.name.startswith("urllib3")]
    assert any("signature=***" in line for line in lines)
    assert SIGNATURE not in caplog.text
    assert KEY not in caplog.text
