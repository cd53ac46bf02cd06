"""The ``exchange`` fixture in somebody else's test suite."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import pytest

from exchangeclient.sandbox import pytest_plugin

ROOT = Path(__file__).resolve().parents[2]

CLIENT = """
import json
import urllib.request

def get(exchange, path):
    with urllib.request.urlopen(exchange.urls["binance"]["rest"] + path, timeout=10) as answer:
        return json.load(answer)
"""


@pytest.fixture
def suite(tmp_path: Path) -> Path:
    return tmp_path / "test_theirs.py"


def run(suite: Path, text: str, *arguments: str) -> tuple[int, str]:
    """Exit code and output of a suite that pytest runs with nothing but the plugin."""
    suite.write_text(CLIENT + text, encoding="utf-8")
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-p",
        "exchangeclient.sandbox.pytest_plugin",
        "-q",
        "--strict-markers",
        *arguments,
        suite.name,
    ]
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        cwd=suite.parent,
        env={**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTHONWARNINGS": "error"},
    )
    return done.returncode, done.stdout + done.stderr


def test_each_test_gets_a_fresh_exchange_without_faults(suite: Path) -> None:
    text = """
seen = []

def test_one(exchange):
    exchange.fault("error", route="GET /api/v3/time")
    seen.append(exchange.balances("key"))
    exchange.deposit("key", "BTC", 5)
    assert exchange.balances("key") != seen[0]

def test_two(exchange):
    assert get(exchange, "/api/v3/time")["serverTime"] > 0
    assert exchange.faults.list() == []
    assert exchange.balances("key") == seen[0]
"""
    code, output = run(suite, text)
    assert (code, "2 passed" in output) == (0, True), output


def test_the_seed_can_be_chosen_and_a_failing_test_shows_it(suite: Path) -> None:
    text = """
import pytest

@pytest.mark.exchange(start="2024-03-01", speed=0)
def test_book(exchange):
    print("BOOK", get(exchange, "/api/v3/depth?symbol=ETHBTC&limit=50"))
    assert False
"""
    books = []
    for seed in ("1", "2", "2"):
        code, output = run(suite, text, "--exchange-seed", seed)
        assert code == 1
        assert f"--exchange-seed={seed}" in output
        books.append([line for line in output.splitlines() if line.startswith("BOOK")])
    assert books[0] != books[1] == books[2] != []


def test_a_mark_says_how_the_exchange_is_made(suite: Path) -> None:
    text = """
import pytest
from exchangeclient.sandbox import Account

pytestmark = pytest.mark.exchange(speed=0, accounts=[Account("theirs", "s")])

@pytest.mark.exchange(start="2024-03-01")
def test_made_to_measure(exchange):
    assert get(exchange, "/api/v3/time")["serverTime"] == 1709251200000
    assert [account.key for account in exchange.accounts] == ["theirs"]
"""
    code, output = run(suite, text)
    assert code == 0, output


def test_a_mark_that_does_not_name_its_arguments_is_refused(suite: Path) -> None:
    text = """
import pytest

@pytest.mark.exchange("2024-03-01")
def test_made_to_measure(exchange):
    pass
"""
    code, output = run(suite, text)
    assert (code, "by name" in output, "'2024-03-01'" in output) == (1, True, True), output


def test_pytest_finds_it_by_itself_and_does_not_mind_being_told_as_well(suite: Path) -> None:
    """Where the package is installed: the entry point is the one that setup.py declares, and goes by the name of its module."""
    try:
        installed = [point for point in distribution("exchangeclient").entry_points if point.group == "pytest11"]
    except PackageNotFoundError:
        pytest.skip("the package is not installed, so that it has no entry points")
    (declared,) = re.findall(r'"pytest11": \["(\S+)=(\S+)"\]', (ROOT / "setup.py").read_text(encoding="utf-8"))
    assert [(point.name, point.value) for point in installed] == [declared]
    assert declared[0] == declared[1] == pytest_plugin.__name__
    suite.write_text("def test_it(exchange):\n    assert exchange.urls\n", encoding="utf-8")
    for told in ([], ["-p", declared[0]]):
        command = [sys.executable, "-m", "pytest", "-q", *told, suite.name]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, cwd=suite.parent)
        assert done.returncode == 0, done.stdout + done.stderr


def test_a_suite_that_does_not_use_it_loads_nothing_of_it(suite: Path) -> None:
    text = """
import sys

def test_nothing_is_loaded():
    assert "exchangeclient.sandbox.pytest_plugin" in sys.modules
    heavy = {"twisted", "autobahn", "msgspec", "cryptography", "requests", "exchangeclient.sandbox.sandbox"}
    assert heavy & set(sys.modules) == set()

def test_a_fixture_of_the_same_name_goes_first(exchange):
    assert exchange == "theirs"

import pytest

@pytest.fixture
def exchange():
    return "theirs"
"""
    code, output = run(suite, text)
    assert code == 0, output
