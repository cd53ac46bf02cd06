"""What a venue allows in a stretch of time, and counting along with it. Pure: the venue's time is handed in.

A venue counts what an address or an account costs it in fixed windows that are aligned to its clock (a minute begins at its first
second). Nobody knows that clock to the millisecond, nor in which of two windows the venue counts a call that was on its way when one
ended. So our windows begin a little after the venue's, and a call that may have been counted in either is counted in both. While nothing
is known of the venue's clock, two windows of ours together hold what the venue allows in one: wherever its window lies, it is within those.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import IntEnum
from typing import Final, NamedTuple

EDGE_MS: Final = 300
"""How far the venue's edge may be from where we take it to be, at least."""

EVERY_CALL: Final = "requests"
"""What each call costs one of."""

_PRESSED: Final = 0.25  # from this part of the budget on it is worth knowing where exactly the windows begin
_SCARCE: Final = 0.9  # and from this one on for whoever is in haste: there will be waiting anyway


class Priority(IntEnum):
    """Who goes first when the budget is short, and what share of it each may use up."""

    ORDER = 0
    READ = 1
    SNAPSHOT = 2
    ARCHIVE = 3


SHARE: Final[Mapping[Priority, float]] = {Priority.ORDER: 1.0, Priority.READ: 0.99, Priority.SNAPSHOT: 0.98, Priority.ARCHIVE: 0.97}


class Moment(NamedTuple):
    """The venue's time, as it is known here.

    :ivar ms: milliseconds since 1970
    :ivar edge_ms: by how much that may be wrong, and no less than :data:`EDGE_MS`
    :ivar is_known: False when the venue has never told its time
    """

    ms: int
    edge_ms: int = EDGE_MS
    is_known: bool = True


@dataclass(frozen=True, slots=True)
class Limit:
    """One of the venue's limits.

    :ivar name: as :meth:`Governor.shown` prints it, ``REQUEST_WEIGHT-1M``
    :ivar counts: what is counted; a call's cost names it too
    :ivar length_ms: of its windows, which begin at multiples of it
    :ivar most: what a window holds
    :ivar header: in lower case, the answer's header that carries the venue's own count; empty when there is none
    :ivar each: True when every endpoint that is counted so has one of its own
    :ivar refills: True when there are no windows: the budget fills up again all the time, as much as it holds in ``length_ms``; its header
        tells what is left (:mod:`.bucket`)
    :ivar size_header: of one that refills, the header that tells how much it holds
    """

    name: str
    counts: str
    length_ms: int
    most: int
    header: str = ""
    each: bool = False
    refills: bool = False
    size_header: str = ""

    def of(self, endpoint: str) -> Limit:
        """The one of an endpoint, of those that each has for itself."""
        return replace(self, name=f"{self.name} {endpoint}", counts=f"{self.counts} {endpoint}", each=False)


@dataclass(frozen=True, slots=True)
class Limits:
    """What a venue charges an address for, and what each account."""

    address: tuple[Limit, ...] = ()
    account: tuple[Limit, ...] = ()


@dataclass(slots=True)
class Tally:
    """What was counted in one window: sums, so that processes can add to the same.

    :ivar number: of the window, counted from 1970
    :ivar spent: by all calls that were charged to it
    :ivar ended: by those of them that are over
    :ivar credit: what has to be added to ``spent`` to get what the venue counts; it knows of calls that are not ours, too
    :ivar told_ms: when the call left with whose answer the venue told its count
    :ivar underway: by calls that left in it and are not over; the venue may count them in the next one
    :ivar late: by calls that are over, but so close to its end that the venue may count them in the next one, too
    """

    number: int
    spent: int = 0
    ended: int = 0
    credit: int = 0
    told_ms: int = 0
    underway: int = 0
    late: int = 0

    @property
    def used(self) -> int:
        """The most that the venue can have counted."""
        return self.spent + self.credit


Rows = Callable[[int], Tally | None]
"""What all processes together have counted in a window, by its number; None for one that none of them has begun."""


def _alone(_: int) -> Tally | None:
    return None


class Stake(NamedTuple):
    """What one call has paid to one window.

    :ivar era: of the clock by which the window was chosen
    :ivar ended: what calls that were over by then had cost: the venue's answer counts those for certain
    """

    amount: int
    number: int
    era: int
    spent_ms: int
    ended: int


