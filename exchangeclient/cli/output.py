"""The one place where commands print: results on standard output, words about them on standard error and in a log file.

A command takes :func:`output_options` and gets ``out``, an :class:`Output`::

    @klines.command()
    @click.argument("symbol")
    @connection_options          # -> connection: Connection, for connected(connection)
    @output_options              # -> out: Output
    def gaps(symbol: str, connection: Connection, out: Output) -> None:
        with connected(connection) as client:
            out.say("asking the venue")                       # standard error, not with --quiet; into the log file
            out.table([{"from": 1, "to": 2, "candles": 7}])   # the result: a table, plain columns in a pipe, or JSON
        if found:
            out.end(exits.FOUND)                              # an exit code of cli/exits.py; an exception brings its own

What a command is asked for is the *result* (:meth:`Output.table`, :meth:`Output.fields`, :meth:`Output.line`, :meth:`Output.text`) and is
printed always. ``--json`` makes one JSON value of a table or of fields, and one line of JSON of each line of a flow. Everything else is
*words*: :meth:`Output.say` is silent with ``--quiet`` and when nobody is there to read it (standard error is no terminal: cron), so that
cron mails what goes wrong and nothing else; :meth:`Output.warn` is always said. A failure is an exception: ``cli/__init__`` prints it
as one line and ends with the exit code of its kind (:mod:`exchangeclient.cli.exits`), so that no command prints errors itself.

Overlapping runs: ``with only_run(path):`` of :mod:`exchangeclient.core.process.onlyrun` raises ``AlreadyRunningException`` (exit code 4)
when another process is at it; the lock of a process that died is free.

Colour, boxes and bars appear on a terminal alone; rich is imported only there. No secret may be given to any of this.
"""

from __future__ import annotations

import functools
import json
import logging
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, NoReturn, TypeVar

import click

from exchangeclient.cli import exits, say
from exchangeclient.numbers import trimmed

if TYPE_CHECKING:
    from rich.console import Console

Command = TypeVar("Command", bound=Callable[..., Any])
Row = Mapping[str, Any]

_LOG = logging.getLogger("exchangeclient.cli")
_BETWEEN = 3  # blanks between the columns of a drawn table
_INDENT = "    "
_WORD = 30  # a longer one may be broken to fit a terminal
_LINE = 40  # of a cell, for which there should be room
_FORMAT = "%(asctime)s %(levelname)s %(message)s"


