from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
import requests_mock

from exchangeclient.core.process.clock import FakeClock
from exchangeclient.exceptions import ExchangeRequestException
from exchangeclient.okx.bars import BY_INTERVAL, MONTH, bar_of, length_ms
from exchangeclient.okx.client import Client
from exchangeclient.sandbox import Sandbox

MINUTE_MS = 60_000
NOW_MS = 1_700_000_000_000 // MINUTE_MS * MINUTE_MS
NEWEST, FIRST = NOW_MS, NOW_MS - 1_999 * MINUTE_MS


class Venue:
    """Two thousand minutes of candles: 1440 of them the newest, 300 to a page, the rest 100 to a page whatever is asked for."""

    def __init__(self, mock: requests_mock.Mocker) -> None:
        self.client = Client(environment="https://okx.invalid", clock=FakeClock(NOW_MS))
        self.pages: list[tuple[str, int]] = []
        self.untraded: set[int] = set()
        self.shortest = 300
        mock.get("/api/v5/market/candles", json=self._newest)
        mock.get("/api/v5/market/history-candles", json=self._past)

    def _newest(self, request: Any, _: Any) -> Any:
        return self._page("candles", request, max(FIRST, NEWEST - 1_439 * MINUTE_MS), NEWEST, 300)

    def _past(self, request: Any, _: Any) -> Any:
        return self._page("history-candles", request, FIRST, NEWEST - 2 * MINUTE_MS, 100)

    def _page(self, name: str, request: Any, oldest_ms: int, newest_ms: int, most: int) -> Any:
        after, before = int(request.qs.get("after", [newest_ms + 1])[0]), int(request.qs.get("before", [0])[0])
        bar = request.url.partition("bar=")[2].partition("&")[0]  # qs has it in small letters
        if bar != "1m":
            begins = {_begin(bar, at_ms) for at_ms in range(FIRST, NEWEST + 1, MINUTE_MS) if at_ms not in self.untraded}
            longer = [[str(at_ms), *"12345678"] for at_ms in sorted(begins, reverse=True) if before < at_ms < after][:most]
            self.pages.append((bar, len(longer)))
            return {"code": "0", "msg": "", "data": longer}
        limit = min(int(request.qs["limit"][0]), most, self.shortest)
        rows = []
        for at_ms in range(newest_ms, oldest_ms - 1, -MINUTE_MS):
            if before < at_ms < after and at_ms not in self.untraded and len(rows) < limit:
                rows.append([str(at_ms), "1", "2", "0.5", "1.5", "10", "20", "30", "0" if at_ms == NEWEST else "1"])
        self.pages.append((name, len(rows)))
        return {"code": "0", "msg": "", "data": rows}


def _begin(bar: str, at_ms: int) -> int:
    width_ms = length_ms(bar)
    return 1_698_796_800_000 if width_ms is None else at_ms // width_ms * width_ms  # the first of November 2023


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


@pytest.mark.parametrize("start_ms", [0, 1_400_000_000_000, FIRST - 1])
def test_the_first_candles_since_long_ago_cost_no_more_than_they_are(venue: Venue, start_ms: int) -> None:
    rows = venue.client.get_historical_klines("BTC-USDT", "1m", start_ms, limit=150)
    assert opens(rows) == list(range(FIRST, FIRST + 150 * MINUTE_MS, MINUTE_MS))
    assert len(venue.pages) <= 12, "months, a page of each longer bar, and the candles"


def test_the_first_candles_since_some_day_are_read_from_there_on(venue: Venue) -> None:
    start_ms = FIRST + 50 * MINUTE_MS
    rows = venue.client.get_historical_klines("BTC-USDT", "1m", start_ms, limit=150)
    assert opens(rows) == list(range(start_ms, start_ms + 150 * MINUTE_MS, MINUTE_MS))
    assert venue.pages == [("1Mutc", 1), ("history-candles", 100), ("history-candles", 100)]


def test_gaps_and_short_pages_lose_no_candle(venue: Venue) -> None:
    venue.untraded = {FIRST + n * MINUTE_MS for n in (0, 1, 2, 60, 99, 100, 101, *range(180, 420))}
    venue.shortest = 40
    start_ms = FIRST - 10 * MINUTE_MS
    rows = venue.client.get_historical_klines("BTC-USDT", "1m", start_ms, limit=300)
    traded = [at_ms for at_ms in range(FIRST, NEWEST + 1, MINUTE_MS) if at_ms not in venue.untraded]
    assert opens(rows) == traded[:300]


