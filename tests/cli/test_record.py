"""``exchangeclient record`` writes a file that is complete however it ends, and that plays."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from exchangeclient.client import Client
from exchangeclient.depthcache import DepthCacheManager
from exchangeclient.recording import Replay, read_records
from exchangeclient.sandbox import Sandbox

COMMAND = [sys.executable, "-X", "dev", "-W", "error", "-m", "exchangeclient", "record"]
SOON_S = 30.0


def record(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*COMMAND, *arguments], cwd=cwd, capture_output=True, text=True, timeout=60, check=False)


@contextmanager
def running_command(command: list[str]) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as running:
        try:
            yield running
        finally:
            running.kill()


def test_streams_and_snapshots_of_the_symbols_are_in_the_file(tmp_path: Path) -> None:
    with Sandbox(seed=5) as exchange:
        rest = exchange.urls["binance"]["rest"]
        done = record("ethbtc", "BTCUSDT", "--out", "a.jsonl.gz", "--seconds", "2.5", "--environment", rest, cwd=tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    records = list(read_records(tmp_path / "a.jsonl.gz"))
    asked = [urlsplit(record.url) for record in records if record.dir == "http"]
    assert [url.path for url in asked] == ["/api/v3/exchangeInfo", "/api/v3/depth", "/api/v3/depth"]
    assert [parse_qs(url.query)["symbol"] for url in asked[1:]] == [["BTCUSDT"], ["ETHBTC"]]
    streams = Counter(json.loads(record.msg).get("stream") for record in records if record.dir == "in")
    kinds = ("depth@100ms", "trade", "bookTicker")
    assert set(streams) - {None} == {f"{symbol}@{kind}" for symbol in ("ethbtc", "btcusdt") for kind in kinds}
    # The books that can be made of it are the exchange's.
    with Replay(tmp_path / "a.jsonl.gz") as replay:
        book = DepthCacheManager(replay.client, "ETHBTC", bm=replay.manager(), ws_interval=100)
        replay.play()
        assert book.get_depth_cache().stats()["applied"] > 5
        assert book.stats()["gaps"] == 0


def test_a_sandbox_trades_by_what_was_recorded(tmp_path: Path) -> None:
    assert record("ETHBTC", "--out", "a.jsonl.gz", "--seconds", "2", "--sandbox", cwd=tmp_path).returncode == 0
    frames = [json.loads(each.msg) for each in read_records(tmp_path / "a.jsonl.gz") if each.dir == "in"]
    prices = [frame["data"]["p"] for frame in frames if frame.get("stream") == "ethbtc@trade"]
    with Sandbox(recordings=[tmp_path / "a.jsonl.gz"]) as exchange, Client(environment=exchange.urls["binance"]) as client:
        until, found = time.monotonic() + SOON_S, set[str]()
        while found.isdisjoint(prices) and time.monotonic() < until:
            threading.Event().wait(0.1)  # asking all the time would be more than the venue allows
            found = {trade["price"] for trade in client.get_recent_trades(symbol="ETHBTC")}
    assert not found.isdisjoint(prices), f"{found} of {prices}"


@pytest.mark.parametrize(
    ("number", "seconds", "code"),
    [(signal.SIGINT, None, 0), (signal.SIGTERM, "60", 143)],
)
def test_the_file_is_complete_when_it_is_stopped(tmp_path: Path, number: signal.Signals, seconds: str | None, code: int) -> None:
    path = tmp_path / "a.jsonl.gz"
    with Sandbox(seed=5) as exchange:
        command = [*COMMAND, "ETHBTC", "--out", str(path), "--environment", exchange.urls["binance"]["rest"]]
        command += [] if seconds is None else ["--seconds", seconds]
        with running_command(command) as running:
            until = time.monotonic() + SOON_S
            while time.monotonic() < until and not (path.exists() and sum(each.dir == "in" for each in read_records(path)) > 5):
                time.sleep(0.1)
            stopped = time.monotonic()
            running.send_signal(number)
            said = running.communicate(timeout=SOON_S)[1]
    assert time.monotonic() - stopped < 10.0
    assert running.returncode == code, said
    assert "Traceback" not in said
    assert subprocess.run(["gzip", "-t", str(path)], check=False).returncode == 0
    assert sum(each.dir == "in" for each in read_records(path)) > 5


def test_an_interruption_is_told_and_the_books_are_fetched_again(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl.gz"
    with Sandbox(seed=5) as exchange:
        command = [*COMMAND, "ETHBTC", "--streams", "depth", "--out", str(path), "--environment", exchange.urls["binance"]["rest"]]
        with running_command(command) as running:
            wait_for(path, http=2, open=1)
            exchange.fault("reset", stream="ethbtc@depth", times=1)
            wait_for(path, http=3, open=2)
            running.send_signal(signal.SIGTERM)
            said = running.communicate(timeout=SOON_S)[1]
    assert "ethbtc@depth: lost: " in said
    kinds = [each.dir for each in read_records(path)]
    assert kinds.index("close") < kinds.index("open", kinds.index("open") + 1)


def wait_for(path: Path, **counts: int) -> None:
    """Until there are so many records of each kind."""
    until = time.monotonic() + SOON_S
    while time.monotonic() < until:
        found = Counter(each.dir for each in read_records(path)) if path.exists() else Counter[Any]()
        if all(found[kind] >= count for kind, count in counts.items()):
            return
        time.sleep(0.1)
    raise AssertionError(f"{found} after {SOON_S} s")


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (("NOPE", "--out", "a.jsonl.gz"), 7, "Invalid symbol"),
        (("ETHBTC", "--out", "a.jsonl"), 2, "does not end in .gz"),
        (("ETHBTC", "--out", "a.jsonl.gz", "--streams", "kline_7m"), 2, "kline_7m"),
        (("ETHBTC", "--out", "there.jsonl.gz"), 1, "there.jsonl.gz"),
        (("ETHBTC", "--out", "a.jsonl.gz", "--seconds", "nan"), 2, "nan is no time"),
        (("--out", "a.jsonl.gz"), 2, "SYMBOL"),
    ],
)
def test_what_makes_no_sense_leaves_no_file(tmp_path: Path, arguments: tuple[str, ...], code: int, says: str) -> None:
    (tmp_path / "there.jsonl.gz").write_bytes(b"precious")
    done = record("--sandbox", "--seconds", "5", *arguments, cwd=tmp_path)
    assert done.returncode == code, done.stderr
    assert says in done.stderr
    assert [(path.name, path.read_bytes()) for path in tmp_path.iterdir()] == [("there.jsonl.gz", b"precious")]
