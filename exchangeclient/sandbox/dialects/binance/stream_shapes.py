"""How Binance's market streams write down what the engine knows: one function per payload."""

from __future__ import annotations

from exchangeclient.sandbox.dialects.binance import shapes
from exchangeclient.sandbox.dialects.binance.aggregates import Aggregate
from exchangeclient.sandbox.dialects.binance.shapes import Shape, best
from exchangeclient.sandbox.dialects.binance.times import Time
from exchangeclient.sandbox.engine.candles import Candle
from exchangeclient.sandbox.engine.events import Traded
from exchangeclient.sandbox.engine.exchange import Depth, Statistics
from exchangeclient.sandbox.engine.instruments import shown


def _head(kind: str, symbol: str, now_us: int) -> Shape:
    return {"e": kind, "E": Time(now_us), "s": symbol}


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
        "T": Time(each.time_us),
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
    (bid, bid_quantity), (ask, ask_quantity) = best(top.bids), best(top.asks)
    return {
        **_head("24hrTicker", symbol, now_us),
        **_window(day),
        "O": shapes.day_opened(day),
        "x": shown(day.previous_close),
        "Q": shown(day.last_quantity),
        "b": bid,
        "B": bid_quantity,
        "a": ask,
        "A": ask_quantity,
    }


def window_ticker(symbol: str, width: str, window: Statistics, now_us: int) -> Shape:
    return {**_head(f"{width}Ticker", symbol, now_us), **_window(window)}


def _window(window: Statistics) -> Shape:
    price_change, percent = shapes.change(window)
    return {
        "p": price_change,
        "P": percent,
        "w": shown(window.weighted_average),
        "c": shown(window.last),
        "o": shown(window.open),
        "h": shown(window.high),
        "l": shown(window.low),
        "v": shown(window.volume),
        "q": shown(window.quote_volume),
        "O": Time.opening(window.open_time_ms),
        "C": Time.closing(window.close_time_ms),
        "F": window.first_id,
        "L": window.last_id,
        "n": window.count,
    }


def average_price(symbol: str, minutes: int, price: int, last_trade_us: int, now_us: int) -> Shape:
    return {**_head("avgPrice", symbol, now_us), "i": f"{minutes}m", "w": shown(price), "T": Time(last_trade_us)}


def reference_price(symbol: str, price: int | None, time_us: int) -> Shape:
    return {"e": "referencePrice", "s": symbol, "r": None if price is None else shown(price), "t": Time(time_us)}


def server_shutdown(now_us: int) -> Shape:
    return {"e": "serverShutdown", "E": Time(now_us)}


def kline(symbol: str, interval: str, candle: Candle, *, closed: bool, now_us: int) -> Shape:
    return {
        **_head("kline", symbol, now_us),
        "k": {
            "t": Time.opening(candle.open_ms),
            "T": Time.closing(candle.close_ms),
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
