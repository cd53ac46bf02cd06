"""What it costs to have a client: importing it and making one, in a fresh process each time, and the memory that the process holds then.

All run from compiled bytecode, as installed packages do. No network is needed: python-binance is kept from its ping.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from statistics import median
from typing import Final

import peers
from measure import Figure, interleaved

TARGET: Final = 3.0
TARGET_OF_REQUESTS: Final = 1.2
TARGET_MIB: Final = 31.0
PEER: Final = "python-binance"

_MEASURED: Final = """
import time
begun_s = time.process_time()
{}
taken_s = time.process_time() - begun_s
with open("/proc/self/status") as status:
    print(taken_s * 1000, next(int(line.split()[1]) / 1024 for line in status if line.startswith("VmRSS:")))
"""
_IMPORT: Final = "import exchangeclient.client"
_OURS: Final = "from exchangeclient.client import Client; Client('key', 'secret')"
_THEIRS: Final = "from binance.client import Client; Client('key', 'secret', ping=False)"
_REQUESTS: Final = "import requests"


def run(*, quick: bool) -> list[Figure]:
    """Milliseconds of CPU, and MiB."""
    peer = peers.interpreter(PEER)
    with tempfile.TemporaryDirectory() as compiled:
        fresh = Fresh(compiled)
        statements = [(sys.executable, _IMPORT), (sys.executable, _REQUESTS), (sys.executable, _OURS)]
        statements += [] if peer is None else [(peer, _THEIRS)]
        imported_ms, requests_ms, ours_ms, *theirs_ms = interleaved([fresh.taken(*each) for each in statements], 5 if quick else 15)
    figures = [
        Figure("client_import:requests", imported_ms, "ms", TARGET_OF_REQUESTS, peer=requests_ms),
        Figure("client_memory", median(fresh.memory_mib[_OURS]), "MiB", TARGET_MIB),
    ]
    return figures + [Figure(f"client_start:{PEER}", 1000 / ours_ms, "/s", TARGET, at_least=True, peer=1000 / ms) for ms in theirs_ms]


class Fresh:
    """Runs statements in new interpreters.

    :param compiled: folder for their bytecode
    """

    def __init__(self, compiled: str) -> None:
        self._environment = {**os.environ, "PYTHONPYCACHEPREFIX": compiled}
        self._environment.pop("PYTHONDONTWRITEBYTECODE", None)
        self.memory_mib: dict[str, list[float]] = {}

    def taken(self, python: str, statement: str) -> Callable[[], float]:
        """What runs a statement and gives its milliseconds; it has been compiled by then."""
        command = [python, "-c", _MEASURED.format(statement)]

        def measure() -> float:
            run = subprocess.run(command, env=self._environment, stdout=subprocess.PIPE, text=True, check=True)
            taken_ms, memory_mib = map(float, run.stdout.split())
            self.memory_mib.setdefault(statement, []).append(memory_mib)
            return taken_ms

        measure()
        return measure
