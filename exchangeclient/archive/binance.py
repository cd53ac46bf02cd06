"""Candles and aggregated trades of Binance for the archive, by the public methods of its client."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from operator import itemgetter
from typing import Any, Final

from exchangeclient.archive import figures
from exchangeclient.archive.clientsource import ClientSource
from exchangeclient.archive.series import Row, Series
from exchangeclient.archive.source import Unread
from exchangeclient.binance.history import plainly, text_of_candles
from exchangeclient.client import Client
from exchangeclient.core.http import jsonio
from exchangeclient.exceptions import ExchangeRequestException, UnknownSymbolException

_LIVE: Final = "https://api.binance.com"
_VENUES: Final[Mapping[str, str]] = {
    _LIVE: "binance",
    "https://api.binance.us": "binance-us",
    "https://testnet.binance.vision": "binance-testnet",
    "https://demo-api.binance.com": "binance-demo",
}
_ENDED: Final = frozenset({"BREAK", "END_OF_DAY"})  # statuses in which no market data comes into being
_LAST_MS: Final = 10**14
_MICROSECONDS: Final = 10**14  # from here on a time is in microseconds
_told: Final = itemgetter(slice(11))  # of a candle, without the column that the venue does not use
_trade: Final = itemgetter("a", "p", "q", "f", "l", "T", "m", "M")


class BinanceSource(ClientSource[Client]):
    """Candles and aggregated trades. By its address the venue is ``binance`` for the live hosts, ``binance-us``, ``binance-testnet``,
    ``binance-demo``; ``binance@`` and the host for any other, such as ``binance@127.0.0.1:8765``.
    """

    client_class = Client
    page_size = 1000

    @staticmethod
    def name_of(client: Client) -> str:
        rest = client.hosts.rest
        live = rest.startswith("https://api") and rest.endswith(".binance.com")  # api1 to api4 and api-gcp are doors to the same house
        return _VENUES[_LIVE] if live else _VENUES.get(rest) or f"binance@{rest.partition('://')[2]}"

    def now_ms(self) -> int:
        """The venue's time."""
        told = self._client.get_server_time(requests_params=self._options)
        return _ms(_whole(told, "serverTime"))

    def end(self, series: Series, now_ms: int) -> int:
        """The open time of the candle that is open now, or the number after that of the newest trade."""
        if not series.is_trades:
            return series.floor(now_ms)
        newest = self._trades(series, limit=1)
        return newest[-1][0] + 1 if newest else 0

    def mark_at(self, series: Series, time_ms: int) -> int | None:
        """The first open time from a moment on, or the number of the first trade from then on."""
        if not series.is_trades:
            return series.ceiling(time_ms)
        # The venue has every trade at hand from its number 0 on, while a search by time reaches as far as the first one.
        found = self._trades(series, startTime=time_ms, limit=1)
        return found[0][0] if found else None

    def rows(self, series: Series, first: int, last: int) -> Unread:
        """The first records of a range, oldest first, up to a thousand. Weight 2 for candles, 4 for trades."""
        if series.is_trades:
            rows = self._trades(series, fromId=first, limit=min(self.page_size, last - first))
            why = figures.wrong(series, rows)
            if why is not None:
                raise _other_form("get_aggregate_trades", why)
            return _Trades([row for row in rows if row[0] < last])
        return self._candles(series, first, last, min(self.page_size, series.count(first, last)))

    def first(self, series: Series, first: int, last: int) -> int | None:
        """The mark of the first record of a range; None when there is none."""
        if first >= last:
            return None
        if series.is_trades:
            found = [row for row in self._trades(series, fromId=first, limit=1) if row[0] < last]
        else:
            found = self._candles(series, first, last, 1).read()
        return found[0][0] if found else None

    def has_ended(self, series: Series) -> bool:
        """True when the symbol is halted for good or no longer listed. Weight 20."""
        try:
            told = self._client.get_exchange_info(symbol=series.symbol, requests_params=self._options)
            return any(each["status"] in _ENDED for each in told["symbols"])
        except UnknownSymbolException:
            return True
        except (LookupError, TypeError) as error:
            raise _other_form("get_exchange_info", error) from error

    def _candles(self, series: Series, first: int, last: int, limit: int) -> _Candles:
        numbers = {"startTime": first, "endTime": last - 1, "limit": limit}
        text = text_of_candles(self._client, series.symbol, series.interval, self._options, **numbers)
        try:
            return _Candles(*plainly(text))
        except ValueError as error:
            raise _other_form("get_klines", error) from error

    def _trades(self, series: Series, **params: int) -> list[Row]:
        answer = self._client.get_aggregate_trades(series.symbol, **params, requests_params=self._options)
        try:
            rows = list(map(_trade, answer))
            if rows and rows[-1][5] >= _MICROSECONDS:
                return [(*row[:5], _ms(row[5]), *row[6:]) for row in rows]
        except (LookupError, TypeError) as error:
            raise _other_form("get_aggregate_trades", error) from error
        return rows


@dataclass(frozen=True, slots=True, repr=False)
class _Candles:
    """Candles as the venue wrote them, without blanks.

    :ivar count: of the rows, by their brackets and commas
    """

    text: bytes
    count: int

    def read(self) -> list[Row]:
        """The rows without the last column, which the venue does not use. All at once: this is done with every candle of an archive."""
        try:
            rows = list(map(_told, _decode()(self.text)))
        except jsonio.refusals() as error:
            raise _other_form("get_klines", error) from error
        if len(rows) != self.count:  # some of the brackets and commas are within figures
            raise _other_form("get_klines", f"{len(rows)} candles, written as {self.count}: {self.text[:200]!r}")
        if rows and rows[-1][0] >= _MICROSECONDS:
            return [(_ms(row[0]), *row[1:6], _ms(row[6]), *row[7:]) for row in rows]
        return rows


@dataclass(frozen=True, slots=True, repr=False)
class _Trades:
    rows: list[Row]

    @property
    def count(self) -> int:
        """How many there are."""
        return len(self.rows)

    def read(self) -> list[Row]:
        """They have been read."""
        return self.rows


@functools.cache
def _decode() -> Callable[[bytes], Any]:
    return jsonio.typed(list[tuple[int, str, str, str, str, str, int, str, int, str, str, str]])


def _ms(time: int) -> int:
    return time // 1000 if time >= _MICROSECONDS else time


def _whole(answer: Any, name: str) -> int:
    try:
        value = answer[name]
    except (LookupError, TypeError) as error:
        raise _other_form("get_server_time", error) from error
    if not isinstance(value, int):
        raise _other_form("get_server_time", value)
    return value


def _other_form(name: str, why: object) -> ExchangeRequestException:
    return ExchangeRequestException(f"{name}() gave an answer of another form than it has: {why!r}", sent="yes")
