"""One job of :mod:`archive_speed` in a process of its own; prints what it took, in a line of JSON.

    python archive_process.py archive|csv|bare|verify FOLDER MINUTES [ADDRESS]

``archive`` syncs minutes from a server into an archive, ``csv`` fetches them to a file as the command does, ``bare`` inserts the rows of
that archive into a plain SQLite table of its own, a page in a transaction, ``verify`` looks through an archive of so many rows. What comes
before and after is not in the time. The memory is the most that the process ever held, all in all, the way Linux tells it.
"""

from __future__ import annotations

import contextlib
import json
import sqlite3
import sys
import time
from itertools import islice
from pathlib import Path

from exchangeclient.archive import Archive
from exchangeclient.archive.series import Row, Series
from exchangeclient.archive.store import Store
from exchangeclient.client import Client

FIRST_MS = 1_500_000_000_000
MINUTE_MS = 60_000
PAGE = 1000
SERIES = Series("binance", "BTCUSDT", "1m")
# The same columns, without what the archive checks of a row.
BARE = """
CREATE TABLE candles (
    series INTEGER NOT NULL, open_ms INTEGER NOT NULL,
    open TEXT NOT NULL, high TEXT NOT NULL, low TEXT NOT NULL, close TEXT NOT NULL, volume TEXT NOT NULL,
    close_ms INTEGER, quote_volume TEXT, trades INTEGER, taker_buy_base TEXT, taker_buy_quote TEXT,
    PRIMARY KEY (series, open_ms)
) WITHOUT ROWID
"""


def archive(folder: Path, minutes: int, address: str) -> tuple[int, float]:
    """Rows, and seconds."""
    with Client(environment=address) as client, Archive(folder / "archive.db") as kept:
        client.get_exchange_info()  # tells what this venue's limits are
        begun_s = time.perf_counter()
        (outcome,) = kept.sync(client, "BTCUSDT", "1m", start=FIRST_MS, share=1.0)
        took_s = time.perf_counter() - begun_s
    assert outcome.rows == minutes, outcome
    return outcome.rows, took_s


def csv(folder: Path, minutes: int, address: str) -> tuple[int, float]:
    """Lines, and seconds."""
    from exchangeclient.cli.klines.fetch import fetch

    assert fetch.callback is not None
    path, end = folder / "minutes.csv", FIRST_MS + minutes * MINUTE_MS - 1
    command = ["BTCUSDT", "1m", "--start", str(FIRST_MS), "--end", str(end), "--out", str(path), "--environment", address]
    begun_s = time.perf_counter()
    fetch.main(command, standalone_mode=False)
    took_s = time.perf_counter() - begun_s
    with path.open("rb") as file:
        return sum(1 for _ in file) - 1, took_s


def bare(folder: Path, minutes: int, _address: str) -> tuple[int, float]:
    """Rows, and seconds."""
    count, took_s = 0, 0.0
    with contextlib.closing(Store(folder / "archive.db")) as store, contextlib.closing(_bare_table(folder / "bare.db")) as table:
        (kept,) = store.kept()
        rows = store.rows(kept, FIRST_MS, FIRST_MS + minutes * MINUTE_MS)
        while page := list(islice(rows, PAGE)):
            begun_s = time.perf_counter()
            table.execute("BEGIN")
            table.executemany("INSERT INTO candles VALUES (1, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", page)
            table.execute("COMMIT")
            took_s += time.perf_counter() - begun_s
            count += len(page)
    return count, took_s


def _bare_table(path: Path) -> sqlite3.Connection:
    for ending in ("", "-wal", "-shm"):
        Path(f"{path}{ending}").unlink(missing_ok=True)
    table = sqlite3.connect(path, isolation_level=None)
    table.execute("PRAGMA journal_mode=WAL")
    table.execute("PRAGMA synchronous=NORMAL")
    table.execute(BARE)
    return table


def verify(folder: Path, minutes: int, _address: str) -> tuple[int, float]:
    """Rows, and seconds."""
    path = folder / "verified.db"
    if not path.exists():
        with contextlib.closing(Store(path)) as store:
            kept = store.want(SERIES, FIRST_MS)
            for first in range(0, minutes, PAGE):
                rows = [_candle(FIRST_MS + each * MINUTE_MS) for each in range(first, min(first + PAGE, minutes))]
                store.commit(kept, rows, [(rows[0][0], rows[-1][0] + MINUTE_MS)], now_ms=0)
            store.asked(kept, FIRST_MS + minutes * MINUTE_MS, 0)
    with Archive(path) as kept_archive:
        begun_s = time.perf_counter()
        assert kept_archive.verify() == []
        return minutes, time.perf_counter() - begun_s


def _candle(at: int) -> Row:
    price = 43_000 + at // MINUTE_MS * 37 % 1000 * 0.5
    prices = [f"{price + change:.8f}" for change in (0, 12.5, -11, 3.25)]
    return (at, *prices, "1.51300000", at + MINUTE_MS - 1, "65059.75650000", 100, "0.75650000", "32529.87825000")


JOBS = {"archive": archive, "csv": csv, "bare": bare, "verify": verify}


def main() -> None:
    """Do it; print the rows, the seconds and the memory."""
    name, folder, minutes, *address = sys.argv[1:]
    rows, took_s = JOBS[name](Path(folder), int(minutes), *(address or [""]))
    status = Path("/proc/self/status").read_text(encoding="ascii", errors="replace")
    print(json.dumps({"rows": rows, "seconds": took_s, "peak_mib": int(status.partition("VmHWM:")[2].split()[0]) / 1024}))


if __name__ == "__main__":
    main()
