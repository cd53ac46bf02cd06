"""Orders: what is refused, how they live and end, stops, and the dead man's switch."""

from __future__ import annotations

import time
from typing import Any

import pytest

from exchangeclient.sandbox.engine.commands import SetStatus
from exchangeclient.sandbox.engine.words import Status


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


def test_stops_that_are_reached_together_work_once_each(bench: Any) -> None:
    bench.order(account="other", side="Sell", orderQty=10_000, price=5800)
    stops = [bench.order(orderQty=100, stopPx=5900)["orderID"] for _ in range(3)]
    bench.move_index(5950)
    assert [bench.found(each)["cumQty"] for each in stops] == [100, 100, 100]
    assert bench.position()["currentQty"] == 300
    assert [row["execType"] for row in bench.ask("/execution", reverse="true")].count("Trade") == 3


def test_a_stop_that_the_trade_of_another_reaches_works_as_well(bench: Any) -> None:
    for price in (5800, 5900, 6000):
        bench.order(account="other", side="Sell", orderQty=100, price=price)
    first, second = (bench.order(orderQty=100, stopPx=stop, execInst="LastPrice")["orderID"] for stop in (5850, 5900))
    bench.order(orderQty=100, price=5800)
    assert bench.found(first)["ordStatus"] == "New"
    bench.order(account="other", side="Sell", orderQty=100, price=5880)
    bench.order(orderQty=100)  # at 5880, which sets off the first; that one trades at 5900
    assert [bench.found(each)["avgPx"] for each in (first, second)] == [5900, 6000]


def test_a_stop_waits_while_its_market_is_halted(bench: Any) -> None:
    stop = bench.order(orderQty=100, stopPx=5900)["orderID"]
    bench.order(account="other", side="Sell", orderQty=100, price=5800)
    bench.live.execute(SetStatus("XBTUSD", Status.HALT))
    bench.move_index(5950)
    assert bench.found(stop)["ordStatus"] == "New"
    bench.live.execute(SetStatus("XBTUSD", Status.TRADING))
    bench.pass_time(1)
    assert bench.found(stop)["ordStatus"] == "Filled"


@pytest.mark.parametrize("halted", [False, True])
def test_all_orders_of_the_day_end_at_midnight_or_when_their_market_opens_again(bench: Any, halted: bool) -> None:
    for _ in range(2):
        bench.order(orderQty=100, price=5000, timeInForce="Day")
    if halted:
        bench.live.execute(SetStatus("XBTUSD", Status.HALT))
    bench.pass_time(86_400)
    assert [row["ordStatus"] for row in bench.ask("/order")] == ["New" if halted else "Canceled"] * 2
    bench.live.execute(SetStatus("XBTUSD", Status.TRADING))
    bench.pass_time(1)
    assert [row["ordStatus"] for row in bench.ask("/order")] == ["Canceled"] * 2


def test_dead_mans_switches_of_two_accounts_strike_at_once(bench: Any) -> None:
    for account in ("key", "other"):
        for _ in range(2):
            bench.order(account=account, orderQty=100, price=5000)
        bench.signed("POST", "/order/cancelAllAfter", {"timeout": 1000}, account=account)
    bench.pass_time(2)
    assert [row["ordStatus"] for account in ("key", "other") for row in bench.ask("/order", account=account)] == ["Canceled"] * 4


def test_a_stop_of_which_nothing_is_left_is_cancelled(bench: Any) -> None:
    stop = bench.order(orderQty=100, stopPx=5900)["orderID"]
    row = bench.signed("PUT", "/order", {"orderID": stop, "leavesQty": 0})
    assert (row["ordStatus"], row["orderQty"], row["leavesQty"]) == ("Canceled", 100, 0)


def test_a_peg_below_nothing_is_refused_and_leaves_no_trace(bench: Any) -> None:
    bench.order(account="other", orderQty=100, price=5700)
    wish = {"symbol": "XBTUSD", "side": "Sell", "orderQty": 100, "pegPriceType": "MarketPeg", "pegOffsetValue": -9000, "execInst": "Fixed"}
    assert bench.refused("POST", "/order", {**wish, "clOrdID": "peg"}) == (400, "Invalid price")
    assert bench.ask("/order") == []
    bench.order(clOrdID="peg", orderQty=100, price=5000)  # the id is free


@pytest.mark.parametrize("price", ["1e999999999", "-1e999999", "1e900000", "1_000", "\u0663"])
def test_a_price_that_is_no_plain_number_is_refused_at_once(bench: Any, price: str) -> None:
    began = time.monotonic()
    assert bench.refused("POST", "/order", {"symbol": "XBTUSD", "orderQty": 100, "price": price}) == (400, "Invalid price")
    assert time.monotonic() - began < 5  # it took a minute once


def test_a_switch_beyond_all_time_is_refused(bench: Any, make_wire: Any) -> None:
    assert bench.refused("POST", "/order/cancelAllAfter", {"timeout": 10**18}) == (400, "Invalid timeout")
    wire = make_wire(bench)
    wire.log_in()
    (answer,) = wire.say({"op": "cancelAllAfter", "args": 10**18})
    assert (answer["status"], answer["error"]) == (400, "Invalid args for cancelAllAfter")
    bench.pass_time(1)


def test_requests_do_not_slow_down_with_orders_that_have_ended(bench: Any) -> None:
    open_one = bench.order(orderQty=100, price=5000)["orderID"]
    for _ in range(20):
        bench.signed("DELETE", "/order", {"orderID": bench.order(orderQty=100, price=5000)["orderID"]})
    orders = bench.venue.orders
    assert [each.id for each in orders.entries.open_of("bitmex:key")] == [open_one]
    assert len(orders.entries.of("bitmex:key")) == 21
    assert len(orders.entries._open["bitmex:key"]) == 1
