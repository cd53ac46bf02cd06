"""ccxt in a process of its own: brings a price and a quantity onto their steps as often as each line of standard input says, and prints
how many microseconds of CPU one order has cost.

It runs in ccxt's virtual environment, so it imports nothing of this folder.
"""

from __future__ import annotations

import sys
import time

import ccxt  # type: ignore[import-not-found]  # in the peers' virtual environment

_ID = "BTC/USDT"


def main() -> None:
    """One order for each line."""
    exchange = ccxt.binance()
    market = {"id": "BTCUSDT", "symbol": _ID, "base": "BTC", "quote": "USDT", "precision": {"price": 0.01, "amount": 0.00001}}
    exchange.set_markets([exchange.safe_market_structure(market)])
    print("ready", flush=True)
    for line in sys.stdin:
        block = int(line)
        begun_s = time.process_time()
        for _ in range(block):
            exchange.price_to_precision(_ID, 43211.07)
            exchange.amount_to_precision(_ID, 0.00123)
        print((time.process_time() - begun_s) / block * 1e6, flush=True)


if __name__ == "__main__":
    main()
