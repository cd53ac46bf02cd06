"""Orders and accounts: the answers, their three forms, and that the money adds up."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from exchangeclient.sandbox.engine.instruments import shown

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
        ("BNB", "BTC", "ETH", "LTC", "USDT", "XRP"), "1000.00000000"
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
