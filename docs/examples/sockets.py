"""Listen to trades and to one's own account.

python docs/examples/sockets.py --sandbox     on an embedded exchange
python docs/examples/sockets.py               on the testnet, with EXCHANGECLIENT_BINANCE_KEY and EXCHANGECLIENT_BINANCE_SECRET set
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
trades_seen = 0
enough, reported = Event(), Event()


def process_trade(msg: dict[str, Any]) -> None:
    """Print the first few trades."""
    global trades_seen
    trades_seen += 1
    if trades_seen <= WANTED:
        print(f"trade {msg['t']}: {msg['q']} at {msg['p']}")
    else:
        enough.set()


def process_user(msg: dict[str, Any]) -> None:
    """Print what happens to the account."""
    print(f"account: {msg['e']}")
    reported.set()


def listen(client: Client) -> None:
    """Until a few trades and an order of one's own were seen, or for a minute each."""
    with BinanceSocketManager(client) as bm:
        bm.start_trade_socket("ETHBTC", process_trade)
        if user := bm.start_user_socket(process_user):
            bm.wait_ready(user)
        client.order_market_buy(symbol="ETHBTC", quantity="0.1")
        reported.wait(60)
        enough.wait(60)


if __name__ == "__main__":
    key, secret = (os.environ.get(f"EXCHANGECLIENT_BINANCE_{word}") for word in ("KEY", "SECRET"))
    if "--sandbox" in sys.argv:
        with Sandbox() as exchange:
            listen(Client("key", "secret", environment=exchange.urls["binance"]))
    elif key and secret:
        listen(Client(key, secret, testnet=True))
    else:
        sys.exit("set EXCHANGECLIENT_BINANCE_KEY and EXCHANGECLIENT_BINANCE_SECRET, or give --sandbox")
