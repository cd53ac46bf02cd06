"""The exchange against a naive one: the same random commands must make the same trades, books and balances.

The model keeps one flat list of orders, looks through all of it for every match, and computes every balance anew from deposits
and trades. It shares only the vocabulary with the engine.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from hypothesis import event, given, note, settings
from hypothesis import strategies as st

from exchangeclient.sandbox.engine.accounts import HOUSE
from exchangeclient.sandbox.engine.events import (
    BalanceChanged,
    Cancel,
    Command,
    Deposit,
    Event,
    LevelChanged,
    OrderStatus,
    OrderType,
    Place,
    Refused,
    Rule,
    Side,
    TimeInForce,
    Traded,
)
from exchangeclient.sandbox.engine.exchange import Exchange
from exchangeclient.sandbox.engine.instruments import UNIT, Instrument

STEP = 1_000_003  # no round figure, so that every total is cut somewhere
CENTRE = 7_000_001
COIN = Instrument(
    symbol="COINCASH",
    base="COIN",
    quote="CASH",
    opening_price=CENTRE,
    tick=1,
    step=STEP,
    min_price=1,
    max_price=UNIT,
    min_quantity=STEP,
    max_quantity=STEP * 10**6,
    max_market_quantity=STEP * 10**6,
    min_notional=0,
    max_notional=10**18,
    bid_up=100 * UNIT,
    bid_down=0,
    ask_up=100 * UNIT,
    ask_down=0,
    max_orders=6,
)
USERS = ("anna", "bert", "cleo")
FUNDS = {"COIN": 60 * STEP, "CASH": 60 * STEP * CENTRE // UNIT}


def worth(price: int, quantity: int) -> int:
    return price * quantity // UNIT


@dataclass
class ModelOrder:
    id: int
    place: Place
    quantity: int
    left: int
    open: bool = True
    expired: bool = False


@dataclass
class Model:
    orders: list[ModelOrder] = field(default_factory=list)
    trades: list[tuple[int, int, ModelOrder, ModelOrder]] = field(default_factory=list)  # price, quantity, maker, taker

    def resting(self, side: Side) -> list[ModelOrder]:
        """Best price first, then oldest."""
        mine = [o for o in self.orders if o.open and o.place.side is side]
        return sorted(mine, key=lambda o: (-o.place.price if side is Side.BUY else o.place.price, o.id))

    def levels(self, side: Side) -> list[tuple[int, int]]:
        sums: dict[int, int] = {}
        for order in self.resting(side):
            sums[order.place.price] = sums.get(order.place.price, 0) + order.left
        return list(sums.items())

    def locked(self, user: str, asset: str) -> int:
        mine = [o for o in self.orders if o.open and o.place.account == user]
        if asset == "COIN":
            return sum(o.left for o in mine if o.place.side is Side.SELL)
        return sum(worth(o.place.price, o.left) for o in mine if o.place.side is Side.BUY)

    def owned(self, user: str, asset: str) -> int:
        """Free and locked together, from nothing but deposits and trades."""
        amount = 0 if user == HOUSE else FUNDS[asset]
        for price, quantity, maker, taker in self.trades:
            quote = worth(price, quantity)
            buyer, seller = (maker, taker) if maker.place.side is Side.BUY else (taker, maker)
            got, gave, value = (buyer, seller, quantity) if asset == "COIN" else (seller, buyer, quote)
            fee = value // 1000
            amount += (value - fee) * (got.place.account == user) - value * (gave.place.account == user) + fee * (user == HOUSE)
        return amount

    def free(self, user: str, asset: str) -> int:
        return self.owned(user, asset) - self.locked(user, asset)

    def allowed(self, place: Place) -> list[ModelOrder]:
        """The counterparties within the order's limit, in the order of their turn."""
        others = self.resting(Side.SELL if place.side is Side.BUY else Side.BUY)
        if place.type is OrderType.MARKET:
            return others
        return [o for o in others if (o.place.price <= place.price if place.side is Side.BUY else o.place.price >= place.price)]

    def affordable(self, place: Place) -> tuple[int, bool]:
        """The quantity for a quote amount, and whether the book is too small for it."""
        amount, got = place.quote_quantity, 0
        for price, there in self.levels(Side.SELL if place.side is Side.BUY else Side.BUY):
            steps = 0
            while steps * STEP < there and worth(price, (steps + 1) * STEP) <= amount:
                steps += 1
            got += steps * STEP
            amount -= worth(price, steps * STEP)
            if steps * STEP < there:
                return got, False
        return got, amount > 0

    def cost(self, place: Place, quantity: int) -> int:
        cost = 0
        for price, there in self.levels(Side.SELL):
            cost += worth(price, min(there, quantity))
            quantity -= min(there, quantity)
        return cost

    def place(self, place: Place) -> Rule | None:
        quantity, short = (place.quantity, False) if not place.quote_quantity else self.affordable(place)
        if place.quote_quantity and quantity < STEP:
            return Rule.NO_LIQUIDITY if short else Rule.LOT_SIZE
        if sum(o.open and o.place.account == place.account for o in self.orders) >= COIN.max_orders:
            return Rule.MAX_NUM_ORDERS
        if place.side is Side.SELL:
            enough = self.free(place.account, "COIN") >= quantity
        elif place.type is OrderType.MARKET:
            enough = self.free(place.account, "CASH") >= (place.quote_quantity or self.cost(place, quantity))
        else:
            enough = self.free(place.account, "CASH") >= worth(place.price, quantity)
        if not enough:
            return Rule.INSUFFICIENT_BALANCE
        allowed = self.allowed(place)
        if place.type is OrderType.LIMIT_MAKER and allowed:
            return Rule.WOULD_MATCH
        order = ModelOrder(len(self.orders) + 1, place, quantity, quantity)
        stays = place.type is OrderType.LIMIT_MAKER or (place.type is OrderType.LIMIT and place.time_in_force is TimeInForce.GTC)
        if not (place.time_in_force is TimeInForce.FOK and place.type is OrderType.LIMIT and sum(o.left for o in allowed) < quantity):
            for maker in allowed:
                traded = min(maker.left, order.left)
                if traded:
                    maker.left -= traded
                    order.left -= traded
                    maker.open = maker.left > 0
                    self.trades.append((maker.place.price, traded, maker, order))
        order.open = stays and order.left > 0
        order.expired = not order.open and (order.left > 0 or short)
        self.orders.append(order)
        return None

    def cancel(self, user: str, order_id: int) -> Rule | None:
        found = [o for o in self.orders if o.id == order_id and o.open and o.place.account == user]
        if not found:
            return Rule.UNKNOWN_ORDER
        found[0].open = False
        return None


