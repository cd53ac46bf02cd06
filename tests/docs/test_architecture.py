"""The page that says what is where names every module of the large rooms, each in its line, and none that is not there."""

from __future__ import annotations

import pkgutil
import re
from pathlib import Path
from types import ModuleType

import exchangeclient.core
import exchangeclient.sandbox.engine

PAGE = (Path(__file__).parents[2] / "docs" / "architecture.rst").read_text(encoding="utf-8")


def _named(heading: str) -> list[str]:
    """What a table names, from its first line to its last."""
    return re.findall(r"``(\w+)``", PAGE.partition(heading)[2].split("====\n")[1])


def _modules(room: ModuleType) -> set[str]:
    return {info.name for info in pkgutil.iter_modules(room.__path__)}


def test_every_module_of_the_engine_has_its_place_in_the_table() -> None:
    named = _named("The rooms of the embedded exchange")
    assert sorted(named) == sorted(_modules(exchangeclient.sandbox.engine))


def test_every_module_of_core_stands_in_the_line_of_its_room() -> None:
    told: dict[str, list[str]] = {}
    rooms = {info.name for info in pkgutil.iter_modules(exchangeclient.core.__path__) if info.ispkg}
    for name in _named("The rooms of ``core``"):
        if name in rooms and name not in told:
            told[name] = []
        else:
            told[list(told)[-1]].append(name)
    path = Path(exchangeclient.core.__path__[0])
    assert {room: sorted(names) for room, names in told.items()} == {
        room: sorted(info.name for info in pkgutil.iter_modules([str(path / room)])) for room in rooms
    }


def test_what_stands_above_the_rooms_of_core_is_named() -> None:
    above = {info.name for info in pkgutil.iter_modules(exchangeclient.core.__path__) if not info.ispkg}
    words = PAGE.partition("The rooms of ``core``")[2].partition("====")[0]
    assert above <= set(re.findall(r"``(\w+)``", words))
