"""Binance's exchangeInfo -> neutral order rules. Pure.

A zero switches a part off. The rules that count open orders or positions need figures that the client does not have: the venue checks
them, and its refusal names them. Source: https://developers.binance.com/docs/binance-spot-api-docs/filters
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from exchangeclient.market.rules import UNBOUND, Bounds, OrderRules
from exchangeclient.numbers import exact, trimmed

Filters = Mapping[str, Mapping[str, Any]]


def order_rules(symbol: Mapping[str, Any]) -> OrderRules:
    """The rules of one symbol of exchangeInfo.

    :raises ValueError: when it is not shaped like one
    """
    try:
        filters = {str(entry["filterType"]): entry for entry in symbol["filters"]}
        totals = [filters[name] for name in ("MIN_NOTIONAL", "NOTIONAL") if name in filters]
        return OrderRules(
            symbol=str(symbol["symbol"]),
            trading=symbol["status"] == "TRADING",
            status=str(symbol["status"]),
            price=_bounds(filters, "PRICE_FILTER", "minPrice", "maxPrice", step="tickSize", step_name="tick"),
            quantity=_bounds(filters, "LOT_SIZE", "minQty", "maxQty", step="stepSize"),
            market_quantity=_bounds(filters, "MARKET_LOT_SIZE", "minQty", "maxQty", step="stepSize"),
            most_parts=_bounds(filters, "ICEBERG_PARTS", "", "limit"),
            trailing={
                where: _bounds(filters, "TRAILING_DELTA", f"minTrailing{where.title()}Delta", f"maxTrailing{where.title()}Delta")
                for where in ("above", "below")
            },
            bands=_bands(filters),
            totals=tuple(_total(entry, least=True, most=True) for entry in totals),
            market_totals=tuple(_market_total(entry) for entry in totals if _holds_for_market(entry)),
            average_minutes=next((int(entry["avgPriceMins"]) for entry in filters.values() if "avgPriceMins" in entry), None),
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"not a symbol of exchangeInfo: {error!r}") from error


def _bounds(filters: Filters, rule: str, low: str, high: str, *, step: str = "", step_name: str = "step") -> Bounds:
    entry = filters.get(rule)
    return UNBOUND if entry is None else Bounds(rule, _part(entry, low), _part(entry, high), _part(entry, step), step_name)


def _bands(filters: Filters) -> dict[str, Bounds]:
    """How far a price may be from the reference price, by side. A symbol has one of the two filters."""
    by_side, both = "PERCENT_PRICE_BY_SIDE", "PERCENT_PRICE"
    if by_side in filters:
        return {
            "BUY": _bounds(filters, by_side, "bidMultiplierDown", "bidMultiplierUp"),
            "SELL": _bounds(filters, by_side, "askMultiplierDown", "askMultiplierUp"),
        }
    if both in filters:
        return dict.fromkeys(("BUY", "SELL"), _bounds(filters, both, "multiplierDown", "multiplierUp"))
    return {}


def _holds_for_market(entry: Mapping[str, Any]) -> bool:
    return any(entry.get(flag) for flag in ("applyToMarket", "applyMinToMarket", "applyMaxToMarket"))


def _market_total(entry: Mapping[str, Any]) -> Bounds:
    return _total(entry, least=bool(entry.get("applyMinToMarket", entry.get("applyToMarket"))), most=bool(entry.get("applyMaxToMarket")))


def _total(entry: Mapping[str, Any], *, least: bool, most: bool) -> Bounds:
    return Bounds(str(entry["filterType"]), _part(entry, "minNotional") if least else None, _part(entry, "maxNotional") if most else None)


def _part(entry: Mapping[str, Any], name: str) -> Decimal | None:
    value = entry.get(name)
    return (trimmed(exact(value, name)) or None) if value is not None else None
