"""``exchangeclient klines repair``: forgets what cannot be right, and asks for it again."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

import click

from exchangeclient.archive import Archive
from exchangeclient.cli.connect import Connection, connected, connection_options
from exchangeclient.cli.klines.options import archive_argument, series_options
from exchangeclient.cli.klines.sync import report
from exchangeclient.cli.output import Output, output_options


@click.command()
@archive_argument
@series_options
@click.option("--empty", is_flag=True, help="Ask again for what was empty at the venue, too.")
@click.option("--offline", is_flag=True, help="Only forget; the next sync asks.")
@connection_options
@output_options
def repair(
    path: Path, symbol: str | None, interval: str | None, of: str | None, empty: bool, offline: bool, connection: Connection, out: Output
) -> None:
    """Put ARCHIVE in order: forget what cannot be right, and ask the venue for it again, and for all that is missing.

    Of a file that is damaged what can be read is taken into a new one; the old one stays beside it, as ARCHIVE.damaged.
    """
    counts = Archive.salvage(path)
    if counts is not None:
        out.warn(f"{path} was damaged: {counts[0]} records were saved, {counts[1]} are known to be lost; the old file is {path}.damaged")
    with ExitStack() as stack:
        archive = stack.enter_context(Archive(path, create=False))
        client = None if offline else stack.enter_context(connected(connection))
        outcomes = archive.repair(
            client,
            symbol,
            interval,
            venue=of or connection.archived_as,
            empty=empty,
            **({} if offline else {"strict": False}),
        )
    report(outcomes, out)
