"""K18: an archive that one process writes and another reads."""

from __future__ import annotations

import csv
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest

from exchangeclient.archive import Archive
from exchangeclient.archive.series import Row

from .conftest import MINUTE_MS, SERIES, START, minutes

PAGE = 50
ROWS = 100 * PAGE
WIDE_S = 60.0

# Writes a page for each line that it is told, all the others when told to go on alone, and answers what it has written.
WRITER = f"""
    import sys
    from pathlib import Path
    from exchangeclient.archive.series import Series
    from exchangeclient.archive.store import Store

    def row(number):
        opened = {START} + number * {MINUTE_MS}
        return (opened, "1.10000000", "2.00000000", "1.00000000", "1.50000000", "3.00000000", opened + {MINUTE_MS} - 1, "4.50000000", 7,
                "1.00000000", "1.50000000")

    def write(store, kept, first):
        rows = [row(each) for each in range(first, first + {PAGE})]
        store.commit(kept, rows, [(rows[0][0], rows[-1][0] + {MINUTE_MS})], now_ms=1)

    store = Store(Path(sys.argv[1]))
    kept = store.want(Series("fake", "ETHBTC", "1m"), {START})
    written = 0
    for line in sys.stdin:
        for _ in range(1 if line == "page\\n" else ({ROWS} - written) // {PAGE}):
            write(store, kept, written)
            written += {PAGE}
        print(written, flush=True)
    store.close()
"""


class Writer:
    """The other process."""

    def __init__(self, path: Path) -> None:
        command = [sys.executable, "-c", textwrap.dedent(WRITER), str(path)]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def ask(self, line: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(f"{line}\n")
        self.process.stdin.flush()

    def answer(self) -> int:
        assert self.process.stdout is not None
        return int(self.process.stdout.readline())


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "archive.db"


@pytest.fixture
def writer(path: Path) -> Iterator[Writer]:
    writer = Writer(path)
    try:
        yield writer
    finally:
        writer.process.kill()
        writer.process.communicate(timeout=WIDE_S)


def read(archive: Archive) -> Iterator[Row]:
    return archive.rows(SERIES.symbol, SERIES.interval)


def test_K18_what_another_process_writes_in_the_middle_of_a_read_is_not_in_it(path: Path, writer: Writer) -> None:
    writer.ask("page")
    assert writer.answer() == PAGE
    with Archive(path) as archive:
        for pages in range(1, 6):
            rows = read(archive)
            begun = [next(rows), next(rows)]
            writer.ask("page")
            assert writer.answer() == (pages + 1) * PAGE
            assert [*begun, *rows] == minutes(pages * PAGE), "as it was when the read began"


def test_K18_whole_pages_are_read_while_another_process_writes_on(path: Path, writer: Writer, tmp_path: Path) -> None:
    """Rows, states and files that are made of them, each over and over until the writer is done."""
    writer.ask("page")
    assert writer.answer() == PAGE
    wanted = minutes(ROWS)
    counts = [PAGE]
    with Archive(path) as archive:
        writer.ask("all")
        while counts[-1] < ROWS and writer.process.poll() is None:
            rows = list(read(archive))
            assert rows == wanted[: len(rows)]
            archive.export_csv(tmp_path / "a.csv", SERIES.symbol, SERIES.interval)
            with open(tmp_path / "a.csv", newline="", encoding="utf-8") as file:
                _, *lines = csv.reader(file)
            assert lines == [list(map(str, row)) for row in wanted[: len(lines)]]
            known = archive.find(SERIES.symbol, SERIES.interval)
            assert known.rows == sum(count for _, _, count in known.spans)
            counts += [len(rows), len(lines), known.rows]
            assert [count % PAGE for count in counts[-3:]] == [0, 0, 0], "a page that was half written"
        assert counts == sorted(counts), "nothing goes away"
        assert archive.gaps() == []
    assert writer.answer() == ROWS
