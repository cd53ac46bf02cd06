"""``exchangeclient ticker``: prices and the last 24 hours, of some symbols or of all."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import click

from exchangeclient.cli.connect import Connection, connected, connection_options
from exchangeclient.cli.output import Output, output_options, plain
from exchangeclient.desk import Desk, Ticker, desk_of
from exchangeclient.numbers import EXACT

_COLUMNS = ("symbol", "last", "change %", "high", "low", "bid", "ask", "volume", "quote volume", "trades")
_ANYWHERE = _COLUMNS[:8]
_WIDE = ("trades", "volume", "low", "high", "quote volume", "change %")
_NOTHING = Decimal(0)


@click.command()
@click.argument("symbols", metavar="[SYMBOL]...", nargs=-1)
@click.option("--top", type=click.IntRange(min=1), default=20, show_default=True, help="How many, if no SYMBOL is named.")
@connection_options
@output_options
def ticker(symbols: tuple[str, ...], top: int, connection: Connection, out: Output) -> None:
    """The last price of each SYMBOL and its last 24 hours; without one, the symbols that are traded most often.

    Volumes are of the base asset; the quote volume is what was paid for it. Venues that do not count trades show those with the greatest
    volume, by the last price. JSON has the venue's own fields.
    """
    with connected(connection) as client:
        if not connection.is_usual:
            found = _told(desk_of(client), symbols, top)
            out.table([each.raw if out.as_json else _of_desk(each) for each in found], _ANYWHERE, wide=_WIDE)
            return
        rows: list[dict[str, Any]] = client.get_ticker(symbols=list(symbols)) if symbols else client.get_ticker()
    if not symbols:
        rows = sorted(rows, key=lambda row: int(row["count"]), reverse=True)[:top]
    out.table(rows if out.as_json else [_row(row) for row in rows], _COLUMNS, wide=_WIDE)


def _told(desk: Desk, symbols: tuple[str, ...], top: int) -> list[Ticker]:
    if symbols:
        return [desk.ticker(symbol) for symbol in symbols]
    return sorted(desk.tickers(), key=_worth, reverse=True)[:top]


def _worth(ticker: Ticker) -> Decimal:
    return EXACT.multiply(ticker.volume or _NOTHING, ticker.last or _NOTHING)


def _of_desk(ticker: Ticker) -> dict[str, Any]:
    change = None
    if ticker.last is not None and ticker.open:
        change = f"{(ticker.last - ticker.open) / ticker.open * 100:.3f}"
    return {
        "symbol": ticker.instrument,
        "last": plain(ticker.last),
        "change %": change,
        "high": plain(ticker.high),
        "low": plain(ticker.low),
        "bid": plain(ticker.bid),
        "ask": plain(ticker.ask),
        "volume": plain(ticker.volume),
    }


def _row(row: dict[str, Any]) -> dict[str, Any]:
    return {
        "symbol": row["symbol"],
        "last": plain(row["lastPrice"]),
        "change %": row["priceChangePercent"],
        "high": plain(row["highPrice"]),
        "low": plain(row["lowPrice"]),
        "bid": plain(row["bidPrice"]),
        "ask": plain(row["askPrice"]),
        "volume": plain(row["volume"]),
        "quote volume": plain(row["quoteVolume"]),
        "trades": row["count"],
    }
