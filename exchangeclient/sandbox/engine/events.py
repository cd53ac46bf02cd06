"""What happens on the exchange, and the orders, fills and lists that it happens to: frozen values, no venue's words.

Numbers are scaled integers (see :mod:`.instruments`), times are microseconds since the epoch. The values are msgspec structs
because an exchange makes dozens of them per command, and these cost a tenth of what frozen dataclasses cost.
"""

from __future__ import annotations

from typing import Any

from msgspec import Struct, structs

from .commands import Peg
from .refusals import Rule
from .words import ExpiryReason, Leg, ListKind, OrderStatus, OrderType, SelfTrade, Side, Status, TimeInForce


class Special(Struct, frozen=True, gc=False):
    """What few orders have, in one place: an order costs by the field, in memory and whenever an event copies it."""

    strategy_id: int | None = None
    strategy_type: int | None = None
    trailing_us: int = -1  # since when its trail is followed
    peg: Peg | None = None
    pegged_price: int = 0
    floor: str = ""  # of a routed order that works: the symbol's own EXCHANGE, or SOR
    prevented: int = 0
    prevented_quote: int = 0
    match_id: int = -1  # of its last prevented match
    reduce_only: bool = False
    any_total: bool = False
    note: str = ""
    leg: Leg = Leg.NET


_PLAIN = Special()  # what is said of all others


class Order(Struct, frozen=True, gc=False):
    """An order as it stood right after an event.

    ``prevented`` is what self-trade prevention took off it: quantity - executed - prevented is what may still trade.
    """

    account: str
    symbol: str
    id: int
    client_order_id: str
    side: Side
    type: OrderType
    time_in_force: TimeInForce
    price: int  # as it was sent: 0 for a pegged order without one
    quantity: int
    quote_quantity: int
    executed: int
    executed_quote: int
    status: OrderStatus
    created_us: int
    updated_us: int
    working_us: int  # -1 while it was never on the book or matching
    on_book: bool
    list_id: int = -1
    stop_price: int = 0
    trailing_delta: int = 0
    iceberg_quantity: int = 0
    routed: bool = False
    self_trade: SelfTrade = SelfTrade.NONE
    group: int = -1  # the account's trade group
    special: Special | None = None
    expiry: ExpiryReason | None = None

    def specially(self, **changes: Any) -> Special:
        """What is special about it, with changes."""
        return structs.replace(self.special or _PLAIN, **changes)

    @property
    def strategy_id(self) -> int | None:
        return (self.special or _PLAIN).strategy_id

    @property
    def strategy_type(self) -> int | None:
        return (self.special or _PLAIN).strategy_type

    @property
    def trailing_us(self) -> int:
        return (self.special or _PLAIN).trailing_us

    @property
    def peg(self) -> Peg | None:
        return (self.special or _PLAIN).peg

    @property
    def pegged_price(self) -> int:
        return (self.special or _PLAIN).pegged_price

    @property
    def floor(self) -> str:
        return (self.special or _PLAIN).floor

    @property
    def prevented(self) -> int:
        return (self.special or _PLAIN).prevented

    @property
    def prevented_quote(self) -> int:
        return (self.special or _PLAIN).prevented_quote

    @property
    def match_id(self) -> int:
        return (self.special or _PLAIN).match_id

    @property
    def reduce_only(self) -> bool:
        return (self.special or _PLAIN).reduce_only

    @property
    def any_total(self) -> bool:
        return (self.special or _PLAIN).any_total

    @property
    def note(self) -> str:
        return (self.special or _PLAIN).note

    @property
    def leg(self) -> Leg:
        return (self.special or _PLAIN).leg


class Fill(Struct, frozen=True, gc=False):
    """One account's side of a trade. An allocation of a routed order has an ``allocation_id`` and the trade id -1.

    ``profit`` is what it realised by making a position of a swap smaller, the commission not included.
    """

    account: str
    symbol: str
    trade_id: int
    order_id: int
    side: Side
    price: int
    quantity: int
    quote: int
    commission: int
    commission_asset: str
    maker: bool
    time_us: int
    allocation_id: int = -1
    list_id: int = -1
    profit: int = 0


