"""Every Python block of README and docs is run against the embedded exchange, and so is every example script."""

from __future__ import annotations

import re
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest

from exchangeclient.client import Client
from exchangeclient.sandbox import Sandbox

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.rst", *sorted((ROOT / "docs").rglob("*.rst"))]
SCRIPTS = sorted((ROOT / "docs/examples").glob("*.py"))

_BLOCK = re.compile(r"^\.\. code:: python\n\n((?:    .*\n|\n)+)", re.MULTILINE)


def blocks(page: Path) -> list[tuple[int, str]]:
    """The page's Python blocks with their line numbers."""
    text = page.read_text(encoding="utf-8") + "\n"
    return [(text.count("\n", 0, found.start(1)), textwrap.dedent(found.group(1))) for found in _BLOCK.finditer(text)]


WITH_CODE = [page for page in PAGES if blocks(page)]


@pytest.mark.parametrize("page", WITH_CODE, ids=lambda page: str(page.relative_to(ROOT)))
def test_the_blocks_of_a_page_run_in_order(page: Path, caplog: pytest.LogCaptureFixture) -> None:
    # What a reader has of his own before he begins: keys. A client made with them is never called.
    names: dict[str, Any] = {"api_key": "key", "api_secret": "secret"}
    try:
        for line, block in blocks(page):
            exec(compile("\n" * line + block, str(page), "exec"), names)
    finally:
        for value in list(names.values()):
            if isinstance(value, Sandbox):
                value.stop()
            elif isinstance(value, Client):
                value.close()
    # A callback that raised would be logged and nothing else.
    assert [record.getMessage() for record in caplog.records if record.levelname in ("ERROR", "CRITICAL")] == []


def test_readme_prints_the_two_commands_each_on_a_line_of_its_own() -> None:
    lines = [line.strip() for line in (ROOT / "README.rst").read_text(encoding="utf-8").splitlines()]
    assert lines.count("python3 -m venv .venv && .venv/bin/pip install . && .venv/bin/exchangeclient demo") == 1
    assert lines.count("python3 -m venv .venv && .venv/bin/pip install -e '.[test]' && .venv/bin/python -m pytest") == 1


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.stem)
def test_an_example_runs_on_the_sandbox(script: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-W", "error", str(script), "--sandbox"], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip(), "an example shows something"
    assert "Traceback" not in done.stderr
