"""One connection to Binance's WebSocket API: requests by method name, who has logged on, and the user data that it listens to."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from exchangeclient.sandbox.dialects.accounts import Account
from exchangeclient.sandbox.dialects.binance import errors, frames
from exchangeclient.sandbox.dialects.binance.call import Call
from exchangeclient.sandbox.dialects.binance.errors import VenueError
from exchangeclient.sandbox.dialects.binance.methods import METHODS, RETIRED
from exchangeclient.sandbox.dialects.binance.params import Params, pairs
from exchangeclient.sandbox.dialects.binance.perform import Outcome, perform, refuse
from exchangeclient.sandbox.dialects.binance.retired import LEGACY_ROUTES
from exchangeclient.sandbox.dialects.binance.routes import ROUTES, Route, fixed
from exchangeclient.sandbox.dialects.binance.security import Signer, check_time, wsapi_payload
from exchangeclient.sandbox.dialects.binance.shapes import Shape
from exchangeclient.sandbox.dialects.binance.streams import SHUTDOWN
from exchangeclient.sandbox.dialects.binance.times import Time, Unit, encode, unit_named
from exchangeclient.sandbox.dialects.binance.user import USER_DATA, Deliver
from exchangeclient.sandbox.dialects.binance.venue import Venue
from exchangeclient.serving.app import Connection, Control, Message

PATH = "/ws-api/v3"
_CONNECT_WEIGHT = 2
_MOST_SUBSCRIPTIONS = 1_000  # at once
_MOST_IDS = 65_535  # in a connection's life

_TWINS: Mapping[str, Route] = {method: ROUTES[twin] for method, twin in {**METHODS, **RETIRED}.items()}
_LEGACY_TWINS: Mapping[str, Route] = {method: LEGACY_ROUTES[twin] for method, twin in {**METHODS, **RETIRED}.items()}


@dataclass(frozen=True, slots=True)
class Options:
    """What the address of a connection can say about its replies.

    :ivar show_limits: whether they tell the counters, where a request does not say
    :ivar unit: in which times are told
    """

    show_limits: bool = True
    unit: Unit = "MILLISECOND"


def options_of(query: str) -> Options:
    """Those of an address.

    :raises VenueError: with the first thing that is wrong with them
    """
    asked = dict(pairs(query))
    if asked.get("responseFormat", "json").lower() != "json":
        raise errors.SBE_NOT_ENABLED_HERE()
    return Options(Params(asked).flag("returnRateLimits", default=True), unit_named(asked.get("timeUnit")))


def reply(
    venue: Venue, peer: str, request_id: int | str | None, outcome: Outcome, route: Route | None = None, *, show_limits: bool
) -> Shape:
    """What the venue answers to one request."""
    limits, now_us = venue.limits, venue.live.now_us
    shape: Shape = {"id": request_id, "status": outcome.status}
    if not outcome.refused:
        shape["result"] = outcome.body
    elif outcome.retry_at_us is None:
        shape["error"] = outcome.body
    else:
        times = {"serverTime": Time(now_us), "retryAfter": Time(outcome.retry_at_us)}
        shape["error"] = {**outcome.body, "data": {**outcome.body.get("data", {}), **times}}
    if show_limits:
        counters = limits.orders if route is not None and route.counts_orders else ()
        shape["rateLimits"] = [*(counter.shape(outcome.account, now_us) for counter in counters), limits.weight.shape(peer, now_us)]
    return shape


@dataclass(frozen=True, slots=True)
class _Session:
    """A logon."""

    account: Account
    since_us: int


@dataclass(frozen=True, slots=True)
class _Subscription:
    """User data that is listened to.

    :ivar by_logon: it was asked for by who had logged on, and ends when he logs out
    """

    account: str
    deliver: Deliver
    by_logon: bool


class WsApiSocket:
    """A websocket at ``/ws-api/v3``."""

    def __init__(self, venue: Venue, peer: str, options: Options) -> None:
        self._venue = venue
        self._peer = peer
        self._show_limits = options.show_limits
        self._unit = options.unit
        self._connection: Connection | None = None
        self._opened_us = 0
        self._session: _Session | None = None
        self._subscriptions: dict[int, _Subscription] = {}
        self._next_id = 0
        self._routes: Mapping[str, Route] = {
            **(_LEGACY_TWINS if venue.legacy else _TWINS),
            "session.logon": Route(self._log_on, fixed(2), signed=True),
            "session.status": Route(self._status, fixed(2)),
            "session.logout": Route(self._log_out, fixed(2)),
            "session.subscriptions": Route(self._list_subscriptions, fixed(2)),
            "userDataStream.subscribe": Route(self._subscribe_by_logon, fixed(2)),
            "userDataStream.subscribe.signature": Route(self._subscribe_by_signature, fixed(2), signed=True),
            "userDataStream.subscribe.listenToken": Route(self._subscribe_by_token, fixed(2), ("listenToken",)),
            "userDataStream.unsubscribe": Route(self._unsubscribe, fixed(2), ("subscriptionId",)),
        }

    # ---- the connection ----------------------------------------------------------------------------------------------

    @property
    def topics(self) -> Collection[str]:
        return (*(USER_DATA + each.account for each in self._subscriptions.values()), SHUTDOWN)

    @property
    def account(self) -> str:
        return "" if self._session is None else self._session.account.key

    def opened(self, connection: Connection) -> None:
        self._connection = connection
        self._opened_us = self._venue.now_us
        self._venue.limits.weight.add(self._peer, _CONNECT_WEIGHT, self._venue.live.now_us)

    def closed(self) -> None:
        self._connection = None
        for subscription in self._subscriptions.values():
            self._venue.users.unsubscribe(subscription.account, subscription.deliver)
        self._subscriptions.clear()

    def control(self, kind: Control, payload: bytes) -> None:
        """Pings and pongs count for nothing here."""

    def received(self, payload: str | bytes) -> None:
        if self._session is not None and not self._venue.gate.knows(self._session.account):
            self._log_off()
            outcome = Outcome.of(errors.BAD_KEY())
            self._send(reply(self._venue, self._peer, None, outcome, show_limits=self._show_limits))
            return
        request_id: int | str | None = None
        route: Route | None = None
        show_limits = self._show_limits
        try:
            fields = frames.fields_of(payload)
            request_id = frames.id_of(fields)
            route = self._routes.get(frames.method_of(fields))
            if route is None:
                raise errors.UNSUPPORTED_OPERATION()
            values = frames.values_of(fields)
            show_limits = Params(values).flag("returnRateLimits", default=show_limits)
            outcome = self._performed(route, values)
        except VenueError as error:
            outcome = refuse(self._venue, error, peer=self._peer)
        self._send(reply(self._venue, self._peer, request_id, outcome, route, show_limits=show_limits))

    def _performed(self, route: Route, values: dict[str, str]) -> Outcome:
        payload = wsapi_payload(values)
        key = values.pop("apiKey", "")
        values.pop("returnRateLimits", None)
        session = self._session

        def admit(params: Params, now_us: int) -> Signer:
            own_key = key or (session.account.key if session else "")
            if route.keyed:
                return self._venue.gate.recognize(own_key, now_us)
            if session is None or key or "signature" in params:
                return self._venue.gate.admit(own_key, params, payload, now_us)
            return Signer(session.account, check_time(params, now_us))

        return perform(self._venue, route, lambda: Params(values), admit, peer=self._peer)

    def _send(self, shape: Shape, topic: str = "") -> None:
        if self._connection is not None:
            self._connection.send(Message(encode(shape, self._unit), topic))

    # ---- who has logged on -------------------------------------------------------------------------------------------

    def _log_on(self, call: Call) -> Any:
        if call.signer is None or call.signer.account.kind != "ED25519":
            raise errors.BAD_SIGNATURE()  # the only kind of key whose signature is taken here
        if self._session is not None and self._session.account is not call.signer.account:
            self._log_off()
        self._session = _Session(call.signer.account, call.now_us)
        return self._status(call)

    def _status(self, call: Call) -> Any:
        session = self._session
        return {
            "apiKey": None if session is None else session.account.key,
            "authorizedSince": None if session is None else Time(session.since_us),
            "connectedSince": Time(self._opened_us),
            "returnRateLimits": self._show_limits,
            "serverTime": Time(call.now_us),
            "userDataStream": any(each.by_logon for each in self._subscriptions.values()),
        }

    def _log_out(self, call: Call) -> Any:
        self._log_off()
        return self._status(call)

    def _log_off(self) -> None:
        """Forget who had logged on, and end what he had subscribed to as such."""
        self._session = None
        for number, subscription in list(self._subscriptions.items()):
            if subscription.by_logon:
                self._end(number)

    # ---- user data ---------------------------------------------------------------------------------------------------

    def _subscribe_by_logon(self, _call: Call) -> Any:
        if self._session is None:
            raise errors.BAD_KEY()
        return self._subscribe(self._session.account.key, by_logon=True)

    def _subscribe_by_signature(self, call: Call) -> Any:
        return self._subscribe(call.account, by_logon=False)

    def _subscribe_by_token(self, call: Call) -> Any:
        """Tokens are for margin accounts, of which there are none, so that no token is a good one."""
        call.params.need("listenToken")
        raise errors.BAD_LISTEN_TOKEN()

    def _subscribe(self, account: str, *, by_logon: bool) -> Any:
        if any(each.account == account for each in self._subscriptions.values()):
            raise errors.SUBSCRIPTION_ACTIVE()
        if len(self._subscriptions) >= _MOST_SUBSCRIPTIONS or self._next_id >= _MOST_IDS:
            raise errors.TOO_MANY_SUBSCRIPTIONS()
        number = self._next_id
        self._next_id += 1

        def deliver(event: Shape) -> None:
            self._send({"subscriptionId": number, "event": event}, USER_DATA + account)

        self._subscriptions[number] = _Subscription(account, deliver, by_logon)
        self._venue.users.subscribe(account, deliver)
        return {"subscriptionId": number}

    def _unsubscribe(self, call: Call) -> Any:
        """End one subscription, or all of them."""
        wanted = call.params.integer("subscriptionId")
        if wanted is not None and wanted not in self._subscriptions:
            raise errors.SUBSCRIPTION_INACTIVE()
        for number in list(self._subscriptions) if wanted is None else [wanted]:
            self._end(number)
        return {}

    def _end(self, number: int) -> None:
        subscription = self._subscriptions.pop(number)
        self._venue.users.unsubscribe(subscription.account, subscription.deliver)
        subscription.deliver({"e": "eventStreamTerminated", "E": Time(self._venue.now_us)})

    def _list_subscriptions(self, _call: Call) -> Any:
        return [{"subscriptionId": number} for number in self._subscriptions]
