"""``exchangeclient demo``: the whole product at work on this machine, each step checked.

The steps are ordinary use of the public names; what they print is for a person. The exit code is 0 only if every check held.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any

import click
from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from exchangeclient import __version__
from exchangeclient.client import Client
from exchangeclient.depthcache import DepthCache, DepthCacheManager
from exchangeclient.exceptions import ExchangeException, OrderMinPriceException
from exchangeclient.sandbox import Sandbox, parse_candles, read_candle_rows
from exchangeclient.websockets import SocketManager

SYMBOL = "ETHBTC"
INTERVAL = "5m"
INTERVAL_MS = 300_000
DAY_MS = 86_400_000
PAGE = 1000
PATIENCE_S = 10.0

_DUMP_NAME = re.compile(r"(?P<symbol>[A-Z0-9]+)-(?P<interval>\d+[smhdwM])[-.]")


class DemoFailed(ExchangeException):
    """A check of the demo did not hold."""


class Story:
    """Tells the steps on a console, and counts the checks.

    :param as_json: a line of JSON for each check, and nothing else
    """

    def __init__(self, console: Console, *, as_json: bool = False) -> None:
        self.console = console
        self.steps = 0
        self.checks = 0
        self._title = ""
        self._as_json = as_json
        self._tick = "✓" if (console.encoding or "").lower().startswith("utf") else "ok"

    def step(self, title: str) -> None:
        """Begin a step."""
        self.steps += 1
        self._title = title
        self.console.print(f"\n[bold cyan]{self.steps}[/] [bold]{title}[/]", highlight=False)

    def tell(self, text: str) -> None:
        """Say something about the step."""
        self.console.print(f"  {text}", highlight=False, markup=False, soft_wrap=not self.console.is_terminal)

    def check(self, holds: bool, claim: str) -> None:
        """Say that ``claim`` holds, or end the demo.

        :raises DemoFailed: when it does not
        """
        if not holds:
            raise DemoFailed(f"step {self.steps} failed: expected that {claim}")
        self.checks += 1
        if self._as_json:
            click.echo(json.dumps({"step": self.steps, "title": self._title, "check": claim}, ensure_ascii=False))
        self.console.print(
            Text(f"  {self._tick} ", style="green").append(claim, style="default"), highlight=False, soft_wrap=not self.console.is_terminal
        )


@click.command()
@click.option(
    "--candles",
    metavar="FILE",
    help="Real history in the venue's kline layout; the name says what it is (ETHBTC-5m.csv.gz), or SYMBOL:INTERVAL=FILE does.",
)
@click.option("--seed", default=7, show_default=True, help="The same seed makes the same market.")
@click.option("--seconds", default=3, show_default=True, type=click.IntRange(1, 3600), help="How long to watch the live book.")
@click.option("--json", "as_json", is_flag=True, help="Print nothing but a line of JSON for each check that held.")
def demo(candles: str | None, seed: int, seconds: int, as_json: bool) -> None:
    """See the whole product work on this machine, without keys or network."""
    history = _history(candles)
    console = Console(quiet=as_json)
    story = Story(console, as_json=as_json)
    started = time.monotonic()
    console.print(f"[bold]exchangeclient {__version__}[/] - an exchange, a client and a trade, all on this machine", highlight=False)

    story.step("An exchange starts")
    with Sandbox(seed=seed, candles=history) as exchange:
        urls = exchange.urls["binance"]
        story.tell(f"it speaks Binance's REST and websocket protocols at {urls['rest']}")
        with Client("key", "secret", environment=urls) as client:
            _meet(story, client)
            for (symbol, interval), path in history.items():
                _fetch_file(story, client, symbol, interval, path)
            if not history:
                _fetch_day(story, client)
            _watch_book(story, client, seconds)
            with _user_stream(client) as reports:
                _refuse_order(story, client)
                _fill_order(story, client, reports)
                _cancel_order(story, client, reports)
    elapsed = time.monotonic() - started
    console.print(f"\n[bold green]All {story.checks} checks of {story.steps} steps held[/] in {elapsed:.1f} s.", highlight=False)
    console.print(
        "Now yours: [bold]exchangeclient sandbox[/] keeps such an exchange running; README shows what to do with it.",
        highlight=False,
        soft_wrap=not console.is_terminal,
    )


def _history(candles: str | None) -> dict[tuple[str, str], Path]:
    """The candle file for the sandbox; what it holds is said before it, or by its name as the venue names its dumps."""
    if candles is None:
        return {}
    named = _DUMP_NAME.match(Path(candles).name)
    if not Path(candles).exists() and "=" in candles:
        key, path = parse_candles(candles)
    elif named is not None:
        key, path = (named["symbol"], named["interval"]), Path(candles)
    else:
        raise click.BadParameter(
            f"{candles!r} is no file named like ETHBTC-5m.csv.gz; give SYMBOL:INTERVAL=FILE for any other name", param_hint="--candles"
        )
    if not path.is_file():
        raise click.BadParameter(f"there is no file {str(path)!r}", param_hint="--candles")
    return {key: path}


def _meet(story: Story, client: Client) -> None:
    client.ping()
    symbols = [entry["symbol"] for entry in client.get_exchange_info()["symbols"]]
    story.tell(f"it lists {', '.join(symbols)}")
    difference_ms = client.get_server_time()["serverTime"] - client.clock.now_ms()
    story.check(abs(difference_ms) < 1000, f"its clock and ours agree (difference {difference_ms} ms)")


def _fetch_file(story: Story, client: Client, symbol: str, interval: str, path: Path) -> None:
    story.step(f"The real candles of {path.name} are fetched back")
    expected = read_candle_rows(path)
    rows = client.get_historical_klines(symbol, interval, int(expected[0][0]), int(expected[-1][0]))
    _sparkline(story, rows)
    story.check(len(rows) == len(expected), f"all {len(expected):,} rows came, in {-(-len(rows) // PAGE)} pages")
    same = all(text in ("", str(got)) for row, want in zip(rows, expected, strict=True) for got, text in zip(row, want, strict=False))
    story.check(same, "they equal the file's rows, text for text, in the columns that it has")


def _fetch_day(story: Story, client: Client) -> None:
    story.step(f"A day of {SYMBOL} candles is fetched")
    rows = client.get_historical_klines(SYMBOL, INTERVAL, "1 day ago UTC")
    _sparkline(story, rows)
    gapless = all(later[0] - earlier[0] == INTERVAL_MS for earlier, later in pairwise(rows))
    story.check(len(rows) >= DAY_MS // INTERVAL_MS and gapless, f"{len(rows)} candles of {INTERVAL}, oldest first, none missing")
    # The last hour is still open: its candles may change between two calls.
    hours = client.get_historical_klines(SYMBOL, "1h", rows[0][0], rows[-1][0])[:-1]
    highs = {hour[0]: max(Decimal(row[2]) for row in rows if hour[0] <= row[0] <= hour[6]) for hour in hours}
    story.check(
        bool(hours) and all(Decimal(hour[2]) == highs[hour[0]] for hour in hours),
        f"the highs of the {len(hours)} hourly candles are those of their {INTERVAL} candles",
    )


def _sparkline(story: Story, rows: list[list[Any]]) -> None:
    closes = [float(row[4]) for row in rows]
    low, high = min(closes), max(closes)
    blocks = "▁▂▃▄▅▆▇█" if story.console.encoding.lower().startswith("utf") else "_.-=^"
    step = -(-len(closes) // 48)
    line = "".join(blocks[min(len(blocks) - 1, int((close - low) / ((high - low) or 1) * len(blocks)))] for close in closes[::step])
    story.tell(f"{line}  {low:.8f} .. {high:.8f}")


def _watch_book(story: Story, client: Client, seconds: int) -> None:
    story.step(f"The {SYMBOL} book is kept live")
    tops: dict[int, tuple[Any, Any]] = {}

    def remember(cache: DepthCache | None) -> None:
        if cache is not None:
            tops[cache.update_id] = cache.top(10)

    with DepthCacheManager(client, SYMBOL, remember, ws_interval=100) as manager:
        cache = manager.get_depth_cache()
        until = time.monotonic() + seconds
        if story.console.is_terminal:
            with Live(_ladder(cache), console=story.console, refresh_per_second=10, transient=False) as live:
                while time.monotonic() < until:
                    time.sleep(0.1)
                    live.update(_ladder(manager.get_depth_cache()))
        else:
            time.sleep(seconds)
            story.console.print(_ladder(manager.get_depth_cache()))
        story.check(len(tops) > 1, f"{len(tops)} updates were applied in {seconds} s")
        update_id = _compare(client, tops)
        story.check(update_id is not None, f"at update {update_id} it equalled the venue's own answer, ten levels a side")


def _compare(client: Client, tops: Mapping[int, tuple[Any, Any]]) -> int | None:
    """The update id at which the live book was found equal to a REST snapshot, or None."""
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        snapshot = client.get_order_book(symbol=SYMBOL, limit=10)
        time.sleep(0.15)
        seen = tops.get(snapshot["lastUpdateId"])
        if seen is not None:
            venue = tuple([tuple(level) for level in snapshot[side]] for side in ("bids", "asks"))
            same = venue == tuple([tuple(level) for level in side] for side in seen)
            return int(snapshot["lastUpdateId"]) if same else None
    return None


def _ladder(cache: DepthCache) -> Table:
    """The top of the book, asks above bids, with bars for the sizes."""
    bids, asks = cache.top(5)
    largest = max(float(quantity) for _, quantity in (*bids, *asks))
    table = Table(show_header=False, box=None, padding=(0, 1), pad_edge=True)
    for _ in range(3):
        table.add_column(no_wrap=True, overflow="ignore")
    for levels, style, word in ((reversed(asks), "red", "ask"), (bids, "green", "bid")):
        for price, quantity in levels:
            table.add_row(
                f" {word}",
                Text(price, style=style),
                f"{quantity:>18}",
                Text("#" * max(1, round(float(quantity) / largest * 30)), style=style),
            )
    return table


@contextmanager
def _user_stream(client: Client) -> Iterator[SimpleQueue[dict[str, Any]]]:
    """The account's own events, in a queue."""
    reports: SimpleQueue[dict[str, Any]] = SimpleQueue()
    manager = SocketManager(client)
    try:
        key = manager.start_user_socket(reports.put)
        manager.start()
        if key:
            manager.wait_ready(key, timeout=PATIENCE_S)
        yield reports
    finally:
        manager.close()


