from __future__ import annotations

import itertools
import pickle
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import requests_mock

from exchangeclient.archive import Archive, sync_parquet
from exchangeclient.archive.figures import wrong
from exchangeclient.archive.okx import OkxSource
from exchangeclient.archive.series import TRADES, Row, Series
from exchangeclient.archive.sources import source_of
from exchangeclient.core.process.clock import FakeClock
from exchangeclient.exceptions import ExchangeRequestException, UnknownSymbolException, UnsupportedException
from exchangeclient.okx.bars import BY_INTERVAL
from exchangeclient.okx.client import Client
from exchangeclient.sandbox import Sandbox

HOUR = 3_600_000
T = 1_600_000_000_000 // HOUR * HOUR
NOW = T + 5_000 * HOUR
HOURS = Series("okx", "BTC-USDT", "1h")
BTC_TRADES = Series("okx", "BTC-USDT", TRADES)
REST = "https://okx.invalid/api/v5"


class Venue:
    """Answers as OKX's documents say: the newest of what is older than ``after`` and newer than ``before``, neither of them included."""

    def __init__(self, mocker: requests_mock.Mocker) -> None:
        self.candles: dict[int, list[str]] = {}
        self.trades: dict[int, dict[str, str]] = {}
        self.asked: list[str] = []
        mocker.get(f"{REST}/market/candles", json=lambda request, _: self._rows(request, newest=True))
        mocker.get(f"{REST}/market/history-candles", json=lambda request, _: self._rows(request, newest=False))
        mocker.get(f"{REST}/market/history-trades", json=self._trades)
        mocker.get(f"{REST}/market/trades", json=lambda *_: _told([self.trades[key] for key in sorted(self.trades)[-1:]]))

    def has(self, *opened: int, confirm: str = "1") -> None:
        self.candles |= {each: [str(each), "2", "3", "1", "2.5", "10", "20", "25", confirm] for each in opened}

    def traded(self, *numbers: int) -> None:
        self.trades |= {
            each: {"instId": "BTC-USDT", "tradeId": str(each), "px": "2.50", "sz": "0.1", "side": "sell" if each % 2 else "buy",
                   "ts": str(T + each)} for each in numbers
        }  # fmt: skip

    def _rows(self, request: Any, *, newest: bool) -> Any:
        self.asked.append(request.path)
        oldest = NOW - 1439 * HOUR if newest else 0
        last = NOW if newest else NOW - 5 * HOUR  # the newest may be missing among the old ones
        return _told([self.candles[each] for each in self._within(request, self.candles) if oldest <= each <= last])

    def _trades(self, request: Any, _context: object) -> Any:
        self.asked.append(request.path)
        if request.qs.get("type") == ["2"]:
            older = [each for each in sorted(self.trades, reverse=True) if T + each < int(request.qs["after"][0])]
            return _told([self.trades[each] for each in older[: int(request.qs["limit"][0])]])
        return _told([self.trades[each] for each in self._within(request, self.trades)])

    def _within(self, request: Any, marks: Any) -> list[int]:
        after, before = (request.qs.get(name) for name in ("after", "before"))
        found = [each for each in sorted(marks, reverse=True) if (after is None or each < int(after[0]))]
        return [each for each in found if before is None or each > int(before[0])][: int(request.qs["limit"][0])]


def _told(rows: list[Any]) -> Any:
    return {"code": "0", "msg": "", "data": rows}


@pytest.fixture
def mocker() -> Iterator[requests_mock.Mocker]:
    with requests_mock.Mocker() as mocker:
        yield mocker


@pytest.fixture
def venue(mocker: requests_mock.Mocker) -> Venue:
    return Venue(mocker)


@pytest.fixture
def source() -> OkxSource:
    return OkxSource(Client(environment="https://okx.invalid", clock=FakeClock(NOW)), venue="okx")


# ---- candles ---------------------------------------------------------------------------------------------------------


