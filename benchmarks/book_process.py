"""One order book in a process of its own takes changes and is read after each; for every line it gets it prints the time of one change.

    python book_process.py BOOK CHANGES READ

It runs in the virtual environment of whoever's book it is, so it imports nothing of this folder. Each pass begins with a new book and with
changes as they come out of their decoder, so that nothing of the pass before is remembered. Neither is part of the time, nor are the first
change and what is read before and after it: a book is read for as long as a script runs, and may make ready for what is asked of it.
"""

from __future__ import annotations

import gc
import json
import sys
import time
from pathlib import Path
from typing import Any, Protocol

_PASSES = 5


class Book(Protocol):
    """A book under test."""

    def __init__(self, bids: Any, asks: Any) -> None: ...

    def apply(self, bids: Any, asks: Any) -> None:
        """Take one change."""

    def top(self, n: int) -> Any:
        """The best levels of both sides."""

    def bids(self) -> Any:
        """Five of all bids, as numbers."""


class Ours:
    """The book that a depth cache has within, fed as its stream feeds it: with levels that are tuples of texts."""

    def __init__(self, bids: Any, asks: Any) -> None:
        from exchangeclient.depthcache import DepthCache
        from exchangeclient.market.book import OrderBook

        self._cache = DepthCache("NKNUSDT")
        self._cache._by_hand = book = OrderBook(bids, asks)
        self.apply = book.apply
        self.top = book.top

    def bids(self) -> Any:
        return self._cache.get_bids()[:5]


class PythonBinance:
    def __init__(self, bids: Any, asks: Any) -> None:
        from binance.ws.depthcache import DepthCache  # type: ignore[import-not-found]  # in the peers' virtual environment

        self._cache = DepthCache("NKNUSDT")
        self.apply(bids, asks)

    def apply(self, bids: Any, asks: Any) -> None:
        cache = self._cache
        for level in bids:
            cache.add_bid(level)
        for level in asks:
            cache.add_ask(level)

    def top(self, n: int) -> Any:
        return self._cache.get_bids()[:n], self._cache.get_asks()[:n]

    def bids(self) -> Any:
        return self._cache.get_bids()[:5]


class Ccxt:
    def __init__(self, bids: Any, asks: Any) -> None:
        from ccxt.async_support.base.ws.order_book import OrderBook  # type: ignore[import-not-found]  # as above

        self._book = OrderBook(
            {"bids": [[float(price), float(size)] for price, size in bids], "asks": [[float(price), float(size)] for price, size in asks]}
        )
        self._bids, self._asks = self._book["bids"], self._book["asks"]

    def apply(self, bids: Any, asks: Any) -> None:
        store = self._bids.storeArray
        for price, size in bids:
            store([float(price), float(size)])
        store = self._asks.storeArray
        for price, size in asks:
            store([float(price), float(size)])

    def top(self, n: int) -> Any:
        return self._bids[:n], self._asks[:n]


class OrderBookExtension:
    """The extension in C of the package ``order-book``, with floats."""

    def __init__(self, bids: Any, asks: Any) -> None:
        from order_book import OrderBook  # type: ignore[import-not-found]  # as above

        self._book = OrderBook()
        self._book.bids = {float(price): float(size) for price, size in bids}
        self._book.asks = {float(price): float(size) for price, size in asks}
        self._bids, self._asks = self._book.bids, self._book.asks

    def apply(self, bids: Any, asks: Any) -> None:
        for side, rows in ((self._bids, bids), (self._asks, asks)):
            for text, size_text in rows:
                price, size = float(text), float(size_text)
                if size:
                    side[price] = size
                elif price in side:
                    del side[price]

    def top(self, n: int) -> Any:
        bids, asks = self._bids, self._asks
        return [bids.index(at) for at in range(min(n, len(bids)))], [asks.index(at) for at in range(min(n, len(asks)))]


BOOKS: dict[str, Any] = {"exchangeclient": Ours, "python-binance": PythonBinance, "ccxt": Ccxt, "order-book": OrderBookExtension}


def main() -> None:
    """Say what the book looks like in the end; then take the changes some times for each line, and print the best time of one of them."""
    name, path, reading = sys.argv[1:]
    text = Path(path).read_text(encoding="ascii")
    one_pass(name, text, reading, told=True)
    for _ in sys.stdin:
        print(min(one_pass(name, text, reading) for _ in range(_PASSES)), flush=True)


def one_pass(name: str, text: str, reading: str, *, told: bool = False) -> float:
    """A new book takes all changes and is read after each."""
    recorded = json.loads(text)
    row: Any = tuple if name == "exchangeclient" else list
    changes = [tuple([list(map(row, rows)) for rows in change]) for change in recorded["changes"]]
    book = BOOKS[name](recorded["bids"], recorded["asks"])
    apply = book.apply
    (bids, asks), *many = changes
    gc.collect()
    gc.disable()
    if reading == "bids":
        read = book.bids
        read()
        apply(bids, asks)
        read()
        begun_s = time.process_time()
        for bids, asks in many:
            apply(bids, asks)
            read()
    else:
        top = book.top
        top(20)
        apply(bids, asks)
        top(20)
        begun_s = time.process_time()
        for bids, asks in many:
            apply(bids, asks)
            top(20)
    taken_s = time.process_time() - begun_s
    gc.enable()
    if told:
        shown = book.top(20)
        print(json.dumps([[[float(price), float(size)] for price, size in side] for side in shown]), flush=True)
    return taken_s / len(many) * 1e6


if __name__ == "__main__":
    main()
