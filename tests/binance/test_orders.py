from __future__ import annotations

import json
import re
import threading
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Any

import pytest

from exchangeclient.binance.orders import OrderGuard, OrderHelpers
from exchangeclient.core.call import Errand
from exchangeclient.core.clock import FakeClock
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
        self.clock = FakeClock()
        self.guard = OrderGuard(self.clock)

    def prepare(self, request: Request, left_s: float = 10) -> Request:
        return self.guard.prepare(request, Errand(self.ask, lambda: left_s))

    def ask(self, request: Request) -> Any:
        symbol = request.params["symbol"]
        self.asked.append(symbol)
        if symbol not in self.symbols:
            raise UnknownSymbolException("Invalid symbol.", status_code=400, code=-1121)
        return self.answer(info(self.symbols[symbol]), {"symbol": symbol})

    def answer(self, body: bytes, params: dict[str, str] | None = None) -> Any:
        self.guard.learn(Request("get_exchange_info", "GET", "/api/v3/exchangeInfo", params or {}), Response(200, body))
        return json.loads(body)


def order(kind: Kind = Kind.PLACE, *, validate: bool = True, **params: str | None) -> Request:
    texts = {name: text for name, text in {**LIMIT, **params}.items() if text is not None}
    return Request("create_order", "POST", "/api/v3/order", texts, Security.TRADE, kind, validate=validate)


def test_a_good_order_is_sent_as_it_is_with_an_id_of_its_own() -> None:
    venue = Venue()
    prepared = venue.prepare(order())
    assert list(prepared.params.items())[:-1] == list(LIMIT.items())
    assert list(prepared.params)[-1] == "newClientOrderId"


def test_ids_are_of_the_venues_alphabet_all_different_and_carry_no_sign_of_us() -> None:
    venue = Venue()
    with ThreadPoolExecutor(32) as pool:
        ids = list(pool.map(lambda _: venue.prepare(order()).params["newClientOrderId"], range(2000)))
    assert len(set(ids)) == len(ids)
    assert all(re.fullmatch(r"[a-f0-9]{32}", each) for each in ids)


def test_an_id_of_the_callers_is_kept() -> None:
    assert Venue().prepare(order(newClientOrderId="my-order_1")).params["newClientOrderId"] == "my-order_1"


@pytest.mark.parametrize("given", ["x" * 37, "my order", "é", "a.b", "a\n"])
def test_an_id_that_the_venue_refuses_is_refused(given: str) -> None:
    with pytest.raises(ValueError, match="newClientOrderId must be 1 to 36 letters, digits"):
        Venue().prepare(order(newClientOrderId=given))


def test_a_test_order_is_checked_and_needs_no_id() -> None:
    venue = Venue()
    assert venue.prepare(order(Kind.TEST)) == order(Kind.TEST)
    with pytest.raises(OrderMinAmountException):
        venue.prepare(order(Kind.TEST, quantity="0.5"))


@pytest.mark.parametrize("kind", [Kind.READ, Kind.CANCEL, Kind.AMEND])
def test_what_places_nothing_is_let_through(kind: Kind) -> None:
    venue = Venue()
    assert venue.prepare(order(kind, symbol=None)) == order(kind, symbol=None)
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
        Venue().prepare(order(**params))
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
@pytest.mark.parametrize("validate", [True, False])
def test_what_an_order_needs_and_has_not_is_named_whatever_is_switched_off(
    params: dict[str, str | None], missing: str, validate: bool
) -> None:
    venue = Venue()
    with pytest.raises(TypeError, match=rf"create_order\(\) needs {missing}"):
        venue.prepare(order(validate=validate, **params))
    assert venue.asked == []


def test_a_type_that_is_new_to_us_is_the_venues_to_judge() -> None:
    assert Venue().prepare(order(type="MOONSHOT", price=None)).params["type"] == "MOONSHOT"


