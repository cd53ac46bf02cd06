from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from exchangeclient.archive import Archive, repair
from exchangeclient.archive.series import Row, Series
from exchangeclient.archive.store import Store
from exchangeclient.archive.sync import lock_of
from exchangeclient.archive.verify import Remark, added_up, cross_checks, differences, gaps, verified
from exchangeclient.core.process.onlyrun import only_run
from exchangeclient.exceptions import AlreadyRunningException, ArchiveException
from exchangeclient.market import klines

from .conftest import MINUTE_MS, SERIES, START, Venue, brought, candle, minutes, stored

HOUR_MS = 3_600_000
HOURS = Series("fake", "ETHBTC", "1h")
FIRST_HOUR = HOURS.ceiling(START)


def at(minute: int) -> int:
    return START + minute * MINUTE_MS


@pytest.fixture
def filled(store: Store) -> Store:
    brought(store, Venue({SERIES: minutes(60, without=[9])}, at(60) + 1))
    return store


def meddled(store: Store, statement: str, *values: Any) -> None:
    """Change the file behind the archive's back, its own checks switched off."""
    with closing(sqlite3.connect(store.path)) as rows:
        rows.execute("PRAGMA ignore_check_constraints=ON")
        rows.execute(statement, values)
        rows.commit()


def found(store: Store) -> list[tuple[str, int, int, int]]:
    return [(each.kind, each.first, each.last, each.count) for each in verified(store, store.kept()[0])]


def test_an_archive_in_order_has_nothing_but_what_the_venue_has_not(filled: Store) -> None:
    assert found(filled) == [("venue-empty", at(9), at(10), 1)]
    assert not any(each.is_wrong for each in verified(filled, filled.kept()[0]))


@pytest.mark.parametrize(
    ("statement", "kinds"),
    [
        (f"DELETE FROM candles WHERE open_ms = {at(20)}", {"lost", "venue-empty"}),
        (f"UPDATE candles SET high = '0.1' WHERE open_ms = {at(20)}", {"nonsense", "venue-empty"}),
        (f"UPDATE candles SET close = 'abc' WHERE open_ms = {at(20)}", {"nonsense", "venue-empty"}),
        (f"UPDATE candles SET open_ms = {at(20) + 1} WHERE open_ms = {at(20)}", {"misplaced", "lost", "venue-empty"}),
        (f"UPDATE candles SET open_ms = {at(-5)} WHERE open_ms = {at(20)}", {"misplaced", "lost", "venue-empty"}),
    ],
)
def test_K14_what_somebody_has_changed_in_the_file_is_found_and_a_repair_mends_it(filled: Store, statement: str, kinds: set[str]) -> None:
    meddled(filled, statement)
    findings = list(verified(filled, filled.kept()[0]))
    assert {each.kind for each in findings} == kinds
    assert repair.forget(filled, filled.kept()[0], findings, empty=False) > 0
    brought(filled, Venue({SERIES: minutes(60, without=[9])}, at(60) + 1))
    assert found(filled) == [("venue-empty", at(9), at(10), 1)]
    assert stored(filled) == minutes(60, without=[9])


def test_what_has_been_closed_since_counts_as_missing_when_the_time_is_known(filled: Store) -> None:
    kept = filled.kept()[0]
    assert [each.kind for each in gaps(filled, kept)] == ["venue-empty"]
    assert [(each.kind, each.first, each.last) for each in gaps(filled, kept, at(63))][1] == ("missing", at(60), at(63))


def test_what_was_empty_can_be_asked_for_again(filled: Store) -> None:
    repair.forget(filled, filled.kept()[0], [], empty=True)
    assert found(filled) == [("missing", at(9), at(10), 1)]
    brought(filled, Venue({SERIES: minutes(60)}, at(60) + 1))
    assert stored(filled) == minutes(60)


def test_candles_that_do_not_add_up_are_named(store: Store) -> None:
    parts = [candle(FIRST_HOUR + each * MINUTE_MS) for each in range(150)]
    wholes = [tuple(row) for row in klines.resampled(parts, "1h")][:2]
    wrong = (*wholes[1][:2], "9.00000000", *wholes[1][3:])
    venue = Venue({SERIES: parts, HOURS: [wholes[0], wrong]}, FIRST_HOUR + 150 * MINUTE_MS)
    brought(store, venue, SERIES, HOURS)
    hours, small = sorted(store.kept(), key=lambda each: each.series.interval)
    assert [(one.series, other.series) for one, other in cross_checks([hours, small])] == [(SERIES, HOURS)]
    (finding,) = added_up(store, small, store.rows(hours, 0, 2**62), "1h", "in the archive")
    assert (finding.kind, finding.first, finding.count) == ("differs", FIRST_HOUR + HOUR_MS, 60)
    assert "differs: high is " in finding.text


