"""Who may ask for which accounts, and what these are: the key file of the gateway. Pure.

The file is JSON::

    {
      "keys": [{"ot_key": "...", "ot_secret": "...", "accounts": ["binance/main", "binance/mock-1token"]}],
      "accounts": {"binance/main": {"api_key": "...", "api_secret": "..."}, "okex/main": {..., "passphrase": "..."}}
    }

The keys are the gateway's own, made up by its owner; they never leave this machine. ``mock-`` accounts need no credentials: they are on
the embedded exchange. ``"*/mock-*"`` stands for all of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any, Final

from exchangeclient.core.http import jsonio
from exchangeclient.gateway.onetoken import names

MOCKS: Final = "*/mock-*"


@dataclass(frozen=True, slots=True)
class Grant:
    """What one of the gateway's own keys may do.

    :ivar accounts: by name, or by a pattern such as ``binance/mock-*``
    """

    secret: str = field(repr=False)
    accounts: tuple[str, ...] = (MOCKS,)

    def allows(self, account: str) -> bool:
        """Whether an account is among them."""
        return any(fnmatchcase(account, pattern) for pattern in self.accounts)


@dataclass(frozen=True, slots=True)
class Credentials:
    """A venue's own keys of one account."""

    key: str = field(repr=False)
    secret: str = field(repr=False)
    passphrase: str = field(repr=False, default="")


@dataclass(frozen=True, slots=True)
class KeyBook:
    """The gateway's keys and the accounts behind it.

    :ivar grants: by ``ot_key``
    :ivar accounts: credentials by the account's name
    """

    grants: Mapping[str, Grant] = field(default_factory=dict, repr=False)
    accounts: Mapping[str, Credentials] = field(default_factory=dict, repr=False)

    @classmethod
    def for_play(cls) -> KeyBook:
        """The key ``key`` with the secret ``secret``, for ``mock-`` accounts alone."""
        return cls({"key": Grant("secret")})

    @classmethod
    def read(cls, text: bytes | str) -> KeyBook:
        """The book that a file holds.

        :raises ValueError: naming what is wrong, without showing a secret
        """
        found = jsonio.decode(text)
        if not isinstance(found, dict) or found.keys() - {"keys", "accounts"}:
            raise ValueError('the file is {"keys": [...], "accounts": {...}}')
        keys, accounts = found.get("keys", []), found.get("accounts", {})
        if not isinstance(keys, list) or not isinstance(accounts, dict):
            raise ValueError("keys is a list and accounts an object")
        book = {str(name): _credentials(str(name), row) for name, row in accounts.items()}
        grants: dict[str, Grant] = {}
        for number, row in enumerate(keys):
            key, grant = _grant(number, row)
            if key in grants:
                raise ValueError(f"keys[{number}]: its ot_key is another's, too")
            grants[key] = grant
        return cls(grants, book)


def _grant(number: int, row: Any) -> tuple[str, Grant]:
    where = f"keys[{number}]"
    if not isinstance(row, dict):
        raise ValueError(f"{where} is an object")
    allowed = row.get("accounts", [MOCKS])
    if not isinstance(allowed, list) or not all(isinstance(each, str) and "/" in each for each in allowed):
        raise ValueError(f"{where}.accounts is a list of names such as binance/main")
    return _text(where, row, "ot_key"), Grant(_text(where, row, "ot_secret"), tuple(allowed))


def _credentials(name: str, row: Any) -> Credentials:
    where = f"accounts[{name!r}]"
    if names.account(name).is_mock:
        raise ValueError(f"{where}: what begins with {names.MOCK} is on the embedded exchange, and has no credentials")
    if not isinstance(row, dict):
        raise ValueError(f"{where} is an object")
    passphrase = row.get("passphrase", "")
    if not isinstance(passphrase, str):
        raise ValueError(f"{where}.passphrase is a text")
    return Credentials(_text(where, row, "api_key"), _text(where, row, "api_secret"), passphrase)


def _text(where: str, row: Mapping[str, Any], name: str) -> str:
    value = row.get(name)
    if not isinstance(value, str) or not value:
        raise ValueError(f"{where}.{name} is a text, and not empty")
    return value
