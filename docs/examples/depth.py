"""Keep an order book.

python docs/examples/depth.py --sandbox     on an embedded exchange
python docs/examples/depth.py               on the venue; no key is needed
"""

from __future__ import annotations

import sys
from threading import Event

from exchangeclient.client import Client
from exchangeclient.depthcache import DepthCache, DepthCacheManager
from exchangeclient.sandbox import Sandbox

enough = Event()
updates = 0


def process_depth(depth_cache: DepthCache | None) -> None:
    """Print the best bid and ask of the first few updates."""
    global updates
    if depth_cache is None:  # the cache has failed for good
        enough.set()
        return
    updates += 1
    print(f"bid {depth_cache.get_bids()[0]}  ask {depth_cache.get_asks()[0]}")
    if updates >= 5:
        enough.set()


def watch(client: Client) -> None:
    """Until five updates were seen, or for a minute."""
    with DepthCacheManager(client, "ETHBTC", process_depth):
        enough.wait(60)


if __name__ == "__main__":
    if "--sandbox" in sys.argv:
        with Sandbox() as exchange:
            watch(Client(environment=exchange.urls["binance"]))
    else:
        watch(Client())
