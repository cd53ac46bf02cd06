"""``exchangeclient book``: the order book of a symbol, live: a ladder on a terminal, lines in a pipe."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from decimal import Decimal
from importlib import import_module
from itertools import accumulate
from threading import Event
from typing import TYPE_CHECKING, Any

import click

from exchangeclient.cli.connect import Connection, connected, connection_options
from exchangeclient.cli.output import Output, output_options, plain, until_ended
from exchangeclient.core.books.depthcache import DepthCache
from exchangeclient.desk import desk_of
from exchangeclient.exceptions import OutOfSyncException
from exchangeclient.market.book import Level
from exchangeclient.numbers import EXACT

if TYPE_CHECKING:
    from rich.console import RenderableType

_LOOK_S = 0.1
_BARS = 40  # at most, of a level's quantity
_NARROW = 60  # columns of a terminal for everything but the bars


@click.command()
@click.argument("symbol")
@click.option("--levels", default=10, show_default=True, type=click.IntRange(1, 1000), help="Of each side.")
@click.option("--seconds", type=click.FloatRange(min=0, min_open=True), help="How long; until Ctrl-C when left out.")
@click.option("--once", is_flag=True, help="Print it once, as a table.")
@connection_options
@output_options
def book(symbol: str, levels: int, seconds: float | None, once: bool, connection: Connection, out: Output) -> None:
    """The order book of SYMBOL, kept right as the venue changes it.

    In a pipe there is a line for each change of the best prices: the time, the best bid with its quantity, the best ask with its quantity.
    JSON has a line for each change of the levels. While the book is not known to be right nothing is shown but why.
    """
    changed = Event()
    with connected(connection) as client:
        if once:
            _once(client, symbol, levels, out, in_its_words=connection.is_usual)
            return
        # A symbol that there is not is refused at once.
        if connection.is_usual:
            client.get_orderbook_ticker(symbol=symbol)
        else:
            desk_of(client).ticker(symbol)
        parts = import_module(f"exchangeclient.{client.venue}.sockets"), import_module(f"exchangeclient.{client.venue}.depth")
        reach = {"limit": max(levels, 500), "ws_interval": 100} if connection.is_usual else {}  # elsewhere the book is as it comes
        with (
            parts[0].SocketManager(client, keep_alive=False) as sockets,
            parts[1].DepthCacheManager(client, symbol, lambda _cache: changed.set(), bm=sockets, conv_type=str, **reach) as manager,
            until_ended(seconds),
        ):
            cache = manager.get_depth_cache()
            show = _drawn if out.is_terminal else _printed
            show(cache, levels, seconds, changed, out)


def _once(client: Any, symbol: str, levels: int, out: Output, *, in_its_words: bool) -> None:
    if in_its_words:
        found = client.get_order_book(symbol=symbol, limit=levels)
        bids, asks = found["bids"], found["asks"]
    else:
        book = desk_of(client).book(symbol, levels)
        found = book.raw
        bids, asks = ([[f"{price:f}", f"{quantity:f}"] for price, quantity in side[:levels]] for side in (book.bids, book.asks))
    if out.as_json:
        out.fields(found)
    else:
        out.table(_rows(bids, asks))


def _drawn(cache: DepthCache, levels: int, seconds: float | None, changed: Event, out: Output) -> None:
    from rich.live import Live

    console = out.console()
    most = max(1, (console.height - 4) // 2)
    levels = min(levels, most)
    with Live(console=console, auto_refresh=False, transient=False) as live:
        for _ in _looks(changed, seconds):
            live.update(_ladder(cache, levels, console.width), refresh=True)


def _printed(cache: DepthCache, levels: int, seconds: float | None, changed: Event, out: Output) -> None:
    last: Any = None
    for _ in _looks(changed, seconds):
        try:
            bids, asks = cache.top(levels)
        except OutOfSyncException as error:
            if last is not None:
                out.warn(str(error))
            last = None
            continue
        top = (bids, asks) if out.as_json else (bids[:1], asks[:1])
        if top == last:
            continue
        last = top
        now = datetime.now(UTC)
        best = "  ".join(
            f"{quantity} {price}" if side is bids else f"{price} {quantity}" for side in (bids, asks) for price, quantity in side[:1]
        )
        out.line(f"{now:%H:%M:%S}.{now.microsecond // 1000:03}  {best}", {"time": now.isoformat(), "bids": bids, "asks": asks})


def _looks(changed: Event, seconds: float | None) -> Iterator[None]:
    """Comes round when something has changed, ten times a second at most, and once a second in any case."""
    until_s = float("inf") if seconds is None else time.monotonic() + seconds
    while (left_s := until_s - time.monotonic()) > 0:
        yield
        Event().wait(min(_LOOK_S, left_s))
        changed.wait(max(0.0, min(1.0, until_s - time.monotonic())))
        changed.clear()


def _ladder(cache: DepthCache, levels: int, width: int) -> RenderableType:
    """Asks above bids, each level with what there is up to it, and a bar for its size."""
    from rich.table import Table
    from rich.text import Text

    try:
        with cache.steady():
            (bids, asks), age = cache.top(levels), cache.age
    except OutOfSyncException as error:
        return Text(f"{cache.symbol}: {error}", style="yellow")
    digits = _digits(quantity for _, quantity in (*bids, *asks))
    bars = max(0, min(_BARS, width - _NARROW))
    largest = max((float(quantity) for _, quantity in (*bids, *asks)), default=1.0) or 1.0
    table = Table(box=None, padding=(0, 1), title=_heading(cache.symbol, bids, asks, age), title_justify="left", title_style="bold")
    table.add_column("")
    for name in ("price", "quantity", "in all"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("", no_wrap=True)
    for side, word, style in ((asks, "ask", "red"), (bids, "bid", "green")):
        rows = [
            (
                word,
                Text(price, style=style),
                f"{Decimal(quantity):.{digits}f}",
                f"{in_all:.{digits}f}",
                Text("▇" * round(float(quantity) / largest * bars), style=style),
            )
            for (price, quantity), in_all in zip(side, _in_all(side), strict=True)
        ]
        for row in reversed(rows) if side is asks else rows:
            table.add_row(*row)
    return table


def _heading(symbol: str, bids: tuple[Level, ...], asks: tuple[Level, ...], age: float) -> str:
    if not bids or not asks:
        return f"{symbol}: one side is empty"
    bid, ask = Decimal(bids[0][0]), Decimal(asks[0][0])
    return f"{symbol}  spread {plain(EXACT.subtract(ask, bid))} ({float(ask / bid) - 1:.4%})  {age:.0f} s old"


def _in_all(side: tuple[Level, ...]) -> list[Decimal]:
    return list(accumulate((Decimal(quantity) for _, quantity in side), EXACT.add))


def _digits(figures: Iterable[str]) -> int:
    """Behind the point, as many as the longest of them needs."""
    return max((len((plain(figure) or "").partition(".")[2]) for figure in figures), default=0)


def _rows(bids: list[Level], asks: list[Level]) -> list[dict[str, str]]:
    """The levels as a table, asks above bids."""
    return [
        {"side": word, "price": price, "quantity": quantity}
        for word, side in (("ask", reversed(asks)), ("bid", bids))
        for price, quantity in side
    ]
