"""``exchangeclient klines fetch``: candles of a symbol to a CSV file, for people and for cron."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from typing import IO

import click

from exchangeclient.archive.files import whole_text
from exchangeclient.archive.series import CANDLE_COLUMNS
from exchangeclient.binance.history import lines_of_candles
from exchangeclient.cli.connect import Connection, connected, connection_options
from exchangeclient.cli.klines.options import in_capitals, moment
from exchangeclient.exceptions import ExchangeException

COLUMNS = list(CANDLE_COLUMNS)  # the twelfth of the venue's row is unused by it and left out
CLOSE_TIME = COLUMNS.index("close_time")


@click.command()
@click.argument("symbol", type=in_capitals)
@click.argument("interval")
@click.option("--start", required=True, help='First open time: "2 days ago UTC", "2018-01-10", or milliseconds.')
@click.option("--end", help="Last open time, in the same forms; now when left out.")
@click.option("--out", default="-", metavar="FILE", help="CSV file; - or nothing for standard output.")
@connection_options
def fetch(symbol: str, interval: str, start: str, end: str | None, out: str, connection: Connection) -> None:
    """Fetch the closed candles of SYMBOL at INTERVAL (1m, 1h, 1d ...).

    A candle that is still open would change later and is left out. The file appears whole or not at all. On a terminal a
    progress bar is shown; elsewhere nothing is printed but errors. It is an error when there is no candle to write.
    """
    start_ms, end_ms = moment(start, "--start"), moment(end, "--end")
    with connected(connection) as client:
        now_ms = int(client.get_server_time()["serverTime"])
        last_ms = now_ms if end_ms is None else min(end_ms, now_ms)
        if last_ms < start_ms:
            raise ExchangeException("there is nothing to fetch: --start is not before --end and now")
        pages = closed(lines_of_candles(client, symbol, interval, start_ms, last_ms), now_ms)
        # The first one is fetched before anything is written: a refusal leaves no trace.
        first = next(pages, None)
        if first is None:
            raise ExchangeException(f"the venue has no closed {interval} candle of {symbol} in that time")
        with _opened(out) as file:
            file.write(f"{','.join(COLUMNS)}\n")
            for page in _watched(chain([first], pages), start_ms, last_ms, file):
                file.write(b"\n".join((*page, b"")).decode("ascii"))


def closed(pages: Iterable[list[bytes]], now_ms: int) -> Iterator[list[bytes]]:
    """Pages of lines without the candles that are open at a moment, which are the last ones."""
    for page in pages:
        while page and _closes(page[-1]) >= now_ms:
            page.pop()
        if page:
            yield page


def _closes(line: bytes) -> int:
    return int(line.split(b",", CLOSE_TIME + 1)[CLOSE_TIME])


@contextmanager
def _opened(out: str) -> Iterator[IO[str]]:
    if out != "-":
        with whole_text(Path(out)) as file:
            yield file
        return
    stdout: IO[str] | None = sys.stdout  # None when the program was started without one
    if stdout is None:
        raise ExchangeException("standard output is closed; --out names a file")
    yield stdout


def _watched(pages: Iterable[list[bytes]], start_ms: int, last_ms: int, file: IO[str]) -> Iterator[list[bytes]]:
    """The pages as they come, with a progress bar if someone is watching (and is not shown the rows themselves)."""
    if not sys.stderr.isatty() or file.isatty():
        yield from pages
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.fields[count]:,} candles"), BarColumn(), TextColumn("{task.percentage:3.0f}%"), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True)) as progress:
        task, count = progress.add_task("", total=max(1, last_ms - start_ms), count=0), 0
        for page in pages:
            yield page
            count += len(page)
            progress.update(task, completed=_closes(page[-1]) - start_ms, count=count)
        progress.update(task, completed=max(1, last_ms - start_ms))
