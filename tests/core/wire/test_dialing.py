"""Connections on the wire: broken frames, TLS, proxies."""

from __future__ import annotations

import base64
import contextlib
import logging
import queue
import select
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from canary_hosts import FLAWS, Authority
from OpenSSL.crypto import FILETYPE_PEM, load_certificate
from socket_peer import CLOSE, PING, PONG, SOON_S, TEXT, Peer, Server, Session, Witness

from exchangeclient.core.feeds.groups import SocketGroup
from exchangeclient.core.feeds.notices import SocketNotice
from exchangeclient.core.feeds.sockets import Socket
from exchangeclient.core.process import reactor
from exchangeclient.core.wire.blocking_link import open_link
from exchangeclient.core.wire.dialing import SocketOptions
from exchangeclient.exceptions import SocketException

Open = Callable[..., tuple[Socket, Session, Witness]]


@pytest.mark.parametrize(
    ("send", "code"),
    [
        (lambda peer: peer.send(b"\xff\xfe"), 1007),
        (lambda peer: peer.send(b"x" * 3000), 1009),
        (lambda peer: [peer.send(b"x" * 900, opcode, final=False) for opcode in (TEXT, 0, 0)], 1009),
        (lambda peer: peer.stream.sendall(b"\xf1\x011"), 1002),
    ],
    ids=["invalid UTF-8", "huge frame", "endless fragments", "reserved bits"],
)
def test_s13_s14_broken_protocol_closes_with_its_code_and_connects_again(
    server: Server, open_socket: Open, send: Callable[[Peer], Any], code: int
) -> None:
    _, _, witness = open_socket(server.url, max_message_bytes=2000)
    peer = server.peer()
    witness.next("connected")
    send(peer)
    assert struct.unpack("!H", peer.next(CLOSE)[:2])[0] == code
    peer.drop()
    witness.next("lost")
    server.peer()
    witness.next("connected")


@pytest.mark.parametrize(
    ("answer", "said", "kind"),
    [
        (
            b"HTTP/1.1 403 Zugriff f\xfcr Sie verweigert\r\nX-Note: \xff\r\nRetry-After: 1\r\n\r\n",
            "[403]: Zugriff f?r Sie verweigert",
            "refused",
        ),
        (b"HTTP/1.1 403 No\x1b[31m\x07\r\n\r\n", "[403]: No [31m ", "refused"),
        (b"HTTP/1.1 403 " + b"long " * 1000 + b"\r\n\r\n", "[403]: long long", "refused"),
        (b"HTTP/1.1 101 Yes\r\nX: " + b"x" * 70_000, "the answer to the handshake has no end", "lost"),
        (b"HTTP/1.1 101 Yes\r\nX: " + b"x" * 70_000 + b"\r\n\r\n", "the answer to the handshake has no end", "lost"),
        (b"\x00\xff\r\n\r\n", "Bad HTTP response status line", "refused"),
    ],
    ids=["no UTF-8", "control characters", "long", "endless", "too long", "no HTTP"],
)
def test_s05_a_strange_answer_to_the_handshake_is_told_in_a_line(
    server: Server, open_socket: Open, capfd: pytest.CaptureFixture[str], answer: bytes, said: str, kind: str
) -> None:
    server.answer = answer
    notices: queue.SimpleQueue[SocketNotice] = queue.SimpleQueue()
    open_socket(server.url, tell=notices.put)
    notice = notices.get(timeout=SOON_S)
    assert (notice.kind, said in notice.reason) == (kind, True), notice.reason
    assert len(notice.reason) <= 200
    assert notice.reason.isprintable()
    assert capfd.readouterr().err == ""  # where Twisted shows what nobody has caught


def test_fragmented_message_with_a_ping_inside_arrives_whole(server: Server, open_socket: Open) -> None:
    _, _, witness = open_socket(server.url)
    peer = server.peer()
    witness.next("connected")
    peer.send("[1,", TEXT, final=False)
    peer.send("inside", PING)
    peer.send("2]", 0)
    assert witness.next("received") == [b"[1,2]"]
    assert peer.next(PONG) == b"inside"


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


@pytest.fixture
def secure(authority: Authority) -> Iterator[Server]:
    server = Server(authority.context(""))
    yield server
    server.stop()


def named(server: Server) -> str:
    """Its address as its certificate has it."""
    return server.url.replace("127.0.0.1", "localhost")


