"""What was missed is found out: trading on the embedded exchange, of which parts are never heard, against all that was told there."""

from __future__ import annotations

import contextlib
import json
import random
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from exchangeclient.binance.account_view import CATCH_UP, OPEN, AccountView
from exchangeclient.binance.catchup import look, missed
from exchangeclient.binance.client import Client
from exchangeclient.core.process.clock import FakeClock, VenueClock
from exchangeclient.exceptions import ExchangeAPIException, ExchangeRequestException, OrderException, OrderNotFoundException
from exchangeclient.sandbox import Sandbox
from exchangeclient.sandbox.dialects.binance.times import encode
from exchangeclient.sandbox.sandbox import IN_PROCESS_URL

OPENS_US = 1_700_000_000_000_000
SYMBOLS = ("BTCUSDT", "ETHBTC", "BNBBTC")
UNSEEN = "LTCBTC"

Event = dict[str, Any]


class World:
    """An exchange, a user, all that it told him, and what of that he heard.

    :ivar truth: every event
    :ivar told: what reached the user
    :ivar asks: while REST is asked what was missed
    """

    def __init__(self) -> None:
        self.machine = FakeClock(OPENS_US // 1000)
        self.exchange = Sandbox(seed=7, clock=lambda: OPENS_US + round(self.machine.monotonic_s() * 1_000_000), limits="counted")
        self.client = Client("key", "secret", environment=IN_PROCESS_URL, clock=VenueClock(self.machine))
        self.exchange.mount(self.client.session)
        self.truth: list[Event] = []
        self.told: list[Event] = []
        self.view = AccountView()
        self.listens, self.asks = True, False
        self.exchange._venue.users.subscribe("key", self._hear)
        self.view.begin(look(self.client))

    def meanwhile(self, happens: Callable[[], Any], monkeypatch: pytest.MonkeyPatch) -> None:
        """From here on this happens before each question that is asked while catching up."""

        def meddled(ask: Callable[..., Any]) -> Callable[..., Any]:
            def answer(**asked: Any) -> Any:
                if self.asks:
                    self.asks = False
                    happens()
                    self.asks = True
                return ask(**asked)

            return answer

        for name in ("get_account", "get_open_orders", "get_order", "get_all_orders", "get_my_trades", "get_order_list"):
            monkeypatch.setattr(self.client, name, meddled(getattr(self.client, name)))

    def _hear(self, shape: Any) -> None:
        event = json.loads(encode(shape, "MILLISECOND"))
        self.truth.append(event)
        if self.listens:
            self.tell(event)

    def tell(self, event: Event) -> None:
        if self.view.is_news(event):
            self.told.append(event)

    def lose(self, happens: Callable[[], Any]) -> list[Event]:
        """What happens while nobody listens, and is caught up then: the events that say so."""
        self.listens = False
        begins = len(self.truth)
        happens()
        self.asks = True
        found = missed(self.client, self.view.copy())
        self.asks, self.listens = False, True
        before = len(self.told)
        for event in found.events:
            self.tell(event)
        self.view.caught_up(found.shown)
        caught = self.told[before:]
        # What has come while REST was asked waits until then, and the new connection may have been there before anything was missed.
        for event in self.truth[begins:]:
            self.tell(event)
        return caught

    def price(self, symbol: str, share: str) -> str:
        tick = {"BTCUSDT": "0.01"}.get(symbol, "0.00001" if symbol != "BNBBTC" else "0.00000001")
        last = Decimal(self.client.get_symbol_ticker(symbol=symbol)["price"])
        return str((last * Decimal(share)).quantize(Decimal(tick)))

    def reports(self, events: list[Event]) -> list[Event]:
        return [event for event in events if event["e"] == "executionReport"]


@pytest.fixture
def world() -> World:
    return World()


def fields(events: list[Event], *names: str) -> list[tuple[Any, ...]]:
    return [tuple(event.get(name) for name in names) for event in events]


def test_nothing_was_missed_when_nothing_happened(world: World) -> None:
    world.client.order_market_buy(symbol="BTCUSDT", quantity="0.01")
    assert world.lose(lambda: None) == []


def test_an_order_that_was_placed_and_filled_is_told_with_each_fill(world: World) -> None:
    placed: list[Event] = []
    caught = world.lose(lambda: placed.append(world.client.order_market_buy(symbol="BTCUSDT", quantity="0.5")))
    (order,) = placed
    reports = world.reports(caught)
    assert fields(reports[:1], "x", "X", "i", "z") == [("NEW", "NEW", order["orderId"], "0.00000000")]
    fills = [(fill["tradeId"], fill["price"], fill["qty"], fill["commission"], fill["commissionAsset"]) for fill in order["fills"]]
    assert fields(reports[1:], "t", "L", "l", "n", "N") == fills
    assert [report["X"] for report in reports[1:]] == ["PARTIALLY_FILLED"] * (len(fills) - 1) + ["FILLED"]
    assert (reports[-1]["z"], reports[-1]["Z"]) == (order["executedQty"], order["cummulativeQuoteQty"])
    assert all(event[CATCH_UP] is True for event in caught)


def test_a_caught_up_report_says_what_the_stream_said(world: World) -> None:
    """Field by field, but for those that REST does not know."""
    began = len(world.truth)
    caught = world.lose(lambda: world.client.order_market_buy(symbol="BTCUSDT", quantity="0.5"))
    truth = [event for event in world.truth[began:] if event["e"] == "executionReport"]
    told = world.reports(caught)
    unknown = {"E", "I", CATCH_UP}
    assert [event.keys() - unknown for event in told] == [event.keys() - unknown for event in truth]
    for mine, theirs in zip(told, truth, strict=True):
        assert {name: value for name, value in mine.items() if name not in unknown} == {
            name: value for name, value in theirs.items() if name not in unknown
        }


def test_an_open_order_that_ended_is_told_with_its_end(world: World) -> None:
    order = world.client.order_limit_buy(symbol="BTCUSDT", quantity="0.01", price=world.price("BTCUSDT", "0.9"))
    caught = world.lose(lambda: world.client.cancel_order(symbol="BTCUSDT", orderId=order["orderId"]))
    assert fields(world.reports(caught), "x", "X", "i", "C") == [("CANCELED", "CANCELED", order["orderId"], order["clientOrderId"])]


def test_an_order_of_before_the_beginning_is_told_when_it_ends() -> None:
    world = World()
    order = world.client.order_limit_buy(symbol="BNBBTC", quantity="100", price="0.00001")
    world.view = AccountView()
    world.view.begin(look(world.client))
    caught = world.lose(lambda: world.client.cancel_order(symbol="BNBBTC", orderId=order["orderId"]))
    assert fields(world.reports(caught), "x", "i") == [("CANCELED", order["orderId"])]


def test_an_amended_order_is_told_with_its_new_quantity(world: World) -> None:
    order = world.client.order_limit_buy(symbol="BTCUSDT", quantity="0.02", price=world.price("BTCUSDT", "0.9"))
    caught = world.lose(
        lambda: world.client.amend_order_keep_priority(symbol="BTCUSDT", orderId=order["orderId"], newQty="0.01")
    )  # fmt: skip
    assert fields(world.reports(caught), "x", "X", "q") == [("REPLACED", "NEW", "0.01000000")]


def test_both_sides_of_a_trade_with_oneself_are_told_and_caught_up(world: World) -> None:
    mode = {"symbol": "BNBBTC", "selfTradePreventionMode": "NONE"}

    def trade() -> None:
        ask, resting = world.client.get_order_book(symbol="BNBBTC", limit=5)["asks"][0]
        world.client.order_limit_sell(quantity="1", price=ask, **mode)
        world.client.order_limit_buy(quantity=str(Decimal(resting) + 1), price=ask, **mode)

    def filled(events: list[Event]) -> list[tuple[Any, ...]]:
        return sorted(fields([event for event in events if event["x"] == "TRADE"], "i", "t", "l", "z"))

    trade()
    assert len(set(trades(world.truth))) < len(trades(world.truth))
    assert filled(world.reports(world.told)) == filled(world.reports(world.truth))
    caught = world.lose(trade)
    assert len(set(trades(caught))) < len(trades(caught))
    assert filled(world.reports(world.told)) == filled(world.reports(world.truth))


def test_a_symbol_that_was_never_heard_of_is_found_by_the_balances(world: World) -> None:
    world.client.order_market_buy(symbol="BTCUSDT", quantity="0.01")
    order: list[Event] = []
    caught = world.lose(lambda: order.append(world.client.order_market_buy(symbol=UNSEEN, quantity="1")))
    assert {event["t"] for event in world.reports(caught) if event["x"] == "TRADE"} == {fill["tradeId"] for fill in order[0]["fills"]}


def test_a_deposit_is_told_by_what_it_makes_of_the_balance(world: World) -> None:
    caught = world.lose(lambda: world.exchange.deposit("key", "BTC", "5"))
    (position,) = caught
    account = {row["asset"]: row for row in world.client.get_account()["balances"]}
    assert position["e"] == "outboundAccountPosition"
    assert [(each["a"], each["f"]) for each in position["B"]] == [("BTC", account["BTC"]["free"])]


def test_a_list_of_orders_is_told_with_its_orders(world: World) -> None:
    pair = {"side": "SELL", "quantity": "0.01", "aboveType": "LIMIT_MAKER", "belowType": "STOP_LOSS"}
    above, below = world.price("BTCUSDT", "1.1"), world.price("BTCUSDT", "0.9")
    caught = world.lose(lambda: world.client.create_oco_order(symbol="BTCUSDT", **pair, abovePrice=above, belowStopPrice=below))
    assert [event["x"] for event in world.reports(caught)] == ["NEW", "NEW"]
    (status,) = [event for event in caught if event["e"] == "listStatus"]
    assert (status["L"], len(status["O"])) == ("EXECUTING", 2)
    ended = world.lose(lambda: world.client.cancel_order_list(symbol="BTCUSDT", orderListId=status["g"]))
    assert [event["L"] for event in ended if event["e"] == "listStatus"] == ["ALL_DONE"]


def test_trades_that_the_venue_does_not_show_yet_are_waited_for(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(world.client, "get_my_trades", lambda **_: [])
    with pytest.raises(ExchangeRequestException, match="but fills of 0 only"):
        world.lose(lambda: world.client.order_market_buy(symbol="BTCUSDT", quantity="0.01"))


def test_an_orders_word_is_taken_when_the_venue_shows_no_trades_for_long(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.listens = False
    order = world.client.order_market_buy(symbol="BTCUSDT", quantity="0.01")
    monkeypatch.setattr(world.client, "get_my_trades", lambda **_: [])
    found = missed(world.client, world.view, patient=False)
    fills = [event for event in world.reports(found.events) if event["x"] == "TRADE"]
    assert fields(fills, "t", "l", "X", "N") == [(-1, order["executedQty"], "FILLED", None)]
    assert Decimal(fills[0]["Y"]) == Decimal(order["cummulativeQuoteQty"])


def test_an_order_that_the_venue_does_not_show_yet_is_waited_for(world: World) -> None:
    order = world.client.order_limit_buy(symbol="BTCUSDT", quantity="0.01", price=world.price("BTCUSDT", "0.9"))
    world.listens = False
    world.client.cancel_order(symbol="BTCUSDT", orderId=order["orderId"])
    world.exchange.fault("not_found", route="GET /api/v3/order")
    with pytest.raises(OrderNotFoundException):
        missed(world.client, world.view)
    (row,) = world.client.get_all_orders(symbol="BTCUSDT", orderId=order["orderId"])
    found = missed(world.client, world.view, patient=False)
    assert fields(world.reports(found.events), "x", "T") == [("CANCELED", row["updateTime"])]


def test_an_answer_of_another_form_is_told_as_such(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(world.client, "get_account", lambda: {"odd": 1})
    with pytest.raises(ExchangeRequestException, match="another form"):
        missed(world.client, world.view)


def test_more_than_a_page_of_orders_is_read_to_its_end(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("exchangeclient.binance.catchup._PAGE", 3)
    world.client.order_market_buy(symbol="BTCUSDT", quantity="0.01")

    def trade() -> None:
        for _ in range(7):
            world.client.order_market_buy(symbol="BTCUSDT", quantity="0.01")

    caught = world.lose(trade)
    assert sum(event["x"] == "NEW" for event in world.reports(caught)) == 7
    assert [event["t"] for event in world.reports(world.told) if event["x"] == "TRADE"] == trades(world.truth)


# Whatever happens


def trades(events: list[Event]) -> list[int]:
    return [event["t"] for event in events if event["e"] == "executionReport" and event["x"] == "TRADE"]


class Trader:
    """Does anything that one can do."""

    def __init__(self, world: World, rng: random.Random) -> None:
        self._world = world
        self._rng = rng

    def act(self) -> None:
        acts = [self._limit, self._market, self._cancel, self._amend, self._pair, self._bracket, self._deposit, self._wait]
        with contextlib.suppress(ExchangeAPIException, OrderException):  # the exchange knows why
            self._rng.choice(acts)()

    def _symbol(self) -> str:
        return self._rng.choice(SYMBOLS)

    def _quantity(self, symbol: str) -> str:
        return {"BTCUSDT": "0.03", "ETHBTC": "0.7", "BNBBTC": "60"}[symbol]

    def _limit(self) -> None:
        symbol, side = self._symbol(), self._rng.choice(["buy", "sell"])
        price = self._world.price(symbol, self._rng.choice(["0.9", "0.9995", "1", "1.0005", "1.1"]))
        getattr(self._world.client, f"order_limit_{side}")(symbol=symbol, quantity=self._quantity(symbol), price=price)

    def _market(self) -> None:
        symbol, side = self._symbol(), self._rng.choice(["buy", "sell"])
        getattr(self._world.client, f"order_market_{side}")(symbol=symbol, quantity=self._quantity(symbol))

    def _open(self) -> Event:
        return self._rng.choice(self._world.client.get_open_orders() or [{"symbol": "BTCUSDT", "orderId": 1, "origQty": "1"}])

    def _cancel(self) -> None:
        order = self._open()
        self._world.client.cancel_order(symbol=order["symbol"], orderId=order["orderId"])

    def _amend(self) -> None:
        order = self._open()
        quantity = str((Decimal(order["origQty"]) * Decimal("0.9")).quantize(Decimal("0.001")))
        self._world.client.amend_order_keep_priority(symbol=order["symbol"], orderId=order["orderId"], newQty=quantity)

    def _pair(self) -> None:
        prices = {"abovePrice": self._world.price("BTCUSDT", "1.0005"), "belowStopPrice": self._world.price("BTCUSDT", "0.9")}
        self._world.client.create_oco_order(
            symbol="BTCUSDT", side="SELL", quantity="0.01", aboveType="LIMIT_MAKER", belowType="STOP_LOSS", **prices
        )

    def _bracket(self) -> None:
        self._world.client.create_oto_order(
            symbol="BTCUSDT", workingType="LIMIT", workingTimeInForce="GTC", workingSide="BUY", workingQuantity="0.01",
            workingPrice=self._world.price("BTCUSDT", self._rng.choice(["0.9", "1.0005"])), pendingType="LIMIT_MAKER",
            pendingSide="SELL", pendingQuantity="0.01", pendingPrice=self._world.price("BTCUSDT", "1.1"),
        )  # fmt: skip

    def _deposit(self) -> None:
        self._world.exchange.deposit("key", self._rng.choice(["BTC", "BNB"]), "1")

    def _wait(self) -> None:
        self._world.machine.advance(self._rng.choice([0.05, 1, 20]))


@pytest.mark.parametrize("seed", range(12))
def test_whatever_is_lost_the_user_knows_in_the_end_what_happened_and_nothing_twice(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    world, rng = World(), random.Random(seed)
    trader = Trader(world, rng)
    if seed % 2:
        world.meanwhile(lambda: [trader.act() for _ in range(rng.randrange(3))], monkeypatch)
    for symbol in SYMBOLS:
        world.client.order_limit_buy(symbol=symbol, quantity=trader._quantity(symbol), price=world.price(symbol, "0.9"))
    for _ in range(8):
        for _ in range(rng.randrange(5)):
            trader.act()
        world.lose(lambda: [trader.act() for _ in range(rng.randrange(1, 12))])
    told, truth = world.reports(world.told), world.reports(world.truth)

    def filled(events: list[Event]) -> list[tuple[Any, ...]]:
        return sorted(fields([event for event in events if event["x"] == "TRADE"], "s", "t", "i", "l", "L", "n", "N", "m", "Y", "S"))

    assert filled(told) == filled(truth)
    assert len(trades(world.truth)) > 4
    for key in {(event["s"], event["i"]) for event in truth}:
        mine, theirs = ([event for event in events if (event["s"], event["i"]) == key] for events in (told, truth))
        assert fields(mine[-1:], "X", "z", "Z", "q") == fields(theirs[-1:], "X", "z", "Z", "q")
        assert [event["x"] for event in mine].count("NEW") >= 1
        executed = [Decimal(event["z"]) for event in mine]
        assert executed == sorted(executed), "nothing is taken back"
        assert all(event["X"] in OPEN for event in mine[:-1]), "an order ends once"
    balances = {row["asset"]: (row["free"], row["locked"]) for row in world.client.get_account()["balances"]}
    heard = {each["a"]: (each["f"], each["l"]) for event in world.told if event["e"] == "outboundAccountPosition" for each in event["B"]}
    assert {asset: balances[asset] for asset in heard} == heard
    lists = [event for event in world.truth if event["e"] == "listStatus"]
    for number in {event["g"] for event in lists}:
        ends = [
            [event["L"] for event in events if event.get("g") == number and event["e"] == "listStatus"] for events in (world.told, lists)
        ]
        assert ends[0][-1] == ends[1][-1]
