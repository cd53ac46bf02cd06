"""The venue's money: whole numbers of the smallest unit of a currency, and what contracts are worth. Pure.

Source: the venue's ``GET /wallet/assets``, and https://www.bitmex.com/app/perpetualContractsGuide
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from exchangeclient.numbers import EXACT, exact, trimmed

# By the words of a settlement currency: what it is called elsewhere, and the digits behind the point.
KNOWN: Final[Mapping[str, tuple[str, int]]] = {
    "XBt": ("BTC", 8),
    "USDt": ("USDT", 6),
    "Gwei": ("ETH", 9),
    "LAMp": ("LAMP", 6),
}
_COINS: Final = {"XBT": "BTC"}


def coin(name: str) -> str:
    """A coin as other venues call it: ``BTC`` for ``XBT`` and for ``XBt``."""
    known = KNOWN.get(name)
    return known[0] if known is not None else _COINS.get(name.upper(), name.upper())


def major(amount: object, scale: int) -> Decimal:
    """An amount of smallest units in coins: 0.00001234 for 1234 of ``XBt``, whose scale is 8."""
    return trimmed(EXACT.scaleb(exact(amount, "amount"), -scale))


def contract_value(instrument: Mapping[str, Any]) -> Decimal | None:
    """What one contract is worth, in ``contract_currency`` of the same: None for a pair of coins.

    An inverse contract is worth that many units of the quote currency. A linear one counts units of the base coin; the value of a quanto
    contract is that of one unit of the quote currency in the settlement currency.
    """
    if str(instrument.get("typ", "")).startswith("IF"):
        return None
    multiplier = exact(instrument["multiplier"], "multiplier")
    if instrument.get("isInverse"):
        to_settle = instrument.get("underlyingToSettleMultiplier")
        return trimmed(EXACT.divide(multiplier, exact(to_settle, "underlyingToSettleMultiplier"))) if to_settle else Decimal(1)
    if instrument.get("isQuanto"):
        return major(abs(multiplier), KNOWN.get(str(instrument.get("settlCurrency")), ("", 8))[1])
    per_coin = instrument.get("underlyingToPositionMultiplier")
    if per_coin:
        return trimmed(EXACT.divide(Decimal(1), exact(per_coin, "underlyingToPositionMultiplier")))
    return major(abs(multiplier), KNOWN.get(str(instrument.get("settlCurrency")), ("", 8))[1])


def contract_currency(instrument: Mapping[str, Any]) -> str:
    """What :func:`contract_value` is in."""
    if str(instrument.get("typ", "")).startswith("IF"):
        return ""
    if instrument.get("isInverse"):
        return coin(str(instrument["quoteCurrency"]))
    return coin(str(instrument["settlCurrency"] if instrument.get("isQuanto") else instrument["underlying"]))
