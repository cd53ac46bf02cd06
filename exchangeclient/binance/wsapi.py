"""Binance's WebSocket API without I/O: the methods that REST endpoints have there, what a request looks like, and a connection's session.

A request goes by the same name, parameters, weight and security as its twin on REST; only the spelling differs. :class:`WsApiSession`
asks them over a connection, :mod:`exchangeclient.core.feeds.socket_transport` waits for the answers. Source: Binance Spot API
documentation, "WebSocket API".
"""

from __future__ import annotations

import functools
import logging
import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from exchangeclient.binance.envelope import shown
from exchangeclient.binance.messages import event_in
from exchangeclient.binance.rest.account import Account
from exchangeclient.binance.rest.order_lists import OrderLists
from exchangeclient.binance.rest.spot_market import SpotMarket
from exchangeclient.binance.rest.spot_trade import SpotTrade
from exchangeclient.binance.signing import sign_wsapi
from exchangeclient.core.calling.credentials import Credentials
from exchangeclient.core.calling.endpoint import endpoints
from exchangeclient.core.http import jsonio
from exchangeclient.core.http.jsonio import object_in
from exchangeclient.core.http.request import Message, Request
from exchangeclient.core.protocol.questions import AskingSession, Questions
from exchangeclient.core.protocol.session import Failure, Incoming

log = logging.getLogger(__name__)

HOST: Final = "ws_api"
"""What requests that go this way name as their host."""

METHODS: Final[Mapping[tuple[str, str], str]] = {
    ("GET", "/api/v3/ping"): "ping",
    ("GET", "/api/v3/time"): "time",
    ("GET", "/api/v3/exchangeInfo"): "exchangeInfo",
    ("GET", "/api/v3/executionRules"): "executionRules",
    ("GET", "/api/v3/referencePrice"): "referencePrice",
    ("GET", "/api/v3/referencePrice/calculation"): "referencePrice.calculation",
    ("GET", "/api/v3/depth"): "depth",
    ("GET", "/api/v3/trades"): "trades.recent",
    ("GET", "/api/v3/historicalTrades"): "trades.historical",
    ("GET", "/api/v3/historicalBlockTrades"): "blockTrades.historical",
    ("GET", "/api/v3/aggTrades"): "trades.aggregate",
    ("GET", "/api/v3/klines"): "klines",
    ("GET", "/api/v3/uiKlines"): "uiKlines",
    ("GET", "/api/v3/avgPrice"): "avgPrice",
    ("GET", "/api/v3/ticker/24hr"): "ticker.24hr",
    ("GET", "/api/v3/ticker/tradingDay"): "ticker.tradingDay",
    ("GET", "/api/v3/ticker"): "ticker",
    ("GET", "/api/v3/ticker/price"): "ticker.price",
    ("GET", "/api/v3/ticker/bookTicker"): "ticker.book",
    ("POST", "/api/v3/order"): "order.place",
    ("POST", "/api/v3/order/test"): "order.test",
    ("POST", "/api/v3/order/cancelReplace"): "order.cancelReplace",
    ("PUT", "/api/v3/order/amend/keepPriority"): "order.amend.keepPriority",
    ("POST", "/api/v3/sor/order"): "sor.order.place",
    ("POST", "/api/v3/sor/order/test"): "sor.order.test",
    ("DELETE", "/api/v3/order"): "order.cancel",
    ("DELETE", "/api/v3/openOrders"): "openOrders.cancelAll",
    ("POST", "/api/v3/order/oco"): "orderList.place",
    ("POST", "/api/v3/orderList/oco"): "orderList.place.oco",
    ("POST", "/api/v3/orderList/oto"): "orderList.place.oto",
    ("POST", "/api/v3/orderList/otoco"): "orderList.place.otoco",
    ("POST", "/api/v3/orderList/opo"): "orderList.place.opo",
    ("POST", "/api/v3/orderList/opoco"): "orderList.place.opoco",
    ("DELETE", "/api/v3/orderList"): "orderList.cancel",
    ("GET", "/api/v3/order"): "order.status",
    ("GET", "/api/v3/orderList"): "orderList.status",
    ("GET", "/api/v3/openOrders"): "openOrders.status",
    ("GET", "/api/v3/openOrderList"): "openOrderLists.status",
    ("GET", "/api/v3/allOrders"): "allOrders",
    ("GET", "/api/v3/allOrderList"): "allOrderLists",
    ("GET", "/api/v3/account"): "account.status",
    ("GET", "/api/v3/account/commission"): "account.commission",
    ("GET", "/api/v3/rateLimit/order"): "account.rateLimits.orders",
    ("GET", "/api/v3/myTrades"): "myTrades",
    ("GET", "/api/v3/myPreventedMatches"): "myPreventedMatches",
    ("GET", "/api/v3/myAllocations"): "myAllocations",
    ("GET", "/api/v3/order/amendments"): "order.amendments",
    ("GET", "/api/v3/myFilters"): "myFilters",
}
"""By the route of its twin, the name of each method."""

