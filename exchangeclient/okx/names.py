"""OKX's names of instruments, and what can be told from them: ``BTC-USDT``, ``BTC-USDT-SWAP``, ``BTC-USD-261225``. Pure."""

from __future__ import annotations

from typing import Final

_BY_PARTS: Final = {2: "SPOT", 5: "OPTION"}


def inst_type(inst_id: str) -> str:
    """The type of an instrument, as ``instType`` has it; a pair may be traded on margin besides."""
    parts = inst_id.split("-")
    if len(parts) == 3:
        return "SWAP" if parts[2] == "SWAP" else "FUTURES"
    return _BY_PARTS.get(len(parts), "SPOT")


def is_spot(inst_id: str) -> bool:
    """True for a pair of coins, of which quantities are coins."""
    return inst_type(inst_id) == "SPOT"


def family(inst_id: str) -> str:
    """The first two parts, to which contracts belong."""
    return "-".join(inst_id.split("-")[:2])
