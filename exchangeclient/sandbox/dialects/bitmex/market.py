"""BitMEX's endpoints of market data, and those that tell of tables and money."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from operator import itemgetter
from typing import Any

from exchangeclient.sandbox.dialects.bitmex import bins, errors, instrument_shapes, market_shapes, schema
from exchangeclient.sandbox.dialects.bitmex.call import Call
from exchangeclient.sandbox.dialects.bitmex.market_shapes import Ticks
from exchangeclient.sandbox.dialects.bitmex.names import CURRENCIES, INDICES, Product, listed
from exchangeclient.sandbox.dialects.bitmex.query import Page
from exchangeclient.sandbox.dialects.bitmex.tables import BINS, TABLES, Row

_LEVELS = 25
_FILTERED = 10_000  # bins that are looked through for those that a filter keeps


def in_order(rows: Iterable[Row]) -> list[Row]:
    """Rows of several symbols by their times."""
    return sorted(rows, key=itemgetter("timestamp"))


# ---- instruments -------------------------------------------------------------------------------------------------


def instruments(call: Call) -> list[Row]:
    """All of them, the indices included."""
    page = Page(call.params, "instrument")
    page.start_us = page.end_us = None  # these have no times of their own
    name = call.params.text("symbol")
    indices = [each for each in INDICES if name in (None, each) and INDICES[each] in call.exchange.instruments]
    return page.of([_instrument(call, each) for each in call.products()] + [_index(call, each) for each in indices])


def active(call: Call) -> list[Row]:
    return [_instrument(call, each) for each in listed(call.exchange)]


def indices(call: Call) -> list[Row]:
    return [_index(call, each) for each in INDICES if INDICES[each] in call.exchange.instruments]


def active_and_indices(call: Call) -> list[Row]:
    return active(call) + indices(call)


def _instrument(call: Call, product: Product) -> Row:
    tick = Ticks(call.exchange.trades(product.market)).word
    row = instrument_shapes.instrument(call.exchange, product, tick, call.shown_us)
    return TABLES["instrument"].kept(row, call.venue.manners.wire)


def _index(call: Call, name: str) -> Row:
    return TABLES["instrument"].kept(instrument_shapes.index(call.exchange, name, call.shown_us), call.venue.manners.wire)


def active_intervals(call: Call) -> Row:
    """Each series that has a contract, and that contract."""
    found = {f"{each.root}:perpetual": each.symbol for each in reversed(listed(call.exchange))}
    return {"intervals": list(found), "symbols": list(found.values())}


def usd_volume(call: Call) -> list[Row]:
    """What was traded in 24 hours, in dollars."""
    rows = [instrument_shapes.instrument(call.exchange, each, "", call.shown_us) for each in listed(call.exchange)]
    return [{"symbol": row["symbol"], "currency": "USD", "turnover24h": row["foreignNotional24h"], "turnover30d": None} for row in rows]


def composite_index(call: Call) -> list[Row]:
    """Of what an index is made: here of one market alone."""
    name = call.params.text("symbol") or ".BXBT"
    page = Page(call.params, "trade")
    if name not in INDICES or INDICES[name] not in call.exchange.instruments:
        return []
    known = call.exchange.trades(INDICES[name])
    rows = [market_shapes.index_trade(name, each, "", call.venue.skew_us) for each in known]
    shown = page.of(rows)
    return [
        {"timestamp": row["timestamp"], "symbol": name, "indexSymbol": name, "reference": "BMI", "lastPrice": row["price"], "weight": 1}
        for row in shown
    ]


# ---- books, quotes and trades ------------------------------------------------------------------------------------


def book(call: Call) -> list[Row]:
    """The best levels of each side; with depth 0 all of them."""
    product = call.product()
    depth = call.params.whole("depth")
    if depth is not None and depth < 0:
        raise errors.BAD("depth")
    wanted = market_shapes.levels(call.exchange, product, _LEVELS if depth is None else depth)
    wire = call.venue.manners.wire
    return [market_shapes.whole_level(product, where, quantity, call.shown_us, wire) for where, quantity in wanted.items()]


def trades(call: Call) -> list[Row]:
    page = Page(call.params, "trade")
    name = call.params.text("symbol") or ""
    if name in INDICES:
        if INDICES[name] not in call.exchange.instruments:
            return []
        ticks, known = Ticks(), call.exchange.trades(INDICES[name])
        return page.of([market_shapes.index_trade(name, each, ticks.of(each.price), call.venue.skew_us) for each in known])
    wire, skew_us = call.venue.manners.wire, call.venue.skew_us
    found = [row for each in call.products() for row in market_shapes.trades(each, call.exchange.trades(each.market), skew_us, wire)]
    return page.of(in_order(found))


def quotes(call: Call) -> list[Row]:
    """As far as they are remembered."""
    skew_us = call.venue.skew_us
    return Page(call.params, "quote").of(
        in_order(
            market_shapes.quote(each, top, time_us + skew_us)
            for each in call.products()
            for time_us, top in list(call.venue.quotes[each.symbol])
        )
    )


# ---- bins --------------------------------------------------------------------------------------------------------


def trade_bins(call: Call) -> list[Row]:
    """By their ends; without a time the oldest that there are, unless they are asked for the other way round."""
    size = call.params.choice("binSize", BINS) or "1m"
    page = Page(call.params, f"tradeBin{size}")
    width, now_ms = bins.WIDTHS[size], call.now_us // 1000
    last_ms = bins.last_end(size, now_ms) + (width if call.params.flag("partial") else 0)
    end_ms = last_ms if page.end_us is None else min(last_ms, page.end_us // 1000 // width * width)
    start_ms = None if page.start_us is None else -(-page.start_us // 1000)
    count = _FILTERED if page.is_filtered else page.start + page.count
    rows = [
        row
        for each in call.products()
        for row in bins.page(call.venue, each, size, start_ms=start_ms, end_ms=end_ms, count=count, newest=page.reverse)
    ]
    return page.of(in_order(rows))


def quote_bins(call: Call) -> list[Row]:
    size = call.params.choice("binSize", BINS) or "1m"
    page = Page(call.params, f"quoteBin{size}")
    end_ms = bins.last_end(size, call.now_us // 1000) + (bins.WIDTHS[size] if call.params.flag("partial") else 0)
    rows: list[Row] = []
    for each in call.products():
        first_ms = call.venue.quotes[each.symbol][0][0] // 1000
        rows += bins.quote_bins(call.venue, each, size, bins.last_end(size, first_ms), end_ms)
    return page.of(in_order(rows))


# ---- the rest ----------------------------------------------------------------------------------------------------


def fundings(call: Call) -> list[Row]:
    rows = [
        market_shapes.funding(call.exchange, each, *known, call.venue.skew_us)
        for each in call.products()
        for known in call.exchange.fundings(each.market)
    ]
    return Page(call.params, "funding").of(in_order(rows))


def nothing(table: str) -> Callable[[Call], list[Row]]:
    """A table in which nothing ever happens here; what is asked for has to make sense all the same."""

    def empty(call: Call) -> list[Row]:
        return Page(call.params, table).of([])

    return empty


def stats(call: Call) -> list[Row]:
    """By the root of the contracts."""
    rows = [(each, instrument_shapes.instrument(call.exchange, each, "", call.shown_us)) for each in listed(call.exchange)]
    return [
        {
            "rootSymbol": each.root,
            "currency": each.currency.code,
            "volume24h": row["volume24h"],
            "turnover24h": row["turnover24h"],
            "openInterest": row["openInterest"],
            "openValue": row["openValue"],
        }
        for each, row in rows
    ]


def stats_history(call: Call) -> list[Row]:
    """Day by day, as far back as there are candles."""
    return [
        {
            "date": row["timestamp"],
            "rootSymbol": each.root,
            "currency": each.currency.code,
            "volume": row["volume"],
            "turnover": row["turnover"],
        }
        for each, row in _days(call)
    ]


def stats_history_usd(call: Call) -> list[Row]:
    return [
        {
            "rootSymbol": each.root,
            "currency": "USD",
            "turnover": row["foreignNotional"],
            "date": row["timestamp"],
        }
        for each, row in _days(call)
    ]


def _days(call: Call) -> list[tuple[Product, Row]]:
    end_ms = bins.last_end("1d", call.now_us // 1000)
    return [
        (each, row)
        for each in listed(call.exchange)
        for row in bins.page(call.venue, each, "1d", start_ms=None, end_ms=end_ms, count=_FILTERED, newest=False)
    ]


def schemas(call: Call) -> Any:
    """Of all tables, or of the one that ``model`` names."""
    model = call.params.text("model")
    wire = call.venue.manners.wire
    if model is None:
        return {name: schema.schema(name, wire) for name in TABLES}
    if model not in TABLES:
        raise errors.NOT_FOUND()
    return {model: schema.schema(model, wire)}


def websocket_help(call: Call) -> Any:  # noqa: ARG001 - it is the same for all
    return schema.HELP


def assets(call: Call) -> list[Row]:  # noqa: ARG001 - as above
    return [
        {
            "asset": each.major,
            "currency": each.code,
            "majorCurrency": each.major,
            "name": {"XBT": "Bitcoin", "USDT": "Tether"}[each.major],
            "currencyType": "Crypto",
            "scale": each.scale,
            "enabled": True,
            "isMarginCurrency": True,
            "networks": [],
        }
        for each in CURRENCIES.values()
    ]


def networks(call: Call) -> list[Row]:  # noqa: ARG001 - as above
    """There is none over which play money goes."""
    return []


def greeting(call: Call) -> Row:
    """What the root of the API says."""
    return {"name": "BitMEX API", "version": "1.2.0", "timestamp": call.shown_us // 1000}