def test_the_first_candles_may_reach_the_newest_and_end_where_they_are_to(venue: Venue) -> None:
    start_ms = FIRST + 400 * MINUTE_MS
    rows = venue.client.get_historical_klines("BTC-USDT", "1m", start_ms, start_ms + 1_200 * MINUTE_MS, limit=190)
    assert len(rows) == 190
    rows = venue.client.get_historical_klines("BTC-USDT", "1m", FIRST, FIRST + 1_050 * MINUTE_MS, limit=40)
    assert opens(rows) == list(range(FIRST, FIRST + 40 * MINUTE_MS, MINUTE_MS))
    assert venue.client.get_historical_klines("BTC-USDT", "1m", 0, 1_400_000_000_000, limit=5) == []


@pytest.mark.parametrize("bar", ["6H", "12H", "3D", "1H"])
def test_a_long_candle_that_opens_before_the_day_of_its_first_trade_is_not_lost(bar: str) -> None:
    """Hong Kong's candles and those of several days open in days, and months, in which nothing was traded yet."""
    width_ms, day_ms = length_ms(bar) or 0, 86_400_000
    first_ms = 1_517_443_200_000 + MINUTE_MS  # the first of February 2018 by UTC
    later_ms = first_ms + 500 * day_ms
    traded = [*range(first_ms, first_ms + 3 * day_ms, 30 * MINUTE_MS), *range(later_ms, later_ms + 9 * day_ms, 30 * MINUTE_MS)]

    def candles(request: Any, _: Any) -> Any:
        asked = request.url.partition("bar=")[2].partition("&")[0]
        after, before = int(request.qs.get("after", [NOW_MS])[0]), int(request.qs.get("before", [0])[0])
        opened = sorted({_opens(asked, at_ms) for at_ms in traded}, reverse=True)
        return {"code": "0", "msg": "", "data": [[str(at_ms), *"1234567", "1"] for at_ms in opened if before < at_ms < after][:100]}

    with requests_mock.Mocker() as mock:
        mock.get(requests_mock.ANY, json=candles)
        client = Client(environment="https://okx.invalid", clock=FakeClock(NOW_MS))
        every = client.get_historical_klines("BTC-USDT", bar)
        assert len(every) > 3
        assert every[0][0] == str(_opens(bar, first_ms))
        start_ms = min(NOW_MS - 1_100 * width_ms, 1_420_000_000_000)
        assert client.get_historical_klines("BTC-USDT", bar, start_ms, limit=len(every) // 2 + 2) == every[: len(every) // 2 + 2]


def _opens(bar: str, at_ms: int) -> int:
    """When the candle opens in which something is traded: by Hong Kong's clock, unless it is short or says otherwise."""
    if bar == MONTH:
        day = datetime.fromtimestamp(at_ms // 1000, UTC).replace(day=1, hour=0, minute=0, second=0)
        return int(day.timestamp()) * 1000
    shift_ms, width_ms = 0 if bar.endswith("utc") or bar in ("1m", "1H") else 8 * 3_600_000, length_ms(bar) or 0
    return (at_ms + shift_ms) // width_ms * width_ms - shift_ms


def test_bars_have_their_lengths() -> None:
    assert [length_ms(bar_of(bar)) for bar in ("1s", "1m", "4h", "1d", "3D", "2Dutc", "1w", "1M", "3M")] == [
        1_000, 60_000, 14_400_000, 86_400_000, 259_200_000, 172_800_000, 604_800_000, None, None,
    ]  # fmt: skip


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


def test_the_first_candles_since_long_ago_are_those_that_all_of_them_begin_with_at_the_embedded_exchange() -> None:
    with Sandbox(seed=7) as exchange, Client(environment=exchange.urls["okx"]) as client:
        for name in ("BTC-USDT", "BTC-USDT-SWAP"):
            every = client.get_historical_klines(name, "1h")
            assert client.get_historical_klines(name, "1h", 0, limit=30) == every[:30]
            later_ms = int(every[len(every) // 2][0])
            assert opens(client.get_historical_klines(name, "1h", later_ms, limit=5)) == opens(every)[len(every) // 2 :][:5]
