"""An archive's records written to files: CSV, Parquet, the layout of the public dumps."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO, Any, Final

from exchangeclient.archive import arguments, csvfiles, dumps, parquet
from exchangeclient.archive.dumps import Dump, Period
from exchangeclient.archive.files import whole_text
from exchangeclient.archive.reading import Reading
from exchangeclient.archive.series import Row, Series
from exchangeclient.archive.store import Kept
from exchangeclient.core.calling.dates import When, milliseconds
from exchangeclient.core.process.clock import SystemClock

_clock: Final = SystemClock()
_FAR: Final = 2**62
_PERIODS: Final = ("monthly", "daily")


class Exports(Reading):
    """The part of :class:`~exchangeclient.archive.Archive` that writes its records to files."""

    def export_csv(
        self,
        file: str | Path | IO[str],
        symbol: str,
        interval: str,
        start: When | None = None,
        end: When | None = None,
        *,
        venue: str | None = None,
        target: str | None = None,
        header: bool = True,
    ) -> int:
        """Write the stored records to a CSV file, which appears whole or not at all; how many.

        :param file: a path, or a file that is open for text
        :param target: larger candles, as :meth:`resample` makes them
        :param header: whether the columns are named in the first line
        """
        if not hasattr(file, "write"):
            file = arguments.path("file", file)
        series: Series
        rows: Iterator[Sequence[Any]]
        if target is None:
            kept = self.find(symbol, interval, venue)
            series, rows = kept.series, self._store.rows(kept, *self._range(kept, start, end))
        else:
            series, rows = self.candles(symbol, interval, start, end, venue=venue, target=target)
        if not isinstance(file, str | Path):
            return csvfiles.write(series, rows, file, header=header)
        with whole_text(Path(file)) as text:  # a text was made a path above
            return csvfiles.write(series, rows, text, header=header)

    def export_dumps(
        self,
        root: str | Path,
        symbol: str,
        interval: str,
        start: When | None = None,
        end: When | None = None,
        *,
        period: Period = "monthly",
        venue: str | None = None,
    ) -> list[Path]:
        """Write the stored records as Binance lays out its public dumps, zips with checksums, and tell their paths.

        Only of months (or days) in which nothing is missing; those in which the venue has nothing are left out, as it leaves them out.

        :param root: the folder that gets ``data/spot/monthly/klines/...``
        :param period: ``"monthly"`` or ``"daily"``
        """
        root = arguments.path("root", root)
        arguments.one_of("period", period, _PERIODS)
        kept = self.find(symbol, interval, venue)
        written = []
        for dump, rows in self._dumped(kept, start, end, period):
            path, count = dumps.write(kept.series, dump, rows, root)
            if count:
                written.append(path)
            else:
                path.unlink()
                path.with_name(f"{path.name}.CHECKSUM").unlink()
        return written

    def _dumped(self, kept: Kept, start: When | None, end: When | None, period: Period) -> Iterator[tuple[Dump, Iterator[Row]]]:
        series = kept.series
        now_ms = _clock.now_ms()
        first = 0 if start is None else milliseconds(start, now_ms, "start")
        last = _FAR if end is None else milliseconds(end, now_ms, "end")
        for from_ms, to_ms in self._store.times(kept) if series.is_trades else kept.known:
            if last <= from_ms or to_ms <= first:
                continue
            for dump in dumps.periods(series.symbol, series.interval, max(first, from_ms), min(last, to_ms), period):
                opens, closes = dump.time_range
                if series.is_trades:
                    near = [self._store.near(kept, each) for each in (opens, closes)]
                    yield dump, self._store.rows(kept, near[0] or 0, near[1] or 0)
                else:
                    yield dump, self._store.rows(kept, opens, closes)

    def export_parquet(
        self,
        root: str | Path,
        symbol: str,
        interval: str,
        start: When | None = None,
        end: When | None = None,
        *,
        venue: str | None = None,
        floats: bool = False,
    ) -> list[Path]:
        """Write the stored records as Parquet, a file for each month, and tell their paths.

        ``venue=binance/symbol=BTCUSDT/interval=1m/month=2024-01/part.parquet``, as DuckDB, pandas and Dask read it in place. A file that is
        there is replaced.

        :param floats: prices and sizes as floating point numbers instead of exact decimals
        :raises ArchiveException: when pyarrow is not installed (``exchangeclient[parquet]``)
        """
        root = arguments.path("root", root)
        kept = self.find(symbol, interval, venue)
        rows = self._store.rows(kept, *self._range(kept, start, end))
        return parquet.write(kept.series, rows, root, known=[] if kept.series.is_trades else kept.known, floats=floats)
