"""One connection to OKX's websockets: logging in, subscribing, the text ping, and orders."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import msgspec

from exchangeclient.sandbox.dialects.accounts import Account, wallet
from exchangeclient.sandbox.dialects.okx import errors, feeds, operations, user
from exchangeclient.sandbox.dialects.okx.errors import VenueError
from exchangeclient.sandbox.dialects.okx.params import Params
from exchangeclient.sandbox.dialects.okx.streams import Key, key_of, topic_of, written
from exchangeclient.sandbox.dialects.okx.user import Subscription
from exchangeclient.sandbox.dialects.okx.venue import NAME, Venue
from exchangeclient.serving.app import Connection, Control, Message

PUBLIC, PRIVATE, BUSINESS = "public", "private", "business"
ROOT = "/ws/v5/"
NOTICE = "notice:"
"""The topic of what every connection is told, subscribed or not: that it will be closed."""

_PING, _PONG = "ping", b"pong"
_LONGEST_BYTES = 65_536
_TOO_LONG = 1009
_SILENT_S, _LOOK_S = 30, 5
_SILENT = 4004
_MOST_CONNECTIONS = 30  # of an account to one private channel
_LONGEST_SHOWN = 200


class OkxSocket:
    """A websocket at ``/ws/v5/public``, ``/ws/v5/private`` or ``/ws/v5/business``.

    :param kind: which of them
    """

    def __init__(self, venue: Venue, kind: str) -> None:
        self.connection_id = venue.connection_id()
        self._venue = venue
        self._kind = kind
        self._connection: Connection | None = None
        self._account: Account | None = None
        self._public: dict[Key, dict[str, str]] = {}
        self._private: dict[Key, Subscription] = {}
        self._pace = venue.limits.pace()
        self._quiet_s = 0
        self._asked: dict[str, str] = {}  # the id of the request that is answered, where it has one

    # ---- the connection ----------------------------------------------------------------------------------------------

    @property
    def topics(self) -> Collection[str]:
        return (*map(topic_of, self._public.values()), *(_topic(each) for each in self._private.values()), NOTICE)

    @property
    def account(self) -> str:
        return "" if self._account is None else self._account.key

    def opened(self, connection: Connection) -> None:
        self._connection = connection
        connection.call_later(_LOOK_S, self._look)

    def closed(self) -> None:
        self._connection = None
        for argument in self._public.values():
            self._venue.streams.unsubscribe(argument, self)
        for subscription in self._private.values():
            self._venue.users.unsubscribe(subscription)
        self._public.clear()
        self._private.clear()

    def control(self, kind: Control, payload: bytes) -> None:
        """Pings of the protocol keep nothing alive here; the venue goes by texts."""

    def _look(self) -> None:
        """Close the connection when nothing has gone over it for too long."""
        if self._connection is None:
            return
        self._quiet_s += _LOOK_S
        if self._quiet_s >= _SILENT_S:
            self._connection.close(_SILENT, "No data received in 30s.")
        else:
            self._connection.call_later(_LOOK_S, self._look)

    def deliver(self, message: Message) -> None:
        """Send what a channel tells."""
        if self._connection is not None:
            self._quiet_s = 0
            self._connection.send(message)

    def _send(self, shape: Mapping[str, Any]) -> None:
        if self._connection is not None:
            self._connection.send(msgspec.json.encode(shape))

    # ---- what it is asked --------------------------------------------------------------------------------------------

    def received(self, payload: str | bytes) -> None:
        if self._connection is None:
            return
        self._quiet_s = 0
        raw = payload.encode("utf-8", "replace") if isinstance(payload, str) else payload
        if raw == _PING.encode():
            self._connection.send(_PONG)
            return
        if len(raw) > _LONGEST_BYTES:
            self._connection.close(_TOO_LONG, "Frame too long")
            return
        self._asked = {}
        try:
            request = _parsed(raw)
            if isinstance(request.get("id"), str):
                self._asked = {"id": request["id"]}
            self._handle(request, came_us=self._venue.now_us)
        except VenueError as error:
            self._refuse(error)

    def _refuse(self, error: VenueError) -> None:
        self._send({**self._asked, "event": "error", "msg": error.text, "code": error.code, "connId": self.connection_id})

    def _handle(self, request: dict[str, Any], came_us: int) -> None:
        op = request.get("op")
        if op in operations.OPERATIONS and self._kind == PRIVATE:
            self._send(operations.answer(self._venue, self._account, request, came_us))
            return
        if op not in ("login", "subscribe", "unsubscribe"):
            raise errors.WS_BAD_OP(str(op)[:_LONGEST_SHOWN])
        arguments = request.get("args")
        if not isinstance(arguments, list) or not arguments or not all(isinstance(each, dict) for each in arguments):
            raise errors.WS_BAD_ARGS()
        if self._venue.limits.exceeds(self._pace, self._venue.live.now_us):
            raise errors.WS_TOO_FREQUENT()
        if op == "login":
            self._log_in(arguments[0])
            return
        for each in arguments:
            try:
                self._subscribe(each) if op == "subscribe" else self._unsubscribe(each)
            except VenueError as error:
                self._refuse(error)

    # ---- who has logged in -------------------------------------------------------------------------------------------

    def _log_in(self, values: Mapping[str, object]) -> None:
        if self._account is not None:
            raise errors.WS_LOGGED_IN()
        try:
            self._account = self._venue.gate.log_in(values, self._venue.now_us)
        except VenueError as error:
            self._refuse(error)
            if self._connection is not None:
                self._connection.close(1000, "login failed")
            return
        self._send({"event": "login", "msg": "", "code": "0", "connId": self.connection_id})

    # ---- subscriptions -----------------------------------------------------------------------------------------------

    def _subscribe(self, given: dict[str, Any]) -> None:
        argument = _argument(given)
        channel = argument["channel"]
        if "uly" in argument:
            raise errors.WS_ULY()
        if self._is_private(channel, argument):
            self._subscribe_privately(argument, given)
            return
        feed = self._venue.streams.feed(argument)
        if feed is None:
            raise _no_channel(argument)
        self._acknowledge("subscribe", argument)
        key = key_of(argument)
        if key not in self._public:
            self._public[key] = argument
            self._venue.streams.subscribe(argument, feed, self)

    def _is_private(self, channel: str, argument: dict[str, str]) -> bool:
        """Whether a channel is one with a login.

        :raises VenueError: when it is none of this address
        """
        if channel in feeds.OF_VIPS or channel in user.OF_VIPS:
            raise errors.WS_TIER()
        if self._kind == BUSINESS:
            if channel in user.ALGO_CHANNELS:
                return True
            if channel in feeds.PUBLIC or channel in user.CHANNELS:
                raise errors.WS_NOT_BUSINESS()
            if channel not in feeds.BUSINESS:
                raise _no_channel(argument)
            return False
        if channel in feeds.BUSINESS or channel in user.ALGO_CHANNELS:
            raise errors.WS_USE_BUSINESS()
        if channel not in (user.CHANNELS if self._kind == PRIVATE else feeds.PUBLIC):
            raise _no_channel(argument)
        return self._kind == PRIVATE

    def _subscribe_privately(self, argument: dict[str, str], given: dict[str, Any]) -> None:
        if self._account is None:
            raise errors.WS_NOT_LOGGED_IN()
        if argument["channel"] in ("orders", "positions") and "instType" not in argument:
            raise _no_channel(argument)
        key, account = key_of(argument), wallet(NAME, self._account.key)
        if key in self._private:
            self._acknowledge("subscribe", argument)
            return
        subscription = self._made(account, argument, _events_only(given))
        channel = subscription.channel
        if self._venue.users.count(account, channel) >= _MOST_CONNECTIONS:
            self._tell_count("channel-conn-count-error", channel, _MOST_CONNECTIONS)
            return
        self._acknowledge("subscribe", argument)
        self._private[key] = subscription
        self._venue.users.subscribe(subscription, self._venue.updated_us(account), self._venue.now_us)
        self._tell_count("channel-conn-count", channel, self._venue.users.count(account, channel))

    def _made(self, account: str, argument: dict[str, str], events_only: bool) -> Subscription:
        assert self._account is not None  # noqa: S101 - asked for after the login only
        topic, uid = f"{argument['channel']}@{self._account.key}", operations.uid(self._account.key)
        shown = {**argument, "uid": uid}

        def send(content: Mapping[str, Any]) -> None:
            self.deliver(written(shown, content, topic))

        return Subscription(account, argument, send, events_only=events_only)

    def _tell_count(self, event: str, channel: str, count: int) -> None:
        self._send({"event": event, "channel": channel, "connCount": str(count), "connId": self.connection_id})

    def _unsubscribe(self, given: dict[str, Any]) -> None:
        argument = _argument(given)
        key = key_of(argument)
        known = self._public.pop(key, None)
        if known is not None:
            self._venue.streams.unsubscribe(known, self)
        subscription = self._private.pop(key, None)
        if subscription is not None:
            self._venue.users.unsubscribe(subscription)
        if known is None and subscription is None:
            raise _no_channel(argument)
        self._acknowledge("unsubscribe", argument)

    def _acknowledge(self, event: str, argument: Mapping[str, str]) -> None:
        self._send({**self._asked, "event": event, "arg": argument, "connId": self.connection_id})


def _parsed(raw: bytes) -> dict[str, Any]:
    try:
        request = msgspec.json.decode(raw)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        request = None
    if not isinstance(request, dict):
        raise errors.WS_BAD_REQUEST(raw[:_LONGEST_SHOWN].decode("utf-8", "replace"))
    return request


def _argument(given: dict[str, Any]) -> dict[str, str]:
    """What is subscribed to; settings of the subscription are no part of it."""
    argument = {name: value for name, value in given.items() if name != "extraParams" and value != ""}
    if not all(isinstance(value, str) for value in argument.values()) or not argument.get("channel"):
        raise errors.WS_BAD_ARGS()
    return argument


def _events_only(given: dict[str, Any]) -> bool:
    """``extraParams`` is JSON within a text."""
    text = given.get("extraParams")
    if text is None:
        return False
    try:
        extra = msgspec.json.decode(text) if isinstance(text, str) else None
    except msgspec.DecodeError:
        extra = None
    if not isinstance(extra, dict):
        raise errors.WS_BAD_ARGS()
    return Params(extra).text("updateInterval") == "0"


def _no_channel(argument: Mapping[str, str]) -> VenueError:
    return errors.WS_NO_CHANNEL(",".join(f"{name}:{value}" for name, value in argument.items())[:_LONGEST_SHOWN])


def _topic(subscription: Subscription) -> str:
    """``orders@key``: the key is the account's, without what the engine puts before it."""
    return f"{subscription.channel}@{subscription.account.removeprefix(wallet(NAME, ''))}"


def notice() -> bytes:
    """What is told before a connection is closed for an upgrade."""
    text = "The connection will soon be closed for a service upgrade. Please reconnect."
    return msgspec.json.encode({"event": "notice", "code": "64008", "msg": text, "connId": "00000000"})
