"""What :mod:`conftest` does when all tests are done."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

LEAVES_A_THREAD = """
import threading

def test_one():
    threading.Thread(target=threading.Event().wait, name="left-alone").start()
    assert {holds}
"""


@pytest.mark.parametrize("processes", [0, 2])
@pytest.mark.parametrize("holds", [True, False])
def test_a_thread_that_a_test_has_left_is_named_and_keeps_nobody_waiting(tmp_path: Path, holds: bool, processes: int) -> None:
    ours = Path(__file__).with_name("conftest.py").read_text(encoding="utf-8")
    patience = "_ENDS_WITHIN_S = 3.0"
    assert patience in ours
    (tmp_path / "conftest.py").write_text(ours.replace(patience, "_ENDS_WITHIN_S = 0.1"), encoding="utf-8")
    (tmp_path / "test_left.py").write_text(LEAVES_A_THREAD.format(holds=holds), encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-n", str(processes), "--rootdir", str(tmp_path)]
    done = subprocess.run([*command, str(tmp_path)], capture_output=True, text=True, timeout=240, check=False, cwd=tmp_path)
    assert (done.returncode, done.stdout.count("1 passed")) == (1, int(holds))
    assert "these threads are not: left-alone" in done.stdout
