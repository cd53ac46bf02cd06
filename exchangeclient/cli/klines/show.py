"""``exchangeclient klines show``: the series of an archive, or the newest rows of one."""

from __future__ import annotations

from collections import deque
from pathlib import Path
from typing import Any

import click

from exchangeclient.archive import Archive
from exchangeclient.archive.series import Row, Series
from exchangeclient.archive.store import Kept
from exchangeclient.cli.klines.options import archive_argument, moment, series_options, shown_mark, span_options
from exchangeclient.cli.output import Output, output_options
from exchangeclient.exceptions import ArchiveException

_WIDE = ("taker_buy_base", "taker_buy_quote", "close_time", "trades", "quote_volume", "volume", "best_match", "first_id", "last_id")


@click.command()
@archive_argument
@series_options
@span_options
@click.option("--last", type=click.IntRange(min=1), default=20, show_default=True, help="How many rows, when one series is shown.")
@output_options
def show(
    path: Path,
    symbol: str | None,
    interval: str | None,
    of: str | None,
    start: str | None,
    end: str | None,
    last: int,
    out: Output,
) -> None:
    """List the series of ARCHIVE; with SYMBOL and --interval, the newest rows of that one."""
    with Archive(path, create=False) as archive:
        if symbol is None or interval is None:
            there = [
                kept
                for kept in archive.series()
                if symbol in (None, kept.series.symbol) and interval in (None, kept.series.interval) and of in (None, kept.series.venue)
            ]
            if not there and (symbol, interval, of) != (None, None, None):
                raise ArchiveException(f"the archive {path} has no such series: {symbol or ''} {interval or ''} {of or ''}".rstrip())
            out.table([_series(kept, out.as_json) for kept in there], wide=("empty", "venue"), none="it has no series")
            return
        series = archive.find(symbol, interval, of).series
        rows = deque(archive.rows(symbol, interval, moment(start, "--start"), moment(end, "--end"), venue=of), maxlen=last)
    out.table([_row(series, row, out.as_json) for row in rows], series.columns, wide=_WIDE)


def _series(kept: Kept, as_json: bool) -> dict[str, Any]:
    series = kept.series
    missing = sum(series.count(first, last) for first, last in kept.missing())
    counts = {"rows": kept.rows, "empty": kept.empty, "missing": missing}
    names = {"venue": series.venue, "symbol": series.symbol, "interval": series.interval}
    if as_json:
        return {**names, "begin": kept.begin, "end": kept.end, "asked_ms": kept.asked_ms, **counts}
    return {**names, "from": shown_mark(series, kept.begin), "to": shown_mark(series, kept.end), **counts}


def _row(series: Series, row: Row, as_json: bool) -> dict[str, Any]:
    told = dict(zip(series.columns, row, strict=True))
    if not as_json and not series.is_trades:
        told["open_time"] = shown_mark(series, row[0])
    return told
