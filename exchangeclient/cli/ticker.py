"""``exchangeclient ticker``: prices and the last 24 hours, of some symbols or of all."""

from __future__ import annotations

from typing import Any

import click

from exchangeclient.cli.connect import Connection, connected, connection_options
from exchangeclient.cli.output import Output, output_options, plain

_COLUMNS = ("symbol", "last", "change %", "high", "low", "bid", "ask", "volume", "quote volume", "trades")
_WIDE = ("high", "low", "volume", "trades")


@click.command()
@click.argument("symbols", metavar="[SYMBOL]...", nargs=-1)
@click.option("--top", type=click.IntRange(min=1), default=20, show_default=True, help="How many, if no SYMBOL is named.")
@connection_options
@output_options
def ticker(symbols: tuple[str, ...], top: int, connection: Connection, out: Output) -> None:
    """The last price of each SYMBOL and its last 24 hours; without one, the symbols that are traded most often.

    Volumes are of the base asset; the quote volume is what was paid for it. JSON has the venue's own fields.
    """
    with connected(connection) as client:
        found = client.get_ticker(symbols=list(symbols)) if symbols else client.get_ticker()
    rows: list[dict[str, Any]] = found
    if not symbols:
        rows = sorted(rows, key=lambda row: int(row["count"]), reverse=True)[:top]
    out.table(rows if out.as_json else [_row(row) for row in rows], _COLUMNS, wide=_WIDE)


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
