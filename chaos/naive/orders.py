"""The naive exchange's orders, lists and markets, and how two orders meet."""

from __future__ import annotations

from dataclasses import dataclass, field

from exchangeclient.sandbox.engine.commands import Place
from exchangeclient.sandbox.engine.instruments import Instrument
from exchangeclient.sandbox.engine.words import ExpiryReason, ListKind, OrderStatus, OrderType, SelfTrade, Side, Status

CONDITIONAL = {OrderType.STOP_LOSS, OrderType.STOP_LOSS_LIMIT, OrderType.TAKE_PROFIT, OrderType.TAKE_PROFIT_LIMIT}
AT_MARKET = {OrderType.MARKET, OrderType.STOP_LOSS, OrderType.TAKE_PROFIT}
STOPS = {OrderType.STOP_LOSS, OrderType.STOP_LOSS_LIMIT}
PROCEEDS = {ListKind.OPO, ListKind.OPOCO}  # the pending orders sell what the working one bought


@dataclass(eq=False)
class NaiveOrder:
    """One order from its acceptance to its end."""

    id: int
    place: Place
    instrument: Instrument
    client_id: str
    price: int  # at which it works
    quantity: int
    self_trade: SelfTrade
    group: int  # its account's when it came in; -1 for none
    pegged: int = 0  # the price that it took over
    worked: bool = False
    stage: str = "pending"  # then perhaps waiting, working, and done at last
    status: OrderStatus = OrderStatus.NEW
    expiry: ExpiryReason | None = None
    executed: int = 0
    executed_quote: int = 0
    prevented: int = 0
    shown: int = 0  # what others can see of it on the book
    turn: int = 0  # its place among the orders of its price: the lower, the earlier
    extreme: int | None = None  # the best price since a trailing stop follows
    estimate: int = 0  # what it binds while it waits, to buy at a price that nobody knows yet
    needs: int = 0  # what a working market order to buy will spend
    moved_quote: int = 0  # what a transfer within a group has moved instead of a trade
    amends: int = 0
    short: bool = False  # ordered by quote quantity, and there was not enough in the book
    list: NaiveList | None = None

    @property
    def left(self) -> int:
        return self.quantity - self.executed - self.prevented

    @property
    def rests(self) -> bool:
        """True while others can trade with it."""
        return self.stage == "working" and self.place.type not in AT_MARKET and self.left > 0

    def take_off(self, *, executed: int = 0, quote: int = 0, prevented: int = 0, turn: int = 0) -> None:
        """Make it smaller; an iceberg whose visible part is used up shows the next one, behind everybody else."""
        self.executed += executed
        self.executed_quote += quote
        self.prevented += prevented
        self.shown -= executed + prevented
        if self.shown <= 0 and self.left:
            self.shown = min(self.place.iceberg_quantity or self.left, self.left)
            self.turn = turn


@dataclass(eq=False)
class NaiveList:
    """Orders that depend on each other."""

    id: int
    kind: ListKind
    client_id: str
    account: str
    instrument: Instrument
    orders: list[NaiveOrder]
    received: int = 0  # what the working order of an OPO brought, without the commission that was taken from it

    @property
    def working(self) -> NaiveOrder | None:
        """The order that the others wait for."""
        return None if self.kind is ListKind.OCO else self.orders[0]

    @property
    def pair(self) -> list[NaiveOrder]:
        """The others, of which one ends the other."""
        return self.orders if self.kind is ListKind.OCO else self.orders[1:]

    @property
    def done(self) -> bool:
        return all(order.stage == "done" for order in self.orders)

    def keeps(self, asset: str) -> bool:
        """True while proceeds in this asset are kept for the pending orders."""
        return asset == self.instrument.base and any(order.stage == "pending" for order in self.pair)


@dataclass(frozen=True)
class NaiveTrade:
    """A trade with both of its orders."""

    price: int
    quantity: int
    quote: int
    maker: NaiveOrder
    taker: NaiveOrder
    time_us: int


