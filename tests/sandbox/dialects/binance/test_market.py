"""Market data: what the endpoints answer equals what the engine and each other say."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from itertools import groupby, pairwise
from typing import Any

import pytest

from exchangeclient.sandbox.engine.commands import Delist
from exchangeclient.sandbox.engine.instruments import DEFAULTS, UNIT, Instrument, PriceRange, Reference, Trailing, shown
from exchangeclient.sandbox.engine.words import ListKind, OrderType, SelfTrade, Status

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
        assert shape["status"] == rules.status.value
        assert shape["baseAsset"] + shape["quoteAsset"] == shape["symbol"]


def test_exchange_info_can_be_narrowed(bench: Any) -> None:
    def names(**params: object) -> list[str]:
        return [each["symbol"] for each in bench.get("/api/v3/exchangeInfo", **params)["symbols"]]

    assert names(symbol="ETHBTC") == ["ETHBTC"]
    assert names(symbols='["XRPETH","ETHBTC"]') == ["XRPETH", "ETHBTC"]
    assert names(symbolStatus="HALT") == ["LTCBTC"]
    assert names(permissions="SPOT") == names(permissions='["MARGIN","SPOT"]') == SYMBOLS
    assert names(permissions="MARGIN") == []
    (sets,) = {str(each["permissionSets"]): each["permissionSets"] for each in bench.get("/api/v3/exchangeInfo")["symbols"]}.values()
    permissions = bench.signed("GET", "/api/v3/account")["permissions"]
    assert all(set(alternatives) & set(permissions) for alternatives in sets)  # so the account may trade them
    assert names(permissions=sets[0][-1]) == SYMBOLS
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


def test_an_order_that_takes_several_makers_of_one_level_is_one_aggregate(make_bench: Callable[..., Any]) -> None:
    bench = make_bench(traders=False)
    for account in ("other", "other", "key"):
        bench.order("SELL", account=account, quantity=50, price="0.0002", selfTradePreventionMode="NONE")
    bench.order("BUY", quantity=150, price="0.0002", selfTradePreventionMode="NONE")
    (row,) = bench.get("/api/v3/aggTrades", symbol="BNBBTC")
    assert (row["p"], row["q"], row["l"] - row["f"]) == ("0.00020000", "150.00000000", 2)


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


def test_a_market_without_trading_has_an_empty_book_and_says_so_in_zeros(bench: Any) -> None:
    top = bench.get("/api/v3/ticker/bookTicker", symbol="LTCBTC")
    assert top == {"symbol": "LTCBTC", **dict.fromkeys(("bidPrice", "bidQty", "askPrice", "askQty"), "0.00000000")}
    assert bench.get("/api/v3/trades", symbol="LTCBTC") == []
    assert bench.get("/api/v3/historicalTrades", symbol="LTCBTC", fromId=1) == []
    assert bench.get("/api/v3/aggTrades", symbol="LTCBTC") == []


@pytest.mark.parametrize(("zone", "hours"), [("8", 8), ("-1:00", -1), ("05:45", 5.75), ("+14:00", 14), ("-12", -12)])
def test_klines_of_a_time_zone_open_at_its_hours_and_days(bench: Any, zone: str, hours: float) -> None:
    offset = timezone(timedelta(hours=hours))
    for interval in ("1h", "12h", "1d", "3d", "1w", "1M"):
        rows = bench.get("/api/v3/klines", symbol="BNBBTC", interval=interval, timeZone=zone, limit=3)
        opens = [datetime.fromtimestamp(row[0] / 1000, offset) for row in rows]
        assert all((each.minute, each.second) == (0, 0) for each in opens)
        if interval != "1h":
            assert all(each.hour % 12 == 0 if interval == "12h" else each.hour == 0 for each in opens)
        if interval == "1w":
            assert {each.isoweekday() for each in opens} == {1}
        if interval == "1M":
            assert {each.day for each in opens} == {1}
        assert all(earlier[6] + 1 == later[0] for earlier, later in pairwise(rows))
        assert bench.get("/api/v3/uiKlines", symbol="BNBBTC", interval=interval, timeZone=zone, limit=3) == rows
        # What is asked for stays in UTC.
        assert bench.get("/api/v3/klines", symbol="BNBBTC", interval=interval, timeZone=zone, startTime=rows[1][0], limit=2) == rows[1:]


# ---- exchangeInfo and rules --------------------------------------------------------------------------------------------


def with_rules(**changes: Any) -> list[Instrument]:
    return [replace(each, **changes) if each.symbol == "ETHBTC" else each for each in DEFAULTS]


def ethbtc(bench: Any) -> dict[str, Any]:
    (shape,) = bench.get("/api/v3/exchangeInfo", symbol="ETHBTC")["symbols"]
    return dict(shape)


@pytest.mark.parametrize(
    ("change", "flag", "value"),
    [
        ({"iceberg": False}, "icebergAllowed", False),
        ({"lists": frozenset({ListKind.OTO, ListKind.OPO})}, "ocoAllowed", False),
        ({"lists": frozenset({ListKind.OCO, ListKind.OPO})}, "otoAllowed", False),
        ({"lists": frozenset({ListKind.OCO, ListKind.OTO})}, "opoAllowed", False),
        ({"quote_quantity": False}, "quoteOrderQtyMarketAllowed", False),
        ({"trailing": None}, "allowTrailingStop", False),
        ({"amend": False}, "amendAllowed", False),
        ({"peg": False}, "pegInstructionsAllowed", False),
        ({"types": frozenset({OrderType.MARKET, OrderType.LIMIT})}, "orderTypes", ["LIMIT", "MARKET"]),
        ({"self_trade": SelfTrade.NONE}, "defaultSelfTradePreventionMode", "NONE"),
        ({"self_trades": frozenset({SelfTrade.DECREMENT, SelfTrade.NONE})}, "allowedSelfTradePreventionModes", ["NONE", "DECREMENT"]),
        *(({"status": status}, "status", status.value) for status in Status),
    ],
)
def test_each_flag_of_a_symbol_follows_its_rules(make_bench: Callable[..., Any], change: dict[str, Any], flag: str, value: object) -> None:
    plain, changed = (ethbtc(make_bench(traders=False, instruments=with_rules(**each))) for each in ({}, change))
    assert changed[flag] == value
    assert changed[flag] != plain[flag] or flag == "status"
    assert {name for name, each in changed.items() if each != plain[name]} <= {flag, "filters"}


@pytest.mark.parametrize(
    ("change", "kind", "shape"),
    [
        ({"max_iceberg_parts": 7}, "ICEBERG_PARTS", {"limit": 7}),
        ({"max_iceberg_orders": 7}, "MAX_NUM_ICEBERG_ORDERS", {"maxNumIcebergOrders": 7}),
        ({"max_orders": 7}, "MAX_NUM_ORDERS", {"maxNumOrders": 7}),
        ({"max_algo_orders": 7}, "MAX_NUM_ALGO_ORDERS", {"maxNumAlgoOrders": 7}),
        ({"max_lists": 7}, "MAX_NUM_ORDER_LISTS", {"maxNumOrderLists": 7}),
        ({"max_amends": 7}, "MAX_NUM_ORDER_AMENDS", {"maxNumOrderAmends": 7}),
        ({"max_position": 7 * UNIT}, "MAX_POSITION", {"maxPosition": "7.00000000"}),
        (
            {"trailing": Trailing(1, 2, 3, 4)},
            "TRAILING_DELTA",
            {"minTrailingAboveDelta": 1, "maxTrailingAboveDelta": 2, "minTrailingBelowDelta": 3, "maxTrailingBelowDelta": 4},
        ),
    ],
)
def test_each_filter_follows_the_rules(make_bench: Callable[..., Any], change: dict[str, Any], kind: str, shape: dict[str, object]) -> None:
    filters = ethbtc(make_bench(traders=False, instruments=with_rules(**change)))["filters"]
    assert {"filterType": kind, **shape} in filters
    assert [each["filterType"] for each in filters].count(kind) == 1


@pytest.mark.parametrize(
    ("change", "absent"),
    [
        ({"iceberg": False}, {"ICEBERG_PARTS", "MAX_NUM_ICEBERG_ORDERS"}),
        ({"trailing": None}, {"TRAILING_DELTA"}),
        ({"max_position": None}, {"MAX_POSITION"}),
    ],
)
def test_a_rule_that_a_symbol_does_not_have_is_no_filter(make_bench: Callable[..., Any], change: dict[str, Any], absent: set[str]) -> None:
    bench = make_bench(traders=False, instruments=with_rules(**change))
    assert not absent & {each["filterType"] for each in ethbtc(bench)["filters"]}


def test_the_filters_over_all_symbols_are_the_exchanges(bench: Any) -> None:
    filters = {each.pop("filterType"): each for each in bench.get("/api/v3/exchangeInfo")["exchangeFilters"]}
    rules = bench.exchange.rules
    assert filters == {
        "EXCHANGE_MAX_NUM_ORDERS": {"maxNumOrders": rules.max_orders},
        "EXCHANGE_MAX_NUM_ALGO_ORDERS": {"maxNumAlgoOrders": rules.max_algo_orders},
        "EXCHANGE_MAX_NUM_ICEBERG_ORDERS": {"maxNumIcebergOrders": rules.max_iceberg_orders},
        "EXCHANGE_MAX_NUM_ORDER_LISTS": {"maxNumOrderLists": rules.max_lists},
    }


def test_routes_are_shown_by_their_base_asset(bench: Any) -> None:
    shown_routes = {each["baseAsset"]: tuple(each["symbols"]) for each in bench.get("/api/v3/exchangeInfo")["sors"]}
    assert shown_routes == dict(bench.exchange.routes)
    assert shown_routes


def test_execution_rules_show_the_range_in_which_a_symbol_trades(make_bench: Callable[..., Any]) -> None:
    price_range = PriceRange(bid_up=UNIT + UNIT // 10, ask_down=UNIT - UNIT // 10)
    bench = make_bench(traders=False, instruments=with_rules(price_range=price_range, status=Status.HALT))
    rule = {"ruleType": "PRICE_RANGE", "bidLimitMultUp": "1.10000000", "askLimitMultDown": "0.90000000"}
    own = {"symbol": "ETHBTC", "rules": [rule]}
    assert bench.get("/api/v3/executionRules", symbol="ETHBTC") == {"symbolRules": [own]}
    assert bench.get("/api/v3/executionRules", symbolStatus="HALT") == {"symbolRules": [own]}
    assert bench.get("/api/v3/executionRules", symbols='["XRPETH","ETHBTC"]') == {"symbolRules": [{"symbol": "XRPETH", "rules": []}, own]}
    assert [each["symbol"] for each in bench.get("/api/v3/executionRules")["symbolRules"]] == list(bench.exchange.instruments)


def test_the_reference_price_is_the_engines_and_says_how_it_is_made(make_bench: Callable[..., Any]) -> None:
    bench = make_bench(traders=False, instruments=with_rules(reference=Reference(buckets=4, width_ms=500)))
    assert bench.get("/api/v3/referencePrice/calculation", symbol="ETHBTC") == {
        "symbol": "ETHBTC",
        "calculationType": "ARITHMETIC_MEAN",
        "bucketCount": 4,
        "bucketWidthMs": 500,
    }
    assert bench.get("/api/v3/referencePrice/calculation", symbol="ETHBTC", symbolStatus="HALT")["code"] == -1220
    assert bench.get("/api/v3/referencePrice", symbol="ETHBTC")["referencePrice"] is None
    bench.order("SELL", account="other", symbol="ETHBTC", quantity=1, price="0.07")
    bench.order("BUY", symbol="ETHBTC", quantity=1, price="0.07")
    bench.pass_time(1)
    price, time_us = bench.exchange.reference_price("ETHBTC")
    assert price is not None
    assert bench.get("/api/v3/referencePrice", symbol="ETHBTC") == {
        "symbol": "ETHBTC",
        "referencePrice": shown(price),
        "timestamp": time_us // 1000,
    }
    for path in ("referencePrice", "referencePrice/calculation"):
        assert bench.get(f"/api/v3/{path}", symbol="XRPETH") == {"code": -2043, "msg": "This symbol doesn't have a reference price."}


# ---- refusals and weights ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "params", "code"),
    [
        ("executionRules", {"symbol": "ETHBTC", "symbolStatus": "TRADING"}, -1128),
        ("executionRules", {"symbol": "ETHBTC", "symbols": '["ETHBTC"]'}, -1128),
        ("executionRules", {"symbol": "NOPE"}, -1121),
        ("historicalBlockTrades", {"symbol": "ETHBTC"}, -1102),
        ("historicalBlockTrades", {"fromId": 1}, -1102),
        ("historicalBlockTrades", {"symbol": "NOPE", "fromId": 1}, -1121),
        ("historicalBlockTrades", {"symbol": "ETHBTC", "fromId": "x"}, -1100),
        ("referencePrice", {}, -1102),
        ("referencePrice", {"symbol": "NOPE"}, -1121),
        ("referencePrice/calculation", {"symbol": "ETHBTC", "symbolStatus": "OPEN"}, -1122),
        ("depth", {"symbol": "LTCBTC", "symbolStatus": "TRADING"}, -1220),
        ("klines", {"symbol": "ETHBTC", "interval": "1d", "timeZone": "14:01"}, -1130),
        ("klines", {"symbol": "ETHBTC", "interval": "1d", "timeZone": "east"}, -1130),
    ],
)
def test_what_makes_no_sense_is_refused(bench: Any, path: str, params: dict[str, object], code: int) -> None:
    answer = bench.get(f"/api/v3/{path}", **params)
    assert (bench.answer.status, answer["code"]) == (400, code)


@pytest.mark.parametrize(
    ("path", "params", "weight"),
    [
        ("executionRules", {"symbol": "ETHBTC"}, 2),
        ("executionRules", {"symbols": '["ETHBTC"]'}, 2),
        ("executionRules", {"symbols": '["ETHBTC","XRPETH","BNBBTC"]'}, 6),
        ("executionRules", {"symbols": str([f"N{number}" for number in range(21)]).replace("'", '"')}, 40),
        ("executionRules", {"symbolStatus": "HALT"}, 40),
        ("executionRules", {}, 40),
        ("historicalBlockTrades", {"symbol": "ETHBTC", "fromId": 1}, 25),
        ("referencePrice", {"symbol": "ETHBTC"}, 2),
        ("referencePrice/calculation", {"symbol": "ETHBTC"}, 2),
    ],
)
def test_what_a_question_weighs(bench: Any, path: str, params: dict[str, object], weight: int) -> None:
    bench.get(f"/api/v3/{path}", **params)
    assert bench.answer.headers["X-MBX-USED-WEIGHT"] == str(weight)


def test_a_delisted_symbol_is_unknown_and_silent(make_bench: Callable[..., Any], make_wire: Callable[..., Any]) -> None:
    bench = make_bench(traders=False)
    kinds = ("depth@100ms", "depth5@100ms", "kline_1s", "ticker", "ticker_1h", "miniTicker", "bookTicker", "avgPrice", "trade", "aggTrade")
    own = make_wire(bench, "/ws/" + "/".join(f"bnbbtc@{kind}" for kind in kinds))
    arrays = make_wire(bench, "/ws/!miniTicker@arr/!ticker_1h@arr")
    bench.order("SELL", account="other", quantity=50, price="0.0002")
    bench.order("BUY", quantity=20, price="0.0002")
    bench.live.execute(Delist("BNBBTC"))
    own.heard()
    bench.pass_time(60)
    bench.pass_time(60)
    assert own.heard() == []
    told = [{row["s"] for row in rows} for rows in arrays.heard()]
    assert told == [set(bench.exchange.instruments)] * 2  # the arrays go on without it
    assert "BNBBTC" not in bench.exchange.instruments
    for path in ("depth", "trades", "aggTrades", "avgPrice", "ticker/24hr", "ticker", "executionRules", "exchangeInfo"):
        assert bench.get(f"/api/v3/{path}", symbol="BNBBTC") == {"code": -1121, "msg": "Invalid symbol."}
    assert "BNBBTC" not in [each["symbol"] for each in bench.get("/api/v3/ticker/price")]
