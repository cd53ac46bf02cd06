"""What a sandbox may be constructed with: each check names the argument that it refuses."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Iterable, Sequence

from exchangeclient.exceptions import SandboxException
from exchangeclient.sandbox.dialects.accounts import Account

DEFAULT_ACCOUNT = Account("key", "secret")

_LAST_PORT = 65_535
_LAST_US = 253_402_300_800_000_000  # the end of the year 9999, behind which there is no calendar


def whole(name: str, value: object) -> int:
    """An int, which True and 1.0 are not.

    :raises TypeError: naming the argument
    """
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"{name} must be an int, not {value!r}")
    return value


def checked_port(port: int) -> int:
    """A port to listen on, or 0."""
    if not 0 <= whole("port", port) <= _LAST_PORT:
        raise SandboxException(f"the port must be from 0 to {_LAST_PORT}, not {port}")
    return port


def checked_host(host: str) -> str:
    """An address of this machine that no other machine can reach."""
    if not isinstance(host, str):
        raise TypeError(f"host must be a str, not {host!r}")
    try:
        inside = host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        inside = False
    if not inside:
        raise SandboxException(f"the sandbox listens on a loopback address such as 127.0.0.1 only, not on {host!r}: its keys are play keys")
    return host


def checked_clock(clock: Callable[[], int]) -> Callable[[], int]:
    """The same clock, watched: what it says must be microseconds since the epoch, each time."""
    if not callable(clock):
        raise TypeError(f"clock must be callable, not {clock!r}")

    def read() -> int:
        now_us = whole("what clock returns", clock())
        if not 0 <= now_us < _LAST_US:
            raise SandboxException(f"clock must return microseconds since 1970, up to the year 9999, not {now_us}")
        return now_us

    return read


def checked_accounts(accounts: object) -> Sequence[Account]:
    """Accounts that can be told apart; one when nothing is said."""
    if accounts is None:
        return (DEFAULT_ACCOUNT,)
    if isinstance(accounts, (str, bytes)) or not isinstance(accounts, Iterable):
        raise TypeError(f"accounts must be a list of Account, not {type(accounts).__name__}")
    accounts = tuple(accounts)
    if not accounts:
        raise SandboxException("accounts is empty, so nobody could sign in; leave it out for the default account")
    seen: set[str] = set()
    for account in accounts:
        if not isinstance(account, Account):
            raise TypeError(f"accounts must hold Account objects, not {type(account).__name__}")
        if account.key in seen:
            raise SandboxException(f"two accounts have the key {account.key!r}")
        seen.add(account.key)
    return accounts
