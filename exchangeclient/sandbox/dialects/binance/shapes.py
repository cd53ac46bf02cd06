"""How Binance writes down what the engine knows: one function per object of its REST answers."""

from __future__ import annotations

from typing import Any

from exchangeclient.sandbox.dialects.binance.aggregates import Aggregate
from exchangeclient.sandbox.dialects.binance.times import Time
from exchangeclient.sandbox.engine.candles import DAY_MS, Candle
from exchangeclient.sandbox.engine.events import Traded
from exchangeclient.sandbox.engine.exchange import Depth, Statistics
from exchangeclient.sandbox.engine.instruments import shown

Shape = dict[str, Any]

ZERO = shown(0)


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
        "time": Time(each.time_us),
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
        "T": Time(each.time_us),
        "m": each.buyer_is_maker,
        "M": True,
    }


def candle(each: Candle) -> list[Any]:
    return [
        Time.opening(each.open_ms),
        each.open,
        each.high,
        each.low,
        each.close,
        each.volume,
        Time.closing(each.close_ms),
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


def day_opened(day: Statistics) -> Time:
    """A day before its end; only other windows are shown from the full minute on from which they are counted."""
    return Time.opening(day.close_time_ms - DAY_MS)


def mini_ticker(symbol: str, day: Statistics) -> Shape:
    return {**mini_window_ticker(symbol, day), "openTime": day_opened(day)}


def mini_window_ticker(symbol: str, window: Statistics) -> Shape:
    return {
        "symbol": symbol,
        "openPrice": shown(window.open),
        "highPrice": shown(window.high),
        "lowPrice": shown(window.low),
        "lastPrice": shown(window.last),
        "volume": shown(window.volume),
        "quoteVolume": shown(window.quote_volume),
        "openTime": Time.opening(window.open_time_ms),
        "closeTime": Time.closing(window.close_time_ms),
        "firstId": window.first_id,
        "lastId": window.last_id,
        "count": window.count,
    }


def window_ticker(symbol: str, window: Statistics) -> Shape:
    price_change, percent = change(window)
    return {
        **mini_window_ticker(symbol, window),
        "priceChange": price_change,
        "priceChangePercent": percent,
        "weightedAvgPrice": shown(window.weighted_average),
    }


def ticker(symbol: str, day: Statistics, top: Depth) -> Shape:
    return {
        **window_ticker(symbol, day),
        "openTime": day_opened(day),
        "prevClosePrice": shown(day.previous_close),
        "lastQty": shown(day.last_quantity),
        **book_ticker(symbol, top),
    }


def best(side: list[tuple[int, int]]) -> tuple[str, str]:
    """Price and quantity of the best level; zeros when the side is empty."""
    price, quantity = side[0] if side else (0, 0)
    return shown(price), shown(quantity)


def book_ticker(symbol: str, top: Depth) -> Shape:
    (bid, bid_quantity), (ask, ask_quantity) = best(top.bids), best(top.asks)
    return {"symbol": symbol, "bidPrice": bid, "bidQty": bid_quantity, "askPrice": ask, "askQty": ask_quantity}
