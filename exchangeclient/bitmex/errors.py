"""What BitMEX's refusals mean: its texts as rows of a table, since it has no codes, and where in an answer they stand. Pure.

The HTTP status stands for the code, as it does in the venue's own socket messages; 0 where something else than the venue has answered.

The name in an error (``HTTPError``, ``ValidationError``) says little: faults that last carry the same as those that pass. A cancellation is
answered with a row for each order, and one that was refused has its own text in it, under the status 200.
Source: https://www.bitmex.com/app/restAPI#Limits, https://github.com/BitMEX/api-connectors
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from exchangeclient.core.http import jsonio
from exchangeclient.core.http.request import Response, redacted
from exchangeclient.core.http.retry import retry_after_s
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


class Text(NamedTuple):
    """What a text of the venue's means.

    :ivar pattern: how it begins, in small letters
    :ivar rule: the order rule that it names, in the words of instruments
    """

    pattern: re.Pattern[str]
    meaning: Meaning
    rule: str = ""


def _begins(text: str, meaning: Meaning, rule: str = "") -> Text:
    return Text(re.compile(text, re.IGNORECASE), meaning, rule)


TEXTS: Final[tuple[Text, ...]] = (
    _begins("duplicate clordid", DuplicateOrderException),
    _begins("invalid orderid|invalid ordstatus|unable to cancel order|not found$", OrderNotFoundException),
    _begins("account has insufficient available balance|insufficient available balance", InsufficientFundsException),
    _begins("account is restricted", PermissionException),
    _begins("(invalid|unknown) (symbol|instrument)|(symbol|instrument) (is invalid|not found)", UnknownSymbolException),
    _begins("(this )?request (has )?expired", ClockSkewException),
    _begins("the system is currently overloaded", OverloadException),
    _begins("rate limit exceeded", RateLimitException),
    _begins("invalid price ticksize|price must be a number|invalid price", ExchangeAPIException, "tickSize"),
    _begins("invalid stoppx", ExchangeAPIException, "tickSize"),
    _begins("invalid orderqty|orderqty is invalid|order quantity must be a multiple", ExchangeAPIException, "lotSize"),
)

BY_STATUS: Final[Mapping[int, Meaning]] = {
    401: AuthenticationException,
    403: PermissionException,
    404: OrderNotFoundException,  # every other path that is called here exists
    429: RateLimitException,
    503: OverloadException,
}

_REFUSED: Final = 400
_STATUS_TIMED_OUT: Final = 408
_LONGEST_TEXT: Final = 200
_SECONDS = re.compile(r"retry in (\d{1,6})\s?s", re.IGNORECASE)
_UNSAID_S: Final = 10.0  # how long to keep still when the venue does not say
_SECOND: Final = "x-ratelimit-remaining-1s"
_ERROR: Final = b'"error"'
_IDS: Final = frozenset(("orderID", "clOrdID"))


def refusal(response: Response) -> ExchangeAPIException | None:
    """The error that an answer stands for; None for a good one, and for several cancellations of which any was carried out."""
    if response.status < _REFUSED and _ERROR not in response.body:
        return None  # nearly every one that there is
    said = _said(response)
    if said is None:
        return None
    code, message, rows = said
    return error_of(message, status=response.status, code=code, data=rows, headers=response.headers)


def error_of(
    message: str, *, status: int, code: int = 0, data: Any = None, headers: Mapping[str, str] | None = None
) -> ExchangeAPIException:
    """The error of a text."""
    headers = headers or {}
    known = text_of(message)
    refused = meaning(status, message, code)(
        message,
        status_code=status,
        code=code,
        retry_after=retry_after_s(headers),
        rule="" if known is None else known.rule,
        # A busy venue says that it has thrown the call away. That is not relied upon: an order is asked after.
        outcome_unknown=status >= 500 or status == _STATUS_TIMED_OUT,
        data=data,
    )
    if isinstance(refused, RateLimitException):
        told = _SECONDS.search(message)
        refused.retry_after = refused.retry_after or (float(told[1]) if told else 0.0) or _UNSAID_S
        refused.of_account = headers.get(_SECOND) == "0"
    return refused


def meaning(status: int, message: str, code: int) -> Meaning:
    """The class of an error: by its text, else by the HTTP status. What stands before the venue, ``code`` 0, knows nothing of orders."""
    known = text_of(message)
    by_status = BY_STATUS.get(status, ExchangeAPIException)
    found = by_status if known is None or known.meaning is ExchangeAPIException else known.meaning
    return ExchangeAPIException if found is OrderNotFoundException and not code else found


def text_of(message: str) -> Text | None:
    """The row of the table for a text; None for one that is not in it."""
    return next((row for row in TEXTS if row.pattern.match(message)), None)


def _said(response: Response) -> tuple[int, str, Any] | None:
    """Code, text and rows of a refusal; None for a good answer."""
    code = max(response.status, _REFUSED)
    try:
        body: Any = jsonio.decode(response.body)
    except ValueError:
        body = None
    match body:
        case {"error": {"message": message}} | {"error": str(message)} if len(body) == 1 or response.status >= _REFUSED:
            return code, redacted(str(message)) or _beginning(response), None
        case [_, *_] if response.status < _REFUSED:
            texts = [str(row.get("error") or "") if isinstance(row, dict) and not _IDS.isdisjoint(row) else "" for row in body]
            return (code, redacted(texts[0]), body) if all(texts) else None
    return None if response.status < _REFUSED else (0, _beginning(response), None)


def _beginning(response: Response) -> str:
    text = redacted(response.body[: 4 * _LONGEST_TEXT].decode(errors="replace")[:_LONGEST_TEXT])
    if response.status == 403:
        return f"the venue's firewall refused the request: {text or response.reason}"
    return text or response.reason or f"HTTP {response.status}"
