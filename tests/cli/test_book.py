from __future__ import annotations

import io
import json
import os
import re
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest
from rich.console import Console

from exchangeclient.cli.book import _ladder
from exchangeclient.depthcache import DepthCache
from exchangeclient.sandbox import Sandbox

from .conftest import Run


def test_each_change_of_the_best_prices_is_a_line(run: Run, there: list[str]) -> None:
    done = run("book", "ethbtc", "--seconds", "1.5", *there)
    assert (done.code, done.err) == (0, "")
    lines = done.out.splitlines()
    assert lines
    figures = [re.fullmatch(r"\d\d:\d\d:\d\d\.\d{3}  (\S+) (\S+)  (\S+) (\S+)", line) for line in lines]
    tops = [found.groups() for found in figures if found is not None]
    assert len(tops) == len(lines)
    assert all(float(bid) < float(ask) for _, bid, ask, _ in tops)
    assert all(first != second for first, second in pairwise(tops))


def test_json_has_the_levels(run: Run, there: list[str]) -> None:
    done = run("book", "ethbtc", "--seconds", "1", "--levels", "3", "--json", *there)
    told = [json.loads(line) for line in done.out.splitlines()]
    assert told
    assert all(len(each[side]) == 3 for each in told for side in ("bids", "asks"))


def test_once_is_a_table(run: Run, there: list[str]) -> None:
    rows = [line.split() for line in run("book", "ethbtc", "--once", "--levels", "2", *there).out.splitlines()]
    assert [row[0] for row in rows] == ["side", "ask", "ask", "bid", "bid"]
    prices = [float(row[1]) for row in rows[1:]]
    assert prices == sorted(prices, reverse=True)
    assert len(json.loads(run("book", "ethbtc", "--once", "--levels", "2", "--json", *there).out)["bids"]) == 2


def test_a_symbol_that_there_is_not(run: Run, there: list[str]) -> None:
    assert run("book", "NOSUCH", *there).code == 7
    assert run("book", "NOSUCH", "--once", *there).code == 7


@pytest.mark.skipif(sys.platform == "win32", reason="there are no terminals of this kind on Windows")
def test_on_a_terminal_it_is_a_ladder(exchange: Sandbox, there: list[str], settings_file: Path) -> None:
    screen, terminal = pytest.importorskip("pty").openpty()
    command = [sys.executable, "-m", "exchangeclient", "book", "ethbtc", "--seconds", "1", "--levels", "3", *there]
    with subprocess.Popen(
        command, stdout=terminal, stderr=terminal, env={**os.environ, "TERM": "xterm", "COLUMNS": "80", "LINES": "24"}
    ) as child:
        os.close(terminal)
        seen = b""
        try:
            while more := os.read(screen, 65536):
                seen += more
        except OSError:  # Linux's word for its end
            pass
        assert child.wait(20) == 0
    os.close(screen)
    text = seen.decode()
    assert "ETHBTC" in text
    assert "spread" in text
    assert "▇" in text


def drawn(cache: DepthCache, width: int) -> list[str]:
    console = Console(width=width, file=io.StringIO(), record=True)
    console.print(_ladder(cache, 5, width))
    return console.export_text().splitlines()


def test_the_ladder_sums_up_from_the_best_price_and_fits() -> None:
    cache = DepthCache("ETHBTC", str)
    for price, quantity in (("10", "1"), ("11", "2")):
        cache.add_ask([price, quantity])
    for price, quantity in (("9", "4"), ("8", "0.5")):
        cache.add_bid([price, quantity])
    for width in (60, 80, 200):
        lines = drawn(cache, width)
        assert max(map(len, lines)) <= width
        assert [line.split()[:4] for line in lines[-4:]] == [
            ["ask", "11", "2.0", "3.0"],
            ["ask", "10", "1.0", "1.0"],
            ["bid", "9", "4.0", "4.0"],
            ["bid", "8", "0.5", "4.5"],
        ]
        assert "spread 1 (11.1111%)" in lines[0]
