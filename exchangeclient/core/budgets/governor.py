"""The venue's budgets: spent before sending, put right by what its answers say.

:class:`Governor` keeps the windows (:mod:`.budget`) of one host, or of one account there, for all clients and threads of the process, and
with a ledger for other processes too; it lets a call wait within its deadline or refuses it. Bans are everybody's.
"""

from __future__ import annotations

import contextlib
import functools
import logging
import math
import threading
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final, NamedTuple, Protocol

from exchangeclient.core.budgets.bucket import Bucket
from exchangeclient.core.budgets.budget import EDGE_MS, EVERY_CALL, SHARE, Limit, Moment, Priority, Stake, Tally, Window
from exchangeclient.core.process import forks
from exchangeclient.core.process.clock import Clock, VenueClock, nap
from exchangeclient.exceptions import LedgerException, RateLimitException

log = logging.getLogger(__name__)

_UNSAID_S: Final = 60.0  # how long to keep still when the venue did not say, and no window tells
_LONGEST_HOLD_S: Final = 3 * 86_400.0  # what is said to last longer is a misunderstanding
_SHORT_MS: Final = 60_000
_BUSY_S: Final = 1.0  # how long the file of shared budgets may be in other hands
_DIGITS: Final = 12  # of the longest count that a venue tells


class Ticket(NamedTuple):
    """What one call has paid; handed to :meth:`Governor.settle` when it is over, or to :meth:`Governor.refund`."""

    stakes: tuple[tuple[Window, Stake], ...]


class Patience(Protocol):
    """How long a call may wait."""

    def left_s(self) -> float:
        """Seconds until its deadline; TimeoutError when it has passed."""


class Page(Protocol):
    """What processes know of each other's spending; :mod:`.ledger` keeps it in a file."""

    def turned(self, patience_s: float) -> contextlib.AbstractContextManager[object]:
        """Have it alone for as long as the block lasts; what was kept in a block that raises is forgotten.

        :param patience_s: how long to wait for it
        """

    def tally(self, name: str, number: int) -> Tally | None:
        """What was counted in a window, None when it is not begun."""

    def keep(self, name: str, tally: Tally) -> None:
        """Write it down."""

    def holds(self) -> Mapping[str, int]:
        """Until when, by the venue's clock in milliseconds, nothing may be sent that costs so."""

    def hold(self, counts: str, until_ms: int) -> None:
        """Write it down."""


class _Closed(NamedTuple):
    wait_s: float
    why: str


