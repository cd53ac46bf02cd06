"""Tickers: the figures of each window are those of the trades in it."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from exchangeclient.sandbox.engine.instruments import DEFAULTS

SYMBOLS = [each.symbol for each in DEFAULTS]
DAY_MS = 86_400_000
HOUR_MS = 3_600_000


@pytest.fixture
def busy(bench: Any) -> Any:
    """The venue after half a minute of trading."""
    for _ in range(30):
        bench.pass_time(1)
    return bench


@pytest.fixture
def traded(make_bench: Callable[..., Any]) -> Any:
    """A venue without other traders after three hours and a quarter with a trade every twenty minutes, at prices that go up and down."""
    bench = make_bench(traders=False)
    for number in range(10):
        price = f"0.000247{50 + 7 * (number % 3) - number:02d}"
        bench.order("SELL", account="other", quantity=50 + number, price=price)
        bench.order("BUY", quantity=50 + number, price=price)
        bench.pass_time(1_234 if number < 9 else 600)
    return bench


def figures(trades: list[dict[str, Any]]) -> dict[str, Any]:
    """What a window ticker says of these trades, reckoned from their public form."""
    prices = [Decimal(each["price"]) for each in trades]
    volume, quote = (sum(Decimal(each[name]) for each in trades) for name in ("qty", "quoteQty"))
    change = prices[-1] - prices[0]
    return {
        "openPrice": prices[0],
        "highPrice": max(prices),
        "lowPrice": min(prices),
        "lastPrice": prices[-1],
        "priceChange": change,
        "priceChangePercent": (change / prices[0] * 100).quantize(Decimal("0.001")),
        "weightedAvgPrice": (quote / volume).quantize(Decimal("1e-8"), rounding="ROUND_DOWN"),
        "volume": volume,
        "quoteVolume": quote,
        "firstId": trades[0]["id"],
        "lastId": trades[-1]["id"],
        "count": len(trades),
    }


def told(ticker: dict[str, Any]) -> dict[str, Any]:
    """The same of a ticker."""
    return {
        name: Decimal(value) if isinstance(value, str) else value
        for name, value in ticker.items()
        if name not in ("symbol", "openTime", "closeTime")
    }


@pytest.mark.parametrize(("size", "width_ms"), [("25m", 25 * 60_000), ("59m", 59 * 60_000), ("1h", HOUR_MS), ("3h", 3 * HOUR_MS)])
def test_a_window_ticker_is_of_the_trades_since_the_full_minute_before_its_window(traded: Any, size: str, width_ms: int) -> None:
    now_ms = traded.now_us // 1000
    ticker = traded.get("/api/v3/ticker", symbol="BNBBTC", windowSize=size)
    assert (ticker["openTime"] % 60_000, ticker["closeTime"]) == (0, now_ms)
    assert width_ms <= now_ms - ticker["openTime"] < width_ms + 60_000
    trades = [each for each in traded.get("/api/v3/trades", symbol="BNBBTC") if each["time"] >= ticker["openTime"]]
    assert 1 <= len(trades) < 10
    assert told(ticker) == figures(trades)


@pytest.mark.parametrize(("zone", "offset_ms"), [(None, 0), ("0", 0), ("-1", -HOUR_MS), ("-01:00", -HOUR_MS), ("-0:30", -HOUR_MS // 2)])
def test_the_trading_day_begins_at_midnight_of_its_time_zone(traded: Any, zone: str | None, offset_ms: int) -> None:
    ticker = traded.get("/api/v3/ticker/tradingDay", symbol="BNBBTC", **({} if zone is None else {"timeZone": zone}))
    assert (ticker["openTime"] + offset_ms) % DAY_MS == 0
    assert ticker["openTime"] <= traded.now_us // 1000 <= ticker["closeTime"] == ticker["openTime"] + DAY_MS - 1
    trades = [each for each in traded.get("/api/v3/trades", symbol="BNBBTC") if each["time"] >= ticker["openTime"]]
    assert 1 <= len(trades) < 10
    assert told(ticker) == figures(trades)


@pytest.mark.parametrize(
    ("zone", "offset_ms"), [("14", 14 * HOUR_MS), ("+05:45", 345 * 60_000), ("8:00", 8 * HOUR_MS), ("-12:00", -12 * HOUR_MS)]
)
def test_it_is_another_day_elsewhere(bench: Any, zone: str, offset_ms: int) -> None:
    ticker = bench.get("/api/v3/ticker/tradingDay", symbol="BNBBTC", timeZone=zone)
    assert (ticker["openTime"] + offset_ms) % DAY_MS == 0
    assert ticker["openTime"] <= bench.now_us // 1000 <= ticker["closeTime"]


def test_the_day_ticker_agrees_with_book_and_last_trade(busy: Any) -> None:
    last = busy.get("/api/v3/trades", symbol="ETHBTC", limit=1)[0]
    full = busy.get("/api/v3/ticker/24hr", symbol="ETHBTC")
    assert (full["lastId"], full["lastQty"]) == (last["id"], last["qty"])
    assert full["lastPrice"] == last["price"] == busy.get("/api/v3/ticker/price", symbol="ETHBTC")["price"]
    assert Decimal(full["priceChange"]) == Decimal(full["lastPrice"]) - Decimal(full["openPrice"])
    assert Decimal(full["priceChangePercent"]) == (Decimal(full["priceChange"]) / Decimal(full["openPrice"]) * 100).quantize(
        Decimal("0.001"), rounding="ROUND_HALF_UP"
    )
    book = busy.get("/api/v3/depth", symbol="ETHBTC", limit=5)
    top = busy.get("/api/v3/ticker/bookTicker", symbol="ETHBTC")
    assert [top["bidPrice"], top["bidQty"]] == book["bids"][0] == [full["bidPrice"], full["bidQty"]]
    assert [top["askPrice"], top["askQty"]] == book["asks"][0] == [full["askPrice"], full["askQty"]]
    window = busy.get("/api/v3/ticker", symbol="ETHBTC")
    assert full["openTime"] == full["closeTime"] - DAY_MS
    assert window == {name: full[name] for name in window} | {"openTime": full["openTime"] // 60_000 * 60_000}
    mini = busy.get("/api/v3/ticker/24hr", symbol="ETHBTC", type="MINI")
    assert mini == {name: full[name] for name in mini}
    assert set(full) - set(window) == {"prevClosePrice", "lastQty", "bidPrice", "bidQty", "askPrice", "askQty"}


@pytest.mark.parametrize("path", ["ticker/24hr", "ticker/tradingDay", "ticker"])
def test_the_short_form_is_a_part_of_the_full_one(busy: Any, path: str) -> None:
    full = busy.get(f"/api/v3/{path}", symbol="ETHBTC")
    mini = busy.get(f"/api/v3/{path}", symbol="ETHBTC", type="MINI")
    assert mini == {name: full[name] for name in mini}
    assert set(full) - set(mini) >= {"priceChange", "priceChangePercent", "weightedAvgPrice"}


@pytest.mark.parametrize("path", ["ticker/24hr", "ticker/price", "ticker/bookTicker"])
def test_tickers_come_as_one_as_some_or_as_all(bench: Any, path: str) -> None:
    everything = bench.get(f"/api/v3/{path}")
    assert [row["symbol"] for row in everything] == list(bench.exchange.instruments)
    assert bench.get(f"/api/v3/{path}", symbol="ETHBTC") == next(row for row in everything if row["symbol"] == "ETHBTC")
    assert bench.get(f"/api/v3/{path}", symbols='["XRPETH"]') == [row for row in everything if row["symbol"] == "XRPETH"]
    assert [row["symbol"] for row in bench.get(f"/api/v3/{path}", symbolStatus="HALT")] == ["LTCBTC"]
    assert bench.get(f"/api/v3/{path}", symbols='["LTCBTC"]', symbolStatus="TRADING") == []


@pytest.mark.parametrize("path", ["ticker/tradingDay", "ticker"])
def test_window_tickers_come_as_one_or_as_some(bench: Any, path: str) -> None:
    rows = bench.get(f"/api/v3/{path}", symbols='["XRPETH","LTCBTC"]')
    assert [row["symbol"] for row in rows] == ["XRPETH", "LTCBTC"]
    assert bench.get(f"/api/v3/{path}", symbol="XRPETH") == rows[0]
    assert bench.get(f"/api/v3/{path}", symbols='["XRPETH","LTCBTC"]', symbolStatus="HALT") == rows[1:]
    assert bench.get(f"/api/v3/{path}", symbol="LTCBTC", symbolStatus="TRADING")["code"] == -1220


def many(count: int) -> str:
    return str([f"NAME{number}" for number in range(count)]).replace("'", '"').replace(" ", "")


@pytest.mark.parametrize(
    ("path", "params", "code"),
    [
        ("ticker", {}, -1102),
        ("ticker/tradingDay", {}, -1102),
        ("ticker", {"symbols": many(101)}, -1101),
        ("ticker/tradingDay", {"symbols": many(101)}, -1101),
        ("ticker", {"symbols": many(100)}, -1121),
        ("ticker", {"symbol": "ETHBTC", "symbols": '["ETHBTC"]'}, -1128),
        ("ticker", {"symbols": '["ETHBTC","ETHBTC"]'}, -1151),
        ("ticker", {"symbol": "ETHBTC", "type": "SHORT"}, -1139),
        ("ticker/tradingDay", {"symbol": "ETHBTC", "type": "SHORT"}, -1139),
        ("ticker/24hr", {"type": "SHORT"}, -1139),
        ("ticker", {"symbol": "ETHBTC", "timeZone": "0"}, -1104),
        ("ticker/tradingDay", {"symbol": "ETHBTC", "windowSize": "1d"}, -1104),
        ("ticker/24hr", {"symbolStatus": "OPEN"}, -1122),
        *(
            ("ticker", {"symbol": "ETHBTC", "windowSize": size}, -1130)
            for size in ("60m", "24h", "8d", "0m", "1w", "1s", "1", "01m", "1h30m", "h")
        ),
        *(
            ("ticker/tradingDay", {"symbol": "ETHBTC", "timeZone": zone}, -1130)
            for zone in ("15", "-13", "14:01", "-12:01", "1:60", "x", "1:5", "1:", ":30", "UTC")
        ),
    ],
)
def test_what_makes_no_sense_is_refused(bench: Any, path: str, params: dict[str, object], code: int) -> None:
    answer = bench.get(f"/api/v3/{path}", **params)
    assert (bench.answer.status, answer["code"]) == (400, code)


@pytest.mark.parametrize(
    ("path", "params", "weight"),
    [
        ("ticker/24hr", {"symbol": "ETHBTC"}, 2),
        ("ticker/24hr", {"symbols": many(1)}, 2),
        ("ticker/24hr", {"symbols": many(20)}, 2),
        ("ticker/24hr", {"symbols": many(21)}, 40),
        ("ticker/24hr", {"symbols": many(100)}, 40),
        ("ticker/24hr", {"symbols": many(101)}, 80),
        ("ticker/24hr", {}, 80),
        ("ticker", {"symbol": "ETHBTC"}, 4),
        ("ticker", {"symbols": '["ETHBTC","BNBBTC"]'}, 8),
        ("ticker", {"symbols": many(50)}, 200),
        ("ticker", {"symbols": many(51)}, 200),
        ("ticker/tradingDay", {"symbol": "ETHBTC"}, 4),
        ("ticker/tradingDay", {"symbols": many(49)}, 196),
        ("ticker/price", {"symbol": "ETHBTC"}, 2),
        ("ticker/price", {"symbols": '["ETHBTC"]'}, 4),
        ("ticker/price", {}, 4),
        ("ticker/bookTicker", {"symbol": "ETHBTC"}, 2),
        ("ticker/bookTicker", {}, 4),
    ],
)
def test_a_ticker_weighs_by_how_many_it_shows(bench: Any, path: str, params: dict[str, object], weight: int) -> None:
    bench.get(f"/api/v3/{path}", **params)
    assert bench.answer.headers["X-MBX-USED-WEIGHT"] == str(weight)
