"""Fetch candles, as a cron job would.

python docs/examples/klines.py --sandbox     from an embedded exchange
python docs/examples/klines.py               from the venue; no key is needed
"""

from __future__ import annotations

import sys
from datetime import UTC, datetime

from exchangeclient.client import Client
from exchangeclient.enums import KLINE_INTERVAL_1HOUR
from exchangeclient.sandbox import Sandbox


def fetch(client: Client) -> None:
    """Two days of hourly candles."""
    for candle in client.get_historical_klines("ETHBTC", KLINE_INTERVAL_1HOUR, "2 days ago UTC"):
        opened = datetime.fromtimestamp(candle[0] / 1000, UTC)
        print(f"{opened:%Y-%m-%d %H:%M}  open {candle[1]}  high {candle[2]}  low {candle[3]}  close {candle[4]}  volume {candle[5]}")


if __name__ == "__main__":
    if "--sandbox" in sys.argv:
        with Sandbox() as exchange:
            fetch(Client(environment=exchange.urls["binance"]))
    else:
        fetch(Client())
