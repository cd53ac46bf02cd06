"""What an account's calls are made of: arguments checked, in the wire's words. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from exchangeclient.onetoken.models import BUY, SELL, Contract, Order
from exchangeclient.onetoken.names import contract_name

MOST_OIDS: Final = 9
STATES: Final = ("active", "end", "all", *sorted(Order.ACTIVE_STATUSES), *sorted(Order.END_STATUSES))
_OID = re.compile(r"[!-+\--~]{1,128}", re.ASCII)  # printable; a comma divides two
_WORD = re.compile(r"[A-Za-z0-9_-]{1,32}", re.ASCII)


def contract_of(con: object, name: str = "con") -> str:
    """A contract by its name or as an object.

    :raises TypeError: when it is neither
    :raises ValueError: when it is no contract's name
    """
    if isinstance(con, Contract):
        return con.symbol
    if not isinstance(con, str):
        raise TypeError(f"{name} must be a contract's name, not {type(con).__name__}")
    return contract_name(con, name)


def side(bs: object) -> str:
    """``'b'`` or ``'s'``.

    :raises ValueError: for anything else
    """
    if not isinstance(bs, str) or bs not in (BUY, SELL):
        raise ValueError(f"bs must be 'b' or 's', not {str(bs)[:20]!r}")
    return bs


def oid(value: object, name: str) -> str:
    """One id of an order; a whole number becomes its digits.

    :raises TypeError: when it is neither text nor whole number
    :raises ValueError: when it is empty, too long, or has a space or a comma
    """
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str):
        raise TypeError(f"{name} must be a str, not {type(value).__name__}")
    if not _OID.fullmatch(value):
        raise ValueError(f"{name} must be 1 to 128 printable characters without spaces and commas, not {value[:40]!r}")
    return value


def oids(first: object, others: tuple[object, ...], name: str) -> str:
    """Ids as one query carries them: divided by commas, nine at most.

    :raises TypeError: see :func:`oid`
    :raises ValueError: see :func:`oid`, and when there are more
    """
    given = [*(first.split(",") if isinstance(first, str) else [first]), *others]
    checked = [oid(each, name) for each in given]
    if len(checked) > MOST_OIDS:
        raise ValueError(f"{name}: {MOST_OIDS} ids at most in one call, not {len(checked)}")
    return ",".join(checked)


def state(value: object) -> str:
    """A state to ask for.

    :raises ValueError: when there is none of that name
    """
    if not isinstance(value, str) or value not in STATES:
        raise ValueError(f"state must be one of {', '.join(STATES)}, not {str(value)[:40]!r}")
    return value


def count(value: object) -> str:
    """How many to list.

    :raises TypeError: when it is no whole number
    :raises ValueError: when it is below 1
    """
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"count must be an int, not {type(value).__name__}")
    if value < 1:
        raise ValueError(f"count must be 1 or more, not {value}")
    return str(value)


def word(value: object, name: str) -> str:
    """A currency, or the name of a store.

    :raises TypeError: when it is no text
    :raises ValueError: when it is none
    """
    if not isinstance(value, str):
        raise TypeError(f"{name} must be a str, not {type(value).__name__}")
    if not _WORD.fullmatch(value):
        raise ValueError(f"{name} must be letters and digits, not {value[:40]!r}")
    return value


def extras(value: object, name: str) -> Any:
    """Tags or options: an object, or the text that older programs make of it.

    :raises TypeError: when it is neither
    """
    if value is None or isinstance(value, str):
        return value or None
    if not isinstance(value, Mapping):
        raise TypeError(f"{name} must be a dict, not {type(value).__name__}")
    return dict(value)