@pytest.mark.parametrize("name", ["price", "stopPrice", "quantity", "icebergQty", "quoteOrderQty"])
@pytest.mark.parametrize("validate", [True, False])
def test_a_negative_figure_is_named_whatever_is_switched_off(name: str, validate: bool) -> None:
    with pytest.raises(ValueError, match=f"{name} must not be negative: -1"):
        Venue().prepare(order(validate=validate, **{name: "-1"}))


def test_switching_the_rules_off_asks_for_no_rules_and_sends_no_such_word() -> None:
    venue = Venue()
    prepared = venue.prepare(order(validate=False, quantity="0.5", symbol="NOSUCH"))
    assert "disable_validation" not in prepared.params
    assert "newClientOrderId" in prepared.params
    assert venue.asked == []


def test_an_iceberg_of_zero_is_no_iceberg() -> None:
    assert Venue().prepare(order(icebergQty="0")).params["icebergQty"] == "0"
    with pytest.raises(OrderMinAmountException):
        Venue().prepare(order(icebergQty="0.5"))


def test_rules_are_asked_for_once() -> None:
    venue = Venue()
    for _ in range(3):
        venue.prepare(order())
    assert venue.asked == ["BNBBTC"]


class Held(Venue):
    """Answers for a symbol when the test lets it."""

    def __init__(self, *symbols: dict[str, Any], held: str = "BNBBTC") -> None:
        super().__init__(*symbols)
        self.held = held
        self.reached = threading.Event()
        self.let_go = threading.Event()

    def ask(self, request: Request) -> Any:
        if request.params["symbol"] == self.held:
            self.reached.set()
            assert self.let_go.wait(10)
        return super().ask(request)


def test_32_threads_ask_for_the_rules_once() -> None:
    venue = Held()
    waiting = threading.Barrier(32)

    def place(_: int) -> Request:
        # left_s() is asked for by a thread when it begins to wait for its turn.
        return venue.guard.prepare(order(), Errand(venue.ask, lambda: waiting.wait(10) + 10))

    with ThreadPoolExecutor(32) as pool:
        placed = [pool.submit(place, number) for number in range(32)]
        assert venue.reached.wait(10)
        venue.let_go.set()
        for each in placed:
            each.result(10)
    assert venue.asked == ["BNBBTC"]


def test_a_fetch_that_hangs_holds_up_nothing_but_its_own_symbol() -> None:
    venue = Held(listed("BNBBTC"), listed("ETHBTC"), listed("LTCBTC"))
    venue.prepare(order(symbol="ETHBTC"))
    with ThreadPoolExecutor(2) as pool:
        hanging = pool.submit(venue.prepare, order())
        assert venue.reached.wait(10)

        def meanwhile() -> None:
            venue.prepare(order(symbol="ETHBTC"))  # known
            venue.prepare(order(symbol="LTCBTC"))  # asked for
            venue.answer(info(listed("ETHBTC")), {"symbol": "ETHBTC"})
            venue.guard.refused(order(symbol="ETHBTC"), ExchangeAPIException("no", code=-1013))
            venue.guard.learn(Request("get_products", "GET", "/products", host="website"), Response(200, b"{}"))

        pool.submit(meanwhile).result(10)
        assert not hanging.done()
        venue.let_go.set()
        hanging.result(10)


@pytest.mark.parametrize("left_s", [0.05, 0.0])
def test_another_threads_fetch_is_waited_for_no_longer_than_the_call_may_last(left_s: float) -> None:
    def left() -> float:
        if left_s <= 0:
            raise TimeoutError
        return left_s

    venue = Held()
    with ThreadPoolExecutor(1) as pool:
        hanging = pool.submit(venue.prepare, order())
        assert venue.reached.wait(10)
        with pytest.raises(ExchangeRequestException, match="the rules of BNBBTC, which another thread is fetching, did not come") as caught:
            venue.guard.prepare(order(), Errand(venue.ask, left))
        assert caught.value.sent == "no"
        assert not hanging.done()
        venue.let_go.set()
        hanging.result(10)
    assert venue.asked == ["BNBBTC"]


