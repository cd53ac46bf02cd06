"""Orders: what is refused, how they live and end, stops, and the dead man's switch."""

from __future__ import annotations

from typing import Any

import pytest


@pytest.mark.parametrize(
    ("wish", "message"),
    [
        ({"symbol": "NONE", "orderQty": 100}, "Invalid symbol"),
        ({}, "orderQty is invalid"),
        ({"orderQty": "many"}, "orderQty is invalid"),
        ({"orderQty": 0}, "Invalid orderQty"),
        ({"orderQty": 150}, "Invalid orderQty"),
        ({"orderQty": 10_000_100}, "Invalid orderQty"),
        ({"orderQty": 100, "price": 5000.25}, "Invalid price tickSize"),
        ({"orderQty": 100, "price": -5}, "Invalid price"),
        ({"orderQty": 100, "price": 1_000_000.5}, "Invalid price"),
        ({"orderQty": 100, "ordType": "Limit"}, "Invalid price"),
        ({"orderQty": 100, "ordType": "Stop"}, "Invalid stopPx for ordType"),
        ({"orderQty": 100, "price": 5000, "ordType": "Limit", "stopPx": 1}, "Invalid stopPx for ordType"),
        ({"orderQty": 100, "stopPx": 5000.3}, "Invalid stopPx tickSize"),
        ({"orderQty": 100, "price": 5000, "execInst": "Nonsense"}, "Invalid execInst"),
        ({"orderQty": 100, "stopPx": 5000, "execInst": "MarkPrice,LastPrice"}, "Invalid execInst"),
        ({"orderQty": 100, "price": 5000, "timeInForce": "Never"}, "Invalid timeInForce"),
        ({"orderQty": -100, "side": "Buy"}, "Invalid side"),
        ({"orderQty": 100, "price": 5000, "clOrdID": "x" * 37}, "Invalid clOrdID"),
        ({"orderQty": 100, "price": 5000, "displayQty": 0}, "displayQty is not served here"),
        ({"orderQty": 100, "pegPriceType": "TrailingStopPeg", "pegOffsetValue": 10, "side": "Sell"}, "Invalid pegOffsetValue"),
    ],
)
def test_an_order_that_breaks_a_rule_is_refused(bench: Any, wish: dict[str, Any], message: str) -> None:
    assert bench.refused("POST", "/order", {"symbol": "XBTUSD", **wish}) == (400, message)
    assert bench.ask("/order") == []


def test_an_order_that_costs_too_much_is_refused(bench: Any) -> None:
    status, message = bench.refused("POST", "/order", {"symbol": "XBTUSD", "orderQty": 10_000_000, "price": 500})
    assert (status, message) == (400, "Account has insufficient Available Balance, 20000000000 XBt required")
    assert "Risk Limit" in bench.refused("POST", "/order", {"symbol": "XBTUSD", "orderQty": 4_000_000, "price": 5800})[1]
    assert bench.signed("POST", "/position/riskLimit", {"symbol": "XBTUSD", "riskLimit": 10**11})["riskLimit"] == 10**11
    assert bench.order(orderQty=4_000_000, price=5800)["ordStatus"] == "New"


def test_a_resting_order_is_amended_and_cancelled(bench: Any) -> None:
    order = bench.order(orderQty=100, price=5000, clOrdID="a", text="mine")
    assert (order["ordStatus"], order["leavesQty"], order["workingIndicator"], order["ordType"]) == ("New", 100, True, "Limit")
    assert order["text"] == "mine\nSubmitted via API."
    assert bench.refused("POST", "/order", {"symbol": "XBTUSD", "orderQty": 100, "price": 5000, "clOrdID": "a"}) == (
        400,
        "Duplicate clOrdID",
    )
    amended = bench.signed("PUT", "/order", {"origClOrdID": "a", "clOrdID": "b", "price": 5001, "orderQty": 300})
    assert (amended["orderID"], amended["clOrdID"], amended["price"], amended["leavesQty"]) == (order["orderID"], "b", 5001, 300)
    assert bench.signed("PUT", "/order", {"orderID": order["orderID"], "leavesQty": 200})["orderQty"] == 200
    assert bench.refused("PUT", "/order", {"orderID": order["orderID"]})[0] == 400
    assert bench.refused("PUT", "/order", {"orderID": order["orderID"], "orderQty": 100, "leavesQty": 100})[0] == 400
    (ended,) = bench.signed("DELETE", "/order", {"clOrdID": "b", "text": "enough"})
    assert (ended["ordStatus"], ended["leavesQty"]) == ("Canceled", 0)
    assert ended["text"].startswith("Canceled: enough\n")
    assert bench.refused("PUT", "/order", {"orderID": order["orderID"], "price": 5002}) == (400, "Invalid ordStatus")
    assert bench.refused("POST", "/order", {"symbol": "XBTUSD", "orderQty": 100, "price": 5000, "clOrdID": "b"})[1] == "Duplicate clOrdID"
    kinds = [row["execType"] for row in bench.ask("/execution")]
    assert kinds == ["New", "Replaced", "Replaced", "Canceled"]


