"""REST's answers in the words of the stream. That they are the stream's own, tests/binance/test_catchup.py finds out."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from exchangeclient.binance.account_view import CATCH_UP, Told
from exchangeclient.binance.retold import reports
from exchangeclient.exceptions import ExchangeRequestException

Json = dict[str, Any]


def order(**more: Any) -> Json:
    return {
        "symbol": "BTCUSDT", "orderId": 5, "orderListId": -1, "clientOrderId": "mine", "price": "10.00", "origQty": "1.00000000",
        "executedQty": "0.00000000", "cummulativeQuoteQty": "0.00000000", "status": "NEW", "timeInForce": "GTC", "type": "LIMIT",
        "side": "BUY", "time": 100, "updateTime": 200, "workingTime": 100, **more,
    }  # fmt: skip


def fill(number: int, quantity: str, time: int = 150, **more: Any) -> Json:
    quote = str(Decimal(quantity) * 10)
    return {
        "id": number,
        "price": "10.00",
        "qty": quantity,
        "quoteQty": quote,
        "commission": "0.1",
        "commissionAsset": "BNB",
        "time": time,
        **more,
    }


def told(order: Json, known: Told | None = None, *fills: Json, patient: bool = True) -> list[tuple[Any, ...]]:
    found = list(reports(order, known, fills, patient=patient))
    assert all(event[CATCH_UP] is True for event in found)
    return [(event["x"], event["X"], event["T"], event["z"], event["t"]) for event in found]


NEW = Told("NEW", "1", Decimal(0), Decimal(0))


def test_an_order_that_came_is_new() -> None:
    assert told(order()) == [("NEW", "NEW", 100, "0.00000000", -1)]


def test_one_that_waits_for_another_order_is_pending() -> None:
    assert told(order(status="PENDING_NEW", workingTime=-1)) == [("NEW", "PENDING_NEW", 100, "0.00000000", -1)]


def test_one_that_was_set_to_work_is_new_again() -> None:
    waits = Told("PENDING_NEW", "1", works=False)
    assert told(order(workingTime=180), waits) == [("NEW", "NEW", 180, "0.00000000", -1)]


def test_one_that_is_as_it_was_has_nothing_to_tell() -> None:
    assert told(order(), NEW) == []
    assert told(order(status="CANCELED"), Told("CANCELED", "1")) == []


def test_its_fills_add_up_and_the_last_one_fills_it() -> None:
    filled = order(status="FILLED", executedQty="1.00000000", cummulativeQuoteQty="10.00000000")
    assert told(filled, NEW, fill(8, "0.7", 160), fill(7, "0.3", 150)) == [
        ("TRADE", "PARTIALLY_FILLED", 150, "0.30000000", 7),
        ("TRADE", "FILLED", 160, "1.00000000", 8),
    ]


def test_fills_that_were_told_before_are_not_told_again() -> None:
    known = Told("PARTIALLY_FILLED", "1", Decimal("0.3"), Decimal(3))
    partly = order(status="PARTIALLY_FILLED", executedQty="0.70000000", cummulativeQuoteQty="7.00000000")
    assert told(partly, known, fill(7, "0.3", 150), fill(8, "0.4", 150)) == [("TRADE", "PARTIALLY_FILLED", 150, "0.70000000", 8)]


def test_a_fill_that_came_after_the_order_was_shown_does_not_stand_for_an_earlier_one() -> None:
    half = order(status="PARTIALLY_FILLED", executedQty="0.50000000", cummulativeQuoteQty="5.00000000", updateTime=150)
    fills = fill(7, "0.50000000", time=150), fill(8, "0.50000000", time=151)
    assert [(number, sum_) for _, _, _, sum_, number in told(half, NEW, *fills)] == [(7, "0.50000000")]


@pytest.mark.parametrize(
    ("status", "execution"),
    [("CANCELED", "CANCELED"), ("EXPIRED", "EXPIRED"), ("REJECTED", "REJECTED"), ("EXPIRED_IN_MATCH", "TRADE_PREVENTION")],
)
def test_its_end_comes_last(status: str, execution: str) -> None:
    ended = order(status=status, executedQty="0.30000000", cummulativeQuoteQty="3.00000000", origQty="0.90000000")
    assert told(ended, NEW, fill(7, "0.3")) == [
        ("TRADE", "PARTIALLY_FILLED", 150, "0.30000000", 7),
        ("REPLACED", status, 200, "0.30000000", -1),
        (execution, status, 200, "0.30000000", -1),
    ]


def test_a_fill_on_another_book_has_its_allocation() -> None:
    allocation = fill(0, "1", allocationId=3, allocationType="SOR")
    del allocation["id"]
    filled = order(status="FILLED", executedQty="1.00000000", cummulativeQuoteQty="10.00000000", usedSor=True, workingFloor="SOR")
    (event,) = list(reports(filled, NEW, [allocation], patient=True))
    assert (event["x"], event["t"], event["a"], event["b"], event["uS"], event["k"]) == ("TRADE", -1, 3, "SOR", True, "SOR")


def test_what_the_trades_do_not_make_up_is_waited_for_or_told_without_them() -> None:
    filled = order(status="FILLED", executedQty="1.00000000", cummulativeQuoteQty="9.50000000")
    with pytest.raises(ExchangeRequestException, match=r"shows 1\.0+ of the order 5 on BTCUSDT as filled, but fills of 0\.3 only") as lag:
        told(filled, NEW, fill(7, "0.3"))
    assert lag.value.transient
    *_, event = reports(filled, NEW, [fill(7, "0.3")], patient=False)
    assert (event["X"], event["t"], event["l"], event["L"], event["z"], event["N"]) == (
        "FILLED", -1, "0.70000000", "9.28571429", "1.00000000", None
    )  # fmt: skip
