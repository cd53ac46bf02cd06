"""The order check of the seed, as one function: no client, no network, exact decimals.

A client checks its orders by itself (:mod:`exchangeclient.binance.orders`); this is for scripts that hold a list of products.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from exchangeclient.binance.filters import order_rules
from exchangeclient.binance.orderform import figures, refuse_without_figures
from exchangeclient.core.calling.endpoint import in_capitals
from exchangeclient.enums import ORDER_TYPE_LIMIT, ORDER_TYPE_MARKET
from exchangeclient.exceptions import OrderUnknownSymbolException
from exchangeclient.market.rules import Bounds, OrderFigures, OrderRules, check
from exchangeclient.numbers import exact

NOTIONAL_LIMITS = {"BTC": 0.001, "ETH": 0.01, "USDT": 1}
"""The least total of an order by quote asset, for lists of products that do not say."""

_NO_RULES = "products has no order rules; get_exchange_info() has them"


def validate_order(params: Mapping[str, Any], products: Mapping[str, Any] | Iterable[Mapping[str, Any]]) -> None:
    """Do nothing when an order keeps to the rules of its symbol.

    :param params: of the order: ``symbol``, ``type`` (left out: a limit order, or a market order without a price), and the figures that the
        type needs
    :param products: the answer of ``get_exchange_info()`` or its symbols; or products with ``status`` or ``active``, ``tickSize``,
        ``minTrade`` and ``quoteAsset``: a list of them (``{"data": [...]}`` too), each with its ``symbol``, or a dict by their symbols
    :raises OrderUnknownSymbolException: when the symbol is not among the products
    :raises OrderInactiveSymbolException: when it is not trading
    :raises OrderMinPriceException: when the price is below the tick, or breaks PRICE_FILTER
    :raises OrderMinAmountException: when the quantity is below the least trade or no multiple of it, or breaks LOT_SIZE
    :raises OrderMinTotalException: when price times quantity is too little
    :raises TypeError: when a figure that the type needs is missing
    :raises ValueError: for a figure that is no number or negative, or products without rules
    """
    if not isinstance(params, Mapping):
        raise TypeError(f"params must be a dict, not {type(params).__name__}")
    symbol = params.get("symbol")
    if not isinstance(symbol, str) or not symbol.strip():
        raise ValueError(f"params has no symbol but {symbol!r}")
    symbol = in_capitals(symbol)
    row = _row(symbol, products)
    if row is None:
        raise OrderUnknownSymbolException(f"{symbol} is not among the products", symbol=symbol, rule="symbol", value=symbol)
    rules = order_rules(row) if "filters" in row else _seed_rules(symbol, row)
    check(rules, OrderFigures())  # whether it trades at all comes before what the order lacks
    order = {name: value for name, value in params.items() if value is not None}
    order.setdefault("type", ORDER_TYPE_LIMIT if "price" in order else ORDER_TYPE_MARKET)
    refuse_without_figures("validate_order", order)
    check(rules, figures(order))


def _row(symbol: str, products: Mapping[str, Any] | Iterable[Mapping[str, Any]]) -> Mapping[str, Any] | None:
    """What the products say of a symbol, None when they do not list it."""
    listed: Any = products
    if isinstance(products, Mapping):
        listed = products.get("symbols", products.get("data"))
        if listed is None and all(isinstance(row, Mapping) for row in products.values()):
            return products.get(symbol)
    if listed is None:
        raise ValueError(_NO_RULES)
    if not isinstance(listed, Iterable):
        raise TypeError(f"products must be a dict or a list, not {type(listed).__name__}")
    for row in listed:
        if not isinstance(row, Mapping) or "symbol" not in row:
            raise ValueError(_NO_RULES)
        if row["symbol"] == symbol:
            return row
    return None


def _seed_rules(symbol: str, row: Mapping[str, Any]) -> OrderRules:
    """The rules of a product: the price is at least a tick, the quantity the least trade or a multiple of it."""
    try:
        tick, step = exact(row["tickSize"], "tickSize"), exact(row["minTrade"], "minTrade")
        least = NOTIONAL_LIMITS.get(row["quoteAsset"])
        status = _status(row)
    except KeyError as error:
        raise ValueError(f"products: {symbol} has no {error}") from error
    return OrderRules(
        symbol=symbol,
        trading=status == "TRADING",
        status=status,
        price=Bounds("PRICE_FILTER", low=tick or None),
        quantity=Bounds("LOT_SIZE", low=step or None, step=step or None),
        totals=() if least is None else (Bounds("NOTIONAL", low=Decimal(str(least))),),
    )


def _status(row: Mapping[str, Any]) -> str:
    """``TRADING``, or why there is none; the products of old have ``active``, besides or instead."""
    if "active" not in row:
        return str(row["status"])
    return str(row.get("status", "TRADING")) if row["active"] else "not active"
