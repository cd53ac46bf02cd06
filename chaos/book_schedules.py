"""Plays one market's changes to a book in a disorder of its own, and looks after each whether what the book says is what the venue had."""

from __future__ import annotations

from random import Random

from book_market import Market

from exchangeclient.market.book import OrderBook, Side
from exchangeclient.market.booksync import BookSync, Diff, SequenceRule, Snapshot, Step

# Of the changes; the others arrive as they should.
LOST, DOUBLED, LATE, BROKEN, REFRESHED = 0.04, 0.04, 0.06, 0.03, 0.05
# Of the snapshots.
FAILED, OLD, CROSSED, LIMITED = 0.1, 0.3, 0.03, 0.5
_PATIENCE = 4  # events for which a snapshot may be ahead of the stream


class WrongError(AssertionError):
    """A live book was not the venue's."""


def check(sync: BookSync, market: Market, since: int) -> None:
    """Raise unless a live book is what the venue had at its number, as far as it says that it knows."""
    book = sync.book
    if book is None:
        raise WrongError("live without a book")
    if sync.last_id < since:
        raise WrongError(f"went back from {since} to {sync.last_id}")
    for side, held in zip((book.bids, book.asks), market.states[sync.last_id], strict=True):
        if side.known_to is None:
            if side.top() != held:
                raise WrongError(f"at {sync.last_id} it shows {side.top()}, and the venue had {held}")
        else:
            certain = side.certain()
            if certain == 0 or side.top(certain) != held[:certain]:
                raise WrongError(f"at {sync.last_id} it shows {side.top(certain)} for certain, and the venue had {held}")


def heed(sync: BookSync, event: Diff) -> None:
    """Raise when a book that was told of a later number goes on being shown as if it had not been."""
    if sync.live and sync.last_id < event.last_id:
        raise WrongError(f"live at {sync.last_id} after it was told of {event.last_id}")


class Schedule:
    """One run: what a host does for a book, in the face of a random stream and random snapshots.

    :ivar callbacks: how often a user would have been called
    """

    def __init__(self, market: Market, rule: SequenceRule, random: Random) -> None:
        self._market = market
        self._random = random
        self.sync = BookSync(rule)
        self.callbacks = 0
        self._heard = 0  # how many events have happened
        self._live_at = 0
        self._behind = 0
        self._answer_due: int | None = None
        self._asked_at = 0
        self._late: list[tuple[int, Diff]] = []

    def run(self) -> None:
        """Play all events; then the venue and the way are well for a while."""
        self._connect()
        random, market = self._random, self._market
        for event in market.diffs:
            self._heard += 1
            chance = random.random()
            if chance > LOST + DOUBLED + LATE + BROKEN + REFRESHED:
                self._hear(event)
            elif chance < LOST:
                pass
            elif chance < LOST + DOUBLED:
                self._hear(event)
                self._hear(event)
            elif chance < LOST + DOUBLED + LATE:
                self._late.append((self._heard + random.randint(1, 4), event))
            elif chance < LOST + DOUBLED + LATE + BROKEN:
                self._break()
            else:
                if self.sync.live and not self.sync.collecting:
                    self.sync.begin()
                    self._ask()
                self._hear(event)
            while self._late and self._late[0][0] <= self._heard:
                self._hear(self._late.pop(0)[1])
            self._wait()
        self._end()

    def _connect(self) -> None:
        self.sync.begin()
        self._ask()

    def _break(self) -> None:
        """The connection is lost, and with it whatever is still on its way; another one is made."""
        self.sync.lose()
        self._late.clear()
        self._live_at = 0
        self._connect()

    def _ask(self) -> None:
        self._asked_at = self._at(self._heard)
        self._answer_due = self._heard + self._random.randint(0, 4)

    def _at(self, events: int) -> int:
        """The venue's number after so many events."""
        return self._market.diffs[events - 1].last_id if events else 0

    def _hear(self, event: Diff) -> None:
        was_behind = self.sync.is_behind
        self._take(self.sync.diff(event))
        heed(self.sync, event)
        if was_behind and self.sync.live and not self.sync.is_behind:
            self._answer_due = None

    def _wait(self) -> None:
        """Time passes: a snapshot may arrive, and one that is ahead of the stream is not waited for for ever."""
        if self._answer_due is not None and self._heard >= self._answer_due:
            self._answer_due = None
            self._answer()
        if self.sync.is_behind:
            self._behind += 1
            if self._behind > _PATIENCE:
                if self.sync.settle() is Step.APPLY:
                    self._called()
                else:
                    self._break()
        else:
            self._behind = 0

    def _answer(self) -> None:
        random = self._random
        chance = random.random()
        if chance < FAILED:
            self._ask()
            return
        if chance < FAILED + CROSSED:
            self._take(self.sync.snapshot(Snapshot(self._at(self._heard), OrderBook([("9", "1")], [("8", "1")]))))
            return
        # The venue reads its book some time between question and answer; a cached answer is older than the question.
        at = random.randint(self._asked_at, self._at(self._heard))
        if random.random() < OLD:
            at = max(0, at - random.randint(1, 9))
        self._show(at, random.randint(2, 6) if random.random() < LIMITED else None)

    def _show(self, at: int, depth: int | None) -> None:
        self._take(self.sync.snapshot(self._market.snapshot(at, depth)))

    def _take(self, step: Step) -> None:
        if step is Step.APPLY:
            self._called()
        elif step is Step.RESYNC:
            if not self.sync.live:
                self._live_at = 0
            if self._answer_due is None:
                self._ask()

    def _called(self) -> None:
        self.callbacks += 1
        if not self.sync.live:
            raise WrongError("a callback while the book is not live")
        check(self.sync, self._market, self._live_at)
        self._live_at = self.sync.last_id

    def _end(self) -> None:
        """One more connection, one fresh snapshot: the book has to be live, and at the newest number."""
        if not self.sync.live or self.sync.last_id != self._market.last_id:
            self._break()
            self._show(self._market.last_id, None)
        if not self.sync.live or self.sync.last_id != self._market.last_id:
            raise WrongError(f"not live in the end: {self.sync.trouble}")


def audits(market: Market, rule: SequenceRule, random: Random) -> int:
    """A book that was spoiled behind its own back is found out by the next audit, and a right one passes; how many audits there were."""
    count = 0
    for spoiled in (False, True):
        sync = BookSync(rule)
        sync.begin()
        middle = random.randint(1, len(market.diffs) - 1)
        sync.snapshot(market.snapshot(market.diffs[middle - 1].last_id, None))
        book = sync.book
        if book is None or not any(market.states[sync.last_id]):
            continue
        if spoiled:
            side: Side = max(book.bids, book.asks, key=len)
            price, quantity = random.choice(side.top())
            side.apply([(price, random.choice(("0.00", quantity.replace("0", "7"), "9.75")))])
        sync.begin()
        step = sync.snapshot(market.snapshot(sync.last_id, random.choice((None, 100))))
        if (step is Step.RESYNC and not sync.live and sync.proof.audits_failed == 1) != spoiled:
            raise WrongError(f"the audit of a {'spoiled' if spoiled else 'right'} book came to {step}")
        count += 1
    return count
