"""Has clients, each in a process of its own, do the same in turn (``client_process.py``)."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from typing import Any

import peers
from measure import interleaved, started

OURS = "exchangeclient"


def calls_per_second(others: Iterable[str], address: str, call: str, block: int, rounds: int) -> dict[str, float]:
    """How many calls each client makes for a second of CPU, by its name; of the others those that are installed, nothing without any.

    :param address: of the server
    :param call: which of those that ``client_process.py`` knows
    :param block: how many make a turn
    """
    found = {name: python for name in others if (python := peers.interpreter(name)) is not None}
    pythons = {OURS: sys.executable, **found} if found else {}
    with ExitStack() as running:
        measures = [_client(running, python, (name, address, call), block) for name, python in pythons.items()]
        return dict(zip(pythons, interleaved(measures, rounds), strict=True))


def _client(running: ExitStack, python: str, command: tuple[str, ...], block: int) -> Callable[[], float]:
    process, _ = running.enter_context(started("benchmarks/client_process.py", *command, python=python))
    talk: Any = process

    def measure() -> float:
        talk.stdin.write(f"{block}\n")
        talk.stdin.flush()
        return float(talk.stdout.readline())

    measure()
    return measure
