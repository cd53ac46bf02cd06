"""Clients of others: which interpreter has which of them installed."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterable
from functools import cache

_LIMIT_S = 60
_INSTALLED = "import importlib.metadata as m; print(*{str(d.metadata['Name']).lower().replace('_', '-') for d in m.distributions()})"

_pythons = [sys.executable]


def look_in(pythons: Iterable[str]) -> None:
    """Look for them in the environments of these interpreters, too; in our own anyway."""
    _pythons.extend(pythons)


@cache
def interpreter(name: str) -> str | None:
    """The first interpreter that has a package, by the name that it has on PyPI; None, and a loud word about it, when none has."""
    for python in _pythons:
        if name in _installed(python):
            return python
    print(f"SKIPPED: what is measured beside {name}; no --peer has it installed", file=sys.stderr, flush=True)
    return None


@cache
def _installed(python: str) -> frozenset[str]:
    done = subprocess.run([python, "-c", _INSTALLED], stdout=subprocess.PIPE, text=True, timeout=_LIMIT_S, check=True)
    return frozenset(done.stdout.split())
