"""Cancel-replace: each row of the venue's table, and that nothing is done when filters or the order count refuse."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable
from typing import Any

import pytest

from exchangeclient.sandbox.dialects.binance.limits import Limits

PATH = "/api/v3/order/cancelReplace"
NEW = {"symbol": "BNBBTC", "side": "BUY", "type": "LIMIT", "timeInForce": "GTC", "quantity": "100", "price": "0.0002"}
UNKNOWN = {"code": -2011, "msg": "Unknown order sent."}
POOR = {"code": -2010, "msg": "Account has insufficient balance for requested action."}
FAILED = {"code": -2022, "msg": "Order cancel-replace failed."}
IN_PART = {"code": -2021, "msg": "Order cancel-replace partially failed."}


@pytest.fixture
def quiet(make_bench: Callable[..., Any]) -> Any:
    return make_bench(traders=False)


def replace(bench: Any, old_id: int, mode: str, **params: object) -> Any:
    return bench.signed("POST", PATH, **{**NEW, "cancelOrderId": old_id, "cancelReplaceMode": mode, **params})


def resting(bench: Any) -> int:
    order_id: int = bench.order("BUY", quantity=100, price="0.0001", newClientOrderId="old")["orderId"]
    return order_id


def open_ids(bench: Any) -> list[int]:
    return [each["orderId"] for each in bench.signed("GET", "/api/v3/openOrders")]


def order_count(bench: Any) -> int:
    count: int = bench.signed("GET", "/api/v3/rateLimit/order")[0]["count"]
    return count


@pytest.mark.parametrize("mode", ["STOP_ON_FAILURE", "ALLOW_FAILURE"])
def test_both_halves_succeed(quiet: Any, mode: str) -> None:
    old = resting(quiet)
    answer = replace(quiet, old, mode, newClientOrderId="new", cancelNewClientOrderId="undo")
    assert quiet.answer.status == 200
    assert set(answer) == {"cancelResult", "newOrderResult", "cancelResponse", "newOrderResponse"}
    assert (answer["cancelResult"], answer["newOrderResult"]) == ("SUCCESS", "SUCCESS")
    cancelled, placed = answer["cancelResponse"], answer["newOrderResponse"]
    assert (cancelled["orderId"], cancelled["status"]) == (old, "CANCELED")
    assert (cancelled["origClientOrderId"], cancelled["clientOrderId"]) == ("old", "undo")
    assert (placed["clientOrderId"], placed["status"], placed["fills"]) == ("new", "NEW", [])
    assert open_ids(quiet) == [placed["orderId"]]


def test_the_new_order_may_have_the_old_ones_client_id(quiet: Any) -> None:
    resting(quiet)
    params = {"cancelReplaceMode": "STOP_ON_FAILURE", "cancelOrigClientOrderId": "old", "newClientOrderId": "old"}
    answer = quiet.signed("POST", PATH, **NEW, **params)
    assert answer["newOrderResponse"]["clientOrderId"] == "old"


def test_a_cancel_that_fails_stops_the_rest_and_counts_as_an_order_all_the_same(quiet: Any) -> None:
    answer = replace(quiet, 77, "STOP_ON_FAILURE")
    assert quiet.answer.status == 400
    data = {"cancelResult": "FAILURE", "newOrderResult": "NOT_ATTEMPTED", "cancelResponse": UNKNOWN, "newOrderResponse": None}
    assert answer == {**FAILED, "data": data}
    assert open_ids(quiet) == []
    assert order_count(quiet) == 1


@pytest.mark.parametrize("mode", ["STOP_ON_FAILURE", "ALLOW_FAILURE"])
def test_a_placement_that_fails_after_the_cancel_leaves_half_of_it_done(quiet: Any, mode: str) -> None:
    old = resting(quiet)
    answer = replace(quiet, old, mode, side="SELL", quantity="2000")
    assert quiet.answer.status == 409
    assert {name: answer[name] for name in ("code", "msg")} == IN_PART
    data = answer["data"]
    assert (data["cancelResult"], data["newOrderResult"], data["newOrderResponse"]) == ("SUCCESS", "FAILURE", POOR)
    assert data["cancelResponse"]["orderId"] == old
    assert open_ids(quiet) == []


def test_a_cancel_that_fails_may_be_allowed_to(quiet: Any) -> None:
    answer = replace(quiet, 77, "ALLOW_FAILURE", newOrderRespType="ACK")
    assert quiet.answer.status == 409
    assert {name: answer[name] for name in ("code", "msg")} == IN_PART
    data = answer["data"]
    assert (data["cancelResult"], data["newOrderResult"], data["cancelResponse"]) == ("FAILURE", "SUCCESS", UNKNOWN)
    assert set(data["newOrderResponse"]) == {"symbol", "orderId", "orderListId", "clientOrderId", "transactTime"}
    assert open_ids(quiet) == [data["newOrderResponse"]["orderId"]]


def test_both_halves_may_fail(quiet: Any) -> None:
    answer = replace(quiet, 77, "ALLOW_FAILURE", side="SELL", quantity="2000")
    assert quiet.answer.status == 400
    data = {"cancelResult": "FAILURE", "newOrderResult": "FAILURE", "cancelResponse": UNKNOWN, "newOrderResponse": POOR}
    assert answer == {**FAILED, "data": data}


# ---- the order count is exceeded ---------------------------------------------------------------------------------

EXCEEDED = {"code": -1015, "msg": "Too many new orders; current limit is 1 orders per 10 SECOND."}


@pytest.fixture
def full(make_bench: Callable[..., Any]) -> Any:
    """With room for one order, which rests already."""
    bench = make_bench(traders=False, limits=Limits({"orders_10s": 1}))
    assert resting(bench) == 1
    return bench


@pytest.mark.parametrize("mode", ["STOP_ON_FAILURE", "ALLOW_FAILURE"])
@pytest.mark.parametrize("exceeded", [{}, {"orderRateLimitExceededMode": "DO_NOTHING"}])
def test_without_room_nothing_is_done(full: Any, mode: str, exceeded: dict[str, str]) -> None:
    assert replace(full, 1, mode, **exceeded) == EXCEEDED
    assert full.answer.status == 429
    assert open_ids(full) == [1]


@pytest.mark.parametrize(
    ("mode", "old", "status", "error", "results"),
    [
        ("STOP_ON_FAILURE", 77, 429, FAILED, ("FAILURE", "NOT_ATTEMPTED")),
        ("STOP_ON_FAILURE", 1, 429, IN_PART, ("SUCCESS", "FAILURE")),
        ("ALLOW_FAILURE", 77, 400, FAILED, ("FAILURE", "FAILURE")),
        ("ALLOW_FAILURE", 1, 409, IN_PART, ("SUCCESS", "FAILURE")),
    ],
)
def test_without_room_the_cancel_may_be_wanted_all_the_same(
    full: Any, mode: str, old: int, status: int, error: dict[str, object], results: tuple[str, str]
) -> None:
    answer = replace(full, old, mode, orderRateLimitExceededMode="CANCEL_ONLY")
    assert full.answer.status == status
    assert {name: answer[name] for name in ("code", "msg")} == error
    data = answer["data"]
    assert (data["cancelResult"], data["newOrderResult"]) == results
    assert data["newOrderResponse"] == (None if results[1] == "NOT_ATTEMPTED" else EXCEEDED)
    left_s = -((full.now_us % 10_000_000 - 10_000_000) // 1_000_000)
    assert full.answer.headers.get("Retry-After") == (str(left_s) if status == 429 else None)
    assert open_ids(full) == ([] if results[0] == "SUCCESS" else [1])
    assert order_count(full) == 1


def test_over_the_websocket_api_both_halves_and_the_time_to_try_again_are_told(full: Any, make_wire: Callable[..., Any]) -> None:
    params = {**NEW, "cancelOrderId": 1, "cancelReplaceMode": "STOP_ON_FAILURE", "orderRateLimitExceededMode": "CANCEL_ONLY"}
    params |= {"apiKey": "key", "timestamp": full.now_us // 1000}
    payload = "&".join(f"{name}={params[name]}" for name in sorted(params))
    params["signature"] = hmac.new(b"secret", payload.encode(), hashlib.sha256).hexdigest()
    reply = make_wire(full, "/ws-api/v3").say({"id": 1, "method": "order.cancelReplace", "params": params})
    assert reply["status"] == 429
    data = reply["error"]["data"]
    assert (data["cancelResult"], data["newOrderResult"]) == ("SUCCESS", "FAILURE")
    assert data["serverTime"] == full.now_us // 1000
    assert data["retryAfter"] == full.now_us // 10_000_000 * 10_000 + 10_000


# ---- too late ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", ["STOP_ON_FAILURE", "ALLOW_FAILURE"])
def test_a_request_that_is_late_for_the_engine_does_neither_half_and_counts(quiet: Any, mode: str) -> None:
    old = resting(quiet)
    quiet.app.venue.engine_delay_us = 5_000_001
    late = replace(quiet, old, mode)
    assert (quiet.answer.status, late["code"], "data" in late) == (400, -1021, False)
    assert replace(quiet, old, mode, quantity="0.001")["code"] == -1013  # filters come first
    assert quiet.order("BUY", quantity="0.001", price="0.0001")["code"] == -1013
    assert quiet.order("BUY", quantity=100, price="0.0001")["code"] == -1021
    quiet.app.venue.engine_delay_us = 0
    assert open_ids(quiet) == [old]
    assert order_count(quiet) == 3


def test_a_late_request_without_room_counts_no_further(full: Any) -> None:
    full.app.venue.engine_delay_us = 5_000_001
    assert replace(full, 1, "ALLOW_FAILURE", orderRateLimitExceededMode="CANCEL_ONLY")["code"] == -1021
    assert order_count(full) == 1


# ---- before anything is done -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({"price": "2000"}, -1013),
        ({"quantity": "0.001"}, -1013),
        ({"symbol": "LTCBTC"}, -1013),
        ({"symbol": "NOPE"}, -1121),
        ({"price": ""}, -1105),
        ({"cancelReplaceMode": "PERHAPS"}, -1130),
        ({"orderRateLimitExceededMode": "PERHAPS"}, -1130),
        ({"cancelRestrictions": "PERHAPS"}, -1145),
        ({"newOrderRespType": "SHORT"}, -1130),
    ],
)
def test_what_is_wrong_with_the_request_itself_leaves_the_old_order_alone(quiet: Any, params: dict[str, str], code: int) -> None:
    old = resting(quiet)
    assert replace(quiet, old, "ALLOW_FAILURE", **params)["code"] == code
    assert open_ids(quiet) == [old]


@pytest.mark.parametrize("name", ["symbol", "side", "type", "cancelReplaceMode", "cancelOrderId", "quantity", "price", "timeInForce"])
def test_every_mandatory_parameter_is_missed(quiet: Any, name: str) -> None:
    params = {**NEW, "cancelOrderId": 1, "cancelReplaceMode": "STOP_ON_FAILURE"}
    del params[name]
    assert quiet.signed("POST", PATH, **params)["code"] == -1102


def test_the_cancel_may_be_restricted_and_both_ids_must_agree(quiet: Any) -> None:
    old = resting(quiet)
    unmet = replace(quiet, old, "STOP_ON_FAILURE", cancelRestrictions="ONLY_PARTIALLY_FILLED")
    assert unmet["data"]["cancelResponse"] == {"code": -2011, "msg": "Order was not canceled due to cancel restrictions."}
    other = replace(quiet, old, "STOP_ON_FAILURE", cancelOrigClientOrderId="another")
    assert other["data"]["cancelResponse"] == {"code": -2011, "msg": "Cancel order is invalid. Check origClOrdId and orderId."}
    assert open_ids(quiet) == [old]
