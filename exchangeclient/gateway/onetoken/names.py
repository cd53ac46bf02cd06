"""The protocol's names of exchanges, contracts and accounts, and the desk's words for the same. Pure.

A contract is ``okex/btc.usdt``, with a fourth part for what is delivered (``okef/btc.usd.q``); the older spellings ``btc.usdt:xtc.okex``
and ``btc.usdt:okex`` are understood, too. An account is ``binance/name``; one whose name begins with ``mock-`` is on the embedded exchange.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from exchangeclient.core.calling.endpoint import in_capitals
from exchangeclient.gateway.onetoken.errors import ServiceError
from exchangeclient.market.vocabulary import Instrument, Market

MOCK: Final = "mock-"

_CONTRACT: Final = re.compile(r"([a-z0-9]{2,20})/(\w{1,30}\.\w{1,30}(?:\.[a-z0-9-]{1,12})?)")
_FORMER: Final = re.compile(r"(\w{1,30}\.\w{1,30}(?:\.[a-z0-9-]{1,12})?):(?:xtc\.)?([a-z0-9]{2,20})")
_ACCOUNT: Final = re.compile(r"([a-z0-9]{2,20})/([A-Za-z0-9_.@-]{1,60})")
_SHOWN: Final = 80


@dataclass(frozen=True, slots=True)
class Exchange:
    """What a code of the protocol's stands for.

    :ivar venue: this package's name of the venue
    :ivar contracts: what is traded under the code, by the desk's word: the fourth part of a contract's name that stands for it
    :ivar kind: the protocol's word for what is traded
    """

    code: str
    venue: str
    alias: str
    contracts: Mapping[str, str]
    kind: str = "spot"


_SPOT: Final[Mapping[str, str]] = {"": ""}
_DATED: Final[Mapping[str, str]] = {"this_week": "t", "next_week": "n", "quarter": "q", "next_quarter": "b"}
_SWAP: Final[Mapping[str, str]] = {"swap": "td"}

EXCHANGES: Final[Mapping[str, Exchange]] = {
    each.code: each
    for each in (
        Exchange("binance", "binance", "Binance", _SPOT),
        Exchange("okex", "okx", "OKX", _SPOT),
        Exchange("okx", "okx", "OKX", _SPOT),
        Exchange("okef", "okx", "OKX futures", _DATED, "future"),
        Exchange("okswap", "okx", "OKX swaps", _SWAP, "future"),
        Exchange("bitmex", "bitmex", "BitMEX", {**_SWAP, **_DATED}, "future"),
        Exchange("bithumb", "bithumb", "Bithumb", _SPOT),
        Exchange("huobip", "htx", "HTX", _SPOT),
        Exchange("htx", "htx", "HTX", _SPOT),
        Exchange("bitfinex", "bitfinex", "Bitfinex", _SPOT),
        Exchange("bitflyer", "bitflyer", "bitFlyer", _SPOT),
        Exchange("poloniex", "poloniex", "Poloniex", _SPOT),
        Exchange("gate", "gate", "Gate", _SPOT),
        Exchange("gateio", "gate", "Gate", _SPOT),
    )
}

GONE: Final[Mapping[str, str]] = {
    "bittrex": "Bittrex closed in 2023",
    "bitstar": "BitStar is gone",
    "exx": "EXX is gone",
    "coinegg": "CoinEgg is gone",
    "quoinex": "Liquid is gone",
    "zb": "ZB is gone",
}
"""Codes of venues that are no more."""

NOT_SERVED: Final[Mapping[str, str]] = {
    "huobim": "margin accounts are not served, the gateway borrows nothing; huobip has the same pairs for coins that are owned",
    **dict.fromkeys(("huobif", "huobiswap", "huobiuswap"), "contracts of HTX are not served; huobip has its pairs of coins"),
    "binancef": "contracts of Binance are not served; binance has its pairs of coins",
    "bitflyex": "contracts of bitFlyer are not served; bitflyer has its pairs of coins",
}
"""Codes of what a venue has, and the gateway has not."""


@dataclass(frozen=True, slots=True)
class Contract:
    """A contract as it was asked for.

    :ivar name: behind the exchange's code: ``btc.usdt``
    """

    exchange: Exchange
    name: str

    @property
    def symbol(self) -> str:
        """``okex/btc.usdt``."""
        return f"{self.exchange.code}/{self.name}"

    @property
    def market(self) -> Market:
        """What it is in the desk's words.

        :raises ServiceError: when the exchange has nothing of the kind
        """
        base, quote, *delivery = self.name.split(".")
        for word, part in self.exchange.contracts.items():
            if part == "".join(delivery):
                return Market(in_capitals(base), in_capitals(quote), word)
        raise unknown_contract(self.symbol)


@dataclass(frozen=True, slots=True)
class Account:
    """An account: an exchange's code and a name of the owner's."""

    exchange: Exchange
    name: str

    @property
    def symbol(self) -> str:
        """``binance/mock-1token``."""
        return f"{self.exchange.code}/{self.name}"

    @property
    def is_mock(self) -> bool:
        """True for one on the embedded exchange."""
        return self.name.startswith(MOCK)


def unknown_contract(text: str, why: str = "") -> ServiceError:
    """The refusal of a contract that there is not."""
    return ServiceError("contract-not-exist", f"there is no contract {text[:_SHOWN]}" + (why and f": {why}"), status=404)


def _why_not(code: str) -> str:
    return GONE.get(code, f"the exchanges served here are {', '.join(EXCHANGES)}")


def exchange(code: str) -> Exchange:
    """What a code stands for.

    :raises ServiceError: when nothing, naming the venue if it is gone
    """
    code = code.lower()
    if code in NOT_SERVED:
        raise ServiceError("not-allowed", f"{code}: {NOT_SERVED[code]}", status=403)
    known = EXCHANGES.get(code)
    if known is None:
        raise unknown_contract(f"{code}/...", _why_not(code))
    return known


def contract(text: object) -> Contract:
    """A contract in any of its spellings.

    :raises ServiceError: when it is none, or of an exchange that is not served
    """
    if not isinstance(text, str):
        raise ServiceError("invalid-param", "contract must be a text such as okex/btc.usdt")
    lowered = text.strip().lower()
    if found := _CONTRACT.fullmatch(lowered):
        code, name = found.groups()
    elif found := _FORMER.fullmatch(lowered):
        name, code = found.groups()
    else:
        raise unknown_contract(text, "it is written as okex/btc.usdt")
    return Contract(exchange(code), name)


def account(text: str) -> Account:
    """An account by its name.

    :raises ServiceError: when it is none, or at an exchange that is not served
    """
    found = _ACCOUNT.fullmatch(text)
    if found is None:
        raise ServiceError("invalid-param", "an account is written as binance/name")
    code, name = found.groups()
    if code not in EXCHANGES and code not in NOT_SERVED:
        raise ServiceError("invalid-account-config", f"there is no exchange {code}: {_why_not(code)}")
    return Account(exchange(code), name)


def name_of(market: Market, exchange: Exchange) -> str | None:
    """``btc.usdt``, for what is listed at a venue; None for what is not traded under the exchange's code."""
    part = exchange.contracts.get(market.contract)
    if part is None:
        return None
    return f"{market.base}.{market.quote}{part and '.'}{part}".lower()


def named(listed: Instrument, exchange: Exchange) -> Contract | None:
    """The contract that an instrument of a venue is; None for what is not traded under the exchange's code."""
    name = name_of(listed.market, exchange)
    return None if name is None else Contract(exchange, name)
