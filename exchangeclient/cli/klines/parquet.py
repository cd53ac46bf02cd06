"""``exchangeclient klines parquet``: candles to Parquet files, fetched by several processes; for cron."""

from __future__ import annotations

import multiprocessing
import signal
import tempfile
from collections.abc import Iterator
from concurrent.futures import BrokenExecutor, Executor, ProcessPoolExecutor
from contextlib import contextmanager
from itertools import product
from pathlib import Path

import click

from exchangeclient.archive import TRADES, sync_parquet
from exchangeclient.archive.parquet import Written
from exchangeclient.archive.series import Series
from exchangeclient.cli.connect import Connection, connected, connection_options
from exchangeclient.cli.klines.options import in_capitals, moment
from exchangeclient.cli.output import Output, output_options
from exchangeclient.core.process.onlyrun import only_run
from exchangeclient.exceptions import ExchangeException, ExchangeRequestException

_COLUMNS = ("file", "rows", "missing")
_LOCK = ".exchangeclient.lock"  # hidden: what reads the folder passes it over


@click.command()
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@click.argument("symbols", metavar="SYMBOL...", nargs=-1, required=True, type=in_capitals)
@click.option("--interval", "-i", "intervals", multiple=True, required=True, help="1m, 1h, 1d, 1M ... May be given several times.")
@click.option("--start", help='From when on: "2 years ago", "2018-01-10", or milliseconds. The first there is, when left out.')
@click.option("--workers", type=click.IntRange(1, 64), default=2, show_default=True, help="Processes, each at one month at a time.")
@click.option("--share", type=click.FloatRange(0, 1, min_open=True), default=0.5, show_default=True, help="Of the venue's limits, to use.")
@click.option("--floats", is_flag=True, help="Floating point numbers in place of exact decimals.")
@click.option("--wait", type=click.FloatRange(0), default=0.0, help="Seconds to wait for another run at this folder; 0 when left out.")
@click.option("--of", metavar="VENUE", help="The name of the venue in the folder; by its address when left out.")
@connection_options
@output_options
def parquet(
    folder: Path,
    symbols: tuple[str, ...],
    intervals: tuple[str, ...],
    start: str | None,
    workers: int,
    share: float,
    floats: bool,
    wait: float,
    of: str | None,
    connection: Connection,
    out: Output,
) -> None:
    """Bring FOLDER up to date: the candles of each SYMBOL and interval, one Parquet file for each month.

    DuckDB, pandas and Dask read it in place. Months that are complete are passed over, so that it may be stopped or killed at any moment:
    the next run goes on from there. What is still open by the venue's clock is left out. Needs exchangeclient[parquet].
    """
    start_ms = moment(start, "--start")
    for symbol, interval in product(symbols, intervals):  # wrong usage leaves no folder there
        if Series(of or "any", symbol, interval).interval == TRADES:
            raise click.BadParameter("trades go to an archive, from which export writes them", param_hint="--interval")
    with connected(connection) as client, _working(workers) as executor, _ledger(connection) as ledger:
        client.ping()  # a venue that is not there leaves none either
        folder.mkdir(parents=True, exist_ok=True)
        with only_run(folder / _LOCK, patience_s=wait):
            written = sync_parquet(
                client,
                folder,
                dict.fromkeys(symbols),
                dict.fromkeys(intervals),
                executor=executor,
                start=start_ms,
                venue=of or connection.archived_as,
                share=share,
                ledger=ledger,
                floats=floats,
            )
    if out.as_json or out.is_terminal:  # in cron a good run says nothing
        out.table(
            [{"file": str(each.path), "rows": each.rows, "missing": each.missing} for each in written], _COLUMNS, none="nothing is new"
        )
    _refuse_holes(written)


def _refuse_holes(written: list[Written]) -> None:
    """See that no month lacks a candle, but for the one of a series that goes on: there the venue may be late.

    :raises ExchangeRequestException: naming the first that does
    """
    newest = {each.path.parent.parent: each.path for each in sorted(written, key=lambda each: each.path)}
    holed = [each for each in written if each.missing and each.path != newest[each.path.parent.parent]]
    if holed:
        count = sum(each.missing for each in holed)
        raise ExchangeRequestException(f"{holed[0].path}: {count} candles are missing still; the next run asks again", sent="yes")


@contextmanager
def _working(count: int) -> Iterator[Executor]:
    """Processes that end with the command, however it ends: a month that one is at is whole or not there.

    :raises ExchangeException: when somebody else ends one
    """
    # Started anew and not forked off: there are threads here.
    executor = ProcessPoolExecutor(count, mp_context=multiprocessing.get_context("spawn"), initializer=_leave_ctrl_c_to_the_command)
    heard = signal.signal(signal.SIGINT, signal.SIG_IGN)  # which a process has from the one that starts it
    try:
        for _ in range(count):  # a task that nobody is free for starts one
            executor.submit(int)
    finally:
        signal.signal(signal.SIGINT, heard)
    try:
        yield executor
    except BrokenExecutor as error:
        raise ExchangeException("one of the processes was killed; months that were complete by then are there") from error
    except BaseException:
        for each in multiprocessing.active_children():
            each.terminate()
        raise
    finally:
        executor.shutdown(cancel_futures=True)


def _leave_ctrl_c_to_the_command() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)


@contextmanager
def _ledger(connection: Connection) -> Iterator[Path]:
    """The file by which the processes share the venue's limits: that of the settings, which other programs share, or one of theirs."""
    if connection.ledger is not None:
        yield connection.ledger
        return
    with tempfile.TemporaryDirectory(prefix="exchangeclient-") as folder:
        yield Path(folder) / "ledger"
