"""API keys that sign and hide themselves: HMAC, RSA and Ed25519.

Nothing that shows an object shows a secret: not ``repr``, ``str``, ``vars``, ``pickle`` or a log line. What is signed, and how a
signature is written (hex, base64), is each venue's own and decided there.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from pathlib import Path
from typing import Literal, Never, Self

Algorithm = Literal["hmac", "rsa", "ed25519"]
_BLOCK = 64  # bytes of a block of SHA-256
_KEY = re.compile(r"[!-~]+", re.ASCII)
_PASSPHRASE = re.compile(r"[ -~]*[!-~][ -~]*", re.ASCII)


class Credentials:
    """A public API key and the means to sign with its secret.

    :ivar key: the public API key
    :ivar algorithm: ``"hmac"`` (SHA-256), ``"rsa"`` (PKCS#1 v1.5 with SHA-256) or ``"ed25519"``
    """

    __slots__ = ("_passphrase", "_sign", "algorithm", "key")

    def __init__(self, key: str, algorithm: Algorithm, sign: Callable[[bytes], bytes], passphrase: str | None = None) -> None:
        if not isinstance(key, str):
            raise TypeError(f"api_key must be a str, not {type(key).__name__}")
        if not _KEY.fullmatch(key):
            raise ValueError("api_key must be printable ASCII without spaces or line breaks")
        self.key = key
        self.algorithm: Algorithm = algorithm
        self._sign = sign
        self._passphrase = (lambda: passphrase) if passphrase is not None else None

    @classmethod
    def from_secret(cls, key: str, secret: str, passphrase: str | None = None) -> Self:
        """The usual pair of key and secret (HMAC-SHA-256).

        :param passphrase: where the venue wants one sent beside the signature
        """
        if not isinstance(secret, str):
            raise TypeError(f"api_secret must be a str, not {type(secret).__name__}")
        if not secret.strip() or not secret.isprintable():
            raise ValueError("api_secret must be printable text in one line, and not blank")
        if not isinstance(passphrase, str | None):
            raise TypeError(f"passphrase must be a str, not {type(passphrase).__name__}")
        if passphrase is not None and not _PASSPHRASE.fullmatch(passphrase):
            raise ValueError("passphrase must be printable ASCII in one line, and not blank")
        return cls(key, "hmac", _hmac_sha256(secret.encode()), passphrase)

    @classmethod
    def from_private_key(cls, key: str, private_key: str | bytes | Path, passphrase: str | None = None) -> Self:
        """An RSA or Ed25519 key.

        :param private_key: the PEM text, or the path of a PEM file
        :param passphrase: of an encrypted key
        :raises ValueError: when it is no such key, or the passphrase is wrong
        """
        from cryptography.exceptions import UnsupportedAlgorithm
        from cryptography.hazmat.primitives.asymmetric import ed25519, padding, rsa
        from cryptography.hazmat.primitives.hashes import SHA256
        from cryptography.hazmat.primitives.serialization import load_pem_private_key

        if not isinstance(passphrase, str | None):
            raise TypeError(f"private_key_pass must be a str, not {type(passphrase).__name__}")
        password = None if passphrase is None else passphrase.encode()
        text = _pem(private_key)
        try:
            private = load_pem_private_key(text, password)
        except (ValueError, TypeError, UnsupportedAlgorithm) as error:
            # TypeError: a passphrase for a plain key, or none for an encrypted one. The key itself is in none of these texts.
            raise ValueError(f"private_key cannot be read: {error}") from None
        if isinstance(private, rsa.RSAPrivateKey):
            return cls(key, "rsa", lambda payload: private.sign(payload, padding.PKCS1v15(), SHA256()))
        if isinstance(private, ed25519.Ed25519PrivateKey):
            return cls(key, "ed25519", private.sign)
        raise ValueError("private_key must be an RSA or an Ed25519 key")

    def sign(self, payload: bytes) -> bytes:
        """The raw signature of ``payload``."""
        return self._sign(payload)

    def passphrase(self) -> str:
        """The passphrase that is sent beside the signature; empty without one."""
        return "" if self._passphrase is None else self._passphrase() or ""

    def __repr__(self) -> str:
        shown = self.key[-4:] if len(self.key) > 16 else ""
        return f"<Credentials {self.algorithm} ***{shown}>"

    def __reduce__(self) -> Never:
        raise TypeError("credentials are neither pickled nor copied; make the client anew where it is needed")


def _hmac_sha256(secret: bytes) -> Callable[[bytes], bytes]:
    """HMAC by RFC 2104, with its two keyed hashes begun once: in less than half the time that ``hmac.digest`` takes."""
    key = (hashlib.sha256(secret).digest() if len(secret) > _BLOCK else secret).ljust(_BLOCK, b"\0")
    inner, outer = (hashlib.sha256(bytes(byte ^ pad for byte in key)) for pad in (0x36, 0x5C))

    def sign(payload: bytes) -> bytes:
        message, mac = inner.copy(), outer.copy()
        message.update(payload)
        mac.update(message.digest())
        return mac.digest()

    return sign


def _pem(private_key: str | bytes | Path) -> bytes:
    if isinstance(private_key, bytes):
        return private_key
    if isinstance(private_key, str) and "-----BEGIN" in private_key:
        return private_key.encode()
    if not isinstance(private_key, (str, Path)):
        raise TypeError(f"private_key must be PEM text or the path of a PEM file, not {type(private_key).__name__}")
    try:
        return Path(private_key).read_bytes()
    except (OSError, ValueError) as error:
        # Of a text that was meant as PEM nothing may be shown, so the system's error, which names the path, is left out.
        raise ValueError(f"private_key is neither PEM text nor a readable file ({type(error).__name__})") from None
