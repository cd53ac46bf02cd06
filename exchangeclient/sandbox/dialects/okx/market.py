"""OKX's public REST endpoints: what each answers."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from operator import attrgetter
from typing import Any

from exchangeclient.sandbox.dialects.okx import bars, errors, ids, instrument_shapes, market_shapes
from exchangeclient.sandbox.dialects.okx.call import TYPES, Call
from exchangeclient.sandbox.dialects.okx.words import ms, plain, size
from exchangeclient.sandbox.engine.candles import Candle, next_open, opens_at
from exchangeclient.sandbox.engine.instruments import UNIT, Instrument
from exchangeclient.sandbox.engine.words import Side

MOST_LEVELS, MOST_LEVELS_IN_FULL = 400, 5_000
MOST_TRADES, USUAL_ROWS = 500, 100
_MOST_CANDLES, _MOST_OLD_CANDLES = 300, 100
_NEWEST_BARS = 1_440  # that market/candles reaches back
_trade_id = attrgetter("trade_id")
_time_us = attrgetter("time_us")


def time(call: Call) -> list[Any]:
    return [{"ts": ms(call.shown_us)}]


def instruments(call: Call) -> list[Any]:
    return [instrument_shapes.instrument(each) for each in call.chosen(needed=True)]


def ticker(call: Call) -> list[Any]:
    return [market_shapes.ticker(call.exchange, call.instrument(), call.shown_us)]


def tickers(call: Call) -> list[Any]:
    return [market_shapes.ticker(call.exchange, each, call.shown_us) for each in call.chosen(needed=True)]


def index_tickers(call: Call) -> list[Any]:
    name, quote = call.params.text("instId"), call.params.text("quoteCcy")
    if name is None and quote is None:
        raise errors.EITHER("instId", "quoteCcy")
    found = [each for each in call.exchange.spot.values() if name in (None, ids.inst_id(each)) and quote in (None, each.quote)]
    if not found:
        raise errors.UNKNOWN_INSTRUMENT()
    return [market_shapes.index_ticker(call.exchange, each, call.shown_us) for each in found]


def books(call: Call) -> list[Any]:
    instrument = call.instrument()
    seq = call.venue.sequences.id(instrument.symbol)
    return [market_shapes.book(call.exchange, instrument, _depth(call, MOST_LEVELS), seq, call.shown_us)]


def books_in_full(call: Call) -> list[Any]:
    """Its levels do not have the element that no longer means anything."""
    instrument, count = call.instrument(), _depth(call, MOST_LEVELS_IN_FULL)
    found = {
        name: [
            [plain(price), size(instrument, quantity), str(orders)]
            for price, quantity, orders in call.exchange.counted(instrument.symbol, side, count)
        ]
        for name, side in (("asks", Side.SELL), ("bids", Side.BUY))
    }
    return [{**found, "ts": ms(call.shown_us)}]


def _depth(call: Call, most: int) -> int:
    count = call.params.whole("sz")
    if count is not None and not 0 < count <= most:
        raise errors.BAD("sz")
    return 1 if count is None else count


def trades(call: Call) -> list[Any]:
    instrument = call.instrument()
    limit = call.params.limit(USUAL_ROWS, MOST_TRADES)
    known = call.exchange.trades(instrument.symbol)[-limit:]
    return [market_shapes.trade(instrument, each, skew_us=call.venue.skew_us) for each in reversed(known)]


def history_trades(call: Call) -> list[Any]:
    """Pages by trade id (``type`` 1) or by time (2)."""
    params, instrument = call.params, call.instrument()
    by_time = params.choice("type", ("1", "2")) == "2"
    after, before, limit = params.whole("after"), params.whole("before"), params.limit(USUAL_ROWS, USUAL_ROWS)
    known = call.exchange.trades(instrument.symbol)
    key, unit = (_time_us, 1000) if by_time else (_trade_id, 1)
    end = len(known) if after is None else bisect_left(known, after * unit, key=key)
    start = 0 if before is None or by_time else bisect_right(known, before, key=key)
    return [market_shapes.trade(instrument, each, skew_us=call.venue.skew_us) for each in reversed(known[max(start, end - limit) : end])]


# ---- candles -----------------------------------------------------------------------------------------------------


def candles(call: Call) -> list[Any]:
    """The newest bars, the one that is still growing included."""
    return _traded(call, _MOST_CANDLES, newest=True)


def history_candles(call: Call) -> list[Any]:
    """The finished ones, as far back as there are any."""
    return _traded(call, _MOST_OLD_CANDLES, newest=False)


def index_candles(call: Call) -> list[Any]:
    """Those of an index, which is a spot symbol's price; without volume."""
    return _of_index(call, call.instrument(), newest=True)