_LIFE_S = 86_400.0
# The venue writes the id of what it answers first, so that the rest need not be read here.
_ID = re.compile(rb'\s*\{\s*"id"\s*:\s*([0-9]{1,15})\s*[,}]')
# What every signed request has; and what may go without quotes at all.
_ALWAYS_BARE = ("timestamp", "recvWindow")
_BARE = re.compile(r"(?:0|[1-9][0-9]{0,18})(?:\.[0-9]{1,3})?|true|false")


def address(url: str, time_unit: str) -> str:
    """Where to connect, to get times in this unit."""
    return url if time_unit == "MILLISECOND" else f"{url}?timeUnit={time_unit}"


# ---- requests --------------------------------------------------------------------------------------------------------


def message(request: Request, base: str, credentials: Credentials | None) -> Message:
    """The message of a call: its parameters as JSON, signed when the call asks for it.

    What an Ed25519 key has to sign, the session does: over a connection that has logged on with it there is no need to.
    """
    bare = _bare(request.verb, request.path)
    body = "{" + ",".join(f"{_quoted(name)}:{_value(text, bare=name in bare)}" for name, text in request.params.items()) + "}"
    private = credentials is not None and request.security.signed
    if credentials is not None and private and not logs_on(credentials):
        body = _joined(body, sign_wsapi(request.params, credentials))
    return Message(METHODS[request.verb, request.path], base, {}, body, private)


def logs_on(credentials: Credentials | None) -> bool:
    """True for the kind of key that the venue lets log on to a connection, whose requests need no signatures then."""
    return credentials is not None and credentials.algorithm == "ed25519"


def signed(body: str, credentials: Credentials) -> str:
    """The same parameters with ``apiKey`` and ``signature``."""
    said = {name: str(jsonio.decode(value)) if value.startswith(b'"') else value.decode() for name, value in jsonio.fields(body).items()}
    return _joined(body, sign_wsapi(said, credentials))


def _joined(body: str, keyed: Mapping[str, str | int]) -> str:
    own = jsonio.encode({name: keyed[name] for name in ("apiKey", "signature")}).decode()
    return own if body == "{}" else f"{body[:-1]},{own[1:]}"


@functools.cache
def _bare(verb: str, path: str) -> frozenset[str]:
    """The parameters of a method that are whole numbers, flags or lists, which the venue wants without quotes."""
    twins = (declared for owner in (SpotMarket, SpotTrade, OrderLists, Account) for declared in endpoints(owner))
    return frozenset(_ALWAYS_BARE).union(*(declared.bare for declared in twins if (declared.verb, declared.path) == (verb, path)))


def _value(text: str, *, bare: bool) -> str:
    return text if bare and _is_json(text) else _quoted(text)


def _is_json(text: str) -> bool:
    """False for what the venue is to refuse: as JSON it would spoil the whole request."""
    if not text.startswith("["):
        return bool(_BARE.fullmatch(text))
    try:
        jsonio.decode(text)
    except ValueError:
        return False
    return True


def _quoted(text: str) -> str:
    return jsonio.encode(text).decode()


# ---- a connection ----------------------------------------------------------------------------------------------------


