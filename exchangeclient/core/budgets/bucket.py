"""A budget without windows: a bucket that holds so many calls and fills up again all the time. Pure.

A venue that counts so tells in its answers how much is left. Wherever our clock is wrong, only differences of it are used here; so a
clock that is put right neither fills a bucket nor empties it.
"""

from __future__ import annotations

import math
from dataclasses import replace

from exchangeclient.core.budgets.budget import Limit, Moment, Rows, Stake, Window

_FINE = 1000  # what is used is kept in thousandths: sums that processes share are whole numbers


class Bucket(Window):
    """What has been used of one limit that refills.

    Kept in ``tally``, for processes to share: ``spent`` in thousandths of a call, as it was at ``told_ms``.

    :param seed: what is used to begin with
    """

    def __init__(self, limit: Limit, seed: int = 0) -> None:
        super().__init__(limit)
        self.tally.number = 0  # it is never another one
        self.tally.spent = seed * _FINE
        self._serial = 0
        self._underway: dict[int, int] = {}  # by the serials of the calls of this process that are on their way

    def left(self, at: Moment, share: float = 1.0) -> int:
        """What may still be spent."""
        self.turn(at)
        return math.floor(self.limit.most * share - self.tally.spent / _FINE)

    def is_pressed(self, at: Moment, *, hasty: bool = False) -> bool:  # noqa: ARG002 - there are no edges that could lie elsewhere
        """Never: the venue's exact time matters nothing."""
        return False

    def opens_in_ms(self, at: Moment) -> int:  # noqa: ARG002
        """How long until it holds one more."""
        return math.ceil(self.limit.length_ms / self.limit.most)

    def holds(self, most: int | None) -> None:
        """Take over how much it holds, from what an answer says; None when it says nothing."""
        if most and most != self.limit.most:
            self.limit = replace(self.limit, most=most)

    def spend(self, amount: int, at: Moment) -> Stake:
        """Count a call that is about to leave."""
        self.turn(at)
        self._serial += 1
        self._underway[self._serial] = amount
        self.tally.spent += amount * _FINE
        self.tally.ended += amount  # of all that ever left; it only grows
        return Stake(amount, self._serial, self._era, at.ms, self.tally.ended)

    def settle(self, stake: Stake, at: Moment, said: int | None) -> None:
        """Take note of a call's end.

        :param said: what the venue says is left, None when it says nothing. Taken from it is what it may not have counted yet: calls that
            left later, and earlier ones that are still on their way
        """
        self.turn(at)
        if self._underway.pop(stake.number, None) is None or said is None:
            return
        later = max(0, self.tally.ended - stake.ended)
        earlier = sum(amount for serial, amount in self._underway.items() if serial < stake.number)
        used = max(0, self.limit.most - said) + later + earlier
        # Other processes and machines may have spent; what we know of ourselves is never less than what is on its way.
        self.tally.spent = used * _FINE

    def refund(self, stake: Stake, at: Moment) -> None:
        """Forget a call that was not sent."""
        self.turn(at)
        if self._underway.pop(stake.number, None) is not None:
            self.tally.spent = max(0, self.tally.spent - stake.amount * _FINE)

    def forget_underway(self) -> None:
        """None of the calls that are on their way is of this process: it was forked off. What they cost stays counted."""
        self._underway.clear()

    def turn(self, at: Moment, rows: Rows | None = None) -> None:
        """Let it fill up by the time that has passed; go on with what other processes have used."""
        if rows is not None:
            theirs = rows(0)
            if theirs is not None and self._is_shared:
                self.tally = replace(theirs, ended=self.tally.ended)
            elif theirs is not None:
                self.tally.spent += theirs.spent
            self._is_shared = True
        full = self.limit.most * _FINE  # in the length of the limit
        passed = 0 if self._adrift else max(0, at.ms - self.tally.told_ms) * full
        self._adrift = False
        self.tally.spent = max(0, self.tally.spent - passed // self.limit.length_ms)
        self.tally.told_ms = at.ms - passed % self.limit.length_ms // full  # what was too little for a thousandth counts the next time
