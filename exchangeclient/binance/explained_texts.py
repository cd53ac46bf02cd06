"""What Binance says in words instead of codes: the matching engine's sentences, the names of filters, and answers without a code. Pure.

Sources: https://developers.binance.com/docs/binance-spot-api-docs/errors and https://developers.binance.com/docs/binance-spot-api-docs/filters
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from exchangeclient.explanation import Explanation, Repeat

_USELESS, _LATER, _UNSAFE = Repeat.USELESS, Repeat.LATER, Repeat.UNSAFE

_KINDS_OF_ORDERS: Final = (
    "Market",
    "Iceberg",
    "Stop loss",
    "Stop loss limit",
    "Take profit",
    "Take profit limit",
    "Trailing stop",
    "Pegged",
    "OPO",
)
_NOT_ON_THE_SYMBOL: Final = "get_symbol_info() tells in orderTypes and the ...Allowed fields what a symbol has"

# sentence: (what it means, whether to repeat, a likely cause or nothing)
_SENTENCES: Final[Mapping[str, tuple[str, Repeat, str]]] = {
    "Unknown order sent.": ("The order is not open.", _USELESS, "it is filled or cancelled already, or its id is of another symbol"),
    "Duplicate order sent.": ("An open order has this client order id.", _USELESS, "an order that was sent before and did arrive"),
    "Market is closed.": ("The symbol is not trading.", _LATER, "maintenance, or a halt of the symbol: get_symbol_info() tells its status"),
    "Account has insufficient balance for requested action.": (
        "The free balance does not cover the order.",
        _USELESS,
        "open orders lock balance; the commission is taken on top unless it is paid in BNB",
    ),
    "Price * QTY is zero or less.": ("The total rounds to nothing.", _USELESS, "a price or quantity of zero"),
    "IcebergQty exceeds QTY.": ("icebergQty is above the quantity.", _USELESS, "the two are mixed up"),
    "This action is disabled on this account.": ("The venue has switched this off for the account.", _USELESS, "their support knows why"),
    "This account may not place or cancel orders.": ("The account may not trade.", _USELESS, "their support knows why"),
    "Unsupported order combination": ("Type, timeInForce, stopPrice and icebergQty do not go together.", _USELESS, ""),
    "Order would trigger immediately.": (
        "The stop is reached already at the last price.",
        _USELESS,
        "a STOP_LOSS in place of a TAKE_PROFIT, or the other way around; or the market has moved",
    ),
    "Cancel order is invalid. Check origClOrdId and orderId.": ("Neither id was given.", _USELESS, ""),
    "Order would immediately match and take.": ("A LIMIT_MAKER order would have traded at once.", _LATER, "the market has moved"),
    "The relationship of the prices for the orders is not correct.": (
        "The last price has to lie between the two prices of an OCO.",
        _USELESS,
        "to sell, the limit price is above the market and the stop below; to buy, the other way around",
    ),
    "OCO orders are not supported for this symbol": ("The symbol has no such orders.", _USELESS, _NOT_ON_THE_SYMBOL),
    "Quote order qty market orders are not support for this symbol.": (
        "The symbol has no market orders by quoteOrderQty.",
        _USELESS,
        _NOT_ON_THE_SYMBOL,
    ),
    "Order amend is not supported for this symbol.": ("The symbol has no amendments.", _USELESS, _NOT_ON_THE_SYMBOL),
    "Order cancel-replace is not supported for this symbol.": ("The symbol has no cancel-replace.", _USELESS, _NOT_ON_THE_SYMBOL),
    "This symbol is not permitted for this account.": (
        "The account lacks the permission that the symbol asks for.",
        _USELESS,
        "compare the account's permissions with the symbol's permissionSets",
    ),
    "This symbol is restricted for this account.": ("The account may not trade the symbol.", _USELESS, "an isolated margin account"),
    "Order was not canceled due to cancel restrictions.": ("cancelRestrictions did not hold.", _USELESS, "the order was filled in part"),
    "Rest API trading is not enabled.": ("This server takes no orders over REST.", _USELESS, "a host for market data only"),
    "WebSocket API trading is not enabled.": ("This server takes no orders over the WebSocket API.", _USELESS, ""),
    "FIX API trading is not enabled.": ("This server takes no orders over FIX.", _USELESS, ""),
    "Order book liquidity is less than `LOT_SIZE` filter minimum quantity.": (
        "The book holds too little for a market order by quoteOrderQty.",
        _LATER,
        "a symbol that hardly anybody trades now",
    ),
    "Order book liquidity is less than `MARKET_LOT_SIZE` filter minimum quantity.": (
        "The book holds too little for a market order by quoteOrderQty.",
        _LATER,
        "a symbol that hardly anybody trades now",
    ),
    "Order book liquidity is less than symbol minimum quantity.": (
        "The book is empty, so that a market order by quoteOrderQty has no quantity.",
        _LATER,
        "a symbol that hardly anybody trades now",
    ),
    "Order amend (quantity increase) is not supported.": ("newQty is not below the order's quantity.", _USELESS, ""),
    "The requested action would change no state; rejecting": ("newQty is the order's quantity already.", _USELESS, "amended before"),
    "This order type may not use pegged price.": ("This type of order has no pegged price.", _USELESS, "MARKET, STOP_LOSS or TAKE_PROFIT"),
    "This price peg cannot be used with this order type.": ("A LIMIT_MAKER is pegged to its own side only.", _USELESS, "MARKET_PEG"),
    "Order book liquidity is too low for this pegged order.": ("There is no price to peg the order to.", _LATER, "an empty book"),
    "Order amend (pending OPO order) is not supported.": ("What waits in an OPO has no quantity to amend.", _USELESS, ""),
} | {
    f"{kind} orders are not supported for this symbol.": ("The symbol has no such orders.", _USELESS, _NOT_ON_THE_SYMBOL)
    for kind in _KINDS_OF_ORDERS
}

_OFF_THE_STEPS: Final = "a calculated number that was not rounded: quantize_order() brings it onto the symbol's steps"
_MARKET_MOVED: Final = "the market has moved since the price was calculated"
_CLEAN_UP: Final = "orders that are not needed any more: get_open_orders() shows them"
_FILTERS: Final[Mapping[str, tuple[str, str]]] = {
    "PRICE_FILTER": ("The price is below the minimum, above the maximum, or not a multiple of tickSize.", _OFF_THE_STEPS),
    "PERCENT_PRICE": ("The price is too far from the reference price.", _MARKET_MOVED),
    "PERCENT_PRICE_BY_SIDE": ("The price is too far from the reference price for its side.", _MARKET_MOVED),
    "LOT_SIZE": ("The quantity is below the minimum, above the maximum, or not a multiple of stepSize.", _OFF_THE_STEPS),
    "MARKET_LOT_SIZE": ("The quantity is outside of what a market order may have.", "a large market order; split it"),
    "MIN_NOTIONAL": ("Price times quantity is below the minimum.", "an order that is too small"),
    "NOTIONAL": ("Price times quantity is below the minimum or above the maximum.", "an order that is too small"),
    "ICEBERG_PARTS": ("The order would have too many parts.", "icebergQty is too small for the quantity"),
    "MAX_POSITION": ("Balance and open buy orders together are more than the symbol allows to hold.", _CLEAN_UP),
    "TRAILING_DELTA": ("trailingDelta is below the minimum or above the maximum of its direction.", "basis points: 100 are one percent"),
    "MAX_NUM_ORDERS": ("Too many orders are open on the symbol.", _CLEAN_UP),
    "MAX_NUM_ALGO_ORDERS": ("Too many stop orders are open on the symbol.", _CLEAN_UP),
    "MAX_NUM_ICEBERG_ORDERS": ("Too many icebergs are open on the symbol.", _CLEAN_UP),
    "MAX_NUM_ORDER_LISTS": ("Too many order lists are open on the symbol.", _CLEAN_UP),
    "MAX_NUM_ORDER_AMENDS": ("The order was amended as often as it may be.", "ten times at most; cancel it and place another"),
    "EXCHANGE_MAX_NUM_ORDERS": ("Too many orders are open on the exchange.", _CLEAN_UP),
    "EXCHANGE_MAX_NUM_ALGO_ORDERS": ("Too many stop orders are open on the exchange.", _CLEAN_UP),
    "EXCHANGE_MAX_NUM_ICEBERG_ORDERS": ("Too many icebergs are open on the exchange.", _CLEAN_UP),
    "EXCHANGE_MAX_NUM_ORDER_LISTS": ("Too many order lists are open on the exchange.", _CLEAN_UP),
    "MAX_ASSET": ("One order may not move that much of the asset.", "get_my_filters() shows the limit; split the order"),
}


def _explained(name: str, meaning: str, repeat: Repeat, cause: str) -> Explanation:
    return Explanation(name, meaning, repeat, (cause,) if cause else ())


SENTENCES: Final[Mapping[str, Explanation]] = {
    sentence.rstrip("."): _explained(sentence.rstrip("."), *explained) for sentence, explained in _SENTENCES.items()
}
"""By the sentence without its full stop, which the venue itself sets now and then."""

FILTERS: Final[Mapping[str, Explanation]] = {
    name: _explained(name, meaning, _USELESS, cause) for name, (meaning, cause) in _FILTERS.items()
}

STATUSES: Final[Mapping[int, Explanation]] = {
    401: Explanation("HTTP 401", "The key was refused.", _USELESS, ("a key of another environment",)),
    403: Explanation(
        "HTTP 403",
        "The venue's firewall has refused the request before anything looked at it.",
        _USELESS,
        ("a region that the venue does not serve", "a parameter that looks like an attack", "far too many requests"),
    ),
    404: Explanation(
        "HTTP 404",
        "There is nothing at this address.",
        _USELESS,
        ("a base URL with a path that does not belong", "a /sapi call on the test network or in demo mode, which have none"),
    ),
    406: Explanation("HTTP 406", "Binary answers were asked for and are switched off.", _USELESS, ("headers in requests_params",)),
    408: Explanation("HTTP 408", "The venue did not get an answer from its own machinery in time.", _UNSAFE, ("trouble at the venue",)),
    409: Explanation("HTTP 409", "One half of a cancel-replace was carried out.", _UNSAFE, ("the exception's data shows both halves",)),
    418: Explanation("HTTP 418", "The address is banned for a while.", _LATER, ("calls that went on in spite of 429",)),
    429: Explanation("HTTP 429", "Too many requests or orders.", _LATER, ("other programs behind the same address",)),
    500: Explanation("HTTP 500", "Something failed at the venue.", _UNSAFE, ("trouble at the venue",)),
    502: Explanation("HTTP 502", "What stands before the venue got no answer from it.", _UNSAFE, ("trouble at the venue",)),
    503: Explanation("HTTP 503", "The venue is overloaded or being maintained.", _UNSAFE, ("a market with much going on", "maintenance")),
    504: Explanation("HTTP 504", "The venue did not answer in time.", _UNSAFE, ("trouble at the venue",)),
}

MESSAGES: Final[Mapping[str, int]] = {
    "An unknown error occurred while processing the request": -1000,
    "Internal error; unable to process your request": -1001,
    "You are not authorized to execute this request": -1002,
    "Too many requests queued": -1003,
    "request weight used": -1003,
    "An unexpected response was received from the message bus": -1006,
    "Timeout waiting for response from backend server": -1007,
    "Server is currently overloaded with other requests": -1008,
    "Too many new orders": -1015,
    "This service is no longer available": -1016,
    "This operation is not supported": -1020,
    "Timestamp for this request": -1021,
    "Signature for this request is not valid": -1022,
    "Too many concurrent connections": -1034,
    "Too many connection attempts": -1034,
    "Illegal characters found in": -1100,
    "Too many parameters": -1101,
    "Duplicate values for a parameter detected": -1101,
    "Mandatory parameter": -1102,
    "must be sent, but both were empty/null": -1102,
    "contains unexpected value. Cannot be greater than": -1102,
    "An unknown parameter was sent": -1103,
    "Not all sent parameters were read": -1104,
    "sent when not required": -1106,
    "has too much precision": -1111,
    "No orders on book for symbol": -1112,
    "TimeInForce parameter sent when not required": -1114,
    "Invalid timeInForce": -1115,
    "Invalid orderType": -1116,
    "Invalid side": -1117,
    "New client order ID was empty": -1118,
    "Original client order ID was empty": -1119,
    "Invalid interval": -1120,
    "Invalid symbol.": -1121,
    "Invalid symbolStatus": -1122,
    "This listenKey does not exist": -1125,
    "Lookup interval is too big": -1127,
    "hours between startTime and endTime": -1127,
    "Combination of optional parameters invalid": -1128,
    "Symbol is present multiple times in the list": -1151,
    "Invalid value for time unit": -1194,
    "Order does not exist": -2013,
    "API-key format invalid": -2014,
    "Invalid API-key, IP, or permissions for action": -2015,
    "No trading window could be found": -2016,
    "Order cancel-replace partially failed": -2021,
    "Order cancel-replace failed": -2022,
    "has been archived": -2026,
    "Client order ID is not correct for this order ID": -2039,
    "doesn't have a reference price": -2043,
}
"""The fixed part of what the venue says with a code, for who has only that."""
