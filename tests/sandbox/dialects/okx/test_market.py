"""OKX's public REST data: shapes, units, pages and time zones."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest

HOUR_MS, DAY_MS = 3_600_000, 86_400_000


def test_instruments_are_told_by_type(bench: Any) -> None:
    spot = {row["instId"]: row for row in bench.rows("public/instruments", instType="SPOT")}
    assert set(spot) >= {"BTC-USDT", "ETH-BTC"}
    btc = spot["BTC-USDT"]
    assert (btc["tickSz"], btc["lotSz"], btc["minSz"], btc["ctVal"], btc["state"]) == ("0.01", "0.00001", "0.00001", "", "live")
    (swap,) = bench.rows("public/instruments", instType="SWAP", instFamily="BTC-USDT")
    assert (swap["ctVal"], swap["ctValCcy"], swap["ctType"], swap["settleCcy"]) == ("0.01", "BTC", "linear", "USDT")
    assert (swap["lotSz"], swap["minSz"], swap["tickSz"], swap["baseCcy"]) == ("0.01", "0.01", "0.1", "")
    assert isinstance(swap["instIdCode"], int)
    assert bench.rows("public/instruments", instType="FUTURES") == []
    assert bench.get("public/instruments")["code"] == "50014"
    assert bench.get("public/instruments", instType="COINS")["code"] == "51000"
    assert bench.get("public/instruments", instType="SPOT", instId="NO-SUCH")["code"] == "51001"


def test_a_halted_instrument_is_suspended(bench: Any) -> None:
    from exchangeclient.sandbox.engine.commands import SetStatus
    from exchangeclient.sandbox.engine.words import Status

    bench.live.execute(SetStatus("BTCUSDT", Status.HALT))
    (row,) = bench.rows("public/instruments", instType="SPOT", instId="BTC-USDT")
    assert row["state"] == "suspend"
    assert bench.refused("trade/order", bench.wish("buy", "0.01", "100")) == "51022"


def test_books_count_orders_and_have_the_streams_ids(bench: Any) -> None:
    first = bench.order(bench.wish("buy", "0.01", "5000"))
    bench.order(bench.wish("buy", "0.02", "5000"), account="other")
    (book,) = bench.rows("market/books", instId="BTC-USDT", sz=400)
    assert ["5000", "0.03", "0", "2"] in book["bids"]
    assert book["seqId"] == bench.exchange.update_id("BTCUSDT")
    assert [float(level[0]) for level in book["bids"]] == sorted((float(level[0]) for level in book["bids"]), reverse=True)
    assert [float(level[0]) for level in book["asks"]] == sorted(float(level[0]) for level in book["asks"])
    assert first
    (full,) = bench.rows("market/books-full", instId="BTC-USDT", sz=5_000)
    assert ["5000", "0.03", "2"] in full["bids"]
    (top,) = bench.rows("market/books", instId="BTC-USDT")
    assert len(top["asks"]) == len(top["bids"]) == 1
    assert bench.get("market/books", instId="BTC-USDT", sz=401)["code"] == "51000"


def test_sizes_of_the_swap_are_contracts(bench: Any) -> None:
    bench.order(bench.contract("buy", "12.34", "5000"))
    (book,) = bench.rows("market/books", instId="BTC-USDT-SWAP", sz=400)
    assert ["5000", "12.34", "0", "1"] in book["bids"]
    bench.pass_time(30)
    (ticker,) = bench.rows("market/ticker", instId="BTC-USDT-SWAP")
    assert float(ticker["vol24h"]) == pytest.approx(float(ticker["volCcy24h"]) * 100)


def test_trades_come_newest_first_and_page_by_id_and_time(bench: Any) -> None:
    bench.pass_time(60)
    rows = bench.rows("market/trades", instId="BTC-USDT", limit=10)
    assert all(int(newer["tradeId"]) == int(older["tradeId"]) + 1 for newer, older in pairwise(rows))
    older = bench.rows("market/history-trades", instId="BTC-USDT", after=rows[3]["tradeId"], limit=3)
    assert older == rows[4:7]
    newer = bench.rows("market/history-trades", instId="BTC-USDT", before=rows[3]["tradeId"])
    assert newer == rows[:3]
    by_time = bench.rows("market/history-trades", instId="BTC-USDT", type=2, after=rows[0]["ts"], limit=100)
    assert all(int(row["ts"]) < int(rows[0]["ts"]) for row in by_time)


def test_candles_come_newest_first_the_growing_one_included(bench: Any) -> None:
    bench.pass_time(10)
    rows = bench.rows("market/candles", instId="BTC-USDT", bar="1H", limit=300)
    assert len(rows) == 300
    assert [row[-1] for row in rows[:3]] == ["0", "1", "1"]
    assert all(int(newer[0]) - int(older[0]) == HOUR_MS for newer, older in pairwise(rows))
    _, *prices, volume, money, money_again, _ = rows[1]
    assert money == money_again
    first, high, low, last = map(float, prices)
    assert low <= min(first, last) <= max(first, last) <= high
    assert float(money) == pytest.approx(float(volume) * first, rel=0.2)
    assert len(bench.rows("market/candles", instId="BTC-USDT", bar="1H", limit=9_999)) == 300
    assert len(bench.rows("market/candles", instId="BTC-USDT")) <= 100


def test_candles_page_by_time_both_ways_without_the_named_ones(bench: Any) -> None:
    rows = bench.rows("market/candles", instId="BTC-USDT", bar="1H", limit=20)
    times = [int(row[0]) for row in rows]
    older = bench.rows("market/candles", instId="BTC-USDT", bar="1H", after=times[4], limit=5)
    assert [int(row[0]) for row in older] == times[5:10]
    newer = bench.rows("market/candles", instId="BTC-USDT", bar="1H", before=times[4], limit=100)
    assert [int(row[0]) for row in newer] == times[:4]
    between = bench.rows("market/candles", instId="BTC-USDT", bar="1H", before=times[9], after=times[4])
    assert [int(row[0]) for row in between] == times[5:9]
    # "before" alone is answered with the newest page, not with the one that follows.
    assert [int(row[0]) for row in bench.rows("market/candles", instId="BTC-USDT", bar="1H", before=times[15], limit=3)] == times[:3]


def test_market_candles_end_after_so_many_bars_and_the_history_goes_on(bench: Any) -> None:
    now_ms = bench.now_us // 1000
    oldest = now_ms // 300_000 * 300_000 - 1_439 * 300_000
    rows = bench.rows("market/candles", instId="BTC-USDT", bar="5m", after=oldest + 3 * 300_000, limit=100)
    assert [int(row[0]) for row in rows] == [oldest + 600_000, oldest + 300_000, oldest]
    older = bench.rows("market/history-candles", instId="BTC-USDT", bar="5m", after=oldest, limit=300)
    assert len(older) == 100  # a page is no larger, whatever is asked for
    assert int(older[0][0]) == oldest - 300_000
    assert {row[-1] for row in bench.rows("market/history-candles", instId="BTC-USDT", bar="5m")} == {"1"}


def test_long_bars_open_in_hong_kong_unless_they_say_utc(bench: Any) -> None:
    (there,) = bench.rows("market/candles", instId="BTC-USDT", bar="1D", limit=1)
    (here,) = bench.rows("market/candles", instId="BTC-USDT", bar="1Dutc", limit=1)
    assert int(there[0]) % DAY_MS == 16 * HOUR_MS
    assert int(here[0]) % DAY_MS == 0
    assert bench.get("market/candles", instId="BTC-USDT", bar="1d")["code"] == "51000"


def test_a_candle_of_the_swap_counts_contracts_coins_and_money(bench: Any) -> None:
    (row,) = bench.rows("market/history-candles", instId="BTC-USDT-SWAP", bar="1Dutc", limit=1)
    contracts, coins, money = map(float, row[5:8])
    assert contracts == pytest.approx(coins * 100)
    assert money == pytest.approx(coins * float(row[1]), rel=0.2)


def test_candles_of_prices_that_nobody_trades_at_have_no_volume(bench: Any) -> None:
    traded = bench.rows("market/candles", instId="BTC-USDT", bar="1H", limit=3)
    index = bench.rows("market/index-candles", instId="BTC-USDT", bar="1H", limit=3)
    assert index == [[*row[:5], row[-1]] for row in traded]
    assert bench.rows("market/mark-price-candles", instId="BTC-USDT-SWAP", bar="1H", limit=3) == index
    for path, name in (("index", "BTC-USDT"), ("mark-price", "BTC-USDT-SWAP")):
        assert bench.rows(f"market/history-{path}-candles", instId=name, bar="1H", limit=2) == index[1:]
    assert bench.get("market/mark-price-candles", instId="BTC-USDT")["code"] == "51015"


def test_tickers(bench: Any) -> None:
    bench.pass_time(5)
    rows = bench.rows("market/tickers", instType="SPOT")
    assert len(rows) == len(bench.exchange.spot)
    (one,) = bench.rows("market/ticker", instId="BTC-USDT")
    assert one in rows
    assert float(one["bidPx"]) < float(one["askPx"])
    assert float(one["low24h"]) <= float(one["last"]) <= float(one["high24h"])
    assert float(one["volCcy24h"]) == pytest.approx(float(one["vol24h"]) * float(one["last"]), rel=0.2)
    assert bench.get("market/ticker", instId="NO-SUCH")["code"] == "51001"
    (index,) = bench.rows("market/index-tickers", instId="BTC-USDT")
    assert index["idxPx"] == one["last"]
    assert bench.get("market/index-tickers")["code"] == "50015"


def test_the_swap_has_a_mark_price_an_index_and_a_funding_rate(bench: Any) -> None:
    (mark,) = bench.rows("public/mark-price", instType="SWAP")
    assert mark["markPx"] == bench.rows("market/ticker", instId="BTC-USDT")[0]["last"]
    (rate,) = bench.rows("public/funding-rate", instId="BTC-USDT-SWAP")
    assert int(rate["fundingTime"]) % (8 * HOUR_MS) == 0
    assert 0 < int(rate["fundingTime"]) - bench.now_us // 1000 <= 8 * HOUR_MS
    assert abs(float(rate["fundingRate"])) < 0.0075
    assert bench.rows("public/funding-rate", instId="ANY") == [rate]
    assert bench.get("public/funding-rate", instId="BTC-USDT")["code"] == "51015"
    assert bench.rows("public/funding-rate-history", instId="BTC-USDT-SWAP") == []
    (limit,) = bench.rows("public/price-limit", instId="BTC-USDT-SWAP")
    assert float(limit["sellLmt"]) < float(mark["markPx"]) < float(limit["buyLmt"])
    bench.order(bench.contract("buy", "3"))
    (interest,) = bench.rows("public/open-interest", instType="SWAP")
    assert float(interest["oi"]) >= 3
    (tier,) = bench.rows("public/position-tiers", instType="SWAP", tdMode="cross", instFamily="BTC-USDT")
    assert (tier["maxLever"], tier["imr"]) == ("100", "0.01")
