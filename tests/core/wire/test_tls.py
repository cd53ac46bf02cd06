"""Whose certificate is taken for whose: what a name in it means."""

from __future__ import annotations

import ipaddress
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import certifi
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from OpenSSL.SSL import TLS_SERVER_METHOD, Connection, Context, Error, WantReadError
from twisted.internet.error import ConnectionDone
from twisted.internet.protocol import Factory, Protocol
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport
from twisted.protocols.tls import TLSMemoryBIOFactory
from twisted.python.failure import Failure

from exchangeclient.core.wire.tls import VerifiedTls, secured


class Host:
    """A host with a certificate of its own making, which ``bundle`` trusts."""

    def __init__(self, folder: Path, *names: str) -> None:
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "venue.example")])
        now = datetime.now(UTC)
        builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(1)
        builder = builder.not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
        builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        if names:
            builder = builder.add_extension(x509.SubjectAlternativeName([_named(each) for each in names]), critical=False)
        certificate = builder.sign(key, SHA256())
        self.bundle = str(folder / "bundle.pem")
        Path(self.bundle).write_bytes(certificate.public_bytes(Encoding.PEM))
        context = Context(TLS_SERVER_METHOD)
        context.use_certificate(certificate)
        context.use_privatekey(key)
        self._server = Connection(context, None)
        self._server.set_accept_state()

    def shake_hands(self, client: Any) -> bool:
        """True when both ends are content."""
        client.set_connect_state()
        try:
            for _ in range(5):
                for one, other in ((client, self._server), (self._server, client)):
                    with suppress(WantReadError):
                        one.do_handshake()
                    with suppress(WantReadError):
                        other.bio_write(one.bio_read(65536))
        except Error:
            return False
        return True

    def hears(self, data: bytes) -> None:
        """Take bytes off the wire, and go on with the handshake."""
        self._server.bio_write(data)
        with suppress(WantReadError):
            self._server.do_handshake()

    def says(self, message: bytes) -> None:
        self._server.sendall(message)

    def leaves(self) -> None:
        """Say goodbye."""
        self._server.shutdown()

    def said(self) -> bytes:
        """What is for the wire."""
        with suppress(WantReadError):
            return self._server.bio_read(1 << 20)
        return b""


def _named(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def met(host: Host, called: str, bundle: str) -> tuple[bool, str]:
    """Whether a connection to it comes about, and why not."""
    tls = VerifiedTls(called, bundle)
    protocol = TLSMemoryBIOFactory(tls, True, Factory.forProtocol(Protocol)).buildProtocol(None)
    client = tls.clientConnectionForTLS(protocol)
    return host.shake_hands(client), tls.refusal


@pytest.mark.parametrize(
    ("names", "called"),
    [
        (["venue.example"], "venue.example"),
        (["other.example", "venue.example"], "VENUE.example"),
        (["*.venue.example"], "stream.venue.example"),
        (["127.0.0.1"], "127.0.0.1"),
        (["::1"], "::1"),
        (["xn--bcher-kva.example"], "bücher.example"),
    ],
)
def test_its_own_name_lets_a_host_in(tmp_path: Path, names: list[str], called: str) -> None:
    host = Host(tmp_path, *names)
    assert met(host, called, host.bundle) == (True, "")


@pytest.mark.parametrize(
    ("names", "called"),
    [
        (["other.example"], "venue.example"),
        (["venue.example"], "stream.venue.example"),
        (["*.venue.example"], "venue.example"),
        (["*.venue.example"], "a.b.venue.example"),
        (["127.0.0.1"], "127.0.0.2"),
        (["venue.example"], "127.0.0.1"),
        (["*"], "venue.example"),
        (["*.example"], "venue.example"),
        (["*.*.example"], "a.venue.example"),
        (["venue.example", "*"], "other.example"),
        ([], "venue.example"),
    ],
)
def test_any_other_name_keeps_it_out(tmp_path: Path, names: list[str], called: str) -> None:
    host = Host(tmp_path, *names)
    done, refusal = met(host, called, host.bundle)
    assert not done
    assert refusal.startswith(f"the certificate of {called} is not accepted: ")


def test_a_name_alone_is_not_enough(tmp_path: Path) -> None:
    host = Host(tmp_path, "venue.example")
    assert met(host, "venue.example", certifi.where()) == (
        False,
        "the certificate of venue.example is not accepted: it is signed by itself",
    )


class Gathered(Protocol):
    """Keeps what it is handed."""

    def __init__(self) -> None:
        self.chunks: list[bytes] = []
        self.lost = 0

    def dataReceived(self, data: bytes) -> None:
        self.chunks.append(data)

    def connectionLost(self, reason: Any = None) -> None:
        self.lost += 1


class Talk:
    """A connection to a host, in memory, whose handshake is done."""

    def __init__(self, host: Host) -> None:
        self.host = host
        self.wire = StringTransport()
        self.client = secured(VerifiedTls("venue.example", host.bundle), Factory.forProtocol(Gathered), Clock()).buildProtocol(None)
        self.client.makeConnection(self.wire)
        while said := self.wire.value():
            self.wire.clear()
            host.hears(said)
            if answer := host.said():
                self.client.dataReceived(answer)
        self.heard: Gathered = self.client.wrappedProtocol


def test_what_one_read_brings_is_handed_over_together(tmp_path: Path) -> None:
    talk = Talk(Host(tmp_path, "venue.example"))
    for message in (b"1" * 10, b"2" * 40_000, b"3" * 16_384, b"4"):
        talk.host.says(message)
    said = talk.host.said()
    assert len(said) > 5 * 20  # of as many records, at least
    talk.client.dataReceived(said)
    assert talk.heard.chunks == [b"1" * 10 + b"2" * 40_000 + b"3" * 16_384 + b"4"]
    talk.host.says(b"5")
    talk.client.dataReceived(talk.host.said())
    assert talk.heard.chunks[1:] == [b"5"]


def test_records_in_any_pieces_are_the_same_text_and_nothing_is_handed_over_of_a_part_of_one(tmp_path: Path) -> None:
    talk = Talk(Host(tmp_path, "venue.example"))
    for message in (b"1" * 20, b"2" * 300):
        talk.host.says(message)
    for byte in talk.host.said():
        talk.client.dataReceived(bytes([byte]))
    assert talk.heard.chunks == [b"1" * 20, b"2" * 300]


def test_what_came_before_a_goodbye_is_handed_over_before_the_end(tmp_path: Path) -> None:
    talk = Talk(Host(tmp_path, "venue.example"))
    talk.host.says(b"last words")
    talk.host.leaves()
    talk.client.dataReceived(talk.host.said())
    assert (talk.heard.chunks, talk.heard.lost, talk.wire.disconnecting) == ([b"last words"], 0, True)
    talk.client.connectionLost(Failure(ConnectionDone()))
    assert (talk.heard.chunks, talk.heard.lost) == ([b"last words"], 1)


def test_what_came_before_a_damaged_record_is_handed_over_and_nothing_of_it(tmp_path: Path) -> None:
    talk = Talk(Host(tmp_path, "venue.example"))
    talk.host.says(b"whole")
    talk.host.says(b"damaged")
    said = talk.host.said()
    talk.client.dataReceived(said[:-1] + bytes([said[-1] ^ 1]))
    assert (talk.heard.chunks, talk.wire.disconnecting) == ([b"whole"], True)