class Governor:
    """The budgets of one venue host, shared by every client and thread that goes there.

    :param limits: the venue's, as far as they are known before it has told them
    """

    def __init__(self, limits: Iterable[Limit]) -> None:
        self._changed = threading.Condition()
        limits = tuple(limits)
        self._windows = {limit.name: _window(limit) for limit in limits if not limit.each}
        self._of_each = [limit for limit in limits if limit.each]
        self._waiting: list[tuple[Priority, Mapping[str, int]]] = []
        self._held_until_s: dict[str, float] = {}
        self._ahead_ms: float | None = None  # the venue's time, by the monotonic clock
        self._page: Page | None = None
        self._joined = False
        forks.follow(self)

    def share(self, page: Page) -> None:
        """Count together with other processes as soon as the venue's time is known, so that all mean the same windows."""
        with self._changed:
            self._page = page

    # ---- before a call -----------------------------------------------------------------------------------------------

    def spend(  # noqa: PLR0917 - each is one thing to know of a call
        self, costs: Mapping[str, int], priority: Priority, clock: Clock, patience: Patience | None, endpoint: str = "", share: float = 1.0
    ) -> Ticket:
        """Pay for a call, waiting for budget as long as the call may.

        :param costs: by what is counted: ``{"weight": 5}``
        :param patience: None does not wait
        :param endpoint: where it goes, for the limits that each endpoint has for itself
        :param share: of each budget, past which it is not to be used up; that of the priority is never exceeded
        :raises RateLimitException: when the budget does not last, or the venue has banned us; nothing is sent
        :raises LedgerException: when the shared file cannot be used; nothing is sent either
        """
        own = {limit.of(endpoint): cost for limit in self._of_each if (cost := costs.get(limit.counts))}
        if own:
            costs = self._with_own(own, costs)
        share = min(share, SHARE[priority])
        offer = self._offer(costs, priority, share, clock, patience)
        return offer if isinstance(offer, Ticket) else self._await(offer, costs, priority, share, clock, patience)

    def _with_own(self, own: Mapping[Limit, int], costs: Mapping[str, int]) -> Mapping[str, int]:
        """The costs with those by limits of the endpoint's own, which have windows from now on."""
        with self._changed:
            for limit in own:
                self._windows.setdefault(limit.name, _window(limit))
        return {**costs, **{limit.counts: cost for limit, cost in own.items()}}

    def _await(  # noqa: PLR0917
        self, offer: _Closed, costs: Mapping[str, int], priority: Priority, share: float, clock: Clock, patience: Patience | None
    ) -> Ticket:
        waiting = (priority, costs)
        with self._changed:
            self._waiting.append(waiting)
        try:
            while True:
                if offer.wait_s > _left_s(patience):
                    raise RateLimitException(f"not sent: {offer.why}", retry_after=offer.wait_s if math.isfinite(offer.wait_s) else None)
                with self._changed:
                    nap(clock, offer.wait_s, self._changed)
                again = self._offer(costs, priority, share, clock, patience)
                if isinstance(again, Ticket):
                    return again
                offer = again
        finally:
            with self._changed:
                self._waiting.remove(waiting)
                self._changed.notify_all()

    def _offer(
        self, costs: Mapping[str, int], priority: Priority, share: float, clock: Clock, patience: Patience | None
    ) -> Ticket | _Closed:
        offer: Ticket | _Closed | None = None
        try:
            with self._opened(clock, _BUSY_S if patience is None else min(_BUSY_S, _left_s(patience))) as at:
                offer = self._take(costs, priority, share, at, clock)
        except LedgerException:
            if isinstance(offer, Ticket):
                with self._changed:
                    for window, stake in offer.stakes:
                        window.refund(stake, at)
            raise
        return offer

    def _take(self, costs: Mapping[str, int], priority: Priority, share: float, at: Moment, clock: Clock) -> Ticket | _Closed:
        touched = [window for window in self._windows.values() if costs.get(window.limit.counts)]
        closed = self._closed(costs, touched, priority, share, at, clock.monotonic_s())
        if closed is not None:
            return closed
        return Ticket(tuple([(window, window.spend(costs[window.limit.counts], at)) for window in touched]))

    def _closed(  # noqa: PLR0917
        self, costs: Mapping[str, int], touched: Iterable[Window], priority: Priority, share: float, at: Moment, now_s: float
    ) -> _Closed | None:
        """What stands in the way of a call, and for how long."""
        for counts, until_s in self._held_until_s.items():
            if until_s > now_s and costs.get(counts):
                what = "request" if counts == EVERY_CALL else counts
                return _Closed(until_s - now_s, f"the venue takes no {what} for another {until_s - now_s:.0f} s")
        first = [other for rank, other in self._waiting if rank < priority]  # what these wait for is theirs
        for window in touched:
            limit = window.limit
            if costs[limit.counts] > int(limit.most * share):
                return _Closed(
                    math.inf, f"it costs {costs[limit.counts]}, which is more than its share of the {limit.most} of {limit.name}"
                )
            if costs[limit.counts] + sum(other.get(limit.counts, 0) for other in first) > window.left(at, share):
                wait_s, used = window.opens_in_ms(at) / 1000, limit.most - window.left(at)
                until = f"the next one comes in {wait_s:.1f} s" if limit.refills else f"its window lasts {wait_s:.1f} s more"
                return _Closed(wait_s, f"{used} of {limit.most} of {limit.name} are used up, {until}")
        return None

    def is_pressed(self, clock: Clock, *, hasty: bool = False) -> bool:
        """True when the venue's exact time is worth a call of its own: much is used, or others count by it too.

        :param hasty: see :meth:`VenueClock.is_in_haste <exchangeclient.core.process.clock.VenueClock.is_in_haste>`
        """
        with self._changed:
            at = self._moment(clock)
            return self._page is not None or any(window.is_pressed(at, hasty=hasty) for window in self._windows.values())

    # ---- after it ----------------------------------------------------------------------------------------------------

    def settle(self, ticket: Ticket, clock: Clock, headers: Mapping[str, str] | None = None) -> None:
        """Take note of a call's end. The answer is there: a ledger that cannot be written is logged and costs nobody the answer.

        :param headers: of its answer, names in lower case; None when there was none
        """
        remaining = list(ticket.stakes)
        try:
            with self._opened(clock) as at:
                while remaining:
                    window, stake = remaining.pop()
                    if isinstance(window, Bucket) and headers is not None:
                        window.holds(_count(headers.get(window.limit.size_header, "")))
                    window.settle(stake, at, None if headers is None else _count(headers.get(window.limit.header, "")))
        except LedgerException as error:
            log.warning("what the venue counts was not written down: %s", error)
            with self._changed:
                at = self._moment(clock)
                for window, stake in remaining:  # it is not on its way any more
                    window.settle(stake, at, None)

    def refund(self, ticket: Ticket, clock: Clock) -> None:
        """Give back what was paid for a call that was not sent after all. A ledger that cannot be written keeps it, which is logged."""
        remaining = list(ticket.stakes)
        try:
            with self._opened(clock) as at:
                while remaining:
                    window, stake = remaining.pop()
                    window.refund(stake, at)
                self._changed.notify_all()
        except LedgerException as error:
            log.warning("what was not spent stays counted: %s", error)
            with self._changed:
                at = self._moment(clock)
                for window, stake in remaining:
                    window.settle(stake, at, None)

    def hold(self, counts: str, seconds: float | None, clock: Clock) -> float:
        """The venue wants nothing that costs so for a while, neither from this thread nor from any other: for how many seconds.

        :param counts: ``"orders"``, or :data:`.budget.EVERY_CALL`
        :param seconds: None when the venue did not say; it is until the windows of up to a minute open anew, then
        """
        with self._changed:
            at = self._moment(clock)
            if seconds is None:
                short = (each for each in self._windows.values() if each.limit.length_ms <= _SHORT_MS)
                ends = [each.opens_in_ms(at) / 1000 for each in short if counts in (each.limit.counts, EVERY_CALL)]
                seconds = max(ends, default=_UNSAID_S)
            seconds = min(seconds, _LONGEST_HOLD_S)
            self._hold_until(counts, clock.monotonic_s() + seconds)
            self._changed.notify_all()
        if self._page is not None and _may_share(clock, at):
            try:
                with self._page.turned(_BUSY_S):
                    until_ms, known_ms = at.ms + round(seconds * 1000), self._page.holds().get(counts, 0)
                    if until_ms > known_ms or not _is_credible(known_ms, at):
                        self._page.hold(counts, until_ms)
            except LedgerException as error:
                log.warning("other processes were not told of the venue's ban: %s", error)
        return seconds

    def _hold_until(self, counts: str, until_s: float) -> None:
        self._held_until_s[counts] = max(until_s, self._held_until_s.get(counts, until_s))

    def set_limits(self, limits: Iterable[Limit]) -> None:
        """Take the venue's limits over, in place of those on the same counts; what was spent is not forgotten."""
        told = {limit.name: limit for limit in limits}
        counted = {limit.counts for limit in told.values()}
        with self._changed:
            used = {counts: self._used(counts) for counts in counted}
            for name in [name for name, window in self._windows.items() if window.limit.counts in counted and name not in told]:
                del self._windows[name]
            for name, limit in told.items():
                known = self._windows.get(name)
                if known is None or known.limit.length_ms != limit.length_ms:
                    self._windows[name] = _window(limit, used[limit.counts])
                else:
                    known.limit = limit
            self._changed.notify_all()

    def _used(self, counts: str) -> int:
        """What the venue has counted so at least, for a limit that it tells only now: as much as by any other."""
        return max((window.tally.used for window in self._windows.values() if window.limit.counts == counts), default=0)

    def shown(self, clock: Clock) -> dict[str, Any]:
        """What is used and left of each limit now."""
        with self._opened(clock) as at:
            limits = {
                name: {
                    "limit": window.limit.most,
                    "used": window.limit.most - (left := window.left(at)),
                    "left": left,
                    "opens_in_s": window.opens_in_ms(at) / 1000,
                }
                for name, window in self._windows.items()
            }
            held_s = (until_s - clock.monotonic_s() for until_s in self._held_until_s.values())
            return {"limits": limits, "banned_for_s": max(0.0, *held_s, 0.0)}

    # ---- the time, and what other processes know ---------------------------------------------------------------------

    def _moment(self, clock: Clock) -> Moment:
        """The venue's time. When what it is taken for has jumped, the windows are told."""
        now_ms, now_s = clock.now_ms(), clock.monotonic_s()
        doubt_ms = clock.doubt_ms if isinstance(clock, VenueClock) else 0.0
        at = Moment(now_ms, is_known=False) if doubt_ms is None else Moment(now_ms, max(EDGE_MS, round(doubt_ms)))
        ahead_ms = now_ms - now_s * 1000
        if self._ahead_ms is not None and abs(ahead_ms - self._ahead_ms) > EDGE_MS:
            for window in self._windows.values():
                window.unmoor()
        self._ahead_ms = ahead_ms
        return at

    @contextlib.contextmanager
    def _opened(self, clock: Clock, patience_s: float = _BUSY_S) -> Iterator[Moment]:
        """The windows as they are now, for this thread alone, and for this process alone when they are shared.

        The file comes first: whoever waits for it keeps no other thread waiting.
        """
        with self._changed:
            page, at = self._page, self._moment(clock)
            if page is None or not _may_share(clock, at):
                yield at
                return
        with page.turned(patience_s), self._changed:
            at = self._moment(clock)  # there may have been others before us
            if not self._joined:  # what was spent alone is brought along
                self._joined = True
                for window in self._windows.values():
                    window.unmoor()
            for counts, until_ms in page.holds().items():
                if _is_credible(until_ms, at):
                    self._hold_until(counts, clock.monotonic_s() + min((until_ms - at.ms) / 1000, _LONGEST_HOLD_S))
            for name, window in self._windows.items():
                window.turn(at, functools.partial(page.tally, name))
            yield at
            for name, window in self._windows.items():
                page.keep(name, window.tally)

    def renew(self) -> None:
        """Go on in a process that was forked off: no other thread of it holds a lock or has a call on its way."""
        self._changed = threading.Condition()
        self._waiting = []
        for window in self._windows.values():
            window.forget_underway()


def _window(limit: Limit, seed: int = 0) -> Window:
    return Bucket(limit, seed) if limit.refills else Window(limit, seed)


def _may_share(clock: Clock, at: Moment) -> bool:
    # By any other clock than one that the venue has put right, the windows of this process would be others than those of the rest.
    return isinstance(clock, VenueClock) and at.is_known


def _is_credible(until_ms: int, at: Moment) -> bool:
    """True for a ban that may have been written down by now; a longer one comes of a wrong clock."""
    return until_ms - at.ms <= _LONGEST_HOLD_S * 1000 + _SHORT_MS


def _count(said: str) -> int | None:
    # Longer ones are no count, and some Python itself refuses to read.
    return int(said) if len(said) <= _DIGITS and said.isascii() and said.isdigit() else None


def _left_s(patience: Patience | None) -> float:
    try:
        return 0.0 if patience is None else patience.left_s()
    except TimeoutError:
        return 0.0
