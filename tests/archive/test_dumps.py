from __future__ import annotations

import hashlib
import zipfile
from datetime import date
from pathlib import Path

import pytest

from exchangeclient.archive import csvfiles, dumps
from exchangeclient.archive.dumps import Dump, named
from exchangeclient.archive.series import TRADES, Row, Series
from exchangeclient.exceptions import ArchiveException

from .conftest import candle, trade

DAY_MS = 86_400_000
HOURS = Series("binance", "BTCUSDT", "1h")


def hours(first_ms: int, count: int) -> list[Row]:
    return [candle(first_ms + each * 3_600_000, "1h") for each in range(count)]


@pytest.mark.parametrize(
    ("name", "dump"),
    [
        ("BTCUSDT-1m-2024-01.zip", Dump("BTCUSDT", "1m", "monthly", date(2024, 1, 1))),
        ("BTCUSDT-1mo-2024-01.zip", Dump("BTCUSDT", "1M", "monthly", date(2024, 1, 1))),
        ("ETHBTC-12h-2018-01-31.csv", Dump("ETHBTC", "12h", "daily", date(2018, 1, 31))),
        ("ETHBTC-aggTrades-2018-01-31.zip", Dump("ETHBTC", TRADES, "daily", date(2018, 1, 31))),
        ("币安人生USDT-1h-2025-10.zip", Dump("币安人生USDT", "1h", "monthly", date(2025, 10, 1))),
        ("ETHBTC-5m.csv.gz", None),
        ("ETHBTC-1m-2024-13.zip", None),
        ("ETHBTC-1m-2024-02-30.zip", None),
        ("notes.zip", None),
    ],
)
def test_names_say_what_a_dump_has(name: str, dump: Dump | None) -> None:
    assert named(Path("somewhere", name)) == dump
    if dump is not None:
        assert named(Path(dump.stem + ".zip")) == dump


def test_the_places_are_those_of_the_venue() -> None:
    # https://github.com/binance/binance-public-data
    assert str(Dump("BTCUSDT", "1m", "monthly", date(2024, 1, 1)).folder) == "data/spot/monthly/klines/BTCUSDT/1m"
    assert str(Dump("BTCUSDT", "1M", "daily", date(2024, 1, 1)).folder) == "data/spot/daily/klines/BTCUSDT/1mo"
    assert str(Dump("BTCUSDT", TRADES, "monthly", date(2024, 1, 1)).folder) == "data/spot/monthly/aggTrades/BTCUSDT"


def test_only_whole_periods_are_dumps() -> None:
    january, march = 1_704_067_200_000, 1_709_251_200_000
    assert [each.day for each in dumps.periods("X", "1h", january, march, "monthly")] == [date(2024, 1, 1), date(2024, 2, 1)]
    assert [each.day for each in dumps.periods("X", "1h", january + 1, march - 1, "monthly")] == []
    assert len(list(dumps.periods("X", "1h", january + 1, march, "daily"))) == 59


@pytest.mark.parametrize(("day", "times"), [(date(2024, 1, 1), 1), (date(2025, 1, 1), 1000)])
def test_a_dump_is_read_back_and_its_checksum_is_looked_at(day: date, times: int, tmp_path: Path) -> None:
    dump = Dump("BTCUSDT", "1h", "daily", day)
    rows = hours(dump.time_range[0], 24)
    path, count = dumps.write(HOURS, dump, rows, tmp_path)
    assert (count, path) == (24, tmp_path / dump.folder / f"{dump.stem}.zip")
    assert path.with_name(f"{path.name}.CHECKSUM").read_text() == f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}\n"
    with zipfile.ZipFile(path) as archive:
        line = archive.read(f"{dump.stem}.csv").decode().splitlines()[0].split(",")
    assert (len(line), line[0], line[11]) == (12, str(rows[0][0] * times), "0")
    with dumps.opened(path) as file:
        assert list(csvfiles.read(HOURS, file, "x")) == rows
    same, _ = dumps.write(HOURS, dump, rows, tmp_path / "again")
    assert same.read_bytes() == path.read_bytes(), "the same rows are the same bytes"


def test_trades_have_the_flags_of_the_venue(tmp_path: Path) -> None:
    series, dump = Series("binance", "BTCUSDT", TRADES), Dump("BTCUSDT", TRADES, "daily", date(2023, 11, 14))
    path, _ = dumps.write(series, dump, [trade(1)], tmp_path)
    with zipfile.ZipFile(path) as archive:
        assert archive.read(f"{dump.stem}.csv").decode() == "1,1.50000000,0.10000000,2,3,1700000040001,False,True\n"
    with dumps.opened(path) as file:
        assert list(csvfiles.read(series, file, "x")) == [trade(1)]


@pytest.mark.parametrize("trouble", ["cut", "changed", "another one, whole", "checksum of another", "two files", "no zip"])
def test_K14_a_dump_that_was_cut_or_changed_is_refused(trouble: str, tmp_path: Path) -> None:
    dump = Dump("BTCUSDT", "1h", "daily", date(2024, 1, 1))
    path, _ = dumps.write(HOURS, dump, hours(dump.time_range[0], 24), tmp_path)
    beside = path.with_name(f"{path.name}.CHECKSUM")
    content = bytearray(path.read_bytes())
    match trouble:
        case "cut":
            beside.unlink()
            path.write_bytes(content[:-50])
        case "changed":
            content[60] ^= 1
            path.write_bytes(content)
        case "another one, whole":
            before = beside.read_text()
            dumps.write(HOURS, dump, hours(dump.time_range[0], 23), tmp_path)
            beside.write_text(before)
        case "checksum of another":
            beside.write_text(f"{'0' * 64}  other.zip\n")
        case "two files":
            beside.unlink()
            with zipfile.ZipFile(path, "a") as archive:
                archive.writestr("more.csv", "")
        case "no zip":
            beside.unlink()
            path.write_text("<html>not found</html>")
    with pytest.raises(ArchiveException, match="BTCUSDT-1h-2024-01-01"), dumps.opened(path) as file:
        file.read()
