"""What it costs to sign the ten fields of an order: the text that is sent, and its signature, by an HMAC key."""

from __future__ import annotations

from typing import Final

from measure import Figure
from turns_of_clients import OURS, calls_per_second

PEER: Final = "python-binance"
TARGET: Final = 2.0


def run(*, quick: bool) -> list[Figure]:
    """Signatures for each second of CPU."""
    rates = calls_per_second([PEER], "http://127.0.0.1:1", "sign", 5_000, 9 if quick else 31)
    return [Figure(f"client_signing:{PEER}", rates[OURS], "/s", TARGET, at_least=True, peer=rates[PEER])] if PEER in rates else []
