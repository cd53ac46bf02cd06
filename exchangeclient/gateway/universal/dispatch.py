"""Which method of a venue answers a call, and what it is given."""

from __future__ import annotations

import functools
import inspect
import logging
import threading
from collections.abc import Callable, Hashable, Mapping
from concurrent.futures import Future
from decimal import Decimal
from typing import Any, Final

from exchangeclient.gateway.universal import passthrough
from exchangeclient.gateway.universal.envelope import Envelope
from exchangeclient.gateway.universal.legacy import Legacy
from exchangeclient.gateway.universal.protocol import Answer, BaseProtocol
from exchangeclient.gateway.universal.texts import MISSING, Refused, hidden

log = logging.getLogger(__name__)

_MOST_UNKNOWN: Final = 100
_SHOWN: Final = 60


class Flights:
    """Questions that are on their way, each asked once for all who want to know the same at the same time."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._flying: dict[Hashable, Future[Answer]] = {}

    def shared(self, question: Hashable, ask: Callable[[], Answer]) -> Answer:
        """What ``ask()`` answers, here or on the thread that asks already."""
        with self._lock:
            flying = self._flying.get(question)
            mine = flying is None
            if flying is None:
                flying = self._flying[question] = Future()
        if not mine:
            return flying.result()
        try:
            flying.set_result(ask())
        except BaseException as error:
            flying.set_exception(error)
            raise
        finally:
            with self._lock:
                del self._flying[question]
        return flying.result()


class Dispatch:
    """The table of methods, over any venue."""

    def __init__(self) -> None:
        self._flights = Flights()
        self._unknown: set[str] = set()

    def answer(self, call: Envelope, protocol: BaseProtocol, legacy: Legacy, *, ask_first: bool = False) -> Answer:
        """What the venue answers to a call.

        :param ask_first: whether an order of the same call may be at the venue already
        :raises Refused: for a call that cannot be read
        """
        if is_passthrough(call):
            return protocol.IO(call.verb, call.method.removeprefix(passthrough.PREFIX), dict(call.params))
        name = _ALIASES.get(call.method.lower(), call.method.lower())
        if name == "trade":
            return _trade(call, protocol, legacy, ask_first=ask_first)
        if name in _ACCOUNT:
            return _ACCOUNT[name](call, protocol, legacy)
        if name not in _MARKET:
            self._note(call)
            raise Refused(f"invalid method: {call.method[:_SHOWN]}")
        arguments, method = _MARKET[name](call, protocol, legacy)
        if protocol.sharing is None:
            return method(*arguments)
        return self._flights.shared((protocol.sharing, name, arguments), lambda: method(*arguments))

    def _note(self, call: Envelope) -> None:
        """Log a method that there is not, once."""
        if call.method not in self._unknown and len(self._unknown) < _MOST_UNKNOWN:
            self._unknown.add(call.method)
            secrets = (call.access_key, call.secret_key, *call.secret_key.split(","))
            log.warning("a robot calls a method that there is not: %r", hidden(call.method, secrets)[:_SHOWN])


def is_passthrough(call: Envelope) -> bool:
    """True for a call of the venue's own."""
    return call.method.startswith(passthrough.PREFIX)


def changes(call: Envelope) -> bool:
    """True for what must not be done twice."""
    return call.method.lower() in ("trade", "cancel") or (is_passthrough(call) and call.verb.upper() != "GET")


Asked = tuple[tuple[Any, ...], Callable[..., Answer]]


def _ticker(call: Envelope, protocol: BaseProtocol, legacy: Legacy) -> Asked:
    return (_symbol(call, legacy),), protocol.GetTicker


def _depth(call: Envelope, protocol: BaseProtocol, legacy: Legacy) -> Asked:
    limit = call.whole("limit")
    if "limit" in _names(type(protocol).GetDepth):
        return (_symbol(call, legacy), limit), lambda symbol, limit: protocol.GetDepth(symbol, limit=limit)  # type: ignore[call-arg]
    return (_symbol(call, legacy),), protocol.GetDepth


def _trades(call: Envelope, protocol: BaseProtocol, legacy: Legacy) -> Asked:
    return (_symbol(call, legacy),), protocol.GetTrades


def _records(call: Envelope, protocol: BaseProtocol, legacy: Legacy) -> Asked:
    period = call.whole("period")
    if not period:
        raise Refused(f"{MISSING}: period")
    return (_symbol(call, legacy), period, call.whole("limit")), protocol.GetRecords