class Output:
    """Where a command prints.

    :param as_json: results as JSON
    :param quiet: results and what goes wrong, nothing else
    """

    def __init__(self, *, as_json: bool = False, quiet: bool = False) -> None:
        self.as_json = as_json
        self.quiet = quiet

    # ---- results -----------------------------------------------------------------------------------------------------

    @property
    def is_terminal(self) -> bool:
        """True when results go to a terminal and may be drawn."""
        return not self.as_json and _is_terminal(sys.stdout)

    def table(
        self,
        rows: Iterable[Row],
        columns: Sequence[str] | None = None,
        *,
        wide: Sequence[str] = (),
        below: str | None = None,
        title: str = "",
        none: str = "",
    ) -> None:
        """Rows of equal fields. Figures stand right; None is empty.

        :param columns: those to show, in that order; of the first row when left out. JSON has all fields of all rows
        :param wide: those of them that a terminal is spared, from the first on, until the others fit
        :param below: the one of long texts, which a terminal shows below their rows
        :param title: above the table on a terminal
        :param none: what is said on a terminal when there is no row
        """
        rows = list(rows)
        if self.as_json:
            self.text(as_json(rows, indent=2))
            return
        names = list(rows[0]) if columns is None and rows else list(columns or ())
        if self.is_terminal:
            if none and not rows:
                self.say(none)
                return
            if below is not None:
                rest = [name for name in names if name != below]
                for line, words in zip(_aligned(rows, rest), ["", *(shown(row.get(below)) for row in rows)], strict=True):
                    self.text(f"{line}\n{self.hanging(_INDENT, words)}" if words else line)
                return
            console = self.console()
            self._draw(console, rows, _fitting(rows, names, wide, console.width), title)
            return
        for line in _aligned(rows, names):
            self.text(line)

    def fields(self, row: Row) -> None:
        """One thing: a name and a value on each line, or a JSON object."""
        if self.as_json:
            self.text(as_json(row, indent=2))
            return
        width = max(map(len, row), default=0)
        for name, value in row.items():
            self.text(self.hanging(f"{name:<{width}}  ", shown(value)).rstrip())

    def hanging(self, head: str, *texts: str) -> str:
        """The texts below one another behind a head; on a terminal, what is too long goes on below."""
        if self.is_terminal:
            from textwrap import wrap

            room = max(20, self.console().width - len(head))
            texts = tuple(part for text in texts for part in wrap(text, room, break_long_words=False, break_on_hyphens=False) or [""])
        return head + f"\n{' ' * len(head)}".join(texts)

    def line(self, text: str, row: Any) -> None:
        """One line of a flow: the text, or the row as JSON."""
        self.text(as_json(row) if self.as_json else text)

    def text(self, text: str) -> None:
        """A text as it is.

        :raises OSError: when it cannot be written
        """
        stdout: IO[str] | None = sys.stdout  # None when the program was started without one
        if stdout is None:
            raise OSError("standard output is closed")
        with reader_needed():
            click.echo(text)

    def console(self) -> Console:
        """Rich's console on standard output, for what is drawn; only for a terminal."""
        from rich.console import Console

        return Console()

    # ---- words -------------------------------------------------------------------------------------------------------

    def say(self, text: str) -> None:
        """Say what is going on, to someone who watches, and to the log file."""
        _LOG.info("%s", text)
        if not self.quiet and _is_terminal(sys.stderr):
            say(text)

    def tell(self, text: str) -> None:
        """Say what has to be known in any case, with ``--quiet`` too."""
        _LOG.info("%s", text)
        say(text)

    def tell_first(self, text: str) -> None:
        """Say what has to be known before anything is done.

        :raises OSError: when it cannot be written, so that it had better not be done
        """
        _LOG.info("%s", text)
        click.echo(text, err=True)

    def warn(self, text: str) -> None:
        """Say what went wrong although the command goes on."""
        _LOG.warning("%s", text)
        say(f"exchangeclient: {text}")

    @property
    def is_watched(self) -> bool:
        """True when someone would see a progress bar on standard error."""
        return not self.quiet and _is_terminal(sys.stderr)

    def end(self, code: int) -> NoReturn:
        """End the command with an exit code of :mod:`exchangeclient.cli.exits`."""
        raise click.exceptions.Exit(code)

    # ---- drawing -----------------------------------------------------------------------------------------------------

    def _draw(self, console: Console, rows: list[Row], names: list[str], title: str) -> None:
        from rich import box
        from rich.table import Table
        from rich.text import Text

        table = Table(box=box.SIMPLE_HEAD, title=title or None, title_justify="left", title_style="bold", pad_edge=False, show_edge=False)
        figures = {name for name in names if rows and all(_is_figure(row.get(name)) for row in rows)}
        # Half a figure is a wrong one: they are never broken, and a terminal that has no room for all of them breaks the line.
        least = {name: _least(name, rows, is_figure=name in figures) for name in names}
        for name, width in least.items():
            is_figure = name in figures
            table.add_column(name, justify="right" if is_figure else "left", no_wrap=is_figure, min_width=width, overflow="fold")
        for row in rows:
            table.add_row(*(Text(shown(row.get(name))) for name in names))
        with reader_needed():
            console.width = max(console.width, sum(least.values()) + _BETWEEN * (len(least) - 1))
            console.print(table)


def output_options(command: Command) -> Command:
    """``--json``, ``--quiet`` and ``--log-file``, the same for every command; it is called with ``out``."""

    @functools.wraps(command)
    def called(*args: Any, as_json: bool, quiet: bool, log_file: Path | None, **options: Any) -> Any:
        with _logged(log_file):
            return command(*args, out=Output(as_json=as_json, quiet=quiet), **options)

    json_option = click.option("--json", "as_json", is_flag=True, help="Results as JSON.")
    quiet_option = click.option("--quiet", "-q", is_flag=True, help="Nothing but results and what goes wrong.")
    log_option = click.option(
        "--log-file", type=click.Path(dir_okay=False, path_type=Path), help="Add what is said, and what goes wrong, to this file."
    )
    return json_option(quiet_option(log_option(called)))  # type: ignore[return-value]  # it takes other keywords


