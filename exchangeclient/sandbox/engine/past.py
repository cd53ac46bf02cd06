"""A made-up past for a symbol of which no candles were loaded, so that a newcomer's first chart has rows.

Thirty days of 5-minute candles that end where trading opens: the same for the same seed and start. All other intervals are
added up from these, hence agree with them; shorter ones have no past.
"""

from __future__ import annotations

from random import Random

from .candles import DAY_MS, Bar, CandleSeries, next_open, opens_at
from .instruments import UNIT, Instrument, total

INTERVAL = "5m"
DAYS = 30

_FINE = 1 << 20  # prices are walked in fractions, else a cheap coin's small steps would round to nothing


def made_up(instrument: Instrument, *, seed: int, start_ms: int) -> CandleSeries:
    """The candles of the thirty days before ``start_ms``, each opening at the close before it, the last closing at the opening price.

    The walk goes backwards from the opening price and keeps coming back to it.
    """
    random = Random(f"{seed}/{instrument.symbol}/past").random

    def draw(below: int) -> int:
        return int(random() * below)

    tick, step, anchor = instrument.tick, instrument.step, instrument.opening_price
    end = opens_at(INTERVAL, start_ms)
    opens = range(max(0, opens_at(INTERVAL, end - DAYS * DAY_MS)), end, next_open(INTERVAL, 0))
    usual = instrument.min_notional * 50_000 * UNIT // anchor
    walk = anchor * _FINE
    close = anchor
    bars: list[Bar] = []
    for open_ms in reversed(opens):
        walk += walk * (draw(4001) - 2000) // 1_000_000 + (anchor * _FINE - walk) // 600
        opened = max(tick, walk // _FINE // tick * tick)
        wick = max(opened, close) // 500
        high = max(opened, close) + draw(wick) // tick * tick
        low = max(tick, min(opened, close) - draw(wick) // tick * tick)
        volume = max(1, usual * (200 + draw(60) * draw(60)) // 1000 // step) * step
        taken = volume * (300 + draw(400)) // 1000 // step * step
        mean = (opened + high + low + close) // 4
        bars.append(Bar(open_ms, opened, high, low, close, volume, total(mean, volume), 20 + draw(200), taken, total(mean, taken)))
        close = opened
    bars.reverse()
    return CandleSeries(instrument.symbol, INTERVAL, tuple(bar.shown(INTERVAL) for bar in bars), tuple(bars))
