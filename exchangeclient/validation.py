"""The order check of the seed, as one function: no client, no network, exact decimals.

A client checks its orders by itself (:mod:`exchangeclient.binance.orders`); this is for scripts that hold a list of products.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from exchangeclient.binance.filters import order_rules
from exchangeclient.binance.orderform import figures, refuse_without_figures
from exchangeclient.exceptions import OrderUnknownSymbolException
from exchangeclient.market.rules import Bounds, OrderRules, check
from exchangeclient.numbers import exact

NOTIONAL_LIMITS = {"BTC": 0.001, "ETH": 0.01, "USDT": 1}
"""The least total of an order by quote asset, for lists of products that do not say."""


def validate_order(params: Mapping[str, Any], products: Mapping[str, Any] | Iterable[Mapping[str, Any]]) -> None:
    """Do nothing when an order keeps to the rules of its symbol.

    :param params: of the order: ``symbol``, ``type`` (a limit order when left out), and the figures that the type needs
    :param products: the answer of ``get_exchange_info()`` or its symbols, or a list (``{"data": [...]}`` too) of products with
        ``symbol``, ``status``, ``tickSize``, ``minTrade`` and ``quoteAsset``
    :raises OrderUnknownSymbolException: when the symbol is not among the products
    :raises OrderInactiveSymbolException: when it is not trading
    :raises OrderMinPriceException: when the price is below the tick, or breaks PRICE_FILTER
    :raises OrderMinAmountException: when the quantity is below the least trade or no multiple of it, or breaks LOT_SIZE
    :raises OrderMinTotalException: when price times quantity is too little
    :raises TypeError: when a figure that the type needs is missing
    :raises ValueError: for a figure that is no number or negative, or products without rules
    """
    symbol = params.get("symbol")
    if not isinstance(symbol, str) or not symbol:
        raise ValueError(f"params has no symbol but {symbol!r}")
    refuse_without_figures("validate_order", params)
    order = figures(params)
    row = next((product for product in _rows(products) if product["symbol"] == symbol), None)
    if row is None:
        raise OrderUnknownSymbolException(f"{symbol} is not among the products", symbol=symbol, rule="symbol", value=symbol)
    check(order_rules(row) if "filters" in row else _seed_rules(row), order)


def _rows(products: Mapping[str, Any] | Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    listed: Any = products
    if isinstance(products, Mapping):
        listed = products.get("symbols", products.get("data"))
    rows = list(listed) if listed is not None else []
    if not all(isinstance(row, Mapping) and "symbol" in row for row in rows) or (not rows and listed is None):
        raise ValueError("products has no order rules; get_exchange_info() has them")
    return rows


def _seed_rules(row: Mapping[str, Any]) -> OrderRules:
    """The rules of a product: the price is at least a tick, the quantity the least trade or a multiple of it."""
    try:
        tick, step = exact(row["tickSize"], "tickSize"), exact(row["minTrade"], "minTrade")
        least = NOTIONAL_LIMITS.get(row["quoteAsset"])
        status = str(row["status"])
    except KeyError as error:
        raise ValueError(f"products: {row['symbol']} has no {error}") from error
    return OrderRules(
        symbol=str(row["symbol"]),
        trading=status == "TRADING",
        status=status,
        price=Bounds("PRICE_FILTER", low=tick or None),
        quantity=Bounds("LOT_SIZE", low=step or None, step=step or None),
        totals=() if least is None else (Bounds("NOTIONAL", low=Decimal(str(least))),),
    )
