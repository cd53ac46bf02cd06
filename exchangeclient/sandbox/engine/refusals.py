"""What the engine refuses a command by."""

from __future__ import annotations

from enum import Enum


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
