"""What streams are called here, behind which address they are, and the frames that ask for them. Pure.

``tick:okex/btc.usdt``, ``zhubi:...``, ``tick-v3:...``, ``low-freq-quote:...`` and ``candle:okex/btc.usdt:1m``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Literal

from exchangeclient.onetoken.names import contract_name

Kind = Literal["tick", "tick-v3", "zhubi", "candle", "low-freq-quote"]
Door = Literal["tick", "tick-v3", "candle", "low-freq-quote-v2"]
DURATIONS: Final = ("1m", "5m", "15m", "30m", "1h", "2h", "4h", "6h", "1d", "1w")
STREAMS_PER_CONNECTION: Final = 50
SLOW: Final = "low-freq-quote-v2"
"""Behind this one streams may be refused after they were confirmed: that one flows its first event shows."""

_WORDS: Final = {
    "tick": "subscribe-single-tick-verbose",
    "tick-v3": "subscribe-single-tick-verbose",
    "zhubi": "subscribe-single-zhubi-verbose",
    "candle": "subscribe-single-candle",
    "low-freq-quote": "batch-subscribe",
}
_DOORS: Final[dict[str, Door]] = {
    "tick": "tick",
    "zhubi": "tick",
    "tick-v3": "tick-v3",
    "candle": "candle",
    "low-freq-quote": "low-freq-quote-v2",
}
SUBSCRIBING: Final = frozenset(_WORDS.values())


def stream_name(kind: Kind, contract: str, duration: str | None = None) -> str:
    """The name of a stream.

    :raises TypeError: for a contract that is no text
    :raises ValueError: for what is no contract, or no duration of candles
    """
    name = f"{kind}:{contract_name(contract)}"
    if kind != "candle":
        return name
    if duration not in DURATIONS:
        raise ValueError(f"duration must be one of {', '.join(DURATIONS)}, not {str(duration)[:20]!r}")
    return f"{name}:{duration}"


def door_of(name: str) -> Door:
    """Behind which address a stream is."""
    return _DOORS[name.partition(":")[0]]


def asking(name: str, *, wanted: bool = True) -> dict[str, Any]:
    """The frame that asks for a stream, or wants it no more."""
    kind, contract, *duration = name.split(":")
    if kind == "low-freq-quote":  # a batch of one, so that each has an answer of its own
        return {"uri": _WORDS[kind] if wanted else "batch-unsubscribe", "contracts": [contract]}
    frame = {"uri": _WORDS[kind] if wanted else f"un{_WORDS[kind]}", "contract": contract}
    return {**frame, "duration": duration[0]} if duration else frame


def is_about(message: Mapping[str, Any], name: str) -> bool:
    """Whether an answer may be to the frame that asked for this stream, as far as it names anything."""
    asked = {**asking(name), "contract": name.split(":")[1]}
    return all(message.get(key, value) == value for key, value in asked.items())
