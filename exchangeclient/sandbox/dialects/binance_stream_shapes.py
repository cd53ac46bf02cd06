"""How Binance's market streams write down what the engine knows: one function per payload."""

from __future__ import annotations

from exchangeclient.sandbox.dialects import binance_shapes as shapes
from exchangeclient.sandbox.dialects.binance_aggregates import Aggregate
from exchangeclient.sandbox.dialects.binance_shapes import Shape, best, ms
from exchangeclient.sandbox.engine.candles import Candle
from exchangeclient.sandbox.engine.events import Traded
from exchangeclient.sandbox.engine.exchange import Depth, Statistics
from exchangeclient.sandbox.engine.instruments import shown


def _head(kind: str, symbol: str, now_us: int) -> Shape:
    return {"e": kind, "E": ms(now_us), "s": symbol}


def depth_update(symbol: str, ids: tuple[int, int], bids: dict[int, int], asks: dict[int, int], now_us: int) -> Shape:
    return {
        **_head("depthUpdate", symbol, now_us),
        "U": ids[0],
        "u": ids[1],
        "b": shapes.levels(list(bids.items())),
        "a": shapes.levels(list(asks.items())),
    }


def trade(each: Traded, now_us: int) -> Shape:
    return {
        **_head("trade", each.symbol, now_us),
        "t": each.trade_id,
        "p": shown(each.price),
        "q": shown(each.quantity),
        "T": ms(each.time_us),
        "m": each.buyer_is_maker,
        "M": True,
    }


def aggregate(each: Aggregate, now_us: int) -> Shape:
    return {**_head("aggTrade", each.symbol, now_us), **shapes.aggregate(each)}


def book_ticker(symbol: str, top: Depth) -> Shape:
    (bid, bid_quantity), (ask, ask_quantity) = best(top.bids), best(top.asks)
    return {"u": top.last_update_id, "s": symbol, "b": bid, "B": bid_quantity, "a": ask, "A": ask_quantity}


def mini_ticker(symbol: str, day: Statistics, now_us: int) -> Shape:
    return {
        **_head("24hrMiniTicker", symbol, now_us),
        "c": shown(day.last),
        "o": shown(day.open),
        "h": shown(day.high),
        "l": shown(day.low),
        "v": shown(day.volume),
        "q": shown(day.quote_volume),
    }


def ticker(symbol: str, day: Statistics, top: Depth, now_us: int) -> Shape:
    price_change, percent = shapes.change(day)
    (bid, bid_quantity), (ask, ask_quantity) = best(top.bids), best(top.asks)
    return {
        **_head("24hrTicker", symbol, now_us),
        "p": price_change,
        "P": percent,
        "w": shown(day.weighted_average),
        "x": shown(day.previous_close),
        "c": shown(day.last),
        "Q": shown(day.last_quantity),
        "b": bid,
        "B": bid_quantity,
        "a": ask,
        "A": ask_quantity,
        "o": shown(day.open),
        "h": shown(day.high),
        "l": shown(day.low),
        "v": shown(day.volume),
        "q": shown(day.quote_volume),
        "O": day.open_time_ms,
        "C": day.close_time_ms,
        "F": day.first_id,
        "L": day.last_id,
        "n": day.count,
    }


def average_price(symbol: str, minutes: int, price: int, last_trade_us: int, now_us: int) -> Shape:
    return {**_head("avgPrice", symbol, now_us), "i": f"{minutes}m", "w": shown(price), "T": ms(last_trade_us)}


def kline(symbol: str, interval: str, candle: Candle, *, closed: bool, now_us: int) -> Shape:
    return {
        **_head("kline", symbol, now_us),
        "k": {
            "t": candle.open_ms,
            "T": candle.close_ms,
            "s": symbol,
            "i": interval,
            "f": candle.first_id,
            "L": candle.last_id,
            "o": candle.open,
            "c": candle.close,
            "h": candle.high,
            "l": candle.low,
            "v": candle.volume,
            "n": candle.trades,
            "x": closed,
            "q": candle.quote_volume,
            "V": candle.taker_base,
            "Q": candle.taker_quote,
            "B": "0",
        },
    }
