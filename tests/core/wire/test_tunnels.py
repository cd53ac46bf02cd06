"""What is said to proxies, and what their answers mean."""

from __future__ import annotations

import itertools
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exchangeclient.core.wire.tunnels import ProxyAddress, Tunnel, TunnelError

HTTP, SOCKS = ProxyAddress("http", "proxy.corp", 3128), ProxyAddress("socks5", "proxy.corp", 1080)
WITH_LOGIN = ProxyAddress("socks5", "proxy.corp", 1080, (b"user", b"pass"))


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("127.0.0.1:3128", ProxyAddress("http", "127.0.0.1", 3128)),
        ("proxy.corp", ProxyAddress("http", "proxy.corp", 80)),
        ("HTTP://proxy.corp:3128/", ProxyAddress("http", "proxy.corp", 3128)),
        ("http://[::1]:8080", ProxyAddress("http", "::1", 8080)),
        ("http://user:pa%3Ass%40@proxy.corp:3128", ProxyAddress("http", "proxy.corp", 3128, (b"user", b"pa:ss@"))),
        ("user@proxy.corp", ProxyAddress("http", "proxy.corp", 80, (b"user", b""))),
        ("socks5://proxy.corp", ProxyAddress("socks5", "proxy.corp", 1080)),
        ("socks5h://us%20er:%C3%A9@proxy.corp:9050", ProxyAddress("socks5", "proxy.corp", 9050, (b"us er", "é".encode()))),
    ],
)
def test_an_address_is_read_as_the_environment_has_it(text: str, address: ProxyAddress) -> None:
    assert ProxyAddress.read(text, "a test") == address


@pytest.mark.parametrize(
    "text",
    [
        "",
        "https://secret@h:1",
        "socks4://secret@h:1",
        "http://secret@h:99999",
        "h:secret",
        "http://a@secret@h",
        "http://secret h",
        f"{'s' * 256}@h",
    ],
)
def test_an_address_of_another_kind_is_refused_with_where_it_is_from_and_without_what_it_is(text: str) -> None:
    with pytest.raises(
        ValueError, match=r"^the proxy from a test is of no use to sockets: it must be http://host:port or socks5://"
    ) as refusal:
        ProxyAddress.read(text, "a test")
    assert "secret" not in str(refusal.value)


def test_a_login_is_not_shown() -> None:
    assert "pass" not in f"{WITH_LOGIN!r} {WITH_LOGIN}"
    assert str(WITH_LOGIN) == "the proxy proxy.corp:1080"
    assert str(ProxyAddress("http", "::1", 80)) == "the proxy [::1]:80"


def test_connect_asks_for_the_host_with_the_login() -> None:
    opening = ProxyAddress("http", "proxy.corp", 3128, (b"user", b"pass")).tunnel("venue.example", 443).opening
    head, *fields = opening.removesuffix(b"\r\n\r\n").split(b"\r\n")
    assert head == b"CONNECT venue.example:443 HTTP/1.1"
    assert sorted(fields) == [b"Host: venue.example:443", b"Proxy-Authorization: Basic dXNlcjpwYXNz"]  # RFC 7617: base64 of user:pass
    assert HTTP.tunnel("::1", 443).opening.startswith(b"CONNECT [::1]:443 HTTP/1.1\r\nHost: [::1]:443\r\n")


# By RFC 1928 and RFC 1929: what a proxy says, what is said to it then.
SOCKS_TALKS = [
    (
        SOCKS,
        "venue.example",
        [(b"\x05\x00", b"\x05\x01\x00\x03\x0dvenue.example\x01\xbb"), (b"\x05\x00\x00\x01\x01\x02\x03\x04\x00\x50", b"")],
    ),
    (SOCKS, "1.2.3.4", [(b"\x05\x00", b"\x05\x01\x00\x01\x01\x02\x03\x04\x01\xbb"), (b"\x05\x00\x00\x03\x02ab\x00\x50", b"")]),
    (SOCKS, "::1", [(b"\x05\x00", b"\x05\x01\x00\x04" + b"\x00" * 15 + b"\x01\x01\xbb"), (b"\x05\x00\x00\x04" + b"\x00" * 18, b"")]),
    (WITH_LOGIN, "1.2.3.4", [(b"\x05\x00", b"\x05\x01\x00\x01\x01\x02\x03\x04\x01\xbb"), (b"\x05\x00\x00\x01" + b"\x00" * 6, b"")]),
    (
        WITH_LOGIN,
        "1.2.3.4",
        [
            (b"\x05\x02", b"\x01\x04user\x04pass"),
            (b"\x01\x00", b"\x05\x01\x00\x01\x01\x02\x03\x04\x01\xbb"),
            (b"\x05\x00\x00\x01" + b"\x00" * 6, b""),
        ],
    ),
]


