"""The archive as a user meets it, against the embedded exchange."""

from __future__ import annotations

import csv
import gzip
import sqlite3
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing
from decimal import Decimal
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pytest

from exchangeclient.archive import Archive, Series
from exchangeclient.archive.binance import BinanceSource
from exchangeclient.client import Client
from exchangeclient.exceptions import ArchiveException, UnknownSymbolException
from exchangeclient.market import klines
from exchangeclient.okx.client import Client as OkxClient
from exchangeclient.sandbox import Sandbox

from .conftest import Came

MARKET = Path(__file__).resolve().parents[2].parent / "shared/market"
needs_market = pytest.mark.skipif(not MARKET.is_dir(), reason="no ../shared/market here")
HOUR_MS = 3_600_000


@pytest.fixture(scope="module")
def exchange() -> Iterator[Sandbox]:
    # Its clock stands still, so that what is closed is the same for every run of a test.
    with Sandbox(seed=5, start="2024-03-05T12:34", speed=0, step=60) as exchange:
        yield exchange


@pytest.fixture
def client(exchange: Sandbox) -> Iterator[Client]:
    with Client(environment=exchange.urls["binance"]) as client:
        yield client


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Archive]:
    with Archive(tmp_path / "a.db") as archive:
        yield archive


def test_candles_of_all_intervals_are_what_the_venue_has(client: Client, archive: Archive) -> None:
    outcomes = archive.sync(client, ["ETHBTC", "BTCUSDT"], ["1h", "4h", "1d", "1w", "1M"], start="2024-01-20")
    assert all(outcome.missing == 0 for outcome in outcomes)
    now_ms = client.get_server_time()["serverTime"]
    for outcome in outcomes:
        series = outcome.series
        venue = client.get_klines(series.symbol, series.interval, startTime=1_705_708_800_000, limit=1000)
        assert list(archive.rows(series.symbol, series.interval)) == [tuple(row[:11]) for row in venue if row[6] < now_ms]
        assert outcome.rows == len([row for row in venue if row[6] < now_ms]) or series.interval == "1M"
    assert not any(each.is_wrong for each in archive.verify(client=client, against="1d"))


def test_each_interval_is_in_exactly_one_state(client: Client, archive: Archive) -> None:
    archive.sync(client, "ETHBTC", "1h", start="2024-01-20")
    kept = archive.find("ETHBTC", "1h")
    assert kept.begin is not None
    assert kept.end is not None
    listed = next(archive.rows("ETHBTC", "1h"))[0]
    assert archive.state("ETHBTC", "1h", kept.begin) == "venue-empty"
    assert archive.state("ETHBTC", "1h", listed + 7) == "stored"
    assert archive.state("ETHBTC", "1h", kept.end) == "open"
    assert archive.state("ETHBTC", "1h", kept.begin - 1) == "missing"
    (gap,) = archive.gaps("ETHBTC")
    assert (gap.kind, gap.first, gap.last) == ("venue-empty", kept.begin, listed)


def test_a_sync_without_names_goes_on_with_what_there_is(exchange: Sandbox, archive: Archive) -> None:
    with Sandbox(seed=5, start="2024-03-05T12:34", speed=0, step=60) as own, Client(environment=own.urls["binance"]) as client:
        archive.sync(client, "ETHBTC", ["1h", "1d"])
        own.advance(hours=13)
        outcomes = archive.sync(client)
        assert {outcome.series.interval: outcome.rows for outcome in outcomes} == {"1h": 13, "1d": 1}
    with pytest.raises(ValueError, match="symbols and intervals"):
        Archive(archive.path.with_name("other.db")).sync(Client())


def test_what_goes_wrong_is_raised_when_all_is_done_or_told(client: Client, archive: Archive) -> None:
    with pytest.raises(UnknownSymbolException) as caught:
        archive.sync(client, ["NOSUCH", "ETHBTC"], "1d")
    assert "1 of 2 series" in caught.value.__notes__[0]
    assert len(list(archive.rows("ETHBTC", "1d"))) == 30
    outcomes = archive.sync(client, ["NOSUCH", "ETHBTC"], "1d", strict=False)
    assert [outcome.error is None for outcome in outcomes] == [False, True]


