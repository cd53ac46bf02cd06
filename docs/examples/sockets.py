"""Listen to trades and to one's own account.

python docs/examples/sockets.py --sandbox     on an embedded exchange
python docs/examples/sockets.py               on the testnet, with BINANCE_KEY and BINANCE_SECRET from the environment
"""

from __future__ import annotations

import os
import sys
from threading import Event
from typing import Any

from exchangeclient.client import Client
from exchangeclient.sandbox import Sandbox
from exchangeclient.websockets import BinanceSocketManager

WANTED = 5
enough = Event()
seen: list[dict[str, Any]] = []


def process_trade(msg: dict[str, Any]) -> None:
    """Print the first few trades."""
    seen.append(msg)
    if len(seen) <= WANTED:
        print(f"trade {msg['t']}: {msg['q']} at {msg['p']}")
    else:
        enough.set()


def process_user(msg: dict[str, Any]) -> None:
    """Print what happens to the account."""
    print(f"account: {msg['e']}")


def listen(client: Client) -> None:
    """Until five trades were seen, or for a minute."""
    bm = BinanceSocketManager(client)
    bm.start_trade_socket("ETHBTC", process_trade)
    bm.start_user_socket(process_user)
    bm.start()
    enough.wait(60)
    bm.close()


if __name__ == "__main__":
    if "--sandbox" in sys.argv:
        with Sandbox() as exchange:
            listen(Client("key", "secret", environment=exchange.urls["binance"]))
    else:
        listen(Client(os.environ["BINANCE_KEY"], os.environ["BINANCE_SECRET"], testnet=True))
