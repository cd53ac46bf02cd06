"""What an account's socket brings, handed to who has asked for it: on the callbacks' thread, in order, none dropped."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from exchangeclient.core.feeds.callbacks import CallbackThread, EventLine
from exchangeclient.core.feeds.notices import SocketNotice
from exchangeclient.exceptions import SocketException
from exchangeclient.onetoken.messages import object_in, reason_in
from exchangeclient.onetoken.missed import Found, Look, Missed, Sought, Unknown
from exchangeclient.onetoken.models import Info, Order, rows_in

log = logging.getLogger(__name__)

Handler = Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class Newcomer:
    """A handler that comes to a stream which flows already, whose first frames it has missed.

    :ivar kind: what it wants to hear of
    """

    kind: Literal["info", "order"]
    handler: Handler


@dataclass(slots=True)
class _Watch:
    """Who wants to hear of one order, until it is over."""

    handler: Handler
    client_oid: str
    exchange_oid: str | None = None


class Handlers:
    """Who wants to hear what. Changed by any thread.

    A watched order is found by its client_oid; until its answer is there nobody knows its exchange_oid.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._info: dict[str, Handler] = {}
        self._orders: dict[str, Handler] = {}
        self._watched: dict[str, _Watch] = {}
        self.introduce: Callable[[Newcomer], None] = lambda _: None

    def want_info(self, name: str, handler: Handler) -> None:
        """Have this one called with the account's figures, in place of another one of its name."""
        with self._lock:
            self._info[name] = handler

    def want_orders(self, name: str, handler: Handler) -> None:
        """Have this one called with each change of an order."""
        with self._lock:
            self._orders[name] = handler

    def drop_info(self, name: str) -> bool:
        """Call it no more."""
        with self._lock:
            return self._info.pop(name, None) is not None

    def drop_orders(self, name: str | None = None) -> None:
        """Call it no more; None: none of them."""
        with self._lock:
            if name is None:
                self._orders.clear()
            else:
                self._orders.pop(name, None)

    def wants(self, newcomer: Newcomer) -> bool:
        """Whether it is still to be called."""
        with self._lock:
            return newcomer.handler in (self._info if newcomer.kind == "info" else self._orders).values()

    def watch(self, client_oid: str, handler: Handler) -> Callable[[], None]:
        """Have this one called with each change of one order, until it is over.

        :returns: what undoes it: an order that was refused for its id leaves the watch over the one that has the id
        """
        with self._lock:
            before = self._watched.get(client_oid)
            entry = self._watched[client_oid] = _Watch(handler, client_oid)

        def undo() -> None:
            with self._lock:
                if self._watched.get(client_oid) is not entry:
                    return
                if before is None:
                    del self._watched[client_oid]
                else:
                    self._watched[client_oid] = before

        return undo

    def also_called(self, client_oid: str, exchange_oid: str) -> None:
        """The order has this name, too."""
        with self._lock:
            if client_oid in self._watched:
                self._watched[client_oid].exchange_oid = exchange_oid

    def watched(self) -> list[tuple[str, str | None]]:
        """The orders that are watched, by their client_oids and, where they are known, their exchange_oids."""
        with self._lock:
            return [(watch.client_oid, watch.exchange_oid) for watch in self._watched.values()]

    def wants_orders(self) -> bool:
        """Whether anybody is to hear of orders at all."""
        with self._lock:
            return bool(self._orders or self._watched)

    def for_info(self) -> list[Handler]:
        """Who hears of the account."""
        with self._lock:
            return list(self._info.values())

    def for_order(self, order: Order) -> list[Handler]:
        """Who hears of an order; who watches it alone hears no more after its end."""
        with self._lock:
            found = list(self._orders.values())
            for watch in list(self._watched.values()):
                if watch.client_oid == order.client_oid or (watch.exchange_oid and watch.exchange_oid == order.exchange_oid):
                    found.append(watch.handler)
                    if order.is_over:
                        del self._watched[watch.client_oid]
            return found


