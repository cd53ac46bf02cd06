from __future__ import annotations

import json
import pickle
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests_mock

from exchangeclient.archive.binance import BinanceSource
from exchangeclient.archive.clientsource import reached
from exchangeclient.archive.series import TRADES, Series
from exchangeclient.client import Client
from exchangeclient.exceptions import ExchangeRequestException

URL = "https://api.binance.com"
MINUTES = Series("binance", "ETHBTC", "1m")
T = 1_700_000_040_000
ROW: list[Any] = [T, "1.1", "2.0", "1.0", "1.5", "3.0", T + 59_999, "4.5", 7, "1.0", "1.5", "0"]
NEXT: list[Any] = [T + 60_000, *ROW[1:6], T + 119_999, *ROW[7:]]


@pytest.fixture
def venue() -> Iterator[requests_mock.Mocker]:
    with requests_mock.Mocker() as mocker:
        yield mocker


@pytest.fixture
def source(venue: requests_mock.Mocker) -> BinanceSource:
    client = Client()
    assert client.session is not None  # so that it is asked over requests, and the mock answers
    return BinanceSource(client, share=0.25)


def test_candles_are_asked_for_in_their_range_and_read_exactly(venue: requests_mock.Mocker, source: BinanceSource) -> None:
    asked = venue.get(f"{URL}/api/v3/klines", text=json.dumps([ROW, NEXT]))
    came = source.rows(MINUTES, T, T + 5 * 60_000)
    assert asked.last_request is not None
    assert asked.last_request.qs == {
        "symbol": ["ethbtc"], "interval": ["1m"], "starttime": [str(T)], "endtime": [str(T + 299_999)], "limit": ["5"],
    }  # fmt: skip
    assert pickle.loads(pickle.dumps(came)).read() == came.read() == [tuple(ROW[:11]), tuple(NEXT[:11])]
    assert came.count == 2


def test_no_candles_are_none(venue: requests_mock.Mocker, source: BinanceSource) -> None:
    venue.get(f"{URL}/api/v3/klines", text="[]")
    came = source.rows(MINUTES, T, T + 60_000)
    assert (came.count, came.read(), source.first(MINUTES, T, T + 60_000)) == (0, [], None)


def test_microseconds_are_read_as_milliseconds(venue: requests_mock.Mocker, source: BinanceSource) -> None:
    micro = [T * 1000, *ROW[1:6], (T + 59_999) * 1000 + 999, *ROW[7:]]
    venue.get(f"{URL}/api/v3/klines", text=json.dumps([micro]))
    assert source.rows(MINUTES, T, T + 60_000).read() == [tuple(ROW[:11])]


def changed(column: int, value: Any) -> list[Any]:
    return [*ROW[:column], value, *ROW[column + 1 :]]


@pytest.mark.parametrize(
    "text",
    [
        '{"code": 0}', "[[1]]", "[1]", "[", '["x"]', "null",
        json.dumps([changed(1, 1.1)]), json.dumps([changed(1, "1e-7")]), json.dumps([changed(1, "-1")]), json.dumps([changed(1, None)]),
        json.dumps([changed(0, "x")]), json.dumps([changed(1, "1,1")]), json.dumps([changed(1, "[")]), json.dumps([ROW[:11]]),
        json.dumps([[*ROW, "0"]]), json.dumps([changed(0, T * 1.0)]),
        json.dumps([changed(11, f"0],[{'1,' * 11}1")]),  # one that looks like two
    ],
)  # fmt: skip
def test_candles_of_another_form_are_refused(text: str, venue: requests_mock.Mocker, source: BinanceSource) -> None:
    venue.get(f"{URL}/api/v3/klines", text=text)
    with pytest.raises(ExchangeRequestException):
        source.rows(MINUTES, T, T + 60_000).read()


TRADE = {"a": 7, "p": "1.5", "q": "0.1", "f": 14, "l": 15, "T": T, "m": True, "M": True}


