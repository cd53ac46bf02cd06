"""A made-up past for a symbol of which no candles were loaded, so that a newcomer's first chart has rows.

Thirty days of 5-minute candles that end where trading opens: the same for the same seed and start, and coherent across symbols
(:func:`.values.walked_back`). All other intervals are added up from these, hence agree with them; shorter ones have no past.
"""

from __future__ import annotations

from collections.abc import Container
from random import Random

from .candles import DAY_MS, Bar, next_open, opens_at
from .instruments import Instrument
from .values import activity, walked_back

INTERVAL = "5m"
DAYS = 30

_STEP_MS = next_open(INTERVAL, 0)
_VOLUME = 16_000  # of a candle, in multiples of the least total
_TRADES = 600
_WICK = 0.001


def made_up(instrument: Instrument, *, seed: int, start_ms: int, days: int = DAYS, still: Container[str] = ()) -> tuple[Bar, ...]:
    """The candles of the days before ``start_ms``, each opening at the close before it, the last closing at the opening price.

    Fewer days are the end of more.

    :param still: the assets that everything is measured in (:func:`.values.still`)
    """
    random = Random(f"{seed}/{instrument.symbol}/past").random
    end = opens_at(INTERVAL, start_ms)
    opens = range(max(0, opens_at(INTERVAL, end - days * DAY_MS)), end, _STEP_MS)
    bases, quotes = (_worths(asset, seed, len(opens), still) for asset in (instrument.base, instrument.quote))
    tick, step, anchor = instrument.tick, instrument.step, instrument.opening_price
    usual = instrument.sized(instrument.min_notional * _VOLUME, anchor)
    close = anchor
    bars: list[Bar] = []
    for number, open_ms in enumerate(reversed(opens), 1):
        opened = max(tick, int(anchor * bases[number] / quotes[number]) // tick * tick)
        wick = max(opened, close) * _WICK
        high = max(opened, close) + int(random() * random() * wick) // tick * tick
        low = max(tick, min(opened, close) - int(random() * random() * wick) // tick * tick)
        busy = activity(open_ms * 1000) * (0.4 + random() + (high - low) / close * 100)
        volume = max(1, int(usual * busy) // step) * step
        taken = int(volume * (0.3 + 0.4 * random())) // step * step
        mean = (opened + high + low + close) // 4
        worth, taken_worth = (instrument.worth(mean, quantity) for quantity in (volume, taken))
        bars.append(Bar(open_ms, opened, high, low, close, volume, worth, 1 + int(_TRADES * busy), taken, taken_worth))
        close = opened
    return tuple(reversed(bars))


def _worths(asset: str, seed: int, steps: int, still: Container[str]) -> list[float]:
    """What the asset was worth at the end of each candle, the newest first: its own walk, times the one of all that move."""
    if asset in still:
        return [1.0] * (steps + 1)
    own, common = (walked_back(seed, name, steps, _STEP_MS // 1000) for name in (asset, ""))
    return [one * other for one, other in zip(own, common, strict=True)]