def test_candles_whose_parts_are_not_all_known_are_not_judged() -> None:
    parts = [candle(FIRST_HOUR + each * MINUTE_MS) for each in range(60)]
    whole = candle(FIRST_HOUR, "1h", close="9.00000000")
    known = [(FIRST_HOUR, FIRST_HOUR + 59 * MINUTE_MS)]
    assert list(differences(parts, [whole], "1h", known)) == []
    assert len(list(differences(parts, [whole], "1h", [(FIRST_HOUR, FIRST_HOUR + HOUR_MS)]))) == 1


def test_candles_are_compared_as_they_are_read() -> None:
    """Eight years of minutes and of five minutes are more than fits into the memory of a small machine."""
    parts = [candle(FIRST_HOUR + each * MINUTE_MS) for each in range(6_000)]
    taken = 0

    def wholes() -> Iterator[Row]:
        nonlocal taken
        for row in klines.resampled(parts, "5m"):
            taken += 1
            yield (*row[:1], "9.00000000", *row[2:])

    known = [(FIRST_HOUR, FIRST_HOUR + 6_000 * MINUTE_MS)]
    found = 0
    for found, (whole, _, columns) in enumerate(differences(iter(parts), wholes(), "5m", known), 1):
        assert (whole[0], columns) == (FIRST_HOUR + (found - 1) * 5 * MINUTE_MS, "open")
        assert taken <= found + 1
    assert found == 1_200


def test_figures_that_a_venue_does_not_tell_are_not_compared() -> None:
    parts = [candle(FIRST_HOUR + each * MINUTE_MS) for each in range(60)]
    (whole,) = klines.resampled(parts, "1h")
    bare = (*whole[:7], None, None, None, None)
    assert list(differences(parts, [bare], "1h", [(FIRST_HOUR, FIRST_HOUR + HOUR_MS)])) == []


ROWS = [candle(at(each)) for each in range(6000) if each != 4321]


def big() -> Venue:
    return Venue({SERIES: ROWS}, at(6000) + 1, page_size=1000)


@pytest.fixture
def in_one_file(store: Store) -> Store:
    """An archive without a write-ahead log beside it, closed."""
    brought(store, big())
    store.close()
    with closing(sqlite3.connect(store.path)) as rows:
        rows.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return store


def overwritten(store: Store, page: int, count: int = 1) -> None:
    content = bytearray(store.path.read_bytes())
    content[page * 16384 : (page + count) * 16384] = b"\xa5" * (count * 16384)
    store.path.write_bytes(content)


def root_of(store: Store, table: str) -> int:
    with closing(sqlite3.connect(store.path)) as rows:
        ((page,),) = rows.execute("SELECT rootpage FROM sqlite_master WHERE name = ?", (table,))
    return int(page) - 1