class Proxy:
    """A proxy for HTTP and for SOCKS 5 that tunnels to this machine, whatever name it is asked for.

    :param answer: instead of its own to CONNECT; the connection is closed then
    :param login: who may use it
    """

    def __init__(self, answer: bytes = b"", login: bytes = b"") -> None:
        self.asked: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        self._answer = answer
        self._login = login
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = self._listening.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def url(self, kind: str, login: str = "") -> str:
        return f"{kind}://{login and login + '@'}127.0.0.1:{self.port}"

    def stop(self) -> None:
        self._listening.close()

    def _serve(self) -> None:
        while True:
            try:
                stream, _ = self._listening.accept()
            except OSError:  # it was stopped
                return
            threading.Thread(target=self._tunnel, args=(stream,), daemon=True).start()

    def _tunnel(self, stream: socket.socket) -> None:
        with stream, contextlib.suppress(OSError):  # somebody is gone
            port = self._ask(stream)
            if port is None:
                return
            with socket.create_connection(("127.0.0.1", port)) as target:
                towards = {stream: target, target: stream}
                while True:
                    for source in select.select(list(towards), [], [])[0]:
                        data = source.recv(65536)
                        if not data:
                            return
                        towards[source].sendall(data)

    def _ask(self, stream: socket.socket) -> int | None:
        first = stream.recv(1, socket.MSG_PEEK)
        return self._ask_by_socks(stream) if first == b"\x05" else self._ask_by_http(stream)

    def _ask_by_http(self, stream: socket.socket) -> int | None:
        request = stream.recv(4096)
        self.asked.put(request)
        allowed = not self._login or b"\r\nProxy-Authorization: Basic " + base64.b64encode(self._login) + b"\r\n" in request
        stream.sendall(self._answer or (b"HTTP/1.1 200 OK\r\nVia: it\r\n\r\n" if allowed else b"HTTP/1.1 407 Who Are You\r\n\r\n"))
        return int(request.split()[1].rpartition(b":")[2]) if allowed and not self._answer else None

    def _ask_by_socks(self, stream: socket.socket) -> int | None:
        greeting = stream.recv(4096)
        method = 2 if self._login else 0
        if bytes([method]) not in greeting[2:]:
            stream.sendall(b"\x05\xff")
            return None
        stream.sendall(bytes([5, method]))
        if method:
            login = stream.recv(4096)
            name, password = self._login.split(b":")
            allowed = login == bytes([1, len(name)]) + name + bytes([len(password)]) + password
            stream.sendall(bytes([1, not allowed]))
            if not allowed:
                return None
        request = stream.recv(4096)
        self.asked.put(request)
        stream.sendall(b"\x05\x00\x00\x01\x7f\x00\x00\x01\x00\x07")
        return int.from_bytes(request[-2:], "big")


@pytest.fixture
def make_proxy() -> Iterator[Callable[..., Proxy]]:
    proxies: list[Proxy] = []

    def make(**how: bytes) -> Proxy:
        proxies.append(Proxy(**how))
        return proxies[-1]

    yield make
    for proxy in proxies:
        proxy.stop()


def fails(made: Socket, times: int = 1) -> None:
    """Wait until so many connections have failed."""
    while made.failures < times:
        with pytest.raises(SocketException):
            made.wait_ready(0.01)


@pytest.mark.parametrize("way", ["directly", "http", "socks5"])
@pytest.mark.parametrize("flaw", FLAWS)
def test_s24_a_bad_certificate_is_refused_before_anything_is_sent(
    authority: Authority, open_socket: Open, make_proxy: Callable[..., Proxy], flaw: str, way: str
) -> None:
    server, proxy = Server(authority.context(flaw)), make_proxy()
    made, session, witness = open_socket(
        f"wss://localhost:{server.port}/ws/x@trade",
        ca_bundle=None if flaw == "of an unknown authority" else authority.bundle,
        proxy=None if way == "directly" else proxy.url(way),
        connect_timeout_s=1.0 if flaw == "none at all" else SOON_S,
    )
    fails(made)
    assert (session.opened_at, server.accepted, proxy.asked.empty()) == ([], 0, way == "directly")
    assert witness.seen.empty()
    server.stop()