def _refuse_order(story: Story, client: Client) -> None:
    story.step("An order that breaks a rule never leaves")
    try:
        client.order_limit_buy(symbol=SYMBOL, quantity=1, price="0.012345678")
    except OrderMinPriceException as refusal:
        story.tell(f"{type(refusal).__name__}: {refusal}")
        story.check(refusal.nearest is not None, f"the nearest price that would do is named: {refusal.nearest}")
    else:
        raise DemoFailed("a price off the tick was sent")


def _fill_order(story: Story, client: Client, reports: SimpleQueue[dict[str, Any]]) -> None:
    story.step("An order is signed, placed and filled")
    before = _free(client)
    best = client.get_orderbook_ticker(symbol=SYMBOL)
    order = client.order_limit_buy(symbol=SYMBOL, quantity="0.5", price=best["askPrice"], timeInForce="IOC")
    if Decimal(order["executedQty"]) == 0:  # someone was faster at that price, as happens in a market
        order = client.order_market_buy(symbol=SYMBOL, quantity="0.5")
    bought, paid = Decimal(order["executedQty"]), Decimal(order["cummulativeQuoteQty"])
    fee = sum((Decimal(fill["commission"]) for fill in order["fills"]), Decimal(0))
    story.tell(f"bought {bought} ETH for {paid} BTC, commission {fee} ETH, order {order['orderId']} is {order['status']}")
    after = _free(client)
    story.check(
        after["ETH"] - before["ETH"] == bought - fee, "the ETH balance grew by what was bought less the commission, to the last digit"
    )
    story.check(before["BTC"] - after["BTC"] == paid, "the BTC balance fell by what was paid, to the last digit")
    filled = Decimal(0)
    while filled < bought:
        report = _next_report(reports, order["orderId"], "TRADE")
        filled += Decimal(report["l"])
    story.check(filled == bought, "the user stream reported the same fills")