def test_trades_are_asked_for_by_number_and_cut_at_the_end_of_the_range(venue: requests_mock.Mocker, source: BinanceSource) -> None:
    trades = Series("binance", "ETHBTC", TRADES)
    asked = venue.get(f"{URL}/api/v3/aggTrades", json=[TRADE, TRADE | {"a": 8}, TRADE | {"a": 9}])
    assert [row[0] for row in source.rows(trades, 7, 9).read()] == [7, 8]
    assert asked.last_request is not None
    assert asked.last_request.qs == {"symbol": ["ethbtc"], "fromid": ["7"], "limit": ["2"]}
    assert source.end(trades, T) == 10
    assert source.mark_at(trades, T) == 7
    venue.get(f"{URL}/api/v3/aggTrades", json=[])
    assert (source.end(trades, T), source.mark_at(trades, T), source.first(trades, 7, 9)) == (0, None, None)


@pytest.mark.parametrize("answer", [[{}], [1], {"a": 1}, [TRADE | {"p": 1.5}], [TRADE | {"T": None}]])
def test_trades_of_another_form_are_refused(answer: Any, venue: requests_mock.Mocker, source: BinanceSource) -> None:
    venue.get(f"{URL}/api/v3/aggTrades", json=answer)
    with pytest.raises(ExchangeRequestException):
        source.rows(Series("binance", "ETHBTC", TRADES), 7, 9)


@pytest.mark.parametrize(
    ("status", "body", "ended"),
    [
        (200, {"symbols": [{"status": "TRADING"}]}, False),
        (200, {"symbols": [{"status": "HALT"}]}, False),
        (200, {"symbols": [{"status": "BREAK"}]}, True),
        (400, {"code": -1121, "msg": "Invalid symbol."}, True),
    ],
)
def test_a_symbol_has_ended_when_it_is_halted_for_good_or_gone(
    status: int, body: Any, ended: bool, venue: requests_mock.Mocker, source: BinanceSource
) -> None:
    venue.get(f"{URL}/api/v3/exchangeInfo", status_code=status, json=body)
    assert source.has_ended(MINUTES) is ended


@pytest.mark.parametrize(
    ("ask", "path"),
    [
        (lambda source: source.has_ended(MINUTES), "exchangeInfo"),
        (lambda source: source.now_ms(), "time"),
    ],
)
@pytest.mark.parametrize("answer", [[], {}, {"symbols": 1, "serverTime": "x"}, {"symbols": [1], "serverTime": None}])
def test_other_answers_of_another_form_are_refused(
    ask: Callable[[BinanceSource], Any], path: str, answer: Any, venue: requests_mock.Mocker, source: BinanceSource
) -> None:
    venue.get(f"{URL}/api/v3/{path}", json=answer)
    with pytest.raises(ExchangeRequestException):
        ask(source)


@pytest.mark.parametrize(
    ("environment", "name"),
    [
        (None, "binance"),
        ("https://api3.binance.com", "binance"),
        ("us", "binance-us"),
        ("testnet", "binance-testnet"),
        ("demo", "binance-demo"),
        ("http://127.0.0.1:8765", "binance@127.0.0.1:8765"),
        ("http://127.0.0.1:8766", "binance@127.0.0.1:8766"),
        ("https://api.binance.com.evil.example", "binance@api.binance.com.evil.example"),
    ],
)
def test_test_networks_are_other_venues(environment: str | None, name: str) -> None:
    assert BinanceSource.name_of(Client(environment=environment)) == name


def test_a_source_elsewhere_is_the_like_without_a_key() -> None:
    with Client("key", "secret", environment="http://127.0.0.1:8765") as client:
        making = BinanceSource(client, venue="mine", share=0.5).elsewhere()
    assert b"secret" not in pickle.dumps(making)
    made = pickle.loads(pickle.dumps(making))()
    assert made.venue == "mine"
    assert made._client.hosts.rest == "http://127.0.0.1:8765"
    assert made._client.credentials is None
    assert reached.cache_info().currsize >= 1
    assert making() is made, "a process makes it once"
    made._client.close()
    reached.cache_clear()