@dataclass
class Market:
    """What belongs to one symbol."""

    instrument: Instrument
    status: Status
    trades: list[NaiveTrade] = field(default_factory=list)
    orders: list[NaiveOrder] = field(default_factory=list)  # all that ever were; an order's id is its place, from 1

    @property
    def last_price(self) -> int:
        return self.trades[-1].price if self.trades else self.instrument.opening_price

    def average_price(self, now_us: int) -> int:
        """Weighted by volume, of the minutes that the instrument names; the last price when it names none, or nothing was traded."""
        if not self.instrument.band_minutes:
            return self.last_price
        oldest = now_us - self.instrument.band_minutes * 60_000_000
        recent = [trade for trade in self.trades if trade.time_us >= oldest]
        quote = sum(trade.quote for trade in recent)
        return quote * 10**8 // sum(trade.quantity for trade in recent) if quote else self.last_price

    def reference_price(self, now_us: int) -> int | None:
        """The mean of the trade prices in the window, whose oldest bucket counts by the share of it that is inside.

        The count is kept with four decimals and the sum with four more than prices have, both cut.
        """
        rule = self.instrument.reference
        if rule is None:
            return None
        width = rule.width_ms * 1000
        start = now_us - rule.buckets * width
        buckets: dict[int, list[int]] = {}
        for trade in self.trades:
            if trade.time_us // width >= start // width:
                buckets.setdefault(trade.time_us // width, []).append(trade.price)
        count = amount = 0
        for number, prices in buckets.items():
            inside = min(width, (number + 1) * width - start)
            count += len(prices) * 10_000 * inside // width
            amount += sum(prices) * 10_000 * inside // width
        return amount // count if count else None

    def reference_or_average(self, now_us: int) -> int:
        """What price bands and the worth of market orders are measured by."""
        reference = self.reference_price(now_us)
        return self.average_price(now_us) if reference is None else reference


@dataclass(frozen=True)
class Meeting:
    """A taker and the maker whose turn it is: they trade ``quantity``, or self-trade prevention takes something off them.

    Within a group, some of that may be ``moved`` from the one to the other without a trade.
    """

    maker: NaiveOrder
    quantity: int
    off_taker: int = 0
    off_maker: int = 0
    moved: int = 0


def in_turn(orders: list[NaiveOrder], side: Side, home: str = "") -> list[NaiveOrder]:
    """Best price first, of equal ones those of the home symbol, then who came first."""
    return sorted(orders, key=lambda each: (-each.price if side is Side.BUY else each.price, each.place.symbol != home, each.turn))


def other(side: Side) -> Side:
    """The side that meets this one."""
    return Side.SELL if side is Side.BUY else Side.BUY


def owned_together(taker: NaiveOrder, maker: NaiveOrder) -> bool:
    """True for two orders of one account, or of one group."""
    return taker.place.account == maker.place.account or taker.group == maker.group != -1


def within(taker: NaiveOrder, price: int) -> bool:
    """True when a taker's limit allows the price."""
    if taker.place.type in AT_MARKET:
        return True
    return price <= taker.price if taker.place.side is Side.BUY else price >= taker.price


def meeting(taker: NaiveOrder, makers: list[NaiveOrder]) -> Meeting | None:
    """What happens next between a taker and the other side of the book; None when it has had its share."""
    makers = in_turn([each for each in makers if each.left], other(taker.place.side), taker.place.symbol)
    if not makers or not taker.left or not within(taker, makers[0].price):
        return None
    maker, mode = makers[0], taker.self_trade
    overlap = min(taker.left, maker.shown)
    if mode is SelfTrade.NONE or not owned_together(taker, maker):
        return Meeting(maker, overlap)
    if mode in (SelfTrade.DECREMENT, SelfTrade.TRANSFER):
        transfers = mode is maker.self_trade is SelfTrade.TRANSFER and taker.place.account != maker.place.account
        transfers = transfers and taker.place.symbol == maker.place.symbol
        return Meeting(maker, 0, overlap, overlap, overlap if transfers else 0)
    off_taker = 0 if mode is SelfTrade.EXPIRE_MAKER else taker.left
    return Meeting(maker, 0, off_taker, 0 if mode is SelfTrade.EXPIRE_TAKER else maker.left)


def rises_to(place: Place) -> bool:
    """True when the condition is a price at or above the stop price, False for at or below."""
    return (place.type in STOPS) == (place.side is Side.BUY)


def reached(place: Place, price: int) -> bool:
    """True when a price satisfies the stop price."""
    return price >= place.stop_price if rises_to(place) else price <= place.stop_price


def fires(order: NaiveOrder, price: int) -> bool:
    """Let a waiting order see a trade's price; True when this sets it off. A trailing one sells after a fall, buys after a rise."""
    place = order.place
    if not place.trailing_delta:
        return reached(place, price)
    if order.extreme is None:
        if not place.stop_price or reached(place, price):
            order.extreme = price
        return False
    if place.side is Side.SELL:
        order.extreme = max(order.extreme, price)
        return price * 10_000 <= order.extreme * (10_000 - place.trailing_delta)
    order.extreme = min(order.extreme, price)
    return price * 10_000 >= order.extreme * (10_000 + place.trailing_delta)
