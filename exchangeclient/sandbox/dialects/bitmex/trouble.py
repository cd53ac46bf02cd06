"""BitMEX's words for trouble: what its errors look like while faults are made on purpose, and who and what they are about."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from contextlib import AbstractContextManager
from typing import Any
from urllib.parse import parse_qsl

import msgspec
from msgspec import structs

from exchangeclient.sandbox.dialects.bitmex import errors, rest
from exchangeclient.sandbox.dialects.bitmex.errors import VenueError
from exchangeclient.sandbox.dialects.bitmex.venue import Venue
from exchangeclient.sandbox.dialects.bitmex.words import iso
from exchangeclient.sandbox.dialects.clocks import Clocks
from exchangeclient.sandbox.faults.words import Refusal
from exchangeclient.serving.messages import HttpRequest, HttpResponse

_BY_STATUS = {
    401: errors.BAD_SIGNATURE,
    403: errors.DENIED,
    404: errors.NOT_FOUND,
    429: errors.Row(429, errors.RATE, "Rate limit exceeded, retry in 1 seconds."),
    503: errors.OVERLOADED,
    504: errors.TIMED_OUT,
}
_SIGNED = ("api-expires", "api-signature")


class BitmexWords(Clocks):
    """The venue, as far as faults have to speak like it; it has no codes, so a code that is given is left out.

    :param turn: while it is open, nobody else is on the exchange
    """

    def __init__(self, venue: Venue, turn: AbstractContextManager[None]) -> None:
        super().__init__(venue, turn)
        self._venue = venue

    # ---- requests ----------------------------------------------------------------------------------------------------

    def account(self, request: HttpRequest) -> str:
        return request.headers.get("api-key", "") or dict(parse_qsl(request.query)).get("api-key", "")

    def identity(self, request: HttpRequest) -> Hashable:
        asked = frozenset(pair for pair in parse_qsl(request.query) if pair[0] not in _SIGNED)
        return request.method, request.path, self.account(request), asked, request.body

    def error(self, request: HttpRequest, refusal: Refusal) -> HttpResponse:  # noqa: ARG002 - it is the same for all
        response = rest.refused(_spoken(refusal))
        if refusal.retry_after is None:
            return response
        return structs.replace(response, headers={**response.headers, "Retry-After": refusal.retry_after})

    def not_found(self) -> Refusal:
        return Refusal(404)

    def maintenance(self, status: int) -> Refusal:
        return Refusal(status, text=errors.UNAVAILABLE.message)

    # ---- websockets --------------------------------------------------------------------------------------------------

    def caller(self, payload: str | bytes) -> tuple[str, str]:
        request = _read(payload)
        op, arguments = request.get("op"), request.get("args")
        key = arguments[0] if op == "authKeyExpires" and isinstance(arguments, list) and arguments else ""
        plain = payload if isinstance(payload, str) else payload.decode("utf-8", "replace")
        return str(op or (plain if plain in ("ping", "help") else "")), str(key)

    def call_error(self, request: HttpRequest, payload: str | bytes, refusal: Refusal) -> bytes:  # noqa: ARG002 - as above
        error, later = _spoken(refusal), refusal.retry_after
        meta = {} if later is None else {"retryAfter": int(later) if later.isdecimal() else later}
        return msgspec.json.encode({"status": error.status, "error": error.message, "meta": meta, "request": _read(payload)})

    def owner(self, topic: str) -> str:
        return topic.partition("@")[2].partition("/")[0]

    def shutdown(self, request: HttpRequest) -> bytes:  # noqa: ARG002 - as above
        return msgspec.json.encode({"info": "The server is about to restart.", "timestamp": iso(self._venue.now_us)})


def _spoken(refusal: Refusal) -> VenueError:
    """What the venue usually says with this status, as far as nothing else is said."""
    usual = _BY_STATUS.get(refusal.status, errors.FAILED)
    if refusal.text is not None:
        return VenueError(refusal.status, usual.name, refusal.text)
    if refusal.status == 429 and refusal.retry_after is not None:
        return VenueError(429, errors.RATE, f"Rate limit exceeded, retry in {refusal.retry_after} seconds.")
    return VenueError(refusal.status, usual.name, usual.message)


def _read(payload: str | bytes) -> Mapping[str, Any]:
    try:
        request = msgspec.json.decode(payload)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return {}
    return request if isinstance(request, dict) else {}
