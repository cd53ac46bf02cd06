"""Binance's words for trouble: what its errors look like while faults are made on purpose, and who and what they are about."""

from __future__ import annotations

import re
from collections.abc import Hashable
from contextlib import AbstractContextManager, suppress
from urllib.parse import parse_qsl

from msgspec import structs

from exchangeclient.sandbox.dialects.binance import errors, frames, rest, wsapi
from exchangeclient.sandbox.dialects.binance.errors import Row, VenueError
from exchangeclient.sandbox.dialects.binance.limits import LimitReached
from exchangeclient.sandbox.dialects.binance.params import Params
from exchangeclient.sandbox.dialects.binance.perform import Outcome
from exchangeclient.sandbox.dialects.binance.security import SIGNED_NAMES
from exchangeclient.sandbox.dialects.binance.stream_shapes import server_shutdown
from exchangeclient.sandbox.dialects.binance.streams import SHUTDOWN
from exchangeclient.sandbox.dialects.binance.times import UNITS, Time, encode
from exchangeclient.sandbox.dialects.binance.user import USER_DATA
from exchangeclient.sandbox.dialects.binance.venue import Venue
from exchangeclient.sandbox.dialects.clocks import Clocks
from exchangeclient.sandbox.faults.words import Refusal
from exchangeclient.serving.messages import HttpRequest, HttpResponse

_BAN_US = 120_000_000
_SECONDS = re.compile(r"-?[0-9]{1,12}", re.ASCII)
_UNKNOWN = Row(-1000, "An unknown error occurred while processing the request.", 500)
_BY_STATUS = {
    401: errors.BAD_KEY,
    503: Row(-1001, "Internal error; unable to process your request. Please try again.", 503),
    504: Row(-1007, "Timeout waiting for response from backend server. Send status unknown; execution status unknown.", 504),
}


class BinanceWords(Clocks):
    """The venue, as far as faults have to speak like it.

    :param turn: while it is open, nobody else is on the exchange
    """

    def __init__(self, venue: Venue, turn: AbstractContextManager[None]) -> None:
        super().__init__(venue, turn)
        self._venue = venue

    # ---- requests ------------------------------------------------------------------------------------------------------

    def account(self, request: HttpRequest) -> str:
        return request.headers.get("x-mbx-apikey", "")

    def identity(self, request: HttpRequest) -> Hashable:
        form = request.body.decode("utf-8", "replace")
        asked = parse_qsl(request.query, keep_blank_values=True) + parse_qsl(form, keep_blank_values=True)
        return request.method, request.path, self.account(request), frozenset(pair for pair in asked if pair[0] not in SIGNED_NAMES)

    def error(self, request: HttpRequest, refusal: Refusal) -> HttpResponse:
        response = rest.refused(self._venue, request.peer, Outcome.of(self._spoken(refusal)))
        if refusal.retry_after is None:
            return response
        return structs.replace(response, headers={**response.headers, "Retry-After": refusal.retry_after})

    def not_found(self) -> Refusal:
        return Refusal(errors.NO_SUCH_ORDER.status, errors.NO_SUCH_ORDER.code, errors.NO_SUCH_ORDER.text)

    def maintenance(self, status: int) -> Refusal:
        return Refusal(status, errors.SHUT_DOWN.code, errors.SHUT_DOWN.text)

    # ---- websockets ----------------------------------------------------------------------------------------------------

    def caller(self, payload: str | bytes) -> tuple[str, str]:
        try:
            fields = frames.fields_of(payload)
            method = frames.method_of(fields)
        except VenueError:
            return "", ""
        try:
            return method, frames.values_of(fields).get("apiKey", "")
        except VenueError:  # the control messages of the streams have a list there
            return method, ""

    def call_error(self, request: HttpRequest, payload: str | bytes, refusal: Refusal) -> bytes:
        error = self._spoken(refusal)
        request_id: int | str | None = None
        values: dict[str, str] = {}
        with suppress(VenueError):  # whatever it was, it is refused
            fields = frames.fields_of(payload)
            request_id = frames.id_of(fields)
            values = frames.values_of(fields)
        if not _is_wsapi(request):
            return encode({**error.shape(), "id": request_id})
        options = wsapi.options_of(request.query)
        show_limits = options.show_limits
        with suppress(VenueError):  # what was sent is neither true nor false
            show_limits = Params(values).flag("returnRateLimits", default=show_limits)
        shape = wsapi.reply(self._venue, request.peer, request_id, Outcome.of(error), show_limits=show_limits)
        if refusal.retry_after is not None:
            now_us = self._venue.live.now_us
            shape["error"]["data"] = {"serverTime": Time(now_us), "retryAfter": _retry_at(refusal.retry_after, now_us)}
        return encode(shape, options.unit)

    def owner(self, topic: str) -> str:
        return topic.removeprefix(USER_DATA) if topic.startswith(USER_DATA) else self._venue.listen_keys.owner(topic)

    def shutdown(self, request: HttpRequest) -> bytes:
        event = server_shutdown(self._venue.now_us)
        unit = UNITS.get(dict(parse_qsl(request.query)).get("timeUnit"), "MILLISECOND")
        if _is_wsapi(request):
            return encode({"event": event}, unit)
        return encode({"stream": SHUTDOWN, "data": event} if request.path.startswith("/stream") else event, unit)

    def _spoken(self, refusal: Refusal) -> VenueError:
        """What the venue usually says with this status, as far as nothing else is said."""
        usual = self._usual(refusal.status, refusal.code)
        code = usual.code if refusal.code is None else refusal.code
        text = usual.text if refusal.text is None else refusal.text
        return VenueError(code, text, refusal.status, retry_at_us=usual.retry_at_us)

    def _usual(self, status: int, code: int | None) -> VenueError:
        limits, now_us = self._venue.limits, self._venue.live.now_us
        if status == errors.BANNED.status:
            until_us = now_us + _BAN_US
            return LimitReached(errors.BANNED, until_us // 1000, retry_at_us=until_us)
        if status == errors.TOO_MANY_ORDERS.status:
            in_ten_seconds, _ = limits.orders
            is_of_orders = code == errors.TOO_MANY_ORDERS.code
            counter, row = (in_ten_seconds, errors.TOO_MANY_ORDERS) if is_of_orders else (limits.weight, errors.TOO_MUCH_WEIGHT)
            return counter.reached(row, now_us)
        return _BY_STATUS.get(status, _UNKNOWN)()


def _retry_at(text: str, now_us: int) -> Time | str:
    """So many seconds from now; another text as it is."""
    return Time(now_us + int(text) * 1_000_000) if _SECONDS.fullmatch(text) else text


def _is_wsapi(request: HttpRequest) -> bool:
    return request.path.rstrip("/") == wsapi.PATH