class Window:
    """What has been spent of one limit in its present window.

    :param seed: what its first window begins with

    :ivar tally: of the present window
    """

    def __init__(self, limit: Limit, seed: int = 0) -> None:
        self.limit = limit
        self.tally = Tally(-1)
        self._widest_ms = limit.length_ms // 3  # an edge may not take up the window
        self._before = 0  # what the window just before this one held
        self._pending = 0  # of calls of this process that are on their way
        self._old = 0  # of those among them that left in an earlier window
        self._seed = seed
        self._era = 0
        self._adrift = False
        self._is_shared = False

    def left(self, at: Moment, share: float = 1.0) -> int:
        """What may still be spent."""
        self.turn(at)
        return int(self.limit.most * share) - self._held(at)

    def is_pressed(self, at: Moment, *, hasty: bool = False) -> bool:
        """True when so much is used that the place of the edges matters; to whoever is in haste, not before the budget comes to its end."""
        self.turn(at)
        return self._held(at) >= self.limit.most * (_SCARCE if hasty else _PRESSED)

    def opens_in_ms(self, at: Moment) -> int:
        """How long until the next window, as we count them: a little after the venue does."""
        return self.limit.length_ms - (at.ms - min(at.edge_ms, self._widest_ms)) % self.limit.length_ms

    def spend(self, amount: int, at: Moment) -> Stake:
        """Count a call that is about to leave."""
        self.turn(at)
        stake = Stake(amount, self.tally.number, self._era, at.ms, self.tally.ended)
        self.tally.spent += amount
        self.tally.underway += amount
        self._pending += amount
        return stake

    def settle(self, stake: Stake, at: Moment, said: int | None) -> None:
        """Take note of a call's end.

        :param said: the venue's own count with the answer, None without one. It is the truth, to which is added what it may not contain
            yet. As long as our own calls alone explain it, nobody else is thought to be there
        """
        self.turn(at)
        tally = self.tally
        tally.ended += stake.amount
        if not self._arrived(stake):
            return  # the venue's count may be of either window; ours has been carried over
        if self.opens_in_ms(at) <= 2 * min(at.edge_ms, self._widest_ms):
            tally.late += stake.amount
        elif said is not None and stake.spent_ms >= tally.told_ms:
            tally.told_ms = stake.spent_ms
            # The venue has counted this call, what had ended before it left, and perhaps what left since: what then remains is not ours.
            at_most, at_least = said - stake.amount - stake.ended, said - tally.spent
            tally.credit = at_most if at_least > 0 or tally.credit > 0 else min(at_most, 0)

    def refund(self, stake: Stake, at: Moment) -> None:
        """Forget a call that was not sent."""
        self.turn(at)
        self._arrived(stake)
        self.tally.spent -= stake.amount

    def forget_underway(self) -> None:
        """None of the calls that are on their way is of this process: it was forked off. What they cost stays counted for this window."""
        self._pending = self._old = self.tally.underway = 0
        self._era += 1

    def _arrived(self, stake: Stake) -> bool:
        """Take a call off those that are on their way: True when it left in the present window."""
        self._pending -= stake.amount
        is_of_now = (stake.number, stake.era) == (self.tally.number, self._era)
        if is_of_now:
            self.tally.underway -= stake.amount
        else:
            self._old -= stake.amount
        return is_of_now

    def unmoor(self) -> None:
        """The venue's time is not what it was taken for: all that is counted now stays counted until the next edge."""
        self._adrift = True

    def turn(self, at: Moment, rows: Rows | None = None) -> None:
        """Begin a new window when it is time; go on with what other processes have counted.

        A window begins with all that the venue may count in it though it was spent in the one before, whoever opens it. What has been on
        its way for longer each process brings itself: one that was killed would leave it there for ever.
        """
        was_shared, self._is_shared = self._is_shared, self._is_shared or rows is not None
        rows = _alone if rows is None else rows
        number = (at.ms - min(at.edge_ms, self._widest_ms)) // self.limit.length_ms
        before, seed = rows(number - 1), 0
        if self._adrift:
            mine = 0 if was_shared and number == self.tally.number else self.tally.used + self._before
            self._before, self._era = 0, self._era + 1
        elif number <= self.tally.number:  # a clock that is put right by a few milliseconds turns nothing back
            self.tally = rows(self.tally.number) or self.tally
            return
        elif number == self.tally.number + 1:
            before = before or self.tally
            mine, self._before = self._old, before.used
        else:
            mine, self._before = self._pending, 0
            seed, self._seed = self._seed, 0
        theirs = 0 if before is None else before.underway + before.late
        self.tally = rows(number) or Tally(number, theirs + seed, ended=seed)
        self.tally.spent += mine
        self._old, self._adrift = self._pending, False

    def _held(self, at: Moment) -> int:
        return self.tally.used if at.is_known else self.tally.used + self._before