def test_each_row_of_a_cancel_says_what_became_of_it(bench: Any) -> None:
    first, second = (bench.order(orderQty=100, price=5000)["orderID"] for _ in range(2))
    bench.signed("DELETE", "/order", {"orderID": first})
    strange = "00000000-0000-0000-0000-000000000009"
    rows = bench.signed("DELETE", "/order", {"orderID": [first, second, strange]})
    assert rows[0]["error"] == "Unable to cancel order due to existing state: Canceled"
    assert (rows[1]["ordStatus"], "error" in rows[1]) == ("Canceled", False)
    assert rows[2] == {"orderID": strange, "error": "Not Found"}
    assert bench.refused("DELETE", "/order", {"orderID": strange}) == (404, "Not Found")
    assert bench.refused("DELETE", "/order", {"orderID": "nonsense"}) == (400, "Invalid orderID")
    other = bench.order(orderQty=100, price=5000)["orderID"]
    assert bench.refused("DELETE", "/order", {"orderID": other}, account="other") == (404, "Not Found")


def test_all_are_cancelled_as_the_filter_says(bench: Any) -> None:
    for side, price in (("Buy", 5000), ("Sell", 6000), ("Sell", 6001)):
        bench.order(side=side, orderQty=100, price=price)
    bench.order(symbol="XBTUSDT", side="Buy", orderQty=100, price=5000)
    rows = bench.signed("DELETE", "/order/all", {"symbol": "XBTUSD", "filter": {"side": "Sell"}})
    assert [row["price"] for row in rows] == [6000, 6001]
    assert [row["symbol"] for row in bench.signed("DELETE", "/order/all", {})] == ["XBTUSD", "XBTUSDT"]


def test_who_makes_only_is_cancelled_rather_than_take(bench: Any) -> None:
    bench.order(account="other", side="Sell", orderQty=100, price=5800)
    order = bench.order(orderQty=100, price=5800, execInst="ParticipateDoNotInitiate")
    assert (order["ordStatus"], order["cumQty"]) == ("Canceled", 0)
    assert "ParticipateDoNotInitiate" in order["text"]
    waits = bench.order(orderQty=100, price=5700, execInst="ParticipateDoNotInitiate")
    assert bench.signed("PUT", "/order", {"orderID": waits["orderID"], "price": 5800})["ordStatus"] == "Canceled"


@pytest.mark.parametrize(("time_in_force", "filled"), [("ImmediateOrCancel", 100), ("FillOrKill", 0), ("GoodTillCancel", 100)])
def test_the_rest_of_an_order_goes_by_its_time_in_force(bench: Any, time_in_force: str, filled: int) -> None:
    bench.order(account="other", side="Sell", orderQty=100, price=5800)
    order = bench.order(orderQty=300, price=5800, timeInForce=time_in_force)
    assert order["cumQty"] == filled
    stays = time_in_force == "GoodTillCancel"
    assert (order["ordStatus"], order["leavesQty"]) == (("PartiallyFilled", 200) if stays else ("Canceled", 0))
    assert (f"timeInForce of {time_in_force}" in order["text"]) is not stays


def test_an_order_of_the_day_ends_at_midnight(bench: Any) -> None:
    order = bench.order(orderQty=100, price=5000, timeInForce="Day")
    bench.pass_time(3600)
    assert bench.found(order["orderID"])["ordStatus"] == "New"
    bench.pass_time(86_400)
    assert bench.found(order["orderID"])["ordStatus"] == "Canceled"


def test_reduce_only_without_a_position_is_cancelled_at_once(bench: Any) -> None:
    for wish in ({"orderQty": 100, "side": "Sell", "execInst": "ReduceOnly"}, {"execInst": "Close"}):
        order = bench.order(**wish)
        assert order["ordStatus"] == "Canceled"
        assert "current position is 0" in order["text"]


def test_a_peg_takes_over_the_best_price(bench: Any) -> None:
    bench.order(account="other", side="Sell", orderQty=100, price=5800)
    bench.order(account="other", side="Buy", orderQty=100, price=5790)
    own = bench.order(orderQty=100, pegPriceType="PrimaryPeg", pegOffsetValue=-1, execInst="Fixed")
    assert (own["ordType"], own["price"]) == ("Pegged", 5789)
    assert bench.order(orderQty=100, pegPriceType="MarketPeg", pegOffsetValue=-5, execInst="Fixed")["price"] == 5795
    assert bench.refused("POST", "/order", {"symbol": "XBTUSD", "orderQty": 100, "pegPriceType": "PrimaryPeg"})[1] == "Invalid execInst"


# ---- stops -------------------------------------------------------------------------------------------------------


