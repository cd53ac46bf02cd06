"""Small worlds and the commands that keep them busy, from a seed.

Shaped rather than uniform: prices come from a narrow band around the last trade, so that books are deep and cross, stops are set
off and lists run their course; about one command in ten breaks some rule.
"""

from __future__ import annotations

from dataclasses import replace
from random import Random

from msgspec.structs import replace as changed

from exchangeclient.sandbox.engine.commands import (
    Amend,
    Cancel,
    CancelList,
    Command,
    Delist,
    Deposit,
    JoinGroup,
    Peg,
    Place,
    PlaceList,
    SetFees,
    SetStatus,
    Withdraw,
)
from exchangeclient.sandbox.engine.instruments import UNIT, ExchangeRules, Instrument, PriceRange, Reference, Trailing, total
from exchangeclient.sandbox.engine.routing import FUNDS
from exchangeclient.sandbox.engine.words import ListKind, OrderStatus, OrderType, PegKind, SelfTrade, Side, Status, TimeInForce

from .exchange import ROUTER, NaiveExchange
from .orders import AT_MARKET, CONDITIONAL, PROCEEDS, NaiveOrder, other, rises_to

ACCOUNTS = ("anna", "bert", "cleo", "dora")
ROUTES = {"COIN": ("COINCASH", "COINNOTE")}
STEP = 1_000_003  # no round figures, so that every total is cut somewhere
TICK = 10_007  # 14 basis points of the opening price, so that trailing stops trail within a few ticks
FORCES = (TimeInForce.GTC, TimeInForce.IOC, TimeInForce.FOK)
OPENING = 700 * TICK
FAR = 40 * TICK  # how far the market may wander
SECOND_US = 1_000_000


def _instrument(base: str, quote: str) -> Instrument:
    return Instrument(
        symbol=base + quote,
        base=base,
        quote=quote,
        opening_price=OPENING,
        tick=TICK,
        step=STEP,
        min_price=TICK,
        max_price=1400 * TICK,
        min_quantity=STEP,
        max_quantity=60 * STEP,
        max_market_quantity=50 * STEP,
        min_notional=60_000,  # so that the smallest quantity is too little where the price has fallen far
        max_notional=10**12,
        bid_up=2 * UNIT,
        bid_down=UNIT // 2,
        ask_up=2 * UNIT,
        ask_down=UNIT // 2,
        max_orders=16,
        max_algo_orders=5,
        max_iceberg_orders=3,
        max_iceberg_parts=8,
        max_lists=3,
        max_amends=2,
        trailing=Trailing(min_above=10, max_above=100, min_below=14, max_below=90),
    )


