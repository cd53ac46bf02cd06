"""Read trades without a callback: in a loop, on the thread of the script.

python docs/examples/stream.py --sandbox     on an embedded exchange
python docs/examples/stream.py               on the live exchange, for which no key is needed
"""

from __future__ import annotations

import sys

from exchangeclient.client import Client
from exchangeclient.exceptions import SocketTimeoutException
from exchangeclient.sandbox import Sandbox

WANTED = 5


def read(client: Client) -> None:
    """The next few trades; a quiet market is waited out."""
    seen = 0
    with client.stream("ethbtc@trade", timeout=5) as trades:
        while seen < WANTED:
            try:
                trade = next(trades)
            except SocketTimeoutException:
                print("nothing for five seconds")
                continue
            seen += 1
            print(f"trade {trade['t']}: {trade['q']} at {trade['p']}")


if __name__ == "__main__":
    if "--sandbox" in sys.argv:
        with Sandbox() as exchange:
            read(Client(environment=exchange.urls["binance"]))
    else:
        read(Client())
