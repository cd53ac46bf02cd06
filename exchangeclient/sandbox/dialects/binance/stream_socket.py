"""One connection to Binance's market streams: what it has subscribed to, and the control messages by which it says so."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from typing import Any
from urllib.parse import unquote

import msgspec

from exchangeclient.sandbox.dialects.binance.params import pairs
from exchangeclient.sandbox.dialects.binance.streams import SHUTDOWN
from exchangeclient.sandbox.dialects.binance.times import Unit, encode
from exchangeclient.sandbox.dialects.binance.venue import Venue
from exchangeclient.serving.app import Connection, Control, Message

METHODS = ("SUBSCRIBE", "UNSUBSCRIBE", "LIST_SUBSCRIPTIONS", "SET_PROPERTY", "GET_PROPERTY")
MOST_STREAMS = 1024  # of one connection
_TEXT_ID = re.compile(r"[A-Za-z0-9_-]{1,36}", re.ASCII)  # "alphanumeric, max length 36", which is the length of a UUID with its dashes
_LONGEST_SHOWN = 80


def named_streams(path: str, query: str) -> list[str]:
    """What an address subscribes to: ``/ws/a/b``, ``/stream?streams=a/b``.

    :raises VenueError: when the query cannot be read
    """
    if path.startswith("/ws/"):
        named = unquote(path.removeprefix("/ws"))
    elif path.rstrip("/") == "/stream":
        # The plus sign of a time zone, which reads as a space in a query; no stream has one in its name.
        named = "/".join(value.replace(" ", "+") for name, value in pairs(query) if name == "streams")
    else:
        named = ""
    return [stream for stream in named.split("/") if stream]


class ControlError(Exception):
    """A control message that the venue does not understand."""

    def __init__(self, code: int, text: str) -> None:
        super().__init__(code, text)
        self.code = code
        self.text = text


class StreamSocket:
    """A websocket at ``/ws`` (raw payloads) or ``/stream`` (``combined``: each wrapped with its stream's name).

    :param peer: whose it is
    :param unit: of the times in what it sends
    """

    def __init__(self, venue: Venue, peer: str, streams: Iterable[str], *, combined: bool, unit: Unit = "MILLISECOND") -> None:
        self.combined = combined
        self.unit = unit
        self._venue = venue
        self._peer = peer
        self._hub = venue.streams
        self._streams: dict[str, None] = dict.fromkeys(streams)  # in the order of subscribing
        self._pace = venue.limits.pace()
        self._connection: Connection | None = None

    account = ""  # nobody signs in here

    @property
    def topics(self) -> Collection[str]:
        return (*self._streams, SHUTDOWN)

    def opened(self, connection: Connection) -> None:
        self._connection = connection
        for stream in self._streams:
            self._hub.subscribe(stream, self)

    def closed(self) -> None:
        self._connection = None
        for stream in self._streams:
            self._hub.unsubscribe(stream, self)

    def deliver(self, message: Message) -> None:
        if self._connection is not None:
            self._connection.send(message)

    def control(self, kind: Control, payload: bytes) -> None:  # noqa: ARG002 - it counts, whatever it is
        self._is_too_fast()

    def received(self, payload: str | bytes) -> None:
        if self._connection is None or self._is_too_fast():
            return
        request_id: Any = None
        try:
            request = _parsed(payload)
            request_id = _request_id(request)
            answer = {"result": self._done(request), "id": request_id}
        except ControlError as error:
            answer = {"code": error.code, "msg": error.text, "id": request_id}
        self._connection.send(encode(answer))

    def _is_too_fast(self) -> bool:
        """Count one message of the peer; True, and the connection is closed, when it is one too many."""
        if self._connection is None:
            return True
        if not self._venue.limits.exceeds(self._pace, self._peer, self._venue.live.now_us):
            return False
        self._connection.close(1008, "Too many requests")
        self.closed()
        return True

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
        text = method if isinstance(method, str) else msgspec.json.encode(method).decode()
        raise ControlError(2, f"Invalid request: unknown variant `{text[:_LONGEST_SHOWN]}`, expected one of {expected}")
    return str(method)


def _request_id(request: dict[str, Any]) -> int | str | None:
    request_id = request.get("id")
    is_number = isinstance(request_id, int) and not isinstance(request_id, bool) and -(2**63) <= request_id < 2**63
    is_text = isinstance(request_id, str) and _TEXT_ID.fullmatch(request_id) is not None
    if not (is_number or is_text or request_id is None):
        raise ControlError(2, "Invalid request: request ID must be an unsigned integer")
    return request_id


def _expect(params: list[Any], most: int) -> None:
    if len(params) > most:
        raise ControlError(2, "Invalid request: too many parameters")
