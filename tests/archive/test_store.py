from __future__ import annotations

import sqlite3
import threading
from contextlib import closing
from pathlib import Path

import pytest

from exchangeclient.archive import store as module
from exchangeclient.archive.series import TRADES, Row, Series
from exchangeclient.archive.store import Kept, Store
from exchangeclient.exceptions import ArchiveException

from .conftest import SERIES, START, candle, minutes, stored, trade

M = 60_000
TRADE_SERIES = Series("fake", "ETHBTC", TRADES)


def at(minute: int) -> int:
    return START + minute * M


def test_a_page_is_written_with_what_is_known(store: Store) -> None:
    kept = store.want(SERIES, at(0))
    assert store.commit(kept, minutes(5, without=[2]), [(at(0), at(5))], now_ms=1) == (4, [])
    store.asked(kept, at(9), 123)
    kept = store.of(SERIES) or kept
    assert stored(store) == minutes(5, without=[2])
    assert (kept.rows, kept.empty, kept.known, kept.missing()) == (4, 1, [(at(0), at(5))], [(at(5), at(9))])
    assert (kept.begin, kept.end, kept.asked_ms) == (at(0), at(9), 123)


def test_spans_that_touch_become_one_in_whatever_order_they_come(store: Store) -> None:
    kept = store.want(SERIES, at(0))
    for first in (4, 0, 2):
        store.commit(kept, minutes(6)[first : first + 2], [(at(first), at(first + 2))], now_ms=1)
    kept = store.of(SERIES) or kept
    assert kept.spans == ((at(0), at(6), 6),)


def pages(store: Store, *firsts: int) -> Kept:
    """Pages of five minutes, one after the other."""
    kept = store.want(SERIES, at(0))
    for first in firsts:
        assert store.commit(kept, minutes(20)[first : first + 5], [(at(first), at(first + 5))], now_ms=1) == (5, [])
    return kept


def now(store: Store) -> tuple[tuple[int, int, int], ...]:
    kept = store.of(SERIES)
    assert kept is not None
    return kept.spans


def test_pages_that_follow_each_other_become_one_span_beside_those_that_do_not(store: Store) -> None:
    kept = pages(store, 15, 0, 5)
    assert store.commit(kept, [], [(at(10), at(12))], now_ms=1) == (0, [])
    assert now(store) == ((at(0), at(12), 10), (at(15), at(20), 5))
    assert store.commit(kept, minutes(20)[12:15], [(at(12), at(15))], now_ms=1) == (3, [])  # touches the one behind it, too
    assert now(store) == ((at(0), at(20), 18),)
    assert stored(store) == minutes(20, without=[10, 11])


@pytest.mark.parametrize("theirs", [minutes(20)[10:15], minutes(20)[12:15], []])
def test_what_another_writer_has_put_behind_a_page_meanwhile_is_compared_with_the_next_one(store: Store, theirs: list[Row]) -> None:
    kept = pages(store, 0, 5)
    with closing(Store(store.path)) as other:
        other.commit(kept, theirs, [(at(10), at(15))], now_ms=2)
    ours = [*minutes(20)[10:14], candle(at(14), close="1.60000000")]
    new, revisions = store.commit(kept, ours, [(at(10), at(15))], now_ms=3)
    assert new == 0
    assert {each.mark: (each.was, each.became) for each in revisions} == {
        row[0]: (was, row) for row in ours if (was := next((each for each in theirs if each[0] == row[0]), None)) != row
    }
    assert now(store) == ((at(0), at(15), 10 + len(theirs)),)
    assert stored(store) == [*minutes(10), *theirs]


def test_what_another_writer_has_forgotten_meanwhile_stays_missing_before_the_next_page(store: Store) -> None:
    kept = pages(store, 0, 5)
    with closing(Store(store.path)) as other:
        other.forget(kept, [(at(7), at(10))], rows=True)
    assert store.commit(kept, minutes(20)[10:15], [(at(10), at(15))], now_ms=3) == (5, [])
    assert now(store) == ((at(0), at(7), 7), (at(10), at(15), 5))


def test_a_row_that_cannot_be_writes_nothing_behind_a_page_either(store: Store) -> None:
    kept = pages(store, 0, 5)
    wrong = [*minutes(20)[10:14], (*candle(at(14))[:3], "9.00000000", *candle(at(14))[4:])]  # a low above the high
    with pytest.raises(ValueError, match=str(at(14))):
        store.commit(kept, wrong, [(at(10), at(15))], now_ms=3)
    assert (now(store), stored(store)) == (((at(0), at(10), 10),), minutes(10))
    assert store.commit(kept, minutes(20)[10:15], [(at(10), at(15))], now_ms=3) == (5, [])


def test_the_same_page_twice_changes_nothing(store: Store) -> None:
    kept = store.want(SERIES, at(0))
    for _ in range(2):
        written = store.commit(kept, minutes(5), [(at(0), at(5))], now_ms=1)
    assert written == (0, [])
    assert stored(store) == minutes(5)
    assert (store.of(SERIES) or kept).rows == 5


@pytest.mark.parametrize("policy", ["keep", "take"])
def test_K09_what_the_venue_has_changed_is_noted_and_the_policy_decides(store: Store, policy: module.Policy) -> None:
    kept = store.want(SERIES, at(0))
    store.commit(kept, minutes(4, without=[3]), [(at(0), at(4))], now_ms=1)
    changed = [minutes(1)[0], candle(at(1), close="1.60000000"), candle(at(3))]  # one is other, one is gone, one has come
    new, revisions = store.commit(kept, changed, [(at(0), at(4))], now_ms=7, policy=policy)
    assert new == 0
    assert [(each.mark, each.was, each.became, each.taken) for each in revisions] == [
        (at(1), candle(at(1)), changed[1], policy == "take"),
        (at(2), candle(at(2)), None, policy == "take"),
        (at(3), None, changed[2], policy == "take"),
    ]
    assert store.revisions(kept) == revisions
    assert stored(store) == (changed if policy == "take" else minutes(3))
    assert (store.of(SERIES) or kept).rows == 3
    store.commit(kept, changed, [(at(0), at(4))], now_ms=8, policy=policy)
    assert store.revisions(kept) == revisions, "the same change is noted once"


