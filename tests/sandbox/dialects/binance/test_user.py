"""The user data stream: what each journey of an order is told as, field by field and in which order."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from exchangeclient.sandbox.engine.commands import JoinGroup

OCO = {
    "symbol": "BNBBTC",
    "side": "SELL",
    "quantity": "100",
    "aboveType": "LIMIT_MAKER",
    "abovePrice": "0.0003",
    "belowType": "STOP_LOSS_LIMIT",
    "belowStopPrice": "0.0002",
    "belowPrice": "0.00019",
    "belowTimeInForce": "GTC",
}
OTO = {
    "symbol": "BNBBTC",
    "workingType": "LIMIT",
    "workingSide": "BUY",
    "workingPrice": "0.00024",
    "workingQuantity": "100",
    "workingTimeInForce": "GTC",
    "pendingType": "LIMIT_MAKER",
    "pendingSide": "SELL",
    "pendingQuantity": "50",
    "pendingPrice": "0.0003",
}


@pytest.fixture
def quiet(make_bench: Callable[..., Any]) -> Any:
    return make_bench(traders=False)


@pytest.fixture
def user(quiet: Any, make_wire: Callable[..., Any]) -> Callable[[], list[Any]]:
    """What the account ``key`` has been told since the last time."""
    socket = make_wire(quiet, "/ws-api/v3")
    socket.subscribe_user()
    return lambda: [each["event"] for each in socket.heard()]


def told(events: list[Any]) -> list[tuple[str, ...]]:
    """Each event in a word or two."""
    found: list[tuple[str, ...]] = []
    for each in events:
        if each["e"] == "executionReport":
            found.append((each["x"], each["X"]))
        else:
            found.append((each["e"],))
    return found


def sell_to(bench: Any, quantity: object, price: str) -> None:
    """Somebody else sells, so that the last price is ``price`` if somebody bids it."""
    bench.order("SELL", account="other", quantity=quantity, price=price)


def trade_at(bench: Any, price: str, quantity: int = 10) -> None:
    """Two strangers trade with each other."""
    bench.order("SELL", account="other", quantity=quantity, price=price, selfTradePreventionMode="NONE")
    bench.order("BUY", account="other", quantity=quantity, price=price, selfTradePreventionMode="NONE")


def test_a_stop_that_is_triggered_is_new_twice_and_then_trades(quiet: Any, user: Callable[[], list[Any]]) -> None:
    stop = {"quantity": 50, "stopPrice": "0.0002", "price": "0.00015", "timeInForce": "GTC"}
    order = quiet.order("SELL", "STOP_LOSS_LIMIT", **stop)
    waiting, position = user()
    assert (waiting["x"], waiting["X"], waiting["w"], waiting["P"]) == ("NEW", "NEW", False, "0.00020000")
    assert "W" not in waiting
    assert position["e"] == "outboundAccountPosition"
    quiet.pass_time(1)
    trade_at(quiet, "0.0002")
    (triggered,) = user()
    assert (triggered["x"], triggered["X"], triggered["w"], triggered["i"]) == ("NEW", "NEW", True, order["orderId"])
    assert triggered["W"] == triggered["T"] == waiting["T"] + 1000
    quiet.order("BUY", account="other", quantity=50, price="0.00015")
    fill, position = user()
    assert (fill["x"], fill["X"], fill["l"], fill["L"], fill["m"]) == ("TRADE", "FILLED", "50.00000000", "0.00015000", True)


def test_a_trailing_stop_tells_since_when_it_trails(quiet: Any, user: Callable[[], list[Any]]) -> None:
    quiet.order("SELL", "STOP_LOSS", quantity=50, trailingDelta=500)
    report = user()[0]
    assert (report["d"], report["D"]) == (500, -1)


def test_an_order_that_the_book_cannot_fill_expires_and_says_why(quiet: Any, user: Callable[[], list[Any]]) -> None:
    sell_to(quiet, 40, "0.00024")
    order = quiet.order("BUY", "MARKET", quantity=100)
    events = user()
    assert told(events) == [("NEW", "NEW"), ("TRADE", "PARTIALLY_FILLED"), ("EXPIRED", "EXPIRED"), ("outboundAccountPosition",)]
    assert events[2]["eR"] == order["expiryReason"] == "INSUFFICIENT_LIQUIDITY"
    quiet.order("BUY", quantity=100, price="0.0001", timeInForce="FOK")
    assert user()[1]["eR"] == "UNFILLED_FOK_ORDER_EXPIRED"
    quiet.order("BUY", quantity=100, price="0.0001", timeInForce="IOC")
    assert user()[1]["eR"] == "UNFILLED_IOC_QUANTITY_EXPIRED"


def test_a_pair_is_told_leg_by_leg_then_as_a_list_then_the_balances(quiet: Any, user: Callable[[], list[Any]]) -> None:
    placed = quiet.signed("POST", "/api/v3/orderList/oco", **OCO, listClientOrderId="pair")
    events = user()
    assert sorted(told(events[:-1])) == [("NEW", "NEW"), ("NEW", "NEW"), ("listStatus",)]
    assert told(events)[-1] == ("outboundAccountPosition",)
    status = next(each for each in events if each["e"] == "listStatus")
    assert {name: status[name] for name in "s g c l L r C".split()} == {
        "s": "BNBBTC",
        "g": placed["orderListId"],
        "c": "OCO",
        "l": "EXEC_STARTED",
        "L": "EXECUTING",
        "r": "NONE",
        "C": "pair",
    }
    orders = [{"s": each["symbol"], "i": each["orderId"], "c": each["clientOrderId"]} for each in placed["orders"]]
    assert status["O"] == orders
    assert {each["g"] for each in events if each["e"] == "executionReport"} == {placed["orderListId"]}
    quiet.order("BUY", account="other", quantity=100, price="0.0003")
    events = user()
    reports = [each for each in events if each["e"] == "executionReport"]
    assert sorted(told(reports)) == [("EXPIRED", "EXPIRED"), ("TRADE", "FILLED")]
    assert next(each["eR"] for each in reports if each["x"] == "EXPIRED") == "OCO_TRIGGER"
    (done,) = [each for each in events if each["e"] == "listStatus"]
    assert (done["l"], done["L"], done["O"]) == ("ALL_DONE", "ALL_DONE", orders)


def test_a_pending_order_is_told_when_it_comes_and_when_it_begins_to_work(quiet: Any, user: Callable[[], list[Any]]) -> None:
    quiet.signed("POST", "/api/v3/orderList/oto", **OTO)
    first = [each for each in user() if each["e"] == "executionReport"]
    assert told(first) == [("NEW", "NEW"), ("NEW", "PENDING_NEW")]
    assert [each["w"] for each in first] == [True, False]
    sell_to(quiet, 100, "0.00024")
    then = [each for each in user() if each["e"] == "executionReport"]
    assert told(then) == [("TRADE", "FILLED"), ("NEW", "NEW")]
    assert (then[1]["i"], then[1]["w"]) == (first[1]["i"], True)


def test_cancelling_a_list_reports_each_order_with_the_cancels_id(quiet: Any, user: Callable[[], list[Any]]) -> None:
    placed = quiet.signed("POST", "/api/v3/orderList/oco", **OCO)
    user()
    quiet.signed("DELETE", "/api/v3/orderList", symbol="BNBBTC", orderListId=placed["orderListId"], newClientOrderId="undo")
    events = user()
    reports = [each for each in events if each["e"] == "executionReport"]
    assert told(reports) == [("CANCELED", "CANCELED")] * 2
    assert {each["c"] for each in reports} == {"undo"}
    assert [each["C"] for each in reports] == [each["clientOrderId"] for each in placed["orders"]]
    assert told(events)[-2:] == [("listStatus",), ("outboundAccountPosition",)]


def test_an_amended_order_is_replaced_under_its_new_id(quiet: Any, user: Callable[[], list[Any]]) -> None:
    order = quiet.order("BUY", quantity=100, price="0.0002", newClientOrderId="old")
    user()
    params = {"symbol": "BNBBTC", "orderId": order["orderId"], "newQty": 60, "newClientOrderId": "new"}
    amended = quiet.signed("PUT", "/api/v3/order/amend/keepPriority", **params)
    report, position = user()
    assert (report["x"], report["X"], report["c"], report["C"], report["q"]) == ("REPLACED", "NEW", "new", "old", "60.00000000")
    assert report["I"] == amended["executionId"]
    assert position["e"] == "outboundAccountPosition"


def test_amending_one_of_a_pair_replaces_both(quiet: Any, user: Callable[[], list[Any]]) -> None:
    above, below = quiet.signed("POST", "/api/v3/orderList/oco", **OCO)["orders"]
    user()
    amended = quiet.signed("PUT", "/api/v3/order/amend/keepPriority", symbol="BNBBTC", orderId=above["orderId"], newQty=60)
    reports = {each["i"]: each for each in user() if each["e"] == "executionReport"}
    assert [(reports[each["orderId"]]["x"], reports[each["orderId"]]["q"]) for each in (above, below)] == [("REPLACED", "60.00000000")] * 2
    assert reports[above["orderId"]]["I"] == amended["executionId"]
    assert reports[below["orderId"]]["c"] == below["clientOrderId"]


def test_an_amendment_that_leaves_nothing_ends_the_order(quiet: Any, user: Callable[[], list[Any]]) -> None:
    placed = quiet.signed("POST", "/api/v3/orderList/oto", **OTO)
    sell_to(quiet, 60, "0.00024")
    user()
    working, pending = (each["orderId"] for each in placed["orders"])
    amended = quiet.signed("PUT", "/api/v3/order/amend/keepPriority", symbol="BNBBTC", orderId=working, newQty=60)
    reports = {each["i"]: each for each in user() if each["e"] == "executionReport"}
    assert {each: reports[each]["x"] for each in reports} == {working: "EXPIRED", pending: "EXPIRED"}
    assert (amended["executionId"], amended["amendedOrder"]["status"]) == (reports[working]["I"], "EXPIRED")
    assert amended["listStatus"]["listOrderStatus"] == "ALL_DONE"


def test_an_amendment_within_a_list_updates_the_list(quiet: Any, user: Callable[[], list[Any]]) -> None:
    placed = quiet.signed("POST", "/api/v3/orderList/oto", **OTO)
    user()
    order_id = placed["orders"][0]["orderId"]
    quiet.signed("PUT", "/api/v3/order/amend/keepPriority", symbol="BNBBTC", orderId=order_id, newQty=60, newClientOrderId="new")
    status = next(each for each in user() if each["e"] == "listStatus")
    assert (status["l"], status["L"]) == ("UPDATED", "EXECUTING")
    assert [each["c"] for each in status["O"]] == ["new", placed["orders"][1]["clientOrderId"]]


def test_a_prevented_trade_is_told_with_what_it_would_have_been(quiet: Any, user: Callable[[], list[Any]]) -> None:
    maker = quiet.order("BUY", quantity=60, price="0.0002")
    user()
    taker = quiet.order("SELL", quantity=20, price="0.0002", selfTradePreventionMode="DECREMENT")
    events = user()
    reports = {each["i"]: each for each in events if each.get("x") == "TRADE_PREVENTION"}
    assert set(reports) == {maker["orderId"], taker["orderId"]}
    (match,) = quiet.signed("GET", "/api/v3/myPreventedMatches", symbol="BNBBTC", orderId=taker["orderId"])
    for order, other in ((maker, taker), (taker, maker)):
        report = reports[order["orderId"]]
        assert (report["v"], report["U"], report["Cs"]) == (match["preventedMatchId"], other["orderId"], "BNBBTC")
        assert (report["A"], report["B"], report["pl"]) == ("20.00000000",) * 3
        assert (report["pL"], report["pY"]) == ("0.00020000", "0.00400000")
    assert (reports[taker["orderId"]]["X"], reports[maker["orderId"]]["X"]) == ("EXPIRED_IN_MATCH", "NEW")


def test_a_trade_that_was_prevented_across_books_names_the_symbol_of_the_other_order(quiet: Any, user: Callable[[], list[Any]]) -> None:
    maker = quiet.order("SELL", symbol="BTCUSDC", quantity="0.1", price="5790")
    user()
    order = {"symbol": "BTCUSDT", "side": "BUY", "type": "LIMIT", "timeInForce": "GTC", "quantity": "0.1", "price": "5800"}
    taker = quiet.signed("POST", "/api/v3/sor/order", **order, selfTradePreventionMode="DECREMENT")
    assert maker["orderId"] == taker["orderId"], "each symbol counts for itself"
    (told,) = taker["preventedMatches"]
    assert told["makerSymbol"] == "BTCUSDC"
    reports = {each["s"]: each for each in user() if each.get("x") == "TRADE_PREVENTION"}
    assert {symbol: (each["U"], each["Cs"]) for symbol, each in reports.items()} == {
        "BTCUSDT": (maker["orderId"], "BTCUSDC"),
        "BTCUSDC": (taker["orderId"], "BTCUSDT"),
    }
    (kept,) = quiet.signed("GET", "/api/v3/myPreventedMatches", symbol="BTCUSDT", orderId=taker["orderId"])
    assert (kept["symbol"], kept["makerSymbol"]) == ("BTCUSDT", "BTCUSDC")


def test_members_of_a_group_are_told_of_each_other(quiet: Any, user: Callable[[], list[Any]]) -> None:
    for account in ("key", "other"):
        quiet.live.execute(JoinGroup(account, 3))
    maker = quiet.order("BUY", quantity=60, price="0.0002")
    user()
    taker = quiet.order("SELL", account="other", quantity=20, price="0.0002", selfTradePreventionMode="EXPIRE_MAKER")
    report = next(each for each in user() if each["e"] == "executionReport")
    assert (report["i"], report["x"], report["X"]) == (maker["orderId"], "TRADE_PREVENTION", "EXPIRED_IN_MATCH")
    assert (report["u"], report["U"], report["A"]) == (3, taker["orderId"], "60.00000000")


def test_a_pegged_order_tells_its_peg_and_its_price(quiet: Any, user: Callable[[], list[Any]]) -> None:
    for price in ("0.0002", "0.00019"):
        quiet.order("BUY", account="other", quantity=60, price=price)
    peg = {"pegPriceType": "PRIMARY_PEG", "pegOffsetType": "PRICE_LEVEL", "pegOffsetValue": 1}
    order = quiet.order("BUY", quantity=60, **peg)
    report = user()[0]
    assert (report["gP"], report["gOT"], report["gOV"], report["gp"]) == ("PRIMARY_PEG", "PRICE_LEVEL", 1, order["peggedPrice"])
    assert (report["p"], order["price"], order["peggedPrice"]) == ("0.00000000", "0.00000000", "0.00019000")


def test_a_waiting_order_that_is_refused_in_the_end_says_why(quiet: Any, user: Callable[[], list[Any]]) -> None:
    """A pending sell of more than there is: the balance is looked at when its turn comes."""
    pending = {**OTO, "pendingQuantity": "2000"}
    quiet.signed("POST", "/api/v3/orderList/oto", **pending)
    user()
    sell_to(quiet, 100, "0.00024")
    events = user()
    refused = next(each for each in events if each["e"] == "executionReport" and each["S"] == "SELL")
    assert (refused["x"], refused["r"]) == ("REJECTED", "INSUFFICIENT_BALANCES")
    assert next(each["l"] for each in events if each["e"] == "listStatus") == "ALL_DONE"


def test_an_iceberg_shows_how_much_of_it_shows(quiet: Any, user: Callable[[], list[Any]]) -> None:
    quiet.order("BUY", quantity=100, price="0.0002", icebergQty=10)
    assert user()[0]["F"] == "10.00000000"
    assert quiet.get("/api/v3/depth", symbol="BNBBTC")["bids"] == [["0.00020000", "10.00000000"]]


def test_execution_ids_only_grow(quiet: Any, user: Callable[[], list[Any]]) -> None:
    quiet.signed("POST", "/api/v3/orderList/oco", **OCO)
    quiet.order("BUY", account="other", quantity=100, price="0.0003")
    quiet.order("BUY", quantity=100, price="0.0002")
    numbers = [each["I"] for each in user() if each["e"] == "executionReport"]
    assert numbers == sorted(set(numbers))
