from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Any

import pytest

from exchangeclient.binance.orders import EXCHANGE_INFO, OrderGuard, OrderHelpers
from exchangeclient.core.request import Kind, Request, Response, Security
from exchangeclient.exceptions import (
    ExchangeAPIException,
    ExchangeRequestException,
    OrderException,
    OrderInactiveSymbolException,
    OrderMinAmountException,
    OrderMinPriceException,
    OrderMinTotalException,
    OrderUnknownSymbolException,
    RateLimitException,
    UnknownSymbolException,
)

LIMIT = {"symbol": "BNBBTC", "side": "BUY", "type": "LIMIT", "timeInForce": "GTC", "quantity": "100", "price": "0.00001"}


def listed(symbol: str, *, status: str = "TRADING", tick: str = "0.00000001") -> dict[str, Any]:
    filters = [
        {"filterType": "PRICE_FILTER", "minPrice": tick, "maxPrice": "1000", "tickSize": tick},
        {"filterType": "LOT_SIZE", "minQty": "1", "maxQty": "100000", "stepSize": "1"},
        {"filterType": "NOTIONAL", "minNotional": "0.001", "applyMinToMarket": True, "maxNotional": "9000000"},
    ]
    return {"symbol": symbol, "status": status, "filters": filters}


def info(*symbols: dict[str, Any]) -> bytes:
    return json.dumps({"timezone": "UTC", "symbols": symbols}).encode()


class Venue:
    """exchangeInfo of a few symbols, as the guard sees it."""

    def __init__(self, *symbols: dict[str, Any]) -> None:
        self.symbols = {entry["symbol"]: entry for entry in symbols or (listed("BNBBTC"), listed("OLDBTC", status="BREAK"))}
        self.asked: list[str] = []
        self.guard = OrderGuard(self.fetch)

    def fetch(self, symbol: str) -> None:
        self.asked.append(symbol)
        if symbol not in self.symbols:
            raise UnknownSymbolException("Invalid symbol.", status_code=400, code=-1121)
        self.answer(info(self.symbols[symbol]), {"symbol": symbol})

    def answer(self, body: bytes, params: dict[str, str] | None = None) -> None:
        self.guard.learn(Request("get_exchange_info", "GET", EXCHANGE_INFO, params or {}), Response(200, body))


def order(kind: Kind = Kind.PLACE, *, validate: bool = True, **params: str | None) -> Request:
    texts = {name: text for name, text in {**LIMIT, **params}.items() if text is not None}
    return Request("create_order", "POST", "/api/v3/order", texts, Security.TRADE, kind, validate=validate)


def test_a_good_order_is_sent_as_it_is_with_an_id_of_its_own() -> None:
    venue = Venue()
    prepared = venue.guard.prepare(order())
    assert list(prepared.params.items())[:-1] == list(LIMIT.items())
    assert list(prepared.params)[-1] == "newClientOrderId"


def test_ids_are_of_the_venues_alphabet_all_different_and_carry_no_sign_of_us() -> None:
    guard = Venue().guard
    with ThreadPoolExecutor(32) as pool:
        ids = list(pool.map(lambda _: guard.prepare(order()).params["newClientOrderId"], range(2000)))
    assert len(set(ids)) == len(ids)
    assert all(re.fullmatch(r"[a-f0-9]{32}", each) for each in ids)


def test_an_id_of_the_callers_is_kept() -> None:
    assert Venue().guard.prepare(order(newClientOrderId="my-order_1")).params["newClientOrderId"] == "my-order_1"


@pytest.mark.parametrize("given", ["x" * 37, "my order", "é", "a.b", "a\n"])
def test_an_id_that_the_venue_refuses_is_refused(given: str) -> None:
    with pytest.raises(ValueError, match="newClientOrderId must be 1 to 36 letters, digits"):
        Venue().guard.prepare(order(newClientOrderId=given))


def test_a_test_order_is_checked_and_needs_no_id() -> None:
    guard = Venue().guard
    assert guard.prepare(order(Kind.TEST)) == order(Kind.TEST)
    with pytest.raises(OrderMinAmountException):
        guard.prepare(order(Kind.TEST, quantity="0.5"))


@pytest.mark.parametrize("kind", [Kind.READ, Kind.CANCEL, Kind.AMEND])
def test_what_places_nothing_is_let_through(kind: Kind) -> None:
    venue = Venue()
    assert venue.guard.prepare(order(kind, symbol=None)) == order(kind, symbol=None)
    assert venue.asked == []


