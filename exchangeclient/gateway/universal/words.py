"""The protocol's words for pairs, order ids, sides, states and figures, and the desk's words for the same. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Final

from exchangeclient.core.calling.endpoint import in_capitals
from exchangeclient.gateway.universal.texts import INVALID_SYMBOL, Refused
from exchangeclient.market.vocabulary import Market, Order

# Coins may have names of any script.
_SYMBOL: Final = re.compile(r"([^\W_]{1,40})_([^\W_]{1,40})(?:\.([A-Za-z_]{1,20}))?")
_OPEN: Final = ("NEW", "PENDING_NEW", "PENDING_CANCEL", "PARTIALLY_FILLED")
_ENDED: Final = ("CANCELED", "EXPIRED", "EXPIRED_IN_MATCH", "REJECTED")

# Type of a request -> (side, whether it only closes)
TYPES: Final[Mapping[str, tuple[str, bool]]] = {
    "buy": ("BUY", False),
    "sell": ("SELL", False),
    "closebuy": ("SELL", True),
    "closesell": ("BUY", True),
}


def market(symbol: str) -> Market:
    """What a pair stands for: ``ETH_USDT``, ``eth_usdt``, ``BTC_USDT.swap``.

    :raises Refused: when it is no pair
    """
    found = _SYMBOL.fullmatch(symbol.strip())
    if found is None:
        raise Refused(INVALID_SYMBOL)
    base, quote, contract = found.groups()
    return Market(in_capitals(base), in_capitals(quote), contract or "")


def symbol(listed: Market) -> str:
    """The pair, with the contract behind it."""
    pair = f"{listed.base}_{listed.quote}"
    return f"{pair}.{listed.contract}" if listed.contract else pair


def normal(text: str) -> str:
    """A pair in capitals, its contract as it is; whatever else is left alone, for whoever knows better."""
    pair, dot, contract = text.strip().partition(".")
    return in_capitals(pair) + dot + contract


def order_id(instrument: str, number: str) -> str:
    """An order's id: the venue's instrument and its own id."""
    return f"{instrument},{number}"


def parts_of(text: str) -> tuple[str, str]:
    """Instrument and id of an order's id; the instrument is empty in a bare one.

    :raises Refused: when there is no id
    """
    instrument, _, number = text.strip().rpartition(",")
    if not number.strip():
        raise Refused("invalid order id")
    return in_capitals(instrument), number.strip()


def figure(value: Decimal | None) -> str:
    """A figure as plain digits; ``"0"`` where there is none."""
    return "0" if value is None else format(value, "f")


def decimals(step: Decimal | None) -> int:
    """How many digits behind the point a step has."""
    if step is None:
        return 0
    exponent = step.normalize().as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0


def status(order: Order) -> str:
    """The protocol's word for an order's state; a state that there is no word for is the venue's own."""
    if order.status in _OPEN:
        return "partial-filled" if order.filled else "pending"
    if order.status in _ENDED:
        return "partial-canceled" if order.filled else "canceled"
    return "filled" if order.status == "FILLED" else str(order.status).lower()
