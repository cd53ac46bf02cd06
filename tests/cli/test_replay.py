from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from exchangeclient.core.http import jsonio
from exchangeclient.recording import Record

from .conftest import Run

BEGIN_S = 1_700_000_000.0


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A second of trades, with an answer, and a connection that broke."""
    url = "ws://localhost/stream?streams=ethbtc@trade/btcusdt@trade"
    records = [Record(BEGIN_S, "http", "http://localhost/api/v3/depth?symbol=ETHBTC", '{"lastUpdateId": 1}'), Record(BEGIN_S, "open", url)]
    for number in range(10):
        stream = "ethbtc@trade" if number % 2 else "btcusdt@trade"
        data = {"e": "trade", "t": number, "p": "0.10", "q": "1", "m": True}
        records.append(Record(BEGIN_S + number / 10, "in", url, jsonio.encode({"stream": stream, "data": data}).decode()))
    records.append(Record(BEGIN_S + 1, "close", url, "reset"))
    path = tmp_path / "a.jsonl"
    path.write_bytes(b"".join(jsonio.encode(record) + b"\n" for record in records))
    return path


def test_what_is_in_it(run: Run, file: Path) -> None:
    rows = json.loads(run("replay", str(file), "--json").out)
    assert [(row["stream"], row["events"]) for row in rows] == [("GET /api/v3/depth", 1), ("btcusdt@trade", 5), ("ethbtc@trade", 5)]
    assert rows[2] | {"a second": 6.25} == rows[2]
    assert (rows[1]["from"], rows[1]["to"]) == ("2023-11-14 22:13:20", "2023-11-14 22:13:20")


def test_its_events_with_their_own_times(run: Run, file: Path) -> None:
    lines = run("replay", str(file), "--events", "--stream", "ethbtc@trade").out.splitlines()
    assert lines[0] == "22:13:20.100  ethbtc@trade  sold 1 at 0.1"
    assert len(lines) == 5


def test_at_the_speed_that_was_asked_for(run: Run, file: Path) -> None:
    begun = time.monotonic()
    lines = run("replay", str(file), "--speed", "2", "--json").out.splitlines()
    assert time.monotonic() - begun >= 0.4
    assert [json.loads(line)["data"]["t"] for line in lines] == list(range(10))


def test_a_file_that_is_none(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_text("no recording\n")
    done = run("replay", str(path))
    assert (done.code, done.out) == (2, "")
    assert "line 1" in done.err
    assert run("replay", str(tmp_path / "no")).code == 2