class WsApiSession(AskingSession):
    """Asks questions over one connection.

    :param url: such as ``wss://ws-api.binance.com:443/ws-api/v3``
    :param now_ms: the venue's time, to log on with
    """

    lives_s: float | None = _LIFE_S

    def __init__(self, url: str, questions: Questions, credentials: Credentials | None, now_ms: Callable[[], int]) -> None:
        super().__init__(questions)
        self._url = url
        self._credentials = credentials
        self._now_ms = now_ms
        self._to_log_on = False
        self._logon_id: int | None = None
        self._logged_on = False

    def url(self) -> str:
        """Where to connect."""
        return self._url

    def opened(self, now_s: float) -> None:  # noqa: ARG002 - logging on is waited for by nobody
        """Everything can be asked at once: until the logon is confirmed, each request is signed."""
        self._to_log_on = logs_on(self._credentials)
        self._logon_id = None
        self._logged_on = False
        self._heir = None
        self.ready = True
        self.leaving = False

    def outgoing(self, now_s: float) -> list[str] | Failure:
        """The logon, and what is to be asked; or that the venue does not answer any more."""
        if (overdue := self._overdue(now_s)) is not None:
            return overdue
        frames: list[str] = []
        if self._to_log_on and self._credentials is not None:
            self._to_log_on, self._logon_id = False, next(self._ids)
            stamp = f'{{"timestamp":{self._now_ms()}}}'
            frames.append(_frame(self._logon_id, "session.logon", signed(stamp, self._credentials)))
        frames += [_frame(number, asked.verb, self._params(asked)) for number, asked in self._taken(now_s)]
        return frames

    def next_due(self) -> float | None:
        """When the longest unanswered request is overdue."""
        return self._first_due_s()

    def receive(self, payload: bytes) -> Incoming | Failure:
        """Give each answer to whoever has asked."""
        found = _ID.match(payload)
        return self._receive_other(payload) if found is None else self._receive_answer(int(found[1]), payload)

    def decode(self, payload: bytes) -> Any:
        """The message."""
        return event_in(payload)

    def successor(self) -> WsApiSession:
        """One that asks the same questions; as soon as it can, it asks all of them."""
        heir = self._heir = WsApiSession(self._url, self._questions, self._credentials, self._now_ms)
        return heir

    def _params(self, asked: Message) -> str:
        needs_signature = asked.private and logs_on(self._credentials) and not self._logged_on
        return signed(asked.body, self._credentials) if needs_signature and self._credentials is not None else asked.body

    def _receive_answer(self, number: int, payload: bytes) -> Incoming:
        if number == self._logon_id:
            self._logon_id = None
            self._confirm_logon(payload)
        else:
            self._answered(number, payload)
        return Incoming.REPLY

    def _confirm_logon(self, payload: bytes) -> None:
        answered = object_in(payload) or {}
        self._logged_on = answered.get("status") == 200
        if not self._logged_on:  # it will not be asked for again over this connection
            log.warning("the venue refused the logon, so that each request is signed: %s", shown(payload))

    def _receive_other(self, payload: bytes) -> Incoming | Failure:
        said = object_in(payload)
        if said is None:
            log.warning("calls: a message that cannot be read: %s", shown(payload))
        elif "event" in said:
            event = said["event"]
            self.leaving = self.leaving or (isinstance(event, dict) and event.get("e") == "serverShutdown")
        elif isinstance(number := said.get("id"), int):
            return self._receive_answer(number, payload)
        elif number is None and "error" in said:
            return self._receive_orphan(payload)
        return Incoming.REPLY

    def _receive_orphan(self, payload: bytes) -> Incoming | Failure:
        """An error that names no request, as when a key was revoked that had logged on: whose it is, is certain if one alone waits.

        The logon is a request as well.
        """
        if self._logon_id is not None or not self._answered_alone(payload):
            return Failure(f"the venue refused a request without saying which: {shown(payload)}")
        self._logged_on = False
        return Incoming.REPLY


def _frame(number: int, method: str, params: str) -> str:
    return f'{{"id":{number},"method":"{method}","params":{params}}}'
