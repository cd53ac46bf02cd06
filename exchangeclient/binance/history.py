"""Long stretches of candles and trades, fetched page by page over the declared endpoints."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, cast

from exchangeclient.binance.rest.spot_market import SpotMarket
from exchangeclient.core.clock import Clock
from exchangeclient.core.dates import When, milliseconds
from exchangeclient.core.endpoint import declaration
from exchangeclient.enums import KlineInterval
from exchangeclient.exceptions import ExchangeRequestException
from exchangeclient.market.klines import next_open

_MOST_ROWS = 1000
_KLINES: Final = declaration(SpotMarket.get_klines)
_TRADES: Final = declaration(SpotMarket.get_aggregate_trades)


class History(SpotMarket):
    """Market data of any length."""

    clock: Clock

    def get_historical_klines(
        self,
        symbol: str,
        interval: KlineInterval | str,
        start_str: When | None = None,
        end_str: When | None = None,
        limit: int = _MOST_ROWS,
    ) -> list[list[Any]]:
        """All candles of a symbol that open between two moments, oldest first, none twice; rows as :meth:`get_klines` gives them.

        The last one may still be open. Weight 2 for each page.

        :param start_str: ``"1 day ago UTC"``, ``"1 Jan, 2018"``, ISO, a date, milliseconds; the venue's first candle when left out
        :param end_str: the same, inclusive; now when left out
        :param limit: rows of a page, 1000 at most
        :raises TypeError: for an argument of a wrong type, naming it, before anything is asked
        :raises ValueError: for an unknown interval, a date that cannot be read, or an end before the start
        """
        return list(self.get_historical_klines_generator(symbol, interval, start_str, end_str, limit))

    def get_historical_klines_generator(
        self,
        symbol: str,
        interval: KlineInterval | str,
        start_str: When | None = None,
        end_str: When | None = None,
        limit: int = _MOST_ROWS,
    ) -> Iterator[list[Any]]:
        """The same candles one by one, each page fetched when it is needed.

        Arguments that cannot be meant are refused at once; parameters as :meth:`get_historical_klines`.
        """
        symbol, interval = _KLINES.text("symbol", symbol), _KLINES.text("interval", interval)
        rows = int(_KLINES.text("limit", limit))
        if not 1 <= rows <= _MOST_ROWS:
            raise ValueError(f"limit must be 1 to {_MOST_ROWS}, not {rows}")
        now_ms = self.clock.now_ms()
        start_ms = 0 if start_str is None else milliseconds(start_str, now_ms, "start_str")
        end_ms = now_ms if end_str is None else milliseconds(end_str, now_ms, "end_str")
        if end_str is not None and end_ms < start_ms:
            raise ValueError(f"end_str ({end_str}) is before start_str ({start_str})")
        return self._klines(symbol, interval, start_ms, end_ms, rows)

    def _klines(self, symbol: str, interval: str, start_ms: int, end_ms: int, limit: int) -> Iterator[list[Any]]:
        # From a start on the venue gives the oldest candles there are, so a listing date need not be searched and gaps are stepped over.
        while start_ms <= end_ms:
            rows = self.get_klines(symbol, interval, startTime=start_ms, endTime=end_ms, limit=limit)
            if not rows:
                return
            for row in rows:
                if row[0] < start_ms:
                    raise ExchangeRequestException(f"get_klines() gave a candle of {row[0]} when asked from {start_ms}", sent="yes")
                yield row
                start_ms = next_open(interval, row[0])

    def aggregate_trade_iter(self, symbol: str, start_str: When | None = None, last_id: int | None = None) -> Iterator[dict[str, Any]]:
        """Aggregated trades of a symbol up to now, oldest first, none twice; rows as :meth:`get_aggregate_trades` gives them.

        Weight 4 for each page of 1000.

        :param start_str: from this moment on; see :meth:`get_historical_klines`
        :param last_id: from the trade after this one on; the venue's first when both are left out
        :raises ValueError: when both are given
        """
        if start_str is not None and last_id is not None:
            raise ValueError("start_str and last_id both say where to begin; give one")
        symbol = _TRADES.text("symbol", symbol)
        last = -1 if last_id is None else int(_TRADES.text("fromId", last_id, "last_id"))
        start_ms = None if start_str is None else milliseconds(start_str, self.clock.now_ms(), "start_str")
        return self._trades(symbol, start_ms, last)

    def _trades(self, symbol: str, start_ms: int | None, last_id: int) -> Iterator[dict[str, Any]]:
        asked: dict[str, int] = {"fromId": last_id + 1} if start_ms is None else {"startTime": start_ms}
        while rows := self.get_aggregate_trades(symbol, limit=_MOST_ROWS, **asked):
            for row in rows:
                if row["a"] <= last_id:
                    raise ExchangeRequestException(f"get_aggregate_trades() gave {row['a']} after {last_id}", sent="yes")
                yield row
                last_id = cast("int", row["a"])
            asked = {"fromId": last_id + 1}
