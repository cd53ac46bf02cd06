"""Candles of any length, read page by page over the declared endpoints.

The venue dates a candle by its end, everybody else by its beginning. Its rows stay as they are; :func:`open_time_ms` tells when one began,
and every time that is given or asked for here is that of the beginning.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, get_args

from exchangeclient.bitmex.rest.market_data import MarketData
from exchangeclient.bitmex.times import iso, milliseconds
from exchangeclient.core.calling.dates import When, span
from exchangeclient.core.calling.paging import check_limit
from exchangeclient.core.http.jsonio import as_documented
from exchangeclient.core.process.clock import Clock
from exchangeclient.enums import BitmexBin, KlineInterval
from exchangeclient.exceptions import ExchangeRequestException

BIN_MS: Final[Mapping[str, int]] = {"1m": 60_000, "5m": 300_000, "1h": 3_600_000, "1d": 86_400_000}

_PAGE: Final = 500

Row = Mapping[str, Any]
RequestsParams = Mapping[str, Any] | None


def bin_of(interval: object) -> str:
    """The venue's word for an interval.

    :raises ValueError: for one that it does not have
    :raises TypeError: for what is no text
    """
    if not isinstance(interval, str):
        raise TypeError(f"interval must be a str, not {type(interval).__name__}")
    if interval not in BIN_MS:
        raise ValueError(f"interval must be one of {', '.join(get_args(BitmexBin))}; not {interval[:40]!r}")
    return interval


def open_time_ms(row: Row, interval: str) -> int:
    """When the candle of a row began.

    :raises LookupError: when the row does not say when it ended
    :raises ValueError: when that is no time
    """
    return milliseconds(row["timestamp"]) - BIN_MS[interval]


class History(MarketData):
    """Market data of any length. Pages cost the budget after everything else (priority ``archive``)."""

    clock: Clock

    def get_historical_klines(
        self,
        symbol: str,
        interval: KlineInterval | str,
        start_str: When | None = None,
        end_str: When | None = None,
        limit: int | None = None,
        *,
        closed_only: bool = False,
        requests_params: RequestsParams = None,
    ) -> list[dict[str, Any]]:
        """The candles of an instrument that open between two moments, oldest first, none twice; rows as :meth:`get_klines` gives them.

        Each is dated by its *end*, ``timestamp``; its beginning is one ``interval`` earlier
        (:func:`exchangeclient.bitmex.history.open_time_ms`).

        :param interval: ``1m``, ``5m``, ``1h`` or ``1d``, the four that the venue has
        :param start_str: ``"1 day ago UTC"``, ``"1 Jan, 2018"``, ISO, a date, milliseconds; left out it is the venue's first candle, and
            with a ``limit`` the candles are the newest so many
        :param end_str: the same, inclusive; now when left out
        :param limit: how many candles at most, from the start on; all when left out
        :param closed_only: True leaves the candle out that is still open
        :param requests_params: see :class:`~exchangeclient.bitmex.client.Client`
        :raises TypeError: for an argument of a wrong type, naming it, before anything is asked
        :raises ValueError: for an unknown interval, a date that cannot be read, an end before the start, or a limit below 1
        """
        length_ms = BIN_MS[bin_of(interval)]
        now_ms = self.clock.now_ms()
        start_ms, given_ms = span(start_str, end_str, now_ms)
        end_ms = now_ms if given_ms is None else given_ms
        check_limit(limit)
        options = {"partial": not closed_only, "requests_params": {"priority": "archive", **(requests_params or {})}}
        last_ms = end_ms // length_ms * length_ms + length_ms  # when the last candle ends
        if start_ms is None and limit is not None:
            return self._newest(symbol, interval, last_ms, limit, options)
        first_ms = None if start_ms is None else -(-start_ms // length_ms) * length_ms + length_ms
        return self._from(symbol, interval, first_ms, last_ms, limit, options)

    def _newest(self, symbol: str, interval: str, last_ms: int, limit: int, options: Mapping[str, Any]) -> list[dict[str, Any]]:
        """The newest ``limit`` that end at ``last_ms`` or before."""
        found: list[dict[str, Any]] = []
        while len(found) < limit:
            count = min(_PAGE, limit - len(found))
            page = self.get_klines(symbol, interval, count=count, reverse=True, endTime=iso(last_ms), **options)
            ended = _checked(page, last_ms=last_ms, down=True)
            found += page
            if len(page) < count:
                break
            last_ms = ended[-1] - BIN_MS[interval]
        found.reverse()
        return found

    def _from(  # noqa: PLR0917
        self, symbol: str, interval: str, first_ms: int | None, last_ms: int, limit: int | None, options: Mapping[str, Any]
    ) -> list[dict[str, Any]]:
        """Those that end between two moments, the first ``limit`` of them."""
        found: list[dict[str, Any]] = []
        while (first_ms is None or first_ms <= last_ms) and (limit is None or len(found) < limit):
            count = _PAGE if limit is None else min(_PAGE, limit - len(found))
            start = None if first_ms is None else iso(first_ms)
            page = self.get_klines(symbol, interval, count=count, startTime=start, endTime=iso(last_ms), **options)
            ended = _checked(page, first_ms=first_ms, last_ms=last_ms)
            found += page
            if len(page) < count:
                break
            first_ms = ended[-1] + BIN_MS[interval]
        return found


def _checked(page: list[dict[str, Any]], *, first_ms: int | None = None, last_ms: int, down: bool = False) -> list[int]:
    """When the candles of a page ended.

    :raises ExchangeRequestException: when they are out of order, or not where they were asked for: a cursor would go astray
    """
    with as_documented("get_klines"):
        ended = [milliseconds(row["timestamp"]) for row in page]
    if ended != sorted(set(ended), reverse=down) or any(each > last_ms or (first_ms is not None and each < first_ms) for each in ended):
        raise ExchangeRequestException("get_klines() gave rows out of order, or others than were asked for", sent="yes")
    return ended
