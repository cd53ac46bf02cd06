"""The page that says what is where names every module of the large rooms, and none that is not there."""

from __future__ import annotations

import pkgutil
import re
from pathlib import Path

import pytest

import exchangeclient.core
import exchangeclient.sandbox.engine

PAGE = Path(__file__).parents[2] / "docs" / "architecture.rst"


@pytest.mark.parametrize(
    ("heading", "room"),
    [("The rooms of ``core``", exchangeclient.core), ("The rooms of the embedded exchange", exchangeclient.sandbox.engine)],
    ids=["core", "engine"],
)
def test_every_module_has_its_place_in_the_table_of_its_room(heading: str, room: object) -> None:
    table = PAGE.read_text().partition(heading)[2].split("====\n")[1]
    named = re.findall(r"``(\w+)``", table)
    assert sorted(named) == sorted(info.name for info in pkgutil.iter_modules(room.__path__))  # type: ignore[attr-defined]
