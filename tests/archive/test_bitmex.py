from __future__ import annotations

import itertools
import pickle
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests_mock

from exchangeclient.archive import Archive
from exchangeclient.archive.bitmex import BitmexSource
from exchangeclient.archive.figures import wrong
from exchangeclient.archive.series import TRADES, Series
from exchangeclient.archive.sources import source_of
from exchangeclient.bitmex.client import Client
from exchangeclient.bitmex.times import iso
from exchangeclient.exceptions import ExchangeRequestException, UnknownSymbolException, UnsupportedException
from exchangeclient.sandbox import Sandbox

HOUR = 3_600_000
T = 1_600_000_000_000 // HOUR * HOUR
HOURS = Series("bitmex", "XBTUSD", "1h")
ROW: dict[str, Any] = {
    "timestamp": iso(T + HOUR), "symbol": "XBTUSD", "open": 5800.5, "high": 5810, "low": 5790, "close": 5795, "trades": 7,
    "volume": 1200, "homeNotional": 0.207, "foreignNotional": 1200,
}  # fmt: skip


@pytest.fixture
def venue() -> Iterator[requests_mock.Mocker]:
    with requests_mock.Mocker() as mocker:
        yield mocker


@pytest.fixture
def source() -> BitmexSource:
    return BitmexSource(Client(environment="https://bitmex.invalid"), venue="bitmex")


def test_candles_are_dated_by_their_beginning_and_asked_for_by_their_end(venue: requests_mock.Mocker, source: BitmexSource) -> None:
    asked = venue.get("/api/v1/trade/bucketed", json=[ROW])
    came = source.rows(HOURS, T, T + 5 * HOUR)
    assert asked.last_request is not None
    assert asked.last_request.qs == {
        "symbol": ["xbtusd"], "binsize": ["1h"], "count": ["5"],
        "starttime": [iso(T + HOUR).lower()], "endtime": [iso(T + 5 * HOUR).lower()],
    }  # fmt: skip
    wanted = (T, "5800.5", "5810", "5790", "5795", "0.207", T + HOUR - 1, "1200", 7, None, None)
    assert pickle.loads(pickle.dumps(came)).read() == came.read() == [wanted]
    assert came.count == 1
    assert wrong(HOURS, came.read()) is None
    assert source.first(HOURS, T, T + 5 * HOUR) == T
    assert source.first(HOURS, T, T) is None


def test_a_candle_that_opens_outside_of_its_prices_or_has_none_makes_sense_all_the_same(
    venue: requests_mock.Mocker, source: BitmexSource
) -> None:
    venue.get("/api/v1/trade/bucketed", json=[{**ROW, "open": 5820}, {**ROW, "timestamp": iso(T + 2 * HOUR), "high": None, "low": None,
              "open": 5795, "trades": 0, "homeNotional": None, "foreignNotional": None}])  # fmt: skip
    rows = source.rows(HOURS, T, T + 2 * HOUR).read()
    assert [row[1:6] for row in rows] == [
        ("5820", "5820", "5790", "5795", "0.207"),
        ("5795", "5795", "5795", "5795", "0"),
    ]
    assert wrong(HOURS, rows) is None


@pytest.mark.parametrize("odd", [{}, {**ROW, "timestamp": "x"}, {**ROW, "close": "NaN"}, {**ROW, "trades": "many"}, {**ROW, "open": None}])
def test_candles_of_another_form_are_refused(odd: Any, venue: requests_mock.Mocker, source: BitmexSource) -> None:
    venue.get("/api/v1/trade/bucketed", json=[odd])
    with pytest.raises(ExchangeRequestException):
        source.rows(HOURS, T, T + HOUR).read()


def test_what_the_venue_does_not_have_is_refused(source: BitmexSource) -> None:
    with pytest.raises(UnsupportedException):
        source.end(Series("bitmex", "XBTUSD", TRADES), T)
    with pytest.raises(ValueError, match="interval"):
        source.end(Series("bitmex", "XBTUSD", "6h"), T)


@pytest.mark.parametrize(("rows", "ended"), [([], True), ([{"symbol": "XBTUSD", "state": "Settled"}], True),
                                            ([{"symbol": "XBTUSD", "state": "Open"}], False)])  # fmt: skip
def test_a_contract_that_is_settled_or_not_listed_has_ended(
    rows: list[Any], ended: bool, venue: requests_mock.Mocker, source: BitmexSource
) -> None:
    venue.get("/api/v1/instrument", json=rows)
    assert source.has_ended(HOURS) is ended


def test_a_symbol_that_was_never_listed_is_an_error_and_no_series_without_candles(
    venue: requests_mock.Mocker, source: BitmexSource
) -> None:
    venue.get("/api/v1/trade/bucketed", json=[])
    listed = venue.get("/api/v1/instrument", json=[{"symbol": "XBTUSD", "state": "Open"}])
    assert [source.rows(HOURS, T, T + 5 * HOUR).count for _ in range(2)] == [0, 0]
    assert listed.call_count == 1
    venue.get("/api/v1/instrument", json=[])
    with pytest.raises(UnknownSymbolException, match="XBTUDS"):
        source.rows(Series("bitmex", "XBTUDS", "1h"), T, T + 5 * HOUR)


def test_venues_are_named_by_their_address() -> None:
    names = [BitmexSource.name_of(Client(environment=each)) for each in (None, "testnet", "local")]
    assert names == ["bitmex", "bitmex-testnet", "bitmex@127.0.0.1:8767"]
    assert source_of(Client(environment="local"), venue="mine").venue == "mine"


def test_an_archive_is_filled_and_goes_on(tmp_path: Path) -> None:
    with Sandbox(seed=7) as exchange, Client(environment=exchange.urls["bitmex"]) as client, Archive(tmp_path / "archive") as archive:
        (outcome,) = archive.sync(client, "XBTUSD", "1h", start="25 days ago UTC", share=1.0)
        rows = list(archive.rows("XBTUSD", "1h"))
        assert outcome.error is None
        assert len(rows) == outcome.rows > 580, "more than a page"
        assert all(after[0] - before[0] == HOUR for before, after in itertools.pairwise(rows))
        told = client.get_historical_klines("XBTUSD", "1h", rows[0][0], limit=1)
        assert float(rows[0][4]) == told[0]["close"]
        assert archive.gaps() == []
        (again,) = archive.sync(client, "XBTUSD", "1h", share=1.0)
        assert (again.rows, again.revisions) == (0, [])
        assert [remark for remark in archive.verify() if remark.is_wrong] == []
        with pytest.raises(UnknownSymbolException, match="XBTUDS"):
            archive.sync(client, "XBTUDS", "1h", start="2 days ago UTC")


@pytest.mark.parametrize("symbol", ["XBTUSD", "XBTUSDT"])
def test_minutes_add_up_to_hours_and_days(symbol: str, tmp_path: Path) -> None:
    with Sandbox(seed=7, start="2023-11-14T21:58", speed=0, step=60) as exchange:
        exchange.advance(hours=5)
        with Client(environment=exchange.urls["bitmex"]) as client, Archive(tmp_path / "archive") as archive:
            archive.sync(client, symbol, "1m", start="2023-11-14T22:00", share=1.0)
            archive.sync(client, symbol, ["5m", "1h", "1d"], start="2023-11-10", share=1.0)
            assert [kept.rows > 0 for kept in archive.series()] == [True] * 4
            assert [str(remark) for remark in archive.verify() if remark.is_wrong] == []
            assert [str(remark) for remark in archive.verify(client=client, against="1d") if remark.is_wrong] == []
