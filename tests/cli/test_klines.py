from __future__ import annotations

import csv
import json
import subprocess
import sys
import time
from pathlib import Path

import pytest

from exchangeclient.cli.klines import COLUMNS
from exchangeclient.client import Client
from exchangeclient.sandbox import Sandbox

HOUR_MS = 3_600_000


def hours_ago(hours: int) -> str:
    """The start of the hour that many hours ago."""
    return str((int(time.time() * 1000) // HOUR_MS - hours) * HOUR_MS)


def fetch(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-W", "error", "-m", "exchangeclient", "klines", "fetch", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def test_closed_candles_go_to_the_file_in_silence(tmp_path: Path) -> None:
    out = tmp_path / "candles.csv"
    with Sandbox(seed=11) as exchange:
        rest = exchange.urls["binance"]["rest"]
        done = fetch("ETHBTC", "1h", "--start", hours_ago(48), "--end", hours_ago(1), "--out", str(out), "--environment", rest)
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
        rows = list(csv.reader(out.read_text(encoding="utf-8").splitlines()))
        assert rows[0] == COLUMNS
        assert len(rows) == 1 + 48
        with Client(environment=exchange.urls["binance"]) as client:
            venue = client.get_klines(symbol="ETHBTC", interval="1h", startTime=int(rows[1][0]), limit=48)
    assert rows[1:] == [[str(field) for field in row[:11]] for row in venue]
    assert [path.name for path in tmp_path.iterdir()] == ["candles.csv"]


def test_without_out_they_go_to_standard_output() -> None:
    done = fetch("ETHBTC", "1h", "--start", hours_ago(6), "--end", hours_ago(1), "--sandbox")
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[0] == ",".join(COLUMNS)
    assert len(done.stdout.splitlines()) == 1 + 6


def test_a_candle_that_is_still_open_is_left_out() -> None:
    done = fetch("ETHBTC", "1d", "--start", "3 days ago UTC", "--sandbox")
    assert done.returncode == 0, done.stderr
    closing = [int(row.split(",")[6]) for row in done.stdout.splitlines()[1:]]
    assert len(closing) == 2
    assert max(closing) < time.time() * 1000


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (("ETHBTC", "7m", "--start", "1 day ago UTC"), "7m"),
        (("NOSUCH", "1h", "--start", "1 day ago UTC"), "symbol"),
        (("ETHBTC", "1h", "--start", "the day before"), "the day before"),
    ],
)
def test_what_is_wrong_is_named_and_no_file_is_left(arguments: tuple[str, ...], named: str, tmp_path: Path) -> None:
    done = fetch(*arguments, "--out", str(tmp_path / "candles.csv"), "--sandbox")
    assert done.returncode == 1
    assert named in done.stderr
    assert "Traceback" not in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_was_there_survives_a_failure(tmp_path: Path) -> None:
    out = tmp_path / "candles.csv"
    out.write_text(json.dumps("yesterday's work"))
    assert fetch("NOSUCH", "1h", "--start", "1 day ago UTC", "--out", str(out), "--sandbox").returncode == 1
    assert json.loads(out.read_text()) == "yesterday's work"
