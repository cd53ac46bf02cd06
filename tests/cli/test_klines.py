from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from threading import Event
from types import SimpleNamespace
from urllib.parse import parse_qs

import pytest

from exchangeclient.cli.klines.fetch import COLUMNS
from exchangeclient.client import Client
from exchangeclient.sandbox import Sandbox
from exchangeclient.serving.host import Host
from exchangeclient.serving.messages import HttpRequest, HttpResponse

HOUR_MS = 3_600_000


def hours_ago(hours: int) -> str:
    """The start of the hour that many hours ago."""
    return str((int(time.time() * 1000) // HOUR_MS - hours) * HOUR_MS)


COMMAND = (sys.executable, "-W", "error", "-m", "exchangeclient", "klines", "fetch")


def fetch(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*COMMAND, *arguments], capture_output=True, text=True, timeout=60, check=False)


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
    ("arguments", "code", "named"),
    [
        (("ETHBTC", "7m", "--start", "1 day ago UTC", "--sandbox"), 2, "7m"),
        (("", "1h", "--start", "1 day ago UTC", "--sandbox"), 2, "symbol"),
        (("NOSUCH", "1h", "--start", "1 day ago UTC", "--sandbox"), 7, "symbol"),
        (("ETHBTC", "1h", "--start", "the day before", "--sandbox"), 2, "--start: cannot be read as a date: 'the day before'"),
        (("ETHBTC", "1h", "--start", "1 day ago", "--end", "never", "--sandbox"), 2, "--end"),
        (("ETHBTC", "1h", "--start", "2100-01-01", "--sandbox"), 1, "--start"),
        (("ETHBTC", "1m", "--start", "2018-01-01", "--end", "2018-01-02", "--sandbox"), 1, "no closed 1m candle of ETHBTC"),
        (("ETHBTC", "1h", "--start", "1 day ago", "--sandbox", "--environment", "testnet"), 2, "--environment"),
        (("ETHBTC", "1h", "--start", "1 day ago", "--environment", ""), 2, "environment"),
    ],
)
def test_what_is_wrong_is_named_and_nothing_is_written(arguments: tuple[str, ...], code: int, named: str, tmp_path: Path) -> None:
    done = fetch(*arguments, "--out", str(tmp_path / "candles.csv"))
    assert (done.returncode, done.stdout) == (code, "")
    assert named in done.stderr
    assert "Traceback" not in done.stderr
    assert list(tmp_path.iterdir()) == []
    assert fetch(*arguments).stdout == ""


@pytest.mark.skipif(sys.platform == "win32", reason="links and permissions differ on Windows")
def test_a_link_goes_on_leading_to_the_file_and_permissions_stay(tmp_path: Path) -> None:
    kept, link = tmp_path / "kept.csv", tmp_path / "link.csv"
    kept.touch(mode=0o600)
    link.symlink_to(kept)
    assert fetch("ETHBTC", "1h", "--start", hours_ago(3), "--sandbox", "--out", str(link)).returncode == 0
    assert link.is_symlink()
    assert kept.stat().st_mode & 0o777 == 0o600
    assert kept.read_text(encoding="utf-8").startswith("open_time,")


@pytest.mark.skipif(sys.platform == "win32", reason="there are no named pipes of this kind on Windows")
def test_a_pipe_is_written_to_and_not_replaced(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with subprocess.Popen(["cat", str(pipe)], stdout=subprocess.PIPE, text=True) as reader:
        assert fetch("ETHBTC", "1h", "--start", hours_ago(3), "--sandbox", "--out", str(pipe)).returncode == 0
        written, _ = reader.communicate(timeout=60)
    assert written.startswith("open_time,")
    assert pipe.is_fifo()


@pytest.mark.skipif(sys.platform == "win32", reason="signals to a child differ on Windows")
def test_an_unfinished_file_is_put_away_when_the_command_is_stopped(tmp_path: Path) -> None:
    asked = Event()

    def slow(request: HttpRequest) -> HttpResponse:
        if request.path.endswith("/time"):
            return HttpResponse(200, b'{"serverTime": %d}' % (time.time() * 1000))
        rows = [[start, "1", "1", "1", "1", "1", start + HOUR_MS - 1, "1", 1, "1", "1", "0"] for start in starts(request)]
        if rows[0][0] > 1000 * HOUR_MS:
            asked.set()  # the second page: the first is in the file
        return HttpResponse(200, json.dumps(rows).encode())

    host = Host(SimpleNamespace(http=slow, websocket=None))
    host.start()
    try:
        command = [sys.executable, "-m", "exchangeclient", "klines", "fetch", "ETHBTC", "1h", "--start", "1970-01-01"]
        command += ["--out", str(tmp_path / "candles.csv"), "--environment", f"http://127.0.0.1:{host.port}"]
        with subprocess.Popen(command, stderr=subprocess.PIPE) as child:
            assert asked.wait(60)
            child.send_signal(signal.SIGTERM)
            assert child.wait(30) == 143
    finally:
        host.stop()
    assert list(tmp_path.iterdir()) == []


def starts(request: HttpRequest) -> range:
    """The open times of the thousand candles that a request asks for."""
    first = int(parse_qs(request.query)["startTime"][0])
    return range(first, first + 1000 * HOUR_MS, HOUR_MS)


def test_a_file_that_was_there_survives_a_failure(tmp_path: Path) -> None:
    out = tmp_path / "candles.csv"
    out.write_text(json.dumps("yesterday's work"))
    assert fetch("NOSUCH", "1h", "--start", "1 day ago UTC", "--out", str(out), "--sandbox").returncode == 7
    assert json.loads(out.read_text()) == "yesterday's work"


def test_as_json_they_are_a_list_of_objects_over_pages(tmp_path: Path) -> None:
    out, log = tmp_path / "candles.json", tmp_path / "fetch.log"
    with Sandbox(seed=11) as exchange:
        where = ("--environment", exchange.urls["binance"]["rest"])
        span = ("ETHBTC", "5m", "--start", hours_ago(150), "--end", str(int(hours_ago(0)) - 1))
        done = fetch(*span, "--json", "--quiet", "--out", str(out), "--log-file", str(log), *where)
        lines = fetch(*span, *where).stdout.splitlines()
    assert (done.returncode, json.loads(done.stdout), done.stderr) == (0, {"file": str(out), "candles": 1800}, "")
    told = json.loads(out.read_text(encoding="utf-8"))
    assert len(told) == 1800
    assert [list(each) for each in told] == [COLUMNS] * 1800
    assert [",".join(str(field) for field in each.values()) for each in told] == lines[1:]
    assert {type(told[0][name]) for name in ("open_time", "close_time", "trades")} == {int}
    assert f"1800 candles in {out}" in log.read_text(encoding="utf-8")


def test_what_goes_wrong_is_in_the_log_file_too(tmp_path: Path) -> None:
    log = tmp_path / "fetch.log"
    done = fetch("NOSUCH", "1h", "--start", "1 day ago UTC", "--quiet", "--log-file", str(log), "--sandbox")
    assert done.returncode == 7
    assert "ERROR" in log.read_text(encoding="utf-8")


@pytest.mark.skipif(sys.platform == "win32", reason="pipes differ on Windows")
def test_whoever_reads_may_go() -> None:
    command = [*COMMAND, "ETHBTC", "5m", "--start", "20 days ago", "--sandbox"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        assert child.stdout.readline().startswith("open_time,")
        child.stdout.close()
        assert child.wait(60) == 141
        assert child.stderr is not None
        assert child.stderr.read() == ""
