"""What Binance's calls cost where that depends on their parameters: tables that can be asked and shown. Pure.

Source: https://developers.binance.com/docs/binance-spot-api-docs/rest-api
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from exchangeclient.core import jsonio


@dataclass(frozen=True, slots=True)
class ByLimit:
    """By the number of rows asked for.

    :ivar default: the venue's own when none is asked for
    :ivar tiers: (up to so many rows, weight); the last holds for more, too, because the venue cuts those to it
    """

    default: int
    tiers: tuple[tuple[int, int], ...]

    def __call__(self, params: Mapping[str, str]) -> int:
        rows = int(params.get("limit", self.default))
        return next((weight for most, weight in self.tiers if rows <= most), self.tiers[-1][1])

    def __str__(self) -> str:
        return ", ".join(f"{weight} up to limit {most}" for most, weight in self.tiers)


@dataclass(frozen=True, slots=True)
class ByParameter:
    """One weight with a certain parameter, another without it (or with it switched off)."""

    name: str
    given: int
    otherwise: int

    def __call__(self, params: Mapping[str, str]) -> int:
        return self.given if params.get(self.name, "false") != "false" else self.otherwise

    def __str__(self) -> str:
        return f"{self.given} with {self.name}, else {self.otherwise}"


@dataclass(frozen=True, slots=True)
class BySymbols:
    """By the number of symbols.

    :ivar one: for ``symbol``
    :ivar tiers: (up to so many ``symbols``, weight)
    :ivar every: for more, and for all of them
    """

    one: int
    tiers: tuple[tuple[int, int], ...]
    every: int

    def __call__(self, params: Mapping[str, str]) -> int:
        if "symbol" in params:
            return self.one
        if "symbols" not in params:
            return self.every
        try:
            symbols = jsonio.decode(params["symbols"])
        except ValueError:
            return self.every  # the venue will refuse it; the dearest is the safe guess
        count = len(symbols) if isinstance(symbols, list) else 1
        return next((weight for most, weight in self.tiers if count <= most), self.every)

    def __str__(self) -> str:
        several = ", ".join(f"{weight} up to {most} symbols" for most, weight in self.tiers)
        return f"{self.one} with symbol, {several + ', ' if several else ''}else {self.every}"


DEPTH: Final = ByLimit(100, ((100, 5), (500, 25), (1000, 50), (5000, 250)))
DAY_TICKER: Final = BySymbols(2, ((20, 2), (100, 40)), 80)
TICKER: Final = BySymbols(2, (), 4)
OPEN_ORDERS: Final = ByParameter("symbol", 6, 80)
MY_TRADES: Final = ByParameter("orderId", 5, 20)
TEST_ORDER: Final = ByParameter("computeCommissionRates", 20, 1)
