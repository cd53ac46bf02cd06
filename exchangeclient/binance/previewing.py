"""An order looked at before it is sent: by the rules of its symbol, the book, and what the account pays and has."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from operator import attrgetter
from typing import Any, Final

from exchangeclient.binance.filters import order_rules
from exchangeclient.binance.orderform import figures, stops_rising
from exchangeclient.market.preview import Fee, Fill, OrderPreview, fill_at_once
from exchangeclient.market.rules import OrderFigures, OrderRules, Rounding, breach, quantized
from exchangeclient.numbers import EXACT

LEVELS: Final = 1000
"""Of each side of the book: weight 50."""

_RATES: Final = ("standardCommission", "specialCommission", "taxCommission")
_NAMES: Final = ("price", "stopPrice", "quantity", "icebergQty")
_NAMED: Final = attrgetter("price", "stop_price", "quantity", "iceberg")
_ZERO: Final = Decimal(0)


@dataclass(frozen=True, slots=True)
class Market:
    """What the venue said, as it said it.

    :ivar listing: the symbol's entry of exchangeInfo
    :ivar book: the order book
    :ivar reference: the answer of ``get_reference_price``, or of ``get_avg_price`` for a symbol that has no reference price
    :ivar commission: the answer of ``get_account_commission``; None without a key
    :ivar balances: those of ``get_account``; None without a key
    """

    listing: Mapping[str, Any]
    book: Mapping[str, Any]
    reference: Mapping[str, Any]
    commission: Mapping[str, Any] | None = None
    balances: list[dict[str, Any]] | None = None


def preview(order: Mapping[str, Any], market: Market, rounding: Rounding | None) -> OrderPreview:
    """See ``Client.preview_order``. Pure.

    :param order: complete, in the venue's words
    """
    listing = market.listing
    rules, given = order_rules(listing), figures(order)
    fitted = given
    if rounding is not None:
        fitted = quantized(rules, given, rounding, stops_fall=not stops_rising(str(order["type"]), given.side))
    bids, asks = market.book["bids"], market.book["asks"]
    fill = _fill(order, fitted, asks if given.side == "BUY" else bids)
    base, quote = str(listing["baseAsset"]), str(listing["quoteAsset"])
    needed = _needed(fitted, fill)
    spent = quote if given.side == "BUY" else base
    moved = {name: (was, now) for name, was, now in zip(_NAMES, _NAMED(given), _NAMED(fitted), strict=True) if was != now}
    return OrderPreview(
        order={**order, **{name: now for name, (_, now) in moved.items()}},
        moved=moved,
        refusal=breach(rules, fitted, _reference(rules, market.reference)),
        base=base,
        quote=quote,
        bid=Decimal(bids[0][0]) if bids else None,
        ask=Decimal(asks[0][0]) if asks else None,
        fill=fill,
        fee=None if market.commission is None else _fee(fitted, fill, market.commission, base, quote),
        needed=needed,
        free=None if market.balances is None else _free(market.balances, spent),
    )


def _reference(rules: OrderRules, told: Mapping[str, Any]) -> Decimal | None:
    """What the venue measures orders by: the reference price, else an average, if it is over as many minutes as the rules say."""
    price = told.get("referencePrice") or (told["price"] if told.get("mins") == rules.average_minutes else None)
    return Decimal(price) if price is not None and Decimal(price) > 0 else None


def _fill(order: Mapping[str, Any], fitted: OrderFigures, levels: list[Any]) -> Fill | None:
    if fitted.stop_price is not None or fitted.trailing is not None or (fitted.quantity is None and fitted.total is None):
        return None
    rows = [(str(price), str(quantity)) for price, quantity in levels]
    if order["type"] == "LIMIT_MAKER":
        rows = []  # what would be filled at once is refused
    price = None if fitted.market else fitted.price
    found = fill_at_once(rows, fitted.side, quantity=fitted.quantity, total=fitted.total if fitted.quantity is None else None, price=price)
    if order.get("timeInForce") == "FOK" and found.left and not found.runs_out:
        return Fill(_ZERO, _ZERO, None, None, EXACT.add(found.quantity, found.left), runs_out=False)
    return found


def _needed(fitted: OrderFigures, fill: Fill | None) -> Decimal | None:
    """What the order takes of what it pays in."""
    if fitted.side == "SELL":
        return fitted.quantity if fitted.quantity is not None else (None if fill is None else fill.quantity)
    if fitted.total is not None and fitted.quantity is None:
        return fitted.total
    if fitted.price is not None and fitted.quantity is not None:
        return EXACT.multiply(fitted.price, fitted.quantity)
    return None if fill is None else fill.total


def _fee(fitted: OrderFigures, fill: Fill | None, commission: Mapping[str, Any], base: str, quote: str) -> Fee:
    """By the account's rates; what is bought or sold pays them in what it brings in."""
    buys = fitted.side == "BUY"
    got, rests = _ZERO, _ZERO
    if fill is not None:
        got = fill.quantity if buys else fill.total
    if fitted.price is not None and fitted.quantity is not None:
        rest = fitted.quantity if fill is None else fill.left
        rests = rest if buys else EXACT.multiply(rest, fitted.price)
    side = "buyer" if buys else "seller"
    taker, maker = (_rate(commission, role) + _rate(commission, side) for role in ("taker", "maker"))
    return Fee(base if buys else quote, EXACT.multiply(taker, got), EXACT.multiply(maker, rests))


def _rate(commission: Mapping[str, Any], role: str) -> Decimal:
    return sum((Decimal(commission[rates][role]) for rates in _RATES if rates in commission), _ZERO)


def _free(balances: list[dict[str, Any]], asset: str) -> Decimal:
    return next((Decimal(row["free"]) for row in balances if row["asset"] == asset), _ZERO)