class OrderAccepted(Struct, frozen=True, gc=False):
    """An order came in; its fills follow as events of their own. Pending ones of a list come in with PENDING_NEW, and again as NEW."""

    order: Order
    time_us: int


class OrderFilled(Struct, frozen=True, gc=False):
    """An order was filled, in part or whole."""

    order: Order
    fill: Fill
    time_us: int


class OrderCanceled(Struct, frozen=True, gc=False):
    """An order left by its owner's wish."""

    order: Order
    cancel_id: str
    time_us: int


class OrderExpired(Struct, frozen=True, gc=False):
    """What was left of an order was dropped, for the reason that it carries."""

    order: Order
    time_us: int


class OrderTriggered(Struct, frozen=True, gc=False):
    """A conditional order works from now on."""

    order: Order
    time_us: int


class OrderRejected(Struct, frozen=True, gc=False):
    """A waiting order was refused when its time came."""

    order: Order
    rule: Rule
    time_us: int


class OrderAmended(Struct, frozen=True, gc=False):
    """An order became smaller; its former client order id goes with it."""

    order: Order
    execution_id: int
    former_client_order_id: str
    former_quantity: int
    time_us: int


class PreventedMatch(Struct, frozen=True, gc=False):
    """Two orders of one owner that would have traded; 0 for a side that was not made smaller.

    It is counted by the taker's symbol; the maker of a routed order may rest on another one.
    """

    symbol: str
    id: int
    taker_account: str
    taker_order_id: int
    maker_account: str
    maker_symbol: str
    maker_order_id: int
    group: int
    mode: SelfTrade
    price: int
    taker_prevented: int
    maker_prevented: int
    time_us: int


class OrderPrevented(Struct, frozen=True, gc=False):
    """Self-trade prevention took something off an order, or ended it; one event for each order of a match that it made smaller."""

    order: Order
    match: PreventedMatch
    quantity: int  # taken off this one
    time_us: int


class OrderList(Struct, frozen=True, gc=False):
    """A list as it stood right after an event."""

    account: str
    symbol: str
    id: int
    client_id: str
    kind: ListKind
    order_ids: tuple[int, ...]
    done: bool
    created_us: int
    updated_us: int


class ListChanged(Struct, frozen=True, gc=False):
    """A list came in, ended, or (``amended``) one of its orders got another client order id."""

    list: OrderList
    amended: bool
    time_us: int


class Traded(Struct, frozen=True, gc=False):
    """A trade, as the public sees it.

    ``quote`` is its total in the asset that it is settled in: of an inverse swap, whose quantities are money already, in coins of the base.
    """

    symbol: str
    trade_id: int
    price: int
    quantity: int
    quote: int
    buyer_is_maker: bool
    taker_order_id: int
    time_us: int


class LevelChanged(Struct, frozen=True, gc=False):
    """A price level of the book now holds ``quantity`` (0: it is gone). Each change has the symbol's next update id."""

    symbol: str
    update_id: int
    side: Side
    price: int
    quantity: int
    time_us: int


class BalanceChanged(Struct, frozen=True, gc=False):
    """What an account has of an asset now, after the whole command; one event per asset that it touched."""

    account: str
    asset: str
    free: int
    locked: int
    time_us: int


class PositionChanged(Struct, frozen=True, gc=False):
    """What an account holds of a swap now: see :class:`.positions.Position`; ``trade_id`` -1 when no trade did it."""

    account: str
    symbol: str
    leg: Leg
    quantity: int
    cost: int
    margin: int
    leverage: int
    realised: int
    trade_id: int
    time_us: int


class Deposited(Struct, frozen=True, gc=False):
    """Funds came in from outside, or (a negative amount) went out."""

    account: str
    asset: str
    amount: int
    time_us: int


class StatusChanged(Struct, frozen=True, gc=False):
    """A symbol is open for something else now; None when it was delisted."""

    symbol: str
    status: Status | None
    time_us: int


Event = (
    OrderAccepted
    | OrderFilled
    | OrderCanceled
    | OrderExpired
    | OrderTriggered
    | OrderRejected
    | OrderAmended
    | OrderPrevented
    | ListChanged
    | Traded
    | LevelChanged
    | BalanceChanged
    | PositionChanged
    | Deposited
    | StatusChanged
)
