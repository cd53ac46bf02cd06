"""Which orders make a list, and which of them on which side."""

from __future__ import annotations

from itertools import product

import pytest

from exchangeclient.sandbox.dialects.binance.errors import VenueError
from exchangeclient.sandbox.dialects.binance.list_form import OCO, OPO, OPOCO, OTO, OTOCO, ListForm, read_old_oco
from exchangeclient.sandbox.dialects.binance.params import Params
from exchangeclient.sandbox.engine.commands import PlaceList
from exchangeclient.sandbox.engine.instruments import scaled
from exchangeclient.sandbox.engine.words import ListKind, OrderType, Side, TimeInForce

LEGS = {
    "LIMIT_MAKER": {"Price": "9"},
    "TAKE_PROFIT": {"StopPrice": "8"},
    "TAKE_PROFIT_LIMIT": {"StopPrice": "8", "Price": "9", "TimeInForce": "GTC"},
    "STOP_LOSS": {"StopPrice": "3"},
    "STOP_LOSS_LIMIT": {"TrailingDelta": "100", "Price": "2", "TimeInForce": "IOC"},
}
PROFITS = ("LIMIT_MAKER", "TAKE_PROFIT", "TAKE_PROFIT_LIMIT")
STOPS = ("STOP_LOSS", "STOP_LOSS_LIMIT")


def leg(prefix: str, kind: str) -> dict[str, str]:
    return {f"{prefix}Type": kind, **{prefix + name: value for name, value in LEGS.get(kind, {}).items()}}


WORKING = {"workingType": "LIMIT", "workingSide": "BUY", "workingPrice": "5", "workingQuantity": "2", "workingTimeInForce": "GTC"}
PENDING = {"pendingSide": "SELL", "pendingQuantity": "2"}
COMPLETE: list[tuple[ListForm, dict[str, str]]] = [
    (OCO, {"side": "SELL", "quantity": "2", **leg("above", "LIMIT_MAKER"), **leg("below", "STOP_LOSS")}),
    (OTO, {**WORKING, **PENDING, "pendingType": "MARKET"}),
    (OTOCO, {**WORKING, **PENDING, **leg("pendingAbove", "TAKE_PROFIT"), **leg("pendingBelow", "STOP_LOSS_LIMIT")}),
    (OPO, {**WORKING, "pendingSide": "SELL", **leg("pending", "STOP_LOSS")}),
    (OPOCO, {**WORKING, "pendingSide": "SELL", **leg("pendingAbove", "LIMIT_MAKER"), **leg("pendingBelow", "STOP_LOSS")}),
]
IDS = [form.kind.value for form, _ in COMPLETE]


def read(form: ListForm, params: dict[str, str]) -> PlaceList:
    return form.read(Params({"symbol": "BNBBTC", **params}), "me")


def code(form: ListForm, params: dict[str, str]) -> int:
    with pytest.raises(VenueError) as caught:
        read(form, params)
    return caught.value.code


@pytest.mark.parametrize(("form", "params"), COMPLETE, ids=IDS)
def test_a_list_has_the_orders_of_its_kind(form: ListForm, params: dict[str, str]) -> None:
    placed = read(form, {**params, "listClientOrderId": "mine"})
    assert (placed.kind, placed.client_id) == (form.kind, "mine")
    kinds = [value for name, value in params.items() if name.endswith("Type")]
    assert [each.type.value for each in placed.orders] == kinds
    assert {(each.account, each.symbol) for each in placed.orders} == {("me", "BNBBTC")}
    pays = form.kind in (ListKind.OPO, ListKind.OPOCO)
    assert [each.quantity for each in placed.orders] == [scaled("2")] + [0 if pays else scaled("2")] * (len(kinds) - 1)


@pytest.mark.parametrize(("form", "params"), COMPLETE, ids=IDS)
def test_a_list_without_one_of_its_parameters_is_refused(form: ListForm, params: dict[str, str]) -> None:
    for name in params.keys() - {"pendingBelowType"}:
        assert code(form, {each: value for each, value in params.items() if each != name}) == -1102, name


