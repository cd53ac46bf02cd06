"""What each type of order needs and refuses, and that the words of a request become the engine's."""

from __future__ import annotations

from typing import Any

import pytest

from exchangeclient.sandbox.dialects.binance.errors import VenueError
from exchangeclient.sandbox.dialects.binance.order_form import ROUTED, SINGLE, Names, names_of, read_order, response_type
from exchangeclient.sandbox.dialects.binance.params import Params
from exchangeclient.sandbox.engine.commands import Peg, Place
from exchangeclient.sandbox.engine.instruments import scaled
from exchangeclient.sandbox.engine.words import OrderType, PegKind, SelfTrade, Side, TimeInForce

PRICED = {"timeInForce": "GTC", "quantity": "2", "price": "3"}
COMPLETE: dict[str, dict[str, str]] = {
    "LIMIT": PRICED,
    "LIMIT_MAKER": {"quantity": "2", "price": "3"},
    "MARKET": {"quantity": "2"},
    "STOP_LOSS": {"quantity": "2", "stopPrice": "4"},
    "STOP_LOSS_LIMIT": {**PRICED, "stopPrice": "4"},
    "TAKE_PROFIT": {"quantity": "2", "stopPrice": "4"},
    "TAKE_PROFIT_LIMIT": {**PRICED, "stopPrice": "4"},
}
MORE = {
    "timeInForce": "GTC",
    "quoteOrderQty": "5",
    "price": "3",
    "stopPrice": "4",
    "trailingDelta": "100",
    "icebergQty": "1",
    "pegPriceType": "PRIMARY_PEG",
}
# By type: which of those may come on top of what is mandatory.
OPTIONAL = {
    "LIMIT": {"icebergQty", "pegPriceType"},
    "LIMIT_MAKER": {"icebergQty", "pegPriceType"},
    "MARKET": set(),
    "STOP_LOSS": {"trailingDelta"},
    "STOP_LOSS_LIMIT": {"trailingDelta", "icebergQty", "pegPriceType"},
    "TAKE_PROFIT": {"trailingDelta"},
    "TAKE_PROFIT_LIMIT": {"trailingDelta", "icebergQty", "pegPriceType"},
}


def read(params: dict[str, str], names: Names = SINGLE) -> Place:
    return read_order(Params({"symbol": "BNBBTC", "side": "BUY", **params}), names, account="me")


def refusal(params: dict[str, str], names: Names = SINGLE) -> tuple[int, str]:
    with pytest.raises(VenueError) as caught:
        read(params, names)
    return caught.value.code, caught.value.text


@pytest.mark.parametrize("kind", COMPLETE)
def test_an_order_with_what_its_type_needs_is_read(kind: str) -> None:
    sent = COMPLETE[kind]
    place = read({"type": kind, **sent})
    assert (place.account, place.symbol, place.side, place.type) == ("me", "BNBBTC", Side.BUY, OrderType[kind])
    figures = {"quantity": place.quantity, "price": place.price, "stopPrice": place.stop_price}
    assert figures == {name: scaled(sent.get(name, "0")) for name in figures}
    assert place.time_in_force is TimeInForce.GTC


@pytest.mark.parametrize(("kind", "name"), [(kind, name) for kind, sent in COMPLETE.items() for name in sent])
def test_without_one_of_them_it_is_refused(kind: str, name: str) -> None:
    alternatives = {"stopPrice": ("stopPrice", "trailingDelta")}
    if kind == "MARKET":
        alternatives["quantity"] = ("quantity", "quoteOrderQty")
    code, text = refusal({"type": kind, **{each: value for each, value in COMPLETE[kind].items() if each != name}})
    assert code == -1102
    if name in alternatives:
        assert text == "Param '{}' or '{}' must be sent, but both were empty/null!".format(*alternatives[name])
    else:
        assert text == f"Mandatory parameter '{name}' was not sent, was empty/null, or malformed."


@pytest.mark.parametrize(("kind", "name"), [(kind, name) for kind, sent in COMPLETE.items() for name in MORE if name not in sent])
def test_with_something_that_makes_no_sense_it_is_refused(kind: str, name: str) -> None:
    params = {"type": kind, **COMPLETE[kind], name: MORE[name]}
    if name in OPTIONAL[kind]:
        read(params)
    elif name == "pegPriceType":
        assert refusal(params) == (-1013, "This order type may not use pegged price.")
    else:
        assert refusal(params) == (-1106, f"Parameter '{name}' sent when not required.")


def test_a_market_order_has_one_quantity_or_the_other() -> None:
    assert read({"type": "MARKET", "quoteOrderQty": "0.05"}).quote_quantity == scaled("0.05")
    both = {"type": "MARKET", "quantity": "2", "quoteOrderQty": "0.05"}
    assert refusal(both) == (-1106, "Parameter 'quoteOrderQty' sent when not required.")


def test_a_stop_may_trail_instead_of_having_a_price() -> None:
    place = read({"type": "STOP_LOSS", "quantity": "2", "trailingDelta": "150"})
    assert (place.stop_price, place.trailing_delta) == (0, 150)


