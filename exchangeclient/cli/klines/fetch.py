"""``exchangeclient klines fetch``: candles of a symbol to a file of CSV or JSON, for people and for cron."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any, BinaryIO

import click

from exchangeclient.archive.files import whole_bytes
from exchangeclient.archive.series import CANDLE_COLUMNS, TRADES, Series
from exchangeclient.archive.sources import source_of
from exchangeclient.binance.history import lines_of_candles
from exchangeclient.cli.connect import Connection, connected, connection_options
from exchangeclient.cli.klines.options import in_capitals, moment
from exchangeclient.cli.output import Output, output_options, reader_needed
from exchangeclient.core.calling.ahead import Ahead
from exchangeclient.exceptions import ExchangeException

COLUMNS = list(CANDLE_COLUMNS)  # the twelfth of the venue's row is unused by it and left out
CLOSE_TIME = COLUMNS.index("close_time")
_WHOLE = frozenset(map(COLUMNS.index, ("open_time", "close_time", "trades")))


@click.command()
@click.argument("symbol", type=in_capitals)
@click.argument("interval")
@click.option("--start", required=True, help='First open time: "2 days ago UTC", "2018-01-10", or milliseconds.')
@click.option("--end", help="Last open time, in the same forms; now when left out.")
@click.option("--out", "to", default="-", metavar="FILE", help="The file; - or nothing for standard output.")
@connection_options
@output_options
def fetch(symbol: str, interval: str, start: str, end: str | None, to: str, connection: Connection, out: Output) -> None:
    """Fetch the closed candles of SYMBOL at INTERVAL (1m, 1h, 1d ...), as CSV with a header; with --json as a list of objects.

    A candle that is still open would change later and is left out. What a venue does not tell (OKX and BitMEX say nothing of takers) is
    empty. The file appears whole or not at all. On a terminal a progress bar is shown; elsewhere nothing is printed but errors, and with
    --json how many candles are in the file. It is an error when there is no candle to write.
    """
    start_ms, end_ms = moment(start, "--start"), moment(end, "--end")
    if interval == TRADES:
        raise click.BadParameter("trades are no candles; sync brings them into an archive", param_hint="INTERVAL")
    with connected(connection) as client:
        now_ms = source_of(client).now_ms()
        last_ms = now_ms if end_ms is None else min(end_ms, now_ms)
        if last_ms < start_ms:
            raise ExchangeException("there is nothing to fetch: --start is not before --end and now")
        ask = lines_of_candles if connection.is_usual else _lines
        pages = closed(ask(client, symbol, interval, start_ms, last_ms), now_ms)
        # The first one is fetched before anything is written: a refusal leaves no trace.
        first = next(pages, None)
        if first is None:
            raise ExchangeException(f"the venue has no closed {interval} candle of {symbol} in that time")
        count = 0
        with _opened(to) as file:
            file.write(b"" if out.as_json else f"{','.join(COLUMNS)}\n".encode())
            for page in _watched(chain([first], pages), start_ms, last_ms, out.is_watched and not file.isatty()):
                file.write(_objects(page, is_first=not count) if out.as_json else b"\n".join((*page, b"")))
                count += len(page)
            file.write(b"\n]\n" if out.as_json else b"")
    out.say(f"{count} candles{'' if to == '-' else f' in {to}'}")
    if out.as_json and to != "-":
        out.fields({"file": to, "candles": count})


def _lines(client: Any, symbol: str, interval: str, start_ms: int, last_ms: int) -> Iterator[list[bytes]]:
    """The candles of any venue that an archive can be filled from, page by page as lines of CSV."""
    source = source_of(client)
    series = Series(source.venue, symbol, interval)
    at, end = series.ceiling(start_ms), min(last_ms + 1, source.end(series, last_ms + 1))
    with Ahead[None]("history", 1, client.clock) as patient:  # however long the budget is short
        while at < end and (rows := patient.now(partial(source.rows, series, at, end)).read()):
            yield [",".join("" if field is None else str(field) for field in row).encode() for row in rows]
            at = series.after(rows[-1][0])


def closed(pages: Iterable[list[bytes]], now_ms: int) -> Iterator[list[bytes]]:
    """Pages of lines without the candles that are open at a moment, which are the last ones."""
    for page in pages:
        while page and _closes(page[-1]) >= now_ms:
            page.pop()
        if page:
            yield page


def _closes(line: bytes) -> int:
    return int(line.split(b",", CLOSE_TIME + 1)[CLOSE_TIME])


def _objects(page: list[bytes], *, is_first: bool) -> bytes:
    """Lines as objects of a JSON list, each in a line of its own; times and counts are numbers, exact figures are texts."""
    rows = (
        [int(field) if field and column in _WHOLE else field or None for column, field in enumerate(line.decode().split(","))]
        for line in page
    )
    objects = ",\n".join(json.dumps(dict(zip(COLUMNS, row, strict=True))) for row in rows)
    return f"{'[' if is_first else ','}\n{objects}".encode()


@contextmanager
def _opened(to: str) -> Iterator[BinaryIO]:
    """The file, for bytes: a million lines as text would take twice as long."""
    if to != "-":
        with whole_bytes(Path(to)) as file:
            yield file
        return
    if sys.stdout is None:  # when the program was started without one
        raise ExchangeException("standard output is closed; --out names a file")
    with reader_needed():
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()


def _watched(pages: Iterable[list[bytes]], start_ms: int, last_ms: int, is_watched: bool) -> Iterator[list[bytes]]:
    """The pages as they come, with a progress bar if someone is watching (and is not shown the rows themselves)."""
    if not is_watched:
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
