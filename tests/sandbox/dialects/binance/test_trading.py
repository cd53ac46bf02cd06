"""Orders and accounts: the answers, their three forms, and that the money adds up."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from exchangeclient.sandbox.engine.instruments import DEFAULTS, scaled, shown
from exchangeclient.sandbox.engine.words import OrderType, SelfTrade

ORDER = "/api/v3/order"
ACK = {"symbol", "orderId", "orderListId", "clientOrderId", "transactTime"}
RESULT = ACK | {
    "price",
    "origQty",
    "executedQty",
    "origQuoteOrderQty",
    "cummulativeQuoteQty",
    "status",
    "timeInForce",
    "type",
    "side",
    "workingTime",
    "selfTradePreventionMode",
}


def free(bench: Any, asset: str, account: str = "key") -> Decimal:
    balances = bench.signed("GET", "/api/v3/account", account=account)["balances"]
    return next(Decimal(each["free"]) for each in balances if each["asset"] == asset)


@pytest.mark.parametrize(("wanted", "fields"), [("ACK", ACK), ("RESULT", RESULT), ("FULL", RESULT | {"fills"})])
def test_the_answer_has_the_form_that_was_asked_for(bench: Any, wanted: str, fields: set[str]) -> None:
    assert set(bench.order("BUY", "MARKET", quantity=10, newOrderRespType=wanted)) == fields


def test_the_form_when_none_is_asked_for_depends_on_the_type(bench: Any) -> None:
    assert set(bench.order("BUY", "MARKET", quantity=10)) == RESULT | {"fills"}
    assert set(bench.order("BUY", quantity=100, price="0.00001")) == RESULT | {"fills"}
    assert set(bench.order("BUY", "LIMIT_MAKER", quantity=100, price="0.00001")) == ACK


def test_a_market_order_fills_from_the_book_and_pays_commission_from_what_it_gets(bench: Any) -> None:
    asks = bench.get("/api/v3/depth", symbol="BNBBTC")["asks"]
    bnb, btc = free(bench, "BNB"), free(bench, "BTC")
    order = bench.order("BUY", "MARKET", quantity=100)
    assert (order["status"], order["executedQty"]) == ("FILLED", "100.00000000")
    assert [fill["price"] for fill in order["fills"]] == [price for price, _ in asks[: len(order["fills"])]]
    quantities = [Decimal(fill["qty"]) for fill in order["fills"]]
    commissions = [Decimal(fill["commission"]) for fill in order["fills"]]
    assert sum(quantities) == 100
    assert commissions == [quantity / 1000 for quantity in quantities]
    assert free(bench, "BNB") == bnb + 100 - sum(commissions)
    assert free(bench, "BTC") == btc - Decimal(order["cummulativeQuoteQty"])


def test_a_market_order_by_quote_quantity_spends_as_near_as_the_step_lets_it(bench: Any) -> None:
    btc = free(bench, "BTC")
    order = bench.order("BUY", "MARKET", quoteOrderQty="0.05")
    spent = btc - free(bench, "BTC")
    assert order["origQuoteOrderQty"] == "0.05000000"
    assert order["status"] == "FILLED"
    dearest = max(Decimal(fill["price"]) for fill in order["fills"])
    assert Decimal("0.05") - dearest * Decimal("0.01") <= spent <= Decimal("0.05")


def test_an_order_rests_is_found_in_three_ways_and_cancelled(bench: Any) -> None:
    btc = free(bench, "BTC")
    placed = bench.order("BUY", quantity=100, price="0.00001", newClientOrderId="mine")
    assert (placed["status"], placed["fills"]) == ("NEW", [])
    assert free(bench, "BTC") == btc - Decimal("0.001")
    by_id = bench.signed("GET", ORDER, symbol="BNBBTC", orderId=placed["orderId"])
    assert bench.signed("GET", ORDER, symbol="BNBBTC", origClientOrderId="mine") == by_id
    assert bench.signed("GET", "/api/v3/openOrders") == bench.signed("GET", "/api/v3/openOrders", symbol="BNBBTC") == [by_id]
    assert bench.signed("GET", "/api/v3/openOrders", symbol="ETHBTC") == []
    assert {name: by_id[name] for name in RESULT - {"transactTime"}} == {name: placed[name] for name in RESULT - {"transactTime"}}
    bench.pass_time(1)
    cancelled = bench.signed("DELETE", ORDER, symbol="BNBBTC", origClientOrderId="mine", newClientOrderId="undo")
    assert (cancelled["status"], cancelled["clientOrderId"], cancelled["origClientOrderId"]) == ("CANCELED", "undo", "mine")
    assert cancelled["transactTime"] == placed["transactTime"] + 1000
    assert free(bench, "BTC") == btc
    assert bench.signed("GET", "/api/v3/openOrders") == []
    assert bench.signed("GET", ORDER, symbol="BNBBTC", orderId=placed["orderId"])["status"] == "CANCELED"
    assert bench.signed("DELETE", ORDER, symbol="BNBBTC", orderId=placed["orderId"])["code"] == -2011


def test_all_open_orders_of_a_symbol_are_cancelled_at_once(bench: Any) -> None:
    placed = [bench.order("BUY", quantity=100, price=f"0.0000{number}")["orderId"] for number in (1, 2, 3)]
    other = bench.order("BUY", symbol="ETHBTC", quantity=1, price="0.01")["orderId"]
    cancelled = bench.signed("DELETE", "/api/v3/openOrders", symbol="BNBBTC")
    assert [(each["orderId"], each["status"]) for each in cancelled] == [(order_id, "CANCELED") for order_id in placed]
    assert [each["orderId"] for each in bench.signed("GET", "/api/v3/openOrders")] == [other]


@pytest.mark.parametrize(("time_in_force", "status"), [("IOC", "EXPIRED"), ("FOK", "EXPIRED"), ("GTC", "PARTIALLY_FILLED")])
def test_what_is_not_filled_at_once_stays_or_goes_by_time_in_force(bench: Any, time_in_force: str, status: str) -> None:
    price, available = bench.get("/api/v3/depth", symbol="BNBBTC", limit=1)["asks"][0]
    quantity = Decimal(available) + 10
    order = bench.order("BUY", quantity=quantity, price=price, timeInForce=time_in_force)
    assert order["status"] == status
    assert Decimal(order["executedQty"]) == (0 if time_in_force == "FOK" else Decimal(available))


def test_two_accounts_trade_with_each_other_and_both_see_it(bench: Any) -> None:
    bid = bench.exchange.depth("BNBBTC", 1).bids[0][0]
    price = shown(bid + 1)
    maker = bench.order("BUY", account="other", quantity=50, price=price)
    taker = bench.order("SELL", quantity=50, price=price)
    assert taker["status"] == "FILLED"
    assert bench.signed("GET", ORDER, account="other", symbol="BNBBTC", orderId=maker["orderId"])["status"] == "FILLED"
    (mine,), (theirs,) = (bench.signed("GET", "/api/v3/myTrades", account=account, symbol="BNBBTC") for account in ("key", "other"))
    assert mine["id"] == theirs["id"] == taker["fills"][0]["tradeId"]
    assert (mine["isBuyer"], mine["isMaker"], mine["commissionAsset"]) == (False, False, "BTC")
    assert (theirs["isBuyer"], theirs["isMaker"], theirs["commissionAsset"]) == (True, True, "BNB")
    assert bench.get("/api/v3/trades", symbol="BNBBTC", limit=1)[0]["isBuyerMaker"]


def test_orders_and_trades_are_paged(bench: Any) -> None:
    placed = []
    for _ in range(5):
        placed.append(bench.order("BUY", "MARKET", quantity=10))
        bench.pass_time(1)
    ids, times = [each["orderId"] for each in placed], [each["transactTime"] for each in placed]

    def orders(**params: object) -> list[int]:
        return [each["orderId"] for each in bench.signed("GET", "/api/v3/allOrders", symbol="BNBBTC", **params)]

    def trades(**params: object) -> list[int]:
        return [each["orderId"] for each in bench.signed("GET", "/api/v3/myTrades", symbol="BNBBTC", **params)]

    for rows in (orders, trades):
        assert rows() == ids
        assert rows(limit=2) == ids[-2:]
        assert rows(startTime=times[1], limit=2) == ids[1:3]
        assert rows(endTime=times[3], limit=2) == ids[2:4]
        assert rows(startTime=times[1], endTime=times[3]) == ids[1:4]
    assert orders(orderId=ids[2]) == ids[2:]
    assert trades(orderId=ids[2]) == [ids[2]]
    trade_ids = [each["id"] for each in bench.signed("GET", "/api/v3/myTrades", symbol="BNBBTC")]
    assert trades(fromId=trade_ids[3]) == ids[3:]
    assert trades(fromId=trade_ids[3], orderId=ids[1]) == []


def test_a_strategy_is_carried_through_every_answer(bench: Any) -> None:
    noted = {"strategyId": 37, "strategyType": 1_000_000}
    order = bench.order("BUY", quantity=100, price="0.00001", **noted)
    of_it = {"symbol": "BNBBTC", "orderId": order["orderId"]}
    answers = [
        order,
        bench.signed("GET", ORDER, **of_it),
        bench.signed("GET", "/api/v3/openOrders")[0],
        bench.signed("GET", "/api/v3/allOrders", symbol="BNBBTC")[0],
        bench.signed("DELETE", ORDER, **of_it),
    ]
    assert [{name: answer.get(name) for name in noted} for answer in answers] == [noted] * 5
    assert "strategyId" not in bench.order("BUY", quantity=100, price="0.00001")


@pytest.mark.parametrize(
    ("params", "code"), [({"strategyType": 999_999}, -1134), ({"strategyType": "x"}, -1100), ({"strategyId": "9" * 20}, -1108)]
)
def test_a_strategy_that_is_none_is_refused(bench: Any, params: dict[str, object], code: int) -> None:
    assert bench.order("BUY", quantity=100, price="0.00001", **params)["code"] == code


def test_a_cancel_may_be_restricted_to_a_status(bench: Any) -> None:
    price = shown(bench.exchange.depth("BNBBTC", 1).bids[0][0] + 1)
    order = bench.order("BUY", quantity=100, price=price)

    def cancel(restriction: str) -> Any:
        return bench.signed("DELETE", ORDER, symbol="BNBBTC", orderId=order["orderId"], cancelRestrictions=restriction)

    unmet = {"code": -2011, "msg": "Order was not canceled due to cancel restrictions."}
    assert cancel("only_new")["code"] == -1145
    assert cancel("ONLY_PARTIALLY_FILLED") == unmet
    bench.order("SELL", "MARKET", account="other", quantity=40)
    assert cancel("ONLY_NEW") == unmet
    assert cancel("ONLY_PARTIALLY_FILLED")["status"] == "CANCELED"
    assert cancel("ONLY_NEW") == {"code": -2011, "msg": "Unknown order sent."}


def test_a_test_order_is_checked_and_leaves_no_trace(bench: Any) -> None:
    params = {"symbol": "BNBBTC", "side": "BUY", "type": "MARKET", "quantity": 100}
    before = bench.exchange.balances("key")
    assert bench.signed("POST", "/api/v3/order/test", **params) == {}
    rates = bench.signed("POST", "/api/v3/order/test", **params, computeCommissionRates="true")
    assert rates["standardCommissionForOrder"]["taker"] == "0.00100000"
    assert bench.exchange.balances("key") == before
    assert bench.signed("GET", "/api/v3/allOrders", symbol="BNBBTC") == []


def test_the_account_shows_every_balance_or_those_that_are_not_zero(bench: Any) -> None:
    everything = bench.signed("GET", "/api/v3/account")
    assert {each["asset"]: each["free"] for each in everything["balances"]} == dict.fromkeys(
        ("BNB", "BTC", "ETH", "LTC", "USDC", "USDT", "XRP"), "1000.00000000"
    )
    bench.pass_time(1)
    bench.order("SELL", "MARKET", quantity=1000)
    some = bench.signed("GET", "/api/v3/account", omitZeroBalances="true")
    assert "BNB" not in {each["asset"] for each in some["balances"]}
    assert some["updateTime"] == everything["updateTime"] + 1000
    assert some["uid"] == everything["uid"] != bench.signed("GET", "/api/v3/account", account="other")["uid"]


def test_the_commission_that_is_told_is_the_one_that_is_charged(bench: Any) -> None:
    told = bench.signed("GET", "/api/v3/account/commission", symbol="BNBBTC")
    assert told["symbol"] == "BNBBTC"
    (fill, *_) = bench.order("BUY", "MARKET", quantity=10)["fills"]
    rate = Decimal(fill["commission"]) / Decimal(fill["qty"])
    assert rate == Decimal(told["standardCommission"]["taker"])
    assert rate == Decimal(bench.signed("GET", "/api/v3/account")["commissionRates"]["taker"])
    assert rate == Decimal(bench.signed("GET", "/sapi/v1/asset/tradeFee", symbol="BNBBTC")[0]["takerCommission"])


def test_what_foreign_clients_ask_when_they_start_is_answered(bench: Any) -> None:
    coins = bench.signed("GET", "/sapi/v1/capital/config/getall")
    assert {each["coin"]: each["free"] for each in coins} == {
        each["asset"]: each["free"] for each in bench.signed("GET", "/api/v3/account")["balances"]
    }
    assert len(bench.signed("GET", "/sapi/v1/asset/tradeFee")) == len(bench.exchange.instruments)
    assert bench.get("/sapi/v1/system/status")["status"] == 0
    assert bench.signed("GET", "/sapi/v1/margin/allPairs") == bench.get("/sapi/v1/margin/isolated/allPairs") == []


# ---- what only some orders have ----------------------------------------------------------------------------------


@pytest.fixture
def quiet(make_bench: Callable[..., Any]) -> Any:
    return make_bench(traders=False)


def trade_at(bench: Any, price: str) -> None:
    """Somebody else trades with himself, so that this is the last price."""
    for side in ("SELL", "BUY"):
        bench.order(side, account="other", quantity=10, price=price, selfTradePreventionMode="NONE")


STOPS = [
    ("SELL", "STOP_LOSS", {"stopPrice": "0.0002"}),
    ("SELL", "STOP_LOSS_LIMIT", {"stopPrice": "0.0002", "price": "0.00019", "timeInForce": "GTC"}),
    ("SELL", "TAKE_PROFIT", {"stopPrice": "0.0003"}),
    ("SELL", "TAKE_PROFIT_LIMIT", {"stopPrice": "0.0003", "price": "0.00031", "timeInForce": "GTC"}),
    ("BUY", "STOP_LOSS_LIMIT", {"stopPrice": "0.0003", "price": "0.00031", "timeInForce": "GTC"}),
    ("BUY", "TAKE_PROFIT_LIMIT", {"stopPrice": "0.0002", "price": "0.00019", "timeInForce": "GTC"}),
]


@pytest.mark.parametrize(("side", "kind", "params"), STOPS)
def test_a_conditional_order_waits_until_the_last_price_triggers_it(quiet: Any, side: str, kind: str, params: dict[str, str]) -> None:
    order = quiet.order(side, kind, quantity=50, newOrderRespType="RESULT", **params)
    stop_price = shown(scaled(params["stopPrice"]))
    assert (order["type"], order["status"], order["stopPrice"], order["workingTime"]) == (kind, "NEW", stop_price, -1)
    of_it = {"symbol": "BNBBTC", "orderId": order["orderId"]}
    waiting = quiet.signed("GET", ORDER, **of_it)
    assert (waiting["isWorking"], waiting["workingTime"]) == (False, -1)
    assert quiet.signed("GET", "/api/v3/openOrders") == [waiting]
    quiet.pass_time(1)
    trade_at(quiet, params["stopPrice"])
    working = quiet.signed("GET", ORDER, **of_it)
    assert (working["isWorking"], working["workingTime"]) == (True, order["transactTime"] + 1000)
    assert working["stopPrice"] == stop_price


@pytest.mark.parametrize(("side", "kind", "params"), STOPS)
def test_a_conditional_order_is_acknowledged_unless_more_is_asked_for(quiet: Any, side: str, kind: str, params: dict[str, str]) -> None:
    assert set(quiet.order(side, kind, quantity=50, **params)) == ACK


def test_a_trailing_stop_tells_how_far_it_trails_and_since_when(quiet: Any) -> None:
    order = quiet.order("SELL", "STOP_LOSS", quantity=50, trailingDelta=500, newOrderRespType="RESULT")
    assert (order["trailingDelta"], order["trailingTime"], order["stopPrice"]) == (500, -1, "0.00000000")
    quiet.pass_time(1)
    trade_at(quiet, "0.00025")
    trailing = quiet.signed("GET", ORDER, symbol="BNBBTC", orderId=order["orderId"])
    assert trailing["trailingTime"] == order["transactTime"] + 1000


def test_an_iceberg_tells_what_of_it_shows_and_others_see_no_more(quiet: Any) -> None:
    order = quiet.order("BUY", quantity=100, price="0.0002", icebergQty=10)
    assert order["icebergQty"] == "10.00000000"
    assert quiet.get("/api/v3/depth", symbol="BNBBTC")["bids"] == [["0.00020000", "10.00000000"]]
    of_it = {"symbol": "BNBBTC", "orderId": order["orderId"]}
    assert quiet.signed("GET", ORDER, **of_it)["icebergQty"] == quiet.signed("DELETE", ORDER, **of_it)["icebergQty"] == "10.00000000"
    plain = quiet.order("BUY", quantity=100, price="0.0002", icebergQty=0)
    assert "icebergQty" not in plain


def test_a_pegged_order_takes_its_price_from_the_book(quiet: Any) -> None:
    for price in ("0.0002", "0.00019"):
        quiet.order("BUY", account="other", quantity=60, price=price)
    order = quiet.order("BUY", quantity=60, pegPriceType="PRIMARY_PEG")
    assert (order["price"], order["peggedPrice"], order["pegPriceType"]) == ("0.00000000", "0.00020000", "PRIMARY_PEG")
    assert "pegOffsetType" not in order
    deeper = quiet.order("BUY", quantity=60, pegPriceType="PRIMARY_PEG", pegOffsetType="PRICE_LEVEL", pegOffsetValue=1)
    assert (deeper["peggedPrice"], deeper["pegOffsetType"], deeper["pegOffsetValue"]) == ("0.00019000", "PRICE_LEVEL", 1)
    found = quiet.signed("GET", ORDER, symbol="BNBBTC", orderId=deeper["orderId"])
    assert {name: found[name] for name in found if name.startswith("peg")} == {
        name: deeper[name] for name in deeper if name.startswith("peg")
    }
    nothing = quiet.order("SELL", quantity=60, pegPriceType="PRIMARY_PEG")
    assert nothing == {"code": -2010, "msg": "Order book liquidity is too low for this pegged order."}


@pytest.mark.parametrize(
    ("params", "reason"),
    [
        ({"type": "MARKET", "quantity": 100}, "INSUFFICIENT_LIQUIDITY"),
        ({"type": "LIMIT", "quantity": 100, "price": "0.0002", "timeInForce": "IOC"}, "UNFILLED_IOC_QUANTITY_EXPIRED"),
        ({"type": "LIMIT", "quantity": 100, "price": "0.0002", "timeInForce": "FOK"}, "UNFILLED_FOK_ORDER_EXPIRED"),
    ],
)
def test_an_order_that_expires_says_why(quiet: Any, params: dict[str, object], reason: str) -> None:
    quiet.order("SELL", account="other", quantity=50, price="0.0002")
    order = quiet.signed("POST", ORDER, symbol="BNBBTC", side="BUY", **params)
    assert (order["status"], order["expiryReason"]) == ("EXPIRED", reason)
    assert quiet.signed("GET", ORDER, symbol="BNBBTC", orderId=order["orderId"])["expiryReason"] == reason


LIMIT = {"symbol": "BNBBTC", "side": "BUY", "type": "LIMIT", "timeInForce": "GTC", "quantity": 100, "price": "0.0002"}
STOP = {"symbol": "BNBBTC", "side": "SELL", "type": "STOP_LOSS_LIMIT", "timeInForce": "GTC", "quantity": 100, "price": "0.0002"}


@pytest.mark.parametrize(
    ("change", "params", "text"),
    [
        (
            {"types": frozenset({OrderType.LIMIT})},
            {**STOP, "stopPrice": "0.0002"},
            "Stop loss limit orders are not supported for this symbol.",
        ),
        (
            {"types": frozenset({OrderType.LIMIT})},
            {"symbol": "BNBBTC", "side": "BUY", "type": "MARKET", "quantity": 100},
            "Market orders are not supported for this symbol.",
        ),
        ({"iceberg": False}, {**LIMIT, "icebergQty": 10}, "Iceberg orders are not supported for this symbol."),
        ({"trailing": None}, {**STOP, "trailingDelta": 100}, "Trailing stop orders are not supported for this symbol."),
        ({"peg": False}, {**LIMIT, "pegPriceType": "PRIMARY_PEG"}, "Pegged orders are not supported for this symbol."),
        (
            {"quote_quantity": False},
            {"symbol": "BNBBTC", "side": "BUY", "type": "MARKET", "quoteOrderQty": "0.01"},
            "Quote order qty market orders are not support for this symbol.",
        ),
        (
            {"self_trades": frozenset({SelfTrade.NONE, SelfTrade.EXPIRE_MAKER})},
            {**LIMIT, "selfTradePreventionMode": "EXPIRE_BOTH"},
            "This symbol does not allow the specified self-trade prevention mode.",
        ),
    ],
)
@pytest.mark.parametrize("path", [ORDER, "/api/v3/order/test"])
def test_what_a_symbol_does_not_allow_is_refused(
    make_bench: Callable[..., Any], path: str, change: dict[str, Any], params: dict[str, object], text: str
) -> None:
    instruments = [replace(each, **change) if each.symbol == "BNBBTC" else each for each in DEFAULTS]
    bench = make_bench(traders=False, instruments=instruments)
    assert bench.signed("POST", path, **params) == {"code": -1013, "msg": text}
    assert bench.signed("GET", "/api/v3/openOrders") == []


def test_the_mode_of_self_trade_prevention_is_the_symbols_unless_the_order_says(quiet: Any) -> None:
    usual = quiet.get("/api/v3/exchangeInfo", symbol="BNBBTC")["symbols"][0]["defaultSelfTradePreventionMode"]
    assert quiet.signed("POST", ORDER, **LIMIT)["selfTradePreventionMode"] == usual
    assert quiet.signed("POST", ORDER, **LIMIT, selfTradePreventionMode="EXPIRE_BOTH")["selfTradePreventionMode"] == "EXPIRE_BOTH"


# ---- amending ----------------------------------------------------------------------------------------------------

AMEND = "/api/v3/order/amend/keepPriority"


def test_an_amended_order_is_smaller_and_keeps_its_place(quiet: Any) -> None:
    mine = quiet.order("BUY", quantity=100, price="0.0002", newClientOrderId="mine")
    quiet.order("BUY", account="other", quantity=100, price="0.0002")
    quiet.pass_time(1)
    answer = quiet.signed("PUT", AMEND, symbol="BNBBTC", origClientOrderId="mine", newQty=60)
    assert set(answer) == {"transactTime", "executionId", "amendedOrder"}
    assert answer["transactTime"] == mine["transactTime"] + 1000
    amended = answer["amendedOrder"]
    assert amended == {
        "symbol": "BNBBTC",
        "orderId": mine["orderId"],
        "orderListId": -1,
        "origClientOrderId": "mine",
        "clientOrderId": amended["clientOrderId"],
        "price": "0.00020000",
        "qty": "60.00000000",
        "executedQty": "0.00000000",
        "preventedQty": "0.00000000",
        "quoteOrderQty": "0.00000000",
        "cumulativeQuoteQty": "0.00000000",
        "status": "NEW",
        "timeInForce": "GTC",
        "type": "LIMIT",
        "side": "BUY",
        "workingTime": mine["workingTime"],
        "selfTradePreventionMode": mine["selfTradePreventionMode"],
    }
    assert amended["clientOrderId"] != "mine"
    assert quiet.get("/api/v3/depth", symbol="BNBBTC")["bids"] == [["0.00020000", "160.00000000"]]
    quiet.order("SELL", "MARKET", account="other", quantity=60, selfTradePreventionMode="NONE")
    assert quiet.signed("GET", ORDER, symbol="BNBBTC", orderId=mine["orderId"])["status"] == "FILLED"


def test_an_amendment_may_keep_the_client_order_id(quiet: Any) -> None:
    quiet.order("BUY", quantity=100, price="0.0002", newClientOrderId="mine")
    answer = quiet.signed("PUT", AMEND, symbol="BNBBTC", origClientOrderId="mine", newQty=60, newClientOrderId="mine")
    assert (answer["amendedOrder"]["origClientOrderId"], answer["amendedOrder"]["clientOrderId"]) == ("mine", "mine")


def test_an_order_of_a_list_is_amended_with_its_list(quiet: Any) -> None:
    params = {"workingType": "LIMIT", "workingSide": "BUY", "workingPrice": "0.0002", "workingQuantity": 100, "workingTimeInForce": "GTC"}
    pending = {"pendingType": "MARKET", "pendingSide": "SELL", "pendingQuantity": 50}
    placed = quiet.signed("POST", "/api/v3/orderList/oto", symbol="BNBBTC", **params, **pending)
    working, waiting = placed["orders"]
    answer = quiet.signed("PUT", AMEND, symbol="BNBBTC", orderId=waiting["orderId"], newQty=40)
    assert (answer["amendedOrder"]["status"], answer["amendedOrder"]["qty"]) == ("PENDING_NEW", "40.00000000")
    assert "workingTime" not in answer["amendedOrder"]
    assert answer["listStatus"] == {
        "orderListId": placed["orderListId"],
        "contingencyType": "OTO",
        "listOrderStatus": "EXECUTING",
        "listClientOrderId": placed["listClientOrderId"],
        "symbol": "BNBBTC",
        "orders": [working, {**waiting, "clientOrderId": answer["amendedOrder"]["clientOrderId"]}],
    }


def test_amending_costs_weight_unless_it_ends_the_order(quiet: Any) -> None:
    def weight() -> int:
        return int(quiet.answer.headers["X-MBX-USED-WEIGHT-1M"])

    order = quiet.order("BUY", quantity=100, price="0.0002")
    quiet.order("SELL", "MARKET", account="other", quantity=50)
    before = weight()
    quiet.signed("PUT", AMEND, symbol="BNBBTC", orderId=order["orderId"], newQty=80)
    assert weight() == before + 4
    ended = quiet.signed("PUT", AMEND, symbol="BNBBTC", orderId=order["orderId"], newQty=50)
    assert quiet.answer.status == 200
    assert ended["amendedOrder"]["status"] not in ("NEW", "PARTIALLY_FILLED")
    assert weight() == before + 4
    assert quiet.signed("GET", "/api/v3/openOrders") == []


@pytest.mark.parametrize(
    ("params", "code", "text"),
    [
        ({"newQty": 60}, -1102, "Param 'orderId' or 'origClientOrderId' must be sent, but both were empty/null!"),
        ({"orderId": 1}, -1102, "Mandatory parameter 'newQty' was not sent, was empty/null, or malformed."),
        (
            {"orderId": 1, "newQty": "x"},
            -1100,
            r"Illegal characters found in parameter 'newQty'; legal range is '^([0-9]{1,20})(\.[0-9]{1,20})?$'.",
        ),
        ({"orderId": 1, "newQty": 0}, -1130, "Data sent for parameter 'newQty' is not valid."),
        ({"orderId": 1, "newQty": 60, "symbol": "NOPE"}, -1121, "Invalid symbol."),
        ({"orderId": 99, "newQty": 60}, -2038, "Unknown order sent."),
        ({"orderId": 1, "newQty": "60.001"}, -1013, "Filter failure: LOT_SIZE"),
        ({"orderId": 1, "newQty": 120}, -2038, "Order amend (quantity increase) is not supported."),
        ({"orderId": 1, "newQty": 100}, -2038, "The requested action would change no state; rejecting"),
        ({"orderId": 1, "origClientOrderId": "yours", "newQty": 60}, -2039, "Client order ID is not correct for this order ID."),
    ],
)
def test_amendments_that_cannot_be_are_refused(quiet: Any, params: dict[str, object], code: int, text: str) -> None:
    order = quiet.order("BUY", quantity=100, price="0.0002")
    assert quiet.signed("PUT", AMEND, **{"symbol": "BNBBTC", **params}) == {"code": code, "msg": text}
    assert quiet.signed("GET", ORDER, symbol="BNBBTC", orderId=order["orderId"])["origQty"] == "100.00000000"


def test_an_order_is_amended_a_limited_number_of_times(quiet: Any) -> None:
    filters = quiet.get("/api/v3/exchangeInfo", symbol="BNBBTC")["symbols"][0]["filters"]
    most = next(each["maxNumOrderAmends"] for each in filters if each["filterType"] == "MAX_NUM_ORDER_AMENDS")
    order = quiet.order("BUY", quantity=100, price="0.0002")
    for number in range(most):
        assert "amendedOrder" in quiet.signed("PUT", AMEND, symbol="BNBBTC", orderId=order["orderId"], newQty=99 - number)
    once_more = quiet.signed("PUT", AMEND, symbol="BNBBTC", orderId=order["orderId"], newQty=50)
    assert once_more == {"code": -2038, "msg": "Filter failure: MAX_NUM_ORDER_AMENDS"}
