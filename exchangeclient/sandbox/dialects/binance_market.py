"""Binance's public market data: what each endpoint answers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from exchangeclient.sandbox.dialects import binance_errors as errors
from exchangeclient.sandbox.dialects import binance_shapes as shapes
from exchangeclient.sandbox.dialects.binance_call import Call
from exchangeclient.sandbox.dialects.binance_limits import ORDERS_1D, ORDERS_10S, RAW_REQUESTS, WEIGHT
from exchangeclient.sandbox.engine.candles import INTERVALS
from exchangeclient.sandbox.engine.events import Traded
from exchangeclient.sandbox.engine.instruments import Instrument, shown

MOST_LEVELS = 5_000
MOST_ROWS = 1_000
DEFAULT_ROWS = 500

_SYMBOL_STATUSES = ("TRADING", "HALT", "BREAK")
_AVERAGE_MINUTES = 5


def ping(_call: Call) -> Any:
    return {}


def time(call: Call) -> Any:
    return {"serverTime": shapes.ms(call.now_us)}


def exchange_info(call: Call) -> Any:
    params = call.params
    by_name = "symbol" in params or "symbols" in params
    if by_name and ("permissions" in params or "symbolStatus" in params):
        raise errors.BAD_COMBINATION()
    wanted = params.text("permissions")
    if wanted is not None:
        permitted = shapes.PERMISSION in (params.names("permissions") or () if wanted.startswith("[") else (wanted,))
    else:
        permitted = True
    instruments = _asked_for(call) if permitted else []
    permission_sets = params.flag("showPermissionSets", default=True)
    return {
        "timezone": "UTC",
        "serverTime": shapes.ms(call.now_us),
        "rateLimits": [limit.shape() for limit in (WEIGHT, ORDERS_10S, ORDERS_1D, RAW_REQUESTS)],
        "exchangeFilters": [],
        "symbols": [shapes.instrument(each, permission_sets=permission_sets) for each in instruments],
    }


def depth(call: Call) -> Any:
    limit = call.params.limit(100, MOST_LEVELS)
    return shapes.depth(call.exchange.depth(_with_status(call).symbol, limit))


def trades(call: Call) -> Any:
    limit = call.params.limit(DEFAULT_ROWS, MOST_ROWS)
    return [shapes.trade(each) for each in call.exchange.trades(call.instrument().symbol)[-limit:]]


def historical_trades(call: Call) -> Any:
    limit = call.params.limit(DEFAULT_ROWS, MOST_ROWS)
    first_id = call.params.integer("fromId")
    known: Sequence[Traded] = call.exchange.trades(call.instrument().symbol)
    if first_id is None or not known:
        return [shapes.trade(each) for each in known[-limit:]]
    start = max(0, first_id - known[0].trade_id)  # ids are dense
    return [shapes.trade(each) for each in known[start : start + limit]]


def aggregate_trades(call: Call) -> Any:
    params = call.params
    limit = params.limit(DEFAULT_ROWS, MOST_ROWS)
    first_id = params.integer("fromId")
    start_us, end_us = params.span_us()
    symbol = call.instrument().symbol
    if first_id is not None and (start_us is not None or end_us is not None):
        raise errors.BAD_COMBINATION()
    found = call.venue.aggregates.page(symbol, first_id=first_id, start_us=start_us, end_us=end_us, limit=limit)
    return [shapes.aggregate(each) for each in found]


def klines(call: Call) -> Any:
    params = call.params
    params.need_all(("symbol", "interval"))
    interval = params.need("interval")
    if interval not in INTERVALS:
        raise errors.BAD_INTERVAL()
    if params.text("timeZone") not in (None, "0", "00:00", "+00:00", "-00:00"):
        raise errors.BAD_VALUE("timeZone")  # candles of other time zones are not kept
    start_us, end_us = params.time_us("startTime"), params.time_us("endTime")
    found = call.exchange.candles(
        call.instrument().symbol,
        interval,
        start_ms=None if start_us is None else -(-start_us // 1000),
        end_ms=None if end_us is None else end_us // 1000,
        limit=params.limit(DEFAULT_ROWS, MOST_ROWS),
    )
    return [shapes.candle(each) for each in found]


def average_price(call: Call) -> Any:
    symbol = call.instrument().symbol
    return {
        "mins": _AVERAGE_MINUTES,
        "price": shown(call.exchange.average_price(symbol, _AVERAGE_MINUTES)),
        "closeTime": shapes.ms(_last_trade_us(call, symbol)),
    }


def ticker_24hr(call: Call) -> Any:
    kind = call.params.text("type") or "FULL"
    if kind not in ("FULL", "MINI"):
        raise errors.BAD_TICKER_TYPE()

    def row(each: Instrument) -> Any:
        day = call.exchange.statistics(each.symbol)
        return (
            shapes.mini_ticker(each.symbol, day) if kind == "MINI" else shapes.ticker(each.symbol, day, call.exchange.depth(each.symbol, 1))
        )

    return _one_or_all(call, row)


def ticker_price(call: Call) -> Any:
    return _one_or_all(call, lambda each: {"symbol": each.symbol, "price": shown(call.exchange.last_price(each.symbol))})


def ticker_book(call: Call) -> Any:
    return _one_or_all(call, lambda each: shapes.book_ticker(each.symbol, call.exchange.depth(each.symbol, 1)))


# ---- the website's product list ------------------------------------------------------------------------------------


def products(call: Call) -> Any:
    """The list that the website shows today."""

    def row(each: Instrument) -> Any:
        day = call.exchange.statistics(each.symbol)
        return {
            "s": each.symbol,
            "st": each.status,
            "b": each.base,
            "q": each.quote,
            "i": shown(each.step),
            "ts": shown(each.tick),
            "o": shown(day.open),
            "h": shown(day.high),
            "l": shown(day.low),
            "c": shown(day.last),
            "v": shown(day.volume),
            "qv": shown(day.quote_volume),
        }

    rows = [row(each) for each in call.exchange.instruments.values()]
    return {"code": "000000", "message": None, "messageDetail": None, "data": rows, "success": True}


def old_products(call: Call) -> Any:
    """The list that the website showed in 2017."""

    def row(each: Instrument) -> Any:
        day = call.exchange.statistics(each.symbol)
        return {
            "symbol": each.symbol,
            "status": each.status,
            "active": each.status == "TRADING",
            "baseAsset": each.base,
            "quoteAsset": each.quote,
            "minTrade": shown(each.step),
            "minQty": shown(each.min_quantity),
            "tickSize": shown(each.tick),
            "open": shown(day.open),
            "high": shown(day.high),
            "low": shown(day.low),
            "close": shown(day.last),
            "volume": shown(day.volume),
            "tradedMoney": shown(day.quote_volume),
        }

    return {"data": [row(each) for each in call.exchange.instruments.values()]}


# ---- which symbols -------------------------------------------------------------------------------------------------


def _one_or_all(call: Call, row: Callable[[Instrument], Any]) -> Any:
    """One object when one symbol was asked for, a list otherwise."""
    rows = [row(each) for each in _asked_for(call)]
    return rows[0] if "symbol" in call.params else rows


def _asked_for(call: Call) -> list[Instrument]:
    """The instruments by ``symbol``, ``symbols`` or neither, narrowed by ``symbolStatus``."""
    names = call.params.names("symbols")
    if "symbol" in call.params:
        if names is not None:
            raise errors.BAD_COMBINATION()
        return [_with_status(call)]
    if names is None:
        found = list(call.exchange.instruments.values())
    else:
        if len(set(names)) < len(names):
            raise errors.DUPLICATE_SYMBOLS()
        found = [call.listed(name) for name in names]
    status = _symbol_status(call)
    return [each for each in found if status in (None, each.status)]


def _with_status(call: Call) -> Instrument:
    """The one instrument that was asked for, in the status that was asked for."""
    status = _symbol_status(call)
    found = call.instrument()
    if status not in (None, found.status):
        raise errors.OTHER_STATUS()
    return found


def _symbol_status(call: Call) -> str | None:
    status = call.params.text("symbolStatus")
    if status is not None and status not in _SYMBOL_STATUSES:
        raise errors.BAD_SYMBOL_STATUS()
    return status


def _last_trade_us(call: Call, symbol: str) -> int:
    known = call.exchange.trades(symbol)
    return known[-1].time_us if known else call.now_us
