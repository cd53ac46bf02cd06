"""How much of the venue's budget a long history uses, and how many of its requests are refused: by the count of the venue itself.

The windows are the venue's, a minute of 6000; the quick run has shorter ones of as much in a second, in which the edges weigh more.
The window in which the client starts and the one after it do not count for what is used: until a fourth of the budget is spent it does
not ask where windows begin, so what it spent by then counts for both.
"""

from __future__ import annotations

import json
import time
from urllib.request import urlopen

from measure import Figure, started

from exchangeclient.client import Client

TARGET_PERCENT = 95.0
DELAY_S = 0.08
_MINUTES = 3_000_000
_FIRST_MS = 1_500_000_000_000
_PAGE = 1000


def run(*, quick: bool) -> list[Figure]:
    """Percent of what whole windows allowed, and refused requests."""
    window_s, weight, windows = (5, 500, 2) if quick else (60, 6000, 2)
    options = ("--delay", str(DELAY_S), "--weight", str(weight), "--window", str(window_s))
    with started("benchmarks/history_server.py", str(_MINUTES), *options) as (_, address):
        url = address.strip()
        first = _read(url, window_s, windows)
        with urlopen(f"{url}/counted") as answer:
            counted = json.load(answer)
    used = sum(counted["used"].get(str(first + number), 0) for number in range(windows))
    return [
        Figure("history_budget_used", used / (weight * windows) * 100, "%", TARGET_PERCENT, at_least=True),
        Figure("history_budget_refused", counted["refused"], "", 0),
    ]


def _read(url: str, window_s: int, windows: int) -> int:
    """Read until so many whole windows are over: the number of the first."""
    with Client(environment=url) as client:
        client.get_exchange_info()  # tells what this venue's limits are
        first = int(time.time() // window_s) + 2
        while True:
            candles = client.get_historical_klines_generator("BTCUSDT", "1m", _FIRST_MS, _FIRST_MS + _MINUTES * 60_000)
            for number, _ in enumerate(candles):
                if number % _PAGE == 0 and time.time() >= (first + windows) * window_s:
                    candles.close()
                    return first