def _cancel_order(story: Story, client: Client, reports: SimpleQueue[dict[str, Any]]) -> None:
    story.step("An order rests in the book, is found and cancelled")
    far = Decimal(client.get_orderbook_ticker(symbol=SYMBOL)["bidPrice"]) * Decimal("0.8")
    price = far.quantize(Decimal("0.00000001"))
    order = client.order_limit_buy(symbol=SYMBOL, quantity=1, price=price)
    found = client.get_order(symbol=SYMBOL, orderId=order["orderId"])
    story.check((found["status"], Decimal(found["price"])) == ("NEW", price), f"order {order['orderId']} rests at {price}")
    client.cancel_order(symbol=SYMBOL, orderId=order["orderId"])
    report = _next_report(reports, order["orderId"], "CANCELED")
    story.check(report["X"] == "CANCELED", "the user stream reported the cancellation")
    story.check(client.get_open_orders(symbol=SYMBOL) == [], "no open order is left")


def _free(client: Client) -> dict[str, Decimal]:
    return {row["asset"]: Decimal(row["free"]) for row in client.get_account()["balances"]}


def _next_report(reports: SimpleQueue[dict[str, Any]], order_id: int, execution: str) -> dict[str, Any]:
    """The next execution report of that kind about that order.

    :raises DemoFailed: when none comes in time
    """
    deadline = time.monotonic() + PATIENCE_S
    while (left := deadline - time.monotonic()) > 0:
        try:
            event = reports.get(timeout=min(left, 0.5))
        except Empty:
            continue
        if event.get("e") == "executionReport" and event["i"] == order_id and event["x"] == execution:
            return event
    raise DemoFailed(f"the user stream did not report {execution} of order {order_id} within {PATIENCE_S:g} s")
