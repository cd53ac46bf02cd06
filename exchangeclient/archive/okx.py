"""Candles and trades of OKX for the archive, by the public methods of its client.

The venue gives rows from the newest back, of candles 100 at a time beyond the newest 1440; it never says which is the first of a range,
so that one is looked for by halving. Candles are those that begin by UTC, their volume is in the base coin, of contracts too. Trades are
one by one and as far back as the venue has them, which is three months. It counts those of contracts in contracts; here their quantities
are coins, as the volumes of their candles are. An inverse contract is so much money, which is no exact number of coins: there are no trades
of these, nor of options.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import takewhile
from typing import Any, Final

from exchangeclient.archive.clientsource import ClientSource
from exchangeclient.archive.contracts import Sizes
from exchangeclient.archive.series import Row, Series
from exchangeclient.archive.source import Unread
from exchangeclient.core.http.jsonio import as_documented
from exchangeclient.exceptions import UnknownSymbolException, UnsupportedException
from exchangeclient.numbers import EXACT, exact, plain, trimmed
from exchangeclient.okx.bars import BY_INTERVAL
from exchangeclient.okx.client import Client
from exchangeclient.okx.history import candles_between, newest_candles
from exchangeclient.okx.hosts import ENVIRONMENTS, Hosts
from exchangeclient.okx.names import family, inst_type, is_spot

_EXPIRED: Final = "expired"
_MINUTE_MS: Final = 60_000
_CONFIRM, _CONFIRMED = 8, "1"  # the column that says whether a candle is closed
_WIDER: Final = 8  # how many times as many marks are looked through next when there is nothing in some
_VENUES: Final[Mapping[Hosts, str]] = {
    hosts: "okx" if name in ("live", "aws") else f"okx-{name}" for name, hosts in ENVIRONMENTS.items()
}  # aws is another door to the same house


class OkxSource(ClientSource[Client]):
    """Candles and trades. By its address the venue is ``okx`` for the live hosts, ``okx-eea``, ``okx-us``, ``okx-demo`` and so on; ``okx@``
    and the host for any other, such as ``okx@127.0.0.1:8766``.
    """

    client_class = Client
    page_size = 100

    def __init__(self, client: Client, *, venue: str | None = None, share: float = 1.0) -> None:
        super().__init__(client, venue=venue, share=share)
        self._sizes: dict[str, Sizes] = {}  # by the symbols of contracts

    @staticmethod
    def name_of(client: Client) -> str:
        hosts = client.hosts
        return _VENUES.get(hosts) or f"okx{'-demo' if hosts.demo else ''}@{hosts.rest.partition('://')[2]}"

    def now_ms(self) -> int:
        """The venue's time."""
        told = self._client.get_server_time(requests_params=self._options)
        with as_documented("get_server_time"):
            return int(told["ts"])

    def end(self, series: Series, now_ms: int) -> int:
        """The open time of the candle that is open now, or the number after that of the newest trade."""
        if not series.is_trades:
            _bar(series)
            return series.floor(now_ms)
        self._sizes_of(series)
        newest = self._client.get_recent_trades(series.symbol, limit=1, requests_params=self._options)
        with as_documented("get_recent_trades"):
            return int(newest[0]["tradeId"]) + 1 if newest else 0

    def mark_at(self, series: Series, time_ms: int) -> int | None:
        """The first open time from a moment on, or the number of the first trade from then on."""
        if not series.is_trades:
            _bar(series)
            return series.ceiling(time_ms)
        end = self.end(series, 0)
        before = self._told_trades(series, type="2", after=str(time_ms), limit=1)
        if not before:  # the venue's first one is of that moment or later
            return self.first(series, 0, end)
        following = _trade(before[0])[0] + 1
        return following if following < end else None

    def rows(self, series: Series, first: int, last: int) -> Unread:
        """The first records of a range, oldest first, up to a hundred."""
        found = self._page(series, first, last)
        if found.count or series.later(first, self.page_size) >= last:
            return found
        begin = self.first(series, first, last)
        return found if begin is None else self._page(series, begin, last)

    def first(self, series: Series, first: int, last: int) -> int | None:
        """The mark of the first record of a range; None when there is none.

        Ever wider ranges are looked through until there is something in one, which is halved then: some thirty questions for the minutes
        of ten years.
        """
        first, width, found = series.ceiling(first), self.page_size, None
        while found is None and first < last:
            until = min(last, series.later(first, width))
            found = self._any(series, first, until)
            if found is None:
                first, width = until, _WIDER * width
        while found is not None and series.count(first, found) > self.page_size:
            middle = series.ceiling((first + found) // 2)
            earlier = self._any(series, first, middle)
            first, found = (middle, found) if earlier is None else (first, earlier)
        if found is None:
            return None
        rows = self._page(series, first, found).read()
        return rows[0][0] if rows else found

    def has_ended(self, series: Series) -> bool:
        """True when the instrument has expired or is no longer listed."""
        kind = inst_type(series.symbol)
        named = {"instFamily": family(series.symbol)} if kind == "OPTION" else {}
        try:
            told = self._client.get_instruments(kind, instId=series.symbol, **named, requests_params=self._options)
        except UnknownSymbolException:
            return True
        with as_documented("get_instruments"):
            return all(each["state"] == _EXPIRED for each in told if each["instId"] == series.symbol)

    # ---- what the venue gives ----------------------------------------------------------------------------------------

    def _page(self, series: Series, first: int, last: int) -> _Told:
        """The records of the first hundred marks of a range."""
        last = min(last, series.later(first, self.page_size))
        if first >= last:
            return _Told("get_klines", [], _trade)
        if series.is_trades:
            told = self._told_trades(series, after=str(last), **_newer(first), limit=self.page_size)
            with as_documented("get_historical_trades"):
                found = [each for each in reversed(told) if int(each["tradeId"]) >= first]
                times_ms = [int(each["ts"]) for each in found]
            sizes = self._sizes_of(series, max(times_ms, default=0))
            if sizes is not None:
                found = [{**each, "contract": size} for each, size in zip(found, sizes.of(times_ms), strict=True)]
            return _Told("get_historical_trades", found, _trade)
        candles = candles_between(self._client, series.symbol, _bar(series), (first, last), self._options)
        return _Told("get_klines", _confirmed(candles), functools.partial(_candle, series))

    def _any(self, series: Series, first: int, last: int) -> int | None:
        """The mark of some record of a range; None when there is none."""
        if series.is_trades:
            told: Sequence[Any] = self._told_trades(series, after=str(last), **_newer(first), limit=self.page_size)
            with as_documented("get_historical_trades"):
                marks = [int(each["tradeId"]) for each in told]
        else:
            told = newest_candles(self._client, series.symbol, _bar(series), (first, last), self._options)
            with as_documented("get_klines"):
                marks = [int(each[0]) for each in told if each[_CONFIRM] == _CONFIRMED]
        return min((mark for mark in marks if first <= mark < last), default=None)

    def _told_trades(self, series: Series, **params: Any) -> list[dict[str, Any]]:
        return self._client.get_historical_trades(series.symbol, **params, requests_params=self._options)

    def _sizes_of(self, series: Series, until_ms: int = 0) -> Sizes | None:
        """How many coins a contract is, up to a time; None for a pair of coins.

        :raises UnsupportedException: for a contract that is not linear
        """
        symbol, kind = series.symbol, inst_type(series.symbol)
        if is_spot(symbol):
            return None
        known = self._sizes.get(symbol)
        if known is not None and until_ms <= known.until_ms:
            return known
        now_ms = self._client.clock.now_ms()
        named = {"instFamily": family(symbol)} if kind == "OPTION" else {}
        told = self._client.get_instruments(kind, instId=symbol, **named, requests_params=self._options)
        with as_documented("get_instruments"):
            found = [each for each in told if each["instId"] == symbol]
            if not found:
                raise UnknownSymbolException(f"{symbol} is not listed by the venue", venue=Client.venue)
            if found[0]["ctType"] != "linear":
                raise UnsupportedException(
                    f"trades of {symbol} are counted in contracts, which are no fixed number of coins", venue=Client.venue, what="trades"
                )
            size = EXACT.multiply(exact(found[0]["ctVal"], "ctVal"), exact(found[0]["ctMult"], "ctMult"))
        self._sizes[symbol] = known = Sizes((now_ms, size), functools.partial(self._size_at, symbol))
        return known

    def _size_at(self, symbol: str, time_ms: int) -> Decimal:
        """How many coins a contract was, by the candle of a minute in which it was traded: that counts in both."""
        minute = time_ms // _MINUTE_MS * _MINUTE_MS
        told = candles_between(self._client, symbol, BY_INTERVAL["1m"], (minute, minute + _MINUTE_MS), self._options)
        with as_documented("get_klines"):
            contracts, coins = (exact(told[0][column], "volume") for column in (5, 6))
            size = trimmed(EXACT.divide(coins, contracts))
            if EXACT.multiply(size, contracts) != coins:
                raise ValueError(f"{contracts} contracts are {coins} coins")
            return size


@dataclass(frozen=True, slots=True, repr=False)
class _Told:
    """Records as the venue told them, oldest first.

    :ivar name: of the method that asked
    :ivar row: makes one a row
    """

    name: str
    told: list[Any]
    row: Callable[[Any], Row]

    @property
    def count(self) -> int:
        """How many there are."""
        return len(self.told)

    def read(self) -> list[Row]:
        """The rows."""
        with as_documented(self.name):
            return list(map(self.row, self.told))


def _candle(series: Series, told: Sequence[str]) -> Row:
    """A candle in the archive's columns. How many trades it has, and what takers bought, the venue does not tell."""
    opened_ms, *prices = told[:5]
    volume = told[5] if is_spot(series.symbol) else told[6]  # of contracts the next one counts coins
    return (int(opened_ms), *prices, volume, series.after(int(opened_ms)) - 1, told[7], None, None, None)


def _trade(told: Mapping[str, Any]) -> Row:
    """A trade in the archive's columns: one that stands for itself; of contracts with what one of them is, as ``contract``."""
    number = int(told["tradeId"])
    was_sold = {"sell": True, "buy": False}[told["side"]]  # by whoever took, so that the buyer was there first
    quantity = plain(EXACT.multiply(exact(told["sz"], "sz"), told["contract"]), "sz") if "contract" in told else told["sz"]
    return (number, told["px"], quantity, number, number, int(told["ts"]), was_sold, None)


def _confirmed(told: Sequence[Sequence[str]]) -> list[Sequence[str]]:
    """Candles up to the first that the venue has not closed yet, which its clock may be ahead of for a moment."""
    with as_documented("get_klines"):
        return list(takewhile(lambda each: each[_CONFIRM] == _CONFIRMED, told))


def _newer(first: int) -> dict[str, str]:
    """What asks for trades from a number on: the venue leaves out the one that it is told."""
    return {"before": str(first - 1)} if first > 0 else {}


def _bar(series: Series) -> str:
    """The venue's word for the interval of a series.

    :raises ValueError: for an interval that it does not have by UTC
    """
    if series.interval not in BY_INTERVAL:
        raise ValueError(f"interval must be one of {', '.join(BY_INTERVAL)}; not {series.interval[:40]!r}")
    return BY_INTERVAL[series.interval]
