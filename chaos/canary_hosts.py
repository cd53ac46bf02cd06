"""Hosts for :mod:`canaries` on loopback: a venue that misbehaves, a proxy, and certificates that are no good."""

from __future__ import annotations

import re
import select
import socket
import ssl
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

SIGNATURE = re.compile(r"signature=([^&\s]+)")
KEY_HEADER = "X-MBX-APIKEY"

_NOW = datetime.now(UTC)
GOOD: dict[str, Any] = {
    "host": "localhost",
    "since": _NOW - timedelta(days=1),
    "until": _NOW + timedelta(days=2),
    "weak": False,
    "own": False,
}
FLAWS: dict[str, Mapping[str, Any]] = {
    "expired": {"until": _NOW - timedelta(hours=1)},
    "not yet valid": {"since": _NOW + timedelta(days=1)},
    "of another host": {"host": "venue.example"},
    "a wildcard that reaches too far": {"host": "*"},
    "weak": {"weak": True},
    "self-signed": {"own": True},
    "of an unknown authority": {},
    "none at all": {},
}


class Host:
    """A server that does to every request what :attr:`trouble` says.

    :param context: its side of TLS; None for none
    :ivar trouble: ``fine``, ``refused``, ``html``, ``cut``, ``half``, ``silent``, ``busy``, ``limited`` or an address to send everybody to
    :ivar signatures: that it was sent
    :ivar keys: how many requests had a key or a signature
    """

    def __init__(self, context: ssl.SSLContext | None = None) -> None:
        self.trouble = "fine"
        self.signatures: set[str] = set()
        self.requests = self.keys = 0
        self.over = threading.Event()

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            timeout = 5

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        def answered(handler: BaseHTTPRequestHandler) -> None:
            self.answer(handler)

        for verb in ("GET", "POST", "PUT", "DELETE"):
            setattr(Handler, f"do_{verb}", answered)
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._server.handle_error = lambda *_: None  # type: ignore[method-assign] # handshakes that fail are what this is about
        self.port = self._server.server_address[1]
        self.scheme = "http" if context is None else "https"
        if context is not None:
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True, do_handshake_on_connect=False)
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    @property
    def url(self) -> str:
        return f"{self.scheme}://localhost:{self.port}"

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        body = handler.rfile.read(int(handler.headers.get("Content-Length", 0))).decode()
        said = f"{handler.path} {body}"
        found = SIGNATURE.findall(said)
        self.requests += 1
        self.signatures.update(found)
        self.keys += KEY_HEADER in handler.headers or bool(found)
        match self.trouble:
            case "fine":
                _send(handler, 200, "application/json", '{"serverTime": 1700000000000, "symbols": [], "rateLimits": []}')
            case "refused":
                _send(handler, 400, "application/json", f'{{"code": -1022, "msg": "Signature of {said} is not valid."}}')
            case "html":
                _send(handler, 200, "text/html", f"<html>What about {said}?</html>")
            case "busy":
                _send(handler, 503, "text/html", f"<html>{said}</html>")
            case "limited":
                _send(handler, 429, "application/json", f'{{"code": -1003, "msg": "Too much: {said}"}}')
            case "half":
                handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{")
                handler.close_connection = True
            case "silent":
                self.over.wait(1)
                handler.close_connection = True
            case "cut":
                handler.close_connection = True
            case address:
                handler.send_response(307)
                handler.send_header("Location", f"{address}{handler.path}")
                handler.send_header("Content-Length", "0")
                handler.end_headers()

    def stop(self) -> None:
        self.over.set()
        self._server.shutdown()
        self._server.server_close()


def _send(handler: BaseHTTPRequestHandler, status: int, kind: str, text: str) -> None:
    body = text.encode()
    handler.send_response(status)
    handler.send_header("Content-Type", kind)
    handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    handler.wfile.write(body)


class Proxy:
    """Connects whoever asks to where they want.

    :ivar connections: how many it has made
    """

    def __init__(self) -> None:
        self.connections = 0
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return  # stopped
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        try:
            with connection:
                head = b""
                while b"\r\n\r\n" not in head and (part := connection.recv(4096)):
                    head += part
                port = int(head.split(b" ")[1].rpartition(b":")[2])
                with socket.create_connection(("127.0.0.1", port)) as venue:
                    self.connections += 1
                    connection.sendall(b"HTTP/1.1 200 Connected\r\n\r\n")
                    _pump(connection, venue)
        except (OSError, ValueError, IndexError):
            return  # a client that has gone away, or said nothing

    def stop(self) -> None:
        self._listener.close()


def _pump(one: socket.socket, other: socket.socket) -> None:
    towards = {one: other, other: one}
    while True:
        ready, _, _ = select.select(list(towards), [], [], 5)
        for source in ready:
            if not (part := source.recv(65536)):
                return
            towards[source].sendall(part)
        if not ready:
            return


# What Python 3.13 and later want to see in certificates, besides whose key vouches for them.
_VOUCHES = x509.KeyUsage(
    digital_signature=False, content_commitment=False, key_encipherment=False, data_encipherment=False, key_agreement=False,
    key_cert_sign=True, crl_sign=True, encipher_only=False, decipher_only=False,
)  # fmt: skip


class Authority:
    """Issues certificates.

    :ivar bundle: the file by which it is trusted
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "authority")])
        builder = x509.CertificateBuilder().subject_name(self._name).issuer_name(self._name).public_key(self._key.public_key())
        builder = builder.serial_number(1).not_valid_before(GOOD["since"]).not_valid_after(GOOD["until"])
        builder = builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(self._key.public_key()), critical=False)
        builder = builder.add_extension(_VOUCHES, critical=True)
        signed = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True).sign(self._key, SHA256())
        self.bundle = str(folder / "authority.pem")
        Path(self.bundle).write_bytes(signed.public_bytes(Encoding.PEM))

    def context(self, flaw: str) -> ssl.SSLContext | None:
        """A server's side of TLS with this flaw; None when that is to have none at all, and without a flaw for an empty name."""
        if flaw == "none at all":
            return None
        made = {**GOOD, **FLAWS.get(flaw, {})}
        key = rsa.generate_private_key(65537, 1024) if made["weak"] else ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, made["host"])])
        builder = x509.CertificateBuilder().subject_name(name).issuer_name(name if made["own"] else self._name)
        builder = builder.public_key(key.public_key()).serial_number(2).not_valid_before(made["since"]).not_valid_after(made["until"])
        builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(made["host"])]), critical=False)
        signer = key if made["own"] else self._key
        builder = builder.add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False)
        signed = builder.sign(signer, SHA256())
        file = self._folder / "server.pem"
        file.write_bytes(signed.public_bytes(Encoding.PEM) + key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.set_ciphers("DEFAULT@SECLEVEL=0")
        context.load_cert_chain(file)
        return context


@contextmanager
def running(*hosts: Host | Proxy) -> Iterator[None]:
    """Stops them in the end."""
    try:
        yield
    finally:
        for host in hosts:
            host.stop()
