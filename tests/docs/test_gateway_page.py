"""The gateway's page against the gateway: its curl lines are sent, its tables are what there is."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

import requests

from exchangeclient.gateway.universal import Gateway, ProtocolFactory, dispatch
from exchangeclient.sandbox import Sandbox

PAGE = (Path(__file__).resolve().parents[2] / "docs/guides/gateway.rst").read_text(encoding="utf-8")
PATIENCE_S = 30


def test_the_printed_curl_lines_are_answered_with_data() -> None:
    lines = [shlex.split(line) for line in re.findall(r"^ +(curl .*)$", PAGE, re.MULTILINE)]
    assert len(lines) == 5
    with Sandbox() as exchange, Gateway(port=0, addresses={"SANDBOX": exchange.urls["binance"]["rest"]}) as gateway:
        for _, address, *rest in lines:
            given = dict(zip(rest[::2], rest[1::2], strict=True))
            headers = {"Content-Type": "application/x-www-form-urlencoded"}  # as curl sends it
            if "-H" in given:
                name, _, value = given["-H"].partition(": ")
                headers[name] = value
            url = address.replace("http://127.0.0.1:6666", gateway.url)
            assert url != address
            said = requests.post(url, data=given["-d"].encode(), headers=headers, timeout=PATIENCE_S).json()
            assert said["data"], said


def test_every_method_is_in_the_table() -> None:
    table = PAGE[PAGE.index("``method``") : PAGE.index("- The ``type`` of an order")]
    named = {name for row in re.findall(r"^(``.*?)  ", table, re.MULTILINE) for name in re.findall(r"``(\w+)``", row)} - {"method"}
    assert named == {*dispatch._MARKET, *dispatch._ACCOUNT, "trade", "__api_"}


def test_what_a_venue_lacks_is_what_the_table_says() -> None:
    rows = re.search(r"^``positions``, ``marginlevel``.*$", PAGE, re.MULTILINE)
    assert rows is not None
    said = dict(zip(("OKX", "Binance", "BitMEX", "SANDBOX"), rows[0].split()[-4:], strict=True))
    for venue, word in said.items():
        made = ProtocolFactory.createExWrapper("http://127.0.0.1:9", "", "", venue)
        assert made.has_contracts is (word == "yes")


def test_the_printed_json_line_is_json() -> None:
    (line,) = re.findall(r'``(\{"universal".*?\})``', PAGE)
    assert json.loads(line)