def test_trades_are_kept_by_their_numbers(store: Store) -> None:
    kept = store.want(TRADE_SERIES, 5)
    rows = [trade(5), trade(6), trade(8)]
    assert store.commit(kept, rows, [(5, 9)], now_ms=1) == (3, [])
    assert store.commit(kept, rows, [(5, 9)], now_ms=1) == (0, []), "flags are the same as numbers and as flags"
    assert stored(store, TRADE_SERIES) == rows
    assert store.near(kept, START + 6) == 6
    assert store.near(kept, START + 7) == 8
    assert store.near(kept, START + 9) is None
    assert store.times(store.of(TRADE_SERIES) or kept) == [(START + 5, START + 8)]


def test_a_row_that_cannot_be_writes_nothing(store: Store) -> None:
    kept = store.want(SERIES, at(0))
    bad = (*candle(at(1))[:2], "0.50000000", *candle(at(1))[3:])  # the high is below the low
    with pytest.raises(ValueError, match=f"the row at {at(1)} makes no sense"):
        store.commit(kept, [candle(at(0)), bad], [(at(0), at(2))], now_ms=1)
    assert stored(store) == []
    assert (store.of(SERIES) or kept).spans == ()


def test_forgetting_leaves_what_is_known_around_it(store: Store) -> None:
    kept = store.want(SERIES, at(0))
    store.commit(kept, minutes(10, without=[7]), [(at(0), at(10))], now_ms=1)
    store.forget(kept, [(at(2), at(4))], rows=True)
    kept = store.of(SERIES) or kept
    assert kept.spans == ((at(0), at(2), 2), (at(4), at(10), 5))
    store.forget(kept, [(at(6), at(9))], rows=False)
    kept = store.of(SERIES) or kept
    assert kept.spans == ((at(0), at(2), 2), (at(4), at(7), 3), (at(8), at(10), 2))
    assert [row[0] for row in stored(store)] == [at(each) for each in (0, 1, 4, 5, 6, 8, 9)]


def test_wanting_more_extends_a_series_backwards_only(store: Store) -> None:
    assert store.want(SERIES, None).begin is None
    assert store.want(SERIES, at(5)).begin == at(5)
    assert store.want(SERIES, at(9)).begin == at(5)
    assert store.want(SERIES, at(1)).begin == at(1)


def test_K18_a_reader_sees_one_moment_while_a_writer_goes_on(store: Store) -> None:
    kept = store.want(SERIES, at(0))
    store.commit(kept, minutes(1500), [(at(0), at(1500))], now_ms=1)
    rows = store.rows(kept, at(0), at(10_000))
    first = next(rows)
    more = [candle(at(each)) for each in range(1500, 1600)]
    writer = threading.Thread(target=lambda: store.commit(kept, more, [(at(1500), at(1600))], now_ms=1))
    writer.start()
    writer.join(30)
    assert not writer.is_alive()
    assert [first, *rows] == minutes(1500)
    assert stored(store) == minutes(1600)


# ---- the file --------------------------------------------------------------------------------------------------------


def test_a_file_of_an_older_version_is_brought_up_to_date(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(module, "_STEPS", module._STEPS[:1])
        patch.setattr(Store, "version", 1)
        old = Store(tmp_path / "a.db")
        old.commit(old.want(SERIES, at(0)), minutes(3), [(at(0), at(3))], now_ms=1)
        old.close()
    new = Store(tmp_path / "a.db")
    assert stored(new) == minutes(3)
    assert new.revisions(new.kept()[0]) == []
    new.close()
    with sqlite3.connect(tmp_path / "a.db") as rows:
        assert rows.execute("PRAGMA user_version").fetchone() == (len(module._STEPS),)
    rows.close()


def test_K14_a_file_of_a_newer_version_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    Store(tmp_path / "a.db").close()
    with sqlite3.connect(tmp_path / "a.db") as rows:
        rows.execute("PRAGMA user_version=99")
    rows.close()
    before = (tmp_path / "a.db").read_bytes()
    with pytest.raises(ArchiveException, match="version 99"):
        Store(tmp_path / "a.db")
    assert (tmp_path / "a.db").read_bytes() == before


def test_K14_what_is_no_archive_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "other.db") as rows:
        rows.execute("CREATE TABLE mine (x)")
    rows.close()
    (tmp_path / "text.db").write_text("open_time,open\n" * 100)
    for name in ("other.db", "text.db"):
        before = (tmp_path / name).read_bytes()
        with pytest.raises(ArchiveException, match=name):
            Store(tmp_path / name)
        assert (tmp_path / name).read_bytes() == before


def test_many_threads_make_one_file(tmp_path: Path) -> None:
    stores: list[Store] = []
    threads = [threading.Thread(target=lambda: stores.append(Store(tmp_path / "a.db"))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(stores) == 8
    for number, each in enumerate(stores):
        each.commit(each.want(SERIES, at(0)), [candle(at(number))], [(at(number), at(number + 1))], now_ms=1)
    assert stored(stores[0]) == minutes(8)
    assert stores[0].kept()[0].spans == ((at(0), at(8), 8),)


def test_K03_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(ArchiveException, match="cannot be used"):
        Store(tmp_path / "nowhere" / "a.db")
