"""Candles and trades as Parquet (``pip install 'exchangeclient[parquet]'``), in folders that DuckDB, pandas and Dask read in place.

``venue=binance/symbol=BTCUSDT/interval=1m/month=2024-01/part.parquet``: one file for each month, which appears whole or not at all.
Prices and sizes are exact, as decimals of 18 places, or floating point numbers when that is asked for; times are timestamps in UTC. What is
known of the month is in the file's metadata.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Executor, as_completed
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from itertools import groupby
from pathlib import Path
from typing import Any, Final

from exchangeclient.archive import arguments, plan
from exchangeclient.archive.files import whole_bytes
from exchangeclient.archive.names import file_name, interval_name
from exchangeclient.archive.plan import Page, merged
from exchangeclient.archive.series import Range, Row, Series
from exchangeclient.archive.source import Making, Source, asked, fetched, read
from exchangeclient.archive.sources import Client, need_client, source_of
from exchangeclient.core.calling.ahead import Ahead
from exchangeclient.core.calling.dates import When, milliseconds
from exchangeclient.core.process.clock import SystemClock
from exchangeclient.exceptions import ArchiveException
from exchangeclient.market import klines

_TIMES: Final = frozenset({"open_time", "close_time", "time"})
_NUMBERS: Final = frozenset({"trades", "id", "first_id", "last_id"})
_FLAGS: Final = frozenset({"buyer_maker", "best_match"})
_KNOWN: Final = b"exchangeclient.known"
_PLACES: Final = 18
_DIGITS: Final = 38


@dataclass(frozen=True, slots=True)
class Month:
    """A task: one month of a series of candles, read from the venue and written to its file. It pickles.

    :ivar first: of the open times
    :ivar last: up to which they are wanted: the end of the month, or what is final of it
    :ivar end: from which on nothing is final
    """

    series: Series
    first: int
    last: int
    end: int
    root: str
    floats: bool

    @property
    def path(self) -> Path:
        """The file."""
        return path_of(Path(self.root), self.series, self.first)


@dataclass(frozen=True, slots=True)
class Written:
    """What became of a month.

    :ivar rows: in the file
    :ivar missing: open times of which nothing is known still
    """

    path: Path
    rows: int
    missing: int


def path_of(root: Path, series: Series, at_ms: int) -> Path:
    """The file of the month that holds a moment."""
    parts = {
        "venue": file_name(series.venue.upper()).lower(),
        "symbol": file_name(series.symbol),
        "interval": interval_name(series.interval),
    }
    folder = root.joinpath(
        *(f"{name}={value}" for name, value in parts.items()), f"month={datetime.fromtimestamp(at_ms / 1000, UTC):%Y-%m}"
    )
    return folder / "part.parquet"


def write(series: Series, rows: Iterable[Row], root: Path, *, known: Sequence[Range] = (), floats: bool = False) -> list[Path]:
    """Rows, in order of time, as files; those of a month that is there already are replaced.

    :raises ArchiveException: when pyarrow is not installed, or a figure has more digits than decimals have
    """
    time = series.columns.index("time") if series.is_trades else 0
    written = []
    for opened, group in groupby(rows, key=lambda row: klines.floor_open("1M", row[time])):
        path = path_of(root, series, opened)
        _write(series, list(group), path, _within(known, opened), floats)
        written.append(path)
    return written


def _within(known: Iterable[Range], month_ms: int) -> list[Range]:
    end = klines.next_open("1M", month_ms)
    return [(max(first, month_ms), min(last, end)) for first, last in known if first < end and last > month_ms]


def _write(series: Series, rows: list[Row], path: Path, known: list[Range], floats: bool) -> None:
    library = _library()
    import pyarrow.parquet as files

    columns = list(zip(*rows, strict=True)) if rows else [()] * len(series.columns)
    try:
        arrays = [_array(library, name, column, floats) for name, column in zip(series.columns, columns, strict=True)]
    except library.ArrowInvalid as error:
        raise ArchiveException(f"{path}: {error}") from error
    metadata = {_KNOWN: json.dumps(known).encode()}
    table = library.table(arrays, names=list(series.columns)).replace_schema_metadata(metadata)
    path.parent.mkdir(parents=True, exist_ok=True)
    with whole_bytes(path) as file:
        files.write_table(table, file, compression="zstd")


def _array(library: Any, name: str, column: Sequence[Any], floats: bool) -> Any:
    if name in _TIMES:
        return library.array(column, library.timestamp("ms", tz="UTC"))
    if name in _NUMBERS:
        return library.array(column, library.int64())
    if name in _FLAGS:
        return library.array([None if each is None else bool(each) for each in column], library.bool_())
    texts = library.array(column, library.string())
    return texts.cast(library.float64() if floats else library.decimal128(_DIGITS, _PLACES))


def known_of(path: Path) -> list[Range]:
    """What is known of the month of a file; nothing when it is not there.

    :raises ArchiveException: when it cannot be read
    """
    if not path.exists():
        return []
    library = _library()
    import pyarrow.parquet as files

    try:
        metadata = files.read_schema(path).metadata or {}
        return [(int(first), int(last)) for first, last in json.loads(metadata.get(_KNOWN, b"[]"))]
    except (library.ArrowInvalid, ValueError, TypeError, OSError) as error:
        raise ArchiveException(f"{path} cannot be read: {error}; remove it to have it made again") from error


# ---- written where they are read -------------------------------------------------------------------------------------


def sync_parquet(
    client: Client,
    root: str | Path,
    symbols: str | Iterable[str],
    intervals: str | Iterable[str],
    *,
    executor: Executor,
    start: When | None = None,
    venue: str | None = None,
    share: float = 0.5,
    ledger: str | Path | None = None,
    floats: bool = False,
) -> list[Written]:
    """Fetch candles to Parquet files that are written where they are read, on any executor of the ``concurrent.futures`` kind.

    Such as Dask's ``Client.get_executor()``. A month of a series is a task, and a file, laid out as by :meth:`Archive.export_parquet`.
    Months that are complete are passed over, so that it may be ended at any moment and called again. All workers see ``root`` under
    the same name.

    :param client: where to; each process has a client of its own like it, without a key
    :param ledger: a file by which the processes of one machine share the budget; on several machines each has that of its own address
    :raises ArchiveException: when pyarrow is not installed (``exchangeclient[parquet]``)
    """
    need_client(client)
    _library()  # before anything is asked
    arguments.names(venue=venue)
    arguments.kind("executor", executor, Executor)
    root = arguments.path("root", root)
    if ledger is not None:
        ledger = arguments.path("ledger", ledger)
    source = source_of(client, venue=venue, share=share)
    several = [(name, arguments.listed(name, given)) for name, given in (("symbols", symbols), ("intervals", intervals))]
    wanted = [Series(source.venue, symbol, interval) for symbol in several[0][1] for interval in several[1][1]]
    start_ms = None if start is None else milliseconds(start, client.clock.now_ms(), "start")
    tasks = months(source, wanted, root, start_ms=start_ms, floats=floats)
    return carry_out(source.elsewhere(ledger), tasks, executor)


def months(source: Source, wanted: Iterable[Series], root: Path, *, start_ms: int | None, floats: bool) -> Iterator[Month]:
    """The months that are not complete in a folder, of each series up to now."""
    now_ms = source.now_ms()
    for series in wanted:
        if series.is_trades:
            raise ValueError("trades are written to Parquet from an archive; months of them are no tasks")
        end = source.end(series, now_ms)
        begin = asked(source, series, plan.listing(0 if start_ms is None else series.ceiling(start_ms), end))
        at = end if begin is None else klines.floor_open("1M", begin)
        while at < end:
            following = klines.next_open("1M", at)
            first = max(series.ceiling(at), begin or 0)
            last = min(series.ceiling(following), end)
            month = Month(series, first, last, end, str(root), floats)
            if first < last and not any(start <= first and last <= stop for start, stop in known_of(month.path)):
                yield month
            at = following


def fill(making: Making, month: Month) -> Written:
    """Do the task: read a month, write its file."""
    source = making()
    rows: list[Row] = []
    known: list[Range] = []
    at = month.first
    with Ahead[None]("archive", 1, SystemClock()) as patient:  # however long the budget is short
        while at < month.last:
            stop = min(month.last, month.series.later(at, source.page_size))
            page = Page(month.series, at, stop, month.end)
            found = read(source, page, patient.now(partial(fetched, source, page)))
            rows += found.rows
            known += found.known
            at = stop
    known = merged((max(first, month.first), min(last, month.last)) for first, last in known)
    if rows or known:
        _write(month.series, rows, month.path, known, month.floats)
    missing = month.series.count(month.first, month.last) - sum(month.series.count(first, last) for first, last in known)
    return Written(month.path, len(rows), missing)


def carry_out(making: Making, tasks: Iterable[Month], executor: Executor) -> list[Written]:
    """Have all tasks done; the first failure is raised when the others are done."""
    futures = [executor.submit(fill, making, task) for task in tasks]
    done = list(as_completed(futures))
    return [future.result() for future in sorted(done, key=futures.index)]


def _library() -> Any:
    try:
        import pyarrow as pa
    except ImportError as error:
        raise ArchiveException("Parquet needs pyarrow: pip install 'exchangeclient[parquet]'") from error
    return pa
