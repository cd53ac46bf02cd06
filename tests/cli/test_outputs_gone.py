"""P14: an output that is closed, full, or that nobody reads; with and without a log file. The exit code says what was."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from exchangeclient.cli import exits

pytestmark = pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no full device, or no shell, here")

WIDE_S = 60.0
NOWHERE = ["--environment", "http://127.0.0.1:9"]

# What is asked, how it ends, and whether it has printed something by then.
CASES = {
    "a result": (["explain", "1022"], exits.DONE, True),
    "rows": (["endpoints", "klines"], exits.DONE, True),
    "JSON": (["endpoints", "klines", "--json"], exits.DONE, True),
    "a failure": (["explain", "no such thing"], exits.FAILED, False),
    "wrong usage": (["ticker", "--top", "none"], exits.USAGE, False),
    "nobody there": (["ticker", *NOWHERE], exits.UNREACHABLE, False),
    "no key": (["account", *NOWHERE], exits.KEY, False),
}
UNPRINTED = {"closed": exits.FAILED, "full": exits.FAILED, "broken": exits.READER_GONE}


@contextmanager
def gone(how: str) -> Iterator[int]:
    """Something to write to that takes nothing."""
    if how == "full":
        file = os.open("/dev/full", os.O_WRONLY)
    else:
        reader, file = os.pipe()
        os.close(reader)
    try:
        yield file
    finally:
        os.close(file)


def run(command: list[str], out: str, err: str, settings: Path, log: Path | None = None) -> subprocess.CompletedProcess[bytes]:
    """A command as cron or a pipe starts it: each of the two is there, ``closed``, ``full`` or ``broken``."""
    given = [sys.executable, "-X", "dev", "-W", "error", "-m", "exchangeclient", *command]
    line = shlex.join([*given, *(["--log-file", str(log)] if log is not None else [])])
    closing = "".join(close for close, how in ((" >&-", out), (" 2>&-", err)) if how == "closed")
    environment = {name: value for name, value in os.environ.items() if not name.startswith("EXCHANGECLIENT_")}
    environment["EXCHANGECLIENT_CONFIG"] = str(settings / "config.toml")
    places: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with gone(out) as first, gone(err) as second:
        places |= {name: file for name, how, file in (("stdout", out, first), ("stderr", err, second)) if how in ("full", "broken")}
        return subprocess.run(
            ["/bin/sh", "-c", f"exec {line}{closing}"], **places, stdin=subprocess.DEVNULL, env=environment, timeout=WIDE_S, check=False
        )


@pytest.mark.parametrize(
    ("case", "out", "err"),
    [
        ("a result", "closed", "closed"),
        ("a result", "broken", "there"),
        ("a result", "full", "broken"),
        ("rows", "broken", "closed"),
        ("JSON", "full", "full"),
        ("a failure", "closed", "broken"),
        ("wrong usage", "closed", "closed"),
        ("nobody there", "closed", "closed"),
        ("nobody there", "broken", "broken"),
        ("no key", "full", "full"),
    ],
)
def test_P14_the_exit_code_tells_what_was_whoever_listens(case: str, out: str, err: str, tmp_path: Path) -> None:
    command, code, prints = CASES[case]
    log = None if code == exits.USAGE else tmp_path / "a.log"
    done = run(command, out, err, tmp_path, log)
    assert done.returncode == (UNPRINTED[out] if prints else code)
    assert b"Traceback" not in (done.stderr or b"")
    assert b"Exception ignored" not in (done.stderr or b"")
    if log is not None and not prints:
        assert log.read_text(encoding="utf-8").count("\n") == 1, "what went wrong is there, where nobody hears it"


@pytest.mark.parametrize("err", ["closed", "broken", "full"])
def test_P14_a_result_is_whole_when_only_the_words_about_it_cannot_be_said(err: str, tmp_path: Path) -> None:
    done = run(["explain", "1022"], "there", err, tmp_path)
    assert done.returncode == exits.DONE
    assert b"-1022" in done.stdout


@pytest.mark.parametrize("case", ["a result", "a failure", "nobody there"])
def test_P14_a_log_file_on_a_full_disk_does_not_change_how_a_command_ends(case: str, tmp_path: Path) -> None:
    command, code, _ = CASES[case]
    done = run(command, "there", "there", tmp_path, Path("/dev/full"))
    assert done.returncode == code
    assert b"Traceback" not in done.stderr
    lines = done.stderr.decode().splitlines()
    assert sum("the log file /dev/full cannot be written" in line for line in lines) == (code != exits.DONE)


def test_P14_an_order_is_told_although_its_log_cannot_be_written(tmp_path: Path) -> None:
    done = run(["order", "place", "buy", "ETHBTC", "0.5", "--market", "--json", "--sandbox"], "there", "there", tmp_path, Path("/dev/full"))
    assert done.returncode == exits.DONE
    assert b'"status": "FILLED"' in done.stdout
    assert done.stderr.decode().count("cannot be written") == 1


def test_P14_a_log_file_that_cannot_be_opened_is_an_error_with_its_reason(tmp_path: Path) -> None:
    done = run(["explain", "1022"], "there", "there", tmp_path, tmp_path / "nowhere" / "a.log")
    assert (done.returncode, done.stdout) == (exits.FAILED, b"")
    assert b"No such file" in done.stderr