def _markets(_call: Envelope, protocol: BaseProtocol, _legacy: Legacy) -> Asked:
    return (), protocol.GetMarkets


def _tickers(_call: Envelope, protocol: BaseProtocol, _legacy: Legacy) -> Asked:
    return (), protocol.GetTickers


def _fundings(call: Envelope, protocol: BaseProtocol, legacy: Legacy) -> Asked:
    return (_symbol(call, legacy),), protocol.GetFundings


def _accounts(_call: Envelope, protocol: BaseProtocol, _legacy: Legacy) -> Answer:
    return protocol.GetAccount()


def _assets(_call: Envelope, protocol: BaseProtocol, _legacy: Legacy) -> Answer:
    return protocol.GetAssets()


def _trade(call: Envelope, protocol: BaseProtocol, legacy: Legacy, *, ask_first: bool) -> Answer:
    symbol, side = _symbol(call, legacy), legacy.type(call.text("type"))
    price, amount = _needed(call, "price"), _needed(call, "amount")
    further = _accepted(type(protocol).CreateOrder, clientOrderId=call.client_order_id(), askFirst=ask_first)
    legacy.before_order(symbol, protocol)
    return protocol.CreateOrder(symbol, side, price, amount, **further)


def _orders(call: Envelope, protocol: BaseProtocol, legacy: Legacy) -> Answer:
    return protocol.GetOrders(_symbol(call, legacy))


def _order(call: Envelope, protocol: BaseProtocol, legacy: Legacy) -> Answer:
    return protocol.GetOrder(_id(call), **_accepted(type(protocol).GetOrder, symbol=_symbol(call, legacy)))


def _cancel(call: Envelope, protocol: BaseProtocol, legacy: Legacy) -> Answer:
    return protocol.CancelOrder(_id(call), **_accepted(type(protocol).CancelOrder, symbol=_symbol(call, legacy)))


def _history(call: Envelope, protocol: BaseProtocol, legacy: Legacy) -> Answer:
    return protocol.GetHistoryOrders(_symbol(call, legacy), call.whole("since"), call.whole("limit"))


def _positions(call: Envelope, protocol: BaseProtocol, legacy: Legacy) -> Answer:
    return protocol.GetPositions(_symbol(call, legacy))


def _margin_level(call: Envelope, protocol: BaseProtocol, legacy: Legacy) -> Answer:
    name = next((each for each in ("level", "marginLevel", "marginlevel", "margin_level") if each in call.params), "level")
    return protocol.SetMarginLevel(_symbol(call, legacy), _needed(call, name))


def _io(call: Envelope, protocol: BaseProtocol, legacy: Legacy) -> Answer:
    return legacy.control(call, protocol)


_MARKET: Final[Mapping[str, Callable[[Envelope, BaseProtocol, Legacy], Asked]]] = {
    "ticker": _ticker,
    "depth": _depth,
    "trades": _trades,
    "records": _records,
    "markets": _markets,
    "tickers": _tickers,
    "fundings": _fundings,
}
_ACCOUNT: Final[Mapping[str, Callable[[Envelope, BaseProtocol, Legacy], Answer]]] = {
    "accounts": _accounts,
    "assets": _assets,
    "orders": _orders,
    "order": _order,
    "cancel": _cancel,
    "historyorders": _history,
    "positions": _positions,
    "marginlevel": _margin_level,
    "io": _io,
}
# No public text says how these are spelled.
_ALIASES: Final[Mapping[str, str]] = {
    **dict.fromkeys(("position", "getpositions"), "positions"),
    **dict.fromkeys(("setmarginlevel", "margin_level"), "marginlevel"),
    **dict.fromkeys(("funding", "getfundings"), "fundings"),
    "getmarkets": "markets",
    "gettickers": "tickers",
}


def _symbol(call: Envelope, legacy: Legacy) -> str:
    return legacy.symbol(call.text("symbol"))


def _id(call: Envelope) -> str:
    text = call.text("id")
    if not text:
        raise Refused(f"{MISSING}: id")
    return text


def _needed(call: Envelope, name: str) -> Decimal:
    figure = call.figure(name)
    if figure is None:
        raise Refused(f"{MISSING}: {name}")
    return figure


@functools.lru_cache(maxsize=256)
def _names(method: Callable[..., Answer]) -> frozenset[str]:
    return frozenset(inspect.signature(method).parameters)


def _accepted(method: Callable[..., Answer], **offered: Any) -> dict[str, Any]:
    """Of what is offered, what a venue's method names."""
    return {name: value for name, value in offered.items() if name in _names(method)}