@pytest.mark.parametrize(("form", "kind"), [(OTOCO, ListKind.OTO), (OPOCO, ListKind.OPO)])
def test_the_order_below_may_be_left_out(form: ListForm, kind: ListKind) -> None:
    complete = next(params for each, params in COMPLETE if each is form)
    alone = {name: value for name, value in complete.items() if not name.startswith("pendingBelow")}
    placed = read(form, alone)
    assert (placed.kind, placed.orders) == (kind, read(form, complete).orders[:2])
    first = {name: value for name, value in alone.items() if not name.startswith("pendingAbove")}
    assert read(form, {**first, **leg("pendingAbove", "STOP_LOSS")}).orders[1].type is OrderType.STOP_LOSS
    assert code(form, {**first, **leg("pendingAbove", "MARKET")}) == -1158
    for name in ("pendingBelowStopPrice", "pendingBelowClientOrderId"):
        assert code(form, {**alone, name: "3"}) == -1102  # then its type is missed


@pytest.mark.parametrize(("form", "params"), COMPLETE, ids=IDS)
def test_a_list_knows_all_parameters_that_it_may_have(form: ListForm, params: dict[str, str]) -> None:
    assert {*params, "symbol", "listClientOrderId", "newOrderRespType", "selfTradePreventionMode"} <= set(form.names)
    assert len(set(form.names)) == len(form.names)


@pytest.mark.parametrize(("side", "above", "below"), list(product(("BUY", "SELL"), LEGS, LEGS)))
def test_a_pair_takes_a_profit_on_one_side_and_stops_a_loss_on_the_other(side: str, above: str, below: str) -> None:
    params = {"side": side, "quantity": "2", **leg("above", above), **leg("below", below)}
    profit, stop = (below, above) if side == "BUY" else (above, below)
    if profit in PROFITS and stop in STOPS:
        assert [each.type.value for each in read(OCO, params).orders] == [above, below]
        return
    expected: set[int] = set()
    if (above, below) == ("LIMIT_MAKER", "LIMIT_MAKER"):
        expected = {-1168}
    else:
        if stop == "LIMIT_MAKER":
            expected.add(-1165 if side == "BUY" else -1166)
        if profit in STOPS:
            expected.add(-1196 if side == "BUY" else -1197)
        if stop in PROFITS[1:]:
            expected.add(-1198 if side == "BUY" else -1199)
    assert code(OCO, params) in expected


@pytest.mark.parametrize("kind", ["LIMIT", "MARKET"])
def test_other_types_have_no_place_in_a_pair(kind: str) -> None:
    more = {"abovePrice": "9", "aboveTimeInForce": "GTC"} if kind == "LIMIT" else {}
    assert code(OCO, {"side": "SELL", "quantity": "2", "aboveType": kind, **more, **leg("below", "STOP_LOSS")}) == -1158


@pytest.mark.parametrize(("form", "params"), COMPLETE[1:], ids=IDS[1:])
def test_the_working_order_rests_on_the_book(form: ListForm, params: dict[str, str]) -> None:
    stop = {"workingType": "MARKET"}
    market = {name: value for name, value in params.items() if name not in ("workingPrice", "workingTimeInForce")}
    assert code(form, {**market, **stop}) == -1116


@pytest.mark.parametrize(("form", "params"), COMPLETE[3:], ids=IDS[3:])
def test_what_pays_for_the_other_is_bought_and_then_sold(form: ListForm, params: dict[str, str]) -> None:
    assert code(form, {**params, "workingSide": "SELL"}) == -1222
    assert code(form, {**params, "pendingSide": "BUY"}) == -1223
    assert code(form, {**params, "pendingQuantity": "1"}) == -1225


def test_the_retired_pair_has_its_stop_on_the_side_that_follows_from_its_own() -> None:
    params = {"symbol": "BNBBTC", "quantity": "2", "price": "5", "stopPrice": "7"}
    buy = read_old_oco(Params({**params, "side": "BUY", "limitClientOrderId": "a", "stopClientOrderId": "b"}), "me")
    assert [(each.type, each.client_order_id) for each in buy.orders] == [(OrderType.STOP_LOSS, "b"), (OrderType.LIMIT_MAKER, "a")]
    sell = read_old_oco(Params({**params, "side": "SELL", "stopLimitPrice": "3", "stopLimitTimeInForce": "FOK"}), "me")
    limit, stop = sell.orders
    assert (limit.type, limit.price, limit.stop_price) == (OrderType.LIMIT_MAKER, scaled("5"), 0)
    assert (stop.type, stop.price, stop.stop_price) == (OrderType.STOP_LOSS_LIMIT, scaled("3"), scaled("7"))
    assert (stop.time_in_force, stop.side, stop.quantity) == (TimeInForce.FOK, Side.SELL, scaled("2"))
    with pytest.raises(VenueError, match="stopLimitTimeInForce"):
        read_old_oco(Params({**params, "side": "SELL", "stopLimitPrice": "3"}), "me")
