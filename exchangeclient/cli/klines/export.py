"""``exchangeclient klines export``: what an archive has, as CSV, Parquet or public dumps."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import IO, Any

import click

from exchangeclient.archive import Archive
from exchangeclient.cli.klines.options import archive_argument, in_capitals, moment, of_option, span_options
from exchangeclient.cli.output import Output, output_options, reader_needed
from exchangeclient.exceptions import ArchiveException

_FOLDERS = ("parquet", "dumps")


@click.command()
@archive_argument
@click.argument("symbol", type=in_capitals)
@click.argument("interval")
@click.option("--format", "form", type=click.Choice(["csv", *_FOLDERS]), default="csv", show_default=True, help="What to write.")
@click.option("--out", "to", default="-", metavar="PATH", help="The file of CSV, - for standard output; the folder of all else.")
@click.option("--period", type=click.Choice(["monthly", "daily"]), default="monthly", show_default=True, help="Of dumps.")
@click.option("--as", "target", metavar="INTERVAL", help="Larger candles, made of those in the archive (CSV).")
@span_options
@of_option
@output_options
def export(
    path: Path,
    symbol: str,
    interval: str,
    form: str,
    to: str,
    period: Any,
    target: str | None,
    start: str | None,
    end: str | None,
    of: str | None,
    out: Output,
) -> None:
    """Write the records of SYMBOL and INTERVAL from ARCHIVE.

    CSV has a header and appears whole or not at all. Parquet is laid out in folders by venue, symbol, interval and month. Dumps are zips
    with checksums, as Binance publishes them, of the months (or days) in which nothing is missing.
    """
    span = moment(start, "--start"), moment(end, "--end")
    if form in _FOLDERS and to == "-":
        raise click.UsageError(f"--format {form} needs --out with a folder")
    if out.as_json and to == "-":
        raise click.UsageError("CSV is no JSON; show has rows, and with --out it is told what was written")
    if target is not None and form != "csv":
        raise click.UsageError("--as is for --format csv")
    with Archive(path, create=False) as archive:
        if form == "csv":
            with reader_needed():
                count = archive.export_csv(_file(to), symbol, interval, *span, venue=of, target=target)
            out.say(f"{count} rows")
            if out.as_json:
                out.table([{"file": to, "rows": count}])
            return
        if form == "parquet":
            written = archive.export_parquet(to, symbol, interval, *span, venue=of)
        else:
            written = archive.export_dumps(to, symbol, interval, *span, period=period, venue=of)
    if not written:
        raise ArchiveException(f"there is nothing of {symbol} {interval} in that time that could be written")
    out.table([{"file": str(each)} for each in written])


def _file(to: str) -> Path | IO[str]:
    if to != "-":
        return Path(to)
    stdout: IO[str] | None = sys.stdout  # None when the program was started without one
    if stdout is None:
        raise OSError("standard output is closed; --out names a file")
    return stdout
