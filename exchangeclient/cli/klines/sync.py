"""``exchangeclient klines sync``: brings an archive up to date; for cron."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import product
from pathlib import Path
from typing import Any

import click

from exchangeclient.archive import Archive
from exchangeclient.archive.series import TRADES, Series
from exchangeclient.archive.sync import Outcome, Progress, Watch
from exchangeclient.cli import exits
from exchangeclient.cli.connect import Connection, connected, connection_options
from exchangeclient.cli.klines.options import archive_argument, in_capitals, moment, of_option, shown_mark
from exchangeclient.cli.output import Output, output_options


@click.command()
@archive_argument
@click.argument("symbols", metavar="[SYMBOL]...", nargs=-1, type=in_capitals)
@click.option("--interval", "-i", "intervals", multiple=True, help="1m, 1h, 1d, 1M ...; aggTrades for trades. May be given several times.")
@click.option("--start", help='From when on: "2 years ago", "2018-01-10", or milliseconds. The first there is, when left out.')
@click.option("--share", type=click.FloatRange(0, 1, min_open=True), default=0.5, show_default=True, help="Of the venue's limits, to use.")
@click.option(
    "--revised", type=click.Choice(["keep", "take"]), default="keep", show_default=True,
    help="When the venue has changed a record: keep the old one, or take the new one. Both are noted.",
)  # fmt: skip
@click.option("--wait", type=click.FloatRange(0), default=0.0, help="Seconds to wait for another run that has a series; 0 when left out.")
@of_option
@connection_options
@output_options
def sync(
    path: Path,
    symbols: tuple[str, ...],
    intervals: tuple[str, ...],
    start: str | None,
    share: float,
    revised: Any,
    wait: float,
    of: str | None,
    connection: Connection,
    out: Output,
) -> None:
    """Bring ARCHIVE up to date: ask for what is missing of each SYMBOL and interval, and write it page by page.

    Without a SYMBOL and an interval, everything that the archive has. It may be stopped or killed at any moment; the next run goes on from
    there. What is still open by the venue's clock is left out.
    """
    start_ms = moment(start, "--start")
    # Wrong usage, or a wrong path, leaves no empty archive there.
    for symbol, interval in product(symbols or ("any",), intervals or (TRADES,)):
        Series(of or "any", symbol, interval)
    if not (path.exists() or (symbols and intervals)):
        raise click.UsageError(f"there is no archive {path}; symbols and intervals say what to begin with")
    with connected(connection) as client, Archive(path) as archive, _watched(out) as watch:
        outcomes = archive.sync(
            client,
            symbols or None,
            intervals or None,
            start=start_ms,
            share=share,
            revisions=revised,
            wait_s=wait,
            on_progress=watch,
            strict=False,
            venue=of or connection.archived_as,
        )
    report(outcomes, out)


def report(outcomes: list[Outcome], out: Output) -> None:
    """Tell what came of it, and end as the first failure ends."""
    for outcome in outcomes:
        for each in outcome.revisions:
            at = shown_mark(outcome.series, each.mark)
            kept = "the new one is stored" if each.taken else "the old one is kept"
            out.warn(f"{outcome.series}: the venue has changed the record at {at}; {kept}")
    if out.as_json or out.is_terminal:
        out.table([_told(outcome) if out.as_json else _row(outcome) for outcome in outcomes])
    failed = [(outcome.series, outcome.error) for outcome in outcomes if outcome.error is not None]
    for series, error in failed:
        out.warn(f"{series}: {error}")
    if failed:
        out.end(exits.code_of(failed[0][1]))


def _row(outcome: Outcome) -> dict[str, Any]:
    series = outcome.series
    return {"symbol": series.symbol, "interval": series.interval, **_counts(outcome)}


def _told(outcome: Outcome) -> dict[str, Any]:
    series = outcome.series
    names = {"venue": series.venue, "symbol": series.symbol, "interval": series.interval}
    error = None if outcome.error is None else {"kind": type(outcome.error).__name__, "text": str(outcome.error)}
    return {**names, **_counts(outcome), "pages": outcome.pages, "error": error}


def _counts(outcome: Outcome) -> dict[str, int]:
    return {"new": outcome.rows, "empty": outcome.empty, "missing": outcome.missing, "revised": len(outcome.revisions)}


@contextmanager
def _watched(out: Output) -> Iterator[Watch | None]:
    """A progress bar if someone is watching."""
    if not out.is_watched:
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn("pages"), TimeRemainingColumn())
    with Bar(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=None)

        def watch(progress: Progress) -> None:
            done, total = progress.pages
            bar.update(task, description=f"{progress.series.symbol} {progress.series.interval}", completed=done, total=total)

        yield watch
