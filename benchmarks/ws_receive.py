"""From the wire to the callback: how many messages a client hands over, decoded, for a second of its CPU, beside the clients of others.

Ours goes the whole way of its users: the manager's own connection, the watchdogs, the thread of the callbacks, errors kept apart. Each
client runs in a process of its own, on a server of its own that has all messages ready; they take turns.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import peers
from certificate import write_certificate
from measure import ROOT, Figure, interleaved, started

OURS: Final = "exchangeclient"
# With the garbage collector told to run rarely, as a manager may be asked to.
SPARED: Final = "exchangeclient-spared"
# How many times as many messages for the same CPU: of those with a few levels, and of those with 1600.
TARGETS: Final = {
    "depth": {OURS: {"python-binance": 20.0, "unicorn-binance-websocket-api": 4.0, "aiohttp": 1.3, "orjson": 0.9}},
    "book": {OURS: {"python-binance": 3.5}, SPARED: {"python-binance": 8.0}},
}
TLS_TARGET: Final = 0.85
_COUNTS: Final = {"depth": 150_000, "book": 6_000}
# Those that need so much longer get so much less to do, yet more than they read ahead.
_SLOW: Final = {("depth", "python-binance"): 10, ("depth", "unicorn-binance-websocket-api"): 4, ("book", "python-binance"): 4}
_LIMIT_S = 120


def run(*, quick: bool) -> list[Figure]:
    """Messages for a second of CPU: ours and each peer's, and ours over TLS."""
    figures: list[Figure] = []
    rounds = 3 if quick else 9
    for kind, targets in TARGETS.items():
        found = {name: python for name in targets[OURS] if (python := peers.interpreter(name)) is not None}
        if not found:
            continue
        count = _COUNTS[kind] // (3 if quick else 1)
        clients = {**dict.fromkeys(targets, sys.executable), **found}
        with ExitStack() as running:
            measures = [_turn(running, client, kind, count // _SLOW.get((kind, client[0]), 1)) for client in clients.items()]
            rates = dict(zip(clients, interleaved(measures, rounds), strict=True))
        for ours, wanted in targets.items():
            called = f"ws_{kind}" + ours.removeprefix(OURS).replace("-", "_")
            figures += [Figure(f"{called}:{name}", rates[ours], "/s", wanted[name], at_least=True, peer=rates[name]) for name in found]
    return [*figures, _over_tls(_COUNTS["depth"] // (3 if quick else 1), rounds)]


def _over_tls(count: int, rounds: int) -> Figure:
    with TemporaryDirectory() as folder, ExitStack() as running:
        trusted = [write_certificate(Path(folder))]
        measures = [_turn(running, (OURS, sys.executable), "depth", count, *certificate) for certificate in (trusted, [])]
        encrypted, plain = interleaved(measures, rounds)
    return Figure("ws_depth_over_tls:plain", encrypted, "/s", TLS_TARGET, at_least=True, peer=plain)


def _turn(running: ExitStack, client: tuple[str, str], kind: str, count: int, *trusted: str) -> Callable[[], float]:
    """What has a client (its name, and its Python) take so many messages, from a server of its own; it has its rate."""
    _, address = running.enter_context(started("benchmarks/feed_server.py", kind, str(count), *trusted))
    return lambda: measured(*client, address.strip(), count, *trusted)[0]


def measured(name: str, python: str, address: str, count: int, *trusted: str) -> list[float]:
    """What a client prints.

    :raises RuntimeError: when it prints nothing
    """
    command = [python, "benchmarks/feed_client.py", name, address, str(count), *trusted]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=_LIMIT_S, check=False)
    if not done.stdout:
        raise RuntimeError(f"{name} measured nothing: {done.stderr[-2000:]}")
    return [float(figure) for figure in done.stdout.splitlines()[-1].split()]
