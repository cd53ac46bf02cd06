"""The engine's vocabulary: commands that go in, events that come out, and the refusal. Frozen values, no venue's words.

Numbers are scaled integers (see :mod:`.instruments`), times are microseconds since the epoch. The values are msgspec structs
because an exchange makes dozens of them per command, and these cost a tenth of what frozen dataclasses cost.
"""

from __future__ import annotations

from enum import Enum
from typing import Any

from msgspec import Struct, structs


class Side(Enum):
    """Which side of the book."""

    BUY = "BUY"
    SELL = "SELL"


class Leg(Enum):
    """Which position of a swap: the one of an account that nets them, or one of two."""

    NET = "net"
    LONG = "long"
    SHORT = "short"


class OrderType(Enum):
    """How an order meets the book. The conditional ones wait outside of it until the last price triggers them."""

    LIMIT = "LIMIT"
    MARKET = "MARKET"
    LIMIT_MAKER = "LIMIT_MAKER"  # refused if it would match at once
    STOP_LOSS = "STOP_LOSS"  # becomes MARKET
    STOP_LOSS_LIMIT = "STOP_LOSS_LIMIT"  # becomes LIMIT
    TAKE_PROFIT = "TAKE_PROFIT"
    TAKE_PROFIT_LIMIT = "TAKE_PROFIT_LIMIT"


class TimeInForce(Enum):
    """How long what is left of an order stays."""

    GTC = "GTC"  # until cancelled
    GTX = "GTX"  # until cancelled, but it expires if it would take
    IOC = "IOC"  # the rest expires at once
    FOK = "FOK"  # all or nothing


class OrderStatus(Enum):
    """Where an order is in its life."""

    PENDING_NEW = "PENDING_NEW"  # of a list, until its working order is filled
    NEW = "NEW"
    PARTIALLY_FILLED = "PARTIALLY_FILLED"
    FILLED = "FILLED"
    CANCELED = "CANCELED"
    REJECTED = "REJECTED"  # a waiting order that was refused when its time came
    EXPIRED = "EXPIRED"
    EXPIRED_IN_MATCH = "EXPIRED_IN_MATCH"  # self-trade prevention ended it


class ExpiryReason(Enum):
    """Why an order expired."""

    REJECTED = "REJECTED"
    EXCHANGE_CANCELED = "EXCHANGE_CANCELED"  # the symbol was delisted
    OCO_TRIGGER = "OCO_TRIGGER"  # the other order of its pair became active or was filled
    OTO_PHASE_ONE_EXPIRED = "OTO_PHASE_ONE_EXPIRED"  # the working order that it waited for ended without being filled
    UNFILLED_IOC_QUANTITY_EXPIRED = "UNFILLED_IOC_QUANTITY_EXPIRED"
    UNFILLED_FOK_ORDER_EXPIRED = "UNFILLED_FOK_ORDER_EXPIRED"
    INSUFFICIENT_LIQUIDITY = "INSUFFICIENT_LIQUIDITY"  # a market order ran out of book
    EXECUTION_RULE_PRICE_RANGE_EXCEEDED = "EXECUTION_RULE_PRICE_RANGE_EXCEEDED"
    WOULD_TAKE = "WOULD_TAKE"  # and it was to make only
    NOTHING_TO_REDUCE = "NOTHING_TO_REDUCE"  # and it was to reduce a position only


class SelfTrade(Enum):
    """What becomes of two orders of one owner that would meet; the taker's mode rules."""

    NONE = "NONE"
    EXPIRE_TAKER = "EXPIRE_TAKER"
    EXPIRE_MAKER = "EXPIRE_MAKER"
    EXPIRE_BOTH = "EXPIRE_BOTH"
    DECREMENT = "DECREMENT"  # both shrink by what would have traded
    TRANSFER = "TRANSFER"  # between accounts of one group, if both orders say so; DECREMENT otherwise


class ListKind(Enum):
    """How the orders of a list depend on each other."""

    OCO = "OCO"  # above, below: one cancels the other
    OTO = "OTO"  # working, pending: the second follows when the first is filled
    OTOCO = "OTOCO"  # working, pending above, pending below
    OPO = "OPO"  # like OTO, the second sells what the first bought
    OPOCO = "OPOCO"  # like OTOCO, the pair sells what the first bought


class PegKind(Enum):
    """Which best price a pegged order takes over."""

    PRIMARY = "PRIMARY"  # its own side's
    MARKET = "MARKET"  # the other side's


class Status(Enum):
    """What a symbol is open for."""

    TRADING = "TRADING"
    END_OF_DAY = "END_OF_DAY"
    HALT = "HALT"  # no orders
    BREAK = "BREAK"  # no orders and no market data
    CANCEL_ONLY = "CANCEL_ONLY"  # cancelling and amending only


