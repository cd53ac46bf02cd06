"""What Binance's calls cost where that depends on their parameters: tables that can be asked and shown. Pure.

Source: https://developers.binance.com/docs/binance-spot-api-docs/rest-api
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from exchangeclient.core.budgets.budget import Limit, Limits
from exchangeclient.core.http import jsonio
from exchangeclient.core.http.request import Request

_WINDOWS_MS: Final[Mapping[str, int]] = {"SECOND": 1_000, "MINUTE": 60_000, "HOUR": 3_600_000, "DAY": 86_400_000}
_CREDIBLE: Final = 10**9  # a greater figure is no count of requests, and too great a one none that can be reckoned with
_LETTERS: Final[Mapping[str, str]] = {interval: interval[0] for interval in _WINDOWS_MS}


def limit(kind: str, interval: str, number: int, most: int) -> Limit:
    """One row of the venue's ``rateLimits``, with the header by which its answers tell how much is used."""
    suffix = f"{number}{_LETTERS[interval]}"
    counts, header = {
        "REQUEST_WEIGHT": ("weight", f"x-mbx-used-weight-{suffix}"),
        "RAW_REQUESTS": ("requests", ""),
        "ORDERS": ("orders", f"x-mbx-order-count-{suffix}"),
    }[kind]
    return Limit(f"{kind}-{suffix}", counts, number * _WINDOWS_MS[interval], most, header.lower())


# What the documents print; exchangeInfo tells what is true of the first, and is read before the first order. Of /sapi each endpoint has a
# budget of its own: https://dev.binance.vision/t/request-limit-on-the-api-endpoints/9275
_SAPI_IP: Final = Limit("SAPI-IP-1M", "sapi-ip", 60_000, 12_000, "x-sapi-used-ip-weight-1m", each=True)
_SAPI_UID: Final = Limit("SAPI-UID-1M", "sapi-uid", 60_000, 180_000, "x-sapi-used-uid-weight-1m", each=True)
# https://developers.binance.com/docs/wallet/capital/withdraw-history is the one call that is counted by the second.
_SAPI_UID_SECOND: Final = Limit("SAPI-UID-1S", "sapi-uid-second", 1_000, 180_000, "x-sapi-used-uid-weight-1s", each=True)
DOCUMENTED: Final = Limits(
    address=(limit("REQUEST_WEIGHT", "MINUTE", 1, 6_000), limit("RAW_REQUESTS", "MINUTE", 5, 300_000), _SAPI_IP),
    account=(limit("ORDERS", "SECOND", 10, 50), limit("ORDERS", "DAY", 1, 160_000), _SAPI_UID, _SAPI_UID_SECOND),
)


def told(request: Request, answer: Any) -> Limits | None:
    """The limits in an answer of exchangeInfo, None in any other."""
    rows = answer.get("rateLimits") if request.path == "/api/v3/exchangeInfo" and isinstance(answer, dict) else None
    if not isinstance(rows, list):
        return None
    address: list[Limit] = []
    account: list[Limit] = []
    for row in rows:
        match row:
            case {
                "rateLimitType": "REQUEST_WEIGHT" | "RAW_REQUESTS" | "ORDERS" as kind,
                "interval": "SECOND" | "MINUTE" | "HOUR" | "DAY" as interval,
                "intervalNum": int(number),
                "limit": int(most),
            } if 0 < number <= _CREDIBLE and 0 < most <= _CREDIBLE:
                (account if kind == "ORDERS" else address).append(limit(kind, interval, number, most))
    return Limits(tuple(address), tuple(account))


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
        most_named = self.tiers[-1][0] if self.tiers else 0
        count = _count(params["symbols"], most_named + 1)  # the dearest is the safe guess
        return next((weight for most, weight in self.tiers if count <= most), self.every)

    def __str__(self) -> str:
        several = ", ".join(f"{weight} up to {most} symbols" for most, weight in self.tiers)
        return f"{self.one} with symbol, {several + ', ' if several else ''}else {self.every}"


@dataclass(frozen=True, slots=True)
class PerSymbol:
    """So much for each symbol.

    :ivar each: for one
    :ivar most: for however many
    :ivar every: for none named, that is for all of them
    """

    each: int
    most: int
    every: int

    def __call__(self, params: Mapping[str, str]) -> int:
        if "symbol" in params:
            return self.each
        if "symbols" not in params:
            return self.every
        return min(self.each * _count(params["symbols"], self.most // self.each), self.most)

    def __str__(self) -> str:
        return f"{self.each} for each symbol, {self.most} at most"


@dataclass(frozen=True, slots=True)
class ByQuestion:
    """By the first of several parameters that is given.

    :ivar tiers: (parameter, weight)
    """

    tiers: tuple[tuple[str, int], ...]
    otherwise: int

    def __call__(self, params: Mapping[str, str]) -> int:
        return next((weight for name, weight in self.tiers if name in params), self.otherwise)

    def __str__(self) -> str:
        return f"{', '.join(f'{weight} with {name}' for name, weight in self.tiers)}, else {self.otherwise}"


def _count(symbols: str, otherwise: int) -> int:
    """How many symbols a list names; ``otherwise`` if the venue will refuse it."""
    try:
        named = jsonio.decode(symbols)
    except ValueError:
        return otherwise
    return len(named) if isinstance(named, list) else 1


DEPTH: Final = ByLimit(100, ((100, 5), (500, 25), (1000, 50), (5000, 250)))
DAY_TICKER: Final = BySymbols(2, ((20, 2), (100, 40)), 80)
TICKER: Final = BySymbols(2, (), 4)
OPEN_ORDERS: Final = ByParameter("symbol", 6, 80)
MY_TRADES: Final = ByParameter("orderId", 5, 20)
TEST_ORDER: Final = ByParameter("computeCommissionRates", 20, 1)
WINDOW_TICKER: Final = PerSymbol(4, 200, 200)
EXECUTION_RULES: Final = PerSymbol(2, 40, 40)
PREVENTED_MATCHES: Final = ByQuestion((("preventedMatchId", 2), ("orderId", 20)), 2)
