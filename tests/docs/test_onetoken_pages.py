"""The pages of the 1Token gateway against the gateway: every printed line runs."""

from __future__ import annotations

import json
import re
import shlex
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from exchangeclient.gateway.onetoken import KeyBook
from exchangeclient.gateway.onetoken.app import _KINDS
from exchangeclient.gateway.onetoken.names import EXCHANGES
from exchangeclient.gateway.onetoken.routes import ROUTES
from exchangeclient.sandbox import Sandbox

GUIDES = Path(__file__).resolve().parents[2] / "docs/guides"
API = (GUIDES / "onetoken_api.rst").read_text(encoding="utf-8")
OPERATION = (GUIDES / "onetoken_gateway.rst").read_text(encoding="utf-8")
PLACE = "127.0.0.1:6667"
PATIENCE_S = 30


def blocks(page: str, language: str) -> list[str]:
    return [textwrap.dedent(block) for block in re.findall(rf"^\.\. code:: {language}\n\n((?:    .*\n|\n)+)", page, re.MULTILINE)]


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with Sandbox(limits="counted") as exchange:
        yield exchange.urls["onetoken"]["rest"].removeprefix("http://").removesuffix("/api/v1")


def test_the_curl_lines_are_answered(address: str) -> None:
    lines = [shlex.split(line) for line in re.findall(r"^ +(curl .*)$", API, re.MULTILINE)]
    assert len(lines) == 8
    for _, url in lines:
        answer = requests.get(url.replace(PLACE, address), timeout=PATIENCE_S)
        assert answer.status_code == 200, answer.text
        assert answer.json()


@pytest.mark.parametrize("number", [0, 1, 2])
def test_the_scripts_run(address: str, number: int, capsys: pytest.CaptureFixture[str]) -> None:
    scripts = blocks(API, "python")
    assert len(scripts) == 3
    assert PLACE in scripts[number]
    exec(scripts[number].replace(PLACE, address), {})
    shown = capsys.readouterr().out
    assert len(shown) > 100
    assert "code" not in shown or number  # REST says so of errors alone
    assert '"fail"' not in shown


def test_the_gateway_in_a_program_runs(capsys: pytest.CaptureFixture[str]) -> None:
    (script,) = blocks(OPERATION, "python")
    exec(script, {})
    assert capsys.readouterr().out.count("/api/v1/ws") == 2


def test_the_printed_json_is_what_is_read() -> None:
    (line,) = re.findall(r"``(\{\"universal\".*?\}\})``", OPERATION)
    assert list(json.loads(line)) == ["universal", "onetoken"]
    (book,) = blocks(OPERATION, "json")
    read = KeyBook.read(book)
    assert read.grants["make-one-up"].allows("binance/main")
    assert set(read.accounts) == {"binance/main", "okex/main"}


def test_every_exchange_and_every_socket_is_in_a_table() -> None:
    named = set(re.findall(r"^``(\w+)`` ", OPERATION, re.MULTILINE)) | {"okx"}
    assert named >= {code for code, exchange in EXCHANGES.items() if exchange.venue in ("binance", "okx", "bitmex")}
    for path in _KINDS:
        if not re.search(r"candle-v3|quote$|quote/(candle|low)", path):  # older names of the same
            assert f"``{path}``" in API


def test_every_route_of_an_account_is_called_by_the_script() -> None:
    script: Any = blocks(API, "python")[0]
    for route in ROUTES:
        if route.signed and route.name != "moves_funds":
            assert f'"{route.verb}"' in script
            assert route.path.rpartition("{account}")[2] in script
