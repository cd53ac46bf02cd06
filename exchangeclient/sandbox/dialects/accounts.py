"""Who may sign in to the sandbox: API keys with the secret or the public key that their signatures are checked with."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

PublicKey = Ed25519PublicKey | RSAPublicKey


@dataclass(frozen=True, slots=True)
class Account:
    """A play account with one API key: an HMAC ``secret``, or the PEM text of an RSA or Ed25519 ``public_key``.

    :ivar passphrase: for the venues that have one
    :raises ValueError: when there is neither or both, or the public key cannot be read
    """

    key: str
    secret: str = field(default="", repr=False)
    public_key: str = ""
    passphrase: str = field(default="", repr=False)

    def __post_init__(self) -> None:
        if not self.key:
            raise ValueError("an account needs a key")
        if bool(self.secret) == bool(self.public_key):
            raise ValueError(f"account {self.key!r} needs either a secret or a public key")
        if self.public_key:
            read_public_key(self.public_key)


@lru_cache(maxsize=256)
def read_public_key(pem: str) -> PublicKey:
    """The key in a PEM text.

    :raises ValueError: when it is no RSA or Ed25519 public key
    """
    try:
        key = load_pem_public_key(pem.encode())
    except (ValueError, UnsupportedAlgorithm) as error:
        raise ValueError("public_key is not the PEM text of a public key") from error
    if not isinstance(key, (Ed25519PublicKey, RSAPublicKey)):
        raise ValueError("public_key must be an RSA or an Ed25519 key")
    return key
