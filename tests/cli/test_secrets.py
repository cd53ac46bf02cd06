"""X04: a secret is in the environment, in a file of the user's alone, or typed in; never on a command line, where everybody sees it."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from exchangeclient.sandbox import Account, Sandbox

from .conftest import Run

pytestmark = pytest.mark.skipif(not Path("/proc/self/cmdline").exists(), reason="there is no /proc here")

KEY, SECRET = "a-key-of-mine", "a-secret-of-mine"
WIDE_S = 60.0


@pytest.fixture(scope="module")
def bank() -> Iterator[Sandbox]:
    """An exchange that takes its time over accounts, so that there is a process to look at."""
    with Sandbox(seed=7, limits="counted", accounts=[Account(KEY, SECRET)]) as exchange:
        exchange.fault("delay", route="GET /api/v3/account", by=0.5)
        yield exchange


def seen_by_everybody(pid: int) -> bytes:
    """The command lines of a process and of all that it has started."""
    words = Path(f"/proc/{pid}/cmdline").read_bytes()
    children = [child for each in Path(f"/proc/{pid}/task").glob("*/children") for child in each.read_text().split()]
    return words + b"".join(seen_by_everybody(int(child)) for child in children)


def bare() -> dict[str, str]:
    """The environment without keys."""
    return {name: value for name, value in os.environ.items() if not name.startswith("EXCHANGECLIENT_")}


@contextmanager
def started(bank: Sandbox, folder: Path, *options: str, **places: object) -> Iterator[subprocess.Popen[bytes]]:
    command = [sys.executable, "-m", "exchangeclient", "account", "--environment", bank.urls["binance"]["rest"], *options]
    places = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "stdin": subprocess.DEVNULL, **places}
    environment = {**bare(), "EXCHANGECLIENT_CONFIG": str(folder / "config.toml"), **places.pop("extra", {})}  # type: ignore[dict-item]
    with subprocess.Popen(command, env=environment, **places) as child:  # type: ignore[call-overload]
        try:
            yield child
        finally:
            child.kill()


def watched(child: subprocess.Popen[bytes]) -> bytes:
    """All that its command lines were while it ran."""
    seen, until = b"", time.monotonic() + WIDE_S
    while child.poll() is None and time.monotonic() < until:
        try:
            seen += seen_by_everybody(child.pid)
        except OSError:  # it ended meanwhile
            break
        time.sleep(0.02)
    return seen


def test_X04_a_secret_from_the_environment_is_on_no_command_line(bank: Sandbox, tmp_path: Path) -> None:
    extra = {"EXCHANGECLIENT_BINANCE_KEY": KEY, "EXCHANGECLIENT_BINANCE_SECRET": SECRET}
    with started(bank, tmp_path, "--log-file", str(tmp_path / "a.log"), extra=extra) as child:
        seen = watched(child)
        out, err = child.communicate(timeout=WIDE_S)
    assert (child.returncode, b"BTC" in out) == (0, True), err
    assert b"account" in seen
    written = seen + out + err + (tmp_path / "a.log").read_bytes()
    assert SECRET.encode() not in written
    assert KEY.encode() not in written


def test_X04_a_secret_from_a_file_is_on_no_command_line(bank: Sandbox, tmp_path: Path) -> None:
    file = tmp_path / "keys.toml"
    file.write_text(f'[binance]\nkey = "{KEY}"\nsecret = "{SECRET}"\n')
    file.chmod(0o600)
    with started(bank, tmp_path, "--key-file", str(file)) as child:
        seen = watched(child)
        out, err = child.communicate(timeout=WIDE_S)
    assert (child.returncode, b"BTC" in out) == (0, True), err
    assert b"--key-file" in seen
    assert SECRET.encode() not in seen + out + err


def test_X04_a_secret_that_is_typed_in_is_neither_shown_nor_on_a_command_line(bank: Sandbox, tmp_path: Path) -> None:
    screen, terminal = pytest.importorskip("pty").openpty()
    with started(bank, tmp_path, stdin=terminal, stderr=terminal, start_new_session=True) as child:
        os.close(terminal)
        shown = b""
        for question, answer in ((b"API key of binance", KEY), (b"its secret", SECRET)):
            while question not in shown:
                shown += os.read(screen, 65536)
            # The echo is off once the question is there in full.
            while not shown.rstrip().endswith(b":"):
                shown += os.read(screen, 65536)
            os.write(screen, f"{answer}\n".encode())
        seen = watched(child)
        assert child.stdout is not None
        out = child.stdout.read()
        assert child.wait(WIDE_S) == 0
    os.close(screen)
    assert b"BTC" in out
    assert SECRET.encode() not in seen + out + shown
    assert KEY.encode() not in seen


@pytest.mark.parametrize("option", ["--secret", "--key", "--api-secret", "--passphrase", "--password"])
def test_X04_there_is_no_option_for_a_secret(option: str, run: Run) -> None:
    for command in (["account"], ["order", "list"], ["doctor"], ["call", "get_account"]):
        done = run(*command, option, SECRET, "--sandbox")
        assert (done.code, SECRET in done.out + done.err) == (2, False)


@pytest.mark.parametrize("command", ["gateway", "sandbox"])
@pytest.mark.parametrize("given", [["--token", SECRET], [f"--token={SECRET}"]])
def test_X04_a_token_on_the_command_line_is_refused(command: str, given: list[str], run: Run) -> None:
    done = run(command, "--port", "0", *given)
    assert (done.code, SECRET in done.out + done.err) == (2, False)
    assert f"EXCHANGECLIENT_{command.upper()}_TOKEN" in done.err
    assert "--token-file" in done.err
