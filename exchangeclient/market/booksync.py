"""Keeps an order book right from a snapshot and a stream of changes, or says that it is not.

A pure state machine: the venue's rule of sequence numbers is passed in, :mod:`exchangeclient.core.books` owns the connection,
the snapshots and the threads. The way is always the same: collect the changes first, get a snapshot second, replay. While the
collecting goes on the old book, if there is one, stays as it is and goes on being shown.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, Protocol

from exchangeclient.market.book import OrderBook

# A snapshot that does not come for as long as this many changes take will not fit the oldest of them any more.
COLLECT_LIMIT = 20_000


@dataclass(frozen=True, slots=True)
class Diff:
    """Changes of a book.

    :ivar first_id: the first sequence number that it covers, in the venue's own counting
    :ivar last_id: the last one: the book's number once it is applied
    :ivar bids: ``[price, quantity]`` pairs; the quantity is the new one, zero means gone
    :ivar time_ms: the venue's time of the event
    """

    first_id: int
    last_id: int
    bids: Sequence[Sequence[Any]]
    asks: Sequence[Sequence[Any]]
    time_ms: int


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A whole book as it was at one sequence number.

    :raises TypeError: when that is no number
    """

    last_id: int
    book: OrderBook

    def __post_init__(self) -> None:
        if type(self.last_id) is not int:
            raise TypeError(f"a snapshot's sequence number must be an int, not {type(self.last_id).__name__}")


class Place(Enum):
    """Where a diff stands to a book."""

    OLD = "old"  # the book has it already
    NEXT = "next"  # applying it makes the book right at the diff's last id
    GAP = "gap"  # something between the two is missing


class SequenceRule(Protocol):
    """A venue's rule of sequence numbers."""

    def place(self, diff: Diff, book_id: int) -> Place:
        """Where ``diff`` stands to a book that is right at ``book_id``."""

    def reaches(self, snapshot_id: int, first: Diff) -> bool:
        """True when a snapshot is recent enough for changes collected from ``first`` on."""


class Step(Enum):
    """What came of a diff or a snapshot."""

    APPLY = "apply"  # the book has changed and is right
    WAIT = "wait"  # nothing to see: it was old, or it was collected
    RESYNC = "resync"  # a (new) snapshot is needed


class BookSync:
    """One book and what is known about it.

    :ivar live: True while :attr:`book` is the venue's book at :attr:`last_id`
    :ivar book: the book; when not :attr:`live`, the last one that was right, or None
    :ivar time_ms: venue time of the last diff in it, None before the first
    """

    def __init__(self, rule: SequenceRule) -> None:
        self._rule = rule
        self._collected: deque[Diff] | None = None
        self.live = False
        self.book: OrderBook | None = None
        self.last_id = 0
        self.time_ms: int | None = None

    @property
    def collecting(self) -> bool:
        """True from :meth:`begin` until a snapshot has fitted."""
        return self._collected is not None

    def begin(self) -> None:
        """Collect changes for a new book from now on. A live book stays live meanwhile, which makes this a refresh too."""
        self._collected = _chain()

    def lose(self) -> None:
        """The stream broke, or said something unreadable: the book is not known to be right, and the chain starts anew."""
        self.live = False
        self._collected = None

    def diff(self, diff: Diff) -> Step:
        """Take the next diff of the stream.

        After RESYNC the machine is collecting, and :meth:`snapshot` is to be called when one was fetched.
        """
        if self._collected is not None:
            self._collect(self._collected, diff)
        if not self.live or self.book is None:
            return Step.WAIT
        place = self._rule.place(diff, self.last_id)
        if place is Place.OLD:
            return Step.WAIT
        if place is Place.GAP:
            self.live = False
            if self._collected is None:
                self._collected = _chain(diff)
            return Step.RESYNC
        try:
            self.book.apply(diff.bids, diff.asks)
        except (TypeError, ValueError):  # a number that is none: nothing was applied
            return self._start_over()
        if self.book.crossed:
            self.book = None  # not even the last right one any more
            return self._start_over()
        self.last_id, self.time_ms = diff.last_id, diff.time_ms
        return Step.APPLY

    def snapshot(self, snapshot: Snapshot) -> Step:
        """Make the book from a snapshot, which becomes this machine's own, and the collected diffs.

        RESYNC means that the snapshot does not fit and another is needed; a book that is live stays so.
        """
        if self._collected is None:
            return Step.WAIT
        if self._collected and not self._rule.reaches(snapshot.last_id, self._collected[0]):
            return Step.RESYNC
        replayed = self._replay(snapshot, self._collected)
        if replayed is None or snapshot.book.crossed:
            self.begin()
            return Step.RESYNC
        book_id, time_ms = replayed
        if self.live and book_id < self.last_id:  # a refresh must not turn a book back
            return Step.RESYNC
        self.live, self.book, self.last_id, self.time_ms = True, snapshot.book, book_id, time_ms
        self._collected = None
        return Step.APPLY

    def _replay(self, snapshot: Snapshot, diffs: Iterable[Diff]) -> tuple[int, int | None] | None:
        """Apply the diffs to the snapshot's book; the id and time that it has then, or None when they do not fit."""
        book_id, time_ms = snapshot.last_id, self.time_ms
        for diff in diffs:
            place = self._rule.place(diff, book_id)
            if place is Place.OLD:
                continue
            if place is Place.GAP:
                return None
            try:
                snapshot.book.apply(diff.bids, diff.asks)
            except (TypeError, ValueError):
                return None
            book_id, time_ms = diff.last_id, diff.time_ms
        return book_id, time_ms

    def _collect(self, collected: deque[Diff], diff: Diff) -> None:
        place = self._rule.place(diff, collected[-1].last_id) if collected else Place.NEXT
        if place is Place.GAP:  # what was collected before it leads nowhere
            collected.clear()
        if place is not Place.OLD:
            collected.append(diff)

    def _start_over(self) -> Step:
        self.live = False
        self.begin()
        return Step.RESYNC


def _chain(*diffs: Diff) -> deque[Diff]:
    return deque(diffs, maxlen=COLLECT_LIMIT)
