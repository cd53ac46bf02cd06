"""Candles of any length, read page by page over the declared endpoints, from the newest back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from exchangeclient.core.clock import Clock
from exchangeclient.core.dates import When, milliseconds
from exchangeclient.core.jsonio import as_documented
from exchangeclient.enums import KlineInterval
from exchangeclient.exceptions import ExchangeRequestException
from exchangeclient.okx.bars import bar_of
from exchangeclient.okx.rest.market_data import MarketData

_NEWEST_PAGE: Final = 300
_PAST_PAGE: Final = 100  # documents name 100 and 300; fewer rows than were asked for say nothing here, only an empty page does
_CLOSED: Final = "1"

Page = list[list[str]]
RequestsParams = Mapping[str, Any] | None


class History(MarketData):
    """Market data of any length. Pages cost the budget after everything else (priority ``archive``)."""

    clock: Clock

    def get_historical_klines(
        self,
        instId: str,
        interval: KlineInterval | str,
        start_str: When | None = None,
        end_str: When | None = None,
        limit: int | None = None,
        *,
        closed_only: bool = False,
        requests_params: RequestsParams = None,
    ) -> Page:
        """The candles of an instrument that open between two moments, oldest first, none twice; rows as :meth:`get_klines` gives them.

        The venue gives them from the newest back: 300 at a time of the newest 1440, 100 of those before.

        :param interval: a ``KLINE_INTERVAL_*``, whose candles begin by UTC, or a bar of the venue's such as ``1D``, by Hong Kong's clock
        :param start_str: ``"1 day ago UTC"``, ``"1 Jan, 2018"``, ISO, a date, milliseconds; left out it is the venue's first candle, and
            with a ``limit`` the candles are the newest so many
        :param end_str: the same, inclusive; now when left out
        :param limit: how many candles at most, from the start on; all when left out
        :param closed_only: True leaves the candle out that is still open
        :param requests_params: see :class:`~exchangeclient.okx.client.Client`
        :raises TypeError: for an argument of a wrong type, naming it, before anything is asked
        :raises ValueError: for an unknown interval, a date that cannot be read, an end before the start, or a limit below 1
        """
        bar = bar_of(interval)
        now_ms = self.clock.now_ms()
        start_ms = None if start_str is None else milliseconds(start_str, now_ms, "start_str")
        end_ms = None if end_str is None else milliseconds(end_str, now_ms, "end_str")
        if limit is not None and (isinstance(limit, bool) or not isinstance(limit, int)):
            raise TypeError(f"limit must be an int, not {type(limit).__name__}")
        if limit is not None and limit < 1:
            raise ValueError(f"limit must be above zero, not {limit}")
        if start_ms is not None and end_ms is not None and end_ms < start_ms:
            raise ValueError("end_str must not be before start_str")
        found: Page = []
        wanted = limit if start_ms is None else None
        for row in self._backwards(instId, bar, end_ms, {"priority": "archive", **(requests_params or {})}):
            with as_documented("get_klines"):
                if start_ms is not None and int(row[0]) < start_ms:
                    break
                if closed_only and row[-1] != _CLOSED:
                    continue
            found.append(row)
            if wanted is not None and len(found) >= wanted:
                break
        found.reverse()
        return found[:limit]

    def _backwards(self, inst_id: str, bar: str, end_ms: int | None, requests_params: RequestsParams) -> Iterator[list[str]]:
        """The rows from the newest on, each once."""
        cursor = None if end_ms is None else end_ms + 1  # what opens at the end is wanted, too
        options: dict[str, Any] = {"requests_params": requests_params}
        pages, size = self.get_klines, _NEWEST_PAGE
        while True:
            page = pages(inst_id, bar, after=cursor, limit=size, **options)
            with as_documented("get_klines"):
                opened = [int(row[0]) for row in page]
                in_order = opened == sorted(set(opened), reverse=True) and (cursor is None or not opened or opened[0] < cursor)
            if not in_order:
                raise ExchangeRequestException(f"get_klines() gave rows out of order, or not before {cursor}", sent="yes")
            yield from page
            if opened:
                cursor = opened[-1]
            elif pages == self.get_klines:
                pages, size = self.get_past_klines, _PAST_PAGE
            else:
                return
