"""How Binance writes down what an account has, pays and has traded."""

from __future__ import annotations

from typing import Any

from exchangeclient.sandbox.dialects.binance.order_shapes import prevented_quantities
from exchangeclient.sandbox.dialects.binance.shapes import ZERO, Shape
from exchangeclient.sandbox.dialects.binance.times import Time
from exchangeclient.sandbox.engine.accounts import Balance, Fees
from exchangeclient.sandbox.engine.events import Fill, PreventedMatch
from exchangeclient.sandbox.engine.instruments import UNIT, shown
from exchangeclient.sandbox.engine.words import Side


def balance(asset: str, each: Balance) -> Shape:
    return {"asset": asset, "free": shown(each.free), "locked": shown(each.locked)}


def bips(rate: int) -> int:
    """A rate in basis points, as the oldest fields have it."""
    return rate * 10_000 // UNIT


def rates(fees: Fees) -> Shape:
    return {"maker": shown(fees.maker), "taker": shown(fees.taker), "buyer": ZERO, "seller": ZERO}


def commission(symbol: str, fees: Fees) -> Shape:
    """The rates of a symbol. They are the same on all of them, and there is neither a special commission nor a tax."""
    standard = rates(fees)
    return {
        "symbol": symbol,
        "standardCommission": standard,
        "specialCommission": dict.fromkeys(standard, ZERO),
        "taxCommission": dict.fromkeys(standard, ZERO),
        "discount": _discount(fees),
    }


def commission_of_order(fees: Fees, *, routed: bool) -> Shape:
    """What a test order answers when it is asked for the rates; those of its side are counted in. A routed one knows no special ones."""
    standard = {"maker": shown(fees.maker), "taker": shown(fees.taker)}
    none = dict.fromkeys(standard, ZERO)
    return {
        "standardCommissionForOrder": standard,
        **({} if routed else {"specialCommissionForOrder": none}),
        "taxCommissionForOrder": none,
        "discount": _discount(fees),
    }


def _discount(fees: Fees) -> Shape:
    return {
        "enabledForAccount": fees.discount,
        "enabledForSymbol": True,
        "discountAsset": fees.discount_asset,
        "discount": shown(fees.discount_rate),
    }


def own_trade(fill: Fill) -> Shape:
    return {"symbol": fill.symbol, "id": fill.trade_id, **_settlement(fill), "isBestMatch": True}


def allocation(fill: Fill) -> Shape:
    """What an account got from smart order routing, which traded on another book for it."""
    return {
        "symbol": fill.symbol,
        "allocationId": fill.allocation_id,
        "allocationType": "SOR",
        **_settlement(fill),
        "isAllocator": False,
    }


def _settlement(fill: Fill) -> dict[str, Any]:
    return {
        "orderId": fill.order_id,
        "orderListId": fill.list_id,
        "price": shown(fill.price),
        "qty": shown(fill.quantity),
        "quoteQty": shown(fill.quote),
        "commission": shown(fill.commission),
        "commissionAsset": fill.commission_asset,
        "time": Time(fill.time_us),
        "isBuyer": fill.side is Side.BUY,
        "isMaker": fill.maker,
    }


def prevented_match(match: PreventedMatch) -> Shape:
    return {
        "symbol": match.symbol,
        "preventedMatchId": match.id,
        "takerOrderId": match.taker_order_id,
        "makerSymbol": match.maker_symbol,
        "makerOrderId": match.maker_order_id,
        "tradeGroupId": match.group,
        "selfTradePreventionMode": match.mode.value,
        "price": shown(match.price),
        **prevented_quantities(match),
        "transactTime": Time(match.time_us),
    }
