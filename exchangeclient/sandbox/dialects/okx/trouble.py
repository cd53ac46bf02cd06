"""OKX's words for trouble: what its errors look like while faults are made on purpose, and who and what they are about."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from contextlib import AbstractContextManager
from typing import Any
from urllib.parse import parse_qsl

import msgspec
from msgspec import structs

from exchangeclient.sandbox.dialects.clocks import Clocks
from exchangeclient.sandbox.dialects.okx import errors, rest, sockets
from exchangeclient.sandbox.dialects.okx.errors import VenueError
from exchangeclient.sandbox.dialects.okx.operations import OPERATIONS
from exchangeclient.sandbox.dialects.okx.venue import Venue
from exchangeclient.sandbox.faults.words import Refusal
from exchangeclient.serving.messages import HttpRequest, HttpResponse

_BY_STATUS = {
    401: errors.BAD_SIGN,
    429: errors.TOO_MANY,
    503: errors.UNAVAILABLE,
    504: errors.TIMED_OUT,
}
_BY_CODE = {row.code: row for row in vars(errors).values() if isinstance(row, errors.Row)}


class OkxWords(Clocks):
    """The venue, as far as faults have to speak like it.

    :param turn: while it is open, nobody else is on the exchange
    """

    def __init__(self, venue: Venue, turn: AbstractContextManager[None]) -> None:
        super().__init__(venue, turn)
        self._venue = venue

    # ---- requests ----------------------------------------------------------------------------------------------------

    def account(self, request: HttpRequest) -> str:
        return request.headers.get("ok-access-key", "")

    def identity(self, request: HttpRequest) -> Hashable:
        return request.method, request.path, self.account(request), frozenset(parse_qsl(request.query)), request.body

    def error(self, request: HttpRequest, refusal: Refusal) -> HttpResponse:  # noqa: ARG002 - it is the same for all
        response = rest.refused(_spoken(refusal))
        if refusal.retry_after is None:
            return response
        return structs.replace(response, headers={**response.headers, "Retry-After": refusal.retry_after})

    def not_found(self) -> Refusal:
        return Refusal(errors.NO_SUCH_ORDER.status, int(errors.NO_SUCH_ORDER.code), errors.NO_SUCH_ORDER.text)

    def maintenance(self, status: int) -> Refusal:
        return Refusal(status, int(errors.UNAVAILABLE.code), errors.UNAVAILABLE.text)

    # ---- websockets --------------------------------------------------------------------------------------------------

    def caller(self, payload: str | bytes) -> tuple[str, str]:
        request = _read(payload)
        arguments = request.get("args")
        first = arguments[0] if isinstance(arguments, list) and arguments else None
        key = first.get("apiKey") if isinstance(first, dict) else None
        return str(request.get("op") or ""), key if isinstance(key, str) else ""

    def call_error(self, request: HttpRequest, payload: str | bytes, refusal: Refusal) -> bytes:  # noqa: ARG002 - as above
        error, call = _spoken(refusal), _read(payload)
        if call.get("op") not in OPERATIONS:
            return msgspec.json.encode({"event": "error", "msg": error.text, "code": error.code, "connId": "00000000"})
        now = str(self._venue.now_us)
        head = {"id": str(call.get("id") or ""), "op": call["op"]}
        return msgspec.json.encode({**head, "code": error.code, "msg": error.text, "data": [], "inTime": now, "outTime": now})

    def owner(self, topic: str) -> str:
        return topic.partition("@")[2]

    def shutdown(self, request: HttpRequest) -> bytes:  # noqa: ARG002 - as above
        return sockets.notice()


def _spoken(refusal: Refusal) -> VenueError:
    """What the venue usually says with this code or this status, as far as nothing else is said."""
    usual = _BY_STATUS.get(refusal.status, errors.SYSTEM_ERROR)
    code = usual.code if refusal.code is None else str(refusal.code)
    text = _BY_CODE.get(code, usual).text if refusal.text is None else refusal.text
    return VenueError(code, text, refusal.status)


def _read(payload: str | bytes) -> Mapping[str, Any]:
    try:
        request = msgspec.json.decode(payload)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return {}
    return request if isinstance(request, dict) else {}
