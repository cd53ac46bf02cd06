"""What a sandbox may be constructed with: each check names the argument that it refuses."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from exchangeclient.exceptions import SandboxException
from exchangeclient.sandbox.dialects.accounts import Account
from exchangeclient.sandbox.dialects.binance.limits import LIMITS, Limits
from exchangeclient.sandbox.dialects.bitmex.tables import WIRES
from exchangeclient.sandbox.dialects.bitmex.venue import Manners
from exchangeclient.sandbox.dialects.okx.venue import Books
from exchangeclient.sandbox.engine.instruments import UNIT, scaled
from exchangeclient.sandbox.engine.words import Status

DEFAULT_ACCOUNT = Account("key", "secret", passphrase="passphrase")  # noqa: S106 - a play account

_LAST_PORT = 65_535
_LEAST_TOKEN = 16
_TOKEN = re.compile(rf"[A-Za-z0-9_-]{{{_LEAST_TOKEN},128}}", re.ASCII)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
FASTEST = 86_400
USUAL_STEP_US = 100_000
_SPEED_AT_USUAL_STEP = 10
_FINEST_STEP_S, _COARSEST_STEP_S = 0.1, 60
COARSEST_STEP_US = FASTEST * USUAL_STEP_US // _SPEED_AT_USUAL_STEP  # at the highest speed, where nothing is said
_MOST_DIGITS = 100  # of an amount, before or behind the point; an exponent can ask for a thousand million of them
_OKX = ("snapshot", "checksum")
_SECONDS = {"seconds": 1, "minutes": 60, "hours": 3_600, "days": 86_400}
LARGEST_SKEW_MS = 10**12
_LARGEST_AMOUNT = 10**12 * UNIT
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


def is_loopback(host: str) -> bool:
    """True for an address that no other machine can reach."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def checked_host(host: str, *, behind_token: bool) -> str:
    """An address of this machine: of loopback, unless there is a token."""
    if not isinstance(host, str):
        raise TypeError(f"host must be a str, not {host!r}")
    if is_loopback(host):
        return host
    if not behind_token:
        raise SandboxException(
            f"without a token the sandbox listens on a loopback address such as 127.0.0.1 only, not on {host!r}: its keys are play keys"
        )
    try:
        ipaddress.ip_address(host)
    except ValueError:
        raise SandboxException(f"host must be an IP address of this machine, not {host!r}") from None
    return host


def checked_token(token: str | None) -> str | None:
    """A part of a path that nobody guesses, or none."""
    if token is None:
        return None
    if not isinstance(token, str):
        raise TypeError(f"token must be a str, not {type(token).__name__}")
    if not _TOKEN.fullmatch(token):
        raise SandboxException(f"the token must be made of {_LEAST_TOKEN} to 128 letters, digits, '-' and '_'")
    return token


def checked_flag(name: str, value: bool) -> bool:
    """True or False."""
    if not isinstance(value, bool):
        raise TypeError(f"{name} must be a bool, not {value!r}")
    return value


def checked_limits(limits: str | Mapping[str, int]) -> Limits:
    """The counters of a venue that refuses as the venue does, never, or sooner or later than it."""
    if limits == "enforced":
        return Limits()
    if limits == "counted":
        return Limits(enforced=False)
    if isinstance(limits, str):
        raise SandboxException(f"limits must be 'enforced', 'counted' or limits by name, not {limits!r}")
    if not isinstance(limits, Mapping):
        raise TypeError(f"limits must be a str or a mapping, not {limits!r}")
    for name, limit in limits.items():
        if name not in LIMITS:
            raise SandboxException(f"there is no limit {name!r}; there are {', '.join(LIMITS)}")
        if whole(f"limits[{name!r}]", limit) < 1:
            raise SandboxException(f"limits[{name!r}] must be 1 at least, not {limit}")
    return Limits(limits)


def checked_okx(okx: Mapping[str, bool] | None) -> Books:
    """How OKX's order book channels behave."""
    if okx is None:
        return Books()
    if not isinstance(okx, Mapping):
        raise TypeError(f"okx must be a mapping, not {okx!r}")
    for name, value in okx.items():
        if name not in _OKX:
            raise SandboxException(f"there is no switch {name!r} of okx; there are {', '.join(_OKX)}")
        checked_flag(f"okx[{name!r}]", value)
    return Books(**okx)


def checked_bitmex(bitmex: Mapping[str, Any] | None) -> Manners:
    """How BitMEX behaves."""
    if bitmex is None:
        return Manners()
    if not isinstance(bitmex, Mapping):
        raise TypeError(f"bitmex must be a mapping, not {bitmex!r}")
    for name, value in bitmex.items():
        if name == "wire":
            if value not in WIRES:
                raise SandboxException(f"bitmex['wire'] must be one of {', '.join(WIRES)}, not {value!r}")
        elif name == "strict":
            checked_flag("bitmex['strict']", value)
        else:
            raise SandboxException(f"there is no switch {name!r} of bitmex; there are wire, strict")
    return Manners(**bitmex)