def test_the_price_of_a_pegged_order_may_be_left_out() -> None:
    params = {"type": "LIMIT", "timeInForce": "GTC", "quantity": "2", "pegPriceType": "PRIMARY_PEG"}
    assert (read(params).price, read(params).peg) == (0, Peg(PegKind.PRIMARY))
    deeper = read({**params, "pegOffsetType": "PRICE_LEVEL", "pegOffsetValue": "3"})
    assert deeper.peg == Peg(PegKind.PRIMARY, 3)


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({"side": "HOLD"}, -1117),
        ({"type": "MAGIC"}, -1116),
        ({"timeInForce": "GTX"}, -1115),
        ({"quantity": "-1"}, -1100),
        ({"quantity": "1e3"}, -1100),
        ({"price": "0.000000001"}, -1111),
        ({"price": "99999999999999"}, -1108),
        ({"icebergQty": "x"}, -1100),
        ({"newClientOrderId": "a b"}, -1100),
        ({"newClientOrderId": "x" * 37}, -1100),
        ({"strategyId": "x"}, -1100),
        ({"strategyType": "999999"}, -1134),
        ({"selfTradePreventionMode": "EXPIRE"}, -1130),
        ({"pegPriceType": "BEST"}, -1210),
        ({"pegPriceType": "PRIMARY_PEG", "pegOffsetType": "TICKS", "pegOffsetValue": "1"}, -1211),
        ({"pegPriceType": "PRIMARY_PEG", "pegOffsetType": "PRICE_LEVEL", "pegOffsetValue": "0"}, -1130),
        ({"pegPriceType": "PRIMARY_PEG", "pegOffsetType": "PRICE_LEVEL", "pegOffsetValue": "101"}, -1130),
        ({"pegPriceType": "PRIMARY_PEG", "pegOffsetType": "PRICE_LEVEL"}, -1102),
        ({"pegPriceType": "PRIMARY_PEG", "pegOffsetValue": "1"}, -1102),
        ({"pegOffsetType": "PRICE_LEVEL", "pegOffsetValue": "1"}, -1102),
        ({"pegPriceType": "PRIMARY_PEG", "timeInForce": "IOC"}, -1013),
        ({"icebergQty": "1", "timeInForce": "FOK"}, -1014),
        ({"symbol": "bnbbtc"}, -1100),
    ],
)
def test_words_and_figures_that_there_are_not_are_refused(params: dict[str, str], code: int) -> None:
    assert refusal({"type": "LIMIT", **PRICED, **params})[0] == code


@pytest.mark.parametrize(("name", "value"), [("stopPrice", "0"), ("trailingDelta", "0"), ("trailingDelta", "1.5")])
def test_a_stop_at_nothing_is_refused(name: str, value: str) -> None:
    assert refusal({"type": "STOP_LOSS", "quantity": "2", "stopPrice": "4", name: value})[0] in (-1130, -1100)


def test_a_peg_must_suit_how_the_order_meets_the_book() -> None:
    maker = {"type": "LIMIT_MAKER", "quantity": "2"}
    unsuited = (-1013, "This price peg cannot be used with this order type.")
    assert read({**maker, "pegPriceType": "PRIMARY_PEG"}).peg is not None
    assert refusal({**maker, "pegPriceType": "MARKET_PEG"}) == unsuited
    limit = {"type": "LIMIT", "quantity": "2", "timeInForce": "IOC"}
    assert read({**limit, "pegPriceType": "MARKET_PEG"}).peg is not None
    assert refusal({**limit, "pegPriceType": "PRIMARY_PEG"}) == unsuited


def test_everything_else_that_an_order_may_carry_comes_through() -> None:
    more = {"newClientOrderId": "mine", "strategyId": "7", "strategyType": "1000000", "icebergQty": "1"}
    place = read({"type": "LIMIT", **PRICED, **more, "selfTradePreventionMode": "EXPIRE_BOTH"})
    assert (place.client_order_id, place.strategy_id, place.strategy_type) == ("mine", 7, 1_000_000)
    assert (place.iceberg_quantity, place.self_trade) == (scaled("1"), SelfTrade.EXPIRE_BOTH)
    plain = read({"type": "LIMIT", **PRICED})
    assert (plain.self_trade, plain.strategy_id, plain.peg, plain.iceberg_quantity) == (None, None, None, 0)


def test_a_routed_order_has_fewer_parameters() -> None:
    assert set(SINGLE.values()) - set(ROUTED.values()) == {
        "quoteOrderQty",
        "stopPrice",
        "trailingDelta",
        "pegPriceType",
        "pegOffsetType",
        "pegOffsetValue",
    }
    assert refusal({"type": "MARKET", "quantity": "1", "price": "3"}, ROUTED)[0] == -1106


def test_an_order_of_a_list_is_read_by_the_names_that_it_has_there() -> None:
    names = names_of("below", {"side": "side", "quantity": "quantity"})
    params = {"side": "SELL", "quantity": "2", "belowType": "STOP_LOSS_LIMIT", "belowPrice": "3", "belowStopPrice": "4"}
    assert refusal(params, names) == (-1102, "Mandatory parameter 'belowTimeInForce' was not sent, was empty/null, or malformed.")
    place = read({**params, "belowTimeInForce": "GTC", "belowClientOrderId": "mine", "price": "9"}, names)
    assert (place.side, place.price, place.stop_price, place.client_order_id) == (Side.SELL, scaled("3"), scaled("4"), "mine")
    iceberg = {**params, "belowTimeInForce": "IOC", "belowIcebergQty": "1"}
    assert refusal(iceberg, names) == (
        -1160,
        "Parameter 'belowIcebergQty' is not supported if `aboveTimeInForce`/`belowTimeInForce` is not GTC.",
    )


@pytest.mark.parametrize(
    ("params", "form"), [({}, "FULL"), ({"newOrderRespType": "ACK"}, "ACK"), ({"newOrderRespType": "RESULT"}, "RESULT")]
)
def test_the_answer_has_the_form_that_was_asked_for(params: dict[str, Any], form: str) -> None:
    assert response_type(Params(params), "FULL") == form
