from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from exchangeclient.core.process.onlyrun import only_run
from exchangeclient.sandbox import Sandbox

from .conftest import Run

WIDE_S = 60.0


@pytest.fixture(scope="module", autouse=True)
def pq() -> Any:
    return pytest.importorskip("pyarrow.parquet", reason="SKIPPED: Parquet needs the extra [parquet]")


@pytest.fixture(scope="module")
def standing() -> Iterator[Sandbox]:
    """An exchange in which no time passes."""
    with Sandbox(seed=5, start="2024-03-05T12:34", speed=0, step=60, limits="counted") as exchange:
        yield exchange


@pytest.mark.parametrize(("venue", "symbol"), [("binance", "ETHBTC"), ("okx", "BTC-USDT"), ("bitmex", "XBTUSD")])
def test_a_folder_is_filled_by_processes_and_only_what_is_missing_is_asked_for(
    venue: str, symbol: str, run: Run, standing: Sandbox, tmp_path: Path, pq: Any
) -> None:
    there = ["--venue", venue, "--environment", standing.urls[venue]["rest"], "--share", "1"]
    wanted = ["klines", "parquet", str(tmp_path), symbol.lower(), "-i", "1d", *there]
    done = run(*wanted, "--json")
    assert (done.code, done.err) == (0, "")
    months = json.loads(done.out)
    assert [(each["rows"], each["missing"]) for each in months] == [(26, 0), (4, 0)]
    for each in months:
        table = pq.ParquetFile(each["file"]).read()
        assert table.num_rows == each["rows"]
        assert f"symbol={symbol}/" in each["file"]
    again = run(*wanted, "--json")
    assert (again.code, json.loads(again.out)) == (0, [])
    silent = run(*wanted)
    assert (silent.code, silent.out, silent.err) == (0, "", "")


def test_the_folder_is_read_in_place(run: Run, standing: Sandbox, tmp_path: Path) -> None:
    there = ["--environment", standing.urls["binance"]["rest"], "--share", "1"]
    assert run("klines", "parquet", str(tmp_path), "ETHBTC", "BTCUSDT", "-i", "1d", "--of", "here", "--floats", *there).code == 0
    duckdb = pytest.importorskip("duckdb", reason="SKIPPED: duckdb is not installed")
    query = f"SELECT venue, symbol, count(*) FROM read_parquet('{tmp_path}/**/*.parquet', hive_partitioning=true) GROUP BY ALL ORDER BY ALL"
    assert duckdb.sql(query).fetchall() == [("here", "BTCUSDT", 30), ("here", "ETHBTC", 30)]
    pandas = pytest.importorskip("pandas", reason="SKIPPED: pandas is not installed")
    assert pandas.read_parquet(tmp_path)["close"].dtype == "float64"


def test_wrong_usage_and_a_venue_that_is_not_there_leave_no_folder(run: Run, there: list[str], tmp_path: Path) -> None:
    folder = tmp_path / "new"
    assert run("klines", "parquet", str(folder), "ETHBTC", "-i", "aggTrades", *there).code == 2
    assert run("klines", "parquet", str(folder), "ETHBTC", "-i", "often", *there).code == 2
    assert run("klines", "parquet", str(folder), "ETHBTC", *there).code == 2
    assert run("klines", "parquet", str(folder), "ETHBTC", "-i", "1d", "--environment", "http://127.0.0.1:9").code == 5
    assert not folder.exists()


def test_runs_that_overlap_do_not_do_the_same_twice(run: Run, there: list[str], tmp_path: Path) -> None:
    with only_run(tmp_path / ".exchangeclient.lock"):
        done = run("klines", "parquet", str(tmp_path), "ETHBTC", "-i", "1d", *there)
    assert done.code == 4
    assert str(os.getpid()) in done.err


def test_a_symbol_that_there_is_not(run: Run, there: list[str], tmp_path: Path) -> None:
    assert run("klines", "parquet", str(tmp_path), "NOSUCH", "-i", "1d", *there).code == 7


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
@pytest.mark.parametrize(("number", "code", "says"), [(signal.SIGINT, 130, "stopped\n"), (signal.SIGTERM, 143, "")])
def test_it_ends_with_its_processes_when_it_is_asked_to(number: int, code: int, says: str, settings_file: Path, tmp_path: Path) -> None:
    with Sandbox(seed=5, start="2024-03-05T12:34", speed=0, step=60) as exchange:
        # What the command itself asks is answered at once, two questions; the pages of the processes after a long time.
        held = exchange.fault("delay", route="GET /api/v3/klines", by=8, after=2)
        command = [sys.executable, "-m", "exchangeclient", "klines", "parquet", str(tmp_path), "ETHBTC", "-i", "1h"]
        command += ["--start", "2024-02-20", "--environment", exchange.urls["binance"]["rest"]]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True) as child:
            until = time.monotonic() + WIDE_S
            while held.hits < 1 and time.monotonic() < until:
                time.sleep(0.05)
            workers = _spawned_by(child.pid)
            assert workers
            os.killpg(child.pid, number) if number == signal.SIGINT else child.send_signal(number)
            _, err = child.communicate(timeout=WIDE_S)
        exchange.faults.clear()
    assert (child.returncode, err.lstrip()) == (code, says)
    assert not any(Path(f"/proc/{each}").exists() for each in workers)
    assert not list(tmp_path.glob("**/part.*")), "neither half a month, nor one that was waited for"


def _spawned_by(pid: int) -> list[int]:
    """The processes that work for one; its resource tracker does not."""
    found = []
    for each in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(each.read_text().rpartition(")")[2].split()[1])
            words = each.with_name("cmdline").read_bytes()
        except (OSError, ValueError):
            continue
        if parent == pid and b"spawn_main" in words:
            found.append(int(each.parent.name))
    return found
