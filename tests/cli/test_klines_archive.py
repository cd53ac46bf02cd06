"""``exchangeclient klines`` on archives: what is printed, where, and how it ends."""

from __future__ import annotations

import csv
import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from exchangeclient.archive import Archive
from exchangeclient.archive.sync import lock_of
from exchangeclient.cli import exits
from exchangeclient.core.process.onlyrun import only_run
from exchangeclient.sandbox import Sandbox

from .conftest import Run

HOURS = "(SELECT id FROM series WHERE interval = '1h')"
NEWEST_HOUR = f"(SELECT max(open_ms) FROM candles WHERE series = {HOURS})"
# A job in the background has Ctrl-C ignored, and so would what it starts.
AS_FROM_A_TERMINAL = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); from exchangeclient.cli import main; main()"


@pytest.fixture(scope="module")
def exchange() -> Iterator[Sandbox]:
    with Sandbox(seed=5, start="2024-03-05T12:34", speed=0, step=60, limits="counted") as exchange:
        yield exchange


@pytest.fixture
def path(run: Run, there: list[str], tmp_path: Path) -> Path:
    """An archive with 720 hours and 30 days."""
    path = tmp_path / "a.db"
    ended = run("klines", "sync", str(path), "ETHBTC", "-i", "1h", "-i", "1d", *there)
    assert (ended.code, ended.out, ended.err) == (0, "", ""), "in cron a good run says nothing"
    return path


def broken(path: Path, statement: str) -> None:
    with closing(sqlite3.connect(path)) as rows:
        rows.execute("PRAGMA ignore_check_constraints=ON")
        rows.execute(statement)
        rows.commit()


def test_a_sync_tells_what_it_did_when_asked(run: Run, there: list[str], path: Path) -> None:
    ended = run("klines", "sync", str(path), "BTCUSDT", "-i", "1d", "--json", *there)
    (told,) = json.loads(ended.out)
    assert told["error"] is None
    assert (told["symbol"], told["new"], told["missing"]) == ("BTCUSDT", 30, 0)
    assert run("klines", "sync", str(path), *there).code == 0


def test_series_and_rows_are_shown(run: Run, path: Path) -> None:
    ended = run("klines", "show", str(path))
    lines = [line.split() for line in ended.out.splitlines()]
    assert lines[0] == ["venue", "symbol", "interval", "from", "to", "rows", "empty", "missing"]
    assert lines[2][0].startswith("binance@127.0.0.1:")
    assert lines[2][1:3] == ["ETHBTC", "1h"]
    assert lines[2][-3:] == ["720", "0", "0"]
    rows = json.loads(run("klines", "show", str(path), "ETHBTC", "-i", "1h", "--last", "2", "--json").out)
    assert len(rows) == 2
    assert rows[1]["open_time"] - rows[0]["open_time"] == 3_600_000
    assert isinstance(rows[1]["close"], str)


def test_a_nightly_look_says_nothing_unless_something_is_wrong(run: Run, there: list[str], path: Path) -> None:
    run("klines", "sync", str(path), "ETHBTC", "-i", "1h", "--start", "2024-02-01", *there)  # before the venue's first candle
    nightly = ("klines", "verify", str(path), "--ask", "--against", "1d", *there)
    ended = run(*nightly)
    assert (ended.code, ended.out.count("venue-empty")) == (0, 1)
    ended = run(*nightly, "--quiet")
    assert (ended.code, ended.out, ended.err) == (0, "", "")
    broken(path, f"DELETE FROM candles WHERE series = {HOURS} AND open_ms = {NEWEST_HOUR}")
    ended = run(*nightly, "--quiet")
    assert (ended.code, "venue-empty" in ended.out, len(ended.out.splitlines()) > 1) == (3, False, True)


