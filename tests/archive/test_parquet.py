"""Parquet, arrays and frames, where their libraries are installed; and months as tasks, on a Dask cluster of this machine."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from exchangeclient.archive import Archive, sync_parquet
from exchangeclient.archive import parquet as module
from exchangeclient.archive.files import whole_bytes
from exchangeclient.archive.series import TRADES, Series
from exchangeclient.client import Client
from exchangeclient.exceptions import RateLimitException
from exchangeclient.sandbox import Sandbox

from .conftest import MINUTE_MS, SERIES, START, Venue, candle, minutes, trade

JANUARY = 1_704_067_200_000
DAY_MS = 86_400_000
DAYS = Series("binance", "BTCUSDT", "1d")


@pytest.fixture(scope="module")
def exchange() -> Iterator[Sandbox]:
    with Sandbox(seed=5, start="2024-03-05T12:34", speed=0, step=60, limits="counted") as exchange:
        yield exchange


@pytest.fixture
def client(exchange: Sandbox) -> Iterator[Client]:
    with Client(environment=exchange.urls["binance"]) as client:
        yield client


@pytest.fixture
def pq() -> Any:
    return pytest.importorskip("pyarrow.parquet", reason="SKIPPED: Parquet needs the extra [parquet]")


def days(count: int) -> list[tuple[Any, ...]]:
    return [candle(JANUARY + each * DAY_MS, "1d") for each in range(count)]


def test_each_month_is_a_file_with_exact_figures(pq: Any, tmp_path: Path) -> None:
    rows = days(40)
    paths = module.write(DAYS, rows, tmp_path, known=[(rows[0][0], rows[-1][0] + DAY_MS)])
    assert [str(path.relative_to(tmp_path)) for path in paths] == [
        f"venue=binance/symbol=BTCUSDT/interval=1d/month=2024-{month}/part.parquet" for month in ("01", "02")
    ]
    table = pq.ParquetFile(paths[0]).read()
    assert table.column_names == list(DAYS.columns)
    assert table["close"].to_pylist() == [Decimal("1.500000000000000000")] * 31
    assert table["open_time"].to_pylist()[0] == datetime(2024, 1, 1, tzinfo=UTC)
    assert module.known_of(paths[1]) == [(JANUARY + 31 * DAY_MS, JANUARY + 40 * DAY_MS)]
    floats = module.write(DAYS, rows, tmp_path / "floats", floats=True)
    assert pq.ParquetFile(floats[0]).read()["close"].to_pylist()[0] == 1.5
    assert module.known_of(tmp_path / "nowhere") == []


def test_K16_figures_keep_all_their_digits(pq: Any, tmp_path: Path) -> None:
    price = "12345678901234567890.123456789012345678"
    row = (JANUARY, price, price, price, price, "0.000000000000000001", JANUARY + DAY_MS - 1, "1", 1, "1", "1")
    (path,) = module.write(DAYS, [row], tmp_path)
    assert pq.ParquetFile(path).read()["open"].to_pylist() == [Decimal(price)]


def test_months_and_minutes_are_in_folders_of_their_own(tmp_path: Path) -> None:
    one, other = (module.path_of(tmp_path, Series("v", "S", interval), JANUARY) for interval in ("1m", "1M"))
    assert str(one).casefold() != str(other).casefold()
    assert module.path_of(tmp_path, Series("v", "../x", "1m"), JANUARY).is_relative_to(tmp_path)
    assert ".." not in module.path_of(tmp_path, Series("v", "../x", "1m"), JANUARY).parts


def test_a_folder_is_read_in_place_beside_what_a_killed_run_left(pq: Any, tmp_path: Path) -> None:
    row = (JANUARY, "1", "2", "1", "1.5", "3", JANUARY + DAY_MS - 1, "1", 1, "1", "1")
    (path,) = module.write(DAYS, [row], tmp_path)
    with whole_bytes(path) as file:
        file.write(b"PAR1")
        file.flush()
        assert pq.read_table(tmp_path).num_rows == 1
        file.write(path.read_bytes()[4:])


def test_trades_are_written_by_their_times(pq: Any, tmp_path: Path) -> None:
    series = Series("binance", "BTCUSDT", TRADES)
    paths = module.write(series, [trade(1, JANUARY), trade(2, JANUARY + 31 * DAY_MS)], tmp_path)
    assert [pq.ParquetFile(path).read()["id"].to_pylist() for path in paths] == [[1], [2]]


def test_an_archive_is_exported_and_read_in_place(pq: Any, client: Client, tmp_path: Path) -> None:
    with Archive(tmp_path / "a.db") as archive:
        archive.sync(client, "ETHBTC", "1h")
        paths = archive.export_parquet(tmp_path / "pq", "ETHBTC", "1h")
        rows = list(archive.rows("ETHBTC", "1h"))
    assert len(paths) == 2
    closes = [each for path in paths for each in pq.ParquetFile(path).read()["close"].to_pylist()]
    assert closes == [Decimal(row[4]).quantize(Decimal("1e-18")) for row in rows]
    duckdb = pytest.importorskip("duckdb", reason="SKIPPED: duckdb is not installed")
    query = (
        f"SELECT symbol, month, count(*), sum(volume) FROM read_parquet('{tmp_path}/pq/**/*.parquet', hive_partitioning=true) GROUP BY ALL"
    )
    found = sorted(duckdb.sql(query).fetchall())
    assert [(symbol, str(month), count) for symbol, month, count, _ in found] == [
        ("ETHBTC", "2024-02", 600),
        ("ETHBTC", "2024-03", 120),
    ] or sum(each[2] for each in found) == 720
    assert sum(each[3] for each in found) == sum(Decimal(row[5]) for row in rows)


def test_arrays_and_frames(client: Client, tmp_path: Path) -> None:
    numpy = pytest.importorskip("numpy", reason="SKIPPED: numpy is not installed")
    with Archive(tmp_path / "a.db") as archive:
        archive.sync(client, "ETHBTC", "1d")
        found = archive.arrays("ETHBTC", "1d")
        rows = list(archive.rows("ETHBTC", "1d"))
        assert found["close"].dtype == numpy.float64
        assert found["close"].tolist() == [float(row[4]) for row in rows]
        assert found["open_time"].astype("int64").tolist() == [row[0] for row in rows]
        pytest.importorskip("pandas", reason="SKIPPED: pandas is not installed")
        frame = archive.frame("ETHBTC", "1d", start="2024-03-01")
        assert str(frame.index[0]) == "2024-03-01 00:00:00+00:00"
        assert frame["close"].tolist() == [float(row[4]) for row in rows if row[0] >= 1_709_251_200_000]


# ---- months as tasks -------------------------------------------------------------------------------------------------


def test_months_are_read_and_written_by_any_executor_and_only_what_is_missing(pq: Any, client: Client, tmp_path: Path) -> None:
    with ThreadPoolExecutor(2) as executor:
        written = sync_parquet(client, tmp_path, "ETHBTC", ["1h", "1d"], executor=executor)
        assert sorted((each.path.parent.parent.name, each.path.parent.name, each.missing) for each in written) == [
            (f"interval={interval}", f"month=2024-0{month}", 0) for interval in ("1d", "1h") for month in (2, 3)
        ]
        assert sum(each.rows for each in written) == 750
        assert sync_parquet(client, tmp_path, "ETHBTC", ["1h", "1d"], executor=executor) == []
        written[0].path.unlink()
        assert len(sync_parquet(client, tmp_path, "ETHBTC", ["1h", "1d"], executor=executor)) == 1
    with Archive(tmp_path / "a.db") as archive:
        archive.sync(client, "ETHBTC", "1h")
        rows = list(archive.rows("ETHBTC", "1h"))
    found = [
        each for path in sorted(tmp_path.glob("**/interval=1h/**/*.parquet")) for each in pq.ParquetFile(path).read()["high"].to_pylist()
    ]
    assert found == [Decimal(row[2]).quantize(Decimal("1e-18")) for row in rows]


def test_a_month_waits_for_the_budget(pq: Any, tmp_path: Path) -> None:
    refused: list[int] = []

    def trouble(what: str, series: Series, first: int, last: int) -> None:
        if what == "rows" and len(refused) < 3:
            refused.append(first)
            raise RateLimitException("not sent: the budget is used up", status_code=0, code=0, retry_after=0.01)

    end = START + 30 * MINUTE_MS
    venue = Venue({SERIES: minutes(30)}, end, trouble=trouble)
    written = module.fill(lambda: venue, module.Month(SERIES, START, end, end, str(tmp_path), floats=False))
    assert (written.rows, written.missing, len(refused)) == (30, 0, 3)


@pytest.mark.filterwarnings("default")
def test_a_dask_cluster_fills_a_folder_and_an_archive(pq: Any, exchange: Sandbox, client: Client, tmp_path: Path) -> None:
    distributed = pytest.importorskip("distributed", reason="SKIPPED: a cluster needs the extra [dask]")
    cluster = distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None, host="127.0.0.1", local_directory=str(tmp_path / "dask")
    )
    with cluster, distributed.Client(cluster) as dask:
        executor = dask.get_executor()
        written = sync_parquet(client, tmp_path / "pq", "ETHBTC", ["1h", "1d"], executor=executor, ledger=tmp_path / "ledger.db")
        assert (sum(each.rows for each in written), sum(each.missing for each in written)) == (750, 0)
        with Archive(tmp_path / "a.db") as archive:
            (outcome,) = archive.sync(client, "BTCUSDT", "1h", executor=executor, ledger=tmp_path / "ledger.db")
            assert (outcome.rows, outcome.missing) == (720, 0)
            assert not any(each.is_wrong for each in archive.verify(client=client))
    assert (tmp_path / "ledger.db").exists()
