"""``exchangeclient klines gaps``: what is missing in an archive, and what is empty at the venue."""

from __future__ import annotations

from pathlib import Path

import click

from exchangeclient.archive import Archive
from exchangeclient.cli import exits
from exchangeclient.cli.klines.options import archive_argument, finding, series_options, told
from exchangeclient.cli.output import Output, output_options

COLUMNS = ("symbol", "interval", "what", "from", "to", "count")


@click.command()
@archive_argument
@series_options
@output_options
def gaps(path: Path, symbol: str | None, interval: str | None, of: str | None, out: Output) -> None:
    """List where ARCHIVE has no candles, up to when the venue was asked last: from, and until before.

    "venue-empty": the venue was asked, and has none. "missing": it has not been asked, or gave no answer; the next sync asks.
    """
    with Archive(path, create=False) as archive:
        found = archive.gaps(symbol, interval, venue=of)
    if found or out.as_json or out.is_terminal:  # in cron a good run says nothing
        out.table([told(each) if out.as_json else finding(each) for each in found], COLUMNS, none="there are none")
    if any(each.is_wrong for each in found):
        out.end(exits.FOUND)