@pytest.mark.parametrize(
    ("arguments", "error", "named"),
    [
        ({"intervals": "7x"}, ValueError, "interval"),
        ({"intervals": "2m"}, ValueError, "2m"),
        ({"symbols": 7}, TypeError, "symbols"),
        ({"symbols": [7]}, TypeError, "symbols"),
        ({"intervals": None}, ValueError, "symbols and intervals"),
        ({"start": "the day before"}, ValueError, "start"),
        ({"share": 0}, ValueError, "share"),
        ({"share": "x"}, TypeError, "share"),
        ({"revisions": "drop"}, ValueError, "revisions"),
        ({"in_flight": 0}, ValueError, "in_flight"),
        ({"client": "x"}, TypeError, "client"),
        (
            {"client": OkxClient},
            TypeError,
            r"exchangeclient\.okx\.client\.Client or exchangeclient\.bitmex\.client\.Client, not builtins\.type",
        ),
    ],
)
def test_I01_what_is_wrong_is_named_and_nothing_is_asked(
    arguments: dict[str, Any], error: type[Exception], named: str, client: Client, archive: Archive
) -> None:
    given = {"client": client, "symbols": "ETHBTC", "intervals": "1h", **arguments}
    with pytest.raises(error, match=named):
        archive.sync(**given)


@pytest.mark.parametrize(
    ("options", "error", "named"),
    [
        ({"share": 2}, ValueError, "share"),
        ({"revisions": "drop"}, ValueError, "revisions"),
        ({"wait_s": "1"}, TypeError, "wait_s"),
        ({"patience": 1}, TypeError, "patience"),
        ({"client": "x"}, TypeError, "client"),
        ({"client": None, "wait_s": -1}, ValueError, "wait_s"),
        ({"venue": None}, ArchiveException, r"nothing of binance@127\.0\.0\.1"),
    ],
)
def test_I01_a_repair_that_cannot_be_forgets_nothing(
    options: dict[str, Any], error: type[Exception], named: str, client: Client, archive: Archive
) -> None:
    archive.sync(client, "ETHBTC", "1d", venue="mine")
    with closing(sqlite3.connect(archive.path)) as rows:
        rows.execute("DELETE FROM candles WHERE open_ms = (SELECT max(open_ms) FROM candles)")
        rows.commit()
    found = archive.verify()
    assert any(each.is_wrong for each in found)
    with pytest.raises(error, match=named):
        archive.repair(**{"client": client, "venue": "mine", **options})
    assert archive.verify() == found


def test_trades_are_archived_with_their_numbers(exchange: Sandbox, archive: Archive) -> None:
    with Sandbox(seed=5, start="2024-03-05", speed=0, step=60) as own, Client(environment=own.urls["binance"]) as client:
        own.advance(hours=2)
        (outcome,) = archive.sync(client, "ETHBTC", "aggTrades")
        assert outcome.missing == 0
        rows = list(archive.rows("ETHBTC", "aggTrades"))
        told = list(client.aggregate_trade_iter("ETHBTC", last_id=0))
        assert [row[0] for row in rows] == [each["a"] for each in told]
        assert rows[0][1:] == tuple(told[0][key] for key in "pqflTmM")
        own.advance(hours=1)
        (outcome,) = archive.sync(client)
        assert outcome.rows > 0
        since = list(archive.rows("ETHBTC", "aggTrades", start="2024-03-05 02:00"))
        assert [row[0] for row in since] == [each["a"] for each in client.aggregate_trade_iter("ETHBTC", start_str="2024-03-05 02:00")]
        assert not any(each.is_wrong for each in archive.verify(client=client))


def test_trades_from_before_the_first_one_on_are_all_of_them(archive: Archive, tmp_path: Path) -> None:
    # The venue's first trade has the number 0.
    path = tmp_path / "trades.csv"
    path.write_text("".join(f"{number},1.5,0.1,{number},{number},{1_700_000_000_000 + number},True,True\n" for number in range(5)))
    archive.import_file(path, "ETHBTC", "aggTrades")
    assert [row[0] for row in archive.rows("ETHBTC", "aggTrades", start="2020-01-01")] == [0, 1, 2, 3, 4]
    assert list(archive.rows("ETHBTC", "aggTrades", end="2020-01-01")) == []
    assert list(archive.rows("ETHBTC", "aggTrades", start="2025-01-01")) == []


