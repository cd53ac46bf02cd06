"""BitMEX's refusals: status, name and message as rows, and which row answers which rule of the engine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from exchangeclient.sandbox.engine.refusals import Rule

HTTP, VALIDATION, RATE = "HTTPError", "ValidationError", "RateLimitError"


class VenueError(Exception):
    """The venue says no.

    :ivar retry_after_s: when to come again, of a limit
    """

    def __init__(self, status: int, name: str, message: str, retry_after_s: int | None = None) -> None:
        super().__init__(status, message)
        self.status = status
        self.name = name
        self.message = message
        self.retry_after_s = retry_after_s


@dataclass(frozen=True, slots=True)
class Row:
    """One error; called with the values of its text it makes the :class:`VenueError`: ``raise MISSING("symbol")``."""

    status: int
    name: str
    message: str

    def __call__(self, *values: object) -> VenueError:
        return VenueError(self.status, self.name, self.message.format(*values))


# ---- of a request as a whole -------------------------------------------------------------------------------------

NOT_FOUND = Row(404, HTTP, "Not Found")
BAD_JSON = Row(400, VALIDATION, "Invalid JSON in the request body.")
BAD_FORMAT = Row(400, VALIDATION, "The sandbox answers as JSON or csv, not {}.")
MISSING = Row(400, VALIDATION, "'{}' is a required arg.")
BAD = Row(400, VALIDATION, "Invalid {}")
UNKNOWN_ARG = Row(400, VALIDATION, "Unknown arg {}: this venue is strict.")
BAD_SYMBOL = Row(400, HTTP, "Invalid symbol")
OVERLOADED = Row(503, HTTP, "The system is currently overloaded. Please try again later.")
UNAVAILABLE = Row(503, HTTP, "The exchange is currently down for maintenance.")
FAILED = Row(500, HTTP, "Internal Server Error")
TIMED_OUT = Row(504, HTTP, "Gateway Time-out")

# ---- of who asks -------------------------------------------------------------------------------------------------

NO_AUTH = Row(401, HTTP, "Authorization Required")
BAD_KEY = Row(401, HTTP, "Invalid API Key.")
BAD_SIGNATURE = Row(401, HTTP, "Signature not valid.")
BAD_EXPIRES = Row(401, HTTP, "api-expires must be an integer of Unix seconds.")
EXPIRED = Row(401, HTTP, "This request has expired - `expires` is in the past. Current time: {}")
DENIED = Row(403, HTTP, "Access Denied")
NOT_OFFERED = Row(403, HTTP, "Access Denied: {} is not offered any more.")

# ---- of orders ---------------------------------------------------------------------------------------------------

DUPLICATE = Row(400, HTTP, "Duplicate clOrdID")
BAD_ORDER_ID = Row(400, HTTP, "Invalid orderID")
BAD_STATUS = Row(400, HTTP, "Invalid ordStatus")
BAD_PRICE = Row(400, HTTP, "Invalid price")
BAD_TICK = Row(400, HTTP, "Invalid price tickSize")
BAD_QUANTITY = Row(400, HTTP, "Invalid orderQty")
NO_QUANTITY = Row(400, HTTP, "orderQty is invalid")
BAD_STOP = Row(400, HTTP, "Invalid stopPx for ordType")
BAD_STOP_TICK = Row(400, HTTP, "Invalid stopPx tickSize")
BAD_LEVERAGE = Row(400, HTTP, "Invalid leverage: the sandbox takes 0 (cross) and whole numbers from 1 to {}")
INSUFFICIENT = Row(400, HTTP, "Account has insufficient Available Balance, {} {} required")
TOO_MANY_ORDERS = Row(400, HTTP, "Too many open orders")
RISK_LIMIT = Row(400, HTTP, "Account has insufficient risk limit: value of position and orders exceeds position Risk Limit")
NOT_OPEN = Row(400, HTTP, "Instrument is not open: {}")
NOT_SERVED = Row(400, HTTP, "{} is not served here")
NOTHING_TO_AMEND = Row(400, VALIDATION, "Must specify a changed orderQty, leavesQty, price, stopPx, pegOffsetValue or text")
TWO_QUANTITIES = Row(400, VALIDATION, "Cannot specify both orderQty and leavesQty")

# ---- of websockets -----------------------------------------------------------------------------------------------

WS_BAD_JSON = Row(400, "WebsocketError", "Unable to parse the message: it is not a JSON object.")
WS_BAD_OP = Row(400, "WebsocketError", "Unknown or expired op: {}")
WS_BAD_ARGS = Row(400, "WebsocketError", "Invalid args for {}")
WS_NO_TABLE = Row(400, "WebsocketError", "Unknown table: {}")
WS_NO_SYMBOL = Row(400, "WebsocketError", "Unknown or expired symbol.")
WS_SUBSCRIBED = Row(400, "WebsocketError", "You are already subscribed to this topic: {}")
WS_NOT_SUBSCRIBED = Row(400, "WebsocketError", "You are not subscribed to this topic: {}")
WS_NO_AUTH = Row(401, "WebsocketError", "User requested an account-locked subscription but no authorization was provided.")
WS_AUTHENTICATED = Row(400, "WebsocketError", "You are already authenticated.")

_ENGINE: Mapping[Rule, Row] = {
    Rule.UNKNOWN_SYMBOL: BAD_SYMBOL,
    Rule.PRICE_FILTER: BAD_PRICE,
    Rule.PERCENT_PRICE_BY_SIDE: BAD_PRICE,
    Rule.LOT_SIZE: BAD_QUANTITY,
    Rule.MARKET_LOT_SIZE: BAD_QUANTITY,
    Rule.NOTIONAL: BAD_QUANTITY,
    Rule.ZERO_TOTAL: BAD_QUANTITY,
    Rule.NO_LIQUIDITY: BAD_QUANTITY,
    Rule.UNKNOWN_ORDER: BAD_STATUS,
    Rule.AMEND_NOT_ALLOWED: BAD_STATUS,
    Rule.MAX_NUM_ORDERS: TOO_MANY_ORDERS,
    Rule.EXCHANGE_MAX_NUM_ORDERS: TOO_MANY_ORDERS,
    Rule.MAX_NUM_ALGO_ORDERS: TOO_MANY_ORDERS,
}


def refusal(rule: Rule) -> VenueError:
    """What the venue answers to an order that the engine refuses by ``rule``, as far as nothing more is to be said."""
    return NOT_OPEN("Closed") if rule is Rule.NOT_TRADING else _ENGINE.get(rule, BAD_STATUS)()


def too_fast(retry_after_s: int) -> VenueError:
    """A limit is used up."""
    return VenueError(429, RATE, f"Rate limit exceeded, retry in {retry_after_s} seconds.", retry_after_s)