def checked_start(start: str | datetime | int) -> int:
    """A date as microseconds since 1970."""
    if isinstance(start, str):
        try:
            start = datetime.fromisoformat(start)
        except ValueError:
            raise SandboxException(f"start must be a date such as 2024-03-01 or 2024-03-01T12:00, not {start!r}") from None
    if isinstance(start, datetime):
        since = (start if start.tzinfo else start.replace(tzinfo=UTC)) - _EPOCH
        start_us = since // timedelta(microseconds=1)
    else:
        start_us = whole("start", start) * 1000
    if not 0 <= start_us < _LAST_US:
        raise SandboxException(f"start must lie between 1970 and the year 9999, not {start}")
    return start_us


def checked_speed(speed: float) -> float:
    """How many times as fast as the machine's; 0 stands still."""
    _number("speed", speed)
    if not 0 <= speed <= FASTEST:
        raise SandboxException(f"speed must be from 0 to {FASTEST:,}, not {speed}")
    return float(speed)


def checked_step(step: float | None, speed: float | None) -> int:
    """How often the traders act, in microseconds; where nothing is said, as often as a machine can at such a speed."""
    if step is None:
        return max(USUAL_STEP_US, round((speed or 0) * USUAL_STEP_US / _SPEED_AT_USUAL_STEP))
    _number("step", step)
    if not _FINEST_STEP_S <= step <= _COARSEST_STEP_S:
        raise SandboxException(f"step must be from {_FINEST_STEP_S} to {_COARSEST_STEP_S} seconds, not {step}")
    return round(step * 1_000_000)


def checked_stretch(**parts: float) -> int:
    """``seconds=5, hours=1`` together, in microseconds."""
    for name, number in parts.items():
        _number(name, number)
    seconds = sum(number * _SECONDS[name] for name, number in parts.items())
    if not abs(seconds) < _LAST_US:  # infinities and what is no number included
        raise SandboxException(f"that is no stretch of time that could pass: {seconds} seconds")
    return round(seconds * 1_000_000)


def checked_step_ahead(by_us: int, now_us: int) -> int:
    """So much time that can pass."""
    if by_us < 0:
        raise SandboxException("time only moves forward")
    if now_us + by_us >= _LAST_US:
        raise SandboxException("time ends with the year 9999 here")
    return by_us


def checked_skew(skew_ms: int) -> int:
    """How far a clock may go wrong, either way."""
    if abs(whole("skew_ms", skew_ms)) > LARGEST_SKEW_MS:
        raise SandboxException(f"skew_ms must be from -{LARGEST_SKEW_MS} to {LARGEST_SKEW_MS}")
    return skew_ms


def checked_status(status: str) -> Status:
    """What a symbol may be open for."""
    if status not in Status.__members__:
        raise SandboxException(f"a status must be one of {', '.join(Status.__members__)}, not {status!r}")
    return Status[status]


def scaled_amount(amount: str | int | Decimal) -> int:
    """An amount above zero as a scaled integer."""
    number = _scaled("an amount", amount)
    if not 0 < number < _LARGEST_AMOUNT:
        raise SandboxException(f"an amount must be above zero and below {_LARGEST_AMOUNT // UNIT:,}, not {amount}")
    return number


def checked_rate(name: str, rate: str | int | Decimal) -> int:
    """A part of the whole as a scaled integer."""
    number = _scaled(name, rate)
    if number > UNIT:
        raise SandboxException(f"{name} must be from 0 to 1, not {rate}")
    return number


def checked_group(group: int) -> int:
    """The number of a trade group, or -1 for none."""
    if whole("group", group) < -1:
        raise SandboxException(f"group must be a number from 0 on, or -1 for none, not {group}")
    return group


def _scaled(name: str, value: str | int | Decimal) -> int:
    if isinstance(value, bool) or not isinstance(value, (str, int, Decimal)):
        raise TypeError(f"{name} must be a str, an int or a Decimal, which are exact, not {value!r}")
    try:
        if isinstance(value, Decimal) and abs(value.adjusted()) > _MOST_DIGITS:
            raise ValueError("too large or too small to be written out")
        return scaled(format(value, "f") if isinstance(value, Decimal) else str(value))
    except ValueError as error:
        raise SandboxException(f"{name} must be a number from 0 on with at most eight decimals, not {str(value)[:200]}") from error


def _number(name: str, value: object) -> None:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise TypeError(f"{name} must be a number, not {value!r}")


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
