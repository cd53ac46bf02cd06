from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from threading import Thread, Timer

import pytest

from exchangeclient.core.budgets.ledger import Ledger
from exchangeclient.core.orders.journal import Journal
from exchangeclient.core.process.clock import SystemClock
from exchangeclient.core.process.sharedfile import SharedFile


@pytest.mark.parametrize("made", [Journal, Ledger])
def test_whoever_comes_while_another_process_makes_the_file_waits_for_it(tmp_path: Path, made: type[SharedFile]) -> None:
    path = tmp_path / "shared"
    with closing(sqlite3.connect(path, isolation_level=None, check_same_thread=False)) as maker:
        maker.execute("CREATE TABLE being_made (so INTEGER)")
        maker.execute("BEGIN IMMEDIATE")
        with pytest.raises(sqlite3.OperationalError, match="locked"), closing(sqlite3.connect(path, timeout=5)) as other:
            other.execute("PRAGMA journal_mode=WAL")  # for this SQLite waits for nobody
        done = Timer(0.2, maker.execute, ["COMMIT"])
        done.start()
        made(path).close()
        done.join()


@pytest.mark.parametrize("made", [Journal, Ledger])
def test_a_file_that_stays_in_other_hands_is_not_waited_for_for_ever(
    tmp_path: Path, made: type[SharedFile], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("exchangeclient.core.process.sharedfile._OPENING_S", 0.2)
    with closing(sqlite3.connect(tmp_path / "shared", isolation_level=None)) as holder:
        holder.execute("CREATE TABLE held (so INTEGER)")
        holder.execute("BEGIN IMMEDIATE")
        with pytest.raises(made.failure, match=f"the {made.kind} .*shared cannot be used: database is locked"):
            made(tmp_path / "shared")


def test_threads_and_processes_are_waited_for_no_longer_than_the_patience_in_all(tmp_path: Path) -> None:
    ledger, clock = Ledger(tmp_path / "shared"), SystemClock()
    with closing(sqlite3.connect(tmp_path / "shared", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")

        def wait() -> None:
            with pytest.raises(Ledger.failure), ledger.transaction(0.4):
                raise AssertionError("it is in other hands")

        began_s = clock.monotonic_s()
        waiting = [Thread(target=wait) for _ in range(6)]
        for thread in waiting:
            thread.start()
        for thread in waiting:
            thread.join()
        assert clock.monotonic_s() - began_s < 2.0  # six times the patience is 2.4


def test_each_patience_counts_after_another_one_and_after_the_file_was_opened_anew(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "shared")

    def told(patience_s: float) -> int:
        with ledger.taken(patience_s):
            return int(ledger.do("PRAGMA busy_timeout")[0][0])

    for patience_s in (50.0, 50.0, 3.0, 50.0):
        assert (patience_s - 3) * 1000 < told(patience_s) <= patience_s * 1000
    ledger.prepare()
    ledger.stay()
    assert 47_000 < told(50.0) <= 50_000
    ledger.close()


def test_what_fails_in_a_transaction_is_not_written(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "shared")

    def interrupted() -> None:
        with ledger.transaction(1.0):
            ledger.do("INSERT INTO holds VALUES ('a', 'b', 1)")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    with ledger.taken(1.0):
        assert ledger.do("SELECT * FROM holds") == []


FORKS = """
import os, sys, threading
from exchangeclient.core.orders.journal import Journal

key = ("BTCUSDT", "order", "a")
journal = Journal(sys.argv[1])
journal.note("me", key, 5, {"of": "the first"})
held, done = threading.Event(), threading.Event()

def hold():
    with journal.taken(5):
        held.set()
        done.wait()

if sys.argv[2] == "busy":
    threading.Thread(target=hold).start()
    held.wait()
before = journal._rows
child = os.fork()
if child == 0:
    assert journal._rows is not before, "a connection of the other process"
    assert not journal.note("me", key, 6, {})
    journal.strike("me", key, 5)
    journal.note("me", key, 7, {"of": "the second"})
    print("done", flush=True)
    os._exit(0)
os.waitpid(child, 0)
done.set()
print(journal.open("me"))
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no forks")
@pytest.mark.parametrize("lock", ["free", "busy"])
def test_a_process_that_is_forked_off_has_a_connection_of_its_own(tmp_path: Path, lock: str) -> None:
    command = [sys.executable, "-W", "ignore", "-c", FORKS, str(tmp_path / "orders"), lock]
    told = subprocess.run(command, check=False, capture_output=True, text=True, timeout=30)
    assert told.stdout.split("\n")[:2] == ["done", "[{'of': 'the second'}]"], told.stderr
