"""How Binance writes down what the engine knows: one function per object of its REST answers."""

from __future__ import annotations

from typing import Any

from exchangeclient.sandbox.dialects.binance_aggregates import Aggregate
from exchangeclient.sandbox.engine.accounts import COMMISSION_DIVISOR, Balance
from exchangeclient.sandbox.engine.candles import Candle
from exchangeclient.sandbox.engine.events import Fill, Order, OrderType, Traded
from exchangeclient.sandbox.engine.exchange import Depth, Statistics
from exchangeclient.sandbox.engine.instruments import UNIT, Instrument, shown

Shape = dict[str, Any]

ZERO = shown(0)
COMMISSION_RATE = shown(UNIT // COMMISSION_DIVISOR)
COMMISSION_BIPS = 10_000 // COMMISSION_DIVISOR
PERMISSION = "SPOT"


def ms(time_us: int) -> int:
    """The time as the venue shows it."""
    return time_us // 1000 if time_us >= 0 else -1


def levels(side: list[tuple[int, int]]) -> list[list[str]]:
    return [[shown(price), shown(quantity)] for price, quantity in side]


def depth(book: Depth) -> Shape:
    return {"lastUpdateId": book.last_update_id, "bids": levels(book.bids), "asks": levels(book.asks)}


def trade(each: Traded) -> Shape:
    return {
        "id": each.trade_id,
        "price": shown(each.price),
        "qty": shown(each.quantity),
        "quoteQty": shown(each.quote),
        "time": ms(each.time_us),
        "isBuyerMaker": each.buyer_is_maker,
        "isBestMatch": True,
    }


def aggregate(each: Aggregate) -> Shape:
    return {
        "a": each.id,
        "p": shown(each.price),
        "q": shown(each.quantity),
        "f": each.first_id,
        "l": each.last_id,
        "T": ms(each.time_us),
        "m": each.buyer_is_maker,
        "M": True,
    }


def candle(each: Candle) -> list[Any]:
    return [
        each.open_ms,
        each.open,
        each.high,
        each.low,
        each.close,
        each.volume,
        each.close_ms,
        each.quote_volume,
        each.trades,
        each.taker_base,
        each.taker_quote,
        "0",
    ]


def change(day: Statistics) -> tuple[str, str]:
    """The change of the price, and the same in percent with three decimals."""
    difference = day.last - day.open
    thousandths = (abs(difference) * 200_000 + day.open) // (2 * day.open)  # rounded to the nearest
    sign = "-" if difference < 0 < thousandths else ""
    return shown(difference), f"{sign}{thousandths // 1000}.{thousandths % 1000:03d}"


def mini_ticker(symbol: str, day: Statistics) -> Shape:
    return {
        "symbol": symbol,
        "openPrice": shown(day.open),
        "highPrice": shown(day.high),
        "lowPrice": shown(day.low),
        "lastPrice": shown(day.last),
        "volume": shown(day.volume),
        "quoteVolume": shown(day.quote_volume),
        "openTime": day.open_time_ms,
        "closeTime": day.close_time_ms,
        "firstId": day.first_id,
        "lastId": day.last_id,
        "count": day.count,
    }


def ticker(symbol: str, day: Statistics, top: Depth) -> Shape:
    price_change, percent = change(day)
    book = book_ticker(symbol, top)
    return {
        "symbol": symbol,
        "priceChange": price_change,
        "priceChangePercent": percent,
        "weightedAvgPrice": shown(day.weighted_average),
        "prevClosePrice": shown(day.previous_close),
        "lastPrice": shown(day.last),
        "lastQty": shown(day.last_quantity),
        **{name: book[name] for name in ("bidPrice", "bidQty", "askPrice", "askQty")},
        **{name: value for name, value in mini_ticker(symbol, day).items() if name not in ("symbol", "lastPrice")},
    }


def best(side: list[tuple[int, int]]) -> tuple[str, str]:
    """Price and quantity of the best level; zeros when the side is empty."""
    price, quantity = side[0] if side else (0, 0)
    return shown(price), shown(quantity)


def book_ticker(symbol: str, top: Depth) -> Shape:
    (bid, bid_quantity), (ask, ask_quantity) = best(top.bids), best(top.asks)
    return {"symbol": symbol, "bidPrice": bid, "bidQty": bid_quantity, "askPrice": ask, "askQty": ask_quantity}


# ---- exchangeInfo ------------------------------------------------------------------------------------------------


def instrument(each: Instrument, *, permission_sets: bool) -> Shape:
    return {
        "symbol": each.symbol,
        "status": each.status,
        "baseAsset": each.base,
        "baseAssetPrecision": 8,
        "quoteAsset": each.quote,
        "quotePrecision": 8,
        "quoteAssetPrecision": 8,
        "baseCommissionPrecision": 8,
        "quoteCommissionPrecision": 8,
        "orderTypes": [kind.value for kind in OrderType],
        "icebergAllowed": False,
        "ocoAllowed": False,
        "otoAllowed": False,
        "opoAllowed": False,
        "quoteOrderQtyMarketAllowed": True,
        "allowTrailingStop": False,
        "cancelReplaceAllowed": False,
        "amendAllowed": False,
        "pegInstructionsAllowed": False,
        "isSpotTradingAllowed": True,
        "isMarginTradingAllowed": False,
        "filters": _filters(each),
        "permissions": [],
        **({"permissionSets": [[PERMISSION]]} if permission_sets else {}),
        "defaultSelfTradePreventionMode": "NONE",
        "allowedSelfTradePreventionModes": ["NONE"],
    }


def _filters(each: Instrument) -> list[Shape]:
    return [
        {
            "filterType": "PRICE_FILTER",
            "minPrice": shown(each.min_price),
            "maxPrice": shown(each.max_price),
            "tickSize": shown(each.tick),
        },
        {
            "filterType": "LOT_SIZE",
            "minQty": shown(each.min_quantity),
            "maxQty": shown(each.max_quantity),
            "stepSize": shown(each.step),
        },
        # Only its upper end says something: zeros switch the other parts off.
        {"filterType": "MARKET_LOT_SIZE", "minQty": ZERO, "maxQty": shown(each.max_market_quantity), "stepSize": ZERO},
        {
            "filterType": "PERCENT_PRICE_BY_SIDE",
            "bidMultiplierUp": shown(each.bid_up),
            "bidMultiplierDown": shown(each.bid_down),
            "askMultiplierUp": shown(each.ask_up),
            "askMultiplierDown": shown(each.ask_down),
            "avgPriceMins": each.band_minutes,
        },
        {
            "filterType": "NOTIONAL",
            "minNotional": shown(each.min_notional),
            "applyMinToMarket": True,
            "maxNotional": shown(each.max_notional),
            "applyMaxToMarket": True,
            "avgPriceMins": each.band_minutes,
        },
        {"filterType": "MAX_NUM_ORDERS", "maxNumOrders": each.max_orders},
    ]


# ---- orders and accounts -----------------------------------------------------------------------------------------


def _order_head(order: Order, client_order_id: str) -> Shape:
    return {"symbol": order.symbol, "orderId": order.id, "orderListId": -1, "clientOrderId": client_order_id}


def _order_figures(order: Order) -> Shape:
    return {
        "price": shown(order.price),
        "origQty": shown(order.quantity),
        "executedQty": shown(order.executed),
        "origQuoteOrderQty": shown(order.quote_quantity),
        "cummulativeQuoteQty": shown(order.executed_quote),
        "status": order.status.value,
        "timeInForce": order.time_in_force.value,
        "type": order.type.value,
        "side": order.side.value,
    }


def _strategy(order: Order) -> Shape:
    """What the trader noted on the order; nothing when he noted nothing."""
    noted = {"strategyId": order.strategy_id, "strategyType": order.strategy_type}
    return {name: value for name, value in noted.items() if value is not None}


def order_ack(order: Order) -> Shape:
    return {**_order_head(order, order.client_order_id), "transactTime": ms(order.updated_us)}


def order_result(order: Order) -> Shape:
    return {
        **order_ack(order),
        **_order_figures(order),
        **_strategy(order),
        "workingTime": ms(order.working_us),
        "selfTradePreventionMode": "NONE",
    }


def order_full(order: Order, fills: list[Fill]) -> Shape:
    return {
        **order_result(order),
        "fills": [
            {
                "price": shown(fill.price),
                "qty": shown(fill.quantity),
                "commission": shown(fill.commission),
                "commissionAsset": fill.commission_asset,
                "tradeId": fill.trade_id,
            }
            for fill in fills
        ],
    }


def order_query(order: Order) -> Shape:
    return {
        **_order_head(order, order.client_order_id),
        **_order_figures(order),
        "stopPrice": ZERO,
        "icebergQty": ZERO,
        **_strategy(order),
        "time": ms(order.created_us),
        "updateTime": ms(order.updated_us),
        "isWorking": order.working_us >= 0,
        "workingTime": ms(order.working_us),
        "selfTradePreventionMode": "NONE",
    }


def order_cancel(order: Order, cancel_id: str) -> Shape:
    head = _order_head(order, cancel_id)
    return {
        "symbol": head.pop("symbol"),
        "origClientOrderId": order.client_order_id,
        **head,
        "transactTime": ms(order.updated_us),
        **_order_figures(order),
        **_strategy(order),
        "selfTradePreventionMode": "NONE",
    }


def own_trade(fill: Fill) -> Shape:
    return {
        "symbol": fill.symbol,
        "id": fill.trade_id,
        "orderId": fill.order_id,
        "orderListId": -1,
        "price": shown(fill.price),
        "qty": shown(fill.quantity),
        "quoteQty": shown(fill.quote),
        "commission": shown(fill.commission),
        "commissionAsset": fill.commission_asset,
        "time": ms(fill.time_us),
        "isBuyer": fill.side.value == "BUY",
        "isMaker": fill.maker,
        "isBestMatch": True,
    }


def balance(asset: str, each: Balance) -> Shape:
    return {"asset": asset, "free": shown(each.free), "locked": shown(each.locked)}


def commission(symbol: str) -> Shape:
    return {"symbol": symbol, **_commission_blocks("")}


def commission_for_order() -> Shape:
    """What a test order answers when it is asked for the rates."""
    return _commission_blocks("ForOrder")


def _commission_blocks(suffix: str) -> Shape:
    charged = {"maker": COMMISSION_RATE, "taker": COMMISSION_RATE, "buyer": ZERO, "seller": ZERO}
    return {
        f"standardCommission{suffix}": charged,
        f"specialCommission{suffix}": dict.fromkeys(charged, ZERO),
        f"taxCommission{suffix}": dict.fromkeys(charged, ZERO),
        "discount": {"enabledForAccount": False, "enabledForSymbol": False, "discountAsset": "BNB", "discount": ZERO},
    }