def test_candles_have_their_columns_and_are_read_from_the_oldest_on(venue: Venue, source: OkxSource) -> None:
    venue.has(*range(T, T + 300 * HOUR, HOUR))
    came = source.rows(HOURS, T, T + 300 * HOUR)
    wanted = (T, "2", "3", "1", "2.5", "10", T + HOUR - 1, "25", None, None, None)
    assert came.read()[0] == wanted
    assert [row[0] for row in came.read()] == list(range(T, T + 100 * HOUR, HOUR))
    assert came.count == source.page_size == 100
    assert pickle.loads(pickle.dumps(came)).read() == came.read()
    assert wrong(HOURS, came.read()) is None
    assert set(venue.asked) == {"/api/v5/market/history-candles"}


def test_the_volume_of_contracts_is_in_coins(venue: Venue, source: OkxSource) -> None:
    venue.has(T)
    assert source.rows(Series("okx", "BTC-USDT-SWAP", "1h"), T, T + HOUR).read()[0][5] == "20"


def test_the_newest_come_from_where_none_is_missing(venue: Venue, source: OkxSource) -> None:
    venue.has(*range(NOW - 10 * HOUR, NOW, HOUR))
    assert source.rows(HOURS, NOW - 10 * HOUR, NOW).count == 10
    assert set(venue.asked) == {"/api/v5/market/candles"}


@pytest.mark.parametrize("hole", [1, 99, 100, 101, 3_000])
def test_what_comes_first_is_found_however_far_it_is(hole: int, venue: Venue, source: OkxSource) -> None:
    there = list(range(T + hole * HOUR, NOW, HOUR))
    venue.has(*there)
    assert source.first(HOURS, T, NOW) == there[0]
    assert source.first(HOURS, 0, NOW) == there[0], "from the beginning of time on"
    assert len(venue.asked) < 60
    assert source.rows(HOURS, T, NOW).read()[0][0] == there[0], "a page begins with it"
    assert source.first(HOURS, T, T) is None
    assert source.first(HOURS, T - 5000 * HOUR, T + hole * HOUR) is None
    assert source.rows(HOURS, T - 5000 * HOUR, T).count == 0


def test_what_comes_first_may_be_of_the_newest_that_the_old_ones_do_not_have_yet(venue: Venue, source: OkxSource) -> None:
    venue.has(NOW - HOUR, NOW - 2 * HOUR)
    assert source.first(HOURS, T, NOW) == NOW - 2 * HOUR


def test_a_candle_that_is_not_confirmed_is_none_yet(venue: Venue, source: OkxSource) -> None:
    venue.has(NOW - 3 * HOUR, NOW - 2 * HOUR)
    venue.has(NOW - HOUR, confirm="0")
    assert [row[0] for row in source.rows(HOURS, NOW - 3 * HOUR, NOW).read()] == [NOW - 3 * HOUR, NOW - 2 * HOUR]
    assert source.first(HOURS, NOW - HOUR, NOW) is None


@pytest.mark.parametrize("odd", [[], ["x"], [str(T)], [str(T), "1", "1", "1", "1", "1", "1"]])
def test_candles_of_another_form_are_refused(odd: Any, venue: Venue, source: OkxSource) -> None:
    venue.candles[T] = odd
    with pytest.raises(ExchangeRequestException):
        source.rows(HOURS, T, T + HOUR).read()


@pytest.mark.parametrize("interval", ["8h", "3M", "2d"])
def test_what_the_venue_does_not_have_is_refused(interval: str, source: OkxSource) -> None:
    for ask in (source.end, source.mark_at):
        with pytest.raises(ValueError, match="interval must be one of"):
            ask(Series("okx", "BTC-USDT", interval), T)


# ---- trades ----------------------------------------------------------------------------------------------------------


