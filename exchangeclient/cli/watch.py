"""``exchangeclient watch``: events of market streams, as they come, one line each."""

from __future__ import annotations

import time
from contextlib import suppress
from datetime import UTC, datetime
from importlib import import_module
from typing import Any

import click

from exchangeclient.cli.connect import Connection, connected, connection_options
from exchangeclient.cli.events import lines
from exchangeclient.cli.output import Output, output_options, until_ended
from exchangeclient.exceptions import SocketTimeoutException

_LOOK_S = 0.5  # so that the end of the time is not waited for in vain


@click.command()
@click.argument("streams", metavar="STREAM...", nargs=-1, required=True)
@click.option("--count", type=click.IntRange(min=1), help="How many events.")
@click.option("--seconds", type=click.FloatRange(min=0, min_open=True), help="How long; until Ctrl-C when left out.")
@connection_options
@output_options
def watch(streams: tuple[str, ...], count: int | None, seconds: float | None, connection: Connection, out: Output) -> None:
    """Print the events of each STREAM, such as btcusdt@trade, ethbtc@kline_1m, ethbtc@depth@100ms, !miniTicker@arr.

    Streams are named as the venue has them: trades:BTC-USDT, candle1m:BTC-USDT at OKX, trade:XBTUSD at BitMEX. A line has the time of its
    receipt, the stream, and what the event says. JSON has the event itself, with what says of which stream it is. A connection that is
    lost is made again.
    """
    names = import_module(f"exchangeclient.{connection.venue}.stream_names").stream_list(streams)
    until_s = float("inf") if seconds is None else time.monotonic() + seconds
    seen = 0
    with connected(connection) as client, client.stream(names, timeout=_LOOK_S) as events, until_ended(seconds or count):
        while seen != count and time.monotonic() < until_s:
            with suppress(SocketTimeoutException):
                event = next(events)
                seen += 1
                print_event(out, datetime.now(UTC), event, event)


def print_event(out: Output, at: datetime, event: Any, row: Any) -> None:
    """Print an event: the row as JSON, or a line for each of what it has, as streams of all symbols bring them."""
    if out.as_json:
        out.line("", row)
        return
    for stream, text in lines(event):
        out.line(f"{at:%H:%M:%S}.{at.microsecond // 1000:03}  {stream}  {text}", row)
