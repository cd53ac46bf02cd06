"""One client in a process of its own: does something as often as each line of standard input says, and prints how often it could have
been done for a second of CPU.

    python client_process.py CLIENT ADDRESS CALL

It runs in the virtual environment of whichever client it is, so it imports nothing of this folder.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import Any

Calls = dict[str, Callable[[], Any]]

_SYMBOL = "BTCUSDT"
_KEY, _SECRET = "k" * 64, "s" * 64
_FIELDS = {
    "symbol": _SYMBOL, "side": "BUY", "type": "LIMIT", "timeInForce": "GTC", "quantity": "0.00100000", "price": "43211.07000000",
    "newClientOrderId": "x-8A1B2C3D4E5F60718293a4b5", "recvWindow": "5000", "timestamp": "1633998511132", "selfTradePreventionMode": "NONE",
}  # fmt: skip


def ours(address: str) -> Calls:
    """As its users make it."""
    from exchangeclient.binance.signing import signature
    from exchangeclient.client import Client
    from exchangeclient.core.calling.credentials import Credentials
    from exchangeclient.core.http.request import encode

    client, credentials = Client(_KEY, _SECRET, environment=address), Credentials.from_secret(_KEY, _SECRET)
    return {
        "small": lambda: client.get_symbol_ticker(symbol=_SYMBOL),
        "klines": lambda: client.get_klines(symbol=_SYMBOL, interval="1m", limit=1000),
        "exchange_info": client.get_exchange_info,
        "sign": lambda: signature(encode(_FIELDS).encode(), credentials),
    }


def python_binance(address: str) -> Calls:
    """As its users make it, but for the address and the ping."""
    from binance.client import Client  # type: ignore[import-not-found]  # in the peers' virtual environment

    Client.API_URL = f"{address}/api"
    client = Client(_KEY, _SECRET, ping=False)
    return {
        "small": lambda: client.get_symbol_ticker(symbol=_SYMBOL),
        "klines": lambda: client.get_klines(symbol=_SYMBOL, interval="1m", limit=1000),
        "exchange_info": client.get_exchange_info,
        "sign": lambda: client._generate_signature(_FIELDS),
    }


def binance_connector(address: str) -> Calls:
    """As its users make it."""
    from binance.spot import Spot  # type: ignore[import-not-found]  # in the peers' virtual environment

    client = Spot(_KEY, _SECRET, base_url=address)
    return {
        "small": lambda: client.ticker_price(_SYMBOL),
        "klines": lambda: client.klines(_SYMBOL, "1m", limit=1000),
        "exchange_info": client.exchange_info,
    }


def ccxt(address: str) -> Calls:
    """For spot alone, and without its rate limit, which is a pause between calls."""
    import ccxt as library  # type: ignore[import-not-found]  # in the peers' virtual environment

    spot = {"fetchMarkets": {"types": ["spot"]}, "fetchCurrencies": False, "fetchMargins": False}
    client = library.binance({"enableRateLimit": False, "options": spot})
    client.urls["api"] |= {"public": f"{address}/api/v3", "private": f"{address}/api/v3"}
    client.load_markets()
    return {
        "small": lambda: client.public_get_ticker_price({"symbol": _SYMBOL}),
        "klines": lambda: client.fetch_ohlcv("BTC/USDT", "1m", limit=1000),
        "exchange_info": lambda: client.load_markets(True),
    }


CLIENTS = {"exchangeclient": ours, "python-binance": python_binance, "binance-connector": binance_connector, "ccxt": ccxt}


def main() -> None:
    """A block for each line."""
    name, address, what = sys.argv[1:]
    call = CLIENTS[name](address)[what]
    call()
    print("ready", flush=True)
    for line in sys.stdin:
        block = int(line)
        begun_s = time.process_time()
        for _ in range(block):
            call()
        print(block / (time.process_time() - begun_s), flush=True)


if __name__ == "__main__":
    main()
