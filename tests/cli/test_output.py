"""Results and words: on a terminal, in a pipe, in a log file."""

from __future__ import annotations

import io
import json
import os
import re
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from exchangeclient.cli import exits
from exchangeclient.cli.output import Output, output_options, shown, until_ended
from exchangeclient.exceptions import ExchangeException

ROWS = [{"name": "a", "price": Decimal("1E-7"), "note": None, "more": "x"}, {"name": "bcd", "price": "12.5", "note": True, "more": "y"}]
COMMAND = [sys.executable, "-W", "error", "-m", "exchangeclient"]


class Terminal(io.StringIO):
    encoding = "utf-8"

    def isatty(self) -> bool:
        return True


def a_terminal(monkeypatch: pytest.MonkeyPatch, width: int) -> Terminal:
    """Standard output, for someone who watches."""
    for name in ("NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLUMNS", str(width))
    monkeypatch.setattr(sys, "stdout", terminal := Terminal())
    return terminal


def test_a_table_in_a_pipe_is_plain_and_whole(capsys: pytest.CaptureFixture[str]) -> None:
    Output().table(ROWS, wide=("more",))
    assert capsys.readouterr().out.splitlines() == ["name      price  note  more", "a     0.0000001        x", "bcd        12.5  yes   y"]


def test_json_has_every_field(capsys: pytest.CaptureFixture[str]) -> None:
    out = Output(as_json=True)
    out.table(ROWS, ["name"])
    assert json.loads(capsys.readouterr().out) == [
        {"name": "a", "price": "0.0000001", "note": None, "more": "x"},
        {"name": "bcd", "price": "12.5", "note": True, "more": "y"},
    ]
    out.table([], none="nothing")
    out.fields({"a": [1, 2]})
    out.line("text", {"b": 1})
    assert [json.loads(text) for text in capsys.readouterr().out.replace("\n  ", "").replace("\n}", "}").splitlines()] == [
        [],
        {"a": [1, 2]},
        {"b": 1},
    ]


@pytest.mark.parametrize(
    ("width", "columns"), [(30, "name price note more"), (27, "name price more"), (24, "name price more"), (19, "name price")]
)
def test_a_narrow_terminal_is_spared_some_columns(monkeypatch: pytest.MonkeyPatch, width: int, columns: str) -> None:
    terminal = a_terminal(monkeypatch, width)
    Output().table(ROWS, wide=("note", "more"))
    heading, *lines = re.sub(r"\x1b\[[0-9;]*m", "", terminal.getvalue()).splitlines()
    assert heading.split() == columns.split()
    assert all(len(line) <= width for line in lines)
    assert "─" in terminal.getvalue()


def test_no_terminal_is_too_narrow_for_a_whole_figure(monkeypatch: pytest.MonkeyPatch) -> None:
    """Half a figure looks like another one; a line that is too long for the terminal goes on in its next one."""
    terminal = a_terminal(monkeypatch, 20)
    row = {"symbol": "ETHBTC", "price": Decimal("0.07062935"), "volume": "1234567.89000000", "note": "some words about it"}
    Output().table([row])
    drawn = re.sub(r"\x1b\[[0-9;]*m", "", terminal.getvalue())
    assert "ETHBTC" in drawn
    assert "0.07062935" in drawn
    assert "1234567.89000000" in drawn
    assert max(map(len, drawn.splitlines())) < 60, "words go on below"


