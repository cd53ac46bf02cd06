from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from exchangeclient.archive.files import whole_bytes, whole_text

DAY_S = 86_400


def test_a_file_that_is_being_written_is_hidden_and_gone_when_it_fails(tmp_path: Path) -> None:
    def fail() -> None:
        with whole_text(tmp_path / "x.csv") as file:
            file.write("half")
            # What reads a folder passes over what begins with a dot.
            assert [each.name[0] for each in tmp_path.iterdir()] == ["."]
            raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        fail()
    assert list(tmp_path.iterdir()) == []


def test_what_killed_runs_left_is_put_away_after_a_day(tmp_path: Path) -> None:
    path = tmp_path / "x[1].csv"
    left = {name: tmp_path / f".{name}.part" for name in ("x[1].csv.123", "x[1].csv.124", "x1.csv.125", "x[1].csv.other.126")}
    for file in left.values():
        file.write_text("half")
        os.utime(file, (time.time() - 2 * DAY_S,) * 2)
    os.utime(left["x[1].csv.124"])  # somebody may be writing it still
    with whole_bytes(path) as file:
        file.write(b"whole")
    assert path.read_bytes() == b"whole"
    assert [name for name, file in left.items() if file.exists()] == ["x[1].csv.124", "x1.csv.125", "x[1].csv.other.126"]
