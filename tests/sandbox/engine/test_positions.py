"""A swap among three users without other traders: positions, margin, funding, and money that is neither made nor lost."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest

from exchangeclient.sandbox.engine.accounts import HOUSE
from exchangeclient.sandbox.engine.commands import Cancel, Command, Delist, Deposit, PayFunding, Place, Reprice, SetHedging, SetLeverage
from exchangeclient.sandbox.engine.events import Event, OrderExpired, PositionChanged
from exchangeclient.sandbox.engine.exchange import Exchange
from exchangeclient.sandbox.engine.instruments import DEFAULTS, SWAPS, UNIT
from exchangeclient.sandbox.engine.refusals import Refused, Rule
from exchangeclient.sandbox.engine.stakes import Position
from exchangeclient.sandbox.engine.words import Leg, OrderType, Side, TimeInForce

USERS = ("anna", "bert", "cleo")
SWAP = "BTC-USDT-SWAP"
START_US = 1_700_000_000_000_000


class Pit:
    """The swap and its index; figures are whole units."""

    def __init__(self) -> None:
        self.exchange = Exchange(seed=1, start_us=START_US, instruments=(*DEFAULTS, *SWAPS), traders=False)
        self.came_in = self.money()
        for user in USERS:
            self.exchange.execute(Deposit(user, "USDT", 1_000_000 * UNIT), START_US)
            self.came_in += 1_000_000 * UNIT

    def do(self, *commands: Command) -> list[Event]:
        events = []
        for command in commands:
            events += self.exchange.execute(command, self.exchange.now_us + 1)
            self.check()
        return events

    def money(self) -> int:
        """All cash, less what positions have cost."""
        balances = [self.exchange.balances(user)["USDT"] for user in (*USERS, HOUSE, "engine:router")]
        return sum(each.free + each.locked for each in balances) - sum(held.cost for user in USERS for held in self.legs(user))

    def legs(self, user: str) -> list[Position]:
        return list(self.exchange.positions(user, SWAP).values())

    def check(self) -> None:
        assert self.money() == self.came_in, "money was made or lost"
        assert sum(held.quantity for user in USERS for held in self.legs(user)) == 0
        for user in USERS:
            bound = self.exchange.balances(user)["USDT"].locked - sum(held.margin for held in self.legs(user))
            assert bound >= 0
            if not self.exchange.open_orders(user):
                assert bound == 0, f"{user} has nothing open, but funds are bound"

    def wish(self, user: str, side: Side, quantity: float, price: int = 0, **more: Any) -> Place:
        kind = OrderType.LIMIT if price else OrderType.MARKET
        return Place(user, SWAP, side, kind, round(quantity * UNIT), price=price * UNIT, **more)

    def buy(self, user: str, quantity: float, price: int = 0, **more: Any) -> Place:
        return self.wish(user, Side.BUY, quantity, price, **more)

    def sell(self, user: str, quantity: float, price: int = 0, **more: Any) -> Place:
        return self.wish(user, Side.SELL, quantity, price, **more)

    def move_index(self, cents: int) -> None:
        """Let the index be a price that leaves something to round."""
        price, quantity = cents * UNIT // 100, UNIT // 1_000
        self.do(
            Deposit("cleo", "BTC", UNIT),
            Place("cleo", "BTCUSDT", Side.SELL, OrderType.LIMIT, quantity, price=price),
            Place("bert", "BTCUSDT", Side.BUY, OrderType.LIMIT, quantity, price=price),
        )
        assert self.exchange.mark_price(SWAP) == price

    def refused(self, command: Command) -> Rule:
        before = self.exchange.snapshot()
        with pytest.raises(Refused) as refusal:
            self.exchange.execute(command, self.exchange.now_us)
        assert self.exchange.snapshot() == before
        return refusal.value.rule

    def held(self, user: str, leg: Leg = Leg.NET) -> Position:
        return self.exchange.positions(user, SWAP)[leg]

    def free(self, user: str) -> float:
        return self.exchange.balances(user)["USDT"].free / UNIT


@pytest.fixture
def pit() -> Pit:
    return Pit()


def test_both_sides_bind_margin_and_pay_a_commission_of_the_worth(pit: Pit) -> None:
    pit.do(pit.sell("anna", 3, 6000))
    assert pit.free("anna") == 1_000_000 - 6000
    pit.do(pit.buy("bert", 3))
    assert (pit.held("anna").quantity, pit.held("bert").quantity) == (-3 * UNIT, 3 * UNIT)
    assert pit.free("anna") == 1_000_000 - 6000 - 3.6
    assert pit.free("bert") == 1_000_000 - 6000 - 9
    assert pit.exchange.balances("bert")["BTC"].free == 0
    assert pit.exchange.open_interest(SWAP) == 3 * UNIT


def test_closing_gives_the_margin_back_with_the_profit(pit: Pit) -> None:
    pit.do(pit.sell("anna", 3, 6000), pit.buy("bert", 3), pit.buy("cleo", 3, 6100))
    events = pit.do(pit.sell("bert", 3))
    assert pit.held("bert").quantity == 0
    assert pit.free("bert") == 1_000_000 + 300 - 9 - 9.15
    (changed,) = [each for each in events if isinstance(each, PositionChanged) and each.account == "bert"]
    assert (changed.quantity, changed.realised) == (0, 300 * UNIT)


def test_an_order_that_closes_needs_no_margin(pit: Pit) -> None:
    pit.do(pit.sell("anna", 400, 6000), pit.buy("bert", 400, 6000))
    assert pit.free("bert") < 200_000
    assert pit.refused(pit.buy("bert", 400, 6000)) is Rule.INSUFFICIENT_BALANCE
    assert pit.refused(pit.sell("bert", 900, 6000)) is Rule.INSUFFICIENT_BALANCE
    before = pit.free("bert")
    pit.do(pit.sell("bert", 400, 7000))
    assert pit.free("bert") == before
    assert pit.refused(pit.sell("bert", 400, 7000)) is Rule.INSUFFICIENT_BALANCE  # which only one of the two can close


def test_orders_that_only_reduce_are_cut_shrunk_and_ended(pit: Pit) -> None:
    assert pit.refused(pit.sell("bert", 1, 6000, reduce_only=True)) is Rule.NOTHING_TO_REDUCE
    pit.do(pit.sell("anna", 10, 6000), pit.buy("bert", 5), pit.buy("cleo", 10, 5900))
    assert pit.refused(pit.buy("bert", 1, 5000, reduce_only=True)) is Rule.NOTHING_TO_REDUCE
    pit.do(pit.sell("bert", 9, 7000, reduce_only=True))
    (order,) = pit.exchange.open_orders("bert")
    assert order.quantity == 5 * UNIT
    assert pit.refused(pit.sell("bert", 1, 7000, reduce_only=True)) is Rule.NOTHING_TO_REDUCE  # the first one has it all
    pit.do(pit.sell("bert", 3))
    assert [each.quantity for each in pit.exchange.open_orders("bert")] == [2 * UNIT]
    assert pit.exchange.quantity_at(SWAP, Side.SELL, 7000 * UNIT) == 2 * UNIT
    events = pit.do(pit.sell("bert", 2))
    assert pit.exchange.open_orders("bert") == []
    assert [each.order.account for each in events if isinstance(each, OrderExpired)] == ["bert"]
    at_market = pit.do(pit.buy("bert", 5), pit.sell("bert", 50, reduce_only=True))
    assert at_market
    assert pit.held("bert").quantity == 0


def test_leverage_binds_less_or_more(pit: Pit) -> None:
    pit.do(pit.sell("anna", 3, 6000), pit.buy("bert", 3), pit.buy("bert", 3, 5000))
    assert pit.free("bert") == 1_000_000 - 6000 - 9 - 5000
    pit.do(SetLeverage("bert", SWAP, 10))
    assert pit.free("bert") == 1_000_000 - 1800 - 9 - 1500
    assert pit.held("bert").leverage == 10
    assert pit.refused(SetLeverage("bert", SWAP, 0)) is Rule.LEVERAGE
    assert pit.refused(SetLeverage("bert", SWAP, 101)) is Rule.LEVERAGE
    assert pit.refused(SetLeverage("bert", "BTCUSDT", 5)) is Rule.LEVERAGE
    pit.do(pit.sell("anna", 400, 6000), pit.buy("bert", 400, 6000))
    assert pit.refused(SetLeverage("bert", SWAP, 1)) is Rule.INSUFFICIENT_BALANCE
    pit.do(SetLeverage("cleo", SWAP, 20))  # who has nothing there yet
    assert pit.held("cleo").leverage == 20


def test_longs_pay_shorts_and_the_house_what_rounding_leaves(pit: Pit) -> None:
    pit.do(pit.sell("anna", 3, 6000), pit.buy("bert", 3))
    before = pit.free("anna"), pit.free("bert")
    pit.do(PayFunding(SWAP))
    ((_, rate),) = pit.exchange.fundings(SWAP)
    paid = 3 * pit.exchange.mark_price(SWAP) / UNIT * rate / UNIT
    assert pit.free("bert") == pytest.approx(before[1] - paid, abs=1e-6)
    assert pit.free("anna") == pytest.approx(before[0] + paid, abs=1e-6)
    assert (pit.held("bert").funding < 0) == (rate > 0)


def test_what_rounding_leaves_of_funding_is_the_houses(pit: Pit) -> None:
    pit.move_index(5_800_01)
    pit.do(pit.sell("anna", 0.0003, 5800, any_total=True), pit.buy("bert", 0.0003, any_total=True))
    before = pit.exchange.balances(HOUSE)["USDT"].free
    pit.do(PayFunding(SWAP))
    assert pit.exchange.balances(HOUSE)["USDT"].free == before + 1


def test_funding_is_paid_on_a_grid_of_time(pit: Pit) -> None:
    width_us = 8 * 3_600_000_000
    pit.exchange.advance(START_US + 3 * width_us)
    times = [time_us for time_us, _ in pit.exchange.fundings(SWAP)]
    assert times == [START_US // width_us * width_us + width_us * number for number in (1, 2, 3)]


def test_the_rate_follows_the_premium(pit: Pit) -> None:
    pit.do(pit.sell("anna", 1, 5801), pit.buy("bert", 1))
    assert pit.exchange.funding_rate(SWAP) == 10_000  # the usual figure, as long as it is near
    pit.do(pit.sell("anna", 1, 5900), pit.buy("bert", 1))
    assert pit.exchange.funding_rate(SWAP) == pytest.approx((5900 / 5800 - 1 - 0.0005) * UNIT, abs=2)


def test_a_swap_that_is_delisted_is_settled(pit: Pit) -> None:
    pit.do(pit.sell("anna", 3, 6000), pit.buy("bert", 3), pit.sell("anna", 1, 7000))
    free = pit.free("bert")
    pit.exchange.execute(Delist(SWAP), pit.exchange.now_us)
    assert sum(pit.exchange.balances(user)["USDT"].locked for user in USERS) == 0
    assert pit.free("bert") == free + 6000 - 3 * (6000 - 5800)
    cash = [pit.exchange.balances(user)["USDT"] for user in (*USERS, HOUSE, "engine:router")]
    assert sum(each.free + each.locked for each in cash) == pit.came_in
    assert SWAP not in pit.exchange.instruments


def test_long_and_short_are_kept_apart_by_who_wants_that(pit: Pit) -> None:
    pit.do(SetHedging("bert", True), pit.sell("anna", 10, 6000), pit.buy("anna", 10, 5900))
    assert pit.refused(pit.buy("bert", 1)) is Rule.LEG
    assert pit.refused(pit.buy("anna", 1, 5000, leg=Leg.LONG)) is Rule.LEG
    pit.do(pit.buy("bert", 3, leg=Leg.LONG), pit.sell("bert", 2, leg=Leg.SHORT))
    assert (pit.held("bert", Leg.LONG).quantity, pit.held("bert", Leg.SHORT).quantity) == (3 * UNIT, -2 * UNIT)
    assert pit.held("bert").quantity == 0
    assert pit.refused(SetHedging("bert", False)) is Rule.MODE_IN_USE
    pit.do(pit.sell("bert", 9, leg=Leg.LONG, reduce_only=True), pit.buy("bert", 2, leg=Leg.SHORT, reduce_only=True))
    assert [held.quantity for held in pit.legs("bert")] == [0, 0, 0]
    assert pit.refused(pit.sell("bert", 1, leg=Leg.LONG, reduce_only=True)) is Rule.NOTHING_TO_REDUCE
    pit.do(SetHedging("bert", False), pit.buy("bert", 1))
    with pytest.raises(ValueError, match="closes a leg"):
        pit.exchange.execute(pit.sell("bert", 1, leg=Leg.LONG), pit.exchange.now_us)


def test_a_saved_exchange_goes_on_with_its_positions(pit: Pit) -> None:
    pit.do(pit.sell("anna", 3, 6000), pit.buy("bert", 3), SetLeverage("bert", SWAP, 7), SetHedging("cleo", True))
    other = Exchange(seed=2, start_us=START_US)
    other.restore(pit.exchange.snapshot())
    assert other.positions("bert", SWAP)[Leg.NET] == pit.held("bert")
    assert other.is_hedged("cleo")


@pytest.mark.parametrize("seed", range(12))
def test_whatever_is_done_money_is_conserved(pit: Pit, seed: int) -> None:
    random = Random(seed)
    print(f"seed {seed}")
    pit.move_index(5_800_01)
    for user in USERS:
        if random.random() < 0.3:
            pit.do(SetHedging(user, True))
    accepted = 0
    for _ in range(250):
        user, side = random.choice(USERS), random.choice(list(Side))
        leg = random.choice((Leg.LONG, Leg.SHORT)) if pit.exchange.is_hedged(user) else Leg.NET
        closes = leg is not Leg.NET and (side is Side.BUY) == (leg is Leg.SHORT)
        reduces = closes or (leg is Leg.NET and random.random() < 0.2)
        price = random.choice((0, *range(5_795, 5_806)))
        force = random.choice(list(TimeInForce)) if price else TimeInForce.GTC
        opened = pit.exchange.open_orders(user)
        command: Command = pit.wish(user, side, random.randint(1, 9) / 100, price, time_in_force=force, reduce_only=reduces, leg=leg)
        if opened and random.random() < 0.3:
            order = random.choice(opened)
            command = random.choice(
                (
                    Cancel(user, SWAP, order.id),
                    Reprice(user, SWAP, order.id, random.choice((0, 5_800 * UNIT)), random.randint(1, 9) * UNIT // 100),
                )
            )
        elif random.random() < 0.1:
            command = random.choice((SetLeverage(user, SWAP, random.randint(1, 100)), PayFunding(SWAP)))
        try:
            pit.do(command)
            accepted += 1
        except Refused:
            pit.check()
        for each in USERS:
            for order in pit.exchange.open_orders(each):
                if order.reduce_only:
                    left = order.quantity - order.executed - order.prevented
                    assert left <= pit.exchange.positions(each, SWAP)[order.leg].closable(order.side)
    assert accepted > 100
    assert any(held.quantity for user in USERS for held in pit.legs(user))
