"""Files of the history host, as its manual prints them."""

from __future__ import annotations

import gzip
import logging
from datetime import UTC, datetime
from decimal import Decimal
from itertools import islice
from pathlib import Path

import pytest

from exchangeclient.onetoken import history
from exchangeclient.onetoken.history import read_ticks, read_trades

SIMPLE = """time,timestamp,last,volume,ask_0_p,ask_0_v,bid_0_p,bid_0_v
2019-12-12T00:00:00.391395Z,1576108800391,0.01797,0.0,0.01797,13.1327,0.01796,461.8358
2019-12-12T00:00:00.899143,1576108800899,0.01797,0.0,0.01797,13.1327,0.01796,461.8358
"""
FULL = """time,last,volume,ask_0_p,ask_0_v,ask_1_p,ask_1_v,bid_0_p,bid_0_v,bid_1_p,bid_1_v,timestamp
2019-12-12T00:00:00.391395Z,0.01797,0.0,0.01797,13.1327,0.01798,442.019,0.01796,461.8358,,,1576108800391
"""
DAY = "2018-11-11T00:00:"
TRADES = f"""{DAY}01.481000+00:00,btc.usdt:xtc.huobip,6431.0,b,1.7948,1541894401.481,{DAY}01.790347+00:00,1541894401.790347
{DAY}04.248000+00:00,btc.usdt:xtc.huobip,6430.83,s,0.0459,1541894404.248,{DAY}04.474472+00:00,1541894404.474472
"""
JSON = """{"contract": "huobip/btc.usdt", "last": 1.5, "volume": 1, "time": "2018-01-02T00:00:00+08:00", "bids": [], "asks": []}
{"contract": "huobip/btc.usdt", "last": 1.6, "volu
{"contract": "huobip/btc.usdt", "last": 1.7, "volume": 1, "time": "2018-01-02T00:00:01+08:00", "bids": [], "asks": []}
"""


@pytest.fixture(params=["plain", "packed"])
def file(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    return tmp_path / ("a.csv" if request.param == "plain" else "a.csv.gz")


def write(path: Path, text: str) -> Path:
    path.write_bytes(gzip.compress(text.encode()) if path.suffix == ".gz" else text.encode())
    return path


def test_ticks_of_one_level(file: Path) -> None:
    first, second = read_ticks(write(file, SIMPLE), "okex/eos.eth")
    assert first.time == datetime(2019, 12, 12, 0, 0, 0, 391395, UTC)
    assert second.time == datetime(2019, 12, 12, 0, 0, 0, 899143, UTC)
    assert (first.contract, first.last, first.bid1, first.ask1, first.source) == ("okex/eos.eth", 0.01797, 0.01796, 0.01797, history.SOURCE)
    assert first.bids == [{"price": 0.01796, "volume": 461.8358}]


def test_ticks_of_many_levels_in_decimals(file: Path) -> None:
    (tick,) = read_ticks(write(file, FULL), "eos.eth:xtc.okex", decimal=True)
    assert [level["price"] for level in tick.asks] == [Decimal("0.01797"), Decimal("0.01798")]
    assert tick.bids == [{"price": Decimal("0.01796"), "volume": Decimal("461.8358")}]


def test_trades(file: Path) -> None:
    first, second = read_trades(write(file, TRADES))
    assert (first.contract, first.price, first.bs, first.amount) == ("huobip/btc.usdt", 6431.0, "b", 1.7948)
    assert first.exchange_time == datetime(2018, 11, 11, 0, 0, 1, 481000, UTC)
    assert first.time == datetime(2018, 11, 11, 0, 0, 1, 790347, UTC)
    assert second.bs == "s"
    assert next(read_trades(file, decimal=True)).amount == Decimal("1.7948")


def test_broken_lines_are_left_out_and_counted(file: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        assert [tick.last for tick in read_ticks(write(file, JSON), "huobip/btc.usdt")] == [1.5, 1.7]
        cut = SIMPLE + "2019-12-12T00:00:01,1,0.01797\n" + "\n" + "soon,1,x,0,1,1,1,1\n" + SIMPLE.splitlines()[1]
        assert len(list(read_ticks(write(file, cut), "okex/eos.eth"))) == 3
        assert len(list(read_trades(write(file, TRADES.replace(",s,", ",x,"))))) == 1
    assert [record.args[1] for record in caplog.records if isinstance(record.args, tuple)] == [1, 3, 1]


def test_what_is_no_file_of_ticks_is_refused(file: Path) -> None:
    with pytest.raises(ValueError, match="has other columns"):
        list(read_ticks(write(file, "a,b\n1,2\n"), "okex/eos.eth"))
    with pytest.raises(ValueError, match="has other columns"):
        list(read_ticks(write(file, ""), "okex/eos.eth"))
    with pytest.raises(ValueError, match="contract must be like"):
        list(read_ticks(file, "eos"))
    with pytest.raises(FileNotFoundError):
        list(read_trades(file.with_name("none")))


def test_a_file_that_is_cut_off_is_read_up_to_there_and_says_so(tmp_path: Path) -> None:
    count = 5000
    head, *rows = SIMPLE.splitlines(keepends=True)
    path = write(tmp_path / "a.gz", head + "".join(rows[n % 2].replace("461.8358", f"{n * 7919 % 10007}") for n in range(count)))
    path.write_bytes(path.read_bytes()[:-100])
    ticks = read_ticks(path, "okex/eos.eth")
    assert sum(1 for _ in islice(ticks, count // 2)) == count // 2
    with pytest.raises(ValueError, match="is cut off or damaged"):
        list(ticks)