@pytest.mark.parametrize("way", ["directly", "http", "socks5"])
def test_s24_a_good_certificate_is_accepted(
    authority: Authority, secure: Server, open_socket: Open, make_proxy: Callable[..., Proxy], way: str
) -> None:
    proxy = make_proxy()
    _, _, witness = open_socket(named(secure), ca_bundle=authority.bundle, proxy=None if way == "directly" else proxy.url(way))
    secure.peer().send("1")
    witness.next("connected")
    assert witness.next("received") == [b"1"]


def test_s24_authorities_may_be_in_a_folder_as_they_may_be_for_calls(
    tmp_path: Path, authority: Authority, secure: Server, open_socket: Open
) -> None:
    certificate = Path(authority.bundle).read_bytes()
    folder = tmp_path / "authorities"
    folder.mkdir()
    (folder / f"{load_certificate(FILETYPE_PEM, certificate).subject_name_hash():08x}.0").write_bytes(certificate)
    _, _, witness = open_socket(named(secure), ca_bundle=str(folder))
    secure.peer()
    witness.next("connected")
    open_link(named(secure), SocketOptions(ca_bundle=str(folder)), SOON_S).drop()


def test_s24_a_folder_without_the_authority_and_a_file_that_is_none_are_of_no_use(
    tmp_path: Path, authority: Authority, secure: Server, open_socket: Open, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "exchangeclient")
    (tmp_path / "authority.crt").write_bytes(Path(authority.bundle).read_bytes())  # which OpenSSL would not find either
    fails(open_socket(named(secure), ca_bundle=str(tmp_path))[0])
    assert "the certificate of localhost is not accepted" in caplog.text
    spoiled = tmp_path / "spoiled.pem"
    spoiled.write_text("-----BEGIN CERTIFICATE-----\nnonsense\n-----END CERTIFICATE-----\n")
    fails(open_socket(named(secure), ca_bundle=str(spoiled))[0])
    assert f"{spoiled} has a certificate of an authority that cannot be read" in caplog.text
    assert secure.accepted == 0


def test_messages_of_many_records_come_in_order_and_before_the_goodbye(authority: Authority, secure: Server, open_socket: Open) -> None:
    _, _, witness = open_socket(named(secure), ca_bundle=authority.bundle)
    peer = secure.peer()
    sent = [b"%d" % number * 40 for number in range(10_000)]
    peer.stream.sendall(b"".join(text_frame(payload) for payload in sent))
    peer.close(1000)
    witness.next("connected")
    come: list[bytes] = []
    while len(come) < len(sent):
        come += witness.next("received")
    assert come == sent
    witness.next("lost")


def text_frame(payload: bytes) -> bytes:
    length = len(payload)
    return b"\x81" + (bytes([length]) if length < 126 else b"\x7e" + length.to_bytes(2, "big")) + payload


def test_s24_the_reason_is_in_the_log(authority: Authority, open_socket: Open, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "exchangeclient")
    server = Server(authority.context("expired"))
    made, _, _ = open_socket(named(server), ca_bundle=authority.bundle)
    fails(made, 2)  # by then the first is in the log
    assert "the certificate of localhost is not accepted: it has expired" in caplog.text
    server.stop()


def test_s24_a_certificate_that_goes_bad_is_refused_at_the_next_connection(authority: Authority, secure: Server, open_socket: Open) -> None:
    made, session, witness = open_socket(named(secure), ca_bundle=authority.bundle)
    peer = secure.peer()
    witness.next("connected")
    secure.context = authority.context("expired")
    peer.drop()
    witness.next("lost")
    fails(made, 3)
    assert (len(session.opened_at), secure.accepted) == (1, 1)


@pytest.mark.parametrize("scheme", ["ws", "wss"])
@pytest.mark.parametrize("kind", ["http", "socks5", "socks5h"])
@pytest.mark.parametrize("login", ["", "us er:p@ss/word"])
def test_a_proxy_carries_a_tunnel(
    authority: Authority,
    server: Server,
    secure: Server,
    open_socket: Open,
    make_proxy: Callable[..., Proxy],
    scheme: str,
    kind: str,
    login: str,
) -> None:
    proxy, host = make_proxy(login=login.encode()), secure if scheme == "wss" else server
    name, _, password = login.partition(":")
    url = proxy.url(kind, f"{quote(name)}:{quote(password, safe='')}" if login else "")
    _, _, witness = open_socket(named(host), ca_bundle=authority.bundle, proxy=url)
    host.peer().send("1")
    witness.next("connected")
    assert witness.next("received") == [b"1"]
    # The name is the proxy's to look up.
    expected = (
        f"CONNECT localhost:{host.port} ".encode() if kind == "http" else b"\x05\x01\x00\x03\x09localhost" + host.port.to_bytes(2, "big")
    )
    assert proxy.asked.get(timeout=SOON_S).startswith(expected)


