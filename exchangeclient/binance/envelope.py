"""What an answer of the WebSocket API says, in the form of one on REST. Pure.

Source: Binance Spot API documentation, "WebSocket API", "Response format" and "Rate limits".
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from exchangeclient.binance import limits
from exchangeclient.binance.readings import milliseconds
from exchangeclient.core.http import jsonio
from exchangeclient.core.http.request import Response, redacted


def response(payload: bytes) -> Response:
    """An answer in the form of one on REST, counts and waiting times in its headers.

    :raises ValueError: when it is none
    """
    fields = jsonio.fields(payload)
    status = jsonio.decode(fields.get("status", b"null"))
    if not isinstance(status, int) or not fields.keys() & {"result", "error"}:
        raise ValueError(f"it begins {shown(payload)}")
    headers = dict(_counts(jsonio.decode(fields.get("rateLimits", b"null"))))
    wait_s = _wait_s(jsonio.decode(fields["error"])) if "error" in fields else None
    if wait_s is not None:
        headers["retry-after"] = str(wait_s)
    return Response(status, fields["error"] if "error" in fields else fields["result"], headers)


def _counts(rows: Any) -> Iterator[tuple[str, str]]:
    """What the venue has counted, under the names of the headers that tell it on REST."""
    for row in rows if isinstance(rows, list) else ():
        match row:
            case {
                "rateLimitType": "REQUEST_WEIGHT" | "ORDERS" as kind,
                "interval": "SECOND" | "MINUTE" | "HOUR" | "DAY" as interval,
                "intervalNum": int(number),
                "count": int(count),
            }:
                yield limits.limit(kind, interval, number, 0).header, str(count)


def _wait_s(error: Any) -> int | None:
    """For how long the venue wants no request, in whole seconds."""
    match error:
        case {"data": {"serverTime": int(now), "retryAfter": int(until)}} if until > now:
            return math.ceil((milliseconds(until) - milliseconds(now)) / 1000)
    return None


def shown(payload: bytes) -> str:
    """The beginning of a message, without what is secret: a venue may repeat it."""
    return redacted(payload[:200].decode(errors="replace"))
