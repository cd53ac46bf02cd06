"""The commands by name; a command's module is imported when it is called."""

from __future__ import annotations

from importlib import import_module

import click

from exchangeclient import __version__

_COMMANDS = {
    "demo": "See the whole product work on this machine, without keys or network.",
    "explain": "Say what an error of the venue means.",
    "fault": "Make something go wrong on a running sandbox.",
    "klines": "Candles to files.",
    "record": "Raw frames of market streams to a file.",
    "sandbox": "Run the embedded exchange until Ctrl-C.",
}


class _Commands(click.Group):
    """Lists the commands without importing them."""

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