def test_trades_have_their_columns_and_are_read_from_the_oldest_on(venue: Venue, source: OkxSource) -> None:
    venue.traded(*range(501, 1001))
    rows: list[Row] = source.rows(BTC_TRADES, 501, 1001).read()
    assert rows[0] == (501, "2.50", "0.1", 501, 501, T + 501, True, None)
    assert [row[0] for row in rows] == list(range(501, 601))
    assert rows[1][6] is False
    assert wrong(BTC_TRADES, rows) is None
    assert source.end(BTC_TRADES, NOW) == 1001
    assert source.first(BTC_TRADES, 0, 1001) == 501
    assert source.rows(BTC_TRADES, 0, 1001).read() == rows
    assert source.rows(BTC_TRADES, 990, 1001).count == 11


def test_a_moment_is_found_among_trades(venue: Venue, source: OkxSource) -> None:
    assert (source.end(BTC_TRADES, NOW), source.mark_at(BTC_TRADES, T)) == (0, None)
    venue.traded(*range(501, 1001))
    assert source.mark_at(BTC_TRADES, T + 700) == 700
    assert source.mark_at(BTC_TRADES, T) == 501
    assert source.mark_at(BTC_TRADES, T + 2000) is None


@pytest.mark.parametrize("change", [{"side": "none"}, {"tradeId": "x"}, {"ts": ""}])
def test_trades_of_another_form_are_refused(change: dict[str, str], venue: Venue, source: OkxSource) -> None:
    venue.traded(1)
    venue.trades[1] |= change
    with pytest.raises(ExchangeRequestException):
        source.rows(BTC_TRADES, 0, 2).read()


SWAP_TRADES = Series("okx", "BTC-USDT-SWAP", TRADES)


def listed(mocker: requests_mock.Mocker, **more: str) -> Any:
    row = {"instId": "BTC-USDT-SWAP", "ctVal": "0.1", "ctMult": "1", "ctType": "linear", "state": "live", **more}
    return mocker.get(f"{REST}/public/instruments", json=_told([row]))


def test_trades_of_contracts_are_in_coins_by_what_a_contract_was_then(
    venue: Venue, mocker: requests_mock.Mocker, source: OkxSource
) -> None:
    asked = listed(mocker)
    minute = T // 60_000 * 60_000
    for opened, coins in ((minute, "0.05"), (minute + 60_000, "0.5")):  # ten times as many since the second minute
        venue.candles[opened] = [str(opened), "2", "3", "1", "2.5", "5", coins, "1", "1"]
    venue.traded(*range(1, 60_101))
    early: list[Row] = source.rows(SWAP_TRADES, 1, 101).read()
    assert {row[2] for row in early} == {"0.001"}
    came = source.rows(SWAP_TRADES, 59_951, 60_051)
    assert [row[2] for row in pickle.loads(pickle.dumps(came)).read()] == ["0.001"] * 49 + ["0.01"] * 51
    assert wrong(SWAP_TRADES, came.read()) is None
    venue.asked.clear()
    assert source.rows(SWAP_TRADES, 60_051, 60_101).read()[0][2] == "0.01"
    assert venue.asked == ["/api/v5/market/history-trades"], "what a contract is now is known"
    assert asked.call_count == 1


def test_trades_of_after_a_contract_was_asked_about_have_it_asked_about_again(
    venue: Venue, mocker: requests_mock.Mocker, source: OkxSource
) -> None:
    """A source may live for long, in a process of an executor, and the venue change the contract meanwhile."""
    minute = T // 60_000 * 60_000
    venue.candles[minute] = [str(minute), "2", "3", "1", "2.5", "5", "0.5", "1", "1"]
    listed(mocker)
    venue.traded(1)
    assert source.rows(SWAP_TRADES, 1, 2).read()[0][2] == "0.01"
    asked = listed(mocker, ctVal="0.01")
    venue.traded(2)
    venue.trades[2]["ts"] = str(2 * NOW)
    assert source.rows(SWAP_TRADES, 2, 3).read()[0][2] == "0.001"
    assert asked.called


