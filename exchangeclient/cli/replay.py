"""``exchangeclient replay``: what a recording has, or its events as they came."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import click

from exchangeclient.binance import recorded
from exchangeclient.cli.output import Output, output_options, until_ended
from exchangeclient.cli.watch import print_event
from exchangeclient.core.http import jsonio
from exchangeclient.core.process.clock import SystemClock, nap
from exchangeclient.recording import read_records


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--events", is_flag=True, help="Print the events, one line each, as watch does.")
@click.option("--stream", "streams", multiple=True, help="Only of this one. Repeats.")
@click.option(
    "--speed",
    type=click.FloatRange(min=0, min_open=True),
    help="1 for the time that it took, 60 for a minute a second; at once when left out.",
)
@output_options
def replay(file: Path, events: bool, streams: tuple[str, ...], speed: float | None, out: Output) -> None:
    """Show what the recording FILE has: its streams, how many events of each, from when to when, and what is missing.

    exchangeclient.recording.Replay plays a recording to the callbacks of a program, "exchangeclient sandbox --record" trades by it.
    """
    if events or speed is not None:
        with until_ended(None):
            _play(file, set(streams), speed, out)
        return
    rows, lost = _summary(file, set(streams))
    out.table(rows, ("stream", "events", "a second", "from", "to"), wide=("from",), none="there is no event in it")
    if lost:
        out.say(f"its connections were lost {lost} times")


def _play(file: Path, streams: set[str], speed: float | None, out: Output) -> None:
    """Each event as it came over its connection, one that came over two of them once."""
    clock = SystemClock()
    begun_s, first_s = clock.monotonic_s(), None
    for piece in recorded.pieces(read_records(file)):
        if not isinstance(piece, recorded.Events) or (streams and piece.stream not in streams):
            continue
        first_s = piece.t if first_s is None else first_s
        while speed is not None and (rest_s := begun_s + (piece.t - first_s) / speed - clock.monotonic_s()) > 0:
            nap(clock, rest_s)
        at = datetime.fromtimestamp(piece.t, UTC)
        for payload in piece.payloads:
            data: Any = jsonio.decode(payload)
            print_event(out, at, {"stream": piece.stream, "data": data}, {"t": piece.t, "stream": piece.stream, "data": data})


def _summary(file: Path, streams: set[str]) -> tuple[list[dict[str, Any]], int]:
    counts: Counter[str] = Counter()
    first: dict[str, float] = {}
    last: dict[str, float] = {}
    lost = 0
    for record in read_records(file):
        found = recorded.event_in(record) if record.dir == "in" else None
        name = f"GET {urlsplit(record.url).path}" if record.dir == "http" else None if found is None else found[0]
        if name is None or (streams and name not in streams):
            lost += record.dir == "close" and bool(record.msg)
            continue
        counts[name] += 1
        first.setdefault(name, record.t)
        last[name] = record.t
    rows = [
        {
            "stream": name,
            "events": count,
            "a second": round(count / (last[name] - first[name]), 2) if last[name] > first[name] else None,
            "from": f"{datetime.fromtimestamp(first[name], UTC):%Y-%m-%d %H:%M:%S}",
            "to": f"{datetime.fromtimestamp(last[name], UTC):%Y-%m-%d %H:%M:%S}",
        }
        for name, count in sorted(counts.items())
    ]
    return rows, lost
