"""What happens to an archive whose process or disk dies; ``chaos/chaos_archive.py`` does the same at every call of the system."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from itertools import count
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from exchangeclient.archive.store import Store
from exchangeclient.archive.sync import lock_of
from exchangeclient.archive.verify import verified
from exchangeclient.core.process.onlyrun import only_run
from exchangeclient.exceptions import AlreadyRunningException, ArchiveException

from .conftest import SERIES, Venue, brought, minutes, stored

PROGRAM = Path(__file__).resolve().parents[2] / "chaos/archive_program.py"
SPOILT_CODE = -signal.SIGKILL if hasattr(signal, "SIGKILL") else 1


def run(path: Path, *more: str) -> int:
    command = [sys.executable, str(PROGRAM), str(path), *more]
    return subprocess.run(command, capture_output=True, timeout=60, check=False).returncode


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[object]]:
    """What an archive holds of which nobody disturbed the making."""
    path = tmp_path_factory.mktemp("whole") / "a.db"
    assert run(path) == 0
    return contents(path)


def contents(path: Path) -> dict[str, list[object]]:
    with closing(Store(path)) as store:
        return {str(kept.series): [kept.spans, *store.rows(kept, -(2**62), 2**62)] for kept in store.kept()}


@pytest.mark.skipif(sys.platform == "win32", reason="processes are killed otherwise on Windows")
@pytest.mark.parametrize("statement", [1, 9, 23, 47, 78, 119])
def test_K01_K05_a_run_that_was_killed_leaves_a_whole_file_and_no_lock(
    statement: int, tmp_path: Path, whole: dict[str, list[object]]
) -> None:
    path = tmp_path / "a.db"
    assert run(path, "--die-at", str(statement)) == SPOILT_CODE
    if path.exists():
        with closing(Store(path)) as store:
            assert store.damage() == []
            wrong = [each for kept in store.kept() for each in verified(store, kept) if each.kind not in ("missing", "venue-empty")]
            assert wrong == []
    assert run(path) == 0, "the lock of the dead does not keep the next one away"
    assert contents(path) == whole


@pytest.mark.skipif(sys.platform == "win32", reason="there are no such limits on Windows")
@pytest.mark.parametrize("kib", [20, 60, 150])
def test_K03_a_disk_that_is_full_is_told_and_what_was_there_stays(kib: int, tmp_path: Path, whole: dict[str, list[object]]) -> None:
    path = tmp_path / "a.db"
    limited = f"import resource, runpy, signal, sys; signal.signal(signal.SIGXFSZ, signal.SIG_IGN); " \
        f"resource.setrlimit(resource.RLIMIT_FSIZE, ({kib * 1024}, {kib * 1024})); sys.path.insert(0, {str(PROGRAM.parent)!r}); " \
        f"sys.argv = ['archive_program', {str(path)!r}]; runpy.run_path({str(PROGRAM)!r}, run_name='__main__')"  # fmt: skip
    done = subprocess.run([sys.executable, "-c", limited], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1
    assert "cannot be used" in done.stderr
    assert "Traceback" not in done.stderr
    assert "rollback" not in done.stderr
    if path.exists():
        with closing(Store(path)) as store:
            assert [each for kept in store.kept() for each in verified(store, kept) if each.kind not in ("missing", "venue-empty")] == []
    assert run(path) == 0
    assert contents(path) == whole


@pytest.mark.skipif(os.name == "nt" or not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write everywhere")
def test_K03_a_folder_that_may_not_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "closed").mkdir(mode=0o500)
    with pytest.raises(ArchiveException, match="cannot be used"):
        Store(tmp_path / "closed" / "a.db")


@pytest.fixture
def folder() -> Iterator[Path]:
    """One that every user can get to, other than those of pytest."""
    with TemporaryDirectory() as name:
        folder = Path(name).resolve()
        folder.chmod(0o755)
        if os.getuid() == 0 and not all(each.stat().st_mode & 0o001 for each in folder.parents):
            pytest.skip("nobody but root gets to where temporary files are")
        yield folder


@contextmanager
def closed(folder: Path) -> Iterator[None]:
    """Nothing may be written there, also not by root, who is nobody for as long."""
    nobody, was_root = 65534, os.getuid() == 0
    folder.chmod(0o555)
    try:
        if was_root:
            os.setresuid(nobody, nobody, 0)
        yield
    finally:
        if was_root:
            os.setresuid(0, 0, 0)
        folder.chmod(0o755)


@pytest.mark.skipif(not hasattr(os, "setresuid"), reason="who may write is another matter on Windows and macOS")
def test_K03_where_nothing_may_be_written_an_archive_is_read(folder: Path) -> None:
    path = folder / "a#1 ?.db"
    with closing(Store(path)) as store:
        brought(store, Venue({SERIES: minutes(25)}, minutes(26)[25][0]))
        held = (folder / f"{path.name}-wal").read_bytes()
    with closed(folder):
        with closing(Store(path)) as store:
            assert stored(store) == minutes(25)
            assert store.damage() == []
            kept = store.of(SERIES)
            assert kept is not None
            assert list(verified(store, kept)) == []
            with pytest.raises(ArchiveException, match="where nothing may be written; it can only be read"):
                brought(store, Venue({SERIES: minutes(30)}, minutes(31)[30][0]))
            with pytest.raises(ArchiveException, match="readonly"):
                store.commit(kept, [], [(0, 60_000)], now_ms=0)
        assert {each.name for each in folder.iterdir()} == {path.name, f"{path.name}.locks"}
    (folder / f"{path.name}-wal").write_bytes(held)
    with closed(folder), pytest.raises(ArchiveException, match=r"still in a#1 \?.db-wal; copy both"):
        Store(path)


@pytest.mark.skipif(not hasattr(os, "setresuid"), reason="who may write is another matter on Windows and macOS")
def test_K03_what_another_user_changes_meanwhile_is_not_read_as_one(folder: Path) -> None:
    path = folder / "a.db"
    with closing(Store(path)) as store:
        brought(store, Venue({SERIES: minutes(25)}, minutes(26)[25][0]))
    with closed(folder):
        reader = Store(path)
    with closing(reader), closing(Store(path)) as store:
        kept = store.of(SERIES)
        assert kept is not None
        assert list(reader.rows(kept, 0, 2**62)) == minutes(25)
        brought(store, Venue({SERIES: minutes(30)}, minutes(31)[30][0]))
        store.do("PRAGMA wal_checkpoint(TRUNCATE)")
        for read in (lambda: list(reader.rows(kept, 0, 2**62)), lambda: list(reader.marks(kept, 0, 2**62)), reader.kept):
            with pytest.raises(ArchiveException, match="was changed while it was read"):
                read()
        path.rename(folder / "b.db")
        with pytest.raises(ArchiveException, match="was changed while it was read"):
            reader.kept()


def test_K04_several_runs_at_once_store_what_one_does(tmp_path: Path, whole: dict[str, list[object]]) -> None:
    path = tmp_path / "a.db"
    commands = [[sys.executable, str(PROGRAM), str(path), *(("--wait", "50") if number else ())] for number in range(4)]
    running = [subprocess.Popen(command, stderr=subprocess.DEVNULL) for command in commands]
    codes = [each.wait(60) for each in running]
    assert set(codes) <= {0, 4}
    assert 0 in codes
    assert contents(path) == whole


def test_K04_who_has_a_series_is_named(tmp_path: Path) -> None:
    store = Store(tmp_path / "a.db")
    with only_run(lock_of(store.path, SERIES)):
        (outcome,) = brought(store, Venue({SERIES: minutes(5)}, minutes(6)[5][0]))
    assert isinstance(outcome.error, AlreadyRunningException)
    assert f"process {os.getpid()}" in str(outcome.error)
    store.close()


def test_K02_of_what_a_loss_of_power_leaves_rows_and_what_is_known_go_together(tmp_path: Path) -> None:
    """What was not synced is lost: an end of the log, or pages that a checkpoint was writing. A log is synced before its checkpoint."""
    path, venue = tmp_path / "a.db", Venue({SERIES: minutes(60, without=range(7, 19))}, minutes(61)[60][0])
    with closing(Store(path)) as store:
        store.do("PRAGMA wal_autocheckpoint=0")
        brought(store, venue)
        log, before = Path(f"{path}-wal").read_bytes(), path.read_bytes()
        store.do("PRAGMA wal_checkpoint(PASSIVE)")
        after, wanted = path.read_bytes(), stored(store)
    assert len(wanted) == 48
    page = int.from_bytes(log[8:12], "big")
    frames = range(32, len(log), 24 + page)
    assert len(after) > len(before)
    assert len(frames) > 20
    random, kept_rows = Random(2), set()
    left = [(before, log[:at]) for at in frames]
    left += [(before, log[: at + random.randrange(24 + page)]) for at in frames]
    left += [(before, log[:at] + bytes(24 + page) + log[at + 24 + page :]) for at in frames]  # a later one was written, this was not
    older = before.ljust(len(after), b"\0")
    for _ in range(20):
        pages = [random.choice((older, after))[at : at + page] for at in range(0, len(after), page)]
        left.append((b"".join(pages), log))
    for number, (main, rest) in enumerate(left):
        found = tmp_path / f"{number}.db"
        found.write_bytes(main)
        Path(f"{found}-wal").write_bytes(rest)
        with closing(Store(found)) as store:
            assert store.damage() == []
            wrong = [each for kept in store.kept() for each in verified(store, kept) if each.kind not in ("missing", "venue-empty")]
            assert wrong == []
            rows = stored(store)
            assert set(rows) <= set(wanted)
            assert rest != log or rows == wanted, "what was synced is there"
            kept_rows.add(len(rows))
            brought(store, venue)
            assert stored(store) == wanted
            assert [(kept.missing(), kept.rows) for kept in store.kept()] == [([], 48)]
    assert len(kept_rows) > 4, "whole pages went, one after the other"


@pytest.mark.parametrize("follows", [True, False])
def test_K02_K03_a_write_that_fails_in_the_middle_writes_nothing(follows: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = Store(tmp_path / "a.db")
    first, there = 2 if follows else 3, minutes(2)
    rows, page = minutes(9)[first:], (minutes(9)[first][0], minutes(10)[9][0])
    kept = store.want(SERIES, minutes(1)[0][0])
    store.commit(kept, there, [(minutes(1)[0][0], minutes(3)[2][0])], now_ms=1)
    statement = Store.run

    def failing(at: int) -> Callable[..., Any]:
        numbers = count(1)

        def run(self: Store, text: str, values: Sequence[Any]) -> Any:
            if next(numbers) == at:
                raise ArchiveException("no space left")
            return statement(self, text, values)

        return run

    for at in count(1):
        with monkeypatch.context() as patch:
            patch.setattr(Store, "run", failing(at))
            try:
                store.commit(kept, rows, [page], now_ms=1)
                break
            except ArchiveException:
                pass
        assert stored(store) == there
        assert (store.of(SERIES) or kept).rows == 2
    assert at > 4, "it failed at each statement, from the one that begins to the one that commits"
    store.commit(kept, minutes(10), [(minutes(1)[0][0], minutes(11)[10][0])], now_ms=1)
    assert stored(store) == minutes(10)
    store.close()
