"""Market data: what the endpoints answer equals what the engine and each other say."""

from __future__ import annotations

from decimal import Decimal
from itertools import groupby, pairwise
from typing import Any

import pytest

from exchangeclient.sandbox.engine.instruments import DEFAULTS, shown

SYMBOLS = [each.symbol for each in DEFAULTS]


@pytest.fixture
def busy(bench: Any) -> Any:
    """The venue after a minute of trading."""
    for _ in range(60):
        bench.pass_time(1)
    return bench


def test_exchange_info_lists_every_symbol_with_its_rules(bench: Any) -> None:
    info = bench.get("/api/v3/exchangeInfo")
    assert [each["symbol"] for each in info["symbols"]] == SYMBOLS
    assert {limit["rateLimitType"] for limit in info["rateLimits"]} == {"REQUEST_WEIGHT", "ORDERS", "RAW_REQUESTS"}
    for shape in info["symbols"]:
        rules = bench.exchange.instruments[shape["symbol"]]
        filters = {each["filterType"]: each for each in shape["filters"]}
        assert filters["PRICE_FILTER"]["tickSize"] == shown(rules.tick)
        assert filters["LOT_SIZE"]["stepSize"] == shown(rules.step)
        assert filters["MARKET_LOT_SIZE"]["maxQty"] == shown(rules.max_market_quantity)
        assert filters["NOTIONAL"]["minNotional"] == shown(rules.min_notional)
        assert filters["PERCENT_PRICE_BY_SIDE"]["bidMultiplierDown"] == shown(rules.bid_down)
        assert shape["status"] == rules.status
        assert shape["baseAsset"] + shape["quoteAsset"] == shape["symbol"]


def test_exchange_info_can_be_narrowed(bench: Any) -> None:
    def names(**params: object) -> list[str]:
        return [each["symbol"] for each in bench.get("/api/v3/exchangeInfo", **params)["symbols"]]

    assert names(symbol="ETHBTC") == ["ETHBTC"]
    assert names(symbols='["XRPETH","ETHBTC"]') == ["XRPETH", "ETHBTC"]
    assert names(symbolStatus="HALT") == ["LTCBTC"]
    assert names(permissions="SPOT") == names(permissions='["MARGIN","SPOT"]') == SYMBOLS
    assert names(permissions="MARGIN") == []
    assert "permissionSets" in bench.get("/api/v3/exchangeInfo", symbol="ETHBTC")["symbols"][0]
    assert "permissionSets" not in bench.get("/api/v3/exchangeInfo", symbol="ETHBTC", showPermissionSets="false")["symbols"][0]


def test_depth_is_the_engines_book_best_first(busy: Any) -> None:
    book = busy.get("/api/v3/depth", symbol="ETHBTC", limit=5000)
    truth = busy.exchange.depth("ETHBTC", 5000)
    assert book["lastUpdateId"] == truth.last_update_id
    for side, levels in (("bids", truth.bids), ("asks", truth.asks)):
        assert book[side] == [[shown(price), shown(quantity)] for price, quantity in levels]
    bids, asks = ([Decimal(price) for price, _ in book[side]] for side in ("bids", "asks"))
    assert bids == sorted(bids, reverse=True)
    assert asks == sorted(asks)
    assert busy.get("/api/v3/depth", symbol="ETHBTC", limit=3)["bids"] == book["bids"][:3]
    assert busy.get("/api/v3/depth", symbol="ETHBTC", symbolStatus="TRADING")["lastUpdateId"] == book["lastUpdateId"]


def test_trades_are_paged_by_id(busy: Any) -> None:
    newest = busy.get("/api/v3/trades", symbol="ETHBTC", limit=1000)
    assert [each["id"] for each in newest] == list(range(1, len(newest) + 1))
    assert len(newest) > 10
    assert busy.get("/api/v3/historicalTrades", symbol="ETHBTC", limit=4) == newest[-4:]
    assert busy.get("/api/v3/historicalTrades", symbol="ETHBTC", fromId=3, limit=4) == newest[2:6]
    assert busy.get("/api/v3/historicalTrades", symbol="ETHBTC", fromId=10**6) == []
    for each in newest:
        assert Decimal(each["quoteQty"]) == (Decimal(each["price"]) * Decimal(each["qty"])).quantize(Decimal("1e-8"), rounding="ROUND_DOWN")


