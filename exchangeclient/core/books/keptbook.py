"""Hosts an order book: feeds it from a socket, has its snapshots fetched on another thread, and knows whether it may be shown.

Whether it is right is decided by :class:`~exchangeclient.market.booksync.BookSync`; the venue brings its sequence rule, its way
to read a message and its snapshot call (:class:`~exchangeclient.core.books.snapshots.BookSource`). Changes are applied on the reactor's
thread, so that a book stays live whatever user code does; readers never make it wait (:mod:`.editions`).
"""

from __future__ import annotations

import logging
import random
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from enum import StrEnum
from typing import Final, Literal, NamedTuple, TypeVar

from exchangeclient.core.books.editions import Editions
from exchangeclient.core.books.snapshots import BookSource, NotTradedError, Purpose, Remembering, SelfStarting, Snapshots, StreamOnlyError
from exchangeclient.core.feeds.notices import NoticeKind
from exchangeclient.core.process import forks, reactor
from exchangeclient.core.process.clock import Clock, SystemClock
from exchangeclient.core.process.workers import Workers
from exchangeclient.core.protocol.session import Backoff
from exchangeclient.exceptions import (
    AuthenticationException,
    OutOfSyncException,
    PermissionException,
    RateLimitException,
    SocketException,
    UnknownSymbolException,
)
from exchangeclient.market.book import OrderBook
from exchangeclient.market.booksync import BookSync, Snapshot, Step

log = logging.getLogger(__name__)

T = TypeVar("T")

OnStale = Literal["raise", "return"]

GRACE_S: Final = 5.0
"""How long a stream may take to reach what a snapshot shows already."""

# As in booksync: what is looked up for each message is looked up once.
_APPLY: Final = Step.APPLY
_RESYNC: Final = Step.RESYNC
_LOOK_S: Final = 1.0
# A market that was found to be quiet is asked about again after twice the time, up to this many times the first, until it is lively again.
_MOST_PATIENT: Final = 16
# When a budget opens anew, not all books ask in the same moment.
_SPREAD_S: Final = 2.0
# Refusals of the venue that would be the same the next time.
_HOPELESS = (UnknownSymbolException, PermissionException, AuthenticationException)


class BookState(StrEnum):
    """What is known about a book."""

    CONNECTING = "CONNECTING"  # the stream has not been open yet
    SYNCING = "SYNCING"  # the stream flows, the book is being made
    LIVE = "LIVE"  # it is the venue's book at the id that it reports
    STALE = "STALE"  # the stream broke, is silent, or has nothing to tell any more
    CLOSED = "CLOSED"  # by the user, or refused for good


class Version(NamedTuple):
    """A book as a reader gets it.

    :ivar update_id: its sequence number at the venue
    :ivar time_ms: the venue's time of the last change in it, None when there was none since the snapshot
    :ivar live: False when it is the last one that was right
    :ivar heard_s: when the venue last said something about it, by the monotonic clock
    """

    book: OrderBook
    update_id: int
    time_ms: int | None
    live: bool
    heard_s: float


def _tell_nobody(kind: NoticeKind, reason: str) -> None:
    """For a book that nobody asks about; the log says it too."""


def _renew_nothing(reason: str) -> None:
    """For a stream that comes from nowhere."""


def _forget_nothing() -> None:
    """For a source that remembers nothing."""


def _end_nothing() -> None:
    """For a book that nobody is told about."""


