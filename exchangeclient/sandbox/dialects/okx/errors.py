"""OKX's refusals: code, text and HTTP status as rows, and which row answers which rule of the engine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from exchangeclient.sandbox.engine.refusals import Rule


class VenueError(Exception):
    """The venue says no.

    :ivar code: the venue's error code, or the ``sCode`` of a row
    :ivar text: what it says
    :ivar status: the HTTP status
    """

    def __init__(self, code: str, text: str, status: int) -> None:
        super().__init__(code, text)
        self.code = code
        self.text = text
        self.status = status


@dataclass(frozen=True, slots=True)
class Row:
    """One error; called with the values of its text it makes the :class:`VenueError`: ``raise EMPTY("instId")``."""

    code: str
    text: str
    status: int = 200

    def __call__(self, *values: object) -> VenueError:
        return VenueError(self.code, self.text.format(*values), self.status)


# ---- of a request as a whole -------------------------------------------------------------------------------------

NOT_FOUND = Row("404", "Not Found. The sandbox does not serve {} {}", 404)
UNAVAILABLE = Row("50001", "Service temporarily unavailable. Try again later", 503)
BAD_JSON = Row("50002", "JSON syntax error", 400)
TIMED_OUT = Row("50004", "Endpoint request timeout (does not indicate success or failure of order, please check order status)", 400)
BAD_CONTENT_TYPE = Row("50006", 'Invalid Content-Type. Please use "application/JSON".', 400)
TOO_MANY = Row("50011", "Too Many Requests", 429)
EMPTY = Row("50014", "Parameter {} can not be empty.", 400)
EITHER = Row("50015", "Either parameter {} or {} is required.", 400)
SYSTEM_ERROR = Row("50026", "System error. Try again later", 500)
TOO_MANY_ORDERS = Row("50061", "Order rate limit reached. Please try again later.", 429)
OTHER_WORLD = Row("50101", "APIKey does not match current environment.", 401)
LATE = Row("50102", "Timestamp request expired.", 401)
NO_KEY = Row("50103", 'Request header "OK-ACCESS-KEY" can\'t be empty.', 401)
NO_PASSPHRASE = Row("50104", 'Request header "OK-ACCESS-PASSPHRASE" can\'t be empty.', 401)
BAD_PASSPHRASE = Row("50105", 'Request header "OK-ACCESS-PASSPHRASE" incorrect.', 401)
NO_SIGN = Row("50106", 'Request header "OK-ACCESS-SIGN" can\'t be empty.', 401)
NO_TIMESTAMP = Row("50107", 'Request header "OK-ACCESS-TIMESTAMP" can\'t be empty.', 401)
BAD_KEY = Row("50111", "Invalid OK-ACCESS-KEY.", 401)
BAD_TIMESTAMP = Row("50112", "Invalid OK-ACCESS-TIMESTAMP.", 401)
BAD_SIGN = Row("50113", "Invalid signature.", 401)
BAD_METHOD = Row("50115", "Invalid request method.", 405)
UNKNOWN_KEY = Row("50119", "API key doesn't exist", 401)
NOT_PERMITTED = Row("50120", "This API key doesn't have permission to use this function", 403)

# ---- of parameters and orders; in answers to orders these are sCodes ---------------------------------------------

BAD = Row("51000", "Parameter {} error", 400)
UNKNOWN_INSTRUMENT = Row("51001", "Instrument ID, Instrument ID code, or Spread ID doesn't exist.")
PRICE_LIMIT = Row("51006", "Order price is not within the price limit (max buy price: {}, min sell price: {})")
INSUFFICIENT = Row("51008", "Order failed. Insufficient {} balance in account.")
BAD_MODE = Row("51010", "Request unsupported under current account mode")
INSTRUMENT_MISMATCH = Row("51015", "Instrument ID does not match instrument type.")
DUPLICATE_ID = Row("51016", "Client order ID already exists.")
TOO_SMALL = Row("51020", "Your order should meet or exceed the minimum order amount.")
SUSPENDED = Row("51022", "Contract suspended.")
NO_POSITION = Row("51023", "Position does not exist.")
BAD_LEG = Row("51000", "Parameter posSide error")
TOO_MANY_CONTRACTS = Row("51101", "Entered amount exceeds the max pending order amount (Cont) per transaction.")
TOO_MANY_PENDING = Row("51102", "Entered amount exceeds the max pending count.")
CLOSES_TOO_MUCH = Row("51112", "Close order size exceeds your available size.")
OFF_LOT = Row("51121", "Order quantity must be a multiple of the lot size.")
ORDER_LATE = Row("51149", "Order timed out. Please try again later.")
NOTHING_TO_REDUCE = Row(
    "51169",
    "Order failed because you don't have any positions in this direction for this contract to reduce or close.",
)
MARKET_TOO_LARGE = Row("51202", "Market order amount exceeds the maximum amount.")
LIMIT_TOO_LARGE = Row("51203", "Limit order amount exceeds the maximum amount.")
CANCEL_UNKNOWN = Row("51400", "Cancellation failed as the order has been filled, canceled or does not exist.")
CANCEL_CANCELED = Row("51401", "Cancellation failed as the order is already canceled.")
CANCEL_FILLED = Row("51402", "Cancellation failed as the order is already completed.")
AMEND_NOTHING = Row("51500", "You must enter a price, quantity, or TP/SL.")
AMEND_INSUFFICIENT = Row("51502", "Order modification failed for insufficient margin.")
AMEND_UNKNOWN = Row("51503", "Order modification failed as the order has been filled, canceled or does not exist.")
AMEND_UNAVAILABLE = Row("51506", "Order modification unavailable for the order type.")
AMEND_CANCELED = Row("51509", "Modification failed as the order has been canceled.")
AMEND_FILLED = Row("51510", "Modification failed as the order has been completed.")
AMEND_WOULD_TAKE = Row("51511", "Modification failed as the order price did not meet the requirement for Post Only.")
NO_SUCH_ORDER = Row("51603", "Order does not exist.")
NO_TRANSFER_FUNDS = Row("58350", "Insufficient balance.")
MODE_IS_FIXED = Row("59000", "Your settings failed as you have positions, bot or open orders.")
NO_SUBACCOUNT = Row("59510", "Sub-account does not exist")
LEVERAGE_TOO_HIGH = Row("59102", "Leverage exceeds the maximum limit. Please lower the leverage.")
LEVERAGE_TOO_LOW = Row("59103", "Leverage is too low and there is not enough margin in your account.")

# ---- of websockets -----------------------------------------------------------------------------------------------

WS_NO_KEY = Row("60001", '"OK_ACCESS_KEY" can not be empty.')
WS_NO_SIGN = Row("60002", '"OK_ACCESS_SIGN" can not be empty.')
WS_NO_PASSPHRASE = Row("60003", '"OK_ACCESS_PASSPHRASE" can not be empty.')
WS_BAD_TIMESTAMP = Row("60004", "Invalid OK_ACCESS_TIMESTAMP")
WS_BAD_KEY = Row("60005", "Invalid OK_ACCESS_KEY")
WS_LATE = Row("60006", "Timestamp request expired")
WS_BAD_SIGN = Row("60007", "Invalid sign")
WS_LOGIN_FAILED = Row("60009", "Login failed.")
WS_LOGGED_IN = Row("60010", "Already logged in")
WS_NOT_LOGGED_IN = Row("60011", "Please log in")
WS_BAD_REQUEST = Row("60012", "Invalid request: {}")
WS_BAD_ARGS = Row("60013", "Invalid args")
WS_TOO_FREQUENT = Row("60014", "Requests too frequent")
WS_NO_CHANNEL = Row(
    "60018",
    "Wrong URL or {} doesn't exist. Please use the correct URL, channel and parameters referring to API document.",
)
WS_BAD_OP = Row("60019", "Invalid op: {}")
WS_BAD_PASSPHRASE = Row("60024", "Wrong passphrase")
WS_UNKNOWN_KEY = Row("60032", "API key doesn't exist")
WS_ULY = Row("64000", "Subscription parameter uly is unavailable anymore. Please replace uly with instFamily.")
WS_USE_BUSINESS = Row("64001", "This channel has been migrated to the '/business' URL. Please subscribe using the new URL.")
WS_NOT_BUSINESS = Row("64002", 'This channel is not supported by "/business" URL. Please use "/private" or "/public" URLs.')
WS_TIER = Row("64003", "Your trading fee tier does not meet the requirement to access this channel")

_ENGINE: Mapping[Rule, Row] = {
    Rule.UNKNOWN_SYMBOL: UNKNOWN_INSTRUMENT,
    Rule.NOT_TRADING: SUSPENDED,
    Rule.DUPLICATE_CLIENT_ORDER_ID: DUPLICATE_ID,
    Rule.NOTHING_TO_REDUCE: NOTHING_TO_REDUCE,
    Rule.LEG: BAD_LEG,
    Rule.NO_LIQUIDITY: TOO_SMALL,
    Rule.ZERO_TOTAL: TOO_SMALL,
    Rule.LOT_SIZE: TOO_SMALL,
    Rule.MARKET_LOT_SIZE: MARKET_TOO_LARGE,
    Rule.NOTIONAL: LIMIT_TOO_LARGE,
    Rule.PRICE_FILTER: BAD,
    Rule.MAX_NUM_ORDERS: TOO_MANY_PENDING,
    Rule.EXCHANGE_MAX_NUM_ORDERS: TOO_MANY_PENDING,
    Rule.MAX_POSITION: TOO_MANY_PENDING,
}


def refusal(rule: Rule) -> VenueError:
    """What the venue answers to an order that the engine refuses by ``rule``, as far as nothing more is to be said."""
    return _ENGINE.get(rule, BAD)("px" if rule is Rule.PRICE_FILTER else "ordType")
