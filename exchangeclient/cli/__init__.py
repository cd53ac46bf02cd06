"""The command line: ``exchangeclient demo``, ``sandbox`` and ``klines``; one module per command, imported when it is called.

Exit codes: 0 done and checked, 1 it failed (the reason is on standard error), 2 wrong usage, 130 stopped by Ctrl-C.
"""

from __future__ import annotations

import sys
from importlib import import_module

import click

from exchangeclient import __version__
from exchangeclient.exceptions import ExchangeException

_COMMANDS = {
    "demo": "See the whole product work on this machine, without keys or network.",
    "klines": "Candles to files.",
    "sandbox": "Run the embedded exchange until Ctrl-C.",
}
FAILED, STOPPED = 1, 130


class _Commands(click.Group):
    """Knows the commands by name; imports a command's module when it is needed."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's signature
        if cmd_name not in _COMMANDS:
            return None
        command: click.Command = getattr(import_module(f"exchangeclient.cli.{cmd_name}"), cmd_name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - click's signature
        with formatter.section("Commands"):
            formatter.write_dl(list(_COMMANDS.items()))


@click.command(cls=_Commands)
@click.version_option(__version__, prog_name="exchangeclient")
def cli() -> None:
    """The blocking client for crypto exchanges, and an exchange to try it on."""


def main() -> None:
    """The entry point: runs a command and turns what went wrong into a line on standard error and an exit code."""
    try:
        cli.main(standalone_mode=False)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except (KeyboardInterrupt, click.Abort):
        click.echo("stopped", err=True)
        sys.exit(STOPPED)
    except (ExchangeException, ValueError, OSError) as error:
        click.echo(f"exchangeclient: {error}", err=True)
        sys.exit(FAILED)
