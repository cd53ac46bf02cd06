"""What holds for every command."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from exchangeclient.cli.commands import cli

from .conftest import Run

COMMANDS = Path(__file__).resolve().parents[2] / "docs/commands.rst"


def commands(group: click.Command = cli, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Every command by the words that call it."""
    yield path
    if isinstance(group, click.Group):
        context = click.Context(group)
        for name in group.list_commands(context):
            found = group.get_command(context, name)
            assert found is not None
            yield from commands(found, (*path, name))


def test_every_command_has_help_that_fits_a_narrow_terminal(run: Run) -> None:
    for path in commands():
        done = run(*path, "--help")
        assert (done.code, done.err) == (0, "")
        # A line that has no blanks, or that is an example, cannot be broken.
        wide = [line for line in done.out.splitlines() if len(line) > 80 and not line.strip().startswith("exchangeclient ")]
        assert wide == [], path


def test_the_documentation_names_the_commands_that_do_not_take_the_options_of_output() -> None:
    without = [" ".join(path) for path in commands() if path and not _takes(path, "as_json", "quiet", "log_file")]
    *most, last = (f"``{name}``" for name in without)
    assert f"Every command but {', '.join(most)} and {last} takes these" in COMMANDS.read_text(encoding="utf-8")


def _takes(path: tuple[str, ...], *names: str) -> bool:
    """True for groups, too, which take nothing themselves."""
    command: click.Command = cli
    for name in path:
        assert isinstance(command, click.Group)
        found = command.get_command(click.Context(command), name)
        assert found is not None
        command = found
    return isinstance(command, click.Group) or set(names) <= {parameter.name for parameter in command.params}


def test_help_is_plain_where_nobody_watches(run: Run) -> None:
    assert "\x1b" not in run("--help").out


def test_what_is_no_command_is_wrong_usage(run: Run) -> None:
    done = run("nonsense")
    assert (done.code, done.out) == (2, "")
    assert "nonsense" in done.err


@pytest.mark.parametrize(
    ("words", "proposed"),
    [("exchangeclient or", {"order"}), ("exchangeclient order p", {"place"}), ("exchangeclient ticker --sand", {"--sandbox"})],
)
def test_the_shell_completes_names(words: str, proposed: set[str]) -> None:
    asked = {"_EXCHANGECLIENT_COMPLETE": "bash_complete", "COMP_WORDS": words, "COMP_CWORD": str(len(words.split()) - 1)}
    code = "import sys; sys.argv = ['exchangeclient']; from exchangeclient.cli import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", code], env={**os.environ, **asked}, capture_output=True, text=True, timeout=60, check=False
    )
    assert {line.partition(",")[2] for line in done.stdout.splitlines()} == proposed, done.stderr


HEAVY = {"rich", "requests", "twisted", "cryptography", "msgspec", "exchangeclient.core", "exchangeclient.sandbox"}
HELP = """
import contextlib, sys
sys.argv = ["exchangeclient", "--help"]
from exchangeclient.cli import main
with contextlib.suppress(SystemExit):
    main()
print(*sys.modules)
"""


def test_help_imports_nothing_heavy() -> None:
    done = subprocess.run([sys.executable, "-c", HELP], capture_output=True, text=True, timeout=60, check=True)
    assert HEAVY.isdisjoint(done.stdout.splitlines()[-1].split())