class Rule(Enum):
    """Why a command was refused."""

    UNKNOWN_SYMBOL = "unknown symbol"
    NOT_TRADING = "not trading"
    UNKNOWN_ORDER = "unknown order"
    OTHER_STATUS = "not in the status that the cancel asks for"
    DUPLICATE_CLIENT_ORDER_ID = "duplicate client order id"
    DUPLICATE_LIST_ID = "duplicate client id of a list"
    INSUFFICIENT_BALANCE = "insufficient balance"
    WOULD_MATCH = "would match"
    WOULD_TRIGGER = "would trigger immediately"
    NOTHING_TO_REDUCE = "no position that the order would reduce"
    LEVERAGE = "leverage out of range"
    LEG = "not how the account keeps its positions"
    MODE_IN_USE = "positions or orders are open on swaps"
    NO_LIQUIDITY = "no liquidity"
    NO_LIQUIDITY_FOR_PEG = "no liquidity for the peg"
    ZERO_TOTAL = "price times quantity is zero"
    TYPE_NOT_ALLOWED = "order type not allowed on the symbol"
    ICEBERG_NOT_ALLOWED = "iceberg orders not allowed on the symbol"
    TRAILING_NOT_ALLOWED = "trailing stops not allowed on the symbol"
    PEG_NOT_ALLOWED = "pegged orders not allowed on the symbol"
    QUOTE_QUANTITY_NOT_ALLOWED = "market orders by quote quantity not allowed on the symbol"
    SELF_TRADE_MODE_NOT_ALLOWED = "self-trade prevention mode not allowed on the symbol"
    LIST_NOT_ALLOWED = "lists of this kind not allowed on the symbol"
    AMEND_NOT_ALLOWED = "amending not allowed on the symbol"
    ROUTING_NOT_ALLOWED = "smart order routing not available for the symbol"
    ICEBERG_EXCEEDS_QUANTITY = "iceberg quantity exceeds the quantity"
    LIST_PRICES = "the prices of a list are not in the right relation"
    AMEND_INCREASES = "amending may only make an order smaller"
    AMEND_CHANGES_NOTHING = "the amendment would change nothing"
    AMEND_PENDING = "a pending order of unknown quantity cannot be amended"
    PRICE_FILTER = "PRICE_FILTER"
    LOT_SIZE = "LOT_SIZE"
    ICEBERG_PARTS = "ICEBERG_PARTS"
    MARKET_LOT_SIZE = "MARKET_LOT_SIZE"
    TRAILING_DELTA = "TRAILING_DELTA"
    PERCENT_PRICE_BY_SIDE = "PERCENT_PRICE_BY_SIDE"
    NOTIONAL = "NOTIONAL"
    MAX_NUM_ORDERS = "MAX_NUM_ORDERS"
    MAX_NUM_ALGO_ORDERS = "MAX_NUM_ALGO_ORDERS"
    MAX_NUM_ICEBERG_ORDERS = "MAX_NUM_ICEBERG_ORDERS"
    MAX_NUM_ORDER_LISTS = "MAX_NUM_ORDER_LISTS"
    MAX_NUM_ORDER_AMENDS = "MAX_NUM_ORDER_AMENDS"
    MAX_POSITION = "MAX_POSITION"
    EXCHANGE_MAX_NUM_ORDERS = "EXCHANGE_MAX_NUM_ORDERS"
    EXCHANGE_MAX_NUM_ALGO_ORDERS = "EXCHANGE_MAX_NUM_ALGO_ORDERS"
    EXCHANGE_MAX_NUM_ICEBERG_ORDERS = "EXCHANGE_MAX_NUM_ICEBERG_ORDERS"
    EXCHANGE_MAX_NUM_ORDER_LISTS = "EXCHANGE_MAX_NUM_ORDER_LISTS"


class Refused(Exception):  # noqa: N818 - an answer of the exchange, not a failure of it
    """A command was refused; nothing but the time has changed."""

    def __init__(self, rule: Rule) -> None:
        super().__init__(rule.value)
        self.rule = rule


# ---- commands ----------------------------------------------------------------------------------------------------


class Deposit(Struct, frozen=True, gc=False):
    """Put funds into an account (which exists from then on)."""

    account: str
    asset: str
    amount: int


class Withdraw(Struct, frozen=True, gc=False):
    """Take free funds out of an account; refused when they do not suffice."""

    account: str
    asset: str
    amount: int


class Peg(Struct, frozen=True, gc=False):
    """Take the price from the book, once, when the order enters it: of the best level, or of one ``levels`` deeper (0: the best)."""

    kind: PegKind
    levels: int = 0


