"""What OKX's refusals mean: its codes as rows of a table, and where in an answer they stand. Pure.

An envelope's code may be 0 although an order in it was refused, so the rows of order calls are read, whatever the envelope says.
Source: https://www.okx.com/docs-v5/en/#error-code
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from exchangeclient.core.http import jsonio
from exchangeclient.core.http.request import Response, redacted
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

TOO_MANY_CALLS: Final = 50011
TOO_OFTEN: Final = 50040
TOO_MANY_ORDERS: Final = 50061
TIMED_OUT: Final = 50004
_WINDOW_S: Final = 2.0

BY_CODE: Final[Mapping[int, Meaning]] = {
    **dict.fromkeys((50001, TIMED_OUT, 50005, 50013, 50026, 51054, 51149, 63999), OverloadException),
    **dict.fromkeys((TOO_MANY_CALLS, TOO_OFTEN, TOO_MANY_ORDERS), RateLimitException),
    50102: ClockSkewException,
    **dict.fromkeys((60004, 60006), ClockSkewException),  # of a login
    **dict.fromkeys((60001, 60002, 60003, 60005, 60007, 60009, 60011, 60024, 60032), AuthenticationException),  # the same
    60014: RateLimitException,
    50036: ClockSkewException,  # expTime lies before the venue's own time
    # 50100 frozen, 50101 of another environment, 50103-50109 headers, 50111-50114 wrong, 50119 does not exist
    **dict.fromkeys((50100, 50101, *range(50103, 50110), 50111, 50112, 50113, 50114, 50119), AuthenticationException),
    # 50007-50009, 50012, 50027-50029, 51024 the account; 50030, 50041, 50120 the key; 50035, 50110, 50121 the address it comes from;
    # 50032, 50033, 50051, 50052, 51155 what may be traded where; 50059, 50060, 59113 who is not known well enough
    **dict.fromkeys((50007, 50008, 50009, 50012, 50027, 50028, 50029, 51024, 50030, 50041, 50120), PermissionException),
    **dict.fromkeys((50035, 50110, 50121, 50032, 50033, 50051, 50052, 51155, 50059, 50060, 59113), PermissionException),
    51001: UnknownSymbolException,
    **dict.fromkeys((51008, 51119, 51127, 51131, 51502, 59200), InsufficientFundsException),
    **dict.fromkeys((51016, 50071, 51065), DuplicateOrderException),  # the id of an order, of something, of an order that waits
    # 51400, 51503, 51063, 51603 no such order; 51401, 51509 it is cancelled, 51402, 51510 it is filled
    **dict.fromkeys((51400, 51401, 51402, 51503, 51509, 51510, 51063, 51603), OrderNotFoundException),
}

BY_STATUS: Final[Mapping[int, Meaning]] = {
    401: AuthenticationException,
    403: PermissionException,
    429: RateLimitException,
    503: OverloadException,
}

# The order rules that the venue names by a code, in the words of its instruments.
RULES: Final[Mapping[int, str]] = {
    51006: "price-limit",
    51020: "minSz",
    51101: "maxLmtSz",
    51116: "price-limit",
    51120: "minSz",
    51121: "lotSz",
    51137: "price-limit",
    51138: "price-limit",
    51185: "maxLmtAmt",
    51201: "maxMktAmt",
    51202: "maxMktSz",
    51203: "maxLmtAmt",
}

# 50004, 51054 and 51149 are time-outs, 51412 is that of a cancellation: none of them says whether it was carried out.
_DOES_NOT_KNOW: Final = (50001, TIMED_OUT, 50005, 50013, 50026, 51054, 51149, 51412, 63999)
_STATUS_TIMED_OUT: Final = 408
_GOOD: Final = b'{"code":"0"'
_ROW_CODE: Final = b'"sCode"'
_LONGEST_TEXT: Final = 200


def refusal(response: Response) -> ExchangeAPIException | None:
    """The error that an answer stands for; None when it is a good one, and for a list of orders of which any was taken."""
    if response.status < 400 and response.body.startswith(_GOOD) and _ROW_CODE not in response.body:
        return None  # nearly every one that there is
    said = _said(response)
    if said is None:
        return None
    code, message, data = said
    return error_of(code, message, status=response.status, data=data, headers=response.headers)


def error_of(code: int, message: str, *, status: int, data: Any = None, headers: Mapping[str, str] | None = None) -> ExchangeAPIException:
    """The error of a code."""
    refused = meaning(status, code)(
        message,
        status_code=status,
        code=code,
        retry_after=_retry_after_s(headers or {}),
        rule=RULES.get(code, ""),
        outcome_unknown=code in _DOES_NOT_KNOW or (not code and (status >= 500 or status == _STATUS_TIMED_OUT)),
        data=data,
    )
    if isinstance(refused, RateLimitException):
        refused.of_account = code == TOO_MANY_ORDERS
        refused.of_endpoint = code in (TOO_MANY_CALLS, TOO_OFTEN)
        refused.retry_after = refused.retry_after or _WINDOW_S
    return refused


def meaning(status: int, code: int) -> Meaning:
    """The class of an error: by its code, else by the HTTP status of an answer without one."""
    return BY_CODE.get(code) or (None if code else BY_STATUS.get(status)) or ExchangeAPIException


def number(code: object) -> int:
    """A code of the venue's, which is a text, without the sub-code that may be behind it (``51008_1000``); 0 for what is none."""
    digits = code.partition("_")[0] if isinstance(code, str) else ""
    return int(digits) if len(digits) <= 9 and digits.isascii() and digits.isdigit() else 0


def is_in_doubt(row: Mapping[str, Any]) -> bool:
    """True for a row of which the venue itself does not know whether it was carried out."""
    return number(row.get("sCode")) in _DOES_NOT_KNOW


def _said(response: Response) -> tuple[int, str, Any] | None:
    """Code, text and rows of a refusal; None for a good answer."""
    try:
        body: Any = jsonio.decode(response.body)
    except ValueError:
        body = None
    if not isinstance(body, dict) or not isinstance(body.get("code"), str):
        return None if response.status < 400 else (0, _beginning(response), None)
    code, message, rows = body["code"], redacted(str(body.get("msg", ""))), body.get("data")
    judged = [row for row in rows if isinstance(row, dict) and "sCode" in row] if isinstance(rows, list) else []
    refused = [row for row in judged if row["sCode"] != "0"]
    if refused and len(refused) == len(judged):
        first = next((row for row in refused if is_in_doubt(row)), refused[0])
        return number(first["sCode"]) or number(code), redacted(str(first.get("sMsg") or "")) or message, rows
    if judged or (code == "0" and response.status < 400):
        return None
    return number(code), message or _beginning(response), rows or None


def _beginning(response: Response) -> str:
    text = redacted(response.body[: 4 * _LONGEST_TEXT].decode(errors="replace")[:_LONGEST_TEXT])
    if response.status == 403:
        return f"the venue's firewall refused the request: {text or response.reason}"
    return text or response.reason or f"HTTP {response.status}"


def _retry_after_s(headers: Mapping[str, str]) -> float | None:
    text = headers.get("retry-after", "").strip()
    return min(float(text), 86_400.0) or None if text.isascii() and text.isdigit() and len(text) < 9 else None
