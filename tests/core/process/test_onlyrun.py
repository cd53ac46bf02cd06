"""One run at a time: among processes, also when one is killed."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from exchangeclient.core.process.onlyrun import only_run
from exchangeclient.exceptions import AlreadyRunningException

HOLD = """
import sys
from exchangeclient.core.process.onlyrun import only_run

with only_run(sys.argv[1]):
    print("held", flush=True)
    sys.stdin.read()
"""
ADD = """
import pathlib, sys
from exchangeclient.core.process.onlyrun import only_run

file = pathlib.Path(sys.argv[2])
for _ in range(20):
    with only_run(sys.argv[1], patience_s=60):
        file.write_text(str(int(file.read_text()) + 1))
"""


@contextmanager
def another_process_has(path: Path) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-c", HOLD, str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        try:
            yield process
        finally:
            process.kill()


def test_a_second_run_is_told_who_is_at_it(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with another_process_has(path) as process, pytest.raises(AlreadyRunningException, match=str(process.pid)) as caught, only_run(path):
        pytest.fail("two have the lock")
    assert (caught.value.path, caught.value.pid) == (str(path), process.pid)


def test_the_lock_of_a_process_that_was_killed_is_free(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with another_process_has(path) as process:
        process.kill()
        process.wait(20)
        with only_run(path):
            assert path.read_text() == str(os.getpid())


def test_a_run_that_ended_leaves_the_lock_free_and_the_file_there(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    for _ in range(2):
        with only_run(path):
            pass
    assert path.exists()


def test_an_error_frees_the_lock(tmp_path: Path) -> None:
    with pytest.raises(KeyError), only_run(tmp_path / "lock"):
        raise KeyError
    with only_run(tmp_path / "lock"):
        pass


def test_threads_shut_each_other_out_too_and_can_wait(tmp_path: Path) -> None:
    path, held, go = tmp_path / "lock", threading.Event(), threading.Event()

    def hold() -> None:
        with only_run(path):
            held.set()
            go.wait(20)

    thread = threading.Thread(target=hold)
    thread.start()
    assert held.wait(20)
    with pytest.raises(AlreadyRunningException), only_run(path):
        pass
    threading.Timer(0.1, go.set).start()
    begun = time.monotonic()
    with only_run(path, patience_s=20):
        assert time.monotonic() - begun < 15
    thread.join(20)


def test_of_many_processes_one_is_at_it_at_any_time(tmp_path: Path) -> None:
    """Each adds to a number in a file by reading and writing it."""
    path, count = tmp_path / "lock", tmp_path / "count"
    count.write_text("0")
    running = [subprocess.Popen([sys.executable, "-c", ADD, str(path), str(count)]) for _ in range(3)]
    assert [process.wait(60) for process in running] == [0, 0, 0]
    assert count.read_text() == "60"


def test_a_lock_that_cannot_be_made_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError), only_run(tmp_path / "no" / "lock"):
        pass
