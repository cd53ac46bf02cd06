"""What an account's socket brings, handed to who has asked for it: on the callbacks' thread, in order, none dropped."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from exchangeclient.core.callbacks import CallbackThread, EventLine
from exchangeclient.exceptions import SocketException
from exchangeclient.onetoken.messages import object_in
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


class Handlers:
    """Who wants to hear what. Changed by any thread.

    A watched order is found by its client_oid; until its answer is there nobody knows its exchange_oid.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._info: dict[str, Handler] = {}
        self._orders: dict[str, Handler] = {}
        self._watched: dict[str, tuple[Handler, set[str]]] = {}
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
            entry = self._watched[client_oid] = handler, {client_oid}

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
                self._watched[client_oid][1].add(exchange_oid)

    def watched(self) -> list[str]:
        """The client_oids of the orders that are watched."""
        with self._lock:
            return list(self._watched)

    def for_info(self) -> list[Handler]:
        """Who hears of the account."""
        with self._lock:
            return list(self._info.values())

    def for_order(self, order: Order) -> list[Handler]:
        """Who hears of an order; who watches it alone hears no more after its end."""
        with self._lock:
            found = list(self._orders.values())
            for client_oid, (handler, names) in list(self._watched.items()):
                if order.client_oid in names or order.exchange_oid in names:
                    found.append(handler)
                    if order.is_over:
                        del self._watched[client_oid]
            return found


class AccountFeed:
    """The listener of an account's socket.

    :param name: what the log calls it
    :param ask: answers what became of an order, by its client_oid; None when that cannot be told
    """

    def __init__(self, callbacks: CallbackThread, name: str, handlers: Handlers, ask: Callable[[str], Mapping[str, Any] | None]) -> None:
        self._name = name
        self._callbacks = callbacks
        self._handlers = handlers
        self._ask = ask
        self._was_lost = False
        # The figures and the orders that rest, as last told; on the callbacks' thread alone.
        self._info: Info | None = None
        self._resting: dict[str | None, Order] = {}
        self._line = EventLine(callbacks, self._hear, bytes, name=name, limit=None)
        handlers.introduce = self._line.tell

    def connected(self) -> None:
        """It flows; what has happened while it did not is asked for."""
        if self._was_lost:
            self._was_lost = False
            self._line.tell(None)

    def received(self, payloads: Sequence[bytes]) -> None:
        """Queue them."""
        self._line.put(payloads)

    def lost(self, reason: str) -> None:  # noqa: ARG002 - the log says it
        """It comes again by itself."""
        self._was_lost = True

    def failed(self, error: SocketException) -> None:
        """It does not come again."""
        log.error("%s: %s", self._name, error)

    def close(self) -> None:
        """Deliver nothing more."""
        self._line.close()

    def _hear(self, payload: bytes | Newcomer | None) -> None:
        if payload is None:
            self._catch_up()
        elif isinstance(payload, Newcomer):
            self._welcome(payload)
        else:
            self._read(payload)

    def _read(self, payload: bytes) -> None:
        try:
            frame = object_in(payload)
            if frame.get("status", "ok") != "ok":
                log.warning("%s: the gateway has trouble with its %s", self._name, frame.get("uri"))
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
        if frame.get("type") == "snapshot":
            self._resting.clear()
        for row in told:
            order = self._order(row)
            if order is not None:
                self._tell(order)

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
        if order.is_over:
            self._resting.pop(order.exchange_oid, None)
        else:
            self._resting[order.exchange_oid] = order
        for handler in self._handlers.for_order(order):
            self._callbacks.call(handler, order)

    def _catch_up(self) -> None:
        """Of an order that ended meanwhile the next connection says nothing."""
        for client_oid in self._handlers.watched():
            row = self._ask(client_oid)
            if row is None:
                log.warning("%s: what became of order %s meanwhile is not told; ask for it", self._name, client_oid)
                continue
            order = self._order(row)
            if order is not None and order.is_over:  # what goes on is told by the stream
                self._tell(order)
