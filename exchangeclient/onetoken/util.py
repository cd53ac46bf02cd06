"""Ids for orders and withdrawals, by the rules of each time of the service."""

from __future__ import annotations

import secrets
import string
from datetime import UTC, datetime
from typing import Final

from exchangeclient.core.process.clock import SystemClock
from exchangeclient.onetoken.names import contract_name

_SMALL: Final = string.ascii_lowercase + string.digits
_MIXED: Final = string.ascii_letters + string.digits
_clock = SystemClock()


def rand_id(length: int = 10) -> str:
    """So many letters and digits, a letter first.

    :raises ValueError: for a length below 1
    """
    if length < 1:
        raise ValueError(f"length must be 1 or more, not {length}")
    return secrets.choice(string.ascii_letters) + "".join(secrets.choice(_MIXED) for _ in range(length - 1))


def rand_digits(length: int = 10) -> str:
    """So many digits.

    :raises ValueError: for a length below 1
    """
    if length < 1:
        raise ValueError(f"length must be 1 or more, not {length}")
    return "".join(secrets.choice(string.digits) for _ in range(length))


rand_digi = rand_digits
"""What the historic SDK calls it."""


def rand_client_oid(contract_symbol: str | None = None) -> str:
    """An id for an order that no other order has.

    :param contract_symbol: None: 32 characters, four, a dash and 27 of ``a-z0-9``, as the seeds have it. A contract: its own rule of
        2019-08 and later, ``{contract}-{YYYYMMDDHHmmss}{14 characters}``; 2 characters at ``gate``; a whole number behind the dash at
        ``huobif`` and ``huobiuswap``
    :raises TypeError: when it is no text
    :raises ValueError: when it is no contract
    """
    if contract_symbol is None:
        drawn = "".join(secrets.choice(_SMALL) for _ in range(31))
        return f"{drawn[:4]}-{drawn[4:]}"
    contract = contract_name(contract_symbol, "contract_symbol")
    exchange = contract.partition("/")[0]
    now_s = _clock.now_ms() // 1000
    if exchange in ("huobif", "huobiuswap"):
        return f"{contract}-{(now_s << 32) + secrets.randbelow(1 << 32)}"
    stamp = f"{datetime.fromtimestamp(now_s, UTC):%Y%m%d%H%M%S}"
    return f"{contract}-{stamp}{rand_id(2 if exchange == 'gate' else 14)}"


def rand_client_wid(exchange: str, currency: str) -> str:
    """An id for a withdrawal: ``{exchange}/{currency}-{YYYYMMDD-HHmmss}-{5 characters}``."""
    stamp = f"{datetime.fromtimestamp(_clock.now_ms() // 1000, UTC):%Y%m%d-%H%M%S}"
    return f"{exchange}/{currency}-{stamp}-{rand_id(5)}"