def test_aggregate_trades_join_what_one_order_traded_at_one_price(busy: Any) -> None:
    truth = busy.exchange.trades("ETHBTC")
    groups = [list(group) for _, group in groupby(truth, key=lambda trade: (trade.taker_order_id, trade.price, trade.time_us))]
    rows = busy.get("/api/v3/aggTrades", symbol="ETHBTC", limit=1000)
    assert [row["a"] for row in rows] == list(range(1, len(rows) + 1))
    assert [(row["f"], row["l"], row["q"]) for row in rows] == [
        (group[0].trade_id, group[-1].trade_id, shown(sum(trade.quantity for trade in group))) for group in groups
    ]
    assert busy.get("/api/v3/aggTrades", symbol="ETHBTC", limit=3) == rows[-3:]
    assert busy.get("/api/v3/aggTrades", symbol="ETHBTC", fromId=2, limit=3) == rows[1:4]
    start, end = rows[2]["T"], rows[-3]["T"]
    within = [row for row in rows if start <= row["T"] <= end]
    assert busy.get("/api/v3/aggTrades", symbol="ETHBTC", startTime=start, endTime=end, limit=1000) == within
    assert busy.get("/api/v3/aggTrades", symbol="ETHBTC", startTime=start * 1000, endTime=end * 1000, limit=1000) == within
    assert busy.get("/api/v3/aggTrades", symbol="ETHBTC", startTime=start, limit=2) == [row for row in rows if row["T"] >= start][:2]
    assert busy.get("/api/v3/aggTrades", symbol="ETHBTC", endTime=end, limit=2) == [row for row in rows if row["T"] <= end][-2:]


def test_an_order_that_takes_several_makers_of_one_level_is_one_aggregate(bench: Any) -> None:
    price = shown(bench.exchange.depth("BNBBTC", 1).asks[0][0] - 1)
    for account in ("other", "other", "key"):
        bench.order("SELL", account=account, quantity=50, price=price)
    before = bench.get("/api/v3/aggTrades", symbol="BNBBTC")
    bench.order("BUY", quantity=150, price=price)
    (new,) = bench.get("/api/v3/aggTrades", symbol="BNBBTC")[len(before) :]
    assert (new["p"], new["q"], new["l"] - new["f"]) == (price, "150.00000000", 2)


def test_klines_page_in_either_unit_and_are_the_engines(busy: Any) -> None:
    rows = busy.get("/api/v3/klines", symbol="BNBBTC", interval="5m")
    assert len(rows) == 500
    assert all(later[0] - earlier[0] == 300_000 for earlier, later in pairwise(rows))
    assert all(len(row) == 12 and row[6] == row[0] + 299_999 and row[11] == "0" for row in rows)
    assert busy.get("/api/v3/uiKlines", symbol="BNBBTC", interval="5m") == rows
    assert busy.get("/api/v3/klines", symbol="BNBBTC", interval="5m", limit=2) == rows[-2:]
    start, end = rows[10][0], rows[20][0]
    for unit in (1, 1000):
        between = busy.get("/api/v3/klines", symbol="BNBBTC", interval="5m", startTime=start * unit, endTime=end * unit)
        assert between == rows[10:21]
    # Between two opens: from the next one on, up to the one before.
    assert busy.get("/api/v3/klines", symbol="BNBBTC", interval="5m", startTime=start + 1, endTime=end - 1) == rows[11:20]
    assert busy.get("/api/v3/klines", symbol="BNBBTC", interval="5m", startTime=start * 1000 + 1, limit=1) == rows[11:12]
    assert busy.get("/api/v3/klines", symbol="BNBBTC", interval="5m", endTime=end, limit=2) == rows[19:21]
    assert busy.get("/api/v3/klines", symbol="BNBBTC", interval="5m", timeZone="0", limit=2) == rows[-2:]
    assert busy.get("/api/v3/klines", symbol="BNBBTC", interval="5m", startTime=end, endTime=start) == []