@pytest.mark.parametrize(
    ("kind", "login", "answer", "said"),
    [
        ("http", "", b"HTTP/1.1 503 Out To Lunch\r\n\r\n", "makes no tunnel to localhost:{port}: it answers 'HTTP/1.1 503 Out To Lunch'"),
        ("http", "user:wrong", b"", "it answers 'HTTP/1.1 407 Who Are You'"),
        ("http", "", b"SSH-2.0-OpenSSH\r\n\r\n", "it answers 'SSH-2.0-OpenSSH'"),
        ("socks5", "", b"", "wants a login"),
        ("socks5", "user:wrong", b"", "refuses the login"),
    ],
)
def test_s25_a_refusing_proxy_is_named_without_its_login_and_tried_again(
    secure: Server,
    open_socket: Open,
    make_proxy: Callable[..., Proxy],
    caplog: pytest.LogCaptureFixture,
    kind: str,
    login: str,
    answer: bytes,
    said: str,
) -> None:
    caplog.set_level(logging.DEBUG)
    proxy = make_proxy(answer=answer, login=b"user:right")
    made, _, _ = open_socket(named(secure), proxy=proxy.url(kind, login))
    fails(made, 2)
    assert f"cannot connect: the proxy 127.0.0.1:{proxy.port} " in caplog.text
    assert said.format(port=secure.port) in caplog.text
    assert "wrong" not in caplog.text
    assert secure.accepted == 0


def test_s25_a_proxy_that_is_down_is_named_and_tried_again(secure: Server, open_socket: Open, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "exchangeclient")
    proxy = Proxy()
    proxy.stop()
    made, _, _ = open_socket(named(secure), proxy=proxy.url("socks5"))
    fails(made, 2)
    assert f"the proxy 127.0.0.1:{proxy.port} cannot be reached: Connection was refused" in caplog.text


def test_s25_a_silent_proxy_is_left_in_time(secure: Server, open_socket: Open, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "exchangeclient")
    with socket.create_server(("127.0.0.1", 0)) as silent:
        made, _, _ = open_socket(named(secure), proxy=f"http://127.0.0.1:{silent.getsockname()[1]}", connect_timeout_s=0.05)
        fails(made, 2)
    assert "does not answer in time" in caplog.text


def test_s25_a_proxy_that_dies_is_gone_through_again(
    authority: Authority, secure: Server, open_socket: Open, make_proxy: Callable[..., Proxy]
) -> None:
    proxy = make_proxy()
    _, _, witness = open_socket(named(secure), ca_bundle=authority.bundle, proxy=proxy.url("socks5"))
    for _ in range(3):
        peer = secure.peer()
        witness.next("connected")
        proxy.asked.get(timeout=SOON_S)
        peer.drop()
        witness.next("lost")


def test_closing_ends_a_talk_with_a_proxy(secure: Server, open_socket: Open) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        made, _, witness = open_socket(named(secure), proxy=f"socks5://127.0.0.1:{silent.getsockname()[1]}")
        stream, _ = silent.accept()
        with stream:
            assert stream.recv(10) == b"\x05\x01\x00"
            made.close()
            stream.settimeout(SOON_S)
            with contextlib.suppress(ConnectionResetError):
                assert stream.recv(10) == b""
    assert witness.seen.empty()


@pytest.mark.parametrize("proxy", ["https://127.0.0.1:1", "socks4://user:secret@127.0.0.1:1", "http://user:secret@h:99999"])
def test_proxy_that_sockets_cannot_use_is_refused_at_the_start_without_showing_its_login(server: Server, proxy: str) -> None:
    group = SocketGroup("test-proxied", options=SocketOptions(proxy=proxy, proxy_from="the variable X"))
    group.attach("x", [Session(server.url)], lambda _: Witness())
    with pytest.raises(ValueError, match=r"the proxy from the variable X .* must be http://host:port or socks5://host:port") as refusal:
        group.start()
    assert "secret" not in str(refusal.value) + repr(SocketOptions(proxy=proxy))
    assert not group.is_alive()
    assert "test-proxied" not in " ".join(thread.name for thread in threading.enumerate())
    reactor.wait(lambda: None)
    assert server.peers.empty()
