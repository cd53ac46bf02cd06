"""One connection to Binance's WebSocket API: requests by method name, and the user data that it has subscribed to."""

from __future__ import annotations

from collections.abc import Mapping
from types import NoneType
from typing import Any

import msgspec

from exchangeclient.sandbox.dialects import binance_errors as errors
from exchangeclient.sandbox.dialects.binance_call import Call
from exchangeclient.sandbox.dialects.binance_endpoints import ROUTES, Outcome, Route, fixed, perform
from exchangeclient.sandbox.dialects.binance_errors import VenueError
from exchangeclient.sandbox.dialects.binance_params import Params, as_text
from exchangeclient.sandbox.dialects.binance_security import wsapi_payload
from exchangeclient.sandbox.dialects.binance_shapes import Shape, ms
from exchangeclient.sandbox.dialects.binance_user import Deliver
from exchangeclient.sandbox.dialects.binance_venue import Venue
from exchangeclient.serving.app import Connection

PATH = "/ws-api/v3"
_CONNECT_WEIGHT = 2

# What is answered by the same handler as its REST twin.
_TWINS = {
    "ping": ("GET", "/api/v3/ping"),
    "time": ("GET", "/api/v3/time"),
    "exchangeInfo": ("GET", "/api/v3/exchangeInfo"),
    "depth": ("GET", "/api/v3/depth"),
    "trades.recent": ("GET", "/api/v3/trades"),
    "trades.historical": ("GET", "/api/v3/historicalTrades"),
    "trades.aggregate": ("GET", "/api/v3/aggTrades"),
    "klines": ("GET", "/api/v3/klines"),
    "uiKlines": ("GET", "/api/v3/uiKlines"),
    "avgPrice": ("GET", "/api/v3/avgPrice"),
    "ticker.24hr": ("GET", "/api/v3/ticker/24hr"),
    "ticker.price": ("GET", "/api/v3/ticker/price"),
    "ticker.book": ("GET", "/api/v3/ticker/bookTicker"),
}


class WsApiSocket:
    """A websocket at ``/ws-api/v3``.

    :param show_limits: whether replies tell the counters, where a request does not say
    """

    def __init__(self, venue: Venue, peer: str, *, show_limits: bool = True) -> None:
        self._venue = venue
        self._peer = peer
        self._show_limits = show_limits
        self._connection: Connection | None = None
        self._subscriptions: dict[int, tuple[str, Deliver]] = {}  # id -> whose, and how it is told
        self._next_id = 0
        self._routes: Mapping[str, Route] = {
            **{method: ROUTES[twin] for method, twin in _TWINS.items()},
            "userDataStream.subscribe.signature": Route(self._subscribe, fixed(2), signed=True),
            "userDataStream.unsubscribe": Route(self._unsubscribe, fixed(2), ("subscriptionId",)),
            "session.subscriptions": Route(self._list_subscriptions, fixed(2)),
        }

    # ---- the connection ----------------------------------------------------------------------------------------------

    def opened(self, connection: Connection) -> None:
        self._connection = connection
        self._venue.limits.weight.add(self._peer, _CONNECT_WEIGHT, self._venue.live.now_us)

    def closed(self) -> None:
        self._connection = None
        for account, deliver in self._subscriptions.values():
            self._venue.users.unsubscribe(account, deliver)
        self._subscriptions.clear()

    def received(self, payload: str | bytes) -> None:
        request_id: int | str | None = None
        show_limits = self._show_limits
        try:
            request = _parsed(payload)
            request_id = _request_id(request)
            params = _params(request)
            show_limits = params.pop("returnRateLimits", show_limits) is not False
            outcome = self._performed(_method(request), params)
        except VenueError as error:
            outcome = Outcome(error.status, error.shape())
        answer: Shape = {"id": request_id, "status": outcome.status}
        answer["result" if outcome.status == 200 else "error"] = outcome.body
        if show_limits:
            answer["rateLimits"] = [self._venue.limits.weight.shape(self._peer, self._venue.live.now_us)]
        self._send(answer)

    def _performed(self, method: str, params: dict[str, Any]) -> Outcome:
        route = self._routes.get(method)
        if route is None:
            raise errors.UNSUPPORTED_OPERATION()
        values = {name: as_text(value) for name, value in params.items() if value is not None}
        payload = wsapi_payload(values)
        key = values.pop("apiKey", "")
        return perform(self._venue, route, lambda: Params(values), key=key, payload=payload, peer=self._peer)

    def _send(self, shape: Shape) -> None:
        if self._connection is not None:
            self._connection.send(msgspec.json.encode(shape))

    # ---- user data ---------------------------------------------------------------------------------------------------

    def _subscribe(self, call: Call) -> Any:
        if any(account == call.account for account, _ in self._subscriptions.values()):
            raise errors.SUBSCRIPTION_ACTIVE()
        subscription = self._next_id
        self._next_id += 1

        def deliver(event: Shape) -> None:
            self._send({"subscriptionId": subscription, "event": event})

        self._subscriptions[subscription] = (call.account, deliver)
        self._venue.users.subscribe(call.account, deliver)
        return {"subscriptionId": subscription}

    def _unsubscribe(self, call: Call) -> Any:
        """End one subscription, or all of them."""
        wanted = call.params.integer("subscriptionId")
        if wanted is not None and wanted not in self._subscriptions:
            raise errors.SUBSCRIPTION_INACTIVE()
        for subscription in list(self._subscriptions) if wanted is None else [wanted]:
            account, deliver = self._subscriptions.pop(subscription)
            self._venue.users.unsubscribe(account, deliver)
            deliver({"e": "eventStreamTerminated", "E": ms(call.now_us)})
        return {}

    def _list_subscriptions(self, _call: Call) -> Any:
        return [{"subscriptionId": subscription} for subscription in self._subscriptions]


def _parsed(payload: str | bytes) -> dict[str, Any]:
    try:
        request = msgspec.json.decode(payload)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        raise errors.BAD_JSON("request") from None
    if not isinstance(request, dict):
        raise errors.BAD_JSON("request")
    return request


def _request_id(request: dict[str, Any]) -> int | str | None:
    request_id = request.get("id")
    if isinstance(request_id, bool) or not isinstance(request_id, (int, str, NoneType)):
        raise errors.BAD_VALUE("id")
    return request_id


def _method(request: dict[str, Any]) -> str:
    method = request.get("method")
    if not isinstance(method, str) or not method:
        raise errors.MISSING("method")
    return method.removeprefix("v3/")


def _params(request: dict[str, Any]) -> dict[str, Any]:
    params = request.get("params")
    if params is None:
        return {}
    if not isinstance(params, dict):
        raise errors.BAD_JSON("params")
    return dict(params)