def test_tickers_agree_with_trades_and_book(busy: Any) -> None:
    trades = busy.get("/api/v3/trades", symbol="ETHBTC", limit=1000)
    full = busy.get("/api/v3/ticker/24hr", symbol="ETHBTC")
    assert (full["firstId"], full["lastId"], full["count"]) == (trades[0]["id"], trades[-1]["id"], len(trades))
    assert full["openPrice"] == trades[0]["price"]
    assert full["lastPrice"] == trades[-1]["price"] == busy.get("/api/v3/ticker/price", symbol="ETHBTC")["price"]
    assert full["lastQty"] == trades[-1]["qty"]
    assert Decimal(full["volume"]) == sum(Decimal(each["qty"]) for each in trades)
    assert Decimal(full["priceChange"]) == Decimal(full["lastPrice"]) - Decimal(full["openPrice"])
    assert Decimal(full["priceChangePercent"]) == (Decimal(full["priceChange"]) / Decimal(full["openPrice"]) * 100).quantize(
        Decimal("0.001"), rounding="ROUND_HALF_UP"
    )
    book = busy.get("/api/v3/depth", symbol="ETHBTC", limit=5)
    top = busy.get("/api/v3/ticker/bookTicker", symbol="ETHBTC")
    assert [top["bidPrice"], top["bidQty"]] == book["bids"][0] == [full["bidPrice"], full["bidQty"]]
    assert [top["askPrice"], top["askQty"]] == book["asks"][0] == [full["askPrice"], full["askQty"]]
    mini = busy.get("/api/v3/ticker/24hr", symbol="ETHBTC", type="MINI")
    assert mini == {name: full[name] for name in mini}
    assert busy.get("/api/v3/avgPrice", symbol="ETHBTC") == {
        "mins": 5,
        "price": shown(busy.exchange.average_price("ETHBTC", 5)),
        "closeTime": trades[-1]["time"],
    }


@pytest.mark.parametrize("path", ["ticker/24hr", "ticker/price", "ticker/bookTicker"])
def test_tickers_come_as_one_as_some_or_as_all(bench: Any, path: str) -> None:
    everything = bench.get(f"/api/v3/{path}")
    assert [row["symbol"] for row in everything] == SYMBOLS
    assert bench.get(f"/api/v3/{path}", symbol="ETHBTC") == everything[SYMBOLS.index("ETHBTC")]
    assert bench.get(f"/api/v3/{path}", symbols='["XRPETH"]') == [everything[SYMBOLS.index("XRPETH")]]
    assert [row["symbol"] for row in bench.get(f"/api/v3/{path}", symbolStatus="HALT")] == ["LTCBTC"]
    assert bench.get(f"/api/v3/{path}", symbols='["LTCBTC"]', symbolStatus="TRADING") == []


def test_a_market_without_trading_has_an_empty_book_and_says_so_in_zeros(bench: Any) -> None:
    top = bench.get("/api/v3/ticker/bookTicker", symbol="LTCBTC")
    assert top == {"symbol": "LTCBTC", **dict.fromkeys(("bidPrice", "bidQty", "askPrice", "askQty"), "0.00000000")}
    assert bench.get("/api/v3/trades", symbol="LTCBTC") == []
    assert bench.get("/api/v3/historicalTrades", symbol="LTCBTC", fromId=1) == []
    assert bench.get("/api/v3/aggTrades", symbol="LTCBTC") == []
    assert bench.get("/api/v3/ticker/24hr", symbol="LTCBTC")["priceChangePercent"] == "0.000"


def test_the_websites_product_lists_have_the_symbols_and_their_rules(bench: Any) -> None:
    present = bench.get("/bapi/asset/v2/public/asset-service/product/get-products")
    assert present["code"] == "000000"
    assert [each["s"] for each in present["data"]] == SYMBOLS
    old = bench.get("/exchange/public/product")["data"]
    for each, row in zip(old, present["data"], strict=True):
        rules = bench.exchange.instruments[each["symbol"]]
        assert (each["status"], each["minTrade"], each["tickSize"]) == (rules.status, shown(rules.step), shown(rules.tick))
        assert (row["st"], row["i"], row["ts"]) == (each["status"], each["minTrade"], each["tickSize"])
