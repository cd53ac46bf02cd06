"""What an order that replaces another one has come to, when its answer was lost: both halves, in the form of the venue's answer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from exchangeclient.binance.inquiry import GET_ORDER, Lost, shown
from exchangeclient.binance.readings import AHEAD_MS, told_ms
from exchangeclient.exceptions import ExchangeAPIException

if TYPE_CHECKING:
    from exchangeclient.core.calling.call import Errand

PATH: Final = "/api/v3/order/cancelReplace"
_OLD: Final = {"orderId": "cancelOrderId", "origClientOrderId": "cancelOrigClientOrderId"}
_PARTIALLY_FAILED: Final = -2021
_CONFLICT: Final = 409


def halves(symbol: str, said: Mapping[str, str], timestamp_ms: int, placed: Mapping[str, Any] | None, errand: Errand) -> dict[str, Any]:
    """Both halves, for which the venue is asked after the order that was to be replaced.

    :param placed: the new order as the venue shows it; None when it is certain that there is none
    """
    named = {asked: said[given] for asked, given in _OLD.items() if given in said}
    try:
        old: Mapping[str, Any] | None = shown(errand, GET_ORDER.request((), {"symbol": symbol, **named}))
    except Lost:
        old = None
    if old is not None and placed is not None and old.get("orderId") == placed.get("orderId"):
        old = None  # both were given one id, under which the venue shows the new one
    # By that mode the venue would not have gone on to the new order, whatever a place that lags behind shows of the old one.
    proved = placed is not None and said.get("cancelReplaceMode") == "STOP_ON_FAILURE"
    return {
        "cancelResult": "SUCCESS" if proved else _cancel_result(old, timestamp_ms),
        "newOrderResult": "FAILURE" if placed is None else "SUCCESS",
        "cancelResponse": old,
        "newOrderResponse": placed,
    }


def _cancel_result(old: Mapping[str, Any] | None, timestamp_ms: int) -> str:
    if old is None:
        return "UNKNOWN"
    ended_ms = told_ms(old, "updateTime")
    before = ended_ms is not None and ended_ms < timestamp_ms - AHEAD_MS
    return "SUCCESS" if old.get("status") == "CANCELED" and not before else "FAILURE"


def answered(both: dict[str, Any]) -> dict[str, Any]:
    """What the venue answers when the new order is there.

    :param both: the halves
    :raises ExchangeAPIException: unless the other one was cancelled
    """
    if both["cancelResult"] == "SUCCESS":
        return both
    placed = both["newOrderResponse"]
    raise ExchangeAPIException(
        f"the order {placed.get('clientOrderId')} on {placed.get('symbol')} was placed, as was found out after its answer was lost; "
        f"the cancellation of the order that it was to replace: {both['cancelResult']}",
        status_code=_CONFLICT,
        code=_PARTIALLY_FAILED,
        venue="binance",
        data=both,
    )


def was_placed(error: ExchangeAPIException) -> bool:
    """True for the refusal of a call whose new order was placed all the same."""
    return isinstance(error.data, dict) and error.data.get("newOrderResult") == "SUCCESS"
