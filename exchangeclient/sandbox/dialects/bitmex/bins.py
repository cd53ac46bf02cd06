"""BitMEX's bins, which go by the time at which they end."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from operator import itemgetter
from typing import TYPE_CHECKING

from exchangeclient.sandbox.dialects.bitmex import market_shapes
from exchangeclient.sandbox.dialects.bitmex.names import Product
from exchangeclient.sandbox.dialects.bitmex.tables import Row
from exchangeclient.sandbox.engine.candles import DAY_MS, HOUR_MS, MINUTE_MS, Candle
from exchangeclient.sandbox.engine.events import Traded

if TYPE_CHECKING:
    from exchangeclient.sandbox.dialects.bitmex.venue import Venue

WIDTHS: Mapping[str, int] = {"1m": MINUTE_MS, "5m": 5 * MINUTE_MS, "1h": HOUR_MS, "1d": DAY_MS}

Read = Callable[["Venue", Product, str, int, int], list[Row]]


def last_end(size: str, now_ms: int) -> int:
    """When the last bin ended that has."""
    return now_ms // WIDTHS[size] * WIDTHS[size]


def trade_bins(venue: Venue, product: Product, size: str, after_ms: int, until_ms: int) -> list[Row]:
    """Those of trades that ended after one time and until another, the oldest first."""
    width = WIDTHS[size]
    count = min((until_ms - after_ms) // width, 10_000) + 1
    candles = venue.live.exchange.candles(product.market, size, start_ms=after_ms - width, end_ms=until_ms - 1, limit=count)
    return [row for row, end_ms in _rows(venue, product, candles) if after_ms < end_ms <= until_ms]


def page(venue: Venue, product: Product, size: str, *, start_ms: int | None, end_ms: int, count: int, newest: bool) -> list[Row]:
    """So many that ended in a time, ends included, the oldest first: the newest of them or the oldest.

    :param end_ms: the end of the running one to have that as well
    """
    width, exchange = WIDTHS[size], venue.live.exchange
    if newest:
        candles = exchange.candles(product.market, size, start_ms=None, end_ms=end_ms - 1, limit=count + 2)
    else:
        # The first one that there is has no other before it to open at the close of.
        begin_ms = 0 if start_ms is None else -(-start_ms // width) * width - 2 * width
        candles = exchange.candles(product.market, size, start_ms=max(begin_ms, 0), end_ms=end_ms - 1, limit=count + 2)
    found = [row for row, bin_ms in _rows(venue, product, candles) if bin_ms <= end_ms and (start_ms is None or bin_ms >= start_ms)]
    return found[-count:] if newest else found[:count]


def _rows(venue: Venue, product: Product, candles: list[Candle]) -> list[tuple[Row, int]]:
    """Candles as bins with their ends, each opening at the close of the one before."""
    known = venue.live.exchange.trades(product.market)
    found: list[tuple[Row, int]] = []
    for number, candle in enumerate(candles):
        opened = candles[number - 1].close if number else candle.open
        end_ms = candle.close_ms + 1
        found.append((market_shapes.trade_bin(product, candle, opened, _last(known, candle)), end_ms))
    return found


def _last(known: Sequence[Traded], candle: Candle) -> Traded | None:
    """The last trade of a candle, as far as it is remembered."""
    if candle.last_id < 0 or not known:
        return None
    place = candle.last_id - known[0].trade_id
    return known[place] if 0 <= place < len(known) else None


def quote_bins(venue: Venue, product: Product, size: str, after_ms: int, until_ms: int) -> list[Row]:
    """The quotes with which bins ended, as far as they are remembered."""
    width, known = WIDTHS[size], list(venue.quotes[product.symbol])
    rows = []
    for end_ms in range(after_ms // width * width + width, until_ms + 1, width):
        place = bisect_right(known, end_ms * 1000, key=itemgetter(0))
        if place:
            rows.append(market_shapes.quote(product, known[place - 1][1], end_ms * 1000))
    return rows
