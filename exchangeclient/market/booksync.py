"""Keeps an order book right from a snapshot and a stream of changes, or says that it is not.

A pure state machine: the venue's rule of sequence numbers is passed in, :mod:`exchangeclient.core.books.keptbook` owns the connection,
the snapshots and the threads. The way is always the same: collect the changes first, get a snapshot second, replay. While the
collecting goes on the old book, if there is one, stays as it is and goes on being shown; it is compared with the new one, once both
are at the same sequence number, before that takes its place.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Final, Protocol, final

from msgspec import Struct

from exchangeclient.market.book import Level, OrderBook, difference

# A snapshot that does not come for as long as this many changes take will not fit the oldest of them any more.
COLLECT_LIMIT = 20_000


class Diff(Struct, frozen=True, gc=False):
    """Changes of a book. A struct, so that a venue's message can be decoded right into one.

    :ivar first_id: the first sequence number that it covers, in the venue's own counting
    :ivar last_id: the last one: the book's number once it is applied
    :ivar bids: (price, quantity) texts; the quantity is the new one, zero means gone
    :ivar time_ms: the venue's time of the event; None when it does not say
    :ivar checksum: what the venue says of the best levels after it (:meth:`OrderBook.checksum`); 0 when it says nothing
    """

    first_id: int
    last_id: int
    bids: Sequence[Level]
    asks: Sequence[Level]
    time_ms: int | None
    checksum: int = 0


@final
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

    def joins(self, diff: Diff, book_id: int) -> Place:
        """The same for a book that is nothing but a snapshot, whose number may lie where no diff ends."""

    def reaches(self, snapshot_id: int, first: Diff) -> bool:
        """True when a snapshot is recent enough for changes collected from ``first`` on."""


class Step(Enum):
    """What came of a diff or a snapshot."""

    APPLY = "apply"  # the book has changed and is right
    WAIT = "wait"  # nothing to see: it was old, or it was collected
    RESYNC = "resync"  # a (new) snapshot is needed


# Python looks for an enumeration's member by a search, which for each message would take longer than the rule itself.
_OLD: Final = Place.OLD
_NEXT: Final = Place.NEXT
_GAP: Final = Place.GAP
_APPLY: Final = Step.APPLY
_WAIT: Final = Step.WAIT
_RESYNC: Final = Step.RESYNC


@dataclass(slots=True)
class Proof:
    """What a book has gone through.

    :ivar applied: diffs applied
    :ivar gaps: times that something was missing between the book and a diff
    :ivar refused: diffs with a number that is none
    :ivar crossed: times that the best bid was not below the best ask
    :ivar outgrown: times that the book had moved beyond the levels that its snapshot showed
    :ivar disproved: times that a checksum of the venue's was not that of the book
    :ivar resyncs: times that a book that was live had to be made anew though its stream went on
    :ivar audits_passed: times that a snapshot and this book were the same at the same sequence number
    :ivar audits_failed: times that they were not
    """

    applied: int = 0
    gaps: int = 0
    refused: int = 0
    crossed: int = 0
    outgrown: int = 0
    disproved: int = 0
    resyncs: int = 0
    audits_passed: int = 0
    audits_failed: int = 0


class BookSync:
    """One book and what is known about it.

    :ivar live: True while :attr:`book` is the venue's book at :attr:`last_id`
    :ivar book: the book; when not :attr:`live`, the last one that was right, or None
    :ivar time_ms: venue time of the last diff in it, None before the first
    :ivar trouble: what was wrong when RESYNC was answered last, for a person
    """

    def __init__(self, rule: SequenceRule) -> None:
        self._rule = rule
        self._collected: deque[Diff] | None = None
        self._ahead: Snapshot | None = None
        self._is_bare = False  # nothing but a snapshot
        self.live = False
        self.book: OrderBook | None = None
        self.last_id = 0
        self.time_ms: int | None = None
        self.proof = Proof()
        self.trouble = ""

    @property
    def collecting(self) -> bool:
        """True from :meth:`begin` until a snapshot has fitted."""
        return self._collected is not None

    @property
    def is_behind(self) -> bool:
        """True while a snapshot has come that a live book's stream has not reached yet."""
        return self._ahead is not None

    def begin(self) -> None:
        """Collect changes for a new book from now on. A live book stays live meanwhile, which makes this a refresh too."""
        self._collected = _chain()
        self._ahead = None

    def stop(self) -> None:
        """Collect no more; a live book stays as it is."""
        self._collected = None
        self._ahead = None

    def lose(self) -> None:
        """The stream broke, or said something unreadable: the book is not known to be right, and the chain starts anew."""
        self.live = False
        self.stop()

    def diff(self, diff: Diff) -> Step:
        """Take the next diff of the stream.

        After RESYNC the machine is collecting, and :meth:`snapshot` is to be called when one was fetched.
        """
        if self._collected is not None:
            self._collect(self._collected, diff)
        if not self.live or self.book is None:
            return _WAIT
        place = self._rule.joins(diff, self.last_id) if self._is_bare else self._rule.place(diff, self.last_id)
        if place is _NEXT:
            return self._apply(diff, self.book)
        return _WAIT if place is _OLD else self._gap(diff)

    def snapshot(self, snapshot: Snapshot) -> Step:
        """Make the book from a snapshot, which becomes this machine's own, and the collected diffs.

        A live book goes on until its stream has reached the snapshot (WAIT), and is compared with it then. RESYNC means that the
        snapshot does not fit and another is needed; a book that is live stays so, unless it was found to be another than the venue's.
        """
        if self._collected is None:
            return _WAIT
        if not snapshot.book.sound:
            self.trouble = f"the best bid of the snapshot {snapshot.last_id} is not below its best ask"
            return _RESYNC
        if self._collected and not self._rule.reaches(snapshot.last_id, self._collected[0]):
            self.trouble = f"the snapshot {snapshot.last_id} is older than the stream"
            return _RESYNC
        if self.live and snapshot.last_id > self.last_id:
            self._ahead = snapshot
            return _WAIT
        return self._replace(snapshot)

    def settle(self) -> Step:
        """The stream had its time to reach the snapshot: a book that is equal to it all the same is right; else the stream is dead."""
        snapshot, self._ahead = self._ahead, None
        if snapshot is None or self.book is None:
            return _WAIT
        found = difference(self.book, snapshot.book)
        if found is None:
            return self._swap(snapshot, snapshot.last_id, self.time_ms)
        self.lose()
        self.trouble = f"the stream is silent at {self.last_id}, while the venue is at {snapshot.last_id}: {found}"
        return _RESYNC

    def _apply(self, diff: Diff, book: OrderBook) -> Step:
        try:
            is_reordered = book.apply(diff.bids, diff.asks)
        except ValueError as error:
            self.proof.refused += 1
            return self._void(f"a change could not be applied: {error}")
        if is_reordered and not book.sound:
            return self._void(self._fault(book))
        if diff.checksum and diff.checksum != book.checksum():
            self.proof.disproved += 1
            return self._void(f"the venue's checksum at {diff.last_id} is {diff.checksum}, and that of the book {book.checksum()}")
        self.last_id, self.time_ms, self._is_bare = diff.last_id, diff.time_ms, False
        self.proof.applied += 1
        if self._ahead is not None and self.last_id >= self._ahead.last_id:
            return self._replace(self._ahead)
        return _APPLY

    def _replace(self, snapshot: Snapshot) -> Step:
        """Bring a snapshot up to date; it is the book then, unless a live one is known better, or is another."""
        self._ahead = None
        replayed = self._replay(snapshot, self._collected or ())
        if replayed is None or not snapshot.book.sound:
            self.begin()
            self.trouble = f"the snapshot {snapshot.last_id} does not fit the stream"
            return _RESYNC
        book_id, time_ms = replayed
        if not self.live or self.book is None:
            return self._swap(snapshot, book_id, time_ms)
        if book_id != self.last_id:  # a refresh must not turn a book back
            self.trouble = f"the snapshot {snapshot.last_id} leads to {book_id}, while the book is at {self.last_id}"
            return _RESYNC
        found = difference(self.book, snapshot.book)
        if found is None:
            self.proof.audits_passed += 1
            return self._swap(snapshot, book_id, time_ms)
        self.proof.audits_failed += 1
        return self._void(f"the book was not the venue's at {book_id}: {found}")

    def _swap(self, snapshot: Snapshot, book_id: int, time_ms: int | None) -> Step:
        self.live, self.book, self.last_id, self.time_ms = True, snapshot.book, book_id, time_ms
        self._is_bare = book_id == snapshot.last_id
        self.stop()
        return _APPLY

    def _replay(self, snapshot: Snapshot, diffs: Iterable[Diff]) -> tuple[int, int | None] | None:
        """Apply the diffs to the snapshot's book; the id and time that it has then, or None when they do not fit."""
        book_id, time_ms, place_of = snapshot.last_id, self.time_ms, self._rule.joins
        for diff in diffs:
            place = place_of(diff, book_id)
            if place is _OLD:
                continue
            if place is _GAP:
                return None
            try:
                snapshot.book.apply(diff.bids, diff.asks)
            except ValueError:
                return None
            if diff.checksum and diff.checksum != snapshot.book.checksum():
                return None
            book_id, time_ms, place_of = diff.last_id, diff.time_ms, self._rule.place
        return book_id, time_ms

    def _collect(self, collected: deque[Diff], diff: Diff) -> None:
        place = self._rule.place(diff, collected[-1].last_id) if collected else _NEXT
        if place is _GAP or diff.last_id < diff.first_id:  # what was collected before it, or before numbers began anew, leads nowhere
            collected.clear()
        if place is not _OLD:
            collected.append(diff)

    def _gap(self, diff: Diff) -> Step:
        self.live = False
        self._ahead = None
        self.proof.gaps += 1
        self.trouble = f"changes are missing between {self.last_id} and {diff.first_id}"
        if self._collected is None:
            self._collected = _chain(diff)
        return _RESYNC

    def _fault(self, book: OrderBook) -> str:
        if book.crossed:
            self.proof.crossed += 1
            return f"the best bid is not below the best ask: {book.bids.best()}, {book.asks.best()}"
        self.proof.outgrown += 1
        return "the market has moved beyond the levels of the snapshot"

    def _void(self, trouble: str) -> Step:
        """Not even the last right one is there any more."""
        self.live = False
        self.book = None
        self.trouble = trouble
        self.begin()
        return _RESYNC


def _chain(*diffs: Diff) -> deque[Diff]:
    return deque(diffs, maxlen=COLLECT_LIMIT)
