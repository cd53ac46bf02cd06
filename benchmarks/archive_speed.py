"""Minutes of history into an archive and into a CSV file, from next door, beside the same rows in bare SQLite, and python-binance.

All are processes of their own; the server sets no limit. python-binance is used as shipped: it sleeps for a second after every third page,
so that a few pages tell its rate.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import peers
from history_speed import Desk
from measure import Figure, interleaved, started

HERE = Path(__file__).parent
OF_BARE = 0.8
OF_PYTHON_BINANCE = 50.0
CSV_OF_PYTHON_BINANCE = 150.0
MEMORY_MIB = 60.0
VERIFY_S = 45.0  # for five million rows
_LIMIT_S = 900


def run(*, quick: bool) -> list[Figure]:
    """Rows per second, the most memory that the syncing process ever held, and seconds to look through five million rows."""
    minutes, rounds = (200_000, 3) if quick else (1_000_000, 3)
    peaks: list[float] = []
    with TemporaryDirectory() as folder, started("benchmarks/history_server.py", str(minutes)) as (_, address):

        def job(name: str, count: int = minutes) -> Callable[[], float]:
            command = [sys.executable, str(HERE / "archive_process.py"), name, folder, str(count), address.strip()]

            def measure() -> float:
                if name == "archive":
                    for path in Path(folder).glob("archive.db*"):
                        if path.is_file():
                            path.unlink()
                done = subprocess.run(command, stdout=subprocess.PIPE, text=True, timeout=_LIMIT_S, check=True)
                told = json.loads(done.stdout.splitlines()[-1])
                if told["rows"] != count:
                    raise RuntimeError(f"{name} had {told['rows']} of {count} rows")
                if name == "archive":
                    peaks.append(told["peak_mib"])
                return float(told["rows"] / told["seconds"])

            return measure

        archived, bare, csv = interleaved([job("archive"), job("bare"), job("csv")], rounds)
        rows = 500_000 if quick else 5_000_000
        (verified,) = interleaved([job("verify", rows)], 1)
        python = peers.interpreter("python-binance")
        shipped = 0.0 if python is None else _shipped(python, 20_000)
    figures = [
        Figure("archive_rows:bare SQLite", archived, "rows/s", OF_BARE, at_least=True, peer=bare),
        Figure("archive_memory", max(peaks), "MiB", MEMORY_MIB),
        Figure("archive_verify", 5_000_000 / verified, "s", VERIFY_S),
    ]
    if shipped:
        figures += [
            Figure("archive_rows:python-binance", archived, "rows/s", OF_PYTHON_BINANCE, at_least=True, peer=shipped),
            Figure("archive_csv:python-binance", csv, "rows/s", CSV_OF_PYTHON_BINANCE, at_least=True, peer=shipped),
        ]
    return figures


def _shipped(python: str, minutes: int) -> float:
    with started("benchmarks/history_server.py", str(minutes)) as (_, address):
        return Desk(address.strip(), minutes).reader(python, "python-binance")()