def test_K02_a_damaged_file_gives_up_what_can_be_read(in_one_file: Store) -> None:
    path = in_one_file.path
    overwritten(in_one_file, len(path.read_bytes()) // 2 // 16384, 3)
    saved, lost = repair.salvage(path)
    assert saved > 3000
    assert saved + lost == 5999
    first = path.with_name("archive.db.damaged").read_bytes()
    assert_mended(path)
    with closing(Store(path)) as store:
        overwritten(store, len(path.read_bytes()) // 2 // 16384, 3)
    repair.salvage(path)
    assert path.with_name("archive.db.damaged.1").read_bytes() == first, "an older one may have what this one has not"
    assert path.with_name("archive.db.damaged").read_bytes() != first


@pytest.mark.parametrize("kib", [200, 700])
def test_K14_a_file_that_was_cut_gives_up_what_can_be_read(in_one_file: Store, kib: int) -> None:
    path = in_one_file.path
    os.truncate(path, kib * 1024)
    with pytest.raises(ArchiveException, match="malformed"):
        Store(path)
    assert repair.is_damaged(path)
    saved, lost = repair.salvage(path)
    assert saved > 0
    assert saved + lost == 5999
    assert_mended(path)


def test_K14_rows_are_saved_also_when_it_cannot_be_read_of_what_they_are_all(in_one_file: Store) -> None:
    overwritten(in_one_file, root_of(in_one_file, "spans"))
    assert repair.is_damaged(in_one_file.path)
    assert repair.salvage(in_one_file.path) == (5999, 0)
    assert_mended(in_one_file.path)


def test_K14_without_the_names_of_its_series_nothing_is_changed(in_one_file: Store) -> None:
    for table in ("series", "sqlite_autoindex_series_1"):
        overwritten(in_one_file, root_of(in_one_file, table))
    before = in_one_file.path.read_bytes()
    with pytest.raises(ArchiveException, match="so that nothing of it can be saved; move it away"):
        repair.salvage(in_one_file.path)
    assert in_one_file.path.read_bytes() == before
    assert [each.name for each in in_one_file.path.parent.iterdir() if each.suffix != ".locks"] == ["archive.db"]


def test_K14_the_names_of_its_series_are_in_two_places(in_one_file: Store) -> None:
    overwritten(in_one_file, root_of(in_one_file, "series"))
    assert repair.is_damaged(in_one_file.path)
    assert repair.salvage(in_one_file.path) == (5999, 0)
    with closing(Store(in_one_file.path)) as mended:
        assert (mended.kept()[0].series, mended.kept()[0].begin) == (SERIES, at(0))
    assert_mended(in_one_file.path)


@pytest.mark.parametrize("size", [16, 100, 512, 4096, 16384])
def test_K14_a_file_without_its_head_is_given_another(in_one_file: Store, size: int) -> None:
    path = in_one_file.path
    path.write_bytes(bytes(size) + path.read_bytes()[size:])
    with pytest.raises(ArchiveException, match=r"cannot be used|something else"):
        Store(path)
    assert Archive.salvage(path) == (5999, 0)
    assert path.with_name("archive.db.damaged").read_bytes()[:16] == bytes(16)
    assert not list(path.parent.glob("*.headed*"))
    assert_mended(path)


@pytest.mark.parametrize("content", [b"\x89PNG" * 100, b"\x89PNG" * 16384, b"\0" * 65536])
def test_K14_what_is_no_archive_is_told_and_left_alone(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "picture.png"
    path.write_bytes(content)
    with pytest.raises(ArchiveException, match=r"not a database|no archive"):
        Archive.salvage(path)
    assert path.read_bytes() == content
    assert [each.name for each in tmp_path.iterdir()] == ["picture.png"]


def test_rows_that_went_unnoticed_are_not_saved_as_empty_at_the_venue(in_one_file: Store) -> None:
    meddled(in_one_file, "DELETE FROM candles WHERE open_ms BETWEEN ? AND ?", at(100), at(199))
    assert repair.salvage(in_one_file.path) == (5899, 100)
    assert_mended(in_one_file.path)


def test_what_the_venue_has_changed_is_saved_too(in_one_file: Store) -> None:
    changed = Store(in_one_file.path)
    brought(changed, Venue({SERIES: [*ROWS[:-1], candle(at(5999), close="1.70000000"), candle(at(6000))]}, at(6001) + 1, page_size=1000))
    before = changed.revisions(changed.kept()[0])
    changed.close()
    repair.salvage(in_one_file.path)
    with closing(Store(in_one_file.path)) as mended:
        assert mended.revisions(mended.kept()[0]) == before
        assert len(before) == 1


def test_a_file_is_not_salvaged_under_the_hands_of_another_run(in_one_file: Store) -> None:
    before = in_one_file.path.read_bytes()
    with only_run(lock_of(in_one_file.path, SERIES)), pytest.raises(AlreadyRunningException):
        repair.salvage(in_one_file.path)
    assert in_one_file.path.read_bytes() == before


def assert_mended(path: Path) -> None:
    """The file is whole, and a sync makes it what it was."""
    with closing(Store(path)) as mended:
        assert mended.damage() == []
        assert [each.kind for each in verified(mended, mended.kept()[0]) if each.kind not in ("missing", "venue-empty")] == []
        brought(mended, big())
        assert stored(mended) == ROWS
        assert [(each.kind, each.first) for each in verified(mended, mended.kept()[0])] == [("venue-empty", at(4321))]


def test_findings_say_whether_something_has_to_be_done() -> None:
    assert [Remark(None, kind, 0, 0, 0).is_wrong for kind in ("damaged", "missing", "venue-empty", "revised")] == [
        True,
        True,
        False,
        False,
    ]
