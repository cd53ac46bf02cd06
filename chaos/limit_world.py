"""A venue that counts requests by its own clock and bans at random, and workers with a wrong clock who want more than it gives.

Everything is virtual and follows from one seed: workers are generators that say how long they pause, and time goes from pause to pause.
"""

from __future__ import annotations

import heapq
import itertools
from collections import Counter
from collections.abc import Iterator
from random import Random

from exchangeclient.core.budgets.budget import EVERY_CALL, Limit, Priority
from exchangeclient.core.budgets.governor import Governor, Ticket
from exchangeclient.core.process.clock import VenueClock
from exchangeclient.exceptions import RateLimitException

MINUTE_MS = 60_000
START_MS = 1_700_000_057_000
BAN_S = 130.0
WEIGHTS = (1, 2, 5, 5, 20, 25, 40, 250)


class World:
    """One venue, one machine, and the way between them.

    :param wrong_s: by how much the machine's date is wrong
    :param way_s: the longest that a request takes to get there, and an answer to get back
    :param drops: how often an answer comes without the venue's count
    :param bans: True to have one request in a thousand answered with a ban
    :param lulls: True to have all workers rest now and then
    :param most: what a minute holds

    :ivar counted: what the venue has counted, by its minutes
    :ivar inside_bans: requests that were sent though a ban was known
    """

    def __init__(
        self, seed: int, *, wrong_s: float, way_s: float, drops: float, bans: bool, lulls: bool = False, most: int = 1_000
    ) -> None:
        self.counted: Counter[int] = Counter()
        self.inside_bans = 0
        self.requests = 0
        self._random = Random(seed)
        self._wrong_s, self._way_s, self._drops, self._bans, self._lulls, self._most = wrong_s, way_s, drops, bans, lulls, most
        self._weights = [weight for weight in WEIGHTS if weight <= most // 25]
        self._now_s = 0.0
        self._clock = VenueClock(self)
        self._governor = Governor([Limit("REQUEST_WEIGHT-1M", "weight", MINUTE_MS, most, "x-used")])
        self._banned_until_s = self._ban_known_s = -1.0
        self._rest_until_s = 0.0
        self._banned_minutes: set[int] = set()
        self._is_asking = False
        self._workers: list[tuple[float, int, Iterator[float]]] = []
        self._order = itertools.count()

    def now_ms(self) -> int:
        """The machine's date."""
        return round(START_MS + (self._now_s + self._wrong_s) * 1000)

    def monotonic_s(self) -> float:
        """The machine's other clock, which goes a little too fast."""
        return self._now_s * 1.00005 + 77

    def run(self, workers: int, seconds: float) -> None:
        """Let so many work for so long."""
        for _ in range(workers):
            heapq.heappush(self._workers, (0.0, next(self._order), self._work()))
        while self._workers[0][0] < seconds:
            self._now_s, _, worker = heapq.heappop(self._workers)
            pause_s = next(worker)
            heapq.heappush(self._workers, (self._now_s + pause_s, next(self._order), worker))

    def over(self) -> dict[int, int]:
        """The minutes in which the venue counted more than it allows."""
        return {minute: used for minute, used in self.counted.items() if used > self._most}

    def used(self) -> float:
        """What part of the venue's budget was used: of whole minutes without a ban, once the clock was known."""
        whole = set(range(min(self.counted) + 3, max(self.counted))) - self._banned_minutes
        return sum(self.counted[minute] for minute in whole) / (self._most * max(1, len(whole)))

    def _venue_ms(self) -> int:
        return round(START_MS + 17_000 + self._now_s * 1000)

    def _work(self) -> Iterator[float]:
        while True:
            if not self._is_asking and self._clock.is_due() and self._governor.is_pressed(self._clock):
                self._is_asking = True
                asked_s = self._clock.asked()
                told_ms = yield from self._call(1)
                self._clock.told(asked_s, told_ms)
                self._is_asking = False
            if self._lulls and self._random.random() < 0.001:
                self._rest_until_s = self._now_s + self._random.uniform(1, 90)
            if self._now_s < self._rest_until_s:
                yield self._rest_until_s - self._now_s
            yield from self._call(self._random.choice(self._weights))

    def _call(self, weight: int) -> Iterator[float]:
        ticket = yield from self._paid(weight)
        known_s = self._ban_known_s
        yield self._random.uniform(0.2, 1) * self._way_s
        told_ms, is_banned, said = self._venue_ms(), *self._arrive(weight, known_s)
        yield self._random.uniform(0.2, 1) * self._way_s
        tells = said is not None and self._random.random() >= self._drops
        self._governor.settle(ticket, self._clock, {"x-used": str(said)} if tells else {})
        if is_banned:
            self._governor.hold(EVERY_CALL, self._banned_until_s - self._now_s, self._clock)
            self._ban_known_s = self._banned_until_s
        return told_ms

    def _paid(self, weight: int) -> Iterator[float]:
        priority = self._random.choice(list(Priority))
        while True:
            try:
                ticket: Ticket = self._governor.spend({"weight": weight, EVERY_CALL: 1}, priority, self._clock, None)
            except RateLimitException as error:
                yield (error.retry_after or 0.0) + 0.001
            else:
                return ticket

    def _arrive(self, weight: int, known_s: float) -> tuple[bool, int | None]:
        """What the venue does with a request.

        :param known_s: until when a ban was known to last as it left
        """
        self.requests += 1
        minute = self._venue_ms() // MINUTE_MS
        if self._now_s < self._banned_until_s:
            self.inside_bans += known_s == self._banned_until_s
        elif self._bans and self._random.random() < 0.001:
            self._banned_until_s = self._now_s + BAN_S
            self._banned_minutes.update(range(minute, minute + 4))
        else:
            self.counted[minute] += weight
            return False, self.counted[minute]
        return True, None
