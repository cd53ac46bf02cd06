"""``exchangeclient klines``: candles to files and archives, for people and for cron. A command's module is imported when it is called."""

from __future__ import annotations

import click

from exchangeclient.cli.lazily import LazyGroup

_COMMANDS = {
    "export": "Write what an archive has to CSV, Parquet or dumps.",
    "fetch": "Fetch candles to a CSV file, without an archive.",
    "gaps": "List what is missing in an archive, and what the venue has not.",
    "import": "Take CSV files and public dumps into an archive.",
    "parquet": "Bring a folder of Parquet files up to date, without an archive.",
    "plot": "Draw candles, to a picture or in the terminal.",
    "repair": "Put an archive in order, and ask for what is missing.",
    "show": "List the series of an archive, or rows of one.",
    "sync": "Bring an archive up to date.",
    "verify": "Look through an archive for anything that is not in order.",
}


@click.command(cls=LazyGroup, package="exchangeclient.cli.klines", listed=_COMMANDS)
def klines() -> None:
    """Candles and trades to files and archives. An archive is one SQLite file in which every interval is accounted for."""
