"""One connection to Binance's market streams: what it has subscribed to, and the control messages by which it says so."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

import msgspec

from exchangeclient.sandbox.dialects.binance_streams import StreamHub
from exchangeclient.serving.app import Connection

METHODS = ("SUBSCRIBE", "UNSUBSCRIBE", "LIST_SUBSCRIPTIONS", "SET_PROPERTY", "GET_PROPERTY")
MOST_STREAMS = 1024  # of one connection
_LONGEST_ID = 36
_LONGEST_SHOWN = 80


class ControlError(Exception):
    """A control message that the venue does not understand."""

    def __init__(self, code: int, text: str) -> None:
        super().__init__(code, text)
        self.code = code
        self.text = text


class StreamSocket:
    """A websocket at ``/ws`` (raw payloads) or ``/stream`` (``combined``: each wrapped with its stream's name)."""

    def __init__(self, hub: StreamHub, streams: Iterable[str], *, combined: bool) -> None:
        self.combined = combined
        self._hub = hub
        self._streams: dict[str, None] = dict.fromkeys(streams)  # in the order of subscribing
        self._connection: Connection | None = None

    def opened(self, connection: Connection) -> None:
        self._connection = connection
        for stream in self._streams:
            self._hub.subscribe(stream, self)

    def closed(self) -> None:
        self._connection = None
        for stream in self._streams:
            self._hub.unsubscribe(stream, self)

    def deliver(self, message: bytes) -> None:
        if self._connection is not None:
            self._connection.send(message)

    def received(self, payload: str | bytes) -> None:
        request_id: Any = None
        try:
            request = _parsed(payload)
            request_id = _request_id(request)
            answer = {"result": self._done(request), "id": request_id}
        except ControlError as error:
            answer = {"code": error.code, "msg": error.text, "id": request_id}
        self.deliver(msgspec.json.encode(answer))

    def _done(self, request: dict[str, Any]) -> Any:
        """Do what was asked for; the ``result`` of the answer."""
        method, params = _method(request), request.get("params", [])
        if not isinstance(params, list):
            raise ControlError(2, "Invalid request: params must be an array")
        if method == "LIST_SUBSCRIPTIONS":
            _expect(params, 0)
            return list(self._streams)
        if method in ("SUBSCRIBE", "UNSUBSCRIBE"):
            if not all(isinstance(stream, str) for stream in params):
                raise ControlError(2, "Invalid request: stream name must be a string")
            if method == "SUBSCRIBE":
                self._subscribe(params)
            else:
                self._unsubscribe(params)
            return None
        if not params or not isinstance(params[0], str):
            raise ControlError(2, "Invalid request: property name must be a string")
        _expect(params, 2 if method == "SET_PROPERTY" else 1)
        if params[0] != "combined":
            raise ControlError(0, "Unknown property")
        if method == "GET_PROPERTY":
            return self.combined
        if len(params) < 2 or not isinstance(params[1], bool):
            raise ControlError(1, "Invalid value type: expected Boolean")
        self.combined = params[1]
        return None

    def _subscribe(self, streams: list[str]) -> None:
        if len(self._streams | dict.fromkeys(streams)) > MOST_STREAMS:
            raise ControlError(2, f"Invalid request: a connection carries at most {MOST_STREAMS} streams")
        for stream in streams:
            self._streams[stream] = None
            self._hub.subscribe(stream, self)

    def _unsubscribe(self, streams: list[str]) -> None:
        for stream in streams:
            if stream in self._streams:
                del self._streams[stream]
                self._hub.unsubscribe(stream, self)


def _parsed(payload: str | bytes) -> dict[str, Any]:
    try:
        request = msgspec.json.decode(payload)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise ControlError(3, f"Invalid JSON: expected value at {_place(payload, error)}") from None
    if not isinstance(request, dict):
        raise ControlError(2, "Invalid request: expected an object")
    return request


def _place(payload: str | bytes, error: Exception) -> str:
    """Where the text stops to be JSON: at the byte that the error names, or else behind its end."""
    raw = payload.encode("utf-8", "replace") if isinstance(payload, str) else payload
    named = re.search(r"\(byte (\d+)\)", str(error))
    *above, line = (raw[: int(named[1])] if named else raw).decode("utf-8", "replace").split("\n")
    return f"line {len(above) + 1} column {len(line) + 1}"


def _method(request: dict[str, Any]) -> str:
    if "method" not in request:
        raise ControlError(2, "Invalid request: missing field `method`")
    method = request["method"]
    if method not in METHODS:
        expected = ", ".join(f"`{each}`" for each in METHODS)
        raise ControlError(2, f"Invalid request: unknown variant `{str(method)[:_LONGEST_SHOWN]}`, expected one of {expected}")
    return str(method)


def _request_id(request: dict[str, Any]) -> int | str | None:
    request_id = request.get("id")
    is_number = isinstance(request_id, int) and not isinstance(request_id, bool) and -(2**63) <= request_id < 2**63
    is_text = isinstance(request_id, str) and len(request_id) <= _LONGEST_ID
    if not (is_number or is_text or request_id is None):
        raise ControlError(2, "Invalid request: request ID must be an unsigned integer")
    return request_id


def _expect(params: list[Any], most: int) -> None:
    if len(params) > most:
        raise ControlError(2, "Invalid request: too many parameters")