def history_index_candles(call: Call) -> list[Any]:
    return _of_index(call, call.instrument(), newest=False)


def mark_price_candles(call: Call) -> list[Any]:
    """Those of a swap's mark price, which is its index."""
    return _of_index(call, call.swap(), newest=True)


def history_mark_price_candles(call: Call) -> list[Any]:
    return _of_index(call, call.swap(), newest=False)


def _traded(call: Call, most: int, *, newest: bool) -> list[Any]:
    instrument, now_ms = call.instrument(), call.exchange.now_us // 1000
    return [bars.row(instrument, each, closed=each.close_ms < now_ms) for each in _candles(call, instrument, most, newest=newest)]


def _of_index(call: Call, instrument: Instrument, *, newest: bool) -> list[Any]:
    now_ms = call.exchange.now_us // 1000
    if instrument.swap is not None:
        instrument = call.exchange.instruments.get(instrument.swap.index, instrument)
    return [bars.price_row(each, closed=each.close_ms < now_ms) for each in _candles(call, instrument, USUAL_ROWS, newest=newest)]


def _candles(call: Call, instrument: Instrument, most: int, *, newest: bool) -> list[Candle]:
    params = call.params
    interval, offset_ms = bars.BARS[params.choice("bar", bars.BARS) or "1m"]
    after, before, limit = params.whole("after"), params.whole("before"), params.limit(USUAL_ROWS, most)
    current_ms = opens_at(interval, call.exchange.now_us // 1000, offset_ms)
    end_ms = current_ms if newest else current_ms - 1
    if after is not None:
        end_ms = min(end_ms, after - 1)
    found = call.exchange.candles(instrument.symbol, interval, start_ms=None, end_ms=end_ms, limit=limit, offset_ms=offset_ms)
    oldest_ms = _oldest(interval, current_ms) if newest else 0
    return [each for each in reversed(found) if each.open_ms >= oldest_ms and (before is None or each.open_ms > before)]


def _oldest(interval: str, current_ms: int) -> int:
    width_ms = next_open(interval, 0)
    return current_ms - (_NEWEST_BARS - 1) * width_ms


# ---- swaps -------------------------------------------------------------------------------------------------------


def mark_price(call: Call) -> list[Any]:
    return [market_shapes.mark_price(call.exchange, each, call.shown_us) for each in _swaps(call)]


def open_interest(call: Call) -> list[Any]:
    return [market_shapes.open_interest(call.exchange, each, call.shown_us) for each in _swaps(call)]


def funding_rate(call: Call) -> list[Any]:
    swaps = [each for each in ids.listed(call.exchange) if each.swap is not None]
    found = swaps if call.params.need("instId") == "ANY" else [call.swap()]
    return [market_shapes.funding_rate(call.exchange, each, call.shown_us) for each in found]


def funding_rate_history(call: Call) -> list[Any]:
    instrument, params = call.swap(), call.params
    after, before, limit = params.whole("after"), params.whole("before"), params.limit(USUAL_ROWS, 400)
    rows = [
        {
            "instType": ids.inst_type(instrument),
            "instId": ids.inst_id(instrument),
            "fundingRate": plain(rate),
            "realizedRate": plain(rate),
            "fundingTime": ms(time_us),
            "formulaType": "noRate",
            "method": "current_period",
        }
        for time_us, rate in reversed(call.exchange.fundings(instrument.symbol))
        if (after is None or time_us // 1000 < after) and (before is None or time_us // 1000 > before)
    ]
    return rows[:limit]


def price_limit(call: Call) -> list[Any]:
    instrument = call.instrument()
    return [instrument_shapes.price_limit(instrument, call.exchange.band_price(instrument.symbol), ms(call.shown_us))]


def position_tiers(call: Call) -> list[Any]:
    """One tier: the sandbox asks the same margin of every size."""
    call.params.chosen("instType", TYPES)
    call.params.need("tdMode")
    return [
        {
            "baseMaxLoan": "",
            "imr": plain(UNIT // each.swap.max_leverage),
            "instFamily": ids.family(each),
            "instId": ids.inst_id(each),
            "maxLever": str(each.swap.max_leverage),
            "maxSz": size(each, each.max_quantity),
            "minSz": "0",
            "mmr": plain(each.swap.maintenance),
            "optMgnFactor": "",
            "quoteMaxLoan": "",
            "tier": "1",
            "uly": ids.family(each),
        }
        for each in call.chosen(needed=True)
        if each.swap is not None
    ]


def system_status(_call: Call) -> list[Any]:
    """Nothing is planned."""
    return []


def _swaps(call: Call) -> list[Instrument]:
    """A type is not asked of those who name the instrument; clients get by without it."""
    return [each for each in call.chosen(needed="instId" not in call.params) if each.swap is not None]
