from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from exchangeclient.binance.orderform import figures, figures_of_all, is_list, legs, refuse_incomplete, stops_rising

D = Decimal
OCO = {
    "symbol": "BTCUSDT", "side": "SELL", "quantity": "2", "aboveType": "LIMIT_MAKER", "abovePrice": "20", "belowType": "STOP_LOSS_LIMIT",
    "belowStopPrice": "8", "belowPrice": "7", "belowTimeInForce": "GTC", "belowIcebergQty": "1",
}  # fmt: skip
OLD_OCO = {
    "symbol": "BTCUSDT", "side": "SELL", "quantity": "2", "price": "20", "stopPrice": "8", "stopLimitPrice": "7",
    "stopLimitTimeInForce": "GTC", "limitIcebergQty": "1", "stopIcebergQty": "0.5",
}  # fmt: skip
WORKING = {
    "symbol": "BTCUSDT", "workingType": "LIMIT", "workingSide": "BUY", "workingPrice": "10", "workingQuantity": "2",
    "workingTimeInForce": "GTC", "pendingSide": "SELL",
}  # fmt: skip
OTO = {**WORKING, "pendingType": "LIMIT_MAKER", "pendingPrice": "20", "pendingQuantity": "1"}
PAIR = {"pendingAboveType": "TAKE_PROFIT", "pendingAboveTrailingDelta": "50", "pendingBelowType": "STOP_LOSS", "pendingBelowStopPrice": "8"}
OTOCO = {**WORKING, **PAIR, "pendingQuantity": "2"}
OPO = {name: text for name, text in OTO.items() if name != "pendingQuantity"}
OPOCO = {**WORKING, **PAIR}
COMPLETE = {
    "/api/v3/orderList/oco": OCO,
    "/api/v3/order/oco": OLD_OCO,
    "/api/v3/orderList/oto": OTO,
    "/api/v3/orderList/otoco": OTOCO,
    "/api/v3/orderList/opo": OPO,
    "/api/v3/orderList/opoco": OPOCO,
}


@pytest.mark.parametrize("path", COMPLETE)
def test_a_complete_list_passes_and_each_of_its_orders_is_read(path: str) -> None:
    assert is_list(path)
    refuse_incomplete("create", path, COMPLETE[path])
    assert (
        len(figures_of_all(path, COMPLETE[path])) == len(legs(path, COMPLETE[path])) == (3 if "pendingAboveType" in COMPLETE[path] else 2)
    )


@pytest.mark.parametrize(
    ("path", "left_out", "named"),
    [
        ("/api/v3/orderList/oco", "symbol", "symbol"),
        ("/api/v3/orderList/oco", "quantity", "quantity for a LIMIT_MAKER order"),
        ("/api/v3/orderList/oco", "aboveType", "aboveType"),
        ("/api/v3/orderList/oco", "abovePrice", "abovePrice or abovePegPriceType for a LIMIT_MAKER order"),
        ("/api/v3/orderList/oco", "belowTimeInForce", "belowTimeInForce for a STOP_LOSS_LIMIT order"),
        ("/api/v3/orderList/oco", "belowStopPrice", "belowStopPrice or belowTrailingDelta for a STOP_LOSS_LIMIT order"),
        ("/api/v3/order/oco", "price", "price for a LIMIT_MAKER order"),
        ("/api/v3/order/oco", "stopPrice", "stopPrice or trailingDelta for a STOP_LOSS_LIMIT order"),
        ("/api/v3/order/oco", "stopLimitTimeInForce", "stopLimitTimeInForce for a STOP_LOSS_LIMIT order"),
        ("/api/v3/orderList/oto", "workingSide", "workingSide"),
        ("/api/v3/orderList/oto", "pendingQuantity", "pendingQuantity for a LIMIT_MAKER order"),
        ("/api/v3/orderList/otoco", "pendingAboveType", "pendingAboveType"),
        ("/api/v3/orderList/otoco", "pendingBelowStopPrice", "pendingBelowStopPrice or pendingBelowTrailingDelta"),
        ("/api/v3/orderList/opo", "pendingPrice", "pendingPrice or pendingPegPriceType for a LIMIT_MAKER order"),
        ("/api/v3/orderList/opoco", "pendingSide", "pendingSide"),
    ],
)
def test_what_a_list_needs_and_has_not_is_named_in_its_own_words(path: str, left_out: str, named: str) -> None:
    given = {name: text for name, text in COMPLETE[path].items() if name != left_out}
    with pytest.raises(TypeError, match=rf"create\(\) needs {named}"):
        refuse_incomplete("create", path, given)


def test_a_list_without_its_last_order_is_complete() -> None:
    given = {name: text for name, text in OTOCO.items() if not name.startswith("pendingBelow")}
    refuse_incomplete("create", "/api/v3/orderList/otoco", given)
    assert len(figures_of_all("/api/v3/orderList/otoco", given)) == 2


def test_figures_are_read_by_the_words_of_the_list_and_called_by_them() -> None:
    above, below = figures_of_all("/api/v3/orderList/oco", OCO)
    assert (above.price, above.quantity, above.side, above.names.price) == (D(20), D(2), "SELL", "abovePrice")
    assert (below.price, below.stop_price, below.iceberg, below.names.iceberg) == (D(7), D(8), D(1), "belowIcebergQty")
    limit, stop = figures_of_all("/api/v3/order/oco", OLD_OCO)
    assert (limit.price, limit.stop_price, limit.iceberg, limit.names.iceberg) == (D(20), None, D(1), "limitIcebergQty")
    assert (stop.price, stop.stop_price, stop.iceberg, stop.names.price) == (D(7), D(8), D("0.5"), "stopLimitPrice")


def test_an_order_that_waits_for_another_is_not_measured_by_the_market_of_today() -> None:
    working, pending = figures_of_all("/api/v3/orderList/oto", OTO)
    assert (working.side, pending.side) == ("BUY", "")


@pytest.mark.parametrize(
    ("kind", "side", "rising"),
    [
        ("STOP_LOSS", "BUY", True),
        ("STOP_LOSS_LIMIT", "SELL", False),
        ("TAKE_PROFIT", "SELL", True),
        ("TAKE_PROFIT_LIMIT", "BUY", False),
    ],
)
def test_a_trailing_stop_is_held_to_the_rule_of_its_side(kind: str, side: str, rising: bool) -> None:
    """Source: https://developers.binance.com/docs/binance-spot-api-docs/filters#trailing_delta."""
    assert stops_rising(kind, side) is rising
    assert figures({"type": kind, "side": side, "trailingDelta": "50"}).trails == ("above" if rising else "below")


@pytest.mark.parametrize(
    ("left_out", "named"),
    [("cancelReplaceMode", "cancelReplaceMode"), ("cancelOrderId", "cancelOrderId or cancelOrigClientOrderId"), ("price", "price")],
)
def test_a_replacement_needs_to_say_what_it_replaces(left_out: str, named: str) -> None:
    given: dict[str, Any] = {
        "symbol": "BTCUSDT", "side": "BUY", "type": "LIMIT", "timeInForce": "GTC", "quantity": "1", "price": "1",
        "cancelReplaceMode": "STOP_ON_FAILURE", "cancelOrderId": "5",
    }  # fmt: skip
    refuse_incomplete("create", "/api/v3/order/cancelReplace", given)
    with pytest.raises(TypeError, match=named):
        refuse_incomplete("create", "/api/v3/order/cancelReplace", {name: text for name, text in given.items() if name != left_out})
