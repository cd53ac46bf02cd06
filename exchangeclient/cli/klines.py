"""``exchangeclient klines fetch``: candles of a symbol to a CSV file, for people and for cron."""

from __future__ import annotations

import csv
import os
import shutil
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from typing import IO, Any

import click

from exchangeclient.cli.connect import connected, connection_options
from exchangeclient.exceptions import ExchangeException
from exchangeclient.helpers import date_to_milliseconds

# The columns of the venue's kline row and of its public dumps; the twelfth is unused by the venue and left out.
COLUMNS = "open_time,open,high,low,close,volume,close_time,quote_volume,trades,taker_buy_base,taker_buy_quote".split(",")
CLOSE_TIME = COLUMNS.index("close_time")


@click.group()
def klines() -> None:
    """Candles to files."""


@klines.command()
@click.argument("symbol")
@click.argument("interval")
@click.option("--start", required=True, help='First open time: "2 days ago UTC", "2018-01-10", or milliseconds.')
@click.option("--end", help="Last open time, in the same forms; now when left out.")
@click.option("--out", default="-", metavar="FILE", help="CSV file; - or nothing for standard output.")
@connection_options
def fetch(symbol: str, interval: str, start: str, end: str | None, out: str, environment: str | None, sandbox: bool) -> None:
    """Fetch the closed candles of SYMBOL at INTERVAL (1m, 1h, 1d ...).

    A candle that is still open would change later and is left out. The file appears whole or not at all. On a terminal a
    progress bar is shown; elsewhere nothing is printed but errors. It is an error when there is no candle to write.
    """
    start_ms, end_ms = _moment(start, "--start"), None if end is None else _moment(end, "--end")
    with connected(environment, sandbox) as client:
        now_ms = int(client.get_server_time()["serverTime"])
        last_ms = now_ms if end_ms is None else min(end_ms, now_ms)
        if last_ms < start_ms:
            raise ExchangeException("there is nothing to fetch: --start is not before --end and now")
        rows = client.get_historical_klines_generator(symbol, interval, start_ms, last_ms)
        closed = (row for row in rows if int(row[CLOSE_TIME]) < now_ms)
        # The first one is fetched before anything is written: a refusal leaves no trace.
        first = next(closed, None)
        if first is None:
            raise ExchangeException(f"the venue has no closed {interval} candle of {symbol} in that time")
        with _opened(out) as file:
            write(_watched(chain([first], closed), start_ms, last_ms, file), file)


def write(rows: Iterable[list[Any]], file: IO[str]) -> None:
    """Kline rows as CSV with a header, the venue's texts untouched."""
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows(row[: len(COLUMNS)] for row in rows)


def _moment(text: str, option: str) -> int:
    try:
        return date_to_milliseconds(text)
    except ValueError as error:
        raise click.BadParameter(str(error).removeprefix("date_str "), param_hint=option) from error


@contextmanager
def _opened(out: str) -> Iterator[IO[str]]:
    """The file to write to: it takes the place of an older one, with the older one's permissions, when all is written."""
    if out == "-":
        stdout: IO[str] | None = sys.stdout  # None when the program was started without one
        if stdout is None:
            raise ExchangeException("standard output is closed; --out names a file")
        yield stdout
        return
    path = Path(out).resolve()  # a link goes on leading to the file
    if path.exists() and not path.is_file():  # a device, a pipe: nothing to replace
        with path.open("w", encoding="utf-8", newline="") as file:
            yield file
        return
    partial = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        with partial.open("w", encoding="utf-8", newline="") as file:
            yield file
        if path.exists():
            shutil.copymode(path, partial)
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def _watched(rows: Iterable[list[Any]], start_ms: int, last_ms: int, file: IO[str]) -> Iterator[list[Any]]:
    """The rows as they come, with a progress bar if someone is watching (and is not shown the rows themselves)."""
    if not sys.stderr.isatty() or file.isatty():
        yield from rows
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.fields[count]:,} candles"), BarColumn(), TextColumn("{task.percentage:3.0f}%"), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True)) as progress:
        task = progress.add_task("", total=max(1, last_ms - start_ms), count=0)
        for count, row in enumerate(rows, 1):
            yield row
            progress.update(task, completed=int(row[CLOSE_TIME]) - start_ms, count=count)
        progress.update(task, completed=max(1, last_ms - start_ms))