@pytest.mark.parametrize(
    ("params", "error", "text"),
    [
        ({"price": "0.000000001"}, OrderMinPriceException, "price 0.000000001 is below the minimum 0.00000001 for BNBBTC"),
        ({"price": "0.000010005"}, OrderMinPriceException, "is not a multiple of the tick 0.00000001"),
        ({"quantity": "100.5"}, OrderMinAmountException, "quantity 100.5 is not a multiple of the step 1 for BNBBTC"),
        ({"quantity": "0"}, OrderMinAmountException, "quantity 0 is below the minimum 1"),
        ({"quantity": "99"}, OrderMinTotalException, "is below the minimum 0.001 for BNBBTC"),
        ({"symbol": "OLDBTC"}, OrderInactiveSymbolException, r"OLDBTC is not trading \(status BREAK\)"),
        ({"symbol": "NOSUCH"}, OrderUnknownSymbolException, "NOSUCH is not listed by the venue"),
        ({"icebergQty": "0.5"}, OrderMinAmountException, "icebergQty 0.5"),
        ({"stopPrice": "2000"}, OrderMinPriceException, "stopPrice 2000 is above the maximum"),
        ({"type": "MARKET", "price": None, "quantity": None, "quoteOrderQty": "0.0001"}, OrderMinTotalException, "the total 0.0001"),
    ],
)
def test_an_order_that_breaks_a_rule_is_refused(params: dict[str, str | None], error: type[OrderException], text: str) -> None:
    with pytest.raises(error, match=text) as caught:
        Venue().guard.prepare(order(**params))
    assert caught.value.code == -1013


@pytest.mark.parametrize(
    ("params", "missing"),
    [
        ({"symbol": None}, "symbol for a LIMIT order"),
        ({"side": None}, "side for a LIMIT order"),
        ({"type": None}, "type"),
        ({"quantity": None}, "quantity for a LIMIT order"),
        ({"price": None}, "price or pegPriceType for a LIMIT order"),
        ({"timeInForce": None}, "timeInForce for a LIMIT order"),
        ({"type": "MARKET", "quantity": None}, "quantity or quoteOrderQty for a MARKET order"),
        ({"type": "LIMIT_MAKER", "price": None}, "price or pegPriceType for a LIMIT_MAKER order"),
        ({"type": "STOP_LOSS"}, "stopPrice or trailingDelta for a STOP_LOSS order"),
        ({"type": "TAKE_PROFIT_LIMIT"}, "stopPrice or trailingDelta for a TAKE_PROFIT_LIMIT order"),
    ],
)
def test_what_an_order_needs_and_has_not_is_named(params: dict[str, str | None], missing: str) -> None:
    venue = Venue()
    with pytest.raises(TypeError, match=rf"create_order\(\) needs {missing}"):
        venue.guard.prepare(order(**params))
    assert venue.asked == []


def test_a_type_that_is_new_to_us_is_the_venues_to_judge() -> None:
    assert Venue().guard.prepare(order(type="MOONSHOT", price=None)).params["type"] == "MOONSHOT"


@pytest.mark.parametrize("name", ["price", "stopPrice", "quantity", "icebergQty", "quoteOrderQty"])
@pytest.mark.parametrize("validate", [True, False])
def test_a_negative_figure_is_named_whatever_is_switched_off(name: str, validate: bool) -> None:
    with pytest.raises(ValueError, match=f"{name} must not be negative: -1"):
        Venue().guard.prepare(order(validate=validate, **{name: "-1"}))


def test_switching_the_rules_off_asks_for_no_rules_and_sends_no_such_word() -> None:
    venue = Venue()
    prepared = venue.guard.prepare(order(validate=False, quantity="0.5", symbol="NOSUCH", price=None))
    assert "disable_validation" not in prepared.params
    assert "newClientOrderId" in prepared.params
    assert venue.asked == []


def test_an_iceberg_of_zero_is_no_iceberg() -> None:
    Venue().guard.prepare(order(icebergQty="0"))


def test_rules_are_asked_for_once() -> None:
    venue = Venue()
    for _ in range(3):
        venue.guard.prepare(order())
    assert venue.asked == ["BNBBTC"]


def test_32_threads_ask_for_the_rules_once() -> None:
    crowded = threading.Event()

    class SlowVenue(Venue):
        def fetch(self, symbol: str) -> None:
            self.asked.append(symbol)
            if len(self.asked) > 1:
                crowded.set()
            crowded.wait(0.3)  # time enough for a second thread to ask
            self.answer(info(self.symbols[symbol]), {"symbol": symbol})

    venue = SlowVenue()
    with ThreadPoolExecutor(32) as pool:
        list(pool.map(lambda _: venue.guard.prepare(order()), range(32)))
    assert venue.asked == ["BNBBTC"]