@pytest.mark.parametrize("volumes", [("0", "0"), ("3", "0.1"), ("x", "1")])
def test_a_candle_that_does_not_say_what_a_contract_is_refuses_its_trades(
    volumes: tuple[str, str], venue: Venue, mocker: requests_mock.Mocker, source: OkxSource
) -> None:
    listed(mocker)
    minute = T // 60_000 * 60_000
    venue.candles[minute] = [str(minute), "2", "3", "1", "2.5", *volumes, "1", "1"]
    venue.traded(1)
    with pytest.raises(ExchangeRequestException, match="get_klines"):
        source.rows(SWAP_TRADES, 1, 2)


@pytest.mark.parametrize("symbol", ["BTC-USD-SWAP", "BTC-USD-261225", "BTC-USD-261225-50000-C"])
def test_trades_of_what_is_no_fixed_number_of_coins_are_refused(symbol: str, mocker: requests_mock.Mocker, source: OkxSource) -> None:
    listed(mocker, instId=symbol, ctVal="100", ctType="inverse" if symbol[-1] != "C" else "")
    for ask in (source.end, source.mark_at):
        with pytest.raises(UnsupportedException, match="no fixed number of coins"):
            ask(Series("okx", symbol, TRADES), T)
    listed(mocker, instId="another")
    with pytest.raises(UnknownSymbolException, match=symbol):
        source.end(Series("okx", symbol, TRADES), T)


# ---- symbols and venues ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("answer", "ended"), [
    (_told([{"instId": "BTC-USDT", "state": "live"}]), False),
    (_told([{"instId": "BTC-USDT", "state": "suspend"}]), False),
    (_told([{"instId": "BTC-USDT", "state": "expired"}]), True),
    (_told([]), True),
    ({"code": "51001", "msg": "Instrument ID does not exist", "data": []}, True),
])  # fmt: skip
def test_an_instrument_that_has_expired_or_is_not_listed_has_ended(
    answer: Any, ended: bool, mocker: requests_mock.Mocker, source: OkxSource
) -> None:
    mocker.get(f"{REST}/public/instruments", json=answer)
    assert source.has_ended(HOURS) is ended


def test_venues_are_named_by_their_address() -> None:
    names = [OkxSource.name_of(Client(environment=each)) for each in (None, "aws", "eea", "demo", "us-demo", "http://127.0.0.1:8766")]
    assert names == ["okx", "okx", "okx-eea", "okx-demo", "okx-us-demo", "okx@127.0.0.1:8766"]
    assert OkxSource.name_of(Client(environment="http://127.0.0.1:8766", demo=True)) == "okx-demo@127.0.0.1:8766"
    assert source_of(Client(), venue="mine").venue == "mine"
    with pytest.raises(ValueError, match="share"):
        source_of(Client(), share=0)


def test_another_process_makes_the_like_of_it_without_the_key() -> None:
    client = Client("key", "a-secret", "passphrase", environment="demo")
    making = pickle.dumps(source_of(client, venue="mine", share=0.3).elsewhere("ledger.db"))
    assert b"a-secret" not in making
    made = OkxSource(client, venue="mine").elsewhere()()
    assert (made.venue, made._client.hosts, made._client.credentials) == ("mine", client.hosts, None)  # type: ignore[attr-defined]


# ---- a whole archive -------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def exchange() -> Iterator[Sandbox]:
    with Sandbox(seed=5, start="2024-03-05T12:34", speed=0, step=60, limits="counted") as exchange:
        yield exchange


@pytest.fixture
def client(exchange: Sandbox) -> Iterator[Client]:
    with Client(environment=exchange.urls["okx"]) as client:
        yield client


