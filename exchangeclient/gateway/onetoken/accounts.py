"""The accounts behind the gateway, and what happens to them: a thread for each that is listened to, which asks the venue and tells.

A message of the venue's account stream only says that something has changed; what it is now is asked. So what sockets are told of an order
is what the venue shows of it, in one order: first what is open, then each change.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from queue import SimpleQueue
from typing import Any, Final, Protocol

from exchangeclient.core.process.clock import SystemClock
from exchangeclient.exceptions import ExchangeException, OrderNotFoundException
from exchangeclient.gateway.onetoken.errors import ServiceError, service_error, stopping
from exchangeclient.gateway.onetoken.frames import Frames
from exchangeclient.gateway.onetoken.names import Account
from exchangeclient.gateway.onetoken.settings import Settings
from exchangeclient.gateway.onetoken.shapes import ENDED, Row
from exchangeclient.gateway.onetoken.store import Store
from exchangeclient.gateway.onetoken.trading import Trading
from exchangeclient.gateway.onetoken.venues import Venues

log = logging.getLogger(__name__)

_REMEMBERED: Final = 10_000
_PAUSE_S: Final = 0.2  # between two looks at the balances
_AGAIN_S: Final = 3.0
_LISTEN_AGAIN_S: Final = 30.0
_clock = SystemClock()


class Listener(Protocol):
    """Who is told."""

    def send(self, frames: Frames) -> None:
        """Take a message; from any thread."""


class AccountFeed:
    """One account's orders and balances, as they change."""

    def __init__(self, trading: Trading) -> None:
        self._trading = trading
        self._jobs: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._lock = threading.Lock()
        self._starting = threading.Lock()
        self._listens = False
        self._refused_s: float | None = None  # when the venue has refused the account's stream for good
        self._waiting: set[Any] = set()
        self._orders: list[Listener] = []
        self._infos: list[Listener] = []
        self._thread: threading.Thread | None = None
        self._info: Any = None
        self._looked_s = float("-inf")
        self._owed: dict[Any, Callable[[], None]] = {}  # what has changed and could not be asked
        self._repaid_s = float("-inf")
        self._late: list[tuple[str, Listener, Callable[[], None]]] = []  # who was not told yet what there is
        self._told: dict[str, int] = {}  # the last version of an order that everybody was told; the oldest are forgotten
        self._shown: set[str] = set()  # the orders that were open when they were told last

    def start(self) -> None:
        """Listen to the venue, from the first call on. May ask it; what that raises is raised, and tried again by the next call."""
        with self._starting:
            if self._listens:
                return
            with self._lock:
                if self._thread is None:
                    self._thread = threading.Thread(target=self._run, name="exchangeclient-onetoken-account", daemon=True)
                    self._thread.start()
            self._listens, self._refused_s = True, None  # before: the refusal may be here at once
            try:
                self._trading.venue.sockets(self._noticed).start_user_socket(self._heard)
            except BaseException:
                self._listens = False
                raise

    def close(self) -> None:
        """Tell nobody any more."""
        with self._lock:
            thread, self._thread = self._thread, None
        if thread is not None:
            self._jobs.put(None)

    # ---- who is told -------------------------------------------------------------------------------------------------

    def add(self, kind: str, listener: Listener, acknowledge: Callable[[], None]) -> None:
        """Tell somebody of ``order`` or ``info``: first what there is. When the venue does not say, that is told, and asked again later."""
        self._jobs.put(lambda: self._begin(kind, listener, acknowledge))

    def _begin(self, kind: str, listener: Listener, acknowledge: Callable[[], None], *, is_late: bool = False) -> None:
        try:
            first = self._read_orders() if kind == "order" else self._read_info()
        except (ExchangeException, ServiceError) as error:
            told = service_error(error)
            if not is_late:
                listener.send(Frames({"uri": kind, "status": "fail", "code": told.code, "message": told.message, "data": []}))
            self._late.append((kind, listener, acknowledge))
        else:
            acknowledge()
            listener.send(first)
        listeners = self._listeners(kind)
        if listener not in listeners:  # of what changes it is told all the same
            listeners.append(listener)

    def _begin_late(self) -> None:
        late, self._late = self._late, []
        for each in late:
            self._begin(*each, is_late=True)

    def remove(self, kind: str, listener: Listener) -> None:
        """Tell somebody no more."""

        def end() -> None:
            with suppress(ValueError):
                self._listeners(kind).remove(listener)
            self._late = [each for each in self._late if each[1] is not listener]

        self._jobs.put(end)

    def _listeners(self, kind: str) -> list[Listener]:
        return self._orders if kind == "order" else self._infos

    # ---- what happens ------------------------------------------------------------------------------------------------

    def changed(self, instrument: str, order_id: str) -> None:
        """Something was done with an order; from any thread."""
        if self._thread is None:
            return
        self._soon((instrument, order_id), lambda: self._tell_order(instrument, order_id))
        self._soon("info", self._tell_info)

    def look(self) -> None:
        """Called about once a second: what could not be asked is asked again after a while, so that no end of an order is lost, and no
        balance stays as it was.

        A stream that was refused for good, such as that of a key without permission, is tried anew now and then.
        """
        now_s = _clock.monotonic_s()
        if self._refused_s is not None and now_s - self._refused_s > _LISTEN_AGAIN_S:
            self._refused_s = now_s
            self._soon("listen", self._listen_again)
        if (self._owed or self._late) and now_s - self._repaid_s > _AGAIN_S:
            self._repaid_s = now_s
            with self._lock:
                owed, self._owed = self._owed, {}
            for mark, job in owed.items():
                self._soon(mark, job)
            if self._late:
                self._soon("late", self._begin_late)

    def _heard(self, message: Any) -> None:
        for instrument, order_id in self._trading.venue.words.orders(message):
            self.changed(instrument, order_id)
        self._soon("info", self._tell_info)

    def _noticed(self, notice: Any) -> None:
        if "book" in notice.stream:
            return
        if notice.final:
            self._listens, self._refused_s = False, _clock.monotonic_s()
        if notice.kind in ("lost", "stale", "refused"):
            self._soon("trouble", lambda: self._tell_trouble(notice.kind))
        elif notice.kind == "recovered":
            self._soon("again", self._tell_again)
        elif notice.kind == "connected":
            self._soon("missed", self._tell_missed)

    def _soon(self, mark: Any, job: Callable[[], None]) -> None:
        """Have a job done, unless the same is waiting already."""
        with self._lock:
            if mark in self._waiting:
                return
            self._waiting.add(mark)

        def once() -> None:
            with self._lock:
                self._waiting.discard(mark)
            try:
                job()
            except ExchangeException:
                with self._lock:
                    self._owed[mark] = job
                raise

        self._jobs.put(once)

    def _run(self) -> None:
        while (job := self._jobs.get()) is not None:
            try:
                job()
            except ExchangeException as error:
                log.warning("%s: what has changed could not be asked: %s", self._trading.account.symbol, type(error).__name__)
                self._tell_trouble("the venue did not answer")
            except ServiceError as error:
                log.info("%s: what has changed could not be told: %s", self._trading.account.symbol, error.code)
            except Exception:
                if self._thread is None:  # the gateway has ended meanwhile, and what it asked of is closed
                    return
                log.exception("a change of %s could not be told", self._trading.account.symbol)

    def _listen_again(self) -> None:
        self.start()
        self._tell_again()

    def _tell_order(self, instrument: str, order_id: str) -> None:
        try:
            row = self._trading.order(instrument, order_id)
        except OrderNotFoundException:
            return
        if row is not None:
            self._tell_row(row)

    def _tell_row(self, row: Row) -> None:
        """Tell of an order, unless everybody knows it as it is."""
        oid = row["exchange_oid"]
        if row["status"] in ENDED:
            self._shown.discard(oid)
        else:
            self._shown.add(oid)
        if self._told.get(oid) != row["version"]:
            self._mark(row)
            _tell(self._orders, {"uri": "order", "type": "update", "status": "ok", "data": [row]})

    def _mark(self, row: Row) -> None:
        self._told.pop(row["exchange_oid"], None)
        self._told[row["exchange_oid"]] = row["version"]
        if len(self._told) > _REMEMBERED:
            del self._told[next(iter(self._told))]

    def _tell_info(self) -> None:
        if not self._infos:
            return
        early_s = self._looked_s + _PAUSE_S - _clock.monotonic_s()
        if early_s > 0:
            threading.Event().wait(early_s)
        before = self._info
        frames = self._read_info()
        if self._info != before:
            for listener in self._infos:
                listener.send(frames)

    def _read_orders(self, *, to_all: bool = False) -> Frames:
        """The orders that are open. Of those that were open before, and are not any more, it is told what became of them.

        :param to_all: whether everybody who listens is told of these
        """
        rows = self._trading.orders(None, "active")
        open_now = {row["exchange_oid"] for row in rows}
        gone, self._shown = self._shown - open_now, open_now
        for oid in gone:
            self._soon(oid, partial(self._tell_gone, oid))
        if to_all or not self._orders:
            for row in rows:
                self._mark(row)
        return Frames({"uri": "order", "type": "snapshot", "status": "ok", "data": rows})

    def _tell_gone(self, oid: str) -> None:
        self._tell_row(self._trading.found(oid))

    def _read_info(self) -> Frames:
        self._looked_s = _clock.monotonic_s()
        self._info = self._trading.info()
        return Frames({"uri": "info", "type": "snapshot", "status": "ok", "data": self._info})

    def _tell_trouble(self, why: str) -> None:
        for uri, listeners in (("order", self._orders), ("info", self._infos)):
            _tell(listeners, {"uri": uri, "status": "fail", "message": why, "data": []})

    def _tell_again(self) -> None:
        """The connection was lost for a while: what there is now."""
        if self._orders:
            frames = self._read_orders(to_all=True)
            for listener in self._orders:
                listener.send(frames)
        if self._infos:
            frames = self._read_info()
            for listener in self._infos:
                listener.send(frames)

    def _tell_missed(self) -> None:
        """The stream flows from now on: what has changed since it was told what there is."""
        if self._orders:
            for row in self._read_orders().content["data"]:
                self._tell_row(row)
        self._tell_info()


