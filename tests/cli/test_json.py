"""With ``--json`` every command prints JSON: one value, or one for each line of a flow."""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from exchangeclient.archive import Archive
from exchangeclient.cli import exits
from exchangeclient.client import Client
from exchangeclient.sandbox import Sandbox

from .conftest import Run
from .test_commands import commands

# They go on until they are ended, with one line of JSON at the beginning: test_gateway.py and test_sandbox.py read it.
SERVERS = {("gateway",), ("sandbox",)}
GROUPS = {(), ("klines",), ("order",)}
# What is asked of each, with {folder}, {archive}, {recording}, {order} and {sandbox} for what is there.
ASKED: dict[tuple[str, ...], str] = {
    ("account",): "",
    ("book",): "ETHBTC --once",
    ("call",): "get_server_time",
    ("config",): "",
    ("config", "path"): "",
    ("config", "set"): "venue binance",
    ("config", "unset"): "venue",
    ("demo",): "--seconds 1",
    ("doctor",): "--folder {folder}",
    ("endpoints",): "klines",
    ("explain",): "1022",
    ("fault",): "{sandbox} delay route=/nowhere",
    ("klines", "export"): "{archive} ETHBTC 1d --out {folder}/a.csv",
    ("klines", "fetch"): "ETHBTC 1h --start 3\\ hours\\ ago\\ UTC --out {folder}/a.json",
    ("klines", "gaps"): "{archive}",
    ("klines", "import"): "{folder}/b.db {folder}/in.csv --symbol ETHBTC -i 1d",
    ("klines", "parquet"): "{folder}/pq ETHBTC -i 1d --share 1",
    ("klines", "plot"): "{archive} ETHBTC 1d --out {folder}/a.svg",
    ("klines", "repair"): "{archive} --offline",
    ("klines", "show"): "{archive}",
    ("klines", "sync"): "{archive} ETHBTC -i 1d",
    ("klines", "verify"): "{archive}",
    ("order", "cancel"): "ETHBTC {order}",
    ("order", "list"): "",
    ("order", "place"): "buy ETHBTC 0.5 --market",
    ("order", "show"): "ETHBTC {order}",
    ("order", "undecided"): "",
    ("record",): "ETHBTC --seconds 0.5 --out {folder}/b.jsonl.gz",
    ("replay",): "{recording}",
    ("ticker",): "ETHBTC",
    ("watch",): "ethbtc@depth@100ms --count 2",
}
FLOWS = {("demo",), ("doctor",), ("fault",), ("watch",)}
NOWHERE_TO_GO = {"config", "demo", "endpoints", "explain", "fault", "replay"}
OFFLINE = {("klines", name) for name in ("export", "gaps", "import", "plot", "show")}
NEEDED = {("klines", "parquet"): "pyarrow", ("klines", "plot"): "matplotlib"}


@pytest.fixture(scope="module")
def archive(exchange: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("json") / "a.db"
    with Archive(path) as archive, Client(environment=exchange.urls["binance"]) as client:
        archive.sync(client, "ETHBTC", "1d")
    return path


def test_every_command_is_asked() -> None:
    assert set(commands()) - GROUPS - SERVERS == set(ASKED)


@pytest.mark.parametrize("path", ASKED, ids=" ".join)
def test_it_prints_json(path: tuple[str, ...], run: Run, there: list[str], exchange: Sandbox, archive: Path, tmp_path: Path) -> None:
    if path in NEEDED:
        pytest.importorskip(NEEDED[path], reason=f"SKIPPED: {' '.join(path)} needs an extra")
    at: dict[str, Callable[[], Any]] = {
        "folder": lambda: tmp_path,
        "archive": lambda: archive,
        "sandbox": lambda: exchange.urls["binance"]["rest"],
        "order": lambda: _resting(exchange),
        "recording": lambda: _recorded(run, there, tmp_path / "a.jsonl.gz"),
    }
    with Archive(archive) as rows:
        rows.export_csv(tmp_path / "in.csv", "ETHBTC", "1d")
    asked = ASKED[path]
    words = shlex.split(asked.format_map({name: made() for name, made in at.items() if f"{{{name}}}" in asked}))
    place = [] if path[0] in NOWHERE_TO_GO or path in OFFLINE else there
    done = run(*path, *words, "--json", *place)
    exchange.faults.clear()
    assert done.code in (exits.DONE, exits.FOUND), done.err
    for value in done.out.splitlines() if path in FLOWS else [done.out]:
        json.loads(value)
    assert done.out


def _resting(exchange: Sandbox) -> int:
    with Client("key", "secret", environment=exchange.urls["binance"]) as client:
        return int(client.order_limit_buy(symbol="ETHBTC", quantity="0.5", price="0.03")["orderId"])


def _recorded(run: Run, there: list[str], path: Path) -> Path:
    assert run("record", "ETHBTC", "--seconds", "0.5", "--out", str(path), *there).code == 0
    return path
