"""The table of what there is at which venue says what the desks say."""

from __future__ import annotations

import re
from importlib import import_module
from pathlib import Path

from exchangeclient.desk import CAPABILITIES

PAGE = Path(__file__).resolve().parents[2] / "docs/guides/venues.rst"


def test_the_table_of_capabilities_is_that_of_the_desks() -> None:
    text = PAGE.read_text(encoding="utf-8")
    (head,) = re.findall(r"^\\ +(``.*``)$", text, re.MULTILINE)
    venues = re.findall(r"``(\w+)``", head)
    rows = {name: cells.split() for name, cells in re.findall(r"^``(\w+)`` +((?:yes|no)(?: +(?:yes|no))+)$", text, re.MULTILINE)}
    assert list(rows) == list(CAPABILITIES)
    root = PAGE.parents[2] / "exchangeclient"
    others = {"market", "ccxt"}  # what the second can is each exchange's own: see the page of the 1Token gateway
    assert sorted(venues) == sorted({path.parent.name for path in root.glob("*/desk.py")} - others)
    for index, venue in enumerate(venues):
        desk = import_module(f"exchangeclient.{venue}.desk").ClientDesk
        assert {name for name, cells in rows.items() if cells[index] == "yes"} == desk.capabilities