PRICES = st.integers(CENTRE - 4, CENTRE + 4)
QUANTITIES = st.integers(1, 30).map(lambda steps: steps * STEP)
SIDES = st.sampled_from(list(Side))


@st.composite
def commands(draw: st.DrawFn) -> Command:
    user = draw(st.sampled_from(USERS))
    kind = draw(st.sampled_from(["limit", "limit", "limit", "maker", "ioc", "fok", "market", "quote", "cancel"]))
    if kind == "cancel":
        return Cancel(user, COIN.symbol, draw(st.integers(1, 30)))
    side = draw(SIDES)
    if kind == "market":
        return Place(user, COIN.symbol, side, OrderType.MARKET, draw(QUANTITIES))
    if kind == "quote":
        return Place(user, COIN.symbol, side, OrderType.MARKET, quote_quantity=draw(st.integers(1, FUNDS["CASH"])))
    style = OrderType.LIMIT_MAKER if kind == "maker" else OrderType.LIMIT
    force = {"ioc": TimeInForce.IOC, "fok": TimeInForce.FOK}.get(kind, TimeInForce.GTC)
    return Place(user, COIN.symbol, side, style, draw(QUANTITIES), price=draw(PRICES), time_in_force=force)


def status_of(order: ModelOrder) -> OrderStatus:
    if order.expired:
        return OrderStatus.EXPIRED
    if order.left == 0:
        return OrderStatus.FILLED
    if not order.open:
        return OrderStatus.CANCELED
    return OrderStatus.NEW if order.left == order.quantity else OrderStatus.PARTIALLY_FILLED


