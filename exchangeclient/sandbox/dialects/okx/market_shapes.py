"""OKX's public market data, each piece as REST and websockets both show it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from zlib import crc32

from exchangeclient.sandbox.dialects.okx import ids
from exchangeclient.sandbox.dialects.okx.instrument_shapes import Shape
from exchangeclient.sandbox.dialects.okx.words import counted, ms, plain, size
from exchangeclient.sandbox.engine.candles import DAY_MS, HOUR_MS
from exchangeclient.sandbox.engine.events import Traded
from exchangeclient.sandbox.engine.exchange import Exchange
from exchangeclient.sandbox.engine.instruments import UNIT, Instrument
from exchangeclient.sandbox.engine.words import Side

_HONG_KONG_MS = 8 * HOUR_MS
_CHECKED_LEVELS = 25

Levels = Sequence[tuple[int, int, int]]
"""Price, quantity and number of orders, best first."""


def level(instrument: Instrument, price: int, quantity: int, orders: int) -> list[str]:
    return [plain(price), size(instrument, quantity), "0", str(orders)]


def levels(instrument: Instrument, found: Iterable[tuple[int, int, int]]) -> list[list[str]]:
    return [level(instrument, *each) for each in found]


def book(exchange: Exchange, instrument: Instrument, count: int, seq: int, shown_us: int) -> Shape:
    """The best levels as they are.

    :param seq: the id of the book
    """
    symbol = instrument.symbol
    return {
        "asks": levels(instrument, exchange.counted(symbol, Side.SELL, count)),
        "bids": levels(instrument, exchange.counted(symbol, Side.BUY, count)),
        "ts": ms(shown_us),
        "seqId": seq,
    }


def checksum(bids: Sequence[Sequence[str]], asks: Sequence[Sequence[str]]) -> int:
    """Over the best 25 levels of both sides in turn, as a signed number."""
    parts: list[str] = []
    for place in range(_CHECKED_LEVELS):
        parts += [f"{side[place][0]}:{side[place][1]}" for side in (bids, asks) if place < len(side)]
    number = crc32(":".join(parts).encode())
    return number - 2**32 if number >= 2**31 else number


def ticker(exchange: Exchange, instrument: Instrument, shown_us: int) -> Shape:
    symbol = instrument.symbol
    day = exchange.statistics(symbol)
    top = exchange.depth(symbol, 1)
    (bid, bid_size), (ask, ask_size) = (side[0] if side else (0, 0) for side in (top.bids, top.asks))
    is_spot = instrument.swap is None
    return {
        "instType": ids.inst_type(instrument),
        "instId": ids.inst_id(instrument),
        "last": plain(day.last),
        "lastSz": size(instrument, day.last_quantity),
        "askPx": plain(ask) if ask else "",
        "askSz": size(instrument, ask_size) if ask else "",
        "bidPx": plain(bid) if bid else "",
        "bidSz": size(instrument, bid_size) if bid else "",
        "open24h": plain(day.open),
        "high24h": plain(day.high),
        "low24h": plain(day.low),
        "volCcy24h": plain(day.quote_volume if is_spot else day.volume),
        "vol24h": plain(counted(instrument, day.volume)),
        "ts": ms(shown_us),
        "sodUtc0": _day_open(exchange, instrument, 0),
        "sodUtc8": _day_open(exchange, instrument, _HONG_KONG_MS),
    }


def _day_open(exchange: Exchange, instrument: Instrument, offset_ms: int) -> str:
    now_ms = exchange.now_us // 1000
    start_ms = (now_ms + offset_ms) // DAY_MS * DAY_MS - offset_ms
    return plain(exchange.window(instrument.symbol, start_ms, now_ms).open)


def trade(instrument: Instrument, traded: Traded, *, quantity: int | None = None, skew_us: int = 0) -> Shape:
    """A trade; the side is the taker's."""
    return {
        "instId": ids.inst_id(instrument),
        "tradeId": str(traded.trade_id),
        "px": plain(traded.price),
        "sz": size(instrument, traded.quantity if quantity is None else quantity),
        "side": "sell" if traded.buyer_is_maker else "buy",
        "ts": ms(traded.time_us + skew_us),
        "source": "0",
        "seqId": traded.trade_id,
    }


def index_price(exchange: Exchange, instrument: Instrument) -> int:
    """Of a spot symbol its own last price, of a swap its index's."""
    return exchange.last_price(instrument.symbol) if instrument.swap is None else exchange.mark_price(instrument.symbol)


def index_ticker(exchange: Exchange, instrument: Instrument, shown_us: int) -> Shape:
    day = exchange.statistics(instrument.symbol)
    return {
        "instId": f"{instrument.base}-{instrument.quote}",
        "idxPx": plain(index_price(exchange, instrument)),
        "high24h": plain(day.high),
        "low24h": plain(day.low),
        "open24h": plain(day.open),
        "sodUtc0": _day_open(exchange, instrument, 0),
        "sodUtc8": _day_open(exchange, instrument, _HONG_KONG_MS),
        "ts": ms(shown_us),
    }


def mark_price(exchange: Exchange, instrument: Instrument, shown_us: int) -> Shape:
    return {
        "instType": ids.inst_type(instrument),
        "instId": ids.inst_id(instrument),
        "markPx": plain(exchange.mark_price(instrument.symbol)),
        "ts": ms(shown_us),
    }


def open_interest(exchange: Exchange, instrument: Instrument, shown_us: int) -> Shape:
    held = exchange.open_interest(instrument.symbol)
    return {
        "instType": ids.inst_type(instrument),
        "instId": ids.inst_id(instrument),
        "oi": size(instrument, held),
        "oiCcy": plain(held),
        "oiUsd": plain(held * exchange.mark_price(instrument.symbol) // UNIT),
        "ts": ms(shown_us),
    }


def funding_rate(exchange: Exchange, instrument: Instrument, shown_us: int) -> Shape:
    swap = instrument.swap
    width_us = 1 if swap is None else swap.funding_us
    next_us = (exchange.now_us // width_us + 1) * width_us
    paid = exchange.fundings(instrument.symbol)
    return {
        "instType": ids.inst_type(instrument),
        "instId": ids.inst_id(instrument),
        "method": "current_period",
        "formulaType": "noRate",
        "fundingRate": plain(exchange.funding_rate(instrument.symbol)),
        "fundingTime": ms(next_us),
        "nextFundingRate": "",
        "nextFundingTime": ms(next_us + width_us),
        "prevFundingTime": ms(next_us - width_us),
        "minFundingRate": "-0.0075",
        "maxFundingRate": "0.0075",
        "interestRate": "0.0001" if swap is None else plain(swap.funding),
        "impactValue": "",
        "premium": plain(_premium(exchange, instrument)),
        "settState": "settled",
        "settFundingRate": plain(paid[-1][1]) if paid else "",
        "ts": ms(shown_us),
    }


def _premium(exchange: Exchange, instrument: Instrument) -> int:
    mark = exchange.mark_price(instrument.symbol)
    return (exchange.last_price(instrument.symbol) - mark) * UNIT // mark
