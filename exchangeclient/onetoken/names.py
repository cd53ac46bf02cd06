"""How 1Token calls contracts and accounts: three spellings of the one, two of the other, and what is sent. Pure.

``ltc.btc:xtc.okex`` (BTP), ``ltc.btc:okex`` and ``okex/ltc.btc`` are one contract, ``tyz@okex`` and ``okex/tyz`` one account. Whatever
comes in, what leaves is ``exchange/name``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

_CODE = r"[a-z0-9]{2,32}"
_PART = r"[A-Za-z0-9_-]{1,40}"
_CONTRACT = re.compile(rf"({_CODE})/({_PART}(?:\.{_PART}){{1,3}})", re.ASCII)
_OLD_CONTRACT = re.compile(rf"({_PART}(?:\.{_PART}){{1,3}}):(?:xtc\.)?({_CODE})", re.ASCII)
_ACCOUNT = re.compile(rf"({_CODE})/([A-Za-z0-9_.@-]{{1,64}})(?:/({_PART}\.{_PART}))?", re.ASCII)
_OLD_ACCOUNT = re.compile(rf"([A-Za-z0-9_.-]{{1,64}})@({_CODE})", re.ASCII)


def contract_name(text: str, name: str = "contract") -> str:
    """A contract as ``exchange/name``, in whichever of the three spellings it was given.

    :param name: of the argument
    :raises TypeError: when it is no text
    :raises ValueError: when it is none of them
    """
    if not isinstance(text, str):
        raise TypeError(f"{name} must be a str, not {type(text).__name__}")
    found = _named(text)
    if found is None:
        raise ValueError(f"{name} must be like 'okex/btc.usdt', 'btc.usdt:xtc.okex' or 'btc.usdt:okex', not {text[:60]!r}")
    return found


@lru_cache(maxsize=4096)
def _named(text: str) -> str | None:
    if _CONTRACT.fullmatch(text):
        return text
    found = _OLD_CONTRACT.fullmatch(text)
    return None if found is None else f"{found[2]}/{found[1]}"


@dataclass(frozen=True, slots=True)
class AccountName:
    """Whose account, and where.

    :ivar exchange: the service's code
    :ivar pair: which pair of a margin account, such as ``bch.usdt``; empty for any other account
    """

    exchange: str
    name: str
    pair: str = ""

    def __str__(self) -> str:
        return f"{self.exchange}/{self.name}/{self.pair}" if self.pair else f"{self.exchange}/{self.name}"


def account_name(symbol: str) -> AccountName:
    """What ``exchange/name`` or ``name@exchange`` stands for. The first slash divides; a margin account has a pair behind another one.

    :raises TypeError: when it is no text
    :raises ValueError: when it is neither
    """
    if not isinstance(symbol, str):
        raise TypeError(f"symbol must be a str, not {type(symbol).__name__}")
    found = _ACCOUNT.fullmatch(symbol)
    exchange, name, pair = (found[1], found[2], found[3] or "") if found else ("", "", "")
    if not found and (found := _OLD_ACCOUNT.fullmatch(symbol)):
        name, exchange = found[1], found[2]
    if not found or not name.strip("."):
        raise ValueError(f"symbol must be an account like 'okex/name' or 'name@okex', not {symbol[:60]!r}")
    return AccountName(exchange, name, pair)