def outcome(exchange: Exchange, command: Command, now_us: int) -> tuple[Rule | None, list[Event]]:
    """Why the command was refused, or what it did."""
    try:
        return None, exchange.execute(command, now_us)
    except Refused as refusal:
        return refusal.rule, []


def check_equal(exchange: Exchange, model: Model, followed: dict[str, dict[str, tuple[int, int]]]) -> None:
    trades = [(t.price, t.quantity, t.taker_order_id, t.buyer_is_maker) for t in exchange.trades(COIN.symbol)]
    assert trades == [(price, quantity, taker.id, maker.place.side is Side.BUY) for price, quantity, maker, taker in model.trades]
    depth = exchange.depth(COIN.symbol, 100)
    assert depth.bids == model.levels(Side.BUY)
    assert depth.asks == model.levels(Side.SELL)
    if depth.bids and depth.asks:
        assert depth.bids[0][0] < depth.asks[0][0], "the book is crossed"
    for user in (*USERS, HOUSE):
        for asset, balance in exchange.balances(user).items():
            assert (balance.free, balance.locked) == (model.free(user, asset), model.locked(user, asset))
            assert balance.free >= 0
            assert balance.locked >= 0
            if asset in followed.get(user, {}):
                assert followed[user][asset] == (balance.free, balance.locked), "the events tell another balance"
        orders = {order.id: order for order in exchange.orders(user, COIN.symbol)}
        mine = [order for order in model.orders if order.place.account == user]
        assert list(orders) == [order.id for order in mine]
        for order in mine:
            theirs = orders[order.id]
            assert (theirs.quantity, theirs.executed, theirs.status) == (order.quantity, order.quantity - order.left, status_of(order))
            assert theirs.on_book == order.open
            fills = exchange.fills(user, COIN.symbol, order_id=order.id)
            assert theirs.executed_quote == sum(fill.quote for fill in fills)
    for asset, amount in FUNDS.items():
        held = [exchange.balances(user)[asset] for user in (*USERS, HOUSE)]
        assert sum(each.free + each.locked for each in held) == amount * len(USERS), "money was made or lost"


@settings(max_examples=300, deadline=None)
@given(st.lists(commands(), min_size=10, max_size=30))
def test_random_commands_do_what_a_naive_exchange_does(sequence: list[Command]) -> None:
    exchange, model = Exchange(seed=1, start_us=0, instruments=[COIN], traders=False), Model()
    for user in USERS:
        for asset, amount in FUNDS.items():
            exchange.execute(Deposit(user, asset, amount), 0)
    book: dict[Side, dict[int, int]] = {Side.BUY: {}, Side.SELL: {}}
    followed: dict[str, dict[str, tuple[int, int]]] = {}
    for now_us, command in enumerate(sequence, 1):
        note(str(command))
        refused = model.place(command) if isinstance(command, Place) else model.cancel(command.account, command.order_id or 0)
        rule, events = outcome(exchange, command, now_us)
        assert rule is refused
        if rule is not None:
            event(f"refused: {rule.value}")
        event(f"trades: {min(3, sum(isinstance(each, Traded) for each in events))}")
        for each in events:
            if isinstance(each, LevelChanged):
                book[each.side].pop(each.price, None)
                if each.quantity:
                    book[each.side][each.price] = each.quantity
            elif isinstance(each, BalanceChanged):
                followed.setdefault(each.account, {})[each.asset] = (each.free, each.locked)
        depth = exchange.depth(COIN.symbol, 100)
        assert (dict(depth.bids), dict(depth.asks)) == (book[Side.BUY], book[Side.SELL]), "the events tell another book"
        check_equal(exchange, model, followed)