def test_an_archive_is_filled_and_goes_on(client: Client, tmp_path: Path) -> None:
    with Archive(tmp_path / "archive") as archive:
        (outcome,) = archive.sync(client, "BTC-USDT", "1h", share=1.0)
        rows = list(archive.rows("BTC-USDT", "1h"))
        assert (outcome.error, outcome.missing, outcome.rows) == (None, 0, len(rows))
        assert len(rows) == 720, "more than a page"
        assert all(after[0] - before[0] == HOUR for before, after in itertools.pairwise(rows))
        told = client.get_historical_klines("BTC-USDT", "1h", rows[-150][0], rows[-1][0])
        assert [row[:6] for row in rows[-150:]] == [(int(each[0]), *each[1:6]) for each in told]
        (again,) = archive.sync(client, "BTC-USDT", "1h", share=1.0)
        assert (again.rows, again.revisions) == (0, [])
        assert [remark for remark in archive.verify(client=client, against="1d") if remark.is_wrong] == []


def test_every_interval_of_a_contract_begins_where_the_calendar_has_it(client: Client, tmp_path: Path) -> None:
    with Archive(tmp_path / "archive") as archive:
        kept = [each for each in BY_INTERVAL if each not in ("1s", "1m", "3m")]  # the sandbox's past is made of five minutes
        outcomes = archive.sync(client, "BTC-USDT-SWAP", kept, start="2024-03-05T12:30", share=1.0)
        assert [(each.series.interval, each.error, each.missing) for each in outcomes] == [(each, None, 0) for each in kept]
        longer = archive.sync(client, "BTC-USDT-SWAP", ["6h", "1d", "1w", "1M"], start="2024-02-26", share=1.0)
        assert [(each.rows, each.missing) for each in longer] == [(34, 0), (8, 0), (1, 0), (0, 0)]
        assert not any(remark.is_wrong for remark in archive.verify())


def test_trades_are_archived_as_the_venue_numbers_them(client: Client, exchange: Sandbox, tmp_path: Path) -> None:
    exchange.advance(seconds=3_600)
    with Archive(tmp_path / "archive") as archive:
        (outcome,) = archive.sync(client, "BTC-USDT", TRADES, share=1.0)
        rows = list(archive.rows("BTC-USDT", TRADES))
        assert (outcome.error, outcome.missing, outcome.rows) == (None, 0, len(rows))
        assert len(rows) > 100, "more than a page"
        newest = client.get_recent_trades("BTC-USDT", limit=1)[0]
        assert rows[-1][:3] == (int(newest["tradeId"]), newest["px"], newest["sz"])
        assert not any(remark.is_wrong for remark in archive.verify())


def test_trades_of_a_contract_make_the_candles_that_the_venue_has(client: Client, exchange: Sandbox, tmp_path: Path) -> None:
    exchange.advance(seconds=1_800)
    with Archive(tmp_path / "archive") as archive:
        (outcome,) = archive.sync(client, "BTC-USDT-SWAP", TRADES, share=1.0)
        assert (outcome.error, outcome.missing) == (None, 0)
        made = [tuple(row[:6]) for row in archive.resample("BTC-USDT-SWAP", TRADES, "5m")]
        assert len(made) > 3
        archive.sync(client, "BTC-USDT-SWAP", "5m", start=made[0][0], share=1.0)
        told = {row[0]: row for row in archive.rows("BTC-USDT-SWAP", "5m")}
        for row in made:
            assert [Decimal(each) for each in row[1:]] == [Decimal(each) for each in told[row[0]][1:6]]


def test_a_symbol_that_is_not_listed_is_an_error(client: Client, tmp_path: Path) -> None:
    with Archive(tmp_path / "archive") as archive, pytest.raises(UnknownSymbolException):
        archive.sync(client, "BTC-NONE", "1h")


def test_months_are_read_by_other_threads_with_clients_of_their_own(client: Client, tmp_path: Path) -> None:
    pytest.importorskip("pyarrow.parquet", reason="SKIPPED: Parquet needs the extra [parquet]")
    with ThreadPoolExecutor(2) as executor:
        written = sync_parquet(client, tmp_path, "BTC-USDT", "1h", executor=executor)
    assert [(each.rows > 0, each.missing) for each in written] == [(True, 0)] * 2
