"""One depth cache manager in a process of its own: keeps a book over a flood of changes, and prints how many it took in a second of CPU.

    book_client.py CLIENT ADDRESS COUNT [LEVELS]

It runs in the virtual environment of whichever client it is, so it imports nothing of this folder. The callback looks whether the book has
come to the last change, which the venue's time in it tells, and reads so many levels of both sides, as the README's does; none without
LEVELS. ``exchangeclient-300`` keeps 300 books instead, and prints how much of a core that costs over COUNT seconds.
"""

from __future__ import annotations

import asyncio
import os
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

_FIRST_MS = 1_700_000_000_000
_BOOKS = 300
_PATIENCE_S = 120.0


class Meter:
    """The user's callback."""

    def __init__(self, count: int, levels: int) -> None:
        self._levels = levels
        self._last_ms = _FIRST_MS + count
        self._begun: tuple[float, int] | None = None

    def __call__(self, cache: Any) -> None:
        if self._levels:
            cache.get_bids()[: self._levels]
            cache.get_asks()[: self._levels]
        now_ms = cache.update_time
        if now_ms is None or now_ms <= _FIRST_MS:
            return
        if self._begun is None:
            self._begun = time.process_time(), now_ms
        elif now_ms >= self._last_ms:
            began_s, first_ms = self._begun
            print((self._last_ms - first_ms) / (time.process_time() - began_s), flush=True)
            os._exit(0)  # some of these clients cannot be ended from within


def ours(address: str, count: int, levels: int) -> None:
    """As its users use it."""
    from exchangeclient.client import Client
    from exchangeclient.depthcache import DepthCacheManager

    DepthCacheManager(Client(environment=address), "BTCUSDT", Meter(count, levels), ws_interval=100, limit=1000)
    threading.Event().wait(_PATIENCE_S)


def ours_300(address: str, count: int, levels: int) -> None:
    """As its users use it: one socket manager for all."""
    from exchangeclient.client import Client
    from exchangeclient.depthcache import DepthCacheManager
    from exchangeclient.websockets import SocketManager

    client, heard = Client(environment=address), [0]

    def on_book(cache: Any) -> None:
        cache.top(levels)
        heard[0] += 1

    shared = SocketManager(client)
    books = [DepthCacheManager(client, f"COIN{number}USDT", on_book, bm=shared, limit=100, ws_interval=100) for number in range(_BOOKS)]
    for book in books:
        book.get_depth_cache()
    began_s, began = time.process_time(), heard[0]
    time.sleep(count)
    spent_s, calls = time.process_time() - began_s, heard[0] - began
    if any(book.state != "LIVE" for book in books):
        raise SystemExit("a book is not live")
    if calls < 0.8 * count * _BOOKS * 10:
        raise SystemExit(f"only {calls} callbacks in {count} seconds")
    print(spent_s / count, flush=True)
    os._exit(0)


def python_binance(address: str, count: int, levels: int) -> None:
    """As its users use it, but for the addresses and the queue, which holds 100 messages by default and ends the stream beyond."""
    from binance import AsyncClient, BinanceSocketManager, DepthCacheManager  # type: ignore[import-not-found]  # in the peers' environment
    from binance.base_client import BaseClient  # type: ignore[import-not-found]  # as above

    BinanceSocketManager.STREAM_URL = f"{address.replace('http', 'ws', 1)}/"
    BaseClient.API_URL = f"{address}/api"
    callback = Meter(count, levels)

    async def run() -> None:
        client = AsyncClient()
        sockets = BinanceSocketManager(client, max_queue_size=10**9)
        async with DepthCacheManager(client, "BTCUSDT", bm=sockets, limit=1000, ws_interval=100) as manager:
            while True:
                callback(await manager.recv())

    asyncio.run(run())


CLIENTS: dict[str, Callable[[str, int, int], None]] = {
    "exchangeclient": ours,
    "exchangeclient-300": ours_300,
    "python-binance": python_binance,
}


if __name__ == "__main__":
    CLIENTS[sys.argv[1]](sys.argv[2], int(sys.argv[3]), int([*sys.argv, "0"][4]))
