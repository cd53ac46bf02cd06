"""Brings an account's messages to the user's callback, and the changes of orders that were missed too.

When the stream comes back after it was lost, REST is asked for the orders that changed since, while what the stream brings waits until
that is told. What a message means, and what REST is asked, each venue's own class says.
"""

from __future__ import annotations

import logging
import random
import threading
import weakref
from abc import abstractmethod
from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar

from exchangeclient.core.feeds.callbacks import CallbackThread, EventLine
from exchangeclient.core.feeds.notices import SocketNotice
from exchangeclient.core.feeds.sockets import Delivery
from exchangeclient.core.feeds.stream_group import Callback, Forms
from exchangeclient.core.process.clock import SystemClock
from exchangeclient.core.process.workers import Workers
from exchangeclient.core.protocol.session import Backoff
from exchangeclient.exceptions import AuthenticationException, ExchangeException, PermissionException

if TYPE_CHECKING:
    from exchangeclient.core.client import BaseClient

log = logging.getLogger(__name__)

HOLD_S: Final = 10.0
"""For how long messages wait for the changes that were missed before them, when REST cannot be asked."""

_LONGEST_PAUSE_S: Final = 30.0
_EARLIER_MS: Final = 60_000  # a connection may be dead for half a minute before it is noticed
_REMEMBERED: Final = 10_000

AnyClient = TypeVar("AnyClient", bound="BaseClient")


class AccountFeed(Delivery, Generic[AnyClient]):
    """The listener of a user socket.

    :param client: asks REST, and has the venue's time
    :param forms: what the messages are to the callback
    :param tell: is told when changes may be missing
    """

    def __init__(
        self, callbacks: CallbackThread, client: AnyClient, callback: Callback, *, forms: Forms, tell: Callable[[SocketNotice], None]
    ) -> None:
        self._line = EventLine(callbacks, self._deliver, forms.event_in, name="user data", limit=None)
        super().__init__(self._line, forms.error_event, struggling=forms.struggling)
        self._client = client
        self._clock = client.clock
        self._callback = callback
        self._tell = tell
        # Touched by the callback thread alone: what was told of each order last, and whether the stream has told it.
        self._known: OrderedDict[str, tuple[tuple[Any, ...], bool]] = OrderedDict()
        self._workers = Workers("exchangeclient-user", 1)
        self._workers.enter()
        self._leave = weakref.finalize(self, self._workers.leave)
        self._leave.atexit = False  # a daemon ends with the program
        self._closing = threading.Event()
        # Guarded by the lock.
        self._lock = threading.Lock()
        self._began_ms: int | None = None
        self._lost_ms = 0
        self._missing_since_ms: int | None = None
        self._holds = False
        self._held: list[bytes] = []

    # ---- on the reactor's thread -------------------------------------------------------------------------------------

    def connected(self) -> None:
        """Begin, or have caught up what was missed."""
        now_ms = self._clock.now_ms()
        with self._lock:
            if self._began_ms is None:
                self._began_ms = now_ms
                return
            if self._missing_since_ms is None:
                self._missing_since_ms = max(self._began_ms, self._lost_ms - _EARLIER_MS)
            if not self._holds:
                self._holds = True
                self._workers.submit(self._catch_up)
        self._tell(SocketNotice("gap", "user data", "changes of orders may be missing; REST is asked for them", now_ms / 1000))

    def received(self, payloads: Sequence[bytes]) -> None:
        """Queue them; or hold them back until what was missed is told."""
        with self._lock:
            if self._holds:
                self._held += payloads
            else:
                self._line.put(payloads)

    def lost(self, reason: str) -> None:  # noqa: ARG002 - the log and the notice say it
        """From a moment before this changes may be missing."""
        with self._lock:
            self._lost_ms = self._clock.now_ms()

    def noticed(self, notice: SocketNotice) -> None:
        """Have the venue's time looked at when the stream does not begin: a login is refused when its time is half a minute off."""
        if self._began_ms is None and notice.kind in ("lost", "refused"):
            self._workers.submit(self._learn_time)
        super().noticed(notice)

    def close(self) -> None:
        """Deliver nothing more. Called from any thread, once or more often."""
        self._closing.set()
        self._leave()
        super().close()

    # ---- on the callback thread --------------------------------------------------------------------------------------

    def _deliver(self, message: Any) -> Any:
        news = self._news_in(message)
        return None if news is None else self._callback(news)

    @abstractmethod
    def _news_in(self, message: Any) -> Any:
        """What of a message is to be told; None for nothing."""

    def _is_news(self, order_id: str, told: tuple[Any, ...], *, caught_up: bool) -> bool:
        """False for what was told before: a state that REST has shown, and the stream brings after that; or the other way round.

        Of what the stream alone has told nothing is held back: two messages that look alike may both mean something.

        :param told: the order's time, and what else makes its state
        """
        known, by_stream = self._known.get(order_id, ((-1,), True))
        if (caught_up or not by_stream) and (told == known or told[0] < known[0]):
            return False
        self._known[order_id] = told, not caught_up
        self._known.move_to_end(order_id)
        while len(self._known) > _REMEMBERED:
            self._known.popitem(last=False)
        return True

    # ---- on the worker's thread --------------------------------------------------------------------------------------

    @abstractmethod
    def _sign(self) -> None:
        """Make a signed call, which puts the clock right.

        :raises ExchangeException: when that is refused
        """

    @abstractmethod
    def _missed_since(self, since_ms: int) -> Iterable[Any]:
        """Messages of what has changed from then on, the first to change first.

        :raises ExchangeException: when it cannot be asked
        """

    def _learn_time(self) -> None:
        try:
            self._sign()
        except ExchangeException as error:
            log.info("user data: the venue's time was not learned: %s", error)

    def _catch_up(self) -> None:
        """Ask what was missed until it is known, and have it told before what is held back."""
        clock = SystemClock()
        held_until_s = clock.monotonic_s() + HOLD_S
        backoff = Backoff(random.Random(), cap_s=_LONGEST_PAUSE_S)
        while not self._closing.is_set():
            with self._lock:
                since_ms = self._missing_since_ms
                if since_ms is None:
                    self._let_go()
                    return
                self._missing_since_ms = None
            try:
                missed = list(self._missed_since(since_ms))
            except (AuthenticationException, PermissionException) as error:
                log.error("user data: what was missed stays unknown, because REST refuses the key: %s", error)
                missed = []
            except ExchangeException as error:
                pause_s = backoff.after()
                log.warning("user data: what was missed is asked for again in %.1f s: %s", pause_s, error)
                with self._lock:
                    self._missing_since_ms = since_ms
                    if clock.monotonic_s() > held_until_s:
                        self._tell_held()
                self._closing.wait(pause_s)
                continue
            with self._lock:
                for message in missed:
                    self._line.tell(message)
            log.info("user data: caught up, %d messages were missed", len(missed))

    def _let_go(self) -> None:
        """Hold nothing back any more. The lock is held."""
        self._holds = False
        self._tell_held()

    def _tell_held(self) -> None:
        held, self._held = self._held, []
        if held:
            self._line.put(held)
