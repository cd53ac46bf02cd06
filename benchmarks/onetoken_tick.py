"""Ticks of 1Token from form to form: conversions for a second of CPU, beside the model of the historic SDK.

A round is all seven that the original has: from the text of the sockets, to and from a short list, to its JSON, to a dict, to a dict for
Mongo and back; of a tick with five levels a side. Each runs in a process of its own; they take turns. (The original needs arrow < 1.)
"""

from __future__ import annotations

import subprocess
import sys
from typing import Final

import peers
from measure import ROOT, Figure, interleaved

OURS: Final = "exchangeclient.onetoken"
PEER: Final = "onetoken"
TARGET: Final = 5.0
_LIMIT_S: Final = 60


def run(*, quick: bool) -> list[Figure]:
    """Conversions for a second of CPU, ours and the original's."""
    python = peers.interpreter(PEER)
    if python is None:
        return []
    rounds = 1_000 if quick else 5_000
    ours, theirs = interleaved([lambda: _rate(sys.executable, OURS, rounds), lambda: _rate(python, PEER, rounds)], 3 if quick else 9)
    return [Figure(f"onetoken_tick:{PEER}", ours, "/s", TARGET, at_least=True, peer=theirs)]


def _rate(python: str, module: str, rounds: int) -> float:
    command = [python, "benchmarks/onetoken_tick_process.py", module, str(rounds)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=_LIMIT_S, check=False)
    if not done.stdout:
        raise RuntimeError(f"{module} measured nothing: {done.stderr[-2000:]}")
    return float(done.stdout.splitlines()[-1])
