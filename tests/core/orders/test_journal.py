from __future__ import annotations

import gc
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from exchangeclient.core.orders.journal import Journal, Key
from exchangeclient.core.process.clock import SystemClock
from exchangeclient.exceptions import JournalException

TOLD = {"client_order_id": "a", "timestamp_ms": 5}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "orders"


def key(client_order_id: str, symbol: str = "BTCUSDT", kind: str = "order") -> Key:
    return symbol, kind, client_order_id


def test_what_was_noted_and_not_struck_out_is_there_for_the_next_one(path: Path) -> None:
    journal = Journal(path)
    for noted in (key("a"), key("b"), key("a", "ETHUSDT"), key("a", kind="list")):
        assert journal.note("me", noted, 5, {"is": list(noted)})
    journal.strike("me", key("b"), 5)
    for reader in (journal, Journal(path)):
        assert [told["is"] for told in reader.open("me")] == [
            ["BTCUSDT", "list", "a"],
            ["BTCUSDT", "order", "a"],
            ["ETHUSDT", "order", "a"],
        ]
        assert reader.of("me", key("b")) is None
        assert reader.of("me", key("a", kind="list")) == {"is": ["BTCUSDT", "list", "a"]}


def test_an_order_in_doubt_is_neither_written_over_nor_struck_out_by_another_one(path: Path) -> None:
    assert Journal(path).note("me", key("a"), 5, TOLD)
    other = Journal(path)
    assert not other.note("me", key("a"), 6, {})
    other.strike("me", key("a"), 6)
    assert other.open("me") == [TOLD]


def test_accounts_have_pages_of_their_own(path: Path) -> None:
    journal = Journal(path)
    journal.note("me", key("a"), 5, TOLD)
    assert journal.open("you") == []
    journal.strike("you", key("a"), 5)
    assert journal.open("me") == [TOLD]


def test_threads_and_other_journals_share_a_file(path: Path) -> None:
    journals = [Journal(path), Journal(path)]

    def turn(number: int) -> None:
        journals[number % 2].note("me", key(str(number)), number, {"number": number})
        if number % 4:
            journals[(number + 1) % 2].strike("me", key(str(number)), number)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(turn, range(80)))
    assert [told["number"] for told in Journal(path).open("me")] == list(range(0, 80, 4))


def test_threads_that_find_the_file_taken_wait_no_longer_than_they_may_in_all(path: Path) -> None:
    journal, clock = Journal(path), SystemClock()
    with closing(sqlite3.connect(path, isolation_level=None)) as taken:
        taken.execute("BEGIN IMMEDIATE")
        began_s = clock.monotonic_s()

        def turn(number: int) -> None:
            with pytest.raises(JournalException):
                journal.note("me", key(str(number)), number, TOLD, patience_s=0.3)

        with ThreadPoolExecutor(8) as pool:
            list(pool.map(turn, range(8)))
        assert clock.monotonic_s() - began_s < 2 * 0.3 + 0.3  # a queue of eight would take eight times as long
    assert journal.open("me") == []


@pytest.mark.parametrize("told", ["{", "5"])
def test_a_row_that_cannot_be_read_is_named(path: Path, told: str) -> None:
    journal = Journal(path)
    with closing(sqlite3.connect(path, isolation_level=None)) as rows:
        rows.execute("INSERT INTO doubts VALUES ('me', 'BTCUSDT', 'order', 'a', 5, ?)", (told,))
    with pytest.raises(JournalException, match="cannot be read"):
        journal.open("me")


def test_a_file_of_another_kind_is_refused(path: Path) -> None:
    path.write_text("date,price\n" * 100)
    with pytest.raises(JournalException, match="cannot be used"):
        Journal(path)


def test_a_journal_of_a_newer_version_is_refused(path: Path) -> None:
    with closing(sqlite3.connect(path)) as rows:
        rows.execute("PRAGMA user_version=2")
    with pytest.raises(JournalException, match="is of version 2; this package reads 1"):
        Journal(path)


def test_a_folder_that_is_not_there_is_named(path: Path) -> None:
    with pytest.raises(JournalException, match="no-such-folder"):
        Journal(path / "no-such-folder" / "orders")


def test_a_closed_journal_takes_no_note(path: Path) -> None:
    journal = Journal(path)
    journal.close()
    with pytest.raises(JournalException):
        journal.note("me", key("a"), 5, TOLD)


@pytest.mark.filterwarnings("error::ResourceWarning")
def test_a_journal_that_is_dropped_closes_its_file(path: Path) -> None:
    journal = Journal(path)
    rows = journal._rows
    del journal
    gc.collect()
    with pytest.raises(sqlite3.ProgrammingError):
        rows.execute("SELECT 1")
