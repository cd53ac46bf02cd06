"""The engine's vocabulary: commands that go in, events that come out, and the refusal. Frozen values, no venue's words.

Numbers are scaled integers (see :mod:`.instruments`), times are microseconds since the epoch.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Side(Enum):
    """Which side of the book."""

    BUY = "BUY"
    SELL = "SELL"


class OrderType(Enum):
    """How an order meets the book."""

    LIMIT = "LIMIT"
    MARKET = "MARKET"
    LIMIT_MAKER = "LIMIT_MAKER"  # refused if it would match at once


class TimeInForce(Enum):
    """How long what is left of an order stays."""

    GTC = "GTC"  # until cancelled
    IOC = "IOC"  # the rest expires at once
    FOK = "FOK"  # all or nothing


class OrderStatus(Enum):
    """Where an order is in its life."""

    NEW = "NEW"
    PARTIALLY_FILLED = "PARTIALLY_FILLED"
    FILLED = "FILLED"
    CANCELED = "CANCELED"
    EXPIRED = "EXPIRED"


class Rule(Enum):
    """Why a command was refused."""

    UNKNOWN_SYMBOL = "unknown symbol"
    NOT_TRADING = "not trading"
    UNKNOWN_ORDER = "unknown order"
    OTHER_STATUS = "not in the status that the cancel asks for"
    DUPLICATE_CLIENT_ORDER_ID = "duplicate client order id"
    INSUFFICIENT_BALANCE = "insufficient balance"
    WOULD_MATCH = "would match"
    NO_LIQUIDITY = "no liquidity"
    ZERO_TOTAL = "price times quantity is zero"
    PRICE_FILTER = "PRICE_FILTER"
    LOT_SIZE = "LOT_SIZE"
    MARKET_LOT_SIZE = "MARKET_LOT_SIZE"
    PERCENT_PRICE_BY_SIDE = "PERCENT_PRICE_BY_SIDE"
    NOTIONAL = "NOTIONAL"
    MAX_NUM_ORDERS = "MAX_NUM_ORDERS"


class Refused(Exception):  # noqa: N818 - an answer of the exchange, not a failure of it
    """A command was refused; nothing has changed."""

    def __init__(self, rule: Rule) -> None:
        super().__init__(rule.value)
        self.rule = rule


# ---- commands ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Deposit:
    """Put funds into an account (which exists from then on)."""

    account: str
    asset: str
    amount: int


@dataclass(frozen=True, slots=True)
class Place:
    """A new order. ``quantity`` or, for MARKET only, ``quote_quantity``; ``price`` is 0 for MARKET.

    An empty ``client_order_id`` lets the engine make one. ``check_only`` runs every check and changes nothing. The strategy's
    figures are the trader's own notes; they come back with the order.
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


@dataclass(frozen=True, slots=True)
class Cancel:
    """Cancel an open order, by its id or by its client order id; both must agree when both are given."""

    account: str
    symbol: str
    order_id: int | None = None
    client_order_id: str = ""
    cancel_id: str = ""  # the cancel's own client id; made when empty
    only: OrderStatus | None = None  # leave the order alone in any other status


Command = Deposit | Place | Cancel


# ---- events ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Order:
    """An order as it stood right after an event."""

    account: str
    symbol: str
    id: int
    client_order_id: str
    side: Side
    type: OrderType
    time_in_force: TimeInForce
    price: int
    quantity: int
    quote_quantity: int
    executed: int
    executed_quote: int
    status: OrderStatus
    created_us: int
    updated_us: int
    working_us: int  # -1 while it was never on the book or matching
    on_book: bool
    strategy_id: int | None = None
    strategy_type: int | None = None


@dataclass(frozen=True, slots=True)
class Fill:
    """One account's side of a trade."""

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


@dataclass(frozen=True, slots=True)
class OrderAccepted:
    """An order came in; its fills follow as events of their own."""

    order: Order
    time_us: int


@dataclass(frozen=True, slots=True)
class OrderFilled:
    """An order was filled, in part or whole."""

    order: Order
    fill: Fill
    time_us: int


@dataclass(frozen=True, slots=True)
class OrderCanceled:
    """An order left the book by its owner's wish."""

    order: Order
    cancel_id: str
    time_us: int


@dataclass(frozen=True, slots=True)
class OrderExpired:
    """What was left of an order was dropped by its own terms (IOC, FOK, MARKET without a counterparty)."""

    order: Order
    time_us: int


@dataclass(frozen=True, slots=True)
class Traded:
    """A trade, as the public sees it."""

    symbol: str
    trade_id: int
    price: int
    quantity: int
    quote: int
    buyer_is_maker: bool
    taker_order_id: int
    time_us: int


@dataclass(frozen=True, slots=True)
class LevelChanged:
    """A price level of the book now holds ``quantity`` (0: it is gone). Each change has the symbol's next update id."""

    symbol: str
    update_id: int
    side: Side
    price: int
    quantity: int
    time_us: int


@dataclass(frozen=True, slots=True)
class BalanceChanged:
    """What an account has of an asset now, after the whole command; one event per asset that it touched."""

    account: str
    asset: str
    free: int
    locked: int
    time_us: int


@dataclass(frozen=True, slots=True)
class Deposited:
    """Funds came in from outside."""

    account: str
    asset: str
    amount: int
    time_us: int


Event = OrderAccepted | OrderFilled | OrderCanceled | OrderExpired | Traded | LevelChanged | BalanceChanged | Deposited
