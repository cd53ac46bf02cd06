"""Every Python block of README and docs is run against the embedded exchange, every command line is parsed or run, and every example
script is run."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
import textwrap
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from threading import Event
from typing import Any

import click
import pytest

from exchangeclient import enums
from exchangeclient.cli.commands import cli
from exchangeclient.client import Client
from exchangeclient.sandbox import Sandbox

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.rst", *sorted((ROOT / "docs").rglob("*.rst"))]
SCRIPTS = sorted((ROOT / "docs/examples").glob("*.py"))
PATIENCE_S = 20.0


def blocks(page: Path, language: str) -> list[tuple[int, str]]:
    """The page's blocks of code with their line numbers."""
    text = page.read_text(encoding="utf-8") + "\n"
    found = re.finditer(rf"^\.\. code:: {language}\n\n((?:    .*\n|\n)+)", text, re.MULTILINE)
    return [(text.count("\n", 0, block.start(1)), textwrap.dedent(block.group(1))) for block in found]


class Watched:
    """A callback of a page: notes that it was called and came through."""

    def __init__(self, callback: Callable[..., Any]) -> None:
        self._callback = callback
        self.came_through = Event()

    def __call__(self, *args: Any) -> None:
        self._callback(*args)
        self.came_through.set()


def wait_for_callbacks(names: dict[str, Any]) -> None:
    """A reader would look at what comes before he closes anything."""
    for name, value in names.items():
        if isinstance(value, Watched):
            assert value.came_through.wait(PATIENCE_S), f"{name} was not called, or raised"


def load_what_a_gateway_loads() -> None:
    """Import on this thread what the gateway of a page would import on others, beside this one.

    Pytest parses each module of the package into a tree, and two threads cannot do that at once: CPython 3.11 raises SystemError
    ("AST constructor recursion depth mismatch", https://github.com/python/cpython/issues/106905). Without pytest nothing does that.
    """
    for name in ("gateway.onetoken.app", "onetoken.account"):
        import_module(f"exchangeclient.{name}")
    import_module("exchangeclient.gateway.onetoken.venues").prepare()


# Those of the direct API call a gateway that runs already: test_onetoken_pages gives them one.
WITH_PYTHON = [page for page in PAGES if blocks(page, "python") and page.name != "onetoken_api.rst"]


@pytest.mark.parametrize("page", WITH_PYTHON, ids=lambda page: str(page.relative_to(ROOT)))
def test_the_blocks_of_a_page_run_in_order(
    page: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)  # some write files
    if page.name.startswith("onetoken"):
        load_what_a_gateway_loads()
    # What a reader has of his own before he begins: keys. A client made with them is never called.
    names: dict[str, Any] = {"api_key": "key", "api_secret": "secret", "Watched": Watched}
    try:
        for line, block in blocks(page, "python"):
            if ".close()" in block:
                wait_for_callbacks(names)
            watched = re.sub(r"^(?=def process_)", "@Watched\n", block, flags=re.MULTILINE)
            exec(compile("\n" * line + watched, str(page), "exec"), names)
    finally:
        for value in list(names.values()):
            if isinstance(value, Sandbox):
                value.stop()
            elif isinstance(value, Client):
                value.close()
    # The constants that a page prints are the package's own.
    printed = {name: value for name, value in names.items() if name.isupper() and isinstance(value, str)}
    assert printed == {name: getattr(enums, name, None) for name in printed}
    # A callback that raised would be logged and nothing else.
    assert [record.getMessage() for record in caplog.records if record.levelname in ("ERROR", "CRITICAL")] == []


COMMAND_LINES = [
    pytest.param(shlex.split(line)[1:], id=line)
    for page in PAGES
    for _, block in blocks(page, "bash")
    for line in block.splitlines()
    if line.startswith("exchangeclient ")
]


@pytest.mark.parametrize("words", COMMAND_LINES)
def test_a_printed_command_is_one_that_there_is(words: list[str]) -> None:
    command: click.Command = cli
    context = click.Context(cli)
    while isinstance(command, click.Group):
        name, found, words = command.resolve_command(context, words)
        assert found is not None, name
        command = found
    # Parses arguments and options, and runs nothing.
    assert command.make_context(command.name, words).params


def test_the_printed_fetch_writes_its_file(tmp_path: Path) -> None:
    (words,) = (words for words in (param.values[0] for param in COMMAND_LINES) if words[:2] == ["klines", "fetch"])
    command = [sys.executable, "-m", "exchangeclient", *words, "--sandbox"]
    subprocess.run(command, cwd=tmp_path, check=True, timeout=60)
    assert [path.name for path in tmp_path.iterdir()] == [words[words.index("--out") + 1]]


def test_readme_prints_the_two_commands_each_on_a_line_of_its_own() -> None:
    lines = [line.strip() for line in (ROOT / "README.rst").read_text(encoding="utf-8").splitlines()]
    assert lines.count("python3 -m venv .venv && .venv/bin/pip install . && .venv/bin/exchangeclient demo") == 1
    assert lines.count("python3 -m venv .venv && .venv/bin/pip install -e '.[test]' && .venv/bin/python -m pytest") == 1


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.stem)
def test_an_example_runs_on_the_sandbox(script: Path) -> None:
    command = [sys.executable, "-W", "error", str(script), "--sandbox"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    shown = {
        "orders": "cancelled: CANCELED",
        "klines": "volume",
        "sockets": "account: executionReport",
        "stream": "trade ",
        "depth": "ask [",
        "replay": "the same",
        "bitmex": "the last price is ",
        "quote": "the last one: <binance/btc.usdt ",
        "account": "pending: 0",
    }
    assert shown[script.stem] in done.stdout


@pytest.mark.parametrize("name", ["orders", "sockets"])
def test_an_example_without_keys_says_where_it_looks_for_them(name: str) -> None:
    environment = {variable: value for variable, value in os.environ.items() if not variable.startswith("EXCHANGECLIENT_")}
    command = [sys.executable, str(ROOT / f"docs/examples/{name}.py")]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1
    assert done.stderr == "set EXCHANGECLIENT_BINANCE_KEY and EXCHANGECLIENT_BINANCE_SECRET, or give --sandbox\n"