def test_a_thread_whose_forerunner_failed_asks_for_itself() -> None:
    class Flaky(Held):
        def ask(self, request: Request) -> Any:
            first = not self.reached.is_set()
            answer = super().ask(request)
            if first:
                self.answer(b"{}", {})  # forgotten again
                raise ExchangeRequestException("timed out", sent="maybe")
            return answer

    venue = Flaky()
    with ThreadPoolExecutor(2) as pool:
        unlucky = pool.submit(venue.prepare, order())
        assert venue.reached.wait(10)
        second = pool.submit(venue.prepare, order())
        venue.let_go.set()
        with pytest.raises(ExchangeRequestException, match="timed out"):
            unlucky.result(10)
        second.result(10)
    assert venue.asked == ["BNBBTC", "BNBBTC"]


# Rules age


def test_rules_older_than_an_hour_are_asked_for_anew() -> None:
    venue = Venue()
    venue.prepare(order())
    venue.clock.advance(3600)
    venue.prepare(order())
    assert venue.asked == ["BNBBTC"]
    venue.clock.advance(1)
    venue.prepare(order())
    assert venue.asked == ["BNBBTC", "BNBBTC"]


@pytest.mark.parametrize("fetched", ["by the guard", "by the user", "with the whole exchange"])
def test_no_order_is_refused_by_rules_older_than_a_minute(fetched: str) -> None:
    venue = Venue(listed("BNBBTC", tick="0.001"), listed("NEWBTC", status="BREAK"))
    if fetched == "by the user":
        venue.answer(info(*venue.symbols.values()), {"symbols": "..."})
    elif fetched == "with the whole exchange":
        venue.answer(info(*venue.symbols.values()))
    for symbol, error in (("BNBBTC", OrderMinPriceException), ("NEWBTC", OrderInactiveSymbolException)):
        with pytest.raises(error) as caught:
            venue.prepare(order(symbol=symbol))
        assert caught.value.__context__ is None
    before = list(venue.asked)
    venue.clock.advance(60)
    with pytest.raises(OrderMinPriceException):
        venue.prepare(order())
    assert venue.asked == before
    venue.clock.advance(1)
    venue.symbols = {symbol: listed(symbol) for symbol in venue.symbols}
    venue.prepare(order())
    venue.prepare(order(symbol="NEWBTC"))
    assert venue.asked == [*before, "BNBBTC", "NEWBTC"]


def test_rules_that_still_refuse_when_fetched_anew_refuse() -> None:
    venue = Venue()
    venue.prepare(order())
    venue.clock.advance(61)
    for _ in range(2):
        with pytest.raises(OrderMinAmountException):
            venue.prepare(order(quantity="0.5"))
    assert venue.asked == ["BNBBTC", "BNBBTC"]


def test_a_symbol_that_is_no_longer_listed_is_forgotten() -> None:
    venue = Venue()
    venue.prepare(order())
    venue.clock.advance(61)
    del venue.symbols["BNBBTC"]
    for params in ({"quantity": "0.5"}, {}):
        with pytest.raises(OrderUnknownSymbolException):
            venue.prepare(order(**params))


@pytest.mark.parametrize(
    ("error", "asked"),
    [
        (ExchangeAPIException("Filter failure: LOT_SIZE", status_code=400, code=-1013, rule="LOT_SIZE"), 2),
        (ExchangeAPIException("This symbol does not allow it.", status_code=400, code=-1013), 2),
        (ExchangeAPIException("Filter failure: MAX_NUM_ORDERS", status_code=400, code=-2010, rule="MAX_NUM_ORDERS"), 2),
        (ExchangeAPIException("Account has insufficient balance", status_code=400, code=-2010), 1),
    ],
)
@pytest.mark.parametrize("unread", [True, False])
def test_a_refusal_by_a_rule_drops_the_rules_of_its_symbol(error: ExchangeAPIException, asked: int, unread: bool) -> None:
    venue = Venue(listed("BNBBTC"), listed("ETHBTC"))
    venue.answer(info(*venue.symbols.values()))
    if not unread:
        venue.prepare(order())
    venue.guard.refused(order(), error)
    venue.prepare(order())
    venue.prepare(order(symbol="ETHBTC"))
    assert venue.asked == ["BNBBTC"] * (asked - 1)


