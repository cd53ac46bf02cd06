"""Binance's public market data: what each endpoint answers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from exchangeclient.sandbox.dialects.binance import errors, instrument_shapes, permissions, shapes, symbols
from exchangeclient.sandbox.dialects.binance.call import Call
from exchangeclient.sandbox.dialects.binance.params import Params
from exchangeclient.sandbox.dialects.binance.spans import time_zone_ms
from exchangeclient.sandbox.dialects.binance.times import Time
from exchangeclient.sandbox.engine.candles import INTERVALS
from exchangeclient.sandbox.engine.events import Traded
from exchangeclient.sandbox.engine.instruments import Instrument, shown

MOST_LEVELS = 5_000
MOST_ROWS = 1_000
DEFAULT_ROWS = 500

_AVERAGE_MINUTES = 5


def ping(_call: Call) -> Any:
    return {}


def time(call: Call) -> Any:
    return {"serverTime": Time(call.now_us)}


def exchange_info(call: Call) -> Any:
    params = call.params
    by_name = "symbol" in params or "symbols" in params
    if by_name and ("permissions" in params or "symbolStatus" in params):
        raise errors.BAD_COMBINATION()
    instruments = symbols.asked_for(call) if _is_of_interest(params) else []
    permission_sets = params.flag("showPermissionSets", default=True)
    return {
        "timezone": "UTC",
        "serverTime": Time(call.now_us),
        "rateLimits": [limit.shape() for limit in call.venue.limits.table],
        "exchangeFilters": instrument_shapes.exchange_filters(call.exchange.rules),
        "symbols": [instrument_shapes.instrument(each, permission_sets=permission_sets) for each in instruments],
        **({"sors": sors} if (sors := instrument_shapes.sors(call.exchange.routes, call.exchange.spot)) else {}),
    }


def execution_rules(call: Call) -> Any:
    if sum(name in call.params for name in ("symbol", "symbols", "symbolStatus")) > 1:
        raise errors.BAD_COMBINATION()
    return {"symbolRules": [instrument_shapes.execution_rules(each) for each in symbols.asked_for(call)]}


def depth(call: Call) -> Any:
    limit = call.params.limit(100, MOST_LEVELS)
    return shapes.depth(call.exchange.depth(symbols.one(call).symbol, limit))


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


def historical_block_trades(call: Call) -> Any:
    """None: blocks are not traded here."""
    call.params.need_all(("symbol", "fromId"))
    call.params.integer("fromId")
    call.params.limit(DEFAULT_ROWS, MOST_ROWS)
    call.instrument()
    return []


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
    offset_ms = time_zone_ms(params)
    start_us, end_us = params.time_us("startTime"), params.time_us("endTime")
    found = call.exchange.candles(
        call.instrument().symbol,
        interval,
        start_ms=None if start_us is None else -(-start_us // 1000),
        end_ms=None if end_us is None else end_us // 1000,
        limit=params.limit(DEFAULT_ROWS, MOST_ROWS),
        offset_ms=offset_ms,
    )
    return [shapes.candle(each) for each in found]


def average_price(call: Call) -> Any:
    symbol = call.instrument().symbol
    return {
        "mins": _AVERAGE_MINUTES,
        "price": shown(call.exchange.average_price(symbol, _AVERAGE_MINUTES)),
        "closeTime": Time(_last_trade_us(call, symbol)),
    }


def reference_price(call: Call) -> Any:
    found = call.instrument()
    if found.reference is None:
        raise errors.NO_REFERENCE_PRICE()
    price, time_us = call.exchange.reference_price(found.symbol)
    return {
        "symbol": found.symbol,
        "referencePrice": None if price is None else shown(price),
        "timestamp": Time(time_us),
    }


def reference_price_calculation(call: Call) -> Any:
    found = symbols.one(call)
    if found.reference is None:
        raise errors.NO_REFERENCE_PRICE()
    return {
        "symbol": found.symbol,
        "calculationType": "ARITHMETIC_MEAN",
        "bucketCount": found.reference.buckets,
        "bucketWidthMs": found.reference.width_ms,
    }


def _is_of_interest(params: Params) -> bool:
    """True if the symbols, which all have the same permissions, have one of those that were asked for."""
    wanted = params.text("permissions")
    if wanted is None:
        return True
    names = params.names("permissions") or () if wanted.startswith("[") else (wanted,)
    return any(name in alternatives for alternatives in permissions.SETS for name in names)


# ---- the website's product list ------------------------------------------------------------------------------------


def products(call: Call) -> Any:
    """The list that the website shows today."""

    def row(each: Instrument) -> Any:
        day = call.exchange.statistics(each.symbol)
        return {
            "s": each.symbol,
            "st": each.status.value,
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

    rows = [row(each) for each in call.exchange.spot.values()]
    return {"code": "000000", "message": None, "messageDetail": None, "data": rows, "success": True}


def _last_trade_us(call: Call, symbol: str) -> int:
    known = call.exchange.trades(symbol)
    return known[-1].time_us if known else call.venue.live.now_us