class KeptBook:
    """One order book that is kept right by itself, or says that it is not; the listener of its stream.

    :param on_change: called after the book has changed, and when it has failed for good; must not block
    :param refresh_s: a live book is compared with a new one, which takes its place, this often; None: only when it has to be
    :param quiet_s: a stream that is silent for so long is held against a snapshot; None: never
    :param stale: what a reader gets while the book is not live: an exception, or the last one that was right
    :param workers: fetch the snapshots, so that not too many are asked for at a time, however many books start over at once
    :param tell: is told what happens to it, besides what happens to its connection
    :param renew: ends a connection that is of no use any more, so that another is made
    :param on_close: called when it is closed, by whomever
    """

    def __init__(
        self,
        symbol: str,
        source: BookSource,
        *,
        workers: Workers,
        on_change: Callable[[], None],
        refresh_s: float | None = None,
        quiet_s: float | None = None,
        stale: OnStale = "raise",
        tell: Callable[[NoticeKind, str], None] = _tell_nobody,
        renew: Callable[[str], None] = _renew_nothing,
        on_close: Callable[[], None] = _end_nothing,
        backoff: Backoff | None = None,
        clock: Clock | None = None,
        random_source: random.Random | None = None,
    ) -> None:
        self._loop = reactor.running()
        self.symbol = symbol
        self._read_diff = source.diff
        self._forget = source.begin if isinstance(source, Remembering) else _forget_nothing
        self._start_s = source.patience_s if isinstance(source, SelfStarting) else 0.0
        self._on_change = on_change
        self._refresh_s = refresh_s
        self._quiet_s = self._patience_s = float("inf") if quiet_s is None else quiet_s
        self._stale = stale
        self._tell = tell
        self._renew = renew
        self._on_close = on_close
        self._random = random_source or random.Random()
        # The first failure is followed by a try at once (_first_delay), so this is up to one second after the second.
        self._backoff = backoff or Backoff(self._random, first_s=0.5, stable_s=10.0)
        self._clock = clock or SystemClock()
        self._look_s = min([_LOOK_S, *(each_s for each_s in (refresh_s, quiet_s) if each_s is not None)])
        self._looking: reactor.DelayedCall | None = None
        # All that follows is changed within an edition.
        self._editions = Editions()
        self._sync = BookSync(source.rule)
        self._snapshots = Snapshots(source, workers, self._loop, self._editions, begin=self._before_fetch, done=self._fetched)
        # What the book is while it is not live; whether it is, only `sync` says.
        self._rest = self._noted = BookState.CONNECTING
        self._reason = "the stream is not open yet"
        self._flows = False
        self._was_live = False
        self._live_since = self._right_at = self._heard_at = self._lively_since = self._behind_since = 0.0
        self._refresh_at = self._not_before = float("-inf")
        # What threads inside steady() go on seeing.
        self._pins: dict[int, Version] = {}
        self.failure: Exception | None = None
        self._workers = workers
        workers.enter()
        forks.follow(self)

    def renew(self) -> None:
        """In a process that was forked off nobody keeps it: it is not the venue's book any more, and may be half changed."""
        self._rest, self._reason = BookState.CLOSED, "this process was forked off, and does not keep it; make a manager in each process"
        self._flows = False
        self._sync.lose()
        self._sync.book = None
        self._pins = {}

    @property
    def state(self) -> BookState:
        """What is known about the book at this moment."""
        return BookState.LIVE if self._sync.live else self._rest

    @property
    def awaits(self) -> bool:
        """True while a snapshot is on its way."""
        return self._editions.read(lambda: self._snapshots.wanted)

    def stats(self) -> dict[str, int]:
        """How often what has happened to the book, as :class:`~exchangeclient.market.booksync.Proof` names it."""
        return asdict(self._sync.proof)

    # For readers, on any thread.

    def read(self, take: Callable[[OrderBook], T]) -> T:
        """What ``take`` finds in the book, all of it at one moment. It may be called more than once.

        :raises OutOfSyncException: when the book is not live
        """
        pinned = self._pins.get(threading.get_ident()) if self._pins else None
        if pinned is not None:
            return take(pinned.book)
        return self._editions.read(lambda: take(self._readable(self._stale)))

    def version(self) -> Version:
        """The book's marks. Its levels are to be read by :meth:`read`, since they change.

        :raises OutOfSyncException: when the book is not live
        """
        pinned = self._pins.get(threading.get_ident()) if self._pins else None
        return pinned or self._editions.read(lambda: self._version(self._stale))

    def age_s(self) -> float:
        """How long ago the venue last said something about the book that is read. It grows within :meth:`steady` too.

        :raises OutOfSyncException: when the book is not live
        """
        heard_s = self.version().heard_s
        return self._clock.monotonic_s() - heard_s

    @contextmanager
    def steady(self, stale: OnStale | None = None) -> Iterator[None]:
        """What this thread reads is the same until the block ends, while the book itself goes on.

        :param stale: as ever, if nothing else is said
        :raises OutOfSyncException: when the book is not live
        """
        me = threading.get_ident()
        if me in self._pins:
            yield
            return
        try:
            self._editions.read(lambda: self._pins.update({me: self._version(stale or self._stale)}))
            yield
        finally:
            self._pins.pop(me, None)

    def wait_live(self, timeout_s: float) -> None:
        """Wait until the book has been live once.

        :raises OutOfSyncException: when it has not within ``timeout_s``, or never will
        """
        if not self._was_live:
            reactor.forbid_blocking("waiting for the book")
            self._editions.wait(lambda: self._was_live or self._rest is BookState.CLOSED, timeout_s)
        if not self._was_live:
            raise self._out_of_sync()

    def _readable(self, stale: OnStale) -> OrderBook:
        book = self._sync.book
        if book is None or not (self._sync.live or stale == "return"):
            raise self._out_of_sync()
        return book

    def _version(self, stale: OnStale) -> Version:
        book, sync = self._readable(stale), self._sync
        return Version(book, sync.last_id, sync.time_ms, sync.live, self._heard_at)

    def _out_of_sync(self) -> OutOfSyncException:
        error = OutOfSyncException(f"the book of {self.symbol} is {self.state}: {self._reason}", symbol=self.symbol, state=self.state.value)
        error.__cause__ = self.failure
        return error

    # What the stream says, on the reactor's thread.

    def connected(self) -> None:
        """The stream flows: collect what it says, and fetch a snapshot."""
        with self._editions:
            if self._rest is BookState.CLOSED:
                return
            self._flows = True
            self._forget()
            self._move(BookState.SYNCING, "the snapshot is being fetched")
            self._begin(self._start_s)
        if self._looking is None:
            self._look()

    def received(self, payloads: Sequence[bytes]) -> None:
        """Apply changes."""
        changed = False
        with self._editions:
            if not self._flows:
                return
            self._leave_pinned()
            was_behind = self._sync.is_behind
            read_diff, apply = self._read_diff, self._sync.diff
            for payload in payloads:
                try:
                    diff = read_diff(payload)
                except ValueError as error:
                    self._sync.proof.refused += 1
                    self._sync.lose()
                    self._resync(f"a message could not be read: {error}")
                    continue
                if diff is None:
                    continue
                if type(diff) is Snapshot:  # for each message, and three times as fast as isinstance()
                    self._brought(diff)
                    continue
                step = apply(diff)
                if step is _APPLY:
                    changed = True
                elif step is _RESYNC and self._sync.live:  # it is not the book that is wrong: the snapshot it waited for is of no use
                    changed, was_behind = True, False
                    self._again(self._sync.trouble)
                elif step is _RESYNC:
                    self._resync(self._sync.trouble)
            if self._sync.live:  # what is said to one that is not, is not said about the book that readers may still have
                self._hear()
                if was_behind and not self._sync.is_behind:
                    self._plan_refresh()
            if self._rest is BookState.STALE:  # it was silent because nothing was traded
                self._snapshots.drop()
                self._move(BookState.SYNCING, "the stream flows again")
                self._begin()
        if changed:
            self._on_change()

    def lost(self, reason: str) -> None:
        """The stream broke: from now on the book is not known to be right."""
        self._end(BookState.STALE, f"the stream broke: {reason}")

    def failed(self, error: SocketException) -> None:
        """The stream is refused for good."""
        self._give_up(error)

    def close(self) -> None:
        """Let the book be. From any thread."""
        self._end(BookState.CLOSED, "it was closed")
        self._on_close()

    def _end(self, rest: BookState, reason: str) -> None:
        with self._editions:
            if self._rest is BookState.CLOSED:
                return
            self._flows = False
            self._sync.lose()
            self._snapshots.drop()
            self._move(rest, reason)
        if rest is BookState.CLOSED:
            self._loop.callFromThread(self._look_no_more)
            self._workers.leave()

    def _give_up(self, error: Exception) -> None:
        if self._rest is BookState.CLOSED:
            return
        self.failure = error
        self._end(BookState.CLOSED, f"it cannot be kept: {error}")
        self._on_change()

    def _look(self) -> None:
        """Now and then: is it time for a refresh, is the stream silent."""
        with self._editions:
            if self._rest is BookState.CLOSED:
                return
            self._looking = self._loop.callLater(self._look_s, self._look)
            now_s = self._clock.monotonic_s()
            book = self._sync.book
            if not self._sync.live or book is None:
                return
            if self._sync.is_behind:
                if now_s - self._behind_since >= GRACE_S:
                    self._settle()
            elif not self._snapshots.wanted and now_s >= self._not_before:
                if now_s - self._heard_at >= self._patience_s:
                    self._renew_book("silence")
                elif now_s >= self._refresh_at or book.is_short:
                    self._renew_book("refresh")

    def _look_no_more(self) -> None:
        if self._looking is not None and self._looking.active():
            self._looking.cancel()

    # All that follows happens within an edition.

    def _leave_pinned(self) -> None:
        """Change no book that a thread is to find unchanged."""
        book = self._sync.book
        if self._pins and book is not None and any(version.book is book for version in list(self._pins.values())):
            self._sync.book = book.copy()

    def _move(self, rest: BookState, reason: str) -> None:
        """Note what the book is while it is not live, and why it is what it is now."""
        if self._rest is BookState.CLOSED:
            return
        self._rest, self._reason = rest, reason
        state, before = self.state, self._noted
        if state is not before:
            log.info("%s: the book is %s: %s", self.symbol, state, reason)
            if state is BookState.LIVE:
                self._live_since = self._clock.monotonic_s()
            elif before is BookState.LIVE:
                self._right_at = self._clock.monotonic_s()
        self._noted = state
        self._editions.announce()

    def _resync(self, trouble: str) -> None:
        """The book broke while the stream flows."""
        log.warning("%s: %s", self.symbol, trouble)
        self._sync.proof.resyncs += 1
        self._move(BookState.SYNCING, trouble)
        self._tell("gap", trouble)
        self._begin()

    def _brought(self, snapshot: Snapshot) -> None:
        """The stream itself has brought the whole book, in which all is that came before."""
        if not self._sync.live:
            self._snapshots.drop()
            self._sync.begin()
        elif snapshot.last_id <= self._sync.last_id:  # of a connection that is to take over, and is behind
            return
        elif not self._sync.collecting:
            self._sync.begin()
        self._fetched("start", snapshot)

    def _begin(self, least_s: float = 0.0) -> None:
        """Make a book that is not live.

        :param least_s: how long to wait at least before a snapshot is fetched
        """
        if not self._sync.collecting:
            self._sync.begin()
        if not self._snapshots.wanted:  # else the fetching that goes on ends when a snapshot fits
            self._snapshots.ask("start", max(least_s, self._first_delay()))

    def _first_delay(self) -> float:
        """How long to wait before the first snapshot: not at all, unless the book broke again soon after it had come right."""
        lived_s, self._live_since = self._right_at - self._live_since, self._right_at
        delay_s = self._backoff.after(lived_s)
        return 0.0 if self._backoff.failures == 1 else delay_s

    def _renew_book(self, purpose: Purpose) -> None:
        """Make a new book beside the live one."""
        self._sync.begin()
        self._snapshots.ask(purpose)

    def _settle(self) -> None:
        """The stream has not reached the snapshot: the market is quiet, or the stream is dead."""
        if self._sync.settle() is _APPLY:
            self._made()
            return
        self._go_stale(self._sync.trouble)
        self._renew(self._sync.trouble)

    def _go_stale(self, reason: str) -> None:
        log.warning("%s: %s", self.symbol, reason)
        self._sync.lose()
        self._move(BookState.STALE, reason)
        self._tell("stale", reason)

    def _before_fetch(self) -> None:
        if not self._sync.collecting:
            self._sync.begin()

    def _fetched(self, purpose: Purpose, came: Snapshot | Exception) -> None:
        if isinstance(came, Exception):
            self._went_without(came)
            return
        was_live = self._sync.live
        step = self._sync.snapshot(came)
        if step is _APPLY:
            self._made(quiet=purpose == "silence")
        elif self._sync.is_behind:
            self._behind_since = self._clock.monotonic_s()
        elif was_live and not self._sync.live:
            self._resync(self._sync.trouble)
        else:
            self._again(self._sync.trouble)

    def _made(self, *, quiet: bool = True) -> None:
        """The book is the venue's."""
        now_s = self._clock.monotonic_s()
        if quiet:
            self._patience_s = min(self._patience_s * 2, self._quiet_s * _MOST_PATIENT)
            self._lively_since = now_s
        self._heard_at = now_s
        self._plan_refresh()
        returned, self._was_live = self._was_live and self._noted is not BookState.LIVE, True
        self._move(BookState.SYNCING, f"made from a snapshot, at {self._sync.last_id}")
        if returned:
            self._tell("recovered", f"the book is right again, at {self._sync.last_id}")
        self._on_change()

    def _hear(self) -> None:
        """The stream has said something. Patience is for quiet markets; one that was not quiet for as long as that is none any more."""
        now_s = self._clock.monotonic_s()
        if now_s - self._heard_at >= self._quiet_s:
            self._lively_since = now_s
        elif now_s - self._lively_since >= self._patience_s:
            self._patience_s = self._quiet_s
        self._heard_at = now_s

    def _plan_refresh(self) -> None:
        """The book was held against a snapshot: it need not be for a while."""
        self._refresh_at = float("inf") if self._refresh_s is None else self._clock.monotonic_s() + self._refresh_s

    def _went_without(self, error: Exception) -> None:
        if isinstance(error, NotTradedError) and self._rest is not BookState.STALE:
            self._go_stale(str(error))
        if isinstance(error, _HOPELESS) and not self._sync.live:
            log.error("%s: no snapshot: %s; not tried again", self.symbol, error)
            self._give_up(error)
            return
        if isinstance(error, StreamOnlyError) and not self._sync.live:
            self._reason = str(error)
            self._renew(self._reason)
            return
        self._sync.stop()  # no later snapshot will need what was collected for this one
        wait_s = None
        if isinstance(error, RateLimitException):
            wait_s = (error.retry_after or 0.0) + self._random.uniform(0.0, _SPREAD_S)
        self._again(f"no snapshot: {error}", wait_s)

    def _again(self, reason: str, wait_s: float | None = None) -> None:
        """Try again later; should a live book break before, nothing that waits stands in the way of a try at once."""
        log.log(logging.WARNING if wait_s is None else logging.INFO, "%s: %s", self.symbol, reason)
        wait_s = self._backoff.after() if wait_s is None else wait_s
        if self._sync.live:
            self._sync.stop()
            self._not_before = self._clock.monotonic_s() + wait_s
        else:
            self._reason = reason
            self._snapshots.ask("silence" if self._rest is BookState.STALE else "start", wait_s)
