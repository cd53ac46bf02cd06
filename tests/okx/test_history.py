from __future__ import annotations

from typing import Any

import pytest
import requests_mock

from exchangeclient.core.clock import FakeClock
from exchangeclient.exceptions import ExchangeRequestException
from exchangeclient.okx.bars import BY_INTERVAL, bar_of
from exchangeclient.okx.client import Client

MINUTE_MS = 60_000
NOW_MS = 1_700_000_000_000 // MINUTE_MS * MINUTE_MS
NEWEST, FIRST = NOW_MS, NOW_MS - 1_999 * MINUTE_MS


class Venue:
    """Two thousand minutes of candles: 1440 of them the newest, 300 to a page, the rest 100 to a page whatever is asked for."""

    def __init__(self, mock: requests_mock.Mocker) -> None:
        self.client = Client(environment="https://okx.invalid", clock=FakeClock(NOW_MS))
        self.pages: list[tuple[str, int]] = []
        mock.get("/api/v5/market/candles", json=self._newest)
        mock.get("/api/v5/market/history-candles", json=self._past)

    def _newest(self, request: Any, _: Any) -> Any:
        return self._page("candles", request, max(FIRST, NEWEST - 1_439 * MINUTE_MS), NEWEST, 300)

    def _past(self, request: Any, _: Any) -> Any:
        return self._page("history-candles", request, FIRST, NEWEST - 2 * MINUTE_MS, 100)

    def _page(self, name: str, request: Any, oldest_ms: int, newest_ms: int, most: int) -> Any:
        after = int(request.qs.get("after", [newest_ms + 1])[0])
        limit = min(int(request.qs["limit"][0]), most)
        rows = []
        for at_ms in range(newest_ms, oldest_ms - 1, -MINUTE_MS):
            if at_ms < after and len(rows) < limit:
                rows.append([str(at_ms), "1", "2", "0.5", "1.5", "10", "20", "30", "0" if at_ms == NEWEST else "1"])
        self.pages.append((name, len(rows)))
        return {"code": "0", "msg": "", "data": rows}


@pytest.fixture
def venue() -> Any:
    with requests_mock.Mocker() as mock:
        yield Venue(mock)


def opens(rows: list[list[str]]) -> list[int]:
    return [int(row[0]) for row in rows]


def test_candles_of_any_length_come_oldest_first_and_each_once(venue: Venue) -> None:
    rows = venue.client.get_historical_klines("BTC-USDT", "1m")
    assert opens(rows) == list(range(FIRST, NEWEST + 1, MINUTE_MS))
    assert {name for name, _ in venue.pages} == {"candles", "history-candles"}


def test_a_start_an_end_and_a_limit_are_kept_to(venue: Venue) -> None:
    start_ms = NEWEST - 1_500 * MINUTE_MS
    rows = venue.client.get_historical_klines("BTC-USDT", "1m", start_ms, start_ms + 10 * MINUTE_MS)
    assert opens(rows) == list(range(start_ms, start_ms + 11 * MINUTE_MS, MINUTE_MS)), "both ends belong to it"
    first = venue.client.get_historical_klines("BTC-USDT", "1m", start_ms, limit=5)
    assert opens(first) == list(range(start_ms, start_ms + 5 * MINUTE_MS, MINUTE_MS))
    newest = venue.client.get_historical_klines("BTC-USDT", "1m", limit=5)
    assert opens(newest)[-1] == NEWEST
    assert len(newest) == 5
    assert opens(venue.client.get_historical_klines("BTC-USDT", "1m", limit=5, closed_only=True))[-1] == NEWEST - MINUTE_MS


def test_what_is_short_is_asked_for_shortly(venue: Venue) -> None:
    venue.client.get_historical_klines("BTC-USDT", "1m", "5 minutes ago UTC")
    assert venue.pages == [("candles", 300)]


@pytest.mark.parametrize("rows", [[["2"], ["3"]], [["x"]], [["3"], ["3"]], [1]])
def test_pages_that_go_back_or_cannot_be_read_are_said_to_be_none(rows: list[Any]) -> None:
    with requests_mock.Mocker() as mock:
        mock.get("/api/v5/market/candles", json={"code": "0", "msg": "", "data": rows})
        with pytest.raises(ExchangeRequestException, match="get_klines"):
            Client(environment="https://okx.invalid").get_historical_klines("BTC-USDT", "1m")


@pytest.mark.parametrize(
    ("arguments", "error", "named"),
    [
        ({"interval": "8h"}, ValueError, "interval"), ({"interval": 5}, TypeError, "interval"),
        ({"interval": "1m", "limit": 0}, ValueError, "limit"), ({"interval": "1m", "limit": "9"}, TypeError, "limit"),
        ({"interval": "1m", "start_str": "when?"}, ValueError, "start_str"),
        ({"interval": "1m", "start_str": 2_000_000_000_000, "end_str": 1_500_000_000_000}, ValueError, "end_str"),
    ],
)  # fmt: skip
def test_what_cannot_be_meant_is_refused_before_anything_is_asked(
    venue: Venue, arguments: dict[str, Any], error: type[Exception], named: str
) -> None:
    with pytest.raises(error, match=named):
        venue.client.get_historical_klines("BTC-USDT", **arguments)
    assert venue.pages == []


def test_intervals_begin_by_utc_and_the_venues_own_bars_are_taken_as_they_are() -> None:
    assert {interval: bar_of(interval) for interval in ("1m", "1h", "6h", "1d", "1w", "1M")} == {
        "1m": "1m", "1h": "1H", "6h": "6Hutc", "1d": "1Dutc", "1w": "1Wutc", "1M": "1Mutc",
    }  # fmt: skip
    assert all(bar_of(bar) in (bar, BY_INTERVAL.get(bar)) for bar in ("1D", "1Dutc", "2D", "3M"))
