from __future__ import annotations

import gzip
import io
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from decimal import Decimal
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from rich.console import Console

from exchangeclient.binance.orders import OrderGuard
from exchangeclient.cli import demo as module
from exchangeclient.cli.demo import DemoFailed, Story, demo
from exchangeclient.client import Client
from exchangeclient.exceptions import ExchangeAPIException
from exchangeclient.websockets import SocketManager

ROOT = Path(__file__).resolve().parents[2]
REAL_CANDLES = ROOT.parent / "shared/market/ETHBTC-5m.csv.gz"
QUICK = ["demo", "--seconds", "1"]
# A second, on a machine that has nothing else to do.
WITHIN_S = 10.0


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-W", "error", "-m", "exchangeclient", *arguments], capture_output=True, text=True, timeout=60, check=False
    )


def test_each_step_is_checked_and_the_exit_code_is_zero() -> None:
    done = run(*QUICK)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stderr == ""
    assert "checks of 6 steps held" in done.stdout


def candle_file(folder: Path, rows: int) -> Path:
    """A file of that many candles, with figures of every length of text."""
    lines = ["open_time,open,high,low,close,volume,close_time,quote_volume,trades,taker_buy_base,taker_buy_quote"]
    for number in range(rows):
        start = 1_515_560_100_000 + number * 300_000
        prices = f"0.0984{number:04},0.0999{number:04},0.0983{number:04},0.0985{number:04}"
        lines.append(f"{start},{prices},{number}.50000000,{start + 299_999},,,,")
    path = folder / "ETHBTC-5m.csv.gz"
    path.write_bytes(gzip.compress("\n".join(lines).encode() + b"\n"))
    return path


def test_the_candles_of_a_file_come_back_text_for_text(tmp_path: Path) -> None:
    done = run(*QUICK, "--candles", str(candle_file(tmp_path, 1500)))
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


Distort = Callable[[Any], Any]


@pytest.fixture
def bookless(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leaves out the step that watches the book for a second."""
    monkeypatch.setattr(module, "_watch_book", lambda *_: None)


def told_otherwise(monkeypatch: pytest.MonkeyPatch, name: str, distort: Distort) -> None:
    """Have a method of the client give a distorted answer."""
    honest = getattr(Client, name)
    monkeypatch.setattr(Client, name, lambda self, *args, **kwargs: distort(honest(self, *args, **kwargs)))


def moved_level(book: Any) -> Any:
    if len(book["bids"]) == 10:  # the demo's own comparison, not the depth cache's snapshot
        book["bids"][3][1] = "0.00000001"
    return book


def shifted(asset: str) -> Distort:
    seen = count()

    def distort(account: Any) -> Any:
        row = next(row for row in account["balances"] if row["asset"] == asset)
        row["free"] = str(Decimal(row["free"]) + next(seen) * Decimal("0.00000001"))  # each look differs by the smallest unit
        return account

    return distort


def higher(rows: Any) -> Any:
    return [[*row[:2], str(Decimal(row[2]) * 2), *row[3:]] if rows[1][0] - rows[0][0] == 3_600_000 else row for row in rows]


@pytest.mark.parametrize(
    ("name", "distort", "claim"),
    [
        ("get_server_time", lambda answer: {"serverTime": answer["serverTime"] + 5000}, "clock and ours agree"),
        ("get_historical_klines", lambda rows: rows[:100] + rows[101:], "none missing"),
        ("get_historical_klines", higher, "the highs of the"),
        ("get_account", shifted("ETH"), "the ETH balance grew"),
        ("get_account", shifted("BTC"), "the BTC balance fell"),
        ("get_order", lambda order: {**order, "status": "FILLED"}, "rests at"),
        ("get_open_orders", lambda orders: [*orders, {}], "no open order is left"),
    ],
)
def test_a_wrong_answer_of_the_venue_fails_the_demo(
    monkeypatch: pytest.MonkeyPatch, bookless: None, name: str, distort: Distort, claim: str
) -> None:
    told_otherwise(monkeypatch, name, distort)
    result = CliRunner().invoke(demo)
    assert isinstance(result.exception, DemoFailed)
    assert claim in str(result.exception)


def test_a_book_that_differs_from_the_venues_fails_the_demo(monkeypatch: pytest.MonkeyPatch) -> None:
    told_otherwise(monkeypatch, "get_order_book", moved_level)
    result = CliRunner().invoke(demo, ["--seconds", "1"])
    assert isinstance(result.exception, DemoFailed)
    assert "equalled the venue's own answer" in str(result.exception)


@pytest.mark.parametrize("kind", ["TRADE", "CANCELED"])
def test_a_report_that_the_user_stream_leaves_out_fails_the_demo(monkeypatch: pytest.MonkeyPatch, bookless: None, kind: str) -> None:
    honest = SocketManager.start_user_socket

    def forgetful(self: SocketManager, callback: Callable[[Any], Any]) -> Any:
        return honest(self, lambda event: None if event.get("x") == kind else callback(event))

    monkeypatch.setattr(SocketManager, "start_user_socket", forgetful)
    monkeypatch.setattr(module, "PATIENCE_S", 2.0)
    result = CliRunner().invoke(demo)
    assert isinstance(result.exception, DemoFailed)
    assert f"did not report {kind}" in str(result.exception)


def test_an_order_off_the_tick_that_is_not_refused_fails_the_demo(monkeypatch: pytest.MonkeyPatch, bookless: None) -> None:
    monkeypatch.setattr(OrderGuard, "prepare", lambda self, request, errand: request)
    result = CliRunner().invoke(demo)
    assert isinstance(result.exception, (DemoFailed, ExchangeAPIException))


def test_one_digit_that_differs_from_the_file_fails_the_demo(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    told_otherwise(monkeypatch, "get_historical_klines", lambda rows: [*rows[:7], [*rows[7][:4], "0.09851000", *rows[7][5:]], *rows[8:]])
    result = CliRunner().invoke(demo, ["--seconds", "1", "--candles", str(candle_file(tmp_path, 50))])
    assert isinstance(result.exception, DemoFailed)
    assert "text for text" in str(result.exception)


@pytest.mark.parametrize("given", ["nofile.csv", "ETHBTC-5m.csv", "", "ETHBTC:5m=nofile.csv"])
def test_a_file_that_is_not_there_is_named_as_it_was_given(given: str) -> None:
    result = CliRunner().invoke(demo, ["--candles", given])
    assert result.exit_code == 2
    assert repr(given.rpartition("=")[2]) in result.output


def test_a_check_that_does_not_hold_ends_the_story() -> None:
    story = Story(Console(file=io.StringIO()))
    story.step("a step")
    story.check(True, "this holds")
    with pytest.raises(DemoFailed, match="step 1 failed: expected that that holds"):
        story.check(False, "that holds")
    assert story.checks == 1


@pytest.mark.skipif(sys.platform == "win32", reason="signals to a child differ on Windows")
@pytest.mark.parametrize("step", ["this machine", "An exchange starts", "candles", "book", "never leaves"])
def test_ctrl_c_ends_it_at_once(step: str) -> None:
    command = [sys.executable, "-u", "-m", "exchangeclient", *QUICK]
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
        _, errors = child.communicate(timeout=2 * WITHIN_S)
        took = time.monotonic() - asked
    assert child.returncode == 130, errors
    assert errors.strip().splitlines()[-1] == "stopped"
    assert took < WITHIN_S
