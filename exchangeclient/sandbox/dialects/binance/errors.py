"""Binance's refusals: code, text and HTTP status as rows, and which row answers which rule of the engine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from exchangeclient.sandbox.engine.refusals import Rule


class VenueError(Exception):
    """The venue says no.

    :ivar code: the venue's error code
    :ivar text: what it says
    :ivar status: the HTTP status
    :ivar data: what was done nevertheless, where a request had two halves
    :ivar retry_at_us: from when on it will not say so any more, where it knows
    """

    def __init__(
        self, code: int, text: str, status: int, data: Mapping[str, object] = MappingProxyType({}), retry_at_us: int | None = None
    ) -> None:
        super().__init__(code, text)
        self.code = code
        self.text = text
        self.status = status
        self.data = data
        self.retry_at_us = retry_at_us

    def shape(self) -> dict[str, object]:
        """The body of the answer."""
        shape: dict[str, object] = {"code": self.code, "msg": self.text}
        return {**shape, "data": self.data} if self.data else shape


@dataclass(frozen=True, slots=True)
class Row:
    """One error; called with the values of its text it makes the :class:`VenueError`: ``raise MISSING("symbol")``."""

    code: int
    text: str
    status: int = 400

    def __call__(self, *values: object) -> VenueError:
        return VenueError(self.code, self.text.format(*values), self.status)


# The documents give the text of request weight only; an older list of theirs has this one for the bare number of requests.
TOO_MANY_REQUESTS = Row(
    -1003,
    "Too many requests; current limit is {} requests per {}. Please use WebSocket Streams for live updates to avoid polling the API.",
    429,
)
TOO_MUCH_WEIGHT = Row(
    -1003,
    "Too much request weight used; current limit is {} request weight per {}. "
    "Please use WebSocket Streams for live updates to avoid polling the API.",
    429,
)
BANNED = Row(
    -1003, "Way too much request weight used; IP banned until {}. Please use WebSocket Streams for live updates to avoid bans.", 418
)
PEG_NOT_FOR_TYPE = Row(-1013, "This order type may not use pegged price.")
PEG_NOT_WITH_TYPE = Row(-1013, "This price peg cannot be used with this order type.")
UNSUPPORTED_COMBINATION = Row(-1014, "Unsupported order combination.")
TOO_MANY_ORDERS = Row(-1015, "Too many new orders; current limit is {} orders per {}.", 429)
SHUT_DOWN = Row(-1016, "This service is no longer available.", 410)
UNSUPPORTED_OPERATION = Row(-1020, "This operation is not supported.")
TOO_EARLY = Row(-1021, "Timestamp for this request was 1000ms ahead of the server's time.")
TOO_LATE = Row(-1021, "Timestamp for this request is outside of the recvWindow.")
BAD_SIGNATURE = Row(-1022, "Signature for this request is not valid.")
TOO_MANY_ATTEMPTS = Row(-1034, "Too many connection attempts; current limit is {} per {}.", 429)
ILLEGAL = Row(-1100, "Illegal characters found in parameter '{}'; legal range is '{}'.")
TOO_MANY = Row(-1101, "Too many parameters; expected '{}' and received '{}'.")
DUPLICATED = Row(-1101, "Duplicate values for a parameter detected.")
MISSING = Row(-1102, "Mandatory parameter '{}' was not sent, was empty/null, or malformed.")
MISSING_BOTH = Row(-1102, "Param '{}' or '{}' must be sent, but both were empty/null!")
TOO_GREAT = Row(-1102, "'{}' contains unexpected value. Cannot be greater than {}.")
NOT_READ = Row(-1104, "Not all sent parameters were read; read '{}' parameter(s) but was sent '{}'.")
EMPTY = Row(-1105, "Parameter '{}' was empty.")
NOT_REQUIRED = Row(-1106, "Parameter '{}' sent when not required.")
OVERFLOW = Row(-1108, "Parameter '{}' overflowed.")
TOO_PRECISE = Row(-1111, "Parameter '{}' has too much precision.")
BAD_TIME_IN_FORCE = Row(-1115, "Invalid timeInForce.")
BAD_TYPE = Row(-1116, "Invalid orderType.")
BAD_SIDE = Row(-1117, "Invalid side.")
BAD_INTERVAL = Row(-1120, "Invalid interval.")
BAD_SYMBOL = Row(-1121, "Invalid symbol.")
BAD_SYMBOL_STATUS = Row(-1122, "Invalid symbolStatus.")
BAD_LISTEN_KEY = Row(-1125, "This listenKey does not exist.")
TOO_LONG = Row(-1127, "More than {} hours between startTime and endTime.")
BAD_COMBINATION = Row(-1128, "Combination of optional parameters invalid.")
BAD_VALUE = Row(-1130, "Data sent for parameter '{}' is not valid.")
BAD_STRATEGY_TYPE = Row(-1134, "`strategyType` was less than 1000000.")
BAD_JSON = Row(-1135, "JSON sent for parameter '{}' is not valid")
BAD_TICKER_TYPE = Row(-1139, "Invalid ticker type.")
BAD_CANCEL_RESTRICTIONS = Row(-1145, "Invalid cancelRestrictions")
DUPLICATE_SYMBOLS = Row(-1151, "Symbol is present multiple times in the list.")
SBE_NOT_ENABLED = Row(-1155, "SBE is not enabled.", 406)
SBE_NOT_ENABLED_HERE = Row(-1155, "SBE is not enabled.")  # at the handshake of a websocket
LIST_TYPE = Row(-1158, "Order type not supported in OCO.")
LIST_ICEBERG_NOT_GTC = Row(-1160, "Parameter '{}' is not supported if `aboveTimeInForce`/`belowTimeInForce` is not GTC.")
LIST_BUY_LIMIT_ABOVE = Row(-1165, "A limit order in a buy OCO must be below.")
LIST_SELL_LIMIT_BELOW = Row(-1166, "A limit order in a sell OCO must be above.")
LIST_BOTH_LIMIT = Row(-1168, "At least one OCO order must be contingent.")
BAD_TIME_UNIT = Row(-1194, "Invalid value for time unit; expected either MICROSECOND or MILLISECOND.")
LIST_BUY_STOP_BELOW = Row(-1196, "A stop loss order in a buy OCO must be above.")
LIST_SELL_STOP_ABOVE = Row(-1197, "A stop loss order in a sell OCO must be below.")
LIST_BUY_PROFIT_ABOVE = Row(-1198, "A take profit order in a buy OCO must be below.")
LIST_SELL_PROFIT_BELOW = Row(-1199, "A take profit order in a sell OCO must be above.")
BAD_PEG_PRICE_TYPE = Row(-1210, "Invalid pegPriceType.")
BAD_PEG_OFFSET_TYPE = Row(-1211, "Invalid pegOffsetType.")
BAD_LISTEN_TOKEN = Row(-1209, "Invalid listenToken.")
OTHER_STATUS = Row(-1220, "The symbol's status does not match the requested symbolStatus.")
OPO_WORKING_SELLS = Row(-1222, "Working order in an OPO list must be a bid.")
OPO_PENDING_BUYS = Row(-1223, "Pending orders in an OPO list must be asks.")
OPO_PENDING_QUANTITY = Row(-1225, "Pending orders should not include the '{}' tag.")
NOT_PERMITTED = Row(-2010, "This symbol is not permitted for this account.")
CANCEL_UNKNOWN = Row(-2011, "Unknown order sent.")
CANCEL_UNKNOWN_LIST = Row(-2011, "Unknown order list sent.")
CANCEL_MISMATCH = Row(-2011, "Cancel order is invalid. Check origClOrdId and orderId.")
NO_SUCH_ORDER = Row(-2013, "Order does not exist.")
BAD_KEY_FORMAT = Row(-2014, "API-key format invalid.", 401)
BAD_KEY = Row(-2015, "Invalid API-key, IP, or permissions for action.", 401)
NO_SUCH_LIST = Row(-2018, "Order list does not exist.")
REPLACE_IN_PART = Row(-2021, "Order cancel-replace partially failed.", 409)
REPLACE_FAILED = Row(-2022, "Order cancel-replace failed.")
ORDER_ARCHIVED = Row(-2026, "Order was canceled or expired with no executed qty over 90 days ago and has been archived.")
SUBSCRIPTION_ACTIVE = Row(-2035, "User Data Stream subscription already active.")
SUBSCRIPTION_INACTIVE = Row(-2036, "User Data Stream subscription not active.")
ID_MISMATCH = Row(-2039, "Client order ID is not correct for this order ID.")
TOO_MANY_SUBSCRIPTIONS = Row(-2042, "Maximum number of subscription IDs reached.")
NO_REFERENCE_PRICE = Row(-2043, "This symbol doesn't have a reference price.")
AMEND_REJECTED = -2038  # with the engine's texts


# Filters that need nothing but the order are the API layer's (-1013); what needs the account or the book is the engine's (-2010).
_STATELESS = (
    Rule.PRICE_FILTER,
    Rule.LOT_SIZE,
    Rule.ICEBERG_PARTS,
    Rule.MARKET_LOT_SIZE,
    Rule.TRAILING_DELTA,
    Rule.PERCENT_PRICE_BY_SIDE,
    Rule.NOTIONAL,
)
_OF_THE_ACCOUNT = (
    Rule.MAX_NUM_ORDERS,
    Rule.MAX_NUM_ALGO_ORDERS,
    Rule.MAX_NUM_ICEBERG_ORDERS,
    Rule.MAX_NUM_ORDER_LISTS,
    Rule.MAX_NUM_ORDER_AMENDS,
    Rule.MAX_POSITION,
    Rule.EXCHANGE_MAX_NUM_ORDERS,
    Rule.EXCHANGE_MAX_NUM_ALGO_ORDERS,
    Rule.EXCHANGE_MAX_NUM_ICEBERG_ORDERS,
    Rule.EXCHANGE_MAX_NUM_ORDER_LISTS,
)

_ENGINE: dict[Rule, Row] = {
    **{rule: Row(-1013, f"Filter failure: {rule.value}") for rule in _STATELESS},
    **{rule: Row(-2010, f"Filter failure: {rule.value}") for rule in _OF_THE_ACCOUNT},
    Rule.UNKNOWN_SYMBOL: BAD_SYMBOL,
    Rule.NOT_TRADING: Row(-1013, "Market is closed."),
    Rule.TYPE_NOT_ALLOWED: Row(-1013, "{} orders are not supported for this symbol."),
    Rule.ICEBERG_NOT_ALLOWED: Row(-1013, "Iceberg orders are not supported for this symbol."),
    Rule.TRAILING_NOT_ALLOWED: Row(-1013, "Trailing stop orders are not supported for this symbol."),
    Rule.PEG_NOT_ALLOWED: Row(-1013, "Pegged orders are not supported for this symbol."),
    Rule.QUOTE_QUANTITY_NOT_ALLOWED: Row(-1013, "Quote order qty market orders are not support for this symbol."),
    Rule.SELF_TRADE_MODE_NOT_ALLOWED: Row(-1013, "This symbol does not allow the specified self-trade prevention mode."),
    Rule.LIST_NOT_ALLOWED: Row(-1013, "{} orders are not supported for this symbol"),
    Rule.ROUTING_NOT_ALLOWED: Row(-1013, "Smart order routing orders are not supported for this symbol."),
    Rule.ICEBERG_EXCEEDS_QUANTITY: Row(-1013, "IcebergQty exceeds QTY."),
    Rule.DUPLICATE_CLIENT_ORDER_ID: Row(-2010, "Duplicate order sent."),
    Rule.DUPLICATE_LIST_ID: Row(-2010, "Duplicate order sent."),
    Rule.INSUFFICIENT_BALANCE: Row(-2010, "Account has insufficient balance for requested action."),
    Rule.WOULD_MATCH: Row(-2010, "Order would immediately match and take."),
    Rule.WOULD_TRIGGER: Row(-2010, "Order would trigger immediately."),
    Rule.LIST_PRICES: Row(-2010, "The relationship of the prices for the orders is not correct."),
    Rule.NO_LIQUIDITY: Row(-2010, "Order book liquidity is less than `LOT_SIZE` filter minimum quantity."),
    Rule.NO_LIQUIDITY_FOR_PEG: Row(-2010, "Order book liquidity is too low for this pegged order."),
    Rule.ZERO_TOTAL: Row(-2010, "Price * QTY is zero or less."),
    Rule.UNKNOWN_ORDER: CANCEL_UNKNOWN,
    Rule.OTHER_STATUS: Row(-2011, "Order was not canceled due to cancel restrictions."),
    Rule.AMEND_NOT_ALLOWED: Row(AMEND_REJECTED, "Order amend is not supported for this symbol."),
    Rule.AMEND_INCREASES: Row(AMEND_REJECTED, "Order amend (quantity increase) is not supported."),
    Rule.AMEND_CHANGES_NOTHING: Row(AMEND_REJECTED, "The requested action would change no state; rejecting"),
    Rule.AMEND_PENDING: Row(AMEND_REJECTED, "Order amend (pending OPO order) is not supported."),
}


def refusal(rule: Rule, subject: str = "") -> VenueError:
    """What the venue answers to a command that the engine refuses by ``rule``.

    :param subject: the kind of order or list that was sent, which some texts name
    """
    return _ENGINE[rule](subject)


def amend_refusal(rule: Rule) -> VenueError:
    """The same for an amendment, which has a code of its own for what the engine says."""
    error = refusal(rule)
    return error if error.code in (-1013, BAD_SYMBOL.code) else VenueError(AMEND_REJECTED, error.text, error.status)
