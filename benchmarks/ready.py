"""How long a user waits for the exchange: from the command to the line with its addresses."""

from __future__ import annotations

import sandbox_process
from measure import Figure, interleaved, wall_s

TARGET_S = 1.0


def run(*, quick: bool) -> list[Figure]:
    """Seconds until it is ready, the interpreter's own start included."""
    (seconds,) = interleaved([_start], 3 if quick else 9)
    return [Figure("ready", seconds, "s", TARGET_S)]


def _start() -> float:
    begun_s = wall_s()
    with sandbox_process.exchange():
        return wall_s() - begun_s
