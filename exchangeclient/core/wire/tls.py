"""TLS connections of Twisted's: verifies who one leads to, by the authorities that are trusted and by the name of the host; and hands over
together what comes together.

Twisted verifies too, but takes a certificate whose names it cannot make sense of (``*``, ``*.com``, none at all) for one of the right
host. Used by :mod:`exchangeclient.core.wire.dialing`. Twisted is loaded by the first call, not by importing this module.
"""

from __future__ import annotations

import ipaddress
import re
from functools import cache
from pathlib import Path
from typing import Any

# OpenSSL, x509_vfy.h.
_REASONS = {
    9: "it is not yet valid",
    10: "it has expired",
    18: "it is signed by itself",
    19: "its authority is not trusted",
    20: "its authority is not trusted",
    21: "its authority is not trusted",
    66: "its key is too weak",
    67: "its authority's key is too weak",
    68: "its signature is too weak",
}

_CERTIFICATE = re.compile(rb"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", re.DOTALL)
# What OpenSSL looks for in a folder: X509_LOOKUP_hash_dir(3).
_HASHED = re.compile(r"[0-9a-f]{8}\.[0-9]+")


class VerifiedTls:
    """Makes TLS connections to one host, for :func:`secured`; nothing is sent over one before the host has proved who it is.

    :param host: a name or an IP address
    :param bundle: path of the certificate authorities to trust: a file, or a folder as OpenSSL has it
    :ivar refusal: why the latest one was refused
    """

    def __init__(self, host: str, bundle: str) -> None:
        from service_identity.hazmat import DNS_ID, IPAddress_ID
        from twisted.internet.interfaces import IOpenSSLClientConnectionCreator
        from twisted.internet.ssl import optionsForClientTLS
        from zope.interface import directlyProvides  # type: ignore[import-untyped] # it has no types

        self.refusal = ""
        self._host = host
        self._identity = IPAddress_ID(host) if _is_number(host) else DNS_ID(host)
        self._options: Any = optionsForClientTLS(host, trustRoot=_trust(bundle))
        directlyProvides(self, IOpenSSLClientConnectionCreator)

    def clientConnectionForTLS(self, protocol: Any) -> Any:  # noqa: N802 - Twisted's name
        """A connection that is refused when it leads to anybody else."""
        from OpenSSL.SSL import VERIFY_FAIL_IF_NO_PEER_CERT, VERIFY_PEER

        connection = self._options.clientConnectionForTLS(protocol)
        connection.set_verify(VERIFY_PEER | VERIFY_FAIL_IF_NO_PEER_CERT, self._verify)
        return connection

    def _verify(self, connection: Any, certificate: Any, error: int, depth: int, trusted: int) -> bool:  # noqa: ARG002 - OpenSSL's
        """Asked of each certificate, from the authority's down to the host's own."""
        reason = self._mismatch(certificate) if trusted and not depth else ""
        if not trusted:
            reason = _REASONS.get(error, f"OpenSSL's error {error}")
        if reason:
            self.refusal = f"the certificate of {self._host} is not accepted: {reason}"
        return not reason

    def _mismatch(self, certificate: Any) -> str:
        """Why a certificate is not this host's, nothing when it is."""
        from service_identity import CertificateError, VerificationError
        from service_identity.hazmat import verify_service_identity
        from service_identity.pyopenssl import extract_patterns

        try:
            verify_service_identity(extract_patterns(certificate), [self._identity], [])
        except VerificationError:
            return "it is another host's"
        except CertificateError as error:
            return str(error)
        except Exception as error:  # noqa: BLE001 - whatever is wrong with it; OpenSSL would not hear of an exception
            return f"it cannot be read: {error!r}"
        return ""


def secured(tls: VerifiedTls, factory: Any, loop: Any) -> Any:
    """A factory of TLS connections; each carries a protocol of ``factory``, which is its ``wrappedProtocol``."""
    from twisted.protocols.tls import TLSMemoryBIOFactory

    made = TLSMemoryBIOFactory(tls, isClient=True, wrappedFactory=factory, clock=loop)  # type: ignore[arg-type] # VerifiedTls says so itself
    made.protocol = _joining_class()
    return made


@cache
def _joining_class() -> Any:
    """TLS over one connection; made late so that importing this module loads nothing of Twisted."""
    from twisted.protocols.tls import BufferingTLSTransport

    class Joining(BufferingTLSTransport):
        """TLS over one connection, whose protocol gets what one read has brought in one piece.

        That may be dozens of records, of 16 KB each at most. Twisted would hand over one by one, and a reader would go through its whole
        way for each, with parts of messages at both ends; what was read without TLS comes in one piece too.
        """

        def dataReceived(self, data: bytes) -> None:  # noqa: N802 - Twisted's name, as below
            """So many bytes came off the wire."""
            records = _Records()
            protocol: Any = self.wrappedProtocol
            self.wrappedProtocol = records  # type: ignore[assignment] # all that Twisted has for it here are records
            try:
                super().dataReceived(data)  # type: ignore[no-untyped-call] # it has no types
            finally:
                self.wrappedProtocol = protocol
                if records:
                    protocol.dataReceived(b"".join(records))

    return Joining


class _Records(list[bytes]):
    """The records of one read, in the place of the protocol that they are for."""

    def dataReceived(self, record: bytes) -> None:  # noqa: N802 - Twisted's name
        """Keep one."""
        self.append(record)


def _is_number(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


@cache
def _trust(bundle: str) -> Any:
    """The certificate authorities in a PEM file, or in a folder of such files."""
    from OpenSSL.crypto import Error
    from twisted.internet.ssl import Certificate, trustRootFromCertificates

    path = Path(bundle)
    files = [each for each in path.iterdir() if _HASHED.fullmatch(each.name)] if path.is_dir() else [path]
    certificates = [certificate for file in files for certificate in _CERTIFICATE.findall(file.read_bytes())]
    try:
        return trustRootFromCertificates([Certificate.loadPEM(certificate) for certificate in certificates])  # type: ignore[no-untyped-call]
    except Error as error:
        raise ValueError(f"{bundle} has a certificate of an authority that cannot be read: {error}") from error