def test_pages_may_be_read_in_other_processes(client: Client, archive: Archive, tmp_path: Path) -> None:
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as executor:
        (outcome,) = archive.sync(client, "ETHBTC", "1h", executor=executor, ledger=tmp_path / "ledger.db")
    assert (outcome.rows, outcome.missing) == (720, 0)
    venue = client.get_klines("ETHBTC", "1h", limit=1000)
    assert list(archive.rows("ETHBTC", "1h")) == [tuple(row[:11]) for row in venue[:-1]]


def test_larger_candles_are_made_of_smaller_ones_exactly(client: Client, archive: Archive) -> None:
    archive.sync(client, "ETHBTC", ["1h", "1d", "12h"])
    days = [tuple(row) for row in archive.resample("ETHBTC", "1h", "1d")]
    assert len(days) == 29
    assert days == [row for row in archive.rows("ETHBTC", "1d") if row[0] >= days[0][0]]
    assert len(list(archive.resample("ETHBTC", "1h", "7h"))) > 90
    with pytest.raises(ValueError, match="1h candles cannot be made of 1d"):
        list(archive.resample("ETHBTC", "1d", "1h"))


def test_csv_and_dumps_go_out_and_come_in_again(client: Client, archive: Archive, tmp_path: Path) -> None:
    archive.sync(client, "ETHBTC", "1h")
    rows = list(archive.rows("ETHBTC", "1h"))
    assert archive.export_csv(tmp_path / "a.csv", "ETHBTC", "1h") == 720
    paths = archive.export_dumps(tmp_path / "dumps", "ETHBTC", "1h", period="daily")
    assert len(paths) == 29
    assert archive.export_dumps(tmp_path / "dumps", "ETHBTC", "1h") == []
    with Archive(tmp_path / "b.db") as other:
        other.import_file(tmp_path / "a.csv", "ETHBTC", "1h", venue="sandbox")
        assert list(other.rows("ETHBTC", "1h", venue="sandbox")) == rows
        for path in reversed(paths):
            other.import_file(path)
        taken = list(other.rows("ETHBTC", "1h", venue="binance"))
        assert taken == [row for row in rows if taken[0][0] <= row[0] <= taken[-1][0]]
        assert other.gaps() == []
        with pytest.raises(ArchiveException, match="venue says which"):
            other.find("ETHBTC", "1h")
        with pytest.raises(ValueError, match="symbol and interval"):
            other.import_file(tmp_path / "a.csv")
    assert archive.export_csv(tmp_path / "d.csv", "ETHBTC", "1h", "2024-03-01", "2024-03-03", target="1d") == 2


@pytest.mark.parametrize(("left", "days"), [(slice(0), 29), (slice(0, 3), 8), (slice(3, None), 3)])
def test_larger_candles_that_the_venue_does_not_give_are_not_passed_over(
    client: Client, archive: Archive, monkeypatch: pytest.MonkeyPatch, left: slice, days: int
) -> None:
    archive.sync(client, "ETHBTC", "1h")
    assert not any(each.is_wrong for each in archive.verify(client=client, against="1d"))
    real = BinanceSource.rows

    def some(self: BinanceSource, series: Series, first: int, last: int) -> Came:
        rows = real(self, series, first, last).read()
        return Came(rows[left] if len(rows) > 10 else [])

    monkeypatch.setattr(BinanceSource, "rows", some)
    found = [each for each in archive.verify(client=client, against="1d") if each.is_wrong]
    assert [(each.kind, each.count) for each in found] == [("differs", 24 * days)]
    assert "no 1d candle" in found[0].text


def test_a_repair_asks_again_for_what_cannot_be_right(client: Client, archive: Archive) -> None:
    archive.sync(client, "ETHBTC", ["1h", "1d"])
    before = list(archive.rows("ETHBTC", "1h"))
    with closing(sqlite3.connect(archive.path)) as rows:
        rows.execute("PRAGMA ignore_check_constraints=ON")
        rows.execute("UPDATE candles SET volume = '1.00000000' WHERE open_ms = ?", (before[100][0],))
        rows.execute("DELETE FROM candles WHERE open_ms = ?", (before[300][0],))
        rows.commit()
    assert {each.kind for each in archive.verify()} >= {"lost", "differs"}
    outcomes = archive.repair(client)
    assert all(outcome.missing == 0 and outcome.error is None for outcome in outcomes)
    assert [each for each in archive.verify() if each.is_wrong] == []
    assert list(archive.rows("ETHBTC", "1h")) == before