def test_an_archive_in_order_ends_with_0_and_one_that_is_not_with_3(run: Run, there: list[str], path: Path) -> None:
    assert run("klines", "verify", str(path), "--ask", "--against", "1d", *there).code == exits.DONE
    assert run("klines", "gaps", str(path)).code == exits.DONE
    broken(path, f"DELETE FROM candles WHERE open_ms = {NEWEST_HOUR} - 36000000 AND series = {HOURS}")
    ended = run("klines", "verify", str(path), "--json")
    assert ended.code == exits.FOUND
    assert "lost" in {each["what"] for each in json.loads(ended.out)}
    assert run("klines", "repair", str(path), *there).code == exits.DONE
    assert run("klines", "verify", str(path)).code == exits.DONE


def test_a_watch_over_an_archive_is_silent_when_all_is_in_order_and_not_when_the_archive_is_lost(
    run: Run, path: Path, tmp_path: Path
) -> None:
    for command in ("verify", "gaps"):
        ended = run("klines", command, str(path), "--quiet")
        assert (ended.code, ended.out, ended.err) == (0, "", "")
    lost = tmp_path / "lost.db"
    lost.touch()
    assert run("klines", "verify", str(lost)).code == exits.FAILED
    assert lost.stat().st_size == 0
    Archive(lost).close()
    ended = run("klines", "verify", str(lost))
    assert (ended.code, "has no records" in ended.err) == (exits.FAILED, True)


def test_a_sync_that_does_not_say_what_to_begin_with_begins_nothing(run: Run, there: list[str], tmp_path: Path) -> None:
    assert run("klines", "sync", str(tmp_path / "typo.db"), *there).code == exits.USAGE
    assert not list(tmp_path.iterdir())


def test_small_letters_make_no_second_series(run: Run, there: list[str], path: Path) -> None:
    assert run("klines", "sync", str(path), "ethbtc", "-i", "1h", *there).code == 0
    with Archive(path) as archive:
        assert [kept.series.symbol for kept in archive.series()] == ["ETHBTC", "ETHBTC"]
    assert "2024-03-05" in run("klines", "show", str(path), "ethbtc", "-i", "1h").out


def test_K14_of_a_file_that_was_cut_a_repair_takes_what_can_be_read_and_says_so(run: Run, there: list[str], path: Path) -> None:
    with closing(sqlite3.connect(path)) as rows:
        rows.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        (before,) = rows.execute("SELECT count(*) FROM candles")
    os.truncate(path, path.stat().st_size - 16384)
    assert run("klines", "verify", str(path)).code == exits.FAILED
    ended = run("klines", "repair", str(path), *there)
    assert (ended.code, "was damaged" in ended.err, "a.db.damaged" in ended.err) == (0, True, True)
    with closing(sqlite3.connect(path)) as rows:
        assert rows.execute("SELECT count(*) FROM candles").fetchone() == before
    assert run("klines", "verify", str(path)).code == 0


def test_an_offline_repair_leaves_a_gap_that_the_next_sync_fills(run: Run, there: list[str], path: Path) -> None:
    broken(path, f"UPDATE candles SET high = '0.0' WHERE open_ms = {NEWEST_HOUR} - 36000000 AND series = {HOURS}")
    assert run("klines", "repair", str(path), "--offline").code == 0
    ended = run("klines", "gaps", str(path))
    assert ended.code == exits.FOUND
    assert "missing" in ended.out
    assert run("klines", "sync", str(path), *there).code == 0
    assert run("klines", "gaps", str(path)).code == 0