def test_exchange_info_that_the_user_asked_for_refreshes_the_rules() -> None:
    venue = Venue()
    venue.prepare(order(price="0.00001"))
    venue.answer(info(listed("BNBBTC", tick="0.001")))
    with pytest.raises(OrderMinPriceException):
        venue.prepare(order(price="0.00001"))
    venue.answer(info(listed("BNBBTC", tick="0.00001")), {"symbol": "BNBBTC"})
    venue.prepare(order(price="0.00001"))
    assert venue.asked == ["BNBBTC"]


def test_part_of_exchange_info_leaves_the_other_rules_alone() -> None:
    venue = Venue()
    venue.answer(info(listed("BNBBTC"), listed("ETHBTC")))
    venue.answer(info(listed("BNBBTC", status="HALT")), {"symbol": "BNBBTC"})
    venue.prepare(order(symbol="ETHBTC"))
    with pytest.raises(OrderInactiveSymbolException):
        venue.prepare(order())
    assert venue.asked == []


def test_the_list_of_products_drops_the_rules() -> None:
    venue = Venue()
    venue.prepare(order())
    venue.guard.learn(Request("get_products", "GET", "/products", host="website"), Response(200, b"{}"))
    venue.prepare(order())
    assert venue.asked == ["BNBBTC", "BNBBTC"]


def failing(error: Exception) -> Venue:
    class Failing(Venue):
        def ask(self, request: Request) -> Any:
            raise error

    return Failing()


def test_a_symbol_is_unknown_when_the_venue_answers_without_it() -> None:
    class Silent(Venue):
        def ask(self, request: Request) -> Any:
            return self.answer(info(), {"symbol": "BNBBTC"})

    with pytest.raises(OrderUnknownSymbolException) as caught:
        Silent().prepare(order())
    assert (caught.value.symbol, caught.value.value) == ("BNBBTC", "BNBBTC")


@pytest.mark.parametrize(
    "error", [ExchangeRequestException("timed out", sent="maybe"), ExchangeAPIException("An unknown error", status_code=500, code=-1000)]
)
def test_rules_that_cannot_be_fetched_do_not_read_as_an_order_that_may_exist(error: Exception) -> None:
    with pytest.raises(ExchangeRequestException, match="the order was not sent") as caught:
        failing(error).prepare(order())
    assert caught.value.sent == "no"
    assert caught.value.__cause__ is error


def test_a_refusal_to_give_the_rules_is_passed_on() -> None:
    with pytest.raises(RateLimitException):
        failing(RateLimitException("slow down", status_code=429, code=-1003)).prepare(order())


@pytest.mark.parametrize("body", [b"[]", b'{"symbols": 5}', b'{"symbols": [5, {"symbol": 7}]}', b"{}"])
def test_exchange_info_of_another_shape_teaches_nothing(body: bytes) -> None:
    venue = Venue()
    venue.answer(body)
    venue.prepare(order())
    assert venue.asked == ["BNBBTC"]


def test_rules_that_cannot_be_read_are_named() -> None:
    venue = Venue()
    venue.answer(info({"symbol": "BNBBTC", "status": "TRADING", "filters": [{"filterType": "LOT_SIZE", "minQty": "one"}]}))
    with pytest.raises(ExchangeRequestException, match="rules of BNBBTC cannot be read: minQty must be a plain number"):
        venue.prepare(order())


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
