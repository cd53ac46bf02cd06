"""``exchangeclient klines import``: takes CSV files and public dumps into an archive."""

from __future__ import annotations

from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

import click

from exchangeclient.archive import Archive
from exchangeclient.archive.load import check, series_of
from exchangeclient.archive.sync import Outcome
from exchangeclient.cli import exits
from exchangeclient.cli.klines.options import archive_argument, in_capitals
from exchangeclient.cli.output import Output, output_options
from exchangeclient.core.process.clock import SystemClock


@click.command(name="import")
@archive_argument
@click.argument("files", metavar="FILE...", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--symbol", type=in_capitals, metavar="TEXT", help="Whose records they are; in the name of a dump.")
@click.option("--interval", "-i", help="Of the candles, or aggTrades; in the name of a dump.")
@click.option("--of", metavar="VENUE", default="binance", show_default=True, help="The name of the venue in the archive.")
@click.option(
    "--revised", type=click.Choice(["keep", "take"]), default="keep", show_default=True,
    help="When the archive has another record: keep it, or take that of the file. Both are noted.",
)  # fmt: skip
@click.option(
    "--keep-good", is_flag=True, help="Take the lines that are good, and list the others; without it, one bad line refuses a file."
)
@output_options
def import_(
    path: Path,
    files: tuple[Path, ...],
    symbol: str | None,
    interval: str | None,
    of: str,
    revised: Any,
    keep_good: bool,
    out: Output,
) -> None:
    """Take each FILE into ARCHIVE: CSV as export writes it (.csv, .csv.gz), or public dumps of Binance (.zip).

    The checksum of a dump is looked at when it lies beside it.
    A file is checked whole before anything of it is written. What it does not have stays missing, and a sync asks for it.
    """
    rows: list[dict[str, Any]] = []
    complaints: list[str] = []

    def complain(file: Path, number: int, why: str) -> None:
        complaints.append(f"{file}, line {number}: {why}")
        out.warn(complaints[-1])

    series = [series_of(file, symbol, interval, of) for file in files]
    now_ms = SystemClock().now_ms()
    with ExitStack() as stack:
        archive = None
        for file, each in zip(files, series, strict=True):
            told = partial(complain, file) if keep_good else None
            silent = None if told is None else lambda *_: None
            # What nothing is taken of leaves no empty archive there.
            if archive is None and (path.exists() or check(each, file, now_ms=now_ms, complain=silent) is not None):
                archive = stack.enter_context(Archive(path))
            if archive is None:
                check(each, file, now_ms=now_ms, complain=told)
                outcome = Outcome(each)
            else:
                outcome = archive.import_file(file, symbol, interval, venue=of, revisions=revised, complain=told)
            rows.append({"file": str(file), "series": str(outcome.series), "new": outcome.rows, "differ": len(outcome.revisions)})
    if out.as_json or out.is_terminal:
        out.table(rows)
    if complaints:
        out.end(exits.FOUND)
