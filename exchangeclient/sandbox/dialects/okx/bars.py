"""OKX's candles: which bars there are, by whose clocks they open, and a candle as a row."""

from __future__ import annotations

from collections.abc import Mapping

from exchangeclient.sandbox.dialects.okx.words import counted, plain, read, trimmed
from exchangeclient.sandbox.engine.candles import HOUR_MS, Candle
from exchangeclient.sandbox.engine.instruments import Instrument

_HONG_KONG_MS = 8 * HOUR_MS
_SHORT = ("1s", "1m", "3m", "5m", "15m", "30m", "1H", "2H", "4H")
_LONG = ("6H", "12H", "1D", "3D", "1W", "1M")

BARS: Mapping[str, tuple[str, int]] = {
    **{bar: (bar.lower(), 0) for bar in _SHORT},
    **{bar: (bar if bar == "1M" else bar.lower(), _HONG_KONG_MS) for bar in _LONG},
    **{f"{bar}utc": (bar if bar == "1M" else bar.lower(), 0) for bar in _LONG},
}
"""By the venue's word: the engine's interval, and how far the clocks by which it opens are ahead of UTC. 2D, 5D and 3M are not served."""


def row(instrument: Instrument, candle: Candle, *, closed: bool) -> list[str]:
    """A candle: volume in coins or contracts, then in coins of the one or the other side, then in money."""
    volume, money = trimmed(candle.volume), trimmed(candle.quote_volume)
    prices = [trimmed(price) for price in (candle.open, candle.high, candle.low, candle.close)]
    contracts = plain(counted(instrument, read(volume) or 0))
    volumes = [volume, money, money] if instrument.swap is None else [contracts, volume, money]
    return [str(candle.open_ms), *prices, *volumes, "1" if closed else "0"]


def price_row(candle: Candle, *, closed: bool) -> list[str]:
    """A candle of a price that nobody trades at: an index, or a mark price."""
    prices = [trimmed(price) for price in (candle.open, candle.high, candle.low, candle.close)]
    return [str(candle.open_ms), *prices, "1" if closed else "0"]
