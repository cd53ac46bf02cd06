"""``exchangeclient klines plot``: candles as a picture, or drawn in the terminal."""

from __future__ import annotations

import shutil
import sys
from collections import deque
from pathlib import Path

import click

from exchangeclient.archive import Archive
from exchangeclient.cli.klines.options import archive_argument, in_capitals, moment, of_option, span_options
from exchangeclient.cli.output import Output, output_options
from exchangeclient.exceptions import ArchiveException

_COLOURS = {"wick": "dim", "rise": "green", "fall": "red", "text": ""}


@click.command()
@archive_argument
@click.argument("symbol", type=in_capitals)
@click.argument("interval")
@click.option(
    "--out", "to", type=click.Path(path_type=Path), metavar="FILE", help="A picture: .png, .svg or .html. In the terminal when left out."
)
@click.option("--last", type=click.IntRange(min=1), default=200, show_default=True, help="How many candles, the newest of that time.")
@click.option("--as", "target", metavar="INTERVAL", help="Larger candles, made of those in the archive.")
@span_options
@of_option
@output_options
def plot(
    path: Path,
    symbol: str,
    interval: str,
    to: Path | None,
    last: int,
    target: str | None,
    start: str | None,
    end: str | None,
    of: str | None,
    out: Output,
) -> None:
    """Draw the candles of SYMBOL and INTERVAL from ARCHIVE."""
    if out.as_json and to is None:
        raise click.UsageError("a drawing is no JSON; show has rows, and with --out it is told what was drawn")
    with Archive(path, create=False) as archive:
        series, found = archive.candles(symbol, interval, moment(start, "--start"), moment(end, "--end"), venue=of, target=target)
        rows = list(deque(found, maxlen=last))
    if not rows:
        raise ArchiveException(f"the archive has no candles of {symbol} {interval} in that time")
    if to is not None:
        from exchangeclient.archive.picture import draw

        draw(series, rows, to)
        out.say(f"{len(rows)} candles in {to}")
        if out.as_json:
            out.fields({"file": str(to), "candles": len(rows)})
        return
    from exchangeclient.archive.textchart import chart

    width, height = shutil.get_terminal_size()
    drawn = chart(rows, width=width, height=max(6, height - 2))
    if not out.is_terminal:
        out.text(drawn.text(getattr(sys.stdout, "encoding", None)))
        return
    from rich.text import Text

    console = out.console()
    console.print(Text(f"{series.symbol} {series.interval}", "bold"))
    for line in drawn.lines:
        console.print(Text.assemble(*((character, _COLOURS[part]) for character, part in line)), no_wrap=True, crop=True)
    console.print(Text(drawn.below, "dim"))
