"""Order lists: their answers, what becomes of their orders, and how they are found and cancelled."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from exchangeclient.sandbox.engine.instruments import scaled

LIST = "/api/v3/orderList"
OCO: dict[str, object] = {
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
WORKING: dict[str, object] = {
    "symbol": "BNBBTC",
    "workingType": "LIMIT",
    "workingSide": "BUY",
    "workingPrice": "0.00024",
    "workingQuantity": "100",
    "workingTimeInForce": "GTC",
}
OTO = {**WORKING, "pendingType": "LIMIT_MAKER", "pendingSide": "SELL", "pendingQuantity": "50", "pendingPrice": "0.0003"}
PAIR: dict[str, object] = {
    "pendingSide": "SELL",
    "pendingAboveType": "TAKE_PROFIT",
    "pendingAboveStopPrice": "0.0004",
    "pendingBelowType": "STOP_LOSS",
    "pendingBelowStopPrice": "0.0001",
}
OTOCO = {**WORKING, **PAIR, "pendingQuantity": "50"}
OPO = {**WORKING, "pendingType": "LIMIT_MAKER", "pendingSide": "SELL", "pendingPrice": "0.0003"}
OPOCO = {**WORKING, **PAIR}
KINDS: list[tuple[str, dict[str, object], str, int]] = [
    ("oco", OCO, "OCO", 2),
    ("oto", OTO, "OTO", 2),
    ("otoco", OTOCO, "OTO", 3),
    ("opo", OPO, "OTO", 2),
    ("opoco", OPOCO, "OTO", 3),
]
PLACED = ["orderListId", "contingencyType", "listStatusType", "listOrderStatus", "listClientOrderId", "transactionTime", "symbol", "orders"]


@pytest.fixture
def quiet(make_bench: Callable[..., Any]) -> Any:
    return make_bench(traders=False)


def place(bench: Any, kind: str, params: dict[str, object], **more: object) -> Any:
    return bench.signed("POST", f"{LIST}/{kind}", **{**params, **more})


def statuses(bench: Any) -> list[str]:
    return [each["status"] for each in bench.signed("GET", "/api/v3/allOrders", symbol="BNBBTC")]


@pytest.mark.parametrize(("kind", "params", "contingency", "count"), KINDS)
def test_a_list_is_placed_found_and_cancelled(quiet: Any, kind: str, params: dict[str, object], contingency: str, count: int) -> None:
    before = quiet.signed("GET", "/api/v3/account")["balances"]
    placed = place(quiet, kind, params, listClientOrderId="mine")
    assert (quiet.answer.status, placed.get("msg")) == (200, None)
    reports = placed.pop("orderReports")
    assert list(placed) == PLACED
    assert (placed["contingencyType"], placed["listStatusType"], placed["listOrderStatus"]) == (contingency, "EXEC_STARTED", "EXECUTING")
    assert (placed["listClientOrderId"], placed["symbol"]) == ("mine", "BNBBTC")
    assert len(placed["orders"]) == len(reports) == count
    assert [(each["orderId"], each["clientOrderId"]) for each in placed["orders"]] == [
        (each["orderId"], each["clientOrderId"]) for each in reports
    ]
    assert {each["orderListId"] for each in reports} == {placed["orderListId"]}
    for query in ({"orderListId": placed["orderListId"]}, {"origClientOrderId": "mine"}):
        assert quiet.signed("GET", LIST, **query) == placed
    assert quiet.signed("GET", "/api/v3/openOrderList") == quiet.signed("GET", "/api/v3/allOrderList") == [placed]
    for report in reports:
        found = quiet.signed("GET", "/api/v3/order", symbol="BNBBTC", orderId=report["orderId"])
        same = set(report) - {"transactTime"}
        assert {name: found[name] for name in same} == {name: report[name] for name in same}
        assert found["isWorking"] is (report["workingTime"] != -1)
    quiet.pass_time(1)
    cancelled = quiet.signed("DELETE", LIST, symbol="BNBBTC", listClientOrderId="mine", newClientOrderId="undo")
    ended = cancelled.pop("orderReports")
    assert cancelled == {
        **placed,
        "listStatusType": "ALL_DONE",
        "listOrderStatus": "ALL_DONE",
        "transactionTime": placed["transactionTime"] + 1000,
    }
    assert [each["orderId"] for each in ended] == [each["orderId"] for each in reports]
    assert {each["clientOrderId"] for each in ended} == {"undo"}
    assert [each["origClientOrderId"] for each in ended] == [each["clientOrderId"] for each in reports]
    assert quiet.signed("GET", "/api/v3/openOrderList") == quiet.signed("GET", "/api/v3/openOrders") == []
    assert quiet.signed("GET", LIST, origClientOrderId="mine") == cancelled
    assert quiet.signed("GET", "/api/v3/account")["balances"] == before


def test_the_legs_of_a_pair_show_what_they_wait_for(quiet: Any) -> None:
    above, below = place(quiet, "oco", OCO, aboveIcebergQty="10", belowTrailingDelta="100", belowStrategyId="7")["orderReports"]
    assert (above["type"], above["price"], above["icebergQty"], above["status"]) == ("LIMIT_MAKER", "0.00030000", "10.00000000", "NEW")
    assert above["workingTime"] == above["transactTime"]
    assert "stopPrice" not in above
    assert (below["type"], below["stopPrice"], below["status"], below["workingTime"]) == ("STOP_LOSS_LIMIT", "0.00020000", "NEW", -1)
    assert (below["trailingDelta"], below["trailingTime"], below["strategyId"]) == (100, -1, 7)
    assert "icebergQty" not in below


@pytest.mark.parametrize(("form", "extra"), [("ACK", set()), ("RESULT", {"status"}), ("FULL", {"status", "fills"})])
def test_the_reports_have_the_form_that_was_asked_for(quiet: Any, form: str, extra: set[str]) -> None:
    for report in place(quiet, "oco", OCO, newOrderRespType=form)["orderReports"]:
        assert set(report) & {"status", "fills"} == extra


def test_cancelling_one_order_cancels_its_list(quiet: Any) -> None:
    placed = place(quiet, "oco", OCO)
    second = placed["orders"][1]
    cancelled = quiet.signed("DELETE", "/api/v3/order", symbol="BNBBTC", orderId=second["orderId"], newClientOrderId="undo")
    assert (cancelled["orderListId"], cancelled["listOrderStatus"]) == (placed["orderListId"], "ALL_DONE")
    assert [each["status"] for each in cancelled["orderReports"]] == ["CANCELED", "CANCELED"]
    assert {each["clientOrderId"] for each in cancelled["orderReports"]} == {"undo"}


def test_cancelling_all_open_orders_reports_each_order_and_each_list_once(quiet: Any) -> None:
    first = quiet.order("BUY", quantity=100, price="0.0001")["orderId"]
    lists = [place(quiet, "oco", OCO)["orderListId"], place(quiet, "otoco", OTOCO)["orderListId"]]
    last = quiet.order("BUY", quantity=100, price="0.0001")["orderId"]
    reports = quiet.signed("DELETE", "/api/v3/openOrders", symbol="BNBBTC")
    assert [each.get("orderId", each["orderListId"]) for each in reports] == [first, last, *lists]
    assert [len(each.get("orderReports", ())) for each in reports] == [0, 0, 2, 3]
    assert quiet.signed("GET", "/api/v3/openOrders") == []


def test_when_one_of_a_pair_is_filled_the_other_expires(quiet: Any) -> None:
    placed = place(quiet, "oco", OCO)
    quiet.order("BUY", account="other", quantity=100, price="0.0003")
    assert statuses(quiet) == ["FILLED", "EXPIRED"]
    expired = quiet.signed("GET", "/api/v3/order", symbol="BNBBTC", orderId=placed["orders"][1]["orderId"])
    assert expired["expiryReason"] == "OCO_TRIGGER"
    assert quiet.signed("GET", LIST, orderListId=placed["orderListId"])["listOrderStatus"] == "ALL_DONE"


def test_the_pending_order_follows_when_the_working_one_is_filled(quiet: Any) -> None:
    place(quiet, "oto", OTO)
    quiet.order("SELL", account="other", quantity=40, price="0.00024")
    assert statuses(quiet) == ["PARTIALLY_FILLED", "PENDING_NEW"]
    quiet.order("SELL", account="other", quantity=60, price="0.00024")
    assert statuses(quiet) == ["FILLED", "NEW"]


def test_a_working_order_that_is_filled_at_once_still_shows_its_follower_pending(quiet: Any) -> None:
    quiet.order("SELL", account="other", quantity=100, price="0.00024")
    placed = place(quiet, "oto", OTO, newOrderRespType="FULL")
    working, pending = placed["orderReports"]
    assert (working["status"], [each["qty"] for each in working["fills"]]) == ("FILLED", ["100.00000000"])
    assert (pending["status"], pending["fills"], pending["workingTime"]) == ("PENDING_NEW", [], -1)
    assert statuses(quiet) == ["FILLED", "NEW"]


@pytest.mark.parametrize(("kind", "params"), [("opo", OPO), ("opoco", OPOCO)])
def test_the_quantity_of_what_is_paid_by_another_order_is_unknown_until_then(quiet: Any, kind: str, params: dict[str, object]) -> None:
    placed = place(quiet, kind, params)
    working, *pending = placed["orderReports"]
    assert "origQty" in working
    assert all("origQty" not in each for each in pending)
    quiet.order("SELL", account="other", quantity=100, price="0.00024")
    for each in pending:
        now = quiet.signed("GET", "/api/v3/order", symbol="BNBBTC", orderId=each["orderId"])
        assert now["status"] == "NEW"
        assert scaled(now["origQty"]) > 0


@pytest.mark.parametrize(("kind", "params"), [("otoco", OTOCO), ("opoco", {**WORKING, **PAIR})])
def test_without_an_order_below_the_one_above_follows_alone(quiet: Any, kind: str, params: dict[str, object]) -> None:
    placed = place(quiet, kind, {name: value for name, value in params.items() if not name.startswith("pendingBelow")})
    assert placed["contingencyType"] == "OTO"
    assert [each["type"] for each in placed["orderReports"]] == ["LIMIT", PAIR["pendingAboveType"]]
    assert quiet.signed("GET", "/api/v3/rateLimit/order")[0]["count"] == 2


def test_the_retired_request_for_a_pair_still_makes_one(quiet: Any) -> None:
    params = {"symbol": "BNBBTC", "side": "SELL", "quantity": 100, "price": "0.0003", "stopPrice": "0.0002"}
    placed = quiet.signed("POST", "/api/v3/order/oco", **params, stopLimitPrice="0.00019", stopLimitTimeInForce="GTC")
    assert [(each["type"], each["status"]) for each in placed["orderReports"]] == [("LIMIT_MAKER", "NEW"), ("STOP_LOSS_LIMIT", "NEW")]
    assert placed["contingencyType"] == "OCO"
    for name in params:
        assert quiet.signed("POST", "/api/v3/order/oco", **{each: params[each] for each in params if each != name})["code"] == -1102


# ---- refusals ----------------------------------------------------------------------------------------------------


def test_prices_in_the_wrong_relation_are_refused(quiet: Any) -> None:
    refused = {"code": -2010, "msg": "The relationship of the prices for the orders is not correct."}
    assert place(quiet, "oco", {**OCO, "abovePrice": "0.00022"}) == refused
    assert place(quiet, "oco", {**OCO, "belowStopPrice": "0.00028"}) == refused
    assert quiet.signed("GET", "/api/v3/openOrders") == []


def test_a_client_id_of_a_list_is_unique_among_open_lists(quiet: Any) -> None:
    placed = place(quiet, "oco", OCO, listClientOrderId="mine")
    assert place(quiet, "oto", OTO, listClientOrderId="mine")["code"] == -2010
    quiet.signed("DELETE", LIST, symbol="BNBBTC", orderListId=placed["orderListId"])
    assert place(quiet, "oto", OTO, listClientOrderId="mine")["listClientOrderId"] == "mine"


def test_filters_are_checked_for_each_order(quiet: Any) -> None:
    assert place(quiet, "oco", {**OCO, "abovePrice": "2000"}) == {"code": -1013, "msg": "Filter failure: PRICE_FILTER"}
    assert place(quiet, "oto", {**OTO, "pendingQuantity": "0.001"}) == {"code": -1013, "msg": "Filter failure: LOT_SIZE"}
    assert place(quiet, "oco", {**OCO, "symbol": "LTCBTC"}) == {"code": -1013, "msg": "Market is closed."}
    assert place(quiet, "oco", {**OCO, "symbol": "NOPE"}) == {"code": -1121, "msg": "Invalid symbol."}
    assert quiet.signed("GET", "/api/v3/openOrders") == []


@pytest.mark.parametrize(
    ("method", "params", "error"),
    [
        ("GET", {}, (-1102, "Param 'orderListId' or 'origClientOrderId' must be sent, but both were empty/null!")),
        ("GET", {"orderListId": 99}, (-2018, "Order list does not exist.")),
        ("GET", {"origClientOrderId": "nobody"}, (-2018, "Order list does not exist.")),
        ("GET", {"orderListId": "x"}, (-1100, "Illegal characters found in parameter 'orderListId'; legal range is '^[0-9]{1,20}$'.")),
        ("DELETE", {"orderListId": 99}, (-1102, "Mandatory parameter 'symbol' was not sent, was empty/null, or malformed.")),
        ("DELETE", {"symbol": "BNBBTC"}, (-1102, "Param 'orderListId' or 'listClientOrderId' must be sent, but both were empty/null!")),
        ("DELETE", {"symbol": "BNBBTC", "orderListId": 99}, (-2011, "Unknown order list sent.")),
        ("DELETE", {"symbol": "NOPE", "orderListId": 99}, (-1121, "Invalid symbol.")),
    ],
)
def test_lookup_refusals(quiet: Any, method: str, params: dict[str, object], error: tuple[int, str]) -> None:
    answer = quiet.signed(method, LIST, **params)
    assert (answer["code"], answer["msg"]) == error


def test_both_ids_must_belong_to_one_list(quiet: Any) -> None:
    list_id = place(quiet, "oco", OCO, listClientOrderId="mine")["orderListId"]
    assert quiet.signed("GET", LIST, orderListId=list_id, origClientOrderId="yours")["code"] == -2039
    assert quiet.signed("GET", LIST, orderListId=list_id, origClientOrderId="mine")["orderListId"] == list_id
    assert quiet.signed("DELETE", LIST, symbol="BNBBTC", orderListId=list_id, listClientOrderId="yours")["code"] == -2011
    assert quiet.signed("GET", LIST, account="other", orderListId=list_id)["code"] == -2018


def test_lists_are_paged(quiet: Any) -> None:
    placed = []
    for _ in range(4):
        placed.append(place(quiet, "oto", OTO))
        quiet.pass_time(1)
    ids, times = [each["orderListId"] for each in placed], [each["transactionTime"] for each in placed]

    def lists(**params: object) -> list[int]:
        return [each["orderListId"] for each in quiet.signed("GET", "/api/v3/allOrderList", **params)]

    assert lists() == ids
    assert lists(limit=2) == ids[-2:]
    assert lists(fromId=ids[1], limit=2) == ids[1:3]
    assert lists(startTime=times[1], limit=2) == ids[1:3]
    assert lists(endTime=times[2], limit=2) == ids[1:3]
    assert lists(startTime=times[1], endTime=times[2]) == ids[1:3]
    assert quiet.signed("GET", "/api/v3/allOrderList", fromId=1, startTime=times[1])["code"] == -1128
    assert quiet.signed("GET", "/api/v3/allOrderList", startTime=times[1], endTime=times[1] + 86_400_002)["code"] == -1127


def test_the_orders_of_a_list_count_each(quiet: Any) -> None:
    def count() -> int:
        number: int = quiet.signed("GET", "/api/v3/rateLimit/order")[0]["count"]
        return number

    counts = [count()]
    for kind, params, _, _ in KINDS[:3]:
        place(quiet, kind, params)
        counts.append(count())
    assert counts == [0, 2, 4, 7]