def test_a_repair_by_another_venue_is_refused(client: Client, archive: Archive) -> None:
    archive.sync(client, "ETHBTC", "1d", venue="binance")
    with pytest.raises(ArchiveException, match=r"nothing of binance@127\.0\.0\.1"):
        archive.repair(client)
    assert archive.repair(client, venue="binance")[0].missing == 0
    assert archive.gaps(client=client, venue="binance") == []


def test_two_exchanges_at_two_addresses_never_mix(client: Client, archive: Archive) -> None:
    archive.sync(client, "ETHBTC", "1d")
    with Sandbox(seed=8) as other, Client(environment=other.urls["binance"]) as elsewhere:
        with pytest.raises(ValueError, match=r"nothing of binance@127\.0\.0\.1:.* one of those that are there: binance@127\.0\.0\.1:"):
            archive.sync(elsewhere)
        archive.sync(elsewhere, "ETHBTC", "1d")
    assert len({kept.series.venue for kept in archive.series()}) == 2
    assert archive.sync(client)[0].revisions == []


def test_a_series_that_is_not_there_is_told(archive: Archive) -> None:
    with pytest.raises(ArchiveException, match="no 1h of NOSUCH"):
        archive.rows("NOSUCH", "1h")
    with pytest.raises(ArchiveException, match="no such series"):
        archive.gaps("NOSUCH")
    assert archive.verify() == []
    assert repr(archive) == f"Archive({str(archive.path)!r})"


# ---- real candles ----------------------------------------------------------------------------------------------------


@needs_market
def test_real_candles_come_out_as_they_went_in(tmp_path: Path, archive: Archive) -> None:
    source = MARKET / "ETHBTC-5m.csv.gz"
    with gzip.open(source, "rt", newline="") as file:
        wanted = [row[:6] for row in csv.reader(file)][1:]
    sandbox = Sandbox(seed=1, candles={("ETHBTC", "5m"): str(source)}, start="2018-01-30 04:56", speed=0)
    with sandbox as exchange, Client(environment=exchange.urls["binance"]) as client:
        archive.sync(client, "ETHBTC", ["5m", "1h"])
        assert not any(each.is_wrong for each in archive.verify(client=client, against="4h"))
    archive.export_csv(tmp_path / "out.csv", "ETHBTC", "5m")
    with (tmp_path / "out.csv").open(newline="") as file:
        assert [row[:6] for row in csv.reader(file)][1:] == wanted
    with Archive(tmp_path / "taken.db") as taken:
        assert taken.import_file(source, "ETHBTC", "5m").rows == len(wanted)
        assert [list(map(str, row[:6])) for row in taken.rows("ETHBTC", "5m")] == wanted


@needs_market
def test_the_hours_made_of_real_trades_are_those_of_the_source(archive: Archive, tmp_path: Path) -> None:
    with gzip.open(MARKET / "XRPETH-trades.csv.gz", "rt", newline="") as file:
        trades = [
            (
                int(row["agg_id"]),
                f"{Decimal(row['price']):.8f}",
                f"{Decimal(row['qty']):.8f}",
                *[row["agg_id"]] * 2,
                int(row["time"]),
                row["taker_side"] == "sell",
                True,
            )
            for row in csv.DictReader(file)
        ]
    with gzip.open(MARKET / "XRPETH-1h-from-trades.csv.gz", "rt", newline="") as file:
        wanted = list(csv.reader(file))[1:]
    (tmp_path / "trades.csv").write_text("".join(f"{','.join(map(str, trade))}\n" for trade in trades))
    assert archive.import_file(tmp_path / "trades.csv", "XRPETH", "aggTrades").rows == len(trades)
    rows = archive.rows("XRPETH", "aggTrades")
    assert [list(map(str, row)) for row in klines.of_trades(rows, "1h")] == wanted
    # The archive itself leaves out the hours of which it cannot know whether they are whole.
    assert [list(map(str, row)) for row in archive.resample("XRPETH", "aggTrades", "1h")] == wanted[1:-1]
