from __future__ import annotations

import gzip
import io
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from rich.console import Console

from exchangeclient.cli.demo import DemoFailed, Story, demo
from exchangeclient.client import Client

ROOT = Path(__file__).resolve().parents[2]
REAL_CANDLES = ROOT.parent / "shared/market/ETHBTC-5m.csv.gz"
QUICK = ["demo", "--seconds", "0.5"]


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-W", "error", "-m", "exchangeclient", *arguments], capture_output=True, text=True, timeout=60, check=False
    )


def test_each_step_is_checked_and_the_exit_code_is_zero() -> None:
    done = run(*QUICK)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stderr == ""
    assert "checks of 6 steps held" in done.stdout


def test_the_candles_of_a_file_come_back_text_for_text(tmp_path: Path) -> None:
    rows = ["open_time,open,high,low,close,volume,close_time,quote_volume,trades,taker_buy_base,taker_buy_quote"]
    for number in range(1500):
        start = 1_515_560_100_000 + number * 300_000
        rows.append(
            f"{start},0.0984{number:04},0.0999{number:04},0.0983{number:04},0.0985{number:04},{number}.50000000,{start + 299_999},,,,"
        )
    path = tmp_path / "ETHBTC-5m.csv.gz"
    path.write_bytes(gzip.compress("\n".join(rows).encode() + b"\n"))
    done = run(*QUICK, "--candles", str(path))
    assert done.returncode == 0, done.stdout + done.stderr
    assert "all 1,500 rows came, in 2 pages" in done.stdout


def test_all_real_candles_come_back_text_for_text() -> None:
    if not REAL_CANDLES.exists():
        pytest.skip(f"no real candles at {REAL_CANDLES}")
    done = run(*QUICK, "--candles", str(REAL_CANDLES))
    assert done.returncode == 0, done.stdout + done.stderr
    assert "all 5,760 rows came" in done.stdout


def test_a_file_that_is_no_candle_file_is_named_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "ETHBTC-5m.csv"
    path.write_text("date;price\n1;2\n")
    done = run(*QUICK, "--candles", str(path))
    assert done.returncode == 1
    assert str(path) in done.stderr
    assert "line 1" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_book_that_differs_from_the_venues_fails_the_demo(monkeypatch: pytest.MonkeyPatch) -> None:
    honest = Client.get_order_book

    def distorted(self: Client, **params: Any) -> Any:
        book = honest(self, **params)
        if params.get("limit") == 10:  # the demo's own comparison, not the depth cache's snapshot
            book["bids"][3][1] = "0.00000001"
        return book

    monkeypatch.setattr(Client, "get_order_book", distorted)
    result = CliRunner().invoke(demo, ["--seconds", "0.5"])
    assert isinstance(result.exception, DemoFailed)
    assert "equalled the venue's own answer" in str(result.exception)


def test_a_check_that_does_not_hold_ends_the_story() -> None:
    story = Story(Console(file=io.StringIO()))
    story.step("a step")
    story.check(True, "this holds")
    with pytest.raises(DemoFailed, match="step 1 failed: expected that that holds"):
        story.check(False, "that holds")
    assert story.checks == 1


@pytest.mark.skipif(sys.platform == "win32", reason="signals to a child differ on Windows")
@pytest.mark.parametrize("step", ["this machine", "An exchange starts", "candles", "book", "never leaves"])
def test_ctrl_c_ends_it_within_a_second(step: str) -> None:
    command = [sys.executable, "-u", "-m", "exchangeclient", "demo"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={**os.environ, "COLUMNS": "100"}
    ) as child:
        assert child.stdout is not None
        for line in child.stdout:
            if step in line:
                break
        else:
            pytest.fail(f"the demo never said {step!r}")
        child.send_signal(signal.SIGINT)
        asked = time.monotonic()
        _, errors = child.communicate(timeout=10)
        took = time.monotonic() - asked
    assert child.returncode == 130, errors
    assert errors.strip().splitlines()[-1] == "stopped"
    assert took < 1.0