def test_csv_goes_to_a_file_or_to_standard_output(run: Run, path: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.csv"
    assert run("klines", "export", str(path), "ETHBTC", "1h", "--out", str(out)).code == 0
    rows = list(csv.reader(out.read_text().splitlines()))
    assert len(rows) == 721
    ended = run("klines", "export", str(path), "ETHBTC", "1h", "--start", "2024-03-01", "--end", "2024-03-03", "--as", "1d")
    assert [line.split(",")[0] for line in ended.out.splitlines()] == ["open_time", "1709251200000", "1709337600000"]


def test_what_was_exported_is_told_as_json(run: Run, path: Path, tmp_path: Path) -> None:
    file = str(tmp_path / "x.csv")
    ended = run("klines", "export", str(path), "ETHBTC", "1d", "--out", file, "--json")
    assert (ended.code, json.loads(ended.out)) == (0, [{"file": file, "rows": 30}])


def test_dumps_go_out_and_come_in(run: Run, path: Path, tmp_path: Path) -> None:
    ended = run("klines", "export", str(path), "ETHBTC", "1h", "--format", "dumps", "--period", "daily", "--out", str(tmp_path), "--json")
    files = [each["file"] for each in json.loads(ended.out)]
    assert len(files) == 29
    assert run("klines", "import", str(tmp_path / "b.db"), *files).code == 0
    assert run("klines", "gaps", str(tmp_path / "b.db")).code == 0
    assert run("klines", "export", str(path), "ETHBTC", "1h", "--format", "dumps", "--out", str(tmp_path)).code == exits.FAILED


def test_K14_a_bad_line_refuses_a_file_or_is_left_out_and_told(run: Run, path: Path, tmp_path: Path) -> None:
    file = tmp_path / "x.csv"
    with Archive(path) as archive:
        archive.export_csv(file, "ETHBTC", "1d")
    lines = file.read_text().splitlines(keepends=True)
    file.write_text("".join([*lines[:9], "garbage\n", *lines[10:]]))
    arguments = ("klines", "import", str(tmp_path / "b.db"), str(file), "--symbol", "ETHBTC", "-i", "1d")
    ended = run(*arguments)
    assert (ended.code, ended.err) == (exits.FAILED, f"exchangeclient: {file}, line 10: has 1 fields, not 11\n")
    assert [each.name for each in tmp_path.glob("b.db*")] == [], "a refusal leaves no empty archive behind"
    ended = run(*arguments, "--keep-good", "--json")
    assert (ended.code, json.loads(ended.out)[0]["new"]) == (exits.FOUND, 29)
    assert "line 10" in ended.err


def test_a_chart_goes_wherever_text_can_go(path: Path) -> None:
    command = [sys.executable, "-W", "error", "-m", "exchangeclient", "klines", "plot", str(path), "ETHBTC", "1h", "--last", "30"]
    drawn = {
        encoding: subprocess.run(
            command, env=os.environ | {"PYTHONIOENCODING": encoding}, capture_output=True, timeout=60, check=True
        ).stdout
        for encoding in ("latin-1", "utf-8")
    }
    assert drawn["latin-1"].decode("ascii") == drawn["utf-8"].decode().translate(str.maketrans("│░█", "|o#"))


def test_a_name_that_the_terminals_letters_do_not_have_is_escaped(run: Run, path: Path, tmp_path: Path) -> None:
    file, other = tmp_path / "x.csv", tmp_path / "b.db"
    assert run("klines", "export", str(path), "ETHBTC", "1d", "--out", str(file)).code == 0
    assert run("klines", "import", str(other), str(file), "--symbol", "币安人生USDT", "-i", "1d").code == 0
    command = [sys.executable, "-W", "error", "-m", "exchangeclient", "klines", "show", str(other)]
    shown, told = (
        subprocess.run(
            [*command, *more], env=os.environ | {"PYTHONIOENCODING": "latin-1"}, capture_output=True, timeout=60, check=True
        ).stdout
        for more in ([], ["--json"])
    )
    assert rb"\u5e01\u5b89\u4eba\u751fUSDT" in shown
    assert json.loads(told)[0]["symbol"] == "币安人生USDT"


def test_files_without_one_good_line_leave_no_empty_archive_behind(run: Run, path: Path, tmp_path: Path) -> None:
    bad, bare, good = (tmp_path / f"{name}.csv" for name in ("bad", "bare", "good"))
    with Archive(path) as archive:
        archive.export_csv(good, "ETHBTC", "1d")
    bare.write_text(good.read_text().partition("\n")[0] + "\n")
    bad.write_text("7\nmore\n")
    arguments = ("--symbol", "ETHBTC", "-i", "1d", "--keep-good", "--json")
    ended = run("klines", "import", str(tmp_path / "b.db"), str(bad), str(bare), *arguments)
    assert (ended.code, [each["new"] for each in json.loads(ended.out)]) == (exits.FOUND, [0, 0])
    assert [line.rpartition(": ")[0] for line in ended.err.splitlines()] == [f"exchangeclient: {bad}, line {number}" for number in (1, 2)]
    assert [each.name for each in tmp_path.glob("b.db*")] == []
    ended = run("klines", "import", str(tmp_path / "b.db"), str(bad), str(good), *arguments)
    assert (ended.code, [each["new"] for each in json.loads(ended.out)]) == (exits.FOUND, [0, 30])
    assert len(ended.err.splitlines()) == 2


@pytest.mark.parametrize(
    ("arguments", "code", "named"),
    [
        (("sync", "A", "NOSUCH", "-i", "1h"), exits.REFUSED, "symbol"),
        (("sync", "A", "ETHBTC", "-i", "7x"), exits.USAGE, "7x"),
        (("sync", "A", "ETHBTC", "-i", "1h", "--start", "the day before"), exits.USAGE, "--start"),
        (("sync", "A", "ETHBTC", "-i", "1h", "--share", "0"), exits.USAGE, "--share"),
        (("sync", "A", "ETHBTC", "-i", "1h", "--of", "a b"), exits.USAGE, "venue"),
        (("sync", "A"), exits.USAGE, "symbols and intervals"),
        (("sync", "A", "ETHBTC", "-i", "1h", "--environment", "http://127.0.0.1:1"), exits.UNREACHABLE, "127.0.0.1"),
        (("gaps", "nowhere.db"), exits.FAILED, "no archive nowhere.db"),
        (("show", "nowhere.db"), exits.FAILED, "no archive nowhere.db"),
        (("export", "{path}", "NOSUCH", "1h"), exits.FAILED, "no 1h of NOSUCH"),
        (("export", "{path}", "ETHBTC", "1h", "--format", "dumps"), exits.USAGE, "--out"),
        (("export", "{path}", "ETHBTC", "1d", "--as", "1h"), exits.USAGE, "cannot be made"),
        (("export", "{path}", "ETHBTC", "1d", "--json"), exits.USAGE, "--out"),
        (("verify", "{path}", "NOSUCH"), exits.FAILED, "no such series"),
        (("import", "A", "{path}"), exits.USAGE, "symbol and interval"),
        (("import", "A", "{path}", "--symbol", "ETHBTC", "-i", "7x"), exits.USAGE, "7x"),
        (("import", "A", "X-1m-2024-01.zip"), exits.FAILED, "X-1m-2024-01.zip cannot be read"),
    ],
)
def test_what_is_wrong_is_named_by_its_code(
    arguments: tuple[str, ...], code: int, named: str, run: Run, there: list[str], path: Path, tmp_path: Path
) -> None:
    given = [str(tmp_path / "new.db") if each == "A" else each.format(path=path) for each in arguments]
    if given[0] == "sync" and "--environment" not in given:
        given += there
    ended = run("klines", *given)
    assert (ended.code, "Traceback" in ended.err) == (code, False)
    assert named in ended.err
    if code == exits.USAGE or given[0] == "import":
        assert list(tmp_path.glob("new.db*")) == [], "a refusal leaves nothing behind"


def test_K04_a_series_that_another_run_has_ends_with_4_and_waits_when_told(run: Run, there: list[str], path: Path) -> None:
    with Archive(path) as archive:
        series = archive.find("ETHBTC", "1h").series
    with only_run(lock_of(path, series)):
        ended = run("klines", "sync", str(path), *there)
        assert ended.code == exits.RUNNING
        begun = time.monotonic()
        assert run("klines", "sync", str(path), "--wait", "0.3", *there).code == exits.RUNNING
        assert time.monotonic() - begun >= 0.3
    assert run("klines", "sync", str(path), *there).code == 0


def test_cron_is_told_which_series_failed(run: Run, there: list[str], path: Path) -> None:
    ended = run("klines", "sync", str(path), "NOSUCH", "ETHBTC", "TYPO", "-i", "1d", *there)
    assert ended.code == exits.REFUSED
    lines = ended.err.splitlines()
    assert [(" NOSUCH 1d: " in line, " TYPO 1d: " in line, line.startswith("exchangeclient: ")) for line in lines] == [
        (True, False, True),
        (False, True, True),
    ]


def test_a_changed_record_is_told_in_cron_too(run: Run, there: list[str], path: Path) -> None:
    # The newest two are read again with what follows; here, with what is made to be missing.
    broken(path, f"UPDATE candles SET volume = '1.0' WHERE open_ms = {NEWEST_HOUR} - 3600000")
    broken(path, f"DELETE FROM candles WHERE open_ms = {NEWEST_HOUR}")
    broken(path, f"UPDATE spans SET last = last - 3600000, rows = rows - 1 WHERE series = {HOURS}")
    ended = run("klines", "sync", str(path), *there)
    assert ended.code == 0
    assert "the venue has changed the record at" in ended.err
    assert "the old one is kept" in ended.err


def test_candles_are_drawn_with_characters_or_to_a_picture(run: Run, path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("LINES", "24")
    ended = run("klines", "plot", str(path), "ETHBTC", "1h", "--last", "60")
    lines = ended.out.splitlines()
    assert (ended.code, len(lines)) == (0, 22)
    assert all(len(line) <= 80 for line in lines)
    assert "█" in ended.out
    assert lines[-1].endswith("2024-03-05 11:00")
    assert run("klines", "plot", str(path), "ETHBTC", "1h", "--as", "1d").code == 0
    assert run("klines", "plot", str(path), "ETHBTC", "1h", "--start", "2030-01-01").code == exits.FAILED
    assert run("klines", "plot", str(path), "ETHBTC", "1h", "--out", str(tmp_path / "a.pdf")).code == exits.USAGE
    pytest.importorskip("matplotlib", reason="SKIPPED: pictures need the extra [plot]")
    assert run("klines", "plot", str(path), "ETHBTC", "1h", "--out", str(tmp_path / "a.png")).code == 0
    assert (tmp_path / "a.png").stat().st_size > 10_000


@pytest.mark.skipif(sys.platform == "win32", reason="signals to a child differ on Windows")
def test_P02_a_sync_that_is_stopped_ends_at_once_and_its_archive_is_whole(tmp_path: Path) -> None:
    with Sandbox(seed=5, limits="counted") as slow:
        slow.fault("delay", route="GET /api/v3/klines", by=0.4)
        for stop, code in ((signal.SIGINT, exits.STOPPED), (signal.SIGTERM, exits.TERMINATED)):
            path = tmp_path / f"{code}.db"
            command = [sys.executable, "-c", AS_FROM_A_TERMINAL, "klines", "sync", str(path), "ETHBTC", "-i", "1m", "-i", "1h"]
            command += ["--start", "30 days ago", "--environment", slow.urls["binance"]["rest"]]
            with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as child:
                until = time.monotonic() + 30
                while not list(tmp_path.glob(f"{code}.db.locks/*")) and time.monotonic() < until:
                    time.sleep(0.02)
                child.send_signal(stop)
                begun = time.monotonic()
                assert child.wait(30) == code
                assert time.monotonic() - begun < 10
                assert child.stderr is not None
                assert "Traceback" not in child.stderr.read()
            with Archive(path) as archive:
                assert [each for each in archive.verify() if each.kind not in ("missing", "venue-empty")] == []
