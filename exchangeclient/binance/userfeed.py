"""Brings the account's events to the user's callback, each once, and those that were missed too.

Before its callback an event passes the :class:`~exchangeclient.binance.account_view.AccountView`. When the stream comes back after it was
lost, REST is asked what was missed (:mod:`.catchup`); what comes meanwhile waits until that is told. Too much waiting for a slow callback
is no reason to drop anything: the connection is left, and what it would have brought is caught up when the callback has made up for it.
"""

from __future__ import annotations

import logging
import random
import threading
import weakref
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from exchangeclient.binance.account_view import AccountView, Shown
from exchangeclient.binance.catchup import Missed, look, missed
from exchangeclient.binance.client import Client
from exchangeclient.binance.messages import error_event
from exchangeclient.binance.userdata import Brake
from exchangeclient.core.feeds.callbacks import CallbackThread, EventLine
from exchangeclient.core.feeds.notices import SocketNotice
from exchangeclient.core.feeds.sockets import Delivery
from exchangeclient.core.process.clock import SystemClock
from exchangeclient.core.process.workers import Workers
from exchangeclient.core.protocol.session import Backoff
from exchangeclient.exceptions import AuthenticationException, ExchangeException, PermissionException

log = logging.getLogger(__name__)

WAITING_LIMIT: Final = 10_000
"""How many events may wait for the callback before the connection is left."""

HOLD_S: Final = 10.0
"""For how long events wait for those that were missed before them, when REST cannot be asked."""

_PATIENT_TRIES: Final = 5
_LONGEST_PAUSE_S: Final = 30.0
_WORKER: Final = "exchangeclient-user"

Callback = Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class _Began:
    """In the line: the stream flows for the first time."""

    at_ms: int


@dataclass(frozen=True, slots=True)
class _Lost:
    """In the line: here events are missing."""


class UserFeed(Delivery):
    """The listener of the user data socket.

    :param client: asks REST
    :param brake: of the socket's sessions
    :param tell: is told when events may be missing
    :param struggling: see :class:`~exchangeclient.core.feeds.sockets.Delivery`
    :param limit: how many events may wait for the callback
    """

    def __init__(
        self,
        callbacks: CallbackThread,
        client: Client,
        callback: Callback,
        decode: Callable[[bytes], Any],
        *,
        brake: Brake,
        tell: Callable[[SocketNotice], None],
        struggling: str | None = None,
        limit: int = WAITING_LIMIT,
    ) -> None:
        self._line = EventLine(callbacks, self._deliver, decode, name="user data", limit=None)
        super().__init__(self._line, error_event, struggling=struggling)
        self._client = client
        self._callback = callback
        self._brake = brake
        self._tell = tell
        self._limit = limit
        self._view = AccountView()  # touched by the callback thread alone
        self._workers = Workers(_WORKER, 1)
        self._workers.enter()
        self._leave = weakref.finalize(self, self._workers.leave)
        self._leave.atexit = False  # a daemon ends with the program
        self._closing = threading.Event()
        # Guarded by the lock. Events are held while a catch-up is due or under way; it looks again if the stream is lost once more.
        self._lock = threading.Lock()
        self._has_begun = False
        self._holds = False
        self._held: list[bytes] = []
        self._catches_up = False
        self._again = False

    # ---- on the reactor's thread -------------------------------------------------------------------------------------

    def connected(self) -> None:
        """Begin, or have caught up what was missed."""
        now_ms = self._client.clock.now_ms()
        with self._lock:
            if not self._has_begun:
                self._has_begun = True
                self._line.tell(_Began(now_ms))
                return
            self._holds = self._again = True
            if not self._catches_up:
                self._catches_up = True
                self._line.tell(_Lost())
        self._tell(SocketNotice("gap", "user data", "events may be missing; REST is asked for them", now_ms / 1000))

    def received(self, payloads: Sequence[bytes]) -> None:
        """Queue them; or hold them back until what was missed is told."""
        with self._lock:
            if self._brake.reason:
                return  # catching up after the next connection brings them
            if self._holds:
                self._held += payloads
                if len(self._held) > self._limit:
                    del self._held[: -self._limit]
                    self._again = True  # which brings the oldest of them
            elif self._line.waiting + len(payloads) > self._limit:
                self._brake.reason = f"more than {self._limit} events wait for the callback; what comes after them is caught up"
                log.warning("user data: %s", self._brake.reason)
            else:
                self._line.put(payloads)

    def lost(self, reason: str) -> None:  # noqa: ARG002 - the log and the notice say it
        """Be ready for the next connection."""
        self._brake.reason = ""

    def close(self) -> None:
        """Deliver nothing more. Called from any thread, once or more often."""
        self._closing.set()
        self._leave()
        super().close()

    # ---- on the callback thread --------------------------------------------------------------------------------------

    def _deliver(self, event: Any) -> Any:
        match event:
            case _Began():
                self._view.time_ms = event.at_ms
                self._workers.submit(self._begin)
            case _Lost():  # all that came before is told, so the view says what is not
                view = self._view.copy()
                self._workers.submit(lambda: self._catch_up(view))
            case Shown():
                self._view.begin(event)
            case Missed():
                self._view.caught_up(event.shown)
            case _ if self._view.is_news(event):
                return self._callback(event)
        return None

    # ---- on the worker's thread --------------------------------------------------------------------------------------

    def _begin(self) -> None:
        """Have a look at what the account is, for comparison."""
        try:
            self._line.tell(look(self._client))
        except ExchangeException as error:
            log.warning("user data: REST did not show the account (%s); orders of before are not caught up", error)

    def _catch_up(self, view: AccountView) -> None:
        """Ask what is missing in the view until it is known, and have it told before what is held back."""
        clock = SystemClock()
        held_until_s = clock.monotonic_s() + HOLD_S
        backoff = Backoff(random.Random(), cap_s=_LONGEST_PAUSE_S)
        while not self._closing.is_set():
            with self._lock:
                self._again = False
            try:
                found = missed(self._client, view, patient=backoff.failures < _PATIENT_TRIES)
            except (AuthenticationException, PermissionException) as error:
                log.error("user data: what was missed stays unknown, because REST refuses the key: %s", error)
                with self._lock:
                    self._let_go()
                    self._catches_up = False
                return
            except ExchangeException as error:
                pause_s = backoff.after()
                log.warning("user data: what was missed is asked for again in %.1f s: %s", pause_s, error)
                if clock.monotonic_s() > held_until_s:
                    with self._lock:
                        self._let_go()
                self._closing.wait(pause_s)
                continue
            if self._told(found):
                return

    def _told(self, found: Missed) -> bool:
        """Have all told; False when it has to be looked again, because the stream was lost meanwhile."""
        with self._lock:
            if self._again:
                return False
            for event in found.events:
                self._line.tell(event)
            self._line.tell(found)
            self._let_go()
            self._catches_up = False
        log.info("user data: caught up, %d events were missed", len(found.events))
        return True

    def _let_go(self) -> None:
        """Hold nothing back any more. The lock is held."""
        held, self._held, self._holds = self._held, [], False
        if held:
            self._line.put(held)
