"""``exchangeclient klines verify``: looks through an archive; the exit code says whether all is in order."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

import click

from exchangeclient.archive import Archive
from exchangeclient.cli import exits
from exchangeclient.cli.connect import Connection, connected, connection_options
from exchangeclient.cli.klines.options import archive_argument, finding, series_options, told
from exchangeclient.cli.output import Output, output_options
from exchangeclient.exceptions import ArchiveException


@click.command()
@archive_argument
@series_options
@click.option("--ask", is_flag=True, help="Ask the venue for its time: what was closed since the last sync counts as missing.")
@click.option("--against", metavar="INTERVAL", help="Compare with the venue's own candles of this interval, such as 1d.")
@connection_options
@output_options
def verify(
    path: Path,
    symbol: str | None,
    interval: str | None,
    of: str | None,
    ask: bool,
    against: str | None,
    connection: Connection,
    out: Output,
) -> None:
    """Look through ARCHIVE: the file, every row, every interval, and whether smaller candles add up to the larger ones.

    Nothing is asked of the venue without --ask or --against. What the venue has not, or has changed, is in order: it
    is listed, but not with --quiet.
    """
    with ExitStack() as stack:
        archive = stack.enter_context(Archive(path, create=False))
        if not any(kept.rows for kept in archive.series()):  # whoever watches an archive wants to hear that it is gone
            raise ArchiveException(f"the archive {path} has no records")
        client = stack.enter_context(connected(connection)) if ask or against else None
        found = archive.verify(symbol, interval, venue=of or connection.archived_as, client=client, against=against)
    wrong = sum(each.is_wrong for each in found)
    shown = [each for each in found if each.is_wrong or not out.quiet]
    if shown or out.as_json:
        out.table([told(each) if out.as_json else finding(each) for each in shown], None if out.as_json else _COLUMNS, below="")
    out.say(f"{wrong} findings that need something done" if wrong else "all is in order")
    if wrong:
        out.end(exits.FOUND)


_COLUMNS = ("symbol", "interval", "what", "from", "to", "count", "")