class Accounts:
    """All that were asked for."""

    def __init__(self, venues: Venues, store: Store, settings: Settings) -> None:
        self._venues = venues
        self._store = store
        self._settings = settings
        self._lock = threading.Lock()
        self._closed = False
        self._made: dict[str, tuple[Trading, AccountFeed]] = {}

    def trading(self, account: Account) -> Trading:
        """What an account can be asked.

        :raises ServiceError: when the gateway has none of that name
        """
        return self._both(account)[0]

    def feed(self, account: Account) -> AccountFeed:
        """What happens to it."""
        feed = self._both(account)[1]
        feed.start()
        return feed

    def leave(self, account: Account, kind: str, listener: Listener) -> None:
        """Tell this one no more. Nothing is made for that: it may be the gateway's end that has closed its socket."""
        with self._lock:
            made = self._made.get(account.symbol)
        if made is not None:
            made[1].remove(kind, listener)

    def look(self) -> None:
        """Called about once a second on the host's thread."""
        with self._lock:
            made = list(self._made.values())
        for _, feed in made:
            feed.look()

    def close(self) -> None:
        """End the feeds."""
        with self._lock:
            self._closed = True
            made, self._made = list(self._made.values()), {}
        for _, feed in made:
            feed.close()

    def _both(self, account: Account) -> tuple[Trading, AccountFeed]:
        venue = self._venues.account(account)
        with self._lock:
            if self._closed:
                raise stopping()
            if account.symbol not in self._made:
                trading = Trading(account, venue, self._store, self._settings)
                feed = AccountFeed(trading)
                trading.changed = feed.changed
                self._made[account.symbol] = trading, feed
            return self._made[account.symbol]


def _tell(listeners: list[Listener], content: Any) -> None:
    if listeners:
        frames = Frames(content)
        for listener in listeners:
            listener.send(frames)
