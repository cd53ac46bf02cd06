"""What a call costs its client: CPU from the method to the decoded answer, beside the clients of others on the same server.

Each client runs in a process of its own; they take turns, so whatever slows the machine down meets them all. Ours does all that it does
for its users: arguments checked, the venue's budgets kept, the deadline of the call watched, the rules of exchangeInfo learnt. ccxt does
what it does for its users: it reads candles and markets into forms of its own.
"""

from __future__ import annotations

from typing import Final

from measure import Figure, started
from turns_of_clients import OURS, calls_per_second

BLOCKS: Final = {"small": 200, "klines": 40, "exchange_info": 2}
# How many times as many calls for the same CPU.
TARGETS: Final = {
    "python-binance": {"small": 2.3, "klines": 1.75, "exchange_info": 1.7},
    "binance-connector": {"small": 1.0, "klines": 1.0, "exchange_info": 1.0},
    "ccxt": {"small": 1.9, "klines": 1.75, "exchange_info": 1.7},
}


def run(*, quick: bool) -> list[Figure]:
    """Calls for each second of CPU, ours and each peer's."""
    figures: list[Figure] = []
    with started("benchmarks/canned_server.py") as (_, address):
        for call, block in BLOCKS.items():
            rates = calls_per_second(TARGETS, address.strip(), call, block, 9 if quick else 31)
            figures += [
                Figure(f"client_{call}:{name}", rates[OURS], "/s", TARGETS[name][call], at_least=True, peer=rate)
                for name, rate in rates.items()
                if name != OURS
            ]
    return figures
