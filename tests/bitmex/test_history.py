from __future__ import annotations

from typing import Any

import pytest
import requests_mock

from exchangeclient.bitmex.client import Client
from exchangeclient.bitmex.history import open_time_ms
from exchangeclient.bitmex.times import iso, milliseconds
from exchangeclient.core.process.clock import FakeClock
from exchangeclient.exceptions import ExchangeRequestException

HOUR_MS = 3_600_000
BEGAN_MS = 1_600_000_000_000 // HOUR_MS * HOUR_MS
NOW_MS = BEGAN_MS + 1300 * HOUR_MS + 60_000


class Venue:
    """Has a candle of each hour, dated by its end, and gives them as the venue does: the oldest first when nothing else is said."""

    def __init__(self, mock: requests_mock.Mocker) -> None:
        self.client = Client(environment="https://bitmex.invalid", clock=FakeClock(NOW_MS))
        self.rows = [{"timestamp": iso(BEGAN_MS + n * HOUR_MS), "symbol": "XBTUSD", "close": n} for n in range(1, 1302)]
        self.asked: list[dict[str, str]] = []
        mock.get("/api/v1/trade/bucketed", json=self._answer)

    def _answer(self, request: Any, context: Any) -> Any:
        asked = {name: values[0] for name, values in request.qs.items()}
        self.asked.append(asked)
        first, last = asked.get("starttime", ""), asked.get("endtime", "9")
        rows = [row for row in self.rows if first <= row["timestamp"].lower() <= last]
        if asked.get("partial") != "true":
            rows = [row for row in rows if milliseconds(row["timestamp"]) <= NOW_MS]
        return (rows[::-1] if asked.get("reverse") == "true" else rows)[: int(asked["count"])]


@pytest.fixture
def venue() -> Any:
    with requests_mock.Mocker() as mock:
        yield Venue(mock)


def opened(rows: list[dict[str, Any]]) -> list[int]:
    """In hours since the first one."""
    return [(open_time_ms(row, "1h") - BEGAN_MS) // HOUR_MS for row in rows]


def test_a_candle_begins_one_interval_before_the_time_that_the_venue_gives_it() -> None:
    assert open_time_ms({"timestamp": "2024-11-25T10:31:00.000Z"}, "1m") == milliseconds("2024-11-25T10:30:00.000Z")
    assert open_time_ms({"timestamp": "2024-11-25T00:00:00.000Z"}, "1d") == milliseconds("2024-11-24T00:00:00.000Z")


def test_all_that_there_is_comes_page_by_page_without_a_gap(venue: Venue) -> None:
    rows = venue.client.get_historical_klines("XBTUSD", "1h")
    assert opened(rows) == list(range(1301)), "the running one is the last"
    assert [asked["count"] for asked in venue.asked] == ["500"] * 3
    assert opened(venue.client.get_historical_klines("XBTUSD", "1h", closed_only=True)) == list(range(1300))


@pytest.mark.parametrize(
    ("start", "end", "wanted"),
    [
        (100, 103, [100, 101, 102, 103]),
        (99.5, 103.5, [100, 101, 102, 103]),
        (100, 100, [100]),
        (1299, 2000, [1299, 1300]),
        (1301, 2000, []),
        (-5, 1, [0, 1]),
    ],
)
def test_both_ends_are_meant_by_when_candles_begin(venue: Venue, start: float, end: float, wanted: list[int]) -> None:
    at = [BEGAN_MS + round(hours * HOUR_MS) for hours in (start, end)]
    assert opened(venue.client.get_historical_klines("XBTUSD", "1h", at[0], at[1])) == wanted


def test_a_limit_is_from_the_start_on_or_of_the_newest(venue: Venue) -> None:
    ask = venue.client.get_historical_klines
    assert opened(ask("XBTUSD", "1h", BEGAN_MS + 10 * HOUR_MS, limit=3)) == [10, 11, 12]
    assert opened(ask("XBTUSD", "1h", BEGAN_MS, limit=700)) == list(range(700))
    assert opened(ask("XBTUSD", "1h", limit=3)) == [1298, 1299, 1300]
    assert opened(ask("XBTUSD", "1h", limit=3, end_str=BEGAN_MS + 10 * HOUR_MS)) == [8, 9, 10]
    assert opened(ask("XBTUSD", "1h", limit=1200)) == list(range(101, 1301))
    assert opened(ask("XBTUSD", "1h", limit=2, closed_only=True)) == [1298, 1299]


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"interval": "6h"}, ValueError),
        ({"interval": 7}, TypeError),
        ({"limit": 0}, ValueError),
        ({"limit": True}, TypeError),
        ({"start_str": "no date at all"}, ValueError),
        ({"start_str": 2, "end_str": 1}, ValueError),
    ],
)
def test_what_cannot_be_meant_is_refused_before_anything_is_asked(venue: Venue, arguments: dict[str, Any], error: type[Exception]) -> None:
    with pytest.raises(error):
        venue.client.get_historical_klines(**{"symbol": "XBTUSD", "interval": "1h", **arguments})
    assert venue.asked == []


@pytest.mark.parametrize(
    "page",
    [
        [{"timestamp": iso(BEGAN_MS + 2 * HOUR_MS)}, {"timestamp": iso(BEGAN_MS + HOUR_MS)}],
        [{"timestamp": iso(BEGAN_MS + HOUR_MS)}] * 2,
        [{"timestamp": iso(BEGAN_MS - HOUR_MS)}],
        [{"timestamp": "x"}],
        [{}],
    ],
)
def test_pages_that_would_lead_astray_are_refused(page: list[dict[str, Any]]) -> None:
    with requests_mock.Mocker() as mock:
        mock.get("/api/v1/trade/bucketed", json=page)
        client = Client(environment="https://bitmex.invalid", clock=FakeClock(NOW_MS))
        with pytest.raises(ExchangeRequestException, match="get_klines"):
            client.get_historical_klines("XBTUSD", "1h", BEGAN_MS)
