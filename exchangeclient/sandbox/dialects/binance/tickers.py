"""Binance's tickers: the last day, the trading day, or any window of a symbol in figures."""

from __future__ import annotations

from typing import Any

from exchangeclient.sandbox.dialects.binance import errors, shapes
from exchangeclient.sandbox.dialects.binance.call import Call
from exchangeclient.sandbox.dialects.binance.params import Params
from exchangeclient.sandbox.dialects.binance.spans import time_zone_ms, width_ms, window_start_ms
from exchangeclient.sandbox.dialects.binance.symbols import one_or_all
from exchangeclient.sandbox.engine.candles import DAY_MS
from exchangeclient.sandbox.engine.instruments import Instrument, shown

MOST_SYMBOLS = 100  # of a window ticker


def ticker_24hr(call: Call) -> Any:
    kind = _kind(call.params)

    def row(each: Instrument) -> Any:
        day = call.exchange.statistics(each.symbol)
        if kind == "MINI":
            return shapes.mini_ticker(each.symbol, day)
        return shapes.ticker(each.symbol, day, call.exchange.depth(each.symbol, 1))

    return one_or_all(call, row)


def ticker_trading_day(call: Call) -> Any:
    """Since midnight of a time zone; the window is shown with the end of that day."""
    kind = _kind(call.params)
    _check_symbols(call.params)
    offset_ms = time_zone_ms(call.params)
    start_ms = (call.venue.live.now_us // 1000 + offset_ms) // DAY_MS * DAY_MS - offset_ms
    return _windows(call, kind, start_ms, start_ms + DAY_MS - 1)


def ticker_window(call: Call) -> Any:
    """Of the last so many minutes, hours or days."""
    kind = _kind(call.params)
    _check_symbols(call.params)
    now_ms = call.venue.live.now_us // 1000
    return _windows(call, kind, window_start_ms(now_ms, width_ms(call.params)), now_ms)


def ticker_price(call: Call) -> Any:
    return one_or_all(call, lambda each: {"symbol": each.symbol, "price": shown(call.exchange.last_price(each.symbol))})


def ticker_book(call: Call) -> Any:
    return one_or_all(call, lambda each: shapes.book_ticker(each.symbol, call.exchange.depth(each.symbol, 1)))


def _windows(call: Call, kind: str, start_ms: int, end_ms: int) -> Any:
    shape = shapes.mini_window_ticker if kind == "MINI" else shapes.window_ticker
    return one_or_all(call, lambda each: shape(each.symbol, call.exchange.window(each.symbol, start_ms, end_ms)))


def _kind(params: Params) -> str:
    kind = params.text("type") or "FULL"
    if kind not in ("FULL", "MINI"):
        raise errors.BAD_TICKER_TYPE()
    return kind


def _check_symbols(params: Params) -> None:
    names = params.names("symbols")
    if "symbol" not in params and names is None:
        raise errors.MISSING_BOTH("symbol", "symbols")
    if names is not None and len(names) > MOST_SYMBOLS:
        raise errors.TOO_MANY(MOST_SYMBOLS, len(names))
