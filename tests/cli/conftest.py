"""Commands as they are run, in this process: what they print and how they end."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import pytest

from exchangeclient.cli import main
from exchangeclient.sandbox import Sandbox


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    code: int | str | None
    out: str
    err: str


Run = Callable[..., Ended]


@pytest.fixture(scope="session")
def exchange() -> Iterator[Sandbox]:
    """One that counts and does not refuse."""
    with Sandbox(seed=7, limits="counted") as exchange:
        yield exchange


@pytest.fixture
def there(exchange: Sandbox) -> list[str]:
    """The options by which a command goes to it."""
    return ["--environment", exchange.urls["binance"]["rest"]]


@pytest.fixture
def settings_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Settings and keys of this test alone: none, and the account of the sandbox."""
    file = tmp_path / "own" / "config.toml"
    monkeypatch.setenv("EXCHANGECLIENT_CONFIG", str(file))
    for venue, word in product(("BINANCE", "OKX", "BITMEX"), ("KEY", "SECRET", "PRIVATE_KEY", "PASSPHRASE")):
        monkeypatch.delenv(f"EXCHANGECLIENT_{venue}_{word}", raising=False)
    monkeypatch.setenv("EXCHANGECLIENT_BINANCE_KEY", "key")
    monkeypatch.setenv("EXCHANGECLIENT_BINANCE_SECRET", "secret")
    return file


@pytest.fixture
def run(settings_file: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Iterator[Run]:
    """Runs ``exchangeclient`` with arguments."""
    before = signal.getsignal(signal.SIGTERM)

    def run_command(*arguments: str) -> Ended:
        monkeypatch.setattr(sys, "argv", ["exchangeclient", *arguments])
        with pytest.raises(SystemExit) as ending:
            main()
        out, err = capfd.readouterr()
        return Ended(ending.value.code, out, err)

    yield run_command
    signal.signal(signal.SIGTERM, before)
