"""The commands by name; a command's module is imported when it is called."""

from __future__ import annotations

import click

from exchangeclient import __version__
from exchangeclient.cli.lazily import LazyGroup

_COMMANDS = {
    "account": "What the account has, and what its key may do.",
    "book": "The order book of a symbol, live.",
    "call": "Call any endpoint of the venue.",
    "config": "Show and change what is done when an option is left out.",
    "demo": "See the whole product work on this machine, without keys or network.",
    "doctor": "Look for what is wrong with this machine, the way to the venue, and the key.",
    "endpoints": "List the endpoints of the venue that can be called.",
    "explain": "Say what an error of the venue means.",
    "fault": "Make something go wrong on a running sandbox.",
    "gateway": "Serve trading robots that speak the universal protocol.",
    "klines": "Candles and trades to files and archives.",
    "order": "Place, cancel and list orders.",
    "record": "Raw frames of market streams to a file.",
    "replay": "Show what a recording has, or play it.",
    "sandbox": "Run the embedded exchange until Ctrl-C.",
    "ticker": "Prices and the last day of some symbols, or of all.",
    "watch": "Events of market streams as they come.",
}


@click.command(cls=LazyGroup, package="exchangeclient.cli", listed=_COMMANDS)
@click.version_option(__version__, prog_name="exchangeclient")
def cli() -> None:
    """The blocking client for crypto exchanges, and an exchange to try it on."""
