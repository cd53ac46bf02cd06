"""What Binance's refusals mean: its codes and texts as rows of a table. Pure.

Source: https://developers.binance.com/docs/binance-spot-api-docs/errors
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from exchangeclient.core.http import jsonio
from exchangeclient.core.http.request import Response, redacted
from exchangeclient.core.http.retry import date_of, retry_after_s
from exchangeclient.exceptions import (
    AuthenticationException,
    ClockSkewException,
    DuplicateOrderException,
    ExchangeAPIException,
    InsufficientFundsException,
    OrderNotFoundException,
    OverloadException,
    PermissionException,
    RateLimitException,
    UnknownSymbolException,
)

Meaning = type[ExchangeAPIException]

BANNED: Final = 418
"""The HTTP status of whatever is asked from an address that is banned."""

BY_CODE: Final[Mapping[int, Meaning]] = {
    -1002: PermissionException,  # not authorized to execute this request
    -1003: RateLimitException,  # too much request weight, or banned
    -1008: OverloadException,
    -1015: RateLimitException,  # too many orders
    -1021: ClockSkewException,
    -1022: AuthenticationException,  # signature not valid
    -1034: RateLimitException,  # too many connections
    -1121: UnknownSymbolException,
    -2013: OrderNotFoundException,
    -2018: OrderNotFoundException,  # no such list of orders
    -2014: AuthenticationException,  # format of the key
    -2015: AuthenticationException,  # key, address or permissions: the venue does not say which
    -2026: OrderNotFoundException,  # archived after 90 days
}

# The matching engine answers with few codes; its texts are fixed sentences.
BY_TEXT: Final[Mapping[str, Meaning]] = {
    "Unknown order sent.": OrderNotFoundException,
    "Duplicate order sent.": DuplicateOrderException,
    "Account has insufficient balance for requested action.": InsufficientFundsException,
    "This action is disabled on this account.": PermissionException,
    "This account may not place or cancel orders.": PermissionException,
    "This symbol is not permitted for this account.": PermissionException,
    "This symbol is restricted for this account.": PermissionException,
    "Rest API trading is not enabled.": PermissionException,
    "WebSocket API trading is not enabled.": PermissionException,
}
# A text that can be no symbol is answered by another code than a symbol that is not listed.
_ILLEGAL_CHARS = -1100
_OF_SYMBOL = "Illegal characters found in parameter 'symbol'"
_ENGINE_CODES = (-1010, -2010, -2011, -2038)

BY_STATUS: Final[Mapping[int, Meaning]] = {
    401: AuthenticationException,
    BANNED: RateLimitException,
    429: RateLimitException,
}

# "execution status unknown", in the venue's own words
_OUTCOME_UNKNOWN = (-1000, -1001, -1006, -1007, -1008)
_PARTIALLY_FAILED = -2021
_TIMED_OUT = 408
_TOO_MANY_ORDERS = -1015
# The web site, binance.us and the former /wapi refuse with HTTP 200. Only the outermost object is read, so a long answer costs nothing.
_UNDONE = re.compile(rb'\s*\{[^{}\[\]]*"success"\s*:\s*false\b')
_FILTER = "Filter failure: "
_LONGEST_TEXT = 200
# "IP addresses are banned [...] from 2 minutes to 3 days": the least is for a ban that does not say how long it lasts
_SHORTEST_BAN_S = 120.0
_BANNED_UNTIL = re.compile(r"banned until ([0-9]{13})\b")


def refusal(response: Response) -> ExchangeAPIException | None:
    """The error that an answer stands for, None when it is a good one."""
    if response.status < 400 and not _UNDONE.match(response.body):
        return None
    code, message, data = _said(response)
    refused = meaning(response.status, code, message)(
        message,
        status_code=response.status,
        code=code,
        retry_after=retry_after_s(response.headers),
        rule=message.removeprefix(_FILTER) if message.startswith(_FILTER) else "",
        outcome_unknown=response.status >= 500 or response.status == _TIMED_OUT or _does_not_know(code, data),
        data=data,
    )
    if isinstance(refused, RateLimitException):
        refused.of_account = code == _TOO_MANY_ORDERS
        refused.banned_until = _banned_until(message, response.headers)
        if response.status == BANNED and refused.retry_after is refused.banned_until is None:
            refused.retry_after = _SHORTEST_BAN_S
    return refused


def _does_not_know(code: int, data: Any) -> bool:
    """True when the venue says so, of the call or of one of its halves; or does not say which half was carried out."""
    if not isinstance(data, dict):
        return code in (*_OUTCOME_UNKNOWN, _PARTIALLY_FAILED)
    halves = [half.get("code") for half in data.values() if isinstance(half, dict)]
    return any(said in _OUTCOME_UNKNOWN for said in (code, *halves))


def meaning(status: int, code: int, message: str) -> Meaning:
    """The class of an error: by the engine's text, by code, else by HTTP status."""
    if code in _ENGINE_CODES and message in BY_TEXT:
        return BY_TEXT[message]
    if code == _ILLEGAL_CHARS and message.startswith(_OF_SYMBOL):
        return UnknownSymbolException
    return BY_CODE.get(code) or BY_STATUS.get(status) or ExchangeAPIException


def _said(response: Response) -> tuple[int, str, Any]:
    """Code, text and data of an error body; code 0 and the body's beginning when it has another shape."""
    text = response.body[: 4 * _LONGEST_TEXT].decode(errors="replace")[:_LONGEST_TEXT]
    try:
        body: Any = jsonio.decode(response.body)
    except ValueError:
        body = None
    match body:
        case {"code": int(code), "msg": str(message)}:
            return code, redacted(message), body.get("data")
        case {"success": False, "msg": str(message)} | {"success": False, "message": str(message)}:
            return 0, redacted(message), body.get("data")
    if response.status == 403:
        return 0, f"the venue's firewall refused the request: {redacted(text) or response.reason}", None
    return 0, redacted(text) or response.reason or f"HTTP {response.status}", None


def _banned_until(message: str, headers: Mapping[str, str]) -> int | None:
    """Until when the venue wants no request, by its own clock in milliseconds; None when it names no such moment."""
    if said := _BANNED_UNTIL.search(message):
        return int(said[1])
    until = date_of(headers.get("retry-after", ""))
    return None if until is None else round(until.timestamp() * 1000)