def test_a_stop_waits_for_the_mark_price(bench: Any) -> None:
    bench.order(account="other", side="Buy", orderQty=300, price=5600)
    stop = bench.order(side="Sell", orderQty=200, stopPx=5700)
    assert (stop["ordType"], stop["ordStatus"], stop["workingIndicator"], stop["leavesQty"]) == ("Stop", "New", False, 200)
    bench.move_index(5700.01)
    assert bench.found(stop["orderID"])["triggered"] == ""
    bench.move_index(5700)
    order = bench.found(stop["orderID"])
    assert (order["ordStatus"], order["triggered"], order["avgPx"]) == ("Filled", "StopOrderTriggered", 5600)
    kinds = [row["execType"] for row in bench.ask("/execution")]
    assert kinds == ["New", "TriggeredOrActivatedBySystem", "Trade"]


def test_a_stop_can_go_by_the_last_price(bench: Any) -> None:
    stop = bench.order(side="Buy", orderQty=100, stopPx=5850, price=5860, execInst="LastPrice")
    assert stop["ordType"] == "StopLimit"
    bench.move_index(5900)
    assert bench.found(stop["orderID"])["triggered"] == ""
    bench.order(account="other", side="Sell", orderQty=100, price=5850)
    bench.order(account="other", side="Sell", orderQty=100, price=6000)
    bench.order(orderQty=100, price=5850)
    order = bench.found(stop["orderID"])
    assert (order["triggered"], order["ordStatus"], order["price"]) == ("StopOrderTriggered", "New", 5860)


def test_a_stop_that_is_reached_already_works_at_once(bench: Any) -> None:
    assert bench.order(side="Buy", orderQty=100, stopPx=5000, price=5001)["triggered"] == "StopOrderTriggered"
    assert bench.order(side="Buy", orderQty=100, stopPx=5000, price=5001, ordType="LimitIfTouched")["triggered"] == ""
    assert bench.order(side="Sell", orderQty=100, stopPx=6000, price=6001, ordType="LimitIfTouched")["triggered"] == ""


def test_a_trailing_stop_follows(bench: Any) -> None:
    bench.order(account="other", side="Buy", orderQty=300, price=5600)
    stop = bench.order(side="Sell", orderQty=100, pegPriceType="TrailingStopPeg", pegOffsetValue=-100)
    assert stop["stopPx"] == 5700
    bench.move_index(5900)
    bench.pass_time(1)
    assert bench.found(stop["orderID"])["stopPx"] == 5800
    bench.move_index(5850)
    bench.pass_time(1)
    assert bench.found(stop["orderID"])["stopPx"] == 5800
    bench.move_index(5800)
    assert bench.found(stop["orderID"])["ordStatus"] == "Filled"


def test_a_stop_is_amended_and_cancelled_where_it_waits(bench: Any) -> None:
    stop = bench.order(side="Sell", orderQty=100, stopPx=5000)
    amended = bench.signed("PUT", "/order", {"orderID": stop["orderID"], "stopPx": 5100, "orderQty": 200})
    assert (amended["stopPx"], amended["leavesQty"]) == (5100, 200)
    assert bench.signed("DELETE", "/order", {"orderID": stop["orderID"]})[0]["ordStatus"] == "Canceled"
    bench.move_index(5000)
    assert bench.found(stop["orderID"])["ordStatus"] == "Canceled"
    for _ in range(10):
        bench.order(side="Sell", orderQty=100, stopPx=5000 - 1000)
    assert bench.refused("POST", "/order", {"symbol": "XBTUSD", "side": "Sell", "orderQty": 100, "stopPx": 4000}) == (
        400,
        "Too many open orders",
    )


def test_a_stop_that_cannot_work_when_its_time_comes_is_rejected(bench: Any) -> None:
    bench.signed("POST", "/position/riskLimit", {"symbol": "XBTUSD", "riskLimit": 10**14})
    stop = bench.order(side="Sell", orderQty=10_000_000, stopPx=500, price=1)
    bench.move_index(500)
    order = bench.found(stop["orderID"])
    assert (order["ordStatus"], order["ordRejReason"]) == ("Rejected", "insufficient balance")


# ---- the dead man's switch -----------------------------------------------------------------------------------------


def test_the_dead_mans_switch_counts_milliseconds(bench: Any) -> None:
    order = bench.order(orderQty=100, price=5000)
    answer = bench.signed("POST", "/order/cancelAllAfter", {"timeout": 60_000})
    assert answer == {"now": "2023-11-14T22:13:20.123Z", "cancelTime": "2023-11-14T22:14:20.123Z"}
    bench.pass_time(59)
    assert bench.found(order["orderID"])["ordStatus"] == "New"
    bench.signed("POST", "/order/cancelAllAfter", {"timeout": 60_000})
    bench.pass_time(2)
    assert bench.found(order["orderID"])["ordStatus"] == "New"
    assert bench.signed("POST", "/order/cancelAllAfter", {"timeout": 0})["cancelTime"] == 0
    bench.pass_time(600)
    assert bench.found(order["orderID"])["ordStatus"] == "New"
    bench.signed("POST", "/order/cancelAllAfter", {"timeout": 1_000})
    bench.pass_time(1)
    assert bench.found(order["orderID"])["ordStatus"] == "Canceled"
    assert bench.refused("POST", "/order/cancelAllAfter", {"timeout": -1})[0] == 400
