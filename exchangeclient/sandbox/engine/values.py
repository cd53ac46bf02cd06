"""What assets are worth: a walk for each of them, from which the fair prices of all its symbols follow.

So cross prices agree at every moment, whoever moves one of them. The walks are calm and wild by turns, and livelier at some
hours of the day than at others. Only operations whose last bit is the same on every machine are used: no logarithms, no sines.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Sequence
from dataclasses import replace
from functools import lru_cache
from math import sqrt
from random import Random

from .instruments import UNIT, Instrument

HOUR_US = 3_600_000_000
DAY_S = 86_400

_OWN, _COMMON = 0.022, 0.025  # how far a day takes an asset on its own, and with all others
_MOVES = 1.5  # a second
_HOMING_S = DAY_S  # a walk comes back to where it began
_FARTHEST = 4.0  # times what it was worth at the beginning, either way
_NEWS_S, _COOLING_S = 1_800.0, 300.0  # how rare news are, and how soon they are old
_PAST_HOMING = 1_440  # steps of the past: five days

# How lively the hours of a day are (UTC): America's morning most, its night least.
_HOURS = (0.9, 0.85, 0.8, 0.75, 0.7, 0.65, 0.7, 0.8, 0.95, 1.0, 1.0, 1.0, 1.1, 1.3, 1.5, 1.5, 1.4, 1.25, 1.1, 1.05, 1.0, 0.95, 0.9, 0.9)


def activity(now_us: int) -> float:
    """How lively this time of day is; 1 on the average."""
    hour, part = divmod(now_us, HOUR_US)
    before, after = _HOURS[hour % 24], _HOURS[(hour + 1) % 24]
    return before + (after - before) * (part / HOUR_US)


def still(instruments: Iterable[Instrument]) -> frozenset[str]:
    """The assets that are never a base: everything is measured in them, so they do not move."""
    instruments = list(instruments)
    return frozenset(each.quote for each in instruments) - {each.base for each in instruments}


def _bell(random: Random) -> float:
    """Bell-shaped enough: mean 0, variance 1, never beyond 3."""
    return (random.random() + random.random() + random.random() - 1.5) * 2.0


class _Asset:
    """One asset's walk."""

    def __init__(self, worth: float, random: Random) -> None:
        self.worth = self.anchor = worth
        self.random = random
        self.heat = 0.0  # news: they make it wilder for a while

    def cool(self, seconds: float) -> None:
        self.heat /= 1.0 + seconds / _COOLING_S
        if self.random.random() * _NEWS_S < seconds:
            self.heat += 1.0 + 3.0 * self.random.random() * self.random.random()

    def multiply(self, factor: float) -> None:
        self.worth = min(max(self.worth * factor, self.anchor / _FARTHEST), self.anchor * _FARTHEST)


class Values:
    """All walks, and the fair prices that follow from them."""

    def __init__(self, instruments: Iterable[Instrument], *, seed: int, step_us: int) -> None:
        instruments = list(instruments)
        self._step_s = step_us / 1e6
        self._moves = min(1.0, _MOVES * self._step_s)  # the chance of a move in a step
        self._still = still(instruments)
        self._common = _Asset(1.0, Random(f"{seed}/market"))
        worths = _worths(map(_opening, instruments))
        self._assets = {asset: _Asset(worths[asset], Random(f"{seed}/{asset}/worth")) for asset in sorted(worths)}
        # What opening prices contradict each other by stays as it is: it is in the loaded candles, or the tick is coarse.
        self._odds = {each.symbol: each.opening_price * worths[each.quote] / worths[each.base] for each in instruments}
        self._pairs = {each.symbol: (self._assets[each.base], self._assets[each.quote]) for each in instruments}

    def move(self, now_us: int) -> None:
        """One step of every walk."""
        moved_s = self._step_s / self._moves
        pace = sqrt(moved_s / DAY_S * activity(now_us))
        together = self._drawn(self._common, _COMMON * pace)
        for name, asset in self._assets.items():
            if name in self._still:
                continue
            drawn = together + self._drawn(asset, _OWN * pace)
            if drawn:
                asset.multiply(1.0 + drawn)
                asset.worth += (asset.anchor - asset.worth) * min(1.0, moved_s / _HOMING_S)

    def _drawn(self, asset: _Asset, usual: float) -> float:
        asset.cool(self._step_s)
        if asset.random.random() >= self._moves:
            return 0.0
        return _bell(asset.random) * usual * (0.8 + asset.heat)

    def fair(self, symbol: str) -> float:
        """What one unit of the base is worth in the quote, in the engine's units."""
        base, quote = self._pairs[symbol]
        return base.worth / quote.worth * self._odds[symbol]

    def heat(self, symbol: str) -> float:
        """How wild the symbol is: 0 for calm, 1 after news, rarely more than 3."""
        base, quote = self._pairs[symbol]
        return max(base.heat, quote.heat, self._common.heat)

    def push(self, symbol: str, factor: float) -> None:
        """Somebody from outside moved the symbol: its base is worth more or less from now on, everywhere."""
        self._pairs[symbol][0].multiply(factor)


def _worths(prices: Iterable[tuple[str, str, float]]) -> dict[str, float]:
    """What assets are worth by prices of the one in the other; where these contradict each other, the earlier ones are right."""
    groups: dict[str, dict[str, float]] = {}  # by each of their members: assets whose worth is known in terms of each other
    for base, quote, price in prices:
        bases = groups.setdefault(base, {base: 1.0})
        quotes = groups.setdefault(quote, {quote: 1.0})
        if bases is not quotes:
            factor = quotes[quote] * price / bases[base]
            for asset, worth in bases.items():
                quotes[asset] = worth * factor
                groups[asset] = quotes
    return {asset: group[asset] for asset, group in groups.items()}


def _opening(instrument: Instrument) -> tuple[str, str, float]:
    return instrument.base, instrument.quote, instrument.opening_price / UNIT


def with_coherent_openings(
    instruments: Iterable[Instrument], given: Container[str], equal: Iterable[Sequence[str]] = ()
) -> list[Instrument]:
    """The instruments, opening at prices that agree with those of the symbols in ``given``, which stay as they are.

    :param equal: groups of assets that are worth the same, unless the given prices say otherwise
    """
    instruments = list(instruments)
    firm = [_opening(each) for each in instruments if each.symbol in given]
    same = [(asset, assets[0], 1.0) for assets in equal for asset in assets[1:]]
    worths = _worths([*firm, *same, *map(_opening, instruments)])

    def fitted(each: Instrument) -> Instrument:
        price = round(worths[each.base] / worths[each.quote] * UNIT / each.tick) * each.tick
        return each if each.symbol in given else replace(each, opening_price=min(max(price, each.min_price), each.max_price))

    return [fitted(each) for each in instruments]


@lru_cache(maxsize=64)
def walked_back(seed: int, asset: str, steps: int, width_s: int) -> tuple[float, ...]:
    """What an asset was worth at the end of each step of the past, the newest first, where the exchange's start is 1."""
    random = Random(f"{seed}/{asset}/past")
    pace = sqrt(width_s / DAY_S) * (_COMMON if not asset else _OWN)
    worth, wild, walk = 1.0, 0.0, [1.0]
    for _ in range(steps):
        wild *= 0.97
        if random.random() < 0.01:
            wild += 2.0 * random.random()
        worth *= 1.0 + _bell(random) * pace * (0.8 + wild)
        worth += (1.0 - worth) / _PAST_HOMING
        walk.append(worth)
    return tuple(walk)
