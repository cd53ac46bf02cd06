"""Follow the realtime tables of BitMEX in a loop.

python docs/examples/bitmex.py --sandbox     on an embedded exchange
python docs/examples/bitmex.py               on the one of "exchangeclient sandbox" on this machine

The venue itself closed on 2026-09-23.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Mapping

from exchangeclient.bitmex import BitMEXWebsocket, findItemByKeys
from exchangeclient.sandbox import Sandbox

WANTED = 20


def follow(endpoint: str | Mapping[str, str]) -> None:
    """The next few changes, each as the whole row that came of it, and what is kept of the tables."""
    seen: Counter[str] = Counter()
    with BitMEXWebsocket(endpoint, "XBTUSD", "key", "secret", timeout=30) as bws:
        for item, symbol, table, action in bws.start():
            seen[table] += 1
            print(f"{table} {action} {symbol or ''}: {item.get('lastPrice', item.get('bidPrice', item.get('price', '')))}")
            if sum(seen.values()) >= WANTED and seen["instrument"]:
                break
        storage = bws.storage
        instrument = findItemByKeys(storage.keys["instrument"], storage.data["instrument"], {"symbol": "XBTUSD"})
        print(f"{dict(seen)}; the last price is {instrument and instrument['lastPrice']}")


if __name__ == "__main__":
    if "--sandbox" in sys.argv:
        with Sandbox() as exchange:
            follow(exchange.urls["bitmex"])
    else:
        follow("local")
