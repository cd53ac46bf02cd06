"""Who may sign in to the sandbox: API keys with the secret or the public key that their signatures are checked with."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

PublicKey = Ed25519PublicKey | RSAPublicKey

KEY_FORMAT = re.compile(r"[A-Za-z0-9_.-]{1,128}", re.ASCII)
SPOT = "SPOT"
_TEXTS = ("key", "secret", "public_key", "passphrase")
_LEAST_RSA_BITS = 2048  # as the venues demand


@dataclass(frozen=True, slots=True)
class Account:
    """A play account with one API key: an HMAC ``secret``, or the PEM text of an RSA or Ed25519 ``public_key``.

    :ivar passphrase: for the venues that have one; at OKX "passphrase" where none is given
    :ivar demo: True for a key of OKX's demo trading, False for one of its live trading
    :ivar can_trade: False for a key that may look, but not place or cancel orders
    :ivar permissions: what the account may trade, by the names in the symbols' permission sets
    :raises TypeError: for anything but texts, a bool and a list of texts
    :raises ValueError: naming the key, when it is none that could be sent, when there is neither a secret nor a public key or both,
        or when the public key cannot be used
    """

    key: str
    secret: str = field(default="", repr=False)
    public_key: str = ""
    passphrase: str = field(default="", repr=False)
    can_trade: bool = True
    permissions: tuple[str, ...] = (SPOT,)
    demo: bool = False

    def __post_init__(self) -> None:
        for name in _TEXTS:
            if not isinstance(value := getattr(self, name), str):
                raise TypeError(f"an account's {name} must be a str, not {type(value).__name__}")
        for name in ("can_trade", "demo"):
            if not isinstance(value := getattr(self, name), bool):
                raise TypeError(f"an account's {name} must be a bool, not {value!r}")
        if not isinstance(self.permissions, tuple) or not all(isinstance(each, str) for each in self.permissions):
            raise TypeError(f"an account's permissions must be a tuple of str, not {self.permissions!r}")
        if not self.key:
            raise ValueError("an account needs a key")
        if not KEY_FORMAT.fullmatch(self.key):
            raise ValueError(f"account {self.key[:200]!r}: a key is made of 1 to 128 letters, digits, '_', '.' and '-'")
        if bool(self.secret) == bool(self.public_key):
            raise ValueError(f"account {self.key!r} needs either a secret or a public key")
        if self.public_key:
            try:
                read_public_key(self.public_key)
            except ValueError as error:
                raise ValueError(f"account {self.key!r}: {error}") from error

    @property
    def kind(self) -> str:
        """How it signs: HMAC, RSA or ED25519."""
        if self.secret:
            return "HMAC"
        return "ED25519" if isinstance(read_public_key(self.public_key), Ed25519PublicKey) else "RSA"


def wallet(venue: str, key: str) -> str:
    """The name of the engine's account behind a key: each venue has its own, Binance's goes by the key alone."""
    return key if venue == "binance" else f"{venue}:{key}"


class Members:
    """The accounts that may sign in, at every venue."""

    def __init__(self, accounts: Iterable[Account]) -> None:
        self._accounts = {account.key: account for account in accounts}

    @property
    def accounts(self) -> tuple[Account, ...]:
        """Who may sign in."""
        return tuple(self._accounts.values())

    def get(self, key: str) -> Account | None:
        """The account with a key."""
        return self._accounts.get(key)

    def add(self, account: Account) -> None:
        """Let somebody in from now on.

        :raises ValueError: when his key is somebody else's
        """
        if account.key in self._accounts:
            raise ValueError(f"there is an account with the key {account.key!r} already")
        self._accounts[account.key] = account

    def revoke(self, key: str) -> None:
        """Let nobody in with this key any more; what the account has stays where it is.

        :raises KeyError: when there is none with it
        """
        del self._accounts[key]

    def knows(self, account: Account) -> bool:
        """True until the account's key is revoked."""
        return self._accounts.get(account.key) is account


@lru_cache(maxsize=256)
def read_public_key(pem: str) -> PublicKey:
    """The key in a PEM text.

    :raises ValueError: when it is no RSA or Ed25519 public key, or too short a one
    """
    try:
        key = load_pem_public_key(pem.encode())
    except (ValueError, UnsupportedAlgorithm) as error:
        raise ValueError("public_key is not the PEM text of a public key") from error
    if not isinstance(key, (Ed25519PublicKey, RSAPublicKey)):
        raise ValueError("public_key must be an RSA or an Ed25519 key")
    if isinstance(key, RSAPublicKey) and key.key_size < _LEAST_RSA_BITS:
        raise ValueError(f"public_key is an RSA key of {key.key_size} bits; {_LEAST_RSA_BITS} are the least")
    return key
