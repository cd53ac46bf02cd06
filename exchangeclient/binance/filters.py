"""Binance's exchangeInfo -> neutral order rules. Pure.

A zero switches a part off. PERCENT_PRICE and the rules that count orders or positions need figures that the client does not have: the
venue checks them, and its refusal names them. Source: https://developers.binance.com/docs/binance-spot-api-docs/filters
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from exchangeclient.market.rules import Bounds, OrderRules
from exchangeclient.numbers import exact, trimmed


def order_rules(symbol: Mapping[str, Any]) -> OrderRules:
    """The rules of one symbol of exchangeInfo.

    :raises ValueError: when it is not shaped like one
    """
    try:
        filters = {str(entry["filterType"]): entry for entry in symbol["filters"]}
        totals = [_total(filters[name]) for name in ("MIN_NOTIONAL", "NOTIONAL") if name in filters]
        return OrderRules(
            symbol=str(symbol["symbol"]),
            trading=symbol["status"] == "TRADING",
            status=str(symbol["status"]),
            price=_bounds(filters, "PRICE_FILTER", "Price", "tick"),
            quantity=_bounds(filters, "LOT_SIZE", "Qty", "step"),
            market_quantity=_bounds(filters, "MARKET_LOT_SIZE", "Qty", "step"),
            totals=tuple(bounds for bounds, _ in totals),
            market_totals=tuple(Bounds(bounds.rule, bounds.low) for bounds, for_market in totals if for_market),
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"not a symbol of exchangeInfo: {error!r}") from error


def _bounds(filters: Mapping[str, Mapping[str, Any]], rule: str, of: str, step: str) -> Bounds | None:
    entry = filters.get(rule)
    if entry is None:
        return None
    return Bounds(rule, _part(entry, f"min{of}"), _part(entry, f"max{of}"), _part(entry, f"{step}Size"), step)


def _total(entry: Mapping[str, Any]) -> tuple[Bounds, bool]:
    """The bounds, and whether their minimum holds for market orders."""
    bounds = Bounds(entry["filterType"], _part(entry, "minNotional"), _part(entry, "maxNotional"))
    return bounds, bool(entry.get("applyMinToMarket", entry.get("applyToMarket", False)))


def _part(entry: Mapping[str, Any], name: str) -> Decimal | None:
    value = entry.get(name)
    return (trimmed(exact(value, name)) or None) if value is not None else None
