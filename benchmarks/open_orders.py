"""How much memory the whole exchange holds with a hundred thousand open orders: the process that users start, traders and all.

The orders come in over REST, signed, as anybody's would: five hundred accounts of forty orders on each of five symbols.
"""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import sandbox_process
import wire
from measure import Figure, resident_mib

from exchangeclient.sandbox.engine.instruments import DEFAULTS, Instrument, shown

TARGET_MIB = 150

_ORDERS, _ACCOUNTS, _SYMBOLS = 100_000, 500, 5
_SECRET = "a-play-secret"


def run(*, quick: bool) -> list[Figure]:
    """MiB with all orders open; the quick run has a tenth of the accounts and orders and counts what they added ten times."""
    part = 10 if quick else 1
    accounts = [{"key": f"bench-{number}", "secret": _SECRET} for number in range(_ACCOUNTS // part)]
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "accounts.json")
        file.write_text(json.dumps(accounts), encoding="utf-8")
        with sandbox_process.exchange("--accounts", str(file)) as ours:
            line = wire.Line(ours.rest)
            orders = _orders(_ORDERS // part, len(accounts))
            before = _held_after(2 * len(accounts), orders, line, ours.pid)
            after = _held_after(_ORDERS, orders, line, ours.pid)
            line.close()
    return [Figure("open_orders", before + (after - before) * part, "MiB", TARGET_MIB)]


def _held_after(count: int, orders: Iterator[tuple[str, dict[str, str]]], line: wire.Line, pid: int) -> float:
    """Place so many more, or what is left of them; how much memory is held then."""
    for key, query in islice(orders, count):
        now_ms = time.time_ns() // 1_000_000
        line.ask(line.request("POST", wire.signed("/api/v3/order", _SECRET, **query, timestamp=now_ms), key))
    return resident_mib(pid)


def _orders(count: int, accounts: int) -> Iterator[tuple[str, dict[str, str]]]:
    """Buy orders from half of the opening price to nine tenths of it, so that they rest; an account and its order in turn."""
    for number in range(count):
        each = DEFAULTS[number // accounts % _SYMBOLS]
        price = each.opening_price * (5000 + number * 7919 % 4000) // 10_000 // each.tick * each.tick
        yield (
            f"bench-{number % accounts}",
            {
                "symbol": each.symbol,
                "side": "BUY",
                "type": "LIMIT",
                "timeInForce": "GTC",
                "quantity": shown(_quantity(each, price)),
                "price": shown(price),
            },
        )


def _quantity(each: Instrument, price: int) -> int:
    """In whole steps, worth twice the least total."""
    steps = 2 * each.min_notional * 10**8 // price // each.step + 1
    return steps * each.step
