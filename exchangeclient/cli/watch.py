"""``exchangeclient watch``: events of market streams, as they come, one line each."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, Final

import click

from exchangeclient.binance import stream_names
from exchangeclient.cli.connect import Connection, connected, connection_options
from exchangeclient.cli.output import Output, as_json, output_options, plain, until_ended
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

    A line has the time of its receipt, the stream, and what the event says. JSON has the event itself, as {"stream": ..., "data": ...}.
    A connection that is lost is made again.
    """
    names = stream_names.stream_list(streams)
    until_s = float("inf") if seconds is None else time.monotonic() + seconds
    seen = 0
    with connected(connection) as client, client.stream(names, timeout=_LOOK_S) as events, until_ended(seconds or count):
        while seen != count and time.monotonic() < until_s:
            with suppress(SocketTimeoutException):
                event = next(events)
                seen += 1
                print_event(out, datetime.now(UTC), event["stream"], event["data"], event)


def print_event(out: Output, at: datetime, stream: str, data: Any, row: Any) -> None:
    """Print an event: the row as JSON, or a line for each of what it has, as streams of all symbols bring them."""
    for each in data if isinstance(data, list) and not out.as_json else [data]:
        out.line(f"{at:%H:%M:%S}.{at.microsecond // 1000:03}  {stream}  {told(each)}", row)


def told(event: Any) -> str:
    """What an event says, in a line; that of an unknown kind as JSON."""
    if isinstance(event, dict):
        kind = event.get("e", "bookTicker" if {"b", "a", "B", "A"} <= event.keys() else "")
        with suppress(KeyError, TypeError, ValueError, ArithmeticError):
            if kind in _TOLD:
                return _TOLD[kind](event)
    return as_json(event)


def _trade(event: dict[str, Any]) -> str:
    return f"{'sold' if event['m'] else 'bought'} {plain(event['q'])} at {plain(event['p'])}"


def _candle(event: dict[str, Any]) -> str:
    row = event["k"]
    figures = "  ".join(
        f"{name} {plain(row[field])}" for name, field in (("open", "o"), ("high", "h"), ("low", "l"), ("close", "c"), ("volume", "v"))
    )
    return f"{row['i']}  {figures}{'  closed' if row['x'] else ''}"


def _best(event: dict[str, Any]) -> str:
    return f"{plain(event['B'])} {plain(event['b'])}  {plain(event['a'])} {plain(event['A'])}"


def _day(event: dict[str, Any]) -> str:
    return f"{event['s']}  last {plain(event['c'])}  high {plain(event['h'])}  low {plain(event['l'])}  volume {plain(event['v'])}"


def _changes(event: dict[str, Any]) -> str:
    return f"updates {event['U']} to {event['u']}: {len(event['b'])} bids, {len(event['a'])} asks"


_TOLD: Final[dict[str, Callable[[dict[str, Any]], str]]] = {
    "trade": _trade,
    "aggTrade": _trade,
    "kline": _candle,
    "bookTicker": _best,
    "24hrTicker": _day,
    "24hrMiniTicker": _day,
    "depthUpdate": _changes,
}
