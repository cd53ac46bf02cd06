from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from exchangeclient.cli.events import told
from exchangeclient.sandbox import Sandbox

from .conftest import Run


def test_events_come_one_a_line(run: Run, there: list[str]) -> None:
    done = run("watch", "ETHBTC@depth@100ms", "ethbtc@kline_1m", "--count", "4", *there)
    assert (done.code, done.err) == (0, "")
    assert len(done.out.splitlines()) == 4
    assert {line.split()[1] for line in done.out.splitlines()} <= {"ethbtc@depth@100ms", "ethbtc@kline_1m"}


def test_json_is_the_event_itself(run: Run, there: list[str]) -> None:
    done = run("watch", "ethbtc@depth@100ms", "--count", "2", "--json", *there)
    events = [json.loads(line) for line in done.out.splitlines()]
    assert [(event["stream"], event["data"]["e"]) for event in events] == [("ethbtc@depth@100ms", "depthUpdate")] * 2


def test_it_ends_when_the_time_is_over(run: Run, there: list[str]) -> None:
    assert run("watch", "ethbtc@kline_1m", "--seconds", "0.5", *there).code == 0


def test_a_stream_that_there_cannot_be(run: Run, there: list[str]) -> None:
    done = run("watch", "ethbtc@kline_7m", *there)
    assert (done.code, done.out) == (2, "")
    assert "kline_7m" in done.err


@pytest.mark.skipif(sys.platform == "win32", reason="signals to a child differ on Windows")
def test_ctrl_c_is_how_it_is_ended(settings_file: Path, there: list[str], exchange: Sandbox) -> None:
    command = [sys.executable, "-u", "-m", "exchangeclient", "watch", "ethbtc@depth@100ms", *there]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        guard = threading.Timer(30, child.kill)
        guard.start()
        child.stdout.readline()
        child.send_signal(signal.SIGINT)
        _, err = child.communicate(timeout=30)
        guard.cancel()
    assert (child.returncode, err) == (0, "")


@pytest.mark.parametrize(
    ("event", "line"),
    [
        ({"e": "trade", "p": "0.10", "q": "2.0", "m": True}, "sold 2 at 0.1"),
        ({"e": "aggTrade", "p": "0.10", "q": "2.0", "m": False}, "bought 2 at 0.1"),
        ({"u": 1, "s": "A", "b": "1.0", "B": "2", "a": "1.5", "A": "3"}, "2 1  1.5 3"),
        ({"e": "depthUpdate", "U": 1, "u": 2, "b": [["1", "2"]], "a": []}, "updates 1 to 2: 1 bids, 0 asks"),
        (
            {"e": "kline", "k": {"i": "1m", "o": "1.0", "h": "2.0", "l": "0.5", "c": "1.5", "v": "7.0", "x": True}},
            "1m  open 1  high 2  low 0.5  close 1.5  volume 7  closed",
        ),
        ({"e": "new", "x": 1}, '{"e": "new", "x": 1}'),
        ({"e": "trade", "p": "much"}, '{"e": "trade", "p": "much"}'),
        ([1], "[1]"),
    ],
)
def test_what_an_event_says(event: object, line: str) -> None:
    assert told(event) == line