def test_exchange_info_that_the_user_asked_for_refreshes_the_rules() -> None:
    venue = Venue()
    venue.guard.prepare(order(price="0.00001"))
    venue.answer(info(listed("BNBBTC", tick="0.001")))
    with pytest.raises(OrderMinPriceException):
        venue.guard.prepare(order(price="0.00001"))
    venue.answer(info(listed("BNBBTC", tick="0.00001")), {"symbol": "BNBBTC"})
    venue.guard.prepare(order(price="0.00001"))
    assert venue.asked == ["BNBBTC"]


def test_part_of_exchange_info_leaves_the_other_rules_alone() -> None:
    venue = Venue()
    venue.answer(info(listed("BNBBTC"), listed("ETHBTC")))
    venue.answer(info(listed("BNBBTC", status="HALT")), {"symbol": "BNBBTC"})
    venue.guard.prepare(order(symbol="ETHBTC"))
    with pytest.raises(OrderInactiveSymbolException):
        venue.guard.prepare(order())
    assert venue.asked == []


def test_the_list_of_products_drops_the_rules() -> None:
    venue = Venue()
    venue.guard.prepare(order())
    venue.guard.learn(Request("get_products", "GET", "/products", host="website"), Response(200, b"{}"))
    venue.guard.prepare(order())
    assert venue.asked == ["BNBBTC", "BNBBTC"]


def test_a_symbol_is_unknown_when_the_venue_answers_without_it() -> None:
    guard = OrderGuard(lambda symbol: None)
    with pytest.raises(OrderUnknownSymbolException) as caught:
        guard.prepare(order())
    assert (caught.value.symbol, caught.value.value) == ("BNBBTC", "BNBBTC")


def failing(error: Exception) -> Callable[[str], None]:
    def fetch(symbol: str) -> None:
        raise error

    return fetch


@pytest.mark.parametrize(
    "error", [ExchangeRequestException("timed out", sent="maybe"), ExchangeAPIException("An unknown error", status_code=500, code=-1000)]
)
def test_rules_that_cannot_be_fetched_do_not_read_as_an_order_that_may_exist(error: Exception) -> None:
    with pytest.raises(ExchangeRequestException, match="the order was not sent") as caught:
        OrderGuard(failing(error)).prepare(order())
    assert caught.value.sent == "no"
    assert caught.value.__cause__ is error


def test_a_refusal_to_give_the_rules_is_passed_on() -> None:
    with pytest.raises(RateLimitException):
        OrderGuard(failing(RateLimitException("slow down", status_code=429, code=-1003))).prepare(order())


@pytest.mark.parametrize("body", [b"[]", b'{"symbols": 5}', b'{"symbols": [5, {"symbol": 7}]}', b"{}"])
def test_exchange_info_of_another_shape_teaches_nothing(body: bytes) -> None:
    venue = Venue()
    venue.answer(body)
    venue.guard.prepare(order())
    assert venue.asked == ["BNBBTC"]


def test_rules_that_cannot_be_read_are_named() -> None:
    venue = Venue()
    venue.answer(info({"symbol": "BNBBTC", "status": "TRADING", "filters": [{"filterType": "LOT_SIZE", "minQty": "one"}]}))
    with pytest.raises(ExchangeRequestException, match="rules of BNBBTC cannot be read: minQty must be a plain number"):
        venue.guard.prepare(order())


class Counter(OrderHelpers):
    def _call(self, request: Request) -> dict[str, str]:
        assert request.kind is Kind.PLACE
        return dict(request.params)


@pytest.mark.parametrize(
    ("method", "given", "sent"),
    [
        ("order_limit", {"side": "SELL"}, {"type": "LIMIT", "timeInForce": "GTC", "side": "SELL"}),
        ("order_limit", {"side": "SELL", "timeInForce": "IOC"}, {"type": "LIMIT", "timeInForce": "IOC", "side": "SELL"}),
        ("order_limit_buy", {"price": 0.00001}, {"type": "LIMIT", "timeInForce": "GTC", "side": "BUY", "price": "0.00001"}),
        ("order_limit_sell", {"timeInForce": "FOK"}, {"type": "LIMIT", "timeInForce": "FOK", "side": "SELL"}),
        ("order_market", {"side": "BUY"}, {"type": "MARKET", "side": "BUY"}),
        ("order_market_buy", {"quoteOrderQty": Decimal("1E-3")}, {"type": "MARKET", "side": "BUY", "quoteOrderQty": "0.001"}),
        ("order_market_sell", {}, {"type": "MARKET", "side": "SELL"}),
    ],
)
def test_helpers_place_the_order_that_their_name_says(method: str, given: dict[str, Any], sent: dict[str, str]) -> None:
    assert getattr(Counter(), method)(symbol="BNBBTC", **given) == {"symbol": "BNBBTC", **sent}


def test_a_helper_cannot_be_talked_into_the_other_side() -> None:
    with pytest.raises(TypeError, match="side"):
        Counter().order_market_buy(symbol="BNBBTC", side="SELL")
