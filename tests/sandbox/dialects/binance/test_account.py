"""What an account can ask: its rates, filters, amendments, allocations and prevented matches; each against the engine's truth."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from exchangeclient.sandbox.engine.commands import JoinGroup, SetFees
from exchangeclient.sandbox.engine.instruments import UNIT, scaled, shown

ROUTED = "/api/v3/sor/order"


@pytest.fixture
def quiet(make_bench: Callable[..., Any]) -> Any:
    return make_bench(traders=False)


def refusal(bench: Any, path: str, **params: object) -> tuple[int, str]:
    answer = bench.signed("GET", f"/api/v3/{path}", **params)
    return answer["code"], answer["msg"]


MISSING_SYMBOL = (-1102, "Mandatory parameter 'symbol' was not sent, was empty/null, or malformed.")
WITH_SYMBOL = [
    "order",
    "allOrders",
    "myTrades",
    "myAllocations",
    "myPreventedMatches",
    "account/commission",
    "order/amendments",
    "myFilters",
]


@pytest.mark.parametrize("path", WITH_SYMBOL)
def test_the_symbol_is_mandatory_and_must_be_listed(quiet: Any, path: str) -> None:
    more = {"order/amendments": {"orderId": 1}, "myPreventedMatches": {"orderId": 1}, "order": {"orderId": 1}}.get(path, {})
    assert refusal(quiet, path, **more) == MISSING_SYMBOL
    assert refusal(quiet, path, symbol="NOPE", **more) == (-1121, "Invalid symbol.")
    assert refusal(quiet, path, symbol="bnbbtc", **more)[0] == -1100


COMBINATIONS: list[tuple[str, str, bool]] = [
    ("myTrades", "", True),
    ("myTrades", "orderId fromId", True),
    ("myTrades", "startTime endTime limit", True),
    ("myTrades", "orderId startTime", False),
    ("myTrades", "fromId endTime", False),
    ("myAllocations", "", True),
    ("myAllocations", "startTime endTime", True),
    ("myAllocations", "orderId fromAllocationId limit", True),
    ("myAllocations", "orderId startTime", False),
    ("myAllocations", "fromAllocationId endTime", False),
    ("myPreventedMatches", "preventedMatchId", True),
    ("myPreventedMatches", "orderId", True),
    ("myPreventedMatches", "orderId fromPreventedMatchId limit", True),
    ("myPreventedMatches", "orderId preventedMatchId", False),
    ("myPreventedMatches", "orderId limit", False),
    ("myPreventedMatches", "preventedMatchId fromPreventedMatchId", False),
]


@pytest.mark.parametrize(("path", "names", "allowed"), COMBINATIONS)
def test_some_parameters_go_together_and_others_do_not(quiet: Any, path: str, names: str, allowed: bool) -> None:
    answer = quiet.signed("GET", f"/api/v3/{path}", symbol="BNBBTC", **dict.fromkeys(names.split(), 1))
    if allowed:
        assert answer == []
    else:
        assert answer == {"code": -1128, "msg": "Combination of optional parameters invalid."}


@pytest.mark.parametrize("path", ["allOrders", "myTrades", "myAllocations", "allOrderList"])
def test_a_span_is_a_day_at_most(quiet: Any, path: str) -> None:
    symbol = {} if path == "allOrderList" else {"symbol": "BNBBTC"}
    end_ms = quiet.now_us // 1000
    assert quiet.signed("GET", f"/api/v3/{path}", **symbol, startTime=end_ms - 86_400_000, endTime=end_ms) == []
    refused = (-1127, "More than 24 hours between startTime and endTime.")
    assert refusal(quiet, path, **symbol, startTime=end_ms - 86_400_001, endTime=end_ms) == refused


# ---- rates and filters -------------------------------------------------------------------------------------------


def test_the_rates_of_an_account_are_its_own(quiet: Any) -> None:
    quiet.live.execute(SetFees("key", maker=scaled("0.0002"), taker=scaled("0.0005"), discount=True))
    theirs = quiet.signed("GET", "/api/v3/account", account="other")["commissionRates"]
    mine = quiet.signed("GET", "/api/v3/account")
    assert mine["commissionRates"] == {"maker": "0.00020000", "taker": "0.00050000", "buyer": "0.00000000", "seller": "0.00000000"}
    assert (mine["makerCommission"], mine["takerCommission"]) == (2, 5)
    assert theirs == {"maker": "0.00100000", "taker": "0.00100000", "buyer": "0.00000000", "seller": "0.00000000"}
    told = quiet.signed("GET", "/api/v3/account/commission", symbol="BNBBTC")
    assert told["standardCommission"] == mine["commissionRates"]
    assert set(told["specialCommission"].values()) == set(told["taxCommission"].values()) == {"0.00000000"}
    discount = {"enabledForAccount": True, "enabledForSymbol": True, "discountAsset": "BNB", "discount": "0.75000000"}
    assert told["discount"] == discount
    params = {"symbol": "BNBBTC", "side": "BUY", "type": "LIMIT", "timeInForce": "GTC", "quantity": 100, "price": "0.0002"}
    of_order = quiet.signed("POST", "/api/v3/order/test", **params, computeCommissionRates="true")
    assert of_order == {
        "standardCommissionForOrder": {"maker": "0.00020000", "taker": "0.00050000"},
        "specialCommissionForOrder": {"maker": "0.00000000", "taker": "0.00000000"},
        "taxCommissionForOrder": {"maker": "0.00000000", "taker": "0.00000000"},
        "discount": discount,
    }


def test_the_rates_that_are_told_are_those_that_are_charged(quiet: Any) -> None:
    quiet.live.execute(SetFees("key", maker=scaled("0.0002"), taker=scaled("0.0005")))
    quiet.order("SELL", account="other", quantity=100, price="0.0002")
    (fill,) = quiet.order("BUY", "MARKET", quantity=100)["fills"]
    assert Decimal(fill["commission"]) / Decimal(fill["qty"]) == Decimal("0.0005")


def test_the_filters_of_an_account_are_those_of_exchange_and_symbol(quiet: Any) -> None:
    found = quiet.signed("GET", "/api/v3/myFilters", symbol="BNBBTC")
    info = quiet.get("/api/v3/exchangeInfo", symbol="BNBBTC")
    assert found == {"exchangeFilters": info["exchangeFilters"], "symbolFilters": info["symbols"][0]["filters"], "assetFilters": []}
    assert {each["filterType"] for each in found["exchangeFilters"]} >= {"EXCHANGE_MAX_NUM_ORDERS", "EXCHANGE_MAX_NUM_ALGO_ORDERS"}


# ---- amendments --------------------------------------------------------------------------------------------------


def test_the_amendments_of_an_order_are_kept(quiet: Any) -> None:
    order = quiet.order("BUY", quantity=100, price="0.0002", newClientOrderId="a")
    of_it = {"symbol": "BNBBTC", "orderId": order["orderId"]}
    assert quiet.signed("GET", "/api/v3/order/amendments", **of_it) == []
    answers = []
    for quantity, name in ((80, "b"), (60, "c"), (50, "d")):
        quiet.pass_time(1)
        answers.append(quiet.signed("PUT", "/api/v3/order/amend/keepPriority", **of_it, newQty=quantity, newClientOrderId=name))
    rows = quiet.signed("GET", "/api/v3/order/amendments", **of_it)
    assert [(each["origClientOrderId"], each["newClientOrderId"]) for each in rows] == [("a", "b"), ("b", "c"), ("c", "d")]
    assert [(each["origQty"], each["newQty"]) for each in rows] == [
        (shown(before * UNIT), shown(after * UNIT)) for before, after in ((100, 80), (80, 60), (60, 50))
    ]
    assert [each["executionId"] for each in rows] == [each["executionId"] for each in answers]
    assert [each["time"] for each in rows] == [each["transactTime"] for each in answers]
    assert {(each["symbol"], each["orderId"]) for each in rows} == {("BNBBTC", order["orderId"])}
    second = rows[1]["executionId"]
    assert quiet.signed("GET", "/api/v3/order/amendments", **of_it, fromExecutionId=second, limit=1) == rows[1:2]
    assert quiet.signed("GET", "/api/v3/order/amendments", account="other", **of_it) == []


def test_an_order_that_ended_without_a_fill_is_archived_after_ninety_days(quiet: Any) -> None:
    quiet.order("SELL", account="other", quantity=50, price="0.0002")
    partly = quiet.order("BUY", quantity=100, price="0.0002", timeInForce="IOC")["orderId"]
    unfilled = quiet.order("BUY", quantity=100, price="0.0001", timeInForce="IOC")["orderId"]
    resting = quiet.order("BUY", quantity=100, price="0.0001")["orderId"]

    def status(order_id: int) -> Any:
        answer = quiet.signed("GET", "/api/v3/order", symbol="BNBBTC", orderId=order_id)
        return answer.get("status", answer.get("code"))

    quiet.pass_time(90 * 86_400)
    assert [status(each) for each in (partly, unfilled, resting)] == ["EXPIRED", "EXPIRED", "NEW"]
    quiet.pass_time(1)
    assert [status(each) for each in (partly, unfilled, resting)] == ["EXPIRED", -2026, "NEW"]


# ---- self-trade prevention ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("mode", "sides", "statuses"),
    [
        ("EXPIRE_MAKER", {"maker"}, ("NEW", "EXPIRED_IN_MATCH")),
        ("EXPIRE_TAKER", {"taker"}, ("EXPIRED_IN_MATCH", "NEW")),
        ("EXPIRE_BOTH", {"maker", "taker"}, ("EXPIRED_IN_MATCH", "EXPIRED_IN_MATCH")),
        ("DECREMENT", {"maker", "taker"}, ("EXPIRED_IN_MATCH", "NEW")),
    ],
)
def test_a_prevented_match_is_told_by_the_order_and_kept(quiet: Any, mode: str, sides: set[str], statuses: tuple[str, str]) -> None:
    maker = quiet.order("BUY", quantity=60, price="0.0002")["orderId"]
    taker = quiet.order("SELL", quantity=20, price="0.0002", selfTradePreventionMode=mode)
    assert (taker["status"], taker["fills"], taker["selfTradePreventionMode"]) == (statuses[0], [], mode)
    (told,) = taker["preventedMatches"]
    names = {f"{side}PreventedQuantity" for side in sides}
    assert {name for name in told if name.endswith("PreventedQuantity")} == names
    assert (told["makerOrderId"], told["makerSymbol"], told["price"]) == (maker, "BNBBTC", "0.00020000")
    by_order = quiet.signed("GET", "/api/v3/myPreventedMatches", symbol="BNBBTC", orderId=taker["orderId"])
    assert by_order == quiet.signed("GET", "/api/v3/myPreventedMatches", symbol="BNBBTC", preventedMatchId=told["preventedMatchId"])
    (kept,) = by_order
    assert kept == {
        **told,
        "symbol": "BNBBTC",
        "takerOrderId": taker["orderId"],
        "tradeGroupId": -1,
        "selfTradePreventionMode": mode,
        "transactTime": taker["transactTime"],
    }
    other = quiet.signed("GET", "/api/v3/order", symbol="BNBBTC", orderId=maker)
    assert other["status"] == statuses[1]
    assert other.get("preventedQuantity") == told.get("makerPreventedQuantity")
    assert ("preventedMatchId" in other) is ("maker" in sides)
    assert quiet.signed("GET", "/api/v3/myPreventedMatches", account="other", symbol="BNBBTC", orderId=taker["orderId"]) == []


def test_a_prevented_match_tells_the_group(quiet: Any) -> None:
    for account in ("key", "other"):
        quiet.live.execute(JoinGroup(account, 3))
    quiet.order("BUY", account="other", quantity=60, price="0.0002")
    taker = quiet.order("SELL", quantity=20, price="0.0002", selfTradePreventionMode="EXPIRE_TAKER")
    assert (taker["tradeGroupId"], taker["preventedQuantity"]) == (3, "20.00000000")
    (kept,) = quiet.signed("GET", "/api/v3/myPreventedMatches", symbol="BNBBTC", orderId=taker["orderId"])
    assert kept["tradeGroupId"] == 3


def test_without_an_id_prevented_matches_cannot_be_asked_for(quiet: Any) -> None:
    expected = (-1102, "Param 'preventedMatchId' or 'orderId' must be sent, but both were empty/null!")
    assert refusal(quiet, "myPreventedMatches", symbol="BNBBTC") == expected


@pytest.mark.parametrize(
    ("symbol", "query", "weight"), [("BNBBTC", "orderId", 20), ("NOPE", "orderId", 2), ("NOPE", "preventedMatchId", 2)]
)
def test_prevented_matches_of_no_symbol_cost_little(quiet: Any, symbol: str, query: str, weight: int) -> None:
    quiet.signed("GET", "/api/v3/myPreventedMatches", symbol=symbol, **{query: 1})
    assert quiet.answer.headers["X-MBX-USED-WEIGHT-1M"] == str(weight)


# ---- smart order routing -----------------------------------------------------------------------------------------


def test_a_routed_order_takes_the_best_of_all_books_and_shows_its_allocations(quiet: Any) -> None:
    quiet.order("SELL", account="other", symbol="BTCUSDT", quantity="0.1", price="5800")
    quiet.order("SELL", account="other", symbol="BTCUSDC", quantity="0.1", price="5790")
    quiet.pass_time(1)
    order = quiet.signed(
        "POST",
        ROUTED,
        symbol="BTCUSDT",
        side="BUY",
        type="LIMIT",
        timeInForce="GTC",
        quantity="0.15",
        price="5810",
        newClientOrderId="mine",
    )
    assert (order["status"], order["usedSor"], order["workingFloor"]) == ("FILLED", True, "SOR")
    away, here = order["fills"]
    assert (away["matchType"], away["price"], away["qty"], away["tradeId"]) == ("ONE_PARTY_TRADE_REPORT", "5790.00000000", "0.10000000", -1)
    assert (here["price"], here["qty"]) == ("5800.00000000", "0.05000000")
    allocations = quiet.signed("GET", "/api/v3/myAllocations", symbol="BTCUSDT")
    assert [each["allocationId"] for each in allocations] == [each["allocId"] for each in order["fills"] if "allocId" in each]
    row = allocations[0]
    assert row == {
        "symbol": "BTCUSDT",
        "allocationId": away["allocId"],
        "allocationType": "SOR",
        "orderId": order["orderId"],
        "orderListId": -1,
        "price": away["price"],
        "qty": away["qty"],
        "quoteQty": "579.00000000",
        "commission": away["commission"],
        "commissionAsset": away["commissionAsset"],
        "time": order["transactTime"],
        "isBuyer": True,
        "isMaker": False,
        "isAllocator": False,
    }
    assert quiet.signed("GET", "/api/v3/myAllocations", symbol="BTCUSDT", orderId=order["orderId"]) == allocations
    found = quiet.signed("GET", "/api/v3/order", symbol="BTCUSDT", origClientOrderId="mine")
    assert (found["usedSor"], found["workingFloor"], found["status"]) == (True, "SOR", "FILLED")


def test_what_routing_leaves_rests_on_the_symbols_own_book(quiet: Any) -> None:
    order = quiet.signed("POST", ROUTED, symbol="BTCUSDT", side="BUY", type="LIMIT", timeInForce="GTC", quantity="0.1", price="5000")
    assert (order["status"], order["usedSor"], order["workingFloor"], order["fills"]) == ("NEW", True, "EXCHANGE", [])
    assert quiet.get("/api/v3/depth", symbol="BTCUSDT")["bids"] == [["5000.00000000", "0.10000000"]]


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({"symbol": "BNBBTC", "side": "BUY", "type": "MARKET", "quantity": 1}, -1013),
        ({"symbol": "BTCUSDT", "side": "BUY", "type": "MARKET"}, -1102),
        ({"symbol": "BTCUSDT", "side": "BUY", "type": "LIMIT_MAKER", "quantity": 1, "price": 5000}, -1116),
        ({"symbol": "BTCUSDT", "side": "BUY", "type": "MARKET", "quantity": 1, "quoteOrderQty": 1}, -1104),
        ({"symbol": "NOPE", "side": "BUY", "type": "MARKET", "quantity": 1}, -1121),
    ],
)
def test_routing_has_its_limits(quiet: Any, params: dict[str, object], code: int) -> None:
    for path in (ROUTED, f"{ROUTED}/test"):
        assert quiet.signed("POST", path, **params)["code"] == code


def test_a_routed_test_order_leaves_no_trace(quiet: Any) -> None:
    params = {"symbol": "BTCUSDT", "side": "BUY", "type": "LIMIT", "timeInForce": "GTC", "quantity": "0.1", "price": "5000"}
    assert quiet.signed("POST", f"{ROUTED}/test", **params) == {}
    assert "standardCommissionForOrder" in quiet.signed("POST", f"{ROUTED}/test", **params, computeCommissionRates="true")
    assert quiet.signed("GET", "/api/v3/openOrders") == []
