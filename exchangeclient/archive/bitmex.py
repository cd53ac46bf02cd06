"""Candles of BitMEX for the archive, by the public methods of its client.

The venue dates a candle by its end and lets it begin with the close of the one before, even outside of its own prices; here it is dated by
its beginning, and its high and low hold its open. Trades have no numbers there, so there is no series of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from exchangeclient.archive.clientsource import ClientSource
from exchangeclient.archive.series import Row, Series
from exchangeclient.archive.source import Unread
from exchangeclient.bitmex.client import Client
from exchangeclient.bitmex.history import BIN_MS, bin_of, open_time_ms
from exchangeclient.bitmex.times import iso
from exchangeclient.core.http.jsonio import as_documented
from exchangeclient.exceptions import UnknownSymbolException, UnsupportedException
from exchangeclient.numbers import exact, plain

_OPEN = "Open"


class BitmexSource(ClientSource[Client]):
    """Candles. By its address the venue is ``bitmex`` for the historic one, ``bitmex-testnet``; ``bitmex@`` and the host for any other."""

    client_class = Client
    page_size = 500

    def __init__(self, client: Client, *, venue: str | None = None, share: float = 1.0) -> None:
        super().__init__(client, venue=venue, share=share)
        self._listed: set[str] = set()

    @staticmethod
    def name_of(client: Client) -> str:
        known = {"https://www.bitmex.com": "bitmex", "https://testnet.bitmex.com": "bitmex-testnet"}
        rest = client.hosts.rest
        return known.get(rest) or f"bitmex@{rest.partition('://')[2]}"

    def now_ms(self) -> int:
        """The venue's time."""
        told = self._client.get_server_time(requests_params=self._options)
        with as_documented("get_server_time"):
            return int(told["timestamp"])

    def end(self, series: Series, now_ms: int) -> int:
        """The open time of the candle that is open now."""
        _bin(series)
        return series.floor(now_ms)

    def mark_at(self, series: Series, time_ms: int) -> int | None:
        """The first open time from a moment on."""
        _bin(series)
        return series.ceiling(time_ms)

    def rows(self, series: Series, first: int, last: int) -> Unread:
        """The first candles of a range, oldest first, up to five hundred."""
        return self._candles(series, first, last, min(self.page_size, series.count(first, last)))

    def first(self, series: Series, first: int, last: int) -> int | None:
        """The mark of the first candle of a range; None when there is none."""
        if first >= last:
            return None
        found = self._candles(series, first, last, 1).read()
        return found[0][0] if found else None

    def has_ended(self, series: Series) -> bool:
        """True when the instrument is settled, closed, or not listed."""
        return _OPEN not in self._states(series.symbol)

    def _states(self, symbol: str) -> list[str]:
        """The state of an instrument; none when the venue does not have it, not even among those that are settled."""
        answer = self._client.get_instruments(symbol=symbol, requests_params=self._options)
        with as_documented("get_instruments"):
            return [each["state"] for each in answer if each["symbol"] == symbol]

    def _candles(self, series: Series, first: int, last: int, count: int) -> _Candles:
        interval = _bin(series)
        length_ms = BIN_MS[interval]
        # What opens from the first mark on ends one interval later; what ends with the last one opened before it.
        asked: dict[str, Any] = {"startTime": iso(series.ceiling(first) + length_ms), "endTime": iso(last), "count": count}
        told = self._client.get_klines(series.symbol, interval, **asked, requests_params=self._options)
        if told:
            self._listed.add(series.symbol)
        else:
            self._refuse_unlisted(series.symbol)
        return _Candles(interval, told)

    def _refuse_unlisted(self, symbol: str) -> None:
        """Do nothing for an instrument: the venue shows no candles of whatever is none, and that proves nothing of the market.

        :raises UnknownSymbolException: for what is none
        """
        if symbol in self._listed:
            return
        if not self._states(symbol):
            raise UnknownSymbolException(f"{symbol} is not listed by the venue", venue=Client.venue)
        self._listed.add(symbol)


@dataclass(frozen=True, slots=True, repr=False)
class _Candles:
    """Candles as the venue told them."""

    interval: str
    told: list[dict[str, Any]]

    @property
    def count(self) -> int:
        """How many there are."""
        return len(self.told)

    def read(self) -> list[Row]:
        """The rows, figures as plain digits."""
        with as_documented("get_klines"):
            return [_row(each, self.interval) for each in self.told]


def _row(told: Mapping[str, Any], interval: str) -> Row:
    """A candle in the archive's columns. What was bought and what sold the venue does not tell; volumes are in the two coins."""
    opened_ms = open_time_ms(told, interval)
    first, last = (exact(told[name], name) for name in ("open", "close"))
    high, low = (first if told.get(name) is None else exact(told[name], name) for name in ("high", "low"))  # without a trade there is none
    prices = (first, max(high, first), min(low, first), last)
    closed_ms, trades = opened_ms + BIN_MS[interval] - 1, int(told["trades"])
    return (
        opened_ms,
        *(plain(price, "price") for price in prices),
        _volume(told, "homeNotional"),
        closed_ms,
        _volume(told, "foreignNotional"),
        trades,
        None,
        None,
    )


def _volume(told: Mapping[str, Any], name: str) -> str:
    figure = told.get(name)
    return plain(Decimal(0) if figure is None else abs(exact(figure, name)), name)


def _bin(series: Series) -> str:
    """The venue's word for the interval of a series.

    :raises UnsupportedException: for trades
    :raises ValueError: for an interval that it does not have
    """
    if series.is_trades:
        raise UnsupportedException("the venue does not number its trades", venue=Client.venue, what="trades")
    return bin_of(series.interval)
