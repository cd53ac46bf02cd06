"""The page about the embedded exchange against the exchange itself: nothing that it serves is missing there, and nothing is made up."""

from __future__ import annotations

import re
from pathlib import Path

import requests

from exchangeclient.sandbox import Sandbox
from exchangeclient.sandbox.dialects.binance.routes import ROUTES
from exchangeclient.sandbox.dialects.bitmex.routes import ROUTES as BITMEX_ROUTES
from exchangeclient.sandbox.dialects.okx.routes import ROUTES as OKX_ROUTES
from exchangeclient.sandbox.faults.kinds import KINDS

PAGE = (Path(__file__).resolve().parents[2] / "docs/sandbox.rst").read_text(encoding="utf-8")


def test_the_fault_menu_is_the_one_that_there_is() -> None:
    menu = re.search(r"^Fault +What it strikes.*?\n=+ =+\n(.*?)\n=+ =+\n", PAGE, re.MULTILINE | re.DOTALL)
    assert menu is not None
    assert re.findall(r"^``(\w+)`` ", menu[1], re.MULTILINE) == list(KINDS)


def test_the_options_that_the_menu_names_are_the_faults_own() -> None:
    for name, kind in KINDS.items():
        row = next(line for line in PAGE.splitlines() if line.startswith(f"``{name}`` "))
        assert set(re.findall(r"``(\w+)``", row)) <= {name, *kind.options}, name


def test_every_endpoint_is_named() -> None:
    named = set(re.findall(r"``((?:GET|POST|PUT|DELETE) /(?:api|sapi|bapi)/\S+?)``", PAGE))
    assert named == {f"{method} {path}" for method, path in ROUTES}


def test_every_endpoint_of_okx_is_named() -> None:
    named = re.findall(r"``((?:GET|POST) [a-z]\S*?)``", PAGE)
    assert set(named) == {f"{method} {path.removeprefix('/api/v5/')}" for method, path in OKX_ROUTES}


def test_every_endpoint_of_bitmex_is_named() -> None:
    page = PAGE[PAGE.index("\nBitMEX\n------") :]
    named = re.findall(r"``((?:GET|POST|PUT|DELETE) /(?!api/)[a-zA-Z]\S*?)``", page[: page.index("\nPrograms of old\n")])
    assert {*named, "GET "} == {f"{method} {path.removeprefix('/api/v1')}" for method, path in BITMEX_ROUTES}


def test_the_sandboxs_own_endpoints_are_named_with_what_each_takes() -> None:
    with requests.Session() as session:
        address = Sandbox(speed=0).mount(session)["binance"]["rest"]
        served = session.get(f"{address}/sandbox", timeout=10).json()["endpoints"]
    rows = {match[1]: match[0] for match in re.finditer(r"^``((?:GET|POST|DELETE) /sandbox\S*?)(?:\?.*?)?`` .*$", PAGE, re.MULTILINE)}
    assert set(rows) == set(served)
    for endpoint, fields in served.items():
        known = {name for name in fields if name.isidentifier()}
        missing = [name for name in known if not re.search(rf"``{name}``|\?{name}=", rows[endpoint])]
        assert missing == [], endpoint
        if not endpoint.startswith("GET"):
            assert set(re.findall(r"``(\w+)``", rows[endpoint])) <= known, endpoint
