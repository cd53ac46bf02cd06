"""What an order that waits has to say, and which of it are figures. Pure.

Source: https://www.okx.com/docs-v5/en/#order-book-trading-algo-trading-post-place-algo-order
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any, Final

from exchangeclient.market.rules import Names, OrderFigures, OrderRules
from exchangeclient.numbers import unsigned
from exchangeclient.okx.filters import part
from exchangeclient.okx.orderform import Row, is_in_money, need

PLACE_PATH: Final = "/api/v5/trade/order-algo"
AMEND_PATH: Final = "/api/v5/trade/amend-algos"

_ALWAYS: Final = (("instId",), ("tdMode",), ("side",), ("ordType",), ("sz", "closeFraction"))
_CUT: Final = (("pxVar", "pxSpread"), ("szLimit",), ("pxLimit",))
_BY_TYPE: Final[Mapping[str, tuple[tuple[str, ...], ...]]] = {
    "conditional": (("tpTriggerPx", "tpOrdPx", "slTriggerPx"),),
    "oco": (("tpTriggerPx", "tpOrdPx"), ("slTriggerPx",)),
    "trigger": (("triggerPx",), ("orderPx",)),
    "move_order_stop": (("callbackRatio", "callbackSpread"),),
    "iceberg": _CUT,
    "twap": (*_CUT, ("timeInterval",)),
}
_AMENDED: Final = (("instId",), ("algoId", "algoClOrdId"))
_NEW: Final = "new"
_AT_MARKET: Final = "-1"
_ORDER_PRICES: Final = ("orderPx", "tpOrdPx", "slOrdPx")
_PRICES: Final = (*_ORDER_PRICES, "triggerPx", "tpTriggerPx", "slTriggerPx", "activePx", "pxLimit")
_NEW_PRICES: Final = ("newOrdPx", "newTpOrdPx", "newSlOrdPx", "newTriggerPx", "newTpTriggerPx", "newSlTriggerPx", "newActivePx")
# What an instrument says of the largest one.
_LARGEST: Final[Mapping[str, str]] = {
    "conditional": "maxStopSz",
    "oco": "maxStopSz",
    "move_order_stop": "maxStopSz",
    "trigger": "maxTriggerSz",
    "iceberg": "maxIcebergSz",
    "twap": "maxTwapSz",
}


def refuse_incomplete(caller: str, row: Row) -> None:
    """Do nothing when everything is there that the order needs by its type; a type that is new to us is the venue's to judge.

    :param caller: the method that was called, for the error text
    :raises TypeError: naming what is missing
    """
    need(caller, "", row, _ALWAYS)
    kind = str(row["ordType"])
    need(caller, f" for a {kind} order", row, _BY_TYPE.get(kind, ()))


def refuse_incomplete_amendment(caller: str, row: Row) -> None:
    """The same for an amendment.

    :raises TypeError: naming what is missing
    """
    need(caller, "", row, _AMENDED)
    if not any(name.startswith(_NEW) for name in row):
        raise TypeError(f"{caller}() needs what is to be new: newSz, newTpTriggerPx ...")


def figures(row: Row) -> list[OrderFigures]:
    """The figures of an order: its quantity, and each of its prices. A price of -1 stands for the market's.

    :raises TypeError: for one that is no number
    :raises ValueError: for one that is negative, not finite, or no plain number
    """
    size = row.get("sz")
    counts_coins = not (_is_at_market(row) and is_in_money(row))
    found = [OrderFigures(quantity=unsigned(size, "sz"), names=Names(quantity="sz"))] if size is not None and counts_coins else []
    return [*found, *_prices(row, _PRICES)]


def amended_figures(row: Row) -> list[OrderFigures]:
    """The figures of an amendment, by which its order may be told.

    :raises TypeError: see :func:`figures`
    :raises ValueError: see :func:`figures`
    """
    size = row.get("newSz")
    found = [] if size is None else [OrderFigures(quantity=unsigned(size, "newSz"), names=Names(quantity="newSz"))]
    return [*found, *_prices(row, _NEW_PRICES)]


def rules_of(rules: OrderRules, entry: Mapping[str, Any], kind: str | None) -> OrderRules:
    """The rules of an instrument as they are for orders that wait, of which the largest is another one.

    :param kind: its type, None where that is not said
    """
    name = _LARGEST.get(kind or "", "")
    most: Decimal | None = part(entry, name) if name else None
    return replace(rules, quantity=replace(rules.quantity, high=most))


def _is_at_market(row: Row) -> bool:
    return row.get("ordType") == "move_order_stop" or any(row.get(name) == _AT_MARKET for name in _ORDER_PRICES)


def _prices(row: Row, names: tuple[str, ...]) -> Iterator[OrderFigures]:
    for name in names:
        text = row.get(name)
        if text not in (None, "", _AT_MARKET):
            yield OrderFigures(price=unsigned(text, name), names=Names(price=name))
