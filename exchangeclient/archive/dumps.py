"""Binance's public dumps (https://github.com/binance/binance-public-data): their names, zips, checksums.

``data/spot/monthly/klines/BTCUSDT/1m/BTCUSDT-1m-2024-01.zip``, beside it ``.zip.CHECKSUM``; in the zip one CSV file without a header.
Times are milliseconds until 2024, microseconds from 2025-01-01 on.
"""

from __future__ import annotations

import contextlib
import gzip
import hashlib
import io
import re
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import IO, Final, Literal
from urllib.parse import unquote

from exchangeclient.archive import csvfiles
from exchangeclient.archive.files import whole_bytes, whole_text
from exchangeclient.archive.names import file_name, interval_name, interval_of
from exchangeclient.archive.series import TRADES, Row, Series
from exchangeclient.exceptions import ArchiveException

Period = Literal["monthly", "daily"]

_NAME: Final = re.compile(
    r"(?P<symbol>[^-/\\][^/\\]*?)-(?P<interval>[1-9]\d*(?:s|m|h|d|w|mo)|aggTrades)-(?P<date>\d{4}-\d{2}(?:-\d{2})?)(?:\.(?:zip|csv|gz))+"
)
_IN_MICROSECONDS: Final = date(2025, 1, 1)
_CHUNK: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class Dump:
    """What the name of a dump says.

    :ivar day: of its month the first, or its day
    """

    symbol: str
    interval: str
    period: Period
    day: date

    @property
    def stem(self) -> str:
        """Its name without an ending."""
        when = f"{self.day:%Y-%m}" if self.period == "monthly" else f"{self.day:%Y-%m-%d}"
        return f"{file_name(self.symbol)}-{interval_name(self.interval)}-{when}"

    @property
    def folder(self) -> Path:
        """Where it is, under the root of all dumps."""
        kind = Path("aggTrades") if self.interval == TRADES else Path("klines")
        place = Path("data", "spot", self.period) / kind / file_name(self.symbol)
        return place if self.interval == TRADES else place / interval_name(self.interval)

    @property
    def time_range(self) -> tuple[int, int]:
        """The milliseconds from which on, and before which, its records begin."""
        return _ms(self.day), _ms(self.next_day)

    @property
    def next_day(self) -> date:
        """The day after it."""
        return self.day + timedelta(days=1) if self.period == "daily" else (self.day + timedelta(days=32)).replace(day=1)


def named(path: Path) -> Dump | None:
    """What the name of a file says, None when it is not that of a dump."""
    found = _NAME.fullmatch(path.name)
    if found is None:
        return None
    parts = [int(part) for part in found["date"].split("-")]
    try:
        day = date(parts[0], parts[1], parts[2] if len(parts) == 3 else 1)
    except ValueError:
        return None
    return Dump(unquote(found["symbol"]), interval_of(found["interval"]), "daily" if len(parts) == 3 else "monthly", day)


def periods(symbol: str, interval: str, first_ms: int, last_ms: int, period: Period) -> Iterator[Dump]:
    """The dumps whose time lies within two moments, whole."""
    day = datetime.fromtimestamp(first_ms / 1000, UTC).date()
    dump = Dump(symbol, interval, period, day.replace(day=1) if period == "monthly" else day)
    while dump.time_range[1] <= last_ms:
        if dump.time_range[0] >= first_ms:
            yield dump
        dump = Dump(symbol, interval, period, dump.next_day)


def write(series: Series, dump: Dump, rows: Iterable[Row], root: Path) -> tuple[Path, int]:
    """A dump and its checksum; the file, and how many rows it has."""
    folder = root / dump.folder
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{dump.stem}.zip"
    # The same rows make the same bytes, whenever they are written.
    entry = zipfile.ZipInfo(f"{dump.stem}.csv", date_time=(dump.day.year, dump.day.month, dump.day.day, 0, 0, 0))
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.external_attr = 0o644 << 16
    # Row by row: a month of trades is more than fits into memory.
    with (
        whole_bytes(path) as file,
        zipfile.ZipFile(file, "w") as archive,
        archive.open(entry, "w", force_zip64=True) as member,
        io.TextIOWrapper(member, encoding="ascii", newline="") as table,
    ):
        count = csvfiles.write(series, (_as_dumped(series, row, dump.day) for row in rows), table, header=False)
    with whole_text(path.with_name(f"{path.name}.CHECKSUM")) as checksum:
        checksum.write(f"{_digest(path)}  {path.name}\n")
    return path, count


@contextlib.contextmanager
def opened(path: Path) -> Iterator[IO[str]]:
    """The CSV of a file: a zip with one in it, whose checksum is looked at where it lies beside it, a ``.gz``, or the CSV itself.

    :raises ArchiveException: when it cannot be read, or the checksum is another
    """
    try:
        if path.suffix != ".zip":
            with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as file:
                yield csvfiles.text_of(file)
            return
        _check(path)
        with zipfile.ZipFile(path) as archive:
            names = [entry.filename for entry in archive.infolist() if not entry.is_dir()]
            if len(names) != 1:
                raise ArchiveException(f"{path}: a dump has one file in it, this one has {len(names)}")
            with archive.open(names[0]) as member:
                yield csvfiles.text_of(member)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, OSError, RuntimeError) as error:
        raise ArchiveException(f"{path} cannot be read: {error}") from error


def _check(path: Path) -> None:
    beside = path.with_name(f"{path.name}.CHECKSUM")
    if not beside.exists():
        return
    told = beside.read_text(encoding="ascii", errors="replace").split()
    if len(told) != 2 or told[1] != path.name:
        raise ArchiveException(f"{beside} is no checksum of {path.name}")
    if told[0].lower() != _digest(path):
        raise ArchiveException(f"{path} is not what {beside.name} says: it was cut or changed on its way, get it again")


def _digest(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def _as_dumped(series: Series, row: Row, day: date) -> Row:
    shown = list(row) if series.is_trades else [*row, 0]
    if day >= _IN_MICROSECONDS:
        for column in (5,) if series.is_trades else (0, 6):
            # A candle closes at the last millisecond, and so at the last microsecond.
            shown[column] = shown[column] * 1000 + (999 if column == 6 else 0)
    if series.is_trades:
        shown[6:] = [None if flag is None else bool(flag) for flag in shown[6:]]
    return tuple(shown)


def _ms(day: date) -> int:
    return int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()) * 1000