class Place(Struct, frozen=True, gc=False):
    """A new order. ``quantity`` or, for MARKET only, ``quote_quantity``; ``price`` is 0 for MARKET, STOP_LOSS and TAKE_PROFIT.

    An empty ``client_order_id`` lets the engine make one. ``check_only`` runs every check and changes nothing. The strategy's figures are
    the trader's own notes; they come back with the order. A conditional order has a ``stop_price``, a ``trailing_delta`` (in basis points)
    or both. ``iceberg_quantity`` is how much of it shows on the book at a time (0: all). ``self_trade`` is the symbol's usual mode when
    None. ``routed`` matches across the books of :attr:`Exchange.routes`. ``reduce_only`` never opens a position of a swap or makes one
    larger; every order that closes a ``leg`` is one. ``any_total`` is for venues that know no least total. The ``note`` comes back with the
    order.
    """

    account: str
    symbol: str
    side: Side
    type: OrderType
    quantity: int = 0
    quote_quantity: int = 0
    price: int = 0
    time_in_force: TimeInForce = TimeInForce.GTC
    client_order_id: str = ""
    check_only: bool = False
    strategy_id: int | None = None
    strategy_type: int | None = None
    stop_price: int = 0
    trailing_delta: int = 0
    iceberg_quantity: int = 0
    self_trade: SelfTrade | None = None
    peg: Peg | None = None
    routed: bool = False
    reduce_only: bool = False
    any_total: bool = False
    note: str = ""
    leg: Leg = Leg.NET


class PlaceList(Struct, frozen=True, gc=False):
    """Orders that depend on each other, in the order that :class:`ListKind` names; all of one account and symbol.

    The pending orders of OPO and OPOCO have no quantity. A refusal of one refuses all.
    """

    kind: ListKind
    orders: tuple[Place, ...]
    client_id: str = ""  # the list's own; made when empty


class Cancel(Struct, frozen=True, gc=False):
    """Cancel an open order, by its id or by its client order id; both must agree when both are given.

    Cancelling an order of a list cancels the whole list.
    """

    account: str
    symbol: str
    order_id: int | None = None
    client_order_id: str = ""
    cancel_id: str = ""  # the cancel's own client id; made when empty
    only: OrderStatus | None = None  # leave the order alone in any other status


class CancelList(Struct, frozen=True, gc=False):
    """Cancel a list, by its id or by its client id; both must agree when both are given."""

    account: str
    symbol: str
    list_id: int | None = None
    client_id: str = ""
    cancel_id: str = ""


class Amend(Struct, frozen=True, gc=False):
    """Make an open order smaller; it keeps its place in the queue. Nothing left of it means that it expires."""

    account: str
    symbol: str
    quantity: int
    order_id: int | None = None
    client_order_id: str = ""
    new_client_order_id: str = ""  # made when empty


class Reprice(Struct, frozen=True, gc=False):
    """Change an open limit order's price, quantity or both (0: as it is). It is a new one to the book, at the back of the queue, unless
    only its quantity shrinks. It keeps its id.
    """

    account: str
    symbol: str
    order_id: int
    price: int = 0
    quantity: int = 0


class SetLeverage(Struct, frozen=True, gc=False):
    """How many times its margin an account's position on a swap may be worth; what is open binds another margin then."""

    account: str
    symbol: str
    leverage: int


class SetHedging(Struct, frozen=True, gc=False):
    """Keep a long and a short position of each swap apart from now on, or net them; refused while there is one or an order."""

    account: str
    hedged: bool


class PayFunding(Struct, frozen=True, gc=False):
    """Let longs and shorts of a swap pay each other."""

    symbol: str


class SetStatus(Struct, frozen=True, gc=False):
    """Halt a symbol, or let it trade again."""

    symbol: str
    status: Status


class Delist(Struct, frozen=True, gc=False):
    """Take a symbol off the exchange: its open orders expire, and it is unknown from then on."""

    symbol: str


class SetFees(Struct, frozen=True, gc=False):
    """What an account pays from now on, on all symbols: rates in units of 10**-8.

    ``discount`` pays in the discount asset, cheaper, as long as there is enough of it.
    """

    account: str
    maker: int
    taker: int
    discount: bool = False


class JoinGroup(Struct, frozen=True, gc=False):
    """Put an account into a trade group, within which self-trade prevention holds as within one account; -1 for none."""

    account: str
    group: int


Command = (
    Deposit
    | Withdraw
    | Place
    | PlaceList
    | Cancel
    | CancelList
    | Amend
    | Reprice
    | SetLeverage
    | SetHedging
    | PayFunding
    | SetStatus
    | Delist
    | SetFees
    | JoinGroup
)


# ---- events ------------------------------------------------------------------------------------------------------


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
    """A trade, as the public sees it."""

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
