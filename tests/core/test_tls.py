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
from twisted.internet.protocol import Factory, Protocol
from twisted.protocols.tls import TLSMemoryBIOFactory

from exchangeclient.core.tls import VerifiedTls


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
