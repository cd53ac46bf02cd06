"""The embedded exchange as its users start it, in a process of its own."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from measure import started

# Kept and checked as for everybody, but out of the reach of a benchmark.
_FAR_LIMITS = ",".join(f"{name}=1000000000" for name in ("weight", "orders_10s", "orders_1d", "raw_requests", "connections"))


@dataclass(frozen=True, slots=True)
class SandboxProcess:
    """One that is open for trading."""

    pid: int
    rest: str
    stream: str


@contextmanager
def exchange(*options: str) -> Iterator[SandboxProcess]:
    """``exchangeclient sandbox`` until the block ends."""
    with started("-m", "exchangeclient", "sandbox", "--port", "0", "--json", "--limits", _FAR_LIMITS, *options) as (process, line):
        urls = json.loads(line)["binance"]
        yield SandboxProcess(process.pid, urls["rest"], urls["stream"])
