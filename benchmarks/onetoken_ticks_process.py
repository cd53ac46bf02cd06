"""The server's side of ``onetoken_ticks``: a gateway whose depth cache changes as often as it is told to.

Prints the gateway's addresses; for each number on standard input the book of the contract that is subscribed to changes so many times.
"""

from __future__ import annotations

import json
import sys
from typing import Any

from exchangeclient.core.books.depthcache import DepthCache
from exchangeclient.gateway.onetoken import OnetokenGateway
from exchangeclient.gateway.onetoken.feeds import TickFeed
from exchangeclient.sandbox import Sandbox

_LEVELS = 500


def main() -> None:
    cache = DepthCache("BTCUSDT", str)
    for level in range(_LEVELS):
        cache.add_bid([f"{5000 - level / 100:.2f}", "1.5"])
        cache.add_ask([f"{5001 + level / 100:.2f}", "2.5"])
    with Sandbox() as exchange, OnetokenGateway(port=0, environments=exchange.urls) as gateway:
        print(json.dumps(gateway.urls), flush=True)
        for line in sys.stdin:
            feed = _feed(gateway)
            for number in range(int(line)):
                cache.add_bid(["5000.00", f"{1 + number / 10_000:.4f}"])
                feed._changed(cache)


def _feed(gateway: Any) -> TickFeed:
    """The one that is open; its own book is let go, so that it tells of nothing else."""
    (feed,) = [entry.feed for entry in gateway._app._feeds._open.values() if isinstance(entry.feed, TickFeed)]
    assert isinstance(feed, TickFeed)
    feed._book.close()
    return feed


if __name__ == "__main__":
    main()