@pytest.mark.parametrize(("proxy", "host", "talk"), SOCKS_TALKS)
def test_socks_is_spoken_as_its_rfc_has_it(proxy: ProxyAddress, host: str, talk: list[tuple[bytes, bytes]]) -> None:
    tunnel = proxy.tunnel(host, 443)
    assert tunnel.opening == (b"\x05\x01\x00" if proxy is SOCKS else b"\x05\x02\x00\x02")
    for heard, said in talk:
        assert not tunnel.done
        assert tunnel.receive(heard) == said
    assert (tunnel.done, tunnel.received) == (True, b"")


@given(
    st.sampled_from([(HTTP, b"HTTP/1.1 200 Connected\r\nVia: it\r\n\r\n"), (HTTP, b"HTTP/1.0 200\r\n\r\n")])
    | st.sampled_from([(proxy, b"".join(heard for heard, _ in talk)) for proxy, _, talk in SOCKS_TALKS]),
    st.lists(st.integers(0, 60)),
)
def test_answers_may_come_in_any_pieces_with_the_hosts_first_bytes_behind(answer: tuple[ProxyAddress, bytes], cuts: list[int]) -> None:
    proxy, heard = answer
    heard += b"what the host says"
    tunnel = proxy.tunnel("venue.example", 443)
    for start, end in itertools.pairwise(sorted({0, len(heard), *(min(cut, len(heard)) for cut in cuts)})):
        tunnel.receive(heard[start:end])
    assert (tunnel.done, tunnel.received) == (True, b"what the host says")


@pytest.mark.parametrize(
    ("proxy", "heard", "why"),
    [
        (HTTP, b"HTTP/1.1 407 Login\x07 Please\r\n\r\n", "makes no tunnel to venue.example:443: it answers 'HTTP/1.1 407 Login  Please'"),
        (HTTP, b"HTTP/1.1 302 Elsewhere\r\nLocation: http://x\r\n\r\n", "it answers 'HTTP/1.1 302 Elsewhere'"),
        (HTTP, b"HTTP/2 200\r\n\r\n", "it answers 'HTTP/2 200'"),
        (HTTP, b"x" * 70_000, "answers without an end"),
        (SOCKS, b"HT", "does not speak SOCKS 5"),
        (SOCKS, b"\x05\xff", "wants a login"),
        (SOCKS, b"\x05\x02", "wants a login"),
        (WITH_LOGIN, b"\x05\xff", "takes no login by name and password"),
        (WITH_LOGIN, b"\x05\x02\x01\x01", "refuses the login"),
        (SOCKS, b"\x05\x00\x05\x04\x00\x01", "makes no tunnel to venue.example:443: host unreachable"),
        (SOCKS, b"\x05\x00\x05\x2a\x00\x01", "makes no tunnel to venue.example:443: code 42"),
    ],
)
def test_a_refusal_names_the_proxy_and_the_reason(proxy: ProxyAddress, heard: bytes, why: str) -> None:
    tunnel = proxy.tunnel("venue.example", 443)
    with pytest.raises(TunnelError, match=f"^the proxy proxy.corp:{proxy.port} .*{re.escape(why)}"):
        tunnel.receive(heard)
    assert not tunnel.done


def test_nothing_is_sent_twice() -> None:
    tunnel: Tunnel = SOCKS.tunnel("1.2.3.4", 443)
    assert [tunnel.receive(part) for part in (b"", b"\x05", b"\x00", b"")] == [b"", b"", b"\x05\x01\x00\x01\x01\x02\x03\x04\x01\xbb", b""]