class AccountFeed:
    """The listener of an account's socket.

    :param name: what the log calls it
    :param account: ``exchange/name``
    :param look: asks for an order, see :data:`~exchangeclient.onetoken.missed.Look`
    :param patience_s: for how long an order may be sought that the stream has lost sight of, before it is told as unknown
    :ivar trouble: why it does not flow
    """

    def __init__(self, callbacks: CallbackThread, name: str, account: str, handlers: Handlers, look: Look, *, patience_s: float) -> None:
        self.trouble = ""
        self._name = name
        self._account = account
        self._callbacks = callbacks
        self._handlers = handlers
        self._was_lost = bool(handlers.watched())  # from a stream before this one, which has failed
        # On the callbacks' thread alone: the figures and the orders that rest, as last told; the orders that are sought, with what is
        # known of them.
        self._info: Info | None = None
        self._resting: dict[str | None, Order] = {}
        self._sought: dict[Sought, Mapping[str, Any]] = {}
        self._line = EventLine(callbacks, self._hear, bytes, name=name, limit=None)
        self._missed = Missed(name, look, self._line.tell, patience_s=patience_s)
        handlers.introduce = self._line.tell

    def connected(self) -> None:
        """It flows; what has happened while it did not is asked for."""
        if self._was_lost:
            self._was_lost = False
            self._line.tell(_Again())

    def received(self, payloads: Sequence[bytes]) -> None:
        """Queue them."""
        self._line.put(payloads)

    def noticed(self, notice: SocketNotice) -> None:
        """Something happened to its connection."""
        self.trouble = notice.reason if notice.kind == "lost" else ""

    def lost(self, reason: str) -> None:  # noqa: ARG002 - the log says it
        """It comes again by itself."""
        self._was_lost = True

    def failed(self, error: SocketException) -> None:
        """It does not come again: who watches an order is told that nobody will tell its end."""
        self._line.tell(_Ended(str(error)))

    def close(self) -> None:
        """Deliver nothing more."""
        self._missed.close()
        self._line.close()

    def _hear(self, event: bytes | Newcomer | Found | Unknown | _Again | _Ended) -> None:
        match event:
            case Newcomer():
                self._welcome(event)
            case Found() | Unknown() if event.sought not in self._sought:
                pass  # the stream has told of it meanwhile
            case Found():
                self._read_found(event)
            case Unknown():
                self._read_unknown(event)
            case _Again():
                self._seek(self._watched())
            case _Ended():
                for known in self._watched().values():
                    self._call_unknown(known, f"the stream has ended: {event.why}")
            case _:
                self._read(event)

    def _read(self, payload: bytes) -> None:
        try:
            frame = object_in(payload)
            if frame.get("status", "ok") != "ok":
                log.warning("%s: the gateway has trouble with its %s: %s", self._name, frame.get("uri"), reason_in(frame))
                return
            told = Info(frame["data"]) if frame["uri"] == "info" else rows_in(frame["data"], "data")
        except (LookupError, TypeError, ValueError, AttributeError) as error:
            log.warning("%s: a frame that cannot be read is left out: %r", self._name, error)
            return
        if isinstance(told, Info):
            self._info = told
            for handler in self._handlers.for_info():
                self._callbacks.call(handler, told)
            return
        is_whole = frame.get("type") == "snapshot"
        orders = [order for order in map(self._order, told) if order is not None]
        vanished = dict(self._resting) if is_whole else {}
        if is_whole:
            self._resting.clear()
        for order in orders:
            vanished.pop(order.exchange_oid, None)
            self._tell(order)
        if self._handlers.wants_orders():  # those have ended, which no update has told
            self._seek({Sought("exchange_oid", oid): order for oid, order in vanished.items() if oid is not None})

    def _order(self, row: Mapping[str, Any]) -> Order | None:
        """An order as a row tells it; None, and a warning, when it cannot be read: the others of its frame are told."""
        try:
            return Order(row)
        except (TypeError, ValueError) as error:
            log.warning("%s: an order that cannot be read is left out: %r", self._name, error)
            return None

    def _welcome(self, newcomer: Newcomer) -> None:
        if not self._handlers.wants(newcomer):
            return
        if newcomer.kind == "order":
            for order in list(self._resting.values()):
                self._callbacks.call(newcomer.handler, order)
        elif self._info is not None:
            self._callbacks.call(newcomer.handler, self._info)

    def _tell(self, order: Order) -> None:
        for sought in (Sought("client_oid", order.client_oid or ""), Sought("exchange_oid", order.exchange_oid or "")):
            if sought in self._sought:
                del self._sought[sought]
                self._missed.forget(sought)
        if order.is_over:
            self._resting.pop(order.exchange_oid, None)
        else:
            self._resting[order.exchange_oid] = order
        self._call(order)

    def _call(self, order: Order) -> None:
        for handler in self._handlers.for_order(order):
            self._callbacks.call(handler, order)

    # Orders that were lost sight of.

    def _watched(self) -> dict[Sought, Mapping[str, Any]]:
        """The orders that are watched. A gateway that was started anew may know them by their exchange_oids alone."""
        resting = {order.client_oid: order for order in self._resting.values()}
        watched: dict[Sought, Mapping[str, Any]] = {}
        for client_oid, exchange_oid in self._handlers.watched():
            known = resting.get(client_oid) or {"account": self._account, "client_oid": client_oid, "exchange_oid": exchange_oid}
            named = exchange_oid or known.get("exchange_oid")
            watched[Sought("exchange_oid", named) if named else Sought("client_oid", client_oid)] = known
        return watched

    def _seek(self, orders: Mapping[Sought, Mapping[str, Any]]) -> None:
        self._sought.update(orders)
        self._missed.seek(self._sought)

    def _read_found(self, found: Found) -> None:
        """What became of it."""
        del self._sought[found.sought]
        order = self._order(found.row)
        if order is None:
            return
        if order.is_over:
            self._tell(order)
        else:  # it goes on, and what happens to it the stream tells
            self._resting.setdefault(order.exchange_oid, order)

    def _read_unknown(self, unknown: Unknown) -> None:
        known = self._sought[unknown.sought]
        if unknown.final:
            del self._sought[unknown.sought]
        self._call_unknown(known, unknown.why)

    def _call_unknown(self, known: Mapping[str, Any], why: str) -> None:
        self._call(Order({**known, "status": Order.UNKNOWN, "comment": why}))


class _Again:
    """The stream has come back."""


@dataclass(frozen=True, slots=True)
class _Ended:
    """The stream does not come back."""

    why: str