def world(random: Random) -> tuple[list[Instrument], ExchangeRules]:
    """Symbols among four assets, one of them the discount asset, with rules that differ from world to world. Two are of one route."""
    coin, bnb, cross = _instrument("COIN", "CASH"), _instrument("BNB", "CASH"), _instrument("COIN", "BNB")
    if random.random() < 0.3:
        tight = UNIT // 100 * 102, UNIT // 100 * 98
        coin = replace(coin, bid_up=tight[0], ask_up=tight[0], bid_down=tight[1], ask_down=tight[1])
    if random.random() < 0.3:
        range_ = PriceRange(bid_up=UNIT * 1005 // 1000, ask_down=UNIT * 995 // 1000, ask_up=random.choice([None, UNIT]))
        coin = replace(coin, reference=Reference(random.randint(1, 4), 7_000), price_range=range_)
    if random.random() < 0.3:
        coin = replace(coin, max_position=1_900 * STEP)
    if random.random() < 0.5:
        bnb = random.choice(_less_capable(bnb))
    coin = replace(coin, self_trade=random.choice([SelfTrade.NONE, SelfTrade.TRANSFER, *SelfTrade]))
    note = replace(_instrument("COIN", "NOTE"), self_trade=coin.self_trade)
    rules = ExchangeRules(max_orders=20, max_algo_orders=7, max_iceberg_orders=4, max_lists=4)
    return [coin, bnb, cross, note], rules if random.random() < 0.3 else ExchangeRules()


def _less_capable(full: Instrument) -> list[Instrument]:
    """The instrument, each time without something that it offers."""
    return [
        replace(full, types=frozenset({OrderType.LIMIT, OrderType.MARKET, OrderType.LIMIT_MAKER})),
        replace(full, iceberg=False),
        replace(full, trailing=None),
        replace(full, peg=False),
        replace(full, quote_quantity=False),
        replace(full, amend=False),
        replace(full, band_minutes=0, min_notional_at_market=False),
        replace(full, max_notional=10**7, max_notional_at_market=False),
        replace(full, lists=frozenset({ListKind.OCO})),
        replace(full, self_trades=frozenset({SelfTrade.EXPIRE_MAKER, SelfTrade.EXPIRE_TAKER, SelfTrade.EXPIRE_BOTH})),
    ]


def funding(random: Random) -> list[Command]:
    """Money for everybody, of the discount asset not much, for the router perhaps little; accounts that pay differently, and a group."""
    commands: list[Command] = []
    for account in ACCOUNTS:
        commands += [
            Deposit(account, "COIN", random.randint(200, 2_000) * STEP),
            Deposit(account, "CASH", random.randint(200, 2_000) * total(OPENING, STEP)),
            Deposit(account, "NOTE", random.randint(200, 2_000) * total(OPENING, STEP)),
            Deposit(account, "BNB", random.randint(1, 200) * STEP),
        ]
    commands += [SetFees("cleo", random.randrange(200_000), random.randrange(300_000), discount=True)]
    commands += [SetFees("dora", UNIT // 1000, UNIT // 1000, discount=True)]
    if random.random() < 0.3:
        commands += [Withdraw(ROUTER, asset, FUNDS - random.randint(1, 40) * total(OPENING, STEP)) for asset in ("CASH", "NOTE")]
    if random.random() < 0.7:
        commands += [JoinGroup("anna", 7), JoinGroup("bert", 7)]
    return commands


class Commands:
    """One command after the other; it looks at the naive exchange to know what is open and where the market is."""

    def __init__(self, random: Random, model: NaiveExchange) -> None:
        self.random = random
        self.model = model
        self._names = 0

    def next(self) -> Command:
        """Something that somebody might want now."""
        kinds, weights = _KINDS
        kind = self.random.choices(kinds, weights)[0]
        account = self.random.choice(ACCOUNTS)
        symbol = self.random.choices(["COINCASH", "BNBCASH", "COINBNB", "COINNOTE"], [58, 12, 8, 22])[0]
        if self.model.market(symbol).status is not Status.TRADING and self.random.random() < 0.2:
            return SetStatus(symbol, Status.TRADING)
        match kind:
            case "list":
                return self._list(account, symbol)
            case "cancel":
                return self._cancel(account, symbol)
            case "amend":
                return self._amend(account, symbol)
            case "else":
                return self._else(account, symbol)
        return self._order(kind, account, symbol)

    # ---- orders ------------------------------------------------------------------------------------------------------

    def _order(self, kind: str, account: str, symbol: str) -> Place:
        side = self.random.choice(list(Side))
        if kind == "conditional":
            return self._broken(self._conditional(self.random.choice(sorted(CONDITIONAL, key=str)), account, symbol, side))
        place = Place(account, symbol, side, OrderType.LIMIT, self._quantity(), client_order_id=self._name(), self_trade=self._self_trade())
        match kind:
            case "market":
                place = changed(place, type=OrderType.MARKET)
            case "quote":
                amount = self.random.randint(1, 40 * total(OPENING, STEP))
                place = changed(place, type=OrderType.MARKET, quantity=0, quote_quantity=amount)
            case "maker":
                place = changed(place, type=OrderType.LIMIT_MAKER, price=self._price(symbol, side))
                if place.quantity // STEP % 4 == 0:  # the one that is taken, and gone at once if it would have taken
                    place = changed(place, type=OrderType.LIMIT, time_in_force=TimeInForce.GTX)
            case "ioc" | "fok":
                place = changed(place, price=self._price(symbol, side, eager=True), time_in_force=TimeInForce[kind.upper()])
            case "iceberg":
                place = changed(place, price=self._price(symbol, side), iceberg_quantity=self._part(place.quantity))
            case "pegged":
                peg = Peg(PegKind.PRIMARY, self.random.randrange(3))
                low = OPENING * 6 // 10 // TICK * TICK  # it must keep the rules as well, although the peg's price counts
                place = changed(place, peg=peg, price=self.random.choice([0, low, self._price(symbol, side)]))
            case _:
                place = changed(place, price=self._price(symbol, side))
        if kind in ("limit", "ioc", "fok", "market") and self.random.random() < 0.3:
            place = changed(place, routed=True)
        return self._broken(place)

    def _conditional(self, type_: OrderType, account: str, symbol: str, side: Side) -> Place:
        last = self.model.market(symbol).last_price
        place = Place(account, symbol, side, type_, self._quantity(), client_order_id=self._name(), self_trade=self._self_trade())
        away = self.random.randint(1, 7) * TICK
        place = changed(place, stop_price=last + away if rises_to(place) else max(last - away, TICK))
        if self.random.random() < 0.25:
            place = changed(place, trailing_delta=self.random.randint(14, 80), stop_price=self.random.choice([0, place.stop_price]))
        if type_ not in AT_MARKET:
            near = place.stop_price or last
            place = changed(place, price=max(TICK, near + self.random.randint(-3, 3) * TICK))
            force = self.random.choices(FORCES, [6, 1, 1])[0]
            place = changed(place, time_in_force=force)
            if force is TimeInForce.GTC and self.random.random() < 0.15:
                place = changed(place, iceberg_quantity=self._part(place.quantity))
            elif self.random.random() < 0.1:
                peg = Peg(self.random.choice(list(PegKind)), self.random.randrange(3))
                place = changed(place, peg=peg, price=self.random.choice([0, place.price]))
        return place

    def _broken(self, place: Place) -> Place:
        """Now and then, an order that some rule forbids."""
        if self.random.random() > 0.1:
            return place
        last = self.model.markets[place.symbol].last_price
        open_ = [order.client_id for order in self.model.open if order.place.account == place.account]
        broken = [
            changed(place, quantity=place.quantity and place.quantity + 1),
            changed(place, quantity=place.quantity and STEP * self.random.choice([1, 55, 61])),
            changed(place, price=place.price and place.price + 1),
            changed(place, price=place.price and place.price * 3),
            changed(place, stop_price=place.stop_price and place.stop_price + 1),
            changed(place, stop_price=place.stop_price and last),
            changed(place, trailing_delta=place.trailing_delta and self.random.choice([1, 500])),
            changed(place, iceberg_quantity=place.iceberg_quantity and STEP * self.random.choice([1, 30])),
            changed(place, client_order_id=self.random.choice(open_) if open_ else place.client_order_id),
            changed(place, symbol="NOSUCHPAIR"),
            changed(place, check_only=True),
        ]
        return self.random.choice([each for each in broken if each != place])

    # ---- lists -------------------------------------------------------------------------------------------------------

    def _list(self, account: str, symbol: str) -> PlaceList:
        kind = self.random.choice(list(ListKind))
        side = Side.BUY if kind in PROCEEDS else self.random.choice(list(Side))
        if kind is ListKind.OCO:
            return PlaceList(kind, self._pair(account, symbol, side), self._list_name(account))
        working = Place(
            account,
            symbol,
            side,
            self.random.choice([OrderType.LIMIT, OrderType.LIMIT, OrderType.LIMIT_MAKER]),
            self._quantity(),
            price=self._price(symbol, side),
            client_order_id=self._name(),
            self_trade=self._self_trade(),
        )
        if working.type is OrderType.LIMIT:
            working = changed(working, time_in_force=self.random.choices(FORCES, [8, 1, 1])[0])
        after = other(side) if kind in PROCEEDS else self.random.choice([other(side), other(side), side])
        if kind in (ListKind.OTOCO, ListKind.OPOCO):
            pending = self._pair(account, symbol, after)
        else:
            pending = (self._pending(account, symbol, after),)
        if kind in PROCEEDS:
            pending = tuple(changed(each, quantity=0, iceberg_quantity=0) for each in pending)
        return PlaceList(kind, (working, *pending), self._list_name(account))

    def _pair(self, account: str, symbol: str, side: Side) -> tuple[Place, ...]:
        """Above, below: to sell, the limit or take-profit order is the upper one; to buy, the lower one."""
        last, quantity = self.model.market(symbol).last_price, self._quantity()
        profit = self.random.choice([OrderType.LIMIT_MAKER, OrderType.TAKE_PROFIT, OrderType.TAKE_PROFIT_LIMIT])
        loss = self.random.choice([OrderType.STOP_LOSS, OrderType.STOP_LOSS_LIMIT])
        legs = []
        for type_ in (profit, loss):
            if type_ is OrderType.LIMIT_MAKER:
                away = self.random.randint(0, 6) * TICK
                price = last + away if side is Side.SELL else max(last - away, TICK)
                legs.append(
                    Place(account, symbol, side, type_, quantity, price=price, client_order_id=self._name(), self_trade=self._self_trade())
                )
            else:
                legs.append(changed(self._conditional(type_, account, symbol, side), quantity=quantity, iceberg_quantity=0))
        return tuple(legs if side is Side.SELL else reversed(legs))

    def _pending(self, account: str, symbol: str, side: Side) -> Place:
        type_ = self.random.choice([each for each in OrderType if each is not OrderType.MARKET] + [OrderType.MARKET])
        if type_ in CONDITIONAL:
            return self._conditional(type_, account, symbol, side)
        place = Place(account, symbol, side, type_, self._quantity(), client_order_id=self._name(), self_trade=self._self_trade())
        return place if type_ is OrderType.MARKET else changed(place, price=self._price(symbol, side))

    # ---- everything else ---------------------------------------------------------------------------------------------

    def _cancel(self, account: str, symbol: str) -> Command:
        order = self._open(account, symbol)
        if order is None:
            return Cancel(account, symbol, self.random.randint(1, 40))
        if order.list is not None and self.random.random() < 0.3:
            return CancelList(account, symbol, client_id=order.list.client_id)
        only = self.random.choices([None, OrderStatus.NEW, OrderStatus.PARTIALLY_FILLED], [8, 1, 1])[0]
        if self.random.random() < 0.5:
            return Cancel(account, symbol, order.id, only=only)
        return Cancel(account, symbol, client_order_id=order.client_id, only=only)

    def _amend(self, account: str, symbol: str) -> Command:
        order = self._open(account, symbol)
        if order is None:
            return Amend(account, symbol, STEP, self.random.randint(1, 40), new_client_order_id=self._name())
        steps = self.random.randint(1, order.quantity // STEP + 1)
        quantity = steps * STEP + self.random.choices([0, 1], [30, 1])[0]
        return Amend(account, symbol, quantity, order.id, new_client_order_id=self.random.choice([order.client_id, self._name()]))

    def _else(self, account: str, symbol: str) -> Command:
        asset = self.random.choice(["COIN", "CASH", "BNB", "NOTE"])
        match self.random.randrange(8):
            case 0 | 1:
                return Deposit(account, asset, self.random.randint(1, 50 * STEP))
            case 2:
                return Withdraw(account, asset, self.random.randint(1, 100 * STEP))
            case 3:
                maker, taker = self.random.randrange(200_000), self.random.randrange(300_000)
                return SetFees(account, maker, taker, discount=self.random.random() < 0.5)
            case 4:
                return JoinGroup(account, self.random.choice([-1, 7, 8]))
        return SetStatus(symbol, self.random.choice(list(Status)))

    def _open(self, account: str, symbol: str) -> NaiveOrder | None:
        open_ = [order for order in self.model.open if order.place.account == account and order.place.symbol == symbol]
        return self.random.choice(open_) if open_ and self.random.random() < 0.95 else None

    # ---- figures -----------------------------------------------------------------------------------------------------

    def _price(self, symbol: str, side: Side, *, eager: bool = False) -> int:
        """Mostly on its own side of the last price, so that the book is filled; an eager one mostly beyond it."""
        last = self.model.market("COINCASH" if symbol in ROUTES["COIN"] else symbol).last_price
        last = min(max(last, OPENING - FAR), OPENING + FAR)
        better = self.random.randint(-1, 4) if eager else self.random.randint(-8, 2)
        return last + (better if side is Side.BUY else -better) * TICK

    def _quantity(self) -> int:
        return self.random.randint(1, 20) * STEP

    def _part(self, quantity: int) -> int:
        return min(quantity, self.random.randint(2, 7) * STEP)

    def _self_trade(self) -> SelfTrade | None:
        return None if self.random.random() < 0.6 else self.random.choice(list(SelfTrade))

    def _list_name(self, account: str) -> str:
        taken = [each.client_id for each in self.model.lists if each.account == account and not each.done]
        return self.random.choice(taken) if taken and self.random.random() < 0.05 else self._name()

    def _name(self) -> str:
        self._names += 1
        return f"n{self._names}"


def delisting(random: Random) -> Command:
    """The end of a symbol."""
    return Delist(random.choice(["COINCASH", "BNBCASH", "COINBNB", "COINNOTE"]))


_KINDS = (
    ["limit", "ioc", "fok", "maker", "market", "quote", "iceberg", "pegged", "conditional", "list", "cancel", "amend", "else"],
    [26, 5, 5, 5, 8, 5, 7, 3, 12, 8, 10, 5, 1],
)