@contextmanager
def _logged(path: Path | None) -> Iterator[None]:
    """Have the package's log lines, and the error that ends the command, in a file."""
    if path is None:
        yield
        return
    from exchangeclient.cli.logfile import LogFile

    handler = LogFile(path)
    handler.setFormatter(logging.Formatter(_FORMAT))
    package = logging.getLogger("exchangeclient")
    level = package.level
    package.addHandler(handler)
    package.setLevel(min(level or logging.INFO, logging.INFO))
    try:
        yield
    except click.exceptions.Exit as ending:
        _LOG.info("ended with exit code %d", ending.exit_code)
        raise
    except Exception as error:
        _LOG.error("%s", error.format_message() if isinstance(error, click.ClickException) else error)
        raise
    finally:
        package.removeHandler(handler)
        package.setLevel(level)
        handler.close()


@contextmanager
def reader_needed() -> Iterator[None]:
    """End the command quietly when whoever reads standard output has gone, as ``head`` does."""
    try:
        yield
    except BrokenPipeError:
        # What is still to be flushed at the end has nowhere to go either.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise click.exceptions.Exit(exits.READER_GONE) from None


@contextmanager
def until_ended(seconds: float | None) -> Iterator[None]:
    """Around what goes on for so many seconds; without any it goes on until it is ended, and has ended well then."""
    try:
        yield
    except (KeyboardInterrupt, SystemExit):
        if seconds is not None:
            raise


def shown(value: Any) -> str:
    """A value as text: exact figures without exponents, yes and no, nothing for None."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, list | tuple):
        return ", ".join(map(shown, value))
    return as_json(value) if isinstance(value, dict) else str(value)


def plain(figure: str | Decimal | None) -> str | None:
    """A figure of the venue without the zeros behind it, as a person reads it."""
    return None if figure is None else f"{trimmed(Decimal(figure)):f}"


def as_json(value: Any, indent: int | None = None) -> str:
    """A value as JSON; what JSON has not, as :func:`shown` writes it."""
    return json.dumps(value, indent=indent, default=shown, ensure_ascii=False)


def _least(name: str, rows: list[Row], *, is_figure: bool) -> int:
    """How narrow a column may be: as its longest figure, or word."""
    cells = [shown(row.get(name)) for row in rows]
    words = cells if is_figure else [word[:_WORD] for cell in cells for word in cell.split()]
    return max(map(len, [*name.split(), *words]), default=0)


def _fitting(rows: list[Row], names: list[str], wide: Sequence[str], width: int) -> list[str]:
    """The columns without those that there is no room for. What is very long may go on below."""
    widths = {name: max([len(name), *(min(_LINE, len(shown(row.get(name)))) for row in rows)]) for name in names}
    spared = [name for name in wide if name in names]
    while spared and sum(widths.values()) + _BETWEEN * (len(widths) - 1) > width:
        del widths[spared.pop(0)]
    return list(widths)


def _aligned(rows: list[Row], names: list[str]) -> Iterator[str]:
    cells = [names, *([shown(row.get(name)) for name in names] for row in rows)]
    right = [bool(rows) and all(_is_figure(row.get(name)) for row in rows) for name in names]
    widths = [max(len(line[column]) for line in cells) for column in range(len(names))]
    for line in cells:
        padded = (cell.rjust(width) if figure else cell.ljust(width) for cell, width, figure in zip(line, widths, right, strict=True))
        yield "  ".join(padded).rstrip()


def _is_figure(value: Any) -> bool:
    if value is None or (isinstance(value, int | float | Decimal) and not isinstance(value, bool)):
        return True
    return isinstance(value, str) and value.lstrip("+-").replace(".", "", 1).replace(",", "").removesuffix("%").isdecimal()


def _is_terminal(stream: IO[str] | None) -> bool:
    return stream is not None and not stream.closed and stream.isatty()
