from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from exchangeclient.archive import csvfiles
from exchangeclient.archive.load import load, runs
from exchangeclient.archive.series import Row
from exchangeclient.archive.store import Store
from exchangeclient.exceptions import ArchiveException

from .conftest import MINUTE_MS, SERIES, START, candle, minutes, stored

LATER = START + 10**9


def file_of(rows: list[Row], path: Path) -> Path:
    with gzip.open(path, "wt", newline="") if path.suffix == ".gz" else path.open("w", newline="") as file:
        csvfiles.write(SERIES, rows, file)
    return path


@pytest.mark.parametrize("name", ["a.csv", "a.csv.gz"])
def test_a_file_is_taken_in_and_its_holes_stay_missing(name: str, store: Store, tmp_path: Path) -> None:
    rows = minutes(2500, without=[5, 6, 1700])
    outcome = load(store, SERIES, file_of(rows, tmp_path / name), now_ms=LATER, policy="keep", complain=None)
    assert (outcome.rows, stored(store)) == (2497, rows)
    kept = store.kept()[0]
    assert kept.missing() == [(START + 5 * MINUTE_MS, START + 7 * MINUTE_MS), (START + 1700 * MINUTE_MS, START + 1701 * MINUTE_MS)]
    assert (kept.empty, kept.asked_ms) == (0, None)


def test_a_bad_file_leaves_everything_as_it_was(store: Store, tmp_path: Path) -> None:
    path = file_of(minutes(2500), tmp_path / "a.csv")
    path.write_text(path.read_text()[:-5])
    with pytest.raises(ArchiveException, match="line 2501"):
        load(store, SERIES, path, now_ms=LATER, policy="keep", complain=None)
    assert store.kept() == []
    told: list[int] = []
    load(store, SERIES, path, now_ms=LATER, policy="keep", complain=lambda number, why: told.append(number))
    assert (stored(store), told) == (minutes(2499), [2501])


def test_a_candle_that_is_not_over_is_refused(store: Store, tmp_path: Path) -> None:
    path = file_of(minutes(10), tmp_path / "a.csv")
    now_ms = START + 9 * MINUTE_MS + 5
    with pytest.raises(ArchiveException, match="not over yet"):
        load(store, SERIES, path, now_ms=now_ms, policy="keep", complain=None)
    load(store, SERIES, path, now_ms=now_ms, policy="keep", complain=lambda *_: None)
    assert stored(store) == minutes(9)


@pytest.mark.parametrize("policy", ["keep", "take"])
def test_records_that_differ_are_noted_and_the_policy_decides(policy: str, store: Store, tmp_path: Path) -> None:
    load(store, SERIES, file_of(minutes(3), tmp_path / "a.csv"), now_ms=LATER, policy="keep", complain=None)
    other = candle(START + MINUTE_MS, close="1.70000000")
    rows = [minutes(1)[0], other, *minutes(5)[3:]]
    outcome = load(store, SERIES, file_of(rows, tmp_path / "b.csv"), now_ms=LATER, policy=policy, complain=None)  # type: ignore[arg-type]
    assert [each.became for each in outcome.revisions] == [other]
    taken = other if policy == "take" else minutes(2)[1]
    assert stored(store) == [minutes(1)[0], taken, *minutes(5)[2:]]


def test_runs_are_marks_one_after_the_other() -> None:
    marks = [START + each * MINUTE_MS for each in (0, 1, 2, 5, 7, 8)]
    assert [(last - first) // MINUTE_MS for first, last in runs(SERIES, marks)] == [3, 1, 2]
    assert runs(SERIES, []) == []
