"""Binance's refusals: code, text and HTTP status as rows, and which row answers which rule of the engine."""

from __future__ import annotations

from dataclasses import dataclass

from exchangeclient.sandbox.engine.events import Rule


class VenueError(Exception):
    """The venue says no.

    :ivar code: the venue's error code
    :ivar text: what it says
    :ivar status: the HTTP status
    """

    def __init__(self, code: int, text: str, status: int) -> None:
        super().__init__(code, text)
        self.code = code
        self.text = text
        self.status = status

    def shape(self) -> dict[str, object]:
        """The body of the answer."""
        return {"code": self.code, "msg": self.text}


@dataclass(frozen=True, slots=True)
class Row:
    """One error; called with the values of its text it makes the :class:`VenueError`: ``raise MISSING("symbol")``."""

    code: int
    text: str
    status: int = 400

    def __call__(self, *values: object) -> VenueError:
        return VenueError(self.code, self.text.format(*values), self.status)


NOT_SUPPORTED_ON_SYMBOL = Row(-1013, "{} orders are not supported for this symbol.")
STP_NOT_ALLOWED = Row(-1013, "This symbol does not allow the specified self-trade prevention mode.")
SHUT_DOWN = Row(-1016, "This service is no longer available.", 410)
UNSUPPORTED_OPERATION = Row(-1020, "This operation is not supported.")
TOO_EARLY = Row(-1021, "Timestamp for this request was 1000ms ahead of the server's time.")
TOO_LATE = Row(-1021, "Timestamp for this request is outside of the recvWindow.")
BAD_SIGNATURE = Row(-1022, "Signature for this request is not valid.")
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
TOO_LONG = Row(-1127, "More than {} hours between startTime and endTime.")
BAD_COMBINATION = Row(-1128, "Combination of optional parameters invalid.")
BAD_VALUE = Row(-1130, "Data sent for parameter '{}' is not valid.")
BAD_STRATEGY_TYPE = Row(-1134, "`strategyType` was less than 1000000.")
BAD_JSON = Row(-1135, "JSON sent for parameter '{}' is not valid")
BAD_TICKER_TYPE = Row(-1139, "Invalid ticker type.")
BAD_CANCEL_RESTRICTIONS = Row(-1145, "Invalid cancelRestrictions")
DUPLICATE_SYMBOLS = Row(-1151, "Symbol is present multiple times in the list.")
BAD_TIME_UNIT = Row(-1194, "Invalid value for time unit; expected either MICROSECOND or MILLISECOND.")
OTHER_STATUS = Row(-1220, "The symbol's status does not match the requested symbolStatus.")
CANCEL_UNKNOWN = Row(-2011, "Unknown order sent.")
CANCEL_MISMATCH = Row(-2011, "Cancel order is invalid. Check origClOrdId and orderId.")
NO_SUCH_ORDER = Row(-2013, "Order does not exist.")
BAD_KEY_FORMAT = Row(-2014, "API-key format invalid.", 401)
BAD_KEY = Row(-2015, "Invalid API-key, IP, or permissions for action.", 401)
SUBSCRIPTION_ACTIVE = Row(-2035, "User Data Stream subscription already active.")
SUBSCRIPTION_INACTIVE = Row(-2036, "User Data Stream subscription not active.")
ID_MISMATCH = Row(-2039, "Client order ID is not correct for this order ID.")


# Filters that need nothing but the order are the API layer's (-1013); what needs the account or the book is the engine's (-2010).
_FILTERS = (Rule.PRICE_FILTER, Rule.LOT_SIZE, Rule.MARKET_LOT_SIZE, Rule.PERCENT_PRICE_BY_SIDE, Rule.NOTIONAL)

_ENGINE: dict[Rule, Row] = {
    **{rule: Row(-1013, f"Filter failure: {rule.value}") for rule in _FILTERS},
    Rule.UNKNOWN_SYMBOL: BAD_SYMBOL,
    Rule.UNKNOWN_ORDER: CANCEL_UNKNOWN,
    Rule.OTHER_STATUS: Row(-2011, "Order was not canceled due to cancel restrictions."),
    Rule.NOT_TRADING: Row(-1013, "Market is closed."),
    Rule.MAX_NUM_ORDERS: Row(-2010, "Filter failure: MAX_NUM_ORDERS"),
    Rule.DUPLICATE_CLIENT_ORDER_ID: Row(-2010, "Duplicate order sent."),
    Rule.INSUFFICIENT_BALANCE: Row(-2010, "Account has insufficient balance for requested action."),
    Rule.WOULD_MATCH: Row(-2010, "Order would immediately match and take."),
    Rule.NO_LIQUIDITY: Row(-2010, "Order book liquidity is less than `LOT_SIZE` filter minimum quantity."),
    Rule.ZERO_TOTAL: Row(-2010, "Price * QTY is zero or less."),
}


def refusal(rule: Rule) -> VenueError:
    """What the venue answers to a command that the engine refuses by ``rule``."""
    return _ENGINE[rule]()
