"""Candles of any length, read page by page over the declared endpoints: from the newest back, or the first so many of long ago."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any, Final

from exchangeclient.core.calling.dates import When, span
from exchangeclient.core.calling.paging import check_limit
from exchangeclient.core.http.jsonio import as_documented
from exchangeclient.core.process.clock import Clock
from exchangeclient.enums import KlineInterval
from exchangeclient.exceptions import ExchangeRequestException
from exchangeclient.okx.bars import MONTH, bar_of, length_ms
from exchangeclient.okx.rest.market_data import MarketData

_NEWEST_PAGE: Final = 300
_PAST_PAGE: Final = 100  # documents name 100 and 300; fewer rows than were asked for say nothing here, only an empty page does
_CLOSED: Final = "1"
_NEWEST: Final = 1_000  # of the 1440 newest ones, in which no closed one is missing
_LONGER: Final = (("1Dutc", 86_400_000), ("1H", 3_600_000), ("1m", 60_000))
_SHORTEST_MONTH_MS: Final = 28 * 86_400_000
_LONGEST_MONTH_MS: Final = 31 * 86_400_000

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

        The venue gives them from the newest back: 300 at a time of the newest 1440, 100 of those before. With a start of long ago and a
        ``limit`` no more is read than that, and a page or two of months, which tell where there are any.

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
        start_ms, end_ms = span(start_str, end_str, now_ms)
        check_limit(limit)
        asked = {"priority": "archive", **(requests_params or {})}
        width_ms = length_ms(bar)
        last_ms = now_ms if end_ms is None else min(end_ms, now_ms)
        if start_ms is not None and limit is not None and width_ms is not None and last_ms - start_ms > (limit + _NEWEST) * width_ms:
            rows = self._forwards(instId, bar, width_ms, (start_ms, last_ms), asked)
            return list(islice((row for row in rows if not closed_only or row[-1] == _CLOSED), limit))
        found: Page = []
        wanted = limit if start_ms is None else None
        for row in self._backwards(instId, bar, end_ms, asked):
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
            opened = _opened(page, cursor)
            yield from page
            if opened:
                cursor = opened[-1]
            elif pages == self.get_klines:
                pages, size = self.get_past_klines, _PAST_PAGE
            else:
                return

    def _forwards(self, inst_id: str, bar: str, width_ms: int, span_ms: tuple[int, int], asked: RequestsParams) -> Iterator[list[str]]:
        """The rows between two moments from the oldest on, as far as they are wanted."""
        at_ms, last_ms = span_ms
        months = self._months(inst_id, at_ms, last_ms, asked)
        while at_ms <= last_ms:
            index = bisect_right(months, at_ms)
            if not index or at_ms - months[index - 1] > _LONGEST_MONTH_MS:  # nothing was traded then
                if index == len(months):
                    return
                at_ms = max(at_ms, months[index] - width_ms)  # one that opens before a month may be of its first trades
            until_ms = at_ms + _PAST_PAGE * width_ms
            rows = self._window(inst_id, bar, (at_ms, min(until_ms, last_ms + 1)), width_ms, asked)
            yield from rows
            at_ms = until_ms if rows else self._next_traded(inst_id, until_ms, width_ms, last_ms, asked)

    def _next_traded(self, inst_id: str, at_ms: int, width_ms: int, last_ms: int, asked: RequestsParams) -> int:
        """Before when there are no candles from a moment on: longer ones tell, a page of each, of which one may open a while before."""
        for longer, longer_ms in _LONGER:
            if longer_ms <= width_ms or at_ms > last_ms:
                break
            start_ms = at_ms // longer_ms * longer_ms
            end_ms = start_ms + _PAST_PAGE * longer_ms
            rows = self._window(inst_id, longer, (start_ms, min(end_ms, last_ms + 1)), longer_ms, asked)
            if not rows:
                return max(at_ms, end_ms - width_ms)
            at_ms = max(at_ms, int(rows[0][0]) - width_ms)
        return at_ms

    def _months(self, inst_id: str, start_ms: int, last_ms: int, asked: RequestsParams) -> list[int]:
        """When the months begin in which there are candles, the oldest first."""
        found: list[int] = []
        for row in self._backwards(inst_id, MONTH, last_ms, asked):
            found.append(int(row[0]))
            if found[-1] <= start_ms:
                break
        return found[::-1]

    def _window(self, inst_id: str, bar: str, window_ms: tuple[int, int], width_ms: int, asked: RequestsParams) -> Page:
        """The rows that open from one moment on and before another, no more than a page of them, the oldest first."""
        start_ms, cursor = window_ms
        is_new = cursor > self.clock.now_ms() - _NEWEST * width_ms
        pages = self.get_klines if is_new else self.get_past_klines
        options: dict[str, Any] = {"requests_params": asked}
        found: Page = []
        while page := pages(inst_id, bar, after=cursor, before=_just_before(start_ms), limit=_PAST_PAGE, **options):
            opened = _opened(page, cursor)
            if opened[-1] < start_ms:
                raise ExchangeRequestException(f"get_klines() gave rows that are not after {start_ms}", sent="yes")
            found += page
            cursor = opened[-1]
            if cursor - start_ms < width_ms:
                break
        return found[::-1]


def candles_between(client: History, inst_id: str, bar: str, span_ms: tuple[int, int], requests_params: RequestsParams) -> Page:
    """The candles that open from one moment on and before another, a hundred bars at most, oldest first.

    For :mod:`exchangeclient.archive`, as is :func:`newest_candles`.
    """
    return client._window(inst_id, bar, span_ms, length_ms(bar) or _SHORTEST_MONTH_MS, requests_params)


def newest_candles(client: History, inst_id: str, bar: str, span_ms: tuple[int, int], requests_params: RequestsParams) -> Page:
    """Some of the candles that open from one moment on and before another, newest first; none only when there is none.

    A candle that has been closed a moment ago may be there still as one that is open.
    """
    start_ms, end_ms = span_ms
    old_ms = client.clock.now_ms() - _NEWEST * (length_ms(bar) or _SHORTEST_MONTH_MS)
    options: dict[str, Any] = {"after": end_ms, "before": _just_before(start_ms), "limit": _PAST_PAGE, "requests_params": requests_params}
    page = client.get_klines(inst_id, bar, **options) if end_ms > old_ms else []
    if not page and start_ms <= old_ms:
        page = client.get_past_klines(inst_id, bar, **options)
    return page


def _just_before(start_ms: int) -> int | None:
    """The mark after which a moment is the first: the venue leaves out what it is told. There is none before the first of all."""
    return start_ms - 1 if start_ms > 0 else None


def _opened(page: Page, cursor: int | None) -> list[int]:
    """When the candles of a page open.

    :raises ExchangeRequestException: when they do not come from the newest back, and before the cursor
    """
    with as_documented("get_klines"):
        opened = [int(row[0]) for row in page]
    if opened != sorted(set(opened), reverse=True) or (cursor is not None and opened and opened[0] >= cursor):
        raise ExchangeRequestException(f"get_klines() gave rows out of order, or not before {cursor}", sent="yes")
    return opened
