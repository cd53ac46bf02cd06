"""What an order has to say, and which of it are figures. Pure.

Source: https://developers.binance.com/docs/binance-spot-api-docs/rest-api/trading-endpoints#new-order-trade
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from exchangeclient.enums import ORDER_TYPE_LIMIT, ORDER_TYPE_MARKET
from exchangeclient.market.rules import OrderFigures
from exchangeclient.numbers import exact

Alternatives = tuple[str, ...]
"""Parameters of which one is needed."""

_PRICES: Final = ("price", "stopPrice")
_QUANTITIES: Final = ("quantity", "icebergQty")
_TOTAL: Final = "quoteOrderQty"

_ALWAYS: Final[tuple[Alternatives, ...]] = (("symbol",), ("side",), ("type",))
_LIMIT: Final[tuple[Alternatives, ...]] = (("quantity",), ("price", "pegPriceType"))
_STOP: Final[tuple[Alternatives, ...]] = (("stopPrice", "trailingDelta"),)
_FIGURES: Final[Mapping[str, tuple[Alternatives, ...]]] = {
    "LIMIT": _LIMIT,
    "MARKET": (("quantity", _TOTAL),),
    "LIMIT_MAKER": _LIMIT,
    "STOP_LOSS": (("quantity",), *_STOP),
    "STOP_LOSS_LIMIT": (*_LIMIT, *_STOP),
    "TAKE_PROFIT": (("quantity",), *_STOP),
    "TAKE_PROFIT_LIMIT": (*_LIMIT, *_STOP),
}
_TIMED: Final = ("LIMIT", "STOP_LOSS_LIMIT", "TAKE_PROFIT_LIMIT")


def refuse_incomplete(caller: str, params: Mapping[str, object]) -> None:
    """Do nothing when an order has all that its type needs; a type that is new to us is the venue's to judge.

    :param caller: the method that was called, for the error text
    :raises TypeError: naming what is missing
    """
    kind = str(params.get("type") or "")
    timed: tuple[Alternatives, ...] = (("timeInForce",),) if kind in _TIMED else ()
    _need(caller, kind, params, (*_ALWAYS, *timed, *_FIGURES.get(kind, ())))


def refuse_without_figures(caller: str, params: Mapping[str, object]) -> None:
    """The same for figures alone; an order without a type is a limit order.

    :raises TypeError: naming what is missing
    """
    kind = str(params.get("type") or ORDER_TYPE_LIMIT)
    _need(caller, kind, params, _FIGURES.get(kind, ()))


def _need(caller: str, kind: str, params: Mapping[str, object], needed: Iterable[Alternatives]) -> None:
    for names in needed:
        if all(params.get(name) is None for name in names):
            raise TypeError(f"{caller}() needs {' or '.join(names)}{f' for a {kind} order' if kind else ''}")


def figures(params: Mapping[str, object]) -> OrderFigures:
    """The figures of an order.

    :raises TypeError: for one that is no number
    :raises ValueError: for one that is negative, not finite, or no plain number
    """
    given = {name: exact(params[name], name) for name in (*_PRICES, *_QUANTITIES, _TOTAL) if params.get(name) is not None}
    for name, value in given.items():
        if value < 0:
            raise ValueError(f"{name} must not be negative: {value:f}")
    if not given.get("icebergQty", 1):
        del given["icebergQty"]  # zero: no iceberg
    return OrderFigures(
        prices={name: given[name] for name in _PRICES if name in given},
        quantities={name: given[name] for name in _QUANTITIES if name in given},
        total=given.get(_TOTAL),
        market=params.get("type") == ORDER_TYPE_MARKET,
    )
