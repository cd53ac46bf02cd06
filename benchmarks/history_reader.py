"""One client in a process of its own reads minutes of history and prints what it took, in a line of JSON.

    python history_reader.py CLIENT ADDRESS MINUTES TIMES

It runs in the virtual environment of whichever client it is, so it imports nothing of this folder. What a client has to know of the
venue it learns before the time is taken. The memory is the most that the process ever held, all in all, the way Linux tells it.
"""

from __future__ import annotations

import hashlib
import json
import statistics
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

_FIRST_MS = 1_500_000_000_000
_MINUTE_MS = 60_000
_PAGE = 1000

Reader = Callable[[int, int], Iterable[Any]]


def ours(address: str) -> Reader:
    """All candles in a list."""
    client = _ours(address)
    return lambda first_ms, last_ms: client.get_historical_klines("BTCUSDT", "1m", first_ms, last_ms)


def ours_streamed(address: str) -> Reader:
    """One candle after the other."""
    client = _ours(address)
    return lambda first_ms, last_ms: client.get_historical_klines_generator("BTCUSDT", "1m", first_ms, last_ms)


def _ours(address: str) -> Any:
    from exchangeclient.client import Client

    client = Client(environment=address)
    client.get_exchange_info()  # tells what this venue's limits are
    return client


def python_binance(address: str) -> Reader:
    """As shipped: it sleeps for a second after every third page."""
    client = _python_binance(address)
    return lambda first_ms, last_ms: client.get_historical_klines("BTCUSDT", "1m", first_ms, last_ms)


def python_binance_streamed_sleepless(address: str) -> Reader:
    """One candle after the other, its sleeps taken out."""
    client = _python_binance(address)
    time.sleep = lambda _: None
    return lambda first_ms, last_ms: client.get_historical_klines_generator("BTCUSDT", "1m", first_ms, last_ms)


def _python_binance(address: str) -> Any:
    from binance.client import Client  # type: ignore[import-not-found]  # in the peers' virtual environment

    Client.API_URL = f"{address}/api"
    return Client()


def ccxt(address: str) -> Reader:
    """As shipped: within its rate limit, by its own paging."""
    import ccxt as library  # type: ignore[import-not-found]  # in the peers' virtual environment

    client = library.binance({"options": {"fetchMarkets": {"types": ["spot"]}, "fetchCurrencies": False, "fetchMargins": False}})
    client.urls["api"] |= {"public": f"{address}/api/v3", "private": f"{address}/api/v3"}
    client.load_markets()

    def read(first_ms: int, last_ms: int) -> Iterable[Any]:
        calls = (last_ms - first_ms) // (_PAGE * _MINUTE_MS) + 2
        paging = {"paginate": True, "until": last_ms, "paginationCalls": calls}
        rows: Iterable[Any] = client.fetch_ohlcv("BTC/USDT", "1m", since=first_ms, params=paging)
        return rows

    return read


CLIENTS = {
    "exchangeclient": ours,
    "exchangeclient-streamed": ours_streamed,
    "python-binance": python_binance,
    "python-binance-streamed-sleepless": python_binance_streamed_sleepless,
    "ccxt": ccxt,
}


def main() -> None:
    """Read so many times; print the seconds that the median took, and what was read."""
    name, address, minutes, times = sys.argv[1:]
    read = CLIENTS[name](address)
    seconds: list[float] = []
    for _ in range(int(times)):
        begun_s = time.perf_counter()
        candles = read(_FIRST_MS, _FIRST_MS + int(minutes) * _MINUTE_MS - 1)
        count = opens = 0
        for candle in candles:
            count, opens = count + 1, opens + candle[0]
        seconds.append(time.perf_counter() - begun_s)
    read_in = {"seconds": statistics.median(seconds), "peak_mib": _peak_mib()}
    print(json.dumps({**read_in, "count": count, "opens": opens, "figures": _figures(candles)}))


def _figures(candles: Iterable[Any]) -> str | None:
    """A digest of what all clients give of a candle: its time, prices and volume; None when nothing was kept."""
    if not isinstance(candles, list):
        return None
    return hashlib.sha256(json.dumps([[float(figure) for figure in candle[:6]] for candle in candles]).encode()).hexdigest()


def _peak_mib() -> float:
    status = Path("/proc/self/status").read_text(encoding="ascii", errors="replace")
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


if __name__ == "__main__":
    main()
