"""``exchangeclient klines fetch``: candles of a symbol to a CSV file, for people and for cron."""

from __future__ import annotations

import csv
import os
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO, Any

import click

from exchangeclient.cli.connect import connected, connection_options

# The columns of the venue's kline row and of its public dumps; the twelfth is unused by the venue and left out.
COLUMNS = "open_time,open,high,low,close,volume,close_time,quote_volume,trades,taker_buy_base,taker_buy_quote".split(",")
OPEN_TIME, CLOSE_TIME = COLUMNS.index("open_time"), COLUMNS.index("close_time")


@click.group()
def klines() -> None:
    """Candles to files."""


@klines.command()
@click.argument("symbol")
@click.argument("interval")
@click.option("--start", required=True, help='First open time: "2 days ago UTC", "2018-01-10", or milliseconds.')
@click.option("--end", default=None, help="Last open time, in the same forms; now when left out.")
@click.option("--out", type=click.Path(dir_okay=False, writable=True, path_type=Path), help="CSV file; standard output when left out.")
@connection_options
def fetch(symbol: str, interval: str, start: str, end: str | None, out: Path | None, environment: str, sandbox: bool) -> None:
    """Fetch the closed candles of SYMBOL at INTERVAL (1m, 1h, 1d ...).

    A candle that is still open would change later and is left out. The file appears whole or not at all. On a terminal a
    progress bar is shown; elsewhere nothing is printed but errors.
    """
    with connected(environment, sandbox) as client:
        now_ms = int(client.get_server_time()["serverTime"])
        rows = client.get_historical_klines_generator(symbol, interval, start, end)
        closed = (row for row in rows if int(row[CLOSE_TIME]) < now_ms)
        if out is None:
            write(_shown(closed, start, end, now_ms), sys.stdout)
            return
        partial = out.with_name(f"{out.name}.{os.getpid()}.part")
        try:
            with partial.open("w", encoding="utf-8", newline="") as file:
                write(_shown(closed, start, end, now_ms), file)
            partial.replace(out)
        finally:
            partial.unlink(missing_ok=True)


def write(rows: Iterable[list[Any]], file: IO[str]) -> None:
    """Kline rows as CSV with a header, the venue's texts untouched."""
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows(row[: len(COLUMNS)] for row in rows)


def _shown(rows: Iterator[list[Any]], start: str, end: str | None, now_ms: int) -> Iterator[list[Any]]:
    """The rows as they come, with a progress bar if someone is watching."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    from exchangeclient.helpers import date_to_milliseconds

    console = Console(stderr=True)
    if not console.is_terminal:
        yield from rows
        return
    first = date_to_milliseconds(start)
    last = min(now_ms, date_to_milliseconds(end)) if end else now_ms
    columns = (TextColumn("{task.fields[count]:,} candles"), BarColumn(), TextColumn("{task.percentage:3.0f}%"), TimeRemainingColumn())
    with Progress(*columns, console=console) as progress:
        task = progress.add_task("", total=max(1, last - first), count=0)
        count = 0
        for count, row in enumerate(rows, 1):
            yield row
            if count % 100 == 0:
                progress.update(task, completed=int(row[OPEN_TIME]) - first, count=count)
        progress.update(task, completed=max(1, last - first), count=count)
