"""What Binance's refusals mean: its codes and texts as rows of a table. Pure.

Source: https://developers.binance.com/docs/binance-spot-api-docs/errors
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from exchangeclient.core import jsonio
from exchangeclient.core.request import Response, redacted
from exchangeclient.exceptions import (
    AuthenticationException,
    ClockSkewException,
    DuplicateOrderException,
    ExchangeAPIException,
    InsufficientFundsException,
    OrderNotFoundException,
    PermissionException,
    RateLimitException,
    UnknownSymbolException,
)

Meaning = type[ExchangeAPIException]

BY_CODE: Final[Mapping[int, Meaning]] = {
    -1002: PermissionException,  # not authorized to execute this request
    -1003: RateLimitException,  # too much request weight, or banned
    -1015: RateLimitException,  # too many orders
    -1021: ClockSkewException,
    -1022: AuthenticationException,  # signature not valid
    -1034: RateLimitException,  # too many connections
    -1121: UnknownSymbolException,
    -2013: OrderNotFoundException,
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
    418: RateLimitException,  # banned
    429: RateLimitException,
}

_FILTER = "Filter failure: "
_LONGEST_TEXT = 200


def refusal(response: Response) -> ExchangeAPIException | None:
    """The error that an answer stands for, None when it is a good one."""
    if response.status < 400:
        return None
    code, message = _said(response)
    return meaning(response.status, code, message)(
        message,
        status_code=response.status,
        code=code,
        retry_after=_seconds(response.headers.get("retry-after")),
        rule=message.removeprefix(_FILTER) if message.startswith(_FILTER) else "",
    )


def meaning(status: int, code: int, message: str) -> Meaning:
    """The class of an error: by the engine's text, by code, else by HTTP status."""
    if code in _ENGINE_CODES and message in BY_TEXT:
        return BY_TEXT[message]
    if code == _ILLEGAL_CHARS and message.startswith(_OF_SYMBOL):
        return UnknownSymbolException
    return BY_CODE.get(code) or BY_STATUS.get(status) or ExchangeAPIException


def _said(response: Response) -> tuple[int, str]:
    """Code and text of an error body; code 0 and the body's beginning when it has another shape."""
    text = response.body[: 4 * _LONGEST_TEXT].decode(errors="replace")[:_LONGEST_TEXT]
    try:
        body: Any = jsonio.decode(response.body)
    except ValueError:
        body = None
    match body:
        case {"code": int(code), "msg": str(message)}:
            return code, message
    if response.status == 403:
        return 0, f"the venue's firewall refused the request: {redacted(text) or response.reason}"
    return 0, redacted(text) or response.reason or f"HTTP {response.status}"


def _seconds(header: str | None) -> float | None:
    return float(header) if header is not None and header.isascii() and header.isdigit() else None
