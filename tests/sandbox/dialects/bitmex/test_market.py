"""Market data by REST."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest

from exchangeclient.sandbox.dialects.bitmex.market_shapes import Ticks
from exchangeclient.sandbox.dialects.bitmex.names import PRODUCTS


def test_instruments_have_their_rules(bench: Any) -> None:
    inverse, linear = bench.get("/instrument/active")
    assert (inverse["symbol"], inverse["typ"], inverse["state"], inverse["tickSize"], inverse["lotSize"]) == (
        "XBTUSD",
        "FFWCSX",
        "Open",
        0.5,
        100,
    )
    assert (inverse["isInverse"], inverse["multiplier"], inverse["settlCurrency"]) == (True, -100_000_000, "XBt")
    assert (linear["isInverse"], linear["multiplier"], linear["settlCurrency"]) == (False, 1, "USDt")
    assert linear["underlyingToPositionMultiplier"] == linear["quoteToSettleMultiplier"] == 1_000_000
    assert [row["symbol"] for row in bench.get("/instrument")] == ["XBTUSD", "XBTUSDT", ".BXBT", ".BXBTT"]
    assert [row["symbol"] for row in bench.get("/instrument", symbol="XBT")] == ["XBTUSD"]
    assert [row["symbol"] for row in bench.get("/instrument/indices")] == [".BXBT", ".BXBTT"]
    assert bench.get("/instrument/activeIntervals") == {"intervals": ["XBT:perpetual"], "symbols": ["XBTUSD"]}
    assert [(row["currency"], row["scale"]) for row in bench.get("/wallet/assets")] == [("XBt", 8), ("USDt", 6)]


def test_the_book_is_as_deep_as_asked(busy: Any) -> None:
    for depth, least in ((1, 1), (25, 25), (0, 26)):
        rows = busy.get("/orderBook/L2", symbol="XBTUSD", depth=depth)
        bids, asks = ([row["price"] for row in rows if row["side"] == side] for side in ("Buy", "Sell"))
        assert len(bids) >= least <= len(asks)
        assert depth == 0 or len(bids) == len(asks) == depth
        assert max(bids) < min(asks)
        assert [*asks, *bids] == sorted((*asks, *bids), reverse=True)
    assert len(busy.get("/orderBook/L2", symbol="XBTUSD")) == 50
    assert busy.get("/orderBook/L2")["error"]["message"] == "'symbol' is a required arg."


def test_bins_go_by_their_ends_without_a_gap(make_bench: Any) -> None:
    busy = make_bench(traders=True, step_s=10)
    busy.pass_time(3600)
    hour = timedelta(hours=1)

    def times(rows: list[dict[str, Any]]) -> list[datetime]:
        return [datetime.fromisoformat(row["timestamp"]) for row in rows]

    newest = busy.get("/trade/bucketed", symbol="XBTUSD", binSize="1h", count=5, reverse="true")
    now = datetime.fromisoformat("2023-11-14T23:13:20Z")
    assert times(newest) == [now.replace(minute=0, second=0) - hour * number for number in range(5)]
    running = busy.get("/trade/bucketed", symbol="XBTUSD", binSize="1h", count=1, reverse="true", partial="true")
    assert times(running) == [now.replace(hour=0, day=15, minute=0, second=0)]

    oldest = busy.get("/trade/bucketed", symbol="XBTUSD", binSize="1h", count=3)
    assert times(oldest)[0] < now - timedelta(days=5)
    walked = list(oldest)
    while True:
        start = times(walked)[-1] + hour
        page = busy.get("/trade/bucketed", symbol="XBTUSD", binSize="1h", count=500, startTime=start.isoformat())
        walked += page
        if len(page) < 500:
            break
    assert all(later - earlier == hour for earlier, later in pairwise(times(walked)))
    assert all(later["open"] == earlier["close"] for earlier, later in pairwise(walked))
    assert all(row["low"] <= min(row["open"], row["close"]) <= max(row["open"], row["close"]) <= row["high"] for row in walked)
    assert walked[-5:] == newest[::-1]
    assert busy.get("/trade/bucketed", symbol="XBTUSD", binSize="2h")["error"]["message"] == "Invalid binSize"


@pytest.mark.parametrize("symbol", ["XBTUSD", "XBTUSDT"])
def test_a_bin_is_the_sum_of_its_trades(symbol: str, busy: Any) -> None:
    busy.pass_time(300)
    traded = busy.get("/trade", symbol=symbol, count=1000, startTime="2023-11-14T22:14:00Z", endTime="2023-11-14T22:17:59.999Z")
    bins = busy.get("/trade/bucketed", symbol=symbol, binSize="1m", startTime="2023-11-14T22:15:00Z", endTime="2023-11-14T22:18:00Z")
    assert len(bins) == 4
    for each in bins:
        ends = datetime.fromisoformat(each["timestamp"])
        parts = [row for row in traded if ends - timedelta(minutes=1) <= datetime.fromisoformat(row["timestamp"]) < ends]
        assert len(parts) == each["trades"] > 0
        sums = [("volume", "size"), ("turnover", "grossValue"), ("homeNotional", "homeNotional"), ("foreignNotional", "foreignNotional")]
        for name, part in sums:
            assert Decimal(str(each[name])) == sum(Decimal(str(row[part])) for row in parts), name
        assert each["vwap"] == pytest.approx(each["foreignNotional"] / each["homeNotional"], abs=0.001)


def test_trades_are_paged_both_ways(busy: Any) -> None:
    busy.pass_time(60)
    rows = busy.get("/trade", symbol="XBTUSD", count=1000)
    assert len(rows) > 10
    assert busy.get("/trade", symbol="XBTUSD", count=3, reverse="true") == rows[:-4:-1]
    assert [row["size"] for row in busy.get("/trade", symbol=".BXBT", count=2)] == [0, 0]
    first = rows[0]
    assert first["grossValue"] == int(first["size"] * 10**8 / first["price"])
    quotes = busy.get("/quote", symbol="XBTUSD", count=500, reverse="true")
    assert len(quotes) > 10
    assert all(row["bidPrice"] < row["askPrice"] for row in quotes)


def test_ticks_say_which_way_the_price_went() -> None:
    ticks = Ticks()
    words = [ticks.of(price) for price in (5, 6, 6, 5, 5, 7)]
    assert words == ["PlusTick", "PlusTick", "ZeroPlusTick", "MinusTick", "ZeroMinusTick", "PlusTick"]


def test_other_venues_do_not_list_the_inverse_contract(bench: Any) -> None:
    assert "XBTUSD" not in bench.exchange.spot
    assert "XBTUSD" in bench.exchange.instruments


def test_no_two_levels_have_one_id() -> None:
    ids = {each.level_id(price * each.first_tick, opaque=True) for each in PRODUCTS for price in range(1, 100_001)}
    assert len(ids) == 200_000


def test_the_last_day_is_told_in_coins_and_in_money(busy: Any) -> None:
    busy.pass_time(120)
    inverse, linear = busy.get("/instrument/active")
    assert inverse["foreignNotional24h"] == inverse["volume24h"] > 0
    assert inverse["turnover24h"] == round(inverse["homeNotional24h"] * 10**8)
    assert linear["homeNotional24h"] == linear["volume24h"] / 10**6 > 0
    assert linear["turnover24h"] == int(Decimal(str(linear["foreignNotional24h"])) * 10**6)
    for row in (inverse, linear):
        assert row["lowPrice"] <= row["vwap"] <= row["highPrice"]
        assert row["vwap"] == pytest.approx(row["foreignNotional24h"] / row["homeNotional24h"], abs=0.001)
