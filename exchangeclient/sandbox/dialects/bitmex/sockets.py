"""One connection to BitMEX's realtime tables: logging in, subscribing, the text ping and the dead man's switch."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any
from urllib.parse import parse_qsl

import msgspec

from exchangeclient.sandbox.dialects.accounts import Account
from exchangeclient.sandbox.dialects.bitmex import errors, switch
from exchangeclient.sandbox.dialects.bitmex.errors import VenueError
from exchangeclient.sandbox.dialects.bitmex.schema import HELP
from exchangeclient.sandbox.dialects.bitmex.security import LOGIN
from exchangeclient.sandbox.dialects.bitmex.streams import Topic
from exchangeclient.sandbox.dialects.bitmex.tables import PLATFORM, TABLES
from exchangeclient.sandbox.dialects.bitmex.venue import Venue
from exchangeclient.sandbox.dialects.bitmex.words import iso
from exchangeclient.serving.app import Connection, Control, Message
from exchangeclient.serving.messages import HttpRequest

PLATFORM_PATH = "/realtimePlatform"
_LONGEST_BYTES = 65_536
_TOO_LONG = 1009
_MOST_ERRORS = 50
_POLICY = 1008
_LONGEST_SHOWN = 200
_WELCOME = "Welcome to the BitMEX Realtime API."


class BitmexSocket:
    """A websocket at ``/realtime`` or ``/realtimePlatform``.

    :param account: who has logged in with the handshake
    """

    def __init__(self, venue: Venue, request: HttpRequest, account: Account | None) -> None:
        self._venue = venue
        self._request = request
        self._account = account
        self._connection: Connection | None = None
        self._topics: dict[str, Topic] = {}
        self._pace = venue.limits.operations()
        self._errors = 0

    # ---- the connection ----------------------------------------------------------------------------------------------

    @property
    def topics(self) -> Collection[str]:
        return tuple(each.full_name for each in self._topics.values())

    @property
    def account(self) -> str:
        return "" if self._account is None else self._account.key

    def opened(self, connection: Connection) -> None:
        self._connection = connection
        venue = self._venue
        left = venue.limits.connections(self._request.peer).remaining(venue.live.now_us)
        welcome: dict[str, Any] = {"info": _WELCOME, "version": "2021-07-14T01:26:29.000Z", "timestamp": iso(venue.now_us)}
        welcome |= {"docs": "https://www.bitmex.com/app/wsAPI"}
        if venue.manners.wire == "2023":
            welcome |= {"version": "2.0.0", "heartbeatEnabled": False, "limit": {"remaining": left}, "appName": "sandbox"}
        self._send({**welcome, "limit": {"remaining": left}})
        wanted = dict(parse_qsl(self._request.query)).get("subscribe", "")
        if names := [each.strip() for each in wanted.split(",") if each.strip()]:
            request = {"op": "subscribe", "args": names}
            self._subscribe(names, request)

    def closed(self) -> None:
        self._connection = None
        for topic in self._topics.values():
            self._venue.streams.unsubscribe(topic, self)
        self._topics.clear()

    def control(self, kind: Control, payload: bytes) -> None:
        """Pings of the protocol are answered by the host."""

    def deliver(self, message: Message) -> None:
        """Send what a table tells."""
        if self._connection is not None:
            self._connection.send(message)

    def _send(self, shape: Mapping[str, Any]) -> None:
        if self._connection is not None:
            self._connection.send(msgspec.json.encode(shape))

    # ---- what it is asked --------------------------------------------------------------------------------------------

    def received(self, payload: str | bytes) -> None:
        if self._connection is None:
            return
        raw = payload.encode("utf-8", "replace") if isinstance(payload, str) else payload
        if raw == b"ping":
            self._connection.send(b"pong")
            return
        if raw == b"help":
            self._send(HELP)
            return
        if len(raw) > _LONGEST_BYTES:
            self._connection.close(_TOO_LONG, "Frame too long")
            return
        request: dict[str, Any] | None = None
        try:
            request = _parsed(raw)
            self._handle(request)
        except VenueError as error:
            self._refuse(error, request)

    def _handle(self, request: dict[str, Any]) -> None:
        op, arguments = request.get("op"), request.get("args")
        if op == "ping":
            self._send({"op": "pong"})
            return
        if op not in ("subscribe", "unsubscribe", "authKeyExpires", "cancelAllAfter"):
            raise errors.WS_BAD_OP(str(op)[:_LONGEST_SHOWN])
        self._venue.limits.charge(self._pace, self._venue.live.now_us)
        listed = arguments if isinstance(arguments, list) else [arguments]
        if op == "authKeyExpires":
            self._log_in(listed, request)
        elif op == "cancelAllAfter":
            self._arm(listed, request)
        else:
            names = [each for each in listed if isinstance(each, str)]
            if len(names) != len(listed):
                raise errors.WS_BAD_ARGS(op)
            if op == "subscribe":
                self._subscribe(names, request)
            else:
                self._unsubscribe(names, request)

    def _refuse(self, error: VenueError, request: Mapping[str, Any] | None) -> None:
        """Too many of these end the connection."""
        meta = {} if error.retry_after_s is None else {"retryAfter": error.retry_after_s}
        shape: dict[str, Any] = {"status": error.status, "error": error.message, "meta": meta}
        self._send(shape if request is None else {**shape, "request": request})
        self._errors += 1
        if self._errors >= _MOST_ERRORS and self._connection is not None:
            self._connection.close(_POLICY, "Too many errors")

    # ---- who has logged in -------------------------------------------------------------------------------------------

    def _log_in(self, arguments: list[Any], request: Mapping[str, Any]) -> None:
        if self._account is not None:
            raise errors.WS_AUTHENTICATED()
        if len(arguments) != 3 or not isinstance(arguments[1], int) or isinstance(arguments[1], bool):
            raise errors.WS_BAD_ARGS("authKeyExpires")
        key, expires, sign = arguments
        self._account = self._venue.gate.admit(str(key), str(expires), str(sign), signed=LOGIN, now_us=self._venue.now_us)
        self._send({"success": True, "request": request})

    def _arm(self, arguments: list[Any], request: Mapping[str, Any]) -> None:
        if self._account is None or not self._venue.gate.members.knows(self._account):
            raise errors.WS_NO_AUTH()
        if not self._account.can_trade:
            raise errors.DENIED()
        milliseconds = arguments[0] if arguments else None
        if not isinstance(milliseconds, int) or isinstance(milliseconds, bool) or not 0 <= milliseconds <= switch.LONGEST_MS:
            raise errors.WS_BAD_ARGS("cancelAllAfter")
        self._send({**switch.arm(self._venue, self._account, milliseconds), "request": request})

    # ---- subscriptions -----------------------------------------------------------------------------------------------

    def _subscribe(self, names: list[str], request: Mapping[str, Any]) -> None:
        """Acknowledge each topic in turn; how they stand comes behind all of that."""
        new: list[Topic] = []
        for name in names:
            try:
                if name in self._topics:
                    raise errors.WS_SUBSCRIBED(name[:_LONGEST_SHOWN])
                topic = self._topic(name)
                feed = self._venue.streams.feed(topic)
                if feed is None:
                    raise errors.WS_NO_SYMBOL()
            except VenueError as error:
                self._refuse(error, request)
                continue
            self._topics[name] = topic
            self._send({"success": True, "subscribe": name, "request": request})
            self._venue.streams.subscribe(topic, feed, self)
            new.append(topic)
        for topic in new:
            self._venue.streams.begin(topic, self)

    def _topic(self, name: str) -> Topic:
        table, _, symbol = name.partition(":")
        known = TABLES.get(table)
        is_here = known is not None and (
            self._venue.manners.wire == "2021" or (table in PLATFORM) is (self._request.path.rstrip("/").endswith(PLATFORM_PATH))
        )
        if known is None or not is_here:
            raise errors.WS_NO_TABLE(table[:_LONGEST_SHOWN])
        if symbol and not known.has_symbol:
            raise errors.WS_NO_SYMBOL()
        if not known.is_of_account:
            return Topic(table, symbol)
        if self._account is None:
            raise errors.WS_NO_AUTH()
        return Topic(table, symbol, self._account.key)

    def _unsubscribe(self, names: list[str], request: Mapping[str, Any]) -> None:
        for name in names:
            topic = self._topics.pop(name, None)
            if topic is None:
                self._refuse(errors.WS_NOT_SUBSCRIBED(name[:_LONGEST_SHOWN]), request)
                continue
            self._venue.streams.unsubscribe(topic, self)
            self._send({"success": True, "unsubscribe": name, "request": request})


def _parsed(raw: bytes) -> dict[str, Any]:
    try:
        request = msgspec.json.decode(raw)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        request = None
    if not isinstance(request, dict):
        raise errors.WS_BAD_JSON()
    return request