def test_what_is_too_long_for_a_terminal_goes_on_below(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = a_terminal(monkeypatch, 40)
    Output().fields({"a": "short", "name": "word " * 12 + "x" * 60, "none": None})
    assert terminal.getvalue().splitlines() == [
        "a     short",
        "name  " + "word " * 6 + "word",
        "      " + "word " * 4 + "word",
        "      " + "x" * 60,
        "none",
    ]


def test_the_words_of_a_row_stand_below_it_on_a_terminal(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    rows = [{"symbol": "ETHBTC", "count": 24, "": "volume is 1.5, " * 4 + "the sum 2.5"}, {"symbol": "LTC", "count": 1, "": ""}]
    Output().table(rows, below="")
    assert len(capsys.readouterr().out.splitlines()) == 3, "a row is a line in a pipe"
    terminal = a_terminal(monkeypatch, 40)
    Output().table(rows, below="")
    assert terminal.getvalue().splitlines() == [
        "symbol  count",
        "ETHBTC     24",
        "    volume is 1.5, volume is 1.5, volume",
        "    is 1.5, volume is 1.5, the sum 2.5",
        "LTC         1",
    ]


def test_what_is_long_is_one_line_in_a_pipe(capsys: pytest.CaptureFixture[str]) -> None:
    Output().fields({"name": "word " * 50 + "end"})
    assert len(capsys.readouterr().out.splitlines()) == 1


def test_what_looks_like_markup_is_text(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = a_terminal(monkeypatch, 80)
    Output().table([{"name": "[bold]x[/bold]"}])
    assert "[bold]x[/bold]" in terminal.getvalue()


def test_nobody_is_told_what_goes_on_where_nobody_watches(capsys: pytest.CaptureFixture[str]) -> None:
    out = Output()
    out.say("going on")
    out.warn("gone wrong")
    out.tell("to be known")
    assert capsys.readouterr() == ("", "exchangeclient: gone wrong\nto be known\n")


@pytest.mark.parametrize(("quiet", "said"), [(False, "going on\nto be known\n"), (True, "to be known\n")])
def test_quiet_keeps_to_what_matters(monkeypatch: pytest.MonkeyPatch, quiet: bool, said: str) -> None:
    monkeypatch.setattr(sys, "stderr", stderr := Terminal())
    out = Output(quiet=quiet)
    out.say("going on")
    out.tell("to be known")
    assert stderr.getvalue() == said


@click.command()
@click.argument("ending")
@output_options
def worker(ending: str, out: Output) -> None:
    out.say("going on")
    out.warn("gone wrong")
    if ending == "found":
        out.end(exits.FOUND)
    raise ExchangeException("it broke")


def test_the_log_file_has_what_was_said_and_why_it_ended(tmp_path: Path) -> None:
    file = tmp_path / "log"
    assert CliRunner().invoke(worker, ["found", "--log-file", str(file), "--quiet"]).exit_code == 3
    assert CliRunner().invoke(worker, ["broken", "--log-file", str(file)]).exit_code == 1
    said = [line.split(" ", 2)[2] for line in file.read_text().splitlines()]
    assert said == [
        "INFO going on",
        "WARNING gone wrong",
        "INFO ended with exit code 3",
        "INFO going on",
        "WARNING gone wrong",
        "ERROR it broke",
    ]


def test_a_log_file_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    done = CliRunner().invoke(worker, ["found", "--log-file", str(tmp_path / "no" / "log")])
    assert isinstance(done.exception, FileNotFoundError)


@pytest.mark.skipif(sys.platform == "win32", reason="there are no pipes of this kind on Windows")
def test_a_reader_that_goes_ends_the_command_quietly() -> None:
    read, write = os.pipe()
    os.close(read)
    done = subprocess.run([*COMMAND, "endpoints"], stdout=write, stderr=subprocess.PIPE, text=True, timeout=60, check=False)
    os.close(write)
    assert (done.returncode, done.stderr) == (exits.READER_GONE, "")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no full device")
def test_a_result_that_cannot_be_written_is_an_error() -> None:
    with open("/dev/full", "w") as full:
        done = subprocess.run([*COMMAND, "endpoints"], stdout=full, stderr=subprocess.PIPE, text=True, timeout=60, check=False)
    assert done.returncode == exits.FAILED
    assert "No space left" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no full device")
@pytest.mark.parametrize(
    ("arguments", "code"), [(["ticker", "--environment", "nowhere"], 2), (["order", "place", "buy", "ETHBTC", "1"], 2)]
)
def test_how_it_ended_is_known_though_nothing_can_be_said(arguments: list[str], code: int) -> None:
    with open("/dev/full", "w") as full:
        done = subprocess.run([*COMMAND, *arguments], stdout=subprocess.PIPE, stderr=full, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout) == (code, "")


@pytest.mark.skipif(sys.platform == "win32", reason="there is no such shell on Windows")
@pytest.mark.parametrize("arguments", ["ticker --environment nowhere", "order place buy ETHBTC 1"])
def test_without_standard_error_nothing_is_said_among_the_results(arguments: str) -> None:
    command = f"exec {sys.executable} -m exchangeclient {arguments} 2>&-"
    done = subprocess.run(["/bin/sh", "-c", command], stdout=subprocess.PIPE, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout) == (2, "")


def test_what_has_no_end_of_its_own_has_ended_well() -> None:
    with until_ended(None):
        raise KeyboardInterrupt
    with pytest.raises(KeyboardInterrupt), until_ended(5):
        raise KeyboardInterrupt


def test_values_as_texts() -> None:
    assert [shown(value) for value in (None, True, Decimal("1E+3"), ["a", 1], {"a": 1}, 2.5)] == [
        "",
        "yes",
        "1000",
        "a, 1",
        '{"a": 1}',
        "2.5",
    ]
