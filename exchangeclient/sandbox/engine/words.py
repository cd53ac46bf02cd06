"""The words of the engine, none of a venue's: sides, types and states of orders, and what symbols are open for."""

from __future__ import annotations

from enum import Enum


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
