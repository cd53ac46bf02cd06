from __future__ import annotations

import json
import re
import threading
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Any

import pytest

from exchangeclient.binance.orders import OrderGuard, OrderHelpers
from exchangeclient.core.calling.call import Errand
from exchangeclient.core.http.request import Kind, Request, Response, Security
from exchangeclient.core.process.clock import FakeClock
from exchangeclient.exceptions import (
    ExchangeAPIException,
    ExchangeRequestException,
    OrderException,
    OrderInactiveSymbolException,
    OrderMinAmountException,
    OrderMinPriceException,
    OrderMinTotalException,
    OrderPriceBandException,
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


def waited(seconds: float) -> None:
    raise AssertionError(f"a guard that fetches rules has nothing to wait for: {seconds}")


class Venue:
    """exchangeInfo of a few symbols, as the guard sees it."""

    def __init__(self, *symbols: dict[str, Any]) -> None:
        self.symbols = {entry["symbol"]: entry for entry in symbols or (listed("BNBBTC"), listed("OLDBTC", status="BREAK"))}
        self.asked: list[str] = []
        self.clock = FakeClock()
        self.guard = OrderGuard(self.clock)

    def prepare(self, request: Request, left_s: float = 10) -> Request:
        return self.guard.prepare(request, Errand(self.ask, lambda: left_s, waited, lambda: 0))

    def ask(self, request: Request) -> Any:
        symbol = request.params["symbol"]
        self.asked.append(symbol)
        if symbol not in self.symbols:
            raise UnknownSymbolException("Invalid symbol.", status_code=400, code=-1121)
        return self.answer(info(self.symbols[symbol]), {"symbol": symbol})

    def answer(self, body: bytes, params: dict[str, str] | None = None) -> Any:
        self.guard.learn(Request("get_exchange_info", "GET", "/api/v3/exchangeInfo", params or {}), Response(200, body), None)
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


@pytest.mark.parametrize("kind", [Kind.READ, Kind.CANCEL, Kind.TRANSFER])
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
        ({"type": "MARKET", "price": None, "quantity": None, "quoteOrderQty": "0.0001"}, OrderMinTotalException, "quoteOrderQty 0.0001"),
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
def test_what_an_order_needs_and_has_not_is_named_unless_the_rules_are_switched_off(params: dict[str, str | None], missing: str) -> None:
    venue = Venue()
    with pytest.raises(TypeError, match=rf"create_order\(\) needs {missing}"):
        venue.prepare(order(**params))
    given = order(validate=False, **params)
    prepared = venue.prepare(given)
    assert prepared == given.having(newClientOrderId=prepared.params["newClientOrderId"])
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
        return venue.guard.prepare(order(), Errand(venue.ask, lambda: waiting.wait(10) + 10, waited, lambda: 0))

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
            venue.guard.learn(Request("get_products", "GET", "/products", host="website"), Response(200, b"{}"), {})

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
            venue.guard.prepare(order(), Errand(venue.ask, left, waited, lambda: 0))
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
    venue.guard.learn(Request("get_products", "GET", "/products", host="website"), Response(200, b"{}"), {})
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


@pytest.mark.parametrize(
    ("method", "given", "side"),
    [("order_oco_buy", {}, "BUY"), ("order_oco_sell", {}, "SELL"), ("create_oco_order", {"side": "SELL"}, "SELL")],
)
def test_an_oco_goes_where_its_words_belong(method: str, given: dict[str, Any], side: str) -> None:
    class Paths(OrderHelpers):
        def _call(self, request: Request) -> tuple[str, str]:
            return request.path, request.params["side"]

    today: dict[str, Any] = {"aboveType": "LIMIT_MAKER", "abovePrice": 3, "belowType": "STOP_LOSS", "belowStopPrice": 1}
    old: dict[str, Any] = {"price": 3, "stopPrice": 1}
    place = getattr(Paths(), method)
    assert place(symbol="BNBBTC", quantity=1, **given, **today) == ("/api/v3/orderList/oco", side)
    assert place(symbol="BNBBTC", quantity=1, **given, **old) == ("/api/v3/order/oco", side)


def test_a_helper_cannot_be_talked_into_the_other_side() -> None:
    with pytest.raises(TypeError, match="side"):
        Counter().order_market_buy(symbol="BNBBTC", side="SELL")


# Reference prices


def banded() -> dict[str, Any]:
    entry = listed("BNBBTC")
    by_side = {"bidMultiplierUp": "2", "bidMultiplierDown": "0.5", "askMultiplierUp": "2", "askMultiplierDown": "0.5", "avgPriceMins": 5}
    entry["filters"].append({"filterType": "PERCENT_PRICE_BY_SIDE", **by_side})
    return entry


REFERENCE, AVERAGE = "/api/v3/referencePrice", "/api/v3/avgPrice"


class Banded(Venue):
    def __init__(self) -> None:
        super().__init__(banded())

    def tells(self, path: str, answer: Any) -> None:
        self.guard.learn(Request("get_it", "GET", path, {"symbol": "BNBBTC"}), Response(200, json.dumps(answer).encode()), answer)

    def refuses(self, price: str) -> bool:
        try:
            self.prepare(order(price=price))
        except OrderPriceBandException:
            return True
        return False


def test_a_price_band_is_checked_by_a_reference_price_that_was_told_a_moment_ago() -> None:
    venue = Banded()
    assert not venue.refuses("0.00003")
    venue.tells(REFERENCE, {"symbol": "BNBBTC", "referencePrice": "0.00001000", "timestamp": 1})
    assert venue.refuses("0.00003")
    assert not venue.refuses("0.00002")
    venue.clock.advance(10.1)
    assert not venue.refuses("0.00003")


def test_the_average_price_counts_where_there_is_no_reference_price() -> None:
    venue = Banded()
    venue.tells(AVERAGE, {"mins": 5, "price": "0.00001000", "closeTime": 1})
    assert venue.refuses("0.00003")
    venue.tells(AVERAGE, {"mins": 1, "price": "0.00001000", "closeTime": 1})
    assert not venue.refuses("0.00003")
    venue.tells(REFERENCE, {"symbol": "BNBBTC", "referencePrice": "0.00002000", "timestamp": 1})
    venue.tells(AVERAGE, {"mins": 5, "price": "0.00001000", "closeTime": 1})
    assert not venue.refuses("0.00003")
    venue.tells(REFERENCE, {"symbol": "BNBBTC", "referencePrice": None, "timestamp": 1})
    venue.tells(AVERAGE, {"mins": 5, "price": "0.00001000", "closeTime": 1})
    assert venue.refuses("0.00003")


@pytest.mark.parametrize("answer", [[], "x", {"mins": 5}, {"referencePrice": "0"}, {"referencePrice": "1e9"}, {"price": "", "mins": 5}])
def test_what_is_no_price_is_no_figure(answer: Any) -> None:
    venue = Banded()
    venue.tells(REFERENCE, answer)
    assert not venue.refuses("0.00003")


# Quantizing


def quantized(order: dict[str, Any], rounding: Any = "passive") -> dict[str, Any]:
    venue = Venue()
    return venue.guard.quantize(order, rounding, Errand(venue.ask, lambda: 10.0, waited, lambda: 0))


@pytest.mark.parametrize(
    ("given", "to"),
    [
        ({"price": "0.000010009", "quantity": "100.9"}, {"price": "0.00001000", "quantity": "100"}),
        ({"price": 0.000010001, "side": "SELL"}, {"price": "0.00001001", "quantity": "100"}),
        ({"type": "MARKET", "price": None, "quantity": 250000}, {"quantity": "100000"}),
        ({"type": "STOP_LOSS", "price": None, "stopPrice": "0.000010001"}, {"stopPrice": "0.00001001", "quantity": "100"}),
        ({"type": "TAKE_PROFIT", "price": None, "stopPrice": "0.000010009"}, {"stopPrice": "0.00001000", "quantity": "100"}),
    ],
)
def test_an_order_is_brought_onto_the_steps_of_its_symbol(given: dict[str, Any], to: dict[str, str]) -> None:
    whole = {name: value for name, value in {**LIMIT, **given}.items() if value is not None}
    moved = quantized(whole)
    assert {name: moved[name] for name in to} == {name: Decimal(text) for name, text in to.items()}
    assert {name: moved[name] for name in whole if name not in to} == {name: whole[name] for name in whole if name not in to}
    assert quantized(moved) == moved


def test_a_price_can_be_rounded_towards_the_market() -> None:
    assert quantized({**LIMIT, "price": "0.000010009"}, "aggressive")["price"] == Decimal("0.00001001")
    with pytest.raises(ValueError, match="rounding must be one of passive, aggressive; not 'up'"):
        quantized(LIMIT, "up")


def test_an_order_that_no_rounding_makes_legal_is_refused() -> None:
    with pytest.raises(OrderMinAmountException) as caught:
        quantized({**LIMIT, "quantity": "0.9"})
    assert caught.value.nearest == 1
    with pytest.raises(OrderMinTotalException):
        quantized({**LIMIT, "quantity": "99.9"})


@pytest.mark.parametrize("left_out", ["symbol", "side", "quantity", "price"])
def test_what_an_order_to_be_rounded_needs_is_named(left_out: str) -> None:
    with pytest.raises(TypeError, match=rf"quantize_order\(\) needs {left_out}"):
        quantized({name: text for name, text in LIMIT.items() if name != left_out})


# Amendments and lists


def amendment(**params: str) -> Request:
    return Request("amend_order", "PUT", "/api/v3/order/amend/keepPriority", params, Security.TRADE, Kind.AMEND)


def test_an_amendment_is_held_to_the_rules_of_quantities() -> None:
    venue = Venue()
    with pytest.raises(OrderMinAmountException, match=r"newQty 0\.5 is below the minimum 1 for BNBBTC"):
        venue.prepare(amendment(symbol="BNBBTC", newQty="0.5", orderId="5"))
    prepared = venue.prepare(amendment(symbol="BNBBTC", newQty="5", orderId="5"))
    assert "newClientOrderId" not in prepared.params
    # There are states in which a symbol takes amendments and no orders.
    venue.prepare(amendment(symbol="OLDBTC", newQty="5", orderId="5"))


def test_an_amended_order_keeps_its_id_unless_it_is_to_have_another() -> None:
    named = {"symbol": "BNBBTC", "newQty": "5", "origClientOrderId": "mine"}
    assert Venue().prepare(amendment(**named)).params["newClientOrderId"] == "mine"
    assert Venue().prepare(amendment(**named, newClientOrderId="other")).params["newClientOrderId"] == "other"


@pytest.mark.parametrize(("left_out", "named"), [("symbol", "symbol"), ("newQty", "newQty"), ("orderId", "orderId or origClientOrderId")])
def test_what_an_amendment_needs_and_has_not_is_named(left_out: str, named: str) -> None:
    whole = {"symbol": "BNBBTC", "newQty": "5", "orderId": "5"}
    with pytest.raises(TypeError, match=rf"amend_order\(\) needs {named}"):
        Venue().prepare(amendment(**{name: text for name, text in whole.items() if name != left_out}))


def test_each_order_of_a_list_is_held_to_the_rules_and_the_list_gets_an_id() -> None:
    legs = {"aboveType": "LIMIT_MAKER", "abovePrice": "0.002", "belowType": "STOP_LOSS", "belowStopPrice": "0.001"}
    params = {"symbol": "BNBBTC", "side": "SELL", "quantity": "100", **legs}
    request = Request("create_oco_order", "POST", "/api/v3/orderList/oco", params, Security.TRADE, Kind.PLACE, orders=2)
    venue = Venue(listed("BNBBTC"))
    prepared = venue.prepare(request)
    assert re.fullmatch(r"[a-f0-9]{32}", prepared.params["listClientOrderId"])
    for name, value in {"belowStopPrice": "2000", "abovePrice": "0.000000001"}.items():
        with pytest.raises(OrderMinPriceException, match=rf"{name} {value} is"):
            venue.prepare(request.having(**{name: value}))
