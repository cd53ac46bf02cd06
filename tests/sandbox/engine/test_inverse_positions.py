"""An inverse swap among three users: margin and profits in the base, and no money made or lost."""

from __future__ import annotations

from random import Random

import pytest

from exchangeclient.sandbox.engine.accounts import HOUSE
from exchangeclient.sandbox.engine.commands import Command, Delist, Deposit, PayFunding, Place, SetLeverage
from exchangeclient.sandbox.engine.exchange import Exchange
from exchangeclient.sandbox.engine.instruments import DEFAULTS, SWAPS, UNIT
from exchangeclient.sandbox.engine.refusals import Refused, Rule
from exchangeclient.sandbox.engine.stakes import Position
from exchangeclient.sandbox.engine.words import Leg, OrderType, SelfTrade, Side

USERS = ("anna", "bert", "cleo")
SWAP = "XBTUSD"
START_US = 1_700_000_000_000_000
MOVER = "mover"


class Pit:
    """The swap and its index; quantities are contracts of one USD, prices whole."""

    def __init__(self) -> None:
        self.exchange = Exchange(seed=1, start_us=START_US, instruments=(*DEFAULTS, *SWAPS), traders=False)
        self.came_in = self.money()
        for user in USERS:
            self.do(Deposit(user, "BTC", 100 * UNIT), came_in=100 * UNIT)
        for asset in ("BTC", "USDT"):
            self.exchange.execute(Deposit(MOVER, asset, 10**6 * UNIT), START_US)

    def do(self, *commands: Command, came_in: int = 0) -> None:
        for command in commands:
            self.exchange.execute(command, self.exchange.now_us + 1)
            self.came_in += came_in
            assert self.money() == self.came_in, "money was made or lost"
            assert sum(self.held(user).quantity for user in USERS) == 0

    def money(self) -> int:
        """All cash of those who trade it, less what positions have cost."""
        balances = [self.exchange.balances(user)["BTC"] for user in (*USERS, HOUSE)]
        return sum(each.free + each.locked for each in balances) - sum(self.held(user).cost for user in USERS)

    def held(self, user: str) -> Position:
        return self.exchange.positions(user, SWAP)[Leg.NET]

    def order(self, user: str, side: Side, contracts: int, price: int = 0) -> Place:
        kind = OrderType.LIMIT if price else OrderType.MARKET
        return Place(user, SWAP, side, kind, contracts * UNIT, price=price * UNIT, any_total=True)

    def move_index(self, price: int) -> None:
        for side in (Side.SELL, Side.BUY):
            wish = Place(MOVER, "BTCUSDT", side, OrderType.LIMIT, UNIT // 100, price=price * UNIT, self_trade=SelfTrade.NONE)
            self.exchange.execute(wish, self.exchange.now_us + 1)
        house = self.exchange.balances(HOUSE)["BTC"].free
        self.came_in = self.money()  # the house has earned on spot
        assert house > 0


@pytest.fixture
def pit() -> Pit:
    return Pit()


def test_profit_is_in_the_base_and_grows_as_the_price_does_for_longs(pit: Pit) -> None:
    pit.do(pit.order("anna", Side.SELL, 10_000, 5000), pit.order("bert", Side.BUY, 10_000))
    held = pit.held("bert")
    assert (held.quantity, held.cost, held.margin) == (10_000 * UNIT, -2 * UNIT, 2 * UNIT // 100)
    assert pit.held("anna").cost == 2 * UNIT
    pit.do(pit.order("anna", Side.BUY, 10_000, 6250), pit.order("bert", Side.SELL, 10_000))
    assert (pit.held("bert").realised, pit.held("anna").realised) == (4 * UNIT // 10, -4 * UNIT // 10)
    fees = 2 * UNIT * 75 // 100_000 + 16 * UNIT // 10 * 75 // 100_000
    assert pit.exchange.balances("bert")["BTC"].free == 100 * UNIT + 4 * UNIT // 10 - fees
    assert pit.exchange.balances("anna")["BTC"].free == 100 * UNIT - 4 * UNIT // 10 + fees // 3  # whoever makes is paid a third
    assert pit.exchange.balances("bert")["USDT"].free == 0


def test_orders_bind_what_the_worth_at_their_price_asks_for(pit: Pit) -> None:
    pit.do(SetLeverage("bert", SWAP, 2), pit.order("bert", Side.BUY, 10_000, 5000))
    assert pit.exchange.balances("bert")["BTC"].locked == UNIT
    with pytest.raises(Refused) as refusal:
        pit.do(pit.order("bert", Side.BUY, 1_000_000, 5000))
    assert refusal.value.rule is Rule.INSUFFICIENT_BALANCE


def test_longs_pay_shorts_and_delisting_settles(pit: Pit) -> None:
    pit.do(pit.order("anna", Side.SELL, 10_000, 5800), pit.order("bert", Side.BUY, 10_000))
    pit.move_index(5800)
    before = {user: pit.exchange.balances(user)["BTC"].free for user in USERS}
    pit.do(PayFunding(SWAP))
    rate = pit.exchange.fundings(SWAP)[-1][1]
    paid = before["bert"] - pit.exchange.balances("bert")["BTC"].free
    assert rate > 0
    assert abs(paid - 10_000 * UNIT * rate // 5800 // UNIT) <= 1
    assert 0 <= paid - (pit.exchange.balances("anna")["BTC"].free - before["anna"]) <= 1
    pit.move_index(6000)
    costs = sum(pit.held(user).cost for user in USERS)
    assert abs(costs) <= 1
    pit.exchange.execute(Delist(SWAP), pit.exchange.now_us + 1)
    won = pit.exchange.balances("bert")["BTC"].free - before["bert"] + paid
    assert abs(won - (10_000 * UNIT**2 // (5800 * UNIT) - 10_000 * UNIT**2 // (6000 * UNIT)) - 10_000 * UNIT // 5800 // 100) <= 2
    assert all(pit.exchange.balances(user)["BTC"].locked == 0 for user in USERS)


@pytest.mark.parametrize("seed", range(6))
def test_whatever_is_done_money_is_conserved(pit: Pit, seed: int) -> None:
    random = Random(seed)
    print(f"seed {seed}")
    pit.move_index(5800)
    accepted = 0
    for _ in range(250):
        user, side = random.choice(USERS), random.choice(list(Side))
        command: Command = pit.order(user, side, random.randint(1, 99) * 100, random.choice((0, *range(5_700, 5_900))))
        if random.random() < 0.1:
            command = random.choice((SetLeverage(user, SWAP, random.randint(1, 100)), PayFunding(SWAP)))
        try:
            pit.do(command)
            accepted += 1
        except Refused:
            assert pit.money() == pit.came_in
    assert accepted > 100
    assert any(pit.held(user).quantity for user in USERS)


def test_an_order_that_buys_below_its_limit_binds_what_it_will_cost(pit: Pit) -> None:
    pit.do(SetLeverage("bert", SWAP, 1), pit.order("anna", Side.SELL, 600_000, 5000))
    with pytest.raises(Refused) as refusal:
        pit.do(pit.order("bert", Side.BUY, 600_000, 600_000))  # worth 1 BTC at its limit, and 120 where it trades
    assert refusal.value.rule is Rule.INSUFFICIENT_BALANCE
    pit.do(pit.order("bert", Side.BUY, 400_000, 600_000))
    assert pit.exchange.balances("bert")["BTC"].locked == 80 * UNIT
    assert pit.exchange.balances("bert")["BTC"].free > 0


def test_an_order_at_market_binds_each_level_at_its_price(pit: Pit) -> None:
    for price in (5000, 10_000):
        pit.do(pit.order("anna", Side.SELL, 50_000, price))
    pit.do(SetLeverage("bert", SWAP, 1), SetLeverage("cleo", SWAP, 1), pit.order("bert", Side.BUY, 100_000))
    assert pit.exchange.balances("bert")["BTC"].locked == 15 * UNIT


def test_a_linear_order_that_sells_above_its_limit_binds_what_it_will_cost(pit: Pit) -> None:
    swap, exchange = "BTC-USDT-SWAP", pit.exchange
    exchange.execute(Deposit("bert", "USDT", 10_000 * UNIT), exchange.now_us + 1)
    exchange.execute(SetLeverage("bert", swap, 1), exchange.now_us + 1)
    buy = Place(MOVER, swap, Side.BUY, OrderType.LIMIT, 10 * UNIT, price=5800 * UNIT)
    exchange.execute(buy, exchange.now_us + 1)
    with pytest.raises(Refused) as refusal:
        exchange.execute(Place("bert", swap, Side.SELL, OrderType.LIMIT, 10 * UNIT, price=100 * UNIT), exchange.now_us + 1)
    assert refusal.value.rule is Rule.INSUFFICIENT_BALANCE
    assert exchange.balances("bert")["USDT"].free == 10_000 * UNIT
